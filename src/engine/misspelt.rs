//! Misspelt methods, told by their names.
//!
//! Of `Deployment().replica(3)` the engine says nothing but "not a function". So a file with such a failure is run once more,
//! with an eye on what is asked for and does not exist (`src/sdk/misses.ts`): a file without one pays nothing for it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::errors::NOT_A_FUNCTION;
use super::host::{Looks, Phase};
use super::running::Running;
use super::trace::Broken;
use super::{CaseListener, Job, MaxFail};
use crate::event::{Failure, FailureKind, FileResult};

/// What a run that explains failures may take at least, in whole. Beyond, as much as the run that it explains.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether a misspelt method may be the reason.
fn is_unclear(failure: &Failure) -> bool {
    failure.kind != FailureKind::Assertion
        && failure.place.is_some()
        // The name of a hook may stand before it.
        && failure.message.ends_with(NOT_A_FUNCTION)
}

/// Tells the misspelt methods of a test file that has run. What comes out otherwise in the second run stays as it is.
pub(super) async fn explain_file(job: &Job, file: &mut FileResult, cancelled: impl Future<Output = ()>) {
    let unclear = file.cases.iter().filter(|case| case.failures.iter().any(is_unclear));
    let names: HashSet<String> = unclear.map(|case| case.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let mut running = Running::new(again(job, file.duration), Phase::Collect, Looks::ForMisses);
    running.only = Some(names);
    let running = Arc::new(running);
    let Ok(failures) = running.on_thread(cancelled, Running::tests).await else { return };
    let explained = running.conclude(failures);
    for case in &mut file.cases {
        if let Some(same) = explained.cases.iter().find(|same| same.name == case.name) {
            clarify(&mut case.failures, &same.failures);
        }
    }
}

/// Tells the misspelt methods of an entry that has failed.
pub(super) async fn explain_entry(
    job: &Job,
    took: Duration,
    failures: &mut [Failure],
    cancelled: impl Future<Output = ()>,
) {
    if !failures.iter().any(is_unclear) {
        return;
    }
    let running = Arc::new(Running::new(again(job, took), Phase::Entry, Looks::ForMisses));
    if let Ok(Err(Broken::Failed(explained))) = running.on_thread(cancelled, Running::entry).await {
        clarify(failures, &explained);
    }
}

fn again(job: &Job, took: Duration) -> Job {
    let mut job = Job { on_case: CaseListener::new(|_| ()), max_fail: MaxFail::default(), ..job.clone() };
    job.limits.retries = 0;
    job.limits.file = job.limits.file.min(took * 2 + PATIENCE);
    job
}

/// Replaces what is unclear by what was told of it the second time.
fn clarify(failures: &mut [Failure], explained: &[Failure]) {
    if failures.len() != explained.len() {
        return;
    }
    for (failure, explained) in failures.iter_mut().zip(explained) {
        if is_unclear(failure) && failure.kind == explained.kind && failure.type_name == explained.type_name {
            *failure = explained.clone();
        }
    }
}
