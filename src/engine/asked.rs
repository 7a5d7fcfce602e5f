//! What the files of a run asked for: whoever changes one of these paths may change what the file gives.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::modules::{ProjectModules, generated_types, is_internal};
use crate::tree::{RelPath, import_candidates};

/// What each file asked for itself.
///
/// It is told by the runtimes themselves, so that an `import()` whose name is made at run time counts, too.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Files that were run.
    run: HashMap<RelPath, BTreeSet<RelPath>>,
    /// Modules that others import. What one of them asked for in any runtime counts for all.
    imported: HashMap<RelPath, BTreeSet<RelPath>>,
    /// All that modules ask for, directly or not, as far as it was made. Nothing, once one has asked for more.
    closures: HashMap<RelPath, Arc<[RelPath]>>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// The file that is run.
    Run,
    /// A module that it imports.
    Imported,
}

impl Asked {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds that the file `importer` imports `specifier`; `target` is the name in the engine of what was found.
    pub(super) fn import(
        &self,
        asker: Asker,
        importer: &RelPath,
        project: &ProjectModules,
        specifier: &str,
        target: Option<&str>,
    ) {
        let mut paths: Vec<RelPath> = Vec::new();
        // Where it was looked for, in order, up to where it was found: a file that appears there wins.
        for candidate in import_candidates(importer, specifier) {
            let is_found = Some(candidate.as_str()) == target;
            paths.push(candidate);
            if is_found {
                break;
            }
        }
        paths.extend(target.filter(|target| !is_internal(target)).and_then(RelPath::new));
        let is_of_schemas = specifier.starts_with("k8s/") || specifier.starts_with("helm/");
        let may_be_generated = target.is_none() || project.rules.use_generated_types;
        paths.extend(generated_types(project, specifier).filter(|_| is_of_schemas && may_be_generated));
        if paths.is_empty() {
            return;
        }
        let mut state = self.state();
        match asker {
            Asker::Run => state.run.entry(importer.clone()).or_default().extend(paths),
            Asker::Imported => {
                let known = state.imported.entry(importer.clone()).or_default();
                let before = known.len();
                known.extend(paths);
                if known.len() > before {
                    state.closures.clear();
                }
            }
        }
    }

    /// Adds that `main` asks for what is at a path, or what that file gives when it is run itself.
    pub(super) fn file(&self, main: &RelPath, other: &RelPath) {
        self.state().run.entry(main.clone()).or_default().insert(other.clone());
    }

    /// Forgets what a file asked for that was run.
    pub(super) fn forget(&self, main: &RelPath) {
        self.state().run.remove(main);
    }

    /// What `main` asked for, and what the files among that asked for.
    pub(super) fn by(&self, main: &RelPath) -> BTreeSet<RelPath> {
        let (own, modules) = self.parts(main);
        own.into_iter().chain(modules.iter().flat_map(|module| module.iter().cloned())).collect()
    }

    /// What `main` asked for itself, and all that each module asked for that it imports. A path may be there more than once.
    pub(super) fn parts(&self, main: &RelPath) -> (Vec<RelPath>, Vec<Arc<[RelPath]>>) {
        let mut state = self.state();
        // Whatever was run to answer it asked for more.
        let mut own = BTreeSet::new();
        let mut left = vec![main];
        while let Some(path) = left.pop() {
            for path in state.run.get(path).into_iter().flatten() {
                if own.insert(path.clone()) && state.run.contains_key(path) {
                    left.push(path);
                }
            }
        }
        let modules =
            own.iter().filter(|path| state.imported.contains_key(*path)).cloned().collect::<Vec<_>>();
        let modules = modules.iter().map(|module| state.closure(module)).collect();
        (own.into_iter().collect(), modules)
    }
}

impl State {
    /// All that a module asks for, directly or not.
    fn closure(&mut self, module: &RelPath) -> Arc<[RelPath]> {
        if let Some(known) = self.closures.get(module) {
            return Arc::clone(known);
        }
        let mut all = BTreeSet::new();
        let mut left = vec![module];
        while let Some(path) = left.pop() {
            for path in self.imported.get(path).into_iter().flatten() {
                if all.insert(path) {
                    left.push(path);
                }
            }
        }
        let closure: Arc<[RelPath]> = all.into_iter().cloned().collect();
        self.closures.insert(module.clone(), Arc::clone(&closure));
        closure
    }
}
