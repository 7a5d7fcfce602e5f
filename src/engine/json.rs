//! JavaScript values as strict JSON: what cannot be said in JSON is an error that names its path.

use rquickjs::function::This;
use rquickjs::{Ctx, Filter, Function, Object, Result, Type, Value};
use serde_json::{Map, Number, Value as Json};

/// How deep values may nest.
const MAX_DEPTH: usize = 512;

/// The largest integer up to which every integer is a number of JavaScript's: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Why a value is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what} cannot be written as JSON")]
pub(crate) struct NotJson {
    /// Where: `$[0].spec.replicas`.
    pub(crate) path: String,
    /// What is there: `undefined`, `a function`, `a Date`.
    pub(crate) what: String,
}

/// Converts a value.
///
/// A number with an integral value within ±2^53 becomes an integer, however it was computed; `-0` stays a float.
///
/// # Errors
///
/// The outer error is JavaScript's (a getter threw, memory ran out); the inner one is the first value that is not JSON.
pub(crate) fn strict<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<std::result::Result<Json, NotJson>> {
    let tag: Function<'js> = ctx.eval("Object.prototype.toString")?;
    let mut walk = Walk { tag, path: String::from("$"), open: Vec::new() };
    match walk.value(value) {
        Ok(json) => Ok(Ok(json)),
        Err(Stop::NotJson(what)) => Ok(Err(NotJson { path: walk.path, what })),
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

struct Walk<'js> {
    tag: Function<'js>,
    path: String,
    /// The objects around the current one.
    open: Vec<Object<'js>>,
}

impl<'js> Walk<'js> {
    fn value(&mut self, value: Value<'js>) -> std::result::Result<Json, Stop> {
        match value.type_of() {
            Type::Null => Ok(Json::Null),
            Type::Bool => Ok(Json::Bool(value.as_bool().unwrap_or_default())),
            Type::Int => Ok(Json::from(value.as_int().unwrap_or_default())),
            Type::Float => number(value.as_float().unwrap_or_default()),
            Type::String => {
                let text = value.as_string().map(rquickjs::String::to_string).transpose();
                // The one reason for which a string of the engine's is not a string of ours.
                let text =
                    text.map_err(|_| Stop::NotJson("a string with half of a surrogate pair".to_owned()))?;
                Ok(Json::String(text.unwrap_or_default()))
            }
            Type::Array => self.nested(value, Walk::array),
            Type::Object | Type::Exception | Type::Proxy => self.nested(value, Walk::object),
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
        walk: fn(&mut Walk<'js>, Object<'js>) -> std::result::Result<Json, Stop>,
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
            let end = self.path.len();
            self.path.push_str(&format!("[{index}]"));
            items.push(self.value(object.get(index)?)?);
            self.path.truncate(end);
        }
        Ok(Json::Array(items))
    }

    fn object(&mut self, object: Object<'js>) -> std::result::Result<Json, Stop> {
        let tag: String = self.tag.call((This(object.clone()),))?;
        match tag.as_str() {
            "[object Date]" => return Err(Stop::NotJson("a Date".to_owned())),
            "[object Map]" => return Err(Stop::NotJson("a Map".to_owned())),
            "[object Set]" => return Err(Stop::NotJson("a Set".to_owned())),
            "[object RegExp]" => return Err(Stop::NotJson("a RegExp".to_owned())),
            _ => {}
        }
        let mut map = Map::new();
        for key in object.own_keys::<String>(Filter::new().string().enum_only()) {
            let key = key?;
            let end = self.path.len();
            push_key(&mut self.path, &key);
            let value = object.get::<_, Value<'js>>(key.as_str())?;
            let value = self.value(value)?;
            self.path.truncate(end);
            map.insert(key, value);
        }
        Ok(Json::Object(map))
    }
}

/// `.key`, or `["key"]` where the key is no name.
fn push_key(path: &mut String, key: &str) {
    let is_name = !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
        && !key.starts_with(|c: char| c.is_numeric());
    if is_name {
        path.push('.');
        path.push_str(key);
    } else {
        path.push_str(&format!("[{key:?}]"));
    }
}

fn number(value: f64) -> std::result::Result<Json, Stop> {
    if value.fract() == 0.0 && value.abs() <= MAX_EXACT && !(value == 0.0 && value.is_sign_negative()) {
        return Ok(Json::from(value as i64));
    }
    Number::from_f64(value).map(Json::Number).ok_or_else(|| Stop::NotJson(format!("the number {value}")))
}
