//! A commit as a source tree.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::batch::{BlobError, Blobs};
use super::command::Program;
use super::{Git, ObjectId};
use crate::diagnostic::Diagnostic;
use crate::tree::{Child, Kind, Located, ReadError, RelPath, SourceTree, follow_links};

/// The longest target of a symbolic link, in bytes; Linux has the same limit.
const MAX_TARGET: usize = 4096;

/// The files of a commit, read straight from git's objects: as they were committed, whatever `.gitattributes` says
/// about line breaks, encodings and filters (a file of Git LFS is its pointer).
///
/// Submodules are empty folders. Names that git refuses to check out (`.git`, `..`) are not there.
#[derive(Debug)]
pub struct GitTree {
    folders: HashMap<RelPath, Folder>,
    blobs: Blobs,
}

#[derive(Debug, Default)]
struct Folder {
    children: BTreeMap<String, Node>,
    /// Names that are not UTF-8: listed, but nothing is reached by them.
    lossy: BTreeMap<Vec<u8>, Kind>,
}

#[derive(Debug, Clone)]
enum Node {
    File(ObjectId),
    Folder,
    /// Where it leads, or why that cannot be said.
    Link(Result<String, String>),
}

impl Node {
    fn kind(&self) -> Kind {
        match self {
            Node::File(_) => Kind::File,
            Node::Folder => Kind::Folder,
            Node::Link(_) => Kind::Link,
        }
    }
}

impl Git {
    /// The files of a commit.
    ///
    /// Errors: the commit is not there, or git cannot read it.
    pub fn tree(&self, commit: &ObjectId) -> Result<GitTree, Diagnostic> {
        // Without `--long`: in a partial clone git would fetch every file to learn its size.
        let listed = self.program.bytes(&["ls-tree", "-r", "-z", "--full-tree", commit.as_str()])?;
        let mut tree = GitTree::new(self.program.clone());
        let mut links = HashMap::new();
        for entry in listed.split(|byte| *byte == 0).filter_map(Entry::parse) {
            let node = match entry.mode {
                b"120000" => {
                    let read = |id: &ObjectId| target(tree.blobs.read(id));
                    Node::Link(links.entry(entry.id.clone()).or_insert_with_key(read).clone())
                }
                b"160000" => Node::Folder,
                _ => Node::File(entry.id),
            };
            tree.insert(entry.path, node);
        }
        Ok(tree)
    }
}

/// An entry of `git ls-tree`.
struct Entry<'a> {
    mode: &'a [u8],
    id: ObjectId,
    path: &'a [u8],
}

impl Entry<'_> {
    /// `<mode> <type> <id>`, a tab, the path.
    fn parse(record: &[u8]) -> Option<Entry<'_>> {
        let tab = record.iter().position(|byte| *byte == b'\t')?;
        let mut words = record[..tab].split(|byte| *byte == b' ');
        let (mode, _kind, id) = (words.next()?, words.next()?, words.next()?);
        Some(Entry { mode, id: ObjectId::parse(str::from_utf8(id).ok()?)?, path: &record[tab + 1..] })
    }
}

/// The entries that `git ls-tree -r -z` has listed: mode, id and path. Paths that are not UTF-8, or that git would not
/// check out, are left out.
pub(super) fn entries(listed: &[u8]) -> impl Iterator<Item = (&[u8], ObjectId, RelPath)> {
    listed.split(|byte| *byte == 0).filter_map(Entry::parse).filter_map(|entry| {
        let path = str::from_utf8(entry.path).ok()?;
        let is_sound = !path.split('/').any(|part| matches!(part, "" | "." | ".." | ".git"));
        Some((entry.mode, entry.id, is_sound.then(|| RelPath::new(path)).flatten()?))
    })
}

/// Where a link leads whose content was read.
fn target(content: Result<Vec<u8>, BlobError>) -> Result<String, String> {
    let bytes = content.map_err(|error| error.to_string())?;
    if bytes.len() > MAX_TARGET {
        return Err("the target of the symbolic link is too long".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it leads to a path that is not UTF-8".to_owned())
}

impl GitTree {
    fn new(program: Program) -> GitTree {
        let folders = HashMap::from([(RelPath::default(), Folder::default())]);
        GitTree { folders, blobs: Blobs::new(program) }
    }

    fn insert(&mut self, path: &[u8], node: Node) {
        // Git refuses to check these out. In a tree made by hand they would stand for other places.
        let parts = || path.split(|byte| *byte == b'/');
        if parts().any(|part| matches!(part, b"" | b"." | b".." | b".git")) {
            return;
        }
        let mut at = RelPath::default();
        let mut parts = parts().peekable();
        while let Some(part) = parts.next() {
            let node = if parts.peek().is_some() { Node::Folder } else { node.clone() };
            let folder = self.folders.entry(at.clone()).or_default();
            let Ok(name) = str::from_utf8(part) else {
                folder.lossy.insert(part.to_owned(), node.kind());
                return;
            };
            at = at.child(name);
            if matches!(node, Node::Folder) {
                self.folders.entry(at.clone()).or_default();
            }
            self.folders.entry(at.parent()).or_default().children.insert(name.to_owned(), node);
        }
    }

    /// What is at a path, links not followed.
    fn node(&self, path: &RelPath) -> Option<&Node> {
        if path.is_root() {
            return Some(&Node::Folder);
        }
        self.folders.get(&path.parent())?.children.get(path.file_name())
    }

    /// Whether the commit has anything at a path, links not followed.
    pub(super) fn has(&self, path: &RelPath) -> bool {
        self.node(path).is_some()
    }

    /// The path without symbolic links. Nothing need be there.
    ///
    /// Errors: [`ReadError::Outside`], [`ReadError::Io`].
    pub(super) fn follow(&self, path: &RelPath) -> Result<RelPath, ReadError> {
        let unreadable = RefCell::new(None);
        let real = follow_links(path, |at| match self.node(at)? {
            Node::Link(Ok(target)) => Some(target.clone()),
            Node::Link(Err(reason)) => {
                unreadable.replace(Some(reason.clone()));
                None
            }
            Node::File(_) | Node::Folder => None,
        })?;
        match unreadable.take() {
            Some(reason) => Err(ReadError::Io { path: path.clone(), reason }),
            None => Ok(real),
        }
    }
}

impl SourceTree for GitTree {
    fn locate(&self, path: &RelPath) -> Result<Located, ReadError> {
        let real = self.follow(path)?;
        let kind = self.node(&real).ok_or_else(|| ReadError::NotFound { path: path.clone() })?.kind();
        Ok(Located { path: real, kind })
    }

    fn list(&self, folder: &RelPath) -> Result<Vec<Child>, ReadError> {
        let located = self.locate(folder)?;
        if located.kind != Kind::Folder {
            return Err(ReadError::NotFound { path: folder.clone() });
        }
        let found = self.folders.get(&located.path);
        let utf8 = found.into_iter().flat_map(|found| &found.children).map(|(name, node)| Child {
            name: name.clone(),
            lossy: false,
            kind: node.kind(),
        });
        let lossy = found.into_iter().flat_map(|found| &found.lossy).map(|(name, kind)| Child {
            name: String::from_utf8_lossy(name).into_owned(),
            lossy: true,
            kind: *kind,
        });
        let mut children: Vec<Child> = utf8.chain(lossy).collect();
        children.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(children)
    }

    fn read_bytes(&self, path: &RelPath) -> Result<Vec<u8>, ReadError> {
        let real = self.follow(path)?;
        match self.node(&real) {
            Some(Node::File(id)) => self.blobs.read(id).map_err(|error| match error {
                BlobError::TooLarge => ReadError::TooLarge { path: path.clone() },
                BlobError::Missing { .. }
                | BlobError::NotABlob { .. }
                | BlobError::Ended { .. }
                | BlobError::Git(_) => ReadError::Io { path: path.clone(), reason: error.to_string() },
            }),
            Some(Node::Folder | Node::Link(_)) => Err(ReadError::NotAFile { path: path.clone() }),
            None => Err(ReadError::NotFound { path: path.clone() }),
        }
    }
}

#[cfg(test)]
mod tests;
