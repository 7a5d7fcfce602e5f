//! A commit, with what `husako gen` has written.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Git, GitTree};
use crate::diagnostic::Diagnostic;
use crate::tree::{Child, Kind, Located, ReadError, RelPath, SourceTree};

/// The folder that `husako gen` writes to, in each project.
const GENERATED: &str = ".husako";

/// How often links may lead from one side to the other and back; more are a loop.
const MAX_CROSSINGS: usize = 8;

/// A commit, whose `.husako/` folders are those of the work tree where git does not know them.
///
/// `husako gen` writes types and installed plugins there, and most repositories ignore them. A commit alone would
/// then lack what its files import, and every entry would fail or change for a reason that is no part of the change.
/// So both sides of a comparison see the same generated files, and what differs is what was written by hand. Where the
/// commit or the index has anything in a `.husako/`, it is part of the history, and the commit's own counts, even when
/// that is none.
pub struct Overlay {
    commit: GitTree,
    work: Arc<dyn SourceTree>,
    /// The `.husako/` of which the index has something.
    tracked: BTreeSet<RelPath>,
}

impl Git {
    /// A commit of this repository, with the generated files of `work`, which is the work tree from its top level.
    ///
    /// Errors: git cannot list its index.
    pub fn overlay(&self, commit: GitTree, work: Arc<dyn SourceTree>) -> Result<Overlay, Diagnostic> {
        let listed = self.program.bytes(&["ls-files", "--cached", "-z", "--full-name"])?;
        let paths =
            listed.split(|byte| *byte == 0).filter_map(|path| RelPath::new(str::from_utf8(path).ok()?));
        let tracked = paths.filter_map(|path| generated(&path)).collect();
        Ok(Overlay { commit, work, tracked })
    }
}

/// The outermost `.husako` that a path is or lies in.
fn generated(path: &RelPath) -> Option<RelPath> {
    let mut folder = RelPath::default();
    for part in path.parts() {
        folder = folder.child(part);
        if part == GENERATED {
            return Some(folder);
        }
    }
    None
}

/// Where something is.
enum Spot {
    /// In the commit, if anywhere. No links on the way.
    Commit(RelPath),
    /// In a `.husako/` of the work tree.
    Work(Located),
}

impl Overlay {
    /// Whether a path without links is looked up in the work tree.
    fn is_work(&self, path: &RelPath) -> bool {
        generated(path).is_some_and(|folder| !self.tracked.contains(&folder) && !self.commit.has(&folder))
    }

    /// Follows the links of both sides.
    fn spot(&self, path: &RelPath) -> Result<Spot, ReadError> {
        let mut at = path.clone();
        for _ in 0..MAX_CROSSINGS {
            let real = self.commit.follow(&at)?;
            if !self.is_work(&real) {
                return Ok(Spot::Commit(real));
            }
            let located = self.work.locate(&real)?;
            if self.is_work(&located.path) {
                return Ok(Spot::Work(located));
            }
            // A plugin that is a link to a folder of the repository: that folder is the commit's.
            at = located.path;
        }
        Err(ReadError::Io { path: path.clone(), reason: "too many levels of symbolic links".to_owned() })
    }
}

/// `error`, about the path that was asked for.
fn about(path: &RelPath) -> impl Fn(ReadError) -> ReadError {
    let path = path.clone();
    move |error| {
        let path = path.clone();
        match error {
            ReadError::NotFound { .. } => ReadError::NotFound { path },
            ReadError::Outside { .. } => ReadError::Outside { path },
            ReadError::NotAFile { .. } => ReadError::NotAFile { path },
            ReadError::TooLarge { .. } => ReadError::TooLarge { path },
            ReadError::NotUtf8 { offset, .. } => ReadError::NotUtf8 { path, offset },
            ReadError::Io { reason, .. } => ReadError::Io { path, reason },
        }
    }
}

impl SourceTree for Overlay {
    fn locate(&self, path: &RelPath) -> Result<Located, ReadError> {
        match self.spot(path).map_err(about(path))? {
            Spot::Commit(real) => self.commit.locate(&real).map_err(about(path)),
            Spot::Work(located) => Ok(located),
        }
    }

    fn list(&self, folder: &RelPath) -> Result<Vec<Child>, ReadError> {
        let real = match self.spot(folder).map_err(about(folder))? {
            Spot::Commit(real) => real,
            Spot::Work(located) => return self.work.list(&located.path).map_err(about(folder)),
        };
        let mut children = self.commit.list(&real).map_err(about(folder))?;
        let own = real.child(GENERATED);
        if self.is_work(&own) && self.work.locate(&own).is_ok_and(|located| located.kind == Kind::Folder) {
            let at = children.partition_point(|child| child.name.as_str() < GENERATED);
            children.insert(at, Child { name: GENERATED.to_owned(), lossy: false, kind: Kind::Folder });
        }
        Ok(children)
    }

    fn read_bytes(&self, path: &RelPath) -> Result<Vec<u8>, ReadError> {
        match self.spot(path).map_err(about(path))? {
            Spot::Commit(real) => self.commit.read_bytes(&real).map_err(about(path)),
            Spot::Work(located) => self.work.read_bytes(&located.path).map_err(about(path)),
        }
    }
}

#[cfg(test)]
mod tests;
