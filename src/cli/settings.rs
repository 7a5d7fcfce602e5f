//! Arguments, environment and defaults, resolved in one place.

use std::hash::{BuildHasher, RandomState};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::actions::variable;
use super::args::{
    CacheMode, ChangeArgs, ColorChoice, CommentArgs, CommonArgs, Compiler, CoverageArgs, FailOn, Flaky,
    NoTests, ReportArgs, RunArgs, SnapshotArgs, SnapshotMode, WhichShard,
};
use super::capacity;
use super::sources::SourceSettings;
use crate::diagnostic::Diagnostic;
use crate::discover::{Request, Scope};
use crate::engine::{Clock, CoverageRules, DEFAULT_STACK_BYTES, ImportRules, Limits, Order};
use crate::report::terminal::Verbosity;
use crate::shard::Shard;
use crate::snapshot::{Rules, Update};
use crate::tree::{Pattern, RelPath, SourceTree, WorkTree};

/// How to run and what to report, whatever is run.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) tree: Arc<WorkTree>,
    /// The current folder, from the root of the repository.
    pub(super) here: RelPath,
    pub(super) junit: Option<PathBuf>,
    pub(super) json: Option<PathBuf>,
    pub(super) verbosity: Verbosity,
    pub(super) color: bool,
    /// Whether diagnostics on stderr use colour.
    pub(super) color_errors: bool,
    pub(super) fail_fast: bool,
    /// How many cases may fail before nothing more is started.
    pub(super) max_fail: Option<usize>,
    pub(super) check_determinism: bool,
    /// Whether it is told where the time went.
    pub(super) timings: bool,
    pub(super) jobs: usize,
    pub(super) limits: Limits,
    pub(super) imports: ImportRules,
    pub(super) sources: SourceSettings,
}

/// What a run of everything runs.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) request: Request,
    /// Whether tests are run.
    pub(super) tests: bool,
    /// Whether entries are rendered.
    pub(super) entries: bool,
    pub(super) filter: Option<regex::Regex>,
    /// The revision that what runs may differ from; empty: the one that is meant here. `None`: everything runs.
    pub(super) changed: Option<String>,
    pub(super) no_tests: NoTests,
    /// Which part of what is found is run; `None` for all of it.
    pub(super) shard: Option<Shard>,
    /// The report by whose times the parts are balanced.
    pub(super) shard_times: Option<PathBuf>,
    /// Whether what a change affects is run again, until somebody ends it.
    pub(super) watch: bool,
    /// What is done with what differs from the base; `None` when nothing is compared.
    pub(super) changes: Option<Changes>,
    pub(super) fails_on: FailsOn,
    /// What is counted; `None` when nothing is.
    pub(super) coverage: Option<CoverageSettings>,
    /// How snapshots are treated.
    pub(super) snapshots: Rules,
    /// Which results of earlier runs count.
    pub(super) cache: CacheSettings,
    /// Which compiler checks types; `None` when none does.
    pub(super) typecheck: Option<Compiler>,
}

/// Which results of earlier runs count, as far as was said.
#[derive(Debug)]
pub(super) struct CacheSettings {
    pub(super) mode: CacheMode,
    /// Where they are; `None`: where the user's caches are.
    pub(super) folder: Option<PathBuf>,
}

/// What is counted of what the code does.
#[derive(Debug)]
pub(super) struct CoverageSettings {
    pub(super) rules: CoverageRules,
    /// Where the counts are written.
    pub(super) out: PathBuf,
    /// How many lines must run, in percent of all.
    pub(super) min: Option<f64>,
}

/// What is done with what differs from the base.
#[derive(Debug)]
pub(super) struct Changes {
    /// Which revision is asked for; `None`: the one that is meant here.
    pub(super) base: Option<String>,
    /// Whether a comment is posted.
    pub(super) comment: bool,
    pub(super) comment_as: CommentArgs,
    pub(super) save_comment: Option<PathBuf>,
    pub(super) markdown: Option<PathBuf>,
}

/// What makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailsOn {
    pub(super) tests: bool,
    pub(super) entries: bool,
    pub(super) dangerous: bool,
}

/// A command without `--fail-on`.
impl Default for FailsOn {
    fn default() -> FailsOn {
        FailsOn { tests: true, entries: true, dangerous: false }
    }
}

impl Changes {
    /// Resolves what is to be done; `None` when nothing is to be compared.
    ///
    /// # Errors
    ///
    /// `none` beside something else in `--fail-on`.
    pub(super) fn resolve(args: ChangeArgs) -> Result<(Option<Changes>, FailsOn), Diagnostic> {
        let ChangeArgs { diff, base, comment, comment_as, save_comment, markdown, fail_on } = args;
        if fail_on.contains(&FailOn::None) && fail_on.len() > 1 {
            return Err(Diagnostic::error("--fail-on has `none` and something else"));
        }
        let fails_on = |what| fail_on.contains(&what);
        let fails_on = FailsOn {
            tests: fails_on(FailOn::Tests),
            entries: fails_on(FailOn::Entries),
            dangerous: fails_on(FailOn::Dangerous),
        };
        let asked = diff
            || base.is_some()
            || comment
            || save_comment.is_some()
            || markdown.is_some()
            || fails_on.dangerous;
        let changes = Changes { base, comment, comment_as, save_comment, markdown };
        Ok((asked.then_some(changes), fails_on))
    }
}

impl Settings {
    /// Resolves what is common to all commands. `paths` say which repository is meant.
    ///
    /// # Errors
    ///
    /// Every argument that makes no sense here.
    pub(super) fn resolve(args: CommonArgs, paths: &[String]) -> Result<Settings, Vec<Diagnostic>> {
        // Every argument is named, so that none can be forgotten.
        let CommonArgs {
            junit,
            json,
            quiet,
            verbose,
            color,
            fail_fast,
            max_fail,
            retries,
            flaky,
            now,
            seed,
            shuffle,
            check_determinism,
            timings,
            jobs,
            timeout_ms,
            test_timeout_ms,
            max_heap_mb,
            allow_outside_root,
            use_generated_types,
            sources,
        } = args;
        let cwd = std::env::current_dir().and_then(|cwd| cwd.canonicalize());
        let cwd =
            cwd.map_err(|error| vec![Diagnostic::error(format!("finding the current folder: {error}"))])?;
        let root = root(&cwd, paths);
        check_reports(junit.as_deref(), json.as_deref()).map_err(|error| vec![error])?;
        let tree = WorkTree::new(&root)
            .map_err(|error| vec![Diagnostic::error(format!("reading {}: {error}", root.display()))])?;
        let here = tree.relative(&cwd).unwrap_or_default();
        let seed = seed.unwrap_or_else(drawn);
        let limits = Limits {
            file: timeout_ms,
            case: test_timeout_ms.min(timeout_ms),
            heap_bytes: max_heap_mb << 20,
            stack_bytes: DEFAULT_STACK_BYTES,
            retries,
            flaky_fails: flaky == Flaky::Fail,
            clock: now.map_or_else(Clock::default, Clock::Still),
            seed,
            order: if shuffle { Order::Shuffled(seed) } else { Order::Written },
        };
        Ok(Settings {
            tree: Arc::new(tree),
            here,
            junit,
            json,
            verbosity: verbosity(quiet, verbose),
            color: self::color(color, Stream::Out),
            color_errors: self::color(color, Stream::Err),
            fail_fast,
            max_fail,
            check_determinism,
            timings,
            jobs: jobs.unwrap_or_else(|| capacity::jobs(limits.heap_bytes)),
            limits,
            imports: ImportRules { allow_outside_root, use_generated_types },
            sources: SourceSettings::resolve(&sources),
        })
    }

    /// What reports need where nothing is run.
    ///
    /// # Errors
    ///
    /// Two reports have the same file, or there is no current folder.
    pub(super) fn of_reports(args: ReportArgs) -> Result<Settings, Diagnostic> {
        let ReportArgs { junit, json, quiet, verbose, color } = args;
        check_reports(junit.as_deref(), json.as_deref())?;
        let tree = std::env::current_dir()
            .and_then(|cwd| WorkTree::new(&cwd))
            .map_err(|error| Diagnostic::error(format!("finding the current folder: {error}")))?;
        Ok(Settings {
            tree: Arc::new(tree),
            here: RelPath::default(),
            junit,
            json,
            verbosity: verbosity(quiet, verbose),
            color: self::color(color, Stream::Out),
            color_errors: self::color(color, Stream::Err),
            fail_fast: false,
            max_fail: None,
            check_determinism: false,
            timings: false,
            jobs: 1,
            limits: Limits::default(),
            imports: ImportRules::default(),
            sources: SourceSettings::nothing(),
        })
    }

    /// The whole of what lies below the current folder.
    pub(super) fn below_here(&self) -> Vec<Scope> {
        if self.here.is_root() { Vec::new() } else { vec![Scope::Folder(self.here.clone())] }
    }

    /// Resolves what a run of everything runs.
    ///
    /// # Errors
    ///
    /// Every path and pattern that makes no sense here.
    pub(super) fn select(&self, args: RunArgs) -> Result<Selection, Vec<Diagnostic>> {
        let RunArgs {
            paths,
            list: _,
            write_types: _,
            tests_only,
            entries_only,
            filter,
            include,
            exclude,
            changed,
            no_tests,
            shard,
            shard_times,
            typecheck,
            coverage,
            cache,
            snapshots,
            watch,
            changes,
            common: _,
        } = args;
        let shard = self::shard(shard).map_err(|error| vec![error])?;
        let coverage = self.coverage(coverage)?;
        let cache = super::cache::resolve(cache).map_err(|error| vec![error])?;
        let snapshots = self::snapshots(&snapshots, is_ci()).map_err(|error| vec![error])?;
        let (changes, fails_on) = Changes::resolve(changes).map_err(|error| vec![error])?;
        if changes.is_some() && tests_only {
            let error = Diagnostic::error("--tests-only leaves nothing to compare");
            return Err(vec![error.help("leave out what implies --diff, or --tests-only")]);
        }
        if watch {
            may_watch(changes.as_ref()).map_err(|error| vec![error])?;
        }
        if let Some(shard) = shard {
            may_split(shard, changes.as_ref(), coverage.as_ref()).map_err(|error| vec![error])?;
        }
        let request = self.request(&paths, &include, &exclude)?;
        let (tests, entries) = (!entries_only, !tests_only);
        Ok(Selection {
            request,
            tests,
            entries,
            filter,
            changed,
            no_tests,
            shard,
            shard_times,
            watch,
            changes,
            fails_on,
            coverage,
            snapshots,
            cache,
            typecheck,
        })
    }

    /// Resolves what is counted.
    fn coverage(&self, args: CoverageArgs) -> Result<Option<CoverageSettings>, Vec<Diagnostic>> {
        let CoverageArgs { coverage, coverage_out, coverage_include, coverage_exclude, coverage_min: min } =
            args;
        let globs = !coverage_include.is_empty() || !coverage_exclude.is_empty();
        if !coverage && coverage_out.is_none() && !globs && min.is_none() {
            return Ok(None);
        }
        let out = coverage_out.unwrap_or_else(|| PathBuf::from("coverage/lcov.info"));
        let mut errors = Vec::new();
        for (flag, path) in [("--junit", &self.junit), ("--json", &self.json)] {
            if path.as_ref() == Some(&out) {
                let message = format!("--coverage-out and {flag} name the same file");
                errors.push(Diagnostic::error(message).help("each report needs a file of its own"));
            }
        }
        let mut patterns = |flag: &str, texts: &[String]| -> Vec<Pattern> {
            let pattern = |text: &String| {
                let pattern = Pattern::filter(&self.here, text);
                let told = |error| errors.push(Diagnostic::error(format!("{flag} {text}: {error}")));
                pattern.map_err(told).ok()
            };
            texts.iter().filter_map(pattern).collect()
        };
        let include = patterns("--coverage-include", &coverage_include);
        let exclude = patterns("--coverage-exclude", &coverage_exclude);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Some(CoverageSettings { rules: CoverageRules { include, exclude }, out, min }))
    }

    pub(super) fn request(
        &self,
        paths: &[String],
        include: &[String],
        exclude: &[String],
    ) -> Result<Request, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut keep = |result: Result<Pattern, Diagnostic>| result.map_err(|error| errors.push(error)).ok();
        let pattern = |flag: &str, text: &str| {
            Pattern::filter(&self.here, text)
                .map_err(|error| Diagnostic::error(format!("{flag} {text}: {error}")))
        };
        let include = include.iter().filter_map(|text| keep(pattern("--include", text))).collect();
        let exclude = exclude.iter().filter_map(|text| keep(pattern("--exclude", text))).collect();
        let mut scopes = Vec::new();
        for path in paths {
            match Scope::parse(&self.here, path, &*self.tree) {
                Ok(scope) => scopes.push(scope),
                // `husako-ci -q render dev`
                Err(error) if ["render", "check", "diff", "comment", "merge"].contains(&path.as_str()) => {
                    errors.push(error.help(format!("a command comes first: husako-ci {path} …")));
                }
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        if scopes.is_empty() {
            scopes = self.below_here();
        }
        Ok(Request { scopes, include, exclude, named_are_entries: false, every_project: false })
    }
}

fn verbosity(quiet: bool, verbose: bool) -> Verbosity {
    match (quiet, verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    }
}

/// Whether each report has a file of its own.
fn check_reports(junit: Option<&Path>, json: Option<&Path>) -> Result<(), Diagnostic> {
    if junit.is_some() && junit == json {
        let message = "--junit and --json name the same file";
        return Err(Diagnostic::error(message).help("each report needs a file of its own"));
    }
    Ok(())
}

/// A seed that is new each time, and short enough to be typed.
fn drawn() -> u64 {
    // Each of these is seeded by the system anew.
    u64::from(RandomState::new().hash_one(()) as u32)
}

/// The variable that says that this is CI, as CI systems set it, if one does. Some people's shells have it, and mean nothing by it.
pub(super) fn is_ci() -> Option<&'static str> {
    ["CI", "GITHUB_ACTIONS"].into_iter().find(|name| {
        let value = std::env::var(name).unwrap_or_default();
        !["", "0", "false"].contains(&&*value.to_ascii_lowercase())
    })
}

/// Resolves how snapshots are treated. `ci` is the variable that says that this is CI.
///
/// # Errors
///
/// Something is to be written in CI.
fn snapshots(args: &SnapshotArgs, ci: Option<&str>) -> Result<Rules, Diagnostic> {
    let SnapshotArgs { update_snapshots, snapshots } = *args;
    let (update, strict, flag) = match (update_snapshots, snapshots) {
        (true, _) => (Update::All, false, "--update-snapshots"),
        (false, Some(SnapshotMode::New)) => (Update::New, false, "--snapshots=new"),
        (false, Some(SnapshotMode::None)) => (Update::None, false, ""),
        (false, Some(SnapshotMode::Strict)) => (Update::None, true, ""),
        (false, None) if ci.is_some() => (Update::None, false, ""),
        (false, None) => (Update::New, false, ""),
    };
    match ci {
        Some(variable) if !flag.is_empty() => Err(Diagnostic::error(format!(
            "{flag} writes snapshots, and the variable {variable} says that this is CI: nobody would see or commit them"
        ))
        .help("write them where you work, and commit them; or unset the variable, where this is no CI")),
        Some(_) | None => Ok(Rules { update, strict }),
    }
}

/// Resolves which part is run.
///
/// # Errors
///
/// The CI system does not say which.
fn shard(which: Option<WhichShard>) -> Result<Option<Shard>, Diagnostic> {
    match which {
        None => Ok(None),
        Some(WhichShard::Part(shard)) => Ok(Some(shard)),
        Some(WhichShard::Auto) => {
            Shard::of_job(variable).map(Some).map_err(|error| Diagnostic::error(format!("--shard {error}")))
        }
    }
}

/// Tells what makes no sense for a part of a run.
fn may_split(
    shard: Shard,
    changes: Option<&Changes>,
    coverage: Option<&CoverageSettings>,
) -> Result<(), Diagnostic> {
    let flag = match changes {
        Some(Changes { comment: true, .. }) => Some("--comment"),
        Some(Changes { save_comment: Some(_), .. }) => Some("--save-comment"),
        Some(Changes { .. }) | None => None,
    };
    if let Some(flag) = flag {
        let message =
            format!("shard {shard} knows only a part of what differs, and {flag} is about all of it");
        let help = format!(
            "give each shard --json and --diff, and {flag} to `husako-ci merge` with the reports of all"
        );
        return Err(Diagnostic::error(message).help(help));
    }
    if coverage.is_some_and(|coverage| coverage.min.is_some()) {
        let message = format!(
            "shard {shard} covers only what its own files do, and --coverage-min is about all of them"
        );
        let help = "leave it out, and judge the lcov files of all shards together";
        return Err(Diagnostic::error(message).help(help));
    }
    Ok(())
}

/// Tells why `--watch` makes no sense here.
fn may_watch(changes: Option<&Changes>) -> Result<(), Diagnostic> {
    if changes.is_some() {
        return Err(Diagnostic::error("--watch compares with no base")
            .help("leave out --watch, or what implies --diff; `husako-ci diff` shows what differs now"));
    }
    // As CI systems set it; some people's shells have it, and mean nothing by it.
    let ci = std::env::var("CI").unwrap_or_default();
    if !["", "0", "false"].contains(&&*ci.to_ascii_lowercase()) {
        return Err(Diagnostic::error(
            "--watch waits for somebody who edits files, and the variable CI says that nobody is here",
        )
        .help("leave out --watch; or unset CI, where somebody is"));
    }
    Ok(())
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
