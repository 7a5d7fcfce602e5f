//! Amounts of resources: `500m`, `1Gi`, `1e3`.

use serde_json::Value;

/// One, in the unit that amounts are counted in.
const ONE: i128 = 1_000_000_000;
/// The most that an amount with a binary suffix is; more is cut to it.
const MOST_BINARY: i128 = i64::MAX as i128 * ONE;
/// How many digits behind the point of an amount with a binary suffix are exact.
const BINARY_PLACES: usize = 20;

/// An amount, as the API server understands it.
///
/// It is exact to a billionth; what is finer is rounded up, away from zero. With a binary suffix it ends at 2^63 - 1;
/// what is beyond 10^29 is all one amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

impl Quantity {
    /// Reads `[+-]? (digits [. digits?] | . digits) (suffix | [eE] [+-]? digits)?`.
    ///
    /// Without a number it is none, unlike for the server: see [`Quantity::is_taken_for_zero`].
    pub fn parse(text: &str) -> Option<Quantity> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, rest) = digits(rest);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => digits(rest),
            None => ("", rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let amount = match Suffix::parse(suffix)? {
            Suffix::Decimal(exponent) => shifted(whole, fraction, exponent.saturating_add(9)),
            Suffix::Binary(bits) => {
                let factor = 1_i128 << bits;
                let whole = shifted(whole, "", 0).saturating_mul(factor).saturating_mul(ONE);
                // In units of 10^-20; the factor is below 2^63, so that the product fits.
                let fraction = shifted("", fraction, BINARY_PLACES as i64) * factor;
                let unit = 10_i128.pow(BINARY_PLACES as u32 - 9);
                let fraction = fraction / unit + i128::from(fraction % unit > 0);
                whole.saturating_add(fraction).min(MOST_BINARY)
            }
        };
        Some(Quantity(if negative { -amount } else { amount }))
    }

    /// Whether the server reads it, although a number is missing: `Gi`, `-`.
    pub fn is_taken_for_zero(text: &str) -> bool {
        let text = text.trim();
        let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
        !text.is_empty() && Quantity::parse(text).is_none() && Quantity::parse(&format!("0{rest}")).is_some()
    }

    /// Reads a string or a number. `None` for everything else, and for what is no amount.
    ///
    /// As the server does, it overlooks blanks around a string.
    pub fn of(value: &Value) -> Option<Quantity> {
        match value {
            Value::String(text) => Quantity::parse(text.trim()),
            Value::Number(number) => Quantity::parse(&number.to_string()),
            _ => None,
        }
    }

    /// The amount that a text which is none may be meant to be: in another case, or without what is too much.
    pub fn nearest(text: &str) -> Option<String> {
        let compact: String = text.split_whitespace().collect();
        let (number, suffix) = compact.split_at(compact.find(|c: char| c.is_ascii_alphabetic())?);
        let suffix = suffix.strip_suffix(['b', 'B']).unwrap_or(suffix);
        let meant = Suffix::WORDS.iter().find(|word| word.eq_ignore_ascii_case(suffix))?;
        Some(format!("{number}{meant}")).filter(|meant| Quantity::parse(meant).is_some())
    }

    /// How many billionths it is.
    pub fn billionths(self) -> i128 {
        self.0
    }

    /// The sum of both.
    pub fn plus(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_add(other.0))
    }

    /// What is left when the other is taken away.
    pub fn minus(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_sub(other.0))
    }

    /// Whether it is less than zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it has no fraction.
    pub fn is_integer(self) -> bool {
        self.0 % ONE == 0
    }
}

impl From<i64> for Quantity {
    fn from(whole: i64) -> Quantity {
        Quantity(i128::from(whole) * ONE)
    }
}

/// What an amount is multiplied by.
enum Suffix {
    /// Ten to the power of this.
    Decimal(i64),
    /// Two to the power of this.
    Binary(u32),
}

impl Suffix {
    /// Those that somebody may mean who writes another case.
    const WORDS: [&str; 12] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "k", "M", "G", "T", "P", "m"];

    fn parse(text: &str) -> Option<Suffix> {
        Some(match text {
            "" => Suffix::Decimal(0),
            "n" => Suffix::Decimal(-9),
            "u" => Suffix::Decimal(-6),
            "m" => Suffix::Decimal(-3),
            "k" => Suffix::Decimal(3),
            "M" => Suffix::Decimal(6),
            "G" => Suffix::Decimal(9),
            "T" => Suffix::Decimal(12),
            "P" => Suffix::Decimal(15),
            "E" => Suffix::Decimal(18),
            "Ki" => Suffix::Binary(10),
            "Mi" => Suffix::Binary(20),
            "Gi" => Suffix::Binary(30),
            "Ti" => Suffix::Binary(40),
            "Pi" => Suffix::Binary(50),
            "Ei" => Suffix::Binary(60),
            // A sign, if any, is read with the number.
            _ => Suffix::Decimal(text.strip_prefix(['e', 'E'])?.parse().ok()?),
        })
    }
}

/// The digits that a text begins with, and the rest of it.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The number `whole.fraction` times ten to the power of `exponent`, rounded up; at most [`i128::MAX`].
fn shifted(whole: &str, fraction: &str, exponent: i64) -> i128 {
    let places = exponent.saturating_add(whole.len() as i64);
    let mut digits = whole.bytes().chain(fraction.bytes()).map(|digit| i128::from(digit - b'0'));
    if places < 0 {
        return i128::from(digits.any(|digit| digit > 0));
    }
    let mut amount = 0_i128;
    for _ in 0..places {
        match digits.next() {
            Some(digit) => amount = amount.saturating_mul(10).saturating_add(digit),
            // Only zeros are left to append.
            None if amount == 0 || amount == i128::MAX => break,
            None => amount = amount.saturating_mul(10),
        }
    }
    amount.saturating_add(i128::from(digits.any(|digit| digit > 0)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|| panic!("{text} is an amount"))
    }

    #[test]
    fn what_is_an_amount_and_what_is_none() {
        for text in "500m 1Gi 2.5Gi 1k 1e3 1E3 .5 +1 0 1. 1.G 1E -1 00.50 12e-6 1e+3 .5i0".split(' ') {
            assert_eq!(Quantity::parse(text).is_some(), text != ".5i0", "{text}");
        }
        for text in [
            "",
            "1gi",
            "1mm",
            "abc",
            "Gi",
            "1 Gi",
            "1.2.3",
            "2gb",
            "+",
            "-",
            ".",
            ".Gi",
            "1e",
            "1e1.5",
            "1Ee5",
            "1 ",
            " 1",
            "++1",
            "1i",
            "1K",
            "1g",
            "0x10",
            "1_000",
            "1,5",
            "٣",
            "1e99999999999999999999",
            "1µ",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_compared_by_what_they_amount_to() {
        for (left, right) in [
            ("1000m", "1"),
            ("1Ki", "1024"),
            ("1.5Gi", "1536Mi"),
            ("0.1Ki", "102.4"),
            ("1E", "1e18"),
            ("-1k", "-1000"),
            ("0.5n", "1n"),
            ("-0.1n", "-1n"),
            ("100Ei", "9223372036854775807"),
            ("0.0000000000000000000000000001", "1n"),
            ("0e99", "0"),
            ("1e99", "1e98"),
            ("0.000001e6", "1"),
        ] {
            assert_eq!(quantity(left), quantity(right), "{left} = {right}");
        }
        for (less, more) in
            [("999m", "1"), ("1G", "1Gi"), ("-1", "0"), ("7.99Ei", "8Ei"), ("1e-9", "2n"), ("1e20", "1e21")]
        {
            assert!(quantity(less) < quantity(more), "{less} < {more}");
        }
    }

    #[test]
    fn sign_and_fraction_are_told() {
        assert!(quantity("-1m").is_negative() && !quantity("-0").is_negative());
        assert!(quantity("0Gi").is_zero() && !quantity("0.1n").is_zero());
        assert!(quantity("1.5k").is_integer() && quantity("1000m").is_integer());
        assert!(!quantity("1.5").is_integer() && !quantity("1500m").is_integer());
        assert_eq!(Quantity::from(3), quantity("3"));
    }

    #[test]
    fn a_missing_number_is_zero_for_the_server() {
        for (text, zero) in
            [("Gi", true), ("-", true), (".", true), ("+m", true), ("", false), ("gi", false), ("1Gi", false)]
        {
            assert_eq!(Quantity::is_taken_for_zero(text), zero, "{text}");
        }
    }

    #[test]
    fn mistakes_are_understood() {
        for (text, meant) in [
            ("1gi", "1Gi"),
            ("1 Gi", "1Gi"),
            ("512MB", "512M"),
            ("2gib", "2Gi"),
            ("1K", "1k"),
            ("100MI", "100Mi"),
        ] {
            assert_eq!(Quantity::nearest(text).as_deref(), Some(meant), "{text}");
        }
        for text in ["abc", "1x", "1.2.3", "", "Gi", "1mm"] {
            assert_eq!(Quantity::nearest(text), None, "{text}");
        }
    }

    #[test]
    fn json_numbers_are_amounts_too() {
        assert_eq!(Quantity::of(&json!(2)), Some(quantity("2")));
        assert_eq!(Quantity::of(&json!(0.5)), Some(quantity("500m")));
        assert_eq!(Quantity::of(&json!(1e21)), Some(quantity("1e21")));
        assert_eq!(Quantity::of(&json!(" 1Gi ")), Some(quantity("1Gi")));
        for value in [json!(true), json!(null), json!([]), json!("1 Gi"), json!("")] {
            assert_eq!(Quantity::of(&value), None, "{value}");
        }
    }
}
