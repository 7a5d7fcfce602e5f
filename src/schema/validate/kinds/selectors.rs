//! Labels and what selects by them, after `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.

use super::node::Node;
use crate::rule::Rule;
use crate::schema::validate::names;

/// A map of labels: `nodeSelector`, the selector of a Service.
pub fn labels(node: &Node, rule: Rule) {
    for (key, value) in node.entries() {
        if let Err(problem) = names::qualified_name(key) {
            value.say(rule, format!("the key {key:?} {problem}"));
        }
        value.matches(rule, names::label_value);
    }
}

/// A LabelSelector. Up to 1.25 the server took any value in an expression, and the controllers stumbled over it.
pub fn label_selector(selector: &Node) {
    structure(selector);
    selector.later(|| values(selector));
}

/// A LabelSelector that every server reads at once, to compare it with a template.
pub fn compared_selector(selector: &Node) {
    structure(selector);
    values(selector);
}

fn values(selector: &Node) {
    for requirement in selector.get("matchExpressions").items() {
        for value in requirement.get("values").items() {
            value.matches(Rule::Selector, names::label_value);
        }
    }
}

fn structure(selector: &Node) {
    labels(&selector.get("matchLabels"), Rule::Selector);
    for requirement in selector.get("matchExpressions").items() {
        requirement.require("key");
        requirement.get("key").matches(Rule::Selector, names::qualified_name);
        requirement.require("operator");
        requirement.get("operator").one_of(&["In", "NotIn", "Exists", "DoesNotExist"]);
        expression(&requirement);
    }
}

/// How many values the operator of a requirement takes.
pub fn expression(requirement: &Node) {
    let values = requirement.get("values");
    match requirement.get("operator").text() {
        name @ ("In" | "NotIn") if values.is_empty() => {
            requirement.say(Rule::Selector, format!("the operator `{name}` needs `values`"));
        }
        name @ ("Exists" | "DoesNotExist") if !values.is_empty() => {
            values.say(Rule::Selector, format!("the operator `{name}` takes no `values`"));
        }
        name @ ("Gt" | "Lt") if values.items().len() != 1 => {
            requirement.say(Rule::Selector, format!("the operator `{name}` takes exactly one value"));
        }
        _ => {}
    }
}

/// Whether a LabelSelector selects everything, or nothing.
pub fn is_empty(selector: &Node) -> bool {
    selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty()
}

/// The selector of a workload must match the labels of its template; `map` is for the plain maps of v1.
pub fn matches_template(selector: &Node, template: &Node, map: bool) {
    let metadata = template.get("metadata");
    let labels = metadata.get("labels");
    let wanted = selector.get("matchLabels");
    let wanted = if map { selector } else { &wanted };
    for (key, value) in wanted.entries() {
        let Some(text) = value.str() else { continue };
        let label = labels.get(key);
        match label.value().as_str() {
            Some(own) if own == text => {}
            None if label.is_set() => {}
            own => {
                let got = own.map_or_else(|| "it has none".to_owned(), |own| format!("it has `{own}`"));
                value.say_help(
                    Rule::Selector,
                    format!("the selector wants the label `{key}: {text}` of the template, {got}"),
                    format!("add the label `{key}: {text}` to the template, or change the selector"),
                );
            }
        }
    }
    if map {
        return;
    }
    for requirement in selector.get("matchExpressions").items() {
        let key = requirement.get("key").text();
        let label = labels.get(key);
        let values = requirement.get("values");
        let among = label.str().is_some_and(|own| values.items().any(|value| value.is(own)));
        // The server takes the label for absent where the template has none, and `NotIn` holds then.
        let (holds, wants) = match requirement.get("operator").text() {
            "In" => (among, "with one of the values"),
            "NotIn" => (!among, "with none of the values"),
            "Exists" => (label.is_set(), "to be there"),
            "DoesNotExist" => (!label.is_set(), "not to be there"),
            _ => continue,
        };
        if !holds {
            requirement.say_help(
                Rule::Selector,
                format!("the selector wants the label `{key}` of the template {wants}"),
                "change the labels of the template, or the selector",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn selectors_are_well_formed_and_match_the_template() {
        let base = deployment();
        accepts(&base, "/spec/selector", json!({"matchLabels": {"app": "web"}}));
        accepts(
            &base,
            "/spec/selector",
            json!({"matchExpressions": [
                {"key": "app", "operator": "In", "values": ["web", "api"]},
                {"key": "tier", "operator": "DoesNotExist"},
                {"key": "tier", "operator": "NotIn", "values": ["x"]},
            ]}),
        );
        rejects(
            &base,
            "/spec/selector/matchLabels/app",
            json!("api"),
            Selector,
            "$.spec.selector.matchLabels.app",
        );
        rejects(
            &base,
            "/spec/selector/matchLabels/tier",
            json!("x"),
            Selector,
            "$.spec.selector.matchLabels.tier",
        );
        let requirement = "$.spec.selector.matchExpressions[0]";
        for (expression, rule, path) in [
            (json!({"key": "app", "operator": "In", "values": ["api"]}), Selector, requirement.to_owned()),
            (json!({"key": "app", "operator": "NotIn", "values": ["web"]}), Selector, requirement.to_owned()),
            (json!({"key": "app", "operator": "DoesNotExist"}), Selector, requirement.to_owned()),
            (json!({"key": "tier", "operator": "Exists"}), Selector, requirement.to_owned()),
            (json!({"key": "app", "operator": "In"}), Selector, requirement.to_owned()),
            (
                json!({"key": "app", "operator": "Exists", "values": ["x"]}),
                Selector,
                format!("{requirement}.values"),
            ),
            (json!({"key": "app", "operator": "Is"}), Enum, format!("{requirement}.operator")),
            (json!({"key": "app"}), Required, requirement.to_owned()),
            (json!({"operator": "Exists"}), Required, requirement.to_owned()),
            (json!({"key": "a b", "operator": "DoesNotExist"}), Selector, format!("{requirement}.key")),
        ] {
            rejects(&base, "/spec/selector/matchExpressions", json!([expression]), rule, &path);
        }
    }

    #[test]
    fn the_help_says_which_label_is_missing() {
        let found = findings(&patched(&deployment(), "/spec/template/metadata/labels", json!({"a": "b"})));
        assert_eq!(found[0].message, "the selector wants the label `app: web` of the template, it has none");
        let help = "add the label `app: web` to the template, or change the selector";
        assert_eq!(found[0].help.as_deref(), Some(help));
    }
}
