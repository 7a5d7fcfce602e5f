//! What a reviewer must not miss.
//!
//! [`RULES`] says which function looks at which kinds for which rule. All of them look at both sides, and tell what the
//! change brings: what was already so on the base is not told again. `fixtures/dangers` has cases for each.

mod crd;
mod deletion;
mod field;
mod immutable;
mod lifecycle;
mod plain;
mod pods;
mod rbac;
mod routes;
mod security;
#[cfg(test)]
mod tests;
mod words;
mod workloads;

use std::collections::HashSet;

use serde_json::Value;

use self::field::Field;
use self::pods::{Container, Pod};
use crate::change::FieldPath;
use crate::resource::Identity;
use crate::rule::Rule;
use crate::schema::Schemas;

/// A resource on both sides, as it was rendered. A resource that is renamed is two subjects: one that goes, one that comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// On the head; on the base where it is only there.
    pub(super) identity: &'a Identity,
    /// On the base; `None` when it is new to the cluster.
    pub(super) before: Option<&'a Value>,
    /// On the head; `None` when it goes.
    pub(super) after: Option<&'a Value>,
    /// Those of the head's project; of the base's for what goes.
    pub(super) schemas: &'a Schemas,
}

/// What a rule found. Holds no value that could be secret: no data of Secrets, no values of environment variables, no
/// commands and arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The rule.
    pub(super) rule: Rule,
    /// Where, when it is about a field.
    pub(super) path: Option<FieldPath>,
    /// What happens, and why it matters: one line.
    pub(super) reason: String,
}

/// Kinds as `group/Kind`, or `Kind` of the core group, in whatever version. Empty: all.
type Kinds = &'static [&'static str];

/// What a rule looks at, and how.
enum Judge {
    /// Resources that only the base has.
    Removed(Kinds, fn(&Change<'_>, &mut Told<'_>)),
    /// Resources that both sides have.
    Updated(Kinds, fn(&Change<'_>, &mut Told<'_>)),
    /// Resources that the head has, whether new or not.
    Present(Kinds, fn(&Change<'_>, &mut Told<'_>)),
    /// The pod that a resource of the head is or makes.
    Pods(fn(&Pod<'_>, &mut Told<'_>)),
    /// The containers of that pod.
    Containers(fn(&Container<'_>, &mut Told<'_>)),
}

use Judge::*;

const ANY: Kinds = &[];
const STATEFUL_SET: Kinds = &["apps/StatefulSet"];
const CRD: Kinds = &["apiextensions.k8s.io/CustomResourceDefinition"];
const BUDGET: Kinds = &["policy/PodDisruptionBudget"];
const VOLUME: Kinds = &["PersistentVolume"];
const AUTOSCALER: Kinds = &["autoscaling/HorizontalPodAutoscaler"];
const INGRESS: Kinds = &["networking.k8s.io/Ingress", "extensions/Ingress"];
const ROUTE: Kinds = &["gateway.networking.k8s.io/HTTPRoute", "gateway.networking.k8s.io/GRPCRoute"];
const ROLE: Kinds = &["rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/ClusterRole"];
const BINDING: Kinds =
    &["rbac.authorization.k8s.io/RoleBinding", "rbac.authorization.k8s.io/ClusterRoleBinding"];

/// Every rule, and what it looks at.
#[rustfmt::skip]
static RULES: &[(Rule, Judge)] = &[
    (Rule::StatefulDeletion, Removed(ANY, deletion::deleted)),
    (Rule::StatefulDeletion, Updated(STATEFUL_SET, deletion::claims_of_pods)),
    (Rule::ImmutableField, Updated(ANY, immutable::refused)),
    (Rule::CrdVersion, Updated(CRD, crd::versions)),
    (Rule::ScaledToZero, Updated(ANY, workloads::scaled_to_zero)),
    (Rule::ScaledToZero, Updated(AUTOSCALER, workloads::autoscaled_to_zero)),
    (Rule::BlockedEviction, Present(BUDGET, workloads::blocked_eviction)),
    (Rule::Privileged, Containers(security::privileged)),
    (Rule::HostAccess, Pods(security::host_access)),
    (Rule::HostAccess, Containers(security::host_ports)),
    (Rule::HostAccess, Present(VOLUME, security::host_volume)),
    (Rule::Capability, Containers(security::capabilities)),
    (Rule::RunAsRoot, Containers(security::root)),
    (Rule::WildcardRbac, Present(ROLE, rbac::wildcards)),
    (Rule::ClusterAdmin, Present(BINDING, rbac::cluster_admin)),
    (Rule::ResourcesRemoved, Pods(workloads::resources_of_pod)),
    (Rule::ResourcesRemoved, Containers(workloads::resources)),
    (Rule::ProbeRemoved, Containers(workloads::probes)),
    (Rule::MutableImage, Containers(workloads::image)),
    (Rule::MutableImage, Pods(workloads::image_volumes)),
    (Rule::IngressRemoved, Removed(INGRESS, routes::ingress_deleted)),
    (Rule::IngressRemoved, Updated(INGRESS, routes::ingress)),
    (Rule::IngressRemoved, Updated(ROUTE, routes::route)),
    (Rule::RemovedApi, Present(ANY, lifecycle::removed)),
    (Rule::DeprecatedApi, Present(ANY, lifecycle::deprecated)),
];

/// All that the rules find about a resource that differs, whatever their levels.
pub(super) fn dangers(subject: &Subject<'_>) -> Vec<Found> {
    judged(subject, RULES.iter())
}

fn judged<'r>(subject: &Subject<'_>, rules: impl Iterator<Item = &'r (Rule, Judge)>) -> Vec<Found> {
    let change = Change {
        identity: subject.identity,
        document: Field::root(subject.before, subject.after),
        schemas: subject.schemas,
    };
    let (on_base, on_head) = (subject.before.is_some(), subject.after.is_some());
    let pod = Pod::of(&change).filter(|_| on_head);
    let mut found = Vec::new();
    for (rule, judge) in rules {
        let mut told = Told { rule: *rule, found: &mut found };
        match judge {
            Removed(kinds, judge) if on_base && !on_head && change.is_one_of(kinds) => {
                judge(&change, &mut told)
            }
            Updated(kinds, judge) if on_base && on_head && change.is_one_of(kinds) => {
                judge(&change, &mut told)
            }
            Present(kinds, judge) if on_head && change.is_one_of(kinds) => judge(&change, &mut told),
            Pods(judge) => pod.iter().for_each(|pod| judge(pod, &mut told)),
            Containers(judge) => {
                pod.iter().flat_map(Pod::containers).for_each(|container| judge(&container, &mut told));
            }
            Removed(..) | Updated(..) | Present(..) => {}
        }
    }
    // What a pod passes on to its containers is found in each of them.
    let mut seen = HashSet::new();
    found.retain(|found| seen.insert((found.rule, found.path.clone(), found.reason.clone())));
    found
}

/// A resource, as the rules look at it.
struct Change<'a> {
    identity: &'a Identity,
    document: Field<'a>,
    schemas: &'a Schemas,
}

impl<'a> Change<'a> {
    /// Without its version; empty for the core group.
    fn group(&self) -> &'a str {
        self.identity.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    fn is_one_of(&self, kinds: &[&str]) -> bool {
        kinds.is_empty() || kinds.iter().any(|kind| self.is(kind))
    }

    fn is(&self, kind: &str) -> bool {
        kind.rsplit_once('/').unwrap_or(("", kind)) == (self.group(), self.identity.kind.as_str())
    }
}

/// Takes what one rule finds.
struct Told<'t> {
    rule: Rule,
    found: &'t mut Vec<Found>,
}

impl Told<'_> {
    /// Something about a field.
    fn at(&mut self, field: &Field<'_>, reason: impl Into<String>) {
        self.found.push(Found { rule: self.rule, path: Some(field.path()), reason: reason.into() });
    }

    /// Something about the resource as a whole.
    fn of_resource(&mut self, reason: impl Into<String>) {
        self.found.push(Found { rule: self.rule, path: None, reason: reason.into() });
    }
}
