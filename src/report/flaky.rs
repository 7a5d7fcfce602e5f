//! What every report tells of a case that passed only when it was run again.

use std::collections::BTreeSet;
use std::time::Duration;

use super::comment::{About, Tally};
use super::markdown::Elsewhere;
use super::terminal::{Terminal, Verbosity};
use super::{Run, Sink, annotations, json, junit, model, summary};
use crate::event::{Attempt, CaseStatus, Event, FailureKind, FileStatus};

/// A run with one flaky case, which failed twice.
fn events(fails: bool) -> Vec<Event> {
    let mut file = model::passing("apps/net.test.ts", &["connects", "is fast"]);
    let case = &mut file.cases[0];
    case.status = CaseStatus::Flaky { fails };
    case.attempts = ["refused", "timed out"]
        .map(|message| Attempt {
            duration: Duration::from_millis(5),
            failures: vec![model::failure(FailureKind::Thrown, "TypeError", message)],
            output: Vec::new(),
        })
        .into();
    if fails {
        file.status = FileStatus::Failed;
    }
    model::run_of(vec![file], None)
}

fn run(fails: bool) -> Run {
    let mut run = Run::default();
    events(fails).iter().for_each(|event| run.add(event));
    run
}

#[test]
fn junit_tells_the_runs_that_failed() {
    for (fails, failures) in [(false, "0"), (true, "1")] {
        let written = String::from_utf8(junit::render(&run(fails)).unwrap()).unwrap();
        let document = roxmltree::Document::parse(&written).unwrap();
        let told: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("flakyError"))
            .map(|node| (node.attribute("message"), node.attribute("type")))
            .collect();
        assert_eq!(told, [(Some("refused"), Some("TypeError")), (Some("timed out"), Some("TypeError"))]);
        assert_eq!(document.root_element().attribute("failures"), Some(failures));
    }
}

#[test]
fn json_has_the_attempts() {
    let written: serde_json::Value = serde_json::from_slice(&json::render(&run(false)).unwrap()).unwrap();
    let case = &written["files"][0]["cases"][0];
    assert_eq!(case["status"], "flaky");
    assert_eq!(case["attempts"][1]["failures"][0]["message"], "timed out");
    assert_eq!(written["files"][0]["cases"][1].get("attempts"), None);
    assert_eq!(written["summary"]["cases"]["flaky"], 1);
}

#[test]
fn the_terminal_shows_what_failed() {
    for (fails, heading) in [(false, "FLAKY"), (true, "FAIL")] {
        let mut out = Vec::new();
        let mut terminal = Terminal::new(&mut out, false, Verbosity::Normal, None);
        events(fails).iter().for_each(|event| terminal.event(event).unwrap());
        drop(terminal);
        let out = String::from_utf8(out).unwrap();
        for text in
            [heading, "apps/net.test.ts:3:1 > connects", "timed out", "passed at attempt 3", "1 flaky"]
        {
            assert!(out.contains(text), "{text}: {out}");
        }
    }
}

#[test]
fn it_is_annotated_and_counted() {
    for fails in [false, true] {
        let told = annotations::annotations(&run(fails), None, &BTreeSet::new());
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].title, "flaky: connects");
        assert_eq!(told[0].message, "timed out\nit passed at attempt 3");
        let (tests, _) = Tally::of(&run(fails));
        assert_eq!((tests.passed, tests.failed), if fails { (1, 1) } else { (2, 0) });
        let summary = summary::render(&run(fails), None, &About::default(), &Elsewhere::default());
        assert!(summary.contains("timed out") && summary.contains("connects"), "{summary}");
    }
}
