//! Changes that several resources have in common.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::value::hash;
use crate::change::{Edit, FieldChange, Group, ResourceChange};

/// A change that so many resources have is shown once.
const COMMON: usize = 3;

/// Finds the groups of what resources have in common, those of the most resources first, and tells each change its group.
///
/// A change that at least three resources have is in one, together with all others that just the same resources have.
/// So are the changes of two resources that have no others.
pub(super) fn group(resources: &mut [ResourceChange]) -> Vec<Group> {
    // By hashes first: comparing every change with every other would take long.
    let mut kinds: Vec<(usize, usize)> = Vec::new();
    let mut holders: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut kind_of: Vec<Vec<usize>> = Vec::with_capacity(resources.len());
    for (at, resource) in resources.iter().enumerate() {
        let mut of_resource = Vec::with_capacity(resource.fields.len());
        for (field_at, field) in resource.fields.iter().enumerate() {
            let alike = known.entry(hash_of(field)).or_default();
            let is_it = |kind: &usize| {
                let (resource, field_at) = kinds[*kind];
                let other = &resources[resource].fields[field_at];
                other.path == field.path && other.edit == field.edit
            };
            let kind = alike.iter().copied().find(is_it).unwrap_or_else(|| {
                alike.push(kinds.len());
                kinds.push((at, field_at));
                holders.push(Vec::new());
                kinds.len() - 1
            });
            if holders[kind].last() != Some(&at) {
                holders[kind].push(at);
            }
            of_resource.push(kind);
        }
        kind_of.push(of_resource);
    }

    let mut by_holders: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
    for (kind, holders) in holders.iter().enumerate().filter(|(_, holders)| holders.len() >= 2) {
        by_holders.entry(holders).or_default().push(kind);
    }
    let is_group = |holders: &[usize], kinds: &[usize]| {
        holders.len() >= COMMON
            || holders.iter().all(|at| kind_of[*at].iter().all(|kind| kinds.contains(kind)))
    };
    let mut found: Vec<(&[usize], Vec<usize>)> =
        by_holders.into_iter().filter(|(holders, kinds)| is_group(holders, kinds)).collect();
    // Stable: otherwise in the order of the resources.
    found.sort_by_key(|(holders, _)| std::cmp::Reverse(holders.len()));

    let mut group_of: HashMap<usize, usize> = HashMap::new();
    let groups = found.iter().enumerate().map(|(group, (holders, of_group))| {
        group_of.extend(of_group.iter().map(|kind| (*kind, group)));
        let change = |kind: &usize| {
            let (resource, field) = kinds[*kind];
            resources[resource].fields[field].clone()
        };
        Group { changes: of_group.iter().map(change).collect(), resources: holders.to_vec() }
    });
    let groups: Vec<Group> = groups.collect();
    for (resource, kinds) in resources.iter_mut().zip(&kind_of) {
        for (field, kind) in resource.fields.iter_mut().zip(kinds) {
            field.group = group_of.get(kind).copied();
        }
    }
    groups
}

fn hash_of(change: &FieldChange) -> u64 {
    let mut hasher = DefaultHasher::new();
    change.path.hash(&mut hasher);
    match &change.edit {
        Edit::Added(value) => (0, hash(value)).hash(&mut hasher),
        Edit::Removed(value) => (1, hash(value)).hash(&mut hasher),
        Edit::Changed { before, after } => (2, hash(before), hash(after)).hash(&mut hasher),
        Edit::Reordered => 3.hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::change::{ChangeKind, EntryName, FieldPath, FieldStep};
    use crate::resource::Identity;

    fn resource(fields: &[(&str, i32)]) -> ResourceChange {
        let field = |(key, value): &(&str, i32)| FieldChange {
            path: FieldPath(vec![FieldStep::Key((*key).to_owned())]),
            edit: Edit::Changed { before: json!(0), after: json!(value) },
            group: None,
        };
        ResourceChange {
            kind: ChangeKind::Changed,
            identity: Identity::default(),
            before: None,
            entry: EntryName { path: "a.ts".to_owned(), aliases: Vec::new() },
            entry_before: None,
            fields: fields.iter().map(field).collect(),
            yaml_before: None,
            yaml_after: None,
        }
    }

    /// The changes and the resources of each group.
    fn groups(resources: &mut [ResourceChange]) -> Vec<(String, Vec<usize>)> {
        let told = |group: &Group| {
            let paths: Vec<String> = group.changes.iter().map(|change| change.path.to_string()).collect();
            (paths.join(" "), group.resources.clone())
        };
        group(resources).iter().map(told).collect()
    }

    #[test]
    fn what_three_resources_have_in_common_is_a_group() {
        let mut resources = [
            resource(&[("image", 1), ("label", 1), ("own", 1)]),
            resource(&[("image", 1), ("label", 1), ("zone", 1)]),
            resource(&[("image", 1), ("label", 1), ("zone", 1)]),
            resource(&[("image", 2), ("zone", 1)]),
        ];
        assert_eq!(
            groups(&mut resources),
            [("image label".to_owned(), vec![0, 1, 2]), ("zone".to_owned(), vec![1, 2, 3])]
        );
        let of = |at: usize| resources[at].fields.iter().map(|field| field.group).collect::<Vec<_>>();
        assert_eq!(of(0), [Some(0), Some(0), None]);
        assert_eq!(of(3), [None, Some(1)]);
    }

    #[test]
    fn two_resources_are_a_group_when_they_have_no_other_changes() {
        assert_eq!(groups(&mut [resource(&[("a", 1), ("b", 1)]), resource(&[("a", 1)])]), []);
        let mut same = [resource(&[("a", 1), ("b", 1)]), resource(&[("a", 1), ("b", 1)])];
        assert_eq!(groups(&mut same), [("a b".to_owned(), vec![0, 1])]);
        assert_eq!(groups(&mut [resource(&[("a", 1)])]), []);
    }
}
