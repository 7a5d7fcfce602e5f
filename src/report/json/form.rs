//! The JSON report as it is read: the types of the writer, with what they may hold.
//!
//! Paths stay in the repository, numbers can be counted with, names are known: so an error has a line and a column. Fields
//! that the writer leaves out may be missing, and those of later versions are passed over.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use serde::{Deserialize, Deserializer, de};

use crate::change::Diff;
use crate::event::FailureKind;
use crate::resource::JsonPath;
use crate::tree::RelPath;

/// No line, column or count is larger.
const MAX_NUMBER: u32 = 1_000_000_000;
/// The longest time, in milliseconds: a year.
const MAX_MILLIS: f64 = 366.0 * 24.0 * 60.0 * 60.0 * 1000.0;

#[derive(Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) tool: Tool,
    #[serde(deserialize_with = "time")]
    pub(super) started_at: SystemTime,
    pub(super) jobs: Number,
    #[serde(deserialize_with = "millis")]
    pub(super) duration_ms: Duration,
    #[serde(default)]
    pub(super) shard: Option<ShardOf>,
    pub(super) summary: Summary,
    pub(super) warnings: Vec<Warning>,
    pub(super) files: Vec<File>,
    #[serde(default)]
    pub(super) diff: Option<Diff>,
    #[serde(default)]
    pub(super) coverage: Option<de::IgnoredAny>,
}

/// Numbers are recounted from the files.
#[derive(Deserialize)]
pub(super) struct Summary {
    pub(super) seed: Option<u64>,
    pub(super) stopped: Option<Stop>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stop {
    FailFast,
    MaxFail,
    Interrupted,
}

#[derive(Deserialize)]
pub(super) struct ShardOf {
    pub(super) index: Number,
    pub(super) total: Number,
    pub(super) plan: String,
}

#[derive(Deserialize)]
pub(super) struct Warning {
    pub(super) severity: Severity,
    pub(super) message: String,
    #[serde(default)]
    pub(super) path: Option<Path>,
    #[serde(default)]
    pub(super) line: Option<Number>,
    #[serde(default)]
    pub(super) column: Option<Number>,
    #[serde(default)]
    pub(super) help: Option<String>,
    #[serde(default)]
    pub(super) snippet: Option<Code>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Severity {
    Warning,
    Error,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    pub(super) path: Path,
    pub(super) project: Path,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) status: FileState,
    #[serde(default, deserialize_with = "maybe_time")]
    pub(super) started_at: Option<SystemTime>,
    #[serde(deserialize_with = "millis")]
    pub(super) duration_ms: Duration,
    pub(super) filtered_out: Number,
    #[serde(default)]
    pub(super) reads: Vec<Read>,
    #[serde(default)]
    pub(super) cached: bool,
    #[serde(default)]
    pub(super) snapshots: Option<Snapshots>,
    #[serde(default)]
    pub(super) obsolete_snapshots: Vec<String>,
    pub(super) cases: Vec<Case>,
    pub(super) output: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    Tests,
    Entry,
    Types,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum FileState {
    Passed,
    Failed,
    NotRun,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) enum Read {
    Clock,
    Random,
    Timers,
}

#[derive(Deserialize)]
pub(super) struct Snapshots {
    pub(super) matched: Number,
    pub(super) unmatched: Number,
    pub(super) written: Number,
    pub(super) updated: Number,
    pub(super) obsolete: Number,
    pub(super) removed: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) status: CaseState,
    #[serde(default)]
    pub(super) fails: bool,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) path: Option<Path>,
    #[serde(default)]
    pub(super) line: Option<Number>,
    #[serde(default)]
    pub(super) column: Option<Number>,
    #[serde(deserialize_with = "millis")]
    pub(super) duration_ms: Duration,
    pub(super) failures: Vec<Fault>,
    #[serde(default)]
    pub(super) attempts: Vec<Tried>,
    #[serde(default)]
    pub(super) warnings: Vec<Fault>,
    pub(super) output: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum CaseState {
    Passed,
    Flaky,
    Failed,
    Error,
    Skipped,
    Todo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tried {
    #[serde(deserialize_with = "millis")]
    pub(super) duration_ms: Duration,
    pub(super) failures: Vec<Fault>,
    pub(super) output: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fault {
    pub(super) kind: FailureKind,
    #[serde(rename = "type")]
    pub(super) type_name: String,
    pub(super) message: String,
    #[serde(default)]
    pub(super) expected: Option<String>,
    #[serde(default)]
    pub(super) received: Option<String>,
    #[serde(default)]
    pub(super) path: Option<Path>,
    #[serde(default)]
    pub(super) line: Option<Number>,
    #[serde(default)]
    pub(super) column: Option<Number>,
    #[serde(default, deserialize_with = "json_path")]
    pub(super) json_path: Option<JsonPath>,
    #[serde(default)]
    pub(super) snippet: Option<Code>,
    pub(super) frames: Vec<Frame>,
    #[serde(default)]
    pub(super) help: Option<String>,
    pub(super) causes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Code {
    pub(super) first_line: Number,
    pub(super) lines: Vec<String>,
    pub(super) line: Number,
    pub(super) column: Number,
    pub(super) width: Number,
}

#[derive(Deserialize)]
pub(super) struct Frame {
    #[serde(default)]
    pub(super) function: Option<String>,
    pub(super) path: Path,
    pub(super) line: Number,
    pub(super) column: Number,
}

#[derive(Deserialize)]
pub(super) struct Output {
    pub(super) stream: Channel,
    pub(super) text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Channel {
    Stdout,
    Stderr,
}

/// A path in the repository, written as the writer writes it.
pub(super) struct Path(pub(super) RelPath);

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        let text = String::deserialize(deserializer)?;
        let path = RelPath::new(&text).filter(|path| path.as_str() == text || path.is_root() && text == ".");
        path.map(Path)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is no path from the root of the repository")))
    }
}

/// A whole number of at most [`MAX_NUMBER`].
#[derive(Clone, Copy)]
pub(super) struct Number(pub(super) u32);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        match u32::deserialize(deserializer)? {
            number if number <= MAX_NUMBER => Ok(Number(number)),
            number => Err(de::Error::custom(format!("{number} is larger than {MAX_NUMBER}"))),
        }
    }
}

impl From<Number> for usize {
    fn from(number: Number) -> usize {
        number.0 as usize
    }
}

/// Milliseconds, to the microsecond, as they are written.
fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let millis = f64::deserialize(deserializer)?;
    if (0.0..=MAX_MILLIS).contains(&millis) {
        return Ok(Duration::from_micros((millis * 1000.0).round() as u64));
    }
    Err(de::Error::custom(format!("{millis} is no time in milliseconds of at most a year")))
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = DateTime::parse_from_rfc3339(&text).ok();
    let millis = time.and_then(|time| u64::try_from(time.timestamp_millis()).ok());
    millis
        .and_then(|millis| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)))
        .ok_or_else(|| de::Error::custom(format!("{text:?} is no time such as 2026-01-31T12:00:00.000Z")))
}

fn maybe_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    time(deserializer).map(Some)
}

fn json_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<JsonPath>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|error| de::Error::custom(format!("{text:?} {error}")))
}
