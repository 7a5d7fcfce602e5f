//! Lists that are sets or maps, and resources inside resources.

use std::collections::HashMap;

use serde_json::Value;

use super::schema::{ListType, Node};
use super::{shorten, walk::Walk};
use crate::resource::At;
use crate::rule::Rule;

/// The items that were there before, each once: its index, and that of the first of its kind.
pub fn duplicates<'v>(items: impl Iterator<Item = &'v Value>) -> Vec<(usize, usize)> {
    let mut seen: HashMap<String, (usize, usize)> = HashMap::new();
    let mut found = Vec::new();
    for (index, item) in items.enumerate() {
        let (first, times) = seen.entry(canonical(item)).or_insert((index, 0));
        *times += 1;
        if *times == 2 {
            found.push((index, *first));
        }
    }
    found
}

/// A text that two values share exactly if they are the same: keys are sorted.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let fields =
                keys.iter().map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&map[*key])));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        // Between here and the API server, `1.0` becomes `1`.
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 9e15 => {
                (value as i64).to_string()
            }
            _ => number.to_string(),
        },
        scalar => scalar.to_string(),
    }
}

impl Walk<'_> {
    /// Reports duplicates in lists that are sets or maps, and what resources inside the resource lack.
    pub fn check_lists(&mut self, value: &Value, node: &Node, at: At<'_>) {
        match value {
            Value::Object(map) => {
                if node.resource && !matches!(at, At::Root) {
                    self.check_embedded(map, at);
                }
                for (key, value) in map {
                    if let Some(child) = node.child(key) {
                        self.check_lists(value, child, at.key(key));
                    }
                }
            }
            Value::Array(items) => {
                match &node.list {
                    ListType::Atomic => {}
                    ListType::Set => {
                        for (index, first) in duplicates(items.iter()) {
                            let message =
                                format!("{} is there already, as item {first}", shorten(&items[index]));
                            self.findings.add(Rule::Duplicate, at.index(index), message);
                        }
                    }
                    ListType::Map(keys) => self.check_keys(items, keys, at),
                }
                if let Some(child) = &node.items {
                    for (index, value) in items.iter().enumerate() {
                        self.check_lists(value, child, at.index(index));
                    }
                }
            }
            _ => {}
        }
    }

    fn check_keys(&mut self, items: &[Value], keys: &[String], at: At<'_>) {
        if items.iter().any(|item| !item.is_null() && !item.is_object()) {
            // Their schema says so already, as the type.
            return;
        }
        let key_of = |item: &Value| -> Value {
            let fields = keys.iter().filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
            Value::Object(fields.collect())
        };
        let found: Vec<Value> = items.iter().map(key_of).collect();
        for (index, first) in duplicates(found.iter()) {
            let named: Vec<String> = keys
                .iter()
                .map(|key| {
                    format!("{key} {}", found[index].get(key).map_or("that is not set".to_owned(), shorten))
                })
                .collect();
            let message =
                format!("an item with the {} is there already, as item {first}", named.join(" and "));
            self.findings.add(Rule::Duplicate, at.index(index), message);
        }
    }

    /// A resource inside a resource has an `apiVersion` and a `kind`. Its metadata is looked at elsewhere.
    fn check_embedded(&mut self, map: &serde_json::Map<String, Value>, at: At<'_>) {
        for key in ["apiVersion", "kind"] {
            match map.get(key) {
                None => {
                    self.blocking = true;
                    self.findings.add(Rule::Required, at, format!("required field `{key}` is missing"));
                }
                Some(Value::String(text)) if text.is_empty() => {
                    self.findings.add(Rule::Value, at.key(key), "must not be empty");
                }
                Some(Value::String(text)) if key == "apiVersion" && text.matches('/').count() > 1 => {
                    let message = format!(
                        "expected a group and a version, got {}",
                        shorten(&Value::from(text.as_str()))
                    );
                    self.findings.add(Rule::Value, at.key(key), message);
                }
                Some(Value::String(text)) if key == "kind" && !is_kind(text) => {
                    let message =
                        format!("expected the name of a kind, got {}", shorten(&Value::from(text.as_str())));
                    self.findings.add(Rule::Value, at.key(key), message);
                }
                Some(Value::String(_)) => {}
                Some(other) => {
                    self.findings.add(
                        Rule::Type,
                        at.key(key),
                        format!("expected a string, got {}", shorten(other)),
                    );
                }
            }
        }
    }
}

/// A letter, then letters, digits and hyphens, at most 63.
fn is_kind(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
