//! Closed sets of values, from the Go sources of `k8s.io/api`: string types marked `+enum` and their constants.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Captures, Regex};

use crate::model::{PropertyKind, StringFormat};

/// By `io.k8s.api.apps.v1.DeploymentStrategy/type`: the only values of the field, or that it has no such set.
pub(crate) type Enums = BTreeMap<String, Option<BTreeSet<String>>>;

/// A declared name: its package (`core/v1`) and itself.
type Name = (String, String);

/// What the sources say, package by package; resolved once all are read.
pub(crate) struct Sources {
    expressions: Expressions,
    marked: BTreeSet<Name>,
    aliases: BTreeMap<Name, Name>,
    literals: BTreeMap<Name, String>,
    /// A constant of a type: the type, and the name of another constant, or its own.
    constants: Vec<(Name, Name)>,
    fields: Vec<(Name, String, Name)>,
    embedded: Vec<(Name, Name)>,
}

struct Expressions {
    import: Regex,
    marker: Regex,
    string_type: Regex,
    alias: Regex,
    structure: Regex,
    field: Regex,
    embedded: Regex,
    literal: Regex,
    reference: Regex,
}

impl Expressions {
    fn new() -> Result<Expressions, regex::Error> {
        Ok(Expressions {
            import: Regex::new(r#"^\s*(?:import\s+)?(\w+)?\s*"k8s\.io/api/(\w+)/(\w+)"$"#)?,
            marker: Regex::new(r"\+(?:k8s:)?enum\b")?,
            string_type: Regex::new(r"^type (\w+) string$")?,
            alias: Regex::new(r"^type (\w+) = ([\w.]+)$")?,
            structure: Regex::new(r"^type (\w+) struct \{$")?,
            field: Regex::new(r#"^\s+\w+\s+(?:\*|\[\]|map\[[\w.]+\])*([\w.]+)\s+`json:"([^",]+)[",]"#)?,
            embedded: Regex::new(r#"^\s+(\w+)\s+`json:",inline""#)?,
            // Name Type = "value", Name = Type("value"), Name = "value"
            literal: Regex::new(r#"^(\w+)\s*(?:(\w+)\s*)?=\s*(?:(\w+)\()?"([^"]*)"\)?(?:\s*//.*)?$"#)?,
            // Name Type = other, Name = Type(other)
            reference: Regex::new(r"^\w+\s*(?:(\w+)\s*)?=\s*(?:(\w+)\()?([A-Za-z_][\w.]*)\)?(?:\s*//.*)?$")?,
        })
    }
}

impl Sources {
    /// Nothing read yet.
    pub(crate) fn new() -> Result<Sources, regex::Error> {
        Ok(Sources {
            expressions: Expressions::new()?,
            marked: BTreeSet::new(),
            aliases: BTreeMap::new(),
            literals: BTreeMap::new(),
            constants: Vec::new(),
            fields: Vec::new(),
            embedded: Vec::new(),
        })
    }

    /// Reads a file of `package`: `core/v1`.
    pub(crate) fn read(&mut self, package: &str, source: &str) {
        let own = |name: &str| (package.to_owned(), name.to_owned());
        let mut imports: BTreeMap<String, String> = BTreeMap::new();
        let mut comment = String::new();
        let mut structure: Option<Name> = None;
        for line in source.lines() {
            if line.trim_start().starts_with("//") {
                comment.push_str(line);
                continue;
            }
            let qualified = |name: &str, imports: &BTreeMap<String, String>| match name.split_once('.') {
                Some((package, name)) => (imports.get(package).cloned().unwrap_or_default(), name.to_owned()),
                None => own(name),
            };
            let expressions = &self.expressions;
            let constant = line.trim_start().trim_start_matches("const ");
            if let Some(found) = expressions.import.captures(line) {
                let name = found.get(1).map_or(&found[3], |name| name.as_str()).to_owned();
                imports.insert(name, format!("{}/{}", &found[2], &found[3]));
            } else if let Some(found) = expressions.string_type.captures(line) {
                if expressions.marker.is_match(&comment) {
                    self.marked.insert(own(&found[1]));
                }
            } else if let Some(found) = expressions.alias.captures(line) {
                self.aliases.insert(own(&found[1]), qualified(&found[2], &imports));
            } else if let Some(found) = expressions.structure.captures(line) {
                structure = Some(own(&found[1]));
            } else if let Some(of) = &structure {
                if line == "}" {
                    structure = None;
                } else if let Some(found) = expressions.embedded.captures(line) {
                    self.embedded.push((of.clone(), own(&found[1])));
                } else if let Some(found) = expressions.field.captures(line) {
                    self.fields.push((of.clone(), found[2].to_owned(), qualified(&found[1], &imports)));
                }
            } else if let Some(found) = expressions.literal.captures(constant) {
                self.literals.insert(own(&found[1]), found[4].to_owned());
                self.constants.push((own(either(&found, 2, 3)), own(&found[1])));
            } else if let Some(found) = expressions.reference.captures(constant) {
                self.constants.push((own(either(&found, 1, 2)), qualified(&found[3], &imports)));
            }
            // A marker may stand in a comment of its own above the type's.
            if !line.is_empty() {
                comment.clear();
            }
        }
    }

    /// What the fields may hold.
    pub(crate) fn enums(&self) -> Enums {
        let mut values: BTreeMap<&Name, BTreeSet<String>> = BTreeMap::new();
        for (of, constant) in &self.constants {
            if let Some(value) = self.literals.get(constant) {
                values.entry(self.resolve(of)).or_default().insert(value.clone());
            }
        }
        let mut enums = Enums::new();
        for (of, key, kind) in &self.fields {
            let kind = self.resolve(kind);
            let set = self.marked.contains(kind).then(|| values.get(kind).cloned()).flatten();
            self.insert(of, key, &set, &mut enums);
        }
        enums
    }

    fn resolve<'a>(&'a self, name: &'a Name) -> &'a Name {
        self.aliases.get(name).map_or(name, |target| self.resolve(target))
    }

    /// Enters a field of a structure, and of those that embed it.
    fn insert(&self, of: &Name, key: &str, set: &Option<BTreeSet<String>>, enums: &mut Enums) {
        let (package, name) = of;
        enums.insert(format!("io.k8s.api.{}.{name}/{key}", package.replace('/', ".")), set.clone());
        for (outer, _) in self.embedded.iter().filter(|(_, inner)| inner == of) {
            self.insert(outer, key, set, enums);
        }
    }
}

fn either<'a>(found: &'a Captures<'_>, first: usize, second: usize) -> &'a str {
    found.get(first).or_else(|| found.get(second)).map_or("", |group| group.as_str())
}

/// The values of a field in the version with this minor number, known from some versions only.
///
/// Judged by the nearest known version from it on and the nearest up to it: a value that either has is allowed, and a
/// field that either knows without a set of values has none.
pub(crate) fn values(known: &BTreeMap<u32, Enums>, minor: u32, field: &str) -> Vec<String> {
    let after = known.range(minor..).next();
    let before = known.range(..=minor).next_back();
    let mut values = BTreeSet::new();
    for (_, enums) in [before, after].into_iter().flatten() {
        match enums.get(field) {
            Some(Some(set)) => values.extend(set.iter().cloned()),
            Some(None) => return Vec::new(),
            None => {}
        }
    }
    values.into_iter().collect()
}

/// Puts the values of a field where its strings are: itself, or inside its arrays and maps.
pub(crate) fn restrict(kind: &mut PropertyKind, allowed: Vec<String>) -> Result<(), String> {
    match kind {
        PropertyKind::Array { items, .. } => restrict(items, allowed),
        PropertyKind::Map { values, .. } => restrict(values, allowed),
        PropertyKind::String { format: StringFormat::Plain, values } => {
            // The readable form has no quotes.
            if let Some(value) =
                allowed.iter().find(|value| value.contains(['(', ')', '[', ']', '{', '}', '|', ':']))
            {
                return Err(format!("a value that cannot be written: {value:?}"));
            }
            *values = allowed;
            Ok(())
        }
        other => Err(format!("values for what is no string: {other:?}")),
    }
}
