//! CEL, as far as the rules of CRDs use it: the language, and Kubernetes' own functions.
//!
//! The crate `cel` parses; what it parses is turned into a compact tree ([`compile`](expr::compile)) in which every function is
//! known, and evaluated here. Its own interpreter cannot be bounded, copies the whole value for every rule, and knows
//! neither a schema's types nor Kubernetes' functions.

mod compare;
mod convert;
mod eval;
mod expr;
mod functions;
mod lists;
pub mod network;
mod quantity;
mod semver;
mod strings;
#[cfg(test)]
mod tests;
pub mod time;
pub mod url;
mod value;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value as Json;

use super::structural::Node;
use eval::{Env, Error};
use expr::Expr;
use value::Value;

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    expr: Expr,
    uses_old_self: bool,
}

/// What may still be done for one document: one step is about one operation, or some characters or items looked at.
#[derive(Debug)]
pub struct Budget {
    /// For all rules of the document.
    total: u64,
    /// For the rule that is running.
    rule: u64,
}

/// About half a second for all rules of a document. The API server's own limit is of the same order.
const STEPS_PER_DOCUMENT: u64 = 5_000_000;
/// A tenth of a second for one rule on one value.
const STEPS_PER_RULE: u64 = 1_000_000;

impl Default for Budget {
    fn default() -> Budget {
        Budget { total: STEPS_PER_DOCUMENT, rule: STEPS_PER_RULE }
    }
}

impl Budget {
    /// Takes some steps away.
    fn take(&mut self, steps: u64) -> Result<(), Error> {
        if steps > self.rule || steps > self.total {
            self.rule = 0;
            return Err(Error::Limit("it takes too many steps"));
        }
        self.rule -= steps;
        self.total -= steps;
        Ok(())
    }
}

/// What became of a rule.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It fails while it runs, which counts as not holding: `no such key`, a division by zero.
    Error(String),
    /// It asks for an operation on types that have none.
    Overload(String),
    /// It could not be run.
    Unchecked(String),
}

impl Program {
    /// Compiles an expression. The error says what of it is not known here.
    pub fn compile(source: &str) -> Result<Program, String> {
        // The parser is another's and meets text of strangers: should it panic, the rule is not checked.
        let expr = catch_unwind(|| expr::compile(source))
            .unwrap_or_else(|_| Err("it cannot be parsed".to_owned()))?;
        let uses_old_self = expr.mentions("oldSelf");
        Ok(Program { expr, uses_old_self })
    }

    /// Whether it compares with what was there before.
    pub fn uses_old_self(&self) -> bool {
        self.uses_old_self
    }

    /// Runs it as a rule on a value of a schema. There is no value from before.
    pub fn run(&self, value: &Json, node: &Node, budget: &mut Budget) -> Outcome {
        match self.evaluate(value, node, budget) {
            Ok(Value::Bool(true)) => Outcome::True,
            Ok(Value::Bool(false)) => Outcome::False,
            Ok(other) => Outcome::Unchecked(format!("it gives no boolean but {}", other.type_name())),
            Err(Error::Failed(reason)) => Outcome::Error(reason),
            Err(Error::Overload(reason)) => Outcome::Overload(reason),
            Err(Error::Unsupported(reason)) => Outcome::Unchecked(reason),
            Err(Error::Limit(reason)) => Outcome::Unchecked(reason.to_owned()),
        }
    }

    /// Runs it as an expression that makes a message. `None`: it makes none.
    pub fn run_text(&self, value: &Json, node: &Node, budget: &mut Budget) -> Option<String> {
        match self.evaluate(value, node, budget) {
            Ok(Value::String(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    fn evaluate<'a>(
        &'a self,
        value: &'a Json,
        node: &'a Node,
        budget: &mut Budget,
    ) -> Result<Value<'a>, Error> {
        budget.rule = STEPS_PER_RULE;
        let this = Value::of(value, node);
        // Nothing here is meant to panic; a rule that makes it do so nonetheless must not end the run.
        let run = || {
            let mut env = Env::new(budget);
            env.bind("self", this);
            env.bind("oldSelf", Ok(Value::Optional(None)));
            eval::eval(&self.expr, &mut env)
        };
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(Error::Unsupported("it cannot be evaluated".to_owned())))
    }
}
