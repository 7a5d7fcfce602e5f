//! The plain run: all tests, and all entries.

use super::exit::Exit;
use super::list::{NOTHING_FOUND, find, nothing};
use super::run::{self, Work};
use super::settings::{Selection, Settings};
use super::tell;
use crate::diagnostic::Diagnostic;
use crate::report::Sinks;

/// Runs what is selected.
///
/// # Errors
///
/// The mistakes in arguments and configuration; nothing ran.
pub(super) fn run(settings: &Settings, selection: &Selection) -> Result<Exit, Vec<Diagnostic>> {
    let found = find(settings, selection)?;
    let nothing_found = found.tests.is_empty() && found.entries.is_empty();
    let work = Work { filter: selection.filter.clone(), ..Work::plan(settings, found)? };
    let mut sinks = Sinks::default();
    sinks.add("standard output", run::terminal(settings));
    let ended = run::run(settings, work, sinks)?;

    let told = if nothing_found {
        Some(NOTHING_FOUND)
    } else if selection.filter.is_some() && ended.is_empty() {
        Some("no case matches --filter")
    } else {
        None
    };
    let mut exit = ended.exit;
    if let Some(what) = told {
        let (status, diagnostic) = nothing(selection.no_tests, what);
        tell(diagnostic.as_slice(), settings.color_errors);
        exit = exit.or(status);
    }
    Ok(exit)
}
