//! What strings of a format look like to Go, which the API server reads them with.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A time after RFC 3339: `2026-01-31T12:00:00Z`, with a fraction of a second or an offset.
///
/// As Go's `time.Parse` does, it takes one digit for the hour, and a comma before the fraction.
pub(super) fn is_time(text: &str) -> bool {
    date_and_time(text).is_some_and(|rest| is_zone(without_fraction(rest)))
}

/// The same with exactly six digits of a fraction, which times of microseconds are read with.
pub(super) fn is_micro_time(text: &str) -> bool {
    date_and_time(text).is_some_and(|rest| {
        let fraction = &rest[..rest.len() - without_fraction(rest).len()];
        fraction.len() == 7 && is_zone(&rest[7..])
    })
}

/// Base64 with padding (RFC 4648, 4). Line breaks are overlooked.
pub(super) fn is_base64(text: &str) -> bool {
    let (mut symbols, mut padding) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'\r' | b'\n' => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => symbols += 1,
            _ => return false,
        }
    }
    padding <= 2 && (symbols + padding).is_multiple_of(4)
}

/// What standard base64 stands for; its padding, and line breaks in it, do not matter.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let symbols: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    ANY_PADDING.decode(symbols).ok()
}

/// What follows the date and the time up to the seconds, if these are right.
fn date_and_time(text: &str) -> Option<&str> {
    let (year, rest) = number(text, 4, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2, 2)?;
    let (hour, rest) = number(rest.strip_prefix('T')?, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2, 2)?;
    let (second, rest) = number(rest.strip_prefix(':')?, 2, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    ((1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60).then_some(rest)
}

fn without_fraction(text: &str) -> &str {
    let Some(digits) = text.strip_prefix(['.', ',']) else { return text };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == digits.len() { text } else { rest }
}

fn is_zone(text: &str) -> bool {
    let offset = |text: &str| {
        let (hours, rest) = number(text.strip_prefix(['+', '-'])?, 2, 2)?;
        let (minutes, rest) = number(rest.strip_prefix(':')?, 2, 2)?;
        // Go's own limits.
        (rest.is_empty() && hours <= 24 && minutes <= 60).then_some(())
    };
    text == "Z" || offset(text).is_some()
}

/// A number of `least` to `most` digits, and what follows it.
fn number(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits).filter(|_| digits >= least)?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for text in [
            "2026-01-31T12:00:00Z",
            "2024-02-29T23:59:59.123456789+05:30",
            "2026-01-01T00:00:00,5-08:00",
            "2026-01-01T1:00:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            assert!(is_time(text), "{text}");
        }
        for text in [
            "",
            "2026-01-31",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+25:00",
            "26-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zä",
            "ä026-01-01T00:00:00Z",
        ] {
            assert!(!is_time(text), "{text}");
        }
        assert!(is_micro_time("2026-01-31T12:00:00.123456Z"));
        for text in ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00.1234567Z"] {
            assert!(!is_micro_time(text), "{text}");
        }
    }

    #[test]
    fn base64() {
        for text in ["", "YQ==", "YWI=", "YWJj", "YW\nJj\r\n", "+/==", "YR==", "YQ=\n="] {
            assert!(is_base64(text), "{text:?}");
        }
        for text in ["a", "YQ", "YQ=", "YQ===", "Y Q==", "YQ==YQ==", "-_==", "====", "=", "YWJj="] {
            assert!(!is_base64(text), "{text:?}");
        }
    }
}
