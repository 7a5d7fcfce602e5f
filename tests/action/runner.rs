//! What GitHub's runner does with a composite action, as far as ours needs it: inputs and their defaults, expressions,
//! `shell: bash`, outputs of steps and of the action.
//!
//! As described at <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax> and
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell>.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_yaml_ng::Value;
use tempfile::TempDir;

use crate::release::{Member, Releases, archive, program};

pub const TOKEN: &str = "ghs_token";
pub const LINUX: &str = "x86_64-unknown-linux-musl";

/// The repository, which is the action's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A job on a runner, in folders that go with it. It has a local mirror with one release of the action's own version.
#[derive(Debug)]
pub struct Job {
    folder: TempDir,
    pub releases: Releases,
    inputs: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
}

/// How the action ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status of the last step that ran.
    pub status: i32,
    pub log: String,
    /// The messages of `::error`, as a person reads them.
    pub errors: Vec<String>,
    /// The same for `::warning` and `::notice`.
    pub remarks: Vec<String>,
    pub outputs: BTreeMap<String, String>,
    /// The runs of the program.
    pub runs: Vec<Run>,
}

/// A run of the program, as it has seen it.
#[derive(Debug)]
pub struct Run {
    pub program: String,
    pub arguments: Vec<String>,
    pub folder: PathBuf,
    pub token: String,
}

impl Job {
    pub fn new() -> Job {
        let folder = TempDir::new().unwrap();
        let base = folder.path().canonicalize().unwrap();
        for name in ["workspace", "temp", "tools", "home", "record"] {
            fs::create_dir(base.join(name)).unwrap();
        }
        let releases = Releases::in_folder(&base.join("mirror"));
        let path = |name: &str| base.join(name).to_string_lossy().into_owned();
        let environment = [
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", path("home")),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_EVENT_NAME", "push".to_owned()),
            ("GITHUB_ACTION_PATH", root().to_string_lossy().into_owned()),
            ("GITHUB_WORKSPACE", path("workspace")),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_TEMP", path("temp")),
            ("RUNNER_TOOL_CACHE", path("tools")),
            ("RECORD", path("record")),
        ];
        let mut job = Job {
            releases,
            folder,
            inputs: BTreeMap::new(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        job.releases.add(
            env!("CARGO_PKG_VERSION"),
            LINUX,
            &archive(&[Member::File("husako-ci", &program("released"))]),
        );
        job.input("download-url", &path("mirror"));
        job.input("checksums-file", &path("mirror/sums.txt"));
        job
    }

    /// A folder of the runner: `workspace`, `temp`, `tools` or `mirror`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Sets an input, as the workflow's `with` does.
    pub fn input(&mut self, name: &str, value: &str) -> &mut Job {
        self.inputs.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets a variable of the environment, as the workflow or the runner does.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Job {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Puts a file that can be run into the workspace.
    pub fn script(&self, path: &str, content: &[u8]) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path("workspace").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Lets the steps have only these programs.
    pub fn only(&mut self, programs: &[&str]) -> &mut Job {
        let folder = self.path("home").join("bin");
        fs::create_dir_all(&folder).unwrap();
        let found = std::env::var_os("PATH").unwrap();
        for program in programs {
            let path =
                std::env::split_paths(&found).map(|folder| folder.join(program)).find(|path| path.exists());
            std::os::unix::fs::symlink(path.unwrap_or_else(|| panic!("no {program}")), folder.join(program))
                .unwrap();
        }
        self.set("PATH", &folder.to_string_lossy())
    }

    /// Runs the action's steps one after the other, and ends with the first that fails.
    pub fn run(&self) -> Outcome {
        let action: Value =
            serde_yaml_ng::from_str(&fs::read_to_string(root().join("action.yml")).unwrap()).unwrap();
        let mut context = BTreeMap::from([("github.token".to_owned(), TOKEN.to_owned())]);
        for (name, input) in action["inputs"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            let value = match self.inputs.get(name) {
                Some(given) => given.clone(),
                None => evaluated(input["default"].as_str().unwrap(), &context),
            };
            context.insert(format!("inputs.{name}"), value);
        }
        for name in self.inputs.keys() {
            assert!(context.contains_key(&format!("inputs.{name}")), "the action has no input '{name}'");
        }
        let mut outcome = Outcome {
            status: 0,
            log: String::new(),
            errors: Vec::new(),
            remarks: Vec::new(),
            outputs: BTreeMap::new(),
            runs: Vec::new(),
        };
        for (at, step) in action["runs"]["steps"].as_sequence().unwrap().iter().enumerate() {
            assert_eq!(step["shell"], "bash");
            let id = step["id"].as_str().unwrap();
            let script = self.path("temp").join(format!("step {at}.sh"));
            let output = self.path("temp").join(format!("output {at}"));
            fs::write(&script, step["run"].as_str().unwrap()).unwrap();
            fs::write(&output, "").unwrap();
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(&script);
            command.env_clear().envs(&self.environment).env("GITHUB_OUTPUT", &output);
            for (name, value) in step["env"].as_mapping().unwrap() {
                command.env(name.as_str().unwrap(), evaluated(value.as_str().unwrap(), &context));
            }
            command.current_dir(self.path("workspace")).stdin(Stdio::null());
            let ended = command.output().unwrap();
            outcome.status = ended.status.code().expect("no signal ends a step");
            outcome.log += &String::from_utf8_lossy(&ended.stdout);
            outcome.log += &String::from_utf8_lossy(&ended.stderr);
            for (name, value) in outputs(&fs::read_to_string(&output).unwrap()) {
                context.insert(format!("steps.{id}.outputs.{name}"), value);
            }
            if outcome.status != 0 {
                break;
            }
        }
        for line in outcome.log.lines().filter(|line| line.starts_with("::")) {
            let (kind, message) =
                line.split_once(" title=husako-ci::").unwrap_or_else(|| panic!("a foreign command: {line}"));
            let message = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
            match kind {
                "::error" => outcome.errors.push(message),
                "::warning" | "::notice" => outcome.remarks.push(message),
                other => panic!("an unexpected command: {other}"),
            }
        }
        for (name, output) in action["outputs"].as_mapping().unwrap() {
            let value = evaluated(output["value"].as_str().unwrap(), &context);
            outcome.outputs.insert(name.as_str().unwrap().to_owned(), value);
        }
        outcome.runs = self.recorded();
        assert!(!outcome.log.contains(TOKEN), "the token is in the log: {}", outcome.log);
        outcome
    }

    fn recorded(&self) -> Vec<Run> {
        let folders = fs::read_dir(self.path("record")).unwrap().map(|entry| entry.unwrap().path());
        let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
        folders
            .map(|folder| Run {
                program: read(&folder, "program"),
                arguments: read(&folder, "arguments").split_terminator('\0').map(str::to_owned).collect(),
                folder: read(&folder, "folder").into(),
                token: read(&folder, "token"),
            })
            .collect()
    }

    /// Whether a value of an input was executed: such ones make a file `pwned`.
    pub fn is_pwned(&self) -> bool {
        fn has(folder: &Path) -> bool {
            fs::read_dir(folder).unwrap().any(|entry| {
                let entry = entry.unwrap();
                entry.file_name() == "pwned" || entry.file_type().unwrap().is_dir() && has(&entry.path())
            })
        }
        has(&self.path(""))
    }
}

impl Outcome {
    /// The only run, of an action that ended well.
    #[track_caller]
    pub fn ran(&self) -> &Run {
        assert_eq!(self.status, 0, "{self:#?}");
        assert_eq!(self.errors, Vec::<String>::new());
        assert_eq!(self.runs.len(), 1, "it runs exactly once: {self:#?}");
        &self.runs[0]
    }

    /// Asserts that nothing was run, and that the only error says this.
    #[track_caller]
    pub fn refused(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, status, "{self:#?}");
        assert!(self.runs.is_empty(), "{self:#?}");
        assert_eq!(self.errors.len(), 1, "{self:#?}");
        for part in parts {
            assert!(self.errors[0].contains(part), "no '{part}' in: {}", self.errors[0]);
        }
    }
}

/// Evaluates a value that is text, or one expression that is a name.
fn evaluated(text: &str, context: &BTreeMap<String, String>) -> String {
    match text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) {
        Some(name) => context.get(name).cloned().unwrap_or_default(),
        None => {
            assert!(!text.contains("${{"), "more than one name: {text}");
            text.to_owned()
        }
    }
}

/// Reads a `GITHUB_OUTPUT` file: `name=value`, or `name<<end`, lines, and `end`.
fn outputs(file: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lines = file.lines();
    while let Some(line) = lines.next() {
        if let Some((name, end)) = line.split_once("<<").filter(|(name, _)| !name.contains('=')) {
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            found.insert(name.to_owned(), value.join("\n"));
        } else {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("not an output: {line}"));
            found.insert(name.to_owned(), value.to_owned());
        }
    }
    found
}
