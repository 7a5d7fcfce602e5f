//! Which `.husako` files are imported, and so are modules and no entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::project::Projects;
use super::scope::Area;
use super::{Imports, is_source};
use crate::tree::{RelPath, SourceTree, resolve_import, walk};

/// Of the files `candidates` (by the root of their project), those that another file of their project imports, each
/// with the first file that does.
pub(super) fn imported(
    tree: &dyn SourceTree,
    area: &Area,
    sources: &[RelPath],
    projects: &mut Projects<'_>,
    candidates: &BTreeMap<RelPath, BTreeSet<RelPath>>,
    imports: &Imports<'_>,
) -> HashMap<RelPath, RelPath> {
    let mut imported = HashMap::new();
    for (root, candidates) in candidates {
        // What is outside of what was asked for may import what is inside; and what was named may be hidden from a walk.
        let others = if area.covers(root) {
            Vec::new()
        } else {
            walk(tree, std::slice::from_ref(root), &is_source).files
        };
        let mut files: Vec<RelPath> = sources
            .iter()
            .chain(&others)
            .filter(|file| file.starts_with(root) && projects.root_of(&file.parent()) == *root)
            .cloned()
            .collect();
        files.sort();
        files.dedup();
        search(tree, &files, candidates, imports, &mut imported);
    }
    imported
}

fn search(
    tree: &dyn SourceTree,
    files: &[RelPath],
    candidates: &BTreeSet<RelPath>,
    imports: &Imports<'_>,
    imported: &mut HashMap<RelPath, RelPath>,
) {
    // An import finds the file behind a link: what is imported is every name of that file.
    let mut by_real_path: HashMap<RelPath, Vec<&RelPath>> = HashMap::new();
    for path in candidates {
        by_real_path.entry(tree.real_path(path).unwrap_or_else(|| path.clone())).or_default().push(path);
    }
    let stems: BTreeSet<&str> = by_real_path
        .iter()
        .flat_map(|(real, names)| names.iter().copied().chain([real]))
        .map(|path| path.file_name().trim_end_matches(".husako"))
        .collect();
    let may_mean = |text: &str| stems.iter().any(|stem| text.contains(stem));
    for importer in files {
        // One that cannot be read imports nothing here; it says why when it is run.
        let Ok(text) = tree.read(importer) else { continue };
        // Every relative import has a `./` in it; and parsing is what costs.
        if !text.contains("./") || !may_mean(&text) {
            continue;
        }
        let real_importer = tree.real_path(importer);
        for specifier in imports(importer, &text).iter().filter(|specifier| may_mean(specifier)) {
            let Ok(target) = resolve_import(tree, importer, specifier, None) else { continue };
            if real_importer.as_ref() == Some(&target) {
                continue;
            }
            for name in by_real_path.get(&target).into_iter().flatten() {
                imported.entry((*name).clone()).or_insert_with(|| importer.clone());
            }
        }
    }
}
