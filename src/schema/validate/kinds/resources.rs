//! The resources that containers ask for (`ValidateResourceRequirements` of
//! `k8s.io/kubernetes/pkg/apis/core/validation`), and the names that resources have.

use super::node::Node;
use crate::diagnostic::near_miss;
use crate::rule::Rule;
use crate::schema::validate::names;

/// What every container can ask for.
const CONTAINER: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// The requests and limits of a container.
pub fn requirements(resources: &Node) {
    let limits = resources.get("limits");
    let requests = resources.get("requests");
    for list in [limits, requests] {
        for (name, amount) in list.entries() {
            container_name(name, &amount);
            value(name, &amount);
            fraction(name, &amount);
        }
    }
    for (name, request) in requests.entries() {
        let limit = limits.get(name);
        if let (Some(asked), Some(most)) = (request.quantity(), limit.quantity()) {
            if asked != most && !overcommits(name) {
                let message = format!(
                    "the request of {name} must be its limit, {}, got {}",
                    limit.shown(),
                    request.shown()
                );
                request.say(Rule::Range, message);
            } else if asked > most {
                let message = format!(
                    "the request of {name} is above its limit, {}, got {}",
                    limit.shown(),
                    request.shown()
                );
                request.say_help(Rule::Range, message, "raise the limit or lower the request");
            }
        } else if !limit.is_set() && !overcommits(name) {
            request.say_help(
                Rule::Required,
                format!("{name} needs a limit of the same amount"),
                format!("add {name} to `limits`"),
            );
        }
    }
    let names = || limits.entries().chain(requests.entries()).map(|(name, _)| name);
    if names().any(|name| name.starts_with("hugepages-"))
        && !names().any(|name| matches!(name, "cpu" | "memory"))
    {
        resources.say(Rule::Combination, "huge pages can be asked for only together with cpu or memory");
    }
}

/// Bytes come whole: the server warns about `100m` of memory, which is a tenth of a byte.
fn fraction(name: &str, amount: &Node) {
    if matches!(name, "memory" | "ephemeral-storage")
        && amount.quantity().is_some_and(|amount| !amount.is_integer())
    {
        let message = format!("{} is a fraction of a byte", amount.shown());
        amount.say_help(Rule::ServerWarning, message, "use Mi or Gi, `m` is a thousandth");
    }
}

/// An amount of a resource: not negative, and whole where the resource has no parts.
pub fn value(name: &str, amount: &Node) {
    amount.not_negative();
    if is_counted(name) && amount.quantity().is_some_and(|amount| !amount.is_integer()) {
        amount.say(Rule::Value, format!("{name} comes whole, got {}", amount.shown()));
    }
}

/// A resource that has no parts: objects that are counted, and what devices offer.
fn is_counted(name: &str) -> bool {
    matches!(
        name,
        "pods" | "services" | "replicationcontrollers" | "resourcequotas" | "secrets" | "configmaps"
    ) || matches!(name, "persistentvolumeclaims" | "services.nodeports" | "services.loadbalancers")
        || is_extended(name)
}

/// Whether it belongs to Kubernetes itself.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether it is a resource of somebody else: `nvidia.com/gpu`.
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::qualified_name(&format!("requests.{name}")).is_ok()
}

/// Whether a container may ask for less of it than its limit.
pub fn overcommits(name: &str) -> bool {
    is_native(name) && !name.starts_with("hugepages-")
}

/// The name of a resource that containers ask for.
pub fn container_name(name: &str, place: &Node) {
    if let Err(problem) = names::qualified_name(name) {
        place.say(Rule::Name, format!("the resource {name:?} {problem}"));
    } else if !name.contains('/') && !CONTAINER.contains(&name) && !name.starts_with("hugepages-") {
        unknown(name, place, &CONTAINER, "cpu, memory, ephemeral-storage, hugepages-*");
    } else if !is_native(name) && !is_extended(name) {
        place.say(Rule::Name, format!("{name:?} is no name of an extended resource"));
    }
}

/// Tells that there is no such resource.
pub fn unknown(name: &str, place: &Node, known: &[&str], shown: &str) {
    let message = format!("expected {shown} or a name with a domain, got {name:?}");
    match near_miss(name, known.iter().copied()) {
        Some(near) => place.say_help(Rule::Value, message, format!("did you mean `{near}`?")),
        None => place.say(Rule::Value, message),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn requests_stay_below_limits() {
        let base = pod();
        let pointer = "/spec/containers/0/resources";
        for resources in [
            json!({"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": 1, "memory": "64Mi"}}),
            json!({"requests": {"nvidia.com/gpu": 1}, "limits": {"nvidia.com/gpu": "1"}}),
            json!({"limits": {"hugepages-2Mi": "4Mi", "cpu": 1}}),
            json!({"limits": {"cpu": "nonsense"}, "requests": {"cpu": "1"}}),
        ] {
            accepts(&base, pointer, resources);
        }
        let path = "$.spec.containers[0].resources";
        for (resources, rule, rest) in [
            (json!({"requests": {"cpu": 2}, "limits": {"cpu": "1900m"}}), Range, ".requests.cpu"),
            (json!({"requests": {"cpu": "-1"}}), Range, ".requests.cpu"),
            (json!({"limits": {"cpus": "1"}}), Value, ".limits.cpus"),
            (json!({"limits": {"pods": "1"}}), Value, ".limits.pods"),
            (json!({"limits": {"a b": "1"}}), Name, ".limits[\"a b\"]"),
            (json!({"limits": {"nvidia.com/gpu": "500m"}}), Value, ".limits[\"nvidia.com/gpu\"]"),
            (json!({"requests": {"nvidia.com/gpu": 1}}), Required, ".requests[\"nvidia.com/gpu\"]"),
            (json!({"requests": {"a.b/c": 1}, "limits": {"a.b/c": 2}}), Range, ".requests[\"a.b/c\"]"),
            (json!({"limits": {"hugepages-2Mi": "4Mi"}}), Combination, ""),
        ] {
            rejects(&base, pointer, resources, rule, &format!("{path}{rest}"));
        }
        warns(
            &base,
            pointer,
            json!({"limits": {"memory": "100m"}}),
            ServerWarning,
            &format!("{path}.limits.memory"),
        );
    }
}
