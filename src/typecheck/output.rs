//! What `tsc --pretty false` prints: `src/a.ts(3,7): error TS2322: Type …`, with more on lines that are indented.

/// A mistake that the compiler told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Where; `None` for one that is of no file.
    pub(super) at: Option<At>,
    /// `TS2322`.
    pub(super) code: String,
    pub(super) message: String,
}

/// A place as the compiler tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub(super) path: String,
    pub(super) line: u32,
    /// In UTF-16 units, from 1.
    pub(super) column: u32,
}

/// How much of one message is kept, in bytes.
const MAX_MESSAGE: usize = 16 << 10;

/// All mistakes in what the compiler printed. What else it prints is left out.
pub(super) fn parse(text: &str) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for line in text.lines() {
        let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        if let Some(told) = first_line(&line) {
            all.push(told);
        } else if line.starts_with([' ', '\t'])
            && let Some(last) = all.last_mut()
            && last.message.len() + line.len() < MAX_MESSAGE
        {
            last.message.push('\n');
            last.message.push_str(line.trim_end());
        }
    }
    all
}

fn first_line(line: &str) -> Option<Told> {
    let (head, rest) = match line.strip_prefix("error TS") {
        Some(rest) => ("", rest),
        None => line.split_once(": error TS")?,
    };
    let (number, message) = rest.split_once(": ")?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let at = if head.is_empty() { None } else { Some(place(head)?) };
    Some(Told { at, code: format!("TS{number}"), message: message.trim_end().to_owned() })
}

/// `src/a.ts(3,7)`.
fn place(text: &str) -> Option<At> {
    let (path, numbers) = text.strip_suffix(')')?.rsplit_once('(')?;
    let (line, column) = numbers.split_once(',')?;
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
    Some(At { path: path.to_owned(), line: number(line)?, column: number(column)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mistakes_are_read_with_their_places() {
        let told = parse(
            "src/a (1).ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.\n  Because: of this.\n    And that.\n\
             error TS18003: No inputs were found in config file 'x: y'.\nFound 2 errors.\nb.ts(1,1): error TS1005: ';' expected.\n",
        );
        let at = |path: &str, line, column| Some(At { path: path.to_owned(), line, column });
        assert_eq!(told.len(), 3);
        assert_eq!(told[0].at, at("src/a (1).ts", 3, 7));
        assert_eq!(told[0].code, "TS2322");
        assert!(told[0].message.ends_with("type 'number'.\n  Because: of this.\n    And that."));
        assert_eq!((told[1].at.clone(), told[1].code.as_str()), (None, "TS18003"));
        assert_eq!(told[2].at, at("b.ts", 1, 1));
    }

    #[test]
    fn what_is_no_mistake_is_left_out() {
        for text in [
            "",
            "  indented",
            "a.ts: error TS: x",
            "a.ts(1): error TS1: x",
            "a.ts(0,1): error TS1: x",
            "error TSx: y",
        ] {
            assert_eq!(parse(text), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read(text in "[a-z(),: \n0-9éTSerror\u{1b}]{0,120}") {
            let _ = parse(&text);
        }
    }
}
