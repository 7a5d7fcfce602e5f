//! The work tree: a folder on disk.

use std::fs::{self, File, FileType};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{Child, Kind, Located, MAX_FILE_BYTES, ReadError, RelPath, SourceTree};

/// A folder on disk, usually the checkout.
#[derive(Debug, Clone)]
pub struct WorkTree {
    /// Without symbolic links.
    root: PathBuf,
    #[cfg(target_os = "linux")]
    handle: std::sync::Arc<std::os::fd::OwnedFd>,
}

impl WorkTree {
    /// The tree below `root`.
    ///
    /// Errors: `root` is not there, cannot be read, or is not a folder.
    pub fn new(root: &Path) -> io::Result<WorkTree> {
        let root = root.canonicalize()?;
        if !root.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        #[cfg(target_os = "linux")]
        let handle = {
            use rustix::fs::{Mode, OFlags, open};
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            std::sync::Arc::new(open(&root, flags, Mode::empty())?)
        };
        Ok(WorkTree {
            root,
            #[cfg(target_os = "linux")]
            handle,
        })
    }

    /// The folder, without symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Part by part: a `/` inside a verbatim path of Windows (`\\?\C:\…`) is no separator.
    fn full(&self, path: &RelPath) -> PathBuf {
        let mut full = self.root.clone();
        full.extend(path.parts());
        full
    }

    /// What is at a path with no link in it; `None`: that has to be found out step by step.
    ///
    /// Most paths have no links, and the system can say so at once, in place of a call for each folder on the way.
    #[cfg(target_os = "linux")]
    fn direct(&self, path: &RelPath, for_reading: bool) -> Option<Result<File, ReadError>> {
        use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
        let flags = if for_reading { OFlags::RDONLY } else { OFlags::PATH } | OFlags::CLOEXEC;
        let name = if path.is_root() { "." } else { path.as_str() };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match openat2(&*self.handle, name, flags, Mode::empty(), resolve) {
            Ok(opened) => Some(Ok(File::from(opened))),
            Err(rustix::io::Errno::NOENT) => Some(Err(ReadError::NotFound { path: path.clone() })),
            // A link, an old system, or an error that is better told by who meets it on the way.
            Err(_) => None,
        }
    }

    /// Elsewhere, nobody says so at once.
    #[cfg(not(target_os = "linux"))]
    fn direct(&self, _: &RelPath, _: bool) -> Option<Result<File, ReadError>> {
        None
    }

    /// The path on disk without symbolic links, once it is known to lie inside.
    fn real(&self, path: &RelPath) -> Result<PathBuf, ReadError> {
        let real = self.full(path).canonicalize().map_err(|error| read_error(path, &error))?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(ReadError::Outside { path: path.clone() }) }
    }
}

impl SourceTree for WorkTree {
    fn locate(&self, path: &RelPath) -> Result<Located, ReadError> {
        if let Some(found) = self.direct(path, false) {
            let data = found?.metadata().map_err(|error| read_error(path, &error))?;
            return Ok(Located { path: path.clone(), kind: kind(data.file_type()) });
        }
        let real = self.real(path)?;
        let kind = kind(fs::symlink_metadata(&real).map_err(|error| read_error(path, &error))?.file_type());
        let relative = real.strip_prefix(&self.root).ok().and_then(to_relative);
        // Only a link can lead from a UTF-8 path to one that is not.
        let path = relative.ok_or_else(|| ReadError::Io {
            path: path.clone(),
            reason: "it leads to a path that is not UTF-8".to_owned(),
        })?;
        Ok(Located { path, kind })
    }

    fn list(&self, folder: &RelPath) -> Result<Vec<Child>, ReadError> {
        let failed = |error: io::Error| read_error(folder, &error);
        let mut children = Vec::new();
        for entry in fs::read_dir(self.real(folder)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = kind(entry.file_type().map_err(failed)?);
            let name = entry.file_name();
            children.push(match name.into_string() {
                Ok(name) => Child { name, lossy: false, kind },
                Err(name) => Child { name: name.to_string_lossy().into_owned(), lossy: true, kind },
            });
        }
        children.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(children)
    }

    fn read_bytes(&self, path: &RelPath) -> Result<Vec<u8>, ReadError> {
        let failed = |error: io::Error| read_error(path, &error);
        // Before it is opened: opening a pipe waits for its other end.
        if self.locate(path)?.kind != Kind::File {
            return Err(ReadError::NotAFile { path: path.clone() });
        }
        let file = match self.direct(path, true) {
            Some(file) => file?,
            None => File::open(self.real(path)?).map_err(failed)?,
        };
        let size = file.metadata().map_err(failed)?.len();
        let mut bytes = Vec::with_capacity(size.min(MAX_FILE_BYTES) as usize + 1);
        // The file may be growing, or one whose size reads as 0 (`/proc`): the limit is on what comes.
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(ReadError::TooLarge { path: path.clone() });
        }
        Ok(bytes)
    }

    fn relative(&self, absolute: &Path) -> Option<RelPath> {
        if !absolute.is_absolute() {
            return None;
        }
        // What does not exist (yet), or is a pattern, is judged by the nearest folder above it that does exist.
        let (above, real) =
            absolute.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)))?;
        let base = to_relative(real.strip_prefix(&self.root).ok()?)?;
        let rest = absolute.strip_prefix(above).ok()?;
        RelPath::join(&base, &rest.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
    }
}

fn kind(of: FileType) -> Kind {
    if of.is_file() {
        Kind::File
    } else if of.is_dir() {
        Kind::Folder
    } else if of.is_symlink() {
        Kind::Link
    } else {
        Kind::Other
    }
}

fn to_relative(path: &Path) -> Option<RelPath> {
    let mut relative = RelPath::default();
    for part in path.iter() {
        relative = relative.child(part.to_str()?);
    }
    Some(relative)
}

fn read_error(path: &RelPath, error: &io::Error) -> ReadError {
    match error.kind() {
        // `a.ts/b`: there is no such file, whatever stands in the way.
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound { path: path.clone() },
        _ => ReadError::Io { path: path.clone(), reason: error.to_string() },
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn rel(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    #[test]
    fn reads_regular_files_inside_only() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir(root.join("lib")).unwrap();
        fs::write(root.join("lib/a.ts"), b"\xef\xbb\xbfa").unwrap();
        fs::write(root.join("binary"), b"ab\xff").unwrap();
        symlink("lib/a.ts", root.join("in.ts")).unwrap();
        symlink("lib", root.join("folder")).unwrap();
        symlink(outside.path().join("secret"), root.join("out.ts")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("nothing", root.join("broken")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
        fs::write(root.join("large"), vec![b'x'; MAX_FILE_BYTES as usize + 1]).unwrap();
        fs::write(root.join("full"), vec![b'x'; MAX_FILE_BYTES as usize]).unwrap();

        let tree = WorkTree::new(root).unwrap();
        assert_eq!(tree.read(&rel("lib/a.ts")).unwrap(), "a");
        assert_eq!(tree.read(&rel("in.ts")).unwrap(), "a");
        assert_eq!(tree.real_path(&rel("folder/a.ts")), Some(rel("lib/a.ts")));
        assert_eq!(tree.read(&rel("full")).unwrap().len() as u64, MAX_FILE_BYTES);
        assert!(matches!(tree.read(&rel("out.ts")), Err(ReadError::Outside { .. })));
        assert_eq!(tree.real_path(&rel("out.ts")), None);
        assert!(matches!(tree.read(&rel("pipe")), Err(ReadError::NotAFile { .. })));
        assert!(matches!(tree.read(&rel("lib")), Err(ReadError::NotAFile { .. })));
        assert!(matches!(tree.read(&rel("")), Err(ReadError::NotAFile { .. })));
        assert!(matches!(tree.read(&rel("large")), Err(ReadError::TooLarge { .. })));
        assert!(matches!(tree.read(&rel("broken")), Err(ReadError::NotFound { .. })));
        assert!(matches!(tree.read(&rel("lib/a.ts/b")), Err(ReadError::NotFound { .. })));
        assert!(matches!(tree.read(&rel("loop")), Err(ReadError::Io { .. })));
        assert!(matches!(tree.read(&rel("binary")), Err(ReadError::NotUtf8 { offset: 2, .. })));
        assert!(tree.is_file(&rel("in.ts")) && !tree.is_file(&rel("pipe")) && !tree.is_file(&rel("out.ts")));
        assert!(WorkTree::new(&root.join("binary")).is_err());
    }

    #[test]
    fn absolute_paths_need_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("apps")).unwrap();
        let tree = WorkTree::new(dir.path()).unwrap();
        assert_eq!(tree.relative(&dir.path().join("apps/*/x.ts")), Some(rel("apps/*/x.ts")));
        assert_eq!(tree.relative(dir.path()), Some(rel("")));
        assert_eq!(tree.relative(&dir.path().join("apps/../..")), None);
        assert_eq!(tree.relative(Path::new("apps")), None);
    }
}
