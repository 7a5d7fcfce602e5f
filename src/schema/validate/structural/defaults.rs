//! What the API server does to a resource before it judges it: defaults, unknown fields, nulls.

use serde_json::Value;

use super::schema::{Additional, Node, is_type_meta};
use crate::diagnostic::near_miss;
use crate::resource::At;
use crate::rule::Rule;
use crate::schema::validate::Findings;

/// Documents nested deeper than this are not followed further.
const MAX_DEPTH: usize = 400;

/// Fills in the defaults, also in place of a null that must not be.
pub fn fill(value: &mut Value, node: &Node) {
    match value {
        Value::Object(map) => {
            for (key, child) in &node.properties {
                let Some(default) = &child.default else { continue };
                if map.get(key).is_none_or(|value| value.is_null() && !child.nullable) {
                    map.insert(key.clone(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                let Some(child) = node.child(key) else { continue };
                if !node.properties.contains_key(key) {
                    replace_null(value, child);
                }
                if child.has_defaults {
                    fill(value, child);
                }
            }
        }
        Value::Array(items) => {
            let Some(child) = &node.items else { return };
            for value in items {
                replace_null(value, child);
                if child.has_defaults {
                    fill(value, child);
                }
            }
        }
        _ => {}
    }
}

fn replace_null(value: &mut Value, node: &Node) {
    if let (Value::Null, false, Some(default)) = (&value, node.nullable, &node.default) {
        *value = default.clone();
    }
}

/// Takes out the fields that the schema does not know, and reports those that are the document's own.
///
/// `original` is the same place in the document before defaults were filled in.
pub fn prune(
    value: &mut Value,
    original: Option<&Value>,
    node: Option<&Node>,
    at: At<'_>,
    depth: usize,
    findings: &mut Findings,
) {
    if depth > MAX_DEPTH {
        return;
    }
    let preserve = node.is_some_and(|node| node.preserve);
    match value {
        Value::Object(map) => {
            let mut unknown = Vec::new();
            for (key, value) in map.iter_mut() {
                if node.is_some_and(|node| node.resource) && is_type_meta(key) {
                    continue;
                }
                let original = original.and_then(|value| value.get(key));
                let child = node.and_then(|node| node.properties.get(key));
                let additional = node.and_then(|node| node.additional.as_ref());
                match (child, additional) {
                    (Some(child), _) => prune(value, original, Some(child), at.key(key), depth + 1, findings),
                    (None, Some(additional)) => {
                        let child = match additional {
                            Additional::Schema(node) => Some(&**node),
                            Additional::Any | Additional::None => None,
                        };
                        prune(value, original, child, at.key(key), depth + 1, findings);
                    }
                    (None, None) if preserve => {}
                    (None, None) => unknown.push((key.clone(), original.is_some())),
                }
            }
            for (key, own) in unknown {
                map.shift_remove(&key);
                if own {
                    report_unknown(&key, node, at, findings);
                }
            }
        }
        Value::Array(items) => {
            let child = node.and_then(|node| node.items.as_deref());
            // Below a preserved list without its own schema nothing is unknown.
            if preserve && child.is_none() {
                return;
            }
            for (index, value) in items.iter_mut().enumerate() {
                let original = original.and_then(|value| value.get(index));
                if preserve {
                    keep(value, original, child, at.index(index), depth + 1, findings);
                } else {
                    prune(value, original, child, at.index(index), depth + 1, findings);
                }
            }
        }
        _ => {}
    }
}

/// Like [`prune`], below a list that is preserved as a whole: only what has a schema further in is looked at.
fn keep(
    value: &mut Value,
    original: Option<&Value>,
    node: Option<&Node>,
    at: At<'_>,
    depth: usize,
    findings: &mut Findings,
) {
    let Some(node) = node.filter(|_| depth <= MAX_DEPTH) else { return };
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if node.resource && is_type_meta(key) {
                    continue;
                }
                let original = original.and_then(|value| value.get(key));
                match (node.properties.get(key), &node.additional) {
                    (Some(child), _) => prune(value, original, Some(child), at.key(key), depth + 1, findings),
                    (None, Some(Additional::Schema(child))) => {
                        prune(value, original, Some(child), at.key(key), depth + 1, findings);
                    }
                    (None, Some(_)) => prune(value, original, None, at.key(key), depth + 1, findings),
                    (None, None) => {}
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                let original = original.and_then(|value| value.get(index));
                keep(value, original, node.items.as_deref(), at.index(index), depth + 1, findings);
            }
        }
        _ => {}
    }
}

fn report_unknown(key: &str, node: Option<&Node>, at: At<'_>, findings: &mut Findings) {
    let known: Vec<&str> =
        node.map(|node| node.properties.keys().map(String::as_str).collect()).unwrap_or_default();
    let help = near_miss(key, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    findings.add_with_help(Rule::UnknownField, at.key(key), format!("unknown field `{key}`"), help);
}

/// Takes out the values that are null though they must not be.
pub fn drop_nulls(value: &mut Value, node: Option<&Node>) {
    let Some(node) = node else { return };
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                let child = node.child(key);
                let dropped =
                    value.is_null() && child.is_some_and(|child| !child.nullable && child.default.is_none());
                if !dropped {
                    drop_nulls(value, child);
                }
                !dropped
            });
        }
        Value::Array(items) => items.iter_mut().for_each(|value| drop_nulls(value, node.items.as_deref())),
        _ => {}
    }
}
