//! What pods may do to their nodes.
//!
//! What counts is what the profile "baseline" of Kubernetes' Pod Security Standards forbids
//! (kubernetes.io/docs/concepts/security/pod-security-standards), and privilege escalation and root, of "restricted".

use serde_json::Value;

use super::field::{Field, integer, is_true, text, texts};
use super::pods::{Container, Pod};
use super::words::{quoted, quoted_all};
use super::{Change, Told};

/// Privileged containers, and such as lose a fence between them and the kernel.
pub(super) fn privileged(container: &Container<'_>, told: &mut Told<'_>) {
    let privileged = container.field.at(&["securityContext", "privileged"]);
    if privileged.becomes(is_true) {
        told.at(
            &privileged,
            "the container becomes privileged: root in it is root on its node, with all its devices",
        );
    }
    let host_process = container.security(&["windowsOptions", "hostProcess"]);
    if host_process.becomes(is_true) {
        told.at(
            &host_process,
            "the container becomes a process of its Windows node, with access to all of it",
        );
    }
    // Being privileged is all of the rest.
    if is_true(privileged.after) {
        return;
    }
    let escalation = container.field.at(&["securityContext", "allowPrivilegeEscalation"]);
    let is_false = |value: &Value| value.as_bool() == Some(false);
    if escalation.becomes(is_true) {
        told.at(
            &escalation,
            "processes in the container may gain more rights than they were started with, up to root (setuid programs)",
        );
    } else if is_false(escalation.before) && !is_false(escalation.after) {
        told.at(
            &escalation,
            "privilege escalation is no longer forbidden: processes in the container may become root (setuid programs)",
        );
    }
    let proc_mount = container.field.at(&["securityContext", "procMount"]);
    if proc_mount.becomes(|value| text(value) == "Unmasked") {
        told.at(
            &proc_mount,
            "the container sees all of /proc, and may write settings of its node's kernel there",
        );
    }
    let unconfined = |value: &Value| text(value) == "Unconfined";
    let seccomp = container.security(&["seccompProfile", "type"]);
    if seccomp.becomes(unconfined) {
        told.at(
            &seccomp,
            "the container may make every system call: no seccomp profile stands before the kernel",
        );
    }
    let apparmor = container.security(&["appArmorProfile", "type"]);
    let annotated = container
        .annotations
        .entries()
        .into_iter()
        .find(|annotation| annotation.key().strip_prefix(APPARMOR_ANNOTATION) == Some(container.name));
    let reason = "AppArmor no longer confines the container: no profile bounds what it may read and do";
    if apparmor.becomes(unconfined) {
        told.at(&apparmor, reason);
    } else if let Some(annotation) =
        annotated.filter(|field| field.becomes(|value| text(value) == "unconfined"))
    {
        told.at(&annotation, reason);
    }
}

/// How profiles were named before `appArmorProfile`; a container's name follows.
const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// What a pod shares with its node.
#[rustfmt::skip]
static SHARED: &[(&str, &str)] = &[
    ("hostNetwork", "the pod joins the network of its node: it reaches what listens on localhost there, and NetworkPolicies do not hold it"),
    ("hostPID", "the pod sees the processes of its node, can signal them and read their environment"),
    ("hostIPC", "the pod shares memory with the processes of its node"),
];

/// Namespaces and folders of the node.
pub(super) fn host_access(pod: &Pod<'_>, told: &mut Told<'_>) {
    for (key, reason) in SHARED {
        let shared = pod.spec.get(key);
        if shared.becomes(is_true) {
            told.at(&shared, *reason);
        }
    }
    for volume in pod.spec.get("volumes").items(&["name"]) {
        folder(&volume.get("hostPath"), "pod", told);
    }
}

/// A PersistentVolume that is a folder of a node.
pub(super) fn host_volume(change: &Change<'_>, told: &mut Told<'_>) {
    let spec = change.document.get("spec");
    for key in ["hostPath", "local"] {
        folder(&spec.get(key), "volume", told);
    }
}

fn folder(source: &Field<'_>, owner: &str, told: &mut Told<'_>) {
    let path = source.get("path");
    if path.after.is_string() && path.before != path.after {
        told.at(
            source,
            format!(
                "the {owner} gets {} of its node: it shares what is there with the node, and may take the node over by it",
                quoted(text(path.after))
            ),
        );
    }
}

/// Ports of the node.
pub(super) fn host_ports(container: &Container<'_>, told: &mut Told<'_>) {
    // There, every port is one of the node: it is told once.
    if container.on_host_network {
        return;
    }
    for port in container.field.get("ports").items(&["containerPort", "protocol"]) {
        let port = port.get("hostPort");
        if let Some(number) = integer(port.after).filter(|number| *number != 0)
            && integer(port.before) != Some(number)
        {
            told.at(
                &port,
                format!("the container takes port {number} of its node: open to whoever reaches the node, and only one such pod fits on it"),
            );
        }
    }
}

/// What the most dangerous capabilities amount to, those first that amount to most.
#[rustfmt::skip]
static CAPABILITIES: &[(&str, &str)] = &[
    ("ALL", "together they are nearly as much as being privileged"),
    ("SYS_ADMIN", "with SYS_ADMIN a process can mount file systems and break out to its node"),
    ("SYS_MODULE", "with SYS_MODULE a process can load code into the kernel of its node"),
    ("SYS_PTRACE", "with SYS_PTRACE a process can read and change the memory of others"),
    ("SYS_RAWIO", "with SYS_RAWIO a process can reach the memory and disks of its node"),
    ("DAC_READ_SEARCH", "with DAC_READ_SEARCH a process can read every file, those of its node included"),
    ("BPF", "with BPF a process can watch the kernel of its node"),
    ("PERFMON", "with PERFMON a process can watch the kernel of its node"),
    ("NET_ADMIN", "with NET_ADMIN a process can redirect and read the traffic of its pod"),
    ("NET_RAW", "with NET_RAW a process can forge packets and pretend to be another pod"),
];

/// Linux capabilities that are added, or no longer dropped. NET_BIND_SERVICE is harmless: "restricted" lets it be.
pub(super) fn capabilities(container: &Container<'_>, told: &mut Told<'_>) {
    let capabilities = container.field.get("securityContext").get("capabilities");
    let (add, drop) = (capabilities.get("add"), capabilities.get("drop"));
    let (had, kept) = (named(add.before), named(drop.after));
    let gains: Vec<String> = named(add.after)
        .into_iter()
        .filter(|name| !had.contains(name) && name != "NET_BIND_SERVICE")
        .collect();
    if !gains.is_empty() && !had.iter().any(|name| name == "ALL") {
        let meaning = CAPABILITIES.iter().find(|(name, _)| gains.iter().any(|gained| gained == name));
        let meaning = meaning.map_or("capabilities are rights of root", |(_, meaning)| meaning);
        let plural = if gains.len() == 1 { "capability" } else { "capabilities" };
        told.at(&add, format!("the container gets the {plural} {}: {meaning}", quoted_all(&gains)));
    }
    let returns: Vec<String> = named(drop.before)
        .into_iter()
        .filter(|name| !kept.contains(name) && !kept.iter().any(|kept| kept == "ALL"))
        .collect();
    if !returns.is_empty() {
        told.at(
            &drop,
            format!(
                "the container no longer drops {}: it keeps what the runtime gives by default, such as NET_RAW",
                quoted_all(&returns)
            ),
        );
    }
}

/// The capabilities of a list. Runtimes take their names in either case, with and without a prefix.
fn named(list: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in texts(list) {
        let name = name.to_ascii_uppercase();
        names.push(name.strip_prefix("CAP_").map(str::to_owned).unwrap_or(name));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Users of containers, as they are once pods have passed on theirs.
pub(super) fn root(container: &Container<'_>, told: &mut Told<'_>) {
    let user = container.security(&["runAsUser"]);
    let (before, after) = (integer(user.before), integer(user.after));
    if after == Some(0) {
        if before != Some(0) {
            told.at(
                &user,
                "the container runs as root (runAsUser is 0): whoever breaks out of it is root on the node",
            );
        }
        return;
    }
    let not_root = container.security(&["runAsNonRoot"]);
    // Another number is no root, whatever the image says.
    if after.is_some() || is_true(not_root.after) {
        return;
    }
    if is_true(not_root.before) {
        told.at(
            &not_root,
            "the container may run as root: runAsNonRoot no longer keeps an image from doing so",
        );
    } else if before.is_some_and(|user| user != 0) {
        told.at(&user, "the container may run as root: its image chooses the user now, and most choose root");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn capabilities_are_the_same_in_every_spelling() {
        assert_eq!(named(&json!(["net_raw", "CAP_NET_RAW", "SYS_TIME", 3])), ["NET_RAW", "SYS_TIME"]);
        assert_eq!(named(&json!("NET_RAW")), Vec::<String>::new());
    }
}
