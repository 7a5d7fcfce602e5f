//! Plain data, as resources and what tests expect of them consist of: read and copied here, which costs a fraction of what the
//! engine's interpreter takes for it. Whatever is not plain is left to the SDK.

use std::collections::HashSet;

use rquickjs::atom::PredefinedAtom;
use rquickjs::function::This;
use rquickjs::object::{Filter, Property};
use rquickjs::{Array, Atom, Ctx, Exception, Function, Object, Result, Value, qjs};

/// How deep values may be nested to be compared here.
const MAX_DEPTH: usize = 64;

/// How many objects may be around one that is made plain: builders and their fields, twice as many as JSON may be deep.
const MAX_AROUND: usize = 1_024;

/// How many values are compared at most: those that stand in many places would be compared as often.
const MAX_COMPARED: usize = 1_000_000;

/// The engine's `JS_CLASS_OBJECT`, its first class: what a literal makes.
const ORDINARY: qjs::JSClassID = 1;

/// `Object.is`
fn is_same(ctx: &Ctx<'_>, a: &Value<'_>, b: &Value<'_>) -> bool {
    // SAFETY: both are values of this context, which are only read.
    #[allow(unsafe_code)]
    unsafe {
        qjs::JS_IsSameValue(ctx.as_raw().as_ptr(), a.as_raw(), b.as_raw())
    }
}

/// Whether an object is of the class of those that a literal makes.
fn is_ordinary(object: &Object<'_>) -> bool {
    // SAFETY: the value is only read.
    #[allow(unsafe_code)]
    unsafe {
        qjs::JS_GetClassID(object.as_raw()) == ORDINARY
    }
}

/// Objects and functions.
fn is_object(value: &Value<'_>) -> bool {
    value.as_object().is_some()
}

/// How long a list is. (`Array::len` panics where that is no small integer.)
fn length(list: &Array<'_>) -> Result<f64> {
    list.as_object().get(PredefinedAtom::Length)
}

/// What an object, or a list, that a literal made inherits from.
fn prototype<'js>(literal: &Object<'js>) -> Result<Object<'js>> {
    let missing = || Exception::throw_internal(literal.ctx(), "a literal without a prototype");
    literal.get_prototype().ok_or_else(missing)
}

/// Says that two values are equal, for sure and by any of the rules of `toEqual`, `toStrictEqual` and `toMatchObject`; `false`: they
/// may be all the same. Looks into plain objects and arrays that have the same properties, and into nothing else.
///
/// # Errors
///
/// What a getter throws.
pub(super) fn alike<'js>(ctx: Ctx<'js>, a: Value<'js>, b: Value<'js>) -> Result<bool> {
    if !is_object(&a) || !is_object(&b) {
        return Ok(is_same(&ctx, &a, &b));
    }
    let asymmetric = Atom::from_str(ctx.clone(), "asymmetricMatch")?;
    let object = prototype(&Object::new(ctx.clone())?)?;
    let array = prototype(Array::new(ctx.clone())?.as_object())?;
    // A test may have made every array such a matcher.
    if array.contains_key(asymmetric.clone())? {
        return Ok(false);
    }
    Comparison { ctx, asymmetric, object, array, left: MAX_COMPARED }.are_alike(&a, &b, MAX_DEPTH)
}

struct Comparison<'js> {
    ctx: Ctx<'js>,
    /// What no plain object has as a key.
    asymmetric: Atom<'js>,
    /// `Object.prototype`
    object: Object<'js>,
    /// `Array.prototype`
    array: Object<'js>,
    /// How many more values are compared.
    left: usize,
}

impl<'js> Comparison<'js> {
    fn are_alike(&mut self, a: &Value<'js>, b: &Value<'js>, depth: usize) -> Result<bool> {
        if self.left == 0 || depth == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let (Some(a_object), Some(b_object)) = (a.as_object(), b.as_object()) else {
            return Ok(is_same(&self.ctx, a, b));
        };
        if a == b {
            return Ok(true);
        }
        let lists = match (a.as_array(), b.as_array()) {
            (Some(a), Some(b)) => length(a)? == length(b)?,
            (None, None) => is_ordinary(a_object) && is_ordinary(b_object),
            _ => false,
        };
        let wanted = if a.is_array() { &self.array } else { &self.object };
        let is_of = |object: &Object<'js>| object.get_prototype().as_ref() == Some(wanted);
        if !lists || !is_of(a_object) || !is_of(b_object) {
            return Ok(false);
        }
        let keys = |object: &Object<'js>| {
            let filter = Filter::new().string().symbol().enum_only();
            object.own_keys::<Atom<'js>>(filter).collect::<Result<Vec<_>>>()
        };
        let (a_keys, b_keys) = (keys(a_object)?, keys(b_object)?);
        // Lists with holes, or with more than items.
        let is_odd =
            a.as_array().map(length).transpose()?.is_some_and(|length| length != a_keys.len() as f64);
        if a_keys.len() != b_keys.len() || is_odd {
            return Ok(false);
        }
        let in_order = a_keys == b_keys;
        let others: HashSet<&Atom<'js>> = if in_order { HashSet::new() } else { b_keys.iter().collect() };
        for key in &a_keys {
            if *key == self.asymmetric || !(in_order || others.contains(key)) {
                return Ok(false);
            }
            let (a, b) = (a_object.get::<_, Value<'js>>(key.clone())?, b_object.get(key.clone())?);
            if !self.are_alike(&a, &b, depth - 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Replaces everything that has a `_toJSON()` by its result, at every level of arrays and plain objects. Instances of other classes
/// stay as they are, and a cycle stays a cycle, so that whoever takes the result can name the place.
///
/// `fields(value, key)` is asked for the fields of a spec fragment that stands in the property `key`, and of an object that
/// inherits from others; `undefined`: it is no plain object. `stored` and `props` are the methods `_toJSON` whose results are known:
/// the own fields, and those of `_props`. Until the SDK has loaded their classes they are `undefined`.
///
/// # Errors
///
/// What a getter, `_toJSON` or `fields` throws, and a `RangeError` for what is nested deeper than anything that can be written.
pub(super) fn plain<'js>(
    ctx: Ctx<'js>,
    value: Value<'js>,
    key: Value<'js>,
    fields: Function<'js>,
    stored: Value<'js>,
    props: Value<'js>,
) -> Result<Value<'js>> {
    if !is_object(&value) {
        return Ok(value);
    }
    let key = Atom::from_value(ctx.clone(), &key)?;
    let atom = |name| Atom::from_str(ctx.clone(), name);
    let names = Names { tag: atom("_husakoTag")?, to_json: atom("_toJSON")?, props: atom("_props")? };
    let prototype = prototype(&Object::new(ctx.clone())?)?;
    Copying { ctx, names, prototype, fields, stored, props, around: Vec::new() }.copy(value, &key)
}

/// The properties that tell what an object is.
struct Names<'js> {
    tag: Atom<'js>,
    to_json: Atom<'js>,
    props: Atom<'js>,
}

struct Copying<'js> {
    ctx: Ctx<'js>,
    names: Names<'js>,
    /// `Object.prototype`
    prototype: Object<'js>,
    fields: Function<'js>,
    stored: Value<'js>,
    props: Value<'js>,
    /// The objects around a value, outermost first, each with what it became.
    around: Vec<(Object<'js>, Value<'js>)>,
}

impl<'js> Copying<'js> {
    fn copy(&mut self, value: Value<'js>, key: &Atom<'js>) -> Result<Value<'js>> {
        let Some(object) = value.as_object() else { return Ok(value) };
        if self.around.len() >= MAX_AROUND {
            // What a function of the language would say that calls itself as often.
            return Err(Exception::throw_range(&self.ctx, "Maximum call stack size exceeded"));
        }
        let is_function = value.is_function();
        if !is_function && self.is_fragment(object)? {
            let fields = self.ask(&value, key)?;
            return self.copy(fields, &self.empty());
        }
        let to_json: Value<'js> = object.get(self.names.to_json.clone())?;
        let is_stored = to_json.is_function() && to_json == self.stored;
        if let Some(method) = to_json.as_function().filter(|_| !is_stored) {
            return self.copy_json(&value, object, method, key);
        }
        if is_function {
            return Ok(value);
        }
        if let Some(list) = value.as_array() {
            return self.copy_list(list, key);
        }
        if is_stored || self.is_plain(object) {
            return self.copy_fields(object, object);
        }
        match self.ask(&value, key)?.as_object() {
            Some(fields) => self.copy_fields(object, fields),
            None => Ok(value),
        }
    }

    /// What `name(…)`, `label(…)` or `image(…)` of `k8s/*` begins.
    fn is_fragment(&self, object: &Object<'js>) -> Result<bool> {
        let tag: Value<'js> = object.get(self.names.tag.clone())?;
        Ok(match tag.as_string() {
            Some(tag) => tag.to_string()? == "SpecFragment",
            None => false,
        })
    }

    /// Whether a literal made it, or something like that.
    fn is_plain(&self, object: &Object<'js>) -> bool {
        is_ordinary(object) && object.get_prototype().is_none_or(|prototype| prototype == self.prototype)
    }

    /// What the object became, when it is one of those around.
    fn known(&self, object: &Object<'js>) -> Option<Value<'js>> {
        self.around.iter().find(|(original, _)| original == object).map(|(_, result)| result.clone())
    }

    fn empty(&self) -> Atom<'js> {
        Atom::from_predefined(self.ctx.clone(), PredefinedAtom::Empty)
    }

    fn ask(&self, value: &Value<'js>, key: &Atom<'js>) -> Result<Value<'js>> {
        self.fields.call((value.clone(), key.to_js_string()?))
    }

    fn copy_json(
        &mut self,
        value: &Value<'js>,
        object: &Object<'js>,
        method: &Function<'js>,
        key: &Atom<'js>,
    ) -> Result<Value<'js>> {
        if self.known(object).is_some() {
            return Ok(value.clone());
        }
        let of_props = *method.as_value() == self.props;
        let json: Value<'js> = match of_props {
            true => object.get(self.names.props.clone())?,
            false => method.call((This(value.clone()),))?,
        };
        if json == *value {
            return Ok(json);
        }
        self.around.push((object.clone(), value.clone()));
        let key = if of_props { self.empty() } else { key.clone() };
        let result = self.copy(json, &key);
        self.around.pop();
        result
    }

    fn copy_list(&mut self, list: &Array<'js>, key: &Atom<'js>) -> Result<Value<'js>> {
        if let Some(known) = self.known(list.as_object()) {
            return Ok(known);
        }
        let result = Array::new(self.ctx.clone())?;
        self.around.push((list.as_object().clone(), result.clone().into_value()));
        for at in 0..length(list)? as u32 {
            let index = Atom::from_u32(self.ctx.clone(), at)?;
            let item = self.copy(list.as_object().get(index.clone())?, key)?;
            result.as_object().prop(index, field(item))?;
        }
        self.around.pop();
        Ok(result.into_value())
    }

    /// `fields` has those of the object, as its own. All are read before the first of them is looked into.
    fn copy_fields(&mut self, object: &Object<'js>, fields: &Object<'js>) -> Result<Value<'js>> {
        if let Some(known) = self.known(object) {
            return Ok(known);
        }
        let result = Object::new(self.ctx.clone())?;
        let mut nested: Vec<(Atom<'js>, Value<'js>)> = Vec::new();
        for key in fields.own_keys::<Atom<'js>>(Filter::new().string().symbol().enum_only()) {
            let key = key?;
            let value: Value<'js> = fields.get(key.clone())?;
            // What a symbol names is no part of any format.
            if is_object(&value) && !key.to_value()?.is_symbol() {
                nested.push((key.clone(), value.clone()));
            }
            result.prop(key, field(value))?;
        }
        self.around.push((object.clone(), result.clone().into_value()));
        for (key, value) in nested {
            let copied = self.copy(value, &key)?;
            result.prop(key, field(copied))?;
        }
        self.around.pop();
        Ok(result.into_value())
    }
}

/// A property as an assignment makes it.
fn field<'js>(value: Value<'js>) -> Property<Value<'js>> {
    Property::from(value).writable().enumerable().configurable()
}
