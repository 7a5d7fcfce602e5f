//! Regular expressions of Kubernetes' schemas and rules, which are Go's (RE2), for the `regex` crate.

use regex::{Regex, RegexBuilder};

/// A pattern longer than this is not compiled. The longest of published CRDs have some 2,000 characters.
const MAX_LENGTH: usize = 20_000;

/// What a compiled pattern may take, in bytes: enough for large counted repetitions of Unicode classes.
const MAX_SIZE: usize = 4 << 20;

/// Compiles a pattern of Go's syntax. The error says why that cannot be done.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_LENGTH {
        return Err(format!("the pattern has more than {MAX_LENGTH} bytes"));
    }
    RegexBuilder::new(&translate(pattern))
        .octal(true)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .nest_limit(100)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
            _ => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
        })
}

/// Says the same in the crate's syntax. In Go's, `\d`, `\s`, `\w` and `\b` are ASCII, `\<` is a character, a brace
/// that starts no repetition stands for itself, classes have no set operations, and `\Q…\E` quotes.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        match c {
            '\\' => rest = escape(rest, false, &mut out),
            '[' => rest = class(rest, &mut out),
            '{' if !is_repetition(rest) => {
                out.push_str("\\{");
                rest = &rest[1..];
            }
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// Whether `{2}`, `{2,}` or `{2,3}` is here.
fn is_repetition(rest: &str) -> bool {
    let Some(end) = rest.find('}') else { return false };
    let inner = &rest[1..end];
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

/// Takes an escape sequence; returns what follows it.
fn escape<'a>(rest: &'a str, in_class: bool, out: &mut String) -> &'a str {
    let after = &rest[1..];
    let Some(c) = after.chars().next() else {
        out.push('\\');
        return after;
    };
    let after = &after[c.len_utf8()..];
    let wrap = |out: &mut String, set: &str| {
        if in_class {
            out.push_str(set);
        } else {
            out.push('[');
            out.push_str(set);
            out.push(']');
        }
    };
    match c {
        'd' => wrap(out, "0-9"),
        's' => wrap(out, r"\t\n\f\r "),
        'w' => wrap(out, "0-9A-Za-z_"),
        'D' => out.push_str("[^0-9]"),
        'S' => out.push_str(r"[^\t\n\f\r ]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'b' if !in_class => out.push_str(r"(?-u:\b)"),
        '<' => out.push_str(r"\x3C"),
        '>' => out.push_str(r"\x3E"),
        'p' | 'P' | 'x' if after.starts_with('{') => {
            let end = after.find('}').map_or(after.len(), |at| at + 1);
            out.push('\\');
            out.push(c);
            out.push_str(&after[..end]);
            return &after[end..];
        }
        'Q' if !in_class => {
            let (quoted, after) = after.split_once("\\E").unwrap_or((after, ""));
            out.push_str(&regex::escape(quoted));
            return after;
        }
        _ => {
            out.push('\\');
            out.push(c);
        }
    }
    after
}

/// Takes a class in brackets; returns what follows it.
fn class<'a>(rest: &'a str, out: &mut String) -> &'a str {
    out.push('[');
    let mut rest = &rest[1..];
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let mut first = true;
    while let Some(c) = rest.chars().next() {
        let next = rest[c.len_utf8()..].chars().next();
        match c {
            ']' if first => out.push_str("\\]"),
            ']' => {
                out.push(']');
                return &rest[1..];
            }
            '\\' => {
                rest = escape(rest, true, out);
                first = false;
                continue;
            }
            '[' if next == Some(':') && rest.contains(":]") => {
                let end = rest.find(":]").map_or(rest.len(), |at| at + 2);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
                first = false;
                continue;
            }
            // What the crate would take as a nested class or a set operation.
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '-' if first || next == Some(']') || next == Some('-') || out.ends_with("\\-") => {
                // The first of two may be an operator still (`[+--]`): a range from what precedes to a hyphen.
                if next == Some('-') && !first && !out.ends_with("\\-") {
                    out.push_str("-\\-");
                    rest = &rest[2..];
                    continue;
                }
                out.push_str("\\-");
            }
            _ => out.push(c),
        }
        first = false;
        rest = &rest[c.len_utf8()..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_syntax_means_what_go_means() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (r"^\d+$", &["12"], &["١٢", ""]),
            (r"^[\d.]+$", &["1.2"], &["١"]),
            (r"^\w+\s$", &["ab "], &["ä ", "ab\u{a0}"]),
            (r"^{a}$", &["{a}"], &["a"]),
            (r"^x{,3}$", &["x{,3}"], &["xx"]),
            (r"^x{2,3}$", &["xx"], &["x"]),
            (r"^[a&&b]+$", &["a&b"], &["c"]),
            (r"^[[a]+$", &["[a"], &["b"]),
            (r"^[]a]+$", &["]a"], &["b"]),
            (r"^[+--]+$", &["+,-"], &["."]),
            (r"^[a\-z]+$", &["-az"], &["b"]),
            (r"^[[:alpha:]-]+$", &["ab-"], &["1"]),
            (r"^\Qa.b\E+$", &["a.bb"], &["axb"]),
            (r"^\<a\>$", &["<a>"], &["a"]),
            (r"^(?P<n>a)\z", &["a"], &["b"]),
            (r"\bfoo\b", &["a foo b"], &["afoo"]),
            (r"^\101$", &["A"], &["1"]),
            (r"^\p{L}[\p{Lu}\x{41}]+\pN$", &["äÄA1"], &["1ÄA1"]),
        ];
        for (pattern, good, bad) in table {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            good.iter().for_each(|text| assert!(regex.is_match(text), "{pattern} {text:?}"));
            bad.iter().for_each(|text| assert!(!regex.is_match(text), "{pattern} {text:?}"));
        }
    }

    #[test]
    fn what_cannot_be_compiled_says_why() {
        for pattern in
            ["(", "[", "(?=a)", "(((a{1000}){1000}){1000})", &"(".repeat(30_000), "\\", "[a", "[[:x"]
        {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        assert!(compile(&"(".repeat(5_000)).is_err());
    }
}
