//! Counters in a program: one for each statement, and one for each function.
//!
//! They are put in before types are stripped, so that what is counted is what is written. A counter is an element of an
//! array, which the module imports under a name of which no code of the user's can know: `counts[7]++`. What is
//! counted, and how it is told apart, follows [Istanbul](https://istanbul.js.org): a declaration of a function, a class
//! or a type does nothing by itself; each initializer of a variable or a field does.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use oxc::allocator::{Allocator, ArenaVec, TakeIn};
use oxc::ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, BindingIdentifier, Class, Declaration, Expression,
    ForStatementInit, Function, IdentifierName, ImportDeclaration, ImportDeclarationSpecifier,
    ImportOrExportKind, LabeledStatement, MethodDefinition, MethodDefinitionKind, ModuleExportName,
    ObjectProperty, Program, PropertyDefinition, PropertyKey, PropertyKind, SimpleAssignmentTarget,
    Statement, StringLiteral, TSEnumDeclaration, TSExternalModuleDeclaration, TSGlobalDeclaration,
    TSInterfaceDeclaration, TSNamespaceDeclaration, TSType, VariableDeclaration, VariableDeclarator,
};
use oxc::ast::builder::AstBuilder;
use oxc::ast_visit::{VisitMut, walk_mut};
use oxc::semantic::Scoping;
use oxc::span::{GetSpan, SPAN, Span};
use oxc::syntax::number::NumberBase;
use oxc::syntax::operator::UpdateOperator;
use oxc::syntax::scope::ScopeFlags;

use super::LineIndex;
use crate::coverage::{Point, PointKind};

/// The export of the module that [`counts_specifier`] names: the array.
pub(crate) const COUNTS: &str = "counts";

/// What a module with counters imports its array from. Other modules cannot know it: it is another one in each process.
pub(crate) fn counts_specifier() -> &'static str {
    static SPECIFIER: OnceLock<String> = OnceLock::new();
    SPECIFIER.get_or_init(|| {
        let random = || RandomState::new().hash_one(0_u64);
        format!("husako:counts/{:016x}{:016x}", random(), random())
    })
}

/// Puts counters into a program, and returns what each of them counts. `scoping` is the program's.
pub(super) fn count<'a>(
    program: &mut Program<'a>,
    allocator: &'a Allocator,
    scoping: &Scoping,
    lines: &LineIndex<'_>,
) -> Vec<Point> {
    let taken: HashSet<&str> = scoping.symbol_names().collect();
    let unresolved = scoping.root_unresolved_references();
    let is_free = |name: &String| {
        !taken.contains(name.as_str()) && !unresolved.keys().any(|taken| taken.as_str() == name)
    };
    let array = (0..).map(|number| format!("__counts{number}")).find(is_free).unwrap_or_default();
    let mut counting = Counting {
        build: AstBuilder::new(allocator),
        array: allocator.alloc_str(&array),
        points: Vec::new(),
        lines,
        name: None,
        class: None,
        anonymous: 0,
        names: HashMap::new(),
    };
    counting.visit_program(program);
    if !counting.points.is_empty() {
        // The first import of all: where modules import each other, the array is there before any of them runs.
        let import = counting.import();
        program.body.insert(0, import);
    }
    counting.points
}

struct Counting<'a, 'l> {
    build: AstBuilder<'a>,
    /// The local name of the array.
    array: &'a str,
    points: Vec<Point>,
    lines: &'l LineIndex<'l>,
    /// What the function that is visited next is called by what is around it.
    name: Option<String>,
    /// The name of the class that is visited.
    class: Option<String>,
    /// How many functions without a name there were.
    anonymous: usize,
    /// How often a name was given.
    names: HashMap<String, usize>,
}

impl<'a> Counting<'a, '_> {
    /// The number of a new counter.
    fn point(&mut self, span: Span, kind: PointKind) -> usize {
        let line = self.lines.position(span.start as usize).0;
        self.points.push(Point { line, kind });
        self.points.len() - 1
    }

    /// A new counter of a statement, as an expression.
    fn statement(&mut self, span: Span) -> Expression<'a> {
        let number = self.point(span, PointKind::Statement);
        self.counter(number)
    }

    /// A new counter of a function, as an expression.
    fn function(&mut self, span: Span, name: Option<String>) -> Expression<'a> {
        let name = name.unwrap_or_else(|| {
            self.anonymous += 1;
            format!("(anonymous_{})", self.anonymous - 1)
        });
        let times = self.names.entry(name.clone()).or_insert(0);
        *times += 1;
        let name = if *times == 1 { name } else { format!("{name} ({times})") };
        let number = self.point(span, PointKind::Function { name });
        self.counter(number)
    }

    /// `counts[number]++`
    #[expect(clippy::cast_precision_loss, reason = "no source has 2^52 statements")]
    fn counter(&self, number: usize) -> Expression<'a> {
        let build = &self.build;
        let array = Expression::new_identifier(SPAN, self.array, build);
        let number = Expression::new_numeric_literal(SPAN, number as f64, None, NumberBase::Decimal, build);
        let element =
            SimpleAssignmentTarget::new_computed_member_expression(SPAN, array, number, false, build);
        Expression::new_update_expression(SPAN, UpdateOperator::Increment, false, element, build)
    }

    fn as_statement(&self, counter: Expression<'a>) -> Statement<'a> {
        Statement::new_expression_statement(SPAN, counter, &self.build)
    }

    /// Makes `(counter, …, value)` of a value.
    fn wrap(&self, value: &mut Expression<'a>, counters: impl IntoIterator<Item = Expression<'a>>) {
        let mut expressions = ArenaVec::from_iter_in(counters, &self.build);
        expressions.push(value.take_in(&self.build));
        *value = Expression::new_sequence_expression(SPAN, expressions, &self.build);
    }

    /// Puts a counter first in a body. Directives are none of its statements.
    fn begin(&self, statements: &mut ArenaVec<'a, Statement<'a>>, counter: Expression<'a>) {
        let counter = self.as_statement(counter);
        statements.insert(0, counter);
    }

    /// The counters that belong right before a statement; what is counted inside of it is not visited here.
    fn before(&mut self, statement: &mut Statement<'a>, counters: &mut Vec<Expression<'a>>) {
        let span = statement.span();
        match statement {
            Statement::ForStatement(each) => {
                counters.push(self.statement(span));
                if let Some(ForStatementInit::VariableDeclaration(variables)) = &mut each.init {
                    self.variables(variables, counters);
                }
            }
            Statement::LabeledStatement(labeled) => {
                counters.push(self.statement(span));
                // A label must stay beside its loop.
                self.before(&mut labeled.body, counters);
            }
            Statement::ExpressionStatement(_)
            | Statement::BreakStatement(_)
            | Statement::ContinueStatement(_)
            | Statement::DebuggerStatement(_)
            | Statement::DoWhileStatement(_)
            | Statement::ForInStatement(_)
            | Statement::ForOfStatement(_)
            | Statement::IfStatement(_)
            | Statement::ReturnStatement(_)
            | Statement::SwitchStatement(_)
            | Statement::ThrowStatement(_)
            | Statement::TryStatement(_)
            | Statement::WhileStatement(_)
            | Statement::WithStatement(_) => counters.push(self.statement(span)),
            Statement::VariableDeclaration(variables) => self.variables(variables, counters),
            Statement::TSEnumDeclaration(declared) if !declared.declare => {
                counters.push(self.statement(span))
            }
            Statement::ExportDeclaration(export) => match &mut export.declaration {
                Declaration::VariableDeclaration(variables) => self.variables(variables, counters),
                Declaration::TSEnumDeclaration(declared) if !declared.declare => {
                    counters.push(self.statement(span));
                }
                _ => {}
            },
            Statement::ExportDefaultDeclaration(export) => {
                // A name or a function is only exported; any other value is computed here.
                let value = export.declaration.as_expression();
                if value.is_some_and(|value| !is_anonymous(value) && !value.is_identifier_reference()) {
                    counters.push(self.statement(span));
                }
            }
            // Blocks count by what is in them; other declarations do nothing.
            _ => {}
        }
    }

    /// The counters of initializers: of the first one before the declaration, of the others where they are.
    fn variables(&mut self, variables: &mut VariableDeclaration<'a>, before: &mut Vec<Expression<'a>>) {
        if variables.declare {
            return;
        }
        for (number, variable) in variables.declarations.iter_mut().enumerate() {
            let span = variable.span;
            let Some(init) = &mut variable.init else { continue };
            let counter = self.statement(span);
            // What is wrapped gets no name from its variable.
            if number == 0 || is_anonymous(init) {
                before.push(counter);
            } else {
                self.wrap(init, [counter]);
            }
        }
    }

    /// `import { counts as array } from "…"`
    fn import(&self) -> Statement<'a> {
        let build = &self.build;
        let imported = ModuleExportName::IdentifierName(IdentifierName::new(SPAN, COUNTS, build));
        let local = BindingIdentifier::new(SPAN, self.array, build);
        let specifier = ImportDeclarationSpecifier::new_import_specifier(
            SPAN,
            imported,
            local,
            ImportOrExportKind::Value,
            build,
        );
        let source = StringLiteral::new(SPAN, counts_specifier(), None, build);
        Statement::ImportDeclaration(ImportDeclaration::boxed(
            SPAN,
            Some(ArenaVec::from_iter_in([specifier], build)),
            source,
            None,
            None,
            ImportOrExportKind::Value,
            build,
        ))
    }

    /// Says what a function is called when `value` is one.
    fn call(&mut self, name: Option<String>, value: &Expression<'a>) {
        if matches!(
            value.get_inner_expression(),
            Expression::FunctionExpression(_)
                | Expression::ArrowFunctionExpression(_)
                | Expression::ClassExpression(_)
        ) {
            self.name = name;
        }
    }

    /// What is said of a function that is a member of the class.
    fn member(&self, key: &PropertyKey<'a>, kind: &str) -> Option<String> {
        let key = key_name(key)?;
        Some(match &self.class {
            Some(class) => format!("{kind}{class}.{key}"),
            None => format!("{kind}{key}"),
        })
    }
}

/// The name that a key spells out, where it looks like a name.
fn key_name(key: &PropertyKey<'_>) -> Option<String> {
    let name = match key {
        PropertyKey::PrivateIdentifier(name) => format!("#{}", name.name),
        key => key.static_name()?.to_string(),
    };
    let plain = |c: char| c.is_alphanumeric() || "_$#-".contains(c);
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// Whether a value would get its name from the variable or the field that it initializes.
fn is_anonymous(value: &Expression<'_>) -> bool {
    match value.get_inner_expression() {
        Expression::ArrowFunctionExpression(_) => true,
        Expression::FunctionExpression(function) => function.id.is_none(),
        Expression::ClassExpression(class) => class.id.is_none(),
        _ => false,
    }
}

impl<'a> VisitMut<'a> for Counting<'a, '_> {
    fn visit_statements(&mut self, statements: &mut ArenaVec<'a, Statement<'a>>) {
        let mut counted = ArenaVec::with_capacity_in(statements.len() * 2, &self.build);
        let mut counters = Vec::new();
        for mut statement in statements.take_in(&self.build) {
            self.before(&mut statement, &mut counters);
            walk_mut::walk_statement(self, &mut statement);
            counted.extend(counters.drain(..).map(|counter| self.as_statement(counter)));
            counted.push(statement);
        }
        *statements = counted;
    }

    /// A statement that is alone: a body without braces.
    fn visit_statement(&mut self, statement: &mut Statement<'a>) {
        let mut counters = Vec::new();
        self.before(statement, &mut counters);
        walk_mut::walk_statement(self, statement);
        if !counters.is_empty() {
            let counters = counters.into_iter().map(|counter| self.as_statement(counter));
            let mut block = ArenaVec::from_iter_in(counters, &self.build);
            block.push(statement.take_in(&self.build));
            *statement = Statement::new_block_statement(SPAN, block, &self.build);
        }
    }

    fn visit_labeled_statement(&mut self, labeled: &mut LabeledStatement<'a>) {
        // Its counters stand before the label.
        walk_mut::walk_statement(self, &mut labeled.body);
    }

    fn visit_variable_declaration(&mut self, variables: &mut VariableDeclaration<'a>) {
        if !variables.declare {
            walk_mut::walk_variable_declaration(self, variables);
        }
    }

    fn visit_variable_declarator(&mut self, variable: &mut VariableDeclarator<'a>) {
        self.visit_binding_pattern(&mut variable.id);
        if let Some(init) = &mut variable.init {
            let name = variable.id.get_identifier_name().map(|name| name.to_string());
            self.call(name, init);
            self.visit_expression(init);
        }
    }

    fn visit_function(&mut self, function: &mut Function<'a>, flags: ScopeFlags) {
        let around = self.name.take();
        let name = function.id.as_ref().map(|id| id.name.to_string()).or(around);
        let span = function.span;
        // An overload, or only declared.
        if function.body.is_none() || function.declare {
            return;
        }
        let counter = self.function(span, name);
        let class = self.class.take();
        walk_mut::walk_function(self, function, flags);
        self.class = class;
        if let Some(body) = &mut function.body {
            self.begin(&mut body.statements, counter);
        }
    }

    fn visit_arrow_function_expression(&mut self, arrow: &mut ArrowFunctionExpression<'a>) {
        let name = self.name.take();
        let counter = self.function(arrow.span, name);
        let value = match &arrow.body {
            ArrowFunctionBody::FunctionBody(_) => None,
            value => Some(value.span()),
        };
        let value = value.map(|span| self.statement(span));
        let class = self.class.take();
        walk_mut::walk_arrow_function_expression(self, arrow);
        self.class = class;
        match (&mut arrow.body, value) {
            (ArrowFunctionBody::FunctionBody(body), _) => self.begin(&mut body.statements, counter),
            (body, value) => {
                if let Some(expression) = body.as_expression_mut() {
                    self.wrap(expression, [Some(counter), value].into_iter().flatten());
                }
            }
        }
    }

    fn visit_class(&mut self, class: &mut Class<'a>) {
        let around = self.name.take();
        if class.declare {
            return;
        }
        let name = class.id.as_ref().map(|id| id.name.to_string()).or(around);
        let outer = std::mem::replace(&mut self.class, name);
        walk_mut::walk_class(self, class);
        self.class = outer;
    }

    fn visit_method_definition(&mut self, method: &mut MethodDefinition<'a>) {
        self.visit_decorators(&mut method.decorators);
        self.visit_property_key(&mut method.key);
        let (kind, flags) = match method.kind {
            MethodDefinitionKind::Constructor => ("", ScopeFlags::Constructor),
            MethodDefinitionKind::Method => ("", ScopeFlags::empty()),
            MethodDefinitionKind::Get => ("get ", ScopeFlags::GetAccessor),
            MethodDefinitionKind::Set => ("set ", ScopeFlags::SetAccessor),
        };
        self.name = self.member(&method.key, kind);
        self.visit_function(&mut method.value, ScopeFlags::Function | flags);
    }

    fn visit_property_definition(&mut self, field: &mut PropertyDefinition<'a>) {
        self.visit_decorators(&mut field.decorators);
        self.visit_property_key(&mut field.key);
        let name = self.member(&field.key, "");
        if let Some(value) = &mut field.value {
            self.call(name, value);
            // A function would lose its name: it is counted by what it does.
            let counter = (!is_anonymous(value)).then(|| self.statement(value.span()));
            self.visit_expression(value);
            if let Some(counter) = counter {
                self.wrap(value, [counter]);
            }
        }
    }

    fn visit_object_property(&mut self, property: &mut ObjectProperty<'a>) {
        self.visit_property_key(&mut property.key);
        let kind = match property.kind {
            PropertyKind::Init => "",
            PropertyKind::Get => "get ",
            PropertyKind::Set => "set ",
        };
        let name = key_name(&property.key).map(|key| format!("{kind}{key}"));
        self.call(name, &property.value);
        self.visit_expression(&mut property.value);
    }

    fn visit_ts_namespace_declaration(&mut self, namespace: &mut TSNamespaceDeclaration<'a>) {
        if !namespace.declare {
            walk_mut::walk_ts_namespace_declaration(self, namespace);
        }
    }

    // What only describes, or is computed by the compiler.
    fn visit_ts_enum_declaration(&mut self, _: &mut TSEnumDeclaration<'a>) {}
    fn visit_ts_external_module_declaration(&mut self, _: &mut TSExternalModuleDeclaration<'a>) {}
    fn visit_ts_global_declaration(&mut self, _: &mut TSGlobalDeclaration<'a>) {}
    fn visit_ts_interface_declaration(&mut self, _: &mut TSInterfaceDeclaration<'a>) {}
    fn visit_ts_type(&mut self, _: &mut TSType<'a>) {}
}

#[cfg(test)]
mod tests;
