//! What differs from the base: where the base is, and where what differs goes.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::actions::{self, Actions};
use super::comment;
use super::exit::Exit;
use super::output::Target;
use super::run::{Ended, Work};
use super::settings::{Changes, Selection, Settings};
use super::shard::Split;
use super::sources::{self, Side};
use super::tell;
use crate::change::Revision;
use crate::compile;
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::{Request, Scope, discover};
use crate::engine::Modules;
use crate::event::FileKind;
use crate::git::{self, BaseRequest, Git};
use crate::github::Level;
use crate::report::comment::{About, Comment};
use crate::report::markdown::{self, Elsewhere};
use crate::report::{annotations, summary};
use crate::runner::{Base, plan_beside};
use crate::tree::{RelPath, SourceTree};

/// What a run is compared with.
pub(super) struct Compared {
    pub(super) base: Base,
    /// Whether the base has any entries, in whatever part of the run.
    pub(super) has_entries: bool,
    /// The files in which the work tree differs from it.
    pub(super) changed: BTreeSet<RelPath>,
}

/// Finds the base, and plans what is rendered of it.
///
/// # Errors
///
/// There is no git repository, or no base in it.
pub(super) fn base(
    settings: &Settings,
    selection: &Selection,
    changes: &Changes,
    work: &Work,
    split: Option<&Split>,
    actions: Option<&Actions>,
) -> Result<Compared, Vec<Diagnostic>> {
    let (git, found) = find(settings, changes, actions).map_err(|error| vec![error])?;
    // Only annotations are sorted by it, and those are for GitHub.
    let changed = actions.map(|_| git.changed_paths(&found.commit)).transpose();
    let changed = changed.map_err(|error| vec![error])?.unwrap_or_default();
    let tree = git.tree(&found.commit).and_then(|tree| git.overlay(tree, settings.tree.clone()));
    let tree: Arc<dyn SourceTree> = Arc::new(tree.map_err(|error| vec![error])?);

    let Request { scopes, include, exclude, named_are_entries, every_project } = selection.request.clone();
    let asked = scopes.len();
    let scopes: Vec<Scope> = scopes
        .into_iter()
        .filter(|scope| match scope {
            Scope::File(path) => tree.is_file(path),
            Scope::Folder(path) => tree.locate(path).is_ok(),
            Scope::Glob(_) => true,
        })
        .collect();
    let nothing = asked > 0 && scopes.is_empty();
    let request = Request { scopes, include, exclude, named_are_entries, every_project };
    let mut notes = Vec::new();
    if git.is_sparse().map_err(|error| vec![error])? {
        notes.push("only part of the files is checked out: what is not counts as removed".to_owned());
    }
    let mut note = |diagnostics: &[Diagnostic]| {
        for error in diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
            notes.push(format!("on the base: {}", error));
        }
    };
    let mut tree = tree;
    let mut entries = if nothing {
        Vec::new()
    } else {
        let mut found = discover(&*tree, &request, &compile::specifiers);
        found.tests.clear();
        let resolved = sources::resolve(settings, Arc::clone(&tree), &found.projects, Side::Base)
            .map_err(|stop| stop.told)?;
        let plan = plan_beside(&resolved, &found, settings.imports, Some(&work.plan));
        tree = resolved.tree;
        note(&found.diagnostics);
        note(&plan.diagnostics);
        plan.files.into_iter().filter(|file| matches!(file.kind, FileKind::Entry { .. })).collect()
    };
    let has_entries = !entries.is_empty();
    let said = split.map_or_else(Vec::new, |split| split.keep_before(&mut entries));
    let modules = Arc::new(Modules::beside(&work.modules, tree));
    let revision = Revision { name: found.name, commit: found.commit.to_string() };
    Ok(Compared { base: Base { revision, entries, modules, said, notes }, has_entries, changed })
}

/// The repository, and the base in it.
fn find(
    settings: &Settings,
    changes: &Changes,
    actions: Option<&Actions>,
) -> Result<(Git, git::Base), Diagnostic> {
    let request = match (&changes.base, actions.and_then(Actions::base)) {
        (Some(revision), _) => BaseRequest::Revision(revision.clone()),
        (None, Some(of_pull_request)) => of_pull_request,
        (None, None) => BaseRequest::Default,
    };
    find_base(settings, &request, actions)
}

/// The repository, and a base in it.
///
/// # Errors
///
/// There is no git repository, or no such base in it.
pub(super) fn find_base(
    settings: &Settings,
    request: &BaseRequest,
    actions: Option<&Actions>,
) -> Result<(Git, git::Base), Diagnostic> {
    let root = settings.tree.root();
    let git = Git::open(root, actions.and_then(Actions::credential).as_ref())?;
    if git.root() != root {
        let message = format!("{} is not the top level of a git work tree", root.display());
        return Err(
            Diagnostic::error(message).help("its `.git` is none; remove it, or make it one with git init")
        );
    }
    let base = git.base(request)?;
    Ok((git, base))
}

/// Writes what differs where it is asked for.
pub(super) fn write(
    settings: &Settings,
    changes: &Changes,
    actions: Option<&Actions>,
    ended: &Ended,
) -> Exit {
    let mut exit = Exit::Passed;
    let mut write = |path: &Path, text: &str| {
        let written = Target::open(path).and_then(|target| target.write(text.as_bytes()));
        if let Err(error) = written {
            exit = not_written(settings, &path.display().to_string(), &error);
        }
    };
    if let (Some(path), Some(diff)) = (&changes.markdown, &ended.run.diff) {
        write(path, &markdown::markdown(diff));
    }
    if let Some(path) = &changes.save_comment {
        // Strings, numbers and JSON only: there is nothing that could fail.
        write(path, &saved(changes, actions, ended).to_json().unwrap_or_default());
    }
    exit
}

/// What is told to GitHub.
pub(super) struct Told<'a> {
    /// The files that differ from the base: what is found there is told first.
    pub(super) changed: &'a BTreeSet<RelPath>,
    /// Whether the run is a part of another, whose annotations and summary are those of all parts.
    pub(super) is_part: bool,
}

/// Tells GitHub how the run went: annotations, the summary of the job, the comment, and the outputs of the step.
pub(super) fn tell_github(
    settings: &Settings,
    changes: Option<&Changes>,
    actions: &Actions,
    ended: &Ended,
    told: &Told<'_>,
) -> Exit {
    let mut exit = Exit::Passed;
    let run = &ended.run;
    let diff = run.diff.as_deref();
    if !told.is_part {
        let annotations = annotations::annotations(run, diff, told.changed);
        if let Err(error) = actions::annotate(&annotations) {
            exit = exit.or(not_written(settings, "the standard output", &error));
        }
        let about = about(changes, Some(actions), ended);
        let summary = summary::render(run, diff, &about, &Elsewhere::default());
        if let Err(error) = actions.summarize(&summary) {
            exit = exit.or(not_written(settings, "the summary of the job", &error));
        }
    }
    let mut outputs = actions::outputs(ended);
    let file = |name, path: &Option<PathBuf>| Some((name, actions.seen_from_workspace(path.as_ref()?)));
    outputs.extend(file("junit", &settings.junit));
    if let Some(changes) = changes {
        outputs.extend(file("diff", &changes.markdown));
        let (posted, url) = comment(settings, changes, actions, ended);
        exit = exit.or(posted);
        outputs.extend(url.map(|url| ("comment-url", url)));
    }
    if let Err(error) = actions.set_outputs(&outputs) {
        exit = exit.or(not_written(settings, "the outputs of the step", &error));
    }
    exit
}

/// Posts the comment where one is asked for. Returns the address of its page, if there is one.
fn comment(
    settings: &Settings,
    changes: &Changes,
    actions: &Actions,
    ended: &Ended,
) -> (Exit, Option<String>) {
    let nothing = (Exit::Passed, None);
    // What was interrupted has not seen all: the run that took its place tells.
    let Some(token) = actions.token.as_ref().filter(|_| changes.comment && !ended.interrupted) else {
        return nothing;
    };
    let Some(pull_request) = &actions.context.pull_request else {
        let message = format!("no comment is posted: `{}` is about no pull request", actions.context.event);
        actions.tell(Level::Notice, &message);
        return nothing;
    };
    let head = (pull_request.number, pull_request.head_sha.as_str());
    let saved = saved(changes, Some(actions), ended);
    comment::post(actions, token, head, &saved, &changes.comment_as, settings.color_errors)
}

/// What the comment says.
fn saved(changes: &Changes, actions: Option<&Actions>, ended: &Ended) -> Comment {
    Comment::of(&ended.run, ended.run.diff.as_deref(), &about(Some(changes), actions, ended))
}

/// What the comment and the summary are about.
fn about(changes: Option<&Changes>, actions: Option<&Actions>, ended: &Ended) -> About {
    let head = actions.map(|actions| {
        let context = &actions.context;
        context.pull_request.as_ref().map_or(&context.sha, |pull_request| &pull_request.head_sha).clone()
    });
    let projects: BTreeSet<String> = ended.run.files.values().map(|file| file.project.to_string()).collect();
    About {
        commit: head.unwrap_or_default(),
        label: changes.and_then(|changes| changes.comment_as.label.clone()),
        projects: projects.into_iter().collect(),
    }
}

fn not_written(settings: &Settings, what: &str, error: &io::Error) -> Exit {
    tell(&[Diagnostic::error(format!("writing {what}: {error}"))], settings.color_errors);
    Exit::ReportNotWritten
}
