//! What was fetched before, by its digest, in the user's cache folder.
//!
//! Many processes may use a folder at once, and each may be killed at any time: files are written whole under another name
//! first, and what is read counts only if it is what its digest says.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Found;
use super::bundle::{Bundle, Digest, sha256};

/// How old what somebody is writing may be, until it is clear that nobody is.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The form of what is kept. Another one has another folder.
const FORM: &str = "1";

/// A folder of what was fetched.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// Removed with it, where nothing can be kept.
    _temporary: Option<tempfile::TempDir>,
}

/// Which bundle a source was found to be.
#[derive(Debug, Serialize, Deserialize)]
struct Name {
    digest: String,
    commit: Option<String>,
    notes: Vec<String>,
}

impl Store {
    /// The store in `folder`, which is made.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn open(folder: &Path) -> io::Result<Store> {
        let folder = folder.join(FORM);
        for part in ["bundles", "names", "scratch"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let store = Store { folder, _temporary: None };
        store.tidy();
        Ok(store)
    }

    /// A store for this process alone.
    ///
    /// # Errors
    ///
    /// The system has no folder for temporary files.
    pub fn temporary() -> io::Result<Store> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(folder.path())?;
        Ok(Store { _temporary: Some(folder), ..store })
    }

    /// Where things are put together.
    pub fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }

    /// Removes what processes that were killed have left behind.
    fn tidy(&self) {
        let old = |path: &Path| {
            let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
            modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > ABANDONED))
        };
        for entry in fs::read_dir(self.scratch()).into_iter().flatten().flatten() {
            let path = entry.path();
            if old(&path) {
                // Somebody else may be as tidy.
                let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            }
        }
    }

    /// What has this digest; `None` if it is not kept, or not whole.
    pub fn bundle(&self, digest: &Digest) -> Option<Bundle> {
        let bundle: Bundle = read(&self.bundle_path(digest))?;
        (bundle.digest() == *digest && bundle.is_sound()).then_some(bundle)
    }

    /// What the source of this key was found to be.
    pub fn named(&self, key: &str) -> Option<Found> {
        let Name { digest, commit, notes } = read(&self.name_path(key))?;
        let bundle = self.bundle(&Digest::parse(&digest)?)?;
        Some(Found { bundle, commit, notes })
    }

    /// Keeps what was found, and that the source of this key is it.
    ///
    /// # Errors
    ///
    /// The disk is full, or the folder is not ours to write.
    pub fn keep(&self, key: &str, found: &Found) -> io::Result<()> {
        let Found { bundle, commit, notes } = found;
        let digest = bundle.digest();
        let name = Name { digest: digest.to_string(), commit: commit.clone(), notes: notes.clone() };
        self.write(&self.bundle_path(&digest), bundle)?;
        self.write(&self.name_path(key), &name)
    }

    fn write(&self, path: &Path, content: &impl Serialize) -> io::Result<()> {
        let content = postcard::to_stdvec(content).map_err(io::Error::other)?;
        let mut file = tempfile::NamedTempFile::new_in(self.scratch())?;
        file.write_all(sha256(&content).as_bytes())?;
        file.write_all(&content)?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    fn bundle_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("bundles").join(digest.digits())
    }

    fn name_path(&self, key: &str) -> PathBuf {
        self.folder.join("names").join(sha256(key.as_bytes()))
    }
}

/// Reads a file that begins with the SHA-256 of what follows. `None` if that is not so.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = fs::read(path).ok()?;
    let (sum, content) = bytes.split_at_checked(64)?;
    (sum == sha256(content).as_bytes()).then(|| postcard::from_bytes(content).ok())?
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn found(text: &str) -> Found {
        let files = BTreeMap::from([("values.yaml".to_owned(), text.as_bytes().to_vec())]);
        Found {
            bundle: Bundle::new(files, |_| true),
            commit: Some("c".to_owned()),
            notes: vec!["n".to_owned()],
        }
    }

    #[test]
    fn what_is_kept_is_found_by_its_digest_and_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let web = found("a: 1");
        assert!(store.bundle(&web.bundle.digest()).is_none() && store.named("web").is_none());
        store.keep("web", &web).unwrap();
        let again = Store::open(folder.path()).unwrap();
        assert_eq!(again.bundle(&web.bundle.digest()), Some(web.bundle.clone()));
        assert_eq!(again.named("web"), Some(web));
        assert!(again.named("other").is_none());
        assert_eq!(fs::read_dir(again.scratch()).unwrap().count(), 0);
    }

    #[test]
    fn what_was_cut_or_changed_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let web = found("a: 1");
        store.keep("web", &web).unwrap();
        let path = store.bundle_path(&web.bundle.digest());
        let whole = fs::read(&path).unwrap();
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            assert!(store.bundle(&web.bundle.digest()).is_none(), "{end}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(store.bundle(&web.bundle.digest()).is_none_or(|bundle| bundle == web.bundle), "{at}");
        }
        store.write(&path, &found("a: 2").bundle).unwrap();
        assert!(store.named("web").is_none(), "another bundle under this digest");
        store.keep("web", &web).unwrap();
        assert_eq!(store.named("web"), Some(web));
    }
}
