//! Where the API server demands more, or less, than the published description of its types says.
//!
//! The description calls a field required when Go always writes it, which says little of what is read: Go takes what is
//! not there for `0`, `""` or `{}`, and only the hand-written checks refuse some of these. The facts below are those of
//! these checks and of the defaults (`pkg/apis/*/validation` and `pkg/apis/*/*/defaults.go` of Kubernetes). They hold for
//! every version of a group, so that types are written without it.

/// A type's name and its group, without the version.
type Name = (&'static str, &'static str);

/// Fields called required that may be missing: they are defaulted, ignored, or nothing is as good.
static LENIENT: &[(Name, &[&str])] = &[
    (("CSIDriver", "storage"), &["spec"]),
    (("CSINode", "storage"), &["spec"]),
    (("CSINodeSpec", "storage"), &["drivers"]),
    (("ControllerRevision", "apps"), &["data", "revision"]),
    (("Counter", "resource"), &["value"]),
    (("DeviceCapacity", "resource"), &["value"]),
    (("DeviceClass", "resource"), &["spec"]),
    (("EndpointSlice", "discovery"), &["endpoints"]),
    (("Event", "core"), &["involvedObject", "metadata"]),
    (("GroupResource", "meta"), &["group"]),
    (("HTTPHeader", "core"), &["value"]),
    (("ISCSIPersistentVolumeSource", "core"), &["lun"]),
    (("ISCSIVolumeSource", "core"), &["lun"]),
    (("LimitRangeSpec", "core"), &["limits"]),
    (("NetworkPolicySpec", "networking"), &["podSelector"]),
    (("PodFailurePolicy", "batch"), &["rules"]),
    (("PodFailurePolicyOnPodConditionsPattern", "batch"), &["status"]),
    (("PodFailurePolicyRule", "batch"), &["onPodConditions"]),
    (("PreferredSchedulingTerm", "core"), &["preference"]),
    (("PriorityClass", "scheduling"), &["value"]),
    (("ResourceClaim", "resource"), &["spec"]),
    (("ResourceClaimTemplate", "resource"), &["spec"]),
    (("ResourceClaimTemplateSpec", "resource"), &["spec"]),
    (("ResourcePool", "resource"), &["generation"]),
    (("RoleRef", "rbac"), &["apiGroup"]),
    (("ScaleIOPersistentVolumeSource", "core"), &["secretRef"]),
    (("ScaleIOVolumeSource", "core"), &["secretRef"]),
    (("SleepAction", "core"), &["seconds"]),
    (("StatefulSetSpec", "apps"), &["serviceName"]),
    (("Sysctl", "core"), &["value"]),
    (("TokenRequest", "authentication"), &["spec"]),
    (("TokenRequest", "storage"), &["audience"]),
    (("TokenRequestSpec", "authentication"), &["audiences"]),
    (("WebhookConversion", "apiextensions"), &["conversionReviewVersions"]),
];

/// Fields not called required that are refused when missing, or whose own required fields are then missing.
static DEMANDED: &[(Name, &[&str])] = &[
    (("APIService", "apiregistration"), &["spec"]),
    (("CertificateSigningRequestSpec", "certificates"), &["usages"]),
    (("ConfigMapEnvSource", "core"), &["name"]),
    (("ConfigMapKeySelector", "core"), &["name"]),
    (("ConfigMapProjection", "core"), &["name"]),
    (("ConfigMapVolumeSource", "core"), &["name"]),
    (("Container", "core"), &["image"]),
    (("CronJob", "batch"), &["spec"]),
    (("CustomResourceDefinitionVersion", "apiextensions"), &["schema"]),
    (("CustomResourceValidation", "apiextensions"), &["openAPIV3Schema"]),
    (("DaemonSet", "apps"), &["spec"]),
    (("Deployment", "apps"), &["spec"]),
    (("EphemeralContainer", "core"), &["image"]),
    (("ExecAction", "core"), &["command"]),
    (("FlowSchema", "flowcontrol"), &["spec"]),
    (("HorizontalPodAutoscaler", "autoscaling"), &["spec"]),
    (("HostAlias", "core"), &["ip"]),
    (("IPAddress", "networking"), &["spec"]),
    (("IPAddressSpec", "networking"), &["parentRef"]),
    (("Ingress", "networking"), &["spec"]),
    (("Job", "batch"), &["spec"]),
    (("JobTemplateSpec", "batch"), &["spec"]),
    (("MutatingAdmissionPolicy", "admissionregistration"), &["spec"]),
    (("MutatingAdmissionPolicyBinding", "admissionregistration"), &["spec"]),
    (("MutatingAdmissionPolicyBindingSpec", "admissionregistration"), &["policyName"]),
    (("MutatingAdmissionPolicySpec", "admissionregistration"), &["matchConstraints"]),
    (
        ("NamedRuleWithOperations", "admissionregistration"),
        &["apiGroups", "apiVersions", "operations", "resources"],
    ),
    (("PersistentVolume", "core"), &["spec"]),
    (("PersistentVolumeClaim", "core"), &["spec"]),
    (("PersistentVolumeClaimSpec", "core"), &["accessModes", "resources"]),
    (("PersistentVolumeSpec", "core"), &["accessModes", "capacity"]),
    (("Pod", "core"), &["spec"]),
    (("PodTemplate", "core"), &["template"]),
    (("PodTemplateSpec", "core"), &["spec"]),
    (("PriorityLevelConfiguration", "flowcontrol"), &["spec"]),
    (("ReplicaSet", "apps"), &["spec"]),
    (("ReplicaSetSpec", "apps"), &["template"]),
    (("ReplicationController", "core"), &["spec"]),
    (("ReplicationControllerSpec", "core"), &["template"]),
    (
        ("RuleWithOperations", "admissionregistration"),
        &["apiGroups", "apiVersions", "operations", "resources"],
    ),
    (("SecretEnvSource", "core"), &["name"]),
    (("SecretKeySelector", "core"), &["name"]),
    (("SecretProjection", "core"), &["name"]),
    (("SecretVolumeSource", "core"), &["secretName"]),
    (("Service", "core"), &["spec"]),
    (("ServiceCIDR", "networking"), &["spec"]),
    (("ServiceCIDRSpec", "networking"), &["cidrs"]),
    (("StatefulSet", "apps"), &["spec"]),
    (("ValidatingAdmissionPolicy", "admissionregistration"), &["spec"]),
    (("ValidatingAdmissionPolicyBinding", "admissionregistration"), &["spec"]),
    (("ValidatingAdmissionPolicyBindingSpec", "admissionregistration"), &["policyName", "validationActions"]),
    (("ValidatingAdmissionPolicySpec", "admissionregistration"), &["matchConstraints"]),
    (("VolumeNodeAffinity", "core"), &["required"]),
];

/// A field, and the values that it may have.
type Words = (&'static str, &'static [&'static str]);

/// Enums of which the server takes fewer values than there are constants of the type.
static NARROWER: &[(Name, &[Words])] = &[
    (("MutatingWebhook", "admissionregistration"), &[("sideEffects", &["None", "NoneOnDryRun"])]),
    (("StorageClass", "storage"), &[("reclaimPolicy", &["Delete", "Retain"])]),
    (("ValidatingWebhook", "admissionregistration"), &[("sideEffects", &["None", "NoneOnDryRun"])]),
];

/// Enums of which Go keeps `""` apart from nothing, so that it is none of the values.
static STATED: &[(Name, &[&str])] = &[
    (("AzureDiskVolumeSource", "core"), &["cachingMode", "kind"]),
    (("EndpointPort", "discovery"), &["protocol"]),
    (("JobSpec", "batch"), &["completionMode", "podReplacementPolicy"]),
    (("MatchResources", "admissionregistration"), &["matchPolicy"]),
    (("MutatingWebhook", "admissionregistration"), &["failurePolicy", "matchPolicy", "reinvocationPolicy"]),
    (("NetworkPolicyPort", "networking"), &["protocol"]),
    (("PersistentVolumeClaimSpec", "core"), &["volumeMode"]),
    (("PersistentVolumeSpec", "core"), &["volumeMode"]),
    (("PodDisruptionBudgetSpec", "policy"), &["unhealthyPodEvictionPolicy"]),
    (("PodSecurityContext", "core"), &["fsGroupChangePolicy"]),
    (("PodSpec", "core"), &["preemptionPolicy"]),
    (("PriorityClass", "scheduling"), &["preemptionPolicy"]),
    (("SecurityContext", "core"), &["procMount"]),
    (("StorageClass", "storage"), &["volumeBindingMode"]),
    (("TopologySpreadConstraint", "core"), &["nodeAffinityPolicy", "nodeTaintsPolicy"]),
    (("ValidatingWebhook", "admissionregistration"), &["failurePolicy", "matchPolicy"]),
    (("VolumeMount", "core"), &["mountPropagation"]),
];

/// In what no two items of a list may be equal.
///
/// The description knows lists whose items server-side apply tells apart; what is created in the usual way is only held
/// to the hand-written checks.
static UNIQUE: &[(Name, &[Unique])] = &[
    (("CSINodeSpec", "storage"), &[Unique("drivers", &["name"])]),
    (("CustomResourceDefinitionSpec", "apiextensions"), &[Unique("versions", &["name"])]),
    (("LimitRangeSpec", "core"), &[Unique("limits", &["type"])]),
    (
        ("MutatingAdmissionPolicySpec", "admissionregistration"),
        &[Unique("matchConditions", &["name"]), Unique("variables", &["name"])],
    ),
    (("MutatingWebhook", "admissionregistration"), &[Unique("matchConditions", &["name"])]),
    (("MutatingWebhookConfiguration", "admissionregistration"), &[Unique("webhooks", &["name"])]),
    (("NodeSpec", "core"), &[Unique("taints", &["effect", "key"])]),
    (("PodFailurePolicyOnExitCodesRequirement", "batch"), &[Unique("values", &[])]),
    (("PodSpec", "core"), &[Unique("resourceClaims", &["name"])]),
    (("ResourceRequirements", "core"), &[Unique("claims", &["name", "request"])]),
    (("ValidatingAdmissionPolicyBindingSpec", "admissionregistration"), &[Unique("validationActions", &[])]),
    (
        ("ValidatingAdmissionPolicySpec", "admissionregistration"),
        &[
            Unique("auditAnnotations", &["key"]),
            Unique("matchConditions", &["name"]),
            Unique("variables", &["name"]),
        ],
    ),
    (("ValidatingWebhook", "admissionregistration"), &[Unique("matchConditions", &["name"])]),
    (("ValidatingWebhookConfiguration", "admissionregistration"), &[Unique("webhooks", &["name"])]),
];

/// Lists whose items the rules of the kinds compare, each in its own way.
static COMPARED: &[(Name, &[&str])] = &[
    (("Container", "core"), &["env", "ports", "volumeDevices", "volumeMounts"]),
    (("EndpointSlice", "discovery"), &["ports"]),
    (("EphemeralContainer", "core"), &["env", "ports", "volumeDevices", "volumeMounts"]),
    (
        ("PodSpec", "core"),
        &[
            "containers",
            "ephemeralContainers",
            "hostAliases",
            "imagePullSecrets",
            "initContainers",
            "schedulingGates",
            "topologySpreadConstraints",
            "volumes",
        ],
    ),
    (("ServiceSpec", "core"), &["ports"]),
];

/// A list of which no two items are equal in these keys; without keys, no two items are equal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unique(&'static str, &'static [&'static str]);

impl Unique {
    /// The keys; items that have none of them are left alone.
    pub(super) fn keys(self) -> &'static [&'static str] {
        self.1
    }
}

/// What the server demands of a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demands<'a>(&'a str, &'a str);

impl<'a> Demands<'a> {
    /// Those of the type with this full name: `io.k8s.api.core.v1.Pod`.
    pub(super) fn of(full_name: &'a str) -> Demands<'a> {
        // Asked for every object: cheaper than splitting the text with the means of the language.
        let last = |text: &'a str| text.as_bytes().iter().rposition(|byte| *byte == b'.');
        let cut = |text: &'a str| last(text).map_or(("", text), |dot| (&text[..dot], &text[dot + 1..]));
        let (package, name) = cut(full_name);
        let (group, _version) = cut(package);
        Demands(name, cut(group).1)
    }

    /// Whether a field that is called required may be missing.
    pub(super) fn lenient(self, field: &str) -> bool {
        self.find(LENIENT).is_some_and(|fields| fields.contains(&field))
    }

    /// Fields that must be there although they are not called required.
    pub(super) fn demanded(self) -> &'static [&'static str] {
        self.find(DEMANDED).copied().unwrap_or_default()
    }

    /// The values that a field may have, where these are fewer than the description says.
    pub(super) fn narrower(self, field: &str) -> Option<&'static [&'static str]> {
        self.find(NARROWER)?.iter().find(|(known, _)| *known == field).map(|(_, values)| *values)
    }

    /// Whether an enum that is `""` is not the same as one that is not there.
    pub(super) fn stated(self, field: &str) -> bool {
        self.find(STATED).is_some_and(|fields| fields.contains(&field))
    }

    /// In what no two items of a list may be equal.
    pub(super) fn unique(self, field: &str) -> impl Iterator<Item = Unique> {
        let all = self.find(UNIQUE).copied().unwrap_or_default();
        all.iter().copied().filter(move |unique| unique.0 == field)
    }

    /// Whether the rules of the kind compare the items of a list.
    pub(super) fn compared(self, field: &str) -> bool {
        self.find(COMPARED).is_some_and(|fields| fields.contains(&field))
    }

    fn find<T>(self, table: &'static [(Name, T)]) -> Option<&'static T> {
        let at = table.binary_search_by(|(known, _)| known.cmp(&(self.0, self.1))).ok()?;
        table.get(at).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::kubernetes::Release;

    fn keys<T>(table: &[(Name, T)]) -> Vec<Name> {
        table.iter().map(|(known, _)| *known).collect()
    }

    #[test]
    fn tables_are_sorted() {
        assert!(keys(LENIENT).is_sorted());
        assert!(keys(DEMANDED).is_sorted());
        assert!(keys(NARROWER).is_sorted());
        assert!(keys(STATED).is_sorted());
        assert!(keys(UNIQUE).is_sorted());
        assert!(keys(COMPARED).is_sorted());
    }

    #[test]
    fn every_field_exists() {
        let package = |group: &str| match group {
            "apiextensions" => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1".to_owned(),
            "apiregistration" => "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1".to_owned(),
            "meta" => "io.k8s.apimachinery.pkg.apis.meta.v1".to_owned(),
            _ => format!("io.k8s.api.{group}.v1"),
        };
        let exists = |(name, group): Name, field: &str| {
            let full_name = format!("{}.{name}", package(group));
            let known = Release::newest().types().get(&full_name).unwrap_or_else(|| panic!("{full_name}"));
            assert!(known.object().property(field).is_some(), "{full_name}.{field}");
        };
        for table in [LENIENT, DEMANDED, STATED, COMPARED] {
            for (key, (_, fields)) in keys(table).into_iter().zip(table) {
                fields.iter().for_each(|field| exists(key, field));
            }
        }
        for (key, (_, lists)) in keys(UNIQUE).into_iter().zip(UNIQUE) {
            lists.iter().for_each(|unique| exists(key, unique.0));
        }
        for (key, (_, enums)) in keys(NARROWER).into_iter().zip(NARROWER) {
            enums.iter().for_each(|(field, _)| exists(key, field));
        }
    }

    #[test]
    fn demands_are_found_by_full_name_in_any_version() {
        let roles = Demands::of("io.k8s.api.rbac.v1beta1.RoleRef");
        assert!(roles.lenient("apiGroup") && !roles.lenient("kind"));
        assert_eq!(Demands::of("io.k8s.api.core.v1.Pod").demanded(), ["spec"]);
        assert!(Demands::of("io.k8s.api.core.v1.Nothing").demanded().is_empty());
        let class = Demands::of("io.k8s.api.storage.v1.StorageClass");
        assert_eq!(class.narrower("reclaimPolicy"), Some(&["Delete", "Retain"][..]));
        assert_eq!(Demands::of("io.k8s.api.core.v1.NodeSpec").unique("taints").count(), 1);
    }
}
