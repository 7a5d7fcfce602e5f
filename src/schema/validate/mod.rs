//! Rendered documents, judged as the API server would, offline.
//!
//! Each document is first decoded against its type, then looked at by hand-written rules; custom resources are judged by
//! the schema of their definition. At last the documents of an entry are looked at together.

mod api;
mod cel;
mod decode;
mod demands;
mod duplicates;
mod entry;
mod formats;
mod kinds;
mod metadata;
mod names;
mod quantity;
mod search;
mod structural;
mod unknown;
#[cfg(test)]
mod verdicts;
mod warnings;
mod words;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Schemas;
use super::crd::{Crd, CrdVersion};
use crate::resource::{At, JsonPath};
use crate::rule::Rule;
pub use kinds::ImageName;
pub use quantity::Quantity;
use structural::StructuralSchema;

/// The type of every resource's metadata.
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Judges the documents of an entry. Findings are told once each, in no particular order.
pub fn documents(documents: &[Value], schemas: &Schemas) -> Vec<Finding> {
    let mut judge = Judge { schemas, findings: Findings::default(), structural: HashMap::new() };
    for (number, document) in documents.iter().enumerate() {
        judge.findings.document = number;
        judge.document(document);
    }
    entry::check_entry(documents, &mut judge.findings);
    let mut told = HashSet::new();
    let mut found = judge.findings.list;
    found.retain(|finding| {
        told.insert((finding.document, finding.path.clone(), finding.rule, finding.message.clone()))
    });
    found
}

/// What becomes of the documents of an `apiVersion` and `kind`: a finding of [`Rule::RemovedApi`] or
/// [`Rule::DeprecatedApi`], if the project's version of Kubernetes, or the definition of a custom resource, says so.
pub fn lifecycle(api_version: &str, kind: &str, schemas: &Schemas) -> Option<Finding> {
    let mut findings = Findings::default();
    let kubernetes = schemas.kubernetes();
    let target = api::Target::new(kubernetes, api_version, kind);
    match schemas.custom(api_version, kind) {
        Some((crd, version)) => deprecated_version(crd, version, &target, &mut findings),
        None => {
            let served = kubernetes.find(api_version, kind).is_some();
            api::lifecycle(kubernetes, &target, served, &mut findings);
        }
    }
    findings.list.pop()
}

/// Tells that a version of a custom resource is deprecated.
fn deprecated_version(crd: &Crd, version: &CrdVersion, target: &api::Target<'_>, findings: &mut Findings) {
    if version.deprecated {
        let standard = || format!("{} {} is deprecated", target.api_version(), crd.kind);
        let message = version.deprecation_warning.clone().unwrap_or_else(standard);
        findings.add(Rule::DeprecatedApi, At::Root.key("apiVersion"), message);
    }
}

/// Judges one document after the other.
struct Judge<'s> {
    schemas: &'s Schemas,
    findings: Findings,
    /// The schemas that were needed so far, by the address of the version that they are of.
    structural: HashMap<*const CrdVersion, StructuralSchema>,
}

impl Judge<'_> {
    fn document(&mut self, document: &Value) {
        let findings = &mut self.findings;
        let is_resource = ["apiVersion", "kind"].iter().any(|key| document.get(key).is_some());
        if !is_resource && self.schemas.has_charts() {
            // Values for a chart.
            return;
        }
        let Some((api_version, kind)) = metadata::type_of(document, findings) else { return };
        let kubernetes = self.schemas.kubernetes();
        let target = api::Target::new(kubernetes, api_version, kind);
        if let Some((crd, version)) = self.schemas.custom(api_version, kind) {
            return self.custom(crd, version, &target, document);
        }
        let root = kubernetes.find(api_version, kind);
        if api::lifecycle(kubernetes, &target, root.is_some(), findings) {
            return;
        }
        match root {
            Some(root) => {
                decode::decode(kubernetes, root, document, findings);
                metadata::metadata(
                    &target,
                    root.resource().and_then(|resource| resource.scope),
                    document,
                    findings,
                );
                warnings::warnings(&target, document, findings);
                kinds::check(document, findings);
            }
            None => {
                let message = format!("nothing is known of {kind} in {api_version}: it was not checked");
                let help = "name its CustomResourceDefinition in [resources] of husako.toml".to_owned();
                findings.add_with_help(Rule::UnknownKind, At::Root.key("kind"), message, Some(help));
                metadata::metadata(&target, None, document, findings);
                unknown::quantities(document, At::Root, findings);
            }
        }
    }

    fn custom(&mut self, crd: &Crd, version: &CrdVersion, target: &api::Target<'_>, document: &Value) {
        let findings = &mut self.findings;
        deprecated_version(crd, version, target, findings);
        let metadata = document.get("metadata").unwrap_or(&Value::Null);
        if let Some(known) = self.schemas.kubernetes().get(OBJECT_META) {
            decode::decode_at(self.schemas.kubernetes(), known, At::Root.key("metadata"), metadata, findings);
        }
        metadata::metadata(target, Some(crd.scope), document, findings);
        let schema = self.structural.entry(std::ptr::from_ref(version)).or_insert_with(|| {
            StructuralSchema::parse(&version.schema).with_status_subresource(version.status_subresource)
        });
        structural::check(schema, document, findings);
    }
}

/// Something that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which of the documents, from 0.
    pub document: usize,
    /// Where in it.
    pub path: JsonPath,
    /// The rule that it breaks.
    pub rule: Rule,
    /// What is wrong: lowercase, no full stop, without the path.
    pub message: String,
    /// What to do next, where it can be said.
    pub help: Option<String>,
}

/// The findings about one document, as they are made.
#[derive(Debug, Default)]
pub struct Findings {
    /// The document that is looked at, from 0.
    pub document: usize,
    /// What was found.
    pub list: Vec<Finding>,
}

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, rule: Rule, at: At<'_>, message: impl Into<String>) {
        self.list.push(Finding {
            document: self.document,
            path: at.path(),
            rule,
            message: message.into(),
            help: None,
        });
    }

    /// Adds a finding, and what to do about it.
    pub fn add_with_help(
        &mut self,
        rule: Rule,
        at: At<'_>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.add(rule, at, message);
        if let Some(last) = self.list.last_mut() {
            last.help = help;
        }
    }
}
