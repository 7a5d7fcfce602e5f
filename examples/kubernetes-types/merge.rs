//! All versions in one description.

use std::collections::BTreeMap;

use crate::definitions::Definition;
use crate::packed::{Body, Versions};
use crate::resources::Resources;
use crate::text::{Type, Types};

/// Merges the types of versions, oldest first: what is the same in several of them is said once, for all of them.
pub(crate) fn merge(versions: Vec<(String, Vec<Definition>)>, resources: &Resources) -> Types {
    let mut types: BTreeMap<String, Type> = BTreeMap::new();
    let mut names = Vec::new();
    for (bit, (version, definitions)) in versions.into_iter().enumerate() {
        let now = Versions(1 << bit);
        names.push(version);
        for definition in definitions {
            let merged = types.entry(definition.name.clone()).or_insert_with(|| Type {
                name: definition.name,
                versions: Versions::default(),
                kinds: Vec::new(),
                plural: None,
                scope: None,
                body: Body { atomic: Versions::default(), properties: Vec::new() },
            });
            merged.versions.0 |= now.0;
            if definition.atomic {
                merged.body.atomic.0 |= now.0;
            }
            for kind in definition.kinds {
                add(&mut merged.kinds, now, kind);
            }
            for property in definition.properties {
                add(&mut merged.body.properties, now, property);
            }
        }
    }
    let mut types: Vec<Type> = types.into_values().collect();
    for merged in &mut types {
        merged.kinds.sort_by(|(_, a), (_, b)| a.cmp(b));
        // Of one property, what held first comes first.
        merged.body.properties.sort_by(|(a, before), (b, after)| {
            before.name.cmp(&after.name).then(a.0.trailing_zeros().cmp(&b.0.trailing_zeros()))
        });
        if let [(_, kind)] = merged.kinds.as_slice()
            && let Some((plural, scope)) = resources.get(&(kind.group.clone(), kind.kind.clone()))
        {
            (merged.plural, merged.scope) = (Some(plural.clone()), Some(*scope));
        }
    }
    Types { versions: names, types }
}

fn add<T: PartialEq>(all: &mut Vec<(Versions, T)>, now: Versions, value: T) {
    match all.iter_mut().find(|(_, known)| *known == value) {
        Some((versions, _)) => versions.0 |= now.0,
        None => all.push((now, value)),
    }
}
