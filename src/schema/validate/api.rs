//! Versions of APIs that Kubernetes no longer serves, or will not for long.

use super::Findings;
use crate::diagnostic::near_miss;
use crate::resource::At;
use crate::rule::Rule;
use crate::schema::kubernetes::Kubernetes;
use crate::schema::model::GroupVersionKind;

/// What a document says that it is, and what it is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// `apps`; empty for the core group.
    pub(super) group: &'a str,
    /// `v1`.
    pub(super) version: &'a str,
    /// `Deployment`.
    pub(super) kind: &'a str,
    /// The minor version of Kubernetes.
    pub(super) minor: u32,
}

impl<'a> Target<'a> {
    /// What an `apiVersion` and a `kind` name.
    pub(super) fn new(kubernetes: &Kubernetes, api_version: &'a str, kind: &'a str) -> Target<'a> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let minor = kubernetes.version().rsplit_once('.').and_then(|(_, minor)| minor.parse().ok());
        Target { group, version, kind, minor: minor.unwrap_or(u32::MAX) }
    }

    /// As in `apiVersion`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// Some kinds of a group's version that go the same way.
struct Fate {
    group: &'static str,
    version: &'static str,
    /// None: all.
    kinds: &'static [&'static str],
    /// The minor version since which the server warns.
    deprecated: u32,
    /// The minor version that no longer serves them; `None`: not planned.
    removed: Option<u32>,
    /// What to use.
    instead: &'static str,
}

const fn fate(
    group: &'static str,
    version: &'static str,
    kinds: &'static [&'static str],
    deprecated: u32,
    removed: u32,
    instead: &'static str,
) -> Fate {
    Fate { group, version, kinds, deprecated, removed: Some(removed), instead }
}

/// After the lifecycle marks of `k8s.io/api` 0.32 and 0.36, and, for what these no longer have, Kubernetes' guide to
/// deprecated APIs (kubernetes.io/docs/reference/using-api/deprecation-guide).
#[rustfmt::skip]
static FATES: &[Fate] = &[
    Fate { group: "", version: "v1", kinds: &["ComponentStatus"], deprecated: 19, removed: None, instead: "" },
    Fate { group: "", version: "v1", kinds: &["Endpoints"], deprecated: 33, removed: None,
        instead: "discovery.k8s.io/v1 EndpointSlice" },
    fate("admissionregistration.k8s.io", "v1alpha1", &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"], 35, 38, ""),
    fate("admissionregistration.k8s.io", "v1alpha1", &[], 29, 32, "admissionregistration.k8s.io/v1"),
    fate("admissionregistration.k8s.io", "v1beta1", &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"], 37, 40,
        "admissionregistration.k8s.io/v1"),
    fate("admissionregistration.k8s.io", "v1beta1", &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"], 31, 34,
        "admissionregistration.k8s.io/v1"),
    fate("admissionregistration.k8s.io", "v1beta1", &[], 16, 22, "admissionregistration.k8s.io/v1"),
    fate("apiextensions.k8s.io", "v1beta1", &[], 16, 22, "apiextensions.k8s.io/v1"),
    fate("apiregistration.k8s.io", "v1beta1", &[], 19, 22, "apiregistration.k8s.io/v1"),
    fate("apps", "v1beta1", &[], 8, 16, "apps/v1"),
    fate("apps", "v1beta2", &[], 9, 16, "apps/v1"),
    fate("authentication.k8s.io", "v1alpha1", &["SelfSubjectReview"], 29, 32, "authentication.k8s.io/v1"),
    fate("authentication.k8s.io", "v1beta1", &["SelfSubjectReview"], 30, 33, "authentication.k8s.io/v1"),
    fate("authentication.k8s.io", "v1beta1", &["TokenReview"], 19, 22, "authentication.k8s.io/v1"),
    fate("authorization.k8s.io", "v1beta1", &[], 19, 22, "authorization.k8s.io/v1"),
    fate("autoscaling", "v2beta1", &[], 22, 25, "autoscaling/v2"),
    fate("autoscaling", "v2beta2", &[], 23, 26, "autoscaling/v2"),
    fate("batch", "v1beta1", &[], 21, 25, "batch/v1"),
    fate("batch", "v2alpha1", &[], 21, 21, "batch/v1"),
    fate("certificates.k8s.io", "v1alpha1", &["ClusterTrustBundle"], 34, 37, "certificates.k8s.io/v1beta1"),
    fate("certificates.k8s.io", "v1beta1", &["CertificateSigningRequest"], 19, 22, "certificates.k8s.io/v1"),
    fate("certificates.k8s.io", "v1beta1", &["ClusterTrustBundle"], 37, 40, "certificates.k8s.io/v1"),
    fate("certificates.k8s.io", "v1beta1", &["PodCertificateRequest"], 38, 41, "certificates.k8s.io/v1"),
    fate("coordination.k8s.io", "v1alpha2", &["LeaseCandidate"], 35, 38, "coordination.k8s.io/v1beta1"),
    fate("coordination.k8s.io", "v1beta1", &["Lease"], 19, 22, "coordination.k8s.io/v1"),
    fate("coordination.k8s.io", "v1beta1", &["LeaseCandidate"], 36, 39, ""),
    fate("discovery.k8s.io", "v1beta1", &[], 21, 25, "discovery.k8s.io/v1"),
    fate("events.k8s.io", "v1beta1", &[], 22, 25, "events.k8s.io/v1"),
    fate("extensions", "v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], 8, 16, "apps/v1"),
    fate("extensions", "v1beta1", &["Ingress"], 14, 22, "networking.k8s.io/v1"),
    fate("extensions", "v1beta1", &["NetworkPolicy"], 9, 16, "networking.k8s.io/v1"),
    fate("extensions", "v1beta1", &["PodSecurityPolicy"], 10, 16, "Pod Security Admission"),
    fate("flowcontrol.apiserver.k8s.io", "v1beta1", &[], 23, 26, "flowcontrol.apiserver.k8s.io/v1"),
    fate("flowcontrol.apiserver.k8s.io", "v1beta2", &[], 26, 29, "flowcontrol.apiserver.k8s.io/v1"),
    fate("flowcontrol.apiserver.k8s.io", "v1beta3", &[], 29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    fate("networking.k8s.io", "v1alpha1", &["IPAddress", "ServiceCIDR"], 30, 33, "networking.k8s.io/v1"),
    fate("networking.k8s.io", "v1beta1", &["IPAddress", "ServiceCIDR"], 34, 37, "networking.k8s.io/v1"),
    fate("networking.k8s.io", "v1beta1", &["Ingress", "IngressClass"], 19, 22, "networking.k8s.io/v1"),
    fate("node.k8s.io", "v1beta1", &["RuntimeClass"], 22, 25, "node.k8s.io/v1"),
    fate("policy", "v1beta1", &["PodDisruptionBudget"], 21, 25, "policy/v1"),
    fate("policy", "v1beta1", &["PodSecurityPolicy"], 21, 25, "Pod Security Admission"),
    fate("rbac.authorization.k8s.io", "v1alpha1", &[], 17, 22, "rbac.authorization.k8s.io/v1"),
    fate("rbac.authorization.k8s.io", "v1beta1", &[], 17, 22, "rbac.authorization.k8s.io/v1"),
    fate("resource.k8s.io", "v1alpha3", &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], 34, 37,
        "resource.k8s.io/v1"),
    fate("resource.k8s.io", "v1alpha3", &["DeviceTaintRule"], 36, 39, "resource.k8s.io/v1beta2"),
    fate("resource.k8s.io", "v1alpha3", &["ResourcePoolStatusRequest"], 39, 42, ""),
    fate("resource.k8s.io", "v1beta1", &[], 35, 38, "resource.k8s.io/v1"),
    fate("resource.k8s.io", "v1beta2", &["DeviceTaintRule"], 39, 42, "resource.k8s.io/v1"),
    fate("resource.k8s.io", "v1beta2", &[], 36, 39, "resource.k8s.io/v1"),
    fate("scheduling.k8s.io", "v1alpha1", &["PriorityClass"], 14, 22, "scheduling.k8s.io/v1"),
    fate("scheduling.k8s.io", "v1beta1", &["PriorityClass"], 14, 22, "scheduling.k8s.io/v1"),
    fate("storage.k8s.io", "v1alpha1", &["CSIStorageCapacity", "VolumeAttachment"], 21, 24, "storage.k8s.io/v1"),
    fate("storage.k8s.io", "v1alpha1", &["VolumeAttributesClass"], 32, 35, "storage.k8s.io/v1"),
    fate("storage.k8s.io", "v1beta1", &["CSIDriver", "StorageClass", "VolumeAttachment"], 19, 22, "storage.k8s.io/v1"),
    fate("storage.k8s.io", "v1beta1", &["CSINode"], 17, 22, "storage.k8s.io/v1"),
    fate("storage.k8s.io", "v1beta1", &["CSIStorageCapacity"], 24, 27, "storage.k8s.io/v1"),
    fate("storage.k8s.io", "v1beta1", &["VolumeAttributesClass"], 34, 37, "storage.k8s.io/v1"),
    fate("storagemigration.k8s.io", "v1alpha1", &["StorageVersionMigration"], 33, 35, "storagemigration.k8s.io/v1beta1"),
    fate("storagemigration.k8s.io", "v1beta1", &["StorageVersionMigration"], 38, 41, "storagemigration.k8s.io/v1"),
];

impl Fate {
    /// That of a kind in a version; lists of some kinds precede those of all.
    fn of(target: &Target<'_>) -> Option<&'static Fate> {
        FATES.iter().find(|fate| {
            (fate.group, fate.version) == (target.group, target.version)
                && (fate.kinds.is_empty() || fate.kinds.contains(&target.kind))
        })
    }

    fn help(&self) -> Option<String> {
        (!self.instead.is_empty()).then(|| format!("use {}", self.instead))
    }
}

/// Tells when the target version does not serve what a document is, and when it warns about it; `served` says whether it
/// has a type for it. Returns whether something was told of what is not served: then nothing more can be said of it.
///
/// What is in none of Kubernetes' groups is none of its business: it may be a custom resource.
pub(super) fn lifecycle(
    kubernetes: &Kubernetes,
    target: &Target<'_>,
    served: bool,
    findings: &mut Findings,
) -> bool {
    let fate = Fate::of(target);
    let at = At::Root.key("apiVersion");
    let named = || format!("{} {}", target.api_version(), target.kind);
    if served {
        if let Some(fate) = fate.filter(|fate| target.minor >= fate.deprecated) {
            let until = match fate.removed {
                Some(removed) => format!(", and not served from 1.{removed} on"),
                None => String::new(),
            };
            let message = format!("{} is deprecated since Kubernetes 1.{}{until}", named(), fate.deprecated);
            findings.add_with_help(Rule::DeprecatedApi, at, message, fate.help());
        }
        return false;
    }
    let gone =
        fate.and_then(|fate| Some((fate, fate.removed?))).filter(|(_, removed)| target.minor >= *removed);
    if let Some((fate, removed)) = gone {
        let message = format!("{} is not served since Kubernetes 1.{removed}", named());
        findings.add_with_help(Rule::RemovedApi, at, message, fate.help());
        return true;
    }
    // A group of Kubernetes' own has no other kinds, and those in the versions that are served. `List` is `kubectl`'s.
    let kinds = || kubernetes.types().filter_map(|known| known.resource()?.written_as());
    if (target.group, target.kind) == ("", "List") || !kinds().any(|kind| kind.group == target.group) {
        return false;
    }
    let elsewhere: Vec<String> =
        kinds().filter(|kind| kind.kind == target.kind).map(GroupVersionKind::api_version).collect();
    let help = if elsewhere.is_empty() {
        let known = kinds().filter(|kind| kind.group == target.group).map(|kind| kind.kind.as_str());
        near_miss(target.kind, known).map(|near| format!("did you mean {near:?}?"))
    } else {
        Some(format!("use {}", elsewhere.join(" or ")))
    };
    let message = format!("{} is not served by Kubernetes {}", named(), kubernetes.version());
    findings.add_with_help(Rule::RemovedApi, at, message, help);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::kubernetes::Release;

    fn judged(version: &str, api_version: &str, kind: &str) -> Vec<(Rule, String, Option<String>)> {
        let kubernetes = Release::nearest(version).unwrap().release.types();
        let served = kubernetes.find(api_version, kind).is_some();
        let target = Target::new(kubernetes, api_version, kind);
        let mut findings = Findings::default();
        let gone = lifecycle(kubernetes, &target, served, &mut findings);
        assert_eq!(gone, findings.list.iter().any(|finding| finding.rule == Rule::RemovedApi));
        findings.list.into_iter().map(|finding| (finding.rule, finding.message, finding.help)).collect()
    }

    #[test]
    fn what_is_served_depends_on_the_version() {
        let removed =
            |message: &str, help: &str| vec![(Rule::RemovedApi, message.to_owned(), Some(help.to_owned()))];
        assert_eq!(
            judged("1.37", "extensions/v1beta1", "Ingress"),
            removed(
                "extensions/v1beta1 Ingress is not served since Kubernetes 1.22",
                "use networking.k8s.io/v1"
            )
        );
        assert_eq!(
            judged("1.25", "autoscaling/v2beta2", "HorizontalPodAutoscaler"),
            [(
                Rule::DeprecatedApi,
                "autoscaling/v2beta2 HorizontalPodAutoscaler is deprecated since Kubernetes 1.23, and not served \
                 from 1.26 on"
                    .to_owned(),
                Some("use autoscaling/v2".to_owned())
            )]
        );
        assert_eq!(
            judged("1.30", "networking.k8s.io/v1", "IPAddress"),
            removed(
                "networking.k8s.io/v1 IPAddress is not served by Kubernetes 1.30",
                "use networking.k8s.io/v1alpha1"
            )
        );
        assert_eq!(
            judged("1.37", "apps/v1", "Deploymint"),
            removed("apps/v1 Deploymint is not served by Kubernetes 1.37", "did you mean \"Deployment\"?")
        );
        assert_eq!(
            judged("1.37", "v1", "Deployment"),
            removed("v1 Deployment is not served by Kubernetes 1.37", "use apps/v1")
        );
        assert_eq!(judged("1.33", "v1", "Endpoints")[0].0, Rule::DeprecatedApi);
        for (version, api_version, kind) in [
            ("1.32", "v1", "Endpoints"),
            ("1.37", "apps/v1", "Deployment"),
            ("1.37", "example.com/v1", "Deployment"),
            ("1.37", "v1", "List"),
            ("1.37", "batch/v1", "CronJob"),
        ] {
            assert_eq!(judged(version, api_version, kind), [], "{version} {api_version} {kind}");
        }
    }

    /// The embedded types know what each version serves.
    #[test]
    fn the_table_agrees_with_the_embedded_types() {
        for version in Release::all().map(Release::version) {
            let kubernetes = Release::nearest(version).unwrap().release.types();
            for kind in kubernetes.types().filter_map(|known| known.resource()?.written_as()) {
                let api_version = kind.api_version();
                let target = Target::new(kubernetes, &api_version, kind.kind.trim_end_matches("List"));
                let removed = Fate::of(&target).and_then(|fate| fate.removed).unwrap_or(u32::MAX);
                assert!(target.minor < removed, "{version} serves {api_version} {}", kind.kind);
            }
        }
    }
}
