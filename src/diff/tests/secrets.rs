//! What must never be shown.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ci, diff, diff_documents, entry};
use crate::change::{Diff, Edit};
use crate::config::Redact;
use crate::diff::redact::secrets_of;
use crate::resource::At;

fn secret(value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"a": value}})
}

fn written(diff: &Diff) -> String {
    format!("{}\n{diff:?}", serde_json::to_string(diff).unwrap())
}

/// The YAML of the only resource, on both sides.
fn yaml(diff: &Diff) -> (&str, &str) {
    let resource = &diff.resources[0];
    (resource.yaml_before.as_deref().unwrap_or_default(), resource.yaml_after.as_deref().unwrap_or_default())
}

#[test]
fn the_yaml_says_which_secret_differs_and_no_more() {
    let document =
        |a: &str, b: &str| json!({"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": a, "b": b}});
    let diff = diff_documents(vec![document("old\nlines", "kept")], vec![document("n", "kept")]);
    let (before, after) = yaml(&diff);
    assert_eq!(before, "data:\n  a: <redacted>\n  b: <redacted>\nkind: Secret\nmetadata:\n  name: s\n");
    assert_eq!(
        after,
        "data:\n  a: '<redacted: changed>'\n  b: <redacted>\nkind: Secret\nmetadata:\n  name: s\n"
    );
}

#[test]
fn what_is_added_or_removed_is_redacted() {
    let diff = diff_documents(vec![], vec![secret("hunter22")]);
    assert!(!written(&diff).contains("hunter22"));
    assert!(yaml(&diff).1.contains("a: <redacted>\n"));
    let diff = diff_documents(vec![secret("hunter22")], vec![]);
    assert!(!written(&diff).contains("hunter22"));
    // A secret that is renamed, moved to another namespace, or becomes something else.
    for (key, to) in [("/metadata/name", json!("other-db")), ("/kind", json!("ConfigMap"))] {
        let mut after = secret("hunter22");
        *after.pointer_mut(key).unwrap() = to;
        if key != "/kind" {
            let diff = diff_documents(vec![secret("hunter22")], vec![after]);
            assert!(!written(&diff).contains("hunter22"), "{key}");
        }
    }
}

#[test]
fn a_change_cannot_take_back_a_redaction_and_show_the_value() {
    let document =
        |pin: &str| json!({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"pin": pin, "x": pin}});
    let place = ci("redact = ['*.data.pin', '*.data.x']");
    let mut before = entry("a.ts", vec![document("123456")]);
    before.ci = Arc::clone(&place);
    let after = entry("a.ts", vec![document("654321")]);
    for (before, after) in [(before.clone(), after.clone()), (after, before.clone())] {
        let told = written(&diff(&[before], &[after]));
        assert!(!told.contains("123456") && !told.contains("654321"), "{told}");
    }
    // Nor by moving the resource to a project that redacts nothing.
    let mut other = entry("b/b.ts", vec![document("654321")]);
    other.project = "b".to_owned();
    let told = written(&diff(&[before.clone()], &[other.clone()]));
    assert!(!told.contains("123456") && !told.contains("654321"), "{told}");
}

#[test]
fn environment_variables_are_known_everywhere() {
    let thing = |value: &str| {
        json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {
            "pods": [{"env": [{"name": "API_TOKEN", "value": value}]}],
            "env": {"DB_PASSWORD": value, "LEVEL": "info"},
            "values": {"postgres": {"password": value, "passwordKey": "pw"}},
            "headers": [{"name": "Authorization", "value": value}],
            "count": [{"name": "MAX_TOKENS", "value": 4711}],
        }})
    };
    let diff = diff_documents(vec![thing("hunter22")], vec![thing("hunter23")]);
    let told = written(&diff);
    assert!(!told.contains("hunter2") && !told.contains("4711"), "{told}");
    assert_eq!(diff.resources[0].fields.len(), 4);
    assert!(yaml(&diff).1.contains("passwordKey: pw") && yaml(&diff).1.contains("LEVEL: info"));
}

#[test]
fn lists_of_secrets_say_neither_how_many_nor_which() {
    let document = |keys: Value| json!({"kind": "Thing", "metadata": {"name": "a"}, "spec": {"keys": keys}});
    let mut before = entry("a.ts", vec![document(json!(["aaaaaa", "bbbbbb"]))]);
    before.ci = ci("redact = ['Thing.spec.keys[*]']");
    let mut after = entry("a.ts", vec![document(json!(["bbbbbb", "cccccc", "aaaaaa"]))]);
    after.ci = Arc::clone(&before.ci);
    let diff = diff(&[before], &[after]);
    let [field] = &diff.resources[0].fields[..] else { panic!("one change: {diff:?}") };
    assert_eq!(field.path.to_string(), "spec.keys");
    assert_eq!(
        field.edit,
        Edit::Changed { before: json!("<redacted>"), after: json!("<redacted: changed>") }
    );
    assert!(yaml(&diff).1.contains("keys: '<redacted: changed>'\n"), "{}", yaml(&diff).1);
}

#[test]
fn keys_of_items_are_hidden_where_they_are_secret() {
    let document = |size: u32| json!({"kind": "Thing", "metadata": {"name": "a"}, "spec": {"users": [{"name": "alice1", "size": size}]}});
    let mut before = entry("a.ts", vec![document(1)]);
    before.ci = ci("redact = ['*.spec.users[*].name']");
    let mut after = entry("a.ts", vec![document(2)]);
    after.ci = Arc::clone(&before.ci);
    let diff = diff(&[before], &[after]);
    assert_eq!(diff.resources[0].fields[0].path.to_string(), "spec.users[name=<redacted>].size");
    assert!(!written(&diff).contains("alice1"));
}

#[test]
fn keys_with_secrets_are_hidden_with_their_object() {
    let secret =
        |n: u32| json!({"kind": "Secret", "metadata": {"name": "a"}, "data": {"https://u:hunter22@h": n}});
    assert!(!written(&diff_documents(vec![secret(1)], vec![secret(2)])).contains("hunter22"));
    let document =
        |n: u32| json!({"kind": "Thing", "metadata": {"name": "a"}, "spec": {"https://u:hunter22@h": n}});
    assert!(!written(&diff_documents(vec![document(1)], vec![document(2)])).contains("hunter22"));
}

#[test]
fn messages_are_masked() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEabcdef\n-----END PRIVATE KEY-----";
    let document = json!({
        "kind": "Secret",
        "data": {"password": "aHVudGVyMjIyMjIyMjI=", "short": "YWJj", "number": 1_234_567},
        "stringData": {"lines": "first line\nsecond line", "quoted": "say \"hello\"", "key": key},
        "metadata": {"name": "app"},
    });
    let redact = Redact::parse("Secret.metadata.labels").unwrap();
    let secrets = secrets_of(&document, &[&redact]);
    for text in [
        "got \"aHVudGVyMjIyMjIyMjI=\"",
        "got \"hunter222222222\"",
        "got \"hunter2222…\"",
        "got …222222222",
        "got 1234567",
        "a second line",
        r#"got "say \"hello\"""#,
        "MIIEabcdef",
        "got \"first line\\nsecond line\"",
    ] {
        let told = secrets.mask(text);
        assert!(told.contains("<redacted>"), "{text}: {told}");
        for piece in ["aHVudGV", "hunter", "22222", "1234567", "second", "hello", "MIIE", "first"] {
            assert!(!told.contains(piece), "{text}: {told}");
        }
    }
    assert_eq!(secrets.mask("Secret app: abc"), "Secret app: abc", "what is short is part of too many words");
    let root = At::Root;
    let data = root.key("data");
    assert!(secrets.covers(&data.key("password").path()));
    assert!(!secrets.covers(&root.key("metadata").key("name").path()) && !secrets.covers(&data.path()));
    let whole = secrets_of(&json!({"kind": "Secret", "data": "abcdefg"}), &[]);
    assert!(whole.covers(&data.path()) && whole.covers(&data.key("x").path()));
}

fn container(secret: &str, at: usize) -> Value {
    let url = format!("postgres://u:{secret}@h/x");
    let pem = format!("-----BEGIN EC PRIVATE KEY-----\n{secret}\n-----END EC PRIVATE KEY-----\n");
    let inner = json!({"kind": "Secret", "data": {secret: secret, "k": [secret, {"x": secret}]}});
    match at % 8 {
        0 => json!({"spec": {"a": url}}),
        1 => json!({"spec": {"list": ["x", pem]}}),
        2 => json!({"spec": {"env": [{"name": "X_TOKEN", "value": secret}]}}),
        3 => json!({"items": [{"kind": "Secret", "data": {"k": secret}}]}),
        4 => json!({"spec": {"template": {"kind": "Secret", "stringData": secret}}}),
        5 => json!({"spec": {"env": {"MY_API_KEY": secret}}}),
        6 => json!({"spec": {"values": {"auth": {"adminPassword": secret}}}}),
        _ => {
            json!({"spec": {"deep": [[{"manifest": {"kind": "Secret", "data": {"k": inner["data"]["k"].clone()}}}]]}})
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_is_told_wherever_it_is(
        a in "[a-z]{8}ZQ[0-9]{6}", b in "[a-z]{8}ZQ[0-9]{6}", from in 0_usize..8, to in 0_usize..8, name in "[ab]",
    ) {
        let with = |mut document: Value, name: &str| {
            document["apiVersion"] = json!("example.com/v1");
            document["kind"] = json!("Thing");
            document["metadata"] = json!({"name": name});
            document
        };
        let diff = diff_documents(vec![with(container(&a, from), "a")], vec![with(container(&b, to), &name)]);
        let told = written(&diff);
        prop_assert!(!told.contains(&a) && !told.contains(&b), "{told}");
    }
}
