use super::server::Fault;
use super::*;

const COMMENTS: &str = "/issues/12/comments";
const LIMITED: &str = r#"{"message":"You have exceeded a secondary rate limit."}"#;

/// The ways in which it is not clear whether a request had an effect.
fn unclear() -> [Fault; 5] {
    [
        Fault::Answer(502, &[], "<html>Bad Gateway</html>"),
        Fault::Answer(200, &[], "{}"),
        Fault::Half,
        Fault::Close,
        Fault::Hang,
    ]
}

/// A client that gives up soon, for servers that hang. Nothing that answers takes nearly as long.
fn impatient(server: &Server, clock: &Arc<StoppedClock>) -> Client {
    let settings = Settings { timeout: Duration::from_millis(1500), ..settings(clock) };
    Client::new(&server.url, &GithubToken::new(TOKEN).unwrap(), settings).unwrap()
}

async fn failed(server: &Server, clock: &Arc<StoppedClock>) -> GithubError {
    let error = post(&client(server, clock), &comment(5, "new"), &UPDATE).await.unwrap_err();
    for text in [error.to_string(), format!("{error:?}"), format!("{:?}", error.diagnostic())] {
        assert!(!text.contains("secret"), "{text}");
    }
    error
}

#[tokio::test]
async fn reads_and_updates_are_repeated() {
    for fault in unclear() {
        let server = Server::start();
        server.world().add("github-actions[bot]", "Bot", &comment(1, "x").header.body("x"));
        let clock = Arc::default();
        server.fail("GET", COMMENTS, fault.clone());
        server.fail_afterwards("PATCH", "", fault.clone());
        let posted = post(&impatient(&server, &clock), &comment(2, "b"), &UPDATE).await;
        assert_eq!(posted.unwrap().outcome, Outcome::Updated { url: page(1000) }, "{fault:?}");
        let world = server.world();
        assert_eq!((world.count("GET"), world.count("PATCH"), world.count("POST")), (2, 2, 0));
        assert_eq!(world.comments.len(), 1);
        assert_eq!(clock.slept().len(), 2);
    }
}

#[tokio::test]
async fn a_comment_is_created_once_whatever_happens() {
    for fault in unclear() {
        for happens in [true, false] {
            let server = Server::start();
            if happens {
                server.fail_afterwards("POST", COMMENTS, fault.clone());
            } else if matches!(fault, Fault::Half) {
                // Half an answer comes from a server that has done its work.
                continue;
            } else {
                server.fail("POST", COMMENTS, fault.clone());
            }
            let posted = post(&impatient(&server, &Arc::default()), &comment(1, "a"), &UPDATE).await;
            assert_eq!(posted.unwrap().outcome, Outcome::Created { url: page(1000) }, "{fault:?}, {happens}");
            let world = server.world();
            assert_eq!(world.comments.len(), 1, "{fault:?}, {happens}");
            assert_eq!(world.count("POST"), if happens { 1 } else { 2 }, "{fault:?}, {happens}");
        }
    }
}

#[tokio::test]
async fn what_the_run_wrote_before_is_not_taken_for_the_new_one() {
    let server = Server::start();
    posted(&server, &comment(1, "a"), &RECREATE).await;
    server.fail("POST", COMMENTS, Fault::Answer(502, &[], ""));
    assert_eq!(posted(&server, &comment(1, "b"), &RECREATE).await, Outcome::Created { url: page(1001) });
}

#[tokio::test]
async fn attempts_and_pauses_are_bounded() {
    for (method, path) in [("GET", COMMENTS), ("PATCH", ""), ("POST", COMMENTS)] {
        let server = Server::start();
        if method == "PATCH" {
            server.world().add("github-actions[bot]", "Bot", &comment(1, "x").header.body("x"));
        }
        for _ in 0..9 {
            server.fail(method, path, Fault::Answer(503, &[], ""));
        }
        let clock = Arc::default();
        let error = failed(&server, &clock).await;
        let Kind::Unreachable { attempts: 4, reason } = &error.kind else { panic!("{error}") };
        assert_eq!(reason, "503 Service Unavailable");
        assert_eq!(server.world().count(method), 4);
        let slept = clock.slept();
        assert!(slept.len() == 3 && slept.iter().sum::<Duration>() <= Duration::from_secs(7), "{slept:?}");
    }
}

#[tokio::test]
async fn servers_say_how_long_to_wait() {
    for (fault, seconds) in [
        (Fault::Answer(429, &[("retry-after", "7")], LIMITED), 7),
        (Fault::Answer(403, &[("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT")], LIMITED), 9),
        (
            Fault::Answer(
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1767225619")],
                r#"{"message":"API rate limit exceeded"}"#,
            ),
            20,
        ),
        (Fault::Answer(403, &[], LIMITED), 60),
        (Fault::Answer(503, &[("retry-after", "30")], ""), 30),
    ] {
        for method in ["GET", "POST"] {
            let server = Server::start();
            server.fail(method, COMMENTS, fault.clone());
            let clock = Arc::default();
            let posted = post(&client(&server, &clock), &comment(1, "a"), &UPDATE).await;
            assert_eq!(posted.unwrap().outcome, Outcome::Created { url: page(1000) }, "{fault:?}");
            assert_eq!(clock.slept(), [Duration::from_secs(seconds)], "{fault:?}");
            assert_eq!(server.world().comments.len(), 1);
        }
    }
}

#[tokio::test]
async fn what_takes_too_long_is_not_waited_for() {
    let server = Server::start();
    server.fail("GET", COMMENTS, Fault::Answer(429, &[("retry-after", "61")], LIMITED));
    let clock = Arc::default();
    let error = failed(&server, &clock).await;
    assert_eq!(
        error.to_string(),
        "listing the comments of acme/infra#12: too many requests were sent with this token: You have exceeded a \
         secondary rate limit. (429 Too Many Requests) (run the job again after Thu, 01 Jan 2026 00:01:01 GMT)"
    );
    assert_eq!(clock.slept(), []);
    // Neither are several that together are.
    let server = Server::start();
    for _ in 0..2 {
        server.fail("GET", COMMENTS, Fault::Answer(429, &[("retry-after", "31")], LIMITED));
    }
    assert!(matches!(failed(&server, &clock).await.kind, Kind::RateLimited { .. }));
    assert_eq!(clock.slept(), [Duration::from_secs(31)]);
}

#[tokio::test]
async fn errors_say_what_to_do() {
    for (fault, expected, advice) in [
        (
            Fault::Answer(401, &[], r#"{"message":"Bad credentials"}"#),
            "GitHub does not know the token: Bad credentials (401 Unauthorized)",
            "set `GITHUB_TOKEN` to a token that is valid now",
        ),
        (
            Fault::Answer(403, &[], r#"{"message":"Resource not accessible by integration"}"#),
            "the token may not do this: Resource not accessible by integration (403 Forbidden)",
            "give the job `permissions: pull-requests: write`; a run for a fork",
        ),
        (
            Fault::Answer(404, &[], r#"{"message":"Not Found"}"#),
            "GitHub has no such thing, or hides it from the token: Not Found (404 Not Found)",
            "check the repository and the number",
        ),
        (
            Fault::Answer(403, &[], r#"{"message":"Unable to create comment because issue is locked."}"#),
            "the conversation is locked: Unable to create comment because issue is locked. (403 Forbidden)",
            "unlock the conversation",
        ),
        (
            Fault::Answer(
                422,
                &[],
                r#"{"message":"Validation Failed","errors":[{"field":"body","code":"custom","message":"body is too long (maximum is 65536 characters)"}]}"#,
            ),
            "the comment is too long: Validation Failed (422 Unprocessable Entity); body is too long (maximum is 65536",
            "make the comment shorter",
        ),
        (
            Fault::Answer(
                422,
                &[],
                r#"{"message":"Validation Failed","errors":[{"field":"body","code":"missing"},"ghs_0123456789secret\n"]}"#,
            ),
            "GitHub refused: Validation Failed (422 Unprocessable Entity); body missing; *** (",
            "please report it",
        ),
        (
            Fault::Answer(418, &[], "not JSON"),
            "GitHub answered what was not expected: 418 I'm a teapot",
            "report",
        ),
    ] {
        let server = Server::start();
        server.fail("POST", COMMENTS, fault);
        let clock = Arc::default();
        let text = failed(&server, &clock).await.to_string();
        assert!(text.starts_with(&format!("writing a comment on acme/infra#12: {expected}")), "{text}");
        assert!(text.contains(advice), "{text}");
        // None of these gets better by waiting.
        assert_eq!((server.world().count("POST"), clock.slept().len()), (1, 0), "{text}");
    }
    let text = GithubError::no_token("commenting").to_string();
    assert!(text.contains("set `GITHUB_TOKEN: ${{ github.token }}` in the step's `env`"), "{text}");
}

#[tokio::test]
async fn answers_are_bounded() {
    let server = Server::start();
    server.fail("GET", COMMENTS, Fault::Endless);
    let error = failed(&server, &Arc::default()).await;
    assert_eq!(error.kind, Kind::Unexpected { reason: "an answer of more than 64 MiB".to_owned() });
    // Nor does it read on for ever: each page is full.
    let server = Server::start();
    {
        let mut world = server.world();
        for _ in 0..250 {
            world.add("someone", "User", "x");
        }
        world.links = false;
    }
    posted(&server, &comment(1, "a"), &UPDATE).await;
    assert_eq!(server.world().count("GET"), 3);
}

#[tokio::test]
async fn the_token_goes_to_its_own_server_only() {
    let (server, other) = (Server::start(), Server::start());
    let location: &'static str = Box::leak(other.url.clone().into_boxed_str());
    let headers: &'static [_] = Box::leak(Box::new([("location", location)]));
    server.fail("GET", COMMENTS, Fault::Answer(302, headers, ""));
    let error = failed(&server, &Arc::default()).await;
    assert_eq!(error.kind, Kind::Unexpected { reason: "302 Found".to_owned() });
    assert_eq!(other.world().seen, []);
    let token = GithubToken::new(TOKEN).unwrap();
    assert_eq!(format!("{token:?}"), "GithubToken(***)");
}

#[test]
fn tokens_come_from_two_variables() {
    let read = |variables: &[(&str, &str)]| {
        let find = |name: &str| Some(variables.iter().find(|(key, _)| *key == name)?.1.to_owned());
        GithubToken::read(find)
    };
    assert_eq!(read(&[]), None);
    assert_eq!(read(&[("GITHUB_TOKEN", " "), ("GH_TOKEN", "b\n")]), GithubToken::new("b"));
    assert_eq!(read(&[("GITHUB_TOKEN", "a"), ("GH_TOKEN", "b")]), GithubToken::new("a"));
}

#[tokio::test]
async fn a_proxy_is_used_unless_it_is_not_to_be() {
    let proxy = Server::start();
    let with = |address: String, except: &str| {
        let except = except.to_owned();
        let proxy = Proxy::read(|name| match name {
            "ALL_PROXY" => Some(address.clone()),
            "no_proxy" => Some(except.clone()),
            _ => None,
        });
        Settings { proxy, ..settings(&Arc::default()) }
    };
    let token = GithubToken::new(TOKEN).unwrap();
    let address = proxy.url.replace("http://", "http://me:pass@");
    let client = Client::new("http://api.example:80", &token, with(address, "")).unwrap();
    post(&client, &comment(1, "a"), &UPDATE).await.unwrap();
    assert_eq!(proxy.world().comments.len(), 1);
    let seen = proxy.world().seen[0].clone();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("CONNECT", "api.example:80"));
    assert_eq!(seen.body, "Basic bWU6cGFzcw==");

    let direct = Server::start();
    let client = Client::new(&direct.url, &token, with(proxy.url.clone(), "127.0.0.1")).unwrap();
    post(&client, &comment(1, "a"), &UPDATE).await.unwrap();
    assert_eq!(direct.world().comments.len(), 1);

    let error = Client::new("http://api.example", &token, with("socks5://me:pass@p.example".to_owned(), ""));
    let text = error.err().unwrap().to_string();
    assert!(text.contains("the proxy p.example is not an `http://` one") && !text.contains("pass"), "{text}");
}

#[tokio::test]
async fn an_address_that_is_none_is_told() {
    for address in ["", "api.github.com", "ftp://api.github.com", "https://me@api.github.com", "https://a/?b"]
    {
        let error =
            Client::new(address, &GithubToken::new(TOKEN).unwrap(), Settings::default()).err().unwrap();
        assert!(error.to_string().contains("`GITHUB_API_URL` is not the address of an API"), "{error}");
    }
}
