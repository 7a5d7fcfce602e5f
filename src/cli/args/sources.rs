//! The command line, as far as it is about what `husako.toml` names.

use std::num::NonZero;

use super::{CommonArgs, ListFormat};

/// How schemas, charts and plugins from elsewhere are had.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct SourceArgs {
    /// Fetch only what husako.lock has, and only if it is still the same [default in CI]
    #[arg(long, overrides_with = "no_locked", help_heading = "Sources")]
    pub(in crate::cli) locked: bool,

    /// Fetch what husako.toml names, and write husako.lock where something is missing in it [default elsewhere]
    #[arg(long, overrides_with = "locked", help_heading = "Sources")]
    pub(in crate::cli) no_locked: bool,

    /// Fetch nothing: what was fetched before has to do
    #[arg(long, help_heading = "Sources")]
    pub(in crate::cli) offline: bool,

    /// How long fetching one source may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", help_heading = "Sources")]
    pub(in crate::cli) fetch_timeout: NonZero<u64>,
}

/// `gen`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct GenArgs {
    /// Folders to look for projects in [default: the current folder]
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}

/// `outdated`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct OutdatedArgs {
    /// Folders to look for projects in [default: the current folder]
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<String>,

    /// How to tell
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: ListFormat,

    /// End with status 1 when anything is outdated
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,

    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}

/// `update`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct UpdateArgs {
    /// What to update; its lock is written anew even when its version is the newest
    #[arg(value_name = "NAME")]
    pub(in crate::cli) names: Vec<String>,

    /// Tell what would change, and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    /// Show what the update does to the rendered resources
    #[arg(long)]
    pub(in crate::cli) diff: bool,

    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}

/// `cache`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CacheFolderArgs {
    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}
