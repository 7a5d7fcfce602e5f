//! `--write-types`, as TypeScript's own compiler sees it.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;

use crate::run::{Project, Run};

/// TypeScript's compiler: in the folder of npm packages that `HUSAKO_CI_NODE_MODULES` names, or on the path.
pub fn compiler() -> Option<Command> {
    let named = env::var_os("HUSAKO_CI_NODE_MODULES").map(|folder| PathBuf::from(folder).join(".bin/tsc"));
    let mut found = named.into_iter().chain([PathBuf::from("tsc")]).filter(|program| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    let found = found.next();
    if found.is_none() {
        // Not `println!`, which the test runner keeps to itself.
        let _ = writeln!(io::stderr(), "skipped: TypeScript's compiler is not there");
    }
    found.map(Command::new)
}

/// Says where the builtin modules are declared, as the README does. `lib` names what TypeScript knows of the platform.
fn configuration(lib: &str) -> String {
    format!(
        r#"{{
  "compilerOptions": {{
    "strict": true, "noEmit": true, "skipLibCheck": false, "exactOptionalPropertyTypes": true,
    "target": "es2023", "lib": [{lib}], "types": [], "module": "esnext", "moduleResolution": "bundler",
    "paths": {{ "husako": ["./types/husako.d.ts"], "husako/*": ["./types/husako/*.d.ts"] }}
  }},
  "include": ["**/*.ts"]
}}"#
    )
}

#[test]
fn declarations_are_strict_and_fit_what_people_write() {
    let Some(_) = compiler() else { return };
    for lib in ["\"es2023\"", "\"es2023\", \"dom\""] {
        let project = Project::fixture("api");
        project.run(&["--write-types", "types"]).exits_with(0);
        project.write("tsconfig.json", &configuration(lib));
        let Some(mut compiler) = compiler() else { return };
        Run::of(compiler.args(["--project", "."]).current_dir(project.path())).exits_with(0);
    }
}

#[test]
fn declarations_tell_mistakes() {
    let Some(mut compiler) = compiler() else { return };
    let project = Project::of(&[(
        "a.test.ts",
        "import { expect, test, vi } from \"husako/test\";\n\
         test(\"a\", () => {\n\
         \x20 expect(1).toBeGreater(0);\n\
         \x20 vi.fn((n: number) => n).mockReturnValue(\"text\");\n\
         \x20 test(\"b\", { timeOut: 5 }, () => {});\n\
         });\n",
    )]);
    project.run(&["--write-types", "types"]).exits_with(0);
    project.write("tsconfig.json", &configuration("\"es2023\""));
    let told = Run::of(compiler.args(["--project", "."]).current_dir(project.path()));
    for line in ["a.test.ts(3,", "a.test.ts(4,", "a.test.ts(5,"] {
        assert!(told.stdout.contains(line), "{line} in {}", told.stdout);
    }
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 4, "nothing else is written");
}
