//! Roles and bindings (`k8s.io/kubernetes/pkg/apis/rbac/validation`).

use super::node::Node;
use super::selectors;
use crate::rule::Rule;
use crate::schema::validate::names;

const GROUP: &str = "rbac.authorization.k8s.io";

/// A Role.
pub fn role(object: &Node) {
    rules(object, true);
}

/// A ClusterRole.
pub fn cluster_role(object: &Node) {
    rules(object, false);
    let aggregation = object.get("aggregationRule");
    if aggregation.is_set() {
        aggregation.require("clusterRoleSelectors");
        for selector in aggregation.get("clusterRoleSelectors").items() {
            selectors::label_selector(&selector);
        }
    }
}

fn rules(object: &Node, namespaced: bool) {
    for rule in object.get("rules").items() {
        rule.require("verbs");
        let urls = rule.get("nonResourceURLs");
        if urls.is_empty() {
            rule.require("apiGroups");
            rule.require("resources");
            continue;
        }
        if namespaced {
            urls.say_help(Rule::Combination, "a Role has no `nonResourceURLs`", "use a ClusterRole");
        }
        if ["apiGroups", "resources", "resourceNames"].iter().any(|key| !rule.get(key).is_empty()) {
            urls.say_help(
                Rule::Combination,
                "a rule is about resources or about `nonResourceURLs`, not both",
                "make two rules of it",
            );
        }
    }
}

/// A RoleBinding.
pub fn role_binding(object: &Node) {
    binding(object, &["Role", "ClusterRole"], true);
}

/// A ClusterRoleBinding.
pub fn cluster_role_binding(object: &Node) {
    binding(object, &["ClusterRole"], false);
}

fn binding(object: &Node, kinds: &[&str], namespaced: bool) {
    if object.require("roleRef") {
        let role = object.get("roleRef");
        // Without a group it is the one of RBAC.
        role.get("apiGroup").one_of(&[GROUP]);
        role.require("kind");
        role.get("kind").one_of(kinds);
        role.require("name");
        role.get("name").named(names::path_segment);
    }
    for subject in object.get("subjects").items() {
        subject.require("name");
        let kind = subject.get("kind");
        let group = subject.get("apiGroup");
        match kind.text() {
            "" => {
                subject.require("kind");
            }
            "ServiceAccount" => {
                subject.get("name").named(names::dns_subdomain);
                if group.filled().is_some() {
                    let message = format!("a ServiceAccount has no `apiGroup`, got {}", group.shown());
                    group.say_help(Rule::Enum, message, "leave it out");
                }
                if !namespaced && subject.get("namespace").is_empty() {
                    subject.say_help(
                        Rule::Required,
                        "missing required field `namespace`",
                        "say which namespace the ServiceAccount is in",
                    );
                }
            }
            "User" | "Group" => group.one_of(&[GROUP]),
            _ => kind.one_of(&["ServiceAccount", "User", "Group"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    const API: &str = "rbac.authorization.k8s.io/v1";

    #[test]
    fn roles_are_judged() {
        let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]});
        let base = object(API, "Role", json!({"rules": [rule]}));
        let urls = json!([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]);
        accepts(&base, "/rules", json!(null));
        rejects(&base, "/rules/0/verbs", json!([]), Required, "$.rules[0].verbs");
        rejects(&base, "/rules/0/apiGroups", json!(null), Required, "$.rules[0]");
        rejects(&base, "/rules/0/resources", json!([]), Required, "$.rules[0].resources");
        rejects(&base, "/rules", urls.clone(), Combination, "$.rules[0].nonResourceURLs");
        let base = object(API, "ClusterRole", json!({"rules": [rule]}));
        accepts(&base, "/rules", urls);
        rejects(&base, "/rules/0/nonResourceURLs", json!(["/a"]), Combination, "$.rules[0].nonResourceURLs");
        rejects(&base, "/aggregationRule", json!({}), Required, "$.aggregationRule");
    }

    #[test]
    fn bindings_are_judged() {
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"});
        let account = json!({"kind": "ServiceAccount", "name": "web", "namespace": "prod"});
        let base = object(API, "RoleBinding", json!({"roleRef": role, "subjects": [account]}));
        accept_all(
            &base,
            &[
                ("/subjects/0/namespace", json!(null)),
                ("/roleRef/apiGroup", json!(null)),
                ("/subjects/0", json!({"kind": "Group", "name": "system:masters"})),
            ],
        );
        reject_all(
            &base,
            &[
                ("/roleRef", json!(null), Required, "$"),
                ("/roleRef/kind", json!("role"), Enum, "$.roleRef.kind"),
                ("/roleRef/name", json!(""), Required, "$.roleRef.name"),
                ("/roleRef/apiGroup", json!("v1"), Enum, "$.roleRef.apiGroup"),
                ("/subjects/0/kind", json!("Serviceaccount"), Enum, "$.subjects[0].kind"),
                ("/subjects/0/apiGroup", json!("v1"), Enum, "$.subjects[0].apiGroup"),
                ("/subjects/0/name", json!("A"), Name, "$.subjects[0].name"),
            ],
        );
        let base = object(API, "ClusterRoleBinding", json!({"roleRef": role, "subjects": [account]}));
        rejects(&base, "/subjects/0/namespace", json!(null), Required, "$.subjects[0]");
        rejects(&base, "/roleRef/kind", json!("Role"), Enum, "$.roleRef.kind");
    }
}
