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
                expect(new Error('x')).toMatchObject({ message: 'x' });";
    assert_eq!(failures(body).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_message_that_code_reads_has_the_lines_that_differ() {
    let body = "try { expect({ a: 1, b: [1, 2] }).toEqual({ a: 1, b: [1, 3] }); } catch (error: any) { \
                expect(error.message).toBe('expect(received).toEqual(expected)\\n\\n- Expected  - 1\\n+ Received  + 1\\n\\n\
                \x20 {\\n    \"a\": 1,\\n    \"b\": [\\n      1,\\n-     3,\\n+     2,\\n    ],\\n  }'); return; } \
                expect.unreachable();";
    assert_eq!(failures(body).await, Vec::<String>::new());
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
