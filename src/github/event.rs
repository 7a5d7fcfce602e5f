//! The events that start workflows, as far as they are read here.
//!
//! The fields are those of GitHub's description of its webhooks (`webhook-pull-request-synchronize`,
//! `webhook-workflow-run-completed`) and of the API's pull requests (`pull-request-simple`).

use serde::Deserialize;

use super::context::{PullRequest, Repository, RunId, WorkflowRun};

#[derive(Deserialize)]
struct PullRequestEvent {
    pull_request: WirePullRequest,
}

/// A pull request, in an event or an answer of the API.
#[derive(Deserialize)]
pub(super) struct WirePullRequest {
    number: u64,
    head: Branch,
    base: Branch,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: Option<FullName>,
}

#[derive(Deserialize)]
struct FullName {
    full_name: String,
}

impl WirePullRequest {
    /// The pull request, which is one of `repository`.
    pub(super) fn of(self, repository: &Repository) -> PullRequest {
        let WirePullRequest { number, head, base } = self;
        let head_repository = head.repo.map(|repo| repo.full_name);
        PullRequest {
            number,
            head_sha: head.sha,
            fork: head_repository.as_deref().is_none_or(|name| !repository.is(name)),
            head_repository,
            base_ref: base.name,
            base_sha: base.sha,
        }
    }
}

/// The pull request of a `pull_request` or `pull_request_target` event in `repository`.
pub(super) fn pull_request(event: &str, repository: &Repository) -> serde_json::Result<PullRequest> {
    let PullRequestEvent { pull_request } = serde_json::from_str(event)?;
    Ok(pull_request.of(repository))
}

#[derive(Deserialize)]
struct WorkflowRunEvent {
    workflow_run: WireRun,
    repository: Numbered,
}

#[derive(Deserialize)]
struct WireRun {
    id: u64,
    run_attempt: Option<u32>,
    event: String,
    head_sha: String,
    head_branch: Option<String>,
    head_repository: Option<FullName>,
    pull_requests: Vec<Option<MinimalPullRequest>>,
}

/// What a run says of its pull requests (`pull-request-minimal`): repositories have numbers only.
#[derive(Deserialize)]
struct MinimalPullRequest {
    number: u64,
    head: MinimalBranch,
    base: MinimalBranch,
}

#[derive(Deserialize)]
struct MinimalBranch {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: Numbered,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

/// The run that a `workflow_run` event tells of.
pub(super) fn workflow_run(event: &str) -> serde_json::Result<WorkflowRun> {
    let WorkflowRunEvent { workflow_run: run, repository: Numbered { id: here } } =
        serde_json::from_str(event)?;
    let head_repository = run.head_repository.map(|repo| repo.full_name);
    // A repository's pull requests to another are listed too.
    let pull_requests =
        run.pull_requests.into_iter().flatten().filter(|pull_request| pull_request.base.repo.id == here);
    Ok(WorkflowRun {
        run: RunId { id: run.id, attempt: run.run_attempt.unwrap_or(1) },
        event: run.event,
        head_sha: run.head_sha,
        head_branch: run.head_branch,
        pull_requests: pull_requests
            .map(|MinimalPullRequest { number, head, base }| PullRequest {
                number,
                head_sha: head.sha,
                head_repository: head_repository.clone(),
                base_ref: base.name,
                base_sha: base.sha,
                fork: head.repo.id != here,
            })
            .collect(),
        head_repository,
    })
}
