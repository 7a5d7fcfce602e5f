//! The command line, as it is written.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

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

    /// What to do when there is nothing to run
    #[arg(long, value_name = "WHAT", default_value = "fail", help_heading = "Choosing what runs")]
    pub(super) no_tests: NoTests,

    #[command(flatten)]
    pub(super) common: CommonArgs,
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

    /// How many files run at a time [default: the number of cores, as far as memory allows]
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

    /// Use what `husako gen` has written to .husako/types, also where husako-ci has types of its own
    #[arg(long, help_heading = "Running")]
    pub(super) use_generated_types: bool,
}

impl Args {
    /// What is common to all commands.
    pub(super) fn common(&self) -> &CommonArgs {
        match &self.command {
            None => &self.run.common,
            Some(Command::Render(args)) => &args.common,
            Some(Command::Check(args)) => &args.common,
        }
    }
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

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("is not a whole number".to_owned()),
    }
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
