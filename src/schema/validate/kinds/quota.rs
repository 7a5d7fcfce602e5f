//! ResourceQuotas and LimitRanges (`ValidateResourceQuota`, `ValidateLimitRange` of
//! `k8s.io/kubernetes/pkg/apis/core/validation`).

use super::node::Node;
use super::{resources, selectors};
use crate::rule::Rule;
use crate::schema::validate::names;
use crate::schema::validate::quantity::Quantity;

/// What a quota can limit, beside objects (`count/…`) and resources with a domain.
const QUOTA: [&str; 19] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// What a quota of pods can limit.
const PODS: [&str; 10] = [
    "pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
];

/// Scopes that exclude each other.
const OPPOSITES: [[&str; 2]; 2] = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];

/// A ResourceQuota.
pub fn resource_quota(object: &Node) {
    let spec = object.get("spec");
    let hard = spec.get("hard");
    for (name, amount) in hard.entries() {
        resource_name(name, &amount, &QUOTA, "a resource of quotas");
        resources::value(name, &amount);
    }
    let scopes = spec.get("scopes");
    for scope in scopes.items() {
        fits(&scope, &hard);
    }
    opposites(&scopes, scopes.items().map(|scope| scope.text()).collect());
    let requirements = spec.get("scopeSelector");
    let requirements = requirements.get("matchExpressions");
    for requirement in requirements.items() {
        let scope = requirement.get("scopeName");
        requirement.require("scopeName");
        fits(&scope, &hard);
        selectors::expression(&requirement);
        let operator = requirement.get("operator");
        if OPPOSITES.concat().contains(&scope.text())
            && operator.filled().is_some_and(|text| text != "Exists")
        {
            operator.say(
                Rule::Enum,
                format!("expected `Exists` for the scope {}, got {}", scope.shown(), operator.shown()),
            );
        }
    }
    opposites(&requirements, requirements.items().map(|item| item.get("scopeName").text()).collect());
}

fn opposites(place: &Node, scopes: Vec<&str>) {
    for [one, other] in OPPOSITES {
        if scopes.contains(&one) && scopes.contains(&other) {
            place.say(Rule::Combination, format!("the scopes `{one}` and `{other}` exclude each other"));
        }
    }
}

/// Quotas of some pods only limit what pods have.
fn fits(scope: &Node, hard: &Node) {
    let allowed: &[&str] = match scope.text() {
        "BestEffort" => &["pods"],
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" => &PODS,
        _ => return,
    };
    for (name, _) in hard.entries() {
        if QUOTA.contains(&name) && !allowed.contains(&name) {
            scope.say(
                Rule::Combination,
                format!("the scope {} does not go with a limit of `{name}`", scope.shown()),
            );
        }
    }
}

fn resource_name(name: &str, place: &Node, known: &[&str], shown: &str) {
    let bare = name.strip_prefix("requests.").unwrap_or(name);
    if let Err(problem) = names::qualified_name(name) {
        place.say(Rule::Name, format!("the resource {name:?} {problem}"));
    } else if !name.contains('/') && !known.contains(&name) && !bare.starts_with("hugepages-") {
        resources::unknown(name, place, known, shown);
    }
}

/// A LimitRange.
pub fn limit_range(object: &Node) {
    let spec = object.get("spec");
    let limits = spec.get("limits");
    limits.unique_by("type");
    for limit in limits.items() {
        limit.require("type");
        let kind = limit.get("type");
        if kind.text().contains('/') {
            kind.named(names::qualified_name);
        } else {
            kind.one_of(&["Pod", "Container", "PersistentVolumeClaim"]);
        }
        one_limit(&limit, kind.text());
    }
}

fn one_limit(limit: &Node, kind: &str) {
    let (min, max) = (limit.get("min"), limit.get("max"));
    let (default, request) = (limit.get("default"), limit.get("defaultRequest"));
    for amounts in [min, max, default, request, limit.get("maxLimitRequestRatio")] {
        for (name, amount) in amounts.entries() {
            if matches!(kind, "Pod" | "Container") {
                resources::container_name(name, &amount);
            } else {
                let known: Vec<&str> = QUOTA.iter().copied().chain(["storage"]).collect();
                resource_name(name, &amount, &known, "a resource");
            }
        }
    }
    if kind == "Pod" {
        for field in [default, request] {
            if !field.is_empty() {
                field.say_help(
                    Rule::Combination,
                    "pods as a whole have no defaults",
                    "set them for `type: Container`",
                );
            }
        }
    }
    if kind == "PersistentVolumeClaim" && !min.get("storage").is_set() && !max.get("storage").is_set() {
        limit.say(Rule::Required, "expected `min.storage` or `max.storage`");
    }
    // Each pair in the order in which the amounts must grow.
    let pairs = [
        (min, "min", max, "max"),
        (min, "min", request, "defaultRequest"),
        (request, "defaultRequest", max, "max"),
        (request, "defaultRequest", default, "default"),
        (min, "min", default, "default"),
        (default, "default", max, "max"),
    ];
    for (lower, lower_name, upper, upper_name) in pairs {
        if kind == "Pod" && [lower_name, upper_name].iter().any(|name| name.starts_with("default")) {
            continue;
        }
        for (name, small) in lower.entries() {
            let large = upper.get(name);
            if let (Some(a), Some(b)) = (small.quantity(), large.quantity())
                && a > b
            {
                let message = format!(
                    "{lower_name} of {name} is above its {upper_name}, {}, got {}",
                    large.shown(),
                    small.shown()
                );
                small.say(Rule::Range, message);
            }
        }
    }
    for (name, asked) in request.entries() {
        let given = default.get(name);
        if let (Some(a), Some(b)) = (asked.quantity(), given.quantity())
            && a != b
            && !resources::overcommits(name)
        {
            asked.say(
                Rule::Range,
                format!(
                    "defaultRequest of {name} must be its default, {}, got {}",
                    given.shown(),
                    asked.shown()
                ),
            );
        }
    }
    for (name, ratio) in limit.get("maxLimitRequestRatio").entries() {
        let one = Quantity::parse("1");
        if ratio.quantity().is_some_and(|ratio| Some(ratio) < one) {
            ratio.say(Rule::Range, format!("the ratio of {name} must be at least 1, got {}", ratio.shown()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn quotas_are_judged() {
        let base =
            object("v1", "ResourceQuota", json!({"spec": {"hard": {"pods": "5", "requests.cpu": "1"}}}));
        accept_all(
            &base,
            &[
                ("/spec/hard/count~1deployments.apps", json!("5")),
                ("/spec/hard/requests.nvidia.com~1gpu", json!(4)),
                ("/spec/scopes", json!(["NotTerminating"])),
                (
                    "/spec/scopeSelector",
                    json!({"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}),
                ),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec/hard/pod", json!("5"), Value, "$.spec.hard.pod"),
                ("/spec/hard/pods", json!("-5"), Range, "$.spec.hard.pods"),
                ("/spec/hard/pods", json!("500m"), Value, "$.spec.hard.pods"),
                ("/spec/scopes", json!(["BestEffort"]), Combination, "$.spec.scopes[0]"),
                ("/spec/scopes", json!(["Terminating", "NotTerminating"]), Combination, "$.spec.scopes"),
                (
                    "/spec/scopeSelector",
                    json!({"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]}),
                    Selector,
                    "$.spec.scopeSelector.matchExpressions[0]",
                ),
            ],
        );
    }

    #[test]
    fn limit_ranges_are_judged() {
        let limit = json!({"type": "Container", "min": {"cpu": "100m"}, "max": {"cpu": "2"}, "default": {"cpu": "1"}, "defaultRequest": {"cpu": "200m"}});
        let base = object("v1", "LimitRange", json!({"spec": {"limits": [limit]}}));
        accepts(&base, "/spec/limits/-", json!({"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}));
        reject_all(
            &base,
            &[
                ("/spec/limits/0/min/cpu", json!("3"), Range, "$.spec.limits[0].min.cpu"),
                ("/spec/limits/0/default/cpu", json!("3"), Range, "$.spec.limits[0].default.cpu"),
                (
                    "/spec/limits/0/defaultRequest/cpu",
                    json!("1500m"),
                    Range,
                    "$.spec.limits[0].defaultRequest.cpu",
                ),
                (
                    "/spec/limits/0/maxLimitRequestRatio",
                    json!({"cpu": "500m"}),
                    Range,
                    "$.spec.limits[0].maxLimitRequestRatio.cpu",
                ),
                ("/spec/limits/0/max/storage", json!("1Gi"), Value, "$.spec.limits[0].max.storage"),
                ("/spec/limits/0/type", json!("Pods"), Enum, "$.spec.limits[0].type"),
                ("/spec/limits/0/type", json!("Pod"), Combination, "$.spec.limits[0].default"),
                ("/spec/limits/-", json!({"type": "Container"}), Duplicate, "$.spec.limits[1].type"),
                ("/spec/limits/-", json!({"type": "PersistentVolumeClaim"}), Required, "$.spec.limits[1]"),
            ],
        );
    }
}
