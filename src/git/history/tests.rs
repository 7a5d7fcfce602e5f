use super::*;
use crate::git::testing::{Repository, Sandbox};

/// A clone with `feature` and `main`, each cut off after `depth` commits.
fn shallow<'s>(sandbox: &'s Sandbox, server: &Repository<'_>, depth: u32) -> Repository<'s> {
    let clone = sandbox.init("clone");
    clone.git(&["remote", "add", "origin", &server.url()]);
    let depth = format!("--depth={depth}");
    clone.git(&["fetch", "-q", &depth, "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    clone.git(&["checkout", "-q", "--detach", "origin/feature"]);
    clone
}

fn fork(clone: &Repository<'_>, others: &[&str]) -> Fork {
    let ids: Vec<ObjectId> = others.iter().map(|other| clone.id(other)).collect();
    clone.open().fork(&clone.id("HEAD"), &ids).unwrap()
}

fn count(clone: &Repository<'_>) -> usize {
    clone.git(&["rev-list", "HEAD", "origin/main"]).lines().count()
}

#[test]
fn a_shallow_clone_is_deepened_as_far_as_needed() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    server.commit("a");
    server.commit_many("main", 1000);
    server.git(&["branch", "feature", "main"]);
    let expected = server.id("main");
    server.commit_many("main", 300);
    server.commit_many("feature", 3);
    let clone = shallow(&sandbox, &server, 1);
    let before = clone.state();
    assert_eq!(fork(&clone, &["origin/main"]), Fork::At(expected));
    assert_eq!(clone.state(), before);
    // 50 were not enough, and 500 more were: the rest stays where it is.
    let commits = count(&clone);
    assert!((500..900).contains(&commits), "{commits} commits");
}

#[test]
fn a_clone_that_nothing_else_helps_is_completed() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    let expected = server.commit("a");
    server.git(&["branch", "feature"]);
    server.commit_many("main", 5600);
    server.commit_many("feature", 1);
    let clone = shallow(&sandbox, &server, 1);
    assert_eq!(fork(&clone, &["origin/main"]), Fork::At(expected));
    assert_eq!(clone.git(&["rev-parse", "--is-shallow-repository"]), "false");
}

#[test]
fn commits_that_the_server_does_not_know_are_no_hindrance() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    let expected = server.commit("a");
    server.git(&["branch", "feature"]);
    server.commit("b");
    server.commit("c");
    server.git(&["checkout", "-q", "feature"]);
    server.commit("f1");
    server.commit("f2");
    let clone = shallow(&sandbox, &server, 1);
    clone.commit("mine");
    assert_eq!(fork(&clone, &["origin/main"]), Fork::At(expected));
}

/// The best common ancestor lies deep, and a worse one is near by a short way from each side:
///
/// ```text
///       ┌──────────────── top   main
/// old ──┼── best ── … ── m7 ┘
///       │     └ f1 ─ … ─ f7 ┐
///       └──────────────── top   feature
/// ```
#[test]
fn an_older_common_ancestor_within_reach_is_not_taken_for_the_best() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    let old = server.commit("old");
    let best = server.commit("best");
    for branch in ["feature", "main"] {
        server.git(&["checkout", "-q", "-B", branch, best.as_str()]);
        let commits: Vec<ObjectId> = (0..7).map(|at| server.commit(&format!("{branch}{at}"))).collect();
        let top = server.merge_by_hand(&[&commits[6], &old]);
        server.git(&["reset", "-q", "--hard", top.as_str()]);
    }
    let clone = shallow(&sandbox, &server, 2);
    let naive = clone.git(&["merge-base", "HEAD", "origin/main"]);
    assert_eq!(naive, old.as_str(), "what the clone alone would answer");
    // Nor is it taken when there is nobody to ask.
    clone.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    assert!(matches!(fork(&clone, &["origin/main"]), Fork::Unknown(_)));
    clone.git(&["remote", "set-url", "origin", &server.url()]);
    assert_eq!(fork(&clone, &["origin/main"]), Fork::At(best));
}

/// Both sides have merged each other's first commit.
fn criss_cross(sandbox: &Sandbox) -> (Repository<'_>, [ObjectId; 2]) {
    let server = sandbox.init("server");
    server.commit("a");
    server.git(&["checkout", "-q", "-b", "feature"]);
    let f1 = server.commit("f1");
    server.git(&["checkout", "-q", "main"]);
    let m1 = server.commit("m1");
    server.git(&["merge", "-q", "--no-ff", "-m", "mm", f1.as_str()]);
    server.git(&["checkout", "-q", "feature"]);
    server.git(&["merge", "-q", "--no-ff", "-m", "ff", m1.as_str()]);
    (server, [f1, m1])
}

#[test]
fn of_criss_cross_merges_the_one_that_git_takes_is_taken() {
    let sandbox = Sandbox::new();
    let (server, both) = criss_cross(&sandbox);
    let complete = server.open().fork(&server.id("feature"), &[server.id("main")]).unwrap();
    let Fork::At(chosen) = &complete else { panic!("{complete:?}") };
    assert!(both.contains(chosen));
    assert_eq!(server.git(&["merge-base", "feature", "main"]), chosen.as_str());
    for depth in 1..4 {
        let sandbox = Sandbox::new();
        let clone = shallow(&sandbox, &server, depth);
        assert_eq!(fork(&clone, &["origin/main"]), complete, "depth {depth}");
    }
}

#[test]
fn an_ancestor_of_the_best_is_not_as_good_though_the_way_between_is_cut_off() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    // By a clock that was wrong, it is the newest of all: the one that git would name first.
    let future = "4000000000 +0000";
    let mut commit = server.command(&["commit", "-q", "--allow-empty", "-m", "old"]);
    assert!(commit.env("GIT_COMMITTER_DATE", future).status().unwrap().success());
    let old = server.id("HEAD");
    server.commit("x");
    server.commit("y");
    let best = server.commit("best");
    // Both sides are merges of `old` and `best`, so that a clone of depth 2 has both, and not that one leads to the other.
    for branch in ["feature", "main"] {
        let merge = server.merge_by_hand(&[&old, &best]);
        server.git(&["update-ref", &format!("refs/heads/{branch}"), merge.as_str()]);
    }
    let clone = shallow(&sandbox, &server, 2);
    let naive = clone.git(&["merge-base", "--all", "HEAD", "origin/main"]);
    assert_eq!(naive, format!("{old}\n{best}"), "what the clone alone would answer");
    assert_eq!(fork(&clone, &["origin/main"]), Fork::At(best));
}

#[test]
fn of_several_targets_the_best_counts() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    let a = server.commit("a");
    server.git(&["tag", "old"]);
    let b = server.commit("b");
    server.git(&["checkout", "-q", "-b", "feature"]);
    server.commit("f");
    server.git(&["checkout", "-q", "main"]);
    server.commit("c");
    let git = server.open();
    let (feature, main, old) = (server.id("feature"), server.id("main"), server.id("old"));
    assert_eq!(git.fork(&feature, std::slice::from_ref(&old)), Ok(Fork::At(a)));
    assert_eq!(git.fork(&feature, &[old, main]), Ok(Fork::At(b)));
}

#[test]
fn a_complete_clone_stays_complete() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    server.commit("a");
    let clone = sandbox.checkout(&server, "main", None);
    server.commit("b");
    let new = server.commit("c");
    let git = clone.open();
    git.fetch("origin", std::slice::from_ref(&new), Depth::Tip).unwrap();
    assert_eq!(clone.git(&["rev-list", new.as_str()]).lines().count(), 3);
    assert_eq!(clone.git(&["rev-parse", "--is-shallow-repository"]), "false");
}

#[test]
fn parents_are_told_at_the_border_too() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    let first = server.commit("a");
    server.commit("parent 0123456789012345678901234567890123456789");
    server.git(&["branch", "feature"]);
    let clone = shallow(&sandbox, &server, 1);
    assert_eq!(clone.open().parents(&clone.id("HEAD")), Ok(vec![first.clone()]));
    assert_eq!(clone.open().resolve(first.as_str()), Ok(None));
}
