//! `--changed`: only what may give something else than at a revision.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::{Project, Run};

fn git(project: &Project, args: &[&str]) {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=A", "-c", "user.email=a@example.com"])
        .args(args)
        .current_dir(project.path());
    let output =
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(project: &Project) {
    git(project, &["add", "-A"]);
    git(project, &["commit", "-qm", "x", "--allow-empty"]);
}

const HEAD: &str = "import { test, expect, renderEntry } from 'husako/test';\n";

fn project() -> Project {
    let uses = |module: &str| {
        format!("{HEAD}import {{ v }} from './lib/{module}';\ntest('t', () => {{ expect(v).toBe(v); }});\n")
    };
    let project = Project::of(&[
        ("husako.toml", "[entries]\ndev = 'dev.ts'\n"),
        ("a.test.ts", &uses("a")),
        ("b.test.ts", &uses("b")),
        ("c.test.ts", &format!("{HEAD}test('t', () => {{}});\n")),
        ("late.test.ts", &format!("{HEAD}test('t', async () => {{ await import('./lib/' + 'a'); }});\n")),
        ("entry.test.ts", &format!("{HEAD}test('t', async () => {{ await renderEntry('dev'); }});\n")),
        (
            "dev.ts",
            "import { build, metadata } from 'husako';\nimport { ConfigMap } from 'k8s/core/v1';\nimport { v } from './lib/b';\n\
             build(ConfigMap().metadata(metadata().name('a')).data({ v: `${v}` }));\n",
        ),
        ("lib/a.ts", "import { v as b } from './b';\nexport const v: number = b + 1;\n"),
        ("lib/b.ts", "export const v: number = 1;\n"),
    ]);
    git(&project, &["init", "-q", "-b", "main"]);
    commit(&project);
    project
}

/// The files that ran, by their names.
fn ran(run: &Run) -> Vec<String> {
    let lines = run.stdout.lines().filter(|line| line.starts_with(['✓', '✗']));
    let mut names: Vec<String> =
        lines.filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned)).collect();
    names.sort();
    names
}

fn changed(project: &Project, cache: Option<&Path>, args: &[&str]) -> Vec<String> {
    let mut command = project.command();
    if let Some(cache) = cache {
        command.env("HUSAKO_CI_CACHE", "auto").env("HUSAKO_CI_CACHE_DIR", cache);
    }
    let run = Run::of(command.arg("-v").args(args));
    assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("files may give something else than at "), "{}", run.stderr);
    ran(&run)
}

#[test]
fn what_differs_runs_and_nothing_else() {
    let project = project();
    let run = |args: &[&str]| changed(&project, None, args);
    // What these ask for is known only when they have run.
    assert_eq!(run(&["--changed"]), ["entry.test.ts", "late.test.ts"]);
    project.write("lib/a.ts", "import { v as b } from './b';\nexport const v: number = b + 2;\n");
    assert_eq!(run(&["--changed=HEAD", "--exclude", "*e*.test.ts"]), ["a.test.ts"]);
    commit(&project);
    assert_eq!(run(&["--changed=HEAD~1", "a.test.ts", "b.test.ts", "c.test.ts"]), ["a.test.ts"]);
    assert_eq!(run(&["--changed", "a.test.ts", "b.test.ts", "c.test.ts"]), [""; 0]);
    // A new file, one that shadows another, and one that is gone.
    project.write("d.test.ts", &format!("{HEAD}test('t', () => {{}});\n"));
    project.write("lib/b", "export const v = 1;\n");
    let all = ["a.test.ts", "b.test.ts", "c.test.ts", "d.test.ts", "dev.ts"];
    assert_eq!(run(&[&["--changed"], &all[..]].concat()), ["a.test.ts", "b.test.ts", "d.test.ts", "dev.ts"]);
    fs::remove_file(project.path().join("lib/b")).unwrap();
    fs::rename(project.path().join("lib/b.ts"), project.path().join("lib/b.js")).unwrap();
    project.write("lib/b.js", "export const v = 1;\n");
    assert_eq!(run(&[&["--changed"], &all[..]].concat()), ["a.test.ts", "b.test.ts", "d.test.ts", "dev.ts"]);
    // The configuration is for all.
    project.write("husako.toml", "[entries]\ndev = 'dev.ts'\n[ci.rules]\nunknown-field = \"off\"\n");
    assert_eq!(run(&[&["--changed"], &all[..]].concat()), all);
}

#[test]
fn what_was_asked_for_in_a_run_is_known() {
    let (project, cache) = (project(), tempfile::tempdir().unwrap());
    let run = || changed(&project, Some(cache.path()), &["--changed"]);
    assert_eq!(run(), ["entry.test.ts", "late.test.ts"]);
    assert_eq!(run(), [""; 0]);
    project.write("lib/a.ts", "import { v as b } from './b';\nexport const v: number = b + 2;\n");
    assert_eq!(run(), ["a.test.ts", "late.test.ts"]);
    project.write("lib/b.ts", "export const v: number = 2;\n");
    assert_eq!(run(), ["a.test.ts", "b.test.ts", "dev.ts", "entry.test.ts", "late.test.ts"]);
    git(&project, &["checkout", "-q", "."]);
    assert_eq!(run(), [""; 0]);
}

#[test]
fn snapshots_count_and_mistakes_are_told() {
    let project = project();
    project.write("c.test.ts", &format!("{HEAD}test('t', () => {{ expect(1).toMatchSnapshot(); }});\n"));
    project.write("__snapshots__/c.test.ts.snap", "exports[`t 1`] = `1`;\n");
    commit(&project);
    assert_eq!(changed(&project, None, &["--changed", "c.test.ts"]), [""; 0]);
    project.write("__snapshots__/c.test.ts.snap", "exports[`t 1`] = `1`;\n\nexports[`u 1`] = `1`;\n");
    assert_eq!(changed(&project, None, &["--changed", "c.test.ts"]), ["c.test.ts"]);
    for args in [&["--changed=nowhere"][..], &["--changed", "--diff"], &["--changed", "--watch"]] {
        assert_eq!(project.run(args).status, Some(2), "{args:?}");
    }
    let other = Project::of(&[("a.test.ts", HEAD)]);
    assert_eq!(other.run(&["--changed"]).status, Some(2));
}
