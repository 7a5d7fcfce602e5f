//! From Helm repositories: an index, and archives.
//!
//! `https://helm.sh/docs/topics/chart_repository/#the-index-file`

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::OnceCell;

use super::bundle::sha256;
use super::http::shown;
use super::{Fetcher, Found, MAX_ARCHIVE, MAX_DOCUMENT, address, chart};
use crate::diagnostic::{Diagnostic, near_miss};
use crate::git::without_login;

/// The indexes that were fetched, by the address of their repository.
pub(super) type Indexes = Mutex<HashMap<String, Arc<OnceCell<(Arc<Index>, reqwest::Url)>>>>;

/// How many values an index may hold. The largest have a tenth.
const MAX_NODES: usize = 20_000_000;

/// How many values aliases may repeat: indexes have none.
const MAX_REPEATED: usize = 100_000;

/// How many versions are told where one is not there.
const TOLD: usize = 3;

/// The index of a repository, as far as it is of use.
#[derive(Debug, Deserialize)]
pub(super) struct Index {
    #[serde(default)]
    entries: BTreeMap<String, Vec<Release>>,
}

/// A version of a chart.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Release {
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    urls: Vec<String>,
    /// SHA-256 of the archive.
    #[serde(default)]
    digest: Option<String>,
}

impl Index {
    /// Reads YAML, or JSON.
    fn parse(text: &str) -> Result<Index, String> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_nodes: MAX_NODES,
                max_events: 2 * MAX_NODES,
                max_recorded_anchor_events: MAX_REPEATED,
                enforce_alias_anchor_ratio: false,
            },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED },
            // What of a chart is named twice is not for us to judge.
            duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
            with_snippet: false,
        };
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let message = error.to_string();
            let is_beyond = ["budget", "limit"].iter().any(|word| message.contains(word));
            let first = message.lines().next().unwrap_or_default();
            if is_beyond { "it is beyond all bounds".to_owned() } else { first.to_owned() }
        })
    }

    /// The versions of a chart, in the order of the index: the newest first.
    pub(super) fn releases(&self, chart: &str) -> Result<&[Release], Diagnostic> {
        if let Some(releases) = self.entries.get(chart) {
            return Ok(releases);
        }
        let error = Diagnostic::error(format!("the repository has no chart `{chart}`"));
        Err(match near_miss(chart, self.entries.keys().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error,
        })
    }
}

/// The release of this version; one that only has a `v` more or less is the same.
fn release<'r>(releases: &'r [Release], chart: &str, version: &str) -> Result<&'r Release, Diagnostic> {
    let plain = |version: &'_ str| version.strip_prefix('v').unwrap_or(version).to_owned();
    let exact = releases.iter().find(|release| release.version == version);
    let found = exact.or_else(|| releases.iter().find(|release| plain(&release.version) == plain(version)));
    found.ok_or_else(|| {
        let known: Vec<&str> = releases.iter().take(TOLD).map(|release| release.version.as_str()).collect();
        let range =
            if version.contains(['^', '~', '*', '<', '>', ' ']) { "ranges are not taken; " } else { "" };
        Diagnostic::error(format!("the chart `{chart}` has no version {version}"))
            .help(format!("{range}the first that the repository lists: {}", known.join(", ")))
    })
}

impl Fetcher {
    /// The index of a repository, which is fetched once for all its charts, and the address that it is relative to.
    pub(super) async fn index(&self, repo: &str) -> Result<(Arc<Index>, reqwest::Url), Diagnostic> {
        let cell = {
            let mut known = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(repo.to_owned()).or_default())
        };
        cell.get_or_try_init(|| self.fetch_index(repo)).await.cloned()
    }

    async fn fetch_index(&self, repo: &str) -> Result<(Arc<Index>, reqwest::Url), Diagnostic> {
        let mut base = address(repo)?;
        // What is joined to it comes after it.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let url = base.join("index.yaml").map_err(|error| Diagnostic::error(format!("`{repo}`: {error}")))?;
        let answer = self.get(&url, "application/yaml, text/yaml, */*", MAX_DOCUMENT).await?;
        let text = String::from_utf8(answer.body)
            .map_err(|_| Diagnostic::error(format!("{} is not UTF-8", shown(&url))))?;
        let parsed = tokio::task::spawn_blocking(move || Index::parse(&text)).await;
        let index = parsed.unwrap_or_else(|error| Err(error.to_string())).map_err(|reason| {
            Diagnostic::error(format!("{} is no index of charts: {reason}", shown(&url)))
                .help("`repo` is the address that `helm repo add` takes")
        })?;
        Ok((Arc::new(index), base))
    }

    /// A chart of a Helm repository.
    pub(super) async fn registry(&self, repo: &str, name: &str, version: &str) -> Result<Found, Diagnostic> {
        let (index, base) = self.index(repo).await?;
        let release = release(index.releases(name)?, name, version)?;
        let url = release.urls.first().ok_or_else(|| {
            Diagnostic::error(format!("the index of the repository has no address for {name} {version}"))
        })?;
        if url.starts_with("oci://") {
            // With the tag after the last colon, which no version has.
            let reference = url.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'));
            return self.oci(reference.map_or(url.as_str(), |(reference, _)| reference), version).await;
        }
        let url = base.join(url).map_err(|error| {
            let url = without_login(url);
            Diagnostic::error(format!("the address of {name} {version}, `{url}`: {error}"))
        })?;
        self.archive(&url, release.digest.as_deref()).await
    }

    /// The chart in an archive, whose SHA-256 may be known.
    pub(super) async fn archive(
        &self,
        url: &reqwest::Url,
        digest: Option<&str>,
    ) -> Result<Found, Diagnostic> {
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("the archive is at {}, where nothing can be fetched from", shown(url));
            return Err(Diagnostic::error(message));
        }
        let answer = self.get(url, "application/gzip, application/x-tar, */*", MAX_ARCHIVE).await?;
        // Old indexes have digests of other kinds.
        let digest = digest.map(|digest| digest.strip_prefix("sha256:").unwrap_or(digest));
        if let Some(digest) = digest.filter(|digest| digest.len() == 64) {
            let found = sha256(&answer.body);
            if !found.eq_ignore_ascii_case(digest) {
                let message = format!(
                    "{} is not what the index of the repository says: its SHA-256 is {found}, not {digest}",
                    shown(url)
                );
                return Err(
                    Diagnostic::error(message).help("the chart was replaced, or the index is out of date")
                );
            }
        }
        let bundle = chart(&answer.body)?;
        Ok(Found { bundle, commit: None, notes: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_as_far_as_it_is_of_use() {
        let index = Index::parse(
            "apiVersion: v1\nentries:\n  web:\n  - apiVersion: v2\n    version: v1.2.0\n    urls: [web-1.2.0.tgz]\n    digest: aa\n    \
             maintainers: [{name: x}]\n  - version: 1.1.0\n  empty: []\ngenerated: \"2026-01-01T00:00:00Z\"\n",
        )
        .unwrap();
        let releases = index.releases("web").unwrap();
        assert_eq!(release(releases, "web", "1.2.0").unwrap().urls, ["web-1.2.0.tgz"]);
        assert_eq!(
            release(releases, "web", "2").unwrap_err().to_string(),
            "the chart `web` has no version 2 (the first that the repository lists: v1.2.0, 1.1.0)"
        );
        assert_eq!(
            index.releases("wev").unwrap_err().to_string(),
            "the repository has no chart `wev` (did you mean `web`?)"
        );
        assert!(Index::parse("<html></html>").is_err());
        assert!(Index::parse("entries: [").is_err());
    }
}
