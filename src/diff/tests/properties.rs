//! What holds for any two documents.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{diff_documents, entry};
use crate::change::{ChangeKind, Edit, FieldChange, FieldStep};
use crate::diff::value::same;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(1.0), Just(-0.0)].prop_map(Value::from),
        prop_oneof![Just("a"), Just("b"), Just("1"), Just("--a=1"), Just("--a=2"), Just("x\ny\n"), Just("")]
            .prop_map(Value::from),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("name"),
        Just("key"),
        Just("a"),
        Just("containers"),
        Just("ports"),
        Just("containerPort"),
        Just("protocol"),
        Just("spec"),
        Just("args"),
        Just("finalizers"),
        Just("metadata"),
        Just("tolerations"),
    ]
    .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn document(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec})
}

/// What two documents differ in.
fn fields(before: Value, after: Value) -> Vec<FieldChange> {
    let diff = diff_documents(vec![before], vec![after]);
    diff.resources.into_iter().flat_map(|resource| resource.fields).collect()
}

/// The document of the base with all edits done to it, but the order of lists. `None` where a step does not say where it
/// leads: then the property has nothing to say.
fn applied(before: &Value, changes: &[FieldChange]) -> Option<Value> {
    let only_keys = |change: &FieldChange| change.path.0.iter().all(|step| matches!(step, FieldStep::Key(_)));
    let mut result = before.clone();
    for change in changes {
        if !only_keys(change) {
            return None;
        }
        let mut steps: Vec<&str> = Vec::new();
        for step in &change.path.0 {
            if let FieldStep::Key(key) = step {
                steps.push(key);
            }
        }
        let (last, steps) = steps.split_last()?;
        let mut target = &mut result;
        for step in steps {
            target = target.get_mut(*step)?;
        }
        match &change.edit {
            Edit::Added(value) | Edit::Changed { after: value, .. } => target[*last] = value.clone(),
            Edit::Removed(_) => {
                target.as_object_mut()?.shift_remove(*last)?;
            }
            Edit::Reordered => return None,
        }
    }
    Some(result)
}

/// Every scalar and empty container, without the places in lists.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(key, value)| leaves(value, &format!("{path}.{key}"), found));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().for_each(|item| leaves(item, &format!("{path}[]"), found));
        }
        leaf => {
            let mut text = String::new();
            crate::diff::value::canonical(leaf, &mut text);
            found.push((path.to_owned(), text));
        }
    }
}

/// The path of a change without the places in lists.
fn shape(change: &FieldChange) -> String {
    change
        .path
        .0
        .iter()
        .map(|step| match step {
            FieldStep::Key(key) => format!(".{key}"),
            FieldStep::Item(_) | FieldStep::Value(_) | FieldStep::Index(_) => "[]".to_owned(),
        })
        .collect()
}

/// The value with one thing changed, somewhere below: an item or key gone, two items in another order, another leaf.
fn nudged(value: &Value, choices: &[usize]) -> Value {
    let [choice, rest @ ..] = choices else { return json!("other") };
    let mut value = value.clone();
    match &mut value {
        Value::Array(items) if !items.is_empty() => {
            let at = choice / 4 % items.len();
            match choice % 4 {
                0 => {
                    items.remove(at);
                }
                1 => items.rotate_left(at),
                _ => items[at] = nudged(&items[at], rest),
            }
        }
        Value::Object(object) if !object.is_empty() => {
            let key = object.keys().nth(choice / 4 % object.len()).unwrap().clone();
            match choice % 4 {
                0 => {
                    object.remove(&key);
                }
                _ => object[&key] = nudged(&object[&key], rest),
            }
        }
        leaf => *leaf = json!("other"),
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn there_is_a_change_just_when_something_differs(before in value(), after in value()) {
        let (before, after) = (document(before), document(after));
        let found = fields(before.clone(), after.clone());
        prop_assert_eq!(found.is_empty(), same(&before, &after), "{:?}", found);
        prop_assert!(fields(after.clone(), after).is_empty());
    }

    #[test]
    fn a_single_difference_is_found(before in value(), choices in prop::collection::vec(0_usize..64, 6)) {
        let after = document(nudged(&before, &choices));
        let before = document(before);
        let found = fields(before.clone(), after.clone());
        prop_assert_eq!(found.is_empty(), same(&before, &after), "{} {}: {:?}", before, after, found);
    }

    #[test]
    fn every_leaf_that_differs_is_below_a_change(before in value(), after in value()) {
        let (before, after) = (document(before), document(after));
        let found: Vec<String> = fields(before.clone(), after.clone()).iter().map(shape).collect();
        let of = |value: &Value| {
            let mut all = Vec::new();
            leaves(value, "", &mut all);
            all
        };
        let (mut old, mut new) = (of(&before), of(&after));
        // As often as both have it, it does not differ.
        old.retain(|leaf| match new.iter().position(|other| other == leaf) {
            Some(at) => { new.swap_remove(at); false }
            None => true,
        });
        for (path, leaf) in old.into_iter().chain(new) {
            let covered = found.iter().any(|change| {
                path.strip_prefix(change.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                    || change.starts_with(&path)
            });
            prop_assert!(covered, "{path} {leaf} is below none of {found:?}");
        }
    }

    #[test]
    fn changes_outside_of_lists_can_be_applied(before in value(), after in value()) {
        let (before, after) = (document(before), document(after));
        let found = fields(before.clone(), after.clone());
        if let Some(result) = applied(&before, &found) {
            prop_assert!(same(&result, &after), "{result} is not {after}: {found:?}");
        }
    }

    #[test]
    fn turned_around_what_was_added_is_removed(before in value(), after in value()) {
        let (before, after) = (document(before), document(after));
        let there = fields(before.clone(), after.clone());
        let back = fields(after, before);
        prop_assert_eq!(there.is_empty(), back.is_empty());
    }
}

#[test]
fn a_change_deep_inside_is_found_as_deep_as_the_engine_lets_documents_nest() {
    for nest in [|value: Value| json!({ "a": value }), |value: Value| json!([value])] {
        let deep = |leaf: u32| (0..500).fold(json!(leaf), |value, _| nest(value));
        let diff = diff_documents(vec![document(deep(1))], vec![document(deep(2))]);
        assert_eq!(diff.resources[0].fields.len(), 1);
        assert_eq!(diff.resources[0].fields[0].path.0.len(), 501);
    }
}

#[test]
fn documents_that_are_no_objects_are_compared() {
    let diff = diff_documents(vec![json!([1])], vec![json!("a")]);
    assert_eq!(diff.resources[0].kind, ChangeKind::Changed);
    assert_eq!(diff.resources[0].fields[0].path.to_string(), "");
}

#[test]
fn what_is_rendered_has_one_hash() {
    let hash = |documents: Vec<Value>| super::diff(&[], &[entry("a.ts", documents)]).render_sha256.unwrap();
    let known = hash(vec![json!({"b": 1.0, "a": "ü"})]);
    assert_eq!(known, hash(vec![json!({"a": "ü", "b": 1})]));
    // printf '[{"a":"ü","b":1}]\n' | sha256sum
    assert_eq!(known, "03b6f2cc4f3c063ebc21279f1a9b7edf1f1cbbbdfb2554cef6d40d63db7fde03");
    assert_ne!(known, hash(vec![json!({"a": "ü", "b": 2})]));
    let mut failing = entry("b.ts", Vec::new());
    failing.documents = Err("no".to_owned());
    assert_eq!(super::diff(&[], &[failing]).render_sha256, None);
}
