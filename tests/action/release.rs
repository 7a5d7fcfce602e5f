//! Releases made for tests: archives byte by byte, so that they can be evil, and a server to get them from.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// A member of an archive.
#[derive(Debug, Clone, Copy)]
pub enum Member<'a> {
    File(&'a str, &'a [u8]),
    Link(&'a str, &'a str),
}

/// A program that leaves a record of how it was run, and its name, in the folder `RECORD`.
pub fn program(name: &str) -> Vec<u8> {
    format!(
        r#"#!/bin/sh
run=$(mktemp -d "$RECORD/run.XXXXXX")
for argument; do printf '%s\0' "$argument"; done >"$run/arguments"
printf '%s' "${{GITHUB_TOKEN-none}}" >"$run/token"
printf '%s' "$(pwd -P)" >"$run/folder"
printf '%s' '{name}' >"$run/program"
printf 'changed=3\nmanifests-changed=true\n' >>"$GITHUB_OUTPUT"
exit "${{STATUS:-0}}"
"#
    )
    .into_bytes()
}

/// A gzipped archive in the ustar format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
pub fn archive(members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for member in members {
        let (name, content, kind, link) = match *member {
            Member::File(name, content) => (name, content, b'0', ""),
            Member::Link(name, to) => (name, &[][..], b'2', to),
        };
        let mut header = [0; 512];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000755\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{:011o}\0", content.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(157, link);
        put(257, "ustar\x0000");
        header[156] = kind;
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    piped(Command::new("gzip").arg("-nc"), &bytes)
}

/// The SHA-256 sum, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let (name, arguments): (_, &[&str]) =
        if cfg!(target_os = "macos") { ("shasum", &["-a", "256"]) } else { ("sha256sum", &[]) };
    let printed = piped(Command::new(name).args(arguments), bytes);
    String::from_utf8(printed).unwrap()[..64].to_owned()
}

fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

/// A folder of releases, in the layout of a mirror, with its table of sums.
#[derive(Debug)]
pub struct Releases {
    pub folder: PathBuf,
}

impl Releases {
    pub fn in_folder(folder: &Path) -> Releases {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("sums.txt"), "# sums\n").unwrap();
        Releases { folder: folder.to_owned() }
    }

    /// Where the table of sums is.
    pub fn table(&self) -> PathBuf {
        self.folder.join("sums.txt")
    }

    /// Where an archive is.
    pub fn path(&self, version: &str, target: &str) -> PathBuf {
        self.folder.join(format!("v{version}/husako-ci-{version}-{target}.tar.gz"))
    }

    /// Adds an archive without recording its sum.
    pub fn put(&self, version: &str, target: &str, bytes: &[u8]) {
        let path = self.path(version, target);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Records a sum.
    pub fn record(&self, version: &str, target: &str, sum: &str) {
        let mut table = fs::read_to_string(self.table()).unwrap();
        table.push_str(&format!("{sum}  husako-ci-{version}-{target}.tar.gz\n"));
        fs::write(self.table(), table).unwrap();
    }

    /// Adds an archive and its sum.
    pub fn add(&self, version: &str, target: &str, bytes: &[u8]) {
        self.put(version, target, bytes);
        self.record(version, target, &sha256(bytes));
    }
}

/// What a server answers to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status line and the headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn ok(body: &[u8]) -> Answer {
        Answer { head: format!("200 OK\r\nContent-Length: {}", body.len()), body: body.to_owned() }
    }

    pub fn status(status: &str) -> Answer {
        Answer { head: format!("{status}\r\nContent-Length: 0"), body: Vec::new() }
    }
}

/// A server on the loopback interface that gives one answer after the other, and closes each connection.
#[derive(Debug)]
pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn start(answers: Vec<Answer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&requests);
        thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
                told.lock().unwrap().push(lines.next().unwrap());
                lines.find(String::is_empty);
                let mut stream = &stream;
                write!(stream, "HTTP/1.1 {}\r\nConnection: close\r\n\r\n", answer.head).unwrap();
                // Whoever asked may have hung up.
                let _ = stream.write_all(&answer.body);
            }
        });
        Server { address, requests }
    }

    /// The first lines of the requests until now.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}
