//! The one way to read the user's files.

mod memory;
mod mounted;
mod pattern;
mod remembered;
mod resolve;
mod walk;
mod work;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use memory::{MemoryTree, follow_links};
pub use mounted::MountedTree;
pub use pattern::{Pattern, is_absolute};
pub use remembered::RememberedTree;
pub use resolve::{import_candidates, nearest, resolve_import};
pub use walk::{folders, is_never_entered, walk};
pub use work::WorkTree;

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// A path inside a source tree: relative to its root, separated by `/`, without `.` and `..`. Empty: the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RelPath(Arc<str>);

impl RelPath {
    /// Joins `path` to `base` and removes `.` and `..` by name alone.
    ///
    /// `path` is separated by `/` (and is not absolute). `None` when it climbs out of the root.
    pub fn join(base: &RelPath, path: &str) -> Option<RelPath> {
        let mut parts: Vec<&str> = base.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        Some(RelPath(parts.join("/").into()))
    }

    /// A path relative to the root. `None` when it climbs out of it.
    pub fn new(path: &str) -> Option<RelPath> {
        RelPath::join(&RelPath::default(), path)
    }

    /// The path, `/`-separated.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The folder that holds it; the root for the root.
    pub fn parent(&self) -> RelPath {
        RelPath(self.0.rsplit_once('/').map_or("", |(parent, _)| parent).into())
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The path of what is called `name` (one part, not `.` or `..`) in this folder.
    pub fn child(&self, name: &str) -> RelPath {
        if self.is_root() { RelPath(name.into()) } else { RelPath(format!("{}/{name}", self.0).into()) }
    }

    /// The path itself, then every folder that holds it, up to and with the root.
    pub fn ancestors(&self) -> impl Iterator<Item = RelPath> {
        std::iter::successors(Some(self.clone()), |path| (!path.is_root()).then(|| path.parent()))
    }

    /// The parts of the path, from the root down. None for the root.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Whether it is `folder` or lies below it.
    pub fn starts_with(&self, folder: &RelPath) -> bool {
        folder.is_root()
            || self
                .0
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path as seen from `folder`; `None` when it does not lie in it.
    pub fn relative_to(&self, folder: &RelPath) -> Option<&str> {
        if folder.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(folder.as_str())?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RelPath, D::Error> {
        let text = String::deserialize(deserializer)?;
        RelPath::new(&text).ok_or_else(|| D::Error::custom("a path that climbs out of its root"))
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, not followed.
    Link,
    /// A pipe, a socket, a device: never opened.
    Other,
}

/// What a path leads to once symbolic links are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The path without symbolic links.
    pub path: RelPath,
    /// What is there; never a link.
    pub kind: Kind,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The name; with replacement characters when it is not UTF-8.
    pub name: String,
    /// Whether the name was not UTF-8, so that nothing can be read by it.
    pub lossy: bool,
    /// What it names, links not followed.
    pub kind: Kind,
}

/// Why a file or folder could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("no such file or folder: {path}")]
    NotFound {
        /// What was asked for.
        path: RelPath,
    },
    /// A symbolic link leads out of the tree.
    #[error("{path} is a symbolic link that leads out of the repository")]
    Outside {
        /// What was asked for.
        path: RelPath,
    },
    /// A folder, a pipe, a device, where a file was expected.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// What was asked for.
        path: RelPath,
    },
    /// More than [`MAX_FILE_BYTES`].
    #[error("{path} is larger than {} MiB", MAX_FILE_BYTES / 1024 / 1024)]
    TooLarge {
        /// What was asked for.
        path: RelPath,
    },
    /// Not text.
    #[error("{path} is not UTF-8: byte {offset} is invalid")]
    NotUtf8 {
        /// What was asked for.
        path: RelPath,
        /// The offset of the first invalid byte, from 0, after a byte order mark.
        offset: usize,
    },
    /// The system refused.
    #[error("reading {path}: {reason}")]
    Io {
        /// What was asked for.
        path: RelPath,
        /// What the system said.
        reason: String,
    },
}

/// The one way to read the user's files: a folder on disk, a git revision, or a map in memory.
///
/// Symbolic links are followed and must stay inside the tree, in every method except [`list`](Self::list).
pub trait SourceTree: Send + Sync {
    /// Follows the links of `path` and says what is there.
    ///
    /// Errors: [`ReadError::NotFound`] (also for a link to nothing), [`ReadError::Outside`], [`ReadError::Io`].
    fn locate(&self, path: &RelPath) -> Result<Located, ReadError>;

    /// The names in a folder, sorted by bytes; links are not followed.
    ///
    /// Errors: those of [`locate`](Self::locate); [`ReadError::NotFound`] also when it is not a folder.
    fn list(&self, folder: &RelPath) -> Result<Vec<Child>, ReadError>;

    /// The bytes of a regular file of at most [`MAX_FILE_BYTES`]. Never waits for a pipe or device.
    ///
    /// Errors: every [`ReadError`] but [`ReadError::NotUtf8`].
    fn read_bytes(&self, path: &RelPath) -> Result<Vec<u8>, ReadError>;

    /// The path in this tree of an absolute path of the system, which need not exist. `None` when it lies elsewhere,
    /// or the tree is not on disk.
    fn relative(&self, _absolute: &Path) -> Option<RelPath> {
        None
    }

    /// The text of a regular file, without its byte order mark.
    ///
    /// Errors: every [`ReadError`].
    fn read(&self, path: &RelPath) -> Result<String, ReadError> {
        let mut bytes = self.read_bytes(path)?;
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        String::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 {
            path: path.clone(),
            offset: error.utf8_error().valid_up_to(),
        })
    }

    /// Whether a regular file inside the tree is there.
    fn is_file(&self, path: &RelPath) -> bool {
        self.locate(path).is_ok_and(|located| located.kind == Kind::File)
    }

    /// The path after following links; `None` when nothing is there or it lies outside.
    fn real_path(&self, path: &RelPath) -> Option<RelPath> {
        self.locate(path).ok().map(|located| located.path)
    }
}
