//! Where a project's schemas, charts and plugins come from: reads what `husako.toml` and the plugins name, in this
//! repository and where it was fetched to, and says what lies elsewhere.

mod files;
mod locking;
mod plugins;
mod remote;

use crate::config::{ChartSource, Config, Named, PluginSource, ResourceSource, Table};
use crate::diagnostic::{Diagnostic, Place};
use crate::tree::{RelPath, SourceTree};

pub use files::SourceFile;
pub use locking::complete;
pub use plugins::Plugin;
pub use remote::{Fetched, Remote, Wanted, remote_plugins, remote_schemas, versioned};

/// What files of `[resources]` are read for.
const DEFINITION: &str = "CustomResourceDefinition";

/// What a project's configuration names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The versions of Kubernetes that are asked for: by the project, or else by its plugins.
    pub releases: Vec<Named<String>>,
    /// The OpenAPI documents of those of them that are not built in, by version.
    pub documents: Vec<(String, Vec<SourceFile>)>,
    /// Files that may hold CRDs, those of the project first.
    pub crds: Vec<SourceFile>,
    /// The `values.schema.json` of charts by name, those of the project first; of a chart without one its `values.yaml`.
    pub charts: Vec<(String, SourceFile)>,
    /// The plugins, those that win first.
    pub plugins: Vec<Plugin>,
    /// What was not fetched.
    pub absent: Vec<Absent>,
}

/// Something that lies elsewhere, and was not fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// Its key; of a plugin's preset `<plugin>:<key>`.
    pub name: String,
    /// What it would bring.
    pub what: What,
    /// Where it comes from: the `source` that is written.
    pub source: &'static str,
    /// Where that is written.
    pub place: Place,
}

/// What comes from a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// CRDs: `[resources]`.
    Resources,
    /// A chart: `[charts]`.
    Chart,
    /// A plugin: `[plugins]`.
    Plugin,
}

/// Reads the sources of the project in `root`, those from elsewhere where `fetched` says.
///
/// The diagnostics tell what cannot be read, and is left out; errors are mistakes in plugins.
pub fn read(
    tree: &dyn SourceTree,
    root: &RelPath,
    config: &Config,
    fetched: &Fetched,
) -> (Sources, Vec<Diagnostic>) {
    let mut reader = Reader { tree, fetched, found: Sources::default(), diagnostics: Vec::new() };
    reader.plugins(root, config);
    reader.presets(config);
    (reader.found, reader.diagnostics)
}

/// The plugins of the project in `root`, without a word on what is wrong with them: [`read`] has it.
pub fn plugins(tree: &dyn SourceTree, root: &RelPath, config: &Config, fetched: &Fetched) -> Vec<Plugin> {
    plugins::read(tree, root, config, fetched).0
}

struct Reader<'t> {
    tree: &'t dyn SourceTree,
    fetched: &'t Fetched,
    found: Sources,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn plugins(&mut self, root: &RelPath, config: &Config) {
        let (plugins, diagnostics) = plugins::read(self.tree, root, config, self.fetched);
        self.diagnostics.extend(diagnostics);
        for named in &config.plugins {
            let is_there = plugins.iter().any(|plugin| plugin.name == named.name);
            if matches!(named.value, PluginSource::Git { .. }) && !is_there {
                self.absent(What::Plugin, named, "git");
            }
        }
        self.found.plugins = plugins;
    }

    /// The project's own resources and charts, then what its plugins add under names that are not taken.
    fn presets(&mut self, config: &Config) {
        let (resources, charts) = remote::named(config, &self.found.plugins);
        let own = config.resources.iter().any(|named| matches!(named.value, ResourceSource::Release { .. }));
        for (at, named) in resources.iter().enumerate() {
            match &named.value {
                ResourceSource::Release { version } if !own || at < config.resources.len() => {
                    let (name, origin) = (named.name.clone(), named.origin.clone());
                    if let Some(folder) = self.fetched.get(Table::Resources, &name) {
                        let files = files::documents(self.tree, folder);
                        let files = self.readable(named, "[resources]", files);
                        self.found.documents.push((version.clone(), files));
                    }
                    self.found.releases.push(Named { name, value: version.clone(), origin });
                }
                // The project says which version it is for; a plugin cannot know.
                ResourceSource::Release { .. } => {}
                ResourceSource::Git(source) => match self.fetched.get(Table::Resources, &named.name) {
                    Some(folder) => {
                        let path = RelPath::join(folder, source.path.as_str()).unwrap_or_default();
                        self.crds(named, &path, true);
                    }
                    None => self.absent(What::Resources, named, "git"),
                },
                ResourceSource::File { path, written: _ } => self.crds(named, path, false),
            }
        }
        for named in &charts {
            match &named.value {
                ChartSource::File { path, written: _ } => {
                    // Who names the values themselves knows it.
                    if let Some(file) = self.chart(named, path).filter(|file| file != path) {
                        let name = &named.name;
                        let message = format!(
                            "the chart `{name}` has no schema; what it takes is inferred from {file}"
                        );
                        let help =
                            "add a values.schema.json to the chart, or name its values.yaml as the path";
                        self.diagnostics.push(named.origin.mark(Diagnostic::warning(message).help(help)));
                    }
                }
                ChartSource::Git(source) => match self.fetched.get(Table::Charts, &named.name) {
                    Some(folder) => {
                        let path = RelPath::join(folder, source.path.as_str()).unwrap_or_default();
                        self.chart(named, &path);
                    }
                    None => self.absent(What::Chart, named, "git"),
                },
                ChartSource::Registry { .. } => self.fetched_chart(named, "registry"),
                ChartSource::ArtifactHub { .. } => self.fetched_chart(named, "artifacthub"),
                ChartSource::Oci { .. } => self.fetched_chart(named, "oci"),
            }
        }
    }

    /// Reads CRDs. Of what comes from elsewhere, mistakes are not the project's.
    fn crds(&mut self, named: &Named<ResourceSource>, path: &RelPath, is_fetched: bool) {
        let files = files::crds(self.tree, path);
        let mut files = self.readable(named, "[resources]", files);
        files.iter_mut().for_each(|file| file.is_by_the_way |= is_fetched);
        if !files.is_empty() && !files.iter().any(|file| file.text.contains(DEFINITION)) {
            let message = format!("there is no {DEFINITION} in {path}");
            self.diagnostics.push(named.origin.mark(Diagnostic::warning(message)));
        }
        self.found.crds.extend(files);
    }

    /// Reads a chart. Returns the file from which its schema is inferred, if it has none.
    fn chart(&mut self, named: &Named<ChartSource>, path: &RelPath) -> Option<RelPath> {
        let file = vec![files::chart(self.tree, path)];
        let file = self.readable(named, "[charts]", file).pop()?;
        let inferred = is_yaml(&file.path).then(|| file.path.clone());
        self.found.charts.push((named.name.clone(), file));
        inferred
    }

    /// A chart whose folder was fetched as a whole.
    fn fetched_chart(&mut self, named: &Named<ChartSource>, source: &'static str) {
        match self.fetched.get(Table::Charts, &named.name).cloned() {
            Some(folder) => _ = self.chart(named, &folder),
            None => self.absent(What::Chart, named, source),
        }
    }

    fn absent<T>(&mut self, what: What, named: &Named<T>, source: &'static str) {
        let (name, place) = (named.name.clone(), named.origin.place.clone());
        self.found.absent.push(Absent { name, what, source, place });
    }

    /// Those that could be read; tells of the others.
    fn readable<T>(
        &mut self,
        named: &Named<T>,
        table: &str,
        files: Vec<Result<SourceFile, files::Unread>>,
    ) -> Vec<SourceFile> {
        let mut found = Vec::new();
        for file in files {
            match file {
                Ok(file) => found.push(file),
                Err(unread) => {
                    let message = format!("`{}` in {table} is left out: {}", named.name, unread.message);
                    let warning = Diagnostic { help: unread.help, ..Diagnostic::warning(message) };
                    self.diagnostics.push(named.origin.mark(warning));
                }
            }
        }
        found
    }
}

fn is_yaml(path: &RelPath) -> bool {
    path.file_name().ends_with(".yaml")
}

/// Adds the presets of a plugin. What has such a name already stays as it is.
fn add<T: Clone>(to: &mut Vec<Named<T>>, plugin: &str, presets: &[Named<T>]) {
    for preset in presets {
        let name = format!("{plugin}:{}", preset.name);
        if !to.iter().any(|known| known.name == name) {
            to.push(Named { name, ..preset.clone() });
        }
    }
}

#[cfg(test)]
mod tests;
