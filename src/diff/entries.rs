//! Which entry of the base is which of the head.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::RenderedEntry;
use super::likeness::closeness;
use super::pair::{Key, expanded};
use super::value::{hash, hash_of};

/// The most entries that a removed one is compared with for the sake of one resource.
const MAX_HOLDERS: usize = 256;

/// An entry on both sides, or on one of them: places in the lists of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// On the base.
    pub(super) before: Option<usize>,
    /// On the head.
    pub(super) after: Option<usize>,
}

/// Pairs the entries of both sides, in the order of their paths: those of the head, or of the base where an entry is
/// only there.
///
/// An entry is the one with the same path; else the one with the same alias in the same project; else, where at least
/// half of its resources reappear in a new one, that: its file was renamed.
pub(super) fn pair(before: &[RenderedEntry], after: &[RenderedEntry]) -> Vec<Entry> {
    let mut partners: Vec<Option<usize>> = vec![None; after.len()];
    let mut left: Vec<usize> = Vec::new();
    let paths: HashMap<&str, usize> =
        after.iter().enumerate().map(|(at, entry)| (entry.name.path.as_str(), at)).collect();
    for (at, entry) in before.iter().enumerate() {
        match paths.get(entry.name.path.as_str()) {
            Some(found) if partners[*found].is_none() => partners[*found] = Some(at),
            _ => left.push(at),
        }
    }
    let new = |partners: &[Option<usize>]| {
        (0..after.len()).filter(|at| partners[*at].is_none()).collect::<Vec<_>>()
    };

    let mut aliases: HashMap<(&str, &str), usize> = HashMap::new();
    for at in new(&partners) {
        for alias in &after[at].name.aliases {
            aliases.entry((&after[at].project, alias)).or_insert(at);
        }
    }
    left.retain(|at| {
        let entry = &before[*at];
        let mut found =
            entry.name.aliases.iter().filter_map(|alias| aliases.get(&(&*entry.project, alias)).copied());
        let found = found.find(|found| partners[*found].is_none());
        if let Some(found) = found {
            partners[found] = Some(*at);
        }
        found.is_none()
    });

    for (old, new) in renamed_files(before, &left, after, &new(&partners)) {
        partners[new] = Some(old);
        left.retain(|at| *at != old);
    }

    let mut entries: Vec<Entry> =
        partners.iter().enumerate().map(|(at, before)| Entry { before: *before, after: Some(at) }).collect();
    entries.extend(left.into_iter().map(|at| Entry { before: Some(at), after: None }));
    entries.sort_by_key(|entry| {
        let named = entry.after.map(|at| &after[at]).or(entry.before.map(|at| &before[at]));
        named.map(|entry| &entry.name.path)
    });
    entries
}

/// Which removed entries are which new ones, by their resources.
fn renamed_files(
    before: &[RenderedEntry],
    old: &[usize],
    after: &[RenderedEntry],
    new: &[usize],
) -> Vec<(usize, usize)> {
    if old.is_empty() {
        return Vec::new();
    }
    let mut holders: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
    let mut contents: HashSet<(usize, u64)> = HashSet::new();
    for at in new {
        for document in documents(&after[*at]) {
            let holders = holders.entry(Key::of(document)).or_default();
            if holders.len() < MAX_HOLDERS && holders.last() != Some(at) {
                holders.push(*at);
            }
            contents.insert((*at, hash_of(&hash(document))));
        }
    }
    let mut found = Vec::new();
    for at in old {
        let mut shared: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut all = 0;
        for document in documents(&before[*at]) {
            all += 1;
            let content = hash_of(&hash(document));
            for holder in holders.get(&Key::of(document)).into_iter().flatten() {
                let (names, equal) = shared.entry(*holder).or_default();
                *names += 1;
                *equal += usize::from(contents.contains(&(*holder, content)));
            }
        }
        for (holder, (names, equal)) in shared {
            if 2 * names >= all {
                let likeness = closeness(&before[*at].name.path, &after[holder].name.path);
                found.push((std::cmp::Reverse((names, equal, likeness)), *at, holder));
            }
        }
    }
    found.sort_unstable();
    let (mut gone, mut come) = (HashSet::new(), HashSet::new());
    found.retain(|(_, old, new)| {
        let is_free = !gone.contains(old) && !come.contains(new);
        if is_free {
            gone.insert(*old);
            come.insert(*new);
        }
        is_free
    });
    found.into_iter().map(|(_, old, new)| (old, new)).collect()
}

fn documents(entry: &RenderedEntry) -> impl Iterator<Item = &serde_json::Value> {
    entry.documents.iter().flat_map(|documents| documents.iter()).flat_map(expanded)
}
