//! Running the `git` program: what it may do, how long, and what it says when it fails.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use super::running::Running;
use crate::diagnostic::Diagnostic;

/// How long one run of git, or one answer of a running one, may take: each may have to fetch.
const DEADLINE: Duration = Duration::from_secs(120);

/// How many of the last lines that git said are told.
const LAST_LINES: usize = 5;

/// Configuration that outranks the user's and the repository's: nothing that a repository names is run, nothing is
/// tidied up behind our back.
const CONFIG: [&str; 6] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    // Files whose time alone has changed would be told as changed otherwise.
    "diff.autoRefreshIndex=true",
];

/// Variables that lead git to another repository, index or set of objects, or read paths in another way.
///
/// Git sets some of them for its hooks. We are about the repository that the folder lies in, and its work tree as a
/// whole, so that even in a `pre-commit` hook the index that is being committed does not matter.
const REMOVED: [&str; 20] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CURL_VERBOSE",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Where the value of the header is handed to git, so that no list of processes shows it.
const HEADER_VARIABLE: &str = "HUSAKO_CI_GIT_HEADER";

/// What a server is asked with when the repository itself has nothing to ask it with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The server, such as `https://github.com`: no other is given the token.
    pub server_url: String,
    /// The token, as GitHub gives one to every job.
    pub token: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("server_url", &self.server_url).finish_non_exhaustive()
    }
}

/// Why git gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum GitError {
    #[error("there is no program `git`")]
    Missing,
    #[error("running `git`: {reason}")]
    Start { reason: String },
    #[error("git does not trust the repository around {}: it belongs to another user", folder.display())]
    Untrusted { folder: PathBuf },
    #[error("{} does not lie in the work tree of a git repository", folder.display())]
    NoWorkTree { folder: PathBuf },
    #[error("`git {command}` was ended, for it took more than {after:?}{}", told(said))]
    Deadline { command: String, after: Duration, said: String },
    #[error("`git {command}` did not work{}", told(said))]
    Refused { command: String, said: String },
}

/// What git said, as the end of a sentence.
pub(super) fn told(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

impl From<GitError> for Diagnostic {
    fn from(error: GitError) -> Diagnostic {
        let diagnostic = Diagnostic::error(error.to_string());
        match error {
            GitError::Missing => diagnostic.help("install git 2.31 or newer, and have it in the PATH"),
            GitError::Untrusted { folder } => diagnostic.help(format!(
                "if you trust it: git config --global --add safe.directory '{}'",
                folder.display()
            )),
            GitError::NoWorkTree { .. } => diagnostic.help("comparing needs a checkout made by git"),
            GitError::Start { .. } | GitError::Deadline { .. } | GitError::Refused { .. } => diagnostic,
        }
    }
}

/// What git answered.
pub(super) struct Answer {
    status: Option<i32>,
    stdout: Vec<u8>,
    said: String,
}

/// The `git` program in a work tree.
#[derive(Debug, Clone)]
pub(super) struct Program {
    folder: PathBuf,
    header: Option<Header>,
    /// Instead of the index of the work tree.
    index: Option<PathBuf>,
    deadline: Duration,
}

/// `http.<url>.extraheader`, and its value.
#[derive(Clone)]
struct Header {
    key: String,
    value: String,
    token: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Program {
    /// Git, to be run in `folder`.
    pub(super) fn new(folder: PathBuf) -> Program {
        Program { folder, header: None, index: None, deadline: DEADLINE }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same with a credential, unless the configuration has one for that server: GitHub refuses two.
    pub(super) fn with_credential(mut self, credential: &Credential) -> Result<Program, GitError> {
        let url = format!("{}/", credential.server_url.trim_end_matches('/'));
        let configured = self.text_if(&["config", "--get-urlmatch", "http.extraheader", &url])?;
        if configured.is_none_or(|header| !header.to_lowercase().starts_with("authorization:")) {
            // The form that actions/checkout uses: https://github.com/actions/checkout
            let basic = STANDARD.encode(format!("x-access-token:{}", credential.token));
            self.header = Some(Header {
                key: format!("http.{url}.extraheader"),
                value: format!("AUTHORIZATION: basic {basic}"),
                token: credential.token.clone(),
            });
        }
        Ok(self)
    }

    /// The same with another index, which git may write to.
    pub(super) fn with_index(&self, index: PathBuf) -> Program {
        Program { index: Some(index), ..self.clone() }
    }

    /// What git writes, when it ends with status 0.
    pub(super) fn bytes(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.bytes_with(args, "")
    }

    /// The same, with `input` to read.
    pub(super) fn bytes_with(&self, args: &[&str], input: &str) -> Result<Vec<u8>, GitError> {
        let answer = self.run(args, input)?;
        if answer.status == Some(0) { Ok(answer.stdout) } else { Err(self.refused(args, answer.said)) }
    }

    /// What git writes, without the last line break.
    pub(super) fn text(&self, args: &[&str]) -> Result<String, GitError> {
        self.bytes(args).map(|bytes| line(&bytes))
    }

    /// The same; `None` when git ends with status 1, by which many commands say that there is nothing.
    pub(super) fn text_if(&self, args: &[&str]) -> Result<Option<String>, GitError> {
        let answer = self.run(args, "")?;
        match answer.status {
            Some(0) => Ok(Some(line(&answer.stdout))),
            Some(1) => Ok(None),
            Some(_) | None => Err(self.refused(args, answer.said)),
        }
    }

    /// The same; `None` whenever git does not find what it is asked for, however it says so.
    pub(super) fn text_found(&self, args: &[&str]) -> Result<Option<String>, GitError> {
        let answer = self.run(args, "")?;
        if answer.status == Some(0) {
            return Ok(Some(line(&answer.stdout)));
        }
        match self.refused(args, answer.said) {
            GitError::Refused { .. } => Ok(None),
            error @ (GitError::Missing
            | GitError::Start { .. }
            | GitError::Untrusted { .. }
            | GitError::NoWorkTree { .. }
            | GitError::Deadline { .. }) => Err(error),
        }
    }

    fn refused(&self, args: &[&str], said: String) -> GitError {
        if said.contains("detected dubious ownership") {
            return GitError::Untrusted { folder: self.folder.clone() };
        }
        if said.contains("not a git repository") {
            return GitError::NoWorkTree { folder: self.folder.clone() };
        }
        GitError::Refused { command: args.first().copied().unwrap_or_default().to_owned(), said }
    }

    /// Runs git to its end, whatever its status.
    fn run(&self, args: &[&str], input: &str) -> Result<Answer, GitError> {
        let mut running = self.start(args)?;
        let stdin = running.stdin.take();
        if !input.is_empty() {
            let input = input.to_owned();
            // Git may write before it has read everything, so both are done at once. The thread ends with the pipe.
            thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(input.as_bytes())));
        }
        let mut stdout = Vec::new();
        let status = running.stdout.read_to_end(&mut stdout).and_then(|_| running.wait());
        match status {
            Ok(status) => Ok(Answer { status, stdout, said: self.said(&mut running) }),
            Err(error) => Err(self.stopped(args.first().copied().unwrap_or_default(), &error, &mut running)),
        }
    }

    /// Ends git after reading from it went wrong, and says why that was.
    pub(super) fn stopped(&self, command: &str, error: &io::Error, running: &mut Running) -> GitError {
        running.end();
        match error.kind() {
            io::ErrorKind::TimedOut => GitError::Deadline {
                command: command.to_owned(),
                after: self.deadline,
                said: self.said(running),
            },
            _ => GitError::Start { reason: error.to_string() },
        }
    }

    /// The same, with another deadline.
    pub(super) fn with_deadline(mut self, deadline: Duration) -> Program {
        self.deadline = deadline;
        self
    }

    /// Starts git, with pipes to and from it.
    pub(super) fn start(&self, args: &[&str]) -> Result<Running, GitError> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args([
            "--no-pager",
            "--no-replace-objects",
            "--no-optional-locks",
        ]);
        for setting in CONFIG {
            command.args(["-c", setting]);
        }
        for variable in REMOVED {
            command.env_remove(variable);
        }
        command
            .env("LC_ALL", "C")
            // Nobody is there to answer: not git, nor its credential manager, nor ssh may ask.
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GCM_INTERACTIVE", "Never")
            .env("SSH_ASKPASS", "false")
            .env("SSH_ASKPASS_REQUIRE", "force")
            // Whatever is traced, it does not hold the token.
            .env("GIT_TRACE_REDACT", "1");
        if let Some(index) = &self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        if let Some(header) = &self.header {
            command.arg(format!("--config-env={}={HEADER_VARIABLE}", header.key));
            command.env(HEADER_VARIABLE, &header.value);
        }
        // Tests see the same on every machine.
        #[cfg(test)]
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("NO_PROXY", "*");
        command.args(args);
        Running::start(command, self.deadline).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GitError::Missing,
            _ => GitError::Start { reason: error.to_string() },
        })
    }

    /// The last lines that a git that has ended wrote to its standard error, without secrets.
    pub(super) fn said(&self, running: &mut Running) -> String {
        let mut said = last_lines(&running.stderr());
        if let Some(Header { key: _, value, token }) = &self.header {
            for secret in [value.rsplit(' ').next().unwrap_or_default(), token] {
                if !secret.is_empty() {
                    said = said.replace(secret, "***");
                }
            }
        }
        said
    }
}

/// Output without its last line break.
fn line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// What git said last, as one line, without the names and passwords in URLs.
fn last_lines(stderr: &str) -> String {
    static USER_INFO: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"://[^/\s]*@").ok());
    let lines: Vec<&str> = stderr
        .lines()
        .map(|line| line.trim().trim_start_matches("fatal: ").trim_start_matches("error: "))
        .filter(|line| !line.is_empty() && !line.starts_with("hint:"))
        .collect();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("; ");
    match &*USER_INFO {
        Some(user_info) => user_info.replace_all(&last, "://").into_owned(),
        // The pattern is sound; if it were not, nothing would be told rather than a password.
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
