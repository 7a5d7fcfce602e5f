//! Snapshots: what they are stored as, and what a run changes of that.
//!
//! The engine asks and answers; here is what it works on: `.snap` files ([`SnapshotFile`]), the arguments of calls
//! ([`inline`]), and the changes of all files of a run, which are written together when it is over ([`Snapshots::write`]).

mod file;
pub(crate) mod inline;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::diagnostic::{Diagnostic, Place, Snippet};
use crate::tree::{Kind, ReadError, RelPath, SourceTree, WorkTree};

pub(crate) use file::SnapshotFile;
pub(crate) use inline::{Edit, Sought, Spot};

/// The folder of `.snap` files, beside the test files.
pub(crate) const FOLDER: &str = "__snapshots__";

/// What a run may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Update {
    /// Nothing: a snapshot that is missing is a failure.
    #[default]
    None,
    /// Snapshots that are missing.
    New,
    /// Everything: those that differ, too, and obsolete ones are taken out.
    All,
}

/// How a run treats snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rules {
    /// What is written.
    pub(crate) update: Update,
    /// Whether obsolete snapshots are a failure.
    pub(crate) strict: bool,
}

/// Where the snapshots of a test file are stored.
pub(crate) fn stored_at(test: &RelPath) -> RelPath {
    test.parent().child(FOLDER).child(&format!("{}.snap", test.file_name()))
}

/// The snapshots of a run. Shared by all its files.
#[derive(Debug)]
pub(crate) struct Snapshots {
    pub(crate) rules: Rules,
    tree: Arc<WorkTree>,
    changes: Mutex<Changes>,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Changes {
    files: BTreeMap<RelPath, Change>,
    sources: BTreeMap<RelPath, Source>,
}

/// A file that is to be written.
#[derive(Debug, Clone)]
struct Change {
    /// What it is to hold; `None`: it is to go.
    text: Option<String>,
    /// The test file that wants it so.
    by: RelPath,
}

/// A source with inline snapshots that are to be written.
#[derive(Debug)]
struct Source {
    /// As it was when it ran.
    text: Arc<str>,
    edits: BTreeMap<Spot, (Edit, RelPath)>,
}

/// What a test file wants to be written.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Files, with what they are to hold; `None`: they are to go.
    pub(crate) files: BTreeMap<RelPath, Option<String>>,
    /// Inline snapshots, with the sources that they are in.
    pub(crate) edits: Vec<(RelPath, Arc<str>, Spot, Edit)>,
}

impl Snapshots {
    /// Those of the files in `tree`.
    pub(crate) fn new(tree: Arc<WorkTree>, rules: Rules) -> Snapshots {
        Snapshots { rules, tree, changes: Mutex::default() }
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the stored snapshots of a test file. Without a file there are none.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is no `.snap` file: with the place.
    pub(crate) fn stored(&self, test: &RelPath) -> Result<SnapshotFile, Diagnostic> {
        let path = stored_at(test);
        let text = match self.tree.read(&path) {
            Ok(text) => text,
            Err(ReadError::NotFound { .. }) => return Ok(SnapshotFile::default()),
            Err(error) => return Err(Diagnostic::error(error.to_string())),
        };
        SnapshotFile::parse(&text).map_err(|error| Diagnostic {
            place: Some(Place { path: path.clone(), line: error.line, column: error.column }),
            snippet: Snippet::new(&text, error.line, error.column, 1),
            ..Diagnostic::error(format!("{path} cannot be read: {error}"))
                .help("mend it, or delete the file and have it written anew; nothing of it was overwritten")
        })
    }

    /// Finds the file of a file snapshot. `path` is written in a test file, relative to it. `project` is the folder that it must
    /// stay in.
    ///
    /// # Errors
    ///
    /// Why there can be no snapshot, for a person.
    pub(crate) fn locate(&self, test: &RelPath, project: &RelPath, path: &str) -> Result<RelPath, String> {
        let outside = || format!("\"{path}\" leads out of the project");
        if path.is_empty() || path.ends_with('/') {
            return Err("the path names no file".to_owned());
        }
        if crate::tree::is_absolute(path) || path.contains('\0') {
            return Err(format!("\"{path}\" must be a path from the test file, such as ./web.yaml"));
        }
        let located = RelPath::join(&test.parent(), path).ok_or_else(outside)?;
        if located.is_root() || !located.starts_with(project) {
            return Err(outside());
        }
        if located.parts().any(|part| part.eq_ignore_ascii_case(".git")) {
            return Err(format!("\"{path}\" lies in .git"));
        }
        if located == *test || located == stored_at(test) {
            return Err(format!("\"{path}\" is taken: the test file and its other snapshots are there"));
        }
        // No link may lead elsewhere, whatever of the path is there yet.
        for above in located.ancestors().filter(|above| !above.is_root()) {
            match self.tree.locate(&above) {
                Ok(there) if there.path != above => {
                    return Err(format!(
                        "{above} is a symbolic link: snapshots are not written through links"
                    ));
                }
                Ok(there) if above != located && there.kind != Kind::Folder => {
                    return Err(format!("{above} is no folder"));
                }
                Ok(_) | Err(ReadError::NotFound { .. }) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(located)
    }

    /// What a file holds, a BOM included; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Why it cannot be read as text.
    pub(crate) fn text(&self, path: &RelPath) -> Result<Option<String>, String> {
        match self.tree.read_bytes(path) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes);
                text.map(Some).map_err(|_| format!("{path} is no text in UTF-8"))
            }
            Err(ReadError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Adds what the test file `test` wants. Nothing of it is written yet.
    ///
    /// Returns what another test file wants otherwise: that is left as the other one wants it.
    pub(crate) fn add(&self, test: &RelPath, wanted: Wanted) -> Vec<String> {
        let mut conflicts = Vec::new();
        let mut changes = self.changes();
        for (path, text) in wanted.files {
            match changes.files.get(&path) {
                Some(other) if other.text != text && other.by != *test => {
                    conflicts.push(format!("{} wrote another snapshot to {path}", other.by));
                }
                _ => drop(changes.files.insert(path, Change { text, by: test.clone() })),
            }
        }
        for (path, text, spot, edit) in wanted.edits {
            let source = changes
                .sources
                .entry(path.clone())
                .or_insert_with(|| Source { text: Arc::clone(&text), edits: BTreeMap::new() });
            match source.edits.get(&spot) {
                Some((other, by)) if *other != edit => {
                    conflicts
                        .push(format!("{by} gave another value to the inline snapshot at {path}:{spot}"));
                }
                _ if *source.text != *text => conflicts.push(format!("{path} has changed during the run")),
                _ => drop(source.edits.insert(spot, (edit, test.clone()))),
            }
        }
        conflicts
    }

    /// Has a file go that no test file belongs to.
    pub(crate) fn remove(&self, path: RelPath) {
        self.changes().files.insert(path.clone(), Change { text: None, by: path });
    }

    /// Writes what the files that have ended want; a second call writes only what came since. Each file is written whole or not
    /// at all.
    ///
    /// Returns the files that are no sources and were written or removed, and what could not be written, for a person.
    pub(crate) fn write(&self) -> (Vec<RelPath>, Vec<Diagnostic>) {
        let changes = std::mem::take(&mut *self.changes());
        let (mut done, mut errors) = (Vec::new(), Vec::new());
        for (path, source) in changes.sources {
            let written = self.text(&path).and_then(|now| match now {
                Some(now) if now.strip_prefix('\u{feff}').unwrap_or(&now) == &*source.text => {
                    let edits: Vec<(Spot, Edit)> =
                        source.edits.into_iter().map(|(spot, (edit, _))| (spot, edit)).collect();
                    let text = inline::apply(&path, &now, &edits)?;
                    write::replace(&self.full(&path), text.as_bytes()).map_err(|error| error.to_string())
                }
                Some(_) | None => Err("it has changed since it ran".to_owned()),
            });
            if let Err(why) = written {
                errors.push(Diagnostic::error(format!("writing the inline snapshots of {path}: {why}")));
            }
        }
        for (path, change) in changes.files {
            let full = self.full(&path);
            if let Some(link) = self.link_to(&path) {
                let why = format!("{link} is a symbolic link: snapshots are not written through links");
                errors.push(Diagnostic::error(format!("writing the snapshot {path}: {why}")));
                continue;
            }
            if change.text.is_some() && self.text(&path).is_ok_and(|now| now == change.text) {
                continue;
            }
            let written = match &change.text {
                Some(text) => write::replace(&full, text.as_bytes()),
                None => write::remove(&full),
            };
            match written {
                Ok(()) => done.extend([path.parent(), path]),
                Err(error) => errors.push(Diagnostic::error(format!("writing the snapshot {path}: {error}"))),
            }
        }
        (done, errors)
    }

    /// A link on the way to a path, if there is one.
    fn link_to(&self, path: &RelPath) -> Option<RelPath> {
        let is_link = |above: &RelPath| match self.tree.locate(above) {
            Ok(there) => there.path != *above,
            Err(ReadError::NotFound { .. }) => false,
            Err(_) => true,
        };
        path.ancestors().filter(|above| !above.is_root()).find(is_link)
    }

    fn full(&self, path: &RelPath) -> PathBuf {
        let mut full: PathBuf = Path::to_owned(self.tree.root());
        full.extend(path.parts());
        full
    }
}
