//! `--typecheck`: which compiler checks what, and against which declarations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::CstRootNode;
use serde_json::{Map, Value, json};

use super::args::Compiler;
use super::r#gen;
use super::run::Work;
use super::settings::Settings;
use super::sources::on_disk;
use crate::diagnostic::Diagnostic;
use crate::event::FileKind;
use crate::tree::RelPath;
use crate::typecheck::Check;

const TSCONFIG: &str = "tsconfig.json";

/// How many configurations may extend one another.
const MAX_EXTENDS: usize = 16;

/// Makes the checks of all projects that have files to run.
///
/// # Errors
///
/// There is no compiler, or no place for the declarations.
pub(super) fn checks(
    settings: &Settings,
    compiler: Compiler,
    work: &Work,
) -> Result<Vec<Arc<Check>>, Vec<Diagnostic>> {
    let mut checks = Vec::new();
    for project in work.plan.projects() {
        let files: Vec<RelPath> = work
            .plan
            .files
            .iter()
            .filter(|file| file.project.root == *project.root && file.path.as_str().ends_with(".ts"))
            .filter(|file| matches!(file.kind, FileKind::Tests | FileKind::Entry { .. }))
            .map(|file| file.path.clone())
            .collect();
        if files.is_empty() {
            continue;
        }
        let program = find(settings, project.root, compiler).map_err(|error| vec![error])?;
        let files_of = r#gen::generated(&*work.tree, project.schemas, project.plugins)?;
        let modules = r#gen::modules(&*work.tree, project.schemas, project.plugins);
        let made = prepare(settings, project.root, &files, &files_of, &modules);
        let (declarations, config) = made.map_err(|error| {
            vec![Diagnostic::error(format!("writing declarations for --typecheck: {error}"))]
        })?;
        checks.push(Arc::new(Check {
            path: project.root.child(TSCONFIG),
            project: project.root.clone(),
            files,
            program,
            config,
            folder: on_disk(settings, project.root),
            deadline: settings.limits.file.max(std::time::Duration::from_secs(120)),
            tree: Arc::clone(&work.tree),
            declarations,
            withheld: withheld(),
        }));
    }
    Ok(checks)
}

/// The compiler of a project: that of the nearest `node_modules`, else one on the PATH.
fn find(settings: &Settings, root: &RelPath, compiler: Compiler) -> Result<PathBuf, Diagnostic> {
    let names: &[&str] = match compiler {
        Compiler::Auto => &["tsc", "tsgo"],
        Compiler::Tsc => &["tsc"],
        Compiler::Tsgo => &["tsgo"],
    };
    let endings: &[&str] = if cfg!(windows) { &[".cmd", ".exe"] } else { &[""] };
    let local = root.ancestors().map(|folder| on_disk(settings, &folder).join("node_modules").join(".bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = local.chain(std::env::split_paths(&path)).collect();
    for folder in &folders {
        for (name, ending) in names.iter().flat_map(|name| endings.iter().map(move |ending| (name, ending))) {
            let program = folder.join(format!("{name}{ending}"));
            if program.is_file() {
                return Ok(program);
            }
        }
    }
    let (name, package) = match compiler {
        Compiler::Auto | Compiler::Tsc => ("tsc", "typescript"),
        Compiler::Tsgo => ("tsgo", "@typescript/native-preview"),
    };
    let message =
        format!("--typecheck: there is no {name}, neither in node_modules of {root} nor on the PATH");
    Err(Diagnostic::error(message).help(format!("npm install --save-dev {package}")))
}

/// Variables that are no business of what a repository brings.
fn withheld() -> Vec<std::ffi::OsString> {
    let is_secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        name.starts_with("ACTIONS_")
            || ["TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"].iter().any(|word| name.contains(word))
    };
    std::env::vars_os().map(|(name, _)| name).filter(|name| is_secret(&name.to_string_lossy())).collect()
}

/// Writes declarations, and a configuration that leads to them and extends the project's own. Both lie outside of the
/// repository.
fn prepare(
    settings: &Settings,
    root: &RelPath,
    files: &[RelPath],
    generated: &[(String, Vec<u8>)],
    modules: &BTreeMap<String, String>,
) -> std::io::Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::Builder::new().prefix("husako-ci-types-").tempdir()?;
    // Without symbolic links, as the compiler tells paths.
    let base = folder.path().canonicalize()?;
    for (path, content) in generated {
        let path = base.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, content)?;
    }
    let project = on_disk(settings, root);
    let own = project.join(TSCONFIG);
    let inherited = Inherited::of(&own);
    let text = |path: &Path| Value::from(path.to_string_lossy().replace('\\', "/"));
    let mut paths: Map<String, Value> = inherited.paths;
    for (name, path) in modules {
        paths.insert(name.clone(), json!([text(&base.join(path))]));
    }
    let mut options = json!({
        "noEmit": true,
        "composite": false,
        "incremental": false,
        "skipLibCheck": true,
        "allowImportingTsExtensions": true,
        "paths": paths,
    });
    if !inherited.has_type_roots {
        // Seen from the project, and not from here.
        let roots =
            root.ancestors().map(|folder| on_disk(settings, &folder).join("node_modules").join("@types"));
        options["typeRoots"] = roots.map(|root| text(&root)).collect();
    }
    let mut config = json!({});
    if own.is_file() {
        config["extends"] = text(&own);
    } else {
        for (name, value) in [
            ("target", json!("ESNext")),
            ("module", json!("ESNext")),
            ("moduleResolution", json!("Bundler")),
            ("lib", json!(["ESNext"])),
            ("types", json!([])),
            ("strict", json!(true)),
            ("allowJs", json!(true)),
        ] {
            options[name] = value;
        }
    }
    config["compilerOptions"] = options;
    config["files"] = files.iter().map(|file| text(&on_disk(settings, file))).collect();
    let path = base.join(TSCONFIG);
    std::fs::write(&path, config.to_string())?;
    Ok((folder, path))
}

/// What the project's own configuration says that the one that extends it would take the place of.
#[derive(Default)]
struct Inherited {
    paths: Map<String, Value>,
    has_type_roots: bool,
}

impl Inherited {
    /// Of a configuration and those that it extends by path. What cannot be read, the compiler will tell.
    fn of(path: &Path) -> Inherited {
        let mut found = Inherited::default();
        let mut next = Some(path.to_owned());
        let mut has_paths = false;
        for _ in 0..MAX_EXTENDS {
            let Some(path) = next.take() else { break };
            let read = std::fs::read_to_string(&path).ok();
            let parsed = read.and_then(|text| CstRootNode::parse(&text, &ParseOptions::default()).ok());
            let Some(config) = parsed.and_then(|root| root.to_serde_value()) else {
                break;
            };
            let folder = path.parent().unwrap_or(Path::new("."));
            let options = &config["compilerOptions"];
            found.has_type_roots |= options.get("typeRoots").is_some();
            if let Some(paths) = options.get("paths").and_then(Value::as_object).filter(|_| !has_paths) {
                has_paths = true;
                let base = options
                    .get("baseUrl")
                    .and_then(Value::as_str)
                    .map_or(folder.to_owned(), |base| folder.join(base));
                for (name, targets) in paths {
                    let targets = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
                    let absolute =
                        targets.map(|target| base.join(target).to_string_lossy().replace('\\', "/"));
                    found.paths.insert(name.clone(), absolute.map(Value::from).collect());
                }
            }
            let extends = config.get("extends").and_then(Value::as_str).filter(|path| path.starts_with('.'));
            next = extends.map(|path| {
                let path = folder.join(path);
                if path.extension().is_some() { path } else { path.with_extension("json") }
            });
        }
        found
    }
}
