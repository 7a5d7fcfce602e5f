//! From a call to what is written in its arguments.

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, ArrayExpressionElement, Expression, ObjectPropertyKind};
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::{GetSpan, SourceType, Span};

use super::{LineIndex, stack};
use crate::resource::Step;
use crate::tree::RelPath;

/// A piece of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column, from 1, in code points.
    pub(crate) column: u32,
    /// How many code points of that line it takes; at least 1.
    pub(crate) width: u32,
}

/// A call in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    /// The name of what is called.
    pub(crate) name: Spot,
    /// Where the value that was looked for is written.
    pub(crate) value: Spot,
}

/// Methods whose first argument says where the second one goes.
const KEYED: [&str; 6] = ["set", "_set", "_setSpec", "_setDeep", "label", "annotation"];

/// Finds a call, and where in its arguments the value at `steps` inside the value that it was given is written.
///
/// `line` and `column` are what the engine tells (from 1, in UTF-16 units): of the name of what is called, or of any part of
/// the arguments. So the innermost call around them counts whose function or method is called `name`, or else just the innermost.
/// Only literals that stand in the arguments themselves are followed, as far as they go; where they do not lead anywhere, the
/// value is taken to be at the name. `None` when there is no call.
pub(crate) fn find_call(
    path: &RelPath,
    source: &str,
    (line, column): (u32, u32),
    name: Option<&str>,
    steps: &[Step],
) -> Option<Call> {
    let find = || {
        let lines = LineIndex::new(source);
        Ok(lines.offset(line, column).and_then(|at| find_here(path, &lines, at as u32, name, steps)))
    };
    stack::with_enough(path, source, find).ok().flatten()
}

fn source_type(path: &RelPath) -> SourceType {
    if path.as_str().ends_with(".js") { SourceType::mjs() } else { SourceType::ts() }
}

fn find_here(
    path: &RelPath,
    lines: &LineIndex<'_>,
    at: u32,
    wanted: Option<&str>,
    steps: &[Step],
) -> Option<Call> {
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, lines.source, source_type(path)).parse().program;
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&program).semantic;
    let around = semantic.nodes().iter().filter_map(|node| match node.kind() {
        AstKind::CallExpression(call) => Some((name(&call.callee), &call.arguments, call.span.end)),
        AstKind::NewExpression(new) => Some((name(&new.callee), &new.arguments, new.span.end)),
        _ => None,
    });
    let around = around.filter(|((_, span), _, end)| (span.start..*end).contains(&at));
    let innermost =
        around.max_by_key(|((name, span), _, _)| (wanted.is_some() && *name == wanted, span.start));
    let ((name, span), arguments, _) = innermost?;
    let argument = arguments.get(usize::from(name.is_some_and(|name| KEYED.contains(&name))));
    // What a spread gives cannot be seen.
    let argument = argument.filter(|_| !arguments.iter().any(Argument::is_spread));
    let value = argument.and_then(Argument::as_expression).and_then(|value| follow(value, steps));
    Some(Call { name: spot(lines, span), value: spot(lines, value.unwrap_or(span)) })
}

/// What is called, if it has a name, and where that is written.
fn name<'a>(callee: &'a Expression<'_>) -> (Option<&'a str>, Span) {
    match callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => {
            (Some(member.property.name.as_str()), member.property.span)
        }
        Expression::Identifier(identifier) => (Some(identifier.name.as_str()), identifier.span),
        other => (None, other.span()),
    }
}

fn spot(lines: &LineIndex<'_>, span: Span) -> Spot {
    let (line, column) = lines.position(span.start as usize);
    let text = lines.source.get(span.start as usize..span.end as usize).unwrap_or_default();
    let width = text.lines().next().map_or(1, |first| first.chars().count().max(1));
    Spot { line, column, width: width as u32 }
}

/// The last place on the way along `steps` that is written out; `None` when there is none.
fn follow(value: &Expression<'_>, steps: &[Step]) -> Option<Span> {
    let (step, rest) = steps.split_first()?;
    let (span, value) = match (value.get_inner_expression(), step) {
        (Expression::ObjectExpression(object), Step::Key(key)) => {
            let property = object.properties.iter().rev().find_map(|property| match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    (property.key.static_name().as_deref() == Some(key)).then_some(Some(property))
                }
                // It may well be in there.
                ObjectPropertyKind::SpreadProperty(_) => Some(None),
            });
            let property = property??;
            (property.key.span(), &property.value)
        }
        (Expression::ArrayExpression(array), Step::Index(index)) => {
            let elements = array.elements.get(..=*index)?;
            if elements.iter().any(ArrayExpressionElement::is_spread) {
                return None;
            }
            let element = elements.last()?.as_expression()?;
            (element.span(), element)
        }
        _ => return None,
    };
    follow(value, rest).or(Some(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the name and of the value, for a call that the engine tells to be at `«`.
    fn at(source: &str, name: &str, steps: &[Step]) -> Option<(String, String)> {
        let start = source.find('«').unwrap();
        let source = source.replace('«', "");
        let line = source[..start].matches('\n').count() as u32 + 1;
        let before = source[..start].rsplit('\n').next().unwrap_or_default();
        let column = before.encode_utf16().count() as u32 + 1;
        let name = Some(name).filter(|name| !name.is_empty());
        let call = find_call(&RelPath::new("a.ts").unwrap(), &source, (line, column), name, steps)?;
        let text = |spot: Spot| {
            let line = source.lines().nth(spot.line as usize - 1).unwrap();
            line.chars().skip(spot.column as usize - 1).take(spot.width as usize).collect()
        };
        Some((text(call.name), text(call.value)))
    }

    fn value(source: &str, steps: &[Step]) -> Option<String> {
        at(source, "", steps).map(|(_, value)| value)
    }

    fn key(key: &str) -> Step {
        Step::Key(key.to_owned())
    }

    #[test]
    fn literals_in_the_arguments_are_followed() {
        let spec = "const s: any = 1;\nD()\n  .«spec({ 'a b': 1, replicas: <any>\"x\",\n items: [{ n: 1 }, ({ n: 2 } as const)!], s });";
        for (steps, text) in [
            (vec![], "spec"),
            (vec![key("replicas")], "replicas"),
            (vec![key("a b")], "'a b'"),
            (vec![key("s"), key("x")], "s"),
            (vec![key("none")], "spec"),
            (vec![key("items"), Step::Index(1)], "({ n: 2 } as const)!"),
            (vec![key("items"), Step::Index(1), key("n")], "n"),
            (vec![key("items"), Step::Index(2), key("n")], "items"),
        ] {
            assert_eq!(value(spec, &steps).as_deref(), Some(text), "{steps:?}");
        }
    }

    #[test]
    fn what_a_spread_may_have_changed_is_not_guessed() {
        assert_eq!(value("«spec({ a: 1, ...b, c: 2 })", &[key("a")]).as_deref(), Some("spec"));
        assert_eq!(value("«spec({ a: 1, ...b, c: 2 })", &[key("c")]).as_deref(), Some("c"));
        assert_eq!(value("«spec([1, ...b, 2])", &[Step::Index(2)]).as_deref(), Some("spec"));
        assert_eq!(value("«spec([1, ...b, 2])", &[Step::Index(0)]).as_deref(), Some("1"));
        assert_eq!(value("«spec(...a, { b: 1 })", &[key("b")]).as_deref(), Some("spec"));
    }

    #[test]
    fn the_value_of_a_key_is_the_second_argument() {
        assert_eq!(value("x.«set('data', { é: { b: 1 } })", &[key("é"), key("b")]).as_deref(), Some("b"));
        assert_eq!(value("'😀'; «label('k', v)", &[]).as_deref(), Some("label"));
        assert_eq!(value("a(1); new «A({ b: 1 })", &[key("b")]).as_deref(), Some("b"));
    }

    #[test]
    fn a_call_is_known_by_its_name_where_the_engine_tells_its_last_argument() {
        let name = |source: &str, name: &str| at(source, name, &[]).map(|(name, _)| name);
        let chain = "D().metadata(m().name(n).label('a', «x)).replicas(2)";
        assert_eq!(name(chain, "label").as_deref(), Some("label"));
        assert_eq!(name(chain, "metadata").as_deref(), Some("metadata"));
        assert_eq!(name(chain, "other").as_deref(), Some("label"));
        assert_eq!(name("build(list.map((n) => D().spec(«n)))", "build").as_deref(), Some("build"));
        assert_eq!(name("const a = «b;", "b"), None);
    }
}
