//! What of a document is not shown: where it is, and documents without it.
//!
//! Not shown are:
//!
//! | What | Where |
//! |---|---|
//! | the values of `data` and `stringData` | of every object of kind `Secret`, also inside other resources, and of the items of a `SecretList`; all of it when it is no object |
//! | what no Secret has | of a Secret: a misspelt `stringdata` |
//! | the annotation `kubectl.kubernetes.io/last-applied-configuration` | anywhere: it holds a whole resource once more |
//! | `value` beside a `name` that sounds like a secret | of the objects of any list: environment variables, headers, parameters |
//! | the values of such names in `env`, written as an object | anywhere |
//! | texts at keys such as `password`, `clientSecret`, `apiKey` | anywhere |
//! | passwords in URLs, private keys in PEM | that part of any text |
//! | what `[ci] redact` names | there and below |
//!
//! [`sensitive`](super::sensitive) says which names do.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::sensitive::{is_sensitive_field, is_sensitive_name, secret_parts};
use crate::change::{REDACTED, REDACTED_CHANGED};
use crate::config::{Redact, RedactStep};
use crate::resource::{JsonPath, Step};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The shortest secret, in bytes, that is looked for in texts. A shorter one is part of too many words.
const SHORTEST: usize = 6;

/// The shortest beginning or end of a secret, in bytes, that is taken for it: messages cut long values.
const SHORTEST_PIECE: usize = 8;

/// What of a value is secret. Nothing is none at all.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mask {
    /// All of it.
    Whole,
    /// Parts of a text, see [`secret_parts`].
    Parts,
    /// Something at these keys.
    Keys(HashMap<String, Mask>),
    /// Something at these items.
    Items(HashMap<usize, Mask>),
}

impl Mask {
    /// What is secret of a document. `None`: nothing.
    pub(super) fn of(document: &Value, places: &[&Redact]) -> Option<Mask> {
        let mut mask = scan(document, "");
        let kind = document.get("kind").and_then(Value::as_str);
        for place in places {
            if place.kind.is_none() || place.kind.as_deref() == kind {
                hide(&mut mask, document, &place.steps);
            }
        }
        mask
    }

    /// What is secret of the value of a key.
    pub(super) fn key(&self, key: &str) -> Option<&Mask> {
        match self {
            Mask::Whole => Some(self),
            Mask::Keys(keys) => keys.get(key),
            Mask::Items(_) | Mask::Parts => None,
        }
    }

    /// What is secret of an item.
    pub(super) fn item(&self, at: usize) -> Option<&Mask> {
        match self {
            Mask::Whole => Some(self),
            Mask::Items(items) => items.get(&at),
            Mask::Keys(_) | Mask::Parts => None,
        }
    }

    /// Whether an item is secret as a whole.
    pub(super) fn hides_an_item(&self) -> bool {
        match self {
            Mask::Items(items) => items.values().any(|mask| *mask == Mask::Whole),
            Mask::Whole | Mask::Keys(_) | Mask::Parts => false,
        }
    }
}

/// `under` is the key that the value has.
fn scan(value: &Value, under: &str) -> Option<Mask> {
    match value {
        Value::String(text) if !text.is_empty() && is_sensitive_field(under) => Some(Mask::Whole),
        Value::String(text) => (!secret_parts(text).is_empty()).then_some(Mask::Parts),
        Value::Array(items) => {
            let mut found = HashMap::new();
            for (at, item) in items.iter().enumerate() {
                let mut mask = scan(item, under);
                if let Some(object) = item.as_object().filter(|object| names_secret(object)) {
                    hide_key(&mut mask, object, "value");
                }
                found.extend(mask.map(|mask| (at, mask)));
            }
            (!found.is_empty()).then_some(Mask::Items(found))
        }
        Value::Object(object) => scan_object(object, under),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn scan_object(object: &Map<String, Value>, under: &str) -> Option<Mask> {
    let is_environment = under.eq_ignore_ascii_case("env");
    let mut found = HashMap::new();
    for (key, value) in object {
        // A key that holds a secret cannot be shown in part: it would be another key.
        if !secret_parts(key).is_empty() {
            return Some(Mask::Whole);
        }
        let is_hidden = key == LAST_APPLIED || (is_environment && is_scalar(value) && is_sensitive_name(key));
        if let Some(mask) = if is_hidden { Some(Mask::Whole) } else { scan(value, key) } {
            found.insert(key.clone(), mask);
        }
    }
    // However it is spelt: the API server would refuse a misspelt one, and by then it would have been shown.
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    if kind.eq_ignore_ascii_case("Secret") {
        let is_resource = object.get("apiVersion").is_some_and(|version| version == "v1");
        hide_contents(&mut found, object, is_resource);
    } else if kind.eq_ignore_ascii_case("SecretList")
        && let Some(Value::Array(items)) = object.get("items")
    {
        let mut masks = match found.remove("items") {
            Some(Mask::Items(masks)) => masks,
            Some(Mask::Whole | Mask::Parts | Mask::Keys(_)) | None => HashMap::new(),
        };
        for (at, item) in items.iter().enumerate() {
            let Value::Object(item) = item else { continue };
            let mut mask = masks.remove(&at);
            if let Some(keys) = keys_of(&mut mask) {
                hide_contents(keys, item, true);
            }
            masks.insert(at, mask.unwrap_or(Mask::Whole));
        }
        found.insert("items".to_owned(), Mask::Items(masks));
    }
    (!found.is_empty()).then_some(Mask::Keys(found))
}

/// Hides what a Secret holds: `data` and `stringData`; in the resource itself, all that no Secret has, too.
fn hide_contents(found: &mut HashMap<String, Mask>, object: &Map<String, Value>, is_resource: bool) {
    const SHOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];
    for (key, value) in object {
        let is_data = ["data", "stringData"].iter().any(|data| key.eq_ignore_ascii_case(data));
        let is_hidden = is_data || (is_resource && !SHOWN.contains(&key.as_str()));
        if !is_hidden || found.get(key) == Some(&Mask::Whole) {
            continue;
        }
        let mask = match value {
            Value::Null => continue,
            Value::Object(values) if values.is_empty() => continue,
            Value::Object(values) => {
                Mask::Keys(values.keys().map(|key| (key.clone(), Mask::Whole)).collect())
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Mask::Whole,
        };
        found.insert(key.clone(), mask);
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

fn names_secret(object: &Map<String, Value>) -> bool {
    object.get("name").and_then(Value::as_str).is_some_and(is_sensitive_name)
}

/// Hides the value of a key, if there is one.
fn hide_key(mask: &mut Option<Mask>, object: &Map<String, Value>, key: &str) {
    if object.get(key).is_none_or(Value::is_null) {
        return;
    }
    if let Some(keys) = keys_of(mask) {
        keys.insert(key.to_owned(), Mask::Whole);
    }
}

/// Hides what the steps lead to.
fn hide(mask: &mut Option<Mask>, value: &Value, steps: &[RedactStep]) {
    let [step, rest @ ..] = steps else {
        *mask = Some(Mask::Whole);
        return;
    };
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let is_meant = match step {
                    RedactStep::Key(meant) => meant == key,
                    RedactStep::Any => true,
                    RedactStep::Index(_) => false,
                };
                if is_meant && let Some(keys) = keys_of(mask) {
                    let mut inner = keys.remove(key);
                    hide(&mut inner, value, rest);
                    keys.extend(inner.map(|inner| (key.clone(), inner)));
                }
            }
            if matches!(mask, Some(Mask::Keys(keys)) if keys.is_empty()) {
                *mask = None;
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                let is_meant = match step {
                    RedactStep::Index(meant) => *meant == at,
                    RedactStep::Any => true,
                    RedactStep::Key(_) => false,
                };
                if is_meant && let Some(items) = items_of(mask) {
                    let mut inner = items.remove(&at);
                    hide(&mut inner, value, rest);
                    items.extend(inner.map(|inner| (at, inner)));
                }
            }
            if matches!(mask, Some(Mask::Items(items)) if items.is_empty()) {
                *mask = None;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The masks by key of what is an object; `None` when all of it is hidden.
fn keys_of(mask: &mut Option<Mask>) -> Option<&mut HashMap<String, Mask>> {
    match mask.get_or_insert_with(|| Mask::Keys(HashMap::new())) {
        Mask::Keys(keys) => Some(keys),
        Mask::Whole | Mask::Items(_) | Mask::Parts => None,
    }
}

fn items_of(mask: &mut Option<Mask>) -> Option<&mut HashMap<usize, Mask>> {
    match mask.get_or_insert_with(|| Mask::Items(HashMap::new())) {
        Mask::Items(items) => Some(items),
        Mask::Whole | Mask::Keys(_) | Mask::Parts => None,
    }
}

/// The value with [`REDACTED`] for all that is secret.
pub(super) fn shown(value: &Value, mask: Option<&Mask>) -> Value {
    match (mask, value) {
        (Some(Mask::Whole), _) => REDACTED.into(),
        (Some(Mask::Parts), Value::String(text)) => shown_text(text).into(),
        (Some(Mask::Keys(keys)), Value::Object(object)) => object
            .iter()
            .map(|(key, value)| (key.clone(), shown(value, keys.get(key))))
            .collect::<Map<_, _>>()
            .into(),
        (Some(Mask::Items(items)), Value::Array(list)) => {
            list.iter().enumerate().map(|(at, value)| shown(value, items.get(&at))).collect()
        }
        (Some(Mask::Parts | Mask::Keys(_) | Mask::Items(_)) | None, value) => value.clone(),
    }
}

/// The text with [`REDACTED`] for its secret parts.
pub(super) fn shown_text(text: &str) -> String {
    replace_parts(text, REDACTED)
}

fn replace_parts(text: &str, by: &str) -> String {
    let mut shown = String::new();
    let mut from = 0;
    for part in secret_parts(text) {
        shown.push_str(&text[from..part.start]);
        shown.push_str(by);
        from = part.end;
    }
    shown.push_str(&text[from..]);
    shown
}

/// The text on the head, its secret parts as [`REDACTED_CHANGED`] when they are not those of the base.
pub(super) fn shown_change(before: &str, after: &str) -> String {
    let parts =
        |text: &str| secret_parts(text).into_iter().map(|part| text[part].to_owned()).collect::<Vec<_>>();
    let by = if parts(before) == parts(after) { REDACTED } else { REDACTED_CHANGED };
    replace_parts(after, by)
}

/// Puts a text at a place of a document; nothing happens where there is no such place.
pub(super) fn put(document: &mut Value, path: &JsonPath, text: &str) {
    let mut value = document;
    for step in path.steps() {
        let found = match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(at) => value.get_mut(at),
        };
        let Some(found) = found else { return };
        value = found;
    }
    *value = text.into();
}

/// The secrets of documents: where they are, and what they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    mask: Option<Mask>,
    /// What must not occur in a text, the longest first.
    texts: Vec<String>,
}

/// The secrets of a document: what is secret anyway, and what the places name.
pub(crate) fn secrets_of(document: &Value, redact: &[&Redact]) -> Secrets {
    Secrets::new(document, Mask::of(document, redact))
}

/// The secrets of several documents. Their texts are masked; no place is covered, for they are of no one document.
pub(crate) fn secrets_of_all(documents: &[Value], redact: &[&Redact]) -> Secrets {
    let mut texts = HashSet::new();
    for document in documents {
        if let Some(mask) = Mask::of(document, redact) {
            gather(document, &mask, &mut texts);
        }
    }
    Secrets { mask: None, texts: in_order(texts) }
}

impl Secrets {
    pub(super) fn new(document: &Value, mask: Option<Mask>) -> Secrets {
        let mut texts = HashSet::new();
        if let Some(mask) = &mask {
            gather(document, mask, &mut texts);
        }
        Secrets { mask, texts: in_order(texts) }
    }

    /// Those of both. Only texts of `other` are masked; its places are not covered.
    pub(super) fn with(self, other: Secrets) -> Secrets {
        Secrets { mask: self.mask, texts: in_order(self.texts.into_iter().chain(other.texts).collect()) }
    }

    /// Whether what is at this place, from the root of the document, is secret: wholly, in part, or as part of something
    /// secret. Not whether anything below is.
    pub(crate) fn covers(&self, path: &JsonPath) -> bool {
        let mut mask = self.mask.as_ref();
        for step in path.steps() {
            let inner = match (mask, step) {
                (Some(mask), Step::Key(key)) => mask.key(key),
                (Some(mask), Step::Index(at)) => mask.item(*at),
                (None, _) => return false,
            };
            mask = inner;
        }
        match mask {
            Some(Mask::Whole | Mask::Parts) => true,
            Some(Mask::Keys(_) | Mask::Items(_)) | None => false,
        }
    }

    /// The text with [`REDACTED`] for every secret of at least six bytes that occurs in it: as it is, decoded from base64,
    /// escaped as in a string of JSON, a line of it, or a beginning or end of at least eight bytes.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut shown = shown_text(text);
        for secret in &self.texts {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), REDACTED);
            }
            if let (Some(head), Some(tail)) = (piece(secret, true), piece(secret, false)) {
                shown = mask_beginnings(&shown, secret, head);
                shown = mask_ends(&shown, secret, tail);
            }
        }
        shown
    }
}

fn in_order(texts: HashSet<String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.into_iter().collect();
    texts.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    texts
}

/// The first or last bytes of a secret that is longer than them.
fn piece(secret: &str, is_first: bool) -> Option<&str> {
    let at = secret.len().checked_sub(SHORTEST_PIECE).filter(|rest| *rest > 0)?;
    if is_first {
        let end = (SHORTEST_PIECE..secret.len()).find(|end| secret.is_char_boundary(*end))?;
        secret.get(..end)
    } else {
        let start = (0..=at).rev().find(|start| secret.is_char_boundary(*start))?;
        secret.get(start..)
    }
}

fn mask_beginnings(text: &str, secret: &str, head: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(head) {
        let found = &rest[at..];
        let length: usize = found
            .chars()
            .zip(secret.chars())
            .take_while(|(a, b)| a == b)
            .map(|(char, _)| char.len_utf8())
            .sum();
        shown.push_str(&rest[..at]);
        shown.push_str(REDACTED);
        rest = &found[length..];
    }
    shown + rest
}

fn mask_ends(text: &str, secret: &str, tail: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(tail) {
        let end = at + tail.len();
        let before = rest[..end].chars().rev().zip(secret.chars().rev());
        let length: usize = before.take_while(|(a, b)| a == b).map(|(char, _)| char.len_utf8()).sum();
        shown.push_str(&rest[..end - length]);
        shown.push_str(REDACTED);
        rest = &rest[end..];
    }
    shown + rest
}

/// Adds all texts that are hidden.
fn gather(value: &Value, mask: &Mask, texts: &mut HashSet<String>) {
    match (mask, value) {
        (Mask::Parts, Value::String(text)) => {
            for part in secret_parts(text) {
                add(&text[part], texts);
            }
        }
        (Mask::Whole | Mask::Keys(_), Value::Object(object)) => {
            for (key, value) in object {
                if *mask == Mask::Whole {
                    add(key, texts);
                }
                if let Some(mask) = mask.key(key) {
                    gather(value, mask, texts);
                }
            }
        }
        (Mask::Whole | Mask::Items(_), Value::Array(items)) => {
            for (at, value) in items.iter().enumerate() {
                if let Some(mask) = mask.item(at) {
                    gather(value, mask, texts);
                }
            }
        }
        (Mask::Whole, Value::String(text)) => {
            add(text, texts);
            let symbols: String = text.chars().filter(|char| !char.is_whitespace()).collect();
            if let Some(decoded) =
                STANDARD.decode(symbols).ok().and_then(|bytes| String::from_utf8(bytes).ok())
            {
                add(&decoded, texts);
            }
        }
        (Mask::Whole, Value::Number(number)) => add(&number.to_string(), texts),
        _ => {}
    }
}

fn add(text: &str, texts: &mut HashSet<String>) {
    let mut add_one = |text: &str| {
        if text.len() >= SHORTEST {
            texts.insert(text.to_owned());
        }
    };
    add_one(text);
    let escaped = Value::from(text).to_string();
    add_one(escaped.trim_matches('"'));
    if text.contains('\n') {
        text.lines().map(str::trim).for_each(add_one);
    }
}
