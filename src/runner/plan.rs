//! From what was found to what runs: how each project's imports are resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::schemas::schemas;
use crate::config::{Ci, Named};
use crate::diagnostic::Diagnostic;
use crate::discover::{Found, Project};
use crate::engine::{ImportRules, PluginModule, ProjectModules};
use crate::event::FileKind;
use crate::runner::Planned;
use crate::sources::{self, Plugin, Sources};
use crate::tree::{RelPath, SourceTree};

/// What there is to run.
#[derive(Debug)]
pub(crate) struct Plan {
    /// All tests, then all entries, each in the order in which they were found.
    pub(crate) files: Vec<Planned>,
    /// What is wrong with plugins and schemas.
    pub(crate) diagnostics: Vec<Diagnostic>,
    projects: Vec<PlannedProject>,
}

#[derive(Debug)]
struct PlannedProject {
    sources: Sources,
    modules: Arc<ProjectModules>,
    ci: Arc<Ci>,
    entries: Arc<Vec<Named<RelPath>>>,
}

/// Plans all that was found.
pub(crate) fn plan(tree: &dyn SourceTree, found: &Found, rules: ImportRules) -> Plan {
    plan_beside(tree, found, rules, None)
}

/// Plans what was found in another revision than that of `other`. Schemas that are the same in both are read once.
pub(crate) fn plan_beside(
    tree: &dyn SourceTree,
    found: &Found,
    rules: ImportRules,
    other: Option<&Plan>,
) -> Plan {
    let mut diagnostics = Vec::new();
    let projects: Vec<PlannedProject> = found
        .projects
        .iter()
        .map(|project| {
            let Project { root, config, config_path: _ } = project;
            let (sources, told) = sources::read(tree, root, config);
            diagnostics.extend(told);
            let same = other.and_then(|other| {
                other.projects.iter().find(|other| other.modules.root == *root && other.sources == sources)
            });
            let schemas = match same {
                Some(same) => Arc::clone(&same.modules.schemas),
                None => Arc::new(schemas(&sources, &mut diagnostics)),
            };
            let (plugins, absent) = (plugins(&sources.plugins), sources.absent.clone());
            let modules = ProjectModules { root: root.clone(), plugins, schemas, absent, rules };
            PlannedProject {
                sources,
                modules: Arc::new(modules),
                ci: Arc::new(config.ci.clone()),
                entries: Arc::new(config.entries.clone()),
            }
        })
        .collect();
    let planned = |path: &RelPath, project: usize, kind: FileKind| {
        let PlannedProject { modules, ci, entries, sources: _ } = &projects[project];
        Planned {
            path: path.clone(),
            kind,
            project: Arc::clone(modules),
            ci: Arc::clone(ci),
            entries: Arc::clone(entries),
        }
    };
    let tests = found.tests.iter().map(|test| planned(&test.path, test.project, FileKind::Tests));
    let entries = found
        .entries
        .iter()
        .map(|entry| planned(&entry.path, entry.project, FileKind::Entry { aliases: entry.aliases.clone() }));
    Plan { files: tests.chain(entries).collect(), diagnostics, projects }
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
