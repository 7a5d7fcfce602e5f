//! Repositories for tests: made by the real git, in temporary folders, with no configuration but their own.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use super::{Git, ObjectId};
use crate::tree::RelPath;

/// A path in a tree.
pub(super) fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn hash(content: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// A folder for repositories.
pub(super) struct Sandbox {
    dir: TempDir,
    /// Commits are a minute apart, so that their order does not depend on how fast they are made.
    minutes: AtomicU64,
}

impl Sandbox {
    pub(super) fn new() -> Sandbox {
        Sandbox { dir: tempfile::tempdir().unwrap(), minutes: AtomicU64::new(0) }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// An empty repository.
    pub(super) fn init(&self, name: &str) -> Repository<'_> {
        let path = self.path(name);
        fs::create_dir(&path).unwrap();
        let repository = Repository { sandbox: self, path };
        repository.git(&["init", "-q", "-b", "main"]);
        // Nothing is tidied up in the background while a test looks.
        repository.git(&["config", "gc.auto", "0"]);
        repository.git(&["config", "maintenance.auto", "false"]);
        repository
    }

    /// An empty repository without a work tree, as servers have it.
    pub(super) fn bare(&self, name: &str) -> Repository<'_> {
        let path = self.path(name);
        fs::create_dir(&path).unwrap();
        let repository = Repository { sandbox: self, path };
        repository.git(&["init", "-q", "--bare", "-b", "main"]);
        repository
    }

    /// What actions/checkout makes of `revision` of `remote`: a detached `HEAD`, and one ref.
    pub(super) fn checkout(
        &self,
        remote: &Repository<'_>,
        revision: &str,
        depth: Option<u32>,
    ) -> Repository<'_> {
        let repository = self.init("checkout");
        repository.git(&["remote", "add", "origin", &remote.url()]);
        let depth = depth.map(|depth| format!("--depth={depth}"));
        let refspec = format!("+{}:refs/remotes/pull/1/merge", remote.id(revision));
        let mut args = vec!["fetch", "-q", "--no-tags"];
        args.extend(depth.as_deref());
        args.extend(["origin", &refspec]);
        repository.git(&args);
        repository.git(&["checkout", "-q", "refs/remotes/pull/1/merge"]);
        repository
    }
}

/// A repository, and where its commands are run.
pub(super) struct Repository<'s> {
    sandbox: &'s Sandbox,
    pub(super) path: PathBuf,
}

impl Repository<'_> {
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let minutes = self.sandbox.minutes.fetch_add(1, Ordering::Relaxed);
        let date = format!("{} +0000", 1_700_000_000 + 60 * minutes);
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command
            .args(args)
            .current_dir(&self.path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.com")
            .env("GIT_COMMITTER_DATE", &date);
        command
    }

    /// What git writes, without the last line break.
    pub(super) fn git(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("git is needed by these tests");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?} in {}: {said}", self.path.display());
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(super) fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }

    pub(super) fn id(&self, revision: &str) -> ObjectId {
        ObjectId::parse(&self.git(&["rev-parse", revision])).unwrap()
    }

    pub(super) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Commits everything that lies there.
    pub(super) fn commit_all(&self, message: &str) -> ObjectId {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Commits one more file, called as the commit is.
    pub(super) fn commit(&self, name: &str) -> ObjectId {
        self.write(name, format!("{name}\n"));
        self.commit_all(name)
    }

    /// A commit with the files of `HEAD` and these parents, whatever `git merge` thinks of that.
    pub(super) fn merge_by_hand(&self, parents: &[&ObjectId]) -> ObjectId {
        let mut args = vec!["commit-tree", "-m", "merge", "HEAD^{tree}"];
        args.extend(parents.iter().flat_map(|parent| ["-p", parent.as_str()]));
        ObjectId::parse(&self.git(&args)).unwrap()
    }

    /// So many commits, by one `git fast-import`, on top of `branch`.
    pub(super) fn commit_many(&self, branch: &str, count: usize) {
        let start = self.sandbox.minutes.fetch_add(count as u64, Ordering::Relaxed);
        let mut stream = format!("feature done\nreset refs/heads/{branch}\nfrom refs/heads/{branch}^0\n\n");
        for at in 0..count as u64 {
            let date = 1_700_000_000 + 60 * (start + at);
            stream += &format!(
                "commit refs/heads/{branch}\ncommitter Ann <ann@example.com> {date} +0000\ndata 1\nx\n\
                 M 644 inline many\ndata {}\n{at}\n\n",
                at.to_string().len()
            );
        }
        stream += "done\n";
        let mut command = self.command(&["fast-import", "--quiet", "--done"]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), stream.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    pub(super) fn open(&self) -> Git {
        Git::open(&self.path, None).unwrap()
    }

    /// Every file, of the work tree and of git, by a hash of its content. Objects and the border of a shallow clone
    /// are left out.
    pub(super) fn state(&self) -> BTreeMap<PathBuf, u64> {
        let mut state = BTreeMap::new();
        let mut pending = vec![self.path.clone()];
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let relative = path.strip_prefix(&self.path).unwrap().to_owned();
                let metadata = fs::symlink_metadata(&path).unwrap();
                if [".git/objects", ".git/shallow"].iter().any(|own| relative == Path::new(own)) {
                    continue;
                }
                if metadata.is_dir() {
                    state.insert(relative, 0);
                    pending.push(path);
                } else if metadata.is_file() {
                    state.insert(relative, hash(&fs::read(path).unwrap()));
                } else {
                    state.insert(relative, hash(&fs::read_link(path).unwrap()));
                }
            }
        }
        state
    }
}
