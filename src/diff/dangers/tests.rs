//! The cases of `fixtures/dangers`: a folder for each rule, files with documents of
//!
//! ```yaml
//! case: what happens
//! kubernetes: "1.30" # of the newest, if absent
//! before: {}         # the resource on the base; absent where it is new
//! after: {}          # the resource on the head; absent where it goes
//! expect:            # all that is found, in order; empty: nothing
//!   - path: spec.replicas
//!     reason: [words, of the reason]
//!     rule: another-rule # the folder's, if absent
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::*;
use crate::rule::About;
use crate::schema::crd;
use crate::schema::kubernetes::Release;
use crate::tree::RelPath;

/// A case of a fixture.
struct Case {
    rule: Rule,
    title: String,
    schemas: Schemas,
    before: Option<Value>,
    after: Option<Value>,
    expected: Vec<Expected>,
}

#[derive(Debug)]
struct Expected {
    rule: Rule,
    path: Option<String>,
    words: Vec<String>,
}

impl Case {
    fn read(rule: Rule, file: &Path, value: &Value) -> Case {
        let title = format!("{}: {}", file.display(), value["case"].as_str().expect("a case has a title"));
        for key in value.as_object().expect("a case is an object").keys() {
            assert!(
                ["case", "kubernetes", "crds", "before", "after", "expect"].contains(&key.as_str()),
                "{title}: {key}"
            );
        }
        let version = value["kubernetes"].as_str().unwrap_or("1.37");
        let release = Release::nearest(version).expect("a version").release;
        let crds = value["crds"].as_array().into_iter().flatten().flat_map(|definition| {
            crd::parse(&RelPath::new("crds.json").expect("a path"), &definition.to_string()).0
        });
        let expected =
            value["expect"].as_array().unwrap_or_else(|| panic!("{title}: a case says what it expects"));
        Case {
            rule,
            schemas: Schemas::new(release, crds.collect(), Vec::new()),
            before: value.get("before").filter(|value| !value.is_null()).cloned(),
            after: value.get("after").filter(|value| !value.is_null()).cloned(),
            expected: expected
                .iter()
                .map(|expected| Expected {
                    rule: expected["rule"].as_str().map_or(rule, |name| Rule::named(name).expect("a rule")),
                    path: expected["path"].as_str().map(str::to_owned),
                    words: expected["reason"]
                        .as_array()
                        .unwrap_or_else(|| panic!("{title}: words of the reason"))
                        .iter()
                        .map(|word| word.as_str().expect("a word").to_owned())
                        .collect(),
                })
                .collect(),
            title,
        }
    }

    fn found(&self) -> Vec<Found> {
        found(self.before.as_ref(), self.after.as_ref(), &self.schemas, RULES)
    }

    /// What is otherwise than expected.
    fn mistake(&self, found: &[Found]) -> Option<String> {
        let agrees = |found: &Found, expected: &Expected| {
            found.rule == expected.rule
                && found.path.as_ref().map(ToString::to_string) == expected.path
                && expected.words.iter().all(|word| found.reason.contains(word))
        };
        let all = found.len() == self.expected.len()
            && found.iter().zip(&self.expected).all(|(found, expected)| agrees(found, expected));
        let shown = || {
            found
                .iter()
                .map(|found| {
                    let path = found.path.as_ref().map(ToString::to_string).unwrap_or_default();
                    format!("\n  {} {path}\n    {}", found.rule.name(), found.reason)
                })
                .collect::<String>()
        };
        (!all).then(|| format!("{}\n expected {:#?}\n found{}", self.title, self.expected, shown()))
    }
}

fn found<'r>(
    before: Option<&Value>,
    after: Option<&Value>,
    schemas: &Schemas,
    rules: impl IntoIterator<Item = &'r (Rule, Judge)>,
) -> Vec<Found> {
    let Some(document) = after.or(before) else { return Vec::new() };
    let identity = Identity::of(document);
    judged(&Subject { identity: &identity, before, after, schemas }, rules.into_iter())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn documents(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("a fixture can be read");
    let documents = serde_yaml_ng::Deserializer::from_str(&text).map(|document| {
        Value::deserialize(document).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    });
    documents.filter(|document| !document.is_null()).collect()
}

fn yaml_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of fixtures") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
}

fn cases() -> Vec<Case> {
    let mut files = Vec::new();
    yaml_files(&fixtures().join("dangers"), &mut files);
    let mut cases = Vec::new();
    for file in files {
        let folder =
            file.parent().and_then(Path::file_name).expect("a folder").to_string_lossy().into_owned();
        let rule = Rule::named(&folder).unwrap_or_else(|| panic!("{folder} is named after a rule"));
        let short = file.strip_prefix(fixtures()).expect("it was found there");
        cases.extend(documents(&file).iter().map(|value| Case::read(rule, short, value)));
    }
    cases
}

#[test]
fn every_case_finds_what_it_expects_and_nothing_else() {
    let mistakes: Vec<String> = cases().iter().filter_map(|case| case.mistake(&case.found())).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n\n"));
}

#[test]
fn every_rule_has_cases_that_find_something_and_such_that_stay_silent() {
    let all: BTreeSet<Rule> = Rule::ALL
        .iter()
        .copied()
        .filter(|rule| rule.about() == About::Change)
        .chain([Rule::DeprecatedApi, Rule::RemovedApi])
        .collect();
    let told = |told: bool| -> BTreeSet<Rule> {
        cases().iter().filter(|case| case.expected.is_empty() != told).map(|case| case.rule).collect()
    };
    assert_eq!(told(true), all);
    assert_eq!(told(false), all);
    assert_eq!(RULES.iter().map(|(rule, _)| *rule).collect::<BTreeSet<_>>(), all);
}

/// Otherwise a function could be taken out of the table without anybody noticing.
#[test]
fn every_line_of_the_table_is_needed_by_a_case() {
    let cases = cases();
    for (left_out, (rule, _)) in RULES.iter().enumerate() {
        let differs = cases.iter().any(|case| {
            let rules = RULES.iter().enumerate().filter(|(line, _)| *line != left_out).map(|(_, rule)| rule);
            let found = found(case.before.as_ref(), case.after.as_ref(), &case.schemas, rules);
            case.mistake(&found).is_some()
        });
        assert!(differs, "no case needs line {left_out} ({})", rule.name());
    }
}

#[test]
fn nothing_is_found_where_nothing_differs() {
    let schemas = Schemas::default();
    let mut files = Vec::new();
    yaml_files(&fixtures(), &mut files);
    let mut seen = 0;
    for file in files {
        for document in documents(&file) {
            for resource in [&document["before"], &document["after"], &document] {
                assert_eq!(found(Some(resource), Some(resource), &schemas, RULES), [], "{}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "only {seen} documents were seen");
}

/// What is found may be anything when a document is nonsense, but it must be found.
#[test]
fn nonsense_is_taken_and_reasons_stay_lines() {
    let long = "x\n\u{1b}`".repeat(100);
    let nonsense = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(0),
        json!(""),
        json!("*"),
        json!(long),
        json!([]),
        json!({}),
        json!([[], {}, null, "a", 1]),
        json!({"": {"name": []}, "name": {}}),
    ];
    for case in cases() {
        // Swapped, it is another case, with an answer of its own.
        check(case.after.as_ref(), case.before.as_ref(), &case);
        for pick in [0, 1] {
            let Some(document) = [&case.before, &case.after][pick] else { continue };
            for pointer in pointers(document) {
                for value in &nonsense {
                    let mut broken = document.clone();
                    *broken.pointer_mut(&pointer).expect("a pointer into it") = value.clone();
                    match pick {
                        0 => check(Some(&broken), case.after.as_ref(), &case),
                        _ => check(case.before.as_ref(), Some(&broken), &case),
                    }
                }
            }
        }
    }

    fn check(before: Option<&Value>, after: Option<&Value>, case: &Case) {
        for found in found(before, after, &case.schemas, RULES) {
            let reason = &found.reason;
            assert!(
                reason.chars().count() < 1_500 && !reason.contains(char::is_control),
                "{}: {reason}",
                case.title
            );
            assert!(!reason.is_empty() && !reason.ends_with('.'), "{}: {reason}", case.title);
        }
    }
}

/// JSON pointers to everything in a document.
fn pointers(value: &Value) -> Vec<String> {
    let mut pointers = vec![String::new()];
    let mut add = |key: String, inner: &Value| {
        pointers.extend(self::pointers(inner).into_iter().map(|pointer| format!("/{key}{pointer}")));
    };
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                add(key.replace('~', "~0").replace('/', "~1"), inner);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                add(index.to_string(), inner);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    pointers
}

/// No reason shows what may be secret, whichever field it is about.
#[test]
fn reasons_hold_no_secrets() {
    let secret = |value: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "immutable": true,
            "data": {"key": value}, "stringData": {"other": value}})
    };
    let pod = |value: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "annotations": {"note": value}},
            "spec": {"containers": [{"name": "a", "image": "a:1", "args": [value], "command": [value],
                "env": [{"name": "A", "value": value}],
                "livenessProbe": {"httpGet": {"path": value, "httpHeaders": [{"name": "A", "value": value}]}}}]}})
    };
    for kind in [secret, pod] as [fn(&str) -> Value; 2] {
        let all = found(Some(&kind("hunter2")), Some(&kind("correct-horse")), &Schemas::default(), RULES);
        assert!(!all.is_empty());
        for found in all {
            let shown = format!("{found:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("correct-horse"), "{shown}");
        }
    }
}
