//! Reports that are written a file at a time, so that one of a hundred thousand files needs little memory.
//!
//! Files end in any order, and a report has them in that of their paths, behind a head with totals that only the end of the run
//! knows. So what a report says of a file is made when the file ends and laid aside, on the disk when it is much; the head is
//! made when the run has ended.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use tempfile::SpooledTempFile;

use super::{Run, Sink};
use crate::event::{Event, FileResult, FileStatus};
use crate::tree::RelPath;

/// How much is laid aside in memory, in bytes.
const IN_MEMORY: usize = 16 << 20;

/// What a report says.
pub(crate) trait Form {
    /// What it says of a file. `None`: nothing. `run` has no files.
    ///
    /// # Errors
    ///
    /// None are known: writing to memory does not fail.
    fn piece(&mut self, file: &FileResult, run: &Run) -> io::Result<Option<Vec<u8>>>;

    /// What stands around the pieces, when all of them have been made. `run` has no files.
    ///
    /// # Errors
    ///
    /// As [`Form::piece`].
    fn around(&mut self, run: &Run, pieces: usize) -> io::Result<Around>;
}

/// What stands around the pieces of a report.
pub(crate) struct Around {
    pub(crate) before: Vec<u8>,
    pub(crate) between: &'static [u8],
    pub(crate) after: Vec<u8>,
}

/// Where a report goes.
pub(crate) trait Destination: Write {
    /// Everything is written: now it counts.
    ///
    /// # Errors
    ///
    /// It could not be kept.
    fn keep(self) -> io::Result<()>;
}

/// The pieces of a report that were made so far.
struct Pieces<F> {
    form: F,
    /// All of the run but its files.
    run: Run,
    /// Why they did not run is known at the end.
    not_run: Vec<Arc<FileResult>>,
    aside: SpooledTempFile,
    /// Where the pieces lie: begin and length, in bytes.
    places: BTreeMap<RelPath, (u64, usize)>,
    end: u64,
}

impl<F: Form> Pieces<F> {
    fn new(form: F, in_memory: usize) -> Pieces<F> {
        Pieces {
            form,
            run: Run::default(),
            not_run: Vec::new(),
            aside: SpooledTempFile::new(in_memory),
            places: BTreeMap::new(),
            end: 0,
        }
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::FileFinished(file) if file.status == FileStatus::NotRun => {
                self.not_run.push(Arc::clone(file));
                Ok(())
            }
            Event::FileFinished(file) => self.file(file),
            Event::RunStarted(_)
            | Event::FileStarted { .. }
            | Event::CasesFinished { .. }
            | Event::DiffFinished(_)
            | Event::CoverageFinished(_)
            | Event::RunFinished(_) => {
                self.run.add(event);
                Ok(())
            }
        }
    }

    fn file(&mut self, file: &FileResult) -> io::Result<()> {
        let Some(piece) = self.form.piece(file, &self.run)? else { return Ok(()) };
        self.aside.write_all(&piece)?;
        self.places.insert(file.path.clone(), (self.end, piece.len()));
        self.end += piece.len() as u64;
        Ok(())
    }

    /// Writes the whole report.
    fn write(mut self, to: &mut impl Write) -> io::Result<()> {
        for file in std::mem::take(&mut self.not_run) {
            self.file(&file)?;
        }
        let Around { before, between, after } = self.form.around(&self.run, self.places.len())?;
        to.write_all(&before)?;
        let mut piece = Vec::new();
        for (number, (begin, length)) in self.places.into_values().enumerate() {
            if number > 0 {
                to.write_all(between)?;
            }
            self.aside.seek(SeekFrom::Start(begin))?;
            piece.resize(length, 0);
            self.aside.read_exact(&mut piece)?;
            to.write_all(&piece)?;
        }
        to.write_all(&after)
    }
}

/// A sink that writes a report when the run has ended.
pub(crate) struct InPieces<F, D> {
    /// The report and where it goes, until it is written.
    open: Option<(Pieces<F>, D)>,
}

impl<F: Form, D: Destination> InPieces<F, D> {
    /// A report of `form` that goes to `to`.
    pub(crate) fn new(form: F, to: D) -> InPieces<F, D> {
        InPieces { open: Some((Pieces::new(form, IN_MEMORY), to)) }
    }
}

impl<F: Form, D: Destination> Sink for InPieces<F, D> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Some((pieces, _)) = &mut self.open {
            pieces.event(event)?;
        }
        if let Event::RunFinished(_) = event
            && let Some((pieces, to)) = self.open.take()
        {
            let mut to = io::BufWriter::with_capacity(1 << 16, to);
            pieces.write(&mut to)?;
            return to.into_inner().map_err(io::IntoInnerError::into_error)?.keep();
        }
        Ok(())
    }
}

/// A whole report; all but `in_memory` bytes are laid aside on the disk.
#[cfg(test)]
pub(super) fn render(form: impl Form, run: &Run, in_memory: usize) -> io::Result<Vec<u8>> {
    let mut pieces = Pieces::new(form, in_memory);
    for event in run.events() {
        pieces.event(&event)?;
    }
    let mut bytes = Vec::new();
    pieces.write(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::super::junit::Junit;
    use super::super::model;
    use super::*;

    fn run(events: &[Event]) -> Run {
        let mut run = Run::default();
        events.iter().for_each(|event| run.add(event));
        run
    }

    /// As text, but for the paths of files.
    fn text(bytes: io::Result<Vec<u8>>) -> String {
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    #[test]
    fn what_was_on_the_disk_is_told_the_same() {
        let run = run(&model::events());
        for in_memory in [0, 1_000, usize::MAX] {
            assert_eq!(text(render(Junit::new(), &run, in_memory)), text(super::super::junit::render(&run)));
            assert_eq!(
                text(render(Json::default(), &run, in_memory)),
                text(super::super::json::render(&run))
            );
        }
    }

    #[test]
    fn files_stand_in_the_order_of_their_paths_and_are_counted_in_any() {
        let run = run(&model::events());
        let mut pieces = Pieces::new(Junit::new(), usize::MAX);
        let mut events: Vec<Event> = run.events().collect();
        let files = events.len() - 2;
        events[1..=files].reverse();
        for event in &events {
            pieces.event(event).unwrap();
        }
        let mut written = Vec::new();
        pieces.write(&mut written).unwrap();
        assert_eq!(text(Ok(written)), text(super::super::junit::render(&run)));
    }

    #[test]
    fn a_run_without_files_has_a_report() {
        let run = run(&model::run_of(Vec::new(), None));
        let xml = text(super::super::junit::render(&run));
        let root = roxmltree::Document::parse(&xml).unwrap();
        assert_eq!(root.root_element().attribute("tests"), Some("0"));
        let json: serde_json::Value =
            serde_json::from_slice(&super::super::json::render(&run).unwrap()).unwrap();
        assert_eq!(json["files"], serde_json::json!([]));
    }

    #[test]
    fn what_is_not_noteworthy_is_still_counted() {
        let mut whole = Run::default();
        let mut thin = Run::default();
        for event in model::events() {
            whole.add(&event);
            thin.add_noteworthy(&event);
        }
        let (tests, entries) = super::super::comment::Tally::of(&whole);
        assert_eq!((tests, entries), super::super::comment::Tally::of(&thin));
        let cases = |run: &Run| run.files.values().map(|file| file.cases.len()).sum::<usize>();
        assert!(cases(&thin) < cases(&whole) && thin.silent.tests > 0);
    }
}
