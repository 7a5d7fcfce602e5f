//! Reads a JSON report, from whomever it is: a job that ran a stranger's code may have written it.
//!
//! What strings say is for the reports to make harmless, as it is in a run; all else is checked here and in `form`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::comment::fits_together;
use super::form::{
    Case, CaseState, Channel, Code, Fault, File, FileState, Frame, Kind, Number, Output, Path, Read, Report,
    Severity, ShardOf, Snapshots, Stop, Summary, Tried, Warning,
};
use super::{Run, VERSION};
use crate::diagnostic::{self, Diagnostic, Place};
use crate::event::{
    Attempt, CaseResult, CaseStatus, Comparison, Counts, Failure, FileKind, FileResult, FileStatus,
    OutputLine, Reads, RunFinished, RunStarted, SnapshotCounts, Stopped, Stream,
};
use crate::report::Silent;
use crate::shard::{self, Part};

/// The most bytes of a report.
pub(crate) const MAX_BYTES: u64 = 512 << 20;
/// The last column that is marked in a snippet: its lines are cut long before.
const MAX_COLUMN: u32 = 10_000;

/// Why a report could not be read. Each says what is at that place instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotRead {
    /// It has another form.
    #[error("is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, and something else.
    #[error("is no JSON report of husako-ci: {0}")]
    NotAReport(String),
    /// Another version of the format.
    #[error("has version {0} of the report, and {VERSION} is known")]
    Version(u64),
    /// Its parts contradict each other.
    #[error("does not fit together: {0}")]
    Contradiction(String),
}

/// A run as its report told it.
#[derive(Debug)]
pub(crate) struct Saved {
    /// What happened. Without what entries rendered, and without what was counted for coverage.
    pub(crate) run: Run,
    /// Whether it had totals of coverage, which cannot be added to others without the lines behind them.
    pub(crate) has_coverage: bool,
    /// The version of the program that wrote it.
    pub(crate) tool: String,
    /// SHA-256 of the report.
    pub(crate) digest: [u8; 32],
}

/// Reads a report of at most [`MAX_BYTES`].
///
/// # Errors
///
/// Why it is none of this version.
pub(crate) fn read(bytes: &[u8]) -> Result<Saved, NotRead> {
    #[derive(Deserialize)]
    struct Head {
        version: u64,
    }
    let wrong = |error: serde_json::Error| {
        if error.is_data() {
            NotRead::NotAReport(error.to_string())
        } else {
            NotRead::NotJson(error.to_string())
        }
    };
    let Head { version } = serde_json::from_slice(bytes).map_err(wrong)?;
    if version != u64::from(VERSION) {
        return Err(NotRead::Version(version));
    }
    let report: Report = serde_json::from_slice(bytes).map_err(wrong)?;
    let (run, has_coverage, tool) = report.run().map_err(NotRead::Contradiction)?;
    Ok(Saved { run, has_coverage, tool, digest: Sha256::digest(bytes).into() })
}

impl Report {
    /// The run, whether it had coverage, and the version of the tool.
    ///
    /// # Errors
    ///
    /// What contradicts itself, in words for a person.
    fn run(self) -> Result<(Run, bool, String), String> {
        let Report { tool, started_at, jobs, duration_ms, shard, summary, warnings, files, diff, coverage } =
            self;
        if tool.name != super::TOOL.name {
            return Err(format!("{:?} has written it", tool.name));
        }
        if let Some(diff) = &diff {
            fits_together(diff)?;
        }
        let mut found = BTreeMap::new();
        let mut counts = Counts::default();
        for file in files {
            let file = file.result()?;
            counts.add(&file);
            let path = file.path.clone();
            if found.insert(path.clone(), Arc::new(file)).is_some() {
                return Err(format!("the file {path} is told twice"));
            }
        }
        let warnings: Result<Vec<Diagnostic>, String> =
            warnings.into_iter().map(Warning::diagnostic).collect();
        let Summary { seed, stopped } = summary;
        let run = Run {
            silent: Silent::default(),
            started: Some(RunStarted {
                at: started_at,
                files: found.len(),
                jobs: jobs.into(),
                warnings: warnings?,
                shard: shard.map(ShardOf::part).transpose()?,
            }),
            files: found,
            diff: diff.map(Arc::new),
            coverage: None,
            finished: Some(RunFinished {
                duration: duration_ms,
                counts,
                stopped: stopped.map(|stopped| match stopped {
                    Stop::FailFast => Stopped::FailFast,
                    Stop::MaxFail => Stopped::MaxFail,
                    Stop::Interrupted => Stopped::Interrupted,
                }),
                seed,
            }),
        };
        Ok((run, coverage.is_some(), tool.version))
    }
}

impl ShardOf {
    fn part(self) -> Result<Part, String> {
        let ShardOf { index, total, plan } = self;
        let shard = shard::Shard::new(index.into(), total.into());
        let shard = shard.map_err(|error| format!("its shard {error}"))?;
        Ok(Part { shard, plan })
    }
}

impl Warning {
    fn diagnostic(self) -> Result<Diagnostic, String> {
        let Warning { severity, message, path, line, column, help, snippet } = self;
        Ok(Diagnostic {
            severity: match severity {
                Severity::Warning => diagnostic::Severity::Warning,
                Severity::Error => diagnostic::Severity::Error,
            },
            message,
            place: place(path, line, column)?,
            snippet: snippet.map(Code::snippet).transpose()?,
            help,
        })
    }
}

/// A place, where there is one: all of it or nothing.
fn place(path: Option<Path>, line: Option<Number>, column: Option<Number>) -> Result<Option<Place>, String> {
    match (path, line, column) {
        (None, None, None) => Ok(None),
        (Some(Path(path)), Some(line), Some(column)) => {
            Ok(Some(Place { path, line: line.0, column: column.0 }))
        }
        (path, ..) => {
            let of = path.map_or_else(String::new, |Path(path)| format!(" in {path}"));
            Err(format!("a place{of} has not all of `path`, `line` and `column`"))
        }
    }
}

impl File {
    fn result(self) -> Result<FileResult, String> {
        let File {
            path: Path(path),
            project: Path(project),
            kind,
            aliases,
            status,
            started_at,
            duration_ms,
            filtered_out,
            reads,
            cached,
            snapshots,
            obsolete_snapshots,
            cases,
            output,
        } = self;
        if path.is_root() {
            return Err("the root of the repository is told as a file".to_owned());
        }
        let cases: Result<Vec<CaseResult>, String> = cases.into_iter().map(Case::result).collect();
        let cases = cases.map_err(|error| format!("{path}: {error}"))?;
        let status = match status {
            FileState::Passed => FileStatus::Passed,
            FileState::Failed => FileStatus::Failed,
            FileState::NotRun => FileStatus::NotRun,
        };
        if (status == FileStatus::Failed) != cases.iter().any(|case| case.status.is_failure()) {
            return Err(format!("the file {path} and its cases do not agree whether it failed"));
        }
        Ok(FileResult {
            path,
            kind: match kind {
                Kind::Tests => FileKind::Tests,
                Kind::Types => FileKind::Types,
                Kind::Entry => FileKind::Entry { aliases },
            },
            project,
            status,
            started: started_at,
            duration: duration_ms,
            cases,
            output: output.into_iter().map(Output::line).collect(),
            filtered_out: filtered_out.into(),
            reads: Reads {
                clock: reads.contains(&Read::Clock),
                random: reads.contains(&Read::Random),
                timers: reads.contains(&Read::Timers),
            },
            is_cached: cached,
            snapshots: snapshots.map_or_else(SnapshotCounts::default, Snapshots::counts),
            obsolete_snapshots,
            documents: None,
        })
    }
}

impl Snapshots {
    fn counts(self) -> SnapshotCounts {
        let Snapshots { matched, unmatched, written, updated, obsolete, removed } = self;
        SnapshotCounts {
            matched: matched.into(),
            unmatched: unmatched.into(),
            written: written.into(),
            updated: updated.into(),
            obsolete: obsolete.into(),
            removed: removed.into(),
        }
    }
}

impl Case {
    fn result(self) -> Result<CaseResult, String> {
        let Case {
            name,
            status,
            fails,
            reason,
            path,
            line,
            column,
            duration_ms,
            failures,
            attempts,
            warnings,
            output,
        } = self;
        Ok(CaseResult {
            name,
            place: place(path, line, column)?,
            status: match status {
                CaseState::Passed => CaseStatus::Passed,
                CaseState::Flaky => CaseStatus::Flaky { fails },
                CaseState::Failed => CaseStatus::Failed,
                CaseState::Error => CaseStatus::Error,
                CaseState::Skipped => CaseStatus::Skipped { reason: reason.unwrap_or_default() },
                CaseState::Todo => CaseStatus::Todo,
            },
            duration: duration_ms,
            attempts: attempts.into_iter().map(Tried::attempt).collect::<Result<_, _>>()?,
            failures: faults(failures)?,
            warnings: faults(warnings)?,
            output: output.into_iter().map(Output::line).collect(),
        })
    }
}

fn faults(faults: Vec<Fault>) -> Result<Vec<Failure>, String> {
    faults.into_iter().map(Fault::failure).collect()
}

impl Tried {
    fn attempt(self) -> Result<Attempt, String> {
        let Tried { duration_ms, failures, output } = self;
        Ok(Attempt {
            duration: duration_ms,
            failures: faults(failures)?,
            output: output.into_iter().map(Output::line).collect(),
        })
    }
}

impl Fault {
    fn failure(self) -> Result<Failure, String> {
        let Fault {
            kind,
            type_name,
            message,
            expected,
            received,
            path,
            line,
            column,
            json_path,
            snippet,
            frames,
            help,
            causes,
        } = self;
        Ok(Failure {
            kind,
            type_name,
            message,
            comparison: expected.zip(received).map(|(expected, received)| Comparison { expected, received }),
            place: place(path, line, column)?,
            json_path,
            snippet: snippet.map(Code::snippet).transpose()?,
            frames: frames.into_iter().map(Frame::frame).collect(),
            help,
            causes,
        })
    }
}

impl Code {
    fn snippet(self) -> Result<diagnostic::Snippet, String> {
        let Code { first_line, lines, line, column, width } = self;
        let marked = line.0.checked_sub(first_line.0).map(|at| at as usize);
        if marked.is_none_or(|at| at >= lines.len()) {
            return Err(format!("a snippet has no line {}, which it marks", line.0));
        }
        Ok(diagnostic::Snippet {
            first_line: first_line.0,
            lines,
            line: line.0,
            // So many spaces are printed before the mark.
            column: column.0.min(MAX_COLUMN),
            width: width.0,
        })
    }
}

impl Frame {
    fn frame(self) -> crate::event::Frame {
        let Frame { function, path: Path(path), line, column } = self;
        crate::event::Frame { function, place: Place { path, line: line.0, column: column.0 } }
    }
}

impl Output {
    fn line(self) -> OutputLine {
        let Output { stream, text } = self;
        let stream = match stream {
            Channel::Stdout => Stream::Out,
            Channel::Stderr => Stream::Err,
        };
        OutputLine { stream, text }
    }
}
