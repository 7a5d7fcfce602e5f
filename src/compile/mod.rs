//! TypeScript to JavaScript, with [oxc](https://oxc.rs): types are stripped, what the engine does not know is lowered.

mod coverage;
mod erase;
mod imports;
mod literals;
mod source_map;
mod stack;

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::ast::ast::Program;
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions, IndentChar};
use oxc::diagnostics::OxcDiagnostic;
use oxc::isolated_declarations::{IsolatedDeclarations, IsolatedDeclarationsOptions};
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use oxc::transformer::{EnvOptions, TransformOptions, Transformer};

use crate::coverage::Point;
use crate::diagnostic::{Diagnostic, Place, Snippet};
use crate::tree::RelPath;

pub(crate) use coverage::{COUNTS, counts_specifier};
pub(crate) use imports::{Exports, Import, Names, specifiers};
pub(crate) use literals::{Call, Spot, find_call};
pub(crate) use source_map::SourceMap;
pub(crate) use stack::this_thread_has;

/// The newest ECMAScript that the engine runs as it is. What is newer (`using`) is lowered.
const TARGET: &str = "es2024";

/// A module that the engine can run.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// JavaScript, an ES module.
    pub(crate) code: String,
    /// What it imports and re-exports, type-only imports left out, in order of appearance.
    pub(crate) imports: Vec<Import>,
    /// What it exports.
    pub(crate) exports: Exports,
    /// From the code back to the source, when it was asked for.
    pub(crate) map: Option<SourceMap>,
    /// What its counters count, when they were asked for.
    pub(crate) points: Option<Vec<Point>>,
}

/// Whether a source map is wanted: it costs a tenth of the compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Map {
    /// Make one.
    Yes,
    /// Make none.
    No,
}

/// Compiles one module.
///
/// A path that ends in `.js` is JavaScript; any other is TypeScript. In a `.husako` file one name may be imported from
/// two `k8s/*` modules: the first import counts.
///
/// # Errors
///
/// Every syntax error as a diagnostic with its place, at least one.
pub(crate) fn compile(path: &RelPath, source: &str, map: Map) -> Result<Compiled, Vec<Diagnostic>> {
    stack::with_enough(path, source, || compile_here(path, source, map, Counters::No))
}

/// Compiles one module as [`compile`] does, with counters of what it does: see [`counts_specifier`].
///
/// # Errors
///
/// As [`compile`].
pub(crate) fn compile_counted(path: &RelPath, source: &str, map: Map) -> Result<Compiled, Vec<Diagnostic>> {
    stack::with_enough(path, source, || compile_here(path, source, map, Counters::Yes))
}

/// Whether counters are put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counters {
    Yes,
    No,
}

fn compile_here(
    path: &RelPath,
    source: &str,
    map: Map,
    counters: Counters,
) -> Result<Compiled, Vec<Diagnostic>> {
    let allocator = Allocator::default();
    let source_type = if path.as_str().ends_with(".js") { SourceType::mjs() } else { SourceType::ts() };
    let parsed = Parser::new(&allocator, source, source_type).parse();
    let mut program = parsed.program;
    check(path, source, parsed.diagnostics)?;
    let dropped = path.as_str().ends_with(".husako") && imports::drop_duplicates(&mut program);

    let lines = LineIndex::new(source);
    let analyze = |program: &Program<'_>| {
        let semantic = SemanticBuilder::new()
            .with_check_syntax_error(true)
            .with_enum_eval(true)
            .with_excess_capacity(2.0)
            .build(program);
        check(path, source, semantic.diagnostics).map(|()| semantic.semantic.into_scoping())
    };
    let mut scoping = analyze(&program)?;
    let points = match counters {
        Counters::No => None,
        Counters::Yes => {
            let points = coverage::count(&mut program, &allocator, &scoping, &lines);
            scoping = analyze(&program)?;
            Some(points)
        }
    };
    if points.is_none()
        && !dropped
        && let Some(code) = erase::erase(&mut program, &scoping, source)
    {
        let (imports, exports) = (imports::imports(&program, &lines), imports::exports(&program));
        let map = (map == Map::Yes).then(|| SourceMap::same(source));
        return Ok(Compiled { code, imports, exports, map, points });
    }
    let transformed = Transformer::new(&allocator, Path::new(path.as_str()), &transform_options())
        .build_with_scoping(scoping, &mut program);
    check(path, source, transformed.diagnostics)?;

    let mut imports = imports::imports(&program, &lines);
    if points.is_some() {
        imports.retain(|import| import.specifier != counts_specifier());
    }
    let exports = imports::exports(&program);
    let generated = Codegen::new().with_options(codegen_options(path, map)).build(&program);
    let map = generated.map.map(|map| SourceMap::new(&map, &generated.code));
    // The engine takes none as it is. They can stand only in strings, templates and regular expressions, where this means the same.
    let code = match generated.code.contains('\0') {
        true => generated.code.replace('\0', "\\x00"),
        false => generated.code,
    };
    Ok(Compiled { code, imports, exports, map, points })
}

/// The type declarations (`.d.ts`) of a TypeScript module, its documentation comments kept.
///
/// # Errors
///
/// The exports whose types are not written out, and syntax errors.
pub(crate) fn declarations(path: &RelPath, source: &str) -> Result<String, Vec<Diagnostic>> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::ts()).parse();
    check(path, source, parsed.diagnostics)?;
    let options = IsolatedDeclarationsOptions { strip_internal: true };
    let declared = IsolatedDeclarations::new(&allocator, options).build(&parsed.program);
    check(path, source, declared.diagnostics)?;
    let options =
        CodegenOptions { indent_char: IndentChar::Space, indent_width: 2, ..CodegenOptions::default() };
    Ok(Codegen::new().with_options(options).build(&declared.program).code)
}

fn transform_options() -> TransformOptions {
    let mut options = TransformOptions::default();
    options.decorator.legacy = true;
    options.env = EnvOptions::from_target(TARGET).unwrap_or_default();
    options
}

fn codegen_options(path: &RelPath, map: Map) -> CodegenOptions {
    CodegenOptions {
        // Indentation makes deeply nested code quadratic in size.
        indent_width: 0,
        comments: CommentOptions::disabled(),
        source_map_path: (map == Map::Yes).then(|| path.as_str().into()),
        ..CodegenOptions::default()
    }
}

/// Turns the compiler's diagnostics into ours; fails when there are any errors.
fn check(
    path: &RelPath,
    source: &str,
    found: impl IntoIterator<Item = OxcDiagnostic>,
) -> Result<(), Vec<Diagnostic>> {
    let errors: Vec<OxcDiagnostic> =
        found.into_iter().filter(|d| d.severity == oxc::diagnostics::Severity::Error).collect();
    if errors.is_empty() {
        return Ok(());
    }
    let lines = LineIndex::new(source);
    Err(errors.iter().map(|error| diagnostic(path, source, &lines, error)).collect())
}

fn diagnostic(path: &RelPath, source: &str, lines: &LineIndex<'_>, error: &OxcDiagnostic) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(error.message.trim_end_matches('.').to_owned());
    if let Some(help) = &error.help {
        diagnostic = diagnostic.help(help.to_string());
    }
    if let Some(label) = error.labels.iter().next() {
        let (line, column) = lines.position(label.offset() as usize);
        let width = source.get(label.offset() as usize..(label.offset() + label.len()) as usize);
        let width = width.map_or(1, |text| text.lines().next().unwrap_or_default().chars().count());
        diagnostic = diagnostic.at(Place { path: path.clone(), line, column }).with_snippet(Snippet::new(
            source,
            line,
            column,
            width as u32,
        ));
    }
    diagnostic
}

/// Finds lines and columns of byte offsets.
struct LineIndex<'s> {
    source: &'s str,
    starts: Vec<usize>,
}

impl<'s> LineIndex<'s> {
    fn new(source: &'s str) -> LineIndex<'s> {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        LineIndex { source, starts }
    }

    /// Line and column, both from 1, the column in code points.
    fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let before = self.source.get(self.starts[line - 1]..offset).unwrap_or_default();
        (line as u32, before.chars().count() as u32 + 1)
    }

    /// The offset of a line and a column, both from 1, the column in UTF-16 units.
    fn offset(&self, line: u32, column: u32) -> Option<usize> {
        let start = *self.starts.get(line.checked_sub(1)? as usize)?;
        let mut units = column.checked_sub(1)? as usize;
        let rest = self.source.get(start..)?;
        let end = rest.char_indices().find(|(_, c)| {
            let found = units == 0;
            units = units.saturating_sub(c.len_utf16());
            found
        });
        Some(end.map_or(self.source.len(), |(at, _)| start + at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> RelPath {
        RelPath::new(name).unwrap()
    }

    fn code(name: &str, source: &str) -> String {
        compile(&path(name), source, Map::No).unwrap().code
    }

    fn errors(name: &str, source: &str) -> Vec<String> {
        compile(&path(name), source, Map::No).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn types_are_stripped_and_their_imports_with_them() {
        let js = code(
            "a.ts",
            "import { type A, b } from './b'; import { Unused } from './c'; import type { T } from './d';\n\
             export const x = b satisfies A as unknown as T;",
        );
        assert!(js.contains("'./b'") && !js.contains("./c") && !js.contains("./d"), "{js}");
        assert!(!js.contains("satisfies"), "{js}");
    }

    #[test]
    fn everything_with_a_runtime_meaning_is_lowered() {
        let js = code(
            "a.ts",
            "enum E { A = 'a' }\nnamespace N { export const x = 1 }\n\
             function d(t: any, k: string) {}\n\
             export class C { constructor(private readonly p: number) {} @d m() {} }\n\
             export function f() { using r = { [Symbol.dispose]() {} }; return E.A + N.x }\n\
             await Promise.resolve();",
        );
        for left_over in ["enum ", "namespace ", "private ", "@d", "using r"] {
            assert!(!js.contains(left_over), "{left_over} in {js}");
        }
    }

    #[test]
    fn errors_tell_the_place() {
        assert_eq!(errors("a/b.ts", "const ok = 1;\n  const = 2;\n").len(), 1);
        assert!(errors("a/b.ts", "const ok = 1;\n  const = 2;\n")[0].starts_with("a/b.ts:2:9: "));
        assert!(errors("a.ts", "const a = 1; const a = 2;")[0].contains("already been declared"));
    }

    #[test]
    fn a_husako_file_may_import_one_name_from_two_kubernetes_modules() {
        let source =
            "import { name } from 'k8s/meta/v1';\nimport { name, image } from 'k8s/core/v1';\nname(image);";
        let js = code("a.husako", source);
        assert_eq!(js.matches("name").count(), 2, "{js}");
        assert!(errors("a.ts", source)[0].contains("already been declared"));
        let mixed = "import { name } from './x';\nimport { name } from 'k8s/core/v1';\nname();";
        assert!(errors("a.husako", mixed)[0].contains("already been declared"));
    }

    #[test]
    fn imports_know_their_names_and_places() {
        let compiled = compile(
            &path("a.ts"),
            "import { A, type T } from 'k8s/core/v1';\nimport * as n from 'x';\nexport * from './y';\nn; A;",
            Map::No,
        )
        .unwrap();
        let told: Vec<String> =
            compiled.imports.iter().map(|i| format!("{} {:?} {}", i.specifier, i.names, i.line)).collect();
        assert_eq!(told, ["k8s/core/v1 Only({\"A\"}) 1", "x All 2", "./y All 3"]);
    }

    #[test]
    fn a_source_map_leads_back() {
        let source = "type T = {\n  a: 1;\n};\n\nexport function f(x: T) {\n  throw new Error('é' + x);\n}\n";
        let compiled = compile(&path("a.ts"), source, Map::Yes).unwrap();
        let line = compiled.code.lines().position(|l| l.contains("throw")).unwrap() as u32 + 1;
        let text = compiled.code.lines().nth(line as usize - 1).unwrap();
        let column = text.find("new Error").unwrap() as u32 + 1;
        assert_eq!(compiled.map.unwrap().original(line, column), Some((6, 9)));
    }

    #[test]
    fn nesting_beyond_any_stack_is_survived() {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{a:", "}"),
            ("`${", "}`"),
            ("!", ""),
            ("a=>", ""),
            ("a?b:", ""),
            ("(/*)*/", ")"),
        ] {
            let depth = 30_000;
            let source = format!("export const x = {}1{};", open.repeat(depth), close.repeat(depth));
            let _ = compile(&path("a.ts"), &source, Map::No);
        }
        for body in ["class{a=", "{", "if(a)", "function f(){"] {
            let source = body.repeat(20_000);
            let _ = compile(&path("a.ts"), &source, Map::No);
        }
        let sum = format!("export const x = 1{};", "+1".repeat(100_000));
        assert!(compile(&path("a.ts"), &sum, Map::No).is_ok());
    }
}
