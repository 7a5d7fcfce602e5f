//! Runs the planned files: how many at a time, when to stop, and what is told of it.

mod base;
mod cached;
mod determinism;
mod entry;
mod plan;
mod schemas;
mod services;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::cache::{Cache, Digest};
use crate::config::{Ci, Named};
use crate::diagnostic::Diagnostic;
use crate::engine::{self, Job, Limits, MaxFail, Modules, Order, ProjectModules};
use crate::event::{
    CaseStatus, Counts, Event, FileKind, FileResult, FileStatus, Reads, RunFinished, RunStarted,
    SnapshotCounts, Stopped,
};
use crate::shard::Part;
use crate::tree::RelPath;
use crate::typecheck::Check;

pub(crate) use base::Base;
pub(crate) use cached::key as cache_key;
pub(crate) use entry::{render, validate_file};
pub(crate) use plan::{Plan, in_order, plan, plan_beside};
use services::{Entries, Services};

/// How long running files may go on after the run was interrupted.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is told how far a file is.
const TOLD_EVERY: Duration = Duration::from_millis(50);

/// One file of the plan.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) path: RelPath,
    pub(crate) kind: FileKind,
    pub(crate) project: Arc<ProjectModules>,
    /// The `[ci]` of its project: how findings about rendered resources count, and what is not shown.
    pub(crate) ci: Arc<Ci>,
    /// The `[entries]` of its project.
    pub(crate) entries: Arc<Vec<Named<RelPath>>>,
    /// That of whatever else of its project can decide what it gives.
    pub(crate) digest: Digest,
}

/// What to run, and how.
#[derive(Debug, Clone)]
pub(crate) struct RunOptions {
    /// The files, in the order in which they start.
    pub(crate) files: Vec<Planned>,
    pub(crate) modules: Arc<Modules>,
    pub(crate) limits: Limits,
    /// How many files run at a time; at least 1.
    pub(crate) jobs: usize,
    /// Only cases whose full name matches.
    pub(crate) filter: Option<regex::Regex>,
    /// Start no more files after one has failed.
    pub(crate) fail_fast: bool,
    /// Start nothing more once this many cases have failed.
    pub(crate) max_fail: Option<usize>,
    /// Run each file once more, in other circumstances, to see whether it does the same.
    pub(crate) check_determinism: bool,
    /// Whether the results of entries hold what they rendered.
    pub(crate) keep_documents: bool,
    /// What to compare the resources of all entries with.
    pub(crate) base: Option<Base>,
    /// The results of earlier runs that count, and where new ones are kept.
    pub(crate) cache: Option<Arc<Cache>>,
    /// The projects whose types are checked beside.
    pub(crate) checks: Vec<Arc<Check>>,
    /// What there is to say before anything runs.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Which part of a run the files are; `None` for all of it.
    pub(crate) shard: Option<Part>,
}

/// How urgently a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Urgency {
    /// It is not.
    #[default]
    None,
    /// Start nothing more; what runs may go on for a moment.
    Soon,
    /// Stop what runs.
    Now,
}

/// Runs all files and sends what happens, [`Event::RunStarted`] first and [`Event::RunFinished`] last.
///
/// Every planned file is told of exactly once with [`Event::FileFinished`], whether it ran or not. Events that nobody
/// receives any more are dropped.
pub(crate) async fn run(
    options: RunOptions,
    events: mpsc::UnboundedSender<Event>,
    mut urgency: watch::Receiver<Urgency>,
) -> Counts {
    let start = Instant::now();
    let send = |event| drop(events.send(event));
    send(Event::RunStarted(RunStarted {
        at: SystemTime::now(),
        files: options.files.len() + options.checks.len(),
        jobs: options.jobs,
        warnings: options.warnings.clone(),
        shard: options.shard.clone(),
    }));

    let permits = Arc::new(Semaphore::new(options.jobs));
    let entries = Arc::new(Entries::new(&options, urgency.clone()));
    let mut running = JoinSet::new();
    let mut rendered = Vec::new();
    let mut counts = Counts::default();
    let mut stopped = None;
    let mut is_random = matches!(options.limits.order, Order::Shuffled(_));
    let max_fail = MaxFail::new(options.max_fail);
    let files: Vec<&Planned> = options.files.iter().collect();
    let files = match options.limits.order {
        Order::Written => files,
        Order::Reversed => files.into_iter().rev().collect(),
        Order::Shuffled(seed) => engine::shuffled(files, seed),
    };
    let mut files = files.into_iter();
    let mut next = files.next();
    // They take seconds of other processes, so they begin first and take nobody's place.
    for check in &options.checks {
        send(Event::FileStarted { path: check.path.clone() });
        let (check, urgency) = (Arc::clone(check), urgency.clone());
        running.spawn(async move {
            let spare = Arc::clone(&check);
            let is_over = move || *urgency.borrow() > Urgency::None;
            let checked = tokio::task::spawn_blocking(move || check.run(&is_over)).await;
            checked.unwrap_or_else(|error| spare.failed(&error.to_string()))
        });
    }
    loop {
        if stopped.is_none() && *urgency.borrow() > Urgency::None {
            stopped = Some(Stopped::Interrupted);
        }
        let starting = next.filter(|_| stopped.is_none());
        if running.is_empty() && starting.is_none() {
            break;
        }
        tokio::select! {
            biased;
            Some(finished) = running.join_next() => {
                let Ok(file) = finished else { continue };
                let file: Arc<FileResult> = Arc::new(file);
                is_random |= file.reads.random;
                let told = told_failures(&file);
                finish(&mut counts, &send, &file);
                max_fail.count(told);
                if options.base.is_some() && matches!(file.kind, FileKind::Entry { .. }) {
                    rendered.push(file);
                }
                if options.fail_fast && counts.files_failed > 0 && stopped.is_none() {
                    stopped = Some(Stopped::FailFast);
                }
                if max_fail.is_reached() && stopped.is_none() {
                    stopped = Some(Stopped::MaxFail);
                }
            }
            Ok(()) = urgency.changed(), if stopped != Some(Stopped::Interrupted) => {}
            Ok(permit) = Arc::clone(&permits).acquire_owned(), if starting.is_some() => {
                let Some(file) = starting else { continue };
                next = files.next();
                send(Event::FileStarted { path: file.path.clone() });
                let keep = options.keep_documents || options.base.is_some();
                let check = options.check_determinism;
                let (job, file) = (job(&options, file, &entries, &events, &max_fail), file.clone());
                let (urgency, cache) = (urgency.clone(), options.cache.clone());
                running.spawn(async move {
                    let cancelled = || until_now(urgency.clone());
                    let again = check.then(|| job.clone());
                    let keeps = keep || check || cache.is_some();
                    let run = async |job| match &file.kind {
                        // Types are checked beside all files, not as one of them.
                        FileKind::Tests | FileKind::Types => engine::run_file(job, cancelled()).await,
                        FileKind::Entry { .. } => validate_file(&file, job, keeps, cancelled).await,
                    };
                    let mut result = match cache {
                        Some(cache) => cached::run(cache, &file, job, run).await,
                        None => run(job).await,
                    };
                    if let Some(again) = again {
                        result = determinism::check(&file, again, result, cancelled).await;
                    }
                    result.documents = result.documents.filter(|_| keep);
                    drop(permit);
                    result
                });
            }
        }
    }
    for file in next.into_iter().chain(files) {
        finish(&mut counts, &send, &Arc::new(not_run(file)));
    }
    if let Some(collector) = options.modules.collector() {
        send(Event::CoverageFinished(Arc::new(collector.coverage())));
    }
    if let Some(base) = &options.base
        && stopped.is_none()
    {
        match base::compare(base, &options, rendered, urgency).await {
            Some(diff) => send(Event::DiffFinished(Arc::new(diff))),
            None => stopped = Some(Stopped::Interrupted),
        }
    }
    let seed = is_random.then_some(options.limits.seed);
    send(Event::RunFinished(RunFinished { duration: start.elapsed(), counts, stopped, seed }));
    counts
}

fn finish(counts: &mut Counts, send: &impl Fn(Event), file: &Arc<FileResult>) {
    counts.add(file);
    send(Event::FileFinished(Arc::clone(file)));
}

/// How many cases of a finished file have failed that were not counted while it ran.
fn told_failures(file: &FileResult) -> usize {
    let failed = file.cases.iter().filter(|case| case.status.is_failure());
    if file.is_cached {
        return failed.count();
    }
    match file.kind {
        // Failures of the file as a whole have no place, and nobody was told of them.
        FileKind::Tests => failed.filter(|case| case.place.is_none()).count(),
        FileKind::Entry { .. } | FileKind::Types => failed.count(),
    }
}

fn job(
    options: &RunOptions,
    file: &Planned,
    entries: &Arc<Entries>,
    events: &mpsc::UnboundedSender<Event>,
    max_fail: &MaxFail,
) -> Job {
    let untold = Untold { events: events.clone(), path: file.path.clone(), cases: Mutex::default() };
    let (counted, is_tests) = (max_fail.clone(), file.kind == FileKind::Tests);
    Job {
        path: file.path.clone(),
        source: None,
        project: Arc::clone(&file.project),
        modules: Arc::clone(&options.modules),
        limits: options.limits.clone(),
        filter: options.filter.clone(),
        services: Some(Arc::new(Services::new(file, entries))),
        max_fail: max_fail.clone(),
        is_again: false,
        on_case: engine::CaseListener::new(move |status| {
            if is_tests && status.is_failure() {
                counted.count(1);
            }
            untold.add(status);
        }),
    }
}

/// The cases of a running file that nobody has been told of yet. Each event wakes up who shows it, so they are told
/// together, now and then; those of a file that ends before come with the file.
struct Untold {
    events: mpsc::UnboundedSender<Event>,
    path: RelPath,
    /// And when the first of them, or the file, began.
    cases: Mutex<Option<(Instant, Vec<CaseStatus>)>>,
}

impl Untold {
    fn add(&self, status: &CaseStatus) {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, statuses) = cases.get_or_insert_with(|| (Instant::now(), Vec::new()));
        statuses.push(status.clone());
        if since.elapsed() >= TOLD_EVERY {
            let statuses = std::mem::take(statuses);
            *since = Instant::now();
            drop(self.events.send(Event::CasesFinished { path: self.path.clone(), statuses }));
        }
    }
}

/// Ready when what runs must be stopped.
async fn until_now(mut urgency: watch::Receiver<Urgency>) {
    let asked = urgency.wait_for(|urgency| *urgency > Urgency::None).await.map(|urgency| *urgency);
    match asked {
        Ok(Urgency::Now) => {}
        Ok(_) => {
            let now = urgency.wait_for(|urgency| *urgency == Urgency::Now);
            let _either = tokio::time::timeout(PATIENCE, now).await;
        }
        // Nobody can ask any more.
        Err(_) => std::future::pending().await,
    }
}

fn not_run(file: &Planned) -> FileResult {
    FileResult {
        path: file.path.clone(),
        kind: file.kind.clone(),
        project: file.project.root.clone(),
        status: FileStatus::NotRun,
        started: None,
        duration: Duration::ZERO,
        cases: Vec::new(),
        output: Vec::new(),
        filtered_out: 0,
        reads: Reads::default(),
        is_cached: false,
        snapshots: SnapshotCounts::default(),
        obsolete_snapshots: Vec::new(),
        documents: None,
    }
}
