//! The real program on real folders: what it tells, and how it ends.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

#[path = "cli/arguments.rs"]
mod arguments;
#[path = "cli/attacks.rs"]
mod attacks;
#[path = "cli/cache.rs"]
mod cache;
#[path = "cli/cache_fuzz.rs"]
mod cache_fuzz;
#[path = "cli/changed.rs"]
mod changed;
#[path = "cli/changes.rs"]
mod changes;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/coverage.rs"]
mod coverage;
#[path = "cli/determinism.rs"]
mod determinism;
#[path = "cli/entries.rs"]
mod entries;
#[path = "cli/gen.rs"]
mod r#gen;
#[path = "cli/github.rs"]
mod github;
#[path = "cli/kube.rs"]
mod kube;
#[path = "cli/merge.rs"]
mod merge;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/schemas.rs"]
mod schemas;
#[path = "cli/shards.rs"]
mod shards;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/snapshots.rs"]
mod snapshots;
#[path = "cli/sources.rs"]
mod sources;
#[path = "cli/suite.rs"]
mod suite;
#[path = "cli/table.rs"]
mod table;
#[path = "cli/typecheck.rs"]
mod typecheck;
#[path = "cli/types.rs"]
mod types;
#[path = "cli/update.rs"]
mod update;
#[path = "cli/watch.rs"]
mod watch;

use check::every_sink;
use run::Project;

#[test]
fn what_must_pass_passes() {
    let reported = every_sink(&Project::fixture("passing"), &[], table::PASSING);
    reported.run.exits_with(0);
}

#[test]
fn what_must_fail_fails_at_its_place() {
    let reported = every_sink(&Project::fixture("failing"), &["--max-heap-mb", "64"], table::FAILING);
    reported.run.exits_with(1);
}

#[test]
fn one_job_tells_the_same_as_four() {
    for jobs in ["1", "4"] {
        every_sink(&Project::fixture("failing"), &["--max-heap-mb", "64", "--jobs", jobs], table::FAILING);
    }
}

#[test]
fn attacks_are_told_for_what_they_are() {
    let project = Project::fixture("hostile");
    every_sink(&project, &["--exclude", "deadline/**", "--exclude", "many.test.ts"], table::HOSTILE);
}

#[test]
fn each_attack_alone_is_told_the_same() {
    let project = Project::fixture("hostile");
    for file in table::HOSTILE {
        every_sink(&project, &[file.0], &[*file]);
    }
}

#[test]
fn a_deadline_ends_what_cannot_be_stopped() {
    let project = Project::fixture("hostile");
    let args = ["deadline", "--jobs", "4", "--timeout-ms", "3000", "--test-timeout-ms", "1000"];
    every_sink(&project, &args, table::DEADLINE);
}

#[test]
fn ten_thousand_cases_and_a_deep_nest() {
    let reported = Project::fixture("hostile").report(&["many.test.ts"]);
    reported.run.exits_with(0);
    let cases = reported.json["files"][0]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 10_001);
    let mut names: Vec<&str> = cases.iter().map(|case| case["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 10_001, "every case has a name of its own");
    assert_eq!(
        roxmltree::Document::parse(&reported.junit)
            .unwrap()
            .descendants()
            .filter(|n| n.has_tag_name("testcase"))
            .count(),
        10_001
    );
}

#[test]
fn files_of_jest_and_vitest_run_with_another_import() {
    let reported = Project::fixture("api").report(&[]);
    reported.run.exits_with(0);
    let cases = &reported.json["summary"]["cases"];
    let counts = ["passed", "flaky", "skipped", "todo"].map(|name| cases[name].as_u64().unwrap_or(99));
    assert_eq!(counts, [41, 1, 4, 1], "{cases}");
}
