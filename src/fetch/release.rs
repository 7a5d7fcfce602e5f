//! OpenAPI documents of Kubernetes releases, from GitHub.

use std::collections::BTreeMap;

use futures_util::stream::{StreamExt as _, TryStreamExt as _};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::bundle::Bundle;
use super::http::{Get, HttpError};
use super::{Fetcher, Found, MAX_DOCUMENT, address};
use crate::diagnostic::Diagnostic;

/// Where the documents are.
const FOLDER: &str = "repos/kubernetes/kubernetes/contents/api/openapi-spec/v3";
/// What their names end with.
const ENDING: &str = "_openapi.json";
/// How many are fetched at once.
const AT_ONCE: usize = 8;
/// How many there may be.
const MAX_DOCUMENTS: usize = 500;

/// An entry of a folder, as GitHub lists it.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    download_url: Option<String>,
}

impl Fetcher {
    /// The documents of a version, by name.
    pub(super) async fn release(&self, version: &str) -> Result<Found, Diagnostic> {
        let tag = tag(version);
        let mut url = self.github(FOLDER)?;
        url.query_pairs_mut().append_pair("ref", &tag);
        let answer = self.ask_github(&url).await.map_err(|error| match error.status() {
            Some(StatusCode::NOT_FOUND) => {
                Diagnostic::error(format!("there is no Kubernetes {tag} with OpenAPI documents"))
                    .help(error.to_string())
            }
            _ => limited(error),
        })?;
        let listed: Vec<Entry> = serde_json::from_slice(&answer)
            .map_err(|error| Diagnostic::error(format!("{}: {error}", super::http::shown(&url))))?;
        // `api_openapi.json` lists versions, and describes nothing.
        let documents: Vec<Entry> = listed
            .into_iter()
            .filter(|entry| entry.name.ends_with(ENDING) && entry.name != "api_openapi.json")
            .take(MAX_DOCUMENTS)
            .collect();
        if documents.is_empty() {
            return Err(Diagnostic::error(format!("there are no OpenAPI documents of Kubernetes {tag}")));
        }
        let fetches: Vec<_> = documents.into_iter().map(|entry| Box::pin(self.document(entry))).collect();
        let files: BTreeMap<String, Vec<u8>> =
            futures_util::stream::iter(fetches).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(Found { bundle: Bundle::new(files, |_| true), commit: None, notes: Vec::new() })
    }

    async fn document(&self, entry: Entry) -> Result<(String, Vec<u8>), Diagnostic> {
        let Entry { name, download_url } = entry;
        let url =
            download_url.ok_or_else(|| Diagnostic::error(format!("GitHub has no address for {name}")))?;
        let answer = self.get(&address(&url)?, "application/json, */*", MAX_DOCUMENT).await?;
        Ok((name.replace('/', "_"), answer.body))
    }

    /// The tags of Kubernetes, the newest first as far as GitHub sorts them.
    pub(super) async fn release_tags(&self) -> Result<Vec<String>, Diagnostic> {
        #[derive(Deserialize)]
        struct Tag {
            name: String,
        }
        let mut url = self.github("repos/kubernetes/kubernetes/tags")?;
        url.query_pairs_mut().append_pair("per_page", "100");
        let answer = self.ask_github(&url).await.map_err(limited)?;
        let tags: Vec<Tag> = serde_json::from_slice(&answer)
            .map_err(|error| Diagnostic::error(format!("{}: {error}", super::http::shown(&url))))?;
        Ok(tags.into_iter().map(|tag| tag.name).collect())
    }

    async fn ask_github(&self, url: &Url) -> Result<Vec<u8>, HttpError> {
        let authorization = self.servers.github_token.as_ref().map(|token| format!("Bearer {token}"));
        let accept = "application/vnd.github+json";
        let get = Get { url, accept, authorization: authorization.as_deref(), limit: MAX_DOCUMENT };
        Ok(self.http.get(&get, &*self.progress).await?.body)
    }

    fn github(&self, path: &str) -> Result<Url, Diagnostic> {
        address(&format!("{}/{path}", self.servers.github.trim_end_matches('/')))
    }
}

/// GitHub limits those who do not say who they are.
fn limited(error: HttpError) -> Diagnostic {
    let is_limited = matches!(error.status(), Some(StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS));
    let diagnostic = Diagnostic::from(error);
    if is_limited {
        diagnostic.help("set GITHUB_TOKEN: GitHub allows more to those it knows")
    } else {
        diagnostic
    }
}

/// The tag of a version: `1.35` is `v1.35.0`.
fn tag(version: &str) -> String {
    let version = version.strip_prefix('v').unwrap_or(version);
    let has_patch = version.split(['-', '+']).next().unwrap_or_default().split('.').count() > 2;
    if has_patch { format!("v{version}") } else { format!("v{version}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_a_tag() {
        for (version, expected) in [
            ("1.35", "v1.35.0"),
            ("v1.35", "v1.35.0"),
            ("1.35.2", "v1.35.2"),
            ("1.36.0-rc.1", "v1.36.0-rc.1"),
        ] {
            assert_eq!(tag(version), expected);
        }
    }
}
