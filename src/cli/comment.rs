//! The comment on the pull request: posted by the run itself, or by `comment` from what the run has saved.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::actions::{Actions, variable};
use super::args::{CommentArgs, CommentFromArgs, CommentMode};
use super::exit::Exit;
use super::settings::{self, Stream};
use super::tell;
use crate::diagnostic::Diagnostic;
use crate::github::{
    self, Client, GithubError, GithubToken, Header, Key, Kind, Level, Mode, Outcome, PostOptions, Proxy,
    PullRequestOfRun, pull_request_of_run,
};
use crate::report::comment::{self, Comment, MAX_BYTES};
use crate::report::markdown::Elsewhere;

/// Posts what `--save-comment` has written, on `workflow_run` events and on those of pull requests.
///
/// # Errors
///
/// There is no GitHub Actions, no token, or no comment in the file; nothing was posted.
pub(super) fn run(args: &CommentFromArgs) -> Result<Exit, Vec<Diagnostic>> {
    let CommentFromArgs { from, comment_as, color } = args;
    let errors = settings::color(*color, Stream::Err);
    let one = |error: Diagnostic| vec![error];
    let saved = read(from).map_err(one)?;
    let actions = Actions::here().map_err(one)?;
    let (actions, token) = needed(actions.as_ref(), "comment").map_err(one)?;
    let found = match &actions.context.workflow_run {
        Some(run) => {
            let repository = &actions.context.repository;
            let found = with_client(actions, token, async |client| {
                pull_request_of_run(client, repository, run).await
            });
            match found {
                Ok(found) => found,
                Err(error) => return Ok(failed(actions, &error, errors)),
            }
        }
        None => match &actions.context.pull_request {
            Some(pull_request) => PullRequestOfRun::Found(pull_request.clone()),
            None => PullRequestOfRun::OtherEvent(actions.context.event.clone()),
        },
    };
    let pull_request = match found {
        PullRequestOfRun::Found(pull_request) => pull_request,
        PullRequestOfRun::OtherEvent(event) => {
            actions.tell(Level::Notice, &format!("no comment is posted: `{event}` is about no pull request"));
            return Ok(Exit::Passed);
        }
        PullRequestOfRun::Gone => {
            let message = "no comment is posted: the pull request is closed, or has newer commits";
            actions.tell(Level::Notice, message);
            return Ok(Exit::Passed);
        }
        PullRequestOfRun::Ambiguous(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            let message = format!(
                "no comment is posted: the run may be for any of the pull requests {}, which have the same branch",
                numbers.join(", ")
            );
            actions.tell(Level::Warning, &message);
            return Ok(Exit::Passed);
        }
    };
    let (exit, _) =
        post(actions, token, (pull_request.number, &pull_request.head_sha), &saved, comment_as, errors);
    Ok(exit)
}

/// The step and its token, which `flag` needs.
///
/// # Errors
///
/// Which of them is not there.
pub(super) fn needed<'a>(
    actions: Option<&'a Actions>,
    flag: &str,
) -> Result<(&'a Actions, &'a GithubToken), Diagnostic> {
    let Some(actions) = actions else {
        let message = format!("`{flag}` is for GitHub Actions, and this is none");
        return Err(
            Diagnostic::error(message).help("`--markdown FILE` writes what differs to a file, anywhere")
        );
    };
    let token = actions.token.as_ref();
    Ok((actions, token.ok_or_else(|| GithubError::no_token("posting the comment").diagnostic())?))
}

/// Posts a comment on the pull request of this number and head. Returns the address of its page, if there is one.
///
/// A token that may not write costs the comment only: the summary says the same.
pub(super) fn post(
    actions: &Actions,
    token: &GithubToken,
    (number, head): (u64, &str),
    saved: &Comment,
    args: &CommentArgs,
    color_errors: bool,
) -> (Exit, Option<String>) {
    let CommentArgs { label, comment_mode, comment_author, comment_limit } = args;
    let context = &actions.context;
    let key = Key::new(saved.projects().iter().cloned(), label.clone());
    let header = Header { key, head: head.to_owned(), run: context.run };
    let elsewhere = Elsewhere { summary: Some(actions.run_url()), artifact: None };
    let limit = header.room(*comment_limit as usize);
    let comment = github::Comment {
        repository: context.repository.clone(),
        number,
        header,
        content: comment::render(saved, limit, &elsewhere),
    };
    let options = PostOptions {
        author: comment_author.clone(),
        only_update: saved.is_empty(),
        mode: match comment_mode {
            CommentMode::Update => Mode::Update,
            CommentMode::Recreate => Mode::Recreate,
        },
    };
    let posted = with_client(actions, token, async |client| github::post(client, &comment, &options).await);
    match posted {
        Ok(posted) => {
            tell(&posted.warnings, color_errors);
            let url = match posted.outcome {
                Outcome::Created { url } | Outcome::Updated { url } | Outcome::Unchanged { url } => Some(url),
                Outcome::Outdated { url } => {
                    let message = "the comment is by a later run, and was left as it is";
                    actions.tell(Level::Notice, message);
                    Some(url)
                }
                Outcome::Absent => None,
            };
            (Exit::Passed, url)
        }
        Err(error) => (failed(actions, &error, color_errors), None),
    }
}

/// Tells why there is no comment.
fn failed(actions: &Actions, error: &GithubError, color_errors: bool) -> Exit {
    let diagnostic = error.diagnostic();
    match error.kind {
        Kind::ReadOnly { .. } => {
            actions.tell(
                Level::Notice,
                &format!("no comment: {diagnostic}. The summary of the job says the same"),
            );
            Exit::Passed
        }
        Kind::NoToken
        | Kind::Setup { .. }
        | Kind::BadToken { .. }
        | Kind::NotFound { .. }
        | Kind::Locked { .. }
        | Kind::TooLong { .. }
        | Kind::Refused { .. }
        | Kind::RateLimited { .. }
        | Kind::Unreachable { .. }
        | Kind::Unexpected { .. } => {
            actions.tell(Level::Error, &diagnostic.to_string());
            tell(&[diagnostic], color_errors);
            Exit::ReportNotWritten
        }
    }
}

fn with_client<T>(
    actions: &Actions,
    token: &GithubToken,
    ask: impl AsyncFnOnce(&Client) -> Result<T, GithubError>,
) -> Result<T, GithubError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| GithubError {
        operation: "starting threads".to_owned(),
        permission: "",
        kind: Kind::Unreachable { attempts: 0, reason: error.to_string() },
    })?;
    runtime.block_on(async {
        let settings = github::Settings { proxy: Proxy::read(variable), ..github::Settings::default() };
        let client = Client::new(&actions.context.api_url, token, settings)?;
        ask(&client).await
    })
}

/// The comment in a file, which anybody may have written.
fn read(path: &Path) -> Result<Comment, Diagnostic> {
    let text = || -> io::Result<String> {
        let mut text = String::new();
        // One byte more, so that what is too large is seen to be.
        File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = text().map_err(|error| Diagnostic::error(format!("reading {}: {error}", path.display())))?;
    Comment::from_json(&text).map_err(|reason| {
        let message = format!("{} holds no comment: {reason}", path.display());
        Diagnostic::error(message).help("give what `--save-comment` of this version has written")
    })
}
