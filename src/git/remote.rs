//! Files of other repositories, fetched without a work tree.

use std::path::Path;
use std::time::Duration;

use super::ObjectId;
use super::batch::Blobs;
use super::command::{GitError, Program};
use super::tree::entries;
use crate::diagnostic::Diagnostic;
use crate::tree::RelPath;

/// What the fetched commit is called in the repository that is made for it.
const FETCHED: &str = "refs/husako/fetched";

/// How many files are taken of a repository.
const MAX_FILES: usize = 20_000;

/// How much all of them may hold, in bytes.
const MAX_BYTES: usize = 256 << 20;

/// Protocols that may be named; others make git run what a pull request says, or are none of git's.
const SCHEMES: [&str; 5] = ["https://", "http://", "ssh://", "git://", "file://"];

/// A commit to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision<'r> {
    /// The commit that a tag stands for.
    Tag(&'r str),
    /// The newest commit of the default branch.
    Head,
    /// A commit by its id.
    Commit(&'r ObjectId),
}

/// Files of a commit.
#[derive(Debug)]
pub struct Files {
    /// The commit.
    pub commit: ObjectId,
    /// Paths from the root of the repository, and contents, sorted by path.
    pub files: Vec<(RelPath, Vec<u8>)>,
}

/// A repository elsewhere.
#[derive(Debug, Clone)]
pub struct Remote {
    address: String,
    deadline: Duration,
}

impl Remote {
    /// The repository at an address, of which each answer may take so long.
    ///
    /// # Errors
    ///
    /// It is none that git would go to over a network, or to a folder by `file://`.
    pub fn new(address: &str, deadline: Duration) -> Result<Remote, Diagnostic> {
        let is_url = SCHEMES.iter().any(|scheme| address.starts_with(scheme));
        // user@host:path
        let is_scp = !address.contains("://")
            && !address.contains("::")
            && address.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'));
        if address.starts_with('-') || address.chars().any(char::is_control) || !is_url && !is_scp {
            let help = "write it as https://…, ssh://…, git@host:path, or file:///… for a folder";
            return Err(Diagnostic::error(format!(
                "`{}` is no address of a git repository",
                without_login(address)
            ))
            .help(help));
        }
        Ok(Remote { address: address.to_owned(), deadline })
    }

    /// The names of its tags with the commits that they stand for.
    ///
    /// # Errors
    ///
    /// Git cannot reach it.
    pub fn tags(&self) -> Result<Vec<(String, ObjectId)>, Diagnostic> {
        let listed = self.listed(&["refs/tags/*"])?;
        let mut tags: Vec<(String, ObjectId)> = Vec::new();
        for (id, name) in listed {
            let Some(name) = name.strip_prefix("refs/tags/") else { continue };
            match name.strip_suffix("^{}") {
                // The commit follows the tag object.
                Some(_) => {
                    if let Some(last) = tags.last_mut() {
                        last.1 = id;
                    }
                }
                None => tags.push((name.to_owned(), id)),
            }
        }
        Ok(tags)
    }

    fn listed(&self, patterns: &[&str]) -> Result<Vec<(ObjectId, String)>, Diagnostic> {
        let folder = tempfile::tempdir().map_err(making)?;
        let mut args = vec!["ls-remote", "--quiet", "--end-of-options", &self.address];
        args.extend(patterns);
        let listed = self.program(folder.path()).text(&args)?;
        let line = |line: &str| {
            let (id, name) = line.split_once('\t')?;
            Some((ObjectId::parse(id)?, name.to_owned()))
        };
        Ok(listed.lines().filter_map(line).collect())
    }

    fn program(&self, folder: &Path) -> Program {
        Program::new(folder.to_owned()).with_deadline(self.deadline)
    }

    /// Fetches the files at and below `path` that are wanted, and as little else as the server allows.
    ///
    /// Symbolic links and submodules are left out. The repository that this takes is made in `scratch`.
    ///
    /// # Errors
    ///
    /// Git cannot reach it; there is no such revision or path; there is too much.
    pub fn files(
        &self,
        scratch: &Path,
        revision: Revision<'_>,
        path: &RelPath,
        is_wanted: impl Fn(&RelPath) -> bool,
    ) -> Result<Files, Diagnostic> {
        if let Revision::Tag(tag) = revision
            && !is_tag(tag)
        {
            return Err(Diagnostic::error(format!("`{tag}` can be no tag")));
        }
        let folder = tempfile::Builder::new().prefix("git-").tempdir_in(scratch).map_err(making)?;
        let git = self.program(folder.path());
        git.bytes(&["init", "--quiet", "--bare", "--template="])?;
        git.bytes(&["config", "remote.origin.url", &self.address])?;
        let source = match revision {
            Revision::Tag(tag) => format!("refs/tags/{tag}"),
            Revision::Head => "HEAD".to_owned(),
            Revision::Commit(id) => id.to_string(),
        };
        let spec = format!("+{source}:{FETCHED}");
        let fetch = |spec: &str, options: &[&str]| {
            let mut args =
                vec!["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"];
            args.extend(options);
            args.extend(["--end-of-options", "origin", spec]);
            git.bytes(&args)
        };
        let mut name = FETCHED.to_owned();
        match fetch(&spec, &["--depth=1", "--filter=blob:none"]) {
            // A folder of files on a web server has no part of a history to give.
            Err(GitError::Refused { said, .. }) if said.contains("dumb http") => fetch(&spec, &[]),
            // Some servers give branches only: the commit is in the history of one.
            Err(GitError::Refused { .. }) if matches!(revision, Revision::Commit(_)) => {
                name = source;
                fetch(&format!("+HEAD:{FETCHED}"), &["--filter=blob:none"])
            }
            fetched => fetched,
        }
        .map_err(|error| not_there(error, revision))?;

        let commit = git.text(&["rev-parse", "--verify", &format!("{name}^{{commit}}")])?;
        let commit = ObjectId::parse(&commit).ok_or_else(|| Diagnostic::error("git told no commit"))?;
        let mut list = vec!["ls-tree", "-r", "-z", "--full-tree", commit.as_str()];
        if !path.is_root() {
            list.extend(["--", path.as_str()]);
        }
        let listed = git.bytes(&list)?;
        let found: Vec<_> = entries(&listed).collect();
        if found.is_empty() {
            let at = match revision {
                Revision::Tag(tag) => format!(" at {tag}"),
                Revision::Head | Revision::Commit(_) => format!(" at {}", commit.short()),
            };
            return Err(Diagnostic::error(format!("there is no {path}{at}")));
        }
        if let [(mode, _, at)] = &found[..]
            && at == path
            && *mode == b"120000"
        {
            return Err(Diagnostic::error(format!("{path} is a symbolic link")).help("name what it leads to"));
        }
        let mut wanted: Vec<(RelPath, ObjectId)> = Vec::new();
        for (mode, id, path) in found {
            if mode.starts_with(b"100") && is_wanted(&path) {
                wanted.push((path, id));
            }
        }
        if wanted.len() > MAX_FILES {
            return Err(Diagnostic::error(format!("{path} holds more than {MAX_FILES} files"))
                .help("name a part of it"));
        }
        wanted.sort();
        self.complete(&git, &commit, path, &wanted)?;

        let blobs = Blobs::new(git);
        let mut files = Vec::with_capacity(wanted.len());
        let mut bytes = 0;
        for (path, id) in wanted {
            let content = blobs
                .read(&id)
                .map_err(|error| Diagnostic::error(format!("reading {path} of the repository: {error}")))?;
            bytes += content.len();
            if bytes > MAX_BYTES {
                let message = format!("its files hold more than {} MiB", MAX_BYTES >> 20);
                return Err(Diagnostic::error(message).help("name a part of it"));
            }
            files.push((path, content));
        }
        Ok(Files { commit, files })
    }

    /// Fetches those of the wanted files that are not there yet, all at once.
    fn complete(
        &self,
        git: &Program,
        commit: &ObjectId,
        path: &RelPath,
        wanted: &[(RelPath, ObjectId)],
    ) -> Result<(), Diagnostic> {
        let mut list = vec!["rev-list", "--objects", "--missing=print", "--no-object-names", commit.as_str()];
        if !path.is_root() {
            list.extend(["--", path.as_str()]);
        }
        let listed = git.text(&list)?;
        let missing: std::collections::HashSet<&str> =
            listed.lines().filter_map(|line| line.strip_prefix('?')).collect();
        let mut ids: Vec<&str> =
            wanted.iter().map(|(_, id)| id.as_str()).filter(|id| missing.contains(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        // As git itself asks for what a partial clone lacks.
        let fetch = [
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--filter=blob:none",
            "--stdin",
            "origin",
        ];
        git.bytes_with(&fetch, &(ids.join("\n") + "\n"))?;
        Ok(())
    }
}

/// Whether git takes a tag of this name: `https://git-scm.com/docs/git-check-ref-format`.
fn is_tag(tag: &str) -> bool {
    let is_odd = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let is_odd_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    !tag.starts_with('-')
        && !tag.ends_with('.')
        && !tag.contains(is_odd)
        && !["..", "@{"].iter().any(|odd| tag.contains(odd))
        && !tag.split('/').any(is_odd_part)
}

fn making(error: std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("making a folder for git: {error}"))
}

/// What it means that a revision could not be fetched.
fn not_there(error: GitError, revision: Revision<'_>) -> Diagnostic {
    match (&error, revision) {
        (GitError::Refused { said, .. }, Revision::Tag(tag)) if said.contains("couldn't find remote ref") => {
            Diagnostic::error(format!("it has no tag `{tag}`"))
        }
        (GitError::Refused { said, .. }, Revision::Head) if said.contains("couldn't find remote ref") => {
            Diagnostic::error("it has no default branch: it is empty")
        }
        _ => error.into(),
    }
}

/// An address, or what was meant as one, without the name, the password and the query that may be in it.
pub fn without_login(repo: &str) -> String {
    match repo.split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => repo.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, rel};
    use super::*;

    fn remote(address: &str) -> Remote {
        Remote::new(address, Duration::from_secs(60)).unwrap()
    }

    fn paths(files: &Files) -> Vec<&str> {
        files.files.iter().map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn files_of_a_tag_a_commit_and_the_default_branch_are_fetched() {
        let sandbox = Sandbox::new();
        let repository = sandbox.init("crds");
        let first = {
            repository.write("deploy/crds/a.yaml", "a: 1");
            repository.write("deploy/crds/README.md", "no");
            repository.write("x.yaml", "x");
            repository.commit_all("first")
        };
        repository.git(&["tag", "-a", "-m", "first", "v1"]);
        repository.commit("deploy/crds/b.yaml");
        for filter in ["true", "false"] {
            repository.git(&["config", "uploadpack.allowFilter", filter]);
            let remote = remote(&format!("file://{}", repository.path.display()));
            let scratch = tempfile::tempdir().unwrap();
            let fetch = |revision, path: &str| {
                remote.files(scratch.path(), revision, &rel(path), |path| path.as_str().ends_with(".yaml"))
            };
            let of_tag = fetch(Revision::Tag("v1"), "deploy/crds").unwrap();
            assert_eq!((paths(&of_tag), &of_tag.commit), (vec!["deploy/crds/a.yaml"], &first));
            assert_eq!(of_tag.files[0].1, b"a: 1");
            let of_head = fetch(Revision::Head, "deploy").unwrap();
            assert_eq!(paths(&of_head), ["deploy/crds/a.yaml", "deploy/crds/b.yaml"]);
            let of_commit = fetch(Revision::Commit(&first), "").unwrap();
            assert_eq!(paths(&of_commit), ["deploy/crds/a.yaml", "x.yaml"]);
            assert_eq!(remote.tags().unwrap(), [("v1".to_owned(), first.clone())]);
            let told = |revision, path| fetch(revision, path).unwrap_err().to_string();
            assert_eq!(told(Revision::Tag("v2"), "deploy"), "it has no tag `v2`");
            for odd in ["", "-v", "a b", "v1:refs/heads/x", "a..b", "a/", "v1^{tree}", "*"] {
                assert_eq!(told(Revision::Tag(odd), "deploy"), format!("`{odd}` can be no tag"));
            }
            assert_eq!(told(Revision::Tag("v1"), "crds"), "there is no crds at v1");
            assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "nothing is left behind");
        }
    }

    #[test]
    fn only_addresses_that_git_goes_to_are_taken() {
        for fine in ["https://host/r", "ssh://git@host/r.git", "git@github.com:org/r.git", "file:///srv/r"] {
            assert!(Remote::new(fine, Duration::ZERO).is_ok(), "{fine}");
        }
        for wrong in [
            "",
            "r",
            "/srv/r",
            "../r",
            "--upload-pack=touch x",
            "ext::sh -c x",
            "fd::1",
            "ftp://host/r",
            "-x:y",
        ] {
            let told = Remote::new(wrong, Duration::ZERO).unwrap_err().to_string();
            assert!(told.contains("is no address of a git repository"), "{wrong}: {told}");
        }
    }
}
