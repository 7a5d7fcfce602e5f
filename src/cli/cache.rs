//! Which results of earlier runs count, and where they are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum as _;

use super::args::{CacheArgs, CacheMode};
use super::settings::{CacheSettings, Selection, Settings, is_ci};
use crate::cache::{Cache, Digest, Use};
use crate::diagnostic::Diagnostic;
use crate::engine::{Limits, Order};
use crate::snapshot::{Rules, Update};
use crate::tree::SourceTree;

/// The variables that say what the options do not.
const MODE: &str = "HUSAKO_CI_CACHE";
pub(super) const FOLDER: &str = "HUSAKO_CI_CACHE_DIR";

/// Resolves what was asked for.
///
/// # Errors
///
/// The variable has no value that the option could have.
pub(super) fn resolve(args: CacheArgs) -> Result<CacheSettings, Diagnostic> {
    let CacheArgs { cache, cache_dir } = args;
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let mode = match (cache, set(MODE)) {
        (Some(mode), _) => mode,
        (None, None) => CacheMode::Auto,
        (None, Some(value)) => CacheMode::from_str(&value.to_string_lossy(), false).map_err(|_| {
            Diagnostic::error(format!("the variable {MODE} is {value:?}"))
                .help("it can be auto, off, read or write, as --cache")
        })?,
    };
    Ok(CacheSettings { mode, folder: cache_dir.or_else(|| set(FOLDER).map(PathBuf::from)) })
}

/// Opens the results that count for a run; `None`: none do, and none are kept.
///
/// # Errors
///
/// They were asked for, and make no sense with something else, cannot be had, or would lie in the repository.
pub(super) fn open(
    settings: &Settings,
    selection: &Selection,
    tree: Arc<dyn SourceTree>,
) -> Result<Option<Arc<Cache>>, Diagnostic> {
    let CacheSettings { mode, folder } = &selection.cache;
    let (read, write) = match mode {
        CacheMode::Off => return Ok(None),
        CacheMode::Auto => (true, true),
        CacheMode::Read => (true, false),
        CacheMode::Write => (false, true),
    };
    let is_asked_for = *mode != CacheMode::Auto;
    if let Some(other) = unsuited(settings, selection) {
        let error = || {
            Diagnostic::error(format!("{other} has to run every file, and --cache has results of other runs"))
                .help(format!("leave out one of them, or say --cache=off ({MODE}=off)"))
        };
        return if is_asked_for { Err(error()) } else { Ok(None) };
    }
    let folder = match folder {
        Some(folder) => outside(settings, folder)?,
        None => match own(settings) {
            Some(folder) => folder,
            None if is_asked_for => {
                return Err(Diagnostic::error("the system does not say where caches are kept")
                    .help("say where results are kept: --cache-dir"));
            }
            None => return Ok(None),
        },
    };
    let uses = Use { read, write, check: read && is_ci().is_some() };
    match Cache::open(&folder, tree, &way(&settings.limits, selection.snapshots), uses) {
        Ok(cache) => Ok(Some(Arc::new(cache))),
        Err(error) if is_asked_for || selection.cache.folder.is_some() => {
            Err(Diagnostic::error(format!("keeping results in {}: {error}", folder.display())))
        }
        // Somebody without a home has no cache.
        Err(_) => Ok(None),
    }
}

/// What makes results of other runs useless, if something does.
fn unsuited(settings: &Settings, selection: &Selection) -> Option<&'static str> {
    let found = [
        (selection.coverage.is_some(), "--coverage"),
        (selection.watch, "--watch"),
        (settings.check_determinism, "--check-determinism"),
        (settings.limits.order != Order::Written, "--shuffle"),
        (selection.snapshots.update == Update::All, "--update-snapshots"),
    ];
    found.into_iter().find_map(|(is_there, name)| is_there.then_some(name))
}

/// What decides results beside the texts: this very program, and how it runs files.
fn way(limits: &Limits, snapshots: Rules) -> Digest {
    let Limits { file, case, heap_bytes, stack_bytes, retries, flaky_fails, clock: _, seed: _, order: _ } =
        limits;
    let limits = format!("{file:?} {case:?} {heap_bytes} {stack_bytes} {retries} {flaky_fails}");
    Digest::of([env!("HUSAKO_CI_BUILD"), &limits, &format!("{snapshots:?}")])
}

/// Where the user's caches are.
pub(super) fn user_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Caches"))
    } else {
        set("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")))
    }
}

/// The folder for this repository in the user's cache folder.
fn own(settings: &Settings) -> Option<PathBuf> {
    let root = settings.tree.root();
    let folder = user_folder()?.join("husako-ci").join(Digest::of([&*root.to_string_lossy()]).short());
    // Of who works in his home.
    (!folder.starts_with(root)).then_some(folder)
}

/// A folder that was asked for, from the current one.
///
/// # Errors
///
/// It lies in the repository: then a change could bring the results that it is judged by.
fn outside(settings: &Settings, folder: &Path) -> Result<PathBuf, Diagnostic> {
    let full = std::path::absolute(folder)
        .map_err(|error| Diagnostic::error(format!("--cache-dir {}: {error}", folder.display())))?;
    // What is not there yet will be where the folder above it is.
    let there = full.ancestors().find_map(|above| {
        let real = above.canonicalize().ok()?;
        Some(real.join(full.strip_prefix(above).ok()?))
    });
    if there.as_deref().unwrap_or(&full).starts_with(settings.tree.root()) {
        let message = format!("--cache-dir {} lies in the repository", folder.display());
        return Err(Diagnostic::error(message)
            .help("choose a folder elsewhere: a pull request could bring results of its own with it"));
    }
    Ok(full)
}
