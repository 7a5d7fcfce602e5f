//! The scripts of the release workflow, in a repository of our own, with a `gh` that writes down what it was asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_yaml_ng::Value;
use tempfile::TempDir;

use crate::release::program;
use crate::runner::{Job, LINUX, root};

const TARGETS: [&str; 5] = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    LINUX,
];

/// A checkout with version 1.2.3 to be released, its origin, and what was built.
struct Checkout {
    folder: TempDir,
    head: String,
}

/// How a step ended.
struct Step {
    passed: bool,
    log: String,
    output: String,
    /// What `gh` was asked, a line each.
    asked: Vec<String>,
}

impl Checkout {
    fn new() -> Checkout {
        let mut checkout = Checkout { folder: TempDir::new().unwrap(), head: String::new() };
        checkout.write("Cargo.toml", "[package]\nname = \"husako-ci\"\nversion = \"1.2.3\"\n");
        checkout.write(
            "CHANGELOG.md",
            "# Changelog\n\n## [1.2.3] - 2030-01-02\n\n- What is new.\n\n## [1.2.2]\n\n- Old.\n",
        );
        checkout.write("action/checksums.txt", "# Sums.\n");
        checkout.git(&["init", "--quiet", "--initial-branch=main"]);
        checkout.git(&["add", "."]);
        checkout.git(&[
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "commit",
            "--quiet",
            "--message=C",
        ]);
        checkout.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../origin.git"]);
        checkout.git(&["remote", "add", "origin", "../origin.git"]);
        checkout.git(&["push", "--quiet", "origin", "main"]);
        checkout.head = checkout.git(&["rev-parse", "HEAD"]);
        for target in TARGETS {
            let name = if target.contains("windows") { "husako-ci.exe" } else { "husako-ci" };
            let content = program("packed");
            checkout.write(&format!("programs/{target}/{name}"), std::str::from_utf8(&content).unwrap());
        }
        checkout
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("checkout").join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), content).unwrap();
    }

    /// A command in the checkout that knows no settings of this machine.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.folder.path());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.current_dir(self.path("")).stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        let output = self.command("git").args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs a step of the workflow, with a `gh` that runs this script.
    fn step(&self, job: &str, name: &str, gh: &str, environment: &[(&str, &str)]) -> Step {
        use std::os::unix::fs::PermissionsExt;
        let workflow = fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
        let workflow: Value = serde_yaml_ng::from_str(&workflow).unwrap();
        let steps = workflow["jobs"][job]["steps"].as_sequence().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        let file = |name: &str| self.folder.path().join(name);
        fs::create_dir_all(file("bin")).unwrap();
        fs::write(file("bin/gh"), format!("#!/bin/sh\necho \"$*\" >>\"$ASKED\"\n{gh}\n")).unwrap();
        fs::set_permissions(file("bin/gh"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(file("script"), step["run"].as_str().unwrap()).unwrap();
        fs::write(file("output"), "").unwrap();
        fs::write(file("asked"), "").unwrap();
        let mut command = self.command("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(file("script"));
        let path = format!("{}:{}", file("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("ASKED", file("asked")).env("GITHUB_OUTPUT", file("output"));
        command
            .env("GITHUB_SHA", &self.head)
            .env("GITHUB_REF", "refs/heads/main")
            .env("GITHUB_REPOSITORY", "o/r");
        command.envs(environment.iter().copied());
        let ended = command.output().unwrap();
        let read = |name: &str| fs::read_to_string(file(name)).unwrap();
        Step {
            passed: ended.status.success(),
            log: String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned(),
            output: read("output"),
            asked: read("asked").lines().map(str::to_owned).collect(),
        }
    }

    #[track_caller]
    fn pack(&self) {
        let packed = self.step("publish", "Pack the archives", "exit 1", &[("VERSION", "1.2.3")]);
        assert!(packed.passed, "{}", packed.log);
    }

    #[track_caller]
    fn commit(&self) {
        let committed = self.step("publish", "Commit the table", "exit 1", &[("TAG", "v1.2.3")]);
        assert!(committed.passed, "{}", committed.log);
    }
}

/// Whether the system's tar takes the options that the workflow gives to that of Ubuntu.
fn has_gnu_tar() -> bool {
    let version = Command::new("tar").arg("--version").output().unwrap().stdout;
    let gnu = String::from_utf8_lossy(&version).contains("GNU tar");
    if !gnu {
        eprintln!("skipped: tar is not GNU tar");
    }
    gnu
}

#[test]
fn only_what_is_ready_is_released() {
    let checkout = Checkout::new();
    // No such tag, and one run of CI that passed.
    let ready = "if [ \"$1\" = api ]; then exit 1; fi; echo 1";
    let plan = |gh: &str, version: &str, branch: &str| {
        let name = "Check that this commit may become this version";
        checkout.step("plan", name, gh, &[("VERSION", version), ("GITHUB_REF", branch)])
    };
    let main = "refs/heads/main";
    let good = plan(ready, "1.2.3", main);
    assert!(good.passed, "{}", good.log);
    assert_eq!(good.output, "tag=v1.2.3\nmajor=v1\n");
    for (gh, version, branch, told) in [
        (ready, "1.2.3", "refs/heads/other", "from main"),
        (ready, "1.2", main, "not like 1.2.3"),
        (ready, "1.2.3\nx", main, "not like 1.2.3"),
        (ready, "1.2.4", main, "Cargo.toml has another version"),
        ("echo 1", "1.2.3", main, "the tag v1.2.3 is there already"),
        ("if [ \"$1\" = api ]; then exit 1; fi; echo 0", "1.2.3", main, "CI has not passed"),
    ] {
        let bad = plan(gh, version, branch);
        assert!(!bad.passed && bad.log.contains(told) && bad.output.is_empty(), "{told}: {}", bad.log);
    }
    checkout.write("Cargo.toml", "version = \"2.0.0-rc.1\"\n");
    let bad = plan(ready, "2.0.0-rc.1", main);
    assert!(!bad.passed && bad.log.contains("CHANGELOG.md has no heading"), "{}", bad.log);
    checkout.write("CHANGELOG.md", "## [2.0.0-rc.1]\n");
    assert_eq!(
        plan(ready, "2.0.0-rc.1", main).output,
        "tag=v2.0.0-rc.1\nmajor=\n",
        "a candidate moves no major tag"
    );
}

#[test]
fn what_is_packed_is_the_same_each_time_and_is_what_the_action_takes() {
    if !has_gnu_tar() {
        return;
    }
    let checkout = Checkout::new();
    checkout.pack();
    let table = fs::read_to_string(checkout.path("action/checksums.txt")).unwrap();
    assert_eq!(table.lines().count(), 1 + TARGETS.len(), "{table}");

    let mut job = Job::new();
    fs::create_dir(job.path("mirror/v1.2.3")).unwrap();
    for target in TARGETS {
        let name = format!("husako-ci-1.2.3-{target}.tar.gz");
        fs::copy(checkout.path("dist").join(&name), job.path("mirror/v1.2.3").join(&name)).unwrap();
    }
    let sums = checkout.path("action/checksums.txt");
    job.input("version", "1.2.3").input("checksums-file", &sums.to_string_lossy());
    assert_eq!(job.run().ran().program, "packed");

    fs::remove_dir_all(checkout.path("dist")).unwrap();
    checkout.git(&["checkout", "--quiet", "action/checksums.txt"]);
    touch(&checkout.path("programs"));
    checkout.pack();
    assert_eq!(fs::read_to_string(sums).unwrap(), table);
}

/// Gives every file below a folder another time of change and other permissions.
fn touch(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            touch(&path);
        } else {
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[test]
fn the_release_is_a_commit_in_which_only_the_table_differs() {
    if !has_gnu_tar() {
        return;
    }
    let checkout = Checkout::new();
    checkout.pack();
    checkout.commit();
    assert_eq!(checkout.git(&["rev-parse", "v1.2.3^{commit}^"]), checkout.head);
    assert_eq!(checkout.git(&["diff", "--name-only", "HEAD^", "HEAD"]), "action/checksums.txt");

    let gh = "if [ \"$2\" = view ]; then exit 1; fi";
    let environment = [("VERSION", "1.2.3"), ("TAG", "v1.2.3")];
    let published = checkout.step("publish", "Publish", gh, &environment);
    assert!(published.passed, "{}", published.log);
    let asked: Vec<&str> = published.asked.iter().map(|line| line.split(" dist/").next().unwrap()).collect();
    assert_eq!(
        asked,
        [
            "release view v1.2.3 --json isDraft --jq .isDraft",
            "release create v1.2.3 --draft --title v1.2.3 --notes-file notes.md",
            "auth setup-git",
            "release edit v1.2.3 --draft=false --verify-tag",
        ]
    );
    assert_eq!(fs::read_to_string(checkout.path("notes.md")).unwrap().trim(), "- What is new.");
    let release = checkout.git(&["rev-parse", "HEAD"]);
    let there = checkout.git(&["ls-remote", "origin", "refs/heads/main", "refs/tags/v1.2.3^{}"]);
    assert_eq!(there.matches(&release).count(), 2, "{there}");

    let followed = checkout.step("follow", "Move it", "", &[("MAJOR", "v1")]);
    assert!(followed.passed, "{}", followed.log);
    assert!(checkout.git(&["ls-remote", "origin", "refs/tags/v1"]).starts_with(&release));
}

#[test]
fn nothing_is_published_when_main_has_moved_meanwhile() {
    if !has_gnu_tar() {
        return;
    }
    let checkout = Checkout::new();
    checkout.git(&[
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "commit",
        "--quiet",
        "--allow-empty",
        "--message=D",
    ]);
    checkout.git(&["push", "--quiet", "origin", "main"]);
    checkout.git(&["reset", "--quiet", "--hard", &checkout.head]);
    checkout.pack();
    checkout.commit();
    let published = checkout.step("publish", "Publish", "", &[("VERSION", "1.2.3"), ("TAG", "v1.2.3")]);
    assert!(!published.passed);
    assert!(!published.asked.iter().any(|line| line.contains("--draft=false")), "{:?}", published.asked);
    assert_eq!(checkout.git(&["ls-remote", "origin", "refs/tags/*"]), "");
}
