//! How much two values have in common, told from samples of hashes, so that a comparison costs little.

use serde_json::Value;

use super::value::{hash, hash_of};

/// How many features of a value are kept. Of a larger one these are the smallest hashes: of two values, the same sample
/// of what they share.
const SAMPLE: usize = 512;

/// What a value consists of.
#[derive(Debug, Clone, Default)]
pub(super) struct Features {
    /// The hashes of its features, sorted; one as often as it occurs.
    kept: Vec<u64>,
    /// How many there are.
    total: usize,
}

/// A part in a thousand.
pub(super) type PerMille = u32;

impl Features {
    fn new(mut hashes: Vec<u64>) -> Features {
        let total = hashes.len();
        hashes.sort_unstable();
        hashes.truncate(SAMPLE);
        Features { kept: hashes, total }
    }

    /// Those of an item of a list: where it has something, and, twice as important, what.
    pub(super) fn of_item(item: &Value) -> Features {
        let mut hashes = Vec::new();
        leaves(item, 0, &mut |path, leaf| {
            let value = hash_of(&(path, hash(leaf)));
            hashes.extend([path, value, hash_of(&value)]);
        });
        Features::new(hashes)
    }

    /// Those of parts of a resource: what it has where, long texts line by line. `own` are the resource's own names: where
    /// they occur, the features of a resource with other names are the same.
    pub(super) fn of_parts<'v>(
        parts: impl Iterator<Item = (&'v String, &'v Value)>,
        own: &[&str],
    ) -> Features {
        let mut hashes = Vec::new();
        for (key, value) in parts {
            leaves(value, hash_of(&key), &mut |path, leaf| match leaf {
                Value::String(text) => {
                    hashes.extend(text.lines().map(|line| hash_of(&(path, nameless(line, own)))));
                }
                // An empty container says little, but that it is there.
                leaf => hashes.push(hash_of(&(path, hash(leaf)))),
            });
        }
        Features::new(hashes)
    }

    /// Their hashes, at most [`SAMPLE`].
    pub(super) fn sample(&self) -> &[u64] {
        &self.kept
    }

    /// One hash of all that is kept.
    pub(super) fn digest(&self) -> u64 {
        hash_of(&(self.total, &self.kept))
    }

    /// What two values share, of all that they have: 1000 when they are alike (Sørensen–Dice).
    pub(super) fn likeness(&self, other: &Features) -> PerMille {
        let most = 2 * self.total.min(other.total);
        let all = self.total + other.total;
        if all == 0 {
            return 1000;
        }
        // Of samples, only the range that both cover can be compared.
        let end = |of: &Features| if of.total > SAMPLE { of.kept.last().copied() } else { None };
        let limit = [end(self), end(other)].into_iter().flatten().min().unwrap_or(u64::MAX);
        let within = |of: &Features| of.kept.partition_point(|hash| *hash <= limit);
        let (a, b) = (&self.kept[..within(self)], &other.kept[..within(other)]);
        let found = 2000 * shared(a, b) / (a.len() + b.len()).max(1);
        // More than the smaller one has cannot be shared.
        found.min(1000 * most / all) as PerMille
    }

    /// How many features both have.
    pub(super) fn shared(&self, other: &Features) -> usize {
        shared(&self.kept, &other.kept)
    }
}

/// How many both sorted lists have in common.
fn shared(mut a: &[u64], mut b: &[u64]) -> usize {
    let mut shared = 0;
    while let ([first, after @ ..], [other, beyond @ ..]) = (a, b) {
        match first.cmp(other) {
            std::cmp::Ordering::Less => a = after,
            std::cmp::Ordering::Greater => b = beyond,
            std::cmp::Ordering::Equal => {
                shared += 1;
                (a, b) = (after, beyond);
            }
        }
    }
    shared
}

/// Every scalar and empty container below, with a hash of the keys that lead there. The order of items does not count.
fn leaves(value: &Value, path: u64, found: &mut impl FnMut(u64, &Value)) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(key, value)| leaves(value, hash_of(&(path, key)), found));
        }
        Value::Array(items) if !items.is_empty() => {
            let path = hash_of(&(path, "[]"));
            items.iter().for_each(|item| leaves(item, path, found));
        }
        leaf => found(path, leaf),
    }
}

/// The text without the given names, where they stand as words of their own: `web-config` of `web`, not `webhook`.
fn nameless<'t>(text: &'t str, own: &[&str]) -> Vec<&'t str> {
    let mut parts = vec![text];
    for name in own.iter().filter(|name| !name.is_empty()) {
        parts = parts.into_iter().flat_map(|part| split_at_word(part, name)).collect();
    }
    parts
}

fn split_at_word<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let is_word =
            !text[..at].ends_with(char::is_alphanumeric) && !text[end..].starts_with(char::is_alphanumeric);
        if is_word {
            parts.push(&text[start..at]);
            start = end;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// How much two names begin and end alike.
pub(super) fn closeness(a: &str, b: &str) -> PerMille {
    (strsim::normalized_levenshtein(a, b) * 1000.0) as PerMille
}

/// What is left of a name without a suffix that was computed from contents: `app-config` of `app-config-5d8f7h`.
///
/// Such a suffix has at least five lowercase letters and digits, mixed, and is hexadecimal or without vowels, as
/// kustomize and Kubernetes itself make them: `app-server1` and `api-v1beta1` have none.
pub(super) fn stem(name: &str) -> Option<&str> {
    let (stem, suffix) = name.rsplit_once('-')?;
    let bytes = suffix.as_bytes();
    let is_hexadecimal = bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let has_no_vowels = bytes
        .iter()
        .all(|byte| byte.is_ascii_digit() || (byte.is_ascii_lowercase() && !b"aeiou".contains(byte)));
    let turns = bytes.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    let is_computed = bytes.len() >= 5 && turns >= 2 && (is_hexadecimal || has_no_vowels);
    (is_computed && !stem.is_empty()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_computed_suffix_is_told_from_a_name() {
        for (name, expected) in [
            ("app-config-5d8f7h", Some("app-config")),
            ("app-config-9k2m4c", Some("app-config")),
            ("env-m2mg5ktg6h", Some("env")),
            ("job-3fa9c1d2", Some("job")),
            ("app-server1", None),
            ("api-v1beta1", None),
            ("app-http2", None),
            ("app-amd64", None),
            ("app-backup", None),
            ("app-deadbeef", None),
            ("5d8f7h", None),
            ("app-12", None),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }

    #[test]
    fn own_names_do_not_count() {
        let parts = |value: &Value, own: &[&str]| Features::of_parts(value.as_object().unwrap().iter(), own);
        let a = json!({"selector": {"app": "shop"}, "url": "http://shop-db.prod", "n": 1});
        let b = json!({"selector": {"app": "store"}, "url": "http://store-db.test", "n": 1});
        let (a, b) = (parts(&a, &["shop", "prod"]), parts(&b, &["store", "test"]));
        assert_eq!((a.likeness(&b), a.digest() == b.digest()), (1000, true));
        assert_eq!(nameless("webhook web", &["web"]), ["webhook ", ""]);
        let c = parts(&json!({"selector": {"app": "x"}, "url": "y", "n": 1}), &["store"]);
        assert_eq!(b.likeness(&c), 333);
    }

    #[test]
    fn large_texts_are_compared_by_samples() {
        let text = |from: usize, to: usize| -> Value {
            (from..to).map(|n| format!("line {n}\n")).collect::<String>().into()
        };
        let features = |text: Value| Features::of_parts([(&"data".to_owned(), &text)].into_iter(), &[]);
        let whole = features(text(0, 20_000));
        assert_eq!(whole.sample().len(), SAMPLE);
        let most = whole.likeness(&features(text(2_000, 22_000)));
        assert!((850..=950).contains(&most), "{most}");
        assert_eq!(whole.likeness(&features(text(20_000, 40_000))), 0);
        let part = whole.likeness(&features(text(0, 1_000)));
        assert!(part < 150, "{part}");
    }
}
