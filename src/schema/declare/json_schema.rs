//! Declarations of what JSON schemas describe: custom resources, and the values of charts.

use serde_json::{Map, Value};

use super::kubernetes::{Names, list, text};
use super::print::literal;
use super::{Declared, Field, Shape, What};
use crate::schema::chart::Chart;
use crate::schema::codegen::type_name;
use crate::schema::crd::{self, Crd, CrdVersion};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Declares a version of a custom resource, and the objects nested in it. A name that is taken stays as it is.
pub(super) fn declare_crd(
    crd: &Crd,
    version: &CrdVersion,
    names: &Names<'_>,
    module: &str,
    declared: &mut Declared,
) {
    let name = type_name(std::iter::once(crd.kind.as_str()));
    let metadata = names.reference(OBJECT_META, module, declared);
    let schema = &version.schema;
    let mut fields = fields(schema, &name);
    fields.retain(|field| !matches!(field.name.as_str(), "apiVersion" | "kind" | "metadata"));
    let base = |name: &str, kind: String| Field { name: name.to_owned(), required: false, kind, doc: None };
    let head = [
        base("apiVersion", "string".to_owned()),
        base("kind", "string".to_owned()),
        base("metadata", metadata),
    ];
    let spec = schema.pointer("/properties/spec").unwrap_or(&Value::Null);
    let spec_name = nested_name(&name, "spec");
    let what =
        What::Resource { spec: self::fields(spec, &spec_name), pod_template: crd::has_pod_template(spec) };
    let fields = head.into_iter().chain(fields).collect();
    if !declared.add(Shape { name: name.clone(), doc: doc(schema), what, fields }) {
        return;
    }
    let mut pending: Vec<(String, &Value)> = nested(schema, &name);
    pending.retain(|(nested, _)| *nested != nested_name(&name, "metadata"));
    while let Some((name, object)) = pending.pop() {
        let shape = Shape {
            name: name.clone(),
            doc: doc(object),
            what: What::Part,
            fields: self::fields(object, &name),
        };
        if declared.add(shape) {
            pending.extend(nested(object, &name));
        }
    }
}

/// The objects with properties in the properties of an object, by the names that their types have.
fn nested<'s>(object: &'s Value, name: &str) -> Vec<(String, &'s Value)> {
    let properties = object.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .filter_map(|(property, schema)| Some((nested_name(name, property), crd::object_in(schema)?)))
        .collect()
}

fn nested_name(name: &str, property: &str) -> String {
    type_name(std::iter::once(name).chain(property.split(['-', '_'])))
}

/// The properties of an object whose type has this name, sorted.
fn fields(object: &Value, name: &str) -> Vec<Field> {
    let required: Vec<&str> = object
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = object.get("properties").and_then(Value::as_object);
    let mut fields: Vec<Field> = properties
        .into_iter()
        .flat_map(Map::iter)
        .map(|(property, schema)| Field {
            name: property.clone(),
            required: required.contains(&property.as_str()),
            kind: kind(schema, &nested_name(name, property)),
            doc: doc(schema),
        })
        .collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    fields
}

/// What a structural schema takes; an object with properties is the type of this name.
fn kind(schema: &Value, name: &str) -> String {
    // One on another, as deep as documents may be.
    if schema.get("properties").is_some_and(|properties| properties.is_object()) {
        return name.to_owned();
    }
    if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
        return "number | string".to_owned();
    }
    if let Some(items) = schema.get("items") {
        return list(&kind(items, name));
    }
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        return format!("Record<string, {}>", kind(values, name));
    }
    let values: Option<Vec<&str>> = schema
        .get("enum")
        .and_then(Value::as_array)
        .and_then(|values| values.iter().map(Value::as_str).collect());
    match (schema.get("type").and_then(Value::as_str), values) {
        (Some("string") | None, Some(values)) if !values.is_empty() => text(&values),
        (Some("string"), _) => "string".to_owned(),
        (Some("integer" | "number"), _) => "number".to_owned(),
        (Some("boolean"), _) => "boolean".to_owned(),
        (Some("object"), _) => "Record<string, any>".to_owned(),
        (Some("array"), _) => "any[]".to_owned(),
        (Some(_) | None, _) => "any".to_owned(),
    }
}

fn doc(schema: &Value) -> Option<String> {
    schema.get("description").and_then(Value::as_str).map(str::to_owned)
}

/// Declares the values of a chart, under each of its names, and the objects nested in them.
pub(super) fn declare_chart(chart: &Chart, declared: &mut Declared) {
    for described in chart.described() {
        let required = |name: &str| {
            let of = |schema: &&Value| {
                let required = schema.get("required").and_then(Value::as_array);
                required.is_some_and(|required| required.iter().any(|known| known == name))
            };
            described.schemas.first().is_some_and(of)
        };
        let fields = described.properties.iter().map(|property| Field {
            name: property.name.to_owned(),
            required: required(property.name),
            kind: chart_kind(&property.schemas, &property.nested),
            doc: property.schemas.iter().find_map(|schema| doc(schema)),
        });
        let shape = Shape {
            name: described.name.clone(),
            doc: described.schemas.iter().find_map(|schema| doc(schema)),
            what: What::Part,
            fields: fields.collect(),
        };
        declared.add(shape);
    }
}

/// What any of these schemas takes. `nested` is the type of the object in it, where there is one.
fn chart_kind(schemas: &[&Value], nested: &Option<String>) -> String {
    let mut kinds: Vec<String> = Vec::new();
    let mut add = |kind: String| {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    };
    let mut is_open = false;
    for schema in schemas {
        let is_object = schema.get("properties").is_some_and(Value::is_object);
        let named = || nested.clone().unwrap_or_else(|| "any".to_owned());
        if is_object {
            add(named());
            continue;
        }
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
            match texts {
                Some(texts) if !texts.is_empty() => add(text(&texts)),
                _ => values.iter().for_each(|value| add(value_kind(value))),
            }
            continue;
        }
        if types.is_empty() {
            // What only combines others says nothing by itself.
            let combines =
                ["$ref", "allOf", "anyOf", "oneOf", "if"].iter().any(|key| schema.get(key).is_some());
            is_open |= !combines;
            continue;
        }
        for kind in types {
            match kind {
                "string" => add("string".to_owned()),
                "integer" | "number" => add("number".to_owned()),
                "boolean" => add("boolean".to_owned()),
                "null" => add("null".to_owned()),
                "array" => {
                    let items = schema.get("items").filter(|items| items.is_object());
                    add(items.map_or("any[]".to_owned(), |items| list(&inner(items, nested))));
                }
                "object" => {
                    let values = schema.get("additionalProperties").filter(|values| values.is_object());
                    let values = values.map_or("any".to_owned(), |values| inner(values, nested));
                    add(format!("Record<string, {values}>"));
                }
                _ => is_open = true,
            }
        }
    }
    if is_open || kinds.is_empty() { "any".to_owned() } else { kinds.join(" | ") }
}

/// What is in a list or a map: a type by its name, or what it says of itself.
fn inner(schema: &Value, nested: &Option<String>) -> String {
    let refers =
        ["$ref", "properties", "allOf", "anyOf", "oneOf"].iter().any(|key| schema.get(key).is_some());
    match nested {
        Some(name) if refers => name.clone(),
        _ if refers => "any".to_owned(),
        _ => chart_kind(&[schema], nested),
    }
}

fn value_kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => literal(text),
        Value::Array(_) => "any[]".to_owned(),
        Value::Object(_) => "Record<string, any>".to_owned(),
    }
}
