//! Items of a list that are the same.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::Value;

use super::words::{brief, listed};

/// The items that are equal to an earlier one in all keys: both indexes. `protocol` is `TCP` where it is not there.
///
/// Items without any of the keys are left alone.
pub(super) fn pairs(array: &[Value], keys: &[&str]) -> Vec<(usize, usize)> {
    let tcp = Value::from("TCP");
    let key = |item: &Value, key: &str| match item.get(key) {
        None | Some(Value::Null) => (key == "protocol").then(|| tcp.clone()),
        value => value.cloned(),
    };
    let mut seen = HashMap::with_capacity(array.len());
    let mut pairs = Vec::new();
    for (second, item) in array.iter().enumerate() {
        let identity: Vec<Option<Value>> = match keys {
            [] => vec![Some(item.clone())],
            keys => keys.iter().map(|name| key(item, name)).collect(),
        };
        let told = |(name, value): (&&str, &Option<Value>)| {
            *name != "protocol" && value.as_ref().is_some_and(|value| value.as_str() != Some(""))
        };
        if !keys.is_empty() && !keys.iter().zip(&identity).any(told) {
            continue;
        }
        match seen.entry(identity) {
            Entry::Occupied(first) => pairs.push((*first.get(), second)),
            Entry::Vacant(place) => _ = place.insert(second),
        }
    }
    pairs
}

/// `the same name "web" as`.
pub(super) fn same(keys: &[&str], item: &Value) -> String {
    match keys {
        [] => format!("the same value {} as", brief(item)),
        [key] => format!("the same {key} {} as", brief(&item[*key])),
        keys => format!("the same {} as", listed(keys, "and")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(array: &Value, keys: &[&str]) -> Vec<(usize, usize)> {
        pairs(array.as_array().unwrap(), keys)
    }

    #[test]
    fn items_are_compared_by_their_keys() {
        let ports =
            json!([{"port": 1}, {"port": 1, "protocol": "UDP"}, {"port": 1, "protocol": "TCP"}, {"port": 2}]);
        assert_eq!(found(&ports, &["port", "protocol"]), [(0, 2)]);
        assert_eq!(found(&json!([{"name": ""}, {}, {"name": ""}, {"name": null}]), &["name"]), []);
        assert_eq!(found(&json!(["a", "b", "a", "a"]), &[]), [(0, 2), (0, 3)]);
    }
}
