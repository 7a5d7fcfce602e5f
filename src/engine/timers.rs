//! `setTimeout` and `setInterval`: due times in order, waited for by one future of the engine.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rquickjs::{Ctx, Function, Object};
use tokio::sync::Notify;

use super::interrupt::Interrupt;
use super::turn::run_jobs;

/// The longest delay; longer ones are meant to be "never" and would overflow.
const MAX_DELAY: Duration = Duration::from_secs(u32::MAX as u64);

#[derive(Debug, Clone, Copy)]
struct Timer {
    id: u32,
    callback: u32,
    /// The interval of a repeating timer.
    every: Option<Duration>,
}

#[derive(Debug, Default)]
struct Queue {
    /// By due time, then in the order in which they were set.
    due: BTreeMap<(Instant, u64), Timer>,
    keys: HashMap<u32, (Instant, u64)>,
    last_id: u32,
    sequence: u64,
    /// A future of the engine waits for the first timer.
    pumping: bool,
}

/// The timers of one file.
#[derive(Debug, Default, Clone)]
pub(crate) struct Timers {
    queue: Arc<Mutex<Queue>>,
    changed: Arc<Notify>,
}

impl Timers {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets a timer and returns its number. `fire` is called in `ctx` with the number of the callback.
    pub(crate) fn set<'js>(
        &self,
        ctx: &Ctx<'js>,
        fire: Function<'js>,
        interrupt: Arc<Interrupt>,
        callback: u32,
        delay_ms: f64,
        repeat: bool,
    ) -> u32 {
        // As in browsers and Node: what is no number is 0; an interval of 0 would never let anything else run.
        let delay =
            Duration::try_from_secs_f64(delay_ms.max(0.0) / 1000.0).unwrap_or_default().min(MAX_DELAY);
        let every = repeat.then(|| delay.max(Duration::from_millis(1)));
        let (id, start) = {
            let mut queue = self.queue();
            queue.last_id += 1;
            let timer = Timer { id: queue.last_id, callback, every };
            queue.insert(Instant::now() + every.unwrap_or(delay), timer);
            (timer.id, !std::mem::replace(&mut queue.pumping, true))
        };
        if start {
            ctx.spawn(self.clone().pump(fire, interrupt));
        } else {
            self.changed.notify_one();
        }
        id
    }

    /// Forgets a timer.
    pub(crate) fn clear(&self, id: u32) {
        let mut queue = self.queue();
        if let Some(key) = queue.keys.remove(&id) {
            queue.due.remove(&key);
            self.changed.notify_one();
        }
    }

    /// Forgets all timers.
    pub(crate) fn clear_all(&self) {
        let mut queue = self.queue();
        queue.due.clear();
        queue.keys.clear();
        self.changed.notify_one();
    }

    /// Fires timers as they fall due; ends when there are none, so that the engine can know that nothing is left.
    async fn pump(self, fire: Function<'_>, interrupt: Arc<Interrupt>) {
        loop {
            let next = {
                let mut queue = self.queue();
                match queue.due.first_key_value() {
                    Some((key, _)) => key.0,
                    None => {
                        queue.pumping = false;
                        return;
                    }
                }
            };
            tokio::select! {
                () = tokio::time::sleep_until(next.into()) => {}
                () = self.changed.notified() => continue,
            }
            let due = self.queue().pop(Instant::now());
            if let Some(timer) = due {
                // What the callback throws is caught and reported by the SDK. What remains is an interrupt, and the
                // interrupt's own flag tells of it.
                if fire.call::<_, ()>((timer.callback,)).is_err() {
                    fire.ctx().catch();
                }
                // What the callback started for now happens before the next timer.
                run_jobs(fire.ctx(), interrupt.deadline());
            }
        }
    }
}

impl Queue {
    fn insert(&mut self, at: Instant, timer: Timer) {
        self.sequence += 1;
        self.due.insert((at, self.sequence), timer);
        self.keys.insert(timer.id, (at, self.sequence));
    }

    /// Takes the first timer if it is due; a repeating one is set again.
    fn pop(&mut self, now: Instant) -> Option<Timer> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let timer = entry.remove();
        self.keys.remove(&timer.id);
        if let Some(every) = timer.every {
            self.insert(now + every, timer);
        }
        Some(timer)
    }
}

/// The function of the SDK that runs a timer's callback.
pub(crate) fn fire_function<'js>(runtime: &Object<'js>) -> rquickjs::Result<Function<'js>> {
    runtime.get("fire")
}
