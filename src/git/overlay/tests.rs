use std::fs;
use std::path::Path;

use super::*;
use crate::git::testing::{Repository, Sandbox, rel};
use crate::tree::WorkTree;

/// The commit `HEAD` of a repository, over its work tree.
fn overlay(repository: &Repository<'_>) -> Overlay {
    let git = repository.open();
    let work = Arc::new(WorkTree::new(&repository.path).unwrap());
    git.overlay(git.tree(&repository.id("HEAD")).unwrap(), work).unwrap()
}

fn names(tree: &dyn SourceTree, folder: &str) -> Vec<String> {
    tree.list(&rel(folder)).unwrap().into_iter().map(|child| child.name).collect()
}

#[cfg(unix)]
fn link(repository: &Repository<'_>, target: &str, path: &str) {
    std::os::unix::fs::symlink(target, repository.path.join(path)).unwrap();
}

#[test]
#[cfg(unix)]
fn generated_files_are_those_of_the_work_tree() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.write("app/a.ts", "committed");
    repository.write("app/zzz", "committed");
    repository.write("plugins/own/index.ts", "committed");
    link(&repository, ".husako/types/k8s.ts", "app/types.ts");
    repository.commit_all("base");
    repository.write("app/a.ts", "changed");
    repository.write("app/new.ts", "new");
    repository.write("plugins/own/index.ts", "changed");
    repository.write("app/.husako/types/k8s.ts", "generated");
    repository.write(".husako/types/k8s.ts", "generated at the root");
    repository.write("new/.husako/x.ts", "generated, of a new project");
    fs::create_dir(repository.path.join("app/.husako/plugins")).unwrap();
    link(&repository, "../../../plugins/own", "app/.husako/plugins/own");
    link(&repository, "../../../outside", "app/.husako/out");
    fs::write(sandbox.path("outside"), "secret").unwrap();
    link(&repository, "loop", "app/.husako/loop");

    let tree = overlay(&repository);
    let read = |path: &str| tree.read(&rel(path));
    assert_eq!(read("app/a.ts").unwrap(), "committed");
    assert!(matches!(read("app/new.ts"), Err(ReadError::NotFound { .. })));
    assert_eq!(read("app/.husako/types/k8s.ts").unwrap(), "generated");
    assert_eq!(read(".husako/types/k8s.ts").unwrap(), "generated at the root");
    assert_eq!(read("new/.husako/x.ts").unwrap(), "generated, of a new project");
    // From the commit into it, and from it to the commit.
    assert_eq!(read("app/types.ts").unwrap(), "generated");
    assert_eq!(tree.real_path(&rel("app/types.ts")), Some(rel("app/.husako/types/k8s.ts")));
    assert_eq!(read("app/.husako/plugins/own/index.ts").unwrap(), "committed");
    assert_eq!(tree.real_path(&rel("app/.husako/plugins/own/index.ts")), Some(rel("plugins/own/index.ts")));
    assert_eq!(read("app/.husako/out"), Err(ReadError::Outside { path: rel("app/.husako/out") }));
    assert!(matches!(read("app/.husako/loop"), Err(ReadError::Io { .. })));
    assert_eq!(read("app/.husako/no"), Err(ReadError::NotFound { path: rel("app/.husako/no") }));
    assert_eq!(names(&tree, "app"), [".husako", "a.ts", "types.ts", "zzz"]);
    assert_eq!(names(&tree, ""), [".husako", "app", "plugins"]);
    assert_eq!(names(&tree, "app/.husako"), ["loop", "out", "plugins", "types"]);
    assert_eq!(names(&tree, "app/.husako/plugins/own"), ["index.ts"]);
    assert_eq!(names(&tree, "plugins"), ["own"]);
}

#[test]
fn generated_files_that_git_knows_are_those_of_the_commit() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.write("tracked/.husako/types/a.ts", "committed");
    repository.write("other.ts", "");
    repository.commit_all("base");
    repository.write("tracked/.husako/types/a.ts", "changed");
    repository.write("tracked/.husako/types/b.ts", "untracked beside it");
    repository.write("added/.husako/types/a.ts", "added by the change");
    repository.git(&["add", "added"]);
    let tree = overlay(&repository);
    let read = |path: &str| tree.read(&rel(path));
    assert_eq!(read("tracked/.husako/types/a.ts").unwrap(), "committed");
    assert!(matches!(read("tracked/.husako/types/b.ts"), Err(ReadError::NotFound { .. })));
    assert!(matches!(read("added/.husako/types/a.ts"), Err(ReadError::NotFound { .. })));
    assert_eq!(names(&tree, "tracked"), [".husako"]);

    // Taken out by the change: the commit's own still count.
    repository.git(&["rm", "-r", "-q", "--cached", "tracked/.husako"]);
    assert_eq!(overlay(&repository).read(&rel("tracked/.husako/types/a.ts")).unwrap(), "committed");
}

#[test]
fn a_file_called_so_is_no_folder() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.commit("a");
    repository.write(".husako", "a file");
    let tree = overlay(&repository);
    assert_eq!(names(&tree, ""), ["a"]);
    assert_eq!(tree.relative(Path::new("/")), None);
}
