//! The comment on a pull request: one for each [`Key`], written once and kept up to date.
//!
//! It is found again by its marker ([`Header`]) *and* its author. A marker that somebody else wrote is text like
//! any other.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::client::{Attempts, Client, Failure, Operation};
use super::context::Repository;
use super::error::{GithubError, Kind};
use super::marker::{Header, same_content};
use crate::diagnostic::Diagnostic;

/// The permission that writing needs.
pub(super) const WRITE: &str = "pull-requests: write";
/// Who writes with the token that each job is given.
const ACTIONS: &str = "github-actions[bot]";

/// A comment as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The repository of the pull request.
    pub repository: Repository,
    /// The pull request.
    pub number: u64,
    /// Which of our comments, and what it speaks of.
    pub header: Header,
    /// Markdown of at most [`Header::room`].
    pub content: String,
}

/// What becomes of the comment that is there when there is something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is changed, and stays where it is.
    Update,
    /// It is minimized as outdated, and a new one is written below all others.
    Recreate,
}

/// How to post a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostOptions {
    /// The account that our comments are by. `None` for the one that the token belongs to.
    pub author: Option<String>,
    /// Whether to write none if there was none before.
    pub only_update: bool,
    /// What becomes of the one that is there.
    pub mode: Mode,
}

/// What has become of the comment. `url` is its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was written.
    Created {
        /// Its page.
        url: String,
    },
    /// The one that was there was changed.
    Updated {
        /// Its page.
        url: String,
    },
    /// The one that is there says it already, of this commit.
    Unchanged {
        /// Its page.
        url: String,
    },
    /// The one that is there is by a later run, and was left alone.
    Outdated {
        /// Its page.
        url: String,
    },
    /// There was none, and none was to be written.
    Absent,
}

/// What [`post`] has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What has become of the comment.
    pub outcome: Outcome,
    /// What went wrong beside it: an earlier comment that could not be minimized.
    pub warnings: Vec<Diagnostic>,
}

/// Writes a comment, or brings the one with the same key up to date.
///
/// If there are several with its key, the oldest is kept up to date; with [`Mode::Recreate`], the newest counts. A
/// comment is not touched if it says the same of the same commit, or was written by a later run. Creating is not
/// repeated before a look at whether it has happened.
///
/// Errors: see [`Kind`].
pub async fn post(client: &Client, comment: &Comment, options: &PostOptions) -> Result<Posted, GithubError> {
    let mut thread = Thread { client, comment, author: Author::new(client, options).await? };
    let ours = thread.ours().await?;
    let outcome = |outcome| Posted { outcome, warnings: Vec::new() };
    let there = match options.mode {
        Mode::Update => ours.first(),
        Mode::Recreate => ours.last(),
    };
    let Some(there) = there else {
        return if options.only_update {
            Ok(outcome(Outcome::Absent))
        } else {
            Ok(outcome(Outcome::Created { url: thread.create(&ours).await? }))
        };
    };
    let Header { key: _, head, run } = &comment.header;
    if let Some(later) = ours.iter().find(|ours| ours.header.run > *run) {
        return Ok(outcome(Outcome::Outdated { url: later.url.clone() }));
    }
    let same = same_content(&there.content, &comment.content);
    if same && there.header.head == *head {
        return Ok(outcome(Outcome::Unchanged { url: there.url.clone() }));
    }
    // The same of another commit: only the marker changes, and there is nothing new to put below the others.
    if options.mode == Mode::Update || same {
        return Ok(outcome(match thread.update(there).await? {
            Some(url) => Outcome::Updated { url },
            None if options.only_update => Outcome::Absent,
            None => Outcome::Created { url: thread.create(&ours).await? },
        }));
    }
    let url = thread.create(&ours).await?;
    let mut warnings = Vec::new();
    for earlier in ours.iter().filter(|earlier| !earlier.minimized) {
        if let Err(error) = thread.minimize(earlier).await {
            let Diagnostic { message, help, .. } = error.diagnostic();
            warnings.push(Diagnostic { help, ..Diagnostic::warning(message) });
        }
    }
    Ok(Posted { outcome: Outcome::Created { url }, warnings })
}

/// Whose comments are ours.
enum Author {
    /// This account's.
    Login(String),
    /// The account's of an app that is most likely [`ACTIONS`].
    App,
}

impl Author {
    async fn new(client: &Client, options: &PostOptions) -> Result<Author, GithubError> {
        if let Some(login) = &options.author {
            return Ok(Author::Login(login.clone()));
        }
        if client.is_of_installation() {
            return Ok(Author::App);
        }
        let operation = Operation { what: "asking whom the token belongs to".to_owned(), permission: WRITE };
        match client.get::<Login>(&operation, "/user").await {
            Ok(Login { login }) => Ok(Author::Login(login)),
            // An app is no user.
            Err(GithubError { kind: Kind::ReadOnly { .. } | Kind::NotFound { .. }, .. }) => Ok(Author::App),
            Err(error) => Err(error),
        }
    }
}

/// An account, as far as it is looked at (`simple-user`).
#[derive(Deserialize)]
struct Account {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl Account {
    fn is_bot(&self) -> bool {
        self.kind == "Bot"
    }

    /// Whether its name is `login`; a bot's counts with and without `[bot]`, as the two APIs disagree about it.
    fn is(&self, login: &str) -> bool {
        let bare = |name: &str| name.strip_suffix("[bot]").unwrap_or(name).to_owned();
        self.login.eq_ignore_ascii_case(login)
            || self.is_bot() && bare(&self.login).eq_ignore_ascii_case(&bare(login))
    }
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

/// A comment as the API gives it (`issue-comment`).
#[derive(Deserialize)]
struct WireComment {
    id: u64,
    node_id: String,
    html_url: String,
    body: Option<String>,
    user: Option<Account>,
    /// Enterprise servers of old do not give it.
    minimized: Option<IgnoredAny>,
}

/// What the API gives for a comment that was written.
#[derive(Deserialize)]
struct WrittenComment {
    html_url: String,
}

/// A comment with a marker of our key.
struct Marked {
    id: u64,
    node_id: String,
    url: String,
    author: Account,
    header: Header,
    content: String,
    minimized: bool,
}

/// The comments of a pull request, and the one that is to be there.
struct Thread<'a> {
    client: &'a Client,
    comment: &'a Comment,
    author: Author,
}

impl Thread<'_> {
    fn operation(&self, doing: &str, permission: &'static str) -> Operation {
        let Comment { repository, number, .. } = self.comment;
        Operation { what: format!("{doing} {repository}#{number}"), permission }
    }

    fn path(&self) -> String {
        let Comment { repository: Repository { owner, name }, number, .. } = self.comment;
        format!("/repos/{owner}/{name}/issues/{number}/comments")
    }

    /// The comments with our key by our account, the oldest first.
    async fn ours(&mut self) -> Result<Vec<Marked>, GithubError> {
        let operation = self.operation("listing the comments of", "pull-requests: read");
        let key = &self.comment.header.key;
        let marked = |comment: WireComment| {
            let body = comment.body?;
            let (header, content) = Header::parse(&body)?;
            (header.key == *key).then_some(Marked {
                id: comment.id,
                node_id: comment.node_id,
                url: comment.html_url,
                author: comment.user?,
                header,
                content: content.to_owned(),
                minimized: comment.minimized.is_some(),
            })
        };
        let mut marked = self.client.list(&operation, &self.path(), marked).await?;
        let login = match &self.author {
            Author::Login(login) => login.clone(),
            Author::App => {
                let of_another_app = marked.iter().any(|comment| comment.author.is_bot())
                    && !marked.iter().any(|comment| comment.author.is(ACTIONS));
                if !of_another_app {
                    ACTIONS.to_owned()
                } else {
                    let login = self.viewer().await?;
                    self.author = Author::Login(login.clone());
                    login
                }
            }
        };
        marked.retain(|comment| comment.author.is(&login));
        marked.sort_unstable_by_key(|comment| comment.id);
        marked.dedup_by_key(|comment| comment.id);
        Ok(marked)
    }

    /// The app's account. [`ACTIONS`] if GitHub does not tell.
    async fn viewer(&self) -> Result<String, GithubError> {
        #[derive(Deserialize)]
        struct Data {
            viewer: Login,
        }
        let operation = Operation { what: "asking whom the token belongs to".to_owned(), permission: WRITE };
        match self.client.graphql::<Data>(&operation, "query { viewer { login } }", &json!({})).await {
            Ok(Data { viewer: Login { login } }) => Ok(login),
            // Without an answer, a second comment might be written beside ours.
            Err(error @ GithubError { kind: Kind::Unreachable { .. } | Kind::RateLimited { .. }, .. }) => {
                Err(error)
            }
            Err(_) => Ok(ACTIONS.to_owned()),
        }
    }

    /// Writes a new comment. Returns its page.
    async fn create(&mut self, before: &[Marked]) -> Result<String, GithubError> {
        let operation = self.operation("writing a comment on", WRITE);
        let body = json!({ "body": self.comment.header.body(&self.comment.content) });
        let mut attempts = Attempts::default();
        loop {
            let failure = match self.client.post_once::<WrittenComment>(&self.path(), &body).await {
                Ok(WrittenComment { html_url }) => return Ok(html_url),
                Err(failure) => failure,
            };
            let may_be_there = matches!(failure, Failure::Unclear { .. });
            let next = self.client.pause(&operation, failure, &mut attempts).await;
            if may_be_there {
                let ours = self.ours().await?;
                let is_it = |comment: &Marked| {
                    comment.header == self.comment.header && before.iter().all(|old| old.id != comment.id)
                };
                if let Some(comment) = ours.into_iter().find(is_it) {
                    return Ok(comment.url);
                }
            }
            next?;
        }
    }

    /// Changes the comment that is there. Returns its page; `None` if it is not there any more.
    async fn update(&self, there: &Marked) -> Result<Option<String>, GithubError> {
        let operation = self.operation("updating the comment on", WRITE);
        let Repository { owner, name } = &self.comment.repository;
        let path = format!("/repos/{owner}/{name}/issues/comments/{}", there.id);
        let body = json!({ "body": self.comment.header.body(&self.comment.content) });
        match self.client.patch::<WrittenComment>(&operation, &path, &body).await {
            Ok(WrittenComment { html_url }) => Ok(Some(html_url)),
            Err(GithubError { kind: Kind::NotFound { .. }, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Folds an earlier comment up, as outdated.
    async fn minimize(&self, earlier: &Marked) -> Result<(), GithubError> {
        let operation = self.operation("minimizing an earlier comment on", WRITE);
        let query = "mutation($id: ID!) { \
            minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { clientMutationId } }";
        self.client.graphql::<IgnoredAny>(&operation, query, &json!({ "id": earlier.node_id })).await?;
        Ok(())
    }
}
