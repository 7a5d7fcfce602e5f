//! What every file pays for, and what only those pay for that use it.

use super::*;

/// The modules of the SDK that a test file with this code loads, by their paths.
async fn loaded(code: &str) -> Vec<String> {
    let mut modules = None;
    let file = tests_with(code, &[], |job| modules = Some(Arc::clone(&job.modules))).await;
    assert!(file.cases.iter().all(|case| case.status == CaseStatus::Passed), "{:?}", outcomes(&file));
    let mut names = modules.unwrap().compiled();
    names.retain_mut(|name| {
        name.strip_prefix("sdk:").map(str::to_owned).is_some_and(|path| {
            *name = path;
            true
        })
    });
    names.sort();
    names
}

const PLAIN: &str = "describe('s', () => { beforeEach(() => {}); \
    test('a', () => { expect({ a: [1] }).toEqual({ a: [1] }); expect(1).not.toBe(2); }); });\n";

#[tokio::test]
async fn a_plain_file_loads_what_every_file_needs() {
    // What all files load is loaded once. One more costs every file of every run something: what few files need is a part.
    assert_eq!(loaded(PLAIN).await, ["test/equality.ts"; 0]);
}

#[tokio::test]
async fn parts_are_loaded_by_the_files_that_use_them() {
    let plain = loaded(PLAIN).await;
    for (code, parts) in [
        ("expect(() => { throw new Error('no'); }).toThrow('no');", &["test/throwing.ts"][..]),
        ("expect({ a: 1 }).toHaveProperty('a', 1);", &["test/paths.ts", "test/property.ts"]),
        ("console.log(1);", &["console.ts", "test/placeholders.ts", "test/printer.ts"]),
        ("expect(Date.now()).not.toBe(0);", &["dates.ts", "environment/clock.ts"]),
    ] {
        let mut more = loaded(&format!("{PLAIN}test('b', () => {{ {code} }});")).await;
        more.retain(|name| !plain.contains(name));
        assert_eq!(more, parts, "{code}");
    }
    let mut more = loaded("test.each([[1, 1]])('%d is %d', (a, b) => { expect(a).toBe(b); });").await;
    more.retain(|name| !plain.contains(name));
    assert_eq!(more, ["test/each.ts", "test/placeholders.ts"]);
}

#[tokio::test]
async fn cases_have_the_place_of_their_call_however_it_is_made() {
    let file = tests(
        "const add = (title: string) =>\n\
           test(title, () => {});\n\
         ['a'].forEach(add);\n\
         Reflect.apply(test, undefined,\n\
           ['b', () => {}]);\n\
         describe('s', () => { describe('t', () => { describe('u', () => {\n\
           [['c', () => {}] as const].map(([title, body]) =>\n\
             test.skip(title, body));\n\
         }); }); });\n\
         new Map([[() => {}, 'd']]).forEach(test as never);\n\
         test.each([1])('e', () => {});\n\
         Error.stackTraceLimit = 0;\n\
         Error.prepareStackTrace = () => 'nowhere';\n\
         test('f', () => {});",
    )
    .await;
    let lines: Vec<(&str, Option<u32>)> =
        file.cases.iter().map(|case| (&*case.name, case.place.as_ref().map(|place| place.line))).collect();
    let wanted = [("a", 3), ("b", 5), ("s > t > u > c", 9), ("d", 11), ("e", 12), ("f", 15)];
    assert_eq!(lines, wanted.map(|(name, line)| (name, Some(line))));
}

#[tokio::test]
async fn the_console_prints() {
    let file = tests(
        "test('a', () => {\n\
           console.log('%s has %d%%', 'it', 50, { a: 1 }); console.log('%s'); console.log('%', 1); console.log(1, '%s', 2);\n\
           console.group('g'); console.count(); console.count(); console.countReset(); console.count('x'); console.groupEnd();\n\
           console.table([{ a: 1 }, { a: 22 }]); console.timeLog('never');\n\
         });",
    )
    .await;
    let printed: Vec<&str> = file.cases[0].output.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        printed.join("\n"),
        "it has 50% { \"a\": 1 }\n%s\n% 1\n1 %s 2\ng\n  default: 1\n  default: 2\n  x: 1\n\
         (index) | a\n0       | 1\n1       | 22"
    );
}
