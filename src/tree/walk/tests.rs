use super::*;
use crate::tree::MemoryTree;

fn paths(texts: &[&str]) -> Vec<RelPath> {
    texts.iter().map(|text| RelPath::new(text).unwrap()).collect()
}

fn walked(tree: &dyn SourceTree, folders: &[&str]) -> Vec<String> {
    let walk = walk(tree, &paths(folders), &|name| name.ends_with(".ts"));
    assert_eq!(walk.warnings, []);
    walk.files.iter().map(RelPath::to_string).collect()
}

#[test]
fn sorted_by_bytes_and_never_entered() {
    let tree = MemoryTree::new([
        ("a/x.ts", ""),
        ("a-b/x.ts", ""),
        ("a.ts", ""),
        ("B.ts", ""),
        ("a/readme.md", ""),
        (".git/x.ts", ""),
        (".hidden.ts", ""),
        (".husako/types/x.ts", ""),
        ("a/node_modules/y/x.ts", ""),
    ]);
    assert_eq!(walked(&tree, &[""]), ["B.ts", "a-b/x.ts", "a.ts", "a/x.ts"]);
    assert!(walked(&tree, &["a/node_modules", ".git"]).is_empty());
    assert!(walked(&tree, &[]).is_empty());
}

#[test]
fn only_what_is_asked_for_is_entered() {
    let tree = MemoryTree::new([("a/b/x.ts", ""), ("a/c/x.ts", ""), ("a/x.ts", ""), ("ab/x.ts", "")]);
    assert_eq!(walked(&tree, &["a/b"]), ["a/b/x.ts"]);
    assert_eq!(walked(&tree, &["a", "a/b", "a"]), ["a/b/x.ts", "a/c/x.ts", "a/x.ts"]);
    assert!(walked(&tree, &["none/at/all", "a/x.ts"]).is_empty());
}

#[test]
fn gitignore_nested_and_negated() {
    let tree = MemoryTree::new([
        (".gitignore", "\u{feff}*.gen.ts\r\n/out/\nonlydir/\n# comment\n\nkeep.ts\n"),
        ("sub/.gitignore", "!keep.ts\n/local.ts\ndeep/*\n!deep/yes.ts\n"),
        ("a.gen.ts", ""),
        ("out/x.ts", ""),
        ("out/.gitignore", "!x.ts"),
        ("sub/out/x.ts", ""),
        ("keep.ts", ""),
        ("sub/keep.ts", ""),
        ("sub/a.gen.ts", ""),
        ("sub/local.ts", ""),
        ("sub/more/local.ts", ""),
        ("sub/deep/no.ts", ""),
        ("sub/deep/yes.ts", ""),
        ("sub/onlydir/x.ts", ""),
        ("other/deep/no.ts", ""),
    ]);
    let all = ["other/deep/no.ts", "sub/deep/yes.ts", "sub/keep.ts", "sub/more/local.ts", "sub/out/x.ts"];
    assert_eq!(walked(&tree, &[""]), all);
    // The files above what is asked for count, those below an ignored folder are there when it is named.
    assert_eq!(walked(&tree, &["sub/deep"]), ["sub/deep/yes.ts"]);
    assert_eq!(walked(&tree, &["out"]), ["out/x.ts"]);
    assert_eq!(walked(&tree, &["", "sub/onlydir"]).len(), 6);
}

#[test]
fn a_wrong_pattern_is_a_warning_with_its_place() {
    let tree = MemoryTree::new([("x/.gitignore", "a.ts\n[z-a]\n"), ("x/a.ts", ""), ("x/b.ts", "")]);
    let walk = walk(&tree, &paths(&[""]), &|name| name.ends_with(".ts"));
    assert_eq!(walk.files, paths(&["x/b.ts"]));
    assert_eq!(walk.warnings.len(), 1);
    assert_eq!(walk.warnings[0].place.as_ref().unwrap().to_string(), "x/.gitignore:2:1");
}

#[cfg(unix)]
mod on_disk {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::tree::WorkTree;

    #[test]
    fn links_pipes_and_names() {
        let above = tempfile::tempdir().unwrap();
        fs::write(above.path().join(".gitignore"), "*.ts").unwrap();
        fs::write(above.path().join("out.ts"), "").unwrap();
        let root = above.path().join("repo");
        fs::create_dir_all(root.join(".git/info")).unwrap();
        fs::write(root.join(".git/info/exclude"), "*.ts").unwrap();
        fs::write(root.join(".ignore"), "*.ts").unwrap();
        fs::create_dir_all(root.join("lib/deep")).unwrap();
        fs::write(root.join("lib/deep/a.ts"), "").unwrap();
        symlink("deep", root.join("lib/folder")).unwrap();
        symlink("..", root.join("lib/deep/loop")).unwrap();
        symlink("deep/a.ts", root.join("lib/link.ts")).unwrap();
        symlink("../../out.ts", root.join("lib/out.ts")).unwrap();
        symlink("nothing", root.join("lib/broken.ts")).unwrap();
        symlink("self.ts", root.join("lib/self.ts")).unwrap();
        symlink("deep", root.join("lib/folder.ts")).unwrap();
        assert!(
            std::process::Command::new("mkfifo").arg(root.join("lib/pipe.ts")).status().unwrap().success()
        );
        assert!(
            std::process::Command::new("mkfifo").arg(root.join("lib/.gitignore")).status().unwrap().success()
        );
        let tree = WorkTree::new(&root).unwrap();
        assert_eq!(walked(&tree, &[""]), ["lib/deep/a.ts", "lib/link.ts"]);

        fs::write(root.join(OsStr::from_bytes(b"lib/\xff.ts")), "").unwrap();
        fs::write(root.join(OsStr::from_bytes(b"lib/\xff.png")), "").unwrap();
        let walk = walk(&tree, &paths(&[""]), &|name| name.ends_with(".ts"));
        assert_eq!(walk.files.len(), 2);
        assert_eq!(walk.warnings.len(), 1, "{:?}", walk.warnings);
    }

    #[test]
    fn an_unreadable_folder_is_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("closed")).unwrap();
        fs::write(dir.path().join("a.ts"), "").unwrap();
        fs::set_permissions(dir.path().join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read everything.
        let is_root = fs::read_dir(dir.path().join("closed")).is_ok();
        let walk = walk(&WorkTree::new(dir.path()).unwrap(), &paths(&[""]), &|name| name.ends_with(".ts"));
        assert_eq!(walk.files, paths(&["a.ts"]));
        assert_eq!(walk.warnings.len(), usize::from(!is_root));
        fs::set_permissions(dir.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    }

    /// Run with `--ignored --nocapture` and in release mode to see the time.
    #[test]
    #[ignore = "writes 100,000 files"]
    fn a_hundred_thousand_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".gitignore"), "*.log\ndist/\n/tmp\n!keep.log\n").unwrap();
        for folder in 0..5000 {
            let path = dir.path().join(format!("group{}/app{folder}", folder % 50));
            fs::create_dir_all(&path).unwrap();
            for file in 0..20 {
                fs::write(path.join(format!("file{file}.ts")), "").unwrap();
            }
        }
        let tree = WorkTree::new(dir.path()).unwrap();
        let start = std::time::Instant::now();
        assert_eq!(walked(&tree, &[""]).len(), 100_000);
        println!("{:?}", start.elapsed());
    }
}

#[test]
fn folders_that_are_looked_into() {
    let tree = MemoryTree::new([
        (".gitignore", "out\n"),
        ("a/b/x.md", ""),
        ("out/x.ts", ""),
        (".git/x", ""),
        ("node_modules/y/x.ts", ""),
    ]);
    let mut found: Vec<String> = folders(&tree).iter().map(|folder| folder.as_str().to_owned()).collect();
    found.sort();
    assert_eq!(found, ["", "a", "a/b"]);
}
