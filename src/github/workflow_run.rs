//! The pull request that a workflow comments on when it runs after another: on `workflow_run` events.
//!
//! That other workflow runs what a stranger wrote, so none of its files may say which pull request it was. GitHub
//! does: in the event, or, for forks, by its list of pull requests.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::client::{Client, Operation};
use super::context::{PullRequest, Repository, WorkflowRun};
use super::error::GithubError;
use super::event::WirePullRequest;

/// Which pull request a run was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestOfRun {
    /// This one, open, with the commit that the run was for as its last.
    Found(PullRequest),
    /// The run was started by something else: this event.
    OtherEvent(String),
    /// There is none any more: it was closed, or has newer commits.
    Gone,
    /// Several have the same branch, and go into different ones. The run does not say which of them it was for.
    Ambiguous(Vec<u64>),
}

/// The pull request of `repository` that `run` was for.
///
/// Errors: see [`super::Kind`].
pub async fn pull_request_of_run(
    client: &Client,
    repository: &Repository,
    run: &WorkflowRun,
) -> Result<PullRequestOfRun, GithubError> {
    if !matches!(run.event.as_str(), "pull_request" | "pull_request_target") {
        return Ok(PullRequestOfRun::OtherEvent(run.event.clone()));
    }
    if let [told] = run.pull_requests.as_slice()
        && told.head_sha == run.head_sha
    {
        return Ok(PullRequestOfRun::Found(told.clone()));
    }
    let (Some(branch), Some(head_repository)) = (&run.head_branch, &run.head_repository) else {
        return Ok(PullRequestOfRun::Gone);
    };
    let Repository { owner, name } = repository;
    let operation = Operation {
        what: format!("looking for the pull request of {head_repository}, branch {branch}, in {repository}"),
        permission: "pull-requests: read",
    };
    let head_owner = head_repository.split('/').next().unwrap_or_default();
    let head = format!("{head_owner}:{branch}");
    let head = utf8_percent_encode(&head, NON_ALPHANUMERIC);
    let same_head = |pull_request: WirePullRequest| {
        let pull_request = pull_request.of(repository);
        // An owner may have several forks.
        let same_repository = pull_request
            .head_repository
            .as_ref()
            .is_some_and(|name| name.eq_ignore_ascii_case(head_repository));
        (pull_request.head_sha == run.head_sha && same_repository).then_some(pull_request)
    };
    let path = format!("/repos/{owner}/{name}/pulls?state=open&head={head}");
    let mut found = client.list(&operation, &path, same_head).await?;
    Ok(match found.len() {
        0 => PullRequestOfRun::Gone,
        1 => PullRequestOfRun::Found(found.swap_remove(0)),
        _ => PullRequestOfRun::Ambiguous(found.into_iter().map(|pull_request| pull_request.number).collect()),
    })
}
