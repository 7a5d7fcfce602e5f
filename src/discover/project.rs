//! Which project a file belongs to.

use std::collections::{BTreeMap, HashMap};

use super::Project;
use crate::config::{CONFIG_FILE, Config};
use crate::diagnostic::Diagnostic;
use crate::tree::{RelPath, SourceTree};

/// The projects seen so far; each `husako.toml` is read once.
pub(super) struct Projects<'t> {
    tree: &'t dyn SourceTree,
    /// The root of the project that a folder belongs to.
    roots: HashMap<RelPath, RelPath>,
    pub(super) known: BTreeMap<RelPath, Project>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'t> Projects<'t> {
    pub(super) fn new(tree: &'t dyn SourceTree) -> Projects<'t> {
        Projects { tree, roots: HashMap::new(), known: BTreeMap::new(), diagnostics: Vec::new() }
    }

    /// The root of the project that what lies in `folder` belongs to. The project is known from then on.
    pub(super) fn require(&mut self, folder: &RelPath) -> RelPath {
        let root = self.root_of(folder);
        if !self.known.contains_key(&root) {
            let project = self.load(root.clone());
            self.known.insert(root.clone(), project);
        }
        root
    }

    /// The nearest folder with a `husako.toml`, from `folder` up, or the root of the tree. Reads nothing, so that a
    /// project that nobody asked for cannot be at fault.
    pub(super) fn root_of(&mut self, folder: &RelPath) -> RelPath {
        let mut passed = Vec::new();
        let mut found = RelPath::default();
        for at in folder.ancestors() {
            if let Some(root) = self.roots.get(&at) {
                found = root.clone();
                break;
            }
            let has_config = self.tree.is_file(&at.child(CONFIG_FILE));
            passed.push(at.clone());
            if has_config {
                found = at;
                break;
            }
        }
        for at in passed {
            self.roots.insert(at, found.clone());
        }
        found
    }

    /// Reads a project's `husako.toml`. One with mistakes counts as empty, for then nothing is run anyway.
    fn load(&mut self, root: RelPath) -> Project {
        let path = root.child(CONFIG_FILE);
        if !self.tree.is_file(&path) {
            return Project { root, config: Config::default(), config_path: None };
        }
        let config = match self.tree.read(&path) {
            Ok(text) => {
                let (config, diagnostics) = Config::parse(&path, &text);
                self.diagnostics.extend(diagnostics);
                config.unwrap_or_default()
            }
            Err(error) => {
                self.diagnostics.push(Diagnostic::error(error.to_string()));
                Config::default()
            }
        };
        Project { root, config, config_path: Some(path) }
    }
}
