//! Custom resources, judged by the schema of their CRD as the API server does when one is created.
//!
//! The order is its own: defaults, unknown fields, nulls, then the keywords of the schema, lists that are sets or maps,
//! and, unless something basic is wrong, the rules (CEL).

mod defaults;
mod formats;
mod list;
mod pattern;
mod rules;
mod schema;
#[cfg(test)]
mod tests;
mod walk;

use serde_json::Value;

pub use formats::check as check_format;
pub use pattern::compile as compile_pattern;
pub use schema::{Additional, Kind, ListType, Node, StructuralSchema, is_type_meta};
pub use walk::same as same_json;

use super::Findings;
use super::cel::Budget;
use crate::resource::At;
use crate::rule::Rule;

/// Judges a document by the schema of its custom resource.
///
/// Its metadata is judged elsewhere, as that of every resource. Findings have the places of `document`; of what only a
/// default brings in, the place is the one that the default has.
pub fn check(schema: &StructuralSchema, document: &Value, findings: &mut Findings) {
    for problem in &schema.problems {
        findings.add(Rule::NotChecked, At::Root, problem.clone());
    }
    let root = &schema.root;
    let mut value = document.clone();
    defaults::fill(&mut value, root);
    defaults::prune(&mut value, Some(document), Some(root), At::Root, 0, findings);
    defaults::drop_nulls(&mut value, Some(root));
    if schema.status_subresource
        && let Value::Object(map) = &mut value
    {
        map.shift_remove("status");
    }
    let mut walk = walk::Walk { findings, blocking: false };
    walk.check(&value, root, At::Root);
    walk.check_lists(&value, root, At::Root);
    if !walk.blocking {
        rules::run(&value, root, At::Root, &mut Budget::default(), findings);
    }
}

/// A value as JSON, of at most about 60 characters.
pub(super) fn shorten(value: &Value) -> String {
    const LONGEST: usize = 60;
    // Only as much of a text is quoted as is shown.
    let text = match value {
        Value::String(text) if text.chars().nth(LONGEST).is_some() => {
            let start: String = text.chars().take(LONGEST - 1).collect();
            let quoted = Value::from(start).to_string();
            return format!("{}…\"", quoted.trim_end_matches('"'));
        }
        other => other.to_string(),
    };
    if text.chars().nth(LONGEST + 2).is_none() {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
