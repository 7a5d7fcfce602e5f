//! Modules in memory, run for real.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::event::{CaseResult, CaseStatus, FailureKind, FileResult};
use crate::resource::Step;
use crate::tree::MemoryTree;

mod asked;
mod cost;
mod coverage;
mod entries;
mod expect;
mod kube;
mod misses;
mod mocks;
mod plain;
mod prepared;
mod revisions;
mod suite;

/// A job for the source `main` at `path`, beside `files`.
fn job(path: &str, main: &str, files: &[(&str, &str)]) -> Job {
    let tree = MemoryTree::new(files.iter().copied());
    Job {
        path: RelPath::new(path).unwrap(),
        source: Some(main.into()),
        project: Arc::new(ProjectModules::default()),
        modules: Arc::new(Modules::new(Arc::new(tree), DEFAULT_STACK_BYTES)),
        // The threads of `#[tokio::test]` have twice that.
        limits: Limits { stack_bytes: 1 << 20, ..Limits::default() },
        filter: None,
        services: None,
        max_fail: MaxFail::default(),
        on_case: CaseListener::new(|_| ()),
        is_again: false,
    }
}

async fn tests_with(main: &str, files: &[(&str, &str)], change: impl FnOnce(&mut Job)) -> FileResult {
    let main = format!(
        "import {{ test, it, describe, expect, beforeAll, beforeEach, afterEach, afterAll }} from 'husako/test';\n{main}"
    );
    let mut job = job("main.test.ts", &main, files);
    change(&mut job);
    run_file(job, std::future::pending()).await
}

async fn tests(main: &str) -> FileResult {
    tests_with(main, &[], |_| ()).await
}

/// `name: outcome` of each case.
fn outcomes(file: &FileResult) -> Vec<String> {
    let told = |case: &CaseResult| match &case.status {
        CaseStatus::Passed => "passed".to_owned(),
        CaseStatus::Skipped { reason } => format!("skipped, {reason}"),
        CaseStatus::Todo => "todo".to_owned(),
        CaseStatus::Flaky { .. } => "flaky".to_owned(),
        CaseStatus::Failed | CaseStatus::Error => case
            .failures
            .iter()
            .map(|f| format!("{} {}", f.type_name, f.message))
            .collect::<Vec<_>>()
            .join("; "),
    };
    file.cases.iter().map(|case| format!("{}: {}", case.name, told(case))).collect()
}

#[tokio::test]
async fn cases_pass_fail_and_are_skipped() {
    let file = tests(
        "describe('a', () => { test('ok', () => {}); test.skip('s', () => {}); test.todo('t'); });\n\
         describe.skip('b', () => { test('x', () => {}); });\n\
         test('bad', () => { expect(1).toBe(2); });\n\
         test('bad', () => { throw new RangeError('no'); });",
    );
    let file = file.await;
    assert_eq!(
        outcomes(&file),
        [
            "a > ok: passed",
            "a > s: skipped, test.skip",
            "a > t: todo",
            "b > x: skipped, describe.skip",
            "bad: AssertionError expect(received).toBe(expected) // Object.is equality\n\nExpected: 2\nReceived: 1",
            "bad (2): RangeError no",
        ]
    );
    let place = file.cases[4].failures[0].place.as_ref().unwrap();
    assert_eq!((place.line, file.cases[4].place.as_ref().unwrap().line), (4, 4));
}

#[tokio::test]
async fn only_leaves_out_the_others() {
    let only = "other cases of the file are marked .only";
    let file = tests("test('a', () => {}); test.only('b', () => {});").await;
    assert_eq!(outcomes(&file), [format!("a: skipped, {only}"), "b: passed".to_owned()]);
    let file = tests(
        "describe.only('s', () => { test('a', () => {}); test.only('b', () => {}); }); test('c', () => {});",
    );
    assert_eq!(
        outcomes(&file.await),
        [format!("s > a: skipped, {only}"), "s > b: passed".to_owned(), format!("c: skipped, {only}")]
    );
}

#[tokio::test]
async fn hooks_run_in_nesting_order() {
    let file = tests(
        "const log: string[] = [];\n\
         beforeAll(() => { log.push('all'); }); afterAll(() => { log.push('end'); console.log(log.join(' ')); });\n\
         beforeEach(async () => { log.push('each'); }); afterEach(() => { log.push('/each'); });\n\
         describe('s', () => {\n\
           beforeAll(() => { log.push('ALL'); }); afterAll(() => { log.push('END'); });\n\
           beforeEach(() => { log.push('EACH'); }); afterEach(() => { log.push('/EACH'); });\n\
           test('a', () => { log.push('a'); }); test('b', () => { log.push('b'); });\n\
         });\n\
         test('c', () => { log.push('c'); });",
    );
    let file = file.await;
    assert_eq!(outcomes(&file), ["s > a: passed", "s > b: passed", "c: passed"]);
    assert_eq!(
        file.output[0].text,
        "all ALL each EACH a /EACH /each each EACH b /EACH /each END each c /each end"
    );
}

#[tokio::test]
async fn a_failing_hook_fails_the_cases_that_it_prepares() {
    let file = tests(
        "describe('s', () => { beforeAll(() => { throw new Error('no'); }); test('a', () => {}); test('b', () => {}); });\n\
         describe('t', () => { afterAll(() => { throw new Error('end'); }); test('c', () => {}); });",
    );
    assert_eq!(
        outcomes(&file.await),
        [
            "s > a: Error in beforeAll: no",
            "s > b: Error in beforeAll: no",
            "t > c: passed",
            "t > (afterAll): Error in afterAll: end",
        ]
    );
}

#[tokio::test]
async fn a_promise_that_can_never_settle_is_told_at_once() {
    let file = tests("test('a', async () => { await new Promise(() => {}); }); test('b', () => {});").await;
    assert_eq!(
        outcomes(&file),
        ["a: NeverSettles the test waits for a promise that can never settle", "b: passed"]
    );
    let slow = tests("test('a', async () => { await new Promise((r) => setTimeout(r, 5)); });").await;
    assert_eq!(outcomes(&slow), ["a: passed"]);
}

#[tokio::test]
async fn endless_code_is_stopped_and_the_next_case_runs() {
    for body in [
        "for (;;) {}",
        "for (;;) { try { for (;;) {} } catch {} }",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
        "await new Promise((r) => setTimeout(r, 60000));",
    ] {
        let source = format!("test('a', async () => {{ {body} }}, 50); test('b', () => {{}});");
        let file = tests(&source).await;
        assert_eq!(
            outcomes(&file),
            ["a: Timeout the test did not finish within 50 ms", "b: passed"],
            "{body}"
        );
    }
}

#[tokio::test]
async fn jobs_that_start_each_other_without_end_end_the_file() {
    // The engine asks whether to stop at every so many calls, and these jobs can be in step with that.
    let source = "test('a', async () => { const f = (): any => Promise.resolve().then(f); return f(); }, 50); test('b', () => {});";
    let file = tests(source).await;
    assert_eq!(file.cases[0].failures[0].kind, FailureKind::Timeout);
    assert!(
        file.cases.len() == 2 || file.cases[2].failures[0].message.contains("never ends"),
        "{:?}",
        outcomes(&file)
    );
}

#[tokio::test]
async fn a_native_loop_is_let_go_of() {
    let change = |job: &mut Job| job.limits.heap_bytes = 4 << 30;
    let source =
        "test('a', () => {}); test('b', () => { new Array(2 ** 28).join('a'); }, 50); test('c', () => {});";
    let file = tests_with(source, &[], change).await;
    assert_eq!(file.cases[0].status, CaseStatus::Passed);
    assert_eq!(file.cases[1].failures[0].kind, FailureKind::Timeout);
    assert_eq!(
        file.cases[2].status,
        CaseStatus::Skipped { reason: "not run: the file ended before".to_owned() }
    );
}

#[tokio::test]
async fn the_file_has_a_deadline_of_its_own() {
    let change = |job: &mut Job| job.limits.file = Duration::from_secs(1);
    let file = tests_with("test('a', () => { for (;;) {} }); test('b', () => {});", &[], change).await;
    assert_eq!(
        file.cases[0].failures[0].message,
        "the file did not finish within 1000 ms; the test was running"
    );
    assert!(matches!(file.cases[1].status, CaseStatus::Skipped { .. }));
}

#[tokio::test]
async fn memory_and_stack_have_limits() {
    let change = |job: &mut Job| job.limits.heap_bytes = 16 << 20;
    let file = tests_with(
        "test('memory', () => { const a = []; for (;;) a.push('x'.repeat(1000) + a.length); });\n\
         test('stack', () => { const f = (): any => f() + 1; f(); });\n\
         test('after', () => {});",
        &[],
        change,
    );
    let file = file.await;
    let kinds: Vec<_> =
        file.cases.iter().map(|case| case.failures.first().map(|failure| failure.kind)).collect();
    assert_eq!(kinds, [Some(FailureKind::OutOfMemory), Some(FailureKind::StackOverflow), None]);
}

#[tokio::test]
async fn errors_that_nobody_catches_fail_their_case() {
    let file = tests(
        "test('timer', async () => { setTimeout(() => { throw new Error('t'); }, 0); await new Promise((r) => setTimeout(r, 5)); });\n\
         test('microtask', () => { queueMicrotask(() => { throw new Error('m'); }); });\n\
         test('rejection', () => { Promise.reject(new Error('r')); });\n\
         test('caught late', async () => { const p = Promise.reject(new Error('l')); await null; await p.catch(() => {}); });\n\
         test('assertion', () => { expect(Promise.resolve(1)).resolves.toBe(2); });\n\
         test('ok', () => {});",
    );
    let file = file.await;
    let kinds: Vec<_> =
        file.cases.iter().map(|case| case.failures.first().map(|failure| failure.kind)).collect();
    assert_eq!(
        kinds,
        [
            Some(FailureKind::Thrown),
            Some(FailureKind::Thrown),
            Some(FailureKind::UnhandledRejection),
            None,
            Some(FailureKind::UnhandledRejection),
            None,
        ]
    );
}

#[tokio::test]
async fn work_that_fails_after_its_case_is_told_of() {
    let file = tests(
        "test('a', () => { setTimeout(() => { throw new Error('late'); }, 1); });\n\
         test('b', async () => { await new Promise((r) => setTimeout(r, 20)); });",
    );
    assert_eq!(outcomes(&file.await), ["a: passed", "b: passed", "a (after it was over): Error late"]);
}

#[tokio::test]
async fn timers_fire_in_order_of_their_time() {
    let file = tests(
        "test('a', async () => {\n\
           const log: number[] = [];\n\
           setTimeout(() => log.push(3), 6); setTimeout(() => log.push(1), 2); setTimeout(() => log.push(2), 2);\n\
           clearTimeout(setTimeout(() => log.push(0), 1));\n\
           const every = setInterval(() => { log.push(9); clearInterval(every); }, 1);\n\
           await new Promise((r) => setTimeout(r, 10));\n\
           expect(log).toEqual([9, 1, 2, 3]);\n\
         });",
    );
    assert_eq!(outcomes(&file.await), ["a: passed"]);
}

#[tokio::test]
async fn imports_are_resolved_and_checked() {
    let files = [
        ("lib/a.ts", "export const a = 1; export default 2;"),
        ("lib/index.ts", "export * from './a.js';"),
        ("broken.ts", "export const x = ;"),
        ("throws.ts", "throw new Error('while loading');"),
        ("outside.ts", "export {};"),
    ];
    let run = async |source: &str| outcomes(&tests_with(source, &files, |_| ()).await);
    assert_eq!(
        run("import { a } from './lib'; test('x', () => { expect(a).toBe(1); });").await,
        ["x: passed"]
    );
    for (import, expected) in [
        ("import { b } from './lib/a'; b;", "(LoadError): LoadError \"./lib/a\" has no export \"b\""),
        (
            "import { Deploymnt } from 'k8s/apps/v1'; Deploymnt;",
            "(LoadError): LoadError \"k8s/apps/v1\" has no export \"Deploymnt\" in Kubernetes 1.37",
        ),
        (
            "import 'husako/tests';",
            "(LoadError): LoadError \"husako/tests\" cannot be imported: packages of npm cannot be imported",
        ),
        (
            "import 'node:fs';",
            "(LoadError): LoadError \"node:fs\" cannot be imported: there is no Node, no network and no file system",
        ),
        (
            "import 'husako:host';",
            "(LoadError): LoadError \"husako:host\" cannot be imported: packages of npm cannot be imported",
        ),
        ("import './broken';", "(CompileError): CompileError Unexpected token"),
        ("import './throws';", "(LoadError): LoadError while loading"),
    ] {
        assert_eq!(run(&format!("{import} test('x', () => {{}});")).await, [expected], "{import}");
    }
    let told = tests_with("import { Deploymnt } from 'k8s/apps/v1'; Deploymnt;", &files, |_| ()).await;
    let failure = &told.cases[0].failures[0];
    assert_eq!(failure.help.as_deref(), Some("did you mean \"Deployment\"?"));
    assert_eq!(failure.place.as_ref().map(ToString::to_string), Some("main.test.ts:2:27".to_owned()));
}

#[tokio::test]
async fn a_file_named_like_a_module_of_ours_is_none() {
    for name in ["sdk:x.test.ts", "husako:x.test.ts", "types:x.test.ts"] {
        let file =
            run_file(job(name, "import * as host from 'husako:host'; host;", &[]), std::future::pending())
                .await;
        assert_eq!(outcomes(&file), [format!("(LoadError): LoadError a file cannot be named \"{name}\"")]);
    }
}

#[tokio::test]
async fn modules_are_compiled_once_and_shared() {
    let shared = job("a.test.ts", "", &[("lib.ts", "export const x = 1;")]);
    for name in ["a.test.ts", "b.test.ts", "c.test.ts"] {
        let source =
            "import { test } from 'husako/test'; import { x } from './lib'; test('t', () => { x; });";
        let job = Job { path: RelPath::new(name).unwrap(), source: Some(source.into()), ..shared.clone() };
        assert_eq!(outcomes(&run_file(job, std::future::pending()).await), ["t: passed"]);
    }
}

#[tokio::test]
async fn user_code_cannot_change_the_verdict() {
    let sabotage = "\
        Promise.prototype.then = function () { return this; } as any;\n\
        Promise = class extends Promise<any> {} as any;\n\
        Array.prototype.push = () => 0; JSON.stringify = () => '{}';\n\
        (Array.prototype as any)[Symbol.iterator] = function* () {};\n\
        (Error as any).prepareStackTrace = () => 'x'; Object.is = () => true;\n\
        Function.prototype.call = (() => {}) as any; Object.defineProperty(Object.prototype, 'status', { set() {} });\n";
    let source = format!(
        "{sabotage}test('sync', () => {{ expect(1).toBe(2); }});\n\
         test('async', async () => {{ expect([1]).toEqual([2]); }});\n\
         test('ok', () => {{ expect({{ a: [1] }}).toEqual({{ a: [1] }}); }});"
    );
    let file = tests(&source).await;
    let kinds: Vec<_> = file.cases.iter().map(|case| case.status.is_failure()).collect();
    assert_eq!(kinds, [true, true, false], "{:?}", outcomes(&file));
}

#[tokio::test]
async fn anything_can_be_thrown() {
    for (thrown, told) in [
        ("null", "thrown: null"),
        ("undefined", "thrown: undefined"),
        ("'text'", "thrown: \"text\""),
        ("Object.freeze({ toString() { throw 1; } })", "thrown: "),
        ("new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } })", ""),
    ] {
        let file = tests(&format!("test('a', () => {{ throw {thrown}; }}); test('b', () => {{}});")).await;
        let failure = &file.cases[0].failures[0];
        assert!(
            failure.message.starts_with(told) && !failure.message.is_empty(),
            "{thrown}: {}",
            failure.message
        );
        assert_eq!(file.cases[1].status, CaseStatus::Passed);
    }
}

#[tokio::test]
async fn a_cancelled_file_stops() {
    let source = "import { test } from 'husako/test'; test('a', () => { for (;;) {} }); test('b', () => {});";
    let file = run_file(job("a.test.ts", source, &[]), std::future::ready(())).await;
    let told = outcomes(&file);
    assert!(
        file.cases.iter().any(|case| case.failures.iter().any(|f| f.kind == FailureKind::Interrupted)),
        "{told:?}"
    );
}
