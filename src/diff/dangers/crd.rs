//! Versions of custom resources.

use super::field::{get, is_true};
use super::words::quoted;
use super::{Change, Told};

/// Versions that go, are no longer served, or become the one that is stored.
pub(super) fn versions(change: &Change<'_>, told: &mut Told<'_>) {
    let versions = change.document.at(&["spec", "versions"]);
    for version in versions.items(&["name"]) {
        let name = |value| quoted(super::field::text(get(value, "name")));
        let served = version.get("served");
        let storage = version.get("storage");
        if version.is_gone() {
            let loss = match (is_true(served.before), is_true(storage.before)) {
                (true, false) => "whatever still reads or writes it fails",
                (true, true) => {
                    "whatever still reads or writes it fails, and the API server refuses it while objects may be \
                     stored in it (status.storedVersions)"
                }
                (false, _) => {
                    "it was no longer served before, but the API server refuses it while objects may be stored in it \
                     (status.storedVersions)"
                }
            };
            told.at(&version, format!("version {} is removed: {loss}", name(version.before)));
            continue;
        }
        if is_true(served.before) && !is_true(served.after) {
            let name = name(version.after);
            told.at(
                &served,
                format!("version {name} is no longer served: whatever still reads or writes it fails"),
            );
        }
        if is_true(storage.after) && !is_true(storage.before) {
            told.at(
                &storage,
                format!(
                    "objects are stored as {} from now on: those that exist must be converted, and going back loses \
                     what only it can hold",
                    name(version.after)
                ),
            );
        }
    }
}
