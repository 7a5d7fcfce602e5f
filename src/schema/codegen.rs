//! The JavaScript of builder modules.
//!
//! A module has one function per type, which hands over to `husako:builders` what the type's builder can do: nothing is
//! made before it is used. Lists of methods are separated by spaces; a property whose name is no identifier is listed as
//! `method=property`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::kubernetes::{Kubernetes, Type};
use super::model::{GroupVersionKind, ObjectType, Property, PropertyKind};

/// Functions that begin a chain with one field, beside the builders.
struct Starters {
    /// The module that they can be imported from.
    module: &'static str,
    /// The module that has them.
    source: &'static str,
    names: &'static [&'static str],
}

static STARTERS: [Starters; 2] = [
    Starters {
        module: "k8s/core/v1",
        source: "husako:starters-core",
        names: &["cpu", "image", "imagePullPolicy", "memory", "name", "requests"],
    },
    Starters {
        module: "k8s/meta/v1",
        source: "husako:starters-meta",
        names: &["annotation", "label", "name", "namespace"],
    },
];

const POD_TEMPLATE: &str = "io.k8s.api.core.v1.PodTemplateSpec";

/// Which of a module's exports are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Names<'a> {
    /// All of them.
    All,
    /// Those named; what the module does not have is left out.
    Only(&'a BTreeSet<String>),
}

impl Names<'_> {
    fn has(self, name: &str) -> bool {
        match self {
            Names::All => true,
            Names::Only(names) => names.contains(name),
        }
    }
}

/// A module of builders.
#[derive(Debug, Clone, Copy)]
pub struct Module<'k> {
    kubernetes: &'k Kubernetes,
    name: &'k str,
    types: &'k [usize],
}

impl Kubernetes {
    /// Every name that a module can be imported by, canonical names first.
    pub fn module_names(&self) -> impl Iterator<Item = &str> {
        let starters = STARTERS.iter().map(|starters| starters.module);
        let only_starters = starters.filter(|module| !self.modules.contains_key(*module));
        self.modules
            .keys()
            .map(String::as_str)
            .chain(only_starters)
            .chain(self.aliases.keys().map(String::as_str))
    }

    /// The module that is imported as `specifier`: by its canonical name (`k8s/networking/v1`) or another one
    /// (`k8s/networking.k8s.io/v1`).
    pub fn module(&self, specifier: &str) -> Option<Module<'_>> {
        let name = self.aliases.get(specifier).map_or(specifier, String::as_str);
        if let Some((name, types)) = self.modules.get_key_value(name) {
            return Some(Module { kubernetes: self, name, types });
        }
        let starters = STARTERS.iter().find(|starters| starters.module == name)?;
        Some(Module { kubernetes: self, name: starters.module, types: &[] })
    }
}

impl<'k> Module<'k> {
    /// Its canonical name.
    pub fn name(self) -> &'k str {
        self.name
    }

    /// What it exports: builders, then starters, each sorted by name.
    pub fn exports(self) -> impl Iterator<Item = &'static str> {
        let starters = self.starters().map_or(&[][..], |starters| starters.names);
        self.types().map(Type::name).chain(starters.iter().copied())
    }

    /// Its JavaScript, with those exports that are wanted.
    pub fn source(self, names: Names<'_>) -> String {
        let mut builders = Builders::default();
        for known in self.types().filter(|known| names.has(known.name())) {
            let object = known.object();
            match known.resource().and_then(|resource| resource.written_as()) {
                Some(kind) => builders.resource(known.name(), kind, object, self.spec(object)),
                None => builders.schema(known.name(), self.name.trim_start_matches("k8s/"), object),
            }
        }
        let mut source = builders.finish();
        if let Some(starters) = self.starters() {
            let wanted: Vec<&str> = starters.names.iter().copied().filter(|name| names.has(name)).collect();
            if !wanted.is_empty() {
                source += &format!("export {{ {} }} from \"{}\";\n", wanted.join(", "), starters.source);
            }
        }
        source
    }

    /// The types that a builder is made of: those that are resources, and those that have properties.
    fn types(self) -> impl Iterator<Item = &'k Type> {
        let all = self.kubernetes.types_at(self.types);
        all.filter(|known| known.resource().is_some() || known.has_properties())
    }

    fn starters(self) -> Option<&'static Starters> {
        STARTERS.iter().find(|starters| starters.module == self.name)
    }

    fn spec(self, object: &ObjectType) -> Option<&'k ObjectType> {
        match &object.property("spec")?.kind {
            PropertyKind::Ref(name) => Some(self.kubernetes.get(name)?.object()),
            _ => None,
        }
    }
}

/// The builders of a module, being written.
#[derive(Default)]
struct Builders {
    functions: String,
    has_resource: bool,
    has_schema: bool,
}

impl Builders {
    /// A builder of a type with a group-version-kind.
    fn resource(
        &mut self,
        name: &str,
        kind: &GroupVersionKind,
        object: &ObjectType,
        spec: Option<&ObjectType>,
    ) {
        self.has_resource = true;
        let top = methods(object, &["apiVersion", "kind", "metadata", "spec", "status"]);
        let of_spec = spec.map(|spec| methods(spec, &["apiVersion", "kind", "metadata", "status"]));
        let template = spec.and_then(|spec| spec.property("template"));
        let pod_template = template.is_some_and(|template| is_pod_template(&template.kind));
        self.function(
            name,
            format_args!(
                "resource({}, {}, {}, {}, {pod_template})",
                quoted(&kind.api_version()),
                quoted(&kind.kind),
                quoted(&of_spec.unwrap_or_default()),
                quoted(&top),
            ),
        );
    }

    /// A builder of a type without one; `module` is the module's name without its first part.
    fn schema(&mut self, name: &str, module: &str, object: &ObjectType) {
        self.has_schema = true;
        let key = format!("{module}.{name}");
        self.function(name, format_args!("schema({}, {})", quoted(&key), quoted(&methods(object, &[]))));
    }

    // A declared function can be called with `new` and runs nothing when the module is loaded.
    fn function(&mut self, name: &str, call: fmt::Arguments<'_>) {
        self.functions += &format!("export function {name}() {{ return {call}; }}\n");
    }

    fn finish(self) -> String {
        let imports = match (self.has_resource, self.has_schema) {
            (true, true) => "resource, schema",
            (true, false) => "resource",
            (false, true) => "schema",
            (false, false) => return String::new(),
        };
        format!("import {{ {imports} }} from \"husako:builders\";\n{}", self.functions)
    }
}

fn is_pod_template(kind: &PropertyKind) -> bool {
    matches!(kind, PropertyKind::Ref(name) if name == POD_TEMPLATE)
}

/// The list of methods for an object's properties, except those named.
fn methods(object: &ObjectType, except: &[&str]) -> String {
    let mut list = String::new();
    for Property { name, .. } in &object.properties {
        if except.contains(&name.as_str()) {
            continue;
        }
        if !list.is_empty() {
            list.push(' ');
        }
        match identifier(name) {
            Cow::Borrowed(name) => list.push_str(name),
            // Writing to a string does not fail.
            Cow::Owned(method) => _ = write!(list, "{method}={name}"),
        }
    }
    list
}

/// The name with `_` for each character that cannot stand in an identifier.
fn identifier(name: &str) -> Cow<'_, str> {
    let fits =
        |(at, c): (usize, char)| c == '$' || c == '_' || c.is_alphabetic() || at > 0 && c.is_alphanumeric();
    if name.char_indices().all(fits) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.char_indices().map(|(at, c)| if fits((at, c)) { c } else { '_' }).collect())
}

/// A string literal of JavaScript.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(module: &str, names: &[&str]) -> String {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Kubernetes::newest().module(module).unwrap().source(Names::Only(&names))
    }

    /// Method lists of a builder: of its spec and its own, or its properties.
    fn lists(module: &str, name: &str) -> Vec<Vec<String>> {
        let source = source(module, &[name]);
        let line = source.lines().find(|line| line.starts_with("export function")).unwrap();
        let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let from = if line.contains("return resource(") { 2 } else { 1 };
        strings[from..].iter().map(|list| list.split_whitespace().map(str::to_owned).collect()).collect()
    }

    fn has(list: &[String], name: &str) -> bool {
        list.iter().any(|method| method == name)
    }

    #[test]
    fn a_module_has_what_is_imported_from_it() {
        assert_eq!(
            source("k8s/apps/v1", &["Deployment", "Deploymint"]),
            "import { resource } from \"husako:builders\";\n\
             export function Deployment() { return resource(\"apps/v1\", \"Deployment\", \"minReadySeconds paused \
             progressDeadlineSeconds replicas revisionHistoryLimit selector strategy template\", \"\", true); }\n"
        );
        assert_eq!(
            source("k8s/core/v1", &["EnvVar", "name", "cpu"]),
            "import { schema } from \"husako:builders\";\n\
             export function EnvVar() { return schema(\"core/v1.EnvVar\", \"name value valueFrom\"); }\n\
             export { cpu, name } from \"husako:starters-core\";\n"
        );
        assert_eq!(
            source("k8s/meta/v1", &["label", "cpu"]),
            "export { label } from \"husako:starters-meta\";\n"
        );
        assert_eq!(source("k8s/apps/v1", &[]), "");
    }

    #[test]
    fn spec_and_top_level_properties_become_methods() {
        let [spec, top] = &lists("k8s/core/v1", "PersistentVolumeClaim")[..] else { panic!("two lists") };
        assert!(has(spec, "resources") && has(spec, "accessModes") && !has(spec, "status") && top.is_empty());
        let [spec, top] = &lists("k8s/core/v1", "Pod")[..] else { panic!("two lists") };
        assert!(has(spec, "resources") && has(spec, "containers") && top.is_empty());
        let [spec, top] = &lists("k8s/core/v1", "ConfigMap")[..] else { panic!("two lists") };
        assert!(spec.is_empty() && has(top, "data") && has(top, "binaryData") && !has(top, "metadata"));
        assert!(has(&lists("k8s/core/v1", "Secret")[1], "stringData"));
        assert!(has(&lists("k8s/autoscaling/v2", "HorizontalPodAutoscaler")[0], "metrics"));
        assert!(has(&lists("k8s/core/v1", "ServicePort")[0], "targetPort"));
        assert!(has(&lists("k8s/_common", "LabelSelector")[0], "matchLabels"));
    }

    #[test]
    fn only_kinds_with_a_pod_template_in_their_spec_have_containers() {
        for (module, name, has) in [
            ("k8s/apps/v1", "StatefulSet", true),
            ("k8s/batch/v1", "Job", true),
            ("k8s/core/v1", "ReplicationController", true),
            ("k8s/batch/v1", "CronJob", false),
            ("k8s/core/v1", "Pod", false),
            ("k8s/core/v1", "PodTemplate", false),
        ] {
            assert!(source(module, &[name]).contains(&format!(", {has}); }}")), "{name}");
        }
    }

    #[test]
    fn modules_have_a_short_and_a_full_name() {
        let kubernetes = Kubernetes::newest();
        for (full, canonical) in [
            ("k8s/networking.k8s.io/v1", "k8s/networking/v1"),
            ("k8s/rbac.authorization.k8s.io/v1", "k8s/rbac/v1"),
            ("k8s/flowcontrol.apiserver.k8s.io/v1", "k8s/flowcontrol/v1"),
            ("k8s/apiextensions/v1", "k8s/apiextensions.k8s.io/v1"),
            ("k8s/apiregistration/v1", "k8s/apiregistration.k8s.io/v1"),
        ] {
            assert_eq!(kubernetes.module(full).unwrap().name(), canonical);
            assert_eq!(kubernetes.module(canonical).unwrap().name(), canonical);
        }
        let network_policy = source("k8s/networking.k8s.io/v1", &["NetworkPolicy"]);
        assert!(network_policy.contains("resource(\"networking.k8s.io/v1\", \"NetworkPolicy\", "));
        assert_eq!(network_policy, source("k8s/networking/v1", &["NetworkPolicy"]));
        assert!(source("k8s/apiextensions/v1", &["CustomResourceDefinitionSpec"]).contains("schema("));
        assert!(kubernetes.module("k8s/apps/v2").is_none());
        assert!(kubernetes.module("k8s/core/v1/").is_none());
    }

    #[test]
    fn every_name_resolves_and_every_export_has_its_function() {
        let kubernetes = Kubernetes::newest();
        for name in kubernetes.module_names() {
            let module = kubernetes.module(name).unwrap();
            let exports: Vec<&str> = module.exports().collect();
            assert!(!exports.is_empty(), "{name}");
            let functions = module.types().count();
            assert_eq!(module.source(Names::All).matches("export function ").count(), functions, "{name}");
        }
        let core: Vec<&str> = kubernetes.module("k8s/core/v1").unwrap().exports().collect();
        assert!(core.contains(&"Container") && core.contains(&"name") && !core.contains(&"namespace"));
    }

    #[test]
    fn names_that_are_no_identifiers_keep_their_property() {
        let list = lists("k8s/apiextensions.k8s.io/v1", "JSONSchemaProps").remove(0);
        assert!(has(&list, "$ref") && has(&list, "x_kubernetes_list_type=x-kubernetes-list-type"));
        assert_eq!(identifier("1st.item"), "_st_item");
    }

    #[test]
    fn a_type_with_several_group_version_kinds_is_of_the_core_group() {
        assert!(source("k8s/_common", &["DeleteOptions"]).contains("resource(\"v1\", \"DeleteOptions\", "));
    }
}
