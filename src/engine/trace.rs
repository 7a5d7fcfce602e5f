//! Where in the user's code each part of a resource was made.
//!
//! The entry is run once more, with call sites recorded (`src/sdk/tracing.ts`): a normal run pays nothing for them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use rquickjs::{Array, Ctx, Exception, Function, Object, Value};
use serde_json::Value as Json;

use super::Job;
use super::errors::{Sources, plain};
use super::host::{Looking, Looks, Phase, session};
use super::json::NotJson;
use super::modules::ProjectModules;
use super::running::Running;
use crate::compile::Spot;
use crate::diagnostic::{Place, Snippet};
use crate::event::{Failure, FailureKind, Frame};
use crate::resource::{Identity, JsonPath, Step};
use crate::tree::RelPath;

/// How many different stacks are kept.
const MAX_STACKS: usize = 50_000;
/// How much text they may have, in bytes.
const MAX_BYTES: usize = 32 << 20;
/// How many places of documents are kept.
const MAX_PLACES: usize = if cfg!(test) { 5_000 } else { 500_000 };

/// What a tracing run has told so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    /// Raw stacks by their numbers, which begin at 1; many calls of a loop share one.
    stacks: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    bytes: usize,
    /// By document and path, the number of a stack.
    documents: Vec<BTreeMap<JsonPath, u32>>,
    places: usize,
    /// The calls of `build`.
    builds: Vec<u32>,
}

impl Recorder {
    /// The number of a stack; 0 when there is no room left: then what is around it is told in its place.
    fn number(&mut self, stack: String) -> u32 {
        if let Some(number) = self.numbers.get(stack.as_str()) {
            return *number;
        }
        if self.stacks.len() >= MAX_STACKS || self.bytes + stack.len() > MAX_BYTES {
            return 0;
        }
        self.bytes += stack.len();
        let stack = Arc::<str>::from(stack);
        self.stacks.push(Arc::clone(&stack));
        let number = self.stacks.len() as u32;
        self.numbers.insert(stack, number);
        number
    }

    /// The stack of a number.
    fn stack(&self, number: u32) -> Option<&str> {
        self.stacks.get((number as usize).checked_sub(1)?).map(|stack| &**stack)
    }

    /// Says what was made where. `None` when there is no room left.
    fn put(&mut self, document: usize, path: JsonPath, stack: u32, how: &str) -> Option<()> {
        if self.places >= MAX_PLACES || document > self.documents.len() {
            return None;
        }
        if document == self.documents.len() {
            self.documents.push(BTreeMap::new());
        }
        // Counted whether it is new or not: it bounds the time as well.
        self.places += 1;
        let places = &mut self.documents[document];
        if how == "replace" {
            let inside =
                places.range(path.clone()..).take_while(|(p, _)| p.steps().starts_with(path.steps()));
            let inside: Vec<JsonPath> = inside.map(|(path, _)| path.clone()).collect();
            for path in inside {
                places.remove(&path);
            }
        }
        if how == "keep" {
            places.entry(path).or_insert(stack);
        } else {
            places.insert(path, stack);
        }
        Some(())
    }
}

/// Makes the SDK record what the user's code, which is not loaded yet, will do.
pub(super) fn start<'js>(ctx: &Ctx<'js>, tracing: &Object<'js>) -> rquickjs::Result<()> {
    let start: Function<'js> = tracing.get("start")?;
    start.call::<_, ()>((
        Function::new(ctx.clone(), |ctx: Ctx<'js>, stack: String| {
            session(&ctx).map(|session| session.record(|recorder| recorder.number(stack)))
        })?,
        Function::new(
            ctx.clone(),
            |ctx: Ctx<'js>, document: usize, path: Array<'js>, stack: u32, how: String| {
                let steps = path.iter::<Value<'js>>().map(|step| step.and_then(|step| json_step(&step)));
                let path = JsonPath::from(steps.collect::<rquickjs::Result<Vec<Step>>>()?);
                let done = session(&ctx)?.record(|recorder| recorder.put(document, path, stack, &how));
                done.ok_or_else(|| Exception::throw_range(&ctx, "too many call sites"))
            },
        )?,
    ))
}

fn json_step(step: &Value<'_>) -> rquickjs::Result<Step> {
    match step.as_int() {
        Some(index) if index >= 0 => Ok(Step::Index(index as usize)),
        _ => step.get::<rquickjs::Coerced<String>>().map(|key| Step::Key(key.0)),
    }
}

/// In a tracing run: collects where the parts of these builders come from. `build` was called with them.
pub(super) fn collect<'js>(ctx: &Ctx<'js>, builders: Array<'js>) -> rquickjs::Result<()> {
    let Some(tracing) = ctx.userdata::<Looking<'js>>().map(|looking| looking.0.clone()) else {
        return Ok(());
    };
    let collect: Function<'js> = tracing.get("collect")?;
    let stack: u32 = collect.call((builders,))?;
    session(ctx)?.record(|recorder| recorder.builds.push(stack));
    Ok(())
}

/// Where the parts of an entry's resources were made.
#[derive(Debug)]
pub(crate) struct CallSites {
    /// The tracing run: it knows the sources.
    running: Arc<Running>,
    recorder: Recorder,
    /// The calls of stacks that were asked for: findings come in crowds.
    calls: Mutex<HashMap<u32, Arc<[Frame]>>>,
}

/// Where something was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallSite {
    /// What made it: a literal's key or item, or the name of the function or method that was called.
    pub(crate) place: Place,
    /// The lines around it.
    pub(crate) snippet: Option<Snippet>,
    /// The calls that led there, innermost first: from a helper out to the entry. The first is the call that
    /// [`CallSite::place`] belongs to.
    pub(crate) frames: Vec<Frame>,
}

impl CallSites {
    /// Runs an entry again, with call sites recorded. It may fail: what was recorded until then counts.
    async fn record(job: Job, cancelled: impl Future<Output = ()>) -> (CallSites, Outcome) {
        let running = Arc::new(Running::new(job, Phase::Entry, Looks::ForSites));
        let outcome = match running.on_thread(cancelled, Running::entry).await {
            Ok(outcome) => outcome,
            Err(failure) => Err(Broken::Failed(vec![failure])),
        };
        let recorder = running.session.take_recorder();
        (CallSites { running, recorder, calls: Mutex::default() }, outcome)
    }

    /// The call sites of the documents that an entry gave before. A document that is another one this time has none.
    pub(super) async fn of_documents(
        job: Job,
        documents: &[Json],
        cancelled: impl Future<Output = ()>,
    ) -> CallSites {
        let (mut sites, outcome) = CallSites::record(job, cancelled).await;
        let again = outcome.map(|built| built.documents).unwrap_or_default();
        for (number, places) in sites.recorder.documents.iter_mut().enumerate() {
            let same = documents.get(number).zip(again.get(number));
            if same.is_none_or(|(before, now)| Identity::of(before) != Identity::of(now)) {
                places.clear();
            }
        }
        sites
    }

    /// The place of what broke an entry's contract; `None` if it does not break in the same way again.
    pub(super) async fn of_broken(
        job: Job,
        broken: &Broken,
        cancelled: impl Future<Output = ()>,
    ) -> Option<CallSite> {
        let (sites, outcome) = CallSites::record(job, cancelled).await;
        let again = outcome.err()?;
        match (broken, &again) {
            (Broken::NotJson(before), Broken::NotJson(now)) if before == now => {
                let (document, path) = before.in_document()?;
                sites.find(document, &path)
            }
            (Broken::Builds(_), Broken::Builds(_)) => sites.site(*sites.recorder.builds.get(1)?, &[]),
            _ => None,
        }
    }

    /// The place where what is at `path` of a document was made, or else what is around it, or else the document.
    pub(crate) fn find(&self, document: usize, path: &JsonPath) -> Option<CallSite> {
        let places = self.recorder.documents.get(document)?;
        let steps = path.steps();
        (0..=steps.len()).rev().find_map(|length| {
            let (known, rest) = steps.split_at(length);
            self.site(*places.get(&JsonPath::from(known.to_vec()))?, rest)
        })
    }

    /// Where a call is; `rest` leads from what it was given to what is looked for.
    fn site(&self, stack: u32, rest: &[Step]) -> Option<CallSite> {
        let main = self.running.main.get()?;
        let sources = Sources { modules: &self.running.job.modules, main };
        let frames = self.calls(&sources, stack)?;
        let call = frames.first()?.place.clone();
        let value = sources.call(&call, None, rest).map(|call| call.value);
        let (place, width) = match value {
            Some(Spot { line, column, width }) => (Place { line, column, ..call }, width),
            None => (call, 1),
        };
        let snippet =
            sources.with_unit(&place, |unit| unit.snippet(place.line, place.column, width)).flatten();
        Some(CallSite { place, snippet, frames: frames.to_vec() })
    }

    /// The calls of a stack, from the one that describes a resource outwards.
    fn calls(&self, sources: &Sources<'_>, stack: u32) -> Option<Arc<[Frame]>> {
        let mut known = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = known.get(&stack) {
            return Some(Arc::clone(calls));
        }
        let mut calls = sources.calls(self.recorder.stack(stack)?);
        // A plugin's methods and generated ones are not where a resource is written, if somebody called them.
        let written =
            calls.iter().position(|call| is_written_here(&self.running.job.project, &call.place.path));
        calls.drain(..written.unwrap_or_default());
        let calls: Arc<[Frame]> = calls.into();
        known.insert(stack, Arc::clone(&calls));
        Some(calls)
    }
}

/// Whether a file is of those that describe a project's resources: no plugin's, and nothing that was generated.
fn is_written_here(project: &ProjectModules, path: &RelPath) -> bool {
    !project.plugins.values().any(|plugin| path.starts_with(&plugin.root))
        && !path.as_str().split('/').any(|part| part == ".husako")
}

/// What became of an entry.
pub(super) type Outcome = Result<super::Built, Broken>;

/// Why an entry gave no resources.
#[derive(Debug)]
pub(super) enum Broken {
    /// It did not come to its end.
    Failed(Vec<Failure>),
    /// It called `build` so many times, and not once.
    Builds(usize),
    /// What it built is no JSON.
    NotJson(NotJson),
}

impl Broken {
    /// What is told of it; of a broken contract without its place.
    pub(super) fn failures(&self) -> Vec<Failure> {
        let (message, help) = match self {
            Broken::Failed(failures) => return failures.clone(),
            Broken::Builds(0) => ("build() was not called: an entry calls it exactly once".to_owned(), None),
            Broken::Builds(times) => (
                format!("build() was called {times} times: an entry calls it exactly once"),
                Some("give it all resources in one array"),
            ),
            Broken::NotJson(error) => {
                let help = (error.what == "undefined").then_some("leave the property out instead");
                (error.to_string(), help)
            }
        };
        vec![Failure { help: help.map(str::to_owned), ..plain(FailureKind::BuildContract, message) }]
    }
}
