//! The types of one Kubernetes version, from a JSON schema made of its OpenAPI document.

use serde_json::{Map, Value};

use crate::model::{GroupVersionKind, IntegerFormat, ListType, Property, PropertyKind, StringFormat};

/// A type as one version has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Its full name.
    pub(crate) name: String,
    /// Its group-version-kinds.
    pub(crate) kinds: Vec<GroupVersionKind>,
    /// Whether server-side apply replaces it whole.
    pub(crate) atomic: bool,
    /// Its properties, sorted by name.
    pub(crate) properties: Vec<Property>,
}

/// The object types of a `_definitions.json`, sorted by name. Those that are not objects (`Quantity`, `Time`) are not
/// listed: properties say what they are instead of naming them.
pub(crate) fn definitions(json: &Value) -> Result<Vec<Definition>, String> {
    let all = json["$defs"].as_object().ok_or("no $defs")?;
    let mut definitions = Vec::new();
    for (name, schema) in all {
        let definition = definition(all, name, schema).map_err(|reason| format!("{name}: {reason}"))?;
        definitions.extend(definition);
    }
    definitions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(definitions)
}

fn definition(all: &Map<String, Value>, name: &str, schema: &Value) -> Result<Option<Definition>, String> {
    if value_type(name, schema)?.is_some() {
        return Ok(None);
    }
    let required = strings(&schema["required"]);
    let mut properties = Vec::new();
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let kind = kind(all, property).map_err(|reason| format!("{key}: {reason}"))?;
        properties.push(Property { name: key.clone(), required: required.contains(key), kind });
    }
    properties.sort_by(|a, b| a.name.cmp(&b.name));
    let mut kinds = Vec::new();
    for kind in schema["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
        let part = |key: &str| kind[key].as_str().map(str::to_owned).ok_or(format!("a kind without {key}"));
        kinds.push(GroupVersionKind {
            group: part("group")?,
            version: part("version")?,
            kind: part("kind")?,
        });
    }
    kinds.sort();
    Ok(Some(Definition { name: name.to_owned(), kinds, atomic: is_atomic_map(schema), properties }))
}

/// What a type is that is not an object with properties of its own.
fn value_type(name: &str, schema: &Value) -> Result<Option<PropertyKind>, String> {
    let last = name.rsplit('.').next().unwrap_or(name);
    Ok(Some(match last {
        // Their schemas say less than what the server takes.
        "IntOrString" => PropertyKind::IntOrString,
        "Quantity" => PropertyKind::Quantity,
        "MicroTime" => string(StringFormat::MicroTime),
        "FieldsV1" | "RawExtension" | "Patch" => PropertyKind::Any,
        _ => match (type_name(schema), schema.get("properties")) {
            (Some("object"), _) | (None, Some(_)) => return Ok(None),
            (None, None) => PropertyKind::Any,
            (Some(word), None) => scalar(word, schema)?,
            (Some(word), Some(_)) => return Err(format!("{word} with properties")),
        },
    }))
}

/// What a property's value is.
fn kind(all: &Map<String, Value>, schema: &Value) -> Result<PropertyKind, String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let target = all.get(name).ok_or_else(|| format!("no such type: {name}"))?;
        return Ok(value_type(name, target)?.unwrap_or_else(|| PropertyKind::Ref(name.to_owned())));
    }
    match type_name(schema) {
        None => Ok(PropertyKind::Any),
        Some("array") => Ok(PropertyKind::Array {
            items: Box::new(kind(all, &schema["items"])?),
            list: list_type(schema)?,
            merge_key: schema["x-kubernetes-patch-merge-key"].as_str().map(str::to_owned),
        }),
        Some("object") => match schema.get("additionalProperties") {
            Some(values @ Value::Object(_)) => {
                Ok(PropertyKind::Map { values: Box::new(kind(all, values)?), atomic: is_atomic_map(schema) })
            }
            _ => Ok(PropertyKind::AnyObject),
        },
        Some(word) => scalar(word, schema),
    }
}

/// The type's name; it may also be written as a list of itself and `null`.
fn type_name(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        other => other.as_str(),
    }
}

fn scalar(word: &str, schema: &Value) -> Result<PropertyKind, String> {
    let format = schema["format"].as_str();
    Ok(match (word, format) {
        ("string", None) => string(StringFormat::Plain),
        ("string", Some("byte")) => string(StringFormat::Base64),
        ("string", Some("date-time")) => string(StringFormat::DateTime),
        ("integer", None) => PropertyKind::Integer(IntegerFormat::Plain),
        ("integer", Some("int32")) => PropertyKind::Integer(IntegerFormat::Int32),
        ("integer", Some("int64")) => PropertyKind::Integer(IntegerFormat::Int64),
        ("number", None | Some("double")) => PropertyKind::Number,
        ("boolean", None) => PropertyKind::Boolean,
        _ => return Err(format!("unknown type {word} with format {format:?}")),
    })
}

fn string(format: StringFormat) -> PropertyKind {
    PropertyKind::String { format, values: Vec::new() }
}

fn list_type(schema: &Value) -> Result<ListType, String> {
    match schema["x-kubernetes-list-type"].as_str() {
        None => Ok(ListType::Unmarked),
        Some("atomic") => Ok(ListType::Atomic),
        Some("set") => Ok(ListType::Set),
        Some("map") => Ok(ListType::Map(strings(&schema["x-kubernetes-list-map-keys"]))),
        Some(other) => Err(format!("unknown list type {other}")),
    }
}

fn is_atomic_map(schema: &Value) -> bool {
    schema["x-kubernetes-map-type"] == "atomic"
}

fn strings(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
