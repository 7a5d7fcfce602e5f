//! Semantic versions.

use std::cmp::Ordering;

use super::eval::Result;
use super::functions::no_overload;
use super::value::Value;

/// A version; what follows a `+` does not count.
#[derive(Debug)]
pub struct Semver {
    numbers: [u64; 3],
    pre: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Number(u64),
    Text(String),
}

impl Semver {
    /// Reads `1.2.3-pre+build`; with `lenient` also `v1.2` and leading zeros.
    pub fn parse(text: &str, lenient: bool) -> Option<Semver> {
        let filled;
        let text = if lenient {
            filled = fill(text)?;
            filled.as_str()
        } else {
            text
        };
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let is_identifier =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return None;
        }
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (text, None),
        };
        let mut numbers = core.split('.').map(number);
        let numbers = match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(major), Some(minor), Some(patch), None) => [major?, minor?, patch?],
            _ => return None,
        };
        let part = |part: &str| match part {
            _ if !is_identifier(part) => None,
            _ if part.bytes().all(|b| b.is_ascii_digit()) => number(part).map(Part::Number),
            _ => Some(Part::Text(part.to_owned())),
        };
        let pre = pre
            .map(|pre| pre.split('.').map(part).collect::<Option<Vec<_>>>())
            .unwrap_or_else(|| Some(Vec::new()))?;
        Some(Semver { numbers, pre })
    }

    pub fn cmp(&self, other: &Semver) -> Ordering {
        let of_parts = |(a, b): (&Part, &Part)| match (a, b) {
            (Part::Number(a), Part::Number(b)) => a.cmp(b),
            (Part::Number(_), Part::Text(_)) => Ordering::Less,
            (Part::Text(_), Part::Number(_)) => Ordering::Greater,
            (Part::Text(a), Part::Text(b)) => a.cmp(b),
        };
        // Without what is before a release it is the release, which comes last.
        let last = self.pre.is_empty().cmp(&other.pre.is_empty());
        let parts = || self.pre.iter().zip(&other.pre).map(of_parts).find(|order| order.is_ne());
        self.numbers
            .cmp(&other.numbers)
            .then(last)
            .then_with(|| parts().unwrap_or_else(|| self.pre.len().cmp(&other.pre.len())))
    }
}

/// A number without leading zeros.
fn number(text: &str) -> Option<u64> {
    let plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// Takes `v` and leading zeros away and adds what is missing.
fn fill(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text
        .splitn(3, '.')
        .map(|part| {
            let short = part.trim_start_matches('0');
            match short.starts_with(|c: char| c.is_ascii_digit()) {
                _ if part.len() <= 1 => part.to_owned(),
                true => short.to_owned(),
                false => format!("0{short}"),
            }
        })
        .collect();
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return None;
    }
    parts.resize(3, "0".to_owned());
    Some(parts.join("."))
}

/// The functions of versions.
pub fn member<'a>(name: &str, this: &Semver, args: &[Value<'a>]) -> Result<Value<'a>> {
    let [major, minor, patch] = this.numbers;
    Ok(match (name, args) {
        ("major", []) => Value::Int(major as i64),
        ("minor", []) => Value::Int(minor as i64),
        ("patch", []) => Value::Int(patch as i64),
        ("isGreaterThan", [Value::Semver(other)]) => Value::Bool(this.cmp(other) == Ordering::Greater),
        ("isLessThan", [Value::Semver(other)]) => Value::Bool(this.cmp(other) == Ordering::Less),
        ("compareTo", [Value::Semver(other)]) => Value::Int(this.cmp(other) as i64),
        _ => return Err(no_overload(name, args)),
    })
}
