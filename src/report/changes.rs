//! What a change does to the rendered resources, as lines of text: for a terminal, and for a file.

pub(crate) mod roster;
pub(crate) mod show;
pub(crate) mod unified;

use roster::{Roster, wrapped};
use show::Shown;
use unified::unified;

use super::text::{Look, Tint, plural};
use crate::change::{
    ChangeKind, Danger, Diff, Duplicate, EntryState, FailedEntry, FieldChange, Group, ResourceChange, Side,
};
use crate::rule::Level;

/// A diff as lines of text: what failed and what is dangerous first, then by entry what became of its resources; what
/// resources have in common once. With `yaml`, their YAML too.
///
/// No line ends in a break. What the user's files say never begins a line.
pub(crate) fn changes(diff: &Diff, look: Look, yaml: bool) -> Vec<String> {
    let text = Text { diff, look, yaml, roster: Roster::of(diff) };
    let mut lines = Vec::new();
    let sections =
        [text.failed(), text.dangers(), text.notes(), text.groups(), text.entries(), text.summary()];
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(section);
    }
    lines
}

struct Text<'a> {
    diff: &'a Diff,
    look: Look,
    yaml: bool,
    roster: Roster<'a>,
}

impl Text<'_> {
    /// Entries that cannot be rendered.
    fn failed(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for FailedEntry { entry, side, message, not_compared } in &self.diff.failed {
            let (tint, what) = match side {
                Side::Base => (Tint::Warn, "could not be rendered on the base, and can be now"),
                Side::Head => (Tint::BadTitle, "cannot be rendered any more"),
                Side::Both => (Tint::BadTitle, "cannot be rendered, before and after"),
            };
            let lost = match not_compared {
                0 => String::new(),
                count => format!(" ({} compared with nothing)", plural(*count, "resource")),
            };
            let mark = self.look.paint(tint, "✗");
            lines.push(format!("{mark} {} {what}{lost}", self.title(&show::entry(entry))));
            lines.extend(self.look.lines(message, 20).iter().map(|line| self.barred(tint, line)));
        }
        lines
    }

    /// What a reviewer must not miss.
    fn dangers(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for Danger { rule, level, resources, path, reason } in &self.diff.dangers {
            let (tint, word) = match level {
                Level::Error => (Tint::BadTitle, "DANGER"),
                Level::Warn | Level::Off => (Tint::Warn, "DANGER"),
            };
            let at =
                path.as_ref().map_or(String::new(), |path| format!(" {}", self.look.line(&path.to_string())));
            let known: Vec<&ResourceChange> =
                resources.iter().filter_map(|index| self.diff.resources.get(*index)).collect();
            let head =
                format!("{} {}", self.look.paint(tint, word), self.look.paint(Tint::Title, rule.name()));
            match known.as_slice() {
                [one] => lines.push(format!("{head} {}{at}", self.look.line(&self.roster.title(one)))),
                several => {
                    lines.push(format!("{head} {}{at}", plural(several.len(), "resource")));
                    lines.extend(self.roster(resources));
                }
            }
            lines.push(self.barred(tint, &self.look.line(reason)));
        }
        lines
    }

    /// What else there is to know.
    fn notes(&self) -> Vec<String> {
        let mark = self.look.paint(Tint::Warn, "note:");
        let mut lines: Vec<String> =
            self.diff.notes.iter().map(|note| format!("{mark} {}", self.look.line(note))).collect();
        for Duplicate { identity, entries, is_new } in &self.diff.duplicates {
            if *is_new {
                let entries: Vec<String> = entries.iter().map(show::entry).collect();
                let told = format!("{identity} is rendered by several entries: {}", entries.join(", "));
                lines.push(format!("{mark} {}", self.look.line(&told)));
            }
        }
        lines
    }

    /// What resources have in common.
    fn groups(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for Group { changes, resources } in &self.diff.groups {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            let title = format!("the same in {}", plural(resources.len(), "resource"));
            lines.push(self.look.paint(Tint::Title, &title));
            lines.extend(changes.iter().flat_map(|change| self.field(change)));
            lines.extend(self.roster(resources));
        }
        lines
    }

    /// What became of the resources, entry by entry.
    fn entries(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for change in &self.diff.entries {
            let state = match (change.state, &change.before) {
                (EntryState::Added, _) => "new entry: ".to_owned(),
                (EntryState::Removed, _) => "removed entry: ".to_owned(),
                (EntryState::Kept, Some(before)) => format!("was {}: ", self.look.line(&before.path)),
                (EntryState::Kept, None) if change.counts.differing() == 0 => continue,
                (EntryState::Kept, None) => String::new(),
            };
            if !lines.is_empty() {
                lines.push(String::new());
            }
            let counts = self.look.paint(Tint::Faint, &format!("({state}{})", show::counts(&change.counts)));
            lines.push(format!("in {} {counts}", self.title(&show::entry(&change.entry))));
            let resources = self.diff.resources.iter().filter(|resource| resource.entry == change.entry);
            lines.extend(resources.flat_map(|resource| self.resource(resource)));
        }
        lines
    }

    fn resource(&self, resource: &ResourceChange) -> Vec<String> {
        let tint = match resource.kind {
            ChangeKind::Added => Tint::Good,
            ChangeKind::Removed => Tint::Bad,
            ChangeKind::Changed | ChangeKind::Renamed => Tint::Warn,
            ChangeKind::Moved => Tint::Link,
        };
        let mark = self.look.paint(tint, show::sign(resource.kind));
        let mut lines = vec![format!("  {mark} {}", self.look.line(&show::title(resource)))];
        lines.extend(show::own_fields(resource).flat_map(|change| self.field(change)));
        let shared = resource.fields.iter().filter(|field| field.group.is_some()).count();
        if shared > 0 {
            let told = format!("      and {} shared with others, see above", plural(shared, "change"));
            lines.push(self.look.paint(Tint::Faint, &told));
        }
        if self.yaml {
            let yaml = match (&resource.yaml_before, &resource.yaml_after) {
                (Some(before), Some(after)) => unified(before, after),
                (Some(before), None) => unified(before, ""),
                (None, Some(after)) => unified("", after),
                (None, None) => Vec::new(),
            };
            lines.extend(self.diff_lines(&yaml));
        }
        lines
    }

    fn field(&self, change: &FieldChange) -> Vec<String> {
        let FieldChange { path, edit, group: _ } = change;
        let sign = show::edit_sign(edit);
        let tint = match sign {
            "+" => Tint::Good,
            "~" => Tint::Warn,
            _ => Tint::Bad,
        };
        let start = format!("      {} {}", self.look.paint(tint, sign), self.look.line(&path.to_string()));
        let value = |tint, text: &str| self.look.paint(tint, &self.look.line(text));
        match show::edit(edit) {
            Shown::One(one) => vec![format!("{start}: {}", value(tint, &one))],
            Shown::Two(before, after) => {
                vec![format!("{start}: {} → {}", value(Tint::Bad, &before), value(Tint::Good, &after))]
            }
            Shown::Reordered => vec![format!("{start} in another order")],
            Shown::Lines(diff, missing) => {
                let mut lines = vec![format!("{start}:")];
                lines.extend(self.diff_lines(&diff));
                if missing > 0 {
                    lines.push(self.more(missing));
                }
                lines
            }
        }
    }

    /// The lines of a unified diff, each behind a bar.
    fn diff_lines(&self, diff: &[String]) -> Vec<String> {
        let shown = if self.look.terminal { diff.len().min(show::MAX_LINES) } else { diff.len() };
        let text = diff[..shown].iter().map(|line| {
            let text = self.look.line(line);
            let text = match line.as_bytes().first() {
                Some(b'+') => self.look.paint(Tint::Good, &text),
                Some(b'-') => self.look.paint(Tint::Bad, &text),
                Some(b'@') => self.look.paint(Tint::Link, &text),
                Some(_) | None => text,
            };
            format!("        │ {text}").trim_end().to_owned()
        });
        let mut lines: Vec<String> = text.collect();
        if shown < diff.len() {
            lines.push(self.more(diff.len() - shown));
        }
        lines
    }

    fn more(&self, missing: usize) -> String {
        self.look.paint(Tint::Faint, &format!("        … {}", plural(missing, "more line")))
    }

    fn roster(&self, resources: &[usize]) -> Vec<String> {
        let lines = wrapped(&self.roster.lines(resources));
        let text = lines.iter().map(|line| {
            let line = self.look.line(line);
            format!("    {} {line}", self.look.paint(Tint::Faint, "│"))
        });
        text.collect()
    }

    fn summary(&self) -> Vec<String> {
        let diff = self.diff;
        let base = self.look.line(&diff.base.name);
        let commit: String = diff.base.commit.chars().take(7).collect();
        let what = if diff.is_empty() {
            "no change".to_owned()
        } else {
            let dangers = match diff.dangers.len() {
                0 => String::new(),
                count => format!("{}; ", plural(count, "danger")),
            };
            // What could not be rendered may have changed in any way.
            let is_other = !diff.failed.is_empty() && diff.counts.differing() == 0;
            let counts = if is_other { "no other change".to_owned() } else { show::counts(&diff.counts) };
            format!("{dangers}{counts}")
        };
        // What was never committed has no id.
        let id = if commit.is_empty() { String::new() } else { format!(" ({})", self.look.line(&commit)) };
        let compared = format!("{} unchanged, against {base}{id}", diff.counts.unchanged);
        vec![format!("{} {what}, {compared}", self.look.paint(Tint::Title, "Resources"))]
    }

    fn title(&self, text: &str) -> String {
        self.look.paint(Tint::Title, &self.look.line(text))
    }

    fn barred(&self, tint: Tint, line: &str) -> String {
        format!("  {} {line}", self.look.paint(tint, "│"))
    }
}

#[cfg(test)]
mod tests;
