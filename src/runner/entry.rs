//! Entries: rendered, and each resource judged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::Planned;
use crate::change::REDACTED;
use crate::config::{Ci, Redact};
use crate::diagnostic::Snippet;
use crate::diff::{Secrets, secrets_of, secrets_of_all};
use crate::engine::{self, Built, CallSite, CallSites, ClassInstance, Job, NotBuilt, Verdict};
use crate::event::{CaseResult, CaseStatus, Failure, FailureKind, FileResult, FileStatus, SnapshotCounts};
use crate::resource::Identity;
use crate::rule::{Level, Rule};
use crate::schema::Schemas;
use crate::schema::validate::{self, Finding};
use crate::timings::{Phase, measure};

/// The case that stands for the build contract: the entry compiles, runs, and calls `build` once with what is JSON.
const BUILD: &str = "build";

/// Renders an entry.
///
/// # Errors
///
/// Everything that keeps it from being rendered.
pub(crate) async fn render(job: Job, cancelled: impl Future<Output = ()>) -> Result<Built, NotBuilt> {
    engine::execute(job, cancelled).await
}

/// Renders an entry and judges every resource, as the levels of the rules say.
///
/// The resources are kept in the result with `keep_documents`, whatever is found of them.
///
/// Each future of `cancelled` is ready when what runs is to be stopped.
pub(crate) async fn validate_file<C: Future<Output = ()>>(
    entry: &Planned,
    job: Job,
    keep_documents: bool,
    cancelled: impl Fn() -> C,
) -> FileResult {
    let (started, start) = (SystemTime::now(), Instant::now());
    let filter = job.filter.clone();
    let on_case = job.on_case.clone();
    let mut cases = Vec::new();
    let (output, reads, documents) = match render(job.clone(), cancelled()).await {
        Ok(built) => {
            let rendering = start.elapsed();
            let rendered = Arc::new(built.documents);
            let told = findings(entry, Arc::clone(&rendered), built.instances).await;
            let internal = told.as_ref().err().cloned();
            cases.push(case(BUILD.to_owned(), rendering, internal.into_iter().collect(), built.left_over));
            if let Ok(told) = told {
                // Only who has something to tell pays for knowing where it was made.
                let sites = match told.is_empty() {
                    true => None,
                    false => Some(engine::trace(job, &rendered, cancelled()).await),
                };
                let each =
                    (start.elapsed() - rendering) / u32::try_from(rendered.len().max(1)).unwrap_or(u32::MAX);
                cases.extend(resources(&rendered, told, sites.as_ref(), &entry.ci, each));
            }
            (built.output, built.reads, Some(rendered))
        }
        Err(broken) => {
            cases.push(case(BUILD.to_owned(), start.elapsed(), broken.failures, Vec::new()));
            (broken.output, broken.reads, None)
        }
    };
    let all = cases.len();
    // That an entry cannot be rendered is told whatever was asked for.
    cases.retain(|case| {
        filter.as_ref().is_none_or(|filter| filter.is_match(&case.name))
            || case.name == BUILD && case.status.is_failure()
    });
    cases.iter().for_each(|case| on_case.tell(&case.status));
    let failed = cases.iter().any(|case| case.status.is_failure());
    FileResult {
        path: entry.path.clone(),
        kind: entry.kind.clone(),
        project: entry.project.root.clone(),
        status: if failed { FileStatus::Failed } else { FileStatus::Passed },
        started: Some(started),
        duration: start.elapsed(),
        filtered_out: all - cases.len(),
        cases,
        output,
        reads,
        is_cached: false,
        snapshots: SnapshotCounts::default(),
        obsolete_snapshots: Vec::new(),
        documents: documents.filter(|_| keep_documents),
    }
}

/// What is wrong with the resources of an entry, as far as the levels let it be told.
///
/// # Errors
///
/// The judge itself failed.
async fn findings(
    entry: &Planned,
    documents: Arc<Vec<Value>>,
    instances: Vec<ClassInstance>,
) -> Result<Vec<(Finding, Level)>, Failure> {
    let schemas = Arc::clone(&entry.project.schemas);
    // Judging thousands of resources would hold up the events of all other files.
    let ci = Arc::clone(&entry.ci);
    let judging = tokio::task::spawn_blocking(move || {
        let _measured = measure(Phase::Validate);
        judged(&documents, instances, &schemas, &ci)
    });
    judging.await.map_err(|_| engine::plain(FailureKind::Internal, "judging the resources panicked"))
}

/// What is wrong with resources, as far as the levels let it be told; in the order of the resources.
fn judged(
    documents: &[Value],
    instances: Vec<ClassInstance>,
    schemas: &Schemas,
    ci: &Ci,
) -> Vec<(Finding, Level)> {
    let found = validate::documents(documents, schemas).into_iter();
    let found = found.chain(instances.into_iter().map(class_instance));
    let judged = found.map(|finding| (ci.rules.of(finding.rule), finding));
    let mut told: Vec<(Finding, Level)> =
        judged.filter(|(level, _)| *level != Level::Off).map(|(level, finding)| (finding, level)).collect();
    told.sort_by(|(a, _), (b, _)| (a.document, &a.path).cmp(&(b.document, &b.path)));
    told
}

/// Judges resources that a test has made, as those of an entry. Says nothing that is secret.
pub(super) fn verdicts(
    documents: &[Value],
    instances: Vec<ClassInstance>,
    schemas: &Schemas,
    ci: &Ci,
) -> Vec<Verdict> {
    let told = judged(documents, instances, schemas, ci);
    let redact: Vec<&Redact> = ci.redact.iter().map(|named| &named.value).collect();
    let all = if told.is_empty() { Secrets::default() } else { secrets_of_all(documents, &redact) };
    let verdict = |(finding, level): (Finding, Level)| {
        let (document, rule) = (finding.document, finding.rule);
        let secrets = documents.get(document).map_or_else(Secrets::default, |own| secrets_of(own, &redact));
        let Failure { message, help, .. } = without_secrets(failure(finding, None), &secrets, &all);
        Verdict { document, rule, level, message, help }
    };
    told.into_iter().map(verdict).collect()
}

/// A case for each resource.
fn resources(
    documents: &[Value],
    told: Vec<(Finding, Level)>,
    sites: Option<&CallSites>,
    ci: &Ci,
    each: Duration,
) -> Vec<CaseResult> {
    let redact: Vec<&Redact> = ci.redact.iter().map(|named| &named.value).collect();
    // The source beside one resource may hold the secrets of another.
    let all = if told.is_empty() { Secrets::default() } else { secrets_of_all(documents, &redact) };
    let mut secrets: HashMap<usize, Secrets> = HashMap::new();
    let mut failures: Vec<(Vec<Failure>, Vec<Failure>)> = vec![Default::default(); documents.len()];
    for (finding, level) in told {
        let number = finding.document;
        let (Some((errors, warnings)), Some(document)) = (failures.get_mut(number), documents.get(number))
        else {
            continue;
        };
        let secrets = secrets.entry(number).or_insert_with(|| secrets_of(document, &redact));
        let failure = without_secrets(failure(finding, sites), secrets, &all);
        match level {
            Level::Error => errors.push(failure),
            Level::Warn => warnings.push(failure),
            Level::Off => {}
        }
    }
    let mut names = Names::default();
    let cases = documents.iter().zip(failures).map(|(document, (errors, warnings))| {
        case(names.unique(Identity::of(document).to_string()), each, errors, warnings)
    });
    cases.collect()
}

fn class_instance(instance: ClassInstance) -> Finding {
    let ClassInstance { document, path, class } = instance;
    Finding {
        document,
        path,
        rule: Rule::ClassInstance,
        message: format!("an instance of {class} is written as the plain object of its own data"),
        help: Some("give a plain object: { ...instance }".to_owned()),
    }
}

fn case(name: String, duration: Duration, failures: Vec<Failure>, warnings: Vec<Failure>) -> CaseResult {
    CaseResult {
        name,
        place: None,
        status: CaseStatus::of(&failures),
        duration,
        attempts: Vec::new(),
        failures,
        warnings,
        output: Vec::new(),
    }
}

fn failure(finding: Finding, sites: Option<&CallSites>) -> Failure {
    let Finding { document, path, rule, message, help } = finding;
    let mut failure = Failure {
        type_name: rule.name().to_owned(),
        help,
        ..engine::plain(FailureKind::Validation, format!("{path}: {message}"))
    };
    if let Some(CallSite { place, snippet, frames }) = sites.and_then(|sites| sites.find(document, &path)) {
        failure.place = Some(place);
        failure.snippet = snippet;
        // A single call is where it says already.
        failure.frames = if frames.len() > 1 { frames } else { Vec::new() };
    }
    failure.json_path = Some(path);
    failure
}

/// What a failure may say of a resource: nothing secret.
///
/// `secrets` are those of the resource, `all` those of the entry.
fn without_secrets(failure: Failure, secrets: &Secrets, all: &Secrets) -> Failure {
    let Failure { message, help, snippet, .. } = &failure;
    let covered = failure.json_path.as_ref().filter(|path| secrets.covers(path));
    let message = match (covered, Rule::named(&failure.type_name)) {
        (Some(path), Some(rule)) => format!("{path}: {REDACTED} is {}", rule.summary()),
        _ => all.mask(message),
    };
    let help = help.as_ref().filter(|_| covered.is_none()).map(|help| all.mask(help));
    // The source beside a secret is where it is written.
    let snippet = snippet.as_ref().filter(|_| covered.is_none()).map(|snippet| Snippet {
        lines: snippet.lines.iter().map(|line| all.mask(line)).collect(),
        ..snippet.clone()
    });
    Failure { message, help, snippet, ..failure }
}

/// Names that are given, so that none is given twice.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    fn unique(&mut self, name: String) -> String {
        let count = self.0.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { name } else { format!("{name} ({count})") }
    }
}
