//! A tree with folders that lie elsewhere.

use std::path::Path;
use std::sync::Arc;

use super::{Child, Kind, Located, MemoryTree, ReadError, RelPath, SourceTree};

/// Another tree, in which some folders and files are replaced by such in memory: what was fetched, where an installation would
/// have put it. Nothing that the other tree has below these folders can be seen.
pub struct MountedTree {
    tree: Arc<dyn SourceTree>,
    folders: Vec<RelPath>,
    files: MemoryTree,
}

impl MountedTree {
    /// `tree`, with nothing replaced yet.
    pub fn new(tree: Arc<dyn SourceTree>) -> MountedTree {
        MountedTree { tree, folders: Vec::new(), files: MemoryTree::default() }
    }

    /// Replaces `folder` by these files, whose paths are relative to it. A path that leads out of it is left out.
    pub fn mount<'f>(&mut self, folder: &RelPath, files: impl Iterator<Item = (&'f str, &'f [u8])>) {
        for (path, content) in files {
            // From its root, so that nothing can climb.
            if let Some(path) = RelPath::new(path).and_then(|path| RelPath::join(folder, path.as_str())) {
                self.files.insert(&path, content);
            }
        }
        self.folders.push(folder.clone());
    }

    /// Replaces a file, or adds it.
    pub fn replace(&mut self, path: &RelPath, content: &[u8]) {
        self.files.insert(path, content);
        self.folders.push(path.clone());
    }

    fn is_replaced(&self, path: &RelPath) -> bool {
        self.folders.iter().any(|folder| path.starts_with(folder))
    }

    fn is_above(&self, path: &RelPath) -> bool {
        self.folders.iter().any(|folder| folder.starts_with(path))
    }
}

impl SourceTree for MountedTree {
    fn locate(&self, path: &RelPath) -> Result<Located, ReadError> {
        if self.is_replaced(path) {
            return self.files.locate(path);
        }
        match self.tree.locate(path) {
            Err(ReadError::NotFound { .. }) if self.is_above(path) => {
                Ok(Located { path: path.clone(), kind: Kind::Folder })
            }
            // A link may lead there.
            Ok(located) if self.is_replaced(&located.path) => self.files.locate(&located.path),
            found => found,
        }
    }

    fn list(&self, folder: &RelPath) -> Result<Vec<Child>, ReadError> {
        if self.is_replaced(folder) {
            return self.files.list(folder);
        }
        if !self.is_above(folder) {
            return self.tree.list(folder);
        }
        let mut children = match self.tree.list(folder) {
            Err(ReadError::NotFound { .. }) => Vec::new(),
            listed => listed?,
        };
        let mounted = self.folders.iter().filter_map(|mounted| {
            let rest = mounted.relative_to(folder)?;
            rest.split('/').next().filter(|name| !name.is_empty())
        });
        for name in mounted {
            children.retain(|child| child.name != name);
            let kind = self.files.locate(&folder.child(name)).map_or(Kind::Folder, |found| found.kind);
            children.push(Child { name: name.to_owned(), lossy: false, kind });
        }
        children.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        Ok(children)
    }

    fn read_bytes(&self, path: &RelPath) -> Result<Vec<u8>, ReadError> {
        if self.is_replaced(path) { self.files.read_bytes(path) } else { self.tree.read_bytes(path) }
    }

    fn relative(&self, absolute: &Path) -> Option<RelPath> {
        self.tree.relative(absolute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    fn names(tree: &MountedTree, folder: &str) -> Vec<String> {
        tree.list(&path(folder)).unwrap().into_iter().map(|child| child.name).collect()
    }

    #[test]
    fn a_mounted_folder_takes_the_place_of_what_is_there() {
        let mut below = MemoryTree::new([
            ("app/main.ts", ""),
            ("app/.husako/plugins/old/plugin.toml", "old"),
            ("app/.husako/plugins/flux/plugin.toml", "stale"),
            ("app/.husako/plugins/flux/stale.js", "stale"),
        ]);
        below.link(&path("link.js"), "app/.husako/plugins/flux/a.js");
        let mut tree = MountedTree::new(Arc::new(below));
        let files: [(&str, &[u8]); 3] =
            [("plugin.toml", b"new"), ("modules/a.js", b"a"), ("../../../main.ts", b"evil")];
        tree.mount(&path("app/.husako/plugins/flux"), files.into_iter());
        assert_eq!(tree.read(&path("app/.husako/plugins/flux/plugin.toml")).unwrap(), "new");
        assert_eq!(tree.read(&path("app/.husako/plugins/flux/modules/a.js")).unwrap(), "a");
        assert_eq!(tree.read(&path("app/.husako/plugins/old/plugin.toml")).unwrap(), "old");
        assert_eq!(tree.read(&path("app/main.ts")).unwrap(), "");
        assert!(tree.read(&path("app/.husako/plugins/flux/stale.js")).is_err());
        assert!(tree.locate(&path("link.js")).is_err(), "what a link led to is hidden");
        assert_eq!(names(&tree, "app/.husako/plugins"), ["flux", "old"]);
        assert_eq!(names(&tree, "app/.husako/plugins/flux"), ["modules", "plugin.toml"]);
    }

    #[test]
    fn a_file_can_be_replaced_alone() {
        let mut tree =
            MountedTree::new(Arc::new(MemoryTree::new([("app/husako.toml", "old"), ("app/a.ts", "a")])));
        tree.replace(&path("app/husako.toml"), b"new");
        assert_eq!(tree.read(&path("app/husako.toml")).unwrap(), "new");
        assert_eq!(tree.read(&path("app/a.ts")).unwrap(), "a");
        assert_eq!(names(&tree, "app"), ["a.ts", "husako.toml"]);
        assert!(tree.list(&path("app")).unwrap().iter().all(|child| child.kind == Kind::File));
    }

    #[test]
    fn folders_above_a_mounted_one_are_there() {
        let mut tree = MountedTree::new(Arc::new(MemoryTree::new([("a.ts", "")])));
        let files: [(&str, &[u8]); 1] = [("b.js", b"")];
        tree.mount(&path(".husako/plugins/x"), files.into_iter());
        assert_eq!(names(&tree, ""), [".husako", "a.ts"]);
        assert_eq!(names(&tree, ".husako/plugins"), ["x"]);
        assert_eq!(tree.locate(&path(".husako")).unwrap().kind, Kind::Folder);
        assert!(tree.list(&path("other")).is_err());
    }
}
