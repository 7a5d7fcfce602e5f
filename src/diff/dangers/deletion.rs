//! What is lost when a resource goes.

use super::field::{get, integer, items, text};
use super::words::quoted;
use super::{Change, Told};

/// What deleting a resource of a kind takes with it.
#[rustfmt::skip]
static LOST: &[(&str, &str)] = &[
    ("PersistentVolumeClaim",
        "deleting a PersistentVolumeClaim deletes its data, unless the volume's reclaim policy is Retain"),
    ("PersistentVolume",
        "deleting a PersistentVolume leaves its claim without its data, even where the storage itself is kept"),
    ("Namespace",
        "deleting a Namespace deletes everything in it: workloads, claims with their data, Secrets"),
    ("Secret",
        "deleting a Secret loses its values unless they are kept elsewhere, and pods that need them cannot start"),
];

/// A resource that goes.
pub(super) fn deleted(change: &Change<'_>, told: &mut Told<'_>) {
    let document = &change.document;
    if let Some((_, lost)) = LOST.iter().find(|(kind, _)| change.is(kind)) {
        told.of_resource(*lost);
    } else if change.is_one_of(super::CRD) {
        let kind = text(document.at(&["spec", "names", "kind"]).before);
        let resources = if kind.is_empty() { "resource".to_owned() } else { quoted(kind) };
        told.of_resource(format!(
            "deleting a CustomResourceDefinition deletes every {resources} of the cluster, in all namespaces"
        ));
    } else if change.is_one_of(super::STATEFUL_SET) {
        let spec = document.get("spec");
        let claims = items(get(spec.before, "volumeClaimTemplates")).len();
        let deletes =
            text(spec.at(&["persistentVolumeClaimRetentionPolicy", "whenDeleted"]).before) == "Delete";
        told.of_resource(match (claims, deletes) {
            (0, _) => "deleting a StatefulSet stops its pods, and loses the state that they keep themselves",
            (_, true) => {
                "deleting this StatefulSet deletes the claims of its pods and their data \
                 (persistentVolumeClaimRetentionPolicy.whenDeleted is Delete)"
            }
            (_, false) => {
                "deleting a StatefulSet stops its pods; their claims and data stay behind, used by nobody and paid for"
            }
        });
    }
}

/// A StatefulSet that deletes the claims of the pods that it no longer has.
pub(super) fn claims_of_pods(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    if items(get(spec.after, "volumeClaimTemplates")).is_empty() {
        return;
    }
    let policy = spec.get("persistentVolumeClaimRetentionPolicy");
    let replicas = spec.get("replicas");
    // Absent, it is 1; or an autoscaler's, which is told nothing of.
    let count = |value| integer(value).unwrap_or(1);
    let (before, after) = (count(replicas.before), count(replicas.after));
    if text(get(policy.after, "whenScaled")) == "Delete" && after < before && !replicas.after.is_null() {
        told.at(
            &replicas,
            format!(
                "scaling from {before} to {after} deletes the claims of the pods that go, and their data \
                 (persistentVolumeClaimRetentionPolicy.whenScaled is Delete)"
            ),
        );
    }
}
