//! What a module imports and exports.

use std::collections::BTreeSet;

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    BindingPattern, Declaration, ImportDeclarationSpecifier, ImportOrExportKind, ModuleExportName, Program,
    Statement,
};
use oxc::parser::Parser;
use oxc::span::SourceType;

use super::LineIndex;
use crate::tree::RelPath;

/// One import or re-export of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// What is imported, as it is written.
    pub(crate) specifier: String,
    /// Which of its exports.
    pub(crate) names: Names,
    /// Line of the specifier, from 1.
    pub(crate) line: u32,
    /// Column of the specifier, from 1, in code points.
    pub(crate) column: u32,
}

/// Some or all names of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Names {
    /// These; none for an import for its side effects.
    Only(BTreeSet<String>),
    /// All of them (`import *`, `export *`).
    All,
}

/// The names that a module exports; `None` when `export *` adds some that cannot be told from the module alone.
pub(crate) type Exports = Option<BTreeSet<String>>;

/// Removes what a `.husako` file imports a second time under one name, both times from `k8s/*`. Whether there was anything.
pub(super) fn drop_duplicates(program: &mut Program<'_>) -> bool {
    let mut dropped = false;
    let mut seen = BTreeSet::new();
    let mut emptied = BTreeSet::new();
    for statement in program.body.iter_mut() {
        let Statement::ImportDeclaration(import) = statement else { continue };
        if !import.source.value.starts_with("k8s/") {
            continue;
        }
        let span = import.span;
        if let Some(specifiers) = &mut import.specifiers {
            let before = specifiers.len();
            specifiers.retain(|specifier| seen.insert(specifier.local().name.to_string()));
            dropped |= specifiers.len() < before;
            if specifiers.is_empty() && before > 0 {
                emptied.insert(span.start);
            }
        }
    }
    program.body.retain(|statement| {
        !matches!(statement, Statement::ImportDeclaration(import) if emptied.contains(&import.span.start))
    });
    dropped
}

/// The imports and re-exports of a module, in order.
pub(super) fn imports(program: &Program<'_>, lines: &LineIndex<'_>) -> Vec<Import> {
    let mut found: Vec<Import> = Vec::new();
    for statement in &program.body {
        let (source, names) = match statement {
            Statement::ImportDeclaration(import) if import.import_kind != ImportOrExportKind::Type => {
                let mut names = Names::Only(BTreeSet::new());
                for specifier in import.specifiers.iter().flatten() {
                    match specifier {
                        ImportDeclarationSpecifier::ImportSpecifier(s)
                            if s.import_kind != ImportOrExportKind::Type =>
                        {
                            names.add(name(&s.imported));
                        }
                        ImportDeclarationSpecifier::ImportSpecifier(_) => {}
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                            names.add("default".to_owned())
                        }
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => names = Names::All,
                    }
                }
                (&import.source, names)
            }
            Statement::ExportFromDeclaration(export) if export.export_kind != ImportOrExportKind::Type => {
                let names = export.specifiers.iter().map(|s| name(&s.local)).collect();
                (&export.source, Names::Only(names))
            }
            Statement::ExportAllDeclaration(export) if export.export_kind != ImportOrExportKind::Type => {
                (&export.source, Names::All)
            }
            _ => continue,
        };
        let (line, column) = lines.position(source.span.start as usize);
        match found.iter_mut().find(|import| import.specifier == source.value.as_str()) {
            Some(import) => import.names.merge(names),
            None => found.push(Import { specifier: source.value.to_string(), names, line, column }),
        }
    }
    found
}

impl Names {
    fn add(&mut self, name: String) {
        if let Names::Only(names) = self {
            names.insert(name);
        }
    }

    fn merge(&mut self, other: Names) {
        match other {
            Names::All => *self = Names::All,
            Names::Only(more) => more.into_iter().for_each(|name| self.add(name)),
        }
    }
}

fn name(name: &ModuleExportName<'_>) -> String {
    name.name().to_string()
}

/// What a module exports.
pub(super) fn exports(program: &Program<'_>) -> Exports {
    let mut names = BTreeSet::new();
    for statement in &program.body {
        match statement {
            Statement::ExportAllDeclaration(export) => match &export.exported {
                Some(exported) => drop(names.insert(name(exported))),
                None => return None,
            },
            Statement::ExportDefaultDeclaration(_) => drop(names.insert("default".to_owned())),
            Statement::ExportFromDeclaration(export) => {
                names.extend(export.specifiers.iter().map(|s| name(&s.exported)))
            }
            Statement::ExportNamedDeclaration(export) => {
                names.extend(export.specifiers.iter().map(|s| name(&s.exported)))
            }
            Statement::ExportDeclaration(export) => declared(&export.declaration, &mut names),
            _ => {}
        }
    }
    Some(names)
}

fn declared(declaration: &Declaration<'_>, names: &mut BTreeSet<String>) {
    match declaration {
        Declaration::VariableDeclaration(variables) => {
            variables.declarations.iter().for_each(|variable| bound(&variable.id, names));
        }
        other => names.extend(other.id().map(|id| id.name.to_string())),
    }
}

fn bound(pattern: &BindingPattern<'_>, names: &mut BTreeSet<String>) {
    names.extend(pattern.get_binding_identifiers().iter().map(|id| id.name.to_string()));
}

/// The specifiers of everything that a source imports, for its types alone included, and of `import("…")`.
///
/// For discovery: nothing is checked, and what cannot be parsed imports nothing.
pub(crate) fn specifiers(path: &RelPath, source: &str) -> Vec<String> {
    super::stack::with_enough(path, source, || Ok(specifiers_here(source))).unwrap_or_default()
}

fn specifiers_here(source: &str) -> Vec<String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::ts()).parse();
    let mut found: Vec<String> =
        parsed.module_record.requested_modules.keys().map(ToString::to_string).collect();
    for import in &parsed.module_record.dynamic_imports {
        let text = import.module_request.source_text(source);
        if let Some(quoted) = text.strip_prefix(['"', '\'']).and_then(|t| t.strip_suffix(['"', '\''])) {
            found.push(quoted.to_owned());
        }
    }
    found.sort();
    found
}
