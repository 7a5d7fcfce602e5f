//! `--list`: what would run.

use std::io::Write;

use serde::Serialize;

use super::args::{ListFormat, NoTests};
use super::exit::Exit;
use super::settings::{Selection, Settings};
use super::shard::Split;
use super::tell;
use crate::compile;
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::{Found, Request, discover};
use crate::timings::{Phase, measure};

/// Finds what would run.
///
/// # Errors
///
/// The mistakes in the configuration, warnings beside them.
pub(super) fn find(settings: &Settings, selection: &Selection) -> Result<Found, Vec<Diagnostic>> {
    let _measured = measure(Phase::Discover);
    let mut found = discover(&*settings.tree, &selection.request, &compile::specifiers);
    if !selection.tests {
        found.tests.clear();
    }
    if !selection.entries {
        found.entries.clear();
    }
    if found.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(found.diagnostics);
    }
    Ok(found)
}

/// Finds every project in the folders that are asked for, or below the current one.
///
/// # Errors
///
/// The mistakes in the configuration, warnings beside them; that there is no project.
pub(super) fn projects(settings: &Settings, paths: &[String]) -> Result<Found, Vec<Diagnostic>> {
    let request = Request { every_project: true, ..settings.request(paths, &[], &[])? };
    let found = discover(&*settings.tree, &request, &compile::specifiers);
    if found.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(found.diagnostics);
    }
    if found.projects.is_empty() {
        let error = Diagnostic::error("there is no project here: no husako.toml, no test and no entry");
        return Err(vec![error.help("make a husako.toml, which may be empty, or name another folder")]);
    }
    Ok(found)
}

/// What there is to say when nothing was found.
pub(super) fn nothing(no_tests: NoTests, what: &str) -> (Exit, Option<Diagnostic>) {
    let diagnostic = || Diagnostic::warning(what.to_owned());
    match no_tests {
        NoTests::Pass => (Exit::Passed, None),
        NoTests::Warn => (Exit::Passed, Some(diagnostic())),
        NoTests::Fail => {
            let error = Diagnostic { severity: Severity::Error, ..diagnostic() };
            (Exit::NothingToRun, Some(error.help("--no-tests=pass or warn makes this no failure")))
        }
    }
}

/// Message for a repository, or the part of it that was asked for, without tests and entries.
pub(super) const NOTHING_FOUND: &str = "no tests and no entries were found";

/// Message for a filter that leaves nothing.
pub(super) const NO_CASE: &str = "no case matches --filter";

/// Prints what would run.
///
/// # Errors
///
/// The mistakes in the configuration.
pub(super) fn run(
    settings: &Settings,
    selection: &Selection,
    format: ListFormat,
) -> Result<Exit, Vec<Diagnostic>> {
    let mut found = find(settings, selection)?;
    tell(&found.diagnostics, settings.color_errors);
    let is_empty = found.tests.is_empty() && found.entries.is_empty();
    let split = Split::asked(selection, &found).map_err(|error| vec![error])?;
    if let Some(split) = &split {
        tell(split.warning.as_slice(), settings.color_errors);
        split.keep(&mut found);
    }
    let text = match format {
        ListFormat::Text => text(&found),
        ListFormat::Json => json(&found),
    };
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        return Ok(Exit::ReportNotWritten);
    }
    if is_empty {
        let (exit, diagnostic) = nothing(selection.no_tests, NOTHING_FOUND);
        tell(diagnostic.as_slice(), settings.color_errors);
        return Ok(exit);
    }
    if let Some(split) = split.filter(|_| found.tests.is_empty() && found.entries.is_empty()) {
        tell(&[split.nothing()], settings.color_errors);
    }
    Ok(Exit::Passed)
}

fn text(found: &Found) -> String {
    let mut text = String::new();
    for test in &found.tests {
        text.push_str(&format!("test   {}\n", visible(test.path.as_str())));
    }
    for entry in &found.entries {
        text.push_str(&format!("entry  {}", visible(entry.path.as_str())));
        if !entry.aliases.is_empty() {
            text.push_str(&format!("  ({})", visible(&entry.aliases.join(", "))));
        }
        text.push('\n');
    }
    text
}

/// Names of files may hold what a terminal would take for commands.
fn visible(text: &str) -> String {
    crate::report::text::Look::terminal(false).line(text)
}

/// `--list=json`.
#[derive(Serialize)]
struct List<'f> {
    /// 1. Grows when something that is here goes or changes its meaning.
    version: u32,
    projects: Vec<ListedProject<'f>>,
    tests: Vec<ListedTest<'f>>,
    entries: Vec<ListedEntry<'f>>,
}

#[derive(Serialize)]
struct ListedProject<'f> {
    /// The folder, from the repository root; `.` for the root.
    root: String,
    /// Its `husako.toml`; `null` without one.
    config: Option<&'f str>,
}

#[derive(Serialize)]
struct ListedTest<'f> {
    path: &'f str,
    /// The root of its project.
    project: String,
}

#[derive(Serialize)]
struct ListedEntry<'f> {
    path: &'f str,
    project: String,
    /// Its names in `[entries]`.
    aliases: &'f [String],
}

fn json(found: &Found) -> String {
    let root = |project: usize| found.projects[project].root.to_string();
    let list = List {
        version: 1,
        projects: found
            .projects
            .iter()
            .map(|project| ListedProject {
                root: project.root.to_string(),
                config: project.config_path.as_ref().map(|path| path.as_str()),
            })
            .collect(),
        tests: found
            .tests
            .iter()
            .map(|test| ListedTest { path: test.path.as_str(), project: root(test.project) })
            .collect(),
        entries: found
            .entries
            .iter()
            .map(|entry| ListedEntry {
                path: entry.path.as_str(),
                project: root(entry.project),
                aliases: &entry.aliases,
            })
            .collect(),
    };
    // Strings and numbers only: there is nothing that could fail.
    serde_json::to_string_pretty(&list).unwrap_or_default() + "\n"
}
