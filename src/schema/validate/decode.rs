//! Documents against Kubernetes' own types, as strictly as the API server decodes them.
//!
//! Strict decoding (`fieldValidation=Strict`, which `kubectl` asks for) refuses unknown fields and wrong types; `null` is
//! not set, wherever it stands. What must be there, and which words are known, is checked in the same walk, although the
//! server does so later.

use serde_json::{Map, Number, Value};

use super::Findings;
use super::demands::{Demands, Unique};
use super::duplicates::{pairs, same};
use super::formats::{is_base64, is_micro_time, is_time};
use super::quantity::Quantity;
use super::search::{Outer, belongs};
use super::words::{alternatives, quoted, shown};
use crate::diagnostic::near_miss;
use crate::resource::At;
use crate::rule::Rule;
use crate::schema::kubernetes::{Kubernetes, Type};
use crate::schema::model::{IntegerFormat, ListType, Property, PropertyKind, StringFormat};

/// Judges a document that is said to be of a type.
pub(super) fn decode(kubernetes: &Kubernetes, root: &Type, document: &Value, findings: &mut Findings) {
    decode_at(kubernetes, root, At::Root, document, findings);
}

/// Judges a value of a type somewhere in a document, as the metadata of a custom resource.
pub(super) fn decode_at(
    kubernetes: &Kubernetes,
    known: &Type,
    at: At<'_>,
    value: &Value,
    findings: &mut Findings,
) {
    let mut decoder = Decoder { kubernetes, findings };
    match value {
        Value::Null if !matches!(at, At::Root) => {}
        Value::Object(object) => {
            decoder.object(Place { known, at, outer: None, demand: Demand::Now }, object);
        }
        other => decoder.wrong_type(at, "an object", other),
    }
}

struct Decoder<'f> {
    kubernetes: &'f Kubernetes,
    findings: &'f mut Findings,
}

/// An object of a type, and where it is.
#[derive(Clone, Copy)]
struct Place<'a> {
    known: &'a Type,
    at: At<'a>,
    /// The object that it is in.
    outer: Option<&'a Place<'a>>,
    demand: Demand,
}

/// When it matters that fields are there, and have known values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// When the document is created.
    Now,
    /// When the server makes something of it: then that fails.
    Later,
    /// In a status: what is written there is thrown away.
    Never,
}

impl Demand {
    /// The rule that is broken by what is demanded.
    fn rule(self, rule: Rule) -> Rule {
        if self == Demand::Later { Rule::ServerWarning } else { rule }
    }

    /// What is demanded of a field's value.
    fn of(place: &Place<'_>, field: &str) -> Demand {
        let in_stateful_set = || place.known.full_name() == "io.k8s.api.apps.v1.StatefulSetSpec";
        match field {
            "status" if place.outer.is_none() => Demand::Never,
            // Of all workloads, the server looks at the pods and claims of this one only when it makes them.
            "template" | "volumeClaimTemplates" if place.demand == Demand::Now && in_stateful_set() => {
                Demand::Later
            }
            _ => place.demand,
        }
    }
}

/// A field, or the items of one.
#[derive(Clone, Copy)]
struct Field<'a> {
    /// The object that has it.
    owner: &'a Place<'a>,
    property: &'a Property,
    demand: Demand,
    /// Whether it is an item of the field's value, where `""` is not the same as nothing.
    item: bool,
}

impl Decoder<'_> {
    fn object(&mut self, place: Place<'_>, object: &Map<String, Value>) {
        let described = place.known.object();
        for (name, value) in object {
            let at = place.at.key(name);
            match described.property(name) {
                None => self.unknown(&place, at, name),
                Some(_) if value.is_null() => {}
                Some(property) => {
                    let demand = Demand::of(&place, name);
                    let field = Field { owner: &place, property, demand, item: false };
                    self.value(field, &property.kind, at, value);
                }
            }
        }
        if place.demand != Demand::Never {
            self.required(&place, object);
        }
    }

    fn required(&mut self, place: &Place<'_>, object: &Map<String, Value>) {
        let demands = Demands::of(place.known.full_name());
        let described = place.known.object();
        let must_be = |property: &&Property| {
            // Without it, it is `false`.
            property.required && property.kind != PropertyKind::Boolean
        };
        for property in described.properties.iter().filter(must_be) {
            let value = object.get(&property.name);
            if is_empty(&property.kind, value) && !demands.lenient(&property.name) {
                self.missing(place, value, &property.name);
            }
        }
        for name in demands.demanded() {
            let value = object.get(*name);
            // Not every version has it, and in some it is called required.
            let known = described.property(name).filter(|known| !known.required);
            if known.is_some_and(|known| is_empty(&known.kind, value)) {
                self.missing(place, value, name);
            }
        }
    }

    fn missing(&mut self, place: &Place<'_>, value: Option<&Value>, name: &str) {
        let (at, message) = if value.is_some_and(|value| !value.is_null()) {
            (place.at.key(name), format!("`{name}` must not be empty"))
        } else {
            (place.at, format!("missing required field `{name}`"))
        };
        self.findings.add(place.demand.rule(Rule::Required), at, message);
    }

    fn value(&mut self, field: Field<'_>, kind: &PropertyKind, at: At<'_>, value: &Value) {
        match (kind, value) {
            (_, Value::Null) | (PropertyKind::Any | PropertyKind::AnyObject, _) => {}
            (PropertyKind::Ref(name), Value::Object(object)) => {
                if let Some(known) = self.kubernetes.get(name) {
                    let outer = Some(field.owner);
                    self.object(Place { known, at, outer, demand: field.demand }, object);
                }
            }
            (PropertyKind::Map { values, .. }, Value::Object(object)) => {
                for (name, value) in object {
                    self.value(Field { item: true, ..field }, values, at.key(name), value);
                }
            }
            (PropertyKind::Array { items, list, .. }, Value::Array(array)) => {
                // Among others, nothing is an object without fields.
                let nothing = Value::Object(Map::new());
                let objects = matches!(**items, PropertyKind::Ref(_));
                for (index, value) in array.iter().enumerate() {
                    let value = if objects && value.is_null() { &nothing } else { value };
                    self.value(Field { item: true, ..field }, items, at.index(index), value);
                }
                if array.len() > 1 && field.demand != Demand::Never {
                    self.duplicates(field, list, at, array);
                }
            }
            (PropertyKind::String { format, values }, Value::String(text)) => {
                self.string(field, *format, values, at, text);
            }
            (PropertyKind::Integer(format), Value::Number(number)) => self.integer(*format, at, number),
            (PropertyKind::IntOrString, Value::Number(number)) => {
                self.integer(IntegerFormat::Int32, at, number);
            }
            (PropertyKind::Number, Value::Number(_))
            | (PropertyKind::Boolean, Value::Bool(_))
            | (PropertyKind::IntOrString, Value::String(_)) => {}
            (PropertyKind::Quantity, Value::String(_) | Value::Number(_)) => self.quantity(at, value),
            // What is meant to be secret goes into no report.
            (kind, Value::String(_)) if field.owner.known.name() == "Secret" => {
                self.findings.add(Rule::Type, at, format!("expected {}, got a string", expected(kind)));
            }
            (kind, value) => self.wrong_type(at, expected(kind), value),
        }
    }

    fn string(&mut self, field: Field<'_>, format: StringFormat, values: &[String], at: At<'_>, text: &str) {
        let wanted = match format {
            StringFormat::Plain => return self.word(field, values, at, text),
            StringFormat::Base64 if !is_base64(text) => "base64",
            StringFormat::DateTime if !is_time(text) => "a time such as 2026-01-31T12:00:00Z",
            StringFormat::MicroTime if !is_micro_time(text) => {
                "a time with microseconds such as 2026-01-31T12:00:00.000000Z"
            }
            _ => return,
        };
        // What is meant to be secret goes into no report.
        let (got, help) = if field.owner.known.name() == "Secret" {
            ("something else".to_owned(), Some("plain text belongs in \"stringData\"".to_owned()))
        } else {
            (quoted(text), None)
        };
        self.findings.add_with_help(Rule::Format, at, format!("expected {wanted}, got {got}"), help);
    }

    /// A string of which only some values are known.
    fn word(&mut self, field: Field<'_>, values: &[String], at: At<'_>, text: &str) {
        if values.is_empty() || field.demand == Demand::Never {
            return;
        }
        let demands = Demands::of(field.owner.known.full_name());
        if text.is_empty() && !field.item && !demands.stated(&field.property.name) {
            return;
        }
        let fewer = demands.narrower(&field.property.name);
        let known: Vec<&str> = match fewer {
            Some(fewer) if !fewer.contains(&text) => fewer.to_vec(),
            None if !values.iter().any(|value| value == text) => values.iter().map(String::as_str).collect(),
            _ => return,
        };
        let help = near_miss(text, known.iter().copied()).map(|near| format!("did you mean {near:?}?"));
        let message = if known.len() > 12 {
            format!("{} is no value of {}", quoted(text), field.property.name)
        } else {
            format!("expected {}, got {}", alternatives(&known), quoted(text))
        };
        self.findings.add_with_help(field.demand.rule(Rule::Enum), at, message, help);
    }

    fn integer(&mut self, format: IntegerFormat, at: At<'_>, number: &Number) {
        let Some(whole) = integral(number) else {
            let message = format!("expected an integer, got {number}");
            return self.findings.add(Rule::Type, at, message);
        };
        let (bits, least, most) = match format {
            IntegerFormat::Int32 => (32, i128::from(i32::MIN), i128::from(i32::MAX)),
            IntegerFormat::Int64 | IntegerFormat::Plain => (64, i128::from(i64::MIN), i128::from(i64::MAX)),
        };
        if !(least..=most).contains(&whole) {
            let message = format!("expected an integer of {bits} bits ({least} to {most}), got {number}");
            self.findings.add(Rule::Type, at, message);
        }
    }

    fn quantity(&mut self, at: At<'_>, value: &Value) {
        if Quantity::of(value).is_some() {
            return;
        }
        let Value::String(text) = value else { return };
        if Quantity::is_taken_for_zero(text) {
            let message = format!("the server takes {} for zero", quoted(text));
            return self.findings.add(Rule::ServerWarning, at, message);
        }
        let help = Quantity::nearest(text).map(|near| format!("did you mean {near:?}?"));
        let message = format!("expected a quantity such as \"500m\" or \"1Gi\", got {}", quoted(text));
        self.findings.add_with_help(Rule::Format, at, message, help);
    }

    fn wrong_type(&mut self, at: At<'_>, expected: &str, value: &Value) {
        let help = match value {
            Value::String(text) => match expected {
                "an integer" => {
                    text.parse::<i64>().ok().map(|number| format!("write {number} without quotes"))
                }
                "true or false" if matches!(text.as_str(), "true" | "false") => {
                    Some(format!("write {text} without quotes"))
                }
                _ => None,
            },
            Value::Number(_) | Value::Bool(_) if expected == "a string" => Some(format!("write \"{value}\"")),
            _ => None,
        };
        self.findings.add_with_help(
            Rule::Type,
            at,
            format!("expected {expected}, got {}", shown(value)),
            help,
        );
    }

    fn unknown(&mut self, place: &Place<'_>, at: At<'_>, name: &str) {
        let known = place.known.object();
        let names = || known.properties.iter().map(|property| property.name.as_str());
        let outer = place.outer.map(|outer| outer as &dyn Outer);
        let help = match names().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => Some(format!("did you mean {known:?}?")),
            None => belongs(self.kubernetes, place.known, outer, name)
                .or_else(|| near_miss(name, names()).map(|near| format!("did you mean {near:?}?"))),
        };
        let message = format!("no such field {} in {}", quoted(name), place.known.name());
        self.findings.add_with_help(Rule::UnknownField, at, message, help);
    }

    fn duplicates(&mut self, field: Field<'_>, list: &ListType, at: At<'_>, array: &[Value]) {
        let demands = Demands::of(field.owner.known.full_name());
        if demands.compared(&field.property.name) {
            return;
        }
        let mut told = false;
        for unique in demands.unique(&field.property.name) {
            told |= self.refused(field.demand.rule(Rule::Duplicate), unique, at, array);
        }
        if told {
            return;
        }
        let keys: Vec<&str> = match list {
            ListType::Map(keys) => keys.iter().map(String::as_str).collect(),
            ListType::Set => Vec::new(),
            ListType::Unmarked | ListType::Atomic => return,
        };
        for (first, second) in pairs(array, &keys) {
            let message = format!(
                "item {second} has {} item {first}: server-side apply refuses both",
                same(&keys, &array[second])
            );
            self.findings.add(Rule::ServerWarning, at.index(second), message);
        }
    }

    /// Tells items that are not [`Unique`]; returns whether there were any.
    fn refused(&mut self, rule: Rule, unique: Unique, at: At<'_>, array: &[Value]) -> bool {
        let pairs = pairs(array, unique.keys());
        for (first, second) in &pairs {
            let message = format!("item {second} has {} item {first}", same(unique.keys(), &array[*second]));
            self.findings.add(rule, at.index(*second), message);
        }
        !pairs.is_empty()
    }
}

impl Outer for Place<'_> {
    fn known(&self) -> &Type {
        self.known
    }

    fn at(&self) -> At<'_> {
        self.at
    }

    fn outer(&self) -> Option<&dyn Outer> {
        self.outer.map(|outer| outer as &dyn Outer)
    }
}

/// Whether there is nothing, as far as Go can tell.
fn is_empty(kind: &PropertyKind, value: Option<&Value>) -> bool {
    match (kind, value) {
        (_, None | Some(Value::Null)) => true,
        (PropertyKind::String { .. } | PropertyKind::IntOrString, Some(Value::String(text))) => {
            text.is_empty()
        }
        (PropertyKind::Array { .. }, Some(Value::Array(items))) => items.is_empty(),
        (PropertyKind::Map { .. }, Some(Value::Object(entries))) => entries.is_empty(),
        _ => false,
    }
}

/// The whole number that it is, as JavaScript has only one kind of number.
fn integral(number: &Number) -> Option<i128> {
    if let Some(whole) = number.as_i64() {
        return Some(i128::from(whole));
    }
    if let Some(whole) = number.as_u64() {
        return Some(i128::from(whole));
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    Some(float as i128)
}

/// What a kind of value is called.
fn expected(kind: &PropertyKind) -> &'static str {
    match kind {
        PropertyKind::Ref(_) | PropertyKind::Map { .. } | PropertyKind::AnyObject => "an object",
        PropertyKind::Array { .. } => "an array",
        PropertyKind::String { .. } => "a string",
        PropertyKind::Integer(_) => "an integer",
        PropertyKind::Number => "a number",
        PropertyKind::Boolean => "true or false",
        PropertyKind::IntOrString => "an integer or a string",
        PropertyKind::Quantity => "a quantity such as \"500m\" or \"1Gi\"",
        PropertyKind::Any => "anything",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::kubernetes::Release;

    /// What is found in a document, as `path [rule] message (help)`.
    fn found(api_version: &str, kind: &str, document: &Value) -> Vec<String> {
        let root = Release::newest().types().find(api_version, kind).unwrap();
        let mut findings = Findings::default();
        decode(Release::newest().types(), root, document, &mut findings);
        let tell = |finding: &crate::schema::validate::Finding| {
            let help = finding.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
            format!("{} [{}] {}{help}", finding.path, finding.rule.name(), finding.message)
        };
        findings.list.iter().map(tell).collect()
    }

    fn deployment() -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}, "creationTimestamp": null},
                    "spec": {"containers": [{
                        "name": "web",
                        "image": "nginx",
                        "ports": [{"containerPort": 80}],
                        "resources": {"limits": {"cpu": 0.5, "memory": "1Gi"}},
                        "livenessProbe": {"httpGet": {"port": "http"}, "initialDelaySeconds": 5.0},
                    }]},
                },
            },
        })
    }

    /// A Deployment with another value at a pointer, and what is found in it.
    fn changed(pointer: &str, value: Value) -> Vec<String> {
        let mut document = deployment();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(object) => _ = object.insert(key.to_owned(), value),
            parent => parent[key.parse::<usize>().unwrap()] = value,
        }
        found("apps/v1", "Deployment", &document)
    }

    const CONTAINER: &str = "/spec/template/spec/containers/0";

    #[test]
    fn what_the_server_takes_is_taken() {
        assert_eq!(found("apps/v1", "Deployment", &deployment()), [""; 0]);
        for (pointer, value) in [
            ("/spec/replicas", json!(null)),
            ("/spec/replicas", json!(3.0)),
            ("/spec/paused", json!(false)),
            ("/status", json!({"conditions": [{}], "replicas": 1})),
            ("/metadata/managedFields", json!([{"fieldsV1": {"f:spec": {"any": [1, "x"]}}}])),
            (
                "/spec/strategy",
                json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": "25%"}, "type": ""}),
            ),
            ("/metadata/creationTimestamp", json!("2024-02-29T12:00:00.5+01:00")),
            ("/spec/template/spec/volumes", json!([{"name": "a", "emptyDir": {}}, {"name": "a"}])),
        ] {
            assert_eq!(changed(pointer, value.clone()), [""; 0], "{pointer} {value}");
        }
        let policy = json!({"spec": {"policyTypes": ["Ingress"]}});
        assert_eq!(found("networking.k8s.io/v1", "NetworkPolicy", &policy), [""; 0]);
        let binding = json!({"roleRef": {"kind": "Role", "name": "a"}});
        assert_eq!(found("rbac.authorization.k8s.io/v1", "RoleBinding", &binding), [""; 0]);
    }

    #[test]
    fn wrong_values_are_told() {
        let port = format!("{CONTAINER}/ports/0/containerPort");
        let limits = format!("{CONTAINER}/resources/limits");
        let (at, pod) = ("$.spec.template.spec.containers[0]", "$.spec.template.spec");
        for (pointer, value, message) in [
            ("/spec/replicas", json!("3"), "$.spec.replicas [type] expected an integer, got the string \"3\" (write 3 without quotes)".to_owned()),
            ("/spec/replicas", json!(1.5), "$.spec.replicas [type] expected an integer, got 1.5".to_owned()),
            ("/spec/replicas", json!(3_000_000_000_u64), "$.spec.replicas [type] expected an integer of 32 bits (-2147483648 to 2147483647), got 3000000000".to_owned()),
            ("/metadata/generation", json!(1e20), "$.metadata.generation [type] expected an integer of 64 bits (-9223372036854775808 to 9223372036854775807), got 1e+20".to_owned()),
            ("/spec/paused", json!("true"), "$.spec.paused [type] expected true or false, got the string \"true\" (write true without quotes)".to_owned()),
            ("/metadata/labels", json!({"a": 1}), "$.metadata.labels.a [type] expected a string, got the number 1 (write \"1\")".to_owned()),
            ("/metadata/labels", json!([]), "$.metadata.labels [type] expected an object, got an array".to_owned()),
            ("/metadata/creationTimestamp", json!("2025-02-29T12:00:00Z"), "$.metadata.creationTimestamp [format] expected a time such as 2026-01-31T12:00:00Z, got \"2025-02-29T12:00:00Z\"".to_owned()),
            (&port, json!(null), format!("{at}.ports[0] [required] missing required field `containerPort`")),
            (&port, json!("80"), format!("{at}.ports[0].containerPort [type] expected an integer, got the string \"80\" (write 80 without quotes)")),
            (&limits, json!({"memory": "1gi"}), format!("{at}.resources.limits.memory [format] expected a quantity such as \"500m\" or \"1Gi\", got \"1gi\" (did you mean \"1Gi\"?)")),
            (&limits, json!({"memory": "Gi"}), format!("{at}.resources.limits.memory [server-warning] the server takes \"Gi\" for zero")),
            (&limits, json!({"memory": true}), format!("{at}.resources.limits.memory [type] expected a quantity such as \"500m\" or \"1Gi\", got true")),
            ("/spec/template/spec/restartPolicy", json!("always"), format!("{pod}.restartPolicy [enum] expected \"Always\", \"Never\" or \"OnFailure\", got \"always\" (did you mean \"Always\"?)")),
            ("/spec/template/spec/containers", json!([]), format!("{pod}.containers [required] `containers` must not be empty")),
            ("/spec/template/spec/containers", json!({}), format!("{pod}.containers [type] expected an array, got an object")),
            ("/spec/template", json!({}), "$.spec.template [required] missing required field `spec`".to_owned()),
            ("/spec/selector", json!(null), "$.spec [required] missing required field `selector`".to_owned()),
            ("/spec", json!(null), "$ [required] missing required field `spec`".to_owned()),
        ] {
            assert_eq!(changed(pointer, value), [message], "{pointer}");
        }
        assert_eq!(found("v1", "ConfigMap", &json!([])), ["$ [type] expected an object, got an array"]);
    }

    #[test]
    fn unknown_fields_are_told_with_what_may_be_meant() {
        let strategy = format!("{CONTAINER}/strategy");
        for (pointer, help) in [
            ("/spec/replica", "no such field \"replica\" in DeploymentSpec (did you mean \"replicas\"?)"),
            ("/spec/Replicas", "no such field \"Replicas\" in DeploymentSpec (did you mean \"replicas\"?)"),
            (
                "/spec/containers",
                "no such field \"containers\" in DeploymentSpec (did you mean \"containers\" below \"template.spec\"?)",
            ),
            (
                "/labels",
                "no such field \"labels\" in Deployment (did you mean \"labels\" below \"metadata\"?)",
            ),
            (
                "/spec/template/spec/replicas",
                "no such field \"replicas\" in PodSpec (\"replicas\" is a field of DeploymentSpec, at $.spec)",
            ),
            (
                &strategy,
                "no such field \"strategy\" in Container (\"strategy\" is a field of DeploymentSpec, at $.spec)",
            ),
            ("/spec/nonsense", "no such field \"nonsense\" in DeploymentSpec"),
        ] {
            let list = changed(pointer, json!(1));
            assert_eq!(list.len(), 1, "{pointer}");
            assert!(list[0].ends_with(&format!("[unknown-field] {help}")), "{pointer}: {}", list[0]);
        }
    }

    #[test]
    fn secrets_are_not_repeated() {
        let list = found("v1", "Secret", &json!({"data": {"password": "hunter2!"}}));
        assert_eq!(
            list,
            [
                "$.data.password [format] expected base64, got something else (plain text belongs in \"stringData\")"
            ]
        );
    }

    #[test]
    fn duplicates_are_refused_where_the_server_does() {
        let taint = json!({"key": "a", "effect": "NoSchedule"});
        let node = json!({"spec": {"taints": [taint, taint, {"key": "a", "effect": "NoExecute"}]}});
        assert_eq!(
            found("v1", "Node", &node),
            ["$.spec.taints[1] [duplicate] item 1 has the same effect and key as item 0"]
        );
        let account = json!({"secrets": [{"name": "a"}, {"name": "a"}]});
        assert_eq!(
            found("v1", "ServiceAccount", &account),
            [
                "$.secrets[1] [server-warning] item 1 has the same name \"a\" as item 0: server-side apply refuses both"
            ]
        );
    }

    #[test]
    fn pods_of_a_stateful_set_are_looked_at_when_they_are_made() {
        let set = json!({"spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "a"}]}}}});
        assert_eq!(
            found("apps/v1", "StatefulSet", &set),
            ["$.spec.template.spec.containers[0] [server-warning] missing required field `image`"]
        );
    }
}
