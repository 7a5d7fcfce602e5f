//! husako-ci runs what a repository of [husako](https://github.com/nanazt/husako) files holds, each file in a
//! JavaScript runtime of its own, and reports what became of it.
//!
//! The program is [`run`]; everything else is private. `CONTRIBUTING.md` says which room holds what.

#[doc(hidden)]
pub mod bench;
mod cache;
mod change;
mod cli;
mod compile;
mod config;
mod coverage;
mod diagnostic;
mod diff;
mod discover;
mod engine;
mod event;
mod fetch;
mod git;
mod github;
mod report;
mod resource;
mod retry;
mod rule;
mod runner;
mod schema;
mod sdk;
mod shard;
mod snapshot;
mod sources;
mod timings;
mod tree;
mod typecheck;
mod yaml;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program.
///
/// `args` are those of the process, the first of which is its name. Returns the exit status to end with.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    cli::run(args)
}
