//! ConfigMaps and Secrets that are sealed with `immutable: true`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::diff::dangers::field::{get, is_true};
use crate::diff::dangers::plain::same;
use crate::diff::dangers::{Change, Told};

/// Neither the seal nor what is under it can change.
pub(super) fn sealed(change: &Change<'_>, told: &mut Told<'_>) {
    let document = &change.document;
    let seal = document.get("immutable");
    if !is_true(seal.before) {
        return;
    }
    let kind = &change.identity.kind;
    if !is_true(seal.after) {
        told.at(
            &seal,
            format!("the API server refuses to make a {kind} mutable again: it must be deleted first, or the new one named otherwise"),
        );
    }
    let is_same = match kind.as_str() {
        "Secret" => secret_data(document.before) == secret_data(document.after),
        _ => ["data", "binaryData"].iter().all(|key| same(&document.get(key))),
    };
    if !is_same {
        told.at(
            &document.get("data"),
            format!("the API server refuses to change the data of an immutable {kind}: give the new one another name, and use that"),
        );
    }
}

/// The data of a Secret as the server keeps it, encoded: `stringData` is laid over `data`.
fn secret_data(secret: &Value) -> BTreeMap<&str, String> {
    let entries = |key| get(secret, key).as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let encoded = entries("data").map(|(key, value)| (key.as_str(), text(value)));
    encoded
        .chain(entries("stringData").map(|(key, value)| (key.as_str(), STANDARD.encode(text(value)))))
        .collect()
}
