use std::cell::RefCell;

use super::*;
use crate::diagnostic::Severity;
use crate::tree::MemoryTree;

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

/// Stands in for a compiler: every quoted text after `from` or `import`.
fn specifiers(_: &RelPath, text: &str) -> Vec<String> {
    let words = text.split_whitespace().collect::<Vec<_>>();
    let after = words.windows(2).filter(|pair| matches!(pair[0], "from" | "import")).map(|pair| pair[1]);
    after.map(|word| word.trim_matches(['"', ';']).to_owned()).collect()
}

fn request(tree: &dyn SourceTree, arguments: &[&str]) -> Request {
    let scopes = arguments.iter().map(|text| Scope::parse(&RelPath::default(), text, tree).unwrap());
    Request { scopes: scopes.collect(), ..Request::default() }
}

fn tests(found: &Found) -> Vec<String> {
    found.tests.iter().map(|test| test.path.to_string()).collect()
}

fn entries(found: &Found) -> Vec<String> {
    found.entries.iter().map(|entry| entry.path.to_string()).collect()
}

fn told(found: &Found) -> Vec<String> {
    found.diagnostics.iter().map(Diagnostic::to_string).collect()
}

/// The tests and entries of a run that nothing is wrong with.
fn run(tree: &dyn SourceTree, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let found = discover(tree, &request(tree, arguments), &specifiers);
    assert_eq!(told(&found), [""; 0]);
    (tests(&found), entries(&found))
}

#[test]
fn tests_by_name() {
    let tree = MemoryTree::new([
        ("b.test.ts", ""),
        ("a.spec.ts", ""),
        ("x/c.test.husako", ""),
        ("x/d.spec.husako", ""),
        ("x/e.test.js", ""),
        ("x/f.test.d.ts", ""),
        ("x/testing.ts", ""),
        ("node_modules/g.test.ts", ""),
        (".husako/h.test.ts", ""),
    ]);
    let (found, entries) = run(&tree, &[]);
    assert_eq!(found, ["a.spec.ts", "b.test.ts", "x/c.test.husako", "x/d.spec.husako"]);
    assert!(entries.is_empty());
    assert_eq!(run(&tree, &["x", "./x/c.test.husako", "b.test.ts", "x/*"]).0, found[1..]);
    assert_eq!(run(&tree, &["*.ts"]).0, found[..2]);
    assert_eq!(run(&tree, &["**/*.spec.*"]).0, ["a.spec.ts", "x/d.spec.husako"]);
    assert_eq!(run(&tree, &[".husako/h.test.ts"]).0, [".husako/h.test.ts"]);
}

#[test]
fn entries_of_every_kind() {
    let tree = MemoryTree::new([
        (
            "husako.toml",
            "[entries]\nprod = 'env/prod.ts'\np2 = './env/prod.ts'\ngen = 'dist/gen.ts'\nmodule = 'lib/named.husako'\n\
             [ci]\nentries = ['apps/*/main.ts']\n",
        ),
        (".gitignore", "dist"),
        ("env/prod.ts", ""),
        ("dist/gen.ts", ""),
        ("dist/other.husako", "import \"./part\""),
        ("dist/part.husako", ""),
        ("apps/web/main.ts", "import \"../../lib/base\";\n import { x } from \"../../lib/named.husako\";"),
        ("apps/web/main.test.ts", ""),
        ("apps/web/main.d.ts", ""),
        ("apps/web/sub/main.ts", ""),
        ("lib/base.husako", "import \"./base.husako\";"),
        ("lib/named.husako", ""),
        ("alone.husako", "import \"./alone\";"),
        ("tested.husako", ""),
        ("tested.test.husako", "import \"./tested\";"),
    ]);
    let (found, entry) = run(&tree, &[]);
    assert_eq!(found, ["apps/web/main.test.ts", "tested.test.husako"]);
    assert_eq!(entry, ["alone.husako", "apps/web/main.ts", "dist/gen.ts", "env/prod.ts", "lib/named.husako"]);
    let all = discover(&tree, &Request::default(), &specifiers);
    assert_eq!(all.entries[3].aliases, ["prod", "p2"]);
    assert_eq!(all.projects.len(), 1);
    assert_eq!(all.projects[0].config_path, Some(rel("husako.toml")));
    // Only part of it is asked for; importers outside of that part still count.
    assert_eq!(run(&tree, &["lib"]).1, ["lib/named.husako"]);
    assert_eq!(run(&tree, &["dist/gen.ts", "alone.husako"]).1, ["alone.husako", "dist/gen.ts"]);
    assert_eq!(run(&tree, &["dist"]).1, ["dist/gen.ts", "dist/other.husako"]);
}

#[test]
fn importers_are_read_only_when_they_may_matter() {
    let asked = RefCell::new(Vec::new());
    let imports = |path: &RelPath, text: &str| {
        asked.borrow_mut().push(path.to_string());
        specifiers(path, text)
    };
    let mut tree = MemoryTree::new([
        ("a.ts", "import \"./b\""),
        ("b.ts", "import \"./base.husako\""),
        ("c.ts", "// base\nimport \"lodash\""),
        ("one.test.ts", "import \"./b\""),
    ]);
    discover(&tree, &Request::default(), &imports);
    assert_eq!(asked.take(), [""; 0]);
    tree.insert(&rel("base.husako"), "");
    tree.link(&rel("other.husako"), "base.husako");
    let found = discover(&tree, &Request::default(), &imports);
    assert_eq!(asked.take(), ["b.ts"]);
    assert_eq!(entries(&found), [""; 0]);
    // Those that import each other are modules too; a file that is no text hides nothing.
    let mut tree =
        MemoryTree::new([("a.husako", "import \"./b\""), ("b.husako", "import \"./a\""), ("c.husako", "")]);
    tree.insert(&rel("z.ts"), b"import \"./c\" \xff".as_slice());
    assert_eq!(run(&tree, &[]).1, ["c.husako"]);
}

#[test]
fn several_projects() {
    let tree = MemoryTree::new([
        ("husako.toml", "[entries]\nall = 'main.ts'\ninner = 'apps/web/main.ts'\n[ci]\nexclude = ['skip']\n"),
        ("main.ts", "import \"./apps/web/part.husako\""),
        ("root.test.ts", ""),
        ("skip/x.test.ts", ""),
        ("apps/web/husako.toml", "[ci]\ninclude = ['unit', '*.husako', 'main.ts']\n"),
        ("apps/web/main.ts", ""),
        ("apps/web/unit/x.test.ts", ""),
        ("apps/web/skip/x.test.ts", ""),
        ("apps/web/part.husako", ""),
        ("apps/empty/husako.toml", ""),
        ("apps/db/deep/husako.toml", "[entries]\nm = 'm.ts'"),
        ("apps/db/deep/m.ts", ""),
        ("apps/db/x.test.ts", ""),
    ]);
    let found = discover(&tree, &Request::default(), &specifiers);
    assert_eq!(told(&found), [""; 0]);
    let roots: Vec<_> = found.projects.iter().map(|project| project.root.as_str()).collect();
    assert_eq!(roots, ["", "apps/db/deep", "apps/web"]);
    let of: Vec<_> = found.tests.iter().map(|test| (test.path.as_str(), test.project)).collect();
    assert_eq!(of, [("apps/db/x.test.ts", 0), ("apps/web/unit/x.test.ts", 2), ("root.test.ts", 0)]);
    let of: Vec<_> = found.entries.iter().map(|entry| (entry.path.as_str(), entry.project)).collect();
    // A file of another project that imports it does not make it a module of this one.
    assert_eq!(
        of,
        [("apps/db/deep/m.ts", 1), ("apps/web/main.ts", 2), ("apps/web/part.husako", 2), ("main.ts", 0)]
    );
    assert_eq!(found.entries[1].aliases, ["inner"]);

    let found = discover(&tree, &request(&tree, &["apps/web/unit"]), &specifiers);
    assert_eq!(found.projects.len(), 1);
    assert_eq!(
        (tests(&found), found.projects[0].root.as_str()),
        (vec!["apps/web/unit/x.test.ts".to_owned()], "apps/web")
    );
    // A named file runs whatever excludes it.
    assert_eq!(run(&tree, &["skip/x.test.ts", "apps/web/skip/x.test.ts"]).0.len(), 2);
    assert!(run(&tree, &["skip"]).0.is_empty());
}

#[test]
fn include_and_exclude() {
    let tree = MemoryTree::new([
        ("a/x.test.ts", ""),
        ("a/y.test.ts", ""),
        ("b/x.test.ts", ""),
        ("b/e.husako", ""),
        ("c/x.slow.test.ts", ""),
    ]);
    let pattern = |text: &&str| Pattern::filter(&RelPath::default(), text).unwrap();
    let run = |include: &[&str], exclude: &[&str]| {
        let request = Request {
            include: include.iter().map(pattern).collect(),
            exclude: exclude.iter().map(pattern).collect(),
            ..request(&tree, &[".", "a/y.test.ts"])
        };
        let found = discover(&tree, &request, &specifiers);
        [tests(&found), entries(&found)].concat().join(" ")
    };
    assert_eq!(run(&["x.*"], &["*.slow.test.ts"]), "a/x.test.ts a/y.test.ts b/x.test.ts");
    assert_eq!(run(&["b/", "c"], &[]), "a/y.test.ts b/x.test.ts c/x.slow.test.ts b/e.husako");
    assert_eq!(run(&[], &["a", "**/x.*"]), "a/y.test.ts b/e.husako");
    assert_eq!(run(&["none"], &[]), "a/y.test.ts");
}

#[test]
fn mistakes() {
    let tree = MemoryTree::new([
        ("husako.toml", "[entries]\ndev = 'env/dve.ts'\ndir = 'env'\n[ci]\nentries = ['none/*']"),
        ("env/dev.ts", "import \"../base.husako\""),
        ("base.husako", ""),
        ("bad/husako.toml", "[ci]\nx = 1"),
        ("bad/x.test.ts", ""),
        ("readme.md", ""),
        (".ci/x.test.ts", ""),
    ]);
    let found = discover(&tree, &request(&tree, &[]), &specifiers);
    assert_eq!(
        told(&found),
        [
            "bad/husako.toml:2:1: unknown key `x` in [ci] (known here: include, exclude, entries, redact, rules)",
            "husako.toml:2:7: the entry `dev` is left out: no such file or folder: env/dve.ts (did you mean `env/dev.ts`?)",
            "husako.toml:3:7: the entry `dir` is left out: env is not a regular file",
            "husako.toml:5:12: no file matches `none/*`",
        ]
    );
    assert_eq!(found.diagnostics[1].severity, Severity::Warning);
    assert!(found.diagnostics[1].snippet.is_some());
    assert_eq!(tests(&found), ["bad/x.test.ts"]);

    let named = ["env/dev.ts", "base.husako", "readme.md", ".ci", "env/*.test.ts"];
    let found = discover(&tree, &request(&tree, &named), &specifiers);
    assert_eq!(
        told(&found),
        [
            "nothing is looked for in .ci (`.ci` is never entered: name its files instead)",
            "base.husako is neither a test nor an entry (env/dev.ts imports it, so it is a module; name it in [entries] to \
             make it an entry)",
            "env/dev.ts is neither a test nor an entry (tests are called *.test.ts, *.spec.ts, *.test.husako, *.spec.husako; \
             entries are *.husako and what [entries] or [ci] entries of husako.toml name)",
            "readme.md is neither a test nor an entry (tests are called *.test.ts, *.spec.ts, *.test.husako, *.spec.husako; \
             entries are *.husako and what [entries] or [ci] entries of husako.toml name)",
            "no test or entry matches `env/*.test.ts`",
        ]
    );
    assert!(found.projects.is_empty());
    let mut tree = MemoryTree::new([("x.test.ts", "")]);
    tree.insert(&rel("husako.toml"), b"\xff".as_slice());
    assert_eq!(
        told(&discover(&tree, &Request::default(), &specifiers)),
        ["husako.toml is not UTF-8: byte 0 is invalid"]
    );
}

#[cfg(test)]
#[cfg(unix)]
#[test]
fn on_disk() {
    use std::fs;
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.test.ts"), "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::create_dir_all(root.join("apps/web")).unwrap();
    fs::create_dir_all(root.join("apps/.hidden")).unwrap();
    fs::write(root.join("husako.toml"), "[entries]\nout = 'out.ts'\npipe = 'pipe.test.ts'\n").unwrap();
    fs::write(root.join("apps/husako.toml"), "").unwrap();
    fs::write(root.join("apps/web/a.test.ts"), "").unwrap();
    fs::write(root.join("apps/.hidden/a.test.ts"), "").unwrap();
    fs::write(root.join("apps/.gitignore"), "*.gen.test.ts\n!keep.gen.test.ts\n").unwrap();
    fs::write(root.join("apps/web/x.gen.test.ts"), "").unwrap();
    fs::write(root.join("apps/web/keep.gen.test.ts"), "").unwrap();
    fs::write(root.join("apps/web/e.husako"), "").unwrap();
    symlink("..", root.join("apps/web/loop")).unwrap();
    symlink("a.test.ts", root.join("apps/web/b.test.ts")).unwrap();
    symlink(outside.path().join("x.test.ts"), root.join("out.ts")).unwrap();
    symlink(outside.path(), root.join("apps/out")).unwrap();
    symlink("apps/web", root.join("link")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(root.join("pipe.test.ts")).status().unwrap().success());

    let tree = crate::tree::WorkTree::new(root).unwrap();
    let found = discover(&tree, &request(&tree, &[]), &specifiers);
    let expected = ["apps/web/a.test.ts", "apps/web/b.test.ts", "apps/web/keep.gen.test.ts"];
    assert_eq!(tests(&found), expected);
    assert_eq!(entries(&found), ["apps/web/e.husako"]);
    assert_eq!(found.projects.iter().map(|project| project.root.as_str()).collect::<Vec<_>>(), ["apps"]);
    assert_eq!(
        told(&found),
        [
            "husako.toml:2:7: the entry `out` is left out: out.ts is a symbolic link that leads out of the repository",
            "husako.toml:3:8: the entry `pipe` is left out: pipe.test.ts is not a regular file",
        ]
    );
    assert_eq!(run(&tree, &["link"]).0, expected);
    assert!(Scope::parse(&rel(""), "pipe.test.ts", &tree).is_err());
    assert!(Scope::parse(&rel(""), "apps/out", &tree).is_err());
}
