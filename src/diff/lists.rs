//! Which item of a list on the base is which on the head.
//!
//! By what tells items apart, if the schema or custom says it. Otherwise equal items first, in order; then, between
//! those, what is most alike.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::likeness::{Features, PerMille};
use super::value::{canonical, hash};
use crate::schema::types::{ItemKey, Type};

/// The most pairs of items of which the longest common order is looked for: it takes that many steps at worst. Beyond,
/// equal items are paired in order.
const MAX_ORDERED: usize = 4_000_000;
/// The most pairs of objects that are looked at for likeness. Beyond, they are paired by their places.
const MAX_ALIKE: usize = 10_000;
/// Objects that share less are two objects: with the same keys, a value in about eight must be the same.
const ALIKE: PerMille = 400;
/// What two objects share that have the same keys and no value in common.
const SAME_SHAPE: PerMille = 333;

/// The items of two lists, paired.
#[derive(Debug, PartialEq)]
pub(super) struct Paired {
    /// Every item of both, in the order of the head; what is only on the base stands behind what it followed there.
    pub(super) items: Vec<Item>,
    /// Whether the items that both have are in another order.
    pub(super) reordered: bool,
}

/// An item of either list, or of both.
#[derive(Debug, PartialEq)]
pub(super) struct Item {
    /// Its place on the base.
    pub(super) before: Option<usize>,
    /// Its place on the head.
    pub(super) after: Option<usize>,
    /// What it is called.
    pub(super) label: Label,
}

/// What an item is called.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Label {
    /// By its keys.
    Keys(Vec<(String, String)>),
    /// By its value.
    Value,
    /// By its place.
    Place,
}

/// Pairs the items of two lists of a type.
pub(super) fn pair(before: &[Value], after: &[Value], of: Type<'_>) -> Paired {
    let are_objects = before.iter().chain(after).all(Value::is_object);
    if are_objects && let Some(paired) = of.item_keys().iter().find_map(|keys| by_keys(before, after, keys)) {
        return paired;
    }
    let is_set = of.is_set() && [before, after].into_iter().all(is_distinct);
    by_contents(before, after, is_set)
}

fn is_distinct(items: &[Value]) -> bool {
    let mut seen = HashSet::new();
    items.iter().all(|item| !item.is_object() && !item.is_array() && seen.insert(hash(item)))
}

/// Pairs by keys, if those of all items are there and no two of a side are the same.
fn by_keys(before: &[Value], after: &[Value], keys: &[ItemKey<'_>]) -> Option<Paired> {
    let tuples = |items: &[Value]| -> Option<Vec<Vec<String>>> {
        items.iter().map(|item| keys.iter().map(|key| key_of(item, key)).collect()).collect()
    };
    let (old, new) = (tuples(before)?, tuples(after)?);
    let places = |tuples: &[Vec<String>]| -> Option<HashMap<Vec<String>, usize>> {
        let places: HashMap<_, _> = tuples.iter().cloned().zip(0..).collect();
        (places.len() == tuples.len()).then_some(places)
    };
    let (old_at, new_at) = (places(&old)?, places(&new)?);

    // Only as many keys are told as it needs to tell all items apart.
    let all: HashSet<&Vec<String>> = old.iter().chain(&new).collect();
    let is_enough =
        |told: &usize| all.iter().map(|tuple| &tuple[..*told]).collect::<HashSet<_>>().len() == all.len();
    let told = (1..keys.len()).find(is_enough).unwrap_or(keys.len());
    let label = |tuple: &[String]| {
        let names = keys.iter().map(|key| key.name.to_owned());
        Label::Keys(names.zip(tuple.iter().cloned()).take(told).collect())
    };

    let mut items: Vec<Item> = new
        .iter()
        .enumerate()
        .map(|(at, tuple)| Item { before: old_at.get(tuple).copied(), after: Some(at), label: label(tuple) })
        .collect();
    let mut gone: Vec<usize> = (0..old.len()).filter(|at| !new_at.contains_key(&old[*at])).collect();
    if keys.iter().all(|key| key.name != "name") {
        pair_by_name(before, after, &mut items, &mut gone);
    }
    items.extend(gone.into_iter().map(|at| Item { before: Some(at), after: None, label: label(&old[at]) }));
    Some(in_order(items))
}

fn key_of(item: &Value, key: &ItemKey<'_>) -> Option<String> {
    match item.get(key.name) {
        None => key.default.map(str::to_owned),
        Some(Value::String(text)) if !(key.guessed && text.is_empty()) => Some(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) if !key.guessed => Some(text_of(value)),
        Some(_) => None,
    }
}

/// A scalar as text.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => {
            let mut text = String::new();
            canonical(value, &mut text);
            text
        }
    }
}

/// Pairs items without a partner that have the same name: a port with another number.
fn pair_by_name(before: &[Value], after: &[Value], items: &mut [Item], gone: &mut Vec<usize>) {
    let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
    let mut names: HashMap<String, Option<usize>> = HashMap::new();
    for at in gone.iter() {
        if let Some(name) = name(&before[*at]) {
            names.entry(name).and_modify(|twice| *twice = None).or_insert(Some(*at));
        }
    }
    for item in items.iter_mut().filter(|item| item.before.is_none()) {
        let Some(name) = item.after.and_then(|at| name(&after[at])) else { continue };
        if let Some(found) = names.get_mut(&name).and_then(Option::take) {
            gone.retain(|at| *at != found);
            *item =
                Item { before: Some(found), label: Label::Keys(vec![("name".to_owned(), name)]), ..*item };
        }
    }
}

/// Pairs by what the items are.
fn by_contents(before: &[Value], after: &[Value], is_set: bool) -> Paired {
    let hashes = |items: &[Value]| items.iter().map(hash).collect::<Vec<u64>>();
    let (old, new) = (hashes(before), hashes(after));
    let mut partners = equal(&old, &new);
    if !is_set {
        alike(before, after, &mut partners);
    }
    let label = if is_set { Label::Value } else { Label::Place };
    let taken: HashSet<usize> = partners.iter().flatten().copied().collect();
    let gone = (0..before.len()).filter(|at| !taken.contains(at));
    let mut items: Vec<Item> =
        gone.map(|at| Item { before: Some(at), after: None, label: label.clone() }).collect();
    items.extend(partners.iter().enumerate().map(|(at, before)| Item {
        before: *before,
        after: Some(at),
        label: label.clone(),
    }));
    in_order(items)
}

/// For each item of the head, which of the base is equal: as many as possible in the same order, then the others.
fn equal(old: &[u64], new: &[u64]) -> Vec<Option<usize>> {
    let mut partners = vec![None; new.len()];
    let mut is_taken = vec![false; old.len()];
    if old.len().saturating_mul(new.len()) <= MAX_ORDERED {
        for op in capture_diff_slices(Algorithm::Myers, old, new) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                for at in 0..len {
                    partners[new_index + at] = Some(old_index + at);
                    is_taken[old_index + at] = true;
                }
            }
        }
    }
    let mut left: HashMap<u64, VecDeque<usize>> = HashMap::new();
    for at in (0..old.len()).filter(|at| !is_taken[*at]) {
        left.entry(old[at]).or_default().push_back(at);
    }
    for (hash, partner) in new.iter().zip(&mut partners) {
        if partner.is_none() {
            *partner = left.get_mut(hash).and_then(VecDeque::pop_front);
        }
    }
    partners
}

/// Pairs what no item is equal to: objects by likeness, and what stands between the same neighbours.
fn alike(before: &[Value], after: &[Value], partners: &mut [Option<usize>]) {
    let taken: HashSet<usize> = partners.iter().flatten().copied().collect();
    let mut old: Vec<usize> = (0..before.len()).filter(|at| !taken.contains(at)).collect();
    let mut new: Vec<usize> = (0..after.len()).filter(|at| partners[*at].is_none()).collect();
    if old.is_empty() || new.is_empty() {
        return;
    }
    if old.len() * new.len() <= MAX_ALIKE {
        let features =
            |at: &usize, of: &[Value]| (*at, of[*at].is_object().then(|| Features::of_item(&of[*at])));
        let old_features: Vec<_> = old.iter().map(|at| features(at, before)).collect();
        let new_features: Vec<_> = new.iter().map(|at| features(at, after)).collect();
        let mut found = Vec::new();
        for (i, a) in &old_features {
            for (j, b) in &new_features {
                let (Some(a), Some(b)) = (a, b) else { continue };
                let likeness = a.likeness(b);
                if likeness >= ALIKE {
                    found.push((std::cmp::Reverse(likeness), i.abs_diff(*j), *i, *j));
                }
            }
        }
        found.sort_unstable();
        for (_, _, i, j) in found {
            if partners[j].is_none() && old.contains(&i) {
                partners[j] = Some(i);
                old.retain(|at| *at != i);
            }
        }
        new.retain(|at| partners[*at].is_none());
    }
    // What stands between the same neighbours is what has become of each other.
    let mut gaps: HashMap<Option<usize>, (Vec<usize>, Vec<usize>)> = HashMap::new();
    let mut neighbour = vec![None; before.len()];
    let mut last = None;
    let kept: HashSet<usize> = partners.iter().flatten().copied().collect();
    for (at, slot) in neighbour.iter_mut().enumerate() {
        *slot = last;
        if kept.contains(&at) {
            last = Some(at);
        }
    }
    for at in old {
        gaps.entry(neighbour[at]).or_default().0.push(at);
    }
    let mut last = None;
    let mut pending = new.into_iter().peekable();
    for (at, partner) in partners.iter().enumerate() {
        if pending.next_if_eq(&at).is_some() {
            gaps.entry(last).or_default().1.push(at);
        }
        last = partner.or(last);
    }
    for (mut old, mut new) in gaps.into_values() {
        pair_options(before, after, &mut old, &mut new, partners);
        if old.len() == new.len() && old.iter().zip(&new).all(|(i, j)| may_become(&before[*i], &after[*j])) {
            for (i, j) in old.into_iter().zip(new) {
                partners[j] = Some(i);
            }
        }
    }
}

/// Pairs the options of a command: `--level=info` and `--level=debug`.
fn pair_options(
    before: &[Value],
    after: &[Value],
    old: &mut Vec<usize>,
    new: &mut Vec<usize>,
    partners: &mut [Option<usize>],
) {
    let option = |value: &Value| value.as_str()?.split_once('=').map(|(option, _)| option.to_owned());
    let mut options: HashMap<String, VecDeque<usize>> = HashMap::new();
    for at in old.iter() {
        if let Some(option) = option(&before[*at]) {
            options.entry(option).or_default().push_back(*at);
        }
    }
    new.retain(|at| {
        let same = option(&after[*at]).and_then(|option| options.get_mut(&option)?.pop_front());
        if let Some(found) = same {
            partners[*at] = Some(found);
            old.retain(|at| *at != found);
        }
        same.is_none()
    });
}

/// Whether one value in a list can be taken for what has become of another.
fn may_become(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(_), Value::Object(_)) => {
            Features::of_item(before).likeness(&Features::of_item(after)) >= SAME_SHAPE
        }
        (Value::Object(_), _) | (_, Value::Object(_)) => false,
        _ => true,
    }
}

fn in_order(mut items: Vec<Item>) -> Paired {
    let mut places: Vec<(usize, usize)> =
        items.iter().filter_map(|item| item.before.zip(item.after)).collect();
    places.sort_unstable();
    let reordered = places.windows(2).any(|pair| pair[0].1 > pair[1].1);
    // Where the item that an item of the base follows went.
    let followed = |at: usize| {
        let next = places.partition_point(|(before, _)| *before < at);
        next.checked_sub(1).and_then(|at| places.get(at)).map(|(_, after)| *after)
    };
    items.sort_by_cached_key(|item| match (item.after, item.before) {
        (Some(after), _) => (Some(after), 0, 0),
        (None, before) => (before.and_then(followed), 1, before.unwrap_or_default()),
    });
    Paired { items, reordered }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Schemas;

    /// `2→1` for each item, `=` where nothing of a place is said.
    fn paired(before: Value, after: Value) -> (Vec<String>, bool) {
        let schemas = Schemas::default();
        let of = Type::of((&schemas, &Value::Null), (&schemas, &Value::Null)).key("list");
        let paired = pair(before.as_array().unwrap(), after.as_array().unwrap(), of);
        let place = |at: Option<usize>| at.map_or("-".to_owned(), |at| at.to_string());
        let told = paired.items.iter().map(|item| format!("{}→{}", place(item.before), place(item.after)));
        (told.collect(), paired.reordered)
    }

    #[test]
    fn plain_values_are_paired_in_order() {
        let told = |before: Value, after: Value| paired(before, after);
        assert_eq!(
            told(json!(["a", "b"]), json!(["a", "x", "b"])),
            (vec!["0→0".into(), "-→1".into(), "1→2".into()], false)
        );
        assert!(!told(json!(["a", "x", "b"]), json!(["x", "a", "x", "b"])).1, "one more of the same");
        assert!(told(json!(["a", "b", "c"]), json!(["c", "a", "b"])).1);
        assert_eq!(told(json!(["a", "b", "c"]), json!(["a", "y", "c"])).0, ["0→0", "1→1", "2→2"]);
        assert_eq!(
            told(json!(["a", "b"]), json!(["b", "x"])).0,
            ["0→-", "1→0", "-→1"],
            "between other neighbours"
        );
        assert_eq!(told(json!(["--a=1", "--b=1"]), json!(["--b=2"])).0, ["0→-", "1→0"], "the same option");
    }

    #[test]
    fn objects_are_paired_by_names_or_likeness() {
        let named = |name: &str, n: u32| json!({"name": name, "n": n});
        let (items, reordered) =
            paired(json!([named("a", 1), named("b", 2)]), json!([named("b", 1), named("a", 2)]));
        assert_eq!((items, reordered), (vec!["1→0".to_owned(), "0→1".to_owned()], true));
        // Names that are not distinct are no names.
        let (items, _) = paired(json!([named("a", 1), named("a", 2)]), json!([named("a", 2), named("a", 3)]));
        assert_eq!(items, ["1→0", "0→1"]);
        let rule = |host: &str| json!({"host": host, "http": {"path": "/", "port": 80}});
        assert_eq!(paired(json!([rule("a")]), json!([rule("x"), rule("a")])).0, ["-→0", "0→1"]);
        assert_eq!(paired(json!([rule("a")]), json!([rule("b")])).0, ["0→0"]);
        assert_eq!(paired(json!([{"a": 1}]), json!([{"b": 1}])).0, ["0→-", "-→0"], "nothing in common");
        assert_eq!(paired(json!([{"a": 1}]), json!([{"a": 2}])).0, ["0→0"], "the same shape, alone");
    }
}
