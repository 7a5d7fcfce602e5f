//! A CRD's `openAPIV3Schema`, read and compiled once.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

use super::pattern;
use crate::schema::validate::cel::Program;

/// Schemas nested deeper than this are not followed, so that no CRD can overflow the stack.
const MAX_DEPTH: usize = 120;

/// The schema of one version of a custom resource.
#[derive(Debug)]
pub struct StructuralSchema {
    pub(super) root: Node,
    /// What of the schema cannot be checked, and why.
    pub(super) problems: Vec<String>,
    /// Whether the version has a status subresource: a `status` that is created is then dropped.
    pub(super) status_subresource: bool,
}

/// A schema inside a schema.
#[derive(Debug, Default)]
pub struct Node {
    /// `type`; empty where there is none.
    pub kind: Kind,
    /// `x-kubernetes-int-or-string`
    pub int_or_string: bool,
    /// `nullable`
    pub nullable: bool,
    /// `x-kubernetes-preserve-unknown-fields`
    pub preserve: bool,
    /// `x-kubernetes-embedded-resource`; also set on the root.
    pub resource: bool,
    /// `properties`
    pub properties: BTreeMap<String, Node>,
    /// `additionalProperties`
    pub additional: Option<Additional>,
    /// `items`
    pub items: Option<Box<Node>>,
    /// `default`
    pub default: Option<Value>,
    /// `format`, as far as the API server knows it for the type; without hyphens for strings.
    pub format: Option<String>,
    /// `x-kubernetes-list-type`
    pub list: ListType,
    /// What values are compared with.
    pub limits: Limits,
    /// `allOf`
    pub all_of: Vec<Node>,
    /// `anyOf`
    pub any_of: Vec<Node>,
    /// `oneOf`
    pub one_of: Vec<Node>,
    /// `not`
    pub not: Option<Box<Node>>,
    /// `x-kubernetes-validations`
    pub rules: Vec<CelRule>,
    /// Whether a rule is here or further in.
    pub has_rules: bool,
    /// Whether a default is further in.
    pub has_defaults: bool,
}

/// `type` of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// None is written.
    #[default]
    Any,
    /// `object`
    Object,
    /// `array`
    Array,
    /// `string`
    String,
    /// `integer`
    Integer,
    /// `number`
    Number,
    /// `boolean`
    Boolean,
}

/// `additionalProperties`
#[derive(Debug)]
pub enum Additional {
    /// Allowed, without a schema.
    Any,
    /// Not allowed.
    None,
    /// Allowed, with a schema.
    Schema(Box<Node>),
}

/// `x-kubernetes-list-type`, with its keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// A list like any other.
    #[default]
    Atomic,
    /// No item twice.
    Set,
    /// No key twice.
    Map(Vec<String>),
}

/// The keywords that compare.
#[derive(Debug, Default)]
pub struct Limits {
    pub required: Vec<String>,
    pub choices: Vec<Value>,
    pub minimum: Option<f64>,
    pub exclusive_minimum: bool,
    pub maximum: Option<f64>,
    pub exclusive_maximum: bool,
    pub multiple_of: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// The pattern, and as it is written.
    pub pattern: Option<(Regex, String)>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
}

/// One of `x-kubernetes-validations`.
#[derive(Debug)]
pub struct CelRule {
    /// The expression.
    pub source: String,
    /// The expression compiled, or why that cannot be done.
    pub program: Result<Program, String>,
    /// What is said when it does not hold.
    pub message: Option<String>,
    /// The expression that says it, where there is one that can be compiled.
    pub message_expression: Option<Program>,
    /// Where that is said, below the place of the rule.
    pub field_path: Vec<String>,
    /// Whether `oldSelf` is an optional, so that the rule also counts on creation.
    pub optional_old_self: bool,
    /// Whether a value here may have more than one type, so that an overload may be missing at run time only.
    pub dynamic: bool,
}

impl StructuralSchema {
    /// Reads the `openAPIV3Schema` of one version. Never fails: what cannot be read, and so is not checked, is reported
    /// by every check of a document.
    pub fn parse(schema: &Value) -> StructuralSchema {
        let mut problems = Vec::new();
        let mut root = parse_node(schema, &mut problems, "", 0);
        root.resource = true;
        StructuralSchema { root, problems, status_subresource: false }
    }

    /// Says that the version has the subresource `status`, so that a `status` is dropped on creation as the API server does.
    pub fn with_status_subresource(mut self, has_it: bool) -> StructuralSchema {
        self.status_subresource = has_it;
        self
    }

    /// The schema of the whole resource.
    #[cfg(test)]
    pub fn root(&self) -> &Node {
        &self.root
    }
}

impl Node {
    /// The schema of the value of a key, if it has one.
    pub fn child(&self, key: &str) -> Option<&Node> {
        match (self.properties.get(key), &self.additional) {
            (Some(node), _) => Some(node),
            (None, Some(Additional::Schema(node))) => Some(node),
            _ => None,
        }
    }
}

/// The keys that every resource has.
pub fn is_type_meta(key: &str) -> bool {
    matches!(key, "apiVersion" | "kind" | "metadata")
}

fn parse_node(schema: &Value, problems: &mut Vec<String>, place: &str, depth: usize) -> Node {
    let mut node = Node::default();
    let Some(keys) = schema.as_object() else { return node };
    if depth > MAX_DEPTH {
        problems.push(format!("what is deeper than {MAX_DEPTH} levels in the schema is not checked"));
        node.preserve = true;
        return node;
    }
    let flag = |name: &str| keys.get(name).and_then(Value::as_bool).unwrap_or(false);
    node.int_or_string = flag("x-kubernetes-int-or-string");
    node.nullable = flag("nullable");
    node.preserve = flag("x-kubernetes-preserve-unknown-fields");
    node.resource = flag("x-kubernetes-embedded-resource");
    node.kind = match keys.get("type").and_then(Value::as_str).unwrap_or_default() {
        "object" => Kind::Object,
        "array" => Kind::Array,
        "string" => Kind::String,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        _ => Kind::Any,
    };
    node.format = keys.get("format").and_then(Value::as_str).and_then(|format| known_format(&node, format));
    node.default = keys.get("default").cloned();
    node.list = list_type(keys);
    node.limits = limits(keys, problems, place);
    if let Some(properties) = keys.get("properties").and_then(Value::as_object) {
        for (key, schema) in properties {
            let child = parse_node(schema, problems, &format!("{place}.{key}"), depth + 1);
            node.properties.insert(key.clone(), child);
        }
    }
    node.additional = match keys.get("additionalProperties") {
        Some(Value::Bool(true)) => Some(Additional::Any),
        Some(Value::Bool(false)) => Some(Additional::None),
        Some(schema @ Value::Object(_)) => {
            Some(Additional::Schema(Box::new(parse_node(schema, problems, &format!("{place}.*"), depth + 1))))
        }
        _ => None,
    };
    if let Some(items) = keys.get("items").filter(|items| items.is_object()) {
        node.items = Some(Box::new(parse_node(items, problems, &format!("{place}[]"), depth + 1)));
    }
    let mut nested = |name: &str| -> Vec<Node> {
        let list = keys.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|schema| parse_node(schema, problems, place, depth + 1)).collect()
    };
    node.all_of = nested("allOf");
    node.any_of = nested("anyOf");
    node.one_of = nested("oneOf");
    if let Some(schema) = keys.get("not") {
        node.not = Some(Box::new(parse_node(schema, problems, place, depth + 1)));
    }
    node.rules = rules(keys, &node);
    let inner = |node: &Node, test: fn(&Node) -> bool| -> bool {
        let additional = match &node.additional {
            Some(Additional::Schema(node)) => Some(&**node),
            _ => None,
        };
        node.properties.values().chain(additional).chain(node.items.as_deref()).chain(&node.all_of).any(test)
    };
    node.has_rules = !node.rules.is_empty() || inner(&node, |node| node.has_rules);
    node.has_defaults = inner(&node, |node| node.has_defaults || node.default.is_some());
    node
}

/// The format, if the API server checks it on values of this type. Of a string, hyphens do not count.
fn known_format(node: &Node, format: &str) -> Option<String> {
    const STRINGS: [&str; 26] = [
        "bsonobjectid",
        "uri",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "cidr",
        "mac",
        "uuid",
        "uuid3",
        "uuid4",
        "uuid5",
        "isbn",
        "isbn10",
        "isbn13",
        "creditcard",
        "ssn",
        "hexcolor",
        "rgbcolor",
        "byte",
        "password",
        "date",
        "duration",
        "datetime",
        "k8sshortname",
        "k8slongname",
    ];
    if node.int_or_string {
        // Two types: formats of neither count.
        return None;
    }
    match node.kind {
        Kind::String | Kind::Any => {
            let plain = format.replace('-', "");
            STRINGS.contains(&plain.as_str()).then_some(plain)
        }
        Kind::Integer => matches!(format, "int32" | "int64").then(|| format.to_owned()),
        Kind::Number => matches!(format, "float" | "double").then(|| format.to_owned()),
        _ => None,
    }
}

fn list_type(keys: &Map<String, Value>) -> ListType {
    match keys.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => ListType::Set,
        Some("map") => {
            let names = keys.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
            let names = names.map(Vec::as_slice).unwrap_or_default();
            ListType::Map(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => ListType::Atomic,
    }
}

fn limits(keys: &Map<String, Value>, problems: &mut Vec<String>, place: &str) -> Limits {
    let number = |name: &str| keys.get(name).and_then(Value::as_f64);
    let count = |name: &str| keys.get(name).and_then(Value::as_u64);
    let flag = |name: &str| keys.get(name).and_then(Value::as_bool).unwrap_or(false);
    let pattern = keys.get("pattern").and_then(Value::as_str).filter(|pattern| !pattern.is_empty());
    let pattern = pattern.and_then(|source| match pattern::compile(source) {
        Ok(regex) => Some((regex, source.to_owned())),
        Err(error) => {
            let place = if place.is_empty() { "the resource" } else { place.trim_start_matches('.') };
            problems.push(format!(
                "the pattern {} of {place} cannot be checked: {error}",
                super::shorten(&Value::from(source))
            ));
            None
        }
    });
    Limits {
        required: keys
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        choices: keys.get("enum").and_then(Value::as_array).cloned().unwrap_or_default(),
        minimum: number("minimum"),
        exclusive_minimum: flag("exclusiveMinimum"),
        maximum: number("maximum"),
        exclusive_maximum: flag("exclusiveMaximum"),
        multiple_of: number("multipleOf"),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        pattern,
        min_items: count("minItems"),
        max_items: count("maxItems"),
        unique_items: flag("uniqueItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
    }
}

fn rules(keys: &Map<String, Value>, node: &Node) -> Vec<CelRule> {
    let list = keys.get("x-kubernetes-validations").and_then(Value::as_array);
    let dynamic = list.is_some() && may_be_dynamic(node);
    let text =
        |rule: &Value, name: &str| rule.get(name).and_then(Value::as_str).map(str::trim).map(str::to_owned);
    list.map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(|rule| {
            let source = text(rule, "rule").filter(|source| !source.is_empty())?;
            let message_expression = text(rule, "messageExpression").filter(|source| !source.is_empty());
            Some(CelRule {
                program: Program::compile(&source),
                message: text(rule, "message").filter(|message| !message.is_empty()),
                message_expression: message_expression.and_then(|source| Program::compile(&source).ok()),
                field_path: text(rule, "fieldPath").map(|path| field_path(&path)).unwrap_or_default(),
                optional_old_self: rule.get("optionalOldSelf").and_then(Value::as_bool).unwrap_or(false),
                dynamic: dynamic || source.contains("dyn("),
                source,
            })
        })
        .collect()
}

/// Whether a value at the node, or further in, may be a number or a string.
fn may_be_dynamic(node: &Node) -> bool {
    let additional = match &node.additional {
        Some(Additional::Schema(node)) => Some(&**node),
        _ => None,
    };
    node.int_or_string
        || node.properties.values().chain(additional).chain(node.items.as_deref()).any(may_be_dynamic)
}

/// The keys of a `fieldPath`: `.spec.a`, `['a-b']`.
fn field_path(path: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("['") {
            let Some((key, after)) = after.split_once("']") else { break };
            keys.push(key.replace("\\'", "'").replace("\\\\", "\\"));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            keys.push(after[..end].to_owned());
            rest = &after[end..];
        } else {
            break;
        }
    }
    keys
}
