//! Probes and lifecycle hooks (`validateProbe`, `validateHandler` of `k8s.io/kubernetes/pkg/apis/core/validation`).

use super::node::Node;
use crate::rule::Rule;
use crate::schema::validate::names;

/// The fields of a container that these rules are about.
pub const FIELDS: [&str; 4] = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];

/// The probes and hooks of a container; `grace` is how many seconds its pod has to end.
pub fn container(container: &Node, grace: i64) {
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let field = container.get(key);
        if field.is_set() {
            probe(&field);
        }
        // Only a probe whose success counts more than once can ask for it more than once.
        let threshold = field.get("successThreshold");
        if key != "readinessProbe" && threshold.int().is_some_and(|count| count > 1) {
            threshold.say(Rule::Range, format!("expected 1 in a {key}, got {}", threshold.shown()));
        }
    }
    let readiness = container.get("readinessProbe");
    readiness
        .get("terminationGracePeriodSeconds")
        .forbid("a readinessProbe ends no container, it takes no grace period");
    for hook in ["postStart", "preStop"] {
        let lifecycle = container.get("lifecycle");
        let field = lifecycle.get(hook);
        if field.is_set() {
            field.exactly_one(Rule::Combination, &["exec", "httpGet", "tcpSocket", "sleep"]);
            handler(&field);
            field.get("sleep").get("seconds").within(0..=grace);
        }
    }
}

fn probe(probe: &Node) {
    probe.exactly_one(Rule::Combination, &["exec", "httpGet", "tcpSocket", "grpc"]);
    handler(probe);
    let grpc = probe.get("grpc");
    if grpc.is_set() {
        grpc.get("port").port();
    }
    for key in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        probe.get(key).at_least(0);
    }
    probe.get("terminationGracePeriodSeconds").at_least(1);
}

fn handler(handler: &Node) {
    let exec = handler.get("exec");
    if exec.is_set() {
        exec.require("command");
    }
    for key in ["httpGet", "tcpSocket"] {
        let action = handler.get(key);
        if action.is_set() {
            action.require("port");
            port_or_name(&action.get("port"));
            for header in action.get("httpHeaders").items() {
                header.require("name");
                header.get("name").named(names::header_name);
            }
        }
    }
}

/// A port's number, or its name.
pub fn port_or_name(port: &Node) {
    port.port();
    port.matches(Rule::Port, names::port_name);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn probes_have_one_handler_and_sane_numbers() {
        let base = pod();
        let get = json!({"httpGet": {"port": "http", "path": "/"}});
        for probe in [
            get.clone(),
            json!({"exec": {"command": ["true"]}, "periodSeconds": 0}),
            json!({"tcpSocket": {"port": 80}}),
            json!({"grpc": {"port": 80}}),
        ] {
            accepts(&base, "/spec/containers/0/livenessProbe", probe);
        }
        let with = |key: &str, value| patched(&get, key, value);
        accepts(&base, "/spec/containers/0/readinessProbe", with("/successThreshold", json!(3)));
        let path = "$.spec.containers[0].livenessProbe";
        for (probe, rule, rest) in [
            (json!({}), Combination, ""),
            (with("/tcpSocket", json!({"port": 1})), Combination, ""),
            (with("/successThreshold", json!(2)), Range, ".successThreshold"),
            (with("/periodSeconds", json!(-1)), Range, ".periodSeconds"),
            (with("/terminationGracePeriodSeconds", json!(0)), Range, ".terminationGracePeriodSeconds"),
            (with("/httpGet/port", json!(0)), Port, ".httpGet.port"),
            (with("/httpGet/port", json!("80")), Port, ".httpGet.port"),
            (with("/httpGet/port", json!(null)), Required, ".httpGet"),
            (
                with("/httpGet/httpHeaders", json!([{"name": "a b", "value": ""}])),
                Name,
                ".httpGet.httpHeaders[0].name",
            ),
            (json!({"exec": {}}), Required, ".exec"),
            (json!({"grpc": {"port": 0}}), Port, ".grpc.port"),
        ] {
            rejects(&base, "/spec/containers/0/livenessProbe", probe, rule, &format!("{path}{rest}"));
        }
        let readiness = "/spec/containers/0/readinessProbe";
        let path = "$.spec.containers[0].readinessProbe.terminationGracePeriodSeconds";
        rejects(&base, readiness, with("/terminationGracePeriodSeconds", json!(5)), Combination, path);
    }

    #[test]
    fn hooks_have_one_handler() {
        let base = pod();
        accepts(&base, "/spec/containers/0/lifecycle", json!({"preStop": {"sleep": {"seconds": 30}}}));
        let path = "$.spec.containers[0].lifecycle.preStop";
        rejects(&base, "/spec/containers/0/lifecycle", json!({"preStop": {}}), Combination, path);
        let long = json!({"preStop": {"sleep": {"seconds": 31}}});
        rejects(&base, "/spec/containers/0/lifecycle", long, Range, &format!("{path}.sleep.seconds"));
    }
}
