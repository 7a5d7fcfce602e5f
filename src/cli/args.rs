//! The command line, as it is written.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Runs the husako tests of a repository, each file in a JavaScript runtime of its own.
#[derive(Debug, Parser)]
#[command(name = "husako-ci", version, max_term_width = 100, after_help = super::exit::HELP)]
pub(super) struct Args {
    /// Folders, files and globs to run [default: everything below the current folder]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

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

    /// Run only the cases whose full name ("suite > case") matches
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
