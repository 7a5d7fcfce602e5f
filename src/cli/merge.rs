//! `merge`: one report of the JSON reports of all shards.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::actions::Actions;
use super::args::{ChangeArgs, MergeArgs};
use super::exit::Exit;
use super::list::{NO_CASE, NOTHING_FOUND, nothing};
use super::run::{open_reports, replay, terminal};
use super::settings::{Changes, Settings};
use super::{changes, comment, tell};
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::json::{self, Joined, MAX_BYTES, NotJoined, NotRead, Saved};
use crate::report::{Run, Sinks};

/// Reads the reports of all shards, and tells of them what one run of everything would have told.
///
/// # Errors
///
/// The reports cannot be read, or are not those of all shards of one run; nothing is written.
pub(super) fn run(args: MergeArgs) -> Result<Exit, Vec<Diagnostic>> {
    let MergeArgs { reports, report, no_tests, comment, comment_as, save_comment, markdown, fail_on } = args;
    let one = |error: Diagnostic| vec![error];
    let settings = Settings::of_reports(report).map_err(one)?;
    let asked = ChangeArgs { diff: false, base: None, comment, comment_as, save_comment, markdown, fail_on };
    let (asked, fails_on) = Changes::resolve(asked).map_err(one)?;
    let mut warnings = Vec::new();
    let actions = match Actions::here() {
        Ok(actions) => actions,
        // What cannot be told to GitHub is told all the same.
        Err(odd) if asked.is_none() => {
            warnings.push(Diagnostic { severity: Severity::Warning, ..odd });
            None
        }
        Err(error) => return Err(vec![error]),
    };
    if asked.as_ref().is_some_and(|changes| changes.comment) {
        comment::needed(actions.as_ref(), "--comment").map_err(one)?;
    }

    let (mut saved, mut errors) = (Vec::new(), Vec::new());
    for path in &reports {
        match read(path) {
            Ok(report) => saved.push((path.display().to_string(), report)),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let Joined { run: told, warnings: more } = json::join(saved).map_err(|error| vec![not_joined(&error)])?;
    warnings.extend(more);
    if asked.is_some() {
        has_compared(&told).map_err(one)?;
    }

    tell(&warnings, settings.color_errors);
    let quiet = actions.as_ref().and_then(|actions| actions.without_commands().ok());
    let mut sinks = Sinks::default();
    sinks.add("standard output", terminal(&settings));
    if let Err(error) = open_reports(&settings, &mut sinks) {
        tell(&[error], settings.color_errors);
        return Ok(Exit::ReportNotWritten);
    }
    let ended = replay(&settings, told, fails_on, sinks);
    let mut exit = ended.exit;
    let has_entries = ended.run.diff.as_ref().is_some_and(|diff| !diff.entries.is_empty());
    let filtered_out: usize = ended.run.files.values().map(|file| file.filtered_out).sum();
    let what = match ended.run.files.is_empty() {
        true => (!has_entries).then_some(NOTHING_FOUND),
        false => (filtered_out > 0 && ended.is_empty()).then_some(NO_CASE),
    };
    if let Some(what) = what {
        let (status, diagnostic) = nothing(no_tests, what);
        tell(diagnostic.as_slice(), settings.color_errors);
        exit = exit.or(status);
    }
    drop(quiet);
    if let Some(asked) = &asked {
        exit = exit.or(changes::write(&settings, asked, actions.as_ref(), &ended));
    }
    if let Some(actions) = &actions {
        // There may be no repository here to ask what has changed.
        let told = changes::Told { changed: &BTreeSet::new(), is_part: false };
        exit = exit.or(changes::tell_github(&settings, asked.as_ref(), actions, &ended, &told));
    }
    Ok(exit)
}

/// The bytes of a file that should be a report: at most one more than [`MAX_BYTES`], so that what is too large is seen to be.
///
/// # Errors
///
/// It cannot be read.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a report.
fn read(path: &Path) -> Result<Saved, Diagnostic> {
    let name = path.display();
    let bytes = bytes(path).map_err(|error| Diagnostic::error(format!("reading {name}: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("{name} is larger than {} MiB", MAX_BYTES >> 20);
        return Err(Diagnostic::error(message).help("split the run into more shards"));
    }
    json::read(&bytes).map_err(|error| {
        Diagnostic::error(format!("{name} {error}")).help(match error {
            NotRead::NotJson(_) => "was the job that wrote it cut off, or the upload?",
            NotRead::NotAReport(_) => "give what --json of husako-ci has written in each shard",
            NotRead::Version(_) => "use the same version of husako-ci in all jobs",
            NotRead::Contradiction(_) => {
                "somebody has changed it, or husako-ci has a fault: please report that"
            }
        })
    })
}

/// What is wrong with the reports together.
fn not_joined(error: &NotJoined) -> Diagnostic {
    Diagnostic::error(error.to_string()).help(match error {
        NotJoined::Missing { .. } => {
            "give the reports of all shards; a job that was cancelled, or broke off, has written none"
        }
        NotJoined::Twice { .. } => "give each shard a number of its own, and merge each report once",
        NotJoined::Totals { .. } => "merge the reports of one run: all shards have the same total",
        NotJoined::Plans { .. } => {
            "run all shards on the same commit, with the same paths, filters of files and --shard-times, which may be missing \
             in all or in none: else a file may run nowhere"
        }
        NotJoined::Mixed { .. } => "give all jobs --shard, or none",
        NotJoined::File { .. } => "merge runs of different files; --shard splits one run",
        NotJoined::Bases { .. } => "give all shards the same --base, such as a commit",
        NotJoined::Diffs { .. } => "give --diff to all shards, or to none",
    })
}

/// Whether there is anything to tell about what differs, where that was asked for.
fn has_compared(told: &Run) -> Result<(), Diagnostic> {
    let is_stopped = told.finished.as_ref().is_some_and(|finished| finished.stopped.is_some());
    if told.diff.is_some() || is_stopped {
        return Ok(());
    }
    Err(Diagnostic::error("the reports do not say what differs from the base, which is asked for")
        .help("give --diff to every shard; or leave out --comment, --save-comment, --markdown and --fail-on=dangerous"))
}
