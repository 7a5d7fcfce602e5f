//! The comment and what is asked of the API, against a server on the loopback.

mod faults;
mod openapi;
mod posting;
mod server;
mod workflow_runs;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::context::{Repository, RunId, WorkflowRun};
use super::retry::Clock;
use super::*;
use server::{Server, TOKEN};

/// A clock that is where it was put, and goes on when somebody sleeps.
#[derive(Default)]
struct StoppedClock {
    slept: Mutex<Vec<Duration>>,
}

impl StoppedClock {
    /// 2026-01-01T00:00:00Z.
    const START: u64 = 1_767_225_600;

    fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(Self::START) + self.slept().iter().sum()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.slept.lock().unwrap().push(duration);
        Box::pin(std::future::ready(()))
    }
}

fn settings(clock: &Arc<StoppedClock>) -> Settings {
    Settings {
        timeout: Duration::from_secs(20),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ..Settings::default()
    }
}

fn client(server: &Server, clock: &Arc<StoppedClock>) -> Client {
    Client::new(&server.url, &GithubToken::new(TOKEN).unwrap(), settings(clock)).unwrap()
}

fn repository() -> Repository {
    Repository::parse("acme/infra").unwrap()
}

/// What the run with this number has to say.
fn comment(run: u64, content: &str) -> Comment {
    let key = Key::new([".".to_owned()], Some("prod".to_owned()));
    let header = Header { key, head: format!("head{run}"), run: RunId { id: run, attempt: 1 } };
    Comment { repository: repository(), number: 12, header, content: content.to_owned() }
}

const UPDATE: PostOptions = PostOptions { author: None, only_update: false, mode: Mode::Update };
const RECREATE: PostOptions = PostOptions { author: None, only_update: false, mode: Mode::Recreate };
const ONLY_UPDATE: PostOptions = PostOptions { author: None, only_update: true, mode: Mode::Update };

/// Posts, and expects it to work without a warning.
async fn posted(server: &Server, comment: &Comment, options: &PostOptions) -> Outcome {
    let posted = post(&client(server, &Arc::default()), comment, options).await.unwrap();
    assert_eq!(posted.warnings, []);
    assert_eq!(server.world().violations, Vec::<String>::new());
    posted.outcome
}

fn page(id: u64) -> String {
    format!("https://pages.example/c{id}")
}
