//! `husako.lock`: what the sources of a project were when its types were generated last.
//!
//! The file is husako's. What husako-ci adds to it (`digest`, `commit`) husako does not read, and loses when it writes the
//! file again; keys that husako-ci does not know stay as they are.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use toml::{Table as Toml, Value};

use crate::diagnostic::{Diagnostic, Place};
use crate::tree::RelPath;

/// The name of the file, beside `husako.toml`.
pub const LOCK_FILE: &str = "husako.lock";

/// The only version of the format that there is.
const FORMAT: i64 = 1;

/// What the file begins with when husako-ci writes it.
const HEADER: &str = "# Written by husako and husako-ci. Commit it; do not edit it by hand.\n\n";

/// husako demands to know when an entry was made, and makes nothing of it. A time would make each machine's file another.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// Whose version stands in a new file: not husako's, so that husako generates its types anew.
const WRITTEN_BY: &str = concat!("husako-ci-", env!("CARGO_PKG_VERSION"));

/// The tables of a lock, which are those of `husako.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `[resources]`.
    Resources,
    /// `[charts]`.
    Charts,
    /// `[plugins]`.
    Plugins,
}

impl Table {
    /// All of them, in the order in which they are written.
    pub const ALL: [Table; 3] = [Table::Resources, Table::Charts, Table::Plugins];

    /// Its name in both files.
    pub fn name(self) -> &'static str {
        match self {
            Table::Resources => "resources",
            Table::Charts => "charts",
            Table::Plugins => "plugins",
        }
    }
}

/// A project's lock.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    husako_version: String,
    entries: BTreeMap<(Table, String), Locked>,
    /// Keys of the file that are not known here.
    others: Toml,
}

/// What a source was.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Locked {
    /// What tells the source from others, `source` first, by the names and in the order of `husako.toml`.
    pub identity: Vec<(&'static str, String)>,
    /// husako's hash of a source that lies in the repository.
    pub content_hash: Option<String>,
    /// What a plugin says of its version.
    pub plugin_version: Option<String>,
    /// The commit that a git source was taken from.
    pub commit: Option<String>,
    /// What was fetched: `sha256:` and 64 digits.
    pub digest: Option<String>,
    /// Keys that are not known here, and when it was made.
    others: Toml,
}

/// The keys that tell sources apart, in the order in which husako writes them.
const IDENTITY: [&str; 9] =
    ["source", "repo", "chart", "package", "reference", "url", "tag", "version", "path"];

impl Locked {
    /// A source of this identity, of which nothing else is known. Keys are those of `husako.toml`.
    pub fn new(identity: Vec<(&'static str, String)>) -> Locked {
        Locked { identity, ..Locked::default() }
    }

    /// Whether both are about the same source. Paths are the same however they are written.
    pub fn is_of(&self, identity: &[(&'static str, String)]) -> bool {
        let same = |(key, value): &(&str, String), (other, theirs): &(&str, String)| {
            let path = |text: &str| RelPath::new(text);
            key == other && (value == theirs || *key == "path" && path(value) == path(theirs))
        };
        self.identity.len() == identity.len() && self.identity.iter().zip(identity).all(|(a, b)| same(a, b))
    }

    /// The version, tag or commit, as a person would say it.
    pub fn version(&self) -> Option<&str> {
        let value =
            |key| self.identity.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str());
        value("version").or_else(|| value("tag")).or(self.commit.as_deref())
    }

    fn parse(mut table: Toml) -> Locked {
        let mut text = |key: &str| match table.remove(key) {
            Some(Value::String(text)) => Some(text),
            // What is no string is of no use here, and stays.
            Some(other) => {
                table.insert(key.to_owned(), other);
                None
            }
            None => None,
        };
        let identity = IDENTITY.into_iter().filter_map(|key| Some((key, text(key)?))).collect();
        let (content_hash, plugin_version) = (text("content_hash"), text("plugin_version"));
        let (commit, digest) = (text("commit"), text("digest"));
        Locked { identity, content_hash, plugin_version, commit, digest, others: table }
    }
}

impl Serialize for Locked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Locked { identity, content_hash, plugin_version, commit, digest, others } = self;
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in identity {
            map.serialize_entry(key, value)?;
        }
        let optional = [
            ("content_hash", content_hash),
            ("plugin_version", plugin_version),
            ("commit", commit),
            ("digest", digest),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        for (key, value) in others {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Default for Lock {
    fn default() -> Lock {
        Lock { husako_version: WRITTEN_BY.to_owned(), entries: BTreeMap::new(), others: Toml::new() }
    }
}

impl Lock {
    /// Reads the text of the `husako.lock` at `path`.
    ///
    /// # Errors
    ///
    /// It is not TOML, of another version of the format, or not made of tables.
    pub fn parse(path: &RelPath, text: &str) -> Result<Lock, Diagnostic> {
        let wrong = |message: String| {
            Diagnostic::error(format!("{path} {message}"))
                .help("restore it from git, or write it anew: remove it and run `husako-ci gen`")
        };
        let mut root: Toml = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() as u32 + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            wrong(format!("is not TOML: {message}")).at(Place { path: path.clone(), line, column })
        })?;
        match root.remove("format_version") {
            Some(Value::Integer(FORMAT)) => {}
            Some(other) => {
                return Err(wrong(format!(
                    "has the format version {other}, of which only {FORMAT} is known"
                )));
            }
            None => return Err(wrong("has no `format_version`".to_owned())),
        }
        let husako_version = match root.remove("husako_version") {
            Some(Value::String(version)) => version,
            Some(_) | None => WRITTEN_BY.to_owned(),
        };
        let mut entries = BTreeMap::new();
        for table in Table::ALL {
            let Some(found) = root.remove(table.name()) else { continue };
            let Value::Table(found) = found else {
                return Err(wrong(format!("has a `{}` that is no table", table.name())));
            };
            for (name, entry) in found {
                let Value::Table(entry) = entry else {
                    return Err(wrong(format!("has a `{name}` in [{}] that is no table", table.name())));
                };
                entries.insert((table, name), Locked::parse(entry));
            }
        }
        Ok(Lock { husako_version, entries, others: root })
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is locked under a name.
    pub fn get(&self, table: Table, name: &str) -> Option<&Locked> {
        self.entries.get(&(table, name.to_owned()))
    }

    /// Locks a source. What was known of the same source, and is not told now, stays.
    pub fn set(&mut self, table: Table, name: &str, locked: Locked) {
        let key = (table, name.to_owned());
        let known = self.entries.remove(&key).filter(|known| known.is_of(&locked.identity));
        let mut others = known.map_or_else(Toml::new, |known| known.others);
        others.entry("generated_at").or_insert_with(|| Value::String(NO_TIME.to_owned()));
        self.entries.insert(key, Locked { others, ..locked });
    }

    /// Keeps those entries only that are still named.
    pub fn retain(&mut self, is_named: impl Fn(Table, &str) -> bool) {
        self.entries.retain(|(table, name), _| is_named(*table, name));
    }

    /// The text of the file: the same for the same entries, on every machine.
    pub fn text(&self) -> String {
        #[derive(Serialize)]
        struct File<'l> {
            format_version: i64,
            husako_version: &'l str,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            resources: BTreeMap<&'l str, &'l Locked>,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            charts: BTreeMap<&'l str, &'l Locked>,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            plugins: BTreeMap<&'l str, &'l Locked>,
            #[serde(flatten)]
            others: &'l Toml,
        }
        let of = |table| {
            let entries = self.entries.iter().filter(|((of, _), _)| *of == table);
            entries.map(|((_, name), entry)| (name.as_str(), entry)).collect()
        };
        let file = File {
            format_version: FORMAT,
            husako_version: &self.husako_version,
            resources: of(Table::Resources),
            charts: of(Table::Charts),
            plugins: of(Table::Plugins),
            others: &self.others,
        };
        // Strings, numbers and tables, all of them TOML's own.
        let body = toml::to_string_pretty(&file).unwrap_or_default();
        format!("{HEADER}{body}")
    }
}

/// husako's hash of bytes: djb2, as 16 digits.
#[derive(Debug, Clone, Copy)]
pub struct ContentHash(u64);

impl Default for ContentHash {
    fn default() -> ContentHash {
        ContentHash(5381)
    }
}

impl ContentHash {
    /// Takes more bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(33).wrapping_add(u64::from(*byte));
        }
    }

    /// Its digits.
    pub fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> RelPath {
        RelPath::new("app/husako.lock").unwrap()
    }

    fn git(tag: &str, path: &str) -> Vec<(&'static str, String)> {
        vec![
            ("source", "git".to_owned()),
            ("repo", "https://r".to_owned()),
            ("tag", tag.to_owned()),
            ("path", path.to_owned()),
        ]
    }

    /// As husako 0.1 writes it.
    const OF_HUSAKO: &str = r#"# This file is generated by husako. Commit it to version control.
# Do not edit it manually.

format_version = 1
husako_version = "0.3.0"

[resources.cert-manager]
source = "git"
repo = "https://r"
tag = "v1"
path = "deploy/crds"
generated_at = "2026-02-26T14:03:05Z"

[resources.kubernetes]
source = "release"
version = "1.35"
generated_at = "2026-02-26T14:03:00Z"

[charts.nginx]
source = "registry"
repo = "https://c"
chart = "ingress-nginx"
version = "4.12.0"
generated_at = "2026-02-26T14:03:10Z"

[plugins.fluxcd]
source = "git"
url = "https://p"
path = "plugins/fluxcd"
plugin_version = "0.2.0"
generated_at = "2026-02-26T14:03:02Z"
"#;

    #[test]
    fn what_husako_wrote_is_understood_and_kept() {
        let lock = Lock::parse(&path(), OF_HUSAKO).unwrap();
        let certificates = lock.get(Table::Resources, "cert-manager").unwrap();
        assert!(
            certificates.is_of(&git("v1", "./deploy/crds/"))
                && !certificates.is_of(&git("v2", "deploy/crds"))
        );
        assert_eq!(certificates.version(), Some("v1"));
        assert_eq!(certificates.digest, None);
        assert_eq!(lock.get(Table::Plugins, "fluxcd").unwrap().plugin_version.as_deref(), Some("0.2.0"));
        let body = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
        assert_eq!(body(&lock.text()), body(OF_HUSAKO));
    }

    #[test]
    fn digests_are_added_and_what_is_not_known_stays() {
        let text = OF_HUSAKO
            .replace("husako_version", "later = 2\nhusako_version")
            .replace("tag = \"v1\"\n", "tag = \"v1\"\nnew = [1, 2]\n");
        let mut lock = Lock::parse(&path(), &text).unwrap();
        let mut entry = Locked::new(git("v1", "deploy/crds"));
        entry.digest = Some("sha256:0".to_owned());
        entry.commit = Some("c0ffee".to_owned());
        lock.set(Table::Resources, "cert-manager", entry);
        let written = lock.text();
        assert!(written.contains(
            "path = \"deploy/crds\"\ncommit = \"c0ffee\"\ndigest = \"sha256:0\"\ngenerated_at = \"2026-02-26T14:03:05Z\"\nnew = ["
        ), "{written}");
        assert!(written.contains("later = 2"), "{written}");
        assert_eq!(Lock::parse(&path(), &written).unwrap(), lock);
        // Another version is another source.
        lock.set(Table::Resources, "cert-manager", Locked::new(git("v2", "deploy/crds")));
        assert!(
            lock.text()
                .contains("tag = \"v2\"\npath = \"deploy/crds\"\ngenerated_at = \"1970-01-01T00:00:00Z\"\n")
        );
        lock.retain(|table, name| table == Table::Plugins && name == "fluxcd");
        assert!(lock.get(Table::Charts, "nginx").is_none() && lock.get(Table::Plugins, "fluxcd").is_some());
    }

    #[test]
    fn names_may_have_any_character() {
        let mut lock = Lock::default();
        lock.set(Table::Charts, "acme:web.v2 \"x\"", Locked::new(git("v1", ".")));
        assert_eq!(Lock::parse(&path(), &lock.text()).unwrap(), lock);
    }

    #[test]
    fn what_is_no_lock_is_told() {
        let wrong = |text: &str| Lock::parse(&path(), text).unwrap_err().to_string();
        let help = "(restore it from git, or write it anew: remove it and run `husako-ci gen`)";
        assert_eq!(wrong(""), format!("app/husako.lock has no `format_version` {help}"));
        assert_eq!(
            wrong("format_version = 2"),
            format!("app/husako.lock has the format version 2, of which only 1 is known {help}")
        );
        let conflict = wrong("format_version = 1\n<<<<<<< HEAD\n");
        assert!(conflict.starts_with("app/husako.lock:2:9: app/husako.lock is not TOML"), "{conflict}");
        assert!(wrong("format_version = 1\ncharts = 1").contains("has a `charts` that is no table"));
        assert!(wrong("format_version = 1\ncharts.a = 1").contains("has a `a` in [charts] that is no table"));
    }

    #[test]
    fn the_hash_is_that_of_husako() {
        let mut hash = ContentHash::default();
        assert_eq!(hash.text(), "0000000000001505");
        hash.add(b"a");
        // 5381 * 33 + 97
        assert_eq!(hash.text(), format!("{:016x}", 177_670));
    }
}
