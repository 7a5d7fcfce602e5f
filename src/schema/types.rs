//! What the schemas say of the lists in a document: how the items of each are told apart.

use serde_json::Value;

use super::Schemas;
use super::model::{ListType, ObjectType, PropertyKind};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// What tells an object of a list from the others, where no schema says: the first that all of them have.
const USUAL_KEYS: [&str; 3] = ["name", "key", "id"];

/// The type of a value, as far as it is known.
#[derive(Clone, Copy)]
pub struct Type<'s> {
    schemas: &'s Schemas,
    known: Known<'s>,
}

#[derive(Clone, Copy)]
enum Known<'s> {
    /// A type of Kubernetes' own.
    Object(&'s ObjectType),
    /// The value of one of its properties.
    Value(&'s PropertyKind),
    /// A resource of a kind that Kubernetes does not have, and its schema if there is one.
    Custom(Option<&'s Value>),
    /// What a schema of a CRD describes.
    Schema(&'s Value),
    Nothing,
}

/// A key that tells items apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemKey<'s> {
    /// Its name.
    pub name: &'s str,
    /// What it is where it is not written.
    pub default: Option<&'s str>,
    /// Whether it must be a string: nobody said that it is a key.
    pub guessed: bool,
}

impl<'s> Type<'s> {
    /// That of a document, by what it says of itself. `None` when nothing is known of its kind.
    fn named(schemas: &'s Schemas, document: &Value) -> Option<Type<'s>> {
        let text = |key: &str| document.get(key).and_then(Value::as_str);
        let (api_version, kind) = (text("apiVersion")?, text("kind")?);
        let known = if let Some((_, version)) = schemas.custom(api_version, kind) {
            Known::Custom(Some(&version.schema))
        } else {
            Known::Object(schemas.kubernetes().find(api_version, kind)?.object())
        };
        Some(Type { schemas, known })
    }

    /// That of a resource: by the head's schemas, else by the base's.
    pub fn of(before: (&'s Schemas, &Value), after: (&'s Schemas, &Value)) -> Type<'s> {
        Type::named(after.0, after.1)
            .or_else(|| Type::named(before.0, before.1))
            .unwrap_or(Type { schemas: after.0, known: Known::Custom(None) })
    }

    /// That of a resource, by the schemas of its project.
    pub fn of_resource(schemas: &'s Schemas, document: &Value) -> Type<'s> {
        Type::of((schemas, document), (schemas, document))
    }

    fn with(self, known: Known<'s>) -> Type<'s> {
        Type { known, ..self }
    }

    /// That of the values of an object that names its own type, where nothing else is known of it: a resource in a
    /// resource.
    pub fn inside(self, object: &Value) -> Type<'s> {
        match self.known {
            Known::Nothing | Known::Value(PropertyKind::AnyObject | PropertyKind::Any) => {
                Type::named(self.schemas, object).unwrap_or(self)
            }
            Known::Schema(schema) if schema.get("properties").is_none() => {
                Type::named(self.schemas, object).unwrap_or(self)
            }
            Known::Object(_) | Known::Value(_) | Known::Custom(_) | Known::Schema(_) => self,
        }
    }

    /// That of the value of a key.
    pub fn key(self, key: &str) -> Type<'s> {
        let property = |object: &'s ObjectType| {
            object.property(key).map_or(Known::Nothing, |property| Known::Value(&property.kind))
        };
        self.with(match self.known {
            Known::Object(object) => property(object),
            Known::Value(PropertyKind::Ref(name)) => {
                self.schemas.kubernetes().get(name).map_or(Known::Nothing, |known| property(known.object()))
            }
            Known::Value(PropertyKind::Map { values, .. }) => Known::Value(values),
            Known::Custom(_) if key == "metadata" => {
                let meta = self.schemas.kubernetes().get(OBJECT_META);
                meta.map_or(Known::Nothing, |known| Known::Object(known.object()))
            }
            Known::Custom(Some(schema)) | Known::Schema(schema) => schema
                .get("properties")
                .and_then(|properties| properties.get(key))
                .or_else(|| schema.get("additionalProperties"))
                .map_or(Known::Nothing, Known::Schema),
            Known::Value(_) | Known::Custom(None) | Known::Nothing => Known::Nothing,
        })
    }

    /// That of the items of a list.
    pub fn item(self) -> Type<'s> {
        self.with(match self.known {
            Known::Value(PropertyKind::Array { items, .. }) => Known::Value(items),
            Known::Schema(schema) => schema.get("items").map_or(Known::Nothing, Known::Schema),
            Known::Object(_) | Known::Value(_) | Known::Custom(_) | Known::Nothing => Known::Nothing,
        })
    }

    /// Whether it is a list in which no value is twice.
    pub fn is_set(self) -> bool {
        match self.known {
            Known::Value(PropertyKind::Array { list, .. }) => *list == ListType::Set,
            Known::Schema(schema) => {
                schema.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("set")
            }
            Known::Object(_) | Known::Value(_) | Known::Custom(_) | Known::Nothing => false,
        }
    }

    /// What the objects of a list may be told apart by, the best first: the keys that server-side apply goes by, the one
    /// that a strategic merge patch goes by, and what usually is a name.
    pub fn item_keys(self) -> Vec<Vec<ItemKey<'s>>> {
        let mut found = Vec::new();
        match self.known {
            Known::Value(PropertyKind::Array { list, merge_key, .. }) => {
                if let ListType::Map(keys) = list {
                    found.push(keys.iter().map(|name| stated(name, None)).collect());
                }
                found.extend(merge_key.iter().map(|name| vec![stated(name, None)]));
            }
            Known::Schema(schema) => {
                let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
                let is_map = schema.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("map");
                let keys = keys.filter(|keys| is_map && !keys.is_empty());
                let default =
                    |name: &str| schema.get("items")?.get("properties")?.get(name)?.get("default")?.as_str();
                let names = |keys: &'s Vec<Value>| keys.iter().filter_map(Value::as_str);
                found.extend(keys.map(|keys| names(keys).map(|name| stated(name, default(name))).collect()));
            }
            Known::Object(_) | Known::Value(_) | Known::Custom(_) | Known::Nothing => {}
        }
        found.extend(USUAL_KEYS.map(|name| vec![ItemKey { name, default: None, guessed: true }]));
        found
    }
}

fn stated<'s>(name: &'s str, default: Option<&'s str>) -> ItemKey<'s> {
    // The only key of Kubernetes' own lists that has a default; the same in custom resources that borrow them.
    let default = default.or((name == "protocol").then_some("TCP"));
    ItemKey { name, default, guessed: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(of: Type<'_>) -> Vec<Vec<&str>> {
        of.item_keys().iter().map(|keys| keys.iter().map(|key| key.name).collect()).collect()
    }

    #[test]
    fn lists_of_kubernetes_are_told_apart_by_their_keys() {
        let schemas = Schemas::default();
        let document = json!({"apiVersion": "apps/v1", "kind": "Deployment"});
        let root = Type::of((&schemas, &document), (&schemas, &document));
        let pod = root.key("spec").key("template").key("spec");
        let containers = pod.key("containers");
        assert_eq!(keys(containers)[0], ["name"]);
        assert_eq!(
            keys(containers.item().key("ports"))[..2],
            [vec!["containerPort", "protocol"], vec!["containerPort"]]
        );
        assert!(!containers.item().key("args").is_set());
        assert!(root.key("metadata").key("finalizers").is_set());
        assert_eq!(keys(pod.key("tolerations")), [["name"], ["key"], ["id"]]);
    }

    #[test]
    fn resources_in_resources_are_known_by_what_they_say() {
        let schemas = Schemas::default();
        let document = json!({"apiVersion": "example.com/v1", "kind": "Object"});
        let root = Type::of((&schemas, &document), (&schemas, &document));
        assert!(root.key("metadata").key("finalizers").is_set());
        let service = json!({"apiVersion": "v1", "kind": "Service"});
        let inner = root.key("spec").key("manifest").inside(&service);
        assert_eq!(keys(inner.key("spec").key("ports"))[0], ["port", "protocol"]);
    }
}
