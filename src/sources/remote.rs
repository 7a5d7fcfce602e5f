//! Sources that lie elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::add;
use super::plugins::Plugin;
use crate::config::{ChartSource, Config, GitSource, Named, Origin, PluginSource, ResourceSource, Table};
use crate::tree::RelPath;

/// What a part of a path cannot have.
const NO_PARTS: &AsciiSet = &CONTROLS.add(b'/').add(b'\\').add(b'%');

/// Where something is to be fetched from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remote {
    /// The OpenAPI documents of a Kubernetes version that is not embedded.
    Release {
        /// `1.24`, or with a patch level.
        version: String,
    },
    /// Files of a git repository.
    Git {
        /// Its address.
        repo: String,
        /// The tag; `None`: the default branch.
        tag: Option<String>,
        /// The file or folder, from that repository's root.
        path: RelPath,
        /// That as it is written, if it is.
        written: Option<String>,
    },
    /// A chart of a Helm repository.
    Registry {
        /// Its address; may be `oci://`.
        repo: String,
        /// The chart's name there.
        chart: String,
        /// The chart's version.
        version: String,
    },
    /// A chart by its name on Artifact Hub.
    ArtifactHub {
        /// `repository/chart`.
        package: String,
        /// The chart's version.
        version: String,
    },
    /// A chart of an OCI registry.
    Oci {
        /// `oci://…`.
        reference: String,
        /// The chart's version.
        version: String,
    },
}

/// Something that a project names and that lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The table that it is named in.
    pub table: Table,
    /// Its key; of a plugin's preset `<plugin>:<key>`.
    pub name: String,
    /// Where it is.
    pub remote: Remote,
    /// Where that is written.
    pub origin: Origin,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in [{}]", self.name, self.table.name())
    }
}

impl Remote {
    /// What tells it from others, in `husako.lock`: by the keys of `husako.toml`.
    pub fn identity(&self, table: Table) -> Vec<(&'static str, String)> {
        let mut found = vec![("source", self.kind().to_owned())];
        let mut add = |key, value: &str| found.push((key, value.to_owned()));
        match self {
            Remote::Release { version } => add("version", version),
            Remote::Git { repo, tag, path: _, written } => {
                add(if table == Table::Plugins { "url" } else { "repo" }, repo);
                tag.iter().for_each(|tag| add("tag", tag));
                written.iter().for_each(|path| add("path", path));
            }
            Remote::Registry { repo, chart, version } => {
                add("repo", repo);
                add("chart", chart);
                add("version", version);
            }
            Remote::ArtifactHub { package, version } => {
                add("package", package);
                add("version", version);
            }
            Remote::Oci { reference, version } => {
                add("reference", reference);
                add("version", version);
            }
        }
        found
    }

    /// What is written as its `source`.
    pub fn kind(&self) -> &'static str {
        match self {
            Remote::Release { .. } => "release",
            Remote::Git { .. } => "git",
            Remote::Registry { .. } => "registry",
            Remote::ArtifactHub { .. } => "artifacthub",
            Remote::Oci { .. } => "oci",
        }
    }

    /// The version or tag; `None` for the newest commit of a branch.
    pub fn version(&self) -> Option<&str> {
        match self {
            Remote::Git { tag, .. } => tag.as_deref(),
            Remote::Release { version }
            | Remote::Registry { version, .. }
            | Remote::ArtifactHub { version, .. }
            | Remote::Oci { version, .. } => Some(version),
        }
    }

    fn of_git(source: &GitSource) -> Remote {
        let GitSource { repo, tag, path, written } = source;
        Remote::Git {
            repo: repo.clone(),
            tag: Some(tag.clone()),
            path: path.clone(),
            written: Some(written.clone()),
        }
    }

    fn of_resource(source: &ResourceSource, is_built_in: impl Fn(&str) -> bool) -> Option<Remote> {
        match source {
            ResourceSource::Release { version } if is_built_in(version) => None,
            ResourceSource::Release { version } => Some(Remote::Release { version: version.clone() }),
            ResourceSource::Git(source) => Some(Remote::of_git(source)),
            ResourceSource::File { .. } => None,
        }
    }

    fn of_chart(source: &ChartSource) -> Option<Remote> {
        Some(match source {
            ChartSource::Registry { repo, chart, version } => {
                Remote::Registry { repo: repo.clone(), chart: chart.clone(), version: version.clone() }
            }
            ChartSource::ArtifactHub { package, version } => {
                Remote::ArtifactHub { package: package.clone(), version: version.clone() }
            }
            ChartSource::Oci { reference, version } => {
                Remote::Oci { reference: reference.clone(), version: version.clone() }
            }
            ChartSource::Git(source) => Remote::of_git(source),
            ChartSource::File { .. } => return None,
        })
    }

    fn of_plugin(source: &PluginSource) -> Option<Remote> {
        match source {
            PluginSource::Git { url, path, written } => Some(Remote::Git {
                repo: url.clone(),
                tag: None,
                path: path.clone().unwrap_or_default(),
                written: written.clone(),
            }),
            PluginSource::Path { .. } => None,
        }
    }
}

/// The plugins of a project that lie elsewhere.
pub fn remote_plugins(config: &Config) -> Vec<Wanted> {
    wanted(Table::Plugins, &config.plugins, Remote::of_plugin)
}

/// The resources and charts of a project, and of its plugins, that lie elsewhere. `is_built_in` says for which versions
/// of Kubernetes nothing has to be fetched.
pub fn remote_schemas(
    config: &Config,
    plugins: &[Plugin],
    is_built_in: impl Fn(&str) -> bool,
) -> Vec<Wanted> {
    let (resources, charts) = named(config, plugins);
    let mut found = wanted(Table::Resources, &resources, |source| Remote::of_resource(source, &is_built_in));
    // Which Kubernetes version it is for, the project says; a plugin cannot know.
    let own = config.resources.len();
    let has_release =
        config.resources.iter().any(|named| matches!(named.value, ResourceSource::Release { .. }));
    let is_own = |wanted: &Wanted| resources[..own].iter().any(|named| named.name == wanted.name);
    found.retain(|wanted| !matches!(wanted.remote, Remote::Release { .. }) || !has_release || is_own(wanted));
    found.extend(wanted(Table::Charts, &charts, Remote::of_chart));
    found
}

/// What a project itself names by a version, wherever it lies: what can be updated.
pub fn versioned(config: &Config) -> Vec<Wanted> {
    let resource = |source: &ResourceSource| Remote::of_resource(source, |_| false);
    let resources = wanted(Table::Resources, &config.resources, resource);
    resources.into_iter().chain(wanted(Table::Charts, &config.charts, Remote::of_chart)).collect()
}

fn wanted<T>(table: Table, all: &[Named<T>], remote: impl Fn(&T) -> Option<Remote>) -> Vec<Wanted> {
    let wanted = |named: &Named<T>| {
        let (name, origin) = (named.name.clone(), named.origin.clone());
        Some(Wanted { table, name, remote: remote(&named.value)?, origin })
    };
    all.iter().filter_map(wanted).collect()
}

/// The resources and charts of a project, then what its plugins add under names that are not taken.
pub(super) fn named(
    config: &Config,
    plugins: &[Plugin],
) -> (Vec<Named<ResourceSource>>, Vec<Named<ChartSource>>) {
    let mut resources = config.resources.clone();
    let mut charts = config.charts.clone();
    // Plugins that were installed once, and are named no more, add nothing.
    let is_named = |plugin: &&Plugin| config.plugins.iter().any(|named| named.name == plugin.name);
    for plugin in plugins.iter().filter(is_named) {
        add(&mut resources, &plugin.name, &plugin.manifest.resources);
        add(&mut charts, &plugin.name, &plugin.manifest.charts);
    }
    (resources, charts)
}

/// Where what was fetched for a project can be read in its tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    folders: BTreeMap<(Table, String), RelPath>,
}

impl Fetched {
    /// The folder in which what `wanted` names is to be read, in the project in `root`: of a plugin, where husako
    /// installs it.
    pub fn folder(root: &RelPath, wanted: &Wanted) -> RelPath {
        let kind = match wanted.table {
            Table::Resources => "sources/resources",
            Table::Charts => "sources/charts",
            Table::Plugins => "plugins",
        };
        // A name is one part of the path, whatever it holds, and no other has the same.
        let name: String = utf8_percent_encode(&wanted.name, NO_PARTS).collect();
        let name = if matches!(name.as_str(), "" | "." | "..") { format!("%{name}") } else { name };
        kind.split('/').fold(root.child(".husako"), |folder, part| folder.child(part)).child(&name)
    }

    /// Adds what was fetched, and can be read in `folder`.
    pub fn add(&mut self, wanted: &Wanted, folder: RelPath) {
        self.folders.insert((wanted.table, wanted.name.clone()), folder);
    }

    pub(super) fn get(&self, table: Table, name: &str) -> Option<&RelPath> {
        self.folders.get(&(table, name.to_owned()))
    }
}
