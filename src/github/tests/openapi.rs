//! What GitHub's own description of its API says of our requests. Asked where `HUSAKO_CI_OPENAPI` is the path of
//! `generated/api.github.com.json` from npm `@octokit/openapi`, and `python3` has `jsonschema`.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};

use serde_json::{Value, json};

use super::*;

/// The judge; ends with its standard input.
struct Judge {
    process: Child,
    client: Client,
    url: String,
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Judge {
    fn start() -> Option<Judge> {
        let description = env::var_os("HUSAKO_CI_OPENAPI").filter(|path| Path::new(path).is_file());
        let Some(description) = description else {
            eprintln!("skipped: `HUSAKO_CI_OPENAPI` names no description of GitHub's API");
            return None;
        };
        let has_library =
            Process::new("python3").args(["-c", "import jsonschema"]).stderr(Stdio::null()).status();
        if !has_library.is_ok_and(|status| status.success()) {
            eprintln!("skipped: there is no python3 with jsonschema");
            return None;
        }
        let mut process = Process::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/github/mock.py"))
            .arg(description)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        let token = GithubToken::new(TOKEN).unwrap();
        let client = Client::new(&url, &token, settings(&Arc::default())).unwrap();
        Some(Judge { process, client, url })
    }

    async fn reset(&self, setup: Value) {
        let done = self.client.post_once::<Value>("/_reset", &setup).await;
        assert!(done.is_ok(), "{done:?}");
    }

    async fn state(&self) -> Value {
        let operation = client::Operation { what: "state".to_owned(), permission: "" };
        self.client.get(&operation, "/_state").await.unwrap()
    }
}

#[tokio::test]
async fn requests_are_what_github_describes() {
    let Some(judge) = Judge::start() else { return };
    let spoofed = comment(99, "").header.body("spoofed");
    let others: Vec<Value> = (0..300)
        .map(|index| {
            let body = if index % 10 == 0 { spoofed.as_str() } else { "looks good\n" };
            json!({"login": format!("user-{index}"), "type": if index % 20 == 0 { "Bot" } else { "User" }, "body": body})
        })
        .collect();
    judge.reset(json!({"token": TOKEN, "comments": others})).await;
    // The bots among the others make an app ask who it is, and the description knows nothing of GraphQL.
    let options = PostOptions { author: Some("github-actions[bot]".to_owned()), ..UPDATE };
    for push in 1..=25 {
        let content = format!("# Push {push}\n\n| a | b |\n|---|---|\n| \"é😀\" | --> |\n\n");
        for again in [false, true] {
            if again && push % 5 != 0 {
                continue;
            }
            let posted = post(&judge.client, &comment(push, &content), &options).await.unwrap();
            let url = "https://github.com/acme/infra/pull/12#issuecomment-5300".to_owned();
            let expected = match (push, again) {
                (_, true) => Outcome::Unchanged { url },
                (1, false) => Outcome::Created { url },
                (_, false) => Outcome::Updated { url },
            };
            assert_eq!(posted.outcome, expected);
        }
    }
    // The longest that fits, and one more.
    let mut long = comment(26, "");
    long.content = "x".repeat(long.header.room(65_536));
    let other = PostOptions { mode: Mode::Recreate, ..options };
    long.header.key = Key::new([".".to_owned()], Some("long".to_owned()));
    long.content = "x".repeat(long.header.room(65_536));
    post(&judge.client, &long, &other).await.unwrap();
    long.header.key = Key::new([".".to_owned()], Some("more".to_owned()));
    long.content.push('x');
    let error = post(&judge.client, &long, &other).await.unwrap_err();
    assert!(matches!(error.kind, Kind::TooLong { .. }), "{error}");

    // A token that is no user's, and the list of pull requests.
    let token = GithubToken::new(&format!("x{TOKEN}")).unwrap();
    let stranger = Client::new(&judge.url, &token, settings(&Arc::default())).unwrap();
    let error = post(&stranger, &long, &UPDATE).await.unwrap_err();
    assert!(matches!(error.kind, Kind::BadToken { .. }), "{error}");
    let run = WorkflowRun {
        run: RunId { id: 1, attempt: 1 },
        event: "pull_request".to_owned(),
        head_sha: "4f1c".to_owned(),
        head_branch: Some("fix/a&b=ü".to_owned()),
        head_repository: Some("stranger/infra".to_owned()),
        pull_requests: Vec::new(),
    };
    let found = pull_request_of_run(&judge.client, &repository(), &run).await.unwrap();
    assert_eq!(found, PullRequestOfRun::Gone);

    let state = judge.state().await;
    assert_eq!(state["violations"], json!([]));
    assert_eq!(state["comments"].as_array().unwrap().len(), 302);
    let requests: Vec<&str> =
        state["requests"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let count = |start: &str| requests.iter().filter(|request| request.starts_with(start)).count();
    assert_eq!((count("POST"), count("PATCH"), count("GET /user")), (3, 24, 1));

    // It does judge.
    let operation = client::Operation { what: "a mistake".to_owned(), permission: "" };
    for path in
        ["/repos/acme/infra/issues/12/comments?pages=1", "/repos/acme/infra/issues/x/comments", "/nowhere"]
    {
        assert!(judge.client.get::<Value>(&operation, path).await.is_err());
    }
    let path = "/repos/acme/infra/issues/12/comments";
    for body in [json!({"text": "x"}), json!({"body": 1}), json!({"body": "x", "event": 1})] {
        assert!(judge.client.post_once::<Value>(path, &body).await.is_err());
    }
    let state = judge.state().await;
    let violations = state["violations"].as_array().unwrap();
    for violation in [
        "parameter in the query: pages",
        "issue_number: 'x'",
        "/nowhere",
        "'body' is a required",
        "1 is not of type 'string'",
        "unknown event",
    ] {
        assert!(
            violations.iter().any(|told| told.as_str().unwrap().contains(violation)),
            "{violation}: {violations:?}"
        );
    }
}
