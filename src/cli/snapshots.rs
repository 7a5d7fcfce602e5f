//! The snapshots of a run: who keeps them, and files of which nobody knows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::run::Work;
use super::settings::{Selection, Settings};
use crate::diagnostic::Diagnostic;
use crate::engine::OBSOLETE_HELP;
use crate::snapshot::{FOLDER, Snapshots, Update};
use crate::tree::{RelPath, SourceTree};

/// Gives the run its snapshots, and looks for `.snap` files beside the test files whose own test file is gone.
///
/// Returns whether there are such files, and obsolete snapshots are to fail.
///
/// # Errors
///
/// The modules of the run are in use already.
pub(super) fn prepare(
    settings: &Settings,
    selection: &Selection,
    work: &mut Work,
) -> Result<bool, Vec<Diagnostic>> {
    let rules = selection.snapshots;
    let snapshots = Snapshots::new(Arc::clone(&settings.tree), rules);
    // A run of some files cannot know of the others.
    let is_whole = selection.request.include.is_empty() && selection.request.exclude.is_empty();
    let orphans = if selection.tests && is_whole { orphans(settings, work) } else { Vec::new() };
    let mut errors = Vec::new();
    for path in orphans {
        let told = |make: fn(String) -> Diagnostic| {
            make(format!("{path} is obsolete: its test file is gone")).help(OBSOLETE_HELP)
        };
        match rules.update {
            Update::All => snapshots.remove(path),
            Update::None | Update::New if rules.strict => errors.push(told(Diagnostic::error)),
            Update::None | Update::New => work.warnings.push(told(Diagnostic::warning)),
        }
    }
    let fails = !errors.is_empty();
    work.warnings.append(&mut errors);
    match Arc::get_mut(&mut work.modules) {
        Some(modules) => modules.keep_snapshots(Arc::new(snapshots)),
        None => return Err(vec![Diagnostic::error("the modules of the run are in use already")]),
    }
    Ok(fails)
}

/// The `.snap` files whose test file is not there, in the folders that have test files of the plan.
fn orphans(settings: &Settings, work: &Work) -> Vec<RelPath> {
    let folders: BTreeSet<RelPath> = work.plan.files.iter().map(|file| file.path.parent()).collect();
    let mut orphans = Vec::new();
    for folder in folders {
        let stored = folder.child(FOLDER);
        // Without a folder there are none.
        for child in settings.tree.list(&stored).unwrap_or_default() {
            let of = child
                .name
                .strip_suffix(".snap")
                .filter(|name| !child.lossy && crate::discover::is_test(name));
            if of.is_some_and(|name| !settings.tree.is_file(&folder.child(name))) {
                orphans.push(stored.child(&child.name));
            }
        }
    }
    orphans
}
