//! `render` and `check`: entries by name, as YAML or just judged.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::NoTests;
use super::exit::{Exit, Stop};
use super::list::nothing;
use super::output::Target;
use super::run::{self, Work};
use super::settings::Settings;
use super::tell;
use crate::compile;
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::{Found, Request, Scope, alias, discover, is_test};
use crate::event::{Event, FailureKind, FileResult};
use crate::report::terminal::Terminal;
use crate::report::{Sink, Sinks};
use crate::tree::{RelPath, is_absolute};
use crate::yaml;

/// An entry that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    path: RelPath,
    /// What its file is called in a folder of rendered entries, without its extension; may have folders.
    name: String,
}

/// Renders entries as YAML: those named, or all below the current folder when none is.
///
/// # Errors
///
/// The mistakes in arguments and configuration; nothing ran.
pub(super) fn render(settings: &Settings, targets: &[String], output: Option<&Path>) -> Result<Exit, Stop> {
    let (found, asked) = find(settings, targets)?;
    let output = Output::new(output, &asked)?;
    if let Output::File(path) = &output
        && [&settings.junit, &settings.json].contains(&&Some(path.clone()))
    {
        let message = format!("-o and a report name the same file: {}", path.display());
        return Err(Diagnostic::error(message).help("each needs a file of its own").into());
    }
    let mut rendered = Rendered::default();
    let mut sinks = Sinks::default();
    match output {
        // The YAML has the standard output for itself.
        Output::Stdout => sinks.add(
            "standard error",
            Terminal::new(io::stderr(), settings.color_errors, settings.verbosity, None).only_findings(),
        ),
        Output::File(_) | Output::Folder(_) => sinks.add("standard output", run::terminal(settings)),
    }
    sinks.add("what was rendered", &mut rendered);
    let work = Work { keep_documents: true, ..Work::plan(settings, found)? };
    let ended = run::run(settings, work, sinks)?;
    let exit = judged(settings, &asked, &rendered, ended.exit);
    if ended.interrupted {
        return Ok(exit);
    }
    match output.write(&asked, &rendered) {
        Ok(()) => Ok(exit),
        Err(error) => {
            tell(&[error], settings.color_errors);
            Ok(exit.or(Exit::ReportNotWritten))
        }
    }
}

/// Does what [`render`] does, and writes no YAML.
///
/// # Errors
///
/// As [`render`].
pub(super) fn check(settings: &Settings, targets: &[String]) -> Result<Exit, Stop> {
    let (found, asked) = find(settings, targets)?;
    let mut rendered = Rendered::default();
    let mut sinks = Sinks::default();
    sinks.add("standard output", run::terminal(settings));
    sinks.add("what was rendered", &mut rendered);
    let ended = run::run(settings, Work::plan(settings, found)?, sinks)?;
    Ok(judged(settings, &asked, &rendered, ended.exit))
}

/// The entries that are asked for, each once in what was found.
fn find(settings: &Settings, targets: &[String]) -> Result<(Found, Vec<Asked>), Vec<Diagnostic>> {
    let tree = &*settings.tree;
    let mut errors = Vec::new();
    let mut asked = Vec::new();
    for target in targets {
        match Scope::parse(&settings.here, target, tree) {
            Ok(Scope::File(path)) if is_test(path.file_name()) => {
                errors.push(Diagnostic::error(format!("{path} is a test, not an entry")));
            }
            Ok(Scope::File(path)) => {
                let name = path.file_name();
                let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
                asked.push(Asked { path, name });
            }
            // A name of an entry may well be that of a folder beside it.
            Ok(Scope::Folder(_) | Scope::Glob(_)) | Err(_) => match alias(tree, &settings.here, target) {
                Ok(path) => asked.push(Asked { path, name: target.clone() }),
                Err(found) => errors.extend(found),
            },
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let scopes = if targets.is_empty() {
        settings.below_here()
    } else {
        asked.iter().map(|asked| Scope::File(asked.path.clone())).collect()
    };
    let request = Request { scopes, named_are_entries: true, ..Request::default() };
    let mut found = discover(tree, &request, &compile::specifiers);
    if found.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(found.diagnostics);
    }
    found.tests.clear();
    if targets.is_empty() {
        asked = all(&found);
    }
    Ok((found, asked))
}

/// Every entry that was found, under each of its names; below its project's folder where there are several projects.
fn all(found: &Found) -> Vec<Asked> {
    let projects: BTreeSet<usize> = found.entries.iter().map(|entry| entry.project).collect();
    let mut asked = Vec::new();
    for entry in &found.entries {
        let root = &found.projects[entry.project].root;
        let folder = if projects.len() > 1 && !root.is_root() { format!("{root}/") } else { String::new() };
        for alias in &entry.aliases {
            asked.push(Asked { path: entry.path.clone(), name: format!("{folder}{alias}") });
        }
        if entry.aliases.is_empty() {
            let inside = entry.path.as_str().strip_prefix(&format!("{root}/")).unwrap_or(entry.path.as_str());
            let stem = inside.rsplit_once('.').map_or(inside, |(stem, _)| stem);
            asked.push(Asked { path: entry.path.clone(), name: format!("{folder}{stem}") });
        }
    }
    asked
}

/// The exit status of the first entry that failed, in the order in which they were asked for.
fn judged(settings: &Settings, asked: &[Asked], rendered: &Rendered, exit: Exit) -> Exit {
    if asked.is_empty() {
        let (status, diagnostic) = nothing(NoTests::Fail, "no entries were found");
        tell(
            diagnostic.map(|diagnostic| Diagnostic { help: None, ..diagnostic }).as_slice(),
            settings.color_errors,
        );
        return exit.or(status);
    }
    let failed = asked.iter().filter_map(|asked| rendered.0.get(&asked.path)).find_map(|file| {
        let failure = file.cases.iter().flat_map(|case| &case.failures).next()?;
        Some(match failure.kind {
            FailureKind::Compile => Exit::Compile,
            FailureKind::BuildContract | FailureKind::Validation => Exit::Invalid,
            FailureKind::Assertion
            | FailureKind::Thrown
            | FailureKind::UnhandledRejection
            | FailureKind::Timeout
            | FailureKind::NeverSettles
            | FailureKind::OutOfMemory
            | FailureKind::StackOverflow
            | FailureKind::Load
            | FailureKind::NoTests
            | FailureKind::Types
            | FailureKind::Nondeterminism
            | FailureKind::WrongCache
            | FailureKind::Interrupted => Exit::Runtime,
            FailureKind::Internal => Exit::Failed,
        })
    });
    match (failed, exit) {
        (Some(status), Exit::Failed) => status,
        (Some(status), _) => exit.or(status),
        (None, _) => exit,
    }
}

/// Keeps what became of each entry.
#[derive(Default)]
struct Rendered(BTreeMap<RelPath, Arc<FileResult>>);

impl Sink for &mut Rendered {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::FileFinished(file) => {
                self.0.insert(file.path.clone(), Arc::clone(file));
            }
            Event::RunStarted(_)
            | Event::FileStarted { .. }
            | Event::CasesFinished { .. }
            | Event::DiffFinished(_)
            | Event::CoverageFinished(_)
            | Event::RunFinished(_) => {}
        }
        Ok(())
    }
}

impl Rendered {
    /// The YAML of an entry that could be rendered. What is found of its resources does not hold it back: who asks for
    /// YAML wants to see it, and the exit status says that it is not valid.
    fn yaml(&self, asked: &Asked) -> Option<String> {
        let documents = self.0.get(&asked.path)?.documents.as_ref()?;
        Some(yaml::write(documents))
    }
}

/// Where the YAML goes.
#[derive(Debug, PartialEq, Eq)]
enum Output {
    Stdout,
    /// All entries go into one file.
    File(PathBuf),
    /// Each entry goes into a file of its own.
    Folder(PathBuf),
}

impl Output {
    fn new(output: Option<&Path>, asked: &[Asked]) -> Result<Output, Vec<Diagnostic>> {
        let Some(path) = output else { return Ok(Output::Stdout) };
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml && !path.is_dir() {
            return Ok(Output::File(path.to_owned()));
        }
        let mut errors = Vec::new();
        let mut taken: BTreeMap<&str, &RelPath> = BTreeMap::new();
        for Asked { path: entry, name } in asked {
            // Names come from files that anybody may have written.
            if is_absolute(name) || RelPath::new(name).is_none_or(|path| path.is_root()) {
                errors.push(
                    Diagnostic::error(format!(
                        "the entry `{name}` cannot be written below {}",
                        path.display()
                    ))
                    .help("its name is no path inside that folder: write it to a file with -o FILE.yaml"),
                );
            }
            if let Some(other) = taken.insert(name, entry).filter(|other| *other != entry) {
                errors.push(
                    Diagnostic::error(format!("{other} and {entry} would both be written to {name}.yaml"))
                        .help("render them one by one, or give them names in [entries]"),
                );
            }
        }
        if errors.is_empty() { Ok(Output::Folder(path.to_owned())) } else { Err(errors) }
    }

    /// Writes every entry that could be rendered; into one file, only when all could.
    fn write(&self, asked: &[Asked], rendered: &Rendered) -> Result<(), Diagnostic> {
        let written = |path: &Path, text: &str| {
            let write = || Target::open(path)?.write(text.as_bytes());
            write().map_err(|error| Diagnostic::error(format!("writing {}: {error}", path.display())))
        };
        let together =
            || asked.iter().filter_map(|asked| rendered.yaml(asked)).filter(|text| !text.is_empty());
        match self {
            Output::Stdout => {
                let text = together().collect::<Vec<_>>().join("---\n");
                let mut out = io::stdout().lock();
                let write = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                write.map_err(|error| Diagnostic::error(format!("writing the standard output: {error}")))
            }
            Output::File(path) => {
                if asked.iter().any(|asked| rendered.yaml(asked).is_none()) {
                    return Ok(());
                }
                written(path, &together().collect::<Vec<_>>().join("---\n"))
            }
            Output::Folder(folder) => asked.iter().try_for_each(|asked| match rendered.yaml(asked) {
                Some(text) => written(&folder.join(format!("{}.yaml", asked.name)), &text),
                None => Ok(()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, name: &str) -> Asked {
        Asked { path: RelPath::new(path).unwrap(), name: name.to_owned() }
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        for name in ["../x", "/etc/passwd", "a/../../b", "", "."] {
            assert!(Output::new(Some(Path::new("out")), &[asked("a.ts", name)]).is_err(), "{name}");
        }
        let entries = [asked("a.ts", "dev"), asked("b.ts", "apps/web")];
        assert_eq!(Output::new(Some(Path::new("out")), &entries), Ok(Output::Folder(PathBuf::from("out"))));
        assert_eq!(Output::new(Some(Path::new("a.yml")), &entries), Ok(Output::File(PathBuf::from("a.yml"))));
        assert_eq!(Output::new(None, &entries), Ok(Output::Stdout));
    }

    #[test]
    fn two_entries_do_not_share_a_file() {
        let entries = [asked("a/main.ts", "main"), asked("b/main.ts", "main")];
        let errors = Output::new(Some(Path::new("out")), &entries).unwrap_err();
        assert!(
            errors[0].to_string().starts_with("a/main.ts and b/main.ts would both be written to main.yaml")
        );
        let twice = [asked("a.ts", "dev"), asked("a.ts", "dev")];
        assert!(Output::new(Some(Path::new("out")), &twice).is_ok());
    }
}
