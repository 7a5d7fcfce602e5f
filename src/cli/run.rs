//! A run from its plan to its exit status, whatever the command.

use std::io::{IsTerminal, Stdout};
use std::path::Path;
use std::sync::Arc;

use indicatif::ProgressDrawTarget;
use tokio::sync::{mpsc, watch};

use super::exit::Exit;
use super::output::Target;
use super::settings::Settings;
use super::tell;
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::Found;
use crate::engine::{self, Modules};
use crate::event::{Counts, Event, Stopped};
use crate::report::terminal::Terminal;
use crate::report::{AtEnd, Sinks, json, junit};
use crate::runner::{self, Planned, RunOptions, Urgency, plan};

/// What is to be run.
pub(super) struct Work {
    pub(super) files: Vec<Planned>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) filter: Option<regex::Regex>,
    /// Whether what entries render is kept for the reports.
    pub(super) keep_documents: bool,
}

impl Work {
    /// Plans all that was found.
    ///
    /// # Errors
    ///
    /// What is wrong with plugins and schemas.
    pub(super) fn plan(settings: &Settings, found: Found) -> Result<Work, Vec<Diagnostic>> {
        let (files, told) = plan(&*settings.tree, &found, settings.imports);
        if told.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            return Err(told);
        }
        let mut warnings = found.diagnostics;
        warnings.extend(told);
        Ok(Work { files, warnings, filter: None, keep_documents: false })
    }
}

/// The report on the standard output.
pub(super) fn terminal(settings: &Settings) -> Terminal<'static> {
    let progress =
        (std::io::stderr().is_terminal() && std::io::stdout().is_terminal()).then(ProgressDrawTarget::stderr);
    let out: Stdout = std::io::stdout();
    Terminal::new(out, settings.color, settings.verbosity, progress)
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
    let Work { files, warnings, filter, keep_documents } = work;
    let options = RunOptions {
        files,
        modules: Arc::new(Modules::new(settings.tree.clone(), settings.limits.stack_bytes)),
        limits: settings.limits.clone(),
        jobs: settings.jobs,
        filter,
        fail_fast: settings.fail_fast,
        keep_documents,
        warnings,
    };
    let runtime =
        engine::runtime().map_err(|error| vec![Diagnostic::error(format!("starting threads: {error}"))])?;
    let mut ended = runtime.block_on(run_and_report(options, &mut sinks));
    // Threads that were let go of would be waited for otherwise.
    runtime.shutdown_background();

    if ended.counts.failed + ended.counts.errors > 0 {
        ended.exit = ended.exit.or(Exit::Failed);
    }
    for (name, error) in sinks.finish() {
        tell(&[Diagnostic::error(format!("writing {name}: {error}"))], errors);
        ended.exit = ended.exit.or(Exit::ReportNotWritten);
    }
    if ended.interrupted {
        ended.exit = ended.exit.or(Exit::Interrupted);
    }
    Ok(ended)
}

/// How a run ended.
#[derive(Default)]
pub(super) struct Ended {
    counts: Counts,
    pub(super) interrupted: bool,
    pub(super) exit: Exit,
}

impl Ended {
    /// Whether no case ran, was skipped or is planned.
    pub(super) fn is_empty(&self) -> bool {
        let Counts {
            files_passed: _,
            files_failed: _,
            files_not_run,
            passed,
            failed,
            errors,
            skipped,
            todo,
            filtered_out: _,
            warnings: _,
        } = self.counts;
        files_not_run + passed + failed + errors + skipped + todo == 0
    }
}

/// Runs, and gives every event to the reports as it comes.
async fn run_and_report(options: RunOptions, sinks: &mut Sinks<'_>) -> Ended {
    let (events, mut received) = mpsc::unbounded_channel();
    let (ask, urgency) = watch::channel(Urgency::None);
    tokio::spawn(listen(ask));
    let run = tokio::spawn(runner::run(options, events, urgency));
    let mut interrupted = false;
    while let Some(event) = received.recv().await {
        if let Event::RunFinished(finished) = &event {
            interrupted = finished.stopped == Some(Stopped::Interrupted);
        }
        sinks.event(&event);
        if matches!(event, Event::RunFinished(_)) {
            break;
        }
    }
    let counts = run.await.unwrap_or_default();
    Ended { counts, interrupted, exit: Exit::Passed }
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
async fn interrupted() {
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

/// Opens the files of all reports before anything runs.
fn open_reports<'s>(settings: &Settings, sinks: &mut Sinks<'s>) -> Result<(), Diagnostic> {
    let open = |path: &Path| {
        Target::open(path).map_err(|error| {
            Diagnostic::error(format!("writing {}: {error}", path.display()))
                .help("nothing has run; choose another path")
        })
    };
    if let Some(path) = &settings.junit {
        let target = open(path)?;
        sinks.add(
            path.display().to_string(),
            AtEnd::new(junit::render, move |bytes: &[u8]| target.write(bytes)),
        );
    }
    if let Some(path) = &settings.json {
        let target = open(path)?;
        sinks.add(
            path.display().to_string(),
            AtEnd::new(json::render, move |bytes: &[u8]| target.write(bytes)),
        );
    }
    Ok(())
}
