//! Asking servers: with bounds, time limits, and again when it makes sense.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use rustls::{ClientConfig, RootCertStore};

use super::{Progress, Step};
use crate::retry::{backoff, retry_after};

/// How often a server is asked for the same at most.
const MAX_ATTEMPTS: u32 = 4;
/// How long it may take to reach a server.
const CONNECT: Duration = Duration::from_secs(15);
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a server may ask to be left alone.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How many other places a server may send on to.
const MAX_REDIRECTS: usize = 10;
/// How much of what a server said is told, in characters.
const MAX_WORDS: usize = 200;

/// A question.
#[derive(Debug, Clone)]
pub struct Get<'g> {
    /// Where.
    pub url: &'g Url,
    /// Which forms of the answer are understood.
    pub accept: &'static str,
    /// Who asks: the value of `Authorization`.
    pub authorization: Option<&'g str>,
    /// How much the answer may hold, in bytes, unpacked.
    pub limit: usize,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// What it says.
    pub body: Vec<u8>,
    /// Where it came from, after all redirections.
    pub url: Url,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {kind}{}", times(*attempts))]
pub struct HttpError {
    /// What was asked, without secrets.
    pub url: String,
    /// What went wrong, in the last attempt.
    pub kind: Kind,
    attempts: u32,
}

fn times(attempts: u32) -> String {
    if attempts < 2 { String::new() } else { format!(" ({attempts} attempts)") }
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    /// The server refused.
    #[error("the server answers {status}{}", told(words))]
    Status {
        /// With this status.
        status: StatusCode,
        /// What it said.
        words: String,
        /// How it wants to be asked: the values of `WWW-Authenticate`.
        challenges: Vec<String>,
    },
    /// The server asks to be left alone for longer than anybody waits.
    #[error("the server answers {status}, and asks to wait {} s", wait.as_secs())]
    Busy {
        /// With this status.
        status: StatusCode,
        /// For so long.
        wait: Duration,
    },
    /// No whole answer came.
    #[error("{reason}")]
    Broken {
        /// What happened.
        reason: String,
    },
    /// The connection cannot be trusted.
    #[error("no secure connection: {reason}")]
    Tls {
        /// What is wrong with it.
        reason: String,
    },
    /// More than was allowed.
    #[error("the answer is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
}

fn told(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

impl HttpError {
    /// The status, when the server gave one.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.kind {
            Kind::Status { status, .. } | Kind::Busy { status, .. } => Some(*status),
            Kind::Broken { .. } | Kind::Tls { .. } | Kind::TooLarge { .. } => None,
        }
    }

    /// What a person can do about it.
    pub fn help(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Status { status, .. } => match *status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some("it wants a login, or another one"),
                StatusCode::NOT_FOUND | StatusCode::GONE => Some("is the address right?"),
                _ => None,
            },
            Kind::Busy { .. } => Some("try again later"),
            Kind::Broken { .. } => Some("is the address right, and can it be reached from here?"),
            Kind::Tls { .. } => {
                Some("the certificates of the system decide; SSL_CERT_FILE names a file of others to trust")
            }
            Kind::TooLarge { .. } => None,
        }
    }
}

/// How an attempt failed.
struct Failure {
    kind: Kind,
    /// Whether another attempt may do better, and when it may be made.
    again: Option<Option<SystemTime>>,
}

impl Failure {
    fn last(kind: Kind) -> Failure {
        Failure { kind, again: None }
    }

    fn broken(reason: String) -> Failure {
        Failure { kind: Kind::Broken { reason }, again: Some(None) }
    }
}

/// Asks servers. The certificates of the system are read when it is first used.
#[derive(Default)]
pub struct Http {
    client: OnceLock<Result<Client, String>>,
}

impl Http {
    /// Asks until there is a whole answer, or asking again makes no sense.
    ///
    /// # Errors
    ///
    /// There is none.
    pub async fn get(&self, get: &Get<'_>, progress: &dyn Progress) -> Result<Answer, HttpError> {
        let error = |kind, attempts| HttpError { url: shown(get.url), kind, attempts };
        let client = match self.client.get_or_init(client) {
            Ok(client) => client,
            Err(reason) => return Err(error(Kind::Tls { reason: reason.clone() }, 1)),
        };
        let mut attempts = 0;
        loop {
            let failure = match once(client, get, progress).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempts += 1;
            let Some(not_before) = failure.again.filter(|_| attempts < MAX_ATTEMPTS) else {
                return Err(error(failure.kind, attempts));
            };
            let asked =
                not_before.and_then(|until| until.duration_since(SystemTime::now()).ok()).unwrap_or_default();
            if asked > MAX_WAIT {
                let kind = match failure.kind {
                    Kind::Status { status, .. } => Kind::Busy { status, wait: asked },
                    kind => kind,
                };
                return Err(error(kind, attempts));
            }
            // A server that says when to come back knows better than we do.
            let pause = if not_before.is_some() { asked } else { backoff(attempts) };
            tokio::time::sleep(pause).await;
        }
    }
}

async fn once(client: &Client, get: &Get<'_>, progress: &dyn Progress) -> Result<Answer, Failure> {
    let mut request = client.get(get.url.clone()).header(ACCEPT, get.accept);
    if let Some(authorization) = get.authorization {
        let value = HeaderValue::from_str(authorization).map(|mut value| {
            value.set_sensitive(true);
            value
        });
        let value =
            value.map_err(|_| Failure::broken("the login has characters that none can have".to_owned()))?;
        request = request.header(AUTHORIZATION, value);
    }
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status();
    let limit = if status.is_success() { get.limit } else { 64 << 10 };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                progress.step(Step::Received(chunk.len()));
                if body.len() + chunk.len() > limit {
                    if status.is_success() {
                        return Err(Failure::last(Kind::TooLarge { limit }));
                    }
                    break;
                }
                body.extend_from_slice(&chunk);
            }
            Ok(None) => break,
            Err(error) if status.is_success() => return Err(failure(&error)),
            Err(_) => break,
        }
    }
    if status.is_success() {
        return Ok(Answer { body, url: response.url().clone() });
    }
    Err(refused(status, response.headers(), &body))
}

/// What an answer without success means.
fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let not_before = retry_after(headers, SystemTime::now());
    let challenges = headers.get_all(reqwest::header::WWW_AUTHENTICATE).iter();
    let challenges = challenges.filter_map(|value| Some(value.to_str().ok()?.to_owned())).collect();
    let content_type = headers.get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // Pages for people are no sentences.
    let is_page = content_type.is_some_and(|kind| kind.contains("html"));
    let words = if is_page { String::new() } else { words(&String::from_utf8_lossy(body)) };
    let kind = Kind::Status { status, words, challenges };
    let is_temporary = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY)
        // How GitHub limits.
        || status == StatusCode::FORBIDDEN && not_before.is_some();
    Failure { kind, again: is_temporary.then_some(not_before) }
}

/// What somebody else said, on one line.
fn words(text: &str) -> String {
    let message = serde_json::from_str::<serde_json::Value>(text).ok().and_then(|json| {
        let known = [json.pointer("/message"), json.pointer("/errors/0/message"), json.pointer("/error")];
        known.into_iter().flatten().find_map(|value| value.as_str().map(str::to_owned))
    });
    let text = message.unwrap_or_else(|| text.to_owned());
    let line: Vec<&str> = text.split_whitespace().collect();
    let line: String = line.join(" ").chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect();
    line
}

/// What went wrong on the way.
fn failure(error: &reqwest::Error) -> Failure {
    let mut innermost: &dyn Error = error;
    let mut tls = None;
    loop {
        if let Some(found) = innermost.downcast_ref::<rustls::Error>() {
            tls = Some(found.to_string());
        }
        // An error of the system may hold another, which is not what it calls its source.
        let inner = innermost.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let next = match inner {
            Some(inner) => Some(inner as &dyn Error),
            None => innermost.source(),
        };
        match next {
            Some(next) => innermost = next,
            None => break,
        }
    }
    if let Some(reason) = tls {
        return Failure::last(Kind::Tls { reason });
    }
    let reason = words(&innermost.to_string());
    if error.is_redirect() {
        return Failure::last(Kind::Broken { reason });
    }
    if error.is_timeout() {
        let what = if error.is_connect() { "cannot be reached" } else { "says nothing more" };
        return Failure::broken(format!("the server {what} ({reason})"));
    }
    if error.is_connect() {
        return Failure::broken(format!("cannot be reached: {reason}"));
    }
    Failure::broken(format!("the answer ends early: {reason}"))
}

/// An address without the login and the query that it may have.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // An address without a host has no login.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

fn client() -> Result<Client, String> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let redirects = Policy::custom(|attempt| {
        let from_secure = attempt.previous().last().is_some_and(|from| from.scheme() == "https");
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("it sends on to ever other places")
        } else if from_secure && attempt.url().scheme() != "https" {
            attempt.error("it sends on to a place without TLS")
        } else {
            attempt.follow()
        }
    });
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirects)
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .user_agent(concat!("husako-ci/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}
