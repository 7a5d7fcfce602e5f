//! How reasons show what documents hold: on one line, and within bounds.

/// How many characters of one string are shown.
const MOST_CHARACTERS: usize = 200;
/// How many of several things are shown.
const MOST_THINGS: usize = 5;

/// A string of a document, between backticks: see [`line`].
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", line(&text.replace('`', "'")))
}

/// A text of a document: cut where it is long, and without line breaks and what else controls a terminal.
pub(super) fn line(text: &str) -> String {
    let mut shown = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == MOST_CHARACTERS {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Several strings of a document: `` `a`, `b` and `c` ``; at most five of them.
pub(super) fn quoted_all<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<T> = texts.into_iter().collect();
    let mut shown: Vec<String> = texts.iter().take(MOST_THINGS).map(|text| quoted(text.as_ref())).collect();
    if texts.len() > MOST_THINGS {
        shown.push(format!("{} more", texts.len() - MOST_THINGS));
    }
    listed(&shown)
}

/// `a, b and c`.
pub(super) fn listed<T: AsRef<str>>(parts: &[T]) -> String {
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    match parts.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_shown_on_one_line_and_within_bounds() {
        assert_eq!(quoted("a\nb`c\u{1b}[1m"), "`a\\nb'c\\u{1b}[1m`");
        assert_eq!(quoted(&"é".repeat(1_000_000)).chars().count(), 203);
        assert_eq!(quoted_all(["a"]), "`a`");
        assert_eq!(quoted_all(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(quoted_all(["a"; 7]), "`a`, `a`, `a`, `a`, `a` and 2 more");
    }
}
