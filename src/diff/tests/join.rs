//! Parts of a comparison, joined: what one comparison of everything tells.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ci, diff, diff_beside, entry};
use crate::change::{ChangeKind, Diff};
use crate::diff::{RenderedEntry, join};

/// The resources of an entry, of a kind that no other entry has: so none of them can have been renamed into another.
fn documents(entry: usize, variants: &[u32]) -> Vec<Value> {
    const KINDS: [(&str, &str); 6] = [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("v1", "Namespace"),
    ];
    let (api_version, kind) = KINDS[entry];
    let document = |(at, variant): (usize, &u32)| {
        let release = (variant / 2 % 2).to_string();
        let mut document = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": format!("web-{at}"), "namespace": "a", "labels": {"release": release}},
        });
        match kind {
            "Deployment" | "StatefulSet" => {
                let privileged = json!({"privileged": variant / 4 % 2 == 1});
                let containers = json!([{"name": "web", "image": "a:1", "securityContext": privileged}]);
                document["spec"] = json!({"replicas": 3, "template": {"spec": {"containers": containers}}});
            }
            "Secret" => document["stringData"] = json!({"password": format!("hunter-{}", variant / 4)}),
            _ => {}
        }
        (variant % 2 == 0).then_some(document)
    };
    variants.iter().enumerate().filter_map(document).collect()
}

fn rendered(sides: &[Vec<u32>]) -> Vec<RenderedEntry> {
    sides.iter().enumerate().map(|(at, of)| entry(&format!("env/{at}.ts"), documents(at, of))).collect()
}

/// The parts of a comparison whose entries are shared out by `part`.
fn parts(before: &[RenderedEntry], after: &[RenderedEntry], part: impl Fn(&str) -> usize) -> Vec<Diff> {
    let of = |side: &[RenderedEntry], wanted: usize| -> Vec<RenderedEntry> {
        side.iter().filter(|entry| part(&entry.name.path) == wanted).cloned().collect()
    };
    (0..3).map(|wanted| diff(&of(before, wanted), &of(after, wanted))).collect()
}

proptest! {
    #[test]
    fn parts_that_share_nothing_are_the_whole(
        sides in proptest::collection::vec(
            (proptest::collection::vec(0_u32..16, 3), proptest::collection::vec(0_u32..16, 3)), 1..7,
        ),
        broken in 0_usize..12,
    ) {
        let (before, after): (Vec<Vec<u32>>, Vec<Vec<u32>>) = sides.into_iter().unzip();
        let (before, mut after) = (rendered(&before), rendered(&after));
        if let Some(entry) = after.get_mut(broken) {
            entry.documents = Err("TypeError: it broke".to_owned());
        }
        let whole = diff(&before, &after);
        let joined = join(parts(&before, &after, |path| usize::from(path.as_bytes()[4]) % 3)).unwrap();
        super::check(&joined);
        // Sums cannot be added.
        let whole = Diff { render_sha256: joined.render_sha256.clone(), ..whole };
        prop_assert_eq!(joined, whole);
    }
}

fn config_map(data: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": data}})
}

/// What is told of a resource that went from one part to another.
fn went(before: Value, after: Value) -> (Diff, Diff) {
    let (from, to) = ("env/1.ts", "env/2.ts");
    let before = [entry(from, vec![before]), entry(to, vec![])];
    let after = [entry(from, vec![]), entry(to, vec![after])];
    let part = |path: &str| usize::from(path == to);
    let joined = join(parts(&before, &after, part)).unwrap();
    super::check(&joined);
    (joined, diff(&before, &after))
}

#[test]
fn what_only_went_to_another_part_has_moved() {
    let (joined, whole) = went(config_map("1"), config_map("1"));
    assert_eq!(joined, Diff { render_sha256: None, ..whole });
    assert_eq!(joined.resources[0].kind, ChangeKind::Moved);
    // Nothing is deleted.
    let claim = || json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}});
    let (joined, whole) = went(claim(), claim());
    assert_eq!(joined, Diff { render_sha256: None, ..whole });
    assert_eq!(joined.dangers, []);
}

#[test]
fn what_nobody_knows_to_be_the_same_was_removed_and_added() {
    let kinds = |diff: &Diff| diff.resources.iter().map(|resource| resource.kind).collect::<Vec<_>>();
    let (joined, _) = went(config_map("1"), config_map("2"));
    assert_eq!(kinds(&joined), [ChangeKind::Removed, ChangeKind::Added]);
    // What is redacted looks the same, and may not be.
    let secret = |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "stringData": {"a": value}});
    let (joined, _) = went(secret("hunter1"), secret("hunter2"));
    assert_eq!(kinds(&joined), [ChangeKind::Removed, ChangeKind::Added]);
    assert!(joined.dangers.iter().any(|danger| danger.resources == [0]), "{:?}", joined.dangers);
}

#[test]
fn one_of_two_dangers_keeps_its_resources_when_another_moves() {
    let claim =
        |name: &str| json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}});
    let (from, to) = ("env/1.ts", "env/2.ts");
    let before = [entry(from, vec![claim("a"), claim("b")]), entry(to, vec![])];
    let after = [entry(from, vec![]), entry(to, vec![claim("a")])];
    let joined = join(parts(&before, &after, |path| usize::from(path == to))).unwrap();
    let names: Vec<&str> =
        joined.dangers[0].resources.iter().map(|at| joined.resources[*at].identity.name.as_str()).collect();
    assert_eq!(names, ["b"]);
}

#[test]
fn the_sum_of_what_is_rendered_is_known_where_one_part_has_all_of_it() {
    let before = [entry("env/1.ts", vec![config_map("1")])];
    let after = [entry("env/1.ts", vec![config_map("2")])];
    let joined = join(parts(&before, &after, |_| 1)).unwrap();
    assert_eq!(joined.render_sha256, diff(&before, &after).render_sha256);
    assert!(joined.render_sha256.is_some());
    assert_eq!(join(Vec::new()), None);
}

#[test]
fn what_every_part_says_is_said_once() {
    let side = |rules: &str| {
        ["env/1.ts", "env/2.ts"].map(|path| RenderedEntry { ci: ci(rules), ..entry(path, vec![]) })
    };
    let (before, after) = (side("[ci.rules]\nprivileged = \"off\"\n"), side(""));
    let joined = join(parts(&before, &after, |path| usize::from(path == "env/2.ts"))).unwrap();
    assert_eq!(joined.notes.len(), 1, "{:?}", joined.notes);
}

#[test]
fn a_change_cannot_silence_a_rule_in_a_part_that_does_not_know_the_base() {
    let rules = |level: &str| ci(&format!("[ci.rules]\nprivileged = \"{level}\"\n"));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "a", "securityContext": {"privileged": true}}]}});
    // The entry is new, and what the base says of its project is known by entries of other parts only.
    let after = [RenderedEntry { ci: rules("off"), ..entry("env/new.ts", vec![pod]) }];
    assert_eq!(diff(&[], &after).dangers, []);
    let said = [(String::new(), rules("error"))];
    assert_eq!(diff_beside(&[], &after, &said).errors(), 1);
}
