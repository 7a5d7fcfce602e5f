//! The values of CEL.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::rc::Rc;

use serde_json::Value as Json;

use super::eval::Error;
use super::network::Cidr;
use super::quantity::Quantity;
use super::semver::Semver;
use super::url::Url;
use crate::schema::validate::structural::Node;

/// A value. What comes from the document is borrowed from it and looked into only where the expression does.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Text<'a>),
    Bytes(Rc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970.
    Timestamp(i128),
    Type(&'static str),
    Optional(Option<Rc<Value<'a>>>),
    Quantity(Quantity),
    Url(Rc<Url>),
    Ip(IpAddr),
    Cidr(Cidr),
    Semver(Rc<Semver>),
    /// The name of one of Kubernetes' named formats.
    Format(&'static str),
    /// What has no schema: it can only be compared.
    Opaque(&'a Json),
}

/// A text, of the document or the expression, or made by it.
#[derive(Debug, Clone)]
pub enum Text<'a> {
    Borrowed(&'a str),
    Shared(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// A list.
#[derive(Debug, Clone)]
pub enum List<'a> {
    Made(Rc<Vec<Value<'a>>>),
    /// Of the document, with the schema of the list.
    Json(&'a [Json], &'a Node),
}

impl<'a> List<'a> {
    pub fn len(&self) -> usize {
        match self {
            List::Made(items) => items.len(),
            List::Json(items, _) => items.len(),
        }
    }

    pub fn get(&self, index: usize) -> Result<Value<'a>, Error> {
        let found = match self {
            List::Made(items) => items.get(index).cloned().map(Ok),
            List::Json(items, node) => items.get(index).map(|item| match &node.items {
                Some(node) => Value::of(item, node),
                None => Ok(Value::Opaque(item)),
            }),
        };
        found.unwrap_or_else(|| Err(Error::Failed(format!("index out of bounds: {index}"))))
    }

    pub fn iter(&self) -> impl Iterator<Item = Result<Value<'a>, Error>> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }
}

/// A map, or an object with fields.
#[derive(Debug, Clone)]
pub enum Map<'a> {
    Made(Rc<Vec<(Value<'a>, Value<'a>)>>),
    /// Of the document, with the schema of the object.
    Json(&'a serde_json::Map<String, Json>, &'a Node),
}

impl<'a> Value<'a> {
    pub fn text(text: impl Into<String>) -> Value<'a> {
        Value::String(Text::Shared(Rc::from(text.into())))
    }

    pub fn list(items: Vec<Value<'a>>) -> Value<'a> {
        Value::List(List::Made(Rc::new(items)))
    }

    pub fn some(value: Value<'a>) -> Value<'a> {
        Value::Optional(Some(Rc::new(value)))
    }

    /// As `type()` names it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::String(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Duration(_) => "google.protobuf.Duration",
            Value::Timestamp(_) => "google.protobuf.Timestamp",
            Value::Type(_) => "type",
            Value::Optional(_) => "optional_type",
            Value::Quantity(_) => "kubernetes.Quantity",
            Value::Url(_) => "kubernetes.URL",
            Value::Ip(_) => "net.IP",
            Value::Cidr(_) => "net.CIDR",
            Value::Semver(_) => "kubernetes.Semver",
            Value::Format(_) => "kubernetes.NamedFormat",
            Value::Opaque(_) => "dyn",
        }
    }
}
