//! Takes the types out of a source and leaves blanks: everything else stays where it is, so that the engine tells places of the
//! source, and no code has to be written anew.
//!
//! That works for TypeScript which is JavaScript with types. What means something when it runs (enums, parameter properties,
//! decorators, …), and what cannot be blanked without meaning something else, is left to the transformer.

use oxc::ast::ast::*;
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SymbolFlags};
use oxc::span::{GetSpan, Span};
use oxc::syntax::scope::ScopeFlags;

/// Blanks the types of `source`, and takes out of `program` the imports and exports that are none when it runs: as the transformer,
/// imports that only types use are among them. `None`: it is a case for the transformer; `program` may have lost some of them.
///
/// The text has the length of the source, in bytes, and the same lines.
pub(super) fn erase(program: &mut Program<'_>, scoping: &Scoping, source: &str) -> Option<String> {
    // The engine and the source would not agree on what a line is; and it reads no byte order mark, and no NUL.
    let strange = |c: char| matches!(c, '\0' | '\r' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    if program.hashbang.is_some() || source.contains(strange) {
        return None;
    }
    let mut eraser = Eraser { source, blanks: Vec::new(), parentheses: 0, refused: false };
    if program.source_type.is_typescript() {
        program.body.retain_mut(|statement| eraser.module_statement(statement, scoping));
    }
    eraser.visit_program(program);
    if eraser.refused {
        return None;
    }
    eraser.blanked()
}

/// How many parentheses may be open around an expression.
const MAX_PARENTHESES: usize = 50;

/// A part of the source that becomes blank.
struct Blank {
    start: usize,
    end: usize,
    /// Whether it was a statement, or a member of a class: then a semicolon stands in its place, lest what is around it grows together.
    is_whole: bool,
}

struct Eraser<'s> {
    source: &'s str,
    blanks: Vec<Blank>,
    /// How many are open around the expression that is visited.
    parentheses: usize,
    /// Whether something was found that is a case for the transformer.
    refused: bool,
}

impl Eraser<'_> {
    /// The text.
    fn blanked(self) -> Option<String> {
        let mut text = self.source.as_bytes().to_vec();
        for Blank { start, end, is_whole } in self.blanks {
            for byte in text.get_mut(start..end)? {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
            if is_whole && start < end {
                text[start] = b';';
            }
        }
        String::from_utf8(text).ok()
    }

    fn blank(&mut self, start: usize, end: usize) {
        self.blanks.push(Blank { start, end, is_whole: false });
    }

    fn blank_span(&mut self, span: Span) {
        self.blank(span.start as usize, span.end as usize);
    }

    fn blank_whole(&mut self, span: Span) {
        self.blanks.push(Blank { start: span.start as usize, end: span.end as usize, is_whole: true });
    }

    /// Blanks what must not have a line break in it: what stands before and after may not be parted.
    fn blank_on_one_line(&mut self, span: Span) {
        self.refused |= span.source_text(self.source).contains('\n');
        self.blank_span(span);
    }

    /// The offset of the first token from `at`.
    fn token(&self, mut at: usize) -> usize {
        let bytes = self.source.as_bytes();
        loop {
            let rest = &bytes[at.min(bytes.len())..];
            if rest.starts_with(b"//") {
                at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            } else if rest.starts_with(b"/*") {
                let end = rest[2..].windows(2).position(|pair| pair == b"*/");
                at += end.map_or(rest.len(), |end| end + 4);
            } else if rest.first().is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            } else if let Some(wide) = self.source.get(at..).and_then(|rest| rest.chars().next())
                && wide.is_whitespace()
            {
                at += wide.len_utf8();
            } else {
                return at;
            }
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.source.as_bytes().get(at).copied()
    }

    /// Blanks one character, which is the first token from `at`.
    fn blank_mark(&mut self, at: usize, mark: u8) {
        let at = self.token(at);
        self.refused |= self.byte(at) != Some(mark);
        self.blank(at, at + 1);
    }

    /// Blanks an item of a list, and the comma behind it.
    fn blank_item(&mut self, span: Span) {
        self.blank_span(span);
        let comma = self.token(span.end as usize);
        if self.byte(comma) == Some(b',') {
            self.blank(comma, comma + 1);
        }
    }

    /// Blanks what is behind an expression, up to `end`. A bracket on the next line would become a part of the expression.
    fn blank_behind(&mut self, expression: Span, end: u32) {
        self.blank(expression.end as usize, end as usize);
        let next = self.token(end as usize);
        let is_bracket = matches!(self.byte(next), Some(b'(' | b'[' | b'`'));
        self.refused |= is_bracket && self.source[end as usize..next].contains('\n');
    }

    /// Blanks the keywords of a member of a class that only types know, from `start` to its key.
    fn blank_modifiers(&mut self, start: u32, key: &PropertyKey<'_>, computed: bool) {
        let end = key.span().start as usize;
        let mut at = self.token(start as usize);
        while at < end {
            let word = self.source[at..end].bytes().take_while(u8::is_ascii_alphabetic).count();
            if matches!(
                &self.source[at..at + word],
                "public" | "private" | "protected" | "override" | "readonly"
            ) {
                self.blank(at, at + word);
                // What is left would go on with the member before it.
                self.refused |= computed || self.source[at + word..end].contains('*');
            }
            at = self.token(at + word.max(1));
        }
    }

    /// Whether a declaration is there for types alone; `None`: it is none of those, and no JavaScript either.
    fn is_type(declaration: &Declaration<'_>) -> Option<bool> {
        match declaration {
            Declaration::TSTypeAliasDeclaration(_)
            | Declaration::TSInterfaceDeclaration(_)
            | Declaration::TSGlobalDeclaration(_)
            | Declaration::TSExternalModuleDeclaration(_) => Some(true),
            Declaration::VariableDeclaration(it) => Some(it.declare),
            Declaration::FunctionDeclaration(it) => Some(it.declare || it.body.is_none()),
            Declaration::ClassDeclaration(it) => Some(it.declare),
            Declaration::TSNamespaceDeclaration(it) => it.declare.then_some(true),
            Declaration::TSEnumDeclaration(it) => it.declare.then_some(true),
            Declaration::TSImportEqualsDeclaration(_) => None,
        }
    }

    /// Blanks what a statement imports or exports for types alone. Whether anything of the statement is left.
    fn module_statement(&mut self, statement: &mut Statement<'_>, scoping: &Scoping) -> bool {
        let span = statement.span();
        let is_left = match statement {
            Statement::ImportDeclaration(it) => !it.import_kind.is_type() && self.import(it, scoping),
            Statement::ExportAllDeclaration(it) => !it.export_kind.is_type(),
            Statement::ExportNamedDeclaration(it) => {
                !it.export_kind.is_type() && self.export(&mut it.specifiers, scoping)
            }
            Statement::ExportFromDeclaration(it) => {
                !it.export_kind.is_type() && self.export(&mut it.specifiers, scoping)
            }
            Statement::ExportDeclaration(it) => match Eraser::is_type(&it.declaration) {
                Some(is_type) => !is_type,
                None => self.refuse(),
            },
            Statement::ExportDefaultDeclaration(it) => match &it.declaration {
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => false,
                ExportDefaultDeclarationKind::FunctionDeclaration(it) => it.body.is_some(),
                ExportDefaultDeclarationKind::Identifier(it) => !is_of_type(it, scoping) || self.refuse(),
                _ => true,
            },
            _ => return true,
        };
        if !is_left {
            self.blank_whole(span);
        }
        is_left
    }

    fn refuse(&mut self) -> bool {
        self.refused = true;
        true
    }

    fn import(&mut self, import: &mut ImportDeclaration<'_>, scoping: &Scoping) -> bool {
        let Some(specifiers) = import.specifiers.as_mut().filter(|list| !list.is_empty()) else {
            return true;
        };
        let is_left = |specifier: &ImportDeclarationSpecifier<'_>| {
            let is_type = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(it) => it.import_kind.is_type(),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_)
                | ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => false,
            };
            !is_type && is_used(specifier.local(), scoping)
        };
        if !specifiers.iter().any(is_left) {
            return false;
        }
        specifiers.retain(|specifier| {
            let is_left = is_left(specifier);
            if !is_left {
                self.refused |= !matches!(specifier, ImportDeclarationSpecifier::ImportSpecifier(_));
                self.blank_item(specifier.span());
            }
            is_left
        });
        true
    }

    fn export(
        &mut self,
        specifiers: &mut oxc::allocator::ArenaVec<'_, ExportSpecifier<'_>>,
        scoping: &Scoping,
    ) -> bool {
        let was_empty = specifiers.is_empty();
        specifiers.retain(|specifier| {
            let is_type = specifier.export_kind.is_type()
                || matches!(&specifier.local, ModuleExportName::IdentifierReference(it) if is_of_type(it, scoping));
            if is_type {
                self.blank_item(specifier.span);
            }
            !is_type
        });
        was_empty || !specifiers.is_empty()
    }
}

/// Whether what is imported is used as a value.
fn is_used(local: &BindingIdentifier<'_>, scoping: &Scoping) -> bool {
    let symbol = local.symbol_id();
    !(scoping.symbol_flags(symbol) - SymbolFlags::Import).is_value()
        && scoping.get_resolved_references(symbol).any(|reference| !reference.is_type())
}

/// Whether a name stands for a type.
fn is_of_type(name: &IdentifierReference<'_>, scoping: &Scoping) -> bool {
    let reference = scoping.get_reference(name.reference_id());
    reference.symbol_id().is_some_and(|symbol| {
        let redeclared = || scoping.symbol_redeclarations(symbol).iter().all(|it| it.flags.is_ambient());
        reference.is_type() || scoping.symbol_flags(symbol).is_ambient() && redeclared()
    })
}

impl<'a> Visit<'a> for Eraser<'_> {
    fn visit_declaration(&mut self, it: &Declaration<'a>) {
        match Eraser::is_type(it) {
            Some(true) => self.blank_whole(it.span()),
            Some(false) => walk::walk_declaration(self, it),
            None => self.refused = true,
        }
    }

    fn visit_ts_type_annotation(&mut self, it: &TSTypeAnnotation<'a>) {
        self.blank_span(it.span);
    }

    fn visit_ts_type_parameter_declaration(&mut self, it: &TSTypeParameterDeclaration<'a>) {
        self.blank_span(it.span);
    }

    fn visit_ts_type_parameter_instantiation(&mut self, it: &TSTypeParameterInstantiation<'a>) {
        self.blank_span(it.span);
    }

    fn visit_ts_as_expression(&mut self, it: &TSAsExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_behind(it.expression.span(), it.span.end);
    }

    fn visit_ts_satisfies_expression(&mut self, it: &TSSatisfiesExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_behind(it.expression.span(), it.span.end);
    }

    fn visit_ts_non_null_expression(&mut self, it: &TSNonNullExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank(it.expression.span().end as usize, it.span.end as usize);
    }

    fn visit_parenthesized_expression(&mut self, it: &ParenthesizedExpression<'a>) {
        // Each costs the engine much of its stack, and only the transformer takes them away.
        self.parentheses += 1;
        self.refused |= self.parentheses > MAX_PARENTHESES;
        walk::walk_parenthesized_expression(self, it);
        self.parentheses -= 1;
    }

    fn visit_ts_type_assertion(&mut self, _: &TSTypeAssertion<'a>) {
        self.refused = true;
    }

    fn visit_ts_instantiation_expression(&mut self, _: &TSInstantiationExpression<'a>) {
        self.refused = true;
    }

    fn visit_ts_export_assignment(&mut self, _: &TSExportAssignment<'a>) {
        self.refused = true;
    }

    fn visit_ts_namespace_export_declaration(&mut self, _: &TSNamespaceExportDeclaration<'a>) {
        self.refused = true;
    }

    fn visit_decorator(&mut self, _: &Decorator<'a>) {
        self.refused = true;
    }

    fn visit_accessor_property(&mut self, _: &AccessorProperty<'a>) {
        self.refused = true;
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        // Groups that set flags, and groups of one name, are for the transformer.
        let text = it.span.source_text(self.source);
        let groups = || text.match_indices("(?").map(|(at, _)| &text[at + 2..]);
        self.refused |= groups().any(|group| group.starts_with(['i', 'm', 's', '-']))
            || groups().filter(|group| group.starts_with('<')).count() > 1;
    }

    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'a>) {
        self.refused |=
            matches!(it.kind, VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing);
        walk::walk_variable_declaration(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if it.definite {
            self.blank_mark(it.id.span().end as usize, b'!');
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        if let Some(types) = &it.type_arguments {
            self.refused |= self.byte(self.token(types.span.end as usize)) != Some(b'(');
        }
        walk::walk_new_expression(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, _: ScopeFlags) {
        if let Some(this) = &it.this_param {
            self.blank_item(this.span);
        }
        if let Some(id) = &it.id {
            self.visit_binding_identifier(id);
        }
        if let Some(types) = &it.type_parameters {
            self.blank_span(types.span);
        }
        self.visit_formal_parameters(&it.params);
        if let Some(types) = &it.return_type {
            self.blank_span(types.span);
        }
        match &it.body {
            Some(body) => self.visit_function_body(body),
            None => self.refused = true,
        }
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        if let Some(types) = &it.type_parameters {
            self.blank_on_one_line(types.span);
        }
        self.visit_formal_parameters(&it.params);
        if let Some(types) = &it.return_type {
            self.blank_on_one_line(types.span);
        }
        self.visit_arrow_function_body(&it.body);
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        self.refused |= it.accessibility.is_some() || it.readonly || it.r#override;
        if it.optional {
            self.blank_mark(it.pattern.span().end as usize, b'?');
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        if it.r#abstract {
            let start = it.span.start as usize;
            self.refused |= !self.source[start..].starts_with("abstract");
            self.blank(start, start + "abstract".len());
        }
        if let (Some(first), Some(last)) = (it.implements.first(), it.implements.last()) {
            let before = self.source[..first.span.start as usize].rfind("implements");
            let start = before.filter(|at| self.token(at + "implements".len()) == first.span.start as usize);
            self.refused |= start.is_none();
            self.blank(start.unwrap_or_default(), last.span.end as usize);
        }
        self.visit_decorators(&it.decorators);
        if let Some(types) = &it.type_parameters {
            self.blank_span(types.span);
        }
        if let Some(heritage) = &it.heritage {
            self.visit_class_heritage(heritage);
        }
        self.visit_class_body(&it.body);
    }

    fn visit_class_element(&mut self, it: &ClassElement<'a>) {
        let is_type = match it {
            ClassElement::TSIndexSignature(_) => true,
            ClassElement::MethodDefinition(it) => {
                it.r#type != MethodDefinitionType::MethodDefinition || it.value.body.is_none()
            }
            ClassElement::PropertyDefinition(it) => {
                it.declare || it.r#type != PropertyDefinitionType::PropertyDefinition
            }
            ClassElement::AccessorProperty(_) | ClassElement::StaticBlock(_) => false,
        };
        match is_type {
            true => self.blank_whole(it.span()),
            false => walk::walk_class_element(self, it),
        }
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        self.blank_modifiers(it.span.start, &it.key, it.computed);
        if it.optional {
            self.refused |= it.computed;
            self.blank_mark(it.key.span().end as usize, b'?');
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        self.blank_modifiers(it.span.start, &it.key, it.computed);
        if it.optional || it.definite {
            self.refused |= it.computed;
            self.blank_mark(it.key.span().end as usize, if it.optional { b'?' } else { b'!' });
        }
        // Without its type, such a name would be a keyword of the next member.
        let key = it.key.span().source_text(self.source);
        self.refused |= it.value.is_none() && matches!(key, "get" | "set" | "static" | "async" | "accessor");
        walk::walk_property_definition(self, it);
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use oxc::allocator::Allocator;
    use oxc::codegen::Codegen;
    use oxc::parser::Parser;
    use oxc::semantic::SemanticBuilder;
    use oxc::span::SourceType;
    use oxc::transformer::Transformer;

    use super::super::transform_options;
    use super::*;

    /// What the transformer makes of a source, and what is left of it without its types; each as the code generator writes it.
    fn both(source: &str) -> Option<(String, Option<String>)> {
        let allocator = Allocator::default();
        let parse = || Parser::new(&allocator, source, SourceType::ts()).parse();
        let scoping = |program: &Program<'_>| {
            SemanticBuilder::new().with_enum_eval(true).build(program).semantic.into_scoping()
        };
        let parsed = parse();
        let mut program = parsed.program;
        if !parsed.diagnostics.is_empty() {
            return None;
        }
        let scopes = scoping(&program);
        Transformer::new(&allocator, Path::new("a.ts"), &transform_options())
            .build_with_scoping(scopes, &mut program);
        let transformed = Codegen::new().build(&program).code;

        let mut program = parse().program;
        let scopes = scoping(&program);
        Some((written(&transformed), erase(&mut program, &scopes, source).map(|code| written(&code))))
    }

    /// Parsed as JavaScript and written again, so that only what it means is left.
    fn written(code: &str) -> String {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, code, SourceType::mjs()).parse();
        assert!(parsed.diagnostics.is_empty(), "{:?} in:\n{code}", parsed.diagnostics);
        let mut program = parsed.program;
        program.body.retain(|statement| match statement {
            Statement::EmptyStatement(_) => false,
            // What makes a module of a file of types.
            Statement::ExportNamedDeclaration(it) => !it.specifiers.is_empty(),
            _ => true,
        });
        for statement in &mut program.body {
            if let Statement::ImportDeclaration(it) = statement {
                it.specifiers.take_if(|specifiers| specifiers.is_empty());
            }
        }
        program.comments.clear();
        let code = Codegen::new().build(&program).code;
        // Statements that are only semicolons say nothing.
        code.split_inclusive('\n').filter(|line| line.trim() != ";").collect()
    }

    #[track_caller]
    fn erased(source: &str) {
        let (transformed, erased) = both(source).unwrap_or_else(|| panic!("no TypeScript: {source}"));
        assert_eq!(erased.as_deref(), Some(transformed.as_str()), "{source}");
    }

    #[track_caller]
    fn refused(source: &str) {
        let (_, erased) = both(source).unwrap_or_else(|| panic!("no TypeScript: {source}"));
        assert_eq!(erased, None, "{source}");
    }

    #[test]
    fn types_are_blanked() {
        for source in [
            "let a: number = 1, b!: string, c: { x: 1 }[] = [];",
            "function f<T extends object>(this: Window, a?: T, ...rest: T[]): a is T { return a! as T satisfies T; }",
            "const f = <T,>(a: T, { b }: { b?: number } = {}): T => a; const g = async <T>(a: T): Promise<T> => a;",
            "interface A { a: 1 }\ntype B = A & { b: 2 }\ndeclare const c: B;\ndeclare function d(): void;\nlet e = 1",
            "declare module 'x' { }\ndeclare global { interface W {} }\ndeclare namespace N { const a: 1 }\ndeclare enum E { A }\n",
            "f<number>(1); new Map<string, number[]>(); tag<string>`a`; f?.<T>(1);",
            "for (const a of b as number[]) {} try {} catch (e: unknown) {}",
            "(a as any) = 1; (a!).b! = 2; a!.b!++; a![0]!(); (<T>(a: T) => a)(1);",
            "const wide = 'é→😀'; type W = 'é→😀'; const b = <T,>(a: T /* é */): T => a;",
            "a = b as T\nc()\nd = e!\n(f)",
            "x = a == b as any + c; y = -a as any * b; z = a ** b as any * c; w = (a + b) as number * c",
        ] {
            erased(source);
        }
    }

    #[test]
    fn classes_keep_what_runs() {
        for source in [
            "abstract class A<T> extends B.c<T> implements C, D<T> { abstract a(): void; abstract b: 1; [k: string]: any }",
            "export default abstract class { private readonly a: number = 1; public static override async b?(): Promise<void> {} }",
            "class A { declare a: 1; b?: string; c!: number; static readonly d: number = 1; #e: string = ''; get f(): 1 { return 1 } }",
            "class A { a: string\n b = 1\n readonly c\n private d() {}\n constructor(a: string);\n constructor(a: any) {} }",
            "class A { public static { } }".replace("public ", "").as_str(),
            "class A { private 'a b' = 1; protected 1 = 2; readonly readonly = 3; public public() {} static private = 1 }",
            "const A = class<T> extends B<T> { [Symbol.iterator]?(): void; ['x']: number = 1 };",
        ] {
            erased(source);
        }
    }

    #[test]
    fn imports_and_exports_of_types_are_blanked() {
        for source in [
            "import { type A, b, type C } from './b';\nimport { Unused } from './c';\nimport type { T } from './d';\nexport const x = b;",
            "import D, { A } from './b'; D; let a: A;",
            "import 'x'; import {} from 'y'; import * as n from 'z'; n;",
            "import { A, B, } from 'x'; export { A, type B }; export type { T } from 'y'; export { type U } from 'z'; export type * from 'w'; A;",
            "interface I {} type T = 1; const v = 1; export { I, T, v }; export { };",
            "export interface A {}\nexport type B = 1\nexport declare const c: 1;\nexport default interface D {}",
            "export function f(a: 1): void;\nexport function f(a: 2): void;\nexport function f(a: any) {}",
            "import { A } from 'x'; const f = (A: number) => A;",
            "import { A } from 'x'; type B = typeof A; export * from 'y'; export { default as z, type Q } from 'z';",
            "import { A as B } from 'x'; export default B;",
        ] {
            erased(source);
        }
    }

    #[test]
    fn what_means_something_is_for_the_transformer() {
        for source in [
            "enum E { A }",
            "namespace N { export const a = 1 }",
            "class A { constructor(private a: number) {} }",
            "@d class A {}",
            "class A { @d a() {} }",
            "using a = b;",
            "import a = N.b; a;",
            "const a = <number>b;",
            "const a = b<string>;",
            "/(?i:a)/;",
            "class A { accessor a = 1 }",
            "import D, { a } from 'x'; a;",
        ] {
            refused(source);
        }
    }

    #[test]
    fn what_would_grow_together_is_for_the_transformer() {
        for source in [
            "const a = b as T\n(c)",
            "const a = b satisfies T /* c */ // d\n[1].map(f)",
            "const f = (a: {\n}): {\n} => a",
            "const f = async <\nT>(a: T) => a",
            "class A { a = 1\n readonly ['b'] = 2 }",
            "class A { a = 1\n private *b() {} }",
            "class A { static: boolean\n b() {} }",
            "a = new B<T>;",
            "const a = 1;\r\nconst b = 2;",
        ] {
            refused(source);
        }
    }

    #[test]
    fn everything_stays_where_it_is() {
        let source = "type A = 'é';\nconst b: A = 'é' as A; // é\n";
        let allocator = Allocator::default();
        let mut program = Parser::new(&allocator, source, SourceType::ts()).parse().program;
        let scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
        let code = erase(&mut program, &scoping, source).unwrap();
        assert_eq!(code, ";             \nconst b    = 'é'     ; // é\n");
        assert_eq!(code.len(), source.len());
    }

    /// All TypeScript below the folder that `HUSAKO_CI_TYPESCRIPT` names.
    #[test]
    fn sources_of_others_mean_the_same() {
        let Some(folder) = std::env::var_os("HUSAKO_CI_TYPESCRIPT") else {
            eprintln!("skipped: HUSAKO_CI_TYPESCRIPT names no folder with TypeScript");
            return;
        };
        let (mut same, mut left, mut differing) = (0, 0, Vec::new());
        let mut folders = vec![PathBuf::from(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if name.ends_with(".ts")
                    && !name.ends_with(".d.ts")
                    && let Ok(source) = std::fs::read_to_string(&path)
                    && let Some((transformed, erased)) = both(&source)
                {
                    match erased {
                        Some(erased) => {
                            let mut lines = erased.lines().zip(transformed.lines());
                            match lines.find(|(erased, transformed)| erased != transformed) {
                                Some(lines) => differing.push(format!("{name}: {lines:?}")),
                                None => same += 1,
                            }
                        }
                        None => left += 1,
                    }
                }
            }
        }
        eprintln!("{same} the same, {left} left to the transformer");
        assert!(differing.is_empty(), "{}", differing.join("\n"));
    }
}
