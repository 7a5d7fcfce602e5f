//! The step that runs the program: what becomes of the inputs.

use std::fs;

use crate::runner::{Job, TOKEN};

const NASTY: [&str; 9] = [
    "two words",
    "$(touch pwned)",
    "`touch pwned`",
    "\"; touch pwned; \"",
    "'; touch pwned; '",
    "-leading --junit=x",
    "* ? [a-z] ~ \\ & | > pwned",
    "%0A::error::forged ${{ github.token }} $HOME ${IFS}",
    "two\nlines\n::error::forged",
];

/// The arguments of a run on an event.
fn arguments(event: &str, inputs: &[(&str, &str)]) -> Vec<String> {
    let mut job = Job::new();
    job.set("GITHUB_EVENT_NAME", event);
    for (name, value) in inputs {
        job.input(name, value);
    }
    job.run().ran().arguments.clone()
}

#[test]
fn a_push_is_tested_and_a_pull_request_is_compared_and_commented_too() {
    for event in ["push", "merge_group", "schedule", "workflow_dispatch", "workflow_run"] {
        assert_eq!(arguments(event, &[]), ["--junit=husako-ci.xml"], "{event}");
    }
    for event in ["pull_request", "pull_request_target"] {
        assert_eq!(arguments(event, &[]), ["--junit=husako-ci.xml", "--diff", "--comment"], "{event}");
    }
}

#[test]
fn what_is_said_of_diff_and_comment_counts() {
    let plain = ["--junit=husako-ci.xml"];
    assert_eq!(arguments("pull_request", &[("diff", "false")]), plain);
    assert_eq!(arguments("pull_request", &[("comment", "false")]), ["--junit=husako-ci.xml", "--diff"]);
    assert_eq!(arguments("push", &[("diff", "true")]), ["--junit=husako-ci.xml", "--diff"]);
    assert_eq!(
        arguments("workflow_run", &[("comment", "true")]),
        ["--junit=husako-ci.xml", "--diff", "--comment"]
    );
    // Another job posts what is saved, unless it is said that this one does, too.
    let saved = ["--junit=husako-ci.xml", "--diff", "--save-comment=c.json"];
    assert_eq!(arguments("pull_request", &[("save-comment", "c.json")]), saved);
    let both = arguments("pull_request", &[("save-comment", "c.json"), ("comment", "true")]);
    assert_eq!(both[1..], ["--diff", "--save-comment=c.json", "--comment"]);
}

#[test]
fn a_push_is_never_commented() {
    let mut job = Job::new();
    let outcome = job.input("comment", "true").run();
    assert_eq!(outcome.ran().arguments, ["--junit=husako-ci.xml"]);
    assert!(outcome.remarks[0].contains("no comment is posted"), "{outcome:#?}");
}

#[test]
fn what_is_about_the_comparison_is_inert_where_there_is_none() {
    let inputs = [
        ("base", "main"),
        ("markdown", "diff.md"),
        ("label", "eu"),
        ("comment-mode", "recreate"),
        ("fail-on", "none"),
    ];
    assert_eq!(arguments("push", &inputs), ["--junit=husako-ci.xml", "--fail-on=none"]);
}

#[test]
fn switches_are_true_or_false() {
    for name in ["diff", "comment"] {
        for value in ["yes", "True", "1", "-", "$(touch pwned)", "x\n::error::forged"] {
            let mut job = Job::new();
            job.input(name, value)
                .run()
                .refused(2, &[&format!("the input '{name}' is '{value}'"), "true or false"]);
            assert!(!job.is_pwned());
        }
    }
    let mut job = Job::new();
    job.input("comment", "true").input("diff", "false").run().refused(2, &["contradict"]);
}

#[test]
fn every_input_with_the_name_of_a_flag_arrives_as_it_is() {
    for name in ["junit", "json", "base", "markdown", "save-comment", "label", "comment-mode", "fail-on"] {
        for value in NASTY {
            let mut job = Job::new();
            job.set("GITHUB_EVENT_NAME", "pull_request").input("comment", "true").input(name, value);
            let outcome = job.run();
            let given = format!("--{name}={value}");
            let times = outcome.ran().arguments.iter().filter(|argument| **argument == given).count();
            assert_eq!(times, 1, "{outcome:#?}");
            assert!(!job.is_pwned(), "{value}");
        }
    }
    assert!(arguments("push", &[("junit", "")]).is_empty(), "no flag without a value");
}

#[test]
fn paths_and_arguments_are_one_per_line() {
    let lines = NASTY.join("\n");
    let mut expected: Vec<&str> = lines.lines().collect();
    let given = format!("\n{lines}\n\n");
    let mut job = Job::new();
    job.input("paths", &given).input("args", "--fail-fast\r\n--exclude=a b\n").input("junit", "");
    expected.splice(0..0, ["--fail-fast", "--exclude=a b", "--"]);
    assert_eq!(job.run().ran().arguments, expected);
    assert!(!job.is_pwned());
}

#[test]
fn a_saved_comment_can_be_posted_by_the_action() {
    let inputs = [("junit", ""), ("args", "comment\n--from=comment.json")];
    assert_eq!(arguments("workflow_run", &inputs), ["comment", "--from=comment.json"]);
}

#[test]
fn a_shard_leaves_its_report_for_the_job_that_merges() {
    let shard = ("shard", "2/3");
    let report = "--json=husako-ci-shard-2.json";
    assert_eq!(arguments("push", &[shard]), ["--shard=2/3", "--junit=husako-ci.xml", report]);
    // It compares, but does not comment on its part of the diff.
    let compared = ["--shard=2/3", "--junit=husako-ci.xml", report, "--diff"];
    assert_eq!(arguments("pull_request", &[shard]), compared);
    let named =
        arguments("push", &[shard, ("json", "own.json"), ("junit", ""), ("shard-times", "times.json")]);
    assert_eq!(named, ["--shard=2/3", "--shard-times=times.json", "--json=own.json"]);
    assert!(!arguments("push", &[("shard-times", "times.json")]).join(" ").contains("times"), "one job");
    let mut job = Job::new();
    job.set("GITHUB_EVENT_NAME", "pull_request").input("shard", "2/3").input("comment", "true");
    job.run().refused(2, &["'comment: true'", "'shard'", "give 'comment' to the job that merges"]);
}

#[test]
fn what_is_no_shard_names_no_file() {
    for value in NASTY.into_iter().chain(["../x/3", "/3", "a/3", "auto"]) {
        let mut job = Job::new();
        let outcome = job.input("shard", value).input("junit", "").run();
        assert_eq!(outcome.ran().arguments, [format!("--shard={value}")]);
        assert!(!job.is_pwned(), "{value}");
    }
}

/// A job with reports of shards in its workspace.
fn merging(merge: &str) -> Job {
    let mut job = Job::new();
    for name in ["husako-ci-shard-1.json", "husako-ci-shard-2.json", "a b.json", "a c.json", "-x.json"] {
        fs::write(job.path("workspace").join(name), "{}").unwrap();
    }
    job.input("merge", merge);
    job
}

#[test]
fn the_reports_of_all_shards_are_merged() {
    let default = ["--", "husako-ci-shard-1.json", "husako-ci-shard-2.json"];
    let merged = merging("true").run().ran().arguments.clone();
    assert_eq!(merged[..2], ["merge", "--junit=husako-ci.xml"]);
    assert_eq!(merged[2..], default);
    let mut job = merging("true");
    job.set("GITHUB_EVENT_NAME", "pull_request").input("markdown", "d.md").input("junit", "");
    let merged = job.run().ran().arguments.clone();
    // The shards have compared: there is nothing to ask for with `--diff`.
    assert_eq!(merged[..3], ["merge", "--markdown=d.md", "--comment"]);
    assert_eq!(merged[3..], default);
    let mut job = merging("true");
    job.set("GITHUB_EVENT_NAME", "pull_request").input("diff", "false").input("junit", "");
    assert_eq!(job.run().ran().arguments, [&["merge"], &default[..]].concat());
    assert_eq!(arguments("push", &[("merge", "false")]), ["--junit=husako-ci.xml"]);
}

#[test]
fn reports_are_files_and_globs_one_per_line() {
    let merged = merging("a *.json\r\n\n-x.json\n").input("junit", "").run().ran().arguments.clone();
    assert_eq!(merged, ["merge", "--", "a b.json", "a c.json", "-x.json"]);
    let mut job = merging("true");
    let below = job.path("workspace").join("reports");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("husako-ci-shard-7.json"), "{}").unwrap();
    let merged = job.input("junit", "").input("working-directory", "reports").run().ran().arguments.clone();
    assert_eq!(merged, ["merge", "--", "husako-ci-shard-7.json"], "seen from where it runs");
}

#[test]
fn reports_that_are_not_there_are_told() {
    for value in NASTY.into_iter().filter(|value| !value.starts_with('*')) {
        let mut job = Job::new();
        job.input("merge", value).run().refused(2, &["the input 'merge' names", "downloaded them?"]);
        assert!(!job.is_pwned(), "{value}");
    }
    Job::new().input("merge", "true").run().refused(2, &["'husako-ci-shard-*.json'", "uploaded its JSON"]);
}

#[test]
fn a_job_that_merges_runs_nothing() {
    for (name, value) in [("shard", "1/3"), ("paths", "apps"), ("base", "main")] {
        merging("true").input(name, value).run().refused(2, &["'merge'", &format!("'{name}'"), "contradict"]);
    }
}

#[test]
fn it_runs_where_it_is_told_to() {
    let mut job = Job::new();
    let workspace = job.path("workspace");
    assert_eq!(job.run().ran().folder, workspace);
    for name in ["a b", "-", "-P", "~", "$(touch pwned)", "a\nb", "*", "\"'`touch pwned`"] {
        let mut job = Job::new();
        let folder = job.path("workspace").join(name);
        fs::create_dir(&folder).unwrap();
        // Neither moves where `cd` goes.
        job.set("CDPATH", "/").set("OLDPWD", "/");
        assert_eq!(job.input("working-directory", name).run().ran().folder, folder);
        assert!(!job.is_pwned());
    }
    let absolute = job.path("temp").to_string_lossy().into_owned();
    job.input("working-directory", &absolute);
    assert!(job.run().runs.iter().any(|run| run.folder == job.path("temp")));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    for name in ["nowhere", "no\n::error::forged"] {
        let mut job = Job::new();
        let told = format!("'{name}'");
        job.input("working-directory", name).run().refused(2, &[&told, "Is the repository checked out?"]);
    }
}

#[test]
fn the_exit_status_and_the_outputs_are_passed_on() {
    for status in [1, 2, 8, 9, 130] {
        let mut job = Job::new();
        let outcome = job.set("STATUS", &status.to_string()).run();
        assert_eq!((outcome.status, outcome.runs.len()), (status, 1));
        assert_eq!(outcome.errors, Vec::<String>::new(), "husako-ci has told its own");
        assert_eq!(outcome.outputs["changed"], "3");
        assert_eq!(outcome.outputs["manifests-changed"], "true");
        assert_eq!(outcome.outputs["comment-url"], "");
    }
}

#[test]
fn the_token_is_given_to_the_program_only() {
    assert_eq!(Job::new().run().ran().token, TOKEN);
    assert_eq!(Job::new().input("token", "ghs_other").run().ran().token, "ghs_other");
    assert_eq!(Job::new().input("token", "").run().ran().token, "none");
}

#[test]
fn the_runners_signals_reach_the_program() {
    let mut job = Job::new();
    // Who has the number of the shell that the runner has started is who gets its signals.
    job.script("tell", b"#!/bin/sh\necho \"pid $$ of $PPID\"\n");
    let log = job.input("binary", "tell").run().log;
    let parent = log.rsplit(' ').next().unwrap().trim();
    assert_eq!(parent, std::process::id().to_string(), "{log}");
}
