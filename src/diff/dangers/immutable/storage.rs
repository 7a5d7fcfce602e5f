//! Claims and volumes.

use serde_json::Value;

use super::{refuse, refuse_but};
use crate::diff::dangers::field::{get, text};
use crate::diff::dangers::plain::same;
use crate::diff::dangers::words::quoted;
use crate::diff::dangers::{Change, Told};
use crate::schema::validate::Quantity;

/// A claim can grow, and change its class of attributes; nothing else. What is not written may have been filled in by
/// the server: it is known only where it is written on the base.
pub(super) fn claim(change: &Change<'_>, told: &mut Told<'_>) {
    let but = "(only resources.requests.storage can grow, and volumeAttributesClassName change)";
    for field in change.document.get("spec").entries() {
        let is_same = match field.key() {
            "volumeAttributesClassName" => true,
            // An empty class asks for no class; none, for the default one.
            "storageClassName" => field.before.is_null() || field.before == field.after,
            "volumeName" => text(field.before).is_empty() || field.before == field.after,
            "resources" => {
                let rest = |resources| get(get(resources, "requests"), "storage");
                let size = field.get("requests").get("storage");
                if let (Some(before), Some(after)) =
                    (Quantity::of(rest(field.before)), Quantity::of(rest(field.after)))
                    && after < before
                {
                    let shown = |value: &Value| {
                        quoted(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    };
                    told.at(
                        &size,
                        format!(
                            "the API server refuses to shrink a claim ({} to {}): a new claim is needed, and its data must be moved there",
                            shown(size.before),
                            shown(size.after)
                        ),
                    );
                }
                same(&field.get("limits"))
            }
            _ => same(&field),
        };
        if !is_same {
            refuse_but(change, &field, but, told);
        }
    }
}

/// The kinds of volumes (`PersistentVolumeSource`).
const SOURCES: [&str; 22] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// Where a volume is cannot change.
pub(super) fn volume(change: &Change<'_>, told: &mut Told<'_>) {
    for field in change.document.get("spec").entries() {
        // The one secret of a driver that can be set later.
        let is_same = if field.key() == "csi" && !field.is_new() && !field.is_gone() {
            field.entries().iter().all(|part| part.key() == "controllerExpandSecretRef" || same(part))
        } else {
            same(&field)
        };
        if SOURCES.contains(&field.key()) && !is_same {
            refuse(change, &field, told);
        }
    }
}
