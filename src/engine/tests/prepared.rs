//! Files that run in the same runtime, one after another, know nothing of each other.

use super::*;

/// Changes all that a file can reach.
const VANDAL: &str = r#"
import { vi } from "husako/test";
import * as husako from "husako";
import { Deployment } from "k8s/apps/v1";

class Mark { static {} }
expect.extend({ toBeVandalized() { return { pass: true, message: () => "" }; } });
expect.addEqualityTesters([() => true]);
expect.addSnapshotSerializer({ test: () => true, print: () => "vandal" });
vi.useFakeTimers();
vi.setSystemTime(0);
vi.spyOn(Math, "max").mockReturnValue(-1);
const deployment = Deployment() as any;
Object.getPrototypeOf(deployment).replicas = () => { throw new Error("vandal"); };
for (const prototype of [Array.prototype, Object.prototype, String.prototype, Promise.prototype, Function.prototype,
  RegExp.prototype, Map.prototype, Error.prototype] as any[]) {
  prototype.vandal = Mark;
}
(Array.prototype as any).map = (Promise.prototype as any).then = (JSON as any).stringify = () => { throw new Error("vandal"); };
(globalThis as any).vandal = new Array(300_000).fill({ a: [Symbol.for("vandal")] });
(globalThis as any).Date = (globalThis as any).URL = (globalThis as any).console = undefined;
Object.defineProperty(globalThis, "structuredClone", { value: 1, configurable: false });
delete (globalThis as any).Map;
Object.freeze(Object.prototype);
Object.preventExtensions(globalThis);
Error.stackTraceLimit = 0;
new FinalizationRegistry(() => { throw new Error("vandal"); }).register({}, 1);
test("vandal", () => { expect((globalThis as any).vandal.length === 300_000 && typeof husako === "object").toBe(true); });
"#;

/// Whether everything is as the first file finds it.
const WITNESS: &str = r#"
import { vi } from "husako/test";
import { metadata } from "husako";
import { Deployment } from "k8s/apps/v1";

test("globals", () => {
  expect(Object.getOwnPropertyNames(globalThis)).not.toContain("vandal");
  for (const name of ["Date", "URL", "console", "structuredClone", "Map"]) expect((globalThis as any)[name]).toBeTypeOf(name === "console" ? "object" : "function");
  expect("vandal" in [] || "vandal" in {} || "vandal" in Error.prototype).toBe(false);
  expect(Object.isFrozen(Object.prototype) || !Object.isExtensible(globalThis)).toBe(false);
  expect([1].map((one) => one + 1)).toEqual([2]);
  expect(JSON.stringify({ a: 1 })).toBe('{"a":1}');
  expect(Math.max(1, 2)).toBe(2);
});
test("time", async () => {
  expect(vi.isFakeTimers()).toBe(false);
  expect(Date.now()).toBeGreaterThan(1e12);
  await new Promise((resolve) => setTimeout(resolve, 1));
});
test("expect", () => {
  expect(() => (expect(1) as any).toBeVandalized()).toThrow();
  expect(() => expect({ a: 1 }).toEqual({ a: 2 })).toThrow();
});
test("builders", () => {
  expect((Deployment() as any).metadata(metadata().name("a")).replicas(2)._render().spec.replicas).toBe(2);
});
"#;

#[tokio::test]
async fn nothing_of_a_file_is_left_for_the_next() {
    for _ in 0..4 {
        let vandal = tests(VANDAL).await;
        assert_eq!(outcomes(&vandal), ["vandal: passed"]);
        let witness = tests(WITNESS).await;
        let passed = ["globals: passed", "time: passed", "expect: passed", "builders: passed"];
        assert_eq!(outcomes(&witness), passed);
    }
}

#[tokio::test]
async fn a_file_that_was_stopped_leaves_nothing_either() {
    for code in [
        "test('a', () => { for (;;) {} }, 20);",
        "test('a', async () => { for (;;) await null; }, 20);",
        "test('a', () => new Promise(() => {}));",
        "setInterval(() => {}, 1); test('a', () => new Promise(() => {}), 20);",
        "test('a', () => { const all: any[] = []; for (;;) all.push(new Array(1000).fill(0)); });",
        "test('a', () => { const f = (): any => f() + 1; f(); });",
        "throw new Error('no');",
        "import './missing'; test('a', () => {});",
        "await new Promise(() => {});",
        "test('a', () => {}) +;",
        "queueMicrotask(function again() { queueMicrotask(again); }); test('a', () => {});",
    ] {
        let stopped = tests_with(code, &[], |job| job.limits.heap_bytes = 16 << 20).await;
        assert!(
            stopped.cases.iter().all(|case| case.status.is_failure()),
            "{code}: {:?}",
            outcomes(&stopped)
        );
        let witness = tests(WITNESS).await;
        assert!(
            witness.cases.iter().all(|case| case.status == CaseStatus::Passed),
            "{code}: {:?}",
            outcomes(&witness)
        );
    }
}

#[tokio::test]
async fn the_heap_is_the_same_for_every_file() {
    // A file that would fit once, and would not if anything of the others counted against it.
    let code = "test('a', () => { const all: any[] = []; for (let i = 0; i < 350; i++) all.push(new ArrayBuffer(10_000)); });";
    for _ in 0..20 {
        let file = tests_with(code, &[], |job| job.limits.heap_bytes = 8 << 20).await;
        assert_eq!(outcomes(&file), ["a: passed"]);
    }
}
