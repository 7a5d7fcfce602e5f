use std::cmp::Ordering;
use std::fs;

use proptest::prelude::*;

use super::file::{HEADER, escape, natural, template};
use super::inline::meant;
use super::*;

fn path(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn parsed(text: &str) -> Result<SnapshotFile, (String, u32, u32)> {
    SnapshotFile::parse(text).map_err(|error| (error.problem, error.line, error.column))
}

fn value(literal: &str) -> Result<String, (String, u32, u32)> {
    parsed(&format!("exports[`a`] = {literal};\n")).map(|file| file.values["a"].clone())
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("`"),
        Just("$"),
        Just("{"),
        Just("\\"),
        Just("\r"),
        Just("\n"),
        Just("\\u{41}"),
        Just("];"),
        Just("exports["),
        Just("\u{2028}"),
        Just("\0"),
        Just("1"),
        Just("😀"),
    ];
    prop_oneof![proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()), any::<String>()]
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(values in proptest::collection::btree_map(text(), text(), 0..6)) {
        let mut file = SnapshotFile::default();
        file.values = values;
        let printed = file.print();
        let read = SnapshotFile::parse(&printed).unwrap();
        prop_assert_eq!(&read.values, &file.values);
        prop_assert_eq!(read.print(), printed);
    }

    #[test]
    fn no_text_breaks_the_parser(text in "(exports|\\[|\\]|=|;|`|\\\\|\\$|\\{|u|x|0|\r|\n| |//|é){0,40}") {
        let _ = SnapshotFile::parse(&text);
    }

    #[test]
    fn keys_are_in_one_order(a in text(), b in text(), c in text()) {
        prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
        if natural(&a, &b) == Ordering::Less && natural(&b, &c) == Ordering::Less {
            prop_assert_ne!(natural(&a, &c), Ordering::Greater);
        }
    }

    #[test]
    fn an_inline_snapshot_reads_as_it_was_written(text in "[^\r]{0,30}", indent in "[ \t]{0,4}") {
        // A text that is blank at its first or last line would be taken for indentation: printed values have quotes there.
        let snapshot = format!("\"{text}\"");
        let source = format!("{indent}expect(x).toMatchInlineSnapshot();\n");
        let spot = Spot { line: 1, column: indent.len() as u32 + 11 };
        let edit = Edit { text: snapshot.clone(), after_properties: false };
        let written = inline::apply(&path("a.ts"), &source, &[(spot, edit)]).unwrap();
        let literal = &written[written.find('`').unwrap()..=written.rfind('`').unwrap()];
        prop_assert_eq!(meant(&value(literal).unwrap()), snapshot);
    }
}

#[test]
fn literals_are_read_as_the_language_reads_them() {
    for (literal, text) in [
        ("`a\\n\\t\\x41\\u0042\\u{1f600}\\ud83d\\ude00\\`\\$\\{`", "a\n\tAB😀😀`${"),
        ("`a\r\nb\rc`", "a\nb\nc"),
        ("`a\\\nb\\\r\nc`", "abc"),
        ("`$ {} $`", "$ {} $"),
        ("`\\0\\q`", "\0q"),
    ] {
        assert_eq!(value(literal).as_deref(), Ok(text), "{literal}");
    }
    for literal in [
        "`${x}`",
        "`\\08`",
        "`\\xg0`",
        "`\\u{110000}`",
        "`\\ud83d`",
        "`\\u12`",
        "`open",
        "'a'",
        "f()",
        "`a` + `b`",
    ] {
        assert!(value(literal).is_err(), "{literal}");
    }
}

#[test]
fn a_mistake_has_its_place() {
    let text = "// h\n\nexports[`a`] = `1`;\n\n  exports[`é`] = `${x}`;\n";
    assert_eq!(parsed(text).unwrap_err(), ("`${` would be code: write `\\${`".to_owned(), 5, 19));
    let twice = "exports[`a`] = `1`;\nexports[`a`] = `2`;\n";
    assert_eq!(parsed(twice).unwrap_err(), ("the snapshot `a` is there twice".to_owned(), 2, 1));
    let marked = "<<<<<<< HEAD\nexports[`a`] = `1`;\n";
    assert_eq!(parsed(marked).unwrap_err(), ("expected `exports`, found `<`".to_owned(), 1, 1));
}

#[test]
fn header_and_line_ends_are_kept() {
    let text = "// Jest Snapshot v1, https://goo.gl/fbAQLP\r\n\r\nexports[`a 1`] = `\r\nx\r\n`;\r\n";
    let file = SnapshotFile::parse(text).unwrap();
    assert_eq!(file.values["a 1"], "\nx\n");
    assert_eq!(file.print(), text);
    assert_eq!(SnapshotFile::parse("").unwrap().print(), format!("{HEADER}\n"));
}

#[test]
fn texts_are_escaped_as_little_as_can_be() {
    assert_eq!(template("a`b\\${c}$d{"), "`a\\`b\\\\\\${c}$d{`");
    assert_eq!(escape("$$"), "$$");
}

#[test]
fn keys_are_sorted_as_jest_and_vitest_do() {
    // As natural-compare 1.4.0 orders them.
    let expected = ["", " ", "-1", "1", "2", "10", "A 2", "A 10", "a 1", "a > b 1", "a b", "é"];
    let mut sorted = expected;
    sorted.reverse();
    sorted.sort_by(|a, b| natural(a, b));
    let mut again = expected;
    again.sort_by(|a, b| natural(a, b));
    assert_eq!(sorted, again);
    for (a, b) in [("a 2", "a 10"), ("A", "a"), ("1", "a"), ("a > b 1", "a 1"), ("a b", "ab")] {
        assert_eq!(natural(a, b), Ordering::Less, "{a} {b}");
    }
}

#[test]
fn indentation_of_arguments_is_left_out() {
    assert_eq!(meant("\n    a\n      b\n\n    c\n  "), "a\n  b\n\nc");
    assert_eq!(meant("\n\ta\n\t  b\n"), "a\n  b");
    assert_eq!(meant("\"one\""), "\"one\"");
    assert_eq!(meant("\na\nb\n"), "a\nb");
    assert_eq!(meant("a\n  b"), "a\n  b");
}

#[test]
fn only_texts_are_replaced() {
    let put = |source: &str, after_properties: bool| {
        let column = source.find("snap").unwrap() as u32 + 1;
        let edit = Edit { text: "1".to_owned(), after_properties };
        inline::apply(&path("a.ts"), source, &[(Spot { line: 1, column }, edit)])
    };
    assert_eq!(put("e.snap('old')", false).as_deref(), Ok("e.snap(`1`)"));
    assert_eq!(put("e.snap(undefined, )", false).as_deref(), Ok("e.snap(`1`, )"));
    assert_eq!(put("e.snap({ a })", true).as_deref(), Ok("e.snap({ a }, `1`)"));
    assert_eq!(put("e.snap({ a }, `2`)", true).as_deref(), Ok("e.snap({ a }, `1`)"));
    for source in ["e.snap(text)", "e.snap(`${x}`)", "e.snap(...x)", "e.snap", "e.snap()"] {
        assert!(put(source, source.ends_with("p()")).is_err(), "{source}");
    }
    let gone = inline::apply(
        &path("a.ts"),
        "x",
        &[(Spot { line: 9, column: 1 }, Edit { text: String::new(), after_properties: false })],
    );
    assert!(gone.is_err());
}

#[test]
fn two_files_cannot_want_one_thing_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Arc::new(WorkTree::new(folder.path()).unwrap());
    let snapshots = Snapshots::new(tree, Rules { update: Update::All, strict: false });
    let wanted = |text: &str| Wanted {
        files: BTreeMap::from([(path("x/one.txt"), Some(text.to_owned()))]),
        edits: Vec::new(),
    };
    assert_eq!(snapshots.add(&path("a.test.ts"), wanted("1")), Vec::<String>::new());
    assert_eq!(snapshots.add(&path("b.test.ts"), wanted("1")), Vec::<String>::new());
    assert_eq!(
        snapshots.add(&path("c.test.ts"), wanted("2")),
        ["b.test.ts wrote another snapshot to x/one.txt"]
    );
    assert!(!folder.path().join("x").exists());
    assert_eq!(snapshots.write().1.len(), 0);
    assert_eq!(fs::read_to_string(folder.path().join("x/one.txt")).unwrap(), "1");
    // It was all written.
    assert_eq!(snapshots.write().0, Vec::<RelPath>::new());
}

#[test]
fn a_source_that_has_changed_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.test.ts"), "snap(); // new").unwrap();
    let tree = Arc::new(WorkTree::new(folder.path()).unwrap());
    let snapshots = Snapshots::new(tree, Rules { update: Update::New, strict: false });
    let edit = Edit { text: "1".to_owned(), after_properties: false };
    let edits = vec![(path("a.test.ts"), "snap();".into(), Spot { line: 1, column: 1 }, edit)];
    snapshots.add(&path("a.test.ts"), Wanted { files: BTreeMap::new(), edits });
    let errors = snapshots.write().1;
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("it has changed since it ran"), "{}", errors[0].message);
    assert_eq!(fs::read_to_string(folder.path().join("a.test.ts")).unwrap(), "snap(); // new");
}
