//! The reports of a run: one file per sink, each a function of the run's events.
//!
//! A report decides nothing and opens nothing. The terminal writes as events come; the others write once, at the end,
//! from the [`Run`] that the events told.

pub(crate) mod annotations;
pub(crate) mod changes;
pub(crate) mod comment;
mod compare;
pub(crate) mod coverage;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod lcov;
pub(crate) mod markdown;
pub(crate) mod pieces;
mod progress;
pub(crate) mod summary;
pub(crate) mod terminal;
pub(crate) mod text;

#[cfg(test)]
mod example;
#[cfg(test)]
mod flaky;
#[cfg(test)]
mod model;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::change::Diff;
use crate::coverage::Coverage;
use crate::event::{CaseResult, CaseStatus, Event, FileKind, FileResult, RunFinished, RunStarted};
use crate::tree::RelPath;

/// Something that shows or keeps what happens in a run.
pub(crate) trait Sink {
    /// Takes one event. After an error it gets no more.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

/// All sinks of a run. One that fails is left out from then on, and the others go on.
#[derive(Default)]
pub(crate) struct Sinks<'a> {
    sinks: Vec<(String, State<'a>)>,
}

enum State<'a> {
    Working(Box<dyn Sink + Send + 'a>),
    Failed(io::Error),
}

impl<'a> Sinks<'a> {
    /// Adds a sink; `name` is how [`Sinks::finish`] calls it if it fails.
    pub(crate) fn add(&mut self, name: impl Into<String>, sink: impl Sink + Send + 'a) {
        self.sinks.push((name.into(), State::Working(Box::new(sink))));
    }

    /// Gives an event to all sinks that work.
    pub(crate) fn event(&mut self, event: &Event) {
        for (_, state) in &mut self.sinks {
            if let State::Working(sink) = state
                && let Err(error) = sink.event(event)
            {
                *state = State::Failed(error);
            }
        }
    }

    /// The sinks that failed, each with its first error, in the order in which they were added.
    pub(crate) fn finish(self) -> Vec<(String, io::Error)> {
        self.sinks
            .into_iter()
            .filter_map(|(name, state)| match state {
                State::Working(_) => None,
                State::Failed(error) => Some((name, error)),
            })
            .collect()
    }
}

/// A run as its events told it.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The run's start; `None` until it started.
    pub(crate) started: Option<RunStarted>,
    /// The files that are over, in the order of their paths.
    pub(crate) files: BTreeMap<RelPath, Arc<FileResult>>,
    /// Cases that are left out of the files, because all that can be said of them is that they passed.
    pub(crate) silent: Silent,
    /// What differs from the base; `None` when that was not asked for, or the run was stopped.
    pub(crate) diff: Option<Arc<Diff>>,
    /// What was counted; `None` when that was not asked for.
    pub(crate) coverage: Option<Arc<Coverage>>,
    /// The run's end; `None` until it ended.
    pub(crate) finished: Option<RunFinished>,
}

/// How many cases passed and have nothing else to tell.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Silent {
    /// Of test files.
    pub(crate) tests: usize,
    /// Of entries.
    pub(crate) entries: usize,
}

/// Cases that take longer are slow.
pub(crate) const SLOW: Duration = Duration::from_millis(500);

impl Run {
    /// Adds what an event tells, and leaves out most cases that passed: of a hundred thousand files, their names alone would fill
    /// the memory.
    pub(crate) fn add_noteworthy(&mut self, event: &Event) {
        let Event::FileFinished(file) = event else { return self.add(event) };
        let FileResult { cases, kind, .. } = &**file;
        let is_noteworthy = |case: &CaseResult| {
            case.status != CaseStatus::Passed || !case.warnings.is_empty() || case.duration > SLOW
        };
        let left: Vec<CaseResult> = cases.iter().filter(|case| is_noteworthy(case)).cloned().collect();
        *match kind {
            FileKind::Tests | FileKind::Types => &mut self.silent.tests,
            FileKind::Entry { .. } => &mut self.silent.entries,
        } += cases.len() - left.len();
        let file = FileResult {
            path: file.path.clone(),
            project: file.project.clone(),
            kind: kind.clone(),
            status: file.status,
            started: file.started,
            duration: file.duration,
            cases: left,
            output: Vec::new(),
            filtered_out: file.filtered_out,
            reads: file.reads,
            is_cached: file.is_cached,
            snapshots: file.snapshots,
            obsolete_snapshots: file.obsolete_snapshots.clone(),
            documents: None,
        };
        self.files.insert(file.path.clone(), Arc::new(file));
    }

    /// The events that tell it, files in the order of their paths.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event> {
        let Run { started, files, silent: _, diff, coverage, finished } = self;
        let files = files.values().map(|file| Event::FileFinished(Arc::clone(file)));
        let after = [
            diff.clone().map(Event::DiffFinished),
            coverage.clone().map(Event::CoverageFinished),
            finished.clone().map(Event::RunFinished),
        ];
        started.clone().map(Event::RunStarted).into_iter().chain(files).chain(after.into_iter().flatten())
    }

    /// Adds what an event tells.
    pub(crate) fn add(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::FileStarted { .. } | Event::CasesFinished { .. } => {}
            Event::FileFinished(file) => {
                self.files.insert(file.path.clone(), Arc::clone(file));
            }
            Event::DiffFinished(diff) => self.diff = Some(Arc::clone(diff)),
            Event::CoverageFinished(coverage) => self.coverage = Some(Arc::clone(coverage)),
            Event::RunFinished(finished) => self.finished = Some(finished.clone()),
        }
    }
}

/// A sink that renders what is noteworthy of a run when it has finished, and hands the bytes to `save`.
pub(crate) struct AtEnd<R, S> {
    run: Run,
    render: R,
    save: Option<S>,
}

impl<R, S> AtEnd<R, S>
where
    R: Fn(&Run) -> io::Result<Vec<u8>>,
    S: FnOnce(&[u8]) -> io::Result<()>,
{
    /// `save` is called once, with the complete report.
    pub(crate) fn new(render: R, save: S) -> AtEnd<R, S> {
        AtEnd { run: Run::default(), render, save: Some(save) }
    }
}

impl<R, S> Sink for AtEnd<R, S>
where
    R: Fn(&Run) -> io::Result<Vec<u8>>,
    S: FnOnce(&[u8]) -> io::Result<()>,
{
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.run.add_noteworthy(event);
        if self.run.finished.is_some()
            && let Some(save) = self.save.take()
        {
            save(&(self.render)(&self.run)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting<'a>(&'a mut usize, usize);

    impl Sink for Counting<'_> {
        fn event(&mut self, _: &Event) -> io::Result<()> {
            *self.0 += 1;
            if *self.0 == self.1 { Err(io::Error::other("disk full")) } else { Ok(()) }
        }
    }

    #[test]
    fn a_sink_that_fails_loses_nothing_of_the_others() {
        let (mut broken, mut working, mut saved) = (0, 0, Vec::new());
        let events = model::events();
        let mut sinks = Sinks::default();
        sinks.add("first", Counting(&mut broken, 2));
        sinks.add("second", Counting(&mut working, usize::MAX));
        sinks.add(
            "third",
            AtEnd::new(json::render, |bytes: &[u8]| {
                saved.push(bytes.to_vec());
                Err(io::Error::other("read-only"))
            }),
        );
        for event in &events {
            sinks.event(event);
        }
        let errors: Vec<String> =
            sinks.finish().iter().map(|(name, error)| format!("{name}: {error}")).collect();
        assert_eq!(errors, ["first: disk full", "third: read-only"]);
        assert_eq!((broken, working, saved.len()), (2, events.len(), 1));
    }
}
