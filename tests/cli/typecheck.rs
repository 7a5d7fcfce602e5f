//! `--typecheck`: what the repository's own compiler says, in every report.

use std::fs;

use crate::run::Project;
use crate::types::compiler;

const TEST: &str = "import { expect, test } from \"husako/test\";\nimport { Deployment } from \"k8s/apps/v1\";\nimport { port } from \"./lib.ts\";\n\
                    test(\"a\", () => { /* 🦀 */ expect(port).toBe(80); Deployment().replicas(\"x\"); });\n";

fn project() -> Project {
    Project::of(&[
        ("a.test.ts", TEST),
        ("lib.ts", "export const port: number = 80;\n"),
        ("b.test.ts", "import { test } from \"husako/test\";\ntest(\"b\", () => {});\n"),
    ])
}

/// A compiler that prints something, and ends with a status.
#[cfg(unix)]
fn fake(project: &Project, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = project.path().join("node_modules/.bin/tsc");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn mistakes_are_failures_in_every_report() {
    let Some(tsc) = compiler() else { return };
    let project = project();
    fs::create_dir_all(project.path().join("node_modules/.bin")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(tsc.get_program(), project.path().join("node_modules/.bin/tsc")).unwrap();
    project.run(&[]).exits_with(0);
    let reported = project.report(&["--typecheck"]);
    reported.run.exits_with(1);
    assert!(
        reported.run.stdout.contains("✗ tsconfig.json types (1 of 2 files failed"),
        "{}",
        reported.run.stdout
    );
    assert!(reported.run.stdout.contains("TS2345: Argument of type 'string'"), "{}", reported.run.stdout);
    assert!(
        reported.run.stdout.contains("a.test.ts:4:72"),
        "a column is a character: {}",
        reported.run.stdout
    );
    assert!(
        reported.junit.contains("<failure message=\"Argument of type")
            && reported.junit.contains("type=\"TS2345\"")
    );
    let file = reported.json["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["path"] == "tsconfig.json")
        .unwrap();
    assert_eq!(file["kind"], "types");
    assert!(!project.exists(".husako") && !project.exists("tsconfig.json"), "nothing is written");
    project.write("a.test.ts", &TEST.replace("\"x\"", "2"));
    project.run(&["--typecheck"]).exits_with(0);
    // What the project says counts: its own paths, and how strict it is.
    project.write(
        "tsconfig.json",
        "{ \"compilerOptions\": { \"strict\": false, \"paths\": { \"@/*\": [\"./*\"] } } /* ours */ }",
    );
    project.write("lib.ts", "import type { X } from \"@/x\";\nexport const port: X = null;\n");
    project.write("x.ts", "export type X = number;\n");
    project.write("a.test.ts", "import { test } from \"husako/test\";\nimport { port } from \"./lib.ts\";\ntest(\"a\", () => { port; });\n");
    project.run(&["--typecheck"]).exits_with(0);
}

#[test]
fn without_a_compiler_nothing_passes() {
    let project = project();
    let mut command = project.command();
    let run = crate::run::Run::of(command.env("PATH", "/nowhere").arg("--typecheck"));
    run.exits_with(2);
    assert!(
        run.stderr.contains("there is no tsc") && run.stderr.contains("npm install --save-dev typescript"),
        "{}",
        run.stderr
    );
    let mut command = project.command();
    let run = crate::run::Run::of(command.env("PATH", "/nowhere").arg("--typecheck=tsgo"));
    assert!(run.exits_with(2).stderr.contains("@typescript/native-preview"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn compilers_that_break_are_no_pass() {
    for (script, expected) in [
        ("echo 'Segmentation fault'; exit 139", "tsc ended with status 139: Segmentation fault"),
        ("kill -9 $$", "tsc ended with a signal"),
        ("echo \"error TS5083: Cannot read file 'x'.\"; exit 1", "TS5083: Cannot read file 'x'."),
        ("printf '::error::x\\na.test.ts(1,1): error TS1: told\\n'; exit 0", "TS1: told"),
        ("printf '../../x.ts(1,2): error TS2: elsewhere\\n'; exit 2", "TS2: ../../x.ts:1:2: elsewhere"),
        (
            "[ -z \"$NPM_TOKEN$MY_SECRET\" ] || { echo 'error TS9: leaked'; exit 1; }; echo 'error TS8: kept'; exit 1",
            "TS8: kept",
        ),
    ] {
        let project = project();
        fake(&project, script);
        let mut command = project.command();
        command.env("NPM_TOKEN", "x").env("MY_SECRET", "y").arg("--typecheck");
        let run = crate::run::Run::of(&mut command);
        run.exits_with(1);
        assert!(run.stdout.contains(expected), "{expected}: {}", run.stdout);
        assert!(!run.stdout.contains("::error::x"), "{}", run.stdout);
    }
}
