//! When running code must stop: at a deadline, or because it is told to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shared by the thread that runs a file, the engine's interrupt handler on it, and who watches from outside.
#[derive(Debug)]
pub(crate) struct Interrupt {
    /// What deadlines are counted from.
    epoch: Instant,
    /// The current deadline, in nanoseconds after the epoch.
    deadline: AtomicU64,
    /// Somebody outside wants the file to end now.
    cancelled: AtomicBool,
    /// The handler has stopped running code since the last [`Interrupt::arm`].
    fired: AtomicBool,
}

impl Interrupt {
    pub(crate) fn new(deadline: Instant) -> Interrupt {
        let interrupt = Interrupt {
            epoch: Instant::now(),
            deadline: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            fired: AtomicBool::new(false),
        };
        interrupt.arm(deadline);
        interrupt
    }

    /// Sets the deadline of what runs next, and forgets that an earlier one has passed.
    pub(crate) fn arm(&self, deadline: Instant) {
        let nanos = deadline.saturating_duration_since(self.epoch).as_nanos();
        self.deadline.store(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Release);
        self.fired.store(false, Ordering::Release);
    }

    /// The current deadline.
    pub(crate) fn deadline(&self) -> Instant {
        self.epoch + Duration::from_nanos(self.deadline.load(Ordering::Acquire))
    }

    /// Ends the file as soon as its code can be stopped.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Whether somebody wants the file to end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// What the engine asks now and then while it computes: whether to stop.
    pub(crate) fn should_stop(&self) -> bool {
        let stop = self.is_cancelled() || Instant::now() >= self.deadline();
        if stop {
            self.fired.store(true, Ordering::Release);
        }
        stop
    }

    /// Whether running code was stopped since the last [`Interrupt::arm`]. The error that it leaves behind looks like
    /// any other: this is the only thing to judge by.
    pub(crate) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }
}
