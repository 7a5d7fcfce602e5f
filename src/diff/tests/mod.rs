//! Changes with a known right answer, properties, and what must never be shown.

mod changes;
mod join;
mod pairing;
mod properties;
mod secrets;
mod speed;

use std::sync::Arc;

use serde_json::Value;

use super::{RenderedEntry, Said, compare};
use crate::change::{Diff, EntryName, Revision};
use crate::config::{Ci, Config};
use crate::schema::Schemas;
use crate::tree::RelPath;

/// An entry of the project at the root.
fn entry(path: &str, documents: Vec<Value>) -> RenderedEntry {
    RenderedEntry {
        name: EntryName { path: path.to_owned(), aliases: Vec::new() },
        project: String::new(),
        schemas: Arc::new(Schemas::default()),
        ci: Arc::new(Ci::default()),
        documents: Ok(Arc::new(documents)),
    }
}

/// `[ci]` as it is written.
fn ci(text: &str) -> Arc<Ci> {
    let (config, diagnostics) =
        Config::parse(&RelPath::new("husako.toml").unwrap(), &format!("[ci]\n{text}"));
    assert_eq!(diagnostics, []);
    Arc::new(config.unwrap().ci)
}

fn diff(before: &[RenderedEntry], after: &[RenderedEntry]) -> Diff {
    diff_beside(before, after, &[])
}

/// The same, where other parts of the run say this for their projects.
fn diff_beside(before: &[RenderedEntry], after: &[RenderedEntry], said: &[Said]) -> Diff {
    let base = Revision { name: "origin/main".to_owned(), commit: "0123".to_owned() };
    let diff = compare(base, before, after, said);
    check(&diff);
    diff
}

/// What holds for every diff.
fn check(diff: &Diff) {
    for (at, resource) in diff.resources.iter().enumerate() {
        for field in &resource.fields {
            let Some(group) = field.group else { continue };
            let group = &diff.groups[group];
            assert!(group.resources.contains(&at));
            assert!(
                group.changes.iter().any(|change| change.path == field.path && change.edit == field.edit)
            );
        }
    }
    for group in &diff.groups {
        assert!(group.resources.len() >= 2 && !group.changes.is_empty());
    }
    let differing: usize = diff.entries.iter().map(|entry| entry.counts.differing()).sum();
    assert_eq!(differing, diff.resources.len());
    assert_eq!(diff.counts.differing(), diff.resources.len());
}

/// One entry on both sides.
fn diff_documents(before: Vec<Value>, after: Vec<Value>) -> Diff {
    diff(&[entry("app.ts", before)], &[entry("app.ts", after)])
}
