//! From what was found to what runs: how each project's imports are resolved.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::schemas::schemas;
use crate::cache::{Digest, Last};
use crate::config::{CONFIG_FILE, Ci, LOCK_FILE, Named, PLUGIN_FILE};
use crate::diagnostic::Diagnostic;
use crate::discover::{Found, Project};
use crate::engine::{ImportRules, PluginModule, ProjectModules};
use crate::event::FileKind;
use crate::fetch::Resolved;
use crate::runner::Planned;
use crate::schema::Schemas;
use crate::sources::{self, Fetched, Plugin, Sources};
use crate::tree::RelPath;

/// What there is to run.
#[derive(Debug, Default)]
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
    digest: Digest,
}

/// A project, as it was planned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProjectView<'p> {
    /// Its root.
    pub(crate) root: &'p RelPath,
    pub(crate) schemas: &'p Schemas,
    /// Its plugins, those that win first.
    pub(crate) plugins: &'p [Plugin],
}

/// Whatever of a project can decide what its files give, besides the files.
fn digest(sources: &Sources, modules: &ProjectModules, ci: &Ci, entries: &[Named<RelPath>]) -> Digest {
    let Sources { releases, documents, crds, charts, plugins, absent } = sources;
    let ProjectModules { root, plugins: modules, schemas: _, absent: _, rules } = modules;
    let short =
        format!("{root:?} {releases:?} {plugins:?} {absent:?} {modules:?} {rules:?} {ci:?} {entries:?}");
    let crds = crds.iter().flat_map(|file| [file.path.as_str(), file.text.as_str()]);
    let charts =
        charts.iter().flat_map(|(name, file)| [name.as_str(), file.path.as_str(), file.text.as_str()]);
    let documents = documents.iter().flat_map(|(name, files)| {
        let files = files.iter().flat_map(|file| [file.path.as_str(), file.text.as_str()]);
        [name.as_str()].into_iter().chain(files)
    });
    let texts = crds.chain(["charts"]).chain(charts).chain(["documents"]).chain(documents);
    Digest::of([short.as_str(), "crds"].into_iter().chain(texts))
}

impl Plan {
    /// The projects, in the order in which they were found.
    pub(crate) fn projects(&self) -> impl Iterator<Item = ProjectView<'_>> {
        self.projects.iter().map(|project| ProjectView {
            root: &project.modules.root,
            schemas: &project.modules.schemas,
            plugins: &project.sources.plugins,
        })
    }

    /// The files, and folders of files, that the plan was made of besides the files that run: configurations, plugins,
    /// CRDs, schemas of charts.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = RelPath> {
        self.projects.iter().flat_map(|PlannedProject { sources, modules, ci: _, entries: _, digest: _ }| {
            let crds = sources.crds.iter().map(|file| file.path.clone());
            let charts = sources.charts.iter().map(|(_, file)| file.path.clone());
            let manifests = sources.plugins.iter().map(|plugin| plugin.folder.child(PLUGIN_FILE));
            let installed = modules.root.child(".husako").child("plugins");
            let (config, lock) = (modules.root.child(CONFIG_FILE), modules.root.child(LOCK_FILE));
            crds.chain(charts).chain(manifests).chain([config, lock, installed])
        })
    }
}

/// Puts what failed last first, then what took longest, so that nobody waits for it at the end. What is new counts as
/// neither long nor short.
pub(crate) fn in_order(files: &mut [Planned], last: impl Fn(&RelPath) -> Option<Last>) {
    let mut times: Vec<Duration> =
        files.iter().filter_map(|file| last(&file.path)).map(|last| last.duration).collect();
    if times.is_empty() {
        return;
    }
    times.sort_unstable();
    let middle = Last { duration: times[times.len() / 2], failed: false };
    files.sort_by_cached_key(|file| {
        let Last { duration, failed } = last(&file.path).unwrap_or(middle);
        Reverse((failed, duration))
    });
}

impl Planned {
    /// Whether nothing but its own source, and what it imports, can make it give something else than `other`, the same
    /// file of an earlier plan.
    pub(crate) fn is_like(&self, other: &Planned) -> bool {
        let Planned { path, kind, project, ci, entries, digest: _ } = self;
        let ProjectModules { root, plugins, schemas, absent, rules } = &**project;
        let theirs = &*other.project;
        *path == other.path
            && *kind == other.kind
            && *root == theirs.root
            && *plugins == theirs.plugins
            && Arc::ptr_eq(schemas, &theirs.schemas)
            && *absent == theirs.absent
            && *rules == theirs.rules
            && *ci == other.ci
            && *entries == other.entries
    }
}

/// Plans all that was found in the tree that was resolved.
pub(crate) fn plan(resolved: &Resolved, found: &Found, rules: ImportRules) -> Plan {
    plan_beside(resolved, found, rules, None)
}

/// Plans what was found in another revision than that of `other`. Schemas that are the same in both are read once.
pub(crate) fn plan_beside(
    resolved: &Resolved,
    found: &Found,
    rules: ImportRules,
    other: Option<&Plan>,
) -> Plan {
    let Resolved { tree, fetched, locks: _, diagnostics } = resolved;
    let mut diagnostics = diagnostics.clone();
    let nothing = Fetched::default();
    let projects: Vec<PlannedProject> = found
        .projects
        .iter()
        .map(|project| {
            let Project { root, config, config_path: _ } = project;
            let (sources, told) = sources::read(&**tree, root, config, fetched.get(root).unwrap_or(&nothing));
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
                digest: digest(&sources, &modules, &config.ci, &config.entries),
                sources,
                modules: Arc::new(modules),
                ci: Arc::new(config.ci.clone()),
                entries: Arc::new(config.entries.clone()),
            }
        })
        .collect();
    let planned = |path: &RelPath, project: usize, kind: FileKind| {
        let PlannedProject { modules, ci, entries, digest, sources: _ } = &projects[project];
        Planned {
            path: path.clone(),
            kind,
            project: Arc::clone(modules),
            ci: Arc::clone(ci),
            entries: Arc::clone(entries),
            digest: *digest,
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
