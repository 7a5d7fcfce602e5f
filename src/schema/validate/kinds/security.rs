//! Security contexts (`ValidateSecurityContext`, `ValidatePodSecurityContext` of
//! `k8s.io/kubernetes/pkg/apis/core/validation`).

use super::node::Node;
use super::volumes;
use crate::rule::Rule;
use crate::schema::validate::names;

/// The highest number of a user or group.
const ID: i64 = i32::MAX as i64;

/// The security context of a pod, and what goes with it.
pub fn pod(pod: &Node) {
    let context = pod.get("securityContext");
    common(&context);
    context.get("fsGroup").within(0..=ID);
    for group in context.get("supplementalGroups").items() {
        group.within(0..=ID);
    }
    let sysctls = context.get("sysctls");
    sysctls.unique_by("name");
    for sysctl in sysctls.items() {
        sysctl.require("name");
        sysctl.get("name").matches(Rule::Name, sysctl_name);
    }
    let shared = pod.get("shareProcessNamespace");
    if shared.is_true() && pod.get("hostPID").is_true() {
        shared.say(Rule::Combination, "`shareProcessNamespace` and `hostPID` exclude each other");
    }
    system(pod, &context);
}

/// The security context of a container.
pub fn container(container: &Node) {
    let context = container.get("securityContext");
    common(&context);
    let escalation = context.get("allowPrivilegeEscalation");
    if escalation.value().as_bool() == Some(false) {
        if context.get("privileged").is_true() {
            let message = "a privileged container cannot have `allowPrivilegeEscalation: false`";
            escalation.say(Rule::Combination, message);
        }
        if context.get("capabilities").get("add").items().any(|capability| capability.is("CAP_SYS_ADMIN")) {
            let message = "a container with CAP_SYS_ADMIN cannot have `allowPrivilegeEscalation: false`";
            escalation.say(Rule::Combination, message);
        }
    }
}

/// What both have.
fn common(context: &Node) {
    context.get("runAsUser").within(0..=ID);
    context.get("runAsGroup").within(0..=ID);
    profile(&context.get("seccompProfile"));
    profile(&context.get("appArmorProfile"));
    let windows = context.get("windowsOptions");
    windows.get("gmsaCredentialSpecName").named(names::dns_subdomain);
    for key in ["gmsaCredentialSpec", "runAsUserName"] {
        if windows.get(key).is("") {
            windows.get(key).say_missing();
        }
    }
}

/// A profile of seccomp or AppArmor: only one of the node itself has a name.
fn profile(profile: &Node) {
    if !profile.is_set() {
        return;
    }
    profile.require("type");
    let local = profile.get("localhostProfile");
    if profile.get("type").is("Localhost") {
        if profile.require("localhostProfile") {
            volumes::descending(&local);
        }
    } else if profile.get("type").filled().is_some() {
        local.forbid("only a profile of the type `Localhost` has a `localhostProfile`");
    }
}

/// The parts of a sysctl's name are separated by dots or slashes.
fn sysctl_name(name: &str) -> names::Syntax {
    let is_part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = part.as_bytes();
        bytes.first().is_some_and(|byte| inner(*byte))
            && bytes.last().is_some_and(|byte| inner(*byte))
            && bytes.iter().all(|byte| inner(*byte) || matches!(byte, b'-' | b'_'))
    };
    // A part may be the name of an interface: whatever stands between slashes may have dots and capitals.
    let ok = name.len() <= 253 && name.split(['.', '/']).all(|part| is_part(part) || name.contains('/'));
    if ok { Ok(()) } else { Err("must be the name of a sysctl (lowercase parts separated by `.`)") }
}

/// What a pod cannot ask of the system that it says it runs on.
fn system(pod: &Node, context: &Node) {
    let forbid = |place: &Node, keys: &[&str], system: &str| {
        for key in keys {
            place.get(key).forbid(&format!("pods for {system} (`os.name`) cannot have `{key}`"));
        }
    };
    let all = ["containers", "initContainers"];
    match pod.get("os").get("name").text() {
        "linux" => {
            forbid(context, &["windowsOptions"], "linux");
            for list in all {
                for container in pod.get(list).items() {
                    forbid(&container.get("securityContext"), &["windowsOptions"], "linux");
                }
            }
        }
        "windows" => {
            const POD: [&str; 9] = [
                "appArmorProfile",
                "seLinuxOptions",
                "seccompProfile",
                "fsGroup",
                "fsGroupChangePolicy",
                "sysctls",
                "runAsUser",
                "runAsGroup",
                "supplementalGroups",
            ];
            const CONTAINER: [&str; 10] = [
                "appArmorProfile",
                "seLinuxOptions",
                "seccompProfile",
                "capabilities",
                "readOnlyRootFilesystem",
                "privileged",
                "allowPrivilegeEscalation",
                "procMount",
                "runAsUser",
                "runAsGroup",
            ];
            forbid(context, &POD, "windows");
            forbid(pod, &["shareProcessNamespace"], "windows");
            for list in all {
                for container in pod.get(list).items() {
                    forbid(&container.get("securityContext"), &CONTAINER, "windows");
                }
            }
        }
        _ => pod.get("os").get("name").one_of(&["linux", "windows"]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn security_contexts_are_judged() {
        let base = pod();
        let c = "/spec/containers/0/securityContext";
        accept_all(
            &base,
            &[
                (
                    "/spec/securityContext",
                    json!({"runAsUser": 0, "fsGroup": 2_147_483_647, "seccompProfile": {"type": "RuntimeDefault"}}),
                ),
                (
                    "/spec/securityContext/sysctls",
                    json!([{"name": "net.ipv4.tcp_syncookies", "value": "1"}, {"name": "net/ipv4/conf/eth0.1/x", "value": ""}]),
                ),
                (c, json!({"privileged": true, "allowPrivilegeEscalation": true})),
                (c, json!({"seccompProfile": {"type": "Localhost", "localhostProfile": "a/b.json"}})),
                ("/spec/os", json!({"name": "linux"})),
            ],
        );
        reject_all(
            &base,
            &[
                ("/spec/securityContext/runAsUser", json!(-1), Range, "$.spec.securityContext.runAsUser"),
                (
                    "/spec/securityContext/supplementalGroups",
                    json!([2_147_483_648_i64]),
                    Range,
                    "$.spec.securityContext.supplementalGroups[0]",
                ),
                (
                    "/spec/securityContext/sysctls",
                    json!([{"name": "A.b", "value": "1"}]),
                    Name,
                    "$.spec.securityContext.sysctls[0].name",
                ),
                (
                    "/spec/securityContext/sysctls",
                    json!([{"name": "a.b"}, {"name": "a.b"}]),
                    Duplicate,
                    "$.spec.securityContext.sysctls[1].name",
                ),
                (
                    "/spec/securityContext/seccompProfile",
                    json!({"type": "Localhost"}),
                    Required,
                    "$.spec.securityContext.seccompProfile",
                ),
                (
                    "/spec/securityContext/seccompProfile",
                    json!({"type": "Unconfined", "localhostProfile": "a"}),
                    Combination,
                    "$.spec.securityContext.seccompProfile.localhostProfile",
                ),
                (
                    c,
                    json!({"privileged": true, "allowPrivilegeEscalation": false}),
                    Combination,
                    "$.spec.containers[0].securityContext.allowPrivilegeEscalation",
                ),
                (
                    c,
                    json!({"capabilities": {"add": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": false}),
                    Combination,
                    "$.spec.containers[0].securityContext.allowPrivilegeEscalation",
                ),
                ("/spec/os", json!({"name": "beos"}), Enum, "$.spec.os.name"),
            ],
        );
        let both = patched(&base, "/spec/hostPID", json!(true));
        rejects(
            &both,
            "/spec/shareProcessNamespace",
            json!(true),
            Combination,
            "$.spec.shareProcessNamespace",
        );
        let windows = patched(&base, "/spec/os", json!({"name": "windows"}));
        rejects(
            &windows,
            &format!("{c}/privileged"),
            json!(true),
            Combination,
            "$.spec.containers[0].securityContext.privileged",
        );
    }
}
