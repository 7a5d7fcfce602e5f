//! The entries of the base: rendered where they may differ, and compared with those of the head.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::entry::render;
use super::{Planned, RunOptions, Urgency, until_now};
use crate::change::{Diff, EntryName, Revision};
use crate::diff::{self, RenderedEntry, Said};
use crate::engine::{CaseListener, Job, MaxFail, Modules, Sameness};
use crate::event::{Failure, FileKind, FileResult};
use crate::tree::RelPath;

/// What the resources of a run are compared with.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// What it is called.
    pub(crate) revision: Revision,
    /// Its entries.
    pub(crate) entries: Vec<Planned>,
    /// Its modules; those of the head are beside them.
    pub(crate) modules: Arc<Modules>,
    /// What the projects say whose entries are in another part of the run, on both sides.
    pub(crate) said: Vec<Said>,
    /// What there is to know of it, in words for a person.
    pub(crate) notes: Vec<String>,
}

/// What an entry renders, or the first thing that kept it from it.
type Documents = Result<Arc<Vec<Value>>, String>;

/// Renders the entries of the base, and compares. `rendered` is what became of the entries of the head.
///
/// `None`: the run is to end, and nothing can be said.
pub(super) async fn compare(
    base: &Base,
    options: &RunOptions,
    rendered: Vec<Arc<FileResult>>,
    urgency: watch::Receiver<Urgency>,
) -> Option<Diff> {
    let mut results: HashMap<RelPath, Documents> =
        rendered.iter().map(|file| (file.path.clone(), documents_of(file))).collect();
    let entries = options.files.iter().filter(|file| matches!(file.kind, FileKind::Entry { .. }));
    let head: Vec<RenderedEntry> =
        entries.filter_map(|entry| Some(rendered_entry(entry, results.get(&entry.path)?.clone()))).collect();

    // What is bound to be the same is not rendered again.
    let planned: HashMap<&RelPath, &Planned> = options.files.iter().map(|file| (&file.path, file)).collect();
    let mut sameness = Sameness::new(&options.modules, &base.modules);
    let mut is_same = |entry: &Planned| {
        planned
            .get(&entry.path)
            .is_some_and(|on_head| sameness.of(&entry.path, &on_head.project, &entry.project))
    };
    let (same, differing): (Vec<&Planned>, Vec<&Planned>) =
        base.entries.iter().partition(|entry| results.contains_key(&entry.path) && is_same(entry));
    results.retain(|path, _| same.iter().any(|entry| entry.path == *path));
    results.extend(render_all(base, options, differing, urgency).await?);
    let before: Vec<RenderedEntry> = base
        .entries
        .iter()
        .filter_map(|entry| Some(rendered_entry(entry, results.remove(&entry.path)?)))
        .collect();

    let (revision, notes, said) = (base.revision.clone(), base.notes.clone(), base.said.clone());
    let comparing = tokio::task::spawn_blocking(move || diff::compare(revision, &before, &head, &said));
    let mut diff = comparing.await.ok()?;
    diff.notes.splice(0..0, notes);
    Some(diff)
}

/// Renders entries of the base, as many at a time as files run.
async fn render_all(
    base: &Base,
    options: &RunOptions,
    entries: Vec<&Planned>,
    urgency: watch::Receiver<Urgency>,
) -> Option<Vec<(RelPath, Documents)>> {
    let permits = Arc::new(Semaphore::new(options.jobs));
    let mut running = JoinSet::new();
    for entry in entries {
        let job = Job {
            path: entry.path.clone(),
            source: None,
            project: Arc::clone(&entry.project),
            modules: Arc::clone(&base.modules),
            limits: options.limits.clone(),
            filter: None,
            services: None,
            max_fail: MaxFail::default(),
            on_case: CaseListener::new(|_| ()),
            is_again: false,
        };
        let (permits, urgency) = (Arc::clone(&permits), urgency.clone());
        running.spawn(async move {
            // Nobody closes the semaphore.
            let _permit = permits.acquire_owned().await.ok();
            let path = job.path.clone();
            let built = render(job, until_now(urgency)).await;
            let documents = built.map(|built| Arc::new(built.documents));
            (path, documents.map_err(|broken| reason(&broken.failures)))
        });
    }
    let mut rendered = Vec::new();
    while let Some(finished) = running.join_next().await {
        rendered.push(finished.ok()?);
        if *urgency.borrow() > Urgency::None {
            return None;
        }
    }
    Some(rendered)
}

fn documents_of(file: &FileResult) -> Documents {
    match &file.documents {
        Some(documents) => Ok(Arc::clone(documents)),
        None => Err(file
            .cases
            .iter()
            .find(|case| !case.failures.is_empty())
            .map_or_else(|| "it did not run".to_owned(), |case| reason(&case.failures))),
    }
}

/// The first of several failures, with its place.
fn reason(failures: &[Failure]) -> String {
    failures.first().map_or_else(String::new, |failure| match &failure.place {
        Some(place) => format!("{place}: {}", failure.message),
        None => failure.message.clone(),
    })
}

fn rendered_entry(entry: &Planned, documents: Documents) -> RenderedEntry {
    let aliases = match &entry.kind {
        FileKind::Entry { aliases } => aliases.clone(),
        FileKind::Tests | FileKind::Types => Vec::new(),
    };
    RenderedEntry {
        name: EntryName { path: entry.path.to_string(), aliases },
        project: entry.project.root.to_string(),
        schemas: Arc::clone(&entry.project.schemas),
        ci: Arc::clone(&entry.ci),
        documents,
    }
}
