//! The command line, as it is written.

mod merge;
mod sources;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub(super) use self::merge::{MergeArgs, ReportArgs};
pub(super) use self::sources::{CacheFolderArgs, GenArgs, OutdatedArgs, SourceArgs, UpdateArgs};
use crate::shard::{Shard, ShardError};

/// Runs the husako tests of a repository and renders and validates its entries, each file in a JavaScript runtime of its
/// own.
#[derive(Debug, Parser)]
#[command(
    name = "husako-ci",
    version,
    max_term_width = 100,
    after_help = super::exit::HELP,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// What to do instead of running everything.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Render entries as YAML, to stdout or to files
    #[command(after_help = super::exit::ENTRY_HELP)]
    Render(RenderArgs),
    /// Do all that `render` does, and write no YAML [default: all entries]
    #[command(after_help = super::exit::ENTRY_HELP)]
    Check(CheckArgs),
    /// Show what differs from the resources of the base: a run with --entries-only --diff
    Diff(Box<DiffArgs>),
    /// Post the comment that another run has saved with --save-comment
    Comment(CommentFromArgs),
    /// Write what editors, tsc and husako need of each project: .husako/, tsconfig.json and husako.lock
    #[command(after_help = super::exit::GEN_HELP)]
    Gen(GenArgs),
    /// Tell which newer versions there are of what husako.toml names
    #[command(after_help = super::exit::OUTDATED_HELP)]
    Outdated(OutdatedArgs),
    /// Write newer versions to husako.toml, and what is there now to husako.lock [default: of everything]
    #[command(after_help = super::exit::UPDATE_HELP)]
    Update(UpdateArgs),
    /// Print the folder in which what was fetched is kept, for a cache of the CI system
    Cache(CacheFolderArgs),
    /// Make one report of the JSON reports of all shards (--shard), as one run of everything would have
    #[command(after_help = super::exit::MERGE_HELP)]
    Merge(MergeArgs),
}

/// A run of everything.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Folders, files and globs to run [default: everything below the current folder]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    /// Print what would run, and run nothing
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        help_heading = "Choosing what runs"
    )]
    pub(super) list: Option<ListFormat>,

    /// Write the type declarations of "husako" and "husako/test" below a folder, and run nothing
    #[arg(long, value_name = "FOLDER", help_heading = "Editors")]
    pub(super) write_types: Option<PathBuf>,

    /// Run the tests, and render no entry
    #[arg(long, conflicts_with = "entries_only", help_heading = "Choosing what runs")]
    pub(super) tests_only: bool,

    /// Render and validate the entries, and run no test
    #[arg(long, help_heading = "Choosing what runs")]
    pub(super) entries_only: bool,

    /// Run only the cases whose full name ("suite > case", "Deployment prod/web") matches
    #[arg(long, value_name = "REGEX", help_heading = "Choosing what runs")]
    pub(super) filter: Option<regex::Regex>,

    /// Run only files that match; can be given several times
    #[arg(long, value_name = "GLOB", help_heading = "Choosing what runs")]
    pub(super) include: Vec<String>,

    /// Leave out files that match; can be given several times
    #[arg(long, value_name = "GLOB", help_heading = "Choosing what runs")]
    pub(super) exclude: Vec<String>,

    /// Run only files that may give something else than at a revision: where the current commit and this one part [default: on
    /// a pull request its base, elsewhere the last commit]
    #[arg(
        long,
        value_name = "REV",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["watch", "diff", "base", "comment", "save_comment", "markdown"],
        help_heading = "Choosing what runs"
    )]
    pub(super) changed: Option<String>,

    /// What to do when there is nothing to run
    #[arg(long, value_name = "WHAT", default_value = "fail", help_heading = "Choosing what runs")]
    pub(super) no_tests: NoTests,

    /// Run one of N equal parts of what was found, such as 1/3; `auto` takes it from the variables of GitLab, CircleCI,
    /// Buildkite or Semaphore. `husako-ci merge` makes one report of all
    #[arg(long, value_name = "I/N|auto", value_parser = which_shard, conflicts_with_all = ["watch", "write_types"], help_heading = "Choosing what runs")]
    pub(super) shard: Option<WhichShard>,

    /// Balance the shards by the times in the JSON report of an earlier run, which all of them must have alike
    #[arg(long, value_name = "FILE", requires = "shard", help_heading = "Choosing what runs")]
    pub(super) shard_times: Option<PathBuf>,

    /// Stay, and run again what a change of a file affects
    #[arg(long, conflicts_with_all = ["list", "write_types", "coverage", "coverage_out", "coverage_min"], help_heading = "Running")]
    pub(super) watch: bool,

    /// Check types too, with the repository's own TypeScript compiler: `tsc`, or else `tsgo`
    #[arg(
        long,
        value_name = "COMPILER",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        conflicts_with_all = ["watch", "list"],
        help_heading = "Running"
    )]
    pub(super) typecheck: Option<Compiler>,

    #[command(flatten)]
    pub(super) coverage: CoverageArgs,

    #[command(flatten)]
    pub(super) cache: CacheArgs,

    #[command(flatten)]
    pub(super) snapshots: SnapshotArgs,

    #[command(flatten)]
    pub(super) changes: ChangeArgs,

    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Which compiler checks types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Compiler {
    /// The nearest of both
    Auto,
    /// TypeScript's own
    Tsc,
    /// The native one
    Tsgo,
}

/// What to do with results of earlier runs.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct CacheArgs {
    /// Whether results of earlier runs count where nothing has changed that decides them [default: auto, or what
    /// HUSAKO_CI_CACHE says]
    #[arg(long, value_name = "HOW", help_heading = "Cache")]
    pub(super) cache: Option<CacheMode>,

    /// Where results are kept; outside of the repository [default: HUSAKO_CI_CACHE_DIR, or a folder for this repository below
    /// the user's cache folder]
    #[arg(long, value_name = "FOLDER", help_heading = "Cache")]
    pub(super) cache_dir: Option<PathBuf>,
}

/// Whether results of earlier runs count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CacheMode {
    /// They count, and new ones are kept, where that makes sense
    Auto,
    /// They do not, and none are kept
    Off,
    /// They count, and no new ones are kept
    Read,
    /// They do not count, and new ones are kept
    Write,
}

/// What to do about snapshots.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SnapshotArgs {
    /// Write all snapshots that are missing or differ, and take out those that no test asks for; never in CI
    #[arg(short = 'u', long, conflicts_with = "snapshots", help_heading = "Snapshots")]
    pub(super) update_snapshots: bool,

    /// What to do about snapshots that are missing or obsolete [default: new; in CI none]
    #[arg(long, value_name = "WHAT", help_heading = "Snapshots")]
    pub(super) snapshots: Option<SnapshotMode>,
}

/// What to do about snapshots that are missing or obsolete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SnapshotMode {
    /// Write those that are missing; never in CI
    New,
    /// Write nothing: a missing snapshot is a failure
    None,
    /// Write nothing, and fail for obsolete ones, too
    Strict,
}

/// What to count of what the code does.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct CoverageArgs {
    /// Count which statements, functions and lines run, and show how many did
    #[arg(long, help_heading = "Coverage")]
    pub(super) coverage: bool,

    /// Where to write the counts, in lcov's format; implies --coverage [default: coverage/lcov.info]
    #[arg(long, value_name = "FILE", help_heading = "Coverage")]
    pub(super) coverage_out: Option<PathBuf>,

    /// Count only files that match; implies --coverage; can be given several times
    #[arg(long, value_name = "GLOB", help_heading = "Coverage")]
    pub(super) coverage_include: Vec<String>,

    /// Count no files that match; implies --coverage; can be given several times
    #[arg(long, value_name = "GLOB", help_heading = "Coverage")]
    pub(super) coverage_exclude: Vec<String>,

    /// Fail when less than this part of all lines ran; implies --coverage
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "Coverage")]
    pub(super) coverage_min: Option<f64>,
}

/// What to do with what differs from the base.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ChangeArgs {
    /// Compare the resources with those of the base, and show what differs
    #[arg(long, help_heading = "Changes")]
    pub(super) diff: bool,

    /// Compare with where the current commit and this revision part; implies --diff [default: on a pull request its base,
    /// elsewhere the upstream of the default branch]
    #[arg(long, value_name = "REV", help_heading = "Changes")]
    pub(super) base: Option<String>,

    /// Keep a comment on the pull request up to date; implies --diff. The token comes from GITHUB_TOKEN
    #[arg(long, help_heading = "Changes")]
    pub(super) comment: bool,

    #[command(flatten)]
    pub(super) comment_as: CommentArgs,

    /// Write what the comment says to a file, for `husako-ci comment`; implies --diff
    #[arg(long, value_name = "FILE", help_heading = "Changes")]
    pub(super) save_comment: Option<PathBuf>,

    /// Write what differs to a file, as Markdown; implies --diff
    #[arg(long, value_name = "FILE", help_heading = "Changes")]
    pub(super) markdown: Option<PathBuf>,

    /// What makes the run fail: tests, entries, dangerous (which implies --diff), or none; several with commas
    #[arg(
        long,
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "tests,entries",
        help_heading = "Changes"
    )]
    pub(super) fail_on: Vec<FailOn>,
}

/// Which comment, and how.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CommentArgs {
    /// Tells the comments of several runs on one pull request apart
    #[arg(long, value_name = "NAME", value_parser = label, help_heading = "Changes")]
    pub(super) label: Option<String>,

    /// Update the comment in place, or post a new one when something changed and minimize those before
    #[arg(long, value_name = "HOW", default_value = "update", help_heading = "Changes")]
    pub(super) comment_mode: CommentMode,

    /// Whose comments are our own, where the token cannot tell [default: the token's, or github-actions[bot]]
    #[arg(long, value_name = "LOGIN", help_heading = "Changes")]
    pub(super) comment_author: Option<String>,

    /// How long the comment may be, in characters
    #[arg(long, value_name = "N", default_value = "65536", value_parser = clap::value_parser!(u32).range(2000..=65536), help_heading = "Changes")]
    pub(super) comment_limit: u32,
}

/// `diff`.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// Folders, files and globs to compare [default: everything below the current folder]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    /// How to show what differs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: DiffFormat,

    /// End with status 1 when anything differs
    #[arg(long)]
    pub(super) exit_code: bool,

    /// Compare only files that match; can be given several times
    #[arg(long, value_name = "GLOB")]
    pub(super) include: Vec<String>,

    /// Leave out files that match; can be given several times
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,

    /// Compare one of N equal parts of the entries, such as 1/3; `auto` takes it from the variables of the CI system
    #[arg(long, value_name = "I/N|auto", value_parser = which_shard)]
    pub(super) shard: Option<WhichShard>,

    /// Balance the shards by the times in the JSON report of an earlier run, which all of them must have alike
    #[arg(long, value_name = "FILE", requires = "shard")]
    pub(super) shard_times: Option<PathBuf>,

    #[command(flatten)]
    pub(super) changes: ChangeArgs,

    #[command(flatten)]
    pub(super) common: CommonArgs,
}

impl DiffArgs {
    /// The run that it is.
    pub(super) fn run(self) -> RunArgs {
        let DiffArgs {
            paths,
            format: _,
            exit_code: _,
            include,
            exclude,
            shard,
            shard_times,
            changes,
            common,
        } = self;
        RunArgs {
            paths,
            list: None,
            write_types: None,
            typecheck: None,
            tests_only: false,
            entries_only: true,
            filter: None,
            include,
            exclude,
            changed: None,
            no_tests: NoTests::Fail,
            shard,
            shard_times,
            coverage: CoverageArgs::default(),
            snapshots: SnapshotArgs::default(),
            cache: CacheArgs::default(),
            watch: false,
            changes: ChangeArgs { diff: true, ..changes },
            common,
        }
    }
}

/// `comment`.
#[derive(Debug, clap::Args)]
pub(super) struct CommentFromArgs {
    /// What --save-comment has written
    #[arg(long, value_name = "FILE")]
    pub(super) from: PathBuf,

    #[command(flatten)]
    pub(super) comment_as: CommentArgs,

    /// When to use colour; NO_COLOR turns it off, too
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

/// `render`.
#[derive(Debug, clap::Args)]
pub(super) struct RenderArgs {
    /// Entries to render: names in [entries], or files
    #[arg(value_name = "ENTRY|FILE", required_unless_present = "all")]
    pub(super) targets: Vec<String>,

    /// Render every entry below the current folder
    #[arg(long, conflicts_with = "targets")]
    pub(super) all: bool,

    /// Where to write [default: stdout]: a file that ends in .yaml or .yml, or else a folder, that gets a file for each
    /// entry, named after it
    #[arg(short, long, value_name = "FILE|FOLDER")]
    pub(super) output: Option<PathBuf>,

    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// `check`.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Entries to check: names in [entries], or files [default: every entry below the current folder]
    #[arg(value_name = "ENTRY|FILE")]
    pub(super) targets: Vec<String>,

    /// Check every entry below the current folder
    #[arg(long, conflicts_with = "targets")]
    pub(super) all: bool,

    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// How to run and what to report, whatever is run.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CommonArgs {
    /// Write a JUnit XML report
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) junit: Option<PathBuf>,

    /// Write a JSON report
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) json: Option<PathBuf>,

    /// Print failures and the summary only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Reports")]
    pub(super) quiet: bool,

    /// Print every case, and what passing cases printed
    #[arg(short, long, help_heading = "Reports")]
    pub(super) verbose: bool,

    /// When to use colour; NO_COLOR turns it off too
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Reports")]
    pub(super) color: ColorChoice,

    /// Start no more files after one has failed
    #[arg(long, help_heading = "Running")]
    pub(super) fail_fast: bool,

    /// Start no more cases and files once N cases have failed
    #[arg(long, value_name = "N", value_parser = positive, help_heading = "Running")]
    pub(super) max_fail: Option<usize>,

    /// How often a failed case is run again, unless it says so itself
    #[arg(long, value_name = "N", default_value = "0", help_heading = "Running")]
    pub(super) retries: u32,

    /// What a case is that passes only when it is run again
    #[arg(long, value_name = "VERDICT", default_value = "pass", help_heading = "Running")]
    pub(super) flaky: Flaky,

    /// What time it is for tests and entries, for the whole run: RFC 3339, or a date [default: what it is]
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Running")]
    pub(super) now: Option<i64>,

    /// Decides what is random: `Math.random()`, and the order of --shuffle [default: drawn, and told where it matters]
    #[arg(long, value_name = "N", help_heading = "Running")]
    pub(super) seed: Option<u64>,

    /// Run files, and the cases of each suite, in a random order
    #[arg(long, help_heading = "Running")]
    pub(super) shuffle: bool,

    /// Run each file twice, with another clock, seed and order of cases, and fail where something differs
    #[arg(long, help_heading = "Running")]
    pub(super) check_determinism: bool,

    /// Tell on the standard error where the time went
    #[arg(long, help_heading = "Reports")]
    pub(super) timings: bool,

    /// How many files run at a time [default: one more than there are cores, as far as memory allows]
    #[arg(short, long, value_name = "N", value_parser = positive, help_heading = "Running")]
    pub(super) jobs: Option<usize>,

    /// How long a file may take, in milliseconds
    #[arg(long, value_name = "MS", default_value = "60000", value_parser = milliseconds, help_heading = "Running")]
    pub(super) timeout_ms: Duration,

    /// How long a case or a hook may take, in milliseconds
    #[arg(long, value_name = "MS", default_value = "10000", value_parser = milliseconds, help_heading = "Running")]
    pub(super) test_timeout_ms: Duration,

    /// How large the heap of a file may grow, in MiB
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = heap, help_heading = "Running")]
    pub(super) max_heap_mb: usize,

    /// Let imports leave their project (they never leave the repository)
    #[arg(long, help_heading = "Running")]
    pub(super) allow_outside_root: bool,

    /// Use what `husako gen` has written to .husako/types, also where husako-ci has types of its own; fetch nothing
    #[arg(long, help_heading = "Running")]
    pub(super) use_generated_types: bool,

    #[command(flatten)]
    pub(super) sources: SourceArgs,
}

/// The options that mean something to commands that run no file.
const OF_SOURCES: [&str; 12] = [
    "color",
    "diff",
    "dry_run",
    "exit_code",
    "fetch_timeout",
    "format",
    "locked",
    "names",
    "no_locked",
    "offline",
    "paths",
    "quiet",
];

impl Args {
    /// Reads a command line, the first word of which is the program's name.
    ///
    /// # Errors
    ///
    /// It makes no sense, or asks for help or the version.
    pub(super) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
        let mut command = Args::command();
        for name in ["gen", "outdated", "update", "cache"] {
            command = command.mut_subcommand(name, |command| {
                command.mut_args(|arg| {
                    let is_shown = OF_SOURCES.contains(&arg.get_id().as_str());
                    arg.hide(!is_shown)
                })
            });
        }
        Args::from_arg_matches(&command.try_get_matches_from(args)?)
    }

    /// When to use colour.
    pub(super) fn color(&self) -> ColorChoice {
        match &self.command {
            None => self.run.common.color,
            Some(Command::Render(args)) => args.common.color,
            Some(Command::Check(args)) => args.common.color,
            Some(Command::Diff(args)) => args.common.color,
            Some(Command::Comment(args)) => args.color,
            Some(Command::Gen(args)) => args.common.color,
            Some(Command::Outdated(args)) => args.common.color,
            Some(Command::Update(args)) => args.common.color,
            Some(Command::Cache(args)) => args.common.color,
            Some(Command::Merge(args)) => args.report.color,
        }
    }
}

/// What a case is that passes only when it is run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Flaky {
    /// It has passed, and is told as flaky
    Pass,
    /// It has failed
    Fail,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For a person
    Text,
    /// For a program
    Json,
}

/// How to show what differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For a person at a terminal; -v adds the YAML
    Text,
    /// As in the comment, in full
    Markdown,
    /// For a program
    Json,
}

/// What makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// A test file that fails
    Tests,
    /// An entry that cannot be rendered, or renders what is not valid
    Entries,
    /// A dangerous change, whatever the level of its rule
    Dangerous,
    /// Nothing
    None,
}

/// How a comment is kept up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CommentMode {
    /// In place
    Update,
    /// By a new one, when something changed
    Recreate,
}

/// Which part of what was found is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhichShard {
    /// The one that the CI system says.
    Auto,
    /// This one.
    Part(Shard),
}

/// What to do when nothing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NoTests {
    /// Exit with 0
    Pass,
    /// Say so, and exit with 0
    Warn,
    /// Exit with 8
    Fail,
}

/// A heap smaller than this, in MiB, holds hardly more than the language itself.
const MIN_HEAP_MB: usize = 4;
/// The largest heap, in MiB: 1 TiB.
const MAX_HEAP_MB: usize = 1 << 20;

fn label(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./ ".contains(c);
    match text.len() {
        1..=100 if text.chars().all(allowed) => Ok(text.to_owned()),
        _ => Err("must be 1 to 100 letters, digits, spaces and characters of - _ . /".to_owned()),
    }
}

fn which_shard(text: &str) -> Result<WhichShard, String> {
    match text {
        "auto" => Ok(WhichShard::Auto),
        text => text.parse().map(WhichShard::Part).map_err(|error: ShardError| error.to_string()),
    }
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("is not a whole number".to_owned()),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number),
        Ok(_) => Err("must be from 0 to 100".to_owned()),
        Err(_) => Err("is not a number".to_owned()),
    }
}

/// A time, in milliseconds since 1970.
fn time(text: &str) -> Result<i64, String> {
    let midnight = format!("{text}T00:00:00Z");
    let time = [text, midnight.as_str()].into_iter().find_map(|text| DateTime::parse_from_rfc3339(text).ok());
    time.map(|time| time.timestamp_millis()).ok_or_else(|| {
        "is neither a time such as 2026-01-31T12:00:00Z nor a date such as 2026-01-31".to_owned()
    })
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    // Longer than anybody waits, and far from where times overflow.
    const YEAR: u64 = 365 * 24 * 60 * 60 * 1000;
    match text.parse::<u64>() {
        Ok(number) if (1..=YEAR).contains(&number) => Ok(Duration::from_millis(number)),
        Ok(_) => Err("must be at least 1, and at most a year".to_owned()),
        Err(_) => Err("is not a whole number of milliseconds".to_owned()),
    }
}

fn heap(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number) if (MIN_HEAP_MB..=MAX_HEAP_MB).contains(&number) => Ok(number),
        Ok(_) => Err(format!("must be from {MIN_HEAP_MB} to {MAX_HEAP_MB}")),
        Err(_) => Err("is not a whole number of MiB".to_owned()),
    }
}
