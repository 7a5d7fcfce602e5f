//! What GitHub Actions is to the program: variables, files, and an API on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::Project;

const TOKEN: &str = "ghs_secret0123456789";

/// A step of a workflow.
#[derive(Debug)]
pub struct Action<'p> {
    project: &'p Project,
    files: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl<'p> Action<'p> {
    /// On a push.
    pub fn new(project: &'p Project) -> Action<'p> {
        let files = TempDir::new().unwrap();
        let path = |name: &str| files.path().join(name).display().to_string();
        let variables = vec![
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("CI", "true".to_owned()),
            ("GITHUB_REPOSITORY", "octo/shop".to_owned()),
            ("GITHUB_SERVER_URL", "https://github.example".to_owned()),
            ("GITHUB_RUN_ID", "100".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("GITHUB_EVENT_NAME", "push".to_owned()),
            ("GITHUB_EVENT_PATH", path("event.json")),
            ("GITHUB_STEP_SUMMARY", path("summary.md")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_WORKSPACE", project.path().display().to_string()),
            ("GITHUB_REF", "refs/heads/change".to_owned()),
        ];
        fs::write(files.path().join("event.json"), "{}").unwrap();
        Action { project, files, variables }
    }

    /// On a pull request: its number, and the commits of its head and base.
    pub fn pull_request(project: &'p Project, number: u64, head: &str, base: &str) -> Action<'p> {
        let mut action = Action::new(project);
        action.set("GITHUB_EVENT_NAME", "pull_request");
        action.set("GITHUB_REF", &format!("refs/pull/{number}/merge"));
        action.set("GITHUB_BASE_REF", "main");
        action.set("GITHUB_HEAD_REF", "change");
        let repository = json!({ "full_name": "octo/shop", "id": 1, "default_branch": "main" });
        let event = json!({
            "action": "synchronize",
            "number": number,
            "pull_request": {
                "number": number,
                "head": { "sha": head, "ref": "change", "repo": repository },
                "base": { "sha": base, "ref": "main", "repo": repository },
            },
            "repository": repository,
            "sender": { "login": "someone" },
        });
        action.event(&event);
        action
    }

    /// After the workflow of a pull request.
    pub fn workflow_run(project: &'p Project, number: u64, head: &str) -> Action<'p> {
        let mut action = Action::new(project);
        action.set("GITHUB_EVENT_NAME", "workflow_run");
        let repository = json!({ "full_name": "octo/shop", "id": 1, "default_branch": "main" });
        action.event(&json!({
            "workflow_run": {
                "id": 99,
                "event": "pull_request",
                "head_sha": head,
                "head_branch": "change",
                "head_repository": { "full_name": "octo/shop", "id": 1, "owner": { "login": "octo" } },
                "pull_requests": [{
                    "number": number,
                    "head": { "sha": head, "ref": "change", "repo": { "id": 1, "name": "shop", "url": "" } },
                    "base": { "sha": head, "ref": "main", "repo": { "id": 1, "name": "shop", "url": "" } },
                }],
            },
            "repository": repository,
        }));
        action
    }

    /// Talks to this server.
    pub fn api(&mut self, server: &Server) {
        self.set("GITHUB_API_URL", &server.url);
        self.set("GITHUB_TOKEN", TOKEN);
    }

    pub fn command(&self) -> Command {
        let mut command = self.project.command();
        command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
        command
    }

    pub fn summary(&self) -> String {
        self.file("summary.md")
    }

    /// What the last step set: each run appends to it.
    pub fn output(&self) -> String {
        self.file("output")
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.files.path().join(name)).unwrap_or_default()
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value.to_owned()));
    }

    fn event(&mut self, event: &Value) {
        let path: PathBuf = self.files.path().join("event.json");
        fs::write(path, event.to_string()).unwrap();
    }
}

/// The part of GitHub's API that comments need, on the loopback address.
#[derive(Debug)]
pub struct Server {
    url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    refuses: bool,
    comments: Vec<String>,
    writes: usize,
    pulls: Vec<Value>,
}

impl Server {
    pub fn start() -> Server {
        Server::with(State::default())
    }

    /// Lets nothing be written, as for the token of a fork.
    pub fn refusing() -> Server {
        Server::with(State { refuses: true, ..State::default() })
    }

    fn with(state: State) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        // Ends with the process: it waits for connections and does nothing else.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        Server { url, state }
    }

    /// The comments that are there, without the line that marks them.
    pub fn comments(&self) -> Vec<String> {
        self.state.lock().unwrap().comments.clone()
    }

    /// How often something was created or updated.
    pub fn writes(&self) -> usize {
        self.state.lock().unwrap().writes
    }

    /// An open pull request.
    pub fn pull_request(&self, number: u64, head: &str) {
        let pull = json!({
            "number": number,
            "state": "open",
            "head": { "sha": head, "ref": "change" },
            "base": { "ref": "main", "repo": { "full_name": "octo/shop" } },
        });
        self.state.lock().unwrap().pulls.push(pull);
    }
}

/// Answers the requests of one connection.
fn answer(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let mut parts = line.split(' ');
        let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
        let path = path.split('?').next().unwrap();
        let (status, value) = respond(&mut state.lock().unwrap(), method, path, &body);
        let text = value.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        if writer.write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

fn respond(state: &mut State, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let refused = || (403, json!({ "message": "Resource not accessible by integration" }));
    let text = || serde_json::from_slice::<Value>(body).unwrap()["body"].as_str().unwrap().to_owned();
    match (method, path) {
        ("GET", "/user") => refused(),
        ("GET", "/repos/octo/shop/issues/7/comments") => {
            let comments = state.comments.iter().enumerate().map(|(at, body)| comment(at, body));
            (200, comments.collect())
        }
        ("GET", "/repos/octo/shop/pulls") => (200, state.pulls.clone().into()),
        ("GET", path) if path.starts_with("/repos/octo/shop/pulls/") => match state.pulls.first() {
            Some(pull) => (200, pull.clone()),
            None => (404, json!({ "message": "Not Found" })),
        },
        ("POST", "/repos/octo/shop/issues/7/comments") if !state.refuses => {
            state.comments.push(text());
            state.writes += 1;
            (201, comment(state.comments.len() - 1, &text()))
        }
        ("PATCH", path) if path.starts_with("/repos/octo/shop/issues/comments/") && !state.refuses => {
            let at: usize = path.rsplit('/').next().unwrap().parse::<usize>().unwrap() - 1;
            state.comments[at] = text();
            state.writes += 1;
            (200, comment(at, &text()))
        }
        ("POST" | "PATCH", _) => refused(),
        _ => (404, json!({ "message": "Not Found" })),
    }
}

fn comment(at: usize, body: &str) -> Value {
    json!({
        "id": at + 1,
        "node_id": format!("IC_{at}"),
        "url": "https://api.github.example/comment",
        "html_url": "https://github.example/octo/shop/pull/7#comment",
        "issue_url": "https://api.github.example/issue",
        "body": body,
        "user": { "login": "github-actions[bot]", "id": 41898282, "type": "Bot" },
        "author_association": "NONE",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    })
}
