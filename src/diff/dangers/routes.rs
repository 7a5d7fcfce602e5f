//! Requests that are no longer answered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::field::{Field, get, items, text, texts};
use super::words::quoted_all;
use super::{Change, Told};

/// What the rules of an Ingress serve: the paths of each host. The empty host is any.
type Served<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn served(spec: &Value) -> Served<'_> {
    let mut served = Served::new();
    for rule in items(get(spec, "rules")) {
        served.entry(text(get(rule, "host"))).or_default().extend(paths(rule));
    }
    served
}

/// The paths of a rule.
fn paths(rule: &Value) -> impl Iterator<Item = &str> {
    items(get(get(rule, "http"), "paths")).iter().map(|path| text(get(path, "path")))
}

/// Whether hosts hold one, or a wildcard that it matches: `*.example.com` is all with one part more.
fn covers(hosts: impl Fn(&str) -> bool, host: &str) -> bool {
    hosts(host) || host.split_once('.').is_some_and(|(_, domain)| hosts(&format!("*.{domain}")))
}

/// An Ingress that goes, with all its hosts.
pub(super) fn ingress_deleted(change: &Change<'_>, told: &mut Told<'_>) {
    let served = served(change.document.get("spec").before);
    if !served.is_empty() {
        told.of_resource(format!(
            "deleting the Ingress takes {} offline, unless another one serves it",
            listed_hosts(served.keys().copied())
        ));
    }
}

/// Hosts and paths that an Ingress no longer serves.
pub(super) fn ingress(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    let (before, after) = (served(spec.before), served(spec.after));
    let rules = spec.get("rules");
    let keeps = |host: &str| after.contains_key("") || covers(|host| after.contains_key(host), host);
    let lost: Vec<&str> = before.keys().copied().filter(|host| !keeps(host)).collect();
    if !lost.is_empty() {
        told.at(
            &rules,
            format!(
                "the Ingress no longer serves {}: requests to it fail, unless another one serves it",
                listed_hosts(lost)
            ),
        );
    }
    for rule in rules.items(&["host"]) {
        let host = text(get(rule.before, "host"));
        let Some(has) = after.get(host) else { continue };
        let lost: BTreeSet<&str> = paths(rule.before).filter(|path| !has.contains(path)).collect();
        if !lost.is_empty() {
            told.at(
                &rule.get("http").get("paths"),
                format!(
                    "the Ingress no longer serves {} of {}: requests to it fail, or reach what another path leads to",
                    quoted_all(lost.iter().map(|path| if path.is_empty() { "/" } else { path })),
                    listed_hosts([host])
                ),
            );
        }
    }
    for key in ["defaultBackend", "backend"] {
        let backend = spec.get(key);
        // The one is the other's name in versions that are no longer served.
        if backend.is_gone() && get(spec.after, "defaultBackend").is_null() {
            told.at(&backend, "the Ingress loses its default backend: requests that match no rule fail");
        }
    }
    certificates(&spec, &keeps, told);
}

/// Hosts that are still served, without their certificate.
fn certificates(spec: &Field<'_>, is_served: &impl Fn(&str) -> bool, told: &mut Told<'_>) {
    let tls = spec.get("tls");
    let hosts =
        |tls| -> BTreeSet<&str> { items(tls).iter().flat_map(|entry| texts(get(entry, "hosts"))).collect() };
    let after = hosts(tls.after);
    // Without hosts, a certificate is for all.
    let for_all = items(tls.after).iter().any(|entry| items(get(entry, "hosts")).is_empty());
    let lost: Vec<&str> = hosts(tls.before)
        .into_iter()
        .filter(|host| !for_all && is_served(host) && !covers(|host| after.contains(host), host))
        .collect();
    if !lost.is_empty() {
        told.at(
            &tls,
            format!(
                "no certificate is named for {} any more: browsers warn, or traffic is not encrypted",
                quoted_all(lost)
            ),
        );
    }
}

/// Hosts, and paths of HTTP, that a route of the Gateway API no longer has.
pub(super) fn route(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    let hostnames = spec.get("hostnames");
    let after: BTreeSet<&str> = texts(hostnames.after).collect();
    let mut lost: Vec<&str> =
        texts(hostnames.before).filter(|host| !covers(|host| after.contains(host), host)).collect();
    // Without any, a route is for all hosts of its gateway.
    if !after.is_empty() && !lost.is_empty() {
        lost.dedup();
        told.at(
            &hostnames,
            format!(
                "the route no longer serves {}: requests to it fail, unless another one serves it",
                quoted_all(lost)
            ),
        );
    }
    if change.identity.kind != "HTTPRoute" {
        return;
    }
    let rules = spec.get("rules");
    let (had, has) = (route_paths(rules.before), route_paths(rules.after));
    let lost: Vec<&str> = had.difference(&has).copied().collect();
    if !lost.is_empty() {
        told.at(
            &rules,
            format!(
                "the route no longer serves {}: requests to it fail, or reach what another path leads to",
                quoted_all(lost)
            ),
        );
    }
}

/// The paths that the rules of an HTTPRoute match; absent, it is `/`.
fn route_paths(rules: &Value) -> BTreeSet<&str> {
    let mut paths = BTreeSet::new();
    for rule in items(rules) {
        let matches = items(get(rule, "matches"));
        if matches.is_empty() {
            paths.insert("/");
        }
        paths.extend(matches.iter().map(|found| get(get(found, "path"), "value").as_str().unwrap_or("/")));
    }
    paths
}

/// Hosts, as a person calls them.
fn listed_hosts<'a>(hosts: impl IntoIterator<Item = &'a str>) -> String {
    let hosts: Vec<&str> = hosts.into_iter().collect();
    match hosts.as_slice() {
        [""] => "every host".to_owned(),
        hosts => quoted_all(hosts.iter().map(|host| if host.is_empty() { "*" } else { host })),
    }
}
