//! Plural names and scopes, from the `impl Resource` blocks of the crate `k8s-openapi`.

use std::collections::BTreeMap;

use regex::Regex;

use crate::model::Scope;

/// Plural name and scope by group and kind.
pub(crate) type Resources = BTreeMap<(String, String), (String, Scope)>;

/// Adds what a source file of the crate says.
pub(crate) fn read(source: &str, resources: &mut Resources) -> Result<(), String> {
    if !source.contains("impl crate::Resource for") {
        return Ok(());
    }
    let block =
        Regex::new(r"(?s)impl crate::Resource for \w+ \{(.*?)\n\}").map_err(|error| error.to_string())?;
    let constant =
        Regex::new(r#"const (\w+): &'static str = "([^"]*)";"#).map_err(|error| error.to_string())?;
    for captures in block.captures_iter(source) {
        let body = &captures[1];
        let constants: BTreeMap<&str, &str> = constant
            .captures_iter(body)
            .filter_map(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str())))
            .collect();
        let get =
            |name: &str| constants.get(name).map(|value| (*value).to_owned()).ok_or(format!("no {name}"));
        let scope = if body.contains("crate::NamespaceResourceScope") {
            Scope::Namespaced
        } else if body.contains("crate::ClusterResourceScope") {
            Scope::Cluster
        } else if body.contains("crate::SubResourceScope") {
            Scope::Subresource
        } else {
            return Err("a resource without a scope".to_owned());
        };
        resources.insert((get("GROUP")?, get("KIND")?), (get("URL_PATH_SEGMENT")?, scope));
    }
    Ok(())
}
