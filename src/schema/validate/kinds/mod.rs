//! What the API server refuses of certain kinds beyond their schema: its hand-written rules, by area.
//!
//! They are the rules that Kubernetes 1.25 to 1.37 apply when an object is made. Where versions or feature gates
//! differ, the kinder one counts. A value of the wrong type is passed over: decoding tells it.

mod admission;
mod autoscaling;
mod batch;
mod cluster;
mod config;
mod containers;
mod crd;
mod cron;
mod image;
mod ingress;
mod network;
pub(super) mod node;
mod pod;
mod policy;
mod probes;
mod quota;
mod rbac;
mod resources;
mod scheduling;
mod security;
mod selectors;
mod services;
mod storage;
#[cfg(test)]
pub(super) mod testing;
mod volumes;
mod workloads;

use serde_json::Value;

pub use self::image::ImageName;
use self::node::{Node, Sink};
use super::Findings;

/// The rules of one kind.
type Rules = fn(&Node);

/// Judges one document by the rules of its kind, if there are any.
pub(super) fn check(document: &Value, findings: &mut Findings) {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let api_version = text("apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let Some(rules) = rules(group, version, text("kind")) else { return };
    let sink = Sink::new(document, findings.document);
    rules(&sink.root());
    findings.list.extend(sink.into_findings());
}

/// The rules of a kind. Versions that differ in their fields have none, or rules of their own.
fn rules(group: &str, version: &str, kind: &str) -> Option<Rules> {
    Some(match (group, kind) {
        ("", "ConfigMap") => config::config_map,
        ("", "Endpoints") => services::endpoints,
        ("", "LimitRange") => quota::limit_range,
        ("", "Namespace") => cluster::namespace,
        ("", "Node") => cluster::node,
        ("", "PersistentVolume") => storage::persistent_volume,
        ("", "PersistentVolumeClaim") => storage::persistent_volume_claim,
        ("", "Pod") => pod::pod,
        ("", "PodTemplate") => pod::pod_template,
        ("", "ReplicationController") => workloads::replication_controller,
        ("", "ResourceQuota") => quota::resource_quota,
        ("", "Secret") => config::secret,
        ("", "Service") => services::service,
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy") => admission::mutating_policy,
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding") => admission::mutating_binding,
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration") if version == "v1" => {
            admission::webhooks
        }
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy") => admission::validating_policy,
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding") => admission::validating_binding,
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") if version == "v1" => {
            admission::webhooks
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") if version == "v1" => crd::definition,
        ("apiregistration.k8s.io", "APIService") => cluster::api_service,
        ("apps", "ControllerRevision") => workloads::controller_revision,
        ("apps", "DaemonSet") => workloads::daemon_set,
        ("apps", "Deployment") => workloads::deployment,
        ("apps", "ReplicaSet") => workloads::replica_set,
        ("apps", "StatefulSet") => workloads::stateful_set,
        ("autoscaling", "HorizontalPodAutoscaler") if version != "v2beta1" => autoscaling::autoscaler,
        ("batch", "CronJob") => batch::cron_job,
        ("batch", "Job") => batch::job,
        ("certificates.k8s.io", "CertificateSigningRequest") if version == "v1" => cluster::signing_request,
        ("coordination.k8s.io", "Lease") => cluster::lease,
        ("discovery.k8s.io", "EndpointSlice") => services::endpoint_slice,
        ("networking.k8s.io", "Ingress") if version == "v1" => ingress::ingress,
        ("networking.k8s.io", "IngressClass") => ingress::ingress_class,
        ("networking.k8s.io", "NetworkPolicy") => network::network_policy,
        ("node.k8s.io", "RuntimeClass") if version != "v1alpha1" => scheduling::runtime_class,
        ("policy", "PodDisruptionBudget") => policy::disruption_budget,
        ("rbac.authorization.k8s.io", "ClusterRole") => rbac::cluster_role,
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => rbac::cluster_role_binding,
        ("rbac.authorization.k8s.io", "Role") => rbac::role,
        ("rbac.authorization.k8s.io", "RoleBinding") => rbac::role_binding,
        ("scheduling.k8s.io", "PriorityClass") => scheduling::priority_class,
        ("storage.k8s.io", "CSIDriver") => storage::csi_driver,
        ("storage.k8s.io", "CSINode") => storage::csi_node,
        ("storage.k8s.io", "CSIStorageCapacity") => storage::storage_capacity,
        ("storage.k8s.io", "StorageClass") => storage::storage_class,
        ("storage.k8s.io", "VolumeAttachment") => storage::volume_attachment,
        _ => return None,
    })
}
