//! Containers: names, images, ports and the environment (`validateContainers`, `ValidateEnv` and their likes of
//! `k8s.io/kubernetes/pkg/apis/core/validation`, warnings of `pkg/api/pod`).

use std::collections::HashSet;

use super::node::{Node, list};
use super::volumes::{self, Volumes};
use super::{image, probes, resources, security};
use crate::diagnostic::near_miss;
use crate::rule::Rule;
use crate::schema::validate::names;
use crate::schema::validate::quantity::Quantity;

/// All containers of a pod's spec.
pub fn containers(pod: &Node, known: &Volumes, is_pod: bool) {
    pod.require("containers");
    let mut seen = HashSet::new();
    let main = pod.get("containers");
    let init = pod.get("initContainers");
    let grace = match pod.get("terminationGracePeriodSeconds").int() {
        None => 30,
        // As the server does.
        Some(seconds) if seconds < 0 => 1,
        Some(seconds) => seconds,
    };
    for container in main.items() {
        one(&container, known, is_pod, &mut seen);
        probes::container(&container, grace);
    }
    for container in init.items() {
        one(&container, known, is_pod, &mut seen);
        // A container that restarts always is a sidecar: it may have whatever the others may have.
        if container.get("restartPolicy").is("Always") {
            probes::container(&container, grace);
        } else {
            for key in probes::FIELDS {
                container
                    .get(key)
                    .forbid("init containers that do not restart always have no probes and no lifecycle");
            }
        }
        host_ports(&container, &mut HashSet::new());
    }
    let mut taken = HashSet::new();
    for container in main.items() {
        host_ports(&container, &mut taken);
    }
    let ephemeral = pod.get("ephemeralContainers");
    if !ephemeral.is_empty() {
        ephemeral.say(Rule::Combination, "ephemeral containers can be added only to a pod that runs");
    }
    if pod.get("hostNetwork").is_true() {
        for container in main.items() {
            host_network(&container);
        }
    }
    overlapping_ports(&[init, main]);
}

fn one<'v>(container: &Node<'v, '_>, known: &Volumes, is_pod: bool, seen: &mut HashSet<&'v str>) {
    container.require("name");
    let name = container.get("name");
    name.named(names::dns_label);
    if name.filled().is_some_and(|text| !seen.insert(text)) {
        name.say(Rule::Duplicate, format!("another container of the pod is called {}", name.shown()));
    }
    container.require("image");
    image::reference(&container.get("image"), is_pod);
    container.get("restartPolicy").one_of(&["Always", "OnFailure", "Never"]);
    ports(&container.get("ports"));
    environment(&container.get("env"));
    environment_from(&container.get("envFrom"));
    volumes::mounts(container, known);
    resources::requirements(&container.get("resources"));
    security::container(container);
}

fn ports(ports: &Node) {
    for port in ports.items() {
        let number = port.get("containerPort");
        if number.int() == Some(0) {
            number.say(Rule::Port, "expected a port from 1 to 65535, got 0");
        } else if port.require("containerPort") {
            number.port();
        }
        let host = port.get("hostPort");
        if host.int() != Some(0) {
            host.port();
        } else if port.get("hostIP").filled().is_some() {
            port.say(Rule::ServerWarning, "`hostIP` is set without `hostPort`");
        }
        port.get("name").matches(Rule::Port, names::port_name);
    }
    ports.unique("port name", |port| port.get("name").filled(), Some("name"));
}

/// Two containers of a pod cannot listen at the same port of the node.
fn host_ports<'v>(container: &Node<'v, '_>, taken: &mut HashSet<(&'v str, &'v str, i64)>) {
    for port in container.get("ports").items() {
        let host = port.get("hostPort");
        let protocol = port.get("protocol").filled().unwrap_or("TCP");
        if let Some(number) = host.int().filter(|number| *number != 0)
            && !taken.insert((protocol, port.get("hostIP").text(), number))
        {
            host.say(
                Rule::Duplicate,
                format!("the host port {number} is taken by another container or port"),
            );
        }
    }
}

/// A pod in the network of its node has no other ports than that.
fn host_network(container: &Node) {
    for port in container.get("ports").items() {
        let host = port.get("hostPort");
        let (Some(inner), Some(outer)) = (port.get("containerPort").int(), host.int()) else { continue };
        if outer != 0 && outer != inner {
            host.say(
                Rule::Combination,
                format!(
                    "with `hostNetwork`, `hostPort` must be `containerPort`, which is {inner}, got {outer}"
                ),
            );
        }
    }
}

/// The same port twice: the server warns.
fn overlapping_ports(groups: &[Node]) {
    let mut seen = HashSet::new();
    for containers in groups {
        for container in containers.items() {
            for port in container.get("ports").items() {
                let protocol = port.get("protocol").filled().unwrap_or("TCP");
                let Some(number) = port.get("containerPort").int() else { continue };
                let host = (port.get("hostIP").text(), port.get("hostPort").int().unwrap_or(0));
                if !seen.insert((number, protocol, host)) && host.1 == 0 {
                    let message = format!("the port {number}/{protocol} is written twice in this pod");
                    port.say(Rule::ServerWarning, message);
                }
            }
        }
    }
}

fn environment(variables: &Node) {
    let mut seen = HashSet::new();
    for variable in variables.items() {
        variable.require("name");
        let name = variable.get("name");
        name.named(names::environment_name);
        let source = variable.get("valueFrom");
        value_from(&variable, &source);
        let Some(text) = name.filled() else { continue };
        if seen.insert(text) {
            continue;
        }
        // `X=$(X):more` builds on the variable before it.
        let builds_on_it = variable.get("value").text();
        let reference = format!("$({text})");
        if source.is_set() || builds_on_it == reference || !builds_on_it.contains(&reference) {
            name.say(
                Rule::Environment,
                format!("the variable {} is set twice, the last one counts", name.shown()),
            );
        }
    }
}

const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

fn value_from(variable: &Node, source: &Node) {
    if !source.is_set() {
        return;
    }
    source.exactly_one(Rule::Combination, &SOURCES);
    if variable.get("value").filled().is_some() {
        source.say(Rule::Combination, "expected only one of `value` and `valueFrom`");
    }
    const FIELDS: [&str; 9] = [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    ];
    field_reference(&source.get("fieldRef"), &FIELDS, "metadata.labels['…']");
    resource_reference(&source.get("resourceFieldRef"), false);
    for key in ["configMapKeyRef", "secretKeyRef"] {
        let reference = source.get(key);
        if reference.is_set() {
            reference.require("name");
            reference.get("name").named(names::dns_subdomain);
            reference.require("key");
            reference.get("key").named(names::config_key);
        }
    }
}

/// A field of the pod itself; `fields` are those without a subscript.
pub fn field_reference(reference: &Node, fields: &[&str], others: &str) {
    if !reference.is_set() {
        return;
    }
    reference.require("fieldPath");
    let path = reference.get("fieldPath");
    let version = reference.get("apiVersion");
    if version.filled().is_some_and(|version| version != "v1") {
        version.say(Rule::Value, format!("expected `v1`, got {}", version.shown()));
    }
    let Some(text) = path.filled() else { return };
    if let Some((field, subscript)) = text.strip_suffix("']").and_then(|text| text.split_once("['")) {
        let problem = match field {
            "metadata.labels" => names::qualified_name(subscript),
            "metadata.annotations" => names::qualified_name(&subscript.to_lowercase()),
            _ => Err("must be a label or annotation to have a subscript"),
        };
        if let Err(problem) = problem {
            path.say(Rule::Value, format!("{} {problem}", path.shown()));
        }
    } else if !fields.contains(&text) && text != "spec.host" {
        let known = format!("expected {} or {others}, got {}", list(fields), path.shown());
        match near_miss(text, fields.iter().copied()) {
            Some(near) => path.say_help(Rule::Enum, known, format!("did you mean `{near}`?")),
            None => path.say(Rule::Enum, known),
        }
    }
}

/// A resource of a container; in a volume it must be said which container.
pub fn resource_reference(reference: &Node, in_volume: bool) {
    if !reference.is_set() {
        return;
    }
    if in_volume {
        reference.require("containerName");
    }
    reference.require("resource");
    let resource = reference.get("resource");
    let name = resource.text();
    let huge = name.starts_with("limits.hugepages-") || name.starts_with("requests.hugepages-");
    if !huge {
        resource.one_of(&[
            "limits.cpu",
            "limits.memory",
            "limits.ephemeral-storage",
            "requests.cpu",
            "requests.memory",
            "requests.ephemeral-storage",
        ]);
    }
    let divisor = reference.get("divisor");
    let allowed: &[&str] = match name {
        "limits.cpu" | "requests.cpu" => &["1m", "1"],
        _ => &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"],
    };
    let Some(quantity) = divisor.quantity().filter(|quantity| !quantity.is_zero()) else { return };
    if !allowed.iter().any(|allowed| Quantity::parse(allowed) == Some(quantity)) {
        divisor.say(Rule::Enum, format!("expected {}, got {}", super::node::or(allowed), divisor.shown()));
    }
}

fn environment_from(sources: &Node) {
    for source in sources.items() {
        source.get("prefix").named(names::environment_name);
        source.exactly_one(Rule::Combination, &["configMapRef", "secretRef"]);
        for key in ["configMapRef", "secretRef"] {
            let reference = source.get(key);
            if reference.is_set() {
                reference.require("name");
                reference.get("name").named(|text| names::as_prefix(text, names::dns_subdomain));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn containers_have_names_images_and_ports() {
        let base = pod();
        let c = "/spec/containers/0";
        let at = |rest: &str| format!("{c}{rest}");
        accept_all(
            &base,
            &[
                ("/spec/initContainers", json!([{"name": "init", "image": "a"}])),
                (
                    "/spec/initContainers",
                    json!([{"name": "s", "image": "a", "restartPolicy": "Always", "livenessProbe": {"exec": {"command": ["a"]}}}]),
                ),
                (&at("/ports/-"), json!({"containerPort": 8080, "hostPort": 80, "protocol": "UDP"})),
                (
                    &at("/ports"),
                    json!([{"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"name": "dns-tcp", "containerPort": 53}]),
                ),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec/containers", json!([]), Required, "$.spec.containers"),
                (&at("/name"), json!("Web"), Name, "$.spec.containers[0].name"),
                (&at("/image"), json!(null), Required, "$.spec.containers[0]"),
                (&at("/image"), json!(""), Required, "$.spec.containers[0].image"),
                (
                    "/spec/containers/-",
                    json!({"name": "web", "image": "a"}),
                    Duplicate,
                    "$.spec.containers[1].name",
                ),
                (
                    "/spec/initContainers",
                    json!([{"name": "web", "image": "a"}]),
                    Duplicate,
                    "$.spec.initContainers[0].name",
                ),
                (
                    "/spec/initContainers",
                    json!([{"name": "i", "image": "a", "lifecycle": {"preStop": {"exec": {"command": ["a"]}}}}]),
                    Combination,
                    "$.spec.initContainers[0].lifecycle",
                ),
                (
                    "/spec/ephemeralContainers",
                    json!([{"name": "d", "image": "a"}]),
                    Combination,
                    "$.spec.ephemeralContainers",
                ),
                (
                    &at("/ports/0/containerPort"),
                    json!(0),
                    Port,
                    "$.spec.containers[0].ports[0].containerPort",
                ),
                (
                    &at("/ports/0/containerPort"),
                    json!(70000),
                    Port,
                    "$.spec.containers[0].ports[0].containerPort",
                ),
                (&at("/ports/0/hostPort"), json!(70000), Port, "$.spec.containers[0].ports[0].hostPort"),
                (
                    &at("/ports/0/name"),
                    json!("a-very-long-port-name"),
                    Port,
                    "$.spec.containers[0].ports[0].name",
                ),
                (
                    &at("/ports/-"),
                    json!({"name": "http", "containerPort": 81}),
                    Duplicate,
                    "$.spec.containers[0].ports[1].name",
                ),
                (
                    &at("/ports"),
                    json!([{"containerPort": 1, "hostPort": 9}, {"containerPort": 2, "hostPort": 9}]),
                    Duplicate,
                    "$.spec.containers[0].ports[1].hostPort",
                ),
            ],
        );
        let twice = json!([{"containerPort": 1}, {"containerPort": 1}]);
        warns(&base, &at("/ports"), twice, ServerWarning, "$.spec.containers[0].ports[1]");
        let host = patched(&base, "/spec/hostNetwork", json!(true));
        accepts(&host, &at("/ports/0/hostPort"), json!(80));
        rejects(
            &host,
            &at("/ports/0/hostPort"),
            json!(81),
            Combination,
            "$.spec.containers[0].ports[0].hostPort",
        );
    }

    #[test]
    fn the_environment_is_judged() {
        let base = pod();
        let env = "/spec/containers/0/env/-";
        let from = |source| json!({"name": "B", "valueFrom": source});
        accept_all(
            &base,
            &[
                (env, from(json!({"fieldRef": {"fieldPath": "metadata.name"}}))),
                (env, from(json!({"fieldRef": {"fieldPath": "metadata.labels['app']"}}))),
                (env, from(json!({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}))),
                (env, from(json!({"configMapKeyRef": {"name": "a", "key": "b.c", "optional": true}}))),
                (env, json!({"name": "A", "value": "$(A):more"})),
                (env, json!({"name": "with.dots-and-dashes"})),
                ("/spec/containers/0/envFrom", json!([{"configMapRef": {"name": "a"}, "prefix": "P_"}])),
            ],
        );
        let path = "$.spec.containers[0].env[1]";
        for (variable, rule, rest) in [
            (json!({"value": "b"}), Required, ""),
            (json!({"name": "a=b"}), Name, ".name"),
            (from(json!({})), Combination, ".valueFrom"),
            (
                from(
                    json!({"fieldRef": {"fieldPath": "metadata.name"}, "secretKeyRef": {"name": "a", "key": "b"}}),
                ),
                Combination,
                ".valueFrom",
            ),
            (
                json!({"name": "B", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
                Combination,
                ".valueFrom",
            ),
            (
                from(json!({"fieldRef": {"fieldPath": "metadata.labels"}})),
                Enum,
                ".valueFrom.fieldRef.fieldPath",
            ),
            (
                from(json!({"fieldRef": {"fieldPath": "metadata.name['a']"}})),
                Value,
                ".valueFrom.fieldRef.fieldPath",
            ),
            (
                from(json!({"fieldRef": {"apiVersion": "v2", "fieldPath": "metadata.name"}})),
                Value,
                ".valueFrom.fieldRef.apiVersion",
            ),
            (
                from(json!({"resourceFieldRef": {"resource": "cpu"}})),
                Enum,
                ".valueFrom.resourceFieldRef.resource",
            ),
            (
                from(json!({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}})),
                Enum,
                ".valueFrom.resourceFieldRef.divisor",
            ),
            (from(json!({"configMapKeyRef": {"key": "a"}})), Required, ".valueFrom.configMapKeyRef"),
            (from(json!({"secretKeyRef": {"name": "a", "key": "b c"}})), Name, ".valueFrom.secretKeyRef.key"),
        ] {
            rejects(&base, env, variable, rule, &format!("{path}{rest}"));
        }
        let env_from = "/spec/containers/0/envFrom";
        rejects(&base, env_from, json!([{}]), Combination, "$.spec.containers[0].envFrom[0]");
        rejects(
            &base,
            env_from,
            json!([{"secretRef": {}}]),
            Required,
            "$.spec.containers[0].envFrom[0].secretRef",
        );
        warns(&base, env, json!({"name": "A", "value": "2"}), Environment, &format!("{path}.name"));
    }
}
