//! A run made by hand that has every status and every kind of failure, and what each report must tell of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::diagnostic::{Diagnostic, Place, Snippet};
use crate::event::{
    CaseResult, CaseStatus, Comparison, Counts, Event, Failure, FailureKind, FileKind, FileResult,
    FileStatus, Frame, OutputLine, Reads, RunFinished, RunStarted, SnapshotCounts, Stopped, Stream,
};
use crate::resource::{JsonPath, Step};
use crate::tree::RelPath;

/// What a report must tell of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It passed.
    Passed,
    /// It failed, with the type of its first failure.
    Failed(String),
    /// It failed in another way, with the type of its first failure.
    Error(String),
    /// It was skipped, and why.
    Skipped(String),
    /// It is only planned.
    Todo,
}

const WEB: &str = "\
import { test, describe, expect } from \"husako/test\";
import { deployment } from \"./lib/web\";
import { check } from \"./lib/checks\";

const spec = (it, replicas) => ({ name: it.name, replicas });

describe(\"deployment\", () => {
  test(\"has a name\", () => check(deployment(\"web\")));
  test(\"has the replicas\", () => {
  const web = deployment(\"web\");

  expect(spec(web, 2)).toEqual({ name: \"web\", replicas: 3 });
});

";

/// A path of the model.
pub(crate) fn path(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

/// A place in the model.
pub(crate) fn place(at: &str, line: u32, column: u32) -> Place {
    Place { path: path(at), line, column }
}

/// A failure with a message and nothing else.
pub(crate) fn failure(kind: FailureKind, type_name: &str, message: &str) -> Failure {
    Failure {
        kind,
        type_name: type_name.to_owned(),
        message: message.to_owned(),
        comparison: None,
        place: None,
        snippet: None,
        frames: Vec::new(),
        help: None,
        json_path: None,
        causes: Vec::new(),
    }
}

fn case(name: &str, at: Option<Place>, status: CaseStatus, millis: u64) -> CaseResult {
    CaseResult {
        name: name.to_owned(),
        place: at,
        status,
        duration: Duration::from_millis(millis),
        failures: Vec::new(),
        attempts: Vec::new(),
        warnings: Vec::new(),
        output: Vec::new(),
    }
}

fn file(at: &str, status: FileStatus, cases: Vec<CaseResult>) -> FileResult {
    FileResult {
        path: path(at),
        kind: FileKind::Tests,
        project: path(at).parent(),
        status,
        started: match status {
            FileStatus::Passed | FileStatus::Failed => Some(started() + Duration::from_millis(250)),
            FileStatus::NotRun => None,
        },
        duration: cases.iter().map(|case| case.duration).sum(),
        cases,
        output: Vec::new(),
        filtered_out: 0,
        reads: Reads::default(),
        is_cached: false,
        snapshots: SnapshotCounts::default(),
        obsolete_snapshots: Vec::new(),
        documents: None,
    }
}

fn started() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_860_800)
}

/// A file whose cases of these names passed.
pub(crate) fn passing(at: &str, names: &[&str]) -> FileResult {
    let cases = names.iter().map(|name| case(name, Some(place(at, 3, 1)), CaseStatus::Passed, 1)).collect();
    file(at, FileStatus::Passed, cases)
}

/// A file with a case that passed, and one that failed twice and has everything that a failure can have.
pub(crate) fn web() -> FileResult {
    let at = "apps/web.test.ts";
    let mut passed = case("deployment > has a name", Some(place(at, 8, 3)), CaseStatus::Passed, 3);
    passed.output = vec![OutputLine { stream: Stream::Out, text: "a passing case says this".to_owned() }];
    let mut failed = case("deployment > has the replicas", Some(place(at, 9, 3)), CaseStatus::Error, 12);
    failed.failures = vec![
        Failure {
            comparison: Some(Comparison {
                expected: "{\n  \"name\": \"web\",\n  \"replicas\": 3,\n}".to_owned(),
                received: "{\n  \"name\": \"web\",\n  \"replicas\": 2,\n}".to_owned(),
            }),
            place: Some(place(at, 12, 24)),
            snippet: Snippet::new(WEB, 12, 24, 7),
            frames: vec![
                Frame { function: Some("check".to_owned()), place: place("apps/lib/checks.ts", 4, 10) },
                Frame { function: None, place: place(at, 12, 24) },
            ],
            ..failure(FailureKind::Assertion, "AssertionError", "expect(received).toEqual(expected)")
        },
        Failure {
            place: Some(place(at, 20, 3)),
            frames: vec![Frame { function: None, place: place(at, 20, 3) }],
            help: Some("was the deployment deleted in an earlier case?".to_owned()),
            causes: vec!["Error: no such deployment".to_owned(), "RangeError: out of range".to_owned()],
            ..failure(FailureKind::Thrown, "TypeError", "cannot read property 'spec' of undefined")
        },
    ];
    failed.output = vec![
        OutputLine { stream: Stream::Out, text: "rendered 3 resources".to_owned() },
        OutputLine { stream: Stream::Err, text: "deprecated: use apps/v1".to_owned() },
    ];
    file(at, FileStatus::Failed, vec![passed, failed])
}

/// A file that has a case of each kind of failure, and of each status that is no failure.
fn kinds() -> FileResult {
    let at = "apps/kinds.test.ts";
    let skipped = CaseStatus::Skipped { reason: "test.skip".to_owned() };
    let mut cases = vec![
        case("passes", Some(place(at, 1, 1)), CaseStatus::Passed, 0),
        case("is skipped", Some(place(at, 2, 1)), skipped, 0),
        case("is planned", Some(place(at, 3, 1)), CaseStatus::Todo, 0),
    ];
    let failures = [
        (FailureKind::Assertion, "AssertionError", "expect(received).toBe(expected)"),
        (FailureKind::Validation, "unknown-field", "DeploymentSpec has no field \"replica\""),
        (FailureKind::Thrown, "RangeError", "replicas must not be negative"),
        (FailureKind::UnhandledRejection, "Error", "connection refused"),
        (FailureKind::Timeout, "Timeout", "ran longer than 5 s"),
        (FailureKind::NeverSettles, "NeverSettles", "this promise can never settle"),
        (FailureKind::OutOfMemory, "OutOfMemory", "reached the heap limit of 256 MiB"),
        (FailureKind::StackOverflow, "StackOverflow", "reached the stack limit of 1 MiB"),
        (FailureKind::Compile, "CompileError", "expected `;`"),
        (FailureKind::Load, "LoadError", "cannot find module \"./nope\""),
        (FailureKind::NoTests, "NoTests", "the file has no cases"),
        (FailureKind::BuildContract, "BuildContractError", "build() was not called"),
        (
            FailureKind::Nondeterminism,
            "Nondeterminism",
            "case \"adds\" passed, and failed when the file ran again",
        ),
        (FailureKind::Types, "TS2322", "Type 'string' is not assignable to type 'number'."),
        (FailureKind::WrongCache, "WrongCache", "the result that was kept is another one"),
        (FailureKind::Interrupted, "Interrupted", "interrupted by Ctrl-C"),
        (FailureKind::Internal, "InternalError", "index out of bounds"),
    ];
    for (number, (kind, type_name, message)) in failures.into_iter().enumerate() {
        let status = match kind {
            FailureKind::Assertion
            | FailureKind::Validation
            | FailureKind::Types
            | FailureKind::Nondeterminism => CaseStatus::Failed,
            FailureKind::Thrown
            | FailureKind::UnhandledRejection
            | FailureKind::Timeout
            | FailureKind::NeverSettles
            | FailureKind::OutOfMemory
            | FailureKind::StackOverflow
            | FailureKind::Compile
            | FailureKind::Load
            | FailureKind::NoTests
            | FailureKind::BuildContract
            | FailureKind::WrongCache
            | FailureKind::Interrupted
            | FailureKind::Internal => CaseStatus::Error,
        };
        let line = 10 + number as u32;
        let mut failed = case(kind.name(), Some(place(at, line, 1)), status, 7);
        let mut failure = failure(kind, type_name, message);
        failure.place = Some(place(at, line, 3));
        if kind == FailureKind::Assertion {
            failure.comparison = Some(Comparison { expected: "3".to_owned(), received: "2".to_owned() });
        }
        failed.failures = vec![failure];
        cases.push(failed);
    }
    let mut file = file(at, FileStatus::Failed, cases);
    file.output = vec![OutputLine { stream: Stream::Out, text: "loading the fixtures".to_owned() }];
    file.filtered_out = 2;
    file
}

/// An entry whose first resource is not valid, and whose second one deserves a look.
fn entry() -> FileResult {
    let at = "apps/env/prod.ts";
    let validation = |rule: &str, path: &str, message: &str| Failure {
        json_path: Some(JsonPath::from(vec![Step::Key("spec".to_owned()), Step::Key(path.to_owned())])),
        place: Some(place(at, 7, 4)),
        ..failure(FailureKind::Validation, rule, &format!("$.spec.{path}: {message}"))
    };
    let mut invalid = case("Deployment prod/web", None, CaseStatus::Failed, 0);
    invalid.failures =
        vec![validation("unknown-field", "replica", "no such field \"replica\" in DeploymentSpec")];
    let mut doubtful = case("Service prod/web", None, CaseStatus::Passed, 0);
    doubtful.warnings = vec![validation("server-warning", "externalIPs", "is deprecated")];
    let built = case("build", None, CaseStatus::Passed, 2);
    let kind = FileKind::Entry { aliases: vec!["prod".to_owned()] };
    FileResult { kind, ..file(at, FileStatus::Failed, vec![built, invalid, doubtful]) }
}

/// A file that did not load: one case that stands for all of it.
fn broken() -> FileResult {
    let at = "apps/broken.test.ts";
    let mut whole = case("(file)", None, CaseStatus::Error, 1);
    whole.failures = vec![Failure {
        place: Some(place(at, 1, 7)),
        snippet: Snippet::new("const = 1;\n\texport {};\n", 1, 7, 1),
        ..failure(FailureKind::Compile, "CompileError", "expected a name\nfound `=`")
    }];
    file(at, FileStatus::Failed, vec![whole])
}

/// The events of a run of `files`, which finish in this order.
pub(crate) fn run_of(files: Vec<FileResult>, stopped: Option<Stopped>) -> Vec<Event> {
    let mut events = vec![Event::RunStarted(RunStarted {
        at: started(),
        files: files.len(),
        jobs: 2,
        warnings: vec![
            Diagnostic::warning("unknown key `timout`")
                .at(place("husako.toml", 3, 1))
                .with_snippet(Snippet::new("[test]\nfilter = \"a\"\ntimout = 5\n", 3, 1, 6))
                .help("did you mean `timeout`?"),
        ],
        shard: None,
    })];
    let mut counts = Counts::default();
    for file in files {
        counts.add(&file);
        if file.started.is_some() {
            events.push(Event::FileStarted { path: file.path.clone() });
        }
        for case in &file.cases {
            events
                .push(Event::CasesFinished { path: file.path.clone(), statuses: vec![case.status.clone()] });
        }
        events.push(Event::FileFinished(Arc::new(file)));
    }
    events.push(Event::RunFinished(RunFinished {
        duration: Duration::from_millis(4321),
        counts,
        stopped,
        seed: stopped.is_some().then_some(4711),
    }));
    events
}

/// The events of the whole model. The files do not finish in the order of their paths.
pub(crate) fn events() -> Vec<Event> {
    let mut filtered = passing("apps/filtered.test.ts", &[]);
    filtered.filtered_out = 3;
    let files = vec![
        web(),
        kinds(),
        passing("apps/db.test.ts", &["has a volume", "has a secret"]),
        filtered,
        broken(),
        entry(),
        file("apps/never.test.ts", FileStatus::NotRun, Vec::new()),
    ];
    run_of(files, Some(Stopped::FailFast))
}

/// What every report must tell of the model: file, case, outcome; in the order of the paths, then of the file.
pub(crate) fn outcomes() -> Vec<(String, String, Outcome)> {
    let error = |type_name: &str| Outcome::Error(type_name.to_owned());
    let rows = [
        ("apps/broken.test.ts", "(file)", error("CompileError")),
        ("apps/db.test.ts", "has a volume", Outcome::Passed),
        ("apps/db.test.ts", "has a secret", Outcome::Passed),
        ("apps/env/prod.ts", "build", Outcome::Passed),
        ("apps/env/prod.ts", "Deployment prod/web", Outcome::Failed("unknown-field".to_owned())),
        ("apps/env/prod.ts", "Service prod/web", Outcome::Passed),
        ("apps/kinds.test.ts", "passes", Outcome::Passed),
        ("apps/kinds.test.ts", "is skipped", Outcome::Skipped("test.skip".to_owned())),
        ("apps/kinds.test.ts", "is planned", Outcome::Todo),
        ("apps/kinds.test.ts", "AssertionError", Outcome::Failed("AssertionError".to_owned())),
        ("apps/kinds.test.ts", "ValidationError", Outcome::Failed("unknown-field".to_owned())),
        ("apps/kinds.test.ts", "Error", error("RangeError")),
        ("apps/kinds.test.ts", "UnhandledRejection", error("Error")),
        ("apps/kinds.test.ts", "Timeout", error("Timeout")),
        ("apps/kinds.test.ts", "NeverSettles", error("NeverSettles")),
        ("apps/kinds.test.ts", "OutOfMemory", error("OutOfMemory")),
        ("apps/kinds.test.ts", "StackOverflow", error("StackOverflow")),
        ("apps/kinds.test.ts", "CompileError", error("CompileError")),
        ("apps/kinds.test.ts", "LoadError", error("LoadError")),
        ("apps/kinds.test.ts", "NoTests", error("NoTests")),
        ("apps/kinds.test.ts", "BuildContractError", error("BuildContractError")),
        ("apps/kinds.test.ts", "Nondeterminism", Outcome::Failed("Nondeterminism".to_owned())),
        ("apps/kinds.test.ts", "TypeCheckError", Outcome::Failed("TS2322".to_owned())),
        ("apps/kinds.test.ts", "WrongCache", error("WrongCache")),
        ("apps/kinds.test.ts", "Interrupted", error("Interrupted")),
        ("apps/kinds.test.ts", "InternalError", error("InternalError")),
        ("apps/web.test.ts", "deployment > has a name", Outcome::Passed),
        ("apps/web.test.ts", "deployment > has the replicas", error("AssertionError")),
    ];
    rows.into_iter().map(|(path, name, outcome)| (path.to_owned(), name.to_owned(), outcome)).collect()
}
