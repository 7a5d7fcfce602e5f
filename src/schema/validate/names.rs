//! The syntaxes that names, keys and addresses have in Kubernetes.
//!
//! Each rule is a function that says what the text must be, when it is not. The rules are those of
//! `k8s.io/apimachinery/pkg/util/validation` and `…/api/validate/content` in Kubernetes 1.36; lengths are in bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `Err`: what the text must be, to be put behind the text: `must …`.
pub type Syntax = Result<(), &'static str>;

/// The longest label of a domain name.
const LABEL: usize = 63;
/// The longest domain name.
const SUBDOMAIN: usize = 253;

/// A label of a domain name (RFC 1123): `web-1`.
pub fn dns_label(text: &str) -> Syntax {
    at_most(text, LABEL, "must be at most 63 characters long")?;
    if !text.bytes().any(|byte| byte == b'.') || !is_subdomain(text, is_label) {
        return rule(
            is_label(text),
            "must be of lowercase letters, digits and \"-\", and begin and end with a letter or digit",
        );
    }
    Err("must not have dots")
}

/// A domain name (RFC 1123): `web-1.example.com`.
pub fn dns_subdomain(text: &str) -> Syntax {
    at_most(text, SUBDOMAIN, "must be at most 253 characters long")?;
    rule(
        is_subdomain(text, is_label),
        "must be of lowercase letters, digits, \"-\" and \".\", and begin and end with a letter or digit, \
         also around each dot",
    )
}

/// A domain name whose labels may have underscores: `_sip._tcp.example.com`.
pub fn dns_subdomain_with_underscores(text: &str) -> Syntax {
    at_most(text, SUBDOMAIN, "must be at most 253 characters long")?;
    let is_label = |label: &str| {
        let inner = label.strip_prefix('_').unwrap_or(label);
        is_enclosed(inner, is_lower_alphanumeric, |byte| {
            is_lower_alphanumeric(byte) || matches!(byte, b'-' | b'_')
        })
    };
    rule(
        is_subdomain(text, is_label),
        "must be of lowercase letters, digits, \"-\", \"_\" and \".\", and begin and end with a letter or digit, \
         also around each dot",
    )
}

/// A label of a domain name (RFC 1035), which begins with a letter: `web-1`.
pub fn dns_1035_label(text: &str) -> Syntax {
    at_most(text, LABEL, "must be at most 63 characters long")?;
    rule(
        is_label(text) && text.as_bytes()[0].is_ascii_lowercase(),
        "must be of lowercase letters, digits and \"-\", begin with a letter, and end with a letter or digit",
    )
}

/// A domain name behind `*.` (RFC 1034, 4.3.3): `*.example.com`.
pub fn dns_wildcard(text: &str) -> Syntax {
    at_most(text, SUBDOMAIN, "must be at most 253 characters long")?;
    rule(
        text.strip_prefix("*.").is_some_and(|rest| is_subdomain(rest, is_label)),
        "must be \"*.\" and a domain name of lowercase letters, digits, \"-\" and \".\"",
    )
}

/// A domain name of two labels or more; a dot may follow it: `example.com.`.
pub fn qualified_domain(text: &str) -> Syntax {
    let text = text.strip_suffix('.').unwrap_or(text);
    dns_subdomain(text)?;
    rule(text.contains('.'), "must be a domain name of at least two parts, separated by dots")?;
    text.split('.').try_for_each(dns_label)
}

/// A domain name of three labels or more: `kubernetes.io.example`.
pub fn long_domain(text: &str) -> Syntax {
    dns_subdomain(text)?;
    rule(
        text.bytes().filter(|byte| *byte == b'.').count() >= 2,
        "must be a domain name of at least three parts, separated by dots",
    )
}

/// The key of a label or annotation, the name of a resource: `app`, `example.com/app`.
pub fn qualified_name(text: &str) -> Syntax {
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => return Err("must have at most one \"/\""),
        Some(("", _)) => return Err("must have a domain name before the \"/\""),
        Some((prefix, name)) => {
            at_most(prefix, SUBDOMAIN, "must have at most 253 characters before the \"/\"")?;
            rule(
                is_subdomain(prefix, is_label),
                "must have a domain name of lowercase letters, digits, \"-\" and \".\" before the \"/\"",
            )?;
            name
        }
    };
    if name.is_empty() {
        let behind = "must have a name behind the \"/\"";
        return Err(if text.is_empty() { "must not be empty" } else { behind });
    }
    at_most(name, LABEL, "must have a name of at most 63 characters")?;
    rule(
        is_label_value(name),
        "must have a name of letters, digits, \"-\", \"_\" and \".\" that begins and ends with a letter or digit",
    )
}

/// A qualified name with a domain name: `example.com/app`.
pub fn prefixed_name(text: &str) -> Syntax {
    qualified_name(text)?;
    rule(text.contains('/'), "must be a domain name, \"/\" and a name")
}

/// A domain name, `/` and a path: `example.com/what/ever`.
pub fn prefixed_path(text: &str) -> Syntax {
    let Some((host, path)) = text.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty())
    else {
        return Err("must be a domain name, \"/\" and a path");
    };
    dns_subdomain(host)?;
    rule(
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)),
        "must have a path of characters that URLs have in paths",
    )
}

/// The value of a label; it may be empty.
pub fn label_value(text: &str) -> Syntax {
    at_most(text, LABEL, "must be at most 63 characters long")?;
    rule(
        text.is_empty() || is_label_value(text),
        "must be of letters, digits, \"-\", \"_\" and \".\", and begin and end with a letter or digit",
    )
}

/// What can stand in a URL between two slashes, as the names of roles do.
pub fn path_segment(text: &str) -> Syntax {
    rule(!matches!(text, "." | ".."), "must be neither \".\" nor \"..\"")?;
    path_segment_prefix(text)
}

/// What a [`path_segment`] can begin with.
pub fn path_segment_prefix(text: &str) -> Syntax {
    rule(!text.contains(['/', '%']), "must have neither \"/\" nor \"%\"")
}

/// The name of a port (IANA service name, RFC 6335): `http`.
pub fn port_name(text: &str) -> Syntax {
    at_most(text, 15, "must be at most 15 characters long")?;
    rule(
        !text.is_empty() && text.bytes().all(|byte| is_lower_alphanumeric(byte) || byte == b'-'),
        "must be of lowercase letters, digits and \"-\"",
    )?;
    rule(text.bytes().any(|byte| byte.is_ascii_lowercase()), "must have a letter")?;
    rule(!text.contains("--"), "must not have two \"-\" in a row")?;
    rule(!text.starts_with('-') && !text.ends_with('-'), "must neither begin nor end with \"-\"")
}

/// A percentage without a sign: `25%`.
pub fn percentage(text: &str) -> Syntax {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    rule(text.strip_suffix('%').is_some_and(is_number), "must be digits and \"%\"")
}

/// The name of an HTTP header: `X-Request-Id`.
pub fn header_name(text: &str) -> Syntax {
    rule(
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        "must be of letters, digits and \"-\"",
    )
}

/// The name of an environment variable, since Kubernetes 1.32.
pub fn environment_name(text: &str) -> Syntax {
    rule(!text.is_empty(), "must not be empty")?;
    rule(
        text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'='),
        "must be of printable ASCII characters without \"=\"",
    )
}

/// A key in a ConfigMap or Secret: `app.properties`.
pub fn config_key(text: &str) -> Syntax {
    at_most(text, SUBDOMAIN, "must be at most 253 characters long")?;
    rule(
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')),
        "must be of letters, digits, \"-\", \"_\" and \".\"",
    )?;
    no_parent_folder(text)
}

/// An identifier of C: `my_name`.
pub fn c_identifier(text: &str) -> Syntax {
    rule(
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && text.bytes().next().is_some_and(|first| !first.is_ascii_digit()),
        "must be of letters, digits and \"_\", and not begin with a digit",
    )
}

/// An IP address, in any of the ways that the server reads one, also `010.0.0.1`.
pub fn ip(text: &str) -> Syntax {
    rule(parse_ip(text).is_some(), "must be an IP address")
}

/// An IPv4 address.
pub fn ipv4(text: &str) -> Syntax {
    rule(parse_ip(text).is_some_and(|address| address.is_ipv4()), "must be an IPv4 address")
}

/// An IPv6 address.
pub fn ipv6(text: &str) -> Syntax {
    rule(parse_ip(text).is_some_and(|address| address.is_ipv6()), "must be an IPv6 address")
}

/// A range of addresses: `10.0.0.0/8`.
pub fn cidr(text: &str) -> Syntax {
    rule(parse_cidr(text).is_some(), "must be an address range such as 10.0.0.0/8 or 2001:db8::/64")
}

/// Reads an IP address; an IPv4 address that is written as IPv6 is one of IPv4.
pub fn parse_ip(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        text.parse().ok().map(|address: Ipv6Addr| address.to_canonical())
    } else {
        ipv4_of(text)
    }
}

/// Reads an address range: an address and how many of its bits count.
pub fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let most = if address.contains(':') { 128 } else { 32 };
    if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bits = bits.parse().ok().filter(|bits| *bits <= most)?;
    let address = if most == 128 { address.parse().ok()? } else { ipv4_of(address)? };
    Some((address, bits))
}

/// Four numbers up to 255; unlike in the standard library, zeros may precede them.
fn ipv4_of(text: &str) -> Option<IpAddr> {
    let mut parts = text.split('.');
    let mut octets = [0; 4];
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| IpAddr::V4(Ipv4Addr::from(octets)))
}

/// What `generateName` may be, where names have the given syntax: it, without a `-` at its end, and the names made of it.
pub fn as_prefix(prefix: &str, syntax: fn(&str) -> Syntax) -> Syntax {
    /// How much of it the server keeps, and what stands for the five characters that it appends.
    const KEPT: usize = 58;
    const APPENDED: &str = "aaaaa";
    match prefix.strip_suffix('-').and_then(|before| before.char_indices().next_back()) {
        Some((last, _)) => syntax(&format!("{}a", &prefix[..last]))?,
        None => syntax(prefix)?,
    }
    let kept = prefix.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= KEPT).last();
    syntax(&format!("{}{APPENDED}", &prefix[..kept.unwrap_or(0)]))
}

fn rule(holds: bool, must: &'static str) -> Syntax {
    if holds { Ok(()) } else { Err(must) }
}

fn at_most(text: &str, bytes: usize, must: &'static str) -> Syntax {
    rule(text.len() <= bytes, must)
}

fn no_parent_folder(text: &str) -> Syntax {
    rule(text != ".", "must not be \".\"")?;
    rule(!text.starts_with(".."), "must not begin with \"..\"")
}

fn is_lower_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    is_enclosed(text, is_lower_alphanumeric, |byte| is_lower_alphanumeric(byte) || byte == b'-')
}

fn is_label_value(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    is_enclosed(text, |byte| byte.is_ascii_alphanumeric(), inner)
}

fn is_subdomain(text: &str, is_label: impl Fn(&str) -> bool) -> bool {
    text.split('.').all(is_label)
}

/// Whether it is not empty, has only `inner` bytes, and the first and the last are `outer` ones.
fn is_enclosed(text: &str, outer: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    matches!((bytes.first(), bytes.last()), (Some(first), Some(last)) if outer(*first) && outer(*last))
        && bytes.iter().all(|byte| inner(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(syntax: fn(&str) -> Syntax, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(syntax(text), Ok(()), "{text:?}");
        }
        for text in bad {
            assert!(syntax(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn domain_names() {
        let (longest, too_long) = (&"a".repeat(63), &"a".repeat(64));
        check(
            dns_label,
            &["a", "0", "web-1", "1-2", longest],
            &["", "-a", "a-", "A", "a.b", "a_b", "ä", too_long],
        );
        check(dns_1035_label, &["a", "web-1"], &["", "1a", "-a", "a.b", "a-", too_long]);
        check(
            dns_subdomain,
            &["a", "a.b-c.0", &"a".repeat(253)],
            &["", "a..b", ".a", "a.", "a.-b", "A", &"a".repeat(254)],
        );
        check(dns_subdomain_with_underscores, &["_sip._tcp.a", "a_b"], &["__a", "a_", "_", ""]);
        check(dns_wildcard, &["*.a", "*.a.b"], &["*", "*.", "a.*.b", "*a.b", "*.*.a", "a"]);
        check(qualified_domain, &["a.b", "a.b."], &["a", "a.", "", "a..b", &format!("{too_long}.a")]);
        check(long_domain, &["a.b.c"], &["a.b", "a.b.c."]);
        assert_eq!(dns_label("a.b"), Err("must not have dots"));
    }

    #[test]
    fn label_keys_and_values() {
        let too_long = &"a".repeat(64);
        check(
            qualified_name,
            &["a", "A_b.c-D", "example.com/a", "1/2"],
            &["", "/a", "a/", "a/b/c", "A.com/a", "-a", "a-", "a b", too_long],
        );
        check(prefixed_name, &["example.com/a"], &["a", "/a"]);
        check(
            prefixed_path,
            &["a.io/b/c?".trim_end_matches('?'), "a/b:c%20"],
            &["a", "a/", "/a", "A/b", "a/b?"],
        );
        check(label_value, &["", "a", "A.b_c-1"], &["-a", "a-", "a b", "a/b", "ä", too_long]);
    }

    #[test]
    fn names_of_other_things() {
        check(path_segment, &["system:node", "A b", "...", ""], &[".", "..", "a/b", "a%b"]);
        check(
            port_name,
            &["http", "a-1", "8-a"],
            &["", "1", "a--b", "-a", "a-", "Http", "a_b", "abcdefghijklmnop"],
        );
        check(header_name, &["X-A", "1"], &["", "a b", "a_b"]);
        check(environment_name, &["A", "1", "a b", ".", ".."], &["", "a=b", "ä", "a\n"]);
        check(
            config_key,
            &["a", "A.b_c-1", ".a", "1"],
            &["", ".", "..", "..a", "a b", "a/b", &"a".repeat(254)],
        );
        check(c_identifier, &["a", "_1"], &["", "1a", "a-b"]);
        check(percentage, &["0%", "250%"], &["", "%", "1", "-1%", "1.5%", "1%%"]);
    }

    #[test]
    fn addresses() {
        let bad =
            ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.a", "1.2.3.4/8", "fe80::1%eth0", "::g", " ::"];
        check(ip, &["1.2.3.4", "010.0.0.1", "::", "2001:db8::1", "::ffff:1.2.3.4"], &bad);
        check(ipv4, &["1.2.3.4", "::ffff:1.2.3.4"], &["::1"]);
        check(ipv6, &["::1"], &["1.2.3.4"]);
        check(
            cidr,
            &["10.0.0.0/8", "10.1.2.3/08", "::/0", "::1/128"],
            &["10.0.0.0", "10.0.0.0/33", "::/129", "1.1.1.1/+8", "1.1.1.1/", "a/8"],
        );
    }

    #[test]
    fn a_prefix_may_end_with_a_dash() {
        let long = "a".repeat(60);
        for (prefix, good) in [
            ("web-", true),
            ("web", true),
            ("-", false),
            ("w-", true),
            ("web.-", false),
            ("-a-", false),
            ("A-", false),
            (&long, true),
        ] {
            assert_eq!(as_prefix(prefix, dns_subdomain).is_ok(), good, "{prefix}");
        }
    }
}
