//! What the API server accepts with a warning, as far as it is not told with the rules of a kind.

use serde_json::Value;

use super::Findings;
use super::api::Target;
use crate::resource::At;
use crate::rule::Rule;

/// Labels of nodes that have a new name, and which one; empty: none.
static NODE_LABELS: [(&str, &str); 8] = [
    ("app.kubernetes.io/created-by", ""),
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"),
    ("scheduler.alpha.kubernetes.io/preferAvoidPods", "taints and tolerations"),
];

/// Annotations of pods, and the field that took their place.
static POD_ANNOTATIONS: [(&str, &str, &str); 3] = [
    ("container.apparmor.security.beta.kubernetes.io/", "deprecated since 1.30", "appArmorProfile"),
    ("container.seccomp.security.alpha.kubernetes.io/", "ignored since 1.27", "seccompProfile"),
    ("seccomp.security.alpha.kubernetes.io/pod", "ignored since 1.27", "seccompProfile"),
];

/// Tells what the server would warn about.
pub(super) fn warnings(target: &Target<'_>, document: &Value, findings: &mut Findings) {
    let mut judge = Judge { minor: target.minor, findings };
    let root = Place { value: document, at: At::Root };
    match (target.group, target.kind) {
        ("", "Pod") => judge.pod(root),
        ("", "PodTemplate") => root.get("template", |template| judge.pod(template)),
        ("apps", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("batch", "Job")
        | ("", "ReplicationController") => root.get("spec", |spec| judge.template(spec)),
        ("batch", "CronJob") => root.get("spec", |spec| {
            spec.get("jobTemplate", |job| job.get("spec", |spec| judge.template(spec)));
        }),
        ("node.k8s.io", "RuntimeClass") => {
            root.get("scheduling", |scheduling| scheduling.get("nodeSelector", |labels| judge.keys(labels)));
        }
        ("", "PersistentVolume") => root.get("spec", |spec| {
            spec.get("nodeAffinity", |affinity| affinity.get("required", |required| judge.terms(required)));
        }),
        ("storage.k8s.io", "StorageClass") => root.items("allowedTopologies", |term| {
            term.items("matchLabelExpressions", |expression| judge.label(expression, "key"));
        }),
        ("storage.k8s.io", "CSIStorageCapacity") => {
            root.get("nodeTopology", |selector| judge.selector(selector))
        }
        _ => {}
    }
}

struct Judge<'f> {
    minor: u32,
    findings: &'f mut Findings,
}

/// A value, and where it is.
#[derive(Clone, Copy)]
struct Place<'a> {
    value: &'a Value,
    at: At<'a>,
}

impl Place<'_> {
    /// Looks at the value of a key, if there is one.
    fn get(&self, key: &str, look: impl FnOnce(Place<'_>)) {
        if let Some(value) = self.value.get(key) {
            look(Place { value, at: self.at.key(key) });
        }
    }

    /// Looks at each item of the array at a key.
    fn items(&self, key: &str, mut look: impl FnMut(Place<'_>)) {
        self.get(key, |array| {
            for (index, value) in array.value.as_array().into_iter().flatten().enumerate() {
                look(Place { value, at: array.at.index(index) });
            }
        });
    }
}

impl Judge<'_> {
    fn template(&mut self, owner: Place<'_>) {
        owner.get("template", |template| self.pod(template));
    }

    fn pod(&mut self, pod: Place<'_>) {
        pod.get("metadata", |metadata| {
            metadata.get("annotations", |annotations| self.annotations(pod.value, annotations))
        });
        pod.get("spec", |spec| {
            spec.get("nodeSelector", |labels| self.keys(labels));
            spec.items("topologySpreadConstraints", |constraint| self.label(constraint, "topologyKey"));
            spec.get("affinity", |affinity| {
                affinity.get("nodeAffinity", |affinity| {
                    affinity.get("requiredDuringSchedulingIgnoredDuringExecution", |required| {
                        self.terms(required)
                    });
                    affinity.items("preferredDuringSchedulingIgnoredDuringExecution", |preferred| {
                        preferred.get("preference", |term| self.selector(term));
                    });
                });
            });
        });
    }

    fn annotations(&mut self, pod: &Value, annotations: Place<'_>) {
        for key in annotations.value.as_object().into_iter().flat_map(|object| object.keys()) {
            let Some((known, fate, field)) =
                POD_ANNOTATIONS.iter().find(|(known, ..)| key.starts_with(known))
            else {
                continue;
            };
            // The annotation of what the field says too is kept for old nodes.
            let says = |part: &Value| {
                part.pointer("/securityContext").is_some_and(|context| !context[field].is_null())
            };
            let container = |name: &str| {
                ["containers", "initContainers"]
                    .iter()
                    .filter_map(|list| pod["spec"][list].as_array())
                    .flatten()
                    .find(|container| container["name"] == name)
            };
            let told = match key.strip_prefix(known) {
                Some("") => *known == *key && !says(&pod["spec"]),
                Some(name) => {
                    known.ends_with('/') && container(name).is_some_and(|container| !says(container))
                }
                None => false,
            };
            let since = if *field == "appArmorProfile" { 30 } else { 27 };
            if told && self.minor >= since && !(since == 30 && says(&pod["spec"])) {
                let help = Some(format!("use {field:?} of the security context"));
                self.findings.add_with_help(
                    Rule::ServerWarning,
                    annotations.at.key(key),
                    format!("the annotation is {fate}"),
                    help,
                );
            }
        }
    }

    fn terms(&mut self, selector: Place<'_>) {
        selector.items("nodeSelectorTerms", |term| self.selector(term));
    }

    fn selector(&mut self, selector: Place<'_>) {
        selector.items("matchExpressions", |expression| self.label(expression, "key"));
        selector.get("matchLabels", |labels| self.keys(labels));
    }

    /// The keys of an object, which are labels of nodes.
    fn keys(&mut self, labels: Place<'_>) {
        for key in labels.value.as_object().into_iter().flat_map(|object| object.keys()) {
            self.tell(labels.at.key(key), key);
        }
    }

    /// The string at a key, which is a label of nodes.
    fn label(&mut self, place: Place<'_>, key: &str) {
        place.get(key, |label| {
            if let Some(text) = label.value.as_str() {
                self.tell(label.at, text);
            }
        });
    }

    fn tell(&mut self, at: At<'_>, label: &str) {
        let Some((known, instead)) = NODE_LABELS.iter().find(|(known, _)| *known == label) else { return };
        let help = (!instead.is_empty()).then(|| format!("use {instead}"));
        self.findings.add_with_help(
            Rule::ServerWarning,
            at,
            format!("the node label {known} is deprecated"),
            help,
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::kubernetes::Release;

    fn found(version: &str, api_version: &str, kind: &str, document: &Value) -> Vec<String> {
        let kubernetes = Release::nearest(version).unwrap().release.types();
        let mut findings = Findings::default();
        warnings(&Target::new(kubernetes, api_version, kind), document, &mut findings);
        findings.list.iter().map(|finding| format!("{} {}", finding.path, finding.message)).collect()
    }

    #[test]
    fn old_labels_of_nodes_are_told_wherever_they_select_nodes() {
        let arch = "beta.kubernetes.io/arch";
        let term = json!({"matchExpressions": [{"key": arch, "operator": "Exists"}]});
        let pod = json!({
            "nodeSelector": {arch: "amd64", "kubernetes.io/os": "linux"},
            "topologySpreadConstraints": [{"topologyKey": arch}],
            "affinity": {"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]},
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}],
            }},
        });
        assert_eq!(found("1.37", "v1", "Pod", &json!({"spec": pod})).len(), 4);
        let job = json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}});
        let list = found("1.37", "batch/v1", "CronJob", &job);
        assert_eq!(
            list[0],
            "$.spec.jobTemplate.spec.template.spec.nodeSelector[\"beta.kubernetes.io/arch\"] \
             the node label beta.kubernetes.io/arch is deprecated"
        );
        let class = json!({"scheduling": {"nodeSelector": {arch: "a"}}});
        assert_eq!(found("1.37", "node.k8s.io/v1", "RuntimeClass", &class).len(), 1);
    }

    #[test]
    fn annotations_that_became_fields_are_told() {
        let pod = |annotation: &str, context: Value| {
            json!({
                "metadata": {"annotations": {annotation: "runtime/default"}},
                "spec": {"containers": [{"name": "a", "securityContext": context}]},
            })
        };
        let (seccomp, apparmor) = (
            "container.seccomp.security.alpha.kubernetes.io/a",
            "container.apparmor.security.beta.kubernetes.io/a",
        );
        for (version, annotation, context, count) in [
            ("1.37", seccomp, json!({}), 1),
            ("1.37", seccomp, json!({"seccompProfile": {"type": "RuntimeDefault"}}), 0),
            ("1.26", seccomp, json!({}), 0),
            ("1.37", "container.seccomp.security.alpha.kubernetes.io/b", json!({}), 0),
            ("1.37", "seccomp.security.alpha.kubernetes.io/pod", json!({}), 1),
            ("1.30", apparmor, json!({}), 1),
            ("1.29", apparmor, json!({}), 0),
        ] {
            let list = found(version, "v1", "Pod", &pod(annotation, context));
            assert_eq!(list.len(), count, "{version} {annotation}: {list:?}");
        }
    }
}
