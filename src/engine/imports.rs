//! What a runtime asks when code imports something.

use std::sync::{Arc, Mutex, PoisonError};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Module};

use super::bytecode::Bytecode;
use super::coverage::{self, CoverageModule};
use super::environment::EnvironmentModule;
use super::host::HostModule;
use super::kubernetes::KubernetesModule;
use super::lines::ExpectModule;
use super::mocks::MocksModule;
use super::modules;
use super::running::Running;
use super::snapshots::SnapshotsModule;
use super::suite::SuiteModule;
use crate::diagnostic::Diagnostic;
use crate::event::FailureKind;

/// What was wrong with an import, so that it can be told whole: a JavaScript error would keep only its text.
#[derive(Debug, Default)]
pub(super) struct ImportErrors(Mutex<Vec<(FailureKind, Diagnostic)>>);

impl ImportErrors {
    fn push(&self, kind: FailureKind, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        let mut errors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        errors.extend(diagnostics.into_iter().map(|diagnostic| (kind, diagnostic)));
    }

    /// Takes what was wrong since the last time.
    pub(super) fn take(&self) -> Vec<(FailureKind, Diagnostic)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Resolver and loader of one runtime.
pub(super) struct Imports {
    running: Arc<Running>,
    errors: Arc<ImportErrors>,
}

impl Imports {
    /// For one runtime of `running`.
    pub(super) fn new(running: &Arc<Running>, errors: &Arc<ImportErrors>) -> Imports {
        Imports { running: Arc::clone(running), errors: Arc::clone(errors) }
    }
}

impl Resolver for Imports {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let job = &self.running.job;
        // Before the file is compiled only the SDK imports, and that needs no file.
        let main = self.running.main.get();
        let tests = self.running.session.is_for_tests();
        job.modules.resolve(&job.project, main, base, name, tests).map_err(|diagnostic| {
            let error = Error::new_resolving_message(base, name, diagnostic.to_string());
            self.errors.push(FailureKind::Load, [diagnostic]);
            error
        })
    }
}

impl Loader for Imports {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if let Some(part) = name.strip_prefix(modules::HOST) {
            return native(ctx, name, part.trim_start_matches('/'));
        }
        if let Some(of) = name.strip_prefix(coverage::COUNTERS) {
            return coverage::declare(ctx, &self.running, name, of);
        }
        let job = &self.running.job;
        match job.modules.bytecode(Some(&job.project.schemas), name) {
            Ok(bytecode) => bytecode.load(ctx),
            Err(diagnostics) => {
                let text = diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                self.errors.push(FailureKind::Compile, diagnostics.iter().cloned());
                Err(Error::new_loading_message(name, text))
            }
        }
    }
}

/// The native modules: what stands behind `husako:host/` in their names.
pub(super) const NATIVE: [&str; 8] =
    ["", "coverage", "environment", "expect", "kubernetes", "mocks", "snapshots", "suite"];

/// Declares a native module; `part` is what stands behind `husako:host/`.
pub(super) fn native<'js>(ctx: &Ctx<'js>, name: &str, part: &str) -> rquickjs::Result<Module<'js, Declared>> {
    let ctx = ctx.clone();
    match part {
        "" => Module::declare_def::<HostModule, _>(ctx, name),
        "environment" => Module::declare_def::<EnvironmentModule, _>(ctx, name),
        "expect" => Module::declare_def::<ExpectModule, _>(ctx, name),
        "coverage" => Module::declare_def::<CoverageModule, _>(ctx, name),
        "kubernetes" => Module::declare_def::<KubernetesModule, _>(ctx, name),
        "mocks" => Module::declare_def::<MocksModule, _>(ctx, name),
        "snapshots" => Module::declare_def::<SnapshotsModule, _>(ctx, name),
        "suite" => Module::declare_def::<SuiteModule, _>(ctx, name),
        _ => Err(Error::new_loading_message(name, "the host has no such module")),
    }
}

/// Declares a module of the SDK by its name in the engine.
pub(super) fn load_sdk<'js>(ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Module<'js, Declared>> {
    load_compiled(ctx, name, modules::sdk_bytecode(name))
}

/// Declares a module of the SDK, where it could be compiled.
pub(super) fn load_compiled<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    compiled: Result<Bytecode, Arc<Vec<Diagnostic>>>,
) -> rquickjs::Result<Module<'js, Declared>> {
    let bytecode = compiled.map_err(|diagnostics| {
        let text = diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Error::new_loading_message(name, text)
    })?;
    bytecode.load(ctx)
}
