//! NetworkPolicies (`k8s.io/kubernetes/pkg/apis/networking/validation`).

use std::net::IpAddr;

use super::node::Node;
use super::{probes, selectors};
use crate::rule::Rule;
use crate::schema::validate::names;

/// A NetworkPolicy.
pub fn network_policy(object: &Node) {
    let spec = object.get("spec");
    selectors::label_selector(&spec.get("podSelector"));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.get(direction).items() {
            for peer in rule.get(peers).items() {
                one_peer(&peer);
            }
            for port in rule.get("ports").items() {
                one_port(&port);
            }
        }
    }
    let types = spec.get("policyTypes");
    if types.items().len() > 2 {
        types.say(Rule::Length, format!("expected at most 2 items, got {}", types.items().len()));
    }
}

fn one_peer(peer: &Node) {
    let block = peer.get("ipBlock");
    let selects = peer.get("podSelector").is_set() || peer.get("namespaceSelector").is_set();
    if block.is_set() && selects {
        peer.say(Rule::Combination, "`ipBlock` excludes `podSelector` and `namespaceSelector`");
    } else if !block.is_set() && !selects && !peer.value().is_string() {
        peer.say(Rule::Required, "expected `ipBlock`, `podSelector` or `namespaceSelector`");
    }
    selectors::label_selector(&peer.get("podSelector"));
    selectors::label_selector(&peer.get("namespaceSelector"));
    if !block.is_set() {
        return;
    }
    block.require("cidr");
    let cidr = block.get("cidr");
    cidr.matches(Rule::Format, names::cidr);
    let whole = cidr.str().and_then(names::parse_cidr);
    for except in block.get("except").items() {
        except.matches_even_empty(Rule::Format, names::cidr);
        let part = except.str().and_then(names::parse_cidr);
        if let (Some(whole), Some(part)) = (whole, part)
            && !is_strictly_inside(part, whole)
        {
            except.say(Rule::Value, format!("expected a part of {}, got {}", cidr.shown(), except.shown()));
        }
    }
}

fn is_strictly_inside(part: (IpAddr, u8), whole: (IpAddr, u8)) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 4),
        IpAddr::V6(v6) => (u128::from(v6), 6),
    };
    let ((inner, family), (outer, other)) = (bits(part.0), bits(whole.0));
    let mask = u128::MAX.checked_shl(128 - u32::from(whole.1)).unwrap_or(0);
    family == other && part.1 > whole.1 && inner & mask == outer & mask
}

fn one_port(port: &Node) {
    let number = port.get("port");
    let end = port.get("endPort");
    probes::port_or_name(&number);
    if number.is("") {
        number.say(Rule::Port, "expected a port or its name, got \"\"");
    }
    let Some(last) = end.int() else { return };
    end.port();
    match number.int() {
        Some(first) if last < first => {
            end.say(Rule::Port, format!("expected at least `port`, which is {first}, got {last}"));
        }
        Some(_) => {}
        None => end.say(Rule::Combination, "`endPort` needs a number as `port`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn network_policies_are_judged() {
        let base = object("networking.k8s.io/v1", "NetworkPolicy", json!({"spec": {"podSelector": {}}}));
        let peer = "/spec/ingress";
        let from = |peer| json!([{"from": [peer]}]);
        let ports = |port| json!([{"ports": [port]}]);
        accept_all(
            &base,
            &[
                ("/spec", json!({"policyTypes": ["Ingress"]})),
                (peer, json!([{}])),
                (peer, from(json!({"podSelector": {}, "namespaceSelector": {}}))),
                (peer, from(json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}))),
                (peer, from(json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.1.0.0/16"]}}))),
                (peer, ports(json!({"port": "http"}))),
                (peer, ports(json!({"port": 80, "endPort": 80}))),
            ],
        );
        let at = "$.spec.ingress[0].from[0]";
        reject_all(
            &base,
            &[
                (peer, from(json!({})), Required, at),
                (peer, from(json!({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}})), Combination, at),
                (peer, from(json!({"ipBlock": {"cidr": "10.0.0.0"}})), Format, &format!("{at}.ipBlock.cidr")),
                (
                    peer,
                    from(json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}})),
                    Value,
                    &format!("{at}.ipBlock.except[0]"),
                ),
                (
                    peer,
                    from(json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}})),
                    Value,
                    &format!("{at}.ipBlock.except[0]"),
                ),
                (peer, ports(json!({"port": 0})), Port, "$.spec.ingress[0].ports[0].port"),
                (peer, ports(json!({"port": 80, "endPort": 79})), Port, "$.spec.ingress[0].ports[0].endPort"),
                (
                    peer,
                    ports(json!({"port": "http", "endPort": 79})),
                    Combination,
                    "$.spec.ingress[0].ports[0].endPort",
                ),
                (
                    "/spec/podSelector",
                    json!({"matchLabels": {"a": "b c"}}),
                    Selector,
                    "$.spec.podSelector.matchLabels.a",
                ),
                ("/spec/policyTypes", json!(["Ingress", "Egress", "Ingress"]), Length, "$.spec.policyTypes"),
            ],
        );
    }
}
