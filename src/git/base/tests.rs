use super::*;
use crate::git::testing::{Repository, Sandbox};

fn revision(name: &str) -> BaseRequest {
    BaseRequest::Revision(name.to_owned())
}

fn pull_request(base: Option<&ObjectId>, head: Option<&ObjectId>, merge: bool) -> BaseRequest {
    BaseRequest::PullRequest {
        base_ref: "main".to_owned(),
        base_sha: base.map(ObjectId::to_string),
        head_sha: head.map(ObjectId::to_string),
        merge,
    }
}

fn base(name: &str, commit: &ObjectId) -> Result<Base, Diagnostic> {
    Ok(Base { name: name.to_owned(), commit: commit.clone() })
}

/// A message and its help, which are one sentence to a reader.
fn told(result: Result<Base, Diagnostic>) -> String {
    result.expect_err("there is no base").to_string()
}

/// A server with a branch `feature` of two commits, which parts from `main` at `fork`; `main` went on.
struct Server<'s> {
    bare: Repository<'s>,
    dev: Repository<'s>,
    fork: ObjectId,
    main: ObjectId,
    feature: ObjectId,
}

fn server(sandbox: &Sandbox) -> Server<'_> {
    let bare = sandbox.bare("server.git");
    let dev = sandbox.init("dev");
    dev.git(&["remote", "add", "origin", &bare.url()]);
    dev.commit("a");
    let fork = dev.commit("b");
    dev.git(&["checkout", "-q", "-b", "feature"]);
    dev.commit("f1");
    let feature = dev.commit("f2");
    dev.git(&["checkout", "-q", "main"]);
    let main = dev.commit("c");
    dev.git(&["push", "-q", "origin", "main", "feature"]);
    Server { bare, dev, fork, main, feature }
}

impl Server<'_> {
    /// What GitHub makes of a pull request: a merge that only its own ref names.
    fn merge(&self) -> ObjectId {
        self.dev.git(&["checkout", "-q", "--detach", "main"]);
        self.dev.git(&["merge", "-q", "--no-ff", "-m", "merge", "feature"]);
        self.dev.git(&["push", "-q", "origin", "HEAD:refs/pull/1/merge"]);
        self.dev.id("HEAD")
    }
}

#[test]
fn a_merge_checkout_is_compared_with_its_first_parent() {
    for depth in [Some(1), Some(2), None] {
        let sandbox = Sandbox::new();
        let server = server(&sandbox);
        let merge = server.merge();
        // It goes on after the event.
        server.dev.git(&["checkout", "-q", "main"]);
        server.dev.commit("later");
        server.dev.git(&["push", "-q", "origin", "main"]);
        let checkout = sandbox.checkout(&server.bare, merge.as_str(), depth);
        let before = checkout.state();
        let git = checkout.open();
        let expected = base("HEAD^1", &server.main);
        assert_eq!(git.base(&pull_request(Some(&server.fork), Some(&server.feature), true)), expected);
        assert_eq!(git.base(&pull_request(None, None, true)), expected);
        assert!(git.tree(&server.main).is_ok(), "the files of the base are there");
        assert_eq!(checkout.state(), before, "depth {depth:?}");
        // Not asked for a merge, and not told the head: the base branch decides.
        assert_eq!(
            git.base(&pull_request(Some(&server.main), None, false)),
            base("origin/main", &server.main)
        );
    }
}

#[test]
fn a_head_checkout_is_compared_with_where_it_parts() {
    for depth in [Some(1), Some(2), None] {
        let sandbox = Sandbox::new();
        let server = server(&sandbox);
        let checkout = sandbox.checkout(&server.bare, "feature", depth);
        let before = checkout.state();
        let git = checkout.open();
        let expected = base("origin/main", &server.fork);
        let head = Some(&server.feature);
        assert_eq!(git.base(&pull_request(Some(&server.main), head, true)), expected);
        assert_eq!(git.base(&pull_request(None, head, false)), expected);
        assert_eq!(git.base(&revision("main")), expected);
        assert_eq!(git.base(&revision("origin/main")), expected);
        let by_id = git.base(&revision(server.main.as_str()));
        assert_eq!(by_id, base(server.main.as_str(), &server.fork));
        assert_eq!(checkout.state(), before, "depth {depth:?}");
    }
}

#[test]
fn a_merge_of_the_users_own_is_no_merge_checkout() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    // The pull request was brought up to date: its last commit is a merge of main.
    server.dev.git(&["checkout", "-q", "feature"]);
    server.dev.git(&["merge", "-q", "--no-ff", "-m", "merge main", "main"]);
    server.dev.git(&["push", "-q", "origin", "feature"]);
    let head = server.dev.id("HEAD");
    let checkout = sandbox.checkout(&server.bare, "feature", Some(1));
    let git = checkout.open();
    // The event may be older than that: its commit of main would make main's changes part of the pull request.
    checkout.git(&["fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main"]);
    let request = pull_request(Some(&server.fork), Some(&head), true);
    assert_eq!(git.base(&request), base("origin/main", &server.main));
}

#[test]
fn a_pull_request_that_was_merged_meanwhile_still_has_its_changes() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    server.dev.git(&["merge", "-q", "--no-ff", "-m", "merge", "feature"]);
    server.dev.git(&["push", "-q", "origin", "main"]);
    let checkout = sandbox.checkout(&server.bare, "feature", None);
    checkout.git(&["fetch", "-q", "origin", "main:refs/remotes/origin/main"]);
    let request = pull_request(Some(&server.main), Some(&server.feature), true);
    assert_eq!(checkout.open().base(&request), base("origin/main", &server.fork));
}

#[test]
fn squashed_and_rebased_branches_part_where_they_start() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    let dev = &server.dev;
    dev.git(&["merge", "-q", "--squash", "feature"]);
    dev.commit_all("feature, squashed");
    let squashed = dev.id("main");
    dev.git(&["push", "-q", "origin", "main"]);
    dev.git(&["checkout", "-q", "feature"]);
    let git = dev.open();
    assert_eq!(git.base(&revision("main")), base("main", &server.fork));
    dev.git(&["rebase", "-q", "main"]);
    dev.commit("f3");
    assert_eq!(git.base(&revision("main")), base("main", &squashed));
    assert_eq!(git.base(&revision("HEAD")), base("HEAD", &dev.id("HEAD")));
    assert_eq!(git.base(&revision("HEAD~1")), base("HEAD~1", &squashed));
    dev.git(&["tag", "-m", "annotated", "v1", "main"]);
    assert_eq!(git.base(&revision("v1")), base("v1", &squashed));
}

#[test]
fn a_tag_is_fetched() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    server.dev.git(&["tag", "-m", "annotated", "v1", "main"]);
    server.dev.git(&["push", "-q", "origin", "v1"]);
    let checkout = sandbox.checkout(&server.bare, "feature", Some(1));
    let before = checkout.state();
    assert_eq!(checkout.open().base(&revision("v1")), base("origin/v1", &server.fork));
    assert_eq!(checkout.state(), before);
}

#[test]
fn the_default_is_what_the_remote_says() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    let laptop = sandbox.init("laptop");
    laptop.git(&["remote", "add", "origin", &server.bare.url()]);
    laptop.git(&["fetch", "-q", "origin"]);
    laptop.git(&["checkout", "-q", "-b", "mine", "origin/feature"]);
    let git = laptop.open();
    assert_eq!(git.base(&BaseRequest::Default), base("origin/main", &server.fork));
    laptop.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/feature"]);
    assert_eq!(git.base(&BaseRequest::Default), base("origin/feature", &server.feature));
    laptop.commit("more");
    assert_eq!(git.base(&BaseRequest::Default), base("origin/feature", &server.feature));

    // On the default branch itself, what was not pushed is the change.
    laptop.git(&["remote", "set-head", "origin", "main"]);
    laptop.git(&["checkout", "-q", "-b", "main", "origin/main"]);
    assert_eq!(git.base(&BaseRequest::Default), base("origin/main", &server.main));
    laptop.commit("ahead");
    assert_eq!(git.base(&BaseRequest::Default), base("origin/main", &server.main));
}

#[test]
fn without_a_remote_the_default_is_the_local_branch() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    let git = repository.open();
    assert_eq!(
        told(git.base(&BaseRequest::Default)),
        "the repository has no commit to compare with (commit something first)"
    );
    let first = repository.commit("a");
    assert_eq!(git.base(&BaseRequest::Default), base("main", &first));
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.commit("b");
    assert_eq!(git.base(&BaseRequest::Default), base("main", &first));
    repository.git(&["branch", "-m", "main", "trunk"]);
    let message = told(git.base(&BaseRequest::Default));
    assert_eq!(message, "there is no default branch to compare with (name a base with `--base`)");
}

#[test]
fn what_cannot_be_found_is_told() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    // Not what is asked for, though its end is.
    server.dev.git(&["push", "-q", "origin", "main:refs/heads/refs/heads/nothing"]);
    let checkout = sandbox.checkout(&server.bare, "feature", Some(1));
    let git = checkout.open();
    assert_eq!(
        told(git.base(&revision("nothing"))),
        "there is no revision `nothing`, here or at the remote (give the name of a branch or tag, or the full id of a commit)"
    );
    // Nobody has it.
    let absent = "0123456789012345678901234567890123456789";
    let message = told(git.base(&revision(absent)));
    assert!(
        message.starts_with(&format!("there is no revision `{absent}` in this clone, and fetching it: ")),
        "{message}"
    );
    assert!(message.contains(absent) && message.contains("fetch-depth: 0"), "{message}");

    // The server is gone. What is here is not enough, and nothing is guessed from it.
    checkout.git(&["fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main"]);
    std::fs::remove_dir_all(&server.bare.path).unwrap();
    for request in
        [revision("main"), revision("origin/main"), pull_request(None, None, true), BaseRequest::Default]
    {
        let message = told(git.base(&request));
        assert!(
            message.starts_with("cannot tell where HEAD parts from origin/main: this clone is shallow, and"),
            "{message}"
        );
        assert!(message.contains("does not appear to be a git repository"), "git's own words: {message}");
        assert!(message.contains("fetch-depth: 0") && message.contains("--base"), "{message}");
    }
    let message = told(git.base(&revision("release")));
    assert!(
        message.starts_with("there is no revision `release` in this clone, and fetching it: "),
        "{message}"
    );
    checkout.git(&["remote", "remove", "origin"]);
    let message = told(git.base(&pull_request(None, None, true)));
    assert!(message.starts_with("the branch main is not in this clone ("), "{message}");
}

#[test]
fn a_merge_checkout_whose_server_is_gone_is_no_guess() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    let merge = server.merge();
    let checkout = sandbox.checkout(&server.bare, merge.as_str(), Some(1));
    std::fs::remove_dir_all(&server.bare.path).unwrap();
    let message = told(checkout.open().base(&pull_request(Some(&server.main), Some(&server.feature), true)));
    let expected =
        format!("the base of this pull request ({}) is not in this clone, and", server.main.short());
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.contains("fetch-depth: 0"), "{message}");
}

#[test]
fn unrelated_histories_have_no_base() {
    for depth in [Some(1), None] {
        let sandbox = Sandbox::new();
        let server = server(&sandbox);
        server.dev.git(&["checkout", "-q", "--orphan", "other"]);
        server.dev.commit("x");
        server.dev.commit("y");
        server.dev.git(&["push", "-q", "origin", "other"]);
        let checkout = sandbox.checkout(&server.bare, "other", depth);
        let message = told(checkout.open().base(&revision("main")));
        assert_eq!(
            message, "HEAD and origin/main have no commit in common (name another base with `--base`)",
            "depth {depth:?}"
        );
    }
}

#[test]
fn a_revision_is_never_an_option() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    let trap = sandbox.path("trap");
    let hostile = format!("--upload-pack=touch${{IFS}}{}", trap.display());
    let hostile = hostile.as_str();
    let dev = &server.dev;
    let checkout = sandbox.checkout(&server.bare, "feature", Some(1));
    let git = checkout.open();
    for name in [hostile, "--all", "-h", "--git-dir=/", "^main", "main..feature", "", "a\nb", "main^{tree}"] {
        let message = told(git.base(&revision(name)));
        assert!(message.starts_with(&format!("there is no revision `{name}`")), "{message}");
    }
    // Git makes no such branch, but servers may.
    let name = "--upload-pack=x";
    dev.git(&["push", "-q", "origin", &format!("main:refs/heads/{name}")]);
    assert_eq!(git.base(&revision(name)), base(&format!("origin/{name}"), &server.fork));
    checkout.git(&["update-ref", &format!("refs/heads/{name}"), "HEAD"]);
    assert_eq!(git.base(&revision(name)), base(name, &server.feature));
    assert!(!trap.exists());
}
