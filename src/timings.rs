//! Where the time of a run goes.
//!
//! What is measured is the time in which a thread was busy with something, without what was measured inside of it. All
//! threads together may take longer than the run.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What time is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Looking for tests and entries.
    Discover,
    /// Reading configurations, schemas and plugins.
    Plan,
    /// Looking for results of earlier runs, and keeping new ones.
    Cache,
    /// Making runtimes that have loaded what every file needs, and putting their memory back.
    Prepare,
    /// Reading sources.
    Read,
    /// From TypeScript to JavaScript.
    Compile,
    /// From JavaScript to what the engine runs: parsing, linking, and running modules.
    Load,
    /// Running cases and hooks, waiting included.
    Execute,
    /// Judging resources.
    Validate,
    /// Making and writing reports.
    Report,
}

/// All of them, in the order in which they come.
pub(crate) const PHASES: [(Phase, &str); 10] = [
    (Phase::Discover, "discover"),
    (Phase::Plan, "plan"),
    (Phase::Cache, "cache"),
    (Phase::Prepare, "prepare"),
    (Phase::Read, "read"),
    (Phase::Compile, "compile"),
    (Phase::Load, "load"),
    (Phase::Execute, "execute"),
    (Phase::Validate, "validate"),
    (Phase::Report, "report"),
];

static SPENT: [AtomicU64; PHASES.len()] = [const { AtomicU64::new(0) }; PHASES.len()];

thread_local! {
    /// What was measured inside of what is being measured, in nanoseconds.
    static INSIDE: Cell<u64> = const { Cell::new(0) };
}

/// Something that is being measured, until it is dropped.
pub(crate) struct Measured {
    phase: Phase,
    start: Instant,
    before: u64,
}

/// Begins to measure a phase on this thread.
pub(crate) fn measure(phase: Phase) -> Measured {
    Measured { phase, before: INSIDE.take(), start: Instant::now() }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let all = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let own = all.saturating_sub(INSIDE.take());
        SPENT[self.phase as usize].fetch_add(own, Ordering::Relaxed);
        INSIDE.set(self.before.saturating_add(all));
    }
}

/// What was spent on a phase until now, by all threads.
pub(crate) fn spent(phase: Phase) -> Duration {
    Duration::from_nanos(SPENT[phase as usize].load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_counts_once() {
        let inside = || spent(Phase::Discover);
        let (outer, inner) = (spent(Phase::Validate), inside());
        let all = Instant::now();
        {
            let _outer = measure(Phase::Validate);
            for _ in 0..2 {
                let _inner = measure(Phase::Discover);
                std::hint::black_box((0..200_000).fold(0_u64, |a, b| a ^ b));
            }
        }
        let all = all.elapsed();
        assert!(inside() > inner);
        // Other tests may add something, too, but no more than time has passed on as many threads.
        assert!(spent(Phase::Validate) >= outer && INSIDE.get() as u128 <= all.as_nanos());
        for (number, (phase, _)) in PHASES.iter().enumerate() {
            assert_eq!(*phase as usize, number);
        }
    }
}
