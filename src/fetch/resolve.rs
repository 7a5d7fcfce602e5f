//! From what projects name to what they see: by the lock, from what was fetched before, or from elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::StreamExt as _;

use super::bundle::Digest;
use super::{Fetcher, Found};
use crate::config::{LOCK_FILE, Lock, Locked, PLUGIN_FILE, Table};
use crate::diagnostic::Diagnostic;
use crate::discover::Project;
use crate::sources::{self, Fetched, Remote, Wanted, remote_plugins, remote_schemas};
use crate::tree::{MountedTree, ReadError, RelPath, SourceTree};

/// How many sources are fetched at once.
const AT_ONCE: usize = 8;

/// How sources are to be resolved.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// Whether only what `husako.lock` has may be fetched.
    pub locked: bool,
    /// Whether nothing may be fetched.
    pub offline: bool,
    /// What is resolved anew, whatever the lock says, by its name.
    pub anew: BTreeSet<String>,
}

/// A project's `husako.lock`, after what was fetched for it.
#[derive(Debug, Clone)]
pub struct Lockfile {
    /// Where it is, or is to be.
    pub path: RelPath,
    /// What it should hold.
    pub lock: Lock,
    /// Whether it holds something else.
    pub changed: Changed,
}

impl Lockfile {
    /// Reads that of the project in `root`; an empty one where there is none.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read(tree: &dyn SourceTree, root: &RelPath) -> Result<Lockfile, Diagnostic> {
        let path = root.child(LOCK_FILE);
        let lock = match tree.read(&path) {
            Ok(text) => Lock::parse(&path, &text)?,
            Err(ReadError::NotFound { .. }) => Lock::default(),
            Err(error) => return Err(Diagnostic::error(error.to_string())),
        };
        Ok(Lockfile { path, lock, changed: Changed::No })
    }
}

/// How a lock differs from its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Not at all.
    No,
    /// What was fetched is not in it, or is without its digest.
    Incomplete,
}

/// What projects see.
pub struct Resolved {
    /// Their files, and what was fetched.
    pub tree: Arc<dyn SourceTree>,
    /// What was fetched, by the root of the project.
    pub fetched: BTreeMap<RelPath, Fetched>,
    /// Their locks.
    pub locks: BTreeMap<RelPath, Lockfile>,
    /// What could not be had: errors. And what there is to say: warnings.
    pub diagnostics: Vec<Diagnostic>,
}

impl Resolved {
    /// Projects that name nothing from elsewhere.
    pub fn local(tree: Arc<dyn SourceTree>) -> Resolved {
        Resolved { tree, fetched: BTreeMap::new(), locks: BTreeMap::new(), diagnostics: Vec::new() }
    }
}

impl Resolved {
    /// What the locks say, by the root of the project.
    pub fn lock_texts(&self) -> BTreeMap<RelPath, String> {
        self.locks.iter().map(|(root, file)| (root.clone(), file.lock.text())).collect()
    }
}

/// What is known of a source before anything is fetched.
enum Known {
    /// All that is needed.
    Here(Found),
    /// It has to be fetched; then it must have this digest.
    Expected { digest: Option<Digest>, commit: Option<String> },
    /// It is not fetched at all: it is there.
    Installed,
}

/// A source to be fetched for a project.
struct Task {
    root: RelPath,
    wanted: Wanted,
    digest: Option<Digest>,
    commit: Option<String>,
}

/// Resolves what the projects in `tree` name. `is_built_in` says for which versions of Kubernetes nothing has to be
/// fetched; `fetcher` is made when something lies elsewhere.
///
/// # Errors
///
/// There is no way to fetch anything.
pub fn resolve(
    tree: Arc<dyn SourceTree>,
    projects: &[Project],
    how: &How,
    is_built_in: &dyn Fn(&str) -> bool,
    fetcher: &dyn Fn() -> Result<Arc<Fetcher>, Diagnostic>,
) -> Result<Resolved, Diagnostic> {
    let is_local = |project: &Project| {
        let Project { root, config, .. } = project;
        remote_plugins(config).is_empty() && {
            let plugins = sources::plugins(&*tree, root, config, &Fetched::default());
            remote_schemas(config, &plugins, is_built_in).is_empty()
        }
    };
    if projects.iter().all(is_local) {
        return Ok(Resolved::local(tree));
    }
    let fetcher = fetcher()?;
    let mut resolver = Resolver {
        fetcher: &fetcher,
        how,
        tree: MountedTree::new(Arc::clone(&tree)),
        fetched: BTreeMap::new(),
        locks: BTreeMap::new(),
        diagnostics: Vec::new(),
        unchecked: BTreeMap::new(),
    };
    for Project { root, .. } in projects {
        resolver.read_lock(root);
    }
    let plugins = projects.iter().flat_map(|project| {
        remote_plugins(&project.config).into_iter().map(|wanted| (project.root.clone(), wanted))
    });
    resolver.take(plugins.collect());
    // What plugins bring is known once they are there.
    let mut schemas = Vec::new();
    for Project { root, config, .. } in projects {
        let none = Fetched::default();
        let plugins =
            sources::plugins(&resolver.tree, root, config, resolver.fetched.get(root).unwrap_or(&none));
        let wanted = remote_schemas(config, &plugins, is_built_in);
        schemas.extend(wanted.into_iter().map(|wanted| (root.clone(), wanted)));
    }
    resolver.take(schemas);
    resolver.tell_unchecked();
    let Resolver { tree, fetched, locks, diagnostics, .. } = resolver;
    Ok(Resolved { tree: Arc::new(tree), fetched, locks, diagnostics })
}

struct Resolver<'r> {
    fetcher: &'r Arc<Fetcher>,
    how: &'r How,
    tree: MountedTree,
    fetched: BTreeMap<RelPath, Fetched>,
    locks: BTreeMap<RelPath, Lockfile>,
    diagnostics: Vec<Diagnostic>,
    /// What is locked without a digest, by the project.
    unchecked: BTreeMap<RelPath, Vec<String>>,
}

impl Resolver<'_> {
    fn read_lock(&mut self, root: &RelPath) {
        match Lockfile::read(&self.tree, root) {
            Ok(file) => _ = self.locks.insert(root.clone(), file),
            Err(error) => self.diagnostics.push(error),
        }
    }

    /// Finds, fetches and mounts.
    fn take(&mut self, all: Vec<(RelPath, Wanted)>) {
        let mut tasks = Vec::new();
        for (root, wanted) in all {
            // Of a project whose lock cannot be read, that is what there is to say.
            if !self.locks.contains_key(&root) {
                continue;
            }
            match self.known(&root, &wanted) {
                Ok(Known::Here(found)) => self.mount(&root, &wanted, &found),
                Ok(Known::Installed) => {}
                Ok(Known::Expected { .. }) if self.how.offline => {
                    let message = format!("{wanted} is not in the cache, and --offline fetches nothing");
                    let help = "run once without --offline";
                    self.diagnostics.push(wanted.origin.mark(Diagnostic::error(message).help(help)));
                }
                Ok(Known::Expected { digest, commit }) => tasks.push(Task { root, wanted, digest, commit }),
                Err(error) => self.diagnostics.push(error),
            }
        }
        let results = fetch_all(self.fetcher, &tasks);
        for (Task { root, wanted, digest, commit }, result) in tasks.iter().zip(results) {
            match result {
                Ok(found) => match mismatch(digest.as_ref(), commit.as_deref(), &found) {
                    Some(difference) => self.diagnostics.push(replaced(wanted, &difference)),
                    None => self.mount(root, wanted, &found),
                },
                Err(error) => self.diagnostics.push(error),
            }
        }
    }

    /// What is known of a source before anything is fetched.
    ///
    /// # Errors
    ///
    /// It is not locked, and has to be.
    fn known(&mut self, root: &RelPath, wanted: &Wanted) -> Result<Known, Diagnostic> {
        let Wanted { table, name, remote, .. } = wanted;
        let locked = self.locks.get(root).and_then(|file| file.lock.get(*table, name)).cloned();
        let identity = remote.identity(*table);
        let entry = locked.as_ref().filter(|locked| locked.is_of(&identity));
        let anew = self.how.anew.contains(name);
        let digest = entry.filter(|_| !anew).and_then(|entry| entry.digest.as_deref());
        let digest = match digest.map(|text| Digest::parse(text).ok_or(text)).transpose() {
            Ok(digest) => digest,
            Err(text) => {
                let message = format!("{wanted}: its digest in {} is none: `{text}`", self.lock_path(root));
                return Err(wanted.origin.mark(Diagnostic::error(message).help(
                    "restore the file from git, or take the line out: `husako-ci gen` writes another",
                )));
            }
        };
        let commit = entry.filter(|_| !anew).and_then(|entry| entry.commit.clone());
        if let Some(digest) = digest {
            let kept = self.fetcher.store.bundle(&digest);
            return Ok(match kept {
                Some(bundle) => Known::Here(Found { bundle, commit, notes: Vec::new() }),
                None => Known::Expected { digest: Some(digest), commit },
            });
        }
        let installed = Fetched::folder(root, wanted).child(PLUGIN_FILE);
        if *table == Table::Plugins && !anew && self.tree.is_file(&installed) {
            return Ok(Known::Installed);
        }
        match (entry, self.how.locked) {
            (None, true) => return Err(self.unlocked(root, wanted, locked.as_ref())),
            (Some(_), true) => self.unchecked.entry(root.clone()).or_default().push(name.clone()),
            (_, false) => {}
        }
        // The newest commit of a branch is another one tomorrow.
        let may_be_old = remote.version().is_some() || self.how.offline;
        let named =
            (!anew && may_be_old).then(|| self.fetcher.store.named(&self.fetcher.key(wanted))).flatten();
        let named = named.filter(|found| mismatch(None, commit.as_deref(), found).is_none());
        Ok(named.map_or(Known::Expected { digest: None, commit }, Known::Here))
    }

    fn unlocked(&self, root: &RelPath, wanted: &Wanted, locked: Option<&Locked>) -> Diagnostic {
        let path = self.lock_path(root);
        let message = match (locked.and_then(Locked::version), wanted.remote.version()) {
            (Some(locked), Some(named)) if locked != named => {
                format!("{wanted} is {named}, and {locked} in {path}")
            }
            _ if locked.is_some() => format!("{wanted} is another source in {path}"),
            _ => format!("{wanted} is not in {path}"),
        };
        let help = "run `husako-ci gen` and commit husako.lock; --no-locked does without";
        wanted.origin.mark(Diagnostic::error(message).help(help))
    }

    fn lock_path(&self, root: &RelPath) -> RelPath {
        root.child(LOCK_FILE)
    }

    /// Shows a project what was found, and locks it.
    fn mount(&mut self, root: &RelPath, wanted: &Wanted, found: &Found) {
        let folder = Fetched::folder(root, wanted);
        self.tree.mount(&folder, found.bundle.files());
        self.fetched.entry(root.clone()).or_default().add(wanted, folder.clone());
        for note in &found.notes {
            self.diagnostics.push(wanted.origin.mark(Diagnostic::warning(format!("{wanted}: {note}"))));
        }
        let Some(file) = self.locks.get_mut(root) else { return };
        let mut entry = Locked::new(wanted.remote.identity(wanted.table));
        entry.digest = Some(found.bundle.digest().to_string());
        entry.commit.clone_from(&found.commit);
        if wanted.table == Table::Plugins {
            let manifest = self.tree.read(&folder.child(PLUGIN_FILE)).unwrap_or_default();
            let manifest = crate::config::PluginManifest::parse(&folder.child(PLUGIN_FILE), &manifest).0;
            entry.plugin_version = Some(manifest.map_or_else(String::new, |manifest| manifest.version));
        }
        let before = file.lock.clone();
        file.lock.set(wanted.table, &wanted.name, entry);
        if file.lock != before {
            file.changed = Changed::Incomplete;
        }
    }

    fn tell_unchecked(&mut self) {
        for (root, names) in std::mem::take(&mut self.unchecked) {
            let path = self.lock_path(&root);
            let message =
                format!("{path} has no digest of {}: what is fetched is not checked", names.join(", "));
            self.diagnostics
                .push(Diagnostic::warning(message).help("`husako-ci gen` adds them; commit the file"));
        }
    }
}

/// In what something differs from what is locked: its digest, or, where there is none, its commit.
fn mismatch(digest: Option<&Digest>, commit: Option<&str>, found: &Found) -> Option<String> {
    let short = |commit: &str| commit.chars().take(12).collect::<String>();
    let told = |expected: String, found: String| format!("expected {expected}, found {found}");
    match (digest, commit, &found.commit) {
        (Some(digest), _, _) => {
            let is = found.bundle.digest();
            (is != *digest).then(|| told(digest.short(), is.short()))
        }
        (None, Some(commit), Some(is)) => (commit != is).then(|| told(short(commit), short(is))),
        (None, _, _) => None,
    }
}

/// Says that a source is not what it was.
fn replaced(wanted: &Wanted, difference: &str) -> Diagnostic {
    let what = match &wanted.remote {
        Remote::Git { tag: Some(tag), .. } => format!("the tag {tag} was moved, or"),
        Remote::Git { tag: None, .. } => "the commit is another one, or".to_owned(),
        Remote::Release { .. }
        | Remote::Registry { .. }
        | Remote::ArtifactHub { .. }
        | Remote::Oci { .. } => "it was replaced, or".to_owned(),
    };
    let message = format!(
        "{wanted} is not what {LOCK_FILE} says: {what} somebody changes it on the way ({difference})"
    );
    let help = format!("find out why; `husako-ci update '{}'` accepts what is there now", wanted.name);
    wanted.origin.mark(Diagnostic::error(message).help(help))
}

type Fetching<'f, K> = Pin<Box<dyn Future<Output = (K, Result<Found, Diagnostic>)> + Send + 'f>>;

/// Fetches all that is to be fetched, each source once.
fn fetch_all(fetcher: &Arc<Fetcher>, tasks: &[Task]) -> Vec<Result<Found, Diagnostic>> {
    if tasks.is_empty() {
        return Vec::new();
    }
    let key = |task: &Task| (fetcher.key(&task.wanted), task.commit.clone());
    let mut first: HashMap<(String, Option<String>), &Task> = HashMap::new();
    for task in tasks {
        first.entry(key(task)).or_insert(task);
    }
    let mut fetches: Vec<Fetching<'_, _>> = Vec::new();
    for (key, task) in first {
        fetches
            .push(Box::pin(async move { (key, fetcher.fetch(&task.wanted, task.commit.as_deref()).await) }));
    }
    let results =
        in_runtime(futures_util::stream::iter(fetches).buffer_unordered(AT_ONCE).collect::<HashMap<_, _>>());
    let results = match results {
        Ok(results) => results,
        Err(error) => return tasks.iter().map(|_| Err(error.clone())).collect(),
    };
    for (key, result) in &results {
        if let Ok(found) = result {
            // Without room, it is fetched again the next time.
            let _ = fetcher.store.keep(&key.0, found);
        }
    }
    let missing = || Err(Diagnostic::error("a source was not fetched"));
    tasks.iter().map(|task| results.get(&key(task)).cloned().unwrap_or_else(missing)).collect()
}

/// Waits for what takes a runtime, also on a thread that belongs to one.
pub(super) fn in_runtime<T: Send>(work: impl Future<Output = T> + Send) -> Result<T, Diagnostic> {
    let failed = |error: &dyn std::fmt::Display| Diagnostic::error(format!("starting threads: {error}"));
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(work))
        });
        match thread.join() {
            Ok(done) => done.map_err(|error: std::io::Error| failed(&error)),
            Err(_) => Err(failed(&"one ended early")),
        }
    })
}

impl Fetcher {
    /// Tells sources apart, whatever they are called in a project.
    fn key(&self, wanted: &Wanted) -> String {
        let servers = &self.servers;
        let server = match &wanted.remote {
            Remote::Release { .. } => servers.github.as_str(),
            Remote::ArtifactHub { .. } => servers.artifacthub.as_str(),
            Remote::Git { .. } | Remote::Registry { .. } | Remote::Oci { .. } => "",
        };
        format!("{} {:?} {server}", wanted.table.name(), wanted.remote.identity(wanted.table))
    }
}
