//! What a file asked for, and what is kept when some of that changes.

use super::*;

/// Runs `main` with modules that remember; gives them, and what the file asked for.
async fn asked(main: &str, files: &[(&str, &str)], tests: bool) -> (Arc<Modules>, Vec<String>) {
    let path = if tests { "env/main.test.ts" } else { "env/main.ts" };
    let mut job = job(path, main, &[]);
    let tree = MemoryTree::new(files.iter().copied());
    let modules = Arc::new(Modules::new(Arc::new(tree), DEFAULT_STACK_BYTES).that_remember());
    job.modules = Arc::clone(&modules);
    if tests {
        run_file(job, std::future::pending()).await;
    } else {
        drop(execute(job, std::future::pending()).await);
    }
    let asked = modules.asked_by(&RelPath::new(path).unwrap());
    (modules, asked.iter().map(ToString::to_string).collect())
}

#[tokio::test]
async fn imports_of_every_kind_count_and_so_does_what_is_not_there() {
    let files = [
        ("lib/a.ts", "import { b } from \"./b\"; export const a = b;"),
        ("lib/b.ts", "export { c as b } from './c';"),
        ("lib/c/index.ts", "export const c: number = 1; export type T = number;"),
        ("lib/late.ts", "export {};"),
        ("lib/unused.ts", "export type U = 1;"),
    ];
    let main = "import { test } from 'husako/test';\n\
                import { Deployment } from 'k8s/apps/v1';\n\
                import { a } from '../lib/a.ts';\n\
                import type { U } from '../lib/unused';\n\
                test('x', async () => { Deployment(); console.log(a); await import(['..', 'lib', 'late'].join('/')); });";
    let (_, told) = asked(main, &files, true).await;
    let expected = [
        "env/main.test.ts",
        "lib/a.ts",
        "lib/b",
        "lib/b.ts",
        "lib/c",
        "lib/c.husako",
        "lib/c.js",
        "lib/c.ts",
        "lib/c/index.ts",
        "lib/late",
        "lib/late.ts",
    ];
    // All that comes before what was found counts: were it there, it would be meant.
    assert_eq!(told, expected);

    for (import, path) in [
        ("./none", "env/none.ts"),
        ("./none", "env/none/index.js"),
        ("k8s/none/v1", ".husako/types/k8s/none/v1.js"),
    ] {
        let (_, told) = asked(&format!("import '{import}';"), &[], false).await;
        assert!(told.iter().any(|told| told == path), "{path}: {told:?}");
    }
}

#[tokio::test]
async fn nobody_else_pays_for_it() {
    let mut job = job(
        "main.test.ts",
        "import { a } from './a'; import { test } from 'husako/test'; test('x', () => { a; });",
        &[],
    );
    job.modules = Arc::new(Modules::new(
        Arc::new(MemoryTree::new([("a.ts", "export const a = 1;")])),
        DEFAULT_STACK_BYTES,
    ));
    let modules = Arc::clone(&job.modules);
    run_file(job, std::future::pending()).await;
    assert_eq!(modules.asked_by(&RelPath::new("main.test.ts").unwrap()).len(), 1);
}

#[tokio::test]
async fn what_did_not_change_is_not_compiled_again() {
    let files = [("a.ts", "import './b'; export const a = 1;"), ("b.ts", "export const b = 1;")];
    let (modules, _) = asked("import { a } from '../a'; a;", &files, false).await;
    let changed = RelPath::new("b.ts").unwrap();
    let after = modules.after(|path| *path == changed);
    let kept = |modules: &Modules, name: &str| modules.loaded(name);
    let (before, now) = (kept(&modules, "a.ts").unwrap(), kept(&after, "a.ts").unwrap());
    assert!(Arc::ptr_eq(&before, &now));
    assert!(kept(&modules, "b.ts").is_some() && kept(&after, "b.ts").is_none());
    assert_eq!(after.asked_by(&RelPath::new("env/main.ts").unwrap()).len(), 1, "nothing ran with these yet");
}
