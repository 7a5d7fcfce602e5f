//! Where a field belongs that stands in the wrong object.

use std::collections::VecDeque;

use crate::resource::At;
use crate::schema::kubernetes::{Kubernetes, Type};
use crate::schema::model::PropertyKind;

/// How many objects further in a field is searched for.
const DEPTH: usize = 4;
/// Names that so many types have that finding one says nothing.
const COMMON: [&str; 6] = ["apiVersion", "items", "kind", "name", "namespace", "status"];

/// An object with others in it.
pub(super) trait Outer {
    /// Its type.
    fn known(&self) -> &Type;
    /// Where it is.
    fn at(&self) -> At<'_>;
    /// The object that it is in.
    fn outer(&self) -> Option<&dyn Outer>;
}

/// Says where a field belongs that `known` does not have: in an object around it, or in one inside it.
pub(super) fn belongs(
    kubernetes: &Kubernetes,
    known: &Type,
    mut outer: Option<&dyn Outer>,
    name: &str,
) -> Option<String> {
    if COMMON.contains(&name) {
        return None;
    }
    let inside = inside(kubernetes, known, name);
    let mut distance = 1;
    while let Some(around) = outer {
        if inside.as_ref().is_some_and(|(depth, _)| *depth < distance) {
            break;
        }
        if around.known().object().property(name).is_some() {
            return Some(format!(
                "{name:?} is a field of {}, at {}",
                around.known().name(),
                around.at().path()
            ));
        }
        outer = around.outer();
        distance += 1;
    }
    inside.map(|(_, path)| format!("did you mean {name:?} below {path:?}?"))
}

/// The nearest object inside `known` that has the field: how deep, and the path to it.
fn inside(kubernetes: &Kubernetes, known: &Type, name: &str) -> Option<(usize, String)> {
    let mut visited = vec![known.full_name()];
    let mut queue = VecDeque::from([(0, String::new(), known)]);
    while let Some((depth, path, known)) = queue.pop_front() {
        if depth > 0 && known.object().property(name).is_some() {
            return Some((depth, path));
        }
        if depth == DEPTH {
            continue;
        }
        for property in known.object().properties.iter().filter(|property| property.name != "status") {
            let (target, items) = match &property.kind {
                PropertyKind::Ref(target) => (target, ""),
                PropertyKind::Array { items, .. } => match &**items {
                    PropertyKind::Ref(target) => (target, "[]"),
                    _ => continue,
                },
                _ => continue,
            };
            let Some(target) = kubernetes.get(target).filter(|target| !visited.contains(&target.full_name()))
            else {
                continue;
            };
            visited.push(target.full_name());
            let dot = if path.is_empty() { "" } else { "." };
            queue.push_back((depth + 1, format!("{path}{dot}{}{items}", property.name), target));
        }
    }
    None
}
