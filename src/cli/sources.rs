//! What projects name and what lies elsewhere: how it is fetched, and what is told of that.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use docker_credential::DockerCredential;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::actions::variable;
use super::args::SourceArgs;
use super::exit::{Exit, Stop};
use super::output::Target;
use super::settings::{Settings, is_ci};
use super::{cache, note, tell};
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::Project;
use crate::fetch::{self, Changed, Fetcher, How, Lockfile, Login, Progress, Resolved, Servers, Step, Store};
use crate::schema::kubernetes::Release;
use crate::tree::{RelPath, SourceTree};

/// The variables that lead to other servers, as husako has them.
const GITHUB: (&str, &str) = ("HUSAKO_GITHUB_API_URL", "https://api.github.com");
const ARTIFACTHUB: (&str, &str) = ("HUSAKO_ARTIFACTHUB_URL", "https://artifacthub.io");

/// How what lies elsewhere is had.
#[derive(Debug, Clone)]
pub(super) struct SourceSettings {
    /// Whether only what `husako.lock` has may be fetched.
    pub(super) locked: bool,
    pub(super) offline: bool,
    /// How long fetching one source may take.
    timeout: Duration,
}

impl SourceSettings {
    /// Resolves what was asked for; in CI, only what is locked may be fetched.
    pub(super) fn resolve(args: &SourceArgs) -> SourceSettings {
        let SourceArgs { locked, no_locked, offline, fetch_timeout } = args;
        let locked = *locked || is_ci().is_some() && !no_locked;
        SourceSettings { locked, offline: *offline, timeout: Duration::from_secs(fetch_timeout.get()) }
    }

    /// Where nothing is fetched.
    pub(super) fn nothing() -> SourceSettings {
        SourceSettings { locked: true, offline: true, timeout: Duration::ZERO }
    }
}

/// Which side of a change is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The work tree: what is missing ends the run, and what was fetched is locked.
    Head,
    /// Another revision: what is missing is told with its resources.
    Base,
}

/// Resolves what the projects in `tree` name.
///
/// # Errors
///
/// Something cannot be had, or may not be.
pub(super) fn resolve(
    settings: &Settings,
    tree: Arc<dyn SourceTree>,
    projects: &[Project],
    side: Side,
) -> Result<Resolved, Stop> {
    if settings.imports.use_generated_types {
        return Ok(Resolved::local(tree));
    }
    let SourceSettings { locked, offline, timeout: _ } = settings.sources;
    let how = How { locked: locked && side == Side::Head, offline, anew: BTreeSet::new() };
    let resolved = resolve_as(settings, tree, projects, &how)?;
    let has_failed = resolved.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if has_failed && side == Side::Head {
        return Err(Stop { exit: Exit::Fetch, told: resolved.diagnostics });
    }
    Ok(resolved)
}

/// Resolves what the projects in `tree` name, however it ends.
///
/// # Errors
///
/// There is no way to fetch anything.
pub(super) fn resolve_as(
    settings: &Settings,
    tree: Arc<dyn SourceTree>,
    projects: &[Project],
    how: &How,
) -> Result<Resolved, Stop> {
    let spinner = OnceLock::new();
    let fetcher = || {
        let fetching = Arc::new(Fetching::new(settings));
        let _ = spinner.set(Arc::clone(&fetching));
        fetcher(settings, fetching).map(Arc::new)
    };
    let resolved = fetch::resolve(tree, projects, how, &is_built_in, &fetcher);
    if let Some(fetching) = spinner.get() {
        fetching.finish(settings);
    }
    resolved.map_err(|error| Stop { exit: Exit::Fetch, told: vec![error] })
}

/// Whether nothing has to be fetched for a version of Kubernetes. What is no version at all is told elsewhere.
pub(super) fn is_built_in(version: &str) -> bool {
    Release::nearest(version).is_none_or(|nearest| nearest.exact)
}

/// What fetches, as the environment says.
///
/// # Errors
///
/// There is no folder to put anything in.
pub(super) fn fetcher(settings: &Settings, progress: Arc<dyn Progress>) -> Result<Fetcher, Diagnostic> {
    let server = |(name, default): (&str, &str)| variable(name).unwrap_or_else(|| default.to_owned());
    let servers = Servers {
        github: server(GITHUB),
        artifacthub: server(ARTIFACTHUB),
        github_token: variable("GITHUB_TOKEN"),
        login: Box::new(login),
        timeout: settings.sources.timeout,
    };
    let kept = folder(settings).map(|folder| Store::open(&folder));
    // Somebody without a home has to fetch each time.
    let store = kept.and_then(Result::ok).map_or_else(Store::temporary, Ok);
    let store =
        store.map_err(|error| Diagnostic::error(format!("making a folder for what is fetched: {error}")))?;
    Ok(Fetcher::new(servers, store, progress))
}

/// Where what was fetched is kept.
pub(super) fn folder(settings: &Settings) -> Option<PathBuf> {
    let asked = variable(cache::FOLDER).map(PathBuf::from);
    let folder = match asked {
        Some(folder) => std::path::absolute(folder).ok()?,
        None => cache::user_folder()?.join("husako-ci"),
    };
    let folder = folder.join("sources");
    // A change must not bring what it is judged by.
    (!folder.starts_with(settings.tree.root())).then_some(folder)
}

/// The login for a registry that `docker login`, `podman login` or `helm registry login` has left.
fn login(registry: &str) -> Option<Login> {
    let helm = || {
        let path = variable("HELM_REGISTRY_CONFIG").map(PathBuf::from).or_else(|| {
            let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
            let config = config.or_else(|| Some(std::env::home_dir()?.join(".config")))?;
            Some(config.join("helm/registry/config.json"))
        })?;
        docker_credential::get_credential_from_reader(std::fs::File::open(path).ok()?, registry).ok()
    };
    let docker_hub = ["docker.io", "registry-1.docker.io", "index.docker.io"].contains(&registry);
    // What Docker calls its own registry.
    let server = if docker_hub { "https://index.docker.io/v1/" } else { registry };
    let found = docker_credential::get_credential(server).ok();
    match found.or_else(helm).or_else(|| docker_credential::get_podman_credential(registry).ok())? {
        DockerCredential::UsernamePassword(user, password) => Some(Login::Password { user, password }),
        DockerCredential::IdentityToken(token) => Some(Login::Identity(token)),
    }
}

/// Writes the locks that have become more complete, once it is known that what was fetched is of use.
pub(super) fn write_locks(settings: &Settings, resolved: &Resolved) {
    if settings.sources.locked {
        return;
    }
    for file in resolved.locks.values().filter(|file| file.changed == Changed::Incomplete) {
        match write_lock(settings, file) {
            Ok(()) => note(settings, &format!("wrote {}: commit it", file.path)),
            Err(error) => {
                let warning = Diagnostic { severity: Severity::Warning, ..error };
                tell(&[warning], settings.color_errors);
            }
        }
    }
}

/// Writes a lock.
///
/// # Errors
///
/// It cannot be written.
pub(super) fn write_lock(settings: &Settings, file: &Lockfile) -> Result<(), Diagnostic> {
    let path = on_disk(settings, &file.path);
    let written = Target::open(&path).and_then(|target| target.write(file.lock.text().as_bytes()));
    written.map_err(|error| Diagnostic::error(format!("writing {}: {error}", file.path)))
}

/// Where a path of the tree is on the disk.
pub(super) fn on_disk(settings: &Settings, path: &RelPath) -> PathBuf {
    path.parts().fold(settings.tree.root().to_owned(), |folder, part| folder.join(part))
}

/// Tells what is being fetched, on a terminal, and how much it was.
pub(super) struct Fetching {
    bar: Option<ProgressBar>,
    bytes: AtomicU64,
    running: Mutex<Vec<String>>,
    fetched: Mutex<BTreeSet<String>>,
}

impl Fetching {
    pub(super) fn new(settings: &Settings) -> Fetching {
        let is_shown = std::io::stderr().is_terminal()
            && settings.verbosity != crate::report::terminal::Verbosity::Quiet;
        let bar = is_shown.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // Without its own form the bar has a plain one.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Fetching { bar, bytes: AtomicU64::new(0), running: Mutex::default(), fetched: Mutex::default() }
    }

    fn show(&self) {
        let Some(bar) = &self.bar else { return };
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).join(", ");
        bar.set_message(format!("fetching {running} ({})", size(self.bytes.load(Ordering::Relaxed))));
    }

    /// Shows nothing more.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Says how it ended.
    pub(super) fn finish(&self, settings: &Settings) {
        self.clear();
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if fetched.is_empty() {
            return;
        }
        let names: Vec<&str> = fetched.iter().map(String::as_str).collect();
        // Where the folder cannot be made, what was fetched is gone with the run.
        let kept = folder(settings).filter(|folder| folder.is_dir());
        let to = kept.map_or_else(String::new, |folder| format!("; kept in {}", folder.display()));
        note(settings, &format!("fetched {}{to}", names.join(", ")));
    }
}

fn size(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} KiB", bytes >> 10)
    } else {
        format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
    }
}

impl Progress for Fetching {
    fn step(&self, step: Step<'_>) {
        let running = || self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Step::Started(wanted) => running().push(wanted.name.clone()),
            Step::Received(bytes) => {
                self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            }
            Step::Fetched(wanted) | Step::Failed(wanted) => {
                let mut running = running();
                if let Some(at) = running.iter().position(|name| *name == wanted.name) {
                    running.remove(at);
                }
                drop(running);
                if matches!(step, Step::Fetched(_)) {
                    self.fetched.lock().unwrap_or_else(PoisonError::into_inner).insert(wanted.name.clone());
                }
            }
        }
        self.show();
    }
}

/// `cache`: prints where what was fetched is kept.
pub(super) fn print_folder(settings: &Settings) -> Result<Exit, Stop> {
    let folder = folder(settings).ok_or_else(|| {
        Diagnostic::error("the system does not say where caches are kept")
            .help(format!("say it: {}", cache::FOLDER))
    })?;
    use std::io::Write as _;
    let path: &Path = &folder;
    if writeln!(std::io::stdout(), "{}", path.display()).is_err() {
        return Ok(Exit::ReportNotWritten);
    }
    Ok(Exit::Passed)
}
