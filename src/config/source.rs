//! Where schemas, charts and plugins come from, as written in `husako.toml` and `plugin.toml`.

use std::ops::Range;

use toml::de::DeTable;

use super::document::{Document, Named, Text, in_order, near_suggestion, suggestion};
use crate::tree::RelPath;

/// Part of a git repository at a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSource {
    /// The repository's address.
    pub repo: String,
    /// The tag.
    pub tag: String,
    /// The file or folder, from that repository's root.
    pub path: RelPath,
    /// The path as it is written, by which husako tells sources apart.
    pub written: String,
}

/// Where the schemas of some resources come from: `[resources]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceSource {
    /// `release`: the OpenAPI documents of a Kubernetes release.
    Release {
        /// `1.35`, or with a patch level.
        version: String,
    },
    /// `git`: CRDs of a git repository.
    Git(GitSource),
    /// `file`: a CRD file, or a folder of them.
    File {
        /// From the tree's root.
        path: RelPath,
        /// As it is written.
        written: String,
    },
}

/// Where a chart's `values.schema.json` comes from: `[charts]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartSource {
    /// `registry`: a Helm repository.
    Registry {
        /// Its address; may be `oci://`.
        repo: String,
        /// The chart's name there.
        chart: String,
        /// The chart's version.
        version: String,
    },
    /// `artifacthub`: whatever Artifact Hub knows by that name.
    ArtifactHub {
        /// `repository/chart`.
        package: String,
        /// The chart's version.
        version: String,
    },
    /// `oci`: an OCI registry.
    Oci {
        /// `oci://…`.
        reference: String,
        /// The chart's version.
        version: String,
    },
    /// `git`: a file in a git repository.
    Git(GitSource),
    /// `file`: a file of this repository.
    File {
        /// From the tree's root.
        path: RelPath,
        /// As it is written.
        written: String,
    },
}

/// Where a plugin comes from: `[plugins]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginSource {
    /// `git`: a git repository, its default branch.
    Git {
        /// The repository's address.
        url: String,
        /// The plugin's folder, from that repository's root.
        path: Option<RelPath>,
        /// That as it is written.
        written: Option<String>,
    },
    /// `path`: a folder of this repository.
    Path {
        /// From the tree's root.
        path: RelPath,
        /// As it is written.
        written: String,
    },
}

/// Reads one table of sources, each with `read`.
pub(super) fn sources<T>(
    doc: &mut Document<'_>,
    section: &str,
    table: &DeTable<'_>,
    read: impl Fn(&mut Fields<'_, '_>, &Text) -> Option<T>,
) -> Vec<Named<T>> {
    let mut found = Vec::new();
    for (name, span, value) in in_order(table) {
        let what = format!("`{name}` in [{section}]");
        let Some(table) = doc.table(value, &what) else { continue };
        let origin = doc.origin(&span);
        let mut fields = Fields { doc: &mut *doc, table, what, span, known: vec!["source"] };
        let Some(source) = fields.required("source") else { continue };
        if let Some(value) = read(&mut fields, &source) {
            found.push(Named { name: name.to_owned(), value, origin });
        }
    }
    found
}

/// One source: a table whose keys are told apart by its `source`.
pub(super) struct Fields<'d, 't> {
    doc: &'d mut Document<'t>,
    table: &'d DeTable<'d>,
    what: String,
    span: Range<usize>,
    /// The keys asked for: whatever else is written is unknown.
    known: Vec<&'static str>,
}

impl Fields<'_, '_> {
    /// The text of a key. The outer `None`: it is not written; the inner: it is no string, which has been told.
    fn text(&mut self, key: &'static str) -> Option<Option<Text>> {
        self.known.push(key);
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(self.doc.string(value, &format!("`{key}` of {}", self.what)))
    }

    fn required(&mut self, key: &'static str) -> Option<Text> {
        self.text(key).unwrap_or_else(|| {
            self.doc.error(&self.span, format!("{} has no `{key}`", self.what));
            None
        })
    }

    fn string(&mut self, key: &'static str) -> Option<String> {
        self.required(key).map(|text| text.value)
    }

    /// A git address: `repo` and `url` mean the same.
    fn address(&mut self, key: &'static str, synonym: &'static str) -> Option<String> {
        match self.text(synonym) {
            None => self.string(key),
            Some(synonymous) => {
                if let Some(Some(text)) = self.text(key) {
                    let message =
                        format!("{} has both `{key}` and `{synonym}`, which mean the same", self.what);
                    self.doc.error(&text.span, message);
                }
                synonymous.map(|text| text.value)
            }
        }
    }

    /// A path in this tree, and how it is written.
    fn path(&mut self) -> Option<(RelPath, String)> {
        let text = self.required("path")?;
        let path = self.doc.relative_path(&text, &format!("`path` of {}", self.what))?;
        Some((path, text.value))
    }

    /// A path in another repository, and how it is written.
    fn foreign_path(&mut self, text: Option<Text>) -> Option<(RelPath, String)> {
        let text = text?;
        let path = self.doc.foreign_path(&text, &format!("`path` of {}", self.what))?;
        Some((path, text.value))
    }

    fn git(&mut self) -> Option<GitSource> {
        let (repo, tag) = (self.address("repo", "url"), self.string("tag"));
        let path = self.required("path");
        let path = self.foreign_path(path);
        let (path, written) = path?;
        Some(GitSource { repo: repo?, tag: tag?, path, written })
    }

    fn unknown_source(&mut self, source: &Text, known: &[&str]) {
        let message = format!("unknown source `{}` of {}", source.value, self.what);
        self.doc.error_with_help(&source.span, message, suggestion(&source.value, known));
    }

    /// Warns of the keys that nothing asked for.
    fn finish(&mut self) {
        for (name, span, _) in in_order(self.table) {
            if !self.known.contains(&name) {
                let message = format!("unknown key `{name}` of {}", self.what);
                self.doc.warning(&span, message, near_suggestion(name, &self.known));
            }
        }
    }
}

// In each, all fields are read before the first `?`, so that every mistake is told.

pub(super) fn resource(fields: &mut Fields<'_, '_>, source: &Text) -> Option<ResourceSource> {
    let found = match source.value.as_str() {
        "release" => fields.string("version").map(|version| ResourceSource::Release { version }),
        "git" => fields.git().map(ResourceSource::Git),
        "file" => fields.path().map(|(path, written)| ResourceSource::File { path, written }),
        // Of husako 0.1; a project that has it works there, and one without a cluster at hand is what CI is.
        "cluster" => {
            let message = format!("{} comes from a running cluster, and is left out", fields.what);
            let help = "add its CRDs with `source = \"file\"` or `source = \"git\"`".to_owned();
            fields.doc.warning(&source.span, message, Some(help));
            return None;
        }
        _ => {
            fields.unknown_source(source, &["release", "git", "file"]);
            return None;
        }
    };
    fields.finish();
    found
}

pub(super) fn chart(fields: &mut Fields<'_, '_>, source: &Text) -> Option<ChartSource> {
    let found = match source.value.as_str() {
        "registry" => {
            let (repo, chart, version) =
                (fields.string("repo"), fields.string("chart"), fields.string("version"));
            (|| Some(ChartSource::Registry { repo: repo?, chart: chart?, version: version? }))()
        }
        "artifacthub" => {
            let (package, version) = (fields.string("package"), fields.string("version"));
            (|| Some(ChartSource::ArtifactHub { package: package?, version: version? }))()
        }
        "oci" => {
            let (reference, version) = (fields.string("reference"), fields.string("version"));
            (|| Some(ChartSource::Oci { reference: reference?, version: version? }))()
        }
        "git" => fields.git().map(ChartSource::Git),
        "file" => fields.path().map(|(path, written)| ChartSource::File { path, written }),
        _ => {
            fields.unknown_source(source, &["registry", "artifacthub", "oci", "git", "file"]);
            return None;
        }
    };
    fields.finish();
    found
}

pub(super) fn plugin(fields: &mut Fields<'_, '_>, source: &Text) -> Option<PluginSource> {
    let found = match source.value.as_str() {
        "git" => {
            let url = fields.address("url", "repo");
            let path = match fields.text("path") {
                None => Some(None),
                Some(text) => fields.foreign_path(text).map(Some),
            };
            let (path, written) = path.map(Option::unzip)?;
            url.map(|url| PluginSource::Git { url, path, written })
        }
        "path" => fields.path().map(|(path, written)| PluginSource::Path { path, written }),
        _ => {
            fields.unknown_source(source, &["git", "path"]);
            return None;
        }
    };
    fields.finish();
    found
}
