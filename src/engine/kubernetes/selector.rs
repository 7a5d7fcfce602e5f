//! Label selectors as text: `app=web,tier!=db`, `environment in (dev, staging)`, `!legacy`.
//!
//! Source: [Labels and Selectors](https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors).

use serde::Serialize;

/// What a selector demands of one label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Requirement {
    /// The label.
    pub(super) key: String,
    /// Whether it must have one of `values`, or must not.
    pub(super) wanted: bool,
    /// `None`: any value, it must only be there.
    pub(super) values: Option<Vec<String>>,
}

/// How much of what is no requirement is told, in characters.
const SHOWN: usize = 80;

/// Reads a selector. All of its requirements must hold.
///
/// # Errors
///
/// The part that is no requirement, in words for a person.
pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    parts(text).into_iter().map(requirement).collect()
}

/// Splits at commas that stand in no brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let wrong = || {
        let shown: String = part.chars().take(SHOWN).collect();
        format!("{shown:?} is no requirement: write app=web, app!=web, app, !app, or app in (web, api)")
    };
    let checked = |key: &str, wanted, values: Option<Vec<String>>| {
        let is_key =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c));
        let are_values = values.iter().flatten().all(|value| value.is_empty() || is_key(value));
        (is_key(key) && are_values)
            .then(|| Requirement { key: key.to_owned(), wanted, values })
            .ok_or_else(wrong)
    };
    let one = |value: &str| Some(vec![value.trim().to_owned()]);
    if let Some((key, value)) = part.split_once("!=") {
        return checked(key.trim(), false, one(value));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return checked(key.trim(), true, one(value));
    }
    if let Some(list) = part.strip_suffix(')') {
        let (head, list) = list.split_once('(').ok_or_else(wrong)?;
        let mut words = head.split_whitespace();
        let (Some(key), Some(operator), None) = (words.next(), words.next(), words.next()) else {
            return Err(wrong());
        };
        let wanted = match operator {
            "in" => true,
            "notin" => false,
            _ => return Err(wrong()),
        };
        return checked(key, wanted, Some(list.split(',').map(|value| value.trim().to_owned()).collect()));
    }
    match part.strip_prefix('!') {
        Some(key) => checked(key.trim(), false, None),
        None => checked(part, true, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match parse(text) {
            Ok(found) => found
                .iter()
                .map(|Requirement { key, wanted, values }| format!("{key} {wanted} {values:?}"))
                .collect::<Vec<_>>()
                .join("; "),
            Err(problem) => problem,
        }
    }

    #[test]
    fn every_form_of_a_requirement_is_read() {
        assert_eq!(told("app=web, tier != db"), r#"app true Some(["web"]); tier false Some(["db"])"#);
        assert_eq!(told("a.b/c==x,!old,new"), r#"a.b/c true Some(["x"]); old false None; new true None"#);
        assert_eq!(
            told("env in (dev, staging),tier notin (db)"),
            r#"env true Some(["dev", "staging"]); tier false Some(["db"])"#
        );
        assert_eq!(told("app="), r#"app true Some([""])"#);
    }

    #[test]
    fn what_is_no_requirement_is_told() {
        for text in [
            "",
            "app=web,",
            "app is web",
            "=web",
            "app in web",
            "app in (a",
            "a=b=c",
            "app within (a)",
            "(a)",
        ] {
            assert!(told(text).contains("is no requirement"), "{text}: {}", told(text));
        }
    }
}
