//! Fetching what `husako.toml` names and what lies elsewhere: git repositories, Helm repositories, OCI registries, Artifact
//! Hub, Kubernetes releases.
//!
//! Nothing that is fetched is unpacked to a disk or run. It is held in memory and kept, by its digest, in the user's cache
//! folder; projects see it in their tree where an installation would have put it.

mod archive;
mod artifacthub;
mod bundle;
mod git;
mod helm;
mod http;
mod oci;
mod release;
mod resolve;
mod store;
pub mod versions;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use crate::config::Table;
use crate::diagnostic::Diagnostic;
use crate::git::without_login;
use crate::sources::{Remote, Wanted};
use bundle::Bundle;
use http::{Answer, Get, Http, HttpError};

pub use oci::Login;
pub use resolve::{Changed, How, Lockfile, Resolved, resolve};
pub use store::Store;

/// How much a chart's archive may hold, in bytes.
const MAX_ARCHIVE: usize = 64 << 20;
/// How much a document may hold, in bytes: the index of a repository, the schema of a group of resources.
const MAX_DOCUMENT: usize = 64 << 20;

/// What is told while something is fetched.
pub trait Progress: Send + Sync {
    /// Takes a step.
    fn step(&self, step: Step<'_>);
}

/// A step of fetching.
#[derive(Debug, Clone, Copy)]
pub enum Step<'s> {
    /// Something begins to be fetched.
    Started(&'s Wanted),
    /// So many bytes came.
    Received(usize),
    /// Something is there.
    Fetched(&'s Wanted),
    /// Something cannot be had.
    Failed(&'s Wanted),
}

/// What was found where a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    bundle: Bundle,
    /// The commit that it was taken from.
    commit: Option<String>,
    /// What a person may want to know about it.
    notes: Vec<String>,
}

/// Gives the login for a registry, by its host and port.
pub type Logins = Box<dyn Fn(&str) -> Option<Login> + Send + Sync>;

/// Where things are fetched from, and with what.
pub struct Servers {
    /// GitHub's API: `https://api.github.com`.
    pub github: String,
    /// Artifact Hub: `https://artifacthub.io`.
    pub artifacthub: String,
    /// A token for GitHub's API, which limits those without.
    pub github_token: Option<String>,
    /// Gives the login for a registry, by its host and port.
    pub login: Logins,
    /// How long fetching one source may take.
    pub timeout: Duration,
}

/// Fetches.
pub struct Fetcher {
    servers: Servers,
    store: Store,
    http: Http,
    indexes: helm::Indexes,
    progress: Arc<dyn Progress>,
}

impl Fetcher {
    /// Fetches from `servers`, keeps it in `store`, and tells `progress`.
    pub fn new(servers: Servers, store: Store, progress: Arc<dyn Progress>) -> Fetcher {
        Fetcher { servers, store, http: Http::default(), indexes: helm::Indexes::default(), progress }
    }

    /// Fetches one source; `commit` is that which it is known to be of.
    ///
    /// # Errors
    ///
    /// It cannot be had. The diagnostic has no place yet.
    async fn fetch(&self, wanted: &Wanted, commit: Option<&str>) -> Result<Found, Diagnostic> {
        self.progress.step(Step::Started(wanted));
        let timeout = self.servers.timeout;
        let fetched = tokio::time::timeout(timeout, self.fetch_from(wanted, commit)).await;
        let fetched = fetched.unwrap_or_else(|_| {
            let message = format!("it was not there after {} s", timeout.as_secs());
            Err(Diagnostic::error(message).help("try again, or allow more time: --fetch-timeout"))
        });
        self.progress.step(if fetched.is_ok() { Step::Fetched(wanted) } else { Step::Failed(wanted) });
        fetched.map_err(|error| {
            let message = format!("{wanted} cannot be fetched: {}", error.message);
            wanted.origin.mark(Diagnostic { help: error.help, ..Diagnostic::error(message) })
        })
    }

    async fn fetch_from(&self, wanted: &Wanted, commit: Option<&str>) -> Result<Found, Diagnostic> {
        match &wanted.remote {
            Remote::Release { version } => self.release(version).await,
            Remote::Git { repo, tag, path, written: _ } => {
                self.git(wanted.table, repo, tag.as_deref(), path, commit).await
            }
            Remote::Registry { repo, chart, version } if repo.starts_with("oci://") => {
                self.oci(&format!("{}/{chart}", repo.trim_end_matches('/')), version).await
            }
            Remote::Registry { repo, chart, version } => self.registry(repo, chart, version).await,
            Remote::ArtifactHub { package, version } => self.artifacthub(package, version).await,
            Remote::Oci { reference, version } => self.oci(reference, version).await,
        }
    }

    /// Asks for what is at an address.
    async fn get(&self, url: &Url, accept: &'static str, limit: usize) -> Result<Answer, HttpError> {
        self.http.get(&Get { url, accept, authorization: None, limit }, &*self.progress).await
    }
}

impl From<HttpError> for Diagnostic {
    fn from(error: HttpError) -> Diagnostic {
        let diagnostic = Diagnostic::error(error.to_string());
        match error.help() {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

/// Reads an address that a person wrote.
fn address(text: &str) -> Result<Url, Diagnostic> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| {
        let message = format!("`{}` is no address", without_login(text));
        Diagnostic::error(message).help("write it as https://…")
    })
}

/// Which files of a source are of use.
fn is_needed(table: Table, path: &str) -> bool {
    match table {
        Table::Resources => [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending)),
        Table::Charts => {
            ["values.schema.json", "values.yaml"].contains(&path.rsplit('/').next().unwrap_or(path))
        }
        Table::Plugins => true,
    }
}

/// The chart that an archive holds.
fn chart(archive: &[u8]) -> Result<Bundle, Diagnostic> {
    let files = archive::unpack(archive).map_err(|error| {
        Diagnostic::error(format!("the chart's archive: {error}")).help("is it a packed Helm chart?")
    })?;
    let has = |name: &str| files.contains_key(name);
    if !has("values.schema.json") && !has("values.yaml") {
        return Err(Diagnostic::error("the chart has neither a values.schema.json nor a values.yaml"));
    }
    Ok(Bundle::new(files, |path| matches!(path, "values.schema.json" | "values.yaml")))
}
