//! Text of the user's in Markdown, so that it stays text.
//!
//! What GitHub makes of a comment: Markdown as GitHub writes it, then HTML that is let through, then links of what looks
//! like a person, an issue, a commit or an address. The last step leaves `<code>` and `<pre>` alone. So text of the user's
//! stands only there: within a line as [`code`], where nothing in it is Markdown or HTML any more; and line by line in a
//! [`fence`] that is longer than any within it.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::super::changes::show;
use super::super::text;

/// What the lines of a fence are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Info {
    /// Text without colours.
    Text,
    /// A unified diff.
    Diff,
    /// YAML.
    Yaml,
}

impl Info {
    fn name(self) -> &'static str {
        match self {
            Info::Text => "text",
            Info::Diff => "diff",
            Info::Yaml => "yaml",
        }
    }
}

/// Text of the user's within a line, of Markdown or HTML, table cells included.
///
/// What could mean anything to a parser is a numeric entity; control characters, those that turn text around, and those
/// that nobody sees are shown by their code.
pub(crate) fn code(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    html.push_str("<code>");
    let mut before = ' ';
    for c in visible(text).chars() {
        match c {
            // A line break or a tab, shown as a blank would be no news; the second of two blanks would not be shown.
            ' ' if before != ' ' => html.push(' '),
            ' ' => html.push_str("&#160;"),
            // Some parsers look for addresses of mail after entities are read, and do not know of `<code>`. An element
            // between the halves keeps them apart.
            '@' => html.push_str("<wbr>&#64;<wbr>"),
            // `www.` alone begins a link.
            '.' if matches!(before, 'w' | 'W') => html.push_str("&#46;"),
            '-' | '.' | ',' | '/' | '=' | '(' | ')' | '+' | '%' => html.push(c),
            _ if c.is_alphanumeric() => html.push(c),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(html, "&#{};", u32::from(c));
            }
        }
        before = c;
    }
    html.push_str("</code>");
    html
}

/// At most `max` characters of a text of the user's, within a line.
pub(crate) fn code_cut(text: &str, max: usize) -> String {
    code(&show::cut(text, max))
}

/// Lines of the user's as a block, with a line break at its end. Of a very long line the middle is left out.
pub(crate) fn fence<S: AsRef<str>>(info: Info, lines: &[S]) -> String {
    let shown: Vec<String> =
        lines.iter().map(|line| visible(&text::cut_line(line.as_ref())).into_owned()).collect();
    let longest = shown.iter().map(|line| longest_run(line, '`')).max().unwrap_or(0);
    let marks = "`".repeat((longest + 1).max(3));
    let mut block = format!("{marks}{}\n", info.name());
    for line in shown {
        block.push_str(&line);
        block.push('\n');
    }
    block + &marks + "\n"
}

/// A link of ours to an address that we were given. `None` when the address is not a plain one of a web page.
pub(crate) fn link(label: &'static str, address: &str) -> Option<String> {
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/' | ':' | '?' | '#' | '=' | '%' | '&')
    };
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    (!rest.is_empty() && address.len() <= 500 && rest.chars().all(is_plain))
        .then(|| format!("[{label}](<{}>)", address.replace('&', "&amp;")))
}

/// The text in one line, with every character shown that would not be, or would show others elsewhere.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| text::control(c).is_some() || is_unseen(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match text::control(c) {
            Some(_) if c == '\t' => shown.push_str("    "),
            Some(picture) => shown.push_str(&picture),
            None if is_unseen(c) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            None => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Whether `c` has no shape of its own: it joins, breaks, turns around or tags what stands beside it.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn longest_run(line: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in line.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_line_nothing_means_anything() {
        assert_eq!(code("shop/web (prod)"), "<code>shop/web (prod)</code>");
        assert_eq!(code("a[b]: `c`|<d>"), "<code>a&#91;b&#93;&#58; &#96;c&#96;&#124;&#60;d&#62;</code>");
        assert_eq!(
            code("@me #1 www.x a@b.c"),
            "<code><wbr>&#64;<wbr>me &#35;1 www&#46;x a<wbr>&#64;<wbr>b.c</code>"
        );
        assert_eq!(code("a\r\n\u{202e}b\u{200b}\0"), code("a␍␊\\u{202e}b\\u{200b}␀"));
        assert_eq!(code("a  b"), "<code>a &#160;b</code>");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fence(Info::Diff, &["+a", " ````"]), "`````diff\n+a\n ````\n`````\n");
        assert_eq!(fence(Info::Text, &["a\nb\r"]), "```text\na␊b␍\n```\n");
    }

    #[test]
    fn only_plain_addresses_become_links() {
        assert_eq!(
            link("run", "https://github.com/a/b/actions/runs/1?x=1&y=2").as_deref(),
            Some("[run](<https://github.com/a/b/actions/runs/1?x=1&amp;y=2>)")
        );
        for address in
            ["javascript:alert(1)", "https://", "https://a>b", "https://a b", "https://u@evil", "https://a\n"]
        {
            assert_eq!(link("run", address), None, "{address}");
        }
    }
}
