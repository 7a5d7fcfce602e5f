//! What a resource says of itself: `apiVersion`, `kind` and `metadata`.
//!
//! The rules are those of `k8s.io/apimachinery/pkg/api/validation` and of the kinds' own `ValidateObjectMeta` calls.

use serde_json::{Map, Value};

use super::Findings;
use super::api::Target;
use super::names::{self, Syntax};
use super::words::quoted;
use crate::resource::At;
use crate::rule::Rule;
use crate::schema::model::Scope;

/// The most bytes that all annotations of a resource may have.
const ANNOTATIONS: usize = 256 * 1024;
/// Finalizers that need no domain.
const FINALIZERS: [&str; 3] = ["foregroundDeletion", "kubernetes", "orphan"];

/// `apiVersion` and `kind` of a document. What is missing, or no string, is told.
pub(super) fn type_of<'d>(document: &'d Value, findings: &mut Findings) -> Option<(&'d str, &'d str)> {
    if !document.is_object() {
        findings.add(Rule::Type, At::Root, "expected an object with apiVersion and kind");
        return None;
    }
    let mut text = |key: &str| match document.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.as_str()),
        None | Some(Value::Null | Value::String(_)) => {
            findings.add(Rule::Required, At::Root, format!("missing required field `{key}`"));
            None
        }
        Some(_) => {
            findings.add(Rule::Type, At::Root.key(key), "expected a string");
            None
        }
    };
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if let Some(api_version) = api_version.filter(|text| text.matches('/').count() > 1) {
        let message =
            format!("expected a group and a version such as \"apps/v1\", got {}", quoted(api_version));
        findings.add(Rule::Value, At::Root.key("apiVersion"), message);
        return None;
    }
    api_version.zip(kind)
}

/// Judges the metadata of a resource, and that of the pods it makes. Types of values are left to the decoder.
///
/// `scope` is that of the kind, where it is known.
pub(super) fn metadata(target: &Target<'_>, scope: Option<Scope>, document: &Value, findings: &mut Findings) {
    let at = At::Root.key("metadata");
    let nothing = Map::new();
    let (metadata, place) = match document.get("metadata") {
        Some(Value::Object(metadata)) => (metadata, at),
        None | Some(Value::Null) => (&nothing, At::Root),
        Some(_) => return,
    };
    let mut judge = Judge { target, findings };
    judge.name(metadata, at, place, scope);
    judge.namespace(metadata, at, scope);
    judge.labels_and_annotations(metadata, at);
    judge.finalizers(metadata, at.key("finalizers"));
    judge.owners(metadata, at.key("ownerReferences"));
    if text(metadata, "resourceVersion").is_some_and(|version| version != "0") {
        let at = at.key("resourceVersion");
        let message = "the server creates nothing that has one: remove it, with all else that it fills in";
        judge.findings.add(Rule::ServerWarning, at, message);
    }
    judge.template(document);
}

struct Judge<'f> {
    target: &'f Target<'f>,
    findings: &'f mut Findings,
}

impl Judge<'_> {
    fn name(&mut self, metadata: &Map<String, Value>, at: At<'_>, place: At<'_>, scope: Option<Scope>) {
        let syntax = syntax(self.target);
        match (text(metadata, "name"), text(metadata, "generateName")) {
            (None, None) if metadata.get("name").is_some_and(|name| !name.is_string() && !name.is_null()) => {
            }
            (None, None) => {
                if !nameless(self.target, scope) {
                    self.findings.add(
                        Rule::Name,
                        place,
                        "missing a name: `metadata.name` or `metadata.generateName`",
                    );
                }
            }
            (None, Some(prefix)) => {
                self.check(Rule::Name, at.key("generateName"), prefix, names::as_prefix(prefix, syntax));
            }
            (Some(name), _) => {
                let found =
                    names::path_segment(name).and_then(|()| syntax(name)).and_then(|()| self.of_kind(name));
                self.check(Rule::Name, at.key("name"), name, found);
                if found.is_ok() {
                    self.name_says(at.key("name"), name);
                }
            }
        }
    }

    /// What else a kind demands of names.
    fn of_kind(&self, name: &str) -> Syntax {
        let rule = |holds: bool, must| if holds { Ok(()) } else { Err(must) };
        match (self.target.group, self.target.kind) {
            // Eleven characters follow in the names of the jobs.
            ("batch", "CronJob") => rule(name.len() <= 52, "must be at most 52 characters long"),
            // It becomes the value of a label.
            ("batch", "Job") => rule(name.len() <= 63, "must be at most 63 characters long"),
            _ => Ok(()),
        }
    }

    /// Names that make trouble later.
    fn name_says(&mut self, at: At<'_>, name: &str) {
        let names_pods = matches!(
            (self.target.group, self.target.kind),
            ("", "Pod" | "ReplicationController")
                | ("apps", "Deployment" | "ReplicaSet")
                | ("batch", "CronJob" | "Job")
        );
        if names_pods && self.target.minor >= 27 && names::dns_label(name).is_err() {
            let message = "pods get their hostnames from it, for which it should be a label of a domain name: \
                           at most 63 characters, no dots";
            self.findings.add(Rule::ServerWarning, at, message);
        }
    }

    fn namespace(&mut self, metadata: &Map<String, Value>, at: At<'_>, scope: Option<Scope>) {
        let Some(namespace) = text(metadata, "namespace") else { return };
        let at = at.key("namespace");
        if scope == Some(Scope::Cluster) {
            let message = format!("a {} is in no namespace: the server drops it", self.target.kind);
            return self.findings.add(Rule::ServerWarning, at, message);
        }
        self.check(Rule::Name, at, namespace, names::dns_label(namespace));
    }

    fn labels_and_annotations(&mut self, metadata: &Map<String, Value>, at: At<'_>) {
        let labels = at.key("labels");
        for (key, value) in entries(metadata, "labels") {
            let at = labels.key(key);
            self.key(at, key, names::qualified_name(key));
            if let Some(value) = value.as_str() {
                self.check(Rule::Label, at, value, names::label_value(value));
            }
        }
        let annotations = at.key("annotations");
        let mut bytes = 0;
        for (key, value) in entries(metadata, "annotations") {
            bytes += key.len() + value.as_str().map_or(0, str::len);
            let found = if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
                // Only of annotations the case does not matter.
                names::qualified_name(&key.to_lowercase())
            } else {
                names::qualified_name(key)
            };
            self.key(annotations.key(key), key, found);
        }
        if bytes > ANNOTATIONS {
            let message = format!("annotations of {bytes} bytes in all are more than {ANNOTATIONS}");
            self.findings.add(Rule::Label, annotations, message);
        }
    }

    fn finalizers(&mut self, metadata: &Map<String, Value>, at: At<'_>) {
        let finalizers = items(metadata, "finalizers");
        for (index, finalizer) in finalizers.iter().enumerate() {
            let Some(text) = finalizer.as_str() else { continue };
            let at = at.index(index);
            let found = names::qualified_name(text);
            self.check(Rule::Name, at, text, found);
            if found.is_err() || text.contains('/') || FINALIZERS.contains(&text) {
                continue;
            }
            let message = format!("{} must be a domain name, \"/\" and a name", quoted(text));
            let rule = if checks_finalizers(self.target) { Rule::Name } else { Rule::ServerWarning };
            self.findings.add(rule, at, message);
        }
        let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
        if has("orphan") && has("foregroundDeletion") {
            self.findings.add(
                Rule::Combination,
                at,
                "\"orphan\" and \"foregroundDeletion\" exclude each other",
            );
        }
    }

    fn owners(&mut self, metadata: &Map<String, Value>, at: At<'_>) {
        let mut controller = false;
        for (index, owner) in items(metadata, "ownerReferences").iter().enumerate() {
            let at = at.index(index);
            if owner.get("controller") == Some(&Value::Bool(true)) && std::mem::replace(&mut controller, true)
            {
                self.findings.add(Rule::Value, at, "only one owner can be the controller");
            }
            let says = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
            if (says("apiVersion"), says("kind")) == ("v1", "Event") {
                self.findings.add(Rule::Value, at, "an Event cannot be an owner");
            }
            let version = says("apiVersion");
            if version.ends_with('/') || version.matches('/').count() > 1 {
                let message =
                    format!("expected a group and a version such as \"apps/v1\", got {}", quoted(version));
                self.findings.add(Rule::Value, at.key("apiVersion"), message);
            }
        }
    }

    /// The labels and annotations that pods get.
    fn template(&mut self, document: &Value) {
        let path: &[&str] = match (self.target.group, self.target.kind) {
            ("apps", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
            | ("batch", "Job")
            | ("", "ReplicationController") => &["spec", "template"],
            ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
            ("", "PodTemplate") => &["template"],
            _ => return,
        };
        self.below(document, At::Root, path);
    }

    fn below(&mut self, value: &Value, at: At<'_>, path: &[&str]) {
        match path {
            [key, rest @ ..] => {
                if let Some(value) = value.get(*key) {
                    self.below(value, at.key(key), rest);
                }
            }
            [] => {
                if let Some(Value::Object(metadata)) = value.get("metadata") {
                    self.labels_and_annotations(metadata, at.key("metadata"));
                }
            }
        }
    }

    fn key(&mut self, at: At<'_>, key: &str, found: Syntax) {
        if let Err(must) = found {
            self.findings.add(Rule::Label, at, format!("the key {} {must}", quoted(key)));
        }
    }

    fn check(&mut self, rule: Rule, at: At<'_>, text: &str, found: Syntax) {
        if let Err(must) = found {
            self.findings.add(rule, at, format!("{} {must}", quoted(text)));
        }
    }
}

/// The syntax of a kind's names. Most are names of domains, those of custom resources too.
fn syntax(target: &Target<'_>) -> fn(&str) -> Syntax {
    match (target.group, target.kind) {
        ("", "Namespace") => names::dns_label,
        // Relaxed in 1.36.
        ("", "Service") if target.minor >= 36 => names::dns_label,
        ("", "Service") => names::dns_1035_label,
        ("apps", "StatefulSet") if target.minor >= 27 => names::dns_label,
        ("networking.k8s.io", "IPAddress") => names::ip,
        // Nobody checks these beyond what a URL demands.
        ("", "Event")
        | ("policy", "PodDisruptionBudget")
        | ("certificates.k8s.io", "CertificateSigningRequest" | "ClusterTrustBundle")
        | ("rbac.authorization.k8s.io", _) => names::path_segment,
        _ => names::dns_subdomain,
    }
}

/// Whether objects of the kind need no name: what is sent to another object, and what is only asked.
fn nameless(target: &Target<'_>, scope: Option<Scope>) -> bool {
    scope == Some(Scope::Subresource)
        || matches!(target.group, "authentication.k8s.io" | "authorization.k8s.io")
        || target.kind.ends_with("List")
        // The server makes one up.
        || (target.group, target.kind) == ("", "LimitRange")
}

/// Whether the server refuses finalizers without a domain. Elsewhere it warns.
fn checks_finalizers(target: &Target<'_>) -> bool {
    matches!(
        target.group,
        "" | "apps"
            | "autoscaling"
            | "batch"
            | "certificates.k8s.io"
            | "discovery.k8s.io"
            | "flowcontrol.apiserver.k8s.io"
            | "networking.k8s.io"
            | "rbac.authorization.k8s.io"
            | "scheduling.k8s.io"
            | "storage.k8s.io"
    )
}

/// The text of a field, unless there is none.
fn text<'m>(object: &'m Map<String, Value>, key: &str) -> Option<&'m str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn entries<'m>(object: &'m Map<String, Value>, key: &str) -> impl Iterator<Item = (&'m String, &'m Value)> {
    object.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn items<'m>(object: &'m Map<String, Value>, key: &str) -> &'m [Value] {
    object.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::kubernetes::Release;

    /// What is found, as `path [rule] message`.
    fn found(version: &str, api_version: &str, kind: &str, document: &Value) -> Vec<String> {
        let kubernetes = Release::nearest(version).unwrap().release.types();
        let scope = kubernetes.find(api_version, kind).and_then(|root| root.resource()?.scope);
        let mut findings = Findings::default();
        metadata(&Target::new(kubernetes, api_version, kind), scope, document, &mut findings);
        let tell = |finding: &crate::schema::validate::Finding| {
            format!("{} [{}] {}", finding.path, finding.rule.name(), finding.message)
        };
        findings.list.iter().map(tell).collect()
    }

    #[test]
    fn each_kind_has_its_syntax_of_names() {
        let rbac = "rbac.authorization.k8s.io/v1";
        for (version, api_version, kind, name, good) in [
            ("1.37", "v1", "ConfigMap", "a.b-c", true),
            ("1.37", "v1", "ConfigMap", "A", false),
            ("1.37", "v1", "ConfigMap", "a/b", false),
            ("1.37", "v1", "Namespace", "a.b", false),
            ("1.36", "v1", "Service", "1a", true),
            ("1.35", "v1", "Service", "1a", false),
            ("1.37", "v1", "Service", "a.b", false),
            ("1.26", "apps/v1", "StatefulSet", "a.b", true),
            ("1.27", "apps/v1", "StatefulSet", "a.b", false),
            ("1.37", rbac, "ClusterRole", "system:Node Reader", true),
            ("1.37", rbac, "ClusterRole", "a/b", false),
            ("1.37", "networking.k8s.io/v1", "IPAddress", "10.0.0.1", true),
            ("1.37", "networking.k8s.io/v1", "IPAddress", "a", false),
            ("1.37", "batch/v1", "CronJob", &"a".repeat(52), true),
            ("1.37", "batch/v1", "CronJob", &"a".repeat(53), false),
            ("1.37", "example.com/v1", "Widget", "a.b", true),
            ("1.37", "example.com/v1", "Widget", "a_b", false),
        ] {
            let list = found(version, api_version, kind, &json!({"metadata": {"name": name}}));
            assert_eq!(list.is_empty(), good, "{version} {kind} {name}: {list:?}");
        }
    }

    #[test]
    fn a_name_must_be_there() {
        let missing = "[name] missing a name: `metadata.name` or `metadata.generateName`";
        for (kind, document, path) in [
            ("Pod", json!({}), Some("$")),
            ("Pod", json!({"metadata": null}), Some("$")),
            ("Pod", json!({"metadata": {"name": ""}}), Some("$.metadata")),
            ("Pod", json!({"metadata": {"generateName": "a-"}}), None),
            ("Pod", json!({"metadata": {"name": 5}}), None),
            ("LimitRange", json!({"metadata": {}}), None),
        ] {
            let wanted: Vec<String> = path.iter().map(|path| format!("{path} {missing}")).collect();
            assert_eq!(found("1.37", "v1", kind, &document), wanted, "{document}");
        }
        let list = found("1.37", "v1", "Pod", &json!({"metadata": {"generateName": "A-"}}));
        assert!(list[0].starts_with("$.metadata.generateName [name] \"A-\" must be"), "{list:?}");
    }

    #[test]
    fn metadata_is_judged_for_all_kinds_alike() {
        let with = |key: &str, value: Value| {
            let mut document = json!({"metadata": {"name": "a"}});
            document["metadata"][key] = value;
            found("1.37", "v1", "ConfigMap", &document)
        };
        let owner = json!({"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "b", "controller": true});
        for (key, value) in [
            ("namespace", json!("prod")),
            ("namespace", json!("")),
            ("labels", json!({"example.com/a": "B_c", "b": "", "c": null, "d": 1})),
            ("annotations", json!({"Example.com/a": "anything ä"})),
            ("finalizers", json!(["example.com/a", "orphan"])),
            ("ownerReferences", json!([owner])),
        ] {
            assert_eq!(with(key, value.clone()), [""; 0], "{key} {value}");
        }
        for (key, value, start) in [
            ("namespace", json!("Prod"), "$.metadata.namespace [name] \"Prod\" must be"),
            ("labels", json!({"a/b/c": "d"}), "$.metadata.labels[\"a/b/c\"] [label] the key \"a/b/c\" must"),
            ("labels", json!({"a": "b c"}), "$.metadata.labels.a [label] \"b c\" must be"),
            (
                "annotations",
                json!({"a b": "c"}),
                "$.metadata.annotations[\"a b\"] [label] the key \"a b\" must",
            ),
            (
                "annotations",
                json!({"a": "b".repeat(ANNOTATIONS)}),
                "$.metadata.annotations [label] annotations of",
            ),
            ("finalizers", json!(["a"]), "$.metadata.finalizers[0] [name] \"a\" must be a domain name"),
            ("finalizers", json!(["orphan", "foregroundDeletion"]), "$.metadata.finalizers [combination]"),
            (
                "ownerReferences",
                json!([owner, owner]),
                "$.metadata.ownerReferences[1] [value] only one owner",
            ),
            ("resourceVersion", json!("5"), "$.metadata.resourceVersion [server-warning]"),
        ] {
            let list = with(key, value);
            assert!(list.len() == 1 && list[0].starts_with(start), "{list:?}");
        }
        let role = json!({"metadata": {"name": "a", "namespace": "b"}});
        let list = found("1.37", "rbac.authorization.k8s.io/v1", "ClusterRole", &role);
        assert_eq!(
            list,
            ["$.metadata.namespace [server-warning] a ClusterRole is in no namespace: the server drops it"]
        );
    }

    #[test]
    fn templates_have_labels_too() {
        let document = json!({
            "metadata": {"name": "a"},
            "spec": {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"a": "-"}}}}}},
        });
        let list = found("1.37", "batch/v1", "CronJob", &document);
        assert!(
            list[0].starts_with("$.spec.jobTemplate.spec.template.metadata.labels.a [label] \"-\" must be"),
            "{list:?}"
        );
    }

    #[test]
    fn a_document_says_what_it_is() {
        for (document, good, count) in [
            (json!({"apiVersion": "v1", "kind": "Pod"}), true, 0),
            (json!({"kind": "Pod"}), false, 1),
            (json!({"apiVersion": "", "kind": 5}), false, 2),
            (json!({"apiVersion": "a/b/c", "kind": "Pod"}), false, 1),
            (json!([]), false, 1),
        ] {
            let mut findings = Findings::default();
            assert_eq!(type_of(&document, &mut findings).is_some(), good, "{document}");
            assert_eq!(findings.list.len(), count, "{document}");
        }
    }
}
