//! What the benchmarks measure. Not part of the interface.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use crate::cache::{Cache, Digest, Use};
use crate::change::{EntryName, Revision};
use crate::compile::{self, Map};
use crate::diff::{self, RenderedEntry};
use crate::discover::{Found, Request, discover};
use crate::engine::{self, CaseListener, DEFAULT_STACK_BYTES, ImportRules, Job, Limits, MaxFail, Modules};
use crate::event::{CaseStatus, Counts, Event};
use crate::fetch::Resolved;
use crate::runner::{self, Base, Plan, Planned, RunOptions, Urgency, plan_beside, render, validate_file};
use crate::schema::module::Names;
use crate::schema::{Schemas, crd, kubernetes::Release};
use crate::timings::{self, Phase};
use crate::tree::{MemoryTree, RelPath, SourceTree, WorkTree};
use crate::yaml;

/// Does `work` on a thread like those that files run on, which has the stack that the compiler and the readers of schemas
/// need. All else in this module is to be called there.
pub fn on_a_thread(work: impl FnOnce() + Send + 'static) {
    let runtime = engine::runtime().expect("threads can be started");
    runtime.block_on(runtime.spawn_blocking(work)).expect("the benchmarks do not panic");
}

/// Compiles the TypeScript of a test file, with a source map; returns the size of its JavaScript in bytes.
pub fn compile(source: &str) -> usize {
    let path = RelPath::new("main.ts").unwrap_or_default();
    compile::compile(&path, source, Map::Yes).map_or(0, |compiled| compiled.code.len())
}

/// Generates all modules of the newest Kubernetes, and of the CRDs in `definitions` (YAML), which are read first; returns the
/// size of their JavaScript in bytes.
pub fn generate(definitions: &[String]) -> usize {
    let path = RelPath::new("crd.yaml").unwrap_or_default();
    let crds = definitions.iter().flat_map(|text| crd::parse(&path, text).0).collect();
    let schemas = Schemas::new(Release::newest(), crds, Vec::new());
    let modules =
        schemas.module_names().filter_map(|name| Some(schemas.module(&name)?.source(Names::All).len()));
    modules.sum()
}

/// A phase of a file's run that is measured inside of it.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// Linking and evaluating its modules, in a runtime that has loaded the SDK.
    Load,
    /// Running its cases.
    Execute,
}

/// The files of a repository.
pub struct Repository(Arc<dyn SourceTree>);

impl Repository {
    /// Holds `files`, paths and texts, in memory.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Repository {
        Repository(Arc::new(MemoryTree::new(files)))
    }

    /// Those in a folder.
    pub fn at(folder: &Path) -> Repository {
        Repository(Arc::new(WorkTree::new(folder).expect("the folder can be read")))
    }

    fn modules(&self) -> Arc<Modules> {
        Arc::new(Modules::new(Arc::clone(&self.0), DEFAULT_STACK_BYTES))
    }

    fn found(&self) -> Found {
        discover(&*self.0, &Request::default(), &compile::specifiers)
    }

    /// Everything that is found, planned.
    fn plan(&self, other: Option<&Plan>) -> Plan {
        plan_beside(&Resolved::local(Arc::clone(&self.0)), &self.found(), ImportRules::default(), other)
    }

    /// Looks for tests and entries; returns how many there are.
    pub fn discover(&self) -> usize {
        let found = self.found();
        found.tests.len() + found.entries.len()
    }

    /// Compiles a module to bytecode; returns whether that is possible.
    pub fn bytecode(&self, path: &str) -> bool {
        self.modules().bytecode(None, path).is_ok()
    }

    /// A test or entry, whose imports are compiled only once.
    pub fn file(&self, path: &str) -> File {
        let planned = self.plan(None).files.into_iter().find(|planned| planned.path.as_str() == path);
        File { planned: planned.expect("the file is a test or an entry"), modules: self.modules() }
    }

    /// Runs all tests and entries, as many files at a time as the program does; returns how many cases passed.
    pub fn run(&self) -> usize {
        run(self.options(self.plan(None))).0.passed
    }

    /// Does the same with results of earlier runs, which are kept in `folder`; returns how many files had one.
    pub fn run_cached(&self, folder: &Path) -> usize {
        let uses = Use { read: true, write: true, check: false };
        let cache = Cache::open(folder, Arc::clone(&self.0), &Digest::of(["benchmarks"]), uses);
        let cache = Arc::new(cache.expect("the folder can be written"));
        let mut options = self.options(self.plan(None));
        options.modules = Arc::new(options.modules.after(|_| false).that_remember());
        options.cache = Some(Arc::clone(&cache));
        let (counts, _) = run(options);
        cache.finish();
        counts.files_cached
    }

    /// Runs all, and compares what is rendered with `base`; returns how many resources differ.
    pub fn run_and_diff(&self, base: &Repository) -> usize {
        let plan = self.plan(None);
        let entries = base.plan(Some(&plan)).files;
        let mut options = self.options(plan);
        options.base = Some(Base {
            revision: revision(),
            entries,
            modules: Arc::new(Modules::beside(&options.modules, Arc::clone(&base.0))),
            said: Vec::new(),
            notes: Vec::new(),
        });
        let (_, events) = run(options);
        let diffs = events.iter().filter_map(|event| match event {
            Event::DiffFinished(diff) => Some(diff.resources.len()),
            _ => None,
        });
        diffs.sum()
    }

    fn options(&self, plan: Plan) -> RunOptions {
        RunOptions {
            files: plan.files,
            modules: self.modules(),
            limits: Limits::default(),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            filter: None,
            fail_fast: false,
            max_fail: None,
            check_determinism: false,
            keep_documents: false,
            base: None,
            cache: None,
            checks: Vec::new(),
            warnings: Vec::new(),
            shard: None,
        }
    }

    /// What all entries render.
    pub fn rendered(&self) -> Rendered {
        let (plan, modules) = (self.plan(None), self.modules());
        let entries = plan.files.into_iter().map(|planned| {
            let file = File { planned, modules: Arc::clone(&modules) };
            let documents = Handle::current().block_on(render(file.job(), std::future::pending()));
            let Planned { path, project, ci, .. } = file.planned;
            RenderedEntry {
                name: EntryName { path: path.to_string(), aliases: Vec::new() },
                project: project.root.to_string(),
                schemas: Arc::clone(&project.schemas),
                ci,
                documents: documents.map(|built| Arc::new(built.documents)).map_err(|_| "broken".to_owned()),
            }
        });
        Rendered(entries.collect())
    }
}

/// A test or entry, and the modules of its process.
pub struct File {
    planned: Planned,
    modules: Arc<Modules>,
}

impl File {
    fn job(&self) -> Job {
        Job {
            path: self.planned.path.clone(),
            source: None,
            project: Arc::clone(&self.planned.project),
            modules: Arc::clone(&self.modules),
            limits: Limits::default(),
            filter: None,
            services: None,
            max_fail: MaxFail::default(),
            on_case: CaseListener::new(|_| ()),
            is_again: false,
        }
    }

    /// Runs it as a test; returns how long a part of that took.
    pub fn time(&self, part: Part) -> Duration {
        let spent = || {
            timings::spent(match part {
                Part::Load => Phase::Load,
                Part::Execute => Phase::Execute,
            })
        };
        let before = spent();
        let result = Handle::current().block_on(engine::run_file(self.job(), std::future::pending()));
        assert!(result.cases.iter().all(|case| case.status == CaseStatus::Passed), "{result:?}");
        spent().saturating_sub(before)
    }

    /// Renders it as an entry; returns how many resources it builds.
    pub fn render(&self) -> usize {
        let built = Handle::current().block_on(render(self.job(), std::future::pending()));
        built.map_or(0, |built| built.documents.len())
    }

    /// Renders it as an entry and judges its resources; returns how many cases passed.
    pub fn validate(&self) -> usize {
        let validated = validate_file(&self.planned, self.job(), false, std::future::pending::<()>);
        let result = Handle::current().block_on(validated);
        result.cases.iter().filter(|case| case.status == CaseStatus::Passed).count()
    }
}

/// The resources of all entries.
pub struct Rendered(Vec<RenderedEntry>);

impl Rendered {
    /// Writes them as YAML; returns its size in bytes.
    pub fn emit(&self) -> usize {
        self.0.iter().flat_map(|entry| &entry.documents).map(|documents| yaml::write(documents).len()).sum()
    }

    /// Compares them with those of a base; returns how many differ.
    pub fn diff(&self, base: &Rendered) -> usize {
        diff::compare(revision(), &base.0, &self.0, &[]).resources.len()
    }
}

/// What became of a run, and what was told of it.
fn run(options: RunOptions) -> (Counts, Vec<Event>) {
    let (events, mut told) = mpsc::unbounded_channel();
    let (_ask, urgency) = watch::channel(Urgency::None);
    let counts = Handle::current().block_on(runner::run(options, events, urgency));
    (counts, std::iter::from_fn(|| told.try_recv().ok()).collect())
}

fn revision() -> Revision {
    Revision { name: "base".to_owned(), commit: "0".repeat(40) }
}
