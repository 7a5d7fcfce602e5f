//! From what was found to what runs: how each project's imports are resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Config, PLUGIN_FILE, PluginManifest, PluginSource};
use crate::diagnostic::Diagnostic;
use crate::discover::{Found, Project};
use crate::engine::{PluginModule, ProjectModules};
use crate::runner::Planned;
use crate::tree::{RelPath, SourceTree};

/// Plans all tests, in the order in which they were found. The diagnostics tell what is wrong with plugins.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    found: &Found,
    allow_outside_root: bool,
) -> (Vec<Planned>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let projects: Vec<Arc<ProjectModules>> = found
        .projects
        .iter()
        .map(|project| {
            let plugins = plugins(tree, project, &mut diagnostics);
            Arc::new(ProjectModules { root: project.root.clone(), plugins, allow_outside_root })
        })
        .collect();
    let tests = found.tests.iter();
    let planned =
        tests.map(|test| Planned { path: test.path.clone(), project: Arc::clone(&projects[test.project]) });
    (planned.collect(), diagnostics)
}

/// The modules of a project's plugins: those of `source = "path"` where they are, and those that `husako gen` installed.
fn plugins(
    tree: &dyn SourceTree,
    project: &Project,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, PluginModule> {
    let mut modules = BTreeMap::new();
    for folder in folders(tree, &project.root, &project.config) {
        let manifest_path = folder.child(PLUGIN_FILE);
        let Ok(text) = tree.read(&manifest_path) else { continue };
        let (manifest, found) = PluginManifest::parse(&manifest_path, &text);
        diagnostics.extend(found);
        for module in manifest.into_iter().flat_map(|manifest| manifest.modules) {
            // Written first, read last: a plugin that the project names itself wins over an installed one.
            modules.entry(module.name).or_insert(PluginModule { path: module.value, root: folder.clone() });
        }
    }
    modules
}

/// The folders that may hold plugins, those that win first.
fn folders(tree: &dyn SourceTree, root: &RelPath, config: &Config) -> Vec<RelPath> {
    let in_place = config.plugins.iter().filter_map(|plugin| match &plugin.value {
        PluginSource::Path { path } => Some(path.clone()),
        PluginSource::Git { .. } => None,
    });
    let installed = root.child(".husako").child("plugins");
    let mut names: Vec<String> = tree
        .list(&installed)
        .unwrap_or_default()
        .into_iter()
        .filter(|child| !child.lossy)
        .map(|c| c.name)
        .collect();
    names.sort();
    in_place.chain(names.into_iter().map(|name| installed.child(&name))).collect()
}
