//! Relative imports, and the nearest name to one that is missing.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Kind, ReadError, RelPath, SourceTree};
use crate::diagnostic::near_miss;

/// Why a relative import leads to no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// It does not start with `./` or `../`.
    #[error("`{specifier}` is not a relative import")]
    NotRelative {
        /// The import, as written.
        specifier: String,
    },
    /// No file is there.
    #[error("cannot find `{specifier}`, imported by {importer}")]
    NotFound {
        /// The import, as written.
        specifier: String,
        /// The file that imports it.
        importer: RelPath,
        /// The paths that were tried, in order.
        tried: Vec<RelPath>,
        /// The nearest thing that does exist, when it is near enough to be meant.
        near: Option<RelPath>,
    },
    /// A file is there, or would be, but not in the project: `--allow-outside-root` would allow it.
    #[error("`{specifier}` leads to {path}, outside the project at {project}")]
    OutsideProject {
        /// The import, as written.
        specifier: String,
        /// Where it leads.
        path: RelPath,
        /// The project's root.
        project: RelPath,
    },
    /// It leads out of the tree, by name or by a symbolic link: nothing allows that.
    #[error("`{specifier}` leads out of the repository")]
    OutsideTree {
        /// The import, as written.
        specifier: String,
    },
}

/// The file that the relative import `specifier` of the file `importer` means, without symbolic links.
///
/// Tried in husako's order: the exact file; the last extension replaced by `.ts`, `.js`; then (not in husako) `.ts`,
/// `.js`, `.husako` appended; `index.ts`, `index.js` in the folder of that name. The file must lie in the folder
/// `confine`, links followed; `None`: anywhere in the tree.
///
/// Errors: see [`ResolveError`].
pub fn resolve_import(
    tree: &dyn SourceTree,
    importer: &RelPath,
    specifier: &str,
    confine: Option<&RelPath>,
) -> Result<RelPath, ResolveError> {
    let owned = || specifier.to_owned();
    if !is_relative(specifier) {
        return Err(ResolveError::NotRelative { specifier: owned() });
    }
    let outside_tree = || ResolveError::OutsideTree { specifier: owned() };
    let target = RelPath::join(&importer.parent(), specifier).ok_or_else(outside_tree)?;
    let outside_project = |path: &RelPath| {
        let project = confine.filter(|project| !path.starts_with(project))?;
        Some(ResolveError::OutsideProject {
            specifier: owned(),
            path: path.clone(),
            project: project.clone(),
        })
    };
    let tried = candidates(&target, names_folder(specifier));
    let mut leads_out = false;
    for path in &tried {
        match tree.locate(path) {
            Ok(found) if found.kind == Kind::File => {
                return outside_project(&found.path).map_or(Ok(found.path), Err);
            }
            Err(ReadError::Outside { .. }) => leads_out = true,
            // Read, it will say what is wrong with it.
            Err(ReadError::Io { .. }) if *path == target => {
                return outside_project(path).map_or(Ok(target), Err);
            }
            Ok(_) | Err(_) => {}
        }
    }
    if leads_out {
        return Err(outside_tree());
    }
    if let Some(error) = outside_project(&target) {
        return Err(error);
    }
    let near = nearest(tree, &target);
    Err(ResolveError::NotFound { specifier: owned(), importer: importer.clone(), tried, near })
}

/// The paths at which [`resolve_import`] looks for the relative import `specifier` of the file `importer`, in order. None
/// where it is not relative, or climbs out of the tree.
pub fn import_candidates(importer: &RelPath, specifier: &str) -> Vec<RelPath> {
    if !is_relative(specifier) {
        return Vec::new();
    }
    let target = RelPath::join(&importer.parent(), specifier);
    target.map_or_else(Vec::new, |target| candidates(&target, names_folder(specifier)))
}

fn is_relative(specifier: &str) -> bool {
    specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..")
}

/// Whether it names a folder and nothing else, as `.` and `..` do, unlike `./name`.
fn names_folder(specifier: &str) -> bool {
    matches!(specifier.trim_end_matches('/').rsplit('/').next(), Some("." | ".."))
}

fn candidates(target: &RelPath, names_folder: bool) -> Vec<RelPath> {
    let mut paths: Vec<RelPath> = Vec::with_capacity(8);
    let mut add = |path: RelPath| {
        if !paths.contains(&path) {
            paths.push(path);
        }
    };
    if !names_folder && !target.is_root() {
        let (folder, name) = (target.parent(), target.file_name());
        add(target.clone());
        for extension in ["ts", "js"] {
            // As the standard library does it, for that is what husako calls.
            if let Some(name) = Path::new(name).with_extension(extension).to_str() {
                add(folder.child(name));
            }
        }
        for extension in ["ts", "js", "husako"] {
            add(folder.child(&format!("{name}.{extension}")));
        }
    }
    add(target.child("index.ts"));
    add(target.child("index.js"));
    paths
}

/// What exists and is called almost like `path`, where the first part of `path` that does not exist stands.
///
/// A name without an extension is compared with those of files without theirs. `None` when nothing is near, or
/// everything exists.
pub fn nearest(tree: &dyn SourceTree, path: &RelPath) -> Option<RelPath> {
    let mut folder = RelPath::default();
    let missing = path.parts().find(|part| {
        let next = folder.child(part);
        let exists = !matches!(tree.locate(&next), Err(ReadError::NotFound { .. }));
        if exists {
            folder = next;
        }
        !exists
    })?;
    let is_last = folder.child(missing) == *path;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for child in tree.list(&folder).ok()? {
        let hidden = child.name.starts_with('.') && !missing.starts_with('.');
        // A link to nothing is listed under the very name that is missing.
        let same = child.name == missing;
        if child.lossy || hidden || same || (!is_last && child.kind == Kind::File) {
            continue;
        }
        if let (false, Some((stem, _))) = (missing.contains('.'), child.name.split_once('.')) {
            names.entry(stem.to_owned()).or_insert_with(|| child.name.clone());
        }
        names.insert(child.name.clone(), child.name);
    }
    let near = near_miss(missing, names.keys().map(String::as_str))?;
    Some(folder.child(names.get(near)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemoryTree;

    fn rel(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    fn resolve(tree: &MemoryTree, importer: &str, specifier: &str) -> Result<String, ResolveError> {
        resolve_import(tree, &rel(importer), specifier, None).map(|path| path.as_str().to_owned())
    }

    #[test]
    fn order() {
        let all = ["x.js", "x.js.ts", "x.js.js", "x.js.husako", "x.js/index.ts", "x.js/index.js", "x.ts"];
        let order = ["x.js", "x.ts", "x.js.ts", "x.js.js", "x.js.husako"];
        for (index, expected) in order.iter().enumerate() {
            let left = all.iter().filter(|name| !order[..index].contains(name) && !name.contains('/'));
            let tree = MemoryTree::new(left.map(|name| (*name, "")));
            assert_eq!(resolve(&tree, "main.ts", "./x.js").as_deref(), Ok(*expected));
        }
        let tree =
            MemoryTree::new([("lib/index.js", ""), ("lib/index.ts", ""), ("foo.ts", ""), ("a.husako", "")]);
        assert_eq!(resolve(&tree, "main.ts", "./lib").as_deref(), Ok("lib/index.ts"));
        assert_eq!(resolve(&tree, "main.ts", "./foo.bar").as_deref(), Ok("foo.ts"));
        assert_eq!(resolve(&tree, "env/main.ts", "../a").as_deref(), Ok("a.husako"));
        assert_eq!(resolve(&tree, "lib/main.ts", ".").as_deref(), Ok("lib/index.ts"));
        assert_eq!(resolve(&tree, "lib/sub/main.ts", "../").as_deref(), Ok("lib/index.ts"));
        let tree = MemoryTree::new([("lib/index.js", ""), ("lib.ts", "")]);
        assert_eq!(resolve(&tree, "main.ts", "./lib").as_deref(), Ok("lib.ts"));
    }

    #[test]
    fn where_an_import_is_looked_for() {
        let looked = |specifier| -> Vec<String> {
            import_candidates(&rel("env/main.ts"), specifier).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            looked("../lib/x"),
            ["lib/x", "lib/x.ts", "lib/x.js", "lib/x.husako", "lib/x/index.ts", "lib/x/index.js"]
        );
        assert_eq!(looked(".."), ["index.ts", "index.js"]);
        assert_eq!(looked("../../x"), [""; 0]);
        assert_eq!(looked("k8s/apps/v1"), [""; 0]);
    }

    #[test]
    fn confinement() {
        let mut tree = MemoryTree::new([("apps/web/main.ts", ""), ("common/a.ts", "")]);
        tree.link(&rel("apps/web/link.ts"), "../../common/a.ts");
        tree.link(&rel("apps/web/out.ts"), "../../../a.ts");
        let project = rel("apps/web");
        let confined = |specifier| resolve_import(&tree, &rel("apps/web/main.ts"), specifier, Some(&project));
        assert!(
            matches!(confined("../../common/a"), Err(ResolveError::OutsideProject { path, .. }) if path == rel("common/a.ts"))
        );
        assert!(matches!(confined("./link"), Err(ResolveError::OutsideProject { .. })));
        assert!(matches!(confined("../../common/none"), Err(ResolveError::OutsideProject { .. })));
        assert!(matches!(confined("./out"), Err(ResolveError::OutsideTree { .. })));
        assert!(matches!(confined("../../../a"), Err(ResolveError::OutsideTree { .. })));
        assert!(matches!(confined("lodash"), Err(ResolveError::NotRelative { .. })));
        assert!(matches!(confined(".x"), Err(ResolveError::NotRelative { .. })));
        assert_eq!(resolve(&tree, "apps/web/main.ts", "./link").as_deref(), Ok("common/a.ts"));
    }

    #[test]
    fn not_found_suggests() {
        let tree = MemoryTree::new([("lib/helper.ts", ""), ("main.ts", "")]);
        let near = |specifier| match resolve(&tree, "main.ts", specifier) {
            Err(ResolveError::NotFound { near, tried, .. }) => {
                (near.map(|path| path.to_string()), tried.len())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(near("./lib/helpr"), (Some("lib/helper.ts".to_owned()), 6));
        assert_eq!(near("./lib/helpe.ts"), (Some("lib/helper.ts".to_owned()), 7));
        assert_eq!(near("./libb/helper.ts").0, Some("lib".to_owned()));
        assert_eq!(near("./other").0, None);
        assert_eq!(near("./lib").0, None);
    }
}
