//! The event loop of one file: its main future and the engine's jobs, on the file's own thread.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use rquickjs::{AsyncRuntime, Ctx, Promise, Value};
use tokio::time::Instant;

use super::interrupt::Interrupt;

/// Whether nothing is left that could still happen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stalled(Arc<AtomicBool>);

/// Polls `main` together with the engine's queue until `main` is ready.
///
/// Both are polled by one task on one thread: a queue driven from elsewhere would move JavaScript between threads, and
/// "nothing is left to do" could then be seen while a job is on its way. When both are pending and the engine has
/// neither a job nor a future, whatever `main` waits for can never come: [`Stalled`] says so, and `main` is asked again.
pub(crate) async fn drive<F: Future>(runtime: &AsyncRuntime, stalled: &Stalled, main: F) -> F::Output {
    let mut main = pin!(main);
    let mut jobs = pin!(runtime.drive());
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(output) = main.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            let _never_ready = jobs.as_mut().poll(cx);
            if let Poll::Ready(output) = main.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            if pin!(runtime.is_job_pending()).poll(cx) != Poll::Ready(false) {
                return Poll::Pending;
            }
            stalled.0.store(true, Ordering::Relaxed);
            if let Poll::Ready(output) = main.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            // Who was told has gone on, and may wait for the next thing that can never come.
            if stalled.0.swap(false, Ordering::Relaxed) {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Runs the engine's jobs until none is left. `false`: there were still some when `until` had passed.
pub(crate) fn run_jobs(ctx: &Ctx<'_>, until: std::time::Instant) -> bool {
    loop {
        for _ in 0..JOBS_BETWEEN_LOOKS {
            if !ctx.execute_pending_job() {
                return true;
            }
        }
        if std::time::Instant::now() >= until {
            return false;
        }
    }
}

/// Stops the engine's jobs until none is left. `false`: some were still left when `until` had passed.
///
/// An interrupt stops the job that runs, and jobs that start each other end when the right one is hit. The engine asks
/// at every so many calls whether to stop, and such jobs can be in step with that: a few calls in between, ever another
/// number, bring them out of step.
pub(crate) fn stop_jobs(ctx: &Ctx<'_>, interrupt: &Interrupt, until: std::time::Instant) -> bool {
    interrupt.arm(std::time::Instant::now());
    for round in 0.. {
        for _ in 0..JOBS_BETWEEN_LOOKS {
            if !ctx.execute_pending_job() {
                return true;
            }
        }
        for _ in 0..round % 7 {
            // Interrupted itself, once in a while.
            if ctx.eval::<(), _>("0").is_err() {
                ctx.catch();
            }
        }
        if std::time::Instant::now() >= until {
            return false;
        }
    }
    false
}

/// How many jobs run between two looks at the clock.
const JOBS_BETWEEN_LOOKS: u32 = 64;

/// How waiting for a promise ended.
#[derive(Debug)]
pub(crate) enum Settled<'js> {
    /// It was fulfilled.
    Fulfilled,
    /// It was rejected, with this.
    Rejected(Value<'js>),
    /// Running code was stopped by the interrupt handler.
    Interrupted,
    /// The deadline passed while nothing ran.
    TimedOut,
    /// Nothing can settle it any more.
    Never,
}

/// Waits until `promise` is settled, its deadline passes, or it is known that it can never settle.
///
/// The state is read from the engine itself. (`Promise::into_future` reads it likewise, but registers itself through
/// the promise's `then`, which user code may have replaced.)
pub(crate) async fn settle<'js>(
    promise: Promise<'js>,
    interrupt: &Interrupt,
    deadline: std::time::Instant,
    stalled: &Stalled,
) -> Settled<'js> {
    stalled.0.store(false, Ordering::Relaxed);
    let mut sleep = pin!(tokio::time::sleep_until(Instant::from_std(deadline)));
    poll_fn(|cx| {
        loop {
            if interrupt.has_fired() || interrupt.is_cancelled() {
                return Poll::Ready(Settled::Interrupted);
            }
            match promise.result::<Value<'js>>() {
                Some(Ok(_)) => return Poll::Ready(Settled::Fulfilled),
                Some(Err(_)) => return Poll::Ready(Settled::Rejected(promise.ctx().catch())),
                None => {}
            }
            // Jobs are run here and not by who polls this: only here somebody looks at the clock between them.
            if std::time::Instant::now() >= deadline {
                return Poll::Ready(Settled::TimedOut);
            }
            let mut jobs = 0;
            while jobs < JOBS_BETWEEN_LOOKS && promise.ctx().execute_pending_job() {
                jobs += 1;
            }
            if jobs == 0 {
                break;
            }
        }
        if stalled.0.swap(false, Ordering::Relaxed) {
            return Poll::Ready(Settled::Never);
        }
        sleep.as_mut().poll(cx).map(|()| Settled::TimedOut)
    })
    .await
}
