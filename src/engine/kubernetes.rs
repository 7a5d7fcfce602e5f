//! `husako:host/kubernetes`: what tests of resources can ask of the host. See `src/sdk/host_kubernetes.d.ts`.

mod selector;

use std::pin::Pin;
use std::sync::Arc;

use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Exception, Function, JsLifetime, Result, Undefined, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::ClassInstance;
use super::json::{self, in_document};
use super::running::Running;
use super::turn::run_jobs;
use crate::diagnostic::Diagnostic;
use crate::resource::Identity;
use crate::rule::{Level, Rule};
use crate::schema::types::Type;
use crate::schema::validate::Quantity;
use crate::schema::{STACK_BYTES, read_yaml};
use crate::tree::RelPath;
use crate::yaml;

/// What a test can ask of the project that it belongs to. Whoever runs files gives it; an entry has none.
pub(crate) trait ProjectServices: std::fmt::Debug + Send + Sync {
    /// Judges resources together, as those of an entry, by the rules and levels of the project. Nothing secret is in what it
    /// says.
    fn judge(&self, documents: Vec<Json>, instances: Vec<ClassInstance>) -> Vec<Verdict>;

    /// Renders an entry of the project in a runtime of its own, once in a run.
    ///
    /// `entry` is a name of `[entries]`, a path from the project's folder, or, with `./` or `../`, a path from `test`, the file
    /// that asks. Gives the resources as the text of a JSON array, or why there are none, for a person.
    fn render(&self, test: &RelPath, entry: &str) -> Rendering;
}

/// An entry that is being rendered.
pub(crate) type Rendering = Pin<Box<dyn Future<Output = std::result::Result<Arc<str>, Arc<str>>> + Send>>;

/// What a rule says of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Which of the resources, from 0.
    pub(crate) document: usize,
    /// The rule that it breaks.
    pub(crate) rule: Rule,
    /// How that counts in the project.
    pub(crate) level: Level,
    /// Where in the resource, and what is wrong there: `$.spec.replicas: expected …`.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) help: Option<String>,
}

/// The file of a context.
#[derive(Clone, JsLifetime)]
pub(super) struct Asking(Arc<Running>);

/// Lets the functions of the module know the file that runs in `ctx`.
pub(super) fn prepare(ctx: &Ctx<'_>, running: &Arc<Running>) -> Result<()> {
    ctx.store_userdata(Asking(Arc::clone(running))).map(drop).map_err(|_| rquickjs::Error::Unknown)
}

/// The file that runs in `ctx`.
pub(super) fn running(ctx: &Ctx<'_>) -> Result<Arc<Running>> {
    let asking = ctx.userdata::<Asking>().map(|asking| Arc::clone(&asking.0));
    asking.ok_or_else(|| Exception::throw_internal(ctx, "no file"))
}

fn services(ctx: &Ctx<'_>, running: &Running) -> Result<Arc<dyn ProjectServices>> {
    let services = running.job.services.clone();
    services.ok_or_else(|| Exception::throw_internal(ctx, "the file has no project to ask"))
}

/// The native module.
pub(crate) struct KubernetesModule;

impl ModuleDef for KubernetesModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        for name in ["plain", "judge", "compareYaml", "quantity", "nearestQuantity", "requirements", "render"]
        {
            declare.declare(name)?;
        }
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("plain", Func::from(plain))?;
        exports.export("judge", Func::from(judge))?;
        exports.export("compareYaml", Func::from(compare_yaml))?;
        exports.export("quantity", Func::from(quantity))?;
        exports.export("nearestQuantity", Func::from(nearest_quantity))?;
        exports.export("requirements", Func::from(requirements))?;
        exports.export("render", Func::from(render))?;
        Ok(())
    }
}

/// A plain value as one of JavaScript's.
fn to_js<'js>(ctx: &Ctx<'js>, value: &impl Serialize) -> Result<Value<'js>> {
    let text =
        serde_json::to_string(value).map_err(|error| Exception::throw_internal(ctx, &error.to_string()))?;
    ctx.json_parse(text)
}

/// Resources as JSON, and the instances of classes in them; otherwise what is wrong, as JavaScript is told.
type Read<'js> = std::result::Result<(Vec<Json>, Vec<json::Instance>), Value<'js>>;

/// Reads a list of resources.
fn strict<'js>(ctx: &Ctx<'js>, resources: Value<'js>) -> Result<Read<'js>> {
    Ok(match json::strict(ctx, resources)? {
        Ok((Json::Array(documents), instances)) => Ok((documents, instances)),
        Ok(_) => Err(to_js(ctx, &json!({ "document": 0, "problem": "it is no list" }))?),
        Err(problem) => {
            let (document, path) = problem.in_document().unwrap_or_default();
            let problem = format!("{path}: {} cannot be written as JSON", problem.what);
            Err(to_js(ctx, &json!({ "document": document, "problem": problem }))?)
        }
    })
}

/// Copies of the resources, and what their lists are told apart by.
fn plain<'js>(ctx: Ctx<'js>, resources: Value<'js>, with_lists: bool) -> Result<Value<'js>> {
    let running = running(&ctx)?;
    let documents = match strict(&ctx, resources)? {
        Ok((documents, _)) => documents,
        Err(problem) => return Ok(problem),
    };
    let titles: Vec<String> = documents.iter().map(|document| Identity::of(document).to_string()).collect();
    let schemas = &running.job.project.schemas;
    let list = |document: &Json| lists(document, Type::of_resource(schemas, document));
    let lists: Vec<Option<Json>> = documents.iter().filter(|_| with_lists).map(list).collect();
    to_js(&ctx, &json!({ "resources": documents, "titles": titles, "lists": lists }))
}

/// The lists in a value whose items are told apart by keys: in `fields` what is in an object, in `items` what is in a list, and
/// the `keys` of a list that has some. `None` where there is none.
fn lists(value: &Json, of: Type<'_>) -> Option<Json> {
    match value {
        Json::Object(entries) => {
            let of = of.inside(value);
            let fields =
                entries.iter().filter_map(|(key, value)| Some((key.clone(), lists(value, of.key(key))?)));
            let fields: Map<String, Json> = fields.collect();
            (!fields.is_empty()).then(|| json!({ "fields": fields, "keys": [], "items": [] }))
        }
        Json::Array(values) => {
            let stated = of.item_keys().into_iter().find(|keys| keys.iter().all(|key| !key.guessed));
            let keys: Vec<Json> = stated
                .iter()
                .flatten()
                .map(|key| json!({ "name": key.name, "default": key.default }))
                .collect();
            let items: Vec<Option<Json>> = values.iter().map(|value| lists(value, of.item())).collect();
            let has_lists = !keys.is_empty() || items.iter().any(Option::is_some);
            has_lists.then(|| json!({ "fields": {}, "keys": keys, "items": items }))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}

/// Judges resources together.
fn judge<'js>(ctx: Ctx<'js>, resources: Value<'js>) -> Result<Value<'js>> {
    let running = running(&ctx)?;
    let services = services(&ctx, &running)?;
    let (documents, instances) = match strict(&ctx, resources)? {
        Ok(strict) => strict,
        Err(problem) => return Ok(problem),
    };
    let instances = instances.into_iter().filter_map(|instance| {
        let (document, path) = in_document(&instance.path)?;
        Some(ClassInstance { document, path, class: instance.class })
    });
    // Values for a chart have neither: nobody judges them.
    let is_resource = |document: &Json| ["apiVersion", "kind"].iter().any(|key| document.get(key).is_some());
    let title = |document: &Json| is_resource(document).then(|| Identity::of(document).to_string());
    let titles: Vec<Option<String>> = documents.iter().map(title).collect();
    let verdicts: Vec<Json> = services
        .judge(documents, instances.collect())
        .into_iter()
        .map(|Verdict { document, rule, level, message, help }| {
            json!({ "document": document, "rule": rule.name(), "level": level.name(), "message": message, "help": help })
        })
        .collect();
    let version = running.job.project.schemas.kubernetes().version().to_string();
    to_js(&ctx, &json!({ "verdicts": verdicts, "titles": titles, "version": version }))
}

/// Compares resources with what YAML says, by value, and gives both as YAML.
fn compare_yaml<'js>(ctx: Ctx<'js>, resources: Value<'js>, text: String) -> Result<Value<'js>> {
    let expected = match read_expected(&text) {
        Ok(expected) => expected,
        Err(error) => {
            let place = error.place.map(|place| format!("line {}: ", place.line)).unwrap_or_default();
            return to_js(&ctx, &json!({ "misread": format!("{place}{}", error.message) }));
        }
    };
    match strict(&ctx, resources)? {
        Ok((received, _)) => to_js(
            &ctx,
            &json!({
                "equal": received == expected,
                "expected": yaml::write(&expected).trim_end_matches('\n'),
                "received": yaml::write(&received).trim_end_matches('\n'),
            }),
        ),
        Err(problem) => Ok(problem),
    }
}

/// The documents of a text. What all of its lines are indented by does not count: it stands in a test.
fn read_expected(text: &str) -> std::result::Result<Vec<Json>, Diagnostic> {
    let filled = text.lines().filter(|line| !line.trim().is_empty());
    let indent = filled.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or_default();
    let text: String =
        text.lines().map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
    // The thread of the file may have less stack than reading needs.
    let reading = std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || read_yaml(&text));
        thread.ok().and_then(|thread| thread.join().ok())
    });
    let documents =
        reading.unwrap_or_else(|| Err(Diagnostic::error("reading it: no thread could be started")))?;
    Ok(documents.into_iter().map(whole).collect())
}

/// The same, with numbers as the engine gives them: what has an integral value is an integer.
fn whole(value: Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.into_iter().map(whole).collect()),
        Json::Object(entries) => {
            Json::Object(entries.into_iter().map(|(key, value)| (key, whole(value))).collect())
        }
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => json::number(float).unwrap_or(Json::Null),
            _ => Json::Number(number),
        },
        Json::Null | Json::Bool(_) | Json::String(_) => value,
    }
}

/// An amount as a number of billionths; `None` if the text is no amount.
fn quantity(text: String) -> Option<String> {
    Quantity::parse(text.trim()).map(|quantity| quantity.billionths().to_string())
}

/// The amount that may be meant.
fn nearest_quantity(text: String) -> Option<String> {
    Quantity::nearest(&text)
}

/// What a label selector demands, or what is wrong with it, as a text.
fn requirements<'js>(ctx: Ctx<'js>, selector: String) -> Result<Value<'js>> {
    match selector::parse(&selector) {
        Ok(requirements) => to_js(&ctx, &requirements),
        Err(problem) => to_js(&ctx, &problem),
    }
}

/// Renders an entry; calls `settle` with the resources, or with `undefined` and the reason why there are none.
fn render<'js>(ctx: Ctx<'js>, entry: String, settle: Function<'js>) -> Result<()> {
    let running = running(&ctx)?;
    let rendering = services(&ctx, &running)?.render(&running.job.path, &entry);
    let waiting = ctx.clone();
    // Only what the engine itself waits for is known to be still on its way.
    ctx.spawn(async move {
        let outcome = rendering.await;
        let parsed = outcome.and_then(|text| {
            let parsed = waiting.json_parse(&*text);
            parsed.map_err(|_| format!("copying its resources: {}", message(&waiting)).into())
        });
        let told = match parsed {
            Ok(resources) => settle.call::<_, ()>((resources, "")),
            Err(reason) => settle.call::<_, ()>((Undefined, &*reason)),
        };
        // Nothing of it is the user's: what remains is an interrupt, and its flag tells of it.
        if told.is_err() {
            waiting.catch();
        }
        run_jobs(&waiting, running.session.interrupt.deadline());
    });
    Ok(())
}

/// What the engine has thrown.
fn message(ctx: &Ctx<'_>) -> String {
    let thrown = ctx.catch();
    thrown.as_exception().and_then(Exception::message).unwrap_or_else(|| "out of memory".to_owned())
}
