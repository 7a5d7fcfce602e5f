//! The document as CEL sees it: what the schema says of a value decides its type.

use std::rc::Rc;
use std::sync::LazyLock;

use serde_json::Value as Json;

use super::eval::Error;
use super::time;
use super::value::{List, Map, Text, Value};
use crate::schema::validate::formats::decode_base64;
use crate::schema::validate::structural::{Additional, Kind, Node, is_type_meta};

/// What every resource has, and rules may see of it.
static TYPE_META: LazyLock<Node> = LazyLock::new(|| {
    let text = || Node { kind: Kind::String, ..Node::default() };
    let names = [("name".to_owned(), text()), ("generateName".to_owned(), text())];
    let metadata = Node { kind: Kind::Object, properties: names.into(), ..Node::default() };
    let fields =
        [("apiVersion".to_owned(), text()), ("kind".to_owned(), text()), ("metadata".to_owned(), metadata)];
    Node { kind: Kind::Object, properties: fields.into(), ..Node::default() }
});

impl<'a> Value<'a> {
    /// A value of the document by its schema.
    pub fn of(value: &'a Json, node: &'a Node) -> Result<Value<'a>, Error> {
        let wrong =
            || Err(Error::Failed(format!("a value of another type than {:?}", node.kind).to_lowercase()));
        if value.is_null() {
            return match node.nullable {
                true => Ok(Value::Null),
                false => Err(Error::Failed("null where there must be none".to_owned())),
            };
        }
        if node.int_or_string {
            return match value {
                Json::String(text) => Ok(Value::String(Text::Borrowed(text))),
                Json::Number(number) => integer(number).map_or_else(wrong, |number| Ok(Value::Int(number))),
                _ => wrong(),
            };
        }
        match (node.kind, value) {
            (Kind::Object, Json::Object(map)) => Ok(Value::Map(Map::Json(map, node))),
            (Kind::Array, Json::Array(items)) => Ok(Value::List(List::Json(items, node))),
            (Kind::String, Json::String(text)) => of_text(text, node.format.as_deref()),
            (Kind::Integer, Json::Number(number)) => {
                integer(number).map_or_else(wrong, |number| Ok(Value::Int(number)))
            }
            (Kind::Number, Json::Number(number)) => {
                number.as_f64().map_or_else(wrong, |number| Ok(Value::Double(number)))
            }
            (Kind::Boolean, Json::Bool(value)) => Ok(Value::Bool(*value)),
            (Kind::Any, value) => Ok(Value::Opaque(value)),
            _ => wrong(),
        }
    }
}

/// A whole number. Between here and the API server, `1.0` becomes `1`.
fn integer(number: &serde_json::Number) -> Option<i64> {
    let whole = || number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() < 9e15);
    number.as_i64().or_else(|| whole().map(|value| value as i64))
}

/// Some formats make a string a value of another type.
fn of_text<'a>(text: &'a str, format: Option<&str>) -> Result<Value<'a>, Error> {
    let invalid = |what: &str| Error::Failed(format!("invalid {what} {text:?}"));
    match format {
        Some("duration") => {
            time::parse_lenient_duration(text).map(Value::Duration).ok_or_else(|| invalid("duration"))
        }
        Some("date") => time::parse_date(text).map(Value::Timestamp).ok_or_else(|| invalid("date")),
        Some("datetime") => time::parse_date_time(text).map(Value::Timestamp).ok_or_else(|| invalid("time")),
        Some("byte") => {
            decode_base64(text).map(|bytes| Value::Bytes(Rc::from(bytes))).ok_or_else(|| invalid("base64"))
        }
        _ => Ok(Value::String(Text::Borrowed(text))),
    }
}

impl<'a> Map<'a> {
    pub fn len(&self) -> usize {
        match self {
            Map::Made(entries) => entries.len(),
            Map::Json(map, node) if has_fields(node) => {
                map.iter().filter(|(key, value)| !value.is_null() && field(node, key).is_some()).count()
            }
            Map::Json(map, _) => map.len(),
        }
    }

    /// The value of a field, as a selector names it: where the schema has fields, their names are escaped.
    pub fn select(&self, name: &str) -> Result<Option<Value<'a>>, Error> {
        match self {
            Map::Json(map, node) if has_fields(node) => {
                let Some(key) = unescape(name) else { return Ok(None) };
                // The API server takes no rule that looks at a field without a type: here it would always be missing.
                let child = field(node, &key)
                    .filter(|child| child.kind != Kind::Any || child.int_or_string)
                    .ok_or_else(|| {
                        Error::Unsupported(format!("the schema has no field `{key}` with a type"))
                    })?;
                // A field that is null counts as not there.
                let value = map.get(&key).filter(|value| !value.is_null());
                value.map(|value| Value::of(value, child)).transpose()
            }
            // Nor one that looks into what has no schema.
            Map::Json(_, node) if node.additional.is_none() => {
                Err(Error::Unsupported(format!("the schema says nothing of a field `{name}` here")))
            }
            _ => self.get(&Value::String(Text::Shared(Rc::from(name)))),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &Value<'_>) -> Result<Option<Value<'a>>, Error> {
        match (self, key) {
            (Map::Made(entries), key) => {
                for (found, value) in entries.iter() {
                    if super::compare::equal(found, key)? {
                        return Ok(Some(value.clone()));
                    }
                }
                Ok(None)
            }
            (Map::Json(map, node), Value::String(key)) => {
                let (Some(value), Some(child)) = (map.get(&**key), field(node, key)) else { return Ok(None) };
                Value::of(value, child).map(Some)
            }
            (Map::Json(..), _) => Ok(None),
        }
    }

    /// Keys and values, in order.
    pub fn entries(&self) -> Result<Vec<(Value<'a>, Value<'a>)>, Error> {
        match self {
            Map::Made(entries) => Ok(entries.to_vec()),
            Map::Json(map, node) => map
                .iter()
                .filter(|(_, value)| !value.is_null() || !has_fields(node))
                .filter_map(|(key, value)| Some((key, value, field(node, key)?)))
                .map(|(key, value, child)| Ok((Value::String(Text::Borrowed(key)), Value::of(value, child)?)))
                .collect(),
        }
    }
}

fn has_fields(node: &Node) -> bool {
    node.resource || !node.properties.is_empty()
}

/// The schema of a field, as far as rules may see it.
fn field<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    if node.resource && is_type_meta(key) {
        return TYPE_META.properties.get(key);
    }
    match node.properties.get(key) {
        Some(child) => Some(child),
        None if node.properties.is_empty() => match &node.additional {
            Some(Additional::Schema(child)) => Some(child),
            _ => None,
        },
        None => None,
    }
}

/// The property that an identifier stands for: `a__dash__b` is `a-b`, `__namespace__` is `namespace`.
pub fn unescape(name: &str) -> Option<String> {
    const RESERVED: [&str; 22] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
        "__proto__",
    ];
    if !name.contains("__") {
        return Some(name.to_owned());
    }
    if let Some(inner) = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"))
        && RESERVED.contains(&inner)
    {
        return Some(inner.to_owned());
    }
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("__") {
        out.push_str(before);
        let (word, after) = after.split_once("__")?;
        out.push_str(match word {
            "underscores" => "__",
            "dot" => ".",
            "dash" => "-",
            "slash" => "/",
            _ => return None,
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
