//! The servers that people have: nginx, Debian's docker-registry, git over HTTP.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Site, TEST, charts, git, index, repository, with_schema};
use crate::run::Run;

/// A program, wherever Debian puts it. Says so when it is not there.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/bin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: {name} is not there");
    }
    found
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that ends with the test.
struct Running(Child);

impl Running {
    /// Starts it, and waits until it listens.
    fn start(command: &mut Command, port: u16) -> Running {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let running = Running(child);
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "the server does not listen");
            std::thread::park_timeout(Duration::from_millis(20));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// nginx with this `server`, whose files are in `folder`.
fn nginx(program: &Path, folder: &Path, port: u16, server: &str) -> Running {
    let at = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {at}/tmp-{kind};"))
        .collect();
    let text = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\nevents {{}}\n\
         http {{ access_log off; {temporary} server {{ {server} root {at}/files; }} }}\n"
    );
    fs::write(folder.join("nginx.conf"), text).unwrap();
    Running::start(Command::new(program).arg("-c").arg(folder.join("nginx.conf")).arg("-p").arg(folder), port)
}

#[test]
fn a_static_repository_behind_nginx() {
    let Some(program) = program("nginx") else { return };
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    fs::create_dir_all(folder.path().join("files/charts")).unwrap();
    fs::write(folder.path().join("files/charts/index.yaml"), index("urls: [web-1.0.0.tgz]")).unwrap();
    fs::write(folder.path().join("files/charts/web-1.0.0.tgz"), with_schema()).unwrap();
    let _server = nginx(&program, folder.path(), port, &format!("listen 127.0.0.1:{port};"));
    let site = Site::of(&charts(&format!("http://127.0.0.1:{port}/charts/")));
    site.run(&[]).exits_with(0);
    site.ci(&["--offline"]).exits_with(0);
}

#[test]
fn certificates_decide() {
    let (Some(program), Some(openssl)) = (program("nginx"), program("openssl")) else { return };
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    fs::create_dir_all(folder.path().join("files")).unwrap();
    fs::write(folder.path().join("files/index.yaml"), index("urls: [web-1.0.0.tgz]")).unwrap();
    fs::write(folder.path().join("files/web-1.0.0.tgz"), with_schema()).unwrap();
    let made = Command::new(openssl)
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let at = folder.path().display();
    let server = format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {at}/cert.pem; ssl_certificate_key {at}/key.pem;"
    );
    let _server = nginx(&program, folder.path(), port, &server);
    let site = Site::of(&charts(&format!("https://127.0.0.1:{port}")));
    let refused = site.run(&[]);
    refused.exits_with(6);
    assert!(refused.stderr.contains("no secure connection: invalid peer certificate"), "{}", refused.stderr);
    assert!(refused.stderr.contains("SSL_CERT_FILE"), "{}", refused.stderr);
    let trusting = Run::of(site.command(&[]).env("SSL_CERT_FILE", folder.path().join("cert.pem")));
    trusting.exits_with(0);
}

/// Puts a chart into a registry, as `helm push` does.
fn push(port: u16, login: Option<&str>) {
    let script = r#"
import base64, hashlib, json, sys, urllib.request
base, login = sys.argv[1], sys.argv[2]
def ask(method, url, data=None, kind="application/octet-stream"):
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    return urllib.request.urlopen(request)
def blob(data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    place = ask("POST", base + "/v2/org/web/blobs/uploads/", b"").headers["Location"]
    place = place if place.startswith("http") else base + place
    ask("PUT", place + ("&" if "?" in place else "?") + "digest=" + digest, data)
    return {"digest": digest, "size": len(data)}
chart = sys.stdin.buffer.read()
config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", **blob(b"{}")}
layer = {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", **blob(chart)}
kind = "application/vnd.oci.image.manifest.v1+json"
manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
for tag in ["1.0.0", "1.1.0", "2.0.0-rc.1"]:
    ask("PUT", base + "/v2/org/web/manifests/" + tag, json.dumps(manifest).encode(), kind)
"#;
    let mut child = Command::new("python3")
        .args(["-c", script, &format!("http://127.0.0.1:{port}"), login.unwrap_or_default()])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&with_schema()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_registry_with_and_without_a_login() {
    let (Some(program), Some(htpasswd), Some(_)) =
        (program("docker-registry"), program("htpasswd"), program("python3"))
    else {
        return;
    };
    for login in [None, Some("ann:secret")] {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let at = folder.path().display();
        let mut config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {at}/data}}}}\nhttp: {{addr: '127.0.0.1:{port}', secret: x}}\n"
        );
        if login.is_some() {
            let made = Command::new(&htpasswd).args(["-Bbn", "ann", "secret"]).output().unwrap();
            fs::write(folder.path().join("users"), made.stdout).unwrap();
            config += &format!("auth: {{htpasswd: {{realm: here, path: {at}/users}}}}\n");
        }
        fs::write(folder.path().join("config.yml"), config).unwrap();
        let _server =
            Running::start(Command::new(&program).arg("serve").arg(folder.path().join("config.yml")), port);
        push(port, login);
        let site = Site::of(&format!(
            "[charts]\nweb = {{ source = \"oci\", reference = \"oci://127.0.0.1:{port}/org/web\", version = \"1.0.0\" }}\n\
             same = {{ source = \"registry\", repo = \"oci://127.0.0.1:{port}/org\", chart = \"web\", version = \"1.0.0\" }}\n"
        ));
        if login.is_some() {
            let refused = site.run(&[]);
            refused.exits_with(6);
            assert!(refused.stderr.contains("log in with `docker login`"), "{}", refused.stderr);
            let auth = "YW5uOnNlY3JldA==";
            let config = format!("{{\"auths\": {{\"127.0.0.1:{port}\": {{\"auth\": \"{auth}\"}}}}}}");
            fs::write(site.cache.path().join("config.json"), config).unwrap();
        }
        site.run(&[]).exits_with(0);
        let outdated = site.run(&["outdated"]);
        outdated.exits_with(0);
        assert_eq!(outdated.stdout.matches("1.1.0").count(), 2, "{}", outdated.stdout);
        site.run(&["update"]).exits_with(0);
        site.ci(&[]).exits_with(0);
    }
}

#[test]
fn git_over_http_with_and_without_a_login() {
    let (Some(program), Some(fcgiwrap), Some(htpasswd)) =
        (program("nginx"), program("fcgiwrap"), program("htpasswd"))
    else {
        return;
    };
    let output = Command::new("git").arg("--exec-path").output().unwrap();
    let backend = Path::new(String::from_utf8(output.stdout).unwrap().trim()).join("git-http-backend");
    if !backend.is_file() {
        let _ = writeln!(std::io::stderr(), "skipped: git-http-backend is not there");
        return;
    }
    let source = repository(&[("web/values.schema.json", super::SCHEMA), ("big.bin", &"x".repeat(1 << 20))]);
    let (folder, port, bridge_port) = (TempDir::new().unwrap(), free_port(), free_port());
    let at = folder.path().display();
    git(source.path(), &["clone", "-q", "--bare", ".", &format!("{at}/repos/web.git")]);
    git(&folder.path().join("repos/web.git"), &["config", "uploadpack.allowFilter", "true"]);
    let made = Command::new(&htpasswd).args(["-bn", "ann", "secret"]).output().unwrap();
    fs::write(folder.path().join("users"), made.stdout).unwrap();
    let _bridge = Running::start(
        Command::new(&fcgiwrap).args(["-s", &format!("tcp:127.0.0.1:{bridge_port}")]),
        bridge_port,
    );
    let place = |name: &str, more: &str| {
        format!(
            "location ~ ^/{name}(/.*)$ {{ {more} fastcgi_pass 127.0.0.1:{bridge_port}; fastcgi_param PATH_INFO $1; \
             fastcgi_param SCRIPT_FILENAME {}; fastcgi_param GIT_PROJECT_ROOT {at}/repos; fastcgi_param GIT_HTTP_EXPORT_ALL 1; \
             fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method; \
             fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length; \
             fastcgi_param GIT_PROTOCOL $http_git_protocol; fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding; \
             fastcgi_param REMOTE_USER $remote_user; fastcgi_param GIT_CONFIG_COUNT 1; \
             fastcgi_param GIT_CONFIG_KEY_0 safe.directory; fastcgi_param GIT_CONFIG_VALUE_0 '*'; }}",
            backend.display()
        )
    };
    let closed = place("closed", &format!("auth_basic here; auth_basic_user_file {at}/users;"));
    let server = format!("listen 127.0.0.1:{port}; {} {closed}", place("open", ""));
    fs::create_dir_all(folder.path().join("files")).unwrap();
    let _server = nginx(&program, folder.path(), port, &server);
    let config = |name: &str| {
        format!(
            "[charts]\nweb = {{ source = \"git\", repo = \"http://127.0.0.1:{port}/{name}/web.git\", tag = \"v1\", path = \"web\" }}\n"
        )
    };
    Site::of(&config("open")).run(&[]).exits_with(0);
    let site = Site::of(&config("closed"));
    assert!(TEST.contains("helm/web"));
    let refused = site.run(&[]);
    refused.exits_with(6);
    assert!(
        refused.stderr.contains("`web` in [charts] cannot be fetched: ")
            && refused.stderr.contains("/closed/web.git"),
        "{}",
        refused.stderr
    );
    // As git has logins: in a file of its helper.
    let logins = site.cache.path().join("logins");
    fs::write(&logins, format!("http://ann:secret@127.0.0.1:{port}\n")).unwrap();
    let gitconfig = site.cache.path().join("gitconfig");
    fs::write(&gitconfig, format!("[credential]\n\thelper = store --file {}\n", logins.display())).unwrap();
    let run = Run::of(site.command(&[]).env("GIT_CONFIG_GLOBAL", &gitconfig));
    run.exits_with(0);
    assert!(!site.lock().contains("secret"));
}
