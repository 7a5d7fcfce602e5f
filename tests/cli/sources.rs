//! What `husako.toml` names elsewhere: fetched, locked, kept; and all that can go wrong with it.

#[path = "sources/hostile.rs"]
mod hostile;
#[path = "sources/real.rs"]
mod real;
#[path = "sources/server.rs"]
pub mod server;

use std::fs;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::run::{Project, Run};
use server::{Reply, Server};

const SCHEMA: &str = r#"{"type":"object","properties":{"replicas":{"type":"integer"}}}"#;

/// A chart's archive: `files` in the folder `web`.
fn chart(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("web/{path}"), content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

pub fn with_schema() -> Vec<u8> {
    chart(&[("Chart.yaml", "name: web"), ("values.schema.json", SCHEMA)])
}

fn index(entry: &str) -> Vec<u8> {
    format!("apiVersion: v1\nentries:\n  web:\n  - {{version: 1.0.0, {entry}}}\n").into_bytes()
}

fn helm(archive: Vec<u8>) -> Server {
    Server::files(&[
        ("/charts/index.yaml", index("urls: [web-1.0.0.tgz]")),
        ("/charts/web-1.0.0.tgz", archive),
    ])
}

fn charts(repo: &str) -> String {
    format!(
        "[charts]\nweb = {{ source = \"registry\", repo = \"{repo}\", chart = \"web\", version = \"1.0.0\" }}\n"
    )
}

/// A test that builds values of the chart.
const TEST: &str = "import { expect, test } from \"husako/test\";\nimport { Web } from \"helm/web\";\n\
                    test(\"web\", () => { expect(Web().replicas(3)._toJSON()).toEqual({ replicas: 3 }); });\n";

/// A project, and a cache of its own.
pub struct Site {
    pub project: Project,
    pub cache: TempDir,
}

impl Site {
    pub fn of(config: &str) -> Site {
        let project = Project::of(&[("husako.toml", config), ("a.test.ts", TEST)]);
        Site { project, cache: TempDir::new().unwrap() }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.project.command();
        command.env("HUSAKO_CI_CACHE_DIR", self.cache.path()).env("HOME", self.cache.path()).args(args);
        command.env("DOCKER_CONFIG", self.cache.path()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    fn ci(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).env("CI", "true"))
    }

    fn forget(&self) {
        let _ = fs::remove_dir_all(self.cache.path().join("sources"));
    }

    pub fn lock(&self) -> String {
        fs::read_to_string(self.project.path().join("husako.lock")).unwrap_or_default()
    }
}

#[test]
fn a_chart_is_fetched_once_locked_and_kept() {
    let server = helm(with_schema());
    let site = Site::of(&charts(&server.url("/charts")));
    let missing = site.ci(&[]);
    missing.exits_with(6);
    assert!(missing.stderr.contains("`web` in [charts] is not in husako.lock"), "{}", missing.stderr);
    assert!(missing.stderr.contains("run `husako-ci gen` and commit husako.lock"), "{}", missing.stderr);
    assert_eq!(server.paths(), [""; 0], "what is not locked is not fetched");

    let first = site.run(&[]);
    first.exits_with(0);
    assert!(first.stderr.contains("wrote husako.lock: commit it"), "{}", first.stderr);
    assert_eq!(server.paths(), ["/charts/index.yaml", "/charts/web-1.0.0.tgz"]);
    let lock = site.lock();
    assert!(
        lock.contains("[charts.web]\nsource = \"registry\"\n") && lock.contains("\ndigest = \"sha256:"),
        "{lock}"
    );

    site.ci(&[]).exits_with(0);
    site.run(&["--offline"]).exits_with(0);
    assert_eq!(server.paths().len(), 2, "what is kept is not fetched");
    assert_eq!(site.lock(), lock);
    site.forget();
    site.ci(&[]).exits_with(0);
    assert_eq!(server.paths().len(), 4);
    site.forget();
    let offline = site.run(&["--offline"]);
    offline.exits_with(6);
    assert!(offline.stderr.contains("run once without --offline"), "{}", offline.stderr);
}

#[test]
fn what_was_replaced_is_refused_until_it_is_accepted() {
    let archives = std::sync::Arc::new(std::sync::Mutex::new(with_schema()));
    let served = std::sync::Arc::clone(&archives);
    let server = Server::of(move |asked| match asked.path.as_str() {
        "/index.yaml" => Reply::ok(index("urls: [web.tgz]")),
        _ => Reply::ok(served.lock().unwrap().clone()),
    });
    let site = Site::of(&charts(&server.url("")));
    site.run(&[]).exits_with(0);
    *archives.lock().unwrap() = chart(&[("Chart.yaml", "name: evil"), ("values.schema.json", SCHEMA)]);
    site.ci(&[]).exits_with(0);
    site.forget();
    for run in [site.ci(&[]), site.run(&[])] {
        run.exits_with(6);
        assert!(run.stderr.contains("`web` in [charts] is not what husako.lock says"), "{}", run.stderr);
        assert!(run.stderr.contains("`husako-ci update 'web'` accepts what is there now"), "{}", run.stderr);
    }
    site.run(&["update", "web"]).exits_with(0);
    site.ci(&[]).exits_with(0);
}

#[test]
fn the_same_project_gives_the_same_lock_and_bytes_everywhere() {
    let server = helm(with_schema());
    let sites = [Site::of(&charts(&server.url("/charts"))), Site::of(&charts(&server.url("/charts")))];
    let made: Vec<(String, String)> = sites
        .iter()
        .map(|site| {
            site.run(&["gen"]).exits_with(0);
            let types = site.project.path().join(".husako/types/helm/web.d.ts");
            (site.lock(), fs::read_to_string(types).unwrap())
        })
        .collect();
    assert_eq!(made[0], made[1]);
    assert!(made[0].1.contains("replicas?: number;"), "{}", made[0].1);
}

#[test]
fn a_lock_of_husako_is_taken_with_a_warning() {
    let server = helm(with_schema());
    let repo = server.url("/charts");
    let site = Site::of(&charts(&repo));
    let lock = format!(
        "format_version = 1\nhusako_version = \"0.1.0\"\n\n[charts.web]\nsource = \"registry\"\nrepo = \"{repo}\"\nchart = \"web\"\n\
         version = \"1.0.0\"\ngenerated_at = \"2026-01-01T00:00:00Z\"\n"
    );
    site.project.write("husako.lock", &lock);
    let run = site.ci(&[]);
    run.exits_with(0);
    assert!(run.stdout.contains("husako.lock has no digest of web"), "{}", run.stdout);
    assert_eq!(site.lock(), lock, "in CI nothing is written");
    site.run(&[]).exits_with(0);
    assert!(
        site.lock().contains("husako_version = \"0.1.0\"") && site.lock().contains("digest"),
        "{}",
        site.lock()
    );
    site.project.write("husako.toml", &charts(&repo).replace("1.0.0", "2.0.0"));
    let other = site.ci(&[]);
    other.exits_with(6);
    assert!(
        other.stderr.contains("`web` in [charts] is 2.0.0, and 1.0.0 in husako.lock"),
        "{}",
        other.stderr
    );
}

#[test]
fn servers_that_fail_for_a_moment_are_asked_again() {
    let mut left = vec![Reply::status(503), Reply::status(429), Reply::Half(index("urls: [web.tgz]"))];
    let server = Server::of(move |asked| match left.pop() {
        Some(reply) => reply,
        None if asked.path == "/index.yaml" => Reply::ok(index("urls: [web.tgz]")),
        None => Reply::ok(with_schema()),
    });
    let site = Site::of(&charts(&server.url("")));
    site.run(&[]).exits_with(0);
    assert_eq!(server.paths().len(), 5);
}

#[test]
fn servers_that_fail_are_told_with_their_address() {
    let gzip = |bytes: &[u8]| {
        use std::io::Write as _;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = gzip(&vec![b' '; 80 << 20]);
    let page =
        Reply::Answer(404, vec![("Content-Type", "text/html".to_owned())], b"<html>lost</html>".to_vec());
    let limited = Reply::Answer(429, vec![("Retry-After", "3600".to_owned())], Vec::new());
    let loops = Reply::Answer(302, vec![("Location", "/index.yaml".to_owned())], Vec::new());
    for (reply, expected) in [
        (Reply::status(500), "the server answers 500 Internal Server Error: try again (4 attempts)"),
        (page, "index.yaml: the server answers 404 Not Found"),
        (limited, "and asks to wait 3"),
        (loops, "it sends on to ever other places"),
        (
            Reply::Answer(200, vec![("Content-Encoding", "gzip".to_owned())], bomb),
            "the answer is larger than 64 MiB",
        ),
        (Reply::ok("<html></html>"), "is no index of charts"),
        (Reply::ok(index("urls: []")), "the index of the repository has no address for web 1.0.0"),
        (Reply::ok("entries: {wep: []}"), "the repository has no chart `web`"),
        (Reply::ok("entries: {web: [{version: 0.9.0}]}"), "the chart `web` has no version 1.0.0"),
        (Reply::ok(index("urls: ['file:///etc/passwd']")), "where nothing can be fetched from"),
        (Reply::ok(index("urls: [index.yaml]")), "it is no gzipped tar archive"),
        (
            Reply::ok(index(&format!("urls: [x], digest: {}", "0".repeat(64)))),
            "is not what the index of the repository says",
        ),
    ] {
        let server = Server::of(move |_| reply.clone());
        let site = Site::of(&charts(&server.url("/?token=hidden").replace("http://", "http://user:hidden@")));
        let run = site.run(&[]);
        run.exits_with(6);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        let said: Vec<&str> = run.stderr.lines().filter(|line| !line.contains('│')).collect();
        assert!(!said.join("").contains("hidden"), "{}", run.stderr);
        assert_eq!(site.lock(), "");
    }
    let site = Site::of(&charts("ftp://host/charts"));
    assert!(site.run(&[]).exits_with(6).stderr.contains("`ftp://host/charts` is no address"));
}

#[test]
fn slow_servers_are_given_up() {
    for reply in [Reply::Silence, Reply::Drip] {
        let server = Server::of(move |_| reply.clone());
        let site = Site::of(&charts(&server.url("")));
        let run = site.run(&["--fetch-timeout", "1"]);
        run.exits_with(6);
        assert!(run.stderr.contains("it was not there after 1 s"), "{}", run.stderr);
    }
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_counts() {
    let (reached, waits) = std::sync::mpsc::channel();
    let reached = std::sync::Mutex::new(reached);
    let server = Server::of(move |asked| match asked.path.as_str() {
        "/index.yaml" => Reply::ok(index("urls: [web.tgz]")),
        _ => {
            let _ = reached.lock().unwrap().send(());
            Reply::Drip
        }
    });
    let site = Site::of(&charts(&server.url("")));
    let mut child = site.command(&["-q"]).spawn().unwrap();
    waits.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(site.lock(), "");
    let offline = site.run(&["--offline"]);
    offline.exits_with(6);
    assert!(offline.stderr.contains("is not in the cache"), "{}", offline.stderr);
}

#[test]
fn two_runs_share_a_cache() {
    let server = helm(with_schema());
    let site = Site::of(&charts(&server.url("/charts")));
    let running: Vec<_> = (0..4).map(|_| site.command(&["-q"]).spawn().unwrap()).collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    site.run(&["--offline"]).exits_with(0);
}

#[test]
fn a_damaged_cache_is_filled_again() {
    let server = helm(with_schema());
    let site = Site::of(&charts(&server.url("/charts")));
    site.run(&[]).exits_with(0);
    let bundles = site.cache.path().join("sources/1/bundles");
    for entry in fs::read_dir(&bundles).unwrap() {
        fs::write(entry.unwrap().path(), "damaged").unwrap();
    }
    site.run(&["--offline"]).exits_with(6);
    site.ci(&[]).exits_with(0);
    site.run(&["--offline"]).exits_with(0);
}

#[test]
fn a_chart_without_a_schema_has_what_its_values_show() {
    let server = helm(chart(&[("values.yaml", "replicas: 1\n")]));
    let site = Site::of(&charts(&server.url("/charts")));
    site.run(&[]).exits_with(0);
    site.run(&["gen"]).exits_with(0);
    let types = fs::read_to_string(site.project.path().join(".husako/types/helm/web.d.ts")).unwrap();
    assert!(types.contains("Inferred from values.yaml: the chart has no schema."), "{types}");
    let server = helm(chart(&[("Chart.yaml", "")]));
    let site = Site::of(&charts(&server.url("/charts")));
    let run = site.run(&[]);
    run.exits_with(6);
    assert!(run.stderr.contains("neither a values.schema.json nor a values.yaml"), "{}", run.stderr);
}

fn hub(body: &str, more: &[(&str, Vec<u8>)]) -> (Server, Site) {
    let path = "/api/v1/packages/helm/acme/web/1.0.0";
    let mut files = vec![(path, body.as_bytes().to_vec())];
    files.extend(more.iter().cloned());
    let config =
        "[charts]\nweb = { source = \"artifacthub\", package = \"acme/web\", version = \"1.0.0\" }\n";
    (Server::files(&files), Site::of(config))
}

#[test]
fn artifact_hub_has_schemas_or_knows_who_has() {
    let quoted = serde_json::Value::from(SCHEMA).to_string();
    let other = Server::files(&[("/web.tgz", with_schema()), ("/r/index.yaml", index("urls: ['/web.tgz']"))]);
    let mut locks = Vec::new();
    for body in [
        format!("{{\"values_schema\": {quoted}}}"),
        format!("{{\"values_schema\": {SCHEMA}}}"),
        format!("{{\"content_url\": \"{}\"}}", other.url("/web.tgz")),
        format!("{{\"name\": \"web\", \"repository\": {{\"url\": \"{}\"}}}}", other.url("/r")),
        "{\"package_id\": \"id\", \"has_values_schema\": true}".to_owned(),
    ] {
        let (server, site) = hub(&body, &[("/api/v1/packages/id/1.0.0/values-schema", SCHEMA.into())]);
        let run = Run::of(site.command(&[]).env("HUSAKO_ARTIFACTHUB_URL", server.url("")));
        run.exits_with(0);
        locks.push(site.lock());
    }
    locks.dedup();
    assert_eq!(locks.len(), 1, "what is found is the same either way");
    let (server, site) = hub("{}", &[]);
    let run = Run::of(site.command(&[]).env("HUSAKO_ARTIFACTHUB_URL", server.url("")));
    run.exits_with(6);
    assert!(
        run.stderr.contains("Artifact Hub knows neither a schema nor the repository of acme/web 1.0.0"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_version_of_kubernetes_that_is_not_built_in_is_fetched() {
    let document = r##"{"components": {"schemas": {"io.k8s.api.core.v1.Gadget": {"type": "object",
        "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Gadget"}],
        "properties": {"size": {"type": "integer"}}}}}}"##;
    let folder = "/repos/kubernetes/kubernetes/contents/api/openapi-spec/v3?ref=v1.99.0";
    let server = Server::of(move |asked| {
        let host = asked.headers["host"].clone();
        if asked.path == folder {
            let entry = |name: &str| {
                format!("{{\"name\": \"{name}\", \"download_url\": \"http://{host}/raw/{name}\"}}")
            };
            Reply::ok(format!("[{}, {}]", entry("api__v1_openapi.json"), entry("README.md")))
        } else if asked.path == "/raw/api__v1_openapi.json" {
            Reply::ok(document)
        } else {
            Reply::Answer(404, Vec::new(), b"{\"message\": \"Not Found\"}".to_vec())
        }
    });
    let site = Site::of("[resources]\nkubernetes = { source = \"release\", version = \"1.99\" }\n");
    site.project.write(
        "a.test.ts",
        "import { expect, test } from \"husako/test\";\nimport { Gadget } from \"k8s/core/v1\";\n\
         test(\"gadget\", () => { expect(Gadget().size(3)._render().kind).toBe(\"Gadget\"); });\n",
    );
    let run = Run::of(site.command(&[]).env("HUSAKO_GITHUB_API_URL", server.url("")));
    run.exits_with(0);
    assert!(site.lock().contains("source = \"release\"\nversion = \"1.99\"\ndigest = "), "{}", site.lock());
    let site = Site::of("[resources]\nkubernetes = { source = \"release\", version = \"1.98\" }\n");
    let run = Run::of(site.command(&[]).env("HUSAKO_GITHUB_API_URL", server.url("")));
    run.exits_with(6);
    assert!(run.stderr.contains("there is no Kubernetes v1.98.0 with OpenAPI documents"), "{}", run.stderr);
}

/// What a registry says of a chart, and the chart.
fn registry(asked_for_token: bool) -> Server {
    let archive = with_schema();
    let digest = {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("a"), &archive).unwrap();
        let output = Command::new("sha256sum").arg("a").current_dir(folder.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()[..64].to_owned()
    };
    let manifest = format!(
        "{{\"schemaVersion\": 2, \"layers\": [{{\"mediaType\": \"application/vnd.cncf.helm.chart.content.v1.tar+gzip\", \
         \"digest\": \"sha256:{digest}\", \"size\": 1}}]}}"
    );
    let blob = format!("/v2/org/web/blobs/sha256:{digest}");
    Server::of(move |asked| {
        let authorization = asked.headers.get("authorization").map(String::as_str);
        let host = &asked.headers["host"];
        if asked.path.starts_with("/token?") {
            let has_login = authorization == Some("Basic dXNlcjpwYXNz");
            return if has_login {
                Reply::ok("{\"token\": \"t0ken\"}")
            } else {
                Reply::Answer(401, Vec::new(), b"no".to_vec())
            };
        }
        if asked_for_token && authorization != Some("Bearer t0ken") {
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"reg\",scope=\"x\"");
            return Reply::Answer(401, vec![("WWW-Authenticate", challenge)], Vec::new());
        }
        match asked.path.as_str() {
            "/v2/org/web/manifests/1.0.0" => Reply::ok(manifest.clone()),
            path if path == blob => Reply::ok(archive.clone()),
            _ => Reply::Answer(404, Vec::new(), Vec::new()),
        }
    })
}

fn oci(server: &Server) -> Site {
    let config = format!(
        "[charts]\nweb = {{ source = \"oci\", reference = \"oci://{}/org/web\", version = \"1.0.0\" }}\n",
        server.address
    );
    Site::of(&config)
}

#[test]
fn registries_are_asked_with_the_login_of_docker() {
    let server = registry(true);
    let site = oci(&server);
    let refused = site.run(&[]);
    refused.exits_with(6);
    assert!(refused.stderr.contains("log in: helm registry login"), "{}", refused.stderr);
    let config = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"dXNlcjpwYXNz\"}}}}}}", server.address);
    fs::write(site.cache.path().join("config.json"), config).unwrap();
    site.run(&[]).exits_with(0);
    let token = server.paths().into_iter().find(|path| path.starts_with("/token?")).unwrap();
    assert!(
        token.contains("service=reg") && token.contains("scope=repository%3Aorg%2Fweb%3Apull"),
        "{token}"
    );
    let anonymous = oci(&registry(false));
    anonymous.run(&[]).exits_with(0);
}

pub fn git(folder: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "user.name=A", "-c", "user.email=a@example.com"]).args(args);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with files, and a tag `v1`.
pub fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    commit(folder.path(), files);
    git(folder.path(), &["tag", "v1"]);
    folder
}

pub fn commit(folder: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "-q", "-m", "x"]);
}

#[test]
fn a_tag_that_was_moved_is_refused() {
    let remote = repository(&[("web/values.schema.json", SCHEMA)]);
    let url = format!("file://{}", remote.path().display());
    let site = Site::of(&format!(
        "[charts]\nweb = {{ source = \"git\", repo = \"{url}\", tag = \"v1\", path = \"web\" }}\n"
    ));
    site.run(&[]).exits_with(0);
    commit(remote.path(), &[("web/values.schema.json", &SCHEMA.replace("integer", "number"))]);
    git(remote.path(), &["tag", "-f", "v1"]);
    site.forget();
    let run = site.ci(&[]);
    run.exits_with(6);
    assert!(run.stderr.contains("the tag v1 was moved, or somebody changes it on the way"), "{}", run.stderr);
    // A lock without digests is held to its commit.
    let lock: String = site
        .lock()
        .lines()
        .filter(|line| !line.starts_with("digest"))
        .map(|line| format!("{line}\n"))
        .collect();
    site.project.write("husako.lock", &lock);
    let run = site.ci(&[]);
    run.exits_with(6);
    assert!(run.stderr.contains("the tag v1 was moved"), "{}", run.stderr);
    site.run(&["update", "--locked"]).exits_with(2);
    site.run(&["update", "web"]).exits_with(0);
    site.ci(&[]).exits_with(0);
}

#[test]
fn what_is_of_no_use_is_not_locked() {
    let server = helm(chart(&[("values.schema.json", "[]")]));
    let site = Site::of(&charts(&server.url("/charts")));
    let run = site.run(&[]);
    run.exits_with(2);
    assert!(run.stderr.contains("is no JSON Schema of an object"), "{}", run.stderr);
    assert_eq!(site.lock(), "");
}

#[test]
fn a_plugin_is_pinned_by_the_lock_and_brings_its_presets() {
    let chart = repository(&[("web/values.schema.json", SCHEMA)]);
    let manifest = format!(
        "[plugin]\nname = \"acme\"\nversion = \"0.1.0\"\n[charts]\nweb = {{ source = \"git\", url = \"file://{}\", tag = \"v1\", \
         path = \"web\" }}\n[modules]\nacme = \"index.js\"\n",
        chart.path().display()
    );
    let plugin = repository(&[("p/plugin.toml", &manifest), ("p/index.js", "export const answer = 42;")]);
    let url = format!("file://{}", plugin.path().display());
    let site =
        Site::of(&format!("[plugins]\nacme = {{ source = \"git\", url = \"{url}\", path = \"p\" }}\n"));
    let test = |answer: u32| {
        format!(
            "import {{ expect, test }} from \"husako/test\";\nimport {{ answer }} from \"acme\";\nimport {{ Web }} from \"helm/acme:web\";\n\
             test(\"plugin\", () => {{ expect([answer, Web().replicas(1)._toJSON()]).toEqual([{answer}, {{ replicas: 1 }}]); }});\n"
        )
    };
    site.project.write("a.test.ts", &test(42));
    site.run(&[]).exits_with(0);
    assert!(
        site.lock().contains("[charts.\"acme:web\"]") && site.lock().contains("plugin_version = \"0.1.0\"")
    );
    commit(plugin.path(), &[("p/index.js", "export const answer = 43;")]);
    site.forget();
    site.ci(&[]).exits_with(0);
    site.run(&["update"]).exits_with(0);
    site.project.write("a.test.ts", &test(43));
    site.ci(&[]).exits_with(0);
}

#[test]
fn addresses_that_would_make_git_run_something_are_refused() {
    let folder = TempDir::new().unwrap();
    let mark = folder.path().join("ran");
    for repo in [
        format!("ext::sh -c touch% {}", mark.display()),
        format!("--upload-pack=touch {}", mark.display()),
        "/etc".to_owned(),
    ] {
        let site = Site::of(&format!(
            "[resources]\nx = {{ source = \"git\", repo = \"{repo}\", tag = \"v1\", path = \".\" }}\n"
        ));
        let run = site.run(&[]);
        run.exits_with(6);
        assert!(run.stderr.contains("is no address of a git repository"), "{}", run.stderr);
    }
    assert!(!mark.exists());
}

#[test]
fn projects_that_name_the_same_ask_once() {
    let server = helm(with_schema());
    let config = charts(&server.url("/charts"));
    let site = Site::of(&config);
    site.project.write("two/husako.toml", &config);
    site.project.write("two/b.test.ts", TEST);
    site.run(&[]).exits_with(0);
    assert_eq!(server.paths().len(), 2);
    assert_eq!(fs::read_to_string(site.project.path().join("two/husako.lock")).unwrap(), site.lock());
}

#[test]
fn charts_of_one_repository_share_its_index() {
    let server = helm(with_schema());
    let config = charts(&server.url("/charts"));
    let again = config.replace("[charts]\nweb", "web2").replace("\"1.0.0\"", "\"v1.0.0\"");
    let site = Site::of(&format!("{config}{again}"));
    site.run(&[]).exits_with(0);
    let mut paths = server.paths();
    paths.sort();
    assert_eq!(paths, ["/charts/index.yaml", "/charts/web-1.0.0.tgz", "/charts/web-1.0.0.tgz"]);
}

#[test]
fn the_folder_of_the_cache_is_printed() {
    let site = Site::of("");
    let run = site.run(&["cache"]);
    run.exits_with(0);
    assert_eq!(Path::new(run.stdout.trim()), site.cache.path().join("sources"));
}
