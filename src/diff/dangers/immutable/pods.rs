//! Pods, and the pods of Jobs.

use serde_json::Value;

use super::{refuse, refuse_but};
use crate::diff::dangers::field::{Field, get, integer, is_true, items, text};
use crate::diff::dangers::plain::same;
use crate::diff::dangers::{Change, Told};

/// A pod takes another image, a shorter deadline, and more tolerations.
pub(super) fn pod(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    let but = "(only images and activeDeadlineSeconds can change, and tolerations be added)";
    let is_gated = !items(get(spec.before, "schedulingGates")).is_empty();
    for field in differing(&spec) {
        let is_allowed = match field.key() {
            "image" => true,
            "tolerations" => items(field.before).iter().all(|known| items(field.after).contains(known)),
            "activeDeadlineSeconds" => match (integer(field.before), integer(field.after)) {
                (None, Some(_)) => true,
                (Some(before), Some(after)) => after <= before,
                (_, None) => false,
            },
            "terminationGracePeriodSeconds" => {
                integer(field.before).is_some_and(|seconds| seconds < 0) && integer(field.after) == Some(1)
            }
            "schedulingGates" => items(field.after).iter().all(|new| items(field.before).contains(new)),
            // A pod that is held back from being scheduled can still be told where to go.
            "nodeSelector" | "affinity" => is_gated,
            _ => false,
        };
        if !is_allowed {
            refuse_but(change, &field, but, told);
        }
    }
}

/// What a suspended Job lets change of its pods: where they are scheduled, and in the newest versions their resources.
const OF_SUSPENDED_JOB: [&str; 5] =
    ["nodeSelector", "tolerations", "affinity", "schedulingGates", "resources"];

/// A Job keeps its pods, and how many must complete, unless it is indexed and as many run as must complete.
pub(super) fn job(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    let template = spec.get("template");
    let is_suspended = is_true(get(spec.before, "suspend"));
    let mut refused = differing(&template.get("spec"));
    refused.retain(|field| !is_suspended || !OF_SUSPENDED_JOB.contains(&field.key()));
    if !is_suspended {
        let metadata = template.get("metadata");
        refused.extend(
            ["labels", "annotations"].iter().map(|key| metadata.get(key)).filter(|field| !same(field)),
        );
    }
    for field in refused {
        refuse(change, &field, told);
    }
    let completions = spec.get("completions");
    // Without both, it is one pod.
    let effective = |spec: &Value| {
        let parallelism = get(spec, "parallelism");
        let completions = integer(get(spec, "completions"));
        (completions.or(parallelism.is_null().then_some(1)), integer(parallelism).unwrap_or(1))
    };
    let ((before, _), (after, parallelism)) = (effective(spec.before), effective(spec.after));
    let is_elastic = text(get(spec.after, "completionMode")) == "Indexed" && after == Some(parallelism);
    if before != after && !is_elastic {
        refuse_but(change, &completions, "(unless it is Indexed and parallelism is the same number)", told);
    }
}

/// The fields of a pod's spec that differ; where both sides have the same containers, the fields of those.
fn differing<'a>(spec: &Field<'a>) -> Vec<Field<'a>> {
    let mut fields = Vec::new();
    for field in spec.entries() {
        let names = |list| items(list).iter().map(|container| get(container, "name"));
        let is_list = matches!(field.key(), "containers" | "initContainers" | "ephemeralContainers");
        if is_list && names(field.before).eq(names(field.after)) {
            fields.extend(field.items(&["name"]).iter().flat_map(Field::entries));
        } else {
            fields.push(field);
        }
    }
    fields.retain(|field| match field.key() {
        // Where it is not written it depends on the image of then.
        "imagePullPolicy" => !field.before.is_null() && !field.after.is_null() && !same(field),
        _ => !same(field),
    });
    fields
}
