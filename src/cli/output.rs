//! Files that are written whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::report::pieces::Destination;

/// A report's file: opened before the run, so that a path that cannot be written is known before anything runs.
#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
    file: NamedTempFile,
}

impl Target {
    /// Makes the parent folders and a temporary file beside `path`.
    ///
    /// # Errors
    ///
    /// Why the report could not be written.
    pub(super) fn open(path: &Path) -> io::Result<Target> {
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".husako-ci-").suffix(".tmp");
        // As any program would make it: readable for all, as far as the umask says.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(Target { path: path.to_owned(), file: builder.tempfile_in(parent)? })
    }

    /// Writes the whole report and gives the file its name.
    ///
    /// # Errors
    ///
    /// The disk is full, or the folder has changed since. The temporary file is removed.
    pub(super) fn write(mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.keep()
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Destination for Target {
    fn keep(self) -> io::Result<()> {
        self.file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}
