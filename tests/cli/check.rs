//! Checks every sink against a table of what must be told.

use std::fmt::Write;

use serde_json::Value;

use crate::run::{Project, Reported, Run};
use crate::table::{File, Told};

/// Runs a project and compares the exit status, JUnit, JSON and the terminal's text with `table`.
///
/// All differences are told at once.
#[track_caller]
pub fn every_sink(project: &Project, args: &[&str], table: &[File]) -> Reported {
    let reported = project.report(&[&["--verbose"], args].concat());
    let mut wrong = String::new();
    json(&reported.json, table, &mut wrong);
    junit(&reported.junit, table, &mut wrong);
    terminal(&reported.run, table, &mut wrong);
    let failed = table.iter().flat_map(|(_, cases)| *cases).any(|(_, told)| is_failure(*told));
    if reported.run.status != Some(i32::from(failed)) {
        writeln!(wrong, "exit status: {:?}", reported.run.status).unwrap();
    }
    assert!(wrong.is_empty(), "\n{wrong}\nstderr: {}", reported.run.stderr);
    reported
}

fn is_failure(told: Told) -> bool {
    match told {
        Told::Failed(_) | Told::Error(..) | Told::AnyError => true,
        Told::Passed | Told::Todo | Told::Skipped(_) => false,
    }
}

/// Lists must have the same items in the same order. Returns those of both.
fn same_items(what: &str, expected: &[&str], told: &[&str], wrong: &mut String) -> bool {
    for missing in expected.iter().filter(|name| !told.contains(name)) {
        writeln!(wrong, "{what}: `{missing}` is missing").unwrap();
    }
    for extra in told.iter().filter(|name| !expected.contains(name)) {
        writeln!(wrong, "{what}: `{extra}` is too much").unwrap();
    }
    let mut sorted = (expected.to_vec(), told.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    if sorted.0 == sorted.1 && expected != told {
        writeln!(wrong, "{what}: another order: {told:?}").unwrap();
    }
    expected == told
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn json(report: &Value, table: &[File], wrong: &mut String) {
    let none = Vec::new();
    let list = |value: &Value| value.as_array().unwrap_or(&none).clone();
    let files = list(&report["files"]);
    let paths: Vec<&str> = files.iter().map(|file| text(&file["path"])).collect();
    same_items("JSON files", &table.iter().map(|file| file.0).collect::<Vec<_>>(), &paths, wrong);
    for (path, expected) in table {
        let Some(file) = files.iter().find(|file| file["path"] == *path) else { continue };
        let cases = list(&file["cases"]);
        let names: Vec<&str> = cases.iter().map(|case| text(&case["name"])).collect();
        same_items(
            &format!("JSON {path}"),
            &expected.iter().map(|case| case.0).collect::<Vec<_>>(),
            &names,
            wrong,
        );
        for (name, told) in *expected {
            let Some(case) = cases.iter().find(|case| case["name"] == *name) else { continue };
            let first = &case["failures"][0];
            let place = match (first["path"].as_str(), &first["line"], &first["column"]) {
                (None, ..) => "-".to_owned(),
                (Some(file), line, column) if file == *path => format!("{line}:{column}"),
                (Some(file), line, column) => format!("{file}:{line}:{column}"),
            };
            let at = |expected: &str| expected == "*" || expected == place;
            let right = match told {
                Told::Passed => case["status"] == "passed",
                Told::Todo => case["status"] == "todo",
                Told::Skipped(reason) => case["status"] == "skipped" && case["reason"] == *reason,
                Told::Failed(expected) => {
                    case["status"] == "failed" && first["kind"] == "AssertionError" && at(expected)
                }
                Told::Error(kind, expected) => {
                    case["status"] == "error" && first["kind"] == *kind && at(expected)
                }
                Told::AnyError => case["status"] == "error",
            };
            if !right {
                let (status, kind, message) =
                    (text(&case["status"]), text(&first["kind"]), short(text(&first["message"])));
                writeln!(
                    wrong,
                    "JSON {path} > {name}: {told:?}, but told: {status} {kind} {place} {message:?}"
                )
                .unwrap();
            }
            if is_failure(*told) && text(&first["message"]).is_empty() {
                writeln!(wrong, "JSON {path} > {name}: no message").unwrap();
            }
        }
        let failed = expected.iter().any(|(_, told)| is_failure(*told));
        if file["status"] != if failed { "failed" } else { "passed" } {
            writeln!(wrong, "JSON {path}: {}", file["status"]).unwrap();
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

fn junit(xml: &str, table: &[File], wrong: &mut String) {
    let document = roxmltree::Document::parse(xml).expect("the report is well-formed XML");
    let suites: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testsuite")).collect();
    let names: Vec<&str> = suites.iter().filter_map(|suite| suite.attribute("name")).collect();
    same_items("JUnit files", &table.iter().map(|file| file.0).collect::<Vec<_>>(), &names, wrong);
    for (path, expected) in table {
        let Some(suite) = suites.iter().find(|suite| suite.attribute("name") == Some(path)) else { continue };
        let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
        let names: Vec<&str> = cases.iter().filter_map(|case| case.attribute("name")).collect();
        same_items(
            &format!("JUnit {path}"),
            &expected.iter().map(|case| case.0).collect::<Vec<_>>(),
            &names,
            wrong,
        );
        let (mut failures, mut errors, mut skipped) = (0, 0, 0);
        for (name, told) in *expected {
            let Some(case) = cases.iter().find(|case| case.attribute("name") == Some(name)) else { continue };
            let has = |tag: &str| case.children().find(|node| node.has_tag_name(tag));
            let verdicts = (has("failure"), has("error"), has("skipped"));
            let right = match (told, verdicts) {
                (Told::Passed, (None, None, None)) => true,
                (Told::Todo, (None, None, Some(node))) => node.attribute("message") == Some("todo"),
                (Told::Skipped(reason), (None, None, Some(node))) => {
                    node.attribute("message") == Some(reason)
                }
                (Told::Failed(_), (Some(node), None, None))
                | (Told::Error(..) | Told::AnyError, (None, Some(node), None)) => {
                    node.attribute("message").is_some_and(|message| !message.is_empty())
                        && node.attribute("type").is_some_and(|kind| !kind.is_empty())
                        && node.text().is_some_and(|body| !body.is_empty())
                }
                _ => false,
            };
            if !right {
                writeln!(wrong, "JUnit {path} > {name}: {told:?}, but told: {verdicts:?}").unwrap();
            }
            failures += usize::from(matches!(told, Told::Failed(_)));
            errors += usize::from(matches!(told, Told::Error(..) | Told::AnyError));
            skipped += usize::from(matches!(told, Told::Skipped(_) | Told::Todo));
        }
        let counts = [
            ("tests", expected.len()),
            ("failures", failures),
            ("errors", errors),
            ("disabled", skipped),
            ("skipped", skipped),
        ];
        for (attribute, count) in counts {
            if suite.attribute(attribute).is_some_and(|told| told != count.to_string()) {
                let told = suite.attribute(attribute);
                writeln!(wrong, "JUnit {path}: {attribute} is {told:?}, not {count}").unwrap();
            }
        }
    }
}

/// So many failed cases are told in full; the others are counted.
const MAX_FAILURES: usize = 50;

fn terminal(run: &Run, table: &[File], wrong: &mut String) {
    commands_nothing(&run.stdout, wrong);
    let headings: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("FAIL ")).collect();
    let (mut passed, mut failed, mut skipped, mut todo) = (0, 0, 0, 0);
    for (path, expected) in table {
        let any_failed = expected.iter().any(|(_, told)| is_failure(*told));
        let mark = if any_failed { "✗" } else { "✓" };
        let mut lines = run.stdout.lines().skip_while(|line| !line.starts_with(&format!("{mark} {path} (")));
        if lines.next().is_none() {
            writeln!(wrong, "terminal: no line `{mark} {path}`").unwrap();
        }
        let lines: Vec<&str> = lines.take_while(|line| line.starts_with("  ")).collect();
        for (name, told) in *expected {
            let line = match told {
                Told::Passed => format!("  ✓ {name} ("),
                Told::Todo => format!("  - {name} (todo)"),
                Told::Skipped(reason) => format!("  - {name} (skipped: {reason})"),
                Told::Failed(_) | Told::Error(..) | Told::AnyError => format!("  ✗ {name} ("),
            };
            if !lines.iter().any(|told| told.starts_with(&line)) {
                writeln!(wrong, "terminal {path}: no line `{line}`").unwrap();
            }
            let is_heading = |heading: &&&str| {
                heading.starts_with(&format!("FAIL {path}")) && heading.ends_with(&format!(" > {name}"))
            };
            let told_failures = headings.iter().filter(is_heading).count();
            let in_full = is_failure(*told) && failed < MAX_FAILURES;
            if in_full != (told_failures > 0) {
                writeln!(wrong, "terminal {path} > {name}: {told:?}, and {told_failures} headings").unwrap();
            }
            match told {
                Told::Passed => passed += 1,
                Told::Todo => todo += 1,
                Told::Skipped(_) => skipped += 1,
                Told::Failed(_) | Told::Error(..) | Told::AnyError => failed += 1,
            }
        }
    }
    let counts = [(failed, "failed"), (passed, "passed"), (skipped, "skipped"), (todo, "todo")];
    let counts: Vec<String> =
        counts.iter().filter(|count| count.0 > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let summary = format!("Cases {}", counts.join(", "));
    if !run.stdout.lines().any(|line| line == summary) {
        writeln!(
            wrong,
            "terminal: no line `{summary}`:\n{}",
            run.stdout.lines().rev().take(4).collect::<Vec<_>>().join("\n")
        )
        .unwrap();
    }
}

/// Nothing that was printed may command a terminal or GitHub's runner.
pub fn commands_nothing(printed: &str, wrong: &mut String) {
    for line in printed.lines() {
        if line.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)) {
            writeln!(wrong, "a control character: {:?}", short(line)).unwrap();
        }
        if line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[") {
            writeln!(wrong, "a command: {:?}", short(line)).unwrap();
        }
    }
}
