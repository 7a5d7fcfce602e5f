//! Kubernetes' own types, embedded in the program.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::model::{GroupVersionKind, ObjectType, Resource};
use super::packed::{Body, Entry, Index};

/// What the build script made of `kubernetes.txt`.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kubernetes.bin"));
/// Why reading it does not fail.
const WRITTEN_HERE: &str = "the build script wrote the embedded types";

/// Where the types of `io.k8s.apimachinery` are imported from.
const COMMON_MODULE: &str = "k8s/_common";

/// The types of one Kubernetes version.
#[derive(Debug)]
pub struct Kubernetes {
    version: &'static str,
    #[cfg(test)]
    versions: Vec<&'static str>,
    /// Sorted by name.
    types: Vec<Type>,
    /// By canonical name: which of `types` a module has, sorted by their names inside it.
    pub(super) modules: BTreeMap<String, Vec<usize>>,
    /// Other names of modules, and their canonical ones.
    pub(super) aliases: BTreeMap<String, String>,
}

/// An object type of a Kubernetes version.
#[derive(Debug)]
pub struct Type {
    name: &'static str,
    resource: Option<Resource>,
    populated: bool,
    body: &'static [u8],
    /// The index of the version that it is seen in.
    version: usize,
    object: OnceLock<ObjectType>,
}

impl Type {
    /// Its name inside its module: `Deployment`.
    pub fn name(&self) -> &'static str {
        split(self.name).1
    }

    /// What the API server calls it, when it has a group-version-kind.
    pub fn resource(&self) -> Option<&Resource> {
        self.resource.as_ref()
    }

    /// Whether it has any property.
    pub fn has_properties(&self) -> bool {
        self.populated
    }

    /// Its properties; unpacked on first use.
    pub fn object(&self) -> &ObjectType {
        self.object.get_or_init(|| {
            let body: Body = postcard::from_bytes(self.body).expect(WRITTEN_HERE);
            let mut properties = Vec::with_capacity(body.properties.len());
            properties.extend(
                body.properties.into_iter().filter(|(held, _)| held.has(self.version)).map(|held| held.1),
            );
            ObjectType { properties, atomic: body.atomic.has(self.version) }
        })
    }
}

impl Kubernetes {
    /// The newest version; its index is unpacked on first use, in half a millisecond.
    pub fn newest() -> &'static Kubernetes {
        static NEWEST: OnceLock<Kubernetes> = OnceLock::new();
        NEWEST.get_or_init(|| {
            let (index, bodies) = embedded();
            Kubernetes::load(&index, bodies, index.versions.len() - 1)
        })
    }

    /// The version: `1.37`.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// All embedded versions, oldest first.
    #[cfg(test)]
    pub fn versions(&self) -> &[&'static str] {
        &self.versions
    }

    /// The type with this full name.
    pub fn get(&self, full_name: &str) -> Option<&Type> {
        let at = self.types.binary_search_by(|known| known.name.cmp(full_name)).ok()?;
        self.types.get(at)
    }

    /// The types of a module, by what `modules` says of it.
    pub(super) fn types_at(&self, module: &[usize]) -> impl Iterator<Item = &Type> {
        module.iter().filter_map(|at| self.types.get(*at))
    }

    fn load(index: &Index<'static>, mut bodies: &'static [u8], version: usize) -> Kubernetes {
        let mut types = Vec::with_capacity(index.types.len());
        for entry in &index.types {
            let (body, rest) = bodies.split_at(entry.body as usize);
            bodies = rest;
            if entry.versions.has(version) {
                types.push(Type {
                    name: entry.name,
                    resource: resource(entry, version),
                    populated: entry.populated.has(version),
                    body,
                    version,
                    object: OnceLock::new(),
                });
            }
        }
        let (modules, aliases) = modules(&types);
        Kubernetes {
            version: index.versions[version],
            #[cfg(test)]
            versions: index.versions.clone(),
            types,
            modules,
            aliases,
        }
    }
}

fn embedded() -> (Index<'static>, &'static [u8]) {
    postcard::take_from_bytes(EMBEDDED).expect(WRITTEN_HERE)
}

fn resource(entry: &Entry<'_>, version: usize) -> Option<Resource> {
    let held = entry.kinds.iter().filter(|(held, ..)| held.has(version));
    let kinds: Vec<GroupVersionKind> = held
        .map(|(_, group, version, kind)| GroupVersionKind {
            group: (*group).to_owned(),
            version: (*version).to_owned(),
            kind: (*kind).to_owned(),
        })
        .collect();
    let plural = entry.plural.map(str::to_owned);
    (!kinds.is_empty()).then_some(Resource { kinds, plural, scope: entry.scope })
}

/// Package and name of a type: `io.k8s.api.apps.v1` and `Deployment`.
fn split(full_name: &str) -> (&str, &str) {
    full_name.rsplit_once('.').unwrap_or(("", full_name))
}

/// The modules with their types, and the other names of modules.
fn modules(types: &[Type]) -> (BTreeMap<String, Vec<usize>>, BTreeMap<String, String>) {
    // Types without a group-version-kind go with those of their package that have one.
    let mut kinds: BTreeMap<&str, &GroupVersionKind> = BTreeMap::new();
    for (known, kind) in
        types.iter().filter_map(|known| Some((known, known.resource.as_ref()?.written_as()?)))
    {
        kinds.entry(split(known.name).0).or_insert(kind);
    }
    let mut packages: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, known) in types.iter().enumerate() {
        packages.entry(split(known.name).0).or_default().push(at);
    }
    let mut modules: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut aliases = BTreeMap::new();
    for (package, members) in packages {
        let Some((module, alias)) = module_names(package, kinds.get(package).copied()) else { continue };
        if let Some(alias) = alias.filter(|alias| *alias != module) {
            aliases.insert(alias, module.clone());
        }
        modules.entry(module).or_default().extend(members);
    }
    for members in modules.values_mut() {
        members.sort_by_key(|at| types[*at].name());
    }
    (modules, aliases)
}

/// The module of a package, and its other name. `None` when nothing can be imported from it.
fn module_names(package: &str, kind: Option<&GroupVersionKind>) -> Option<(String, Option<String>)> {
    let full = kind.filter(|kind| !kind.group.is_empty()).map(|kind| format!("k8s/{}", kind.api_version()));
    if let Some(rest) = package.strip_prefix("io.k8s.api.") {
        return Some((format!("k8s/{}", rest.replace('.', "/")), full));
    }
    if package.starts_with("io.k8s.apimachinery.") {
        return Some((COMMON_MODULE.to_owned(), None));
    }
    // …apis.apiextensions.v1
    let (before, version) = package.rsplit_once('.')?;
    Some((full?, Some(format!("k8s/{}/{version}", split(before).1))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::model::{IntegerFormat, ListType, PropertyKind, Scope, StringFormat};

    fn every_version() -> Vec<Kubernetes> {
        let (index, bodies) = embedded();
        (0..index.versions.len()).map(|version| Kubernetes::load(&index, bodies, version)).collect()
    }

    fn references<'a>(kind: &'a PropertyKind, names: &mut Vec<&'a str>) {
        match kind {
            PropertyKind::Ref(name) => names.push(name),
            PropertyKind::Array { items, .. } => references(items, names),
            PropertyKind::Map { values, .. } => references(values, names),
            _ => {}
        }
    }

    #[test]
    fn every_version_is_whole() {
        for kubernetes in every_version() {
            for known in &kubernetes.types {
                let place = format!("{} in {}", known.name, kubernetes.version());
                let properties = &known.object().properties;
                assert_eq!(!properties.is_empty(), known.has_properties(), "{place}");
                let names: BTreeSet<&str> =
                    properties.iter().map(|property| property.name.as_str()).collect();
                assert_eq!(names.len(), properties.len(), "a property twice: {place}");
                let mut referred = Vec::new();
                properties.iter().for_each(|property| references(&property.kind, &mut referred));
                for name in referred {
                    assert!(kubernetes.get(name).is_some(), "{place} refers to {name}");
                }
            }
            for (module, members) in &kubernetes.modules {
                let names: BTreeSet<&str> = kubernetes.types_at(members).map(Type::name).collect();
                assert_eq!(
                    names.len(),
                    members.len(),
                    "a name twice in {module} of {}",
                    kubernetes.version()
                );
            }
            let all: usize = kubernetes.modules.values().map(Vec::len).sum();
            assert_eq!(all, kubernetes.types.len(), "every type is in a module");
        }
    }

    #[test]
    fn versions_are_listed_and_the_newest_is_used() {
        let kubernetes = Kubernetes::newest();
        assert_eq!(kubernetes.version(), "1.37");
        assert_eq!(kubernetes.versions().first(), Some(&"1.25"));
        assert_eq!(kubernetes.versions().len(), 13);
        assert!(kubernetes.get("io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscaler").is_none());
        assert!(every_version()[0].get("io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscaler").is_some());
    }

    #[test]
    fn types_say_what_validation_needs() {
        let kubernetes = Kubernetes::newest();
        let object = |name: &str| kubernetes.get(name).unwrap().object();
        let container = object("io.k8s.api.core.v1.Container");
        assert!(container.property("name").unwrap().required);
        let PropertyKind::Array { list, merge_key, .. } = &container.property("ports").unwrap().kind else {
            panic!("ports is an array")
        };
        assert_eq!(*list, ListType::Map(vec!["containerPort".to_owned(), "protocol".to_owned()]));
        assert_eq!(merge_key.as_deref(), Some("containerPort"));
        let PropertyKind::String { values, .. } = &container.property("imagePullPolicy").unwrap().kind else {
            panic!("imagePullPolicy is a string")
        };
        assert_eq!(*values, ["Always", "IfNotPresent", "Never"]);
        let spec = object("io.k8s.api.apps.v1.DeploymentSpec");
        assert_eq!(spec.property("replicas").unwrap().kind, PropertyKind::Integer(IntegerFormat::Int32));
        assert!(spec.property("replica").is_none());
        let port = object("io.k8s.api.core.v1.ServicePort");
        assert_eq!(port.property("targetPort").unwrap().kind, PropertyKind::IntOrString);
        let limits = &object("io.k8s.api.core.v1.ResourceRequirements").property("limits").unwrap().kind;
        let quantities = PropertyKind::Map { values: Box::new(PropertyKind::Quantity), atomic: false };
        assert_eq!(*limits, quantities);
        let data = &object("io.k8s.api.core.v1.Secret").property("data").unwrap().kind;
        let PropertyKind::Map { values, .. } = data else { panic!("data is a map") };
        assert_eq!(**values, PropertyKind::String { format: StringFormat::Base64, values: Vec::new() });
    }

    #[test]
    fn resources_have_a_plural_and_a_scope() {
        let resource = |name: &str| Kubernetes::newest().get(name).unwrap().resource().unwrap();
        let ingress = resource("io.k8s.api.networking.v1.Ingress");
        assert_eq!(ingress.plural.as_deref(), Some("ingresses"));
        assert_eq!(ingress.scope, Some(Scope::Namespaced));
        assert_eq!(ingress.written_as().unwrap().api_version(), "networking.k8s.io/v1");
        assert_eq!(resource("io.k8s.api.rbac.v1.ClusterRole").scope, Some(Scope::Cluster));
        let options = resource("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
        assert!(options.kinds.len() > 1);
        assert_eq!(options.written_as().unwrap().api_version(), "v1");
    }
}
