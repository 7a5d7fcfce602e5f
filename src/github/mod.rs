//! GitHub: what a workflow run is about, commands to its runner, and the comment on its pull request.
//!
//! Nothing here reads the environment or prints: [`Context::read`] is handed both, and a [`Command`] is text.

mod client;
mod command;
mod comment;
mod context;
mod error;
mod event;
mod marker;
mod retry;
mod token;
mod workflow_run;

#[cfg(test)]
mod tests;

pub use client::{Client, Proxy, Settings};
pub use command::{Annotation, Command, Level, StopToken};
pub use comment::{Comment, Mode, Outcome, PostOptions, post};
pub use context::Context;
pub use error::{GithubError, Kind};
pub use marker::{Header, Key};
pub use token::GithubToken;
pub use workflow_run::{PullRequestOfRun, pull_request_of_run};
