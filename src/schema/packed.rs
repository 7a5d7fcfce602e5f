//! The embedded form of Kubernetes' types: an index, then one body per type, each in `postcard`'s format.
//!
//! The build script writes it from `kubernetes.txt`, [`super::kubernetes`] reads it. All versions share one
//! description: what differs among them says which versions it holds for.

use serde::{Deserialize, Serialize};

use super::model::{Property, Scope};

/// A set of Kubernetes versions: bit `n` is the `n`-th version of [`Index::versions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(super) struct Versions(pub(super) u32);

impl Versions {
    /// How many versions there can be.
    pub(super) const MOST: usize = 32;

    /// Whether the set has the version with this index.
    pub(super) fn has(self, version: usize) -> bool {
        u32::try_from(version).ok().and_then(|bit| self.0.checked_shr(bit)).is_some_and(|bits| bits & 1 == 1)
    }
}

/// What precedes the bodies.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Index<'a> {
    /// The versions, oldest first: `1.25`.
    #[serde(borrow)]
    pub(super) versions: Vec<&'a str>,
    /// The types, sorted by name.
    #[serde(borrow)]
    pub(super) types: Vec<Entry<'a>>,
}

/// A type in the index.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry<'a> {
    /// Its full name: `io.k8s.api.apps.v1.Deployment`.
    pub(super) name: &'a str,
    /// The versions that have it.
    pub(super) versions: Versions,
    /// The versions in which it has properties.
    pub(super) populated: Versions,
    /// Its group-version-kinds: group, version and kind.
    #[serde(borrow)]
    pub(super) kinds: Vec<(Versions, &'a str, &'a str, &'a str)>,
    /// See [`super::model::Resource::plural`].
    pub(super) plural: Option<&'a str>,
    /// See [`super::model::Resource::scope`].
    pub(super) scope: Option<Scope>,
    /// How many bytes its body has; the bodies follow each other in the order of the index.
    pub(super) body: u32,
}

/// The rest of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Body {
    /// The versions in which server-side apply replaces it whole.
    pub(super) atomic: Versions,
    /// Its properties, sorted by name.
    pub(super) properties: Vec<(Versions, Property)>,
}
