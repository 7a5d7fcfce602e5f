//! From Artifact Hub, and from the repositories that it knows of.
//!
//! `https://artifacthub.io/docs/api/`

use std::collections::BTreeMap;

use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use super::bundle::Bundle;
use super::{Fetcher, Found, MAX_DOCUMENT, address};
use crate::diagnostic::Diagnostic;

/// What Artifact Hub knows of a version of a package, as far as it is of use.
#[derive(Debug, Deserialize)]
struct Package {
    #[serde(default)]
    package_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    /// The newest, or the one that was asked for.
    #[serde(default)]
    version: Option<String>,
    /// The schema, as text or as an object.
    #[serde(default)]
    values_schema: Option<Value>,
    #[serde(default)]
    has_values_schema: Option<bool>,
    /// Where its archive is.
    #[serde(default)]
    content_url: Option<String>,
    #[serde(default)]
    repository: Option<Repository>,
    #[serde(default)]
    available_versions: Vec<Available>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    #[serde(default)]
    url: String,
}

#[derive(Debug, Deserialize)]
struct Available {
    #[serde(default)]
    version: String,
    #[serde(default)]
    prerelease: bool,
}

impl Fetcher {
    /// The schema of a chart: Artifact Hub's own copy, or else from the chart's repository.
    ///
    /// What is found is the same either way: the schema, its keys sorted, or the values alone where there is none.
    pub(super) async fn artifacthub(&self, package: &str, version: &str) -> Result<Found, Diagnostic> {
        let known = self.package(package, Some(version)).await?;
        if let Some(schema) = self.schema(&known, version).await? {
            return bundle("values.schema.json", sorted(&schema)?);
        }
        let found = match (&known.content_url, &known.repository) {
            (Some(url), _) if url.starts_with("oci://") => {
                let reference = url.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'));
                self.oci(reference.map_or(url.as_str(), |(reference, _)| reference), version).await?
            }
            (Some(url), _) => self.archive(&address(url)?, None).await?,
            (None, Some(Repository { url })) => {
                let name = known.name.as_deref().or_else(|| package.rsplit('/').next()).unwrap_or(package);
                if url.starts_with("oci://") {
                    // The repository of a single chart is the chart.
                    self.oci(url, version).await?
                } else {
                    self.registry(url, name, version).await?
                }
            }
            (None, None) => {
                let message =
                    format!("Artifact Hub knows neither a schema nor the repository of {package} {version}");
                return Err(Diagnostic::error(message));
            }
        };
        let file =
            |name: &str| found.bundle.files().find(|(path, _)| *path == name).map(|(_, text)| text.to_vec());
        match (file("values.schema.json"), file("values.yaml")) {
            (Some(schema), _) => {
                let schema = serde_json::from_slice(&schema)
                    .map_err(|error| Diagnostic::error(format!("the chart's values.schema.json: {error}")))?;
                bundle("values.schema.json", sorted(&schema)?)
            }
            (None, Some(values)) => bundle("values.yaml", values),
            (None, None) => {
                Err(Diagnostic::error("the chart has neither a values.schema.json nor a values.yaml"))
            }
        }
    }

    /// The stable versions of a package.
    pub(super) async fn artifacthub_versions(&self, package: &str) -> Result<Vec<String>, Diagnostic> {
        let known = self.package(package, None).await?;
        let stable = known.available_versions.into_iter().filter(|available| !available.prerelease);
        Ok(stable.map(|available| available.version).chain(known.version).collect())
    }

    async fn package(&self, package: &str, version: Option<&str>) -> Result<Package, Diagnostic> {
        let mut parts: Vec<&str> = package.split('/').collect();
        if parts.len() != 2 || parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            let message = format!("`{package}` is no package of Artifact Hub");
            return Err(Diagnostic::error(message).help("write it as repository/chart"));
        }
        parts.extend(version);
        let url = self.hub(&[&["packages", "helm"], &parts[..]].concat())?;
        let answer = match self.get(&url, "application/json", MAX_DOCUMENT).await {
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {
                let what = version.map_or_else(String::new, |version| format!(" {version}"));
                let message = format!("Artifact Hub knows no {package}{what}");
                return Err(Diagnostic::error(message).help(error.to_string()));
            }
            answer => answer?,
        };
        serde_json::from_slice(&answer.body)
            .map_err(|error| Diagnostic::error(format!("{}: {error}", super::http::shown(&url))))
    }

    /// Artifact Hub's copy of the schema, if it has one.
    async fn schema(&self, known: &Package, version: &str) -> Result<Option<Value>, Diagnostic> {
        match &known.values_schema {
            Some(Value::String(text)) if !text.is_empty() => {
                let parsed = serde_json::from_str(text);
                return parsed.map(Some).map_err(|error| {
                    Diagnostic::error(format!("the schema that Artifact Hub has: {error}"))
                });
            }
            Some(schema @ Value::Object(_)) => return Ok(Some(schema.clone())),
            Some(_) | None => {}
        }
        let (Some(true), Some(id)) = (known.has_values_schema, &known.package_id) else { return Ok(None) };
        let url = self.hub(&["packages", id, version, "values-schema"])?;
        // What it does not give, the chart's own repository has.
        let Ok(answer) = self.get(&url, "application/json", MAX_DOCUMENT).await else { return Ok(None) };
        Ok(serde_json::from_slice(&answer.body).ok().filter(Value::is_object))
    }

    /// An address of the API.
    fn hub(&self, parts: &[&str]) -> Result<Url, Diagnostic> {
        let mut url = address(&self.servers.artifacthub)?;
        match url.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty().extend(["api", "v1"]).extend(parts);
            }
            Err(()) => return Err(Diagnostic::error("the address of Artifact Hub cannot have a path")),
        }
        Ok(url)
    }
}

fn bundle(name: &str, content: Vec<u8>) -> Result<Found, Diagnostic> {
    let bundle = Bundle::new(BTreeMap::from([(name.to_owned(), content)]), |_| true);
    Ok(Found { bundle, commit: None, notes: Vec::new() })
}

/// A schema as text, with the keys of every object sorted.
fn sorted(schema: &Value) -> Result<Vec<u8>, Diagnostic> {
    let mut schema = schema.clone();
    schema.sort_all_objects();
    serde_json::to_vec_pretty(&schema)
        .map_err(|error| Diagnostic::error(format!("writing the schema: {error}")))
}
