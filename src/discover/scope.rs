//! What a path on the command line means.

use std::collections::BTreeSet;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::tree::{Kind, Pattern, ReadError, RelPath, SourceTree, is_absolute, is_never_entered, nearest};

/// Part of the repository that a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A folder and everything below it.
    Folder(RelPath),
    /// One file, named: it runs whatever hides or excludes it.
    File(RelPath),
    /// What matches a pattern.
    Glob(Pattern),
}

impl Scope {
    /// Reads one path argument: `text` is relative to the folder `cwd`, or absolute.
    ///
    /// A folder, a file, or else a pattern with `*`, `?`, `[`: what exists literally is meant literally.
    /// A link to a folder means that folder. Errors: nothing is there, it lies outside the repository, or it is
    /// no pattern.
    pub fn parse(cwd: &RelPath, text: &str, tree: &dyn SourceTree) -> Result<Scope, Diagnostic> {
        if text.is_empty() {
            return Err(Diagnostic::error("the path is empty").help("`.` is the current folder"));
        }
        let separated = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
        let outside = || Diagnostic::error(format!("`{text}` lies outside the repository"));
        let (base, written) = if Path::new(text).is_absolute() || is_absolute(&separated) {
            let path = tree.relative(Path::new(text)).ok_or_else(outside)?;
            // The trailing separator still says that a folder is meant.
            let end = if separated.ends_with('/') { "/" } else { "" };
            let written = if path.is_root() { ".".to_owned() } else { format!("{}{end}", path.as_str()) };
            (RelPath::default(), written)
        } else {
            (cwd.clone(), separated)
        };
        let Some(path) = RelPath::join(&base, &written) else { return Err(outside()) };
        match tree.locate(&path) {
            Ok(found) if found.kind == Kind::Folder => Ok(Scope::Folder(found.path)),
            Ok(found) if found.kind == Kind::File && !written.ends_with('/') => Ok(Scope::File(path)),
            Ok(found) if found.kind == Kind::File => {
                Err(Diagnostic::error(format!("`{text}` is not a folder")))
            }
            Ok(_) => Err(Diagnostic::error(format!("`{text}` is neither a file nor a folder"))),
            Err(ReadError::NotFound { .. }) if Pattern::is_glob(&written) => Pattern::path(&base, &written)
                .map(Scope::Glob)
                .map_err(|error| Diagnostic::error(error.to_string())),
            Err(ReadError::NotFound { .. }) => Err(missing(tree, &base, text, &path)),
            Err(error) => Err(Diagnostic::error(format!("`{text}`: {error}"))),
        }
    }
}

fn missing(tree: &dyn SourceTree, base: &RelPath, text: &str, path: &RelPath) -> Diagnostic {
    let error = Diagnostic::error(format!("no such file or folder: {text}"));
    let slashes = text.replace('\\', "/");
    if slashes != text && RelPath::join(base, &slashes).is_some_and(|path| tree.locate(&path).is_ok()) {
        return error.help(format!("folders are separated by `/`: {slashes}"));
    }
    match nearest(tree, path) {
        Some(near) => error.help(format!("did you mean `{near}`, from the repository root?")),
        None => error,
    }
}

/// All scopes of a run together.
pub(super) struct Area {
    pub(super) folders: Vec<RelPath>,
    pub(super) files: BTreeSet<RelPath>,
    pub(super) globs: Vec<Pattern>,
}

impl Area {
    /// No scope at all means the whole repository.
    pub(super) fn new(scopes: &[Scope]) -> Area {
        let mut area = Area { folders: Vec::new(), files: BTreeSet::new(), globs: Vec::new() };
        for scope in scopes {
            match scope {
                Scope::Folder(folder) => area.folders.push(folder.clone()),
                Scope::File(file) => {
                    area.files.insert(file.clone());
                }
                Scope::Glob(pattern) if !area.globs.contains(pattern) => area.globs.push(pattern.clone()),
                Scope::Glob(_) => {}
            }
        }
        if scopes.is_empty() {
            area.folders.push(RelPath::default());
        }
        area.folders.sort();
        area.folders.dedup();
        area
    }

    /// The folders that must be walked.
    pub(super) fn roots(&self) -> Vec<RelPath> {
        let globs = self.globs.iter().map(|pattern| pattern.folder().clone());
        self.folders.iter().cloned().chain(globs).collect()
    }

    /// Whether the whole folder is asked for.
    pub(super) fn covers(&self, folder: &RelPath) -> bool {
        self.folders.iter().any(|asked| folder.starts_with(asked))
    }

    pub(super) fn contains(&self, path: &RelPath) -> bool {
        self.files.contains(path)
            || self.covers(path)
            || self.globs.iter().any(|pattern| pattern.matches(path))
    }

    /// Warns of folders that were named and are never looked into.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Diagnostic> {
        self.roots().into_iter().filter_map(|folder| {
            let hidden = folder.parts().find(|part| is_never_entered(part))?.to_owned();
            let message = format!("nothing is looked for in {folder}");
            Some(
                Diagnostic::warning(message)
                    .help(format!("`{hidden}` is never entered: name its files instead")),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemoryTree;

    fn rel(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    #[test]
    fn arguments() {
        let mut tree =
            MemoryTree::new([("apps/web/x.test.ts", ""), ("apps/[a].test.ts", ""), ("env/y.ts", "")]);
        tree.link(&rel("link"), "apps/web");
        tree.link(&rel("out"), "../x");
        let parse = |text| Scope::parse(&rel("apps"), text, &tree);
        let folder = |text, path| assert_eq!(parse(text), Ok(Scope::Folder(rel(path))), "{text}");
        folder(".", "apps");
        folder("./web/", "apps/web");
        folder("..", "");
        folder("../env", "env");
        folder("../link", "apps/web");
        assert_eq!(parse("web/x.test.ts"), Ok(Scope::File(rel("apps/web/x.test.ts"))));
        assert_eq!(parse("./[a].test.ts"), Ok(Scope::File(rel("apps/[a].test.ts"))));
        assert!(matches!(parse("*/x.test.ts"), Ok(Scope::Glob(pattern)) if *pattern.folder() == rel("apps")));
        let error = |text| parse(text).unwrap_err().to_string();
        assert_eq!(error(""), "the path is empty (`.` is the current folder)");
        assert_eq!(error("web/x.test.ts/"), "`web/x.test.ts/` is not a folder");
        assert_eq!(error("../../x"), "`../../x` lies outside the repository");
        assert_eq!(error("/etc"), "`/etc` lies outside the repository");
        assert_eq!(error("../out"), "`../out`: out is a symbolic link that leads out of the repository");
        assert_eq!(
            error("web/x.tst.ts"),
            "no such file or folder: web/x.tst.ts (did you mean `apps/web/x.test.ts`, from the repository root?)"
        );
        assert_eq!(error("zzz"), "no such file or folder: zzz");
        assert!(error("[x").starts_with("`[x` is not a pattern"));
        if !cfg!(windows) {
            assert!(error("web\\x.test.ts").ends_with("(folders are separated by `/`: web/x.test.ts)"));
        }
    }

    #[test]
    fn absolute_arguments() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("apps")).unwrap();
        let tree = crate::tree::WorkTree::new(dir.path()).unwrap();
        let parse = |path: &str| Scope::parse(&rel("apps"), dir.path().join(path).to_str().unwrap(), &tree);
        assert_eq!(parse(""), Ok(Scope::Folder(rel(""))));
        assert_eq!(parse("apps"), Ok(Scope::Folder(rel("apps"))));
        assert!(matches!(parse("apps/*.ts"), Ok(Scope::Glob(pattern)) if *pattern.folder() == rel("apps")));
        assert!(Scope::parse(&rel(""), std::env::temp_dir().to_str().unwrap(), &tree).is_err());
    }
}
