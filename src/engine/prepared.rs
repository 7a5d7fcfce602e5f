//! Runtimes that have loaded the SDK and nothing else, for one file after another.
//!
//! No two files share one: between them its memory is put back, byte by byte, to what it was before the first. What the
//! engine keeps in its memory is all that code can change, so the next file finds a runtime that has seen no file. What
//! is kept elsewhere are functions of the host, and the data that they find in the context: those are given to the
//! runtime anew for each file.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, Evaluated};
use rquickjs::{AsyncContext, AsyncRuntime, Ctx, Error, Module, Object};

use super::coverage;
use super::host::{Parts, Rejections, Runtime, Shared};
use super::imports::{NATIVE, load_sdk, native};
use super::kubernetes::Asking;
use super::memory::Memory;
use super::modules::{HOST, RUNTIME, SDK, internal, sdk_bytecode};
use crate::timings::{Phase, measure};

/// The modules of the SDK that nearly every test or entry uses, beside those that they import.
const LOADED: [&str; 3] = [RUNTIME, "sdk:test/index.ts", "sdk:husako.ts"];

/// These and what they import, to be compiled by two at a time.
const COMPILED: [&str; 21] = [
    "primordials.ts",
    "stack.ts",
    "promises.ts",
    "callbacks.ts",
    "timers.ts",
    "runtime.ts",
    "test/errors.ts",
    "test/format.ts",
    "test/kinds.ts",
    "test/equality.ts",
    "test/outcome.ts",
    "test/text.ts",
    "test/matchers.ts",
    "test/current.ts",
    "test/expect.ts",
    "test/suite.ts",
    "test/index.ts",
    "values.ts",
    "fragments.ts",
    "base.ts",
    "husako.ts",
];

/// Those that no file uses at the moment.
static IDLE: Mutex<Vec<Prepared>> = Mutex::new(Vec::new());

/// A runtime that has loaded the SDK, with its one context.
pub(super) struct Prepared {
    // Dropped in this order.
    pub(super) context: AsyncContext,
    pub(super) runtime: AsyncRuntime,
    memory: Memory,
    /// How many more may use it.
    files_left: u32,
}

/// How many files use one runtime. What the engine's bindings keep outside its memory grows by some bytes with each.
const FILES: u32 = 4096;

impl Prepared {
    /// One that no file has used, or whose memory was put back since.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub(super) async fn take() -> rquickjs::Result<Prepared> {
        let _measured = measure(Phase::Prepare);
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(idle) => Ok(idle),
            None => {
                compile_ahead();
                let prepared = Prepared::new(&LOADED).await?;
                // SAFETY: nothing runs, and nobody else knows of the runtime.
                #[allow(unsafe_code)]
                let is_remembered = unsafe { prepared.memory.remember() };
                let files_left = if is_remembered { FILES } else { 0 };
                Ok(Prepared { files_left, ..prepared })
            }
        }
    }

    /// One for a single file, which has loaded nothing but what every file needs: for who wants to see the rest being loaded.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub(super) async fn bare() -> rquickjs::Result<Prepared> {
        Prepared::new(&[RUNTIME]).await
    }

    async fn new(modules: &'static [&str]) -> rquickjs::Result<Prepared> {
        let memory = Memory::new();
        let runtime = AsyncRuntime::new_with_alloc(memory.clone())?;
        runtime.set_loader(Own, Own).await;
        let context = AsyncContext::full(&runtime).await?;
        context.async_with(async |ctx| load(&ctx, modules)).await?;
        runtime.run_gc().await;
        Ok(Prepared { context, runtime, memory, files_left: 0 })
    }

    /// Puts its memory back, for another file to use it. What cannot be put back is dropped: the engine then frees all that
    /// there is, one by one. So it is where the host still has something to do for the file.
    pub(super) async fn give_back(mut self) {
        let _measured = measure(Phase::Prepare);
        self.context.async_with(async |ctx| forget(&ctx)).await;
        // What the host still has to do holds values.
        let is_busy = self.runtime.is_job_pending().await;
        if is_busy || self.files_left == 0 {
            return;
        }
        self.files_left -= 1;
        // SAFETY: nothing runs. Values live no longer than the futures that have them, of which none is left, or in the data
        // of the context, which has just been forgotten, but for those that were there when the memory was remembered.
        #[allow(unsafe_code)]
        unsafe {
            self.memory.put_back();
        }
        // These know the file.
        self.runtime.set_loader(Own, Own).await;
        self.runtime.set_interrupt_handler(None).await;
        self.runtime.set_host_promise_rejection_tracker(None).await;
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }
}

/// Compiles the SDK. Who comes second begins at the other end, so that the first two do it in half the time.
fn compile_ahead() {
    static COME: AtomicUsize = AtomicUsize::new(0);
    let compile = |path: &&str| drop(sdk_bytecode(&format!("{SDK}{path}")));
    match COME.fetch_add(1, Ordering::Relaxed) {
        0 => COMPILED.iter().for_each(compile),
        1 => COMPILED.iter().rev().for_each(compile),
        _ => {}
    }
}

/// Loads the SDK, and all functions of the host: those are objects of the host, made once and kept.
fn load(ctx: &Ctx<'_>, modules: &[&str]) -> rquickjs::Result<()> {
    for part in NATIVE {
        let name = if part.is_empty() { HOST.to_owned() } else { format!("{HOST}/{part}") };
        evaluated(native(ctx, &name, part)?)?;
    }
    for name in modules {
        let module = evaluated(Own.load(ctx, name, None)?)?;
        if *name == RUNTIME {
            ctx.store_userdata(Runtime(module)).map_err(|_| Error::Unknown)?;
        }
    }
    Ok(())
}

/// The exports of a module without an `await` at its top level, once it was evaluated.
fn evaluated<'js>(module: Module<'js, Declared>) -> rquickjs::Result<Object<'js>> {
    let (module, promise): (Module<'js, Evaluated>, _) = module.eval()?;
    promise.finish::<()>()?;
    module.namespace()
}

/// Lets go of all data that a file had.
fn forget(ctx: &Ctx<'_>) {
    if let Some(rejections) = ctx.userdata::<Rejections<'_>>() {
        rejections.clear();
    }
    if let Some(parts) = ctx.userdata::<Parts<'_>>() {
        parts.clear();
    }
    coverage::forget(ctx);
    // None of them is in use: nothing runs.
    let _ = ctx.remove_userdata::<Shared>();
    let _ = ctx.remove_userdata::<Asking>();
}

/// Finds the modules of the SDK.
struct Own;

impl Resolver for Own {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        internal(base, name).ok_or_else(|| Error::new_resolving(base, name))
    }
}

impl Loader for Own {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        load_sdk(ctx, name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::compile::{Map, compile};
    use crate::sdk;
    use crate::tree::RelPath;

    #[test]
    fn what_is_loaded_is_compiled_ahead() {
        let mut needed = BTreeSet::new();
        let mut left: Vec<String> = LOADED.map(str::to_owned).into();
        while let Some(name) = left.pop() {
            let Some(path) = name.strip_prefix(SDK).filter(|path| needed.insert((*path).to_owned())) else {
                continue;
            };
            let source = sdk::source(path).unwrap();
            let imports = compile(&RelPath::new(path).unwrap(), source, Map::No).unwrap().imports;
            left.extend(imports.iter().filter_map(|import| internal(&name, &import.specifier)));
        }
        let ahead: BTreeSet<String> = COMPILED.map(str::to_owned).into();
        assert_eq!(needed, ahead);
    }
}
