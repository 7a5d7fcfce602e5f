//! The rules of a CRD (`x-kubernetes-validations`), run on a resource.

use serde_json::Value;

use super::schema::{CelRule, Node};
use super::shorten;
use crate::resource::{At, JsonPath, Step};
use crate::rule::Rule;
use crate::schema::validate::cel::{Budget, Outcome};
use crate::schema::validate::{Finding, Findings};

/// Runs the rules of a node and of all further in.
pub fn run(value: &Value, node: &Node, at: At<'_>, budget: &mut Budget, findings: &mut Findings) {
    run_with(value, node, node, at, budget, findings);
}

/// As [`run`]: the rules of one schema on values whose types another says. They differ in `allOf`, which has no types.
fn run_with(
    value: &Value,
    rules: &Node,
    node: &Node,
    at: At<'_>,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    // A rule never sees a null: whether one may be there is for the rules further out to say.
    if value.is_null() || !rules.has_rules {
        return;
    }
    for rule in &rules.rules {
        judge(rule, value, node, at, budget, findings);
    }
    for nested in &rules.all_of {
        run_with(value, nested, node, at, budget, findings);
    }
    match value {
        Value::Array(items) => {
            let (Some(rules), Some(child)) = (&rules.items, &node.items) else { return };
            for (index, value) in items.iter().enumerate() {
                run_with(value, rules, child, at.index(index), budget, findings);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                if let (Some(rules), Some(child)) = (rules.child(key), node.child(key)) {
                    run_with(value, rules, child, at.key(key), budget, findings);
                }
            }
        }
        _ => {}
    }
}

fn judge(
    rule: &CelRule,
    value: &Value,
    node: &Node,
    at: At<'_>,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let program = match &rule.program {
        Ok(program) => program,
        Err(reason) => {
            report_unchecked(rule, reason, at, findings);
            return;
        }
    };
    // A rule about a change says nothing when there was nothing before.
    if program.uses_old_self() && !rule.optional_old_self {
        return;
    }
    match program.run(value, node, budget) {
        Outcome::True => {}
        Outcome::False => {
            let told =
                rule.message_expression.as_ref().and_then(|message| message.run_text(value, node, budget));
            let message = told.map(|text| text.trim().to_owned()).filter(|text| is_line(text));
            let message = message.or_else(|| rule.message.clone());
            let message =
                message.unwrap_or_else(|| format!("the rule {} does not hold", quote(&rule.source)));
            let mut path = at.path().steps().to_vec();
            path.extend(rule.field_path.iter().cloned().map(Step::Key));
            findings.list.push(Finding {
                document: findings.document,
                path: JsonPath::from(path),
                rule: Rule::Custom,
                message,
                help: rule.message.is_some().then(|| format!("the rule is {}", quote(&rule.source))),
            });
        }
        // Where types are known before, the API server would not have taken such a rule: it is a gap here.
        Outcome::Overload(reason) if !rule.dynamic => report_unchecked(rule, &reason, at, findings),
        Outcome::Overload(reason) | Outcome::Error(reason) => {
            let message = format!("{reason}, in the rule {}", quote(&rule.source));
            findings.add_with_help(Rule::Custom, at, message, rule.message.clone());
        }
        Outcome::Unchecked(reason) => report_unchecked(rule, &reason, at, findings),
    }
}

fn report_unchecked(rule: &CelRule, reason: &str, at: At<'_>, findings: &mut Findings) {
    let message = format!("the rule {} was not checked: {reason}", quote(&rule.source));
    let already = |finding: &Finding| finding.rule == Rule::NotChecked && finding.message == message;
    // Once is enough for all items of a list.
    if !findings.list.iter().any(already) {
        findings.add_with_help(Rule::NotChecked, at, message, rule.message.clone());
    }
}

/// What may be told as a message: not empty, one line, and no more than the API server takes.
fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.contains('\n') && text.len() <= 5 * 1024
}

fn quote(source: &str) -> String {
    let words: Vec<&str> = source.split_whitespace().collect();
    let text = shorten(&Value::from(words.join(" ")));
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}
