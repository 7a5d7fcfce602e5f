//! Modules of builders: what can be imported, and the code of what is.

use std::collections::{BTreeMap, BTreeSet};

use super::codegen::{Builder, Source, class};
use super::kubernetes::{Kubernetes, Type};
use super::model::{ObjectType, PropertyKind};

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

/// Builders made of a project's own schemas, by the names that they are exported by.
pub(super) type Own = BTreeMap<String, Builder>;

/// Which of a module's exports are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Names<'a> {
    /// All of them.
    All,
    /// Those named; what the module does not have is left out.
    Only(&'a BTreeSet<&'a str>),
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
pub struct Module<'s> {
    pub(super) name: &'s str,
    /// The embedded types that it has.
    pub(super) embedded: Option<(&'static Kubernetes, &'s [usize])>,
    /// The project's own.
    pub(super) own: Option<&'s Own>,
}

impl Kubernetes {
    /// Every name that a module of these types can be imported by, canonical names first.
    pub(super) fn module_names(&self) -> impl Iterator<Item = &str> {
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
    pub(super) fn module(&'static self, specifier: &str) -> Option<Module<'static>> {
        let name = self.aliases.get(specifier).map_or(specifier, String::as_str);
        if let Some((name, types)) = self.modules.get_key_value(name) {
            return Some(Module { name, embedded: Some((self, types)), own: None });
        }
        let starters = STARTERS.iter().find(|starters| starters.module == name)?;
        Some(Module { name: starters.module, embedded: Some((self, &[])), own: None })
    }
}

impl<'s> Module<'s> {
    /// Its canonical name.
    pub fn name(self) -> &'s str {
        self.name
    }

    /// Whether every project with the same Kubernetes version has the same module.
    pub fn is_shared(self) -> bool {
        self.own.is_none()
    }

    /// What it exports: builders of Kubernetes' types, those of the project, starters, each sorted by name.
    pub fn exports(self) -> impl Iterator<Item = &'s str> {
        let starters = self.starters().map_or(&[][..], |starters| starters.names);
        let own = self.own().map(|(name, _)| name);
        self.types().map(|(_, known)| known.name()).chain(own).chain(starters.iter().copied())
    }

    /// Its JavaScript, with those exports that are wanted.
    pub fn source(self, names: Names<'_>) -> String {
        let mut source = Source::new(self.name.trim_start_matches("k8s/"));
        for (kubernetes, known) in self.types().filter(|(_, known)| names.has(known.name())) {
            source.add(known.name(), &builder(kubernetes, known));
        }
        for (name, builder) in self.own().filter(|(name, _)| names.has(name)) {
            source.add(name, builder);
        }
        let mut source = source.finish();
        if let Some(starters) = self.starters() {
            let wanted: Vec<&str> = starters.names.iter().copied().filter(|name| names.has(name)).collect();
            if !wanted.is_empty() {
                source += &format!("export {{ {} }} from \"{}\";\n", wanted.join(", "), starters.source);
            }
        }
        source
    }

    /// Its builders as classes, as husako itself runs them.
    pub(super) fn classes(self, names: Names<'_>) -> String {
        let mut text =
            "import * as base from \"husako/_base\";\nconst { _ResourceBuilder, _SchemaBuilder } = base;\n"
                .to_owned();
        for (kubernetes, known) in self.types().filter(|(_, known)| names.has(known.name())) {
            text += &class(known.name(), &builder(kubernetes, known));
        }
        for (name, builder) in self.own().filter(|(name, _)| names.has(name)) {
            text += &class(name, builder);
        }
        for starter in self.starters().map_or(&[][..], |starters| starters.names) {
            text += starter_source(starter);
        }
        text
    }

    /// The functions that begin a chain: the module of the SDK that has them, and their names.
    pub(super) fn starter_names(self) -> Option<(&'static str, &'static [&'static str])> {
        let starters = self.starters()?;
        let source = starters.source.trim_start_matches("husako:");
        Some((if source == "starters-core" { "starters_core" } else { "starters_meta" }, starters.names))
    }

    /// All embedded types that it has, also those without a builder.
    pub(super) fn all_types(self) -> impl Iterator<Item = &'static Type> + 's {
        self.embedded.into_iter().flat_map(|(kubernetes, types)| kubernetes.types_at(types))
    }

    /// The embedded types that a builder is made of: those that are resources, and those that have properties.
    fn types(self) -> impl Iterator<Item = (&'static Kubernetes, &'static Type)> {
        let all = self
            .embedded
            .into_iter()
            .flat_map(|(kubernetes, types)| kubernetes.types_at(types).map(move |known| (kubernetes, known)));
        all.filter(|(_, known)| known.resource().is_some() || known.has_properties())
    }

    /// The project's own, except where Kubernetes has a type of that name.
    fn own(self) -> impl Iterator<Item = (&'s str, &'s Builder)> {
        let own = self.own.into_iter().flatten();
        own.map(|(name, builder)| (name.as_str(), builder))
            .filter(move |(name, _)| !self.types().any(|(_, known)| known.name() == *name))
    }

    fn starters(self) -> Option<&'static Starters> {
        STARTERS.iter().find(|starters| starters.module == self.name)
    }
}

/// The builder of an embedded type.
fn builder(kubernetes: &Kubernetes, known: &Type) -> Builder {
    let object = known.object();
    let Some(kind) = known.resource().and_then(|resource| resource.written_as()) else {
        return Builder::part(names(object));
    };
    let spec = match object.property("spec").map(|spec| &spec.kind) {
        Some(PropertyKind::Ref(name)) => kubernetes.get(name).map(Type::object),
        _ => None,
    };
    let pod_template = spec.is_some_and(has_pod_template);
    Builder::resource(kind.clone(), spec.into_iter().flat_map(names), names(object), pod_template)
}

/// Whether a spec has the template of a pod.
pub(super) fn has_pod_template(spec: &ObjectType) -> bool {
    let template = spec.property("template");
    template.is_some_and(|kind| matches!(&kind.kind, PropertyKind::Ref(name) if name == POD_TEMPLATE))
}

/// A function that begins a chain, with what `husako/_base` has for that; older versions of husako do not.
fn starter_source(name: &str) -> &'static str {
    match name {
        "annotation" => {
            "export function annotation(k, v) { return base._createSpecFragment().annotation(k, v); }\n"
        }
        "label" => "export function label(k, v) { return base._createSpecFragment().label(k, v); }\n",
        "cpu" => "export function cpu(v) { return base._createResourceChain({ _cpu: v }); }\n",
        "memory" => "export function memory(v) { return base._createResourceChain({ _memory: v }); }\n",
        "requests" => "export function requests(v) { return base._createResourceRequirementsChain(v); }\n",
        "image" => "export function image(v) { return base._createSpecFragment({ _image: v }); }\n",
        "imagePullPolicy" => {
            "export function imagePullPolicy(v) { return base._createSpecFragment({ _imagePullPolicy: v }); }\n"
        }
        "namespace" => {
            "export function namespace(v) { return base._createSpecFragment({ _namespace: v }); }\n"
        }
        "name" => "export function name(v) { return base._createSpecFragment({ _name: v }); }\n",
        _ => "",
    }
}

fn names(object: &ObjectType) -> impl Iterator<Item = &str> {
    object.properties.iter().map(|property| property.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::kubernetes::Release;

    fn newest() -> &'static Kubernetes {
        Release::newest().types()
    }

    fn source(module: &str, names: &[&str]) -> String {
        newest().module(module).unwrap().source(Names::Only(&names.iter().copied().collect()))
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
        let kubernetes = newest();
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
        let kubernetes = newest();
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
    }

    #[test]
    fn a_type_with_several_group_version_kinds_is_of_the_core_group() {
        assert!(source("k8s/_common", &["DeleteOptions"]).contains("resource(\"v1\", \"DeleteOptions\", "));
    }
}
