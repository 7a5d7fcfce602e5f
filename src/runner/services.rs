//! What tests can ask of their project: what its entries render, and how resources are judged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::entry::{render, verdicts};
use super::{Planned, RunOptions, Urgency, until_now};
use crate::config::{CONFIG_FILE, Ci, Named};
use crate::diagnostic::near_miss;
use crate::engine::{
    CaseListener, ClassInstance, Job, Limits, MaxFail, Modules, NotBuilt, ProjectModules, ProjectServices,
    Rendering, Verdict,
};
use crate::event::Failure;
use crate::tree::RelPath;

/// The resources of an entry as the text of a JSON array, or why there are none.
type Outcome = Result<Arc<str>, Arc<str>>;

/// The entries that the tests of a run have asked for. Each is rendered once.
///
/// They take no permit: the test that waits for one has its own, and does nothing meanwhile.
#[derive(Debug)]
pub(super) struct Entries {
    modules: Arc<Modules>,
    limits: Limits,
    urgency: watch::Receiver<Urgency>,
    outcomes: Mutex<HashMap<RelPath, watch::Receiver<Option<Outcome>>>>,
}

impl Entries {
    /// None has been asked for yet. They are rendered with the modules and under the limits of the run.
    pub(super) fn new(options: &RunOptions, urgency: watch::Receiver<Urgency>) -> Entries {
        Entries {
            modules: Arc::clone(&options.modules),
            limits: options.limits.clone(),
            urgency,
            outcomes: Mutex::default(),
        }
    }

    /// What becomes of an entry. The first who asks starts it; it goes on when nobody waits any more.
    fn outcome(&self, path: RelPath, project: &Arc<ProjectModules>) -> watch::Receiver<Option<Outcome>> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || {
            let (tell, outcome) = watch::channel(None);
            let job = Job {
                path: path.clone(),
                source: None,
                project: Arc::clone(project),
                modules: Arc::clone(&self.modules),
                limits: self.limits.clone(),
                filter: None,
                services: None,
                max_fail: MaxFail::default(),
                on_case: CaseListener::new(|_| ()),
                is_again: false,
            };
            let urgency = self.urgency.clone();
            tokio::spawn(async move {
                let built = render(job, until_now(urgency)).await;
                let outcome = match built {
                    Ok(built) => Ok(Value::Array(built.documents).to_string().into()),
                    Err(NotBuilt { failures, .. }) => Err(reason(&failures).into()),
                };
                // Whoever asked may be gone.
                let _ = tell.send(Some(outcome));
            });
            outcome
        };
        outcomes.entry(path.clone()).or_insert_with(start).clone()
    }
}

/// The failures of an entry, for a person: the first with its place and what to do about it.
fn reason(failures: &[Failure]) -> String {
    let Some((first, others)) = failures.split_first() else { return String::new() };
    let Failure { type_name, message, place, help, .. } = first;
    let mut text = format!("{type_name}: {message}");
    if let Some(place) = place {
        text += &format!("\nat {place}");
    }
    if let Some(help) = help {
        text += &format!("\nhelp: {help}");
    }
    match others.len() {
        0 => text,
        more => text + &format!("\nand {more} more"),
    }
}

/// What the tests of one file can ask.
#[derive(Debug)]
pub(super) struct Services {
    project: Arc<ProjectModules>,
    ci: Arc<Ci>,
    aliases: Arc<Vec<Named<RelPath>>>,
    entries: Arc<Entries>,
}

impl Services {
    /// Those of a file.
    pub(super) fn new(file: &Planned, entries: &Arc<Entries>) -> Services {
        Services {
            project: Arc::clone(&file.project),
            ci: Arc::clone(&file.ci),
            aliases: Arc::clone(&file.entries),
            entries: Arc::clone(entries),
        }
    }

    /// The file that a test means by `entry`.
    fn find(&self, test: &RelPath, entry: &str) -> Result<RelPath, String> {
        let root = &self.project.root;
        if let Some(named) = self.aliases.iter().find(|named| named.name == entry) {
            return Ok(named.value.clone());
        }
        let folder = if entry.starts_with("./") || entry.starts_with("../") { &test.parent() } else { root };
        let path = RelPath::join(folder, entry).filter(|path| path.starts_with(root));
        let modules = &self.entries.modules;
        path.iter().for_each(|path| modules.asks(test, path));
        let Some(path) = path.filter(|path| self.entries.modules.has_file(path)) else {
            return Err(self.unknown(entry));
        };
        let is_project = |folder: &RelPath| {
            let config = folder.child(CONFIG_FILE);
            modules.asks(test, &config);
            modules.has_file(&config)
        };
        let other = path.parent().ancestors().take_while(|folder| folder != root).find(is_project);
        match other {
            Some(other) => Err(format!(
                "{path} is of another project, {other}\nhelp: render it in a test of that project"
            )),
            None => Ok(path),
        }
    }

    fn unknown(&self, entry: &str) -> String {
        let names: Vec<&str> = self.aliases.iter().map(|named| named.name.as_str()).collect();
        let near = near_miss(entry, names.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean {near:?}?"),
            None if names.is_empty() => {
                format!("the project has no [entries]: give the path of a file from {}", self.folder())
            }
            None => {
                let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                format!("entries are {}; or give the path of a file from {}", names.join(", "), self.folder())
            }
        };
        format!("the project has no such entry, and no such file\nhelp: {help}")
    }

    /// The folder of the project, in words.
    fn folder(&self) -> String {
        if self.project.root.is_root() {
            "the root of the repository".to_owned()
        } else {
            self.project.root.to_string()
        }
    }
}

impl ProjectServices for Services {
    fn judge(&self, documents: Vec<Value>, instances: Vec<ClassInstance>) -> Vec<Verdict> {
        verdicts(&documents, instances, &self.project.schemas, &self.ci)
    }

    fn render(&self, test: &RelPath, entry: &str) -> Rendering {
        let path = match self.find(test, entry) {
            Ok(path) => path,
            Err(problem) => return Box::pin(std::future::ready(Err(problem.into()))),
        };
        self.entries.modules.asks(test, &path);
        let mut outcome = self.entries.outcome(path.clone(), &self.project);
        Box::pin(async move {
            let known = outcome.wait_for(Option::is_some).await;
            let outcome = known.ok().and_then(|outcome| outcome.clone());
            let outcome = outcome.unwrap_or_else(|| Err("rendering it panicked".into()));
            outcome.map_err(|reason| format!("{path} cannot be rendered\n\n{reason}").into())
        })
    }
}
