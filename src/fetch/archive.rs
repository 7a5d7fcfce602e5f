//! Charts as they are packed: gzipped tar archives.

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::tree::{MAX_FILE_BYTES, RelPath};

/// How much a chart may hold unpacked, in bytes. Helm has the same bound.
const MAX_BYTES: u64 = 100 << 20;

/// How many entries an archive may have.
const MAX_ENTRIES: usize = 20_000;

/// Why an archive is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no gzipped tar archive, or only the beginning of one.
    #[error("it is no gzipped tar archive that can be read: {0}")]
    Malformed(io::Error),
    /// More than anybody packs.
    #[error("it holds more than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    /// A file that is larger than any that is read.
    #[error("{path} in it is larger than {} MiB", MAX_FILE_BYTES >> 20)]
    FileTooLarge {
        /// The file.
        path: String,
    },
    /// More than anybody packs.
    #[error("it has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// Nothing is packed.
    #[error("there is no file in it")]
    Empty,
}

/// The regular files of a chart's archive, by their path inside the chart's folder, which is the first part of each name.
///
/// Nothing is written anywhere. Links, devices and names that climb out of the folder are left out; of a name that is there
/// twice the last file counts.
///
/// # Errors
///
/// It cannot be read to its end, or is beyond all bounds.
pub fn unpack(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let mut left = Bounded { inner: MultiGzDecoder::new(bytes), left: MAX_BYTES };
    let mut archive = Archive::new(&mut left);
    let mut files = BTreeMap::new();
    let wrong = |error: io::Error| match error.kind() {
        io::ErrorKind::FileTooLarge => ArchiveError::TooLarge,
        _ => ArchiveError::Malformed(error),
    };
    for (at, entry) in archive.entries().map_err(wrong)?.enumerate() {
        let mut entry = entry.map_err(wrong)?;
        if at >= MAX_ENTRIES {
            return Err(ArchiveError::TooMany);
        }
        if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
            continue;
        }
        let name = entry.path_bytes();
        let Some(path) = str::from_utf8(&name).ok().and_then(inside) else { continue };
        if entry.size() > MAX_FILE_BYTES {
            return Err(ArchiveError::FileTooLarge { path });
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(wrong)?;
        files.insert(path, content);
    }
    // What follows the archive is not read; a checksum that is wrong shows there.
    io::copy(&mut left, &mut io::sink()).map_err(wrong)?;
    if files.is_empty() { Err(ArchiveError::Empty) } else { Ok(files) }
}

/// The path of an entry inside the chart's folder.
fn inside(name: &str) -> Option<String> {
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return None;
    }
    let path = RelPath::new(name)?;
    let (_, path) = path.as_str().split_once('/')?;
    Some(path.to_owned())
}

/// Ends with an error where there is too much.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "too large"))?;
        Ok(read)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, Header};

    use super::*;

    /// An archive of files.
    pub fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, content) in files {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            // Names that no program would give are what is to be tried, too.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn paths(bytes: &[u8]) -> Vec<String> {
        unpack(bytes).unwrap().into_keys().collect()
    }

    #[test]
    fn files_are_found_below_the_charts_folder() {
        let packed = pack(&[
            ("web/Chart.yaml", b"name: web"),
            ("./web/values.yaml", b"a: 1"),
            ("web/templates/a.yaml", b""),
            ("/etc/passwd", b"no"),
            ("web/../../x", b"no"),
            ("top", b"no"),
        ]);
        assert_eq!(paths(&packed), ["Chart.yaml", "templates/a.yaml", "values.yaml"]);
    }

    #[test]
    fn links_are_left_out() {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char] {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(0);
            builder.append_link(&mut header, format!("web/{}", kind.as_byte()), "/etc/passwd").unwrap();
        }
        let packed = builder.into_inner().unwrap().finish().unwrap();
        assert!(matches!(unpack(&packed), Err(ArchiveError::Empty)));
    }

    #[test]
    fn bombs_are_refused() {
        let large = vec![0; 15 << 20];
        let names: Vec<String> = (0..8).map(|at| format!("web/{at}")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), large.as_slice())).collect();
        assert!(matches!(unpack(&pack(&many)), Err(ArchiveError::TooLarge)));
        let larger = vec![0; 17 << 20];
        assert!(matches!(unpack(&pack(&[("web/x", &larger)])), Err(ArchiveError::FileTooLarge { .. })));
        let names: Vec<String> = (0..=MAX_ENTRIES).map(|at| format!("web/{at}")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(matches!(unpack(&pack(&many)), Err(ArchiveError::TooMany)));
    }

    #[test]
    fn what_ends_early_or_is_damaged_is_no_archive() {
        let packed = pack(&[("web/values.yaml", b"a: 1")]);
        for end in [0, 1, 10, packed.len() / 2, packed.len() - 1] {
            assert!(unpack(&packed[..end]).is_err(), "{end}");
        }
        let mut damaged = packed.clone();
        let last = damaged.len() - 5;
        damaged[last] ^= 1;
        assert!(matches!(unpack(&damaged), Err(ArchiveError::Malformed(_))));
        assert!(unpack(b"<html>404</html>").is_err());
        let mut plain = GzEncoder::new(Vec::new(), Compression::fast());
        plain.write_all(b"not a tar").unwrap();
        assert!(unpack(&plain.finish().unwrap()).is_err());
    }
}
