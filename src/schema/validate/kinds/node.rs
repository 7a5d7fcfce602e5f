//! A value, where it stands, and where to tell what is wrong with it: what the rules are written with.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::diagnostic::near_miss;
use crate::resource::{At, JsonPath, Step};
use crate::rule::Rule;
use crate::schema::validate::names::Syntax;
use crate::schema::validate::quantity::Quantity;
use crate::schema::validate::{Finding, Findings};

/// Where the findings of one document go, shared by all nodes of it.
pub struct Sink<'v> {
    document: &'v Value,
    findings: RefCell<Findings>,
    later: Cell<bool>,
}

impl<'v> Sink<'v> {
    /// For one document; `index` is the document's number among those judged together.
    pub fn new(document: &'v Value, index: usize) -> Sink<'v> {
        let findings = RefCell::new(Findings { document: index, list: Vec::new() });
        Sink { document, findings, later: Cell::new(false) }
    }

    /// The document's root.
    pub fn root(&self) -> Node<'v, '_> {
        Node { value: self.document, at: At::Root, sink: self }
    }

    /// What was found, each thing once: two rules may come to one conclusion.
    pub fn into_findings(self) -> Vec<Finding> {
        let mut seen = HashSet::new();
        let mut list = self.findings.into_inner().list;
        list.retain(|finding| seen.insert((finding.path.clone(), finding.rule, finding.message.clone())));
        list
    }

    /// The part of `path` that the document has, and the keys that it lacks.
    fn existing(&self, path: &JsonPath) -> (JsonPath, Vec<String>) {
        let mut value = self.document;
        let mut there = Vec::new();
        for (depth, step) in path.steps().iter().enumerate() {
            let next = match step {
                Step::Key(key) => value.get(key),
                Step::Index(index) => value.get(index),
            };
            // `null` counts as absent.
            match next.filter(|next| !next.is_null()) {
                Some(next) => value = next,
                None => {
                    let missing = path.steps()[depth..].iter().map(|step| match step {
                        Step::Key(key) => key.clone(),
                        Step::Index(index) => index.to_string(),
                    });
                    return (there.into(), missing.collect());
                }
            }
            there.push(step.clone());
        }
        (there.into(), Vec::new())
    }
}

/// A value of a document. One that is absent is `null`, and so is whatever is looked for inside a value of another
/// type: the rules never ask twice, and stay silent about what decoding has told already.
#[derive(Clone, Copy)]
pub struct Node<'v, 'p> {
    value: &'v Value,
    at: At<'p>,
    sink: &'p Sink<'v>,
}

impl<'v> Node<'v, '_> {
    /// The value of a key.
    pub fn get<'n>(&'n self, key: &'n str) -> Node<'v, 'n> {
        Node { value: self.value.get(key).unwrap_or(&Value::Null), at: self.at.key(key), sink: self.sink }
    }

    /// The items of an array; none for anything else.
    pub fn items<'n>(&'n self) -> impl DoubleEndedIterator<Item = Node<'v, 'n>> + ExactSizeIterator {
        let items = self.value.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().enumerate().map(|(index, value)| Node {
            value,
            at: self.at.index(index),
            sink: self.sink,
        })
    }

    /// The keys of an object and their values; none for anything else.
    pub fn entries<'n>(&'n self) -> impl Iterator<Item = (&'n str, Node<'v, 'n>)>
    where
        'v: 'n,
    {
        let entries = self.value.as_object().into_iter().flatten();
        entries.map(|(key, value)| {
            (key.as_str(), Node { value, at: self.at.key(key.as_str()), sink: self.sink })
        })
    }

    /// The value itself.
    pub fn value(&self) -> &'v Value {
        self.value
    }

    /// Whether there is a value.
    pub fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether there is no value, or the one that Go leaves out: `""`, `[]`, `{}`.
    pub fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// Whether it could be an object: one, or absent. Nothing is said of the fields of anything else.
    fn may_be_object(&self) -> bool {
        matches!(self.value, Value::Object(_) | Value::Null)
    }

    /// The string, where it is one.
    pub fn str(&self) -> Option<&'v str> {
        self.value.as_str()
    }

    /// The string; empty where there is none.
    pub fn text(&self) -> &'v str {
        self.str().unwrap_or_default()
    }

    /// Whether it is this string.
    pub fn is(&self, text: &str) -> bool {
        self.str() == Some(text)
    }

    /// The string that is not empty.
    pub fn filled(&self) -> Option<&'v str> {
        self.str().filter(|text| !text.is_empty())
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// The integer, where it is one; JavaScript's `3.0` is one.
    pub fn int(&self) -> Option<i64> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        self.value.as_i64().or_else(|| {
            self.value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT).map(|n| n as i64)
        })
    }

    /// The quantity, where it is a valid one.
    pub fn quantity(&self) -> Option<Quantity> {
        Quantity::of(self.value)
    }

    /// Adds a finding here; where there is nothing, at what should hold it.
    pub fn say(&self, rule: Rule, message: impl Into<String>) {
        self.tell(rule, message, None);
    }

    /// Adds a finding with what to do about it.
    pub fn say_help(&self, rule: Rule, message: impl Into<String>, help: impl Into<String>) {
        self.tell(rule, message, Some(help.into()));
    }

    fn tell(&self, rule: Rule, message: impl Into<String>, help: Option<String>) {
        let (path, _) = self.sink.existing(&self.at.path());
        let mut findings = self.sink.findings.borrow_mut();
        let (rule, help) = if self.sink.later.get() {
            let fate = || "the server takes this document, but not what is made of it".to_owned();
            (Rule::ServerWarning, help.or_else(|| Some(fate())))
        } else {
            (rule, help)
        };
        let document = findings.document;
        findings.list.push(Finding { document, path, rule, message: message.into(), help });
    }

    /// Runs rules that the server applies only later, to what it makes of this document: what they find is a warning.
    pub fn later(&self, rules: impl FnOnce()) {
        let before = self.sink.later.replace(true);
        rules();
        self.sink.later.set(before);
    }

    /// Says that something is missing unless it is there; returns whether it is.
    pub fn require(&self, key: &str) -> bool {
        let field = self.get(key);
        let absent = match field.value {
            Value::Object(_) => false,
            _ => field.is_empty(),
        };
        if absent && self.may_be_object() {
            field.say_missing();
        }
        !absent
    }

    /// As [`require`](Self::require), for a map that must have an entry.
    pub fn require_entries(&self, key: &str) -> bool {
        let field = self.get(key);
        if field.is_empty() && self.may_be_object() {
            field.say_missing();
        }
        !field.is_empty()
    }

    /// Says that this is missing.
    pub fn say_missing(&self) {
        let (path, missing) = self.sink.existing(&self.at.path());
        let last = path.steps().last();
        match (missing.is_empty(), last) {
            (true, Some(Step::Key(key))) => self.say(Rule::Required, format!("`{key}` must not be empty")),
            (true, _) => self.say(Rule::Required, "an empty value where one is required"),
            _ => self.say(Rule::Required, format!("missing required field `{}`", missing.join("."))),
        }
    }

    /// Says that this may not be set, and why, when it is.
    pub fn forbid(&self, why: &str) {
        if self.is_set() {
            self.say(Rule::Combination, why);
        }
    }

    /// An integer that must not be below `min`.
    pub fn at_least(&self, min: i64) {
        if let Some(number) = self.int().filter(|number| *number < min) {
            self.say(Rule::Range, format!("expected at least {min}, got {number}"));
        }
    }

    /// An integer that must be in a range.
    pub fn within(&self, range: RangeInclusive<i64>) {
        if let Some(number) = self.int().filter(|number| !range.contains(number)) {
            let (min, max) = range.into_inner();
            self.say(Rule::Range, format!("expected {min} to {max}, got {number}"));
        }
    }

    /// A quantity that must not be negative.
    pub fn not_negative(&self) {
        if self.quantity().is_some_and(|quantity| quantity.is_negative()) {
            self.say(Rule::Range, format!("expected a quantity of at least 0, got {}", self.shown()));
        }
    }

    /// A port number.
    pub fn port(&self) {
        if let Some(number) = self.int().filter(|number| !(1..=65535).contains(number)) {
            self.say(Rule::Port, format!("expected a port from 1 to 65535, got {number}"));
        }
    }

    /// A string that must be one of a few; an empty one counts as absent.
    pub fn one_of(&self, allowed: &[&str]) {
        let Some(text) = self.filled().filter(|text| !allowed.contains(text)) else { return };
        let message = format!("expected {}, got {}", or(allowed), self.shown());
        let help = near_miss(text, allowed.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        self.tell(Rule::Enum, message, help);
    }

    /// A string with a certain syntax; an empty one counts as absent.
    pub fn matches(&self, rule: Rule, syntax: impl Fn(&str) -> Syntax) {
        if let Some(problem) = self.filled().and_then(|text| syntax(text).err()) {
            self.say(rule, format!("{} {problem}", self.shown()));
        }
    }

    /// As [`matches`](Self::matches), where an empty string does not count as absent.
    pub fn matches_even_empty(&self, rule: Rule, syntax: impl Fn(&str) -> Syntax) {
        if let Some(problem) = self.str().and_then(|text| syntax(text).err()) {
            self.say(rule, format!("{} {problem}", self.shown()));
        }
    }

    /// As [`matches`](Self::matches), of a string that is a name.
    pub fn named(&self, syntax: impl Fn(&str) -> Syntax) {
        self.matches(Rule::Name, syntax);
    }

    /// The value as messages show it: JSON, shortened.
    pub fn shown(&self) -> String {
        shorten(&self.value.to_string())
    }

    /// How many of these fields are set, with their names.
    pub fn set_among<'k>(&self, keys: &[&'k str]) -> Vec<&'k str> {
        keys.iter().copied().filter(|key| self.get(key).is_set()).collect()
    }

    /// Exactly one of these fields must be set.
    pub fn exactly_one(&self, rule: Rule, keys: &[&str]) {
        if !self.value.is_object() {
            return;
        }
        match self.set_among(keys).as_slice() {
            [_] => {}
            [] => self.say(rule, format!("expected one of {}, got none", list(keys))),
            several => self.say(rule, format!("expected only one of {}", list(several))),
        }
    }

    /// At most one of these fields may be set.
    pub fn at_most_one(&self, rule: Rule, keys: &[&str]) {
        let set = self.set_among(keys);
        if set.len() > 1 {
            self.say(rule, format!("expected only one of {}", list(&set)));
        }
    }

    /// Each item must have another key; `None` is not compared.
    pub fn unique<'n, K: Eq + std::hash::Hash>(
        &'n self,
        what: &str,
        key: impl Fn(&Node<'v, 'n>) -> Option<K>,
        field: Option<&str>,
    ) where
        'v: 'n,
    {
        let mut seen = HashSet::new();
        for item in self.items() {
            if key(&item).is_some_and(|key| !seen.insert(key)) {
                let place = match field {
                    Some(field) if item.get(field).is_set() => item.get(field),
                    _ => item,
                };
                place.say(Rule::Duplicate, format!("duplicate {what} {}", place.shown()));
            }
        }
    }

    /// Each item must have another name in `field`.
    pub fn unique_by(&self, field: &str) {
        self.unique(field, |item| item.get(field).filled(), Some(field));
    }
}

/// `"a", "b" or "c"`, as messages list values.
pub fn or(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

/// The names of fields, as messages list them.
pub fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A text as messages show it: at most about 60 characters.
pub fn shorten(text: &str) -> String {
    const MAX: usize = 60;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
