//! How a text is written: plain, quoted, or as a literal block.

use super::resolve;

/// The ways to write a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// `'it''s'`: nothing but the quote itself is escaped.
    SingleQuoted,
    /// `"\t"`: with escapes.
    DoubleQuoted,
    /// `|` and the lines below it, as they are.
    Literal,
}

/// A text, and what writing it takes.
#[derive(Debug, Clone, Copy)]
pub struct Scalar<'a> {
    /// The text itself, unescaped.
    pub text: &'a str,
    /// How it is written.
    pub style: Style,
    /// Whether it has more than one line, by what YAML 1.1 calls a line break.
    pub has_breaks: bool,
}

impl<'a> Scalar<'a> {
    /// Chooses the style of a text. This is the one place where that is decided.
    ///
    /// The rules are those of `serde_yaml_ng` (`serialize_str`) and libyaml (`yaml_emitter_analyze_scalar` and
    /// `yaml_emitter_select_scalar_style`), with two more cases: what [`resolve`] knows beyond them is quoted, and
    /// U+2028 and U+2029 are escaped.
    pub fn of(text: &'a str) -> Scalar<'a> {
        let shape = Shape::of(text);
        let style = if shape.needs_escapes || shape.has_breaks && shape.space_ends_line {
            Style::DoubleQuoted
        } else if shape.has_breaks {
            Style::Literal
        } else if shape.has_syntax || shape.space_ends_line || resolve::is_not_text(text) {
            Style::SingleQuoted
        } else {
            Style::Plain
        };
        Scalar { text, style, has_breaks: shape.has_breaks }
    }
}

/// What one pass over a text finds out.
#[derive(Default)]
struct Shape {
    /// It has characters that some parser does not take as they are.
    needs_escapes: bool,
    has_breaks: bool,
    /// The last line, or another, ends with a space. Who edits the file may lose it.
    space_ends_line: bool,
    /// Written plain, something of it would be YAML.
    has_syntax: bool,
}

impl Shape {
    fn of(text: &str) -> Shape {
        let bytes = text.as_bytes();
        let mut shape = Shape { has_syntax: starts_as_syntax(bytes), ..Shape::default() };
        let mut before = '\0';
        for (at, char) in text.char_indices() {
            match char {
                '\n' => {
                    shape.has_breaks = true;
                    shape.space_ends_line |= before == ' ';
                }
                ':' => shape.has_syntax |= matches!(bytes.get(at + 1), None | Some(b' ')),
                '#' => shape.has_syntax |= before == ' ',
                ' '..='~' => {}
                _ if needs_escape(char) => {
                    shape.needs_escapes = true;
                    // YAML 1.1 breaks lines here too; 1.2 does so at `\r` only.
                    shape.has_breaks |= matches!(char, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
                }
                _ => {}
            }
            before = char;
        }
        shape.space_ends_line |= bytes.last() == Some(&b' ');
        shape
    }
}

/// Whether the first characters of a plain text would be YAML. No text at all would be `null`.
fn starts_as_syntax(text: &[u8]) -> bool {
    match text {
        [] | [b' ' | b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>', ..] => true,
        [b'\'' | b'"' | b'%' | b'@' | b'`', ..] | [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..] => true,
        [b'-' | b'?' | b':', rest @ ..] => matches!(rest, [] | [b' ', ..]),
        _ => false,
    }
}

/// Whether a character is written as an escape: what is not printable in YAML, tabs (libyaml), the byte order mark,
/// and the separators U+2028 and U+2029, which are line breaks in YAML 1.1 and none in 1.2.
pub fn needs_escape(char: char) -> bool {
    match char {
        '\n' | ' '..='~' => false,
        '\u{a0}'.. => matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'),
        _ => true,
    }
}

/// Appends a character as it is escaped between double quotes.
pub fn push_escape(out: &mut String, char: char) {
    let short = match char {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => {
            let code = u32::from(char);
            out.push_str(&if code <= 0xff { format!("\\x{code:02X}") } else { format!("\\u{code:04X}") });
            return;
        }
    };
    out.push_str(short);
}
