//! What each phase of a run costs, a group for each: `compile`, `load`, `execute`, `run_tests`, `render`, `emit`, `generate`,
//! `diff`, `discover`, `cache_hit`.
#![allow(missing_docs)]

mod corpus;

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use husako_ci::bench::{Part, Repository, compile, generate, on_a_thread};

use corpus::{Files, Kind, RESOURCES};

/// How many test files of a kind a run has.
const TESTS: usize = 100;

/// How many entries.
const ENTRIES: usize = 200;

fn main() {
    on_a_thread(|| {
        let mut criterion = Criterion::default()
            .warm_up_time(Duration::from_secs(1))
            .measurement_time(Duration::from_secs(2))
            .configure_from_args();
        compiling(&mut criterion);
        loading_and_executing(&mut criterion);
        running(&mut criterion);
        rendering(&mut criterion);
        generating(&mut criterion);
        comparing(&mut criterion);
        discovering(&mut criterion);
        criterion.final_summary();
    });
}

fn repository(files: &Files) -> Repository {
    Repository::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// A group whose benchmarks take long, each: few samples.
fn slow<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group
}

/// From TypeScript to JavaScript, and further to bytecode.
fn compiling(criterion: &mut Criterion) {
    let test = Kind::Helpers.source(0);
    let sources = [("helper", corpus::helper(7)), ("test", test)];
    let mut group = criterion.benchmark_group("compile");
    for (name, source) in &sources {
        group.bench_function(format!("{name}/javascript"), |bench| {
            bench.iter(|| assert!(compile(source) > 0))
        });
        let repository = Repository::new([("main.ts", source.as_str())]);
        group.bench_function(format!("{name}/bytecode"), |bench| {
            bench.iter(|| assert!(repository.bytecode("main.ts")));
        });
    }
    group.finish();
}

/// A test file whose imports are compiled: linked and evaluated, and its cases run.
fn loading_and_executing(criterion: &mut Criterion) {
    for (name, part) in [("load", Part::Load), ("execute", Part::Execute)] {
        let mut group = criterion.benchmark_group(name);
        for kind in Kind::ALL {
            let repository = repository(&corpus::tests(kind, 1));
            let file = repository.file("t00000.test.ts");
            // The first run compiles what the file imports.
            file.time(part);
            group.bench_function(kind.told().0, |bench| {
                bench.iter_custom(|times| (0..times).map(|_| file.time(part)).sum());
            });
        }
        group.finish();
    }
}

/// Whole runs of test files, and the same with all results known.
fn running(criterion: &mut Criterion) {
    let mut group = slow(criterion, "run_tests");
    group.throughput(Throughput::Elements(TESTS as u64));
    for kind in Kind::ALL {
        let repository = repository(&corpus::tests(kind, TESTS));
        let expected = TESTS * kind.told().1;
        group.bench_function(BenchmarkId::new(kind.told().0, TESTS), |bench| {
            bench.iter(|| assert_eq!(repository.run(), expected));
        });
    }
    group.finish();

    let mut group = slow(criterion, "cache_hit");
    group.throughput(Throughput::Elements(TESTS as u64));
    for kind in Kind::ALL {
        let repository = repository(&corpus::tests(kind, TESTS));
        let folder = tempfile::tempdir().expect("there is room for results");
        assert_eq!(repository.run_cached(folder.path()), 0);
        group.bench_function(BenchmarkId::new(kind.told().0, TESTS), |bench| {
            bench.iter(|| assert_eq!(repository.run_cached(folder.path()), TESTS));
        });
    }
    group.finish();
}

/// An entry to its resources, the resources judged, and as YAML.
fn rendering(criterion: &mut Criterion) {
    let entries = repository(&corpus::entries(ENTRIES, "1"));
    let entry = entries.file("e000.husako");
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Elements(RESOURCES as u64));
    group.bench_function("entry", |bench| bench.iter(|| assert_eq!(entry.render(), RESOURCES)));
    group.bench_function("entry/judged", |bench| bench.iter(|| assert_eq!(entry.validate(), RESOURCES + 1)));
    group.finish();

    let rendered = entries.rendered();
    let mut group = criterion.benchmark_group("emit");
    group.throughput(Throughput::Elements((ENTRIES * RESOURCES) as u64));
    group.bench_function("yaml", |bench| bench.iter(|| assert!(rendered.emit() > 0)));
    group.finish();
}

/// Modules of builders: those of a Kubernetes version, and with CRDs that are read first.
fn generating(criterion: &mut Criterion) {
    let mut group = slow(criterion, "generate");
    let definitions: Vec<String> = (0..20).map(corpus::definition).collect();
    group.bench_function("kubernetes", |bench| bench.iter(|| assert!(generate(&[]) > 0)));
    group
        .bench_function("kubernetes and 20 CRDs", |bench| bench.iter(|| assert!(generate(&definitions) > 0)));
    group.finish();
}

/// Resources that are there compared with those of a base; and runs, with a base and without.
fn comparing(criterion: &mut Criterion) {
    let all = ENTRIES * RESOURCES;
    let (base, head) =
        (repository(&corpus::entries(ENTRIES, "1")), repository(&corpus::entries(ENTRIES, "2")));
    let (before, after) = (base.rendered(), head.rendered());
    let mut group = slow(criterion, "diff");
    group.throughput(Throughput::Elements(all as u64));
    group.bench_function("unchanged", |bench| bench.iter(|| assert_eq!(after.diff(&after), 0)));
    group.bench_function("changed", |bench| bench.iter(|| assert_eq!(after.diff(&before), all)));
    group.bench_function("run/no base", |bench| bench.iter(|| assert_eq!(head.run(), all + ENTRIES)));
    group.bench_function("run/unchanged", |bench| bench.iter(|| assert_eq!(head.run_and_diff(&head), 0)));
    group.bench_function("run/changed", |bench| bench.iter(|| assert_eq!(head.run_and_diff(&base), all)));
    group.finish();
}

/// The tests of a folder on disk.
fn discovering(criterion: &mut Criterion) {
    let mut group = slow(criterion, "discover");
    for files in [1_000, 10_000] {
        let folder = tempfile::tempdir().expect("there is room for files");
        for (path, text) in corpus::tree(files) {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("folders can be made");
            std::fs::write(path, text).expect("files can be written");
        }
        let repository = Repository::at(folder.path());
        group.throughput(Throughput::Elements(files as u64));
        group.bench_function(files.to_string(), |bench| {
            bench.iter(|| assert_eq!(repository.discover(), files / 4))
        });
    }
    group.finish();
}
