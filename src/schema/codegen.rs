//! The JavaScript of builder modules.
//!
//! A module has one function per type, which hands over to `husako:builders` what the type's builder can do: nothing is
//! made before it is used. Lists of methods are separated by spaces; a property whose name cannot be a method is listed
//! as `method=property`, with what would break the list escaped as in a URL.

use std::borrow::Cow;
use std::fmt::Write;

use super::model::GroupVersionKind;

/// Methods of the builders' own that no property may take: chains would break.
const TAKEN: [&str; 8] =
    ["__proto__", "_copy", "_render", "_set", "_setDeep", "_setSpec", "_toJSON", "constructor"];

/// The properties of a spec that have no method.
pub(super) const SPEC_EXCEPT: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];
/// The properties of a resource that have no method of their own.
pub(super) const TOP_EXCEPT: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
/// Those of a part.
pub(super) const PART_EXCEPT: [&str; 0] = [];

/// What a builder can do. Lists of methods are as the generated code has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Builder {
    /// Builds a resource.
    Resource {
        /// What it is written with.
        kind: GroupVersionKind,
        /// Methods that set a property of its spec.
        spec: String,
        /// Methods that set a top-level field.
        top: String,
        /// Whether its spec has the template of a pod: adds `containers` and `initContainers`.
        pod_template: bool,
    },
    /// Builds a part of a resource, or values of a chart.
    Part {
        /// Methods that set a property.
        properties: String,
    },
}

impl Builder {
    /// A builder of a resource with these properties; without a spec, it has methods for its own properties alone.
    pub(super) fn resource<'a>(
        kind: GroupVersionKind,
        spec: impl Iterator<Item = &'a str>,
        top: impl Iterator<Item = &'a str>,
        pod_template: bool,
    ) -> Builder {
        Builder::Resource {
            kind,
            spec: methods(spec, &SPEC_EXCEPT),
            top: methods(top, &TOP_EXCEPT),
            pod_template,
        }
    }

    /// A builder of an object with these properties.
    pub(super) fn part<'a>(properties: impl Iterator<Item = &'a str>) -> Builder {
        Builder::Part { properties: methods(properties, &PART_EXCEPT) }
    }
}

/// The builders of a module, being written.
#[derive(Debug)]
pub(super) struct Source<'m> {
    module: &'m str,
    functions: String,
    has_resource: bool,
    has_part: bool,
}

impl<'m> Source<'m> {
    /// No builder yet. `module` is the module's name without `k8s/`, which tells types of one name apart.
    pub(super) fn new(module: &'m str) -> Source<'m> {
        Source { module, functions: String::new(), has_resource: false, has_part: false }
    }

    /// Adds a builder. `name` must be an identifier.
    pub(super) fn add(&mut self, name: &str, builder: &Builder) {
        let call = match builder {
            Builder::Resource { kind, spec, top, pod_template } => {
                self.has_resource = true;
                format!(
                    "resource({}, {}, {}, {}, {pod_template})",
                    quoted(&kind.api_version()),
                    quoted(&kind.kind),
                    quoted(spec),
                    quoted(top)
                )
            }
            Builder::Part { properties } => {
                self.has_part = true;
                format!("schema({}, {})", quoted(&format!("{}.{name}", self.module)), quoted(properties))
            }
        };
        // A declared function can be called with `new` and runs nothing when the module is loaded.
        self.functions += &format!("export function {name}() {{ return {call}; }}\n");
    }

    /// The module's JavaScript.
    pub(super) fn finish(self) -> String {
        let imports = match (self.has_resource, self.has_part) {
            (true, true) => "resource, schema",
            (true, false) => "resource",
            (false, true) => "schema",
            (false, false) => return String::new(),
        };
        format!("import {{ {imports} }} from \"husako:builders\";\n{}", self.functions)
    }
}

/// A builder as a class and its factory, as husako itself runs them: `_ResourceBuilder` and `_SchemaBuilder` of
/// `husako/_base` are in reach. `name` must be an identifier.
pub(super) fn class(name: &str, builder: &Builder) -> String {
    let mut text = String::new();
    let mut add = |line: String| {
        text += &line;
        text.push('\n');
    };
    match builder {
        Builder::Resource { kind, spec, top, pod_template } => {
            add(format!("class _{name} extends _ResourceBuilder {{"));
            add(format!(
                "  constructor() {{ super({}, {}); }}",
                quoted(&kind.api_version()),
                quoted(&kind.kind)
            ));
            if *pod_template {
                for method in ["containers", "initContainers"] {
                    add(format!("  {method}(v) {{ return this._setDeep(\"template.spec.{method}\", v); }}"));
                }
            }
            for (method, property) in listed(spec) {
                add(format!("  {method}(v) {{ return this._setSpec({}, v); }}", quoted(&property)));
            }
            for (method, property) in listed(top) {
                // Not through `this.set`: a type may have a property of that name.
                let set = "_ResourceBuilder.prototype.set";
                add(format!("  {method}(v) {{ return {set}.call(this, {}, v); }}", quoted(&property)));
            }
        }
        Builder::Part { properties } => {
            add(format!("class _{name} extends _SchemaBuilder {{"));
            for (method, property) in listed(properties) {
                add(format!("  {method}(v) {{ return this._set({}, v); }}", quoted(&property)));
            }
        }
    }
    add("}".to_owned());
    add(format!("export function {name}() {{ return new _{name}(); }}"));
    text
}

/// The methods of a list, and the properties that they set.
fn listed(list: &str) -> impl Iterator<Item = (&str, String)> {
    list.split(' ').filter(|item| !item.is_empty()).map(|item| match item.split_once('=') {
        None => (item, item.to_owned()),
        Some((method, property)) => {
            (method, property.replace("%20", " ").replace("%3D", "=").replace("%25", "%"))
        }
    })
}

/// The list of methods for properties, except those named.
fn methods<'a>(properties: impl Iterator<Item = &'a str>, except: &[&str]) -> String {
    let mut list = String::new();
    for name in properties.filter(|name| !except.contains(name)) {
        if !list.is_empty() {
            list.push(' ');
        }
        match method(name) {
            Cow::Borrowed(name) => list.push_str(name),
            // Writing to a string does not fail.
            Cow::Owned(method) => _ = write!(list, "{method}={}", escaped(name)),
        }
    }
    list
}

/// The method for a property, by its name or one that is like it.
pub(super) fn method(property: &str) -> Cow<'_, str> {
    if TAKEN.contains(&property) {
        return Cow::Owned(format!("{property}_"));
    }
    let fits =
        |(at, c): (usize, char)| c == '$' || c == '_' || c.is_alphabetic() || at > 0 && c.is_alphanumeric();
    match property.char_indices().all(fits) && !property.is_empty() {
        true => Cow::Borrowed(property),
        false if property.is_empty() => Cow::Owned("_".to_owned()),
        false => {
            Cow::Owned(property.char_indices().map(|(at, c)| if fits((at, c)) { c } else { '_' }).collect())
        }
    }
}

/// A property's name as it may stand in a list.
fn escaped(property: &str) -> Cow<'_, str> {
    if !property.contains([' ', '=', '%']) {
        return Cow::Borrowed(property);
    }
    Cow::Owned(property.replace('%', "%25").replace(' ', "%20").replace('=', "%3D"))
}

/// The name of a type: `parts` in PascalCase, with `_` for each character that JavaScript does not take in the name of a
/// function. Beyond ASCII nothing is taken: which letters are, is nothing to get wrong in generated code.
pub(super) fn type_name<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut name = String::new();
    for part in parts {
        let mut characters = part.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
    }
    let fits = |(at, c): (usize, char)| {
        if c == '$' || c == '_' || c.is_ascii_alphabetic() || at > 0 && c.is_ascii_digit() { c } else { '_' }
    };
    name.char_indices().map(fits).collect()
}

/// A string literal of JavaScript.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_identifiers_keep_their_property() {
        let list = |names: &[&str]| methods(names.iter().copied(), &["left", "out"]);
        assert_eq!(list(&["$ref", "left", "x-kubernetes", "out"]), "$ref x_kubernetes=x-kubernetes");
        assert_eq!(list(&["1st.item", "größe", ""]), "_st_item=1st.item größe _=");
        assert_eq!(list(&["a key", "a=b", "50%"]), "a_key=a%20key a_b=a%3Db 50_=50%25".replace("50_", "_0_"));
    }

    #[test]
    fn no_property_takes_what_builders_need() {
        let names = ["constructor", "__proto__", "_set", "set", "spec"];
        assert_eq!(
            methods(names.into_iter(), &[]),
            "constructor_=constructor __proto___=__proto__ _set_=_set set spec"
        );
    }

    #[test]
    fn names_of_types_are_identifiers() {
        let name = |text: &str| type_name(text.split(['-', '_', '.', ':']));
        assert_eq!(name("ingress-nginx"), "IngressNginx");
        assert_eq!(name("kube_state.metrics"), "KubeStateMetrics");
        assert_eq!(name("acme:web"), "AcmeWeb");
        assert_eq!(name("3scale"), "_scale");
        assert_eq!(name("größe(){}"), "Gr__e____");
        assert_eq!(name(""), "");
    }
}
