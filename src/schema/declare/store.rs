//! The schemas of a project as husako stores them: `_schema.json`, version 2.
//!
//! Schemas are those of OpenAPI with references that are names; quantities have the format `quantity`; an index leads from
//! group, version and kind to a schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::schema::Schemas;
use crate::schema::model::{
    GroupVersionKind, IntegerFormat, ListType, ObjectType, PropertyKind, StringFormat,
};

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

/// The text of the store.
pub(super) fn text(schemas: &Schemas) -> String {
    let mut index: BTreeMap<String, String> = BTreeMap::new();
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    found.insert(QUANTITY.to_owned(), json!({"type": "string", "format": "quantity"}));
    found.insert(
        INT_OR_STRING.to_owned(),
        json!({"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"}),
    );
    for known in schemas.kubernetes().types() {
        let kinds: &[GroupVersionKind] = known.resource().map_or(&[], |resource| &resource.kinds);
        let mut schema = object(known.object());
        if !kinds.is_empty() {
            let kinds = kinds.iter().map(|kind| {
                index.insert(key(kind), known.full_name().to_owned());
                json!({"group": kind.group, "kind": kind.kind, "version": kind.version})
            });
            schema.insert("x-kubernetes-group-version-kind".to_owned(), kinds.collect());
        }
        found.insert(known.full_name().to_owned(), Value::Object(schema));
    }
    for (crd, version) in schemas.all_crds() {
        let kind = GroupVersionKind {
            group: crd.group.clone(),
            version: version.name.clone(),
            kind: crd.kind.clone(),
        };
        let mut parts: Vec<&str> = crd.group.split('.').rev().collect();
        parts.extend([version.name.as_str(), crd.kind.as_str()]);
        let name = parts.join(".");
        let mut schema = version.schema.clone();
        schema.sort_all_objects();
        if let Some(schema) = schema.as_object_mut() {
            let kinds = json!([{"group": kind.group, "kind": kind.kind, "version": kind.version}]);
            schema.insert("x-kubernetes-group-version-kind".to_owned(), kinds);
        }
        index.entry(key(&kind)).or_insert_with(|| name.clone());
        found.entry(name).or_insert(schema);
    }
    let store = json!({"version": 2, "gvk_index": index, "schemas": found});
    // Maps and strings only: nothing can fail.
    serde_json::to_string_pretty(&store).unwrap_or_default() + "\n"
}

/// As husako looks a kind up.
fn key(kind: &GroupVersionKind) -> String {
    format!("{}:{}", kind.api_version(), kind.kind)
}

fn object(object: &ObjectType) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    if !object.properties.is_empty() {
        let properties =
            object.properties.iter().map(|property| (property.name.clone(), value(&property.kind)));
        schema.insert("properties".to_owned(), Value::Object(properties.collect()));
        let required: Vec<&str> = object
            .properties
            .iter()
            .filter(|property| property.required)
            .map(|property| property.name.as_str())
            .collect();
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
    }
    schema
}

fn value(kind: &PropertyKind) -> Value {
    match kind {
        PropertyKind::Ref(name) => json!({"$ref": name}),
        PropertyKind::Array { items, list, merge_key } => {
            let mut schema = json!({"type": "array", "items": value(items)});
            match list {
                ListType::Unmarked => {}
                ListType::Atomic => schema["x-kubernetes-list-type"] = json!("atomic"),
                ListType::Set => schema["x-kubernetes-list-type"] = json!("set"),
                ListType::Map(keys) => {
                    schema["x-kubernetes-list-type"] = json!("map");
                    schema["x-kubernetes-list-map-keys"] = json!(keys);
                }
            }
            if let Some(key) = merge_key {
                schema["x-kubernetes-patch-merge-key"] = json!(key);
            }
            schema
        }
        PropertyKind::Map { values, .. } => json!({"type": "object", "additionalProperties": value(values)}),
        PropertyKind::String { format, values } => {
            let mut schema = json!({"type": "string"});
            match format {
                StringFormat::Plain => {}
                StringFormat::Base64 => schema["format"] = json!("byte"),
                StringFormat::DateTime | StringFormat::MicroTime => schema["format"] = json!("date-time"),
            }
            if !values.is_empty() {
                schema["enum"] = json!(values);
            }
            schema
        }
        PropertyKind::Integer(format) => {
            let mut schema = json!({"type": "integer"});
            match format {
                IntegerFormat::Plain => {}
                IntegerFormat::Int32 => schema["format"] = json!("int32"),
                IntegerFormat::Int64 => schema["format"] = json!("int64"),
            }
            schema
        }
        PropertyKind::Number => json!({"type": "number"}),
        PropertyKind::Boolean => json!({"type": "boolean"}),
        PropertyKind::IntOrString => json!({"$ref": INT_OR_STRING}),
        PropertyKind::Quantity => json!({"$ref": QUANTITY}),
        PropertyKind::AnyObject => json!({"type": "object"}),
        PropertyKind::Any => json!({}),
    }
}
