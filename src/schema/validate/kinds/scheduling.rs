//! Where pods run: selectors of nodes, affinity, tolerations, spreading, and the classes of the scheduler
//! (`k8s.io/kubernetes/pkg/apis/core/validation` and `…/scheduling/validation`).

use std::collections::HashSet;

use super::node::Node;
use super::selectors;
use crate::rule::Rule;
use crate::schema::validate::names;

/// What a pod's spec says about where it runs.
pub fn pod(pod: &Node) {
    selectors::labels(&pod.get("nodeSelector"), Rule::Label);
    let affinity = pod.get("affinity");
    node_affinity(&affinity.get("nodeAffinity"));
    for kind in ["podAffinity", "podAntiAffinity"] {
        let rules = affinity.get(kind);
        for term in rules.get("requiredDuringSchedulingIgnoredDuringExecution").items() {
            pod_term(&term);
        }
        for weighted in rules.get("preferredDuringSchedulingIgnoredDuringExecution").items() {
            weighted.require("weight");
            weighted.get("weight").within(1..=100);
            pod_term(&weighted.get("podAffinityTerm"));
        }
    }
    for toleration in pod.get("tolerations").items() {
        tolerate(&toleration);
    }
    spread(&pod.get("topologySpreadConstraints"));
}

fn node_affinity(affinity: &Node) {
    let required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution");
    if required.is_set() {
        node_selector(&required);
    }
    for weighted in affinity.get("preferredDuringSchedulingIgnoredDuringExecution").items() {
        weighted.require("weight");
        weighted.get("weight").within(1..=100);
        node_term(&weighted.get("preference"));
    }
}

/// A NodeSelector: at least one term.
pub fn node_selector(selector: &Node) {
    selector.require("nodeSelectorTerms");
    for term in selector.get("nodeSelectorTerms").items() {
        node_term(&term);
    }
}

fn node_term(term: &Node) {
    for requirement in term.get("matchExpressions").items() {
        requirement.require("key");
        requirement.get("key").matches(Rule::Selector, names::qualified_name);
        selectors::expression(&requirement);
    }
    for requirement in term.get("matchFields").items() {
        requirement.get("key").one_of(&["metadata.name"]);
        requirement.get("operator").one_of(&["In", "NotIn"]);
        let values = requirement.get("values");
        if values.items().len() != 1 {
            requirement.say(Rule::Selector, "a requirement on a field of the node takes exactly one value");
        }
        for value in values.items() {
            value.named(names::dns_subdomain);
        }
    }
}

fn pod_term(term: &Node) {
    term.require("topologyKey");
    term.get("topologyKey").matches(Rule::Label, names::qualified_name);
    selectors::label_selector(&term.get("labelSelector"));
    selectors::label_selector(&term.get("namespaceSelector"));
    for namespace in term.get("namespaces").items() {
        namespace.matches_even_empty(Rule::Name, names::dns_label);
    }
}

fn tolerate(toleration: &Node) {
    let key = toleration.get("key");
    let operator = toleration.get("operator");
    let value = toleration.get("value");
    key.matches(Rule::Label, names::qualified_name);
    if key.is_empty() && !operator.is("Exists") {
        operator.say_help(
            Rule::Combination,
            "a toleration without `key` must have the operator `Exists`",
            "add a `key`, or tolerate everything with `operator: Exists`",
        );
    }
    if toleration.get("tolerationSeconds").is_set() && !toleration.get("effect").is("NoExecute") {
        toleration.say(Rule::Combination, "only the effect `NoExecute` goes with `tolerationSeconds`");
    }
    match operator.text() {
        "" | "Equal" => value.matches(Rule::Label, names::label_value),
        "Exists" if value.filled().is_some() => {
            value.say(Rule::Combination, "the operator `Exists` takes no `value`");
        }
        "Gt" | "Lt" if value.text().parse::<i64>().is_err() => {
            value.say(Rule::Value, format!("expected an integer, got {}", value.shown()));
        }
        _ => {}
    }
}

fn spread(constraints: &Node) {
    let mut seen = HashSet::new();
    for constraint in constraints.items() {
        constraint.require("topologyKey");
        constraint.require("whenUnsatisfiable");
        constraint.require("maxSkew");
        constraint.get("maxSkew").at_least(1);
        let domains = constraint.get("minDomains");
        domains.at_least(1);
        if !constraint.get("whenUnsatisfiable").is("DoNotSchedule") {
            domains.forbid("`minDomains` goes only with `whenUnsatisfiable: DoNotSchedule`");
        }
        let pair = (constraint.get("topologyKey").text(), constraint.get("whenUnsatisfiable").text());
        if !seen.insert(pair) {
            constraint.say(
                Rule::Duplicate,
                format!(
                    "another constraint has the topologyKey {:?} and whenUnsatisfiable {:?}",
                    pair.0, pair.1
                ),
            );
        }
        let selector = constraint.get("labelSelector");
        // Up to 1.26 the server did not look into it.
        constraint.later(|| selectors::label_selector(&selector));
        if !selector.is_set() {
            selector.say_help(
                Rule::ServerWarning,
                "without a labelSelector the constraint counts no pods",
                "add a `labelSelector` that selects the pods of this workload",
            );
        }
    }
}

/// A PriorityClass.
pub fn priority_class(class: &Node) {
    const HIGHEST: i64 = 1_000_000_000;
    let value = class.get("value");
    let metadata = class.get("metadata");
    let name = metadata.get("name");
    if let Some(text) = name.filled().filter(|text| text.starts_with("system-")) {
        let known = match text {
            "system-cluster-critical" => Some(2_000_000_000),
            "system-node-critical" => Some(2_000_001_000),
            _ => None,
        };
        if known.is_none() || value.int() != known {
            name.say(Rule::Name, "names that begin with `system-` are reserved");
        }
    } else if let Some(number) = value.int().filter(|number| *number > HIGHEST) {
        value.say(Rule::Range, format!("expected at most {HIGHEST}, got {number}"));
    }
}

/// A RuntimeClass.
pub fn runtime_class(class: &Node) {
    class.require("handler");
    class.get("handler").named(names::dns_label);
    for (name, amount) in class.get("overhead").get("podFixed").entries() {
        super::resources::container_name(name, &amount);
        super::resources::value(name, &amount);
    }
    let scheduling = class.get("scheduling");
    selectors::labels(&scheduling.get("nodeSelector"), Rule::Label);
    for toleration in scheduling.get("tolerations").items() {
        tolerate(&toleration);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn affinity_is_judged() {
        let base = pod();
        let node = "/spec/affinity/nodeAffinity";
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        let term = json!({"labelSelector": {"matchLabels": {"a": "b"}}, "topologyKey": "zone"});
        accepts(
            &base,
            node,
            json!({required: {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}]}}),
        );
        accepts(
            &base,
            "/spec/affinity/podAffinity",
            json!({required: [term], preferred: [{"weight": 100, "podAffinityTerm": term}]}),
        );
        let path = format!("$.spec.affinity.nodeAffinity.{required}");
        let with =
            |expression| json!({required: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}});
        for (rules, rule, rest) in [
            (json!({required: {"nodeSelectorTerms": []}}), Required, ".nodeSelectorTerms"),
            (
                with(json!({"key": "a", "operator": "In"})),
                Selector,
                ".nodeSelectorTerms[0].matchExpressions[0]",
            ),
            (
                with(json!({"key": "a", "operator": "Gt", "values": ["1", "2"]})),
                Selector,
                ".nodeSelectorTerms[0].matchExpressions[0]",
            ),
            (
                with(json!({"key": "a b", "operator": "Exists"})),
                Selector,
                ".nodeSelectorTerms[0].matchExpressions[0].key",
            ),
            (
                json!({required: {"nodeSelectorTerms": [{"matchFields": [{"key": "a", "operator": "In", "values": ["b"]}]}]}}),
                Enum,
                ".nodeSelectorTerms[0].matchFields[0].key",
            ),
        ] {
            rejects(&base, node, rules, rule, &format!("{path}{rest}"));
        }
        let anti = "/spec/affinity/podAntiAffinity";
        let path = "$.spec.affinity.podAntiAffinity";
        rejects(
            &base,
            anti,
            json!({preferred: [{"weight": 0, "podAffinityTerm": term}]}),
            Range,
            &format!("{path}.{preferred}[0].weight"),
        );
        rejects(
            &base,
            anti,
            json!({required: [{"labelSelector": {}}]}),
            Required,
            &format!("{path}.{required}[0]"),
        );
        rejects(
            &base,
            anti,
            json!({required: [{"topologyKey": "a b"}]}),
            Label,
            &format!("{path}.{required}[0].topologyKey"),
        );
        rejects(&base, "/spec/nodeSelector", json!({"a": "b c"}), Label, "$.spec.nodeSelector.a");
    }

    #[test]
    fn tolerations_and_spreading_are_judged() {
        let base = pod();
        for toleration in [
            json!({"operator": "Exists"}),
            json!({"key": "a", "value": "b", "effect": "NoSchedule"}),
            json!({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}),
        ] {
            accepts(&base, "/spec/tolerations", json!([toleration]));
        }
        for (toleration, rule, rest) in [
            (json!({"value": "b"}), Combination, ""),
            (json!({"key": "a", "operator": "Exists", "value": "b"}), Combination, ".value"),
            (json!({"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}), Combination, ""),
            (json!({"key": "a b", "operator": "Exists"}), Label, ".key"),
        ] {
            rejects(
                &base,
                "/spec/tolerations",
                json!([toleration]),
                rule,
                &format!("$.spec.tolerations[0]{rest}"),
            );
        }
        let good = json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}});
        let pointer = "/spec/topologySpreadConstraints";
        let path = "$.spec.topologySpreadConstraints";
        accepts(&base, pointer, json!([good, patched(&good, "/whenUnsatisfiable", json!("ScheduleAnyway"))]));
        rejects(&base, pointer, json!([good, good]), Duplicate, &format!("{path}[1]"));
        rejects(
            &base,
            pointer,
            json!([patched(&good, "/maxSkew", json!(0))]),
            Range,
            &format!("{path}[0].maxSkew"),
        );
        rejects(
            &base,
            pointer,
            json!([patched(&good, "/minDomains", json!(0))]),
            Range,
            &format!("{path}[0].minDomains"),
        );
        warns(
            &base,
            pointer,
            json!([patched(&good, "/labelSelector", json!(null))]),
            ServerWarning,
            &format!("{path}[0]"),
        );
    }

    #[test]
    fn classes_are_judged() {
        let class = object("scheduling.k8s.io/v1", "PriorityClass", json!({"value": 1_000_000_000}));
        accepts(&class, "/value", json!(-5));
        rejects(&class, "/value", json!(1_000_000_001), Range, "$.value");
        rejects(&class, "/metadata/name", json!("system-x"), Name, "$.metadata.name");
        let class = object("node.k8s.io/v1", "RuntimeClass", json!({"handler": "runc"}));
        accepts(&class, "/overhead/podFixed", json!({"cpu": "1"}));
        rejects(&class, "/handler", json!("A"), Name, "$.handler");
        rejects(&class, "/overhead/podFixed", json!({"cpu": "-1"}), Range, "$.overhead.podFixed.cpu");
    }
}
