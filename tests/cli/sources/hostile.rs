//! Sources that somebody made to do harm, and logins that must stay where they belong.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::server::{Reply, Server};
use super::{SCHEMA, Site, charts, helm, index, repository, with_schema};

/// A chart's archive of entries as they are, also such as no packer makes: their kind, name, and content or target.
fn pack(entries: &[(EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (kind, name, content) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        let content = if kind.is_file() {
            *content
        } else {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
            b""
        };
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn names_that_climb_out_of_an_archive_are_left_out() {
    let evil = br#"{"type":"object","properties":{"evil":{"type":"integer"}}}"#;
    let server = helm(pack(&[
        (EntryType::Regular, "web/values.schema.json", SCHEMA.as_bytes()),
        (EntryType::Regular, "../climbed.json", evil),
        (EntryType::Regular, "web/../values.schema.json", evil),
        (EntryType::Regular, "/values.schema.json", evil),
        (EntryType::Symlink, "web/values.schema.json", b"/etc/passwd"),
        (EntryType::Link, "web/values.yaml", b"/etc/passwd"),
    ]));
    let site = Site::of(&charts(&server.url("/charts")));
    site.run(&[]).exits_with(0);
    assert!(!site.cache.path().join("../climbed.json").exists());

    let server = helm(pack(&[(EntryType::Symlink, "web/values.schema.json", b"/etc/passwd")]));
    let site = Site::of(&charts(&server.url("/charts")));
    let run = site.run(&[]);
    run.exits_with(6);
    assert!(!run.stderr.contains("root:"), "{}", run.stderr);
}

#[test]
fn archives_that_grow_without_bounds_are_refused() {
    let part = vec![b' '; 9 << 20];
    let names: Vec<String> = (0..12).map(|at| format!("web/{at}.txt")).collect();
    let entries: Vec<_> =
        names.iter().map(|name| (EntryType::Regular, name.as_str(), part.as_slice())).collect();
    let server = helm(pack(&entries));
    let run = Site::of(&charts(&server.url("/charts"))).run(&[]);
    run.exits_with(6);
    assert!(run.stderr.contains("than "), "{}", run.stderr);
    assert!(run.stderr.contains("MiB"), "{}", run.stderr);
}

#[test]
fn the_login_of_a_repository_is_sent_to_no_other_host() {
    let other = Server::files(&[("/web.tgz", with_schema()), ("/moved.tgz", with_schema())]);
    let (absolute, moved) = (other.url("/web.tgz"), other.url("/moved.tgz"));
    for link in [absolute.as_str(), "sent-on.tgz"] {
        let (listed, moved) = (index(&format!("urls: ['{link}']")), moved.clone());
        let own = Server::of(move |asked| match asked.path.as_str() {
            "/index.yaml" => Reply::ok(listed.clone()),
            _ => Reply::Answer(302, vec![("Location", moved.clone())], Vec::new()),
        });
        let site = Site::of(&charts(&own.url("").replace("http://", "http://user:hidden@")));
        site.run(&[]).exits_with(0);
        assert!(own.asked().iter().all(|asked| asked.headers.contains_key("authorization")));
    }
    assert_eq!(other.paths(), ["/web.tgz", "/moved.tgz"]);
    assert!(other.asked().iter().all(|asked| !asked.headers.contains_key("authorization")));
}

#[test]
fn addresses_that_are_none_are_told_without_their_login() {
    let listed = index("urls: ['http://user:hidden@:x/web.tgz?token=hidden']");
    let listed = Server::files(&[("/index.yaml", listed)]);
    let git = r#"[resources]
x = { source = "git", repo = "ftp://user:hidden@host/crds", tag = "v1", path = "." }
"#;
    let oci = r#"[charts]
web = { source = "oci", reference = "oci://user:hidden@host/web", version = "1.0.0" }
"#;
    let configs = [
        charts("ftp://user:hidden@host/charts?token=hidden"),
        charts("https://user:hidden@"),
        charts(&listed.url("")),
        git.to_owned(),
        oci.to_owned(),
    ];
    for config in configs {
        let run = Site::of(&config).run(&["--fetch-timeout", "1"]);
        run.exits_with(6);
        let said: Vec<&str> = run.stderr.lines().filter(|line| !line.contains('│')).collect();
        assert!(!said.join("\n").contains("hidden"), "{config}: {}", run.stderr);
    }
}

#[test]
fn where_nothing_can_be_kept_nothing_is_said_to_be() {
    let server = helm(with_schema());
    let site = Site::of(&charts(&server.url("/charts")));
    let file = site.cache.path().join("file");
    fs::write(&file, "").unwrap();
    for _ in 0..2 {
        let run = crate::run::Run::of(site.command(&[]).env("HUSAKO_CI_CACHE_DIR", &file));
        run.exits_with(0);
        assert!(run.stderr.contains("fetched web"), "{}", run.stderr);
        assert!(!run.stderr.contains("kept in"), "{}", run.stderr);
    }
    assert_eq!(server.paths().len(), 4);
}

#[test]
fn links_and_submodules_of_a_repository_lead_nowhere() {
    let marked = TempDir::new().unwrap();
    let secret = marked.path().join("values.schema.json");
    fs::write(&secret, r#"{"type":"object","properties":{"stolen":{"type":"integer"}}}"#).unwrap();
    let source = repository(&[("web/values.yaml", "replicas: 1\n")]);
    symlink(&secret, source.path().join("web/values.schema.json")).unwrap();
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(source.path()).args(["-c", "user.name=x", "-c", "user.email=x@x"]).args(args);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["add", "."]);
    let link = format!("160000,{},web/module", "1".repeat(40));
    git(&["update-index", "--add", "--cacheinfo", &link]);
    git(&["commit", "-q", "-m", "hostile"]);
    git(&["tag", "-f", "v1"]);
    let repo = source.path().display();
    let site = Site::of(&format!(
        "[charts]\nweb = {{ source = \"git\", repo = \"file://{repo}\", tag = \"v1\", path = \"web\" }}\n"
    ));
    let run = site.run(&["--json", "-"]);
    assert!(run.status.is_some(), "{}", run.stderr);
    assert!(!run.stderr.contains("stolen") && !run.stdout.contains("stolen"), "{}", run.stderr);
}

#[test]
fn names_of_plugins_stay_inside_of_their_folder() {
    let plugin = repository(&[(
        "plugin.toml",
        "[plugin]\nname = \"acme\"\nversion = \"0.1.0\"\n[modules]\nacme = \"../../secret.js\"\n",
    )]);
    let repo = plugin.path().display();
    for name in ["../../../up", "a/../../b", "/abs", ".."] {
        let site =
            Site::of(&format!("[plugins]\n\"{name}\" = {{ source = \"git\", url = \"file://{repo}\" }}\n"));
        site.project.write("secret.js", "export const secret = 42;");
        site.project.write(
            "a.test.ts",
            "import { test } from \"husako/test\";\nimport { secret } from \"acme\";\ntest(\"x\", () => { secret; });\n",
        );
        let run = site.run(&[]);
        assert!(run.status.is_some_and(|status| status != 0), "{name}: {}", run.stdout);
    }
}
