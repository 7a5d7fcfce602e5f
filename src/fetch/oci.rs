//! From OCI registries.
//!
//! `https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md`; tokens:
//! `https://distribution.github.io/distribution/spec/auth/token/`; charts: `https://helm.sh/docs/topics/registries/`.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::bundle::sha256;
use super::http::{Answer, Get, HttpError, Kind};
use super::{Fetcher, Found, MAX_ARCHIVE, chart};
use crate::diagnostic::Diagnostic;
use crate::git::without_login;

/// What a chart's archive is called among the layers of a manifest.
const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// What it was called before.
const OLD_CHART: &str = "application/tar+gzip";
/// The manifests that are understood.
const MANIFESTS: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
/// How much a manifest may hold, in bytes, as in registries; so may a list of tags.
const MAX_MANIFEST: usize = 4 << 20;
/// How many pages of tags are read.
const MAX_PAGES: usize = 100;

/// A login for a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// With a name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// With a token that others can be had for.
    Identity(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl Login {
    fn basic(&self) -> String {
        let (user, password) = match self {
            Login::Password { user, password } => (user.as_str(), password.as_str()),
            Login::Identity(token) => ("<token>", token.as_str()),
        };
        format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
    }
}

/// A repository in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reference {
    /// The host, and the port if there is one.
    registry: String,
    repository: String,
}

impl Reference {
    /// Reads `oci://host/path`.
    fn parse(text: &str) -> Result<Reference, Diagnostic> {
        let wrong = || {
            Diagnostic::error(format!("`{}` is no repository of a registry", without_login(text)))
                .help("write it as oci://host/path/chart; the version has a key of its own")
        };
        let rest = text.strip_prefix("oci://").ok_or_else(wrong)?.trim_end_matches('/');
        let (registry, repository) = rest.split_once('/').ok_or_else(wrong)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        let is_sound = !registry.is_empty()
            && registry.chars().all(is_host)
            && !repository.is_empty()
            && repository.chars().all(is_name)
            && !repository.split('/').any(|part| matches!(part, "" | "." | ".."));
        is_sound
            .then(|| Reference { registry: registry.to_owned(), repository: repository.to_owned() })
            .ok_or_else(wrong)
    }

    /// Whether it is this very machine, whose registries may do without TLS, as Docker has it.
    fn is_loopback(&self) -> bool {
        let Ok(url) = Url::parse(&format!("https://{}", self.registry)) else { return false };
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    fn url(&self, scheme: &str, rest: &str) -> Result<Url, Diagnostic> {
        // What people call Docker's registry is not where it is.
        let is_docker = ["docker.io", "index.docker.io"].contains(&self.registry.as_str());
        let host = if is_docker { "registry-1.docker.io" } else { &self.registry };
        let text = format!("{scheme}://{host}/v2/{}/{rest}", self.repository);
        Url::parse(&text).map_err(|error| Diagnostic::error(format!("`{text}`: {error}")))
    }
}

/// A way into a repository that was found.
struct Session {
    reference: Reference,
    scheme: &'static str,
    authorization: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    digest: String,
}

impl Fetcher {
    /// A chart of a registry.
    pub(super) async fn oci(&self, reference: &str, version: &str) -> Result<Found, Diagnostic> {
        let mut session = Session::new(Reference::parse(reference)?);
        // Tags have no `+`; Helm writes `_` instead.
        let tag = version.replace('+', "_");
        let is_tag = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if tag.is_empty() || !tag.chars().all(is_tag) {
            return Err(Diagnostic::error(format!("`{version}` can be no tag of a registry")));
        }
        let answer = match self.ask(&mut session, &format!("manifests/{tag}"), MANIFESTS, MAX_MANIFEST).await
        {
            // Charts of some projects are tagged with a `v` that their version does not have.
            Err(Refusal::Http(error)) if error.status() == Some(StatusCode::NOT_FOUND) => {
                let message = format!("{reference} has no version {version}");
                return Err(Diagnostic::error(message).help(error.to_string()));
            }
            answer => answer?,
        };
        let manifest: Manifest = json(&answer)?;
        let layer = [CHART, OLD_CHART]
            .into_iter()
            .find_map(|kind| manifest.layers.iter().find(|layer| layer.media_type == kind));
        let Some(Layer { digest, .. }) = layer else {
            return Err(Diagnostic::error(format!("{reference} at {version} is no Helm chart")));
        };
        let Some(expected) = digest
            .strip_prefix("sha256:")
            .filter(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        else {
            return Err(Diagnostic::error(format!(
                "{reference} at {version} has a digest of another kind: {digest}"
            )));
        };
        let archive = self.ask(&mut session, &format!("blobs/{digest}"), "*/*", MAX_ARCHIVE).await?;
        let found = sha256(&archive.body);
        if !found.eq_ignore_ascii_case(expected) {
            let message =
                format!("the archive is not what the registry says: its SHA-256 is {found}, not {expected}");
            return Err(Diagnostic::error(message));
        }
        Ok(Found { bundle: chart(&archive.body)?, commit: None, notes: Vec::new() })
    }

    /// The tags of a repository.
    pub(super) async fn oci_tags(&self, reference: &str) -> Result<Vec<String>, Diagnostic> {
        #[derive(Deserialize)]
        struct Tags {
            #[serde(default)]
            tags: Option<Vec<String>>,
        }
        const PAGE: usize = 1000;
        let mut session = Session::new(Reference::parse(reference)?);
        let mut all: Vec<String> = Vec::new();
        // No address that an answer holds is followed: the pages are counted by what was read last.
        for _ in 0..MAX_PAGES {
            let from = all.last().map_or_else(String::new, |last| format!("&last={last}"));
            let rest = format!("tags/list?n={PAGE}{from}");
            let Tags { tags } =
                json(&self.ask(&mut session, &rest, "application/json", MAX_MANIFEST).await?)?;
            let tags = tags.unwrap_or_default();
            let before = all.len();
            all.extend(tags.into_iter().filter(|tag| !tag.is_empty()));
            all.dedup();
            if all.len() == before || all.len() - before < PAGE {
                break;
            }
        }
        Ok(all)
    }

    /// Asks for something in a repository, with a login where one is wanted.
    async fn ask(
        &self,
        session: &mut Session,
        rest: &str,
        accept: &'static str,
        limit: usize,
    ) -> Result<Answer, Refusal> {
        let error = match self.ask_once(session, rest, accept, limit).await {
            Err(Refusal::Http(error)) => error,
            answer => return answer,
        };
        let is_insecure = matches!(error.kind, Kind::Tls { .. } | Kind::Broken { .. });
        if is_insecure && session.scheme == "https" && session.reference.is_loopback() {
            session.scheme = "http";
            return Box::pin(self.ask(session, rest, accept, limit)).await;
        }
        let Kind::Status { status: StatusCode::UNAUTHORIZED, challenges, .. } = &error.kind else {
            return Err(error.into());
        };
        if session.authorization.is_some() {
            return Err(error.into());
        }
        match self.authorize(session, challenges).await? {
            Some(authorization) => session.authorization = Some(authorization),
            None => return Err(error.into()),
        }
        self.ask_once(session, rest, accept, limit).await
    }

    async fn ask_once(
        &self,
        session: &Session,
        rest: &str,
        accept: &'static str,
        limit: usize,
    ) -> Result<Answer, Refusal> {
        let url = session.reference.url(session.scheme, rest)?;
        let get = Get { url: &url, accept, authorization: session.authorization.as_deref(), limit };
        Ok(self.http.get(&get, &*self.progress).await?)
    }

    /// What to say to a registry that wants to know who asks. `None`: nothing that it would take.
    async fn authorize(
        &self,
        session: &Session,
        challenges: &[String],
    ) -> Result<Option<String>, Diagnostic> {
        let login = (self.servers.login)(&session.reference.registry);
        for challenge in challenges {
            for challenge in http_auth::parse_challenges(challenge).unwrap_or_default() {
                let param = |name: &str| {
                    let mut params = challenge.params.iter();
                    params
                        .find(|(key, _)| key.eq_ignore_ascii_case(name))
                        .map(|(_, value)| value.to_unescaped())
                };
                if challenge.scheme.eq_ignore_ascii_case("bearer") {
                    let Some(realm) = param("realm") else { continue };
                    return self.token(session, &realm, param("service"), login.as_ref()).await.map(Some);
                }
                if challenge.scheme.eq_ignore_ascii_case("basic")
                    && let Some(login) = &login
                {
                    return Ok(Some(login.basic()));
                }
            }
        }
        Ok(None)
    }

    /// A token for reading, from where the registry says.
    async fn token(
        &self,
        session: &Session,
        realm: &str,
        service: Option<String>,
        login: Option<&Login>,
    ) -> Result<String, Diagnostic> {
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let wrong =
            || Diagnostic::error(format!("the registry sends for a token to `{realm}`, which is no address"));
        let mut url = Url::parse(realm).map_err(|_| wrong())?;
        // A login is not sent without TLS, but where the registry itself has none.
        if !(url.scheme() == "https" || url.scheme() == "http" && session.scheme == "http") {
            return Err(wrong());
        }
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = &service {
                query.append_pair("service", service);
            }
            query.append_pair("scope", &format!("repository:{}:pull", session.reference.repository));
        }
        let basic = login.map(Login::basic);
        let get = Get {
            url: &url,
            accept: "application/json",
            authorization: basic.as_deref(),
            limit: MAX_MANIFEST,
        };
        let answer = self.http.get(&get, &*self.progress).await.map_err(|error| {
            let help = format!("log in: helm registry login {}", session.reference.registry);
            let is_refused = matches!(error.status(), Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN));
            let diagnostic = Diagnostic::from(error);
            if is_refused { diagnostic.help(help) } else { diagnostic }
        })?;
        let Token { token, access_token } = json(&answer)?;
        let token = token.or(access_token).filter(|token| !token.is_empty());
        token
            .map(|token| format!("Bearer {token}"))
            .ok_or_else(|| Diagnostic::error("the registry gives no token"))
    }
}

impl Session {
    fn new(reference: Reference) -> Session {
        Session { reference, scheme: "https", authorization: None }
    }
}

/// Why a registry gives nothing.
#[derive(Debug)]
enum Refusal {
    Http(HttpError),
    Other(Diagnostic),
}

impl From<HttpError> for Refusal {
    fn from(error: HttpError) -> Refusal {
        Refusal::Http(error)
    }
}

impl From<Diagnostic> for Refusal {
    fn from(error: Diagnostic) -> Refusal {
        Refusal::Other(error)
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Diagnostic {
        match refusal {
            Refusal::Http(error) => {
                let wants_login =
                    matches!(error.status(), Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN));
                let diagnostic = Diagnostic::from(error);
                if wants_login {
                    diagnostic
                        .help("log in with `docker login` or `helm registry login`, and is the name right?")
                } else {
                    diagnostic
                }
            }
            Refusal::Other(error) => error,
        }
    }
}

fn json<T: DeserializeOwned>(answer: &Answer) -> Result<T, Diagnostic> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| Diagnostic::error(format!("{}: {error}", super::http::shown(&answer.url))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_host_and_a_repository() {
        let reference = Reference::parse("oci://ghcr.io/org/web/").unwrap();
        assert_eq!((reference.registry.as_str(), reference.repository.as_str()), ("ghcr.io", "org/web"));
        assert_eq!(
            reference.url("https", "manifests/1.0.0").unwrap().as_str(),
            "https://ghcr.io/v2/org/web/manifests/1.0.0"
        );
        let docker = Reference::parse("oci://docker.io/org/web").unwrap().url("https", "tags/list").unwrap();
        assert_eq!(docker.host_str(), Some("registry-1.docker.io"));
        for (text, is_loopback) in [
            ("oci://localhost:5000/a", true),
            ("oci://127.0.0.2/a", true),
            ("oci://[::1]:5000/a", true),
            ("oci://localhost.example.com/a", false),
            ("oci://10.0.0.1/a", false),
        ] {
            assert_eq!(Reference::parse(text).unwrap().is_loopback(), is_loopback, "{text}");
        }
        for wrong in [
            "ghcr.io/org/web",
            "oci://ghcr.io",
            "oci:///a",
            "oci://h/../a",
            "oci://u:p@h/a",
            "oci://h/a:1",
            "oci://h/a?x",
        ] {
            assert!(Reference::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_login_is_not_shown() {
        let login = Login::Password { user: "u".to_owned(), password: "p".to_owned() };
        assert_eq!(format!("{login:?}"), "Login(…)");
        assert_eq!(login.basic(), "Basic dTpw");
    }
}
