//! What is counted of files that run, and that counting changes nothing else.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::coverage::{Coverage, PointKind};
use crate::tree::{SourceTree, WorkTree};

/// A job whose file counts as well: its name is that of no test.
fn counted(main: &str, files: &[(&str, &str)]) -> Job {
    let mut job = job("main.ts", main, files);
    let tree = MemoryTree::new(files.iter().copied());
    job.modules = counting(Arc::new(tree));
    job
}

fn counting(tree: Arc<dyn SourceTree>) -> Arc<Modules> {
    let collector = Collector::new(CoverageRules::default());
    Arc::new(Modules::new(tree, DEFAULT_STACK_BYTES).counted(Arc::new(collector)))
}

fn coverage(modules: &Modules) -> Coverage {
    modules.collector().unwrap().coverage()
}

/// `path: count of each line` of each file.
fn lines(modules: &Modules) -> Vec<String> {
    let coverage = coverage(modules);
    let told = coverage.files.iter().map(|file| format!("{}: {:?}", file.path, file.lines()));
    told.collect()
}

const HEAD: &str = "import { test, expect } from 'husako/test';";

async fn run(job: Job) -> (FileResult, Arc<Modules>) {
    let modules = Arc::clone(&job.modules);
    (run_file(job, std::future::pending()).await, modules)
}

#[tokio::test]
async fn modules_are_counted_and_tests_are_not() {
    let lib = "export function a(n: number) {\n  if (n > 1) {\n    return 'many';\n  }\n  return 'one';\n}";
    let files =
        [("lib.ts", lib), ("node_modules/x.ts", "1;"), (".husako/types/y.js", "1;"), ("z.test.ts", "1;")];
    let main = format!(
        "{HEAD}\nimport {{ a }} from './lib'; import './node_modules/x'; import './.husako/types/y.js'; import './z.test';\n\
         test('a', () => {{ expect(a(1) + a(1)).toBe('oneone'); }});"
    );
    let mut job = counted(&main, &files);
    job.path = RelPath::new("main.test.ts").unwrap();
    let (file, modules) = run(job).await;
    assert_eq!(outcomes(&file), ["a: passed"]);
    assert_eq!(lines(&modules), ["lib.ts: {2: 2, 3: 0, 5: 2}"]);
    let functions = coverage(&modules).files[0]
        .points
        .iter()
        .filter_map(|(point, count)| match &point.kind {
            PointKind::Function { name } => Some((name.clone(), *count)),
            PointKind::Statement => None,
        })
        .collect::<Vec<_>>();
    assert_eq!(functions, [("a".to_owned(), 2)]);
}

#[tokio::test]
async fn files_add_up_and_entries_count() {
    let lib = "export const f = (n: number) => n;";
    let modules = counting(Arc::new(MemoryTree::new([("lib.ts", lib)])));
    let main = "import { build } from 'husako'; import { ConfigMap } from 'k8s/core/v1'; import { f } from './lib';\n\
                build([ConfigMap().set('x', f(f(1)))]);";
    for _ in 0..3 {
        let job = Job { modules: Arc::clone(&modules), ..job("main.ts", main, &[]) };
        execute(job, std::future::pending()).await.unwrap();
    }
    assert_eq!(lines(&modules), ["lib.ts: {1: 6}", "main.ts: {2: 3}"]);
}

#[tokio::test]
async fn functions_count_before_their_module_has_run() {
    let files = [
        ("a.ts", "import { b } from './b';\nexport function a() { return 1; }\nexport const both = a() + b;"),
        ("b.ts", "import { a } from './a';\nexport const b = a();"),
    ];
    let main =
        format!("{HEAD}\nimport {{ both }} from './a';\ntest('a', () => {{ expect(both).toBe(2); }});");
    let (file, modules) = run(counted(&main, &files)).await;
    assert_eq!(outcomes(&file), ["a: passed"]);
    assert_eq!(lines(&modules)[..2], ["a.ts: {2: 2, 3: 1}", "b.ts: {2: 1}"]);
}

#[tokio::test]
async fn the_base_is_not_counted() {
    let head = MemoryTree::new([
        ("lib.ts", "export const f = (n: number) => n;"),
        ("other.ts", "export const a = 1;"),
    ]);
    let base = MemoryTree::new([
        ("lib.ts", "export const f = (n: number) => n;"),
        ("other.ts", "export const a = 2;"),
    ]);
    let modules = counting(Arc::new(head));
    let of_base = Arc::new(Modules::beside(&modules, Arc::new(base)));
    let main = "import { build } from 'husako'; import { ConfigMap } from 'k8s/core/v1';\n\
                import { f } from './lib'; import { a } from './other';\nbuild([ConfigMap().set('x', f(a))]);";
    for modules in [&modules, &of_base] {
        let job = Job { modules: Arc::clone(modules), ..job("main.ts", main, &[]) };
        execute(job, std::future::pending()).await.unwrap();
    }
    assert_eq!(lines(&modules), ["lib.ts: {1: 1}", "main.ts: {3: 1}", "other.ts: {1: 1}"]);
}

#[tokio::test]
async fn what_ran_before_a_failure_counts() {
    for (body, count) in [
        ("throw new Error('x')", 1),
        ("for (;;) { }", 1),
        ("new Array(1e9).fill(0).map(String)", 1),
        ("const f = (): number => f() + 1; f()", 1),
        ("await new Promise(() => {})", 1),
    ] {
        let main = format!("{HEAD}\ntest('a', async () => {{\n1;\n{body};\n2;\n}});");
        let mut job = counted(&main, &[]);
        job.limits.case = Duration::from_millis(200);
        job.limits.heap_bytes = 32 << 20;
        let (file, modules) = run(job).await;
        assert_eq!(file.cases[0].status, CaseStatus::Error, "{body}");
        let counts = coverage(&modules).files[0].lines();
        assert_eq!((counts[&3], counts[&5]), (count, 0), "{body}");
    }
}

#[tokio::test]
async fn a_file_that_is_given_up_counts_as_far_as_is_known() {
    // Native code that cannot be stopped, and takes seconds: the test waits for its thread.
    let main = format!(
        "{HEAD}\ntest('a', () => {{\n1;\n}});\ntest('b', () => {{\n2;\nnew Array(2 ** 26).join('');\n}});"
    );
    let mut job = counted(&main, &[]);
    job.limits.file = Duration::from_millis(500);
    let (file, modules) = run(job).await;
    assert_eq!(outcomes(&file)[0], "a: passed");
    assert!(outcomes(&file)[1].starts_with("b: Timeout gave up"), "{:?}", outcomes(&file));
    let counts = coverage(&modules).files[0].lines();
    assert_eq!((counts[&3], counts[&6]), (1, 0), "{counts:?}");
}

#[tokio::test]
async fn user_code_cannot_break_the_counters() {
    let lib = "export function f() {\n  return 1;\n}\n";
    let main = format!(
        "{HEAD}\n\
         const typed = Object.getPrototypeOf(Uint32Array.prototype);\n\
         for (const key of Object.getOwnPropertyNames(globalThis)) if (key.endsWith('Array')) delete (globalThis as any)[key];\n\
         Object.defineProperty(typed, 'length', {{ get() {{ throw new Error('length'); }} }});\n\
         Object.defineProperty(typed, '0', {{ set() {{ throw new Error('0'); }} }});\n\
         const {{ f }} = await import('./lib');\n\
         test('a', () => {{ expect(f()).toBe(1); }});"
    );
    let (file, modules) = run(counted(&main, &[("lib.ts", lib)])).await;
    assert_eq!(file.cases[0].status, CaseStatus::Passed, "{:?}", outcomes(&file));
    assert_eq!(lines(&modules)[0], "lib.ts: {2: 1}");
}

#[tokio::test]
async fn user_code_cannot_import_counters() {
    for specifier in ["husako:host/coverage", "husako:counts/main.ts", "husako:counts"] {
        let main = format!(
            "{HEAD}\ntest('a', async () => {{ const name = '{specifier}'; await expect(import(name)).rejects.toThrow(/cannot be imported/); }});"
        );
        assert_eq!(outcomes(&run(counted(&main, &[])).await.0), ["a: passed"]);
    }
}

/// Runs a file with and without counters; what is told of it must be the same.
async fn same(path: &str, source: &str, tree: &Arc<dyn SourceTree>) -> FileResult {
    let plain = Arc::new(Modules::new(Arc::clone(tree), DEFAULT_STACK_BYTES));
    let (mut told, mut files) = (Vec::new(), Vec::new());
    for modules in [plain, counting(Arc::clone(tree))] {
        let mut job = Job { modules, ..job(path, source, &[]) };
        job.limits.stack_bytes = 1 << 20;
        let file = run_file(job, std::future::pending()).await;
        let cases: Vec<String> = file
            .cases
            .iter()
            .map(|case| {
                let failures = case.failures.iter().map(|failure| {
                    let Failure { kind, type_name, message, place, frames, causes, .. } = failure;
                    format!("{kind:?} {type_name} {message} {place:?} {frames:?} {causes:?}")
                });
                let failures: Vec<String> = failures.collect();
                // Where the rows of a table stand is the end of the table, as the engine sees it in the one text and in the other.
                let place = case.place.as_ref().filter(|_| !source.contains(".each"));
                format!("{} {place:?} {:?} {failures:?} {:?}", case.name, case.status, case.output)
            })
            .collect();
        told.push((file.status, cases, file.output.clone()));
        files.push(file);
    }
    assert_eq!(told[0], told[1], "{path}\n{source}");
    files.remove(1)
}

#[tokio::test]
async fn every_fixture_is_told_the_same_with_counters() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut checked = 0;
    for folder in ["passing", "failing"] {
        let tree: Arc<dyn SourceTree> = Arc::new(WorkTree::new(&fixtures.join(folder)).unwrap());
        let walked = crate::tree::walk(&*tree, &[RelPath::default()], &crate::discover::is_test);
        for path in walked.files {
            // What it tells of its memory depends on what is allocated.
            if path.file_name().starts_with("memory.") {
                continue;
            }
            let source = tree.read(&path).unwrap();
            // Under another name, so that the test itself gets counters.
            let name = path.as_str().replace(".test.", ".counted.").replace(".spec.", ".counted.");
            same(&name, &source, &tree).await;
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

/// What a program could notice of its counters.
const NOTICING: &str = r#"
const told: unknown[] = [];
const fn = () => 1, other = function () {}, Named = class {}, lazy = (() => 2) as () => number;
class A {
  static made = 0;
  handler = () => this;
  field = A.made++;
  static { told.push(this.name, A.made); }
  constructor(readonly given: number) { told.push(given); }
}
class B extends A {
  own = this.given + 1;
  constructor(readonly more: number) { const twice = more * 2; super(twice); told.push(this.own, this.more); }
  get value() { return this.own; }
  static async *each() { for (let i = 0; i < 2; i++) yield i; }
}
told.push(fn.name, other.name, Named.name, lazy.name, new A(1).handler.name, new B(3).value);
let hoisted = before(); function before() { return typeof before; }
told.push(hoisted);
enum E { A = 1, B = A << 1, C = 'abc'.length } told.push(E.B, E[3]);
namespace N { export const x = 1; export function f() { return x; } } told.push(N.f());
const closures: (() => number)[] = [];
for (let i = 0, j = 2; i < j; i++) closures.push(() => i);
told.push(closures.map((f) => f()));
outer: for (const a of [1, 2, 3]) { for (;;) { if (a === 2) continue outer; else break; } told.push(a); }
block: { if (told.length) break block; told.push('never'); }
switch (told.length % 2) { case 0: let inner = 'even'; told.push(inner); case 1: told.push('odd'); break; default: told.push('no'); }
do told.push('once'); while (false);
if (told.length > 1e6) var late = 1; told.push(late!);
try { throw new RangeError('r'); } catch ({ message }) { told.push(message); } finally { told.push('finally'); }
function strict() { 'use strict'; return this; } told.push(strict.call(undefined as never) === undefined);
function length(a: number, b = 2, ...c: number[]) { return arguments.length + a; } told.push(length.length, length(1, 2, 3));
const gen = (function* () { const got: number = yield 1; try { yield got; } finally { told.push('closed'); } })();
told.push(gen.next().value, gen.next(5).value, gen.return(undefined as never).done);
const maybe: any = { a: { b() { return this === maybe.a; } } }; told.push(maybe?.a?.b?.(), (maybe.x)?.y.z, delete maybe.a);
const object = { m() { return super.toString === Object.prototype.toString; }, get g() { return 1; }, arrow: () => 1 };
told.push(object.m(), object.g, object.arrow.name, object.m.name);
told.push(eval('1; if (true) { 2; }'), (0, eval)('typeof told'), new Function('return 3')());
const { d = () => 1, ...rest } = {} as any; told.push(d.name, rest);
for await (const n of B.each()) told.push(n);
{ using resource = { [Symbol.dispose]() { told.push('disposed'); } }; told.push(typeof resource); }
test('told', () => { console.log(JSON.stringify(told)); });
test('place', () => { if (told.length) null!.x; });
test('keys', () => { console.log(Object.keys(globalThis).join(), Object.keys(new B(1)).join()); });
"#;

#[tokio::test]
async fn a_program_cannot_notice_its_counters() {
    let tree: Arc<dyn SourceTree> = Arc::new(MemoryTree::default());
    let source = format!("{HEAD}\n{NOTICING}").replace("null!.x", "(null as any).x");
    let file = same("main.ts", &source, &tree).await;
    let told = outcomes(&file);
    assert_eq!(told, ["told: passed", "place: TypeError cannot read property 'x' of null", "keys: passed"]);
}

/// Statements of programs that come to an end; each tells that it was there.
fn statements() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..100).prop_map(|n| format!("t({n});")),
        (0..100).prop_map(|n| format!("var v{n} = t({n}), w{n} = () => t(v{n});")),
        (0..9).prop_map(|n| format!("if (t({n}) % 2) throw new Error('e{n}');")),
        (0..9).prop_map(|n| format!("((a = t({n})) => a + t({n}))();")),
        Just("if (depth) return t(1);".to_owned()),
        Just("{ let a = t(1), b = () => a, c = b() + 1; t(c); }".to_owned()),
        Just(";".to_owned()),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(|all| all.join("\n"));
        prop_oneof![
            (inner.clone(), inner.clone(), 0..9).prop_map(|(a, b, n)| format!("if (t({n}) > 4) {{ {a} }} else {b}")),
            (inner.clone(), 0..9).prop_map(|(a, n)| format!("if (t({n}) > 4) {a}")),
            list.clone().prop_map(|a| format!("for (let i = 0, n = t(2); i < n; i++) {{ {a} }}")),
            list.clone().prop_map(|a| format!("l: for (const x of [1, 2, 3]) {{ for (;;) {{ {a} if (x < 2) continue l; else break; }} }}")),
            (list.clone(), list.clone()).prop_map(|(a, b)| format!("switch (t(1)) {{ case 1: {{ {a} }} case 2: {b} break; default: t(3); }}")),
            (list.clone(), list.clone()).prop_map(|(a, b)| format!("try {{ {a} }} catch (e) {{ t(String(e).length); }} finally {{ {b} }}")),
            list.clone().prop_map(|a| format!("((depth: number) => {{ {a} }})(depth + 1);")),
            list.clone().prop_map(|a| format!("t([...(function* (depth: number) {{ {a} yield t(1); yield 2; }})(1)].length);")),
            list.clone().prop_map(|a| format!("{{ class C {{ f = t(1); static s = t(2); static {{ t(3); }} constructor() {{ this.m(1); }} m(depth: number) {{ {a} }} get g() {{ return t(4); }} }} t(new C().g + C.s); }}")),
            list.prop_map(|a| format!("{{ {a} }}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_do_the_same_with_counters(body in prop::collection::vec(statements(), 1..6)) {
        let body = body.join("\n");
        let source = format!(
            "{HEAD}\nconst told: number[] = []; const t = (n: number) => {{ told.push(n); return n; }};\n\
             const main = (depth: number): any => {{\n{body}\n}};\n\
             test('a', () => {{ try {{ main(0); main(1); }} finally {{ console.log(told.join()); }} }});"
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tree: Arc<dyn SourceTree> = Arc::new(MemoryTree::default());
        runtime.block_on(same("main.ts", &source, &tree));
    }
}
