//! Arguments, environment and defaults, resolved in one place.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Args, ColorChoice, ListFormat, NoTests};
use super::capacity;
use crate::diagnostic::Diagnostic;
use crate::discover::{Request, Scope};
use crate::engine::{DEFAULT_STACK_BYTES, Limits};
use crate::report::terminal::Verbosity;
use crate::tree::{Pattern, RelPath, SourceTree, WorkTree};

/// Everything that a run needs to know.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) tree: Arc<WorkTree>,
    pub(super) request: Request,
    pub(super) list: Option<ListFormat>,
    pub(super) no_tests: NoTests,
    pub(super) filter: Option<regex::Regex>,
    pub(super) junit: Option<PathBuf>,
    pub(super) json: Option<PathBuf>,
    pub(super) verbosity: Verbosity,
    pub(super) color: bool,
    /// Whether diagnostics on stderr use colour.
    pub(super) color_errors: bool,
    pub(super) write_types: Option<PathBuf>,
    pub(super) fail_fast: bool,
    pub(super) jobs: usize,
    pub(super) limits: Limits,
    pub(super) allow_outside_root: bool,
}

impl Settings {
    /// Resolves all settings.
    ///
    /// # Errors
    ///
    /// Every argument that makes no sense here.
    pub(super) fn resolve(args: Args) -> Result<Settings, Vec<Diagnostic>> {
        // Every argument is named, so that none can be forgotten.
        let Args {
            paths,
            junit,
            json,
            quiet,
            verbose,
            color,
            list,
            write_types,
            filter,
            include,
            exclude,
            no_tests,
            fail_fast,
            jobs,
            timeout_ms,
            test_timeout_ms,
            max_heap_mb,
            allow_outside_root,
        } = args;
        let cwd = std::env::current_dir().and_then(|cwd| cwd.canonicalize());
        let cwd =
            cwd.map_err(|error| vec![Diagnostic::error(format!("finding the current folder: {error}"))])?;
        let root = root(&cwd, &paths);
        if junit.is_some() && junit == json {
            let message = "--junit and --json name the same file";
            return Err(vec![Diagnostic::error(message).help("each report needs a file of its own")]);
        }
        let tree = WorkTree::new(&root)
            .map_err(|error| vec![Diagnostic::error(format!("reading {}: {error}", root.display()))])?;
        let here = tree.relative(&cwd).unwrap_or_default();
        let limits = Limits {
            file: timeout_ms,
            case: test_timeout_ms.min(timeout_ms),
            heap_bytes: max_heap_mb << 20,
            stack_bytes: DEFAULT_STACK_BYTES,
        };
        Ok(Settings {
            request: request(&tree, &here, &paths, &include, &exclude)?,
            tree: Arc::new(tree),
            list,
            no_tests,
            filter,
            junit,
            json,
            verbosity: match (quiet, verbose) {
                (true, _) => Verbosity::Quiet,
                (false, true) => Verbosity::Verbose,
                (false, false) => Verbosity::Normal,
            },
            color: self::color(color, Stream::Out),
            color_errors: self::color(color, Stream::Err),
            write_types,
            fail_fast,
            jobs: jobs.unwrap_or_else(|| capacity::jobs(limits.heap_bytes)),
            limits,
            allow_outside_root,
        })
    }
}

fn request(
    tree: &WorkTree,
    here: &RelPath,
    paths: &[String],
    include: &[String],
    exclude: &[String],
) -> Result<Request, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut keep = |result: Result<Pattern, Diagnostic>| result.map_err(|error| errors.push(error)).ok();
    let pattern = |flag: &str, text: &str| {
        Pattern::filter(here, text).map_err(|error| Diagnostic::error(format!("{flag} {text}: {error}")))
    };
    let include = include.iter().filter_map(|text| keep(pattern("--include", text))).collect();
    let exclude = exclude.iter().filter_map(|text| keep(pattern("--exclude", text))).collect();
    let mut scopes = Vec::new();
    for path in paths {
        match Scope::parse(here, path, tree) {
            Ok(scope) => scopes.push(scope),
            Err(error) => errors.push(error),
        }
    }
    if scopes.is_empty() && errors.is_empty() && !here.is_root() {
        scopes.push(Scope::Folder(here.clone()));
    }
    if errors.is_empty() { Ok(Request { scopes, include, exclude }) } else { Err(errors) }
}

/// The root of the repository that a run is about: that of the current folder, or that of the first path when it lies
/// in another one. A path that is not there belongs to the current one, which then says so.
fn root(cwd: &Path, paths: &[String]) -> PathBuf {
    let here = root_of(cwd);
    let Some(real) = paths.first().and_then(|first| cwd.join(first).canonicalize().ok()) else { return here };
    // A folder around the repository is no other repository.
    if real.starts_with(&here) || here.starts_with(&real) {
        return here;
    }
    root_of(if real.is_dir() { &real } else { real.parent().unwrap_or(&real) })
}

/// The nearest folder with a `.git`; without one the outermost with a `husako.toml`; without any, the folder itself.
fn root_of(from: &Path) -> PathBuf {
    let with = |name: &'static str| from.ancestors().filter(move |folder| folder.join(name).exists());
    with(".git").next().or_else(|| with("husako.toml").last()).unwrap_or(from).to_owned()
}

/// A stream of the process.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    Out,
    Err,
}

/// Whether to use colour on a stream. `NO_COLOR` as <https://no-color.org> says: set, and not empty.
pub(super) fn color(choice: ColorChoice, stream: Stream) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let terminal = match stream {
                Stream::Out => std::io::stdout().is_terminal(),
                Stream::Err => std::io::stderr().is_terminal(),
            };
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}
