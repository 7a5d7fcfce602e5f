//! A web server on loopback that answers, and misbehaves, as a test says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is sent for a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The head of an answer, half of its body, and no more.
    Half(Vec<u8>),
    /// Nothing, until the other side gives up.
    Silence,
    /// The head of an answer, then a byte now and then, for ever.
    Drip,
}

impl Reply {
    pub fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply::Answer(200, Vec::new(), body.into())
    }

    pub fn status(status: u16) -> Reply {
        Reply::Answer(status, vec![("Retry-After", "0".to_owned())], b"try again".to_vec())
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub headers: HashMap<String, String>,
}

/// Gives the next reply.
pub type Answers = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// A server, and what it was asked.
pub struct Server {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// A server that answers each request by this.
    pub fn of(answers: impl FnMut(&Asked) -> Reply + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(answers)));
        let seen = Arc::clone(&asked);
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
                thread::spawn(move || serve(stream, &answers, &seen));
            }
        });
        Server { address, asked }
    }

    /// A server of these bodies, by their path; everything else is not there.
    pub fn files(files: &[(&str, Vec<u8>)]) -> Server {
        let files: HashMap<String, Vec<u8>> =
            files.iter().map(|(path, body)| ((*path).to_owned(), body.clone())).collect();
        Server::of(move |asked| match files.get(&asked.path) {
            Some(body) => Reply::ok(body.clone()),
            None => Reply::Answer(404, Vec::new(), b"nothing here".to_vec()),
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }
}

fn serve(mut stream: TcpStream, answers: &Mutex<Answers>, seen: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&stream) else { return };
    let reply = {
        seen.lock().unwrap().push(asked.clone());
        let mut answers = answers.lock().unwrap();
        answers(&asked)
    };
    let head = |status: u16, headers: &[(&str, String)], length: usize| {
        let mut text = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text + "\r\n"
    };
    // Who has gone does not want to know.
    match reply {
        Reply::Answer(status, headers, body) => {
            let _ = stream.write_all(head(status, &headers, body.len()).as_bytes());
            let _ = stream.write_all(&body);
        }
        Reply::Half(body) => {
            let _ = stream.write_all(head(200, &[], body.len()).as_bytes());
            let _ = stream.write_all(&body[..body.len() / 2]);
        }
        Reply::Silence => _ = std::io::copy(&mut stream, &mut std::io::sink()),
        Reply::Drip => {
            let _ = stream.write_all(head(200, &[], 1 << 20).as_bytes());
            while stream.write_all(b".").is_ok() {
                thread::park_timeout(std::time::Duration::from_millis(50));
            }
        }
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    Some(Asked { path, headers })
}
