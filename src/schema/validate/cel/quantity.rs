//! Quantities in CEL: the amount, and how it was written as far as that shows.

use std::cmp::Ordering;

use super::eval::{Error, Result};
use super::functions::no_overload;
use super::value::Value;
use crate::schema::validate::quantity::Quantity as Amount;

/// A quantity.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    amount: Amount,
    /// Whether it is written with neither a fraction nor a suffix below one, as `asInteger` asks for.
    whole: bool,
}

/// What a billionth of is counted.
const ONE: i128 = 1_000_000_000;

impl Quantity {
    pub fn parse(text: &str) -> Option<Quantity> {
        let amount = Amount::parse(text)?;
        let (_, fraction) = text.split_once('.').unwrap_or((text, ""));
        let places = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
        // How many zeros the suffix adds; a fraction of a binary one is never whole.
        let zeros: i64 = match suffix {
            "n" => -9,
            "u" => -6,
            "m" => -3,
            "k" => 3,
            "M" => 6,
            "G" => 9,
            "T" => 12,
            "P" => 15,
            "E" => 18,
            _ => suffix.strip_prefix(['e', 'E']).and_then(|exponent| exponent.parse().ok()).unwrap_or(0),
        };
        Some(Quantity { amount, whole: zeros >= places as i64 })
    }

    fn integer(self) -> Option<i64> {
        self.whole.then(|| i64::try_from(self.amount.billionths() / ONE).ok()).flatten()
    }

    pub fn cmp(&self, other: &Quantity) -> Ordering {
        self.amount.cmp(&other.amount)
    }
}

/// The functions of quantities.
pub fn member<'a>(name: &str, this: Quantity, args: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(match (name, args) {
        ("sign", []) => Value::Int(this.amount.billionths().signum() as i64),
        ("isInteger", []) => Value::Bool(this.integer().is_some()),
        ("asInteger", []) => match this.integer() {
            Some(value) => Value::Int(value),
            None => return Err(Error::Failed("cannot convert value to integer".to_owned())),
        },
        ("asApproximateFloat", []) => {
            let units = this.amount.billionths();
            // In two parts, so that a whole number stays exact as long as a float can hold it.
            Value::Double((units / ONE) as f64 + (units % ONE) as f64 / ONE as f64)
        }
        ("isGreaterThan", [Value::Quantity(other)]) => Value::Bool(this.cmp(other) == Ordering::Greater),
        ("isLessThan", [Value::Quantity(other)]) => Value::Bool(this.cmp(other) == Ordering::Less),
        ("compareTo", [Value::Quantity(other)]) => Value::Int(this.cmp(other) as i64),
        ("add" | "sub", [other]) => {
            let other = match other {
                Value::Quantity(other) => *other,
                Value::Int(whole) => Quantity { amount: Amount::from(*whole), whole: true },
                other => return Err(no_overload(name, &[Value::Quantity(this), other.clone()])),
            };
            let amount =
                if name == "add" { this.amount.plus(other.amount) } else { this.amount.minus(other.amount) };
            Value::Quantity(Quantity { amount, whole: this.whole && other.whole })
        }
        _ => return Err(no_overload(name, &[Value::Quantity(this)])),
    })
}
