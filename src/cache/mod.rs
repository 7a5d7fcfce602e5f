//! Results of files that were run before, kept for runs in which everything that decides them is the same.
//!
//! A test or entry reaches no file, network, environment or process: what it gives depends on nothing but texts that
//! this program itself has read for it, on where it looked for some in vain, and on how it was run. A record holds all
//! of that beside the result, and counts only where it is all the same. What cannot be known to be the same again is never
//! kept: see [`Cache::add`].
//!
//! The records are data: nothing in them is run. They lie outside of the repository, where a change that is to be judged
//! cannot put any.

mod history;
mod pack;
mod state;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::event::{
    CaseResult, FailureKind, FileKind, FileResult, FileStatus, OutputLine, Reads, SnapshotCounts,
};
use crate::tree::{RelPath, SourceTree};
pub(crate) use history::{History, Last};
use pack::{Pack, Place, Writer};
pub(crate) use state::{Digest, State, States};

/// How much all records of a folder may take, in bytes. What is older goes first.
const MAX_BYTES: u64 = 512 << 20;

/// How many files of records there may be before they are made one.
const MAX_PACKS: usize = 12;

/// How many records of one file are kept: it may be another one on each branch.
const MAX_RECORDS: usize = 4;

/// How old a file that somebody is writing may be, until it is clear that nobody is.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What is kept under a key.
#[derive(Serialize, Deserialize)]
enum Record {
    /// A result and what decides it.
    Result {
        key: Digest,
        depends_on: Vec<(RelPath, State)>,
        /// The keys of what decides it, too.
        closures: Vec<Digest>,
        /// A [`Kept`], to be read only if it counts.
        result: Vec<u8>,
    },
    /// All that a module asks for, directly or not: many files import it. The key is its digest.
    Closure(Vec<(RelPath, State)>),
}

/// What is kept of the result of a file. What is left out is known without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    failed: bool,
    duration: Duration,
    cases: Vec<CaseResult>,
    output: Vec<OutputLine>,
    filtered_out: usize,
    snapshots: SnapshotCounts,
    obsolete_snapshots: Vec<String>,
    /// Each as JSON.
    documents: Option<Vec<String>>,
}

impl Kept {
    fn of(file: &FileResult) -> Kept {
        let FileResult {
            path: _,
            kind: _,
            project: _,
            status,
            started: _,
            duration,
            cases,
            output,
            filtered_out,
            reads: _,
            is_cached: _,
            snapshots,
            obsolete_snapshots,
            documents,
        } = file;
        let texts =
            |documents: &Arc<Vec<serde_json::Value>>| documents.iter().map(ToString::to_string).collect();
        Kept {
            failed: *status == FileStatus::Failed,
            duration: *duration,
            cases: cases.clone(),
            output: output.clone(),
            filtered_out: *filtered_out,
            snapshots: *snapshots,
            obsolete_snapshots: obsolete_snapshots.clone(),
            documents: documents.as_ref().map(texts),
        }
    }

    /// The result, as if the file had just run; `None` if it makes no sense.
    fn into_result(self, path: RelPath, kind: FileKind, project: RelPath) -> Option<FileResult> {
        let documents = self.documents.map(|texts| {
            texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<serde_json::Value>, _>>()
        });
        Some(FileResult {
            path,
            kind,
            project,
            status: if self.failed { FileStatus::Failed } else { FileStatus::Passed },
            started: Some(SystemTime::now()),
            duration: self.duration,
            cases: self.cases,
            output: self.output,
            filtered_out: self.filtered_out,
            reads: Reads::default(),
            is_cached: true,
            snapshots: self.snapshots,
            obsolete_snapshots: self.obsolete_snapshots,
            documents: documents.transpose().ok()?.map(Arc::new),
        })
    }

    /// Without what differs from run to run.
    fn timeless(mut self) -> Kept {
        self.duration = Duration::ZERO;
        self.cases.iter_mut().for_each(|case| case.duration = Duration::ZERO);
        self
    }
}

/// What may be done with kept results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    /// Whether they may stand for a run.
    pub(crate) read: bool,
    /// Whether new ones are kept.
    pub(crate) write: bool,
    /// Whether some files run all the same, to see that the kept result is right.
    pub(crate) check: bool,
}

/// One of how many results is checked where some are.
const CHECKED: u32 = 64;

/// The kept results for one way to run files.
pub(crate) struct Cache {
    folder: PathBuf,
    states: States,
    uses: Use,
    packs: Vec<Pack>,
    /// Which closures are what they were.
    same: Mutex<HashMap<Digest, bool>>,
    /// The closures that were added.
    added: Mutex<Added>,
    /// When the files ran last.
    pub(crate) history: History,
    writer: Mutex<Option<Writer>>,
    /// A result was wrong: none counts any more.
    is_broken: AtomicBool,
}

/// The closures of this run.
#[derive(Default)]
struct Added {
    /// By the address of their paths, which stay there as long as they are held here. Each file asks for those of all that it
    /// imports: paths are not compared.
    known: HashMap<usize, (Arc<[RelPath]>, Digest)>,
    /// What was written.
    keys: HashSet<Digest>,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A file that is looked up.
#[derive(Debug)]
pub(crate) struct Lookup {
    key: Digest,
    /// The text of the file, where it could be read: what is kept later is kept for this one.
    pub(crate) source: Option<Arc<str>>,
    state: State,
    /// What is kept.
    pub(crate) result: Option<FileResult>,
    /// Whether it is to be checked.
    pub(crate) is_checked: bool,
}

impl Cache {
    /// The results below `folder` of files in `tree` that were run as `way` says: by which version, and with which options.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub(crate) fn open(
        folder: &Path,
        tree: Arc<dyn SourceTree>,
        way: &Digest,
        uses: Use,
    ) -> io::Result<Cache> {
        let history = History::open(folder);
        let folder = folder.join(way.short());
        fs::create_dir_all(&folder)?;
        let packs = if uses.read { open_all(&folder) } else { Vec::new() };
        let writer = if uses.write { Some(Writer::new(&folder)?) } else { None };
        let (states, writer) = (States::new(tree), Mutex::new(writer));
        let (same, added) = (Mutex::default(), Mutex::default());
        Ok(Cache {
            folder,
            states,
            uses,
            packs,
            same,
            added,
            history,
            writer,
            is_broken: AtomicBool::new(false),
        })
    }

    /// Looks for the result of a file. `said` is whatever else decides it: its project, and how it is run.
    pub(crate) fn find(&self, path: &RelPath, kind: &FileKind, project: &RelPath, said: &str) -> Lookup {
        let key = Digest::of([path.as_str(), &format!("{kind:?}"), said]);
        let (state, source) = self.states.look(path);
        let mut lookup =
            Lookup { key, source: source.map(Into::into), state, result: None, is_checked: false };
        if !self.uses.read || self.is_broken.load(Ordering::Relaxed) {
            return lookup;
        }
        let is_so = |(at, then): &(RelPath, State)| match at == path {
            true => *then == state,
            false => *then == self.states.of(at),
        };
        let kept = self.records(&key).find_map(|record| match record {
            Record::Result { key: of, depends_on, closures, result }
                if of == key
                    && depends_on.iter().all(is_so)
                    && closures.iter().all(|closure| self.is_same(closure)) =>
            {
                postcard::from_bytes::<Kept>(&result).ok()
            }
            Record::Result { .. } | Record::Closure(_) => None,
        });
        lookup.result = kept.and_then(|kept| kept.into_result(path.clone(), kind.clone(), project.clone()));
        lookup.is_checked = self.uses.check && getrandom::u32().is_ok_and(|number| number % CHECKED == 0);
        lookup
    }

    /// Whether `is_so` says of all that decides a result, beside `said`, that it is so; `None`: no result of the file as it is now
    /// is kept.
    pub(crate) fn closure_of(
        &self,
        path: &RelPath,
        kind: &FileKind,
        said: &str,
        is_so: impl Fn(&RelPath, State) -> bool,
    ) -> Option<bool> {
        let key = Digest::of([path.as_str(), &format!("{kind:?}"), said]);
        let is_now = |(path, then): &(RelPath, State)| self.states.of(path) == *then;
        let is_so = |(path, then): &(RelPath, State)| is_so(path, *then);
        self.records(&key).find_map(|record| match record {
            Record::Result { key: of, depends_on, closures, result: _ }
                if of == key
                    && depends_on.iter().all(is_now)
                    && closures.iter().all(|closure| self.is_same(closure)) =>
            {
                let all_are = |closure: &Digest| {
                    self.records(closure).any(|record| match record {
                        Record::Closure(depends_on) => depends_on.iter().all(is_so),
                        Record::Result { .. } => false,
                    })
                };
                Some(depends_on.iter().all(is_so) && closures.iter().all(all_are))
            }
            Record::Result { .. } | Record::Closure(_) => None,
        })
    }

    /// Keeps the result of a file, if another run is bound to give the same: it has asked for no time and no randomness, it
    /// has waited for no timer, no limit has ended it, and nothing was written.
    ///
    /// `own` are the paths that it asked for, beside itself, and `imported` all those that the modules asked for that it imports.
    /// `read` says what this run has read at a path; `None`: nothing.
    pub(crate) fn add(
        &self,
        lookup: &Lookup,
        file: &FileResult,
        own: Vec<RelPath>,
        imported: &[Arc<[RelPath]>],
        read: impl Fn(&RelPath) -> Option<State>,
    ) {
        if !self.uses.write || !is_final(file) || lookup.source.is_none() {
            return;
        }
        let state = |path: RelPath| {
            let state = read(&path).unwrap_or_else(|| self.states.of(&path));
            (path, state)
        };
        let others = own.into_iter().filter(|path| *path != file.path).map(state);
        let depends_on = others.chain([(file.path.clone(), lookup.state)]).collect();
        let closures =
            imported.iter().map(|paths| self.closure(paths, state)).collect::<Option<Vec<Digest>>>();
        let Some((closures, result)) = closures.zip(postcard::to_stdvec(&Kept::of(file)).ok()) else {
            return;
        };
        self.write(lookup.key, &Record::Result { key: lookup.key, depends_on, closures, result });
    }

    /// The key of a closure, which is written if it is new; `None`: it cannot be.
    fn closure(&self, paths: &Arc<[RelPath]>, state: impl Fn(RelPath) -> (RelPath, State)) -> Option<Digest> {
        let mut added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        let address = Arc::as_ptr(paths).addr();
        if let Some((_, key)) = added.known.get(&address) {
            return Some(*key);
        }
        let record = Record::Closure(paths.iter().cloned().map(state).collect());
        let key = Digest::of_bytes(&postcard::to_stdvec(&record).ok()?);
        if added.keys.insert(key) {
            self.write(key, &record);
        }
        added.known.insert(address, (Arc::clone(paths), key));
        Some(key)
    }

    /// Whether all that a closure depends on is what it was.
    fn is_same(&self, key: &Digest) -> bool {
        let known = |same: &Mutex<HashMap<Digest, bool>>| {
            same.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
        };
        known(&self.same).unwrap_or_else(|| {
            let is_same = self.records(key).any(|record| match record {
                Record::Closure(depends_on) => {
                    depends_on.iter().all(|(path, then)| *then == self.states.of(path))
                }
                Record::Result { .. } => false,
            });
            self.same.lock().unwrap_or_else(PoisonError::into_inner).insert(*key, is_same);
            is_same
        })
    }

    /// What is kept under a key, and maybe under others that begin as it does; the newest first.
    fn records(&self, key: &Digest) -> impl Iterator<Item = Record> {
        let records = self.packs.iter().flat_map(|pack| pack.find(key));
        records.filter_map(|bytes| postcard::from_bytes(&bytes).ok())
    }

    fn write(&self, key: Digest, record: &Record) {
        let Ok(bytes) = postcard::to_stdvec(record) else { return };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = writer.as_mut()
            && open.add(&key, &bytes).is_err()
        {
            // The disk is full, or gone: results are not worth a word.
            *writer = None;
        }
    }

    /// Whether a kept result and that of a run say the same. If they do not, nothing that is kept counts any more, and all of it
    /// is deleted.
    pub(crate) fn agrees(&self, kept: &FileResult, ran: &FileResult) -> bool {
        let agrees = Kept::of(kept).timeless() == Kept::of(ran).timeless();
        if !agrees {
            self.is_broken.store(true, Ordering::Relaxed);
            *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
            pack::list(&self.folder).iter().for_each(|(path, ..)| drop(fs::remove_file(path)));
        }
        agrees
    }

    /// Writes what is new, and takes out what is too much. Call it when all files have run.
    pub(crate) fn finish(&self) {
        if self.uses.write {
            // An order is worth no word.
            let _ = self.history.write();
        }
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer.filter(|writer| writer.len() > 0) else { return };
        // Whatever goes wrong from here on costs a later run time, and nothing else.
        if writer.finish().is_ok() {
            if pack::list(&self.folder).len() > MAX_PACKS {
                let _ = unite(&self.folder);
            }
            if let Some(all) = self.folder.parent() {
                clean(all);
            }
        }
    }
}

/// Opens what can be opened, the newest first.
fn open_all(folder: &Path) -> Vec<Pack> {
    pack::list(folder).iter().filter_map(|(path, ..)| Pack::open(path).ok()).collect()
}

/// Whether another run of a file with the same texts is bound to give the same.
fn is_final(file: &FileResult) -> bool {
    let FileResult { status, reads, is_cached, snapshots, cases, .. } = file;
    let SnapshotCounts { written, updated, removed, .. } = *snapshots;
    let failures = || cases.iter().flat_map(|case| &case.failures);
    *status != FileStatus::NotRun
        && *reads == Reads::default()
        && !is_cached
        && written + updated + removed == 0
        && cases.iter().all(|case| case.attempts.is_empty())
        && failures().all(|failure| match failure.kind {
            FailureKind::Assertion
            | FailureKind::Validation
            | FailureKind::Thrown
            | FailureKind::UnhandledRejection
            | FailureKind::NeverSettles
            | FailureKind::Compile
            | FailureKind::NoTests
            | FailureKind::BuildContract => true,
            // Of the last two, the messages name what lies nearby.
            FailureKind::Timeout
            | FailureKind::OutOfMemory
            | FailureKind::StackOverflow
            | FailureKind::Types
            | FailureKind::Nondeterminism
            | FailureKind::WrongCache
            | FailureKind::Interrupted
            | FailureKind::Internal
            | FailureKind::Load => false,
        })
}

/// Makes one file of all in a folder, a record at a time in memory. Another process may do the same meanwhile: then there are two of them.
fn unite(folder: &Path) -> io::Result<()> {
    let packs = open_all(folder);
    let mut writer = Writer::new(folder)?;
    let mut kept: HashMap<Digest, usize> = HashMap::new();
    let mut newest: Vec<(Digest, &Pack, Place)> = Vec::new();
    let mut all: HashMap<Digest, (&Pack, Place)> = HashMap::new();
    let mut needed: HashSet<Digest> = HashSet::new();
    for pack in &packs {
        for (place, bytes) in pack.all() {
            match postcard::from_bytes::<Record>(&bytes) {
                Ok(Record::Result { key, closures, .. }) => {
                    let count = kept.entry(key).or_default();
                    *count += 1;
                    if *count <= MAX_RECORDS {
                        newest.push((key, pack, place));
                        needed.extend(closures);
                    }
                }
                Ok(Record::Closure(_)) => drop(all.insert(Digest::of_bytes(&bytes), (pack, place))),
                Err(_) => {}
            }
        }
    }
    for (key, (pack, place)) in all.iter().filter(|(key, _)| needed.contains(*key)) {
        writer.add(key, &pack.read(*place)?)?;
    }
    // What is written last is found first.
    for (key, pack, place) in newest.iter().rev() {
        writer.add(key, &pack.read(*place)?)?;
    }
    writer.finish()?;
    packs.iter().for_each(|pack| drop(fs::remove_file(&pack.path)));
    Ok(())
}

/// Deletes the oldest files until all together are small enough, and what nobody writes any more.
fn clean(all: &Path) {
    let folders: Vec<PathBuf> =
        fs::read_dir(all).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let mut packs: Vec<_> = folders.iter().flat_map(|folder| pack::list(folder)).collect();
    packs.sort_by_key(|(_, written, _)| std::cmp::Reverse(*written));
    let mut size = 0;
    for (path, _, bytes) in packs {
        size += bytes;
        if size > MAX_BYTES {
            let _ = fs::remove_file(path);
        }
    }
    for folder in folders {
        let left = fs::read_dir(&folder).into_iter().flatten().flatten();
        let temporary = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(pack::TEMPORARY));
        for entry in temporary.filter(|entry| entry.path().extension().is_some_and(|of| of == "tmp")) {
            let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(entry.path());
            }
        }
        // Only what is empty can be removed so.
        let _ = fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests;
