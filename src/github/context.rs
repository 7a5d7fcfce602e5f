//! What a workflow run is about, from the variables that its runner sets.
//!
//! `https://docs.github.com/en/actions/reference/workflows-and-actions/variables` lists them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::event;
use crate::diagnostic::Diagnostic;

/// The account whose runs have a token that only reads, as those for forks have.
const DEPENDABOT: &str = "dependabot[bot]";

/// A repository: `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The account that owns it.
    pub(super) owner: String,
    /// Its name.
    pub(super) name: String,
}

impl Repository {
    /// Parses `owner/name`. Both are letters, digits, `-`, `_` and `.`, so that they can stand in an address as they are.
    pub fn parse(text: &str) -> Option<Repository> {
        let (owner, name) = text.split_once('/')?;
        let is_name = |part: &str| {
            !part.is_empty()
                && !matches!(part, "." | "..")
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        (is_name(owner) && is_name(name))
            .then(|| Repository { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// Whether `full_name`, `owner/name`, is this repository. Case does not count, as on GitHub.
    pub fn is(&self, full_name: &str) -> bool {
        self.to_string().eq_ignore_ascii_case(full_name)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A run of a workflow; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId {
    /// The number of the run, unique on its server.
    pub id: u64,
    /// Which attempt at it, from 1.
    pub attempt: u32,
}

/// A pull request, as it was when its run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// The last commit of its branch.
    pub head_sha: String,
    /// The repository of its branch, `owner/name`. `None` if that is deleted.
    pub head_repository: Option<String>,
    /// The branch that it goes into.
    pub base_ref: String,
    /// That branch's last commit.
    pub base_sha: String,
    /// Whether its branch is in another repository, or was.
    pub fork: bool,
}

/// The run that a `workflow_run` event tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// Its run.
    pub run: RunId,
    /// What started it: `pull_request`.
    pub event: String,
    /// The commit that it ran for.
    pub head_sha: String,
    /// The branch of that commit.
    pub head_branch: Option<String>,
    /// The repository of that branch, `owner/name`. `None` if it is deleted.
    pub head_repository: Option<String>,
    /// The pull requests of this repository that GitHub says belong to it. None for forks.
    pub pull_requests: Vec<PullRequest>,
}

/// What a workflow run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The repository of the workflow.
    pub repository: Repository,
    /// The API's address, without a slash at its end: `https://api.github.com`, or `https://<server>/api/v3`.
    pub api_url: String,
    /// The address of the pages, without a slash at its end: `https://github.com`.
    pub server_url: String,
    /// What started the run: `pull_request`.
    pub event: String,
    /// The pull request, on `pull_request` and `pull_request_target` events.
    pub pull_request: Option<PullRequest>,
    /// The run before this one, on `workflow_run` events.
    pub workflow_run: Option<WorkflowRun>,
    /// Whether Dependabot started the run: then its token only reads.
    pub dependabot: bool,
    /// The run.
    pub run: RunId,
    /// The commit that the run is for. On `pull_request` events it is the merge of both branches.
    pub sha: String,
    /// The branch, tag or pull request: `refs/pull/12/merge`.
    pub git_ref: Option<String>,
    /// The file for the summary of the step, in Markdown.
    pub step_summary: Option<PathBuf>,
    /// The file for outputs of the step.
    pub output: Option<PathBuf>,
    /// Where the repository is checked out.
    pub workspace: Option<PathBuf>,
}

impl Context {
    /// Reads what the runner says. `None` if there is none: unless `GITHUB_ACTIONS` is `true`.
    ///
    /// `var` gives the value of an environment variable, `read_file` a file's text.
    ///
    /// Errors: a variable that runners set is not set, or makes no sense; the file of the event cannot be read, or is
    /// not what GitHub writes.
    pub fn read(
        var: impl Fn(&str) -> Option<String>,
        read_file: impl Fn(&Path) -> io::Result<String>,
    ) -> Result<Option<Context>, Diagnostic> {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let path = |name: &str| set(name).map(PathBuf::from);
        let needed = |name: &str| {
            set(name).ok_or_else(|| odd(format!("`GITHUB_ACTIONS` is `true`, but `{name}` is not set")))
        };
        if set("GITHUB_ACTIONS").as_deref() != Some("true") {
            return Ok(None);
        }
        let repository = needed("GITHUB_REPOSITORY")?;
        let repository = Repository::parse(&repository)
            .ok_or_else(|| odd(format!("`GITHUB_REPOSITORY` is not `owner/name`: {repository:?}")))?;
        let run = RunId {
            // Programs that stand in for a runner may number nothing.
            id: set("GITHUB_RUN_ID").map_or(Ok(0), |text| number("GITHUB_RUN_ID", &text))?,
            // Servers of old do not know attempts.
            attempt: set("GITHUB_RUN_ATTEMPT").map_or(Ok(1), |text| number("GITHUB_RUN_ATTEMPT", &text))?,
        };
        let address = |name: &str, default: &str| {
            set(name).unwrap_or_else(|| default.to_owned()).trim_end_matches('/').to_owned()
        };
        let event = needed("GITHUB_EVENT_NAME")?;
        let payload = || {
            let path = path("GITHUB_EVENT_PATH").ok_or_else(|| {
                odd(format!("`GITHUB_EVENT_NAME` is `{event}`, but `GITHUB_EVENT_PATH` is not set"))
            })?;
            let text = read_file(&path)
                .map_err(|error| odd(format!("reading the event at {}: {error}", path.display())))?;
            Ok::<_, Diagnostic>((path, text))
        };
        let (mut pull_request, mut workflow_run) = (None, None);
        match event.as_str() {
            "pull_request" | "pull_request_target" => {
                let (path, text) = payload()?;
                pull_request =
                    Some(event::pull_request(&text, &repository).map_err(|error| malformed(&path, &error))?);
            }
            "workflow_run" => {
                let (path, text) = payload()?;
                workflow_run = Some(event::workflow_run(&text).map_err(|error| malformed(&path, &error))?);
            }
            // Others are about no pull request, or about one whose commits are not what the workflow runs on.
            _ => {}
        }
        Ok(Some(Context {
            repository,
            api_url: address("GITHUB_API_URL", "https://api.github.com"),
            server_url: address("GITHUB_SERVER_URL", "https://github.com"),
            event,
            pull_request,
            workflow_run,
            dependabot: set("GITHUB_ACTOR").as_deref() == Some(DEPENDABOT),
            run,
            sha: set("GITHUB_SHA").unwrap_or_default(),
            git_ref: set("GITHUB_REF"),
            step_summary: path("GITHUB_STEP_SUMMARY"),
            output: path("GITHUB_OUTPUT"),
            workspace: path("GITHUB_WORKSPACE"),
        }))
    }
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Diagnostic> {
    text.parse().map_err(|_| odd(format!("`{name}` is not a number: {text:?}")))
}

fn malformed(path: &Path, error: &serde_json::Error) -> Diagnostic {
    odd(format!("the event at {} is not what GitHub writes: {error}", path.display()))
}

fn odd(message: String) -> Diagnostic {
    Diagnostic::error(message).help(
        "a GitHub runner sets all of this; elsewhere, unset `GITHUB_ACTIONS` to run without GitHub's reports",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    const VARIABLES: [(&str, &str); 6] = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "acme/infra"),
        ("GITHUB_RUN_ID", "123"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_EVENT_PATH", "/event.json"),
        ("GITHUB_SHA", "5ba"),
    ];

    fn read(changes: &[(&str, &str)], payload: &str) -> Result<Option<Context>, Diagnostic> {
        let mut variables = BTreeMap::from(VARIABLES);
        variables.extend(changes.iter().copied());
        Context::read(
            |name| variables.get(name).map(|value| (*value).to_owned()),
            |path| {
                assert_eq!(path, Path::new("/event.json"));
                if payload == "missing" {
                    Err(io::ErrorKind::NotFound.into())
                } else {
                    Ok(payload.to_owned())
                }
            },
        )
    }

    #[test]
    fn a_push_needs_no_event_file() {
        let context = read(&[], "missing").unwrap().unwrap();
        assert_eq!(context.repository.to_string(), "acme/infra");
        assert_eq!(context.api_url, "https://api.github.com");
        assert_eq!(context.server_url, "https://github.com");
        assert_eq!(context.run, RunId { id: 123, attempt: 1 });
        assert_eq!((context.pull_request, context.workflow_run), (None, None));
        assert!(!context.dependabot && context.step_summary.is_none());
        let context = read(
            &[
                ("GITHUB_API_URL", "https://ghe.example/api/v3/"),
                ("GITHUB_RUN_ATTEMPT", "4"),
                ("GITHUB_ACTOR", "dependabot[bot]"),
                ("GITHUB_STEP_SUMMARY", "/summary"),
                ("GITHUB_OUTPUT", ""),
            ],
            "missing",
        )
        .unwrap()
        .unwrap();
        assert_eq!(context.api_url, "https://ghe.example/api/v3");
        assert_eq!(context.run.attempt, 4);
        assert!(context.dependabot);
        assert_eq!((context.step_summary, context.output), (Some(PathBuf::from("/summary")), None));
    }

    #[test]
    fn elsewhere_there_is_no_context() {
        for value in ["", "false", "TRUE"] {
            assert_eq!(read(&[("GITHUB_ACTIONS", value), ("GITHUB_RUN_ID", "x")], ""), Ok(None));
        }
    }

    fn payload(head: serde_json::Value) -> String {
        json!({"action": "synchronize", "number": 7, "pull_request": {
            "number": 7,
            "head": {"ref": "topic", "sha": "4f1c", "repo": head},
            "base": {"ref": "main", "sha": "9e0d", "repo": {"full_name": "acme/infra"}},
            "user": {"login": "someone"},
        }})
        .to_string()
    }

    #[test]
    fn a_pull_request_is_that_of_the_event() {
        let event = [("GITHUB_EVENT_NAME", "pull_request")];
        let pull_request = |head| read(&event, &payload(head)).unwrap().unwrap().pull_request.unwrap();
        let own = pull_request(json!({"full_name": "acme/infra"}));
        assert_eq!(
            own,
            PullRequest {
                number: 7,
                head_sha: "4f1c".to_owned(),
                head_repository: Some("acme/infra".to_owned()),
                base_ref: "main".to_owned(),
                base_sha: "9e0d".to_owned(),
                fork: false,
            }
        );
        assert!(pull_request(json!({"full_name": "stranger/infra"})).fork);
        let deleted = pull_request(json!(null));
        assert!(deleted.fork && deleted.head_repository.is_none());
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        let event = ("GITHUB_EVENT_NAME", "pull_request");
        for (changes, payload, expected) in [
            (vec![("GITHUB_REPOSITORY", "acme")], "", "`GITHUB_REPOSITORY` is not `owner/name`: \"acme\""),
            (
                vec![("GITHUB_REPOSITORY", "a/../b")],
                "",
                "`GITHUB_REPOSITORY` is not `owner/name`: \"a/../b\"",
            ),
            (vec![("GITHUB_RUN_ID", "-1")], "", "`GITHUB_RUN_ID` is not a number: \"-1\""),
            (vec![event, ("GITHUB_EVENT_PATH", "")], "", "but `GITHUB_EVENT_PATH` is not set"),
            (vec![event], "missing", "reading the event at /event.json: "),
            (vec![event], "{", "the event at /event.json is not what GitHub writes: EOF"),
            (vec![event], "{}", "missing field `pull_request`"),
            (vec![("GITHUB_EVENT_NAME", "workflow_run")], "[]", "the event at /event.json is not"),
        ] {
            let diagnostic = read(&changes, payload).unwrap_err();
            assert!(diagnostic.message.contains(expected), "{}", diagnostic.message);
            assert!(diagnostic.help.is_some());
        }
    }
}
