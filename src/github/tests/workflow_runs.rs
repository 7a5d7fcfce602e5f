use std::io;

use serde_json::{Value, json};

use super::*;

/// The run of an event whose `workflow_run` has these changes.
fn run(changes: Value) -> WorkflowRun {
    let mut run = json!({
        "id": 55, "run_attempt": 2, "event": "pull_request", "head_sha": "4f1c", "head_branch": "fix/a&b",
        "head_repository": {"full_name": "stranger/infra"}, "pull_requests": [],
    });
    run.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let event = json!({"action": "completed", "workflow_run": run, "repository": {"id": 1}}).to_string();
    let var = |name: &str| {
        let value = match name {
            "GITHUB_ACTIONS" => "true",
            "GITHUB_REPOSITORY" => "acme/infra",
            "GITHUB_EVENT_NAME" => "workflow_run",
            "GITHUB_EVENT_PATH" => "/event.json",
            "GITHUB_RUN_ID" | "GITHUB_SHA" => "1",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let context = Context::read(var, |_| io::Result::Ok(event.clone())).unwrap().unwrap();
    assert_eq!(context.pull_request, None);
    context.workflow_run.unwrap()
}

fn listed(number: u64, head_sha: &str, head_repository: Value, base: &str) -> Value {
    json!({
        "number": number,
        "head": {"ref": "fix/a&b", "sha": head_sha, "repo": head_repository},
        "base": {"ref": base, "sha": "9e0d", "repo": {"full_name": "acme/infra"}},
    })
}

async fn found(server: &Server, run: &WorkflowRun) -> PullRequestOfRun {
    let found = pull_request_of_run(&client(server, &Arc::default()), &repository(), run).await.unwrap();
    assert_eq!(server.world().violations, Vec::<String>::new());
    found
}

#[tokio::test]
async fn the_event_tells_for_branches_of_the_repository() {
    let server = Server::start();
    let told = |number: u64, sha: &str, base: u64| {
        json!({
            "id": 9, "number": number, "url": "…",
            "head": {"ref": "fix/a&b", "sha": sha, "repo": {"id": 1, "name": "infra", "url": "…"}},
            "base": {"ref": "main", "sha": "9e0d", "repo": {"id": base, "name": "infra", "url": "…"}},
        })
    };
    // Those to other repositories are none of ours.
    let own = json!({"full_name": "acme/infra"});
    let one =
        run(json!({"pull_requests": [null, told(3, "4f1c", 2), told(7, "4f1c", 1)], "head_repository": own}));
    let PullRequestOfRun::Found(pull_request) = found(&server, &one).await else { panic!() };
    assert_eq!((pull_request.number, pull_request.base_ref.as_str(), pull_request.fork), (7, "main", false));
    assert_eq!(server.world().seen, []);
    assert_eq!(one.run, RunId { id: 55, attempt: 2 });

    let newer = run(json!({"pull_requests": [told(7, "other", 1)], "head_repository": own}));
    assert_eq!(found(&server, &newer).await, PullRequestOfRun::Gone);
    assert_eq!(server.world().count("GET"), 1);
}

#[tokio::test]
async fn github_lists_those_of_forks() {
    let server = Server::start();
    let fork = || json!({"full_name": "Stranger/infra"});
    server.world().pulls = vec![
        listed(4, "other", fork(), "main"),
        listed(5, "4f1c", json!({"full_name": "stranger/infra-2"}), "main"),
        listed(6, "4f1c", json!(null), "main"),
        listed(7, "4f1c", fork(), "main"),
    ];
    let PullRequestOfRun::Found(pull_request) = found(&server, &run(json!({}))).await else { panic!() };
    assert_eq!((pull_request.number, pull_request.fork), (7, true));
    assert_eq!(
        server.world().seen[0].path,
        "/repos/acme/infra/pulls?state=open&head=stranger%3Afix%2Fa%26b&per_page=100&page=1"
    );
    // Nobody knows which of two.
    server.world().pulls.push(listed(8, "4f1c", fork(), "release"));
    assert_eq!(found(&server, &run(json!({}))).await, PullRequestOfRun::Ambiguous(vec![7, 8]));
    server.world().pulls.clear();
    assert_eq!(found(&server, &run(json!({}))).await, PullRequestOfRun::Gone);
}

#[tokio::test]
async fn runs_that_were_for_none_have_none() {
    let server = Server::start();
    let push = run(json!({"event": "push"}));
    assert_eq!(found(&server, &push).await, PullRequestOfRun::OtherEvent("push".to_owned()));
    for deleted in [json!({"head_repository": null}), json!({"head_branch": null})] {
        assert_eq!(found(&server, &run(deleted)).await, PullRequestOfRun::Gone);
    }
    assert_eq!(server.world().seen, []);
}
