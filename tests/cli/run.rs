//! Projects in temporary folders, and the program run on them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A project in a folder that goes with it.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Run {
    /// The exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A run with both of its reports.
#[derive(Debug)]
pub struct Reported {
    pub run: Run,
    pub json: Value,
    pub junit: String,
}

impl Project {
    /// A project of these files, by path and content. There is a `husako.toml` in any case.
    pub fn of(files: &[(&str, &str)]) -> Project {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("husako.toml"), "").unwrap();
        let project = Project { folder };
        for (path, content) in files {
            project.write(path, content);
        }
        project
    }

    /// A copy of `fixtures/<name>`.
    pub fn fixture(name: &str) -> Project {
        let project = Project::of(&[]);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name), project.path());
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, content: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn exists(&self, path: &str) -> bool {
        self.path().join(path).exists()
    }

    /// The program, to be run in a folder of the project, without what the surroundings would tell it.
    pub fn command_in(&self, folder: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_husako-ci"));
        for (name, _) in std::env::vars_os() {
            if is_telling(&name) {
                command.env_remove(name);
            }
        }
        // What a test sees ran for it.
        command.env("HUSAKO_CI_CACHE", "off");
        command.current_dir(self.path().join(folder)).stdin(Stdio::null());
        command
    }

    pub fn command(&self) -> Command {
        self.command_in("")
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command().args(args))
    }

    pub fn run_in(&self, folder: &str, args: &[&str]) -> Run {
        Run::of(self.command_in(folder).args(args))
    }

    /// Runs with both reports, which are written outside of the project.
    pub fn report(&self, args: &[&str]) -> Reported {
        let reports = TempDir::new().unwrap();
        let path = |name: &str| -> PathBuf { reports.path().join(name) };
        let mut command = self.command();
        command.args(args).arg("--json").arg(path("out.json")).arg("--junit").arg(path("out.xml"));
        let run = Run::of(&mut command);
        let read = |name: &str| {
            fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{run:?}"))
        };
        let (json, junit) = (read("out.json"), read("out.xml"));
        Reported { run, json: serde_json::from_str(&json).unwrap(), junit }
    }
}

impl Run {
    pub fn of(command: &mut Command) -> Run {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is UTF-8");
        Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Asserts the exit status, and shows everything if it is another.
    #[track_caller]
    pub fn exits_with(&self, status: i32) -> &Run {
        assert_eq!(self.status, Some(status), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// Whether a variable of the environment says where the program runs, or how it should print.
fn is_telling(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["GITHUB_", "RUNNER_", "ACTIONS_", "INPUT_", "HUSAKO", "CLICOLOR", "GIT_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || ["CI", "NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "RUST_BACKTRACE"].contains(&&*name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
