//! Folders of generated files: only what differs is written, what is no more is removed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::cli::output::Target;
use crate::diagnostic::Diagnostic;

/// What became of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Synced {
    pub(super) written: usize,
    pub(super) unchanged: usize,
    pub(super) removed: usize,
}

/// Writes a file below `root`, unless it says so already.
///
/// # Errors
///
/// A symbolic link is on the way to it, or it cannot be written.
pub(super) fn write(root: &Path, path: &str, content: &[u8], synced: &mut Synced) -> Result<(), Diagnostic> {
    let target = way(root, path)?;
    if fs::read(&target).is_ok_and(|known| known == content) {
        synced.unchanged += 1;
        return Ok(());
    }
    let written = Target::open(&target).and_then(|target| target.write(content));
    written.map_err(|error| Diagnostic::error(format!("writing {path}: {error}")))?;
    synced.written += 1;
    Ok(())
}

/// Removes all files below `folder`, which lies below `root`, but those in `keep`; then the folders that are left empty.
///
/// # Errors
///
/// A symbolic link is on the way to it, or something cannot be removed.
pub(super) fn prune(
    root: &Path,
    folder: &str,
    keep: &BTreeSet<&str>,
    synced: &mut Synced,
) -> Result<(), Diagnostic> {
    let start = way(root, folder)?;
    let failed =
        |path: &Path, error: io::Error| Diagnostic::error(format!("removing {}: {error}", path.display()));
    let mut folders = Vec::new();
    let mut pending = vec![(start, folder.to_owned())];
    while let Some((folder, name)) = pending.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = format!("{name}/{}", entry.file_name().to_string_lossy());
            // A link is removed, and never followed.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push((path, name));
            } else if !keep.contains(name.as_str()) {
                fs::remove_file(&path).map_err(|error| failed(&path, error))?;
                synced.removed += 1;
            }
        }
        folders.push(folder);
    }
    // The innermost first; what is not empty stays.
    folders.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
    Ok(())
}

/// Where a path is on the disk.
///
/// # Errors
///
/// A symbolic link is on the way: it could lead anywhere.
fn way(root: &Path, path: &str) -> Result<PathBuf, Diagnostic> {
    let mut at = root.to_owned();
    for part in path.split('/') {
        at.push(part);
        if fs::symlink_metadata(&at).is_ok_and(|found| found.is_symlink()) {
            let message = format!("{} is a symbolic link, and nothing is written through one", at.display());
            return Err(Diagnostic::error(message).help("replace it by a file or folder of its own"));
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut synced = Synced::default();
        write(folder.path(), "types/k8s/a.js", b"1", &mut synced).unwrap();
        let before = fs::metadata(folder.path().join("types/k8s/a.js")).unwrap().modified().unwrap();
        write(folder.path(), "types/k8s/a.js", b"1", &mut synced).unwrap();
        assert_eq!(synced, Synced { written: 1, unchanged: 1, removed: 0 });
        let after = fs::metadata(folder.path().join("types/k8s/a.js")).unwrap().modified().unwrap();
        assert_eq!(before, after);
        write(folder.path(), "types/k8s/a.js", b"2", &mut synced).unwrap();
        assert_eq!(fs::read(folder.path().join("types/k8s/a.js")).unwrap(), b"2");
    }

    #[test]
    fn what_is_no_more_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut synced = Synced::default();
        for path in ["types/k8s/apps/v1.js", "types/k8s/old/v1.js", "types/husako.d.ts"] {
            write(folder.path(), path, b"", &mut synced).unwrap();
        }
        prune(folder.path(), "types/k8s", &BTreeSet::from(["types/k8s/apps/v1.js"]), &mut synced).unwrap();
        assert_eq!(synced.removed, 1);
        assert!(
            folder.path().join("types/k8s/apps/v1.js").exists()
                && folder.path().join("types/husako.d.ts").exists()
        );
        assert!(!folder.path().join("types/k8s/old").exists());
        prune(folder.path(), "none", &BTreeSet::new(), &mut synced).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(other.path(), folder.path().join("types")).unwrap();
        let error = write(folder.path(), "types/a.js", b"", &mut Synced::default()).unwrap_err();
        assert!(error.to_string().contains("types is a symbolic link"), "{error}");
        assert!(prune(folder.path(), "types", &BTreeSet::new(), &mut Synced::default()).is_err());
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    }
}
