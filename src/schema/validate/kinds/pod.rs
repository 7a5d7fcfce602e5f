//! The spec of a pod, in a Pod or in a template (`ValidatePodSpec` of `k8s.io/kubernetes/pkg/apis/core/validation`).

use std::collections::HashSet;

use super::node::Node;
use super::{containers, resources, scheduling, security, selectors, volumes};
use crate::rule::Rule;
use crate::schema::validate::names;

/// Where a pod's spec stands, as far as the rules differ.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The restart policies that are allowed there.
    pub restart: &'a [&'a str],
    /// Whether the pods of it can run only for some time.
    pub deadline: bool,
    /// Whether it is a Pod and no template.
    pub pod: bool,
}

impl Context<'static> {
    /// A template that may have any restart policy.
    pub const TEMPLATE: Self = Context { restart: &[], deadline: true, pod: false };
    /// A Pod.
    pub const POD: Self = Context { pod: true, ..Self::TEMPLATE };
    /// The template of what keeps pods running.
    pub const RUNNING: Self = Context { restart: &["Always"], deadline: false, pod: false };
    /// The template of what runs pods to their end.
    pub const FINISHING: Self = Context { restart: &["OnFailure", "Never"], deadline: true, pod: false };
}

/// A Pod.
pub fn pod(pod: &Node) {
    metadata(&pod.get("metadata"));
    pod.require("spec");
    spec(&pod.get("spec"), Context::POD, &[]);
}

/// A PodTemplate.
pub fn pod_template(object: &Node) {
    object.require("template");
    template(&object.get("template"), Context::TEMPLATE);
}

/// A pod template: labels, annotations and spec.
pub fn template(template: &Node, context: Context) {
    selectors::labels(&template.get("metadata").get("labels"), Rule::Label);
    annotations(&template.get("metadata").get("annotations"));
    metadata(&template.get("metadata"));
    if template.require("spec") {
        spec(&template.get("spec"), context, &[]);
    }
}

/// The keys of annotations, in which capitals count as small letters.
pub fn annotations(annotations: &Node) {
    for (key, value) in annotations.entries() {
        if let Err(problem) = names::qualified_name(&key.to_lowercase()) {
            value.say(Rule::Label, format!("the key {key:?} {problem}"));
        }
    }
}

/// What pods and templates may not say in their annotations.
fn metadata(metadata: &Node) {
    for (key, value) in metadata.get("annotations").entries() {
        match key {
            "controller.kubernetes.io/pod-deletion-cost" => {
                let cost = value.text();
                // Go's `Atoi` would take a sign, but the server refuses `+1` and `01`.
                if value.str().is_some()
                    && cost.parse::<i32>().map(|cost| cost.to_string()).as_deref() != Ok(cost)
                {
                    value.say(Rule::Value, format!("expected a 32-bit integer, got {}", value.shown()));
                }
            }
            "scheduler.alpha.kubernetes.io/critical-pod" => {
                value.say_help(
                    Rule::ServerWarning,
                    "this annotation does nothing since 1.16",
                    "use `priorityClassName`",
                );
            }
            "security.alpha.kubernetes.io/sysctls" | "security.alpha.kubernetes.io/unsafe-sysctls" => {
                value.say_help(
                    Rule::ServerWarning,
                    "this annotation does nothing since 1.11",
                    "use `sysctls`",
                );
            }
            _ => {}
        }
    }
}

/// The spec of a pod. `claims` are the names of volumes that come from elsewhere.
pub fn spec(pod: &Node, context: Context, claims: &[&str]) {
    let known = volumes::volumes(&pod.get("volumes"), claims);
    containers::containers(pod, &known, context.pod);
    restart(pod, context);
    dns(pod);
    references(pod);
    security::pod(pod);
    scheduling::pod(pod);

    let deadline = pod.get("activeDeadlineSeconds");
    deadline.within(1..=i64::from(i32::MAX));
    if !context.deadline {
        deadline.forbid("`activeDeadlineSeconds` is not allowed in the template of pods that keep running");
    }
    let grace = pod.get("terminationGracePeriodSeconds");
    if let Some(seconds) = grace.int().filter(|seconds| *seconds < 0) {
        grace.say(Rule::ServerWarning, format!("the server takes {seconds} for 1"));
    }
    for key in ["hostname", "subdomain"] {
        pod.get(key).named(names::dns_label);
    }
    for key in ["serviceAccountName", "serviceAccount", "nodeName", "priorityClassName"] {
        pod.get(key).named(names::dns_subdomain);
    }
    pod.get("runtimeClassName").matches_even_empty(Rule::Name, names::dns_subdomain);
    for (name, amount) in pod.get("overhead").entries() {
        resources::container_name(name, &amount);
        resources::value(name, &amount);
    }
    for gate in pod.get("readinessGates").items() {
        gate.require("conditionType");
        gate.get("conditionType").named(names::qualified_name);
    }
    let gates = pod.get("schedulingGates");
    gates.unique_by("name");
    for gate in gates.items() {
        gate.get("name").named(names::qualified_name);
    }
    host_aliases(pod);
}

fn restart(pod: &Node, context: Context) {
    let policy = pod.get("restartPolicy");
    if context.restart.is_empty() {
        return;
    }
    match policy.filled() {
        // Any other word is told by decoding.
        Some("Always" | "OnFailure" | "Never") => policy.one_of(context.restart),
        Some(_) => {}
        // Without one it is `Always`.
        None if context.restart.contains(&"Always") => {}
        None => pod.say_help(
            Rule::Required,
            "missing required field `restartPolicy`, and `Always` is not allowed here",
            format!("set it to {}", super::node::or(context.restart)),
        ),
    }
}

/// The limits are those since 1.26; before, 6 search paths and 256 characters were allowed.
fn dns(pod: &Node) {
    const NAMESERVERS: usize = 3;
    const SEARCHES: usize = 32;
    const SEARCH_CHARACTERS: usize = 2048;
    let config = pod.get("dnsConfig");
    let servers = config.get("nameservers");
    if pod.get("dnsPolicy").is("None") && servers.is_empty() {
        servers.say_missing();
    }
    if servers.items().len() > NAMESERVERS {
        servers.say(
            Rule::Length,
            format!("expected at most {NAMESERVERS} items, got {}", servers.items().len()),
        );
    }
    for server in servers.items() {
        server.matches(Rule::Format, names::ip);
    }
    let searches = config.get("searches");
    let count = searches.items().len();
    let characters = searches.items().map(|search| search.text().len() + 1).sum::<usize>().saturating_sub(1);
    if count > SEARCHES || characters > SEARCH_CHARACTERS {
        let message = format!("expected at most {SEARCHES} items of {SEARCH_CHARACTERS} characters in all");
        searches.say(Rule::Length, format!("{message}, got {count} of {characters}"));
    }
    for search in searches.items().filter(|search| !search.is(".")) {
        search.named(|text| names::dns_subdomain_with_underscores(text.strip_suffix('.').unwrap_or(text)));
    }
    for option in config.get("options").items() {
        option.require("name");
    }
}

/// Secrets to pull images with: the server only warns about bad ones.
fn references(pod: &Node) {
    let mut seen = HashSet::new();
    for secret in pod.get("imagePullSecrets").items() {
        let name = secret.get("name");
        match name.text() {
            "" => secret.say(Rule::ServerWarning, "a secret without a name"),
            text if !seen.insert(text) => {
                name.say(Rule::ServerWarning, format!("duplicate name {}", name.shown()))
            }
            _ => {}
        }
    }
}

fn host_aliases(pod: &Node) {
    let mut seen = HashSet::new();
    for alias in pod.get("hostAliases").items() {
        let ip = alias.get("ip");
        alias.require("ip");
        ip.matches(Rule::Format, names::ip);
        if ip.filled().is_some_and(|text| !seen.insert(text)) {
            ip.say(Rule::ServerWarning, format!("duplicate address {}", ip.shown()));
        }
        for name in alias.get("hostnames").items() {
            name.named(names::dns_subdomain);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn the_fields_of_a_pod_are_judged() {
        let base = pod();
        accept_all(
            &base,
            &[
                ("/spec/activeDeadlineSeconds", json!(1)),
                ("/spec/restartPolicy", json!("Never")),
                ("/spec/hostname", json!("web-1")),
                ("/spec/dnsConfig", json!({"nameservers": ["1.1.1.1"], "searches": ["a.b.", "_x.y", "."]})),
                ("/spec/hostAliases", json!([{"ip": "10.0.0.1", "hostnames": ["a.b"]}])),
                ("/spec/imagePullSecrets", json!([{"name": "a"}, {"name": "b"}])),
                ("/spec/readinessGates", json!([{"conditionType": "example.com/ready"}])),
                ("/metadata/annotations", json!({"controller.kubernetes.io/pod-deletion-cost": "-5"})),
                ("/spec/tolerations", json!("of the wrong type")),
                ("/spec/securityContext", json!(null)),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec", json!(null), Required, "$"),
                ("/spec/activeDeadlineSeconds", json!(0), Range, "$.spec.activeDeadlineSeconds"),
                ("/spec/hostname", json!("web.1"), Name, "$.spec.hostname"),
                ("/spec/nodeName", json!("Node"), Name, "$.spec.nodeName"),
                ("/spec/serviceAccountName", json!("a_b"), Name, "$.spec.serviceAccountName"),
                ("/spec/dnsPolicy", json!("None"), Required, "$.spec"),
                ("/spec/dnsConfig/nameservers", json!(["dns"]), Format, "$.spec.dnsConfig.nameservers[0]"),
                (
                    "/spec/dnsConfig/nameservers",
                    json!(["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]),
                    Length,
                    "$.spec.dnsConfig.nameservers",
                ),
                ("/spec/dnsConfig/searches", json!(["a b"]), Name, "$.spec.dnsConfig.searches[0]"),
                ("/spec/dnsConfig/options", json!([{"value": "x"}]), Required, "$.spec.dnsConfig.options[0]"),
                ("/spec/hostAliases", json!([{"ip": "host"}]), Format, "$.spec.hostAliases[0].ip"),
                (
                    "/spec/hostAliases",
                    json!([{"ip": "::1", "hostnames": ["A"]}]),
                    Name,
                    "$.spec.hostAliases[0].hostnames[0]",
                ),
                (
                    "/spec/schedulingGates",
                    json!([{"name": "a"}, {"name": "a"}]),
                    Duplicate,
                    "$.spec.schedulingGates[1].name",
                ),
                (
                    "/spec/readinessGates",
                    json!([{"conditionType": "a b"}]),
                    Name,
                    "$.spec.readinessGates[0].conditionType",
                ),
                (
                    "/metadata/annotations",
                    json!({"controller.kubernetes.io/pod-deletion-cost": "+5"}),
                    Value,
                    "$.metadata.annotations[\"controller.kubernetes.io/pod-deletion-cost\"]",
                ),
            ],
        );
        warns(
            &base,
            "/spec/terminationGracePeriodSeconds",
            json!(-1),
            ServerWarning,
            "$.spec.terminationGracePeriodSeconds",
        );
        warns(&base, "/spec/imagePullSecrets", json!([{}]), ServerWarning, "$.spec.imagePullSecrets[0]");
        let twice = json!([{"ip": "::1"}, {"ip": "::1"}]);
        warns(&base, "/spec/hostAliases", twice, ServerWarning, "$.spec.hostAliases[1].ip");
    }

    #[test]
    fn workloads_restrict_the_restart_policy() {
        let base = deployment();
        accepts(&base, "/spec/template/spec/restartPolicy", json!("Always"));
        let path = "$.spec.template.spec.restartPolicy";
        rejects(&base, "/spec/template/spec/restartPolicy", json!("Never"), Enum, path);
        let path = "$.spec.template.spec.activeDeadlineSeconds";
        rejects(&base, "/spec/template/spec/activeDeadlineSeconds", json!(5), Combination, path);
    }
}
