//! Many resources in few lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::show;
use crate::change::{Diff, EntryName, ResourceChange};
use crate::resource::Identity;

/// With as many places of the same names, the names are told once for all of them.
const ALIKE: usize = 3;

/// The most characters of a line, unless one name has more.
const WIDTH: usize = 120;

/// The most characters of a name; no resource can have a longer one.
const MAX_NAME: usize = 253;

/// Names of a place, each with the kinds that have it.
type Names<'d> = BTreeMap<String, BTreeSet<&'d str>>;

/// Names the resources of a diff so that each can be told from all others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Roster<'a> {
    diff: &'a Diff,
    /// Several entries have resources of the same name: then a name says nothing without its entry.
    by_entry: bool,
}

impl<'a> Roster<'a> {
    /// For the resources of this diff.
    pub(crate) fn of(diff: &'a Diff) -> Roster<'a> {
        let mut entries: HashMap<&Identity, &EntryName> = HashMap::new();
        let by_entry = diff
            .resources
            .iter()
            .any(|resource| *entries.entry(&resource.identity).or_insert(&resource.entry) != &resource.entry);
        Roster { diff, by_entry }
    }

    /// Where a resource is: its namespace, or its entry.
    fn place(&self, resource: &ResourceChange) -> String {
        match &resource.identity.namespace {
            _ if self.by_entry => show::cut(short(&resource.entry), MAX_NAME),
            Some(namespace) => show::cut(namespace, MAX_NAME),
            None => String::new(),
        }
    }

    /// What a resource is called there.
    fn name(&self, resource: &ResourceChange) -> String {
        let name = show::cut(&resource.identity.name, MAX_NAME);
        match &resource.identity.namespace {
            Some(namespace) if self.by_entry => format!("{}/{name}", show::cut(namespace, MAX_NAME)),
            Some(_) | None => name,
        }
    }

    /// A resource without its kind: `shop/web`, `prod: web`.
    pub(crate) fn call(&self, resource: &ResourceChange) -> String {
        let (place, name) = (self.place(resource), self.name(resource));
        match (place.as_str(), self.by_entry) {
            ("", _) => name,
            (_, true) => format!("{place}: {name}"),
            (_, false) => format!("{place}/{name}"),
        }
    }

    /// A resource with its kind: `Deployment shop/web`, `prod: Deployment web`.
    pub(crate) fn title(&self, resource: &ResourceChange) -> String {
        if self.by_entry {
            format!("{}: {}", short(&resource.entry), show::title(resource))
        } else {
            show::title(resource)
        }
    }

    /// Resources by where they are: `shop: Deployment, Service web; ConfigMap web-config`.
    ///
    /// `resources` are indices of [`Diff::resources`]. Places that have the same resources are told together; there `*`
    /// stands for what differs between their names. A line can be long: [`wrapped`] makes several of it.
    pub(crate) fn lines(&self, resources: &[usize]) -> Vec<String> {
        let mut places: BTreeMap<String, Names<'_>> = BTreeMap::new();
        for resource in resources.iter().filter_map(|index| self.diff.resources.get(*index)) {
            let names = places.entry(self.place(resource)).or_default();
            names.entry(self.name(resource)).or_default().insert(kind(&resource.identity));
        }
        // Places with just the same names are one.
        let mut merged: Vec<(Vec<&str>, &Names<'_>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (place, names) in &places {
            let shown = if place.is_empty() { "no namespace" } else { place };
            let at = *known.entry(told(names)).or_insert(merged.len());
            match merged.get_mut(at) {
                Some((places, _)) => places.push(shown),
                None => merged.push((vec![shown], names)),
            }
        }
        // The same text with `*` for a name that all of a place share: the place's own, or what its names begin with.
        let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut rows: Vec<(String, String, String)> = Vec::new();
        for (places, names) in &merged {
            let shown = places.join(", ");
            let stem = if let [place] = places.as_slice() { stem(place, names) } else { "" };
            let text = relative(stem, names);
            let head = if [stem] == **places || stem.is_empty() {
                shown.clone()
            } else {
                format!("{shown} ({stem})")
            };
            alike.entry(text.clone()).or_default().push(head.clone());
            rows.push((head, text, format!("{shown}: {}", told(names))));
        }
        let mut lines: Vec<String> = Vec::new();
        for (head, text, whole) in rows {
            let Some(same) = alike.get(&text) else { continue };
            if same.len() < ALIKE {
                lines.push(whole);
            } else if same.first() == Some(&head) {
                let what = match (text.contains('*'), head.ends_with(')'), self.by_entry) {
                    (false, ..) => "",
                    (true, true, _) => " (* is the name in parentheses)",
                    (true, false, true) => " (* is the entry)",
                    (true, false, false) => " (* is the namespace)",
                };
                lines.push(format!("{}: {text}{what}", same.join(", ")));
            }
        }
        lines
    }
}

/// Lines of which long ones are several, broken at blanks; what follows the first is indented.
pub(crate) fn wrapped(lines: &[String]) -> Vec<String> {
    lines.iter().flat_map(|line| wrapped_line(line)).collect()
}

fn wrapped_line(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in line.split_inclusive(' ') {
        let count = word.chars().count();
        if length > 0 && length + count > WIDTH {
            lines.push("  ".to_owned());
            length = 2;
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(word);
        }
        length += count;
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// An entry by its first name.
fn short(entry: &EntryName) -> &str {
    entry.aliases.first().unwrap_or(&entry.path)
}

fn kind(identity: &Identity) -> &str {
    if identity.kind.is_empty() { "document" } else { &identity.kind }
}

/// What the names of a place have in common: the name of the place, or else what all of them begin with, up to a `-` or the
/// end of one. Empty when there is nothing.
fn stem<'a>(place: &'a str, names: &'a Names<'_>) -> &'a str {
    if !place.is_empty() && names.keys().any(|name| name.contains(place)) {
        return place;
    }
    // They are sorted: what the first and the last begin with, all begin with.
    let (Some((first, _)), Some((last, _))) = (names.first_key_value(), names.last_key_value()) else {
        return "";
    };
    let common = first.char_indices().zip(last.chars()).find(|((_, a), b)| a != b);
    let common = common.map_or(&first[..first.len().min(last.len())], |((at, _), _)| &first[..at]);
    let ends_a_word =
        |end: usize| names.keys().all(|name| name[end..].is_empty() || name[end..].starts_with('-'));
    if ends_a_word(common.len()) { common } else { common.rfind('-').map_or("", |at| &common[..at]) }
}

/// Names with their kinds, `*` for the stem.
fn relative(stem: &str, names: &Names<'_>) -> String {
    if stem.is_empty() {
        return told(names);
    }
    let mut shortened: Names<'_> = BTreeMap::new();
    for (name, kinds) in names {
        shortened.entry(name.replace(stem, "*")).or_default().extend(kinds);
    }
    told(&shortened)
}

/// Names with their kinds: `Deployment, Service web; ConfigMap a, b`.
fn told(names: &Names<'_>) -> String {
    let mut by_kinds: BTreeMap<&BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (name, kinds) in names {
        by_kinds.entry(kinds).or_default().push(name);
    }
    let told: Vec<String> = by_kinds
        .iter()
        .map(|(kinds, names)| {
            let kinds: Vec<&str> = kinds.iter().copied().collect();
            format!("{} {}", kinds.join(", "), names.join(", "))
        })
        .collect();
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::super::example;
    use super::*;

    fn lines(resources: &[(&str, &str, Option<&str>, &str)]) -> Vec<String> {
        let mut diff = example::empty();
        for (entry, kind, namespace, name) in resources {
            diff.resources.push(example::resource(entry, kind, *namespace, name));
        }
        let all: Vec<usize> = (0..diff.resources.len()).collect();
        Roster::of(&diff).lines(&all)
    }

    #[test]
    fn places_with_the_same_names_are_told_together() {
        let of = |place, kind, name| ("prod.ts", kind, Some(place), name);
        assert_eq!(
            lines(&[of("a", "Deployment", "web"), of("b", "Deployment", "web"), of("c", "Service", "web")]),
            ["a, b: Deployment web", "c: Service web"]
        );
    }

    #[test]
    fn resources_are_told_by_namespace_with_kinds_of_the_same_name_together() {
        let shop = Some("shop");
        assert_eq!(
            lines(&[
                ("a", "Service", shop, "web"),
                ("a", "Deployment", shop, "web"),
                ("a", "Deployment", shop, "db"),
                ("a", "Namespace", None, "shop"),
            ]),
            ["no namespace: Namespace shop", "shop: Deployment db; Deployment, Service web"]
        );
    }

    #[test]
    fn where_entries_share_names_they_are_told_by_entry() {
        let web = |entry| (entry, "Deployment", Some("shop"), "web");
        assert_eq!(lines(&[web("dev"), web("prod")]), ["dev, prod: Deployment shop/web"]);
    }

    #[test]
    fn places_with_the_same_resources_are_told_together() {
        let names: Vec<String> = (0..4).map(|n| format!("team-{n}")).collect();
        let mut resources = Vec::new();
        for name in &names {
            resources.push(("a", "Deployment", Some(name.as_str()), name.as_str()));
        }
        resources.push(("a", "Secret", Some("team-3"), "key"));
        assert_eq!(
            lines(&resources),
            [
                "team-0, team-1, team-2: Deployment * (* is the namespace)",
                "team-3: Deployment team-3; Secret key"
            ]
        );
    }

    #[test]
    fn names_that_begin_alike_are_told_together() {
        let names: Vec<[String; 3]> =
            (0..3).map(|n| [format!("team-{n}"), format!("app-{n}"), format!("app-{n}-key")]).collect();
        let mut resources = Vec::new();
        for [place, app, key] in &names {
            resources.push(("a", "Deployment", Some(place.as_str()), app.as_str()));
            resources.push(("a", "Secret", Some(place.as_str()), key.as_str()));
        }
        assert_eq!(
            lines(&resources).join("\n"),
            "team-0 (app-0), team-1 (app-1), team-2 (app-2): Deployment *; Secret *-key (* is the name in parentheses)"
        );
        let stem = |names: &[&str]| {
            stem("x", &names.iter().map(|name| ((*name).to_owned(), BTreeSet::new())).collect()).to_owned()
        };
        assert_eq!(stem(&["web-a", "web-b"]), "web");
        assert_eq!(stem(&["weba", "webb"]), "");
        assert_eq!(stem(&["web", "web-a", "web-b"]), "web");
        assert_eq!(stem(&["é-1", "ê-1"]), "");
        assert_eq!(stem(&["web"]), "web");
    }

    #[test]
    fn long_lists_are_several_lines() {
        let names: Vec<String> = (0..100).map(|n| format!("web-{n}")).collect();
        let resources: Vec<_> =
            names.iter().map(|name| ("a", "Deployment", Some("shop"), name.as_str())).collect();
        let lines = wrapped(&lines(&resources));
        assert!(lines.len() > 4 && lines.iter().all(|line| line.len() <= WIDTH), "{lines:#?}");
        assert_eq!(lines.join("\n").matches("web-").count(), 100);
    }
}
