//! `merge`: one report of those of all shards, and what is refused.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::changes::{commit, git, repository};
use crate::github::{Action, Server};
use crate::run::{Project, Run};

/// Reports in a folder of their own.
struct Reports<'p> {
    project: &'p Project,
    folder: TempDir,
}

impl<'p> Reports<'p> {
    fn of(project: &'p Project) -> Reports<'p> {
        Reports { project, folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    fn write(&self, name: &str, report: &Value) {
        fs::write(self.path(name), report.to_string()).unwrap();
    }

    /// A run whose reports are `<name>.json` and `<name>.xml`.
    fn run(&self, name: &str, args: &[&str]) -> Run {
        let mut command = self.project.command();
        command.args(args).args(
            ["--json", &format!("{name}.json"), "--junit", &format!("{name}.xml")]
                .map(|arg| if arg.starts_with("--") { PathBuf::from(arg) } else { self.path(arg) }),
        );
        Run::of(&mut command)
    }

    /// Three shards, `1.json` to `3.json`, and how they ended.
    fn thirds(&self, args: &[&str]) -> [Option<i32>; 3] {
        ["1", "2", "3"]
            .map(|number| self.run(number, &[args, &["--shard", &format!("{number}/3")]].concat()).status)
    }

    /// Merges reports into `<name>.json` and `<name>.xml`. There is no repository where it runs.
    fn merge(&self, name: &str, reports: &[&str], args: &[&str]) -> Run {
        let reports: Vec<String> = reports.iter().map(|report| format!("{report}.json")).collect();
        let mut command = self.project.command();
        command.current_dir(self.folder.path()).arg("merge").args(&reports).args(args);
        Run::of(command.args(["--json", &format!("{name}.json"), "--junit", &format!("{name}.xml")]))
    }
}

/// A report without what differs between two runs of the same.
fn timeless(mut report: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(strip),
            Value::Object(fields) => {
                for key in ["durationMs", "startedAt", "jobs", "renderSha256"] {
                    fields.remove(key);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    strip(&mut report);
    report
}

/// JUnit without times.
fn timeless_junit(text: &str) -> String {
    let times = regex::Regex::new(r#" (time|timestamp|uuid)="[^"]*""#).unwrap();
    times.replace_all(text, "").into_owned()
}

const FIXTURES: [(&str, &[&str]); 5] = [
    ("passing", &[]),
    ("failing", &["--max-heap-mb", "64"]),
    ("sample", &[]),
    ("api", &["--flaky", "fail"]),
    ("hostile", &["--exclude", "deadline/**"]),
];

#[test]
fn a_merge_of_one_report_is_that_report() {
    for (fixture, args) in FIXTURES {
        let project = Project::fixture(fixture);
        let reports = Reports::of(&project);
        let run = reports.run("whole", &[&["--seed", "7"], args].concat());
        let merged = reports.merge("merged", &["whole"], &[]);
        assert_eq!(run.status, merged.status, "{fixture}: {merged:?}");
        assert!(reports.read("whole.json") == reports.read("merged.json"), "{fixture}: JSON differs");
        assert!(reports.read("whole.xml") == reports.read("merged.xml"), "{fixture}: JUnit differs");
        // Files are told as they end in a run, and in the order of their paths here; the rest is the same.
        let summary = |text: &str| text.lines().rev().take(3).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(summary(&run.stdout), summary(&merged.stdout), "{fixture}");
        let mut lines = [&run, &merged].map(|run| run.stdout.lines().collect::<Vec<_>>());
        lines.iter_mut().for_each(|lines| lines.sort_unstable());
        assert_eq!(lines[0], lines[1], "{fixture}");
    }
}

#[test]
fn three_shards_are_the_whole_run_in_whatever_order_they_come() {
    for (fixture, args) in FIXTURES.iter().filter(|(name, _)| *name != "hostile") {
        let project = Project::fixture(fixture);
        let reports = Reports::of(&project);
        let args = [&["--seed", "7", "--now", "2026-01-31"], *args].concat();
        let whole = reports.run("whole", &args);
        reports.thirds(&args);
        let merged = reports.merge("merged", &["1", "2", "3"], &[]);
        assert_eq!(merged.status, whole.status, "{fixture}: {merged:?}");
        let lines = |report: Value| -> Vec<String> {
            serde_json::to_string_pretty(&timeless(report)).unwrap().lines().map(str::to_owned).collect()
        };
        let (one, other) = (lines(reports.json("merged.json")), lines(reports.json("whole.json")));
        for (number, (one, other)) in one.iter().zip(&other).enumerate() {
            assert_eq!(one, other, "{fixture}, line {number}");
        }
        assert_eq!(one.len(), other.len());
        assert_eq!(timeless_junit(&reports.read("merged.xml")), timeless_junit(&reports.read("whole.xml")));

        let again = reports.merge("again", &["3", "1", "2"], &[]);
        assert_eq!((&again.stdout, again.status), (&merged.stdout, merged.status));
        assert_eq!(reports.read("again.json"), reports.read("merged.json"));
        assert_eq!(reports.read("again.xml"), reports.read("merged.xml"));

        let longest = |name: &str| reports.json(name)["durationMs"].as_f64().unwrap();
        let longest = ["1.json", "2.json", "3.json"].map(longest).into_iter().fold(0.0, f64::max);
        assert_eq!(reports.json("merged.json")["durationMs"], longest);
        let first = |name: &str| reports.json(name)["startedAt"].as_str().unwrap().to_owned();
        let first = ["1.json", "2.json", "3.json"].map(first).into_iter().min().unwrap();
        assert_eq!(reports.json("merged.json")["startedAt"], first);
    }
}

/// A run of three files, in three shards, of which one fails.
fn project() -> Project {
    let test =
        |body: &str| format!("import {{ test }} from 'husako/test';\ntest('a', () => {{ {body} }});\n");
    let project = Project::of(&[]);
    project.write("a.test.ts", &test(""));
    project.write("b.test.ts", &test("throw new Error('it broke')"));
    project.write("c.test.ts", &test(""));
    project
}

#[test]
fn it_ends_as_one_run_would_have() {
    let project = project();
    let reports = Reports::of(&project);
    let mut statuses = reports.thirds(&[]);
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(0), Some(0), Some(1)]);
    reports.merge("m", &["1", "2", "3"], &[]).exits_with(1);
    reports.merge("m", &["1", "2", "3"], &["--fail-on", "entries"]).exits_with(0);
    reports.merge("folder/with/parents/m", &["1", "2", "3"], &["--quiet"]).exits_with(1);
    fs::create_dir_all(reports.path("taken.json")).unwrap();
    reports.merge("taken", &["1", "2", "3"], &[]).exits_with(9);

    // Nothing is left of the cases anywhere.
    assert_eq!(reports.thirds(&["--filter", "nowhere"]), [Some(0); 3]);
    let none = reports.merge("m", &["1", "2", "3"], &[]);
    none.exits_with(8);
    assert!(none.stderr.contains("no case matches --filter"), "{none:?}");
    reports.merge("m", &["1", "2", "3"], &["--no-tests", "pass"]).exits_with(0);

    let empty = Project::of(&[]);
    let reports = Reports::of(&empty);
    assert_eq!(reports.thirds(&[]), [Some(8); 3]);
    reports.merge("m", &["1", "2", "3"], &[]).exits_with(8);
    reports.thirds(&["--no-tests", "pass"]);
    reports.merge("m", &["1", "2", "3"], &["--no-tests", "warn"]).exits_with(0);
}

#[test]
fn an_interrupted_shard_interrupts_the_run() {
    let project = project();
    let reports = Reports::of(&project);
    reports.thirds(&[]);
    let mut report = reports.json("2.json");
    report["summary"]["stopped"] = json!("interrupted");
    reports.write("2.json", &report);
    reports.merge("m", &["1", "2", "3"], &[]).exits_with(130);
    assert_eq!(reports.json("m.json")["summary"]["stopped"], "interrupted");
}

#[test]
fn what_are_not_the_reports_of_all_shards_is_refused() {
    let project = project();
    let reports = Reports::of(&project);
    reports.thirds(&[]);
    let refused = |names: &[&str], reasons: &[&str]| {
        let run = reports.merge("m", names, &[]);
        run.exits_with(2);
        for reason in reasons {
            assert!(run.stderr.contains(reason), "{reason}: {run:?}");
        }
        assert!(run.stdout.is_empty() && !reports.path("m.json").exists(), "{run:?}");
    };
    refused(&["1", "3"], &["shard 2/3 is missing", "1/3, 3/3"]);
    refused(&["1", "2", "2", "3"], &["2.json and 2.json are both of shard 2/3"]);
    refused(&["1", "2", "nowhere"], &["reading nowhere.json: "]);
    reports.run("whole", &[]);
    refused(&["1", "2", "3", "whole"], &["1.json is of a shard, and whole.json is of a whole run"]);
    refused(&["whole", "whole"], &["a.test.ts is in whole.json and in whole.json"]);
    reports.run("half", &["--shard", "2/2"]);
    refused(&["1", "half"], &["1.json is of 3 shards, and half.json of 2"]);
    project.write("d.test.ts", "import { test } from 'husako/test';\ntest('a', () => {});\n");
    reports.run("other", &["--shard", "2/3"]);
    refused(&["1", "other", "3"], &["1.json and other.json are of runs that found other files"]);

    fs::write(reports.path("cut.json"), &reports.read("2.json")[..200]).unwrap();
    fs::write(reports.path("junit.json"), reports.read("2.xml")).unwrap();
    let mut report = reports.json("2.json");
    report["version"] = json!(2);
    reports.write("version.json", &report);
    report["version"] = json!(1);
    report["files"] = json!([{ "path": "../../etc/passwd" }]);
    reports.write("path.json", &report);
    refused(
        &["1", "cut", "junit", "version", "path"],
        &[
            "cut.json is not JSON: EOF while parsing",
            "junit.json is not JSON: expected value at line 1 column 1",
            "version.json has version 2 of the report, and 1 is known",
            "path.json is no JSON report of husako-ci: \"../../etc/passwd\" is no path from the root of the repository at line 1",
        ],
    );
    Run::of(project.command().arg("merge")).exits_with(2);
}

#[test]
fn shards_that_were_dealt_by_different_times_are_refused() {
    let project = Project::of(&[("a.test.ts", ""), ("b.test.ts", ""), ("c.test.ts", ""), ("d.test.ts", "")]);
    let reports = Reports::of(&project);
    reports.run("all", &[]);
    // One file takes longer than the others together, so it is alone: no shares by number are like that.
    let mut times = reports.json("all.json");
    for (at, file) in times["files"].as_array_mut().unwrap().iter_mut().enumerate() {
        file["durationMs"] = if at == 0 { 900.0 } else { 1.0 }.into();
    }
    reports.write("times.json", &times);
    let file = reports.path("times.json");
    let by_time = ["--shard-times", file.to_str().unwrap()];
    reports.run("1", &[&["--shard", "1/2"], &by_time[..]].concat());
    reports.run("2", &["--shard", "2/2"]);
    let run = reports.merge("merged", &["1", "2"], &[]);
    run.exits_with(2);
    assert!(run.stderr.contains("shared them out in another way"), "{run:?}");
    assert!(run.stderr.contains("--shard-times"), "{run:?}");
    assert!(!reports.path("merged.json").exists());
    // With the same times, every file is told once.
    reports.run("2", &[&["--shard", "2/2"], &by_time[..]].concat());
    assert!(!reports.merge("merged", &["1", "2"], &[]).stderr.contains("shared them out"));
    assert_eq!(reports.json("merged.json")["files"].as_array().unwrap().len(), 4);
}

#[test]
fn a_tool_of_another_version_is_only_a_warning() {
    let project = project();
    let reports = Reports::of(&project);
    reports.thirds(&[]);
    let mut report = reports.json("2.json");
    report["tool"]["version"] = json!("9.9.9");
    reports.write("2.json", &report);
    let run = reports.merge("m", &["1", "2", "3"], &[]);
    run.exits_with(1);
    assert!(run.stderr.contains("9.9.9"), "{run:?}");
}

#[test]
fn coverage_is_left_out_and_that_is_told() {
    let project = project();
    let reports = Reports::of(&project);
    reports.thirds(&["--coverage"]);
    let run = reports.merge("m", &["1", "2", "3"], &[]);
    assert!(run.stderr.contains("coverage"), "{run:?}");
    assert_eq!(reports.json("m.json").get("coverage"), None);
}

/// Six entries, of which the head changes the image of all, and moves a ConfigMap from one to another.
fn changed() -> (Project, String) {
    let project = repository();
    git(project.path(), &["rm", "--quiet", "web.ts", "db.ts"]);
    let entry = |number: u32, maps: &str| {
        format!(
            "import {{ build, name }} from 'husako';\nimport {{ ConfigMap }} from 'k8s/core/v1';\n\
             import {{ image }} from './lib';\n\
             const map = (of, data) => ConfigMap().metadata(name(of)).data(data);\n\
             build([map('e{number}', {{ image }}), {maps}]);\n"
        )
    };
    let write = |image: &str, holder: u32| {
        project.write("lib.ts", &format!("export const image = '{image}';\n"));
        for number in 0..6 {
            let maps = if number == holder { "map('wanders', { a: '1' })" } else { "" };
            project.write(&format!("e{number}.ts"), &entry(number, maps));
        }
    };
    project.write(
        "husako.toml",
        &(0..6)
            .fold("[entries]\n".to_owned(), |text, number| text + &format!("e{number} = \"e{number}.ts\"\n")),
    );
    write("web:1", 0);
    commit(&project, "base");
    let base = git(project.path(), &["rev-parse", "HEAD"]);
    write("web:2", 5);
    commit(&project, "head");
    (project, base)
}

#[test]
fn what_the_shards_found_to_differ_is_what_the_whole_run_finds() {
    let (project, base) = changed();
    let reports = Reports::of(&project);
    reports.run("whole", &["--base", &base]).exits_with(0);
    assert_eq!(reports.thirds(&["--base", &base]), [Some(0); 3]);
    let merged = reports.merge("merged", &["1", "2", "3"], &["--markdown", "diff.md"]);
    merged.exits_with(0);
    let (whole, joined) = (timeless(reports.json("whole.json")), timeless(reports.json("merged.json")));
    assert_eq!(whole["diff"], joined["diff"]);
    // All entries have one change in common, which no shard could know; and nothing was deleted.
    assert_eq!(joined["diff"]["groups"][0]["resources"].as_array().unwrap().len(), 6);
    assert_eq!(joined["diff"]["counts"]["moved"], 1);
    assert!(merged.stdout.contains("web:1 → web:2"), "{merged:?}");
    let markdown = project.run(&["diff", "--base", &base, "--format", "markdown"]);
    assert_eq!(reports.read("diff.md"), markdown.stdout);

    reports.run("1", &["--shard", "1/3"]);
    let run = reports.merge("again", &["1", "2", "3"], &[]);
    run.exits_with(2);
    assert!(run.stderr.contains("2.json has compared with a base, and 1.json has not"), "{run:?}");
    let other = git(project.path(), &["rev-parse", "HEAD"]);
    reports.run("1", &["--shard", "1/3", "--base", &other]);
    let run = reports.merge("again", &["1", "2", "3"], &[]);
    run.exits_with(2);
    assert!(run.stderr.contains(&format!("({other}), and 2.json with")), "{run:?}");
}

#[test]
fn the_merge_tells_github_what_all_shards_found() {
    let (project, base) = changed();
    project.write(
        "b.test.ts",
        "import { test } from 'husako/test';\ntest('a', () => { throw new Error('it broke'); });\n",
    );
    let head = commit(&project, "a test that fails");
    let server = Server::start();
    let reports = Reports::of(&project);
    let mut action = Action::pull_request(&project, 7, &head, &base);
    action.api(&server);
    for number in ["1", "2", "3"] {
        let args = ["--base", &base, "--shard", &format!("{number}/3"), "--json"].map(str::to_owned);
        let run = Run::of(action.command().args(args).arg(reports.path(&format!("{number}.json"))));
        assert!(!run.stdout.contains("::error"), "{run:?}");
    }
    assert_eq!(action.summary(), "");
    // Another folder: the job that merges needs no checkout.
    let merge = |args: &[&str]| {
        let paths = ["1.json", "2.json", "3.json"].map(|name| reports.path(name));
        let mut command = action.command();
        Run::of(command.current_dir(reports.folder.path()).arg("merge").args(paths).args(args))
    };
    let run = merge(&["--comment", "--junit", "m.xml"]);
    run.exits_with(1);
    assert_eq!(run.stdout.matches("::error ").count(), 1, "{run:?}");
    assert!(run.stdout.contains("file=b.test.ts"), "{run:?}");
    let summary = action.summary();
    assert!(summary.contains("it broke") && summary.contains("data.image"), "{summary}");
    let output = action.output();
    for set in ["tests-failed=1\n", "changed=7\n", "manifests-changed=true\n", "comment-url=https"] {
        assert!(output.contains(set), "{set}: {output}");
    }
    let comments = server.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("1 test failed") && comments[0].contains("data.image"), "{}", comments[0]);
    // Once more: the comment is edited.
    merge(&["--comment"]).exits_with(1);
    assert_eq!(server.comments().len(), 1);

    // What a job without rights saves, another posts.
    merge(&["--save-comment", "saved.json"]).exits_with(1);
    let saved = reports.read("saved.json");
    assert!(saved.contains("it broke") && saved.contains(&head), "{saved}");
}

#[test]
fn a_comment_needs_something_to_compare() {
    let project = project();
    let reports = Reports::of(&project);
    reports.thirds(&[]);
    for flags in [&["--save-comment", "c.json"][..], &["--markdown", "d.md"], &["--fail-on", "dangerous"]] {
        let run = reports.merge("m", &["1", "2", "3"], flags);
        run.exits_with(2);
        assert!(run.stderr.contains("give --diff to every shard"), "{run:?}");
    }
    let run = reports.merge("m", &["1", "2", "3"], &["--comment"]);
    run.exits_with(2);
    assert!(run.stderr.contains("GitHub Actions"), "{run:?}");
}

/// A report in which every name and message of a file is `said`.
fn hostile(report: &mut Value, said: &str) {
    for file in report["files"].as_array_mut().unwrap() {
        file["output"] = json!([{ "stream": "stdout", "text": said }]);
        for case in file["cases"].as_array_mut().unwrap() {
            case["name"] = json!(said);
            for failure in case["failures"].as_array_mut().unwrap() {
                failure["message"] = json!(said);
                failure["type"] = json!(said);
            }
        }
    }
    report["warnings"] = json!([{ "severity": "warning", "message": said }]);
    report["tool"]["version"] = json!(said);
    report["shard"]["plan"] = json!(said);
}

#[test]
fn a_report_commands_neither_a_terminal_nor_a_log() {
    let project = project();
    let reports = Reports::of(&project);
    reports.thirds(&[]);
    let said = "\u{1b}]0;title\u{7}\u{1b}[2J\r\n::error file=a::forged\n##[group]x\n]]>&<a b=\"\u{0}\u{202e}";
    for name in ["1.json", "2.json", "3.json"] {
        let mut report = reports.json(name);
        hostile(&mut report, said);
        reports.write(name, &report);
    }
    let mut odd = reports.json("1.json");
    odd["files"][0]["status"] = json!(said);
    reports.write("odd.json", &odd);
    let run = reports.merge("m", &["odd"], &[]);
    run.exits_with(2);
    assert!(!run.stderr.contains(|c: char| c.is_control() && c != '\n'), "{run:?}");
    assert!(run.stderr.lines().all(|line| !line.starts_with("::")), "{run:?}");

    let paths = ["1.json", "2.json", "3.json"].map(|name| reports.path(name));
    let action = Action::new(&project);
    let mut command = action.command();
    let run = Run::of(command.arg("merge").args(paths).arg("--junit").arg(reports.path("m.xml")).arg("-v"));
    run.exits_with(1);
    // The log is everything but the commands, of which there is the pair that turns others off, and one for the failure.
    let (commands, log): (Vec<&str>, Vec<&str>) = run.stdout.lines().partition(|line| line.starts_with("::"));
    assert_eq!(commands.len(), 3, "{commands:?}");
    assert!(
        commands[0].starts_with("::stop-commands::") && commands[2].starts_with("::error file=b.test.ts,")
    );
    for line in log.into_iter().chain(run.stderr.lines()) {
        assert!(
            !line.contains(|c: char| c.is_control() || c == '\u{202e}') && !line.contains("##["),
            "{line:?}"
        );
    }
    roxmltree::Document::parse(&reports.read("m.xml")).unwrap();
}
