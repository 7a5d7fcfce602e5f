//! Entries: rendered, judged and written.

use std::fs;

use serde_json::Value;

use crate::run::{Project, Reported};

const CONFIG_MAP: &str = r#"import { build, name } from "husako";
import { ConfigMap } from "k8s/core/v1";
build([ConfigMap().metadata(name("settings").namespace("prod")).data({ b: "2", a: "no" })]);
"#;

const WEB: &str = r#"import { build, name } from "husako";
import { Deployment } from "k8s/apps/v1";
import { Container, Service } from "k8s/core/v1";

const labels = { app: "web" };

build([
  Deployment()
    .metadata(name("web").namespace("prod"))
    .replicas(-1)
    .selector({ matchLabels: labels })
    .template({ metadata: { labels: { app: "wbe" } } })
    .containers([Container().name("web").image("nginx:1.29").imagePullPolicy("Allways")]),
  Service().metadata(name("web").namespace("prod")).selector(labels).ports([{ port: 80 }]),
]);
"#;

/// Name, status and messages of every case of an entry.
fn cases(reported: &Reported, path: &str) -> Vec<(String, String, Vec<String>)> {
    let files = reported.json["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path).expect("the entry was run");
    assert_eq!(file["kind"], "entry");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let failures = |case: &Value| {
        let failures = case["failures"].as_array().unwrap();
        failures
            .iter()
            .map(|failure| format!("{} {}", text(&failure["type"]), text(&failure["message"])))
            .collect()
    };
    let cases = file["cases"].as_array().unwrap();
    cases.iter().map(|case| (text(&case["name"]), text(&case["status"]), failures(case))).collect()
}

fn two_environments() -> Project {
    Project::of(&[
        (
            "husako.toml",
            "[entries]\ndev = \"env/dev.ts\"\n\"apps/settings\" = \"env/dev.ts\"\nlive = \"env/live.ts\"\n",
        ),
        ("env/dev.ts", CONFIG_MAP),
        ("env/live.ts", &CONFIG_MAP.replace("settings", "live")),
    ])
}

const SETTINGS: &str = "apiVersion: v1\ndata:\n  a: 'no'\n  b: '2'\nkind: ConfigMap\nmetadata:\n  name: settings\n  \
                        namespace: prod\n";

#[test]
fn an_entry_is_a_suite_of_its_resources() {
    let project = Project::of(&[("husako.toml", "[entries]\nweb = \"web.ts\"\n"), ("web.ts", WEB)]);
    let reported = project.report(&[]);
    reported.run.exits_with(1);
    let cases = cases(&reported, "web.ts");
    let told: Vec<(&str, &str)> = cases.iter().map(|case| (case.0.as_str(), case.1.as_str())).collect();
    assert_eq!(
        told,
        [("build", "passed"), ("Deployment prod/web", "failed"), ("Service prod/web", "passed")]
    );
    let rules: Vec<&str> = cases[1].2.iter().filter_map(|message| message.split(' ').next()).collect();
    for rule in ["range", "selector", "enum"] {
        assert!(rules.contains(&rule), "{rule}: {:?}", cases[1].2);
    }
    let junit = roxmltree::Document::parse(&reported.junit).unwrap();
    let suite = junit.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!((suite.attribute("name"), suite.attribute("tests")), (Some("web.ts"), Some("3")));
    assert_eq!((suite.attribute("failures"), suite.attribute("errors")), (Some("1"), Some("0")));
    let property = suite.descendants().find(|node| node.has_tag_name("property")).unwrap();
    assert_eq!((property.attribute("name"), property.attribute("value")), (Some("entry"), Some("web")));
    assert!(reported.run.stdout.contains("> Deployment prod/web\n"), "{}", reported.run.stdout);
}

#[test]
fn findings_have_a_json_path_and_a_place_in_the_source() {
    let reported =
        Project::of(&[("husako.toml", "[entries]\nweb = \"web.ts\"\n"), ("web.ts", WEB)]).report(&[]);
    let case = &reported.json["files"][0]["cases"][1];
    let failures = case["failures"].as_array().unwrap();
    let of =
        |rule: &str| failures.iter().find(|failure| failure["type"] == rule).expect("the rule was broken");
    assert_eq!(of("range")["jsonPath"], "$.spec.replicas");
    assert_eq!((&of("range")["path"], &of("range")["line"]), (&"web.ts".into(), &10.into()));
    assert_eq!(of("enum")["jsonPath"], "$.spec.template.spec.containers[0].imagePullPolicy");
    assert_eq!(of("enum")["line"], 13);
    assert_eq!(of("selector")["line"], 11);
    assert!(reported.run.stdout.contains("> 10 │     .replicas(-1)\n"), "{}", reported.run.stdout);
}

#[test]
fn rules_can_be_turned_off_and_down() {
    let project = Project::of(&[
        (
            "husako.toml",
            "[entries]\nweb = \"web.ts\"\n[ci.rules]\nrange = \"off\"\nenum = \"warn\"\nselector = \"warn\"\n",
        ),
        ("web.ts", WEB),
    ]);
    let reported = project.report(&[]);
    reported.run.exits_with(0);
    let warnings = reported.json["files"][0]["cases"][1]["warnings"].as_array().unwrap();
    let rules: Vec<&str> = warnings.iter().map(|warning| warning["type"].as_str().unwrap()).collect();
    assert!(rules.contains(&"enum") && rules.contains(&"selector") && !rules.contains(&"range"), "{rules:?}");
    assert!(reported.run.stdout.contains("WARN web.ts > Deployment prod/web\n"), "{}", reported.run.stdout);
    assert!(!reported.run.stdout.contains("FAIL"), "{}", reported.run.stdout);
    assert!(reported.junit.contains("warning: enum: $.spec.template"), "{}", reported.junit);
    let project = Project::of(&[("husako.toml", "[ci.rules]\nunknown-fields = \"off\"\n")]);
    let told = project.run(&[]);
    told.exits_with(2);
    assert!(told.stderr.contains("did you mean `unknown-field`?"), "{}", told.stderr);
}

#[test]
fn the_build_contract_is_a_case_of_its_own() {
    let build = "import { build, name } from \"husako\";\nimport { ConfigMap } from \"k8s/core/v1\";\n";
    let entry = |body: &str| {
        let source = format!("{build}{body}");
        let project = Project::of(&[("husako.toml", "[entries]\nx = \"x.ts\"\n"), ("x.ts", &source)]);
        let reported = project.report(&[]);
        reported.run.exits_with(1);
        let case = &reported.json["files"][0]["cases"][0];
        assert_eq!(case["name"], "build");
        (case["failures"][0]["kind"].clone(), case["failures"][0]["message"].as_str().unwrap().to_owned())
    };
    let (kind, message) = entry("export {};\n");
    assert_eq!(kind, "BuildContractError");
    assert!(message.contains("build() was not called"), "{message}");
    let (kind, message) = entry("build([]);\nbuild([]);\n");
    assert_eq!(kind, "BuildContractError");
    assert!(message.contains("2 times"), "{message}");
    let (kind, message) = entry("build([ConfigMap().data({ at: new Date() })]);\n");
    assert_eq!(kind, "BuildContractError");
    assert!(message.contains("$[0].data.at") && message.contains("a Date"), "{message}");
    let (kind, message) = entry("build([{ kind: \"ConfigMap\" }]);\n");
    assert_eq!(kind, "Error");
    assert!(message.contains("build(): item at index 0 is not a builder instance"), "{message}");
    let (kind, _) = entry("build([ConfigMap()]\n");
    assert_eq!(kind, "CompileError");
}

#[test]
fn what_nobody_awaits_is_told_and_what_nests_too_deeply_is_no_syntax_error() {
    let source = CONFIG_MAP.replace("build(", "Promise.reject(new Error(\"lost\"));\nbuild(");
    let project = Project::of(&[("husako.toml", "[entries]\nx = \"x.ts\"\n"), ("x.ts", &source)]);
    let reported = project.report(&[]);
    reported.run.exits_with(0);
    let warning = &reported.json["files"][0]["cases"][0]["warnings"][0];
    assert_eq!((&warning["kind"], &warning["line"]), (&"UnhandledRejection".into(), &3.into()));
    assert!(reported.run.stdout.contains("lost"), "{}", reported.run.stdout);

    let deep = "let o = {}; let c = o; for (let i = 0; i < 100000; i++) { c.a = {}; c = c.a; }\n";
    project.write(
        "x.ts",
        &CONFIG_MAP.replace("build(", &format!("{deep}build(")).replace("{ b: \"2\", a: \"no\" }", "o"),
    );
    let told = project.run(&["render", "x"]);
    told.exits_with(4);
    assert!(told.stderr.contains("StackOverflow"), "{}", told.stderr);
}

#[test]
fn what_an_entry_builds_has_a_limit_of_its_own() {
    let many =
        "const big = \"x\".repeat(1e6); const o = {}; for (let i = 0; i < 1500; i++) o[\"k\" + i] = big;\n";
    let source =
        CONFIG_MAP.replace("build(", &format!("{many}build(")).replace("{ b: \"2\", a: \"no\" }", "o");
    let told = Project::of(&[("x.ts", &source)]).run(&["render", "x.ts"]);
    told.exits_with(7);
    assert!(told.stderr.contains("more than 128 MiB in all"), "{}", told.stderr);
}

#[test]
fn render_writes_yaml_to_stdout_and_nothing_else() {
    let project = two_environments();
    let told = project.run(&["render", "dev"]);
    told.exits_with(0);
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), (SETTINGS, ""));
    assert_eq!(project.run(&["render", "env/dev.ts"]).stdout, SETTINGS);
    assert_eq!(project.run_in("env", &["render", "dev"]).stdout, SETTINGS);
    let both = format!("{}---\n{SETTINGS}", SETTINGS.replace("settings", "live"));
    assert_eq!(project.run(&["render", "live", "dev"]).stdout, both);
}

#[test]
fn render_writes_files_named_after_the_entries() {
    let project = two_environments();
    project.run(&["render", "--all", "-o", "out"]).exits_with(0);
    let read = |path: &str| fs::read_to_string(project.path().join(path)).unwrap_or_default();
    assert_eq!(
        (read("out/dev.yaml").as_str(), read("out/apps/settings.yaml").as_str()),
        (SETTINGS, SETTINGS)
    );
    assert!(read("out/live.yaml").contains("name: live\n"));
    project.run(&["render", "dev", "-o", "one/two.yaml"]).exits_with(0);
    assert_eq!(read("one/two.yaml"), SETTINGS);
    project.run(&["render", "env/live.ts", "-o", "byfile"]).exits_with(0);
    assert!(read("byfile/live.yaml").contains("name: live\n"));
}

#[test]
fn several_projects_do_not_overwrite_each_other() {
    let project = Project::of(&[
        ("a/husako.toml", "[entries]\ndev = \"dev.ts\"\n"),
        ("a/dev.ts", CONFIG_MAP),
        ("b/husako.toml", "[entries]\ndev = \"dev.ts\"\n"),
        ("b/dev.ts", CONFIG_MAP),
    ]);
    project.run(&["render", "--all", "-o", "out"]).exits_with(0);
    assert!(
        project.path().join("out/a/dev.yaml").is_file() && project.path().join("out/b/dev.yaml").is_file()
    );
    let told = project.run(&["render", "dev"]);
    told.exits_with(2);
    assert!(told.stderr.contains("several projects have an entry `dev`: a, b"), "{}", told.stderr);
    project.run_in("a", &["render", "dev"]).exits_with(0);
}

#[test]
fn render_and_check_say_how_the_first_entry_failed() {
    let call = |body: &str| format!("import {{ build }} from \"husako\";\n{body}\n");
    let project = Project::of(&[
        (
            "husako.toml",
            "[entries]\ncompile = \"compile.ts\"\nthrows = \"throws.ts\"\nimports = \"imports.ts\"\n\
             twice = \"twice.ts\"\nitem = \"item.ts\"\ninvalid = \"invalid.ts\"\ngood = \"good.ts\"\n",
        ),
        ("compile.ts", &call("build([;")),
        ("throws.ts", &call("throw new Error(\"no\");")),
        ("imports.ts", "import \"./nowhere\";\n"),
        ("twice.ts", &call("build([]); build([]);")),
        ("item.ts", &call("build([1]);")),
        ("invalid.ts", WEB),
        ("good.ts", CONFIG_MAP),
    ]);
    let statuses = [
        ("compile", 3),
        ("throws", 4),
        ("imports", 4),
        ("item", 4),
        ("twice", 7),
        ("invalid", 7),
        ("good", 0),
    ];
    for (entry, status) in statuses {
        let rendered = project.run(&["render", entry]);
        rendered.exits_with(status);
        let renders = matches!(entry, "good" | "invalid");
        assert_eq!(rendered.stdout.is_empty(), !renders, "{entry}: nothing half-rendered is printed");
        assert_eq!(rendered.stderr.is_empty(), status == 0, "{entry}: {}", rendered.stderr);
        let checked = project.run(&["check", entry]);
        checked.exits_with(status);
        assert!(!checked.stdout.contains("apiVersion"), "{entry}: {}", checked.stdout);
    }
    project.run(&["render", "good", "twice", "compile"]).exits_with(7);
    project.run(&["check"]).exits_with(3);
    project.run(&["render"]).exits_with(2);
    project.run(&["render", "good", "-o", "a.yaml", "--json", "a.yaml"]).exits_with(2);
    let told = project.run(&["--quiet", "render", "good"]);
    told.exits_with(2);
    assert!(told.stderr.contains("a command comes first: husako-ci render"), "{}", told.stderr);
    project.run(&["render", "nowhere"]).exits_with(2);
    Project::of(&[]).run(&["render", "--all"]).exits_with(8);
    let told = project.run(&["render", "good", "twice", "-o", "all.yaml"]);
    told.exits_with(7);
    assert!(!project.path().join("all.yaml").exists(), "a file that is not whole is not written");
}

#[test]
fn names_of_entries_cannot_write_outside_the_folder() {
    let project =
        Project::of(&[("husako.toml", "[entries]\n\"../evil\" = \"dev.ts\"\n"), ("dev.ts", CONFIG_MAP)]);
    let told = project.run(&["render", "--all", "-o", "out/deep"]);
    told.exits_with(2);
    assert!(told.stderr.contains("cannot be written below out/deep"), "{}", told.stderr);
    assert!(!project.path().join("out").exists());
}

#[test]
fn filters_choose_resources() {
    let project = Project::of(&[("husako.toml", "[entries]\nweb = \"web.ts\"\n"), ("web.ts", WEB)]);
    let reported = project.report(&["--filter", "^Service "]);
    reported.run.exits_with(0);
    assert_eq!(cases(&reported, "web.ts").len(), 1);
    assert_eq!(reported.json["summary"]["cases"]["filteredOut"], 2);
}
