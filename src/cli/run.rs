//! A run from its plan to its exit status, whatever the command.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressDrawTarget;
use tokio::sync::{mpsc, watch};

use super::exit::{Exit, Stop};
use super::output::Target;
use super::settings::{FailsOn, Settings};
use super::sources::{self, Side};
use super::{tell, timings};
use crate::cache::Cache;
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::Found;
use crate::engine::{self, Modules};
use crate::event::{Counts, Event, FileKind, FileStatus, Stopped};
use crate::report::json::Json;
use crate::report::junit::Junit;
use crate::report::pieces::InPieces;
use crate::report::terminal::Terminal;
use crate::report::{Run, Sinks};
use crate::runner::{self, Base, Plan, RunOptions, Urgency, plan};
use crate::shard::Part;
use crate::timings::{Phase, measure};
use crate::tree::{RelPath, SourceTree};
use crate::typecheck::Check;

/// What is to be run.
pub(super) struct Work {
    pub(super) plan: Plan,
    /// The files, and what was fetched.
    pub(super) tree: Arc<dyn SourceTree>,
    /// What the projects' locks say.
    pub(super) locks: BTreeMap<RelPath, String>,
    pub(super) modules: Arc<Modules>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) filter: Option<regex::Regex>,
    /// Whether what entries render is kept for the reports.
    pub(super) keep_documents: bool,
    /// What the resources are compared with.
    pub(super) base: Option<Base>,
    pub(super) fails_on: FailsOn,
    /// Whether everything that happened is kept for what is done after the run.
    pub(super) keep_run: bool,
    /// The results of earlier runs that count.
    pub(super) cache: Option<Arc<Cache>>,
    /// The projects whose types are checked.
    pub(super) checks: Vec<Arc<Check>>,
    /// Which part of what was found it is; `None` for all of it.
    pub(super) shard: Option<Part>,
}

impl Work {
    /// Plans all that was found.
    ///
    /// # Errors
    ///
    /// What is wrong with plugins and schemas, or that they cannot be had.
    pub(super) fn plan(settings: &Settings, found: Found) -> Result<Work, Stop> {
        let _measured = measure(Phase::Plan);
        let resolved = sources::resolve(settings, settings.tree.clone(), &found.projects, Side::Head)?;
        let plan = plan(&resolved, &found, settings.imports);
        let told = &plan.diagnostics;
        if told.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            return Err(plan.diagnostics.into());
        }
        sources::write_locks(settings, &resolved);
        let mut warnings = found.diagnostics;
        warnings.extend(told.iter().cloned());
        let modules = Arc::new(Modules::new(Arc::clone(&resolved.tree), settings.limits.stack_bytes));
        let locks = resolved.lock_texts();
        Ok(Work { warnings, locks, ..Work::of(plan, resolved.tree, modules) })
    }

    /// A plan of the files in `tree`, and nothing else.
    pub(super) fn of(plan: Plan, tree: Arc<dyn SourceTree>, modules: Arc<Modules>) -> Work {
        Work {
            plan,
            tree,
            locks: BTreeMap::new(),
            modules,
            warnings: Vec::new(),
            filter: None,
            keep_documents: false,
            base: None,
            fails_on: FailsOn::default(),
            keep_run: false,
            cache: None,
            checks: Vec::new(),
            shard: None,
        }
    }
}

/// How many columns the standard output has, when it is a terminal.
fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(width.0.into())
}

/// The report on the standard output.
pub(super) fn terminal(settings: &Settings) -> Terminal<'static> {
    let progress =
        (std::io::stderr().is_terminal() && std::io::stdout().is_terminal()).then(ProgressDrawTarget::stderr);
    let out: Stdout = std::io::stdout();
    Terminal::new(out, settings.color, settings.verbosity, progress).width(width())
}

/// How `work` is run; then what makes it fail, and whether everything that happened is kept.
pub(super) fn options(settings: &Settings, work: Work) -> (RunOptions, FailsOn, bool) {
    let Work {
        plan,
        tree: _,
        locks: _,
        modules,
        warnings,
        filter,
        keep_documents,
        base,
        fails_on,
        keep_run,
        shard,
        cache,
        checks,
    } = work;
    let options = RunOptions {
        files: plan.files,
        modules,
        limits: settings.limits.clone(),
        jobs: settings.jobs,
        filter,
        fail_fast: settings.fail_fast,
        max_fail: settings.max_fail,
        check_determinism: settings.check_determinism,
        keep_documents,
        base,
        cache,
        checks,
        warnings,
        shard,
    };
    (options, fails_on, keep_run)
}

/// Runs `work` and gives what happens to `sinks`, and to the reports that were asked for.
///
/// # Errors
///
/// No thread could be started.
pub(super) fn run(settings: &Settings, work: Work, mut sinks: Sinks<'_>) -> Result<Ended, Vec<Diagnostic>> {
    let errors = settings.color_errors;
    if let Err(error) = open_reports(settings, &mut sinks) {
        tell(&[error], errors);
        return Ok(Ended { exit: Exit::ReportNotWritten, ..Ended::default() });
    }
    let (modules, cache) = (Arc::clone(&work.modules), work.cache.clone());
    let (options, fails_on, keep_run) = options(settings, work);
    let runtime =
        engine::runtime().map_err(|error| vec![Diagnostic::error(format!("starting threads: {error}"))])?;
    let mut ended = runtime.block_on(run_and_report(options, &mut sinks, keep_run));
    // Threads that were let go of would be waited for otherwise.
    runtime.shutdown_background();
    if let Some(cache) = cache {
        let _measured = measure(Phase::Cache);
        cache.finish();
    }
    if let Some(snapshots) = modules.snapshots() {
        let (_, unwritten) = snapshots.write();
        if !unwritten.is_empty() {
            tell(&unwritten, errors);
            ended.exit = ended.exit.or(Exit::ReportNotWritten);
        }
    }

    close(settings, &mut ended, fails_on, sinks);
    Ok(ended)
}

/// Gives a run that is over to `sinks`.
pub(super) fn replay(settings: &Settings, told: Run, fails_on: FailsOn, mut sinks: Sinks<'_>) -> Ended {
    let mut failures = Failures::default();
    for event in told.events() {
        failures.add(&event);
        sinks.event(&event);
    }
    let finished = told.finished.as_ref();
    let mut ended = Ended {
        counts: finished.map_or_else(Counts::default, |finished| finished.counts),
        failures,
        interrupted: finished.is_some_and(|finished| finished.stopped == Some(Stopped::Interrupted)),
        exit: Exit::Passed,
        run: told,
    };
    close(settings, &mut ended, fails_on, sinks);
    ended
}

/// Decides how a run ends whose events all sinks have.
fn close(settings: &Settings, ended: &mut Ended, fails_on: FailsOn, sinks: Sinks<'_>) {
    if ended.failures.fail(fails_on) {
        ended.exit = ended.exit.or(Exit::Failed);
    }
    for (name, error) in sinks.finish() {
        tell(&[Diagnostic::error(format!("writing {name}: {error}"))], settings.color_errors);
        ended.exit = ended.exit.or(Exit::ReportNotWritten);
    }
    if ended.interrupted {
        ended.exit = ended.exit.or(Exit::Interrupted);
    }
    if settings.timings {
        timings::tell();
    }
}

/// How a run ended.
#[derive(Default)]
pub(super) struct Ended {
    counts: Counts,
    failures: Failures,
    pub(super) interrupted: bool,
    pub(super) exit: Exit,
    /// Everything that happened, where that was asked for.
    pub(super) run: Run,
}

/// What failed in a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Failures {
    tests: bool,
    entries: bool,
    dangerous: bool,
    /// A dangerous change whose rule is an error.
    errors: bool,
}

impl Failures {
    pub(super) fn add(&mut self, event: &Event) {
        match event {
            Event::FileFinished(file) if file.status == FileStatus::Failed => match file.kind {
                FileKind::Tests | FileKind::Types => self.tests = true,
                FileKind::Entry { .. } => self.entries = true,
            },
            Event::DiffFinished(diff) => {
                self.dangerous = !diff.dangers.is_empty();
                self.errors = diff.errors() > 0;
            }
            Event::RunStarted(_)
            | Event::FileStarted { .. }
            | Event::CasesFinished { .. }
            | Event::FileFinished(_)
            | Event::CoverageFinished(_)
            | Event::RunFinished(_) => {}
        }
    }

    /// Whether they make the run fail.
    pub(super) fn fail(self, on: FailsOn) -> bool {
        let Failures { tests, entries, dangerous, errors } = self;
        tests && on.tests || entries && on.entries || dangerous && on.dangerous || errors
    }
}

impl Ended {
    /// Whether no case ran, was skipped or is planned.
    pub(super) fn is_empty(&self) -> bool {
        let Counts {
            files_passed: _,
            files_failed: _,
            files_not_run,
            files_cached: _,
            passed,
            flaky,
            failed,
            errors,
            skipped,
            todo,
            filtered_out: _,
            warnings: _,
            snapshots: _,
        } = self.counts;
        files_not_run + passed + flaky + failed + errors + skipped + todo == 0
    }
}

/// How many events are taken at once.
const BATCH: usize = 1024;

/// How long events wait for others, to be told together.
const TOGETHER: Duration = Duration::from_millis(1);

/// Runs, and gives every event to the reports as it comes.
async fn run_and_report(options: RunOptions, sinks: &mut Sinks<'_>, keep: bool) -> Ended {
    let (events, mut received) = mpsc::unbounded_channel();
    let (ask, urgency) = watch::channel(Urgency::None);
    tokio::spawn(listen(ask));
    let mut run = tokio::spawn(runner::run(options, events, urgency));
    let mut ended = None;
    let mut interrupted = false;
    let mut failures = Failures::default();
    let mut told = Run::default();
    let mut batch = Vec::new();
    let mut finished = false;
    while received.recv_many(&mut batch, BATCH).await > 0 {
        for event in batch.drain(..) {
            failures.add(&event);
            if keep {
                told.add_noteworthy(&event);
            }
            if let Event::RunFinished(run) = &event {
                interrupted = run.stopped == Some(Stopped::Interrupted);
                finished = true;
            }
            let _measured = measure(Phase::Report);
            sinks.event(&event);
        }
        if finished {
            break;
        }
        // To be woken up for each event would cost more than most events do.
        tokio::select! {
            () = tokio::time::sleep(TOGETHER) => {}
            outcome = &mut run, if ended.is_none() => ended = Some(outcome),
        }
    }
    let ended = match ended {
        Some(ended) => ended,
        None => run.await,
    };
    let (counts, exit) = match ended {
        Ok(counts) => (counts, Exit::Passed),
        // What went wrong inside was printed when it did.
        Err(_) => (Counts::default(), Exit::Failed),
    };
    Ended { counts, failures, interrupted, exit, run: told }
}

/// The first signal asks the run to end soon, the second to end now. Who sends a third wants no reports.
async fn listen(ask: watch::Sender<Urgency>) {
    for urgency in [Urgency::Soon, Urgency::Now] {
        interrupted().await;
        // When the run is over there is nobody left to ask.
        let _ = ask.send(urgency);
    }
    interrupted().await;
    std::process::exit(Exit::Interrupted.code().into());
}

/// Ready at Ctrl-C, and when the system asks the process to end.
pub(super) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// Opens the file of a report before anything runs.
///
/// # Errors
///
/// It cannot be written there.
pub(super) fn open(path: &Path) -> Result<Target, Diagnostic> {
    Target::open(path).map_err(|error| {
        Diagnostic::error(format!("writing {}: {error}", path.display()))
            .help("nothing has run; choose another path")
    })
}

/// Opens the files of all reports before anything runs.
pub(super) fn open_reports<'s>(settings: &Settings, sinks: &mut Sinks<'s>) -> Result<(), Diagnostic> {
    if let Some(path) = &settings.junit {
        let target = open(path)?;
        sinks.add(path.display().to_string(), InPieces::new(Junit::new(), target));
    }
    if let Some(path) = &settings.json {
        let target = open(path)?;
        sinks.add(path.display().to_string(), InPieces::new(Json::default(), target));
    }
    Ok(())
}
