//! `.snap` files: the text of stored snapshots, as Jest and Vitest write it.
//!
//! A file is a module of assignments, `` exports[`key`] = `value`; ``, but it is only read: nothing in it is ever run.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The first line of the files that are made here. A file that has the line of another tool keeps it.
pub(crate) const HEADER: &str = "// husako-ci snapshots v1";

/// The snapshots of a test file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotFile {
    /// The comment at the top, without its final line break.
    header: String,
    /// Whether its lines end with CRLF.
    crlf: bool,
    /// The texts by their keys.
    pub(crate) values: BTreeMap<String, String>,
}

impl Default for SnapshotFile {
    fn default() -> SnapshotFile {
        SnapshotFile { header: HEADER.to_owned(), crlf: false, values: BTreeMap::new() }
    }
}

/// Why a text is no `.snap` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct SyntaxError {
    /// What is wrong.
    pub(crate) problem: String,
    /// The line, from 1.
    pub(crate) line: u32,
    /// The column in characters, from 1.
    pub(crate) column: u32,
}

impl SnapshotFile {
    /// Reads a file. A BOM at its start is left out.
    ///
    /// # Errors
    ///
    /// The first thing that is no assignment of a text to a key, or a key that is there twice.
    pub(crate) fn parse(text: &str) -> Result<SnapshotFile, SyntaxError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { text, at: 0 };
        let header = reader.header();
        let mut values = BTreeMap::new();
        loop {
            reader.skip_blank();
            let start = reader.at;
            if reader.rest().is_empty() {
                break;
            }
            reader.expect("exports")?;
            reader.expect("[")?;
            let key = reader.template()?;
            reader.expect("]")?;
            reader.expect("=")?;
            let value = reader.template()?;
            reader.expect(";")?;
            if values.contains_key(&key) {
                reader.at = start;
                return Err(reader.error(format!("the snapshot `{key}` is there twice")));
            }
            values.insert(key, value);
        }
        Ok(SnapshotFile {
            header: header.unwrap_or_else(|| HEADER.to_owned()),
            crlf: text.contains("\r\n"),
            values,
        })
    }

    /// The text of the file: the snapshots in the natural order of their keys, as [`natural`] tells.
    pub(crate) fn print(&self) -> String {
        let mut entries: Vec<(&String, &String)> = self.values.iter().collect();
        entries.sort_by(|(a, _), (b, _)| natural(a, b));
        let mut text = format!("{}\n", self.header);
        for (key, value) in entries {
            text.push_str(&format!("\nexports[{}] = {};\n", template(key), template(value)));
        }
        if self.crlf { text.replace('\n', "\r\n") } else { text }
    }
}

/// A text as a template literal that reads as the same text.
pub(crate) fn template(text: &str) -> String {
    format!("`{}`", escape(text))
}

/// A text as what stands between the quotes of a template literal.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '`' | '\\' => escaped.extend(['\\', c]),
            '$' if characters.peek() == Some(&'{') => escaped.push_str("\\$"),
            // Read as a line feed where it stood bare.
            '\r' => escaped.push_str("\\r"),
            c => escaped.push(c),
        }
    }
    escaped
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn error(&self, problem: impl Into<String>) -> SyntaxError {
        let before = &self.text[..self.at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        SyntaxError {
            problem: problem.into(),
            line: before.matches('\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
        }
    }

    /// The comment in the first lines.
    fn header(&mut self) -> Option<String> {
        let mut lines = Vec::new();
        while self.rest().starts_with("//") {
            let line = self.rest().split('\n').next().unwrap_or_default();
            self.at = (self.at + line.len() + 1).min(self.text.len());
            lines.push(line.trim_end_matches('\r'));
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn skip_blank(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn expect(&mut self, token: &str) -> Result<(), SyntaxError> {
        self.skip_blank();
        if self.rest().starts_with(token) {
            self.at += token.len();
            return Ok(());
        }
        Err(self.error(match self.rest().chars().next() {
            Some(found) => format!("expected `{token}`, found `{found}`"),
            None => format!("expected `{token}`, found the end of the file"),
        }))
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// A template literal without substitutions, as the language reads it.
    fn template(&mut self) -> Result<String, SyntaxError> {
        self.skip_blank();
        let start = self.at;
        if !self.rest().starts_with('`') {
            return Err(self.error("expected a text in backticks"));
        }
        self.at += 1;
        let mut value = String::new();
        loop {
            let at = self.at;
            match self.next() {
                None => {
                    self.at = start;
                    return Err(self.error("the text that begins here has no end"));
                }
                Some('`') => return Ok(value),
                Some('$') if self.rest().starts_with('{') => {
                    self.at = at;
                    return Err(self.error("`${` would be code: write `\\${`"));
                }
                Some('\r') => {
                    if self.rest().starts_with('\n') {
                        self.at += 1;
                    }
                    value.push('\n');
                }
                Some('\\') => {
                    let escaped = self.escaped();
                    if escaped.is_err() {
                        self.at = at;
                    }
                    value.extend(escaped.map_err(|()| self.error("this is no escape of the language"))?);
                }
                Some(c) => value.push(c),
            }
        }
    }

    /// What follows a backslash; `None` for a line that goes on.
    fn escaped(&mut self) -> Result<Option<char>, ()> {
        let c = self.next().ok_or(())?;
        Ok(Some(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' if !self.rest().starts_with(|c: char| c.is_ascii_digit()) => '\0',
            '0'..='9' => return Err(()),
            'x' => self.hex(2)?,
            'u' => self.unicode()?,
            '\r' => {
                if self.rest().starts_with('\n') {
                    self.at += 1;
                }
                return Ok(None);
            }
            '\n' | '\u{2028}' | '\u{2029}' => return Ok(None),
            c => c,
        }))
    }

    fn number(&mut self, digits: usize) -> Result<u32, ()> {
        let text = self.rest().get(..digits).ok_or(())?;
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        self.at += digits;
        u32::from_str_radix(text, 16).map_err(drop)
    }

    fn hex(&mut self, digits: usize) -> Result<char, ()> {
        char::from_u32(self.number(digits)?).ok_or(())
    }

    fn unicode(&mut self) -> Result<char, ()> {
        if self.rest().starts_with('{') {
            self.at += 1;
            let length = self.rest().find('}').filter(|length| (1..=8).contains(length)).ok_or(())?;
            let c = self.hex(length)?;
            self.at += 1;
            return Ok(c);
        }
        let high = self.number(4)?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high).ok_or(());
        }
        // The other half of a pair.
        if !self.rest().starts_with("\\u") {
            return Err(());
        }
        self.at += 2;
        let low = self.number(4)?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(());
        }
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or(())
    }
}

/// Compares keys as Jest and Vitest sort them (the npm package `natural-compare`): numbers by their value, and letters after
/// digits after other signs.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let a: Vec<u16> = a.encode_utf16().collect();
    let b: Vec<u16> = b.encode_utf16().collect();
    let (mut i, mut k) = (0, 0);
    loop {
        let (x, y) = (weight(a.get(i)), weight(b.get(k)));
        i += 1;
        k += 1;
        // A number that begins with 0 is no number to them.
        let begins = |weight: u32| (67..=75).contains(&weight);
        let order = if begins(x) && begins(y) {
            let (m, n) = (number_from(&a, &mut i), number_from(&b, &mut k));
            m.partial_cmp(&n).unwrap_or(Ordering::Equal)
        } else {
            x.cmp(&y)
        };
        if order != Ordering::Equal || i > a.len() && k > b.len() {
            return order;
        }
    }
}

/// The value of the digits from before `at`, and moves it behind them.
fn number_from(text: &[u16], at: &mut usize) -> f64 {
    let start = *at - 1;
    while (66..=75).contains(&weight(text.get(*at))) {
        *at += 1;
    }
    String::from_utf16_lossy(&text[start..*at]).parse().unwrap_or(f64::INFINITY)
}

/// Where a code unit stands among others; 0 at the end of a text.
fn weight(unit: Option<&u16>) -> u32 {
    let code = u32::from(unit.copied().unwrap_or(0));
    match code {
        45 => 65,
        46..=47 => code - 1,
        48..=57 => code + 18,
        58..=64 => code - 11,
        65..=90 => code + 11,
        91..=96 => code - 37,
        97..=122 => code + 5,
        123..=127 => code - 63,
        code => code,
    }
}
