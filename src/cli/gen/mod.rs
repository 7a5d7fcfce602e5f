//! `gen`: what an editor, `tsc` and husako itself need of a project: types and modules in `.husako/`, the paths to them in
//! `tsconfig.json`, and `husako.lock`.

mod files;
mod tsconfig;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;

use self::files::{Synced, prune, write};
use super::args::GenArgs;
use super::exit::{Exit, Stop};
use super::list::projects;
use super::settings::Settings;
use super::sources::{on_disk, resolve_as, write_lock};
use super::{tell, types};
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::Project;
use crate::fetch::{How, Lockfile};
use crate::runner::plan;
use crate::schema::{Schemas, declare};
use crate::sources::{self, Plugin};
use crate::tree::{Kind, RelPath, SourceTree, is_never_entered};

/// Where husako keeps what is generated, below the project.
const TYPES: &str = ".husako/types";
const PLUGINS: &str = ".husako/plugins";
const TSCONFIG: &str = "tsconfig.json";

/// Generates for every project that is asked for.
///
/// # Errors
///
/// The mistakes in arguments and configuration; that something cannot be fetched.
pub(super) fn run(args: GenArgs) -> Result<Exit, Stop> {
    let GenArgs { paths, common } = args;
    let settings = Settings::resolve(common, &paths)?;
    let found = projects(&settings, &paths)?;
    let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
    let how =
        How { locked: settings.sources.locked, offline: settings.sources.offline, anew: BTreeSet::new() };
    let resolved = resolve_as(&settings, settings.tree.clone(), &found.projects, &how)?;
    if resolved.diagnostics.iter().any(is_error) {
        return Err(Stop { exit: Exit::Fetch, told: resolved.diagnostics });
    }
    let plan = plan(&resolved, &found, settings.imports);
    if plan.diagnostics.iter().any(is_error) {
        return Err(Stop { exit: Exit::Types, told: plan.diagnostics });
    }
    tell(&plan.diagnostics, settings.color_errors);
    let mut exit = Exit::Passed;
    for (project, planned) in found.projects.iter().zip(plan.projects()) {
        let lock = resolved.locks.get(&project.root);
        // Plugins that were installed once, and are named no more, are not written again.
        let is_named =
            |plugin: &&Plugin| project.config.plugins.iter().any(|named| named.name == plugin.name);
        let plugins: Vec<Plugin> = planned.plugins.iter().filter(is_named).cloned().collect();
        match generate(&settings, &resolved.tree, project, planned.schemas, &plugins, lock) {
            Ok(said) => {
                // Who has closed it does not want to know.
                let _ = writeln!(std::io::stdout(), "{said}");
            }
            Err(errors) => {
                tell(&errors, settings.color_errors);
                exit = exit.or(Exit::Types);
            }
        }
    }
    Ok(exit)
}

/// Generates for one project. Returns what to say of it.
fn generate(
    settings: &Settings,
    tree: &Arc<dyn SourceTree>,
    project: &Project,
    schemas: &Schemas,
    plugins: &[Plugin],
    lock: Option<&Lockfile>,
) -> Result<String, Vec<Diagnostic>> {
    let root = on_disk(settings, &project.root);
    let one = |error| vec![error];
    let files = generated(&**tree, schemas, plugins)?;
    let mut synced = Synced::default();
    for (path, content) in &files {
        write(&root, path, content, &mut synced).map_err(one)?;
    }
    let keep: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    for folder in ["k8s", "helm", "husako"]
        .map(|folder| format!("{TYPES}/{folder}"))
        .iter()
        .chain([&PLUGINS.to_owned()])
    {
        prune(&root, folder, &keep, &mut synced).map_err(one)?;
    }
    let path = project.root.child(TSCONFIG);
    let before = std::fs::read_to_string(on_disk(settings, &path)).ok();
    let merged = tsconfig::merge(before.as_deref(), &modules(&**tree, schemas, plugins))
        .map_err(|wrong| vec![Diagnostic::error(format!("{path} {wrong}")).help("mend it, or remove it")])?;
    let mut config = Synced::default();
    write(&root, TSCONFIG, merged.as_bytes(), &mut config).map_err(one)?;

    let mut said =
        vec![format!("{} files written", synced.written), format!("{} unchanged", synced.unchanged)];
    if synced.removed > 0 {
        said.push(format!("{} removed", synced.removed));
    }
    said.extend((config.written > 0).then(|| TSCONFIG.to_owned()));
    said.extend(write_whole_lock(settings, tree, project, plugins, lock)?);
    Ok(format!("{}: {}", project.root, said.join(", ")))
}

/// Completes the lock, where it may be written. Returns what to say of it.
fn write_whole_lock(
    settings: &Settings,
    tree: &Arc<dyn SourceTree>,
    project: &Project,
    plugins: &[Plugin],
    lock: Option<&Lockfile>,
) -> Result<Option<String>, Vec<Diagnostic>> {
    // A project that names nothing needs no lock.
    if settings.sources.locked || project.config_path.is_none() {
        return Ok(None);
    }
    let mut file = match lock {
        Some(file) => file.clone(),
        None => Lockfile::read(&**tree, &project.root).map_err(|error| vec![error])?,
    };
    sources::complete(&**tree, &project.config, plugins, &mut file.lock);
    let text = file.lock.text();
    let before = tree.read(&file.path).ok();
    if before.as_deref() == Some(text.as_str()) || before.is_none() && file.lock.is_empty() {
        return Ok(None);
    }
    write_lock(settings, &file).map_err(|error| vec![error])?;
    Ok(Some(file.path.file_name().to_owned()))
}

/// All files in `.husako/` of a project, by their path below it. Sorted.
pub(super) fn generated(
    tree: &dyn SourceTree,
    schemas: &Schemas,
    plugins: &[Plugin],
) -> Result<Vec<(String, Vec<u8>)>, Vec<Diagnostic>> {
    let mut files: Vec<(String, Vec<u8>)> = types::files()?
        .into_iter()
        .chain(declare::files(schemas))
        .map(|(path, text)| (format!("{TYPES}/{path}"), text.into_bytes()))
        .collect();
    for plugin in plugins {
        for path in files_below(tree, &plugin.folder) {
            let inside = path.relative_to(&plugin.folder).unwrap_or_default();
            let content =
                tree.read_bytes(&path).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
            files.push((format!("{PLUGINS}/{}/{inside}", folder_name(&plugin.name)), content));
        }
    }
    files.sort();
    files.dedup_by(|a, b| a.0 == b.0);
    Ok(files)
}

/// A name as that of a folder.
fn folder_name(name: &str) -> String {
    match name {
        "" | "." | ".." => "_".to_owned(),
        name => name.chars().map(|c| if matches!(c, '/' | '\\' | '\0') { '_' } else { c }).collect(),
    }
}

/// The files in and below a folder, but those that nobody looks into.
fn files_below(tree: &dyn SourceTree, folder: &RelPath) -> Vec<RelPath> {
    let mut files = Vec::new();
    let mut pending = vec![folder.clone()];
    while let Some(folder) = pending.pop() {
        for child in tree.list(&folder).unwrap_or_default() {
            let path = folder.child(&child.name);
            match child.kind {
                Kind::Folder if !is_never_entered(&child.name) => pending.push(path),
                Kind::File if !child.lossy => files.push(path),
                Kind::Folder | Kind::File | Kind::Link | Kind::Other => {}
            }
        }
    }
    files
}

/// Which files the modules of a project are declared in, below the project.
pub(super) fn modules(
    tree: &dyn SourceTree,
    schemas: &Schemas,
    plugins: &[Plugin],
) -> BTreeMap<String, String> {
    let mut modules: BTreeMap<String, String> = [
        ("husako", "husako.d.ts"),
        ("husako/_base", "husako/_base.d.ts"),
        ("husako/test", "husako/test.d.ts"),
        ("k8s/*", "k8s/*"),
    ]
    .into_iter()
    .map(|(name, path)| (name.to_owned(), format!("{TYPES}/{path}")))
    .collect();
    if schemas.has_charts() {
        modules.insert("helm/*".to_owned(), format!("{TYPES}/helm/*"));
    }
    for plugin in plugins.iter().rev() {
        for module in &plugin.manifest.modules {
            let Some(inside) = module.value.relative_to(&plugin.folder) else { continue };
            let stem = inside.rsplit_once('.').map_or(inside, |(stem, _)| stem);
            let declared = format!("{stem}.d.ts");
            let is_declared =
                RelPath::join(&plugin.folder, &declared).is_some_and(|path| tree.is_file(&path));
            let inside = if is_declared { declared.as_str() } else { inside };
            modules.insert(module.name.clone(), format!("{PLUGINS}/{}/{inside}", folder_name(&plugin.name)));
        }
    }
    modules
}
