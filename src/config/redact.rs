//! `[ci] redact`: places in resources that no report shows.

/// A place in resources, and all below it: `ConfigMap.data.password`, `*.spec.users[*].key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redact {
    /// The kind; `None` for any.
    pub kind: Option<String>,
    /// From the root inwards; at least one.
    pub steps: Vec<RedactStep>,
}

/// One step to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedactStep {
    /// A key of an object.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
    /// Any key, any item: `*`, `[*]`.
    Any,
}

impl Redact {
    /// Reads a place: the kind or `*`, then steps, each `.key`, `["any key"]`, `[0]`, `.*` or `[*]`.
    pub fn parse(text: &str) -> Option<Redact> {
        let end = text.find(['.', '['])?;
        let (kind, mut rest) = text.split_at(end);
        if kind.is_empty() || kind.contains(char::is_whitespace) {
            return None;
        }
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step;
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (key, after) = after.split_at(end);
                step = match key {
                    "" => return None,
                    "*" => RedactStep::Any,
                    key => RedactStep::Key(key.to_owned()),
                };
                rest = after;
            } else if let Some(after) = rest.strip_prefix("[\"") {
                let (key, after) = after.split_once("\"]")?;
                step = RedactStep::Key(key.to_owned());
                rest = after;
            } else {
                let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
                step = if index == "*" { RedactStep::Any } else { RedactStep::Index(index.parse().ok()?) };
                rest = after;
            }
            steps.push(step);
        }
        Some(Redact { kind: (kind != "*").then(|| kind.to_owned()), steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        let key = |key: &str| RedactStep::Key(key.to_owned());
        let read = |text: &str| Redact::parse(text).map(|place| (place.kind, place.steps));
        assert_eq!(
            read("ConfigMap.data.password"),
            Some((Some("ConfigMap".to_owned()), vec![key("data"), key("password")]))
        );
        assert_eq!(
            read("*.spec.users[*].keys[0]"),
            Some((None, vec![key("spec"), key("users"), RedactStep::Any, key("keys"), RedactStep::Index(0)]))
        );
        assert_eq!(
            read(r#"ConfigMap.data["app.conf"]"#),
            Some((Some("ConfigMap".to_owned()), vec![key("data"), key("app.conf")]))
        );
        for wrong in ["", "ConfigMap", ".data", "A b.c", "A.", "A..b", "A[", "A[x]", "A[\"b\"", "A.b]c["] {
            let read = read(wrong);
            assert!(read.is_none(), "{wrong}: {read:?}");
        }
    }
}
