//! Modules compiled once by the engine and loaded into many runtimes.
//!
//! Bytecode is native code to the engine: it is made by this process, kept in its memory, and never read from anywhere.

use std::sync::Arc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, Module, WriteOptions};
use rquickjs::{CatchResultExt, Context, Ctx, Runtime};

/// A module as bytecode of this process.
#[derive(Debug, Clone)]
pub(crate) struct Bytecode(Arc<[u8]>);

/// Whether errors can tell where in a module they happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Debug {
    /// They can.
    Kept,
    /// They cannot, and the module loads faster: for what is not the user's.
    Stripped,
}

impl Bytecode {
    /// Compiles a module in a runtime of its own, so that no file's limits or leftovers can be felt in it.
    ///
    /// # Errors
    ///
    /// What the engine says of code that it cannot compile.
    pub(crate) fn compile(
        name: &str,
        code: &str,
        debug: Debug,
        stack_bytes: usize,
    ) -> Result<Bytecode, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        runtime.set_max_stack_size(stack_bytes);
        runtime.set_loader(Anything, Anything);
        let context = Context::full(&runtime).map_err(|error| error.to_string())?;
        context.with(|ctx| {
            let module =
                Module::declare(ctx.clone(), name, code).catch(&ctx).map_err(|error| error.to_string())?;
            let strip_debug = debug == Debug::Stripped;
            let options = WriteOptions { strip_source: true, strip_debug, ..WriteOptions::default() };
            let bytes = module.write(options).catch(&ctx).map_err(|error| error.to_string())?;
            Ok(Bytecode(bytes.into()))
        })
    }

    /// Declares the module in a context.
    #[allow(unsafe_code)]
    pub(crate) fn load<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Module<'js, Declared>> {
        // SAFETY: the bytes were written by `Module::write` of the same engine in this process (the only constructor is
        // `compile`), and nobody could change them since.
        unsafe { Module::load(ctx.clone(), &self.0) }
    }
}

/// Stands in for every import: the engine wants to see the modules that a module imports before it compiles it, and
/// keeps nothing of them but their names as they are written.
struct Anything;

impl Resolver for Anything {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        _: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        Ok(name.to_owned())
    }
}

impl Loader for Anything {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}
