//! A server on the loopback that does with comments what GitHub does, checks what it is sent, and fails on demand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};

pub const TOKEN: &str = "ghs_0123456789secret";

/// How a request goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An answer with this status, these headers, and this body.
    Answer(u16, &'static [(&'static str, &'static str)], &'static str),
    /// No answer until the client gives up.
    Hang,
    /// The connection ends instead of an answer.
    Close,
    /// The connection ends in the middle of the right answer.
    Half,
    /// An answer that does not end.
    Endless,
}

struct Planned {
    method: &'static str,
    /// A part of the path.
    path: &'static str,
    /// Whether what was asked for happens all the same.
    happens: bool,
    fault: Fault,
}

#[derive(Clone, Debug)]
pub struct Stored {
    pub id: u64,
    pub login: String,
    pub kind: &'static str,
    pub body: String,
    pub minimized: bool,
    /// How often it was changed.
    pub edits: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub method: String,
    /// With the query.
    pub path: String,
    pub body: Value,
}

/// What the server knows.
pub struct World {
    /// The account of the token, and its type.
    pub me: (&'static str, &'static str),
    /// What `GET /user` is answered with when the token is not a user's.
    pub user_status: u16,
    pub comments: Vec<Stored>,
    pub pulls: Vec<Value>,
    /// Whether pages say that others follow.
    pub links: bool,
    /// Whether line ends come back as `\r\n`, and bodies without white space at their end.
    pub normalizes: bool,
    planned: Vec<Planned>,
    pub seen: Vec<Seen>,
    /// What GitHub would not have accepted.
    pub violations: Vec<String>,
}

impl World {
    pub fn add(&mut self, login: &str, kind: &'static str, body: &str) -> u64 {
        let id = 1000 + self.comments.len() as u64;
        let login = login.to_owned();
        self.comments.push(Stored { id, login, kind, body: body.to_owned(), minimized: false, edits: 0 });
        id
    }

    pub fn count(&self, method: &str) -> usize {
        self.seen.iter().filter(|seen| seen.method == method).count()
    }
}

#[derive(Clone)]
pub struct Server {
    pub url: String,
    world: Arc<Mutex<World>>,
}

impl Server {
    pub fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            url: format!("http://{}", listener.local_addr().unwrap()),
            world: Arc::new(Mutex::new(World {
                me: ("github-actions[bot]", "Bot"),
                user_status: 403,
                comments: Vec::new(),
                pulls: Vec::new(),
                links: true,
                normalizes: false,
                planned: Vec::new(),
                seen: Vec::new(),
                violations: Vec::new(),
            })),
        };
        let accepting = server.clone();
        // Ends with the test's process; it waits for nothing else.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = accepting.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        server
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Lets the next such request fail; a planned fault is used once, in the order of planning.
    pub fn fail(&self, method: &'static str, path: &'static str, fault: Fault) {
        self.world().planned.push(Planned { method, path, happens: false, fault });
    }

    /// The same, but what was asked for happens.
    pub fn fail_afterwards(&self, method: &'static str, path: &'static str, fault: Fault) {
        self.world().planned.push(Planned { method, path, happens: true, fault });
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((method, target, headers, body)) = read_request(&mut reader) {
            if method == "CONNECT" {
                self.world().seen.push(Seen {
                    method,
                    path: target,
                    body: json!(headers.get("proxy-authorization")),
                });
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                continue;
            }
            let (answer, fault) = self.answer(&method, &target, &headers, &body);
            let answer = match fault {
                None => answer,
                Some(Fault::Answer(status, headers, body)) => whole(status, headers, body),
                Some(Fault::Half) => {
                    let half = answer.len() - 20;
                    let _ = stream.write_all(&answer.as_bytes()[..half]);
                    return;
                }
                Some(Fault::Close) => return,
                Some(Fault::Hang) => {
                    // Until the other side closes.
                    let _ = reader.read(&mut [0]);
                    return;
                }
                Some(Fault::Endless) => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n");
                    let blanks = vec![b' '; 1 << 20];
                    while stream.write_all(&blanks).is_ok() {}
                    return;
                }
            };
            let _ = stream.write_all(answer.as_bytes());
            return;
        }
    }

    fn answer(
        &self,
        method: &str,
        target: &str,
        headers: &BTreeMap<String, String>,
        body: &[u8],
    ) -> (String, Option<Fault>) {
        let mut world = self.world();
        let parsed = serde_json::from_slice(body).unwrap_or(Value::Null);
        let seen = Seen { method: method.to_owned(), path: target.to_owned(), body: parsed.clone() };
        world.seen.push(seen);
        for (name, expected) in [
            ("authorization", format!("Bearer {TOKEN}")),
            ("accept", "application/vnd.github+json".to_owned()),
            ("x-github-api-version", "2022-11-28".to_owned()),
        ] {
            if headers.get(name) != Some(&expected) {
                let violation = format!("{method} {target}: {name} is {:?}", headers.get(name));
                world.violations.push(violation);
            }
        }
        if !headers.contains_key("user-agent") || (method != "GET" && !parsed.is_object()) {
            world.violations.push(format!("{method} {target}: no user agent, or no body"));
        }
        let planned = world
            .planned
            .iter()
            .position(|planned| planned.method == method && target.contains(planned.path))
            .map(|index| world.planned.remove(index));
        if let Some(Planned { happens: false, fault, .. }) = &planned
            && !matches!(fault, Fault::Half)
        {
            return (String::new(), Some(fault.clone()));
        }
        let answer = self.act(&mut world, method, target, &parsed);
        (answer, planned.map(|planned| planned.fault))
    }

    fn act(&self, world: &mut World, method: &str, target: &str, body: &Value) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let json = |status, value: &Value| whole(status, &[], &value.to_string());
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let shown = |comment: &Stored, normalizes: bool| {
            let body =
                if normalizes { comment.body.trim_end().replace('\n', "\r\n") } else { comment.body.clone() };
            json!({
                "id": comment.id, "node_id": format!("IC_{}", comment.id), "body": body,
                "html_url": format!("https://pages.example/c{}", comment.id),
                "user": {"login": comment.login, "type": comment.kind},
                "minimized": if comment.minimized { json!({"reason": "outdated"}) } else { Value::Null },
            })
        };
        match (method, parts.as_slice()) {
            ("GET", ["user"]) if world.me.1 == "User" => json(200, &json!({ "login": world.me.0 })),
            ("GET", ["user"]) => {
                json(world.user_status, &json!({"message": "Resource not accessible by integration"}))
            }
            ("GET", ["repos", "acme", "infra", "issues", "12", "comments"]) => {
                let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
                let (per_page, page) = (number("per_page").unwrap_or(30), number("page").unwrap_or(1));
                let from = (page - 1) * per_page;
                let comments: Vec<Value> = world
                    .comments
                    .iter()
                    .skip(from)
                    .take(per_page)
                    .map(|comment| shown(comment, world.normalizes))
                    .collect();
                let mut answer = json(200, &Value::from(comments));
                if world.links && from + per_page < world.comments.len() {
                    // Where it leads to must not matter.
                    let link =
                        "link: <https://evil.example/?page=9>; rel=\"next\", <x>; rel=\"last\"\r\n\r\n";
                    answer = answer.replacen("\r\n\r\n", &format!("\r\n{link}"), 1);
                }
                answer
            }
            ("POST", ["repos", "acme", "infra", "issues", "12", "comments"]) => {
                let me = world.me;
                let id = world.add(me.0, me.1, body["body"].as_str().unwrap());
                let comment = shown(world.comments.last().unwrap(), world.normalizes);
                assert_eq!(comment["id"], id);
                json(201, &comment)
            }
            ("PATCH", ["repos", "acme", "infra", "issues", "comments", id]) => {
                let (me, normalizes) = (world.me.0, world.normalizes);
                let id: u64 = id.parse().unwrap();
                match world.comments.iter_mut().find(|comment| comment.id == id) {
                    Some(comment) if comment.login == me => {
                        comment.body = body["body"].as_str().unwrap().to_owned();
                        comment.edits += 1;
                        json(200, &shown(comment, normalizes))
                    }
                    Some(_) => json(403, &json!({"message": "not yours"})),
                    None => json(404, &json!({"message": "Not Found"})),
                }
            }
            ("GET", ["repos", "acme", "infra", "pulls"]) => json(200, &Value::from(world.pulls.clone())),
            ("POST", ["graphql"]) if body["query"] == "query { viewer { login } }" => {
                json(200, &json!({"data": {"viewer": {"login": world.me.0}}}))
            }
            ("POST", ["graphql"]) => {
                let id = body["variables"]["id"].as_str().unwrap().trim_start_matches("IC_").parse();
                let found = world.comments.iter_mut().find(|comment| Ok(comment.id) == id).unwrap();
                assert!(!found.minimized, "minimized twice");
                found.minimized = true;
                json(200, &json!({"data": {"minimizeComment": {"clientMutationId": null}}}))
            }
            _ => {
                world.violations.push(format!("{method} {target} is not part of the API"));
                json(500, &json!({"message": "violation"}))
            }
        }
    }
}

fn whole(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "HTTP/1.1 {status} Status\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

type Request = (String, String, BTreeMap<String, String>, Vec<u8>);

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let before = headers.insert(name.to_lowercase(), value.trim().to_owned());
        assert!(before.is_none(), "{name} twice");
    }
    let length = headers.get("content-length").map_or(0, |length: &String| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, target, headers, body))
}
