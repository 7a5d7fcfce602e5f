//! The values of Helm charts, as their `values.schema.json` describes them, or their `values.yaml` shows them.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::codegen::{Builder, type_name};
use super::documents::json_message;
use super::infer::values_schema;
use super::module::Own;
use crate::diagnostic::{Diagnostic, Place, Snippet};
use crate::tree::RelPath;

/// How many schemas of one chart are looked at. Real charts have some thousands; references can multiply them.
const MAX_STEPS: usize = 1_000_000;
/// What husako 0.1 calls the builder of all values.
const VALUES: &str = "Values";

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Its key in `[charts]`: what follows `helm/` in imports. That of a plugin's is `<plugin>:<key>`.
    pub name: String,
    /// Its `values.schema.json`; its `values.yaml` where the schema is inferred.
    pub path: RelPath,
    /// The JSON Schema in it, or inferred from it.
    pub schema: Value,
    /// Whether the schema is inferred: the chart may take more than it says.
    pub is_inferred: bool,
}

impl Chart {
    /// Reads what describes the values of the chart called `name`: by the name of the file a `values.yaml`
    /// ([`Chart::infer`]), or else a schema ([`Chart::parse`]).
    ///
    /// # Errors
    ///
    /// Those of either.
    pub fn read(name: &str, path: &RelPath, text: &str) -> Result<Chart, Diagnostic> {
        let file = path.file_name();
        let is_values =
            file.starts_with("values") && [".yaml", ".yml"].iter().any(|ending| file.ends_with(ending));
        if is_values { Chart::infer(name, path, text) } else { Chart::parse(name, path, text) }
    }

    /// The chart called `name`, described by what its `values.yaml` has.
    ///
    /// Needs [`super::STACK_BYTES`] of stack for what nests as deep as it may.
    ///
    /// # Errors
    ///
    /// It is no YAML, or not one mapping.
    pub fn infer(name: &str, path: &RelPath, text: &str) -> Result<Chart, Diagnostic> {
        let schema = values_schema(path, text)?;
        Ok(Chart { name: name.to_owned(), path: path.clone(), schema, is_inferred: true })
    }

    /// Reads the `values.schema.json` of the chart called `name`.
    ///
    /// # Errors
    ///
    /// It is no JSON, or no schema of an object.
    pub fn parse(name: &str, path: &RelPath, text: &str) -> Result<Chart, Diagnostic> {
        let schema: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line().max(1) as u32, error.column().max(1) as u32);
            Diagnostic::error(format!("this is not JSON that can be read: {}", json_message(&error)))
                .at(Place { path: path.clone(), line, column })
                .with_snippet(Snippet::new(text, line, column, 1))
        })?;
        if !schema.is_object() {
            return Err(Diagnostic::error(format!("{path} is no JSON Schema of an object")));
        }
        Ok(Chart { name: name.to_owned(), path: path.clone(), schema, is_inferred: false })
    }

    /// Its builders: of all values, named by the chart's key; of the objects in them, named by their property; of the
    /// schema's definitions, named by their key. The first of a name wins.
    pub(super) fn builders(&self) -> Own {
        let builder = |described: Described<'_>| {
            let names = described.properties.iter().map(|property| property.name);
            (described.name, Builder::part(names))
        };
        self.described().into_iter().map(builder).collect()
    }

    /// The types that its builders build, sorted by name.
    pub(super) fn described(&self) -> Vec<Described<'_>> {
        let split = |name: &'_ str| type_name(name.split(['-', '_', '.', ':']));
        let root =
            Some(split(&self.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| VALUES.to_owned());
        let mut walk = Walk { root: &self.schema, steps: 0, found: BTreeMap::new() };
        walk.types(root.clone(), &self.schema);
        let mut found = walk.found;
        // A chart without any properties can still be given values, one by one.
        let nothing =
            || Described { name: root.clone(), schemas: vec![&self.schema], properties: Vec::new() };
        let all = found.entry(root.clone()).or_insert_with(nothing).clone();
        // Other names that it is known by. A plugin says `Web` of what is `helm/acme:web` to others.
        let own_name = self.name.rsplit(':').next().map(split).filter(|name| !name.is_empty());
        for name in own_name.into_iter().chain([VALUES.to_owned()]) {
            found.entry(name.clone()).or_insert_with(|| Described { name, ..all.clone() });
        }
        found.into_values().collect()
    }
}

/// A type of the values of a chart.
#[derive(Debug, Clone)]
pub(super) struct Described<'s> {
    pub(super) name: String,
    /// What describes it, together.
    pub(super) schemas: Vec<&'s Value>,
    /// Its properties, sorted by name.
    pub(super) properties: Vec<DescribedProperty<'s>>,
}

/// A property of such a type.
#[derive(Debug, Clone)]
pub(super) struct DescribedProperty<'s> {
    pub(super) name: &'s str,
    /// What describes it, and all that this is made of.
    pub(super) schemas: Vec<&'s Value>,
    /// The type of the objects in it.
    pub(super) nested: Option<String>,
}

struct Walk<'s> {
    /// What references lead into.
    root: &'s Value,
    /// How many schemas have been looked at.
    steps: usize,
    found: BTreeMap<String, Described<'s>>,
}

impl<'s> Walk<'s> {
    /// The type of an object, those of what is nested in it, depth first, then those of the definitions.
    fn types(&mut self, name: String, object: &'s Value) {
        // A stack of our own: how long a chain of references is, is not for ours to decide.
        let mut pending = Vec::new();
        for definitions in ["definitions", "$defs"] {
            let definitions = self.root.get(definitions).and_then(Value::as_object);
            pending.extend(definitions.into_iter().flatten().map(|(key, schema)| (named(key), vec![schema])));
        }
        pending.sort_by(|(before, _), (after, _)| after.cmp(before));
        pending.push((name, vec![object]));
        while let Some((name, schemas)) = pending.pop() {
            if name.is_empty() || self.found.contains_key(&name) || self.steps > MAX_STEPS {
                continue;
            }
            let properties = self.properties(schemas.clone());
            if properties.is_empty() {
                continue;
            }
            let mut found = Vec::with_capacity(properties.len());
            let mut inside = Vec::with_capacity(properties.len());
            for (property, schemas) in properties {
                let (nested, of) = self.nested(property, schemas.clone());
                let has_type =
                    self.branches(of.clone()).iter().any(|schema| schema.get("properties").is_some());
                let described = DescribedProperty {
                    name: property,
                    schemas: self.branches(schemas),
                    nested: (has_type && !nested.is_empty()).then(|| nested.clone()),
                };
                found.push(described);
                inside.push((nested, of));
            }
            self.found.insert(name.clone(), Described { name, schemas, properties: found });
            pending.extend(inside.into_iter().rev());
        }
    }

    /// The properties of what all these schemas describe together, with the branches of each: `allOf`, `oneOf` and so
    /// on. Values are the schemas of a property.
    fn properties(&mut self, schemas: Vec<&'s Value>) -> BTreeMap<&'s str, Vec<&'s Value>> {
        let mut found: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for schema in self.branches(schemas) {
            for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                found.entry(name).or_default().push(schema);
            }
        }
        found
    }

    /// These schemas, and all that they are made of: where their references lead, their alternatives and conditions.
    fn branches(&mut self, schemas: Vec<&'s Value>) -> Vec<&'s Value> {
        let mut found = Vec::new();
        let mut seen: HashSet<*const Value> = HashSet::new();
        let mut pending = schemas;
        pending.reverse();
        while let Some(schema) = pending.pop() {
            self.steps += 1;
            if self.steps > MAX_STEPS || !seen.insert(schema) {
                continue;
            }
            found.push(schema);
            pending.extend(self.target(schema));
            for key in ["allOf", "anyOf", "oneOf"] {
                pending.extend(schema.get(key).and_then(Value::as_array).into_iter().flatten().rev());
            }
            pending.extend(["if", "then", "else"].into_iter().filter_map(|key| schema.get(key)));
        }
        found
    }

    /// The type in a property: its name, and its schemas. That of an array's items, and of a map's values, too.
    fn nested(&mut self, property: &str, schemas: Vec<&'s Value>) -> (String, Vec<&'s Value>) {
        let mut name = definition(schemas.first().copied());
        let mut schemas = schemas;
        loop {
            let branches = self.branches(schemas.clone());
            if branches.iter().any(|schema| schema.get("properties").is_some()) {
                break;
            }
            let inner: Vec<&Value> = branches
                .iter()
                .flat_map(|schema| [schema.get("items"), schema.get("additionalProperties")])
                .flatten()
                .filter(|inner| inner.is_object())
                .collect();
            if inner.is_empty() || self.steps > MAX_STEPS {
                break;
            }
            name = definition(inner.first().copied());
            schemas = inner;
        }
        (name.unwrap_or_else(|| named(property)), schemas)
    }

    /// Where the reference of a schema leads: `#/$defs/image`. Other files are not looked into.
    fn target(&self, schema: &'s Value) -> Option<&'s Value> {
        let pointer = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.root.pointer(pointer).or_else(|| self.root.pointer(&unescaped(pointer)))
    }
}

/// The name of the definition that a schema refers to.
fn definition(schema: Option<&Value>) -> Option<String> {
    let (before, key) = schema?.get("$ref")?.as_str()?.rsplit_once('/')?;
    matches!(before, "#/$defs" | "#/definitions").then(|| named(key))
}

fn named(key: &str) -> String {
    type_name(key.split(['-', '_', '.']))
}

/// A pointer in a URL has `%24` for `$`, and so on.
fn unescaped(pointer: &str) -> String {
    let mut parts = pointer.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `Name: methods` of each builder.
    fn builders(name: &str, schema: Value) -> Vec<String> {
        let path = RelPath::new("charts/values.schema.json").unwrap();
        let chart = Chart::parse(name, &path, &schema.to_string()).unwrap();
        let list = |builder: Builder| match builder {
            Builder::Part { properties } => properties,
            Builder::Resource { .. } => panic!("charts have no resources"),
        };
        chart.builders().into_iter().map(|(name, builder)| format!("{name}: {}", list(builder))).collect()
    }

    #[test]
    fn nested_objects_are_named_by_their_property_alone() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {
                "controller": {
                    "type": "object",
                    "properties": {
                        "image": {"type": "object", "properties": {"tag": {"type": "string"}}},
                        "kebab-key": {"type": "string"},
                    },
                    "additionalProperties": false,
                },
                "image": {"properties": {"registry": {"type": "string"}}},
                "tolerations": {"type": "array", "items": {"properties": {"key": {}, "effect": {}}}},
                "hosts": {"additionalProperties": {"type": "array", "items": {"properties": {"path": {}}}}},
                "replicas": {"type": "integer"},
            },
        });
        assert_eq!(
            builders("ingress-nginx", schema),
            [
                "Controller: image kebab_key=kebab-key",
                "Hosts: path",
                "Image: tag",
                "IngressNginx: controller hosts image replicas tolerations",
                "Tolerations: effect key",
                "Values: controller hosts image replicas tolerations",
            ]
        );
    }

    #[test]
    fn references_are_followed_even_in_circles() {
        for definitions in ["definitions", "$defs"] {
            let at = |name: &str| json!({"$ref": format!("#/{definitions}/{name}")});
            let schema = json!({
                "properties": {"pull-secret": at("secret.ref"), "nodes": {"items": at("node")}},
                definitions: {
                    "secret.ref": {"properties": {"name": {}}},
                    "node": {"properties": {"children": {"type": "array", "items": at("node")}, "self": at("node")}},
                    "unused": {"properties": {"x": {}}},
                    "loop": at("loop"),
                    "word": {"type": "string"},
                },
            });
            assert_eq!(
                builders("web", schema),
                [
                    "Node: children self",
                    "SecretRef: name",
                    "Unused: x",
                    "Values: nodes pull_secret=pull-secret",
                    "Web: nodes pull_secret=pull-secret",
                ]
            );
        }
        let escaped = json!({"$ref": "#/%24defs/a~1b%2", "$defs": {"a/b%2": {"properties": {"x": {}}}}});
        assert_eq!(builders("web", escaped), ["A_b_2: x", "Values: x", "Web: x"]);
    }

    #[test]
    fn methods_of_all_branches_are_there() {
        let schema = json!({
            "properties": {"a": {}},
            "allOf": [{"properties": {"b": {}}}, {"$ref": "#/$defs/more"}],
            "oneOf": [{"properties": {"store": {"properties": {"disk": {}}}}}, {"properties": {"store": {"anyOf": [
                {"type": "null"}, {"properties": {"bucket": {}}}
            ]}}}],
            "if": {"properties": {"a": {"const": 1}}},
            "then": {"properties": {"c": {}}},
            "$defs": {"more": {"properties": {"d": {}}}},
        });
        assert_eq!(
            builders("web", schema),
            ["More: d", "Store: bucket disk", "Values: a b c d store", "Web: a b c d store"]
        );
    }

    #[test]
    fn the_first_in_order_wins_and_the_chart_itself_above_all() {
        let schema = json!({"properties": {
            "b": {"properties": {"port": {"properties": {"second": {}}}}},
            "a": {"properties": {"port": {"properties": {"first": {}}}}},
            "web": {"properties": {"web": {"properties": {"inner": {}}}}},
            "values": {"properties": {"x": {}}},
        }});
        assert_eq!(
            builders("web", schema),
            ["A: port", "B: port", "Port: first", "Values: x", "Web: a b values web"]
        );
    }

    #[test]
    fn a_plugins_chart_has_its_own_name_too() {
        let schema = json!({"properties": {"a": {}}});
        assert_eq!(builders("acme:my-web", schema), ["AcmeMyWeb: a", "MyWeb: a", "Values: a"]);
        assert_eq!(builders("", json!({"type": "object"})), ["Values: "]);
    }

    #[test]
    fn values_without_a_schema_have_builders() {
        let read = |path: &str, text: &str| Chart::read("web", &RelPath::new(path).unwrap(), text);
        let chart = read("web/values.yaml", "image: {tag: a}\nhosts: [{name: a}, {port: 1}]\n").unwrap();
        assert!(chart.is_inferred);
        assert_eq!(chart.builders().keys().collect::<Vec<_>>(), ["Hosts", "Image", "Values", "Web"]);
        assert!(!read("values.schema.json", "{}").unwrap().is_inferred);
        let error = read("values.yaml", "- a").unwrap_err().to_string();
        assert!(error.starts_with("values.yaml:1:1: the values of a chart are no mapping"), "{error}");
    }

    #[test]
    fn what_is_no_schema_is_told() {
        let parse = |text: &str| {
            Chart::parse("web", &RelPath::new("web.json").unwrap(), text).unwrap_err().to_string()
        };
        assert_eq!(parse("{\n  a"), "web.json:2:3: this is not JSON that can be read: key must be a string");
        assert_eq!(parse("[]"), "web.json is no JSON Schema of an object");
        assert!(parse(&"[".repeat(100_000)).contains("recursion limit exceeded"));
    }

    #[test]
    fn hostile_schemas_end() {
        let many: serde_json::Map<String, Value> =
            (0..3000).map(|n| (format!("p{n}"), json!({"$ref": "#/$defs/all"}))).collect();
        let all: Vec<Value> = (0..3000).map(|n| json!({"$ref": format!("#/$defs/d{n}")})).collect();
        let mut definitions: serde_json::Map<String, Value> =
            (0..3000).map(|n| (format!("d{n}"), json!({"allOf": [{"$ref": "#/$defs/all"}]}))).collect();
        definitions.insert("all".to_owned(), json!({"anyOf": all}));
        builders("web", json!({"properties": many, "$defs": definitions}));
        let chain: serde_json::Map<String, Value> = (0..20_000)
            .map(|n| {
                (format!("d{n}"), json!({"properties": {"next": {"$ref": format!("#/$defs/d{}", n + 1)}}}))
            })
            .collect();
        builders("web", json!({"$ref": "#/$defs/d0", "$defs": chain}));
    }
}
