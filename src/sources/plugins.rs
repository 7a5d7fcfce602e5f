//! Plugins: those of `source = "path"` where they are, and those that `husako gen` installed.

use crate::config::{Config, PLUGIN_FILE, PluginManifest, PluginSource};
use crate::diagnostic::Diagnostic;
use crate::tree::{RelPath, SourceTree};

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

/// Reads the plugins of the project in `root`, those that win first.
pub(super) fn read(tree: &dyn SourceTree, root: &RelPath, config: &Config) -> (Vec<Plugin>, Vec<Diagnostic>) {
    let (mut plugins, mut diagnostics) = (Vec::new(), Vec::new());
    let mut read = |name: &str, folder: RelPath| {
        let path = folder.child(PLUGIN_FILE);
        let text = tree.read(&path)?;
        let (manifest, found) = PluginManifest::parse(&path, &text);
        diagnostics.extend(found);
        plugins.extend(manifest.map(|manifest| Plugin { name: name.to_owned(), folder, manifest }));
        Ok(())
    };
    let mut missing = Vec::new();
    for named in &config.plugins {
        let PluginSource::Path { path } = &named.value else { continue };
        let found: Result<(), crate::tree::ReadError> = read(&named.name, path.clone());
        if let Err(error) = found {
            let message = format!("the plugin `{}` is left out: {error}", named.name);
            missing.push(named.origin.mark(Diagnostic::warning(message)));
        }
    }
    let installed = root.child(".husako").child("plugins");
    let mut names = tree.list(&installed).unwrap_or_default();
    names.retain(|child| !child.lossy);
    names.sort_by(|a, b| a.name.cmp(&b.name));
    for child in names {
        // Whatever else lies there is no plugin.
        let _ = read(&child.name, installed.child(&child.name));
    }
    diagnostics.extend(missing);
    (plugins, diagnostics)
}
