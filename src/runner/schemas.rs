//! From the files that a project names to its schemas.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Named;
use crate::diagnostic::{Diagnostic, Severity};
use crate::schema::chart::Chart;
use crate::schema::crd::{self, Crd};
use crate::schema::kubernetes::{Release, Version};
use crate::schema::{STACK_BYTES, Schemas, openapi};
use crate::sources::{SourceFile, Sources};

/// The schemas of a project. The diagnostics tell what is wrong with its files, and what is used instead of what it asks
/// for.
pub(super) fn schemas(sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> Schemas {
    let file = |file: &SourceFile| (file.path.file_name().to_owned(), file.text.clone().into_bytes());
    let documents = sources.documents.iter();
    let fetched =
        documents.map(|(version, files)| (version.clone(), files.iter().map(file).collect())).collect();
    let kubernetes = kubernetes(&sources.releases, &fetched, diagnostics);
    let crds = crds(sources, diagnostics);
    let mut charts = Vec::new();
    for (name, file) in &sources.charts {
        match chart(name, file) {
            Ok(chart) => charts.push(chart),
            Err(error) => diagnostics.push(error),
        }
    }
    Schemas::new(kubernetes, crds, charts)
}

/// The OpenAPI documents of versions of Kubernetes that are not built in, by the version as it is asked for: names and
/// bytes of the files.
pub(super) type Fetched = BTreeMap<String, Vec<(String, Vec<u8>)>>;

/// Reads a chart, on a thread with the stack that YAML needs.
fn chart(name: &str, file: &SourceFile) -> Result<Chart, Diagnostic> {
    std::thread::scope(|scope| {
        let read = || Chart::read(name, &file.path, &file.text);
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, read);
        let read = thread.ok().and_then(|thread| thread.join().ok());
        read.unwrap_or_else(|| Err(no_thread(file)))
    })
}

fn no_thread(file: &SourceFile) -> Diagnostic {
    Diagnostic::error(format!("reading {}: its thread could not be started, or ended early", file.path))
}

/// The Kubernetes version to use: of several the newest, as a cluster that is being updated will have it. One that is not
/// built in is read from what was fetched of it.
fn kubernetes(asked: &[Named<String>], fetched: &Fetched, diagnostics: &mut Vec<Diagnostic>) -> Version {
    let mut found: Vec<(&Named<String>, Version)> = Vec::new();
    for named in asked {
        let Named { name, value, origin } = named;
        let Some(nearest) = Release::nearest(value) else {
            let message = format!("`{value}` of `{name}` is no version of Kubernetes, and is left out");
            let help = "write it like \"1.33\"";
            diagnostics.push(origin.mark(Diagnostic::warning(message).help(help)));
            continue;
        };
        if let Some(documents) = fetched.get(value).filter(|_| !nearest.exact) {
            match openapi::read(value, documents) {
                Ok(read) => {
                    found.push((named, Version::Read(read)));
                    continue;
                }
                Err(error) => diagnostics.push(named.origin.mark(error)),
            }
        }
        let (used, oldest, newest) = (nearest.release.version(), Release::all().next(), Release::newest());
        if !nearest.exact && !fetched.contains_key(value) {
            let message =
                format!("Kubernetes {value} is not built in and is not fetched; {used} is used instead");
            let help = format!("built in are {} to {}", oldest.unwrap_or(newest).version(), newest.version());
            diagnostics.push(origin.mark(Diagnostic::warning(message).help(help)));
        }
        found.push((named, nearest.release.into()));
    }
    let Some((chosen, version)) = found.iter().rev().max_by_key(|(_, version)| version.number()) else {
        return Release::newest().into();
    };
    for (named, _) in found.iter().filter(|(_, other)| other.number() != version.number()) {
        let message =
            format!("Kubernetes {} is left out: `{}` asks for {}", named.value, chosen.name, chosen.value);
        let warning = Diagnostic::warning(message)
            .help("a project is checked against one version, the newest it names");
        diagnostics.push(named.origin.mark(warning));
    }
    *version
}

fn crds(sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> Vec<Crd> {
    let mut crds: Vec<Crd> = Vec::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    for (file, (found, told)) in sources.crds.iter().zip(parsed(&sources.crds)) {
        diagnostics.extend(told.into_iter().map(|diagnostic| {
            let severity = if file.is_by_the_way { Severity::Warning } else { diagnostic.severity };
            Diagnostic { severity, ..diagnostic }
        }));
        for crd in found {
            let at = *known.entry((crd.group.clone(), crd.kind.clone())).or_insert(crds.len());
            match crds.get(at) {
                None => crds.push(crd),
                Some(first) if first.versions == crd.versions => {}
                Some(first) => {
                    let Crd { group, plural, path, .. } = &crd;
                    let message = format!(
                        "the CustomResourceDefinition {plural}.{group} in {path} is left out: that in {} differs, and comes first",
                        first.path
                    );
                    diagnostics.push(Diagnostic::warning(message));
                }
            }
        }
    }
    crds
}

/// The definitions in each file. Some projects have a hundred large ones: they are read on all cores.
fn parsed(files: &[SourceFile]) -> Vec<(Vec<Crd>, Vec<Diagnostic>)> {
    if files.is_empty() {
        return Vec::new();
    }
    let results: Vec<OnceLock<_>> = files.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((file, result)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            files.get(at).zip(results.get(at))
        } {
            result.get_or_init(|| crd::parse(&file.path, &file.text));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(files.len());
    std::thread::scope(|scope| {
        let thread = || std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let threads: Vec<_> = (0..threads).map(|_| thread()).collect();
        for thread in threads.into_iter().flatten() {
            // What it has not read is told below.
            drop(thread.join());
        }
    });
    let unread = |file: &SourceFile| (Vec::new(), vec![no_thread(file)]);
    results
        .into_iter()
        .zip(files)
        .map(|(result, file)| result.into_inner().unwrap_or_else(|| unread(file)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::sources;
    use crate::tree::{MemoryTree, RelPath, SourceTree};

    fn asked(version: &str) -> Vec<Named<String>> {
        let config =
            format!("[resources]\nkubernetes = {{ source = \"release\", version = \"{version}\" }}\n");
        let tree = MemoryTree::new([("husako.toml", config.as_str())]);
        let path = RelPath::new("husako.toml").unwrap();
        let (config, _) = Config::parse(&path, &tree.read(&path).unwrap());
        sources::read(&tree, &path.parent(), &config.unwrap(), &sources::Fetched::default()).0.releases
    }

    fn used(version: &str, fetched: &Fetched) -> (String, Vec<String>) {
        let mut diagnostics = Vec::new();
        let kubernetes = kubernetes(&asked(version), fetched, &mut diagnostics);
        (kubernetes.types().id().to_owned(), diagnostics.iter().map(ToString::to_string).collect())
    }

    fn fetched(version: &str, text: &str) -> Fetched {
        Fetched::from([(version.to_owned(), vec![("v1_openapi.json".to_owned(), text.as_bytes().to_vec())])])
    }

    const DOCUMENT: &str = r#"{"components": {"schemas": {"io.k8s.api.core.v1.Pod": {"type": "object"}}}}"#;

    #[test]
    fn a_version_that_is_not_built_in_is_read_from_what_was_fetched() {
        let (id, diagnostics) = used("1.93", &fetched("1.93", DOCUMENT));
        assert!(id.starts_with("1.93-"), "{id}");
        assert_eq!(diagnostics, [""; 0]);
        // What is built in needs no documents, whatever its patch level.
        assert_eq!(used("1.33.4", &fetched("1.33.4", "{")), ("1.33".to_owned(), Vec::new()));
    }

    #[test]
    fn without_documents_that_can_be_read_the_nearest_is_used() {
        let newest = Release::newest().version();
        let (id, diagnostics) = used("1.93", &Fetched::new());
        assert_eq!(id, newest);
        assert!(
            diagnostics[0].contains("Kubernetes 1.93 is not built in and is not fetched"),
            "{diagnostics:?}"
        );
        let (id, diagnostics) = used("1.93", &fetched("1.93", "{"));
        assert_eq!(id, newest);
        assert_eq!(diagnostics.len(), 1);
        assert!(diagnostics[0].starts_with("husako.toml:2:1: reading v1_openapi.json"), "{diagnostics:?}");
    }

    #[test]
    fn values_that_nest_as_deep_as_they_may_are_read() {
        let file = |text: String| SourceFile {
            path: RelPath::new("values.yaml").unwrap(),
            text,
            is_by_the_way: false,
        };
        let deep = |levels: usize| file(format!("a: {}1{}", "[".repeat(levels), "]".repeat(levels)));
        assert!(chart("web", &deep(120)).unwrap().is_inferred);
        assert!(chart("web", &deep(100_000)).unwrap_err().message.contains("nests deeper than"));
    }
}
