//! What the API server refuses to change (`Validate*Update` of `k8s.io/kubernetes/pkg/apis/*/validation` and of
//! `k8s.io/apiextensions-apiserver`).
//!
//! Where versions of Kubernetes differ, the kinder one counts. A default that is written out is no change.

mod data;
mod pods;
mod storage;

use super::field::{Field, get, integer, items, text};
use super::plain::same;
use super::words::quoted;
use super::{Change, Kinds, Told};

/// What of some kinds cannot change.
enum Fixed {
    /// These fields.
    Fields(&'static [&'static str]),
    /// What this function tells.
    By(fn(&Change<'_>, &mut Told<'_>)),
}

use Fixed::*;

#[rustfmt::skip]
static FIXED: &[(Kinds, Fixed)] = &[
    (&["apps/Deployment", "apps/DaemonSet", "apps/ReplicaSet"], Fields(&["spec.selector"])),
    (&["apps/StatefulSet"], By(stateful_set)),
    (&["apps/ControllerRevision"], Fields(&["data"])),
    (&["batch/Job"], Fields(&[
        "spec.selector", "spec.completionMode", "spec.podFailurePolicy",
        "spec.backoffLimitPerIndex", "spec.managedBy", "spec.successPolicy",
    ])),
    (&["batch/Job"], By(pods::job)),
    (&["Pod"], By(pods::pod)),
    (&["PersistentVolumeClaim"], By(storage::claim)),
    (&["PersistentVolume"], Fields(&["spec.volumeMode"])),
    (&["PersistentVolume"], By(storage::volume)),
    (&["storage.k8s.io/StorageClass"], Fields(&[
        "provisioner", "parameters", "reclaimPolicy", "volumeBindingMode",
    ])),
    (&["storage.k8s.io/VolumeAttributesClass"], Fields(&["driverName", "parameters"])),
    (&["storage.k8s.io/CSIDriver"], Fields(&[
        "spec.attachRequired", "spec.volumeLifecycleModes",
    ])),
    (&["storage.k8s.io/VolumeAttachment"], Fields(&["spec"])),
    (&["Service"], By(service)),
    (&["ConfigMap", "Secret"], By(data::sealed)),
    (&["Secret"], Fields(&["type"])),
    (&["ResourceQuota"], By(scopes)),
    (&["Node"], By(node)),
    (super::BINDING, Fields(&["roleRef"])),
    (super::CRD, Fields(&[
        "spec.group", "spec.scope", "spec.names.plural", "spec.names.kind",
    ])),
    (&["scheduling.k8s.io/PriorityClass"], Fields(&["value", "preemptionPolicy"])),
    (&["node.k8s.io/RuntimeClass"], Fields(&["handler"])),
    (&["networking.k8s.io/IngressClass"], Fields(&["spec.controller"])),
    (&["discovery.k8s.io/EndpointSlice"], Fields(&["addressType"])),
    (&["resource.k8s.io/ResourceClaim", "resource.k8s.io/ResourceClaimTemplate"], Fields(&["spec"])),
];

/// What making the resource anew costs, where that is known.
#[rustfmt::skip]
static ANEW: &[(&str, &str)] = &[
    ("apps/Deployment", "deleting it first stops its pods; another name beside it does not"),
    ("apps/DaemonSet", "deleting it first stops its pods, unless with `--cascade=orphan`"),
    ("apps/ReplicaSet", "deleting it first stops its pods, unless with `--cascade=orphan`"),
    ("apps/StatefulSet", "delete it first with `--cascade=orphan`, which keeps its pods and claims"),
    ("batch/Job", "delete the old Job first, or give the new one another name"),
    ("Pod", "the pod must be deleted first"),
    ("PersistentVolumeClaim", "a new claim is needed, and its data must be moved there"),
    ("PersistentVolume", "a new volume is needed"),
    ("Service", "deleting it first interrupts its traffic and gives it another address"),
    ("apiextensions.k8s.io/CustomResourceDefinition", "deleting it first deletes all its resources"),
];

/// What loses nothing when it is deleted and made anew.
const TRANSIENT: Kinds = &["batch/Job", "Pod"];

/// Annotations by which whatever applies a resource deletes the old one first, and what their value then has in it, in
/// lower case. Those of Argo CD (argo-cd.readthedocs.io/en/stable/user-guide/sync-options, and resource hooks, those of
/// Helm included) and of Flux (fluxcd.io/flux/components/kustomize/kustomizations).
#[rustfmt::skip]
static MADE_ANEW: &[(&str, &str)] = &[
    ("argocd.argoproj.io/hook", ""),
    ("argocd.argoproj.io/sync-options", "force=true"),
    ("helm.sh/hook", ""),
    ("kustomize.toolkit.fluxcd.io/force", "enabled"),
];

/// Everything that the API server refuses of an update.
pub(super) fn refused(change: &Change<'_>, told: &mut Told<'_>) {
    let annotations = get(get(change.document.after, "metadata"), "annotations");
    let says = |(key, word): &(&str, &str)| {
        get(annotations, key).as_str().is_some_and(|text| text.to_ascii_lowercase().contains(word))
    };
    if change.is_one_of(TRANSIENT) && MADE_ANEW.iter().any(says) {
        return;
    }
    for (_, fixed) in FIXED.iter().filter(|(kinds, _)| change.is_one_of(kinds)) {
        match fixed {
            Fields(fields) => {
                let named = |path: &'static str| {
                    path.split('.').fold(change.document.clone(), |field, key| field.get(key))
                };
                for field in fields.iter().map(|path| named(path)).filter(|field| !same(field)) {
                    refuse(change, &field, told);
                }
            }
            By(judge) => judge(change, told),
        }
    }
}

/// Tells that a field cannot change.
fn refuse(change: &Change<'_>, field: &Field<'_>, told: &mut Told<'_>) {
    refuse_but(change, field, "", told);
}

/// Tells that a field cannot change, and what could.
fn refuse_but(change: &Change<'_>, field: &Field<'_>, but: &str, told: &mut Told<'_>) {
    let kind = change.identity.kind.as_str();
    let article = if kind.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    let what = quoted(&field.path().to_string());
    let blank = if but.is_empty() { "" } else { " " };
    let (_, anew) = ANEW
        .iter()
        .find(|(kind, _)| change.is(kind))
        .unwrap_or(&("", "the resource must be deleted first and made anew"));
    told.at(
        field,
        format!("the API server refuses to change {what} of {article} {kind}{blank}{but}: {anew}"),
    );
}

/// What a StatefulSet lets change, as the server's message lists it.
const OF_STATEFUL_SET: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

fn stateful_set(change: &Change<'_>, told: &mut Told<'_>) {
    let but = format!("(only {} can change)", OF_STATEFUL_SET.join(", "));
    for field in change.document.get("spec").entries() {
        let is_same = match field.key() {
            "volumeClaimTemplates" => {
                // Their order counts. Each may also have a kind and a status, which do not.
                field.items(&[]).iter().all(|claim| same(&claim.get("metadata")) && same(&claim.get("spec")))
            }
            _ => same(&field),
        };
        if !OF_STATEFUL_SET.contains(&field.key()) && !is_same {
            refuse_but(change, &field, &but, told);
        }
    }
}

fn service(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    let or =
        |default: &'static str, value| Some(text(value)).filter(|text| !text.is_empty()).unwrap_or(default);
    let both = |key: &str, default: &'static str, holds: fn(&str) -> bool| {
        holds(or(default, get(spec.before, key))) && holds(or(default, get(spec.after, key)))
    };
    if both("type", "ClusterIP", |kind| kind != "ExternalName") {
        let one = spec.get("clusterIP");
        let several = spec.get("clusterIPs");
        let first = |value| items(value).first().map_or("", text);
        let address = |one, several| Some(text(one)).filter(|one| !one.is_empty()).unwrap_or(first(several));
        let (before, after) = (address(one.before, several.before), address(one.after, several.after));
        // What is not written is kept; what was not written is some address, and so never `None`.
        let is_other = if before.is_empty() { after == "None" } else { !after.is_empty() && after != before };
        if is_other {
            refuse(change, if one.after.is_null() { &several } else { &one }, told);
        }
        let families = spec.get("ipFamilies");
        let (before, after) = (first(families.before), first(families.after));
        if !before.is_empty() && !after.is_empty() && before != after {
            refuse_but(change, &families, "(its first item)", told);
        }
    }
    if both("type", "ClusterIP", |kind| kind == "LoadBalancer") {
        let class = spec.get("loadBalancerClass");
        if !same(&class) {
            refuse(change, &class, told);
        }
        let port = spec.get("healthCheckNodePort");
        let set = |value| integer(value).filter(|port| *port != 0);
        if both("externalTrafficPolicy", "Cluster", |policy| policy == "Local")
            && let (Some(before), Some(after)) = (set(port.before), set(port.after))
            && before != after
        {
            refuse(change, &port, told);
        }
    }
}

fn scopes(change: &Change<'_>, told: &mut Told<'_>) {
    let scopes = change.document.get("spec").get("scopes");
    let sorted = |value| {
        let mut scopes: Vec<&str> = super::field::texts(value).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    };
    if sorted(scopes.before) != sorted(scopes.after) {
        refuse(change, &scopes, told);
    }
}

fn node(change: &Change<'_>, told: &mut Told<'_>) {
    let provider = change.document.get("spec").get("providerID");
    if !text(provider.before).is_empty() && provider.before != provider.after {
        refuse(change, &provider, told);
    }
}
