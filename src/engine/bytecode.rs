//! Modules compiled once by the engine and loaded into many runtimes.
//!
//! Bytecode is native code to the engine: it is made by this process, kept in its memory, and never read from anywhere.

use std::cell::RefCell;
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
    /// Compiles a module in a runtime that runs nothing, so that no file's limits or leftovers can be felt in it.
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
        COMPILER.with_borrow_mut(|compiler| {
            let Compiler { context, left } = match compiler {
                Some(compiler) => compiler,
                None => compiler.insert(Compiler::new().map_err(|error| error.to_string())?),
            };
            context.runtime().set_max_stack_size(stack_bytes);
            let compiled = context.with(|ctx| {
                let module = Module::declare(ctx.clone(), name, code)
                    .catch(&ctx)
                    .map_err(|error| error.to_string())?;
                let strip_debug = debug == Debug::Stripped;
                let options = WriteOptions { strip_source: true, strip_debug, ..WriteOptions::default() };
                let bytes = module.write(options).catch(&ctx).map_err(|error| error.to_string())?;
                Ok(Bytecode(bytes.into()))
            });
            *left -= 1;
            if *left == 0 || compiled.is_err() {
                *compiler = None;
            }
            compiled
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

thread_local! {
    /// That of this thread.
    static COMPILER: RefCell<Option<Compiler>> = const { RefCell::new(None) };
}

/// A context that compiles modules, and keeps them until it goes.
struct Compiler {
    context: Context,
    /// How many modules more it may compile.
    left: u32,
}

/// How many modules one context compiles. To make one costs as much as most modules do.
const MODULES: u32 = 64;

impl Compiler {
    fn new() -> rquickjs::Result<Compiler> {
        let runtime = Runtime::new()?;
        runtime.set_loader(Anything, Anything);
        Ok(Compiler { context: Context::full(&runtime)?, left: MODULES })
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
