//! Files in QuickJS: each in a runtime of its own, on a thread of its own, under limits.
//!
//! What goes in and what comes out is plain data; nothing of the engine's leaves this module.

mod bytecode;
mod cases;
mod errors;
mod host;
mod interrupt;
mod json;
mod modules;
mod progress;
mod thread;
mod timers;
mod turn;

use std::cell::Cell;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{AsyncContext, AsyncRuntime, Ctx, Error, Module, Object};

pub(crate) use modules::{Modules, PluginModule, ProjectModules, Unit};

use crate::compile::{self, Map};
use crate::diagnostic::Diagnostic;
use crate::event::{CaseResult, CaseStatus, Failure, FailureKind, FileResult, FileStatus};
use crate::tree::RelPath;
use cases::Cases;
use errors::{Sources, plain};
use host::{HostModule, Phase, Rejections, Runtime, Session, Shared};
use interrupt::Interrupt;
use progress::{Finished, Progress};
use turn::{Settled, Stalled, settle};

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

/// How long the engine may take beyond a deadline before its file is given up: native code cannot be interrupted.
const GRACE: Duration = Duration::from_millis(400);

/// How often a running file is looked at from outside.
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file: Duration::from_secs(60),
            case: Duration::from_secs(10),
            heap_bytes: 256 << 20,
            stack_bytes: DEFAULT_STACK_BYTES,
        }
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
    /// Is told of each case as it ends.
    pub(crate) on_case: CaseListener,
}

/// Called with what became of each case, as it ends.
#[derive(Clone)]
pub(crate) struct CaseListener(Arc<dyn Fn(&CaseStatus) + Send + Sync>);

impl CaseListener {
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
    let running = Arc::new(Running::new(job, Phase::Collect));
    match running.on_thread(cancelled, Running::tests).await {
        Ok(failures) => running.conclude(failures),
        Err(failure) => running.give_up(failure),
    }
}

/// Executes an entry: a module that calls `build` exactly once.
///
/// Returns the resources as strict JSON, keys in the order in which they were set.
///
/// # Errors
///
/// Every failure: compile errors, what the entry threw, a broken build contract, a limit.
pub(crate) async fn execute(job: Job) -> Result<serde_json::Value, Vec<Failure>> {
    let running = Arc::new(Running::new(job, Phase::Entry));
    match running.on_thread(std::future::pending(), Running::entry).await {
        Ok(built) => built,
        Err(failure) => Err(vec![failure]),
    }
}

/// A file that runs: what its thread and those outside share.
#[derive(Debug)]
struct Running {
    job: Job,
    started: SystemTime,
    start: Instant,
    session: Arc<Session>,
    /// The file itself, once it is compiled.
    main: OnceLock<Unit>,
    thread: thread::Handle,
}

impl Running {
    fn new(job: Job, phase: Phase) -> Running {
        let start = Instant::now();
        let session = Arc::new(Session::new(Interrupt::new(start + job.limits.file), phase));
        Running {
            job,
            started: SystemTime::now(),
            start,
            session,
            main: OnceLock::new(),
            thread: thread::Handle::default(),
        }
    }

    /// Runs `work` on a thread of its own, watched from here.
    ///
    /// # Errors
    ///
    /// The thread panicked, or was let go of.
    async fn on_thread<T: Send + 'static>(
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
    fn tests(self: &Arc<Self>, handle: &tokio::runtime::Handle) -> Vec<Failure> {
        match self.compile() {
            Ok(main) => handle.block_on(self.evaluate(main)).err().unwrap_or_default(),
            Err(failures) => failures,
        }
    }

    /// Evaluates the entry. Returns what it built.
    fn entry(self: &Arc<Self>, handle: &tokio::runtime::Handle) -> Result<serde_json::Value, Vec<Failure>> {
        handle.block_on(self.evaluate(self.compile()?))?;
        let mut built = self.session.take_built();
        match (built.pop(), built.len()) {
            (Some(Ok(resources)), 0) => Ok(resources),
            (Some(Err(error)), 0) => Err(vec![plain(FailureKind::Load, error.to_string())]),
            (None, _) => {
                Err(vec![plain(FailureKind::Load, "build() was not called: an entry calls it exactly once")])
            }
            (Some(_), others) => {
                let message =
                    format!("build() was called {} times: an entry calls it exactly once", others + 1);
                Err(vec![plain(FailureKind::Load, message)])
            }
        }
    }

    /// Compiles the file itself.
    fn compile(&self) -> Result<&Unit, Vec<Failure>> {
        if modules::is_internal(self.job.path.as_str()) {
            // By its name alone it would be taken for a module of the SDK, which may reach the host.
            let message = format!("a file cannot be named \"{}\"", self.job.path);
            return Err(vec![plain(FailureKind::Load, message)]);
        }
        let unit = match &self.job.source {
            Some(source) => Unit::new(self.job.path.clone(), Arc::clone(source), Map::Yes),
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
        let runtime = AsyncRuntime::new().map_err(internal)?;
        runtime.set_memory_limit(self.job.limits.heap_bytes).await;
        runtime.set_max_stack_size(self.job.limits.stack_bytes).await;
        // Few files ever make enough garbage for a cycle to matter; those that do are collected in time.
        runtime.set_gc_threshold(self.job.limits.heap_bytes / 8).await;
        let running = Arc::clone(self);
        runtime.set_interrupt_handler(Some(Box::new(move || running.session.interrupt.should_stop()))).await;
        runtime.set_host_promise_rejection_tracker(Some(Box::new(track_rejection))).await;
        let resolver = Imports { running: Arc::clone(self), errors: Arc::clone(&imports) };
        let loader = Imports { running: Arc::clone(self), errors: Arc::clone(&imports) };
        runtime.set_loader(resolver, loader).await;
        let context = AsyncContext::full(&runtime).await.map_err(internal)?;

        let stalled = Stalled::default();
        let body = context.async_with(async |ctx| {
            let result = self.evaluate_in(&ctx, main, &imports, &stalled).await;
            self.session.timers.clear_all();
            if let Some(rejections) = ctx.userdata::<Rejections<'_>>() {
                rejections.clear();
            }
            result
        });
        turn::drive(&runtime, &stalled, body).await
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
        let runtime = self.load_sdk(ctx).map_err(internal)?;
        let cases = Cases {
            ctx: ctx.clone(),
            runtime,
            session: &self.session,
            sources: Sources { modules: &self.job.modules, main },
            limits: &self.job.limits,
            on_case: &self.job.on_case,
            stalled,
            file_deadline: self.start + self.job.limits.file,
            endless: Cell::new(false),
        };
        let evaluated = Module::declare(ctx.clone(), main.path.as_str(), main.compiled.code.as_str())
            .and_then(Module::eval)
            .map(|(_, promise)| promise);
        let settled = match evaluated {
            Ok(promise) => {
                cases.adopt(&promise);
                settle(promise, &self.session.interrupt, cases.file_deadline, stalled).await
            }
            Err(_) => Settled::Rejected(ctx.catch()),
        };
        cases.loaded(settled, imports)?;
        if !self.session.is_for_tests() {
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
            .run(|name| self.job.filter.as_ref().is_none_or(|filter| filter.is_match(name)))
            .await
            .map_err(internal)
    }

    /// Loads the SDK before anything of the user's, so that it sees the language as it is.
    fn load_sdk<'js>(self: &Arc<Self>, ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
        ctx.store_userdata(Shared(Arc::clone(&self.session))).map_err(|_| Error::Unknown)?;
        ctx.store_userdata(Rejections::default()).map_err(|_| Error::Unknown)?;
        let module = load_module(&self.job.modules, ctx, modules::RUNTIME)?;
        let (module, promise) = module.eval()?;
        promise.finish::<()>()?;
        let runtime = module.namespace()?;
        ctx.store_userdata(Runtime(runtime.clone())).map_err(|_| Error::Unknown)?;
        Ok(runtime)
    }

    /// What became of the file, when its thread has ended.
    fn conclude(&self, failures: Vec<Failure>) -> FileResult {
        let mut progress = self.session.progress();
        progress.sealed = true;
        for failure in failures {
            let name = format!("({})", failure.kind.name());
            progress.extra.push((name, failure.place.clone(), failure));
        }
        self.result(&mut progress)
    }

    /// What became of the file, when its thread has been let go of.
    fn give_up(&self, failure: Failure) -> FileResult {
        let mut progress = self.session.progress();
        progress.sealed = true;
        match progress.current.take() {
            Some((case, since)) => {
                let output = std::mem::take(&mut progress.output);
                let finished = Finished {
                    status: CaseStatus::Error,
                    duration: since.elapsed(),
                    failures: vec![failure],
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
                output: Vec::new(),
            });
        }
        let failed = cases.iter().any(|case| case.status.is_failure());
        FileResult {
            path: self.job.path.clone(),
            project: self.job.project.root.clone(),
            status: if failed { FileStatus::Failed } else { FileStatus::Passed },
            started: Some(self.started),
            duration: self.start.elapsed(),
            cases,
            output: std::mem::take(&mut progress.file_output),
            filtered_out: progress.filtered_out.len(),
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

/// What was wrong with an import, so that it can be told whole: a JavaScript error would keep only its text.
#[derive(Debug, Default)]
struct ImportErrors(Mutex<Vec<(FailureKind, Diagnostic)>>);

impl ImportErrors {
    fn push(&self, kind: FailureKind, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        let mut errors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        errors.extend(diagnostics.into_iter().map(|diagnostic| (kind, diagnostic)));
    }

    fn take(&self) -> Vec<(FailureKind, Diagnostic)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Resolver and loader of one runtime.
struct Imports {
    running: Arc<Running>,
    errors: Arc<ImportErrors>,
}

impl Resolver for Imports {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let job = &self.running.job;
        // Before the file is compiled only the SDK imports, and that needs no file.
        let main = self.running.main.get();
        let tests = self.running.session.is_for_tests();
        job.modules.resolve(&job.project, main, base, name, tests).map_err(|diagnostic| {
            let error = Error::new_resolving_message(base, name, diagnostic.to_string());
            self.errors.push(FailureKind::Load, [diagnostic]);
            error
        })
    }
}

impl Loader for Imports {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if name == modules::HOST {
            return Module::declare_def::<HostModule, _>(ctx.clone(), name);
        }
        match self.running.job.modules.bytecode(name) {
            Ok(bytecode) => bytecode.load(ctx),
            Err(diagnostics) => {
                let text = diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                self.errors.push(FailureKind::Compile, diagnostics.iter().cloned());
                Err(Error::new_loading_message(name, text))
            }
        }
    }
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

fn load_module<'js>(
    modules: &Modules,
    ctx: &Ctx<'js>,
    name: &str,
) -> rquickjs::Result<Module<'js, Declared>> {
    let bytecode = modules.bytecode(name).map_err(|diagnostics| {
        let text = diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Error::new_loading_message(name, text)
    })?;
    bytecode.load(ctx)
}

#[cfg(test)]
mod tests;
