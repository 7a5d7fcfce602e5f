//! The string formats that the API server checks on custom resources. The others of JSON schema it ignores.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;

use crate::schema::validate::cel::{network, time, url};

/// What is wrong with a string of a format, `None` if nothing is. Formats are named without hyphens.
pub fn check(format: &str, text: &str) -> Option<&'static str> {
    let (holds, expected) = match format {
        "bsonobjectid" => {
            (text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()), "24 hexadecimal digits")
        }
        "uri" => (url::Url::parse_request(text).is_ok(), "an absolute URI or a path"),
        "email" => (is_email(text), "an email address"),
        "hostname" => (is_hostname(text), "a host name"),
        "ipv4" => (is_ipv4(text), "an IPv4 address"),
        "ipv6" => (network::parse_loose(text).is_some() && text.contains(':'), "an IPv6 address"),
        "cidr" => (is_cidr(text), "an address and a prefix length, as in 10.0.0.0/8"),
        "mac" => (is_mac(text), "a MAC address"),
        "uuid" => (is_uuid(text, None), "a UUID"),
        "uuid3" => (is_uuid(text, Some('3')), "a UUID of version 3"),
        "uuid4" => (is_uuid(text, Some('4')), "a UUID of version 4"),
        "uuid5" => (is_uuid(text, Some('5')), "a UUID of version 5"),
        "isbn" => (is_isbn10(text) || is_isbn13(text), "an ISBN"),
        "isbn10" => (is_isbn10(text), "an ISBN of 10 digits"),
        "isbn13" => (is_isbn13(text), "an ISBN of 13 digits"),
        "creditcard" => (is_credit_card(text), "a credit card number"),
        "ssn" => (matches(&SSN, text), "a social security number"),
        "hexcolor" => (matches(&HEX_COLOR, text), "a color as in #ffffff"),
        "rgbcolor" => (matches(&RGB_COLOR, text), "a color as in rgb(255, 255, 255)"),
        "byte" => (is_base64(text), "base64"),
        "date" => (time::parse_date(text).is_some(), "a date as in 2006-01-02"),
        "duration" => (time::parse_lenient_duration(text).is_some(), "a duration as in 1h30m"),
        "datetime" => (is_date_time(text), "a time as in 2006-01-02T15:04:05Z"),
        "k8sshortname" => (is_name(text, 63, false), "lowercase letters, digits and -, at most 63"),
        "k8slongname" => (is_name(text, 253, true), "lowercase letters, digits, - and ., at most 253"),
        _ => (true, ""),
    };
    (!holds).then_some(expected)
}

type Pattern = LazyLock<Option<Regex>>;

fn matches(pattern: &Pattern, text: &str) -> bool {
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

static SSN: Pattern = LazyLock::new(|| Regex::new(r"^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$").ok());
static HEX_COLOR: Pattern = LazyLock::new(|| Regex::new(r"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$").ok());
static RGB_COLOR: Pattern = LazyLock::new(|| {
    let part = r"(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])";
    Regex::new(&format!(r"^rgb\([\t\n\f\r ]*{part}[\t\n\f\r ]*,[\t\n\f\r ]*{part}[\t\n\f\r ]*,[\t\n\f\r ]*{part}[\t\n\f\r ]*\)$")).ok()
});
static HOST_NAME: Pattern = LazyLock::new(|| {
    let wide = r"a-zA-Z0-9\p{S}\p{L}";
    // A single label, or labels whose last has letters only; not anchored alike on both sides, as with the API server.
    Regex::new(&format!(
        r"^([{wide}]((-?[{wide}]{{0,62}})?)|([{wide}](([{wide}\-]{{0,61}}[{wide}])?)(\.))+([a-zA-Z\p{{L}}]){{2,63}})$"
    ))
    .ok()
});
static CREDIT_CARD: Pattern = LazyLock::new(|| {
    Regex::new(
        r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|(222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11}|6[27][0-9]{14})$",
    )
    .ok()
});

fn is_hostname(text: &str) -> bool {
    matches(&HOST_NAME, text) && text.len() <= 255 && text.split('.').all(|label| label.len() <= 63)
}

/// Reads an address; the parts of an IPv4 one may begin with zeros.
fn parse_sloppy(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return network::parse_loose(text);
    }
    let part = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        part => part.to_owned(),
    };
    network::parse_loose(&text.split('.').map(part).collect::<Vec<_>>().join("."))
}

fn is_ipv4(text: &str) -> bool {
    text.contains('.') && parse_sloppy(text).is_some()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match parse_sloppy(address) {
        Some(_) if address.contains(':') => 128,
        Some(_) => 32,
        None => return false,
    };
    !length.is_empty()
        && length.bytes().all(|b| b.is_ascii_digit())
        && length.parse::<u32>().is_ok_and(|length| length <= most)
}

/// An address with or without a name, of which only the shape is looked at.
fn is_email(text: &str) -> bool {
    let text = text.trim();
    let address = match text.strip_suffix('>').and_then(|before| before.rsplit_once('<')) {
        Some((_, address)) => address,
        None if text.contains(['<', '>']) => return false,
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    let dotted = |text: &str| text.split('.').all(|part| !part.is_empty() && part.chars().all(is_atom));
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let literal = domain
        .strip_prefix('[')
        .and_then(|domain| domain.strip_suffix(']'))
        .is_some_and(|inner| network::parse_loose(inner.strip_prefix("IPv6:").unwrap_or(inner)).is_some());
    (quoted || dotted(local)) && (literal || dotted(domain))
}

/// 6, 8 or 20 bytes, in pairs of digits with `:` or `-`, in fours with `.`, or without anything between.
fn is_mac(text: &str) -> bool {
    let groups = |separator: char, width: usize| {
        let parts: Vec<&str> = text.split(separator).collect();
        let fits = |part: &&str| part.len() == width && part.bytes().all(|b| b.is_ascii_hexdigit());
        matches!(parts.len() * width / 2, 6 | 8 | 20) && parts.iter().all(fits)
    };
    let plain = matches!(text.len(), 12 | 16 | 40) && text.bytes().all(|b| b.is_ascii_hexdigit());
    plain || groups(':', 2) || groups('-', 2) || groups('.', 4)
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            // A hyphen is optional, but only where one belongs.
            '-' if matches!(digits.len(), 8 | 12 | 16 | 20) && !text.contains("--") => {}
            _ if c.is_ascii_hexdigit() => digits.push(c.to_ascii_lowercase()),
            _ => return false,
        }
    }
    let digit = |at: usize| digits.as_bytes().get(at).map(|b| char::from(*b)).unwrap_or_default();
    digits.len() == 32
        && !text.ends_with('-')
        && version
            .is_none_or(|version| digit(12) == version && (version == '3' || "89ab".contains(digit(16))))
}

fn is_isbn10(text: &str) -> bool {
    let digits: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ' | '\t' | '\n')).collect();
    let value = |(at, c): (usize, &char)| match c {
        'X' if at == 9 => Some(10),
        c => c.to_digit(10),
    };
    let values: Option<Vec<u32>> = digits.iter().enumerate().map(value).collect();
    values.is_some_and(|values| {
        values.len() == 10
            && values.iter().zip(1..).map(|(value, weight)| value * weight).sum::<u32>() % 11 == 0
    })
}

fn is_isbn13(text: &str) -> bool {
    let digits = text.chars().filter(|c| !matches!(c, '-' | ' ' | '\t' | '\n'));
    let values: Option<Vec<u32>> = digits.map(|c| c.to_digit(10)).collect();
    values.is_some_and(|values| {
        let sum: u32 = values.iter().zip([1, 3].iter().cycle()).map(|(value, weight)| value * weight).sum();
        values.len() == 13 && sum.is_multiple_of(10)
    })
}

fn is_credit_card(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .zip([1, 2].iter().cycle())
        .map(|(value, weight)| (value * weight) / 10 + (value * weight) % 10)
        .sum();
    matches(&CREDIT_CARD, &digits) && sum.is_multiple_of(10)
}

/// Standard base64 with its padding, and not empty.
pub fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && padding <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// As [`check`] for a time: seconds are at most 59, a fraction may follow any character, and only a calendar's dates count.
fn is_date_time(text: &str) -> bool {
    static TIME: Pattern = LazyLock::new(|| {
        Regex::new(r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$").ok()
    });
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(clock)) = (parts.next(), parts.next()) else { return false };
    if time::parse_date(date).is_none() {
        return false;
    }
    let Some(pattern) = TIME.as_ref() else { return true };
    let Some(found) = pattern.captures(clock) else { return false };
    let at_most = |group: usize, most: &str| found.get(group).is_some_and(|text| text.as_str() <= most);
    at_most(1, "23") && at_most(2, "59") && at_most(3, "59")
}

fn is_name(text: &str, longest: usize, dots: bool) -> bool {
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= longest && if dots { text.split('.').all(is_label) } else { is_label(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_takes_its_own_and_refuses_the_others() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("bsonobjectid", &["507f1f77bcf86cd799439011"], &["507f", "zzzf1f77bcf86cd799439011"]),
            (
                "uri",
                &["https://a.b/c?d=e", "/a", "urn:x:y", "mailto:a@b.c"],
                &["a b", "", "a/b", "://x", "http://[::1"],
            ),
            ("email", &["a@b.c", "A B <a@b.c>", "a.b+c@d"], &["a", "@b", "a@", "a b@c", "a@b@c <", "a..b@c"]),
            ("hostname", &["a", "a.example.com", "1.example", "a-b.de"], &["-a", "a..b", "a_b", "", "a.b."]),
            ("ipv4", &["10.0.0.1", "010.0.0.1", "::ffff:1.2.3.4"], &["10.0.0", "256.0.0.1", "::1", ""]),
            ("ipv6", &["::1", "2001:db8::1", "::ffff:1.2.3.4"], &["1.2.3.4", ":::", ""]),
            (
                "cidr",
                &["10.0.0.0/8", "::/0", "10.1.2.3/32"],
                &["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "a/8", "::/129"],
            ),
            (
                "mac",
                &["00:00:5e:00:53:01", "02-00-5e-10-00-00", "0000.5e00.5301"],
                &["00:00", "0:0:0:0:0:0", "00:00:5e:00:53:zz"],
            ),
            (
                "uuid",
                &["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE7DEC11D0A76500A0C91E6BF6"],
                &["f81d4fae", "f81d4fae--7dec11d0-a765-00a0c91e6bf6", "-f81d4fae7dec11d0a76500a0c91e6bf6"],
            ),
            (
                "uuid4",
                &["f81d4fae-7dec-41d0-a765-00a0c91e6bf6"],
                &["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-41d0-2765-00a0c91e6bf6"],
            ),
            ("isbn", &["0321751043", "978-0321751041"], &["0321751044", "978-0321751042", "1"]),
            ("creditcard", &["4111 1111 1111 1111"], &["4111 1111 1111 1112", "1"]),
            ("ssn", &["111-22-3333", "111223333"], &["11-222-3333"]),
            ("hexcolor", &["#fff", "A1B2C3"], &["#ffff", "#ggg"]),
            ("rgbcolor", &["rgb(0, 10,255)"], &["rgb(256,0,0)", "rgb(1,2)"]),
            ("byte", &["aGk=", "aGkx", "YQ=="], &["a", "aGk", "a===", "", "aG k=", "aGk*"]),
            ("password", &["", "anything"], &[]),
            ("date", &["2024-02-29"], &["2023-02-29", "2024-13-01", "24-01-01", "2024-1-1", ""]),
            ("duration", &["1h30m", "2.5s", "3 days", "0", "22 ns"], &["", "h", "one"]),
            (
                "datetime",
                &["2024-01-02T03:04:05Z", "2024-01-02t03:04:05.123+01:00"],
                &["2024-01-02", "2024-01-02T24:00:00Z", "2024-02-30T00:00:00Z", "2024-01-02T03:04:05"],
            ),
            ("k8sshortname", &["a-1"], &["-a", "A", "a.b", ""]),
            ("k8slongname", &["a.b-1"], &["a..b", "A"]),
            ("somethingelse", &["", "x"], &[]),
        ];
        for (format, good, bad) in table {
            good.iter().for_each(|text| assert_eq!(check(format, text), None, "{format} {text:?}"));
            bad.iter().for_each(|text| assert!(check(format, text).is_some(), "{format} {text:?}"));
        }
    }
}
