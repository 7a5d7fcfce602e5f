//! What is paired with what, where a file of YAML would be long.

use serde_json::{Value, json};

use super::{ci, diff, diff_documents, entry};
use crate::change::{ChangeKind, Diff, EntryState};

fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

/// `renamed a → b`, one line each.
fn told(diff: &Diff) -> Vec<String> {
    let line = |change: &crate::change::ResourceChange| {
        let before = change.before.as_ref().map_or(String::new(), |before| format!("{} → ", before.name));
        format!("{:?} {before}{}", change.kind, change.identity.name)
    };
    diff.resources.iter().map(line).collect()
}

#[test]
fn the_most_alike_are_paired_first() {
    let data = |n: u32| json!({"a": "1", "b": "2", "c": "3", "d": "4", "n": n.to_string()});
    let diff = diff_documents(
        vec![config_map("one", data(1)), config_map("two", data(2))],
        vec![config_map("uno", data(2)), config_map("due", data(1))],
    );
    assert_eq!(told(&diff), ["Renamed two → uno", "Renamed one → due"]);
    // Of equally alike ones, those with the closer names.
    let diff = diff_documents(
        vec![config_map("api-dev", data(1)), config_map("api-prod", data(1))],
        vec![config_map("api2-prod", data(1)), config_map("api2-dev", data(1))],
    );
    assert_eq!(told(&diff), ["Renamed api-prod → api2-prod", "Renamed api-dev → api2-dev"]);
}

#[test]
fn a_rename_across_entries_needs_a_likeness() {
    let small = |namespace: &str, level: &str| json!({"kind": "ConfigMap", "metadata": {"name": "web", "namespace": namespace}, "data": {"level": level}});
    let keep = || json!({"kind": "A", "metadata": {"name": "keep"}});
    let sides = |before: Value, after: Value| {
        diff(
            &[entry("dev.ts", vec![before, keep()]), entry("prod.ts", vec![keep()])],
            &[entry("dev.ts", vec![keep()]), entry("prod.ts", vec![after, keep()])],
        )
    };
    assert_eq!(told(&sides(small("dev", "a"), small("prod", "b"))), ["Removed web", "Added web"]);
    // In the same entry, the name is enough.
    assert_eq!(
        told(&diff_documents(vec![small("dev", "a")], vec![small("prod", "b")])),
        ["Renamed web → web"]
    );
}

#[test]
fn new_and_removed_entries_are_told() {
    let diff = diff(
        &[entry("a.ts", vec![config_map("a", json!({}))]), entry("c.ts", vec![])],
        &[entry("b.ts", vec![config_map("b", json!({"x": "1"}))]), entry("c.ts", vec![])],
    );
    let states: Vec<(&str, EntryState)> =
        diff.entries.iter().map(|entry| (entry.entry.path.as_str(), entry.state)).collect();
    assert_eq!(
        states,
        [("a.ts", EntryState::Removed), ("b.ts", EntryState::Added), ("c.ts", EntryState::Kept)]
    );
    assert!(!diff.is_empty());
    assert_eq!(told(&diff), ["Removed a", "Added b"]);
}

#[test]
fn entries_that_cannot_be_rendered_accuse_nobody() {
    let failing = |path: &str| {
        let mut failing = entry(path, vec![]);
        failing.documents = Err("no".to_owned());
        failing
    };
    let one = || vec![config_map("a", json!({"x": "1"}))];
    let broken = diff(&[entry("a.ts", one())], &[failing("a.ts")]);
    assert_eq!((broken.resources.len(), broken.failed[0].not_compared), (0, 1));
    let repaired =
        diff(&[failing("a.ts"), entry("b.ts", one())], &[entry("a.ts", one()), entry("b.ts", one())]);
    assert_eq!((repaired.resources.len(), repaired.failed[0].not_compared), (0, 1));
    assert!(!repaired.duplicates[0].is_new, "nobody knows whether it is");
    assert_eq!(broken.render_sha256, None);
    assert!(!broken.is_empty());
}

#[test]
fn other_rules_are_noted() {
    let mut before = entry("a.ts", vec![]);
    before.ci = ci("rules = { privileged = 'error' }");
    assert_eq!(
        diff(&[before.clone()], &[entry("a.ts", vec![])]).notes,
        ["[ci.rules] of husako.toml differs: the stricter level of each rule counts"]
    );
    assert_eq!(diff(&[before.clone()], &[before]).notes, [""; 0]);
}

#[test]
fn thousands_that_come_and_go_are_bounded() {
    let network_policy = |prefix: &str, n: usize| {
        let labels = json!({"app": format!("{prefix}-{n}"), "tier": "web", "zone": format!("z{}", n % 7)});
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
               "metadata": {"name": format!("{prefix}-{n}"), "namespace": "a"},
               "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress", "Egress"]}})
    };
    let all = |prefix: &str| (0..3000).map(|n| network_policy(prefix, n)).collect::<Vec<_>>();
    let renamed = diff_documents(all("old"), all("new"));
    let found = renamed.resources.iter().filter(|change| change.kind == ChangeKind::Renamed);
    assert!(found.count() > 2900, "{:?}", renamed.counts);
    // Nothing in common but what all of the kind have.
    let map = |prefix: &str, n: usize| {
        config_map(&format!("{prefix}{n}x"), json!({"a": "1", "k": format!("{prefix}{n}")}))
    };
    let all = |prefix: &str| (0..3000).map(|n| map(prefix, n)).collect::<Vec<_>>();
    let replaced = diff_documents(all("p"), all("q"));
    assert_eq!((replaced.counts.added, replaced.counts.removed), (3000, 3000));
    assert!(
        replaced.notes[0].contains("3000 resources of kind ConfigMap go and 3000 come"),
        "{:?}",
        replaced.notes
    );
}

#[test]
fn large_texts_and_lists_are_cheap() {
    let text = |n: usize| format!("{}{n}", "line of a configuration\n".repeat(50_000));
    let diff = diff_documents(
        vec![config_map("a", json!({"c": text(1)}))],
        vec![config_map("a", json!({"c": text(2)}))],
    );
    assert_eq!(diff.resources[0].fields.len(), 1);
    let list = |step: usize| json!({"kind": "A", "metadata": {"name": "a"}, "list": (0..20_000).map(|n| n * step).collect::<Vec<_>>()});
    let diff = diff_documents(vec![list(2)], vec![list(3)]);
    assert!(diff.resources[0].fields.len() > 10_000);
    let objects = |offset: usize| json!({"kind": "A", "metadata": {"name": "a"}, "list": (0..3_000).map(|n| json!({"x": n + offset, "y": 1})).collect::<Vec<_>>()});
    let diff = diff_documents(vec![objects(0)], vec![objects(5_000)]);
    assert!(diff.resources[0].fields.len() >= 3_000);
}
