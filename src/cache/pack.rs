//! Files of records that are written once and never changed.
//!
//! A file is a line that says what it is, records, an index of them, and where that is. Whatever does not fit together,
//! because somebody was killed or a disk failed, is as if it were not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Digest;

/// The first line of every file.
const MAGIC: &[u8] = b"husako-ci results 1\n";

/// What the names of whole files end in.
pub(super) const EXTENSION: &str = "pack";

/// The end of a file: where its index is, how long it is, and its digest.
const TRAILER: usize = 8 + 8 + 32;

/// How much of the digest of a record stands before it, in bytes.
const CHECK: usize = 16;

/// The largest index, and the largest record, in bytes: what is larger was not written by us.
const MAX: u64 = 1 << 30;

/// Where a record is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    /// The beginning of its key.
    prefix: u64,
    offset: u64,
    length: u32,
}

/// A file of records, open for reading.
pub(super) struct Pack {
    pub(super) path: PathBuf,
    /// In the order of the keys, what was written last first.
    index: Vec<Place>,
    file: Mutex<File>,
}

fn prefix(key: &Digest) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&key.0[..8]);
    u64::from_le_bytes(first)
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

impl Pack {
    /// Opens a file and reads its index.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not whole.
    pub(super) fn open(path: &Path) -> io::Result<Pack> {
        let mut file = File::open(path)?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic)?;
        let size = file.metadata()?.len();
        let mut trailer = [0; TRAILER];
        if magic != *MAGIC || size < (MAGIC.len() + TRAILER) as u64 {
            return Err(damaged());
        }
        file.seek(SeekFrom::End(-(TRAILER as i64)))?;
        file.read_exact(&mut trailer)?;
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&trailer[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        let (offset, length) = (number(0), number(8));
        if length > MAX || offset.checked_add(length) != Some(size - TRAILER as u64) {
            return Err(damaged());
        }
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes)?;
        if *Sha256::digest(&bytes) != trailer[16..] {
            return Err(damaged());
        }
        let index = postcard::from_bytes(&bytes).map_err(|_| damaged())?;
        Ok(Pack { path: path.to_owned(), index, file: Mutex::new(file) })
    }

    /// The records whose keys begin as `key` does, what was written last first; what is damaged is left out.
    pub(super) fn find(&self, key: &Digest) -> impl Iterator<Item = Vec<u8>> {
        let prefix = prefix(key);
        let from = self.index.partition_point(|place| place.prefix < prefix);
        let places = self.index[from..].iter().take_while(move |place| place.prefix == prefix);
        places.filter_map(|place| self.read(*place).ok())
    }

    /// All records that are whole, in the order of the index, each with where it is.
    pub(super) fn all(&self) -> impl Iterator<Item = (Place, Vec<u8>)> {
        self.index.iter().filter_map(|place| Some((*place, self.read(*place).ok()?)))
    }

    /// The record at a place of this file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is damaged.
    pub(super) fn read(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; place.length as usize];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(place.offset))?;
            file.read_exact(&mut bytes)?;
        }
        let record = bytes.split_off(CHECK.min(bytes.len()));
        if *bytes == Sha256::digest(&record)[..CHECK] { Ok(record) } else { Err(damaged()) }
    }
}

/// A file of records, being written. Until it is finished it has another name; if it never is, it is nothing.
pub(super) struct Writer {
    file: BufWriter<tempfile::NamedTempFile>,
    end: u64,
    index: Vec<Place>,
}

impl Writer {
    /// Begins a file in a folder.
    ///
    /// # Errors
    ///
    /// It cannot be made there.
    pub(super) fn new(folder: &Path) -> io::Result<Writer> {
        let file = tempfile::Builder::new().prefix(TEMPORARY).suffix(".tmp").tempfile_in(folder)?;
        let mut file = BufWriter::new(file);
        file.write_all(MAGIC)?;
        Ok(Writer { file, end: MAGIC.len() as u64, index: Vec::new() })
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// It cannot be written; the file is then of no use any more.
    pub(super) fn add(&mut self, key: &Digest, record: &[u8]) -> io::Result<()> {
        let length = u32::try_from(CHECK + record.len()).map_err(io::Error::other)?;
        self.file.write_all(&Sha256::digest(record)[..CHECK])?;
        self.file.write_all(record)?;
        self.index.push(Place { prefix: prefix(key), offset: self.end, length });
        self.end += u64::from(length);
        Ok(())
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Completes the file, and gives it its name.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn finish(mut self) -> io::Result<PathBuf> {
        self.index.reverse();
        // Stable: of one key, what was written last is first.
        self.index.sort_by_key(|place| place.prefix);
        let index = postcard::to_stdvec(&self.index).map_err(io::Error::other)?;
        self.file.write_all(&index)?;
        self.file.write_all(&self.end.to_le_bytes())?;
        self.file.write_all(&(index.len() as u64).to_le_bytes())?;
        self.file.write_all(&Sha256::digest(&index))?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let name = file.path().with_extension(EXTENSION);
        file.persist(&name).map_err(|error| error.error)?;
        Ok(name)
    }
}

/// What the names of files that are being written begin with.
pub(super) const TEMPORARY: &str = "results-";

/// The finished files of a folder, the newest first, each with when it was written and its size in bytes.
pub(super) fn list(folder: &Path) -> Vec<(PathBuf, std::time::SystemTime, u64)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let packs = entries.filter_map(|entry| {
        let path = entry.path();
        let data = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let is_pack = path.extension().is_some_and(|extension| extension == EXTENSION);
        is_pack.then_some((path, data.modified().ok()?, data.len()))
    });
    let mut packs: Vec<_> = packs.collect();
    packs.sort_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
    packs
}
