//! What a change is compared with.

use super::command::GitError;
use super::history::{Depth, Fork};
use super::{Git, ObjectId};
use crate::diagnostic::Diagnostic;

/// The branches that are taken for the default one where the remote does not say.
const USUAL: [&str; 2] = ["main", "master"];

/// How a clone gets the history that it lacks, and what to do without.
const DEEPER: &str =
    "give actions/checkout `fetch-depth: 0`, fetch the branch before, or name another base with `--base`";

/// What a change is to be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseRequest {
    /// A branch, tag or commit, as a person names it (`--base`).
    Revision(String),
    /// The branch that a pull request is to be merged into, as the event of GitHub tells it.
    PullRequest {
        /// The name of the branch: `main`.
        base_ref: String,
        /// A commit of that branch, its tip at the time of the event.
        base_sha: Option<String>,
        /// The last commit of the pull request.
        head_sha: Option<String>,
        /// Whether GitHub's own merge of both was asked for (`GITHUB_REF` is `refs/pull/<number>/merge`).
        merge: bool,
    },
    /// The default branch of the remote.
    Default,
}

/// The commit that a change is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// As a person calls what it was found by: `origin/main`, `HEAD^1`, `v1.2`.
    pub name: String,
    /// The commit: where the change left what `name` names, not what has happened there since.
    pub commit: ObjectId,
}

impl Git {
    /// Finds the base of what is checked out, and fetches what a shallow clone lacks for it.
    ///
    /// It is the best common ancestor of `HEAD` and what is asked for, so that what has happened there meanwhile is no
    /// part of the change. In GitHub's own merge of a pull request, it is the first parent, into which was merged.
    ///
    /// Errors: nothing is called so, the histories have nothing in common, or what is missing cannot be fetched. Never
    /// a guess: in doubt it is an error.
    pub fn base(&self, request: &BaseRequest) -> Result<Base, Diagnostic> {
        let head = self.resolve("HEAD")?.ok_or_else(|| {
            Diagnostic::error("the repository has no commit to compare with").help("commit something first")
        })?;
        match request {
            BaseRequest::Revision(revision) => {
                let (name, commit) = self.revision(revision)?;
                self.forked(&head, name, &[commit])
            }
            BaseRequest::PullRequest { base_ref, base_sha, head_sha, merge } => {
                if let Some(parent) = self.merged_into(&head, head_sha.as_deref(), *merge)? {
                    return self.first_parent(&head, parent);
                }
                self.pull_request(&head, base_ref, base_sha.as_deref())
            }
            BaseRequest::Default => {
                let (name, commit) = self.default_branch()?;
                self.forked(&head, name, &[commit])
            }
        }
    }

    /// Where `head` parts from what is called `name`.
    fn forked(&self, head: &ObjectId, name: String, targets: &[ObjectId]) -> Result<Base, Diagnostic> {
        match self.fork(head, targets)? {
            Fork::At(commit) => Ok(Base { name, commit }),
            Fork::Unrelated => {
                let message = format!("HEAD and {name} have no commit in common");
                Err(Diagnostic::error(message).help("name another base with `--base`"))
            }
            Fork::Unknown(reason) => {
                let message = format!(
                    "cannot tell where HEAD parts from {name}: this clone is shallow, and its history cannot be \
                     deepened: {reason}"
                );
                Err(Diagnostic::error(message).help(DEEPER))
            }
        }
    }

    /// What a person calls `revision`: here, at a remote as far as it was fetched, or at the remote itself.
    fn revision(&self, revision: &str) -> Result<(String, ObjectId), Diagnostic> {
        if let Some(commit) = self.resolve(revision)? {
            return Ok((revision.to_owned(), commit));
        }
        let remotes = self.remotes()?;
        for remote in &remotes {
            if let Some(commit) = self.resolve(&format!("refs/remotes/{remote}/{revision}"))? {
                return Ok((format!("{remote}/{revision}"), commit));
            }
        }
        let unknown = format!("there is no revision `{revision}`");
        let fetched = match remotes.iter().find(|remote| strip_remote(revision, remote).is_some()) {
            Some(remote) => self.fetched(remote, strip_remote(revision, remote).unwrap_or(revision)),
            None => match remotes.first() {
                Some(remote) => self.fetched(remote, revision),
                None => Ok(None),
            },
        };
        match fetched {
            Ok(Some((name, commit))) => Ok((name, commit)),
            Ok(None) if remotes.is_empty() => {
                Err(Diagnostic::error(unknown).help("`git log --oneline --all` lists what there is"))
            }
            Ok(None) => Err(Diagnostic::error(format!("{unknown}, here or at the remote"))
                .help("give the name of a branch or tag, or the full id of a commit")),
            Err(error) => {
                Err(Diagnostic::error(format!("{unknown} in this clone, and fetching it: {error}"))
                    .help(DEEPER))
            }
        }
    }

    /// Fetches a branch, a tag, or a commit by its full id, without a ref for it. `None` when the remote has none.
    fn fetched(&self, remote: &str, name: &str) -> Result<Option<(String, ObjectId)>, GitError> {
        let (called, id) = match ObjectId::parse(name) {
            Some(id) => (name.to_owned(), Some(id)),
            None => {
                let refs = [format!("refs/heads/{name}"), format!("refs/tags/{name}")];
                (format!("{remote}/{name}"), self.remote_ref(remote, &refs)?)
            }
        };
        let Some(id) = id else { return Ok(None) };
        if self.resolve(id.as_str())?.is_none() {
            self.fetch(remote, std::slice::from_ref(&id), Depth::Tip)?;
        }
        // A tag may be an object of its own.
        Ok(self.resolve(id.as_str())?.map(|commit| (called, commit)))
    }

    /// The first parent of `head`, when that is the merge of a pull request rather than one of its commits.
    fn merged_into(
        &self,
        head: &ObjectId,
        head_sha: Option<&str>,
        merge: bool,
    ) -> Result<Option<ObjectId>, GitError> {
        let parents = self.parents(head)?;
        let [first, second] = parents.as_slice() else { return Ok(None) };
        // The ref that the event names says nothing of what the workflow has checked out, the commits do.
        let is_merge = head_sha.map_or(merge, |head_sha| head_sha == second.as_str());
        Ok(is_merge.then(|| first.clone()))
    }

    fn first_parent(&self, head: &ObjectId, parent: ObjectId) -> Result<Base, Diagnostic> {
        let name = "HEAD^1".to_owned();
        if self.resolve(parent.as_str())?.is_some() {
            return Ok(Base { name, commit: parent });
        }
        let message = format!("the base of this pull request ({}) is not in this clone", parent.short());
        let Some(remote) = self.remotes()?.into_iter().next() else {
            return Err(Diagnostic::error(format!("{message}, which has no remote")).help(DEEPER));
        };
        let by_id = self.fetch(&remote, std::slice::from_ref(&parent), Depth::Tip);
        // Old servers give only what a ref names, but go back from there.
        let fetched = by_id.or_else(|error| {
            self.fetch(&remote, std::slice::from_ref(head), Depth::Deepen(1)).map_err(|_| error)
        });
        match (fetched, self.resolve(parent.as_str())?) {
            (_, Some(commit)) => Ok(Base { name, commit }),
            (Ok(()), None) => Err(Diagnostic::error(message).help(DEEPER)),
            (Err(error), None) => {
                Err(Diagnostic::error(format!("{message}, and fetching it: {error}")).help(DEEPER))
            }
        }
    }

    /// Where `head`, a commit of a pull request, parts from the branch that it is to be merged into.
    fn pull_request(&self, head: &ObjectId, branch: &str, sha: Option<&str>) -> Result<Base, Diagnostic> {
        let remotes = self.remotes()?;
        let mut name =
            remotes.first().map_or_else(|| branch.to_owned(), |remote| format!("{remote}/{branch}"));
        let mut tips = Vec::new();
        for remote in &remotes {
            if let Some(commit) = self.resolve(&format!("refs/remotes/{remote}/{branch}"))? {
                name = format!("{remote}/{branch}");
                tips.push(commit);
                break;
            }
        }
        let mut failed = None;
        let sha = sha.and_then(ObjectId::parse);
        let at_event = match (&sha, remotes.first()) {
            (Some(sha), Some(remote)) => self.fetched(remote, sha.as_str()).unwrap_or_else(|error| {
                failed = Some(error);
                None
            }),
            (Some(sha), None) => self.resolve(sha.as_str())?.map(|commit| (name.clone(), commit)),
            (None, _) => None,
        };
        let at_event = at_event.map(|(_, commit)| commit);
        if let (true, None, Some(remote)) = (tips.is_empty(), &at_event, remotes.first()) {
            match self.fetched(remote, branch) {
                Ok(found) => tips.extend(found.map(|(_, commit)| commit)),
                Err(error) => failed = Some(error),
            }
        }
        // The event may know an older commit than the pull request was last brought up to date with, the branch may
        // have got the pull request meanwhile: the later of both counts, unless it is the pull request itself.
        tips.extend(at_event.clone());
        if tips.is_empty() {
            let reason = failed.map_or_else(String::new, |error| format!(", and fetching it: {error}"));
            let message = format!("the branch {branch} is not in this clone{reason}");
            return Err(Diagnostic::error(message).help(DEEPER));
        }
        let base = self.forked(head, name.clone(), &tips)?;
        match at_event {
            Some(at_event) if base.commit == *head && tips.len() > 1 => self.forked(head, name, &[at_event]),
            Some(_) | None => Ok(base),
        }
    }

    /// The default branch: what the remote says it is, or else one with a usual name, there or here.
    fn default_branch(&self) -> Result<(String, ObjectId), Diagnostic> {
        let remotes = self.remotes()?;
        let mut refs = Vec::new();
        for remote in &remotes {
            let head = format!("refs/remotes/{remote}/HEAD");
            refs.extend(self.program.text_if(&["symbolic-ref", "--quiet", &head])?);
        }
        for remote in &remotes {
            refs.extend(USUAL.map(|branch| format!("refs/remotes/{remote}/{branch}")));
        }
        refs.extend(USUAL.map(|branch| format!("refs/heads/{branch}")));
        for name in refs {
            if let Some(commit) = self.resolve(&name)? {
                let short = name.strip_prefix("refs/remotes/").or_else(|| name.strip_prefix("refs/heads/"));
                return Ok((short.unwrap_or(&name).to_owned(), commit));
            }
        }
        Err(Diagnostic::error("there is no default branch to compare with").help("name a base with `--base`"))
    }
}

/// `main` of `origin/main`, for the remote `origin`.
fn strip_remote<'a>(revision: &'a str, remote: &str) -> Option<&'a str> {
    revision.strip_prefix(remote)?.strip_prefix('/')
}

#[cfg(test)]
mod tests;
