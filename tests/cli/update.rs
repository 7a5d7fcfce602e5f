//! `outdated` and `update`: newer versions of what `husako.toml` names.

use std::fs;

use serde_json::Value;

use crate::run::Run;
use crate::sources::server::{Reply, Server};
use crate::sources::{Site, commit, git, repository, with_schema};

/// A server of everything: GitHub, Artifact Hub, a Helm repository and a registry.
fn everything() -> Server {
    Server::of(|asked| {
        let path = asked.path.split('?').next().unwrap_or_default();
        Reply::ok(match path {
            "/repos/kubernetes/kubernetes/tags" => {
                br#"[{"name": "v1.38.0-alpha.1"}, {"name": "v1.37.2"}, {"name": "v1.36.9"}]"#.to_vec()
            }
            "/api/v1/packages/helm/acme/hub" => {
                br#"{"available_versions": [{"version": "3.0.0", "prerelease": true}, {"version": "2.1.0"}, {"version": "2.0.0"}]}"#
                    .to_vec()
            }
            "/api/v1/packages/helm/acme/hub/2.1.0" | "/api/v1/packages/helm/acme/hub/2.0.0" => {
                br#"{"values_schema": {"type": "object"}}"#.to_vec()
            }
            "/charts/index.yaml" => b"entries: {web: [{version: 2.0.0-rc.1, urls: [x]}, {version: 1.2.0, urls: [web.tgz]}, {version: 1.0.0, urls: [web.tgz]}]}"
                .to_vec(),
            "/charts/web.tgz" => with_schema(),
            "/v2/org/reg/tags/list" => br#"{"tags": ["0.9.0", "1.0.0", "latest", "sha256-1.sig"]}"#.to_vec(),
            _ => return Reply::Answer(404, Vec::new(), b"nothing here".to_vec()),
        })
    })
}

struct World {
    server: Server,
    remote: tempfile::TempDir,
    site: Site,
}

/// The versions are those of long ago.
fn world() -> World {
    let server = everything();
    let remote = repository(&[("web/values.schema.json", r#"{"properties":{"replicas":{}}}"#)]);
    commit(remote.path(), &[("README.md", "more")]);
    for tag in ["v1.10.0", "v2.0.0-rc.1", "other-9.0.0"] {
        git(remote.path(), &["tag", tag]);
    }
    git(remote.path(), &["tag", "v1.9.0", "v1"]);
    let config = format!(
        "# ours\n[resources]\nkubernetes = {{ source = \"release\", version = '1.35' }} # pinned\n\n[charts]\r\n\
         web = {{ source = \"registry\", repo = \"{}\", chart = \"web\", version = \"1.0.0\" }}\n\
         reg.source = \"oci\"\nreg.reference = \"oci://{}/org/reg\"\nreg.version = \"1.0.0\"\n\
         [charts.tag]   # a table\nsource = \"git\"\nrepo = \"file://{}\"\ntag = \"v1.9.0\"\npath = \"web\"\n\
         [charts.hub]\nsource = \"artifacthub\"\npackage = \"acme/hub\"\nversion = \"2.0.0\"\n",
        server.url("/charts"),
        server.address,
        remote.path().display()
    );
    World { site: Site::of(&config), server, remote }
}

impl World {
    fn run(&self, args: &[&str]) -> Run {
        let mut command = self.site.command(args);
        command
            .env("HUSAKO_GITHUB_API_URL", self.server.url(""))
            .env("HUSAKO_ARTIFACTHUB_URL", self.server.url(""));
        Run::of(&mut command)
    }

    fn config(&self) -> String {
        fs::read_to_string(self.site.project.path().join("husako.toml")).unwrap()
    }
}

#[test]
fn newer_stable_versions_are_listed() {
    let world = world();
    let run = world.run(&["outdated"]);
    run.exits_with(0);
    let rows: Vec<Vec<&str>> = run.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            ["Name", "Source", "Current", "Newest"],
            ["kubernetes", "release", "1.35", "1.37"],
            ["web", "registry", "1.0.0", "1.2.0"],
            ["tag", "git", "v1.9.0", "v1.10.0"],
            ["hub", "artifacthub", "2.0.0", "2.1.0"],
        ]
    );
    world.run(&["outdated", "--exit-code"]).exits_with(1);
    let json: Value = serde_json::from_str(&world.run(&["outdated", "--format", "json"]).stdout).unwrap();
    assert_eq!((&json["version"], &json["outdated"][0]["newest"]), (&Value::from(1), &Value::from("1.37")));
    assert_eq!(json["unknown"], Value::Array(Vec::new()));
}

#[test]
fn what_cannot_be_asked_is_told() {
    let world = world();
    world.site.project.write("husako.toml", &world.config().replace("/charts\"", "/nowhere\""));
    let run = world.run(&["outdated"]);
    run.exits_with(6);
    assert!(run.stdout.contains("kubernetes"), "the others are told: {}", run.stdout);
    assert!(run.stderr.contains("the versions of `web` in [charts] cannot be had"), "{}", run.stderr);
    let before = world.config();
    world.run(&["update"]).exits_with(6);
    assert_eq!((world.config(), world.site.lock()), (before, String::new()), "nothing is written");
}

#[test]
fn only_versions_change() {
    let world = world();
    // There is no such chart, and nothing newer of it either.
    let config =
        world.config().replace("reg.source = \"oci\"\n", "").replace("reg.version = \"1.0.0\"\n", "");
    let config: String =
        config.lines().filter(|line| !line.starts_with("reg.")).map(|line| format!("{line}\n")).collect();
    world.site.project.write("husako.toml", &config);
    let dry = world.run(&["update", "--dry-run"]);
    dry.exits_with(0);
    assert!(dry.stdout.contains("husako.toml: web 1.0.0 -> 1.2.0\n"), "{}", dry.stdout);
    assert_eq!((world.config(), world.site.lock()), (config.clone(), String::new()));

    world.run(&["update", "web", "kubernetes"]).exits_with(0);
    let some = config.replace("'1.35'", "'1.37'").replace("version = \"1.0.0\"", "version = \"1.2.0\"");
    assert_eq!(world.config(), some);
    assert!(world.site.lock().contains("version = \"1.2.0\"\ndigest = "), "{}", world.site.lock());

    world.run(&["update"]).exits_with(0);
    assert_eq!(world.config(), some.replace("v1.9.0", "v1.10.0").replace("\"2.0.0\"", "\"2.1.0\""));
    let again = world.run(&["update"]);
    again.exits_with(0);
    assert_eq!(again.stdout, "everything is up to date\n");
    let wrong = world.run(&["update", "wev"]);
    wrong.exits_with(2);
    assert!(wrong.stderr.contains("did you mean `web`?"), "{}", wrong.stderr);
}

#[test]
fn what_an_update_changes_is_shown() {
    let plugin = repository(&[
        ("plugin.toml", "[plugin]\nname = \"p\"\nversion = \"1.0.0\"\n[modules]\np = \"index.js\"\n"),
        ("index.js", "export const size = \"1\";"),
    ]);
    let site = Site::of(&format!(
        "[entries]\nmain = \"main.ts\"\n[plugins]\np = {{ source = \"git\", url = \"file://{}\" }}\n",
        plugin.path().display()
    ));
    fs::remove_file(site.project.path().join("a.test.ts")).unwrap();
    site.project.write(
        "main.ts",
        "import { build } from \"husako\";\nimport { ConfigMap } from \"k8s/core/v1\";\nimport { size } from \"p\";\n\
         build(ConfigMap().metadata({ name: \"c\" }).data({ size }));\n",
    );
    site.run(&[]).exits_with(0);
    let lock = site.lock();
    commit(plugin.path(), &[("index.js", "export const size = \"2\";")]);
    let shown = site.run(&["update", "--dry-run", "--diff"]);
    shown.exits_with(0);
    assert!(shown.stdout.contains("~ data.size: \"1\" → \"2\""), "{}", shown.stdout);
    assert!(shown.stdout.contains("1 changed, 0 unchanged, against what is there\n"), "{}", shown.stdout);
    assert_eq!(site.lock(), lock);
    commit(plugin.path(), &[("index.js", "throw new Error(\"broken\");")]);
    let broken = site.run(&["update", "--dry-run", "--diff"]);
    broken.exits_with(1);
    assert!(broken.stdout.contains("main.ts (main) cannot be rendered any more"), "{}", broken.stdout);
}

#[test]
fn the_summary_of_a_job_has_the_table() {
    let world = world();
    let summary = world.site.cache.path().join("summary.md");
    let event = world.site.cache.path().join("event.json");
    fs::write(&event, "{}").unwrap();
    let mut command = world.site.command(&["outdated"]);
    command
        .env("HUSAKO_GITHUB_API_URL", world.server.url(""))
        .env("HUSAKO_ARTIFACTHUB_URL", world.server.url(""));
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "schedule"),
        ("GITHUB_REPOSITORY", "org/repo"),
        ("GITHUB_SHA", "0123456789012345678901234567890123456789"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ("GITHUB_WORKSPACE", world.site.project.path().to_str().unwrap()),
    ] {
        command.env(name, value);
    }
    Run::of(&mut command).exits_with(0);
    let text = fs::read_to_string(&summary).unwrap_or_default();
    assert!(text.contains("## Newer versions") && text.contains("<code>1.37</code>"), "{text}");
    drop(world.remote);
}
