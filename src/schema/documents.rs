//! Documents of YAML and JSON files as the user wrote them: read within bounds, every mistake at its place.

use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{RenderOptions, SnippetMode, Spanned, UserMessageFormatter};

use crate::diagnostic::{Diagnostic, Place, Snippet};
use crate::tree::RelPath;

/// How deep values may nest. A schema takes two levels for each of a resource's; nothing real has thirty of those.
const MAX_DEPTH: usize = 128;
/// The stack that reading needs, in bytes: a fifth of it when the compiler optimizes.
pub const STACK_BYTES: usize = 8 << 20;
/// How many values a file may hold, those that aliases repeat included. The largest collections of CRDs have a tenth.
const MAX_NODES: usize = 2_000_000;
/// How many values aliases may repeat.
const MAX_REPEATED: usize = 200_000;

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    pub(super) value: Value,
    /// Where it begins.
    pub(super) place: Place,
}

/// Reads all documents of a file: JSON when it is called so, else YAML. Empty documents are left out.
///
/// Needs [`STACK_BYTES`] of stack for what nests as deep as it may.
///
/// # Errors
///
/// The syntax error, at its place; also when the file is beyond all bounds.
pub(super) fn read(path: &RelPath, text: &str) -> Result<Vec<Document>, Diagnostic> {
    let at = |line: u64, column: u64| {
        let (line, column) = (u32::try_from(line).unwrap_or(1), u32::try_from(column).unwrap_or(1));
        Place { path: path.clone(), line: line.max(1), column: column.max(1) }
    };
    if path.file_name().ends_with(".json") {
        return match serde_json::from_str(text) {
            Ok(value) => Ok(vec![Document { value, place: at(1, 1) }]),
            Err(error) => {
                Err(told(text, "JSON", json_message(&error), at(error.line() as u64, error.column() as u64)))
            }
        };
    }
    let documents = serde_saphyr::from_multiple_with_options::<Spanned<Value>>(text, options());
    match documents {
        Ok(documents) => {
            let document = |read: Spanned<Value>| Document {
                place: at(read.referenced.line(), read.referenced.column()),
                value: read.value,
            };
            Ok(documents.into_iter().map(document).filter(|document| !document.value.is_null()).collect())
        }
        Err(error) => {
            let place =
                error.location().map_or_else(|| at(1, 1), |location| at(location.line(), location.column()));
            Err(told(text, "YAML", yaml_message(&error), place))
        }
    }
}

/// Reads all documents of a text of YAML that is in no file. Empty documents are left out.
///
/// Needs [`STACK_BYTES`] of stack for what nests as deep as it may.
///
/// # Errors
///
/// The syntax error, at its line and column, with an empty path.
pub fn read_yaml(text: &str) -> Result<Vec<Value>, Diagnostic> {
    Ok(read(&RelPath::default(), text)?.into_iter().map(|document| document.value).collect())
}

fn told(text: &str, language: &str, message: String, place: Place) -> Diagnostic {
    let snippet = Snippet::new(text, place.line, place.column, 1);
    Diagnostic::error(format!("this is not {language} that can be read: {message}"))
        .at(place)
        .with_snippet(snippet)
}

/// What is wrong, without the place.
pub(super) fn json_message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.clone(), |(message, _)| message.to_owned())
}

fn yaml_message(error: &serde_saphyr::Error) -> String {
    let mut options = RenderOptions::new(&UserMessageFormatter);
    options.snippets = SnippetMode::Off;
    let message = error.render_with_options(options);
    let message = message.lines().next().unwrap_or_default();
    // Its kinds of errors come wrapped in places; the words do not.
    const TOO_MUCH: &str = "YAML document too large or too complex";
    if message.starts_with("recursion limit")
        || message.starts_with(&format!("{TOO_MUCH}: limits breached: Depth"))
    {
        return format!("it nests deeper than {MAX_DEPTH} levels");
    }
    if message.starts_with(TOO_MUCH) {
        return format!("it holds more than {MAX_NODES} values, or aliases repeat more than {MAX_REPEATED}");
    }
    message.split_once(" at line ").map_or(message, |(message, _)| message).to_owned()
}

/// What husako reads is read here: YAML 1.2, of a key that is written twice the last value.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_documents: MAX_NODES,
            max_recorded_anchor_events: 2 * MAX_REPEATED,
            // What aliases repeat counts; how often they do is nobody's business.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED },
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn yaml(text: &str) -> Result<Vec<Document>, Diagnostic> {
        let read = || read(&RelPath::new("crds/a.yaml").unwrap(), text);
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        std::thread::scope(|scope| thread.spawn_scoped(scope, read).unwrap().join().unwrap())
    }

    fn error(text: &str) -> String {
        yaml(text).unwrap_err().to_string()
    }

    #[test]
    fn documents_are_read_with_their_places() {
        let documents = yaml("# nothing\n---\na: 1\n---\n\n---\n- b\n...\n").unwrap();
        let told: Vec<(String, Value)> =
            documents.into_iter().map(|document| (document.place.to_string(), document.value)).collect();
        let expected =
            [("crds/a.yaml:3:1".to_owned(), json!({"a": 1})), ("crds/a.yaml:7:1".to_owned(), json!(["b"]))];
        assert_eq!(told, expected);
        assert!(yaml("").unwrap().is_empty());
    }

    #[test]
    fn words_are_no_booleans_and_the_last_of_two_keys_counts() {
        let text = "a: [yes, on, y, 017, 1_000, 1e3, ~]\na2: &x {p: 1}\nb: {<<: *x, q: 2}\nb2: 1\nb2: 2\n1: x\ntrue: y";
        assert_eq!(
            yaml(text).unwrap()[0].value,
            json!({
                "a": ["yes", "on", "y", "017", "1_000", 1000.0, null],
                "a2": {"p": 1}, "b": {"q": 2, "p": 1}, "b2": 2, "1": "x", "true": "y",
            })
        );
    }

    #[test]
    fn mistakes_are_told_at_their_places() {
        assert!(
            error("a:\n  b: [1, 2\nc: }\n")
                .starts_with("crds/a.yaml:3:2: this is not YAML that can be read: ")
        );
        assert!(error("a:\n\tb: 1\n").starts_with("crds/a.yaml:2:2: "));
        assert!(error("{{ if .Values.crds }}\n").starts_with("crds/a.yaml:1:"));
        assert!(!error("a: *b\n").contains(" at line "), "{}", error("a: *b\n"));
        let json = read(&RelPath::new("a.json").unwrap(), "{\n  \"a\": 1,\n}").unwrap_err();
        assert_eq!(json.to_string(), "a.json:3:1: this is not JSON that can be read: trailing comma");
    }

    #[test]
    fn what_is_beyond_all_bounds_is_told() {
        let bomb: String = ('b'..='p')
            .map(|name| {
                let before = char::from(name as u8 - 1);
                format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(","))
            })
            .collect();
        assert!(error(&format!("a: &a [x, x]\n{bomb}")).contains("aliases repeat more than 200000"));
        let nested: String = (0..5000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        for deep in ["[", "{a: ", "- ", "? "].map(|open| open.repeat(100_000)).iter().chain([&nested]) {
            assert!(error(deep).contains("nests deeper than 128 levels"), "{}", error(deep));
        }
        let many = "- a\n".repeat(MAX_NODES + 1);
        assert!(error(&many).contains("it holds more than 2000000 values"), "{}", error(&many));
        assert!(yaml("{---").is_err());
        assert!(yaml("\0\u{1}").is_err());
        let json = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&RelPath::new("a.json").unwrap(), &json).is_err());
    }

    proptest! {
        #[test]
        fn anything_is_read_or_told(text in "[-a-z0-9 :\n\\[\\]{},&*#!|>'\"%@`?.<~\t]{0,80}") {
            let _ = yaml(&text);
        }
    }
}
