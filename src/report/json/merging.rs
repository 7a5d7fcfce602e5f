//! Reports that are read again, and joined: what they tell, and what is refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::comment::{About, Comment};
use super::super::markdown::Elsewhere;
use super::super::model::{self, failure};
use super::super::terminal::{Terminal, Verbosity};
use super::super::{Sink, annotations, example, junit, summary};
use super::*;
use crate::event::{Attempt, Event, FailureKind, Reads};
use crate::shard::{Part, Shard};

/// A run of every status and kind of failure, and of whatever else a file can have.
fn events() -> Vec<Event> {
    let mut flaky = model::passing("apps/flaky.test.ts", &["at last", "too late"]);
    for (case, fails) in flaky.cases.iter_mut().zip([false, true]) {
        case.status = CaseStatus::Flaky { fails };
        // Half a millisecond, and less than a microsecond: which way it is rounded must not depend on the latter.
        case.duration = Duration::from_nanos(4_500_400);
        case.attempts = vec![Attempt {
            duration: Duration::from_micros(5_001),
            failures: vec![failure(FailureKind::Thrown, "TypeError", "refused")],
            output: vec![OutputLine { stream: Stream::Err, text: "once".to_owned() }],
        }];
    }
    flaky.status = FileStatus::Failed;
    flaky.reads = Reads { random: true, ..Reads::default() };
    flaky.is_cached = true;
    let mut snapshots = model::passing("snapshots.test.ts", &["shows"]);
    snapshots.project = model::path("");
    snapshots.reads = Reads { clock: true, random: true, timers: true };
    snapshots.obsolete_snapshots = vec!["shows 2".to_owned()];
    snapshots.snapshots =
        SnapshotCounts { matched: 1, unmatched: 2, written: 3, updated: 4, obsolete: 5, removed: 6 };
    let more = [flaky, snapshots].map(Arc::new).map(Event::FileFinished);
    let mut events = model::events();
    let at = events.len() - 1;
    events.splice(at..at, more);
    let mut counts = Counts::default();
    for event in &events {
        if let Event::FileFinished(file) = event {
            counts.add(file);
        }
    }
    if let Some(Event::RunFinished(finished)) = events.last_mut() {
        finished.counts = counts;
    }
    events
}

fn run_of(events: &[Event]) -> Run {
    let mut run = Run::default();
    events.iter().for_each(|event| run.add(event));
    run
}

fn written(run: &Run) -> Vec<u8> {
    render(run).unwrap()
}

fn saved(run: &Run) -> Saved {
    read(&written(run)).unwrap()
}

/// What every report tells of a run.
fn told(run: &Run) -> [String; 6] {
    let mut terminal = Vec::new();
    let mut sink = Terminal::new(&mut terminal, true, Verbosity::Verbose, None);
    run.events().for_each(|event| sink.event(&event).unwrap());
    drop(sink);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let diff = run.diff.as_deref();
    let about = About::default();
    [
        text(written(run)),
        text(junit::render(run).unwrap()),
        text(terminal),
        summary::render(run, diff, &about, &Elsewhere::default()),
        Comment::of(run, diff, &about).to_json().unwrap(),
        format!("{:#?}", annotations::annotations(run, diff, &BTreeSet::new())),
    ]
}

#[track_caller]
fn assert_same(one: &Run, other: &Run) {
    for (one, other) in told(one).iter().zip(told(other)) {
        // Compared by line, the first difference is seen at once.
        for (one, other) in one.lines().zip(other.lines()) {
            assert_eq!(one, other);
        }
        assert_eq!(one.len(), other.len());
    }
}

/// The files of a run in three shards.
fn thirds(whole: &Run) -> Vec<(String, Saved)> {
    (1..=3)
        .map(|index| {
            let mut run = run_of(&whole.events().collect::<Vec<_>>());
            let mut number = 0;
            run.files.retain(|_, _| {
                number += 1;
                number % 3 + 1 == index
            });
            let started = run.started.as_mut().unwrap();
            started.shard = Some(Part { shard: Shard::new(index, 3).unwrap(), plan: "p".to_owned() });
            // The first to begin is not the first in the order.
            started.at += Duration::from_secs([2, 0, 1][index - 1]);
            run.finished.as_mut().unwrap().duration -= Duration::from_secs([2, 0, 1][index - 1]);
            (format!("{index}.json"), saved(&run))
        })
        .collect()
}

#[test]
fn a_report_that_is_read_again_tells_the_same() {
    let mut run = run_of(&events());
    assert_same(&run, &saved(&run).run);
    for diff in [example::empty(), example::shop(), example::everything(), example::wide(3)] {
        run.diff = Some(Arc::new(diff));
        let again = saved(&run).run;
        assert_eq!(again.diff, run.diff);
        assert_same(&run, &again);
        assert_same(&run, &join(vec![("a.json".to_owned(), saved(&run))]).unwrap().run);
    }
}

#[test]
fn all_shards_together_are_the_run_in_whatever_order_they_come() {
    let mut whole = run_of(&events());
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut reports: Vec<_> = thirds(&whole).into_iter().map(Some).collect();
        let joined = join(order.map(|at| reports[at].take().unwrap()).into()).unwrap();
        assert_eq!(joined.warnings, []);
        // As many files run at a time as in all of them.
        whole.started.as_mut().unwrap().jobs = 2;
        assert_eq!(joined.run.started.as_ref().unwrap().jobs, 6);
        whole.started.as_mut().unwrap().jobs = 6;
        assert_same(&whole, &joined.run);
        whole.started.as_mut().unwrap().jobs = 2;
    }
}

/// What is wrong with these reports.
fn refused(reports: Vec<(String, Saved)>) -> String {
    join(reports).unwrap_err().to_string()
}

fn part(report: &mut (String, Saved)) -> &mut Option<Part> {
    &mut report.1.run.started.as_mut().unwrap().shard
}

#[test]
fn reports_must_be_those_of_all_shards_of_one_run() {
    let whole = run_of(&events());
    let mut two = thirds(&whole);
    two.remove(1);
    assert_eq!(refused(two), "shard 2/3 is missing: shards 1/3, 3/3 are given");
    let mut one = thirds(&whole);
    one.truncate(1);
    assert_eq!(refused(one), "shards 2/3, 3/3 are missing: shard 1/3 is given");

    let mut twice = thirds(&whole);
    twice.push(("again.json".to_owned(), thirds(&whole).remove(1).1));
    assert_eq!(refused(twice), "2.json and again.json are both of shard 2/3");

    let mut totals = thirds(&whole);
    part(&mut totals[2]).as_mut().unwrap().shard = Shard::new(3, 4).unwrap();
    assert_eq!(refused(totals), "1.json is of 3 shards, and 3.json of 4");

    let mut plans = thirds(&whole);
    part(&mut plans[1]).as_mut().unwrap().plan = "q".to_owned();
    assert_eq!(
        refused(plans),
        "1.json and 2.json are of runs that found other files, or shared them out in another way"
    );

    let mut mixed = thirds(&whole);
    *part(&mut mixed[1]) = None;
    assert_eq!(refused(mixed), "1.json is of a shard, and 2.json is of a whole run");

    let mut overlapping = thirds(&whole);
    let (path, file) = overlapping[0].1.run.files.pop_first().unwrap();
    overlapping[0].1.run.files.insert(path.clone(), Arc::clone(&file));
    overlapping[2].1.run.files.insert(path, file);
    assert_eq!(refused(overlapping), "apps/env/prod.ts is in 1.json and in 3.json");
}

#[test]
fn runs_of_different_files_need_no_shards() {
    let mut reports = thirds(&run_of(&events()));
    reports.iter_mut().for_each(|report| *part(report) = None);
    assert_eq!(join(reports).unwrap().run.files.len(), 9);
    let whole = || ("a.json".to_owned(), saved(&run_of(&events())));
    assert_eq!(
        refused(vec![whole(), ("b.json".to_owned(), whole().1)]),
        "apps/broken.test.ts is in a.json and in b.json"
    );
}

#[test]
fn what_only_some_shards_say_is_told() {
    let whole = run_of(&events());
    let with = |change: fn(&mut Saved)| {
        let mut reports = thirds(&whole);
        change(&mut reports[1].1);
        let joined = join(reports).unwrap();
        let warnings: Vec<String> = joined.warnings.iter().map(|warning| warning.message.clone()).collect();
        (joined.run, warnings)
    };
    let (_, warnings) = with(|saved| saved.tool = "9.9.9".to_owned());
    assert!(warnings[0].contains("9.9.9") && warnings[0].contains("2.json"), "{warnings:?}");
    let (_, warnings) = with(|saved| saved.has_coverage = true);
    assert!(warnings[0].contains("coverage"), "{warnings:?}");
    let (run, warnings) = with(|saved| saved.run.finished.as_mut().unwrap().seed = Some(1));
    assert_eq!(run.finished.unwrap().seed, None);
    assert!(warnings[0].contains("1.json: 4711, 2.json: 1, 3.json: 4711"), "{warnings:?}");
    let (run, warnings) =
        with(|saved| saved.run.finished.as_mut().unwrap().stopped = Some(Stopped::Interrupted));
    assert_eq!((run.finished.unwrap().stopped, warnings.len()), (Some(Stopped::Interrupted), 0));
}

#[test]
fn shards_compare_with_one_base() {
    let whole = run_of(&events());
    let with_diffs = || {
        let mut reports = thirds(&whole);
        for (_, saved) in &mut reports {
            saved.run.diff = Some(Arc::new(example::empty()));
        }
        reports
    };
    assert_eq!(join(with_diffs()).unwrap().run.diff.as_deref(), Some(&example::empty()));

    let mut bases = with_diffs();
    let mut other = example::empty();
    other.base.commit = "abc".to_owned();
    bases[1].1.run.diff = Some(Arc::new(other));
    let error = refused(bases);
    assert!(
        error.starts_with("1.json compares with origin/main (4f2a91c") && error.ends_with("(abc)"),
        "{error}"
    );

    // It was stopped, so that it could not.
    let mut stopped = with_diffs();
    stopped[1].1.run.diff = None;
    let joined = join(stopped).unwrap();
    assert_eq!(joined.run.diff, None);
    assert!(joined.warnings[0].message.contains("2.json was stopped"), "{:?}", joined.warnings);

    let mut without = with_diffs();
    without[1].1.run.diff = None;
    without[1].1.run.finished.as_mut().unwrap().stopped = None;
    assert_eq!(refused(without), "1.json has compared with a base, and 2.json has not");
}

/// The report of the whole model, changed at a place.
fn with(pointer: &str, value: Value) -> Result<Saved, NotRead> {
    let mut run = run_of(&events());
    run.diff = Some(Arc::new(example::shop()));
    let mut report: Value = serde_json::from_slice(&written(&run)).unwrap();
    *report.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing is at {pointer}")) = value;
    read(report.to_string().as_bytes())
}

#[test]
fn what_is_no_report_is_refused_with_its_place() {
    let error = |text: &str| read(text.as_bytes()).unwrap_err();
    assert!(matches!(error(""), NotRead::NotJson(_)));
    assert!(
        matches!(error("{\"version\": 1,\n  x}"), NotRead::NotJson(reason) if reason.contains("line 2 column 3"))
    );
    assert!(matches!(error("[]"), NotRead::NotAReport(_)));
    assert!(matches!(error("{\"version\": 1}"), NotRead::NotAReport(reason) if reason.contains("`tool`")));
    assert_eq!(error("{\"version\": 2}"), NotRead::Version(2));
    assert_eq!(NotRead::Version(2).to_string(), "has version 2 of the report, and 1 is known");
    let diff = changes(&example::shop());
    assert!(matches!(error(&diff), NotRead::NotAReport(reason) if reason.contains("startedAt")));
    assert!(matches!(read(b"{\"version\": 1, \xff}"), Err(NotRead::NotJson(_))));
}

#[test]
fn nothing_in_a_report_leaves_its_bounds() {
    let data = |pointer: &str, value: Value| match with(pointer, value) {
        Err(NotRead::NotAReport(reason)) => reason,
        other => panic!("{pointer}: {other:?}"),
    };
    for path in ["../x", "/etc/passwd", "a/../../b", "a//b", "./a"] {
        assert!(data("/files/0/path", json!(path)).contains("no path from the root"), "{path}");
        data("/files/0/cases/0/failures/0/path", json!(path));
    }
    let fits = |pointer: &str, value: Value| match with(pointer, value) {
        Err(NotRead::Contradiction(what)) => what,
        other => panic!("{pointer}: {other:?}"),
    };
    assert!(fits("/files/0/path", json!(".")).contains("root"));
    assert!(fits("/files/0/path", json!("apps/db.test.ts")).contains("told twice"));
    assert!(fits("/files/0/status", json!("passed")).contains("do not agree"));
    assert!(fits("/files/0/cases/0/failures/0/line", Value::Null).contains("apps/broken.test.ts"));
    assert!(fits("/warnings/0/snippet/line", json!(9)).contains("no line 9"));
    assert!(fits("/tool/name", json!("other")).contains("\"other\""));
    assert!(fits("/diff/dangers/0/resources", json!([99])).contains("resource 99"));
    for number in [json!(-1), json!(4_000_000_000_u32), json!(1e30), json!("1")] {
        data("/files/0/filteredOut", number.clone());
        data("/files/0/cases/0/failures/0/line", number.clone());
        data("/warnings/0/snippet/width", number);
    }
    for time in [json!(-1), json!(1e300), json!("1")] {
        data("/files/0/durationMs", time.clone());
        data("/durationMs", time);
    }
    for time in [json!("yesterday"), json!("1969-12-31T23:59:59Z"), json!(1)] {
        data("/startedAt", time);
    }
    data("/files/0/cases/0/status", json!("fine"));
    data("/files/0/cases/0/failures/0/kind", json!("Fine"));
    data("/files/2/cases/1/failures/0/jsonPath", json!("spec"));
    data("/summary/stopped", json!("tired"));
    data("/diff/dangers/0/rule", json!("made-up"));
    // So many spaces would be printed before the mark.
    let told = told(&with("/warnings/0/snippet/column", json!(999_999_999)).unwrap().run);
    assert!(told.iter().all(|text| text.len() < 1_000_000));
}

/// Replaces every text that is no word of the format by `said`.
fn say(value: &mut Value, said: &str) {
    const FREE: [&str; 14] = [
        "message",
        "type",
        "help",
        "expected",
        "received",
        "text",
        "reason",
        "function",
        "name",
        "namespace",
        "yamlBefore",
        "yamlAfter",
        "before",
        "after",
    ];
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| say(item, said)),
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match value {
                    Value::String(text) if FREE.contains(&key.as_str()) && text != "husako-ci" => {
                        *text = said.to_owned();
                    }
                    Value::Array(items)
                        if ["lines", "causes", "aliases", "notes"].contains(&key.as_str()) =>
                    {
                        items.iter_mut().filter(|item| item.is_string()).for_each(|item| *item = json!(said));
                    }
                    value => say(value, said),
                }
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The places of all values in a report.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), found));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    found.push(at.to_owned());
}

#[test]
fn no_value_anywhere_makes_a_report_fail() {
    let mut run = run_of(&events());
    run.diff = Some(Arc::new(example::everything()));
    let whole: Value = serde_json::from_slice(&written(&run)).unwrap();
    let mut places = Vec::new();
    pointers(&whole, "", &mut places);
    // One of each kind: the files and cases have the same fields.
    let mut kinds = BTreeSet::new();
    places.retain(|place| kinds.insert(place.replace(|c: char| c.is_ascii_digit(), "")));
    assert!(places.len() > 100, "{places:?}");
    let values = [
        json!(0),
        json!(1_000_000_000),
        json!(-1),
        json!(true),
        json!(null),
        json!(""),
        json!("\n"),
        json!([]),
    ];
    let mut taken = 0;
    for place in &places {
        for value in &values {
            let mut report = whole.clone();
            *report.pointer_mut(place).unwrap() = value.clone();
            let Ok(saved) = read(report.to_string().as_bytes()) else { continue };
            taken += 1;
            let told = told(&saved.run);
            assert!(told.iter().all(|text| text.len() < 10_000_000), "{place}: {value}");
        }
    }
    assert!(taken > 200, "{taken}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_report_says_commands_nothing(
        said in prop_oneof![
            any::<String>(),
            Just("\u{1b}]0;x\u{7}\n::error::a\r\n::stop-commands::x\n]]>&<a b='".to_owned()),
            "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\\]>&<`|@#:%\n]{0,20}",
        ]
    ) {
        let mut run = run_of(&events());
        run.diff = Some(Arc::new(example::everything()));
        let mut report: Value = serde_json::from_slice(&written(&run)).unwrap();
        say(&mut report, &said);
        let saved = read(report.to_string().as_bytes()).unwrap();
        let mut terminal = Vec::new();
        let mut sink = Terminal::new(&mut terminal, false, Verbosity::Verbose, None);
        saved.run.events().for_each(|event| sink.event(&event).unwrap());
        drop(sink);
        let terminal = String::from_utf8(terminal).unwrap();
        prop_assert!(!terminal.contains(|c: char| c.is_control() && !['\n', '\t'].contains(&c)), "{:?}", terminal);
        let xml = String::from_utf8(junit::render(&saved.run).unwrap()).unwrap();
        prop_assert!(roxmltree::Document::parse(&xml).is_ok());
        let [again, ..] = told(&saved.run);
        prop_assert_eq!(serde_json::from_str::<Value>(&again).unwrap()["files"].clone(), report["files"].clone());
    }
}
