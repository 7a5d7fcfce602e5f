//! The keywords of a schema that look at one value.

use serde_json::{Number, Value};

use super::schema::{Additional, Kind, Node};
use super::{formats, list, shorten};
use crate::diagnostic::near_miss;
use crate::resource::At;
use crate::rule::Rule;
use crate::schema::validate::Findings;

/// What a walk finds: findings, and whether one of them keeps the API server from looking at rules.
pub struct Walk<'f> {
    /// Where findings go.
    pub findings: &'f mut Findings,
    /// Whether a required field is missing, or something is too long, too many, of another type or no choice.
    pub blocking: bool,
}

impl Walk<'_> {
    fn add(&mut self, rule: Rule, at: At<'_>, message: impl Into<String>) {
        self.findings.add(rule, at, message);
    }

    /// Judges a value by a schema.
    pub fn check(&mut self, value: &Value, node: &Node, at: At<'_>) {
        if !has_type(value, node) {
            self.blocking = true;
            let message = format!("expected {}, got {}", expected_type(node), describe(value));
            self.add(Rule::Type, at, message);
            // What else is wrong with it would follow from that.
            return;
        }
        self.check_choices(value, node, at);
        if value.is_null() {
            return;
        }
        self.check_combinations(value, node, at);
        match value {
            Value::String(text) => self.check_string(text, node, at),
            Value::Number(number) => self.check_number(number, node, at),
            Value::Array(items) => self.check_items(items, node, at),
            Value::Object(map) => self.check_object(map, node, at),
            _ => {}
        }
    }

    fn check_choices(&mut self, value: &Value, node: &Node, at: At<'_>) {
        let choices = &node.limits.choices;
        // A null is never one of them, even where they have one.
        if choices.is_empty() || !value.is_null() && choices.iter().any(|choice| same(choice, value)) {
            return;
        }
        self.blocking = true;
        let named: Vec<String> = choices.iter().take(12).map(shorten).collect();
        let more = if choices.len() > 12 { ", …" } else { "" };
        let one_of = if choices.len() == 1 { "" } else { "one of " };
        let message = format!("expected {one_of}{}{more}, got {}", named.join(", "), shorten(value));
        let near = value.as_str().and_then(|text| near_miss(text, choices.iter().filter_map(Value::as_str)));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.findings.add_with_help(Rule::Enum, at, message, help);
    }

    fn check_string(&mut self, text: &str, node: &Node, at: At<'_>) {
        let limits = &node.limits;
        let got = || shorten(&Value::from(text));
        let count = text.chars().count() as u64;
        if let Some(most) = limits.max_length.filter(|most| count > *most) {
            self.blocking = true;
            self.add(
                Rule::Length,
                at,
                format!("expected at most {}, got {count}", plural(most, "character")),
            );
        } else if let Some(least) = limits.min_length.filter(|least| count < *least) {
            self.add(
                Rule::Length,
                at,
                format!("expected at least {}, got {count}", plural(least, "character")),
            );
        } else if let Some((_, source)) = limits.pattern.as_ref().filter(|(regex, _)| !regex.is_match(text)) {
            let source =
                if source.chars().count() > 200 { &shorten(&Value::from(source.as_str())) } else { source };
            self.add(Rule::Pattern, at, format!("expected a match of {source}, got {}", got()));
        }
        if let Some(expected) = node.format.as_deref().and_then(|format| formats::check(format, text)) {
            self.blocking = true;
            self.add(Rule::Format, at, format!("expected {expected}, got {}", got()));
        }
    }

    fn check_number(&mut self, number: &Number, node: &Node, at: At<'_>) {
        let limits = &node.limits;
        let is_int32 = node.kind == Kind::Integer && node.format.as_deref() == Some("int32");
        if is_int32
            && !number
                .as_f64()
                .is_some_and(|value| value.abs() < 2_147_483_648.0 || value == -2_147_483_648.0)
        {
            self.add(Rule::Type, at, format!("expected an integer of 32 bits, got {number}"));
        }
        if node.kind == Kind::Number && node.format.as_deref() == Some("float") {
            let value = number.as_f64().unwrap_or(f64::INFINITY);
            if value.abs() > f64::from(f32::MAX) {
                self.add(Rule::Range, at, format!("expected a number of single precision, got {number}"));
            }
        }
        if let Some(factor) =
            limits.multiple_of.filter(|factor| *factor > 0.0 && !is_multiple(number, *factor))
        {
            let mut message = format!("expected a multiple of {}, got {number}", plain(factor));
            if number.is_i64() && factor < 1.0 {
                message += " (the API server takes no whole number for a multiple of less than 1)";
            }
            self.add(Rule::Range, at, message);
        }
        if let Some(most) = limits.maximum {
            let exclusive = limits.exclusive_maximum;
            if above(number, most) || (exclusive && !above(number, most) && !below(number, most)) {
                let words = if exclusive { "less than" } else { "at most" };
                self.add(Rule::Range, at, format!("expected {words} {}, got {number}", plain(most)));
            }
        }
        if let Some(least) = limits.minimum {
            let exclusive = limits.exclusive_minimum;
            if below(number, least) || (exclusive && !above(number, least) && !below(number, least)) {
                let words = if exclusive { "more than" } else { "at least" };
                self.add(Rule::Range, at, format!("expected {words} {}, got {number}", plain(least)));
            }
        }
    }

    fn check_items(&mut self, items: &[Value], node: &Node, at: At<'_>) {
        let limits = &node.limits;
        if let Some(child) = &node.items {
            for (index, value) in items.iter().enumerate() {
                self.check(value, child, at.index(index));
            }
        }
        let count = items.len() as u64;
        if let Some(least) = limits.min_items.filter(|least| count < *least) {
            self.add(Rule::Length, at, format!("expected at least {}, got {count}", plural(least, "item")));
        }
        if let Some(most) = limits.max_items.filter(|most| count > *most) {
            self.blocking = true;
            self.add(Rule::Length, at, format!("expected at most {}, got {count}", plural(most, "item")));
        }
        if let Some((index, first)) = list::duplicates(items.iter()).first().filter(|_| limits.unique_items) {
            let message = format!("{} is there already, as item {first}", shorten(&items[*index]));
            self.add(Rule::Duplicate, at.index(*index), message);
        }
    }

    fn check_object(&mut self, map: &serde_json::Map<String, Value>, node: &Node, at: At<'_>) {
        let limits = &node.limits;
        let count = map.len() as u64;
        if let Some(least) = limits.min_properties.filter(|least| count < *least) {
            self.add(Rule::Length, at, format!("expected at least {}, got {count}", plural(least, "field")));
        }
        if let Some(most) = limits.max_properties.filter(|most| count > *most) {
            self.blocking = true;
            self.add(Rule::Length, at, format!("expected at most {}, got {count}", plural(most, "field")));
        }
        for (key, value) in map {
            match (node.child(key), &node.additional) {
                (Some(child), _) => self.check(value, child, at.key(key)),
                (None, Some(Additional::None)) => {
                    self.add(Rule::UnknownField, at.key(key), format!("field `{key}` is not allowed here"));
                }
                _ => {}
            }
        }
        for key in limits.required.iter().filter(|key| !map.contains_key(*key)) {
            self.blocking = true;
            // Told at the object: the place of the field itself is not in the document.
            self.add(Rule::Required, at, format!("required field `{key}` is missing"));
        }
    }

    fn check_combinations(&mut self, value: &Value, node: &Node, at: At<'_>) {
        if !node.any_of.is_empty() {
            let tries: Vec<Try> =
                node.any_of.iter().map(|schema| Try::of(value, schema, at, self.findings)).collect();
            if tries.iter().all(|attempt| !attempt.holds()) {
                self.report_none(&node.any_of, tries, "none of the alternatives (anyOf) holds", value, at);
            }
        }
        if !node.one_of.is_empty() {
            let tries: Vec<Try> =
                node.one_of.iter().map(|schema| Try::of(value, schema, at, self.findings)).collect();
            let held: Vec<usize> = (0..tries.len()).filter(|index| tries[*index].holds()).collect();
            if held.is_empty() {
                self.report_none(&node.one_of, tries, "none of the alternatives (oneOf) holds", value, at);
            } else if held.len() > 1 {
                let named: Vec<String> =
                    held.iter().filter_map(|index| name_of(&node.one_of[*index])).collect();
                let named = if named.len() == held.len() {
                    format!(": {}", named.join(" and "))
                } else {
                    String::new()
                };
                let message = format!("{} of the alternatives (oneOf) hold, only one may{named}", held.len());
                self.add(Rule::Combination, at, message);
            }
        }
        for schema in &node.all_of {
            self.check(value, schema, at);
        }
        if let Some(schema) = &node.not
            && Try::of(value, schema, at, self.findings).holds()
        {
            let what = match name_of(schema) {
                Some(name) => format!("{name} must not be set here (not)"),
                None => format!("{} is what is excluded (not)", shorten(value)),
            };
            self.add(Rule::Combination, at, what);
        }
    }

    /// Reports that no alternative holds, with what is wrong by the one that comes nearest.
    fn report_none(&mut self, schemas: &[Node], tries: Vec<Try>, message: &str, value: &Value, at: At<'_>) {
        let names: Option<Vec<String>> = schemas.iter().map(name_of).collect();
        let message = match names {
            Some(names) if names.len() > 1 => format!("{message}: expected {}", names.join(" or ")),
            _ if value.is_object() || value.is_array() => message.to_owned(),
            _ => format!("{message} for {}", shorten(value)),
        };
        let blocking = tries.iter().any(|attempt| attempt.blocking);
        let nearest = tries.into_iter().min_by_key(|attempt| attempt.findings.len());
        let help = nearest.and_then(|nearest| {
            let first = nearest.findings.into_iter().next()?;
            Some(format!("the nearest alternative says of {}: {}", first.path, first.message))
        });
        self.blocking |= blocking;
        self.findings.add_with_help(Rule::Combination, at, message, help);
    }
}

/// What an alternative says.
struct Try {
    findings: Vec<crate::schema::validate::Finding>,
    blocking: bool,
}

impl Try {
    fn of(value: &Value, schema: &Node, at: At<'_>, findings: &Findings) -> Try {
        let mut inner = Findings { document: findings.document, list: Vec::new() };
        let mut walk = Walk { findings: &mut inner, blocking: false };
        walk.check(value, schema, at);
        let blocking = walk.blocking;
        Try { findings: inner.list, blocking }
    }

    fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What an alternative asks for, if it is only that fields are there.
fn name_of(schema: &Node) -> Option<String> {
    let fields: Vec<String> = schema.limits.required.iter().map(|key| format!("`{key}`")).collect();
    (!fields.is_empty()).then(|| fields.join(" and "))
}

fn has_type(value: &Value, node: &Node) -> bool {
    if node.int_or_string {
        return match value {
            Value::Null => node.nullable,
            Value::Number(number) => is_integer(number),
            value => value.is_string(),
        };
    }
    match (node.kind, value) {
        (Kind::Any, Value::Null) => true,
        (_, Value::Null) => node.nullable,
        (Kind::Any, _) => true,
        (Kind::Object, Value::Object(_)) => true,
        (Kind::Array, Value::Array(_)) => true,
        (Kind::String, Value::String(_)) => true,
        // The API server's own gap: where there is a format, it takes a list for a string.
        (Kind::String, Value::Array(_)) => node.format.is_some(),
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Number, Value::Number(_)) => true,
        (Kind::Integer, Value::Number(number)) => is_integer(number),
        _ => false,
    }
}

/// The largest whole number below which every one is a float.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// Whether a number is whole. A small one may be written as a float.
fn is_integer(number: &Number) -> bool {
    number.is_i64() || number.as_f64().is_some_and(|value| value.fract() == 0.0 && value.abs() <= MAX_SAFE)
}

fn expected_type(node: &Node) -> &'static str {
    if node.int_or_string {
        return "an integer or a string";
    }
    match node.kind {
        Kind::Any => "a value",
        Kind::Object => "an object",
        Kind::Array => "an array",
        Kind::String => "a string",
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::Boolean => "a boolean",
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(_) => format!("the string {}", shorten(value)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Numbers are compared as integers where both are, so that large ones are not rounded.
fn above(number: &Number, limit: f64) -> bool {
    match number.as_i64() {
        Some(value) if limit.fract() == 0.0 && limit.abs() < 9.2e18 => value > limit as i64,
        _ => number.as_f64().is_some_and(|value| value > limit),
    }
}

fn below(number: &Number, limit: f64) -> bool {
    match number.as_i64() {
        Some(value) if limit.fract() == 0.0 && limit.abs() < 9.2e18 => value < limit as i64,
        _ => number.as_f64().is_some_and(|value| value < limit),
    }
}

/// Whether a number is a multiple, as the API server sees it: of the factor for a whole number, only what is before the
/// point counts, so that no whole number is a multiple of 0.5, and a quotient must be a number that JSON holds exactly.
fn is_multiple(number: &Number, factor: f64) -> bool {
    if let Some(value) = number.as_i64() {
        return value.checked_rem(factor as i64) == Some(0);
    }
    let value = number.as_f64().unwrap_or_default();
    let quotient = if factor < 1.0 { 1.0 / factor * value } else { value / factor };
    let difference = (quotient - quotient.trunc()).abs();
    quotient.abs() <= MAX_SAFE && (difference == 0.0 || difference / (2.0 * quotient.abs()) < 1e-9)
}

/// Whether two values are the same, by number where they are numbers.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn plain(number: f64) -> String {
    number.to_string()
}

fn plural(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
