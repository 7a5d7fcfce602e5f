//! Documents of kinds without a schema: what can be said of them all the same.

use serde_json::Value;

use super::Findings;
use super::quantity::Quantity;
use super::words::shown;
use crate::resource::At;
use crate::rule::Rule;

/// Judges the amounts in `resources.requests` and `resources.limits`, wherever they stand, as husako does.
pub(super) fn quantities(value: &Value, at: At<'_>, findings: &mut Findings) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let at = at.key(key);
                if key == "resources" {
                    amounts(value, at, findings);
                }
                quantities(value, at, findings);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                quantities(item, at.index(index), findings);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn amounts(resources: &Value, at: At<'_>, findings: &mut Findings) {
    for part in ["requests", "limits"] {
        let at = at.key(part);
        for (name, amount) in resources.get(part).and_then(Value::as_object).into_iter().flatten() {
            let is_amount = matches!(amount, Value::String(_) | Value::Number(_));
            if is_amount && Quantity::of(amount).is_none() {
                let message =
                    format!("expected a quantity such as \"500m\" or \"1Gi\", got {}", shown(amount));
                findings.add(Rule::Format, at.key(name), message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_judged_wherever_they_stand() {
        let mut findings = Findings::default();
        let document = json!({"spec": {"pods": [
            {"resources": {"requests": {"cpu": "250m", "memory": "1gi"}, "limits": {"cpu": 2, "x": {"a": "b"}}}},
            {"resources": ["a", "b"]},
        ]}});
        quantities(&document, At::Root, &mut findings);
        let told: Vec<String> =
            findings.list.iter().map(|finding| format!("{} {}", finding.path, finding.message)).collect();
        assert_eq!(
            told,
            [
                "$.spec.pods[0].resources.requests.memory expected a quantity such as \"500m\" or \"1Gi\", got the string \
                 \"1gi\""
            ]
        );
    }
}
