//! The comment on a pull request: the data that it needs, and its text.
//!
//! A job that runs code of the pull request makes the data and has no right to comment; another one, that has it, reads
//! the data and writes the text. So nothing in the data is trusted: not what it says, and not that it fits together.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Run;
use super::changes::show;
use super::markdown::diff::{self, Page, kept};
use super::markdown::escape::code_cut;
use super::markdown::{Detail, Elsewhere, LeftOut, Limit, fit};
use super::text::{self, plural};
use crate::change::{ChangeCounts, Diff, FieldChange, Side};
use crate::event::{CaseStatus, FileKind, FileStatus};
use crate::rule::Level;

/// The version of the data.
const VERSION: u32 = 1;
/// The most bytes of saved data.
pub(crate) const MAX_BYTES: usize = 64 << 20;
/// The most bytes of YAML that are kept: many times what a comment can hold.
const MAX_YAML: usize = 8 << 20;
/// The most failed cases that are kept.
const MAX_FAILED: usize = 50;
/// The most bytes of a message that are kept.
const MAX_MESSAGE: usize = 2000;
/// No count is larger.
const MAX_COUNT: usize = 1_000_000_000;

/// What a comment tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Comment {
    /// The version of the data: 1.
    version: u32,
    /// The commit of the head, in full.
    commit: String,
    /// Tells comments of several runs on one pull request apart.
    label: Option<String>,
    /// The folders of the projects that were run.
    projects: Vec<String>,
    /// What became of tests.
    tests: Tally,
    /// What became of entries, by themselves.
    entries: Tally,
    /// The first cases that failed.
    failed: Vec<FailedCase>,
    /// What the change does to the resources; `None` when that was not asked for.
    diff: Option<Diff>,
}

/// What a comment is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// The commit of the head, in full.
    pub(crate) commit: String,
    /// Tells comments of several runs on one pull request apart.
    pub(crate) label: Option<String>,
    /// The folders of the projects that were run, from the repository root.
    pub(crate) projects: Vec<String>,
}

/// What was counted of tests, or of entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tally {
    /// Files that ran or did not.
    pub(crate) files: usize,
    /// Files of which a case failed.
    pub(crate) files_failed: usize,
    /// Files that did not run.
    pub(crate) files_not_run: usize,
    /// Cases that passed.
    pub(crate) passed: usize,
    /// Cases that failed an assertion, and resources that are not valid.
    pub(crate) failed: usize,
    /// Cases that failed in any other way.
    pub(crate) errors: usize,
    /// Cases that were skipped or are only planned.
    pub(crate) skipped: usize,
}

/// A case that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FailedCase {
    /// Its file, from the repository root.
    file: String,
    /// The titles of the suites around it and its own, or the resource.
    name: String,
    /// Where it failed, or where it is.
    place: Option<String>,
    /// What went wrong first.
    message: String,
}

impl Tally {
    /// What was counted of tests, and of entries.
    pub(crate) fn of(run: &Run) -> (Tally, Tally) {
        let (mut tests, mut entries) = (Tally::default(), Tally::default());
        tests.passed = run.silent.tests;
        entries.passed = run.silent.entries;
        for file in run.files.values() {
            let tally = match file.kind {
                FileKind::Tests | FileKind::Types => &mut tests,
                FileKind::Entry { .. } => &mut entries,
            };
            tally.files += 1;
            match file.status {
                FileStatus::Passed => {}
                FileStatus::Failed => tally.files_failed += 1,
                FileStatus::NotRun => tally.files_not_run += 1,
            }
            for case in &file.cases {
                *match case.status {
                    CaseStatus::Passed | CaseStatus::Flaky { fails: false } => &mut tally.passed,
                    CaseStatus::Failed | CaseStatus::Flaky { fails: true } => &mut tally.failed,
                    CaseStatus::Error => &mut tally.errors,
                    CaseStatus::Skipped { .. } | CaseStatus::Todo => &mut tally.skipped,
                } += 1;
            }
        }
        (tests, entries)
    }

    fn counts(&self) -> [usize; 7] {
        let Tally { files, files_failed, files_not_run, passed, failed, errors, skipped } = *self;
        [files, files_failed, files_not_run, passed, failed, errors, skipped]
    }
}

/// Whether every number of a diff that anybody may have written is one that can be counted with, and every index that of
/// something.
///
/// # Errors
///
/// What is not, in words for a person.
pub(super) fn fits_together(diff: &Diff) -> Result<(), String> {
    diff.failed.iter().try_for_each(|failed| counted(failed.not_compared))?;
    for counts in diff.entries.iter().map(|entry| &entry.counts).chain([&diff.counts]) {
        let ChangeCounts { added, removed, changed, renamed, moved, unchanged } = *counts;
        [added, removed, changed, renamed, moved, unchanged].into_iter().try_for_each(counted)?;
    }
    let resources = |what: &str, indices: &[usize]| {
        let mut known = BTreeSet::new();
        if indices.is_empty() {
            return Err(format!("a {what} without a resource"));
        }
        match indices.iter().find(|index| **index >= diff.resources.len() || !known.insert(**index)) {
            Some(index) => Err(format!("a {what} of resource {index}, which is not there or named twice")),
            None => Ok(()),
        }
    };
    let grouped = |fields: &[FieldChange]| match fields
        .iter()
        .filter_map(|field| field.group)
        .find(|group| *group >= diff.groups.len())
    {
        Some(group) => Err(format!("a field of group {group}, which is not there")),
        None => Ok(()),
    };
    for group in &diff.groups {
        resources("group", &group.resources)?;
        grouped(&group.changes)?;
    }
    diff.dangers.iter().try_for_each(|danger| resources("danger", &danger.resources))?;
    diff.resources.iter().try_for_each(|resource| grouped(&resource.fields))
}

fn counted(count: usize) -> Result<(), String> {
    if count <= MAX_COUNT { Ok(()) } else { Err(format!("{count} is too large a count")) }
}

impl Comment {
    /// What a comment tells of a run, and of what its change does to the resources.
    ///
    /// Of very many failed cases the first ones are kept, of very much YAML the small ones.
    pub(crate) fn of(run: &Run, diff: Option<&Diff>, about: &About) -> Comment {
        let About { commit, label, projects } = about;
        let (tests, entries) = Tally::of(run);
        let failed = run.files.values().flat_map(|file| {
            file.cases.iter().filter(|case| case.status.is_failure()).map(|case| {
                let failure = case.last_failures().first();
                let place = failure.and_then(|failure| failure.place.as_ref()).or(case.place.as_ref());
                let message = failure.map_or("", |failure| failure.message.as_str());
                FailedCase {
                    file: file.path.to_string(),
                    name: case.name.clone(),
                    place: place.map(ToString::to_string),
                    message: show::cut(&text::strip_ansi(message), MAX_MESSAGE),
                }
            })
        });
        Comment {
            version: VERSION,
            commit: commit.clone(),
            label: label.clone(),
            projects: projects.clone(),
            tests,
            entries,
            failed: failed.take(MAX_FAILED).collect(),
            diff: diff.map(|diff| without_much_yaml(diff.clone())),
        }
    }

    /// The folders of the projects that were run, from the repository root.
    pub(crate) fn projects(&self) -> &[String] {
        &self.projects
    }

    /// Whether there is nothing to tell: nothing failed, and no resource differs.
    pub(crate) fn is_empty(&self) -> bool {
        let failed = |tally: &Tally| tally.files_failed + tally.files_not_run > 0;
        !failed(&self.tests) && !failed(&self.entries) && self.diff.as_ref().is_some_and(Diff::is_empty)
    }

    /// The data to be saved.
    ///
    /// # Errors
    ///
    /// None are known: writing to memory does not fail.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads saved data, from whomever they are.
    ///
    /// # Errors
    ///
    /// They are no data of this version, or do not fit together; in words for a person.
    pub(crate) fn from_json(text: &str) -> Result<Comment, String> {
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        if text.len() > MAX_BYTES {
            return Err(format!(
                "the data of the comment have {} bytes; at most {MAX_BYTES} are read",
                text.len()
            ));
        }
        let wrong = |error: serde_json::Error| format!("these are no data of a comment: {error}");
        let Version { version } = serde_json::from_str(text).map_err(wrong)?;
        if version != u64::from(VERSION) {
            return Err(format!(
                "the data of the comment have version {version}, and {VERSION} is known: \
                 use the same version of husako-ci in both jobs"
            ));
        }
        let comment: Comment = serde_json::from_str(text).map_err(wrong)?;
        comment.check().map_err(|what| format!("the data of the comment do not fit together: {what}"))?;
        Ok(comment)
    }

    /// Whether every number is one that can be counted with, and every index is that of something.
    fn check(&self) -> Result<(), String> {
        self.tests.counts().into_iter().chain(self.entries.counts()).try_for_each(counted)?;
        if self.failed.len() > MAX_FAILED {
            return Err(format!("more than {MAX_FAILED} failed cases"));
        }
        self.diff.as_ref().map_or(Ok(()), fits_together)
    }

    /// The same, of this diff with all its YAML: for what is rendered at once.
    pub(crate) fn with(self, diff: Option<&Diff>) -> Comment {
        Comment { diff: diff.cloned(), ..self }
    }

    /// The verdict and the counts: the first block of a text.
    pub(crate) fn head(&self) -> String {
        format!("{}\n{}", self.verdict(), self.about())
    }

    /// How many tests failed, and how many entries.
    fn failures(&self) -> (usize, usize) {
        let broken = self.diff.as_ref().map_or(0, |diff| diff::broken(diff).count());
        (self.tests.failed + self.tests.errors, self.entries.files_failed.max(broken))
    }

    /// What a reviewer knows within a second.
    fn verdict(&self) -> String {
        let (tests, entries) = self.failures();
        let not_run = self.tests.files_not_run + self.entries.files_not_run;
        let mut told = Vec::new();
        if tests > 0 {
            told.push(format!("{} failed", plural(tests, "test")));
        }
        if entries > 0 {
            told.push(format!("{} failed", show::entries(entries)));
        }
        if not_run > 0 {
            told.push(format!("{} did not run", plural(not_run, "file")));
        }
        let mut bad = tests + entries > 0;
        let mut doubtful = not_run > 0;
        match &self.diff {
            Some(diff) => {
                bad |= diff.dangers.iter().any(|danger| danger.level == Level::Error);
                doubtful |= !diff.dangers.is_empty();
                told.extend(diff::changes_in_words(diff));
            }
            None if told.is_empty() => told.push("all passed".to_owned()),
            None => {}
        }
        let sign = match (bad, doubtful) {
            (true, _) => "✗",
            (false, true) => "⚠",
            (false, false) => "✓",
        };
        let label = self.label.as_ref().map_or(String::new(), |label| format!(" {}", code_cut(label, 60)));
        format!("### {sign} husako-ci{label}: {}\n", told.join(", "))
    }

    /// What was counted, and what was compared.
    fn about(&self) -> String {
        let tally = |tally: &Tally, what: &str| {
            let Tally { files, files_failed: _, files_not_run: _, passed, failed, errors, skipped } = *tally;
            let told: Vec<String> = [(passed, "passed"), (failed + errors, "failed"), (skipped, "skipped")]
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, word)| format!("{count} {word}"))
                .collect();
            (files > 0).then(|| {
                format!("**{what}** {}", if told.is_empty() { "none".to_owned() } else { told.join(", ") })
            })
        };
        let mut told: Vec<String> = tally(&self.tests, "Tests").into_iter().collect();
        let Tally { files, files_failed, files_not_run, .. } = self.entries;
        if files > 0 {
            let passed = files.saturating_sub(files_failed).saturating_sub(files_not_run);
            let parts = [(passed, "valid"), (files_failed, "failed"), (files_not_run, "not run")];
            let parts =
                parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
            told.push(format!("**Entries** {}", parts.collect::<Vec<_>>().join(", ")));
        }
        let short = |commit: &str| code_cut(commit.get(..7).unwrap_or(commit), 40);
        if let Some(diff) = &self.diff {
            told.push(format!(
                "**Resources** {}, {} unchanged",
                show::counts(&diff.counts),
                diff.counts.unchanged
            ));
            told.push(format!(
                "{} against {} ({})",
                short(&self.commit),
                code_cut(&diff.base.name, 100),
                short(&diff.base.commit)
            ));
        } else {
            told.push(short(&self.commit));
        }
        let named: Vec<String> = self
            .projects
            .iter()
            .filter(|project| !["", "."].contains(&project.as_str()))
            .map(|project| code_cut(project, 100))
            .collect();
        if !named.is_empty() {
            let more = match named.len().saturating_sub(5) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            told.push(format!("in {}{more}", named[..named.len().min(5)].join(", ")));
        }
        told.join(" · ") + "\n"
    }

    /// What failed: entries that cannot be rendered, then cases.
    fn failed_block(&self, page: Option<&Page>, detail: &Detail, left_out: &mut LeftOut) -> Option<String> {
        let mut items = page.map_or(Vec::new(), |page| page.failed(detail, left_out));
        // An entry that cannot be rendered has a case that failed for the same reason.
        let told: BTreeSet<&str> = self
            .diff
            .iter()
            .flat_map(|diff| &diff.failed)
            .filter(|failed| failed.side != Side::Base)
            .map(|failed| failed.entry.path.as_str())
            .collect();
        let cases: Vec<String> = self
            .failed
            .iter()
            .filter(|case| !told.contains(case.file.as_str()))
            .map(|FailedCase { file, name, place, message }| {
                let place = match place {
                    Some(place) if !place.starts_with(file.as_str()) => format!("{file} ({place})"),
                    Some(place) => place.clone(),
                    None => file.clone(),
                };
                let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
                let message = code_cut(&message, detail.message);
                format!("- {} {}<br>{message}\n", code_cut(name, 200), code_cut(&place, 200))
            })
            .collect();
        items.extend(kept(cases, detail.list, left_out));
        let Tally { failed, errors, .. } = self.entries;
        let all = self.tests.failed + self.tests.errors + failed + errors;
        left_out.lines += all.saturating_sub(self.failed.len());
        (!items.is_empty()).then(|| format!("#### ✗ Failed\n\n{}", items.concat()))
    }

    /// The blocks of the comment, the most valuable first.
    fn blocks(&self, page: Option<&Page>, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
        let mut blocks = vec![self.head()];
        blocks.extend(self.failed_block(page, detail, left_out));
        if let Some(page) = page {
            blocks.extend(page.dangers(detail, left_out));
            blocks.extend(page.notes(detail, left_out));
            blocks.extend(page.changes(detail, left_out));
        }
        blocks
    }
}

/// The text of a comment, in Markdown, of at most `limit` UTF-16 code units.
///
/// What does not fit is left out, the least valuable first; the text says so and where it is: `elsewhere`. Whatever the
/// comment says, its text calls nobody, links to nothing but `elsewhere`, and keeps its form.
pub(crate) fn render(comment: &Comment, limit: usize, elsewhere: &Elsewhere) -> String {
    let page = comment.diff.as_ref().map(Page::of);
    fit(Limit::Utf16(limit), elsewhere, |detail, left_out| comment.blocks(page.as_ref(), detail, left_out))
}

/// Leaves the YAML of the largest resources out, until the rest is of a size to be kept.
fn without_much_yaml(mut diff: Diff) -> Diff {
    let size = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let mut sizes: Vec<(usize, usize)> = diff
        .resources
        .iter()
        .enumerate()
        .map(|(index, resource)| (size(&resource.yaml_before) + size(&resource.yaml_after), index))
        .collect();
    sizes.sort_unstable();
    let mut total = 0;
    for (size, index) in sizes {
        total += size;
        if total > MAX_YAML {
            (diff.resources[index].yaml_before, diff.resources[index].yaml_after) = (None, None);
        }
    }
    diff
}

#[cfg(test)]
mod tests;
