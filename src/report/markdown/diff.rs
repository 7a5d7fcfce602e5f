//! A diff as blocks of Markdown, in the order in which a reviewer needs them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use super::super::changes::roster::{Roster, wrapped};
use super::super::changes::show::{self, Shown};
use super::super::changes::unified::{lines, unified};
use super::super::text::plural;
use super::escape::{Info, code, code_cut, fence};
use super::{Detail, LeftOut};
use crate::change::{
    ChangeKind, Danger, Diff, Duplicate, Edit, EntryChange, EntryState, FailedEntry, FieldChange, FieldPath,
    ResourceChange, Side,
};
use crate::rule::Level;

/// With so few resources, the table names them.
const FEW: usize = 12;
/// The most characters of a name or path within a line.
const MAX_NAME: usize = 300;
/// The most characters of a change that the title of a section tells.
const MAX_BRIEF: usize = 90;
/// The most fields that one section lists.
const MAX_FIELDS: usize = 200;
/// A list of more lines is folded.
const FOLDED: usize = 8;

/// What happens, in a few words: `2 dangers, 12 resources change`.
pub(crate) fn verdict(diff: &Diff) -> String {
    let mut told = Vec::new();
    let broken = broken(diff).count();
    if broken > 0 {
        told.push(format!("{} cannot be rendered", show::entries(broken)));
    }
    told.extend(changes_in_words(diff));
    told.join(", ")
}

/// `2 dangers`, `12 resources change`: what the verdict says of what was rendered.
pub(crate) fn changes_in_words(diff: &Diff) -> Vec<String> {
    let mut told = Vec::new();
    if !diff.dangers.is_empty() {
        told.push(plural(diff.dangers.len(), "danger"));
    }
    told.push(match diff.counts.differing() {
        0 if diff.is_empty() => "no change".to_owned(),
        0 if diff.entries.iter().any(|entry| entry.state != EntryState::Kept || entry.before.is_some()) => {
            "no resource changes, but its entries do".to_owned()
        }
        0 => "no other change".to_owned(),
        1 => "1 resource changes".to_owned(),
        many => format!("{many} resources change"),
    });
    told
}

/// The entries that the change does not repair.
pub(crate) fn broken(diff: &Diff) -> impl Iterator<Item = &FailedEntry> {
    diff.failed.iter().filter(|failed| match failed.side {
        Side::Head | Side::Both => true,
        Side::Base => false,
    })
}

/// A diff, ready to be shown at any level.
pub(crate) struct Page<'a> {
    diff: &'a Diff,
    roster: Roster<'a>,
    /// The YAML of each resource that is worth it: a diff, or what comes or goes.
    yaml: Vec<(Info, Vec<String>)>,
}

impl<'a> Page<'a> {
    /// Compares the YAML of all resources.
    pub(crate) fn of(diff: &'a Diff) -> Page<'a> {
        let yaml = diff.resources.iter().map(|resource| {
            let owned = |text: &str| lines(text).into_iter().map(str::to_owned).collect();
            match (&resource.yaml_before, &resource.yaml_after) {
                (Some(before), Some(after)) => (Info::Diff, unified(before, after)),
                (Some(one), None) | (None, Some(one)) => (Info::Yaml, owned(one)),
                (None, None) => (Info::Yaml, Vec::new()),
            }
        });
        Page { diff, roster: Roster::of(diff), yaml: yaml.collect() }
    }

    /// Entries that cannot be rendered, as items of a list.
    pub(crate) fn failed(&self, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
        let items = self.diff.failed.iter().map(|failed| {
            let FailedEntry { entry, side, message, not_compared } = failed;
            let entry = code_cut(&show::entry(entry), MAX_NAME);
            let what = match side {
                Side::Base => "could not be rendered on the base, and can be now",
                Side::Head => "cannot be rendered any more",
                Side::Both => "cannot be rendered, before and after",
            };
            let lost = match not_compared {
                0 => String::new(),
                count => format!(" ({} compared with nothing)", plural(*count, "resource")),
            };
            format!("- {entry} {what}{lost}: {}\n", code_cut(message.trim_end(), detail.message))
        });
        kept(items.collect(), detail.list, left_out)
    }

    /// What a reviewer must not miss, by rule.
    pub(crate) fn dangers(&self, detail: &Detail, left_out: &mut LeftOut) -> Option<String> {
        let dangers = &self.diff.dangers;
        if dangers.is_empty() {
            return None;
        }
        let mut block = "#### ⚠ Dangers\n\n".to_owned();
        let mut by_rule: Vec<(Level, &str, Vec<&Danger>)> = Vec::new();
        for danger in dangers {
            let rule = danger.rule.name();
            match by_rule.iter_mut().find(|(level, name, _)| *level == danger.level && *name == rule) {
                Some((.., same)) => same.push(danger),
                None => by_rule.push((danger.level, rule, vec![danger])),
            }
        }
        let mut room = detail.list;
        for (level, rule, dangers) in by_rule {
            let fails = match level {
                Level::Error => " (fails the run)",
                Level::Warn | Level::Off => "",
            };
            let _ = writeln!(block, "- **{rule}**{fails}");
            let shown = dangers.len().min(room.max(1));
            for Danger { rule: _, level: _, resources, path, reason } in &dangers[..shown] {
                let path = path.as_ref().map_or(String::new(), |path| format!(" {}", path_code(path)));
                let _ = writeln!(
                    block,
                    "  - {}{path}<br>{}",
                    self.named(resources, detail, left_out),
                    code_cut(reason, detail.message)
                );
            }
            room -= shown.min(room);
            left_out.lines += dangers.len() - shown;
        }
        Some(block)
    }

    /// Some resources within a line.
    fn named(&self, resources: &[usize], detail: &Detail, left_out: &mut LeftOut) -> String {
        let known: Vec<&ResourceChange> =
            resources.iter().filter_map(|index| self.diff.resources.get(*index)).collect();
        let names: Vec<String> = if known.len() <= 3 {
            known.iter().map(|resource| code_cut(&self.roster.title(resource), MAX_NAME)).collect()
        } else {
            self.roster.lines(resources).iter().map(|line| code_cut(line, 2 * detail.message)).collect()
        };
        kept(names, detail.list, left_out).join("<br>")
    }

    /// What else there is to know.
    pub(crate) fn notes(&self, detail: &Detail, left_out: &mut LeftOut) -> Option<String> {
        let mut items: Vec<String> =
            self.diff.notes.iter().map(|note| format!("- {}\n", code_cut(note, detail.message))).collect();
        items.extend(self.diff.duplicates.iter().filter(|duplicate| duplicate.is_new).map(duplicate));
        (!items.is_empty()).then(|| format!("#### Notes\n\n{}", kept(items, detail.list, left_out).concat()))
    }

    /// Which entries differ, what resources have in common, and the resources one by one.
    pub(crate) fn changes(&self, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
        let mut blocks: Vec<String> = self.entries(detail, left_out).into_iter().collect();
        blocks.extend(self.groups(detail, left_out));
        if detail.sections {
            blocks.extend(self.sections(detail, left_out));
        } else {
            blocks.extend(self.compact(detail, left_out));
        }
        blocks.extend(self.moved(detail, left_out));
        let old: Vec<String> =
            self.diff.duplicates.iter().filter(|duplicate| !duplicate.is_new).map(duplicate).collect();
        if !old.is_empty() {
            let count = old.len();
            let title = format!("{} rendered by several entries, as before", are(count, "resource"));
            blocks.push(details(&title, &kept(old, detail.list, left_out).concat()));
        }
        blocks
    }

    /// The entries that differ, with what became of their resources.
    fn entries(&self, detail: &Detail, left_out: &mut LeftOut) -> Option<String> {
        let differs = |entry: &&EntryChange| {
            entry.counts.differing() > 0 || entry.state != EntryState::Kept || entry.before.is_some()
        };
        let listed: Vec<_> = self.diff.entries.iter().filter(differs).collect();
        if listed.is_empty() {
            return None;
        }
        let few = self.diff.counts.differing() <= FEW;
        let used: Vec<ChangeKind> = show::KINDS
            .into_iter()
            .filter(|kind| !few && listed.iter().any(|entry| show::of(&entry.counts, *kind) > 0))
            .collect();
        let mut block = "#### Changes\n\n| Entry |".to_owned();
        for kind in &used {
            let _ = write!(block, " {} {} |", show::sign(*kind), show::word(*kind));
        }
        block += if few { " Resources that differ | Unchanged |\n|---|---|" } else { " Unchanged |\n|---|" };
        block += &"---:|".repeat(used.len() + 1);
        block.push('\n');
        let mut by_entry: HashMap<_, Vec<&ResourceChange>> = HashMap::new();
        for resource in self.diff.resources.iter().filter(|_| few) {
            by_entry.entry(&resource.entry).or_default().push(resource);
        }
        for entry in listed.iter().take(detail.rows) {
            let state = match (entry.state, &entry.before) {
                (EntryState::Added, _) => " new".to_owned(),
                (EntryState::Removed, _) => " removed".to_owned(),
                (EntryState::Kept, None) => String::new(),
                (EntryState::Kept, Some(before)) => format!(" was {}", code_cut(&before.path, MAX_NAME)),
            };
            let _ = write!(block, "| {}{state} |", code_cut(&show::entry(&entry.entry), MAX_NAME));
            if few {
                let resources = by_entry.remove(&entry.entry).unwrap_or_default();
                let names: Vec<String> = resources
                    .iter()
                    .map(|resource| {
                        format!(
                            "{} {}",
                            show::sign(resource.kind),
                            code_cut(&show::title(resource), MAX_NAME)
                        )
                    })
                    .collect();
                let _ = write!(block, " {} |", names.join("<br>"));
            }
            for kind in &used {
                match show::of(&entry.counts, *kind) {
                    0 => block += " |",
                    count => {
                        let _ = write!(block, " {count} |");
                    }
                }
            }
            let _ = writeln!(block, " {} |", entry.counts.unchanged);
        }
        left_out.rows += listed.len().saturating_sub(detail.rows);
        match self.diff.entries.len() - listed.len() {
            0 => {}
            1 => block += "\n1 other entry does not change.\n",
            others => {
                let _ = writeln!(block, "\n{others} other entries do not change.");
            }
        }
        Some(block)
    }

    /// What several resources have in common, each once.
    fn groups(&self, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
        let groups = self.diff.groups.iter().map(|group| {
            let mut block = format!("**The same in {}**\n\n", plural(group.resources.len(), "resource"));
            let shown: Vec<String> = group.changes.iter().map(field).collect();
            block += &kept(shown, detail.list.min(MAX_FIELDS), left_out).concat();
            let roster = self.roster.lines(&group.resources);
            if roster.len() > FOLDED || roster.iter().any(|line| line.chars().count() > MAX_NAME) {
                let list = kept(wrapped(&roster), detail.list, left_out);
                let _ = write!(block, "\n{}", details("in these", &fence(Info::Text, &list)));
            } else {
                let list: Vec<String> = roster.iter().map(|line| code(line)).collect();
                let _ = writeln!(block, "\nin {}", kept(list, detail.list, left_out).join("<br>"));
            }
            block
        });
        let mut blocks: Vec<String> = groups.collect();
        if blocks.len() > detail.list {
            left_out.blocks += blocks.len() - detail.list;
            blocks.truncate(detail.list);
        }
        blocks
    }

    /// A section for each resource that has more to tell than the groups do.
    fn sections(&self, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut entry = None;
        let several = self.diff.resources.iter().any(|one| one.entry != self.diff.resources[0].entry);
        for (resource, (info, yaml)) in self.diff.resources.iter().zip(&self.yaml) {
            let mut fields = show::own_fields(resource).peekable();
            let wanted = match resource.kind {
                ChangeKind::Added | ChangeKind::Removed | ChangeKind::Renamed => true,
                ChangeKind::Changed => fields.peek().is_some(),
                ChangeKind::Moved => false,
            };
            if !wanted {
                continue;
            }
            if several && entry != Some(&resource.entry) {
                entry = Some(&resource.entry);
                blocks.push(format!("**{}**\n", code_cut(&show::entry(&resource.entry), MAX_NAME)));
            }
            let fields: Vec<&FieldChange> = fields.collect();
            let mut body = String::new();
            let shown: Vec<String> = fields.iter().map(|change| field(change)).collect();
            body += &kept(shown, MAX_FIELDS, left_out).concat();
            let limit = match resource.kind {
                ChangeKind::Added | ChangeKind::Removed => detail.yaml_lines,
                ChangeKind::Changed | ChangeKind::Renamed | ChangeKind::Moved => detail.diff_lines,
            };
            let is_lost = resource.yaml_before.is_none() && resource.yaml_after.is_none();
            if yaml.len() > limit || is_lost {
                left_out.yaml += 1;
            } else if !yaml.is_empty() {
                let _ = write!(body, "\n{}", long_fence(*info, yaml));
            }
            let summary = format!(
                "{} {}{}",
                show::sign(resource.kind),
                code_cut(&show::title(resource), MAX_NAME),
                brief(&fields)
            );
            blocks.push(if body.is_empty() { format!("- {summary}\n") } else { details(&summary, &body) });
        }
        blocks
    }

    /// What the sections tell of fields and names, in few lines.
    fn compact(&self, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
        let mut blocks = Vec::new();
        let of = |wanted: ChangeKind| {
            let all = self.diff.resources.iter().enumerate();
            all.filter(move |(_, resource)| resource.kind == wanted)
                .map(|(index, _)| index)
                .collect::<Vec<_>>()
        };
        for kind in [ChangeKind::Removed, ChangeKind::Added] {
            let indices = of(kind);
            if !indices.is_empty() {
                let title =
                    format!("{} {} {}", show::sign(kind), are(indices.len(), "resource"), show::word(kind));
                blocks.push(self.listed(&title, wrapped(&self.roster.lines(&indices)), detail, left_out));
            }
        }
        let renamed = of(ChangeKind::Renamed);
        if !renamed.is_empty() {
            let title = format!("→ {} renamed", are(renamed.len(), "resource"));
            let lines = renamed.iter().map(|index| self.roster.title(&self.diff.resources[*index])).collect();
            blocks.push(self.listed(&title, lines, detail, left_out));
        }
        let shown: usize = self.yaml.iter().filter(|(_, yaml)| !yaml.is_empty()).count();
        left_out.yaml += shown;
        let fields = self.by_field();
        if !fields.is_empty() {
            blocks.push(self.listed("Fields that differ", fields, detail, left_out));
        }
        blocks
    }

    /// The fields that no group tells: each once, with the resources in which it differs.
    fn by_field(&self) -> Vec<String> {
        let mut order: Vec<(String, Vec<String>)> = Vec::new();
        let mut known: HashMap<(&str, &FieldPath), usize> = HashMap::new();
        for resource in &self.diff.resources {
            for change in show::own_fields(resource) {
                let kind = resource.identity.kind.as_str();
                let at = *known.entry((kind, &change.path)).or_insert_with(|| {
                    order.push((format!("{kind} {}", change.path), Vec::new()));
                    order.len() - 1
                });
                let edit = show::line(&change.edit);
                let sign = show::edit_sign(&change.edit);
                order[at].1.push(format!("  {sign} {}{edit}", self.roster.call(resource)));
            }
        }
        order.into_iter().flat_map(|(title, lines)| std::iter::once(title).chain(lines)).collect()
    }

    /// A list as a block of its own, folded when it is long.
    fn listed(&self, title: &str, lines: Vec<String>, detail: &Detail, left_out: &mut LeftOut) -> String {
        let folded = lines.len() > FOLDED;
        let block = fence(Info::Text, &kept(lines, detail.list, left_out));
        if folded { details(title, &block) } else { format!("{title}\n\n{block}") }
    }

    /// Resources that another entry renders now.
    fn moved(&self, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
        let mut moves: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, resource) in self.diff.resources.iter().enumerate() {
            if resource.kind == ChangeKind::Moved {
                moves.entry((&resource.entry_before, &resource.entry)).or_default().push(index);
            }
        }
        let mut blocks = Vec::new();
        for ((from, to), indices) in moves {
            let from = from
                .as_ref()
                .map_or(String::new(), |from| format!(" from {}", code_cut(&from.path, MAX_NAME)));
            let title = format!(
                "→ {} moved{from} to {}",
                are(indices.len(), "resource"),
                code_cut(&to.path, MAX_NAME)
            );
            blocks.push(self.listed(&title, wrapped(&self.roster.lines(&indices)), detail, left_out));
        }
        if blocks.len() > detail.list {
            left_out.blocks += blocks.len() - detail.list;
            blocks.truncate(detail.list);
        }
        blocks
    }
}

/// `1 resource is`, `2 resources are`.
fn are(count: usize, noun: &str) -> String {
    format!("{} {}", plural(count, noun), if count == 1 { "is" } else { "are" })
}

/// At most `max` of some parts; what is missing is counted.
pub(crate) fn kept(mut parts: Vec<String>, max: usize, left_out: &mut LeftOut) -> Vec<String> {
    left_out.lines += parts.len().saturating_sub(max);
    parts.truncate(max);
    parts
}

fn duplicate(duplicate: &Duplicate) -> String {
    let entries: Vec<String> = duplicate.entries.iter().map(|entry| entry.path.clone()).collect();
    format!(
        "- {} is rendered by {}: {}\n",
        code_cut(&duplicate.identity.to_string(), MAX_NAME),
        show::entries(entries.len()),
        code_cut(&entries.join(", "), MAX_NAME)
    )
}

/// A fold. `title` and `body` are Markdown of ours; the body ends with a line break.
pub(crate) fn details(title: &str, body: &str) -> String {
    format!("<details>\n<summary>{title}</summary>\n\n{}\n\n</details>\n", body.trim_matches('\n'))
}

/// At most as many lines as are shown, with a note of how many are missing.
fn long_fence(info: Info, lines: &[String]) -> String {
    let shown = lines.len().min(show::MAX_LINES);
    let mut block = fence(info, &lines[..shown]);
    if shown < lines.len() {
        let _ = writeln!(block, "\n… {}", plural(lines.len() - shown, "more line"));
    }
    block
}

fn path_code(path: &FieldPath) -> String {
    code_cut(&path.to_string(), MAX_NAME)
}

/// What differs, for the title of a section: a short change whole, of others where they are.
fn brief(fields: &[&FieldChange]) -> String {
    let Some((first, others)) = fields.split_first() else { return String::new() };
    // Without the fields around it: they stand in the section.
    let steps = &first.path.0;
    let mut told = FieldPath(steps[steps.len().saturating_sub(3)..].to_vec()).to_string();
    let edit = show::line(&first.edit);
    if others.is_empty() && edit.chars().count() <= MAX_BRIEF {
        told += &edit;
    }
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    format!(" {} {}{more}", show::edit_sign(&first.edit), code_cut(&told, MAX_NAME))
}

/// A field that differs, as an item of a list; with a fence below it where it has several lines.
fn field(change: &FieldChange) -> String {
    let FieldChange { path, edit, group: _ } = change;
    let path = path_code(path);
    let verb = match edit {
        Edit::Added(_) => " added",
        Edit::Removed(_) => " removed",
        Edit::Changed { .. } | Edit::Reordered => "",
    };
    match show::edit(edit) {
        Shown::One(value) => format!("- {path}{verb}: {}\n", code(&value)),
        Shown::Two(before, after) => format!("- {path}: {} → {}\n", code(&before), code(&after)),
        Shown::Reordered => format!("- {path} in another order\n"),
        Shown::Lines(lines, missing) => {
            let mut item = format!("- {path}{verb}:\n\n{}", fence(Info::Diff, &lines));
            if missing > 0 {
                let _ = writeln!(item, "\n… {}", plural(missing, "more line"));
            }
            item + "\n"
        }
    }
}
