//! Whether two values are the same once the API server has filled in what is not written.

use std::collections::BTreeMap;

use serde_json::Value;

use super::field::{Field, get, text};
use crate::schema::validate::{ImageName, Quantity};

/// How deep values are looked into; nothing that Kubernetes knows nests deeper. Below, they are compared as written.
const MAX_DEPTH: usize = 64;

/// What the API server writes where nothing is written, after `k8s.io/kubernetes/pkg/apis/*/*/defaults.go`: the fields
/// that only one thing is called by, with their defaults as JSON.
#[rustfmt::skip]
const DEFAULTS: &[(&str, &str)] = &[
    ("allocationMode", r#""ExactCount""#),
    ("apiGroup", r#""rbac.authorization.k8s.io""#),
    // Of the field that a variable is taken from, and of a template for claims.
    ("apiVersion", r#""v1""#),
    ("attachRequired", "true"),
    ("cachingMode", r#""ReadWrite""#),
    ("completionMode", r#""NonIndexed""#),
    ("count", "1"),
    ("defaultMode", "420"),
    ("dnsPolicy", r#""ClusterFirst""#),
    ("enableServiceLinks", "true"),
    ("failureThreshold", "3"),
    ("hostIPC", "false"),
    ("hostNetwork", "false"),
    ("hostPID", "false"),
    ("hostPort", "0"),
    ("iscsiInterface", r#""default""#),
    ("keyring", r#""/etc/ceph/keyring""#),
    ("kind", r#""PersistentVolumeClaim""#),
    // Of a probe: only there it may be left out.
    ("path", r#""/""#),
    ("periodSeconds", "10"),
    ("podManagementPolicy", r#""OrderedReady""#),
    ("pool", r#""rbd""#),
    ("preemptionPolicy", r#""PreemptLowerPriority""#),
    ("procMount", r#""Default""#),
    ("protocol", r#""TCP""#),
    ("readOnly", "false"),
    ("reclaimPolicy", r#""Delete""#),
    ("restartPolicy", r#""Always""#),
    ("schedulerName", r#""default-scheduler""#),
    ("scheme", r#""HTTP""#),
    ("serviceAccountName", r#""default""#),
    ("status", r#""True""#),
    ("stdin", "false"),
    ("stdinOnce", "false"),
    ("successThreshold", "1"),
    ("terminationGracePeriodSeconds", "30"),
    ("terminationMessagePath", r#""/dev/termination-log""#),
    ("terminationMessagePolicy", r#""File""#),
    ("timeoutSeconds", "1"),
    ("tty", "false"),
    // Of a Secret.
    ("type", r#""Opaque""#),
    ("user", r#""admin""#),
    // Of a priority; variables have strings.
    ("value", "0"),
    ("volumeBindingMode", r#""Immediate""#),
    ("volumeLifecycleModes", r#"["Persistent"]"#),
    ("volumeMode", r#""Filesystem""#),
];

/// What the server sets by itself, or takes from another field.
const IGNORED: &[&str] = &["creationTimestamp", "serviceAccount"];

/// Objects whose keys are the users' own, and have no defaults.
const OWN_KEYS: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "parameters",
    "volumeAttributes",
];

/// Whether a field is the same on both sides to the API server.
pub(super) fn same(field: &Field<'_>) -> bool {
    let plain = |value| plain(value, field.key(), MAX_DEPTH);
    field.before == field.after || plain(field.before) == plain(field.after)
}

/// A value without what need not be written.
#[derive(Debug, PartialEq)]
enum Plain<'a> {
    Absent,
    Amount(Quantity),
    /// As it is written.
    Verbatim(&'a Value),
    List(Vec<Plain<'a>>),
    Object(BTreeMap<&'a str, Plain<'a>>),
}

/// `key` is the key that the value has; empty for an item.
fn plain<'a>(value: &'a Value, key: &str, depth: usize) -> Plain<'a> {
    let Some(depth) = depth.checked_sub(1) else { return Plain::Verbatim(value) };
    if IGNORED.contains(&key) || is_default(key, value) {
        return Plain::Absent;
    }
    match value {
        Value::Null => Plain::Absent,
        Value::String(text) if text.is_empty() => Plain::Absent,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Plain::Verbatim(value),
        Value::Array(items) if items.is_empty() => Plain::Absent,
        Value::Array(items) => Plain::List(items.iter().map(|item| plain(item, "", depth)).collect()),
        Value::Object(fields) if OWN_KEYS.contains(&key) && !fields.is_empty() => Plain::Verbatim(value),
        Value::Object(fields) => {
            let mut kept = BTreeMap::new();
            for (inner, field) in fields {
                let of_amounts = matches!(key, "requests" | "limits" | "capacity");
                // A request that is not written is as much as the limit.
                let is_implied = key == "resources" && inner == "requests" && field.is_object();
                let field = match (of_amounts, Quantity::of(field)) {
                    (true, Some(amount)) => Plain::Amount(amount),
                    _ if inner == "imagePullPolicy" && text(field) == pull_policy(get(value, "image")) => {
                        Plain::Absent
                    }
                    _ if is_implied => {
                        without(plain(field, inner, depth), &plain(get(value, "limits"), "limits", depth))
                    }
                    _ => plain(field, inner, depth),
                };
                if field != Plain::Absent {
                    kept.insert(inner.as_str(), field);
                }
            }
            if kept.is_empty() { Plain::Absent } else { Plain::Object(kept) }
        }
    }
}

fn is_default(key: &str, value: &Value) -> bool {
    let Ok(at) = DEFAULTS.binary_search_by_key(&key, |(known, _)| known) else { return false };
    DEFAULTS[at].1.parse::<Value>().is_ok_and(|default| default == *value)
}

/// What is in one and not as well in the other.
fn without<'a>(all: Plain<'a>, other: &Plain<'a>) -> Plain<'a> {
    match (all, other) {
        (Plain::Object(mut all), Plain::Object(other)) => {
            all.retain(|key, value| other.get(key) != Some(value));
            if all.is_empty() { Plain::Absent } else { Plain::Object(all) }
        }
        (all, _) => all,
    }
}

/// When the image of a container is pulled, unless it says so.
fn pull_policy(image: &Value) -> &'static str {
    let name = ImageName::split(text(image));
    if name.digest.is_none() && matches!(name.tag, None | Some("latest")) { "Always" } else { "IfNotPresent" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_found_by_their_names() {
        assert!(DEFAULTS.is_sorted_by_key(|(key, _)| key));
    }

    #[test]
    fn what_the_server_fills_in_is_no_difference() {
        let short = json!({"containers": [{
            "name": "a", "image": "nginx:1.29", "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
        }], "volumes": []});
        let long = json!({"containers": [{
            "name": "a", "image": "nginx:1.29", "imagePullPolicy": "IfNotPresent",
            "ports": [{"containerPort": 80, "protocol": "TCP", "hostPort": 0}], "env": null,
            "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": 1}},
        }], "dnsPolicy": "ClusterFirst", "securityContext": {}, "hostNetwork": false});
        let same = |after: &Value| same(&Field::root(Some(&short), Some(after)));
        assert!(same(&long));
        for (pointer, other) in [
            ("/containers/0/imagePullPolicy", json!("Always")),
            ("/containers/0/ports/0/protocol", json!("UDP")),
            ("/containers/0/resources/requests/cpu", json!("1001m")),
            ("/containers/0/resources/limits/memory", json!("1G")),
            ("/hostNetwork", json!(true)),
        ] {
            let mut changed = long.clone();
            *changed.pointer_mut(pointer).unwrap() = other;
            assert!(!same(&changed), "{pointer}");
        }
    }
}
