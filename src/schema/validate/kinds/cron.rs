//! Schedules, as `github.com/robfig/cron` reads them with its standard parser, and time zones of the tz database.

use std::sync::LazyLock;

use super::node::Node;
use crate::diagnostic::near_miss;
use crate::rule::Rule;

/// The names of the tz database (2025b), a line per folder: `folder: names`, and `-` for those in none.
const TIME_ZONES: &str = include_str!("time-zones.txt");

/// A field of a schedule: its name, its bounds, and names for its numbers from the first on.
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, names: &[] },
    Field { name: "hour", min: 0, max: 23, names: &[] },
    Field { name: "day of month", min: 1, max: 31, names: &[] },
    Field {
        name: "month",
        min: 1,
        max: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field { name: "day of week", min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const MACROS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// The schedule of a CronJob.
pub fn schedule(place: &Node, text: &str) {
    if text.contains("TZ=") {
        let help = "set `timeZone`, next to `schedule`";
        place.say_help(Rule::Cron, "a schedule cannot have a time zone", help);
    } else if let Err((problem, help)) = parse(text) {
        match help {
            Some(help) => place.say_help(Rule::Cron, problem, help),
            None => place.say(Rule::Cron, problem),
        }
    }
}

type Problem = (String, Option<String>);

fn parse(text: &str) -> Result<(), Problem> {
    if text.starts_with('@') {
        return descriptor(text);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let help = match fields.len() {
            6 => Some("there is no field for seconds: leave the first or last one out".to_owned()),
            _ => None,
        };
        let message = format!(
            "expected 5 fields (minute, hour, day of month, month, day of week), got {}",
            fields.len()
        );
        return Err((message, help));
    }
    for (text, field) in fields.iter().zip(&FIELDS) {
        for range in text.split(',').filter(|range| !range.is_empty()) {
            check_range(range, field)
                .map_err(|problem| (format!("bad {} `{range}`: {problem}", field.name), None))?;
        }
    }
    Ok(())
}

fn descriptor(text: &str) -> Result<(), Problem> {
    if MACROS.contains(&text) {
        return Ok(());
    }
    match text.strip_prefix("@every ") {
        Some(duration) if is_duration(duration) => Ok(()),
        Some(duration) => Err((format!("bad duration `{duration}`"), Some("write it as `1h30m`".to_owned()))),
        None => {
            let near = near_miss(text, MACROS).map(|near| format!("did you mean `{near}`?"));
            Err((format!("unknown schedule `{text}`"), near))
        }
    }
}

/// `number`, `number-number`, `*`, each with or without `/step`.
fn check_range(range: &str, field: &Field) -> Result<(), String> {
    let (bounds, step) = match range.split_once('/') {
        Some((bounds, step)) => (bounds, Some(step)),
        None => (range, None),
    };
    let mut ends = bounds.split('-');
    let first = ends.next().unwrap_or_default();
    let (start, end) = if matches!(first, "*" | "?") {
        (field.min, field.max)
    } else {
        let start = number(first, field)?;
        let end = match (ends.next(), ends.next()) {
            (None, _) if step.is_some() => field.max,
            (None, _) => start,
            (Some(end), None) => number(end, field)?,
            (Some(_), Some(_)) => return Err("more than one `-`".to_owned()),
        };
        (start, end)
    };
    if let Some(step) = step {
        match step.parse::<u32>() {
            Ok(0) => return Err("the step must be at least 1".to_owned()),
            Ok(_) => {}
            Err(_) => return Err(format!("`{step}` is no number")),
        }
    }
    if start < field.min || end > field.max {
        return Err(format!("expected {} to {}", field.min, field.max));
    }
    if start > end { Err("the range ends before it begins".to_owned()) } else { Ok(()) }
}

fn number(text: &str, field: &Field) -> Result<u32, String> {
    let lower = text.to_lowercase();
    match field.names.iter().position(|name| *name == lower) {
        Some(index) => Ok(field.min + index as u32),
        None => text.parse().map_err(|_| format!("`{text}` is no number")),
    }
}

/// A duration of Go: `1h30m`, `-1.5s`, `0`.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let digits = &rest[..rest.len() - unit.len()];
        let dots = digits.matches('.').count();
        if dots > 1 || digits.len() == dots {
            return false;
        }
        let units = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
        let Some(after) = units.iter().find_map(|name| unit.strip_prefix(name)) else { return false };
        rest = after;
    }
    true
}

/// The time zone of a CronJob: the server takes the names of the tz database, in their own case.
pub fn time_zone(place: &Node, text: &str) {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(names);
    if text.is_empty() {
        place.say(Rule::Cron, "`timeZone` must not be empty");
    } else if text.eq_ignore_ascii_case("local") {
        place.say_help(
            Rule::Cron,
            "`Local` depends on the machine",
            "name a time zone, such as `Europe/Berlin` or `Etc/UTC`",
        );
    } else if !NAMES.iter().any(|name| name == text) {
        let message = format!("the time zone {} is not in the tz database", place.shown());
        match near_miss(text, NAMES.iter().map(String::as_str)) {
            Some(near) => place.say_help(Rule::Cron, message, format!("did you mean `{near}`?")),
            None => place.say(Rule::Cron, message),
        }
    }
}

fn names() -> Vec<String> {
    let mut folder = "";
    let mut names = Vec::new();
    for word in TIME_ZONES.split_whitespace() {
        match word.strip_suffix(':') {
            Some(next) => folder = next,
            None if folder == "-" => names.push(word.to_owned()),
            None => names.push(format!("{folder}/{word}")),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_the_controller_does() {
        for good in [
            "0 3 * * *",
            "*/15 0-6 1,15 jan-MAR mon-fri",
            "5/15 * ? * 0",
            "0  0\t1 1 *",
            "@hourly",
            "@every 1h30m",
            "@every 1.5s",
            "0-59/59 * * * *",
            "0,,30 * * * *",
        ] {
            assert_eq!(parse(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "0 0 3 * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "* * * * mond",
            "*/0 * * * *",
            "5-1 * * * *",
            "1-2-3 * * * *",
            "1/2/3 * * * *",
            "-1 * * * *",
            "@reboot",
            "@Daily",
            "@every 1d",
            "@every",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn time_zones_are_those_of_the_database() {
        let names = names();
        assert!(names.len() > 590);
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        assert!(!names.iter().any(|known| known == "Europe/Berln"));
    }
}
