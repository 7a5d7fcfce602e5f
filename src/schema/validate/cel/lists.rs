//! The functions of lists.

use std::cmp::Ordering;

use super::compare::{contains, equal, order};
use super::eval::{Env, Error, Result};
use super::functions::{add, no_overload};
use super::strings;
use super::value::{List, Value};

/// A function called on a list.
pub fn member<'a>(
    name: &str,
    this: &List<'a>,
    args: &[Value<'a>],
    env: &mut Env<'a, '_>,
) -> Result<Value<'a>> {
    env.pay(this.len())?;
    let items = || this.iter().collect::<Result<Vec<_>>>();
    Ok(match (name, args) {
        ("size", []) => Value::Int(this.len() as i64),
        ("isSorted", []) => {
            let items = items()?;
            for pair in items.windows(2) {
                if compare(name, &pair[0], &pair[1])? == Ordering::Greater {
                    return Ok(Value::Bool(false));
                }
            }
            Value::Bool(true)
        }
        ("sum", []) => {
            let mut items = items()?.into_iter();
            let Some(mut total) = items.next() else { return Ok(Value::Int(0)) };
            for item in items {
                total = add(total, item, env)?;
            }
            total
        }
        ("min" | "max", []) => {
            let mut items = items()?.into_iter();
            let Some(mut best) = items.next() else {
                return Err(Error::Failed(format!("{name} called on empty list")));
            };
            let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
            for item in items {
                if compare(name, &item, &best)? == wanted {
                    best = item;
                }
            }
            best
        }
        ("indexOf" | "lastIndexOf", [value]) => {
            let mut found = -1;
            for (index, item) in this.iter().enumerate() {
                if equal(&item?, value)? {
                    found = index as i64;
                    if name == "indexOf" {
                        break;
                    }
                }
            }
            Value::Int(found)
        }
        ("join", []) => strings::join(&items()?, "", env)?,
        ("join", [Value::String(separator)]) => strings::join(&items()?, separator, env)?,
        ("first" | "last", []) => match (this.len(), name) {
            (0, _) => Value::Optional(None),
            (_, "first") => Value::some(this.get(0)?),
            (count, _) => Value::some(this.get(count - 1)?),
        },
        ("reverse", []) => Value::list(items()?.into_iter().rev().collect()),
        ("slice", [Value::Int(start), Value::Int(end)]) => {
            let count = this.len() as i64;
            if *start < 0 || start > end || *end > count {
                return Err(Error::Failed(format!("cannot slice({start}, {end}), list has {count} items")));
            }
            Value::list(items()?.drain(*start as usize..*end as usize).collect())
        }
        ("distinct", []) => {
            let mut kept: Vec<Value<'a>> = Vec::new();
            for item in this.iter() {
                let item = item?;
                env.pay(8 * kept.len())?;
                if !contains(&List::Made(kept.clone().into()), &item)? {
                    kept.push(item);
                }
            }
            Value::list(kept)
        }
        ("flatten", []) => Value::list(flatten(this, 1, env)?),
        ("flatten", [Value::Int(depth)]) if *depth >= 0 => Value::list(flatten(this, *depth, env)?),
        ("sort", []) => {
            let mut items = items()?;
            let mut failed = None;
            items.sort_by(|a, b| {
                compare(name, a, b).unwrap_or_else(|error| {
                    failed = Some(error);
                    Ordering::Equal
                })
            });
            match failed {
                Some(error) => return Err(error),
                None => Value::list(items),
            }
        }
        _ => {
            let all: Vec<Value<'a>> =
                std::iter::once(Value::List(this.clone())).chain(args.iter().cloned()).collect();
            return Err(no_overload(name, &all));
        }
    })
}

fn compare<'a>(name: &str, a: &Value<'a>, b: &Value<'a>) -> Result<Ordering> {
    order(a, b).ok_or_else(|| no_overload(name, &[a.clone(), b.clone()]))
}

fn flatten<'a>(list: &List<'a>, depth: i64, env: &mut Env<'a, '_>) -> Result<Vec<Value<'a>>> {
    let mut out = Vec::new();
    for item in list.iter() {
        match item? {
            Value::List(inner) if depth > 0 => out.extend(flatten(&inner, depth - 1, env)?),
            other => out.push(other),
        }
        env.pay(1)?;
    }
    Ok(out)
}

/// `sets.contains`, `sets.equivalent`, `sets.intersects`
pub fn sets<'a>(name: &str, a: &List<'a>, b: &List<'a>, env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    env.pay(a.len().saturating_mul(b.len()))?;
    let holds_all = |outer: &List<'a>, inner: &List<'a>| -> Result<bool> {
        for item in inner.iter() {
            if !contains(outer, &item?)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    Ok(Value::Bool(match name {
        "sets.contains" => holds_all(a, b)?,
        "sets.equivalent" => holds_all(a, b)? && holds_all(b, a)?,
        _ => {
            for item in b.iter() {
                if contains(a, &item?)? {
                    return Ok(Value::Bool(true));
                }
            }
            false
        }
    }))
}
