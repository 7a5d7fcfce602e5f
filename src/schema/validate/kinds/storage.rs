//! Volumes of the cluster: claims, PersistentVolumes, classes and drivers (`ValidatePersistentVolume*` of
//! `k8s.io/kubernetes/pkg/apis/core/validation`, `…/storage/validation`).

use std::collections::HashSet;

use super::node::Node;
use super::{scheduling, selectors, volumes};
use crate::rule::Rule;
use crate::schema::validate::names;

/// What kinds of volumes must have, and cannot leave empty.
const SOURCES: [(&str, &[&str]); 21] = [
    ("awsElasticBlockStore", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("azureFile", &["secretName", "shareName"]),
    ("cephfs", &["monitors"]),
    ("cinder", &["volumeID"]),
    ("csi", &["driver", "volumeHandle"]),
    ("flexVolume", &["driver"]),
    ("gcePersistentDisk", &["pdName"]),
    ("gitRepo", &["repository"]),
    ("glusterfs", &["endpoints", "path"]),
    ("hostPath", &["path"]),
    ("iscsi", &["targetPortal", "iqn"]),
    ("local", &["path"]),
    ("nfs", &["server", "path"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("quobyte", &["registry", "volume"]),
    ("rbd", &["monitors", "image"]),
    ("scaleIO", &["gateway", "system"]),
    ("vsphereVolume", &["volumePath"]),
];

/// The source of a volume, in a pod or in the cluster.
pub fn source(source: &Node, kind: &str) {
    let required = SOURCES.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, keys)| keys);
    for key in required {
        source.require(key);
    }
    let path = source.get("path");
    match kind {
        "hostPath" | "local" => volumes::no_steps_back(&path),
        "nfs" if path.filled().is_some_and(|text| !text.starts_with('/')) => {
            path.say(Rule::Value, format!("expected an absolute path, got {}", path.shown()));
        }
        "awsElasticBlockStore" | "gcePersistentDisk" => source.get("partition").within(0..=255),
        "iscsi" => source.get("lun").within(0..=255),
        "fc" => fibre_channel(source),
        "csi" => {
            source.get("driver").named(driver_name);
            for key in ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef"] {
                let secret = source.get(key);
                if secret.is_set() {
                    secret.require("name");
                    secret.require("namespace");
                    secret.get("namespace").named(names::dns_label);
                }
            }
        }
        "flexVolume" => {
            for (key, value) in source.get("options").entries() {
                let domain = format!(".{}", key.split('/').next().unwrap_or_default().to_lowercase());
                if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
                    value.say(Rule::Name, "options in the domains kubernetes.io and k8s.io are reserved");
                }
            }
        }
        _ => {}
    }
}

fn fibre_channel(source: &Node) {
    let (names, ids) = (source.get("targetWWNs"), source.get("wwids"));
    match (names.is_empty(), ids.is_empty()) {
        (true, true) => source.say(Rule::Combination, "expected `targetWWNs` or `wwids`, got none"),
        (false, false) => source.say(Rule::Combination, "expected only one of `targetWWNs` and `wwids`"),
        (false, true) => {
            source.require("lun");
            source.get("lun").within(0..=255);
        }
        (true, false) => {}
    }
}

/// The name of a CSI driver, in which capitals count as small letters.
pub fn driver_name(text: &str) -> names::Syntax {
    if text.len() > 63 {
        return Err("must be at most 63 characters long");
    }
    names::dns_subdomain(&text.to_lowercase())
}

/// A PersistentVolumeClaim.
pub fn persistent_volume_claim(object: &Node) {
    if object.require("spec") {
        claim(&object.get("spec"));
    }
}

/// The spec of a claim.
pub fn claim(spec: &Node) {
    spec.require("accessModes");
    access_modes(&spec.get("accessModes"));
    selectors::label_selector(&spec.get("selector"));
    let resources = spec.get("resources");
    let requests = resources.get("requests");
    let storage = requests.get("storage");
    if storage.is_set() {
        positive(&storage);
        if storage.quantity().is_some_and(|amount| !amount.is_integer()) {
            let message = format!("{} is a fraction of a byte", storage.shown());
            storage.say_help(Rule::ServerWarning, message, "use Gi or Mi, `m` is a thousandth");
        }
    } else if !(resources.value().is_string() || requests.value().is_string()) {
        storage.say_missing();
    }
    spec.get("storageClassName").named(names::dns_subdomain);
    for key in ["dataSource", "dataSourceRef"] {
        let source = spec.get(key);
        if !source.is_set() {
            continue;
        }
        source.require("kind");
        source.require("name");
        let group = source.get("apiGroup");
        if group.is_empty() && source.get("kind").filled().is_some_and(|kind| kind != "PersistentVolumeClaim")
        {
            source.get("kind").say_help(
                Rule::Value,
                format!(
                    "without an `apiGroup`, expected `PersistentVolumeClaim`, got {}",
                    source.get("kind").shown()
                ),
                "add the `apiGroup` of the kind",
            );
        }
    }
}

fn access_modes(modes: &Node) {
    if modes.items().len() > 1
        && let Some(mode) = modes.items().find(|mode| mode.is("ReadWriteOncePod"))
    {
        mode.say(Rule::Combination, "`ReadWriteOncePod` excludes other access modes");
    }
}

fn positive(amount: &Node) {
    if amount.quantity().is_some_and(|quantity| quantity.is_negative() || quantity.is_zero()) {
        amount.say(Rule::Range, format!("expected more than 0, got {}", amount.shown()));
    }
}

/// A PersistentVolume.
pub fn persistent_volume(object: &Node) {
    // What is no source.
    const FIELDS: [&str; 9] = [
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    spec.require("accessModes");
    access_modes(&spec.get("accessModes"));
    let capacity = spec.get("capacity");
    if spec.require_entries("capacity") {
        for (name, amount) in capacity.entries() {
            if name != "storage" {
                amount.say(Rule::Value, format!("expected only `storage`, got `{name}`"));
            }
            positive(&amount);
        }
        if !capacity.get("storage").is_set() && capacity.value().is_object() {
            capacity.get("storage").say_missing();
        }
    }
    let sources: Vec<&str> = spec
        .entries()
        .filter(|(key, value)| value.value().is_object() && !FIELDS.contains(key))
        .map(|(key, _)| key)
        .collect();
    match sources.as_slice() {
        [] if spec.value().is_object() => {
            spec.say(Rule::Volume, "expected a source (`csi`, `nfs`, `hostPath`, …), got none")
        }
        [] => {}
        [one] => source(&spec.get(one), one),
        several => spec.say(Rule::Volume, format!("expected one source, got {}", super::node::list(several))),
    }
    let affinity = spec.get("nodeAffinity");
    if affinity.is_set() && affinity.require("required") {
        scheduling::node_selector(&affinity.get("required"));
    }
    if spec.get("local").is_set() && !affinity.is_set() {
        spec.say(Rule::Required, "missing required field `nodeAffinity` (a local volume is on one node)");
    }
    let policy = spec.get("persistentVolumeReclaimPolicy");
    let root =
        spec.get("hostPath").get("path").filled().is_some_and(|path| path.trim_matches('/').is_empty());
    if policy.is("Recycle") && root {
        policy.say(Rule::Combination, "the root of a node cannot be recycled");
    }
    spec.get("storageClassName").named(names::dns_subdomain);
}

/// A StorageClass.
pub fn storage_class(object: &Node) {
    const PARAMETERS: usize = 512;
    const SIZE: usize = 256 * 1024;
    object.require("provisioner");
    object.get("provisioner").named(|text| names::qualified_name(&text.to_lowercase()));
    let parameters = object.get("parameters");
    let count = parameters.entries().count();
    let size: usize = parameters.entries().map(|(key, value)| key.len() + value.text().len()).sum();
    if count > PARAMETERS || size > SIZE {
        let message =
            format!("expected at most {PARAMETERS} parameters of 256 KiB, got {count} of {size} bytes");
        parameters.say(Rule::Length, message);
    }
    for (key, value) in parameters.entries() {
        if key.is_empty() {
            value.say(Rule::Name, "a parameter without a name");
        }
    }
    for term in object.get("allowedTopologies").items() {
        let expressions = term.get("matchLabelExpressions");
        for expression in expressions.items() {
            expression.require("key");
            expression.get("key").matches(Rule::Label, names::qualified_name);
            expression.require("values");
            expression.get("values").unique("value", |value| value.filled(), None);
        }
        expressions.unique_by("key");
    }
}

/// A CSIDriver.
pub fn csi_driver(object: &Node) {
    const AUDIENCE: (i64, i64) = (600, 1 << 32);
    let spec = object.get("spec");
    spec.get("fsGroupPolicy").one_of(&["ReadWriteOnceWithFSType", "File", "None"]);
    for mode in spec.get("volumeLifecycleModes").items() {
        mode.one_of(&["Persistent", "Ephemeral"]);
    }
    let mut seen = HashSet::new();
    for request in spec.get("tokenRequests").items() {
        let audience = request.get("audience");
        if !seen.insert(audience.text()) {
            request.say(Rule::Duplicate, format!("duplicate audience {:?}", audience.text()));
        }
        request.get("expirationSeconds").within(AUDIENCE.0..=AUDIENCE.1);
    }
}

/// A CSINode.
pub fn csi_node(object: &Node) {
    const ID: usize = 192;
    let spec = object.get("spec");
    let list = spec.get("drivers");
    for driver in list.items() {
        driver.require("name");
        driver.get("name").named(driver_name);
        driver.require("nodeID");
        if driver.get("nodeID").text().len() > ID {
            driver.get("nodeID").say(Rule::Length, format!("expected at most {ID} characters"));
        }
        driver.get("allocatable").get("count").at_least(0);
        let keys = driver.get("topologyKeys");
        keys.unique("key", |key| key.filled(), None);
        for key in keys.items() {
            key.matches(Rule::Label, names::qualified_name);
        }
    }
    list.unique_by("name");
}

/// A VolumeAttachment.
pub fn volume_attachment(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    spec.require("attacher");
    spec.require("nodeName");
    spec.get("nodeName").named(names::dns_subdomain);
    spec.require("source");
    spec.get("source").exactly_one(Rule::Combination, &["persistentVolumeName", "inlineVolumeSpec"]);
}

/// A CSIStorageCapacity.
pub fn storage_capacity(object: &Node) {
    selectors::label_selector(&object.get("nodeTopology"));
    object.require("storageClassName");
    object.get("storageClassName").named(names::dns_subdomain);
    for key in ["capacity", "maximumVolumeSize"] {
        object.get(key).not_negative();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn claims_are_judged() {
        let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        let base = object("v1", "PersistentVolumeClaim", json!({"spec": spec}));
        accept_all(
            &base,
            &[
                ("/spec/storageClassName", json!("")),
                ("/spec/dataSource", json!({"kind": "PersistentVolumeClaim", "name": "a"})),
                (
                    "/spec/dataSource",
                    json!({"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "a"}),
                ),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec", json!(null), Required, "$"),
                ("/spec/accessModes", json!(null), Required, "$.spec"),
                ("/spec/accessModes", json!([]), Required, "$.spec.accessModes"),
                ("/spec/accessModes/-", json!("ReadWriteOncePod"), Combination, "$.spec.accessModes[1]"),
                ("/spec/resources", json!(null), Required, "$.spec"),
                ("/spec/resources/requests", json!({"cpu": "1"}), Required, "$.spec.resources.requests"),
                ("/spec/resources/requests/storage", json!("0"), Range, "$.spec.resources.requests.storage"),
                ("/spec/storageClassName", json!("A"), Name, "$.spec.storageClassName"),
                (
                    "/spec/dataSource",
                    json!({"kind": "VolumeSnapshot", "name": "a"}),
                    Value,
                    "$.spec.dataSource.kind",
                ),
            ],
        );
        let found = findings(&patched(&base, "/spec/resources", json!(null)));
        assert_eq!(found[0].message, "missing required field `resources.requests.storage`");
    }

    #[test]
    fn volumes_are_judged() {
        let spec = json!({"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "nfs": {"server": "s", "path": "/"}});
        let base = object("v1", "PersistentVolume", json!({"spec": spec}));
        accepts(&base, "/spec/claimRef", json!({"name": "a", "namespace": "b"}));
        let term = json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]});
        let local = patched(&patched(&base, "/spec/nfs", json!(null)), "/spec/local", json!({"path": "/a"}));
        accepts(&local, "/spec/nodeAffinity", json!({"required": term}));
        assert!(findings(&local).iter().any(|finding| finding.rule == Required));
        reject_all(
            &base,
            &[
                ("/spec/accessModes", json!(null), Required, "$.spec"),
                ("/spec/capacity", json!({}), Required, "$.spec.capacity"),
                ("/spec/capacity", json!({"storage": "1Gi", "cpu": "1"}), Value, "$.spec.capacity.cpu"),
                ("/spec/capacity/storage", json!("-1"), Range, "$.spec.capacity.storage"),
                ("/spec/nfs", json!(null), Volume, "$.spec"),
                ("/spec/hostPath", json!({"path": "/a"}), Volume, "$.spec"),
                ("/spec/nfs/path", json!("a"), Value, "$.spec.nfs.path"),
                ("/spec/nodeAffinity", json!({}), Required, "$.spec.nodeAffinity"),
            ],
        );
    }

    #[test]
    fn classes_and_drivers_are_judged() {
        let base = object("storage.k8s.io/v1", "StorageClass", json!({"provisioner": "ebs.csi.aws.com"}));
        accepts(&base, "/parameters", json!({"type": "gp3"}));
        rejects(&base, "/provisioner", json!("a b"), Name, "$.provisioner");
        let base = object("storage.k8s.io/v1", "CSIDriver", json!({"spec": {}}));
        accepts(&base, "/spec/volumeLifecycleModes", json!(["Ephemeral"]));
        rejects(
            &base,
            "/spec/volumeLifecycleModes",
            json!(["Temporary"]),
            Enum,
            "$.spec.volumeLifecycleModes[0]",
        );
        rejects(&base, "/spec/fsGroupPolicy", json!("Files"), Enum, "$.spec.fsGroupPolicy");
        rejects(
            &base,
            "/spec/tokenRequests",
            json!([{"audience": "a"}, {"audience": "a"}]),
            Duplicate,
            "$.spec.tokenRequests[1]",
        );
    }
}
