//! The step that finds or downloads the program.

use std::fs;

use crate::release::{Answer, Member, Server, archive, program, sha256};
use crate::runner::{Job, LINUX};

const OWN: &str = env!("CARGO_PKG_VERSION");

/// What the step needs of the system, without anything that computes sums.
const TOOLS: [&str; 10] = ["bash", "sh", "chmod", "cp", "gzip", "mkdir", "mktemp", "mv", "rm", "tar"];

#[test]
fn the_release_of_the_actions_own_version_is_run_once() {
    let outcome = Job::new().run();
    assert_eq!(outcome.ran().program, "released");
    assert!(outcome.log.contains(&format!("husako-ci {OWN} for {LINUX}, from /")), "{}", outcome.log);
}

#[test]
fn each_runner_gets_what_was_built_for_it() {
    for (system, processor, target) in [
        ("Linux", "ARM64", "aarch64-unknown-linux-musl"),
        ("macOS", "X64", "x86_64-apple-darwin"),
        ("macOS", "ARM64", "aarch64-apple-darwin"),
        ("Windows", "X64", "x86_64-pc-windows-msvc"),
    ] {
        let mut job = Job::new();
        let name = if system == "Windows" { "husako-ci.exe" } else { "husako-ci" };
        job.releases.add(OWN, target, &archive(&[Member::File(name, &program(target))]));
        // Windows' bash has it. The paths here are of that form already.
        job.script("bin/cygpath", b"#!/bin/sh\nprintf '%s' \"$3\"\n");
        let path = format!("{}:{}", job.path("workspace/bin").display(), std::env::var("PATH").unwrap());
        job.set("RUNNER_OS", system).set("RUNNER_ARCH", processor).set("PATH", &path);
        assert_eq!(job.run().ran().program, target);
    }
    let mut job = Job::new();
    job.set("RUNNER_ARCH", "ARM").run().refused(2, &["no husako-ci for Linux on ARM", "'binary'"]);
}

#[test]
fn a_wrong_sum_ends_the_step_before_anything_is_unpacked() {
    let job = Job::new();
    let other = archive(&[Member::File("husako-ci", &program("another"))]);
    job.releases.put(OWN, LINUX, &other);
    job.run().refused(1, &["is not what was released", &sha256(&other), "mirror"]);
    let left: Vec<_> =
        fs::read_dir(job.path("temp")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("husako-ci")), "{left:?}");
    assert!(!job.path("tools/husako-ci").exists(), "it is not kept either");
}

#[test]
fn a_truncated_archive_is_refused() {
    let job = Job::new();
    let whole = fs::read(job.releases.path(OWN, LINUX)).unwrap();
    job.releases.put(OWN, LINUX, &whole[..whole.len() / 2]);
    job.run().refused(1, &["is not what was released"]);

    // Even if the table has the sum of half an archive.
    let mut job = Job::new();
    job.releases.add("9.9.9", LINUX, &whole[..whole.len() / 2]);
    job.input("version", "9.9.9").run().refused(1, &["husako-ci-9.9.9", "Nothing of it was run"]);
}

#[test]
fn a_missing_archive_is_told() {
    let job = Job::new();
    fs::remove_file(job.releases.path(OWN, LINUX)).unwrap();
    job.run().refused(1, &["could not get", "'download-url'"]);
    let mut job = Job::new();
    job.input("download-url", "no\n::error::forged").run().refused(1, &["could not get no\n::error::forged"]);
}

#[test]
fn without_exactly_one_sum_nothing_is_downloaded() {
    let mut job = Job::new();
    job.releases.put("9.9.9", LINUX, b"whatever");
    job.input("version", "9.9.9");
    job.run().refused(2, &["does not have one SHA-256 sum", "husako/action@v9.9.9", "'checksums-file'"]);

    // Two sums: which one is right?
    job.releases.record("9.9.9", LINUX, &"0".repeat(64));
    job.releases.record("9.9.9", LINUX, &sha256(b"whatever"));
    job.run().refused(2, &["does not have one SHA-256 sum"]);

    // A sum that is none, and one of a file whose name ends alike.
    for line in [
        "  husako-ci-9.9.9-{}.tar.gz",
        "abc  husako-ci-9.9.9-{}.tar.gz",
        "{sum}  x/husako-ci-9.9.9-{}.tar.gz",
    ] {
        let line = line.replace("{}", LINUX).replace("{sum}", &sha256(b"whatever"));
        fs::write(job.releases.table(), line).unwrap();
        job.run().refused(2, &["does not have one SHA-256 sum"]);
    }

    fs::remove_file(job.releases.table()).unwrap();
    job.run().refused(2, &["no table of SHA-256 sums", "'checksums-file'"]);
}

#[test]
fn the_actions_own_table_is_the_default() {
    let mut job = Job::new();
    job.input("checksums-file", "").input("version", "0.0.0");
    job.run().refused(2, &["action/checksums.txt' does not have one SHA-256 sum for husako-ci-0.0.0-"]);
}

#[test]
fn a_table_of_windows_or_with_marks_of_binary_files_is_read() {
    let job = Job::new();
    let sum = sha256(&fs::read(job.releases.path(OWN, LINUX)).unwrap());
    fs::write(job.releases.table(), format!("{sum} *husako-ci-{OWN}-{LINUX}.tar.gz\r\n")).unwrap();
    job.run().ran();
    fs::write(job.releases.table(), format!("{sum}  husako-ci-{OWN}-{LINUX}.tar.gz")).unwrap();
    assert_eq!(job.run().status, 0);
}

#[test]
fn without_a_tool_for_sums_nothing_is_run() {
    let mut job = Job::new();
    job.only(&TOOLS).run().refused(1, &["neither sha256sum nor shasum", "could not be verified"]);
}

#[test]
fn shasum_is_as_good() {
    let mut tools = TOOLS.to_vec();
    tools.push("shasum");
    // shasum is a script of Perl's.
    tools.push("perl");
    let path = std::env::var_os("PATH").unwrap();
    if !std::env::split_paths(&path).any(|folder| folder.join("shasum").exists()) {
        eprintln!("skipped: there is no shasum");
        return;
    }
    Job::new().only(&tools).run().ran();
}

#[test]
fn other_versions_need_a_sum_and_are_named_whole() {
    let mut job = Job::new();
    job.releases.add("1.2.3-rc.1", LINUX, &archive(&[Member::File("husako-ci", &program("candidate"))]));
    assert_eq!(job.input("version", "v1.2.3-rc.1").run().ran().program, "candidate");
    for version in
        ["latest", "1", "1.2", "../../1.2.3", "1.2.3/..", "1.2.3 ", "-1.2.3", "1.2.3\n", "$(touch pwned)"]
    {
        let mut job = Job::new();
        job.input("version", version).run().refused(2, &["give a whole version", version]);
        assert!(!job.is_pwned());
    }
}

#[test]
fn an_archive_with_anything_but_the_program_is_refused() {
    let good = program("evil");
    let outside = "../../../../../../../../../../tmp/husako-ci-evil";
    for members in [
        &[Member::File("../evil", &good)][..],
        &[Member::File("/tmp/husako-ci-evil", &good)],
        &[Member::File("husako-ci", &good), Member::File("../evil", &good)],
        &[Member::File("husako-ci", &good), Member::File("husako-ci", &good)],
        &[Member::File("bin/husako-ci", &good)],
        &[Member::File("husako-ci\nx", &good)],
        &[Member::Link("husako-ci", "/bin/true")],
        &[Member::Link("husako-ci", outside), Member::File("husako-ci", &good)],
        &[Member::File("husako-ci", b"")],
        &[],
    ] {
        let mut job = Job::new();
        job.releases.add("6.6.6", LINUX, &archive(members));
        job.input("version", "6.6.6").run().refused(1, &["husako-ci-6.6.6", "Nothing of it was run"]);
        assert!(!job.path("temp/evil").exists() && !job.path("evil").exists(), "{members:?}");
        assert!(!std::path::Path::new("/tmp/husako-ci-evil").exists(), "{members:?}");
    }
}

#[test]
fn the_second_run_takes_it_from_the_tool_cache() {
    let job = Job::new();
    job.run().ran();
    fs::remove_dir_all(job.path("mirror").join(format!("v{OWN}"))).unwrap();
    let outcome = job.run();
    assert_eq!((outcome.status, outcome.runs.len()), (0, 2), "{outcome:#?}");
    assert!(outcome.log.contains("from the tool cache"), "{}", outcome.log);
}

#[test]
fn a_tampered_tool_cache_is_noticed_and_not_used() {
    let job = Job::new();
    let cached = job.path("tools").join(format!("husako-ci/{OWN}/x64/husako-ci-{OWN}-{LINUX}.tar.gz"));
    fs::create_dir_all(cached.parent().unwrap()).unwrap();
    fs::write(&cached, archive(&[Member::File("husako-ci", &program("tampered"))])).unwrap();
    let outcome = job.run();
    assert_eq!(outcome.ran().program, "released");
    assert!(outcome.remarks[0].contains("the tool cache's husako-ci"), "{outcome:#?}");
    assert_eq!(
        fs::read(&cached).unwrap(),
        fs::read(job.releases.path(OWN, LINUX)).unwrap(),
        "it is replaced"
    );
}

#[test]
fn a_tool_cache_that_cannot_be_written_to_is_no_failure() {
    let job = Job::new();
    fs::write(job.path("tools/husako-ci"), "a file where a folder should be").unwrap();
    assert_eq!(job.run().ran().program, "released");
    // And some runners have none.
    assert_eq!(Job::new().set("RUNNER_TOOL_CACHE", "").run().ran().program, "released");
}

#[test]
fn a_mirror_is_asked_for_the_archive_and_may_recover() {
    let mut job = Job::new();
    let bytes = fs::read(job.releases.path(OWN, LINUX)).unwrap();
    let server = Server::start(vec![Answer::status("503 Service Unavailable"), Answer::ok(&bytes)]);
    job.input("download-url", &format!("http://{}/mirror/", server.address));
    assert_eq!(job.run().ran().program, "released");
    let request = format!("GET /mirror/v{OWN}/husako-ci-{OWN}-{LINUX}.tar.gz HTTP/1.1");
    assert_eq!(server.requests(), [request.clone(), request]);
}

#[test]
fn what_a_mirror_lacks_or_cuts_short_is_told_without_its_password() {
    let half = Answer { head: "200 OK\r\nContent-Length: 1000000".to_owned(), body: b"half".to_vec() };
    for (answer, told) in [(Answer::status("404 Not Found"), "error: 404"), (half, "bytes remaining")] {
        let mut job = Job::new();
        let server = Server::start(vec![answer]);
        job.input("download-url", &format!("http://user:password@{}", server.address));
        let outcome = job.run();
        outcome.refused(1, &["could not get http://127.0.0.1"]);
        assert!(outcome.log.contains(told) && !outcome.log.contains("password"), "{}", outcome.log);
    }
}

#[test]
fn a_mirror_leads_to_no_other_protocol() {
    let mut job = Job::new();
    let to = job.path("mirror/secret");
    let head = format!("302 Found\r\nContent-Length: 0\r\nLocation: file://{}", to.display());
    let server = Server::start(vec![Answer { head, body: Vec::new() }]);
    job.input("download-url", &format!("http://{}", server.address)).run().refused(1, &["could not get"]);
    for url in ["ftp://127.0.0.1", "scp://127.0.0.1", "HTTPS://127.0.0.1"] {
        Job::new().input("download-url", url).run().refused(2, &["must begin with https://"]);
    }
}

#[test]
fn a_mirror_may_be_a_file_address_or_a_folder_with_an_odd_name() {
    let mut job = Job::new();
    let url = format!("file://{}", job.path("mirror").display());
    job.input("download-url", &url).run().ran();

    let mut job = Job::new();
    let odd = job.path("workspace").join("-a $(touch pwned) 'b' \"c\"\n::error::forged");
    fs::rename(job.path("mirror"), &odd).unwrap();
    let name = odd.file_name().unwrap().to_str().unwrap();
    job.input("download-url", name).input("checksums-file", &format!("{name}/sums.txt"));
    assert_eq!(job.run().ran().program, "released");
    assert!(!job.is_pwned());
}

#[test]
fn a_binary_that_is_there_needs_no_download() {
    for name in
        ["husako-ci", "my tools/-husako $(touch pwned) `touch pwned` \"ci\"'", "-husako", "a\nb=c", "é"]
    {
        let mut job = Job::new();
        job.script(name, &program("mine"));
        job.input("binary", name).input("working-directory", "..").input("download-url", "/nowhere");
        assert_eq!(job.run().ran().program, "mine", "{name}");
        assert!(!job.is_pwned());
    }
    let mut job = Job::new();
    job.script("tools/husako-ci", &program("mine"));
    job.input("binary", &job.path("workspace/tools/husako-ci").to_string_lossy());
    assert_eq!(job.run().ran().program, "mine");
}

#[test]
fn the_binary_of_the_environment_comes_after_that_of_the_input() {
    for (input, expected) in [("", "theirs"), ("ours", "ours")] {
        let mut job = Job::new();
        job.script("theirs", &program("theirs"));
        job.script("ours", &program("ours"));
        job.set("HUSAKO_CI_BIN", "theirs").input("binary", input);
        assert_eq!(job.run().ran().program, expected);
    }
}

#[test]
fn a_binary_may_be_a_program_in_the_path() {
    let mut job = Job::new();
    job.script("bin/husako-ci-of-ours", &program("found"));
    let path = format!("{}:{}", job.path("workspace/bin").display(), std::env::var("PATH").unwrap());
    job.set("PATH", &path).input("binary", "husako-ci-of-ours");
    assert_eq!(job.run().ran().program, "found");
}

#[test]
fn a_binary_that_is_none_is_refused() {
    // A builtin of the shell is no program, nor is a folder.
    for name in ["nowhere/husako-ci", "alias", "folder", "x\n::error::forged%0A", "$(touch pwned)"] {
        let mut job = Job::new();
        fs::create_dir(job.path("workspace/folder")).unwrap();
        job.input("binary", name).run().refused(2, &["the input 'binary' names", name, "neither a file"]);
        assert!(!job.is_pwned());
    }
    let mut job = Job::new();
    fs::write(job.path("workspace/husako-ci"), program("mine")).unwrap();
    job.set("HUSAKO_CI_BIN", "husako-ci").run().refused(2, &["HUSAKO_CI_BIN names", "chmod +x"]);
}
