use std::fs;
use std::process::Command;

use super::testing::{Repository, Sandbox, rel};
use super::*;
use crate::tree::SourceTree as _;

fn paths(names: &[&str]) -> BTreeSet<RelPath> {
    names.iter().map(|name| rel(name)).collect()
}

/// Runs one test of this file again, in a process with other variables. It finds what it is about by `HUSAKO_CI_TEST`.
fn again(test: &str, about: &Repository<'_>, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("git::tests::{test}"), "--ignored", "--nocapture"])
        .env("HUSAKO_CI_TEST", &about.path)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn about() -> PathBuf {
    std::env::var_os("HUSAKO_CI_TEST").expect("it is run by another test").into()
}

#[test]
fn ids_are_full_and_nothing_else() {
    let sha1 = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(ObjectId::parse(sha1).unwrap().to_string(), sha1);
    assert_eq!(ObjectId::parse(sha1).unwrap().short(), "0123456789");
    assert!(ObjectId::parse(&"a".repeat(64)).is_some());
    for text in
        ["", "HEAD", "0123456", &sha1.to_uppercase(), &"ä".repeat(20), &"-".repeat(40), &"a".repeat(41)]
    {
        assert_eq!(ObjectId::parse(text), None, "{text}");
    }
}

#[test]
fn a_repository_is_found_from_below_in_worktrees_and_submodules() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.write("a/b/c.ts", "c");
    let commit = repository.commit_all("all");
    assert_eq!(repository.open().root(), repository.path);
    assert_eq!(Git::open(&repository.path.join("a/b"), None).unwrap().root(), repository.path);

    let linked = sandbox.path("linked\nworktree");
    repository.git(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    assert!(linked.join(".git").is_file());
    let git = Git::open(&linked.join("a"), None).unwrap();
    assert_eq!(git.root(), linked);
    assert_eq!(git.tree(&commit).unwrap().read(&rel("a/b/c.ts")).unwrap(), "c");
    fs::write(linked.join("a/new"), "").unwrap();
    assert_eq!(git.changed_paths(&commit), Ok(paths(&["a/new"])));
    assert_eq!(git.base(&BaseRequest::Default).unwrap().commit, commit);

    let outer = sandbox.init("outer");
    outer.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &repository.url(), "sub"]);
    let git = Git::open(&outer.path.join("sub"), None).unwrap();
    assert_eq!(git.root(), outer.path.join("sub"));
    assert_eq!(git.base(&BaseRequest::Default).unwrap().commit, commit);
}

#[test]
fn repositories_with_sha256_are_read() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    fs::remove_dir_all(repository.path.join(".git")).unwrap();
    repository.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    let first = repository.commit("a");
    repository.commit("b");
    let git = repository.open();
    assert_eq!(first.as_str().len(), 64);
    assert_eq!(git.base(&BaseRequest::Revision("HEAD~1".to_owned())).unwrap().commit, first);
    assert_eq!(git.tree(&first).unwrap().read(&rel("a")).unwrap(), "a\n");
    assert_eq!(git.changed_paths(&first), Ok(paths(&["b"])));
}

#[test]
fn what_is_no_work_tree_is_told() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("bare.git");
    let plain = sandbox.path("plain");
    fs::create_dir(&plain).unwrap();
    for folder in [&bare.path, &plain] {
        let message = Git::open(folder, None).unwrap_err().to_string();
        let expected = format!(
            "{} does not lie in the work tree of a git repository (comparing needs a checkout made by git)",
            folder.display()
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn changed_paths_are_those_that_differ_from_the_base() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    for name in ["same", "committed", "staged", "unstaged", "deleted", "renamed \"1\"", "and back", "touched"]
    {
        repository.write(name, format!("{name}, a file of some length\n"));
    }
    repository.write("folder/untouched", "");
    let base = repository.commit_all("base");
    repository.write(".gitignore", "ignored\n");
    repository.write("committed", "2");
    repository.write("and back", "2");
    fs::rename(repository.path.join("renamed \"1\""), repository.path.join("renamed\n2")).unwrap();
    repository.commit_all("change");
    repository.write("and back", "and back, a file of some length\n");
    repository.write("staged", "2");
    repository.git(&["add", "staged"]);
    repository.write("unstaged", "2");
    repository.write("ignored", "");
    repository.write("new/deep/untracked ü", "");
    fs::remove_file(repository.path.join("deleted")).unwrap();
    // Its time has changed, its content has not.
    repository.write("touched", "touched, a file of some length\n");
    let before = repository.state();
    let changed = repository.open().changed_paths(&base);
    let expected = [
        ".gitignore",
        "committed",
        "deleted",
        "new/deep/untracked ü",
        "renamed \"1\"",
        "renamed\n2",
        "staged",
        "unstaged",
    ];
    assert_eq!(changed, Ok(paths(&expected)));
    assert_eq!(repository.state(), before);
    assert_eq!(repository.open().changed_paths(&repository.id("HEAD")).unwrap().len(), 5);
}

#[test]
fn a_change_within_the_same_moment_is_seen_and_the_index_is_not_written() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    // Otherwise it would show that the file was written, though its time says nothing.
    repository.git(&["config", "core.trustctime", "false"]);
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let at = |path: &str, time| {
        let file = File::options().write(true).open(repository.path.join(path)).unwrap();
        file.set_modified(time).unwrap();
    };
    repository.write("a", "1");
    repository.write("touched", "1");
    at("a", then);
    at("touched", then);
    let base = repository.commit_all("base");
    repository.write("a", "2");
    at("a", then);
    at("touched", then + std::time::Duration::from_secs(1));
    at(".git/index", then);
    let before = repository.state();
    assert_eq!(repository.open().changed_paths(&base), Ok(paths(&["a"])));
    assert!(repository.state() == before, "nothing is written");

    fs::remove_file(repository.path.join(".git/index")).unwrap();
    assert_eq!(repository.open().changed_paths(&base), Ok(paths(&["a", "touched"])));
    assert!(!repository.path.join(".git/index").exists());
}

#[test]
fn the_users_settings_of_diff_do_not_matter() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.write("a/a", "a\n");
    repository.write("a/b", "b\n");
    let base = repository.commit_all("base");
    repository.write("a/b", "2\n");
    fs::rename(repository.path.join("a/a"), repository.path.join("a/c")).unwrap();
    repository.git(&["add", "--all"]);
    for setting in [
        "diff.relative=true",
        "diff.renames=copies",
        "diff.orderFile=/nowhere",
        "diff.noprefix=true",
        "color.ui=always",
        "diff.external=false",
        "core.quotePath=true",
        "diff.mnemonicPrefix=true",
        "status.showUntrackedFiles=no",
    ] {
        let (key, value) = setting.split_once('=').unwrap();
        repository.git(&["config", key, value]);
    }
    assert_eq!(repository.open().changed_paths(&base), Ok(paths(&["a/a", "a/b", "a/c"])));
}

#[test]
fn nothing_that_a_repository_brings_is_run() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    server.write("a.txt", "a\n");
    let base = server.commit_all("a");
    server.write(".gitattributes", "* filter=evil diff=evil merge=evil\n");
    server.write(
        ".gitmodules",
        "[submodule \"x\"]\n\tpath = x\n\turl = ext::touch trap\n\tupdate = !touch trap\n",
    );
    server.write("a.txt", "b\n");
    let head = server.commit_all("b");
    let checkout = sandbox.checkout(&server, head.as_str(), Some(1));
    let trap = sandbox.path("trap");
    let touch = format!("touch '{}'", trap.display());
    for hook in
        ["post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"]
    {
        checkout.write(format!(".git/hooks/{hook}"), format!("#!/bin/sh\n{touch}\n"));
        make_executable(&checkout.path.join(".git/hooks").join(hook));
    }
    // A checkout whose own configuration was tampered with is not defended in all ways, in these it is.
    for (key, value) in [
        ("core.fsmonitor", touch.as_str()),
        ("core.pager", &touch),
        ("pager.diff", &touch),
        ("diff.external", &touch),
        ("diff.evil.command", &touch),
        ("diff.evil.textconv", &touch),
        ("gc.auto", "1"),
    ] {
        checkout.git(&["config", key, value]);
    }
    checkout.write("a.txt", "c\n");
    let before = checkout.state();
    let git = checkout.open();
    let found = git.base(&BaseRequest::Revision(base.to_string())).unwrap();
    assert_eq!(found.commit, base);
    assert_eq!(git.tree(&base).unwrap().read(&rel("a.txt")).unwrap(), "a\n");
    assert_eq!(git.changed_paths(&base), Ok(paths(&[".gitattributes", ".gitmodules", "a.txt"])));
    assert!(!trap.exists());
    assert_eq!(checkout.state(), before);
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) {}

#[test]
fn what_replaces_objects_does_not_count() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.write("a", "true");
    let base = repository.commit_all("true");
    repository.write("a", "false");
    let other = repository.commit_all("false");
    repository.git(&["replace", base.as_str(), other.as_str()]);
    let blob = repository.git(&["--no-replace-objects", "rev-parse", &format!("{base}:a")]);
    repository.git(&["replace", &blob, &repository.git(&["rev-parse", "HEAD:a"])]);
    let git = repository.open();
    assert_eq!(git.tree(&base).unwrap().read(&rel("a")).unwrap(), "true");
    assert_eq!(git.changed_paths(&base), Ok(paths(&["a"])));
    let parent = git.base(&BaseRequest::Revision("HEAD~1".to_owned())).unwrap();
    assert_eq!(parent.commit, base);
}

#[test]
fn in_a_hook_the_repository_is_the_one_around_the_folder() {
    let sandbox = Sandbox::new();
    let other = sandbox.init("other");
    other.commit("other");
    let repository = sandbox.init("repository");
    repository.commit("a");
    repository.commit("b");
    let git_dir = other.path.join(".git");
    let git_dir = git_dir.to_str().unwrap();
    again(
        "runs_in_a_hook",
        &repository,
        &[
            ("GIT_DIR", git_dir),
            ("GIT_WORK_TREE", other.path.to_str().unwrap()),
            ("GIT_INDEX_FILE", &format!("{git_dir}/next-index-1.lock")),
            ("GIT_OBJECT_DIRECTORY", &format!("{git_dir}/objects")),
            ("GIT_PREFIX", "x/"),
            ("GIT_LITERAL_PATHSPECS", "1"),
            ("GIT_EXTERNAL_DIFF", "false"),
            ("GIT_NAMESPACE", "x"),
        ],
    );
}

#[test]
#[ignore = "run by another test"]
fn runs_in_a_hook() {
    let git = Git::open(&about(), None).unwrap();
    assert_eq!(git.root(), about());
    let base = git.base(&BaseRequest::Revision("HEAD~1".to_owned())).unwrap();
    assert_eq!(git.tree(&base.commit).unwrap().read(&rel("a")).unwrap(), "a\n");
    assert_eq!(git.changed_paths(&base.commit), Ok(paths(&["b"])));
}

#[test]
fn a_repository_of_another_user_is_told() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    // Git's own tests make every repository one of another user by this.
    again("runs_as_another_user", &repository, &[("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")]);
}

#[test]
#[ignore = "run by another test"]
fn runs_as_another_user() {
    let message = Git::open(&about(), None).unwrap_err().to_string();
    let path = about().display().to_string();
    let expected = format!(
        "git does not trust the repository around {path}: it belongs to another user (if you trust it: git config \
         --global --add safe.directory '{path}')"
    );
    assert_eq!(message, expected);
}

#[test]
fn a_machine_without_git_is_told() {
    let sandbox = Sandbox::new();
    again("runs_without_git", &sandbox.init("repository"), &[("PATH", "/nowhere")]);
}

#[test]
#[ignore = "run by another test"]
fn runs_without_git() {
    let message = Git::open(&about(), None).unwrap_err().to_string();
    assert_eq!(message, "there is no program `git` (install git 2.31 or newer, and have it in the PATH)");
}
