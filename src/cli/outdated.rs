//! `outdated`: which newer versions there are of what projects name.

use std::io::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::actions::Actions;
use super::args::{ListFormat, OutdatedArgs};
use super::exit::{Exit, Stop};
use super::list::projects;
use super::settings::Settings;
use super::sources::{Fetching, fetcher};
use super::tell;
use crate::diagnostic::Diagnostic;
use crate::discover::Found;
use crate::fetch::versions;
use crate::report::markdown::escape;
use crate::report::text::Look;
use crate::sources::{Remote, Wanted, versioned};
use crate::tree::RelPath;

/// A source of a project, and what is known of its versions.
#[derive(Debug)]
pub(super) struct Known {
    /// The root of the project.
    pub(super) project: RelPath,
    pub(super) wanted: Wanted,
    /// The newest version, if it is newer than what is named.
    pub(super) newest: Result<Option<String>, Diagnostic>,
}

/// Asks for the newest versions of all versioned sources, of each once.
///
/// # Errors
///
/// Nothing can be asked.
pub(super) fn ask(settings: &Settings, found: &Found) -> Result<Vec<Known>, Stop> {
    let all: Vec<(RelPath, Wanted)> = found
        .projects
        .iter()
        .flat_map(|project| {
            versioned(&project.config).into_iter().map(|wanted| (project.root.clone(), wanted))
        })
        .collect();
    let failed = |error| Stop { exit: Exit::Fetch, told: vec![error] };
    if settings.sources.offline {
        let error = Diagnostic::error("--offline asks nobody, and only others know of newer versions");
        return Err(error.help("leave out --offline").into());
    }
    let mut different: Vec<Wanted> = Vec::new();
    for (_, wanted) in &all {
        if !different.iter().any(|known| known.remote == wanted.remote) {
            different.push(wanted.clone());
        }
    }
    let fetching = Arc::new(Fetching::new(settings));
    let fetcher = Arc::new(fetcher(settings, Arc::clone(&fetching) as _).map_err(failed)?);
    let newest = versions::newest(&fetcher, &different);
    fetching.clear();
    let newest = newest.map_err(failed)?;
    let newest_of = |remote: &Remote| {
        let at = different.iter().position(|known| known.remote == *remote);
        at.and_then(|at| newest.get(at)).cloned().unwrap_or(Ok(None))
    };
    let known = |(project, wanted): (RelPath, Wanted)| {
        let newest = newest_of(&wanted.remote);
        Known { project, wanted, newest }
    };
    Ok(all.into_iter().map(known).collect())
}

/// Tells which sources have newer versions.
///
/// # Errors
///
/// The mistakes in arguments and configuration.
pub(super) fn run(args: OutdatedArgs) -> Result<Exit, Stop> {
    let OutdatedArgs { paths, format, exit_code, common } = args;
    let settings = Settings::resolve(common, &paths)?;
    let known = ask(&settings, &projects(&settings, &paths)?)?;
    let rows: Vec<Row<'_>> = known.iter().filter_map(Row::of).collect();
    let errors: Vec<Diagnostic> = known.iter().filter_map(|known| known.newest.clone().err()).collect();
    let text = match format {
        ListFormat::Text => text(&rows, known.len(), errors.len()),
        ListFormat::Json => json(&rows, &known),
    };
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        return Ok(Exit::ReportNotWritten);
    }
    tell(&errors, settings.color_errors);
    let mut exit = if errors.is_empty() { Exit::Passed } else { Exit::Fetch };
    if exit_code && !rows.is_empty() {
        exit = exit.or(Exit::Failed);
    }
    if let Ok(Some(actions)) = Actions::here()
        && let Err(error) = actions.summarize(&summary(&rows, errors.len()))
    {
        tell(&[Diagnostic::error(format!("writing the summary of the job: {error}"))], settings.color_errors);
        exit = exit.or(Exit::ReportNotWritten);
    }
    Ok(exit)
}

/// A source that is outdated.
#[derive(Debug, Serialize)]
struct Row<'k> {
    /// The folder of the project; `.` for the root of the repository.
    project: String,
    /// `resources` or `charts`.
    table: &'static str,
    name: &'k str,
    /// `release`, `git`, `registry`, `artifacthub` or `oci`.
    source: &'static str,
    current: &'k str,
    newest: &'k str,
}

impl<'k> Row<'k> {
    fn of(known: &'k Known) -> Option<Row<'k>> {
        let Known { project, wanted, newest } = known;
        Some(Row {
            project: project.to_string(),
            table: wanted.table.name(),
            name: &wanted.name,
            source: wanted.remote.kind(),
            current: wanted.remote.version()?,
            newest: newest.as_ref().ok()?.as_deref()?,
        })
    }

    fn cells(&self) -> [&str; 5] {
        [&self.project, self.name, self.source, self.current, self.newest]
    }
}

const HEADS: [&str; 5] = ["Project", "Name", "Source", "Current", "Newest"];

/// A table for a person.
fn text(rows: &[Row<'_>], asked: usize, failed: usize) -> String {
    if rows.is_empty() {
        return match (asked, failed) {
            (0, _) => "nothing is named by a version\n".to_owned(),
            (_, 0) => "everything is the newest\n".to_owned(),
            _ => String::new(),
        };
    }
    let look = Look::terminal(false);
    let cells: Vec<[String; 5]> = std::iter::once(HEADS.map(str::to_owned))
        .chain(rows.iter().map(|row| row.cells().map(|cell| look.line(cell))))
        .collect();
    let width = |column: usize| {
        cells.iter().map(|row| unicode_width::UnicodeWidthStr::width(row[column].as_str())).max()
    };
    let widths: Vec<usize> = (0..HEADS.len()).map(|column| width(column).unwrap_or(0)).collect();
    // Of a single project everybody knows which it is.
    let from = usize::from(rows.iter().all(|row| row.project == rows[0].project));
    let line = |row: &[String; 5]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).skip(from).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    cells.iter().map(line).collect()
}

/// A table for the summary of a job.
fn summary(rows: &[Row<'_>], failed: usize) -> String {
    let mut text = "## Newer versions\n\n".to_owned();
    if rows.is_empty() && failed == 0 {
        text += "Everything that `husako.toml` names is the newest.\n";
    } else if !rows.is_empty() {
        text += &format!("| {} |\n|{}\n", HEADS.join(" | "), " --- |".repeat(HEADS.len()));
        for row in rows {
            let cells: Vec<String> =
                row.cells().iter().map(|cell| escape::code(cell).replace('|', "&#124;")).collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
    }
    if failed > 0 {
        text += &format!("\n{failed} could not be asked.\n");
    }
    text
}

fn json(rows: &[Row<'_>], known: &[Known]) -> String {
    #[derive(Serialize)]
    struct Outdated<'k> {
        /// 1. Grows when something that is here goes or changes its meaning.
        version: u32,
        outdated: &'k [Row<'k>],
        unknown: Vec<Unknown<'k>>,
    }
    /// A source that could not be asked.
    #[derive(Serialize)]
    struct Unknown<'k> {
        project: String,
        table: &'static str,
        name: &'k str,
        source: &'static str,
        error: &'k str,
    }
    let unknown = known.iter().filter_map(|known| {
        let Known { project, wanted, newest } = known;
        Some(Unknown {
            project: project.to_string(),
            table: wanted.table.name(),
            name: &wanted.name,
            source: wanted.remote.kind(),
            error: &newest.as_ref().err()?.message,
        })
    });
    let report = Outdated { version: 1, outdated: rows, unknown: unknown.collect() };
    // Strings and numbers only: there is nothing that could fail.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
