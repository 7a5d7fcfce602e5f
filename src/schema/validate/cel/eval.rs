//! Evaluation, in bounded steps.

use std::rc::Rc;

use super::Budget;
use super::expr::{Each, EachKind, Expr, Fold};
use super::functions;
use super::value::{List, Map, Text, Value};

/// Why there is no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// It fails by the rules of the language.
    Failed(String),
    /// No such operation on these types.
    Overload(String),
    /// It is not known here.
    Unsupported(String),
    /// It takes too much.
    Limit(&'static str),
}

pub type Result<T> = std::result::Result<T, Error>;

/// Lists and texts that an expression makes may not be longer.
const MAX_SIZE: usize = 1 << 20;

/// The variables, and what may still be done.
pub struct Env<'a, 'b> {
    variables: Vec<(&'a str, Result<Value<'a>>)>,
    budget: &'b mut Budget,
}

impl<'a, 'b> Env<'a, 'b> {
    pub fn new(budget: &'b mut Budget) -> Env<'a, 'b> {
        Env { variables: Vec::new(), budget }
    }

    pub fn bind(&mut self, name: &'a str, value: Result<Value<'a>>) {
        self.variables.push((name, value));
    }

    /// Pays for looking at or making something of this size.
    pub fn pay(&mut self, size: usize) -> Result<()> {
        if size > MAX_SIZE {
            return Err(Error::Limit("what it makes is too large"));
        }
        self.budget.take(1 + size as u64 / 8)
    }

    fn variable(&mut self, name: &str) -> Option<&mut Result<Value<'a>>> {
        self.variables.iter_mut().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// Evaluates an expression.
pub fn eval<'a>(expr: &'a Expr, env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    env.budget.take(1)?;
    Ok(match expr {
        Expr::Null => Value::Null,
        Expr::Bool(value) => Value::Bool(*value),
        Expr::Int(value) => Value::Int(*value),
        Expr::Uint(value) => Value::Uint(*value),
        Expr::Double(value) => Value::Double(*value),
        Expr::String(text) => Value::String(Text::Borrowed(text)),
        Expr::Bytes(bytes) => Value::Bytes(Rc::from(bytes.as_slice())),
        Expr::Type(name) => Value::Type(name),
        Expr::Ident(name) => {
            return env
                .variable(name)
                .cloned()
                .unwrap_or_else(|| Err(Error::Unsupported(format!("`{name}` is not known"))));
        }
        Expr::Select { target, field, optional } => {
            let target = eval(target, env)?;
            return select(target, field, *optional);
        }
        Expr::Has { target, field } => {
            let target = eval(target, env)?;
            return has(target, field);
        }
        Expr::Call { name, args, regex, .. } => return call(name, args, regex.as_deref(), env),
        Expr::And(a, b) => return logic(a, b, false, env),
        Expr::Or(a, b) => return logic(a, b, true, env),
        Expr::If(parts) => return choose(parts, env),
        Expr::NotFalse(inner) => match eval(inner, env) {
            Ok(Value::Bool(value)) => Value::Bool(value),
            Err(error @ (Error::Limit(_) | Error::Unsupported(_))) => return Err(error),
            _ => Value::Bool(true),
        },
        Expr::List(items) => return make_list(items, env),
        Expr::Map(entries) => return make_map(entries, env),
        Expr::Fold(fold) => return run_fold(fold, env),
        Expr::Each(each) => return run_each(each, env),
    })
}

/// `&&` and `||`: a side that decides wins over an error of the other.
fn logic<'a>(a: &'a Expr, b: &'a Expr, decisive: bool, env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let left = eval(a, env);
    if matches!(left, Ok(Value::Bool(value)) if value == decisive) || matches!(left, Err(Error::Limit(_))) {
        return left;
    }
    match (left, eval(b, env)) {
        (_, Ok(Value::Bool(value))) if value == decisive => Ok(Value::Bool(decisive)),
        (_, Err(error @ Error::Limit(_))) => Err(error),
        (Ok(Value::Bool(_)), Ok(Value::Bool(value))) => Ok(Value::Bool(value)),
        (Err(error), _) | (Ok(_), Err(error)) => Err(error),
        (Ok(a), Ok(b)) => Err(functions::no_overload(if decisive { "||" } else { "&&" }, &[a, b])),
    }
}

fn choose<'a>(parts: &'a [Expr; 3], env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    match eval(&parts[0], env)? {
        Value::Bool(true) => eval(&parts[1], env),
        Value::Bool(false) => eval(&parts[2], env),
        other => Err(functions::no_overload("?:", &[other])),
    }
}

fn call<'a>(
    name: &'a str,
    args: &'a [Expr],
    regex: Option<&regex::Regex>,
    env: &mut Env<'a, '_>,
) -> Result<Value<'a>> {
    let mut values = Vec::with_capacity(args.len());
    for (index, arg) in args.iter().enumerate() {
        // The list that a macro makes is extended in place: nothing reads it again before it is replaced.
        let taken = match arg {
            Expr::Ident(accumulator) if index == 0 && name == "_+_" && accumulator.starts_with('@') => {
                env.variable(accumulator).map(|value| std::mem::replace(value, Ok(Value::Null)))
            }
            // Only evaluated where it is needed.
            _ if index == 1 && name == "or" && matches!(values.first(), Some(Value::Optional(Some(_)))) => {
                break;
            }
            _ if index == 1 && name == "orValue" => match values.first() {
                Some(Value::Optional(Some(inner))) => return Ok((**inner).clone()),
                _ => None,
            },
            _ => None,
        };
        values.push(match taken {
            Some(value) => value?,
            None => eval(arg, env)?,
        });
    }
    functions::call(name, values, regex, env)
}

/// `a.b`, and `a.?b`, which gives an optional; so does `a.b` on an optional.
fn select<'a>(target: Value<'a>, field: &str, optional: bool) -> Result<Value<'a>> {
    match target {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => select((*inner).clone(), field, true),
        Value::Map(map) => match map.select(field)? {
            Some(value) if optional => Ok(Value::some(value)),
            Some(value) => Ok(value),
            None if optional => Ok(Value::Optional(None)),
            None => Err(Error::Failed(format!("no such key: {field}"))),
        },
        other => Err(Error::Overload(format!("{} has no fields", other.type_name()))),
    }
}

fn has<'a>(target: Value<'a>, field: &str) -> Result<Value<'a>> {
    match target {
        Value::Optional(None) => Ok(Value::Bool(false)),
        Value::Optional(Some(inner)) => has((*inner).clone(), field),
        Value::Map(map) => Ok(Value::Bool(map.select(field)?.is_some())),
        other => Err(Error::Overload(format!("{} has no fields", other.type_name()))),
    }
}

fn make_list<'a>(items: &'a [(Expr, bool)], env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let mut made = Vec::with_capacity(items.len());
    for (item, optional) in items {
        match (eval(item, env)?, optional) {
            (Value::Optional(None), true) => {}
            (Value::Optional(Some(inner)), true) => made.push((*inner).clone()),
            (value, _) => made.push(value),
        }
    }
    Ok(Value::list(made))
}

fn make_map<'a>(entries: &'a [(Expr, Expr, bool)], env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(entries.len());
    for (key, value, optional) in entries {
        let key = eval(key, env)?;
        let value = match (eval(value, env)?, optional) {
            (Value::Optional(None), true) => continue,
            (Value::Optional(Some(inner)), true) => (*inner).clone(),
            (value, _) => value,
        };
        insert(&mut made, key, value, env)?;
    }
    Ok(Value::Map(Map::Made(Rc::new(made))))
}

fn insert<'a>(
    made: &mut Vec<(Value<'a>, Value<'a>)>,
    key: Value<'a>,
    value: Value<'a>,
    env: &mut Env<'a, '_>,
) -> Result<()> {
    env.pay(made.len())?;
    for (known, _) in made.iter() {
        if super::compare::equal(known, &key)? {
            return Err(Error::Failed("a key is there twice".to_owned()));
        }
    }
    made.push((key, value));
    Ok(())
}

/// What a macro of one variable goes over: the items of a list, or the keys of a map.
fn items_of<'a>(range: Value<'a>) -> Result<List<'a>> {
    match range {
        Value::List(list) => Ok(list),
        Value::Map(map) => Ok(List::Made(Rc::new(map.entries()?.into_iter().map(|(key, _)| key).collect()))),
        other => Err(Error::Overload(format!("{} has no items", other.type_name()))),
    }
}

fn run_fold<'a>(fold: &'a Fold, env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let list = items_of(eval(&fold.range, env)?)?;
    let initial = eval(&fold.initial, env);
    let known = env.variables.len();
    env.bind(&fold.accumulator, initial);
    for item in list.iter() {
        if matches!(eval(&fold.condition, env), Ok(Value::Bool(false))) {
            break;
        }
        env.bind(&fold.item, item);
        let next = eval(&fold.step, env);
        env.variables.truncate(known + 1);
        if let Err(error @ (Error::Limit(_) | Error::Unsupported(_))) = next {
            env.variables.truncate(known);
            return Err(error);
        }
        if let Some((_, accumulator)) = env.variables.get_mut(known) {
            *accumulator = next;
        }
    }
    let result = eval(&fold.result, env);
    env.variables.truncate(known);
    result
}

/// Evaluates with some variables bound.
fn with<'a>(
    variables: &'a [String],
    values: [Value<'a>; 2],
    expr: &'a Expr,
    env: &mut Env<'a, '_>,
) -> Result<Value<'a>> {
    let known = env.variables.len();
    for (name, value) in variables.iter().zip(values) {
        env.bind(name, Ok(value));
    }
    let result = eval(expr, env);
    env.variables.truncate(known);
    result
}

fn run_each<'a>(each: &'a Each, env: &mut Env<'a, '_>) -> Result<Value<'a>> {
    let range = eval(&each.range, env)?;
    let entries: Vec<(Value<'a>, Value<'a>)> = match range {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => {
            let value = with(&each.variables, [(*inner).clone(), Value::Null], &each.body, env)?;
            return Ok(if each.kind == EachKind::OptMap { Value::some(value) } else { value });
        }
        Value::List(list) => {
            let indexed = (0..list.len()).map(|index| Ok((Value::Int(index as i64), list.get(index)?)));
            indexed.collect::<Result<_>>()?
        }
        Value::Map(map) => map.entries()?,
        other => return Err(Error::Overload(format!("{} has no items", other.type_name()))),
    };
    env.pay(entries.len())?;
    match each.kind {
        EachKind::All | EachKind::Exists => quantify(each, entries, env),
        EachKind::ExistsOne => {
            let mut count = 0;
            for (key, value) in entries {
                count += usize::from(is_true(with(&each.variables, [key, value], &each.body, env)?)?);
            }
            Ok(Value::Bool(count == 1))
        }
        _ => transform(each, entries, env),
    }
}

fn quantify<'a>(
    each: &'a Each,
    entries: Vec<(Value<'a>, Value<'a>)>,
    env: &mut Env<'a, '_>,
) -> Result<Value<'a>> {
    let decisive = each.kind == EachKind::Exists;
    let mut failed = None;
    for (key, value) in entries {
        match with(&each.variables, [key, value], &each.body, env).and_then(is_true) {
            Ok(value) if value == decisive => return Ok(Value::Bool(decisive)),
            Ok(_) => {}
            Err(error @ (Error::Limit(_) | Error::Unsupported(_))) => return Err(error),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(Value::Bool(!decisive)), Err)
}

fn transform<'a>(
    each: &'a Each,
    entries: Vec<(Value<'a>, Value<'a>)>,
    env: &mut Env<'a, '_>,
) -> Result<Value<'a>> {
    let mut list = Vec::new();
    let mut made = Vec::new();
    for (key, value) in entries {
        if let Some(filter) = &each.filter
            && !is_true(with(&each.variables, [key.clone(), value.clone()], filter, env)?)?
        {
            continue;
        }
        let result = with(&each.variables, [key.clone(), value], &each.body, env)?;
        match (each.kind, result) {
            (EachKind::TransformList, value) => list.push(value),
            (EachKind::TransformMap, value) => insert(&mut made, key, value, env)?,
            (_, Value::Map(map)) => {
                for (key, value) in map.entries()? {
                    insert(&mut made, key, value, env)?;
                }
            }
            (_, other) => return Err(functions::no_overload("transformMapEntry", &[other])),
        }
    }
    Ok(match each.kind {
        EachKind::TransformList => Value::list(list),
        _ => Value::Map(Map::Made(Rc::new(made))),
    })
}

fn is_true(value: Value<'_>) -> Result<bool> {
    match value {
        Value::Bool(value) => Ok(value),
        other => Err(functions::no_overload("a condition", &[other])),
    }
}
