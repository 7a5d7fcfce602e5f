//! Arguments, and the exit statuses that come of them.

use std::fs;

use serde_json::Value;

use crate::run::{Project, Run};

const PASSES: &str = "import { test } from \"husako/test\";\ntest(\"passes\", () => {});\n";
const FAILS: &str =
    "import { expect, test } from \"husako/test\";\ntest(\"fails\", () => { expect(1).toBe(2); });\n";

fn mixed() -> Project {
    Project::of(&[
        ("a/one.test.ts", PASSES),
        ("a/two.spec.ts", PASSES),
        ("b/three.test.husako", PASSES),
        ("b/four.test.ts", FAILS),
        ("b/main.husako", "import { build } from \"husako\";\nbuild([]);\n"),
        ("b/helper.ts", "export {};\n"),
        ("other/husako.toml", "[entries]\ndev = \"dev.ts\"\n"),
        ("other/dev.ts", "import { build } from \"husako\";\nbuild([]);\n"),
        ("other/five.test.ts", PASSES),
        (".hidden/six.test.ts", FAILS),
        ("node_modules/x/seven.test.ts", FAILS),
        (".gitignore", "ignored/\n"),
        ("ignored/eight.test.ts", FAILS),
    ])
}

/// The files of a JSON report that ran.
fn ran(project: &Project, args: &[&str]) -> Vec<String> {
    let reported = project.report(args);
    let files = reported.json["files"].as_array().unwrap().clone();
    files
        .iter()
        .filter(|file| file["status"] != "notRun")
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn everything_below_the_folder_runs_unless_paths_are_given() {
    let project = mixed();
    let everything = [
        "a/one.test.ts",
        "a/two.spec.ts",
        "b/four.test.ts",
        "b/main.husako",
        "b/three.test.husako",
        "other/dev.ts",
        "other/five.test.ts",
    ];
    assert_eq!(ran(&project, &[]), everything);
    assert_eq!(ran(&project, &["."]), everything);
    assert_eq!(ran(&project, &["--entries-only"]), [everything[3], everything[5]]);
    let all =
        ["a/one.test.ts", "a/two.spec.ts", "b/four.test.ts", "b/three.test.husako", "other/five.test.ts"];
    let ran = |project: &Project, args: &[&str]| ran(project, &[&["--tests-only"], args].concat());
    assert_eq!(ran(&project, &[]), all);
    assert_eq!(ran(&project, &["a"]), all[..2]);
    assert_eq!(ran(&project, &["a/", "./b/../other"]), [all[0], all[1], all[4]]);
    assert_eq!(ran(&project, &["b/four.test.ts", "b/four.test.ts"]), [all[2]]);
    assert_eq!(ran(&project, &["**/*.spec.ts"]), [all[1]]);
    assert_eq!(ran(&project, &["*/t*"]), [all[1], all[3]]);
    assert_eq!(ran(&project, &["--include", "a/**", "--exclude", "**/*.spec.ts"]), [all[0]]);
    assert_eq!(ran(&project, &["--exclude", "a/**", "--exclude", "b/**"]), [all[4]]);
    let absolute = project.path().join("b");
    assert_eq!(ran(&project, &[absolute.to_str().unwrap()]), [all[2], all[3]]);
}

#[test]
fn a_subfolder_is_a_place_to_run_from() {
    let project = mixed();
    let told = project.run_in("a", &["--verbose"]);
    told.exits_with(0);
    assert!(told.stdout.contains("✓ a/one.test.ts (1 case"), "{}", told.stdout);
    assert!(!told.stdout.contains("three"), "{}", told.stdout);
    let told = project.run_in("a", &["../b/three.test.husako"]);
    told.exits_with(0);
    assert!(told.stdout.contains("✓ b/three.test.husako (1 case"), "{}", told.stdout);
}

#[test]
fn lists_run_nothing() {
    let project = mixed();
    let text = project.run(&["--list"]);
    text.exits_with(0);
    let lines: Vec<&str> = text.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "test   a/one.test.ts",
            "test   a/two.spec.ts",
            "test   b/four.test.ts",
            "test   b/three.test.husako",
            "test   other/five.test.ts",
            "entry  b/main.husako",
            "entry  other/dev.ts  (dev)",
        ]
    );
    let json = project.run(&["--list=json", "other"]);
    json.exits_with(0);
    let list: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(list["version"], 1);
    assert_eq!(list["tests"], serde_json::json!([{ "path": "other/five.test.ts", "project": "other" }]));
    assert_eq!(
        list["entries"],
        serde_json::json!([{ "path": "other/dev.ts", "project": "other", "aliases": ["dev"] }])
    );
    project.run(&["--list=yaml"]).exits_with(2);
    Project::of(&[]).run(&["--list"]).exits_with(8);
}

#[test]
fn filters_choose_cases() {
    let project = Project::of(&[(
        "x.test.ts",
        "import { describe, test } from \"husako/test\";\n\
         describe(\"suite\", () => { test(\"one\", () => {}); test(\"two\", () => { throw 1; }); });\n",
    )]);
    let reported = project.report(&["--filter", "^suite > one$"]);
    reported.run.exits_with(0);
    assert_eq!(reported.json["summary"]["cases"]["filteredOut"], 1);
    assert_eq!(reported.json["files"][0]["cases"].as_array().unwrap().len(), 1);
    project.run(&["--filter", "two"]).exits_with(1);
    project.run(&["--filter", "nothing"]).exits_with(8);
    project.run(&["--filter", "nothing", "--no-tests=pass"]).exits_with(0);
    project.run(&["--filter", "("]).exits_with(2);
}

#[test]
fn nothing_to_run_has_a_status_of_its_own() {
    let empty = Project::of(&[]);
    let told = empty.run(&[]);
    told.exits_with(8);
    assert!(told.stderr.contains("no tests"), "{}", told.stderr);
    assert_eq!(empty.run(&["--no-tests=pass"]).exits_with(0).stderr, "");
    let told = empty.run(&["--no-tests=warn"]);
    assert!(told.exits_with(0).stderr.starts_with("warning: "), "{}", told.stderr);
    empty.run(&["--no-tests=maybe"]).exits_with(2);
    mixed().run(&["nothing*/**"]).exits_with(8);
    mixed().run(&["--exclude", "**"]).exits_with(8);
    // Reports are written all the same.
    let reported = empty.report(&[]);
    reported.run.exits_with(8);
    assert_eq!(reported.json["files"], serde_json::json!([]));
    roxmltree::Document::parse(&reported.junit).unwrap();
}

#[test]
fn entries_alone_are_something() {
    Project::of(&[("main.husako", "import { build } from \"husako\";\nbuild([]);\n")]).run(&[]).exits_with(0);
}

#[test]
fn a_failure_stops_the_start_of_others_if_asked() {
    let project = Project::of(&[("a.test.ts", FAILS), ("b.test.ts", PASSES), ("c.test.ts", PASSES)]);
    let reported = project.report(&["--fail-fast", "--jobs", "1"]);
    reported.run.exits_with(1);
    let statuses: Vec<&str> = reported.json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["failed", "notRun", "notRun"]);
    assert_eq!(reported.json["summary"]["stopped"], "fail-fast");
    assert!(reported.run.stdout.contains("2 not run"), "{}", reported.run.stdout);
    assert_eq!(reported.junit.matches("--fail-fast").count(), 2);
}

#[test]
fn mistakes_run_nothing() {
    let project = mixed();
    for args in [
        &["--nope"][..],
        &["--jobs", "0"],
        &["--jobs", "many"],
        &["--timeout-ms", "0"],
        &["--timeout-ms", "1e3"],
        &["--test-timeout-ms", "-1"],
        &["--max-heap-mb", "1"],
        &["--quiet", "--verbose"],
        &["--color", "sometimes"],
        &["missing.test.ts"],
        &["missing/folder"],
        &["../outside"],
        &["/"],
        &["--include", "["],
    ] {
        let told = project.run(args);
        assert_eq!(told.status, Some(2), "{args:?}\n{}\n{}", told.stdout, told.stderr);
        assert!(
            !told.stderr.is_empty() && told.stdout.is_empty(),
            "{args:?}\n{}\n{}",
            told.stdout,
            told.stderr
        );
    }
    let broken = Project::of(&[("husako.toml", "[entries\n"), ("a.test.ts", PASSES)]);
    let told = broken.run(&[]);
    assert!(told.exits_with(2).stderr.contains("husako.toml:1"), "{}", told.stderr);
    assert!(project.run(&["--help"]).exits_with(0).stdout.contains("Exit status"));
    project.run(&["--version"]).exits_with(0);
}

#[test]
fn reports_go_into_new_folders_and_replace_old_ones() {
    let project = Project::of(&[("a.test.ts", FAILS)]);
    project.write("old.json", "old");
    project.run(&["--junit", "new/deep/out.xml", "--json", "old.json"]).exits_with(1);
    assert!(project.exists("new/deep/out.xml"));
    let json = fs::read_to_string(project.path().join("old.json")).unwrap();
    assert!(json.starts_with("{\n"), "{json}");
    let left: Vec<_> = fs::read_dir(project.path().join("new/deep")).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
}

#[test]
fn reports_that_cannot_be_written_are_known_before_anything_runs() {
    let project = Project::of(&[("a.test.ts", PASSES), ("folder/x", ""), ("file", "")]);
    for path in ["folder", "file/out.xml", "."] {
        for flag in ["--junit", "--json"] {
            let told = project.run(&[flag, path]);
            told.exits_with(9);
            assert_eq!(told.stdout, "", "{flag} {path}");
            assert!(told.stderr.contains(path), "{}", told.stderr);
        }
    }
}

#[test]
fn one_report_that_fails_leaves_the_others() {
    // Nobody reads standard output.
    let project = Project::of(&[("a.test.ts", FAILS)]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status =
        project.command().args(["--json", "out.json", "--junit", "out.xml"]).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(9));
    assert!(project.exists("out.json") && project.exists("out.xml"));
}

#[test]
fn several_projects_resolve_for_themselves() {
    let import = |path: &str| {
        format!(
            "import {{ test }} from \"husako/test\";\nimport \"{path}\";\ntest(\"passes\", () => {{}});\n"
        )
    };
    let project = Project::of(&[
        ("common.ts", "export {};\n"),
        ("one/husako.toml", ""),
        ("one/in.test.ts", &import("./deep/lib.ts")),
        ("one/deep/lib.ts", "export {};\n"),
        ("one/out.test.ts", &import("../common.ts")),
        ("two/deep/a.test.ts", &import("../../common.ts")),
    ]);
    let reported = project.report(&[]);
    reported.run.exits_with(1);
    let files = reported.json["files"].as_array().unwrap();
    let told: Vec<_> = files
        .iter()
        .map(|f| (f["path"].as_str().unwrap(), f["project"].as_str().unwrap(), f["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("one/in.test.ts", "one", "passed"),
            ("one/out.test.ts", "one", "failed"),
            ("two/deep/a.test.ts", ".", "passed")
        ]
    );
    project.run(&["--allow-outside-root"]).exits_with(0);
}

#[test]
fn a_repository_of_git_is_the_root() {
    let project = Project::of(&[("infra/husako.toml", ""), ("infra/a.test.ts", PASSES)]);
    fs::remove_file(project.path().join("husako.toml")).unwrap();
    let Ok(status) =
        std::process::Command::new("git").args(["init", "-q"]).current_dir(project.path()).status()
    else {
        println!("skipped: git is not installed");
        return;
    };
    assert!(status.success());
    let told: Run = project.run_in("infra", &["--list"]);
    assert_eq!(told.exits_with(0).stdout, "test   infra/a.test.ts\n");
}

#[test]
fn the_same_input_gives_the_same_text() {
    let project = Project::fixture("failing");
    let scrub = |text: &str| {
        let time = regex::Regex::new(r"(<1ms|\d+ms|\d+\.\d\ds|\d+m \d\ds)").unwrap();
        time.replace_all(text, "TIME").into_owned()
    };
    let run = || project.run(&["--quiet", "--max-heap-mb", "64"]);
    let first = run();
    assert_eq!(scrub(&first.stdout), scrub(&run().stdout));
    assert!(!first.stdout.contains(project.path().to_str().unwrap()), "no absolute paths");
}

#[test]
fn no_colour_unless_it_is_asked_for() {
    let project = Project::of(&[("a.test.ts", FAILS)]);
    assert!(!project.run(&[]).stdout.contains('\u{1b}'));
    assert!(project.run(&["--color", "always"]).stdout.contains('\u{1b}'));
    assert!(!project.run(&["--color", "never"]).stdout.contains('\u{1b}'));
}

#[test]
fn a_plugin_is_read_where_it_lies() {
    let project = Project::of(&[
        ("app/husako.toml", "[plugins]\nlocal = { source = \"path\", path = \"../plugins/local\" }\n"),
        (
            "plugins/local/plugin.toml",
            "[plugin]\nname = \"local\"\nversion = \"1.0.0\"\n[modules]\n\"local/hi\" = \"modules/hi.js\"\n",
        ),
        (
            "plugins/local/modules/hi.js",
            "import { you } from \"./you.js\";\nexport const hi = () => \"hi \" + you;\n",
        ),
        ("plugins/local/modules/you.js", "export const you = \"you\";\n"),
        (
            "app/a.test.ts",
            "import { test, expect } from \"husako/test\";\nimport { hi } from \"local/hi\";\n\
             test(\"plugin\", () => { expect(hi()).toBe(\"hi you\"); });\n",
        ),
    ]);
    project.run(&[]).exits_with(0);
}
