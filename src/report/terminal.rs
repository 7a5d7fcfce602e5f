//! What a person reads: progress while the run goes on, then every failure once, then the counts.
//!
//! Nothing that a test says can command the terminal or the CI system that keeps the log: control characters are shown
//! instead of sent, and text of the user's never begins a line, so that it cannot form a workflow command.

use std::collections::{HashMap, hash_map};
use std::io::{self, Write};
use std::sync::Arc;

use indicatif::ProgressDrawTarget;

use super::Sink;
use super::changes;
use super::coverage;
use super::progress::Progress;
use super::text::{self, Look, Tint, plural};
use crate::change::Diff;
use crate::coverage::Coverage;
use crate::diagnostic::Diagnostic;
use crate::event::{
    CaseResult, CaseStatus, Counts, Event, Failure, FileKind, FileResult, FileStatus, OutputLine,
    RunFinished, RunStarted, SnapshotCounts, Stopped, Stream,
};

/// How many obsolete snapshots of a file are named.
const MAX_OBSOLETE: usize = 20;

/// How many failed cases are told in full.
const MAX_FAILURES: usize = 50;
/// How many different warnings are told.
const MAX_WARNINGS: usize = 20;
/// The most lines of output of one case, or of one file outside its cases.
const MAX_OUTPUT_LINES: usize = 60;

/// How much is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Failures and the summary.
    Quiet,
    /// Files and warnings too.
    #[default]
    Normal,
    /// Cases and all output too.
    Verbose,
}

/// The terminal report.
pub(crate) struct Terminal<'a> {
    out: Box<dyn Write + Send + 'a>,
    look: Look,
    verbosity: Verbosity,
    /// Where to draw, until the run starts.
    target: Option<ProgressDrawTarget>,
    progress: Option<Progress>,
    /// Whether files that did not fail get a line.
    lines: bool,
    /// Whether the counts are told at the end.
    summary: bool,
    /// Whether warnings are told.
    warns: bool,
    /// Whether what differs from the base is told.
    changes: bool,
    diff: Option<Arc<Diff>>,
    coverage: Option<Arc<Coverage>>,
    /// How many columns tables may have, where that is known.
    width: Option<usize>,
    failed: Vec<Arc<FileResult>>,
    /// Files with a case that passed only when it was run again.
    flaky: Vec<Arc<FileResult>>,
    /// Files that have warnings, failed or not.
    warned: Vec<Arc<FileResult>>,
    /// Files with obsolete snapshots.
    obsolete: Vec<Arc<FileResult>>,
}

impl<'a> Terminal<'a> {
    /// Writes the report to `out`.
    ///
    /// With `progress`, a display is drawn there while the run goes on, and cleared at its end; then only files that
    /// failed get a line at once. Without, every file that ran gets one. Nothing is drawn when the verbosity is quiet.
    pub(crate) fn new(
        out: impl Write + Send + 'a,
        color: bool,
        verbosity: Verbosity,
        progress: Option<ProgressDrawTarget>,
    ) -> Terminal<'a> {
        let target = match verbosity {
            Verbosity::Quiet => None,
            Verbosity::Normal | Verbosity::Verbose => progress,
        };
        let lines = match verbosity {
            Verbosity::Quiet => false,
            Verbosity::Normal => target.is_none(),
            Verbosity::Verbose => true,
        };
        let look = Look::terminal(color);
        let (failed, warned) = (Vec::new(), Vec::new());
        Terminal {
            out: Box::new(out),
            look,
            verbosity,
            target,
            progress: None,
            lines,
            summary: true,
            warns: true,
            changes: true,
            diff: None,
            coverage: None,
            width: None,
            failed,
            flaky: Vec::new(),
            warned,
            obsolete: Vec::new(),
        }
    }

    /// Cuts tables to a number of columns.
    pub(crate) fn width(self, width: Option<usize>) -> Terminal<'a> {
        Terminal { width, ..self }
    }

    /// Tells every file at once, and draws no progress.
    pub(crate) fn with_lines(self) -> Terminal<'a> {
        Terminal { target: None, lines: self.verbosity != Verbosity::Quiet, ..self }
    }

    /// Tells failures and warnings, and neither files nor a summary.
    pub(crate) fn only_findings(mut self) -> Terminal<'a> {
        self.lines = false;
        self.summary = false;
        self
    }

    /// Tells failures, and what differs from the base.
    pub(crate) fn only_changes(self) -> Terminal<'a> {
        Terminal { warns: false, ..self.only_findings() }
    }

    /// Tells failures only.
    pub(crate) fn only_failures(self) -> Terminal<'a> {
        Terminal { changes: false, ..self.only_changes() }
    }

    /// Writes lines, whole and at once, with the progress out of the way.
    fn write(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = lines.join("\n");
        text.push('\n');
        let out = &mut self.out;
        let mut write = || {
            out.write_all(text.as_bytes())?;
            out.flush()
        };
        match &self.progress {
            Some(progress) => progress.aside(write),
            None => write(),
        }
    }

    fn started(&mut self, started: &RunStarted) -> io::Result<()> {
        let RunStarted { at: _, files, jobs: _, warnings, shard: _ } = started;
        match self.verbosity {
            Verbosity::Quiet => {}
            Verbosity::Normal | Verbosity::Verbose => {
                let mut lines: Vec<String> = Vec::new();
                for warning in warnings {
                    lines.extend(text::diagnostic(warning, self.look));
                    lines.push(String::new());
                }
                self.write(&lines)?;
            }
        }
        self.progress = self.target.take().map(|target| Progress::new(*files, target, self.look));
        Ok(())
    }

    fn file(&mut self, file: &Arc<FileResult>) -> io::Result<()> {
        if let Some(progress) = &self.progress {
            progress.file_finished(file);
        }
        let failed = match file.status {
            FileStatus::Failed => true,
            FileStatus::Passed | FileStatus::NotRun => false,
        };
        if failed {
            self.failed.push(Arc::clone(file));
        }
        if file.cases.iter().any(is_flaky) {
            self.flaky.push(Arc::clone(file));
        }
        if file.cases.iter().any(|case| !case.warnings.is_empty()) {
            self.warned.push(Arc::clone(file));
        }
        if !file.obsolete_snapshots.is_empty() {
            self.obsolete.push(Arc::clone(file));
        }
        let lines = match self.verbosity {
            Verbosity::Quiet => return Ok(()),
            Verbosity::Normal if !self.summary => return Ok(()),
            Verbosity::Normal if says_nothing(file) || !(self.lines || failed) => return Ok(()),
            Verbosity::Normal => vec![self.file_line(file)],
            Verbosity::Verbose => {
                let mut lines = vec![self.file_line(file)];
                if !failed {
                    // A file that failed has its output told with its failures.
                    self.output("  ", &file.output, &mut lines);
                }
                for case in &file.cases {
                    lines.push(self.case_line(case));
                    if !case.status.is_failure() {
                        self.output("    ", &case.output, &mut lines);
                    }
                }
                lines
            }
        };
        self.write(&lines)
    }

    fn file_line(&self, file: &FileResult) -> String {
        let FileResult { path, kind, status, duration, cases, filtered_out, is_cached, .. } = file;
        let path = self.look.line(path.as_str());
        let (path, what) = match kind {
            FileKind::Tests => (path, "case"),
            FileKind::Types => (format!("{path} {}", self.faint("types")), "file"),
            FileKind::Entry { aliases } if aliases.is_empty() => (path, "check"),
            FileKind::Entry { aliases } => {
                (format!("{path} {}", self.faint(&self.look.line(&aliases.join(", ")))), "check")
            }
        };
        let mut counts = Counts::default();
        counts.add(file);
        let failed = counts.failed + counts.errors;
        let mut told = Vec::new();
        let mark = match status {
            FileStatus::NotRun => {
                return format!("{} {path} {}", self.look.paint(Tint::Warn, "-"), self.faint("(not run)"));
            }
            FileStatus::Passed => self.look.paint(Tint::Good, "✓"),
            FileStatus::Failed => self.look.paint(Tint::Bad, "✗"),
        };
        if cases.is_empty() {
            told.push(format!("all {} filtered out", plural(*filtered_out, what)));
        } else if failed == cases.len() {
            told.push(format!("{} failed", plural(failed, what)));
        } else if failed > 0 {
            told.push(format!("{failed} of {} failed", plural(cases.len(), what)));
        } else {
            told.push(plural(cases.len(), what));
        }
        told.extend(count(counts.flaky, "flaky"));
        told.extend(count(counts.skipped, "skipped"));
        told.extend(count(counts.todo, "todo"));
        if counts.warnings > 0 {
            told.push(plural(counts.warnings, "warning"));
        }
        if counts.snapshots.obsolete > 0 {
            told.push(format!("{} obsolete", plural(counts.snapshots.obsolete, "snapshot")));
        }
        told.push(if *is_cached { "cached".to_owned() } else { text::duration(*duration) });
        format!("{mark} {path} {}", self.faint(&format!("({})", told.join(", "))))
    }

    fn case_line(&self, case: &CaseResult) -> String {
        let name = self.look.line(&case.name);
        let time = self.faint(&format!("({})", text::duration(case.duration)));
        match &case.status {
            CaseStatus::Passed => format!("  {} {name} {time}", self.look.paint(Tint::Good, "✓")),
            CaseStatus::Flaky { fails } => {
                let (tint, mark) = if *fails { (Tint::Bad, "✗") } else { (Tint::Warn, "✓") };
                let times = format!("(flaky: passed at attempt {})", case.attempts.len() + 1);
                format!("  {} {name} {time} {}", self.look.paint(tint, mark), self.faint(&times))
            }
            CaseStatus::Failed | CaseStatus::Error => {
                format!("  {} {name} {time}", self.look.paint(Tint::Bad, "✗"))
            }
            CaseStatus::Skipped { reason } if reason.is_empty() => {
                format!("  {} {name} {}", self.look.paint(Tint::Warn, "-"), self.faint("(skipped)"))
            }
            CaseStatus::Skipped { reason } => {
                let reason = self.faint(&format!("(skipped: {})", self.look.line(reason)));
                format!("  {} {name} {reason}", self.look.paint(Tint::Warn, "-"))
            }
            CaseStatus::Todo => {
                format!("  {} {name} {}", self.look.paint(Tint::Warn, "-"), self.faint("(todo)"))
            }
        }
    }

    fn finished(&mut self, finished: &RunFinished) -> io::Result<()> {
        // Clears it.
        self.progress = None;
        let mut failed = std::mem::take(&mut self.failed);
        failed.sort_by(|a, b| a.path.cmp(&b.path));
        let mut shown = 0;
        let mut hidden = 0;
        for file in &failed {
            let mut told = false;
            for case in file.cases.iter().filter(|case| case.status.is_failure()) {
                if shown == MAX_FAILURES {
                    hidden += 1;
                    continue;
                }
                shown += 1;
                told = true;
                let lines = self.failed_case(file, case);
                self.write(&lines)?;
            }
            if told && !file.output.is_empty() {
                let path = self.look.line(file.path.as_str());
                let mut lines =
                    vec![String::new(), self.faint(&format!("output of {path} outside its cases"))];
                self.output("  ", &file.output, &mut lines);
                self.write(&lines)?;
            }
        }
        if hidden > 0 {
            let more =
                format!("… and {}; a JUnit or JSON report has them all", plural(hidden, "more failed case"));
            self.write(&[String::new(), self.look.paint(Tint::Bad, &more)])?;
        }
        if self.warns {
            self.flaky_cases()?;
            self.warnings()?;
            self.obsolete_snapshots()?;
        }
        if let Some(diff) = self.diff.take() {
            let verbose = self.verbosity == Verbosity::Verbose;
            let mut lines = if self.summary { vec![String::new()] } else { Vec::new() };
            lines.extend(changes::changes(&diff, self.look, verbose));
            self.write(&lines)?;
        }
        if !self.summary {
            return Ok(());
        }
        if let Some(coverage) = self.coverage.take() {
            let mut lines = coverage::table(&coverage, self.look, self.width);
            match self.verbosity {
                // The head and the total.
                Verbosity::Quiet => lines.truncate(3),
                Verbosity::Normal | Verbosity::Verbose => {}
            }
            lines.insert(0, String::new());
            self.write(&lines)?;
        }
        let summary = self.summary(finished);
        self.write(&summary)
    }

    /// Every flaky case that does not count as failed, with what failed in it last.
    fn flaky_cases(&mut self) -> io::Result<()> {
        let mut files = std::mem::take(&mut self.flaky);
        match self.verbosity {
            Verbosity::Quiet => return Ok(()),
            Verbosity::Normal | Verbosity::Verbose => files.sort_by(|a, b| a.path.cmp(&b.path)),
        }
        let cases = files.iter().flat_map(|file| file.cases.iter().map(move |case| (file, case)));
        let cases: Vec<_> = cases.filter(|(_, case)| is_flaky(case)).collect();
        let mut lines = Vec::new();
        for (file, case) in cases.iter().take(MAX_WARNINGS) {
            lines.push(String::new());
            lines.push(self.heading(Tint::Warn, "FLAKY", file, case));
            for failure in case.last_failures().iter().take(1) {
                lines.extend(self.barred(Tint::Warn, "!", failure));
            }
            lines.push(self.faint(&format!("  it passed at attempt {}", case.attempts.len() + 1)));
        }
        if let Some(hidden) = cases.len().checked_sub(MAX_WARNINGS).filter(|hidden| *hidden > 0) {
            let more =
                format!("… and {}; a JUnit or JSON report has them all", plural(hidden, "other flaky case"));
            lines.extend([String::new(), self.look.paint(Tint::Warn, &more)]);
        }
        self.write(&lines)
    }

    /// Every different warning once, with the first case that it is about.
    fn warnings(&mut self) -> io::Result<()> {
        let mut files = std::mem::take(&mut self.warned);
        match self.verbosity {
            Verbosity::Quiet => return Ok(()),
            Verbosity::Normal | Verbosity::Verbose => files.sort_by(|a, b| a.path.cmp(&b.path)),
        }
        let cases = files.iter().flat_map(|file| file.cases.iter().map(move |case| (file, case)));
        let all =
            cases.flat_map(|(file, case)| case.warnings.iter().map(move |warning| (file, case, warning)));
        let mut told: Vec<(&Arc<FileResult>, &CaseResult, &Failure, usize)> = Vec::new();
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        for (file, case, warning) in all {
            match known.entry((&warning.type_name, &warning.message)) {
                hash_map::Entry::Occupied(at) => told[*at.get()].3 += 1,
                hash_map::Entry::Vacant(new) => {
                    new.insert(told.len());
                    told.push((file, case, warning, 0));
                }
            }
        }
        let hidden = told.len().saturating_sub(MAX_WARNINGS);
        let mut lines = Vec::new();
        for (file, case, warning, more) in told.iter().take(MAX_WARNINGS) {
            lines.push(String::new());
            lines.push(self.heading(Tint::Warn, "WARN", file, case));
            lines.extend(self.barred(Tint::Warn, "!", warning));
            if *more > 0 {
                lines.push(self.faint(&format!("  … and {} like it", plural(*more, "warning"))));
            }
        }
        if hidden > 0 {
            let more =
                format!("… and {}; a JUnit or JSON report has them all", plural(hidden, "other warning"));
            lines.extend([String::new(), self.look.paint(Tint::Warn, &more)]);
        }
        self.write(&lines)
    }

    fn heading(&self, tint: Tint, word: &str, file: &FileResult, case: &CaseResult) -> String {
        let place = self.look.line(&text::heading_place(file.path.as_str(), case.place.as_ref()));
        let name = self.look.paint(Tint::Title, &self.look.line(&case.name));
        format!("{} {place} > {name}", self.look.paint(tint, word))
    }

    /// A failure or warning, with a bar beside it.
    fn barred(&self, tint: Tint, mark: &str, failure: &Failure) -> Vec<String> {
        let lines = text::failure(failure, self.look);
        let barred = lines.iter().enumerate().map(|(number, line)| {
            let bar = self.look.paint(tint, if number == 0 { mark } else { "│" });
            format!("  {bar} {line}").trim_end().to_owned()
        });
        barred.collect()
    }

    /// A blank line, a heading, and all failures of the case with what it printed.
    fn failed_case(&self, file: &FileResult, case: &CaseResult) -> Vec<String> {
        let CaseResult {
            name: _,
            place: _,
            status: _,
            duration: _,
            attempts: _,
            failures: _,
            warnings: _,
            output,
        } = case;
        let failures = case.last_failures();
        let mut lines = vec![String::new(), self.heading(Tint::BadTitle, "FAIL", file, case)];
        for (index, failure) in failures.iter().enumerate() {
            if index > 0 {
                lines.push(String::new());
            }
            // Several findings about one place show it once.
            let next =
                failures.get(index + 1).filter(|next| next.place.is_some() && next.place == failure.place);
            let failure = &match next {
                Some(_) => Failure { place: None, snippet: None, frames: Vec::new(), ..failure.clone() },
                None => failure.clone(),
            };
            lines.extend(self.barred(Tint::Bad, "×", failure));
        }
        if !case.attempts.is_empty() {
            let times = match case.status {
                CaseStatus::Flaky { .. } => {
                    format!("flaky: it passed at attempt {}", case.attempts.len() + 1)
                }
                CaseStatus::Passed
                | CaseStatus::Failed
                | CaseStatus::Error
                | CaseStatus::Skipped { .. }
                | CaseStatus::Todo => format!("it was run {} times", case.attempts.len() + 1),
            };
            lines.push(self.faint(&format!("  {times}")));
        }
        if !output.is_empty() {
            lines.push(String::new());
            self.output("  ", output, &mut lines);
        }
        lines
    }

    /// What was printed, line by line, each with its stream.
    fn output(&self, indent: &str, output: &[OutputLine], lines: &mut Vec<String>) {
        let told = output.iter().flat_map(|OutputLine { stream, text }| {
            let text = text.strip_suffix('\n').unwrap_or(text);
            text.split('\n').map(move |line| (*stream, line.strip_suffix('\r').unwrap_or(line)))
        });
        let shown = self.look.cut(told.collect(), MAX_OUTPUT_LINES, |(stream, line)| {
            let stream = match stream {
                Stream::Out => self.faint("out │"),
                Stream::Err => self.look.paint(Tint::Warn, "err │"),
            };
            format!("{stream} {}", self.look.line(line)).trim_end().to_owned()
        });
        lines.extend(shown.iter().map(|line| format!("{indent}{line}")));
    }

    /// Names the stored snapshots that no case asks for.
    fn obsolete_snapshots(&mut self) -> io::Result<()> {
        let mut files = std::mem::take(&mut self.obsolete);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut lines = Vec::new();
        for file in &files {
            lines.extend([String::new(), self.look.line(file.path.as_str())]);
            for name in file.obsolete_snapshots.iter().take(MAX_OBSOLETE) {
                lines.push(format!(
                    "  {} {}",
                    self.look.paint(Tint::Warn, "obsolete snapshot:"),
                    self.look.line(name)
                ));
            }
            if let Some(more @ 1..) = file.obsolete_snapshots.len().checked_sub(MAX_OBSOLETE) {
                lines.push(format!("  … and {more} more"));
            }
        }
        if !lines.is_empty() {
            lines.push(self.faint("  run with -u to take them out"));
        }
        self.write(&lines)
    }

    fn summary(&self, finished: &RunFinished) -> Vec<String> {
        let RunFinished { duration, counts, stopped, seed } = finished;
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
        } = *counts;
        let row = |title: &str, counts: &[(usize, &str, Option<Tint>)]| {
            let told: Vec<String> = counts
                .iter()
                .filter(|(count, ..)| *count > 0)
                .map(|(count, what, tint)| {
                    let text = format!("{count} {what}");
                    tint.map_or(text.clone(), |tint| self.look.paint(tint, &text))
                })
                .collect();
            let told = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
            format!("{} {told}", self.look.paint(Tint::Title, title))
        };
        let mut lines = vec![
            String::new(),
            row(
                "Files",
                &[
                    (files_failed, "failed", Some(Tint::BadTitle)),
                    (files_passed, "passed", Some(Tint::Good)),
                    (files_not_run, "not run", Some(Tint::Warn)),
                    (files_cached, "cached", None),
                ],
            ),
            row(
                "Cases",
                &[
                    (failed + errors, "failed", Some(Tint::BadTitle)),
                    (flaky, "flaky", Some(Tint::Warn)),
                    (passed, "passed", Some(Tint::Good)),
                    (skipped, "skipped", Some(Tint::Warn)),
                    (todo, "todo", Some(Tint::Warn)),
                    (filtered_out, "filtered out", None),
                ],
            ),
        ];
        if snapshots != SnapshotCounts::default() {
            let SnapshotCounts { matched, unmatched, written, updated, obsolete, removed } = snapshots;
            lines.push(row(
                "Snaps",
                &[
                    (unmatched, "failed", Some(Tint::BadTitle)),
                    (matched, "passed", Some(Tint::Good)),
                    (written, "written", Some(Tint::Good)),
                    (updated, "updated", Some(Tint::Good)),
                    (removed, "removed", Some(Tint::Good)),
                    (obsolete, "obsolete", Some(Tint::Warn)),
                ],
            ));
        }
        if warnings > 0 {
            lines.push(row(
                "Notes",
                &[(warnings, if warnings == 1 { "warning" } else { "warnings" }, Some(Tint::Warn))],
            ));
        }
        lines.push(format!("{} {}", self.look.paint(Tint::Title, " Time"), text::duration(*duration)));
        if let Some(seed) = seed {
            let how = self.faint(&format!("(to repeat it: --seed {seed})"));
            lines.push(format!("{} {seed} {how}", self.look.paint(Tint::Title, " Seed")));
        }
        if let Some(stopped) = stopped {
            let why = match stopped {
                Stopped::FailFast => "Stopped after the first failed file (--fail-fast)",
                Stopped::MaxFail => "Stopped after as many failed cases as --max-fail allows",
                Stopped::Interrupted => "Interrupted",
            };
            let why = match files_not_run {
                0 => format!("{why}."),
                count => format!("{why}: {} did not run.", plural(count, "file")),
            };
            lines.push(self.look.paint(Tint::Warn, &why));
        }
        lines
    }

    fn faint(&self, text: &str) -> String {
        self.look.paint(Tint::Faint, text)
    }
}

/// Whether a case passed only when it was run again, and counts as passed.
fn is_flaky(case: &CaseResult) -> bool {
    case.status == (CaseStatus::Flaky { fails: false })
}

impl Sink for Terminal<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started(started),
            Event::FileStarted { path } => {
                if let Some(progress) = &self.progress {
                    progress.file_started(path);
                }
                Ok(())
            }
            Event::CasesFinished { path, statuses } => {
                if let Some(progress) = &self.progress {
                    progress.cases_finished(path, statuses);
                }
                Ok(())
            }
            Event::FileFinished(file) => self.file(file),
            Event::DiffFinished(diff) => {
                self.diff = self.changes.then(|| Arc::clone(diff));
                Ok(())
            }
            Event::CoverageFinished(coverage) => {
                self.coverage = Some(Arc::clone(coverage));
                Ok(())
            }
            Event::RunFinished(finished) => self.finished(finished),
        }
    }
}

/// A diagnostic as it is shown on a terminal, with a line break at its end.
pub(crate) fn diagnostic(diagnostic: &Diagnostic, color: bool) -> String {
    text::diagnostic(diagnostic, Look::terminal(color)).join("\n") + "\n"
}

/// Whether a file is left out among the others: it did not run, or all its cases were filtered out.
fn says_nothing(file: &FileResult) -> bool {
    match file.status {
        FileStatus::Passed => file.cases.is_empty(),
        FileStatus::Failed => false,
        FileStatus::NotRun => true,
    }
}

fn count(count: usize, what: &str) -> Option<String> {
    if count > 0 { Some(format!("{count} {what}")) } else { None }
}

#[cfg(test)]
mod tests;
