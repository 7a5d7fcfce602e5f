//! Equality and order of values.

use std::cmp::Ordering;

use super::eval::Error;
use super::value::{List, Map, Value};
use crate::schema::validate::structural::{ListType, same_json};

/// Whether two values are equal. Numbers of different types are, when their values are; other types never.
pub fn equal(a: &Value<'_>, b: &Value<'_>) -> Result<bool, Error> {
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => **a == **b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Quantity(a), Value::Quantity(b)) => a.cmp(b) == Ordering::Equal,
        (Value::Url(a), Value::Url(b)) => a == b,
        (Value::Ip(a), Value::Ip(b)) => a == b,
        (Value::Cidr(a), Value::Cidr(b)) => a == b,
        (Value::Semver(a), Value::Semver(b)) => a.cmp(b) == Ordering::Equal,
        (Value::Format(a), Value::Format(b)) => a == b,
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => equal(a, b)?,
            (a, b) => a.is_none() && b.is_none(),
        },
        (Value::List(a), Value::List(b)) => lists_equal(a, b)?,
        (Value::Map(a), Value::Map(b)) => maps_equal(a, b)?,
        (Value::Opaque(a), Value::Opaque(b)) => same_json(a, b),
        (a, b) => order(a, b).is_some_and(|order| order == Ordering::Equal),
    })
}

/// Lists that are sets or maps are equal in any order.
fn lists_equal(a: &List<'_>, b: &List<'_>) -> Result<bool, Error> {
    if a.len() != b.len() {
        return Ok(false);
    }
    if let List::Json(_, node) = a
        && node.list != ListType::Atomic
    {
        for item in b.iter() {
            if !contains(a, &item?)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !equal(&a?, &b?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps_equal(a: &Map<'_>, b: &Map<'_>) -> Result<bool, Error> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, value) in a.entries()? {
        match b.get(&key)? {
            Some(other) if equal(&value, &other)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether an item of the list is equal to the value.
pub fn contains(list: &List<'_>, value: &Value<'_>) -> Result<bool, Error> {
    for item in list.iter() {
        if equal(&item?, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The order of two values, where there is one.
pub fn order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some((**a).cmp(&**b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Int(a), Value::Double(b)) => order_mixed(i128::from(*a), *b),
        (Value::Uint(a), Value::Double(b)) => order_mixed(i128::from(*a), *b),
        (Value::Double(a), Value::Int(b)) => order_mixed(i128::from(*b), *a).map(Ordering::reverse),
        (Value::Double(a), Value::Uint(b)) => order_mixed(i128::from(*b), *a).map(Ordering::reverse),
        _ => None,
    }
}

/// Exact, where converting to a float would round.
fn order_mixed(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= 2f64.powi(64) {
        return Some(Ordering::Less);
    }
    if float <= -(2f64.powi(64)) {
        return Some(Ordering::Greater);
    }
    let whole = float.floor();
    Some(integer.cmp(&(whole as i128)).then(if float > whole { Ordering::Less } else { Ordering::Equal }))
}
