//! Two documents, compared by field.

use serde_json::Value;

use super::lists::{self, Label};
use super::redact::{Mask, put, shown, shown_change, shown_text};
use super::value::same;
use crate::change::{Edit, FieldChange, FieldPath, FieldStep, REDACTED, REDACTED_CHANGED};
use crate::resource::{At, JsonPath};
use crate::schema::types::Type;

/// What differs between two documents, and both as they may be shown.
#[derive(Debug)]
pub(super) struct Compared {
    /// The fields that differ, in the order of the YAML.
    pub(super) fields: Vec<FieldChange>,
    /// The base's document without what is secret; `None`: nothing is.
    pub(super) before: Option<Value>,
    /// The head's.
    pub(super) after: Option<Value>,
}

/// A value of one side, and what of it is secret.
#[derive(Clone, Copy)]
pub(super) struct Masked<'v> {
    /// The value.
    pub(super) value: &'v Value,
    /// What is secret of it.
    pub(super) mask: Option<&'v Mask>,
}

impl<'v> Masked<'v> {
    fn key(self, key: &str, value: &'v Value) -> Masked<'v> {
        Masked { value, mask: self.mask.and_then(|mask| mask.key(key)) }
    }

    fn item(self, at: usize, value: &'v Value) -> Masked<'v> {
        Masked { value, mask: self.mask.and_then(|mask| mask.item(at)) }
    }

    fn shown(self) -> Value {
        shown(self.value, self.mask)
    }

    fn is_hidden(self) -> bool {
        self.mask == Some(&Mask::Whole)
    }
}

/// Compares two documents of a type.
///
/// Walks as deep as the documents nest, which the engine bounds.
pub(super) fn compare(before: Masked<'_>, after: Masked<'_>, of: Type<'_>) -> Compared {
    let mut walk = Walk::default();
    walk.value(before, after, of, &Place { field: None, before: At::Root, after: At::Root });
    let copy = |side: Masked<'_>, told: Vec<(JsonPath, String)>| {
        (side.mask.is_some() || !told.is_empty()).then(|| {
            let mut copy = side.shown();
            told.iter().for_each(|(path, text)| put(&mut copy, path, text));
            copy
        })
    };
    Compared {
        fields: walk.fields,
        before: copy(before, walk.told_before),
        after: copy(after, walk.told_after),
    }
}

/// Where a walk is, on both sides. Costs nothing before it is asked for.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// The step that led here, and where from; `None` at the root.
    field: Option<(&'p Place<'p>, Name<'p>)>,
    before: At<'p>,
    after: At<'p>,
}

/// A step of a field's path.
#[derive(Clone, Copy)]
enum Name<'p> {
    Key(&'p str),
    Keys(&'p [(String, String)]),
    Value(&'p Value),
    Place(usize),
}

impl<'p> Place<'p> {
    fn key(&'p self, key: &'p str) -> Place<'p> {
        Place {
            field: Some((self, Name::Key(key))),
            before: self.before.key(key),
            after: self.after.key(key),
        }
    }

    fn path(&self) -> FieldPath {
        let mut steps = Vec::new();
        let mut place = self;
        while let Some((outer, name)) = &place.field {
            steps.push(match name {
                Name::Key(key) => FieldStep::Key(shown_text(key)),
                Name::Keys(keys) => FieldStep::Item(
                    keys.iter().map(|(key, value)| (key.clone(), shown_text(value))).collect(),
                ),
                Name::Value(value) => FieldStep::Value(shown_text(&lists::text_of(value))),
                Name::Place(at) => FieldStep::Index(*at),
            });
            place = outer;
        }
        steps.reverse();
        FieldPath(steps)
    }
}

#[derive(Default)]
struct Walk {
    fields: Vec<FieldChange>,
    /// What is to be shown at places of the documents instead of what their masks leave.
    told_before: Vec<(JsonPath, String)>,
    told_after: Vec<(JsonPath, String)>,
}

impl Walk {
    fn tell(&mut self, place: &Place<'_>, edit: Edit) {
        self.fields.push(FieldChange { path: place.path(), edit, group: None });
    }

    fn value(&mut self, before: Masked<'_>, after: Masked<'_>, of: Type<'_>, place: &Place<'_>) {
        if before.is_hidden() || after.is_hidden() || hides_items(before, after) {
            return self.hidden(before, after, place);
        }
        // What is secret on one side only must be found, even where nothing differs.
        if before.mask.is_none() == after.mask.is_none() && same(before.value, after.value) {
            return;
        }
        match (before.value, after.value) {
            (Value::Object(_), Value::Object(_)) => {
                self.objects(before, after, of.inside(after.value), place)
            }
            (Value::Array(_), Value::Array(_)) => self.lists(before, after, of, place),
            (Value::String(old), Value::String(new)) if before.mask.is_some() || after.mask.is_some() => {
                let after = shown_change(old, new);
                self.told_after.push((place.after.path(), after.clone()));
                if old != new {
                    self.tell(place, Edit::Changed { before: shown_text(old).into(), after: after.into() });
                }
            }
            _ if same(before.value, after.value) => {}
            _ => self.tell(place, Edit::Changed { before: before.shown(), after: after.shown() }),
        }
    }

    /// What is secret on either side is on both.
    fn hidden(&mut self, before: Masked<'_>, after: Masked<'_>, place: &Place<'_>) {
        let is_same = same(before.value, after.value);
        let told = if is_same { REDACTED } else { REDACTED_CHANGED };
        self.told_before.push((place.before.path(), REDACTED.to_owned()));
        self.told_after.push((place.after.path(), told.to_owned()));
        if !is_same {
            self.tell(place, Edit::Changed { before: REDACTED.into(), after: told.into() });
        }
    }

    fn objects(&mut self, before: Masked<'_>, after: Masked<'_>, of: Type<'_>, place: &Place<'_>) {
        let (Value::Object(old), Value::Object(new)) = (before.value, after.value) else { return };
        let mut keys: Vec<&String> =
            old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).collect();
        keys.sort_unstable();
        for key in keys {
            let place = place.key(key);
            match (old.get(key), new.get(key)) {
                (Some(old), Some(new)) => {
                    self.value(before.key(key, old), after.key(key, new), of.key(key), &place);
                }
                (Some(old), None) => self.tell(&place, Edit::Removed(before.key(key, old).shown())),
                (None, Some(new)) => self.tell(&place, Edit::Added(after.key(key, new).shown())),
                (None, None) => {}
            }
        }
    }

    fn lists(&mut self, before: Masked<'_>, after: Masked<'_>, of: Type<'_>, place: &Place<'_>) {
        let (Value::Array(old), Value::Array(new)) = (before.value, after.value) else { return };
        let paired = lists::pair(old, new, of);
        if paired.reordered {
            self.tell(place, Edit::Reordered);
        }
        for lists::Item { before: old_at, after: new_at, label } in &paired.items {
            let old = old_at.and_then(|at| Some((at, before.item(at, old.get(at)?))));
            let new = new_at.and_then(|at| Some((at, after.item(at, new.get(at)?))));
            let Some((at, either)) = new.or(old) else { continue };
            let masks = [old, new].map(|side| side.and_then(|(_, item)| item.mask));
            let hidden;
            let name = match label {
                Label::Keys(keys) => {
                    hidden = without_secrets(keys, masks);
                    Name::Keys(hidden.as_deref().unwrap_or(keys))
                }
                Label::Value => Name::Value(either.value),
                Label::Place => Name::Place(at),
            };
            let inner = Place {
                field: Some((place, name)),
                before: place.before.index(old_at.unwrap_or_default()),
                after: place.after.index(new_at.unwrap_or_default()),
            };
            match (old, new) {
                (Some((_, old)), Some((_, new))) => self.value(old, new, of.item(), &inner),
                (Some((_, old)), None) => self.tell(&inner, Edit::Removed(old.shown())),
                (None, Some((_, new))) => self.tell(&inner, Edit::Added(new.shown())),
                (None, None) => {}
            }
        }
    }
}

/// Whether these are lists of which some items are secret. What became of which item would say something about them.
fn hides_items(before: Masked<'_>, after: Masked<'_>) -> bool {
    before.value.is_array()
        && after.value.is_array()
        && [before, after].iter().any(|side| side.mask.is_some_and(Mask::hides_an_item))
}

/// The keys of an item without those that are secret on either side; `None` when none is.
fn without_secrets(keys: &[(String, String)], masks: [Option<&Mask>; 2]) -> Option<Vec<(String, String)>> {
    let is_secret = |key: &str| masks.into_iter().flatten().any(|mask| mask.key(key) == Some(&Mask::Whole));
    keys.iter().any(|(key, _)| is_secret(key)).then(|| {
        let shown = |(key, value): &(String, String)| {
            (key.clone(), if is_secret(key) { REDACTED.to_owned() } else { value.clone() })
        };
        keys.iter().map(shown).collect()
    })
}
