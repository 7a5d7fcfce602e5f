//! Declarations of Kubernetes' own types.

use std::collections::HashMap;

use super::print::{alias, literal};
use super::{Declared, Field, Shape, What};
use crate::schema::kubernetes::Kubernetes;
use crate::schema::model::{ObjectType, PropertyKind};
use crate::schema::module::{Module, has_pod_template};

/// Where the types that husako declares, and that are no objects here, are declared.
const COMMON: &str = "k8s/_common";

/// Types that are values: what may stand for them.
const VALUES: [(&str, &str); 8] = [
    ("Duration", "string"),
    ("FieldsV1", "Record<string, any>"),
    ("IntOrString", "number | string"),
    ("MicroTime", "string"),
    ("Patch", "Record<string, any>"),
    ("Quantity", "string | number"),
    ("RawExtension", "Record<string, any>"),
    ("Time", "string"),
];

/// In which module each type is.
pub(super) struct Names<'k> {
    kubernetes: &'k Kubernetes,
    /// By full name: the module, and the name in it.
    found: HashMap<&'k str, (&'k str, &'k str)>,
}

impl<'k> Names<'k> {
    pub(super) fn of(kubernetes: &'k Kubernetes) -> Names<'k> {
        let found = kubernetes
            .modules
            .iter()
            .flat_map(|(module, types)| {
                kubernetes.types_at(types).map(|known| (known.full_name(), (module.as_str(), known.name())))
            })
            .collect();
        Names { kubernetes, found }
    }

    /// How a type is named in `module`, which then has to import the other.
    pub(super) fn reference(&self, full_name: &str, module: &str, declared: &mut Declared) -> String {
        match self.found.get(full_name) {
            Some((of, name)) if *of == module => (*name).to_owned(),
            Some((of, name)) => {
                declared.imports.insert((*of).to_owned());
                format!("{}.{name}", alias(of))
            }
            None => "any".to_owned(),
        }
    }

    fn fields(&self, object: &ObjectType, module: &str, declared: &mut Declared) -> Vec<Field> {
        let field = |property: &crate::schema::model::Property| Field {
            name: property.name.clone(),
            required: property.required,
            kind: self.kind(&property.kind, module, declared),
            doc: None,
        };
        object.properties.iter().map(field).collect()
    }

    fn kind(&self, kind: &PropertyKind, module: &str, declared: &mut Declared) -> String {
        match kind {
            PropertyKind::Ref(name) => self.reference(name, module, declared),
            PropertyKind::Array { items, .. } => list(&self.kind(items, module, declared)),
            PropertyKind::Map { values, .. } => {
                format!("Record<string, {}>", self.kind(values, module, declared))
            }
            PropertyKind::String { values, .. } => text(values),
            PropertyKind::Integer(_) | PropertyKind::Number => "number".to_owned(),
            PropertyKind::Boolean => "boolean".to_owned(),
            PropertyKind::IntOrString => "number | string".to_owned(),
            PropertyKind::Quantity => "string | number".to_owned(),
            PropertyKind::AnyObject => "Record<string, any>".to_owned(),
            PropertyKind::Any => "any".to_owned(),
        }
    }
}

/// A list of what may be a union.
pub(super) fn list(items: &str) -> String {
    if items.contains('|') { format!("({items})[]") } else { format!("{items}[]") }
}

/// A string that may be one of these, as far as anybody knows.
pub(super) fn text(values: &[impl AsRef<str>]) -> String {
    if values.is_empty() {
        return "string".to_owned();
    }
    let known: Vec<String> = values.iter().map(|value| literal(value.as_ref())).collect();
    format!("{} | (string & {{}})", known.join(" | "))
}

/// Declares the embedded types of a module.
pub(super) fn declare(module: Module<'_>, names: &Names<'_>, declared: &mut Declared) {
    let own = module.name();
    for known in module.all_types() {
        let object = known.object();
        let fields = names.fields(object, own, declared);
        let what = if known.resource().is_some() {
            let spec = object.property("spec").and_then(|spec| match &spec.kind {
                PropertyKind::Ref(name) => names.kubernetes.get(name),
                _ => None,
            });
            let spec = spec.map(|spec| spec.object());
            What::Resource {
                spec: spec.map_or_else(Vec::new, |spec| names.fields(spec, own, declared)),
                pod_template: spec.is_some_and(has_pod_template),
            }
        } else if known.has_properties() {
            What::Part
        } else {
            What::Anything
        };
        declared.add(Shape { name: known.name().to_owned(), doc: None, what, fields });
    }
    if own == COMMON {
        for (name, kind) in VALUES {
            let what = What::Alias(kind.to_owned());
            declared.add(Shape { name: name.to_owned(), doc: None, what, fields: Vec::new() });
        }
    }
}
