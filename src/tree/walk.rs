//! Listing files: which folders are entered, and what `.gitignore` hides.

use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{Child, Kind, RelPath, SourceTree};
use crate::diagnostic::{Diagnostic, Place, Snippet};

/// What a walk found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// The files, sorted by the bytes of their paths.
    pub files: Vec<RelPath>,
    /// What could not be looked into.
    pub warnings: Vec<Diagnostic>,
}

/// Whether a folder or file of this name is never looked at: hidden, `.husako`, `node_modules`.
pub fn is_never_entered(name: &str) -> bool {
    name.starts_with('.') || name == "node_modules"
}

/// Lists the files in and below `folders` whose name `keep` accepts.
///
/// Only `.gitignore` files inside the tree count, from the root down and with or without a `.git` folder: never the
/// user's own excludes, so that every machine lists the same. A folder of `folders` is entered even if it is ignored,
/// as it was named; hidden ones and `node_modules` never are. Links to folders are not followed; a link to a
/// regular file inside the tree counts as a file.
pub fn walk(tree: &dyn SourceTree, folders: &[RelPath], keep: &dyn Fn(&str) -> bool) -> Walk {
    let mut walker = Walker { tree, folders, keep, found: Walk::default(), pending: Vec::new() };
    walker.walk(&mut |_| {});
    walker.found.files.sort_unstable();
    walker.found.warnings.sort_by(|a, b| a.message.cmp(&b.message));
    walker.found
}

/// The folders that a walk of the whole tree looks into, the root among them, in no order.
pub fn folders(tree: &dyn SourceTree) -> Vec<RelPath> {
    let root = [RelPath::default()];
    let keep = |_: &str| false;
    let mut walker =
        Walker { tree, folders: &root, keep: &keep, found: Walk::default(), pending: Vec::new() };
    let mut entered = Vec::new();
    walker.walk(&mut |folder| entered.push(folder.clone()));
    entered
}

/// How a folder relates to the ones asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// One of them, or below one.
    Inside,
    /// Above one: only on the way.
    Above,
}

/// The `.gitignore` of a folder, and those above it.
struct Rules {
    own: Gitignore,
    folder: RelPath,
    above: Option<Arc<Rules>>,
}

impl Rules {
    /// Whether `path` is ignored: the deepest file that says anything decides.
    fn ignore(mut rules: Option<&Rules>, path: &RelPath, is_folder: bool) -> bool {
        while let Some(here) = rules {
            if let Some(relative) = path.relative_to(&here.folder) {
                match here.own.matched(Path::new(relative), is_folder) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => {}
                }
            }
            rules = here.above.as_deref();
        }
        false
    }
}

struct Walker<'a> {
    tree: &'a dyn SourceTree,
    folders: &'a [RelPath],
    keep: &'a dyn Fn(&str) -> bool,
    found: Walk,
    pending: Vec<(RelPath, Reach, Option<Arc<Rules>>)>,
}

impl Walker<'_> {
    /// Enters every folder that is to be, and tells `entering` of each.
    fn walk(&mut self, entering: &mut dyn FnMut(&RelPath)) {
        if let Some(reach) = self.reach(&RelPath::default(), None) {
            self.pending.push((RelPath::default(), reach, None));
        }
        // A stack of our own: how deep folders may be nested is not for ours to decide.
        while let Some((folder, reach, rules)) = self.pending.pop() {
            entering(&folder);
            self.enter(&folder, reach, rules);
        }
    }

    /// How `folder` is to be entered, if at all; `from` is how the folder above it was entered.
    fn reach(&self, folder: &RelPath, from: Option<Reach>) -> Option<Reach> {
        if from == Some(Reach::Inside) || self.folders.contains(folder) {
            return Some(Reach::Inside);
        }
        self.folders.iter().any(|wanted| wanted.starts_with(folder)).then_some(Reach::Above)
    }

    fn enter(&mut self, folder: &RelPath, reach: Reach, rules: Option<Arc<Rules>>) {
        let children = match self.tree.list(folder) {
            Ok(children) => children,
            Err(error) => {
                self.found.warnings.push(Diagnostic::warning(format!("a folder is left out: {error}")));
                return;
            }
        };
        // As in git, a `.gitignore` that is a link does not count.
        let has_rules = children.iter().any(|child| child.name == ".gitignore" && child.kind == Kind::File);
        let rules = if has_rules { self.rules(folder, rules) } else { rules };
        for child in children {
            self.visit(folder, reach, rules.as_ref(), &child);
        }
    }

    fn visit(&mut self, folder: &RelPath, reach: Reach, rules: Option<&Arc<Rules>>, child: &Child) {
        let is_folder = child.kind == Kind::Folder;
        // Names first: they are the cheapest to reject by.
        if is_never_entered(&child.name)
            || (!is_folder && (reach == Reach::Above || !(self.keep)(&child.name)))
        {
            return;
        }
        let path = folder.child(&child.name);
        let ignored = || Rules::ignore(rules.map(AsRef::as_ref), &path, is_folder);
        if child.lossy {
            if reach == Reach::Inside && !ignored() {
                let message = format!("{path} is left out: its name is not UTF-8");
                self.found.warnings.push(Diagnostic::warning(message));
            }
            return;
        }
        match child.kind {
            Kind::Folder => {
                let on_the_way = || self.folders.iter().any(|wanted| wanted.starts_with(&path));
                // Below an ignored folder only what was named is looked at.
                let from = if reach == Reach::Inside && ignored() {
                    if !on_the_way() {
                        return;
                    }
                    Reach::Above
                } else {
                    reach
                };
                if let Some(reach) = self.reach(&path, Some(from)) {
                    self.pending.push((path, reach, rules.cloned()));
                }
            }
            Kind::File if !ignored() => self.found.files.push(path),
            Kind::Link if !ignored() && self.tree.is_file(&path) => self.found.files.push(path),
            Kind::File | Kind::Link | Kind::Other => {}
        }
    }

    /// Reads the `.gitignore` of `folder`. What cannot be understood is a warning, and the rest of it counts.
    fn rules(&mut self, folder: &RelPath, above: Option<Arc<Rules>>) -> Option<Arc<Rules>> {
        let path = folder.child(".gitignore");
        let bytes = match self.tree.read_bytes(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.found.warnings.push(Diagnostic::warning(error.to_string()));
                return above;
            }
        };
        // Git takes any bytes; a pattern that is not UTF-8 can only concern names that are left out anyway.
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        // Paths are given relative to the folder, so the matcher has no root of its own to strip.
        let mut builder = GitignoreBuilder::new(".");
        for (index, line) in text.lines().enumerate() {
            if let Err(error) = builder.add_line(None, line) {
                let line = index as u32 + 1;
                let place = Place { path: path.clone(), line, column: 1 };
                let snippet = Snippet::new(text, line, 1, 1);
                let message = format!("a pattern is left out: {error}");
                self.found.warnings.push(Diagnostic::warning(message).at(place).with_snippet(snippet));
            }
        }
        match builder.build() {
            Ok(own) if own.is_empty() => above,
            Ok(own) => Some(Arc::new(Rules { own, folder: folder.clone(), above })),
            Err(error) => {
                self.found.warnings.push(Diagnostic::warning(format!("reading {path}: {error}")));
                above
            }
        }
    }
}

#[cfg(test)]
mod tests;
