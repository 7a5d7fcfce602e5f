//! What is secret by its name or by its form.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What the name of a secret value contains, in lowercase and without separators.
static PARTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "password|passwd|pwd|passphrase|passcode|secret|token|credential|bearer|\
         (private|api|access|signing|signature|encryption|master|shared|account|ssh|license)key|\
         connectionstring|connstr|webhookurl",
    )
    .expect("it is a regular expression")
});

/// What a word of the name of a secret value ends with: shorter, so that `author` and `passed` have nothing of it.
const ENDS: [&str; 8] = ["pass", "auth", "authorization", "dsn", "jwt", "hmac", "cookie", "salt"];

/// The keys of fields that hold secret texts wherever they are, in lowercase and without separators: those that end so.
const FIELD_ENDS: [&str; 9] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "token",
    "clientsecret",
    "apikey",
    "privatekey",
    "secretaccesskey",
];

/// Whether the value of an environment variable, a header or a parameter of this name is not to be shown.
///
/// Case and separators do not matter, and when in doubt it is not shown:
///
/// | Name | Examples |
/// |---|---|
/// | has `password`, `passwd`, `pwd`, `passphrase`, `passcode` | `DB_PASSWORD`, `mysqlPwd` |
/// | has `secret`, `token`, `credential`, `bearer` | `CLIENT_SECRET`, `GITHUB_TOKEN` |
/// | has a key: `private`, `api`, `access`, `signing`, `signature`, `encryption`, `master`, `shared`, `account`, `ssh`, `license` | `API-KEY`, `awsAccessKeyId` |
/// | its last word is `key` or `keys` | `STRIPE_KEY`; `KEYBOARD` is shown |
/// | has `connection string`, `connstr`, `webhook url` | `SLACK_WEBHOOK_URL` |
/// | a word is `pat` | `GITHUB_PAT`; `PATH` is shown |
/// | a word ends with `pass`, `auth`, `authorization`, `dsn`, `jwt`, `hmac`, `cookie`, `salt` | `PGPASS`, `BASIC_AUTH`; `AUTHOR` is shown |
///
/// Not by its name, but by its form: the password in `DATABASE_URL`, see [`secret_parts`].
pub(super) fn is_sensitive_name(name: &str) -> bool {
    let is_key = |word: &str| ["key", "keys"].iter().any(|key| word.eq_ignore_ascii_case(key));
    let words = words(name);
    PARTS.is_match(&compact(name))
        || words.last().is_some_and(|word| is_key(word))
        || words.iter().any(|word| word.eq_ignore_ascii_case("pat"))
        || words.iter().any(|word| ENDS.iter().any(|end| ends_with(word, end)))
}

/// Whether a text at this key of any object is not to be shown: `spec.values.postgres.password`.
///
/// Narrower than [`is_sensitive_name`]: fields are often called after a secret that they only name (`secretName`,
/// `tokenUrl`, `privateKeySecretRef`).
pub(super) fn is_sensitive_field(key: &str) -> bool {
    // Most keys are none; to know that, nothing is made of them.
    FIELD_ENDS.iter().any(|end| ends_with(key, &end[end.len() - 2..])) && {
        let compact = compact(key);
        FIELD_ENDS.iter().any(|end| compact.ends_with(end))
    }
}

fn compact(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).collect()
}

/// Whether the text ends so, in whatever case.
fn ends_with(text: &str, end: &str) -> bool {
    let text = text.as_bytes();
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
}

/// The words of a name: `db`, `Pass` of `dbPass`, and `DB`, `PASS` of `DB_PASS` and `DB.PASS`.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in name.split(|char: char| !char.is_alphanumeric()) {
        let mut start = 0;
        let mut was_lower = false;
        for (at, char) in part.char_indices() {
            if char.is_uppercase() && was_lower {
                words.push(&part[start..at]);
                start = at;
            }
            was_lower = !char.is_uppercase();
        }
        words.push(&part[start..]);
    }
    words.retain(|word| !word.is_empty());
    words
}

const PEM_BEGIN: &str = "-----BEGIN ";
const PEM_KEY: &str = "PRIVATE KEY";
const PEM_DASHES: &str = "-----";

/// Where a text is secret, in order: private keys in PEM (RFC 7468), and passwords in URLs (RFC 3986, 3.2.1).
pub(super) fn secret_parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    if text.len() > PEM_BEGIN.len() + PEM_KEY.len() && text.contains(PEM_BEGIN) {
        private_keys(text, &mut parts);
    }
    if text.contains('@') && text.contains("://") {
        let keys = parts.len();
        passwords(text, &mut parts);
        if keys > 0 {
            parts.sort_by_key(|part| part.start);
            let mut end = 0;
            parts.retain(|part| {
                let is_free = part.start >= end;
                end = end.max(part.end);
                is_free
            });
        }
    }
    parts
}

fn private_keys(text: &str, parts: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(found) = text[from..].find(PEM_BEGIN) {
        let start = from + found;
        from = start + PEM_BEGIN.len();
        let Some(label) = text[from..].find(PEM_DASHES).map(|length| &text[from..from + length]) else {
            continue;
        };
        if !label.contains(PEM_KEY) || label.contains('\n') {
            continue;
        }
        // A key that does not end is one to the end of the text.
        let end = format!("-----END {label}-----");
        from = text[from..].find(&end).map_or(text.len(), |at| from + at + end.len());
        parts.push(start..from);
    }
}

fn passwords(text: &str, parts: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(found) = text[from..].find("://") {
        let start = from + found + "://".len();
        from = start;
        let ends = |char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '`' | '<' | '>');
        let run = &text[start..start + text[start..].find(ends).unwrap_or(text.len() - start)];
        let Some(colon) = run.find([':', '/', '?', '#', '@']).filter(|at| run[*at..].starts_with(':')) else {
            continue;
        };
        let rest = &run[colon + 1..];
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let end = match host.rfind('@') {
            Some(at) => Some(at),
            // A port, and a path after it.
            None if host.bytes().all(|byte| byte.is_ascii_digit()) || path.is_empty() => None,
            // What should have been escaped in the password is not.
            None => rest.rfind('@'),
        };
        if let Some(end) = end.filter(|end| *end > 0) {
            let password = start + colon + 1;
            parts.push(password..password + end);
            from = password + end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        for name in [
            "PASSWORD",
            "db-password",
            "dbPassword",
            "MYSQL_PWD",
            "REDIS_PASS",
            "redisPass",
            "PGPASSWORD",
            "PGPASS",
            "htpasswd",
            "PASS_PHRASE",
            "CLIENT_SECRET",
            "github.token",
            "X-Auth-Token",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "PRIVATE_KEY",
            "api-key",
            "APIKEY",
            "AWS_ACCESS_KEY_ID",
            "signingKey",
            "ENCRYPTION_KEY",
            "STRIPE_KEY",
            "BASIC_AUTH",
            "Authorization",
            "oauth",
            "SENTRY_DSN",
            "AZURE_CONNECTION_STRING",
            "SLACK_WEBHOOK_URL",
            "SESSION_COOKIE",
            "PASSWORD_SALT",
            "SSH_KEYS",
        ] {
            assert!(is_sensitive_name(name), "{name}");
        }
        for name in [
            "LOG_LEVEL",
            "AUTHOR",
            "PASSED_TESTS",
            "COMPASS_X_URL",
            "KEYBOARD",
            "KEY_COUNT",
            "DATABASE_URL",
            "PATH",
            "HOST",
            "",
        ] {
            assert_eq!(
                is_sensitive_name(name),
                name == "COMPASS_X_URL",
                "{name}: when in doubt it is secret"
            );
        }
        for key in [
            "password",
            "adminPassword",
            "passwords",
            "bearerToken",
            "clientSecret",
            "api_key",
            "DB_PASSWORD",
        ] {
            assert!(is_sensitive_field(key), "{key}");
        }
        for key in
            ["secretName", "tokenUrl", "privateKeySecretRef", "passwordKey", "key", "secretKeyRef", "name"]
        {
            assert!(!is_sensitive_field(key), "{key}");
        }
    }

    #[test]
    fn secret_parts_of_texts_are_found() {
        for (text, expected) in [
            ("postgres://shop:hunter2@db:5432/shop", vec!["hunter2"]),
            ("redis://:hunter2@cache", vec!["hunter2"]),
            ("a http://u:p1@h and b://u:p2@h", vec!["p1", "p2"]),
            ("https://u:p@ss@host/x", vec!["p@ss"]),
            ("https://u:a/b=@host/x", vec!["a/b="]),
            ("https://u:tok@github.com/org/repo@v1", vec!["tok"]),
            ("http://localhost:8080/@vite/client", vec![]),
            ("http://user@host:80/", vec![]),
            ("https://example.com/a:b@c", vec![]),
            ("url: \"amqp://u:p@h\" # x@y", vec!["p"]),
            ("mongodb://u:pw@h1:1,h2:2/db", vec!["pw"]),
        ] {
            let found: Vec<&str> = secret_parts(text).into_iter().map(|part| &text[part]).collect();
            assert_eq!(found, expected, "{text}");
        }
        let key = "-----BEGIN RSA PRIVATE KEY-----\nabc\nhttp://u:p@h\n-----END RSA PRIVATE KEY-----";
        let text = format!("# key\n{key}\n-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n");
        let found: Vec<&str> = secret_parts(&text).into_iter().map(|part| &text[part]).collect();
        assert_eq!(found, [key]);
        let open = "x -----BEGIN PRIVATE KEY-----\nabc";
        assert!(secret_parts(open).into_iter().eq(std::iter::once(2..open.len())));
    }
}
