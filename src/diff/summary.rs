//! What is told of two revisions as a whole.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::RenderedEntry;
use super::entries::Entry;
use super::pair::{Key, Resource, identity};
use super::value::canonical;
use crate::change::{ChangeCounts, Duplicate};
use crate::config::Redact;
use crate::rule::Rule;

/// The counts of all entries together.
pub(super) fn total(counts: &[ChangeCounts]) -> ChangeCounts {
    counts.iter().fold(ChangeCounts::default(), |sum, counts| {
        let ChangeCounts { added, removed, changed, renamed, moved, unchanged } = *counts;
        ChangeCounts {
            added: sum.added + added,
            removed: sum.removed + removed,
            changed: sum.changed + changed,
            renamed: sum.renamed + renamed,
            moved: sum.moved + moved,
            unchanged: sum.unchanged + unchanged,
        }
    })
}

/// A note for every project whose `[ci]` judges or redacts otherwise on the head than on the base.
pub(super) fn differing_rules(before: &[RenderedEntry], after: &[RenderedEntry]) -> Vec<String> {
    let mut projects: BTreeMap<&str, (Option<&RenderedEntry>, Option<&RenderedEntry>)> = BTreeMap::new();
    for entry in before {
        projects.entry(&entry.project).or_default().0.get_or_insert(entry);
    }
    for entry in after {
        projects.entry(&entry.project).or_default().1.get_or_insert(entry);
    }
    let mut notes = Vec::new();
    for (project, sides) in projects {
        let (Some(old), Some(new)) = sides else { continue };
        let file =
            if project.is_empty() { "husako.toml".to_owned() } else { format!("{project}/husako.toml") };
        if Rule::ALL.iter().any(|rule| old.ci.rules.of(*rule) != new.ci.rules.of(*rule)) {
            notes.push(format!("[ci.rules] of {file} differs: the stricter level of each rule counts"));
        }
        let places = |entry: &'_ RenderedEntry| {
            entry.ci.redact.iter().map(|place| place.value.clone()).collect::<Vec<Redact>>()
        };
        let (old, new) = (places(old), places(new));
        if old.iter().any(|place| !new.contains(place)) || new.iter().any(|place| !old.contains(place)) {
            notes.push(format!("`redact` in [ci] of {file} differs: what either side names is redacted"));
        }
    }
    notes
}

/// The resources that several entries of the head render, new ones first, then by what they are. `old` and `new` are all
/// resources of the base and of the head.
pub(super) fn duplicates<'v>(
    before: &[RenderedEntry],
    old: &[Resource<'v>],
    after: &[RenderedEntry],
    new: &[Resource<'v>],
    entries: &[Entry],
) -> Vec<Duplicate> {
    // Most often there are none, which is found out without a list of holders for each resource.
    let mut first = HashMap::new();
    let unique = new.iter().filter(|resource| resource.key.is_unique());
    let shared: HashSet<Key<'v>> = unique
        .filter(|resource| *first.entry(resource.key).or_insert(resource.entry) != resource.entry)
        .map(|resource| resource.key)
        .collect();
    if shared.is_empty() {
        return Vec::new();
    }

    // Which entries render a resource, and its first document.
    let holders = |side: &[Resource<'v>]| {
        let mut found: BTreeMap<Key<'v>, (BTreeSet<usize>, &'v Value)> = BTreeMap::new();
        for resource in side.iter().filter(|resource| shared.contains(&resource.key)) {
            let (holders, _) =
                found.entry(resource.key).or_insert_with(|| (BTreeSet::new(), resource.document));
            holders.insert(resource.entry);
        }
        found
    };
    let known = holders(old);
    let mut found = Vec::new();
    for (key, (holders, document)) in holders(new) {
        let mut was = known.get(&key).map_or_else(BTreeSet::new, |(holders, _)| holders.clone());
        // An entry that nobody could render on the base is not to be accused of anything new.
        let is_broken =
            |at: &usize| entries[*at].before.is_some_and(|before_at| before[before_at].documents.is_err());
        was.extend(holders.iter().copied().filter(is_broken));
        let names = holders.iter().filter_map(|at| Some(after[entries[*at].after?].name.clone()));
        found.push(Duplicate {
            identity: identity(document),
            entries: names.collect(),
            is_new: was.len() < holders.len(),
        });
    }
    found.sort_by_key(|duplicate| !duplicate.is_new);
    found
}

/// See [`Diff::render_sha256`](crate::change::Diff::render_sha256): each entry is an array of its documents.
pub(super) fn render_sha256(after: &[RenderedEntry]) -> Option<String> {
    let mut hasher = Sha256::new();
    let mut text = String::new();
    for entry in after {
        text.push('[');
        for (at, document) in entry.documents.as_ref().ok()?.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            canonical(document, &mut text);
        }
        text.push_str("]\n");
        hasher.update(&text);
        text.clear();
    }
    Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
