//! What to say of an import that leads nowhere.

use super::modules::ProjectModules;
use crate::diagnostic::{Diagnostic, near_miss};
use crate::sdk;
use crate::sources::{Absent, What};

/// What to say of a module of builders that is not there.
pub(super) fn missing_module(project: &ProjectModules, specifier: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("there is no module \"{specifier}\""));
    if let Some(key) = specifier.strip_prefix("helm/")
        && let Some(absent) =
            project.absent.iter().find(|absent| absent.what == What::Chart && absent.name == key)
    {
        return not_fetched(diagnostic, specifier, absent);
    }
    if let Some(other) = project.schemas.release_with_module(specifier) {
        let used = project.schemas.kubernetes().version();
        return diagnostic.help(format!(
            "Kubernetes {} has it, {used} does not; [resources] of husako.toml says which is used",
            other.version()
        ));
    }
    let names: Vec<String> = project.schemas.module_names().collect();
    if let Some(near) = near_miss(specifier, names.iter().map(String::as_str)) {
        return diagnostic.help(format!("did you mean \"{near}\"?"));
    }
    if specifier.starts_with("helm/") {
        return diagnostic.help("name its values.schema.json in [charts] of husako.toml");
    }
    let absent: Vec<String> = project
        .absent
        .iter()
        .filter(|absent| absent.what == What::Resources)
        .map(|absent| {
            format!("`{}` ({}, {}:{})", absent.name, absent.source, absent.place.path, absent.place.line)
        })
        .collect();
    if absent.is_empty() {
        return diagnostic.help("name its CustomResourceDefinition in [resources] of husako.toml");
    }
    diagnostic.help(format!("these resources are not fetched: {}; run `husako-ci gen`", absent.join(", ")))
}

/// Says that something comes from elsewhere.
fn not_fetched(diagnostic: Diagnostic, what: &str, absent: &Absent) -> Diagnostic {
    let Absent { source, place, .. } = absent;
    diagnostic.help(format!(
        "{what} comes from {source} ({}:{}), which is not fetched; run `husako-ci gen`",
        place.path, place.line
    ))
}

/// What to say of an import that is of no known form.
pub(super) fn unknown(project: &ProjectModules, specifier: &str) -> Diagnostic {
    let is_part = |absent: &&Absent| {
        let rest = specifier.strip_prefix(absent.name.as_str());
        absent.what == What::Plugin && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(absent) = project.absent.iter().find(is_part) {
        let diagnostic = Diagnostic::error(format!("there is no module \"{specifier}\""));
        return not_fetched(diagnostic, &format!("the plugin `{}`", absent.name), absent);
    }
    let what = if specifier.starts_with("node:") || specifier.contains("://") || specifier.starts_with('/') {
        "there is no Node, no network and no file system"
    } else {
        "packages of npm cannot be imported"
    };
    let diagnostic = Diagnostic::error(format!("\"{specifier}\" cannot be imported: {what}"));
    let plugins = project.plugins.keys().cloned();
    let known = sdk::public_names().map(str::to_owned).chain(project.schemas.module_names()).chain(plugins);
    let known: Vec<String> = known.collect();
    match near_miss(specifier, known.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean \"{near}\"?")),
        None => diagnostic.help(
            "supported are \"husako\", \"husako/test\", \"k8s/<group>/<version>\", \"helm/<chart>\", modules of \
             plugins, and relative paths that begin with ./ or ../",
        ),
    }
}
