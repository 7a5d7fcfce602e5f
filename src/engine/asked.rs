//! What the files of a run asked for: whoever changes one of these paths may change what the file gives.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use super::modules::{ProjectModules, generated_types, is_internal};
use crate::tree::{RelPath, import_candidates};

/// What each file asked for itself.
///
/// It is told by the runtimes themselves, so that an `import()` whose name is made at run time counts, too.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<HashMap<RelPath, BTreeSet<RelPath>>>);

impl Asked {
    /// Adds that the file `importer` imports `specifier`; `target` is the name in the engine of what was found.
    pub(super) fn import(
        &self,
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
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.entry(importer.clone()).or_default().extend(paths);
    }

    /// Adds that `main` asks what `other` gives when it is run itself.
    pub(super) fn file(&self, main: &RelPath, other: &RelPath) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.entry(main.clone()).or_default().insert(other.clone());
    }

    /// Forgets what a file asked for itself.
    pub(super) fn forget(&self, main: &RelPath) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(main);
    }

    /// What `main` asked for, and what the files among that asked for.
    pub(super) fn by(&self, main: &RelPath) -> BTreeSet<RelPath> {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = BTreeSet::new();
        let mut left = vec![main];
        while let Some(path) = left.pop() {
            for path in asked.get(path).into_iter().flatten() {
                if all.insert(path.clone()) {
                    left.push(path);
                }
            }
        }
        all
    }
}
