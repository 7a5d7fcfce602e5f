//! Which resource of the base is which of the head.
//!
//! By what they are called, first in the same entry, then in any: moved. What is left on both sides is compared by its
//! likeness: renamed. What is not clearly the same is two resources.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::likeness::{Features, PerMille, closeness, stem};
use super::value::{hash, hash_of, same};
use crate::resource::Identity;

/// The most pairs of one kind that are all looked at. Beyond, only pairs that share something rare are.
const MAX_PAIRS: usize = 10_000;
/// What more resources than this have is not rare.
const MAX_SHARING: usize = 64;
/// How many of the resources that share the most with one are looked at.
const MAX_CANDIDATES: usize = 32;

/// Two resources of other names are one that was renamed, if so much of their contents (without labels and
/// annotations, and with either's own name left out) is the same. Resources of one kind often have the same shape, made by
/// the same helper: half, as is usual for files, would take two apps for one.
const RENAMED: PerMille = 700;
/// And at least so many values: one key of a ConfigMap is no likeness.
const FEWEST_SHARED: usize = 2;

/// What resources are paired by. The version of an API is a way to write a resource, not a part of what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key<'v> {
    group: &'v str,
    kind: &'v str,
    namespace: &'v str,
    name: &'v str,
    /// Whether `name` is only what the name begins with.
    is_generated: bool,
}

/// Kinds that were in the group `extensions` and are served by another for the same objects.
const FROM_EXTENSIONS: [(&str, &str); 6] = [
    ("DaemonSet", "apps"),
    ("Deployment", "apps"),
    ("Ingress", "networking.k8s.io"),
    ("NetworkPolicy", "networking.k8s.io"),
    ("PodSecurityPolicy", "policy"),
    ("ReplicaSet", "apps"),
];

impl<'v> Key<'v> {
    /// That of a document.
    pub(super) fn of(document: &'v Value) -> Key<'v> {
        let text = |of: &'v Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default();
        let metadata = document.get("metadata").unwrap_or(&Value::Null);
        let kind = text(document, "kind");
        let mut group = text(document, "apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
        if group == "extensions"
            && let Some((_, moved)) = FROM_EXTENSIONS.iter().find(|(known, _)| *known == kind)
        {
            group = moved;
        }
        let (name, generated) = (text(metadata, "name"), text(metadata, "generateName"));
        Key {
            group,
            kind,
            namespace: text(metadata, "namespace"),
            name: if name.is_empty() { generated } else { name },
            is_generated: name.is_empty() && !generated.is_empty(),
        }
    }

    /// Whether it says which resource of its kind the document is.
    pub(super) fn is_named(&self) -> bool {
        !self.name.is_empty()
    }

    /// Whether the cluster knows the resource by it.
    pub(super) fn is_unique(&self) -> bool {
        self.is_named() && !self.is_generated && !self.kind.is_empty()
    }
}

/// What a document is called: with what its name begins with, where the cluster makes the name.
pub(super) fn identity(document: &Value) -> Identity {
    let key = Key::of(document);
    Identity { name: key.name.to_owned(), ..Identity::of(document) }
}

/// The resources of a document: itself, or the items of a `List`, in order.
pub(super) fn expanded(document: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut pending = vec![document];
    while let Some(value) = pending.pop() {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        match value.get("items").and_then(Value::as_array) {
            Some(items) if text("kind") == Some("List") && text("apiVersion") == Some("v1") => {
                pending.extend(items.iter().rev());
            }
            _ => found.push(value),
        }
    }
    found
}

/// A resource of one side.
#[derive(Debug)]
pub(super) struct Resource<'v> {
    /// What it is.
    pub(super) document: &'v Value,
    /// What it is paired by.
    pub(super) key: Key<'v>,
    /// Its entry: a place in the list of entries of both sides.
    pub(super) entry: usize,
    /// Where its entry is on this side.
    pub(super) path: &'v str,
    /// Whether the other side's entry cannot be rendered: then nobody knows whether it is gone.
    pub(super) is_alone: bool,
}

/// What was paired.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// For each resource of the head, which of the base it was.
    pub(super) partners: Vec<Option<usize>>,
    /// What was not looked for.
    pub(super) notes: Vec<String>,
}

/// Pairs the resources of both sides, each of which is in the order of its entries.
pub(super) fn pair(before: &[Resource<'_>], after: &[Resource<'_>]) -> Pairs {
    let mut pairing = Pairing {
        before,
        after,
        partners: vec![None; after.len()],
        is_taken: vec![false; before.len()],
        notes: BTreeSet::new(),
    };
    pairing.in_entries();
    pairing.moved();
    pairing.renamed();
    Pairs { partners: pairing.partners, notes: pairing.notes.into_iter().collect() }
}

struct Pairing<'p, 'v> {
    before: &'p [Resource<'v>],
    after: &'p [Resource<'v>],
    partners: Vec<Option<usize>>,
    is_taken: Vec<bool>,
    notes: BTreeSet<String>,
}

/// Resources without a partner, of the base and of the head.
type Left = (Vec<usize>, Vec<usize>);

impl<'v> Pairing<'_, 'v> {
    fn take(&mut self, before: usize, after: usize) {
        self.partners[after] = Some(before);
        self.is_taken[before] = true;
    }

    fn take_free(&mut self, before: usize, after: usize) {
        if !self.is_taken[before] && self.partners[after].is_none() {
            self.take(before, after);
        }
    }

    fn left_before(&self) -> impl Iterator<Item = usize> {
        (0..self.before.len()).filter(|at| !self.is_taken[*at])
    }

    fn left_after(&self) -> impl Iterator<Item = usize> {
        (0..self.after.len()).filter(|at| self.partners[*at].is_none())
    }

    /// Those of the same name in the same entry; where a name is there several times, in order.
    fn in_entries(&mut self) {
        let (before, after) = (self.before, self.after);
        let mut new_at = 0;
        for new in after.chunk_by(|a, b| a.entry == b.entry) {
            let old_at = before.partition_point(|old| old.entry < new[0].entry);
            let old = &before[old_at..];
            let old = &old[..old.partition_point(|old| old.entry == new[0].entry)];
            let mut both = old.iter().zip(new);
            if old.len() == new.len() && both.all(|(old, new)| std::ptr::eq(old.document, new.document)) {
                // They were rendered once for both sides.
                (0..new.len()).for_each(|at| self.take(old_at + at, new_at + at));
            } else {
                let mut known: HashMap<Key<'v>, VecDeque<usize>> = HashMap::new();
                for (at, old) in old.iter().enumerate() {
                    known.entry(old.key).or_default().push_back(old_at + at);
                }
                for (at, new) in new.iter().enumerate() {
                    if let Some(found) = known.get_mut(&new.key).and_then(VecDeque::pop_front) {
                        self.take(found, new_at + at);
                    }
                }
            }
            new_at += new.len();
        }
    }

    /// Those of the same name in any entry: the equal ones first, then those of the entries with the most similar paths.
    fn moved(&mut self) {
        let mut left: BTreeMap<Key<'v>, Left> = BTreeMap::new();
        for at in self.left_before().filter(|at| self.before[*at].key.is_named()) {
            left.entry(self.before[at].key).or_default().0.push(at);
        }
        for at in self.left_after() {
            if let Some(left) = left.get_mut(&self.after[at].key) {
                left.1.push(at);
            }
        }
        for (old, new) in left.into_values().filter(|(_, new)| !new.is_empty()) {
            if old.len() * new.len() > MAX_PAIRS {
                self.moved_equal(&old, &new);
                let (old, new) = self.still_left(&old, &new);
                old.into_iter().zip(new).for_each(|(old, new)| self.take(old, new));
                continue;
            }
            let mut found = Vec::new();
            for i in &old {
                for j in &new {
                    let (a, b) = (&self.before[*i], &self.after[*j]);
                    let is_equal = same(a.document, b.document);
                    found.push((Reverse((is_equal, closeness(a.path, b.path))), *i, *j));
                }
            }
            found.sort_unstable();
            found.into_iter().for_each(|(_, old, new)| self.take_free(old, new));
        }
    }

    fn moved_equal(&mut self, old: &[usize], new: &[usize]) {
        let mut known: HashMap<u64, VecDeque<usize>> = HashMap::new();
        for at in old {
            known.entry(hash(self.before[*at].document)).or_default().push_back(*at);
        }
        for at in new {
            let found = known.get_mut(&hash(self.after[*at].document)).and_then(VecDeque::pop_front);
            if let Some(found) = found {
                self.take(found, *at);
            }
        }
    }

    fn still_left(&self, old: &[usize], new: &[usize]) -> Left {
        (
            old.iter().copied().filter(|at| !self.is_taken[*at]).collect(),
            new.iter().copied().filter(|at| self.partners[*at].is_none()).collect(),
        )
    }

    /// Those of the same kind that are clearly the same resource under another name.
    fn renamed(&mut self) {
        let mut left: BTreeMap<(&'v str, &'v str), Left> = BTreeMap::new();
        let may_be = |resource: &Resource<'_>| !resource.is_alone && resource.key.is_named();
        for at in self.left_before().filter(|at| may_be(&self.before[*at])) {
            let key = &self.before[at].key;
            left.entry((key.group, key.kind)).or_default().0.push(at);
        }
        for at in self.left_after().filter(|at| may_be(&self.after[*at])) {
            let key = &self.after[at].key;
            if let Some(left) = left.get_mut(&(key.group, key.kind)) {
                left.1.push(at);
            }
        }
        for ((_, kind), (old, new)) in left.into_iter().filter(|(_, (_, new))| !new.is_empty()) {
            self.renamed_of_kind(kind, &old, &new);
        }
    }

    fn renamed_of_kind(&mut self, kind: &str, old: &[usize], new: &[usize]) {
        let looks = |all: &[Resource<'v>], of: &[usize]| -> HashMap<usize, Look<'v>> {
            of.iter().map(|at| (*at, Look::of(&all[*at]))).collect()
        };
        let (old_looks, new_looks) = (looks(self.before, old), looks(self.after, new));
        let mut found = Vec::new();
        let mut consider = |i: usize, j: usize| {
            let match_ = judge(&old_looks[&i], &new_looks[&j]);
            let is_match = match_.is_some();
            found.extend(match_.map(|match_| (Reverse(match_), i, j)));
            is_match
        };
        if old.len() * new.len() <= MAX_PAIRS {
            for i in old {
                for j in new {
                    consider(*i, *j);
                }
            }
        } else {
            let index = Index::new(new, &new_looks);
            let mut is_capped = false;
            for (at, i) in old.iter().enumerate() {
                let (candidates, capped) = index.candidates(&old_looks[i], (at, old.len()));
                let matches = candidates.into_iter().filter(|j| consider(*i, *j)).count();
                is_capped |= capped && matches == 0;
            }
            if is_capped {
                self.notes.insert(format!(
                    "{} resources of kind {kind} go and {} come: not all of them were compared, so some that were renamed \
                     may be shown as removed and added",
                    old.len(),
                    new.len()
                ));
            }
        }
        found.sort_unstable();
        found.into_iter().for_each(|(_, old, new)| self.take_free(old, new));
    }
}

/// What a resource is compared with others by.
struct Look<'v> {
    contents: Features,
    /// The repositories of its containers' images; sorted.
    images: Vec<&'v str>,
    /// Its name without a computed suffix.
    stem: Option<&'v str>,
    name: &'v str,
    namespace: &'v str,
    entry: usize,
}

impl<'v> Look<'v> {
    fn of(resource: &Resource<'v>) -> Look<'v> {
        let Key { namespace, name, .. } = resource.key;
        let own = [name, namespace];
        let parts = resource.document.as_object().into_iter().flatten();
        let parts = parts.filter(|(key, _)| !["apiVersion", "kind", "metadata"].contains(&key.as_str()));
        let mut images = Vec::new();
        find_images(resource.document, &mut images);
        images.sort_unstable();
        Look {
            contents: Features::of_parts(parts, &own),
            images,
            stem: stem(name),
            name,
            namespace,
            entry: resource.entry,
        }
    }

    /// Whether they run the same images, or either runs none.
    fn may_run_as(&self, other: &Look<'_>) -> bool {
        let named = |image: &str, name: &str| image.rsplit('/').next().is_some_and(|last| last == name);
        self.images.is_empty()
            || other.images.is_empty()
            || self.images.iter().any(|image| {
                other.images.contains(image)
                    // An image that is called as the resource is renamed with it.
                    || (named(image, self.name) && other.images.iter().any(|image| named(image, other.name)))
            })
    }

    /// By what others that may be the same are found.
    fn tokens(&self) -> impl Iterator<Item = u64> {
        let names = [
            hash_of(&("name", self.entry, self.name)),
            hash_of(&("stem", self.entry, self.namespace, self.stem.unwrap_or(self.name))),
            self.contents.digest(),
        ];
        names.into_iter().chain(self.contents.sample().iter().copied())
    }
}

/// Images of containers, without tag and digest.
fn find_images<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(image) if key == "image" => {
                        let image = image.split('@').next().unwrap_or(image);
                        let tag = image.rfind(':').filter(|at| !image[*at..].contains('/'));
                        found.push(&image[..tag.unwrap_or(image.len())]);
                    }
                    value => find_images(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| find_images(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// How well two resources match; the greater the better.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    in_entry: bool,
    reason: Reason,
    likeness: PerMille,
    closeness: PerMille,
}

/// Why two resources are taken for one; the later the surer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Their contents.
    Contents,
    /// The same name in another namespace.
    Name,
    /// Names that were computed from contents, beside what they begin with.
    Stem,
}

fn judge(old: &Look<'_>, new: &Look<'_>) -> Option<Match> {
    let in_entry = old.entry == new.entry;
    let likeness = old.contents.likeness(&new.contents);
    let is_alike =
        likeness >= RENAMED && old.contents.shared(&new.contents) >= FEWEST_SHARED && old.may_run_as(new);
    let has_stem = old.stem.is_some() && old.stem == new.stem && old.namespace == new.namespace;
    // Names say nothing across entries: every environment has a `web`.
    let reason = if has_stem && (in_entry || is_alike) {
        Reason::Stem
    } else if old.name == new.name && (in_entry || is_alike) {
        Reason::Name
    } else if is_alike {
        Reason::Contents
    } else {
        return None;
    };
    let closeness = closeness(old.name, new.name) + closeness(old.namespace, new.namespace);
    Some(Match { in_entry, reason, likeness, closeness })
}

/// Resources by what they have.
struct Index(HashMap<u64, Vec<usize>>);

impl Index {
    fn new(of: &[usize], looks: &HashMap<usize, Look<'_>>) -> Index {
        let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
        for at in of {
            for token in looks[at].tokens() {
                let holders = holders.entry(token).or_default();
                if holders.last() != Some(at) {
                    holders.push(*at);
                }
            }
        }
        Index(holders)
    }

    /// Those that share the most tokens with a resource, and whether some were left out. Of what many share, those are
    /// looked at that are at about the same place among them as the resource is among its own.
    fn candidates(&self, look: &Look<'_>, (at, all): (usize, usize)) -> (Vec<usize>, bool) {
        let mut shared: HashMap<usize, usize> = HashMap::new();
        let mut is_capped = false;
        let tokens: HashSet<u64> = look.tokens().collect();
        for holders in tokens.iter().filter_map(|token| self.0.get(token)) {
            let around = if holders.len() > MAX_SHARING {
                is_capped = true;
                let middle = holders.len() * at / all;
                let start = middle.saturating_sub(MAX_SHARING / 2).min(holders.len() - MAX_SHARING);
                &holders[start..start + MAX_SHARING]
            } else {
                holders
            };
            for holder in around {
                *shared.entry(*holder).or_default() += 1;
            }
        }
        let mut found: Vec<(Reverse<usize>, usize)> =
            shared.into_iter().map(|(at, count)| (Reverse(count), at)).collect();
        found.sort_unstable();
        is_capped |= found.len() > MAX_CANDIDATES;
        (found.into_iter().take(MAX_CANDIDATES).map(|(_, at)| at).collect(), is_capped)
    }
}
