//! A stack that is deep enough for any source.
//!
//! The compiler recurses where the source nests, and a stack that runs out ends the whole process. No source can be
//! trusted not to try, so the depth that a source could reach is bounded from above before it is compiled.

use std::cell::Cell;

use crate::diagnostic::Diagnostic;
use crate::tree::RelPath;

thread_local! {
    /// How much stack this thread has for the compiler, in bytes.
    static AVAILABLE: Cell<usize> = const { Cell::new(0) };
}

/// Says that this thread was started with `bytes` of stack for the compiler. Until then it is taken to have none, and
/// every compilation gets a thread of its own.
pub(crate) fn this_thread_has(bytes: usize) {
    AVAILABLE.set(bytes);
}

/// The deepest stack that a compilation may ask for, in bytes of address space. Covers sources of about 4 MB.
const MAX: usize = 4 << 30;

/// Stack for any source at all, in bytes.
const BASE: usize = 2 << 20;

/// Stack for each byte of source, in bytes. Measured at most 350 for operators and the like, 460 where brackets are
/// closed inside comments or templates; doubled for unoptimized builds.
const PER_BYTE: usize = 1 << 10;

/// Stack for each level of brackets, in bytes. Measured at most 2,500 (class bodies); doubled likewise.
const PER_LEVEL: usize = 5 << 10;

/// Runs `compile` on a stack that is deep enough for `source`.
pub(super) fn with_enough<T: Send>(
    path: &RelPath,
    source: &str,
    compile: impl FnOnce() -> Result<T, Vec<Diagnostic>> + Send,
) -> Result<T, Vec<Diagnostic>> {
    let needed = BASE + source.len() * PER_BYTE + depth(source) * PER_LEVEL;
    if needed <= AVAILABLE.get() {
        return compile();
    }
    let refused = |why: String| {
        Err(vec![
            Diagnostic::error(format!("{path} cannot be compiled: {why}"))
                .help("split it into several files"),
        ])
    };
    if needed > MAX {
        return refused("it is too large, or too deeply nested".to_owned());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("compile".to_owned())
            .stack_size(needed)
            .spawn_scoped(scope, compile);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => {
                refused(format!("no thread with a stack of {needed} bytes could be started ({error})"))
            }
        }
    })
}

/// How many brackets are open at most, strings and comments not told apart.
fn depth(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
