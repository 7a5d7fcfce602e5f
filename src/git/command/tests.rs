use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::sync::mpsc;

use super::*;

#[test]
fn what_git_said_holds_no_password() {
    assert_eq!(
        last_lines("hint: x\n\nfatal: unable to access 'https://me:s3cr@t@git.example/x.git/': 403\n"),
        "unable to access 'https://git.example/x.git/': 403"
    );
    assert_eq!(last_lines("1\n2\n3\n4\n5\nerror: 6\n"), "2; 3; 4; 5; 6");
    assert_eq!(last_lines(""), "");
}

#[test]
fn a_credential_is_not_shown() {
    let credential = credential("https://github.com/");
    assert!(!format!("{credential:?}").contains("s3cret"));
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path().to_owned()).with_credential(&credential).unwrap();
    let header = program.header.as_ref().unwrap();
    assert_eq!(header.key, "http.https://github.com/.extraheader");
    assert_eq!(header.value, "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46czNjcmV0");
    let shown = format!("{program:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("eC1hY2Nlc3M"), "{shown}");
    // Not even when git tells everything.
    let error = program.text(&["-c", "alias.x=!echo >&2 s3cret $HUSAKO_CI_GIT_HEADER; exit 1", "x"]);
    let Err(GitError::Refused { said, .. }) = error else { panic!("{error:?}") };
    assert_eq!(said, "*** AUTHORIZATION: basic ***");
}

fn credential(server_url: &str) -> Credential {
    Credential { server_url: server_url.to_owned(), token: "s3cret".to_owned() }
}

/// An HTTP server that lets nobody in. Returns its port, and the `authorization` of each request.
fn server() -> (u16, mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let headers = lines.take_while(|line| !line.is_empty());
            let is_ours = |line: &String| line.to_lowercase().starts_with("authorization:");
            let _ = sender.send(headers.filter(is_ours).collect());
            let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
                          Content-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (port, requests)
}

#[test]
fn a_credential_is_for_its_server_and_never_beside_another() {
    let (port, requests) = server();
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path().to_owned());
    program.text(&["init", "--quiet"]).unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let asked = |program: &Program, url: &str| {
        let error = program.text(&["ls-remote", &format!("{url}/x.git")]).unwrap_err().to_string();
        assert!(error.contains("terminal prompts disabled"), "nobody is asked: {error}");
        requests.recv().unwrap()
    };
    let with = program.clone().with_credential(&credential(&url)).unwrap();
    assert_eq!(asked(&with, &url), ["AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46czNjcmV0"]);
    while requests.try_recv().is_ok() {}
    assert_eq!(asked(&with, &format!("http://localhost:{port}")), Vec::<String>::new());
    while requests.try_recv().is_ok() {}
    program.text(&["config", &format!("http.{url}/.extraheader"), "AUTHORIZATION: basic theirs"]).unwrap();
    let with = program.with_credential(&credential(&url)).unwrap();
    assert_eq!(asked(&with, &url), ["AUTHORIZATION: basic theirs"]);
}

#[test]
#[cfg(unix)]
fn a_server_that_never_answers_is_left() {
    // Connections are made by the system; nobody takes them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.git", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path().to_owned()).with_deadline(Duration::from_millis(300));
    let error = program.text(&["ls-remote", &url]).unwrap_err();
    assert_eq!(error.to_string(), "`git ls-remote` was ended, for it took more than 300ms");
    // What git had started is gone as well: the connection is closed from its side.
    let (mut connection, _) = listener.accept().unwrap();
    connection.read_to_end(&mut Vec::new()).unwrap();
}
