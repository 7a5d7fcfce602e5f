//! ConfigMaps and Secrets (`ValidateConfigMap`, `ValidateSecret` of `k8s.io/kubernetes/pkg/apis/core/validation`).

use serde_json::Value;

use super::node::Node;
use crate::rule::Rule;
use crate::schema::validate::formats::decode_base64;
use crate::schema::validate::names;

/// How many bytes one can hold.
const SIZE: usize = 1024 * 1024;

/// A ConfigMap.
pub fn config_map(object: &Node) {
    let data = object.get("data");
    let binary = object.get("binaryData");
    let mut size = 0;
    for (key, value) in data.entries() {
        check_key(key, &value);
        size += value.text().len();
        if binary.get(key).is_set() {
            value.say(Rule::Duplicate, format!("the key `{key}` is in `binaryData` too"));
        }
    }
    for (key, value) in binary.entries() {
        check_key(key, &value);
        size += decoded_length(value.text());
    }
    check_size(object, size);
}

fn check_key(key: &str, place: &Node) {
    if let Err(problem) = names::config_key(key) {
        place.say(Rule::Name, format!("the key {key:?} {problem}"));
    }
}

fn check_size(object: &Node, size: usize) {
    if size > SIZE {
        object.say(Rule::Length, format!("expected at most 1 MiB of data, got {size} bytes"));
    }
}

/// A Secret. What `stringData` has replaces what `data` has.
pub fn secret(object: &Node) {
    let (data, texts) = (object.get("data"), object.get("stringData"));
    let mut size = 0;
    for (key, value) in data.entries() {
        check_key(key, &value);
        if !texts.get(key).is_set() {
            size += decoded_length(value.text());
        }
    }
    for (key, value) in texts.entries() {
        check_key(key, &value);
        size += value.text().len();
    }
    check_size(object, size);

    // A key that is `null` is there, with nothing in it.
    let has = |key: &str| {
        [data, texts]
            .iter()
            .any(|map| map.value().as_object().is_some_and(|entries| entries.contains_key(key)))
    };
    let need = |key: &str| {
        if !has(key) {
            let kind = object.get("type");
            object.say_help(
                Rule::Required,
                format!("a Secret of the type {} needs the key `{key}`", kind.shown()),
                format!("add `{key}` to `data` or `stringData`"),
            );
        }
    };
    match object.get("type").text() {
        "kubernetes.io/service-account-token" => {
            let metadata = object.get("metadata");
            let annotations = metadata.get("annotations");
            if annotations.get("kubernetes.io/service-account.name").is_empty() {
                object.say(Rule::Required, "missing the annotation `kubernetes.io/service-account.name`");
            }
        }
        "kubernetes.io/dockercfg" => {
            need(".dockercfg");
            json_content(object, ".dockercfg");
        }
        "kubernetes.io/dockerconfigjson" => {
            need(".dockerconfigjson");
            json_content(object, ".dockerconfigjson");
        }
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            object.say(Rule::Required, "a Secret of this type needs the key `username` or `password`");
        }
        "kubernetes.io/ssh-auth" => {
            const KEY: &str = "ssh-privatekey";
            need(KEY);
            if has(KEY) && data.get(KEY).text().is_empty() && texts.get(KEY).text().is_empty() {
                object.say(Rule::Required, format!("`{KEY}` must not be empty"));
            }
        }
        "kubernetes.io/tls" => {
            need("tls.crt");
            need("tls.key");
        }
        _ => {}
    }
}

/// The value of a key must be a JSON object.
fn json_content(object: &Node, key: &str) {
    let (data, texts) = (object.get("data"), object.get("stringData"));
    let (place, content) = match texts.get(key).str() {
        Some(text) => (texts.get(key), Some(text.as_bytes().to_vec())),
        None => (data.get(key), data.get(key).str().and_then(decode_base64)),
    };
    let Some(content) = content else { return };
    let is_object =
        |content: &[u8]| serde_json::from_slice::<Value>(content).is_ok_and(|v| v.is_object() || v.is_null());
    if !is_object(&content) {
        // What is in it is secret.
        place.say(Rule::Format, format!("the content of `{key}` must be a JSON object"));
    }
}

/// How many bytes base64 stands for.
fn decoded_length(text: &str) -> usize {
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count();
    digits * 3 / 4
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn config_maps_are_judged() {
        let base = object("v1", "ConfigMap", json!({"data": {"app.properties": "a=b"}}));
        accepts(&base, "/binaryData", json!({"a": "aGk="}));
        rejects(&base, "/data/a b", json!("x"), Name, "$.data[\"a b\"]");
        rejects(
            &base,
            "/binaryData",
            json!({"app.properties": "aGk="}),
            Duplicate,
            "$.data[\"app.properties\"]",
        );
        accepts(&base, "/data", json!({"a": "x".repeat(1 << 20)}));
        rejects(&base, "/data", json!({"a": "x".repeat((1 << 20) + 1)}), Length, "$");
    }

    #[test]
    fn secrets_have_the_keys_of_their_type() {
        let base = object("v1", "Secret", json!({"data": {"a": "aGk="}}));
        accept_all(&base, &[("/type", json!("example.com/mine")), ("/stringData", json!({"b": "x"}))]);
        for kind in
            ["dockercfg", "dockerconfigjson", "basic-auth", "ssh-auth", "tls", "service-account-token"]
        {
            rejects(&base, "/type", json!(format!("kubernetes.io/{kind}")), Required, "$");
        }
        let tls = patched(&base, "/stringData", json!({"tls.crt": "", "tls.key": ""}));
        accepts(&tls, "/type", json!("kubernetes.io/tls"));
        let docker = patched(&base, "/type", json!("kubernetes.io/dockerconfigjson"));
        accepts(&docker, "/data/.dockerconfigjson", json!("e30="));
        let good = patched(&docker, "/data/.dockerconfigjson", json!("e30="));
        rejects(&good, "/data/.dockerconfigjson", json!("aGk="), Format, "$.data[\".dockerconfigjson\"]");
        rejects(&base, "/stringData", json!({"a b": "x"}), Name, "$.stringData[\"a b\"]");
    }
}
