//! What the parsers of others read in what is written here. Each is asked if it is there:
//!
//! - PyYAML, where `python3` has it;
//! - js-yaml and npm `yaml`, where there is `node` and `HUSAKO_CI_NODE_MODULES` names the folder that
//!   `npm install js-yaml yaml` filled (`…/node_modules`);
//! - Go's, where there is `go` and Debian's packages `golang-k8s-sigs-yaml-dev` and `golang-gopkg-yaml.v3-dev`.

use std::env;
use std::io::{self, Seek, Write};
use std::process::Command;

use serde_json::{Map, Value, json};

/// How many documents are asked about.
const DOCUMENTS: usize = 5000;

/// What texts are made of, if it is hard to see.
const BLANKS: [&str; 26] = [
    "", "\n", "\n\n", "\n ", "\n\n  ", " ", "  ", "\t", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}",
    "\u{feff}", "\u{a0}", "\0", "\u{1b}", "\u{7f}", "\u{9f}", "\u{fffe}", "\u{ffff}", "- ", "? ", ": ", " #",
    "b c",
];

/// What else texts are made of.
const MARKS: &str = "\
    a é 😀 - -- ? : # --- ... % &a *a ! !!int | >- ' \" \\ \\n ` @ [ ] { } , = << ~ null Null true FALSE yes No ON off y N \
    nULL 0 1 -1 +1 12 59 089 1_000 _ . + e e3 E+5 6e_04 .5 ._5 5. 1e400 0x1F 0X1F 0x 0o14 0O14 0b1 0b-1 .inf -.Inf .NaN \
    12:30:00 1:30.5 :30 2001-01-01 2001-1-1 T1:2:3Z 21:59:43.10 2001-02-30 __proto__ \
    a-key-that-is-too-long-to-stand-before-its-colon-so-it-stands-behind-one-question-mark-and-its-value-stands-below-it-behind-a-colon";

/// The same documents in every run: nasty texts as values, as keys, and in lists.
fn documents() -> Vec<Value> {
    // Marsaglia's xorshift: what is tried shall not change with a library.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as usize % limit
    };
    let pieces: Vec<&str> = BLANKS.into_iter().chain(MARKS.split_ascii_whitespace()).collect();
    // Each alone, then some of them together.
    let mut alone = pieces.iter();
    let mut text = || match alone.next() {
        Some(piece) => (*piece).to_owned(),
        None => (0..1 + below(5)).map(|_| pieces[below(pieces.len())]).collect(),
    };
    (0..DOCUMENTS)
        .map(|_| {
            let (one, two) = (text(), text());
            let nested = Map::from_iter([(two.clone(), json!([one, [two]]))]);
            Value::from_iter([(one.clone(), json!([nested, -1.5, 7])), (two, json!({ "k": one, "l": {} }))])
        })
        .collect()
}

/// One of the parsers.
struct Parser {
    name: &'static str,
    command: Command,
    /// Whether it takes `1e21` for a number. PyYAML wants `1.0e+21`, as YAML 1.1 does.
    knows_exponents: bool,
}

fn parsers() -> Vec<Parser> {
    let reader = |name: &str| format!("{}/src/yaml/parsers/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut parsers = Vec::new();
    let mut python = Command::new("python3");
    python.arg(reader("read.py"));
    parsers.push(Parser { name: "PyYAML", command: python, knows_exponents: false });
    for name in ["js-yaml", "yaml"] {
        let mut node = Command::new("node");
        node.arg(reader("read.js")).arg(name);
        if let Some(folder) = env::var_os("HUSAKO_CI_NODE_MODULES") {
            node.env("NODE_PATH", folder);
        }
        parsers.push(Parser { name, command: node, knows_exponents: true });
    }
    for name in ["sigs.k8s.io/yaml", "gopkg.in/yaml.v3"] {
        let mut go = Command::new("go");
        go.arg("run").arg(reader("read.go")).arg(name);
        go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
        parsers.push(Parser { name, command: go, knows_exponents: true });
    }
    parsers
}

impl Parser {
    /// What it reads in each text, or why it cannot be asked.
    fn read(&mut self, texts: &[String]) -> io::Result<Vec<Value>> {
        // A file, because nobody would read from a pipe while the other one is being filled.
        let mut input = tempfile::tempfile()?;
        let lines =
            texts.iter().map(|text| Value::from(text.as_str()).to_string() + "\n").collect::<String>();
        input.write_all(lines.as_bytes())?;
        input.rewind()?;
        let output = self.command.stdin(input).output()?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            let why = message.lines().find(|line| line.contains("Error") || line.contains("cannot"));
            return Err(io::Error::other(why.unwrap_or("it fails").to_owned()));
        }
        output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| Ok(serde_json::from_slice(line)?))
            .collect()
    }
}

/// Whether two values are the same to a parser for which all numbers are of one type.
fn are_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| are_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| are_same(one, other)))
        }
        _ => one == other,
    }
}

#[test]
fn other_parsers_read_what_was_meant() {
    let numbers =
        [json!([1e21, -1.5e300, 1e-7, 5e-324, 1e16, -0.0, 0.1]), json!({"n": [u64::MAX, i64::MIN]})];
    for mut parser in parsers() {
        // Whether it is there at all; from here on it may not fail.
        if let Err(error) = parser.read(&[super::write(&[json!({})])]) {
            // Not `println!`, which the test runner keeps to itself.
            let _ = writeln!(io::stderr(), "skipped: {}: {error}", parser.name);
            continue;
        }
        let mut documents = documents();
        if parser.knows_exponents {
            documents.extend(numbers.clone());
        }
        let texts: Vec<String> =
            documents.iter().map(|document| super::write(std::slice::from_ref(document))).collect();
        let read = parser.read(&texts).expect("a parser that works");
        assert_eq!(read.len(), texts.len(), "{}", parser.name);
        for ((document, text), read) in documents.iter().zip(texts).zip(read) {
            assert!(are_same(document, &read), "{} reads {read} in {text:?}", parser.name);
        }
    }
}
