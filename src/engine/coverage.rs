//! The counters of running files, and what they come to in a run.
//!
//! The compiler puts counters into a module (`compile/coverage.rs`); their array is made here when the module is loaded. It
//! is a value of the engine's, which nobody can name but the counters themselves; what leaves the engine is numbers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rquickjs::module::{Declarations, Declared, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Exception, JsLifetime, Module, Result, TypedArray};

use super::host::session;
use super::running::Running;
use crate::compile::COUNTS;
use crate::coverage::{Coverage, FileCoverage, Point};
use crate::discover::is_test;
use crate::tree::{Pattern, RelPath};

/// Prefix of the names in the engine of the modules that hold the counters of a module; what follows is its path.
pub(super) const COUNTERS: &str = "husako:counts/";

/// How often the counts of a running file are kept, at most: a file whose thread is let go of says nothing any more.
const KEEP_EVERY: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_millis(100) };

/// Which files are counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct CoverageRules {
    /// When there are any, only files that match one of them.
    pub(crate) include: Vec<Pattern>,
    /// No file that matches one of these.
    pub(crate) exclude: Vec<Pattern>,
}

impl CoverageRules {
    /// Whether a file is counted: none that is a test, or that was generated or installed.
    fn covers(&self, path: &RelPath) -> bool {
        let foreign = |part: &str| part == ".husako" || part == "node_modules";
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(path));
        !is_test(path.file_name())
            && !path.as_str().split('/').any(foreign)
            && (self.include.is_empty() || matches(&self.include))
            && !matches(&self.exclude)
    }
}

/// What is counted in a run. Shared by all its files.
#[derive(Debug)]
pub(crate) struct Collector {
    rules: CoverageRules,
    files: Mutex<BTreeMap<RelPath, FileCoverage>>,
}

impl Collector {
    /// Nothing is counted yet.
    pub(crate) fn new(rules: CoverageRules) -> Collector {
        Collector { rules, files: Mutex::default() }
    }

    /// Whether a file gets counters.
    pub(super) fn covers(&self, path: &RelPath) -> bool {
        self.rules.covers(path)
    }

    /// What was counted so far.
    pub(crate) fn coverage(&self) -> Coverage {
        Coverage { files: self.files().values().cloned().collect() }
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<RelPath, FileCoverage>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, path: &RelPath, points: &[Point], counts: &[u64]) {
        let mut files = self.files();
        let file = files.entry(path.clone()).or_insert_with(|| FileCoverage {
            path: path.clone(),
            points: points.iter().map(|point| (point.clone(), 0)).collect(),
        });
        // A file that was changed in the middle of the run is told as it was first.
        if file.points.iter().map(|(point, _)| point).eq(points) {
            for ((_, all), count) in file.points.iter_mut().zip(counts) {
                *all = all.saturating_add(*count);
            }
        }
    }
}

/// The counts of a running file, by the modules' names in the engine.
pub(super) type Counts = HashMap<String, Vec<u64>>;

/// The arrays of a context.
#[derive(JsLifetime)]
struct Arrays<'js> {
    by_module: RefCell<HashMap<String, Counters<'js>>>,
    kept: Cell<Instant>,
}

#[derive(JsLifetime)]
struct Counters<'js> {
    array: TypedArray<'js, u32>,
    length: u32,
}

/// The native module `husako:host/coverage`. Its one function makes the array of a module.
pub(super) struct CoverageModule;

impl ModuleDef for CoverageModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        declare.declare("make")?;
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("make", Func::from(make))?;
        Ok(())
    }
}

/// Declares the module that holds the counters of the module `of`, with the name `name`.
pub(super) fn declare<'js>(
    ctx: &Ctx<'js>,
    running: &Running,
    name: &str,
    of: &str,
) -> Result<Module<'js, Declared>> {
    let length = running.with_points(of, <[Point]>::len).unwrap_or_default();
    let quoted = serde_json::Value::from(of);
    let code = format!(
        "import {{ make }} from \"husako:host/coverage\";\nexport const {COUNTS} = make({quoted}, {length});\n"
    );
    Module::declare(ctx.clone(), name, code)
}

fn make<'js>(ctx: Ctx<'js>, module: String, length: u32) -> Result<TypedArray<'js, u32>> {
    let array = TypedArray::new_copy(ctx.clone(), vec![0_u32; length as usize])?;
    if ctx.userdata::<Arrays<'js>>().is_none() {
        let arrays = Arrays { by_module: RefCell::default(), kept: Cell::new(Instant::now()) };
        let stored = ctx.store_userdata(arrays);
        stored.map_err(|_| Exception::throw_internal(&ctx, "the counters cannot be kept"))?;
    }
    if let Some(arrays) = ctx.userdata::<Arrays<'js>>() {
        arrays.by_module.borrow_mut().insert(module, Counters { array: array.clone(), length });
    }
    Ok(array)
}

/// Keeps the counts of a file that still runs, now and then.
pub(super) fn keep(ctx: &Ctx<'_>) {
    if let Some(arrays) = ctx.userdata::<Arrays<'_>>()
        && arrays.kept.get().elapsed() >= KEEP_EVERY
    {
        read(ctx, &arrays);
        arrays.kept.set(Instant::now());
    }
}

/// Keeps the counts of a file that has come to its end.
pub(super) fn finish(ctx: &Ctx<'_>) {
    if let Some(arrays) = ctx.userdata::<Arrays<'_>>() {
        read(ctx, &arrays);
    }
}

/// Lets go of the arrays of a file.
pub(super) fn forget(ctx: &Ctx<'_>) {
    // Nothing runs that could use them.
    let _ = ctx.remove_userdata::<Arrays<'_>>();
}

fn read(ctx: &Ctx<'_>, arrays: &Arrays<'_>) {
    let by_module = arrays.by_module.borrow();
    let counts = by_module.iter().map(|(module, counters)| {
        // Element by element: `length` is a getter that user code can replace, elements are not.
        let element = |index| counters.array.as_object().get::<u32, f64>(index).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are u32")]
        let counts = (0..counters.length).map(|index| element(index) as u64).collect();
        (module.clone(), counts)
    });
    let counts: Counts = counts.collect();
    if let Ok(session) = session(ctx) {
        *session.counts() = counts;
    }
}

impl Running {
    /// Adds what the file has counted to what is counted in the run, where that is asked for.
    pub(super) fn count(&self) {
        let Some(collector) = self.job.modules.collector().filter(|_| !self.job.is_again) else { return };
        let counts = std::mem::take(&mut *self.session.counts());
        for (module, counts) in counts {
            self.with_points(&module, |points| {
                collector.add(&RelPath::new(&module).unwrap_or_default(), points, &counts);
            });
        }
    }

    /// Does something with what is counted in a module, when it has counters.
    fn with_points<T>(&self, module: &str, with: impl FnOnce(&[Point]) -> T) -> Option<T> {
        match self.main.get().filter(|main| main.path.as_str() == module) {
            Some(main) => main.compiled.points.as_deref().map(with),
            None => self.job.modules.loaded(module)?.compiled.points.as_deref().map(with),
        }
    }
}
