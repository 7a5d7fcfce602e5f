//! Mock functions, spies and fake timers, as a test file has them.

use super::*;

/// The outcomes of a file that imports what this is about.
async fn run(source: &str) -> Vec<String> {
    let main = format!("import {{ vi, vitest, jest, fn, spyOn, mocked }} from 'husako/test';\n{source}");
    outcomes(&tests(&main).await)
}

/// Runs the body of one case and checks that it passes.
async fn passes(body: &str) {
    assert_eq!(run(&format!("test('a', async () => {{ {body} }});")).await, ["a: passed"], "{body}");
}

/// Runs the body of one case and gives what it fails with.
async fn fails(body: &str) -> String {
    run(&format!("test('a', async () => {{ {body} }});")).await.join("\n")
}

#[tokio::test]
async fn every_matcher_of_mocks_says_what_it_found() {
    let source = include_str!("mock_matchers.test.ts");
    let file = run_file(job("main.test.ts", source, &[]), std::future::pending()).await;
    let mut told = String::new();
    for case in &file.cases {
        let failure = case.failures.first().unwrap_or_else(|| panic!("{} passes", case.name));
        assert_eq!(failure.kind, FailureKind::Assertion, "{}", case.name);
        told.push_str(&format!("# {}\n{}\n", case.name, failure.message));
        if let Some(comparison) = &failure.comparison {
            told.push_str(&format!("expected {}\nreceived {}\n", comparison.expected, comparison.received));
        }
        told.push('\n');
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/tests/mock_matchers.txt");
    if std::env::var_os("HUSAKO_CI_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(path).unwrap().replace("\r\n", "\n"));
}

#[tokio::test]
async fn a_mock_remembers_its_calls() {
    passes(
        "const f = vi.fn((a: number, b = 0) => { if (a < 0) throw 'no'; return a + b; });\n\
         const self = { f };\n\
         expect(f(1)).toBe(1); expect(self.f(2, 3)).toBe(5);\n\
         try { f(-1); } catch {}\n\
         expect(f.mock.calls).toStrictEqual([[1], [2, 3], [-1]]);\n\
         expect(f.mock.lastCall).toEqual([-1]);\n\
         expect(f.mock.contexts).toEqual([undefined, self, undefined]);\n\
         expect(f.mock.results).toStrictEqual([{ type: 'return', value: 1 }, { type: 'return', value: 5 }, { type: 'throw', value: 'no' }]);\n\
         const named = (x: number) => x; expect([f.length, f.name, vi.fn(named).name]).toEqual([1, 'Mock', 'named']);\n\
         f.mockClear();\n\
         expect(f.mock.calls).toEqual([]); expect(f(4)).toBe(4);",
    )
    .await;
}

#[tokio::test]
async fn what_promises_became_is_known_without_touching_them() {
    passes(
        "const f = vi.fn().mockResolvedValueOnce(1).mockRejectedValueOnce(2).mockReturnValueOnce(new Promise(() => {})).mockThrowOnce(3);\n\
         const [a, b, c] = [f(), f(), f()]; try { f(); } catch {}\n\
         expect(f.mock.settledResults.map((r) => [r.type, r.value])).toEqual([['fulfilled', 1], ['rejected', 2], ['incomplete', undefined], ['rejected', 3]]);\n\
         expect(f.mock.results[0].value).toBe(a);\n\
         await expect(b).rejects.toBe(2); c;",
    )
    .await;
    // A rejection that nobody handles is still one: looking at it is not handling it.
    let told = fails("vi.fn().mockRejectedValue(new Error('lost'))();").await;
    assert_eq!(told, "a: UnhandledRejection lost");
    let told = fails(
        "const f = vi.fn().mockRejectedValue(new Error('lost')); f(); f.mock.settledResults; expect(f).not.toHaveResolved();",
    )
    .await;
    assert_eq!(told, "a: UnhandledRejection lost");
}

#[tokio::test]
async fn a_mock_of_a_class_makes_instances_of_both() {
    passes(
        "class A { constructor(public n: number) {} twice() { return this.n * 2; } static make() { return new this(1); } }\n\
         const M = vi.fn(A);\n\
         const a = new M(3);\n\
         expect(a.twice()).toBe(6); expect(a instanceof A && a instanceof M).toBe(true);\n\
         expect(M.mock.instances[0]).toBe(a); expect(M).toHaveBeenCalledWith(3);\n\
         expect((M as any).make().n).toBe(1);\n\
         class B extends (M as any) { m() { return this.twice() + 1; } }\n\
         expect((new B(2) as any).m()).toBe(5);\n\
         const J: any = jest.fn(() => ({ made: true }));\n\
         expect(new J()).toEqual({ made: true });\n\
         const F: any = jest.fn(function (this: any, n: number) { this.n = n; });\n\
         F.prototype.get = vi.fn(function (this: any) { return this.n; });\n\
         expect(new F(7).get()).toBe(7);",
    )
    .await;
}

#[tokio::test]
async fn spies_call_what_they_spy_on_until_told_otherwise() {
    passes(
        "const o = { n: 2, twice(x: number) { return this.n * x; }, get g() { return this.n; }, set g(v) { this.n = v; } };\n\
         const s = vi.spyOn(o, 'twice');\n\
         expect(o.twice(4)).toBe(8); expect(s).toHaveBeenCalledWith(4); expect(s.getMockName()).toBe('twice');\n\
         expect(vi.spyOn(o, 'twice')).toBe(s);\n\
         s.mockReturnValue(0); expect(o.twice(4)).toBe(0);\n\
         s.mockReset(); expect(o.twice(4)).toBe(8); expect(o.twice).toBe(s);\n\
         s.mockImplementation(); expect(o.twice(4)).toBe(undefined);\n\
         s.mockRestore(); expect(vi.isMockFunction(o.twice)).toBe(false);\n\
         const get = vi.spyOn(o, 'g', 'get').mockReturnValue(9); const set = vi.spyOn(o, 'g', 'set');\n\
         o.g = 5; expect(o.g).toBe(9); expect(set).toHaveBeenCalledWith(5); expect(get).toHaveBeenCalledOnce();\n\
         vi.restoreAllMocks(); expect(o.g).toBe(5);\n\
         const before = Object.getOwnPropertyDescriptors(o);\n\
         { using t = vi.spyOn(o, 'twice').mockReturnValue(1); expect(o.twice(9)).toBe(1); t; }\n\
         expect(Object.getOwnPropertyDescriptors(o)).toEqual(before);",
    )
    .await;
    // What is inherited is left where it is.
    passes(
        "class A { m() { return 1; } } class B extends A {}\n\
         const b = new B(); vi.spyOn(b, 'm').mockReturnValue(2);\n\
         expect([b.m(), new B().m()]).toEqual([2, 1]);\n\
         vi.restoreAllMocks(); expect(Object.keys(Object.getOwnPropertyDescriptors(b))).toEqual([]);\n\
         vi.spyOn(A.prototype, 'm').mockReturnValue(3); expect(b.m()).toBe(3); vi.restoreAllMocks(); expect(b.m()).toBe(1);",
    )
    .await;
}

#[tokio::test]
async fn all_mocks_are_cleared_reset_and_restored_at_once() {
    passes(
        "const o = { m: () => 1, v: 1 }; const f = vi.fn(() => 1); const s = jest.spyOn(o, 'm'); const p = jest.replaceProperty(o, 'v', 2);\n\
         f.mockReturnValueOnce(5); f(); s.mockReturnValue(7); o.m();\n\
         vi.clearAllMocks(); expect(f).not.toHaveBeenCalled(); expect(s).not.toHaveBeenCalled(); expect(o.m()).toBe(7);\n\
         f.mockReturnValueOnce(6); vi.resetAllMocks(); expect([f(), o.m()]).toEqual([1, undefined]); expect(s).toHaveBeenCalledOnce();\n\
         p.replaceValue(3); expect(o.v).toBe(3);\n\
         jest.restoreAllMocks(); expect(vi.isMockFunction(o.m)).toBe(false); expect(o.v).toBe(1);",
    )
    .await;
}

#[tokio::test]
async fn a_reset_does_what_it_does_where_the_mock_comes_from() {
    passes(
        "const o = { m: () => 'm', n: () => 'n' };\n\
         const [f, g] = [vi.fn(() => 1), jest.fn(() => 1)]; const [s, t] = [vi.spyOn(o, 'm'), jest.spyOn(o, 'n')];\n\
         for (const mock of [f, g, s, t] as any[]) mock.mockReturnValue(5).mockReset();\n\
         expect([f(), o.m()]).toEqual([1, 'm']); expect([g(), o.n()]).toStrictEqual([undefined, undefined]);\n\
         g.mockReturnValue(6); expect(g()).toBe(6); t.mockRestore(); expect(o.n()).toBe('n');",
    )
    .await;
}

#[tokio::test]
async fn implementations_for_a_while() {
    passes(
        "const f = vi.fn(() => 'out').mockReturnValueOnce('once');\n\
         f.withImplementation(() => 'in', () => { expect(f()).toBe('in'); });\n\
         expect([f(), f()]).toEqual(['once', 'out']);\n\
         const done = f.withImplementation(() => 'in', async () => { await null; expect(f()).toBe('in'); });\n\
         await done; expect(f()).toBe('out');\n\
         expect(() => f.withImplementation(() => 'in', () => { throw new Error('x'); })).toThrow('x'); expect(f()).toBe('out');",
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_done_says_what_to_do_instead() {
    for (body, told) in [
        (
            "vi.mock('./x');",
            "vi.mock() is not there: modules cannot be mocked. Let the code take what it needs",
        ),
        ("jest.requireActual('./x');", "jest.requireActual() is not there: modules cannot be mocked"),
        ("vi.stubEnv('A', 'b');", "vi.stubEnv(): there is no environment here"),
        ("vi.spyOn(1 as any, 'x' as never);", "vi.spyOn() needs an object that has the property, not 1"),
        ("vi.spyOn({} as any, 'x');", "vi.spyOn(): the object has no property \"x\""),
        (
            "vi.spyOn({ x: 1 } as any, 'x');",
            "vi.spyOn(): \"x\" is not a function, but 1: jest.replaceProperty(object, key, value) sets another value",
        ),
        (
            "jest.spyOn(Object.freeze({ x() {} }), 'x');",
            "jest.spyOn(): \"x\" cannot be replaced: it is read-only",
        ),
        ("vi.fn(1 as any);", "vi.fn() takes a function or a class as its implementation, not 1"),
        ("vi.fn().mockImplementation(1 as any);", "mockImplementation() needs a function, not 1"),
        ("vi.advanceTimersByTime(1);", "the timers are not faked: call vi.useFakeTimers()"),
        ("vi.useFakeTimers({ now: 'x' });", "useFakeTimers({ now }) needs a number of milliseconds, a Date"),
        (
            "jest.useFakeTimers({ legacyFakeTimers: true } as any);",
            "useFakeTimers(): Jest's legacy fake timers",
        ),
    ] {
        let failed = fails(body).await;
        assert!(failed.contains(&format!("TypeError {told}")), "{body}: {failed}");
    }
    let files = [("lib.ts", "export const answer = () => 42;")];
    let source = "import * as lib from './lib';\nimport { vi } from 'husako/test';\n\
                  test('a', () => { vi.spyOn(lib, 'answer'); });";
    let told = outcomes(&tests_with(source, &files, |_| ()).await).join("\n");
    assert!(
        told.contains("what a module exports cannot be replaced, \"answer\" neither. Let the code take it"),
        "{told}"
    );
}

#[tokio::test]
async fn timers_stand_still_until_they_are_advanced() {
    passes(
        "vi.useFakeTimers({ now: 1000 }); expect(vi.isFakeTimers()).toBe(true);\n\
         const log: string[] = []; const at = (name: string) => () => { log.push(name + Date.now()); };\n\
         setTimeout(at('b'), 20); setTimeout(at('a'), 10); setImmediate(at('i')); setTimeout(at('c'), 20);\n\
         const every = setInterval(at('v'), 15); clearTimeout(setTimeout(at('no'), 1));\n\
         expect(vi.getTimerCount()).toBe(5);\n\
         vi.advanceTimersByTime(19); expect(log).toEqual(['i1000', 'a1010', 'v1015']);\n\
         vi.advanceTimersToNextTimer(); expect(log.slice(3)).toEqual(['b1020', 'c1020']);\n\
         setTimeout(() => { log.push('outer'); setTimeout(at('inner'), 5); }, 5);\n\
         vi.runOnlyPendingTimers(); expect(log.slice(5)).toEqual(['outer', 'v1030', 'inner1030']);\n\
         clearInterval(every); expect(vi.getTimerCount()).toBe(0);\n\
         setTimeout(at('x'), 1); vi.clearAllTimers(); vi.runAllTimers(); expect(log).toHaveLength(8);\n\
         vi.useRealTimers(); expect(Date.now()).toBeGreaterThan(1e12);\n\
         await new Promise((r) => setTimeout(r, 1));",
    )
    .await;
}

#[tokio::test]
async fn timers_and_promises_take_turns() {
    passes(
        "jest.useFakeTimers(); const log: string[] = [];\n\
         const wait = (ms: number) => new Promise((r) => setTimeout(r, ms));\n\
         const work = (async () => { await wait(10); log.push('a'); await wait(10); log.push('b'); await null; await wait(1000); log.push('c'); })();\n\
         await jest.advanceTimersByTimeAsync(15); expect(log).toEqual(['a']);\n\
         await jest.advanceTimersToNextTimerAsync(); expect(log).toEqual(['a', 'b']);\n\
         await jest.runAllTimersAsync(); await work; expect(log).toEqual(['a', 'b', 'c']);\n\
         setTimeout(() => { throw new Error('in a timer'); }, 5); let later = false; setTimeout(() => { later = true; }, 6);\n\
         expect(() => jest.advanceTimersByTime(10)).toThrow('in a timer'); expect(later).toBe(true);\n\
         setTimeout(() => { throw new Error('again'); }, 5);\n\
         await expect(jest.advanceTimersByTimeAsync(10)).rejects.toThrow('again');",
    )
    .await;
}

#[tokio::test]
async fn endless_timers_end() {
    let told = "Aborting after running 10000 timers, assuming an infinite loop!";
    passes(&format!("vi.useFakeTimers(); const f = () => {{ setTimeout(f, 0); }}; f(); expect(() => vi.runAllTimers()).toThrow('{told}');")).await;
    passes("vi.useFakeTimers({ loopLimit: 3 }); setInterval(() => {}, 0); expect(() => vi.runAllTimers()).toThrow('running 3 timers'); await expect(vi.runAllTimersAsync()).rejects.toThrow('running 3 timers');").await;
}

#[tokio::test]
async fn the_date_can_be_set() {
    passes(
        "const before = Date; vi.setSystemTime('2020-02-02T00:00:00Z');\n\
         expect(vi.isFakeTimers()).toBe(false); expect(new Date().toISOString()).toBe('2020-02-02T00:00:00.000Z');\n\
         expect(vi.getMockedSystemTime()!.getTime()).toBe(Date.UTC(2020, 1, 2)); expect(vi.getRealSystemTime()).toBeGreaterThan(1.7e12);\n\
         expect(new Date() instanceof before && new before() instanceof Date).toBe(true); expect(new Date(0).getTime()).toBe(0);\n\
         class Own extends Date { own() { return this.getTime(); } } expect(new Own().own()).toBe(Date.now());\n\
         expect(typeof Date()).toBe('string'); expect(Date()).toContain('2020');\n\
         vi.useFakeTimers(); expect(Date.now()).toBe(Date.UTC(2020, 1, 2));\n\
         let ran = false; setTimeout(() => { ran = true; }, 1000); vi.setSystemTime(0); vi.advanceTimersByTime(999);\n\
         expect([ran, Date.now()]).toEqual([false, 999]); vi.advanceTimersByTime(1); expect(ran).toBe(true);\n\
         vi.useRealTimers(); expect(Date).toBe(before); expect(vi.getMockedSystemTime()).toBeNull();",
    )
    .await;
}

#[tokio::test]
async fn only_what_was_asked_for_is_faked() {
    passes(
        "const real = { setTimeout, Date }; vi.useFakeTimers({ toFake: ['Date'] });\n\
         expect(setTimeout).toBe(real.setTimeout); expect(Date).not.toBe(real.Date); vi.useRealTimers();\n\
         jest.useFakeTimers({ doNotFake: ['Date', 'performance'] }); expect(Date).toBe(real.Date); expect(setTimeout).not.toBe(real.setTimeout);\n\
         vi.useFakeTimers({ toFake: ['queueMicrotask', 'setTimeout'] }); let ran = 0; queueMicrotask(() => ran++); await null; expect(ran).toBe(0); vi.runAllTicks(); expect(ran).toBe(1);\n\
         vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 1 }); await new Promise((r) => setTimeout(r, 3)); vi.useRealTimers();",
    )
    .await;
}

#[tokio::test]
async fn waiting_for_something() {
    passes(
        "let n = 0; expect(await vi.waitFor(() => { if (n++ < 2) throw new Error('early'); return n; }, { interval: 1 })).toBe(3);\n\
         await expect(vi.waitFor(() => { throw new Error('never'); }, { timeout: 5, interval: 1 })).rejects.toThrow('never');\n\
         let m = 0; expect(await vi.waitUntil(async () => m++ > 1 && 'there', { interval: 1 })).toBe('there');\n\
         await expect(vi.waitUntil(() => false, { timeout: 5, interval: 1 })).rejects.toThrow('Timed out in vi.waitUntil!');\n\
         vi.useFakeTimers(); let ready = false; setTimeout(() => { ready = true; }, 500);\n\
         await vi.waitFor(() => expect(ready).toBe(true), { interval: 100 });",
    )
    .await;
}

#[tokio::test]
async fn globals_and_variables_are_set_for_a_while() {
    passes(
        "vi.stubGlobal('process', { env: { A: 'a' } }); vi.stubGlobal('Math', { pi: 3 }); expect((Math as any).pi).toBe(3);\n\
         const p = (globalThis as any).process; vi.stubEnv('A', 'b'); vi.stubEnv('B', 'c'); expect(p.env).toEqual({ A: 'b', B: 'c' });\n\
         vi.unstubAllEnvs(); expect(p.env).toStrictEqual({ A: 'a' });\n\
         vi.unstubAllGlobals(); expect('process' in globalThis).toBe(false); expect(Math.max(1, 2)).toBe(2);",
    )
    .await;
}

#[tokio::test]
async fn vi_and_jest_are_the_same_each_time() {
    passes(
        "expect(vi.fn).toBe(vi.fn); expect(vitest).toBe(vi); const { fn: make } = vi; expect(make(() => 1)()).toBe(1);\n\
         expect('fn' in vi && !('nope' in jest)).toBe(true); expect((vi as any).nope).toBe(undefined);\n\
         expect(vi.useFakeTimers().advanceTimersByTime(5).useRealTimers()).toBe(vi.clearAllMocks());\n\
         expect(() => { (vi as any).fn = 1; }).toThrow(); expect(vi.hoisted(() => 3)).toBe(3);\n\
         const o = { m() { return 1; } }; const s = spyOn(o, 'm'); o.m(); expect(s).toHaveBeenCalled(); expect(mocked(o).m.mock.calls).toHaveLength(1);\n\
         expect(fn().getMockName()).toBe('vi.fn()'); expect(jest.fn().getMockName()).toBe('jest.fn()'); expect(jest.now()).toBeGreaterThan(1.7e12);",
    )
    .await;
}

#[tokio::test]
async fn replaced_builtins_do_not_deceive_mocks() {
    let told = run(
        "const broken = () => { throw new Error('tampered'); };\n\
         test('a', async () => {\n\
           const keep = [Array.prototype.push, Array.prototype[Symbol.iterator], Reflect.apply, Reflect.construct, Object.defineProperty, WeakMap.prototype.get] as any[];\n\
           Object.defineProperty(Array.prototype, 0, { set() {}, configurable: true });\n\
           Array.prototype.push = broken as any; (Array.prototype as any)[Symbol.iterator] = broken; Reflect.apply = broken as any; Reflect.construct = broken as any; WeakMap.prototype.get = broken as any;\n\
           Promise.prototype.then = broken as any; globalThis.Date = broken as any;\n\
           const f = vi.fn((x: number) => x); f(1);\n\
           expect(f).toHaveBeenCalledWith(2);\n\
         });\n\
         test('b', () => { const f = vi.fn(); f(1); expect(f).toHaveBeenCalledWith(1); vi.useFakeTimers({ now: 5 }); expect(Date.now()).toBe(5); });",
    )
    .await;
    assert!(
        told[0].starts_with("a: AssertionError expect(f).toHaveBeenCalledWith")
            || told[0].contains("expect(vi.fn()).toHaveBeenCalledWith(...expected)"),
        "{told:?}"
    );
    assert_eq!(told[1], "b: passed");
}

#[tokio::test]
async fn who_waits_for_a_fake_timer_is_told_to_advance_it() {
    let wait = "await new Promise((r) => setTimeout(r, 10));";
    let source = format!(
        "import {{ vi }} from 'husako/test';\n\
         test('a', async () => {{ vi.useFakeTimers(); {wait} }}); test('b', async () => {{ vi.useRealTimers(); {wait} await new Promise(() => {{}}); }});"
    );
    let file = tests(&source).await;
    let help =
        |case: usize| (file.cases[case].failures[0].kind, file.cases[case].failures[0].help.as_deref());
    assert_eq!(
        help(0),
        (
            FailureKind::NeverSettles,
            Some(
                "the timers are fake: advance them, as in await vi.advanceTimersByTimeAsync(1000), or call vi.useRealTimers()"
            )
        )
    );
    assert_eq!(help(1), (FailureKind::NeverSettles, None));
}

#[tokio::test]
async fn a_file_can_set_how_long_its_cases_may_take() {
    let told = run("jest.setTimeout(20);\n\
         test('a', async () => { await new Promise((r) => setTimeout(r, 10_000)); });\n\
         test('b', async () => { await new Promise((r) => setTimeout(r, 40)); }, 5_000);\n\
         test('c', () => { vi.setConfig({ testTimeout: 5 }); });")
    .await;
    assert_eq!(told[0], "a: Timeout the test did not finish within 20 ms");
    assert_eq!(told[1], "b: passed");
    assert!(told[2].contains("vi.setConfig() cannot be called while a case or hook runs"), "{told:?}");
}

#[tokio::test]
async fn what_was_thrown_was_not_returned() {
    passes(
        "const f = vi.fn(() => { throw 1; }); try { f(); } catch {}\n\
         expect(f).not.toHaveReturnedWith(1); expect(f).not.toHaveLastReturnedWith(1); expect(f).not.toHaveResolvedWith(1);\n\
         const g = vi.fn().mockRejectedValue(1); await g().catch(() => {});\n\
         expect(g).not.toHaveResolvedWith(1); expect(g).not.toHaveResolved(); expect(g).toHaveReturnedTimes(1);",
    )
    .await;
}

#[tokio::test]
async fn of_what_is_due_at_once_immediates_run_first_and_intervals_wait_anew() {
    passes(
        "vi.useFakeTimers(); const log: string[] = []; const to = (name: string) => () => { log.push(name); };\n\
         setTimeout(to('timeout'), 0); setImmediate(to('immediate')); vi.advanceTimersByTime(0);\n\
         expect(log).toEqual(['immediate', 'timeout']); log.length = 0;\n\
         setInterval(to('interval'), 5); setTimeout(to('timeout'), 10); vi.advanceTimersByTime(10);\n\
         expect(log).toEqual(['interval', 'timeout', 'interval']);",
    )
    .await;
}
