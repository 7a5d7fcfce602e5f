//! Results of earlier runs.

use std::fs;
use std::path::Path;

use crate::run::{Project, Run};

const TEST: &str = "import { test, expect } from 'husako/test';\nimport { one } from './lib';\n\
    test('adds', () => { console.log('ran'); expect(one + 1).toBe(2); });\n";

const ENTRY: &str = "import { build, metadata } from 'husako';\nimport { ConfigMap } from 'k8s/core/v1';\n\
    import { one } from './lib';\nbuild(ConfigMap().metadata(metadata().name('a')).data({ one: `${one}` }));\n";

fn project() -> Project {
    Project::of(&[
        ("husako.toml", "[entries]\ndev = 'dev.ts'\n"),
        ("a.test.ts", TEST),
        ("b.test.ts", "import { test } from 'husako/test';\ntest('b', () => {});\n"),
        ("dev.ts", ENTRY),
        ("lib.ts", "export const one: number = 1;\n"),
    ])
}

fn run_with(project: &Project, folder: &Path, args: &[&str]) -> Run {
    let mut command = project.command();
    command.env_remove("HUSAKO_CI_CACHE").env("HUSAKO_CI_CACHE_DIR", folder);
    Run::of(command.args(args))
}

/// How many files were told as cached.
fn cached(run: &Run) -> usize {
    let line = run.stdout.lines().find(|line| line.starts_with("Files ")).unwrap_or_default();
    let count = line.split(", ").find_map(|part| part.strip_suffix(" cached"));
    count.map_or(0, |count| count.rsplit(' ').next().unwrap().parse().unwrap())
}

#[test]
fn what_has_not_changed_is_told_again() {
    let (project, folder) = (project(), tempfile::tempdir().unwrap());
    let run = |args: &[&str]| run_with(&project, folder.path(), args);
    let first = run(&["-v", "--json", "first.json", "--junit", "first.xml"]);
    assert!(first.status == Some(0) && cached(&first) == 0, "{}", first.stdout);
    let second = run(&["-v", "--json", "second.json", "--junit", "second.xml"]);
    assert!(second.status == Some(0) && cached(&second) == 3, "{}", second.stdout);
    assert!(second.stdout.contains("✓ a.test.ts (1 case, cached)"), "{}", second.stdout);
    assert!(second.stdout.contains("ran"), "what it printed is told again: {}", second.stdout);
    let read = |name: &str| fs::read_to_string(project.path().join(name)).unwrap();
    assert_eq!(read("second.json").matches("\"cached\": true").count(), 3);
    assert_eq!(read("second.xml").matches("<property name=\"cached\" value=\"true\"/>").count(), 3);
    assert!(!read("first.xml").contains("cached"));

    project.write("lib.ts", "export const one: number = 2;\n");
    let third = run(&[]);
    assert!(third.status == Some(1) && cached(&third) == 1, "{}", third.stdout);
    assert!(third.stdout.contains("Expected: 2") && third.stdout.contains("Received: 3"), "{}", third.stdout);
    let fourth = run(&[]);
    assert!(fourth.status == Some(1) && cached(&fourth) == 3, "{}", fourth.stdout);
    assert!(
        fourth.stdout.contains("Expected: 2") && fourth.stdout.contains("a.test.ts:3"),
        "{}",
        fourth.stdout
    );
    // As it was: that is known, too.
    project.write("lib.ts", "export const one: number = 1;\n");
    let fifth = run(&[]);
    assert!(fifth.status == Some(0) && cached(&fifth) == 3, "{}", fifth.stdout);
    // A file that shadows the one that was found.
    project.write("lib", "export const one = 7;\n");
    assert_eq!(run(&[]).status, Some(1));
    fs::remove_file(project.path().join("lib")).unwrap();
    fs::remove_file(project.path().join("lib.ts")).unwrap();
    project.write("lib/index.ts", "export const one: number = 1;\n");
    let moved = run(&[]);
    assert!(moved.status == Some(0) && cached(&moved) == 1, "{}", moved.stdout);
    // What the configuration says decides, too.
    project.write("husako.toml", "[entries]\ndev = 'dev.ts'\n[ci.rules]\nunknown-field = \"off\"\n");
    assert_eq!(cached(&run(&[])), 0);
}

#[test]
fn options_that_decide_results_have_results_of_their_own() {
    let (project, folder) = (project(), tempfile::tempdir().unwrap());
    let run = |args: &[&str]| cached(&run_with(&project, folder.path(), args));
    assert_eq!(run(&[]), 0);
    for args in [&["--max-heap-mb", "77"][..], &["--retries", "2"], &["--filter", "b"]] {
        assert_eq!(run(args), 0, "{args:?}");
    }
    assert_eq!(run(&[]), 3);
    for args in
        [&["--check-determinism"][..], &["--shuffle"], &["--coverage"], &["--cache=off"], &["--cache=write"]]
    {
        assert_eq!(run(args), 0, "{args:?}");
    }
    assert_eq!(run(&["--cache=read"]), 3);
}

#[test]
fn what_may_be_otherwise_runs_again() {
    let folder = tempfile::tempdir().unwrap();
    let head = "import { test, expect } from 'husako/test';\n";
    let bodies = [
        "test('a', () => { Date.now(); });",
        "test('a', () => { Math.random(); });",
        "test('a', async () => { await new Promise((done) => setTimeout(done, 1)); });",
        "test('a', () => { for (;;) {} }, 20);",
        "let n = 0; test('a', { retry: 1 }, () => { expect(n++).toBe(1); });",
        "import './nowhere'; test('a', () => {});",
    ];
    for body in bodies {
        let project = Project::of(&[("a.test.ts", &format!("{head}{body}\n"))]);
        let run = || run_with(&project, folder.path(), &[]);
        let (first, second) = (run(), run());
        assert_eq!((first.status, cached(&second)), (second.status, 0), "{body}: {}", second.stdout);
    }
}

#[test]
fn snapshots_and_entries_that_a_test_asks_for_decide_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let test = "import { test, expect, renderEntry } from 'husako/test';\n\
        test('a', async () => { expect((await renderEntry('dev'))[0]).toMatchSnapshot(); });\n\
        test('b', async () => { await expect('x').toMatchFileSnapshot('./x.txt'); });\n";
    let project = project();
    project.write("a.test.ts", test);
    let run = || run_with(&project, folder.path(), &[]);
    assert_eq!(cached(&run()), 0);
    // The first wrote snapshots; this is the first that is kept of the test.
    assert_eq!(cached(&run()), 2);
    assert_eq!(cached(&run()), 3);
    project.write("x.txt", "y");
    assert_eq!(run().status, Some(1));
    project.write("x.txt", "x");
    assert_eq!((run().status, cached(&run())), (Some(0), 3));
    project.write("lib.ts", "export const one: number = 5;\n");
    assert_eq!(run().status, Some(1));
    project.write("lib.ts", "export const one: number = 1;\n");
    let stored = project.path().join("__snapshots__/a.test.ts.snap");
    let text = fs::read_to_string(&stored).unwrap();
    fs::write(&stored, text.replace("one: '1'", "one: '9'")).unwrap();
    assert_eq!(run().status, Some(1));
}

#[test]
fn a_change_cannot_bring_its_own_results() {
    let project = project();
    for folder in [".husako/cache", "./x/../y", "."] {
        let run = project.run(&["--cache=read", "--cache-dir", folder]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains("lies in the repository"), "{}", run.stderr);
    }
    #[cfg(unix)]
    {
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(project.path(), outside.path().join("link")).unwrap();
        let link = outside.path().join("link/cache");
        let run = project.run(&["--cache=auto", "--cache-dir", link.to_str().unwrap()]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
    }
    let run = project.run(&["--cache=read", "--coverage"]);
    assert!(
        run.status == Some(2) && run.stderr.contains("--coverage has to run every file"),
        "{}",
        run.stderr
    );
    let mut command = project.command();
    command.env("HUSAKO_CI_CACHE", "maybe");
    let run = Run::of(&mut command);
    assert!(run.status == Some(2) && run.stderr.contains("auto, off, read or write"), "{}", run.stderr);
}

#[test]
fn what_failed_last_runs_first_then_what_took_longest() {
    let folder = tempfile::tempdir().unwrap();
    let head = "import { test, expect } from 'husako/test';\n";
    // Each reads the clock, so that it runs each time.
    let slow =
        format!("{head}test('s', () => {{ const end = Date.now() + 500; while (Date.now() < end); }});\n");
    let quick = format!("{head}test('q', () => {{ Date.now(); }});\n");
    let failing = format!("{head}test('f', () => {{ expect(Date.now()).toBe(0); }});\n");
    let project = Project::of(&[
        ("a.test.ts", &quick),
        ("b.test.ts", &slow),
        ("c.test.ts", &failing),
        ("d.test.ts", &quick),
    ]);
    let order = || {
        let run = run_with(&project, folder.path(), &["-v", "--jobs", "1"]);
        let names = run.stdout.lines().filter_map(|line| line.split_whitespace().nth(1));
        let names: String = names.filter_map(|name| name.strip_suffix(".test.ts")).take(3).collect();
        names
    };
    assert_eq!(order(), "abc");
    assert_eq!(order()[..2], *"cb");
}
