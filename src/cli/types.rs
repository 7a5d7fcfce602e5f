//! `--write-types`: the declarations of the builtin modules, for editors and `tsc`.

use std::io;
use std::path::Path;

use super::exit::Exit;
use super::output::Target;
use super::settings::Settings;
use super::tell;
use crate::compile;
use crate::diagnostic::Diagnostic;
use crate::sdk;
use crate::tree::RelPath;

/// Where the declarations of the SDK's modules go, below the folder that is given.
const MODULES: &str = "husako/sdk";

/// What users import: the file that an editor is pointed to, and the module that it stands for.
const PUBLIC: [(&str, &str, &str); 3] = [
    ("husako.d.ts", "./husako/sdk/husako.js", "export { default } from \"./husako/sdk/husako.js\";\n"),
    ("husako/_base.d.ts", "./sdk/base.js", ""),
    ("husako/test.d.ts", "./sdk/test/index.js", ""),
];

/// What the declarations use of the language that a configuration may not name: `Symbol.dispose`.
const LIB: &str = "/// <reference lib=\"esnext.disposable\" />\n";

/// Writes the declarations below `folder`. They are made from the same TypeScript that runs.
pub(super) fn run(settings: &Settings, folder: &Path) -> Exit {
    match files().and_then(|files| write(folder, &files).map_err(|error| vec![error])) {
        Ok(()) => Exit::Passed,
        Err(errors) => {
            tell(&errors, settings.color_errors);
            Exit::ReportNotWritten
        }
    }
}

/// Paths below the folder, and texts.
pub(super) fn files() -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
    let mut files = Vec::new();
    for (path, source) in sdk::sources().filter(|(path, _)| !path.starts_with("helpers/")) {
        let declared = compile::declarations(&RelPath::new(path).unwrap_or_default(), source)?;
        let name = path.trim_end_matches(".ts");
        // TypeScript finds `x.d.ts` by `./x.js`, and not by `./x.ts`.
        files.push((format!("{MODULES}/{name}.d.ts"), declared.replace(".ts\"", ".js\"")));
    }
    for (path, module, default) in PUBLIC {
        let globals = module.split_once("sdk/").map_or("./", |(folder, _)| folder);
        let text =
            format!("{LIB}import \"{globals}sdk/globals.js\";\nexport * from \"{module}\";\n{default}");
        files.push((path.to_owned(), text));
    }
    files.sort();
    Ok(files)
}

fn write(folder: &Path, files: &[(String, String)]) -> Result<(), Diagnostic> {
    for (path, text) in files {
        let path = folder.join(path);
        let write = || -> io::Result<()> { Target::open(&path)?.write(text.as_bytes()) };
        write().map_err(|error| Diagnostic::error(format!("writing {}: {error}", path.display())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_users_import_is_declared() {
        let files = files().unwrap();
        let text = |path: &str| &files.iter().find(|(known, _)| known == path).unwrap().1;
        assert!(text("husako/sdk/test/index.d.ts").contains("beforeEach"));
        assert!(text("husako/sdk/husako.d.ts").contains("metadata"));
        for (path, module, _) in PUBLIC {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target =
                RelPath::join(&RelPath::new(folder).unwrap(), &module.replace(".js", ".d.ts")).unwrap();
            assert!(!text(target.as_str()).is_empty(), "{module}");
        }
    }
}
