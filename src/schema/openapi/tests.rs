use serde_json::json;

use super::*;
use crate::schema::Schemas;
use crate::schema::module::Names;

fn documents(all: &[(&str, Value)]) -> Vec<(String, Vec<u8>)> {
    all.iter().map(|(name, document)| ((*name).to_owned(), document.to_string().into_bytes())).collect()
}

fn apps() -> Value {
    let at = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let operation = |kind: &str| json!({"get": {KINDS: {"group": "apps", "version": "v1", "kind": kind}}, "parameters": []});
    json!({
        "components": {"schemas": {
            "io.k8s.api.apps.v1.Deployment": {
                "type": "object",
                "properties": {
                    "apiVersion": {"type": "string"},
                    "spec": {"allOf": [at("io.k8s.api.apps.v1.DeploymentSpec")], "default": {}},
                },
                KINDS: [{"group": "apps", "version": "v1", "kind": "Deployment"}],
            },
            "io.k8s.api.apps.v1.DeploymentSpec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "when": {"allOf": [at("io.k8s.apimachinery.pkg.apis.meta.v1.Time")]},
                    "size": {"type": "integer", "format": "int32", "default": 0},
                    "ports": {
                        "type": "array",
                        "items": {"allOf": [at("io.k8s.api.apps.v1.DeploymentSpec")], "default": {}},
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["size"],
                        "x-kubernetes-patch-merge-key": "size",
                    },
                    "limits": {"type": "object", "additionalProperties": at("io.k8s.apimachinery.pkg.api.resource.Quantity")},
                    "mode": {"type": "string", "enum": ["b", "", "a"]},
                    "raw": {},
                },
                "x-kubernetes-map-type": "atomic",
            },
            "io.k8s.apimachinery.pkg.apis.meta.v1.Time": {"type": "string", "format": "date-time"},
            "io.k8s.apimachinery.pkg.api.resource.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
            "io.k8s.api.policy.v1.Eviction": {
                "type": "object", "properties": {}, KINDS: [{"group": "policy", "version": "v1", "kind": "Eviction"}],
            },
        }},
        "paths": {
            "/apis/apps/v1/deployments": operation("Deployment"),
            "/apis/apps/v1/namespaces/{namespace}/deployments": operation("Deployment"),
            "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status": operation("Deployment"),
            "/apis/apps/v1/watch/deployments": operation("Deployment"),
        },
    })
}

fn told(version: &str, text: &str) -> String {
    read(version, &[("apis__apps__v1_openapi.json".to_owned(), text.as_bytes().to_vec())])
        .unwrap_err()
        .to_string()
}

#[test]
fn a_version_is_read_into_types_like_the_embedded_ones() {
    let kubernetes = read("v1.99.3", &documents(&[("apps.json", apps())])).unwrap();
    assert_eq!(kubernetes.version(), "1.99");
    let deployment = kubernetes.find("apps/v1", "Deployment").unwrap();
    let resource = deployment.resource().unwrap();
    assert_eq!((resource.plural.as_deref(), resource.scope), (Some("deployments"), Some(Scope::Namespaced)));
    let spec = kubernetes.get("io.k8s.api.apps.v1.DeploymentSpec").unwrap().object();
    assert!(spec.atomic);
    let property = |name: &str| spec.property(name).unwrap();
    assert!(property("size").required && !property("mode").required);
    assert_eq!(property("size").kind, PropertyKind::Integer(IntegerFormat::Int32));
    assert_eq!(property("when").kind, string(StringFormat::DateTime));
    assert_eq!(property("raw").kind, PropertyKind::Any);
    assert_eq!(
        property("mode").kind,
        PropertyKind::String {
            format: StringFormat::Plain,
            values: vec![String::new(), "a".to_owned(), "b".to_owned()]
        }
    );
    let limits = PropertyKind::Map { values: Box::new(PropertyKind::Quantity), atomic: false };
    assert_eq!(property("limits").kind, limits);
    assert_eq!(
        property("ports").kind,
        PropertyKind::Array {
            items: Box::new(PropertyKind::Ref("io.k8s.api.apps.v1.DeploymentSpec".to_owned())),
            list: ListType::Map(vec!["size".to_owned()]),
            merge_key: Some("size".to_owned()),
        }
    );
    // No path tells of it: as in the nearest embedded version.
    let eviction = kubernetes.find("policy/v1", "Eviction").unwrap().resource().unwrap();
    assert_eq!(eviction.scope, Some(Scope::Subresource));
}

#[test]
fn its_modules_can_be_imported() {
    let kubernetes = read("1.99", &documents(&[("apps.json", apps())])).unwrap();
    let schemas = Schemas::new(super::super::kubernetes::Version::Read(kubernetes), Vec::new(), Vec::new());
    let source = schemas.module("k8s/apps/v1").unwrap().source(Names::Only(&["Deployment"].into()));
    assert!(
        source.contains("resource(\"apps/v1\", \"Deployment\", \"limits mode ports raw size when\""),
        "{source}"
    );
    assert!(schemas.module("k8s/batch/v1").is_none());
}

#[test]
fn documents_are_kept_once_and_told_apart() {
    let one = read("1.98", &documents(&[("apps.json", apps())])).unwrap();
    assert!(std::ptr::eq(one, read("1.98.1", &documents(&[("apps.json", apps())])).unwrap()));
    let mut changed = apps();
    changed["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]["more"] = json!({});
    let other = read("1.98", &documents(&[("apps.json", changed)])).unwrap();
    assert_eq!(one.version(), other.version());
    assert_ne!(one.id(), other.id());
}

#[test]
fn what_documents_share_is_one_type_with_the_kinds_of_all() {
    let options = |group: &str| {
        let name = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
        json!({"components": {"schemas": {name: {
            "type": "object", "properties": {"kind": {"type": "string"}},
            KINDS: [{"group": group, "version": "v1", "kind": "DeleteOptions"}],
        }}}})
    };
    let all = [
        ("a", options("apps")),
        ("b", options("")),
        ("c", options("apps")),
        ("version", json!({"paths": {}})),
    ];
    let kubernetes = read("1.97", &documents(&all)).unwrap();
    let found = kubernetes.find("v1", "DeleteOptions").unwrap();
    assert_eq!(found.resource().unwrap().kinds.len(), 2);
    assert!(std::ptr::eq(found, kubernetes.find("apps/v1", "DeleteOptions").unwrap()));
}

#[test]
fn values_are_taken_for_older_versions_only() {
    let container = json!({"components": {"schemas": {"io.k8s.api.core.v1.Container": {
        "type": "object", "properties": {"imagePullPolicy": {"type": "string"}, "name": {"type": "string"}},
    }}}});
    let values = |version: &str| {
        let kubernetes = read(version, &documents(&[("core.json", container.clone())])).unwrap();
        let object = kubernetes.get("io.k8s.api.core.v1.Container").unwrap().object();
        match &object.property("imagePullPolicy").unwrap().kind {
            PropertyKind::String { values, .. } => values.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(values("1.20"), ["Always", "IfNotPresent", "Never"]);
    assert!(values("1.96").is_empty());
}

#[test]
fn broken_documents_are_told_with_their_file() {
    let reading = "reading apis__apps__v1_openapi.json, which describes Kubernetes 1.95: ";
    let schema =
        |schema: Value| json!({"components": {"schemas": {"io.k8s.api.a.v1.A": schema}}}).to_string();
    let property = |property: Value| schema(json!({"properties": {"p": property}}));
    let kind = |kind: Value| schema(json!({"type": "object", KINDS: [kind]}));
    for (text, reason) in [
        ("{\n  \"a\": }".to_owned(), "expected value, in line 2, column 8"),
        ("[]".to_owned(), "it is no object"),
        (json!({"components": []}).to_string(), "components is no object"),
        (json!({"paths": 1}).to_string(), "paths is no object"),
        (schema(json!(1)), "io.k8s.api.a.v1.A: it is no object"),
        (schema(json!({"type": 1})), "type is no string"),
        (schema(json!({"properties": {}, "required": "p"})), "required is no list of strings"),
        (property(json!({"$ref": "#/components/schemas/B"})), "io.k8s.api.a.v1.A: p: no such type: B"),
        (property(json!({"type": "array"})), "an array without items"),
        (property(json!({"type": "set"})), "unknown type \"set\""),
        (
            property(json!({"type": "array", "items": {}, "x-kubernetes-list-type": "map"})),
            "a list of type map without keys",
        ),
        (kind(json!({"group": "", "version": "v1", "kind": "A\"; evil"})), "a kind without kind, or"),
        (kind(json!({})), "a kind without group"),
        (
            json!({"components": {"schemas": {"io.x.class": {"type": "object"}}}}).to_string(),
            "io.x.class: this is no name of a type",
        ),
        (format!("{{\"paths\": {}", "[".repeat(100_000)), "recursion limit exceeded"),
    ] {
        let told = told("1.95", &text);
        assert!(told.starts_with(reading) && told.contains(reason), "{text:.80}: {told}");
    }
    assert_eq!(told("1.95", "{}"), "the OpenAPI documents of Kubernetes 1.95 describe no type");
    assert_eq!(told("new", "{}"), "`new` is no version of Kubernetes");
}

#[test]
fn references_in_circles_end() {
    let at = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let document = json!({"components": {"schemas": {
        "io.k8s.api.a.v1.A": {"type": "object", "properties": {"a": at("io.k8s.api.a.v1.A"), "b": at("io.k8s.api.a.v1.B")}},
        "io.k8s.api.a.v1.B": at("io.k8s.api.a.v1.C"),
        "io.k8s.api.a.v1.C": at("io.k8s.api.a.v1.B"),
    }}});
    let kubernetes = read("1.94", &documents(&[("a.json", document)])).unwrap();
    let object = kubernetes.get("io.k8s.api.a.v1.A").unwrap().object();
    assert_eq!(object.property("a").unwrap().kind, PropertyKind::Ref("io.k8s.api.a.v1.A".to_owned()));
    assert_eq!(object.property("b").unwrap().kind, PropertyKind::Any);
}
