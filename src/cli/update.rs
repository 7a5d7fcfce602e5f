//! `update`: newer versions in `husako.toml`, and what is there now in `husako.lock`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;

use super::args::UpdateArgs;
use super::exit::{Exit, Stop};
use super::list::projects;
use super::outdated::{Known, ask};
use super::output::Target;
use super::run::{self, Work};
use super::settings::{FailsOn, Settings};
use super::sources::{Side, on_disk, resolve, resolve_as, write_lock};
use super::tell;
use crate::change::Revision;
use crate::compile;
use crate::config::{CONFIG_FILE, Edit, Table, edited};
use crate::diagnostic::{Diagnostic, Severity, near_miss};
use crate::discover::{Found, Project, Request, discover};
use crate::engine::Modules;
use crate::event::FileKind;
use crate::fetch::{Changed, How, Resolved};
use crate::report::Sinks;
use crate::runner::{Base, plan, plan_beside};
use crate::sources::remote_plugins;
use crate::tree::{MountedTree, RelPath, SourceTree};

/// What is to be done.
#[derive(Default)]
struct Updates {
    /// The edits of each `husako.toml`, by the root of its project.
    edits: BTreeMap<RelPath, Vec<Edit>>,
    /// What is to be told of them.
    told: Vec<String>,
    /// The names of what is resolved anew.
    anew: BTreeSet<String>,
}

/// Updates what is asked for.
///
/// # Errors
///
/// The mistakes in arguments and configuration; that something cannot be had: then nothing is written.
pub(super) fn run(args: UpdateArgs) -> Result<Exit, Stop> {
    let UpdateArgs { names, dry_run, diff, common } = args;
    if common.sources.locked {
        let error = Diagnostic::error("--locked writes no husako.lock, and update is there to write it");
        return Err(error.help("leave out --locked").into());
    }
    let settings = Settings::resolve(common, &[])?;
    let found = projects(&settings, &[])?;
    let known = ask(&settings, &found)?;
    let updates = updates(&names, &found, &known)?;
    let errors: Vec<Diagnostic> = known
        .iter()
        .filter(|known| names.is_empty() || names.contains(&known.wanted.name))
        .filter_map(|known| known.newest.clone().err())
        .collect();
    if !errors.is_empty() {
        return Err(Stop { exit: Exit::Fetch, told: errors });
    }

    let edited = edit(&settings, &updates.edits)?;
    let tree: Arc<dyn SourceTree> = Arc::new(with_files(&settings, &edited));
    let after = Request { every_project: true, scopes: settings.below_here(), ..Request::default() };
    let after = discover(&*tree, &after, &compile::specifiers);
    let how = How { locked: false, offline: false, anew: updates.anew.clone() };
    let resolved = resolve_as(&settings, Arc::clone(&tree), &after.projects, &how)?;
    if resolved.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Stop { exit: Exit::Fetch, told: resolved.diagnostics });
    }
    tell(&resolved.diagnostics, settings.color_errors);

    let mut told = updates.told;
    told.extend(moved(&settings, &resolved, &updates.anew));
    if told.is_empty() {
        told.push("everything is up to date".to_owned());
    }
    let mut out = std::io::stdout().lock();
    if told.iter().try_for_each(|line| writeln!(out, "{line}")).is_err() {
        return Ok(Exit::ReportNotWritten);
    }
    drop(out);
    let exit = if diff { show(&settings, after, &resolved)? } else { Exit::Passed };
    if !dry_run {
        write(&settings, &edited, &resolved)?;
    }
    Ok(exit)
}

/// What is to be done about the sources of these names; about all without a name.
///
/// # Errors
///
/// There is no source of that name.
fn updates(names: &[String], found: &Found, known: &[Known]) -> Result<Updates, Stop> {
    let plugins: Vec<(&Project, String)> = found
        .projects
        .iter()
        .flat_map(|project| {
            remote_plugins(&project.config).into_iter().map(move |wanted| (project, wanted.name))
        })
        .collect();
    let all: BTreeSet<&str> = known
        .iter()
        .map(|known| known.wanted.name.as_str())
        .chain(plugins.iter().map(|(_, name)| name.as_str()))
        .collect();
    let mut wrong = Vec::new();
    for name in names.iter().filter(|name| !all.contains(name.as_str())) {
        let error = Diagnostic::error(format!("no source called `{name}` can be updated"));
        let of_plugin =
            name.split_once(':').filter(|(plugin, _)| plugins.iter().any(|(_, known)| known == plugin));
        wrong.push(match (of_plugin, near_miss(name, all.iter().copied())) {
            (Some((plugin, _)), _) => {
                error.help(format!("it is a preset of the plugin `{plugin}`: update that"))
            }
            (None, Some(near)) => error.help(format!("did you mean `{near}`?")),
            (None, None) if all.is_empty() => error.help("no project here names anything by a version"),
            (None, None) => {
                let names: Vec<&str> = all.iter().copied().collect();
                error.help(format!("there are {}", names.join(", ")))
            }
        });
    }
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let is_asked_for = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    let mut updates = Updates::default();
    for Known { project, wanted, newest } in known.iter().filter(|known| is_asked_for(&known.wanted.name)) {
        if !names.is_empty() {
            updates.anew.insert(wanted.name.clone());
        }
        let (Ok(Some(newest)), Some(current)) = (newest, wanted.remote.version()) else { continue };
        let edit = Edit { table: wanted.table, name: wanted.name.clone(), version: newest.clone() };
        updates.edits.entry(project.clone()).or_default().push(edit);
        let path = project.child(CONFIG_FILE);
        updates.told.push(format!("{path}: {} {current} -> {newest}", wanted.name));
    }
    updates.anew.extend(plugins.into_iter().map(|(_, name)| name).filter(|name| is_asked_for(name)));
    Ok(updates)
}

/// The new texts of the `husako.toml` files, by their path.
fn edit(
    settings: &Settings,
    edits: &BTreeMap<RelPath, Vec<Edit>>,
) -> Result<BTreeMap<RelPath, String>, Stop> {
    let mut texts = BTreeMap::new();
    for (root, edits) in edits {
        let path = root.child(CONFIG_FILE);
        if settings.tree.locate(&path).is_ok_and(|located| located.path != path) {
            let error =
                Diagnostic::error(format!("{path} is reached through a symbolic link, and is not replaced"));
            return Err(error.help("name the versions in the file itself").into());
        }
        let bytes = settings.tree.read_bytes(&path).map_err(|error| Diagnostic::error(error.to_string()))?;
        let text = String::from_utf8(bytes).ok().and_then(|text| edited(&text, edits));
        let text =
            text.ok_or_else(|| Diagnostic::error(format!("the versions in {path} cannot be changed")))?;
        texts.insert(path, text);
    }
    Ok(texts)
}

/// The work tree with other files.
fn with_files(settings: &Settings, files: &BTreeMap<RelPath, String>) -> MountedTree {
    let mut tree = MountedTree::new(settings.tree.clone());
    for (path, text) in files {
        tree.replace(path, text.as_bytes());
    }
    tree
}

/// What is another thing than what was locked, though its version is the same.
fn moved(settings: &Settings, resolved: &Resolved, anew: &BTreeSet<String>) -> Vec<String> {
    let mut told = Vec::new();
    for (root, file) in &resolved.locks {
        let Ok(before) = crate::fetch::Lockfile::read(&*settings.tree, root) else { continue };
        for table in Table::ALL {
            for name in anew {
                let (Some(old), Some(new)) = (before.lock.get(table, name), file.lock.get(table, name))
                else {
                    continue;
                };
                if old.is_of(&new.identity) && old.digest != new.digest {
                    let short = |text: &Option<String>| {
                        text.as_deref().map_or("nothing".to_owned(), |text| text.chars().take(19).collect())
                    };
                    let (from, to) = if old.commit != new.commit {
                        (short(&old.commit), short(&new.commit))
                    } else {
                        (short(&old.digest), short(&new.digest))
                    };
                    told.push(format!("{}: {name} {from} -> {to}", file.path));
                }
            }
        }
    }
    told
}

/// Writes what has changed.
fn write(settings: &Settings, edited: &BTreeMap<RelPath, String>, resolved: &Resolved) -> Result<(), Stop> {
    let failed = |error: Diagnostic| Stop { exit: Exit::ReportNotWritten, told: vec![error] };
    for (path, text) in edited {
        let written = Target::open(&on_disk(settings, path)).and_then(|target| target.write(text.as_bytes()));
        written.map_err(|error| failed(Diagnostic::error(format!("writing {path}: {error}"))))?;
    }
    for file in resolved.locks.values().filter(|file| file.changed == Changed::Incomplete) {
        write_lock(settings, file).map_err(failed)?;
    }
    Ok(())
}

/// Shows what the update does to the rendered resources.
fn show(settings: &Settings, mut after: Found, resolved: &Resolved) -> Result<Exit, Stop> {
    after.tests.clear();
    let request = Request { scopes: settings.below_here(), ..Request::default() };
    let mut before = discover(&*settings.tree, &request, &compile::specifiers);
    before.tests.clear();
    let old = resolve(settings, settings.tree.clone(), &before.projects, Side::Base)?;
    let head = plan(resolved, &after, settings.imports);
    let of_base = plan_beside(&old, &before, settings.imports, Some(&head));
    let errors = of_base.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let notes = errors.map(|error| format!("before the update: {error}")).collect();
    let modules = Arc::new(Modules::new(Arc::clone(&resolved.tree), settings.limits.stack_bytes));
    let entries = of_base.files.into_iter().filter(|file| matches!(file.kind, FileKind::Entry { .. }));
    let base = Base {
        revision: Revision { name: "what is there".to_owned(), commit: String::new() },
        entries: entries.collect(),
        modules: Arc::new(Modules::beside(&modules, old.tree)),
        said: Vec::new(),
        notes,
    };
    let work = Work {
        fails_on: FailsOn::default(),
        base: Some(base),
        ..Work::of(head, Arc::clone(&resolved.tree), modules)
    };
    let mut sinks = Sinks::default();
    sinks.add("standard output", run::terminal(settings).only_changes());
    Ok(run::run(settings, work, sinks)?.exit)
}
