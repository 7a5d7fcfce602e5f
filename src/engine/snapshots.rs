//! `husako:host/snapshots`: the snapshots of a file while it runs. See `src/sdk/host_snapshots.d.ts`.
//!
//! The host holds names, counters and what is stored; a test gives nothing but what it has received, and gets an answer.
//! What a case wants to be written counts only when the case has passed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Exception, Object, Result, Value};
use serde_json::Value as Json;

use super::errors::{Sources, plain};
use super::json;
use super::kubernetes::running;
use super::progress::{Finished, Progress, RawPlace};
use super::running::Running;
use crate::diagnostic::Diagnostic;
use crate::event::{CaseStatus, Failure, FailureKind, SnapshotCounts};
use crate::snapshot::{Edit, SnapshotFile, Snapshots, Sought, Spot, Update, Wanted, inline, stored_at};
use crate::tree::RelPath;
use crate::yaml;

/// What to do about snapshots that no case asks for.
pub(crate) const OBSOLETE_HELP: &str = "run with -u to take them out";

/// The native module.
pub(super) struct SnapshotsModule;

impl ModuleDef for SnapshotsModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        for name in ["stored", "inline", "file", "yaml"] {
            declare.declare(name)?;
        }
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("stored", Func::from(stored))?;
        exports.export("inline", Func::from(inline_snapshot))?;
        exports.export("file", Func::from(file_snapshot))?;
        exports.export("yaml", Func::from(resources_as_yaml))?;
        Ok(())
    }
}

/// The snapshots of a file.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// What is stored; `None` until somebody asks.
    stored: Option<std::result::Result<SnapshotFile, Diagnostic>>,
    /// Whether a case was told that the stored ones cannot be read.
    told: bool,
    /// The keys that were asked for.
    asked: BTreeSet<String>,
    /// How many bytes it has been given to keep.
    held: usize,
    /// The case that runs.
    current: Option<(usize, Attempt)>,
    /// The last run of each case that has ended and has snapshots.
    ended: BTreeMap<usize, Attempt>,
    /// How many snapshots of each name those had: cases of the same name go on counting.
    counted: HashMap<String, usize>,
}

/// What one run of a case did.
#[derive(Debug, Default)]
struct Attempt {
    /// Its full name.
    name: String,
    /// How many snapshots there were of each name.
    counters: HashMap<String, usize>,
    counts: SnapshotCounts,
    values: BTreeMap<String, String>,
    files: BTreeMap<RelPath, String>,
    /// What each place gave; `None`: what stands there already.
    places: BTreeMap<(RelPath, Spot), (Arc<str>, Edit, bool)>,
}

/// What is said of a snapshot.
#[derive(Debug)]
enum Answer {
    Matched,
    /// It was missing, or another: and will be written.
    Written,
    /// The stored one.
    Differs(String),
    Missing,
    /// There can be no answer, and why.
    Problem(String),
}

impl Book {
    /// Begins a run of a case. A run of it before this one counts for nothing.
    pub(super) fn begin(&mut self, case: usize, name: &str) {
        if let Some(before) = self.ended.remove(&case) {
            for (name, count) in before.counters {
                self.counted.entry(name).and_modify(|counted| *counted -= count);
            }
        }
        self.current = Some((case, Attempt { name: name.to_owned(), ..Attempt::default() }));
    }

    /// Ends it. What a case that failed wants to be written is forgotten.
    pub(super) fn end(&mut self, passed: bool) {
        let Some((case, mut attempt)) = self.current.take() else { return };
        if attempt.counters.is_empty() && attempt.counts == SnapshotCounts::default() {
            return;
        }
        if !passed {
            attempt.values.clear();
            attempt.files.clear();
            attempt.places.clear();
            attempt.counts.written = 0;
            attempt.counts.updated = 0;
        }
        for (name, count) in &attempt.counters {
            *self.counted.entry(name.clone()).or_default() += count;
        }
        self.ended.insert(case, attempt);
    }

    fn attempt(&mut self) -> Option<&mut Attempt> {
        self.current.as_mut().map(|(_, attempt)| attempt)
    }

    /// The stored snapshots.
    fn read(
        &mut self,
        snapshots: &Snapshots,
        test: &RelPath,
    ) -> &std::result::Result<SnapshotFile, Diagnostic> {
        self.stored.get_or_insert_with(|| snapshots.stored(test))
    }

    /// The next key with a hint, and the same as Jest writes it.
    ///
    /// # Errors
    ///
    /// Why there can be none, for a person.
    fn next_keys(&mut self, hint: Option<&str>) -> std::result::Result<(String, String), String> {
        self.hold(hint.map_or(0, str::len) + MIN_HELD)?;
        let Some((_, attempt)) = &mut self.current else { return Err(OUTSIDE.to_owned()) };
        let jest = attempt.name.replace(" > ", " ");
        let (name, jest) = match hint.filter(|hint| !hint.is_empty()) {
            Some(hint) => (format!("{} > {hint}", attempt.name), format!("{jest}: {hint}")),
            None => (attempt.name.clone(), jest),
        };
        let count = attempt.counters.entry(name.clone()).or_default();
        *count += 1;
        let count = *count + self.counted.get(&name).copied().unwrap_or(0);
        Ok((format!("{name} {count}"), format!("{jest} {count}")))
    }

    /// Counts what became of a snapshot; gives the answer.
    fn settle(&mut self, expected: Option<String>, received: &str, update: Update) -> Answer {
        let is_written = match (&expected, update) {
            (Some(expected), _) if expected == received => false,
            (Some(_), Update::All) | (None, Update::New | Update::All) => true,
            (Some(_), Update::None | Update::New) | (None, Update::None) => false,
        };
        if is_written && let Err(problem) = self.hold(received.len()) {
            self.fail();
            return Answer::Problem(problem);
        }
        let Some(attempt) = self.attempt() else { return Answer::Problem(OUTSIDE.to_owned()) };
        match (expected, update) {
            (Some(expected), _) if expected == received => {
                attempt.counts.matched += 1;
                Answer::Matched
            }
            (Some(_), Update::All) => {
                attempt.counts.updated += 1;
                Answer::Written
            }
            (None, Update::New | Update::All) => {
                attempt.counts.written += 1;
                Answer::Written
            }
            (Some(expected), Update::None | Update::New) => {
                attempt.counts.unmatched += 1;
                Answer::Differs(expected)
            }
            (None, Update::None) => {
                attempt.counts.unmatched += 1;
                Answer::Missing
            }
        }
    }

    /// Takes room for a text of so many bytes.
    ///
    /// # Errors
    ///
    /// There is none left, for a person.
    fn hold(&mut self, bytes: usize) -> std::result::Result<(), String> {
        self.held = self.held.saturating_add(bytes);
        if self.held <= MAX_HELD {
            return Ok(());
        }
        Err(format!("the snapshots of a file, with their names, may hold {} MiB together", MAX_HELD >> 20))
    }

    fn fail(&mut self) {
        if let Some(attempt) = self.attempt() {
            attempt.counts.unmatched += 1;
        }
    }
}

/// How many bytes a file may want to be written, and ask by name: they are kept outside of its heap.
const MAX_HELD: usize = 32 << 20;
/// What a snapshot takes beside its text, about.
const MIN_HELD: usize = 200;
const OUTSIDE: &str = "a snapshot can be taken only while a case runs";

/// The text between the line breaks that a stored text of several lines has around it.
fn unwrapped(text: &str) -> &str {
    match text.strip_prefix('\n').and_then(|text| text.strip_suffix('\n')) {
        Some(inner) if text.len() > 1 => inner,
        _ => text,
    }
}

/// A text as it is stored: one of several lines has a line break before and after it.
fn wrapped(text: &str) -> String {
    if text.contains('\n') { format!("\n{text}\n") } else { text.to_owned() }
}

/// What is stored; where it is `other`, the received text, which is as good.
fn as_received(expected: Option<String>, received: &str, other: Option<String>) -> Option<String> {
    let is_other = expected.is_some() && expected == other.map(|other| with_plain_breaks(&other));
    if is_other { Some(received.to_owned()) } else { expected }
}

/// With the line breaks that stored texts have.
fn with_plain_breaks(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn answer<'js>(ctx: &Ctx<'js>, name: &str, answer: Answer) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set_prototype(None)?;
    let (state, text) = match answer {
        Answer::Matched => ("matched", None),
        Answer::Written => ("written", None),
        Answer::Differs(stored) => ("differs", Some(stored)),
        Answer::Missing => ("missing", None),
        Answer::Problem(problem) => ("problem", Some(problem)),
    };
    object.set("state", state)?;
    object.set("name", name)?;
    object.set("text", text)?;
    Ok(object)
}

/// The snapshots of the run that a file belongs to.
fn snapshots<'r>(ctx: &Ctx<'_>, running: &'r Running) -> Result<&'r Snapshots> {
    let snapshots = running.job.modules.snapshots();
    snapshots.ok_or_else(|| Exception::throw_type(ctx, "snapshots have no place in this run"))
}

/// A snapshot of the `.snap` file. Without `received` only its name is taken: it has failed already.
fn stored<'js>(
    ctx: Ctx<'js>,
    hint: Option<String>,
    received: Option<String>,
    other: Option<String>,
) -> Result<Object<'js>> {
    let running = running(&ctx)?;
    let snapshots = snapshots(&ctx, &running)?;
    let mut book = running.session.snapshots();
    let (key, jest) = match book.next_keys(hint.as_deref()) {
        Ok(keys) => keys,
        Err(problem) => return answer(&ctx, "", Answer::Problem(problem)),
    };
    let found = match book.read(snapshots, &running.job.path) {
        Ok(file) => {
            let key = [&key, &jest].into_iter().find(|key| file.values.contains_key(*key));
            key.map(|key| (key.clone(), file.values[key].clone()))
        }
        Err(error) => {
            let problem = text_of(error);
            book.told = true;
            book.fail();
            return answer(&ctx, &key, Answer::Problem(problem));
        }
    };
    let (key, expected) = match found {
        Some((key, value)) => (key, Some(unwrapped(&value).to_owned())),
        None => (key, None),
    };
    book.asked.insert(key.clone());
    let Some(received) = received else {
        book.fail();
        return answer(&ctx, &key, Answer::Missing);
    };
    let received = with_plain_breaks(&received);
    let expected = as_received(expected, &received, other);
    let said = book.settle(expected, &received, snapshots.rules.update);
    if let (Answer::Written, Some(attempt)) = (&said, book.attempt()) {
        attempt.values.insert(key.clone(), wrapped(&received));
    }
    answer(&ctx, &key, said)
}

fn text_of(error: &Diagnostic) -> String {
    let place = error.place.as_ref().map(|place| format!("{}:{}:{}: ", place.path, place.line, place.column));
    let help = error.help.as_ref().map(|help| format!("\n{help}"));
    format!("{}{}{}", place.unwrap_or_default(), error.message, help.unwrap_or_default())
}

/// An inline snapshot. `method` is what was called, at the place that `stack` tells.
fn inline_snapshot<'js>(
    ctx: Ctx<'js>,
    method: String,
    stack: String,
    after_properties: bool,
    argument: Option<String>,
    received: Option<String>,
    other: Option<String>,
) -> Result<Object<'js>> {
    let running = running(&ctx)?;
    let snapshots = snapshots(&ctx, &running)?;
    let mut book = running.session.snapshots();
    let name = match book.next_keys(None) {
        Ok((name, _)) => name,
        Err(problem) => return answer(&ctx, "", Answer::Problem(problem)),
    };
    let Some(received) = received else {
        book.fail();
        return answer(&ctx, &name, Answer::Missing);
    };
    let received = with_plain_breaks(&received);
    let expected = argument.as_deref().map(|argument| inline::meant(&with_plain_breaks(argument)));
    let expected = as_received(expected, &received, other);
    let was_there = expected.is_some();
    let update = snapshots.rules.update;
    let said = book.settle(expected, &received, update);
    let written = matches!(said, Answer::Written);
    if !written && update != Update::All {
        return answer(&ctx, &name, said);
    }
    let problem = |book: &mut Book, problem: String| {
        if let Some(attempt) = book.attempt() {
            let counted = match (written, was_there) {
                (true, true) => &mut attempt.counts.updated,
                (true, false) => &mut attempt.counts.written,
                (false, _) => &mut attempt.counts.matched,
            };
            *counted = counted.saturating_sub(1);
            attempt.counts.unmatched += 1;
        }
        answer(&ctx, &name, Answer::Problem(problem))
    };
    let sought = (method.as_str(), after_properties, argument.as_deref());
    let (path, spot, source) = match place_of(&running, &stack, sought) {
        Ok(found) => found,
        Err(why) if written => return problem(&mut book, why),
        Err(_) => return answer(&ctx, &name, said),
    };
    let edit = Edit { text: received, after_properties };
    let taken = book.ended.values().chain(book.current.iter().map(|(_, attempt)| attempt));
    let other = taken
        .filter_map(|attempt| attempt.places.get(&(path.clone(), spot)))
        .find(|(_, other, _)| *other != edit);
    if other.is_some() {
        let why = "one inline snapshot cannot have several values: the same call was reached before with another one";
        return problem(&mut book, why.to_owned());
    }
    if let Some(attempt) = book.attempt() {
        attempt.places.insert((path, spot), (source, edit, written));
    }
    answer(&ctx, &name, said)
}

/// Where a method was called, with which snapshot: the file, the place of the method's name, and the source as it runs. Otherwise why
/// nothing can be written there.
fn place_of(
    running: &Running,
    stack: &str,
    (method, after_properties, argument): (&str, bool, Option<&str>),
) -> std::result::Result<(RelPath, Spot, Arc<str>), String> {
    let found = || {
        let raw = RawPlace::first(stack)?;
        let sources = Sources { modules: &running.job.modules, main: running.main.get()? };
        let place = sources.original(&raw)?;
        sources.with_unit(&place, |unit| {
            let sought = Sought { method, position: (place.line, place.column), after_properties, argument };
            let spot = inline::find(&unit.path, &unit.source, sought)?;
            Ok((unit.path.clone(), spot, Arc::clone(&unit.source)))
        })
    };
    found().unwrap_or_else(|| Err("the call is in no file of the project".to_owned()))
}

/// A snapshot in a file of its own.
fn file_snapshot<'js>(ctx: Ctx<'js>, path: String, received: String) -> Result<Object<'js>> {
    let running = running(&ctx)?;
    let snapshots = snapshots(&ctx, &running)?;
    let mut book = running.session.snapshots();
    if book.attempt().is_none() {
        return answer(&ctx, "", Answer::Problem(OUTSIDE.to_owned()));
    }
    let located = snapshots.locate(&running.job.path, &running.job.project.root, &path);
    let asked = located.as_ref().ok().cloned().or_else(|| RelPath::join(&running.job.path.parent(), &path));
    asked.iter().for_each(|asked| running.job.modules.asks(&running.job.path, asked));
    let located = located.and_then(|located| snapshots.text(&located).map(|stored| (located, stored)));
    let (located, stored) = match located {
        Ok(found) => found,
        Err(problem) => {
            book.fail();
            return answer(&ctx, &path, Answer::Problem(problem));
        }
    };
    let name = located.as_str().to_owned();
    let taken = book.ended.values().chain(book.current.iter().map(|(_, attempt)| attempt));
    if taken.filter_map(|attempt| attempt.files.get(&located)).any(|other| *other != received) {
        book.fail();
        let problem = format!("{name} was written with other contents by the same test file");
        return answer(&ctx, &name, Answer::Problem(problem));
    }
    let said = book.settle(stored, &received, snapshots.rules.update);
    // One that is there already is wanted all the same: another file may want it otherwise.
    let is_wanted = match said {
        Answer::Written => true,
        Answer::Matched => snapshots.rules.update == Update::All,
        Answer::Differs(_) | Answer::Missing | Answer::Problem(_) => false,
    };
    if let Some(attempt) = book.attempt().filter(|_| is_wanted) {
        attempt.files.insert(located, received);
    }
    answer(&ctx, &name, said)
}

/// Resources as `render` writes them, without the last line break; `undefined` for what cannot be written as JSON.
fn resources_as_yaml<'js>(ctx: Ctx<'js>, resources: Value<'js>) -> Result<Option<String>> {
    Ok(match json::strict(&ctx, resources)? {
        Ok((Json::Array(documents), _)) => {
            let text = yaml::write(&documents);
            Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
        }
        Ok(_) | Err(_) => None,
    })
}

/// What became of the snapshots of a file, when it is over.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) counts: SnapshotCounts,
    /// The keys that no case asks for, in their order.
    pub(super) obsolete: Vec<String>,
    /// What is a failure of the file, with the name of the case that tells it.
    pub(super) failures: Vec<(String, Failure)>,
}

/// Whether a stored key is one of a case.
fn is_of(key: &str, name: &str) -> bool {
    let counted = |rest: &str| {
        rest.rsplit_once(' ').is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let after = |name: &str, mark: &str| {
        let rest = key.strip_prefix(name);
        rest.is_some_and(|rest| {
            counted(rest)
                && (rest.starts_with(mark)
                    || rest.rsplit_once(' ').is_some_and(|(before, _)| before.is_empty()))
        })
    };
    after(name, " > ") || after(&name.replace(" > ", " "), ": ")
}

impl Running {
    /// Concludes the snapshots of the file, and hands over what is to be written. `whole`: all its cases were to run, and nothing
    /// kept them from it.
    pub(super) fn conclude_snapshots(&self, progress: &Progress, whole: bool) -> Told {
        let Some(snapshots) = self.job.modules.snapshots().filter(|_| self.is_first()) else {
            return Told::default();
        };
        let test = &self.job.path;
        self.job.modules.asks(test, &stored_at(test));
        let mut told = Told::default();
        let mut book = self.session.snapshots();
        book.end(false);
        let mut wanted = Wanted::default();
        let mut values = BTreeMap::new();
        for attempt in std::mem::take(&mut book.ended).into_values() {
            told.counts.add(attempt.counts);
            values.extend(attempt.values);
            wanted.files.extend(attempt.files.into_iter().map(|(path, text)| (path, Some(text))));
            let written = attempt.places.into_iter().filter(|(_, (.., written))| *written);
            wanted.edits.extend(written.map(|((path, spot), (source, edit, _))| (path, source, spot, edit)));
        }
        let asked = std::mem::take(&mut book.asked);
        book.read(snapshots, test);
        let told_before = book.told;
        let mut obsolete = Vec::new();
        match book.stored.take() {
            Some(Ok(mut file)) => {
                if whole {
                    let is_left_out = |finished: &Option<Finished>| {
                        !finished.as_ref().is_some_and(|f| {
                            matches!(f.status, CaseStatus::Passed | CaseStatus::Flaky { .. })
                        })
                    };
                    let left_out: Vec<&str> = (0..progress.cases.len())
                        .filter(|case| is_left_out(&progress.finished[*case]))
                        .map(|case| progress.given_name(case))
                        .collect();
                    let keys = file.values.keys().filter(|key| !asked.contains(*key));
                    obsolete =
                        keys.filter(|key| !left_out.iter().any(|name| is_of(key, name))).cloned().collect();
                }
                let removes = snapshots.rules.update == Update::All && !obsolete.is_empty();
                if removes {
                    told.counts.removed = obsolete.len();
                    obsolete.drain(..).for_each(|key| drop(file.values.remove(&key)));
                }
                if removes || !values.is_empty() {
                    file.values.extend(values);
                    let text = (!file.values.is_empty()).then(|| file.print());
                    wanted.files.insert(stored_at(test), text);
                }
            }
            Some(Err(error)) if !told_before => {
                told.failures.push(("(snapshots)".to_owned(), Sources::diagnosed(FailureKind::Load, &error)));
            }
            Some(Err(_)) | None => {}
        }
        told.counts.obsolete = obsolete.len();
        if snapshots.rules.strict && !obsolete.is_empty() {
            let message = format!("no case asks for these snapshots any more:\n  {}", obsolete.join("\n  "));
            let failure = Failure {
                type_name: "ObsoleteSnapshots".to_owned(),
                help: Some(OBSOLETE_HELP.to_owned()),
                ..plain(FailureKind::Assertion, message)
            };
            told.failures.push(("(obsolete snapshots)".to_owned(), failure));
        }
        told.obsolete = obsolete;
        for conflict in snapshots.add(test, wanted) {
            let failure = Failure {
                help: Some("give each test file snapshots of its own".to_owned()),
                ..plain(FailureKind::Assertion, format!("{conflict}: this file wants other contents"))
            };
            told.failures.push(("(snapshots)".to_owned(), failure));
        }
        told
    }
}
