//! The schema of a chart that has none, from the values that it has by default.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::documents::{Document, read};
use crate::diagnostic::{Diagnostic, Snippet};
use crate::tree::RelPath;

/// A JSON Schema (draft 7) that a chart's `values.yaml` fits; `path` is that file, for messages.
///
/// A chart takes more than its default values show, so it refuses little: nothing is required, other properties are
/// allowed everywhere, and `null` or an empty object or list may be replaced by anything. Numbers are numbers: `1` does not
/// say that a chart would not take `0.5`. The items of a list are described together. Its `$comment` says that it is
/// inferred.
///
/// Needs [`super::STACK_BYTES`] of stack for what nests as deep as it may.
///
/// # Errors
///
/// It is no YAML, is beyond all bounds, has several documents, or is no mapping; at the place where that is seen.
pub(super) fn values_schema(path: &RelPath, values_yaml: &str) -> Result<Value, Diagnostic> {
    let refused = |document: &Document, message: &str| {
        let place = document.place.clone();
        let snippet = Snippet::new(values_yaml, place.line, place.column, 1);
        Diagnostic::error(message)
            .at(place)
            .with_snippet(snippet)
            .help("a chart's values.yaml is one mapping from names to values")
    };
    let documents = read(path, values_yaml)?;
    if let [_, second, ..] = documents.as_slice() {
        return Err(refused(second, "there is a second document among the values of a chart"));
    }
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("$comment".to_owned(), json!("inferred from values.yaml"));
    schema.insert("description".to_owned(), json!("Inferred from values.yaml: the chart has no schema."));
    schema.insert("type".to_owned(), json!("object"));
    if let Some(document) = documents.first() {
        let Value::Object(values) = &document.value else {
            return Err(refused(document, "the values of a chart are no mapping"));
        };
        schema.extend(properties(&[values]));
    }
    Ok(Value::Object(schema))
}

/// The schema of what stands at one place: one value, or one in each item of a list.
fn shape(values: &[&Value]) -> Value {
    let there: Vec<&Value> = values.iter().copied().filter(|value| !value.is_null()).collect();
    if let Some(objects) = all(&there, Value::as_object) {
        let properties = properties(&objects);
        return match properties {
            Some(properties) => {
                Value::Object([("type".to_owned(), json!("object")), properties].into_iter().collect())
            }
            None => json!({}),
        };
    }
    if let Some(lists) = all(&there, Value::as_array) {
        let items: Vec<&Value> = lists.into_iter().flatten().collect();
        return if items.is_empty() { json!({}) } else { json!({"type": "array", "items": shape(&items)}) };
    }
    let word = |value: &Value| match value {
        Value::String(_) => Some("string"),
        Value::Number(_) => Some("number"),
        Value::Bool(_) => Some("boolean"),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let words = all(&there, word).unwrap_or_default();
    match words.split_first() {
        Some((first, others)) if others.iter().all(|other| other == first) => json!({"type": first}),
        _ => json!({}),
    }
}

/// `properties` of objects that stand at one place; none when they are empty.
fn properties(objects: &[&Map<String, Value>]) -> Option<(String, Value)> {
    let mut values: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (key, value) in objects.iter().flat_map(|object| object.iter()) {
        values.entry(key).or_default().push(value);
    }
    let found: Map<String, Value> =
        values.into_iter().map(|(key, values)| (key.to_owned(), shape(&values))).collect();
    (!found.is_empty()).then(|| ("properties".to_owned(), Value::Object(found)))
}

/// What `as_kind` gives of each; `None` when it gives nothing of one, or there is none.
fn all<'v, T>(values: &[&'v Value], as_kind: impl Fn(&'v Value) -> Option<T>) -> Option<Vec<T>> {
    if values.is_empty() {
        return None;
    }
    values.iter().map(|value| as_kind(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(text: &str) -> Result<Value, Diagnostic> {
        let read = || values_schema(&RelPath::new("web/values.yaml").unwrap(), text);
        let thread = std::thread::Builder::new().stack_size(crate::schema::STACK_BYTES);
        std::thread::scope(|scope| thread.spawn_scoped(scope, read).unwrap().join().unwrap())
    }

    #[test]
    fn values_become_their_types() {
        let schema = infer(
            "# -- how many\nreplicas: 1\nimage: {repository: nginx, tag: \"\"}\nenabled: true\naffinity: {}\nextra: []\n\
             nothing: ~\nratio: 0.5\nhosts: [{host: a, paths: [/]}, {host: b, port: 80, tls: ~}]\nmixed: [1, a]\n\
             lists: [[], [true]]\nargs: [~, -v]\n",
        )
        .unwrap();
        assert_eq!(schema["$comment"], "inferred from values.yaml");
        assert_eq!(schema["type"], "object");
        assert_eq!(
            schema["properties"],
            json!({
                "affinity": {},
                "args": {"type": "array", "items": {"type": "string"}},
                "enabled": {"type": "boolean"},
                "extra": {},
                "hosts": {"type": "array", "items": {"type": "object", "properties": {
                    "host": {"type": "string"},
                    "paths": {"type": "array", "items": {"type": "string"}},
                    "port": {"type": "number"},
                    "tls": {},
                }}},
                "image": {"type": "object", "properties": {"repository": {"type": "string"}, "tag": {"type": "string"}}},
                "lists": {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}},
                "mixed": {"type": "array", "items": {}},
                "nothing": {},
                "ratio": {"type": "number"},
                "replicas": {"type": "number"},
            })
        );
        let text = schema.to_string();
        assert!(!text.contains("required") && !text.contains("additionalProperties"), "{text}");
    }

    #[test]
    fn a_chart_without_values_takes_any() {
        for text in ["", "# nothing\n", "{}", "---\n---\n"] {
            let schema = infer(text).unwrap();
            assert_eq!(schema["type"], "object", "{text:?}");
            assert!(schema.get("properties").is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_are_no_values_is_told_at_its_place() {
        let told = |text: &str| infer(text).unwrap_err().to_string();
        assert!(
            told("a: 1\n---\nb: 2\n")
                .starts_with("web/values.yaml:3:1: there is a second document among the values of a chart")
        );
        assert!(told("# c\n- a\n").starts_with("web/values.yaml:2:1: the values of a chart are no mapping"));
        assert!(told("a: [\n").starts_with("web/values.yaml:"));
        assert!(told("a: {{ .Values.b }}:\n - c\n").contains("web/values.yaml:1:"));
        assert!(told(&"a: [".repeat(1000)).contains("nests deeper than"));
    }
}
