//! Tests of resources: those of entries, rendered once, and judged as entries are.

use serde_json::Value;

use crate::run::{Project, Reported};

const ENTRY: &str = r#"import { build, name } from "husako";
import { ConfigMap } from "k8s/core/v1";
console.log("only for who renders it");
build([ConfigMap().metadata(name("settings")).data({ token: String(Math.random()) })]);
"#;

/// Status and messages of every case of a file.
fn cases(reported: &Reported, path: &str) -> Vec<(String, Vec<String>)> {
    let files = reported.json["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path).expect("the file was run");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |case: &Value| {
        let failures = case["failures"].as_array().unwrap();
        (text(&case["status"]), failures.iter().map(|failure| text(&failure["message"])).collect())
    };
    file["cases"].as_array().unwrap().iter().map(told).collect()
}

/// What becomes of a test file with one case.
fn told(project: &Project, body: &str) -> String {
    project.write(
        "told.test.ts",
        &format!("import {{ expect, renderEntry, resources, test }} from \"husako/test\";\ntest(\"t\", async () => {{ {body} }});\n"),
    );
    let reported = project.report(&["told.test.ts"]);
    let [(status, messages)] = &cases(&reported, "told.test.ts")[..] else { panic!("{:?}", reported.run) };
    if messages.is_empty() { status.clone() } else { messages.join("\n\n") }
}

#[test]
fn an_entry_is_rendered_once_for_all_tests() {
    let test = r#"import { describe, expect, renderEntry, test } from "husako/test";
const dev = await renderEntry("dev");
describe.each(dev.kind("ConfigMap"))("$metadata.name", (map) => {
  test("is there", async () => {
    console.log("token " + map.data.token);
    expect(await renderEntry("env/dev.ts")).toEqual(dev);
    expect(await renderEntry("../env/dev.ts")).toEqual(dev);
  });
});
"#;
    let project = Project::of(&[("husako.toml", "[entries]\ndev = \"env/dev.ts\"\n"), ("env/dev.ts", ENTRY)]);
    let names: Vec<String> = (0..6).map(|n| format!("tests/{n}.test.ts")).collect();
    names.iter().for_each(|name| project.write(name, test));
    // One at a time, nobody waits for a place that only who waits could give.
    for jobs in ["1", "4"] {
        let reported = project.report(&["--verbose", "--tests-only", "--jobs", jobs]);
        let run = reported.run.exits_with(0);
        let tokens: Vec<&str> = run.stdout.lines().filter(|line| line.contains("token ")).collect();
        assert_eq!(tokens.len(), names.len(), "{}", run.stdout);
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
        assert!(!run.stdout.contains("only for who renders it"), "{}", run.stdout);
    }
    project.report(&[]).run.exits_with(0);
}

#[test]
fn entries_are_found_in_the_project_of_the_test() {
    let project = Project::of(&[
        ("husako.toml", "[entries]\ndev = \"env/dev.ts\"\n"),
        ("env/dev.ts", ENTRY),
        ("other/husako.toml", "[entries]\nlive = \"main.ts\"\n"),
        ("other/main.ts", ENTRY),
        ("broken.ts", "import { build } from \"husako\";\nbuild(JSON.parse(\"{\"));\n"),
        ("lib.ts", "export const x = 1;\n"),
    ]);
    assert_eq!(told(&project, "expect(await renderEntry('./env/dev.ts')).toHaveLength(1);"), "passed");
    for (entry, problem) in [
        (
            "dve",
            "renderEntry(\"dve\"): the project has no such entry, and no such file\nhelp: did you mean \"dev\"?",
        ),
        ("live", "help: entries are \"dev\"; or give the path of a file from the root of the repository"),
        ("../outside.ts", "the project has no such entry"),
        ("/etc/passwd", "the project has no such entry"),
        ("", "the project has no such entry"),
        (
            "other/main.ts",
            "other/main.ts is of another project, other\nhelp: render it in a test of that project",
        ),
        ("broken.ts", "broken.ts cannot be rendered\n\nSyntaxError: "),
        ("lib.ts", "lib.ts cannot be rendered\n\nBuildContractError: build() was not called"),
        ("told.test.ts", "LoadError: \"husako/test\" can be imported by tests only\nat told.test.ts:1:"),
    ] {
        let told = told(&project, &format!("await renderEntry('{entry}');"));
        assert!(told.contains(problem), "{entry}: {told}");
    }
    assert!(told(&project, "await renderEntry('broken.ts');").contains("\nat broken.ts:2:"));
}

#[test]
fn an_entry_that_hangs_holds_up_nobody_else() {
    let project = Project::of(&[
        ("hangs.ts", "for (;;) {}\n"),
        (
            "a.test.ts",
            "import { renderEntry, test } from \"husako/test\";\n\
             test(\"waits\", async () => { await renderEntry(\"hangs.ts\"); });\ntest(\"goes on\", () => {});\n",
        ),
        ("b.test.ts", "import { test } from \"husako/test\";\ntest(\"runs\", () => {});\n"),
    ]);
    let args = ["--tests-only", "--jobs", "1", "--timeout-ms", "3000", "--test-timeout-ms", "300"];
    let reported = project.report(&args);
    let [(waits, _), (goes_on, _)] = &cases(&reported, "a.test.ts")[..] else { panic!("{:?}", reported.run) };
    assert_eq!((waits.as_str(), goes_on.as_str()), ("error", "passed"));
    assert_eq!(cases(&reported, "b.test.ts")[0].0, "passed");
    // Whoever waits longer is told why.
    let reported = project.report(&["a.test.ts", "--timeout-ms", "1000", "--test-timeout-ms", "900000"]);
    let (status, messages) = &cases(&reported, "a.test.ts")[0];
    assert_eq!(status, "error", "{messages:?}");
}

#[test]
fn resources_are_judged_as_those_of_entries() {
    let project = Project::of(&[("husako.toml", "[ci.rules]\nimage = \"error\"\ncron = \"off\"\n")]);
    let pod = |image: &str| {
        format!(
            "{{ apiVersion: 'v1', kind: 'Pod', metadata: {{ name: 'a', namespace: 'b' }}, \
             spec: {{ containers: [{{ name: 'a', image: '{image}' }}] }} }}"
        )
    };
    let valid = |resource: &str| told(&project, &format!("expect({resource} as any).toBeValidResource();"));
    assert_eq!(valid(&pod("a:1")), "passed");
    let image = valid(&pod("A b"));
    assert!(
        image.contains("Pod b/a is not valid in Kubernetes 1.37:\n  image: $.spec.containers[0].image: "),
        "{image}"
    );
    let many = valid(
        "{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'A_' }, spec: { ports: [{ prot: 1 }] } }",
    );
    for rule in [
        "\n  name: $.metadata.name: ",
        "\n  unknown-field: $.spec.ports[0].prot: ",
        "\n    help: did you mean \"port\"?",
    ] {
        assert!(many.contains(rule), "{rule}: {many}");
    }
    let unknown = "{ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' } }";
    assert!(valid(unknown).contains("Matcher error: Widget a cannot be judged\n  unknown-kind: "));
    project.write("husako.toml", "[ci.rules]\nunknown-kind = \"off\"\n");
    assert_eq!(valid(unknown), "passed");
    project.write("husako.toml", "[ci.rules]\nunknown-kind = \"error\"\n");
    assert!(valid(unknown).contains("Widget a is not valid"));
    // The resources of a list are judged together; what is secret stays in.
    let twice = valid(&format!("[{0}, {0}]", pod("a:1")));
    assert_eq!(twice, "passed", "a warning fails nothing");
    project.write("husako.toml", "[ci.rules]\nduplicate-resource = \"error\"\n");
    assert!(valid(&format!("[{0}, {0}]", pod("a:1"))).contains("Pod b/a is rendered twice"));
    let secret = valid(
        "{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, data: { password: 'hunter2!' } }",
    );
    assert!(secret.contains("<redacted>") && !secret.contains("hunter2"), "{secret}");
}

#[test]
fn the_definitions_of_the_project_are_known() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gates.example.com}\n\
        spec:\n  group: example.com\n  scope: Namespaced\n  names: {kind: Gate, plural: gates}\n  versions:\n  - name: v1\n    \
        served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          \
        spec:\n            type: object\n            properties:\n              doors:\n                type: array\n                \
        x-kubernetes-list-type: map\n                x-kubernetes-list-map-keys: [side]\n                items:\n                  \
        type: object\n                  required: [side]\n                  properties: {side: {type: string}, width: {type: integer}}\n";
    let project = Project::of(&[
        ("husako.toml", "[resources]\ngate = { source = \"file\", path = \"crd.yaml\" }\n"),
        ("crd.yaml", crd),
    ]);
    let gate = "const gate = { apiVersion: 'example.com/v1', kind: 'Gate', metadata: { name: 'a' }, \
        spec: { doors: [{ side: 'left', width: 1 }, { side: 'right', width: 2 }] } };";
    let passing = "expect(gate).toBeValidResource(); expect(gate).toMatchResource({ spec: { doors: [{ side: 'right', width: 2 }] } });";
    assert_eq!(told(&project, &format!("{gate} {passing}")), "passed");
    let failing = told(
        &project,
        &format!("{gate} expect(gate).toMatchResource({{ spec: {{ doors: [{{ side: 'up' }}] }} }});"),
    );
    assert!(
        failing.contains("$.spec.doors: no item with side \"up\"; there are \"left\", \"right\""),
        "{failing}"
    );
    let invalid = told(
        &project,
        &format!("{gate} (gate.spec.doors[0] as any).width = 'x'; expect(gate).toBeValidResource();"),
    );
    assert!(invalid.contains("type: $.spec.doors[0].width: "), "{invalid}");
}

#[test]
fn the_sample_passes() {
    Project::fixture("sample").report(&["--tests-only"]).run.exits_with(0);
}
