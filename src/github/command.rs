//! Commands to the runner of a workflow: lines on standard output that it obeys.
//!
//! The form and the escapes are those of `escapeData` and `escapeProperty` in `src/command.ts` of npm `@actions/core`
//! (`https://github.com/actions/toolkit/tree/main/packages/core`).

use std::fmt::{self, Write as _};

/// How much an annotation matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the record.
    Notice,
    /// Deserves a look.
    Warning,
    /// Something failed.
    Error,
}

/// A message at a place, which GitHub shows on the run and beside the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation<'a> {
    /// How much it matters.
    pub level: Level,
    /// What it is about, in a few words.
    pub title: Option<&'a str>,
    /// The file, from the root of the repository.
    pub file: Option<&'a str>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The last line, from 1.
    pub end_line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The last column, from 1.
    pub end_column: Option<u32>,
    /// What to tell. May have several lines.
    pub message: &'a str,
}

/// A name that nobody can guess: as long as commands are stopped, the runner obeys no line but the one that repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopToken(String);

impl StopToken {
    /// 128 bits of the operating system's randomness.
    ///
    /// Errors: the system has none to give.
    pub fn new() -> Result<StopToken, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        let mut name = String::from("husako-ci-");
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Ok(StopToken(name))
    }
}

/// A command to the runner. `Display` gives its line, without the line break; whatever its parts hold, it stays one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'a> {
    /// Shows a message on the run and beside the code.
    Annotate(Annotation<'a>),
    /// No line is a command any more.
    Stop(&'a StopToken),
    /// From here on, lines are commands again.
    Resume(&'a StopToken),
}

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Annotate(annotation) => write!(f, "{annotation}"),
            Command::Stop(StopToken(token)) => write!(f, "::stop-commands::{}", Data(token)),
            Command::Resume(StopToken(token)) => write!(f, "::{token}::"),
        }
    }
}

impl fmt::Display for Annotation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Annotation { level, title, file, line, end_line, column, end_column, message } = self;
        f.write_str(match level {
            Level::Notice => "::notice",
            Level::Warning => "::warning",
            Level::Error => "::error",
        })?;
        let number = |number: &Option<u32>| number.map(|number| number.to_string());
        let properties = [
            ("file", file.map(str::to_owned)),
            ("line", number(line)),
            ("endLine", number(end_line)),
            ("col", number(column)),
            ("endColumn", number(end_column)),
            ("title", title.map(str::to_owned)),
        ];
        let mut separator = ' ';
        for (name, value) in properties {
            // The runner takes an empty value for none.
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                write!(f, "{separator}{name}={}", Property(&value))?;
                separator = ',';
            }
        }
        write!(f, "::{}", Data(message))
    }
}

/// Text behind the second `::`.
struct Data<'a>(&'a str);

impl fmt::Display for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, &['%', '\r', '\n'], f)
    }
}

/// The value of a property.
struct Property<'a>(&'a str);

impl fmt::Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, &['%', '\r', '\n', ':', ','], f)
    }
}

fn escape(text: &str, special: &[char], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for c in text.chars() {
        if special.contains(&c) {
            write!(f, "%{:02X}", u32::from(c))?;
        } else {
            f.write_char(c)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Annotation<'static> = Annotation {
        level: Level::Error,
        title: None,
        file: None,
        line: None,
        end_line: None,
        column: None,
        end_column: None,
        message: "m",
    };

    #[test]
    fn annotations_have_the_properties_that_are_known() {
        assert_eq!(PLAIN.to_string(), "::error::m");
        let whole = Annotation {
            level: Level::Warning,
            title: Some("enum"),
            file: Some("lib/a.ts"),
            line: Some(3),
            end_line: Some(4),
            column: Some(5),
            end_column: Some(6),
            message: "",
        };
        assert_eq!(
            whole.to_string(),
            "::warning file=lib/a.ts,line=3,endLine=4,col=5,endColumn=6,title=enum::"
        );
        let some = Annotation { level: Level::Notice, file: Some(""), line: Some(9), ..PLAIN };
        assert_eq!(some.to_string(), "::notice line=9::m");
    }

    #[test]
    fn what_a_command_holds_stays_in_it() {
        let nasty = "100%\r\n::error::%0A, a: b";
        let command = Command::Annotate(Annotation {
            title: Some(nasty),
            file: Some("a,line=1::b.ts"),
            message: nasty,
            ..PLAIN
        });
        assert_eq!(
            command.to_string(),
            "::error file=a%2Cline=1%3A%3Ab.ts,title=100%25%0D%0A%3A%3Aerror%3A%3A%250A%2C a%3A b\
             ::100%25%0D%0A::error::%250A, a: b"
        );
    }

    #[test]
    fn stopping_and_resuming_share_an_unguessable_name() {
        let (one, two) = (StopToken::new().unwrap(), StopToken::new().unwrap());
        assert_ne!(one, two);
        let stop = Command::Stop(&one).to_string();
        let name = stop.strip_prefix("::stop-commands::").unwrap();
        assert_eq!(Command::Resume(&one).to_string(), format!("::{name}::"));
        let random = name.strip_prefix("husako-ci-").unwrap();
        assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{random}");
    }
}
