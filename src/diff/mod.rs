//! What differs between the rendered resources of two revisions: paired, compared by field, judged, and with everything
//! secret taken out.
//!
//! `entries` and `pair` say what is to be compared, `compare` how it differs, with `lists` for the items of lists.
//! `redact` decides what is secret; nothing leaves `compare` that is.

mod compare;
mod dangers;
mod entries;
mod group;
mod join;
mod judge;
mod likeness;
mod lists;
mod pair;
mod redact;
mod sensitive;
mod summary;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::change::{
    ChangeCounts, ChangeKind, Diff, EntryChange, EntryName, EntryState, FailedEntry, ResourceChange,
    Revision, Side,
};
use crate::config::{Ci, Redact};
use crate::schema::Schemas;
use crate::schema::types::Type;
use crate::yaml;
use compare::{Compared, Masked};
use dangers::Subject;
use entries::Entry;
use judge::Dangers;
use pair::{Pairs, Resource};
use redact::{Mask, shown};

pub(crate) use join::join;
pub(crate) use redact::{Secrets, secrets_of, secrets_of_all};

/// An entry of one revision, rendered.
#[derive(Debug, Clone)]
pub(crate) struct RenderedEntry {
    /// What it is called.
    pub(crate) name: EntryName,
    /// The folder of its project, from the repository root.
    pub(crate) project: String,
    /// What its project is judged by, on this revision.
    pub(crate) schemas: Arc<Schemas>,
    /// The `[ci]` of its project, on this revision: levels of rules, and what is to be redacted.
    pub(crate) ci: Arc<Ci>,
    /// Its resources in order, or the first thing that kept it from being rendered, with its place.
    pub(crate) documents: Result<Arc<Vec<Value>>, String>,
}

/// What the `[ci]` of a project says, on one of the revisions: the project as [`RenderedEntry::project`] has it, and that.
pub(crate) type Said = (String, Arc<Ci>);

/// Compares what two revisions render. Each side's entries are in the order of their paths.
///
/// `said` is what else is said for the projects of these entries, on either side: where the run is one of several parts,
/// what a project says may be known from an entry of another part only.
pub(crate) fn compare(
    base: Revision,
    before: &[RenderedEntry],
    after: &[RenderedEntry],
    said: &[Said],
) -> Diff {
    let entries = entries::pair(before, after);
    let old = resources(before, &entries, |entry| (entry.before, entry.after), after);
    let new = resources(after, &entries, |entry| (entry.after, entry.before), before);
    let Pairs { partners, notes } = pair::pair(&old, &new);

    let mut comparison = Comparison {
        before,
        after,
        entries: &entries,
        projects: projects([before, after], said),
        policies: HashMap::new(),
        resources: Vec::new(),
        dangers: Dangers::default(),
        counts: vec![ChangeCounts::default(); entries.len()],
    };
    let mut not_compared = vec![0; entries.len()];
    let mut is_gone = vec![true; old.len()];
    partners.iter().flatten().for_each(|at| is_gone[*at] = false);
    let in_entry = |resources: &[Resource<'_>]| {
        let mut places = vec![Vec::new(); entries.len()];
        resources.iter().enumerate().for_each(|(at, resource)| places[resource.entry].push(at));
        places
    };
    for (old_at, new_at) in in_entry(&old).into_iter().zip(in_entry(&new)) {
        for at in new_at {
            match partners[at] {
                Some(partner) => comparison.both(&old[partner], &new[at]),
                None if new[at].is_alone => not_compared[new[at].entry] += 1,
                None => comparison.one(&new[at], Only::After),
            }
        }
        for at in old_at.into_iter().filter(|at| is_gone[*at]) {
            if old[at].is_alone {
                not_compared[old[at].entry] += 1;
            } else {
                comparison.one(&old[at], Only::Before);
            }
        }
    }

    let Comparison { mut resources, dangers, counts, .. } = comparison;
    let groups = group::group(&mut resources);
    let told = entries.iter().zip(&counts);
    Diff {
        base,
        failed: failed(before, after, &entries, &not_compared),
        notes: summary::differing_rules(before, after).into_iter().chain(notes).collect(),
        entries: told.filter_map(|(entry, counts)| entry_change(before, after, entry, *counts)).collect(),
        resources,
        groups,
        dangers: dangers.in_order(),
        duplicates: summary::duplicates(before, &old, after, &new, &entries),
        counts: summary::total(&counts),
        render_sha256: summary::render_sha256(after),
    }
}

/// The resources of one side. `sides` tells where an entry is on this side, and on the other.
fn resources<'v>(
    of: &'v [RenderedEntry],
    entries: &[Entry],
    sides: impl Fn(&Entry) -> (Option<usize>, Option<usize>),
    other: &[RenderedEntry],
) -> Vec<Resource<'v>> {
    let mut found = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let (here, there) = sides(entry);
        let Some((here, Ok(documents))) = here.map(|at| (&of[at], &of[at].documents)) else { continue };
        let is_alone = there.is_some_and(|at| other[at].documents.is_err());
        found.extend(documents.iter().flat_map(pair::expanded).map(|document| Resource {
            document,
            key: pair::Key::of(document),
            entry: number,
            path: &here.name.path,
            is_alone,
        }));
    }
    found
}

/// What each side says for its projects; the entries of a project have it in common.
fn projects<'e>(sides: [&'e [RenderedEntry]; 2], said: &'e [Said]) -> HashMap<&'e str, Vec<&'e Ci>> {
    let mut found: HashMap<&str, Vec<&Ci>> = HashMap::new();
    for side in sides {
        let mut seen = HashSet::new();
        for entry in side.iter().filter(|entry| seen.insert(entry.project.as_str())) {
            found.entry(&entry.project).or_default().push(&entry.ci);
        }
    }
    for (project, ci) in said {
        let known = found.entry(project.as_str()).or_default();
        if !known.contains(&&**ci) {
            known.push(ci);
        }
    }
    found
}

/// On which side a resource is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Only {
    Before,
    After,
}

/// What both sides' `[ci]` say of a resource.
#[derive(Clone, Default)]
struct Policy<'e> {
    cis: Vec<&'e Ci>,
    redact: Vec<&'e Redact>,
}

/// All that is found out, resource by resource.
struct Comparison<'e> {
    before: &'e [RenderedEntry],
    after: &'e [RenderedEntry],
    entries: &'e [Entry],
    /// What each side says for a project.
    projects: HashMap<&'e str, Vec<&'e Ci>>,
    /// By the entries of a resource, on the base and on the head.
    policies: HashMap<(usize, usize), Arc<Policy<'e>>>,
    resources: Vec<ResourceChange>,
    dangers: Dangers,
    counts: Vec<ChangeCounts>,
}

impl<'e> Comparison<'e> {
    fn entry_before(&self, entry: usize) -> Option<&'e RenderedEntry> {
        self.entries[entry].before.map(|at| &self.before[at])
    }

    fn entry_after(&self, entry: usize) -> Option<&'e RenderedEntry> {
        self.entries[entry].after.map(|at| &self.after[at])
    }

    /// What holds for a resource that went from one entry to another, or stayed: all that either side says for the projects
    /// of both. A change cannot take back a rule for itself, also not by moving a resource or its file.
    fn policy(&mut self, before: usize, after: usize) -> Arc<Policy<'e>> {
        if let Some(known) = self.policies.get(&(before, after)) {
            return Arc::clone(known);
        }
        let of_either = |entry| [self.entry_before(entry), self.entry_after(entry)];
        let mut projects: Vec<&str> = [before, after]
            .into_iter()
            .flat_map(of_either)
            .flatten()
            .map(|entry| entry.project.as_str())
            .collect();
        projects.sort_unstable();
        projects.dedup();
        let mut policy = Policy::default();
        for ci in projects.iter().flat_map(|project| self.projects.get(project)).flatten().copied() {
            policy.cis.push(ci);
            policy.redact.extend(ci.redact.iter().map(|place| &place.value));
        }
        let policy = Arc::new(policy);
        self.policies.insert((before, after), Arc::clone(&policy));
        policy
    }

    /// A resource that both sides have.
    fn both(&mut self, old: &Resource<'e>, new: &Resource<'e>) {
        let is_moved = old.entry != new.entry;
        let is_renamed = old.key != new.key;
        // What was rendered once for both sides need not be looked at.
        let is_same = std::ptr::eq(old.document, new.document) || value::same(old.document, new.document);
        let kind = match (is_renamed, is_same, is_moved) {
            (true, _, _) => ChangeKind::Renamed,
            (false, false, _) => ChangeKind::Changed,
            (false, true, true) => ChangeKind::Moved,
            (false, true, false) => {
                self.counts[new.entry].unchanged += 1;
                return;
            }
        };
        let (Some(old_entry), Some(new_entry)) = (self.entry_before(old.entry), self.entry_after(new.entry))
        else {
            return;
        };
        let policy = self.policy(old.entry, new.entry);
        let mask = |resource: &Resource<'_>| Mask::of(resource.document, &policy.redact);
        let (old_mask, new_mask) = (mask(old), mask(new));
        let of = Type::of((&old_entry.schemas, old.document), (&new_entry.schemas, new.document));
        let Compared { fields, before, after } = compare::compare(
            Masked { value: old.document, mask: old_mask.as_ref() },
            Masked { value: new.document, mask: new_mask.as_ref() },
            of,
        );
        let yaml = |document: &Value| yaml::write(std::slice::from_ref(document));
        let secrets = Secrets::new(new.document, new_mask).with(Secrets::new(old.document, old_mask));
        let (was, is) = (pair::identity(old.document), pair::identity(new.document));
        let number = self.resources.len();
        let subject = Subject {
            identity: &is,
            before: Some(old.document),
            after: Some(new.document),
            schemas: &new_entry.schemas,
        };
        if is_renamed {
            let goes = Subject { identity: &was, after: None, schemas: &old_entry.schemas, ..subject };
            self.dangers.judge(number, &goes, &policy.cis, &secrets);
            self.dangers.judge(number, &Subject { before: None, ..subject }, &policy.cis, &secrets);
        } else {
            self.dangers.judge(number, &subject, &policy.cis, &secrets);
        }
        self.counts[new.entry].count(kind);
        self.resources.push(ResourceChange {
            kind,
            identity: is,
            before: is_renamed.then_some(was),
            entry: new_entry.name.clone(),
            entry_before: is_moved.then(|| old_entry.name.clone()),
            fields,
            yaml_before: Some(yaml(before.as_ref().unwrap_or(old.document))),
            yaml_after: Some(yaml(after.as_ref().unwrap_or(new.document))),
        });
    }

    /// A resource that only one side has.
    fn one(&mut self, resource: &Resource<'e>, only: Only) {
        let found = match only {
            Only::Before => self.entry_before(resource.entry),
            Only::After => self.entry_after(resource.entry),
        };
        let Some(entry) = found else { return };
        let policy = self.policy(resource.entry, resource.entry);
        let document = resource.document;
        let mask = Mask::of(document, &policy.redact);
        let yaml = match &mask {
            Some(_) => yaml::write(&[shown(document, mask.as_ref())]),
            None => yaml::write(std::slice::from_ref(document)),
        };
        let identity = pair::identity(document);
        let (kind, before, after) = match only {
            Only::Before => (ChangeKind::Removed, Some(document), None),
            Only::After => (ChangeKind::Added, None, Some(document)),
        };
        let subject = Subject { identity: &identity, before, after, schemas: &entry.schemas };
        let secrets = Secrets::new(document, mask);
        self.dangers.judge(self.resources.len(), &subject, &policy.cis, &secrets);
        self.counts[resource.entry].count(kind);
        let (yaml_before, yaml_after) = match only {
            Only::Before => (Some(yaml), None),
            Only::After => (None, Some(yaml)),
        };
        self.resources.push(ResourceChange {
            kind,
            identity,
            before: None,
            entry: entry.name.clone(),
            entry_before: None,
            fields: Vec::new(),
            yaml_before,
            yaml_after,
        });
    }
}

fn failed(
    before: &[RenderedEntry],
    after: &[RenderedEntry],
    entries: &[Entry],
    not_compared: &[usize],
) -> Vec<FailedEntry> {
    let mut found = Vec::new();
    for (entry, not_compared) in entries.iter().zip(not_compared) {
        let (old, new) = (entry.before.map(|at| &before[at]), entry.after.map(|at| &after[at]));
        let Some(named) = new.or(old) else { continue };
        let error = |entry: Option<&RenderedEntry>| entry.and_then(|entry| entry.documents.clone().err());
        let (side, message) = match (error(old), error(new)) {
            (None, None) => continue,
            (Some(message), None) => (Side::Base, message),
            (None, Some(message)) => (Side::Head, message),
            (Some(_), Some(message)) => (Side::Both, message),
        };
        found.push(FailedEntry { entry: named.name.clone(), side, message, not_compared: *not_compared });
    }
    found
}

fn entry_change(
    before: &[RenderedEntry],
    after: &[RenderedEntry],
    entry: &Entry,
    counts: ChangeCounts,
) -> Option<EntryChange> {
    let (old, new) = (entry.before.map(|at| &before[at].name), entry.after.map(|at| &after[at].name));
    let (name, state) = match (old, new) {
        (Some(_), Some(new)) => (new, EntryState::Kept),
        (None, Some(new)) => (new, EntryState::Added),
        (Some(old), None) => (old, EntryState::Removed),
        (None, None) => return None,
    };
    let before = old.filter(|old| old.path != name.path).cloned();
    Some(EntryChange { entry: name.clone(), before, state, counts })
}
