//! What keeps workloads running: replicas, room for evictions, resources, probes, images that stay what they are.

use serde_json::Value;

use super::field::{Field, get, integer, text};
use super::pods::{Container, Pod};
use super::words::{listed, quoted};
use super::{Change, Told};
use crate::schema::validate::{ImageName, Quantity};

/// Kinds of which one is run where `spec.replicas` is absent.
const ONE_BY_DEFAULT: &[&str] = &[
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/StatefulSet",
    "extensions/Deployment",
    "extensions/ReplicaSet",
    "ReplicationController",
    "argoproj.io/Rollout",
];

/// Anything with `spec.replicas` that is to have none.
pub(super) fn scaled_to_zero(change: &Change<'_>, told: &mut Told<'_>) {
    let replicas = change.document.get("spec").get("replicas");
    let default = if change.is_one_of(ONE_BY_DEFAULT) { Some(1) } else { None };
    let before = if replicas.before.is_null() { default } else { integer(replicas.before) };
    if let Some(before) = before.filter(|before| *before > 0)
        && integer(replicas.after) == Some(0)
    {
        told.at(
            &replicas,
            format!("scaled from {before} to 0: all its pods stop, and an autoscaler leaves it alone until somebody scales it up"),
        );
    }
}

/// An autoscaler that may scale to none.
pub(super) fn autoscaled_to_zero(change: &Change<'_>, told: &mut Told<'_>) {
    let least = change.document.get("spec").get("minReplicas");
    if least.becomes(|value| integer(value) == Some(0)) {
        told.at(
            &least,
            "the autoscaler may scale to 0 when the metric is low: nothing then answers the first request",
        );
    }
}

/// A PodDisruptionBudget that no pod can be evicted under, whatever it selects.
pub(super) fn blocked_eviction(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    let blocks = |key: &str, value: &Value| match key {
        "maxUnavailable" => integer(value) == Some(0) || percent(value) == Some(0),
        _ => percent(value).is_some_and(|percent| percent >= 100),
    };
    let was_blocked = ["maxUnavailable", "minAvailable"].iter().any(|key| blocks(key, get(spec.before, key)));
    for key in ["maxUnavailable", "minAvailable"] {
        let field = spec.get(key);
        if !was_blocked && blocks(key, field.after) {
            let value = field.after.as_str().map_or_else(|| field.after.to_string(), str::to_owned);
            told.at(
                &field,
                format!("with {key} {value} no pod may be evicted: draining a node for an upgrade hangs until somebody deletes the budget"),
            );
        }
    }
}

fn percent(value: &Value) -> Option<i64> {
    text(value).strip_suffix('%')?.parse().ok()
}

/// Requests and limits that a container loses.
pub(super) fn resources(container: &Container<'_>, told: &mut Told<'_>) {
    lost(&container.field.get("resources"), Some(&container.pod_resources), "container", told);
}

/// Requests and limits that a pod loses as a whole.
pub(super) fn resources_of_pod(pod: &Pod<'_>, told: &mut Told<'_>) {
    lost(&pod.spec.get("resources"), None, "pod", told);
}

/// What goes wrong without it: `None` is for all other resources.
const CONSEQUENCES: &[(&str, &str, &str)] = &[
    ("limits", "memory", "it can use up the memory of its node, and neighbours get killed"),
    ("requests", "memory", "it is placed on nodes without room for it, and evicted first"),
    ("requests", "cpu", "it is placed on nodes without room for it, and autoscaling by CPU stops working"),
    ("limits", "cpu", "it can take the CPU of its neighbours"),
    ("limits", "ephemeral-storage", "it can fill the disk of its node"),
];

/// `pod` are the resources of the pod around it, if it may move there.
fn lost(resources: &Field<'_>, pod: Option<&Field<'_>>, owner: &str, told: &mut Told<'_>) {
    let mut gone: Vec<(&str, Field<'_>)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (section, noun) in [("limits", "limit"), ("requests", "request")] {
        for amount in resources.get(section).entries() {
            let name = amount.key();
            // The server takes a limit for a request that is missing.
            let is_implied = section == "requests" && !get(get(resources.after, "limits"), name).is_null();
            // None of it is what an absent one is.
            let is_zero = |amount: &Value| Quantity::of(amount).is_some_and(Quantity::is_zero);
            let is_moved = pod.is_some_and(|pod| pod.get(section).get(name).is_new());
            if amount.is_gone() && !is_zero(amount.before) && !is_implied && !is_moved {
                names.push(format!("{} {noun}", quoted(name)));
                gone.push((section, amount));
            }
        }
    }
    let place = match gone.as_slice() {
        [] => return,
        [(_, only)] => only,
        _ => resources,
    };
    let is_gone =
        |section: &str, name: &str| gone.iter().any(|(from, field)| (*from, field.key()) == (section, name));
    let consequence = CONSEQUENCES
        .iter()
        .find(|(section, name, _)| is_gone(section, name))
        .map_or("nothing is set aside for it any more, or nothing bounds it", |(_, _, consequence)| {
            consequence
        });
    const MOST: usize = 5;
    let hidden = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    if hidden > 0 {
        names.push(format!("{hidden} more"));
    }
    told.at(place, format!("the {owner} loses its {}: {consequence}", listed(&names)));
}

/// What the probes are for.
#[rustfmt::skip]
static PROBES: &[(&str, &str)] = &[
    ("livenessProbe", "the container loses its liveness probe: when it hangs, nothing restarts it"),
    ("readinessProbe", "the container loses its readiness probe: it gets traffic before it can answer, also while it is rolled out"),
    ("startupProbe", "the container loses its startup probe: the liveness probe, if any, may kill it while it starts"),
];

/// Probes that a container loses.
pub(super) fn probes(container: &Container<'_>, told: &mut Told<'_>) {
    for (key, reason) in PROBES {
        let probe = container.field.get(key);
        if probe.is_gone() {
            told.at(&probe, *reason);
        }
    }
}

/// The image of a container.
pub(super) fn image(container: &Container<'_>, told: &mut Told<'_>) {
    mutable(&container.field.get("image"), told);
}

/// Images that are mounted as volumes.
pub(super) fn image_volumes(pod: &Pod<'_>, told: &mut Told<'_>) {
    for volume in pod.spec.get("volumes").items(&["name"]) {
        mutable(&volume.get("image").get("reference"), told);
    }
}

fn mutable(image: &Field<'_>, told: &mut Told<'_>) {
    if image.before == image.after {
        return;
    }
    let Some(shown) = image.after.as_str().filter(|text| !text.is_empty()) else { return };
    let name = ImageName::split(shown);
    let what = match (name.tag, name.digest) {
        (_, Some(_)) => return,
        (Some("latest"), None) => "has the tag `latest`",
        (Some(_), None) => return,
        (None, None) => "has neither tag nor digest",
    };
    told.at(
        image,
        format!(
            "{} {what}: what runs depends on when it is pulled, and a rollback may not bring the old one back",
            quoted(shown)
        ),
    );
}
