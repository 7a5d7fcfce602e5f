//! Operators and functions: which there are, and where each is.

use std::rc::Rc;

use super::compare::{contains, equal, order};
use super::eval::{Env, Error, Result};
use super::quantity::Quantity;
use super::semver::Semver;
use super::url::Url;
use super::value::{List, Map, Value};
use super::{lists, network, quantity, semver, strings, time, url};
use crate::schema::validate::names::{self, Syntax};
use crate::schema::validate::structural::{ListType, check_format};

/// The functions: the name, and how many arguments it takes at least and at most, what it is called on included.
const MEMBERS: &[(&str, usize, usize)] = &[
    ("add", 2, 2),
    ("asApproximateFloat", 1, 1),
    ("asInteger", 1, 1),
    ("charAt", 2, 2),
    ("compareTo", 2, 2),
    ("contains", 2, 2),
    ("containsCIDR", 2, 2),
    ("containsIP", 2, 2),
    ("distinct", 1, 1),
    ("endsWith", 2, 2),
    ("family", 1, 1),
    ("find", 2, 2),
    ("findAll", 2, 3),
    ("first", 1, 1),
    ("flatten", 1, 2),
    ("format", 2, 2),
    ("getDate", 1, 2),
    ("getDayOfMonth", 1, 2),
    ("getDayOfWeek", 1, 2),
    ("getDayOfYear", 1, 2),
    ("getEscapedPath", 1, 1),
    ("getFullYear", 1, 2),
    ("getHost", 1, 1),
    ("getHostname", 1, 1),
    ("getHours", 1, 2),
    ("getMilliseconds", 1, 2),
    ("getMinutes", 1, 2),
    ("getMonth", 1, 2),
    ("getPort", 1, 1),
    ("getQuery", 1, 1),
    ("getScheme", 1, 1),
    ("getSeconds", 1, 2),
    ("hasValue", 1, 1),
    ("indexOf", 2, 3),
    ("ip", 1, 1),
    ("isGlobalUnicast", 1, 1),
    ("isGreaterThan", 2, 2),
    ("isInteger", 1, 1),
    ("isLessThan", 2, 2),
    ("isLinkLocalMulticast", 1, 1),
    ("isLinkLocalUnicast", 1, 1),
    ("isLoopback", 1, 1),
    ("isSorted", 1, 1),
    ("isUnspecified", 1, 1),
    ("join", 1, 2),
    ("last", 1, 1),
    ("lastIndexOf", 2, 3),
    ("lowerAscii", 1, 1),
    ("major", 1, 1),
    ("masked", 1, 1),
    ("matches", 2, 2),
    ("max", 1, 1),
    ("min", 1, 1),
    ("minor", 1, 1),
    ("or", 2, 2),
    ("orValue", 2, 2),
    ("patch", 1, 1),
    ("prefixLength", 1, 1),
    ("replace", 3, 4),
    ("reverse", 1, 1),
    ("size", 1, 1),
    ("slice", 3, 3),
    ("sort", 1, 1),
    ("split", 2, 3),
    ("startsWith", 2, 2),
    ("sub", 2, 2),
    ("substring", 2, 3),
    ("sum", 1, 1),
    ("trim", 1, 1),
    ("upperAscii", 1, 1),
    ("validate", 2, 2),
    ("value", 1, 1),
];

/// The operators and the functions that are called on nothing.
const GLOBALS: &[(&str, usize, usize)] = &[
    ("_==_", 2, 2),
    ("_!=_", 2, 2),
    ("_<_", 2, 2),
    ("_<=_", 2, 2),
    ("_>_", 2, 2),
    ("_>=_", 2, 2),
    ("_+_", 2, 2),
    ("_-_", 2, 2),
    ("_*_", 2, 2),
    ("_/_", 2, 2),
    ("_%_", 2, 2),
    ("!_", 1, 1),
    ("-_", 1, 1),
    ("@in", 2, 2),
    ("_[_]", 2, 2),
    ("_[?_]", 2, 2),
    ("size", 1, 1),
    ("matches", 2, 2),
    ("type", 1, 1),
    ("dyn", 1, 1),
    ("int", 1, 1),
    ("uint", 1, 1),
    ("double", 1, 1),
    ("string", 1, 1),
    ("bool", 1, 1),
    ("bytes", 1, 1),
    ("duration", 1, 1),
    ("timestamp", 1, 1),
    ("quantity", 1, 1),
    ("isQuantity", 1, 1),
    ("sign", 1, 1),
    ("url", 1, 1),
    ("isURL", 1, 1),
    ("ip", 1, 1),
    ("isIP", 1, 1),
    ("ip.isCanonical", 1, 1),
    ("cidr", 1, 1),
    ("isCIDR", 1, 1),
    ("semver", 1, 2),
    ("isSemver", 1, 2),
    ("optional.of", 1, 1),
    ("optional.none", 0, 0),
    ("optional.ofNonZeroValue", 1, 1),
    ("sets.contains", 2, 2),
    ("sets.equivalent", 2, 2),
    ("sets.intersects", 2, 2),
    ("format.named", 1, 1),
    ("strings.quote", 1, 1),
    ("lists.range", 1, 1),
];

/// The named formats.
const FORMATS: [&str; 13] = [
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
];

fn format_named(name: &str) -> Option<&'static str> {
    FORMATS.into_iter().find(|known| *known == name)
}

/// Whether there is an operator or function of this name with so many arguments.
pub fn is_known(name: &str, member: bool, count: usize) -> bool {
    let known = if member { MEMBERS } else { GLOBALS };
    known.iter().any(|(known, least, most)| *known == name && (*least..=*most).contains(&count))
        || !member && count == 0 && name.strip_prefix("format.").and_then(format_named).is_some()
}

/// The type of this name.
pub fn type_named(name: &str) -> Option<&'static str> {
    const TYPES: [&str; 13] = [
        "int",
        "uint",
        "double",
        "bool",
        "string",
        "bytes",
        "list",
        "map",
        "null_type",
        "type",
        "optional_type",
        "google.protobuf.Duration",
        "google.protobuf.Timestamp",
    ];
    TYPES.into_iter().find(|known| *known == name)
}

/// No function or operator of this name takes such values.
pub fn no_overload(name: &str, args: &[Value<'_>]) -> Error {
    let types: Vec<&str> = args.iter().map(Value::type_name).collect();
    let name = name.trim_matches(['_', '@']);
    Error::Overload(format!("no such overload: {name}({})", types.join(", ")))
}

/// Calls an operator or a function.
pub fn call<'a>(
    name: &str,
    mut args: Vec<Value<'a>>,
    regex: Option<&regex::Regex>,
    env: &mut Env<'a, '_>,
) -> Result<Value<'a>> {
    match (name, args.as_slice()) {
        ("_==_", [a, b]) => {
            env.pay(size(a).min(size(b)))?;
            return equal(a, b).map(Value::Bool);
        }
        ("_!=_", [a, b]) => {
            env.pay(size(a).min(size(b)))?;
            return equal(a, b).map(|equal| Value::Bool(!equal));
        }
        ("_<_" | "_<=_" | "_>_" | "_>=_", [a, b]) => {
            if let (Value::Double(a), b) | (b, Value::Double(a)) = (a, b)
                && (a.is_nan() || matches!(b, Value::Double(b) if b.is_nan()))
            {
                return Ok(Value::Bool(false));
            }
            let order = order(a, b).ok_or_else(|| no_overload(name, &args))?;
            return Ok(Value::Bool(match name {
                "_<_" => order.is_lt(),
                "_<=_" => order.is_le(),
                "_>_" => order.is_gt(),
                _ => order.is_ge(),
            }));
        }
        ("!_", [Value::Bool(value)]) => return Ok(Value::Bool(!value)),
        ("@in", [value, Value::List(list)]) => {
            env.pay(8 * list.len())?;
            return contains(list, value).map(Value::Bool);
        }
        ("@in", [key, Value::Map(map)]) => return map.get(key).map(|found| Value::Bool(found.is_some())),
        ("_[_]", [target, key]) => return index(target, key, false),
        ("_[?_]", [target, key]) => return index(target, key, true),
        ("_+_", [_, _]) => {
            if let (Some(b), Some(a)) = (args.pop(), args.pop()) {
                return add(a, b, env);
            }
        }
        ("_-_" | "_*_" | "_/_" | "_%_" | "-_", _) => return arithmetic(name, &args),
        _ => {}
    }
    if let Some(result) = global(name, &args, env) {
        return result;
    }
    let Some((this, rest)) = args.split_first() else { return Err(no_overload(name, &[])) };
    match this {
        Value::String(this) => strings::member(name, this, rest, regex, env),
        Value::List(this) => lists::member(name, this, rest, env),
        Value::Map(map) if name == "size" => Ok(Value::Int(map.len() as i64)),
        Value::Bytes(bytes) if name == "size" => Ok(Value::Int(bytes.len() as i64)),
        Value::Duration(this) if rest.is_empty() => time::duration_member(name, *this),
        Value::Timestamp(this) => time::timestamp_member(name, *this, rest.first()),
        Value::Optional(inner) => optional(name, inner.as_ref(), rest),
        Value::Quantity(this) => quantity::member(name, *this, rest),
        Value::Semver(this) => semver::member(name, this, rest),
        Value::Url(this) if rest.is_empty() => url::member(name, this),
        Value::Ip(this) if rest.is_empty() => network::ip_member(name, *this),
        Value::Cidr(this) => network::cidr_member(name, *this, rest),
        Value::Format(this) => match (name, rest) {
            ("validate", [Value::String(text)]) => Ok(validate(this, text)),
            _ => Err(no_overload(name, &args)),
        },
        _ => Err(no_overload(name, &args)),
    }
}

/// About how much there is to look at.
fn size(value: &Value<'_>) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => match list {
            // Two that are sets or maps are compared item by item with each other.
            List::Json(items, node) if node.list != ListType::Atomic => items.len() * items.len(),
            list => 8 * list.len(),
        },
        Value::Map(Map::Made(entries)) => entries.len() * entries.len(),
        Value::Map(Map::Json(map, _)) => 8 * map.len(),
        _ => 1,
    }
}

fn index<'a>(target: &Value<'a>, key: &Value<'a>, optional: bool) -> Result<Value<'a>> {
    let found = match (target, key) {
        (Value::Optional(None), _) => return Ok(Value::Optional(None)),
        (Value::Optional(Some(inner)), key) => return index(inner, key, true),
        (Value::Map(map), key) => map.get(key)?,
        (Value::List(list), key) => {
            let at = match key {
                Value::Int(at) => usize::try_from(*at).ok(),
                Value::Uint(at) => usize::try_from(*at).ok(),
                Value::Double(at) if at.fract() == 0.0 && (0.0..1e9).contains(at) => Some(*at as usize),
                other => return Err(no_overload("[]", &[target.clone(), other.clone()])),
            };
            at.filter(|at| *at < list.len()).map(|at| list.get(at)).transpose()?
        }
        _ => return Err(no_overload("[]", &[target.clone(), key.clone()])),
    };
    match found {
        Some(value) if optional => Ok(Value::some(value)),
        Some(value) => Ok(value),
        None if optional => Ok(Value::Optional(None)),
        None if matches!(target, Value::List(_)) => Err(Error::Failed("index out of bounds".to_owned())),
        None => {
            let key = strings::to_text(key).unwrap_or_default();
            Err(Error::Failed(format!("no such key: {key}")))
        }
    }
}

/// `a + b`
pub fn add<'a>(a: Value<'a>, b: Value<'a>, env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let overflow = || Error::Failed("integer overflow".to_owned());
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(b).ok_or_else(overflow)?),
        (Value::Uint(a), Value::Uint(b)) => Value::Uint(a.checked_add(b).ok_or_else(overflow)?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a + b),
        (Value::String(a), Value::String(b)) => {
            env.pay(a.len() + b.len())?;
            Value::text(format!("{a}{b}"))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            env.pay(a.len() + b.len())?;
            Value::Bytes(Rc::from([&*a, &*b].concat()))
        }
        (Value::List(a), Value::List(b)) => Value::List(join_lists(a, b, env)?),
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(a.checked_add(b).ok_or_else(overflow)?),
        (Value::Timestamp(a), Value::Duration(b)) | (Value::Duration(b), Value::Timestamp(a)) => {
            Value::Timestamp(a + i128::from(b))
        }
        (a, b) => return Err(no_overload("+", &[a, b])),
    })
}

/// Lists are joined; what is a set or map already is merged.
fn join_lists<'a>(a: List<'a>, b: List<'a>, env: &mut Env<'a, '_>) -> Result<List<'a>> {
    let kind = match &a {
        List::Json(_, node) => &node.list,
        List::Made(_) => &ListType::Atomic,
    };
    let mut items = match a {
        List::Made(items) => {
            // In place, if nobody else has the list: a macro adds its items one by one.
            let mut items = items;
            if Rc::get_mut(&mut items).is_none() {
                env.pay(8 * items.len())?;
            }
            let extended = Rc::make_mut(&mut items);
            for item in b.iter() {
                extended.push(item?);
            }
            env.pay(b.len())?;
            return Ok(List::Made(items));
        }
        list => list.iter().collect::<Result<Vec<_>>>()?,
    };
    env.pay(items.len() + b.len())?;
    for item in b.iter() {
        let item = item?;
        match kind {
            ListType::Atomic => items.push(item),
            ListType::Set => {
                env.pay(8 * items.len())?;
                let mut there = false;
                for known in &items {
                    there |= equal(known, &item)?;
                }
                if !there {
                    items.push(item);
                }
            }
            ListType::Map(keys) => {
                env.pay(8 * items.len())?;
                let mut place = None;
                for (index, known) in items.iter().enumerate() {
                    if same_keys(known, &item, keys)? {
                        place = Some(index);
                    }
                }
                match place {
                    Some(index) => items[index] = item,
                    None => items.push(item),
                }
            }
        }
    }
    Ok(List::Made(Rc::new(items)))
}

fn same_keys(a: &Value<'_>, b: &Value<'_>, keys: &[String]) -> Result<bool> {
    let (Value::Map(a), Value::Map(b)) = (a, b) else { return Ok(false) };
    for key in keys {
        let key = Value::text(key.as_str());
        let same = match (a.get(&key)?, b.get(&key)?) {
            (Some(a), Some(b)) => equal(&a, &b)?,
            (a, b) => a.is_none() && b.is_none(),
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn arithmetic<'a>(name: &str, args: &[Value<'a>]) -> Result<Value<'a>> {
    let overflow = || Error::Failed("integer overflow".to_owned());
    let zero = || Error::Failed("division by zero".to_owned());
    Ok(match (name, args) {
        ("-_", [Value::Int(a)]) => Value::Int(a.checked_neg().ok_or_else(overflow)?),
        ("-_", [Value::Double(a)]) => Value::Double(-a),
        ("_-_", [Value::Int(a), Value::Int(b)]) => Value::Int(a.checked_sub(*b).ok_or_else(overflow)?),
        ("_*_", [Value::Int(a), Value::Int(b)]) => Value::Int(a.checked_mul(*b).ok_or_else(overflow)?),
        ("_/_", [Value::Int(_), Value::Int(0)]) => return Err(zero()),
        ("_/_", [Value::Int(a), Value::Int(b)]) => Value::Int(a.checked_div(*b).ok_or_else(overflow)?),
        ("_%_", [Value::Int(_), Value::Int(0)]) => return Err(Error::Failed("modulus by zero".to_owned())),
        ("_%_", [Value::Int(a), Value::Int(b)]) => Value::Int(a.checked_rem(*b).ok_or_else(overflow)?),
        ("_-_", [Value::Uint(a), Value::Uint(b)]) => Value::Uint(a.checked_sub(*b).ok_or_else(overflow)?),
        ("_*_", [Value::Uint(a), Value::Uint(b)]) => Value::Uint(a.checked_mul(*b).ok_or_else(overflow)?),
        ("_/_", [Value::Uint(a), Value::Uint(b)]) => Value::Uint(a.checked_div(*b).ok_or_else(zero)?),
        ("_%_", [Value::Uint(a), Value::Uint(b)]) => Value::Uint(a.checked_rem(*b).ok_or_else(zero)?),
        ("_-_", [Value::Double(a), Value::Double(b)]) => Value::Double(a - b),
        ("_*_", [Value::Double(a), Value::Double(b)]) => Value::Double(a * b),
        ("_/_", [Value::Double(a), Value::Double(b)]) => Value::Double(a / b),
        ("_-_", [Value::Duration(a), Value::Duration(b)]) => {
            Value::Duration(a.checked_sub(*b).ok_or_else(overflow)?)
        }
        ("_-_", [Value::Timestamp(a), Value::Timestamp(b)]) => {
            Value::Duration(i64::try_from(a - b).map_err(|_| overflow())?)
        }
        ("_-_", [Value::Timestamp(a), Value::Duration(b)]) => Value::Timestamp(a - i128::from(*b)),
        _ => return Err(no_overload(name, args)),
    })
}

/// The functions called on nothing, except those that are called on a value as well.
fn global<'a>(name: &str, args: &[Value<'a>], env: &mut Env<'a, '_>) -> Option<Result<Value<'a>>> {
    let failed = |reason: String| Err(Error::Failed(reason));
    Some(match (name, args) {
        ("type", [value]) => Ok(Value::Type(value.type_name())),
        ("dyn", [value]) => Ok(value.clone()),
        ("int" | "uint" | "double" | "string" | "bool" | "bytes" | "duration" | "timestamp", [value]) => {
            env.pay(size(value)).and_then(|()| convert(name, value))
        }
        ("quantity", [Value::String(text)]) => match Quantity::parse(text) {
            Some(quantity) => Ok(Value::Quantity(quantity)),
            None => failed(format!("{:?} is no quantity", &**text)),
        },
        ("isQuantity", [Value::String(text)]) => Ok(Value::Bool(Quantity::parse(text).is_some())),
        ("url", [Value::String(text)]) => match Url::parse_request(text) {
            Ok(url) => Ok(Value::Url(Rc::new(url))),
            Err(reason) => failed(format!("{:?} is no URL: {reason}", &**text)),
        },
        ("isURL", [Value::String(text)]) => Ok(Value::Bool(Url::parse_request(text).is_ok())),
        ("ip", [Value::String(text)]) => network::ip(text),
        ("isIP", [Value::String(text)]) => Ok(Value::Bool(network::parse_ip(text).is_ok())),
        ("ip.isCanonical", [Value::String(text)]) => match network::parse_ip(text) {
            Ok(address) => Ok(Value::Bool(address.to_string() == **text)),
            Err(reason) => failed(reason),
        },
        ("cidr", [Value::String(text)]) => network::cidr(text),
        ("isCIDR", [Value::String(text)]) => Ok(Value::Bool(network::Cidr::parse(text).is_ok())),
        ("semver" | "isSemver", [Value::String(text), rest @ ..]) => {
            let lenient = matches!(rest, [Value::Bool(true)]);
            match (Semver::parse(text, lenient), name) {
                (found, "isSemver") => Ok(Value::Bool(found.is_some())),
                (Some(version), _) => Ok(Value::Semver(Rc::new(version))),
                (None, _) => failed(format!("{:?} is no semantic version", &**text)),
            }
        }
        ("optional.of", [value]) => Ok(Value::some(value.clone())),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.ofNonZeroValue", [value]) if is_zero(value) => Ok(Value::Optional(None)),
        ("optional.ofNonZeroValue", [value]) => Ok(Value::some(value.clone())),
        ("sets.contains" | "sets.equivalent" | "sets.intersects", [Value::List(a), Value::List(b)]) => {
            lists::sets(name, a, b, env)
        }
        ("format.named", [Value::String(name)]) => {
            Ok(Value::Optional(format_named(name).map(|name| Rc::new(Value::Format(name)))))
        }
        ("strings.quote", [Value::String(text)]) => Ok(Value::text(strings::quote(text))),
        ("lists.range", [Value::Int(count)]) => {
            let count = usize::try_from(*count).unwrap_or_default();
            env.pay(count).map(|()| Value::list((0..count as i64).map(Value::Int).collect()))
        }
        (name, []) => Ok(Value::Format(format_named(name.strip_prefix("format.")?)?)),
        _ => return None,
    })
}

fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Duration(0) => true,
        Value::Double(value) => *value == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.len() == 0,
        Value::Map(map) => map.len() == 0,
        _ => false,
    }
}

fn optional<'a>(name: &str, inner: Option<&Rc<Value<'a>>>, args: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(match (name, inner, args) {
        ("hasValue", inner, []) => Value::Bool(inner.is_some()),
        ("value", Some(inner), []) => (**inner).clone(),
        ("value", None, []) => return Err(Error::Failed("optional.none() dereference".to_owned())),
        ("or" | "orValue", None, [other]) => other.clone(),
        ("or", Some(inner), _) => Value::Optional(Some(Rc::clone(inner))),
        ("orValue", Some(inner), _) => (**inner).clone(),
        _ => return Err(no_overload(name, &[Value::Optional(inner.cloned())])),
    })
}

/// What is wrong with a text of a named format, as an optional list.
fn validate<'a>(format: &str, text: &str) -> Value<'a> {
    let subdomain: fn(&str) -> Syntax = names::dns_subdomain;
    let result: Syntax = match format {
        "dns1123Label" => names::dns_label(text),
        "dns1123Subdomain" => names::dns_subdomain(text),
        "dns1035Label" => names::dns_1035_label(text),
        "dns1123LabelPrefix" => names::as_prefix(text, names::dns_label),
        "dns1123SubdomainPrefix" => names::as_prefix(text, subdomain),
        "dns1035LabelPrefix" => names::as_prefix(text, names::dns_1035_label),
        "qualifiedName" => names::qualified_name(text),
        "labelValue" => names::label_value(text),
        other => check_format(other, text).map_or(Ok(()), Err),
    };
    Value::Optional(result.err().map(|must| Rc::new(Value::list(vec![Value::text(must)]))))
}

/// Makes a value of another type.
fn convert<'a>(to: &str, value: &Value<'a>) -> Result<Value<'a>> {
    let failed = || Error::Failed(format!("type conversion error from {} to {to}", value.type_name()));
    let in_range = |value: f64, low: f64, high: f64| (value > low && value < high).then_some(value);
    let found = match (to, value) {
        ("int", Value::Int(_)) | ("uint", Value::Uint(_)) | ("double", Value::Double(_)) => {
            Some(value.clone())
        }
        ("bool", Value::Bool(_)) | ("bytes", Value::Bytes(_)) | ("string", Value::String(_)) => {
            Some(value.clone())
        }
        ("duration", Value::Duration(_)) | ("timestamp", Value::Timestamp(_)) => Some(value.clone()),
        ("int", Value::Uint(value)) => i64::try_from(*value).ok().map(Value::Int),
        ("int", Value::Double(value)) => {
            in_range(*value, -9.223_372_036_854_776e18, 9.223_372_036_854_776e18)
                .map(|value| Value::Int(value as i64))
        }
        ("int", Value::String(text)) => parse_int(text).map(Value::Int),
        ("int", Value::Timestamp(value)) => {
            i64::try_from(value.div_euclid(time::SECOND)).ok().map(Value::Int)
        }
        ("int", Value::Duration(value)) => Some(Value::Int(*value)),
        ("uint", Value::Int(value)) => u64::try_from(*value).ok().map(Value::Uint),
        ("uint", Value::Double(value)) => {
            in_range(*value, -1.0, 1.844_674_407_370_955_2e19).map(|value| Value::Uint(value as u64))
        }
        ("uint", Value::String(text)) => {
            text.parse().ok().filter(|_| !text.starts_with('+')).map(Value::Uint)
        }
        ("double", Value::Int(value)) => Some(Value::Double(*value as f64)),
        ("double", Value::Uint(value)) => Some(Value::Double(*value as f64)),
        ("double", Value::String(text)) => text.parse().ok().map(Value::Double),
        ("bool", Value::String(text)) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(Value::Bool(false)),
            _ => None,
        },
        ("bytes", Value::String(text)) => Some(Value::Bytes(Rc::from(text.as_bytes()))),
        ("duration", Value::String(text)) => time::parse_duration(text).map(Value::Duration),
        ("duration", Value::Int(value)) => Some(Value::Duration(*value)),
        ("timestamp", Value::String(text)) => time::parse_date_time(text).map(Value::Timestamp),
        ("timestamp", Value::Int(value)) => Some(Value::Timestamp(i128::from(*value) * time::SECOND)),
        ("string", value) => strings::to_text(value).map(Value::text),
        _ => return Err(no_overload(to, std::slice::from_ref(value))),
    };
    found.ok_or_else(failed)
}

/// Digits with a sign, as Go reads them.
fn parse_int(text: &str) -> Option<i64> {
    text.parse().ok()
}
