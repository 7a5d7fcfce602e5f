use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;

use super::*;
use crate::git::testing::{Repository, Sandbox, rel};
use crate::tree::{MAX_FILE_BYTES, WorkTree, walk};

fn tree(repository: &Repository<'_>) -> GitTree {
    repository.open().tree(&repository.id("HEAD")).unwrap()
}

/// An object of the content, whatever git thinks of it.
fn object(repository: &Repository<'_>, kind: &str, content: &[u8]) -> String {
    let mut command = repository.command(&["hash-object", "-w", "-t", kind, "--literally", "--stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

/// A commit of a tree made by hand: mode and name of each entry, and the object that it names.
fn commit_by_hand(repository: &Repository<'_>, entries: &[(&str, &[u8], &str)]) -> ObjectId {
    let mut content = Vec::new();
    for (mode, name, id) in entries {
        content.extend(mode.as_bytes());
        content.push(b' ');
        content.extend(*name);
        content.push(0);
        content.extend((0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
    }
    let tree = object(repository, "tree", &content);
    ObjectId::parse(&repository.git(&["commit-tree", "-m", "by hand", &tree])).unwrap()
}

/// What two trees say of a path, as far as it may not differ.
fn said(tree: &dyn SourceTree, path: &RelPath) -> [String; 4] {
    let list = tree.list(path).map(|children| {
        children
            .into_iter()
            .filter(|child| child.name != ".git")
            .map(|child| (child.name, child.lossy, child.kind))
            .collect::<Vec<_>>()
    });
    let shown = |error: &ReadError| match error {
        // The words are those of git here and of the system there.
        ReadError::Io { path, .. } => format!("cannot read {path}"),
        error => error.to_string(),
    };
    [
        format!("{:?}", tree.locate(path).map_err(|error| shown(&error))),
        format!("{:?}", list.map_err(|error| shown(&error))),
        format!(
            "{:?}",
            tree.read_bytes(path)
                .map(|bytes| (bytes.len(), bytes.first().copied()))
                .map_err(|error| shown(&error))
        ),
        format!("{:?}", tree.read(path).map(|text| text.len()).map_err(|error| shown(&error))),
    ]
}

#[test]
#[cfg(unix)]
fn a_commit_reads_as_its_checkout_does() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    let root = &repository.path;
    repository.write("a.ts", "a");
    repository.write("empty", "");
    repository.write("lib/deep/er/b.ts", "\u{feff}b\r\n");
    repository.write("lib.ts", "sorts between lib and lib/");
    repository.write("a \"quoted\"\nname\t\\.ts", "odd");
    repository.write("ünï/ç", "utf-8");
    repository.write("binary", b"ab\xff");
    repository.write("large", vec![b'x'; MAX_FILE_BYTES as usize + 1]);
    repository.write("full", vec![b'x'; MAX_FILE_BYTES as usize]);
    repository.write("run.sh", "#!/bin/sh");
    fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let lossy = std::ffi::OsStr::from_bytes(b"n\xffme");
    fs::write(root.join(lossy), "x").unwrap();
    fs::create_dir(root.join(std::ffi::OsStr::from_bytes(b"fold\xffer"))).unwrap();
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"fold\xffer/x")), "x").unwrap();
    symlink("lib/deep", root.join("folder")).unwrap();
    symlink("../a.ts", root.join("lib/up")).unwrap();
    symlink("lib/up", root.join("chain")).unwrap();
    symlink("../outside", root.join("out")).unwrap();
    symlink("/etc/passwd", root.join("absolute")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("nothing", root.join("broken")).unwrap();
    symlink(lossy, root.join("to-lossy")).unwrap();
    symlink(".", root.join("here")).unwrap();
    // Nothing of the work tree's own name may be outside for another reason than being outside.
    fs::write(root.parent().unwrap().join("outside"), "secret").unwrap();
    repository.commit_all("all");

    let (commit, work) = (tree(&repository), WorkTree::new(root).unwrap());
    let mut paths: Vec<String> = repository
        .git(&["-c", "core.quotePath=false", "ls-files", "-z"])
        .split('\0')
        .map(str::to_owned)
        .collect();
    paths.extend(
        [
            "",
            "lib",
            "lib/deep",
            "folder/er",
            "folder/er/b.ts",
            "here/here/a.ts",
            "a.ts/x",
            "a.ts/..",
            "nothing",
            "loop/x",
            "chain/x",
            "n\u{fffd}me",
            "fold\u{fffd}er",
            "fold\u{fffd}er/x",
            "ünï",
        ]
        .map(str::to_owned),
    );
    // The system goes by bytes, and reads even what a link with such a name leads to; nobody needs that.
    paths.retain(|path| path != "to-lossy");
    assert!(matches!(commit.read(&rel("to-lossy")), Err(ReadError::Io { .. })));
    for path in paths.iter().map(|path| rel(path)) {
        assert_eq!(said(&commit, &path), said(&work, &path), "{path:?}");
    }
    assert!(matches!(commit.read(&rel("large")), Err(ReadError::TooLarge { .. })));
    assert_eq!(commit.read(&rel("a.ts")).unwrap(), "a", "after one that was too large");
    assert!(matches!(commit.read(&rel("out")), Err(ReadError::Outside { .. })));
    assert_eq!(walk(&commit, &[rel("")], &|_| true), walk(&work, &[rel("")], &|_| true));
    assert_eq!(commit.relative(root), None);
}

#[test]
fn content_is_as_it_was_committed() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.git(&["config", "filter.shout.smudge", "tr a-z A-Z"]);
    repository.git(&["config", "filter.shout.clean", "tr A-Z a-z"]);
    repository.write(".gitattributes", "*.crlf text eol=crlf\n*.loud filter=shout\n*.id ident\n");
    repository.write("a.crlf", "1\r\n2\r\n");
    repository.write("a.loud", "HELLO\n");
    repository.write("a.id", "$Id$\n");
    repository.commit_all("all");
    let tree = tree(&repository);
    assert_eq!(tree.read(&rel("a.crlf")).unwrap(), "1\n2\n");
    assert_eq!(tree.read(&rel("a.loud")).unwrap(), "hello\n");
    assert_eq!(tree.read(&rel("a.id")).unwrap(), "$Id$\n");
}

#[test]
fn submodules_are_empty_folders() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    let id = repository.commit("a");
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},libs/sub")]);
    repository.git(&["commit", "-q", "-m", "submodule"]);
    let tree = tree(&repository);
    assert_eq!(tree.list(&rel("libs")).unwrap()[0].kind, Kind::Folder);
    assert_eq!(tree.list(&rel("libs/sub")), Ok(Vec::new()));
    assert!(matches!(tree.read(&rel("libs/sub")), Err(ReadError::NotAFile { .. })));
    assert!(matches!(tree.read(&rel("libs/sub/a")), Err(ReadError::NotFound { .. })));
}

#[test]
fn a_commit_without_files_is_an_empty_tree() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.git(&["commit", "-q", "--allow-empty", "-m", "empty"]);
    let tree = tree(&repository);
    assert_eq!(tree.list(&rel("")), Ok(Vec::new()));
    let absent = ObjectId::parse(&"0".repeat(40)).unwrap();
    let message = repository.open().tree(&absent).unwrap_err().to_string();
    assert!(message.starts_with("`git ls-tree` did not work: "), "{message}");
}

#[test]
fn names_that_git_refuses_to_check_out_are_not_there() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    let blob = object(&repository, "blob", b"evil");
    let inner = object(&repository, "tree", b"");
    let nested = commit_by_hand(&repository, &[("100644", b"a.ts", &blob)]);
    let folder = repository.git(&["rev-parse", &format!("{nested}^{{tree}}")]);
    let commit = commit_by_hand(
        &repository,
        &[
            ("100644", b"a.ts", &object(&repository, "blob", b"good")),
            ("40000", b"..", &folder),
            ("40000", b".", &folder),
            ("40000", b".git", &folder),
            ("40000", b"lib/..", &folder),
            ("40000", b"none", &inner),
            // Twice, as a file and a folder: nothing good can come of it, but no panic.
            ("100644", b"twice", &blob),
            ("40000", b"twice", &folder),
        ],
    );
    let tree = repository.open().tree(&commit).unwrap();
    let names: Vec<String> = tree.list(&rel("")).unwrap().into_iter().map(|child| child.name).collect();
    assert_eq!(names, ["a.ts", "twice"]);
    assert_eq!(tree.read(&rel("a.ts")).unwrap(), "good");
}

#[test]
fn what_git_cannot_read_is_told() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    let good = object(&repository, "blob", b"good");
    let absent = "0123456789012345678901234567890123456789";
    let nested = object(&repository, "tree", b"");
    let long = object(&repository, "blob", "x/".repeat(5000).as_bytes());
    let commit = commit_by_hand(
        &repository,
        &[
            ("100644", b"a", &good),
            ("100644", b"absent", absent),
            ("120000", b"absent-link", absent),
            ("120000", b"long", &long),
            ("100644", b"tree", &nested),
        ],
    );
    let tree = repository.open().tree(&commit).unwrap();
    let reason = |path: &str| match tree.read_bytes(&rel(path)) {
        Err(ReadError::Io { reason, .. }) => reason,
        other => panic!("{path}: {other:?}"),
    };
    let missing = format!("git does not have its content ({absent}), and could not fetch it");
    assert_eq!(reason("absent"), missing);
    assert_eq!(reason("absent-link"), missing);
    assert_eq!(reason("absent-link/x"), missing);
    assert_eq!(reason("long"), "the target of the symbolic link is too long");
    assert_eq!(reason("tree"), format!("git has something else where its content should be ({nested})"));
    assert_eq!(tree.read(&rel("a")).unwrap(), "good", "after all that went wrong");
}

#[test]
fn damaged_objects_and_a_git_that_dies_are_errors() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.write("a", "a");
    repository.write("b", "b");
    repository.commit_all("all");
    let tree = tree(&repository);
    assert_eq!(tree.read(&rel("a")).unwrap(), "a");
    tree.blobs.kill();
    assert!(matches!(tree.read(&rel("a")), Err(ReadError::Io { .. })));
    assert_eq!(tree.read(&rel("a")).unwrap(), "a", "the next one is asked again");

    let id = repository.git(&["rev-parse", "HEAD:b"]);
    let object = repository.path.join(".git/objects").join(&id[..2]).join(&id[2..]);
    fs::remove_file(&object).unwrap();
    fs::write(&object, "garbage").unwrap();
    let Err(ReadError::Io { reason, .. }) = tree.read_bytes(&rel("b")) else { panic!("it cannot be read") };
    assert!(reason.contains(&id), "{reason}");
}

#[test]
fn git_ends_with_the_tree() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    repository.write("a", "a");
    repository.commit_all("all");
    let tree = tree(&repository);
    assert_eq!(tree.blobs.process(), None, "not before it is needed");
    tree.read(&rel("a")).unwrap();
    let process = tree.blobs.process().unwrap();
    drop(tree);
    if cfg!(target_os = "linux") {
        assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
    }
}

#[test]
fn many_threads_read_at_once() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    for name in 0..200 {
        repository.write(format!("f{name}"), format!("{name}\n").repeat(name * 10));
    }
    repository.commit_all("all");
    let tree = Arc::new(tree(&repository));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let tree = tree.clone();
            scope.spawn(move || {
                for at in 0..200 {
                    let name = (at * 7 + thread) % 200;
                    let text = tree.read(&rel(&format!("f{name}"))).unwrap();
                    assert_eq!(text, format!("{name}\n").repeat(name * 10));
                }
            });
        }
    });
}

#[test]
fn a_partial_clone_fetches_what_is_read() {
    let sandbox = Sandbox::new();
    let server = sandbox.init("server");
    server.git(&["config", "uploadpack.allowFilter", "true"]);
    server.write("a.ts", "old");
    server.write("never-read", "x");
    let old = server.commit_all("old");
    server.write("a.ts", "new");
    server.write("never-read", "y");
    server.commit_all("new");
    let clone = sandbox.init("clone");
    clone.git(&["remote", "add", "origin", &server.url()]);
    clone.git(&["fetch", "-q", "--filter=blob:none", "origin", "main:refs/remotes/origin/main"]);
    clone.git(&["checkout", "-q", "origin/main"]);
    let before = clone.state();
    let git = clone.open();
    let tree = git.tree(&old).unwrap();
    assert_eq!(tree.read(&rel("a.ts")).unwrap(), "old");
    assert_eq!(clone.state(), before);
    fs::rename(&server.path, sandbox.path("moved")).unwrap();
    let Err(ReadError::Io { reason, .. }) = tree.read_bytes(&rel("never-read")) else {
        panic!("it was fetched")
    };
    assert!(reason.contains("does not appear to be a git repository"), "git's own words: {reason}");
}

#[test]
#[ignore = "a measurement"]
fn ten_thousand_files() {
    let sandbox = Sandbox::new();
    let repository = sandbox.init("repository");
    for name in 0..10_000 {
        let text = format!("export const x{name} = {name};\n").repeat(60);
        repository.write(format!("d{}/e{}/f{name}.ts", name % 50, name % 7), text);
    }
    repository.commit_all("all");
    for packed in [false, true] {
        if packed {
            repository.git(&["gc", "-q"]);
        }
        let start = std::time::Instant::now();
        let tree = tree(&repository);
        let opened = start.elapsed();
        let mut bytes = 0;
        for name in 0..10_000 {
            bytes += tree.read(&rel(&format!("d{}/e{}/f{name}.ts", name % 50, name % 7))).unwrap().len();
        }
        eprintln!("packed {packed}: opened {opened:?}, all {:?}, {bytes} bytes", start.elapsed());
    }
}
