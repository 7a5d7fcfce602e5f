//! A TOML document whose every part knows where it stands, so that all mistakes are told, each at its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Place, Snippet, near_miss};
use crate::tree::{RelPath, is_absolute};

/// Where something is written in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The place.
    pub place: Place,
    /// The lines around it.
    pub snippet: Option<Snippet>,
}

impl Origin {
    /// The diagnostic, told at this place.
    pub fn mark(&self, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.at(self.place.clone()).with_snippet(self.snippet.clone())
    }
}

/// Something named in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T> {
    /// The key.
    pub name: String,
    /// What the key stands for.
    pub value: T,
    /// Where it is written.
    pub origin: Origin,
}

/// A string, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) span: Range<usize>,
}

/// The file being read, and what is wrong with it.
pub(super) struct Document<'a> {
    path: &'a RelPath,
    text: &'a str,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    /// Paths in the file must stay inside this folder.
    confine: RelPath,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// How many lines before and after a place may be shown.
const AROUND: usize = 4;

impl<'a> Document<'a> {
    pub(super) fn new(path: &'a RelPath, text: &'a str, confine: RelPath) -> Document<'a> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Document { path, text, lines, confine, diagnostics: Vec::new() }
    }

    /// The document's tables. `None`, with every mistake told, when it is not TOML.
    pub(super) fn parse(&mut self) -> Option<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            self.error(&error.span().unwrap_or(0..0), message);
        }
        errors.is_empty().then(|| table.into_inner())
    }

    /// The folder that paths in the file are relative to.
    pub(super) fn folder(&self) -> RelPath {
        self.path.parent()
    }

    pub(super) fn origin(&self, span: &Range<usize>) -> Origin {
        let start = (0..=span.start.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at));
        let start = start.unwrap_or(0);
        // The lines before this one; of a large file, only those around it are looked at.
        let above = self.lines.partition_point(|begin| *begin <= start) - 1;
        let column = self.text[self.lines[above]..start].chars().count() as u32 + 1;
        let marked =
            self.text[start..].char_indices().take_while(|(at, c)| start + at < span.end && *c != '\n');
        let first = above.saturating_sub(AROUND);
        let end = self.lines.get(above + AROUND + 1).copied().unwrap_or(self.text.len());
        let around = &self.text[self.lines[first]..end];
        let (line, skipped) = (above as u32 + 1, first as u32);
        let snippet = Snippet::new(around, line - skipped, column, marked.count() as u32).map(|snippet| {
            Snippet { first_line: snippet.first_line + skipped, line: snippet.line + skipped, ..snippet }
        });
        Origin { place: Place { path: self.path.clone(), line, column }, snippet }
    }

    fn tell(&mut self, span: &Range<usize>, diagnostic: Diagnostic) {
        let diagnostic = self.origin(span).mark(diagnostic);
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn error(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.tell(span, Diagnostic::error(message));
    }

    pub(super) fn error_with_help(&mut self, span: &Range<usize>, message: String, help: impl Into<String>) {
        self.tell(span, Diagnostic::error(message).help(help));
    }

    pub(super) fn warning(&mut self, span: &Range<usize>, message: String, help: Option<String>) {
        let diagnostic = Diagnostic { help, ..Diagnostic::warning(message) };
        self.tell(span, diagnostic);
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, expected: &str, what: &str) {
        let message = format!("{what} must be {expected}, not {}", with_article(value.get_ref().type_str()));
        // `version = 1.35` is the usual slip.
        let bare = matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_));
        let written = self.text.get(value.span()).filter(|_| bare && expected == "a string");
        match written.map(|written| format!("write \"{written}\"")) {
            Some(help) => self.error_with_help(&value.span(), message, help),
            None => self.error(&value.span(), message),
        }
    }

    pub(super) fn string(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<Text> {
        match value.get_ref() {
            DeValue::String(text) => Some(Text { value: text.to_string(), span: value.span() }),
            _ => {
                self.wrong_type(value, "a string", what);
                None
            }
        }
    }

    pub(super) fn strings(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Vec<Text> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(value, "a list of strings", what);
            return Vec::new();
        };
        let what = format!("every item of {what}");
        items.iter().filter_map(|item| self.string(item, &what)).collect()
    }

    pub(super) fn table<'t, 'i>(
        &mut self,
        value: &'t Spanned<DeValue<'i>>,
        what: &str,
    ) -> Option<&'t DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(value, "a table", what);
        }
        table
    }

    /// A path written in the file, from the tree's root: relative to the file's folder, and inside `confine`.
    pub(super) fn relative_path(&mut self, text: &Text, what: &str) -> Option<RelPath> {
        let folder = self.folder();
        let path = self.path_below(&folder, text, what)?;
        if path.starts_with(&self.confine) {
            return Some(path);
        }
        self.error(&text.span, format!("{what} leads out of {}: `{}`", self.confine, text.value));
        None
    }

    /// A path in another repository, from its root.
    pub(super) fn foreign_path(&mut self, text: &Text, what: &str) -> Option<RelPath> {
        self.path_below(&RelPath::default(), text, what)
    }

    fn path_below(&mut self, base: &RelPath, text: &Text, what: &str) -> Option<RelPath> {
        let Text { value, span } = text;
        if value.is_empty() {
            self.error(span, format!("{what} is empty"));
            return None;
        }
        if is_absolute(value) {
            let help = format!("write it relative to the folder of {}", self.path.file_name());
            self.error_with_help(span, format!("{what} is an absolute path: `{value}`"), help);
            return None;
        }
        let path = RelPath::join(base, value);
        if path.is_none() {
            self.error(span, format!("{what} leads out of the repository: `{value}`"));
        }
        path
    }
}

/// The items of a table in the order in which they are written.
pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t str, Range<usize>, &'t Spanned<DeValue<'i>>)> {
    let mut items: Vec<_> =
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
    items.sort_by_key(|(_, span, _)| span.start);
    items
}

/// "did you mean", or else all there is.
pub(super) fn suggestion(written: &str, known: &[&str]) -> String {
    match near_miss(written, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// `None` unless something known is near: for what may well be somebody else's.
pub(super) fn near_suggestion(written: &str, known: &[&str]) -> Option<String> {
    near_miss(written, known.iter().copied()).map(|near| format!("did you mean `{near}`?"))
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}
