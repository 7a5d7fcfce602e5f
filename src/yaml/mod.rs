//! Resources as YAML.
//!
//! The style is that of husako 0.1, which writes with `serde_yaml_ng`, byte for byte: who changes from one program to
//! the other sees no difference in rendered files. Some texts, though, `serde_yaml_ng` writes so that other parsers
//! read another value (`on`, `1_000`, `12:30`). Those are quoted here, in its style.
//!
//! `scalar` decides how a text is written, and `resolve` knows what parsers take for something else. This file is
//! about lines and columns only, which are libyaml's. `parsers` asks the parsers themselves.

#[cfg(test)]
mod parsers;
mod resolve;
mod scalar;
#[cfg(test)]
mod tests;

use serde_json::{Map, Number, Value};

use scalar::{Scalar, Style};

/// How far a level is indented.
const INDENT: usize = 2;

/// The same, for the head of a literal block.
const INDENTATION_INDICATOR: &str = "2";

/// The longest key, in bytes, that stands before its colon. A longer one gets a `?` and lines of its own, as libyaml
/// has it; parsers demand that beyond 1024 characters.
const LONGEST_SIMPLE_KEY: usize = 128;

/// Writes each value as a YAML document, with a line `---` between two of them.
///
/// The keys of every object come out in the order of their bytes, and every document ends with a line break. Without
/// documents the text is empty.
///
/// Values are walked recursively, so they may nest only as deep as the stack allows. The engine bounds those that it
/// hands out.
pub fn write(documents: &[Value]) -> String {
    let mut writer = Writer { out: String::new() };
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            writer.out.push_str("---\n");
        }
        writer.node(document, Place::Root, 0);
    }
    writer.out
}

/// What a node is written behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing: it is the whole document.
    Root,
    /// The colon of a key that stands on the same line.
    Key,
    /// A `-`, a `?`, or the colon that answers a `?`.
    Marker,
}

struct Writer {
    out: String,
}

impl Writer {
    /// Writes a value with the end of its last line. The lines that it needs below are indented to `column`.
    fn node(&mut self, value: &Value, place: Place, column: usize) {
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                self.start_block(place, column);
                self.entries(entries, column);
            }
            Value::Array(items) if !items.is_empty() => {
                // The dashes stand right below the key.
                let column = if place == Place::Key { column - INDENT } else { column };
                self.start_block(place, column);
                self.items(items, column);
            }
            Value::Object(_) => self.word(place, "{}"),
            Value::Array(_) => self.word(place, "[]"),
            Value::Null => self.word(place, "null"),
            Value::Bool(true) => self.word(place, "true"),
            Value::Bool(false) => self.word(place, "false"),
            Value::Number(number) => self.word(place, &number_text(number)),
            Value::String(text) => self.scalar(place, Scalar::of(text), column),
        }
    }

    /// Moves to where the first entry or item of a block stands.
    fn start_block(&mut self, place: Place, column: usize) {
        match place {
            Place::Root => {}
            Place::Key => {
                self.out.push('\n');
                self.indent(column);
            }
            Place::Marker => self.out.push(' '),
        }
    }

    fn entries(&mut self, entries: &Map<String, Value>, column: usize) {
        let mut sorted: Vec<(&String, &Value)> = entries.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        let mut below_dashes = false;
        for (index, (key, value)) in sorted.into_iter().enumerate() {
            if index > 0 {
                self.indent(column);
            }
            let mut key = Scalar::of(key);
            if below_dashes && key.style == Style::Plain && key.text.starts_with('-') {
                // npm `yaml` 1 takes such a key for one item more.
                key.style = Style::SingleQuoted;
            }
            below_dashes = matches!(value, Value::Array(items) if !items.is_empty());
            if key.text.len() <= LONGEST_SIMPLE_KEY && !key.has_breaks {
                self.scalar_on_line(key);
                self.out.push(':');
                self.node(value, Place::Key, column + INDENT);
            } else {
                self.out.push('?');
                self.scalar(Place::Marker, key, column + INDENT);
                self.indent(column);
                self.out.push(':');
                self.node(value, Place::Marker, column + INDENT);
            }
        }
    }

    fn items(&mut self, items: &[Value], column: usize) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.indent(column);
            }
            self.out.push('-');
            self.node(item, Place::Marker, column + INDENT);
        }
    }

    /// Writes what is neither quoted nor has lines of its own, and ends the line.
    fn word(&mut self, place: Place, word: &str) {
        self.space(place);
        self.out.push_str(word);
        self.out.push('\n');
    }

    /// Writes a text in its style, and ends the line.
    fn scalar(&mut self, place: Place, scalar: Scalar<'_>, column: usize) {
        self.space(place);
        // Parsers do not agree from where an indicator counts at the root, so a text that needs one is quoted there.
        let is_misread = place == Place::Root && needs_indentation_indicator(scalar.text);
        if scalar.style == Style::Literal && !is_misread {
            // A block is indented even at the root.
            self.literal(scalar.text, column.max(INDENT));
        } else {
            self.scalar_on_line(scalar);
            self.out.push('\n');
        }
    }

    fn scalar_on_line(&mut self, scalar: Scalar<'_>) {
        match scalar.style {
            Style::Plain => self.out.push_str(scalar.text),
            Style::SingleQuoted => self.single_quoted(scalar.text),
            // Where a literal block cannot stand, its text is quoted; single quotes would fold its lines.
            Style::DoubleQuoted | Style::Literal => self.double_quoted(scalar.text),
        }
    }

    fn single_quoted(&mut self, text: &str) {
        self.out.push('\'');
        for (index, part) in text.split('\'').enumerate() {
            if index > 0 {
                self.out.push_str("''");
            }
            self.out.push_str(part);
        }
        self.out.push('\'');
    }

    fn double_quoted(&mut self, text: &str) {
        self.out.push('"');
        let mut written = 0;
        for (at, char) in text.char_indices() {
            if matches!(char, '"' | '\\' | '\n') || scalar::needs_escape(char) {
                self.out.push_str(&text[written..at]);
                scalar::push_escape(&mut self.out, char);
                written = at + char.len_utf8();
            }
        }
        self.out.push_str(&text[written..]);
        self.out.push('"');
    }

    fn literal(&mut self, text: &str, column: usize) {
        self.out.push('|');
        if needs_indentation_indicator(text) {
            self.out.push_str(INDENTATION_INDICATOR);
        }
        if !text.ends_with('\n') {
            self.out.push('-');
        } else if text == "\n" || text.ends_with("\n\n") {
            self.out.push('+');
        }
        self.out.push('\n');
        for line in text.split_terminator('\n') {
            if !line.is_empty() {
                self.indent(column);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn space(&mut self, place: Place) {
        if place != Place::Root {
            self.out.push(' ');
        }
    }

    fn indent(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

/// Whether the first line of a literal block does not show how far the block is indented.
fn needs_indentation_indicator(text: &str) -> bool {
    text.starts_with([' ', '\n'])
}

/// A number as JSON has it, but its exponent without `+`: `1e21`.
///
/// `serde_json` prints JavaScript's `1e21` as `1e+21`. husako prints `1e21`; otherwise they agree.
fn number_text(number: &Number) -> String {
    number.to_string().replacen("e+", "e", 1)
}
