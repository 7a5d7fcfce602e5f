//! The run: finds, plans, runs, reports.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use indicatif::ProgressDrawTarget;
use tokio::sync::{mpsc, watch};

use super::exit::Exit;
use super::list::{NOTHING_FOUND, find, nothing};
use super::output::Target;
use super::settings::Settings;
use super::tell;
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::{self, Modules};
use crate::event::{Counts, Event, Stopped};
use crate::report::terminal::Terminal;
use crate::report::{AtEnd, Sinks, json, junit};
use crate::runner::{RunOptions, Urgency, plan, run_tests};

/// Runs the tests.
///
/// # Errors
///
/// The mistakes in arguments and configuration; nothing ran.
pub(super) fn run(settings: Settings) -> Result<Exit, Vec<Diagnostic>> {
    let found = find(&settings)?;
    let (files, plugins) = plan(&*settings.tree, &found, settings.allow_outside_root);
    if plugins.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(plugins);
    }
    let errors = settings.color_errors;
    let mut sinks = Sinks::default();
    if let Err(error) = open_reports(&settings, &mut sinks) {
        tell(&[error], errors);
        return Ok(Exit::ReportNotWritten);
    }
    let progress =
        (std::io::stderr().is_terminal() && std::io::stdout().is_terminal()).then(ProgressDrawTarget::stderr);
    sinks.add(
        "standard output",
        Terminal::new(std::io::stdout(), settings.color, settings.verbosity, progress),
    );

    let mut warnings = found.diagnostics;
    warnings.extend(plugins);
    if found.tests.is_empty() && !found.entries.is_empty() {
        let entries = found.entries.len();
        warnings.push(
            Diagnostic::warning(format!(
                "there are no tests here; entries were found ({entries}), and are not rendered yet"
            ))
            .help("--list names them"),
        );
    }
    let options = RunOptions {
        files,
        modules: Arc::new(Modules::new(settings.tree.clone(), settings.limits.stack_bytes)),
        limits: settings.limits.clone(),
        jobs: settings.jobs,
        filter: settings.filter.clone(),
        fail_fast: settings.fail_fast,
        warnings,
    };
    let runtime =
        engine::runtime().map_err(|error| vec![Diagnostic::error(format!("starting threads: {error}"))])?;
    let ended = runtime.block_on(run_and_report(options, &mut sinks));
    // Threads that were let go of would be waited for otherwise.
    runtime.shutdown_background();

    let mut exit = Exit::Passed;
    if ended.counts.failed + ended.counts.errors > 0 {
        exit = exit.or(Exit::Failed);
    }
    let told = if found.tests.is_empty() && found.entries.is_empty() {
        Some(NOTHING_FOUND)
    } else if settings.filter.is_some() && ended.is_empty() {
        Some("no case matches --filter")
    } else {
        None
    };
    if let Some(what) = told {
        let (status, diagnostic) = nothing(settings.no_tests, what);
        tell(diagnostic.as_slice(), errors);
        exit = exit.or(status);
    }
    for (name, error) in sinks.finish() {
        tell(&[Diagnostic::error(format!("writing {name}: {error}"))], errors);
        exit = exit.or(Exit::ReportNotWritten);
    }
    if ended.interrupted {
        exit = exit.or(Exit::Interrupted);
    }
    Ok(exit)
}

/// How a run ended.
struct Ended {
    counts: Counts,
    interrupted: bool,
}

impl Ended {
    /// Whether no case ran, was skipped or is planned.
    fn is_empty(&self) -> bool {
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
        } = self.counts;
        files_not_run + passed + failed + errors + skipped + todo == 0
    }
}

/// Runs, and gives every event to the reports as it comes.
async fn run_and_report(options: RunOptions, sinks: &mut Sinks<'_>) -> Ended {
    let (events, mut received) = mpsc::unbounded_channel();
    let (ask, urgency) = watch::channel(Urgency::None);
    tokio::spawn(listen(ask));
    let run = tokio::spawn(run_tests(options, events, urgency));
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
    Ended { counts, interrupted }
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
