//! The modules of a run: found, compiled once per process, and shared between runtimes as bytecode.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::asked::{Asked, Asker};
use super::bytecode::{Bytecode, Debug};
use super::coverage::{COUNTERS, Collector};
use super::once::Once;
use super::unresolved::{missing_module, unknown};
use crate::cache::State;
use crate::compile::{self, Compiled, Import, Map, Names, SourceMap};
use crate::diagnostic::{Diagnostic, Place, Snippet, near_miss};
use crate::schema::Schemas;
use crate::schema::module::{Module, Names as Wanted};
use crate::sdk;
use crate::snapshot::Snapshots;
use crate::sources::Absent;
use crate::timings::{Phase, measure};
use crate::tree::{ReadError, RelPath, RememberedTree, SourceTree, resolve_import};

/// The native module through which the SDK reaches the host. Parts of the SDK that few files need have modules of their own
/// below it: `husako:host/snapshots`.
pub(crate) const HOST: &str = "husako:host";

/// Prefix of the names of the SDK's modules in the engine; what follows is the path below `src/sdk/`.
pub(crate) const SDK: &str = "sdk:";
/// The SDK's module that the host itself calls.
pub(crate) const RUNTIME: &str = "sdk:runtime.ts";
/// Prefix of the names of modules of builders: `types:<whose>/<module>#<names>`. Whose they are is the version of
/// Kubernetes, or, where a project has its own, the number of its schemas. The names are those that the importer wants,
/// or [`ALL`].
const TYPES: &str = "types:";
/// Every export of a module of builders.
const ALL: &str = "*";

/// How a project's imports are resolved.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProjectModules {
    /// The project's folder.
    pub(crate) root: RelPath,
    /// Specifiers that plugins define: the file, and the plugin's folder.
    pub(crate) plugins: BTreeMap<String, PluginModule>,
    /// What builders are made of.
    pub(crate) schemas: Arc<Schemas>,
    /// What the project names and does not have.
    pub(crate) absent: Vec<Absent>,
    pub(crate) rules: ImportRules,
}

/// What the user allows, or wants, of imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ImportRules {
    /// Whether relative imports may leave the project (never the repository).
    pub(crate) allow_outside_root: bool,
    /// Whether a module that `husako gen` wrote is used also where there is a built-in one.
    pub(crate) use_generated_types: bool,
}

/// A module of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PluginModule {
    /// The file.
    pub(crate) path: RelPath,
    /// The plugin's folder: its relative imports stay inside.
    pub(crate) root: RelPath,
}

/// A source file together with what it compiles to.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) path: RelPath,
    pub(crate) source: Arc<str>,
    pub(crate) compiled: Compiled,
    map: OnceLock<Option<SourceMap>>,
    /// What was read.
    state: OnceLock<State>,
}

impl Unit {
    /// Compiles a source.
    ///
    /// # Errors
    ///
    /// The syntax errors, at least one.
    pub(crate) fn new(path: RelPath, source: Arc<str>, map: Map) -> Result<Unit, Vec<Diagnostic>> {
        let compiled = compile::compile(&path, &source, map)?;
        Ok(Unit::of(path, source, compiled))
    }

    /// Compiles a source, with counters.
    ///
    /// # Errors
    ///
    /// As [`Unit::new`].
    fn counted(path: RelPath, source: Arc<str>, map: Map) -> Result<Unit, Vec<Diagnostic>> {
        let compiled = compile::compile_counted(&path, &source, map)?;
        Ok(Unit::of(path, source, compiled))
    }

    fn of(path: RelPath, source: Arc<str>, mut compiled: Compiled) -> Unit {
        let map = compiled.map.take().map_or_else(OnceLock::new, |map| OnceLock::from(Some(map)));
        Unit { path, source, compiled, map, state: OnceLock::new() }
    }

    /// The place in the source of a place in the compiled code. Lines and columns from 1.
    pub(crate) fn original(&self, line: u32, column: u32) -> Option<Place> {
        let map = self.map.get_or_init(|| {
            let compile = match self.compiled.points {
                None => compile::compile,
                Some(_) => compile::compile_counted,
            };
            compile(&self.path, &self.source, Map::Yes).ok()?.map
        });
        let (line, column) = map.as_ref()?.original(line, column)?;
        Some(Place { path: self.path.clone(), line, column })
    }

    /// The lines around a place.
    pub(crate) fn snippet(&self, line: u32, column: u32, width: u32) -> Option<Snippet> {
        Snippet::new(&self.source, line, column, width)
    }
}

/// What is shared of making a module: it, or what is wrong with it.
type Made<T> = Result<T, Arc<Vec<Diagnostic>>>;

/// The modules of a revision of the repository. Shared by all its files.
pub(crate) struct Modules {
    tree: RememberedTree,
    /// Those of another revision: what is the same there is taken from there.
    other: Option<Arc<Modules>>,
    /// What is counted; `None`: nothing.
    collector: Option<Arc<Collector>>,
    /// The snapshots of the files; `None`: there are none.
    snapshots: Option<Arc<Snapshots>>,
    stack_bytes: usize,
    units: Once<RelPath, Made<Arc<Unit>>>,
    bytecode: Once<String, Made<Bytecode>>,
    targets: Targets,
    /// What each file that runs asks for, where somebody wants to know.
    asked: Option<Asked>,
}

impl std::fmt::Debug for Modules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Modules").finish_non_exhaustive()
    }
}

impl Modules {
    /// No module yet. `stack_bytes` bounds how deep the engine's own compiler may recurse.
    pub(crate) fn new(tree: Arc<dyn SourceTree>, stack_bytes: usize) -> Modules {
        Modules {
            tree: RememberedTree::new(tree),
            other: None,
            collector: None,
            snapshots: None,
            stack_bytes,
            units: Once::default(),
            bytecode: Once::default(),
            targets: Targets::default(),
            asked: None,
        }
    }

    /// Counts what the modules do, as `collector` says. To be called before any module is compiled.
    pub(crate) fn counted(self, collector: Arc<Collector>) -> Modules {
        Modules { collector: Some(collector), ..self }
    }

    /// What counts, where something does.
    pub(crate) fn collector(&self) -> Option<&Collector> {
        self.collector.as_deref()
    }

    /// Gives the files that run snapshots.
    pub(crate) fn keep_snapshots(&mut self, snapshots: Arc<Snapshots>) {
        self.snapshots = Some(snapshots);
    }

    /// The snapshots of the files, where they have some.
    pub(crate) fn snapshots(&self) -> Option<&Snapshots> {
        self.snapshots.as_deref()
    }

    /// Compiles a file, with counters where it is counted.
    ///
    /// # Errors
    ///
    /// Its syntax errors.
    pub(crate) fn compile(&self, path: RelPath, source: Arc<str>, map: Map) -> Result<Unit, Vec<Diagnostic>> {
        let _measured = measure(Phase::Compile);
        match &self.collector {
            Some(collector) if collector.covers(&path) => Unit::counted(path, source, map),
            Some(_) | None => Unit::new(path, source, map),
        }
    }

    /// Keeps in mind what each file that runs asks for: see [`Modules::asked_by`].
    pub(crate) fn that_remember(self) -> Modules {
        Modules { asked: Some(Asked::default()), ..self }
    }

    /// Those of the same tree after some of its files have changed: what was compiled is kept, but for the files of
    /// which `has_changed` says so.
    pub(crate) fn after(&self, has_changed: impl Fn(&RelPath) -> bool) -> Modules {
        let has_changed =
            |name: &String| !is_internal(name) && RelPath::new(name).is_none_or(|path| has_changed(&path));
        Modules {
            tree: self.tree.afresh(),
            other: self.other.clone(),
            collector: self.collector.clone(),
            snapshots: self.snapshots.clone(),
            stack_bytes: self.stack_bytes,
            units: self.units.without(|path| has_changed(&path.as_str().to_owned())),
            bytecode: self.bytecode.without(has_changed),
            targets: Targets::default(),
            asked: self.asked.as_ref().map(|_| Asked::default()),
        }
    }

    /// Those of another tree that takes the place of this one.
    pub(crate) fn in_tree(&self, tree: Arc<dyn SourceTree>) -> Modules {
        Modules { tree: RememberedTree::new(tree), ..self.after(|_| true) }
    }

    /// Keeps in mind that `main` asks what another file that runs gives.
    pub(crate) fn asks(&self, main: &RelPath, other: &RelPath) {
        if let Some(asked) = &self.asked {
            asked.file(main, other);
        }
    }

    /// The paths that decide what the file `main` gives, as far as it ran until now: itself, the files that it imports,
    /// directly or not, and those that were looked for and are not there. Just itself where nothing is kept in mind
    /// (see [`Modules::that_remember`]), or the file has not run.
    pub(crate) fn asked_by(&self, main: &RelPath) -> BTreeSet<RelPath> {
        let mut asked = self.asked.as_ref().map_or_else(BTreeSet::new, |asked| asked.by(main));
        asked.extend(self.tree.real_path(main));
        asked.insert(main.clone());
        asked
    }

    /// As [`Modules::asked_by`], in parts: what the file asked for itself, and all that each module asked for that it imports.
    pub(crate) fn parts_asked_by(&self, main: &RelPath) -> (Vec<RelPath>, Vec<Arc<[RelPath]>>) {
        self.asked.as_ref().map_or_else(Default::default, |asked| asked.parts(main))
    }

    /// What was read at a path, where a module was read there that others import.
    pub(crate) fn state_of(&self, path: &RelPath) -> Option<State> {
        let unit = self.units.peek(path)?.ok()?;
        Some(*unit.state.get_or_init(|| State::text(path, &unit.source)))
    }

    /// Forgets what a file that has run asked for itself.
    pub(crate) fn forget_asked_by(&self, main: &RelPath) {
        if let Some(asked) = &self.asked {
            asked.forget(main);
        }
    }

    /// Those of another revision, whose files are in `tree`. What is the same in both is compiled once.
    pub(crate) fn beside(other: &Arc<Modules>, tree: Arc<dyn SourceTree>) -> Modules {
        Modules { other: Some(Arc::clone(other)), ..Modules::new(tree, other.stack_bytes) }
    }

    /// Reads and compiles a file that is used once: nothing of it is kept here.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, or its syntax errors.
    pub(crate) fn unshared(&self, path: &RelPath) -> Result<Unit, Vec<Diagnostic>> {
        let source = self.read(path).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
        self.compile(path.clone(), source.into(), Map::Yes)
    }

    fn read(&self, path: &RelPath) -> Result<String, ReadError> {
        let _measured = measure(Phase::Read);
        self.tree.read(path)
    }

    /// Whether there is such a file.
    pub(crate) fn has_file(&self, path: &RelPath) -> bool {
        self.tree.is_file(path)
    }

    /// A file that modules import.
    fn unit(&self, path: &RelPath) -> Made<Arc<Unit>> {
        self.units.get(path, || {
            let source =
                self.read(path).map_err(|error| Arc::new(vec![Diagnostic::error(error.to_string())]))?;
            let known = self.other.as_ref().and_then(|other| other.units.peek(path)?.ok());
            if let Some(unit) = known.filter(|unit| *unit.source == *source) {
                return Ok(unit);
            }
            self.compile(path.clone(), source.into(), Map::No).map(Arc::new).map_err(Arc::new)
        })
    }

    /// The file behind a name in a stack of the engine's, when it is one of the user's that was loaded.
    pub(crate) fn loaded(&self, name: &str) -> Option<Arc<Unit>> {
        if is_internal(name) {
            return None;
        }
        self.units.peek(&RelPath::new(name)?)?.ok()
    }

    /// The bytecode of a module by its name in the engine. `schemas` are those of the project that imports it;
    /// modules of the SDK need none.
    ///
    /// # Errors
    ///
    /// Its syntax errors.
    pub(crate) fn bytecode(&self, schemas: Option<&Schemas>, name: &str) -> Made<Bytecode> {
        if let Some(other) = &self.other
            && (is_internal(name) || self.shares(other, name))
        {
            return other.bytecode(schemas, name);
        }
        self.bytecode.get(&name.to_owned(), || {
            let compile = |code: &str| {
                let debug = if is_internal(name) { Debug::Stripped } else { Debug::Kept };
                Bytecode::compile(name, code, debug, self.stack_bytes)
                    .map_err(|error| Arc::new(vec![Diagnostic::error(format!("{name}: {error}"))]))
            };
            if name.starts_with(SDK) {
                sdk_bytecode(name)
            } else if let Some(module) = name.strip_prefix(TYPES) {
                let source = schemas.and_then(|schemas| types_source(schemas, module));
                compile(&source.unwrap_or_default())
            } else {
                let path = RelPath::new(name).unwrap_or_default();
                compile(&self.unit(&path)?.compiled.code)
            }
        })
    }

    /// The names of the modules that were compiled.
    #[cfg(test)]
    pub(crate) fn compiled(&self) -> Vec<String> {
        self.bytecode.keys()
    }

    /// Whether a file is the same in another revision, and compiled there.
    fn shares(&self, other: &Modules, name: &str) -> bool {
        let path = RelPath::new(name).unwrap_or_default();
        let theirs = other.units.peek(&path).and_then(Result::ok);
        theirs.is_some_and(|theirs| self.unit(&path).is_ok_and(|ours| Arc::ptr_eq(&ours, &theirs)))
    }

    /// The name in the engine of what `importer` means by `specifier`.
    ///
    /// `importer` is itself a name in the engine; `main` is the file being run, which is in no cache.
    ///
    /// # Errors
    ///
    /// What is wrong with the import, at its place.
    pub(crate) fn resolve(
        &self,
        project: &ProjectModules,
        main: Option<&Unit>,
        importer: &str,
        specifier: &str,
        tests: bool,
    ) -> Result<String, Diagnostic> {
        if is_internal(importer) {
            return internal(importer, specifier).ok_or_else(|| {
                Diagnostic::error(format!("{importer} imports \"{specifier}\", which does not exist"))
            });
        }
        let path = RelPath::new(importer).unwrap_or_default();
        let shared = if main.is_some_and(|main| main.path == path) { None } else { self.unit(&path).ok() };
        let Some(unit) = shared.as_deref().or(main) else {
            return Err(Diagnostic::error(format!(
                "{importer} imports \"{specifier}\", and is not loaded itself"
            )));
        };
        if unit.compiled.points.is_some() && specifier == compile::counts_specifier() {
            return Ok(format!("{COUNTERS}{importer}"));
        }
        let import = unit.compiled.imports.iter().find(|import| import.specifier == specifier);
        let find = || {
            let target = self.target(project, &path, specifier, import, tests);
            if let Some(asked) = &self.asked {
                let asker = if shared.is_some() { Asker::Imported } else { Asker::Run };
                asked.import(asker, &path, project, specifier, target.as_deref().ok());
            }
            target
        };
        let target = match &shared {
            // Whether that one may be imported depends on more.
            Some(_) if specifier != "husako/test" => self.targets.get(&project.root, &path, specifier, find),
            // The file that runs has but one runtime that asks.
            Some(_) | None => find(),
        };
        target.map_err(|diagnostic| match import {
            Some(import) => diagnostic
                .at(Place { path, line: import.line, column: import.column })
                .with_snippet(unit.snippet(import.line, import.column, specifier.chars().count() as u32 + 2)),
            None => diagnostic,
        })
    }

    fn target(
        &self,
        project: &ProjectModules,
        importer: &RelPath,
        specifier: &str,
        import: Option<&Import>,
        tests: bool,
    ) -> Result<String, Diagnostic> {
        if let Some(module) = sdk::public(specifier) {
            if specifier == "husako/test" && !tests {
                return Err(Diagnostic::error("\"husako/test\" can be imported by tests only")
                    .help("move what uses it to a *.test.ts file"));
            }
            if let Some(exports) =
                sdk_module(module).as_ref().ok().and_then(|compiled| compiled.exports.as_ref())
            {
                check_names(
                    specifier,
                    import,
                    |name| exports.contains(name),
                    || exports.iter().cloned().collect(),
                )?;
            }
            return Ok(format!("{SDK}{module}"));
        }
        if let Some(plugin) = project.plugins.get(specifier) {
            return self.file(specifier, import, plugin.path.clone());
        }
        if specifier.starts_with("k8s/") || specifier.starts_with("helm/") {
            return self.schema_module(project, specifier, import);
        }
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || specifier == "."
            || specifier == ".."
        {
            let plugin = project.plugins.values().find(|plugin| importer.starts_with(&plugin.root));
            let confine = match plugin {
                Some(plugin) => Some(&plugin.root),
                None => (!project.rules.allow_outside_root).then_some(&project.root),
            };
            let target = resolve_import(&self.tree, importer, specifier, confine)
                .map_err(|error| Diagnostic::error(error.to_string()))?;
            return self.file(specifier, import, target);
        }
        Err(unknown(project, specifier))
    }

    /// `k8s/*` and `helm/*`: made of the project's schemas, or written by `husako gen` where those say nothing.
    fn schema_module(
        &self,
        project: &ProjectModules,
        specifier: &str,
        import: Option<&Import>,
    ) -> Result<String, Diagnostic> {
        let generated = || {
            let path = generated_types(project, specifier)?;
            self.tree.is_file(&path).then_some(path)
        };
        if project.rules.use_generated_types
            && let Some(generated) = generated()
        {
            return self.file(specifier, import, generated);
        }
        let Some(module) = project.schemas.module(specifier) else {
            return match generated() {
                Some(generated) => self.file(specifier, import, generated),
                None => Err(missing_module(project, specifier)),
            };
        };
        let exports = || module.exports().map(str::to_owned).collect();
        let exported = |name: &str| module.exports().any(|export| export == name);
        if let Err(diagnostic) = check_names(specifier, import, exported, exports) {
            // What was generated may have more, of a version or a source that is not known here.
            return match generated().and_then(|generated| self.file(specifier, import, generated).ok()) {
                Some(generated) => Ok(generated),
                None if module.is_shared() => {
                    let version = project.schemas.kubernetes().version();
                    let message = format!("{} in Kubernetes {version}", diagnostic.message);
                    Err(Diagnostic { message, ..diagnostic })
                }
                None => Err(diagnostic),
            };
        }
        Ok(types_name(&project.schemas, module, import))
    }

    fn file(&self, specifier: &str, import: Option<&Import>, target: RelPath) -> Result<String, Diagnostic> {
        if is_internal(target.as_str()) {
            return Err(Diagnostic::error(format!("a file cannot be named \"{target}\"")));
        }
        // What a broken module exports is not the question: loading it tells what is wrong.
        if let Ok(unit) = self.unit(&target)
            && let Some(exports) = &unit.compiled.exports
        {
            check_names(
                specifier,
                import,
                |name| exports.contains(name),
                || exports.iter().cloned().collect(),
            )?;
        }
        Ok(target.as_str().to_owned())
    }
}

/// The file in which `husako gen` keeps the builders of a module.
pub(super) fn generated_types(project: &ProjectModules, specifier: &str) -> Option<RelPath> {
    RelPath::join(&project.root, &format!(".husako/types/{specifier}.js"))
}

/// What the imports of modules mean, by the module: in the project at `root`, `specifier` is `name` in the engine.
#[derive(Default)]
struct Targets(RwLock<HashMap<RelPath, Vec<Target>>>);

struct Target {
    root: RelPath,
    specifier: Box<str>,
    name: String,
}

impl Targets {
    /// What `importer` means by `specifier` in the project at `root`. `find` finds it, once.
    fn get(
        &self,
        root: &RelPath,
        importer: &RelPath,
        specifier: &str,
        find: impl FnOnce() -> Result<String, Diagnostic>,
    ) -> Result<String, Diagnostic> {
        let is_it = |target: &&Target| target.root == *root && *target.specifier == *specifier;
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = known.get(importer).and_then(|of| of.iter().find(is_it)) {
            return Ok(target.name.clone());
        }
        drop(known);
        let found = find()?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of = known.entry(importer.clone()).or_default();
        of.push(Target { root: root.clone(), specifier: specifier.into(), name: found.clone() });
        Ok(found)
    }
}

/// Tells which entries are bound to give the same on two revisions, because they and all that they import, directly or
/// not, are the same there.
pub(crate) struct Sameness<'m> {
    head: &'m Modules,
    base: &'m Modules,
    /// Whether some are tests, which can ask for more than modules.
    tests: bool,
    /// The files that a module imports; `None` where it is not the same. By its project's folder and its path.
    imports: HashMap<(RelPath, RelPath), Option<Arc<[RelPath]>>>,
}

impl<'m> Sameness<'m> {
    /// Nothing is known yet.
    pub(crate) fn new(head: &'m Modules, base: &'m Modules) -> Sameness<'m> {
        Sameness { head, base, tests: false, imports: HashMap::new() }
    }

    /// As [`Sameness::new`], for tests, too.
    pub(crate) fn of_tests(head: &'m Modules, base: &'m Modules) -> Sameness<'m> {
        Sameness { tests: true, ..Sameness::new(head, base) }
    }

    /// Whether the entry `path` is, in the project that it has on each side.
    pub(crate) fn of(&mut self, path: &RelPath, head: &ProjectModules, base: &ProjectModules) -> bool {
        if head.root != base.root || head.rules != base.rules {
            return false;
        }
        let mut seen = HashSet::from([path.clone()]);
        let mut left = vec![path.clone()];
        while let Some(path) = left.pop() {
            let key = (head.root.clone(), path.clone());
            let imports = match self.imports.get(&key) {
                Some(known) => known.clone(),
                None => {
                    let found = self.imported(&path, head, base).map(Into::into);
                    self.imports.entry(key).or_insert(found).clone()
                }
            };
            let Some(imports) = imports else { return false };
            left.extend(imports.iter().filter(|import| seen.insert((*import).clone())).cloned());
        }
        true
    }

    /// The files that a module imports, where it and they are the same on both sides.
    fn imported(&self, path: &RelPath, head: &ProjectModules, base: &ProjectModules) -> Option<Vec<RelPath>> {
        let source = self.head.tree.read(path).ok()?;
        if source != self.base.tree.read(path).ok()? {
            return None;
        }
        let unit = Unit::new(path.clone(), source.into(), Map::No).ok()?;
        // What `import()` names is known only when it runs.
        let asks = |what: &str| unit.compiled.code.contains(what);
        if asks("import(") || self.tests && (asks("renderEntry") || asks("toMatchFileSnapshot")) {
            return None;
        }
        let mut files = Vec::new();
        for import in &unit.compiled.imports {
            let target = |modules: &Modules, project: &ProjectModules| {
                modules.target(project, path, &import.specifier, Some(import), self.tests).ok()
            };
            let name = target(self.head, head)?;
            if name != target(self.base, base)? {
                return None;
            }
            if !is_internal(&name) {
                files.push(RelPath::new(&name)?);
            }
        }
        Some(files)
    }
}

/// The name in the engine of a module of builders, with what is imported of it.
fn types_name(schemas: &Schemas, module: Module<'_>, import: Option<&Import>) -> String {
    let names = match import.map(|import| &import.names) {
        Some(Names::Only(names)) => names.iter().map(String::as_str).collect::<Vec<_>>().join(","),
        Some(Names::All) | None => ALL.to_owned(),
    };
    let module_name = module.name();
    if module.is_shared() {
        format!("{TYPES}{}/{module_name}#{names}", schemas.kubernetes().id())
    } else {
        format!("{TYPES}{}/{module_name}#{names}", schemas.id())
    }
}

/// The JavaScript of a module of builders, by what follows [`TYPES`] in its name.
fn types_source(schemas: &Schemas, name: &str) -> Option<String> {
    let (module, names) = name.split_once('/')?.1.rsplit_once('#')?;
    let module = schemas.module(module)?;
    Some(match names {
        ALL => module.source(Wanted::All),
        names => module.source(Wanted::Only(&names.split(',').collect())),
    })
}

/// Whether a name in the engine is not that of a user's file.
pub(crate) fn is_internal(name: &str) -> bool {
    [SDK, TYPES, "husako:"].iter().any(|prefix| name.starts_with(prefix))
}

/// Imports of the SDK's own and of generated modules.
pub(super) fn internal(importer: &str, specifier: &str) -> Option<String> {
    let is_host = specifier.strip_prefix(HOST).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_host || specifier.starts_with(SDK) {
        return Some(specifier.to_owned());
    }
    if let Some(module) = sdk::internal(specifier) {
        return Some(format!("{SDK}{module}"));
    }
    let folder = RelPath::new(importer.strip_prefix(SDK)?)?.parent();
    let path = RelPath::join(&folder, specifier)?;
    sdk::source(path.as_str()).map(|_| format!("{SDK}{path}"))
}

/// A module of the SDK, compiled once per process.
fn sdk_module(path: &str) -> Made<Arc<Compiled>> {
    static COMPILED: OnceLock<Once<String, Made<Arc<Compiled>>>> = OnceLock::new();
    COMPILED.get_or_init(Once::default).get(&path.to_owned(), || {
        let source = sdk::source(path)
            .ok_or_else(|| Arc::new(vec![Diagnostic::error(format!("the SDK has no module {path}"))]))?;
        let path = RelPath::new(path).unwrap_or_default();
        compile::compile(&path, source, Map::No)
            .map(|compiled| Arc::new(with_names(&path, compiled)))
            .map_err(Arc::new)
    })
}

/// The bytecode of a module of the SDK by its name in the engine, made once per process.
///
/// # Errors
///
/// There is no such module, or the compiler refuses it.
pub(super) fn sdk_bytecode(name: &str) -> Made<Bytecode> {
    /// Nothing in the SDK is nested deeply.
    const STACK_BYTES: usize = 256 << 10;
    static COMPILED: OnceLock<Once<String, Made<Bytecode>>> = OnceLock::new();
    COMPILED.get_or_init(Once::default).get(&name.to_owned(), || {
        let compiled = sdk_module(name.strip_prefix(SDK).unwrap_or(name))?;
        Bytecode::compile(name, &compiled.code, Debug::Stripped, STACK_BYTES)
            .map_err(|error| Arc::new(vec![Diagnostic::error(format!("{name}: {error}"))]))
    })
}

/// Puts their names in the engine in place of what a module of the SDK imports, so that no file has to find them anew.
fn with_names(path: &RelPath, mut compiled: Compiled) -> Compiled {
    for import in &compiled.imports {
        if let Some(name) = internal(&format!("{SDK}{path}"), &import.specifier) {
            compiled.code = compiled.code.replace(&format!("{:?}", import.specifier), &format!("{name:?}"));
        }
    }
    compiled
}

/// Tells the first name that is imported but not exported. `all` is asked for a near miss only.
fn check_names(
    specifier: &str,
    import: Option<&Import>,
    exported: impl Fn(&str) -> bool,
    all: impl FnOnce() -> Vec<String>,
) -> Result<(), Diagnostic> {
    let Some(Names::Only(wanted)) = import.map(|import| &import.names) else { return Ok(()) };
    let Some(missing) = wanted.iter().find(|name| !exported(name)) else { return Ok(()) };
    let diagnostic = Diagnostic::error(format!("\"{specifier}\" has no export \"{missing}\""));
    Err(match near_miss(missing, all().iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean \"{near}\"?")),
        None => diagnostic,
    })
}
