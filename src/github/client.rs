//! Requests to GitHub's API: each bounded in time and size, repeated when that can help, and told apart when they fail.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT, LINK, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioExecutor;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::{GithubError, Kind};
use super::retry::{self, Clock, MAX_ATTEMPTS, Patience, SystemClock};
use super::token::GithubToken;
use crate::retry::{backoff, retry_after};

/// The longest answer that is read, in bytes. A page of a hundred of the longest comments has about 30 MB.
const MAX_ANSWER: usize = 64 << 20;
/// The most items of a page that GitHub gives.
const PER_PAGE: usize = 100;
/// The most pages that are read of one list.
const MAX_PAGES: usize = 300;
/// The most characters of GitHub's own words that an error repeats.
const MAX_WORDS: usize = 300;

/// Which proxy leads to the API.
#[derive(Clone, Default)]
pub struct Proxy {
    all: Option<String>,
    https: Option<String>,
    except: Option<String>,
}

impl Proxy {
    /// What `var` gives for `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not, as curl reads them.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Proxy {
        let either =
            |name: &str| var(&name.to_lowercase()).or_else(|| var(name)).filter(|value| !value.is_empty());
        Proxy { all: either("ALL_PROXY"), https: either("HTTPS_PROXY"), except: either("NO_PROXY") }
    }

    fn before(&self, address: &Uri) -> Option<Intercept> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Matcher::builder()
            .all(text(&self.all))
            .https(text(&self.https))
            .no(text(&self.except))
            .build()
            .intercept(address)
    }
}

/// How a [`Client`] talks.
#[derive(Clone)]
pub struct Settings {
    /// Which proxy leads to the API.
    pub proxy: Proxy,
    /// How long one request may take, until its answer is whole.
    pub timeout: Duration,
    /// What pauses are measured by.
    pub clock: Arc<dyn Clock>,
}

impl Default for Settings {
    /// No proxy, 30 s, and the real clock.
    fn default() -> Settings {
        Settings { proxy: Proxy::default(), timeout: Duration::from_secs(30), clock: Arc::new(SystemClock) }
    }
}

/// GitHub's API, as seen with one token.
pub struct Client {
    crab: Octocrab,
    /// Without a slash at its end.
    api_url: String,
    token: GithubToken,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    patience: Patience,
}

/// What is done, for errors, and what it needs.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// `listing the comments of acme/infra#12`.
    pub(super) what: String,
    /// The permission: `pull-requests: write`.
    pub(super) permission: &'static str,
}

impl Operation {
    pub(super) fn error(&self, kind: Kind) -> GithubError {
        GithubError { operation: self.what.clone(), permission: self.permission, kind }
    }
}

/// How one attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is over: asking again would give the same.
    Final(Kind),
    /// The server takes no requests now; this one had no effect.
    Limited { until: SystemTime, words: String },
    /// No answer, half of one, or an error of the server. Whether it had an effect is not known.
    Unclear { reason: String, not_before: Option<SystemTime> },
}

impl Failure {
    fn unclear(reason: impl Into<String>) -> Failure {
        Failure::Unclear { reason: reason.into(), not_before: None }
    }
}

/// The attempts at one thing.
#[derive(Debug, Default)]
pub(super) struct Attempts(u32);

/// An answer that arrived whole, with a status of success.
struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// A client for the API at `api_url` (see [`super::Context::api_url`]). Must be made and used inside a Tokio
    /// runtime with I/O and time.
    ///
    /// Errors: the address, the token or the proxy cannot be used, or the system's certificates cannot be read.
    pub fn new(api_url: &str, token: &GithubToken, settings: Settings) -> Result<Client, GithubError> {
        let operation = Operation {
            what: format!("setting up requests to {api_url}"),
            permission: super::comment::WRITE,
        };
        let unusable = |reason: String| operation.error(Kind::Setup { reason });
        let address: Uri = api_url
            .parse()
            .ok()
            .filter(|address: &Uri| {
                matches!(address.scheme_str(), Some("http" | "https"))
                    && address.query().is_none()
                    && address.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            })
            .ok_or_else(|| unusable("`GITHUB_API_URL` is not the address of an API".to_owned()))?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.secret())).map_err(|_| {
            operation.error(Kind::BadToken { words: "it has characters that no token has".to_owned() })
        })?;
        bearer.set_sensitive(true);

        let tls = tls(&address).map_err(&unusable)?;
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        let secure = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let http = HttpClient::builder(TokioExecutor::new());
        let crab = match settings.proxy.before(&address) {
            None => octocrab(http.build(secure.wrap_connector(direct)), bearer, address),
            Some(proxy) => {
                let proxy = tunnel(&address, &proxy, direct).map_err(&unusable)?;
                octocrab(http.build(secure.wrap_connector(proxy)), bearer, address)
            }
        };
        Ok(Client {
            crab,
            api_url: api_url.trim_end_matches('/').to_owned(),
            token: token.clone(),
            timeout: settings.timeout,
            clock: settings.clock,
            patience: Patience::default(),
        })
    }

    /// Whether the token belongs to an installation of an app.
    pub(super) fn is_of_installation(&self) -> bool {
        self.token.is_of_installation()
    }

    /// Asks for what is at `path`.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        path: &str,
    ) -> Result<T, GithubError> {
        self.repeat(operation, async || self.send(Method::GET, &self.at(path), None).await?.json()).await
    }

    /// Changes what is at `path`. To do so twice has to be the same as once.
    pub(super) async fn patch<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        path: &str,
        body: &Value,
    ) -> Result<T, GithubError> {
        self.repeat(operation, async || self.send(Method::PATCH, &self.at(path), Some(body)).await?.json())
            .await
    }

    /// Creates something at `path`, or does not: one attempt.
    pub(super) async fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<T, Failure> {
        self.send(Method::POST, &self.at(path), Some(body)).await?.json()
    }

    /// Asks the other API. To ask twice has to be the same as once.
    pub(super) async fn graphql<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        query: &str,
        variables: &Value,
    ) -> Result<T, GithubError> {
        #[derive(Deserialize)]
        struct Reply<T> {
            data: Option<T>,
            #[serde(default)]
            errors: Vec<Mistake>,
        }
        #[derive(Deserialize)]
        struct Mistake {
            message: String,
        }
        let address = graphql_address(&self.api_url);
        let request = json!({ "query": query, "variables": variables });
        self.repeat(operation, async || {
            let reply: Reply<T> = self.send(Method::POST, &address, Some(&request)).await?.json()?;
            // What went wrong comes with status 200 here.
            match (reply.errors.first(), reply.data) {
                (Some(Mistake { message }), _) => {
                    Err(Failure::Final(Kind::Refused { words: self.words(message) }))
                }
                (None, Some(data)) => Ok(data),
                (None, None) => Err(Failure::unclear("an answer without data")),
            }
        })
        .await
    }

    /// All items of the list at `path`, which may have a query; `keep` chooses what stays in memory.
    ///
    /// Pages are counted here: no address that an answer holds is ever followed.
    pub(super) async fn list<T: DeserializeOwned, U>(
        &self,
        operation: &Operation,
        path: &str,
        keep: impl Fn(T) -> Option<U>,
    ) -> Result<Vec<U>, GithubError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut kept = Vec::new();
        for page in 1..=MAX_PAGES {
            let address = self.at(&format!("{path}{joint}per_page={PER_PAGE}&page={page}"));
            let (items, more) = self
                .repeat(operation, async || {
                    let answer = self.send(Method::GET, &address, None).await?;
                    let more = answer.has_next();
                    let items: Vec<T> = answer.json()?;
                    Ok((items, more))
                })
                .await?;
            let full = items.len() >= PER_PAGE;
            kept.extend(items.into_iter().filter_map(&keep));
            if !more && !full {
                return Ok(kept);
            }
        }
        Err(operation.error(Kind::Unexpected { reason: format!("more than {MAX_PAGES} pages") }))
    }

    /// Does what has no further effect when done twice, until it succeeds or waiting makes no sense.
    async fn repeat<T>(
        &self,
        operation: &Operation,
        attempt: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, GithubError> {
        let mut attempts = Attempts::default();
        loop {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) => self.pause(operation, failure, &mut attempts).await?,
            }
        }
    }

    /// Waits until the next attempt after `failure`.
    ///
    /// Errors: there is to be none. The failure is final, it was the last attempt, or the wait would be too long.
    pub(super) async fn pause(
        &self,
        operation: &Operation,
        failure: Failure,
        attempts: &mut Attempts,
    ) -> Result<(), GithubError> {
        attempts.0 += 1;
        let now = self.clock.now();
        let (wait, kind) = match failure {
            Failure::Final(kind) => return Err(operation.error(kind)),
            Failure::Limited { until, words } => {
                (until.duration_since(now).unwrap_or_default(), Kind::RateLimited { until, words })
            }
            Failure::Unclear { reason, not_before } => {
                let asked = not_before.and_then(|until| until.duration_since(now).ok()).unwrap_or_default();
                (backoff(attempts.0).max(asked), Kind::Unreachable { attempts: attempts.0, reason })
            }
        };
        if attempts.0 >= MAX_ATTEMPTS || !self.patience.take(wait) {
            return Err(operation.error(kind));
        }
        self.clock.sleep(wait).await;
        Ok(())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.api_url)
    }

    /// One request and its whole answer.
    async fn send(&self, method: Method, address: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let request = self
            .crab
            .build_request(Request::builder().method(method).uri(address), body)
            .map_err(|error| Failure::Final(Kind::Unexpected { reason: format!("no request: {error}") }))?;
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::unclear(format!("no answer within {} s", self.timeout.as_secs_f64()))),
        }
    }

    async fn exchange(&self, request: Request<OctoBody>) -> Result<Answer, Failure> {
        let unclear = |error: &dyn std::error::Error| Failure::unclear(self.words(&root(error)));
        let (head, body) = self.crab.send(request).await.map_err(|error| unclear(&error))?.into_parts();
        let body = match Limited::new(body, MAX_ANSWER).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) if error.is::<LengthLimitError>() => {
                let reason = format!("an answer of more than {} MiB", MAX_ANSWER >> 20);
                return Err(Failure::Final(Kind::Unexpected { reason }));
            }
            Err(error) => return Err(unclear(error.as_ref())),
        };
        if head.status.is_success() {
            return Ok(Answer { headers: head.headers, body });
        }
        Err(self.failure(head.status, &head.headers, &body))
    }

    /// What an answer without success means.
    fn failure(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
        let words = self.words(&said(status, body));
        let lower = words.to_lowercase();
        let now = self.clock.now();
        if matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
            // The second kind of limit is told by its text alone.
            let limited = status == StatusCode::TOO_MANY_REQUESTS
                || lower.contains("rate limit")
                || lower.contains("abuse detection");
            if let Some(until) = retry::limited_until(headers, limited, now) {
                return Failure::Limited { until, words };
            }
        }
        if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
            return Failure::Unclear { reason: words, not_before: retry_after(headers, now) };
        }
        Failure::Final(match status {
            StatusCode::UNAUTHORIZED => Kind::BadToken { words },
            StatusCode::FORBIDDEN if lower.contains("locked") => Kind::Locked { words },
            StatusCode::FORBIDDEN => Kind::ReadOnly { words },
            StatusCode::NOT_FOUND | StatusCode::GONE => Kind::NotFound { words },
            StatusCode::UNPROCESSABLE_ENTITY if lower.contains("too long") => Kind::TooLong { words },
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => Kind::Refused { words },
            // Redirects too: none of the addresses here moves, and the token goes to no other.
            _ => Kind::Unexpected { reason: words },
        })
    }

    /// What others said, fit for an error.
    fn words(&self, text: &str) -> String {
        let text = self.token.redact(text);
        let mut words: String =
            text.chars().take(MAX_WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if words.len() < text.len() {
            words.push('…');
        }
        words
    }
}

impl Answer {
    /// Whether another page follows (RFC 8288).
    fn has_next(&self) -> bool {
        let mut links = self.headers.get_all(LINK).iter();
        links.any(|link| link.to_str().is_ok_and(|link| link.contains("rel=\"next\"")))
    }

    /// What the answer says. What is not JSON, or lacks what it must have, is half an answer.
    fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::unclear(format!("an answer that cannot be read: {error}")))
    }
}

/// The other API's address: `https://docs.github.com/en/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint`,
/// and the same of Enterprise Server.
fn graphql_address(api_url: &str) -> String {
    format!("{}/graphql", api_url.strip_suffix("/v3").unwrap_or(api_url))
}

/// What a server said that did not do as it was asked, before anything is cut.
fn said(status: StatusCode, body: &[u8]) -> String {
    /// `basic-error` and `validation-error` of GitHub's description.
    #[derive(Deserialize)]
    struct Said {
        message: String,
        #[serde(default)]
        errors: Value,
    }
    let Ok(Said { message, errors }) = serde_json::from_slice(body) else {
        return status.to_string();
    };
    let mut text = format!("{message} ({status})");
    for error in errors.as_array().into_iter().flatten() {
        let word = |key| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let detail = match (error.as_str(), word("message")) {
            (Some(text), _) => text.to_owned(),
            (None, "") => format!("{} {}", word("field"), word("code")),
            (None, message) => message.to_owned(),
        };
        text.push_str("; ");
        text.push_str(detail.trim());
    }
    text
}

/// The innermost error: those around it only say that there is one.
fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The system's certificates, which know an Enterprise server's too; none where the address does not need any.
fn tls(address: &Uri) -> Result<ClientConfig, String> {
    let certificates =
        |error: &dyn std::fmt::Display| format!("the system's certificates cannot be used: {error}");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| certificates(&error))?;
    let config = if address.scheme_str() == Some("https") {
        config.with_native_roots().map_err(|error| certificates(&error))?
    } else {
        config.with_root_certificates(RootCertStore::empty())
    };
    Ok(config.with_no_client_auth())
}

/// The way to `destination` through a proxy.
fn tunnel(
    destination: &Uri,
    proxy: &Intercept,
    direct: HttpConnector,
) -> Result<Tunnel<HttpConnector>, String> {
    let address = proxy.uri();
    if address.scheme_str() != Some("http") {
        let host = address.host().unwrap_or_default();
        return Err(format!("the proxy {host} is not an `http://` one; no other is supported"));
    }
    // The tunnel would lead to the port of HTTPS.
    if destination.scheme_str() == Some("http") && destination.port().is_none() {
        return Err("behind a proxy, an `http://` address needs its port in `GITHUB_API_URL`".to_owned());
    }
    let tunnel = Tunnel::new(address.clone(), direct);
    Ok(match proxy.basic_auth() {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    })
}

/// The client around a connection. It gives the token to the host of `address` only.
fn octocrab<C>(http: HttpClient<C, OctoBody>, bearer: HeaderValue, address: Uri) -> Octocrab
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let headers = vec![
        (USER_AGENT, HeaderValue::from_static(concat!("husako-ci/", env!("CARGO_PKG_VERSION")))),
        (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
    ];
    let built = OctocrabBuilder::new_empty()
        .with_service(http)
        .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
        .with_layer(&AuthHeaderLayer::new(Some(bearer), address.clone(), address))
        .with_auth(AuthState::None)
        .build();
    match built {
        Ok(crab) => crab,
        Err(never) => match never {},
    }
}
