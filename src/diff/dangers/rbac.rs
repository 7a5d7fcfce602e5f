//! Rights that reach far.

use std::collections::HashSet;

use serde_json::Value;

use super::field::{get, items, text, texts};
use super::words::{listed, quoted_all};
use super::{Change, Told};

/// How many rules of a role are looked at: each may be compared with all others. No role that is kept in a cluster has
/// more.
const MOST_RULES: usize = 1_000;

/// `*` in the rules of a role, where it grants what the base did not.
pub(super) fn wildcards(change: &Change<'_>, told: &mut Told<'_>) {
    let rules = change.document.get("rules");
    let before: Vec<&Value> = items(rules.before).iter().take(MOST_RULES).collect();
    for rule in rules.items(&[]).iter().take(MOST_RULES) {
        let mut all: Vec<&str> = Vec::new();
        let has = |key: &str, is_all: fn(&str) -> bool| texts(get(rule.after, key)).any(is_all);
        let verbs = has("verbs", |verb| verb == "*");
        let resources = has("resources", |resource| resource == "*" || resource.starts_with("*/"));
        if verbs {
            all.push("every verb");
        }
        if resources {
            all.push("every resource");
        }
        let groups = has("apiGroups", |group| group == "*");
        if groups {
            all.push("every API group");
        }
        if has("nonResourceURLs", |url| url == "*" || url == "/*") {
            all.push("every URL that is no resource");
        }
        if all.is_empty() || is_granted(&before, rule.after) {
            continue;
        }
        let consequence = match (verbs, resources) {
            (true, true) => "whoever is bound to it can read all Secrets and give itself more rights",
            (false, true) => "that includes Secrets, and kinds that come later",
            (true, false) => {
                "that includes deleting, and verbs that few think of, such as `escalate` and `impersonate`"
            }
            (false, false) if groups => "that includes kinds that come later",
            (false, false) => "that includes metrics and logs of the API server",
        };
        told.at(rule, format!("the role grants `*`, {}: {consequence}", listed(&all)));
    }
    let aggregation = change.document.get("aggregationRule");
    // A selector that asks for nothing selects all.
    let selects_all = |aggregation: &Value| {
        let selectors = items(get(aggregation, "clusterRoleSelectors"));
        selectors.iter().any(|selector| {
            let asks = |key| match get(selector, key) {
                Value::Object(labels) => !labels.is_empty(),
                Value::Array(expressions) => !expressions.is_empty(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
            };
            selector.is_object() && !asks("matchLabels") && !asks("matchExpressions")
        })
    };
    if aggregation.becomes(selects_all) {
        told.at(&aggregation, "the role takes over the rules of every ClusterRole, those with `*` included");
    }
}

/// Whether rules grant all that another does, verb by verb.
fn is_granted(before: &[&Value], rule: &Value) -> bool {
    texts(get(rule, "verbs")).all(|verb| {
        before.iter().any(|known| {
            let verbs: HashSet<&str> = texts(get(known, "verbs")).collect();
            let names = get(known, "resourceNames");
            // Without names a rule is about all of them, not about none.
            let names_suffice = items(names).is_empty()
                || (!items(get(rule, "resourceNames")).is_empty() && within(known, rule, "resourceNames"));
            (verbs.contains("*") || verbs.contains(verb))
                && names_suffice
                && ["apiGroups", "resources", "nonResourceURLs"].iter().all(|key| within(known, rule, key))
        })
    })
}

/// Whether one rule lists all that another does.
fn within(known: &Value, rule: &Value, key: &str) -> bool {
    let known: HashSet<&str> = texts(get(known, key)).collect();
    known.contains("*") || texts(get(rule, key)).all(|asked| known.contains(asked))
}

/// Who is bound to `cluster-admin`.
pub(super) fn cluster_admin(change: &Change<'_>, told: &mut Told<'_>) {
    let is_admin =
        |role: &Value| text(get(role, "kind")) == "ClusterRole" && text(get(role, "name")) == "cluster-admin";
    let role = change.document.get("roleRef");
    if !is_admin(role.after) {
        return;
    }
    let subjects = change.document.get("subjects");
    let known: HashSet<String> =
        items(subjects.before).iter().filter(|_| is_admin(role.before)).map(subject).collect();
    let added: Vec<String> =
        items(subjects.after).iter().map(subject).filter(|subject| !known.contains(subject)).collect();
    if added.is_empty() {
        return;
    }
    let reach = if change.identity.kind == "RoleBinding" {
        "may do everything in the namespace, with its Secrets and roles"
    } else {
        "may do everything in the whole cluster"
    };
    let place = if is_admin(role.before) { &subjects } else { &role };
    told.at(place, format!("{} {reach}", quoted_all(&added)));
}

/// `ServiceAccount prod/web`, `Group system:masters`.
fn subject(subject: &Value) -> String {
    let part = |key| text(get(subject, key));
    match part("namespace") {
        "" => format!("{} {}", part("kind"), part("name")),
        namespace => format!("{} {namespace}/{}", part("kind"), part("name")),
    }
}
