//! What editors and husako itself need of a project's schemas: declarations of types, the builders as classes, and the
//! schemas as husako stores them.

mod json_schema;
mod kubernetes;
mod print;
mod store;

use super::Schemas;
use super::module::Names;

/// Where the store of schemas is, beside the modules.
const STORE: &str = "k8s/_schema.json";

/// A type of a module.
#[derive(Debug, Clone, PartialEq)]
struct Shape {
    /// Its name, an identifier.
    name: String,
    doc: Option<String>,
    what: What,
    /// Its properties, in order.
    fields: Vec<Field>,
}

/// What a type is for.
#[derive(Debug, Clone, PartialEq)]
enum What {
    /// A resource: with the properties of its spec.
    Resource { spec: Vec<Field>, pod_template: bool },
    /// A part of one.
    Part,
    /// An object with anything in it, which needs no builder.
    Anything,
    /// Another name of something.
    Alias(String),
}

/// A property of a type.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: String,
    required: bool,
    /// What it holds, in TypeScript.
    kind: String,
    doc: Option<String>,
}

/// A module's types, with the other modules that they name.
#[derive(Debug, Default)]
struct Declared {
    shapes: Vec<Shape>,
    /// Names of modules: `k8s/core/v1`.
    imports: std::collections::BTreeSet<String>,
}

/// The files of all modules, by their path below the folder of types: `k8s/apps/v1.d.ts`, `k8s/apps/v1.js`. Sorted.
pub fn files(schemas: &Schemas) -> Vec<(String, String)> {
    let mut files = vec![(STORE.to_owned(), store::text(schemas))];
    let embedded = kubernetes::Names::of(schemas.kubernetes());
    for name in schemas.canonical_names() {
        let Some(module) = schemas.module(&name) else { continue };
        let mut declared = Declared::default();
        kubernetes::declare(module, &embedded, &mut declared);
        if let Some(chart) = schemas.chart(&name) {
            json_schema::declare_chart(chart, &mut declared);
        }
        for (crd, version) in schemas.crds_of(&name) {
            json_schema::declare_crd(crd, version, &embedded, &name, &mut declared);
        }
        let path = path(&name);
        files.push((format!("{path}.d.ts"), print::declarations(&name, &declared, module)));
        files.push((format!("{path}.js"), module.classes(Names::All)));
    }
    // `k8s/networking.k8s.io/v1` is what `k8s/networking/v1` is.
    for name in schemas.module_names() {
        let Some(module) = schemas.module(&name).filter(|module| module.name() != name) else { continue };
        let path = path(&name);
        files.push((format!("{path}.d.ts"), print::other_name(&name, module.name())));
        files.push((format!("{path}.js"), module.classes(Names::All)));
    }
    files.sort();
    files
}

/// The path of a module's files, without their extension. No name leads out of its folder.
pub fn path(module: &str) -> String {
    let part = |part: &str| match part {
        "" | "." | ".." => format!("_{part}"),
        part => part.chars().map(|c| if matches!(c, '\\' | '\0') { '_' } else { c }).collect(),
    };
    module.split('/').map(part).collect::<Vec<_>>().join("/")
}

impl Declared {
    /// Adds a type, unless the module has one of that name.
    fn add(&mut self, shape: Shape) -> bool {
        let is_new = !self.shapes.iter().any(|known| known.name == shape.name);
        if is_new {
            self.shapes.push(shape);
        }
        is_new
    }
}
