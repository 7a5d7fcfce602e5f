//! JavaScript values as strict JSON: what cannot be said in JSON is an error that names its path.

use rquickjs::{Ctx, Filter, Function, Object, Result, Type, Value};
use serde_json::{Map, Number, Value as Json};

use super::imports::load_sdk;
use crate::resource::{JsonPath, Step};

/// How much an entry may build, in bytes: far more than a cluster takes.
const MAX_BYTES: usize = 128 << 20;

/// How deep values may nest.
const MAX_DEPTH: usize = 512;

/// How many instances of classes are told of.
const MAX_INSTANCES: usize = 1000;

/// The largest integer up to which every integer is a number of JavaScript's: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Why a value is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what} cannot be written as JSON")]
pub(crate) struct NotJson {
    /// Where, from the whole value: `$[0].spec.replicas`.
    pub(crate) path: JsonPath,
    /// What is there: `undefined`, `a function`, `a Date`.
    pub(crate) what: String,
}

impl NotJson {
    /// Which of the resources it is in, and where in there.
    pub(crate) fn in_document(&self) -> Option<(usize, JsonPath)> {
        in_document(&self.path)
    }
}

/// Takes the number of the resource off a path into the list of all.
pub(crate) fn in_document(path: &JsonPath) -> Option<(usize, JsonPath)> {
    match path.steps() {
        [Step::Index(document), inside @ ..] => Some((*document, inside.to_vec().into())),
        _ => None,
    }
}

/// An instance of a class of the user's, where a plain object is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Where, from the whole value.
    pub(crate) path: JsonPath,
    /// The name of its class.
    pub(crate) class: String,
}

/// The SDK's module that knows objects which no literal made.
const INSTANCES: &str = "sdk:instances.ts";

/// What it says of them.
struct Judge<'js> {
    /// Why such an object cannot be written as JSON; empty if it can.
    refusal_of: Function<'js>,
    /// The class of such an object; empty if it is plain after all.
    class_of: Function<'js>,
}

impl<'js> Judge<'js> {
    fn load(ctx: &Ctx<'js>) -> Result<Judge<'js>> {
        let (module, loaded) = load_sdk(ctx, INSTANCES)?.eval()?;
        loaded.finish::<()>()?;
        Ok(Judge { refusal_of: module.get("refusalOf")?, class_of: module.get("classOf")? })
    }
}

/// A value as JSON, and the instances of classes in it.
pub(crate) type Strict = (Json, Vec<Instance>);

/// Converts a value.
///
/// A number with an integral value within ±2^53 becomes an integer, however it was computed; `-0` stays a float.
///
/// # Errors
///
/// The outer error is JavaScript's (a getter threw, memory ran out); the inner one is the first value that is not JSON.
pub(crate) fn strict<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<std::result::Result<Strict, NotJson>> {
    // A new object has the prototype that the engine keeps, whatever became of the global `Object`.
    let plain = Object::new(ctx.clone())?.get_prototype();
    let mut walk =
        Walk { ctx, judge: None, plain, path: Vec::new(), open: Vec::new(), instances: Vec::new(), bytes: 0 };
    match walk.value(value) {
        Ok(json) => Ok(Ok((json, walk.instances))),
        Err(Stop::NotJson(what)) => Ok(Err(NotJson { path: walk.path.into(), what })),
        Err(Stop::Thrown(error)) => Err(error),
    }
}

enum Stop {
    NotJson(String),
    Thrown(rquickjs::Error),
}

impl From<rquickjs::Error> for Stop {
    fn from(error: rquickjs::Error) -> Stop {
        Stop::Thrown(error)
    }
}

struct Walk<'js, 'w> {
    ctx: &'w Ctx<'js>,
    /// Loaded when it is needed.
    judge: Option<Judge<'js>>,
    /// The prototype of plain objects.
    plain: Option<Object<'js>>,
    path: Vec<Step>,
    /// The objects around the current one.
    open: Vec<Object<'js>>,
    instances: Vec<Instance>,
    /// How much was converted so far.
    bytes: usize,
}

impl<'js> Walk<'js, '_> {
    /// What the engine shares is copied here for each use, beyond the limit of its heap.
    fn count(&mut self, text: &str) -> std::result::Result<(), Stop> {
        self.bytes += text.len() + size_of::<Json>();
        if self.bytes > MAX_BYTES {
            return Err(Stop::NotJson(format!("more than {} MiB in all", MAX_BYTES >> 20)));
        }
        Ok(())
    }

    fn value(&mut self, value: Value<'js>) -> std::result::Result<Json, Stop> {
        self.count("")?;
        match value.type_of() {
            Type::Null => Ok(Json::Null),
            Type::Bool => Ok(Json::Bool(value.as_bool().unwrap_or_default())),
            Type::Int => Ok(Json::from(value.as_int().unwrap_or_default())),
            Type::Float => {
                let value = value.as_float().unwrap_or_default();
                number(value).ok_or_else(|| Stop::NotJson(format!("the number {value}")))
            }
            Type::String => {
                let text = value.as_string().map(rquickjs::String::to_string).transpose();
                // The one reason for which a string of the engine's is not a string of ours.
                let text =
                    text.map_err(|_| Stop::NotJson("a string with half of a surrogate pair".to_owned()))?;
                let text = text.unwrap_or_default();
                self.count(&text)?;
                Ok(Json::String(text))
            }
            Type::Array => self.nested(value, Self::array),
            Type::Object => self.nested(value, Self::object),
            Type::Proxy => self.nested(value, Self::unusual),
            Type::Exception => Err(Stop::NotJson("an Error".to_owned())),
            Type::Undefined | Type::Uninitialized => Err(Stop::NotJson("undefined".to_owned())),
            Type::BigInt => Err(Stop::NotJson("a bigint".to_owned())),
            Type::Symbol => Err(Stop::NotJson("a symbol".to_owned())),
            Type::Function | Type::Constructor => Err(Stop::NotJson("a function".to_owned())),
            Type::Promise => Err(Stop::NotJson("a promise".to_owned())),
            Type::Module | Type::Unknown => Err(Stop::NotJson("a value of the engine".to_owned())),
        }
    }

    fn nested(
        &mut self,
        value: Value<'js>,
        walk: fn(&mut Self, Object<'js>) -> std::result::Result<Json, Stop>,
    ) -> std::result::Result<Json, Stop> {
        let Some(object) = value.into_object() else {
            return Err(Stop::NotJson("a value of the engine".to_owned()));
        };
        if self.open.contains(&object) {
            return Err(Stop::NotJson("a cyclic reference".to_owned()));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Stop::NotJson(format!("a value nested more than {MAX_DEPTH} deep")));
        }
        self.open.push(object.clone());
        let json = walk(self, object)?;
        self.open.pop();
        Ok(json)
    }

    fn array(&mut self, object: Object<'js>) -> std::result::Result<Json, Stop> {
        let length: u32 = object.get("length")?;
        let mut items = Vec::new();
        for index in 0..length {
            self.path.push(Step::Index(index as usize));
            items.push(self.value(object.get(index)?)?);
            self.path.pop();
        }
        Ok(Json::Array(items))
    }

    fn object(&mut self, object: Object<'js>) -> std::result::Result<Json, Stop> {
        let prototype = object.get_prototype();
        if prototype.is_some() && prototype != self.plain {
            return self.unusual(object);
        }
        self.fields(object)
    }

    /// An object that may be an instance of a class.
    fn unusual(&mut self, object: Object<'js>) -> std::result::Result<Json, Stop> {
        let judge = match self.judge.take() {
            Some(judge) => judge,
            None => Judge::load(self.ctx)?,
        };
        let judge = self.judge.insert(judge);
        let refusal: String = judge.refusal_of.call((object.clone(),))?;
        if !refusal.is_empty() {
            return Err(Stop::NotJson(refusal));
        }
        let class: String = judge.class_of.call((object.clone(),))?;
        if !class.is_empty() && self.instances.len() < MAX_INSTANCES {
            self.instances.push(Instance { path: self.path.clone().into(), class });
        }
        self.fields(object)
    }

    fn fields(&mut self, object: Object<'js>) -> std::result::Result<Json, Stop> {
        let mut map = Map::new();
        for key in object.own_keys::<String>(Filter::new().string().enum_only()) {
            let key = key?;
            self.count(&key)?;
            let value = object.get::<_, Value<'js>>(key.as_str())?;
            self.path.push(Step::Key(key));
            let value = self.value(value)?;
            if let Some(Step::Key(key)) = self.path.pop() {
                map.insert(key, value);
            }
        }
        Ok(Json::Object(map))
    }
}

/// A number of JavaScript's. `None`: it is none of JSON's.
pub(super) fn number(value: f64) -> Option<Json> {
    if value.fract() == 0.0 && value.abs() <= MAX_EXACT && !(value == 0.0 && value.is_sign_negative()) {
        return Some(Json::from(value as i64));
    }
    Number::from_f64(value).map(Json::Number)
}
