//! What the text and the Markdown of a diff have in common: how its parts are called and how long they may be.
//!
//! What is given back is text of the user's: whoever writes it makes it harmless for its place.

use std::fmt::Write as _;

use serde_json::Value;

use super::unified::unified;
use crate::change::{ChangeCounts, ChangeKind, Edit, EntryName, FieldChange, ResourceChange};

/// The most characters of a value within a line.
const MAX_VALUE: usize = 200;
/// How many equal characters are kept before the difference of two long values.
const KEPT: usize = 30;
/// The most lines of one diff or YAML.
pub(crate) const MAX_LINES: usize = 400;

/// The sign of what became of a resource.
pub(crate) fn sign(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "+",
        ChangeKind::Removed => "−",
        ChangeKind::Changed => "~",
        ChangeKind::Renamed | ChangeKind::Moved => "→",
    }
}

/// What became of a resource, as a word.
pub(crate) fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
        ChangeKind::Renamed => "renamed",
        ChangeKind::Moved => "moved",
    }
}

/// All kinds, the ones that need most care first.
pub(crate) const KINDS: [ChangeKind; 5] =
    [ChangeKind::Removed, ChangeKind::Renamed, ChangeKind::Changed, ChangeKind::Added, ChangeKind::Moved];

/// How many resources became what: `1 removed, 5 changed`; `no change` when none.
pub(crate) fn counts(counts: &ChangeCounts) -> String {
    let told: Vec<String> = KINDS
        .into_iter()
        .map(|kind| (of(counts, kind), kind))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {}", word(kind)))
        .collect();
    if told.is_empty() { "no change".to_owned() } else { told.join(", ") }
}

/// How many resources became this.
pub(crate) fn of(counts: &ChangeCounts, kind: ChangeKind) -> usize {
    match kind {
        ChangeKind::Added => counts.added,
        ChangeKind::Removed => counts.removed,
        ChangeKind::Changed => counts.changed,
        ChangeKind::Renamed => counts.renamed,
        ChangeKind::Moved => counts.moved,
    }
}

/// An entry: `env/prod.ts (prod)`.
pub(crate) fn entry(entry: &EntryName) -> String {
    let EntryName { path, aliases } = entry;
    if aliases.is_empty() { path.clone() } else { format!("{path} ({})", aliases.join(", ")) }
}

/// `1 entry`, `2 entries`.
pub(crate) fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// A resource, and what it was: `Deployment shop/web`, `Deployment shop/old → Deployment shop/web`.
pub(crate) fn title(resource: &ResourceChange) -> String {
    let ResourceChange { identity, before, entry_before, .. } = resource;
    let mut title = match before {
        Some(before) if before.to_string() == identity.to_string() => {
            format!("{identity} ({} → {})", before.api_version, identity.api_version)
        }
        Some(before) => format!("{before} → {identity}"),
        None => identity.to_string(),
    };
    if let Some(before) = entry_before {
        let _ = write!(title, " (from {})", entry(before));
    }
    title
}

/// The changes of a resource that no group shows.
pub(crate) fn own_fields(resource: &ResourceChange) -> impl Iterator<Item = &FieldChange> {
    resource.fields.iter().filter(|field| field.group.is_none())
}

/// How a field differs, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// One value, only on one side.
    One(String),
    /// Two short values.
    Two(String, String),
    /// Strings of several lines, as a unified diff of at most [`MAX_LINES`] lines, and how many lines are missing.
    Lines(Vec<String>, usize),
    /// The same items in another order.
    Reordered,
}

/// The sign of a field's change.
pub(crate) fn edit_sign(edit: &Edit) -> &'static str {
    match edit {
        Edit::Added(_) => "+",
        Edit::Removed(_) => "−",
        Edit::Changed { .. } | Edit::Reordered => "~",
    }
}

/// How a field differs; strings of several lines line by line.
pub(crate) fn edit(edit: &Edit) -> Shown {
    let long = |value: &Value| value.as_str().is_some_and(|text| text.trim_end_matches('\n').contains('\n'));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let diffed = match edit {
        Edit::Added(value) if long(value) => Some((String::new(), text(value).unwrap_or_default())),
        Edit::Removed(value) if long(value) => Some((text(value).unwrap_or_default(), String::new())),
        Edit::Changed { before, after } if long(before) || long(after) => text(before).zip(text(after)),
        Edit::Added(_) | Edit::Removed(_) | Edit::Changed { .. } | Edit::Reordered => None,
    };
    let lines = diffed.map(|(before, after)| unified(&before, &after));
    match lines {
        // Without a line that differs, the strings differ in the break at their end.
        Some(lines) if !lines.is_empty() => {
            let missing = lines.len().saturating_sub(MAX_LINES);
            Shown::Lines(lines.into_iter().take(MAX_LINES).collect(), missing)
        }
        Some(_) | None => inline(edit),
    }
}

/// How a field differs, within one line.
pub(crate) fn inline(edit: &Edit) -> Shown {
    match edit {
        Edit::Added(one) | Edit::Removed(one) => Shown::One(cut(&value(one), MAX_VALUE)),
        Edit::Changed { before, after } => {
            let (before, after) = pair(&value(before), &value(after));
            Shown::Two(before, after)
        }
        Edit::Reordered => Shown::Reordered,
    }
}

/// What follows the path of a field in a line: `: 2 → 3`.
pub(crate) fn line(edit: &Edit) -> String {
    match inline(edit) {
        Shown::One(value) => format!(": {value}"),
        Shown::Two(before, after) => format!(": {before} → {after}"),
        Shown::Lines(..) | Shown::Reordered => " in another order".to_owned(),
    }
}

/// A value as a person reads it: a string without its quotes where nothing else looks like it; else JSON.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => value.to_string(),
    }
}

/// Whether a string cannot be mistaken for another value without its quotes.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.contains(|c: char| c.is_control())
        && !text.contains("  ")
        && serde_json::from_str::<Value>(text).is_err()
}

/// At most `max` characters of a text, and how many are missing.
pub(crate) fn cut(text: &str, max: usize) -> String {
    // Most texts are short; bytes are never fewer than characters.
    if text.len() <= max {
        return text.to_owned();
    }
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => {
            let missing = text[at..].chars().count();
            format!("{}… {missing} more characters", &text[..at])
        }
    }
}

/// Two values, cut so that what differs is seen.
fn pair(before: &str, after: &str) -> (String, String) {
    let is_short = |text: &str| text.chars().nth(MAX_VALUE).is_none();
    if is_short(before) && is_short(after) {
        return (before.to_owned(), after.to_owned());
    }
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let skipped = same.saturating_sub(KEPT);
    let show = |text: &str| {
        let start = text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at);
        let rest = cut(&text[start..], MAX_VALUE);
        if skipped > 0 { format!("…{rest}") } else { rest }
    };
    (show(before), show(after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_cannot_be_mistaken_for_one_another() {
        let shown =
            [json!("web:1.2"), json!("3"), json!(3), json!(""), json!("a\nb"), json!(" a"), json!([1, "x"])]
                .map(|of| value(&of));
        assert_eq!(shown, ["web:1.2", "\"3\"", "3", "\"\"", "\"a\\nb\"", "\" a\"", "[1,\"x\"]"]);
    }

    #[test]
    fn long_values_show_where_they_differ() {
        let changed = |before: String, after: String| {
            edit(&Edit::Changed { before: Value::String(before), after: Value::String(after) })
        };
        let (same, end) = ("a".repeat(500), "z".repeat(300));
        let kept = "a".repeat(30);
        assert_eq!(
            changed(format!("{same}1"), format!("{same}2{end}")),
            Shown::Two(format!("…{kept}1"), format!("…{kept}2{}… 131 more characters", "z".repeat(169)))
        );
        assert_eq!(
            changed("a\nb\n".to_owned(), "a\nc\n".to_owned()),
            Shown::Lines(["@@ -1,2 +1,2 @@", " a", "-b", "+c"].map(str::to_owned).to_vec(), 0)
        );
        // Only the break at the end differs.
        assert_eq!(
            changed("a\nb\n".to_owned(), "a\nb".to_owned()),
            Shown::Two("\"a\\nb\\n\"".to_owned(), "\"a\\nb\"".to_owned())
        );
    }
}
