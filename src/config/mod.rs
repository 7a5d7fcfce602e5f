//! `husako.toml` and `plugin.toml`: typed, with every mistake told at its place.

mod document;
mod edit;
mod lock;
mod plugin;
mod redact;
mod source;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Severity};
use crate::rule::{Level, Levels, Rule};
use crate::tree::{Pattern, RelPath};
use document::{Document, in_order, near_suggestion, suggestion};

pub use document::{Named, Origin};
pub use edit::{Edit, edited};
pub use lock::{ContentHash, LOCK_FILE, Lock, Locked, Table};
pub use plugin::{PLUGIN_FILE, PluginManifest};
pub use redact::{Redact, RedactStep};
pub use source::{ChartSource, GitSource, PluginSource, ResourceSource};

/// The name of the file that makes a folder a project.
pub const CONFIG_FILE: &str = "husako.toml";

/// A project's `husako.toml`. Everything is kept in the order in which it is written; paths are from the tree's root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Files by alias.
    pub entries: Vec<Named<RelPath>>,
    /// Where schemas come from; `[schemas]` is the table's old name.
    pub resources: Vec<Named<ResourceSource>>,
    /// Where the schemas of charts' values come from, by the name after `helm/`.
    pub charts: Vec<Named<ChartSource>>,
    /// Where plugins come from.
    pub plugins: Vec<Named<PluginSource>>,
    /// What concerns husako-ci alone.
    pub ci: Ci,
}

/// The table `[ci]`. In each, `name` is the pattern as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ci {
    /// When there are any, only what matches one of them runs.
    pub include: Vec<Named<Pattern>>,
    /// What matches one of them does not run.
    pub exclude: Vec<Named<Pattern>>,
    /// Files that are entries without being named.
    pub entries: Vec<Named<Pattern>>,
    /// `[ci.rules]`: how findings about rendered resources, and about changes of them, count.
    pub rules: Levels,
    /// What no report shows, beside what is secret anyway.
    pub redact: Vec<Named<Redact>>,
}

const SECTIONS: [&str; 6] = ["entries", "resources", "schemas", "charts", "plugins", "ci"];
const CI_KEYS: [&str; 5] = ["include", "exclude", "entries", "redact", "rules"];
/// Tables of husako that say nothing to a CI run: known, and of no use here.
const OF_HUSAKO: [&str; 2] = ["cluster", "clusters"];

impl Config {
    /// Reads the text of the `husako.toml` at `path`.
    ///
    /// `None` when anything is an error; all errors and warnings are told, in the order of the file. Unknown tables and
    /// keys are warnings, as husako ignores them, but errors inside `[ci]`.
    pub fn parse(path: &RelPath, text: &str) -> (Option<Config>, Vec<Diagnostic>) {
        let mut doc = Document::new(path, text, RelPath::default());
        let config = doc.parse().map(|root| read(&mut doc, &root));
        only_without_errors(config, doc)
    }
}

fn only_without_errors<T>(value: Option<T>, doc: Document<'_>) -> (Option<T>, Vec<Diagnostic>) {
    let mut diagnostics = doc.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.place.as_ref().map(|place| (place.line, place.column)));
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    (value.filter(|_| !failed), diagnostics)
}

fn read(doc: &mut Document<'_>, root: &DeTable<'_>) -> Config {
    let mut config = Config::default();
    for (section, span, value) in in_order(root) {
        if !SECTIONS.contains(&section) {
            if !OF_HUSAKO.contains(&section) {
                let kind = if value.get_ref().is_table() { "table" } else { "key" };
                let message = format!("unknown {kind} `{section}`");
                doc.warning(&span, message, near_suggestion(section, &SECTIONS));
            }
            continue;
        }
        let Some(table) = doc.table(value, &format!("[{section}]")) else { continue };
        match section {
            "entries" => config.entries = paths(doc, section, table),
            "resources" | "schemas" => {
                for found in source::sources(doc, section, table, source::resource) {
                    if config.resources.iter().any(|other| other.name == found.name) {
                        let name = format!("`{}` is in both [resources] and [schemas]", found.name);
                        let error = Diagnostic::error(name).help("[schemas] is the old name of [resources]");
                        doc.diagnostics.push(found.origin.mark(error));
                    } else {
                        config.resources.push(found);
                    }
                }
            }
            "charts" => config.charts = source::sources(doc, section, table, source::chart),
            "plugins" => config.plugins = source::sources(doc, section, table, source::plugin),
            _ => config.ci = ci(doc, table),
        }
    }
    config
}

fn ci(doc: &mut Document<'_>, table: &DeTable<'_>) -> Ci {
    let mut ci = Ci::default();
    for (key, span, value) in in_order(table) {
        let patterns = match key {
            "include" => &mut ci.include,
            "exclude" => &mut ci.exclude,
            "entries" => &mut ci.entries,
            "redact" => {
                ci.redact = redact(doc, value);
                continue;
            }
            "rules" => {
                ci.rules = rules(doc, value);
                continue;
            }
            _ => {
                let message = format!("unknown key `{key}` in [ci]");
                doc.error_with_help(&span, message, suggestion(key, &CI_KEYS));
                continue;
            }
        };
        for text in doc.strings(value, &format!("`{key}` in [ci]")) {
            match Pattern::filter(&doc.folder(), &text.value) {
                Ok(pattern) => {
                    patterns.push(Named { name: text.value, value: pattern, origin: doc.origin(&text.span) });
                }
                Err(error) => doc.error(&text.span, error.to_string()),
            }
        }
    }
    ci
}

fn redact(doc: &mut Document<'_>, value: &Spanned<DeValue<'_>>) -> Vec<Named<Redact>> {
    let mut paths = Vec::new();
    for text in doc.strings(value, "`redact` in [ci]") {
        match Redact::parse(&text.value) {
            Some(path) => paths.push(Named { name: text.value, value: path, origin: doc.origin(&text.span) }),
            None => {
                let message = format!("`{}` in `redact` of [ci] is no path in a resource", text.value);
                let help = r#"write the kind and the path: "ConfigMap.data.password", "*.spec.users[*].key""#;
                doc.error_with_help(&text.span, message, help);
            }
        }
    }
    paths
}

fn rules(doc: &mut Document<'_>, value: &Spanned<DeValue<'_>>) -> Levels {
    let mut levels = Levels::default();
    let Some(table) = doc.table(value, "[ci.rules]") else { return levels };
    for (name, span, value) in in_order(table) {
        let Some(rule) = Rule::named(name) else {
            let names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
            doc.error_with_help(
                &span,
                format!("unknown rule `{name}` in [ci.rules]"),
                suggestion(name, &names),
            );
            continue;
        };
        let Some(text) = doc.string(value, &format!("`{name}` in [ci.rules]")) else { continue };
        match Level::named(&text.value) {
            Some(level) => levels.set(rule, level),
            None => {
                let message = format!("unknown level `{}` of `{name}` in [ci.rules]", text.value);
                doc.error_with_help(&text.span, message, suggestion(&text.value, &Level::NAMES));
            }
        }
    }
    levels
}

/// A table of paths by name.
fn paths(doc: &mut Document<'_>, section: &str, table: &DeTable<'_>) -> Vec<Named<RelPath>> {
    let mut found = Vec::new();
    for (name, _, value) in in_order(table) {
        let what = format!("`{name}` in [{section}]");
        let Some(text) = doc.string(value, &what) else { continue };
        if let Some(value) = doc.relative_path(&text, &what) {
            found.push(Named { name: name.to_owned(), value, origin: doc.origin(&text.span) });
        }
    }
    found
}

#[cfg(test)]
mod tests;
