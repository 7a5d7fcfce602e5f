//! CustomResourceDefinitions (`k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation`), with the basics of
//! structural schemas.

use super::node::Node;
use super::{admission, node};
use crate::rule::Rule;
use crate::schema::validate::names;

/// A CustomResourceDefinition of `apiextensions.k8s.io/v1`.
pub fn definition(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    let group = spec.get("group");
    spec.require("group");
    group.named(names::dns_subdomain);
    if group.filled().is_some_and(|text| !text.contains('.')) {
        group.say(Rule::Name, format!("expected a domain with a dot, got {}", group.shown()));
    }
    spec.require("scope");
    spec.get("scope").one_of(&["Cluster", "Namespaced"]);
    called(&spec);
    let plural = spec.get("names").get("plural").filled();
    let metadata = object.get("metadata");
    let name = metadata.get("name");
    if let (Some(plural), Some(group), Some(own)) = (plural, group.filled(), name.filled()) {
        let expected = format!("{plural}.{group}");
        if own != expected {
            name.say(
                Rule::Name,
                format!("expected `plural.group`, which is `{expected}`, got {}", name.shown()),
            );
        }
    }
    let protected = group.text().ends_with(".k8s.io") || group.text().ends_with(".kubernetes.io");
    let approval = metadata.get("annotations").get("api-approved.kubernetes.io").filled();
    if protected && approval.is_none() {
        group.say_help(
            Rule::Value,
            "groups in k8s.io and kubernetes.io are protected",
            "add the annotation `api-approved.kubernetes.io`, or use a domain of your own",
        );
    }
    let unknown = spec.get("preserveUnknownFields");
    if unknown.is_true() {
        unknown.say_help(
            Rule::Value,
            "expected `false`, got true",
            "use `x-kubernetes-preserve-unknown-fields` in the schema",
        );
    }
    versions(&spec);
    conversion(&spec.get("conversion"));
}

fn called(spec: &Node) {
    if !spec.require("names") {
        return;
    }
    let own = spec.get("names");
    for key in ["plural", "kind"] {
        own.require(key);
    }
    for key in ["plural", "singular"] {
        own.get(key).named(names::dns_1035_label);
    }
    for key in ["kind", "listKind"] {
        own.get(key).named(|text| names::dns_1035_label(&text.to_lowercase()));
    }
    for key in ["shortNames", "categories"] {
        for name in own.get(key).items() {
            name.named(names::dns_1035_label);
        }
    }
    let (kind, list) = (own.get("kind"), own.get("listKind"));
    if kind.filled().is_some() && kind.str() == list.str() {
        list.say(Rule::Combination, "`kind` and `listKind` must differ");
    }
}

fn versions(spec: &Node) {
    let versions = spec.get("versions");
    if !spec.require("versions") {
        return;
    }
    versions.unique_by("name");
    let stored = versions.items().filter(|version| version.get("storage").is_true()).count();
    if stored != 1 && versions.value().is_array() {
        let message = format!("expected exactly one version with `storage: true`, got {stored}");
        versions.say(Rule::Combination, message);
    }
    for version in versions.items() {
        version.require("name");
        version.get("name").named(names::dns_1035_label);
        let warning = version.get("deprecationWarning");
        if warning.is("") {
            warning.say_missing();
        }
        if warning.text().len() > 256 {
            warning
                .say(Rule::Length, format!("expected at most 256 characters, got {}", warning.text().len()));
        }
        if !version.get("deprecated").is_true() {
            warning.forbid("`deprecationWarning` goes only with `deprecated: true`");
        }
        let holder = version.get("schema");
        let schema = holder.get("openAPIV3Schema");
        if schema.is_set() {
            root(&schema);
        } else if holder.value().is_object() {
            schema.say_missing();
        }
        columns(&version.get("additionalPrinterColumns"));
        subresources(&version.get("subresources"));
    }
}

fn columns(columns: &Node) {
    for column in columns.items() {
        for key in ["name", "type", "jsonPath"] {
            column.require(key);
        }
        column.get("type").one_of(&["boolean", "date", "integer", "number", "string"]);
        column.get("format").one_of(&[
            "int32",
            "int64",
            "float",
            "double",
            "byte",
            "date",
            "date-time",
            "password",
        ]);
        let path = column.get("jsonPath");
        if path.filled().is_some_and(|path| !path.starts_with('.')) {
            path.say(Rule::Value, format!("expected a path that begins with `.`, got {}", path.shown()));
        }
    }
}

fn subresources(subresources: &Node) {
    let scale = subresources.get("scale");
    if !scale.is_set() {
        return;
    }
    for (key, part) in [("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")] {
        scale.require(key);
        let path = scale.get(key);
        if path.filled().is_some_and(|path| !path.starts_with(part)) {
            path.say(Rule::Value, format!("expected a path under `{part}`, got {}", path.shown()));
        }
    }
    let selector = scale.get("labelSelectorPath");
    if selector.filled().is_some_and(|path| !path.starts_with(".spec.") && !path.starts_with(".status.")) {
        selector.say(
            Rule::Value,
            format!("expected a path under `.spec.` or `.status.`, got {}", selector.shown()),
        );
    }
}

fn conversion(conversion: &Node) {
    if !conversion.is_set() {
        return;
    }
    conversion.require("strategy");
    conversion.get("strategy").one_of(&["None", "Webhook"]);
    let webhook = conversion.get("webhook");
    if conversion.get("strategy").is("Webhook") {
        if conversion.require("webhook") {
            if webhook.require("clientConfig") {
                admission::client(&webhook.get("clientConfig"));
            }
            admission::review_versions(&webhook, "conversionReviewVersions");
        }
    } else {
        webhook.get("clientConfig").forbid("a webhook goes only with `strategy: Webhook`");
    }
}

/// The schema of a whole resource.
fn root(schema: &Node) {
    let kind = schema.get("type");
    if kind.filled().is_some_and(|kind| kind != "object") {
        kind.say(
            Rule::Value,
            format!("the schema of a resource must be of the type `object`, got {}", kind.shown()),
        );
    }
    for (name, expected) in [("apiVersion", "string"), ("kind", "string"), ("metadata", "object")] {
        let properties = schema.get("properties");
        let property = properties.get(name);
        let kind = property.get("type");
        if kind.filled().is_some_and(|kind| kind != expected) {
            kind.say(Rule::Value, format!("expected `{expected}`, got {}", kind.shown()));
        }
    }
    structural(schema, true);
}

/// A schema that stands for the structure: every value says its type.
fn structural(schema: &Node, is_root: bool) {
    if !schema.value().is_object() {
        return;
    }
    let int_or_string = schema.get("x-kubernetes-int-or-string").is_true();
    let preserves = schema.get("x-kubernetes-preserve-unknown-fields").is_true();
    let kind = schema.get("type");
    if kind.is_empty() && (is_root || !int_or_string && !preserves) {
        kind.say_missing();
    }
    kind.one_of(&["array", "boolean", "integer", "number", "object", "string"]);
    if kind.is("array") {
        schema.require("items");
    }
    for key in [
        "$ref",
        "definitions",
        "dependencies",
        "deprecated",
        "discriminator",
        "id",
        "patternProperties",
        "readOnly",
    ] {
        let field = schema.get(key);
        if field.is_set() && !field.is_empty() && field.value().as_bool() != Some(false) {
            field.say(Rule::Value, format!("`{key}` is not supported in the schemas of resources"));
        }
    }
    if schema.get("uniqueItems").is_true() {
        schema.get("uniqueItems").say_help(
            Rule::Value,
            "`uniqueItems` is not supported",
            "use `x-kubernetes-list-type: set`",
        );
    }
    let (properties, additional) = (schema.get("properties"), schema.get("additionalProperties"));
    if !properties.is_empty() && additional.is_set() {
        additional.say(Rule::Combination, "`properties` and `additionalProperties` exclude each other");
    }
    for (name, property) in properties.entries() {
        // The server knows the metadata of every resource itself.
        if is_root && name == "metadata" {
            metadata(&property);
        } else {
            structural(&property, false);
        }
    }
    structural(&additional, false);
    let items = schema.get("items");
    if items.value().is_array() {
        items.say(Rule::Value, "expected one schema for all items, got a list");
    }
    structural(&items, false);
    lists(schema, &items);
    logic(schema);
    extensions(schema);
    validations(&schema.get("x-kubernetes-validations"));
}

/// Marks that are true or not there, and what they go with.
fn extensions(schema: &Node) {
    let preserves = schema.get("x-kubernetes-preserve-unknown-fields");
    if preserves.value().as_bool() == Some(false) {
        preserves.say_help(Rule::Value, "expected `true`, got false", "leave it out");
    }
    if schema.get("x-kubernetes-embedded-resource").is_true() {
        let kind = schema.get("type");
        if kind.filled().is_some_and(|kind| kind != "object") {
            kind.say(
                Rule::Value,
                format!("an embedded resource must be of the type `object`, got {}", kind.shown()),
            );
        }
        if schema.get("properties").is_empty() && !preserves.is_true() {
            schema.get("properties").say_missing();
        }
    }
    let default = schema.get("default");
    let fits = match schema.get("type").text() {
        "string" => default.value().is_string(),
        "boolean" => default.value().is_boolean(),
        "integer" => default.int().is_some() || default.value().is_number(),
        "number" => default.value().is_number(),
        "array" => default.value().is_array(),
        "object" => default.value().is_object(),
        _ => true,
    };
    if default.is_set() && !fits {
        let message = format!(
            "the default must be of the type {}, got {}",
            schema.get("type").shown(),
            default.shown()
        );
        default.say(Rule::Value, message);
    }
}

/// Rules of CEL, as far as they can be judged without it.
fn validations(rules: &Node) {
    for rule in rules.items() {
        let text = rule.get("rule");
        if text.str().is_none_or(|text| text.trim().is_empty()) && !text.value().is_number() {
            text.say_missing();
        }
        for key in ["message", "messageExpression"] {
            let message = rule.get(key);
            if message.filled().is_some_and(|text| text.trim().is_empty()) {
                message.say_missing();
            }
        }
        let message = rule.get("message");
        if message.text().trim().contains('\n') {
            message.say(Rule::Value, "a message must be one line");
        }
        const REASONS: [&str; 4] =
            ["FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate"];
        rule.get("reason").one_of(&REASONS);
    }
}

/// Of the metadata, only the name can be restricted.
fn metadata(schema: &Node) {
    for (name, property) in schema.get("properties").entries() {
        if !matches!(name, "name" | "generateName") {
            property.say(
                Rule::Value,
                format!("a schema can restrict only the name of the metadata, not `{name}`"),
            );
        }
    }
}

/// How lists are merged.
fn lists(schema: &Node, items: &Node) {
    let kind = schema.get("x-kubernetes-list-type");
    let keys = schema.get("x-kubernetes-list-map-keys");
    kind.one_of(&["atomic", "set", "map"]);
    schema.get("x-kubernetes-map-type").one_of(&["atomic", "granular"]);
    if kind.filled().is_some() && !schema.get("type").is("array") {
        kind.say(Rule::Combination, "`x-kubernetes-list-type` goes only with `type: array`");
    }
    let scalar = |schema: &Node| !matches!(schema.get("type").text(), "object" | "array");
    if kind.is("set") && items.is_set() && !scalar(items) {
        let (map, list) = (items.get("x-kubernetes-map-type"), items.get("x-kubernetes-list-type"));
        if !(map.is("atomic") || list.is("atomic") || list.is_empty() && items.get("type").is("array")) {
            items.say(Rule::Value, "the items of a set must be scalars or atomic");
        }
    }
    if kind.is("map") {
        schema.require("x-kubernetes-list-map-keys");
        let required = items.get("required");
        for key in keys.items() {
            let Some(text) = key.filled() else { continue };
            let properties = items.get("properties");
            let property = properties.get(text);
            if !property.is_set() {
                key.say(Rule::Value, format!("the items have no property {}", key.shown()));
            } else if !scalar(&property) {
                key.say(
                    Rule::Value,
                    format!("the property {} of the items must be a scalar to be a key", key.shown()),
                );
            } else if !required.items().any(|name| name.is(text)) && !property.get("default").is_set() {
                key.say(
                    Rule::Value,
                    format!("the property {} of the items must be required or have a default", key.shown()),
                );
            }
        }
    } else if !keys.is_empty() {
        keys.say(
            Rule::Combination,
            "`x-kubernetes-list-map-keys` goes only with `x-kubernetes-list-type: map`",
        );
    }
}

/// Inside of logic only values are restricted, nothing is described.
fn logic(schema: &Node) {
    let int_or_string = schema.get("x-kubernetes-int-or-string").is_true();
    let check = |part: &Node, type_allowed: bool| {
        if part.get("default").is_set() {
            part.get("default")
                .say(Rule::Value, "a `default` cannot stand inside of `allOf`, `anyOf`, `oneOf` or `not`");
        }
        for key in ["description", "additionalProperties", "nullable", "title"] {
            let field = part.get(key);
            if field.is_set() && !field.is_empty() && field.value().as_bool() != Some(false) {
                field.say(
                    Rule::Value,
                    format!(
                        "`{key}` cannot stand inside of {}",
                        node::or(&["allOf", "anyOf", "oneOf", "not"])
                    ),
                );
            }
        }
        let kind = part.get("type");
        if kind.filled().is_some() && !type_allowed {
            kind.say(Rule::Value, "a `type` cannot stand inside of `allOf`, `anyOf`, `oneOf` or `not`");
        }
    };
    for key in ["allOf", "anyOf", "oneOf"] {
        for (index, part) in schema.get(key).items().enumerate() {
            // `int-or-string` may be spelt out, in this order.
            let spelt = ["integer", "string"].get(index).is_some_and(|kind| part.get("type").is(kind));
            check(&part, int_or_string && key == "anyOf" && spelt);
        }
    }
    check(&schema.get("not"), false);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    #[test]
    fn definitions_are_judged() {
        let item =
            json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
        let list = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": item});
        let spec = json!({"type": "object", "properties": {"size": {"type": "integer"}, "list": list}});
        let schema = json!({"type": "object", "properties": {"spec": spec}});
        let version =
            json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
        let own = json!({"plural": "webs", "singular": "web", "kind": "Web", "listKind": "WebList"});
        let rest = json!({
            "metadata": {"name": "webs.example.com"},
            "spec": {"group": "example.com", "scope": "Namespaced", "names": own, "versions": [version]},
        });
        let base = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", rest);
        let root = "/spec/versions/0/schema/openAPIV3Schema";
        let place = "$.spec.versions[0].schema.openAPIV3Schema";
        let size = format!("{root}/properties/spec/properties/size");
        let at_size = format!("{place}.properties.spec.properties.size");
        accept_all(
            &base,
            &[
                (&size, json!({"x-kubernetes-int-or-string": true})),
                (
                    &size,
                    json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
                ),
                (&size, json!({"x-kubernetes-preserve-unknown-fields": true})),
                (&size, json!({"type": "string", "oneOf": [{"pattern": "a"}, {"pattern": "b"}]})),
                (&format!("{root}/properties/metadata"), json!({"type": "object"})),
                (
                    "/spec/versions/0/additionalPrinterColumns",
                    json!([{"name": "a", "type": "string", "jsonPath": ".spec.a"}]),
                ),
            ],
        );
        let keys = "/properties/spec/properties/list/x-kubernetes-list-map-keys";
        reject_all(
            &base,
            &[
                ("/metadata/name", json!("web.example.com"), Name, "$.metadata.name"),
                ("/spec/group", json!(null), Required, "$.spec"),
                ("/spec/names/kind", json!("My Web"), Name, "$.spec.names.kind"),
                ("/spec/names/listKind", json!("Web"), Combination, "$.spec.names.listKind"),
                ("/spec/names/shortNames", json!(["W"]), Name, "$.spec.names.shortNames[0]"),
                ("/spec/scope", json!("Namespace"), Enum, "$.spec.scope"),
                ("/spec/versions", json!([]), Required, "$.spec.versions"),
                ("/spec/versions/0/storage", json!(false), Combination, "$.spec.versions"),
                // That a version has a schema at all is demanded when it is decoded.
                ("/spec/versions/0/schema", json!({}), Required, "$.spec.versions[0].schema"),
                ("/spec/versions/0/name", json!("1"), Name, "$.spec.versions[0].name"),
                (&format!("{root}/type"), json!("array"), Value, &format!("{place}.type")),
                (&size, json!({"minimum": 1}), Required, &at_size),
                (&size, json!({"type": "array"}), Required, &at_size),
                (&size, json!({"type": "int"}), Enum, &format!("{at_size}.type")),
                (
                    &size,
                    json!({"type": "string", "anyOf": [{"type": "string"}]}),
                    Value,
                    &format!("{at_size}.anyOf[0].type"),
                ),
                (
                    &size,
                    json!({"$ref": "#/a", "type": "string"}),
                    Value,
                    &format!("{at_size}[\"$ref\"]").replace("[\"$ref\"]", ".$ref"),
                ),
                (
                    &format!("{root}{keys}"),
                    json!(["id"]),
                    Value,
                    &format!("{place}.properties.spec.properties.list[\"x-kubernetes-list-map-keys\"][0]"),
                ),
                ("/spec/conversion", json!({"strategy": "Webhook"}), Required, "$.spec.conversion"),
                ("/spec/preserveUnknownFields", json!(true), Value, "$.spec.preserveUnknownFields"),
            ],
        );
    }
}
