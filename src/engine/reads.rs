//! What a file reads that is not the same in every run: the clock, and randomness.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use super::Clock;
use super::random::SplitMix64;
use crate::event::Reads;
use crate::tree::RelPath;

/// The clock and the randomness of a file, and whether it has asked for them.
#[derive(Debug)]
pub(super) struct World {
    clock: Clock,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    reads: Reads,
    random: SplitMix64,
}

impl World {
    /// That of the file at `path`.
    pub(super) fn new(clock: Clock, seed: u64, path: &RelPath) -> World {
        let seed =
            path.as_str().bytes().fold(seed, |seed, byte| SplitMix64::new(seed ^ u64::from(byte)).next());
        let random = SplitMix64::new(seed);
        World { clock, start: Instant::now(), state: Mutex::new(State { reads: Reads::default(), random }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the file has read so far.
    pub(super) fn reads(&self) -> Reads {
        self.state().reads
    }

    /// What time it is, in whole milliseconds since 1970.
    pub(super) fn now(&self) -> f64 {
        self.state().reads.clock = true;
        let real = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        match self.clock {
            Clock::Still(time) => time as f64,
            Clock::Ahead(by) => real().as_millis() as f64 + by as f64,
        }
    }

    /// How long the file has run, in milliseconds; none of it where the clock stands still.
    pub(super) fn elapsed(&self) -> f64 {
        self.state().reads.clock = true;
        match self.clock {
            Clock::Still(_) => 0.0,
            Clock::Ahead(_) => self.start.elapsed().as_secs_f64() * 1000.0,
        }
    }

    /// Remembers that it has set a timer.
    pub(super) fn wait(&self) {
        self.state().reads.timers = true;
    }

    /// A number from 0 up to, but not including, 1.
    pub(super) fn random(&self) -> f64 {
        let mut state = self.state();
        state.reads.random = true;
        state.random.next_fraction()
    }
}
