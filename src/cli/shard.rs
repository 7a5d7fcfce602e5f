//! `--shard`: which part of what was found is run here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::settings::{Selection, Settings};
use super::{merge, tell};
use crate::diagnostic::Diagnostic;
use crate::diff::Said;
use crate::discover::Found;
use crate::event::{FileKind, FileStatus};
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
}

impl Split {
    /// Shares out all that was found on the head, when that was asked for.
    ///
    /// # Errors
    ///
    /// What is wrong with the report that has the times. That there is none yet is said, and no error.
    pub(super) fn of(
        settings: &Settings,
        selection: &Selection,
        found: &Found,
    ) -> Result<Option<Split>, Diagnostic> {
        let Some(shard) = selection.shard else { return Ok(None) };
        let times = match &selection.shard_times {
            Some(path) if path.exists() => times(path)?,
            Some(path) => {
                let missing = format!(
                    "there is no {}: the files are dealt to the shards by their names",
                    path.display()
                );
                let help = "give --shard-times in all shards the JSON report of one earlier run";
                tell(&[Diagnostic::warning(missing).help(help)], settings.color_errors);
                BTreeMap::new()
            }
            None => BTreeMap::new(),
        };
        Ok(Some(Split::new(shard, found, |path| times.get(path).copied())))
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
        Split { shard, shares: Shares::new(files.cloned(), shard.total(), time), aliases, said: Vec::new() }
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

/// How long each file took in the run that a report tells.
fn times(path: &Path) -> Result<BTreeMap<RelPath, Duration>, Diagnostic> {
    let files = merge::read(path)?.run.files;
    let ran = files.into_iter().filter(|(_, file)| file.status != FileStatus::NotRun);
    Ok(ran.map(|(path, file)| (path, file.duration)).collect())
}

/// The aliases of an entry, each with its project.
fn named<'e>(project: &'e RelPath, kind: &'e FileKind) -> impl Iterator<Item = (RelPath, String)> + 'e {
    let aliases = match kind {
        FileKind::Tests => &[][..],
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
