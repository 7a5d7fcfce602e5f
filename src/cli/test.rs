//! The plain run: all tests, and all entries. `diff` is one, with other things to show.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use super::actions::Actions;
use super::args::DiffFormat;
use super::exit::{Exit, Stop};
use super::list::{NO_CASE, NOTHING_FOUND, find, nothing};
use super::run::{self, Ended, Work};
use super::settings::{Selection, Settings};
use super::shard::Split;
use super::{cache, changed, changes, comment, coverage, snapshots, typecheck, watch};
use super::{note, tell};
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::terminal::Terminal;
use crate::report::{Sinks, json, markdown};
use crate::runner::in_order;

/// What goes to the standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// The report of the whole run.
    Everything,
    /// What differs from the base; failures, too.
    Changes {
        format: DiffFormat,
        /// Whether the run ends with status 1 when anything differs.
        exit_code: bool,
    },
}

/// Runs what is selected.
///
/// # Errors
///
/// The mistakes in arguments and configuration, and that the base cannot be found; nothing ran.
pub(super) fn run(settings: &Settings, selection: &Selection, show: Show) -> Result<Exit, Stop> {
    let (actions, odd) = match Actions::here() {
        Ok(actions) => (actions, None),
        // What cannot be told to GitHub is told all the same.
        Err(odd) if selection.changes.is_none() => {
            (None, Some(Diagnostic { severity: Severity::Warning, ..odd }))
        }
        Err(error) => return Err(error.into()),
    };
    if selection.changes.as_ref().is_some_and(|changes| changes.comment) {
        comment::needed(actions.as_ref(), "--comment").map_err(|error| vec![error])?;
    }
    let found = find(settings, selection)?;
    let mut nothing_found = found.tests.is_empty() && found.entries.is_empty();
    let mut split = Split::asked(selection, &found).map_err(|error| vec![error])?;
    let mut work = Work {
        filter: selection.filter.clone(),
        fails_on: selection.fails_on,
        shard: split.as_ref().map(Split::part),
        // Without either, nothing looks back at the run.
        keep_run: actions.is_some() || selection.changes.is_some() || selection.coverage.is_some(),
        ..Work::plan(settings, found)?
    };
    if let Some(split) = &mut split {
        split.keep_planned(&mut work.plan);
        work.warnings.extend(split.warning.take());
    }
    let mut is_empty = work.plan.files.is_empty();
    if let Some(coverage) = &selection.coverage {
        work = coverage::count(settings, coverage, work);
    }
    if let Some(compiler) = selection.typecheck {
        work.checks = typecheck::checks(settings, compiler, &work)?;
    }
    let has_orphans = snapshots::prepare(settings, selection, &mut work)?;
    work.cache = cache::open(settings, selection, Arc::clone(&work.tree)).map_err(|error| vec![error])?;
    let mut nothing_changed = false;
    if let Some(revision) = &selection.changed {
        let left = changed::keep(settings, selection, revision, &mut work, actions.as_ref())?;
        nothing_changed = !nothing_found && work.plan.files.is_empty();
        note(settings, &left);
    }
    if let Some(cache) = &work.cache {
        in_order(&mut work.plan.files, |path| cache.history.last(path));
        work.modules = Arc::new(work.modules.after(|_| false).that_remember());
    }
    let mut changed = BTreeSet::new();
    if let Some(changes) = &selection.changes {
        let compared = changes::base(settings, selection, changes, &work, split.as_ref(), actions.as_ref())?;
        nothing_found &= !compared.has_entries;
        is_empty &= compared.base.entries.is_empty();
        work.base = Some(compared.base);
        changed = compared.changed;
    }

    work.warnings.extend(odd);
    if selection.watch {
        return Ok(watch::run(settings, selection, work)?);
    }

    // Text of the user's never begins a line of ours; and if it did, it would be no command.
    let machine = matches!(show, Show::Changes { format: DiffFormat::Markdown | DiffFormat::Json, .. });
    let quiet = actions.as_ref().filter(|_| !machine).and_then(|actions| actions.without_commands().ok());
    let mut sinks = Sinks::default();
    match show {
        Show::Everything => sinks.add("standard output", run::terminal(settings)),
        Show::Changes { format: DiffFormat::Text, .. } => {
            sinks.add("standard output", run::terminal(settings).only_changes());
        }
        // What is made for others has the standard output for itself.
        Show::Changes { format: DiffFormat::Markdown | DiffFormat::Json, .. } => sinks.add(
            "standard error",
            Terminal::new(io::stderr(), settings.color_errors, settings.verbosity, None).only_failures(),
        ),
    }
    if let Some(coverage) = &selection.coverage
        && let Err(error) = coverage::open(coverage, &mut sinks)
    {
        tell(&[error], settings.color_errors);
        return Ok(Exit::ReportNotWritten);
    }
    let ended = run::run(settings, work, sinks)?;

    let no_case = !nothing_changed && selection.filter.is_some() && ended.is_empty();
    let told = if nothing_found {
        Some(NOTHING_FOUND)
    } else if no_case && split.is_none() {
        Some(NO_CASE)
    } else {
        None
    };
    let mut exit = if has_orphans { ended.exit.or(Exit::Failed) } else { ended.exit };
    if let Some(what) = told {
        let (status, diagnostic) = nothing(selection.no_tests, what);
        tell(diagnostic.as_slice(), settings.color_errors);
        exit = exit.or(status);
    } else if let Some(split) = split.as_ref().filter(|_| is_empty || no_case) {
        tell(&[split.nothing()], settings.color_errors);
    }
    if let Show::Changes { format, exit_code } = show {
        exit = exit.or(print(settings, &ended, format, exit_code));
    }
    if let Some(coverage) = &selection.coverage {
        exit = exit.or(coverage::judge(settings, coverage, &ended));
    }
    drop(quiet);
    if let Some(changes) = &selection.changes {
        exit = exit.or(changes::write(settings, changes, actions.as_ref(), &ended));
    }
    if let Some(actions) = &actions {
        let told = changes::Told { changed: &changed, is_part: split.is_some() };
        exit = exit.or(changes::tell_github(settings, selection.changes.as_ref(), actions, &ended, &told));
    }
    Ok(exit)
}

/// Prints what differs, where the terminal report has not.
fn print(settings: &Settings, ended: &Ended, format: DiffFormat, exit_code: bool) -> Exit {
    let Some(diff) = &ended.run.diff else { return Exit::Passed };
    let text = match format {
        DiffFormat::Text => String::new(),
        DiffFormat::Markdown => markdown::markdown(diff),
        DiffFormat::Json => json::changes(diff),
    };
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        let error = Diagnostic::error(format!("writing the standard output: {error}"));
        tell(&[error], settings.color_errors);
        return Exit::ReportNotWritten;
    }
    if exit_code && !diff.is_empty() { Exit::Failed } else { Exit::Passed }
}
