//! What keeps pods running: Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController
//! (`k8s.io/kubernetes/pkg/apis/apps/validation`).

use super::node::Node;
use super::pod::{self, Context};
use super::{selectors, storage};
use crate::rule::Rule;
use crate::schema::validate::names;

/// A Deployment.
pub fn deployment(object: &Node) {
    let spec = object.get("spec");
    if !replicated(object, &spec) {
        return;
    }
    spec.get("revisionHistoryLimit").at_least(0);
    let strategy = spec.get("strategy");
    let rolling = strategy.get("rollingUpdate");
    if strategy.get("type").is("Recreate") {
        rolling.forbid("the strategy `Recreate` has no `rollingUpdate`");
    } else {
        rolling_update(&rolling, true);
    }
    let deadline = spec.get("progressDeadlineSeconds");
    deadline.at_least(0);
    let ready = spec.get("minReadySeconds").int().unwrap_or(0);
    // Without one it is 600 seconds.
    let seconds = deadline.int().unwrap_or(600);
    if !deadline.is_set() || deadline.int().is_some() {
        let place = if deadline.is_set() { deadline } else { spec.get("minReadySeconds") };
        if seconds <= ready && ready > 0 || deadline.int() == Some(0) {
            place.say(
                Rule::Range,
                format!("progressDeadlineSeconds, {seconds}, must be more than minReadySeconds, {ready}"),
            );
        }
    }
}

/// A ReplicaSet.
pub fn replica_set(object: &Node) {
    replicated(object, &object.get("spec"));
}

/// What Deployments and ReplicaSets have. Returns whether there is a spec.
fn replicated(object: &Node, spec: &Node) -> bool {
    if !object.require("spec") {
        return false;
    }
    spec.get("replicas").at_least(0);
    spec.get("minReadySeconds").at_least(0);
    selected_template(spec, selectors::compared_selector);
    true
}

/// A selector that is not empty, and a template whose labels it matches.
fn selected_template(spec: &Node, check: fn(&Node)) {
    let selector = spec.get("selector");
    let template = spec.get("template");
    selecting(spec, check);
    if spec.require("template") {
        selectors::matches_template(&selector, &template, false);
        pod::template(&template, Context::RUNNING);
    }
}

/// A selector that selects something.
fn selecting(spec: &Node, check: fn(&Node)) {
    let selector = spec.get("selector");
    if spec.require("selector") {
        check(&selector);
        if selectors::is_empty(&selector) {
            selector.say_help(Rule::Selector, "an empty selector", "select the labels of the template");
        }
    }
}

/// A DaemonSet.
pub fn daemon_set(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    selected_template(&spec, selectors::label_selector);
    spec.get("minReadySeconds").at_least(0);
    spec.get("revisionHistoryLimit").at_least(0);
    let strategy = spec.get("updateStrategy");
    // Here the server lets the part of another strategy stand.
    if !strategy.get("type").is("OnDelete") {
        rolling_update(&strategy.get("rollingUpdate"), false);
    }
}

/// A StatefulSet. The server does not look into its template before it makes a pod of it: what is wrong there is told
/// as a warning.
pub fn stateful_set(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    spec.get("replicas").at_least(0);
    spec.get("minReadySeconds").at_least(0);
    spec.get("revisionHistoryLimit").at_least(0);
    spec.get("ordinals").get("start").at_least(0);
    let selector = spec.get("selector");
    selecting(&spec, selectors::compared_selector);
    let strategy = spec.get("updateStrategy");
    let rolling = strategy.get("rollingUpdate");
    if strategy.get("type").is("OnDelete") {
        rolling.forbid("the strategy `OnDelete` has no `rollingUpdate`");
    }
    rolling.get("partition").at_least(0);
    for key in ["whenDeleted", "whenScaled"] {
        spec.get("persistentVolumeClaimRetentionPolicy").get(key).one_of(&["Retain", "Delete"]);
    }

    let template = spec.get("template");
    let claims = spec.get("volumeClaimTemplates");
    if !spec.require("template") {
        return;
    }
    selectors::matches_template(&selector, &template, false);
    selectors::labels(&template.get("metadata").get("labels"), Rule::Label);
    pod::annotations(&template.get("metadata").get("annotations"));
    let pod = template.get("spec");
    pod.get("restartPolicy").one_of(&["Always"]);
    pod.get("activeDeadlineSeconds")
        .forbid("`activeDeadlineSeconds` is not allowed in the template of a StatefulSet");
    spec.later(|| {
        spec.get("serviceName").named(names::dns_label);
        for claim in claims.items() {
            storage::claim(&claim.get("spec"));
        }
        let names: Vec<&str> =
            claims.items().filter_map(|claim| claim.get("metadata").get("name").filled()).collect();
        pod::spec(&pod, Context::RUNNING, &names);
    });
}

/// A ReplicationController, whose selector is a plain map, and by default the labels of the template.
pub fn replication_controller(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    spec.get("replicas").at_least(0);
    spec.get("minReadySeconds").at_least(0);
    let template = spec.get("template");
    if !spec.require("template") {
        return;
    }
    let selector = spec.get("selector");
    if selector.is_empty() && template.get("metadata").get("labels").is_empty() {
        selector.say_missing();
    }
    selectors::matches_template(&selector, &template, true);
    pod::template(&template, Context::RUNNING);
}

/// A ControllerRevision.
pub fn controller_revision(object: &Node) {
    object.require("data");
    object.get("revision").at_least(0);
}

/// How many pods may be gone and how many more there may be: not none of both. A Deployment may have 25 % of each
/// unless it says so; a DaemonSet one pod that is gone, and none more.
fn rolling_update(rolling: &Node, deployment: bool) {
    let unavailable = rolling.get("maxUnavailable");
    let surge = rolling.get("maxSurge");
    for amount in [unavailable, surge] {
        amount_or_percentage(&amount);
    }
    // Of pods that may be gone; of more pods a Deployment may have as many as one likes.
    at_most_everything(&unavailable);
    if !deployment {
        at_most_everything(&surge);
    }
    let is_zero = |amount: &Node, default: bool| match amount.str() {
        Some(text) => percentage(text) == Some(0),
        None if amount.is_set() => amount.int() == Some(0),
        None => default,
    };
    let no_surge = is_zero(&surge, !deployment);
    if is_zero(&unavailable, false) && no_surge {
        rolling.say_help(
            Rule::Combination,
            "maxUnavailable and maxSurge cannot both be 0: no pod could ever be replaced",
            "let one of them be 1",
        );
    }
    if !deployment && !is_zero(&surge, true) && !is_zero(&unavailable, false) {
        // Only one of the two counts for a DaemonSet.
        rolling.say_help(
            Rule::Combination,
            "maxUnavailable and maxSurge of a DaemonSet exclude each other",
            "set maxUnavailable to 0, or maxSurge",
        );
    }
}

/// A percentage up to 100.
pub fn at_most_everything(amount: &Node) {
    if amount.str().and_then(percentage).is_some_and(|percent| percent > 100) {
        amount.say(Rule::Range, format!("expected at most 100%, got {}", amount.shown()));
    }
}

/// An amount from 0, or a percentage.
pub fn amount_or_percentage(amount: &Node) {
    amount.at_least(0);
    amount.matches(Rule::Format, names::percentage);
    if amount.is("") {
        amount.say(Rule::Format, "expected a number or a percentage, got \"\"");
    }
}

/// The number of `25%`.
pub fn percentage(text: &str) -> Option<u64> {
    names::percentage(text).ok()?;
    text.strip_suffix('%')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn deployments_are_judged() {
        let base = deployment();
        accept_all(
            &base,
            &[
                ("/spec/replicas", json!(0)),
                ("/spec/strategy", json!({"type": "Recreate"})),
                ("/spec/strategy/rollingUpdate", json!({"maxUnavailable": 0})),
                ("/spec/strategy/rollingUpdate", json!({"maxSurge": "150%", "maxUnavailable": "100%"})),
                ("/spec/minReadySeconds", json!(599)),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec", json!(null), Required, "$"),
                ("/spec/selector", json!(null), Required, "$.spec"),
                ("/spec/selector", json!({}), Selector, "$.spec.selector"),
                ("/spec/template", json!(null), Required, "$.spec"),
                ("/spec/replicas", json!(-1), Range, "$.spec.replicas"),
                ("/spec/minReadySeconds", json!(-1), Range, "$.spec.minReadySeconds"),
                ("/spec/minReadySeconds", json!(600), Range, "$.spec.minReadySeconds"),
                ("/spec/progressDeadlineSeconds", json!(0), Range, "$.spec.progressDeadlineSeconds"),
                ("/spec/revisionHistoryLimit", json!(-1), Range, "$.spec.revisionHistoryLimit"),
                (
                    "/spec/strategy",
                    json!({"type": "Recreate", "rollingUpdate": {}}),
                    Combination,
                    "$.spec.strategy.rollingUpdate",
                ),
                (
                    "/spec/strategy/rollingUpdate",
                    json!({"maxUnavailable": 0, "maxSurge": "0%"}),
                    Combination,
                    "$.spec.strategy.rollingUpdate",
                ),
                (
                    "/spec/strategy/rollingUpdate",
                    json!({"maxUnavailable": "101%"}),
                    Range,
                    "$.spec.strategy.rollingUpdate.maxUnavailable",
                ),
                (
                    "/spec/strategy/rollingUpdate",
                    json!({"maxSurge": "1"}),
                    Format,
                    "$.spec.strategy.rollingUpdate.maxSurge",
                ),
                (
                    "/spec/strategy/rollingUpdate",
                    json!({"maxSurge": -1}),
                    Range,
                    "$.spec.strategy.rollingUpdate.maxSurge",
                ),
            ],
        );
    }

    #[test]
    fn the_others_are_judged() {
        let base = workload("DaemonSet");
        accepts(&base, "/spec/updateStrategy/rollingUpdate", json!({"maxUnavailable": "20%"}));
        accepts(&base, "/spec/updateStrategy/rollingUpdate", json!({"maxUnavailable": 0, "maxSurge": 1}));
        let path = "$.spec.updateStrategy.rollingUpdate";
        rejects(&base, "/spec/updateStrategy/rollingUpdate", json!({"maxUnavailable": 0}), Combination, path);
        rejects(&base, "/spec/selector/matchLabels/a", json!("b"), Selector, "$.spec.selector.matchLabels.a");

        let base = workload("ReplicaSet");
        rejects(&base, "/spec/replicas", json!(-1), Range, "$.spec.replicas");

        let base = object("v1", "ReplicationController", json!({"spec": {"template": template()}}));
        accepts(&base, "/spec/selector", json!({"app": "web"}));
        rejects(&base, "/spec/selector", json!({"app": "api"}), Selector, "$.spec.selector.app");
        rejects(&base, "/spec/template/metadata", json!(null), Required, "$.spec");
    }

    #[test]
    fn the_template_of_a_stateful_set_is_warned_about() {
        let base = workload("StatefulSet");
        accepts(&base, "/spec/volumeClaimTemplates", json!([]));
        let claims = json!([{"metadata": {"name": "www"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
        let with = patched(&base, "/spec/volumeClaimTemplates", claims);
        accepts(
            &with,
            "/spec/template/spec/containers/0/volumeMounts/-",
            json!({"name": "www", "mountPath": "/www"}),
        );
        let path = "$.spec.template.spec.containers[0].name";
        warns(&base, "/spec/template/spec/containers/0/name", json!("A"), ServerWarning, path);
        reject_all(
            &base,
            &[
                ("/spec/replicas", json!(-1), Range, "$.spec.replicas"),
                (
                    "/spec/updateStrategy",
                    json!({"type": "OnDelete", "rollingUpdate": {}}),
                    Combination,
                    "$.spec.updateStrategy.rollingUpdate",
                ),
                (
                    "/spec/updateStrategy/rollingUpdate/partition",
                    json!(-1),
                    Range,
                    "$.spec.updateStrategy.rollingUpdate.partition",
                ),
                (
                    "/spec/template/spec/restartPolicy",
                    json!("Never"),
                    Enum,
                    "$.spec.template.spec.restartPolicy",
                ),
            ],
        );
    }
}
