//! Commits: finding them by name, fetching what a shallow clone lacks, and where two lines of history part.

use std::collections::BTreeSet;
use std::fs;

use super::command::GitError;
use super::{Git, ObjectId};

/// How many commits a shallow clone is deepened by, one fetch after another. After the last one everything is fetched.
///
/// Most branches part from their base within the first step; a fetch costs about a second, however deep.
const STEPS: [u32; 3] = [50, 500, 5000];

/// Options of every fetch: it brings objects, and nothing else changes.
const FETCH: [&str; 9] = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-gc",
    "--no-prune",
    // Or a branch that is fetched by name would update the ref that follows it.
    "--refmap=",
    "--stdin",
];

/// How far back a fetch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// The commit alone in a shallow clone; its whole history in a complete one, which must stay complete.
    Tip,
    /// This many commits beyond the border of the shallow clone.
    Deepen(u32),
    /// Everything.
    Whole,
}

/// Where two lines of history part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fork {
    /// At this commit.
    At(ObjectId),
    /// Nowhere: they have no commit in common.
    Unrelated,
    /// The clone is shallow, its history ends before the answer, and more cannot be fetched: why.
    Unknown(String),
}

impl Git {
    /// The commit that a revision names. `None` when there is none, or its commit is not in this clone.
    ///
    /// A revision is never taken for an option, whatever it looks like.
    pub(super) fn resolve(&self, revision: &str) -> Result<Option<ObjectId>, GitError> {
        if revision.is_empty() || revision.contains(char::is_control) {
            return Ok(None);
        }
        let commit = format!("{revision}^{{commit}}");
        let found =
            self.program.text_found(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        Ok(found.and_then(|id| ObjectId::parse(&id)))
    }

    /// The parents of a commit, which must be in this clone. Their own commits need not be.
    pub(super) fn parents(&self, commit: &ObjectId) -> Result<Vec<ObjectId>, GitError> {
        // The object itself: every other command hides the parents at the border of a shallow clone.
        let text = self.program.text(&["cat-file", "commit", commit.as_str()])?;
        let headers = text.lines().take_while(|line| !line.is_empty());
        Ok(headers.filter_map(|line| ObjectId::parse(line.strip_prefix("parent ")?)).collect())
    }

    /// The remotes, those first that the change most likely comes from: `origin`, then that of the current branch.
    pub(super) fn remotes(&self) -> Result<Vec<String>, GitError> {
        let listed = self.program.text(&["remote"])?;
        let mut remotes: Vec<String> = listed.lines().map(str::to_owned).collect();
        if remotes.len() < 2 {
            return Ok(remotes);
        }
        let own = match self.program.text_if(&["symbolic-ref", "--quiet", "--short", "HEAD"])? {
            Some(branch) => self.program.text_if(&["config", "--get", &format!("branch.{branch}.remote")])?,
            None => None,
        };
        remotes.sort_by_key(|remote| match remote {
            remote if remote == "origin" => 0,
            remote if Some(remote) == own.as_ref() => 1,
            _ => 2,
        });
        Ok(remotes)
    }

    /// The id that a remote has for the first of `refs` (full names) that it knows.
    pub(super) fn remote_ref(&self, remote: &str, refs: &[String]) -> Result<Option<ObjectId>, GitError> {
        let mut args = vec!["ls-remote", "--quiet", "--end-of-options", remote];
        args.extend(refs.iter().map(String::as_str));
        let listed = self.program.text(&args)?;
        let known: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
        // Git takes the names for patterns, and for the ends of names.
        let id = |name: &String| known.iter().find(|(_, known)| known == name).map(|(id, _)| *id);
        Ok(refs.iter().find_map(id).and_then(ObjectId::parse))
    }

    /// Fetches commits by their ids.
    pub(super) fn fetch(&self, remote: &str, ids: &[ObjectId], depth: Depth) -> Result<(), GitError> {
        let depth = match depth {
            Depth::Tip if self.border()?.is_empty() => None,
            Depth::Tip => Some("--depth=1".to_owned()),
            Depth::Deepen(commits) => Some(format!("--deepen={commits}")),
            Depth::Whole => Some("--unshallow".to_owned()),
        };
        let mut args = FETCH.to_vec();
        args.extend(depth.as_deref());
        args.extend(["--end-of-options", remote]);
        let input: String = ids.iter().map(|id| format!("{id}\n")).collect();
        self.program.bytes_with(&args, &input).map(drop)
    }

    /// The commits at the border of a shallow clone, whose parents are not there. Empty: the clone is complete.
    fn border(&self) -> Result<BTreeSet<ObjectId>, GitError> {
        let path = self.program.text(&["rev-parse", "--git-path", "shallow"])?;
        // The file is described in gitformat-shallow's `$GIT_DIR/shallow`; without one the clone is complete.
        let text = fs::read_to_string(self.root().join(path)).unwrap_or_default();
        Ok(text.lines().filter_map(ObjectId::parse).collect())
    }

    /// Where `head` parts from `targets`: the best common ancestor of it and any of them.
    ///
    /// With several that are equally good (criss-cross merges) it is the one that `git diff A...B` takes. A shallow
    /// clone is deepened until the answer is certain, by up to four fetches.
    pub(super) fn fork(&self, head: &ObjectId, targets: &[ObjectId]) -> Result<Fork, GitError> {
        if let [target] = targets
            && target == head
        {
            return Ok(Fork::At(head.clone()));
        }
        let depths = STEPS.map(Depth::Deepen).into_iter().chain([Depth::Whole]);
        for depth in depths {
            let (found, uncertain) = self.fork_here(head, targets)?;
            if uncertain.is_empty() {
                return Ok(found.map_or(Fork::Unrelated, Fork::At));
            }
            let Some(remote) = self.remotes()?.into_iter().next() else {
                return Ok(Fork::Unknown("it has no remote to fetch from".to_owned()));
            };
            if let Err(error) = self.fetch(&remote, &uncertain, depth) {
                return Ok(Fork::Unknown(error.to_string()));
            }
        }
        match self.fork_here(head, targets)? {
            (Some(found), uncertain) if uncertain.is_empty() => Ok(Fork::At(found)),
            (None, uncertain) if uncertain.is_empty() => Ok(Fork::Unrelated),
            (_, _) => Ok(Fork::Unknown("its remote is a shallow clone itself".to_owned())),
        }
    }

    /// The same as far as this clone knows, and the commits that must be looked behind before it can be trusted.
    ///
    /// A common ancestor that was found is the best one if no history was cut off before it: if none of the commits that
    /// only one side has lies at the border. For then every way back from either side reaches what both have within the
    /// clone, and behind that there are only worse ones. When several seem equally good, one of them may be an ancestor
    /// of another by a way that is cut off, so then the whole border is in question.
    fn fork_here(
        &self,
        head: &ObjectId,
        targets: &[ObjectId],
    ) -> Result<(Option<ObjectId>, Vec<ObjectId>), GitError> {
        let targets: Vec<&str> = targets.iter().map(ObjectId::as_str).collect();
        let mut args = vec!["merge-base", "--all", head.as_str()];
        args.extend(&targets);
        let found = self.program.text_if(&args)?.unwrap_or_default();
        let found: Vec<ObjectId> = found.lines().filter_map(ObjectId::parse).collect();
        let border = self.border()?;
        let uncertain = if border.is_empty() {
            Vec::new()
        } else if found.len() > 1 {
            border.into_iter().collect()
        } else {
            let mut ours = vec!["rev-list", head.as_str(), "--not"];
            ours.extend(&targets);
            let mut theirs = vec!["rev-list"];
            theirs.extend(&targets);
            theirs.extend(["--not", head.as_str()]);
            let one_sided = [self.program.text(&ours)?, self.program.text(&theirs)?];
            let ids = one_sided.iter().flat_map(|text| text.lines()).filter_map(ObjectId::parse);
            ids.filter(|id| border.contains(id)).collect()
        };
        Ok((found.into_iter().next(), uncertain))
    }
}

#[cfg(test)]
mod tests;
