//! Files that were fetched together, and the digest that tells them from all others.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How a digest is written: the algorithm before the digits.
const ALGORITHM: &str = "sha256:";

/// What was fetched: SHA-256 of what `sha256sum` prints of all files, sorted by path, each path relative to the folder
/// that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    /// Reads `sha256:` and 64 digits. `None` for anything else.
    pub fn parse(text: &str) -> Option<Digest> {
        let digits = text.strip_prefix(ALGORITHM)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 64 && digits.bytes().all(is_hex)).then(|| Digest(digits.to_owned()))
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The first digits, as people tell each other.
    pub fn short(&self) -> String {
        format!("{ALGORITHM}{}", &self.0[..12])
    }

    fn of(bytes: &[u8]) -> Digest {
        Digest(sha256(bytes))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{ALGORITHM}{}", self.0)
    }
}

/// SHA-256, as 64 digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // To a string, nothing can fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Files by path, of which only those are held that somebody needs. All others still count for the digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// What `sha256sum` prints.
    listing: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// All of these files, of which those that are needed are held.
    pub fn new(files: BTreeMap<String, Vec<u8>>, is_needed: impl Fn(&str) -> bool) -> Bundle {
        let mut listing = String::new();
        for (path, content) in &files {
            line(&mut listing, path, content);
        }
        let files = files.into_iter().filter(|(path, _)| is_needed(path)).collect();
        Bundle { listing, files }
    }

    /// Its digest.
    pub fn digest(&self) -> Digest {
        Digest::of(self.listing.as_bytes())
    }

    /// Whether what is held is what was fetched: for a bundle that somebody else may have changed.
    pub fn is_sound(&self) -> bool {
        let known: std::collections::HashSet<&str> = self.listing.split_inclusive('\n').collect();
        self.files.iter().all(|(path, content)| {
            let mut text = String::new();
            line(&mut text, path, content);
            known.contains(text.as_str())
        })
    }

    /// The files that are held, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }
}

/// A line as `sha256sum` prints it.
fn line(listing: &mut String, path: &str, content: &[u8]) {
    let (escape, path) = if path.contains(['\\', '\n', '\r']) {
        ("\\", path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r"))
    } else {
        ("", path.to_owned())
    };
    let _ = writeln!(listing, "{escape}{}  {path}", sha256(content));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn the_digest_is_what_sha256sum_makes_of_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let all = files(&[("b/c.yaml", "x: 1\n"), ("a.yaml", ""), ("b/d e.txt", "é"), ("back\\slash", "")]);
        for (path, content) in &all {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let bundle = Bundle::new(all, |path| path.ends_with(".yaml"));
        let script = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum";
        let output =
            std::process::Command::new("sh").arg("-c").arg(script).current_dir(folder.path()).output();
        let said = String::from_utf8(output.unwrap().stdout).unwrap();
        if said.trim().is_empty() {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "skipped: there is no sha256sum with GNU find");
            return;
        }
        assert_eq!(bundle.digest().digits(), said.split(' ').next().unwrap());
        assert_eq!(Digest::parse(&bundle.digest().to_string()), Some(bundle.digest()));
        assert_eq!(bundle.files().map(|(path, _)| path).collect::<Vec<_>>(), ["a.yaml", "b/c.yaml"]);
        assert!(bundle.is_sound());
    }

    #[test]
    fn what_was_changed_is_not_sound() {
        let bundle = Bundle::new(files(&[("a", "1"), ("b", "2")]), |_| true);
        let mut changed = bundle.clone();
        changed.files.insert("a".to_owned(), b"2".to_vec());
        assert!(!changed.is_sound());
        let mut more = bundle.clone();
        more.files.insert("c".to_owned(), Vec::new());
        assert!(!more.is_sound());
        let part = Bundle::new(files(&[("a", "1"), ("b", "2")]), |path| path == "a");
        assert!(part.is_sound() && part.digest() == bundle.digest());
    }

    #[test]
    fn digests_are_read_strictly() {
        for wrong in ["", "sha256:", "sha512:00", &"0".repeat(64), &format!("sha256:{}", "G".repeat(64))] {
            assert_eq!(Digest::parse(wrong), None, "{wrong}");
        }
    }
}
