//! `--timings`: where the time went.

use std::io::{self, Write};
use std::time::Duration;

use crate::timings::{PHASES, spent};

/// A line for each phase that took any time, with what all threads spent on it.
pub(super) fn tell() {
    let spent: Vec<(&str, Duration)> = PHASES.iter().map(|(phase, name)| (*name, spent(*phase))).collect();
    let all: Duration = spent.iter().map(|(_, time)| *time).sum();
    let mut text = "Time of all threads, waiting included, in milliseconds\n".to_owned();
    for (name, time) in spent.iter().filter(|(_, time)| !time.is_zero()) {
        let share = time.as_secs_f64() / all.as_secs_f64() * 100.0;
        text += &format!("{name:>10} {:>10.1} {share:>3.0} %\n", time.as_secs_f64() * 1000.0);
    }
    // Who has closed it does not want to know.
    let _ = io::stderr().write_all(text.as_bytes());
}
