//! A tree in memory.

use std::collections::BTreeMap;

use super::{Child, Kind, Located, MAX_FILE_BYTES, ReadError, RelPath, SourceTree};

/// How many links are followed for one path; more are a loop. Linux has the same limit.
const MAX_LINKS: usize = 40;

/// Files in a map, for tests and for sources that are on no disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    /// What each folder holds, by name. The root is always there.
    folders: BTreeMap<RelPath, BTreeMap<String, Node>>,
}

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>),
    Folder,
    Link(String),
}

impl MemoryTree {
    /// A tree of these files, given by path and content. A path that climbs out of the root is left out.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> MemoryTree {
        let mut tree = MemoryTree::default();
        for (path, text) in files {
            if let Some(path) = RelPath::new(path) {
                tree.insert(&path, text);
            }
        }
        tree
    }

    /// Adds a file, and the folders above it; replaces what was there.
    pub fn insert(&mut self, path: &RelPath, content: impl Into<Vec<u8>>) {
        self.put(path, Node::File(content.into()));
    }

    #[cfg_attr(not(test), expect(dead_code, reason = "links in memory are made by tests only"))]
    /// Adds a symbolic link to `target`, which is relative to the folder of `path`.
    pub fn link(&mut self, path: &RelPath, target: &str) {
        self.put(path, Node::Link(target.to_owned()));
    }

    fn put(&mut self, path: &RelPath, node: Node) {
        let mut node = node;
        for at in path.ancestors().take_while(|at| !at.is_root()) {
            let siblings = self.folders.entry(at.parent()).or_default();
            siblings.insert(at.file_name().to_owned(), node);
            node = Node::Folder;
        }
    }

    fn node(&self, path: &RelPath) -> Option<&Node> {
        if path.is_root() {
            return Some(&Node::Folder);
        }
        self.folders.get(&path.parent())?.get(path.file_name())
    }
}

impl SourceTree for MemoryTree {
    fn locate(&self, path: &RelPath) -> Result<Located, ReadError> {
        let real = follow_links(path, |at| match self.node(at) {
            Some(Node::Link(target)) => Some(target.clone()),
            Some(Node::File(_) | Node::Folder) | None => None,
        })?;
        let kind = match self.node(&real) {
            Some(Node::File(_)) => Kind::File,
            Some(Node::Folder) => Kind::Folder,
            Some(Node::Link(_)) | None => return Err(ReadError::NotFound { path: path.clone() }),
        };
        Ok(Located { path: real, kind })
    }

    fn list(&self, folder: &RelPath) -> Result<Vec<Child>, ReadError> {
        let located = self.locate(folder)?;
        if located.kind != Kind::Folder {
            return Err(ReadError::NotFound { path: folder.clone() });
        }
        let nodes = self.folders.get(&located.path).into_iter().flatten();
        Ok(nodes
            .map(|(name, node)| {
                let kind = match node {
                    Node::File(_) => Kind::File,
                    Node::Folder => Kind::Folder,
                    Node::Link(_) => Kind::Link,
                };
                Child { name: name.clone(), lossy: false, kind }
            })
            .collect())
    }

    fn read_bytes(&self, path: &RelPath) -> Result<Vec<u8>, ReadError> {
        match self.node(&self.locate(path)?.path) {
            Some(Node::File(bytes)) if bytes.len() as u64 > MAX_FILE_BYTES => {
                Err(ReadError::TooLarge { path: path.clone() })
            }
            Some(Node::File(bytes)) => Ok(bytes.clone()),
            Some(Node::Folder | Node::Link(_)) | None => Err(ReadError::NotAFile { path: path.clone() }),
        }
    }
}

/// Follows the symbolic links of `path` in a tree that no system resolves, such as a git revision.
///
/// `target_of` says where the link at a path leads; `None` when it is no link. The result need not exist.
/// Errors: [`ReadError::Outside`] when a link is absolute or climbs out of the root; [`ReadError::Io`] for a loop.
pub fn follow_links(
    path: &RelPath,
    target_of: impl Fn(&RelPath) -> Option<String>,
) -> Result<RelPath, ReadError> {
    let outside = || ReadError::Outside { path: path.clone() };
    let mut real = RelPath::default();
    // What is left to walk, last part first.
    let mut rest: Vec<String> = path.parts().map(str::to_owned).collect();
    rest.reverse();
    let mut links = 0;
    while let Some(part) = rest.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." if real.is_root() => return Err(outside()),
            ".." => {
                real = real.parent();
                continue;
            }
            _ => {}
        }
        let next = real.child(&part);
        let Some(target) = target_of(&next) else {
            real = next;
            continue;
        };
        links += 1;
        if links > MAX_LINKS {
            return Err(ReadError::Io {
                path: path.clone(),
                reason: "too many levels of symbolic links".to_owned(),
            });
        }
        if target.starts_with('/') {
            return Err(outside());
        }
        rest.extend(target.split('/').rev().map(str::to_owned));
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    #[test]
    fn links_are_followed_inside() {
        let mut tree = MemoryTree::new([("lib/a.ts", "a"), ("env/b.ts", "b")]);
        tree.link(&rel("env/lib"), "../lib");
        tree.link(&rel("env/out"), "../../x");
        tree.link(&rel("env/abs"), "/etc/passwd");
        tree.link(&rel("loop"), "./loop");
        tree.link(&rel("broken"), "nothing");
        assert_eq!(tree.read(&rel("env/lib/a.ts")).unwrap(), "a");
        assert_eq!(tree.real_path(&rel("env/lib/a.ts")), Some(rel("lib/a.ts")));
        assert!(matches!(tree.read(&rel("env/out")), Err(ReadError::Outside { .. })));
        assert!(matches!(tree.read(&rel("env/abs")), Err(ReadError::Outside { .. })));
        assert!(matches!(tree.read(&rel("loop")), Err(ReadError::Io { .. })));
        assert!(matches!(tree.read(&rel("broken")), Err(ReadError::NotFound { .. })));
        assert!(matches!(tree.read(&rel("env")), Err(ReadError::NotAFile { .. })));
        assert!(matches!(tree.list(&rel("env/b.ts")), Err(ReadError::NotFound { .. })));
        let names: Vec<String> =
            tree.list(&rel("env")).unwrap().into_iter().map(|child| child.name).collect();
        assert_eq!(names, ["abs", "b.ts", "lib", "out"]);
        assert!(MemoryTree::default().list(&rel("")).unwrap().is_empty());
    }
}
