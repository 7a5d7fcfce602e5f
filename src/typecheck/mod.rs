//! Types, checked by the repository's own TypeScript compiler against generated declarations.

mod output;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::diagnostic::{Place, Snippet};
use crate::event::{
    CaseResult, CaseStatus, Failure, FailureKind, FileKind, FileResult, FileStatus, Reads, SnapshotCounts,
};
use crate::tree::{RelPath, SourceTree};
use output::{Told, parse};

/// How often it is looked whether the compiler has ended.
const LOOK: Duration = Duration::from_millis(10);

/// How much of what the compiler prints is read, in bytes.
const MAX_OUTPUT: u64 = 16 << 20;

/// How many mistakes of a file are told.
const MAX_TOLD: usize = 50;

/// A check of a project's types.
pub struct Check {
    /// What stands for it in reports: the project's `tsconfig.json`, which need not be there.
    pub path: RelPath,
    /// The root of the project.
    pub project: RelPath,
    /// The files that are checked, with all that they import.
    pub files: Vec<RelPath>,
    /// The compiler.
    pub program: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
    /// The folder that the compiler runs in: that of the project.
    pub folder: PathBuf,
    /// How long it may take.
    pub deadline: Duration,
    /// The files of the repository.
    pub tree: Arc<dyn SourceTree>,
    /// The folder that the declarations are in, which lives as long as the check.
    pub declarations: tempfile::TempDir,
    /// Variables that the compiler does not get: it is the code of others, which no token is for.
    pub withheld: Vec<std::ffi::OsString>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check")
            .field("path", &self.path)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

/// How a compiler ended.
struct Ended {
    status: Option<i32>,
    said: String,
}

impl Check {
    /// Runs the compiler. `is_over` says when nobody wants to know any more.
    pub fn run(&self, is_over: &dyn Fn() -> bool) -> FileResult {
        let (start, started) = (Instant::now(), SystemTime::now());
        let cases = match self.compile(is_over) {
            Ok(ended) => self.judge(&ended),
            Err(failure) => vec![case(self.path.file_name(), None, vec![*failure])],
        };
        let result = self.result(cases);
        FileResult { started: Some(started), duration: start.elapsed(), ..result }
    }

    /// What is told when husako-ci itself fails.
    pub fn failed(&self, reason: &str) -> FileResult {
        let failure = failure(FailureKind::Internal, format!("checking types: {reason}"));
        self.result(vec![case(self.path.file_name(), None, vec![failure])])
    }

    fn result(&self, cases: Vec<CaseResult>) -> FileResult {
        let has_failed = cases.iter().any(|case| case.status.is_failure());
        FileResult {
            path: self.path.clone(),
            kind: FileKind::Types,
            project: self.project.clone(),
            status: if has_failed { FileStatus::Failed } else { FileStatus::Passed },
            started: None,
            duration: Duration::ZERO,
            cases,
            output: Vec::new(),
            filtered_out: 0,
            reads: Reads::default(),
            is_cached: false,
            snapshots: SnapshotCounts::default(),
            obsolete_snapshots: Vec::new(),
            documents: None,
        }
    }

    fn compile(&self, is_over: &dyn Fn() -> bool) -> Result<Ended, Box<Failure>> {
        let internal = |error: io::Error| {
            let message = format!("running {}: {error}", self.program.display());
            Box::new(failure(FailureKind::Internal, message))
        };
        // A file, so that nobody has to read along, and whatever is printed fits.
        let output = tempfile::tempfile().map_err(internal)?;
        let mut command = Command::new(&self.program);
        command
            .args(["--pretty", "false", "--project"])
            .arg(&self.config)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(internal)?)
            .stderr(output.try_clone().map_err(internal)?);
        for variable in &self.withheld {
            command.env_remove(variable);
        }
        // What it starts is ended with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut running = Running(command.spawn().map_err(internal)?);
        let until = Instant::now() + self.deadline;
        loop {
            if let Some(status) = running.0.try_wait().map_err(internal)? {
                let said = read(output).map_err(internal)?;
                return Ok(Ended { status: status.code(), said });
            }
            if is_over() {
                return Err(Box::new(failure(
                    FailureKind::Interrupted,
                    "the run was interrupted".to_owned(),
                )));
            }
            if Instant::now() > until {
                let message = format!("the compiler took longer than {:?}", self.deadline);
                let failure = failure(FailureKind::Timeout, message);
                let help = Some("--timeout-ms gives it more time".to_owned());
                return Err(Box::new(Failure { help, ..failure }));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// A case for each file: what the compiler says of it.
    fn judge(&self, ended: &Ended) -> Vec<CaseResult> {
        let mut failures: BTreeMap<RelPath, Vec<Failure>> =
            self.files.iter().map(|file| (file.clone(), Vec::new())).collect();
        let mut elsewhere = Vec::new();
        for told in parse(&ended.said) {
            match told.at.as_ref().and_then(|at| self.located(&at.path)) {
                Some(path) => {
                    let failure = self.failure(&path, &told);
                    failures.entry(path).or_default().push(failure);
                }
                None => elsewhere.push(self.placeless(&told)),
            }
        }
        let is_quiet = elsewhere.is_empty() && failures.values().all(Vec::is_empty);
        if is_quiet && ended.status != Some(0) {
            let said: Vec<&str> = ended.said.lines().rev().take(5).collect();
            let said: Vec<&str> = said.into_iter().rev().collect();
            let status = ended.status.map_or("a signal".to_owned(), |status| format!("status {status}"));
            let message = format!("{} ended with {status}: {}", self.name(), said.join("\n"));
            elsewhere.push(failure(FailureKind::Internal, message.trim_end_matches([':', ' ']).to_owned()));
        }
        let mut cases = Vec::new();
        if !elsewhere.is_empty() {
            cases.push(case(self.path.file_name(), None, cut(elsewhere)));
        }
        for (path, failures) in failures {
            let name = path.relative_to(&self.project).unwrap_or(path.as_str()).to_owned();
            let place = Place { path: path.clone(), line: 1, column: 1 };
            cases.push(case(&name, Some(place), cut(failures)));
        }
        cases
    }

    fn name(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The path in the repository of what the compiler names, if it lies there.
    fn located(&self, path: &str) -> Option<RelPath> {
        let absolute = lexical(&self.folder.join(path));
        let found = self.tree.relative(&absolute)?;
        self.tree.is_file(&found).then_some(found)
    }

    fn failure(&self, path: &RelPath, told: &Told) -> Failure {
        let text = self.tree.read(path).unwrap_or_default();
        let (line, utf16) = told.at.as_ref().map_or((1, 1), |at| (at.line, at.column));
        let source = text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
        let column = column(source, utf16);
        let rest = source.chars().skip(column.saturating_sub(1) as usize);
        let width = rest.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$')).count().max(1) as u32;
        Failure {
            place: Some(Place { path: path.clone(), line, column }),
            snippet: Snippet::new(&text, line, column, width),
            ..self.placeless(&Told { at: None, ..told.clone() })
        }
    }

    fn placeless(&self, told: &Told) -> Failure {
        let Told { at, code, message } = told;
        // Neither the folder of the declarations nor anything else outside of the repository means something to others.
        let at = at.as_ref().map_or_else(String::new, |at| {
            let name = at.path.rsplit_once("/.husako/").map_or(at.path.as_str(), |(_, name)| name);
            format!("{name}:{}:{}: ", at.line, at.column)
        });
        let folder = self.declarations.path().to_string_lossy().into_owned();
        let message = format!("{at}{message}").replace(&format!("{folder}/"), "").replace(&folder, "");
        Failure { type_name: code.clone(), ..failure(FailureKind::Types, message) }
    }
}

/// A compiler that is ended with what it has started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read(mut output: File) -> io::Result<String> {
    output.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    output.take(MAX_OUTPUT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A path without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => _ = found.pop(),
            std::path::Component::CurDir => {}
            part => found.push(part),
        }
    }
    found
}

/// A column in code points, from one in UTF-16 units; both from 1.
fn column(line: &str, utf16: u32) -> u32 {
    let mut units = 0;
    let before = line.chars().take_while(|c| {
        units += c.len_utf16() as u32;
        units < utf16
    });
    before.count() as u32 + 1
}

fn cut(mut failures: Vec<Failure>) -> Vec<Failure> {
    let more = failures.len().saturating_sub(MAX_TOLD);
    failures.truncate(MAX_TOLD);
    if more > 0 {
        failures.push(failure(FailureKind::Types, format!("and {more} more")));
    }
    failures
}

fn failure(kind: FailureKind, message: String) -> Failure {
    Failure {
        kind,
        type_name: kind.name().to_owned(),
        message,
        comparison: None,
        place: None,
        json_path: None,
        snippet: None,
        frames: Vec::new(),
        help: None,
        causes: Vec::new(),
    }
}

fn case(name: &str, place: Option<Place>, failures: Vec<Failure>) -> CaseResult {
    CaseResult {
        name: name.to_owned(),
        place,
        status: CaseStatus::of(&failures),
        duration: Duration::ZERO,
        attempts: Vec::new(),
        failures,
        warnings: Vec::new(),
        output: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_code_points() {
        assert_eq!(column("const a = 1;", 7), 7);
        assert_eq!(column("\"🦀🦀\" + x", 9), 7);
        assert_eq!(column("ö + x", 5), 5);
        assert_eq!(column("", 5), 1);
    }

    #[test]
    fn paths_are_made_plain() {
        assert_eq!(lexical(Path::new("/a/b/../c/./d")), Path::new("/a/c/d"));
    }
}
