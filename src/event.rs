//! What happens in a run, as plain data: the runner sends it, the reports read it.
//!
//! Everything is decided before it is sent. A report never judges; it only shows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::change::Diff;
use crate::coverage::Coverage;
use crate::diagnostic::{Diagnostic, Place, Snippet};
use crate::resource::JsonPath;
use crate::shard::Part;
use crate::tree::RelPath;

/// One step of a run, in the order in which it happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The plan is made and nothing has run yet.
    RunStarted(RunStarted),
    /// A file got its permit and begins to run.
    FileStarted {
        /// The file, from the repository root.
        path: RelPath,
    },
    /// More cases of a file that has been running for a while are over. Its [`Event::FileFinished`] tells them again, and all
    /// others.
    CasesFinished {
        /// The file, from the repository root.
        path: RelPath,
        /// What became of them.
        statuses: Vec<CaseStatus>,
    },
    /// A file is over, or it is certain that it will not run. Comes once for every planned file.
    FileFinished(Arc<FileResult>),
    /// The resources are compared with those of the base, where that was asked for and the run was not stopped.
    DiffFinished(Arc<Diff>),
    /// What was counted, where that was asked for. Files that did not come to their end count as far as they came.
    CoverageFinished(Arc<Coverage>),
    /// Every planned file has been told.
    RunFinished(RunFinished),
}

/// What is about to run.
#[derive(Debug, Clone)]
pub struct RunStarted {
    /// When the run began (UTC).
    pub at: SystemTime,
    /// How many files are planned.
    pub files: usize,
    /// How many files run at a time.
    pub jobs: usize,
    /// What discovery and configuration have to say before anything runs.
    pub warnings: Vec<Diagnostic>,
    /// Which part of a run it is; `None` for all of it.
    pub shard: Option<Part>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunFinished {
    /// Wall time from the start of the run to its end.
    pub duration: Duration,
    /// What was counted.
    pub counts: Counts,
    /// Why files were left out, when some were.
    pub stopped: Option<Stopped>,
    /// What was random came of this: the order of what ran, or what files asked for. `None` where nothing was.
    pub seed: Option<u64>,
}

/// Why a run ended before all its files had run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// A file failed, and `--fail-fast` was given.
    FailFast,
    /// As many cases as `--max-fail` allows have failed.
    MaxFail,
    /// Ctrl-C, or the system asked the process to end.
    Interrupted,
}

/// Counts of a whole run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files whose cases all passed or were skipped.
    pub files_passed: usize,
    /// Files with at least one failed case.
    pub files_failed: usize,
    /// Files that were planned and did not run.
    pub files_not_run: usize,
    /// Files whose result is that of an earlier run. They are counted as passed or failed, too.
    pub files_cached: usize,
    /// Cases that passed at once.
    pub passed: usize,
    /// Cases that passed only when they were run again.
    pub flaky: usize,
    /// Cases that failed an assertion, and resources that are not valid.
    pub failed: usize,
    /// Cases that failed in any other way, those that stand for a whole file included.
    pub errors: usize,
    /// Cases that were skipped.
    pub skipped: usize,
    /// Cases that are only planned (`test.todo`).
    pub todo: usize,
    /// Cases that `--filter` left out. They appear nowhere else.
    pub filtered_out: usize,
    /// Warnings about cases, whatever became of the cases.
    pub warnings: usize,
    /// What became of the snapshots.
    pub snapshots: SnapshotCounts,
}

/// What a file is run for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Its test cases.
    Tests,
    /// The resources that it builds. Each is a case of its own, as is building them.
    Entry {
        /// Its names in `[entries]`, in order.
        aliases: Vec<String>,
    },
    /// The types of a project: the file is its `tsconfig.json`, and each file that is checked is a case.
    Types,
}

/// Everything that is known of one file.
#[derive(Debug, Clone)]
pub struct FileResult {
    /// The file, from the repository root.
    pub path: RelPath,
    /// What it was run for.
    pub kind: FileKind,
    /// The folder of the project that it belongs to, from the repository root (empty: the root).
    pub project: RelPath,
    /// Passed, failed, or did not run.
    pub status: FileStatus,
    /// When the file began to run; `None` when it did not.
    pub started: Option<SystemTime>,
    /// Wall time of the file.
    pub duration: Duration,
    /// The cases in the order of the file. A failure of the whole file is a case of its own.
    pub cases: Vec<CaseResult>,
    /// What was printed outside any case.
    pub output: Vec<OutputLine>,
    /// How many cases `--filter` left out.
    pub filtered_out: usize,
    /// What it asked for that another run may answer differently.
    pub reads: Reads,
    /// Whether this is the result of an earlier run, whose texts were the same.
    pub is_cached: bool,
    /// What became of its snapshots.
    pub snapshots: SnapshotCounts,
    /// The names of those that no case asks for any more and that are still stored.
    pub obsolete_snapshots: Vec<String>,
    /// What an entry rendered, in its order, where somebody asked for it and it could be rendered, valid or not.
    pub documents: Option<Arc<Vec<serde_json::Value>>>,
}

/// What a file asked for that is not the same in every run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reads {
    /// What time it is.
    pub clock: bool,
    /// A random number.
    pub random: bool,
    /// To be called later: what is then the case may depend on what else happens.
    pub timers: bool,
}

/// What became of the snapshots of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCounts {
    /// The same as what is stored.
    pub matched: usize,
    /// Not the same as what is stored, or not there and not to be written.
    pub unmatched: usize,
    /// Not there before, and written.
    pub written: usize,
    /// Written in place of another.
    pub updated: usize,
    /// Stored, and no case asks for them any more.
    pub obsolete: usize,
    /// Obsolete, and taken out.
    pub removed: usize,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileStatus {
    /// Nothing failed.
    Passed,
    /// At least one case failed.
    Failed,
    /// The run ended before the file's turn.
    NotRun,
}

/// Everything that is known of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The titles of the suites around it and its own, joined with ` > `. Unique within the file.
    pub name: String,
    /// Where `test()` was called; `None` for a case that stands for the whole file.
    pub place: Option<Place>,
    /// What became of it.
    pub status: CaseStatus,
    /// Wall time of its last run, its hooks included.
    pub duration: Duration,
    /// The runs before the last, where it was run again. All of them failed, but where it was asked to be repeated.
    pub attempts: Vec<Attempt>,
    /// What went wrong, in the order in which it did. Empty unless the case failed.
    pub failures: Vec<Failure>,
    /// What deserves a look and fails nothing.
    pub warnings: Vec<Failure>,
    /// What it printed.
    pub output: Vec<OutputLine>,
}

/// One run of a case that was run again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Wall time, its hooks included.
    pub duration: Duration,
    /// What went wrong.
    pub failures: Vec<Failure>,
    /// What it printed.
    pub output: Vec<OutputLine>,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaseStatus {
    /// It ran and nothing failed.
    Passed,
    /// It failed, was run again, and then nothing failed.
    Flaky {
        /// Whether that counts as a failure.
        fails: bool,
    },
    /// An assertion failed, or a resource is not valid, and nothing worse happened.
    Failed,
    /// It failed in any other way: an error was thrown, time or memory ran out, the file did not load.
    Error,
    /// It was not to run.
    Skipped {
        /// Why, in words for a person.
        reason: String,
    },
    /// It is only planned.
    Todo,
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Which kind of failure.
    pub kind: FailureKind,
    /// The class of the error (`AssertionError`, `TypeError`), the rule that a resource breaks (`unknown-field`), or
    /// [`FailureKind::name`].
    pub type_name: String,
    /// What happened. Never empty; may have several lines.
    pub message: String,
    /// For a failed comparison, what was compared.
    pub comparison: Option<Comparison>,
    /// Where it happened, in the user's source.
    pub place: Option<Place>,
    /// Where in a rendered resource.
    pub json_path: Option<JsonPath>,
    /// The lines around [`Failure::place`].
    pub snippet: Option<Snippet>,
    /// The stack, innermost first, of the user's files only.
    pub frames: Vec<Frame>,
    /// What to do about it.
    pub help: Option<String>,
    /// The errors behind it (`cause`), outermost first.
    pub causes: Vec<String>,
}

/// The two sides of a failed comparison, printed as text of one or more lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// What the test expected.
    pub expected: String,
    /// What it got.
    pub received: String,
}

/// One frame of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The function; `None` where it has no name.
    pub function: Option<String>,
    /// Where in the user's source.
    pub place: Place,
}

/// One call of `console.*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputLine {
    /// Which stream it belongs to.
    pub stream: Stream,
    /// The text, without its final line break. May have several lines.
    pub text: String,
}

/// The stream that a call of `console.*` belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// `console.log`, `info`, `debug`.
    Out,
    /// `console.warn`, `error`, `trace`.
    Err,
}

/// Which kind of failure. [`FailureKind::Assertion`] and [`FailureKind::Validation`] are a JUnit `failure`: what was
/// asked was answered, with no. All others are `error`s. Written and read by [`FailureKind::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    /// `expect(…)` did not hold.
    #[serde(rename = "AssertionError")]
    Assertion,
    /// A rendered resource breaks a rule.
    #[serde(rename = "ValidationError")]
    Validation,
    /// The code under test, the test or a hook threw.
    #[serde(rename = "Error")]
    Thrown,
    /// A promise was rejected and nobody handled it.
    UnhandledRejection,
    /// The case or its file ran out of time.
    Timeout,
    /// The case waits for a promise that nothing can settle any more.
    NeverSettles,
    /// The file reached its heap limit.
    OutOfMemory,
    /// The file reached its stack limit.
    StackOverflow,
    /// The file, or a module that it imports, is not valid TypeScript.
    #[serde(rename = "CompileError")]
    Compile,
    /// A module could not be found, was denied, or threw while it was loaded.
    #[serde(rename = "LoadError")]
    Load,
    /// The file has no cases.
    NoTests,
    /// An entry did not call `build` exactly once, or what it built cannot be written as JSON.
    #[serde(rename = "BuildContractError")]
    BuildContract,
    /// TypeScript's compiler finds a mistake in the types.
    #[serde(rename = "TypeCheckError")]
    Types,
    /// The file does something else when it runs again (`--check-determinism`).
    Nondeterminism,
    /// The result that was kept of the file is not the one that it gives.
    WrongCache,
    /// The run was interrupted while the case ran.
    Interrupted,
    /// husako-ci itself failed.
    #[serde(rename = "InternalError")]
    Internal,
}

impl FailureKind {
    /// The name of the kind in reports, PascalCase. Part of the JSON report's format.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Assertion => "AssertionError",
            FailureKind::Validation => "ValidationError",
            FailureKind::Thrown => "Error",
            FailureKind::UnhandledRejection => "UnhandledRejection",
            FailureKind::Timeout => "Timeout",
            FailureKind::NeverSettles => "NeverSettles",
            FailureKind::OutOfMemory => "OutOfMemory",
            FailureKind::StackOverflow => "StackOverflow",
            FailureKind::Compile => "CompileError",
            FailureKind::Load => "LoadError",
            FailureKind::NoTests => "NoTests",
            FailureKind::BuildContract => "BuildContractError",
            FailureKind::Types => "TypeCheckError",
            FailureKind::Nondeterminism => "Nondeterminism",
            FailureKind::WrongCache => "WrongCache",
            FailureKind::Interrupted => "Interrupted",
            FailureKind::Internal => "InternalError",
        }
    }
}

impl FailureKind {
    /// Whether it is an answer (a JUnit `failure`), and not something that kept from giving one (an `error`).
    pub fn is_verdict(self) -> bool {
        matches!(
            self,
            FailureKind::Assertion
                | FailureKind::Validation
                | FailureKind::Types
                | FailureKind::Nondeterminism
        )
    }
}

impl CaseStatus {
    /// The status of a case with these failures.
    pub fn of(failures: &[Failure]) -> CaseStatus {
        if failures.is_empty() {
            CaseStatus::Passed
        } else if failures.iter().all(|failure| failure.kind.is_verdict()) {
            CaseStatus::Failed
        } else {
            CaseStatus::Error
        }
    }

    /// Whether the case makes its file and the run fail.
    pub fn is_failure(&self) -> bool {
        match self {
            CaseStatus::Failed | CaseStatus::Error => true,
            CaseStatus::Flaky { fails } => *fails,
            CaseStatus::Passed | CaseStatus::Skipped { .. } | CaseStatus::Todo => false,
        }
    }
}

impl SnapshotCounts {
    /// Adds those of another file or case.
    pub fn add(&mut self, counts: SnapshotCounts) {
        let SnapshotCounts { matched, unmatched, written, updated, obsolete, removed } = counts;
        self.matched += matched;
        self.unmatched += unmatched;
        self.written += written;
        self.updated += updated;
        self.obsolete += obsolete;
        self.removed += removed;
    }
}

impl CaseResult {
    /// What went wrong in the last run in which something did: of a failed case its failures, of a flaky one those
    /// of the attempt before it passed.
    pub fn last_failures(&self) -> &[Failure] {
        let attempts = self.attempts.iter().rev().map(|attempt| attempt.failures.as_slice());
        std::iter::once(self.failures.as_slice())
            .chain(attempts)
            .find(|failures| !failures.is_empty())
            .unwrap_or_default()
    }
}

impl Counts {
    /// Adds one finished file.
    pub fn add(&mut self, file: &FileResult) {
        match file.status {
            // Nothing of it was to run.
            FileStatus::Passed if file.cases.is_empty() && file.filtered_out > 0 => {}
            FileStatus::Passed => self.files_passed += 1,
            FileStatus::Failed => self.files_failed += 1,
            FileStatus::NotRun => self.files_not_run += 1,
        }
        self.files_cached += usize::from(file.is_cached);
        self.filtered_out += file.filtered_out;
        self.snapshots.add(file.snapshots);
        for case in &file.cases {
            self.warnings += case.warnings.len();
            match case.status {
                CaseStatus::Passed => self.passed += 1,
                CaseStatus::Flaky { .. } => self.flaky += 1,
                CaseStatus::Failed => self.failed += 1,
                CaseStatus::Error => self.errors += 1,
                CaseStatus::Skipped { .. } => self.skipped += 1,
                CaseStatus::Todo => self.todo += 1,
            }
        }
    }
}
