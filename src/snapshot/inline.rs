//! Inline snapshots: the texts that stand in the arguments of calls.

use std::fmt;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, CallExpression, Expression};
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::{GetSpan, SourceType, Span};

use super::file::escape;
use crate::tree::RelPath;

/// The place of the name of what is called, in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column, from 1, in code points.
    pub(crate) column: u32,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is to stand in the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The snapshot, as it is printed.
    pub(crate) text: String,
    /// Whether the argument before it holds property matchers.
    pub(crate) after_properties: bool,
}

/// Puts snapshots into the calls at the spots. All the rest stays as it is, byte for byte.
///
/// # Errors
///
/// No call is there, or its arguments are none that a snapshot can replace; for a person.
pub(crate) fn apply(path: &RelPath, source: &str, edits: &[(Spot, Edit)]) -> Result<String, String> {
    with_stack(source, || apply_here(path, source, edits))
}

/// A call that has taken an inline snapshot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sought<'s> {
    /// The method that was called.
    pub(crate) method: &'s str,
    /// Where, as the engine tells it: line and column from 1, in UTF-16 units.
    pub(crate) position: (u32, u32),
    /// Whether the argument before the snapshot holds property matchers.
    pub(crate) after_properties: bool,
    /// The snapshot that it was called with.
    pub(crate) argument: Option<&'s str>,
}

/// Finds a call in a source that has no BOM.
///
/// Where an argument has several lines, the engine tells not the name of the method but where the expression or the statement
/// begins. So the call must also have the very argument that it was called with.
///
/// # Errors
///
/// It cannot be found, or a snapshot has no place in it; for a person.
pub(crate) fn find(path: &RelPath, source: &str, sought: Sought<'_>) -> Result<Spot, String> {
    with_stack(source, || find_here(path, source, sought))
}

fn find_here(path: &RelPath, source: &str, sought: Sought<'_>) -> Result<Spot, String> {
    let Sought { method, position: (line, column), after_properties, argument } = sought;
    let lost = || "the call cannot be found in the source, so nothing can be written there".to_owned();
    let (start, text) = line_at(source, line).ok_or_else(lost)?;
    let at = start + offset_utf16(text, column);
    let end = start + text.len();
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, source, source_type(path)).parse().program;
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&program).semantic;
    let calls = semantic.nodes().iter().filter_map(|node| match node.kind() {
        AstKind::CallExpression(call) if method_of(call) == Some(method) => Some(call),
        _ => None,
    });
    let found = calls.filter_map(|call| {
        let (from, name, to) =
            (call.span.start as usize, name_of(call).start as usize, call.span.end as usize);
        // The nearest of each sort; the best sort first.
        let rank = if (name..to).contains(&at) {
            (0, at - name)
        } else if (from..name).contains(&at) {
            (1, to - from)
        } else if (at..end).contains(&from) {
            (2, from - at)
        } else {
            return None;
        };
        takes(call, after_properties, argument).then_some((rank, call))
    });
    let (_, call) = found.min_by_key(|(rank, _)| *rank).ok_or_else(lost)?;
    let name = name_of(call).start as usize;
    let before = &source[..name];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let spot = Spot {
        line: before.matches('\n').count() as u32 + 1,
        column: before[line_start..].chars().count() as u32 + 1,
    };
    place(source, call, after_properties).map(|_| spot).ok_or_else(|| no_text(spot))
}

/// Whether a call has the snapshot that it was called with. What is no literal may have any.
fn takes(call: &CallExpression<'_>, after_properties: bool, argument: Option<&str>) -> bool {
    let written = call.arguments.get(usize::from(after_properties));
    let written = match written.and_then(Argument::as_expression).map(Expression::get_inner_expression) {
        Some(Expression::TemplateLiteral(template)) if template.expressions.is_empty() => {
            template.quasis.first().and_then(|part| part.value.cooked.as_ref().map(|text| text.as_str()))
        }
        Some(Expression::StringLiteral(text)) => Some(text.value.as_str()),
        Some(Expression::Identifier(identifier)) if identifier.name == "undefined" => None,
        Some(_) => return true,
        None => None,
    };
    written.map(|text| text.replace("\r\n", "\n")) == argument.map(|text| text.replace("\r\n", "\n"))
}

fn source_type(path: &RelPath) -> SourceType {
    if path.as_str().ends_with(".js") { SourceType::mjs() } else { SourceType::ts() }
}

fn no_text(spot: Spot) -> String {
    format!("the snapshot at {spot} is no text that could be replaced")
}

/// Sources are walked recursively: `work` runs on a stack that is deep enough for `source`.
fn with_stack<T: Send>(source: &str, work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    let needed = STACK + source.len() * STACK_PER_BYTE;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(needed)
            .spawn_scoped(scope, work)
            .map_err(|error| error.to_string())?;
        thread.join().unwrap_or_else(|_| Err("the parser broke down".to_owned()))
    })
}

/// Stack for any source at all, in bytes.
const STACK: usize = 4 << 20;
/// Stack for each byte of source, in bytes, as the compiler reckons for itself.
const STACK_PER_BYTE: usize = 4 << 10;

fn apply_here(path: &RelPath, source: &str, edits: &[(Spot, Edit)]) -> Result<String, String> {
    let allocator = Allocator::default();
    // The parser counts from after a BOM in some places and from before it in others: it gets none.
    let bom = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = &source[bom..];
    let program = Parser::new(&allocator, text, source_type(path)).parse().program;
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&program).semantic;
    let mut replaced: Vec<(usize, usize, String)> = Vec::new();
    for (spot, edit) in edits {
        let at = offset(text, *spot).ok_or_else(|| format!("there is no line {}", spot.line))?;
        let call = semantic.nodes().iter().find_map(|node| match node.kind() {
            AstKind::CallExpression(call) if name_of(call).start as usize == at => Some(call),
            _ => None,
        });
        let call = call.ok_or_else(|| format!("no call is at {spot}"))?;
        let (start, end, prefix) = place(text, call, edit.after_properties).ok_or_else(|| no_text(*spot))?;
        replaced.push((start, end, format!("{prefix}{}", literal(text, at, &edit.text))));
    }
    replaced.sort_by_key(|(start, ..)| *start);
    let mut result = source[..bom].to_owned();
    let mut from = 0;
    for (start, end, replacement) in replaced {
        result.push_str(&text[from..start]);
        result.push_str(&replacement);
        from = end;
    }
    result.push_str(&text[from..]);
    Ok(result)
}

fn name_of(call: &CallExpression<'_>) -> Span {
    match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => member.property.span,
        other => other.span(),
    }
}

/// The name of the method that is called, where it is one.
fn method_of<'a>(call: &'a CallExpression<'_>) -> Option<&'a str> {
    match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        _ => None,
    }
}

/// Which bytes the snapshot of a call takes the place of, and what stands before it. `None` where something else is there.
fn place(
    text: &str,
    call: &CallExpression<'_>,
    after_properties: bool,
) -> Option<(usize, usize, &'static str)> {
    let number = usize::from(after_properties);
    if call.arguments.iter().any(Argument::is_spread) {
        return None;
    }
    if let Some(argument) = call.arguments.get(number) {
        let is_text = match argument.as_expression()?.get_inner_expression() {
            Expression::TemplateLiteral(template) => template.expressions.is_empty(),
            Expression::StringLiteral(_) => true,
            Expression::Identifier(identifier) => identifier.name == "undefined",
            _ => false,
        };
        let span = argument.span();
        return is_text.then_some((span.start as usize, span.end as usize, ""));
    }
    if let Some(last) = call.arguments.last() {
        // What there is but the snapshot are the property matchers; a comma behind them stays behind the snapshot.
        return (call.arguments.len() == number).then_some((
            last.span().end as usize,
            last.span().end as usize,
            ", ",
        ));
    }
    if number > 0 {
        return None;
    }
    // Before the parenthesis that ends the call; a comment inside stays.
    let end = call.span.end as usize - 1;
    text[..call.span.end as usize].ends_with(')').then_some((end, end, ""))
}

/// A line by its number from 1, with where it begins.
fn line_at(text: &str, number: u32) -> Option<(usize, &str)> {
    let line = text.split_inclusive('\n').nth(number.checked_sub(1)? as usize)?;
    Some((line.as_ptr() as usize - text.as_ptr() as usize, line))
}

/// The byte offset of a column from 1 in UTF-16 units; what is beyond the line is its end.
fn offset_utf16(line: &str, column: u32) -> usize {
    let mut units = 1;
    for (at, c) in line.char_indices() {
        if units >= column {
            return at;
        }
        units += c.len_utf16() as u32;
    }
    line.len()
}

/// The byte offset of a spot.
fn offset(text: &str, spot: Spot) -> Option<usize> {
    let (start, line) = line_at(text, spot.line)?;
    let (within, _) = line.char_indices().nth(spot.column.checked_sub(1)? as usize)?;
    Some(start + within)
}

/// A snapshot as a literal in the source: in one line, or with lines that are indented deeper than the one of the call.
fn literal(text: &str, at: usize, snapshot: &str) -> String {
    let line = &text[text[..at].rfind('\n').map_or(0, |at| at + 1)..];
    let indent: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    if !snapshot.contains('\n') {
        return format!("`{}`", escape(snapshot));
    }
    let deeper = if indent.contains('\t') { format!("{indent}\t") } else { format!("{indent}  ") };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut literal = format!("`{newline}");
    for line in escape(snapshot).split('\n') {
        if !line.is_empty() {
            literal.push_str(&deeper);
            literal.push_str(line);
        }
        literal.push_str(newline);
    }
    literal.push_str(&indent);
    literal.push('`');
    literal
}

/// The snapshot that an argument means: without the indentation that it has for the eye, and the line breaks around it.
pub(crate) fn meant(argument: &str) -> String {
    let lines: Vec<&str> = argument.split('\n').collect();
    let [first, inner @ .., last] = lines.as_slice() else { return argument.to_owned() };
    if inner.is_empty() || !first.trim().is_empty() || !last.trim().is_empty() {
        return argument.to_owned();
    }
    let filled = inner.iter().find(|line| !line.trim().is_empty());
    let indent = filled.map_or("", |line| &line[..line.len() - line.trim_start().len()]);
    let stripped: Option<Vec<&str>> =
        inner.iter().map(|line| if line.is_empty() { Some("") } else { line.strip_prefix(indent) }).collect();
    stripped.unwrap_or_else(|| inner.to_vec()).join("\n")
}
