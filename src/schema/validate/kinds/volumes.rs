//! The volumes of a pod, and where its containers mount them (`ValidateVolumes`, `ValidateVolumeMounts`,
//! `ValidateVolumeDevices` of `k8s.io/kubernetes/pkg/apis/core/validation`).

use std::collections::{HashMap, HashSet};

use super::node::Node;
use super::{containers, selectors, storage};
use crate::diagnostic::near_miss;
use crate::rule::Rule;
use crate::schema::validate::names;

/// The volumes of a pod by name, and whether each can be used as a block device.
pub type Volumes<'v> = HashMap<&'v str, bool>;

/// The highest file mode, 0777.
const MODE: i64 = 0o777;

/// Sources that the server warns about: they do nothing any more, or soon.
const DEPRECATED: [(&str, &str); 9] = [
    ("photonPersistentDisk", "does nothing since 1.16"),
    ("gitRepo", "is deprecated since 1.11"),
    ("scaleIO", "does nothing since 1.22"),
    ("flocker", "does nothing since 1.25"),
    ("storageos", "does nothing since 1.25"),
    ("quobyte", "does nothing since 1.25"),
    ("glusterfs", "does nothing since 1.26"),
    ("cephfs", "does nothing since 1.31"),
    ("rbd", "does nothing since 1.31"),
];

/// The volumes of a pod's spec; `claims` are those that a StatefulSet adds.
pub fn volumes<'v>(volumes: &Node<'v, '_>, claims: &[&'v str]) -> Volumes<'v> {
    let mut known: Volumes = claims.iter().map(|name| (*name, true)).collect();
    volumes.unique_by("name");
    for volume in volumes.items() {
        volume.require("name");
        let name = volume.get("name");
        name.named(names::dns_label);
        // Without any source it is an `emptyDir`.
        let sources: Vec<&str> = volume
            .entries()
            .filter(|(key, source)| *key != "name" && source.is_set())
            .map(|(key, _)| key)
            .collect();
        if sources.len() > 1 {
            volume.say(Rule::Volume, format!("expected one source, got {}", super::node::list(&sources)));
        }
        for source in &sources {
            source_rules(&volume.get(source), source);
        }
        for (source, fate) in DEPRECATED {
            if volume.get(source).is_set() {
                volume.get(source).say(Rule::ServerWarning, format!("a volume of the type {source} {fate}"));
            }
        }
        if let Some(name) = name.filled() {
            known.insert(
                name,
                sources.iter().any(|source| matches!(*source, "persistentVolumeClaim" | "ephemeral")),
            );
        }
    }
    known
}

/// What one source of a volume must have.
fn source_rules(source: &Node, kind: &str) {
    match kind {
        "emptyDir" => source.get("sizeLimit").not_negative(),
        "secret" => {
            source.require("secretName");
            items(source);
        }
        "configMap" => {
            source.require("name");
            items(source);
        }
        "downwardAPI" => {
            source.get("defaultMode").within(0..=MODE);
            for file in source.get("items").items() {
                downward_file(&file);
            }
        }
        "projected" => projected(source),
        "gitRepo" => {
            descending(&source.get("directory"));
            storage::source(source, kind);
        }
        "csi" => {
            source.require("driver");
            source.get("driver").named(storage::driver_name);
            let secret = source.get("nodePublishSecretRef");
            if secret.is_set() {
                secret.require("name");
                secret.get("name").named(names::dns_subdomain);
            }
        }
        "ephemeral" => {
            source.require("volumeClaimTemplate");
            let template = source.get("volumeClaimTemplate");
            if template.is_set() {
                storage::claim(&template.get("spec"));
            }
            selectors::labels(&template.get("metadata").get("labels"), Rule::Label);
            for (key, value) in template.get("metadata").entries() {
                if !matches!(key, "labels" | "annotations" | "creationTimestamp") && !value.is_empty() {
                    value.say(
                        Rule::Combination,
                        "a claim of an ephemeral volume has only labels and annotations",
                    );
                }
            }
        }
        other => storage::source(source, other),
    }
}

fn items(source: &Node) {
    source.get("defaultMode").within(0..=MODE);
    for item in source.get("items").items() {
        key_to_path(&item);
    }
}

fn key_to_path(item: &Node) {
    item.require("key");
    item.require("path");
    not_reserved(&item.get("path"));
    item.get("mode").within(0..=MODE);
}

fn downward_file(file: &Node) {
    file.require("path");
    not_reserved(&file.get("path"));
    file.get("mode").within(0..=MODE);
    file.exactly_one(Rule::Combination, &["fieldRef", "resourceFieldRef"]);
    const FIELDS: [&str; 5] =
        ["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"];
    containers::field_reference(&file.get("fieldRef"), &FIELDS, "metadata.labels['…']");
    containers::resource_reference(&file.get("resourceFieldRef"), true);
}

/// Several sources in one folder: no two files may have the same path.
fn projected(volume: &Node) {
    volume.get("defaultMode").within(0..=MODE);
    let mut paths = HashSet::new();
    for source in volume.get("sources").items() {
        const KINDS: [&str; 6] = [
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ];
        source.at_most_one(Rule::Volume, &KINDS);
        for kind in ["secret", "configMap", "downwardAPI"] {
            let part = source.get(kind);
            if part.is_set() && kind != "downwardAPI" {
                part.require("name");
            }
            for item in part.get("items").items() {
                if kind == "downwardAPI" {
                    downward_file(&item)
                } else {
                    key_to_path(&item)
                }
                let path = item.get("path");
                if path.filled().is_some_and(|text| !paths.insert(text)) {
                    path.say(
                        Rule::Duplicate,
                        format!("another file of the volume has the path {}", path.shown()),
                    );
                }
            }
        }
        let token = source.get("serviceAccountToken");
        if token.is_set() {
            token.get("expirationSeconds").within(600..=1 << 32);
            token.require("path");
        }
    }
}

/// The mounts and block devices of a container.
pub fn mounts(container: &Node, known: &Volumes) {
    let mounts = container.get("volumeMounts");
    let devices = container.get("volumeDevices");
    for mount in mounts.items() {
        mount.require("name");
        mount.require("mountPath");
        is_known(&mount.get("name"), known);
        let sub_path = mount.get("subPath");
        let expression = mount.get("subPathExpr");
        descending(&sub_path);
        descending(&expression);
        if sub_path.filled().is_some() && expression.filled().is_some() {
            mount.say(Rule::Combination, "expected only one of `subPath` and `subPathExpr`");
        }
        let recursive = mount.get("recursiveReadOnly");
        if matches!(recursive.str(), Some("Enabled" | "IfPossible")) && !mount.get("readOnly").is_true() {
            recursive.say(Rule::Combination, "goes only with `readOnly: true`");
        }
        let propagation = mount.get("mountPropagation");
        if propagation.is("Bidirectional") && !container.get("securityContext").get("privileged").is_true() {
            propagation.say_help(
                Rule::Combination,
                "only privileged containers can have `Bidirectional` mounts",
                "set `securityContext.privileged`, or use `HostToContainer`",
            );
        }
    }
    mounts.unique("mount path", |mount| mount.get("mountPath").filled(), Some("mountPath"));
    for device in devices.items() {
        device.require("name");
        device.require("devicePath");
        no_steps_back(&device.get("devicePath"));
        let name = device.get("name");
        is_known(&name, known);
        if name.str().and_then(|name| known.get(name)) == Some(&false) {
            name.say(
                Rule::Volume,
                format!("the volume {} is no claim, so that it is no block device", name.shown()),
            );
        }
        let both = mounts.items().any(|mount| mount.get("name").str() == name.str());
        if both && name.filled().is_some() {
            name.say(Rule::Volume, format!("the volume {} is mounted already", name.shown()));
        }
        let path = device.get("devicePath");
        if path.filled().is_some() && mounts.items().any(|mount| mount.get("mountPath").str() == path.str()) {
            path.say(Rule::Volume, format!("a volume is mounted at {} already", path.shown()));
        }
    }
    devices.unique_by("name");
    devices.unique("device path", |device| device.get("devicePath").filled(), Some("devicePath"));
}

fn is_known(name: &Node, known: &Volumes) {
    let Some(text) = name.filled().filter(|text| !known.contains_key(text)) else { return };
    let message = format!("the pod has no volume {}", name.shown());
    let mut candidates: Vec<&str> = known.keys().copied().collect();
    candidates.sort_unstable();
    let help = match near_miss(text, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => format!("add a volume `{text}` to `volumes`"),
        None => format!("its volumes are {}", super::node::list(&candidates)),
    };
    name.say_help(Rule::Volume, message, help);
}

/// A path inside a folder: relative, and never up.
pub fn descending(path: &Node) {
    if path.text().starts_with('/') {
        path.say(Rule::Value, format!("expected a relative path, got {}", path.shown()));
    }
    no_steps_back(path);
}

/// A path that never goes up.
pub fn no_steps_back(path: &Node) {
    if path.text().split('/').any(|part| part == "..") {
        path.say(Rule::Value, format!("expected a path without `..`, got {}", path.shown()));
    }
}

/// As [`descending`], and not among the names that the node keeps for itself.
fn not_reserved(path: &Node) {
    descending(path);
    if path.text().starts_with("..") && !path.text().starts_with("../") {
        path.say(Rule::Value, format!("expected a path that does not begin with `..`, got {}", path.shown()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn volumes_have_one_source() {
        let base = pod();
        let add = "/spec/volumes/-";
        for volume in [
            json!({"name": "a"}),
            json!({"name": "a", "secret": {"secretName": "s", "items": [{"key": "k", "path": "a/b", "mode": 256}]}}),
            json!({"name": "a", "configMap": {"name": "c"}}),
            json!({"name": "a", "downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}}),
            json!({"name": "a", "projected": {"sources": [
                {"secret": {"name": "s", "items": [{"key": "k", "path": "a"}]}},
                {"serviceAccountToken": {"path": "token"}},
            ]}}),
            json!({"name": "a", "hostPath": {"path": "/var/log"}}),
            json!({"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}}),
            json!({"name": "a", "nfs": {"server": "s", "path": "/x"}}),
            json!({"name": "a", "csi": {"driver": "secrets-store.csi.k8s.io"}}),
        ] {
            accepts(&base, add, volume);
        }
        let path = "$.spec.volumes[2]";
        for (volume, rule, rest) in [
            (json!({"emptyDir": {}}), Required, ""),
            (json!({"name": "A"}), Name, ".name"),
            (json!({"name": "data"}), Duplicate, ".name"),
            (json!({"name": "a", "emptyDir": {}, "configMap": {"name": "b"}}), Volume, ""),
            (json!({"name": "a", "emptyDir": {"sizeLimit": "-1Gi"}}), Range, ".emptyDir.sizeLimit"),
            (json!({"name": "a", "configMap": {}}), Required, ".configMap"),
            (
                json!({"name": "a", "secret": {"secretName": "s", "defaultMode": 1000}}),
                Range,
                ".secret.defaultMode",
            ),
            (
                json!({"name": "a", "secret": {"secretName": "s", "items": [{"key": "k", "path": "../a"}]}}),
                Value,
                ".secret.items[0].path",
            ),
            (
                json!({"name": "a", "configMap": {"name": "s", "items": [{"key": "k", "path": "/a"}]}}),
                Value,
                ".configMap.items[0].path",
            ),
            (
                json!({"name": "a", "configMap": {"name": "s", "items": [{"path": "a"}]}}),
                Required,
                ".configMap.items[0]",
            ),
            (
                json!({"name": "a", "downwardAPI": {"items": [{"path": "l"}]}}),
                Combination,
                ".downwardAPI.items[0]",
            ),
            (
                json!({"name": "a", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 1}}]}}),
                Range,
                ".projected.sources[0].serviceAccountToken.expirationSeconds",
            ),
            (
                json!({"name": "a", "projected": {"sources": [{"secret": {"name": "s", "items": [{"key": "k", "path": "a"}, {"key": "l", "path": "a"}]}}]}}),
                Duplicate,
                ".projected.sources[0].secret.items[1].path",
            ),
            (json!({"name": "a", "hostPath": {"path": "/a/../b"}}), Value, ".hostPath.path"),
            (json!({"name": "a", "nfs": {"server": "s", "path": "x"}}), Value, ".nfs.path"),
            (json!({"name": "a", "csi": {"driver": "a_b"}}), Name, ".csi.driver"),
            (
                json!({"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}),
                Required,
                ".ephemeral.volumeClaimTemplate.spec",
            ),
        ] {
            rejects(&base, add, volume, rule, &format!("{path}{rest}"));
        }
        warns(
            &base,
            add,
            json!({"name": "a", "gitRepo": {"repository": "x"}}),
            ServerWarning,
            "$.spec.volumes[2].gitRepo",
        );
    }

    #[test]
    fn mounts_name_volumes() {
        let base = pod();
        let add = "/spec/containers/0/volumeMounts/-";
        accepts(&base, add, json!({"name": "disk", "mountPath": "/disk", "subPath": "a/b"}));
        let path = "$.spec.containers[0].volumeMounts[1]";
        for (mount, rule, rest) in [
            (json!({"name": "dat", "mountPath": "/x"}), Volume, ".name"),
            (json!({"name": "disk", "mountPath": "/data"}), Duplicate, ".mountPath"),
            (json!({"name": "disk", "mountPath": "/x", "subPath": "/a"}), Value, ".subPath"),
            (json!({"name": "disk", "mountPath": "/x", "subPath": "a", "subPathExpr": "a"}), Combination, ""),
            (
                json!({"name": "disk", "mountPath": "/x", "mountPropagation": "Bidirectional"}),
                Combination,
                ".mountPropagation",
            ),
        ] {
            rejects(&base, add, mount, rule, &format!("{path}{rest}"));
        }
        let found = findings(&patched(&base, add, json!({"name": "dat", "mountPath": "/x"})));
        assert_eq!(found[0].help.as_deref(), Some("did you mean `data`?"));

        let devices = "/spec/containers/0/volumeDevices";
        accepts(&base, devices, json!([{"name": "disk", "devicePath": "/dev/x"}]));
        let path = "$.spec.containers[0].volumeDevices[0]";
        for (device, rule, rest) in [
            (json!({"name": "data", "devicePath": "/dev/x"}), Volume, ".name"),
            (json!({"name": "disk", "devicePath": "/dev/../x"}), Value, ".devicePath"),
            (json!({"name": "disk", "devicePath": "/data"}), Volume, ".devicePath"),
        ] {
            rejects(&base, devices, json!([device]), rule, &format!("{path}{rest}"));
        }
    }
}
