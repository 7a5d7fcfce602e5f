//! Runs the cases of a loaded file: order, hooks, deadlines. The functions themselves stay in the SDK, by number.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rquickjs::{Ctx, Function, Object, Promise, Value};

use super::coverage;
use super::errors::{Sources, Thrown, plain};
use super::host::{Looking, Looks, Phase, Rejections, Session};
use super::imports::ImportErrors;
use super::progress::{Callback, Decision, Finished, Hook, HookKind, LateKind, SuiteId, cut, decide};
use super::turn::{Settled, Stalled, run_jobs, settle, stop_jobs};
use super::{CaseListener, Limits, MaxFail};
use crate::event::{Attempt, CaseStatus, Failure, FailureKind};

/// How long describing an error may take: it can run code of the user's.
const DESCRIBING: Duration = Duration::from_secs(1);

const FAKE_TIMERS: &str = "the timers are fake: advance them, as in await vi.advanceTimersByTimeAsync(1000), or call vi.useRealTimers()";
const FILE_LIMIT: &str = "the limit is set with --timeout-ms";
/// How many failures of one case are kept.
const MAX_FAILURES: usize = 10;
/// How much of a message is kept of a failure that many cases share, in characters.
const MAX_SHARED_MESSAGE: usize = 1000;

/// How long jobs that are left when a case has run out of time may take until they are taken to be endless.
const CLEARING: Duration = Duration::from_millis(200);

/// A file whose cases are registered.
pub(super) struct Cases<'js, 'f> {
    pub(super) ctx: Ctx<'js>,
    /// The namespace of the SDK's `runtime.ts`.
    pub(super) runtime: Object<'js>,
    pub(super) session: &'f Session,
    pub(super) sources: Sources<'f>,
    pub(super) limits: &'f Limits,
    pub(super) on_case: &'f CaseListener,
    pub(super) max_fail: &'f MaxFail,
    pub(super) stalled: &'f Stalled,
    pub(super) file_deadline: Instant,
    /// Jobs were left behind that each start the next: nothing else can run any more.
    pub(super) endless: Cell<bool>,
}

/// A suite whose `beforeAll` hooks have run.
struct Open {
    suite: SuiteId,
    /// What failed in them: every case of the suite fails with it.
    failures: Vec<Failure>,
    /// What they returned, to be called when the suite is over: the last one first.
    teardowns: Vec<Hook>,
}

impl<'js> Cases<'js, '_> {
    /// Runs what is to run; everything it learns goes to the session's progress.
    ///
    /// # Errors
    ///
    /// The engine itself failed.
    pub(super) async fn run(&self, wanted: impl Fn(&str) -> bool) -> rquickjs::Result<()> {
        let invoke: Function<'js> = self.runtime.get("invoke")?;
        let runnable = self.plan(wanted);
        self.session.enter(Phase::Run);
        let mut open: Vec<Open> = Vec::new();
        for case in runnable {
            if self.max_fail.is_reached() {
                self.not_started(case);
                continue;
            }
            let path = {
                let progress = self.session.progress();
                progress.path(progress.cases[case].suite)
            };
            self.close(&invoke, &mut open, &path).await;
            if self.is_over() {
                self.cut_short();
                return Ok(());
            }
            self.session.own(case as u32 + 1);
            for suite in path.iter().skip(open.len()).copied().collect::<Vec<_>>() {
                let mut failures = self.hooks(&invoke, suite, HookKind::BeforeAll).await;
                // They are told again for every case of the suite.
                failures
                    .iter_mut()
                    .for_each(|failure| failure.message = cut(&failure.message, MAX_SHARED_MESSAGE));
                let teardowns = self.take_teardowns();
                open.push(Open { suite, failures, teardowns });
            }
            self.case(&invoke, case, &open).await;
        }
        self.close(&invoke, &mut open, &[]).await;
        if self.is_over() {
            self.cut_short();
            return Ok(());
        }
        self.session.own(0);
        run_jobs(&self.ctx, self.file_deadline);
        self.left_over(0);
        Ok(())
    }

    /// Tells of a file whose time was over before all its cases and hooks had run.
    fn cut_short(&self) {
        let mut progress = self.session.progress();
        if self.session.interrupt.is_cancelled() || progress.sealed {
            return;
        }
        let limit = self.limits.file.as_millis();
        let why = if self.endless.get() {
            "a case left work behind that never ends".to_owned()
        } else {
            format!("the file did not finish within {limit} ms")
        };
        let left = progress.finished.iter().filter(|finished| finished.is_none()).count()
            - progress.filtered_out.len();
        let message = match left {
            0 => why,
            left => format!("{why}; {left} of its cases did not run"),
        };
        let failure = Failure { help: Some(FILE_LIMIT.to_owned()), ..plain(FailureKind::Timeout, message) };
        progress.extra.push(("(Timeout)".to_owned(), None, failure));
    }

    /// Decides what runs; what does not is finished at once.
    fn plan(&self, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
        let mut progress = self.session.progress();
        progress.make_names_unique();
        let decisions = decide(&progress, wanted);
        let mut runnable = Vec::new();
        for (case, decision) in decisions.into_iter().enumerate() {
            let status = match decision {
                Decision::Run => {
                    runnable.push(case);
                    continue;
                }
                Decision::Skip(reason) => CaseStatus::Skipped { reason: reason.to_owned() },
                Decision::Todo => CaseStatus::Todo,
                Decision::FilteredOut => {
                    progress.filtered_out.push(case);
                    continue;
                }
            };
            progress.finished[case] = Some(Finished::without_running(status));
        }
        progress.ordered(runnable, self.limits.order)
    }

    /// Says that a case does not run because enough have failed.
    fn not_started(&self, case: usize) {
        let reason = "not run: enough cases have failed (--max-fail)".to_owned();
        let finished = Finished::without_running(CaseStatus::Skipped { reason });
        self.session.progress().finished[case] = Some(finished);
    }

    /// Whether nothing more of the file may run.
    fn is_over(&self) -> bool {
        self.endless.get()
            || self.session.interrupt.is_cancelled()
            || Instant::now() >= self.file_deadline
            || self.session.progress().sealed
    }

    /// Runs one case with its hooks, as often as it asks for, and records what became of it.
    async fn case(&self, invoke: &Function<'js>, case: usize, open: &[Open]) {
        let again = self.session.progress().cases[case].again;
        let retries = again.retry.unwrap_or(self.limits.retries);
        let is_open = open.iter().all(|suite| suite.failures.is_empty());
        let (mut retry, mut repeat) = (0, 0);
        let mut is_flaky = false;
        loop {
            let started = Instant::now();
            self.session.progress().current = Some((case, started));
            let failures = self.attempt(invoke, case, open, (retry, repeat)).await;
            let duration = started.elapsed();
            let is_over = self.is_over();
            let mut progress = self.session.progress();
            if progress.sealed {
                return;
            }
            let skip = progress.skip.take();
            let output = std::mem::take(&mut progress.output);
            let runs_again = is_open
                && !is_over
                && match (failures.is_empty(), &skip) {
                    (true, Some(_)) => false,
                    (true, None) => repeat < again.repeats,
                    (false, _) => retry < retries,
                };
            if runs_again {
                if failures.is_empty() {
                    (retry, repeat) = (0, repeat + 1);
                } else {
                    retry += 1;
                    is_flaky = true;
                }
                progress.attempts.push(Attempt { duration, failures, output });
                continue;
            }
            let status = match (CaseStatus::of(&failures), skip) {
                (CaseStatus::Passed, Some(reason)) if !is_flaky => CaseStatus::Skipped { reason },
                // What has failed before is not undone by being skipped when it runs again.
                (CaseStatus::Passed, _) if is_flaky => CaseStatus::Flaky { fails: self.limits.flaky_fails },
                (status, _) => status,
            };
            let attempts = std::mem::take(&mut progress.attempts);
            progress.current = None;
            (self.on_case.0)(&status);
            coverage::keep(&self.ctx);
            progress.finished[case] = Some(Finished { status, duration, failures, attempts, output });
            return;
        }
    }

    /// Runs one case with its hooks once. `round`: how often it has failed, and how often it has passed, before.
    async fn attempt(
        &self,
        invoke: &Function<'js>,
        case: usize,
        open: &[Open],
        round: (u32, u32),
    ) -> Vec<Failure> {
        let owner = case as u32 + 1;
        let (callback, is_to_fail) = {
            let case = &self.session.progress().cases[case];
            (case.callback, case.again.fails)
        };
        let mut failures: Vec<Failure> =
            open.iter().flat_map(|suite| suite.failures.iter().cloned()).collect();
        // What the case itself does wrong, where that is what it is for.
        let mut wanted: Vec<Failure> = Vec::new();
        if failures.is_empty() {
            self.session.snapshots().begin(case, self.session.progress().given_name(case));
            self.begin(round);
            for suite in open {
                failures.extend(self.hooks(invoke, suite.suite, HookKind::BeforeEach).await);
            }
            let teardowns = self.take_teardowns();
            let runs = failures.is_empty() && self.session.progress().skip.is_none();
            if runs {
                let failure = self.step(invoke, callback, "the test").await;
                if is_to_fail { &mut wanted } else { &mut failures }.extend(failure);
            }
            self.session.progress().failing = !failures.is_empty() || !wanted.is_empty();
            for suite in open.iter().rev() {
                failures.extend(self.hooks(invoke, suite.suite, HookKind::AfterEach).await);
            }
            for hook in teardowns.iter().rev() {
                failures.extend(self.hook(invoke, hook, LateKind::Teardown.name()).await);
            }
            failures.extend(self.late(invoke, LateKind::Finished).await);
            let found = self.end(!failures.is_empty() || !wanted.is_empty());
            if is_to_fail { &mut wanted } else { &mut failures }.extend(found);
            let left = self.left_over(owner);
            if is_to_fail { &mut wanted } else { &mut failures }.extend(left);
            if is_to_fail && runs {
                let is_verdict = |failure: &Failure| {
                    !matches!(failure.kind, FailureKind::Interrupted | FailureKind::Internal)
                };
                if wanted.is_empty() && failures.is_empty() && self.session.progress().skip.is_none() {
                    failures.push(Failure {
                        help: Some("if it works now, take the .fails away".to_owned()),
                        ..plain(FailureKind::Assertion, "the test is marked as failing, and it passed")
                    });
                } else if !wanted.iter().all(is_verdict) {
                    failures.append(&mut wanted);
                }
            }
            if !failures.is_empty() {
                self.session.progress().failing = true;
                failures.extend(self.late(invoke, LateKind::Failed).await);
            }
        }
        failures.extend(self.left_over(owner));
        // What nobody asked for in this run is not for the next.
        self.session.progress().late.clear();
        let passed = failures.is_empty() && wanted.is_empty() && self.session.progress().skip.is_none();
        self.session.snapshots().end(passed);
        self.finish(case, failures)
    }

    /// Puts the failures of a run of a case in order, each with a place.
    fn finish(&self, case: usize, mut failures: Vec<Failure>) -> Vec<Failure> {
        // An error that nobody could catch explains why the promise was never settled.
        if failures.len() > 1 && failures.iter().any(|f| f.kind != FailureKind::NeverSettles) {
            let is_of_hook = |failure: &Failure| failure.message.starts_with("in ");
            failures.retain(|failure| failure.kind != FailureKind::NeverSettles || is_of_hook(failure));
        }
        if failures.len() > MAX_FAILURES {
            let left = failures.len() - MAX_FAILURES;
            failures.truncate(MAX_FAILURES);
            if let Some(last) = failures.last_mut() {
                last.message.push_str(&format!("\n\n… and {left} more failures of this case"));
            }
        }
        if failures.iter().any(|failure| failure.kind == FailureKind::OutOfMemory) {
            // Garbage in cycles is not collected when memory runs out, and the next case wants some.
            self.ctx.run_gc();
        }
        if failures.iter().any(|failure| failure.place.is_none()) {
            let place = self.session.progress().cases[case].place.clone();
            let place = place.and_then(|place| self.sources.original(&place));
            for failure in failures.iter_mut().filter(|failure| failure.place.is_none()) {
                if let Some(place) = &place {
                    self.sources.put(failure, place.clone());
                }
            }
        }
        failures
    }

    /// Tells the SDK that a run of a case begins. `round`: how often it has failed, and how often it has passed, before.
    fn begin(&self, round: (u32, u32)) {
        {
            let mut progress = self.session.progress();
            progress.failing = false;
            progress.skip = None;
        }
        let begin: rquickjs::Result<Function<'js>> = self.runtime.get("begin");
        if begin.and_then(|begin| begin.call::<_, ()>(round)).is_err() {
            self.ctx.catch();
        }
    }

    /// Tells the SDK that a run of a case is over, and whether something has gone wrong. Returns what the case has to
    /// answer for beside that.
    fn end(&self, failed: bool) -> Vec<Failure> {
        let end: rquickjs::Result<Function<'js>> = self.runtime.get("end");
        match end.and_then(|end| end.call::<_, Vec<Value<'js>>>((failed,))) {
            Ok(errors) => errors
                .into_iter()
                .map(|error| self.failure(FailureKind::Thrown, self.describe(error)))
                .collect(),
            Err(_) => vec![self.failure(FailureKind::Thrown, self.describe(self.ctx.catch()))],
        }
    }

    /// Takes what the hooks that just ran returned.
    fn take_teardowns(&self) -> Vec<Hook> {
        let mut progress = self.session.progress();
        let teardowns = progress.late.extract_if(.., |(kind, _)| *kind == LateKind::Teardown);
        teardowns.map(|(_, hook)| hook).collect()
    }

    /// Calls what was asked for in the run of a case, the last one first. They may ask for more.
    async fn late(&self, invoke: &Function<'js>, kind: LateKind) -> Vec<Failure> {
        let mut failures = Vec::new();
        while !self.is_over() {
            let next = {
                let mut progress = self.session.progress();
                let last = progress.late.iter().rposition(|(known, _)| *known == kind);
                last.map(|last| progress.late.remove(last).1)
            };
            let Some(hook) = next else { break };
            failures.extend(self.hook(invoke, &hook, kind.name()).await);
        }
        failures
    }

    /// Leaves the suites that are not in `path`, innermost first.
    async fn close(&self, invoke: &Function<'js>, open: &mut Vec<Open>, path: &[SuiteId]) {
        while open.last().is_some_and(|last| !path.contains(&last.suite)) {
            let Some(last) = open.pop() else { break };
            if self.is_over() {
                continue;
            }
            let mut failures = self.hooks(invoke, last.suite, HookKind::AfterAll).await;
            for hook in last.teardowns.iter().rev() {
                failures.extend(self.hook(invoke, hook, LateKind::Teardown.name()).await);
            }
            let mut progress = self.session.progress();
            for failure in failures {
                let name = match last.suite {
                    0 => "(afterAll)".to_owned(),
                    suite => progress.full_name(suite, "(afterAll)"),
                };
                let place = failure.place.clone();
                progress.extra.push((name, place, failure));
            }
        }
    }

    /// Runs the hooks of one kind of a suite, in the order in which they were registered.
    async fn hooks(&self, invoke: &Function<'js>, suite: SuiteId, kind: HookKind) -> Vec<Failure> {
        let hooks: Vec<Hook> = self.session.progress().suites[suite]
            .hooks
            .iter()
            .filter(|hook| hook.kind == kind)
            .cloned()
            .collect();
        let mut failures = Vec::new();
        for hook in hooks {
            if let Some(failure) = self.hook(invoke, &hook, kind.name()).await {
                failures.push(failure);
                // What the other hooks would do after one that failed is anybody's guess.
                if matches!(kind, HookKind::BeforeAll | HookKind::BeforeEach) {
                    break;
                }
            }
        }
        failures
    }

    /// Runs one hook. `name` is what messages call it.
    async fn hook(&self, invoke: &Function<'js>, hook: &Hook, name: &str) -> Option<Failure> {
        let what = if name.contains(' ') { name.to_owned() } else { format!("the {name} hook") };
        let mut failure = self.step(invoke, hook.callback, &what).await?;
        if let Some(place) = hook.place.as_ref().filter(|_| failure.place.is_none())
            && let Some(place) = self.sources.original(place)
        {
            self.sources.put(&mut failure, place);
        }
        if failure.kind != FailureKind::Assertion {
            failure.message = format!("in {name}: {}", failure.message);
        }
        Some(failure)
    }

    /// Calls one function of the user's and waits for what it returns.
    async fn step(&self, invoke: &Function<'js>, callback: Callback, what: &str) -> Option<Failure> {
        let interrupt = &self.session.interrupt;
        let timeout = callback.timeout.unwrap_or(self.limits.case);
        let deadline =
            Instant::now().checked_add(timeout).map_or(self.file_deadline, |d| d.min(self.file_deadline));
        interrupt.arm(deadline);
        let settled = match invoke.call::<_, Value<'js>>((callback.number,)) {
            Ok(value) => match value.as_promise() {
                Some(promise) => {
                    self.adopt(promise);
                    settle(promise.clone(), interrupt, deadline, self.stalled).await
                }
                None => Settled::Fulfilled,
            },
            Err(_) => Settled::Rejected(self.ctx.catch()),
        };
        let settled = if interrupt.has_fired() { Settled::Interrupted } else { settled };
        // What the function left behind for now still belongs to it.
        if !matches!(settled, Settled::Interrupted) {
            run_jobs(&self.ctx, deadline);
        }
        // Native code may have run past the deadline without anybody to stop it.
        let late = interrupt.has_fired() || Instant::now() >= deadline;
        let settled = if late { Settled::Interrupted } else { settled };
        if matches!(settled, Settled::Interrupted | Settled::TimedOut) {
            if !stop_jobs(&self.ctx, interrupt, Instant::now() + CLEARING) {
                self.endless.set(true);
            }
            interrupt.arm((Instant::now() + DESCRIBING).max(self.file_deadline));
        }
        match settled {
            Settled::Fulfilled => None,
            Settled::Rejected(reason) => Some(self.failure(FailureKind::Thrown, self.describe(reason))),
            Settled::Never => Some(Failure {
                help: self.session.has_fake_timers().then(|| FAKE_TIMERS.to_owned()),
                ..plain(
                    FailureKind::NeverSettles,
                    format!("{what} waits for a promise that can never settle"),
                )
            }),
            Settled::Interrupted if interrupt.is_cancelled() => {
                Some(plain(FailureKind::Interrupted, format!("{what} was interrupted")))
            }
            Settled::Interrupted | Settled::TimedOut => Some(self.timed_out(what, timeout)),
        }
    }

    fn timed_out(&self, what: &str, timeout: Duration) -> Failure {
        if Instant::now() >= self.file_deadline {
            let limit = self.limits.file.as_millis();
            return Failure {
                help: Some(FILE_LIMIT.to_owned()),
                ..plain(
                    FailureKind::Timeout,
                    format!("the file did not finish within {limit} ms; {what} was running"),
                )
            };
        }
        Failure {
            help: Some(
                "the limit is set with --test-timeout-ms, or where the test or hook is defined".to_owned(),
            ),
            ..plain(FailureKind::Timeout, format!("{what} did not finish within {} ms", timeout.as_millis()))
        }
    }

    /// Errors and rejections that reached nobody. Those of `owner` are returned; the others are the file's.
    pub(super) fn left_over(&self, owner: u32) -> Vec<Failure> {
        let mut mine = Vec::new();
        for (whose, thrown) in self.session.take_uncaught() {
            let failure = self.failure(FailureKind::Thrown, thrown);
            if whose == owner && owner != 0 {
                mine.push(failure);
            } else {
                let mut progress = self.session.progress();
                let name = (whose as usize).checked_sub(1).and_then(|case| progress.cases.get(case));
                let name = match name {
                    Some(case) => format!("{} (after it was over)", case.name),
                    None => "(outside of the tests)".to_owned(),
                };
                let place = failure.place.clone();
                progress.extra.push((name, place, failure));
            }
        }
        let unhandled = self.ctx.userdata::<Rejections<'js>>().map(|rejections| rejections.take(owner));
        for reason in unhandled.unwrap_or_default().into_iter().take(10 * MAX_FAILURES) {
            let failure = self.failure(FailureKind::UnhandledRejection, self.describe(reason));
            if owner == 0 {
                let place = failure.place.clone();
                self.session.progress().extra.push(("(outside of the tests)".to_owned(), place, failure));
            } else {
                mine.push(failure);
            }
        }
        mine
    }

    /// What a thrown value is. Describing it can run code of the user's, which gets a time of its own.
    fn describe(&self, reason: Value<'js>) -> Thrown {
        let interrupt = &self.session.interrupt;
        interrupt.arm(Instant::now() + DESCRIBING);
        let mut thrown = Thrown::describe(&self.runtime, reason);
        if interrupt.has_fired() {
            thrown = Thrown {
                message: "an error that takes too long to describe: reading its properties did not end"
                    .to_owned(),
                ..Thrown::default()
            };
        }
        interrupt.arm((Instant::now() + DESCRIBING).max(self.file_deadline));
        thrown
    }

    /// A failure at its place; if a misspelt method may be the reason, the SDK is asked.
    fn failure(&self, kind: FailureKind, mut thrown: Thrown) -> Failure {
        if self.session.looks == Looks::ForMisses && thrown.may_be_misspelt() {
            let interrupt = &self.session.interrupt;
            interrupt.arm(Instant::now() + DESCRIBING);
            thrown.misses = self.recent_misses().unwrap_or_else(|_| {
                self.ctx.catch();
                Vec::new()
            });
            interrupt.arm((Instant::now() + DESCRIBING).max(self.file_deadline));
        }
        self.sources.failure(kind, thrown)
    }

    /// What was asked for lately and does not exist: see `src/sdk/misses.ts`.
    fn recent_misses(&self) -> rquickjs::Result<Vec<Vec<String>>> {
        let misses = self.ctx.userdata::<Looking<'js>>().map(|looking| looking.0.clone());
        misses.ok_or(rquickjs::Error::Unknown)?.get::<_, Function>("recentMisses")?.call(())
    }

    /// Says that the host itself waits for `promise`.
    pub(super) fn adopt(&self, promise: &Promise<'js>) {
        if let Some(rejections) = self.ctx.userdata::<Rejections<'js>>() {
            rejections.adopt(promise);
        }
    }

    /// Judges how loading the file ended.
    ///
    /// `is_declared`: whether the engine could read it.
    ///
    /// # Errors
    ///
    /// Why it could not be loaded.
    pub(super) fn loaded(
        &self,
        settled: Settled<'js>,
        imports: &ImportErrors,
        is_declared: bool,
    ) -> Result<(), Vec<Failure>> {
        let interrupt = &self.session.interrupt;
        let settled = if interrupt.has_fired() { Settled::Interrupted } else { settled };
        let failure = match settled {
            Settled::Fulfilled => return Ok(()),
            Settled::Rejected(reason) => {
                let thrown = self.describe(reason);
                let told = imports.take();
                if told.iter().any(|(_, diagnostic)| thrown.message.contains(&diagnostic.message)) {
                    return Err(told
                        .iter()
                        .map(|(kind, diagnostic)| Sources::diagnosed(*kind, diagnostic))
                        .collect());
                }
                let deep = thrown.is_stack_overflow();
                // Of an entry, this is all that runs.
                let kind = if self.session.is_for_tests() { FailureKind::Load } else { FailureKind::Thrown };
                let failure = self.failure(kind, thrown);
                if deep && !is_declared {
                    plain(FailureKind::Compile, "the file is nested too deeply for the engine")
                } else {
                    failure
                }
            }
            Settled::Never => {
                plain(FailureKind::NeverSettles, "the file awaits a promise that can never settle")
            }
            Settled::Interrupted if interrupt.is_cancelled() => {
                plain(FailureKind::Interrupted, "the file was interrupted while it was loaded")
            }
            Settled::Interrupted | Settled::TimedOut => {
                self.timed_out("the top level of the file", self.limits.file)
            }
        };
        Err(vec![failure])
    }
}
