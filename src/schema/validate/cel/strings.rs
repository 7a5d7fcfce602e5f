//! The functions of strings.

use super::eval::{Env, Error, Result};
use super::functions::no_overload;
use super::time;
use super::value::{Text, Value};
use crate::schema::validate::structural::compile_pattern;

/// A function called on a string.
pub fn member<'a>(
    name: &str,
    this: &Text<'a>,
    args: &[Value<'a>],
    regex: Option<&regex::Regex>,
    env: &mut Env<'a, '_>,
) -> Result<Value<'a>> {
    env.pay(this.len())?;
    Ok(match (name, args) {
        ("size", []) => Value::Int(this.chars().count() as i64),
        ("contains", [Value::String(part)]) => Value::Bool(this.contains(&**part)),
        ("startsWith", [Value::String(part)]) => Value::Bool(this.starts_with(&**part)),
        ("endsWith", [Value::String(part)]) => Value::Bool(this.ends_with(&**part)),
        ("matches", [Value::String(pattern)]) => {
            with_regex(regex, pattern, env, |regex| Value::Bool(regex.is_match(this)))?
        }
        ("find", [Value::String(pattern)]) => with_regex(regex, pattern, env, |regex| {
            Value::text(regex.find(this).map(|found| found.as_str()).unwrap_or_default())
        })?,
        ("findAll", [Value::String(pattern), rest @ ..]) => {
            let most = match rest {
                [Value::Int(most)] if *most >= 0 => *most as usize,
                [] | [Value::Int(_)] => usize::MAX,
                _ => return Err(no_overload(name, args)),
            };
            with_regex(regex, pattern, env, |regex| {
                Value::list(
                    regex.find_iter(this).take(most).map(|found| Value::text(found.as_str())).collect(),
                )
            })?
        }
        ("charAt", [Value::Int(index)]) => {
            let count = this.chars().count();
            let index = usize::try_from(*index)
                .ok()
                .filter(|index| *index <= count)
                .ok_or_else(|| out_of_range(*index))?;
            Value::text(this.chars().nth(index).map(String::from).unwrap_or_default())
        }
        ("indexOf" | "lastIndexOf", [Value::String(part), rest @ ..]) => {
            let offset = match rest {
                [] => None,
                [Value::Int(offset)] => Some(*offset),
                _ => return Err(no_overload(name, args)),
            };
            Value::Int(index_of(this, part, offset, name == "lastIndexOf", env)?)
        }
        ("lowerAscii", []) => Value::text(this.to_ascii_lowercase()),
        ("upperAscii", []) => Value::text(this.to_ascii_uppercase()),
        ("trim", []) => Value::text(this.trim()),
        ("replace", [Value::String(old), Value::String(new), rest @ ..]) => {
            let most = match rest {
                [Value::Int(most)] if *most >= 0 => *most as usize,
                [] | [Value::Int(_)] => usize::MAX,
                _ => return Err(no_overload(name, args)),
            };
            let count = if old.is_empty() { this.chars().count() + 1 } else { this.matches(&**old).count() };
            env.pay(this.len() + count.min(most).saturating_mul(new.len()))?;
            Value::text(this.replacen(&**old, new, most))
        }
        ("split", [Value::String(separator), rest @ ..]) => {
            let most = match rest {
                [] => -1,
                [Value::Int(most)] => *most,
                _ => return Err(no_overload(name, args)),
            };
            Value::list(split(this, separator, most))
        }
        ("substring", [Value::Int(start), rest @ ..]) => {
            let count = this.chars().count() as i64;
            let end = match rest {
                [] => count,
                [Value::Int(end)] => *end,
                _ => return Err(no_overload(name, args)),
            };
            if *start < 0 || *start > count {
                return Err(out_of_range(*start));
            }
            if end < *start || end > count {
                return Err(out_of_range(end));
            }
            Value::text(this.chars().skip(*start as usize).take((end - start) as usize).collect::<String>())
        }
        ("format", [Value::List(values)]) => {
            let values = values.iter().collect::<Result<Vec<_>>>()?;
            format(this, &values, env)?
        }
        _ => {
            let all: Vec<Value<'a>> =
                std::iter::once(Value::String(this.clone())).chain(args.iter().cloned()).collect();
            return Err(no_overload(name, &all));
        }
    })
}

fn out_of_range(index: i64) -> Error {
    Error::Failed(format!("index out of range: {index}"))
}

fn with_regex<'a>(
    regex: Option<&regex::Regex>,
    pattern: &str,
    env: &mut Env<'a, '_>,
    run: impl FnOnce(&regex::Regex) -> Value<'a>,
) -> Result<Value<'a>> {
    match regex {
        Some(regex) => Ok(run(regex)),
        None => {
            // A pattern that comes from the document: compiling it costs far more than its length.
            env.pay(100 * pattern.len())?;
            let regex = compile_pattern(pattern)
                .map_err(|error| Error::Unsupported(format!("the pattern {pattern:?}: {error}")))?;
            Ok(run(&regex))
        }
    }
}

/// Where a part is, in characters; -1: nowhere.
fn index_of(this: &str, part: &str, offset: Option<i64>, last: bool, env: &mut Env<'_, '_>) -> Result<i64> {
    let text: Vec<char> = this.chars().collect();
    let part: Vec<char> = part.chars().collect();
    env.pay(text.len().saturating_mul(part.len().max(1)) / 8)?;
    let count = text.len() as i64;
    if let Some(offset) = offset.filter(|offset| !(0..=count).contains(offset)) {
        return if offset < 0 { Err(out_of_range(offset)) } else { Ok(-1) };
    }
    if part.is_empty() {
        return Ok(offset.unwrap_or(if last { count } else { 0 }));
    }
    let starts = text.windows(part.len()).enumerate().filter(|(_, window)| *window == part.as_slice());
    let mut starts = starts.map(|(index, _)| index as i64);
    let found = match (last, offset) {
        (false, offset) => starts.find(|index| *index >= offset.unwrap_or(0)),
        (true, offset) => starts.take_while(|index| *index <= offset.unwrap_or(count)).last(),
    };
    Ok(found.unwrap_or(-1))
}

fn split<'a>(this: &str, separator: &str, most: i64) -> Vec<Value<'a>> {
    let parts: Vec<&str> = match most {
        0 => Vec::new(),
        most if separator.is_empty() => {
            let mut parts: Vec<&str> = Vec::new();
            let mut rest = this;
            while let Some(c) = rest.chars().next() {
                if most > 0 && parts.len() as i64 == most - 1 {
                    parts.push(rest);
                    break;
                }
                let (first, after) = rest.split_at(c.len_utf8());
                parts.push(first);
                rest = after;
            }
            parts
        }
        most if most < 0 => this.split(separator).collect(),
        most => this.splitn(most as usize, separator).collect(),
    };
    parts.into_iter().map(Value::text).collect()
}

/// `join`, of a list of strings.
pub fn join<'a>(values: &[Value<'a>], separator: &str, env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        let Value::String(text) = value else { return Err(no_overload("join", std::slice::from_ref(value))) };
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(text);
        env.pay(out.len() / 8)?;
    }
    Ok(Value::text(out))
}

/// `strings.quote`
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out + "\""
}

/// `format`: the clauses that text and whole numbers take.
fn format<'a>(template: &str, values: &[Value<'a>], env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let digits = after
            .strip_prefix('.')
            .map_or(0, |after| 1 + after.bytes().take_while(u8::is_ascii_digit).count());
        let precision = after[..digits].trim_start_matches('.').parse::<usize>().ok();
        let Some(verb) = after[digits..].chars().next() else {
            return Err(Error::Failed("unexpected end of format string".to_owned()));
        };
        rest = &after[digits + verb.len_utf8()..];
        if verb == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| Error::Failed("too few arguments of format".to_owned()))?;
        let unsupported =
            || Error::Unsupported(format!("`%{verb}` of {} in format is not known", value.type_name()));
        match (verb, value) {
            ('s', value) => out.push_str(&display(value).ok_or_else(unsupported)?),
            ('d', Value::Int(value)) => out.push_str(&value.to_string()),
            ('d', Value::Uint(value)) => out.push_str(&value.to_string()),
            ('f', Value::Double(value)) if precision.unwrap_or(6) <= 100 => {
                out.push_str(&format!("{value:.*}", precision.unwrap_or(6)));
            }
            ('b', Value::Int(value)) if *value >= 0 => out.push_str(&format!("{value:b}")),
            ('o', Value::Int(value)) if *value >= 0 => out.push_str(&format!("{value:o}")),
            ('x', Value::Int(value)) if *value >= 0 => out.push_str(&format!("{value:x}")),
            ('X', Value::Int(value)) if *value >= 0 => out.push_str(&format!("{value:X}")),
            ('b', Value::Bool(value)) => out.push_str(if *value { "1" } else { "0" }),
            ('x', Value::String(text)) => text.bytes().for_each(|b| out.push_str(&format!("{b:02x}"))),
            ('X', Value::String(text)) => text.bytes().for_each(|b| out.push_str(&format!("{b:02X}"))),
            _ => return Err(unsupported()),
        }
        env.pay(out.len() / 8)?;
    }
    out.push_str(rest);
    Ok(Value::text(out))
}

/// A value as `%s` writes it.
fn display(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::List(list) => {
            let inner = |item: Value<'_>| match item {
                Value::String(text) => Some(quote(&text)),
                Value::Int(_) | Value::Uint(_) | Value::Bool(_) | Value::Null | Value::List(_) => {
                    display(&item)
                }
                // Others are written in another way inside of a list.
                _ => None,
            };
            let items: Option<Vec<String>> = list.iter().map(|item| inner(item.ok()?)).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Map(_) => return None,
        Value::Null => "null".to_owned(),
        Value::Type(name) => (*name).to_owned(),
        value => to_text(value)?,
    })
}

/// A value as `string()` makes it.
pub fn to_text(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => double_text(*value),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.to_owned(),
        Value::Duration(value) => time::duration_text(*value),
        Value::Timestamp(value) => time::timestamp_text(*value),
        Value::Ip(address) => address.to_string(),
        Value::Cidr(cidr) => super::network::cidr_text(cidr),
        _ => return None,
    })
}

/// As Go writes it in the shortest form: with an exponent below 1e-4 and from 1e21.
fn double_text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    value.to_string()
}
