//! Runs a file once more in other circumstances, and tells the first thing that it then does differently.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::Planned;
use super::entry::render;
use crate::change::REDACTED;
use crate::config::Redact;
use crate::diff::{secrets_of, secrets_of_all};
use crate::engine::{self, CaseListener, Clock, Job, Limits, MaxFail, NotBuilt, Order};
use crate::event::{CaseResult, CaseStatus, Failure, FailureKind, FileKind, FileResult, FileStatus};
use crate::resource::{At, Identity, JsonPath};

/// The case that stands for what differs.
const CASE: &str = "(determinism)";

/// How far the other clock is ahead, in milliseconds: no year, month, day, weekday, hour or minute is the same.
const AHEAD: i64 = (((397 * 24 + 7) * 60 + 13) * 60 + 5) * 1000;

/// How many characters of a value are shown.
const MAX_VALUE: usize = 200;

/// A circumstance that may be another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Circumstance {
    Clock,
    Seed,
    Order,
}

use Circumstance::{Clock as OtherClock, Order as OtherOrder, Seed as OtherSeed};

/// What a file did.
enum Did {
    /// The cases of a test file.
    Cases(Vec<CaseResult>),
    /// The resources of an entry, or why there are none.
    Rendered(Result<Arc<Vec<Value>>, Vec<Failure>>),
}

/// Runs a file once more with another clock, another seed, and its cases the last first, and compares with `first`. What differs
/// becomes a failed case; then the file is run once more for each circumstance, to see which of them it is.
///
/// Says nothing where a run was cut off: by a limit, or because the run is to end.
///
/// Each future of `cancelled` is ready when what runs is to be stopped.
pub(super) async fn check<C: Future<Output = ()>>(
    file: &Planned,
    job: Job,
    first: FileResult,
    cancelled: impl Fn() -> C,
) -> FileResult {
    let start = Instant::now();
    let before = match (&file.kind, &first.documents) {
        (FileKind::Types, _) => return first,
        (FileKind::Tests, _) => Did::Cases(first.cases.clone()),
        (FileKind::Entry { .. }, Some(documents)) => Did::Rendered(Ok(Arc::clone(documents))),
        // That is told already.
        (FileKind::Entry { .. }, None) => return first,
    };
    let again = async |circumstances: &[Circumstance]| {
        let now = again(file, with(&job, circumstances), cancelled()).await;
        difference(file, &before, &now)
    };
    let all = [OtherClock, OtherSeed, OtherOrder];
    let Some(mut failure) = again(&all).await else { return first };
    // Something else may differ, too, with another cause.
    let subject = |failure: &Failure| failure.message.lines().next().map(str::to_owned);
    let mut cause = None;
    for circumstance in all {
        if cause.is_none()
            && let Some(alone) = again(&[circumstance]).await
            && subject(&alone) == subject(&failure)
        {
            cause = Some(circumstance);
        }
    }
    failure.help = Some(help(cause, other_seed(&job.limits)));
    let case = CaseResult {
        name: CASE.to_owned(),
        place: None,
        status: CaseStatus::Failed,
        duration: start.elapsed(),
        attempts: Vec::new(),
        failures: vec![failure],
        warnings: Vec::new(),
        output: Vec::new(),
    };
    let cases = first.cases.into_iter().chain([case]).collect();
    FileResult { status: FileStatus::Failed, cases, ..first }
}

fn help(cause: Option<Circumstance>, seed: u64) -> String {
    match cause {
        Some(OtherClock) => {
            "it differs with the clock alone: give it the time that it is to go by; in tests \
                             vi.setSystemTime() sets it, and --now for a whole run"
                .to_owned()
        }
        Some(OtherSeed) => format!(
            "it differs with Math.random() alone: take it from something that stays, such as a name; --seed {seed} gives these numbers"
        ),
        Some(OtherOrder) => {
            "it differs with the order of the cases alone, the last first: each should set up what it needs, \
                             and leave nothing behind"
                .to_owned()
        }
        None => "no single one of clock, seed and order of cases did it".to_owned(),
    }
}

fn other_seed(limits: &Limits) -> u64 {
    limits.seed.wrapping_add(1)
}

/// The same job, in other circumstances, and nobody listens.
fn with(job: &Job, circumstances: &[Circumstance]) -> Job {
    let mut limits = job.limits.clone();
    let seed = other_seed(&limits);
    for circumstance in circumstances {
        match circumstance {
            OtherClock => {
                limits.clock = match limits.clock {
                    Clock::Ahead(by) => Clock::Ahead(by + AHEAD),
                    Clock::Still(time) => Clock::Still(time + AHEAD),
                }
            }
            OtherSeed => limits.seed = seed,
            OtherOrder => {
                limits.order = if limits.order == Order::Reversed { Order::Written } else { Order::Reversed };
            }
        }
    }
    Job {
        limits,
        max_fail: MaxFail::default(),
        on_case: CaseListener::new(|_| ()),
        is_again: true,
        ..job.clone()
    }
}

async fn again(file: &Planned, job: Job, cancelled: impl Future<Output = ()>) -> Did {
    match file.kind {
        FileKind::Tests | FileKind::Types => Did::Cases(engine::run_file(job, cancelled).await.cases),
        FileKind::Entry { .. } => {
            let built = render(job, cancelled).await;
            Did::Rendered(
                built.map(|built| Arc::new(built.documents)).map_err(|NotBuilt { failures, .. }| failures),
            )
        }
    }
}

/// The first thing that differs.
fn difference(file: &Planned, before: &Did, now: &Did) -> Option<Failure> {
    match (before, now) {
        (Did::Cases(before), Did::Cases(now)) => of_cases(before, now),
        (Did::Rendered(Ok(before)), Did::Rendered(Ok(now))) => of_documents(file, before, now),
        (Did::Rendered(Ok(_)), Did::Rendered(Err(failures))) => {
            let failure = failures.first().filter(|_| !is_cut_off(failures))?;
            let message =
                format!("the entry was rendered, and not when it ran again:\n\n{}", failure.message);
            Some(Failure { message, ..retold(failure) })
        }
        _ => None,
    }
}

/// A failure of another run, as one of this kind.
fn retold(failure: &Failure) -> Failure {
    let kind = FailureKind::Nondeterminism;
    Failure { kind, type_name: kind.name().to_owned(), ..failure.clone() }
}

/// Whether failures are not the file's own doing.
fn is_cut_off(failures: &[Failure]) -> bool {
    failures.iter().any(|failure| match failure.kind {
        FailureKind::Timeout
        | FailureKind::OutOfMemory
        | FailureKind::Interrupted
        | FailureKind::Internal => true,
        FailureKind::Assertion
        | FailureKind::Validation
        | FailureKind::Thrown
        | FailureKind::UnhandledRejection
        | FailureKind::NeverSettles
        | FailureKind::StackOverflow
        | FailureKind::Compile
        | FailureKind::Load
        | FailureKind::NoTests
        | FailureKind::BuildContract
        | FailureKind::Types
        | FailureKind::Nondeterminism
        | FailureKind::WrongCache => false,
    })
}

fn of_cases(before: &[CaseResult], now: &[CaseResult]) -> Option<Failure> {
    if before.iter().chain(now).any(|case| is_cut_off(&case.failures)) {
        return None;
    }
    let by_name = |cases: &'_ [CaseResult]| -> HashMap<String, usize> {
        cases.iter().enumerate().map(|(number, case)| (case.name.clone(), number)).collect()
    };
    let (names_before, names_now) = (by_name(before), by_name(now));
    let there = |case: &CaseResult, when: &str| {
        let message = format!("case \"{}\" was there only when the file ran {when}", case.name);
        let failure = engine::plain(FailureKind::Nondeterminism, message);
        Some(Failure { place: case.place.clone(), ..failure })
    };
    for case in before {
        let Some(other) = names_now.get(&case.name).and_then(|number| now.get(*number)) else {
            return there(case, "first");
        };
        let (was, is) = (became(&case.status), became(&other.status));
        if was != is {
            let message = format!("case \"{}\" {was}, and {is} when the file ran again", case.name);
            return Some(match case.failures.iter().chain(&other.failures).next() {
                Some(failure) => {
                    Failure { message: format!("{message}:\n\n{}", failure.message), ..retold(failure) }
                }
                None => Failure {
                    place: case.place.clone(),
                    ..engine::plain(FailureKind::Nondeterminism, message)
                },
            });
        }
    }
    now.iter().find(|case| !names_before.contains_key(&case.name)).and_then(|case| there(case, "again"))
}

fn became(status: &CaseStatus) -> &'static str {
    match status {
        CaseStatus::Passed | CaseStatus::Flaky { fails: false } => "passed",
        CaseStatus::Failed | CaseStatus::Error | CaseStatus::Flaky { fails: true } => "failed",
        CaseStatus::Skipped { .. } => "was skipped",
        CaseStatus::Todo => "was only planned",
    }
}

fn of_documents(file: &Planned, before: &[Value], now: &[Value]) -> Option<Failure> {
    let redact: Vec<&Redact> = file.ci.redact.iter().map(|named| &named.value).collect();
    let different = before
        .iter()
        .zip(now)
        .find_map(|(document, other)| Some((document, other, first(Some(document), Some(other), At::Root)?)));
    let Some((document, other, Different { path, before: was, now: is })) = different else {
        let (was, is) = (before.len(), now.len());
        let message = format!("the entry rendered {was} resources, and {is} when it ran again");
        return (was != is).then(|| engine::plain(FailureKind::Nondeterminism, message));
    };
    let is_secret = [document, other].iter().any(|document| secrets_of(document, &redact).covers(&path));
    let all = [before, now].map(|documents| secrets_of_all(documents, &redact));
    let shown = |value: Option<&Value>| match value {
        None => "absent".to_owned(),
        Some(_) if is_secret => REDACTED.to_owned(),
        Some(Value::Object(_)) => "an object".to_owned(),
        Some(Value::Array(items)) => format!("a list of {}", items.len()),
        Some(value) => {
            let text = all.iter().fold(value.to_string(), |text, secrets| secrets.mask(&text));
            match text.char_indices().nth(MAX_VALUE) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    };
    let message = format!(
        "{path} of {} is {}, and {} when the entry ran again",
        Identity::of(document),
        shown(was),
        shown(is)
    );
    let failure = engine::plain(FailureKind::Nondeterminism, message);
    Some(Failure { json_path: Some(path), ..failure })
}

/// Where two values first differ, and what is there in each. The order of keys counts for nothing.
fn first<'a>(before: Option<&'a Value>, now: Option<&'a Value>, at: At<'_>) -> Option<Different<'a>> {
    match (before, now) {
        (Some(Value::Object(before)), Some(Value::Object(now))) => {
            let new = now.keys().filter(|key| !before.contains_key(*key));
            before.keys().chain(new).find_map(|key| first(before.get(key), now.get(key), at.key(key)))
        }
        (Some(Value::Array(before)), Some(Value::Array(now))) => (0..before.len().max(now.len()))
            .find_map(|index| first(before.get(index), now.get(index), at.index(index))),
        _ => (before != now).then(|| Different { path: at.path(), before, now }),
    }
}

/// What is not the same in two values.
struct Different<'a> {
    path: JsonPath,
    before: Option<&'a Value>,
    now: Option<&'a Value>,
}
