//! Which files are tests and entries, and which projects they belong to.

mod alias;
mod importers;
mod project;
mod scope;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::config::{CONFIG_FILE, Config, Named};
use crate::diagnostic::Diagnostic;
use crate::tree::{Kind, Pattern, ReadError, RelPath, SourceTree, nearest, walk};
use project::Projects;
use scope::Area;

pub use alias::alias;
pub use scope::Scope;

/// Gives the import specifiers of a source, by its path and text.
pub type Imports<'a> = dyn Fn(&RelPath, &str) -> Vec<String> + 'a;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Where; nothing means the whole repository.
    pub scopes: Vec<Scope>,
    /// When there are any, only what matches one of them runs.
    pub include: Vec<Pattern>,
    /// What matches one of them does not run.
    pub exclude: Vec<Pattern>,
    /// Whether a file that is named, and is no test, is an entry whatever else it is.
    pub named_are_entries: bool,
    /// Whether projects count in which nothing was found, too.
    pub every_project: bool,
}

/// A folder with a `husako.toml`, or the root of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The folder.
    pub root: RelPath,
    /// Its `husako.toml`; empty without one, or with one that has mistakes.
    pub config: Config,
    /// Where its `husako.toml` is.
    pub config_path: Option<RelPath>,
}

/// A file of test cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// The file.
    pub path: RelPath,
    /// The index of its project in [`Found::projects`].
    pub project: usize,
}

/// A file that builds resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub path: RelPath,
    /// Its names in `[entries]`, in order.
    pub aliases: Vec<String>,
    /// The index of its project in [`Found::projects`].
    pub project: usize,
}

/// What was found. Projects, tests and entries are sorted by path, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The projects of what was found, and no others.
    pub projects: Vec<Project>,
    /// The tests.
    pub tests: Vec<TestFile>,
    /// The entries.
    pub entries: Vec<Entry>,
    /// What is wrong. Errors mean that nothing should be run.
    pub diagnostics: Vec<Diagnostic>,
}

const TEST_ENDINGS: [&str; 4] = [".test.ts", ".spec.ts", ".test.husako", ".spec.husako"];

/// Whether a file of this name is a test.
pub fn is_test(name: &str) -> bool {
    TEST_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a file of this name has code: `.ts` (but not the declarations `.d.ts`), `.js`, `.husako`.
pub fn is_source(name: &str) -> bool {
    [".ts", ".js", ".husako"].iter().any(|ending| name.ends_with(ending)) && !name.ends_with(".d.ts")
}

/// Finds the tests and entries of `request`.
///
/// `imports` is asked only for files that may import a `.husako` file of which it must be known whether it is an entry
/// or a module. User mistakes, in `husako.toml` too, are told in [`Found::diagnostics`].
pub fn discover(tree: &dyn SourceTree, request: &Request, imports: &Imports<'_>) -> Found {
    let area = Area::new(&request.scopes);
    let walked = walk(tree, &area.roots(), &|name| is_source(name) || name == CONFIG_FILE);
    let mut diagnostics: Vec<Diagnostic> = area.warnings().chain(walked.warnings).collect();

    let (configs, mut sources): (Vec<_>, Vec<_>) =
        walked.files.into_iter().partition(|path| path.file_name() == CONFIG_FILE);
    // A file that is named counts, even one that the walk does not see.
    sources.extend(area.files.iter().filter(|path| is_source(path.file_name())).cloned());
    sources.sort();
    sources.dedup();

    let mut projects = Projects::new(tree);
    // Even a project without a source may name an entry that is hidden from the walk.
    let folders =
        configs.iter().filter(|config| area.contains(config)).chain(&area.files).map(RelPath::parent);
    for folder in folders.chain(area.folders.iter().cloned()) {
        projects.require(&folder);
    }
    let sources_asked_for: Vec<(&RelPath, RelPath)> = sources
        .iter()
        .filter(|path| area.contains(path))
        .map(|path| (path, projects.require(&path.parent())))
        .collect();

    let tests = sources_asked_for.iter().filter(|(path, _)| is_test(path.file_name()));
    let tests: BTreeMap<RelPath, RelPath> =
        tests.map(|(path, root)| ((*path).clone(), root.clone())).collect();
    let mut entries = Entries::default();
    entries.named(tree, &area, &mut projects);
    entries.by_pattern(&area, &projects, &sources_asked_for);

    let mut candidates: BTreeMap<RelPath, BTreeSet<RelPath>> = BTreeMap::new();
    for (path, root) in &sources_asked_for {
        let name = path.file_name();
        if name.ends_with(".husako") && !is_test(name) && !entries.found.contains_key(*path) {
            candidates.entry(root.clone()).or_default().insert((*path).clone());
        }
    }
    let imported = importers::imported(tree, &area, &sources, &mut projects, &candidates, imports);
    for (root, paths) in candidates {
        for path in paths.into_iter().filter(|path| !imported.contains_key(path)) {
            entries.found.insert(path, (Vec::new(), root.clone()));
        }
    }

    if request.named_are_entries {
        let named = sources_asked_for.iter().filter(|(path, _)| area.files.contains(path));
        for (path, root) in named.filter(|(path, _)| !is_test(path.file_name())) {
            entries.found.entry((*path).clone()).or_insert_with(|| (Vec::new(), root.clone()));
        }
    }
    diagnostics.append(&mut projects.diagnostics);
    diagnostics.append(&mut entries.diagnostics);
    let found = |path: &RelPath| tests.contains_key(path) || entries.found.contains_key(path);
    for path in area.files.iter().filter(|path| !found(path)) {
        diagnostics.push(neither(path, imported.get(path)));
    }
    for pattern in &area.globs {
        if !tests.keys().chain(entries.found.keys()).any(|path| pattern.matches(path)) {
            diagnostics.push(Diagnostic::warning(format!("no test or entry matches `{}`", pattern.as_str())));
        }
    }

    let runs = |path: &RelPath, root: &RelPath| {
        let Some(project) = projects.known.get(root) else { return true };
        let ci = &project.config.ci;
        area.files.contains(path)
            || (selected(path, request.include.iter(), request.exclude.iter())
                && selected(path, ci.include.iter().map(value), ci.exclude.iter().map(value)))
    };
    let tests: Vec<_> = tests.into_iter().filter(|(path, root)| runs(path, root)).collect();
    let entries: Vec<_> = entries.found.into_iter().filter(|(path, (_, root))| runs(path, root)).collect();

    let mut used: BTreeSet<&RelPath> =
        tests.iter().map(|(_, root)| root).chain(entries.iter().map(|(_, (_, root))| root)).collect();
    if request.every_project {
        let configured = projects.known.iter().filter(|(_, project)| project.config_path.is_some());
        used.extend(configured.map(|(root, _)| root));
    }
    let listed: Vec<Project> = used.iter().filter_map(|root| projects.known.get(*root).cloned()).collect();
    let index: HashMap<&RelPath, usize> =
        used.iter().enumerate().map(|(index, root)| (*root, index)).collect();
    let tests = tests.iter().map(|(path, root)| TestFile { path: path.clone(), project: index[root] });
    let entries = entries.iter().map(|(path, (aliases, root))| Entry {
        path: path.clone(),
        aliases: aliases.clone(),
        project: index[root],
    });
    Found { tests: tests.collect(), entries: entries.collect(), projects: listed, diagnostics }
}

fn value(named: &Named<Pattern>) -> &Pattern {
    &named.value
}

fn selected<'a>(
    path: &RelPath,
    mut include: impl ExactSizeIterator<Item = &'a Pattern>,
    mut exclude: impl Iterator<Item = &'a Pattern>,
) -> bool {
    (include.len() == 0 || include.any(|pattern| pattern.matches(path)))
        && !exclude.any(|pattern| pattern.matches(path))
}

/// The error for a named file that is nothing to run.
fn neither(path: &RelPath, importer: Option<&RelPath>) -> Diagnostic {
    let error = Diagnostic::error(format!("{path} is neither a test nor an entry"));
    if let Some(importer) = importer {
        let help =
            format!("{importer} imports it, so it is a module; name it in [entries] to make it an entry");
        return error.help(help);
    }
    let endings = TEST_ENDINGS.map(|ending| format!("*{ending}")).join(", ");
    error.help(format!(
        "tests are called {endings}; entries are *.husako and what [entries] or [ci] entries of {CONFIG_FILE} name"
    ))
}

#[derive(Default)]
struct Entries {
    /// The aliases and the project's root, by path.
    found: BTreeMap<RelPath, (Vec<String>, RelPath)>,
    diagnostics: Vec<Diagnostic>,
}

impl Entries {
    /// The files named in `[entries]`. They need not be visible to the walk, only asked for.
    fn named(&mut self, tree: &dyn SourceTree, area: &Area, projects: &mut Projects<'_>) {
        let named: Vec<Named<RelPath>> =
            projects.known.values().flat_map(|project| project.config.entries.iter().cloned()).collect();
        for Named { name, value: path, origin } in named {
            if !area.contains(&path) {
                continue;
            }
            let problem = match tree.locate(&path) {
                Ok(found) if found.kind == Kind::File => {
                    let root = projects.require(&path.parent());
                    self.found.entry(path).or_insert_with(|| (Vec::new(), root)).0.push(name);
                    continue;
                }
                Ok(_) => ReadError::NotAFile { path: path.clone() },
                Err(error) => error,
            };
            let mut warning = Diagnostic::warning(format!("the entry `{name}` is left out: {problem}"));
            if matches!(problem, ReadError::NotFound { .. }) {
                warning.help = nearest(tree, &path).map(|near| format!("did you mean `{near}`?"));
            }
            self.diagnostics.push(origin.mark(warning));
        }
    }

    /// The files that match `[ci] entries` of their project.
    fn by_pattern(&mut self, area: &Area, projects: &Projects<'_>, sources: &[(&RelPath, RelPath)]) {
        let mut by_project: HashMap<&RelPath, Vec<&RelPath>> = HashMap::new();
        for (path, root) in sources.iter().filter(|(path, _)| !is_test(path.file_name())) {
            by_project.entry(root).or_default().push(path);
        }
        for (root, project) in &projects.known {
            let files = by_project.get(root).map_or(&[][..], Vec::as_slice);
            for pattern in &project.config.ci.entries {
                let mut matches = false;
                for path in files.iter().filter(|path| pattern.value.matches(path)) {
                    matches = true;
                    self.found.entry((*path).clone()).or_insert_with(|| (Vec::new(), root.clone()));
                }
                // Of a part of the project, nothing follows.
                if !matches && area.covers(root) {
                    let warning = Diagnostic::warning(format!("no file matches `{}`", pattern.name));
                    self.diagnostics.push(pattern.origin.mark(warning));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
