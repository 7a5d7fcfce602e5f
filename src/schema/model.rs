//! One description of types: what Kubernetes' own, those of CRDs and charts' values are turned into.

use serde::{Deserialize, Serialize};

/// What `apiVersion` and `kind` of a manifest name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// `apps`, `networking.k8s.io`; empty for the core group.
    pub group: String,
    /// `v1`, `v2beta1`.
    pub version: String,
    /// `Deployment`.
    pub kind: String,
}

impl GroupVersionKind {
    /// The value of `apiVersion`: `apps/v1`, and `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// Where the objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster itself.
    Cluster,
    /// Nowhere: they are sent to another object (`Eviction`, `Scale`).
    Subresource,
}

/// What the API server calls a type that has a group-version-kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its group-version-kinds, in order; at least one.
    pub kinds: Vec<GroupVersionKind>,
    /// `deployments`, where it is known.
    pub plural: Option<String>,
    /// Where its objects live, where it is known.
    pub scope: Option<Scope>,
}

impl Resource {
    /// The group-version-kind that an object is written with: the core group's `v1` where listed, else the first.
    pub fn written_as(&self) -> Option<&GroupVersionKind> {
        let core = self.kinds.iter().find(|kind| kind.group.is_empty() && kind.version == "v1");
        core.or_else(|| self.kinds.first())
    }
}

/// An object with the properties that it may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectType {
    /// Its properties, sorted by name. None: an empty struct.
    pub properties: Vec<Property>,
    /// Whether server-side apply replaces it whole.
    pub atomic: bool,
}

impl ObjectType {
    /// The property called `name`.
    pub fn property(&self, name: &str) -> Option<&Property> {
        let at = self.properties.binary_search_by(|property| property.name.as_str().cmp(name)).ok()?;
        self.properties.get(at)
    }
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Its key.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What its value is.
    pub kind: PropertyKind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PropertyKind {
    /// An object of the type with this full name.
    Ref(String),
    /// An array.
    Array {
        /// What each item is.
        items: Box<PropertyKind>,
        /// How server-side apply merges it.
        list: ListType,
        /// The key that a strategic merge patch pairs items by.
        merge_key: Option<String>,
    },
    /// An object with any keys.
    Map {
        /// What each value is.
        values: Box<PropertyKind>,
        /// Whether server-side apply replaces it whole.
        atomic: bool,
    },
    /// A string.
    String {
        /// What it must look like.
        format: StringFormat,
        /// The only values that it may have, sorted; empty: any.
        values: Vec<String>,
    },
    /// A number without a fraction.
    Integer(IntegerFormat),
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A 32-bit integer or a string.
    IntOrString,
    /// A quantity: `500m`, `1Gi`, a number.
    Quantity,
    /// An object with anything in it.
    AnyObject,
    /// Anything.
    Any,
}

/// What a string must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StringFormat {
    /// Anything.
    Plain,
    /// Base64.
    Base64,
    /// A time after RFC 3339.
    DateTime,
    /// A time after RFC 3339, with microseconds.
    MicroTime,
}

/// How large an integer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntegerFormat {
    /// No limit is stated.
    Plain,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
}

/// How server-side apply merges a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListType {
    /// Not stated: replaced whole, duplicates allowed.
    Unmarked,
    /// Replaced whole.
    Atomic,
    /// A set: no value twice.
    Set,
    /// Objects told apart by these keys: no combination of them twice.
    Map(Vec<String>),
}
