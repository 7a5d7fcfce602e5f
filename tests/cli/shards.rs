//! `--shard`: what each part of a run runs, and how it ends.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::changes::{commit, git, repository};
use crate::run::{Project, Run};

const TEST: &str = "import { test } from 'husako/test';\ntest('a', () => {});\ntest('b', () => {});\n";

/// The variables by which CI systems tell a job which of several it is.
const VARIABLES: [&str; 8] = [
    "CI_NODE_INDEX",
    "CI_NODE_TOTAL",
    "CIRCLE_NODE_INDEX",
    "CIRCLE_NODE_TOTAL",
    "BUILDKITE_PARALLEL_JOB",
    "BUILDKITE_PARALLEL_JOB_COUNT",
    "SEMAPHORE_JOB_INDEX",
    "SEMAPHORE_JOB_COUNT",
];

/// A run in a job that these variables describe.
fn in_job(project: &Project, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = project.command();
    for name in VARIABLES {
        command.env_remove(name);
    }
    Run::of(command.envs(variables.iter().copied()).args(args))
}

/// The paths that `--list` gives.
fn listed(project: &Project, args: &[&str]) -> Vec<String> {
    let run = project.run(&[&["--list=json"], args].concat());
    run.exits_with(0);
    let list: Value = serde_json::from_str(&run.stdout).unwrap();
    let of = |what: &str| list[what].as_array().unwrap().clone();
    let paths = of("tests").into_iter().chain(of("entries"));
    paths.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

/// The paths of the files in a report.
fn ran(report: &Value) -> Vec<String> {
    let files = report["files"].as_array().unwrap();
    files.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_file_is_in_one_shard_and_what_is_listed_runs() {
    let project = Project::fixture("sample");
    let all = listed(&project, &[]);
    assert!(all.iter().any(|path| path.ends_with(".test.ts")) && all.contains(&"env/dev.ts".to_owned()));
    let mut seen = BTreeSet::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let mut part = listed(&project, &["--shard", shard]);
        assert_eq!(part.len(), all.len() / 3, "{part:?}");
        // A test may render an entry that another shard checks.
        let reported = project.report(&["--shard", shard]);
        reported.run.exits_with(0);
        part.sort();
        assert_eq!(ran(&reported.json), part);
        let told = &reported.json["shard"];
        assert_eq!((told["index"].to_string(), &told["total"]), (shard[..1].to_owned(), &3.into()));
        for path in part {
            assert!(seen.insert(path.clone()), "{path} is in two shards");
        }
    }
    assert_eq!(seen, all.into_iter().collect());
    assert_eq!(project.report(&[]).json.get("shard"), None);
}

#[test]
fn paths_and_globs_are_chosen_before_they_are_shared_out() {
    let project = Project::of(&[]);
    for number in 0..8 {
        project.write(&format!("apps/{number}.test.ts"), TEST);
        project.write(&format!("lib/{number}.test.ts"), TEST);
    }
    let halves = |args: &[&str]| {
        ["1/2", "2/2"].map(|shard| listed(&project, &[args, &["--shard", shard]].concat()).len())
    };
    assert_eq!(halves(&["apps"]), [4, 4]);
    assert_eq!(halves(&["--include", "lib/[0-3].test.ts"]), [2, 2]);
    // What is named runs whatever leaves it out.
    assert_eq!(halves(&["--exclude", "lib/**", "apps", "lib/1.test.ts"]), [5, 4]);
}

/// A project of 9 tests, and in `times.json` the report of a run in which the first took as long as the eight others together.
fn timed() -> Project {
    let project = Project::of(&[]);
    for number in 0..9 {
        project.write(&format!("{number}.test.ts"), TEST);
    }
    let mut report = project.report(&[]).json;
    for file in report["files"].as_array_mut().unwrap() {
        file["durationMs"] = if file["path"] == "0.test.ts" { 800.0 } else { 100.0 }.into();
    }
    project.write("times.json", &report.to_string());
    project
}

#[test]
fn shards_are_balanced_by_the_times_of_an_earlier_run() {
    let project = timed();
    let part = |shard: &str| listed(&project, &["--shard", shard, "--shard-times", "times.json"]);
    assert_eq!(part("1/2"), ["0.test.ts"]);
    assert_eq!(part("2/2").len(), 8);
    let reported = project.report(&["--shard", "1/2", "--shard-times", "times.json"]);
    reported.run.exits_with(0);
    assert_eq!(ran(&reported.json), ["0.test.ts"], "what is listed runs");
    assert_eq!(reported.run.stderr, "");
    // A new file counts as the median, and goes to where less is to do; one that is gone counts for nothing.
    std::fs::remove_file(project.path().join("8.test.ts")).unwrap();
    project.write("new.test.ts", TEST);
    assert_eq!(part("1/2"), ["0.test.ts"]);
    let run = project.run(&["diff", "--shard", "1/2", "--shard-times", "nowhere.json", "--base", "HEAD"]);
    assert!(!run.stderr.contains("unexpected argument"), "diff knows it, too: {run:?}");
}

#[test]
fn without_the_times_every_shard_has_as_many_files_and_that_is_told() {
    let project = timed();
    let by_count = listed(&project, &["--shard", "1/2"]);
    let later = std::fs::read_to_string(project.path().join("times.json")).unwrap();
    project.write("later.json", &later.replacen("\"version\":1", "\"version\":999", 1));
    project.write("others.json", &later.replace(".test.ts", ".other.test.ts"));
    for (name, told) in [
        ("nowhere.json", "--shard-times names nowhere.json, which is not there"),
        ("later.json", "later.json has version 999 of the report"),
        ("others.json", "others.json has the time of no file that was found"),
    ] {
        let args = ["--shard", "1/2", "--shard-times", name];
        assert_eq!(listed(&project, &args), by_count, "{name}");
        let reported = project.report(&args);
        reported.run.exits_with(0);
        assert_eq!(ran(&reported.json), by_count);
        let warnings = reported.json["warnings"].to_string();
        assert!(warnings.contains(told), "{name}: {warnings}");
        assert!(warnings.contains("as many files as any other"), "{name}: {warnings}");
    }
}

#[test]
fn what_is_no_report_gives_no_times() {
    let project = timed();
    project.write("cut.json", r#"{"version": 1, "tool": {"#);
    project.write("other.json", r#"{"version": 1}"#);
    for (name, told) in [("cut.json", "is not JSON"), ("other.json", "is no JSON report"), (".", "reading .")]
    {
        for list in [&["--list"][..], &[]] {
            let run = project.run(&[list, &["--shard", "1/2", "--shard-times", name]].concat());
            run.exits_with(2);
            assert!(run.stderr.contains(told) && run.stderr.contains("an earlier run"), "{name}: {run:?}");
        }
    }
    let run = project.run(&["--shard-times", "times.json"]);
    run.exits_with(2);
    assert!(run.stderr.contains("--shard <I/N|auto>"), "{run:?}");
}

#[test]
fn an_empty_shard_is_no_failure_and_says_so() {
    let project = Project::of(&[("a.test.ts", TEST)]);
    let shards = ["1/3", "2/3", "3/3"].map(|shard| project.report(&["--shard", shard]));
    let empty: Vec<_> = shards.iter().filter(|shard| ran(&shard.json).is_empty()).collect();
    assert_eq!(empty.len(), 2);
    for shard in &shards {
        shard.run.exits_with(0);
        assert_eq!(shard.run.stderr.contains("has nothing to run"), ran(&shard.json).is_empty());
    }
    let list = project.run(&["--list", "--shard", "3/3"]);
    list.exits_with(0);
    assert!(list.stdout.is_empty() && list.stderr.contains("shard 3/3 has nothing to run"), "{list:?}");

    // Cases that another shard has are no failure of this one either.
    for shard in ["1/3", "2/3", "3/3"] {
        project.run(&["--shard", shard, "--filter", "^a$"]).exits_with(0);
        let none = project.run(&["--shard", shard, "--filter", "nowhere"]);
        none.exits_with(0);
        assert!(none.stderr.contains("has nothing to run"), "{none:?}");
    }
}

#[test]
fn nothing_at_all_is_a_failure_of_every_shard() {
    let project = Project::of(&[]);
    for args in [&["--shard", "2/3"][..], &["--shard", "2/3", "--list"]] {
        let run = project.run(args);
        run.exits_with(8);
        assert!(run.stderr.contains("no tests and no entries were found"), "{run:?}");
    }
    project.run(&["--shard", "2/3", "--no-tests", "pass"]).exits_with(0);
}

#[test]
fn a_job_knows_which_it_is() {
    let project = Project::of(&[("a.test.ts", TEST), ("b.test.ts", TEST)]);
    let listed = |variables: &[(&str, &str)], shard: &str| {
        let run = in_job(&project, variables, &["--list", "--shard", shard]);
        run.exits_with(0);
        run.stdout
    };
    let (first, second) = (listed(&[], "1/2"), listed(&[], "2/2"));
    assert_ne!(first, second);
    for (index, total, base) in [
        ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
        ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
        ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
        ("SEMAPHORE_JOB_INDEX", "SEMAPHORE_JOB_COUNT", 1),
    ] {
        let job = |number: u32| listed(&[(index, &number.to_string()), (total, "2")], "auto");
        assert_eq!((job(base), job(base + 1)), (first.clone(), second.clone()), "{index}");
    }
    let unknown = in_job(&project, &[("CI_NODE_TOTAL", "1")], &["--shard", "auto"]);
    unknown.exits_with(2);
    assert!(unknown.stderr.contains("none of CIRCLE_NODE_INDEX, "), "{unknown:?}");
    let odd = in_job(&project, &[("CI_NODE_INDEX", "5"), ("CI_NODE_TOTAL", "3")], &["--shard", "auto"]);
    odd.exits_with(2);
    assert!(odd.stderr.contains("CI_NODE_INDEX=5 with CI_NODE_TOTAL=3"), "{odd:?}");
}

#[test]
fn what_is_no_shard_is_refused_with_an_example() {
    let project = Project::of(&[("a.test.ts", TEST)]);
    for (shard, reason) in [
        ("1", "such as 1/3"),
        ("0/3", "write 1/3 to 3/3"),
        ("4/3", "names part 4 of 3"),
        ("1/0", "there must be 1 to 10000"),
        ("x/y", "such as 1/3"),
    ] {
        let run = project.run(&["--shard", shard]);
        run.exits_with(2);
        assert!(run.stderr.contains(reason), "{run:?}");
    }
    project.run(&["--shard", "1/2", "--watch"]).exits_with(2);
    let run = project.run(&["--shard", "1/2", "--coverage-min", "80"]);
    run.exits_with(2);
    assert!(run.stderr.contains("covers only what its own files do"), "{run:?}");
    for flag in [&["--comment"][..], &["--save-comment", "c.json"]] {
        let run = project.run(&[&["--shard", "1/2"], flag].concat());
        run.exits_with(2);
        assert!(run.stderr.contains("husako-ci merge"), "{run:?}");
    }
}

/// An entry that renders one ConfigMap.
fn entry(name: &str, value: u32) -> String {
    format!(
        "import {{ build, name }} from 'husako';\nimport {{ ConfigMap }} from 'k8s/core/v1';\n\
         build([ConfigMap().metadata(name('{name}')).data({{ value: '{value}' }})]);\n"
    )
}

#[test]
fn a_change_cannot_silence_a_rule_in_a_shard_of_its_own() {
    let toml = |level: &str| format!("[ci.rules]\nprivileged = \"{level}\"\n[entries]\nold = \"old.ts\"\n");
    let project = Project::of(&[("husako.toml", &toml("error")), ("old.ts", &entry("old", 1))]);
    git(project.path(), &["init", "--quiet", "--initial-branch=main"]);
    let base = commit(&project, "base");
    let pod = "import { build, name } from 'husako';\nimport { Pod } from 'k8s/core/v1';\n\
         build([Pod().metadata(name('a')).spec({ containers: [\
         { name: 'a', image: 'a:1', securityContext: { privileged: true } }] })]);\n";
    project.write("husako.toml", &(toml("off") + "new = \"new.ts\"\n"));
    project.write("new.ts", pod);
    let shards = ["1/2", "2/2"].map(|shard| project.run(&["diff", "--base", &base, "--shard", shard]));
    let mut statuses = shards.each_ref().map(|run| run.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(0), Some(1)], "{shards:?}");
    let failed = shards.iter().find(|run| run.status == Some(1)).unwrap();
    assert!(failed.stdout.contains("privileged") && !failed.stdout.contains("old.ts"), "{failed:?}");
}

#[test]
fn an_entry_and_its_base_are_in_the_same_shard() {
    let project = repository();
    let toml = |folder: &str| {
        (0..6).map(|number| format!("e{number} = \"{folder}/e{number}.ts\"\n")).collect::<String>()
    };
    let write = |folder: &str, value: u32| {
        project.write("husako.toml", &format!("[entries]\n{}", toml(folder)));
        for number in 0..6 {
            project.write(&format!("{folder}/e{number}.ts"), &entry(&format!("e{number}"), value));
        }
    };
    git(project.path(), &["rm", "--quiet", "web.ts", "db.ts"]);
    write("old", 1);
    // Only the base has these.
    for number in 0..4 {
        project.write(&format!("gone{number}.husako"), &entry(&format!("gone{number}"), 1));
    }
    commit(&project, "base");
    let base = git(project.path(), &["rev-parse", "HEAD"]);
    // All files are renamed, but by their aliases they are the same.
    git(
        project.path(),
        &["rm", "--quiet", "-r", "old", "gone0.husako", "gone1.husako", "gone2.husako", "gone3.husako"],
    );
    write("new", 2);
    commit(&project, "head");

    let mut kinds: Vec<String> = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let run = project.run(&["diff", "--base", &base, "--format", "json", "--shard", shard]);
        run.exits_with(0);
        let diff: Value = serde_json::from_str(&run.stdout).unwrap();
        let resources = diff["diff"]["resources"].as_array().unwrap();
        kinds.extend(resources.iter().map(|resource| {
            format!(
                "{} {}",
                resource["kind"].as_str().unwrap(),
                resource["identity"]["name"].as_str().unwrap()
            )
        }));
    }
    kinds.sort();
    let expected = (0..6).map(|number| format!("changed e{number}"));
    let gone = (0..4).map(|number| format!("removed gone{number}"));
    assert_eq!(kinds, expected.chain(gone).collect::<Vec<_>>());
}
