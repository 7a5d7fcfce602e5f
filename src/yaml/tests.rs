use proptest::prelude::*;
use saphyr_parser::{Event, Parser};
use serde_json::{Value, json};

use super::write;

fn written(value: Value) -> String {
    write(&[value])
}

/// The text as it is written for a value.
fn text(text: &str) -> String {
    let document = written(json!({ "k": text }));
    document.strip_prefix("k: ").and_then(|rest| rest.strip_suffix('\n')).expect("an entry").to_owned()
}

#[test]
fn documents_are_parted_by_dashes_and_none_is_nothing() {
    assert_eq!(write(&[]), "");
    assert_eq!(write(&[json!({"a": 1})]), "a: 1\n");
    assert_eq!(write(&[json!({"a": 1}), json!([]), json!("b")]), "a: 1\n---\n[]\n---\nb\n");
}

#[test]
fn keys_are_sorted_by_their_bytes_at_every_level() {
    let value = json!({"b": {"é": 1, "z": 2, "Z": 3}, "a10": 4, "a9": 5, "": [{"d": 6, "c": 7}]});
    assert_eq!(written(value), "'':\n- c: 7\n  d: 6\na10: 4\na9: 5\nb:\n  Z: 3\n  z: 2\n  é: 1\n");
}

#[test]
fn lists_stand_below_their_key() {
    let value = json!({"a": [1, [2, [3], {"b": 4, "c": [5]}], []], "d": {"e": {}, "f": [{}]}});
    let expected = "a:\n- 1\n- - 2\n  - - 3\n  - b: 4\n    c:\n    - 5\n- []\nd:\n  e: {}\n  f:\n  - {}\n";
    assert_eq!(written(value), expected);
    assert_eq!(written(json!([[1, 2], {"a": 3}])), "- - 1\n  - 2\n- a: 3\n");
    assert_eq!(written(json!({})), "{}\n");
}

/// Bytes of husako 0.1.
#[test]
fn texts_look_as_husako_writes_them() {
    for (value, expected) in [
        ("", "''"),
        ("nginx:1.25", "nginx:1.25"),
        ("1.25", "'1.25'"),
        ("8080", "'8080'"),
        ("true", "'true'"),
        ("null", "'null'"),
        ("~", "'~'"),
        ("- a", "'- a'"),
        ("a: b", "'a: b'"),
        ("a # b", "'a # b'"),
        ("#x", "'#x'"),
        (" lead", "' lead'"),
        ("trail ", "'trail '"),
        ("it's", "it's"),
        ("'t", "'''t'"),
        ("say \"hi\"", "say \"hi\""),
        ("a\\b", "a\\b"),
        ("%a", "'%a'"),
        ("|", "'|'"),
        ("? a", "'? a'"),
        ("a,b", "a,b"),
        ("line one\nline two\n", "|\n  line one\n  line two"),
        ("line one\nline two", "|-\n  line one\n  line two"),
        ("a\n\n", "|+\n  a\n"),
        ("  a\n b\n", "|2\n    a\n   b"),
        ("a\tb", "\"a\\tb\""),
        ("héllo ✓ 😀", "héllo ✓ 😀"),
    ] {
        assert_eq!(text(value), expected, "{value:?}");
    }
}

#[test]
fn numbers_look_as_husako_writes_them() {
    let value = json!([1, -1, u64::MAX, i64::MIN, 2.5, -0.0, 1e15, 1e16, 1e21, 1.5e300, 1e-7, 5e-324]);
    let expected = "- 1\n- -1\n- 18446744073709551615\n- -9223372036854775808\n- 2.5\n- -0.0\n- 1000000000000000.0\n\
                    - 1e16\n- 1e21\n- 1.5e300\n- 1e-7\n- 5e-324\n";
    assert_eq!(written(value), expected);
}

#[test]
fn texts_that_any_parser_takes_for_something_else_are_quoted() {
    let words = "no on y n yes off ~ null = << NO On Y N Yes OFF True FALSE Null";
    let integers = "1 +1 -1 012 089 1_000 1__0 0_ 0x1F 0X1F -0x1F 0x_ 0_x1F 0o14 0O14 0b1 0B1 0b-1 0o-7 0b_ -_0xa \
                    0xFFFFFFFFFFFFFFFFFFFFFFFFF";
    let floats = "1e3 6e_04 .5 ._5 ._e1 5. 1. +.5 -.5e-1 1e400 .inf -.Inf +.INF .iNf .nan .NaN 1_0.5";
    let times = "12:30 12:30:00 -1:30 190:20:30 80:22 1_0:5 0:30.5 1:30. 2001-01-01 2001-02-30 2001-1-1 \
                 2001-12-14t21:59:43.10-05:00 2001-11-14T21:59:43Z 2001-1-1T1:1:1Z";
    for value in [words, integers, floats, times].iter().flat_map(|texts| texts.split_ascii_whitespace()) {
        assert_eq!(text(value), format!("'{value}'"));
        assert_eq!(written(json!({ value: 0 })), format!("'{value}': 0\n"));
    }
    for value in ["2001-12-14 21:59:43.10 -5", "2001-12-15  2:59:43.10", "2001-1-1 1:1:1,5"] {
        assert_eq!(text(value), format!("'{value}'"));
    }
}

#[test]
fn texts_that_every_parser_reads_are_not_quoted() {
    let texts = "yEs nULL ye none nil undefined inf nan Infinity 1.2.3 10.0.0.1 10.0.0.0/8 250m 1Gi 1e 1e+ e1 0x 0b 0o \
                 0xG 08:30 0:30 8080:80 00:16:3e ::1 v1 1-1 1,000 +-1 --1 . .. + -- -a ?a :a a:b a#b _1 __ 2001-01 \
                 2001-01-01T 2001-01-01T1:2 01-01-2001 20010-01-01 a=b =1 <<a ~a $(X) a'b a] /bin/sh --flag=1";
    for value in texts.split_ascii_whitespace() {
        assert_eq!(text(value), value);
    }
}

#[test]
fn characters_that_parsers_and_editors_change_are_escaped() {
    for (value, expected) in [
        ("\0\u{7}\u{8}\t\u{b}\u{c}\r\u{1b}", r#""\0\a\b\t\v\f\r\e""#),
        ("\u{1}\u{1f}\u{7f}\u{80}\u{9f}", r#""\x01\x1F\x7F\x80\x9F""#),
        ("\u{85}\u{2028}\u{2029}", r#""\N\L\P""#),
        ("\u{feff}\u{fffe}\u{ffff}", r#""\uFEFF\uFFFE\uFFFF""#),
        ("\"\\\0\n", r#""\"\\\0\n""#),
        ("\u{a0}\u{fffd}\u{10ffff}", "\u{a0}\u{fffd}\u{10ffff}"),
    ] {
        assert_eq!(text(value), expected, "{value:?}");
    }
}

#[test]
fn lines_are_kept_whatever_they_begin_and_end_with() {
    for (value, expected) in [
        ("\n", "|2+\n"),
        ("\n\n", "|2+\n\n"),
        ("\na", "|2-\n\n  a"),
        (" a\nb", "|2-\n   a\n  b"),
        ("a\n\n\n b\n", "|\n  a\n\n\n   b"),
        ("# a\n- b: c\n---\n...\n", "|\n  # a\n  - b: c\n  ---\n  ..."),
        // A space at the end of a line would get lost when somebody edits the file.
        ("a \nb", r#""a \nb""#),
        ("a\n ", r#""a\n ""#),
        (" \n", r#"" \n""#),
        ("a\r\nb\r\n", r#""a\r\nb\r\n""#),
        ("a\tb\nc", r#""a\tb\nc""#),
        ("a\n\u{2028}b", r#""a\n\Lb""#),
    ] {
        assert_eq!(text(value), expected, "{value:?}");
    }
    assert_eq!(written(json!([["a\nb", "\nc"]])), "- - |-\n    a\n    b\n  - |2-\n\n    c\n");
    assert_eq!(written(json!("a\nb")), "|-\n  a\n  b\n");
    assert_eq!(written(json!(" a\nb")), "\" a\\nb\"\n");
}

#[test]
fn long_texts_stay_on_one_line() {
    let long = "word ".repeat(1000);
    assert_eq!(text(long.trim_end()), long.trim_end());
    assert_eq!(text(&long), format!("'{long}'"));
    assert_eq!(text(&format!("\t{long}")), format!("\"\\t{long}\""));
}

#[test]
fn keys_that_are_long_or_have_lines_stand_behind_a_question_mark() {
    let (short, long) = ("k".repeat(128), "k".repeat(129));
    assert_eq!(written(json!({ &short: 1 })), format!("{short}: 1\n"));
    let value = json!({ &long: {"a": 1, "b": [2]}, "a\nb": ["c", {}], "a\rb": "d\ne" });
    let expected = format!(
        "? |-\n  a\n  b\n: - c\n  - {{}}\n? \"a\\rb\"\n: |-\n  d\n  e\n? {long}\n: a: 1\n  b:\n  - 2\n"
    );
    assert_eq!(written(value), expected);
}

#[test]
fn keys_like_dashes_are_quoted_below_a_list_only() {
    assert_eq!(written(json!({"--a": 1, "-b": [2]})), "--a: 1\n-b:\n- 2\n");
    assert_eq!(written(json!({"+": [1], "--a": [], "-b": 2})), "+:\n- 1\n'--a': []\n-b: 2\n");
}

#[test]
fn deep_nesting_costs_no_more_than_its_text() {
    let lists = (0..512).fold(json!([]), |inner, _| json!([inner]));
    assert_eq!(written(lists), format!("{}[]\n", "- ".repeat(512)));
    let objects = (0..512).fold(json!({}), |inner, _| json!({ "k": inner }));
    assert_eq!(written(objects).len(), (0..512).map(|level| level * 2 + 3).sum::<usize>() + 3);
}

/// Texts of pieces that have a meaning somewhere.
fn nasty_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\n",
        "\n\n",
        "\n ",
        " ",
        "\t",
        "\r",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "\u{7f}",
        "a",
        "é",
        "😀",
        "- ",
        "-",
        "? ",
        "?",
        ": ",
        ":",
        "#",
        " #",
        "---",
        "...",
        "%",
        "&a",
        "*a",
        "!",
        "!!int ",
        "|",
        ">",
        "'",
        "\"",
        "\\",
        "`",
        "@",
        "[",
        "]",
        "{",
        "}",
        ",",
        "0",
        "1",
        "12",
        "_",
        ".",
        "+",
        "e",
        "E",
        "x",
        "0x",
        "0o",
        "0b",
        ".inf",
        ".nan",
        "yes",
        "NO",
        "On",
        "y",
        "N",
        "true",
        "null",
        "~",
        "=",
        "<<",
        "2001-01-01",
        "12:30",
        "T",
        "Z",
        "k k k k k k k k k k k k k k k k k k",
    ]);
    prop_oneof![
        4 => prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
        1 => "[0-9a-fxob_.:eE+-]{1,8}",
    ]
}

/// Texts that mean nothing anywhere but in their lines.
fn safe_text() -> impl Strategy<Value = String> {
    let words = "[a-z]{4}[A-Za-z0-9 ._/,=-]{0,30}[A-Za-z0-9]".prop_filter("a word of YAML", |text| {
        !["false", "null"].iter().any(|word| text.eq_ignore_ascii_case(word))
    });
    let lines = "[a-z]{4}[a-z0-9é: #'\"\t]{0,20}(\n[ \t]{0,2}[a-z#]{1,8}){0,4}\n{0,3}";
    prop_oneof![4 => words, 1 => lines, 1 => "\n{1,3} ?[a-z]{0,3}"]
}

fn number() -> impl Strategy<Value = Value> {
    let finite = prop::num::f64::POSITIVE
        | prop::num::f64::NEGATIVE
        | prop::num::f64::ZERO
        | prop::num::f64::SUBNORMAL;
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        finite.prop_map(Value::from)
    ]
}

fn tree(text: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Value> {
    let text = text.boxed();
    let leaf = prop_oneof![
        4 => text.clone().prop_map(Value::from),
        1 => number(),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..4)
                .prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

fn sorted(mut value: Value) -> Value {
    value.sort_all_objects();
    value
}

/// The brackets and texts of a value, in the order of the document.
fn tokens(value: &Value) -> Vec<String> {
    let enclosed = |[open, close]: [&str; 2], inner: Vec<String>| {
        [vec![open.into()], inner, vec![close.into()]].concat()
    };
    match value {
        Value::Null => vec!["null".into()],
        Value::Bool(bool) => vec![bool.to_string()],
        Value::Number(number) => vec![super::number_text(number)],
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => enclosed(["[", "]"], items.iter().flat_map(tokens).collect()),
        Value::Object(entries) => {
            let tokens = entries.iter().flat_map(|(key, value)| [vec![key.clone()], tokens(value)].concat());
            enclosed(["{", "}"], tokens.collect())
        }
    }
}

/// The same as a parser finds them that is no relative of libyaml. It is not asked which of them are texts: it takes
/// `++0` for a number.
fn tokens_of_saphyr(text: &str) -> Vec<String> {
    Parser::new_from_str(text)
        .map(|event| event.expect("they can read it").0)
        .filter_map(|event| match event {
            Event::MappingStart(..) => Some("{".to_owned()),
            Event::MappingEnd => Some("}".to_owned()),
            Event::SequenceStart(..) => Some("[".to_owned()),
            Event::SequenceEnd => Some("]".to_owned()),
            Event::Scalar(text, ..) => Some(text.into_owned()),
            _ => None,
        })
        .collect()
}

proptest! {
    #[test]
    fn safe_values_are_written_as_serde_yaml_ng_does(value in tree(safe_text())) {
        let theirs = serde_yaml_ng::to_string(&sorted(value.clone())).expect("they can write it");
        // A document of nothing but such a text is quoted here.
        prop_assume!(!theirs.starts_with("|2"));
        prop_assert_eq!(written(value), theirs);
    }

    #[test]
    fn unsafe_texts_differ_from_serde_yaml_ng_in_their_quotes_only(value in nasty_text()) {
        let theirs = serde_yaml_ng::to_string(&json!({ "k": &value })).expect("they can write it");
        let is_quoted_here = theirs == format!("k: {value}\n") && text(&value) == format!("'{value}'");
        prop_assume!(!value.contains(['\u{2028}', '\u{2029}']));
        prop_assert!(is_quoted_here || text(&value) == theirs[3..theirs.len() - 1], "{}", theirs);
    }

    #[test]
    fn what_is_written_is_read_back_by_serde_yaml_ng(value in tree(nasty_text())) {
        let read: Value = serde_yaml_ng::from_str(&written(value.clone())).expect("they can read it");
        prop_assert_eq!(read, value);
    }

    #[test]
    fn what_is_written_is_read_back_by_saphyr(value in tree(nasty_text())) {
        prop_assert_eq!(tokens_of_saphyr(&written(value.clone())), tokens(&sorted(value)));
    }
}
