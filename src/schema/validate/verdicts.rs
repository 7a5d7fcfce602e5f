//! The judge against recorded verdicts of a real API server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Finding, documents};
use crate::rule::Level;
use crate::schema::Schemas;
use crate::schema::crd;
use crate::schema::kubernetes::Release;
use crate::tree::RelPath;

/// The folder with the verdicts: `*.jsonl`, and `crds/` for those that name a definition.
const FOLDER: &str = "HUSAKO_CI_VERDICTS";
/// The version of Kubernetes that judged, where it is not the newest.
const VERSION: &str = "HUSAKO_CI_VERDICTS_VERSION";

/// A line of such a file. Other fields are left alone.
#[derive(Deserialize)]
struct Verdict {
    manifest: Value,
    /// `None` where the server could not tell.
    accepted: Option<bool>,
    /// The file in `crds/` with the definition.
    #[serde(default)]
    crd: Option<String>,
    /// Who judged.
    #[serde(default)]
    server: String,
    /// Why a newer server judges otherwise.
    #[serde(default)]
    drift: Option<String>,
    /// What was done to a valid manifest.
    #[serde(default)]
    mutation: String,
}

#[derive(Default)]
struct Count {
    accepted: usize,
    alarms: usize,
    rejected: usize,
    caught: usize,
}

fn schemas(release: Release, crd: Option<&Path>) -> Schemas {
    let crds = crd.map_or_else(Vec::new, |path| {
        let text = fs::read_to_string(path).expect("the definition can be read");
        crd::parse(&RelPath::new("crd.yaml").expect("a name"), &text).0
    });
    Schemas::new(release, crds, Vec::new())
}

fn error(found: &[Finding]) -> Option<&Finding> {
    found.iter().find(|finding| finding.rule.default_level() == Level::Error)
}

#[test]
#[allow(clippy::print_stdout)]
fn what_a_server_accepts_raises_no_alarm() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        // Not `println!`, which the test runner keeps to itself.
        let _ = writeln!(io::stderr(), "skipped: {FOLDER} names no folder with verdicts of an API server");
        return;
    };
    let version = std::env::var(VERSION).unwrap_or_else(|_| Release::newest().version().to_owned());
    let release = Release::nearest(&version).expect("a version").release;
    let mut known: BTreeMap<Option<String>, Schemas> = BTreeMap::new();
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut alarms = Vec::new();
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("it can be listed").flatten().map(|e| e.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    for line in files.iter().flat_map(|file| {
        let text = fs::read_to_string(file).expect("it can be read");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    }) {
        let Ok(Verdict { manifest, accepted: Some(accepted), crd, server, drift: None, mutation }) =
            serde_json::from_str(&line)
        else {
            continue;
        };
        let schemas = known.entry(crd.clone()).or_insert_with(|| {
            schemas(release, crd.map(|name| Path::new(&folder).join("crds").join(name)).as_deref())
        });
        let found = documents(std::slice::from_ref(&manifest), schemas);
        let count = counts.entry(server).or_default();
        match (accepted, error(&found)) {
            (true, None) => count.accepted += 1,
            (true, Some(finding)) => {
                count.accepted += 1;
                count.alarms += 1;
                let name = manifest["kind"].as_str().unwrap_or_default();
                alarms.push(format!("{name} ({mutation}): {} {}", finding.path, finding.message));
            }
            (false, found) => {
                count.rejected += 1;
                count.caught += usize::from(found.is_some());
            }
        }
    }
    for (server, Count { accepted, alarms, rejected, caught }) in &counts {
        println!(
            "{server}: {alarms} of {accepted} accepted are refused, {caught} of {rejected} rejected are caught"
        );
    }
    assert_eq!(alarms, [""; 0], "the server accepts these");
}
