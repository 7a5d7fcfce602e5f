//! What happens when the run is asked to end.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::run::Project;

const PASSES: &str = "import { test } from \"husako/test\";\ntest(\"passes\", () => {});\n";

fn signal(child: &Child, name: &str) -> bool {
    match Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status() {
        Ok(status) => status.success(),
        Err(_) => {
            println!("skipped: kill is not installed");
            false
        }
    }
}

/// Runs until the first file is told, sends signals, and gives the exit status and the JSON report.
fn interrupted(second: &str, signals: &[&str]) -> Option<(Option<i32>, Value, bool)> {
    let project = Project::of(&[("a.test.ts", PASSES), ("b.test.ts", second), ("c.test.ts", PASSES)]);
    let mut command = project.command();
    command
        .args(["--jobs", "1", "--json", "out.json", "--junit", "out.xml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    // The line of the first file: the second runs, or is about to.
    let mut line = String::new();
    while !line.contains("a.test.ts") {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the program ended early");
    }
    for name in signals {
        if !signal(&child, name) {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
    }
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    let status = child.wait().unwrap();
    let json = std::fs::read_to_string(project.path().join("out.json")).unwrap();
    let junit = std::fs::read_to_string(project.path().join("out.xml")).unwrap();
    Some((status.code(), serde_json::from_str(&json).unwrap(), roxmltree::Document::parse(&junit).is_ok()))
}

#[test]
fn all_reports_are_written_when_the_run_is_interrupted() {
    for second in [
        "import { test } from \"husako/test\";\ntest(\"loops\", () => { for (;;) {} });\n",
        "import { test } from \"husako/test\";\ntest(\"waits\", () => new Promise((resolve) => setTimeout(resolve, 60_000)));\n",
        "import { test } from \"husako/test\";\ntest(\"native\", () => { new Array(2 ** 32 - 1).join(\"\"); });\n",
        "for (;;) {}\n",
    ] {
        for signals in [&["INT"][..], &["TERM"], &["INT", "INT"]] {
            let Some((status, json, junit)) = interrupted(second, signals) else { return };
            assert_eq!(status, Some(130), "{second} {signals:?} {json}");
            assert!(junit);
            assert_eq!(json["summary"]["stopped"], "interrupted", "{json}");
            assert_eq!(json["files"].as_array().unwrap().len(), 3);
            assert_eq!(json["files"][0]["status"], "passed", "{json}");
            assert_eq!(json["files"][2]["status"], "notRun", "{json}");
        }
    }
}
