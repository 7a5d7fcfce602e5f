//! `plugin.toml`.

use toml::de::DeTable;

use super::document::{Document, Named, in_order, near_suggestion};
use super::source::{self, ChartSource, ResourceSource};
use super::{only_without_errors, paths};
use crate::diagnostic::Diagnostic;
use crate::tree::RelPath;

/// The name of the file that makes a folder a plugin.
pub const PLUGIN_FILE: &str = "plugin.toml";

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginManifest {
    /// Its name.
    pub name: String,
    /// Its version, as written.
    pub version: String,
    /// What it is for.
    pub description: Option<String>,
    /// The schemas that it brings, in order.
    pub resources: Vec<Named<ResourceSource>>,
    /// The charts that it brings, in order.
    pub charts: Vec<Named<ChartSource>>,
    /// The files of its modules, from the tree's root, by import specifier, in order.
    pub modules: Vec<Named<RelPath>>,
}

impl PluginManifest {
    /// Reads the text of the `plugin.toml` at `path`. Its paths must stay inside its folder.
    ///
    /// `None` when anything is an error; all errors and warnings are told.
    pub fn parse(path: &RelPath, text: &str) -> (Option<PluginManifest>, Vec<Diagnostic>) {
        let mut doc = Document::new(path, text, path.parent());
        let manifest = doc.parse().and_then(|root| read(&mut doc, &root));
        only_without_errors(manifest, doc)
    }
}

fn read(doc: &mut Document<'_>, root: &DeTable<'_>) -> Option<PluginManifest> {
    let mut manifest = PluginManifest {
        name: String::new(),
        version: String::new(),
        description: None,
        resources: Vec::new(),
        charts: Vec::new(),
        modules: Vec::new(),
    };
    let mut found = false;
    for (section, span, value) in in_order(root) {
        let known = ["plugin", "resources", "charts", "modules"];
        if !known.contains(&section) {
            doc.warning(&span, format!("unknown table [{section}]"), near_suggestion(section, &known));
            continue;
        }
        let is_plugin = section == "plugin";
        found |= is_plugin;
        let Some(table) = doc.table(value, &format!("[{section}]")) else { continue };
        match section {
            "resources" => manifest.resources = source::sources(doc, section, table, source::resource),
            "charts" => manifest.charts = source::sources(doc, section, table, source::chart),
            "modules" => manifest.modules = paths(doc, section, table),
            _ => {
                about(doc, table, &mut manifest);
                for (key, written) in [("name", &manifest.name), ("version", &manifest.version)] {
                    // A key of the wrong type has been told already.
                    if written.is_empty() && !table.iter().any(|(name, _)| name.get_ref() == key) {
                        doc.error(&span, format!("[plugin] has no `{key}`"));
                    }
                }
            }
        }
    }
    if !found {
        doc.error_with_help(&(0..0), "there is no [plugin]".to_owned(), "it holds `name` and `version`");
    }
    Some(manifest)
}

fn about(doc: &mut Document<'_>, table: &DeTable<'_>, manifest: &mut PluginManifest) {
    for (key, span, value) in in_order(table) {
        let known = ["name", "version", "description"];
        if !known.contains(&key) {
            doc.warning(&span, format!("unknown key `{key}` in [plugin]"), near_suggestion(key, &known));
            continue;
        }
        let Some(text) = doc.string(value, &format!("`{key}` in [plugin]")) else { continue };
        match key {
            "name" => manifest.name = text.value,
            "version" => manifest.version = text.value,
            _ => manifest.description = Some(text.value),
        }
    }
}
