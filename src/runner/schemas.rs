//! From the files that a project names to its schemas.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Named;
use crate::diagnostic::{Diagnostic, Severity};
use crate::schema::chart::Chart;
use crate::schema::crd::{self, Crd};
use crate::schema::kubernetes::Release;
use crate::schema::{STACK_BYTES, Schemas};
use crate::sources::{SourceFile, Sources};

/// The schemas of a project. The diagnostics tell what is wrong with its files, and what is used instead of what it asks
/// for.
pub(super) fn schemas(sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> Schemas {
    let release = release(&sources.releases, diagnostics);
    let crds = crds(sources, diagnostics);
    let mut charts = Vec::new();
    for (name, file) in &sources.charts {
        match Chart::parse(name, &file.path, &file.text) {
            Ok(chart) => charts.push(chart),
            Err(error) => diagnostics.push(error),
        }
    }
    Schemas::new(release, crds, charts)
}

/// The Kubernetes version to use: of several the newest, as a cluster that is being updated will have it.
fn release(asked: &[Named<String>], diagnostics: &mut Vec<Diagnostic>) -> Release {
    let mut found: Vec<(&Named<String>, Release)> = Vec::new();
    for named in asked {
        let Named { name, value, origin } = named;
        let Some(nearest) = Release::nearest(value) else {
            let message = format!("`{value}` of `{name}` is no version of Kubernetes, and is left out");
            let help = "write it like \"1.33\"";
            diagnostics.push(origin.mark(Diagnostic::warning(message).help(help)));
            continue;
        };
        let (used, oldest, newest) = (nearest.release.version(), Release::all().next(), Release::newest());
        if !nearest.exact {
            let message =
                format!("Kubernetes {value} is not built in and is not fetched; {used} is used instead");
            let help = format!("built in are {} to {}", oldest.unwrap_or(newest).version(), newest.version());
            diagnostics.push(origin.mark(Diagnostic::warning(message).help(help)));
        }
        found.push((named, nearest.release));
    }
    let Some((chosen, release)) = found.iter().rev().max_by_key(|(_, release)| *release) else {
        return Release::newest();
    };
    for (named, _) in found.iter().filter(|(_, other)| other != release) {
        let message =
            format!("Kubernetes {} is left out: `{}` asks for {}", named.value, chosen.name, chosen.value);
        let warning = Diagnostic::warning(message)
            .help("a project is checked against one version, the newest it names");
        diagnostics.push(named.origin.mark(warning));
    }
    *release
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
    let unread = |file: &SourceFile| {
        let error = Diagnostic::error(format!(
            "reading {}: its thread could not be started, or ended early",
            file.path
        ));
        (Vec::new(), vec![error])
    };
    results
        .into_iter()
        .zip(files)
        .map(|(result, file)| result.into_inner().unwrap_or_else(|| unread(file)))
        .collect()
}
