//! JUnit XML: one `testsuite` per file, one `testcase` per case.
//!
//! What a test prints or says may hold characters that XML 1.0 cannot. Escape sequences of terminals are left out;
//! every other such character is replaced by one that shows what it was: a control picture (`␛` for escape), or the
//! code (`\u{fffe}`) where there is none. Everything else is kept, tabs and line breaks in attributes included.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use quick_junit::{
    FlakyOrRerun, NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite, XmlString,
};

use super::Run;
use super::pieces::{Around, Form};
use super::text::{self, Look};
use crate::event::{
    Attempt, CaseResult, CaseStatus, Failure, FileKind, FileResult, FileStatus, OutputLine, Stopped, Stream,
};

/// The longest `message` of a failure, in characters. The whole of it is in the body.
const MAX_MESSAGE: usize = 300;

/// The report as it is made, a suite at a time.
pub(crate) struct Junit {
    /// The report without its suites, which has counted what is in them.
    report: Report,
}

impl Junit {
    /// Nothing is in it yet.
    pub(crate) fn new() -> Junit {
        Junit { report: Report::new("husako-ci") }
    }

    /// The report as text, with the suites that it has at the moment.
    fn text(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.report.serialize(&mut bytes).map_err(io::Error::other)?;
        // Everything that is written is a `str`.
        Ok(resolve(&String::from_utf8(bytes).map_err(io::Error::other)?))
    }
}

/// What stands behind the last suite.
const END: &str = "\n</testsuites>\n";

/// The tag of the whole, and what stands behind it.
fn split(text: &str) -> io::Result<(&str, &str)> {
    let tag = text.find("<testsuites").and_then(|tag| Some(tag + text[tag..].find('>')? + 1));
    tag.and_then(|end| text.split_at_checked(end)).ok_or_else(|| io::Error::other("a report without a root"))
}

impl Form for Junit {
    fn piece(&mut self, file: &FileResult, run: &Run) -> io::Result<Option<Vec<u8>>> {
        let not_run = match file.status {
            FileStatus::Passed | FileStatus::Failed => None,
            FileStatus::NotRun => Some(why_not_run(run)),
        };
        if file.cases.is_empty() && not_run.is_none() {
            // All its cases were filtered out.
            return Ok(None);
        }
        let mut suite = suite(file, not_run);
        let started = run.started.as_ref().map(|started| started.at);
        suite.timestamp = file.started.or(started).and_then(|at| text::iso8601(at).parse().ok());
        self.report.add_test_suite(suite);
        let text = self.text()?;
        self.report.test_suites.clear();
        let (_, suite) = split(&text)?;
        let suite = suite.strip_suffix(END).ok_or_else(|| io::Error::other("a report without an end"))?;
        Ok(Some(suite.as_bytes().to_vec()))
    }

    fn around(&mut self, run: &Run, pieces: usize) -> io::Result<Around> {
        self.report.time = run.finished.as_ref().map(|finished| micros(finished.duration));
        let started = run.started.as_ref().map(|started| started.at);
        self.report.timestamp = started.and_then(|at| text::iso8601(at).parse().ok());
        let text = self.text()?;
        let (before, after) = split(&text)?;
        let after = if pieces == 0 { after } else { END };
        Ok(Around { before: before.into(), between: b"", after: after.into() })
    }
}

/// The report of a run.
#[cfg(test)]
pub(crate) fn render(run: &Run) -> io::Result<Vec<u8>> {
    super::pieces::render(Junit::new(), run, usize::MAX)
}

fn why_not_run(run: &Run) -> &'static str {
    match run.finished.as_ref().and_then(|finished| finished.stopped) {
        Some(Stopped::FailFast) => "not run: an earlier file failed (--fail-fast)",
        Some(Stopped::MaxFail) => "not run: enough cases have failed (--max-fail)",
        Some(Stopped::Interrupted) => "not run: the run was interrupted",
        None => "not run",
    }
}

fn suite(file: &FileResult, not_run: Option<&str>) -> TestSuite {
    let FileResult {
        path,
        project: _,
        kind,
        status: _,
        started: _,
        duration,
        cases,
        output,
        filtered_out: _,
        reads: _,
        is_cached,
        snapshots: _,
        obsolete_snapshots: _,
        documents: _,
    } = file;
    let mut suite = TestSuite::new(xml(path.as_str()));
    suite.extra.insert("file".into(), xml(path.as_str()));
    suite.set_time(micros(*duration));
    match kind {
        FileKind::Tests | FileKind::Types => {}
        FileKind::Entry { aliases } => {
            for alias in aliases {
                suite.add_property(Property::new("entry", xml(alias)));
            }
        }
    }
    if *is_cached {
        suite.add_property(Property::new("cached", "true"));
    }
    suite.system_out = stream(output, Stream::Out);
    suite.system_err = stream(output, Stream::Err);
    let mut names = HashMap::new();
    for case in cases {
        suite.add_test_case(test_case(file, case, &mut names));
    }
    if let Some(reason) = not_run
        && cases.is_empty()
    {
        let mut status = TestCaseStatus::skipped();
        status.set_message(reason);
        let mut case = TestCase::new("(file)", status);
        case.set_classname(xml(path.as_str()));
        case.set_time(micros(*duration));
        case.extra.insert("file".into(), xml(path.as_str()));
        suite.add_test_case(case);
    }
    suite
}

fn test_case(file: &FileResult, case: &CaseResult, names: &mut HashMap<String, usize>) -> TestCase {
    let CaseResult { name, place, status, duration, attempts, failures, warnings, output } = case;
    let mut status = match status {
        CaseStatus::Passed | CaseStatus::Flaky { fails: false } => TestCaseStatus::success(),
        CaseStatus::Flaky { fails: true } => {
            let mut status = failed(NonSuccessKind::Failure, case.last_failures());
            status.set_rerun_kind(FlakyOrRerun::Flaky);
            status
        }
        CaseStatus::Failed => failed(NonSuccessKind::Failure, failures),
        CaseStatus::Error => failed(NonSuccessKind::Error, failures),
        CaseStatus::Skipped { reason } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(xml(reason));
            status
        }
        CaseStatus::Todo => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("todo");
            status
        }
    };
    status.add_reruns(attempts.iter().filter(|attempt| !attempt.failures.is_empty()).map(rerun));
    let mut test = TestCase::new(xml(&unique(name, names)), status);
    test.set_classname(xml(file.path.as_str()));
    test.set_time(micros(*duration));
    let path = place.as_ref().map_or(&file.path, |place| &place.path);
    test.extra.insert("file".into(), xml(path.as_str()));
    if let Some(place) = place {
        test.extra.insert("line".into(), place.line.to_string().into());
    }
    test.system_out = stream(output, Stream::Out);
    test.system_err = match (warned(warnings), stream(output, Stream::Err)) {
        (Some(warned), Some(printed)) => {
            Some(XmlString::new(format!("{}{}", warned.as_str(), printed.as_str())))
        }
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    };
    test
}

/// `name`, with a number behind it if the file has it already.
///
/// `names` holds the names that are taken, each with the last number that was put behind it.
fn unique(name: &str, names: &mut HashMap<String, usize>) -> String {
    // Escape sequences are left out of the report, so names that differ only in them are the same.
    let name = text::strip_ansi(name).into_owned();
    let Some(last) = names.get(&name) else {
        names.insert(name.clone(), 1);
        return name;
    };
    let mut number = last + 1;
    let mut unique = format!("{name} ({number})");
    while names.contains_key(&unique) {
        number += 1;
        unique = format!("{name} ({number})");
    }
    names.insert(unique.clone(), 1);
    names.insert(name, number);
    unique
}

/// The status of the case decides between `failure` and `error`, as everywhere; its first failure gives the message
/// and the type; all of them are in the body.
fn failed(kind: NonSuccessKind, failures: &[Failure]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    match failures.first() {
        Some(first) => {
            let type_name = if first.type_name.is_empty() { first.kind.name() } else { &first.type_name };
            status.set_message(xml(&summary(&first.message))).set_type(xml(type_name));
        }
        None => {
            status.set_message("failed").set_type("Error");
        }
    }
    let bodies: Vec<String> =
        failures.iter().map(|failure| text::failure(failure, Look::FILE).join("\n")).collect();
    if !bodies.is_empty() {
        status.set_description(xml(&bodies.join("\n\n")));
    }
    status
}

/// A run that failed and was not the last: `flakyFailure` where the case passed in the end, else `rerunFailure`; as in
/// Maven's Surefire.
fn rerun(attempt: &Attempt) -> TestRerun {
    let Attempt { duration, failures, output } = attempt;
    let kind = match CaseStatus::of(failures) {
        CaseStatus::Error => NonSuccessKind::Error,
        CaseStatus::Failed
        | CaseStatus::Passed
        | CaseStatus::Flaky { .. }
        | CaseStatus::Skipped { .. }
        | CaseStatus::Todo => NonSuccessKind::Failure,
    };
    let mut rerun = TestRerun::new(kind);
    rerun.set_time(micros(*duration));
    if let Some(first) = failures.first() {
        let type_name = if first.type_name.is_empty() { first.kind.name() } else { &first.type_name };
        rerun.set_message(xml(&summary(&first.message))).set_type(xml(type_name));
    }
    let bodies: Vec<String> =
        failures.iter().map(|failure| text::failure(failure, Look::FILE).join("\n")).collect();
    rerun.set_description(xml(&bodies.join("\n\n")));
    rerun.system_out = stream(output, Stream::Out);
    rerun.system_err = stream(output, Stream::Err);
    rerun
}

/// Warnings have no element of their own: they are told where people look for them.
fn warned(warnings: &[Failure]) -> Option<XmlString> {
    let lines = warnings.iter().flat_map(|warning| {
        let mut lines = text::failure(warning, Look::FILE);
        if let Some(first) = lines.first_mut() {
            first.insert_str(0, "warning: ");
        }
        lines.push(String::new());
        lines
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| xml(&(lines.join("\n") + "\n")))
}

/// The first paragraph of a message as one line.
fn summary(message: &str) -> String {
    let message = text::strip_ansi(message);
    let paragraph: Vec<&str> =
        message.trim().lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let summary = paragraph.join(" ");
    if summary.is_empty() {
        return "failed".to_owned();
    }
    match summary.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &summary[..end]),
        None => summary,
    }
}

/// What went to one of the streams.
fn stream(output: &[OutputLine], wanted: Stream) -> Option<XmlString> {
    let lines: Vec<&str> =
        output.iter().filter(|line| line.stream == wanted).map(|line| line.text.as_str()).collect();
    if lines.is_empty() { None } else { Some(xml(&(lines.join("\n") + "\n"))) }
}

/// Stand-ins, until the report is written, for characters that `XmlString` drops or that are written raw where XML
/// readers change them. They are noncharacters, which no other text needs; [`xml`] makes the user's own visible.
const STAND_INS: [(char, char, &str); 3] =
    [('\t', '\u{fdd0}', "&#9;"), ('\n', '\u{fdd1}', "&#10;"), ('\r', '\u{fdd2}', "&#13;")];

/// Text that XML 1.0 can hold. What cannot be held is shown in another way, see the module.
fn xml(raw: &str) -> XmlString {
    let mut held = String::with_capacity(raw.len());
    for c in text::strip_ansi(raw).chars() {
        if let Some((_, stand_in, _)) = STAND_INS.iter().find(|(plain, ..)| *plain == c) {
            held.push(*stand_in);
        } else if let Some(visible) = text::control(c) {
            held.push_str(&visible);
        } else if STAND_INS.iter().any(|(_, stand_in, _)| *stand_in == c) {
            held.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            held.push(c);
        }
    }
    XmlString::new(held)
}

/// Puts references to the characters in the places of their stand-ins; plain line breaks outside of tags.
fn resolve(written: &str) -> String {
    let mut resolved = String::with_capacity(written.len());
    let mut in_tag = false;
    for c in written.chars() {
        match c {
            // All other angle brackets are escaped.
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ => {}
        }
        match STAND_INS.iter().find(|(_, stand_in, _)| *stand_in == c) {
            Some(('\r', _, reference)) => resolved.push_str(reference),
            Some((plain, _, _)) if !in_tag => resolved.push(*plain),
            Some((_, _, reference)) => resolved.push_str(reference),
            None => resolved.push(c),
        }
    }
    resolved
}

/// A duration as precise as the JSON report has it: so a report that is made from that rounds to the same milliseconds.
fn micros(duration: Duration) -> Duration {
    Duration::new(duration.as_secs(), duration.subsec_micros() * 1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::{self, Outcome};
    use super::*;

    fn rendered(files: Vec<FileResult>) -> String {
        let mut run = Run::default();
        for event in model::run_of(files, None) {
            run.add(&event);
        }
        String::from_utf8(render(&run).unwrap()).unwrap()
    }

    fn child<'a, 'i>(node: roxmltree::Node<'a, 'i>, name: &str) -> Option<roxmltree::Node<'a, 'i>> {
        node.children().find(|child| child.has_tag_name(name))
    }

    #[test]
    fn every_outcome_is_told() {
        let mut run = Run::default();
        for event in model::events() {
            run.add(&event);
        }
        let written = String::from_utf8(render(&run).unwrap()).unwrap();
        let document = roxmltree::Document::parse(&written).unwrap();
        let root = document.root_element();
        let suites: Vec<_> = root.children().filter(|node| node.is_element()).collect();
        let mut told = Vec::new();
        for suite in &suites {
            let mut counts = [0; 4];
            for case in suite.children().filter(|node| node.has_tag_name("testcase")) {
                let outcome = if let Some(failure) = child(case, "failure") {
                    counts[1] += 1;
                    Outcome::Failed(failure.attribute("type").unwrap().to_owned())
                } else if let Some(error) = child(case, "error") {
                    counts[2] += 1;
                    Outcome::Error(error.attribute("type").unwrap().to_owned())
                } else if let Some(skipped) = child(case, "skipped") {
                    counts[3] += 1;
                    match skipped.attribute("message").unwrap() {
                        "todo" => Outcome::Todo,
                        reason => Outcome::Skipped(reason.to_owned()),
                    }
                } else {
                    Outcome::Passed
                };
                counts[0] += 1;
                assert_eq!(case.attribute("classname"), suite.attribute("name"));
                told.push((
                    suite.attribute("name").unwrap().to_owned(),
                    case.attribute("name").unwrap().to_owned(),
                    outcome,
                ));
            }
            for (name, count) in ["tests", "failures", "errors", "skipped"].iter().zip(counts) {
                assert_eq!(suite.attribute(*name), Some(count.to_string().as_str()));
            }
        }
        let mut expected = model::outcomes();
        expected.push((
            "apps/never.test.ts".into(),
            "(file)".into(),
            Outcome::Skipped("not run: an earlier file failed (--fail-fast)".into()),
        ));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(told, expected);
        for attribute in ["name", "tests", "failures", "errors", "skipped", "time"] {
            assert!(root.attribute(attribute).is_some());
        }
        assert_eq!(root.attribute("time"), Some("4.321"));
        assert_eq!(suites[0].attribute("timestamp"), Some("2026-01-31T12:00:00.250+00:00"));
    }

    #[test]
    fn a_failed_case_is_told_in_full() {
        let written = rendered(vec![model::web()]);
        let start = written.find("<testcase name=\"deployment &gt; has the replicas\"").unwrap();
        let end = start + written[start..].find("</testcase>").unwrap();
        assert_eq!(
            &written[start..end],
            r#"<testcase name="deployment &gt; has the replicas" classname="apps/web.test.ts" time="0.012" file="apps/web.test.ts" line="9">
            <error message="expect(received).toEqual(expected)" type="AssertionError">expect(received).toEqual(expected)

- expected  + received

  {
    &quot;name&quot;: &quot;web&quot;,
-   &quot;replicas&quot;: 3,
+   &quot;replicas&quot;: 2,
  }

apps/web.test.ts:12:24
  10 │   const web = deployment(&quot;web&quot;);
  11 │
&gt; 12 │   expect(spec(web, 2)).toEqual({ name: &quot;web&quot;, replicas: 3 });
     │                        ^^^^^^^
  13 │ });

at check (apps/lib/checks.ts:4:10)
at &lt;anonymous&gt; (apps/web.test.ts:12:24)

TypeError: cannot read property &apos;spec&apos; of undefined

at &lt;anonymous&gt; (apps/web.test.ts:20:3)

caused by: Error: no such deployment
caused by: RangeError: out of range

help: was the deployment deleted in an earlier case?</error>
            <system-out>rendered 3 resources
</system-out>
            <system-err>deprecated: use apps/v1
</system-err>
        "#
        );
    }

    #[test]
    fn names_are_unique_and_filtered_files_left_out() {
        let mut file = model::passing("a.test.ts", &["x", "x (2)", "x", "\u{1b}[1mx\u{1b}[0m", "a\tb\nc"]);
        file.duration = Duration::from_secs(3661);
        let mut filtered = model::passing("b.test.ts", &[]);
        filtered.filtered_out = 2;
        let written = rendered(vec![filtered, file]);
        let document = roxmltree::Document::parse(&written).unwrap();
        let names: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("testcase"))
            .map(|node| node.attribute("name").unwrap())
            .collect();
        assert_eq!(names, ["x", "x (2)", "x (3)", "x (4)", "a\tb\nc"]);
        assert_eq!(written.matches("<testsuite ").count(), 1);
        assert!(written.contains(r#"time="3661.000""#));
    }

    #[test]
    fn what_xml_cannot_hold_is_shown() {
        assert_eq!(held("a\u{1b}[31mred\u{1b}[0m\u{1b}b\0\u{8}\u{7f}\u{85}"), "ared␛b␀␈␡\\u{85}");
        assert_eq!(held("\u{fffe}\u{ffff}\u{fffd}]]>\u{fdd0}🦀"), "\\u{fffe}\\u{ffff}\u{fffd}]]>\\u{fdd0}🦀");
        assert_eq!(held("a\r\nb\rc\td"), "a\r\nb\rc\td");
        assert_eq!(held(&"x".repeat(1 << 20)).len(), 1 << 20);
    }

    /// What a reader gets of a text that a case printed. Checks the other places on the way.
    fn held(text: &str) -> String {
        let mut file = model::web();
        file.cases.remove(0);
        let case = file.cases.last_mut().unwrap();
        case.name = text.to_owned();
        case.output = vec![OutputLine { stream: Stream::Out, text: text.to_owned() }];
        case.failures[0].message = text.to_owned();
        case.failures[0].type_name = text.to_owned();
        file.output = case.output.clone();
        let written = rendered(vec![file]);
        let document = roxmltree::Document::parse(&written).unwrap();
        let outputs: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("system-out"))
            .map(|node| node.text().unwrap().strip_suffix('\n').unwrap())
            .collect();
        assert_eq!(outputs[0], outputs[1]);
        let failure = document.descendants().find(|node| node.has_tag_name("error")).unwrap();
        assert!(!failure.attribute("message").unwrap().is_empty());
        assert_eq!(failure.parent().unwrap().attribute("name").unwrap(), outputs[0]);
        if !text.is_empty() {
            assert_eq!(failure.attribute("type").unwrap(), outputs[0]);
        }
        outputs[0].to_owned()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_gives_xml(
            text in "(\\PC|[\u{0}-\u{9f}\u{1b}]|\\x1b\\[3[0-9]m|[\u{fdd0}-\u{fdef}\u{fffd}-\u{ffff}\u{2028}]|]]>|<|&){0,40}"
        ) {
            let held = held(&text);
            // Where XML can hold it all, nothing changes.
            if !text.chars().any(|c| text::control(c).is_some() && !"\t\n\r".contains(c))
                && !text.chars().any(|c| ('\u{fdd0}'..='\u{fdd2}').contains(&c)) {
                prop_assert_eq!(held, text);
            } else {
                let lost = |c: &char| text::control(*c).is_none() && !('\u{fdd0}'..='\u{fdd2}').contains(c);
                let stripped = text::strip_ansi(&text).into_owned();
                let mut rest = held.chars();
                prop_assert!(stripped.chars().filter(lost).all(|c| rest.any(|other| other == c)));
            }
        }
    }
}
