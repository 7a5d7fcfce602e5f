//! From what was found to what runs: how each project's imports are resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::schemas::schemas;
use crate::diagnostic::Diagnostic;
use crate::discover::{Found, Project};
use crate::engine::{ImportRules, PluginModule, ProjectModules};
use crate::event::FileKind;
use crate::rule::Levels;
use crate::runner::Planned;
use crate::sources::{self, Plugin};
use crate::tree::{RelPath, SourceTree};

/// Plans all tests, then all entries, each in the order in which they were found. The diagnostics tell what is wrong with
/// plugins and schemas.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    found: &Found,
    rules: ImportRules,
) -> (Vec<Planned>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let projects: Vec<(Arc<ProjectModules>, Arc<Levels>)> = found
        .projects
        .iter()
        .map(|project| {
            let modules = modules(tree, project, rules, &mut diagnostics);
            (Arc::new(modules), Arc::new(project.config.ci.rules.clone()))
        })
        .collect();
    let planned = |path: &RelPath, project: usize, kind: FileKind| {
        let (project, levels) = projects[project].clone();
        Planned { path: path.clone(), kind, project, levels }
    };
    let tests = found.tests.iter().map(|test| planned(&test.path, test.project, FileKind::Tests));
    let entries = found
        .entries
        .iter()
        .map(|entry| planned(&entry.path, entry.project, FileKind::Entry { aliases: entry.aliases.clone() }));
    (tests.chain(entries).collect(), diagnostics)
}

fn modules(
    tree: &dyn SourceTree,
    project: &Project,
    rules: ImportRules,
    diagnostics: &mut Vec<Diagnostic>,
) -> ProjectModules {
    let (sources, told) = sources::read(tree, &project.root, &project.config);
    diagnostics.extend(told);
    let schemas = Arc::new(schemas(&sources, diagnostics));
    let plugins = plugins(&sources.plugins);
    ProjectModules { root: project.root.clone(), plugins, schemas, absent: sources.absent, rules }
}

/// The modules of plugins.
fn plugins(plugins: &[Plugin]) -> BTreeMap<String, PluginModule> {
    let mut modules = BTreeMap::new();
    for Plugin { folder, manifest, .. } in plugins {
        for module in &manifest.modules {
            // Written first, read last: a plugin that the project names itself wins over an installed one.
            modules
                .entry(module.name.clone())
                .or_insert_with(|| PluginModule { path: module.value.clone(), root: folder.clone() });
        }
    }
    modules
}
