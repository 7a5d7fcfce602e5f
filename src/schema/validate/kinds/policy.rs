//! PodDisruptionBudgets (`k8s.io/kubernetes/pkg/apis/policy/validation`).

use super::node::Node;
use super::{selectors, workloads};
use crate::rule::Rule;

/// A PodDisruptionBudget.
pub fn disruption_budget(object: &Node) {
    let spec = object.get("spec");
    spec.at_most_one(Rule::Combination, &["minAvailable", "maxUnavailable"]);
    for key in ["minAvailable", "maxUnavailable"] {
        let amount = spec.get(key);
        workloads::amount_or_percentage(&amount);
        workloads::at_most_everything(&amount);
    }
    selectors::label_selector(&spec.get("selector"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn budgets_are_judged() {
        let base = object(
            "policy/v1",
            "PodDisruptionBudget",
            json!({"spec": {"selector": {"matchLabels": {"a": "b"}}}}),
        );
        accept_all(
            &base,
            &[
                ("/spec/minAvailable", json!(1)),
                ("/spec/maxUnavailable", json!("100%")),
                ("/spec", json!(null)),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec/minAvailable", json!(-1), Range, "$.spec.minAvailable"),
                ("/spec/minAvailable", json!("50"), Format, "$.spec.minAvailable"),
                ("/spec/maxUnavailable", json!("101%"), Range, "$.spec.maxUnavailable"),
                ("/spec/selector/matchLabels/a", json!("b c"), Selector, "$.spec.selector.matchLabels.a"),
            ],
        );
        let both = patched(&base, "/spec/minAvailable", json!(1));
        rejects(&both, "/spec/maxUnavailable", json!(1), Combination, "$.spec");
    }
}
