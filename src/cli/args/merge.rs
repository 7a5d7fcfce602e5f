//! The arguments of `merge`.

use std::path::PathBuf;

use super::{ColorChoice, CommentArgs, FailOn, NoTests};

/// `merge`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct MergeArgs {
    /// The JSON reports of all shards, in any order
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) reports: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) report: ReportArgs,

    /// What to do when no shard had anything to run
    #[arg(long, value_name = "WHAT", default_value = "fail", help_heading = "Reports")]
    pub(in crate::cli) no_tests: NoTests,

    /// Keep a comment on the pull request up to date. The token comes from GITHUB_TOKEN
    #[arg(long, help_heading = "Changes")]
    pub(in crate::cli) comment: bool,

    #[command(flatten)]
    pub(in crate::cli) comment_as: CommentArgs,

    /// Write what the comment says to a file, for `husako-ci comment`
    #[arg(long, value_name = "FILE", help_heading = "Changes")]
    pub(in crate::cli) save_comment: Option<PathBuf>,

    /// Write what differs to a file, as Markdown
    #[arg(long, value_name = "FILE", help_heading = "Changes")]
    pub(in crate::cli) markdown: Option<PathBuf>,

    /// What makes it fail: tests, entries, dangerous, or none; several with commas
    #[arg(
        long,
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "tests,entries",
        help_heading = "Changes"
    )]
    pub(in crate::cli) fail_on: Vec<FailOn>,
}

/// What to report of a run that is over.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ReportArgs {
    /// Write a JUnit XML report of all
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(in crate::cli) junit: Option<PathBuf>,

    /// Write a JSON report of all
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(in crate::cli) json: Option<PathBuf>,

    /// Print failures and the summary only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Reports")]
    pub(in crate::cli) quiet: bool,

    /// Print every case, and what passing cases printed
    #[arg(short, long, help_heading = "Reports")]
    pub(in crate::cli) verbose: bool,

    /// When to use colour; NO_COLOR turns it off too
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Reports")]
    pub(in crate::cli) color: ColorChoice,
}
