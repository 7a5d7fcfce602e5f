//! References to images, after the grammar of `github.com/distribution/reference`.

use super::node::Node;
use crate::rule::Rule;

/// The image of a container: the server asks for a text without blanks around it, a registry client for more.
pub fn reference(image: &Node, is_pod: bool) {
    let Some(text) = image.filled() else { return };
    if text.trim() != text {
        // In templates the server lets it pass, and refuses the pods.
        let rule = if is_pod { Rule::Value } else { Rule::Image };
        image.say(rule, format!("{} must not have blanks around it", image.shown()));
    } else if let Err(problem) = parse(text) {
        image.say(Rule::Image, format!("{} {problem}", image.shown()));
    }
}

/// The parts of a reference to an image, `[host[:port]/]path[:tag][@digest]`, whether or not they are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageName<'a> {
    /// The registry and the repository.
    pub name: &'a str,
    /// What is behind the colon.
    pub tag: Option<&'a str>,
    /// What is behind the `@`. It decides which image is meant, whatever the tag says.
    pub digest: Option<&'a str>,
}

impl<'a> ImageName<'a> {
    /// Takes a reference apart.
    pub fn split(text: &'a str) -> ImageName<'a> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon behind the last slash begins the tag; one before it, a port.
        match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => ImageName { name, tag: Some(tag), digest },
            _ => ImageName { name: rest, tag: None, digest },
        }
    }
}

/// What is wrong with a reference.
fn parse(text: &str) -> Result<(), String> {
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(format!("must begin with the registry, without `{scheme}://`"));
    }
    let ImageName { name, tag, digest } = ImageName::split(text);
    if let Some(digest) = digest {
        check_digest(digest)?;
    }
    if let Some(tag) = tag {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if tag.is_empty()
            || tag.len() > 128
            || !tag.starts_with(word)
            || !tag.chars().all(|c| word(c) || ".-".contains(c))
        {
            return Err(format!("has the bad tag {tag:?} (at most 128 letters, digits, `_`, `.` and `-`)"));
        }
    }
    let (host, path) = match name.split_once('/') {
        Some((first, path)) if is_host(first) => (Some(first), path),
        _ => (None, name),
    };
    if let Some(host) = host
        && !is_valid_host(host)
    {
        return Err(format!("has the bad registry {host:?}"));
    }
    if path.is_empty() {
        return Err("has no repository".to_owned());
    }
    if path.len() > 255 {
        return Err("has a repository of more than 255 characters".to_owned());
    }
    match path.split('/').find(|part| !is_component(part)) {
        None => Ok(()),
        Some(part) if is_component(&part.to_ascii_lowercase()) => {
            Err(format!("has upper-case letters in {part:?}, repositories are lower-case"))
        }
        Some("") => Err("has an empty part between two slashes".to_owned()),
        Some(part) => Err(format!(
            "has the bad part {part:?} (lower-case letters, digits, and `.`, `_`, `__` or `-` between them)"
        )),
    }
}

/// Whether the part before the first slash is a registry and not part of a name at the default one.
fn is_host(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_valid_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((ip, "")) => return ip.chars().all(|c| c.is_ascii_hexdigit() || c == ':'),
            Some((ip, port)) => {
                return ip.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
                    && port.strip_prefix(':').is_some_and(is_digits);
            }
            None => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(label) && port.is_none_or(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lower-case letters and digits, with single separators between them: `.`, `_`, `__` or dashes.
fn is_component(part: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    if !bytes.first().is_some_and(|byte| inner(*byte)) || !bytes.last().is_some_and(|byte| inner(*byte)) {
        return false;
    }
    part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).all(|separator| {
        matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
    })
}

/// `algorithm:hex`, with as many digits as the known algorithms have.
fn check_digest(digest: &str) -> Result<(), String> {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return Err(format!("has the bad digest {digest:?} (expected `algorithm:hex`)"));
    };
    let is_algorithm = algorithm.split(['+', '.', '-', '_']).all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let expected = match algorithm {
        "sha256" => Some(64),
        "sha384" => Some(96),
        "sha512" => Some(128),
        _ => None,
    };
    let long_enough = expected.map_or(hex.len() >= 32, |length| hex.len() == length);
    // The known algorithms are written in lower case.
    let is_hex =
        hex.bytes().all(|b| b.is_ascii_hexdigit() && (expected.is_none() || !b.is_ascii_uppercase()));
    if is_algorithm && is_hex && long_enough {
        return Ok(());
    }
    let wanted = expected
        .map_or_else(|| "`algorithm:hex`".to_owned(), |length| format!("{length} hexadecimal digits"));
    Err(format!("has a bad digest (expected {wanted}, got {:?})", super::node::shorten(digest)))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn references_are_read_as_registry_clients_do() {
        let sha = "a".repeat(64);
        for good in [
            "nginx",
            "nginx:1.25",
            "library/nginx",
            "localhost/a",
            "localhost:5000/a/b:1",
            "ghcr.io/Org-less/x".to_lowercase().as_str(),
            "GHCR.io/a",
            "registry:5000/a__b/c-d--e.f_g:V1.0_x-y",
            "[::1]:5000/a",
            &format!("nginx@sha256:{sha}"),
            &format!("a.b/c:1@sha256:{sha}"),
        ] {
            assert_eq!(parse(good), Ok(()), "{good}");
        }
        for bad in [
            "Nginx",
            "a/B",
            "nginx:",
            "nginx:a b",
            "nginx::1",
            "/nginx",
            "a//b",
            "nginx:-1",
            "https://ghcr.io/a",
            "a..b/c..d",
            "a/b___c",
            "a/-b",
            "nginx@sha256:abc",
            "nginx@abc",
            "${IMAGE}",
            &format!("a:{}", "x".repeat(129)),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn blanks_are_refused_in_pods_and_told_in_templates() {
        let image = serde_json::json!(" nginx");
        rejects(&pod(), "/spec/containers/0/image", image.clone(), Value, "$.spec.containers[0].image");
        let path = "$.spec.template.spec.containers[0].image";
        warns(&deployment(), "/spec/template/spec/containers/0/image", image, Image, path);
    }
}
