//! The GitHub Action, step by step as the runner does it, with releases from a folder and from a server of our own.

#![allow(clippy::print_stderr, clippy::unwrap_used, missing_docs)]

// What runs the steps is made for a bash beside programs of Unix.
#[cfg(unix)]
#[path = "action/install.rs"]
mod install;
#[path = "action/metadata.rs"]
mod metadata;
#[cfg(unix)]
#[path = "action/publish.rs"]
mod publish;
#[cfg(unix)]
#[path = "action/release.rs"]
mod release;
#[cfg(unix)]
#[path = "action/run.rs"]
mod run;
#[cfg(unix)]
#[path = "action/runner.rs"]
mod runner;
