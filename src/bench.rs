//! What the benchmarks measure. Not part of the interface.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::change::Revision;
use crate::compile::{self, Map};
use crate::discover::{Request, discover};
use crate::engine::{self, CaseListener, DEFAULT_STACK_BYTES, ImportRules, Job, Limits, MaxFail, Modules};
use crate::event::{CaseStatus, Event};
use crate::runner::{self, Base, Plan, Planned, RunOptions, Urgency, plan_beside, render, validate_file};
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

    /// Everything that is found, planned.
    fn plan(&self, other: Option<&Plan>) -> Plan {
        let found = discover(&*self.0, &Request::default(), &compile::specifiers);
        plan_beside(&*self.0, &found, ImportRules::default(), other)
    }

    fn planned(&self) -> Vec<Planned> {
        self.plan(None).files
    }

    /// An entry of the plan, as the first of its process' modules.
    fn entry(&self, path: &str) -> (Planned, Job) {
        let planned = self.planned().into_iter().find(|planned| planned.path.as_str() == path);
        let planned = planned.expect("the entry is found");
        let job = Job {
            path: planned.path.clone(),
            source: None,
            project: Arc::clone(&planned.project),
            modules: self.modules(),
            limits: Limits::default(),
            filter: None,
            services: None,
            max_fail: MaxFail::default(),
            on_case: CaseListener::new(|_| ()),
            is_again: false,
        };
        (planned, job)
    }

    /// Renders an entry; returns how many resources it built.
    pub async fn render(&self, path: &str) -> usize {
        let (_, job) = self.entry(path);
        render(job, std::future::pending()).await.map_or(0, |built| built.documents.len())
    }

    /// Renders an entry and judges its resources; returns how many cases passed.
    pub async fn validate_file(&self, path: &str) -> usize {
        let (planned, job) = self.entry(path);
        let result = validate_file(&planned, job, false, std::future::pending::<()>).await;
        result.cases.iter().filter(|case| case.status == CaseStatus::Passed).count()
    }

    /// Runs all tests and entries, `jobs` files at a time; returns how many cases passed.
    pub async fn run(&self, jobs: usize) -> usize {
        // Nobody receives the events: the reports are not what is measured.
        let (events, _) = mpsc::unbounded_channel();
        let (_ask, urgency) = watch::channel(Urgency::None);
        let options = self.options(self.plan(None), self.modules(), jobs, None);
        runner::run(options, events, urgency).await.passed
    }

    /// Runs all, and compares with `base`; returns how many resources differ.
    pub async fn diff(&self, base: &Repository, jobs: usize) -> usize {
        let (plan, modules) = (self.plan(None), self.modules());
        let base = Base {
            revision: Revision { name: "base".to_owned(), commit: "0".repeat(40) },
            entries: base.plan(Some(&plan)).files,
            modules: Arc::new(Modules::beside(&modules, base.0.clone())),
            said: Vec::new(),
            notes: Vec::new(),
        };
        let (events, mut received) = mpsc::unbounded_channel();
        let (_ask, urgency) = watch::channel(Urgency::None);
        runner::run(self.options(plan, modules, jobs, Some(base)), events, urgency).await;
        let mut differing = 0;
        while let Some(event) = received.recv().await {
            if let Event::DiffFinished(diff) = event {
                differing = diff.resources.len();
            }
        }
        differing
    }

    fn options(&self, plan: Plan, modules: Arc<Modules>, jobs: usize, base: Option<Base>) -> RunOptions {
        RunOptions {
            files: plan.files,
            modules,
            limits: Limits::default(),
            jobs,
            filter: None,
            fail_fast: false,
            max_fail: None,
            check_determinism: false,
            keep_documents: false,
            base,
            cache: None,
            warnings: Vec::new(),
            shard: None,
        }
    }
}
