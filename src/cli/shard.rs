//! `--shard`: which part of what was found is run here, and `--shard-times`, by which times the parts are balanced.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::merge::bytes;
use super::settings::Selection;
use crate::diagnostic::Diagnostic;
use crate::diff::Said;
use crate::discover::Found;
use crate::event::{FileKind, FileStatus};
use crate::report::json::{self, MAX_BYTES, NotRead};
use crate::runner::{Plan, Planned};
use crate::shard::{Part, Shard, Shares};
use crate::tree::RelPath;

/// What was found, shared out.
#[derive(Debug)]
pub(super) struct Split {
    shard: Shard,
    shares: Shares,
    /// The files of entries, by their project and alias.
    aliases: BTreeMap<(RelPath, String), RelPath>,
    /// What the projects of all entries of the head say.
    said: Vec<Said>,
    /// Why the parts are not balanced by the times that were given, if they are not.
    pub(super) warning: Option<Diagnostic>,
}

impl Split {
    /// Shares out all that was found on the head, where a shard is asked for.
    ///
    /// # Errors
    ///
    /// What is given as the report with the times is none.
    pub(super) fn asked(selection: &Selection, found: &Found) -> Result<Option<Split>, Diagnostic> {
        let Some(shard) = selection.shard else { return Ok(None) };
        let Some(path) = &selection.shard_times else { return Ok(Some(Split::new(shard, found, |_| None))) };
        let (times, mut warning) = match times(path)? {
            Times::Known(times) => (times, None),
            Times::Unknown(why) => (BTreeMap::new(), Some(why)),
        };
        let mut files =
            found.tests.iter().map(|test| &test.path).chain(found.entries.iter().map(|entry| &entry.path));
        if warning.is_none() && !files.any(|path| times.contains_key(path)) {
            let name = path.display();
            warning = Some(unbalanced(format!("{name} has the time of no file that was found")));
        }
        let split = Split::new(shard, found, |path| times.get(path).copied());
        Ok(Some(Split { warning, ..split }))
    }

    /// Shares out all that was found on the head. `time` says how long a file took in an earlier run, where that is known; it
    /// must say the same in all shards.
    fn new(shard: Shard, found: &Found, time: impl Fn(&RelPath) -> Option<Duration>) -> Split {
        let files =
            found.tests.iter().map(|test| &test.path).chain(found.entries.iter().map(|entry| &entry.path));
        let mut aliases = BTreeMap::new();
        for entry in &found.entries {
            let root = &found.projects[entry.project].root;
            for alias in &entry.aliases {
                aliases.entry((root.clone(), alias.clone())).or_insert_with(|| entry.path.clone());
            }
        }
        let shares = Shares::new(files.cloned(), shard.total(), time);
        Split { shard, shares, aliases, said: Vec::new(), warning: None }
    }

    /// Which part it is, of what.
    pub(super) fn part(&self) -> Part {
        Part { shard: self.shard, plan: self.shares.digest() }
    }

    /// Keeps this part of what was found on the head, to be listed.
    pub(super) fn keep(&self, found: &mut Found) {
        found.tests.retain(|test| self.is_here(&test.path));
        found.entries.retain(|entry| self.is_here(&entry.path));
    }

    /// Keeps this part of what is planned on the head.
    pub(super) fn keep_planned(&mut self, plan: &mut Plan) {
        self.said = said(&plan.files);
        plan.files.retain(|file| self.is_here(&file.path));
    }

    /// Keeps this part of the entries of the base: those that the part compares with its own, by path or alias, and its share
    /// of those that are gone. Returns what the projects of all entries say, on the head and on the base.
    pub(super) fn keep_before(&self, entries: &mut Vec<Planned>) -> Vec<Said> {
        let said = self.said.iter().cloned().chain(said(entries)).collect();
        entries.retain(|entry| {
            let same = self.shares.of(&entry.path);
            let alias = || {
                let mut aliases = named(&entry.project.root, &entry.kind);
                aliases.find_map(|alias| self.shares.of(self.aliases.get(&alias)?))
            };
            let part = same.or_else(alias).unwrap_or_else(|| self.shares.of_another(&entry.path));
            part == self.shard.index()
        });
        said
    }

    fn is_here(&self, path: &RelPath) -> bool {
        self.shares.of(path) == Some(self.shard.index())
    }

    /// What there is to say when nothing is left for this part, which is no failure.
    pub(super) fn nothing(&self) -> Diagnostic {
        Diagnostic::warning(format!("shard {} has nothing to run", self.shard)).help(
            "there are more shards than files, or --filter leaves nothing here: the others run the rest",
        )
    }
}

/// How long files took in an earlier run.
enum Times {
    Known(BTreeMap<RelPath, Duration>),
    /// Nothing says so, which is no mistake: what to tell of it.
    Unknown(Diagnostic),
}

/// Reads the times from the JSON report of a run, which anybody may have written. That there is none yet, or one of another
/// version of husako-ci, stops no run: the first one makes it.
///
/// # Errors
///
/// It cannot be read, or is no report.
fn times(path: &Path) -> Result<Times, Diagnostic> {
    let name = path.display();
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Times::Unknown(unbalanced(format!("--shard-times names {name}, which is not there"))));
        }
        Err(error) => {
            return Err(Diagnostic::error(format!("reading {name} for --shard-times: {error}"))
                .help("give the JSON report of an earlier run"));
        }
    };
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("{name} is larger than {} MiB, and given to --shard-times", MAX_BYTES >> 20);
        return Err(Diagnostic::error(message).help("give the JSON report of an earlier run"));
    }
    match json::read(&bytes) {
        Ok(saved) => Ok(Times::Known(
            saved
                .run
                .files
                .into_iter()
                .filter(|(_, file)| match file.status {
                    FileStatus::Passed | FileStatus::Failed => true,
                    FileStatus::NotRun => false,
                })
                .map(|(path, file)| (path, file.duration))
                .collect(),
        )),
        Err(error @ NotRead::Version(_)) => Ok(Times::Unknown(unbalanced(format!("{name} {error}")))),
        Err(error @ (NotRead::NotJson(_) | NotRead::NotAReport(_) | NotRead::Contradiction(_))) => {
            Err(Diagnostic::error(format!("{name} {error}")).help(
                "give --shard-times what --json of husako-ci has written in an earlier run, or leave it out",
            ))
        }
    }
}

/// Tells that the times are not known.
fn unbalanced(why: String) -> Diagnostic {
    Diagnostic::warning(why).help(
        "each shard gets as many files as any other, whatever they take; give all shards the same report or none, else `merge` refuses them",
    )
}

/// The aliases of an entry, each with its project.
fn named<'e>(project: &'e RelPath, kind: &'e FileKind) -> impl Iterator<Item = (RelPath, String)> + 'e {
    let aliases = match kind {
        FileKind::Tests | FileKind::Types => &[][..],
        FileKind::Entry { aliases } => aliases,
    };
    aliases.iter().map(|alias| (project.clone(), alias.clone()))
}

/// What the projects of entries say, each once.
fn said(files: &[Planned]) -> Vec<Said> {
    let entries = files.iter().filter(|file| matches!(file.kind, FileKind::Entry { .. }));
    let projects: BTreeMap<&RelPath, &Planned> = entries.map(|file| (&file.project.root, file)).collect();
    projects.into_iter().map(|(root, file)| (root.to_string(), Arc::clone(&file.ci))).collect()
}
