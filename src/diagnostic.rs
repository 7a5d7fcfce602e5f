//! Positions in the user's files, and messages about them.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::tree::RelPath;

/// A position in a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, from the repository root.
    pub path: RelPath,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in Unicode code points.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// The lines of a file around a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// The number of the first of `lines`, from 1.
    pub first_line: u32,
    /// The lines, without line breaks; tabs are kept.
    pub lines: Vec<String>,
    /// The marked line, from 1, numbered as in the file.
    pub line: u32,
    /// The marked column, from 1, in code points.
    pub column: u32,
    /// How many code points are marked; at least 1.
    pub width: u32,
}

impl Snippet {
    /// How many lines are shown before and after the marked one.
    const CONTEXT: u32 = 2;
    /// A line longer than this many code points is cut, with its marked column kept in view.
    const MAX_COLUMNS: usize = 160;

    /// Cuts the lines around `line` out of `source`. `None` when the source has no such line.
    pub fn new(source: &str, line: u32, column: u32, width: u32) -> Option<Snippet> {
        let first_line = line.saturating_sub(Self::CONTEXT).max(1);
        let mut lines: Vec<String> = source
            .lines()
            .skip(first_line as usize - 1)
            .take((line + Self::CONTEXT - first_line + 1) as usize)
            .map(str::to_owned)
            .collect();
        let marked = lines.get((line - first_line) as usize)?;
        // A minified line says nothing whole: show all lines from the same column on.
        let start = if marked.chars().count() > Self::MAX_COLUMNS {
            (column as usize).saturating_sub(Self::MAX_COLUMNS / 2)
        } else {
            0
        };
        for text in &mut lines {
            if start > 0 || text.chars().count() > Self::MAX_COLUMNS {
                *text = text.chars().skip(start).take(Self::MAX_COLUMNS).collect();
            }
        }
        let column = column.saturating_sub(start as u32).max(1);
        Some(Snippet { first_line, lines, line, column, width: width.max(1) })
    }
}

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Told, and nothing else follows.
    Warning,
    /// What it speaks of fails.
    Error,
}

/// A mistake of the user's, told to a person: what, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What happened: lowercase, no full stop.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// The lines around it.
    pub snippet: Option<Snippet>,
    /// What to do next.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            place: None,
            snippet: None,
            help: None,
        }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(message) }
    }

    /// The same, at a place.
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self
    }

    /// The same, with the lines around its place.
    pub fn with_snippet(mut self, snippet: Option<Snippet>) -> Diagnostic {
        self.snippet = snippet;
        self
    }

    /// The same, with what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

/// The candidate nearest to what was written, when it is near enough to be meant.
pub fn near_miss<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= 1 + candidate.chars().count().min(written.chars().count()) / 4
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
