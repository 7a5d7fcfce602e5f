//! What a change does to the resources: found with the real git, told by every report.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::github::{Action, Server};
use crate::run::{Project, Run};

const TOML: &str = "[entries]\nweb = \"web.ts\"\ndb = \"db.ts\"\n";

const LIB: &str = r#"export const image = "registry.example/web:1.0";
"#;

const WEB: &str = r#"import { build, name } from "husako";
import { Deployment } from "k8s/apps/v1";
import { image } from "./lib";

build([
  Deployment()
    .metadata(name("web").namespace("prod"))
    .replicas(3)
    .selector({ matchLabels: { app: "web" } })
    .template({
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image, env: [{ name: "API_TOKEN", value: "tok-first-one" }] }] },
    }),
]);
"#;

const DB: &str = r#"import { build, name } from "husako";
import { PersistentVolumeClaim, Secret } from "k8s/core/v1";

build([
  Secret().metadata(name("db").namespace("prod")).stringData({ password: "hunter2-first" }),
  PersistentVolumeClaim()
    .metadata(name("db").namespace("prod"))
    .spec({ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }),
]);
"#;

/// A repository with one commit, on the branch `main`, that a branch `change` comes from.
pub fn repository() -> Project {
    let project = Project::of(&[("husako.toml", TOML), ("lib.ts", LIB), ("web.ts", WEB), ("db.ts", DB)]);
    git(project.path(), &["init", "--quiet", "--initial-branch=main"]);
    commit(&project, "first");
    git(project.path(), &["switch", "--quiet", "--create", "change"]);
    project
}

pub fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn commit(project: &Project, message: &str) -> String {
    git(project.path(), &["add", "--all"]);
    git(project.path(), &["commit", "--quiet", "--allow-empty", "-m", message]);
    git(project.path(), &["rev-parse", "HEAD"])
}

/// `diff --format json`, and how it ended.
fn diff(project: &Project, args: &[&str]) -> (Value, Run) {
    let run = project.run(&[&["diff", "--format", "json"], args].concat());
    let json: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert_eq!(json["version"], 1);
    (json["diff"].clone(), run)
}

/// Every resource that differs: how, which, and its fields.
fn told(diff: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let resource = |resource: &Value| {
        let identity = &resource["identity"];
        let fields = resource["fields"].as_array().unwrap().len();
        format!(
            "{} {} {} ({fields})",
            text(&resource["kind"]),
            text(&identity["kind"]),
            text(&identity["name"])
        )
    };
    diff["resources"].as_array().unwrap().iter().map(resource).collect()
}

fn rules(diff: &Value) -> Vec<&str> {
    diff["dangers"].as_array().unwrap().iter().map(|danger| danger["rule"].as_str().unwrap()).collect()
}

#[test]
fn what_differs_from_the_base_is_told_by_resource_and_field() {
    let project = repository();
    let (nothing, run) = diff(&project, &["--base", "main", "--exit-code"]);
    run.exits_with(0);
    assert_eq!(told(&nothing), Vec::<String>::new());

    project.write("lib.ts", &LIB.replace("1.0", "1.1"));
    let (changed, run) = diff(&project, &["--base", "main", "--exit-code"]);
    run.exits_with(1);
    assert_eq!(told(&changed), ["changed Deployment web (1)"]);
    assert_eq!(changed["base"]["commit"], git(project.path(), &["rev-parse", "main"]));
    let text = project.run(&["diff", "--base", "main"]);
    text.exits_with(0);
    let line =
        "spec.template.spec.containers[name=web].image: registry.example/web:1.0 → registry.example/web:1.1";
    assert!(text.stdout.contains(line), "{}", text.stdout);
    let markdown = project.run(&["diff", "--base", "main", "--format", "markdown"]);
    assert!(markdown.stdout.contains("registry.example/web:1.1"), "{}", markdown.stdout);

    // The whole is rendered as it was: the digest says so.
    project.write("lib.ts", LIB);
    let (same, _) = diff(&project, &["--base", "main"]);
    assert_eq!(same["renderSha256"], nothing["renderSha256"]);
    assert_ne!(same["renderSha256"], changed["renderSha256"]);
    assert_eq!(same["renderSha256"].as_str().unwrap().len(), 64);
}

#[test]
fn the_work_tree_and_the_index_stay_as_they_are() {
    let project = repository();
    project.write("lib.ts", &LIB.replace("1.0", "1.1"));
    git(project.path(), &["add", "lib.ts"]);
    project.write("lib.ts", &LIB.replace("1.0", "1.2"));
    project.write("new.txt", "untracked");
    let state = || {
        let index = fs::read(project.path().join(".git/index")).unwrap();
        let refs = git(project.path(), &["for-each-ref"]);
        let status = git(project.path(), &["--no-optional-locks", "status", "--porcelain"]);
        (index, refs, status, git(project.path(), &["--no-optional-locks", "stash", "list"]))
    };
    let before = state();
    let (changed, _) = diff(&project, &["--base", "main"]);
    assert_eq!(told(&changed), ["changed Deployment web (1)"]);
    assert_eq!(state(), before);
    assert!(!project.path().join(".git/FETCH_HEAD").exists());
}

#[test]
fn what_is_secret_is_nowhere() {
    let project = repository();
    project.write("web.ts", &WEB.replace("tok-first-one", "tok-second-one"));
    // An item of `data` that is no base64 is told, and its value is not.
    let secret = DB.replace(
        r#"stringData({ password: "hunter2-first" })"#,
        r#"stringData({ password: "hunter2-second" }).data({ key: "bm90IQ==", bad: "swordfish!!" })"#,
    );
    project.write("db.ts", &secret);
    project.write("husako.toml", &format!("{TOML}[ci]\nredact = [\"Deployment.spec.replicas\"]\n"));
    project.write(
        "web.ts",
        &fs::read_to_string(project.path().join("web.ts")).unwrap().replace("(3)", "(31337)"),
    );
    let actions = Action::new(&project);
    let mut command = actions.command();
    command.args(["--diff", "--base", "main", "-v", "--color", "never"]);
    command.args([
        "--junit",
        "out.xml",
        "--json",
        "out.json",
        "--markdown",
        "out.md",
        "--save-comment",
        "c.json",
    ]);
    let run = Run::of(&mut command);
    run.exits_with(1);
    let mut everything = vec![("stdout", run.stdout), ("stderr", run.stderr)];
    for file in ["out.xml", "out.json", "out.md", "c.json"] {
        everything.push((file, fs::read_to_string(project.path().join(file)).unwrap()));
    }
    everything.push(("summary", actions.summary()));
    everything.push(("output", actions.output()));
    for (name, text) in &everything {
        for secret in ["hunter2", "tok-first", "tok-second", "swordfish", "bm90IQ", "31337"] {
            assert!(!text.contains(secret), "{secret} in {name}:\n{text}");
        }
    }
    for (name, text) in everything.iter().filter(|(name, _)| ["stdout", "out.json", "out.md"].contains(name))
    {
        assert!(text.contains("redacted: changed"), "{name}:\n{text}");
    }
    assert!(everything[2].1.contains("data.bad"), "{}", everything[2].1);
}

#[test]
fn an_entry_that_fails_on_one_side_hides_nothing() {
    let project = repository();
    project.write("db.ts", "throw new Error(\"broken\");");
    project.write("lib.ts", &LIB.replace("1.0", "1.1"));
    let (changed, run) = diff(&project, &["--base", "main"]);
    run.exits_with(1);
    assert_eq!(told(&changed), ["changed Deployment web (1)"]);
    let failed = &changed["failed"][0];
    assert_eq!((&failed["side"], &failed["notCompared"]), (&"head".into(), &2.into()));
    assert!(failed["message"].as_str().unwrap().contains("broken"), "{failed}");
    assert_eq!(changed["renderSha256"], Value::Null);

    commit(&project, "broken");
    project.write("db.ts", DB);
    let (repaired, run) = diff(&project, &["--base", "HEAD"]);
    run.exits_with(0);
    assert_eq!(repaired["failed"][0]["side"], "base");
    assert_eq!(told(&repaired), Vec::<String>::new());
}

#[test]
fn dangers_fail_the_run_where_it_is_asked_for() {
    let project = repository();
    project.write("db.ts", &DB.replace("PersistentVolumeClaim()", "if (false) PersistentVolumeClaim()"));
    let gone = r#"import { build, name } from "husako";
import { Secret } from "k8s/core/v1";
build([Secret().metadata(name("db").namespace("prod")).stringData({ password: "hunter2-first" })]);
"#;
    project.write("db.ts", gone);
    let (changed, run) = diff(&project, &["--base", "main"]);
    run.exits_with(0);
    assert_eq!(rules(&changed), ["stateful-deletion"]);
    let (_, run) = diff(&project, &["--base", "main", "--fail-on=dangerous"]);
    run.exits_with(1);

    let rule = |level: &str| format!("{TOML}[ci.rules]\nstateful-deletion = \"{level}\"\n");
    project.write("husako.toml", &rule("error"));
    let (_, run) = diff(&project, &["--base", "main"]);
    run.exits_with(1);
    // A change does not silence a rule for itself.
    project.write("husako.toml", &rule("off"));
    let (changed, _) = diff(&project, &["--base", "main"]);
    assert_eq!(rules(&changed), ["stateful-deletion"]);
    assert!(changed["notes"][0].as_str().unwrap().contains("[ci"), "{}", changed["notes"]);
}

#[test]
fn a_failing_test_fails_only_where_it_is_asked_for() {
    let project = repository();
    let test = "import { test, expect } from \"husako/test\"; test(\"t\", () => expect(1).toBe(2));";
    project.write("a.test.ts", test);
    project.run(&["--diff", "--base", "main"]).exits_with(1);
    project.run(&["--diff", "--base", "main", "--fail-on", "entries,dangerous"]).exits_with(0);
    project.run(&["--fail-on", "none"]).exits_with(0);
    project.run(&["--fail-on", "none,tests"]).exits_with(2);
}

#[test]
fn a_base_that_cannot_be_found_is_an_error_that_helps() {
    let project = repository();
    let run = project.run(&["diff", "--base", "nowhere"]);
    run.exits_with(2);
    assert!(run.stderr.contains("nowhere"), "{}", run.stderr);
    let plain = Project::of(&[("web.ts", WEB)]);
    let run = plain.run(&["diff"]);
    run.exits_with(2);
    assert!(run.stderr.contains("git"), "{}", run.stderr);
}

#[test]
fn a_shallow_checkout_of_a_pull_request_finds_its_base() {
    let project = repository();
    project.write("lib.ts", &LIB.replace("1.0", "1.1"));
    let head = commit(&project, "the change");
    git(project.path(), &["switch", "--quiet", "main"]);
    project.write("other.ts", "// the base went on\n");
    let base = commit(&project, "meanwhile");
    git(project.path(), &["switch", "--quiet", "--create", "merge"]);
    git(project.path(), &["merge", "--quiet", "--no-ff", "--no-edit", "change"]);
    git(project.path(), &["update-ref", "refs/pull/7/merge", "merge"]);
    git(project.path(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);

    let checkout = Project::of(&[]);
    fs::remove_file(checkout.path().join("husako.toml")).unwrap();
    let from = format!("file://{}", project.path().display());
    git(checkout.path(), &["init", "--quiet"]);
    git(checkout.path(), &["remote", "add", "origin", &from]);
    git(checkout.path(), &["fetch", "--quiet", "--depth=1", "origin", "refs/pull/7/merge"]);
    git(checkout.path(), &["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
    let action = Action::pull_request(&checkout, 7, &head, &base);
    let run = Run::of(action.command().args(["diff", "--format", "json"]));
    run.exits_with(0);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["diff"]["base"]["commit"], base);
    assert_eq!(told(&json["diff"]), ["changed Deployment web (1)"]);
}

#[test]
fn one_comment_is_kept_up_to_date() {
    let project = repository();
    project.write("lib.ts", &LIB.replace("1.0", "1.1"));
    let head = commit(&project, "the change");
    let base = git(project.path(), &["rev-parse", "main"]);
    let server = Server::start();
    let mut action = Action::pull_request(&project, 7, &head, &base);
    action.api(&server);
    let run = |action: &Action| {
        let run = Run::of(action.command().args(["--comment", "--base", "main"]));
        run.exits_with(0);
        assert!(!(run.stdout.clone() + &run.stderr).contains("ghs_secret"), "{run:?}");
        server.comments()
    };
    let comments = run(&action);
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("registry.example/web:1.1"), "{}", comments[0]);
    assert!(action.output().contains("changed=1\n"), "{}", action.output());
    assert!(action.output().contains("manifests-changed=true\n"), "{}", action.output());

    project.write("lib.ts", &LIB.replace("1.0", "1.2"));
    let comments = run(&action);
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("registry.example/web:1.2"), "{}", comments[0]);
    let writes = server.writes();
    assert_eq!(run(&action).len(), 1);
    assert_eq!(server.writes(), writes, "nothing changed, and something was written");

    project.write("lib.ts", LIB);
    let comments = run(&action);
    assert_eq!(comments.len(), 1);
    assert!(comments[0].to_lowercase().contains("no "), "{}", comments[0]);
    assert!(action.output().contains("manifests-changed=false\n"), "{}", action.output());
}

#[test]
fn a_read_only_token_changes_no_verdict() {
    let project = repository();
    project.write("lib.ts", &LIB.replace("1.0", "1.1"));
    let server = Server::refusing();
    let mut action = Action::pull_request(&project, 7, "0".repeat(40).as_str(), "main");
    action.api(&server);
    let run = Run::of(action.command().args(["--comment", "--base", "main"]));
    run.exits_with(0);
    assert!(run.stdout.contains("::notice"), "{run:?}");
    assert!(action.summary().contains("registry.example/web:1.1"), "{}", action.summary());
}

#[test]
fn failures_become_annotations_and_nothing_else_does() {
    let project = repository();
    let test = r#"import { test, expect } from "husako/test";
test("prints", () => {
  console.log("::error title=forged::x\n##[error]forged\n::set-output name=a::b");
  expect("::warning::forged").toBe("a, b: 100%");
});
"#;
    project.write("a.test.ts", test);
    let action = Action::new(&project);
    let run = Run::of(action.command().args(["--diff", "--base", "main"]));
    run.exits_with(1);
    let commands: Vec<&str> = run.stdout.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert!(commands[0].starts_with("::stop-commands::"), "{}", run.stdout);
    let token = commands[0].trim_start_matches("::stop-commands::");
    assert_eq!(commands[1], format!("::{token}::"));
    assert_eq!(commands.len(), 3, "{commands:?}");
    assert!(commands[2].starts_with("::error file=a.test.ts,line=4,"), "{}", commands[2]);
    assert!(!run.stdout.contains("##["), "{}", run.stdout);
    assert!(action.summary().contains("a.test.ts"), "{}", action.summary());
}

#[test]
fn a_saved_comment_is_posted_by_another_job() {
    let project = repository();
    project.write("lib.ts", &LIB.replace("1.0", "1.1"));
    let head = commit(&project, "the change");
    project.run(&["--save-comment", "comment.json", "--base", "main"]).exits_with(0);
    let server = Server::start();
    server.pull_request(7, &head);
    let mut action = Action::workflow_run(&project, 7, &head);
    action.api(&server);
    Run::of(action.command().args(["comment", "--from", "comment.json"])).exits_with(0);
    let comments = server.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("registry.example/web:1.1"), "{}", comments[0]);

    fs::write(project.path().join("comment.json"), "{\"version\":1}").unwrap();
    let run = Run::of(action.command().args(["comment", "--from", "comment.json"]));
    run.exits_with(2);
    assert!(run.stderr.contains("comment.json"), "{}", run.stderr);
}

#[test]
fn a_sparse_checkout_is_told_of() {
    let project = repository();
    git(project.path(), &["sparse-checkout", "set", "--no-cone", "/*", "!/db.ts"]);
    let (sparse, _) = diff(&project, &["--base", "main"]);
    assert!(sparse["notes"][0].as_str().unwrap().contains("part of the files"), "{}", sparse["notes"]);
    assert_eq!(told(&sparse), ["removed Secret db (0)", "removed PersistentVolumeClaim db (0)"]);
}

#[test]
fn what_hides_an_entry_is_told_as_its_removal() {
    let project = repository();
    project.write("husako.toml", &format!("{TOML}[ci]\nexclude = [\"db.ts\"]\n"));
    let (hidden, _) = diff(&project, &["--base", "main"]);
    assert_eq!(told(&hidden), ["removed Secret db (0)", "removed PersistentVolumeClaim db (0)"]);
}

#[test]
fn outputs_name_files_as_the_other_steps_see_them() {
    let project = repository();
    project.write("apps/.keep", "");
    let action = Action::new(&project);
    let mut command = action.command();
    command.current_dir(project.path().join("apps")).args([
        "--junit",
        "out.xml",
        "--markdown",
        "out.md",
        "..",
    ]);
    Run::of(command.args(["--base", "main"])).exits_with(0);
    for line in ["junit=apps/out.xml\n", "diff=apps/out.md\n"] {
        assert!(action.output().contains(line), "{}", action.output());
    }
}

#[test]
fn the_source_beside_a_failure_shows_no_secret_of_another_resource() {
    let project = repository();
    project.write(
        "db.ts",
        r#"import { build, name } from "husako";
import { ConfigMap, Secret } from "k8s/core/v1";
build([
  Secret().metadata(name("s")).stringData({ pw: "canary-hunter2" }),
  ConfigMap().metadata(name("B_AD")).data({ x: "1" }),
]);
"#,
    );
    let reported = project.report(&[]);
    reported.run.exits_with(1);
    assert!(reported.run.stdout.contains("B_AD"), "{}", reported.run.stdout);
    for text in [&reported.run.stdout, &reported.junit, &reported.json.to_string()] {
        assert!(!text.contains("canary-hunter2"), "{text}");
    }
}

#[test]
fn a_secret_is_one_however_it_is_written() {
    let project = repository();
    let raw = |value: &str| {
        format!(
            "import {{ build }} from \"husako\";\nconst raw = (o: any) => ({{ _render: () => o }});\nbuild([\n\
             raw({{ apiVersion: \"v1\", kind: \"SecretList\", items: [{{ metadata: {{ name: \"a\" }}, stringData: {{ a: \"{value}\" }} }}] }}),\n\
             raw({{ apiVersion: \"v1\", kind: \"Secret\", metadata: {{ name: \"b\" }}, stringdata: {{ a: \"{value}\" }} }}),\n\
             raw({{ apiVersion: \"v1\", kind: \"secret\", metadata: {{ name: \"c\" }}, Data: {{ a: \"{value}\" }} }}),\n]);\n"
        )
    };
    project.write("db.ts", &raw("canary-one"));
    commit(&project, "raw");
    project.write("db.ts", &raw("canary-two"));
    for format in ["text", "markdown", "json"] {
        let run = project.run(&["diff", "--base", "HEAD", "--format", format, "-v"]);
        assert!(run.stdout.contains("redacted: changed"), "{}", run.stdout);
        assert!(!(run.stdout.clone() + &run.stderr).contains("canary"), "{run:?}");
    }
}
