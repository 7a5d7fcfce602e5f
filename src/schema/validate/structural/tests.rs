//! Keywords of schemas, each with what is fine and what is not.

use serde_json::{Value, json};

use super::{StructuralSchema, check};
use crate::rule::Rule;
use crate::schema::validate::{Finding, Findings};

fn findings(schema: &StructuralSchema, document: &Value) -> Vec<Finding> {
    let mut findings = Findings::default();
    check(schema, document, &mut findings);
    findings.list
}

/// A schema with `v` as the one field.
fn with_v(field: &Value) -> StructuralSchema {
    StructuralSchema::parse(&json!({"type": "object", "properties": {"v": field}}))
}

fn found(field: Value, value: Value) -> Vec<(Rule, String)> {
    let list = findings(&with_v(&field), &json!({"v": value}));
    list.into_iter().map(|finding| (finding.rule, finding.path.to_string())).collect()
}

fn said(field: Value, value: Value) -> Vec<String> {
    findings(&with_v(&field), &json!({"v": value})).into_iter().map(|finding| finding.message).collect()
}

#[test]
fn each_keyword_takes_what_is_fine_and_tells_what_is_not() {
    let text = json!({"type": "string"});
    let table = [
        (text.clone(), json!(["a", null]), json!([1, [], {}]), Rule::Type),
        (
            json!({"type": "integer"}),
            json!([1, -9_007_199_254_740_991_i64, 2.0]),
            json!([1.5, "1", u64::MAX]),
            Rule::Type,
        ),
        (
            json!({"type": "integer", "format": "int32"}),
            json!([i32::MAX, i32::MIN]),
            json!([2_147_483_648_i64]),
            Rule::Type,
        ),
        (json!({"type": "number"}), json!([1, 1.5]), json!(["1", true]), Rule::Type),
        (json!({"type": "boolean"}), json!([true]), json!(["true", 0]), Rule::Type),
        (json!({"type": "array", "items": text}), json!([[], ["a"]]), json!([{}, "a"]), Rule::Type),
        (json!({"type": "object"}), json!([{}]), json!([[], "a"]), Rule::Type),
        (json!({"x-kubernetes-int-or-string": true}), json!([1, "50%"]), json!([1.5, true, {}]), Rule::Type),
        (json!({"type": "string", "enum": ["a", "b"]}), json!(["a"]), json!(["A", ""]), Rule::Enum),
        (
            json!({"type": "string", "nullable": true, "enum": ["a", null]}),
            json!(["a"]),
            json!([null]),
            Rule::Enum,
        ),
        (json!({"type": "integer", "minimum": 1, "maximum": 5}), json!([1, 5]), json!([0, 6]), Rule::Range),
        (
            json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true}),
            json!([2]),
            json!([1]),
            Rule::Range,
        ),
        (
            json!({"type": "number", "maximum": 1.5, "exclusiveMaximum": true}),
            json!([1.4, 1]),
            json!([1.5, 2]),
            Rule::Range,
        ),
        (json!({"type": "integer", "multipleOf": 5}), json!([10, 0]), json!([11]), Rule::Range),
        (json!({"type": "number", "multipleOf": 0.5}), json!([1.5]), json!([1.6, 1]), Rule::Range),
        (
            json!({"type": "string", "minLength": 2, "maxLength": 3}),
            json!(["äö", "äöü"]),
            json!(["a", "abcd"]),
            Rule::Length,
        ),
        (
            json!({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}),
            json!([[1]]),
            json!([[], [1, 2, 3]]),
            Rule::Length,
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 1}),
            json!([{"a": 1}]),
            json!([{}, {"a": 1, "b": 2}]),
            Rule::Length,
        ),
        (json!({"type": "string", "pattern": "b+"}), json!(["abc"]), json!(["a", ""]), Rule::Pattern),
        (json!({"type": "string", "format": "ipv4"}), json!(["1.2.3.4"]), json!(["x"]), Rule::Format),
        (
            json!({"type": "string", "format": "date-time"}),
            json!(["2024-01-02T03:04:05Z"]),
            json!(["x"]),
            Rule::Format,
        ),
        (json!({"type": "string", "format": "somethingelse"}), json!(["x"]), json!([]), Rule::Format),
        (
            json!({"type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 1}]}),
            json!([0, 6]),
            json!([3]),
            Rule::Combination,
        ),
        (
            json!({"type": "integer", "oneOf": [{"minimum": 5}, {"maximum": 6}]}),
            json!([0, 7]),
            json!([5]),
            Rule::Combination,
        ),
        (
            json!({"type": "integer", "allOf": [{"minimum": 5}, {"maximum": 6}]}),
            json!([5]),
            json!([7]),
            Rule::Range,
        ),
        (json!({"type": "string", "not": {"enum": ["a"]}}), json!(["b"]), json!(["a"]), Rule::Combination),
        (
            json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}),
            json!([["a", "b"]]),
            json!([["a", "a"]]),
            Rule::Duplicate,
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            json!([{"a": "x"}]),
            json!([{"b": "x"}, {"b": null}]),
            Rule::UnknownField,
        ),
        (
            json!({"type": "object", "additionalProperties": true}),
            json!([{"a": 1}]),
            json!([{"a": {"b": 1}}]),
            Rule::UnknownField,
        ),
        (
            json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"p": {"type": "object"}}}),
            json!([{"a": {"b": 1}}]),
            json!([{"p": {"b": 1}}]),
            Rule::UnknownField,
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
            json!([{"a": ""}]),
            json!([{}, {"a": null}]),
            Rule::Required,
        ),
    ];
    for (schema, good, bad, rule) in table {
        for value in good.as_array().into_iter().flatten() {
            assert_eq!(found(schema.clone(), value.clone()), [], "{schema} {value}");
        }
        for value in bad.as_array().into_iter().flatten() {
            let found = found(schema.clone(), value.clone());
            assert!(
                !found.is_empty() && found.iter().all(|(found, _)| *found == rule),
                "{schema} {value} {found:?}"
            );
        }
    }
}

#[test]
fn lists_with_keys_have_no_key_twice() {
    let item = json!({"type": "object", "properties": {"n": {"type": "string"}, "p": {"type": "integer", "default": 1}}});
    let of = |keys: Value| json!({"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys});
    let twice = [(Rule::Duplicate, "$.v[1]".to_owned())];
    assert_eq!(found(of(json!(["n"])), json!([{"n": "a"}, {"n": "b"}])), []);
    assert_eq!(found(of(json!(["n"])), json!([{"n": "a"}, {"n": "a"}, {"n": "a"}])), twice);
    assert_eq!(found(of(json!(["n"])), json!([{}, {}])), twice);
    assert_eq!(found(of(json!(["n", "p"])), json!([{"n": "a", "p": 1}, {"n": "a", "p": 2}])), []);
    // The default is a key's value as well.
    assert_eq!(found(of(json!(["n", "p"])), json!([{"n": "a", "p": 1}, {"n": "a"}])), twice);
}

#[test]
fn defaults_and_nulls_come_before_the_rest() {
    let inner = json!({"type": "object", "default": {}, "required": ["c"],
        "properties": {"c": {"type": "integer", "default": 5}}});
    let schema = json!({"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": "string", "default": "x"}, "b": inner, "n": {"type": "string", "nullable": true},
        "l": {"type": "array", "items": {"type": "integer"}}}});
    assert_eq!(found(schema.clone(), json!({})), []);
    assert_eq!(found(schema.clone(), json!({"a": null, "b": {"c": null}, "n": null})), []);
    assert_eq!(found(schema, json!({"l": [null]})), [(Rule::Type, "$.v.l[0]".to_owned())]);
}

#[test]
fn resources_inside_of_resources_have_their_own_fields() {
    let schema = json!({"type": "object", "x-kubernetes-embedded-resource": true,
        "properties": {"spec": {"type": "object"}}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}});
    assert_eq!(found(schema.clone(), pod), []);
    let required = (Rule::Required, "$.v".to_owned());
    assert_eq!(found(schema.clone(), json!({"spec": {}})), [required.clone(), required]);
    let unknown = json!({"apiVersion": "v1", "kind": "Pod", "data": {}});
    assert_eq!(found(schema, unknown), [(Rule::UnknownField, "$.v.data".to_owned())]);
}

#[test]
fn an_unknown_field_names_the_near_one() {
    let spec = json!({"type": "object", "properties": {"replicas": {"type": "integer"}}});
    let schema = StructuralSchema::parse(&json!({"type": "object", "properties": {"spec": spec}}));
    let document = json!({"apiVersion": "a/v1", "kind": "A", "metadata": {}, "spec": {"replica": 1}});
    let list = findings(&schema, &document);
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].path.to_string(), "$.spec.replica");
    assert_eq!(list[0].message, "unknown field `replica`");
    assert_eq!(list[0].help.as_deref(), Some("did you mean `replicas`?"));
}

#[test]
fn messages_say_what_was_expected_and_what_was_got() {
    assert_eq!(said(json!({"type": "integer"}), json!("3")), ["expected an integer, got the string \"3\""]);
    let choices = json!({"type": "string", "enum": ["a", "b"]});
    assert_eq!(said(choices, json!("c")), ["expected one of \"a\", \"b\", got \"c\""]);
    assert_eq!(said(json!({"type": "integer", "minimum": 1}), json!(0)), ["expected at least 1, got 0"]);
    let long = said(json!({"type": "string", "pattern": "^a"}), json!("b".repeat(5_000)));
    assert!(long[0].starts_with("expected a match of ^a, got \"bbb") && long[0].len() < 100, "{long:?}");
    let either = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    assert_eq!(
        said(either.clone(), json!({})),
        ["none of the alternatives (oneOf) holds: expected `a` or `b`"]
    );
    let both = said(either, json!({"a": "", "b": ""}));
    assert_eq!(both, ["2 of the alternatives (oneOf) hold, only one may: `a` and `b`"]);
}

#[test]
fn rules_say_their_message_at_their_place() {
    let rules = json!([
        {"rule": "self.min <= self.max", "message": "min must not exceed max", "fieldPath": ".min"},
        {"rule": "self.max < 100", "messageExpression": "'max is ' + string(self.max)"},
        {"rule": "self.min == oldSelf.min", "message": "min is immutable"},
        {"rule": "!oldSelf.hasValue() || oldSelf.value().min == self.min", "optionalOldSelf": true},
        {"rule": "self.max > nope", "message": "unknown"},
    ]);
    let spec = json!({"type": "object", "x-kubernetes-validations": rules,
        "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}}});
    let schema = StructuralSchema::parse(&json!({"type": "object", "properties": {"spec": spec}}));
    let list = findings(&schema, &json!({"spec": {"min": 300, "max": 200}}));
    let told: Vec<_> =
        list.iter().map(|found| (found.rule, found.path.to_string(), found.message.as_str())).collect();
    let unchecked = "the rule \"self.max > nope\" was not checked: `nope` is not known";
    assert_eq!(
        told,
        [
            (Rule::Custom, "$.spec.min".to_owned(), "min must not exceed max"),
            (Rule::Custom, "$.spec".to_owned(), "max is 200"),
            (Rule::NotChecked, "$.spec".to_owned(), unchecked),
        ]
    );
    // With something basic wrong, rules are not looked at.
    let list = findings(&schema, &json!({"spec": {"min": "x", "max": 200}}));
    assert!(list.iter().all(|found| found.rule == Rule::Type), "{list:?}");
}

#[test]
fn what_cannot_be_checked_is_told() {
    let schema = with_v(&json!({"type": "string", "pattern": "(?!a)"}));
    assert_eq!(schema.problems.len(), 1);
    let list = findings(&schema, &json!({"v": "b"}));
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].rule, Rule::NotChecked);
    let message = &list[0].message;
    assert!(message.starts_with("the pattern \"(?!a)\" of v cannot be checked: "), "{message}");
}

#[test]
fn a_status_is_dropped_where_it_has_a_subresource() {
    let status = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    let parse = |has_it| {
        let schema = json!({"type": "object", "properties": {"status": status}});
        StructuralSchema::parse(&schema).with_status_subresource(has_it)
    };
    let document = json!({"status": {"n": "x"}});
    assert_eq!(findings(&parse(false), &document).len(), 1);
    assert_eq!(findings(&parse(true), &document), []);
    // Its fields must be known nonetheless.
    assert_eq!(findings(&parse(true), &json!({"status": {"m": 1}})).len(), 1);
}

#[test]
fn hostile_schemas_and_documents_end() {
    let mut schema = json!({"type": "string"});
    let mut document = json!("x");
    for _ in 0..500 {
        schema = json!({"type": "object", "properties": {"a": schema}});
        document = json!({"a": document});
    }
    let parsed = StructuralSchema::parse(&schema);
    assert!(findings(&parsed, &document).iter().any(|finding| finding.rule == Rule::NotChecked));
    findings(&with_v(&json!({"type": "object", "additionalProperties": true})), &json!({"v": document}));
    let odd = json!({"type": 5, "properties": [], "items": [], "required": {}, "enum": {}, "not": 1, "allOf": [1],
        "default": {"a": null}, "x-kubernetes-validations": {}, "x-kubernetes-list-type": 1});
    for odd in [json!(null), json!([]), json!("x"), odd] {
        findings(&StructuralSchema::parse(&odd), &json!({"a": 1}));
    }
}
