//! Ingresses and their classes (`k8s.io/kubernetes/pkg/apis/networking/validation`).

use super::node::Node;
use crate::rule::Rule;
use crate::schema::validate::names;

/// An Ingress of `networking.k8s.io/v1`.
pub fn ingress(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    let rules = spec.get("rules");
    let default = spec.get("defaultBackend");
    if rules.is_empty() && !default.is_set() {
        spec.say(Rule::Required, "expected `rules` or `defaultBackend`");
    }
    if default.is_set() {
        backend(&default);
    }
    for rule in rules.items() {
        let host = rule.get("host");
        if host.str().is_some_and(|text| names::ip(text).is_ok()) {
            host.say(Rule::Name, format!("expected a DNS name, got the address {}", host.shown()));
        } else {
            host.named(domain);
        }
        let http = rule.get("http");
        if http.is_set() {
            http.require("paths");
        }
        for path in http.get("paths").items() {
            http_path(&path);
        }
    }
    for tls in spec.get("tls").items() {
        for host in tls.get("hosts").items() {
            host.matches_even_empty(Rule::Name, domain);
        }
        tls.get("secretName").named(names::dns_subdomain);
    }
    let class = spec.get("ingressClassName");
    class.matches_even_empty(Rule::Name, names::dns_subdomain);
    let metadata = object.get("metadata");
    let annotations = metadata.get("annotations");
    let annotation = annotations.get("kubernetes.io/ingress.class");
    if let (Some(old), Some(new)) = (annotation.str(), class.str())
        && old != new
    {
        annotation.say(
            Rule::Combination,
            format!("the annotation says `{old}`, but `ingressClassName` is `{new}`"),
        );
    }
}

/// A domain, or `*.` and one.
fn domain(text: &str) -> names::Syntax {
    if text.contains('*') { names::dns_wildcard(text) } else { names::dns_subdomain(text) }
}

fn http_path(path: &Node) {
    if !path.require("pathType") {
        return;
    }
    let text = path.get("path");
    match path.get("pathType").text() {
        "Exact" | "Prefix" => {
            if !text.text().starts_with('/') {
                let message = format!("expected a path that begins with `/`, got {}", text.shown());
                text.say(Rule::Value, message);
            }
            let bad = ["//", "/./", "/../", "%2f", "%2F"].iter().find(|part| text.text().contains(**part));
            let end = ["/..", "/."].iter().find(|part| text.text().ends_with(**part));
            if let Some(part) = bad.or(end) {
                text.say(Rule::Value, format!("expected a path without `{part}`, got {}", text.shown()));
            }
        }
        "ImplementationSpecific" if text.filled().is_some_and(|text| !text.starts_with('/')) => {
            text.say(Rule::Value, format!("expected a path that begins with `/`, got {}", text.shown()));
        }
        _ => {}
    }
    if path.require("backend") {
        backend(&path.get("backend"));
    }
}

fn backend(backend: &Node) {
    backend.exactly_one(Rule::Combination, &["service", "resource"]);
    let resource = backend.get("resource");
    if resource.is_set() {
        reference(&resource);
    }
    let service = backend.get("service");
    if !service.is_set() {
        return;
    }
    service.require("name");
    // Before 1.34 a Service could not begin with a digit; its own name is judged where it is made.
    service.get("name").named(names::dns_label);
    let port = service.get("port");
    let (name, number) = (port.get("name"), port.get("number"));
    let has_number = number.int().is_some_and(|number| number != 0);
    match (name.filled(), has_number) {
        (Some(_), true) => port.say(Rule::Combination, "expected only one of `name` and `number`"),
        (Some(_), false) => name.matches(Rule::Port, names::port_name),
        (None, true) => number.port(),
        // Of the wrong type: told already.
        (None, false) if number.is_set() && number.int().is_none() => {}
        (None, false) => port.say(Rule::Required, "expected the `name` or the `number` of a port"),
    }
}

/// A reference to an object of some group and kind.
fn reference(reference: &Node) {
    reference.get("apiGroup").matches_even_empty(Rule::Name, names::dns_subdomain);
    for key in ["kind", "name"] {
        reference.require(key);
        reference.get(key).named(names::path_segment);
    }
}

/// An IngressClass.
pub fn ingress_class(object: &Node) {
    const CONTROLLER: usize = 250;
    let spec = object.get("spec");
    spec.require("controller");
    let controller = spec.get("controller");
    controller.named(names::prefixed_path);
    if controller.text().len() > CONTROLLER {
        let message = format!("expected at most {CONTROLLER} characters, got {}", controller.text().len());
        controller.say(Rule::Length, message);
    }
    let parameters = spec.get("parameters");
    if !parameters.is_set() {
        return;
    }
    reference(&parameters);
    let scope = parameters.get("scope");
    let namespace = parameters.get("namespace");
    scope.one_of(&["Cluster", "Namespace"]);
    match scope.text() {
        "Namespace" => {
            parameters.require("namespace");
            namespace.named(names::dns_label);
        }
        "" | "Cluster" => namespace.forbid("parameters of the scope `Cluster` have no `namespace`"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn ingresses_are_judged() {
        let service = json!({"service": {"name": "web", "port": {"number": 80}}});
        let rule = json!({"host": "example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": service}]}});
        let base = object("networking.k8s.io/v1", "Ingress", json!({"spec": {"rules": [rule]}}));
        let path = "/spec/rules/0/http/paths/0";
        let at = |rest: &str| format!("{path}{rest}");
        accept_all(
            &base,
            &[
                ("/spec", json!({"defaultBackend": service})),
                ("/spec/rules/0/host", json!("*.example.com")),
                ("/spec/tls", json!([{"hosts": ["example.com"], "secretName": "tls"}])),
                (&at("/backend/service/port"), json!({"name": "http"})),
                (&at("/backend"), json!({"resource": {"kind": "Bucket", "name": "a"}})),
                (&at("/path"), json!("/a/b")),
                ("/metadata/annotations", json!({"kubernetes.io/ingress.class": "nginx"})),
            ],
        );
        let place = "$.spec.rules[0].http.paths[0]";
        let to = |rest: &str| format!("{place}{rest}");
        reject_all(
            &base,
            &[
                ("/spec", json!(null), Required, "$"),
                ("/spec", json!({}), Required, "$.spec"),
                ("/spec/rules/0/host", json!("1.2.3.4"), Name, "$.spec.rules[0].host"),
                ("/spec/rules/0/host", json!("a.*.com"), Name, "$.spec.rules[0].host"),
                ("/spec/rules/0/host", json!("Example.com"), Name, "$.spec.rules[0].host"),
                ("/spec/rules/0/http/paths", json!([]), Required, "$.spec.rules[0].http.paths"),
                (&at("/pathType"), json!(null), Required, place),
                (&at("/path"), json!("a"), Value, &to(".path")),
                (&at("/path"), json!("/a//b"), Value, &to(".path")),
                (&at("/path"), json!("/a/.."), Value, &to(".path")),
                (&at("/backend"), json!({}), Combination, &to(".backend")),
                (&at("/backend/resource"), json!({"kind": "a", "name": "b"}), Combination, &to(".backend")),
                (&at("/backend/service/name"), json!("Web"), Name, &to(".backend.service.name")),
                (&at("/backend/service/port"), json!({}), Required, &to(".backend.service.port")),
                (&at("/backend/service/port/name"), json!("http"), Combination, &to(".backend.service.port")),
                (
                    &at("/backend/service/port/number"),
                    json!(70000),
                    Port,
                    &to(".backend.service.port.number"),
                ),
                ("/spec/tls", json!([{"hosts": ["a b"]}]), Name, "$.spec.tls[0].hosts[0]"),
                ("/spec/ingressClassName", json!("A"), Name, "$.spec.ingressClassName"),
            ],
        );
    }

    #[test]
    fn classes_are_judged() {
        let base =
            object("networking.k8s.io/v1", "IngressClass", json!({"spec": {"controller": "example.com/a"}}));
        accepts(
            &base,
            "/spec/parameters",
            json!({"kind": "A", "name": "b", "scope": "Namespace", "namespace": "c"}),
        );
        rejects(&base, "/spec/controller", json!("nginx"), Name, "$.spec.controller");
        rejects(
            &base,
            "/spec/parameters",
            json!({"kind": "A", "name": "b", "namespace": "c"}),
            Combination,
            "$.spec.parameters.namespace",
        );
    }
}
