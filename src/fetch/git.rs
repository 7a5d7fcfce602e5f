//! From git repositories.

use std::collections::BTreeMap;

use super::bundle::Bundle;
use super::{Fetcher, Found, is_needed};
use crate::config::Table;
use crate::diagnostic::Diagnostic;
use crate::git::{ObjectId, Remote, Revision, without_login};
use crate::retry::backoff;
use crate::tree::RelPath;

/// How often git is asked for the same at most.
const MAX_ATTEMPTS: u32 = 3;

/// What git says where asking again may do better. It has no status for that.
const PASSING: [&str; 12] = [
    "returned error: 429",
    "returned error: 500",
    "returned error: 502",
    "returned error: 503",
    "returned error: 504",
    "Connection reset",
    "Connection timed out",
    "early EOF",
    "hung up unexpectedly",
    "unexpected disconnect",
    "transfer closed",
    "Empty reply from server",
];

/// Asks git until it has answered, or asking again makes no sense.
pub(super) fn again<T>(ask: impl Fn() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match ask() {
            Err(error)
                if attempts < MAX_ATTEMPTS && PASSING.iter().any(|said| error.message.contains(said)) =>
            {
                std::thread::sleep(backoff(attempts));
            }
            Err(error) if attempts > 1 => {
                let message = format!("{} ({attempts} attempts)", error.message);
                return Err(Diagnostic { message, ..error });
            }
            answer => return answer,
        }
    }
}

/// The error, with the address of the repository in it, and with something to do.
pub(super) fn named(error: Diagnostic, repo: &str) -> Diagnostic {
    let address = without_login(repo);
    let is_named = error.message.contains(address.trim_end_matches('/'));
    let message = if is_named { error.message } else { format!("{address}: {}", error.message) };
    let help = error.help.unwrap_or_else(|| format!("`git ls-remote {address}` shows what git can reach"));
    Diagnostic { message, help: Some(help), ..Diagnostic::error("") }
}

impl Fetcher {
    /// The files of a repository at a tag, or at a commit of its default branch that is known, or at its newest.
    ///
    /// Paths are those of the repository; of a plugin, those of its folder.
    pub(super) async fn git(
        &self,
        table: Table,
        repo: &str,
        tag: Option<&str>,
        path: &RelPath,
        commit: Option<&str>,
    ) -> Result<Found, Diagnostic> {
        let remote = Remote::new(repo, self.servers.timeout)?;
        let scratch = self.store.scratch();
        let (tag, path) = (tag.map(str::to_owned), path.clone());
        let commit = commit.and_then(ObjectId::parse);
        let fetch = move || {
            let revision = match (&tag, &commit) {
                (Some(tag), _) => Revision::Tag(tag),
                (None, Some(commit)) => Revision::Commit(commit),
                (None, None) => Revision::Head,
            };
            let is_wanted = |found: &RelPath| found == &path || is_needed(table, found.as_str());
            let fetched = again(|| remote.files(&scratch, revision, &path, is_wanted))?;
            let mut files = BTreeMap::new();
            for (found, content) in fetched.files {
                let inside = match table {
                    Table::Plugins => found.relative_to(&path).unwrap_or_default(),
                    Table::Resources | Table::Charts => found.as_str(),
                };
                files.insert(inside.to_owned(), content);
            }
            if table == Table::Plugins && !files.contains_key(crate::config::PLUGIN_FILE) {
                let message =
                    format!("there is no {} in {path} of the repository", crate::config::PLUGIN_FILE);
                return Err(Diagnostic::error(message).help("`path` names the plugin's folder"));
            }
            let bundle = Bundle::new(files, |_| true);
            Ok(Found { bundle, commit: Some(fetched.commit.to_string()), notes: Vec::new() })
        };
        let fetched = tokio::task::spawn_blocking(fetch).await;
        let fetched = fetched.unwrap_or_else(|error| Err(Diagnostic::error(format!("running git: {error}"))));
        fetched.map_err(|error| named(error, repo))
    }
}
