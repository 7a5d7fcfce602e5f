//! Joins what several parts of a run found to differ. Each part compared entries of its own with the same base.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::group::group;
use super::judge::Dangers;
use super::summary::total;
use crate::change::{
    ChangeCounts, ChangeKind, Danger, Diff, Duplicate, EntryChange, EntryState, REDACTED, REDACTED_CHANGED,
    ResourceChange,
};
use crate::resource::Identity;

/// Joins diffs against the same base; `None` when there are none.
///
/// It is what one comparison of everything would have told, as far as the parts know:
///
/// - A resource that went from an entry of one part to an entry of another is known as moved when nothing of it differs or
///   is redacted; else it was removed here and added there.
/// - Of resources that several entries render, those are known that entries of one part render.
/// - [`Diff::render_sha256`] is known when all entries of the head are in one part.
pub(crate) fn join(mut parts: Vec<Diff>) -> Option<Diff> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let base = parts.first()?.base.clone();
    let render_sha256 = render_sha256(&parts);
    let (mut failed, mut notes, mut entries, mut duplicates) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut resources, mut dangers) = (Vec::new(), Vec::new());
    for (part, diff) in parts.into_iter().enumerate() {
        failed.extend(diff.failed);
        for note in diff.notes {
            // Each part says the same of the projects.
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        entries.extend(diff.entries);
        duplicates.extend(diff.duplicates);
        dangers.extend(diff.dangers.into_iter().map(|danger| (part, danger)));
        resources.extend(diff.resources.into_iter().enumerate().map(|(at, resource)| Placed {
            part,
            at,
            resource,
        }));
    }
    failed.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    entries.sort_by(|a: &EntryChange, b| a.entry.path.cmp(&b.entry.path));
    let places = places(&entries);
    let gone = moved(&mut resources, &mut entries, &places);
    resources.sort_by_key(|placed| places.get(&placed.resource.entry.path).copied());

    // What only moves is no danger.
    let index: HashMap<(usize, usize), usize> = resources
        .iter()
        .enumerate()
        .filter(|(_, placed)| !gone.contains(&(placed.part, placed.at)))
        .map(|(at, placed)| ((placed.part, placed.at), at))
        .collect();
    let mut joined = Dangers::default();
    for (part, danger) in dangers {
        let resources = danger.resources.iter().filter_map(|at| index.get(&(part, *at)).copied()).collect();
        joined.join(Danger { resources, ..danger });
    }
    let mut resources: Vec<ResourceChange> = resources.into_iter().map(|placed| placed.resource).collect();
    // They are found anew: what two parts have in common, neither knew.
    resources.iter_mut().flat_map(|resource| &mut resource.fields).for_each(|field| field.group = None);
    let groups = group(&mut resources);
    let counts: Vec<_> = entries.iter().map(|entry| entry.counts).collect();
    Some(Diff {
        base,
        failed,
        notes,
        resources,
        groups,
        dangers: joined.in_order(),
        duplicates: same_duplicates(duplicates),
        counts: total(&counts),
        entries,
        render_sha256,
    })
}

/// A resource that differs, and where it was told.
struct Placed {
    part: usize,
    at: usize,
    resource: ResourceChange,
}

/// Known when one part has all entries of the head: the sums of several cannot be added.
fn render_sha256(parts: &[Diff]) -> Option<String> {
    let is_on_head = |entry: &EntryChange| match entry.state {
        EntryState::Added | EntryState::Kept => true,
        EntryState::Removed => false,
    };
    let mut with_head = parts.iter().filter(|part| part.entries.iter().any(is_on_head));
    let one = with_head.next().or(parts.first())?;
    if with_head.next().is_some() { None } else { one.render_sha256.clone() }
}

/// Makes one of the two halves of each resource that went from a part to another. Returns where both were told.
fn moved(
    resources: &mut Vec<Placed>,
    entries: &mut [EntryChange],
    places: &BTreeMap<String, usize>,
) -> HashSet<(usize, usize)> {
    let mut halves: BTreeMap<Identity, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, placed) in resources.iter().enumerate() {
        let (removed, added) = match placed.resource.kind {
            ChangeKind::Removed => (Some(at), None),
            ChangeKind::Added => (None, Some(at)),
            ChangeKind::Changed | ChangeKind::Renamed | ChangeKind::Moved => continue,
        };
        let halves = halves.entry(placed.resource.identity.clone()).or_default();
        halves.0.extend(removed);
        halves.1.extend(added);
    }
    let (mut gone, mut twice) = (HashSet::new(), HashSet::new());
    for (removed, added) in halves.into_values() {
        // More than one: nobody knows which is which.
        let ([removed], [added]) = (removed.as_slice(), added.as_slice()) else { continue };
        let (old, new) = (&resources[*removed], &resources[*added]);
        let yaml = old.resource.yaml_before.as_ref().filter(|yaml| is_known(yaml));
        if old.part == new.part || yaml.is_none() || yaml != new.resource.yaml_after.as_ref() {
            continue;
        }
        let mut count = |resource: &ResourceChange, change: fn(&mut ChangeCounts)| {
            if let Some(at) = places.get(&resource.entry.path) {
                change(&mut entries[*at].counts);
            }
        };
        count(&old.resource, |counts| counts.removed = counts.removed.saturating_sub(1));
        count(&new.resource, |counts| {
            counts.added = counts.added.saturating_sub(1);
            counts.moved += 1;
        });
        gone.extend([(old.part, old.at), (new.part, new.at)]);
        let (entry_before, yaml_before) =
            (Some(old.resource.entry.clone()), old.resource.yaml_before.clone());
        let resource = &mut resources[*added].resource;
        (resource.kind, resource.entry_before, resource.yaml_before) =
            (ChangeKind::Moved, entry_before, yaml_before);
        twice.insert(*removed);
    }
    let mut numbers = 0..;
    resources.retain(|_| numbers.next().is_none_or(|at| !twice.contains(&at)));
    gone
}

/// Whether it shows all of its resource.
fn is_known(yaml: &str) -> bool {
    !yaml.contains(REDACTED) && !yaml.contains(REDACTED_CHANGED)
}

/// Where each entry stands, by its path on either side.
fn places(entries: &[EntryChange]) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    let before =
        entries.iter().enumerate().filter_map(|(at, entry)| Some((entry.before.as_ref()?.path.clone(), at)));
    places.extend(before);
    // The head's names win: another entry may have the path that one had.
    places.extend(entries.iter().enumerate().map(|(at, entry)| (entry.entry.path.clone(), at)));
    places
}

/// One for each resource, in the order of a whole run: several parts may each render it more than once.
fn same_duplicates(found: Vec<Duplicate>) -> Vec<Duplicate> {
    let mut known: BTreeMap<_, Duplicate> = BTreeMap::new();
    for duplicate in found {
        let Identity { api_version, kind, namespace, name } = duplicate.identity.clone();
        let group = api_version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned());
        match known.entry((group, kind, namespace, name)) {
            Entry::Vacant(entry) => drop(entry.insert(duplicate)),
            Entry::Occupied(entry) => {
                let known = entry.into_mut();
                known.entries.extend(duplicate.entries);
                known.entries.sort();
                known.is_new |= duplicate.is_new;
            }
        }
    }
    let mut duplicates: Vec<Duplicate> = known.into_values().collect();
    duplicates.sort_by_key(|duplicate| !duplicate.is_new);
    duplicates
}
