//! What the documents of one entry say about each other: the same object twice, and references to a ConfigMap, Secret,
//! ServiceAccount or claim of the entry that miss it or its key.
//!
//! What an entry does not define may be in the cluster, and is passed over. Objects belong together when their
//! namespaces are written alike: which one is meant where none is written, only who applies them knows.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Findings;
use super::kinds::node::{Node, Sink, shorten};
use crate::resource::Identity;
use crate::rule::Rule;

/// A kind that is referred to, the namespace that is written, and the name.
type Target<'v> = (&'static str, Option<&'v str>, &'v str);

/// The objects of an entry that can be referred to, each with its keys where they are all known.
type Targets<'v> = HashMap<Target<'v>, Option<HashSet<&'v str>>>;

/// Judges the documents of one entry together. Each finding has the number of its document.
pub(super) fn check_entry(documents: &[Value], findings: &mut Findings) {
    let sinks: Vec<Sink> =
        documents.iter().enumerate().map(|(index, value)| Sink::new(value, index)).collect();
    duplicates(documents, &sinks);
    let targets: Targets = documents.iter().filter_map(target).collect();
    if !targets.is_empty() {
        for (document, sink) in documents.iter().zip(&sinks) {
            let namespace = document["metadata"]["namespace"].as_str().filter(|text| !text.is_empty());
            pods(document, &sink.root(), |pod| References { targets: &targets, namespace }.of_pod(pod));
        }
    }
    findings.list.extend(sinks.into_iter().flat_map(Sink::into_findings));
}

/// Two documents of the same group, kind, namespace and name: the second replaces the first.
fn duplicates(documents: &[Value], sinks: &[Sink]) {
    let mut seen = HashMap::new();
    for (index, (document, sink)) in documents.iter().zip(sinks).enumerate() {
        let identity = Identity::of(document);
        if identity.kind.is_empty() || identity.name.is_empty() {
            continue;
        }
        let group = identity.api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        let title = identity.to_string();
        if let Some(first) = seen.insert((group, identity.kind, identity.namespace, identity.name), index) {
            sink.root().say_help(
                Rule::DuplicateResource,
                format!("{title} is rendered twice, document {first} is the same"),
                "the later one replaces the earlier one: remove one, or rename it",
            );
        }
    }
}

/// What a document can be referred to as.
fn target(document: &Value) -> Option<(Target<'_>, Option<HashSet<&str>>)> {
    if document["apiVersion"] != "v1" {
        return None;
    }
    let kind = document["kind"].as_str()?;
    let metadata = &document["metadata"];
    let name = metadata["name"].as_str().filter(|name| !name.is_empty())?;
    let namespace = metadata["namespace"].as_str().filter(|text| !text.is_empty());
    let keys = |maps: [&str; 2]| -> Option<HashSet<&str>> {
        let keys: HashSet<&str> = maps
            .iter()
            .filter_map(|map| document[*map].as_object())
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        // An empty one waits for somebody to fill it.
        (!keys.is_empty()).then_some(keys)
    };
    let (kind, keys) = match kind {
        "ConfigMap" => ("ConfigMap", keys(["data", "binaryData"])),
        // The server adds the token.
        "Secret" if document["type"] == "kubernetes.io/service-account-token" => ("Secret", None),
        "Secret" => ("Secret", keys(["data", "stringData"])),
        "ServiceAccount" => ("ServiceAccount", None),
        "PersistentVolumeClaim" => ("PersistentVolumeClaim", None),
        _ => return None,
    };
    Some(((kind, namespace, name), keys))
}

/// Hands the specs of the pods that a document describes on.
fn pods<'v>(document: &Value, root: &Node<'v, '_>, rules: impl Fn(&Node<'v, '_>)) {
    let spec = root.get("spec");
    match document["kind"].as_str().unwrap_or_default() {
        "Pod" => rules(&spec),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => {
            rules(&spec.get("template").get("spec"));
        }
        "CronJob" => rules(&spec.get("jobTemplate").get("spec").get("template").get("spec")),
        "PodTemplate" => rules(&root.get("template").get("spec")),
        _ => {}
    }
}

/// The references of one document.
struct References<'a, 'v> {
    targets: &'a Targets<'v>,
    namespace: Option<&'v str>,
}

impl References<'_, '_> {
    fn of_pod(&self, pod: &Node) {
        for account in ["serviceAccountName", "serviceAccount"] {
            self.name("ServiceAccount", &pod.get(account));
        }
        for secret in pod.get("imagePullSecrets").items() {
            self.name("Secret", &secret.get("name"));
        }
        for list in ["containers", "initContainers"] {
            for container in pod.get(list).items() {
                self.of_container(&container);
            }
        }
        for volume in pod.get("volumes").items() {
            self.name("PersistentVolumeClaim", &volume.get("persistentVolumeClaim").get("claimName"));
            self.source("ConfigMap", &volume.get("configMap"), "name");
            self.source("Secret", &volume.get("secret"), "secretName");
            for part in volume.get("projected").get("sources").items() {
                self.source("ConfigMap", &part.get("configMap"), "name");
                self.source("Secret", &part.get("secret"), "name");
            }
        }
    }

    fn of_container(&self, container: &Node) {
        for variable in container.get("env").items() {
            let source = variable.get("valueFrom");
            for (kind, field) in [("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")] {
                let reference = source.get(field);
                if !reference.get("optional").is_true() {
                    self.name(kind, &reference.get("name"));
                    self.key(kind, reference.get("name").text(), &reference.get("key"));
                }
            }
        }
        for source in container.get("envFrom").items() {
            for (kind, field) in [("ConfigMap", "configMapRef"), ("Secret", "secretRef")] {
                let reference = source.get(field);
                if !reference.get("optional").is_true() {
                    self.name(kind, &reference.get("name"));
                }
            }
        }
    }

    /// A volume of a ConfigMap or Secret, and the keys that it picks.
    fn source(&self, kind: &'static str, source: &Node, name: &str) {
        if source.get("optional").is_true() {
            return;
        }
        self.name(kind, &source.get(name));
        for item in source.get("items").items() {
            self.key(kind, source.get(name).text(), &item.get("key"));
        }
    }

    /// A key that the object must have, when the entry defines it.
    fn key(&self, kind: &'static str, name: &str, key: &Node) {
        let Some(Some(keys)) = self.targets.get(&(kind, self.namespace, name)) else { return };
        let Some(text) = key.filled().filter(|text| !keys.contains(text)) else { return };
        let mut known: Vec<&str> = keys.iter().copied().collect();
        known.sort_unstable();
        let help = match crate::diagnostic::near_miss(text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its keys are {}", shorten(&known.join(", "))),
        };
        key.say_help(
            Rule::Reference,
            format!("the {kind} `{name}` of this entry has no key {}", key.shown()),
            help,
        );
    }

    /// A name that the entry does not define, but nearly.
    fn name(&self, kind: &'static str, name: &Node) {
        let Some(text) = name.filled() else { return };
        if self.targets.contains_key(&(kind, self.namespace, text)) {
            return;
        }
        let mut near: Vec<&str> = self
            .targets
            .keys()
            .filter(|(other, namespace, known)| {
                *other == kind && *namespace == self.namespace && is_misspelt(text, known)
            })
            .map(|(_, _, known)| *known)
            .collect();
        near.sort_unstable();
        if let Some(near) = near.first() {
            name.say_help(
                Rule::Reference,
                format!("this entry has no {kind} {}, but `{near}`", name.shown()),
                format!("did you mean `{near}`?"),
            );
        }
    }
}

/// Whether two names differ by a slip in one of their words. `web-1` and `web-2`, `db-eu` and `db-us` are different
/// names on purpose: short words, and words with digits, are never taken for misspelt.
fn is_misspelt(written: &str, known: &str) -> bool {
    const WORD: usize = 5;
    let words = |text: &str| text.split(['-', '.']).map(str::to_owned).collect::<Vec<_>>();
    let (written, known) = (words(written), words(known));
    if written.len() != known.len() {
        return false;
    }
    let mut different = written.iter().zip(&known).filter(|(a, b)| a != b);
    let (Some((a, b)), None) = (different.next(), different.next()) else { return false };
    let is_word = |text: &str| text.len() >= WORD && !text.bytes().any(|byte| byte.is_ascii_digit());
    let slips = if a.len().min(b.len()) > WORD { 2 } else { 1 };
    is_word(a) && is_word(b) && strsim::damerau_levenshtein(a, b) <= slips
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kinds::testing::{deployment, object, patched, pod};
    use super::*;

    fn found(documents: &[Value]) -> Vec<(usize, Rule, String)> {
        let mut findings = Findings::default();
        check_entry(documents, &mut findings);
        findings.list.into_iter().map(|f| (f.document, f.rule, f.path.to_string())).collect()
    }

    fn config(name: &str) -> Value {
        let map = object("v1", "ConfigMap", json!({"data": {"mode": "x"}}));
        patched(&map, "/metadata/name", json!(name))
    }

    #[test]
    fn the_same_object_twice_is_told_once() {
        let web = config("web");
        let other = patched(&web, "/metadata/namespace", json!("prod"));
        assert_eq!(found(&[web.clone(), deployment(), other.clone()]), []);
        assert_eq!(found(&[other.clone(), web, other]), [(2, Rule::DuplicateResource, "$".to_owned())]);
        let old = patched(&deployment(), "/apiVersion", json!("apps/v1beta1"));
        assert_eq!(found(&[deployment(), old]).len(), 1);
    }

    #[test]
    fn keys_of_the_entrys_objects_must_be_there() {
        let variable = |reference| json!([{"name": "A", "valueFrom": {"configMapKeyRef": reference}}]);
        let env = "/spec/template/spec/containers/0/env";
        let with = |reference| patched(&deployment(), env, variable(reference));
        for good in [
            json!({"name": "web-config", "key": "mode"}),
            json!({"name": "elsewhere", "key": "any"}),
            json!({"name": "web-config", "key": "none", "optional": true}),
        ] {
            assert_eq!(found(&[config("web-config"), with(good)]), []);
        }
        let at = |rest: &str| {
            format!("$.spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.{rest}")
        };
        let bad = with(json!({"name": "web-config", "key": "modes"}));
        assert_eq!(found(&[config("web-config"), bad.clone()]), [(1, Rule::Reference, at("key"))]);
        let elsewhere = patched(&bad, "/metadata/namespace", json!("prod"));
        assert_eq!(found(&[config("web-config"), elsewhere]), []);
        let misspelt = with(json!({"name": "web-confg", "key": "mode"}));
        assert_eq!(found(&[config("web-config"), misspelt]), [(1, Rule::Reference, at("name"))]);

        let volume = json!([{"name": "data", "configMap": {"name": "web-config", "items": [{"key": "b", "path": "b"}]}}]);
        let path = "$.spec.volumes[0].configMap.items[0].key".to_owned();
        let pod = patched(&pod(), "/spec/volumes", volume);
        assert_eq!(found(&[pod, config("web-config")]), [(0, Rule::Reference, path)]);
    }

    #[test]
    fn only_slips_are_taken_for_slips() {
        for (written, known, expected) in [
            ("web-confg", "web-config", true),
            ("web-cofnig", "web-config", true),
            ("web-1", "web-2", false),
            ("db-eu", "db-us", false),
            ("web-config2", "web-config", false),
            ("web", "web-config", false),
            ("a-settings", "b-settings", false),
        ] {
            assert_eq!(is_misspelt(written, known), expected, "{written} {known}");
        }
    }
}
