//! Manifests that the server accepts, and small changes of them.

use serde_json::{Value, json};

use crate::rule::{Level, Rule};
use crate::schema::validate::{Finding, Findings};

/// What is found in a document.
pub fn findings(document: &Value) -> Vec<Finding> {
    let mut findings = Findings::default();
    super::check(document, &mut findings);
    findings.list
}

/// The document with the value at a JSON pointer set; `null` removes it. Missing objects on the way are made, and an
/// index behind the end, or `-`, appends.
pub fn patched(base: &Value, pointer: &str, value: Value) -> Value {
    let mut document = base.clone();
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let (last, before) = steps.split_last().expect("a pointer has a step");
    let mut at = &mut document;
    for step in before {
        at = match at {
            Value::Array(items) => {
                let index: usize = step.parse().expect("an index");
                items.get_mut(index).expect("the item exists")
            }
            other => {
                if !other.is_object() {
                    *other = json!({});
                }
                other.as_object_mut().expect("an object").entry(step.as_str()).or_insert(Value::Null)
            }
        };
    }
    match at {
        Value::Array(items) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => {
                if value.is_null() {
                    items.remove(index);
                } else {
                    items[index] = value;
                }
            }
            _ => items.push(value),
        },
        other => {
            if !other.is_object() {
                *other = json!({});
            }
            let object = other.as_object_mut().expect("an object");
            if value.is_null() {
                object.remove(last);
            } else {
                object.insert(last.clone(), value);
            }
        }
    }
    document
}

/// Nothing is found after the change.
#[track_caller]
pub fn accepts(base: &Value, pointer: &str, value: Value) {
    let document = patched(base, pointer, value.clone());
    let found = findings(&document);
    assert!(found.is_empty(), "{pointer} = {value}: {found:#?}");
}

/// No error is found after the change, but this warning.
#[track_caller]
pub fn warns(base: &Value, pointer: &str, value: Value, rule: Rule, path: &str) {
    let document = patched(base, pointer, value.clone());
    let found = findings(&document);
    let errors = found.iter().any(|finding| finding.rule.default_level() == Level::Error);
    let found_it = found.iter().any(|finding| finding.rule == rule && finding.path.to_string() == path);
    assert!(!errors && found_it, "{pointer} = {value}: {found:#?}");
}

/// This is found after the change, and nothing before it.
#[track_caller]
pub fn rejects(base: &Value, pointer: &str, value: Value, rule: Rule, path: &str) {
    let before = findings(base);
    assert!(before.is_empty(), "{before:#?}");
    let document = patched(base, pointer, value.clone());
    let found = findings(&document);
    let found_it = found.iter().any(|finding| finding.rule == rule && finding.path.to_string() == path);
    assert!(found_it, "{pointer} = {value}: expected {rule:?} at {path}, found {found:#?}");
}

/// A table of changes: each is rejected for a rule at a path.
#[track_caller]
pub fn reject_all(base: &Value, table: &[(&str, Value, Rule, &str)]) {
    for (pointer, value, rule, path) in table {
        rejects(base, pointer, value.clone(), *rule, path);
    }
}

/// A table of changes: each is accepted.
#[track_caller]
pub fn accept_all(base: &Value, table: &[(&str, Value)]) {
    for (pointer, value) in table {
        accepts(base, pointer, value.clone());
    }
}

/// An object of a kind with a name.
pub fn object(api_version: &str, kind: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}});
    let (Value::Object(all), Value::Object(rest)) = (&mut object, rest) else { panic!("objects") };
    all.extend(rest);
    object
}

/// The spec of a pod.
pub fn pod_spec() -> Value {
    json!({
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "disk", "persistentVolumeClaim": {"claimName": "disk"}}],
        "containers": [{
            "name": "web",
            "image": "nginx:1.25",
            "ports": [{"name": "http", "containerPort": 80}],
            "env": [{"name": "A", "value": "1"}],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }],
    })
}

/// A Pod.
pub fn pod() -> Value {
    object("v1", "Pod", json!({"spec": pod_spec()}))
}

/// A pod template with the label `app: web`.
pub fn template() -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": pod_spec()})
}

/// A Deployment.
pub fn deployment() -> Value {
    workload("Deployment")
}

/// A workload of `apps/v1`.
pub fn workload(kind: &str) -> Value {
    let spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template()});
    object("apps/v1", kind, json!({"spec": spec}))
}
