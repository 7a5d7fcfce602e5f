//! `--coverage`: what it counts, writes and shows.

use std::fs;

use serde_json::{Value, json};

use super::github::Action;
use super::run::{Project, Run};

const WEB: &str = "export function web(name: string, replicas = 1) {\n  if (replicas > 9) {\n    throw new Error(name);\n  }\n  return { name, replicas };\n}\n\nexport const never = () => {\n  return 1;\n};\n";
const TEST: &str = "import { test, expect } from 'husako/test';\nimport { web } from './web';\ntest('web', () => { expect(web('a')).toEqual({ name: 'a', replicas: 1 }); });\n";
const ENTRY: &str = "import { build } from 'husako';\nimport { ConfigMap } from 'k8s/core/v1';\nimport { web } from '../src/web';\nbuild([ConfigMap().metadata({ name: web('a').name })]);\n";

fn project() -> Project {
    let project = Project::of(&[("src/web.ts", WEB), ("src/web.test.ts", TEST), ("env/dev.ts", ENTRY)]);
    project.write("husako.toml", "[entries]\ndev = \"env/dev.ts\"\n");
    project
}

fn lcov(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path().join(path)).unwrap()
}

#[test]
fn tests_and_entries_are_counted_together() {
    let project = project();
    let run = project.run(&["--coverage"]);
    run.exits_with(0);
    let table = "\n\
        File        | % Stmts | % Funcs | % Lines | Uncovered Line #s\n\
        ------------|---------|---------|---------|------------------\n\
        All files   |   66.67 |      50 |   66.67 |\n\
        \u{20}env/dev.ts |     100 |     100 |     100 |\n\
        \u{20}src/web.ts |      60 |      50 |      60 | 3,9\n\n";
    assert!(run.stdout.contains(table), "{}", run.stdout);
    let expected = "\
        TN:\nSF:env/dev.ts\nFNF:0\nFNH:0\nDA:4,1\nLF:1\nLH:1\nend_of_record\n\
        TN:\nSF:src/web.ts\nFN:1,web\nFN:8,never\nFNDA:2,web\nFNDA:0,never\nFNF:2\nFNH:1\n\
        DA:2,2\nDA:3,0\nDA:5,2\nDA:8,2\nDA:9,0\nLF:5\nLH:3\nend_of_record\n";
    assert_eq!(lcov(&project, "coverage/lcov.info"), expected);
}

#[test]
fn nothing_is_counted_unless_it_is_asked_for() {
    let project = project();
    let run = project.run(&[]);
    run.exits_with(0);
    assert!(!run.stdout.contains("% Stmts") && !project.exists("coverage"), "{}", run.stdout);
}

#[test]
fn globs_say_which_files_count() {
    let project = project();
    project.run(&["--coverage-include", "src/**", "--coverage-out", "out/a.info"]).exits_with(0);
    let told = lcov(&project, "out/a.info");
    assert!(told.contains("SF:src/web.ts") && !told.contains("env/dev.ts"), "{told}");
    project.run(&["--coverage-exclude", "web.ts", "--coverage-out", "out/b.info"]).exits_with(0);
    assert!(lcov(&project, "out/b.info").starts_with("TN:\nSF:env/dev.ts\n"));
    // From the folder where it runs; paths are those from the root.
    let run = project.run_in("src", &["--coverage-include", "web.ts", "-q"]);
    assert!(run.exits_with(0).stdout.contains("\nAll files   |      60 |"), "{}", run.stdout);
    assert!(!run.stdout.contains("src/web.ts"), "{}", run.stdout);
    assert!(lcov(&project, "src/coverage/lcov.info").contains("SF:src/web.ts"));
}

#[test]
fn too_little_is_a_failure() {
    let project = project();
    let run = project.run(&["--coverage-min", "70"]);
    run.exits_with(1);
    assert!(
        run.stderr.contains("66.67 % of the lines ran, and --coverage-min asks for 70 %"),
        "{}",
        run.stderr
    );
    project.run(&["--coverage-min", "66"]).exits_with(0);
}

#[test]
fn what_makes_no_sense_is_told_before_anything_runs() {
    let project = project();
    for (args, told) in [
        (vec!["--coverage-min", "101"], "must be from 0 to 100"),
        (vec!["--coverage-min", "much"], "is not a number"),
        (vec!["--coverage-include", "/etc"], "--coverage-include /etc: `/etc` is absolute"),
        (vec!["--coverage-out", "a", "--json", "a"], "--coverage-out and --json name the same file"),
    ] {
        let run = project.run(&args);
        assert!(run.exits_with(2).stderr.contains(told), "{}", run.stderr);
    }
    let run = project.run(&["--coverage-out", "src"]);
    assert!(run.exits_with(9).stderr.contains("nothing has run"), "{}", run.stderr);
}

#[test]
fn failures_are_told_at_the_same_places() {
    let broken = TEST.to_owned() + "test('throws', () => { web('b', 10); });\n";
    let project = Project::of(&[("src/web.ts", WEB), ("src/web.test.ts", &broken)]);
    let place = |args: &[&str]| {
        let reported = project.report(args);
        reported.run.exits_with(1);
        let failure = &reported.json["files"][0]["cases"][1]["failures"][0];
        assert_eq!(failure["message"], "b");
        assert_eq!(failure["line"], 3);
        (failure.clone(), reported.json["coverage"]["lines"].clone())
    };
    let (plain, counted) = (place(&[]), place(&["--coverage"]));
    assert_eq!(plain.0, counted.0);
    assert_eq!((plain.1, counted.1), (Value::Null, json!({ "total": 5, "covered": 4 })));
}

#[test]
fn the_summary_of_the_job_tells_it() {
    let project = project();
    let action = Action::new(&project);
    Run::of(action.command().arg("--coverage")).exits_with(0);
    let told = action.summary();
    assert!(told.contains("Coverage: 66.67 % of the lines"), "{told}");
    assert!(told.contains("| <code>src/web.ts</code> | 60 | 50 | 60 | 3,9 |"), "{told}");
}
