//! The live display on a terminal: counts, time, and the files that are running.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressState, ProgressStyle};

use super::text::{self, Look, Tint};
use crate::event::{CaseStatus, Counts, FileResult};
use crate::tree::RelPath;

/// How long a file runs before its time is shown.
const SLOW: Duration = Duration::from_secs(2);
/// How many running files are named.
const MAX_NAMED: usize = 4;
/// The longest path that is shown whole, in characters.
const MAX_PATH: usize = 60;

/// The display. It is cleared when it is dropped.
pub(super) struct Progress {
    bar: ProgressBar,
    live: Arc<Mutex<Live>>,
}

/// What the display shows.
#[derive(Default)]
struct Live {
    files: usize,
    /// What finished files had.
    done: Counts,
    running: HashMap<RelPath, Running>,
}

struct Running {
    since: Instant,
    passed: usize,
    failed: usize,
}

impl Progress {
    /// Begins to draw to `target`.
    pub(super) fn new(files: usize, target: ProgressDrawTarget, look: Look) -> Progress {
        let live = Arc::new(Mutex::new(Live { files, ..Live::default() }));
        let shown = Arc::clone(&live);
        let status = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // Drawing has nobody to tell an error to.
            let _ = out.write_str(&lock(&shown).status(state.elapsed(), Instant::now(), look));
        };
        // A template without a syntax error; were there one, the default bar would do.
        let style = ProgressStyle::with_template("{spinner} {status}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
            .with_key("status", status);
        let bar = ProgressBar::with_draw_target(Some(files as u64), target)
            .with_style(style)
            .with_finish(ProgressFinish::AndClear);
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress { bar, live }
    }

    pub(super) fn file_started(&self, path: &RelPath) {
        let running = Running { since: Instant::now(), passed: 0, failed: 0 };
        lock(&self.live).running.insert(path.clone(), running);
    }

    pub(super) fn cases_finished(&self, path: &RelPath, statuses: &[CaseStatus]) {
        let mut live = lock(&self.live);
        let Some(running) = live.running.get_mut(path) else { return };
        for status in statuses {
            match status {
                CaseStatus::Passed | CaseStatus::Flaky { fails: false } => running.passed += 1,
                CaseStatus::Flaky { fails: true } | CaseStatus::Failed | CaseStatus::Error => {
                    running.failed += 1
                }
                CaseStatus::Skipped { .. } | CaseStatus::Todo => {}
            }
        }
    }

    pub(super) fn file_finished(&self, file: &FileResult) {
        let mut live = lock(&self.live);
        live.running.remove(&file.path);
        live.done.add(file);
    }

    /// Runs `write` with the display out of the way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A thread that panicked while it drew leaves nothing half done.
fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    fn status(&self, elapsed: Duration, now: Instant, look: Look) -> String {
        let done = self.done.files_passed + self.done.files_failed + self.done.files_not_run;
        let passed = self.done.passed + self.running.values().map(|file| file.passed).sum::<usize>();
        let failed = self.done.failed
            + self.done.errors
            + self.running.values().map(|file| file.failed).sum::<usize>();
        let mut status = format!("{done}/{} files", self.files);
        // Writing to a string cannot fail.
        let _ = write!(status, " · {}", look.paint(Tint::Good, &format!("{passed} passed")));
        if failed > 0 {
            let _ = write!(status, " · {}", look.paint(Tint::Bad, &format!("{failed} failed")));
        }
        let _ = write!(status, " · {}", seconds(elapsed));
        let mut running: Vec<(&RelPath, &Running)> = self.running.iter().collect();
        // The slowest first, and in an order that does not change from one drawing to the next.
        running.sort_by(|a, b| (a.1.since, a.0).cmp(&(b.1.since, b.0)));
        for (path, file) in running.iter().take(MAX_NAMED) {
            let path = shorten(&look.line(path.as_str()));
            let time = now.saturating_duration_since(file.since);
            let _ = if time >= SLOW {
                let slow = look.paint(Tint::Warn, &format!("slow: {}", seconds(time)));
                write!(status, "\n    {path}  {slow}")
            } else {
                write!(status, "\n    {}", look.paint(Tint::Faint, &path))
            };
        }
        if running.len() > MAX_NAMED {
            let more = format!("… and {} more", running.len() - MAX_NAMED);
            let _ = write!(status, "\n    {}", look.paint(Tint::Faint, &more));
        }
        status
    }
}

/// Whole tenths of seconds, so that the time does not flicker; minutes from the first on.
fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        format!("{}.{}s", time.as_secs(), time.subsec_millis() / 100)
    } else {
        text::duration(time)
    }
}

/// A path without its beginning where it is too long for a line.
fn shorten(path: &str) -> String {
    let length = path.chars().count();
    if length <= MAX_PATH {
        return path.to_owned();
    }
    let kept: String = path.chars().skip(length - MAX_PATH + 1).collect();
    format!("…{kept}")
}

#[cfg(test)]
mod tests {
    use super::super::model;
    use super::*;

    #[test]
    fn slow_files_are_named_with_their_time() {
        let now = Instant::now() + Duration::from_secs(100);
        let mut live = Live { files: 9, ..Live::default() };
        live.done.add(&model::web());
        for (number, seconds) in [0, 1, 3, 1, 1, 1].into_iter().enumerate() {
            let since = now - Duration::from_secs(seconds);
            let path = model::path(&format!("apps/{number}.test.ts"));
            live.running.insert(path, Running { since, passed: 1, failed: 0 });
        }
        assert_eq!(
            live.status(Duration::from_millis(3250), now, Look::terminal(false)),
            "1/9 files · 7 passed · 1 failed · 3.2s\n    apps/2.test.ts  slow: 3.0s\n    apps/1.test.ts\n    \
             apps/3.test.ts\n    apps/4.test.ts\n    … and 2 more"
        );
    }
}
