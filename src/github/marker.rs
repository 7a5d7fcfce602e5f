//! The first line of our comments, which nobody sees, and by which they are found again.
//!
//! ```text
//! <!-- husako-ci {"version":1,"key":{"projects":["."],"label":null},"head":"4f1c…","run":123,"attempt":1} -->
//! ```
//!
//! It proves nothing: anyone can write it. It counts on comments of our own account only.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::context::RunId;

/// The longest body of a comment, in the units of [`length`], both lines and marker. GitHub says "Body is too long
/// (maximum is 65536 characters)" beyond.
pub const MAX_BODY: usize = 65_536;

const PREFIX: &str = "<!-- husako-ci ";
const SUFFIX: &str = " -->";
const VERSION: u32 = 1;

/// How long GitHub could take `text` to be: its UTF-16 code units, of which there are at least as many as characters.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Which comment it is, of those that husako-ci writes on one pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The folders of the projects that it is about, from the root of the repository; sorted, each once.
    projects: Vec<String>,
    /// What tells comments about the same projects apart.
    label: Option<String>,
}

impl Key {
    /// The key of the comment about these projects, in any order.
    pub fn new(projects: impl IntoIterator<Item = String>, label: Option<String>) -> Key {
        let mut projects: Vec<String> = projects.into_iter().collect();
        projects.sort_unstable();
        projects.dedup();
        Key { projects, label }
    }
}

/// What the marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Which comment it is.
    pub key: Key,
    /// The commit that it speaks of.
    pub head: String,
    /// The run that wrote it.
    pub run: RunId,
}

/// [`Header`] as it is written. Fields that a later version adds are passed over.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    key: Key,
    head: String,
    run: u64,
    attempt: u32,
}

impl Header {
    /// The whole body of a comment: the marker, and `content` below it.
    pub fn body(&self, content: &str) -> String {
        format!("{}\n{content}", self.line())
    }

    /// How long the content of a comment with this marker may be, where the whole may have `limit`; in the units of
    /// [`length`].
    pub fn room(&self, limit: usize) -> usize {
        limit.min(MAX_BODY).saturating_sub(length(&self.body("")))
    }

    fn line(&self) -> String {
        let Header { key, head, run } = self;
        let written = Written {
            version: VERSION,
            key: key.clone(),
            head: head.clone(),
            run: run.id,
            attempt: run.attempt,
        };
        // Strings and numbers: there is nothing in it that JSON cannot say.
        let json = serde_json::to_string(&written).unwrap_or_default();
        let mut line = String::from(PREFIX);
        for c in json.chars() {
            match c {
                // With neither of these, nothing in it ends an HTML comment, or is taken for its end by anyone. In this
                // JSON they stand in strings only: no number is negative.
                '-' | '<' | '>' | '&' => {
                    // Writing to a string cannot fail.
                    let _ = write!(line, "\\u{:04x}", u32::from(c));
                }
                _ => line.push(c),
            }
        }
        line + SUFFIX
    }

    /// The marker that `body` begins with, and the content below it. `None` if it begins with none of a version
    /// that we know.
    pub fn parse(body: &str) -> Option<(Header, &str)> {
        let (line, content) = body.split_once('\n').unwrap_or((body, ""));
        let json = line.trim_end().strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        let Written { version, key, head, run, attempt } = serde_json::from_str(json).ok()?;
        (version == VERSION).then_some((Header { key, head, run: RunId { id: run, attempt } }, content))
    }
}

/// Whether two contents show the same. GitHub may turn line ends into `\r\n`, and take white space off the end.
pub(super) fn same_content(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(projects: &[&str], label: Option<&str>) -> Header {
        let key = Key::new(projects.iter().map(|path| (*path).to_owned()), label.map(str::to_owned));
        Header { key, head: "4f1c".to_owned(), run: RunId { id: 123, attempt: 2 } }
    }

    #[test]
    fn the_marker_is_the_first_line() {
        let body = header(&["b", ".", "b"], Some("my-app")).body("# Text\n");
        assert_eq!(
            body,
            "<!-- husako-ci {\"version\":1,\"key\":{\"projects\":[\".\",\"b\"],\"label\":\"my\\u002dapp\"},\
             \"head\":\"4f1c\",\"run\":123,\"attempt\":2} -->\n# Text\n"
        );
        assert_eq!(Header::parse(&body), Some((header(&[".", "b"], Some("my-app")), "# Text\n")));
        assert_eq!(Header::parse(&body.replace('\n', "\r\n")).unwrap().1, "# Text\r\n");
    }

    #[test]
    fn only_a_whole_marker_at_the_very_start_counts() {
        let body = header(&["."], None).body("x");
        assert!(Header::parse(&body).is_some());
        for other in [
            format!(" {body}"),
            format!("\n{body}"),
            format!("> {body}"),
            format!("\u{feff}{body}"),
            body.replace(" -->", " -->x"),
            body.replace("\"version\":1", "\"version\":2"),
            body.replace("\"run\":123", "\"run\":-1"),
            body.replace("123", "null"),
            "<!-- husako-ci -->".to_owned(),
            String::new(),
        ] {
            assert_eq!(Header::parse(&other), None, "{other}");
        }
        let later = body.replace("\"attempt\"", "\"more\":[],\"attempt\"");
        assert!(Header::parse(&later).is_some());
    }

    #[test]
    fn the_room_is_what_is_left() {
        let header = header(&["é😀"], None);
        let content = "😀".repeat(header.room(MAX_BODY) / 2);
        assert!(header.room(MAX_BODY) - length(&content) <= 1);
        assert!(length(&header.body(&content)) <= MAX_BODY);
        assert_eq!(length("é😀"), 3);
    }

    #[test]
    fn line_ends_and_what_ends_the_body_do_not_matter() {
        assert!(same_content("a\nb\n\n", "a\r\nb"));
        assert!(!same_content("a\nb", "a\n\nb"));
        assert!(!same_content(" a", "a"));
    }

    proptest! {
        #[test]
        fn no_key_ends_the_comment(projects in prop::collection::vec(".*|(-->|--!>|<!--|-|\n|\u{2028}|\\\\|\")*", 0..4), label in prop::option::of(".*")) {
            let header = Header { key: Key::new(projects, label), ..header(&[], None) };
            let body = header.body("content");
            let line = body.lines().next().unwrap();
            let inner = line.strip_prefix("<!--").unwrap().strip_suffix("-->").unwrap();
            prop_assert!(!inner.contains('>') && !inner.contains("--"), "{}", line);
            prop_assert_eq!(Header::parse(&body), Some((header, "content")));
        }
    }
}
