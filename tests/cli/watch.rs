//! `--watch`: what is run again, and when.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::Value;

use crate::run::{Project, Run};

/// Far longer than anything takes, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

const LIB: &str = "export const answer = 42;\n";
const USES_LIB: &str = "import { expect, test } from \"husako/test\";\nimport { answer } from \"./lib\";\n\
                        test(\"answer\", () => { expect(answer).toBe(42); });\n";
const ALONE: &str = "import { test } from \"husako/test\";\ntest(\"alone\", () => {});\n";

/// The program while it watches a project.
struct Watching {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Watching {
    fn start(project: &Project, args: &[&str]) -> Watching {
        let mut command = project.command();
        command.arg("--watch").args(args);
        // One pipe for both streams keeps their order.
        let (output, told) = std::io::pipe().unwrap();
        command.stdin(Stdio::piped()).stdout(told.try_clone().unwrap()).stderr(told);
        let mut child = command.spawn().unwrap();
        // It holds our ends of the pipe, too.
        drop(command);
        let (told, lines) = channel();
        forward(output, told);
        let input = child.stdin.take().unwrap();
        Watching { child, input, lines }
    }

    /// The lines until one that begins with `last`, and that one.
    #[track_caller]
    fn until(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(error) => panic!("no line begins with {last:?} ({error}):\n{}", lines.join("\n")),
            }
            if lines.last().unwrap().starts_with(last) {
                return lines;
            }
        }
    }

    /// What one run says, without times.
    #[track_caller]
    fn run(&mut self) -> String {
        let mut lines = self.until("waiting for changes");
        lines.retain(|line| !line.is_empty() && !line.starts_with(" Time"));
        lines.iter().map(|line| line.split(" (").next().unwrap()).collect::<Vec<_>>().join("\n")
    }

    fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
    }

    fn exits(mut self) -> Option<i32> {
        drop(self.input);
        self.child.wait().unwrap().code()
    }
}

/// Writes a file as editors save: a new one gets the name of the old one, so that nobody sees half of it.
fn replace(project: &Project, path: &str, content: &str) {
    let new = format!("{path}.tmp");
    project.write(&new, content);
    fs::rename(project.path().join(new), project.path().join(path)).unwrap();
}

fn forward(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            if to.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
}

#[test]
fn what_a_change_affects_is_run_again() {
    let project = Project::of(&[
        ("lib.ts", LIB),
        ("a.test.ts", USES_LIB),
        ("b.test.ts", ALONE),
        (
            "c.test.ts",
            "import { test } from \"husako/test\";\ntest(\"c\", async () => { await import([\".\", \"lib\"].join(\"/\")); });\n",
        ),
    ]);
    let mut watching = Watching::start(&project, &["--jobs", "1"]);
    assert_eq!(
        watching.run(),
        "✓ a.test.ts\n✓ b.test.ts\n✓ c.test.ts\nFiles 3 passed\nCases 3 passed\nwaiting for changes"
    );
    project.write("lib.ts", "export const answer = 43;\n");
    let told = watching.run();
    assert!(told.starts_with("lib.ts changed: 2 of 3 files run\n✗ a.test.ts\n✓ c.test.ts\n"), "{told}");
    assert!(
        told.contains("\nFiles 1 failed, 1 passed\nCases 1 failed, 1 passed\n1 file fails: a.test.ts\n"),
        "{told}"
    );
    // Of a file that fails elsewhere, every run reminds.
    project.write("b.test.ts", &format!("{ALONE}// saved\n"));
    let told = watching.run();
    assert_eq!(
        told,
        "b.test.ts changed: 1 of 3 files run\n✓ b.test.ts\nFiles 1 passed\nCases 1 passed\n1 file fails: a.test.ts\n\
         waiting for changes"
    );
    replace(&project, "lib.ts", LIB);
    let told = watching.run();
    assert!(told.starts_with("lib.ts changed: 2 of 3 files run\n✓ a.test.ts\n✓ c.test.ts\n"), "{told}");
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(0));
}

#[test]
fn snapshots_are_written_and_then_compared() {
    let test = "import { expect, test } from \"husako/test\";\nimport { answer } from \"./lib\";\n\
        test(\"a\", () => { expect(answer).toMatchSnapshot(); });\n";
    let project = Project::of(&[("lib.ts", LIB), ("a.test.ts", test)]);
    let mut watching = Watching::start(&project, &[]);
    let told = watching.run();
    assert_eq!(told, "✓ a.test.ts\nFiles 1 passed\nCases 1 passed\nSnaps 1 written\nwaiting for changes");
    project.write("lib.ts", "export const answer = 43;\n");
    let told = watching.run();
    assert!(told.starts_with("lib.ts changed: 1 of 1 file run\n✗ a.test.ts\n"), "{told}");
    assert!(told.contains("Snaps 1 failed"), "{told}");
    project.write("__snapshots__/a.test.ts.snap", "exports[`a 1`] = `43`;\n");
    let told = watching.run();
    assert!(told.contains("changed: 1 of 1 file run\n✓ a.test.ts\n"), "{told}");
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(0));
}

#[test]
fn files_that_come_and_go() {
    let project = Project::of(&[("a.test.ts", ALONE)]);
    let mut watching = Watching::start(&project, &[]);
    watching.run();
    project.write("new/deep/b.test.ts", USES_LIB);
    let told = watching.run();
    assert!(told.contains("changed: 1 of 2 files run\n✗ new/deep/b.test.ts\n"), "{told}");
    assert!(told.contains("LoadError: cannot find `./lib`"), "{told}");
    // What was looked for and is there now.
    project.write("new/deep/lib.ts", LIB);
    let told = watching.run();
    assert!(told.starts_with("new/deep/lib.ts changed: 1 of 2 files run\n✓ new/deep/b.test.ts\n"), "{told}");
    // What wins over what was found.
    project.write("new/deep/lib", "export const answer = 1;\n");
    let told = watching.run();
    assert!(told.starts_with("new/deep/lib changed: 1 of 2 files run\n✗ new/deep/b.test.ts\n"), "{told}");
    // A folder goes with all it holds, and comes back under the same name.
    let elsewhere = tempfile::TempDir::new_in(project.path().parent().unwrap()).unwrap();
    fs::rename(project.path().join("new"), elsewhere.path().join("new")).unwrap();
    let told = watching.run();
    assert_eq!(told, "new changed: 1 file gone, nothing to run\nwaiting for changes");
    fs::write(elsewhere.path().join("new/deep/b.test.ts"), ALONE).unwrap();
    fs::rename(elsewhere.path().join("new"), project.path().join("new")).unwrap();
    let told = watching.run();
    assert!(told.starts_with("new changed: 1 of 2 files run\n✓ new/deep/b.test.ts\n"), "{told}");
    project.write("new/deep/b.test.ts", &format!("{ALONE}// saved\n"));
    let told = watching.run();
    assert!(told.starts_with("new/deep/b.test.ts changed: 1 of 2 files run\n"), "{told}");
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(0));
}

#[test]
fn keys_run_all_or_what_failed_and_end() {
    let project = Project::of(&[
        ("lib.ts", "export const answer = 0;\n"),
        ("a.test.ts", USES_LIB),
        ("b.test.ts", ALONE),
    ]);
    let mut watching = Watching::start(&project, &["--jobs", "1"]);
    watching.run();
    watching.press("f\n");
    let told = watching.run();
    assert!(told.starts_with("✗ a.test.ts\n") && told.contains("\nFiles 1 failed\n"), "{told}");
    watching.press("\n");
    let told = watching.run();
    assert!(told.starts_with("✗ a.test.ts\n✓ b.test.ts\n"), "{told}");
    // What runs last decides, whichever run that was in.
    project.write("b.test.ts", &format!("{ALONE}// saved\n"));
    watching.run();
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(1));
}

#[test]
fn a_project_is_planned_anew() {
    let project = Project::of(&[("a.test.ts", ALONE), ("b.test.ts", ALONE)]);
    let mut watching = Watching::start(&project, &["--jobs", "1"]);
    watching.run();
    project.write("husako.toml", "[ci\n");
    let told = watching.run();
    assert!(told.starts_with("error: husako.toml:1:4: unclosed table"), "{told}");
    // What changes meanwhile is not lost.
    project.write("b.test.ts", "import { test } from \"husako/test\";\ntest(\"b\", () => { throw 1; });\n");
    project.write("husako.toml", "[ci]\nexclude = [\"a.*\"]\n");
    let told = watching.run();
    assert!(told.contains("changed: 1 of 1 file run\n✗ b.test.ts\n"), "{told}");
    project.write("husako.toml", "");
    let told = watching.run();
    assert!(told.starts_with("husako.toml changed: 2 of 2 files run\n✓ a.test.ts\n✗ b.test.ts\n"), "{told}");
    project.write(".gitignore", "b.test.ts\n");
    let told = watching.run();
    assert_eq!(told, ".gitignore changed: 1 file gone, nothing to run\nwaiting for changes");
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(0));
}

#[test]
fn schemas_concern_their_whole_project() {
    let project = Project::fixture("sample");
    let mut watching = Watching::start(&project, &["--entries-only"]);
    assert!(watching.run().contains("\nFiles 3 passed\n"));
    let crds: Vec<_> =
        fs::read_dir(project.path().join("crds")).unwrap().map(|file| file.unwrap().path()).collect();
    let crd = crds.first().unwrap();
    fs::write(crd, fs::read_to_string(crd).unwrap() + "\n# saved\n").unwrap();
    let told = watching.run();
    let name = crd.file_name().unwrap().to_str().unwrap();
    assert!(told.starts_with(&format!("crds/{name} changed: 3 of 3 files run\n")), "{told}");
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(0));
}

#[test]
fn a_change_ends_what_runs() {
    let endless = "import { test } from \"husako/test\";\ntest(\"endless\", () => { for (;;) {} });\n";
    // Whether the second file has begun when it changes is for the machine to decide; that it has is what this is about.
    for _ in 0..50 {
        let project = Project::of(&[("a.test.ts", ALONE), ("b.test.ts", endless), ("c.test.ts", ALONE)]);
        let mut watching = Watching::start(&project, &["--jobs", "1"]);
        watching.until("✓ a.test.ts");
        replace(&project, "b.test.ts", ALONE);
        let told = watching.run();
        watching.press("q\n");
        assert_eq!(watching.exits(), Some(0));
        if let Some((before, after)) = told.split_once("b.test.ts changed") {
            assert_eq!(before, "", "what was ended tells nothing");
            // Only what had not run yet is run.
            let expected = ": 2 of 3 files run\n✓ b.test.ts\n✓ c.test.ts\nFiles 2 passed\nCases 2 passed\nwaiting for changes";
            assert_eq!(after, expected);
            return;
        }
    }
    panic!("the second file had never begun");
}

#[test]
fn reports_tell_what_every_file_gave_last_and_affect_nothing() {
    let project = Project::of(&[
        ("lib.ts", LIB),
        ("a.test.ts", USES_LIB),
        ("b.test.ts", ALONE),
        (".gitignore", "*.log\n"),
    ]);
    let mut watching = Watching::start(&project, &["--json", "out.json", "--junit", "reports/out.xml"]);
    watching.run();
    let reports = || {
        let text = fs::read_to_string(project.path().join("out.json")).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let junit = fs::read_to_string(project.path().join("reports/out.xml")).unwrap();
        (
            json["summary"]["cases"]["passed"].as_u64(),
            json["files"].as_array().unwrap().len(),
            junit.matches("<testcase ").count(),
        )
    };
    assert_eq!(reports(), (Some(2), 2, 2));
    // None of these concerns any file, so the next run is about the last alone.
    project.write("node_modules/x/x.test.ts", ALONE);
    project.write("some.log", "");
    project.write("notes.md", "");
    project.write(".hidden.test.ts", ALONE);
    project.write("lib.ts", "export const answer = 0;\n");
    let told = watching.run();
    assert!(told.starts_with("lib.ts changed: 1 of 2 files run\n"), "{told}");
    assert_eq!(reports(), (Some(1), 2, 2));
    fs::remove_file(project.path().join("a.test.ts")).unwrap();
    watching.run();
    assert_eq!(reports(), (Some(1), 1, 1));
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(0));
}

#[test]
fn a_checkout_is_one_change() {
    let names: Vec<String> = (0..40).map(|number| format!("t{number}.test.ts")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), ALONE)).collect();
    let project = Project::of(&files);
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "core.hooksPath=/dev/null"]);
        assert!(
            command.args(args).current_dir(project.path()).stdout(Stdio::null()).status().unwrap().success(),
            "{args:?}"
        );
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    for name in &names[..30] {
        project.write(name, &format!("{ALONE}// other\n"));
    }
    git(&["commit", "--quiet", "-am", "two"]);
    let mut watching = Watching::start(&project, &["--quiet"]);
    watching.run();
    git(&["checkout", "--quiet", "HEAD~1"]);
    let (mut ran, mut runs) = (0, 0);
    while ran < 30 {
        let told = watching.run();
        let (_, count) = told.split_once("changed: ").unwrap_or_else(|| panic!("{told}"));
        ran += count.split(' ').next().unwrap().parse::<usize>().unwrap();
        runs += 1;
    }
    // One, unless git was held up in the middle.
    assert!(runs < 5, "{runs}");
    watching.press("q\n");
    assert_eq!(watching.exits(), Some(0));
}

#[test]
fn it_is_refused_where_nobody_edits_files() {
    let project = Project::of(&[("a.test.ts", ALONE)]);
    let run = Run::of(project.command().arg("--watch").env("CI", "true"));
    run.exits_with(2);
    assert!(run.stderr.contains("the variable CI says that nobody is here"), "{}", run.stderr);
    for (args, told) in [
        (&["--watch", "--diff"][..], "--watch compares with no base"),
        (&["--watch", "--fail-on", "dangerous"], "--watch compares with no base"),
        (&["--watch", "--list"], "'--watch' cannot be used with '--list"),
    ] {
        let run = project.run(args);
        run.exits_with(2);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
    }
    let run = Run::of(project.command().args(["--watch", "--json", "a.test.ts/out.json"]));
    run.exits_with(9);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it() {
    let project = Project::of(&[("a.test.ts", ALONE)]);
    for signal in ["INT", "TERM"] {
        let mut watching = Watching::start(&project, &[]);
        watching.run();
        let pid = watching.child.id().to_string();
        match Command::new("kill").arg(format!("-{signal}")).arg(pid).status() {
            Ok(status) => assert!(status.success()),
            Err(_) => {
                println!("skipped: kill is not installed");
                watching.press("q\n");
            }
        }
        assert_eq!(watching.exits(), Some(130));
    }
}
