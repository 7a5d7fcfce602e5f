//! URLs, read as Go's `net/url` reads what a request may ask for: absolute, or a path.

use super::eval::Result;
use super::functions::no_overload;
use super::value::{Map, Value};

/// A URL in its parts, as they are written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
}

impl Url {
    /// Reads a URL; the error says what is wrong.
    pub fn parse_request(text: &str) -> std::result::Result<Url, &'static str> {
        if text.is_empty() {
            return Err("empty url");
        }
        if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
            return Err("invalid control character in URL");
        }
        if text == "*" {
            return Ok(Url { path: text.to_owned(), ..Url::default() });
        }
        let (scheme, rest) = scheme(text)?;
        let whole = rest;
        // What a fragment is, only the second look takes away; the first one reads it as part of the rest.
        check(scheme, whole)?;
        let rest = whole.split_once('#').map_or(whole, |(rest, _)| rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Url { scheme: scheme.to_ascii_lowercase(), query: query.to_owned(), ..Url::default() };
        if !rest.starts_with('/') {
            // `mailto:a@b.c` has neither host nor path.
            return Ok(url);
        }
        match rest.strip_prefix("//").filter(|rest| !rest.starts_with('/')) {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let authority = &rest[..end];
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                url.host = decode_host(host);
                url.path = rest[end..].to_owned();
            }
            None => url.path = rest.to_owned(),
        }
        Ok(url)
    }

    fn hostname(&self) -> &str {
        match self.host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inner, _)) => inner,
            None => self.host.rsplit_once(':').map_or(&self.host, |(name, _)| name),
        }
    }

    fn port(&self) -> &str {
        let after = self.host.rsplit_once(']').map_or(self.host.as_str(), |(_, after)| after);
        after.rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// The path, with what must be escaped escaped.
    fn escaped_path(&self) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*[]%".contains(&b);
        self.path
            .bytes()
            .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    }
}

/// The scheme, and what follows it.
fn scheme(text: &str) -> std::result::Result<(&str, &str), &'static str> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme"),
            ':' => return Ok((&text[..at], &text[at + 1..])),
            _ => return Ok(("", text)),
        }
    }
    Ok(("", text))
}

fn check(scheme: &str, rest: &str) -> std::result::Result<(), &'static str> {
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    if !rest.starts_with('/') {
        return if scheme.is_empty() { Err("invalid URI for request") } else { Ok(()) };
    }
    let mut path = rest;
    if let Some(rest) = rest.strip_prefix("//").filter(|rest| !rest.starts_with('/')) {
        // Without a scheme, a request's two slashes begin a path.
        if !scheme.is_empty() {
            let end = rest.find('/').unwrap_or(rest.len());
            check_authority(&rest[..end])?;
            path = &rest[end..];
        }
    }
    if has_bad_escape(path) { Err("invalid URL escape") } else { Ok(()) }
}

fn check_authority(authority: &str) -> std::result::Result<(), &'static str> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let in_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if user.is_some_and(|user| !user.chars().all(in_user) || has_bad_escape(user)) {
        return Err("invalid userinfo");
    }
    let port = match host.strip_prefix('[') {
        Some(rest) => {
            let (inner, port) = rest.rsplit_once(']').ok_or("missing ']' in host")?;
            let address = inner.split_once("%25").map_or(inner, |(address, _)| address);
            if !address.contains(':') || address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("invalid host");
            }
            port
        }
        None => {
            if host.contains(['[', ']']) {
                return Err("invalid character in host name");
            }
            host.rfind(':').map_or("", |at| &host[at..])
        }
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if !port.is_empty() && (!port.starts_with(':') || !digits.bytes().all(|b| b.is_ascii_digit())) {
        return Err("invalid port after host");
    }
    let name = if host.starts_with('[') { "" } else { &host[..host.len() - port.len()] };
    // A host may be escaped where it is not ASCII only.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&b);
    if !name.bytes().all(plain) || name.contains(':') {
        return Err("invalid character in host name");
    }
    let escapes = name.match_indices('%').map(|(at, _)| name.get(at + 1..at + 3).unwrap_or_default());
    for escape in escapes {
        if !u8::from_str_radix(escape, 16).is_ok_and(|b| b >= 0x80) {
            return Err("invalid URL escape");
        }
    }
    Ok(())
}

fn has_bad_escape(text: &str) -> bool {
    text.match_indices('%').any(|(at, _)| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

fn decode_host(host: &str) -> String {
    if host.starts_with('[') { host.replace("%25", "%") } else { decode(host, false) }
}

/// Takes escapes out; in a query, `+` is a space.
fn decode(text: &str, query: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (b, code) {
            (b'%', Some(code)) => {
                out.push(code);
                at += 2;
            }
            (b'+', _) if query => out.push(b' '),
            (b, _) => out.push(*b),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The functions of URLs.
pub fn member<'a>(name: &str, this: &Url) -> Result<Value<'a>> {
    Ok(match name {
        "getScheme" => Value::text(this.scheme.as_str()),
        "getHost" => Value::text(this.host.as_str()),
        "getHostname" => Value::text(this.hostname()),
        "getPort" => Value::text(this.port()),
        "getEscapedPath" => Value::text(this.escaped_path()),
        "getQuery" => {
            let mut made: Vec<(String, Vec<Value<'a>>)> = Vec::new();
            for pair in this.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                let (key, value) = (decode(key, true), Value::text(decode(value, true)));
                match made.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, values)) => values.push(value),
                    None => made.push((key, vec![value])),
                }
            }
            let entries = made.into_iter().map(|(key, values)| (Value::text(key), Value::list(values)));
            Value::Map(Map::Made(entries.collect::<Vec<_>>().into()))
        }
        _ => return Err(no_overload(name, &[])),
    })
}
