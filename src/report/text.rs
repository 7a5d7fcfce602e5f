//! Failures and diagnostics as lines of text: coloured for a terminal, plain for a file.
//!
//! A [`Look`] decides which. Both come from the same functions, so that no report says more than another.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::compare;
use crate::diagnostic::{Diagnostic, Place, Severity, Snippet};
use crate::event::{Failure, FailureKind, Frame};

/// How text is to be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether to colour it.
    pub(crate) color: bool,
    /// Whether it is for a terminal or a log: then long parts are cut, and nothing in it can command either.
    pub(crate) terminal: bool,
}

/// A colour or weight, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tint {
    /// What failed.
    Bad,
    /// What failed, as a heading.
    BadTitle,
    /// What failed, the very characters.
    BadSpot,
    /// What passed, or what was expected.
    Good,
    /// What was expected, the very characters.
    GoodSpot,
    /// What deserves a look.
    Warn,
    /// What can be followed: places.
    Link,
    /// A heading.
    Title,
    /// What may be overlooked.
    Faint,
}

impl Tint {
    /// The parameters of the SGR escape sequence.
    fn code(self) -> &'static str {
        match self {
            Tint::Bad => "31",
            Tint::BadTitle => "1;31",
            Tint::BadSpot => "1;7;31",
            Tint::Good => "32",
            Tint::GoodSpot => "1;7;32",
            Tint::Warn => "33",
            Tint::Link => "36",
            Tint::Title => "1",
            Tint::Faint => "2",
        }
    }
}

/// The longest line on a terminal, in characters; longer ones are cut in the middle.
const MAX_LINE: usize = 1000;
/// The most lines of one message on a terminal.
const MAX_MESSAGE_LINES: usize = 60;
/// The most frames of one stack on a terminal.
const MAX_FRAMES: usize = 12;

impl Look {
    /// For a file: no colour, and nothing is cut.
    pub(crate) const FILE: Look = Look { color: false, terminal: false };

    /// For a terminal or a log.
    pub(crate) fn terminal(color: bool) -> Look {
        Look { color, terminal: true }
    }

    /// `text`, which is one line without escape sequences, in a colour.
    pub(crate) fn paint(self, tint: Tint, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tint.code())
        } else {
            text.to_owned()
        }
    }

    /// Text of the user's as one line: line breaks are shown as `␊`, escape sequences are left out.
    pub(crate) fn line(self, text: &str) -> String {
        let stripped = strip_ansi(text);
        if self.terminal { self.visible(&cut_line(&stripped)) } else { self.visible(&stripped) }
    }

    /// Text of the user's as one line of any length, with every control character made visible.
    pub(crate) fn visible(self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\t' => shown.push(c),
                _ if self.terminal && is_bidi_control(c) => push_code(&mut shown, c),
                _ => match control(c) {
                    Some(visible) => shown.push_str(&visible),
                    None => shown.push(c),
                },
            }
        }
        if self.terminal && shown.contains("##") {
            // The old form of a GitHub workflow command, and that of Azure Pipelines; found anywhere in a line.
            shown = shown.replace("##[", "##\\[").replace("##vso[", "##vso\\[");
        }
        shown
    }

    /// Text of the user's as lines; at most `max` of them on a terminal.
    pub(crate) fn lines(self, text: &str, max: usize) -> Vec<String> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        self.cut(lines, max, |line| self.line(line))
    }

    /// Renders `lines` one by one, without the middle ones where there are more than `max` on a terminal.
    pub(crate) fn cut<T>(
        self,
        lines: Vec<T>,
        max: usize,
        mut render: impl FnMut(T) -> String,
    ) -> Vec<String> {
        let total = lines.len();
        if !self.terminal || total <= max {
            return lines.into_iter().map(render).collect();
        }
        let (head, tail) = (max.div_ceil(2), max / 2);
        let note = format!("… {} more lines; a JUnit or JSON report has them all …", total - head - tail);
        let mut shown = Vec::with_capacity(max + 1);
        for (index, line) in lines.into_iter().enumerate() {
            if index == head {
                shown.push(self.paint(Tint::Faint, &note));
            }
            if index < head || index >= total - tail {
                shown.push(render(line));
            }
        }
        shown
    }
}

/// What happened, everything about it: message, comparison, place, stack, causes, help. No line ends in a break.
pub(crate) fn failure(failure: &Failure, look: Look) -> Vec<String> {
    let Failure { kind, type_name, message, comparison, place, json_path: _, snippet, frames, help, causes } =
        failure;
    // Short values stand in the message as well, for those who read nothing else; here they are compared below.
    let values =
        comparison.as_ref().map(|c| format!("\n\nExpected: {}\nReceived: {}", c.expected, c.received));
    let message = values.and_then(|values| message.strip_suffix(&values)).unwrap_or(message);
    let mut lines = look.lines(message, MAX_MESSAGE_LINES);
    let label = look.line(&label(*kind, type_name));
    if let Some(first) = lines.first_mut() {
        let repeats = first.strip_prefix(&label).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        *first = match (label.is_empty(), repeats) {
            (true, _) | (_, true) => look.paint(Tint::Title, first),
            (false, false) => {
                format!("{}: {}", look.paint(Tint::Bad, &label), look.paint(Tint::Title, first))
            }
        };
    }
    if let Some(comparison) = comparison {
        lines.push(String::new());
        lines.extend(compare::lines(comparison, look));
    }
    match (place, snippet) {
        (Some(place), Some(snippet)) => {
            lines.push(String::new());
            lines.push(look.paint(Tint::Link, &look.line(&place.to_string())));
            lines.extend(code_frame(snippet, look));
        }
        (None, Some(snippet)) => {
            lines.push(String::new());
            lines.extend(code_frame(snippet, look));
        }
        (Some(place), None) if frames.iter().all(|frame| frame.place != *place) => {
            lines.push(String::new());
            lines.push(look.paint(Tint::Link, &look.line(&format!("at {place}"))));
        }
        (Some(_) | None, None) => {}
    }
    if !frames.is_empty() {
        lines.push(String::new());
        let shown = if look.terminal { frames.len().min(MAX_FRAMES) } else { frames.len() };
        lines.extend(frames[..shown].iter().map(|frame| look.paint(Tint::Faint, &frame_line(frame, look))));
        if shown < frames.len() {
            lines.push(look.paint(Tint::Faint, &format!("… {} more frames", frames.len() - shown)));
        }
    }
    if !causes.is_empty() {
        lines.push(String::new());
        for cause in causes {
            labelled("caused by: ", Tint::Bad, cause, look, &mut lines);
        }
    }
    if let Some(help) = help {
        lines.push(String::new());
        labelled("help: ", Tint::Link, help, look, &mut lines);
    }
    lines
}

/// A diagnostic with its place, code and help.
pub(crate) fn diagnostic(diagnostic: &Diagnostic, look: Look) -> Vec<String> {
    let Diagnostic { severity, message, place, snippet, help } = diagnostic;
    let (word, tint) = match severity {
        Severity::Warning => ("warning", Tint::Warn),
        Severity::Error => ("error", Tint::BadTitle),
    };
    let at = place.as_ref().map_or(String::new(), |place| {
        format!("{} ", look.paint(Tint::Link, &look.line(&format!("{place}:"))))
    });
    let mut lines = Vec::new();
    for (index, line) in look.lines(message, MAX_MESSAGE_LINES).iter().enumerate() {
        lines.push(match index {
            0 => format!("{}: {at}{line}", look.paint(tint, word)),
            _ => format!("  │ {line}").trim_end().to_owned(),
        });
    }
    if let Some(snippet) = snippet {
        lines
            .extend(code_frame(snippet, look).iter().map(|line| format!("  │ {line}").trim_end().to_owned()));
    }
    if let Some(help) = help {
        let mut help_lines = Vec::new();
        labelled("help: ", Tint::Link, help, look, &mut help_lines);
        lines.extend(help_lines.iter().enumerate().map(|(index, line)| match index {
            0 => format!("  {line}"),
            _ => format!("  │ {line}"),
        }));
    }
    lines
}

/// What to call a failure of this kind; nothing for an ordinary assertion.
fn label(kind: FailureKind, type_name: &str) -> String {
    match kind {
        FailureKind::Assertion if type_name == kind.name() => String::new(),
        FailureKind::Assertion | FailureKind::Validation | FailureKind::Types | FailureKind::Thrown => {
            type_name.to_owned()
        }
        FailureKind::UnhandledRejection
        | FailureKind::Timeout
        | FailureKind::NeverSettles
        | FailureKind::OutOfMemory
        | FailureKind::StackOverflow
        | FailureKind::Compile
        | FailureKind::Load
        | FailureKind::NoTests
        | FailureKind::BuildContract
        | FailureKind::Nondeterminism
        | FailureKind::WrongCache
        | FailureKind::Interrupted
        | FailureKind::Internal => {
            if type_name == kind.name() || type_name.is_empty() {
                kind.name().to_owned()
            } else {
                format!("{} ({type_name})", kind.name())
            }
        }
    }
}

fn labelled(label: &str, tint: Tint, text: &str, look: Look, lines: &mut Vec<String>) {
    for (index, line) in look.lines(text, MAX_MESSAGE_LINES).into_iter().enumerate() {
        lines.push(match index {
            0 => format!("{}{line}", look.paint(tint, label)),
            _ => format!("{}{line}", " ".repeat(label.len())).trim_end().to_owned(),
        });
    }
}

/// `at name (path:line:col)`.
pub(crate) fn frame_line(frame: &Frame, look: Look) -> String {
    let Frame { function, place } = frame;
    look.line(&format!("at {} ({place})", function.as_deref().unwrap_or("<anonymous>")))
}

/// The lines of a snippet with their numbers, `>` before the marked one and carets below it.
pub(crate) fn code_frame(snippet: &Snippet, look: Look) -> Vec<String> {
    let Snippet { first_line, lines, line: marked, column, width } = snippet;
    let mut numbered: Vec<(u32, &String)> = (*first_line..).zip(lines).collect();
    // Empty lines at either end show nothing.
    let shows = |(number, text): &(u32, &String)| number == marked || !text.trim().is_empty();
    numbered.truncate(numbered.iter().rposition(shows).map_or(0, |last| last + 1));
    numbered.drain(..numbered.iter().position(shows).unwrap_or(0));
    let digits = numbered.last().map_or(1, |(number, _)| number.to_string().len());
    let mut shown = Vec::with_capacity(numbered.len() + 1);
    for (number, text) in numbered {
        let text = look.visible(text);
        let code = expand_tabs(&text);
        let gutter = format!("{number:>digits$} │");
        if number != *marked {
            shown.push(look.paint(Tint::Faint, format!("  {gutter} {code}").trim_end()));
            continue;
        }
        shown.push(
            format!("{} {code}", look.paint(Tint::BadTitle, &format!("> {gutter}"))).trim_end().to_owned(),
        );
        let skipped = (*column as usize).saturating_sub(1);
        // A place behind the end of its line is marked there.
        let indent = columns(&text, skipped) + skipped.saturating_sub(text.chars().count());
        let carets = columns(&text, skipped + *width as usize).saturating_sub(columns(&text, skipped)).max(1);
        shown.push(format!(
            "  {} {}{}",
            look.paint(Tint::Faint, &format!("{:>digits$} │", "")),
            " ".repeat(indent),
            look.paint(Tint::BadTitle, &"^".repeat(carets)),
        ));
    }
    shown
}

/// How many columns the first `count` characters of a line take.
fn columns(line: &str, count: usize) -> usize {
    let first: String = line.chars().take(count).collect();
    expand_tabs(&first).width()
}

/// Tabs as spaces, four columns wide.
fn expand_tabs(line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut column = 0;
    let mut expanded = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        if c == '\t' {
            let width = 4 - column % 4;
            expanded.extend(std::iter::repeat_n(' ', width));
            column += width;
        } else {
            expanded.push(c);
            column += c.width().unwrap_or(0);
        }
    }
    Cow::Owned(expanded)
}

/// The place of a case as a heading shows it: in its own file, or in another.
pub(crate) fn heading_place(path: &str, place: Option<&Place>) -> String {
    match place {
        Some(place) if place.path.as_str() == path => place.to_string(),
        Some(place) => format!("{path} ({place})"),
        None => path.to_owned(),
    }
}

/// How a control character is shown: a picture (`␛`), or its code where there is none (`\u{85}`).
///
/// `None` for a character that shows itself. U+FFFE and U+FFFF count as controls: XML cannot hold them.
pub(crate) fn control(c: char) -> Option<String> {
    let picture = match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
            let mut code = String::new();
            push_code(&mut code, c);
            return Some(code);
        }
        _ => None,
    };
    picture.map(String::from)
}

fn push_code(text: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
}

/// Whether `c` reorders the text around it.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The longest title of a window or address of a link that counts as one escape sequence, in bytes.
const MAX_STRING_SEQUENCE: usize = 4096;

/// `text` without the escape sequences that colour it, move the cursor or make links of it.
///
/// An escape character that begins no whole sequence is shown (`␛`), so that no text after it is lost and what is left
/// cannot become a sequence.
pub(crate) fn strip_ansi(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut rest = text;
    let mut stripped = String::with_capacity(text.len());
    while let Some(at) = rest.find('\u{1b}') {
        let (before, sequence) = rest.split_at(at);
        stripped.push_str(before);
        let length = sequence_length(sequence.as_bytes());
        if length == 0 {
            stripped.push('␛');
        }
        rest = &sequence[length.max(1)..];
    }
    stripped.push_str(rest);
    Cow::Owned(stripped)
}

/// How many bytes the escape sequence at the start of `bytes` has (ECMA-48); 0 when it is not whole.
fn sequence_length(bytes: &[u8]) -> usize {
    match bytes.get(1) {
        // CSI: parameters, intermediates, one final byte.
        Some(b'[') => {
            let parameters = bytes[2..].iter().take_while(|byte| matches!(byte, 0x30..=0x3f)).count();
            let middle =
                bytes[2 + parameters..].iter().take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
            let end = 2 + parameters + middle;
            if matches!(bytes.get(end), Some(0x40..=0x7e)) { end + 1 } else { 0 }
        }
        // OSC: a string that ends with BEL or ST. Never over a line break.
        Some(b']') => {
            for (index, byte) in bytes.iter().enumerate().take(MAX_STRING_SEQUENCE).skip(2) {
                match byte {
                    0x07 => return index + 1,
                    0x1b if bytes.get(index + 1) == Some(&b'\\') => return index + 2,
                    0x1b | b'\n' => return 0,
                    _ => {}
                }
            }
            0
        }
        // The choice of a character set.
        Some(b'(' | b')' | b'*' | b'+') if matches!(bytes.get(2), Some(0x30..=0x7e)) => 3,
        Some(_) | None => 0,
    }
}

/// A long line without its middle.
pub(crate) fn cut_line(line: &str) -> Cow<'_, str> {
    if line.len() <= MAX_LINE {
        return Cow::Borrowed(line);
    }
    let total = line.chars().count();
    if total <= MAX_LINE {
        return Cow::Borrowed(line);
    }
    let (head, tail) = (MAX_LINE * 2 / 3, MAX_LINE / 3);
    let mut cut: String = line.chars().take(head).collect();
    let _ = write!(cut, " … {} more characters … ", total - head - tail);
    cut.extend(line.chars().skip(total - tail));
    Cow::Owned(cut)
}

/// `count` and its noun: `1 case`, `2 cases`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A duration for a person: `<1ms`, `12ms`, `1.23s`, `2m 03s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match duration.as_millis() {
        0 => "<1ms".to_owned(),
        millis @ 1..1000 => format!("{millis}ms"),
        // Cut, not rounded: 59.999 s is not 60.00 s.
        1000..60_000 => format!("{seconds}.{:02}s", duration.subsec_millis() / 10),
        _ => format!("{}m {:02}s", seconds / 60, seconds % 60),
    }
}

/// A time in UTC as ISO 8601 with milliseconds: `2026-01-31T12:00:00.000Z`. Times before 1970 are shown as 1970.
pub(crate) fn iso8601(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's `civil_from_days`, for days after 1970-01-01; the year begins in March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_sequences_go_and_broken_ones_are_shown() {
        assert_eq!(
            strip_ansi("\u{1b}[1;31mred\u{1b}[0m \u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{7}"),
            "red link"
        );
        assert_eq!(strip_ansi("a\u{1b}(Bb\u{1b}[2Kc"), "abc");
        for broken in
            ["\u{1b}", "\u{1b}[", "\u{1b}[31", "\u{1b}]0;title", "\u{1b}Px", "\u{1b}[31é", "\u{1b}]a\nb\u{7}"]
        {
            assert_eq!(strip_ansi(broken), broken.replace('\u{1b}', "␛"));
        }
        // What is left over may not become a sequence of its own.
        assert_eq!(Look::terminal(true).line("\u{1b}\u{1b}[0m[31mx"), "␛[31mx");
    }

    #[test]
    fn a_terminal_gets_no_commands() {
        let look = Look::terminal(false);
        assert_eq!(look.line("a\u{9b}31m\r\u{8}\u{202e}b\n::error::"), "a\\u{9b}31m␍␈\\u{202e}b␊::error::");
        assert_eq!(look.line("##[error]x ##vso[task] #\u{1b}[0m#[x"), "##\\[error]x ##vso\\[task] ##\\[x");
        assert_eq!(Look::FILE.line("##[error]"), "##[error]");
    }

    #[test]
    fn long_text_is_cut_on_a_terminal_only() {
        let text = (1..=100).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let lines = Look::terminal(false).lines(&text, 4);
        assert_eq!(lines, ["1", "2", "… 96 more lines; a JUnit or JSON report has them all …", "99", "100"]);
        assert_eq!(Look::FILE.lines(&text, 4).len(), 100);
        let line = Look::terminal(false).line(&"é".repeat(5000));
        assert!(line.contains(" … 4001 more characters … "), "{line}");
        assert_eq!(Look::FILE.line(&"é".repeat(5000)).chars().count(), 5000);
    }

    #[test]
    fn carets_stand_below_what_they_mark() {
        let snippet = |source: &str, line, column, width| {
            code_frame(&Snippet::new(source, line, column, width).expect("the line exists"), Look::FILE)
                .join("\n")
        };
        assert_eq!(
            snippet("a\nb\n\tlet x = 1;\nd\ne\nf", 3, 6, 1),
            "  1 │ a\n  2 │ b\n> 3 │     let x = 1;\n    │         ^\n  4 │ d\n  5 │ e"
        );
        assert_eq!(
            snippet("const 名前 = f(x);", 1, 12, 4),
            "> 1 │ const 名前 = f(x);\n    │              ^^^^"
        );
        // A place behind the end of its line.
        assert_eq!(snippet("ab", 1, 5, 3), "> 1 │ ab\n    │     ^");
    }

    #[test]
    fn times() {
        let shown = |seconds, millis: u32| {
            iso8601(SystemTime::UNIX_EPOCH + Duration::new(seconds, millis * 1_000_000))
        };
        assert_eq!(shown(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(951_782_399, 999), "2000-02-28T23:59:59.999Z");
        assert_eq!(shown(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(shown(1_767_225_599, 1), "2025-12-31T23:59:59.001Z");
        assert_eq!(shown(4_102_444_800, 0), "2100-01-01T00:00:00.000Z");
        for (millis, expected) in
            [(0, "<1ms"), (1, "1ms"), (999, "999ms"), (1000, "1.00s"), (59_999, "59.99s")]
        {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
        assert_eq!(duration(Duration::from_millis(123_456)), "2m 03s");
    }
}
