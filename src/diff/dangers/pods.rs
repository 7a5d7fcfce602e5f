//! Where the pods of resources are, and the containers in them.

use std::collections::HashMap;

use serde_json::Value;

use super::Change;
use super::field::{Field, get, items, text};

/// The lists of containers, as the type of a pod orders them.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// The pod that a resource is or makes, on both sides.
pub(super) struct Pod<'a> {
    /// Its metadata.
    pub(super) metadata: Field<'a>,
    /// Its spec.
    pub(super) spec: Field<'a>,
}

/// A container of the head, with what it was on the base. It keeps its name when it moves to another of a pod's lists.
pub(super) struct Container<'a> {
    /// The container.
    pub(super) field: Field<'a>,
    /// The `securityContext` of its pod.
    pub(super) pod_security: Field<'a>,
    /// The `resources` of its pod.
    pub(super) pod_resources: Field<'a>,
    /// What its pod has as `metadata.annotations`.
    pub(super) annotations: Field<'a>,
    /// Its name, if it has one.
    pub(super) name: &'a str,
    /// The head's `hostNetwork` of its pod.
    pub(super) on_host_network: bool,
}

impl<'a> Pod<'a> {
    /// Finds it. Custom kinds keep it where most of Kubernetes' own do.
    pub(super) fn of(change: &Change<'a>) -> Option<Pod<'a>> {
        let document = &change.document;
        let template = match (change.group(), change.identity.kind.as_str()) {
            ("", "Pod") => document.clone(),
            ("", "PodTemplate") => document.get("template"),
            ("batch", "CronJob") => document.at(&["spec", "jobTemplate", "spec", "template"]),
            _ => document.at(&["spec", "template"]),
        };
        let pod = Pod { metadata: template.get("metadata"), spec: template.get("spec") };
        let containers = pod.spec.get("containers");
        (containers.before.is_array() || containers.after.is_array()).then_some(pod)
    }

    /// The containers of the head.
    pub(super) fn containers(&self) -> Vec<Container<'a>> {
        let mut before: HashMap<&'a str, &'a Value> = HashMap::new();
        for container in LISTS.iter().flat_map(|list| items(get(self.spec.before, list))) {
            before.entry(text(get(container, "name"))).or_insert(container);
        }
        let paired = LISTS.iter().flat_map(|list| self.spec.get(list).items(&["name"]));
        paired
            .filter(|field| !field.after.is_null())
            .map(|field| {
                let name = text(get(field.after, "name"));
                let elsewhere = before.get(name).filter(|_| field.is_new() && !name.is_empty());
                Container {
                    field: match elsewhere {
                        Some(before) => field.since(before),
                        None => field,
                    },
                    pod_security: self.spec.get("securityContext"),
                    pod_resources: self.spec.get("resources"),
                    annotations: self.metadata.get("annotations"),
                    name,
                    on_host_network: get(self.spec.after, "hostNetwork").as_bool() == Some(true),
                }
            })
            .collect()
    }
}

impl<'a> Container<'a> {
    /// A setting of its security context, else of its pod's: where the head has it, else where the base had it.
    pub(super) fn security(&self, keys: &[&'a str]) -> Field<'a> {
        let own = self.field.get("securityContext").at(keys);
        let pods = self.pod_security.at(keys);
        // A container that is new had nothing from its pod before.
        let inherited = if self.field.is_new() { own.before } else { pods.before };
        let before = if own.before.is_null() { inherited } else { own.before };
        let is_own = match (own.after.is_null(), pods.after.is_null()) {
            (false, _) => true,
            (true, false) => false,
            (true, true) => !own.before.is_null() || pods.before.is_null(),
        };
        if is_own { own.since(before) } else { pods.since(before) }
    }
}
