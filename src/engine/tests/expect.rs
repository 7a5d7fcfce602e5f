//! `expect`: matchers, what stands for many values, and what people read when it does not hold.

use super::{job, run_file, tests};

#[tokio::test]
async fn every_message_of_a_matcher_can_be_read() {
    let source = include_str!("matchers.test.ts");
    let file = run_file(job("main.test.ts", source, &[]), std::future::pending()).await;
    let mut told = String::new();
    for case in &file.cases {
        told.push_str(&format!("# {}\n", case.name));
        assert!(!case.failures.is_empty(), "{} is to fail", case.name);
        for failure in &case.failures {
            told.push_str(&format!("{}\n", failure.message));
            if let Some(comparison) = &failure.comparison {
                told.push_str(&format!(
                    "expected {}\nreceived {}\n",
                    comparison.expected, comparison.received
                ));
            }
        }
        told.push('\n');
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/tests/matchers.txt");
    if std::env::var_os("HUSAKO_CI_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(path).unwrap().replace("\r\n", "\n"));
}

/// What fails in a file with one case of this body.
async fn failures(body: &str) -> Vec<String> {
    let source = format!("test('a', async () => {{ {body} }});");
    let file = tests(&source).await;
    let failures = file.cases.iter().flat_map(|case| &case.failures);
    failures.map(|failure| format!("{} {}", failure.type_name, failure.message)).collect()
}

#[tokio::test]
async fn values_are_equal_as_in_jest() {
    let equal = [
        "{ a: undefined, b: 1 }, { b: 1 }",
        "{ b: 1, a: 2 }, { a: 2, b: 1 }",
        "NaN, NaN",
        "[, 1], [undefined, 1]",
        "new Map([[{ a: 1 }, new Set([[1]])]]), new Map([[{ a: 1 }, new Set([[1]])]])",
        "new Date(0), new Date(0)",
        "new Uint8Array([1, 2]), new Uint8Array([1, 2])",
        "new Error('a', { cause: 1 }), new Error('a', { cause: 1 })",
        "/a/gi, /a/gi",
        "[1, 'a', null], [expect.any(Number), expect.any(String), null]",
        "{ a: { b: 1, c: 2 } }, { a: expect.objectContaining({ b: 1 }) }",
        "[3, 1, 2], expect.arrayContaining([1, 2])",
        "{ [Symbol.for('x')]: 1 }, { [Symbol.for('x')]: 1 }",
        "'abc', expect.not.stringContaining('d')",
        "{ a: 1 }, { asymmetricMatch: (value: any) => value.a === 1 }",
        "new Error('a', { cause: 1 }), new Error('a')",
        "Object.assign(new Error('a'), { code: 1 }), new Error('a')",
        "Object.assign(new Error('a'), { code: 1, at: 2 }), Object.assign(new Error('a'), { code: expect.any(Number) })",
        "Object.assign(new Map([[1, 2]]), { cache: 1 }), new Map([[1, 2]])",
        "[1, 2].values(), [1, 2].values()",
        "(function* () { yield [1]; })(), (function* () { yield [1]; })()",
        "new Boolean(true), expect.any(Boolean)",
        "1.2, expect.not.closeTo(1, 1)",
    ];
    let different = [
        "0, -0",
        "[1, 2], [2, 1]",
        "new Map([[1, 2]]), new Map([[1, 3]])",
        "new Error('a', { cause: 1 }), new Error('a', { cause: 2 })",
        "new Uint8Array([1]), new Int8Array([1])",
        "{ a: null }, {}",
        "'1', 1",
        "null, expect.anything()",
        "1n, 1",
        "/a/g, /a/i",
        "{ [Symbol.for('x')]: 1 }, {}",
        "new Error('a'), new Error('a', { cause: 1 })",
        "Object.assign(new Error('a'), { code: 1 }), Object.assign(new Error('a'), { code: 2 })",
        "Object.defineProperty({ a: 1 }, 'b', { value: 2 }), { a: 1, b: 2 }",
        "{ a: 1, b: 2 }, Object.defineProperty({ a: 1 }, 'b', { value: 2 })",
        "[1, 2].values(), [1, 3].values()",
        "[1].values(), Promise.resolve(1)",
        "Promise.resolve(1), Promise.resolve(1)",
        "Object.assign(new String('a'), { b: 1 }), new String('a')",
        "'1', expect.not.closeTo(1, 1)",
    ];
    for (pairs, not) in [(&equal[..], ""), (&different[..], ".not")] {
        for pair in pairs {
            let body = format!("const [a, b] = [{pair}] as any; expect(a){not}.toEqual(b);");
            assert_eq!(failures(&body).await, Vec::<String>::new(), "{pair}");
        }
    }
    let body = "class A { x = 1 } expect(new A()).toEqual({ x: 1 }); expect(new A()).not.toStrictEqual({ x: 1 }); \
                expect([, 1]).not.toStrictEqual([undefined, 1]); expect({ a: undefined }).not.toStrictEqual({}); \
                const c: any = { a: 1 }; c.self = c; const d: any = { a: 1 }; d.self = d; expect(c).toEqual(d); \
                expect(new Error('x')).toMatchObject({ message: 'x' }); \
                expect(Object.assign([1], { x: 1 })).not.toMatchObject([1]); \
                expect(Object.create({ constructor: A })).not.toStrictEqual({}); expect(Object.create({})).toStrictEqual({});";
    assert_eq!(failures(body).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_message_that_code_reads_has_the_lines_that_differ() {
    let body = "try { expect({ a: 1, b: [1, 2] }).toEqual({ a: 1, b: [1, 3] }); } catch (error: any) { \
                expect(error.message).toBe('expect(received).toEqual(expected) // deep equality\\n\\n- Expected  - 1\\n+ Received  + 1\\n\\n\
                \x20 {\\n    \"a\": 1,\\n    \"b\": [\\n      1,\\n-     3,\\n+     2,\\n    ],\\n  }'); return; } \
                expect.unreachable();";
    assert_eq!(failures(body).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_stands_for_a_value_is_no_difference() {
    let body = "const read = (run: () => void): string => { try { run(); } catch (error: any) { return error.message; } return 'passed'; }; \
                const pod: any = { name: 'web-7', spec: { image: 'nginx', ports: [80, 443] }, labels: new Map([['app', 'web']]) }; \
                const wanted: any = { name: expect.stringContaining('web'), spec: { image: 'httpd', ports: expect.any(Array) }, \
                labels: new Map([['app', expect.any(String)]]) }; \
                for (const text of [read(() => expect(pod).toEqual(wanted)), read(() => expect(pod).toMatchObject(wanted))]) { \
                expect(text).toContain('- Expected  - 1\\n+ Received  + 1\\n'); expect(text).toContain('-     \"image\": \"httpd\",\\n+     \"image\": \"nginx\",'); \
                expect(text).not.toContain('web-7'); } \
                const { vi } = await import('husako/test'); const f = vi.fn(); f(pod); expect(read(() => expect(f).toHaveBeenCalledWith(wanted))).toContain('- Expected  - 1\\n+ Received  + 1\\n'); \
                expect(read(() => expect(Object.assign(new Error('a'), { code: 1 })).toEqual(Object.assign(new Error('a'), { code: 2 })))) \
                .toContain('- Expected  - 1\\n+ Received  + 1\\n\\n  [Error: a] {\\n-   \"code\": 2,\\n+   \"code\": 1,\\n  }'); \
                expect(read(() => expect([1]).toEqual({ a: 1 }))).toContain('Expected: {\"a\": 1}\\nReceived: [1]');";
    assert_eq!(failures(body).await, Vec::<String>::new());
}

#[tokio::test]
async fn errors_are_told_from_what_only_looks_like_them() {
    let body = "class Refused extends Error {} const raise = (value: unknown) => () => { throw value; }; \
                expect(raise(new Refused('no'))).toThrow(new Error('no')); expect(raise(new Error('no'))).not.toThrow(new Refused('no')); \
                expect(raise(new Error('no', { cause: 1 }))).toThrow(new Error('no')); expect(raise('no')).not.toThrow(new Error('no')); \
                expect(raise(1)).not.toThrow(new Error('')); expect(raise('no')).toThrow('no'); \
                await expect(Promise.resolve(1)).resolves.not.toThrow(); \
                await expect(async () => 1).resolves.toBe(1);";
    assert_eq!(failures(body).await, Vec::<String>::new());
    let told = failures("await expect(Promise.resolve(1)).resolves.toThrow();").await;
    assert_eq!(
        told,
        ["AssertionError expect(received).resolves.toThrow()\n\nReceived function did not throw"]
    );
}

#[tokio::test]
async fn matchers_of_ones_own_have_what_they_have_in_jest() {
    let body = "expect.extend({ \
                toHave(this: any, a: any, b: any) { return { pass: this.equals(a, b, [...this.customTesters, this.utils.iterableEquality, this.utils.subsetEquality]), message: () => '' }; }, \
                toBeLike(this: any, a: any, b: any) { const like = (x: any, y: any) => typeof x === 'string' && typeof y === 'string' ? x.trim() === y.trim() : undefined; \
                return { pass: this.equals(a, b, [like]), message: () => '' }; }, \
                toSay(this: any, value: any) { const { utils } = this; utils.ensureNoExpected(undefined, 'toSay'); const label = utils.getLabelPrinter('Calls', 'Returns'); \
                return { pass: false, message: () => [utils.printWithType('Value', value, utils.printReceived), label('Calls') + utils.pluralize('call', 2), \
                utils.printDiffOrStringify(2, [1], 'Wanted', 'Got')].join('|') }; } } as any); \
                const e: any = expect; e({ a: 1, b: { c: 2, d: 3 } }).toHave({ b: { c: 2 } }); e({ a: 1 }).not.toHave({ a: 2 }); \
                e(['a ']).toBeLike(['a']); e(['a ']).not.toEqual(['a']); \
                e(() => e('x').toSay()).toThrow('Value has type:  string\\nValue has value: \"x\"|Calls:   two calls|Wanted: 2\\nGot:    [1]');";
    assert_eq!(failures(body).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_common_words_of_chai_are_known() {
    let body = "const pod: any = { kind: 'Pod', spec: { hosts: ['a', 'b'] } }; class Web {} const none: any = undefined; \
                expect(pod.kind).to.equal('Pod'); expect(pod.kind).to.not.equal('Job'); expect(pod.kind).not.to.be.empty; \
                expect(pod).to.deep.equal({ kind: 'Pod', spec: { hosts: ['a', 'b'] } }); expect(pod.spec).to.not.equal({ hosts: ['a', 'b'] }); \
                expect(pod).to.have.property('kind').that.is.a('string').and.equals('Pod'); expect(pod).to.have.nested.property('spec.hosts[1]', 'b'); \
                expect(pod.spec.hosts).to.be.an('array').that.includes('a').and.has.lengthOf(2); expect(pod).to.have.keys('kind', 'spec'); \
                expect(pod.spec.hosts).to.have.members(['b', 'a']); expect([{ a: 1 }]).to.deep.include({ a: 1 }); expect([{ a: 1 }]).to.not.include({ a: 1 }); \
                expect(new Web()).to.be.an.instanceof(Web); expect(3).to.be.at.least(3); expect(3).to.be.below(4); expect(none).to.not.exist; \
                expect(() => { throw new RangeError('too many'); }).to.throw(RangeError); expect(1 > 0).to.be.true; expect([]).to.be.empty; \
                await expect(Promise.resolve(1)).resolves.to.equal(1); await expect(Promise.reject(new Web())).rejects.to.be.instanceOf(Web); \
                expect.assertions(25);";
    assert_eq!(failures(body).await, Vec::<String>::new());
    for (code, message) in [
        ("expect(1).to.equal(2)", "expect(received).to.equal(expected) // ===\n\nExpected: 2\nReceived: 1"),
        (
            "expect(1).to.be.true",
            "expect(received).toBe(expected) // Object.is equality\n\nExpected: true\nReceived: 1",
        ),
        (
            "expect('a').to.not.be.a('string')",
            "expect(received).not.to.be.a(expected)\n\nExpected: not of type \"string\"\nReceived:     \"a\"",
        ),
        (
            "expect({ a: 1 }).to.have.property('a').that.equals(2)",
            "expect(received).to.equal(expected) // ===\n\nExpected: 2\nReceived: 1",
        ),
        (
            "expect([1]).to.be.empty",
            "expect(received).to.be.empty()\n\nExpected: nothing in it\nReceived: [1]",
        ),
        (
            "expect({ a: 1 }).to.have.keys('b')",
            "expect(received).to.have.keys(expected)\n\nExpected: the keys [\"b\"]\nReceived: {\"a\": 1}",
        ),
        (
            "await expect(Promise.resolve(1)).resolves.to.equal(2)",
            "expect(received).resolves.to.equal(expected) // ===\n\nExpected: 2\nReceived: 1",
        ),
    ] {
        assert_eq!(failures(code).await, [format!("AssertionError {message}")], "{code}");
    }
    let told = failures("(expect(1) as any).to.be.frozen").await;
    assert!(
        told[0].contains("expect(…).to has no word \"frozen\": only the common words of Chai are known"),
        "{told:?}"
    );
}

#[tokio::test]
async fn testers_are_asked_first() {
    let body = "expect.addEqualityTesters([(a: any, b: any) => \
                typeof a === 'string' && typeof b === 'string' ? a.toLowerCase() === b.toLowerCase() : undefined]); \
                expect(['A', { b: 'C' }]).toEqual(['a', { b: 'c' }]); expect('a').not.toEqual('b');";
    assert_eq!(failures(body).await, Vec::<String>::new());
}

#[tokio::test]
async fn expectations_that_nobody_awaits_still_count() {
    let told = failures("expect(Promise.resolve(1)).resolves.toBe(2);").await;
    assert!(told.len() == 1 && told[0].contains("expect(received).resolves.toBe(expected)"), "{told:?}");
}

#[tokio::test]
async fn soft_expectations_are_all_told_and_the_case_goes_on() {
    let body = "expect.soft(1).toBe(2); await expect.soft(Promise.resolve(3)).resolves.toBe(4); throw new Error('end');";
    let told = failures(body).await;
    assert_eq!(told.len(), 3, "{told:?}");
}
