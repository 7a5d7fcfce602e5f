use super::super::{Compiled, Map, compile, compile_counted};
use super::*;
use crate::tree::RelPath;

fn counted(source: &str) -> Compiled {
    compile_counted(&RelPath::new("a.ts").unwrap(), source, Map::Yes)
        .unwrap_or_else(|errors| panic!("{source}: {errors:?}"))
}

/// The lines of the statements, and the names and lines of the functions.
fn points(source: &str) -> (Vec<u32>, Vec<String>) {
    let (mut statements, mut functions) = (Vec::new(), Vec::new());
    for point in counted(source).points.unwrap() {
        match point.kind {
            PointKind::Statement => statements.push(point.line),
            PointKind::Function { name } => functions.push(format!("{name}:{}", point.line)),
        }
    }
    (statements, functions)
}

/// What is counted of constructs: the number of statements, and the names of the functions.
const CONSTRUCTS: [(&str, usize, &[&str]); 49] = [
    ("f(); declare const f: any; interface I { a: 1 } type T = 1;", 1, &[]),
    ("import { a } from './a'; export * from './b'; export { a };", 0, &[]),
    ("let a; var b; const c = 1, d = 2;", 2, &[]),
    ("export const c = 1, d = 2;", 2, &[]),
    ("const f = () => 1;", 2, &["f"]),
    ("const f = () => { 1; };", 2, &["f"]),
    ("const f = () => {};", 1, &["f"]),
    ("const f = (() => 1) as () => number, g = (function () {}) satisfies () => void;", 3, &["f", "g"]),
    ("function f() { return 1; }", 1, &["f"]),
    ("export function f() {} export async function* g() { yield 1; }", 1, &["f", "g"]),
    ("function f(a: number): void; function f(a: string): void; function f(a: any) {}", 0, &["f"]),
    ("declare function f(): void; declare class C { m(): void; } declare enum E { A }", 0, &[]),
    ("declare namespace N { const x: number; function f(): void; }", 0, &[]),
    ("declare module 'm' { export const x: number; } declare global { var y: number; }", 0, &[]),
    ("export default { a: 1 };", 1, &[]),
    ("const a = 1; export default a;", 1, &[]),
    ("export default () => {};", 0, &["(anonymous_0)"]),
    ("export default function () {}", 0, &["(anonymous_0)"]),
    ("export default class {}", 0, &[]),
    ("if (1) 2; else 3;", 3, &[]),
    ("if (1) { 2; } else if (3) 4; else { 5; }", 5, &[]),
    ("for (let i = 0, n = 2; i < n; i++) i;", 4, &[]),
    ("for (const f = () => 1; false;) {}", 3, &["f"]),
    ("for (;;) break;", 2, &[]),
    ("for (const a of []) a; for (const b in {}) { b; }", 4, &[]),
    ("while (0) 1; do 2; while (0);", 4, &[]),
    ("a: for (;;) { continue a; }", 3, &[]),
    ("a: { break a; }", 2, &[]),
    ("switch (1) { case 1: 2; break; default: 3; }", 4, &[]),
    ("try { 1; } catch { 2; } finally { 3; }", 4, &[]),
    ("function f() { throw 1; } debugger; ;", 2, &["f"]),
    ("{ 1; { 2; } } ;", 2, &[]),
    ("class C { a = 1; static b = 2; #c; d: number; e = () => 1; declare f: 1; }", 3, &["C.e"]),
    (
        "class C { constructor(readonly a: 1) { a; } m() {} static s() {} get g() { return 1; } set g(v) {} }",
        2,
        &["C.constructor", "C.m", "C.s", "get C.g", "set C.g"],
    ),
    (
        "abstract class C { abstract m(): void; abstract a: 1; n?(): void; #p() {} static { 1; } }",
        1,
        &["C.#p"],
    ),
    ("const C = class { m() {} }, D = class E { m() {} };", 2, &["C.m", "E.m"]),
    (
        "const o = { m() {}, get g() { return 1; }, a: () => 1, 'b c': () => 1, [1 + 1]() {}, 'd-e'() {} };",
        4,
        &["m", "get g", "a", "(anonymous_0)", "(anonymous_1)", "d-e"],
    ),
    (
        "[1].map((a) => a).map(function (a) { return a; }).map(function g(a) { return a; });",
        4,
        &["(anonymous_0)", "(anonymous_1)", "g"],
    ),
    ("const f = (a = () => 1) => (b: number) => a;", 4, &["f", "(anonymous_0)", "(anonymous_1)"]),
    ("const { a = () => 1 } = {} as any;", 2, &["(anonymous_0)"]),
    ("function a() {} { function a() {} } const o = { a() {} };", 1, &["a", "a (2)", "a (3)"]),
    ("enum E { A, B = 'b'.length } export enum F { A } const enum G { A }", 3, &[]),
    ("namespace N { export const a = 1; export namespace M { export function f() { 2; } } } N;", 3, &["f"]),
    ("namespace A.B { interface I {} } type T = A.B.I;", 0, &[]),
    ("function f() { 'use strict'; 1; }", 1, &["f"]),
    ("const x = a?.b?.(() => 1); declare const a: any;", 2, &["(anonymous_0)"]),
    (
        "class C { @d(() => 1) m() {} @d(() => 2) p = 3; } declare const d: any;",
        3,
        &["(anonymous_0)", "C.m", "(anonymous_1)"],
    ),
    ("{ using a = f(); await using b = f(); } declare const f: any;", 2, &[]),
    (
        "class C { [(() => 'k')()]() {} static [(() => 'l')()] = 1; }",
        3,
        &["(anonymous_0)", "(anonymous_1)", "(anonymous_2)"],
    ),
];

#[test]
fn what_is_counted() {
    for (source, statements, functions) in CONSTRUCTS {
        let (found, names) = points(source);
        let names: Vec<&str> = names.iter().map(|name| name.rsplit_once(':').unwrap().0).collect();
        assert_eq!((found.len(), names.as_slice()), (statements, functions), "{source}");
    }
}

#[test]
fn lines_are_those_of_the_source() {
    let source = "type T = {\n  a: 1;\n};\nconst é = '𝒳', b =\n  1;\nexport function f(x: T) {\n  return (\n    () => x\n  );\n}\n";
    assert_eq!(points(source), (vec![4, 4, 7, 8], vec!["f:6".to_owned(), "(anonymous_0):8".to_owned()]));
}

#[test]
fn counters_stand_before_and_directives_first() {
    let code = counted("import './a';\nfunction f() { 'use strict'; return 1 }\nf();").code;
    let specifier = counts_specifier();
    assert_eq!(
        code,
        format!(
            "import {{ counts as __counts0 }} from \"{specifier}\";\nimport \"./a\";\nfunction f() {{\n\"use strict\";\n\
             __counts0[0]++;\n__counts0[1]++;\nreturn 1;\n}}\n__counts0[2]++;\nf();\n"
        )
    );
}

#[test]
fn the_name_of_the_array_is_nobodys() {
    for source in [
        "const __counts0 = 1; __counts0;",
        "export function f(__counts0: number) { return __counts0; }",
        "export const x = typeof __counts0;",
        "export const \\u005f_counts0 = 1;",
    ] {
        assert!(counted(source).code.contains("counts as __counts1 }"), "{source}");
    }
}

#[test]
fn the_import_is_no_import_of_the_users() {
    let compiled = counted("import { a } from './a'; a();");
    let specifiers: Vec<&str> = compiled.imports.iter().map(|import| import.specifier.as_str()).collect();
    assert_eq!(specifiers, ["./a"]);
    assert_eq!(counted("export type T = 1;").code, "export {};\n");
}

#[test]
fn errors_are_those_of_the_source() {
    for source in [
        "const a = 1; const a = 2;",
        "break;",
        "if (1) { return; }",
        "x: x: for (;;) {}",
        "let a; { var a; }",
    ] {
        let path = RelPath::new("a.ts").unwrap();
        let plain = compile(&path, source, Map::No).unwrap_err();
        assert_eq!(compile_counted(&path, source, Map::No).unwrap_err(), plain, "{source}");
    }
}

#[test]
fn nesting_beyond_any_stack_is_survived() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{a:", "}"), ("`${", "}`"), ("!", ""), ("a=>", ""), ("a?b:", "")]
    {
        let depth = 5_000;
        let source = format!("export const x = {}1{};", open.repeat(depth), close.repeat(depth));
        let _ = compile_counted(&RelPath::new("a.ts").unwrap(), &source, Map::No);
    }
    for (open, close) in
        [("class{a=", "}"), ("{", "}"), ("if(a)", ";"), ("a:", ";"), ("function f(){", "}"), ("()=>{", "}")]
    {
        for close in ["", close] {
            let source = open.repeat(5_000) + &close.repeat(5_000);
            let _ = compile_counted(&RelPath::new("a.ts").unwrap(), &source, Map::No);
        }
    }
    let sum = format!("export const x = 1{};", "+1".repeat(100_000));
    assert!(compile_counted(&RelPath::new("a.ts").unwrap(), &sum, Map::No).is_ok());
}
