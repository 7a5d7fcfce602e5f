use serde_json::{Value, json};

use super::super::model::{self, Outcome};
use super::*;

fn report() -> Value {
    let mut run = Run::default();
    for event in model::events() {
        run.add(&event);
    }
    serde_json::from_slice(&render(&run).unwrap()).unwrap()
}

#[test]
fn every_outcome_is_told() {
    let report = report();
    let mut told = Vec::new();
    for file in report["files"].as_array().unwrap() {
        for case in file["cases"].as_array().unwrap() {
            let first = || case["failures"][0]["type"].as_str().unwrap().to_owned();
            let outcome = match case["status"].as_str().unwrap() {
                "passed" => Outcome::Passed,
                "failed" => Outcome::Failed(first()),
                "error" => Outcome::Error(first()),
                "skipped" => Outcome::Skipped(case["reason"].as_str().unwrap().to_owned()),
                "todo" => Outcome::Todo,
                other => panic!("{other}"),
            };
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            told.push((text(&file["path"]), text(&case["name"]), outcome));
        }
    }
    assert_eq!(told, model::outcomes());
    assert_eq!(
        report["summary"],
        json!({
            "files": {"passed": 1, "failed": 4, "notRun": 1, "cached": 0 },
            "cases": {
                "passed": 6, "flaky": 0, "failed": 5, "errors": 15, "skipped": 1, "todo": 1, "filteredOut": 5, "warnings": 1,
            },
            "seed": 4711,
            "stopped": "fail-fast",
        })
    );
    let paths: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert!(paths.is_sorted());
    assert_eq!(paths.len(), 7);
}

#[test]
fn the_format_stays() {
    let report = report();
    assert_eq!(report["version"], 1);
    assert_eq!(report["tool"], json!({ "name": "husako-ci", "version": env!("CARGO_PKG_VERSION") }));
    assert_eq!(report["startedAt"], "2026-01-31T12:00:00.000Z");
    assert_eq!(report["durationMs"], 4321.0);
    assert_eq!(
        report["warnings"],
        json!([{
            "severity": "warning",
            "message": "unknown key `timout`",
            "path": "husako.toml",
            "line": 3,
            "column": 1,
            "help": "did you mean `timeout`?",
            "snippet": {
                "firstLine": 1,
                "lines": ["[test]", "filter = \"a\"", "timout = 5"],
                "line": 3,
                "column": 1,
                "width": 6,
            },
        }])
    );
    let entry = &report["files"][2];
    assert_eq!((&entry["kind"], &entry["aliases"]), (&json!("entry"), &json!(["prod"])));
    assert_eq!(entry["cases"][1]["failures"][0]["jsonPath"], "$.spec.replica");
    assert_eq!(entry["cases"][2]["warnings"][0]["type"], "server-warning");
    let never = &report["files"][5];
    assert_eq!(
        never,
        &json!({
            "path": "apps/never.test.ts",
            "project": "apps",
            "kind": "tests",
            "status": "notRun",
            "durationMs": 0.0,
            "filteredOut": 0,
            "cases": [],
            "output": [],
        })
    );
    let case = &report["files"][6]["cases"][1];
    assert_eq!(
        case,
        &json!({
            "name": "deployment > has the replicas",
            "status": "error",
            "path": "apps/web.test.ts",
            "line": 9,
            "column": 3,
            "durationMs": 12.0,
            "failures": [
                {
                    "kind": "AssertionError",
                    "type": "AssertionError",
                    "message": "expect(received).toEqual(expected)",
                    "expected": "{\n  \"name\": \"web\",\n  \"replicas\": 3,\n}",
                    "received": "{\n  \"name\": \"web\",\n  \"replicas\": 2,\n}",
                    "path": "apps/web.test.ts",
                    "line": 12,
                    "column": 24,
                    "snippet": {
                        "firstLine": 10,
                        "lines": [
                            "  const web = deployment(\"web\");",
                            "",
                            "  expect(spec(web, 2)).toEqual({ name: \"web\", replicas: 3 });",
                            "});",
                            "",
                        ],
                        "line": 12,
                        "column": 24,
                        "width": 7,
                    },
                    "frames": [
                        { "function": "check", "path": "apps/lib/checks.ts", "line": 4, "column": 10 },
                        { "path": "apps/web.test.ts", "line": 12, "column": 24 },
                    ],
                    "causes": [],
                },
                {
                    "kind": "Error",
                    "type": "TypeError",
                    "message": "cannot read property 'spec' of undefined",
                    "path": "apps/web.test.ts",
                    "line": 20,
                    "column": 3,
                    "frames": [{ "path": "apps/web.test.ts", "line": 20, "column": 3 }],
                    "help": "was the deployment deleted in an earlier case?",
                    "causes": ["Error: no such deployment", "RangeError: out of range"],
                },
            ],
            "output": [
                { "stream": "stdout", "text": "rendered 3 resources" },
                { "stream": "stderr", "text": "deprecated: use apps/v1" },
            ],
        })
    );
}
