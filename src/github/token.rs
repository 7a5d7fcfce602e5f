//! The secret that speaks for a workflow.

use std::fmt;

/// What stands for a token in a text.
const REDACTED: &str = "***";

/// A token of GitHub's API. It is shown nowhere: `Debug` hides it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct GithubToken(String);

impl GithubToken {
    /// The token that `var` gives for `GITHUB_TOKEN`, or else for `GH_TOKEN`. `None` if both are unset or blank.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Option<GithubToken> {
        ["GITHUB_TOKEN", "GH_TOKEN"].iter().find_map(|name| GithubToken::new(&var(name)?))
    }

    /// The token in `text`, without the white space around it. `None` if there is nothing else.
    pub fn new(text: &str) -> Option<GithubToken> {
        let text = text.trim();
        (!text.is_empty()).then(|| GithubToken(text.to_owned()))
    }

    /// The secret itself, for the one header that carries it.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// Whether it belongs to an installation of an app, as the token does that each job is given.
    ///
    /// `https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/` says what
    /// the prefixes mean.
    pub(super) fn is_of_installation(&self) -> bool {
        self.0.starts_with("ghs_")
    }

    /// `text` with the token taken out, should a server have repeated it.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, REDACTED)
    }
}

impl fmt::Debug for GithubToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GithubToken({REDACTED})")
    }
}
