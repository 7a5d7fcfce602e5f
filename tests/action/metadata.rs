//! What `action.yml` and the workflows say, and what the checkers of others say of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml_ng::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn action() -> Value {
    serde_yaml_ng::from_str(&text("action.yml")).unwrap()
}

fn steps(action: &Value) -> &Vec<Value> {
    action["runs"]["steps"].as_sequence().unwrap()
}

fn workflows() -> Vec<PathBuf> {
    let folder = root().join(".github/workflows");
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert!(found.len() >= 2, "{found:?}");
    found
}

/// Every text in a document with an expression of GitHub's, by its place.
fn expressions(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("${{") => found.push(place.to_owned()),
        Value::Sequence(items) => {
            items.iter().for_each(|item| expressions(item, &format!("{place}/-"), found));
        }
        Value::Mapping(fields) => {
            for (name, field) in fields {
                expressions(field, &format!("{place}/{}", name.as_str().unwrap_or("?")), found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_script_of_the_action_has_an_expression_in_it() {
    let mut places = Vec::new();
    expressions(&action(), "", &mut places);
    for place in &places {
        let known = place.starts_with("/runs/steps/-/env/")
            || place == "/inputs/token/default"
            || place.starts_with("/outputs/") && place.ends_with("/value");
        assert!(known, "an expression at {place}");
    }
    assert!(places.len() > 30, "{places:?}");
}

#[test]
fn no_script_of_a_workflow_has_an_expression_in_it() {
    for path in workflows() {
        let workflow: Value = serde_yaml_ng::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut places = Vec::new();
        expressions(&workflow, "", &mut places);
        assert!(!places.iter().any(|place| place.ends_with("/run")), "{}: {places:?}", path.display());
    }
}

#[test]
fn every_input_is_described_passed_on_once_and_used() {
    let action = action();
    let scripts = text("action/install.sh") + &text("action/run.sh");
    for (name, input) in action["inputs"].as_mapping().unwrap() {
        let name = name.as_str().unwrap();
        assert!(input["description"].as_str().is_some_and(|text| text.len() > 20), "{name}");
        assert!(input["default"].is_string(), "{name} has no default");
        let variable = match name {
            "token" => "GITHUB_TOKEN".to_owned(),
            _ => format!("INPUT_{}", name.to_uppercase().replace('-', "_")),
        };
        let passed: Vec<&Value> = steps(&action)
            .iter()
            .map(|step| &step["env"][variable.as_str()])
            .filter(|value| !value.is_null())
            .collect();
        assert_eq!(passed, [&Value::from(format!("${{{{ inputs.{name} }}}}"))], "{variable}");
        assert!(scripts.contains(&variable), "{variable} is not used");
    }
}

#[test]
fn every_output_is_that_of_the_run() {
    let action = action();
    for (name, output) in action["outputs"].as_mapping().unwrap() {
        let name = name.as_str().unwrap();
        assert!(output["description"].as_str().is_some_and(|text| text.len() > 20), "{name}");
        assert_eq!(output["value"], format!("${{{{ steps.run.outputs.{name} }}}}").as_str(), "{name}");
    }
}

#[test]
fn the_step_that_downloads_has_no_token() {
    let action = action();
    let with_token = steps(&action).iter().filter(|step| format!("{:?}", step["env"]).contains("token"));
    let ids: Vec<&Value> = with_token.map(|step| &step["id"]).collect();
    assert_eq!(ids, ["run"]);
}

#[test]
fn actions_of_others_are_pinned_to_a_commit_with_its_version() {
    let mut pins = 0;
    for path in workflows() {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            if action == "./" {
                continue;
            }
            let (name, rest) = action.split_once('@').unwrap_or_else(|| panic!("{line}"));
            let (commit, version) = rest.split_once(" # v").unwrap_or_else(|| panic!("{line}"));
            assert!(name.starts_with("actions/"), "{line}");
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
            assert_eq!(version.split('.').count(), 3, "{line}");
            pins += 1;
        }
    }
    assert!(pins > 3, "only {pins} were seen");
}

#[test]
fn jobs_have_the_permissions_that_they_name_only() {
    for path in workflows() {
        let workflow: Value = serde_yaml_ng::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let none = workflow["permissions"].as_mapping().is_some_and(|granted| granted.is_empty());
        assert!(none, "{} grants permissions to all of its jobs", path.display());
        for (name, job) in workflow["jobs"].as_mapping().unwrap() {
            assert!(job["permissions"].is_mapping(), "{}: {name:?} names none", path.display());
            assert!(job["timeout-minutes"].is_number(), "{}: {name:?} may hang for hours", path.display());
        }
    }
}

#[test]
fn every_line_of_the_table_is_the_sum_of_an_archive() {
    let mut seen = Vec::new();
    for line in text("action/checksums.txt").lines().filter(|line| !line.starts_with('#')) {
        let (sum, name) = line.split_once("  ").unwrap_or_else(|| panic!("{line}"));
        assert!(
            sum.len() == 64 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "{line}"
        );
        assert!(name.starts_with("husako-ci-") && name.ends_with(".tar.gz"), "{line}");
        assert!(!seen.contains(&name), "{name} is there twice");
        seen.push(name);
    }
}

/// Runs a checker, and asserts that it finds nothing. Without it, says so.
fn finds_nothing(checker: &str, arguments: &[&str]) {
    match Command::new(checker).args(arguments).current_dir(root()).output() {
        Ok(output) => assert!(
            output.status.success(),
            "{checker}:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => eprintln!("skipped: {checker} cannot be run: {error}"),
    }
}

#[test]
fn shellcheck_finds_nothing() {
    finds_nothing(
        "shellcheck",
        &["--external-sources", "action/install.sh", "action/run.sh", "action/lib.sh"],
    );
}

#[test]
fn shellcheck_finds_nothing_in_workflows() {
    let folder = tempfile::tempdir().unwrap();
    for path in workflows() {
        let workflow: Value = serde_yaml_ng::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for (name, job) in workflow["jobs"].as_mapping().unwrap() {
            for (at, step) in job["steps"].as_sequence().unwrap().iter().enumerate() {
                let Some(script) = step["run"].as_str() else { continue };
                let file = folder.path().join(format!("{} {at}.sh", name.as_str().unwrap()));
                fs::write(&file, format!("set -e -o pipefail\n{script}")).unwrap();
                finds_nothing("shellcheck", &["--shell=bash", &file.to_string_lossy()]);
            }
        }
    }
}

#[test]
fn zizmor_finds_nothing() {
    finds_nothing("zizmor", &["--offline", "--persona", "auditor", "--quiet", "."]);
}

#[test]
fn the_schemas_of_github_are_kept() {
    let workflows: Vec<String> = workflows().iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let mut arguments = vec!["--builtin-schema", "vendor.github-workflows"];
    arguments.extend(workflows.iter().map(String::as_str));
    finds_nothing("check-jsonschema", &arguments);
    finds_nothing("check-jsonschema", &["--builtin-schema", "vendor.github-actions", "action.yml"]);
    finds_nothing("check-jsonschema", &["--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"]);
}
