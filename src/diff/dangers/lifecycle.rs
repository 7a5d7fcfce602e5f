//! Versions of APIs that are not served, or will not be for long.

use super::words::line;
use super::{Change, Told};
use crate::schema::validate;

/// What the cluster does not know.
pub(super) fn removed(change: &Change<'_>, told: &mut Told<'_>) {
    fate(change, told, "applying it fails");
}

/// What a later cluster does not know.
pub(super) fn deprecated(change: &Change<'_>, told: &mut Told<'_>) {
    fate(change, told, "a later upgrade of the cluster breaks it");
}

fn fate(change: &Change<'_>, told: &mut Told<'_>, consequence: &str) {
    let api_version = change.document.get("apiVersion");
    if api_version.before == api_version.after {
        return;
    }
    let identity = change.identity;
    let fate = validate::lifecycle(&identity.api_version, &identity.kind, change.schemas);
    if let Some(fate) = fate.filter(|fate| fate.rule == told.rule) {
        let help = fate.help.map(|help| format!("; {}", line(&help))).unwrap_or_default();
        told.at(&api_version, format!("{}: {consequence}{help}", line(&fate.message)));
    }
}
