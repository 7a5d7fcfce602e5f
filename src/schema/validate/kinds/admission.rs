//! Webhooks and policies of admission (`k8s.io/kubernetes/pkg/apis/admissionregistration/validation`,
//! `k8s.io/apiserver/pkg/util/webhook`).

use super::node::Node;
use super::selectors;
use crate::rule::Rule;
use crate::schema::validate::names;

/// A ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
pub fn webhooks(object: &Node) {
    let webhooks = object.get("webhooks");
    webhooks.unique_by("name");
    for hook in webhooks.items() {
        hook.require("name");
        hook.get("name").named(names::long_domain);
        review_versions(&hook, "admissionReviewVersions");
        hook.require("sideEffects");
        hook.get("timeoutSeconds").within(1..=30);
        selectors::label_selector(&hook.get("namespaceSelector"));
        selectors::label_selector(&hook.get("objectSelector"));
        if hook.require("clientConfig") {
            client(&hook.get("clientConfig"));
        }
        for rule in hook.get("rules").items() {
            operations(&rule);
        }
        conditions(&hook.get("matchConditions"));
    }
}

/// The versions of the reviews that a webhook understands: at least one that the server knows.
pub fn review_versions(holder: &Node, key: &str) {
    let versions = holder.get(key);
    if !holder.require(key) {
        return;
    }
    versions.unique("version", |version| version.filled(), None);
    for version in versions.items() {
        version.named(names::dns_1035_label);
    }
    if versions.value().is_array()
        && !versions.items().any(|version| version.is("v1") || version.is("v1beta1"))
    {
        versions.say(Rule::Value, format!("expected `v1` or `v1beta1` among them, got {}", versions.shown()));
    }
}

/// Where a webhook is: a URL or a Service.
pub fn client(client: &Node) {
    client.exactly_one(Rule::Combination, &["url", "service"]);
    let url = client.get("url");
    url.matches_even_empty(Rule::Format, https_url);
    let service = client.get("service");
    if !service.is_set() {
        return;
    }
    service.require("name");
    service.require("namespace");
    service.get("port").port();
    service.get("path").matches(Rule::Value, |path| {
        let Some(steps) = path.strip_prefix('/') else { return Err("must begin with \"/\"") };
        let steps = steps.strip_suffix('/').unwrap_or(steps);
        if path == "/" {
            return Ok(());
        }
        steps.split('/').try_for_each(|step| match names::dns_subdomain(step) {
            Ok(()) => Ok(()),
            Err(_) => Err("must have lowercase letters, digits, \"-\" and \".\" between its slashes"),
        })
    });
}

fn https_url(text: &str) -> names::Syntax {
    let Some(rest) = text.strip_prefix("https://") else { return Err("must begin with \"https://\"") };
    if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return Err("must have a host");
    }
    if rest.split('/').next().is_some_and(|host| host.contains('@')) {
        return Err("must not have a user");
    }
    if rest.contains('#') || rest.contains('?') {
        return Err("must have neither a query nor a fragment");
    }
    Ok(())
}

fn operations(rule: &Node) {
    for key in ["operations", "apiGroups", "apiVersions", "resources"] {
        rule.require(key);
    }
    for key in ["operations", "apiGroups", "apiVersions"] {
        let list = rule.get(key);
        if list.items().len() > 1 && list.items().any(|item| item.is("*")) {
            list.say(Rule::Combination, "`*` excludes everything else");
        }
    }
    let resources = rule.get("resources");
    let texts: Vec<&str> = resources.items().map(|item| item.text()).collect();
    if texts.len() > 1 && texts.contains(&"*/*") {
        resources.say(Rule::Combination, "`*/*` excludes everything else");
    }
    let plain = texts.iter().any(|text| !text.contains('/') && *text != "*" && !text.is_empty());
    if plain && texts.contains(&"*") {
        resources.say(Rule::Combination, "`*` excludes other resources");
    }
    for (index, item) in resources.items().enumerate() {
        let Some((resource, part)) = item.text().split_once('/') else { continue };
        let before = &texts[..index];
        let covers = |all: String| before.contains(&all.as_str());
        if item.text() != "*/*" && (covers(format!("{resource}/*")) || covers(format!("*/{part}"))) {
            item.say(Rule::Combination, format!("an item with `*` before it covers {}", item.shown()));
        }
    }
    for key in ["apiVersions", "resources"] {
        for item in rule.get(key).items().filter(|item| item.is("")) {
            item.say_missing();
        }
    }
}

fn conditions(conditions: &Node) {
    const COUNT: usize = 64;
    conditions.unique_by("name");
    if conditions.items().len() > COUNT {
        conditions
            .say(Rule::Length, format!("expected at most {COUNT} items, got {}", conditions.items().len()));
    }
    for condition in conditions.items() {
        condition.require("name");
        condition.get("name").named(names::qualified_name);
        condition.require("expression");
    }
}

/// A ValidatingAdmissionPolicy.
pub fn validating_policy(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    policy(&spec);
    let (validations, audits) = (spec.get("validations"), spec.get("auditAnnotations"));
    if validations.is_empty() && audits.is_empty() {
        spec.say(Rule::Required, "expected `validations` or `auditAnnotations`");
    }
    for validation in validations.items() {
        validation.require("expression");
        validation.get("reason").one_of(&["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"]);
        let message = validation.get("message");
        if message.text().contains('\n') {
            message.say(Rule::Value, "a message must be one line");
        }
    }
    audits.unique_by("key");
    for audit in audits.items() {
        audit.require("key");
        audit.require("valueExpression");
    }
}

/// A MutatingAdmissionPolicy.
pub fn mutating_policy(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    policy(&spec);
    spec.require("mutations");
    for mutation in spec.get("mutations").items() {
        mutation.require("patchType");
    }
}

fn policy(spec: &Node) {
    let kind = spec.get("paramKind");
    if kind.is_set() {
        kind.require("apiVersion");
        kind.require("kind");
    }
    if spec.require("matchConstraints") {
        let constraints = spec.get("matchConstraints");
        constraints.require("resourceRules");
        matching(&constraints);
    }
    conditions(&spec.get("matchConditions"));
    let variables = spec.get("variables");
    variables.unique_by("name");
    for variable in variables.items() {
        variable.require("name");
        variable.get("name").named(names::c_identifier);
        variable.require("expression");
    }
}

fn matching(resources: &Node) {
    selectors::label_selector(&resources.get("namespaceSelector"));
    selectors::label_selector(&resources.get("objectSelector"));
    for key in ["resourceRules", "excludeResourceRules"] {
        for rule in resources.get(key).items() {
            operations(&rule);
        }
    }
}

/// A ValidatingAdmissionPolicyBinding.
pub fn validating_binding(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    binding(&spec);
    spec.require("validationActions");
    let actions = spec.get("validationActions");
    for action in actions.items() {
        action.one_of(&["Deny", "Warn", "Audit"]);
    }
    actions.unique("action", |action| action.filled(), None);
    let has = |name: &str| actions.items().any(|action| action.is(name));
    if has("Deny") && has("Warn") {
        actions.say(Rule::Combination, "`Deny` and `Warn` exclude each other");
    }
}

/// A MutatingAdmissionPolicyBinding.
pub fn mutating_binding(object: &Node) {
    if object.require("spec") {
        binding(&object.get("spec"));
    }
}

fn binding(spec: &Node) {
    spec.require("policyName");
    let parameters = spec.get("paramRef");
    if parameters.is_set() {
        let named = parameters.get("name").filled().is_some();
        let selected = parameters.get("selector").is_set();
        match (named, selected) {
            (true, true) => parameters.say(Rule::Combination, "expected only one of `name` and `selector`"),
            (false, false) => parameters.say(Rule::Required, "expected `name` or `selector`"),
            _ => {}
        }
        parameters.require("parameterNotFoundAction");
        parameters.get("parameterNotFoundAction").one_of(&["Allow", "Deny"]);
        selectors::label_selector(&parameters.get("selector"));
    }
    matching(&spec.get("matchResources"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    const API: &str = "admissionregistration.k8s.io/v1";

    #[test]
    fn webhooks_are_judged() {
        let rule = json!({"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]});
        let hook = json!({
            "name": "a.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": {"name": "a", "namespace": "b", "path": "/a/b"}}, "rules": [rule],
        });
        let base = object(API, "ValidatingWebhookConfiguration", json!({"webhooks": [hook]}));
        accept_all(
            &base,
            &[
                ("/webhooks/0/clientConfig", json!({"url": "https://example.com:8443/a"})),
                ("/webhooks/0/rules/0/resources", json!(["pods/*", "*/scale"])),
                ("/webhooks/0/timeoutSeconds", json!(30)),
            ],
        );
        let at = "$.webhooks[0]";
        reject_all(
            &base,
            &[
                ("/webhooks/0/name", json!("a.b"), Name, "$.webhooks[0].name"),
                ("/webhooks/-", hook.clone(), Duplicate, "$.webhooks[1].name"),
                ("/webhooks/0/sideEffects", json!(null), Required, at),
                (
                    "/webhooks/0/admissionReviewVersions",
                    json!(["v2"]),
                    Value,
                    "$.webhooks[0].admissionReviewVersions",
                ),
                ("/webhooks/0/timeoutSeconds", json!(31), Range, "$.webhooks[0].timeoutSeconds"),
                ("/webhooks/0/clientConfig", json!({}), Combination, "$.webhooks[0].clientConfig"),
                (
                    "/webhooks/0/clientConfig",
                    json!({"url": "http://a"}),
                    Format,
                    "$.webhooks[0].clientConfig.url",
                ),
                (
                    "/webhooks/0/clientConfig/service/path",
                    json!("a"),
                    Value,
                    "$.webhooks[0].clientConfig.service.path",
                ),
                ("/webhooks/0/rules/0/operations", json!([]), Required, "$.webhooks[0].rules[0].operations"),
                (
                    "/webhooks/0/rules/0/apiGroups",
                    json!(["*", "a"]),
                    Combination,
                    "$.webhooks[0].rules[0].apiGroups",
                ),
                (
                    "/webhooks/0/rules/0/resources",
                    json!(["*", "pods"]),
                    Combination,
                    "$.webhooks[0].rules[0].resources",
                ),
            ],
        );
    }

    #[test]
    fn policies_are_judged() {
        let rule = json!({"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]});
        let spec =
            json!({"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "true"}]});
        let base = object(API, "ValidatingAdmissionPolicy", json!({"spec": spec}));
        accepts(&base, "/spec/variables", json!([{"name": "a_b", "expression": "1"}]));
        reject_all(
            &base,
            &[
                ("/spec/matchConstraints", json!(null), Required, "$.spec"),
                ("/spec/validations", json!([]), Required, "$.spec"),
                ("/spec/validations/0/reason", json!("No"), Enum, "$.spec.validations[0].reason"),
                (
                    "/spec/variables",
                    json!([{"name": "a-b", "expression": "1"}]),
                    Name,
                    "$.spec.variables[0].name",
                ),
                ("/spec/matchConditions", json!([{"name": "a"}]), Required, "$.spec.matchConditions[0]"),
            ],
        );
        let base = object(
            API,
            "ValidatingAdmissionPolicyBinding",
            json!({"spec": {"policyName": "a", "validationActions": ["Deny"]}}),
        );
        accepts(&base, "/spec/paramRef", json!({"name": "a", "parameterNotFoundAction": "Deny"}));
        rejects(&base, "/spec/validationActions/-", json!("Warn"), Combination, "$.spec.validationActions");
        rejects(
            &base,
            "/spec/paramRef",
            json!({"parameterNotFoundAction": "Deny"}),
            Required,
            "$.spec.paramRef",
        );
    }
}
