//! The git repository around the work tree: the files of a commit, the base of a change, and which paths differ from it.
//!
//! Everything is asked of the `git` program (2.31 or newer; its objects, configuration and credentials are its own
//! business), in a way that what a pull request brings cannot make it run anything, and that leaves the work tree,
//! the index, `HEAD` and every ref as they are. Fetching adds objects, and moves the border of a shallow clone.
//!
//! Calls wait for git: they are for threads that may block.

mod base;
mod batch;
mod command;
mod history;
mod overlay;
mod remote;
mod running;
mod tree;

#[cfg(test)]
mod testing;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::tree::RelPath;
use command::{GitError, Program};

pub use base::{Base, BaseRequest};
pub use command::Credential;
pub use remote::{Remote, Revision, without_login};
pub use tree::GitTree;

/// The full id of a commit or another object: 40 (SHA-1) or 64 (SHA-256) hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(Box<str>);

impl ObjectId {
    /// A full id. `None` for anything else.
    pub fn parse(text: &str) -> Option<ObjectId> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (matches!(text.len(), 40 | 64) && text.bytes().all(is_hex)).then(|| ObjectId(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first digits, as people tell each other.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The repository that a folder lies in.
#[derive(Debug, Clone)]
pub struct Git {
    program: Program,
}

impl Git {
    /// The repository that `folder` lies in, which is the top level of its work tree or a folder below.
    ///
    /// `credential` is used for fetching, if the repository's configuration holds none for that server.
    ///
    /// Errors: there is no git, no work tree, or git does not trust it.
    pub fn open(folder: &Path, credential: Option<&Credential>) -> Result<Git, Diagnostic> {
        let here = Program::new(folder.to_owned());
        let said = here.text(&["rev-parse", "--is-inside-work-tree", "--show-cdup"])?;
        let no_work_tree = || GitError::NoWorkTree { folder: folder.to_owned() };
        let up = said.strip_prefix("true").ok_or_else(no_work_tree)?;
        let top = folder
            .join(up.trim_start_matches('\n'))
            .canonicalize()
            .map_err(|error| Diagnostic::error(format!("reading {}: {error}", folder.display())))?;
        let program = Program::new(top);
        let program = match credential {
            Some(credential) => program.with_credential(credential)?,
            None => program,
        };
        Ok(Git { program })
    }

    /// The top level of the work tree, without symbolic links. Every path of this room is relative to it.
    pub fn root(&self) -> &Path {
        self.program.folder()
    }

    /// Whether only part of the files is checked out (`git sparse-checkout`).
    ///
    /// Errors: git cannot tell.
    pub fn is_sparse(&self) -> Result<bool, Diagnostic> {
        let asked = ["config", "--type=bool", "--default=false", "--get", "core.sparseCheckout"];
        Ok(self.program.text(&asked)?.trim() == "true")
    }

    /// The paths at which the work tree differs from a commit: committed since, staged, neither, or not tracked (and not
    /// ignored). A file whose name changed is two paths; a submodule is one. Paths that are not UTF-8 are left out.
    ///
    /// To compare, git cleans files as it would to add them: by filters that the machine's configuration defines, for a
    /// repository cannot bring any. A path that was taken out of the index and is still there may be told needlessly.
    ///
    /// Errors: git cannot tell.
    pub fn changed_paths(&self, base: &ObjectId) -> Result<BTreeSet<RelPath>, Diagnostic> {
        let folder = tempfile::tempdir().map_err(copying)?;
        let program = self.program.with_index(self.copy_index(folder.path())?);
        let tracked = program.bytes(&[
            "diff",
            "--name-only",
            "-z",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--no-relative",
            // What is uncommitted in a submodule is no change of this repository, and asking would run git there.
            "--ignore-submodules=dirty",
            "-O/dev/null",
            base.as_str(),
            "--",
        ])?;
        let others =
            self.program.bytes(&["ls-files", "--others", "--exclude-standard", "-z", "--full-name"])?;
        let paths = tracked.split(|byte| *byte == 0).chain(others.split(|byte| *byte == 0));
        // A repository inside this one is told with a `/` at its end, which `RelPath` takes off.
        let paths = paths.filter_map(|path| RelPath::new(str::from_utf8(path).ok()?));
        Ok(paths.filter(|path| !path.is_root()).collect())
    }

    /// A copy of the index, in `folder`: `git diff` writes down what it has found out about times of files, whatever it
    /// is told about locks.
    fn copy_index(&self, folder: &Path) -> Result<PathBuf, Diagnostic> {
        let (index, copy) = (self.program.text(&["rev-parse", "--git-path", "index"])?, folder.join("index"));
        let index = self.root().join(index);
        match fs::copy(&index, &copy) {
            // Git compares the content of files that are not older than the index, so it must not become newer.
            Ok(_) => fs::metadata(&index)
                .and_then(|metadata| {
                    File::options().write(true).open(&copy)?.set_modified(metadata.modified()?)
                })
                .map_err(copying)?,
            // Nothing was ever added.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(copying(error)),
        }
        Ok(copy)
    }
}

fn copying(error: io::Error) -> Diagnostic {
    Diagnostic::error(format!("copying the index of git: {error}"))
}

#[cfg(test)]
mod tests;
