//! The JSON report, version 1.
//!
//! Its types are its own: what the program calls things inside may change, the report may not. Within a version, fields
//! are only added. Fields that are marked *absent* are left out when they have nothing to say. Strings are what the
//! test gave, escape sequences and control characters included.
//!
//! [`read`] makes a run of a report again, and [`join`] one run of those of all its shards: every report of that run is
//! what it would have been without the detour, but for times below a microsecond.

mod form;
mod join;
mod read;

use std::io;
use std::time::Duration;

use serde::Serialize;

use super::pieces::{Around, Form};
use super::{Run, text};
use crate::change::Diff;
use crate::coverage::Totals;
use crate::diagnostic::{Diagnostic, Place, Severity, Snippet};
use crate::event::{
    Attempt, CaseResult, CaseStatus, Counts, Failure, FileKind, FileResult, FileStatus, Frame, OutputLine,
    SnapshotCounts, Stopped, Stream,
};
use crate::shard::Part;

pub(crate) use join::{Joined, NotJoined, join};
pub(crate) use read::{MAX_BYTES, NotRead, Saved, read};

/// The report as it is made, a file at a time: a [`Report`] as indented JSON, with a line break at its end.
#[derive(Default)]
pub(crate) struct Json {
    /// What was counted so far. The run counts itself, unless it does not end.
    counts: Counts,
}

impl Form for Json {
    fn piece(&mut self, file: &FileResult, _: &Run) -> io::Result<Option<Vec<u8>>> {
        self.counts.add(file);
        let text = serde_json::to_string_pretty(&File::new(file))?;
        // A line break in a string is written as an escape.
        Ok(Some(format!("\n    {}", text.replace('\n', "\n    ")).into_bytes()))
    }

    fn around(&mut self, run: &Run, pieces: usize) -> io::Result<Around> {
        const FILES: &str = "\n  \"files\": [";
        let text = serde_json::to_string_pretty(&Report::new(run, self.counts))? + "\n";
        let files = text.find(FILES).ok_or_else(|| io::Error::other("a report without files"))?;
        let (before, after) = text.split_at(files + FILES.len());
        let after = if pieces == 0 { after.to_owned() } else { format!("\n  {after}") };
        Ok(Around { before: before.into(), between: b",", after: after.into() })
    }
}

/// The report of a run.
#[cfg(test)]
pub(crate) fn render(run: &Run) -> io::Result<Vec<u8>> {
    super::pieces::render(Json::default(), run, usize::MAX)
}

/// The version of the format.
const VERSION: u32 = 1;
const TOOL: Tool = Tool { name: "husako-ci", version: env!("CARGO_PKG_VERSION") };

/// What differs from the base, alone.
#[derive(Debug, Serialize)]
struct Changes<'a> {
    /// As that of the report.
    version: u32,
    /// What wrote it.
    tool: Tool,
    /// As in the report.
    diff: &'a Diff,
}

/// What differs from the base as JSON, with a line break at its end.
pub(crate) fn changes(diff: &Diff) -> String {
    let changes = Changes { version: VERSION, tool: TOOL, diff };
    // Strings, numbers and JSON only: there is nothing that could fail.
    serde_json::to_string_pretty(&changes).unwrap_or_default() + "\n"
}

/// The whole report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    /// The version of the format: 1.
    version: u32,
    /// What wrote the report.
    tool: Tool,
    /// When the run began: UTC, ISO 8601 with milliseconds. Absent when it did not begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// How many files ran at a time. Absent when the run did not begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<usize>,
    /// Wall time of the run in milliseconds. Absent when the run did not end.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<f64>,
    /// Which part of a run it is (`--shard`). Absent for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<ShardOf<'a>>,
    /// What was counted.
    summary: Summary,
    /// What discovery and configuration had to say before anything ran.
    warnings: Vec<Warning<'a>>,
    /// Every planned file, a [`File`], in the order of the paths. They are written one by one.
    files: [File<'a>; 0],
    /// What differs from the base. Absent when that was not asked for, or the run was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<&'a Diff>,
    /// What was covered. Absent without `--coverage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageTotals>,
}

/// Which part of a run.
#[derive(Debug, Serialize)]
struct ShardOf<'a> {
    /// Which, from 1.
    index: usize,
    /// How many there are.
    total: usize,
    /// A sum over which shard runs which file: those of one run have the same.
    plan: &'a str,
}

/// What was covered of all files together.
#[derive(Debug, Serialize)]
struct CoverageTotals {
    /// The statements.
    statements: CoveredOf,
    /// The functions.
    functions: CoveredOf,
    /// The lines on which statements begin.
    lines: CoveredOf,
}

/// How many of something ran.
#[derive(Debug, Serialize)]
struct CoveredOf {
    /// How many there are.
    total: usize,
    /// How many of them ran at least once.
    covered: usize,
}

/// What wrote the report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool {
    /// `husako-ci`.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// What was counted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    /// Counts of files.
    files: FileCounts,
    /// Counts of cases.
    cases: CaseCounts,
    /// What became of the snapshots. Absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<Snapshots>,
    /// What was random came of this number (`--seed`): the order of `--shuffle`, or what files asked for. `null` where
    /// nothing was.
    seed: Option<u64>,
    /// Why the run ended before all its files had run: `fail-fast`, `max-fail` or `interrupted`; `null` when it did not.
    stopped: Option<&'static str>,
}

/// Counts of files.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileCounts {
    /// Nothing failed in them.
    passed: usize,
    /// At least one case failed.
    failed: usize,
    /// Planned, and the run ended before their turn.
    not_run: usize,
    /// Passed or failed, as an earlier run with the same texts told.
    cached: usize,
}

/// Counts of cases.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CaseCounts {
    /// Passed.
    passed: usize,
    /// Passed only when they were run again.
    flaky: usize,
    /// Failed an assertion.
    failed: usize,
    /// Failed in any other way.
    errors: usize,
    /// Skipped.
    skipped: usize,
    /// Only planned (`test.todo`).
    todo: usize,
    /// Left out by `--filter`. They are told nowhere else.
    filtered_out: usize,
    /// Warnings about cases, whatever became of the cases.
    warnings: usize,
}

/// Counts of snapshots.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Snapshots {
    /// The same as what is stored.
    matched: usize,
    /// Not the same as what is stored, or missing and not to be written.
    unmatched: usize,
    /// Not there before, and written.
    written: usize,
    /// Written in place of another.
    updated: usize,
    /// Stored, and no case asks for them any more.
    obsolete: usize,
    /// Obsolete, and taken out.
    removed: usize,
}

impl Snapshots {
    fn new(counts: SnapshotCounts) -> Option<Snapshots> {
        let SnapshotCounts { matched, unmatched, written, updated, obsolete, removed } = counts;
        (counts != SnapshotCounts::default()).then_some(Snapshots {
            matched,
            unmatched,
            written,
            updated,
            obsolete,
            removed,
        })
    }
}

/// A message of discovery or configuration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Warning<'a> {
    /// `warning` or `error`.
    severity: &'static str,
    /// What happened.
    message: &'a str,
    /// The file, from the repository root. Absent where there is no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// Line, from 1. Absent where there is no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Column, from 1, in Unicode code points. Absent where there is no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    /// What to do next. Absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// The lines around the place. Absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Code<'a>>,
}

/// One file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    /// The file, from the repository root.
    path: &'a str,
    /// The folder of the project that it belongs to, from the repository root; `.` for the root.
    project: &'a str,
    /// `tests`, or `entry`: then its cases are `build`, and one for each resource.
    kind: &'static str,
    /// The names of an entry in `[entries]`. Absent when it has none.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
    /// `passed`, `failed`, or `notRun`.
    status: &'static str,
    /// When the file began to run: UTC, ISO 8601 with milliseconds. Absent when it did not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// Wall time in milliseconds.
    duration_ms: f64,
    /// How many of its cases `--filter` left out.
    filtered_out: usize,
    /// What it asked for that another run may answer differently: `clock`, `random`, `timers`. Absent when it asked for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reads: Vec<&'static str>,
    /// Whether this is the result of an earlier run with the same texts. Absent when it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cached: bool,
    /// What became of its snapshots. Absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<Snapshots>,
    /// The names of the stored snapshots that no case asks for any more. Absent when there are none.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    obsolete_snapshots: &'a [String],
    /// The cases in the order of the file. A failure of the whole file is a case of its own.
    cases: Vec<Case<'a>>,
    /// What was printed outside any case, in the order in which it was.
    output: Vec<Output<'a>>,
}

/// One case.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    /// The titles of the suites around it and its own, joined with ` > `. Unique within the file.
    name: &'a str,
    /// `passed`, `flaky` (when run again, nothing failed), `failed` (an assertion), `error` (any other way), `skipped`, or `todo`.
    status: &'static str,
    /// `true` when it is flaky, and that makes it fail (`--flaky=fail`). Absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fails: bool,
    /// Why it was skipped. Absent when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// The file where `test()` was called, from the repository root. Absent for a case that stands for its whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// The line of that call, from 1. Absent as `path` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// The column of that call, from 1, in Unicode code points. Absent as `path` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    /// Wall time in milliseconds, hooks included.
    duration_ms: f64,
    /// What went wrong, in the order in which it did. Empty unless the case failed.
    failures: Vec<Fault<'a>>,
    /// The runs before the last, in order, where the case was run again. Absent when it was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Tried<'a>>,
    /// What deserves a look and fails nothing. Absent when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Fault<'a>>,
    /// What it printed, in the order in which it did.
    output: Vec<Output<'a>>,
}

/// One run of a case that was run again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried<'a> {
    /// Wall time in milliseconds, hooks included.
    duration_ms: f64,
    /// What went wrong. Empty where nothing did, and the case was to be repeated.
    failures: Vec<Fault<'a>>,
    /// What it printed, in the order in which it did.
    output: Vec<Output<'a>>,
}

/// One thing that went wrong.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fault<'a> {
    /// `AssertionError`, `ValidationError` (a resource breaks a rule), `BuildContractError`, `Nondeterminism` (`--check-determinism`), `Error` (something was thrown), `UnhandledRejection`, `Timeout`, `NeverSettles`,
    /// `OutOfMemory`, `StackOverflow`, `CompileError`, `LoadError`, `NoTests`, `Interrupted`, or `InternalError`.
    kind: &'static str,
    /// The class of the error, the rule that a resource breaks, or the kind where there is neither.
    #[serde(rename = "type")]
    type_name: &'a str,
    /// What happened. May have several lines.
    message: &'a str,
    /// What the test expected, printed. Absent unless two values were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    /// What it got, printed. Absent unless two values were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<&'a str>,
    /// The file where it happened, from the repository root. Absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// Line, from 1. Absent as `path` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Column, from 1, in Unicode code points. Absent as `path` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    /// Where in the rendered resource: `$.spec.replicas`. Absent where it is not about a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    json_path: Option<String>,
    /// The lines around the place. Absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Code<'a>>,
    /// The stack, innermost first, of the user's files only.
    frames: Vec<StackFrame<'a>>,
    /// What to do about it. Absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// The errors behind it (`cause`), outermost first.
    causes: &'a [String],
}

/// Lines of a source file, one of them marked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Code<'a> {
    /// The number of the first of `lines`, from 1.
    first_line: u32,
    /// The lines, without line breaks. Long ones are cut.
    lines: &'a [String],
    /// The number of the marked line.
    line: u32,
    /// The marked column in what `lines` shows, from 1, in Unicode code points.
    column: u32,
    /// How many code points are marked; at least 1.
    width: u32,
}

/// One frame of a stack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StackFrame<'a> {
    /// The function. Absent where it has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'a str>,
    /// The file, from the repository root.
    path: &'a str,
    /// Line, from 1.
    line: u32,
    /// Column, from 1, in Unicode code points.
    column: u32,
}

/// What one call of `console` printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    /// `stdout` or `stderr`.
    stream: &'static str,
    /// The text, without its final line break. May have several lines.
    text: &'a str,
}

impl<'a> Report<'a> {
    /// All but the files, which were `counted`.
    fn new(run: &'a Run, counted: Counts) -> Report<'a> {
        let Run { started, files: _, silent: _, diff, coverage, finished } = run;
        let counts = finished.as_ref().map_or(counted, |finished| finished.counts);
        let (stopped, seed) =
            finished.as_ref().map_or((None, None), |finished| (finished.stopped, finished.seed));
        Report {
            version: VERSION,
            tool: TOOL,
            started_at: started.as_ref().map(|started| text::iso8601(started.at)),
            jobs: started.as_ref().map(|started| started.jobs),
            duration_ms: finished.as_ref().map(|finished| millis(finished.duration)),
            shard: started.as_ref().and_then(|started| started.shard.as_ref()).map(ShardOf::new),
            summary: Summary::new(counts, stopped, seed),
            warnings: started.iter().flat_map(|started| &started.warnings).map(Warning::new).collect(),
            files: [],
            diff: diff.as_deref(),
            coverage: coverage.as_ref().map(|coverage| CoverageTotals::new(&coverage.totals())),
        }
    }
}

impl<'a> ShardOf<'a> {
    fn new(part: &'a Part) -> ShardOf<'a> {
        let Part { shard, plan } = part;
        ShardOf { index: shard.index(), total: shard.total(), plan }
    }
}

impl CoverageTotals {
    fn new(totals: &Totals) -> CoverageTotals {
        let Totals { statements, functions, lines } = totals;
        let [statements, functions, lines] = [statements, functions, lines]
            .map(|covered| CoveredOf { total: covered.all, covered: covered.hit });
        CoverageTotals { statements, functions, lines }
    }
}

impl Summary {
    fn new(counts: Counts, stopped: Option<Stopped>, seed: Option<u64>) -> Summary {
        let Counts {
            files_passed,
            files_failed,
            files_not_run,
            files_cached,
            passed,
            flaky,
            failed,
            errors,
            skipped,
            todo,
            filtered_out,
            warnings,
            snapshots,
        } = counts;
        Summary {
            files: FileCounts {
                passed: files_passed,
                failed: files_failed,
                not_run: files_not_run,
                cached: files_cached,
            },
            cases: CaseCounts { passed, flaky, failed, errors, skipped, todo, filtered_out, warnings },
            seed,
            snapshots: Snapshots::new(snapshots),
            stopped: stopped.map(|stopped| match stopped {
                Stopped::FailFast => "fail-fast",
                Stopped::MaxFail => "max-fail",
                Stopped::Interrupted => "interrupted",
            }),
        }
    }
}

impl<'a> Warning<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Warning<'a> {
        let Diagnostic { severity, message, place, snippet, help } = diagnostic;
        let (path, line, column) = place_fields(place.as_ref());
        let severity = match severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let snippet = snippet.as_ref().map(Code::new);
        Warning { severity, message, path, line, column, help: help.as_deref(), snippet }
    }
}

impl<'a> File<'a> {
    fn new(file: &'a FileResult) -> File<'a> {
        let FileResult {
            path,
            project,
            kind,
            status,
            started,
            duration,
            cases,
            output,
            filtered_out,
            reads,
            is_cached,
            snapshots,
            obsolete_snapshots,
            documents: _,
        } = file;
        let (kind, aliases) = match kind {
            FileKind::Tests => ("tests", &[][..]),
            FileKind::Types => ("types", &[][..]),
            FileKind::Entry { aliases } => ("entry", &aliases[..]),
        };
        File {
            path: path.as_str(),
            project: if project.is_root() { "." } else { project.as_str() },
            kind,
            aliases,
            status: match status {
                FileStatus::Passed => "passed",
                FileStatus::Failed => "failed",
                FileStatus::NotRun => "notRun",
            },
            started_at: started.map(text::iso8601),
            duration_ms: millis(*duration),
            filtered_out: *filtered_out,
            reads: [(reads.clock, "clock"), (reads.random, "random"), (reads.timers, "timers")]
                .into_iter()
                .filter_map(|(read, name)| read.then_some(name))
                .collect(),
            cached: *is_cached,
            snapshots: Snapshots::new(*snapshots),
            obsolete_snapshots,
            cases: cases.iter().map(Case::new).collect(),
            output: output.iter().map(Output::new).collect(),
        }
    }
}

impl<'a> Case<'a> {
    fn new(case: &'a CaseResult) -> Case<'a> {
        let CaseResult { name, place, status, duration, attempts, failures, warnings, output } = case;
        let fails = *status == CaseStatus::Flaky { fails: true };
        let (status, reason) = match status {
            CaseStatus::Passed => ("passed", None),
            CaseStatus::Flaky { .. } => ("flaky", None),
            CaseStatus::Failed => ("failed", None),
            CaseStatus::Error => ("error", None),
            CaseStatus::Skipped { reason } => ("skipped", Some(reason.as_str())),
            CaseStatus::Todo => ("todo", None),
        };
        let (path, line, column) = place_fields(place.as_ref());
        Case {
            name,
            status,
            fails,
            reason,
            path,
            line,
            column,
            duration_ms: millis(*duration),
            failures: failures.iter().map(Fault::new).collect(),
            attempts: attempts.iter().map(Tried::new).collect(),
            warnings: warnings.iter().map(Fault::new).collect(),
            output: output.iter().map(Output::new).collect(),
        }
    }
}

impl<'a> Tried<'a> {
    fn new(attempt: &'a Attempt) -> Tried<'a> {
        let Attempt { duration, failures, output } = attempt;
        Tried {
            duration_ms: millis(*duration),
            failures: failures.iter().map(Fault::new).collect(),
            output: output.iter().map(Output::new).collect(),
        }
    }
}

impl<'a> Fault<'a> {
    fn new(failure: &'a Failure) -> Fault<'a> {
        let Failure { kind, type_name, message, comparison, place, json_path, snippet, frames, help, causes } =
            failure;
        let (path, line, column) = place_fields(place.as_ref());
        Fault {
            kind: kind.name(),
            type_name,
            message,
            expected: comparison.as_ref().map(|comparison| comparison.expected.as_str()),
            received: comparison.as_ref().map(|comparison| comparison.received.as_str()),
            path,
            line,
            column,
            json_path: json_path.as_ref().map(ToString::to_string),
            snippet: snippet.as_ref().map(Code::new),
            frames: frames.iter().map(StackFrame::new).collect(),
            help: help.as_deref(),
            causes,
        }
    }
}

impl<'a> Code<'a> {
    fn new(snippet: &'a Snippet) -> Code<'a> {
        let Snippet { first_line, lines, line, column, width } = snippet;
        Code { first_line: *first_line, lines, line: *line, column: *column, width: *width }
    }
}

impl<'a> StackFrame<'a> {
    fn new(frame: &'a Frame) -> StackFrame<'a> {
        let Frame { function, place: Place { path, line, column } } = frame;
        StackFrame { function: function.as_deref(), path: path.as_str(), line: *line, column: *column }
    }
}

impl<'a> Output<'a> {
    fn new(line: &'a OutputLine) -> Output<'a> {
        let OutputLine { stream, text } = line;
        let stream = match stream {
            Stream::Out => "stdout",
            Stream::Err => "stderr",
        };
        Output { stream, text }
    }
}

fn place_fields(place: Option<&Place>) -> (Option<&str>, Option<u32>, Option<u32>) {
    match place {
        Some(Place { path, line, column }) => (Some(path.as_str()), Some(*line), Some(*column)),
        None => (None, None, None),
    }
}

/// Milliseconds with at most three decimals.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod merging;
#[cfg(test)]
mod tests;
