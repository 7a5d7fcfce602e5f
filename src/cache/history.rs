//! How long files took when they ran last, and whether they failed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::event::{FileResult, FileStatus};
use crate::tree::RelPath;

/// The name of the file.
const NAME: &str = "history";

/// The largest file that is read, in bytes: what is larger was not written by us.
const MAX: u64 = 256 << 20;

/// The last run of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    /// Its wall time.
    pub(crate) duration: Duration,
    /// Whether it failed.
    pub(crate) failed: bool,
}

/// The last runs of the files of a repository. It decides the order in which files run, and no result.
#[derive(Debug)]
pub(crate) struct History {
    path: PathBuf,
    before: BTreeMap<RelPath, Last>,
    now: Mutex<BTreeMap<RelPath, Last>>,
}

impl History {
    /// What is known in a folder; nothing, where nothing can be read.
    pub(super) fn open(folder: &Path) -> History {
        let path = folder.join(NAME);
        History { before: read(&path), path, now: Mutex::default() }
    }

    /// The last run of a file before this one.
    pub(crate) fn last(&self, path: &RelPath) -> Option<Last> {
        self.before.get(path).copied()
    }

    /// Adds a file that has run.
    pub(crate) fn add(&self, file: &FileResult) {
        if file.status == FileStatus::NotRun || file.is_cached {
            return;
        }
        let last = Last { duration: file.duration, failed: file.status == FileStatus::Failed };
        self.now.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.clone(), last);
    }

    /// Writes what is new beside what others have written meanwhile.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn write(&self) -> io::Result<()> {
        let now = std::mem::take(&mut *self.now.lock().unwrap_or_else(PoisonError::into_inner));
        if now.is_empty() {
            return Ok(());
        }
        let mut all = read(&self.path);
        all.extend(now);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&postcard::to_stdvec(&all).map_err(io::Error::other)?)?;
        file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

fn read(path: &Path) -> BTreeMap<RelPath, Last> {
    let is_ours = fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= MAX);
    let bytes = if is_ours { fs::read(path).unwrap_or_default() } else { Vec::new() };
    postcard::from_bytes(&bytes).unwrap_or_default()
}
