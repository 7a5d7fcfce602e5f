//! A report as the Markdown of GitHub: blocks that stand for themselves, and how many of them fit.

pub(crate) mod diff;
pub(crate) mod escape;
#[cfg(test)]
pub(crate) mod hostile;

use crate::change::Diff;

/// How the length of a document is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// In UTF-16 code units, as the length of a comment.
    Utf16(usize),
    /// In bytes, as the size of a job summary.
    Bytes(usize),
}

impl Limit {
    /// Whether a text of this length is allowed.
    fn holds(self, text: &str) -> bool {
        match self {
            Limit::Utf16(max) => text.encode_utf16().count() <= max,
            Limit::Bytes(max) => text.len() <= max,
        }
    }
}

/// Where the whole is told when a part is left out here. Given by whoever shows the text, not part of what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    /// The address of the job summary, or of the run.
    pub(crate) summary: Option<String>,
    /// The name of the artifact that has everything.
    pub(crate) artifact: Option<String>,
}

impl Elsewhere {
    /// `in the [job summary](…) and the artifact …`, or what else to do.
    fn told(&self) -> String {
        let summary = self.summary.as_deref().and_then(|address| escape::link("job summary", address));
        let artifact =
            self.artifact.as_deref().map(|name| format!("the artifact {}", escape::code_cut(name, 100)));
        match (summary, artifact) {
            (Some(summary), Some(artifact)) => format!("the {summary} and {artifact} have all of it"),
            (Some(summary), None) => format!("the {summary} has more"),
            (None, Some(artifact)) => format!("{artifact} has all of it"),
            (None, None) => "<code>husako-ci diff -v</code> shows all of it".to_owned(),
        }
    }
}

/// How much is told. The levels go from everything to next to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Detail {
    /// A YAML diff of more lines is left out; `usize::MAX`: all are told, of very long ones the beginning.
    pub(crate) diff_lines: usize,
    /// YAML of a resource that comes or goes, of more lines, is left out; as above.
    pub(crate) yaml_lines: usize,
    /// Whether resources that differ have a section each; else their changes are told by field, in few lines.
    pub(crate) sections: bool,
    /// The most rows of one table.
    pub(crate) rows: usize,
    /// The most lines of one list.
    pub(crate) list: usize,
    /// The most characters of a message.
    pub(crate) message: usize,
}

impl Detail {
    /// Everything.
    pub(crate) const ALL: Detail = Detail {
        diff_lines: usize::MAX,
        yaml_lines: usize::MAX,
        sections: true,
        rows: usize::MAX,
        list: usize::MAX,
        message: 1000,
    };

    /// From everything to next to nothing: the least valuable goes first.
    pub(crate) const LEVELS: [Detail; 14] = {
        let all = Detail::ALL;
        let few = Detail { diff_lines: 0, yaml_lines: 0, sections: false, ..all };
        [
            all,
            Detail { diff_lines: 100, ..all },
            Detail { diff_lines: 30, ..all },
            Detail { diff_lines: 0, ..all },
            Detail { diff_lines: 0, yaml_lines: 60, ..all },
            Detail { diff_lines: 0, yaml_lines: 0, ..all },
            few,
            Detail { rows: 50, ..few },
            Detail { rows: 20, ..few },
            Detail { rows: 10, ..few },
            Detail { rows: 10, list: 200, message: 500, ..few },
            Detail { rows: 10, list: 50, message: 300, ..few },
            Detail { rows: 5, list: 10, message: 200, ..few },
            Detail { rows: 0, list: 3, message: 100, ..few },
        ]
    };
}

/// What is not told, counted while it is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// YAML diffs, and YAML of resources that come or go.
    pub(crate) yaml: usize,
    /// Lines of lists.
    pub(crate) lines: usize,
    /// Rows of tables.
    pub(crate) rows: usize,
    /// Whole blocks.
    pub(crate) blocks: usize,
}

impl LeftOut {
    /// A note that says what is left out and where it is; `None` when nothing is.
    fn note(self, elsewhere: &Elsewhere) -> Option<String> {
        let LeftOut { yaml, lines, rows, blocks } = self;
        let mut told = Vec::new();
        if yaml > 0 {
            told.push(format!("the YAML of {}", super::text::plural(yaml, "resource")));
        }
        if rows > 0 {
            told.push(super::text::plural(rows, "row"));
        }
        if lines > 0 {
            told.push(super::text::plural(lines, "line"));
        }
        if blocks > 0 {
            told.push(super::text::plural(blocks, "section"));
        }
        (!told.is_empty())
            .then(|| format!("> Left out, for length: {}; {}.\n", told.join(", "), elsewhere.told()))
    }
}

/// The fullest document that fits: its first block, a note about what is left out, the other blocks.
///
/// `render` makes the blocks of a level, the most valuable first; each is whole in itself and ends with a line break. At
/// the last level, blocks that do not fit are left out, but for the first.
pub(crate) fn fit(
    limit: Limit,
    elsewhere: &Elsewhere,
    mut render: impl FnMut(&Detail, &mut LeftOut) -> Vec<String>,
) -> String {
    for detail in &Detail::LEVELS {
        let mut left_out = LeftOut::default();
        let document = assemble(&render(detail, &mut left_out), left_out, elsewhere);
        if limit.holds(&document) {
            return document;
        }
    }
    let mut left_out = LeftOut::default();
    let mut blocks = render(&Detail::LEVELS[Detail::LEVELS.len() - 1], &mut left_out);
    let mut kept: Vec<String> = blocks.drain(..blocks.len().min(1)).collect();
    let total = blocks.len();
    for (index, block) in blocks.into_iter().enumerate() {
        kept.push(block);
        // As if all others were left out: then the note is as long as it can be.
        let without = LeftOut { blocks: total - index, ..left_out };
        if !limit.holds(&assemble(&kept, without, elsewhere)) {
            kept.pop();
        }
    }
    left_out.blocks = total + 1 - kept.len();
    let document = assemble(&kept, left_out, elsewhere);
    if limit.holds(&document) {
        document
    } else {
        kept.into_iter().take(1).filter(|first| limit.holds(first)).collect()
    }
}

fn assemble(blocks: &[String], left_out: LeftOut, elsewhere: &Elsewhere) -> String {
    let mut parts: Vec<&str> = blocks.iter().map(String::as_str).collect();
    let note = left_out.note(elsewhere);
    if let Some(note) = &note {
        parts.insert(parts.len().min(1), note);
    }
    parts.join("\n")
}

/// A diff as Markdown, for `husako-ci diff --format markdown`: all of it, whatever its length.
pub(crate) fn markdown(diff: &Diff) -> String {
    let page = diff::Page::of(diff);
    let mut blocks = vec![format!("### {}\n", diff::verdict(diff))];
    let mut left_out = LeftOut::default();
    let failed = page.failed(&Detail::ALL, &mut left_out);
    if !failed.is_empty() {
        blocks.push(failed.concat());
    }
    blocks.extend(page.dangers(&Detail::ALL, &mut left_out));
    blocks.extend(page.notes(&Detail::ALL, &mut left_out));
    blocks.extend(page.changes(&Detail::ALL, &mut left_out));
    assemble(&blocks, left_out, &Elsewhere::default())
}
