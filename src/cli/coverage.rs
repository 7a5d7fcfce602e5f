//! `--coverage`: what is counted in a run, where it is written, and whether it is enough.

use std::sync::Arc;

use super::exit::Exit;
use super::run::{self, Ended, Work};
use super::settings::{CoverageSettings, Settings};
use super::tell;
use crate::diagnostic::Diagnostic;
use crate::engine::{Collector, Modules};
use crate::report::coverage::percent;
use crate::report::{AtEnd, Sinks, lcov};

/// Counts what the modules of `work` do. No module is compiled yet.
pub(super) fn count(settings: &Settings, coverage: &CoverageSettings, work: Work) -> Work {
    let collector = Arc::new(Collector::new(coverage.rules.clone()));
    let modules = Modules::new(Arc::clone(&work.tree), settings.limits.stack_bytes).counted(collector);
    Work { modules: Arc::new(modules), ..work }
}

/// Adds the report of the counts.
///
/// # Errors
///
/// It cannot be written where it is wanted; nothing has run.
pub(super) fn open(coverage: &CoverageSettings, sinks: &mut Sinks<'_>) -> Result<(), Diagnostic> {
    let target = run::open(&coverage.out)?;
    let name = coverage.out.display().to_string();
    sinks.add(name, AtEnd::new(lcov::render, move |bytes: &[u8]| target.write(bytes)));
    Ok(())
}

/// Says when too little was covered.
pub(super) fn judge(settings: &Settings, coverage: &CoverageSettings, ended: &Ended) -> Exit {
    let Some(lines) = ended.run.coverage.as_ref().map(|counted| counted.totals().lines) else {
        return Exit::Passed;
    };
    match coverage.min {
        Some(min) if lines.percent() < min => {
            let message =
                format!("{} % of the lines ran, and --coverage-min asks for {min} %", percent(lines));
            tell(&[Diagnostic::error(message)], settings.color_errors);
            Exit::Failed
        }
        Some(_) | None => Exit::Passed,
    }
}
