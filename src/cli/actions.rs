//! GitHub Actions: what a step gives to the program, and what it gets from it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::run::Ended;
use crate::diagnostic::Diagnostic;
use crate::event::{CaseStatus, FileKind, FileStatus};
use crate::git::{BaseRequest, Credential};
use crate::github::{Annotation, Command, Context, GithubToken, Level, StopToken};
use crate::report::annotations;

/// The step that the program is.
#[derive(Debug)]
pub(super) struct Actions {
    pub(super) context: Context,
    pub(super) token: Option<GithubToken>,
}

impl Actions {
    /// The step, as the environment tells of it; `None` elsewhere than on GitHub Actions.
    ///
    /// # Errors
    ///
    /// What the environment says makes no sense.
    pub(super) fn here() -> Result<Option<Actions>, Diagnostic> {
        let context = Context::read(variable, |path: &Path| fs::read_to_string(path))?;
        Ok(context.map(|context| Actions { context, token: GithubToken::read(variable) }))
    }

    /// What a pull request is to be compared with; `None` when the run is about none.
    pub(super) fn base(&self) -> Option<BaseRequest> {
        let pull_request = self.context.pull_request.as_ref()?;
        let git_ref = self.context.git_ref.as_deref().unwrap_or_default();
        Some(BaseRequest::PullRequest {
            base_ref: pull_request.base_ref.clone(),
            base_sha: Some(pull_request.base_sha.clone()),
            head_sha: Some(pull_request.head_sha.clone()),
            merge: git_ref.starts_with("refs/pull/") && git_ref.ends_with("/merge"),
        })
    }

    /// What lets git fetch from a private repository.
    pub(super) fn credential(&self) -> Option<Credential> {
        let token = variable("GITHUB_TOKEN").or_else(|| variable("GH_TOKEN"))?;
        Some(Credential { server_url: self.context.server_url.clone(), token: token.trim().to_owned() })
    }

    /// The page of the run.
    pub(super) fn run_url(&self) -> String {
        let Context { server_url, repository, run, .. } = &self.context;
        format!("{server_url}/{repository}/actions/runs/{}", run.id)
    }

    /// A path as the other steps of the job see it: from the workspace, where it lies there.
    pub(super) fn seen_from_workspace(&self, path: &Path) -> String {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let workspace = self.context.workspace.as_deref();
        let inside = workspace.and_then(|workspace| whole.strip_prefix(workspace).ok());
        inside.unwrap_or(&whole).display().to_string()
    }

    /// Lets nothing that is printed from here on be a command, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// There is no randomness, or the standard output is closed.
    pub(super) fn without_commands(&self) -> io::Result<Quiet> {
        let token = StopToken::new().map_err(io::Error::other)?;
        print(&Command::Stop(&token))?;
        Ok(Quiet(token))
    }

    /// Says something in the log, and beside the pull request.
    pub(super) fn tell(&self, level: Level, message: &str) {
        let annotation = Annotation {
            level,
            title: Some("husako-ci"),
            file: None,
            line: None,
            end_line: None,
            column: None,
            end_column: None,
            message,
        };
        // When the standard output is closed there is nobody to tell.
        let _ = print(&Command::Annotate(annotation));
    }

    /// Adds Markdown to the summary of the job.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(super) fn summarize(&self, markdown: &str) -> io::Result<()> {
        self.context.step_summary.as_deref().map_or(Ok(()), |path| append(path, markdown))
    }

    /// Sets the outputs of the step.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(super) fn set_outputs(&self, outputs: &[(&str, String)]) -> io::Result<()> {
        let Some(path) = self.context.output.as_deref() else { return Ok(()) };
        let one_line = |value: &str| value.replace(['\r', '\n'], " ");
        let lines = outputs.iter().map(|(name, value)| format!("{name}={}\n", one_line(value)));
        append(path, &lines.collect::<String>())
    }
}

/// Prints annotations as commands.
///
/// # Errors
///
/// The standard output is closed.
pub(super) fn annotate(annotations: &[annotations::Annotation]) -> io::Result<()> {
    annotations.iter().try_for_each(|annotation| {
        let annotations::Annotation { severity, file, line, end_line, col, end_col, title, message } =
            annotation;
        print(&Command::Annotate(Annotation {
            level: match severity {
                annotations::Severity::Error => Level::Error,
                annotations::Severity::Warning => Level::Warning,
                annotations::Severity::Notice => Level::Notice,
            },
            title: Some(title),
            file: Some(file),
            line: *line,
            end_line: *end_line,
            column: *col,
            end_column: *end_col,
            message,
        }))
    })
}

/// The outputs that tell how a run went.
pub(super) fn outputs(ended: &Ended) -> Vec<(&'static str, String)> {
    let files = || ended.run.files.values();
    let cases = || {
        files()
            .filter(|file| matches!(file.kind, FileKind::Tests | FileKind::Types))
            .flat_map(|file| &file.cases)
    };
    let entries = files().filter(|file| matches!(file.kind, FileKind::Entry { .. }));
    let passed = cases().filter(|case| case.status == CaseStatus::Passed).count() + ended.run.silent.tests;
    let failed = cases().filter(|case| case.status.is_failure()).count();
    let entries = entries.filter(|file| file.status == FileStatus::Failed).count();
    let mut outputs = vec![
        ("tests-passed", passed.to_string()),
        ("tests-failed", failed.to_string()),
        ("entries-failed", entries.to_string()),
    ];
    if let Some(diff) = &ended.run.diff {
        let counts = &diff.counts;
        outputs.extend([
            ("added", counts.added.to_string()),
            ("removed", counts.removed.to_string()),
            ("changed", (counts.changed + counts.renamed + counts.moved).to_string()),
            ("dangerous", diff.dangers.len().to_string()),
            ("manifests-changed", (!diff.is_empty()).to_string()),
            ("render-sha256", diff.render_sha256.clone().unwrap_or_default()),
        ]);
    }
    outputs
}

/// While it is there, nothing that is printed is a command.
#[derive(Debug)]
pub(super) struct Quiet(StopToken);

impl Drop for Quiet {
    fn drop(&mut self) {
        // When the standard output is closed there is nobody to tell.
        let _ = print(&Command::Resume(&self.0));
    }
}

/// A variable of the environment that is set, and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn print(command: &Command<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{command}")?;
    out.flush()
}

/// Other steps of the job may have written to it before.
fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}
