//! Rendered resources, and places inside them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place inside a JSON value: `$.spec.containers[0].image`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct JsonPath(Vec<Step>);

/// One step of a [`JsonPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// The value of a key of an object.
    Key(String),
    /// An item of an array, from 0.
    Index(usize),
}

impl JsonPath {
    /// Its steps, from the root inwards.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// Not the text of a [`JsonPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no path in a JSON value, such as $.spec.containers[0].image")]
pub struct NotAJsonPath;

/// Reads what [`JsonPath`] displays.
impl FromStr for JsonPath {
    type Err = NotAJsonPath;

    fn from_str(text: &str) -> Result<JsonPath, NotAJsonPath> {
        let mut rest = text.strip_prefix('$').ok_or(NotAJsonPath)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(key) = rest.strip_prefix('.') {
                let (key, after) = key.split_at(key.find(['.', '[']).unwrap_or(key.len()));
                (Step::Key(key.to_owned()), after)
            } else if let Some(quoted) = rest.strip_prefix("[\"") {
                let (key, after) = unquoted(quoted)?;
                (Step::Key(key), after)
            } else {
                let (index, after) =
                    rest.strip_prefix('[').and_then(|index| index.split_once(']')).ok_or(NotAJsonPath)?;
                (Step::Index(index.parse().map_err(|_| NotAJsonPath)?), after)
            };
            steps.push(step);
            rest = after;
        }
        let path = JsonPath(steps);
        // There is one way to write each.
        if path.to_string() == text { Ok(path) } else { Err(NotAJsonPath) }
    }
}

/// A key that was written with `{:?}`, up to its `"]`, and what comes after that.
fn unquoted(text: &str) -> Result<(String, &str), NotAJsonPath> {
    let mut key = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next().ok_or(NotAJsonPath)? {
            '"' => return Ok((key, chars.as_str().strip_prefix(']').ok_or(NotAJsonPath)?)),
            '\\' => key.push(match chars.next().ok_or(NotAJsonPath)? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'u' => {
                    let code = chars.as_str().strip_prefix('{').ok_or(NotAJsonPath)?;
                    let (code, after) = code.split_once('}').ok_or(NotAJsonPath)?;
                    chars = after.chars();
                    let code = u32::from_str_radix(code, 16).map_err(|_| NotAJsonPath)?;
                    char::from_u32(code).ok_or(NotAJsonPath)?
                }
                c => c,
            }),
            c => key.push(c),
        }
    }
}

impl From<Vec<Step>> for JsonPath {
    fn from(steps: Vec<Step>) -> JsonPath {
        JsonPath(steps)
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0.iter().try_for_each(|step| step.fmt(f))
    }
}

/// `[0]`, `.key`, or `["key"]` where the key is no name.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_name = |key: &str| {
            !key.is_empty()
                && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
                && !key.starts_with(|c: char| c.is_numeric())
        };
        match self {
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) if is_name(key) => write!(f, ".{key}"),
            Step::Key(key) => write!(f, "[{key:?}]"),
        }
    }
}

/// Where a walk through a value is: a [`JsonPath`] that costs nothing before it is asked for.
#[derive(Debug, Clone, Copy)]
pub enum At<'a> {
    /// At the value itself.
    Root,
    /// At the value of a key.
    Key(&'a At<'a>, &'a str),
    /// At an item of an array.
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    /// One key further in.
    pub fn key(&'a self, key: &'a str) -> At<'a> {
        At::Key(self, key)
    }

    /// At one of the items.
    pub fn index(&'a self, index: usize) -> At<'a> {
        At::Index(self, index)
    }

    /// The path to here.
    pub fn path(&self) -> JsonPath {
        let mut steps = Vec::new();
        let mut at = self;
        loop {
            at = match at {
                At::Root => break,
                At::Key(before, key) => {
                    steps.push(Step::Key((*key).to_owned()));
                    before
                }
                At::Index(before, index) => {
                    steps.push(Step::Index(*index));
                    before
                }
            };
        }
        steps.reverse();
        JsonPath(steps)
    }
}

/// Which resource a document is, as far as it says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// `apps/v1`; empty when the document has none.
    pub api_version: String,
    /// `Deployment`; empty when the document has none.
    pub kind: String,
    /// The namespace, where one is written.
    pub namespace: Option<String>,
    /// The name; empty when the document has none.
    pub name: String,
}

impl Identity {
    /// What a document says of itself. What is missing, or no string, stays empty.
    pub fn of(document: &Value) -> Identity {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let metadata = document.get("metadata").unwrap_or(&Value::Null);
        Identity {
            api_version: text(document, "apiVersion").unwrap_or_default(),
            kind: text(document, "kind").unwrap_or_default(),
            namespace: text(metadata, "namespace").filter(|namespace| !namespace.is_empty()),
            name: text(metadata, "name").unwrap_or_default(),
        }
    }
}

/// `Deployment prod/web`, `Namespace prod`; what is not known is left out.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.kind.is_empty() { "document" } else { &self.kind })?;
        match (&self.namespace, self.name.as_str()) {
            (Some(namespace), "") => write!(f, " {namespace}/"),
            (Some(namespace), name) => write!(f, " {namespace}/{name}"),
            (None, "") => Ok(()),
            (None, name) => write!(f, " {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy;
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_read_as_javascript_would() {
        let root = At::Root;
        let labels = root.key("metadata");
        let labels = labels.key("labels");
        let app = labels.key("app.kubernetes.io/name");
        assert_eq!(app.path().to_string(), r#"$.metadata.labels["app.kubernetes.io/name"]"#);
        let spec = root.key("spec");
        let ports = spec.key("ports");
        assert_eq!(ports.index(2).path().to_string(), "$.spec.ports[2]");
        assert_eq!(At::Root.path().to_string(), "$");
    }

    proptest::proptest! {
        #[test]
        fn a_path_is_read_as_it_was_written(
            steps in proptest::collection::vec(
                proptest::prop_oneof![
                    proptest::prelude::any::<String>().prop_map(Step::Key),
                    "[a-z.\"\\\\\\]\\[\n\u{1b}\u{301}]{0,6}".prop_map(Step::Key),
                    proptest::prelude::any::<usize>().prop_map(Step::Index),
                ],
                0..6,
            )
        ) {
            let path = JsonPath(steps);
            proptest::prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn what_no_path_displays_is_none() {
        for text in [
            "",
            "spec",
            "$spec",
            "$.",
            "$[01]",
            "$[\"a\"]",
            "$[\"a b\"",
            "$[-1]",
            "$[\"\\u{110000}\"]",
            "$.a b",
        ] {
            assert_eq!(text.parse::<JsonPath>(), Err(NotAJsonPath), "{text}");
        }
    }

    #[test]
    fn a_resource_is_called_by_kind_namespace_and_name() {
        let title = |document: Value| Identity::of(&document).to_string();
        let web = json!({"kind": "Deployment", "metadata": {"name": "web", "namespace": "prod"}});
        assert_eq!(title(web), "Deployment prod/web");
        assert_eq!(title(json!({"kind": "Namespace", "metadata": {"name": "prod"}})), "Namespace prod");
        assert_eq!(title(json!({"kind": "Pod"})), "Pod");
        assert_eq!(title(json!([1])), "document");
    }
}
