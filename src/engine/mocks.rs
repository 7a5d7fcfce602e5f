//! `husako:host/mocks`: what mocks ask of the host. See `src/sdk/host_mocks.d.ts`.

use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Result, Value};

use super::host::session;

/// The native module.
pub(super) struct MocksModule;

impl ModuleDef for MocksModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        declare.declare("promiseState")?;
        declare.declare("promiseValue")?;
        declare.declare("timersAreFake")?;
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("promiseState", Func::from(promise_state))?;
        exports.export("promiseValue", Func::from(promise_value))?;
        exports.export("timersAreFake", Func::from(timers_are_fake))?;
        Ok(())
    }
}

/// What has become of a promise, read from the engine: a handler would make a rejection look handled.
fn promise_state(value: Value<'_>) -> &'static str {
    match value.as_promise().map(rquickjs::Promise::state) {
        None => "",
        Some(PromiseState::Pending) => "pending",
        Some(PromiseState::Resolved) => "fulfilled",
        Some(PromiseState::Rejected) => "rejected",
    }
}

/// What a promise was settled with.
fn promise_value<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Option<Value<'js>> {
    let settled = value.as_promise()?.result::<Value<'js>>()?;
    Some(settled.unwrap_or_else(|_| ctx.catch()))
}

/// Takes whether the globals that set timers are fake, for who waits in vain for one.
fn timers_are_fake(ctx: Ctx<'_>, fake: bool) -> Result<()> {
    session(&ctx)?.fake_timers(fake);
    Ok(())
}
