//! Errors of the engine as failures with places in the user's TypeScript.

use rquickjs::{Function, Object, Value};

use super::modules::{Modules, Unit};
use super::progress::{RawPlace, cut};
use crate::diagnostic::{Diagnostic, Place};
use crate::event::{Comparison, Failure, FailureKind, Frame};

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
            is_null: false,
        })
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
        let message = if thrown.message.is_empty() {
            format!("{} without a message", thrown.name)
        } else {
            thrown.message
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
            help: help(kind).map(str::to_owned),
            causes: thrown.causes,
        };
        if let Some(place) = place {
            self.put(&mut failure, place);
        }
        failure
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
        let shown = if place.path == self.main.path {
            self.main.snippet(place.line, place.column, 1)
        } else {
            self.modules
                .loaded(place.path.as_str())
                .and_then(|unit| unit.snippet(place.line, place.column, 1))
        };
        failure.snippet = shown;
        failure.place = Some(place);
    }
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
        | FailureKind::Thrown
        | FailureKind::Timeout
        | FailureKind::Compile
        | FailureKind::Load
        | FailureKind::NoTests
        | FailureKind::Interrupted => None,
    }
}
