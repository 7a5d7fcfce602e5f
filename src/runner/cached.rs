//! Files whose results are known from an earlier run.

use std::sync::Arc;

use super::Planned;
use crate::cache::{Cache, Lookup};
use crate::engine::{self, Job};
use crate::event::{CaseResult, CaseStatus, FailureKind, FileKind, FileResult, FileStatus};
use crate::timings::{Phase, measure};

/// What decides the result of a file beside texts: its project, and `--filter`.
pub(crate) fn key(file: &Planned, filter: &str) -> String {
    format!("{:?} {filter}", file.digest)
}

/// The result of a file: the one that is kept, or what `run` gives, which is then kept.
///
/// Some files run although their results are kept. One that then gives something else fails.
pub(super) async fn run<R: Future<Output = FileResult>>(
    cache: Arc<Cache>,
    file: &Planned,
    mut job: Job,
    run: impl FnOnce(Job) -> R,
) -> FileResult {
    let look = {
        let (cache, file, filter) = (Arc::clone(&cache), file.clone(), job.filter.clone());
        move || {
            let _measured = measure(Phase::Cache);
            let filter = filter.map_or_else(String::new, |filter| filter.to_string());
            cache.find(&file.path, &file.kind, &file.project.root, &key(&file, &filter))
        }
    };
    let Ok(mut lookup) = tokio::task::spawn_blocking(look).await else { return run(job).await };
    let kept = match lookup.result.take() {
        Some(kept) if !lookup.is_checked => return kept,
        kept => kept,
    };
    // What is kept is kept for this text, whatever becomes of the file meanwhile.
    job.source = lookup.source.clone();
    let modules = Arc::clone(&job.modules);
    let result = run(job).await;
    cache.history.add(&result);
    let path = file.path.clone();
    let keep = move |lookup: Lookup, result: FileResult| {
        let _measured = measure(Phase::Cache);
        let (own, imported) = modules.parts_asked_by(&path);
        if result.kind == FileKind::Tests {
            // Nobody asks for what a test gives.
            modules.forget_asked_by(&path);
        }
        match &kept {
            Some(kept) if result.status != FileStatus::NotRun && !cache.agrees(kept, &result) => {
                return disagreeing(result);
            }
            Some(_) => {}
            None => cache.add(&lookup, &result, own, &imported, |path| modules.state_of(path)),
        }
        result
    };
    let spare = result.clone();
    tokio::task::spawn_blocking(move || keep(lookup, result)).await.unwrap_or(spare)
}

/// A result that is not the one that was kept.
fn disagreeing(mut result: FileResult) -> FileResult {
    let message = "the result that was kept of this file is not the one that it gives now; all kept results were deleted";
    let mut failure = engine::plain(FailureKind::WrongCache, message);
    failure.help = Some(
        "what the file gives now is told here; if it is the same again after another run, please report it"
            .to_owned(),
    );
    result.status = FileStatus::Failed;
    result.cases.push(CaseResult {
        name: "(cache)".to_owned(),
        place: None,
        status: CaseStatus::Error,
        duration: std::time::Duration::ZERO,
        attempts: Vec::new(),
        failures: vec![failure],
        warnings: Vec::new(),
        output: Vec::new(),
    });
    result
}
