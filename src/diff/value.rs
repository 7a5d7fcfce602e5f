//! JSON values as the cluster sees them: the order of keys says nothing, and `1.0` is `1`.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Number, Value};

/// The largest float up to which every integral one is written as an integer: 2^63.
const MAX_INTEGRAL: f64 = 9_223_372_036_854_775_808.0;

/// A number by its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Amount {
    Integer(i128),
    /// The bits of a float that is no integer.
    Float(u64),
}

fn amount(number: &Number) -> Amount {
    if let Some(integer) = number.as_i128() {
        return Amount::Integer(integer);
    }
    let float = number.as_f64().unwrap_or_default();
    if float.fract() == 0.0 && float.abs() < MAX_INTEGRAL {
        Amount::Integer(float as i128)
    } else {
        Amount::Float(float.to_bits())
    }
}

/// Whether two values are the same to a reader of their canonical JSON.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || amount(a) == amount(b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            // Most often the keys are in the same order, too: then none is looked up.
            a.len() == b.len()
                && a.iter().zip(b).all(|((key, value), (other, beside))| {
                    let found = if key == other { Some(beside) } else { b.get(key) };
                    found.is_some_and(|found| same(value, found))
                })
        }
        _ => a == b,
    }
}

/// The same for values that are the [`same`]. Does not change between runs.
pub(super) fn hash(value: &Value) -> u64 {
    match value {
        Value::Object(object) => {
            // A sum: in whatever order they come.
            let sum =
                object.iter().fold(0_u64, |sum, (key, value)| sum.wrapping_add(hash_of(&(key, hash(value)))));
            hash_of(&(0_u8, object.len(), sum))
        }
        Value::Array(items) => {
            let mut hasher = DefaultHasher::new();
            (1_u8, items.len()).hash(&mut hasher);
            items.iter().for_each(|item| hash(item).hash(&mut hasher));
            hasher.finish()
        }
        Value::Number(number) => hash_of(&(2_u8, amount(number))),
        Value::String(text) => hash_of(&(3_u8, text)),
        Value::Bool(is_true) => hash_of(&(4_u8, is_true)),
        Value::Null => hash_of(&5_u8),
    }
}

/// The hash of anything, the same in every run.
pub(super) fn hash_of(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The keys of an object, sorted as the YAML has them.
pub(super) fn sorted(object: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// Adds the value as canonical JSON: keys sorted by their bytes, no white space, integral numbers as integers.
pub(super) fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            out.push('{');
            for (at, (key, value)) in sorted(object).into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                text(key, out);
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Number(number) => match amount(number) {
            Amount::Integer(integer) => out.push_str(&integer.to_string()),
            Amount::Float(_) => out.push_str(&number.to_string()),
        },
        Value::String(string) => text(string, out),
        Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
}

fn text(text: &str, out: &mut String) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = String::new();
        canonical(value, &mut out);
        out
    }

    #[test]
    fn the_order_of_keys_and_how_a_number_is_written_say_nothing() {
        let a = json!({"a": 1, "b": [1.0, {"x": null, "y": 2}]});
        let b = json!({"b": [1, {"y": 2.0, "x": null}], "a": 1.0});
        assert!(same(&a, &b) && hash(&a) == hash(&b));
        assert_eq!(written(&a), r#"{"a":1,"b":[1,{"x":null,"y":2}]}"#);
        assert_eq!(written(&a), written(&b));
        for (a, b) in [
            (json!(1), json!("1")),
            (json!(1), json!(1.5)),
            (json!([1, 2]), json!([2, 1])),
            (json!({"a": null}), json!({})),
            (json!({"a": null}), json!({"b": null})),
            (json!([]), json!({})),
            (json!(u64::MAX), json!(u64::MAX - 1)),
        ] {
            assert!(!same(&a, &b) && hash(&a) != hash(&b), "{a} {b}");
        }
        assert_eq!(written(&json!({"a\n": "\"\\\u{1}ä"})), r#"{"a\n":"\"\\\u0001ä"}"#);
        assert_eq!(written(&json!(1e21)), "1e+21");
    }
}
