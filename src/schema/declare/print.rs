//! Types as TypeScript declares them.
//!
//! Of each type there are two: what it holds, which a plain object can be, and what builds it. Whoever calls the factory has
//! both at once, so that a builder may stand wherever an object is wanted.

use std::fmt::Write;

use super::{Declared, Field, Shape, What, path};
use crate::schema::codegen::{PART_EXCEPT, SPEC_EXCEPT, TOP_EXCEPT, method};
use crate::schema::module::Module;

/// What every file begins with.
pub(super) const HEADER: &str = "// Written by husako-ci. `husako-ci gen` writes it anew.\n";

/// The declarations of a module.
pub(super) fn declarations(name: &str, declared: &Declared, module: Module<'_>) -> String {
    let mut text = HEADER.to_owned();
    let up = "../".repeat(path(name).matches('/').count());
    let _ = writeln!(
        text,
        "import type {{ _Input, _ResourceBuilder, _SchemaBuilder, MetadataInput }} from \"{up}husako/_base.js\";"
    );
    for other in declared.imports.iter().filter(|other| *other != name) {
        let _ = writeln!(text, "import type * as {} from \"{up}{}.js\";", alias(other), path(other));
    }
    for shape in &declared.shapes {
        text.push('\n');
        write_shape(&mut text, shape);
    }
    if let Some((source, names)) = module.starter_names() {
        let _ = writeln!(text, "\nexport {{ {} }} from \"{up}husako/sdk/{source}.js\";", names.join(", "));
    }
    // Nothing else than what says so is exported.
    text.push_str("\nexport {};\n");
    text
}

/// The declarations of a module that is another one under another name.
pub(super) fn other_name(name: &str, module: &str) -> String {
    let up = "../".repeat(path(name).matches('/').count());
    format!("{HEADER}export * from \"{up}{}.js\";\n", path(module))
}

/// What another module is called in a file that uses its types.
pub(super) fn alias(module: &str) -> String {
    let name = module.trim_start_matches("k8s/");
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn write_shape(text: &mut String, shape: &Shape) {
    let Shape { name, doc, what, fields } = shape;
    let doc = || comment(doc.as_deref(), "");
    match what {
        What::Alias(kind) => {
            let _ = writeln!(text, "{}export type {name} = {kind};", doc());
        }
        What::Anything => {
            let _ = writeln!(text, "{}export type {name} = Record<string, any>;", doc());
        }
        What::Part => {
            let _ = writeln!(text, "{}export interface {name} {{", doc());
            write_fields(text, fields);
            let _ = writeln!(text, "}}\ninterface _{name} extends _SchemaBuilder {{");
            write_methods(text, fields, &PART_EXCEPT);
            let _ = writeln!(text, "}}\n{}export const {name}: {{", doc());
            let _ = writeln!(text, "  (): {name} & _{name};\n  new (): {name} & _{name};\n}};");
        }
        What::Resource { spec, pod_template } => {
            let _ = writeln!(text, "interface _{name}Fields {{");
            write_fields(text, fields);
            let _ = writeln!(text, "}}\ninterface _{name} extends _ResourceBuilder {{");
            let _ = writeln!(text, "  metadata(value: MetadataInput): this;");
            if let Some(Field { kind, .. }) = fields.iter().find(|field| field.name == "spec") {
                let _ =
                    writeln!(text, "  /** Sets the whole spec, and forgets what was set of it before. */");
                let _ = writeln!(text, "  spec(value: _Input<{kind}>): this;");
            }
            let has_own = |field: &&Field| {
                fields.iter().any(|own| own.name == field.name && !TOP_EXCEPT.contains(&own.name.as_str()))
            };
            let of_spec: Vec<Field> = spec.iter().filter(|field| !has_own(field)).cloned().collect();
            write_methods(text, &of_spec, &SPEC_EXCEPT);
            write_methods(text, fields, &TOP_EXCEPT);
            if *pod_template {
                for (method, what) in [("containers", "containers"), ("initContainers", "init containers")] {
                    let _ = writeln!(
                        text,
                        "  /** Sets the {what} of the pods. */\n  {method}(value: any[]): this;"
                    );
                }
            }
            let _ = writeln!(text, "}}\n{}export type {name} = _{name}Fields & _{name};", doc());
            let _ = writeln!(text, "{}export const {name}: {{\n  (): {name};\n  new (): {name};\n}};", doc());
        }
    }
}

fn write_fields(text: &mut String, fields: &[Field]) {
    for Field { name, required, kind, doc } in fields {
        let optional = if *required { "" } else { "?" };
        let _ = writeln!(text, "{}  {}{optional}: {kind};", comment(doc.as_deref(), "  "), key(name));
    }
}

fn write_methods(text: &mut String, fields: &[Field], except: &[&str]) {
    for Field { name, kind, doc, .. } in fields.iter().filter(|field| !except.contains(&field.name.as_str()))
    {
        let _ = writeln!(
            text,
            "{}  {}(value: _Input<{kind}>): this;",
            comment(doc.as_deref(), "  "),
            key(&method(name))
        );
    }
}

/// A property's name, in quotes where it needs them.
fn key(name: &str) -> String {
    let is_start = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$');
    let is_plain = name.starts_with(is_start) && name.chars().all(|c| is_start(c) || c.is_ascii_digit());
    if is_plain { name.to_owned() } else { literal(name) }
}

/// A literal of a string.
pub(super) fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A comment of documentation, which nothing in it can end.
fn comment(doc: Option<&str>, indent: &str) -> String {
    let text = doc.unwrap_or_default().replace("*/", "*\\/");
    let is_shown = |c: char| c == '\n' || !c.is_control();
    let text: String = text.replace("\r\n", "\n").chars().filter(|c| is_shown(*c)).collect();
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    match lines[..] {
        [] | [""] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        _ => {
            let body: String =
                lines.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n").collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    }
}
