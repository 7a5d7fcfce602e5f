//! What cannot lie in a repository on every system, or is too large to: made when the tests run.

use serde_json::json;

use crate::check::{commands_nothing, every_sink};
use crate::run::{Project, Reported};
use crate::table::Told::{Error, Failed, Passed};

const HEAD: &str = "import { describe, expect, test } from \"husako/test\";\n";

fn one(source: &str) -> Project {
    Project::of(&[("attack.test.ts", &format!("{HEAD}{source}"))])
}

/// The status and kind of every case of a file.
fn told(reported: &Reported, file: &str) -> Vec<(String, String)> {
    let files = reported.json["files"].as_array().unwrap();
    let file =
        files.iter().find(|told| told["path"] == file).unwrap_or_else(|| panic!("{file}: {}", reported.json));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| (text(&case["status"]), text(&case["failures"][0]["kind"])))
        .collect()
}

#[cfg(unix)]
#[test]
fn files_named_like_modules_of_the_harness_reach_nothing() {
    let source = "import * as host from \"husako:host\";\nimport { test } from \"husako/test\";\ntest(\"reached\", () => { host.phase(); });\n";
    for name in
        ["sdk:x.test.ts", "husako:x.test.ts", "k8s:x.test.ts", "sdk:x/y.test.ts", "husako:host/a.test.ts"]
    {
        let project = Project::of(&[(name, source)]);
        let reported = project.report(&[]);
        reported.run.exits_with(1);
        assert!(
            told(&reported, name).iter().all(|(status, _)| status != "passed"),
            "{name}: {}",
            reported.json
        );
    }
}

#[cfg(unix)]
#[test]
fn places_are_told_in_files_of_any_name() {
    let source = format!(
        "{HEAD}const check = (): void => {{\n  expect(1).toBe(2);\n}};\ntest(\"x\", () => {{ check(); }});\n"
    );
    for name in [
        "copy (1).test.ts",
        "a (b.test.ts",
        "käse.spec.ts",
        "a%b#c?d.test.ts",
        "::error::x.test.ts",
        "a b.test.ts",
        "x:1:2.test.ts",
    ] {
        let project = Project::of(&[(name, &source)]);
        every_sink(&project, &[], &[(name, &[("x", Failed("3:13"))])]);
    }
    // A stack has a line for each frame, so the place inside such a file is lost; the failure is not.
    let project = Project::of(&[("new\nline.test.ts", &source)]);
    let reported = project.report(&[]);
    reported.run.exits_with(1);
    assert_eq!(
        reported.json["files"][0]["cases"][0]["failures"][0]["kind"], "AssertionError",
        "{}",
        reported.json
    );
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_not_read() {
    use std::os::unix::fs::symlink;
    let project = Project::of(&[("real.test.ts", &format!("{HEAD}test(\"x\", () => {{}});\n"))]);
    symlink("/etc/passwd", project.path().join("outside.test.ts")).unwrap();
    symlink("nowhere", project.path().join("dangling.test.ts")).unwrap();
    symlink("loop.test.ts", project.path().join("loop.test.ts")).unwrap();
    symlink("/", project.path().join("everything")).unwrap();
    match std::process::Command::new("mkfifo").arg(project.path().join("pipe.test.ts")).status() {
        Ok(status) => assert!(status.success()),
        Err(_) => println!("skipped: mkfifo is not installed"),
    }
    every_sink(&project, &[], &[("real.test.ts", &[("x", Passed)])]);
    // Imported or named, they are refused, and nobody waits.
    let project =
        Project::of(&[("a.test.ts", "import \"./outside.ts\";\n"), ("b.test.ts", "import \"./pipe.ts\";\n")]);
    symlink("/etc/passwd", project.path().join("outside.ts")).unwrap();
    let _either = std::process::Command::new("mkfifo").arg(project.path().join("pipe.ts")).status();
    let reported = project.report(&[]);
    reported.run.exits_with(1);
    assert!(!reported.run.stdout.contains("root:"), "{}", reported.run.stdout);
    for file in ["a.test.ts", "b.test.ts"] {
        assert_eq!(told(&reported, file), [("error".to_owned(), "LoadError".to_owned())], "{file}");
    }
}

#[test]
fn names_and_messages_cannot_break_a_report() {
    let names = r####"[
        "\u0000\u0001\u001b[31mred\u001b[0m", "\ud800 lone \udc00", "]]> <b>&amp;", "\u202ebidi\u2066", "::error::x",
        "\n::error file=x::y\n##[command]z\r\n", "##[error]z", "##vso[task.x]", "%0A%25", "", " ", "\ufffe\uffff", "x".repeat(1 << 20), "a > b",
        "\u2028\u2029\u0085", "\u001b]8;;http://x\u0007", "\u009b31m", "--><!--", "<![CDATA["
    ]"####;
    let source = format!(
        "for (const name of {names} as string[]) {{\n  test(name, () => {{ console.log(name); console.error(name); throw new Error(name); }});\n  \
         test(name + \"!\", () => {{ expect(name).toBe(\"other\" + name); }});\n}}\n"
    );
    let project = one(&source);
    for args in [&["--verbose"][..], &["--quiet"], &["--color", "never"]] {
        let reported = project.report(args);
        reported.run.exits_with(1);
        assert_eq!(told(&reported, "attack.test.ts").len(), 38, "{}", reported.run.stdout);
        let mut wrong = String::new();
        commands_nothing(&reported.run.stdout, &mut wrong);
        commands_nothing(&reported.run.stderr, &mut wrong);
        assert_eq!(wrong, "");
        let document = roxmltree::Document::parse(&reported.junit).unwrap();
        let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
        assert_eq!(cases.len(), 38);
        let mut unique: Vec<_> = cases.iter().filter_map(|case| case.attribute("name")).collect();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), 38);
    }
}

#[test]
fn names_of_functions_cannot_break_a_case() {
    let source = "const o = { [\"\\ud800\"]() { test(\"surrogate\", () => { expect(1).toBe(2); }); }, [\"a (b:1:1)\\n    at x (attack.test.ts:1:1)\"]() { test(\"break\", () => { expect(1).toBe(2); }); }, \
         [\"n\".repeat(1 << 20)]() { test(\"long\", () => { expect(1).toBe(2); }); } } as any;\nfor (const name of Reflect.ownKeys(o)) o[name]();\n";
    let reported = one(source).report(&[]);
    reported.run.exits_with(1);
    assert_eq!(
        told(&reported, "attack.test.ts"),
        vec![("failed".to_owned(), "AssertionError".to_owned()); 3]
    );
}

#[test]
fn strange_sources_neither_crash_nor_hang() {
    let many = |open: &str, count: usize, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(count), close.repeat(count))
    };
    let sources = [
        ("parentheses", format!("void {};", many("(", 100_000, "1", ")"))),
        ("arrays", format!("void {};", many("[", 100_000, "", "]"))),
        ("chain", format!("void (1{});", "+1".repeat(100_000))),
        ("else", format!("if (0);{}", "else if (0);".repeat(20_000))),
        ("types", format!("type T = {};", many("Array<", 20_000, "1", ">"))),
        ("ternary", format!("void ({}1);", "0 ? 1 : ".repeat(50_000))),
        ("not", format!("void {}1;", "!".repeat(100_000))),
        ("arrows", format!("void ({}1);", "() => ".repeat(20_000))),
        ("templates", format!("void {};", many("`${", 20_000, "1", "}`"))),
        ("blocks", many("{", 50_000, "", "}")),
        ("namespaces", many("namespace A {", 2_000, "export const x = 1;", "}")),
        ("classes", format!("void class {} {{}};", many("extends class ", 5_000, "", "{}"))),
        ("patterns", format!("const {} = {{}} as any;", many("{a:", 20_000, "b", "}"))),
        ("groups", format!("void /{}/;", many("(", 50_000, "", ")"))),
        ("unclosed", "(".repeat(100_000)),
        ("comment", format!("/*{}*/", "x".repeat(3 << 20))),
        ("line", "void 0;".repeat(200_000)),
        ("nothing", "\0\0".to_owned()),
        ("quotes", "\"".to_owned()),
        ("comments", "/*".repeat(100_000)),
    ];
    let files: Vec<(String, String)> = sources
        .iter()
        .map(|(name, source)| {
            (format!("{name}.test.ts"), format!("{HEAD}test(\"x\", () => {{}});\n{source}"))
        })
        .collect();
    let mut files: Vec<(&str, &str)> =
        files.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect();
    let healthy = format!("{HEAD}test(\"x\", () => {{}});");
    files.push(("zz_healthy.test.ts", &healthy));
    let project = Project::of(&files);
    std::fs::write(project.path().join("latin.test.ts"), b"test(\"\xe9\")").unwrap();
    let reported = project.report(&[]);
    reported.run.exits_with(1);
    assert_eq!(told(&reported, "zz_healthy.test.ts"), [("passed".to_owned(), String::new())]);
    for file in ["line.test.ts", "comment.test.ts", "parentheses.test.ts", "chain.test.ts"] {
        assert_eq!(told(&reported, file), [("passed".to_owned(), String::new())], "{file}");
    }
    for file in ["unclosed.test.ts", "quotes.test.ts", "comments.test.ts", "latin.test.ts", "nothing.test.ts"]
    {
        assert_eq!(told(&reported, file), [("error".to_owned(), "CompileError".to_owned())], "{file}");
    }
    assert!(!reported.run.stdout.contains("InternalError"), "{}", reported.run.stdout);
}

#[test]
fn floods_end_with_the_deadline() {
    let mut files = Vec::new();
    for (name, source) in [
        ("todo", "for (;;) test.todo(\"x\");"),
        ("cases", "const f = () => {}; for (;;) test(\"x\".repeat(2000), f);"),
        ("suites", "for (;;) describe(\"x\", () => {});"),
        (
            "titles",
            "const t = \"t\".repeat(2000); let d = 0;\nconst deep = (): void => { if (++d < 200) describe(t, deep); else for (let i = 0; i < 20000; i++) test(t + i, () => {}); };\ndescribe(t, deep);",
        ),
        ("empty_lines", "test(\"x\", () => { for (;;) console.log(); });"),
        (
            "errors",
            "test(\"x\", () => { const f = (): void => { queueMicrotask(f); throw new Error(\"m\".repeat(60000)); }; f(); return new Promise(() => {}); });",
        ),
        ("timers", "test(\"x\", () => { for (;;) setTimeout(() => {}, 0); });"),
    ] {
        files.push((format!("{name}.test.ts"), format!("{HEAD}{source}\n")));
    }
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect();
    for file in &files {
        let reported = Project::of(&[*file]).report(&["--timeout-ms", "2000", "--max-heap-mb", "64"]);
        if file.0 != "titles.test.ts" {
            reported.run.exits_with(1);
        }
        let size = (reported.json.to_string().len() + reported.junit.len()) >> 20;
        assert!(size < 256, "{}: the reports have {size} MiB", file.0);
        roxmltree::Document::parse(&reported.junit).unwrap();
    }
}

#[test]
fn limits_below_all_reason_are_no_bug_of_ours() {
    for ms in ["1", "3", "10", "30"] {
        let reported = one("test(\"x\", () => {});\n").report(&["--timeout-ms", ms]);
        let cases = told(&reported, "attack.test.ts");
        let passed = reported.run.status == Some(0);
        let all_passed = !cases.is_empty() && cases.iter().all(|(status, _)| status == "passed");
        assert_eq!(passed, all_passed, "{ms} ms: {cases:?}");
        assert!(cases.iter().all(|(_, kind)| kind.is_empty() || kind == "Timeout"), "{ms} ms: {cases:?}");
    }
    let heap = one("test(\"x\", () => {});\n").report(&["--max-heap-mb", "4"]);
    heap.run.exits_with(0);
}

#[test]
fn out_of_memory_while_loading() {
    let project = one(
        "test(\"registered\", () => {});\nconst list: unknown[] = [];\nfor (;;) list.push(new Array(1000).fill(1));\n",
    );
    let table = [(
        "attack.test.ts",
        &[
            ("registered", crate::table::Told::Skipped("not run: the file ended before")),
            ("(OutOfMemory)", Error("OutOfMemory", "*")),
        ][..],
    )];
    every_sink(&project, &["--max-heap-mb", "32"], &table);
}

#[cfg(target_os = "linux")]
#[test]
fn a_heap_is_given_back_when_its_file_is_over() {
    let source = "const keep: unknown[] = [];\ntest(\"x\", () => { for (let i = 0; i < 100; i++) keep.push(new Array(10_000).fill(i)); });\n";
    let source = format!("{HEAD}{source}");
    let names: Vec<String> = (0..100).map(|i| format!("f{i:02}.test.ts")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), source.as_str())).collect();
    let project = Project::of(&files);
    // 100 files with 16 MB each, and room for a part of them.
    let mut limited = std::process::Command::new("sh");
    limited
        .arg("-c")
        .arg("ulimit -v 1500000 && exec \"$0\" --jobs 2 --quiet")
        .arg(env!("CARGO_BIN_EXE_husako-ci"));
    crate::run::Run::of(limited.current_dir(project.path())).exits_with(0);
}

/// Replaces every method of the language that can be replaced, before anything of the harness but what every file needs is loaded.
const TAMPERING: &str = r#"import { expect, test, vi, describe } from "husako/test";
const own = Object.getOwnPropertyNames;
for (const C of [Array, Object, String, Map, Set, WeakMap, Promise, RegExp, Function, Error, Date, Number, Boolean, Symbol, Proxy as any, Reflect, JSON, Math]) {
  for (const target of [C, (C as any).prototype]) {
    if (!target) continue;
    for (const k of own(target)) {
      if (["constructor", "prototype", "length", "name"].includes(k)) continue;
      try { Object.defineProperty(target, k, { value: () => true, configurable: true, writable: true }); } catch {}
    }
  }
}
try { (Array as any).prototype[0] = 1; } catch {}
test("toBe must fail", () => { expect(1).toBe(2); });
test("toEqual must fail", () => { expect({ a: [1, { b: 2 }] }).toEqual({ a: [1, { b: 3 }] }); });
test("toThrow must fail", () => { expect(() => {}).toThrow(); });
test("snapshot must fail", () => { expect({ a: 1 }).toMatchInlineSnapshot(`2`); });
test("toHaveProperty must fail", () => { expect({ a: 1 }).toHaveProperty("b"); });
test("objectContaining must fail", () => { expect({ a: 1 }).toEqual(expect.objectContaining({ b: 1 })); });
test("mock must fail", () => { const f = vi.fn(); expect(f).toHaveBeenCalled(); });
test("closeTo must fail", () => { expect(1).toBeCloseTo(2); });
test("label must fail", () => { expect({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }).toHaveLabel("x"); });
test("valid must fail", () => { expect({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "A_" } }).toBeValidResource(); });
test("soft must fail", () => { expect.soft(1).toBe(2); });
test("assertions must fail", () => { expect.assertions(2); });
test("chai must fail", () => { (expect(1) as any).to.equal(2); });
test("renders must fail", () => { expect({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }).toRenderAs("apiVersion: v1"); });
test("quantity must fail", () => { expect("1").toEqualQuantity("2"); });
test("resolves must fail", async () => { await expect(Promise.resolve(1)).resolves.toBe(2); });
test("poll must fail", async () => { await expect.poll(() => 1, { timeout: 100 }).toBe(2); });
test.extend({ two: async ({}, use: any) => { await use(2); } })("fixture must fail", ({ two }: any) => { expect(two).toBe(1); });
test.each([[1]])("each %s must fail", (n) => { expect(n).toBe(2); });
"#;

#[test]
fn no_matcher_passes_because_the_language_was_replaced() {
    let reported = Project::of(&[("a.test.ts", TAMPERING)]).report(&[]);
    reported.run.exits_with(1);
    let cases = reported.json["files"][0]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 19);
    for case in cases {
        let failure = &case["failures"][0];
        assert_eq!(
            (&case["status"], &failure["kind"]),
            (&json!("failed"), &json!("AssertionError")),
            "{case}"
        );
        assert!(failure["message"].as_str().unwrap().starts_with("expect"), "{case}");
    }
}
