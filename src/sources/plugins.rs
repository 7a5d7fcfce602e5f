//! Plugins: those of `source = "path"` where they are, and those that `husako gen` installed.

use std::collections::HashSet;

use super::remote::Fetched;
use crate::config::{Config, PLUGIN_FILE, PluginManifest, PluginSource, Table};
use crate::diagnostic::Diagnostic;
use crate::tree::{ReadError, RelPath, SourceTree};

/// A plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its key in `[plugins]`.
    pub name: String,
    /// Its folder.
    pub folder: RelPath,
    /// What it says of itself.
    pub manifest: PluginManifest,
}

/// Reads the plugins of the project in `root`, those that win first: those that it names, in order, then others that were
/// installed once.
pub(super) fn read(
    tree: &dyn SourceTree,
    root: &RelPath,
    config: &Config,
    fetched: &Fetched,
) -> (Vec<Plugin>, Vec<Diagnostic>) {
    let installed = root.child(".husako").child("plugins");
    let (mut plugins, mut diagnostics) = (Vec::<Plugin>::new(), Vec::new());
    let mut read = |name: &str, folder: RelPath| {
        let path = folder.child(PLUGIN_FILE);
        let text = tree.read(&path)?;
        let (manifest, found) = PluginManifest::parse(&path, &text);
        diagnostics.extend(found);
        plugins.extend(manifest.map(|manifest| Plugin { name: name.to_owned(), folder, manifest }));
        Ok::<(), ReadError>(())
    };
    let mut missing = Vec::new();
    let mut known = HashSet::new();
    for named in &config.plugins {
        let folder = match &named.value {
            PluginSource::Path { path, .. } => Some(path.clone()),
            PluginSource::Git { .. } => fetched.get(Table::Plugins, &named.name).cloned(),
        };
        let Some(folder) = folder else { continue };
        match read(&named.name, folder) {
            Ok(()) => {
                known.insert(named.name.as_str());
            }
            Err(error) => {
                let message = format!("the plugin `{}` is left out: {error}", named.name);
                missing.push(named.origin.mark(Diagnostic::warning(message)));
            }
        }
    }
    let mut names = tree.list(&installed).unwrap_or_default();
    names.retain(|child| !child.lossy && !known.contains(child.name.as_str()));
    names.sort_by(|a, b| a.name.cmp(&b.name));
    for child in names {
        // Whatever else lies there is no plugin.
        let _ = read(&child.name, installed.child(&child.name));
    }
    diagnostics.extend(missing);
    (plugins, diagnostics)
}
