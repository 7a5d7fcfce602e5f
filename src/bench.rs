//! What the benchmarks measure. Not part of the interface.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::compile::{self, Map};
use crate::discover::{Request, discover};
use crate::engine::{self, CaseListener, DEFAULT_STACK_BYTES, Job, Limits, Modules, ProjectModules};
use crate::runner::{RunOptions, Urgency, plan, run_tests};
use crate::tree::{MemoryTree, RelPath};

/// Compiles a TypeScript module without a source map; returns the size of its JavaScript in bytes.
pub fn compile(source: &str) -> usize {
    let path = RelPath::new("main.ts").unwrap_or_default();
    compile::compile(&path, source, Map::No).map_or(0, |compiled| compiled.code.len())
}

/// The runtime that the program uses.
pub fn runtime() -> tokio::runtime::Runtime {
    engine::runtime().expect("threads can be started")
}

/// A repository in memory.
pub struct Repository(Arc<MemoryTree>);

impl Repository {
    /// Holds `files`: paths and texts.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Repository {
        Repository(Arc::new(MemoryTree::new(files)))
    }

    fn modules(&self) -> Arc<Modules> {
        Arc::new(Modules::new(self.0.clone(), DEFAULT_STACK_BYTES))
    }

    /// Executes an entry as the first of its process' modules; returns how many resources it built.
    pub async fn execute(&self, entry: &str) -> usize {
        let job = Job {
            path: RelPath::new(entry).unwrap_or_default(),
            source: None,
            project: Arc::new(ProjectModules::default()),
            modules: self.modules(),
            limits: Limits::default(),
            filter: None,
            on_case: CaseListener::new(|_| ()),
        };
        engine::execute(job).await.ok().and_then(|built| built.as_array().map(Vec::len)).unwrap_or_default()
    }

    /// Finds and runs all tests, `jobs` files at a time; returns how many cases passed.
    pub async fn run_tests(&self, jobs: usize) -> usize {
        let found = discover(&*self.0, &Request::default(), &compile::specifiers);
        let (files, _) = plan(&*self.0, &found, false);
        let options = RunOptions {
            files,
            modules: self.modules(),
            limits: Limits::default(),
            jobs,
            filter: None,
            fail_fast: false,
            warnings: Vec::new(),
        };
        // Nobody receives the events: the reports are not what is measured.
        let (events, _) = mpsc::unbounded_channel();
        let (_ask, urgency) = watch::channel(Urgency::None);
        run_tests(options, events, urgency).await.passed
    }
}
