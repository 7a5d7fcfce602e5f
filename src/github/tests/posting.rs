use super::*;

#[tokio::test]
async fn many_pushes_make_one_comment() {
    let server = Server::start();
    let spoofed = comment(99, "spoofed").header.body("spoofed");
    {
        let mut world = server.world();
        for index in 0..300 {
            let body = if index % 7 == 0 { spoofed.as_str() } else { "looks good" };
            world.add(if index % 2 == 0 { "someone" } else { "other[bot]" }, "User", body);
        }
    }
    for push in 1..=25 {
        let outcome = posted(&server, &comment(push, &format!("push {push}")), &UPDATE).await;
        let url = page(1300);
        assert_eq!(outcome, if push == 1 { Outcome::Created { url } } else { Outcome::Updated { url } });
    }
    let world = server.world();
    assert_eq!(world.comments.len(), 301);
    assert_eq!(world.comments[300].body, comment(25, "").header.body("push 25"));
    assert_eq!((world.count("POST"), world.count("PATCH")), (1, 24));
    assert!(world.comments[..300].iter().all(|other| other.edits == 0));
}

#[tokio::test]
async fn what_says_it_already_is_not_touched() {
    let server = Server::start();
    server.world().normalizes = true;
    let url = page(1000);
    let content = "| a | b |\n|---|---|\n\ntext  \n\n";
    assert_eq!(posted(&server, &comment(1, content), &UPDATE).await, Outcome::Created { url: url.clone() });
    // The job again.
    let mut again = comment(1, content);
    again.header.run.attempt = 2;
    for options in [&UPDATE, &RECREATE, &ONLY_UPDATE] {
        assert_eq!(posted(&server, &again, options).await, Outcome::Unchanged { url: url.clone() });
    }
    assert_eq!(server.world().count("PATCH"), 0);
    // The same of a newer commit: the marker has to say so, or an older run could overwrite it.
    for (run, options) in [(2, &UPDATE), (3, &RECREATE)] {
        assert_eq!(
            posted(&server, &comment(run, content), options).await,
            Outcome::Updated { url: url.clone() }
        );
    }
    assert_eq!(posted(&server, &comment(2, "late"), &UPDATE).await, Outcome::Outdated { url });
    assert_eq!(server.world().comments.len(), 1);
}

#[tokio::test]
async fn an_older_run_leaves_a_later_ones_comment_alone() {
    let server = Server::start();
    let mut second = comment(7, "second attempt");
    second.header.run.attempt = 2;
    posted(&server, &second, &UPDATE).await;
    for older in [comment(6, "x"), comment(7, "x")] {
        for options in [&UPDATE, &RECREATE] {
            assert_eq!(posted(&server, &older, options).await, Outcome::Outdated { url: page(1000) });
        }
    }
    assert_eq!(server.world().comments[0].body, second.header.body("second attempt"));
    assert!(matches!(posted(&server, &comment(8, "x"), &UPDATE).await, Outcome::Updated { .. }));
}

#[tokio::test]
async fn nothing_new_writes_none_where_there_was_none() {
    let server = Server::start();
    assert_eq!(posted(&server, &comment(1, "no change"), &ONLY_UPDATE).await, Outcome::Absent);
    posted(&server, &comment(1, "changes"), &UPDATE).await;
    assert_eq!(
        posted(&server, &comment(2, "no change"), &ONLY_UPDATE).await,
        Outcome::Updated { url: page(1000) }
    );
    server.fail("PATCH", "", NOT_FOUND);
    assert_eq!(posted(&server, &comment(3, "changes"), &ONLY_UPDATE).await, Outcome::Absent);
    assert_eq!(server.world().count("POST"), 1);
}

const NOT_FOUND: server::Fault = server::Fault::Answer(404, &[], r#"{"message":"Not Found"}"#);

#[tokio::test]
async fn a_deleted_comment_is_written_again() {
    let server = Server::start();
    posted(&server, &comment(1, "a"), &UPDATE).await;
    server.world().comments.clear();
    assert_eq!(posted(&server, &comment(2, "b"), &UPDATE).await, Outcome::Created { url: page(1000) });
    // Deleted after it was seen.
    server.fail("PATCH", "", NOT_FOUND);
    assert_eq!(posted(&server, &comment(3, "c"), &UPDATE).await, Outcome::Created { url: page(1001) });
}

#[tokio::test]
async fn only_our_own_comments_with_our_key_count() {
    let server = Server::start();
    let ours = comment(1, "x").header;
    let of_key = |projects: &str, label: Option<&str>| {
        let key = Key::new([projects.to_owned()], label.map(str::to_owned));
        Header { key, ..ours.clone() }.body("x")
    };
    {
        let mut world = server.world();
        world.add("mallory", "User", &ours.body("x"));
        // A person's account may have such a name on a server of one's own.
        world.add("github-actions", "User", &ours.body("x"));
        world.add("github-actions[bot]", "Bot", &format!("> {}", ours.body("x")));
        world.add("github-actions[bot]", "Bot", &of_key("apps", Some("prod")));
        world.add("github-actions[bot]", "Bot", &of_key(".", Some("dev")));
        world.add("github-actions[bot]", "Bot", &of_key(".", None));
        world.add("github-actions[bot]", "Bot", "");
    }
    assert_eq!(posted(&server, &comment(2, "a"), &UPDATE).await, Outcome::Created { url: page(1007) });
    // Of several, the oldest.
    server.world().add("github-actions[bot]", "Bot", &ours.body("x"));
    assert_eq!(posted(&server, &comment(3, "b"), &UPDATE).await, Outcome::Updated { url: page(1007) });
    assert!(server.world().comments.iter().all(|comment| comment.id == 1007 || comment.edits == 0));
}

fn with_token(server: &Server, token: &str) -> Client {
    Client::new(&server.url, &GithubToken::new(token).unwrap(), settings(&Arc::default())).unwrap()
}

#[tokio::test]
async fn the_author_is_who_the_token_belongs_to() {
    // A person's token.
    let server = Server::start();
    server.world().me = ("Alice", "User");
    server.world().add("github-actions[bot]", "Bot", &comment(1, "x").header.body("x"));
    for run in 2..4 {
        post(&with_token(&server, "ghp_x"), &comment(run, &run.to_string()), &UPDATE).await.unwrap();
    }
    {
        let world = server.world();
        assert_eq!((world.count("POST"), world.count("PATCH"), world.comments[0].edits), (1, 1, 0));
    }

    // One that is no user's, and does not look like an app's.
    for status in [403, 404] {
        let server = Server::start();
        server.world().user_status = status;
        for run in 2..4 {
            post(&with_token(&server, "v1.x"), &comment(run, &run.to_string()), &UPDATE).await.unwrap();
        }
        assert_eq!(server.world().comments.len(), 1);
    }

    // A job's own: nothing has to be asked.
    let server = Server::start();
    posted(&server, &comment(1, "a"), &UPDATE).await;
    assert!(server.world().seen.iter().all(|seen| seen.path.contains("/comments")));

    // One that was named.
    let server = Server::start();
    server.world().me = ("acme-ci", "User");
    let named = PostOptions { author: Some("ACME-ci".to_owned()), ..UPDATE };
    for run in 1..3 {
        posted(&server, &comment(run, &run.to_string()), &named).await;
    }
    assert_eq!(server.world().comments.len(), 1);
    assert_eq!(server.world().count("GET"), 2);
}

#[tokio::test]
async fn another_app_asks_who_it_is_only_where_it_matters() {
    let server = Server::start();
    server.world().me = ("acme-bot[bot]", "Bot");
    server.world().add("mallory", "User", &comment(9, "x").header.body("x"));
    assert_eq!(posted(&server, &comment(1, "a"), &UPDATE).await, Outcome::Created { url: page(1001) });
    assert_eq!(server.world().seen.iter().filter(|seen| seen.path == "/graphql").count(), 0);
    assert_eq!(posted(&server, &comment(2, "b"), &UPDATE).await, Outcome::Updated { url: page(1001) });
    assert_eq!(server.world().seen.iter().filter(|seen| seen.path == "/graphql").count(), 1);
    // If GitHub does not tell, comments of other bots stay alone.
    let refused = server::Fault::Answer(200, &[], r#"{"data":null,"errors":[{"message":"no"}]}"#);
    server.fail("POST", "/graphql", refused);
    assert_eq!(posted(&server, &comment(3, "c"), &UPDATE).await, Outcome::Created { url: page(1002) });
}

#[tokio::test]
async fn earlier_comments_are_minimized_when_asked() {
    let server = Server::start();
    for push in 1..=3 {
        let outcome = posted(&server, &comment(push, &format!("push {push}")), &RECREATE).await;
        assert_eq!(outcome, Outcome::Created { url: page(999 + push) });
    }
    let minimized: Vec<bool> = server.world().comments.iter().map(|comment| comment.minimized).collect();
    assert_eq!(minimized, [true, true, false]);

    server.fail("POST", "/graphql", server::Fault::Answer(200, &[], r#"{"errors":[{"message":"may not"}]}"#));
    let posted = post(&client(&server, &Arc::default()), &comment(4, "d"), &RECREATE).await.unwrap();
    assert_eq!(posted.outcome, Outcome::Created { url: page(1003) });
    let [warning] = posted.warnings.as_slice() else { panic!("{:?}", posted.warnings) };
    assert_eq!(warning.severity, crate::diagnostic::Severity::Warning);
    assert_eq!(warning.message, "minimizing an earlier comment on acme/infra#12: GitHub refused: may not");
    assert!(!server.world().comments[2].minimized);
}
