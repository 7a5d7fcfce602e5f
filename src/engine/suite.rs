//! `husako:host/suite`: what only some cases need of the host. See `src/sdk/host_suite.d.ts`.

use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Exception, Result};

use super::host::{session, timeout};
use super::progress::{Again, Callback, Hook, HookKind, LateKind, RawPlace};

/// The native module.
pub(super) struct SuiteModule;

impl ModuleDef for SuiteModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        for name in ["runAgain", "later", "skipCase", "isFailing", "nearest"] {
            declare.declare(name)?;
        }
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("runAgain", Func::from(run_again))?;
        exports.export("later", Func::from(later))?;
        exports.export("skipCase", Func::from(skip_case))?;
        exports.export("isFailing", Func::from(is_failing))?;
        exports.export("nearest", Func::from(nearest))?;
        Ok(())
    }
}

fn run_again(ctx: Ctx<'_>, case: usize, retry: i32, repeats: u32, fails: bool) -> Result<()> {
    let session = session(&ctx)?;
    let mut progress = session.progress();
    let case = progress.cases.get_mut(case).ok_or_else(|| Exception::throw_internal(&ctx, "no such case"))?;
    case.again = Again { retry: u32::try_from(retry).ok(), repeats, fails };
    Ok(())
}

fn later(ctx: Ctx<'_>, kind: String, number: i32, milliseconds: f64, stack: String) -> Result<()> {
    let kind = match kind.as_str() {
        "teardown" => LateKind::Teardown,
        "finished" => LateKind::Finished,
        "failed" => LateKind::Failed,
        other => return Err(Exception::throw_internal(&ctx, &format!("nothing is called {other}"))),
    };
    let callback = Callback { number, timeout: timeout(milliseconds) };
    let hook = Hook { kind: HookKind::AfterEach, callback, place: RawPlace::first(&stack) };
    session(&ctx)?.progress().late.push((kind, hook));
    Ok(())
}

fn skip_case(ctx: Ctx<'_>, reason: String) -> Result<()> {
    session(&ctx)?.progress().skip = Some(reason);
    Ok(())
}

fn is_failing(ctx: Ctx<'_>) -> Result<bool> {
    Ok(session(&ctx)?.progress().failing)
}

fn nearest(word: String, names: Vec<String>) -> String {
    let scored = names.into_iter().map(|name| (strsim::jaro_winkler(&word.to_lowercase(), &name), name));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(likeness, _)| *likeness > 0.8).map(|(_, name)| name).unwrap_or_default()
}
