//! Each folder of `fixtures/changes` is a change: what the base and the head render, and what a reviewer is to read.
//!
//! `before.yaml` and `after.yaml` hold documents. Comments at the start of a line say more: `# entry: path (alias)` begins
//! an entry, `# fails: message` is one that cannot be rendered, `# redact: place` is in `[ci]` of that side, and
//! `# secret: text` must not be told anywhere. `crds.yaml` has the definitions of custom resources.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

use super::{ci, diff};
use crate::change::{ChangeKind, Diff, Edit, EntryName, FieldChange};
use crate::diff::RenderedEntry;
use crate::schema::kubernetes::Release;
use crate::schema::{Schemas, crd};
use crate::tree::RelPath;

/// The entries of a side, and what must not be told of it.
fn side(text: &str, schemas: &Arc<Schemas>) -> (Vec<RenderedEntry>, Vec<String>) {
    let mut entries: Vec<(EntryName, String, Option<String>)> = Vec::new();
    let (mut secrets, mut redact) = (Vec::new(), Vec::new());
    let name = |path: &str, alias: Option<&str>| EntryName {
        path: path.to_owned(),
        aliases: alias.map(str::to_owned).into_iter().collect(),
    };
    for line in text.lines() {
        if let Some(entry) = line.strip_prefix("# entry: ") {
            let (path, alias) =
                entry.split_once(" (").map_or((entry, None), |(path, rest)| (path, rest.strip_suffix(')')));
            entries.push((name(path, alias), String::new(), None));
        } else if let Some(secret) = line.strip_prefix("# secret: ") {
            secrets.push(secret.to_owned());
        } else if let Some(place) = line.strip_prefix("# redact: ") {
            redact.push(place);
        } else if let Some(message) = line.strip_prefix("# fails: ") {
            entries.last_mut().unwrap().2 = Some(message.to_owned());
        } else {
            if entries.is_empty() {
                entries.push((name("app.ts", None), String::new(), None));
            }
            writeln!(entries.last_mut().unwrap().1, "{line}").unwrap();
        }
    }
    let ci = ci(&format!("redact = {redact:?}"));
    let rendered = |(name, text, error): (EntryName, String, Option<String>)| {
        let documents = serde_yaml_ng::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).unwrap());
        RenderedEntry {
            name,
            project: String::new(),
            schemas: Arc::clone(schemas),
            ci: Arc::clone(&ci),
            documents: error.map_or_else(|| Ok(Arc::new(documents.collect())), Err),
        }
    };
    (entries.into_iter().map(rendered).collect(), secrets)
}

fn field(out: &mut String, change: &FieldChange) {
    write!(out, "  {}: ", change.path).unwrap();
    match &change.edit {
        Edit::Added(value) => write!(out, "+ {}", sorted(value)).unwrap(),
        Edit::Removed(value) => write!(out, "- {}", sorted(value)).unwrap(),
        Edit::Changed { before, after } => write!(out, "{} → {}", sorted(before), sorted(after)).unwrap(),
        Edit::Reordered => out.push_str("reordered"),
    }
    match change.group {
        Some(group) => writeln!(out, " (group {group})").unwrap(),
        None => out.push('\n'),
    }
}

fn sorted(value: &Value) -> String {
    let mut text = String::new();
    crate::diff::value::canonical(value, &mut text);
    text
}

/// The diff as a person would write it down.
fn told(diff: &Diff) -> String {
    let mut out = String::new();
    let has_entries = diff.entries.len() > 1;
    let within = |entry: &EntryName| if has_entries { format!(" in {}", entry.path) } else { String::new() };
    for change in &diff.resources {
        let kind = match change.kind {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
            ChangeKind::Renamed => "renamed",
            ChangeKind::Moved => "moved",
        };
        write!(out, "{kind} {}{}", change.identity, within(&change.entry)).unwrap();
        if let Some(before) = &change.before {
            write!(out, ", was {before}").unwrap();
        }
        if let Some(before) = &change.entry_before {
            write!(out, ", from {}", before.path).unwrap();
        }
        out.push('\n');
        change.fields.iter().for_each(|change| field(&mut out, change));
    }
    let counts = |counts: &crate::change::ChangeCounts| {
        let all = [
            (counts.added, "added"),
            (counts.removed, "removed"),
            (counts.changed, "changed"),
            (counts.renamed, "renamed"),
            (counts.moved, "moved"),
            (counts.unchanged, "unchanged"),
        ];
        let told: Vec<String> = all
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        told.join(", ")
    };
    writeln!(out, "counts: {}", counts(&diff.counts)).unwrap();
    for entry in &diff.entries {
        if let Some(before) = &entry.before {
            writeln!(out, "entry {}, was {}", entry.entry.path, before.path).unwrap();
        }
    }
    for entry in diff.entries.iter().filter(|entry| has_entries && !counts(&entry.counts).is_empty()) {
        writeln!(out, "counts of {}: {}", entry.entry.path, counts(&entry.counts)).unwrap();
    }
    for group in &diff.groups {
        writeln!(out, "group of {}", group.resources.len()).unwrap();
        group.changes.iter().for_each(|change| field(&mut out, change));
    }
    for duplicate in &diff.duplicates {
        let entries: Vec<&str> = duplicate.entries.iter().map(|entry| entry.path.as_str()).collect();
        let new = if duplicate.is_new { " (new)" } else { "" };
        writeln!(out, "duplicate {} in {}{new}", duplicate.identity, entries.join(", ")).unwrap();
    }
    for failed in &diff.failed {
        let (entry, side) = (&failed.entry.path, failed.side);
        writeln!(out, "failed {entry} on {side:?}, {} not compared: {}", failed.not_compared, failed.message)
            .unwrap();
    }
    diff.notes.iter().for_each(|note| writeln!(out, "note: {note}").unwrap());
    out
}

#[test]
fn changes_are_told_as_a_reviewer_would() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/changes");
    let mut names: Vec<_> = fs::read_dir(&root).unwrap().map(|child| child.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() >= 30);
    let mut wrong = String::new();
    for name in names {
        let folder = root.join(&name);
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_default();
        let (crds, diagnostics) = crd::parse(&RelPath::new("crds.yaml").unwrap(), &read("crds.yaml"));
        assert_eq!(diagnostics, []);
        let schemas = Arc::new(Schemas::new(Release::newest(), crds, Vec::new()));
        let (before, mut secrets) = side(&read("before.yaml"), &schemas);
        let (after, more) = side(&read("after.yaml"), &schemas);
        secrets.extend(more);
        let diff = diff(&before, &after);
        let told = told(&diff);
        if told != read("expected.txt") {
            write!(wrong, "=== {name:?}: expected\n{}--- but\n{told}", read("expected.txt")).unwrap();
        }
        let all = format!("{}{diff:?}", serde_json::to_string(&diff).unwrap());
        for secret in secrets.iter().filter(|secret| all.contains(secret.as_str())) {
            writeln!(wrong, "=== {name:?} tells {secret}: {diff:#?}").unwrap();
        }
        let again: Diff = serde_json::from_str(&serde_json::to_string(&diff).unwrap()).unwrap();
        assert_eq!(again, diff, "as JSON");
    }
    assert!(wrong.is_empty(), "{wrong}");
}
