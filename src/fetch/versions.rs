//! Which newer versions there are of what is named.

use std::sync::Arc;

use futures_util::stream::StreamExt as _;
use semver::Version;

use super::git::{again, named};
use super::resolve::in_runtime;
use super::{Fetcher, Step};
use crate::diagnostic::Diagnostic;
use crate::git;
use crate::sources::{Remote, Wanted};

/// How many servers are asked at once.
const AT_ONCE: usize = 8;

/// The newest stable version of each of these sources that is newer than what is named, as it is to be written. `None`:
/// there is none. In the order of `all`.
///
/// # Errors
///
/// For each source that cannot tell: why.
pub fn newest(
    fetcher: &Arc<Fetcher>,
    all: &[Wanted],
) -> Result<Vec<Result<Option<String>, Diagnostic>>, Diagnostic> {
    let mut asking: Vec<std::pin::Pin<Box<dyn Future<Output = _> + Send>>> = Vec::new();
    for wanted in all {
        asking.push(Box::pin(fetcher.newest(wanted)));
    }
    in_runtime(futures_util::stream::iter(asking).buffered(AT_ONCE).collect())
}

impl Fetcher {
    async fn newest(&self, wanted: &Wanted) -> Result<Option<String>, Diagnostic> {
        self.progress.step(Step::Started(wanted));
        let timeout = self.servers.timeout;
        let listed = tokio::time::timeout(timeout, self.versions(&wanted.remote)).await;
        let listed = listed.unwrap_or_else(|_| {
            Err(Diagnostic::error(format!("there was no answer after {} s", timeout.as_secs()))
                .help("try again, or allow more time: --fetch-timeout"))
        });
        self.progress.step(if listed.is_ok() { Step::Fetched(wanted) } else { Step::Failed(wanted) });
        match listed {
            Ok(listed) => Ok(newer(&wanted.remote, listed)),
            Err(error) => {
                let message = format!("the versions of {wanted} cannot be had: {}", error.message);
                Err(wanted.origin.mark(Diagnostic { help: error.help, ..Diagnostic::error(message) }))
            }
        }
    }

    /// Every version that there is.
    async fn versions(&self, remote: &Remote) -> Result<Vec<String>, Diagnostic> {
        match remote {
            Remote::Release { .. } => self.release_tags().await,
            Remote::Git { repo, .. } => {
                let remote = git::Remote::new(repo, self.servers.timeout)?;
                let tags = tokio::task::spawn_blocking(move || again(|| remote.tags())).await;
                let tags = tags.map_err(|error| Diagnostic::error(format!("running git: {error}")))?;
                let tags = tags.map_err(|error| named(error, repo))?;
                Ok(tags.into_iter().map(|(name, _)| name).collect())
            }
            Remote::Registry { repo, chart, .. } if repo.starts_with("oci://") => {
                self.oci_versions(&format!("{}/{chart}", repo.trim_end_matches('/'))).await
            }
            Remote::Registry { repo, chart, .. } => {
                let (index, _) = self.index(repo).await?;
                Ok(index.releases(chart)?.iter().map(|release| release.version.clone()).collect())
            }
            Remote::ArtifactHub { package, .. } => self.artifacthub_versions(package).await,
            Remote::Oci { reference, .. } => self.oci_versions(reference).await,
        }
    }

    async fn oci_versions(&self, reference: &str) -> Result<Vec<String>, Diagnostic> {
        // As Helm writes what no tag can have.
        Ok(self.oci_tags(reference).await?.into_iter().map(|tag| tag.replace('_', "+")).collect())
    }
}

/// The newest stable one of these versions, if it is newer than what is named, as it is to be written there.
fn newer(remote: &Remote, listed: Vec<String>) -> Option<String> {
    let named = remote.version()?;
    // `chart-1.2.3` goes on with `chart-1.2.4`, and not with `v2.0.0` of something else in the repository.
    let prefix = &named[..named.find(|c: char| c.is_ascii_digit())?];
    let is_tag = matches!(remote, Remote::Git { .. });
    let parse = |text: &str| {
        let rest = if is_tag { text.strip_prefix(prefix)? } else { text.strip_prefix('v').unwrap_or(text) };
        version(rest)
    };
    let current = version(&named[prefix.len()..])?;
    let mut newest: Option<(Version, String)> = None;
    for text in listed {
        let Some(found) = parse(&text).filter(|found| found.pre.is_empty()) else { continue };
        if found.cmp_precedence(&current).is_gt() && newest.as_ref().is_none_or(|(best, _)| found > *best) {
            newest = Some((found, text));
        }
    }
    let (found, text) = newest?;
    if !matches!(remote, Remote::Release { .. }) {
        return Some(text);
    }
    // Of a Kubernetes version that is named without its patch level, only the rest counts.
    let is_minor = named[prefix.len()..].split('.').count() == 2;
    if !is_minor {
        return Some(format!("{prefix}{found}"));
    }
    let is_newer = (found.major, found.minor) > (current.major, current.minor);
    is_newer.then(|| format!("{prefix}{}.{}", found.major, found.minor))
}

/// A version of two or three numbers, which may have more to it: `1.35`, `1.2.3-rc.1`.
fn version(text: &str) -> Option<Version> {
    Version::parse(text).ok().or_else(|| {
        let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
        (numbers.split('.').count() == 2).then(|| Version::parse(&format!("{numbers}.0{rest}")).ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::RelPath;

    fn newer_than(remote: &Remote, listed: &[&str]) -> Option<String> {
        newer(remote, listed.iter().map(|text| (*text).to_owned()).collect())
    }

    fn oci(version: &str) -> Remote {
        Remote::Oci { reference: "oci://h/a".to_owned(), version: version.to_owned() }
    }

    fn tag(tag: &str) -> Remote {
        let path = RelPath::default();
        Remote::Git { repo: "https://h/a".to_owned(), tag: Some(tag.to_owned()), path, written: None }
    }

    #[test]
    fn the_newest_stable_version_wins() {
        let listed = ["1.9.0", "1.10.0", "2.0.0-rc.1", "latest", "1.2.3+build", "sha256-abc.sig", ""];
        assert_eq!(newer_than(&oci("1.9.0"), &listed).as_deref(), Some("1.10.0"));
        assert_eq!(newer_than(&oci("v1.9.0"), &listed).as_deref(), Some("1.10.0"));
        assert_eq!(newer_than(&oci("1.10.0"), &listed), None);
        assert_eq!(newer_than(&oci("2.0.0-rc.1"), &["2.0.0", "1.0.0"]).as_deref(), Some("2.0.0"));
        assert_eq!(
            newer_than(&oci("1.2.3"), &["1.2.3+other"]),
            None,
            "what is built anew is no newer version"
        );
        assert_eq!(newer_than(&oci("main"), &listed), None);
    }

    #[test]
    fn tags_go_on_with_tags_of_their_kind() {
        let listed = [
            "v1.9.0",
            "v1.10.0",
            "v2.0.0-beta.1",
            "chart-1.9.1",
            "chart-1.10.0",
            "1.99.0",
            "charts/web-3.0.0",
        ];
        assert_eq!(newer_than(&tag("v1.9.0"), &listed).as_deref(), Some("v1.10.0"));
        assert_eq!(newer_than(&tag("chart-1.9.0"), &listed).as_deref(), Some("chart-1.10.0"));
        assert_eq!(newer_than(&tag("charts/web-2.0.0"), &listed).as_deref(), Some("charts/web-3.0.0"));
        assert_eq!(newer_than(&tag("v1.10.0"), &listed), None);
        assert_eq!(newer_than(&tag("stable"), &listed), None);
    }

    #[test]
    fn a_minor_version_of_kubernetes_stays_one() {
        let release = |version: &str| Remote::Release { version: version.to_owned() };
        let listed = ["v1.37.2", "v1.38.0-alpha.1", "v1.36.9", "kubernetes-1.99.0"];
        assert_eq!(newer_than(&release("1.35"), &listed).as_deref(), Some("1.37"));
        assert_eq!(newer_than(&release("v1.36.1"), &listed).as_deref(), Some("v1.37.2"));
        assert_eq!(newer_than(&release("1.37"), &listed), None);
        assert_eq!(newer_than(&release("1.37.1"), &listed).as_deref(), Some("1.37.2"));
    }
}
