//! Files in QuickJS: each in a runtime of its own, on a thread of its own, under limits.
//!
//! What goes in and what comes out is plain data; nothing of the engine's leaves this module.

mod asked;
mod bytecode;
mod cases;
mod coverage;
mod environment;
mod errors;
mod host;
mod imports;
mod interrupt;
mod json;
mod kubernetes;
mod lines;
mod memory;
mod misspelt;
mod mocks;
mod modules;
mod once;
mod plain;
mod prepared;
mod progress;
mod random;
mod reads;
mod running;
mod snapshots;
mod suite;
mod thread;
mod timers;
mod trace;
mod turn;
mod unresolved;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub(crate) use coverage::{Collector, CoverageRules};
pub(crate) use errors::plain;
pub(crate) use kubernetes::{ProjectServices, Rendering, Verdict};
pub(crate) use modules::{ImportRules, Modules, PluginModule, ProjectModules, Sameness};
pub(crate) use random::shuffled;
pub(crate) use snapshots::OBSOLETE_HELP;
pub(crate) use trace::{CallSite, CallSites};

use crate::compile;
use crate::event::{CaseStatus, Failure, FileResult, OutputLine, Reads};
use crate::resource::JsonPath;
use crate::tree::RelPath;
use host::{Looks, Phase};
use running::Running;
use trace::Broken;

/// What the compiler may use of a file's thread without starting one of its own, in bytes.
const COMPILER_STACK_BYTES: usize = 64 << 20;

/// The default of [`Limits::stack_bytes`].
pub(crate) const DEFAULT_STACK_BYTES: usize = 4 << 20;

/// A tokio runtime whose threads can run files: with stacks for the compiler and for JavaScript, and any number of
/// threads, because one that is held by native code is let go of and another takes its place.
///
/// Files run in any other multi-thread runtime too; there every compilation starts a thread, and
/// [`Limits::stack_bytes`] must fit its threads.
///
/// # Errors
///
/// No thread could be started.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1 << 16)
        .thread_stack_size(COMPILER_STACK_BYTES + 2 * DEFAULT_STACK_BYTES)
        .on_thread_start(|| compile::this_thread_has(COMPILER_STACK_BYTES))
        .enable_time()
        .enable_io()
        .build()
}

/// What one file may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall time of the whole file.
    pub file: Duration,
    /// Wall time of one case or hook that does not say otherwise.
    pub case: Duration,
    /// JavaScript heap, in bytes.
    pub heap_bytes: usize,
    /// JavaScript stack, in bytes; must fit the stack of the threads that files run on.
    pub stack_bytes: usize,
    /// How often a case that does not say otherwise is run again while it fails.
    pub retries: u32,
    /// Whether a case that passes only when it is run again counts as failed.
    pub flaky_fails: bool,
    /// What time it is for the file.
    pub clock: Clock,
    /// Decides, with the path of the file, what is random in it.
    pub seed: u64,
    /// The order of the cases of each suite.
    pub order: Order,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file: Duration::from_secs(60),
            case: Duration::from_secs(10),
            heap_bytes: 256 << 20,
            stack_bytes: DEFAULT_STACK_BYTES,
            retries: 0,
            flaky_fails: false,
            clock: Clock::default(),
            seed: 0,
            order: Order::default(),
        }
    }
}

/// How many cases may fail before nothing more is started. All files of a run share one.
#[derive(Debug, Clone, Default)]
pub(crate) struct MaxFail(Option<Arc<(AtomicUsize, usize)>>);

impl MaxFail {
    /// At most `max` cases; `None`: any number.
    pub(crate) fn new(max: Option<usize>) -> MaxFail {
        MaxFail(max.map(|max| Arc::new((AtomicUsize::new(0), max))))
    }

    /// Counts cases that have failed.
    pub(crate) fn count(&self, failed: usize) {
        if let Some(counted) = &self.0 {
            counted.0.fetch_add(failed, Ordering::Relaxed);
        }
    }

    /// Whether nothing more is to be started.
    pub(crate) fn is_reached(&self) -> bool {
        self.0.as_ref().is_some_and(|counted| counted.0.load(Ordering::Relaxed) >= counted.1)
    }
}

/// One file to run, and all that it needs.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The file; names the source in errors and decides its language.
    pub(crate) path: RelPath,
    /// Its source; `None`: read from the tree.
    pub(crate) source: Option<Arc<str>>,
    pub(crate) project: Arc<ProjectModules>,
    pub(crate) modules: Arc<Modules>,
    pub(crate) limits: Limits,
    /// `--filter`: cases whose full name does not match are left out.
    pub(crate) filter: Option<regex::Regex>,
    /// What its tests can ask of their project.
    pub(crate) services: Option<Arc<dyn ProjectServices>>,
    /// When to start no more cases. Who listens counts.
    pub(crate) max_fail: MaxFail,
    /// Is told of each case as it ends.
    pub(crate) on_case: CaseListener,
    /// Whether the file has run before, and runs again to be compared: nothing is counted, and no snapshot is to be written.
    pub(crate) is_again: bool,
}

/// Called with what became of each case, as it ends.
#[derive(Clone)]
pub(crate) struct CaseListener(Arc<dyn Fn(&CaseStatus) + Send + Sync>);

impl CaseListener {
    /// Tells of a case.
    pub(crate) fn tell(&self, status: &CaseStatus) {
        (self.0)(status);
    }

    /// Calls `listen` on the thread of the file.
    pub(crate) fn new(listen: impl Fn(&CaseStatus) + Send + Sync + 'static) -> CaseListener {
        CaseListener(Arc::new(listen))
    }
}

impl std::fmt::Debug for CaseListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseListener")
    }
}

/// Runs a test file to its end, whatever it does.
///
/// The file runs on a blocking thread of tokio's. When native code of the engine holds that thread beyond the deadline,
/// the thread is let go of, with the lowest priority, and what the file has told so far is kept. When `cancelled` is
/// ready, running code is stopped and the rest is not run.
pub(crate) async fn run_file(job: Job, cancelled: impl Future<Output = ()>) -> FileResult {
    let running = Arc::new(Running::new(job, Phase::Collect, Looks::Nowhere));
    let mut cancelled = std::pin::pin!(cancelled);
    let ended = running.on_thread(cancelled.as_mut(), Running::tests).await;
    running.count();
    match ended {
        Ok(failures) => {
            let mut file = running.conclude(failures);
            if !running.is_cancelled() {
                misspelt::explain_file(&running.job, &mut file, cancelled).await;
            }
            file
        }
        Err(failure) => running.give_up(failure),
    }
}

/// What an entry built.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// The resources as strict JSON, in order; keys in the order in which they were set.
    pub(crate) documents: Vec<serde_json::Value>,
    /// Instances of classes in them: told as warnings of the rule `class-instance`.
    pub(crate) instances: Vec<ClassInstance>,
    /// What the entry printed.
    pub(crate) output: Vec<OutputLine>,
    /// What it asked for that another run may answer differently.
    pub(crate) reads: Reads,
    /// Errors and rejections that reached nobody. husako takes no notice of them, so they do not fail the entry.
    pub(crate) left_over: Vec<Failure>,
}

/// An instance of a class of the user's where a plain object is meant. Its own data became part of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClassInstance {
    /// The number of the document, from 0.
    pub(crate) document: usize,
    /// Where in the document.
    pub(crate) path: JsonPath,
    /// The name of the class.
    pub(crate) class: String,
}

/// Why an entry built nothing.
#[derive(Debug, Clone)]
pub(crate) struct NotBuilt {
    /// What went wrong, at least one.
    pub(crate) failures: Vec<Failure>,
    /// What the entry printed.
    pub(crate) output: Vec<OutputLine>,
    /// What it asked for that another run may answer differently.
    pub(crate) reads: Reads,
}

/// The order of the cases of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they are written.
    #[default]
    Written,
    /// The last first.
    Reversed,
    /// One that this seed decides.
    Shuffled(u64),
}

/// What time it is for a file. In milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// That many after what it really is.
    Ahead(i64),
    /// Always that many since 1970 (UTC).
    Still(i64),
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::Ahead(0)
    }
}

/// Executes an entry: a module that calls `build` exactly once. When `cancelled` is ready, running code is stopped.
///
/// # Errors
///
/// Every failure: compile errors, what the entry threw, a limit, or a broken build contract
/// (`FailureKind::BuildContract`): `build` not called once, or with what is not strict JSON. Then the entry is run once
/// more to find the place; likewise when a misspelt method may be what failed.
pub(crate) async fn execute(job: Job, cancelled: impl Future<Output = ()>) -> Result<Built, NotBuilt> {
    let running = Arc::new(Running::new(job, Phase::Entry, Looks::Nowhere));
    let mut cancelled = std::pin::pin!(cancelled);
    let outcome = match running.on_thread(cancelled.as_mut(), Running::entry).await {
        Ok(outcome) => outcome,
        Err(failure) => Err(Broken::Failed(vec![failure])),
    };
    running.count();
    let broken = match outcome {
        Ok(built) => return Ok(built),
        Err(broken) => broken,
    };
    let output = running.take_output();
    let mut failures = broken.failures();
    if !running.is_cancelled() {
        match &broken {
            Broken::Failed(_) => {
                misspelt::explain_entry(&running.job, running.elapsed(), &mut failures, cancelled).await;
            }
            Broken::Builds(_) | Broken::NotJson(_) => {
                let site = CallSites::of_broken(running.job.clone(), &broken, cancelled).await;
                if let (Some(site), Some(failure)) = (site, failures.first_mut()) {
                    failure.place = Some(site.place);
                    failure.snippet = site.snippet;
                    failure.frames = site.frames;
                }
            }
        }
    }
    Err(NotBuilt { failures, output, reads: running.session.world.reads() })
}

/// Executes an entry once more, to see where the parts of its resources are made. It gave `documents` before; a document that
/// is another one this time has no places. When `cancelled` is ready, running code is stopped.
pub(crate) async fn trace(
    job: Job,
    documents: &[serde_json::Value],
    cancelled: impl Future<Output = ()>,
) -> CallSites {
    CallSites::of_documents(job, documents, cancelled).await
}

#[cfg(test)]
mod tests;
