//! Durations and points in time.

use super::eval::{Error, Result};
use super::functions::no_overload;
use super::value::Value;

/// Nanoseconds of a second.
pub const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// Reads a duration as Go does: `1h30m`, `-2.5s`, `0`. In nanoseconds.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, after) = rest.split_at(digits(rest));
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(digits(after)),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() || whole.len() > 20 {
            return None;
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let unit: i128 = match &after[..end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            _ => return None,
        };
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        // Digits beyond the 18th of a fraction are below a nanosecond.
        let fraction = &fraction[..fraction.len().min(18)];
        let part = if fraction.is_empty() {
            0
        } else {
            fraction.parse::<i128>().ok()? * unit / 10_i128.pow(fraction.len() as u32)
        };
        total = total.checked_add(whole.checked_mul(unit)?)?.checked_add(part)?;
        rest = &after[end..];
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// As [`parse_duration`], and words as well: `3 days`, `2 hours and 1 minute`.
pub fn parse_lenient_duration(text: &str) -> Option<i64> {
    if let Some(exact) = parse_duration(text) {
        return Some(exact);
    }
    // The unit's exact short names, and what its long name begins with.
    const UNITS: [(&[&str], &str, i64); 8] = [
        (&["ns"], "nano", 1),
        (&["us", "µs"], "micro", 1_000),
        (&["ms"], "milli", 1_000_000),
        (&["s"], "sec", 1_000_000_000),
        (&["m"], "min", 60_000_000_000),
        (&["h", "hr"], "hour", 3_600_000_000_000),
        (&["d"], "day", 86_400_000_000_000),
        (&["w", "wk"], "week", 604_800_000_000_000),
    ];
    let mut total: i64 = 0;
    let mut found = false;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let after = &rest[start..];
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let unit = after[end..].trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
        let length = unit.find(|c: char| !c.is_ascii_alphabetic() && c != 'µ').unwrap_or(unit.len());
        if length > 0 {
            let number: i64 = after[..end].parse().ok()?;
            let name = unit[..length].to_lowercase();
            for (names, long, factor) in UNITS {
                if names.contains(&name.as_str()) || name.starts_with(long) {
                    found = true;
                    total = total.wrapping_add(number.wrapping_mul(factor));
                }
            }
        }
        rest = &unit[length..];
    }
    found.then_some(total)
}

/// Days since 1970 of a date of the calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// A number of exactly so many digits.
fn fixed(text: &str, length: usize) -> Option<i64> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Reads `2006-01-02`. In nanoseconds since 1970.
pub fn parse_date(text: &str) -> Option<i128> {
    let mut parts = text.splitn(3, '-');
    let year = fixed(parts.next()?, 4)?;
    let month = fixed(parts.next()?, 2)?;
    let day = fixed(parts.next()?, 2)?;
    let found = days(year, month, day);
    ((1..=12).contains(&month) && civil(found) == (year, month, day)).then(|| i128::from(found) * DAY)
}

/// Reads `2006-01-02T15:04:05.999Z`, with any offset. In nanoseconds since 1970.
pub fn parse_date_time(text: &str) -> Option<i128> {
    let date = text.get(..10)?;
    let clock = text.get(10..)?.strip_prefix(['T', 't'])?;
    let zone = clock.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = clock.split_at(zone);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let mut parts = clock.splitn(3, ':');
    let hours = fixed(parts.next()?, 2)?;
    let minutes = fixed(parts.next()?, 2)?;
    let seconds = fixed(parts.next()?, 2)?;
    if hours > 23
        || minutes > 59
        || seconds > 59
        || fraction.is_empty()
        || !fraction.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let fraction: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let offset = if matches!(zone, "Z" | "z") { 0 } else { parse_offset(zone)? };
    let of_day = i128::from(hours * 3_600 + minutes * 60 + seconds - offset) * SECOND;
    Some(parse_date(date)? + of_day + fraction.parse::<i128>().ok()?)
}

/// Reads `+01:00`. In seconds.
fn parse_offset(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (fixed(hours, 2)?, fixed(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// A duration as text: seconds.
pub fn duration_text(nanoseconds: i64) -> String {
    format!("{}s", nanoseconds as f64 / SECOND as f64)
}

/// A point in time as text: RFC 3339.
pub fn timestamp_text(nanoseconds: i128) -> String {
    let (year, month, day) = civil(nanoseconds.div_euclid(DAY) as i64);
    let of_day = nanoseconds.rem_euclid(DAY);
    let seconds = of_day / SECOND;
    let fraction = of_day % SECOND;
    let fraction = if fraction == 0 {
        String::new()
    } else {
        format!(".{fraction:09}").trim_end_matches('0').to_owned()
    };
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}{fraction}Z")
}

/// The functions of durations.
pub fn duration_member<'a>(name: &str, this: i64) -> Result<Value<'a>> {
    Ok(Value::Int(match name {
        "getHours" => this / 3_600_000_000_000,
        "getMinutes" => this / 60_000_000_000,
        "getSeconds" => this / 1_000_000_000,
        "getMilliseconds" => this / 1_000_000,
        _ => return Err(no_overload(name, &[Value::Duration(this)])),
    }))
}

/// The functions of points in time, in a time zone.
pub fn timestamp_member<'a>(name: &str, this: i128, zone: Option<&Value<'a>>) -> Result<Value<'a>> {
    let offset = match zone {
        None => 0,
        Some(Value::String(text)) if matches!(&**text, "UTC" | "") => 0,
        Some(Value::String(text)) => parse_offset(text)
            .ok_or_else(|| Error::Unsupported(format!("the time zone {:?} is not known", &**text)))?,
        Some(other) => return Err(no_overload(name, std::slice::from_ref(other))),
    };
    let local = this + i128::from(offset) * SECOND;
    let day = local.div_euclid(DAY) as i64;
    let of_day = local.rem_euclid(DAY);
    let (year, month, of_month) = civil(day);
    Ok(Value::Int(match name {
        "getFullYear" => year,
        "getMonth" => month - 1,
        "getDate" => of_month,
        "getDayOfMonth" => of_month - 1,
        "getDayOfWeek" => (day + 4).rem_euclid(7),
        "getDayOfYear" => day - days(year, 1, 1),
        "getHours" => (of_day / (3_600 * SECOND)) as i64,
        "getMinutes" => (of_day / (60 * SECOND) % 60) as i64,
        "getSeconds" => (of_day / SECOND % 60) as i64,
        "getMilliseconds" => (of_day / 1_000_000 % 1_000) as i64,
        _ => return Err(no_overload(name, &[Value::Timestamp(this)])),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_times_are_read_as_go_reads_them() {
        let table = [
            ("1h30m", Some(5_400_000_000_000)),
            ("-1.5s", Some(-1_500_000_000)),
            ("0", Some(0)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("1us", Some(1_000)),
            ("", None),
            ("5", None),
            ("s", None),
            ("1d", None),
            ("9999999h", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
        assert_eq!(parse_lenient_duration("2 days 1 hour"), Some(2 * 86_400_000_000_000 + 3_600_000_000_000));
        assert_eq!(parse_date_time("1970-01-01T01:00:00.5+01:00"), Some(500_000_000));
        for text in [
            "2024-02-29T23:59:59.123Z",
            "1969-12-31T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(parse_date_time(text).map(timestamp_text).as_deref(), Some(text));
        }
    }
}
