use super::*;
use crate::event::{CaseStatus, Failure};
use crate::tree::MemoryTree;

const BOTH: Use = Use { read: true, write: true, check: false };

fn path(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn cache(folder: &Path, files: &[(&str, &str)], uses: Use) -> Cache {
    let tree = Arc::new(MemoryTree::new(files.iter().copied()));
    Cache::open(folder, tree, &Digest::of(["way"]), uses).unwrap()
}

fn find(cache: &Cache) -> Lookup {
    cache.find(&path("a.test.ts"), &FileKind::Tests, &path(""), "said")
}

fn result() -> FileResult {
    let case = CaseResult {
        name: "a case".to_owned(),
        place: None,
        status: CaseStatus::Passed,
        duration: Duration::from_millis(3),
        attempts: Vec::new(),
        failures: Vec::new(),
        warnings: Vec::new(),
        output: Vec::new(),
    };
    FileResult {
        path: path("a.test.ts"),
        kind: FileKind::Tests,
        project: path(""),
        status: FileStatus::Passed,
        started: None,
        duration: Duration::from_millis(5),
        cases: vec![case],
        output: Vec::new(),
        filtered_out: 0,
        reads: Reads::default(),
        is_cached: false,
        snapshots: SnapshotCounts::default(),
        obsolete_snapshots: Vec::new(),
        documents: Some(Arc::new(vec![serde_json::json!({ "a": [1, 0.5, null] })])),
    }
}

/// Keeps `result` as that of a file that asked for `lib.ts` and looked for `lib` in vain.
fn keep(folder: &Path, files: &[(&str, &str)], result: &FileResult) {
    let cache = cache(folder, files, BOTH);
    let lookup = find(&cache);
    let lib =
        files.iter().find(|(name, _)| *name == "lib.ts").map(|(_, text)| State::text(&path("lib.ts"), text));
    let read = |at: &RelPath| lib.filter(|_| *at == path("lib.ts"));
    let imported: Arc<[RelPath]> = [path("other"), path("lib.ts")].into();
    cache.add(&lookup, result, vec![path("lib.ts"), path("lib")], &[imported], read);
    cache.finish();
}

const FILES: [(&str, &str); 2] = [("a.test.ts", "test"), ("lib.ts", "lib")];

#[test]
fn a_result_counts_while_everything_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), &FILES, &result());
    let found = find(&cache(folder.path(), &FILES, BOTH)).result.unwrap();
    assert!(found.is_cached && found.status == FileStatus::Passed);
    assert_eq!(Kept::of(&found), Kept::of(&result()));
    for files in [
        &[("a.test.ts", "test!"), ("lib.ts", "lib")][..],
        &[("a.test.ts", "test"), ("lib.ts", "lib!")],
        &[("a.test.ts", "test")],
        &[("a.test.ts", "test"), ("lib.ts", "lib"), ("lib", "shadows it")],
        &[("a.test.ts", "test"), ("lib.ts", "lib"), ("other", "shadows what is imported")],
    ] {
        assert!(find(&cache(folder.path(), files, BOTH)).result.is_none(), "{files:?}");
    }
    let cache = cache(folder.path(), &FILES, BOTH);
    let entry = FileKind::Entry { aliases: vec!["dev".to_owned()] };
    assert!(cache.find(&path("a.test.ts"), &entry, &path(""), "said").result.is_none());
    assert!(cache.find(&path("a.test.ts"), &FileKind::Tests, &path(""), "said else").result.is_none());
    let other = Cache::open(folder.path(), Arc::new(MemoryTree::new(FILES)), &Digest::of(["other"]), BOTH);
    assert!(find(&other.unwrap()).result.is_none());
}

#[test]
fn several_states_are_kept_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..40 {
        let lib = format!("lib {}", round % 3);
        keep(folder.path(), &[("a.test.ts", "test"), ("lib.ts", &lib)], &result());
    }
    assert!(pack::list(&folder.path().join(Digest::of(["way"]).short())).len() <= MAX_PACKS);
    for lib in ["lib 0", "lib 1", "lib 2"] {
        let found = find(&cache(folder.path(), &[("a.test.ts", "test"), ("lib.ts", lib)], BOTH));
        assert!(found.result.is_some(), "{lib}");
    }
}

#[test]
fn what_may_be_otherwise_next_time_is_not_kept() {
    let failing = |kind: FailureKind| {
        let mut result = result();
        result.status = FileStatus::Failed;
        result.cases[0].status = CaseStatus::Error;
        result.cases[0].failures = vec![Failure {
            kind,
            type_name: String::new(),
            message: "no".to_owned(),
            comparison: None,
            place: None,
            json_path: None,
            snippet: None,
            frames: Vec::new(),
            help: None,
            causes: Vec::new(),
        }];
        result
    };
    let is_kept = |result: FileResult| {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), &FILES, &result);
        find(&cache(folder.path(), &FILES, BOTH)).result.is_some()
    };
    assert!(is_kept(failing(FailureKind::Assertion)) && is_kept(failing(FailureKind::Compile)));
    for kind in [
        FailureKind::Timeout,
        FailureKind::OutOfMemory,
        FailureKind::StackOverflow,
        FailureKind::Internal,
        FailureKind::Load,
    ] {
        assert!(!is_kept(failing(kind)), "{kind:?}");
    }
    for reads in [
        Reads { clock: true, ..Reads::default() },
        Reads { random: true, ..Reads::default() },
        Reads { timers: true, ..Reads::default() },
    ] {
        assert!(!is_kept(FileResult { reads, ..result() }), "{reads:?}");
    }
    assert!(!is_kept(FileResult { status: FileStatus::NotRun, ..result() }));
    let snapshots = SnapshotCounts { written: 1, ..SnapshotCounts::default() };
    assert!(!is_kept(FileResult { snapshots, ..result() }));
}

#[test]
fn what_is_damaged_is_as_if_it_were_not_there() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), &FILES, &result());
    let (pack, ..) = pack::list(&folder.path().join(Digest::of(["way"]).short())).pop().unwrap();
    let whole = fs::read(&pack).unwrap();
    let mut found = 0;
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        fs::write(&pack, &damaged).unwrap();
        let result = find(&cache(folder.path(), &FILES, BOTH)).result;
        found += usize::from(result.is_some());
        if let Some(found) = result {
            assert_eq!(Kept::of(&found), Kept::of(&self::result()));
        }
        fs::write(&pack, &whole[..at]).unwrap();
        assert!(find(&cache(folder.path(), &FILES, BOTH)).result.is_none(), "cut at {at}");
    }
    assert_eq!(found, 0);
    fs::write(&pack, &whole).unwrap();
    assert!(find(&cache(folder.path(), &FILES, BOTH)).result.is_some());
}

#[test]
fn a_wrong_result_empties_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), &FILES, &result());
    let broken = cache(folder.path(), &FILES, BOTH);
    let kept = find(&broken).result.unwrap();
    let mut slower = result();
    slower.duration = Duration::from_secs(9);
    slower.cases[0].duration = Duration::from_secs(9);
    assert!(broken.agrees(&kept, &slower));
    let mut other = result();
    other.cases[0].name = "another case".to_owned();
    assert!(!broken.agrees(&kept, &other));
    broken.add(&find(&broken), &other, Vec::new(), &[], |_| None);
    broken.finish();
    assert!(find(&broken).result.is_none());
    assert!(find(&cache(folder.path(), &FILES, BOTH)).result.is_none());
}

#[test]
fn reading_writes_nothing_and_writing_reads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let read = Use { read: true, write: false, check: false };
    let reading = cache(folder.path(), &FILES, read);
    reading.add(&find(&reading), &result(), Vec::new(), &[], |_| None);
    reading.finish();
    assert!(find(&cache(folder.path(), &FILES, BOTH)).result.is_none());
    keep(folder.path(), &FILES, &result());
    let write = Use { read: false, write: true, check: false };
    assert!(find(&cache(folder.path(), &FILES, write)).result.is_none());
    assert!(find(&cache(folder.path(), &FILES, read)).result.is_some());
}
