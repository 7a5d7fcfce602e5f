//! From the text of a rule to a tree in which every function is known.

use cel::common::ast::{EntryExpr, Expr as Parsed, IdedExpr, LiteralValue};
use cel::parser::PrattParser;
use regex::Regex;

use super::functions;
use crate::schema::validate::structural::compile_pattern;

/// Rules longer than this are not read; the longest of published CRDs have some 3,000 bytes.
const MAX_LENGTH: usize = 16 * 1024;
/// Characters that may nest, outside and inside of strings: they bound how deep the parser's own tree can be.
const MAX_OPERATORS: usize = 2_000;
/// How deep the tree may be: evaluating takes stack for each level.
const MAX_DEPTH: usize = 100;

/// A rule's tree.
#[derive(Debug)]
pub enum Expr {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    /// A variable.
    Ident(String),
    /// The name of a type.
    Type(&'static str),
    /// `a.b`, and `a.?b`
    Select {
        target: Box<Expr>,
        field: String,
        optional: bool,
    },
    /// `has(a.b)`
    Has {
        target: Box<Expr>,
        field: String,
    },
    /// An operator or a function. `this` is the first of the arguments if it is called on something.
    Call {
        name: String,
        args: Vec<Expr>,
        regex: Option<Box<Regex>>,
    },
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    If(Box<[Expr; 3]>),
    /// Whether the value is anything but `false`, an error included.
    NotFalse(Box<Expr>),
    /// The items, and whether each is an optional to leave out when empty.
    List(Vec<(Expr, bool)>),
    /// Keys and values, likewise.
    Map(Vec<(Expr, Expr, bool)>),
    Fold(Box<Fold>),
    Each(Box<Each>),
}

/// A macro of one variable, as the parser takes it apart.
#[derive(Debug)]
pub struct Fold {
    pub range: Expr,
    pub item: String,
    pub accumulator: String,
    pub initial: Expr,
    pub condition: Expr,
    pub step: Expr,
    pub result: Expr,
}

/// A macro of two variables, or one on an optional.
#[derive(Debug)]
pub struct Each {
    pub kind: EachKind,
    pub range: Expr,
    pub variables: Vec<String>,
    pub filter: Option<Expr>,
    pub body: Expr,
}

/// Which macro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EachKind {
    All,
    Exists,
    ExistsOne,
    TransformList,
    TransformMap,
    TransformMapEntry,
    OptMap,
    OptFlatMap,
}

impl Expr {
    /// Whether a variable of this name is used.
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Expr::Ident(found) => found == name,
            Expr::Select { target, .. } | Expr::Has { target, .. } | Expr::NotFalse(target) => {
                target.mentions(name)
            }
            Expr::Call { args, .. } => args.iter().any(|arg| arg.mentions(name)),
            Expr::And(a, b) | Expr::Or(a, b) => a.mentions(name) || b.mentions(name),
            Expr::If(parts) => parts.iter().any(|part| part.mentions(name)),
            Expr::List(items) => items.iter().any(|(item, _)| item.mentions(name)),
            Expr::Map(entries) => {
                entries.iter().any(|(key, value, _)| key.mentions(name) || value.mentions(name))
            }
            Expr::Fold(fold) => [&fold.range, &fold.initial, &fold.condition, &fold.step, &fold.result]
                .iter()
                .any(|part| part.mentions(name)),
            Expr::Each(each) => {
                each.range.mentions(name)
                    || each.body.mentions(name)
                    || each.filter.as_ref().is_some_and(|filter| filter.mentions(name))
            }
            _ => false,
        }
    }
}

/// Compiles a rule. The error says what of it is not known.
pub fn compile(source: &str) -> Result<Expr, String> {
    if source.len() > MAX_LENGTH
        || source.bytes().filter(|b| b".([{+-*/%<>=&|?!".contains(b)).count() > MAX_OPERATORS
    {
        return Err("it is too long".to_owned());
    }
    let parsed = PrattParser::new()
        .enable_optional_syntax(true)
        .enable_ident_escape_syntax(true)
        .max_recursion_depth(60)
        .error_recovery_limit(1)
        .parse(source)
        .map_err(|errors| match errors.errors.first() {
            Some(error) => error
                .msg
                .lines()
                .next()
                .unwrap_or_default()
                .replace("Syntax error: ", "it cannot be parsed: "),
            None => "it cannot be parsed".to_owned(),
        })?;
    let mut scope = vec!["self".to_owned(), "oldSelf".to_owned()];
    lower(parsed, &mut scope, 0)
}

fn lower(parsed: IdedExpr, scope: &mut Vec<String>, depth: usize) -> Result<Expr, String> {
    if depth > MAX_DEPTH {
        return Err("it is nested too deep".to_owned());
    }
    let depth = depth + 1;
    Ok(match parsed.expr {
        Parsed::Unspecified => return Err("it cannot be parsed".to_owned()),
        Parsed::Literal(literal) => match literal {
            LiteralValue::Boolean(value) => Expr::Bool(*value.inner()),
            LiteralValue::Bytes(value) => Expr::Bytes(value.inner().to_vec()),
            LiteralValue::Double(value) => Expr::Double(*value.inner()),
            LiteralValue::Int(value) => Expr::Int(*value.inner()),
            LiteralValue::Null => Expr::Null,
            LiteralValue::String(value) => Expr::String(value.inner().to_owned()),
            LiteralValue::UInt(value) => Expr::Uint(*value.inner()),
        },
        Parsed::Ident(name) => {
            let name = name.trim_start_matches('.');
            match functions::type_named(name) {
                _ if scope.iter().any(|known| known == name) => Expr::Ident(name.to_owned()),
                Some(name) => Expr::Type(name),
                None => return Err(format!("`{name}` is not known")),
            }
        }
        Parsed::Select(select) => {
            if let Some(name) =
                qualified(&select.operand, &select.field).and_then(|name| functions::type_named(&name))
            {
                return Ok(Expr::Type(name));
            }
            let target = Box::new(lower(*select.operand, scope, depth)?);
            match select.test {
                true => Expr::Has { target, field: select.field },
                false => Expr::Select { target, field: select.field, optional: false },
            }
        }
        Parsed::Call(call) => lower_call(call, scope, depth)?,
        Parsed::List(list) => {
            let optional = list.optional_indices;
            let items = list.elements.into_iter().enumerate();
            let items =
                items.map(|(index, item)| Ok((lower(item, scope, depth)?, optional.contains(&index))));
            Expr::List(items.collect::<Result<_, String>>()?)
        }
        Parsed::Map(map) => {
            let mut entries = Vec::new();
            for entry in map.entries {
                let EntryExpr::MapEntry(entry) = entry.expr else {
                    return Err("it cannot be parsed".to_owned());
                };
                let key = lower(entry.key, scope, depth)?;
                entries.push((key, lower(entry.value, scope, depth)?, entry.optional));
            }
            Expr::Map(entries)
        }
        Parsed::Struct(made) => return Err(format!("objects of type `{}` cannot be made", made.type_name)),
        Parsed::Comprehension(fold) => {
            let fold = *fold;
            let range = lower(fold.iter_range, scope, depth)?;
            let initial = lower(fold.accu_init, scope, depth)?;
            let known = scope.len();
            scope.push(fold.iter_var.clone());
            scope.push(fold.accu_var.clone());
            let condition = lower(fold.loop_cond, scope, depth);
            let step = lower(fold.loop_step, scope, depth);
            let result = lower(fold.result, scope, depth);
            scope.truncate(known);
            Expr::Fold(Box::new(Fold {
                range,
                item: fold.iter_var,
                accumulator: fold.accu_var,
                initial,
                condition: condition?,
                step: step?,
                result: result?,
            }))
        }
    })
}

/// `a.b.c`, where an expression only spells a name.
fn qualified(target: &IdedExpr, field: &str) -> Option<String> {
    match &target.expr {
        Parsed::Ident(name) => Some(format!("{name}.{field}")),
        Parsed::Select(select) if !select.test => {
            Some(format!("{}.{field}", qualified(&select.operand, &select.field)?))
        }
        _ => None,
    }
}

fn lower_call(
    call: cel::common::ast::CallExpr,
    scope: &mut Vec<String>,
    depth: usize,
) -> Result<Expr, String> {
    let name = call.func_name;
    let mut args = call.args;
    if let Some(target) = call.target {
        if let Some(kind) = each_kind(&name, args.len()) {
            return lower_each(kind, *target, args, scope, depth);
        }
        // A function of a library, `sets.contains(a, b)`, unless the name is a variable's.
        if let Parsed::Ident(library) = &target.expr
            && !scope.contains(library)
        {
            return make_call(format!("{library}.{name}"), false, args, scope, depth);
        }
        args.insert(0, *target);
        return make_call(name, true, args, scope, depth);
    }
    let two = |args: Vec<IdedExpr>, scope: &mut Vec<String>| -> Result<(Box<Expr>, Box<Expr>), String> {
        let mut args = args.into_iter();
        let (Some(a), Some(b)) = (args.next(), args.next()) else {
            return Err("it cannot be parsed".to_owned());
        };
        Ok((Box::new(lower(a, scope, depth)?), Box::new(lower(b, scope, depth)?)))
    };
    match (name.as_str(), args.len()) {
        ("_&&_", 2) => two(args, scope).map(|(a, b)| Expr::And(a, b)),
        ("_||_", 2) => two(args, scope).map(|(a, b)| Expr::Or(a, b)),
        ("@not_strictly_false", 1) => Ok(Expr::NotFalse(Box::new(lower(args.remove(0), scope, depth)?))),
        ("_?_:_", 3) => {
            let parts =
                args.into_iter().map(|arg| lower(arg, scope, depth)).collect::<Result<Vec<_>, _>>()?;
            let parts: [Expr; 3] = parts.try_into().map_err(|_| "it cannot be parsed".to_owned())?;
            Ok(Expr::If(Box::new(parts)))
        }
        ("_?._", 2) => {
            let field = match lower(args.remove(1), scope, depth)? {
                Expr::String(field) => field,
                _ => return Err("it cannot be parsed".to_owned()),
            };
            Ok(Expr::Select { target: Box::new(lower(args.remove(0), scope, depth)?), field, optional: true })
        }
        _ => make_call(name, false, args, scope, depth),
    }
}

fn make_call(
    name: String,
    member: bool,
    args: Vec<IdedExpr>,
    scope: &mut Vec<String>,
    depth: usize,
) -> Result<Expr, String> {
    if !functions::is_known(&name, member, args.len()) {
        return Err(match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            true => format!(
                "the function `{name}` with {} arguments is not known",
                args.len() - usize::from(member)
            ),
            false => format!("the operator `{}` is not known", name.trim_matches('_')),
        });
    }
    let args = args.into_iter().map(|arg| lower(arg, scope, depth)).collect::<Result<Vec<_>, _>>()?;
    // A pattern that is written in the rule is compiled once.
    let regex = match (name.as_str(), args.get(1)) {
        ("matches" | "find" | "findAll", Some(Expr::String(pattern))) => Some(Box::new(
            compile_pattern(pattern).map_err(|error| format!("its pattern cannot be used: {error}"))?,
        )),
        _ => None,
    };
    Ok(Expr::Call { name, args, regex })
}

/// The macros that the parser leaves as they are.
fn each_kind(name: &str, count: usize) -> Option<EachKind> {
    Some(match (name, count) {
        ("all", 3) => EachKind::All,
        ("exists", 3) => EachKind::Exists,
        ("exists_one" | "existsOne", 3) => EachKind::ExistsOne,
        ("transformList", 3 | 4) => EachKind::TransformList,
        ("transformMap", 3 | 4) => EachKind::TransformMap,
        ("transformMapEntry", 3 | 4) => EachKind::TransformMapEntry,
        ("optMap", 2) => EachKind::OptMap,
        ("optFlatMap", 2) => EachKind::OptFlatMap,
        _ => return None,
    })
}

fn lower_each(
    kind: EachKind,
    target: IdedExpr,
    args: Vec<IdedExpr>,
    scope: &mut Vec<String>,
    depth: usize,
) -> Result<Expr, String> {
    let range = lower(target, scope, depth)?;
    let count = if matches!(kind, EachKind::OptMap | EachKind::OptFlatMap) { 1 } else { 2 };
    let mut args = args.into_iter();
    let mut variables = Vec::new();
    for _ in 0..count {
        match args.next().map(|arg| arg.expr) {
            Some(Parsed::Ident(name)) => variables.push(name),
            _ => return Err("a macro's variable must be a name".to_owned()),
        }
    }
    let known = scope.len();
    scope.extend(variables.iter().cloned());
    let rest = args.map(|arg| lower(arg, scope, depth)).collect::<Result<Vec<_>, _>>();
    scope.truncate(known);
    let mut rest = rest?;
    let Some(body) = rest.pop() else { return Err("it cannot be parsed".to_owned()) };
    Ok(Expr::Each(Box::new(Each { kind, range, variables, filter: rest.pop(), body })))
}
