//! All schemas of a project.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::chart::Chart;
use super::crd::{self, Crd, CrdVersion};
use super::kubernetes::{Kubernetes, Release, Version};
use super::module::{Module, Own};

/// The types that a project builds with and is judged by.
///
/// Nothing is made of them before it is asked for.
#[derive(Debug)]
pub struct Schemas {
    kubernetes: Version,
    crds: Vec<Crd>,
    charts: Vec<Chart>,
    id: usize,
    /// Which of `crds` are of a kind.
    kinds: OnceLock<HashMap<String, Vec<usize>>>,
    /// The modules of CRDs, by canonical name.
    custom: OnceLock<BTreeMap<String, CustomModule>>,
    /// The modules of charts, and which of `charts` they are of.
    helm: OnceLock<BTreeMap<String, (usize, OnceLock<Own>)>>,
}

/// The module that CRDs of one group and version are in.
#[derive(Debug, Default)]
struct CustomModule {
    /// Index of the CRD and of its version.
    members: Vec<(usize, usize)>,
    builders: OnceLock<Own>,
}

/// The newest Kubernetes, and nothing else.
impl Default for Schemas {
    fn default() -> Schemas {
        Schemas::new(Release::newest(), Vec::new(), Vec::new())
    }
}

impl Schemas {
    /// The types of a Kubernetes version, of CRDs, and of charts. The first CRD of a group and kind counts, and the first
    /// chart of a name.
    pub fn new(kubernetes: impl Into<Version>, crds: Vec<Crd>, charts: Vec<Chart>) -> Schemas {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        Schemas {
            kubernetes: kubernetes.into(),
            crds,
            charts,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            kinds: OnceLock::new(),
            custom: OnceLock::new(),
            helm: OnceLock::new(),
        }
    }

    /// Tells these schemas apart from all others of the process.
    pub fn id(&self) -> usize {
        self.id
    }

    /// Kubernetes' own types, in the project's version.
    pub fn kubernetes(&self) -> &'static Kubernetes {
        self.kubernetes.types()
    }

    /// Whether it has charts: then a document may be values for one, and no resource.
    pub fn has_charts(&self) -> bool {
        !self.charts.is_empty()
    }

    /// The definition of a custom resource, and the version of it, that a manifest names by `apiVersion` and `kind`.
    /// `None` also for a version that is not served.
    pub fn custom(&self, api_version: &str, kind: &str) -> Option<(&Crd, &CrdVersion)> {
        let (group, version) = api_version.split_once('/')?;
        let kinds = self.kinds.get_or_init(|| {
            let mut kinds: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, crd) in self.crds.iter().enumerate() {
                kinds.entry(crd.kind.clone()).or_default().push(at);
            }
            kinds
        });
        let crd = kinds.get(kind)?.iter().map(|at| &self.crds[*at]).find(|crd| crd.group == group)?;
        let version = crd.versions.iter().find(|known| known.served && known.name == version)?;
        Some((crd, version))
    }

    /// The module that is imported as `specifier`: `k8s/apps/v1`, `k8s/cert-manager.io/v1`, `helm/web`.
    pub fn module(&self, specifier: &str) -> Option<Module<'_>> {
        if specifier.starts_with("helm/") {
            let (name, (chart, builders)) = self.helm_modules().get_key_value(specifier)?;
            let own = builders.get_or_init(|| self.charts[*chart].builders());
            return Some(Module { name, embedded: None, own: Some(own) });
        }
        let embedded = self.kubernetes().module(specifier);
        let name = embedded.map_or(specifier, Module::name);
        match self.custom_modules().get_key_value(name) {
            Some((name, module)) => Some(Module {
                name,
                embedded: embedded.and_then(|module| module.embedded),
                own: Some(module.builders.get_or_init(|| self.builders(module))),
            }),
            None => embedded,
        }
    }

    /// Every name that a module can be imported by.
    pub fn module_names(&self) -> impl Iterator<Item = String> {
        let own = self.custom_modules().keys().chain(self.helm_modules().keys()).cloned();
        self.kubernetes().module_names().map(str::to_owned).chain(own)
    }

    /// The name of every module, each once.
    pub(super) fn canonical_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.module_names().filter_map(|name| Some(self.module(&name)?.name().to_owned())).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The chart of a module.
    pub(super) fn chart(&self, module: &str) -> Option<&Chart> {
        self.helm_modules().get(module).and_then(|(chart, _)| self.charts.get(*chart))
    }

    /// The custom resources of a module.
    pub(super) fn crds_of(&self, module: &str) -> impl Iterator<Item = (&Crd, &CrdVersion)> {
        let members = self.custom_modules().get(module).into_iter().flat_map(|module| &module.members);
        members.map(|(crd, version)| (&self.crds[*crd], &self.crds[*crd].versions[*version]))
    }

    /// All versions of custom resources that are served.
    pub(super) fn all_crds(&self) -> impl Iterator<Item = (&Crd, &CrdVersion)> {
        self.crds.iter().flat_map(|crd| {
            crd.versions.iter().filter(|version| version.served).map(move |version| (crd, version))
        })
    }

    /// The newest other version of Kubernetes that has a module of this name.
    pub fn release_with_module(&self, specifier: &str) -> Option<Release> {
        Release::all().rev().find(|release| release.types().module(specifier).is_some())
    }

    fn helm_modules(&self) -> &BTreeMap<String, (usize, OnceLock<Own>)> {
        self.helm.get_or_init(|| {
            let mut modules = BTreeMap::new();
            for (at, chart) in self.charts.iter().enumerate() {
                modules.entry(format!("helm/{}", chart.name)).or_insert((at, OnceLock::new()));
            }
            modules
        })
    }

    fn custom_modules(&self) -> &BTreeMap<String, CustomModule> {
        self.custom.get_or_init(|| {
            let mut modules: BTreeMap<String, CustomModule> = BTreeMap::new();
            for (at, crd) in self.crds.iter().enumerate() {
                for (version_at, version) in
                    crd.versions.iter().enumerate().filter(|(_, version)| version.served)
                {
                    let name = format!("k8s/{}/{}", crd.group, version.name);
                    // Kubernetes may have other kinds of the same group.
                    let embedded = self.kubernetes().module(&name);
                    let name = embedded.map_or(name, |module| module.name().to_owned());
                    modules.entry(name).or_default().members.push((at, version_at));
                }
            }
            modules
        })
    }

    fn builders(&self, module: &CustomModule) -> Own {
        let mut own = Own::new();
        for (crd, version) in &module.members {
            crd::add_builders(&self.crds[*crd], &self.crds[*crd].versions[*version], &mut own);
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::module::Names;
    use crate::tree::RelPath;

    fn crds(text: &str) -> Vec<Crd> {
        let (crds, diagnostics) = crd::parse(&RelPath::new("crds.yaml").unwrap(), text);
        assert_eq!(diagnostics, []);
        crds
    }

    fn definition(group: &str, kind: &str, versions: &str) -> String {
        format!(
            "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: {group}\n  names: \
             {{kind: {kind}, plural: {}s}}\n  versions: {versions}\n",
            kind.to_lowercase()
        )
    }

    fn schemas() -> Schemas {
        let spec = "schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {}}}}}}";
        let text = [
            definition(
                "example.com",
                "Thing",
                &format!("[{{name: v1, served: true, {spec}}}, {{name: v0, served: false}}]"),
            ),
            definition("example.com", "Other", "[{name: v1, served: true}]"),
            definition("networking.k8s.io", "Mesh", "[{name: v1, served: true}]"),
        ];
        let chart = |name: &str| {
            let path = RelPath::new("values.schema.json").unwrap();
            Chart::parse(name, &path, r#"{"properties": {"replicas": {}}}"#).unwrap()
        };
        Schemas::new(Release::newest(), crds(&text.concat()), vec![chart("web"), chart("acme:db#1")])
    }

    #[test]
    fn modules_are_made_of_all_schemas() {
        let schemas = schemas();
        let exports = |module: &str| -> Vec<String> {
            schemas.module(module).unwrap().exports().map(str::to_owned).collect()
        };
        assert_eq!(exports("k8s/example.com/v1"), ["Other", "Thing", "ThingSpec"]);
        assert_eq!(exports("helm/web"), ["Values", "Web"]);
        assert!(schemas.module("helm/acme:db#1").is_some());
        for unknown in ["k8s/example.com/v0", "k8s/example/v1", "helm/db", "helm/", "k8s/"] {
            assert!(schemas.module(unknown).is_none(), "{unknown}");
        }
        assert!(schemas.module("k8s/apps/v1").unwrap().is_shared());
        assert_eq!(
            schemas.module("k8s/example.com/v1").unwrap().source(Names::Only(&["ThingSpec"].into())),
            "import { schema } from \"husako:builders\";\n\
             export function ThingSpec() { return schema(\"example.com/v1.ThingSpec\", \"size\"); }\n"
        );
        let names: Vec<String> = schemas.module_names().collect();
        for name in names.iter() {
            assert!(schemas.module(name).is_some(), "{name}");
        }
        assert!(
            names.iter().any(|name| name == "helm/web") && names.iter().any(|name| name == "k8s/core/v1")
        );
    }

    #[test]
    fn kinds_of_a_group_that_kubernetes_has_are_added_to_its_module() {
        let schemas = schemas();
        for name in ["k8s/networking/v1", "k8s/networking.k8s.io/v1"] {
            let module = schemas.module(name).unwrap();
            assert_eq!(module.name(), "k8s/networking/v1");
            assert!(!module.is_shared());
            let exports: Vec<&str> = module.exports().collect();
            assert!(exports.contains(&"Ingress") && exports.contains(&"Mesh"));
            let source = module.source(Names::All);
            assert!(source.contains("resource(\"networking.k8s.io/v1\", \"Mesh\""), "{source}");
        }
        assert!(Schemas::default().module("k8s/networking/v1").unwrap().is_shared());
    }

    #[test]
    fn custom_resources_are_found_by_what_manifests_name_them() {
        let schemas = schemas();
        let (crd, version) = schemas.custom("example.com/v1", "Thing").unwrap();
        assert_eq!((crd.plural.as_str(), version.name.as_str()), ("things", "v1"));
        assert!(version.schema["properties"]["spec"].is_object());
        for (api_version, kind) in [
            ("example.com/v0", "Thing"),
            ("example.com/v1", "Thin"),
            ("v1", "Thing"),
            ("apps/v1", "Deployment"),
        ] {
            assert!(schemas.custom(api_version, kind).is_none(), "{api_version} {kind}");
        }
        assert!(schemas.id() != Schemas::default().id());
    }
}
