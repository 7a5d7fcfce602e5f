//! Glob patterns over paths of the tree.

use glob::MatchOptions;

use super::RelPath;

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A glob pattern (`*`, `?`, `[a-z]`, `[!a]`, and `**` for any number of folders) over paths of the tree.
///
/// What matches a folder covers everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    /// The leading parts without wildcards; every path that matches `rest` lies here.
    folder: RelPath,
    /// What comes after `folder`. `None`: the pattern has no wildcards.
    rest: Option<glob::Pattern>,
    /// Written with a `/` at its end: only what lies below counts.
    below_only: bool,
    /// For a pattern without `/`: matched against file names, wherever they are.
    name: Option<glob::Pattern>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing is written.
    #[error("the pattern is empty")]
    Empty,
    /// It starts at the root of a disk.
    #[error("`{0}` is absolute")]
    Absolute(String),
    /// It climbs out of the repository.
    #[error("`{0}` leads out of the repository")]
    Outside(String),
    /// `..` after a wildcard has no one meaning.
    #[error("`{0}` has a `..` after a wildcard")]
    Climbs(String),
    /// The glob itself is wrong.
    #[error("`{text}` is not a pattern: {reason}")]
    Syntax {
        /// The pattern.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Pattern {
    /// A pattern that selects among what was found: with a `/` it is matched against the path, from the folder `base`;
    /// without one against file names in any folder, and against the folders in `base`.
    ///
    /// Errors: see [`PatternError`].
    pub fn filter(base: &RelPath, text: &str) -> Result<Pattern, PatternError> {
        let mut pattern = Pattern::path(base, text)?;
        if !text.contains('/') && text != "." && text != ".." {
            pattern.name = Some(compile(text, text)?);
        }
        Ok(pattern)
    }

    /// A pattern that is matched against the path, from the folder `base`, as a shell would.
    ///
    /// Errors: see [`PatternError`].
    pub fn path(base: &RelPath, text: &str) -> Result<Pattern, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if is_absolute(text) {
            return Err(PatternError::Absolute(text.to_owned()));
        }
        let mut folder = base.clone();
        let mut rest: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." if !rest.is_empty() => return Err(PatternError::Climbs(text.to_owned())),
                ".." if folder.is_root() => return Err(PatternError::Outside(text.to_owned())),
                ".." => folder = folder.parent(),
                part if rest.is_empty() && !Pattern::is_glob(part) => folder = folder.child(part),
                part => rest.push(part),
            }
        }
        let rest = if rest.is_empty() { None } else { Some(compile(&rest.join("/"), text)?) };
        Ok(Pattern { text: text.to_owned(), folder, rest, below_only: text.ends_with('/'), name: None })
    }

    /// Whether `text` has a character that means something in a pattern.
    pub fn is_glob(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The folder in or below which every match of the path lies (not those by file name alone).
    pub fn folder(&self) -> &RelPath {
        &self.folder
    }

    /// Whether it covers the file at `path`.
    pub fn matches(&self, path: &RelPath) -> bool {
        if self.name.as_ref().is_some_and(|name| name.matches_with(path.file_name(), OPTIONS)) {
            return true;
        }
        let Some(relative) = path.relative_to(&self.folder) else { return false };
        let Some(rest) = &self.rest else { return !relative.is_empty() || !self.below_only };
        (!self.below_only && rest.matches_with(relative, OPTIONS))
            || relative.match_indices('/').any(|(end, _)| rest.matches_with(&relative[..end], OPTIONS))
    }
}

/// `text` is what the user wrote, for messages.
fn compile(glob: &str, text: &str) -> Result<glob::Pattern, PatternError> {
    glob::Pattern::new(glob)
        .map_err(|error| PatternError::Syntax { text: text.to_owned(), reason: error.msg.to_owned() })
}

/// Whether a path is absolute on any system: what one machine rejects, all do.
pub fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    matches!(bytes, [b'/' | b'\\', ..])
        || matches!(bytes, [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(base: &str, text: &str, path: &str) -> bool {
        Pattern::filter(&RelPath::new(base).unwrap(), text).unwrap().matches(&RelPath::new(path).unwrap())
    }

    #[test]
    fn names_and_paths() {
        assert!(filter("", "*.test.ts", "a/b/x.test.ts"));
        assert!(filter("apps", "x.test.ts", "env/x.test.ts"));
        assert!(filter("apps", "*/x.ts", "apps/web/x.ts"));
        assert!(!filter("apps", "*/x.ts", "env/web/x.ts"));
        assert!(!filter("", "*/x.ts", "a/b/x.ts"));
        assert!(filter("", "**/x.ts", "x.ts") && filter("", "**/x.ts", "a/b/x.ts"));
        assert!(filter("", "a/**", "a/b/x.ts") && !filter("", "a/**", "b/x.ts"));
        assert!(filter("", "./x.ts", "x.ts") && !filter("", "./x.ts", "a/x.ts"));
        assert!(filter("apps/web", "../db/*.ts", "apps/db/x.ts"));
        assert!(filter("[x]", "a/*.ts", "[x]/a/b.ts"));
        assert!(!filter("", "A/*.ts", "a/b.ts"));
        assert!(
            filter("", "[ab].ts", "b.ts")
                && filter("", "[!ab].ts", "c.ts")
                && !filter("", "[!ab].ts", "a.ts")
        );
        assert!(filter("", "*", ".ci.ts"));
    }

    #[test]
    fn folders_cover_what_is_below() {
        for text in ["apps", "apps/", "./apps", "apps/*", "ap*", "./ap*/"] {
            assert!(filter("", text, "apps/web/x.ts"), "{text}");
        }
        assert!(!filter("", "apps", "env/apps/x.ts"));
        assert!(!filter("", "apps/", "apps") && filter("", "./apps", "apps"));
        assert!(!filter("", "./a*/", "apps"));
        assert!(!filter("", "app", "apps/x.ts"));
        assert!(filter("apps", ".", "apps/x.ts") && !filter("apps", ".", "env/x.ts"));
    }

    #[test]
    fn errors() {
        let path = |text| Pattern::path(&RelPath::default(), text).unwrap_err();
        assert_eq!(path(""), PatternError::Empty);
        assert!(matches!(path("/a/*"), PatternError::Absolute(_)));
        assert!(matches!(path("C:\\a"), PatternError::Absolute(_)));
        assert!(matches!(path("../*"), PatternError::Outside(_)));
        assert!(matches!(path("a/*/../b"), PatternError::Climbs(_)));
        assert!(matches!(path("a/[b"), PatternError::Syntax { .. }));
        assert!(matches!(path("a**/b"), PatternError::Syntax { .. }));
        assert_eq!(Pattern::path(&RelPath::default(), "a/b/*/c").unwrap().folder().as_str(), "a/b");
    }
}
