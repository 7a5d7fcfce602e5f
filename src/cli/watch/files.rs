//! What the system tells of files that change.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::state::Changed;
use crate::diagnostic::Diagnostic;
use crate::tree::{RelPath, WorkTree};

/// Whether a watch sees what is below the folders of a folder. On Linux each folder is watched by itself: so none that is
/// not looked into, such as `node_modules`, counts against the system's limit.
const SEES_BELOW: bool = cfg!(any(target_os = "macos", target_os = "windows"));

/// The folders that are watched.
pub(super) struct Files {
    watcher: RecommendedWatcher,
    tree: Arc<WorkTree>,
    watched: HashSet<RelPath>,
    /// What we wrote ourselves, and how it was then.
    own: BTreeMap<RelPath, Option<Stamp>>,
}

/// What tells one version of a file from the next.
type Stamp = (SystemTime, u64);

impl Files {
    /// Watches no folder yet. What happens to `own`, files that we write, is not told.
    ///
    /// # Errors
    ///
    /// The system cannot watch, or not any more.
    pub(super) fn new(
        tree: Arc<WorkTree>,
        own: BTreeSet<RelPath>,
    ) -> Result<(Files, mpsc::UnboundedReceiver<Changed>), Diagnostic> {
        let (changes, received) = mpsc::unbounded_channel();
        let root = tree.root().to_owned();
        let told = move |event: notify::Result<Event>| {
            let changed = changed(&root, &own, event);
            if !changed.is_empty() {
                // Nobody listens any more when the program ends.
                let _ = changes.send(changed);
            }
        };
        let watcher = notify::recommended_watcher(told).map_err(|error| not_watched(&error))?;
        let (watched, own) = (HashSet::new(), BTreeMap::new());
        let mut files = Files { watcher, tree, watched, own };
        files.watch(RelPath::default())?;
        Ok((files, received))
    }

    /// Watches these folders.
    ///
    /// # Errors
    ///
    /// The system cannot watch any more.
    pub(super) fn watch_all(&mut self, folders: impl IntoIterator<Item = RelPath>) -> Result<(), Diagnostic> {
        folders.into_iter().try_for_each(|folder| self.watch(folder).map(drop))
    }

    /// Watches the folder of a file that may not be there, or what there is on the way to it.
    ///
    /// # Errors
    ///
    /// The system cannot watch any more.
    pub(super) fn watch_way_to(&mut self, path: &RelPath) -> Result<(), Diagnostic> {
        if self.watched.contains(&path.parent()) {
            return Ok(());
        }
        let mut above: Vec<RelPath> = path.parent().ancestors().collect();
        above.reverse();
        // From above: each is watched before the next is looked for, so that nothing appears unseen.
        for folder in above {
            if !self.watch(folder)? {
                break;
            }
        }
        Ok(())
    }

    /// Watches a folder, if it is one.
    fn watch(&mut self, folder: RelPath) -> Result<bool, Diagnostic> {
        if self.watched.contains(&folder) {
            return Ok(true);
        }
        let path = self.path(&folder);
        // What is behind a link is watched where it is.
        if !path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            return Ok(false);
        }
        if !SEES_BELOW || folder.is_root() {
            let mode = if SEES_BELOW { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            match self.watcher.watch(&path, mode) {
                Ok(()) => {}
                Err(error) if is_gone(&error) => return Ok(false),
                Err(error) => return Err(not_watched(&error)),
            }
        }
        self.watched.insert(folder);
        Ok(true)
    }

    /// Forgets the watches of folders that were moved, deleted or made anew: they would tell of what is elsewhere now, or of
    /// nothing.
    pub(super) fn forget(&mut self, changed: &Changed) {
        let (gone, kept): (Vec<RelPath>, Vec<RelPath>) =
            self.watched.drain().partition(|folder| !folder.is_root() && changed.is_about(folder));
        self.watched = kept.into_iter().collect();
        if !SEES_BELOW {
            for folder in gone {
                // What is gone is not watched any more.
                let _ = self.watcher.unwatch(&self.path(&folder));
            }
        }
    }

    /// Whether a path names a folder that is watched, or one that is there.
    pub(super) fn is_folder(&self, path: &RelPath) -> bool {
        self.watched.contains(path) || self.path(path).is_dir()
    }

    /// Remembers how a file is that we have just written.
    pub(super) fn wrote(&mut self, path: RelPath) {
        let stamp = stamp(&self.path(&path));
        self.own.insert(path, stamp);
    }

    /// Leaves out of `changed` what we wrote, and nobody has changed since.
    pub(super) fn without_own(&self, mut changed: Changed) -> Changed {
        changed.retain(|path| match self.own.get(path) {
            Some(then) => *then != stamp(&self.path(path)),
            None => true,
        });
        changed
    }

    /// Part by part: a `/` in a verbatim path of Windows is no separator.
    fn path(&self, path: &RelPath) -> PathBuf {
        let mut full = self.tree.root().to_owned();
        full.extend(path.parts());
        full
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = path.symlink_metadata().ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// What an event says that changed.
fn changed(root: &Path, own: &BTreeSet<RelPath>, event: notify::Result<Event>) -> Changed {
    let event = match event {
        Ok(event) if !event.need_rescan() => event,
        // Events were lost.
        Ok(_) | Err(_) => return Changed::everything(),
    };
    if !is_change(&event.kind) {
        return Changed::default();
    }
    let paths = event.paths.iter().filter_map(|path| relative(root, path));
    let is_ours = |path: &RelPath| own.contains(path) || path.file_name().starts_with(".husako-ci-");
    let is_others = |path: &RelPath| path.parts().any(|part| part == ".git" || part == "node_modules");
    let paths = paths.filter(|path| !is_ours(path) && !is_others(path));
    Changed::new(paths)
}

/// A path of the system's, as one in the tree; `None` for the root, and for what nothing can be read by.
fn relative(root: &Path, path: &Path) -> Option<RelPath> {
    let mut relative = RelPath::default();
    for part in path.strip_prefix(root).ok()? {
        relative = relative.child(part.to_str()?);
    }
    (!relative.is_root()).then_some(relative)
}

/// Whether an event may mean another content. That a file was opened or read does not.
fn is_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        }
        ErrorKind::Generic(_)
        | ErrorKind::WatchNotFound
        | ErrorKind::InvalidConfig(_)
        | ErrorKind::MaxFilesWatch => false,
    }
}

/// What to say where the system does not watch.
fn not_watched(error: &notify::Error) -> Diagnostic {
    /// `EMFILE`, on Linux: too many watchers of this user.
    const TOO_MANY: i32 = 24;
    let message = |text: &str| Diagnostic::error(format!("watching the files of the repository: {text}"));
    match &error.kind {
        ErrorKind::MaxFilesWatch => message("the system watches no more folders").help(
            "raise its limit: sudo sysctl fs.inotify.max_user_watches=524288; or let .gitignore leave out folders with \
             files that are made",
        ),
        ErrorKind::Io(error) if error.raw_os_error() == Some(TOO_MANY) => {
            message("the system allows no more watchers").help(
                "end other programs that watch, or raise the limit: sudo sysctl fs.inotify.max_user_instances=1024",
            )
        }
        _ => message(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind, RenameMode};

    use super::*;

    #[test]
    fn what_counts_as_a_change() {
        let own = BTreeSet::from([RelPath::new("out/report.xml").unwrap()]);
        let told = |kind: EventKind, path: &str| {
            let event = Event::new(kind).add_path(Path::new("/repo").join(path));
            let changed = changed(Path::new("/repo"), &own, Ok(event));
            changed.paths().map(ToString::to_string).collect::<Vec<_>>()
        };
        let write = EventKind::Access(AccessKind::Close(AccessMode::Write));
        for kind in [
            write,
            EventKind::Create(CreateKind::File),
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            EventKind::Modify(ModifyKind::Name(RenameMode::From)),
            EventKind::Remove(RemoveKind::Folder),
        ] {
            assert_eq!(told(kind, "lib/a.ts"), ["lib/a.ts"], "{kind:?}");
        }
        // Our own reading among them.
        for kind in [
            EventKind::Access(AccessKind::Open(AccessMode::Any)),
            EventKind::Access(AccessKind::Close(AccessMode::Read)),
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
        ] {
            assert_eq!(told(kind, "lib/a.ts"), [""; 0], "{kind:?}");
        }
        for path in [
            "",
            "out/report.xml",
            "out/.husako-ci-a1b2.tmp",
            ".git/index",
            "x/node_modules/y/z.ts",
            "/elsewhere/a.ts",
        ] {
            assert_eq!(told(write, path), [""; 0], "{path}");
        }
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(changed(Path::new("/repo"), &own, Ok(lost)), Changed::everything());
    }

    #[test]
    fn a_limit_of_the_system_is_told_with_what_to_do() {
        let error = not_watched(&notify::Error::new(ErrorKind::MaxFilesWatch));
        assert_eq!(
            error.to_string(),
            "watching the files of the repository: the system watches no more folders (raise its \
                    limit: sudo sysctl fs.inotify.max_user_watches=524288; or let .gitignore leave out folders with files that \
                    are made)"
        );
        let error = not_watched(&notify::Error::io(io::Error::from_raw_os_error(24)));
        assert!(error.help.unwrap().contains("fs.inotify.max_user_instances"));
    }

    #[test]
    fn what_we_wrote_is_no_change_until_somebody_changes_it() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Arc::new(WorkTree::new(folder.path()).unwrap());
        let (mut files, _changes) = Files::new(tree, BTreeSet::new()).unwrap();
        let (ours, other) = (RelPath::new("a.snap").unwrap(), RelPath::new("b.snap").unwrap());
        std::fs::write(folder.path().join("a.snap"), "one").unwrap();
        files.wrote(ours.clone());
        let both = || Changed::new([ours.clone(), other.clone()]);
        assert_eq!(files.without_own(both()), Changed::new([other.clone()]));
        std::fs::write(folder.path().join("a.snap"), "other").unwrap();
        assert_eq!(files.without_own(both()), both());
    }
}
