//! Why GitHub did not do what it was asked for.

use std::time::SystemTime;

use thiserror::Error;

use crate::diagnostic::Diagnostic;

/// Something that GitHub was asked for, and why it did not come about.
///
/// The text says what to do next; [`GithubError::diagnostic`] has the same in parts. Neither holds the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.diagnostic())]
pub struct GithubError {
    /// What was being done, and to what: `listing the comments of acme/infra#12`.
    pub operation: String,
    /// The permission that it needs, as a workflow writes it: `pull-requests: write`.
    pub permission: &'static str,
    /// What went wrong.
    pub kind: Kind,
}

/// What went wrong. `words` are GitHub's own, cut and without the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Kind {
    /// There is no token.
    #[error("there is no token")]
    NoToken,
    /// The address or the proxy makes no sense, or the system's certificates cannot be read.
    #[error("{reason}")]
    Setup {
        /// What is in the way.
        reason: String,
    },
    /// The token is not valid (401).
    #[error("GitHub does not know the token: {words}")]
    BadToken {
        /// What GitHub said.
        words: String,
    },
    /// The token may not do this (403).
    #[error("the token may not do this: {words}")]
    ReadOnly {
        /// What GitHub said.
        words: String,
    },
    /// No such thing, or the token may not see it (404, 410).
    #[error("GitHub has no such thing, or hides it from the token: {words}")]
    NotFound {
        /// What GitHub said.
        words: String,
    },
    /// The conversation is locked.
    #[error("the conversation is locked: {words}")]
    Locked {
        /// What GitHub said.
        words: String,
    },
    /// The body is longer than GitHub takes (422).
    #[error("the comment is too long: {words}")]
    TooLong {
        /// What GitHub said.
        words: String,
    },
    /// The request is not one that GitHub accepts (422).
    #[error("GitHub refused: {words}")]
    Refused {
        /// What GitHub said.
        words: String,
    },
    /// Too many requests, and the end of it is too far off to wait for.
    #[error("too many requests were sent with this token: {words}")]
    RateLimited {
        /// When GitHub takes requests again.
        until: SystemTime,
        /// What GitHub said.
        words: String,
    },
    /// No answer, none that is whole, or an error of the server, each time.
    #[error("GitHub cannot be reached, {attempts} attempts: {reason}")]
    Unreachable {
        /// How often it was tried.
        attempts: u32,
        /// How the last attempt ended.
        reason: String,
    },
    /// An answer that makes no sense here.
    #[error("GitHub answered what was not expected: {reason}")]
    Unexpected {
        /// What it was.
        reason: String,
    },
}

impl GithubError {
    /// The error for what needs a token when there is none.
    pub fn no_token(operation: impl Into<String>) -> GithubError {
        GithubError { operation: operation.into(), permission: super::comment::WRITE, kind: Kind::NoToken }
    }

    /// What happened, and what to do next. An error; the caller decides whether it is one to them.
    pub fn diagnostic(&self) -> Diagnostic {
        let GithubError { operation, permission, kind } = self;
        let granted = format!("give the job `permissions: {permission}`");
        let help = match kind {
            Kind::NoToken => {
                format!("set `GITHUB_TOKEN: ${{{{ github.token }}}}` in the step's `env`, and {granted}")
            }
            Kind::Setup { .. } => {
                "check `GITHUB_API_URL`, `HTTPS_PROXY`, and the certificates of the runner".to_owned()
            }
            Kind::BadToken { .. } => {
                "set `GITHUB_TOKEN` to a token that is valid now; `${{ github.token }}` is, until its job ends".to_owned()
            }
            Kind::ReadOnly { .. } => format!(
                "{granted}; a run for a fork or for Dependabot has a token that only reads: for these, comment from a \
                 workflow that runs on `workflow_run`"
            ),
            Kind::NotFound { .. } => {
                format!("check the repository and the number, and {granted}, also `contents: read` if it is private")
            }
            Kind::Locked { .. } => "unlock the conversation, or run without the comment".to_owned(),
            Kind::TooLong { .. } => "make the comment shorter".to_owned(),
            Kind::Refused { .. } | Kind::Unexpected { .. } => {
                "if GitHub's own pages work, this is a mistake in husako-ci: please report it".to_owned()
            }
            Kind::RateLimited { until, .. } => {
                format!("run the job again after {}", httpdate::fmt_http_date(*until))
            }
            Kind::Unreachable { .. } => {
                "see https://www.githubstatus.com and, on a runner of your own, its network, certificates and \
                 `HTTPS_PROXY`; then run the job again"
                    .to_owned()
            }
        };
        Diagnostic::error(format!("{operation}: {kind}")).help(help)
    }
}
