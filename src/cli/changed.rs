//! `--changed`: only what may give something else than on another revision.

use std::collections::HashMap;
use std::sync::Arc;

use super::actions::Actions;
use super::changes::find_base;
use super::run::Work;
use super::settings::{Selection, Settings};
use super::sources::{self, Side};
use crate::cache::{Cache, States};
use crate::compile;
use crate::diagnostic::Diagnostic;
use crate::discover::discover;
use crate::engine::{Modules, Sameness};
use crate::git::{BaseRequest, Git};
use crate::runner::{Planned, cache_key, plan_beside};
use crate::snapshot::stored_at;
use crate::tree::{RelPath, SourceTree};

/// Leaves out of the plan all that is bound to give the same on a revision, and says what of it is left.
///
/// `revision` is what was asked for; empty: the base of a pull request, and elsewhere the last commit.
///
/// # Errors
///
/// There is no git repository, or no such revision.
pub(super) fn keep(
    settings: &Settings,
    selection: &Selection,
    revision: &str,
    work: &mut Work,
    actions: Option<&Actions>,
) -> Result<String, Vec<Diagnostic>> {
    let request = match revision {
        "" => actions.and_then(Actions::base).unwrap_or_else(|| BaseRequest::Revision("HEAD".to_owned())),
        revision => BaseRequest::Revision(revision.to_owned()),
    };
    let (git, base) = find_base(settings, &request, actions).map_err(|error| vec![error])?;
    let then = tree(&git, &base.commit, settings).map_err(|error| vec![error])?;
    let found = discover(&*then, &selection.request, &compile::specifiers);
    let resolved = sources::resolve(settings, then, &found.projects, Side::Base).map_err(|stop| stop.told)?;
    let plan = plan_beside(&resolved, &found, settings.imports, Some(&work.plan));
    let then = resolved.tree;
    let modules = Arc::new(Modules::beside(&work.modules, Arc::clone(&then)));
    let before: HashMap<&RelPath, &Planned> = plan.files.iter().map(|file| (&file.path, file)).collect();
    let mut look = Look {
        cache: work.cache.as_deref(),
        sameness: Sameness::of_tests(&work.modules, &modules),
        now: States::new(Arc::clone(&work.tree)),
        then: States::new(then),
        filter: work.filter.as_ref().map_or_else(String::new, ToString::to_string),
    };
    let all = work.plan.files.len();
    work.plan.files.retain(|file| before.get(&file.path).is_none_or(|before| !look.is_same(file, before)));
    let (left, short) = (work.plan.files.len(), base.commit.short());
    let name = if base.name.starts_with(short) { String::new() } else { format!(" ({})", base.name) };
    Ok(format!("{left} of {all} files may give something else than at {short}{name}"))
}

fn tree(
    git: &Git,
    commit: &crate::git::ObjectId,
    settings: &Settings,
) -> Result<Arc<dyn SourceTree>, Diagnostic> {
    Ok(Arc::new(git.overlay(git.tree(commit)?, settings.tree.clone())?))
}

struct Look<'l> {
    cache: Option<&'l Cache>,
    sameness: Sameness<'l>,
    now: States,
    then: States,
    filter: String,
}

impl Look<'_> {
    /// Whether a file is bound to give the same as `before`.
    fn is_same(&mut self, file: &Planned, before: &Planned) -> bool {
        if file.kind != before.kind || file.digest != before.digest {
            return false;
        }
        let stored = stored_at(&file.path);
        if self.now.of(&stored) != self.then.of(&stored) {
            return false;
        }
        // What a run has told of the file as it is now: all that it asked for, whatever it made of it.
        let key = cache_key(file, &self.filter);
        let known = self.cache.and_then(|cache| {
            cache.closure_of(&file.path, &file.kind, &key, |path, state| self.then.of(path) == state)
        });
        known.unwrap_or_else(|| self.sameness.of(&file.path, &file.project, &before.project))
    }
}
