//! `husako:host`: what the SDK can ask of the host. See `src/sdk/host.d.ts`.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::promise::PromiseState;
use rquickjs::{Array, Ctx, Exception, Function, JsLifetime, Object, Promise, Result, Value};

use super::coverage::Counts;
use super::errors::Thrown;
use super::imports::load_compiled;
use super::interrupt::Interrupt;
use super::json::{self, NotJson, Strict};
use super::kubernetes::running;
use super::modules::SDK;
use super::plain;
use super::progress::{
    Again, Callback, Case, Hook, HookKind, MAX_NAME, Mode, Progress, RawPlace, Suite, cut,
};
use super::reads::World;
use super::snapshots::Book;
use super::timers::{Timers, fire_function};
use super::trace::{self, Recorder};
use crate::event::Stream;

/// What runs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The file is loaded and registers its tests.
    Collect,
    /// Cases and hooks run.
    Run,
    /// The file is an entry.
    Entry,
}

/// What a run looks for beside what a file says. A normal run looks for nothing, and pays for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    /// Nothing.
    Nowhere,
    /// Where the resources of an entry are made.
    ForSites,
    /// Methods that were asked for and do not exist.
    ForMisses,
}

impl Looks {
    /// The SDK's module that does it, loaded before anything of the user's.
    pub(super) fn module(self) -> Option<&'static str> {
        match self {
            Looks::Nowhere => None,
            Looks::ForSites => Some("sdk:tracing.ts"),
            Looks::ForMisses => Some("sdk:misses.ts"),
        }
    }
}

/// The namespace of [`Looks::module`] in a context.
#[derive(Clone, JsLifetime)]
pub(crate) struct Looking<'js>(pub(crate) Object<'js>);

/// Everything that a running file shares with the functions of the host, and with who watches it from outside.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) interrupt: Arc<Interrupt>,
    pub(crate) timers: Timers,
    pub(crate) looks: Looks,
    pub(super) world: World,
    progress: Mutex<Progress>,
    counts: Mutex<Counts>,
    snapshots: Mutex<Book>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// In whose name work is started.
    owner: u32,
    built: Vec<std::result::Result<Strict, NotJson>>,
    uncaught: Vec<(u32, Thrown)>,
    /// The globals that set timers were replaced by such as a test has to advance.
    fake_timers: bool,
    /// What a run that looks for sites has told.
    recorder: Recorder,
}

impl Session {
    pub(crate) fn new(interrupt: Interrupt, phase: Phase, looks: Looks, world: World) -> Session {
        Session {
            interrupt: Arc::new(interrupt),
            timers: Timers::default(),
            looks,
            world,
            progress: Mutex::new(Progress::new()),
            counts: Mutex::default(),
            snapshots: Mutex::default(),
            state: Mutex::new(State {
                phase,
                owner: 0,
                built: Vec::new(),
                uncaught: Vec::new(),
                fake_timers: false,
                recorder: Recorder::default(),
            }),
        }
    }

    /// Tells the recorder something.
    pub(super) fn record<T>(&self, tell: impl FnOnce(&mut Recorder) -> T) -> T {
        tell(&mut self.state().recorder)
    }

    /// Takes what was recorded.
    pub(super) fn take_recorder(&self) -> Recorder {
        std::mem::take(&mut self.state().recorder)
    }

    /// What is known of the file so far.
    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its counters have counted so far, as far as it was kept.
    pub(super) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The snapshots of the file.
    pub(super) fn snapshots(&self) -> MutexGuard<'_, Book> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file is a test file; otherwise it is an entry.
    pub(crate) fn is_for_tests(&self) -> bool {
        self.state().phase != Phase::Entry
    }

    /// Begins a phase.
    pub(crate) fn enter(&self, phase: Phase) {
        self.state().phase = phase;
    }

    /// From now on work is started in the name of `owner`.
    pub(crate) fn own(&self, owner: u32) {
        self.state().owner = owner;
    }

    /// In whose name work is started now.
    pub(crate) fn owner(&self) -> u32 {
        self.state().owner
    }

    /// Says whether the globals that set timers are fake.
    pub(super) fn fake_timers(&self, fake: bool) {
        self.state().fake_timers = fake;
    }

    /// Whether the globals that set timers are fake.
    pub(super) fn has_fake_timers(&self) -> bool {
        self.state().fake_timers
    }

    /// Takes the errors that nobody could catch, with their owners.
    pub(crate) fn take_uncaught(&self) -> Vec<(u32, Thrown)> {
        std::mem::take(&mut self.state().uncaught)
    }

    /// Takes what the calls of `build` gave.
    pub(crate) fn take_built(&self) -> Vec<std::result::Result<Strict, NotJson>> {
        std::mem::take(&mut self.state().built)
    }
}

#[derive(JsLifetime)]
struct Rejection<'js> {
    order: u64,
    /// In whose name the promise was rejected.
    owner: u32,
    reason: Value<'js>,
}

/// The promises of a context that were rejected while nobody was listening.
#[derive(Default, JsLifetime)]
pub(crate) struct Rejections<'js> {
    unhandled: RefCell<HashMap<Value<'js>, Rejection<'js>>>,
    /// Promises that the host itself waits for: their rejections are never unhandled.
    adopted: RefCell<HashSet<Value<'js>>>,
    count: Cell<u64>,
}

impl<'js> Rejections<'js> {
    /// The engine's rejection tracker: told first that nobody handles a promise, and again if somebody does after all.
    pub(crate) fn track(&self, owner: u32, promise: Value<'js>, reason: Value<'js>, handled: bool) {
        if handled {
            self.unhandled.borrow_mut().remove(&promise);
        } else if !self.adopted.borrow().contains(&promise) {
            self.count.set(self.count.get() + 1);
            self.unhandled.borrow_mut().insert(promise, Rejection { order: self.count.get(), owner, reason });
        }
    }

    /// Says that the host itself waits for `promise`, now and if it is rejected after the host has given up.
    pub(crate) fn adopt(&self, promise: &Promise<'js>) {
        let value = promise.as_value();
        self.unhandled.borrow_mut().remove(value);
        if promise.state() == PromiseState::Pending {
            self.adopted.borrow_mut().insert(value.clone());
        }
    }

    /// Takes the reasons of those that were rejected in the name of `owner` and that nobody has handled since, in the
    /// order in which they were; 0 takes all that are left.
    pub(crate) fn take(&self, owner: u32) -> Vec<Value<'js>> {
        let mut unhandled = self.unhandled.borrow_mut();
        let mut taken: Vec<Rejection<'js>> = if owner == 0 {
            unhandled.drain().map(|(_, rejection)| rejection).collect()
        } else {
            unhandled
                .extract_if(|_, rejection| rejection.owner == owner)
                .map(|(_, rejection)| rejection)
                .collect()
        };
        taken.sort_by_key(|rejection| rejection.order);
        taken.into_iter().map(|rejection| rejection.reason).collect()
    }

    /// Forgets everything. To be called before the runtime is given back.
    pub(crate) fn clear(&self) {
        self.unhandled.take();
        self.adopted.take();
    }
}

/// The session of a context.
#[derive(Clone, JsLifetime)]
pub(crate) struct Shared(pub(crate) Arc<Session>);

pub(super) fn session(ctx: &Ctx<'_>) -> Result<Arc<Session>> {
    let shared = ctx.userdata::<Shared>().map(|shared| shared.0.clone());
    shared.ok_or_else(|| Exception::throw_internal(ctx, "no session"))
}

/// The native module.
pub(crate) struct HostModule;

impl ModuleDef for HostModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        for name in [
            "addSuite",
            "addCase",
            "addHook",
            "phase",
            "print",
            "owner",
            "uncaught",
            "setTimer",
            "clearTimer",
            "build",
            "part",
            "now",
            "elapsed",
            "random",
            "alike",
            "plain",
        ] {
            declare.declare(name)?;
        }
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("addSuite", Func::from(add_suite))?;
        exports.export("addCase", Func::from(add_case))?;
        exports.export("addHook", Func::from(add_hook))?;
        exports.export("phase", Func::from(phase))?;
        exports.export("print", Func::from(print))?;
        exports.export("owner", Func::from(owner))?;
        exports.export("uncaught", Func::from(uncaught))?;
        exports.export("setTimer", Func::from(set_timer))?;
        exports.export("clearTimer", Func::from(clear_timer))?;
        exports.export("build", Func::from(build))?;
        exports.export("part", Func::from(part))?;
        exports.export("now", Func::from(now))?;
        exports.export("elapsed", Func::from(elapsed))?;
        exports.export("random", Func::from(random))?;
        exports.export("alike", Func::from(plain::alike))?;
        exports.export("plain", Func::from(plain::plain))?;
        Ok(())
    }
}

/// How many errors that nobody could catch are kept between two cases.
const MAX_UNCAUGHT: usize = 100;
/// How many cases a file may have, and how many suites.
const MAX_CASES: usize = 50_000;

fn mode(ctx: &Ctx<'_>, name: &str) -> Result<Mode> {
    match name {
        "run" => Ok(Mode::Run),
        "only" => Ok(Mode::Only),
        "skip" => Ok(Mode::Skip),
        "todo" => Ok(Mode::Todo),
        other => Err(Exception::throw_internal(ctx, &format!("no mode {other}"))),
    }
}

pub(super) fn timeout(milliseconds: f64) -> Option<Duration> {
    (milliseconds >= 0.0).then(|| Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(Duration::MAX))
}

fn add_suite(ctx: Ctx<'_>, parent: usize, title: String, mode_name: String, _stack: String) -> Result<usize> {
    let mode = mode(&ctx, &mode_name)?;
    let session = session(&ctx)?;
    let mut progress = session.progress();
    if parent >= progress.suites.len() {
        return Err(Exception::throw_internal(&ctx, "no such suite"));
    }
    if progress.suites.len() > MAX_CASES {
        return Err(Exception::throw_range(&ctx, &format!("a file can have at most {MAX_CASES} suites")));
    }
    let name = if parent == 0 { cut(&title, MAX_NAME) } else { progress.full_name(parent, &title) };
    progress.suites.push(Suite { parent, name, mode, hooks: Vec::new() });
    Ok(progress.suites.len() - 1)
}

fn add_case(
    ctx: Ctx<'_>,
    suite: usize,
    title: String,
    mode_name: String,
    number: i32,
    milliseconds: f64,
    stack: String,
) -> Result<usize> {
    let mode = mode(&ctx, &mode_name)?;
    let session = session(&ctx)?;
    let mut progress = session.progress();
    if suite >= progress.suites.len() {
        return Err(Exception::throw_internal(&ctx, "no such suite"));
    }
    if progress.cases.len() >= MAX_CASES {
        return Err(Exception::throw_range(&ctx, &format!("a file can have at most {MAX_CASES} cases")));
    }
    let name = progress.full_name(suite, &title);
    let callback = Callback { number, timeout: timeout(milliseconds) };
    let again = Again::default();
    progress.cases.push(Case { suite, name, mode, callback, again, place: RawPlace::first(&stack) });
    progress.finished.push(None);
    Ok(progress.cases.len() - 1)
}

fn add_hook(
    ctx: Ctx<'_>,
    suite: usize,
    kind: String,
    number: i32,
    milliseconds: f64,
    stack: String,
) -> Result<()> {
    let kinds = [HookKind::BeforeAll, HookKind::BeforeEach, HookKind::AfterEach, HookKind::AfterAll];
    let session = session(&ctx)?;
    let mut progress = session.progress();
    match (kinds.into_iter().find(|k| k.name() == kind), progress.suites.get_mut(suite)) {
        (Some(kind), Some(suite)) => {
            let callback = Callback { number, timeout: timeout(milliseconds) };
            suite.hooks.push(Hook { kind, callback, place: RawPlace::first(&stack) });
            Ok(())
        }
        _ => Err(Exception::throw_internal(&ctx, "no such hook or suite")),
    }
}

fn phase(ctx: Ctx<'_>) -> Result<&'static str> {
    Ok(match session(&ctx)?.state().phase {
        Phase::Collect => "collect",
        Phase::Run => "run",
        Phase::Entry => "entry",
    })
}

fn print(ctx: Ctx<'_>, error: bool, text: String) -> Result<()> {
    let stream = if error { Stream::Err } else { Stream::Out };
    session(&ctx)?.progress().print(stream, text);
    Ok(())
}

fn now(ctx: Ctx<'_>) -> Result<f64> {
    Ok(session(&ctx)?.world.now())
}

fn elapsed(ctx: Ctx<'_>) -> Result<f64> {
    Ok(session(&ctx)?.world.elapsed())
}

fn random(ctx: Ctx<'_>) -> Result<f64> {
    Ok(session(&ctx)?.world.random())
}

fn owner(ctx: Ctx<'_>) -> Result<u32> {
    Ok(session(&ctx)?.owner())
}

fn uncaught(ctx: Ctx<'_>, owner: u32, description: Object<'_>) -> Result<()> {
    let thrown = Thrown::from_description(&description)?;
    let session = session(&ctx)?;
    let mut state = session.state();
    // One says what is wrong; thousands would only fill the memory.
    if state.uncaught.len() < MAX_UNCAUGHT {
        state.uncaught.push((owner, thrown));
    }
    Ok(())
}

fn set_timer<'js>(ctx: Ctx<'js>, callback: u32, delay: f64, repeat: bool) -> Result<u32> {
    let session = session(&ctx)?;
    session.world.wait();
    let runtime = ctx.userdata::<Runtime<'js>>().map(|runtime| runtime.0.clone());
    let runtime = runtime.ok_or_else(|| Exception::throw_internal(&ctx, "the SDK is not loaded"))?;
    let fire: Function<'js> = fire_function(&runtime)?;
    let interrupt = Arc::clone(&session.interrupt);
    Ok(session.timers.set(&ctx, fire, interrupt, callback, delay, repeat))
}

fn clear_timer(ctx: Ctx<'_>, timer: u32) -> Result<()> {
    session(&ctx)?.timers.clear(timer);
    Ok(())
}

fn build<'js>(ctx: Ctx<'js>, resources: Array<'js>, builders: Array<'js>) -> Result<()> {
    let session = session(&ctx)?;
    let entry = session.state().phase == Phase::Entry;
    if entry {
        if session.looks == Looks::ForSites {
            trace::collect(&ctx, builders)?;
        }
        let built = json::strict(&ctx, resources.into_value())?;
        session.state().built.push(built);
    }
    Ok(())
}

/// The namespaces of the SDK's modules that were loaded on first use, by their paths.
#[derive(Default, JsLifetime)]
pub(crate) struct Parts<'js>(RefCell<HashMap<String, Object<'js>>>);

impl Parts<'_> {
    /// Forgets everything. To be called before the runtime is given back.
    pub(crate) fn clear(&self) {
        self.0.take();
    }
}

fn part<'js>(ctx: Ctx<'js>, path: String) -> Result<Object<'js>> {
    let parts = ctx.userdata::<Parts<'js>>().ok_or_else(|| Exception::throw_internal(&ctx, "no parts"))?;
    if let Some(part) = parts.0.borrow().get(&path) {
        return Ok(part.clone());
    }
    let name = format!("{SDK}{path}");
    let bytecode = running(&ctx)?.job.modules.bytecode(None, &name);
    let (module, promise) = load_compiled(&ctx, &name, bytecode)?.eval()?;
    // Without an `await` at its top level, a module has been evaluated when `eval` returns.
    promise.finish::<()>()?;
    let part = module.namespace()?;
    parts.0.borrow_mut().insert(path, part.clone());
    Ok(part)
}

/// The namespace of the SDK's `runtime.ts` in a context.
#[derive(Clone, JsLifetime)]
pub(crate) struct Runtime<'js>(pub(crate) Object<'js>);
