//! Errors of the engine as failures with places in the user's TypeScript.

use rquickjs::{Function, Object, Value};

use super::modules::{Modules, Unit};
use super::progress::{RawPlace, cut};
use crate::compile::{self, Call, Spot};
use crate::diagnostic::{Diagnostic, Place, near_miss};
use crate::event::{Comparison, Failure, FailureKind, Frame};
use crate::resource::Step;

/// What the engine says where something is called that is no function.
pub(super) const NOT_A_FUNCTION: &str = "not a function";

/// How much of a function's name is shown, in characters.
const MAX_FUNCTION: usize = 200;

/// What the SDK says of a thrown value: owned, and without anything of the engine's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Thrown {
    pub(crate) assertion: bool,
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) stack: String,
    pub(crate) comparison: Option<Comparison>,
    pub(crate) causes: Vec<String>,
    /// What to do about it.
    pub(crate) help: Option<String>,
    /// What was asked for lately and does not exist, latest first: the object's name, the property, and what the object
    /// has instead.
    pub(crate) misses: Vec<Vec<String>>,
    /// `null` was thrown: what the engine does when no memory is left for an error.
    pub(crate) is_null: bool,
}

impl Thrown {
    /// Asks the SDK's `describeError` what `value` is. Never fails: what cannot be described says so.
    pub(crate) fn describe<'js>(runtime: &Object<'js>, value: Value<'js>) -> Thrown {
        let is_null = value.is_null();
        let described = runtime
            .get::<_, Function>("describeError")
            .and_then(|describe| describe.call::<_, Object>((value,)))
            .and_then(|description| Thrown::from_description(&description));
        let mut thrown = described.unwrap_or_else(|_| {
            let left = runtime.ctx().catch();
            let message =
                if is_out_of_memory(&left) { "out of memory" } else { "an error that cannot be shown" };
            Thrown { name: "Error".to_owned(), message: message.to_owned(), ..Thrown::default() }
        });
        thrown.is_null = is_null;
        thrown
    }

    /// Reads a `Description` of the SDK's.
    pub(crate) fn from_description(description: &Object<'_>) -> rquickjs::Result<Thrown> {
        let expected: Option<String> = description.get("expected")?;
        let received: Option<String> = description.get("received")?;
        Ok(Thrown {
            assertion: description.get("assertion")?,
            name: description.get("name")?,
            message: description.get("message")?,
            stack: description.get("stack")?,
            comparison: expected.zip(received).map(|(expected, received)| Comparison { expected, received }),
            causes: description.get("causes")?,
            help: description.get("help")?,
            misses: Vec::new(),
            is_null: false,
        })
    }

    /// Whether it may come of a misspelt method.
    pub(crate) fn may_be_misspelt(&self) -> bool {
        !self.assertion && self.name == "TypeError" && self.message == NOT_A_FUNCTION
    }

    fn is_out_of_memory(&self) -> bool {
        !self.assertion && self.name == "InternalError" && self.message == "out of memory"
            || self.message == "out of memory" && self.stack.is_empty()
    }

    /// Whether the stack ran out.
    pub(crate) fn is_stack_overflow(&self) -> bool {
        !self.assertion
            && matches!(self.name.as_str(), "InternalError" | "RangeError")
            && (self.message == "stack overflow"
                || self.message.starts_with("Maximum call stack size exceeded"))
    }
}

fn is_out_of_memory(value: &Value<'_>) -> bool {
    let message = value.as_object().and_then(|object| object.get::<_, String>("message").ok());
    value.is_null() || message.is_some_and(|message| message == "out of memory")
}

/// Leads from the engine's stacks to the user's sources.
pub(crate) struct Sources<'m> {
    pub(crate) modules: &'m Modules,
    pub(crate) main: &'m Unit,
}

impl Sources<'_> {
    /// The frames of a raw stack that lie in the user's files, innermost first.
    pub(crate) fn frames(&self, stack: &str) -> Vec<Frame> {
        stack.lines().filter_map(|line| self.frame(line)).collect()
    }

    /// Where a place of the engine's is in the user's source.
    pub(crate) fn original(&self, place: &RawPlace) -> Option<Place> {
        if place.module == self.main.path.as_str() {
            self.main.original(place.line, place.column)
        } else {
            self.modules.loaded(&place.module)?.original(place.line, place.column)
        }
    }

    /// Whether the file says that it throws `null`: then a thrown `null` is no sign of anything else.
    fn throws_null(&self) -> bool {
        ["throw null", "reject(null", "reject()"].iter().any(|text| self.main.source.contains(text))
    }

    fn frame(&self, line: &str) -> Option<Frame> {
        let (function, place) = RawPlace::frame(line)?;
        let function = Some(function).filter(|name| !matches!(*name, "<anonymous>" | "<eval>" | ""));
        Some(Frame { function: function.map(|name| cut(name, MAX_FUNCTION)), place: self.original(&place)? })
    }

    /// A failure at the first of its frames.
    pub(crate) fn failure(&self, kind: FailureKind, mut thrown: Thrown) -> Failure {
        let kind = match kind {
            FailureKind::Thrown | FailureKind::Load | FailureKind::UnhandledRejection
                if thrown.is_out_of_memory() || thrown.is_null && !self.throws_null() =>
            {
                thrown.message = "out of memory".to_owned();
                FailureKind::OutOfMemory
            }
            FailureKind::Thrown | FailureKind::Load if thrown.is_stack_overflow() => {
                FailureKind::StackOverflow
            }
            FailureKind::Thrown if thrown.assertion => FailureKind::Assertion,
            kind => kind,
        };
        let mut frames = self.frames(&thrown.stack);
        // The constructor of the user's own error class is not where it was thrown.
        if frames.len() > 1 && frames[0].function.as_deref() == Some(thrown.name.as_str()) {
            frames.remove(0);
        }
        let place = frames.first().map(|frame| frame.place.clone());
        let misspelt = place.as_ref().and_then(|place| self.misspelt(&thrown, place));
        let (place, message, near) = match misspelt {
            Some(misspelt) => (Some(misspelt.place), misspelt.message, misspelt.help),
            None if thrown.message.is_empty() => (place, format!("{} without a message", thrown.name), None),
            None => (place, thrown.message, None),
        };
        let type_name = match kind {
            FailureKind::Thrown | FailureKind::Assertion if !thrown.name.is_empty() => thrown.name,
            kind => kind.name().to_owned(),
        };
        let mut failure = Failure {
            kind,
            type_name,
            message,
            comparison: thrown.comparison,
            place: None,
            snippet: None,
            frames,
            help: near.or(thrown.help).or_else(|| help(kind).map(str::to_owned)),
            json_path: None,
            causes: thrown.causes,
        };
        if let Some(place) = place {
            if let Some(innermost) = failure.frames.first_mut() {
                innermost.place = place.clone();
            }
            self.put(&mut failure, place);
        }
        failure
    }

    /// What to say of an error that comes of a method which does not exist: where, what, and what to do about it.
    ///
    /// Of the misses before it the right one is the one that is written where the error is.
    fn misspelt(&self, thrown: &Thrown, place: &Place) -> Option<Misspelt> {
        let found = thrown.misses.iter().find_map(|miss| match miss.as_slice() {
            [owner, name, known @ ..] => {
                let place = self.with_unit(place, |unit| written(unit, place, name)).flatten()?;
                Some((owner, name, known, place))
            }
            _ => None,
        });
        let (owner, name, known, place) = found?;
        let near = near_miss(name, known.iter().map(String::as_str));
        Some(Misspelt {
            place,
            message: format!("{owner} has no method \"{}\"", cut(name, MAX_FUNCTION)),
            help: near.map(|near| format!("did you mean \"{near}\"?")),
        })
    }

    /// The calls of a raw stack that lie in the user's files, innermost first, each at the name of what is called.
    ///
    /// The engine tells a call by the last thing in its arguments that it knows the place of.
    pub(super) fn calls(&self, stack: &str) -> Vec<Frame> {
        let mut called = None;
        let mut frames = Vec::new();
        for line in stack.lines() {
            if let Some(mut frame) = self.frame(line) {
                if let Some(call) = self.call(&frame.place, called, &[]) {
                    frame.place = at(&frame.place, call.name);
                }
                frames.push(frame);
            }
            called = function_of(line);
        }
        frames
    }

    /// The call of a function or method around a place, and where its value at `steps` is written.
    pub(super) fn call(&self, place: &Place, name: Option<&str>, steps: &[Step]) -> Option<Call> {
        let position = (place.line, place.column);
        self.with_unit(place, |unit| compile::find_call(&unit.path, &unit.source, position, name, steps))?
    }

    /// Asks the file that a place is in.
    pub(super) fn with_unit<T>(&self, place: &Place, ask: impl FnOnce(&Unit) -> T) -> Option<T> {
        if place.path == self.main.path {
            Some(ask(self.main))
        } else {
            self.modules.loaded(place.path.as_str()).map(|unit| ask(&unit))
        }
    }

    /// A failure that a diagnostic tells.
    pub(crate) fn diagnosed(kind: FailureKind, diagnostic: &Diagnostic) -> Failure {
        Failure {
            place: diagnostic.place.clone(),
            snippet: diagnostic.snippet.clone(),
            help: diagnostic.help.clone(),
            ..plain(kind, diagnostic.message.clone())
        }
    }

    /// Puts a failure at a place, with the lines around it.
    pub(crate) fn put(&self, failure: &mut Failure, place: Place) {
        failure.snippet = self.with_unit(&place, |unit| unit.snippet(place.line, place.column, 1)).flatten();
        failure.place = Some(place);
    }
}

/// What is said of a misspelt method.
struct Misspelt {
    place: Place,
    message: String,
    help: Option<String>,
}

/// Where the name of a method is written that an error at a place may come of.
fn written(unit: &Unit, place: &Place, name: &str) -> Option<Place> {
    let called = compile::find_call(&unit.path, &unit.source, (place.line, place.column), Some(name), &[]);
    let line_of = |line: u32| unit.source.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
    if let Some(spot) = called.map(|call| call.name)
        && line_of(spot.line)
            .chars()
            .skip(spot.column as usize - 1)
            .take(spot.width as usize)
            .eq(name.chars())
    {
        return Some(at(place, spot));
    }
    // It is called by an index or a variable, or the engine itself calls it.
    let rest: String = line_of(place.line).chars().skip(place.column.saturating_sub(1) as usize).collect();
    has_word(&rest, name).then(|| place.clone())
}

fn at(place: &Place, spot: Spot) -> Place {
    Place { path: place.path.clone(), line: spot.line, column: spot.column }
}

/// The function of one line of a raw stack, be it the user's or not.
fn function_of(line: &str) -> Option<&str> {
    line.trim().strip_prefix("at ")?.split_once(" (").map(|(function, _)| function)
}

/// Whether a name is written in a text, and not as a part of another name.
fn has_word(text: &str, name: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    !name.is_empty()
        && text
            .match_indices(name)
            .any(|(at, _)| !text[..at].ends_with(inner) && !text[at + name.len()..].starts_with(inner))
}

/// A failure that knows nothing but its message.
pub(crate) fn plain(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure {
        kind,
        type_name: kind.name().to_owned(),
        message: message.into(),
        comparison: None,
        place: None,
        snippet: None,
        frames: Vec::new(),
        help: help(kind).map(str::to_owned),
        json_path: None,
        causes: Vec::new(),
    }
}

fn help(kind: FailureKind) -> Option<&'static str> {
    match kind {
        FailureKind::NeverSettles => Some("no timer and no other work is pending that could settle it"),
        FailureKind::OutOfMemory => Some("the limit is set with --max-heap-mb"),
        FailureKind::StackOverflow => Some("look for a function that calls itself without end"),
        FailureKind::UnhandledRejection => Some("await the promise, or handle its rejection"),
        FailureKind::Internal => Some("this is a bug in husako-ci: please report it"),
        FailureKind::Assertion
        | FailureKind::Validation
        | FailureKind::Thrown
        | FailureKind::Timeout
        | FailureKind::Compile
        | FailureKind::Load
        | FailureKind::NoTests
        | FailureKind::BuildContract
        | FailureKind::Types
        | FailureKind::Nondeterminism
        | FailureKind::WrongCache
        | FailureKind::Interrupted => None,
    }
}
