//! A tree that is asked for each place once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Child, Located, ReadError, RelPath, SourceTree};

/// Another tree, as it was when it was asked for a place first. Many files import the same few, and following links costs
/// the system a call for each folder on the way.
pub struct RememberedTree {
    tree: Arc<dyn SourceTree>,
    located: RwLock<HashMap<RelPath, Result<Located, ReadError>>>,
}

impl RememberedTree {
    /// `tree`, of which nothing is known yet.
    pub fn new(tree: Arc<dyn SourceTree>) -> RememberedTree {
        RememberedTree { tree, located: RwLock::default() }
    }

    /// The same tree, of which nothing is known.
    pub fn afresh(&self) -> RememberedTree {
        RememberedTree::new(Arc::clone(&self.tree))
    }
}

impl SourceTree for RememberedTree {
    fn locate(&self, path: &RelPath) -> Result<Located, ReadError> {
        let known = self.located.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        known.unwrap_or_else(|| {
            let found = self.tree.locate(path);
            let mut located = self.located.write().unwrap_or_else(PoisonError::into_inner);
            located.entry(path.clone()).or_insert(found).clone()
        })
    }

    fn list(&self, folder: &RelPath) -> Result<Vec<Child>, ReadError> {
        self.tree.list(folder)
    }

    fn read_bytes(&self, path: &RelPath) -> Result<Vec<u8>, ReadError> {
        self.tree.read_bytes(path)
    }

    fn read(&self, path: &RelPath) -> Result<String, ReadError> {
        self.tree.read(path)
    }

    fn relative(&self, absolute: &Path) -> Option<RelPath> {
        self.tree.relative(absolute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Kind, MemoryTree};

    #[test]
    fn what_is_known_is_not_asked_again() {
        let tree = Arc::new(MemoryTree::new([("a.ts", "1")]));
        let remembered = RememberedTree::new(tree);
        let path = |path: &str| RelPath::new(path).unwrap();
        assert!(remembered.is_file(&path("a.ts")) && !remembered.is_file(&path("b.ts")));
        assert_eq!(remembered.located.read().unwrap().len(), 2);
        assert_eq!(remembered.locate(&path("a.ts")).unwrap().kind, Kind::File);
        assert_eq!(remembered.read(&path("a.ts")).unwrap(), "1");
        assert!(remembered.afresh().located.read().unwrap().is_empty());
    }
}
