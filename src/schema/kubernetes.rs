//! Kubernetes' own types: embedded in the program, or read from its OpenAPI documents ([`super::openapi`]).

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use super::model::{GroupVersionKind, ObjectType, Resource};
use super::packed::{Body, Entry, Index, Versions};

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
    id: &'static str,
    /// Sorted by name.
    types: Vec<Type>,
    /// By canonical name: which of `types` a module has, sorted by their names inside it.
    pub(super) modules: BTreeMap<String, Vec<usize>>,
    /// Other names of modules, and their canonical ones.
    pub(super) aliases: BTreeMap<String, String>,
    /// Which of `types` have a group-version-kind of this kind; found on first use.
    kinds: OnceLock<HashMap<String, Vec<usize>>>,
}

/// A Kubernetes version whose types are embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(usize);

/// The types that a project is built with: of an embedded version, which are unpacked when they are first asked for, or
/// such as were read from documents.
#[derive(Debug, Clone, Copy)]
pub enum Version {
    /// An embedded version.
    Embedded(Release),
    /// What [`super::openapi::read`] gave.
    Read(&'static Kubernetes),
}

impl Version {
    /// As it is written: `1.37`.
    pub fn name(self) -> &'static str {
        match self {
            Version::Embedded(release) => release.version(),
            Version::Read(kubernetes) => kubernetes.version,
        }
    }

    /// Its types.
    pub fn types(self) -> &'static Kubernetes {
        match self {
            Version::Embedded(release) => release.types(),
            Version::Read(kubernetes) => kubernetes,
        }
    }

    /// Major and minor number, to order versions by.
    pub fn number(self) -> Option<(u32, u32)> {
        numbers(self.name())
    }
}

impl From<Release> for Version {
    fn from(release: Release) -> Version {
        Version::Embedded(release)
    }
}

/// Which embedded version stands for one that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    /// The version to use.
    pub release: Release,
    /// Whether it is the very one; its patch level does not count.
    pub exact: bool,
}

impl Release {
    /// All of them, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Release> {
        (0..versions().len()).map(Release)
    }

    /// The newest.
    pub fn newest() -> Release {
        Release(versions().len() - 1)
    }

    /// The one that is nearest to a version like `1.33`, `v1.33` or `1.33.4`; `None` when it is no version.
    pub fn nearest(version: &str) -> Option<Nearest> {
        let asked = numbers(version.strip_prefix('v').unwrap_or(version))?;
        // Written one by one, oldest first: the nearest is the last that is not newer.
        let at = versions().partition_point(|known| numbers(known).is_some_and(|known| known <= asked));
        let release = Release(at.saturating_sub(1));
        Some(Nearest { release, exact: numbers(release.version()) == Some(asked) })
    }

    /// As it is written: `1.37`.
    pub fn version(self) -> &'static str {
        versions().get(self.0).copied().unwrap_or_default()
    }

    /// Its types. Their index is unpacked on first use, in half a millisecond, and shared by the whole process.
    pub fn types(self) -> &'static Kubernetes {
        static LOADED: [OnceLock<Kubernetes>; Versions::MOST] = [const { OnceLock::new() }; Versions::MOST];
        LOADED[self.0].get_or_init(|| Kubernetes::load(self))
    }
}

/// Major and minor number; what follows must be numbers too, or a suffix such as `-rc.1`.
pub(super) fn numbers(version: &str) -> Option<(u32, u32)> {
    let version = version.split(['-', '+']).next()?;
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let found = (numbers.next()??, numbers.next()??);
    numbers.all(|number| number.is_some()).then_some(found)
}

/// An object type of a Kubernetes version.
#[derive(Debug)]
pub struct Type {
    full_name: &'static str,
    /// The end of that: cut off once, because every import of a file asks for it.
    name: &'static str,
    resource: Option<Resource>,
    populated: bool,
    /// What `object` is unpacked from; of a type that was read from a document nothing, it is there already.
    body: &'static [u8],
    /// The index of the version that it is seen in.
    version: usize,
    object: OnceLock<ObjectType>,
}

impl Type {
    /// Its name with its package: `io.k8s.api.apps.v1.Deployment`.
    pub fn full_name(&self) -> &'static str {
        self.full_name
    }

    /// Its name inside its module: `Deployment`.
    pub fn name(&self) -> &'static str {
        self.name
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
    /// The version: `1.37`.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// Tells these types from all others of the process: of an embedded version its name, else one that has no other
    /// documents.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Those of a version that is not embedded. They live as long as the process, as the embedded ones do; types need
    /// not be sorted, and of several with one name the first counts.
    pub(super) fn leak(version: String, id: String, described: Vec<Described>) -> &'static Kubernetes {
        let mut types: Vec<Type> = described
            .into_iter()
            .map(|described| {
                let full_name: &'static str = described.name.leak();
                Type {
                    full_name,
                    name: split(full_name).1,
                    resource: described.resource,
                    populated: !described.object.properties.is_empty(),
                    body: &[],
                    version: 0,
                    object: OnceLock::from(described.object),
                }
            })
            .collect();
        types.sort_by_key(|known| known.full_name);
        types.dedup_by_key(|known| known.full_name);
        let (modules, aliases) = modules(&types);
        let (version, id) = (version.leak(), id.leak());
        Box::leak(Box::new(Kubernetes { version, id, types, modules, aliases, kinds: OnceLock::new() }))
    }

    /// All types, sorted by name.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        self.types.iter()
    }

    /// The type with this full name.
    pub fn get(&self, full_name: &str) -> Option<&Type> {
        let at = self.types.binary_search_by(|known| known.full_name.cmp(full_name)).ok()?;
        self.types.get(at)
    }

    /// The type that manifests name by `apiVersion` (`apps/v1`, `v1`) and `kind`.
    pub fn find(&self, api_version: &str, kind: &str) -> Option<&Type> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let is_it = |known: &&Type| {
            known
                .resource
                .iter()
                .flat_map(|resource| &resource.kinds)
                .any(|known| known.kind == kind && known.group == group && known.version == version)
        };
        self.kinds().get(kind)?.iter().filter_map(|at| self.types.get(*at)).find(is_it)
    }

    fn kinds(&self) -> &HashMap<String, Vec<usize>> {
        self.kinds.get_or_init(|| {
            let mut found: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, known) in self.types.iter().enumerate() {
                for kind in known.resource.iter().flat_map(|resource| &resource.kinds) {
                    let types = found.entry(kind.kind.clone()).or_default();
                    if types.last() != Some(&at) {
                        types.push(at);
                    }
                }
            }
            found
        })
    }

    /// The types of a module, by what `modules` says of it.
    pub(super) fn types_at(&self, module: &[usize]) -> impl Iterator<Item = &Type> {
        module.iter().filter_map(|at| self.types.get(*at))
    }

    fn load(release: Release) -> Kubernetes {
        let (index, bodies) = embedded();
        let mut bodies = *bodies;
        let mut types = Vec::with_capacity(index.types.len());
        for entry in &index.types {
            let (body, rest) = bodies.split_at(entry.body as usize);
            bodies = rest;
            if entry.versions.has(release.0) {
                types.push(Type {
                    full_name: entry.name,
                    name: split(entry.name).1,
                    resource: resource(entry, release.0),
                    populated: entry.populated.has(release.0),
                    body,
                    version: release.0,
                    object: OnceLock::new(),
                });
            }
        }
        let (modules, aliases) = modules(&types);
        let version = release.version();
        Kubernetes { version, id: version, types, modules, aliases, kinds: OnceLock::new() }
    }
}

/// A type of a version that is not embedded.
#[derive(Debug)]
pub(super) struct Described {
    /// Its full name.
    pub(super) name: String,
    /// What the API server calls it, when it has a group-version-kind.
    pub(super) resource: Option<Resource>,
    /// Its properties, sorted by name.
    pub(super) object: ObjectType,
}

/// The index, and the bodies that follow it.
fn embedded() -> &'static (Index<'static>, &'static [u8]) {
    static INDEX: OnceLock<(Index<'static>, &'static [u8])> = OnceLock::new();
    INDEX.get_or_init(|| postcard::take_from_bytes(EMBEDDED).expect(WRITTEN_HERE))
}

/// The versions alone, which the index begins with.
fn versions() -> &'static [&'static str] {
    static VERSIONS: OnceLock<Vec<&'static str>> = OnceLock::new();
    VERSIONS.get_or_init(|| postcard::take_from_bytes(EMBEDDED).expect(WRITTEN_HERE).0)
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
        kinds.entry(split(known.full_name).0).or_insert(kind);
    }
    let mut packages: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, known) in types.iter().enumerate() {
        packages.entry(split(known.full_name).0).or_default().push(at);
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
        // Packages may share a module, and it cannot export one name twice.
        members.dedup_by_key(|at| types[*at].name());
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

    fn newest() -> &'static Kubernetes {
        Release::newest().types()
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
        for kubernetes in Release::all().map(Release::types) {
            for known in &kubernetes.types {
                let place = format!("{} in {}", known.full_name, kubernetes.version());
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
    fn versions_are_listed_and_differ() {
        let all: Vec<&str> = Release::all().map(Release::version).collect();
        assert_eq!(all.first(), Some(&"1.25"));
        assert_eq!(all.len(), 13);
        assert_eq!(all, embedded().0.versions);
        assert_eq!(newest().version(), "1.37");
        let removed = "io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscaler";
        assert!(newest().get(removed).is_none());
        assert!(Release(0).types().get(removed).is_some());
        assert!(std::ptr::eq(newest(), newest()), "it is loaded once");
    }

    #[test]
    fn the_nearest_version_is_found() {
        let nearest = |version: &str| {
            Release::nearest(version).map(|nearest| (nearest.release.version(), nearest.exact))
        };
        for version in ["1.33", "v1.33", "1.33.4", "v1.33.0-rc.1", "1.33.1+k3s1"] {
            assert_eq!(nearest(version), Some(("1.33", true)), "{version}");
        }
        for (version, used) in [("1.19", "1.25"), ("0.9", "1.25"), ("1.99", "1.37"), ("2.0", "1.37")] {
            assert_eq!(nearest(version), Some((used, false)), "{version}");
        }
        for version in ["", "1", "v", "latest", "1.x", "1.33.x", "one.two"] {
            assert_eq!(nearest(version), None, "{version}");
        }
    }

    #[test]
    fn types_are_found_by_what_manifests_name_them() {
        let name = |api_version, kind| newest().find(api_version, kind).map(|known| known.full_name);
        assert_eq!(name("apps/v1", "Deployment"), Some("io.k8s.api.apps.v1.Deployment"));
        assert_eq!(name("v1", "Pod"), Some("io.k8s.api.core.v1.Pod"));
        assert_eq!(name("networking.k8s.io/v1", "Ingress"), Some("io.k8s.api.networking.v1.Ingress"));
        assert!(name("networking/v1", "Ingress").is_none());
        assert!(name("apps/v1", "Pod").is_none() && name("v1", "Deployment").is_none());
        for release in Release::all() {
            for known in &release.types().types {
                for kind in known.resource.iter().flat_map(|resource| &resource.kinds) {
                    let found = release.types().find(&kind.api_version(), &kind.kind);
                    assert!(found.is_some_and(|found| found.resource.is_some()), "{kind:?}");
                }
            }
        }
    }

    #[test]
    fn types_say_what_validation_needs() {
        let kubernetes = newest();
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
        let resource = |name: &str| newest().get(name).unwrap().resource().unwrap();
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
