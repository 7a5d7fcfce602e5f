//! Annotations: what failed and what is dangerous, at lines of files, as data. Whoever sends them escapes them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Run;
use super::changes::show;
use super::text::{self, plural};
use crate::change::{Diff, Side};
use crate::diagnostic::Place;
use crate::event::{CaseResult, CaseStatus, Failure, FileResult};
use crate::rule::Level;
use crate::tree::RelPath;

/// How many annotations of each severity GitHub shows of one step.
const MAX_EACH: usize = 10;
/// The most characters of a title.
const MAX_TITLE: usize = 150;
/// The most characters of a message.
const MAX_MESSAGE: usize = 1000;

/// A message at a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// How it is shown.
    pub(crate) severity: Severity,
    /// The file, from the repository root; empty when it is about none.
    pub(crate) file: String,
    /// The first line, from 1; `None`: the whole file.
    pub(crate) line: Option<u32>,
    /// The last line, from 1.
    pub(crate) end_line: Option<u32>,
    /// The first column, from 1, in Unicode code points.
    pub(crate) col: Option<u32>,
    /// The last column, from 1.
    pub(crate) end_col: Option<u32>,
    /// What it is about, in one line.
    pub(crate) title: String,
    /// What happened; may have several lines.
    pub(crate) message: String,
}

/// How an annotation is shown, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// It fails the run.
    Error,
    /// It deserves a look.
    Warning,
    /// It is good to know.
    Notice,
}

/// What to annotate: every failed case at the place of its first failure, every danger and warning.
///
/// `changed` are the files of the pull request: what is about them comes first, then by file and line. Errors come before
/// warnings, and those before notices; of each at most ten, of which the last tells how many more there are.
pub(crate) fn annotations(run: &Run, diff: Option<&Diff>, changed: &BTreeSet<RelPath>) -> Vec<Annotation> {
    let mut all = Vec::new();
    for file in run.files.values() {
        for case in &file.cases {
            if case.status.is_failure() {
                all.push(failed(file, case));
            }
            if case.status == (CaseStatus::Flaky { fails: false }) {
                all.extend(flaky(file, case));
            }
            let at = |warning: &Failure| at(Severity::Warning, file, case, warning);
            all.extend(case.warnings.iter().map(at));
        }
    }
    if let Some(diff) = diff {
        all.extend(of_diff(diff, run));
    }
    let is_changed =
        |annotation: &Annotation| RelPath::new(&annotation.file).is_some_and(|path| changed.contains(&path));
    // Stable: dangers stay in the order of their severity.
    all.sort_by_cached_key(|annotation| {
        (annotation.severity, Reverse(is_changed(annotation)), annotation.file.clone(), annotation.line)
    });
    all.dedup();
    [Severity::Error, Severity::Warning, Severity::Notice]
        .into_iter()
        .flat_map(|severity| {
            bounded(all.iter().filter(|annotation| annotation.severity == severity).cloned().collect())
        })
        .collect()
}

/// At most as many as are shown.
fn bounded(mut annotations: Vec<Annotation>) -> Vec<Annotation> {
    let Some(more) = annotations.len().checked_sub(MAX_EACH).filter(|more| *more > 0) else {
        return annotations;
    };
    // One gives its place to the note.
    let more = more + 1;
    let first = &annotations[MAX_EACH - 1];
    let (what, severity) = match first.severity {
        Severity::Error => ("error", Severity::Error),
        Severity::Warning => ("warning", Severity::Warning),
        Severity::Notice => ("notice", Severity::Notice),
    };
    let mut files: Vec<&str> = annotations[MAX_EACH - 1..].iter().map(|one| one.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|file| !file.is_empty());
    let mut places = files[..files.len().min(5)].join(", ");
    if files.len() > 5 {
        places += &format!(" and {}", plural(files.len() - 5, "other file"));
    }
    let places = if places.is_empty() { String::new() } else { format!("in {places}; ") };
    let note = Annotation {
        severity,
        title: format!("{} not annotated", plural(more, what)),
        message: show::cut(&format!("{places}the job summary has all of them"), MAX_MESSAGE),
        ..about_file("")
    };
    annotations.truncate(MAX_EACH - 1);
    annotations.push(note);
    annotations
}

/// A flaky case, at the place of what last failed in it.
fn flaky(file: &FileResult, case: &CaseResult) -> Option<Annotation> {
    let first = case.last_failures().first()?;
    let severity = if case.status.is_failure() { Severity::Error } else { Severity::Warning };
    let mut annotation = at(severity, file, case, first);
    annotation.title = title(&format!("flaky: {}", case.name));
    annotation.message += &format!("\nit passed at attempt {}", case.attempts.len() + 1);
    Some(annotation)
}

/// A failed case, at the place of its first failure.
fn failed(file: &FileResult, case: &CaseResult) -> Annotation {
    if let Some(flaky) = flaky(file, case).filter(|_| case.failures.is_empty()) {
        return flaky;
    }
    let Some(first) = case.failures.first() else {
        let title = title(&case.name);
        return Annotation { title, message: "failed".to_owned(), ..about_file(file.path.as_str()) };
    };
    let mut annotation = at(Severity::Error, file, case, first);
    if case.failures.len() > 1 {
        annotation.message += &format!("\n… and {}", plural(case.failures.len() - 1, "more failure"));
    }
    annotation
}

/// A failure or warning, at its place, or else at that of its case.
fn at(severity: Severity, file: &FileResult, case: &CaseResult, failure: &Failure) -> Annotation {
    let mut message = text::strip_ansi(&failure.message).into_owned();
    if let Some(help) = &failure.help {
        message += &format!("\nhelp: {}", text::strip_ansi(help));
    }
    let place = failure.place.as_ref().or(case.place.as_ref());
    let width = failure.snippet.as_ref().filter(|_| failure.place.is_some()).map(|snippet| snippet.width);
    Annotation {
        severity,
        title: title(&format!("{}: {}", failure.type_name, case.name)),
        message: show::cut(&message, MAX_MESSAGE),
        ..place.map_or_else(|| about_file(file.path.as_str()), |place| about_place(place, width))
    }
}

fn title(text: &str) -> String {
    show::cut(&text::strip_ansi(text).replace(['\n', '\r'], " "), MAX_TITLE)
}

fn about_file(file: &str) -> Annotation {
    Annotation {
        severity: Severity::Error,
        file: file.to_owned(),
        line: None,
        end_line: None,
        col: None,
        end_col: None,
        title: String::new(),
        message: String::new(),
    }
}

fn about_place(place: &Place, width: Option<u32>) -> Annotation {
    let Place { path, line, column } = place;
    Annotation {
        line: Some(*line),
        end_line: Some(*line),
        col: Some(*column),
        end_col: width.map(|width| column.saturating_add(width.saturating_sub(1))),
        ..about_file(path.as_str())
    }
}

/// Dangers and notes of a diff, and entries that cannot be rendered and that the run did not tell of.
fn of_diff(diff: &Diff, run: &Run) -> Vec<Annotation> {
    let mut all = Vec::new();
    for failed in &diff.failed {
        let told = RelPath::new(&failed.entry.path)
            .and_then(|path| run.files.get(&path))
            .is_some_and(|file| file.cases.iter().any(|case| case.status.is_failure()));
        let severity = match failed.side {
            Side::Head | Side::Both if told => continue,
            Side::Head | Side::Both => Severity::Error,
            Side::Base => Severity::Notice,
        };
        let what = match severity {
            Severity::Error | Severity::Warning => "cannot be rendered",
            Severity::Notice => "could not be rendered on the base",
        };
        all.push(Annotation {
            severity,
            title: title(&format!("{} {what}", show::entry(&failed.entry))),
            message: show::cut(&text::strip_ansi(&failed.message), MAX_MESSAGE),
            ..about_file(&failed.entry.path)
        });
    }
    for danger in &diff.dangers {
        let severity = match danger.level {
            Level::Error => Severity::Error,
            Level::Warn => Severity::Warning,
            Level::Off => continue,
        };
        // One for each entry, with its first resource.
        let mut entries: Vec<(&str, String, usize)> = Vec::new();
        for resource in danger.resources.iter().filter_map(|index| diff.resources.get(*index)) {
            match entries.iter_mut().find(|(path, ..)| *path == resource.entry.path) {
                Some((.., more)) => *more += 1,
                None => entries.push((&resource.entry.path, show::title(resource), 0)),
            }
        }
        for (path, resource, more) in entries {
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let at = danger.path.as_ref().map_or(String::new(), |path| format!("\n{path}"));
            all.push(Annotation {
                severity,
                title: title(&format!("{}: {resource}{more}", danger.rule.name())),
                message: show::cut(&text::strip_ansi(&format!("{}{at}", danger.reason)), MAX_MESSAGE),
                ..about_file(path)
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::{example, model};
    use super::*;

    fn run() -> Run {
        let mut run = Run::default();
        model::events().iter().for_each(|event| run.add(event));
        run
    }

    fn of(severity: Severity, all: &[Annotation]) -> Vec<&Annotation> {
        all.iter().filter(|annotation| annotation.severity == severity).collect()
    }

    #[test]
    fn failures_stand_at_their_places_and_those_of_changed_files_come_first() {
        let changed = BTreeSet::from([model::path("apps/web.test.ts")]);
        let all = annotations(&run(), None, &changed);
        let first = &all[0];
        assert_eq!(
            (first.file.as_str(), first.line, first.end_line),
            ("apps/web.test.ts", Some(12), Some(12))
        );
        assert_eq!((first.col, first.end_col), (Some(24), Some(30)));
        assert_eq!(first.title, "AssertionError: deployment > has the replicas");
        assert_eq!(first.message, "expect(received).toEqual(expected)\n… and 1 more failure");
        assert_eq!(all[1].file, "apps/broken.test.ts");
        assert_eq!(annotations(&run(), None, &BTreeSet::new())[0].file, "apps/broken.test.ts");
        let warnings = of(Severity::Warning, &all);
        assert_eq!((warnings.len(), warnings[0].file.as_str()), (1, "apps/env/prod.ts"));
    }

    #[test]
    fn at_most_ten_of_a_severity_and_the_last_counts_the_others() {
        let all = annotations(&run(), None, &BTreeSet::new());
        let errors = of(Severity::Error, &all);
        assert_eq!(errors.len(), 10);
        // 19 cases failed: nine are told.
        assert_eq!(errors[9].title, "11 errors not annotated");
        assert_eq!(
            errors[9].message,
            "in apps/kinds.test.ts, apps/web.test.ts; the job summary has all of them"
        );
    }

    #[test]
    fn dangers_are_told_at_their_entries_by_their_level() {
        let mut diff = example::shop();
        diff.dangers[0].level = Level::Error;
        let all = annotations(&Run::default(), Some(&diff), &BTreeSet::new());
        let errors = of(Severity::Error, &all);
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].file.as_str(), errors[0].line), ("env/prod.ts", None));
        assert!(
            errors[0].title.starts_with("stateful-deletion: PersistentVolumeClaim shop/"),
            "{}",
            errors[0].title
        );
        assert_eq!(of(Severity::Warning, &all).len(), diff.dangers.len() - 1);
    }

    #[test]
    fn an_entry_that_cannot_be_rendered_is_told_once() {
        let mut diff = example::empty();
        diff.failed.push(example::failed("apps/env/prod.ts", Side::Head));
        let about = |run: &Run| {
            let all = annotations(run, Some(&diff), &BTreeSet::from([model::path("apps/env/prod.ts")]));
            all.iter().filter(|one| one.file == "apps/env/prod.ts" && one.severity == Severity::Error).count()
        };
        assert_eq!((about(&Run::default()), about(&run())), (1, 1));
    }

    #[test]
    fn messages_are_bounded_and_plain() {
        let mut file = model::web();
        file.cases[1].failures[0].message = format!("\u{1b}[31m{}", "x".repeat(100_000));
        file.cases[1].name = format!("a\n\u{1b}[1m{}", "y".repeat(1000));
        let mut run = Run::default();
        model::run_of(vec![file], None).iter().for_each(|event| run.add(event));
        let all = annotations(&run, None, &BTreeSet::new());
        assert!(all[0].message.chars().count() < MAX_MESSAGE + 60 && !all[0].message.contains('\u{1b}'));
        assert!(all[0].title.chars().count() < MAX_TITLE + 40 && !all[0].title.contains(['\u{1b}', '\n']));
    }
}
