//! One file from its source to its result: the thread that runs it, and who watches that thread.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use rquickjs::{Ctx, Error, Module, Object};

use super::cases::Cases;
use super::coverage;
use super::errors::{Sources, plain};
use super::host::{Looking, Looks, Parts, Phase, Rejections, Runtime, Session, Shared};
use super::imports::{ImportErrors, Imports, load_sdk};
use super::interrupt::Interrupt;
use super::json::in_document;
use super::kubernetes;
use super::modules::{self, Unit};
use super::prepared::Prepared;
use super::progress::{Finished, Progress};
use super::reads::World;
use super::thread;
use super::trace::{self, Broken, Outcome};
use super::turn::{self, Settled, Stalled, settle};
use super::{Built, ClassInstance, Job};
use crate::compile::Map;
use crate::diagnostic::Diagnostic;
use crate::event::{
    CaseResult, CaseStatus, Failure, FailureKind, FileKind, FileResult, FileStatus, OutputLine,
};
use crate::timings::{Phase as Spent, measure};

/// How long the engine may take beyond a deadline before its file is given up: native code cannot be interrupted.
const GRACE: Duration = Duration::from_millis(400);

/// How often a running file is looked at from outside.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A file that runs: what its thread and those outside share.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) job: Job,
    started: SystemTime,
    start: Instant,
    pub(super) session: Arc<Session>,
    /// The file itself, once it is compiled.
    pub(super) main: OnceLock<Unit>,
    thread: thread::Handle,
    /// Only the cases with these full names run.
    pub(super) only: Option<HashSet<String>>,
}

impl Running {
    pub(super) fn new(job: Job, phase: Phase, looks: Looks) -> Running {
        let start = Instant::now();
        let interrupt = Interrupt::new(start + job.limits.file);
        let world = World::new(job.limits.clock, job.limits.seed, &job.path);
        let session = Session::new(interrupt, phase, looks, world);
        Running {
            job,
            started: SystemTime::now(),
            start,
            session: Arc::new(session),
            main: OnceLock::new(),
            thread: thread::Handle::default(),
            only: None,
        }
    }

    /// Runs `work` on a thread of its own, watched from here.
    ///
    /// # Errors
    ///
    /// The thread panicked, or was let go of.
    pub(super) async fn on_thread<T: Send + 'static>(
        self: &Arc<Self>,
        cancelled: impl Future<Output = ()>,
        work: fn(&Arc<Running>, &tokio::runtime::Handle) -> T,
    ) -> Result<T, Failure> {
        let running = Arc::clone(self);
        let handle = tokio::runtime::Handle::current();
        let mut thread = tokio::task::spawn_blocking(move || {
            running.thread.set();
            work(&running, &handle)
        });
        let mut cancelled = std::pin::pin!(cancelled);
        let mut is_cancelled = false;
        loop {
            tokio::select! {
                ended = &mut thread => {
                    return ended.map_err(|_| plain(FailureKind::Internal, "the thread that ran the file panicked"));
                }
                () = &mut cancelled, if !is_cancelled => {
                    is_cancelled = true;
                    self.session.interrupt.cancel();
                }
                () = self.overdue(is_cancelled) => {
                    self.thread.lower_priority();
                    return Err(self.overdue_failure());
                }
            }
        }
    }

    /// Ready when the thread is still busy some time after it should have noticed its deadline.
    async fn overdue(&self, cancelled: bool) {
        if cancelled {
            return tokio::time::sleep(GRACE).await;
        }
        // The thread sets a new deadline for every case: looking now and then is cheaper than being told each time.
        loop {
            let overdue = self.session.interrupt.deadline() + GRACE;
            let now = Instant::now();
            if now >= overdue {
                return;
            }
            tokio::time::sleep((overdue - now).min(LOOK_EVERY)).await;
        }
    }

    fn overdue_failure(&self) -> Failure {
        if self.session.interrupt.is_cancelled() {
            return plain(FailureKind::Interrupted, "the run was interrupted");
        }
        let elapsed = self.start.elapsed().as_millis();
        Failure {
            help: Some("a single built-in operation ran all that time and could not be stopped".to_owned()),
            ..plain(FailureKind::Timeout, format!("gave up {elapsed} ms after the file began"))
        }
    }

    /// Runs the tests of the file. Returns the failures of the file as a whole.
    pub(super) fn tests(self: &Arc<Self>, handle: &tokio::runtime::Handle) -> Vec<Failure> {
        match self.compile() {
            Ok(main) => handle.block_on(self.evaluate(main)).err().unwrap_or_default(),
            Err(failures) => failures,
        }
    }

    /// Evaluates the entry. Returns what it built.
    pub(super) fn entry(self: &Arc<Self>, handle: &tokio::runtime::Handle) -> Outcome {
        self.compile().and_then(|main| handle.block_on(self.evaluate(main))).map_err(Broken::Failed)?;
        let mut built = self.session.take_built();
        match (built.pop(), built.len()) {
            (Some(Ok((documents, instances))), 0) => {
                let instances = instances.into_iter().filter_map(|instance| {
                    let (document, path) = in_document(&instance.path)?;
                    Some(ClassInstance { document, path, class: instance.class })
                });
                Ok(Built {
                    documents: match documents {
                        serde_json::Value::Array(documents) => documents,
                        other => vec![other],
                    },
                    instances: instances.collect(),
                    output: self.take_output(),
                    reads: self.session.world.reads(),
                    left_over: self.session.progress().extra.drain(..).map(|(.., failure)| failure).collect(),
                })
            }
            (Some(Err(error)), 0) => Err(Broken::NotJson(error)),
            (last, others) => Err(Broken::Builds(others + usize::from(last.is_some()))),
        }
    }

    /// Whether the file runs for what it says, and not once more for what else could be said of it.
    pub(super) fn is_first(&self) -> bool {
        self.session.looks == Looks::Nowhere && self.only.is_none() && !self.job.is_again
    }

    /// Takes what the file printed outside any case.
    pub(super) fn take_output(&self) -> Vec<OutputLine> {
        std::mem::take(&mut self.session.progress().file_output)
    }

    /// Whether somebody wants the run to end. A future that said so must not be asked again.
    pub(super) fn is_cancelled(&self) -> bool {
        self.session.interrupt.is_cancelled()
    }

    /// How long the file has been running.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Compiles the file itself.
    fn compile(&self) -> Result<&Unit, Vec<Failure>> {
        if modules::is_internal(self.job.path.as_str()) {
            // By its name alone it would be taken for a module of the SDK, which may reach the host.
            let message = format!("a file cannot be named \"{}\"", self.job.path);
            return Err(vec![plain(FailureKind::Load, message)]);
        }
        let unit = match &self.job.source {
            Some(source) => self.job.modules.compile(self.job.path.clone(), Arc::clone(source), Map::Yes),
            None => self.job.modules.unshared(&self.job.path),
        };
        let unit = unit.map_err(|errors| diagnosed(FailureKind::Compile, &errors))?;
        Ok(self.main.get_or_init(|| unit))
    }

    /// Loads the file in a runtime of its own and runs what it registers.
    async fn evaluate(self: &Arc<Self>, main: &Unit) -> Result<(), Vec<Failure>> {
        let internal =
            |error: Error| vec![plain(FailureKind::Internal, format!("the engine failed: {error}"))];
        let imports = Arc::new(ImportErrors::default());
        let prepared = match self.session.looks {
            Looks::Nowhere => Prepared::take().await,
            Looks::ForSites | Looks::ForMisses => Prepared::bare().await,
        };
        let prepared = prepared.map_err(internal)?;
        let runtime = &prepared.runtime;
        runtime.set_memory_limit(self.job.limits.heap_bytes).await;
        runtime.set_max_stack_size(self.job.limits.stack_bytes).await;
        // Few files ever make enough garbage for a cycle to matter; those that do are collected in time.
        runtime.set_gc_threshold(self.job.limits.heap_bytes / 8).await;
        let running = Arc::clone(self);
        runtime.set_interrupt_handler(Some(Box::new(move || running.session.interrupt.should_stop()))).await;
        runtime.set_host_promise_rejection_tracker(Some(Box::new(track_rejection))).await;
        let resolver = Imports::new(self, &imports);
        let loader = Imports::new(self, &imports);
        runtime.set_loader(resolver, loader).await;

        let stalled = Stalled::default();
        let body = prepared.context.async_with(async |ctx| {
            let result = self.evaluate_in(&ctx, main, &imports, &stalled).await;
            self.session.timers.clear_all();
            coverage::finish(&ctx);
            result
        });
        let result = turn::drive(runtime, &stalled, body).await;
        prepared.give_back().await;
        result
    }

    async fn evaluate_in(
        self: &Arc<Self>,
        ctx: &Ctx<'_>,
        main: &Unit,
        imports: &ImportErrors,
        stalled: &Stalled,
    ) -> Result<(), Vec<Failure>> {
        let internal = |error: Error| {
            let left = ctx.catch();
            if self.session.interrupt.is_cancelled() {
                return vec![plain(FailureKind::Interrupted, "the file was interrupted while it was loaded")];
            }
            if self.session.interrupt.has_fired() {
                let limit = self.job.limits.file.as_millis();
                return vec![plain(
                    FailureKind::Timeout,
                    format!("the file did not finish within {limit} ms"),
                )];
            }
            let message = left.as_exception().map_or_else(|| error.to_string(), ToString::to_string);
            let kind = if message.contains("out of memory") {
                FailureKind::OutOfMemory
            } else {
                FailureKind::Internal
            };
            vec![plain(kind, format!("the engine failed: {message}"))]
        };
        let runtime = self.prepare(ctx).map_err(internal)?;
        let cases = Cases {
            ctx: ctx.clone(),
            runtime,
            session: &self.session,
            sources: Sources { modules: &self.job.modules, main },
            limits: &self.job.limits,
            on_case: &self.job.on_case,
            max_fail: &self.job.max_fail,
            stalled,
            file_deadline: self.start + self.job.limits.file,
            endless: Cell::new(false),
        };
        let loading = measure(Spent::Load);
        let declared = Module::declare(ctx.clone(), main.path.as_str(), main.compiled.code.as_str());
        let is_declared = declared.is_ok();
        let evaluated = declared.and_then(Module::eval).map(|(_, promise)| promise);
        let settled = match evaluated {
            Ok(promise) => {
                cases.adopt(&promise);
                settle(promise, &self.session.interrupt, cases.file_deadline, stalled).await
            }
            Err(_) => Settled::Rejected(ctx.catch()),
        };
        cases.loaded(settled, imports, is_declared)?;
        drop(loading);
        let _executing = measure(Spent::Execute);
        if !self.session.is_for_tests() {
            cases.left_over(0);
            return Ok(());
        }
        if self.session.progress().cases.is_empty() {
            let failure = plain(FailureKind::NoTests, "the file has no tests");
            return Err(vec![Failure {
                help: Some("write some with test(), or rename the file".to_owned()),
                ..failure
            }]);
        }
        cases
            .run(|name| {
                self.job.filter.as_ref().is_none_or(|filter| filter.is_match(name))
                    && self.only.as_ref().is_none_or(|only| only.contains(name))
            })
            .await
            .map_err(internal)
    }

    /// Gives the context of a runtime what the functions of the host look for in it.
    fn prepare<'js>(self: &Arc<Self>, ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
        ctx.store_userdata(Shared(Arc::clone(&self.session))).map_err(|_| Error::Unknown)?;
        ctx.store_userdata(Rejections::default()).map_err(|_| Error::Unknown)?;
        ctx.store_userdata(Parts::default()).map_err(|_| Error::Unknown)?;
        kubernetes::prepare(ctx, self)?;
        if let Some(module) = self.session.looks.module() {
            let (module, promise) = load_sdk(ctx, module)?.eval()?;
            promise.finish::<()>()?;
            let looking = module.namespace()?;
            if self.session.looks == Looks::ForSites {
                trace::start(ctx, &looking)?;
            }
            ctx.store_userdata(Looking(looking)).map_err(|_| Error::Unknown)?;
        }
        let runtime = ctx.userdata::<Runtime<'js>>().map(|runtime| runtime.0.clone());
        runtime.ok_or(Error::Unknown)
    }

    /// What became of the file, when its thread has ended.
    pub(super) fn conclude(&self, failures: Vec<Failure>) -> FileResult {
        let mut progress = self.session.progress();
        progress.sealed = true;
        for failure in failures {
            let name = format!("({})", failure.kind.name());
            progress.extra.push((name, failure.place.clone(), failure));
        }
        self.result(&mut progress)
    }

    /// What became of the file, when its thread has been let go of.
    pub(super) fn give_up(&self, failure: Failure) -> FileResult {
        let mut progress = self.session.progress();
        progress.sealed = true;
        match progress.current.take() {
            Some((case, since)) => {
                let output = std::mem::take(&mut progress.output);
                let attempts = std::mem::take(&mut progress.attempts);
                let finished = Finished {
                    status: CaseStatus::Error,
                    duration: since.elapsed(),
                    failures: vec![failure],
                    attempts,
                    output,
                };
                progress.finished[case] = Some(finished);
            }
            None => progress.extra.push((format!("({})", failure.kind.name()), None, failure)),
        }
        self.result(&mut progress)
    }

    fn result(&self, progress: &mut Progress) -> FileResult {
        let sources = self.main.get().map(|main| Sources { modules: &self.job.modules, main });
        let reason = if self.session.interrupt.is_cancelled() {
            "not run: the run was interrupted"
        } else {
            "not run: the file ended before"
        };
        let mut cases = Vec::with_capacity(progress.cases.len() + progress.extra.len());
        // A file that could not be loaded has not come that far yet.
        progress.make_names_unique();
        let whole = self.job.filter.is_none()
            && !progress.cases.is_empty()
            && progress.finished.iter().all(Option::is_some);
        let snapshots = self.conclude_snapshots(progress, whole);
        for (name, failure) in snapshots.failures {
            progress.extra.push((name, failure.place.clone(), failure));
        }
        let finished = std::mem::take(&mut progress.finished);
        for (number, (case, finished)) in progress.cases.iter().zip(finished).enumerate() {
            if progress.filtered_out.contains(&number) {
                continue;
            }
            let place = sources
                .as_ref()
                .zip(case.place.as_ref())
                .and_then(|(sources, place)| sources.original(place));
            let finished = finished.unwrap_or_else(|| Finished {
                status: CaseStatus::Skipped { reason: reason.to_owned() },
                duration: Duration::ZERO,
                failures: Vec::new(),
                attempts: Vec::new(),
                output: Vec::new(),
            });
            let mut failures = finished.failures;
            if let (Some(sources), Some(place)) = (&sources, &place) {
                for failure in failures.iter_mut().filter(|failure| failure.place.is_none()) {
                    sources.put(failure, place.clone());
                }
            }
            cases.push(CaseResult {
                name: case.name.clone(),
                place,
                status: finished.status,
                duration: finished.duration,
                failures,
                attempts: finished.attempts,
                warnings: Vec::new(),
                output: finished.output,
            });
        }
        for (name, place, failure) in progress.extra.drain(..) {
            let status = match failure.kind {
                FailureKind::Assertion => CaseStatus::Failed,
                _ => CaseStatus::Error,
            };
            let name = unique(name, &cases);
            let duration = Duration::ZERO;
            cases.push(CaseResult {
                name,
                place,
                status,
                duration,
                failures: vec![failure],
                attempts: Vec::new(),
                warnings: Vec::new(),
                output: Vec::new(),
            });
        }
        let failed = cases.iter().any(|case| case.status.is_failure());
        FileResult {
            path: self.job.path.clone(),
            kind: FileKind::Tests,
            project: self.job.project.root.clone(),
            status: if failed { FileStatus::Failed } else { FileStatus::Passed },
            started: Some(self.started),
            duration: self.start.elapsed(),
            cases,
            output: std::mem::take(&mut progress.file_output),
            filtered_out: progress.filtered_out.len(),
            reads: self.session.world.reads(),
            is_cached: false,
            snapshots: snapshots.counts,
            obsolete_snapshots: snapshots.obsolete,
            documents: None,
        }
    }
}

fn unique(name: String, cases: &[CaseResult]) -> String {
    let taken = |name: &str| cases.iter().any(|case| case.name == name);
    if !taken(&name) {
        return name;
    }
    (2..).map(|n| format!("{name} ({n})")).find(|name| !taken(name)).unwrap_or(name)
}

fn diagnosed(kind: FailureKind, errors: &[Diagnostic]) -> Vec<Failure> {
    errors.iter().map(|error| Sources::diagnosed(kind, error)).collect()
}

fn track_rejection<'js>(
    ctx: Ctx<'js>,
    promise: rquickjs::Value<'js>,
    reason: rquickjs::Value<'js>,
    handled: bool,
) {
    if let (Some(rejections), Some(shared)) = (ctx.userdata::<Rejections<'js>>(), ctx.userdata::<Shared>()) {
        rejections.track(shared.0.owner(), promise, reason, handled);
    }
}
