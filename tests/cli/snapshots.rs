//! Snapshots: what is written, when, and what is told of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::run::{Project, Run};

const TEST: &str = "import { describe, it, expect } from 'husako/test';
describe('web', () => {
  it('has a value', () => {
    expect({ b: 1, a: ['x'] }).toMatchSnapshot();
    expect('one').toMatchSnapshot('a hint');
  });
  it('has another', () => expect(2).toMatchSnapshot());
});
";

const STORED: &str = "// husako-ci snapshots v1

exports[`web > has a value > a hint 1`] = `\"one\"`;

exports[`web > has a value 1`] = `
{
  \"a\": [
    \"x\",
  ],
  \"b\": 1,
}
`;

exports[`web > has another 1`] = `2`;
";

const SNAP: &str = "__snapshots__/a.test.ts.snap";

fn project(test: &str) -> Project {
    Project::of(&[("a.test.ts", test)])
}

fn text(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path().join(path)).unwrap()
}

fn in_ci(project: &Project, args: &[&str]) -> Run {
    Run::of(project.command().env("CI", "true").args(args))
}

/// Every file below a folder, but for those of git.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(".git") {
            continue;
        } else if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn what_is_missing_is_written_and_then_compared() {
    let project = project(TEST);
    let run = project.run(&[]);
    run.exits_with(0);
    assert!(run.stdout.contains("\nSnaps 3 written\n"), "{}", run.stdout);
    assert_eq!(text(&project, SNAP), STORED);
    let run = in_ci(&project, &[]);
    run.exits_with(0);
    assert!(run.stdout.contains("\nSnaps 3 passed\n"), "{}", run.stdout);
    assert_eq!(text(&project, SNAP), STORED);
}

#[test]
fn what_differs_fails_until_it_is_updated() {
    let project = project(TEST);
    project.run(&[]).exits_with(0);
    project.write("a.test.ts", &TEST.replace("expect(2)", "expect(3)"));
    let run = project.run(&[]);
    run.exits_with(1);
    for told in [
        "expect(received).toMatchSnapshot()",
        "Snapshot name: `web > has another 1`",
        "Expected: 2",
        "Received: 3",
        "run with -u",
        "a.test.ts:7:",
        "\nSnaps 1 failed, 2 passed\n",
    ] {
        assert!(run.stdout.contains(told), "{told}: {}", run.stdout);
    }
    assert_eq!(text(&project, SNAP), STORED);
    let run = project.run(&["-u"]);
    run.exits_with(0);
    assert!(run.stdout.contains("\nSnaps 2 passed, 1 updated\n"), "{}", run.stdout);
    assert_eq!(text(&project, SNAP), STORED.replace("`2`", "`3`"));
}

#[test]
fn in_ci_nothing_is_written() {
    let test = TEST.replace(
        "expect(2).toMatchSnapshot()",
        "{ expect(2).toMatchInlineSnapshot(); }); it('file', () => { expect('x').toMatchFileSnapshot('x.txt'); }",
    );
    let project = project(&test);
    let before = files(project.path());
    let run = in_ci(&project, &[]);
    run.exits_with(1);
    assert!(run.stdout.contains("New snapshot was not written"), "{}", run.stdout);
    assert!(run.stdout.contains("commit what it writes"), "{}", run.stdout);
    assert_eq!(files(project.path()), before);
    for flag in ["-u", "--snapshots=new"] {
        let run = in_ci(&project, &[flag]);
        run.exits_with(2);
        assert!(run.stderr.contains("the variable CI says that this is CI"), "{}", run.stderr);
        assert_eq!(files(project.path()), before);
    }
    // The same where a person asks for it.
    project.run(&["--snapshots=none"]).exits_with(1);
    assert_eq!(files(project.path()), before);
}

#[test]
fn obsolete_snapshots_are_told_or_fail_or_go() {
    let project = project(TEST);
    project.run(&[]).exits_with(0);
    let less = TEST.replace("  it('has another', () => expect(2).toMatchSnapshot());\n", "");
    project.write("a.test.ts", &less);
    let run = project.run(&[]);
    run.exits_with(0);
    assert!(run.stdout.contains("1 obsolete"), "{}", run.stdout);
    assert!(run.stdout.contains("obsolete snapshot: web > has another 1"), "{}", run.stdout);
    let run = in_ci(&project, &["--snapshots=strict"]);
    run.exits_with(1);
    assert!(
        run.stdout.contains("web > has another 1") && run.stdout.contains("run with -u"),
        "{}",
        run.stdout
    );
    assert_eq!(text(&project, SNAP), STORED);
    // A run of some of the cases knows nothing of the others.
    let run = project.run(&["--filter", "value", "-u"]);
    assert!(!run.stdout.contains("obsolete"), "{}", run.stdout);
    assert_eq!(text(&project, SNAP), STORED);
    let run = project.run(&["-u"]);
    run.exits_with(0);
    assert!(run.stdout.contains("1 removed"), "{}", run.stdout);
    assert_eq!(text(&project, SNAP), STORED.replace("\nexports[`web > has another 1`] = `2`;\n", ""));
}

#[test]
fn the_snapshots_of_skipped_and_failed_cases_are_not_obsolete() {
    let project = project(TEST);
    project.run(&[]).exits_with(0);
    for change in
        ["it.skip('has a value'", "it.todo('has a value'", "it('has a value', () => { throw 1; }); it('x'"]
    {
        let changed = TEST.replacen("it('has a value'", change, 1);
        project.write("a.test.ts", &changed.replace("expect({ b: 1, a: ['x'] }).toMatchSnapshot();", ""));
        let run = project.run(&["--snapshots=strict"]);
        assert!(!run.stdout.contains("web > has a value 1"), "{change}: {}", run.stdout);
    }
}

#[test]
fn a_file_whose_test_is_gone_is_obsolete() {
    let project = project(TEST);
    project.run(&[]).exits_with(0);
    let gone = "__snapshots__/gone.test.ts.snap";
    project.write(gone, STORED);
    let run = project.run(&[]);
    run.exits_with(0);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(told.contains(&format!("{gone} is obsolete: its test file is gone")), "{told}");
    project.run(&["--snapshots=strict"]).exits_with(1);
    assert!(project.exists(gone));
    project.run(&["-u"]).exits_with(0);
    assert!(!project.exists(gone) && project.exists(SNAP));
}

#[test]
fn inline_snapshots_are_put_into_the_source() {
    let helper = "import { expect } from 'husako/test';\nexport const check = (v: unknown) => expect(v).toMatchInlineSnapshot();\n";
    let test = "\u{feff}import { it, expect } from 'husako/test';\r\nimport { check } from './helper';\r\n\
        it('a', async () => {\r\n\texpect( { a: 1 } ) .toMatchInlineSnapshot( ); // é😀\r\n\
        \tconst é = '😀'; expect('`${x}\\\\').toMatchInlineSnapshot(/* why */);\r\n\
        \texpect({ id: 7 }).toMatchInlineSnapshot({ id: 7 },);\r\n\
        \tawait expect(Promise.resolve(\"two\\nlines\")).resolves.toMatchInlineSnapshot();\r\n\tcheck(1);\r\n});\r\n";
    let project = project(test);
    project.write("helper.ts", helper);
    let run = project.run(&[]);
    run.exits_with(0);
    assert!(run.stdout.contains("\nSnaps 5 written\n"), "{}", run.stdout);
    let expected = test
        .replace("Snapshot( )", "Snapshot( `\r\n\t\t{\r\n\t\t  \"a\": 1,\r\n\t\t}\r\n\t`)")
        .replace("(/* why */)", "(/* why */`\"\\`\\${x}\\\\\"`)")
        .replace("({ id: 7 },)", "({ id: 7 }, `\r\n\t\t{\r\n\t\t  \"id\": 7,\r\n\t\t}\r\n\t`,)")
        .replace(
            "resolves.toMatchInlineSnapshot()",
            "resolves.toMatchInlineSnapshot(`\r\n\t\t\"two\r\n\t\tlines\"\r\n\t`)",
        );
    assert_eq!(text(&project, "a.test.ts"), expected);
    assert_eq!(text(&project, "helper.ts"), helper.replace("()", "(`1`)").replace("= (`1`)", "= ()"));
    assert!(!project.exists("__snapshots__"));
    let run = in_ci(&project, &[]);
    run.exits_with(0);
    assert!(run.stdout.contains("\nSnaps 5 passed\n"), "{}", run.stdout);
    // Updated in its place.
    project.write("a.test.ts", &expected.replace("{ a: 1 }", "'now short'"));
    project.run(&[]).exits_with(1);
    project.run(&["-u"]).exits_with(0);
    let updated = "expect( 'now short' ) .toMatchInlineSnapshot( `\"now short\"`); // é😀\r\n";
    let written = text(&project, "a.test.ts");
    assert!(written.contains(updated), "{written}");
}

#[test]
fn values_are_printed_as_jest_and_vitest_print_them() {
    let printed = [
        ("undefined", "undefined"),
        ("-0", "-0"),
        ("12n", "12n"),
        ("'a\"b\\\\c'", "\"a\"b\\c\""),
        ("Symbol('s')", "Symbol(s)"),
        ("function named() {}", "[Function]"),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("new Date(NaN)", "Date { NaN }"),
        ("/a\\/[b]+$/gi", "/a\\\\/\\[b\\]\\+\\$/gi"),
        ("new TypeError('no')", "[TypeError: no]"),
        ("new Map([['k', new Set([1])]])", "Map {\n  \"k\" => Set {\n    1,\n  },\n}"),
        ("[1, , [], {}]", "[\n  1,\n  ,\n  [],\n  {},\n]"),
        (
            "{ b: 1, a: undefined, [Symbol('z')]: 2 }",
            "{\n  \"a\": undefined,\n  \"b\": 1,\n  Symbol(z): 2,\n}",
        ),
        ("new (class Web { x = 1; })()", "Web {\n  \"x\": 1,\n}"),
        ("new Uint8Array([1])", "Uint8Array [\n  1,\n]"),
        ("new BigInt64Array(1)", "BigInt64Array {\n  \"0\": 0n,\n}"),
        ("(function () { return arguments; })(1)", "Arguments [\n  1,\n]"),
        ("{ toJSON: () => 'json' }", "\"json\""),
        ("((o) => (o.self = o))({})", "{\n  \"self\": [Circular],\n}"),
        ("[expect.any(String), expect.anything()]", "[\n  Any<String>,\n  Anything,\n]"),
        ("expect.objectContaining({ a: 1 })", "ObjectContaining {\n  \"a\": 1,\n}"),
        ("vi.fn()", "[MockFunction]"),
        (
            "{ apiVersion: 1, kind: 'no resource' }",
            "{\n  \"apiVersion\": 1,\n  \"kind\": \"no resource\",\n}",
        ),
    ];
    let project = Project::of(&[]);
    let cases: String = printed
        .iter()
        .enumerate()
        .map(|(number, (value, _))| format!("it('{number}', () => expect({value}).toMatchSnapshot());\n"))
        .collect();
    project.write("a.test.ts", &format!("import {{ it, expect, vi }} from 'husako/test';\n{cases}"));
    project.run(&[]).exits_with(0);
    let stored = text(&project, SNAP);
    for (number, (value, expected)) in printed.iter().enumerate() {
        let expected = expected.replace('\\', "\\\\");
        let expected = if expected.contains('\n') { format!("\n{expected}\n") } else { expected };
        let entry = format!("exports[`{number} 1`] = `{expected}`;\n");
        assert!(stored.contains(&entry), "{value}: {entry}\n{stored}");
    }
}

#[test]
fn snapshots_of_several_lines_are_updated_where_they_are() {
    let test = |first: &str, second: &str, third: &str| {
        format!(
            "import {{ it, expect }} from 'husako/test';\nit('a', async () => {{\n  const one = 1; expect({{ one }}).toMatchInlineSnapshot(`{first}`);\n  \
            await expect(Promise.resolve('two')).resolves.toMatchInlineSnapshot(`{second}`);\n  \
            const three = await expect(\n    Promise.reject(new Error('three')),\n  ).rejects.toThrowErrorMatchingInlineSnapshot(`{third}`);\n}});\n"
        )
    };
    let old = "\n    old\n    text\n  ";
    let project = project(&test(old, old, old));
    in_ci(&project, &[]).exits_with(1);
    let run = project.run(&["-u"]);
    run.exits_with(0);
    assert!(run.stdout.contains("\nSnaps 3 updated\n"), "{}", run.stdout);
    let expected = test("\n    {\n      \"one\": 1,\n    }\n  ", "\"two\"", "[Error: three]");
    assert_eq!(text(&project, "a.test.ts"), expected);
}

#[test]
fn one_inline_snapshot_has_one_value() {
    let test = "import { it, expect } from 'husako/test';\nit('a', () => { for (const n of [1, 2]) expect(n).toMatchInlineSnapshot(); });\n";
    let project = project(test);
    let run = project.run(&[]);
    run.exits_with(1);
    assert!(run.stdout.contains("one inline snapshot cannot have several values"), "{}", run.stdout);
    assert_eq!(text(&project, "a.test.ts"), test);
}

#[test]
fn a_call_that_has_no_place_for_a_snapshot_is_told_and_others_are_written() {
    let test = "import { it, expect } from 'husako/test';\n\
        it('a', () => { const f = expect(1).toMatchInlineSnapshot; f.call(expect(1)); });\n\
        it('b', () => expect(2).toMatchInlineSnapshot());\n\
        it('c', () => { const old = '`1`'; expect(2).toMatchInlineSnapshot(old); });\n";
    let project = project(test);
    let run = project.run(&["-u"]);
    run.exits_with(1);
    assert!(run.stdout.contains("2 failed, 1 passed"), "{}", run.stdout);
    assert!(run.stdout.contains("is no text that could be replaced"), "{}", run.stdout);
    assert_eq!(
        text(&project, "a.test.ts"),
        test.replace("(2).toMatchInlineSnapshot()", "(2).toMatchInlineSnapshot(`2`)")
    );
}

#[test]
fn properties_are_matched_and_stored_as_what_matched_them() {
    let test = "import { it, expect } from 'husako/test';\n\
        it('a', () => expect({ id: 7, n: 1 }).toMatchSnapshot({ id: expect.any(Number) }));\n";
    let project = project(test);
    project.run(&[]).exits_with(0);
    let stored = "{\n  \"id\": Any<Number>,\n  \"n\": 1,\n}";
    assert!(text(&project, SNAP).contains(stored), "{}", text(&project, SNAP));
    project.write("a.test.ts", &test.replace("id: 7", "id: 8"));
    in_ci(&project, &[]).exits_with(0);
    project.write("a.test.ts", &test.replace("id: 7", "id: 'x'"));
    let run = project.run(&["-u"]);
    run.exits_with(1);
    assert!(run.stdout.contains("Snapshot name: `a 1`"), "{}", run.stdout);
    assert!(run.stdout.contains("Any<Number>"), "{}", run.stdout);
    assert!(text(&project, SNAP).contains(stored), "{}", text(&project, SNAP));
}

#[test]
fn resources_are_stored_as_yaml_and_files_as_they_are() {
    let test = "import { it, expect } from 'husako/test';\nimport { ConfigMap } from 'k8s/core/v1';\n\
        const map = ConfigMap().metadata({ name: 'a' });\nit('a', () => {\n\
        expect(map).toMatchSnapshot();\nexpect([map, map]).toMatchFileSnapshot('out/maps.yaml');\nexpect('x\\r\\ny').toMatchFileSnapshot('./x.txt');\n});\n";
    let project = project(test);
    project.run(&[]).exits_with(0);
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
    assert!(
        text(&project, SNAP).ends_with(&format!("exports[`a 1`] = `\n{yaml}`;\n")),
        "{}",
        text(&project, SNAP)
    );
    assert_eq!(text(&project, "out/maps.yaml"), format!("{yaml}---\n{yaml}"));
    assert_eq!(text(&project, "x.txt"), "x\r\ny");
    in_ci(&project, &[]).exits_with(0);
    project.write("x.txt", "x\ny");
    project.run(&[]).exits_with(1);
}

#[test]
fn file_snapshots_stay_in_the_repository() {
    let test = |path: &str| {
        format!(
            "import {{ it, expect }} from 'husako/test';\nit('a', () => {{ expect('x').toMatchFileSnapshot('{path}'); }});\n"
        )
    };
    let outside = tempfile::tempdir().unwrap();
    let project = project("");
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), project.path().join("link")).unwrap();
    let absolute = outside.path().join("y").display().to_string();
    for path in ["../x.txt", "a/../../x.txt", absolute.as_str(), "link/x.txt", ".git/x", "", "a.test.ts"] {
        project.write("a.test.ts", &test(path));
        let before = files(project.path());
        project.run(&["-u"]).exits_with(1);
        assert_eq!(files(project.path()), before, "{path}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_broken_file_is_told_with_its_place_and_left_alone() {
    let project = project(TEST);
    let broken = "// Jest Snapshot v1\n\nexports[`web > has another 1`] = `2`;\n\nexports[`x`] = evil();\n";
    project.write(SNAP, broken);
    for args in [&[][..], &["-u"]] {
        let run = project.run(args);
        run.exits_with(1);
        assert!(run.stdout.contains(&format!("{SNAP}:5:16: ")), "{}", run.stdout);
        assert!(run.stdout.contains("expected a text in backticks"), "{}", run.stdout);
        assert_eq!(text(&project, SNAP), broken);
    }
}

#[test]
fn the_snapshots_of_jest_and_vitest_are_found() {
    for (header, stored) in [
        (
            "// Jest Snapshot v1, https://goo.gl/fbAQLP",
            STORED.replace("value > a hint", "value: a hint").replace("web > has", "web has"),
        ),
        ("// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html", STORED.to_owned()),
    ] {
        let project = project(TEST);
        let stored = stored.replace("// husako-ci snapshots v1", header);
        project.write(SNAP, &stored);
        let run = in_ci(&project, &["--snapshots=strict"]);
        run.exits_with(0);
        assert!(run.stdout.contains("\nSnaps 3 passed\n"), "{}", run.stdout);
        // An update keeps the names, and the header.
        project.write("a.test.ts", &TEST.replace("expect(2)", "expect(3)"));
        project.run(&["-u"]).exits_with(0);
        let sorted = text(&project, SNAP);
        assert!(sorted.starts_with(header) && sorted.contains("another 1`] = `3`;"), "{sorted}");
        assert_eq!(sorted.matches("exports[").count(), 3);
    }
}

#[test]
fn cases_of_one_name_go_on_counting_and_runs_of_one_case_do_not() {
    let test = "import { it, expect } from 'husako/test';\nlet runs = 0;\n\
        it('a', () => { expect(1).toMatchSnapshot(); expect(2).toMatchSnapshot(); });\n\
        it('a', { retry: 2 }, () => { expect(3).toMatchSnapshot(); runs++; expect(runs).toBe(2); });\n";
    let project = project(test);
    project.run(&[]).exits_with(0);
    let stored = "exports[`a 1`] = `1`;\n\nexports[`a 2`] = `2`;\n\nexports[`a 3`] = `3`;\n";
    assert!(text(&project, SNAP).ends_with(stored), "{}", text(&project, SNAP));
    let run = in_ci(&project, &["--snapshots=strict"]);
    run.exits_with(0);
    assert!(run.stdout.contains("\nSnaps 3 passed\n"), "{}", run.stdout);
}

#[test]
fn nothing_is_written_for_a_case_that_fails() {
    let test = "import { it, expect } from 'husako/test';\nit('a', () => { expect(1).toMatchSnapshot(); expect(2).toMatchInlineSnapshot(); expect(3).toMatchFileSnapshot('x'); throw new Error('no'); });\n";
    let project = project(test);
    let before = files(project.path());
    let run = project.run(&["-u"]);
    run.exits_with(1);
    assert!(!run.stdout.contains("written"), "{}", run.stdout);
    assert_eq!(files(project.path()), before);
}

#[test]
fn files_that_run_at_the_same_time_do_not_get_in_each_others_way() {
    let project = Project::of(&[]);
    for n in 0..20 {
        let test = format!(
            "import {{ it, expect }} from 'husako/test';\nimport {{ check }} from './helper';\nit('a', () => {{ expect({n}).toMatchSnapshot(); expect('same').toMatchFileSnapshot('same.txt'); check(); }});\n"
        );
        project.write(&format!("t{n}.test.ts"), &test);
    }
    project.write("helper.ts", "import { expect } from 'husako/test';\nexport const check = () => expect(1).toMatchInlineSnapshot();\n");
    let run = project.run(&["--jobs", "8"]);
    run.exits_with(0);
    for n in 0..20 {
        assert!(text(&project, &format!("__snapshots__/t{n}.test.ts.snap")).contains(&format!("`{n}`")));
    }
    assert!(text(&project, "helper.ts").contains("toMatchInlineSnapshot(`1`)"));
    assert_eq!(text(&project, "same.txt"), "same");
    // Two files that want the same file otherwise.
    for n in 0..2 {
        let test = format!(
            "import {{ it, expect }} from 'husako/test';\nit('a', () => {{ expect('{n}').toMatchFileSnapshot('one.txt'); }});\n"
        );
        project.write(&format!("t{n}.test.ts"), &test);
    }
    let run = project.run(&["t0.test.ts", "t1.test.ts"]);
    run.exits_with(1);
    assert!(run.stdout.contains("wrote another snapshot to one.txt"), "{}", run.stdout);
}

#[test]
fn the_json_report_counts() {
    let project = project(TEST);
    project.run(&[]).exits_with(0);
    project.write("a.test.ts", &TEST.replace("expect(2)", "expect(3)").replace("'a hint'", "'another hint'"));
    project.run(&["--json", "r.json"]).exits_with(1);
    let report: Value = serde_json::from_str(&text(&project, "r.json")).unwrap();
    let counts =
        json!({ "matched": 1, "unmatched": 1, "written": 1, "updated": 0, "obsolete": 1, "removed": 0 });
    assert_eq!(report["summary"]["snapshots"], counts);
    assert_eq!(report["files"][0]["snapshots"], counts);
    assert_eq!(report["files"][0]["obsoleteSnapshots"], json!(["web > has a value > a hint 1"]));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_told_and_modes_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let project = project(TEST);
    project.write("__snapshots__", "in the way");
    let run = project.run(&[]);
    run.exits_with(9);
    assert!(run.stderr.contains(&format!("writing the snapshot {SNAP}: ")), "{}", run.stderr);
    fs::remove_file(project.path().join("__snapshots__")).unwrap();
    project.run(&[]).exits_with(0);
    let path = project.path().join(SNAP);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    project.write("a.test.ts", &TEST.replace("expect(2)", "expect(3)"));
    project.run(&["-u"]).exits_with(0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(project.path().join("__snapshots__")).unwrap().count(), 1);
}

#[test]
fn a_snapshot_file_without_a_test_fails_a_strict_run_that_runs_all_the_same() {
    let project = Project::of(&[
        (
            "a.test.ts",
            "import { test } from 'husako/test';\ntest('fails', () => { throw new Error('told'); });\n",
        ),
        ("__snapshots__/gone.test.ts.snap", "exports[`x 1`] = `1`;\n"),
    ]);
    let run = project.run(&["--snapshots=strict", "--json", "o.json"]);
    assert_eq!(run.status, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("told") && run.stdout.contains("gone.test.ts.snap is obsolete"),
        "{}",
        run.stdout
    );
    assert!(project.exists("o.json"));
    project.write("a.test.ts", "import { test } from 'husako/test';\ntest('passes', () => {});\n");
    assert_eq!(project.run(&["--snapshots=strict"]).status, Some(1));
    assert_eq!(project.run(&[]).status, Some(0));
}

#[cfg(unix)]
#[test]
fn no_snapshot_is_written_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    let project = Project::of(&[(
        "a.test.ts",
        "import { test, expect } from 'husako/test';\ntest('a', () => { expect(1).toMatchSnapshot(); });\n",
    )]);
    std::os::unix::fs::symlink(outside.path(), project.path().join("__snapshots__")).unwrap();
    let run = project.run(&[]);
    assert_eq!(run.status, Some(9), "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("__snapshots__ is a symbolic link"), "{}", run.stderr);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
