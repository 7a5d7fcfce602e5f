//! Custom resource definitions.

use serde_json::{Map, Value, json};

use super::codegen::{Builder, type_name};
use super::documents::{self, Document};
use super::model::{GroupVersionKind, Scope};
use super::module::Own;
use crate::diagnostic::{Diagnostic, Snippet};
use crate::tree::RelPath;

/// A custom resource definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Crd {
    /// `cert-manager.io`.
    pub group: String,
    /// `Certificate`.
    pub kind: String,
    /// `certificates`.
    pub plural: String,
    /// Where its objects live.
    pub scope: Scope,
    /// The file that it is from.
    pub path: RelPath,
    /// Its versions, in the order in which they are written.
    pub versions: Vec<CrdVersion>,
}

/// A version of a custom resource.
#[derive(Debug, Clone, PartialEq)]
pub struct CrdVersion {
    /// `v1`.
    pub name: String,
    /// Whether the API server takes it. Nothing is built from one that it does not.
    pub served: bool,
    /// Whether it is the version that objects are stored as.
    pub storage: bool,
    /// Whether the API server warns of it.
    pub deprecated: bool,
    /// What the API server says then; `None`: its standard text.
    pub deprecation_warning: Option<String>,
    /// Whether its status is a subresource: what is written there when it is created is thrown away.
    pub status_subresource: bool,
    /// Its `openAPIV3Schema` as it is written; one that takes anything when there is none.
    pub schema: Value,
}

/// Reads the definitions in a file of YAML or JSON documents, also those in lists. Other documents are left out.
///
/// The diagnostics tell what cannot be read; then nothing else of the file is. Needs
/// [`STACK_BYTES`](super::STACK_BYTES) of stack.
pub fn parse(path: &RelPath, text: &str) -> (Vec<Crd>, Vec<Diagnostic>) {
    // Most manifests are none; to know that, they need not be read.
    if !text.contains("CustomResourceDefinition") {
        return (Vec::new(), Vec::new());
    }
    let documents = match documents::read(path, text) {
        Ok(documents) => documents,
        Err(error) => return (Vec::new(), vec![error]),
    };
    let (mut crds, mut diagnostics) = (Vec::new(), Vec::new());
    for Document { value, place } in &documents {
        for definition in definitions(value) {
            match read(path, definition) {
                Ok(crd) => crds.push(crd),
                Err(message) => {
                    let name = definition
                        .pointer("/metadata/name")
                        .and_then(Value::as_str)
                        .unwrap_or("without a name");
                    let error = format!("the CustomResourceDefinition {name} is wrong: {message}");
                    let snippet = Snippet::new(text, place.line, place.column, 1);
                    diagnostics.push(Diagnostic::error(error).at(place.clone()).with_snippet(snippet));
                }
            }
        }
    }
    (crds, diagnostics)
}

/// The definitions that a document is, or lists.
fn definitions(document: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut pending = vec![document];
    while let Some(value) = pending.pop() {
        match value.get("kind").and_then(Value::as_str) {
            Some("CustomResourceDefinition") if is_of_apiextensions(value) => found.push(value),
            Some("List" | "CustomResourceDefinitionList") => {
                let items = value.get("items").and_then(Value::as_array);
                pending.extend(items.into_iter().flatten().rev());
            }
            _ => {}
        }
    }
    found
}

fn is_of_apiextensions(value: &Value) -> bool {
    let version = value.get("apiVersion").and_then(Value::as_str);
    matches!(version, Some("apiextensions.k8s.io/v1" | "apiextensions.k8s.io/v1beta1"))
}

/// # Errors
///
/// What is missing or wrong.
fn read(path: &RelPath, definition: &Value) -> Result<Crd, String> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str);
    let required = |pointer: &str, is_fine: fn(&str) -> bool| {
        let name = pointer.trim_start_matches('/').replace('/', ".");
        match text(pointer) {
            Some(text) if is_fine(text) => Ok(text.to_owned()),
            Some(text) => Err(format!("{name} cannot be {text:?}")),
            None => Err(format!("{name} is missing")),
        }
    };
    let kind = required("/spec/names/kind", is_kind)?;
    let plural =
        text("/spec/names/plural").map_or_else(|| format!("{}s", kind.to_lowercase()), str::to_owned);
    Ok(Crd {
        group: required("/spec/group", is_group)?,
        plural,
        scope: if text("/spec/scope") == Some("Cluster") { Scope::Cluster } else { Scope::Namespaced },
        path: path.clone(),
        versions: versions(&definition["spec"])?,
        kind,
    })
}

fn versions(spec: &Value) -> Result<Vec<CrdVersion>, String> {
    // v1beta1 may have one schema for all versions, and name a single version beside the list.
    let common = spec.pointer("/validation/openAPIV3Schema");
    let mut found = Vec::new();
    for version in spec.get("versions").and_then(Value::as_array).into_iter().flatten() {
        let name = version.get("name").and_then(Value::as_str).ok_or("a version without a name")?;
        let flag = |key: &str| version.get(key).and_then(Value::as_bool);
        found.push(CrdVersion {
            served: flag("served").unwrap_or(true),
            storage: flag("storage").unwrap_or(false),
            deprecated: flag("deprecated").unwrap_or(false),
            deprecation_warning: version.get("deprecationWarning").and_then(Value::as_str).map(str::to_owned),
            status_subresource: [version, spec].iter().any(|of| of.pointer("/subresources/status").is_some()),
            ..CrdVersion::new(name, version.pointer("/schema/openAPIV3Schema").or(common))
        });
    }
    if found.is_empty() {
        let name = spec.get("version").and_then(Value::as_str).ok_or("spec.versions is missing")?;
        found.push(CrdVersion::new(name, common));
    }
    match found.iter().find(|version| !is_version(&version.name)) {
        Some(wrong) => Err(format!("a version cannot be called {:?}", wrong.name)),
        None => Ok(found),
    }
}

impl CrdVersion {
    fn new(name: &str, schema: Option<&Value>) -> CrdVersion {
        CrdVersion {
            name: name.to_owned(),
            served: true,
            storage: true,
            deprecated: false,
            deprecation_warning: None,
            status_subresource: false,
            schema: schema
                .cloned()
                .unwrap_or_else(|| json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})),
        }
    }
}

// Names become names of modules and functions: nothing but what the API server takes.

fn is_group(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-')
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_kind(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The builders of one version of a custom resource: its own, and those of the objects nested in it, whose names
/// accumulate (`CertificateSpecIssuerRef`). A name that is taken stays as it is.
pub(super) fn add_builders(crd: &Crd, version: &CrdVersion, builders: &mut Own) {
    let kind =
        GroupVersionKind { group: crd.group.clone(), version: version.name.clone(), kind: crd.kind.clone() };
    let spec = version.schema.pointer("/properties/spec").unwrap_or(&Value::Null);
    let resource = Builder::resource(kind, names(spec), names(&version.schema), has_pod_template(spec));
    let name = type_name(std::iter::once(crd.kind.as_str()));
    builders.entry(name.clone()).or_insert(resource);
    let mut pending = vec![(name, &version.schema)];
    while let Some((name, object)) = pending.pop() {
        for (property, schema) in properties(object) {
            let is_resource = std::ptr::eq(object, &version.schema);
            if is_resource && ["apiVersion", "kind", "metadata"].contains(&property) {
                continue;
            }
            let Some(nested) = object_in(schema) else { continue };
            let name = type_name(std::iter::once(name.as_str()).chain(property.split(['-', '_'])));
            builders.entry(name.clone()).or_insert_with(|| Builder::part(names(nested)));
            pending.push((name, nested));
        }
    }
}

/// Whether the schema of a spec has the template of a pod.
pub(super) fn has_pod_template(spec: &Value) -> bool {
    spec.pointer("/properties/template/properties/spec/properties/containers").is_some()
}

/// The object with properties that a schema describes: itself, or what its items or values are.
pub(super) fn object_in(mut schema: &Value) -> Option<&Value> {
    loop {
        if schema.get("properties").is_some_and(Value::is_object) {
            return Some(schema);
        }
        schema = schema.get("items").or_else(|| schema.get("additionalProperties"))?;
    }
}

/// The properties of an object, sorted by name.
fn properties(object: &Value) -> Vec<(&str, &Value)> {
    let properties = object.get("properties").and_then(Value::as_object);
    let mut found: Vec<_> =
        properties.into_iter().flat_map(Map::iter).map(|(name, schema)| (name.as_str(), schema)).collect();
    found.sort_unstable_by_key(|(name, _)| *name);
    found
}

fn names(object: &Value) -> impl Iterator<Item = &str> {
    properties(object).into_iter().map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<Crd>, Vec<String>) {
        let (crds, diagnostics) = super::parse(&RelPath::new("crds/a.yaml").unwrap(), text);
        (crds, diagnostics.iter().map(ToString::to_string).collect())
    }

    const CERTIFICATE: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: certificates.cert-manager.io}
spec:
  group: cert-manager.io
  names: {kind: Certificate, plural: certificates}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            apiVersion: {type: string}
            metadata: {type: object, properties: {name: {type: string}}}
            enabled: {type: boolean}
            spec:
              type: object
              properties:
                secretName: {type: string}
                issuerRef: {type: object, properties: {name: {type: string}, kind: {type: string}}}
                dns_names:
                  type: array
                  items: {type: object, properties: {name: {type: string}}}
                keystores:
                  type: object
                  additionalProperties: {type: object, properties: {alias: {type: string}}}
                template:
                  type: object
                  properties:
                    spec: {type: object, properties: {containers: {type: array, items: {type: object}}}}
            status: {type: object, properties: {ready: {type: boolean}}}
    - name: v1alpha1
      served: false
      storage: false
      deprecated: true
      deprecationWarning: use v1
      schema: {openAPIV3Schema: {type: object}}
"#;

    fn builders(crd: &Crd, version: usize) -> Own {
        let mut builders = Own::new();
        add_builders(crd, &crd.versions[version], &mut builders);
        builders
    }

    #[test]
    fn definitions_are_read_from_documents_and_lists() {
        let (crds, diagnostics) = parse(&format!(
            "kind: ConfigMap\n---{CERTIFICATE}---\n{}",
            r#"
kind: List
items:
- {kind: Secret}
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  spec:
    group: a.io
    names: {kind: A}
    scope: Cluster
    versions: [{name: v1, served: true, storage: true}]
"#
        ));
        assert_eq!(diagnostics, [""; 0]);
        let [certificate, a] = &crds[..] else { panic!("two definitions: {crds:?}") };
        assert_eq!(certificate.plural, "certificates");
        assert_eq!((a.plural.as_str(), a.scope), ("as", Scope::Cluster));
        assert_eq!(a.versions[0].schema["x-kubernetes-preserve-unknown-fields"], true);
        let [v1, v1alpha1] = &certificate.versions[..] else { panic!("two versions") };
        assert!(v1.served && v1.storage && !v1.deprecated && v1.schema["properties"].is_object());
        assert!(!v1alpha1.served && v1alpha1.deprecated);
        assert_eq!(v1alpha1.deprecation_warning.as_deref(), Some("use v1"));
    }

    #[test]
    fn the_older_form_is_read() {
        let (crds, diagnostics) = parse(
            "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nspec:\n  group: a.io\n  \
             version: v1\n  names: {kind: A, plural: as}\n  validation: {openAPIV3Schema: {type: object}}\n---\n\
             apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nspec:\n  group: b.io\n  \
             names: {kind: B, plural: bs}\n  versions: [{name: v1, served: true, storage: true}, {name: v2, served: \
             true, storage: false, schema: {openAPIV3Schema: {type: array}}}]\n  validation: {openAPIV3Schema: {type: object}}\n",
        );
        assert_eq!(diagnostics, [""; 0]);
        let versions: Vec<(&str, &Value)> = crds
            .iter()
            .flat_map(|crd| &crd.versions)
            .map(|version| (version.name.as_str(), &version.schema["type"]))
            .collect();
        let (object, array) = (json!("object"), json!("array"));
        assert_eq!(versions, [("v1", &object), ("v1", &object), ("v2", &array)]);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_document() {
        let wrong = |from: &str, to: &str| parse(&CERTIFICATE.replace(from, to)).1;
        let told = |message: &str| {
            [format!(
                "crds/a.yaml:2:1: the CustomResourceDefinition certificates.cert-manager.io is wrong: {message}"
            )]
        };
        assert_eq!(wrong("group: cert-manager.io", "grop: x"), told("spec.group is missing"));
        assert_eq!(wrong("group: cert-manager.io", "group: 'a#b'"), told("spec.group cannot be \"a#b\""));
        assert_eq!(
            wrong("kind: Certificate,", "kind: 'A(){}',"),
            told("spec.names.kind cannot be \"A(){}\"")
        );
        assert_eq!(wrong("name: v1\n", "name: 'v 1'\n"), told("a version cannot be called \"v 1\""));
        assert_eq!(wrong("versions:", "version_s:"), told("spec.versions is missing"));
        assert!(wrong("scope: Namespaced", "scope: [")[0].starts_with("crds/a.yaml:"));
        assert_eq!(parse("{{ not read: [").1, [""; 0], "a file without definitions is not looked into");
    }

    #[test]
    fn nested_objects_have_builders_whose_names_accumulate() {
        let (crds, _) = parse(CERTIFICATE);
        let builders = builders(&crds[0], 0);
        let part = |properties: &str| Builder::Part { properties: properties.to_owned() };
        let names: Vec<&str> = builders.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "Certificate",
                "CertificateSpec",
                "CertificateSpecDnsNames",
                "CertificateSpecIssuerRef",
                "CertificateSpecKeystores",
                "CertificateSpecTemplate",
                "CertificateSpecTemplateSpec",
                "CertificateStatus",
            ]
        );
        assert_eq!(builders["CertificateSpecIssuerRef"], part("kind name"));
        assert_eq!(builders["CertificateSpecDnsNames"], part("name"));
        assert_eq!(builders["CertificateSpecKeystores"], part("alias"));
        let Builder::Resource { kind, spec, top, pod_template } = &builders["Certificate"] else {
            panic!("a resource")
        };
        assert_eq!(kind.api_version(), "cert-manager.io/v1");
        assert_eq!(spec, "dns_names issuerRef keystores secretName template");
        assert_eq!((top.as_str(), *pod_template), ("enabled", true));
    }
}
