//! A field on both sides of a change, and where it is: what the rules are written with.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::change::{FieldPath, FieldStep};

/// What is not there.
static ABSENT: Value = Value::Null;

/// A field on both sides of a change. Where a side lacks it, the value is `null`, and so is whatever is looked for inside
/// a value of another type: the rules never ask twice.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    /// On the base.
    pub(super) before: &'a Value,
    /// On the head.
    pub(super) after: &'a Value,
    steps: Vec<Step<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    /// The item with these values of these keys, where it has them.
    Item(&'static [&'static str], &'a Value),
    Index(usize),
}

impl<'a> Field<'a> {
    /// The root of a resource.
    pub(super) fn root(before: Option<&'a Value>, after: Option<&'a Value>) -> Field<'a> {
        Field { before: before.unwrap_or(&ABSENT), after: after.unwrap_or(&ABSENT), steps: Vec::new() }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &'a str) -> Field<'a> {
        self.inner(get(self.before, key), get(self.after, key), Step::Key(key))
    }

    /// The value that is reached by these keys, one in the other.
    pub(super) fn at(&self, keys: &[&'a str]) -> Field<'a> {
        keys.iter().fold(self.clone(), |field, key| field.get(key))
    }

    /// The items of a list that have the same values of `keys` on both sides: those of the head in their order, then
    /// those that only the base has. Items without these keys are paired by their places.
    pub(super) fn items(&self, keys: &'static [&'static str]) -> Vec<Field<'a>> {
        let mut only_before: HashMap<String, VecDeque<(usize, &'a Value)>> = HashMap::new();
        for (index, item) in items(self.before).iter().enumerate() {
            only_before.entry(item_key(item, index, keys)).or_default().push_back((index, item));
        }
        let step = |item: &'a Value, index| match keys.first().and_then(|key| scalar(get(item, key))) {
            Some(_) => Step::Item(keys, item),
            None => Step::Index(index),
        };
        let mut paired: Vec<Field<'a>> = Vec::new();
        for (index, after) in items(self.after).iter().enumerate() {
            let before = only_before.get_mut(&item_key(after, index, keys)).and_then(VecDeque::pop_front);
            paired.push(self.inner(before.map_or(&ABSENT, |(_, item)| item), after, step(after, index)));
        }
        let mut gone: Vec<(usize, &'a Value)> = only_before.into_values().flatten().collect();
        gone.sort_unstable_by_key(|(index, _)| *index);
        paired
            .extend(gone.into_iter().map(|(index, before)| self.inner(before, &ABSENT, step(before, index))));
        paired
    }

    /// The keys that an object has on either side, and their values; none for anything else.
    pub(super) fn entries(&self) -> Vec<Field<'a>> {
        let (before, after) = (self.before.as_object(), self.after.as_object());
        let only_before = before
            .into_iter()
            .flatten()
            .filter(|(key, _)| after.is_none_or(|after| !after.contains_key(*key)));
        after.into_iter().flatten().chain(only_before).map(|(key, _)| self.get(key)).collect()
    }

    /// The same field, with what is taken for its value on the base.
    pub(super) fn since(self, before: &'a Value) -> Field<'a> {
        Field { before, ..self }
    }

    /// Whether only the head has it.
    pub(super) fn is_new(&self) -> bool {
        self.before.is_null() && !self.after.is_null()
    }

    /// Whether only the base has it.
    pub(super) fn is_gone(&self) -> bool {
        !self.before.is_null() && self.after.is_null()
    }

    /// Whether this holds for the head, and did not for the base.
    pub(super) fn becomes(&self, holds: impl Fn(&'a Value) -> bool) -> bool {
        holds(self.after) && !holds(self.before)
    }

    /// The last key on the way here; empty for the root and for an item.
    pub(super) fn key(&self) -> &'a str {
        match self.steps.last() {
            Some(Step::Key(key)) => key,
            Some(Step::Item(..) | Step::Index(_)) | None => "",
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> FieldPath {
        FieldPath(self.steps.iter().map(|step| step.owned()).collect())
    }

    fn inner(&self, before: &'a Value, after: &'a Value, step: Step<'a>) -> Field<'a> {
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        steps.extend_from_slice(&self.steps);
        steps.push(step);
        Field { before, after, steps }
    }
}

impl Step<'_> {
    fn owned(&self) -> FieldStep {
        match self {
            Step::Key(key) => FieldStep::Key((*key).to_owned()),
            Step::Index(index) => FieldStep::Index(*index),
            Step::Item(keys, item) => FieldStep::Item(
                keys.iter().filter_map(|key| Some(((*key).to_owned(), scalar(get(item, key))?))).collect(),
            ),
        }
    }
}

/// What tells an item from the others of its list.
fn item_key(item: &Value, index: usize, keys: &[&str]) -> String {
    let values: Vec<Option<String>> = keys.iter().map(|key| scalar(get(item, key))).collect();
    match values.first() {
        Some(Some(_)) => format!("{values:?}"),
        Some(None) | None => format!("[{index}]"),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The value of a key; `null` where there is none.
pub(super) fn get<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&ABSENT)
}

/// The items of a list; none for anything else.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The strings of a list.
pub(super) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    items(value).iter().filter_map(Value::as_str)
}

/// A string; empty for anything else.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether it is `true`.
pub(super) fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

/// An integer. What JavaScript makes of one may be a number with a point.
pub(super) fn integer(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(whole))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_are_paired_by_their_keys_and_else_by_their_places() {
        let before = json!([{"name": "a", "n": 1}, {"n": 2}, {"name": "b", "n": 3}, {"name": "a", "n": 4}]);
        let after = json!([{"name": "b", "n": 5}, {"n": 6}, {"name": "c", "n": 7}, {"name": "a", "n": 8}]);
        let paired = Field::root(Some(&before), Some(&after)).items(&["name"]);
        let shown: Vec<(String, Option<i64>, Option<i64>)> = paired
            .iter()
            .map(|item| {
                (item.path().to_string(), integer(get(item.before, "n")), integer(get(item.after, "n")))
            })
            .collect();
        let expected = [
            ("[name=b]", Some(3), Some(5)),
            ("[1]", Some(2), Some(6)),
            ("[name=c]", None, Some(7)),
            ("[name=a]", Some(1), Some(8)),
            ("[name=a]", Some(4), None),
        ];
        assert_eq!(shown, expected.map(|(path, before, after)| (path.to_owned(), before, after)));
    }

    #[test]
    fn what_is_not_there_is_null_all_the_way() {
        let value = json!({"spec": "x"});
        let field = Field::root(Some(&value), None).at(&["spec", "template", "spec"]);
        assert!(field.before.is_null() && field.after.is_null() && field.items(&["name"]).is_empty());
        assert_eq!(field.path().to_string(), "spec.template.spec");
    }
}
