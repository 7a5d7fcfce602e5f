//! Values, as messages show them.

use serde_json::Value;

/// A string in quotes; of a long one, the beginning.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
        None => format!("{text:?}"),
    }
}

/// A value with the kind that it is of: `the string "3"`.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("the string {}", quoted(text)),
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A value in the fewest words.
pub(super) fn brief(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => shown(value),
        other => other.to_string(),
    }
}

/// `"A", "B" or "C"`.
pub(super) fn alternatives(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().filter(|word| !word.is_empty()).map(|word| quoted(word)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    listed(&words, "or")
}

/// `A, B and C`.
pub(super) fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [words @ .., word] => format!("{} {last} {word}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_briefly() {
        assert_eq!(shown(&json!("3")), "the string \"3\"");
        assert_eq!(shown(&json!(1.5)), "the number 1.5");
        assert_eq!(shown(&json!([1])), "an array");
        assert_eq!(quoted(&"ä".repeat(61)), format!("\"{}…\"", "ä".repeat(60)));
        assert_eq!(alternatives(&["", "A", "B", "C"]), "\"A\", \"B\" or \"C\"");
    }
}
