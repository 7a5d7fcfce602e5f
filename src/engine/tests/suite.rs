//! Suites and cases as Jest and Vitest have them: chains, tables, contexts, hooks, and cases that run again.

use super::*;

/// `name: outcome` of each case of a file.
async fn told(main: &str) -> Vec<String> {
    outcomes(&tests(main).await)
}

#[tokio::test]
async fn modifiers_stand_in_any_order() {
    let file = told(
        "test.skip.each([1])('a %d', () => {});
         test.concurrent.skip('b', () => {});
         test.concurrent.each([[1, 2]])('c %d %d', async (a, b) => { await null; expect(a + b).toBe(3); });
         describe.skip.each([1])('d %d', () => { test('x', () => {}); });
         test.skipIf(1)('e', () => {});
         test.runIf(0)('f', () => {});
         test.runIf(1).each([1])('g', () => {});
         it.todo('h');
         const { each } = test;
         each([1])('i', () => {});",
    )
    .await;
    assert_eq!(
        file,
        [
            "a 1: skipped, test.skip",
            "b: skipped, test.skip",
            "c 1 2: passed",
            "d 1 > x: skipped, describe.skip",
            "e: skipped, test.skip",
            "f: skipped, test.skip",
            "g: passed",
            "h: todo",
            "i: passed"
        ]
    );
    let file =
        told("test('a', () => {}); describe.only.each([1])('b', () => { test('x', () => {}); });").await;
    assert_eq!(file, ["a: skipped, other cases of the file are marked .only", "b > x: passed"]);
    let file = told("test.only.fails('a', () => { throw 1; }); test('b', () => {});").await;
    assert_eq!(file, ["a: passed", "b: skipped, other cases of the file are marked .only"]);
}

#[tokio::test]
async fn a_title_may_be_left_out() {
    let file = told(
        "test(() => { expect(1).toBe(2); }); test(function adds() {}, { timeout: 50 }); test.todo(() => {});
         describe(function web() { test('a', () => {}); }); class App {} describe(App, () => { test('b', () => {}); });",
    )
    .await;
    assert_eq!(file[1..], ["adds: passed", "anonymous (2): todo", "web > a: passed", "App > b: passed"]);
    assert!(file[0].starts_with("anonymous: "), "{file:?}");
}

#[tokio::test]
async fn titles_of_rows() {
    let file = told(
        "test.each([[1, 'x', { k: 1 }, 'css']])('%d %s %j %# %$ %% %c| $0 $1 $2.k $4', () => {});
         test.each([{ a: { b: 1 }, c: 'text' }])('$a.b $c $# $none', () => {});
         test.each([[{ a: 7 }, 2]])('$a $1', () => {});
         test.for([[1, 2]])('for $0 %s', (row, { expect }) => { expect(row).toEqual([1, 2]); });
         test.each`a | b
           ${1} | ${'two'}
         `('$a $b', ({ a, b }) => expect([a, b]).toEqual([1, 'two']));",
    )
    .await;
    assert_eq!(
        file,
        [
            "1 x {\"k\":1} 0 1 % | 1 x 1 $4: passed",
            "1 text 0 $none: passed",
            "7 2: passed",
            "for 1 1: passed",
            "1 two: passed"
        ]
    );
}

#[tokio::test]
async fn cases_that_are_to_fail() {
    let file = told(
        "test.fails('a', () => { expect(1).toBe(2); });
         test.failing('b', async () => { throw new Error('x'); });
         test('c', { fails: true }, () => {});
         test.fails('d', () => { Promise.reject(new Error('x')); });
         describe('s', () => {
           afterEach(() => { throw new Error('hook'); });
           test.fails('e', () => { throw new Error('x'); });
         });
         describe('t', () => {
           beforeEach(() => { throw new Error('hook'); });
           test.fails('f', () => { throw new Error('x'); });
         });",
    )
    .await;
    assert_eq!(
        file,
        [
            "a: passed",
            "b: passed",
            "c: AssertionError the test is marked as failing, and it passed",
            "d: passed",
            "s > e: Error in afterEach: hook",
            "t > f: Error in beforeEach: hook"
        ]
    );
}

#[tokio::test]
async fn a_case_is_run_again_with_its_hooks() {
    let source = "let n = 0; const seen = [];
         beforeEach(() => { seen.push('before'); });
         afterEach(() => { seen.push('after'); });
         test('a', { retry: 2 }, () => { n++; console.log('run ' + n); if (n < 3) expect(n).toBe(3); });
         test('b', () => expect(seen.length).toBe(7));
         test('c', { retry: 1 }, () => { throw new Error('always'); });
         describe('s', { repeats: 2 }, () => {
           let times = 0;
           test('d', () => { times++; });
           test('e', { repeats: 0 }, () => expect(times).toBe(3));
           test('f', () => expect(times++).toBe(3));
         });";
    let file = tests(source).await;
    let cases: Vec<_> = file.cases.iter().map(|case| (case.status.clone(), case.attempts.len())).collect();
    assert_eq!(
        cases,
        [
            (CaseStatus::Flaky { fails: false }, 2),
            (CaseStatus::Passed, 0),
            (CaseStatus::Error, 1),
            (CaseStatus::Passed, 2),
            (CaseStatus::Passed, 0),
            (CaseStatus::Failed, 1)
        ]
    );
    let first = &file.cases[0];
    let printed = |output: &[OutputLine]| output.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    assert_eq!(printed(&first.attempts[0].output), ["run 1"]);
    assert_eq!(printed(&first.output), ["run 3"]);
    assert!(first.attempts[1].failures[0].message.contains("Received: 2") && first.failures.is_empty());
}

#[tokio::test]
async fn the_run_says_how_often_and_what_flaky_means() {
    let source = "let n = 0; let m = 0;
        test('a', () => { if (n++ < 1) throw 1; });
        test('b', { retry: 0 }, () => { if (m++ < 1) throw 1; });";
    for fails in [false, true] {
        let file = tests_with(source, &[], |job| {
            job.limits.retries = 1;
            job.limits.flaky_fails = fails;
        })
        .await;
        assert_eq!(file.cases[0].status, CaseStatus::Flaky { fails });
        assert_eq!(file.cases[1].status, CaseStatus::Error);
    }
}

#[tokio::test]
async fn no_more_cases_start_once_enough_have_failed() {
    let max = MaxFail::new(Some(1));
    let counted = max.clone();
    let file = tests_with(
        "afterAll(() => console.log('over'));
         test('a', () => { throw 1; }); test('b', () => { throw 1; }); test('c', () => {});",
        &[],
        |job| {
            job.max_fail = max;
            job.on_case = CaseListener::new(move |status| counted.count(usize::from(status.is_failure())));
        },
    )
    .await;
    let skipped = "skipped, not run: enough cases have failed (--max-fail)";
    assert_eq!(outcomes(&file)[1..], [format!("b: {skipped}"), format!("c: {skipped}")]);
    assert_eq!(file.output[0].text, "over");
}

#[tokio::test]
async fn hooks_and_what_they_return_run_in_order() {
    let file = tests(
        "import { onTestFinished, onTestFailed } from 'husako/test';
         const seen = [];
         beforeAll(() => { seen.push('ba'); return () => { seen.push('all over'); console.log(seen.join(' ')); }; });
         afterAll(() => { seen.push('aa'); });
         beforeEach(async ({ task }) => { seen.push('be:' + task.name); return async () => { seen.push('over'); }; });
         afterEach(() => { seen.push('ae'); });
         describe('s', () => {
           beforeEach(() => { seen.push('be2'); return () => { seen.push('over2'); }; });
           afterEach(() => { seen.push('ae2'); });
           test('a', () => {
             onTestFinished(() => { seen.push('f1'); });
             onTestFinished(async () => { await null; seen.push('f2'); });
             onTestFailed(() => { seen.push('failed'); });
             throw new Error('x');
           });
         });",
    )
    .await;
    assert_eq!(file.output[0].text, "ba be:a be2 ae2 ae over2 over f2 f1 failed aa all over");
}

#[tokio::test]
async fn what_a_hook_returned_or_a_case_asked_for_can_fail() {
    let file = told(
        "import { onTestFinished } from 'husako/test';
         describe('s', () => {
           beforeEach(() => () => { throw new Error('x'); });
           test('a', () => {});
         });
         test('b', () => { onTestFinished(() => { throw new Error('y'); }); });
         test('c', () => { onTestFinished(() => new Promise(() => {})); });
         describe('t', () => { beforeAll(() => () => { throw new Error('z'); }); test('d', () => {}); });",
    )
    .await;
    assert_eq!(
        file,
        [
            "s > a: Error in the function that a hook returned: x",
            "b: Error in onTestFinished: y",
            "c: NeverSettles in onTestFinished: the onTestFinished hook waits for a promise that can never settle",
            "t > d: passed",
            "t > (afterAll): Error in the function that a hook returned: z"
        ]
    );
}

#[tokio::test]
async fn a_function_that_takes_done_is_waited_for() {
    let file = told(
        "test('a', (done) => { setTimeout(() => done(), 1); });
         test('b', done => { setTimeout(() => done(new Error('late')), 1); });
         test('c', function (cb) { cb.fail('no'); });
         test('d', (done) => {});
         test('e', async (done) => { done(); });
         test.each([[1]])('f', (one, ready) => { setTimeout(() => ready(one), 1); });
         test('g', (context) => { expect(context.task.name).toBe('g'); });
         let n = 0;
         beforeEach((done) => { setTimeout(() => { n++; done(); }, 1); });
         test('h', () => { expect(n).toBe(8); });
         test('i', (done) => { done(); setTimeout(() => {}, 1); throw new Error('after done'); });
         test('j', (done) => { done(); done(); });
         test('k', (ready) => { setTimeout(() => ready(), 1); return new Promise((next) => setTimeout(next, 5)); });",
    )
    .await;
    assert_eq!(
        file,
        [
            "a: passed",
            "b: Error late",
            "c: Error thrown: \"no\"",
            "d: NeverSettles the test waits for a promise that can never settle",
            "e: TypeError a function cannot both take done and return a promise: leave out one of them",
            "f: Error thrown: 1",
            "g: passed",
            "h: passed",
            "i: Error after done",
            "j: TypeError done() was called more than once",
            "k: TypeError nobody waits for this call: a function that says itself when it is over calls its parameter done"
        ]
    );
}

#[tokio::test]
async fn a_case_can_skip_itself() {
    let file = told(
        "test('a', ({ skip }) => { skip('not here'); throw new Error('never'); });
         test('b', async (t) => { t.skip(false, 'x'); await null; t.skip(true); });
         test('c', (t) => { try { t.skip(); } catch {} expect(1).toBe(2); });
         describe('s', () => { beforeEach((t) => { t.skip('from the hook'); }); test('d', () => { throw 1; }); });
         test.fails('e', (t) => { t.skip(); });
         let stale;
         test('f', (t) => { stale = t; });
         test('g', () => { stale.skip('not mine'); });",
    )
    .await;
    assert_eq!(file[0], "a: skipped, not here");
    assert_eq!(file[1], "b: skipped, skip()");
    assert!(file[2].starts_with("c: AssertionError"), "{}", file[2]);
    assert_eq!(file[3], "s > d: skipped, from the hook");
    assert_eq!(file[4], "e: skipped, skip()");
    assert_eq!(file[6], "g: TypeError skip() can be called only while its case runs");
}

#[tokio::test]
async fn options_are_checked() {
    for (options, message) in [
        ("{ timout: 1 }", "test() has no option timout; did you mean timeout?"),
        ("{ qqq: 1 }", "test() has no option qqq"),
        ("{ retry: -1 }", "test() has a retry that is not a whole number from 0: -1"),
        ("{ repeats: 1.5 }", "test() has a repeats that is not a whole number from 0: 1.5"),
    ] {
        let file = told(&format!("test('a', {options}, () => {{}});")).await;
        assert_eq!(file, [format!("(LoadError): LoadError {message}")]);
    }
}

#[tokio::test]
async fn cases_are_shuffled_within_their_suites() {
    let source = "const seen = [];
        describe('s', () => { beforeAll(() => { seen.push('all'); });
          for (let i = 0; i < 8; i++) test('s' + i, () => { seen.push('s' + i); }); });
        for (let i = 0; i < 8; i++) test('t' + i, () => { seen.push('t' + i); });
        afterAll(() => console.log(seen.join(' ')));";
    let ran =
        async |order| tests_with(source, &[], |job| job.limits.order = order).await.output[0].text.clone();
    let (plain, one, other) =
        (ran(Order::Written).await, ran(Order::Shuffled(1)).await, ran(Order::Shuffled(2)).await);
    assert!(plain.starts_with("all s0 s1") && one != plain && one != other);
    assert_eq!(one, ran(Order::Shuffled(1)).await);
    let reversed = ran(Order::Reversed).await;
    assert!(reversed.starts_with("t7 t6") && reversed.ends_with("all s7 s6 s5 s4 s3 s2 s1 s0"), "{reversed}");
    let words: Vec<&str> = one.split(' ').collect();
    let from = words.iter().position(|word| *word == "all").unwrap();
    assert!(words[from + 1..from + 9].iter().all(|word| word.starts_with('s')), "{one}");
    assert_eq!(words.len(), 17);
}

#[tokio::test]
async fn user_code_cannot_fool_it() {
    let file = told(
        "Function.prototype.toString = () => 'x => 1';
         Proxy = WeakMap = undefined;
         Object.defineProperty(Array.prototype, 0, { set() { throw 1; }, configurable: true });
         WeakMap;
         test('a', (done) => { setTimeout(() => done(new Error('late')), 1); });
         test.fails('b', () => {});
         test('c', { retry: 1 }, (t) => { Promise.prototype.then = () => {}; t.expect(1).toBe(2); });",
    )
    .await;
    assert_eq!(file[0], "a: Error late");
    assert!(file[1].contains("it passed"), "{}", file[1]);
    assert!(file[2].starts_with("c: AssertionError"), "{}", file[2]);
}

#[tokio::test]
async fn fixtures_are_made_for_who_names_them_and_cleaned_up() {
    let file = told(
        "const log = [];
         const own = test.extend({
           list: async ({}, use) => { log.push('list up'); await use([1]); log.push('list down'); },
           sum: async ({ list, port = 1 }, use) => { log.push('sum up'); await use(list.length + port); log.push('sum down'); },
           port: 3000,
           pair: [1, { a: 2 }],
           always: [async ({ task }, use) => { log.push('always ' + task.name); await use(1); }, { auto: true }],
         });
         own('one', async ({ list }) => { list.push(2); await null; expect(list).toEqual([1, 2]); });
         own('two', ({ sum, pair, list: { length } }) => { expect([sum, pair, length]).toEqual([3001, [1, { a: 2 }], 1]); });
         own('none', () => {});
         own.extend({ port: 1 }).for([[5]])('for %s', ([five], { sum }) => { expect(five + sum).toBe(7); });
         own.extend({ port: 1 }).each([[5]])('each %s', (five) => { expect(five).toBe(5); });
         test('log', () => { expect(log).toEqual(['always one', 'list up', 'list down', 'always two', 'list up', 'sum up',
           'sum down', 'list down', 'always none', 'always for 5', 'list up', 'sum up', 'sum down', 'list down', 'always each 5']); });",
    )
    .await;
    assert_eq!(
        file,
        ["one: passed", "two: passed", "none: passed", "for 5: passed", "each 5: passed", "log: passed"]
    );
}

#[tokio::test]
async fn fixtures_that_break_fail_their_case() {
    let file = told(
        "const own = (a) => test.extend({ a, b: async ({ a }, use) => use(a) });
         own(async ({}, use) => {})('unused', ({ a }) => {});
         own(async ({}, use) => { throw new Error('up'); })('up', ({ b }) => {});
         own(async ({}, use) => { await use(1); throw new Error('down'); })('down', ({ b }) => { expect(b).toBe(1); });
         own(async ({ b }, use) => use(1))('cycle', ({ a }) => {});
         own(async ({}, use) => { await use(1); await use(2); })('twice', ({ a }) => {});
         own(1)('whole', (context) => {});
         own(async ({}, use) => use(1))('fails', ({ a }) => { expect(a).toBe(2); });
         own(async ({}, use) => use(1)).fails('may fail', ({ a }) => { expect(a).toBe(2); });",
    )
    .await;
    let wanted = [
        "unused: TypeError the fixture a is over and has not called use()",
        "up: Error up",
        "down: Error in onTestFinished: down",
        "cycle: TypeError the fixture a needs itself, by way of b",
        "twice: TypeError in onTestFinished: the fixture a has called use() more than once",
        "whole: TypeError the body of the case has to take its context apart",
        "fails: AssertionError expect(received).toBe(expected)",
        "may fail: passed",
    ];
    for (told, wanted) in file.iter().zip(wanted) {
        assert!(told.starts_with(wanted), "{told}");
    }
    let file = told("test.extend({ a: [1, { scope: 'file' }] });").await;
    assert!(
        file[0].contains("the fixture a has the scope \"file\", and only those of one case are there"),
        "{file:?}"
    );
}

#[tokio::test]
async fn titles_of_rows_that_are_one_argument_take_their_items() {
    let file = tests(
        "test.for([[1, 1, 2]])('add(%i, %i) -> %i', ([a, b, c]: any) => { expect(a + b).toBe(c); });\n\
         describe.for([[3, 4]])('d %i %i', () => { test('t', () => {}); });\n\
         test.for([7])('n %i', () => {}); test.each([{ a: 1, b: 2, a$b: 3 }])('$a$b $b$a', () => {});",
    );
    assert_eq!(
        outcomes(&file.await),
        ["add(1, 1) -> 2: passed", "d 3 4 > t: passed", "n 7: passed", "3 21: passed"]
    );
}

#[tokio::test]
async fn cases_of_one_name_stay_in_order_however_the_others_run() {
    let code = "const ran: string[] = []; for (const n of [1, 2, 3]) { test('same', () => { ran.push('s' + n); }); test('o' + n, () => {}); }\n\
         afterAll(() => { if (ran.join() !== 's1,s2,s3') throw new Error(ran.join()); });";
    for order in [Order::Written, Order::Reversed, Order::Shuffled(1), Order::Shuffled(2), Order::Shuffled(3)]
    {
        let file = tests_with(code, &[], |job| job.limits.order = order).await;
        assert!(
            file.cases.iter().all(|case| case.status == CaseStatus::Passed),
            "{order:?}: {:?}",
            outcomes(&file)
        );
    }
}

#[tokio::test]
async fn a_nul_in_a_source_is_what_it_says() {
    let file =
        tests("test('a', () => { expect(`a\0b`).toBe('a\\u0000b'); expect('\0'.length).toBe(1); });").await;
    assert_eq!(outcomes(&file), ["a: passed"]);
}

#[tokio::test]
async fn what_can_never_settle_is_told_at_once_however_often() {
    let file = tests(
        "test('fails', async () => { throw new Error('T'); });\n\
         afterEach(() => new Promise(() => {}));\n\
         test('hangs', () => new Promise(() => {})); test('after', () => { throw new Error('x'); });",
    );
    let hook = "NeverSettles in afterEach: the afterEach hook waits for a promise that can never settle";
    assert_eq!(
        outcomes(&file.await),
        [
            format!("fails: Error T; {hook}"),
            format!("hangs: NeverSettles the test waits for a promise that can never settle; {hook}"),
            format!("after: Error x; {hook}"),
        ]
    );
}

#[tokio::test]
async fn a_filter_takes_cases_of_one_name_together() {
    let file =
        tests_with("test('same', () => {}); test('same', () => {}); test('other', () => {});", &[], |job| {
            job.filter = Some(regex::Regex::new(r"^same \(2\)$").unwrap());
        });
    assert_eq!(outcomes(&file.await), ["same: passed", "same (2): passed"]);
}

#[tokio::test]
async fn what_objects_give_and_hold_is_compared() {
    let file = tests(
        "const lit = (x: number) => ({ *[Symbol.iterator]() { yield x; } });\n\
         test('a', () => { expect(lit(1)).toEqual(lit(1)); expect(lit(1)).not.toEqual(lit(2));\n\
           expect({ a: new String('abc') }).toEqual({ a: expect.stringContaining('b') });\n\
           expect(new String('1')).not.toEqual(expect.not.stringContaining('1'));\n\
           expect(new Number(1)).toEqual(expect.closeTo(1.001, 1)); });",
    );
    assert_eq!(outcomes(&file.await), ["a: passed"]);
}

#[tokio::test]
async fn an_expectation_that_is_not_awaited_fails_its_case() {
    let file = tests(
        "const late = (ms: number, ok = true) => new Promise((resolve, reject) => setTimeout(() => (ok ? resolve(1) : reject(new Error('no'))), ms));\n\
         test('poll', () => { expect.poll(() => 1, { timeout: 50 }).toBe(2); });\n\
         test('resolves', () => { expect(late(20)).resolves.toBe(2); });\n\
         test('in time', () => { expect(Promise.resolve(1)).resolves.toBe(1); });\n\
         test('awaited', async () => { await expect(late(1)).resolves.toBe(1); await expect.poll(() => 1).toBe(1); });\n\
         test('refused', async () => { expect(late(1, false)).resolves.toBe(1); await late(20); });",
    );
    let told = outcomes(&file.await);
    let waiting = "an expectation was still waiting for its promise when the test was over";
    assert!(told[0].starts_with(&format!("poll: AssertionError {waiting}")), "{told:?}");
    assert!(told[1].starts_with(&format!("resolves: AssertionError {waiting}")), "{told:?}");
    assert_eq!(told[2..4], ["in time: passed", "awaited: passed"]);
    assert!(told[4].starts_with("refused: UnhandledRejection"), "{told:?}");
}

#[tokio::test]
async fn what_would_never_run_or_be_told_is_told() {
    let file = tests("test('g', function* () { expect(1).toBe(2); });").await;
    assert!(outcomes(&file)[0].contains("test() has a generator as its body"), "{:?}", outcomes(&file));
    let file = tests(
        "let n = 0; test('x', { retry: 2 }, ({ skip }: any) => { if (n++ < 1) throw new Error('1'); skip(); });\n\
         describe('f', { fails: true }, () => { test('is fine', { fails: false }, () => {}); test('fails', () => { throw 1; }); });",
    );
    assert_eq!(outcomes(&file.await), ["x: flaky", "f > is fine: passed", "f > fails: passed"]);
}

#[tokio::test]
async fn words_of_chai_mean_what_they_mean_there() {
    let holds = [
        "expect(-0).to.equal(0)",
        "expect(NaN).to.not.equal(NaN)",
        "expect({ a: 1 }).to.deep.equal({ a: 1 })",
        "expect({ a: 1, b: undefined }).to.not.deep.equal({ a: 1 })",
        "expect({ a: { b: 1 } }).to.not.have.property('a', { b: 1 })",
        "expect({ a: { b: 1 } }).to.have.deep.property('a', { b: 1 })",
        "expect({ a: 1 }).to.not.be.oneOf([{ a: 1 }])",
        "expect(1).to.be.oneOf([1, 2])",
        "expect(() => { throw new TypeError('x'); }).to.throw(TypeError, 'x')",
        "expect(() => { throw new TypeError('x'); }).to.not.throw(TypeError, 'y')",
        "expect(() => { throw new TypeError('x'); }).to.not.throw(RangeError, /x/)",
    ];
    let cases: String = holds.iter().map(|code| format!("test({code:?}, () => {{ {code}; }});\n")).collect();
    let file = tests(&cases).await;
    assert!(file.cases.iter().all(|case| case.status == CaseStatus::Passed), "{:?}", outcomes(&file));
}
