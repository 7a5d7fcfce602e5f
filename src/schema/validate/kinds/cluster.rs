//! What belongs to the cluster itself: nodes, leases, API services, signing requests.

use super::node::Node;
use crate::rule::Rule;
use crate::schema::validate::names;

/// A Node (`ValidateNode` of `k8s.io/kubernetes/pkg/apis/core/validation`).
pub fn node(object: &Node) {
    let spec = object.get("spec");
    for taint in spec.get("taints").items() {
        taint.require("key");
        taint.get("key").matches(Rule::Label, names::qualified_name);
        taint.get("value").matches(Rule::Label, names::label_value);
        taint.require("effect");
    }
}

/// A Namespace.
pub fn namespace(object: &Node) {
    for finalizer in object.get("spec").get("finalizers").items() {
        finalizer.matches_even_empty(Rule::Name, |text| match text {
            "kubernetes" => Ok(()),
            other => names::prefixed_name(other),
        });
    }
}

/// A Lease (`k8s.io/kubernetes/pkg/apis/coordination/validation`).
pub fn lease(object: &Node) {
    let spec = object.get("spec");
    spec.get("leaseDurationSeconds").at_least(1);
    spec.get("leaseTransitions").at_least(0);
}

/// An APIService (`k8s.io/kube-aggregator/pkg/apis/apiregistration/validation`).
pub fn api_service(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    let (group, version) = (spec.get("group"), spec.get("version"));
    let metadata = object.get("metadata");
    let name = metadata.get("name");
    let expected = format!("{}.{}", version.text(), group.text());
    if name.filled().is_some_and(|name| name != expected) {
        name.say(
            Rule::Name,
            format!("expected `version.group`, which is `{expected}`, got {}", name.shown()),
        );
    }
    if group.is_empty() && !version.is("v1") {
        group.say_missing();
    }
    group.named(names::dns_subdomain);
    spec.require("version");
    version.named(names::dns_1035_label);
    spec.require("groupPriorityMinimum");
    spec.get("groupPriorityMinimum").within(1..=20_000);
    spec.require("versionPriority");
    spec.get("versionPriority").within(1..=1000);
    let (bundle, insecure) = (spec.get("caBundle"), spec.get("insecureSkipTLSVerify"));
    let service = spec.get("service");
    if service.is_set() {
        service.require("namespace");
        service.require("name");
        service.get("port").port();
        if insecure.is_true() && bundle.filled().is_some() {
            insecure.say(Rule::Combination, "`insecureSkipTLSVerify` and `caBundle` exclude each other");
        }
    } else {
        if bundle.filled().is_some() {
            bundle.say(Rule::Combination, "`caBundle` goes only with a `service`");
        }
        if insecure.is_true() {
            insecure.say(Rule::Combination, "`insecureSkipTLSVerify` goes only with a `service`");
        }
    }
}

/// A CertificateSigningRequest (`k8s.io/kubernetes/pkg/apis/certificates/validation`), as far as no certificate must be
/// read for it.
pub fn signing_request(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    spec.require("request");
    spec.require("usages");
    spec.get("usages").unique("usage", |usage| usage.filled(), None);
    spec.require("signerName");
    let signer = spec.get("signerName");
    signer.named(|text| match text.split_once('/') {
        Some((domain, path)) if !path.is_empty() && domain.contains('.') => names::dns_subdomain(domain),
        _ => Err("must be a domain name, \"/\" and a path"),
    });
    spec.get("expirationSeconds").at_least(600);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn what_belongs_to_the_cluster_is_judged() {
        let taint = json!({"key": "a", "effect": "NoSchedule"});
        let base = object("v1", "Node", json!({"spec": {"taints": [taint]}}));
        accepts(&base, "/spec/taints/-", json!({"key": "a", "effect": "NoExecute"}));
        rejects(&base, "/spec/taints/0/value", json!("a b"), Label, "$.spec.taints[0].value");

        let base = object("coordination.k8s.io/v1", "Lease", json!({"spec": {"leaseDurationSeconds": 1}}));
        accepts(&base, "/spec/leaseTransitions", json!(0));
        rejects(&base, "/spec/leaseDurationSeconds", json!(0), Range, "$.spec.leaseDurationSeconds");

        let spec = json!({"group": "a.b", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1});
        let service = json!({"name": "a", "namespace": "b"});
        let base = object(
            "apiregistration.k8s.io/v1",
            "APIService",
            json!({"spec": spec, "metadata": {"name": "v1.a.b"}}),
        );
        accepts(&base, "/spec/service", service);
        reject_all(
            &base,
            &[
                ("/metadata/name", json!("web"), Name, "$.metadata.name"),
                ("/spec/versionPriority", json!(1001), Range, "$.spec.versionPriority"),
                ("/spec/groupPriorityMinimum", json!(null), Required, "$.spec"),
                ("/spec/service", json!({"name": "a"}), Required, "$.spec.service"),
                ("/spec/insecureSkipTLSVerify", json!(true), Combination, "$.spec.insecureSkipTLSVerify"),
            ],
        );
    }
}
