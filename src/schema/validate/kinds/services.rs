//! Services and what they lead to: Endpoints, EndpointSlices (`ValidateService`, `ValidateEndpoints` of
//! `k8s.io/kubernetes/pkg/apis/core/validation`, `…/discovery/validation`). The range of node ports is the cluster's.

use std::collections::HashSet;
use std::net::IpAddr;

use super::node::Node;
use super::{probes, selectors};
use crate::rule::Rule;
use crate::schema::validate::names;

/// A Service.
pub fn service(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    let kind = spec.get("type").filled().unwrap_or("ClusterIP");
    let headless = is_headless(&spec);
    let ports = spec.get("ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        ports.say_missing();
    }
    if headless && matches!(kind, "LoadBalancer" | "NodePort") {
        let message = format!("a Service of the type `{kind}` cannot have the clusterIP `None`");
        spec.get("clusterIP").say(Rule::Combination, message);
    }
    external_name(&spec, kind);
    service_ports(&ports, kind);
    selectors::labels(&spec.get("selector"), Rule::Selector);
    affinity(&spec);
    addresses(&spec, kind, headless);
    load_balancer(object, &spec, kind);
    traffic(&spec, kind);
}

fn is_headless(spec: &Node) -> bool {
    spec.get("clusterIP").is("None") || spec.get("clusterIPs").items().next().is_some_and(|ip| ip.is("None"))
}

fn external_name(spec: &Node, kind: &str) {
    let name = spec.get("externalName");
    if kind != "ExternalName" {
        if name.filled().is_some() {
            name.say_help(
                Rule::ServerWarning,
                format!("`externalName` does nothing in a Service of the type `{kind}`"),
                "set `type: ExternalName`",
            );
        }
        return;
    }
    spec.require("externalName");
    name.named(|text| names::dns_subdomain(text.strip_suffix('.').unwrap_or(text)));
    for key in ["clusterIP", "clusterIPs", "ipFamilies"] {
        if !spec.get(key).is_empty() {
            spec.get(key)
                .say(Rule::Combination, format!("a Service of the type `ExternalName` has no `{key}`"));
        }
    }
    spec.get("ipFamilyPolicy").forbid("a Service of the type `ExternalName` has no `ipFamilyPolicy`");
}

fn service_ports(ports: &Node, kind: &str) {
    let several = ports.items().len() > 1;
    let mut taken = HashSet::new();
    let mut node_taken = HashSet::new();
    for port in ports.items() {
        let name = port.get("name");
        if several && name.is_empty() {
            name.say_missing();
        }
        name.matches(Rule::Port, names::dns_label);
        let number = port.get("port");
        port.require("port");
        number.port();
        let target = port.get("targetPort");
        // 0 and "" stand for the port itself.
        if target.int() != Some(0) {
            probes::port_or_name(&target);
        }
        port.get("appProtocol").matches_even_empty(Rule::Name, names::qualified_name);
        let protocol = port.get("protocol").filled().unwrap_or("TCP");
        if number.int().is_some_and(|number| !taken.insert((protocol, number))) {
            number.say(Rule::Duplicate, format!("the port {}/{protocol} is there twice", number.shown()));
        }
        let node = port.get("nodePort");
        if let Some(outer) = node.int().filter(|outer| *outer != 0) {
            if kind == "ClusterIP" {
                node.say_help(
                    Rule::Combination,
                    "a Service of the type `ClusterIP` has no `nodePort`",
                    "set `type: NodePort`, or leave it out",
                );
            }
            if !node_taken.insert((protocol, outer)) {
                node.say(Rule::Duplicate, format!("the node port {outer}/{protocol} is there twice"));
            }
        }
        if kind == "LoadBalancer" && number.int() == Some(10250) {
            number.say(Rule::Port, "the port 10250 is the kubelet's, it cannot be exposed");
        }
    }
    ports.unique("port name", |port| port.get("name").filled(), Some("name"));
}

fn affinity(spec: &Node) {
    // With another affinity the server drops the configuration.
    if spec.get("sessionAffinity").is("ClientIP") {
        spec.get("sessionAffinityConfig").get("clientIP").get("timeoutSeconds").within(1..=86_400);
    }
}

fn addresses(spec: &Node, kind: &str, headless: bool) {
    for ip in spec.get("externalIPs").items() {
        ip.matches_even_empty(Rule::Format, names::ip);
        ordinary_ip(&ip);
    }
    if kind == "ExternalName" {
        return;
    }
    let first = spec.get("clusterIP");
    let all = spec.get("clusterIPs");
    if !first.is("None") {
        first.matches(Rule::Format, names::ip);
    }
    match all.items().next() {
        Some(ip) if ip.str() != first.filled() => {
            all.say(
                Rule::Combination,
                format!("the first of `clusterIPs` must be `clusterIP`, got {}", ip.shown()),
            );
        }
        _ => {}
    }
    for (index, ip) in all.items().enumerate() {
        if index > 0 || !ip.is("None") {
            ip.matches(Rule::Format, names::ip);
        }
    }
    let count = all.items().len();
    if count > if headless { 1 } else { 2 } {
        all.say(Rule::Length, format!("expected an address of each family at most, got {count}"));
    }
    let families = spec.get("ipFamilies");
    families.unique("family", |family| family.filled(), None);
}

/// Not an address that means a node itself, or nothing.
fn ordinary_ip(ip: &Node) {
    let Some(address) = ip.str().and_then(names::parse_ip) else { return };
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.segments()[0] & 0xff0f == 0xff02,
    };
    if address.is_unspecified() || address.is_loopback() || link_local {
        let message = format!("expected no unspecified, loopback or link-local address, got {}", ip.shown());
        ip.say(Rule::Value, message);
    }
}

fn load_balancer(object: &Node, spec: &Node, kind: &str) {
    const ANNOTATION: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let ranges = spec.get("loadBalancerSourceRanges");
    for range in ranges.items() {
        range.matches_even_empty(Rule::Format, |text| names::cidr(text.trim()));
    }
    let metadata = object.get("metadata");
    let annotations = metadata.get("annotations");
    let annotation = annotations.get(ANNOTATION);
    if ranges.is_empty() && annotation.filled().is_some_and(|text| !text.trim().is_empty()) {
        annotation
            .matches(Rule::Format, |text| text.split(',').try_for_each(|part| names::cidr(part.trim())));
    }
    if kind == "LoadBalancer" {
        spec.get("loadBalancerClass").named(names::qualified_name);
        return;
    }
    for key in ["loadBalancerSourceRanges", "allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        let field = spec.get(key);
        if field.is_set() && !(field.value().is_array() && field.is_empty()) {
            field.say(Rule::Combination, format!("`{key}` goes only with `type: LoadBalancer`"));
        }
    }
}

fn traffic(spec: &Node, kind: &str) {
    let policy = spec.get("externalTrafficPolicy");
    let reachable = match kind {
        "LoadBalancer" | "NodePort" => true,
        // Since 1.26; before, external addresses were not enough.
        "ClusterIP" => !spec.get("externalIPs").is_empty(),
        _ => false,
    };
    if policy.filled().is_some() && !reachable {
        let message = "`externalTrafficPolicy` goes only with Services that can be reached from outside";
        policy.say_help(
            Rule::Combination,
            message,
            "set `type` to `LoadBalancer` or `NodePort`, or leave it out",
        );
    }
    let health = spec.get("healthCheckNodePort");
    health.at_least(0);
    if health.int().is_some_and(|port| port != 0) && !(kind == "LoadBalancer" && policy.is("Local")) {
        let message =
            "`healthCheckNodePort` goes only with `type: LoadBalancer` and `externalTrafficPolicy: Local`";
        health.say(Rule::Combination, message);
    }
    spec.get("trafficDistribution").one_of(&["PreferClose", "PreferSameZone", "PreferSameNode"]);
}

/// Endpoints.
pub fn endpoints(object: &Node) {
    for subset in object.get("subsets").items() {
        if subset.get("addresses").is_empty() && subset.get("notReadyAddresses").is_empty() {
            subset.say(Rule::Required, "expected `addresses` or `notReadyAddresses`");
        }
        for list in ["addresses", "notReadyAddresses"] {
            for address in subset.get(list).items() {
                let ip = address.get("ip");
                address.require("ip");
                ip.matches(Rule::Format, names::ip);
                ordinary_ip(&ip);
                address.get("hostname").named(names::dns_label);
                address.get("nodeName").named(names::dns_subdomain);
            }
        }
        let ports = subset.get("ports");
        for port in ports.items() {
            if ports.items().len() > 1 && port.get("name").is_empty() {
                port.get("name").say_missing();
            }
            port.get("name").matches(Rule::Port, names::dns_label);
            port.require("port");
            port.get("port").port();
            port.get("appProtocol").matches_even_empty(Rule::Name, names::qualified_name);
        }
    }
}

/// An EndpointSlice.
pub fn endpoint_slice(object: &Node) {
    const ADDRESSES: usize = 100;
    object.require("addressType");
    let syntax: fn(&str) -> names::Syntax = match object.get("addressType").text() {
        "IPv4" => names::ipv4,
        "IPv6" => names::ipv6,
        "FQDN" => names::qualified_domain,
        _ => |_| Ok(()),
    };
    for endpoint in object.get("endpoints").items() {
        let addresses = endpoint.get("addresses");
        endpoint.require("addresses");
        if addresses.items().len() > ADDRESSES {
            addresses.say(
                Rule::Length,
                format!("expected at most {ADDRESSES} items, got {}", addresses.items().len()),
            );
        }
        for address in addresses.items() {
            address.matches(Rule::Format, syntax);
        }
        endpoint.get("hostname").matches_even_empty(Rule::Name, names::dns_label);
        endpoint.get("nodeName").matches_even_empty(Rule::Name, names::dns_subdomain);
    }
    let ports = object.get("ports");
    for port in ports.items() {
        port.get("name").matches(Rule::Port, names::dns_label);
        port.get("appProtocol").matches_even_empty(Rule::Name, names::qualified_name);
    }
    ports.unique("port name", |port| Some(port.get("name").text()), Some("name"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn services_are_judged() {
        let base =
            object("v1", "Service", json!({"spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}));
        accept_all(
            &base,
            &[
                ("/spec/clusterIP", json!("None")),
                ("/spec", json!({"clusterIP": "None"})),
                ("/spec", json!({"type": "ExternalName", "externalName": "example.com."})),
                (
                    "/spec/ports",
                    json!([{"name": "a", "port": 53}, {"name": "b", "port": 53, "protocol": "UDP", "targetPort": "dns"}]),
                ),
                (
                    "/spec",
                    json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 1, "nodePort": 5}], "loadBalancerSourceRanges": ["10.0.0.0/8"]}),
                ),
                (
                    "/spec",
                    json!({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10}}, "ports": [{"port": 1}]}),
                ),
                ("/spec/externalIPs", json!(["1.2.3.4"])),
                ("/spec/ports/0/targetPort", json!(0)),
                ("/spec/ports/0/appProtocol", json!("kubernetes.io/h2c")),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec", json!(null), Required, "$"),
                ("/spec/ports", json!(null), Required, "$.spec"),
                ("/spec/ports/0/port", json!(0), Port, "$.spec.ports[0].port"),
                ("/spec/ports/0/port", json!(null), Required, "$.spec.ports[0]"),
                ("/spec/ports/0/targetPort", json!(70000), Port, "$.spec.ports[0].targetPort"),
                ("/spec/ports/0/targetPort", json!("A"), Port, "$.spec.ports[0].targetPort"),
                ("/spec/ports/0/nodePort", json!(30000), Combination, "$.spec.ports[0].nodePort"),
                ("/spec/ports", json!([{"port": 1}, {"name": "b", "port": 2}]), Required, "$.spec.ports[0]"),
                (
                    "/spec/ports",
                    json!([{"name": "a", "port": 1}, {"name": "a", "port": 2}]),
                    Duplicate,
                    "$.spec.ports[1].name",
                ),
                (
                    "/spec/ports",
                    json!([{"name": "a", "port": 1}, {"name": "b", "port": 1}]),
                    Duplicate,
                    "$.spec.ports[1].port",
                ),
                ("/spec/type", json!("ExternalName"), Required, "$.spec"),
                (
                    "/spec",
                    json!({"type": "ExternalName", "externalName": "a_b"}),
                    Name,
                    "$.spec.externalName",
                ),
                (
                    "/spec",
                    json!({"type": "ExternalName", "externalName": "a", "clusterIP": "None"}),
                    Combination,
                    "$.spec.clusterIP",
                ),
                (
                    "/spec",
                    json!({"type": "NodePort", "clusterIP": "None", "ports": [{"port": 1}]}),
                    Combination,
                    "$.spec.clusterIP",
                ),
                ("/spec/clusterIP", json!("10"), Format, "$.spec.clusterIP"),
                ("/spec/clusterIPs", json!(["10.0.0.1"]), Combination, "$.spec.clusterIPs"),
                ("/spec/ipFamilies", json!(["IPv4", "IPv4"]), Duplicate, "$.spec.ipFamilies[1]"),
                ("/spec/externalIPs", json!(["127.0.0.1"]), Value, "$.spec.externalIPs[0]"),
                (
                    "/spec",
                    json!({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}, "ports": [{"port": 1}]}),
                    Range,
                    "$.spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                ),
                (
                    "/spec/loadBalancerSourceRanges",
                    json!(["10.0.0.0/8"]),
                    Combination,
                    "$.spec.loadBalancerSourceRanges",
                ),
                ("/spec/externalTrafficPolicy", json!("Local"), Combination, "$.spec.externalTrafficPolicy"),
                ("/spec/healthCheckNodePort", json!(30000), Combination, "$.spec.healthCheckNodePort"),
                ("/spec/selector", json!({"a": "b c"}), Selector, "$.spec.selector.a"),
            ],
        );
        warns(&base, "/spec/externalName", json!("a.b"), ServerWarning, "$.spec.externalName");
    }

    #[test]
    fn endpoints_are_judged() {
        let subset = json!({"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]});
        let base = object("v1", "Endpoints", json!({"subsets": [subset]}));
        accepts(&base, "/subsets/0/ports/0/name", json!("http"));
        rejects(&base, "/subsets/0/addresses/0/ip", json!("host"), Format, "$.subsets[0].addresses[0].ip");
        rejects(&base, "/subsets/0/addresses", json!([]), Required, "$.subsets[0]");
        rejects(&base, "/subsets/0/ports/-", json!({"port": 81}), Required, "$.subsets[0].ports[0]");
        let rest = json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"name": "a", "port": 1}]});
        let base = object("discovery.k8s.io/v1", "EndpointSlice", rest);
        accepts(&base, "/endpoints/0/hostname", json!("web-0"));
        rejects(&base, "/addressType", json!("IPv6"), Format, "$.endpoints[0].addresses[0]");
        rejects(&base, "/endpoints/0/addresses", json!([]), Required, "$.endpoints[0].addresses");
        rejects(&base, "/ports/-", json!({"name": "a", "port": 2}), Duplicate, "$.ports[1].name");
    }
}
