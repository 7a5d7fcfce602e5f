//! HorizontalPodAutoscalers, v1 and v2 (`k8s.io/kubernetes/pkg/apis/autoscaling/validation`).

use super::node::Node;
use super::{resources, selectors};
use crate::rule::Rule;
use crate::schema::validate::names;

/// The longest window, and the longest period, in seconds.
const WINDOW: i64 = 3600;
const PERIOD: i64 = 1800;

/// What a metric is of, with the field that says more.
const METRICS: [(&str, &str); 5] = [
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("External", "external"),
    ("ContainerResource", "containerResource"),
];

/// A HorizontalPodAutoscaler.
pub fn autoscaler(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    let (min, max) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    // Down to 0 only where the cluster allows it.
    min.at_least(0);
    let scaled_to_zero = min.int() == Some(0);
    if spec.require("maxReplicas") {
        max.at_least(1);
    }
    if let (Some(least), Some(most)) = (min.int(), max.int())
        && least > most
    {
        max.say(
            Rule::Range,
            format!("maxReplicas must be at least minReplicas, which is {least}, got {most}"),
        );
    }
    if spec.require("scaleTargetRef") {
        reference(&spec.get("scaleTargetRef"));
    }
    spec.get("targetCPUUtilizationPercentage").at_least(1);
    let metrics = spec.get("metrics");
    for metric in metrics.items() {
        one_metric(&metric);
    }
    let counts_from_zero =
        metrics.items().any(|metric| matches!(metric.get("type").text(), "Object" | "External"));
    if scaled_to_zero && !counts_from_zero {
        min.say_help(
            Rule::Combination,
            "without pods, pods cannot be measured",
            "set `minReplicas` to 1, or add a metric of the type `Object` or `External`",
        );
    }
    let behavior = spec.get("behavior");
    scaling(&behavior.get("scaleUp"));
    scaling(&behavior.get("scaleDown"));
}

fn reference(reference: &Node) {
    for key in ["kind", "name"] {
        reference.require(key);
        reference.get(key).named(names::path_segment);
    }
}

fn scaling(rules: &Node) {
    rules.get("stabilizationWindowSeconds").within(0..=WINDOW);
    rules.get("selectPolicy").one_of(&["Max", "Min", "Disabled"]);
    let policies = rules.get("policies");
    // What is not said is filled in by the server; an empty list is not.
    if policies.value().is_array() && policies.is_empty() {
        policies.say_missing();
    }
    for policy in policies.items() {
        policy.require("type");
        policy.get("type").one_of(&["Pods", "Percent"]);
        policy.require("value");
        policy.get("value").at_least(1);
        policy.require("periodSeconds");
        policy.get("periodSeconds").within(1..=PERIOD);
    }
}

fn one_metric(metric: &Node) {
    let kinds: Vec<&str> = METRICS.iter().map(|(kind, _)| *kind).collect();
    if !metric.require("type") {
        return;
    }
    let kind = metric.get("type");
    kind.one_of(&kinds);
    let Some((_, field)) = METRICS.iter().find(|(name, _)| kind.is(name)) else { return };
    metric.require(field);
    for (_, other) in METRICS.iter().filter(|(_, other)| other != field) {
        metric.get(other).forbid(&format!("a metric of the type {} has only `{field}`", kind.shown()));
    }
    let source = metric.get(field);
    if !source.is_set() {
        return;
    }
    let target = source.get("target");
    if !source.require("target") {
        return;
    }
    let set = |key: &str| target.get(key).is_set();
    // A target that lacks its amount is told at the target.
    let lacks = |wanted: &str| target.say(Rule::Required, format!("expected {wanted}"));
    match *field {
        "resource" | "containerResource" => {
            source.require("name");
            if *field == "containerResource" {
                source.require("container");
                source.get("container").named(names::dns_label);
                if let Some(name) = source.get("name").filled() {
                    resources::container_name(name, &source.get("name"));
                }
            }
            match (set("averageUtilization"), set("averageValue")) {
                (false, false) => lacks("`averageUtilization` or `averageValue`"),
                (true, true) => target
                    .say(Rule::Combination, "expected only one of `averageUtilization` and `averageValue`"),
                _ => {}
            }
        }
        "pods" => {
            identifier(&source);
            if !set("averageValue") {
                lacks("`averageValue`");
            }
        }
        "external" => {
            identifier(&source);
            match (set("value"), set("averageValue")) {
                (false, false) => lacks("`value` or `averageValue`"),
                (true, true) => {
                    target.say(Rule::Combination, "expected only one of `value` and `averageValue`")
                }
                _ => {}
            }
        }
        _ => {
            identifier(&source);
            if source.require("describedObject") {
                reference(&source.get("describedObject"));
            }
            if !set("value") && !set("averageValue") {
                lacks("`value` or `averageValue`");
            }
        }
    }
    target.require("type");
    target.get("type").one_of(&["Utilization", "Value", "AverageValue"]);
    target.get("averageUtilization").at_least(1);
    for key in ["value", "averageValue"] {
        let amount = target.get(key);
        if amount.quantity().is_some_and(|quantity| quantity.is_zero() || quantity.is_negative()) {
            amount.say(Rule::Range, format!("expected more than 0, got {}", amount.shown()));
        }
    }
}

fn identifier(source: &Node) {
    if source.require("metric") {
        let metric = source.get("metric");
        metric.require("name");
        metric.get("name").named(names::path_segment);
        // Old servers did not look into it.
        metric.later(|| selectors::label_selector(&metric.get("selector")));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn autoscalers_are_judged() {
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
        let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}});
        let spec = json!({"scaleTargetRef": target, "maxReplicas": 3, "metrics": [cpu]});
        let base = object("autoscaling/v2", "HorizontalPodAutoscaler", json!({"spec": spec}));
        let policy = json!({"type": "Pods", "value": 1, "periodSeconds": 60});
        accept_all(
            &base,
            &[
                ("/spec/minReplicas", json!(3)),
                ("/spec/metrics", json!(null)),
                (
                    "/spec/metrics/-",
                    json!({"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "5"}}}),
                ),
                ("/spec/behavior/scaleUp", json!({"policies": [policy]})),
                ("/spec/behavior/scaleUp", json!({"stabilizationWindowSeconds": 0})),
            ],
        );
        let metric = "$.spec.metrics[0]";
        reject_all(
            &base,
            &[
                ("/spec/maxReplicas", json!(null), Required, "$.spec"),
                ("/spec/maxReplicas", json!(0), Range, "$.spec.maxReplicas"),
                ("/spec/minReplicas", json!(4), Range, "$.spec.maxReplicas"),
                ("/spec/minReplicas", json!(-1), Range, "$.spec.minReplicas"),
                ("/spec/minReplicas", json!(0), Combination, "$.spec.minReplicas"),
                ("/spec/scaleTargetRef", json!(null), Required, "$.spec"),
                ("/spec/scaleTargetRef/name", json!(null), Required, "$.spec.scaleTargetRef"),
                ("/spec/metrics/0/type", json!("CPU"), Enum, &format!("{metric}.type")),
                ("/spec/metrics/0/type", json!("Pods"), Required, metric),
                ("/spec/metrics/0/pods", json!({}), Combination, &format!("{metric}.pods")),
                (
                    "/spec/metrics/0/resource/target",
                    json!({"type": "Utilization"}),
                    Required,
                    &format!("{metric}.resource.target"),
                ),
                (
                    "/spec/metrics/0/resource/target/averageValue",
                    json!("1"),
                    Combination,
                    &format!("{metric}.resource.target"),
                ),
                (
                    "/spec/metrics/0/resource/target/averageUtilization",
                    json!(0),
                    Range,
                    &format!("{metric}.resource.target.averageUtilization"),
                ),
                (
                    "/spec/metrics/0/resource/target/type",
                    json!("Percent"),
                    Enum,
                    &format!("{metric}.resource.target.type"),
                ),
                (
                    "/spec/behavior/scaleUp",
                    json!({"policies": []}),
                    Required,
                    "$.spec.behavior.scaleUp.policies",
                ),
                (
                    "/spec/behavior/scaleUp",
                    json!({"policies": [patched(&policy, "/value", json!(0))]}),
                    Range,
                    "$.spec.behavior.scaleUp.policies[0].value",
                ),
                (
                    "/spec/behavior/scaleUp",
                    json!({"policies": [patched(&policy, "/periodSeconds", json!(1801))]}),
                    Range,
                    "$.spec.behavior.scaleUp.policies[0].periodSeconds",
                ),
                (
                    "/spec/behavior/scaleDown",
                    json!({"stabilizationWindowSeconds": 3601}),
                    Range,
                    "$.spec.behavior.scaleDown.stabilizationWindowSeconds",
                ),
                (
                    "/spec/behavior/scaleDown",
                    json!({"selectPolicy": "max"}),
                    Enum,
                    "$.spec.behavior.scaleDown.selectPolicy",
                ),
            ],
        );
        let base = object(
            "autoscaling/v1",
            "HorizontalPodAutoscaler",
            json!({"spec": {"scaleTargetRef": target, "maxReplicas": 1}}),
        );
        accepts(&base, "/spec/targetCPUUtilizationPercentage", json!(150));
        rejects(
            &base,
            "/spec/targetCPUUtilizationPercentage",
            json!(0),
            Range,
            "$.spec.targetCPUUtilizationPercentage",
        );
    }
}
