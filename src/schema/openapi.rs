//! The types of a Kubernetes version that is not embedded, from its OpenAPI v3 documents.
//!
//! They are the files `api/openapi-spec/v3/*_openapi.json` of the repository kubernetes/kubernetes, one per group and
//! version of the API. `components.schemas` has the types, with the marks (`x-kubernetes-…`) that say how they are merged;
//! `paths` tell the plural names and scopes of resources.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::documents::json_message;
use super::kubernetes::{Described, Kubernetes, Release, numbers};
use super::model::{
    GroupVersionKind, IntegerFormat, ListType, ObjectType, Property, PropertyKind, Resource, Scope,
    StringFormat,
};
use crate::diagnostic::Diagnostic;

/// How many bytes the documents of a version may have. Those of 1.35 have about a tenth.
const MAX_BYTES: usize = 128 << 20;
/// How many types they may describe, each counted once. 1.37 has 800.
const MAX_TYPES: usize = 20_000;

const REFERENCE: &str = "#/components/schemas/";
const KINDS: &str = "x-kubernetes-group-version-kind";
const APIMACHINERY: &str = "io.k8s.apimachinery.";

/// The types that documents describe; `documents` are the names of the files, for messages, and their bytes.
///
/// They live as long as the process, as the embedded ones do: the same documents of a version are read and kept once,
/// however often a run is planned.
///
/// What documents lack is taken from the nearest embedded version ([`Release::nearest`]), where it has a type of the same
/// name: plural names and scopes that no path tells, and the values that a string may have, where the property is a plain
/// string in both. Values are taken for versions older than all that are embedded only: a newer one may have more of
/// them, and would have its manifests refused.
///
/// # Errors
///
/// `version` is none; a document is no JSON, is too large or nests too deep, or says what is not understood, with the
/// name of its file.
pub fn read(version: &str, documents: &[(String, Vec<u8>)]) -> Result<&'static Kubernetes, Diagnostic> {
    static KEPT: Mutex<BTreeMap<[u8; 32], &'static Kubernetes>> = Mutex::new(BTreeMap::new());
    let (Some((major, minor)), Some(nearest)) =
        (numbers(version.strip_prefix('v').unwrap_or(version)), Release::nearest(version))
    else {
        return Err(Diagnostic::error(format!("`{version}` is no version of Kubernetes")));
    };
    if documents.iter().map(|(_, text)| text.len()).sum::<usize>() > MAX_BYTES {
        let message =
            format!("the OpenAPI documents of Kubernetes {version} have more than {MAX_BYTES} bytes");
        return Err(Diagnostic::error(message));
    }
    let name = format!("{major}.{minor}");
    let digest = digest(&name, documents);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(&digest) {
        return Ok(known);
    }
    let mut reader = Reader::default();
    for (file, text) in documents {
        let error = |reason| {
            Diagnostic::error(format!("reading {file}, which describes Kubernetes {version}: {reason}"))
                .help("it must be as in api/openapi-spec/v3 of kubernetes/kubernetes; fetch it again")
        };
        reader.document(text).map_err(error)?;
    }
    if reader.types.is_empty() {
        return Err(Diagnostic::error(format!(
            "the OpenAPI documents of Kubernetes {version} describe no type"
        )));
    }
    let is_older = numbers(nearest.release.version()).is_some_and(|known| (major, minor) < known);
    let types = reader.finish(nearest.release.types(), is_older);
    let id: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let kubernetes = Kubernetes::leak(name.clone(), format!("{name}-{id}"), types);
    kept.insert(digest, kubernetes);
    Ok(kubernetes)
}

fn digest(version: &str, documents: &[(String, Vec<u8>)]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(version);
    for (file, text) in documents {
        for part in [file.as_bytes(), text] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().into()
}

#[derive(Default)]
struct Reader {
    /// The types by name. Documents repeat what they share: the first counts, but for the kinds, which are those of all.
    types: BTreeMap<String, (Vec<GroupVersionKind>, ObjectType)>,
    /// What paths tell of kinds.
    places: HashMap<GroupVersionKind, (String, Scope)>,
}

impl Reader {
    fn document(&mut self, text: &[u8]) -> Result<(), String> {
        // What nests deeper than 128 levels is refused here, and all that follows goes no deeper.
        let document: Value = serde_json::from_slice(text).map_err(|error| {
            format!("{}, in line {}, column {}", json_message(&error), error.line(), error.column())
        })?;
        let document = document.as_object().ok_or("it is no object")?;
        let nothing = Map::new();
        let components = object(document, "components")?.unwrap_or(&nothing);
        let schemas = object(components, "schemas")?.unwrap_or(&nothing);
        for (name, schema) in schemas {
            self.add(schemas, name, schema).map_err(|reason| format!("{name}: {reason}"))?;
        }
        for (path, item) in object(document, "paths")?.unwrap_or(&nothing) {
            self.path(path, item);
        }
        Ok(())
    }

    fn add(&mut self, all: &Map<String, Value>, name: &str, schema: &Value) -> Result<(), String> {
        let schema = schema.as_object().ok_or("it is no object")?;
        if value_type(name, schema)?.is_some() {
            return Ok(());
        }
        if !is_type_name(name) {
            return Err("this is no name of a type".to_owned());
        }
        let kinds = kinds(schema)?;
        if let Some((known, _)) = self.types.get_mut(name) {
            known.extend(kinds);
            return Ok(());
        }
        let required = strings(schema, "required")?;
        let mut properties = Vec::new();
        for (key, property) in object(schema, "properties")?.into_iter().flatten() {
            let kind = kind(all, property).map_err(|reason| format!("{key}: {reason}"))?;
            properties.push(Property { name: key.clone(), required: required.contains(&key.as_str()), kind });
        }
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        let object = ObjectType { properties, atomic: is_atomic_map(schema) };
        self.types.insert(name.to_owned(), (kinds, object));
        if self.types.len() > MAX_TYPES {
            return Err(format!("there are more than {MAX_TYPES} types"));
        }
        Ok(())
    }

    /// Learns from `/apis/apps/v1/namespaces/{namespace}/deployments` what its operations are about.
    fn path(&mut self, path: &str, item: &Value) {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let rest = match parts.as_slice() {
            ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
            _ => return,
        };
        let (plural, scope) = match rest {
            ["watch", ..] => return,
            ["namespaces", "{namespace}", plural] => (plural, Scope::Namespaced),
            ["namespaces", "{namespace}", _, "{name}", part] | [_, "{name}", part] => {
                (part, Scope::Subresource)
            }
            [plural] => (plural, Scope::Cluster),
            _ => return,
        };
        for operation in item.as_object().into_iter().flatten().map(|(_, operation)| operation) {
            let Some(kind) = operation.get(KINDS).and_then(|kind| group_version_kind(kind).ok()) else {
                continue;
            };
            let place = (String::from(*plural), scope);
            let known = self.places.entry(kind).or_insert_with(|| place.clone());
            // Objects in namespaces have a path without one too, for all of them, and parts that are of their kind.
            if rank(scope) > rank(known.1) {
                *known = place;
            }
        }
    }

    fn finish(self, nearest: &Kubernetes, takes_values: bool) -> Vec<Described> {
        let Reader { types, places } = self;
        let described = types.into_iter().map(|(name, (mut kinds, mut object))| {
            kinds.sort();
            kinds.dedup();
            let known = nearest.get(&name);
            let place = kinds.iter().find_map(|kind| places.get(kind).cloned());
            let resource = (!kinds.is_empty()).then(|| {
                let known = known.and_then(|known| known.resource());
                let (plural, scope) = match place {
                    Some((plural, scope)) => (Some(plural), Some(scope)),
                    None => {
                        (known.and_then(|known| known.plural.clone()), known.and_then(|known| known.scope))
                    }
                };
                Resource { kinds, plural, scope }
            });
            if let Some(known) = known.filter(|_| takes_values) {
                for property in &mut object.properties {
                    if let Some(known) = known.object().property(&property.name) {
                        take_values(&mut property.kind, &known.kind);
                    }
                }
            }
            Described { name, resource, object }
        });
        described.collect()
    }
}

/// Which of the places of a kind says where its objects live.
fn rank(scope: Scope) -> u8 {
    match scope {
        Scope::Subresource => 0,
        Scope::Cluster => 1,
        Scope::Namespaced => 2,
    }
}

/// Restricts plain strings to the values that they have elsewhere, in lists and maps too.
fn take_values(kind: &mut PropertyKind, known: &PropertyKind) {
    match (kind, known) {
        (
            PropertyKind::String { format: StringFormat::Plain, values },
            PropertyKind::String { format: StringFormat::Plain, values: known },
        ) if values.is_empty() => values.clone_from(known),
        (PropertyKind::Array { items, .. }, PropertyKind::Array { items: known, .. })
        | (PropertyKind::Map { values: items, .. }, PropertyKind::Map { values: known, .. }) => {
            take_values(items, known);
        }
        (_, _) => {}
    }
}

/// What a type is that is not an object with properties of its own.
fn value_type(name: &str, schema: &Map<String, Value>) -> Result<Option<PropertyKind>, String> {
    let of_apimachinery = name.strip_prefix(APIMACHINERY).and_then(|name| name.rsplit('.').next());
    Ok(Some(match of_apimachinery {
        // Their schemas say less than what the server takes.
        Some("IntOrString") => PropertyKind::IntOrString,
        Some("Quantity") => PropertyKind::Quantity,
        Some("MicroTime") => string(StringFormat::MicroTime),
        Some("FieldsV1" | "RawExtension" | "Patch") => PropertyKind::Any,
        _ => match (text(schema, "type")?, schema.contains_key("properties")) {
            (Some("object"), _) | (None, true) => return Ok(None),
            (None, false) => PropertyKind::Any,
            (Some(word), false) => scalar(word, schema)?,
            (Some(word), true) => return Err(format!("{word} with properties")),
        },
    }))
}

/// What a property's value is.
fn kind(all: &Map<String, Value>, schema: &Value) -> Result<PropertyKind, String> {
    let schema = schema.as_object().ok_or("it is no object")?;
    // A reference beside which something is said, such as a default, is wrapped.
    let wrapped = match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::Object(only)]) => only,
        _ => schema,
    };
    if let Some(reference) = text(wrapped, "$ref")? {
        let name = reference.strip_prefix(REFERENCE).unwrap_or(reference);
        let target =
            all.get(name).and_then(Value::as_object).ok_or_else(|| format!("no such type: {name}"))?;
        return Ok(value_type(name, target)?.unwrap_or_else(|| PropertyKind::Ref(name.to_owned())));
    }
    match text(schema, "type")? {
        None => Ok(PropertyKind::Any),
        Some("array") => Ok(PropertyKind::Array {
            items: Box::new(kind(all, schema.get("items").ok_or("an array without items")?)?),
            list: list_type(schema)?,
            merge_key: text(schema, "x-kubernetes-patch-merge-key")?.map(str::to_owned),
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

/// Formats that are not known are nothing to judge by.
fn scalar(word: &str, schema: &Map<String, Value>) -> Result<PropertyKind, String> {
    let format = text(schema, "format")?;
    Ok(match (word, format) {
        ("string", Some("byte")) => string(StringFormat::Base64),
        ("string", Some("date-time")) => string(StringFormat::DateTime),
        ("string", _) => {
            let mut values: Vec<String> = strings(schema, "enum")?.into_iter().map(str::to_owned).collect();
            values.sort();
            PropertyKind::String { format: StringFormat::Plain, values }
        }
        ("integer", Some("int32")) => PropertyKind::Integer(IntegerFormat::Int32),
        ("integer", Some("int64")) => PropertyKind::Integer(IntegerFormat::Int64),
        ("integer", _) => PropertyKind::Integer(IntegerFormat::Plain),
        ("number", _) => PropertyKind::Number,
        ("boolean", _) => PropertyKind::Boolean,
        _ => return Err(format!("unknown type {word:?}")),
    })
}

fn string(format: StringFormat) -> PropertyKind {
    PropertyKind::String { format, values: Vec::new() }
}

fn list_type(schema: &Map<String, Value>) -> Result<ListType, String> {
    match text(schema, "x-kubernetes-list-type")? {
        None => Ok(ListType::Unmarked),
        Some("atomic") => Ok(ListType::Atomic),
        Some("set") => Ok(ListType::Set),
        Some("map") => {
            let keys = strings(schema, "x-kubernetes-list-map-keys")?;
            if keys.is_empty() {
                return Err("a list of type map without keys".to_owned());
            }
            Ok(ListType::Map(keys.into_iter().map(str::to_owned).collect()))
        }
        Some(other) => Err(format!("unknown list type {other:?}")),
    }
}

fn is_atomic_map(schema: &Map<String, Value>) -> bool {
    schema.get("x-kubernetes-map-type").is_some_and(|kind| kind == "atomic")
}

fn kinds(schema: &Map<String, Value>) -> Result<Vec<GroupVersionKind>, String> {
    match schema.get(KINDS) {
        None => Ok(Vec::new()),
        Some(Value::Array(kinds)) => kinds.iter().map(group_version_kind).collect(),
        Some(_) => Err(format!("{KINDS} is no list")),
    }
}

fn group_version_kind(value: &Value) -> Result<GroupVersionKind, String> {
    // They become names of modules and functions: nothing but what the API server takes.
    let part = |key: &str| {
        let text = value.get(key).and_then(Value::as_str).filter(|text| text.chars().all(is_of_name));
        text.map(str::to_owned).ok_or_else(|| format!("a kind without {key}, or with one that is no name"))
    };
    let found = GroupVersionKind { group: part("group")?, version: part("version")?, kind: part("kind")? };
    if found.version.is_empty() || found.kind.is_empty() {
        return Err("a kind without version or kind".to_owned());
    }
    Ok(found)
}

/// Its last part becomes the name of a function, so it must begin with a capital letter: no word of JavaScript does.
fn is_type_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && name.chars().all(is_of_name)
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && last.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

fn object<'v>(of: &'v Map<String, Value>, key: &str) -> Result<Option<&'v Map<String, Value>>, String> {
    of.get(key).map(|value| value.as_object().ok_or_else(|| format!("{key} is no object"))).transpose()
}

fn text<'v>(of: &'v Map<String, Value>, key: &str) -> Result<Option<&'v str>, String> {
    of.get(key).map(|value| value.as_str().ok_or_else(|| format!("{key} is no string"))).transpose()
}

fn strings<'v>(of: &'v Map<String, Value>, key: &str) -> Result<Vec<&'v str>, String> {
    let wrong = || format!("{key} is no list of strings");
    match of.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(|value| value.as_str().ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests;
