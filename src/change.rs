//! What a change does to the rendered resources, as plain data: `diff` makes it, the reports show it, and it is what the
//! JSON report and a saved comment hold.
//!
//! Nothing secret is in it. What must not be shown is [`REDACTED`] or [`REDACTED_CHANGED`] before it gets here, in values
//! and in YAML alike.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::resource::{Identity, Step};
use crate::rule::{Level, Rule};

/// Stands for a value that is not shown.
pub const REDACTED: &str = "<redacted>";
/// Stands, on the side of the head, for a value that is not shown and differs from that of the base.
pub const REDACTED_CHANGED: &str = "<redacted: changed>";

/// What differs between the resources of two revisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// What the head is compared with.
    pub base: Revision,
    /// Entries that could not be rendered, on either side. Nothing is known of what became of their resources.
    pub failed: Vec<FailedEntry>,
    /// What else there is to know before trusting the rest, in words for a person.
    pub notes: Vec<String>,
    /// Every entry of either side, in the order of their paths.
    pub entries: Vec<EntryChange>,
    /// The resources that differ, in the order of their entries, and there of the head's documents; removed ones last.
    pub resources: Vec<ResourceChange>,
    /// Changes that several resources have in common, those of the most resources first.
    pub groups: Vec<Group>,
    /// What a reviewer must not miss, the most severe first.
    pub dangers: Vec<Danger>,
    /// Resources of the head that several entries render, new ones first.
    pub duplicates: Vec<Duplicate>,
    /// What was counted.
    pub counts: ChangeCounts,
    /// SHA-256 of what the head renders, as lowercase hex: of the canonical JSON (keys sorted, no white space) of each
    /// entry in the order of their paths, an array of its documents and a line break each. `None` when an entry of the
    /// head cannot be rendered.
    pub render_sha256: Option<String>,
}

/// A revision of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// What a person calls it: `origin/main`.
    pub name: String,
    /// Its commit, in full.
    pub commit: String,
}

/// An entry, as a person knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryName {
    /// The file, from the repository root.
    pub path: String,
    /// Its names in `[entries]`, in order.
    pub aliases: Vec<String>,
}

/// An entry that could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedEntry {
    /// Which.
    pub entry: EntryName,
    /// Where it could not.
    pub side: Side,
    /// The first thing that is wrong, at its place; on the head where both sides fail.
    pub message: String,
    /// How many resources the other side has, which are compared with nothing. 0 where both sides fail.
    pub not_compared: usize,
}

/// Which of the two revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Only the base: the change repairs it.
    Base,
    /// Only the head: the change breaks it.
    Head,
    /// Both.
    Both,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// The entry on the head; on the base where it is only there.
    pub entry: EntryName,
    /// Where it was on the base, when its file has another path there.
    pub before: Option<EntryName>,
    /// On which sides it is.
    pub state: EntryState,
    /// How its resources differ. One that moved here from another entry is counted here.
    pub counts: ChangeCounts,
}

/// On which sides an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EntryState {
    /// Only on the head.
    Added,
    /// Only on the base.
    Removed,
    /// On both.
    Kept,
}

/// How many resources differ in which way. Each is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCounts {
    /// Only on the head.
    pub added: usize,
    /// Only on the base.
    pub removed: usize,
    /// The same resource with other fields.
    pub changed: usize,
    /// Under another name, namespace, kind or group: the cluster sees one resource go and another come.
    pub renamed: usize,
    /// Rendered by another entry, and not changed otherwise.
    pub moved: usize,
    /// The same on both sides.
    pub unchanged: usize,
}

impl ChangeCounts {
    /// How many differ.
    pub fn differing(&self) -> usize {
        let ChangeCounts { added, removed, changed, renamed, moved, unchanged: _ } = self;
        added + removed + changed + renamed + moved
    }

    /// Counts one resource that differs.
    pub fn count(&mut self, kind: ChangeKind) {
        *match kind {
            ChangeKind::Added => &mut self.added,
            ChangeKind::Removed => &mut self.removed,
            ChangeKind::Changed => &mut self.changed,
            ChangeKind::Renamed => &mut self.renamed,
            ChangeKind::Moved => &mut self.moved,
        } += 1;
    }
}

/// How a resource differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// It is only on the head.
    Added,
    /// It is only on the base.
    Removed,
    /// Its fields differ.
    Changed,
    /// It has another name, namespace, kind or group. Its fields and its entry may differ, too.
    Renamed,
    /// Another entry renders it, with the same fields.
    Moved,
}

/// A resource that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// How.
    pub kind: ChangeKind,
    /// Which, on the head; on the base where it is only there.
    pub identity: Identity,
    /// What it was on the base, when it was called otherwise.
    pub before: Option<Identity>,
    /// The entry that renders it; on the base where it is only there.
    pub entry: EntryName,
    /// The entry that rendered it on the base, when that was another.
    pub entry_before: Option<EntryName>,
    /// The fields that differ, in the order of the YAML. Empty for what is added or removed.
    pub fields: Vec<FieldChange>,
    /// Its YAML on the base.
    pub yaml_before: Option<String>,
    /// Its YAML on the head.
    pub yaml_after: Option<String>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which.
    pub path: FieldPath,
    /// How.
    pub edit: Edit,
    /// The index in [`Diff::groups`] of the group that shows it for this resource, too.
    pub group: Option<usize>,
}

/// How a field differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Edit {
    /// It is only on the head, with this value.
    Added(Value),
    /// It is only on the base, with this value.
    Removed(Value),
    /// Its value is another one. Two strings of which one has several lines are to be shown line by line.
    Changed {
        /// On the base.
        before: Value,
        /// On the head.
        after: Value,
    },
    /// The items of a list are the same, in another order.
    Reordered,
}

/// Where a field is, as a person writes it: `spec.template.spec.containers[name=web].image`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct FieldPath(pub Vec<FieldStep>);

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FieldStep {
    /// The value of a key of an object.
    Key(String),
    /// The item of a list that has these values: `[name=web]`, `[containerPort=80,protocol=TCP]`.
    Item(Vec<(String, String)>),
    /// The item of a list of plain values that is this one.
    Value(String),
    /// The item at a place, from 0: on the head, or on the base for one that is removed.
    Index(usize),
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                FieldStep::Key(key) => {
                    let shown = Step::Key(key.clone()).to_string();
                    f.write_str(if at == 0 { shown.strip_prefix('.').unwrap_or(&shown) } else { &shown })?;
                }
                FieldStep::Item(keys) => {
                    let keys: Vec<String> =
                        keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    write!(f, "[{}]", keys.join(","))?;
                }
                FieldStep::Value(value) => write!(f, "[{value}]")?,
                FieldStep::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Changes that several resources have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The changes; at least one.
    pub changes: Vec<FieldChange>,
    /// Which of [`Diff::resources`] have all of them; at least two, in order.
    pub resources: Vec<usize>,
}

/// Something that a reviewer must not miss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Danger {
    /// The rule that found it.
    #[serde(with = "rule_name")]
    pub rule: Rule,
    /// Whether it fails the run.
    #[serde(with = "level_name")]
    pub level: Level,
    /// Which of [`Diff::resources`] have it; at least one, in order.
    pub resources: Vec<usize>,
    /// Where in the resource, when it is about a field.
    pub path: Option<FieldPath>,
    /// What happens, and why it matters: one line for a person.
    pub reason: String,
}

/// A resource that several entries of the head render.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Duplicate {
    /// Which.
    pub identity: Identity,
    /// The entries; at least two.
    pub entries: Vec<EntryName>,
    /// Whether fewer entries rendered it on the base.
    pub is_new: bool,
}

impl Diff {
    /// Whether it is certain that the head renders just what the base renders, by the same entries.
    pub fn is_empty(&self) -> bool {
        self.failed.is_empty()
            && self.resources.is_empty()
            && self.entries.iter().all(|entry| entry.state == EntryState::Kept && entry.before.is_none())
    }

    /// How many dangers fail the run by their level.
    pub fn errors(&self) -> usize {
        self.dangers.iter().filter(|danger| danger.level == Level::Error).count()
    }
}

/// Rules as their names.
mod rule_name {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::rule::Rule;

    pub fn serialize<S: Serializer>(rule: &Rule, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(rule.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rule, D::Error> {
        let name = String::deserialize(deserializer)?;
        Rule::named(&name).ok_or_else(|| de::Error::custom(format!("unknown rule `{name}`")))
    }
}

/// Levels as their names.
mod level_name {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::rule::Level;

    pub fn serialize<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(level.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        let name = String::deserialize(deserializer)?;
        Level::named(&name).ok_or_else(|| de::Error::custom(format!("unknown level `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_a_person_writes_them() {
        let key = |key: &str| FieldStep::Key(key.to_owned());
        let item = |key: &str, value: &str| FieldStep::Item(vec![(key.to_owned(), value.to_owned())]);
        let path = FieldPath(vec![key("spec"), key("containers"), item("name", "web"), key("image")]);
        assert_eq!(path.to_string(), "spec.containers[name=web].image");
        let label = FieldPath(vec![key("metadata"), key("labels"), key("app.kubernetes.io/name")]);
        assert_eq!(label.to_string(), r#"metadata.labels["app.kubernetes.io/name"]"#);
        let args = FieldPath(vec![key("args"), FieldStep::Value("--debug".to_owned())]);
        assert_eq!(args.to_string(), "args[--debug]");
        assert_eq!(FieldPath(vec![key("args"), FieldStep::Index(2)]).to_string(), "args[2]");
    }
}
