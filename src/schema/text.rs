//! The readable form of Kubernetes' types: one line per type, all versions in one description.
//!
//! ```text
//! versions 1.25 1.26 1.27
//! apps.v1.Deployment kind=apps/v1/Deployment plural=deployments scope=namespaced spec!:apps.v1.DeploymentSpec
//! core.v1.Container image:string ports:[core.v1.ContainerPort]map(containerPort,protocol)~containerPort
//! ```
//!
//! - A type: its name, its attributes (`kind=`, `plural=`, `scope=`, `atomic`), its properties (`name:kind`).
//! - `!` after a property's name: it is required.
//! - `@26+`, `@-26`, `@26`, `@25,27+` after a name or an attribute: the minor versions that it holds for; without,
//!   those of the type, and for a type all.
//! - Kinds: a type's name; `[items]` and how the list merges (`atomic`, `set`, `map(keys)`), `~key` of the merge patch;
//!   `{values}`, with `atomic` where it is; `string(A|B)` with the only values that it may have; other words as listed in
//!   [`WORDS`].
//! - `core.v1.Pod` is short for `io.k8s.api.core.v1.Pod`, `meta.v1.Time` for `io.k8s.apimachinery.pkg.apis.meta.v1.Time`.

use std::fmt;

use super::model::{GroupVersionKind, IntegerFormat, ListType, Property, PropertyKind, Scope, StringFormat};
use super::packed::{Body, Versions};

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Types {
    /// The versions, oldest first: `1.25`.
    pub(super) versions: Vec<String>,
    /// The types, sorted by name.
    pub(super) types: Vec<Type>,
}

/// A type, in all versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Type {
    /// Its full name.
    pub(super) name: String,
    /// The versions that have it.
    pub(super) versions: Versions,
    /// Its group-version-kinds.
    pub(super) kinds: Vec<(Versions, GroupVersionKind)>,
    /// See [`super::model::Resource::plural`].
    pub(super) plural: Option<String>,
    /// See [`super::model::Resource::scope`].
    pub(super) scope: Option<Scope>,
    /// Its properties.
    pub(super) body: Body,
}

/// A line that says nothing understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Which line, from 1.
    pub(super) line: usize,
    /// Why.
    pub(super) reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.reason)
    }
}

/// The kinds that are one word.
static WORDS: [(&str, PropertyKind); 13] = [
    ("any", PropertyKind::Any),
    ("bool", PropertyKind::Boolean),
    ("byte", plain(StringFormat::Base64)),
    ("date-time", plain(StringFormat::DateTime)),
    ("int", PropertyKind::Integer(IntegerFormat::Plain)),
    ("int-or-string", PropertyKind::IntOrString),
    ("int32", PropertyKind::Integer(IntegerFormat::Int32)),
    ("int64", PropertyKind::Integer(IntegerFormat::Int64)),
    ("micro-time", plain(StringFormat::MicroTime)),
    ("number", PropertyKind::Number),
    ("object", PropertyKind::AnyObject),
    ("quantity", PropertyKind::Quantity),
    ("string", plain(StringFormat::Plain)),
];

const SCOPES: [(&str, Scope); 3] =
    [("namespaced", Scope::Namespaced), ("cluster", Scope::Cluster), ("subresource", Scope::Subresource)];

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.";
const API: &str = "io.k8s.api.";

const fn plain(format: StringFormat) -> PropertyKind {
    PropertyKind::String { format, values: Vec::new() }
}

/// Reads a file.
pub(super) fn parse(source: &str) -> Result<Types, Malformed> {
    let mut file = Types { versions: Vec::new(), types: Vec::new() };
    for (at, line) in source.lines().enumerate() {
        let malformed = |reason: String| Malformed { line: at + 1, reason };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(versions) = line.strip_prefix("versions ") {
            file.versions = versions.split(' ').map(str::to_owned).collect();
            minors(&file.versions).map_err(malformed)?;
            continue;
        }
        let read = parse_type(line, &file.versions).map_err(malformed)?;
        if file.types.last().is_some_and(|before| before.name >= read.name) {
            return Err(malformed(format!("{} does not follow the line before it by name", read.name)));
        }
        file.types.push(read);
    }
    if file.types.is_empty() {
        return Err(Malformed { line: source.lines().count().max(1), reason: "no types".to_owned() });
    }
    Ok(file)
}

/// The minor numbers of versions that start with `1.`, which must ascend one by one.
fn minors(versions: &[String]) -> Result<Vec<u32>, String> {
    let minors: Option<Vec<u32>> =
        versions.iter().map(|version| version.strip_prefix("1.")?.parse().ok()).collect();
    let minors = minors.ok_or_else(|| format!("versions are written 1.<minor>: {}", versions.join(" ")))?;
    if minors.is_empty() {
        return Err("no line \"versions\" before the first type".to_owned());
    }
    if minors.len() > 32 || minors.windows(2).any(|pair| pair[0] + 1 != pair[1]) {
        return Err("at most 32 versions, one by one, oldest first".to_owned());
    }
    Ok(minors)
}

fn parse_type(line: &str, versions: &[String]) -> Result<Type, String> {
    let minors = minors(versions)?;
    let all = Versions(u32::MAX >> (32 - minors.len()));
    let mut tokens = split(line, ' ');
    let (name, own) = parse_versions(tokens.remove(0), all, &minors)?;
    if name.is_empty() || !name.contains('.') {
        return Err(format!("{name:?} is no name of a type"));
    }
    let mut read = Type {
        name: long_name(name),
        versions: own,
        kinds: Vec::new(),
        plural: None,
        scope: None,
        body: Body { atomic: Versions::default(), properties: Vec::new() },
    };
    for token in tokens {
        if let Some((head, kind)) = token.split_once(':') {
            let required = head.ends_with('!');
            let (name, versions) = parse_versions(head.trim_end_matches('!'), own, &minors)?;
            if name.is_empty() {
                return Err(format!("a property without a name: {token:?}"));
            }
            let property = Property { name: name.to_owned(), required, kind: parse_kind(kind)? };
            read.body.properties.push((versions, property));
        } else {
            let (attribute, versions) = parse_versions(token, own, &minors)?;
            match attribute.split_once('=') {
                Some(("kind", kind)) => read.kinds.push((versions, parse_group_version_kind(kind)?)),
                Some(("plural", plural)) => read.plural = Some(plural.to_owned()),
                Some(("scope", scope)) => {
                    let known = SCOPES.iter().find(|(word, _)| *word == scope);
                    read.scope = Some(known.ok_or_else(|| format!("unknown scope {scope:?}"))?.1);
                }
                None if attribute == "atomic" => read.body.atomic = versions,
                _ => return Err(format!("neither a property nor an attribute: {token:?}")),
            }
        }
    }
    if !read.body.properties.is_sorted_by(|(_, before), (_, after)| before.name <= after.name) {
        return Err(format!("the properties of {name} are not sorted"));
    }
    Ok(read)
}

/// Splits at a separator outside brackets.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0;
    text.split(|character: char| {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        character == separator && depth == 0
    })
    .collect()
}

/// Takes the versions off the end: `spec@37+`.
fn parse_versions<'a>(
    text: &'a str,
    default: Versions,
    minors: &[u32],
) -> Result<(&'a str, Versions), String> {
    let Some((name, ranges)) = text.split_once('@') else { return Ok((text, default)) };
    let mut versions = 0;
    for range in ranges.split(',') {
        let (first, last) = match range.strip_suffix('+') {
            Some(first) => (first, ""),
            None => range.split_once('-').unwrap_or((range, range)),
        };
        let bound = |text: &str, open: Option<&u32>| match text {
            "" => open.copied(),
            text => text.parse().ok().filter(|minor| minors.contains(minor)),
        };
        let (Some(first), Some(last)) = (bound(first, minors.first()), bound(last, minors.last())) else {
            return Err(format!("no such range of versions: {range:?} in {text:?}"));
        };
        for (bit, minor) in minors.iter().enumerate() {
            if (first..=last).contains(minor) {
                versions |= 1 << bit;
            }
        }
    }
    if versions == 0 { Err(format!("no version at all: {text:?}")) } else { Ok((name, Versions(versions))) }
}

fn parse_group_version_kind(text: &str) -> Result<GroupVersionKind, String> {
    let mut parts = text.rsplit('/').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(kind), Some(version), group, None) => {
            Ok(GroupVersionKind { group: group.unwrap_or_default(), version, kind })
        }
        _ => Err(format!("no group-version-kind: {text:?}")),
    }
}

fn parse_kind(text: &str) -> Result<PropertyKind, String> {
    let unknown = || format!("unknown kind {text:?}");
    if let Some(rest) = text.strip_prefix('[') {
        let (items, rest) = rest.rsplit_once(']').ok_or_else(unknown)?;
        let (list, merge_key) = match rest.split_once('~') {
            Some((list, key)) => (list, Some(key.to_owned())),
            None => (rest, None),
        };
        let list = match list {
            "" => ListType::Unmarked,
            "atomic" => ListType::Atomic,
            "set" => ListType::Set,
            list => {
                let keys =
                    list.strip_prefix("map(").and_then(|keys| keys.strip_suffix(')')).ok_or_else(unknown)?;
                ListType::Map(keys.split(',').map(str::to_owned).collect())
            }
        };
        return Ok(PropertyKind::Array { items: Box::new(parse_kind(items)?), list, merge_key });
    }
    if let Some(rest) = text.strip_prefix('{') {
        let (values, rest) = rest.rsplit_once('}').ok_or_else(unknown)?;
        let atomic = rest == "atomic";
        if !atomic && !rest.is_empty() {
            return Err(unknown());
        }
        return Ok(PropertyKind::Map { values: Box::new(parse_kind(values)?), atomic });
    }
    if let Some(values) = text.strip_prefix("string(") {
        let values = values.strip_suffix(')').ok_or_else(unknown)?.split('|').map(str::to_owned).collect();
        return Ok(PropertyKind::String { format: StringFormat::Plain, values });
    }
    if let Some((_, kind)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Ok(kind.clone());
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if text.contains('.') && text.chars().all(is_name) {
        return Ok(PropertyKind::Ref(long_name(text)));
    }
    Err(unknown())
}

fn long_name(name: &str) -> String {
    if name.starts_with("io.") {
        name.to_owned()
    } else if let Some(rest) = name.strip_prefix("meta.") {
        format!("{META}{rest}")
    } else {
        format!("{API}{name}")
    }
}

fn short_name(name: &str) -> String {
    match (name.strip_prefix(META), name.strip_prefix(API)) {
        (Some(rest), _) => format!("meta.{rest}"),
        (_, Some(rest)) => rest.to_owned(),
        _ => name.to_owned(),
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "versions {}", self.versions.join(" "))?;
        let minors = minors(&self.versions).map_err(|_| fmt::Error)?;
        let all = Versions(u32::MAX >> (32 - minors.len()));
        for described in &self.types {
            let own = described.versions;
            let versions = |versions, of| write_versions(versions, of, &minors);
            write!(f, "{}{}", short_name(&described.name), versions(own, all))?;
            for (held, kind) in &described.kinds {
                write!(f, " kind={}/{}{}", kind.api_version(), kind.kind, versions(*held, own))?;
            }
            if let Some(plural) = &described.plural {
                write!(f, " plural={plural}")?;
            }
            if let Some((word, _)) = SCOPES.iter().find(|(_, scope)| Some(*scope) == described.scope) {
                write!(f, " scope={word}")?;
            }
            if described.body.atomic.0 != 0 {
                write!(f, " atomic{}", versions(described.body.atomic, own))?;
            }
            for (held, property) in &described.body.properties {
                let required = if property.required { "!" } else { "" };
                write!(f, " {}{}{required}:", property.name, versions(*held, own))?;
                write_kind(f, &property.kind)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn write_versions(versions: Versions, default: Versions, minors: &[u32]) -> String {
    if versions == default {
        return String::new();
    }
    let mut ranges = Vec::new();
    let mut bit = 0;
    while bit < minors.len() {
        let length = (bit..minors.len()).take_while(|bit| versions.has(*bit)).count();
        if length > 0 {
            let (first, last) = (minors[bit], minors[bit + length - 1]);
            ranges.push(match (bit == 0, bit + length == minors.len()) {
                (_, true) => format!("{first}+"),
                (true, _) => format!("-{last}"),
                _ if first == last => first.to_string(),
                _ => format!("{first}-{last}"),
            });
        }
        bit += length + 1;
    }
    format!("@{}", ranges.join(","))
}

fn write_kind(f: &mut fmt::Formatter<'_>, kind: &PropertyKind) -> fmt::Result {
    match kind {
        PropertyKind::Ref(name) => f.write_str(&short_name(name)),
        PropertyKind::Array { items, list, merge_key } => {
            f.write_str("[")?;
            write_kind(f, items)?;
            f.write_str("]")?;
            match list {
                ListType::Unmarked => {}
                ListType::Atomic => f.write_str("atomic")?,
                ListType::Set => f.write_str("set")?,
                ListType::Map(keys) => write!(f, "map({})", keys.join(","))?,
            }
            merge_key.as_ref().map_or(Ok(()), |key| write!(f, "~{key}"))
        }
        PropertyKind::Map { values, atomic } => {
            f.write_str("{")?;
            write_kind(f, values)?;
            f.write_str(if *atomic { "}atomic" } else { "}" })
        }
        PropertyKind::String { format: StringFormat::Plain, values } if !values.is_empty() => {
            write!(f, "string({})", values.join("|"))
        }
        kind => {
            let (word, _) = WORDS.iter().find(|(_, word)| word == kind).ok_or(fmt::Error)?;
            f.write_str(word)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
versions 1.25 1.26 1.27 1.28
apps.v1.Deployment kind=apps/v1/Deployment plural=deployments scope=namespaced metadata:meta.v1.ObjectMeta \
spec@-26:apps.v1.DeploymentSpec spec@27+!:apps.v1.DeploymentSpec
core.v1.Container@26+ kind=v1/Container@27+ atomic a@26,28+:{[string]set} b:[core.v1.Port]map(port,protocol)~port \
c:string(A|with space) d:{quantity}atomic x-y:[[int32]atomic]
core.v1.Empty@-25
io.k8s.other.v1.T $ref:any
";

    #[test]
    fn what_is_read_is_written_again() {
        let read = parse(FILE).unwrap();
        assert_eq!(read.to_string(), FILE);
        assert_eq!(read.types[0].name, "io.k8s.api.apps.v1.Deployment");
        assert_eq!(read.types[2].versions, Versions(0b0001));
        assert_eq!(read.types[1].body.properties[0].0, Versions(0b1010));
    }

    #[test]
    fn a_malformed_line_is_told_by_number_and_reason() {
        let error =
            |line: &str| parse(&format!("# types\nversions 1.25 1.26\n{line}\n")).unwrap_err().to_string();
        assert_eq!(error("core.v1.A a:strin"), "3: unknown kind \"strin\"");
        assert_eq!(error("core.v1.A a:[string]sett"), "3: unknown kind \"[string]sett\"");
        assert_eq!(error("core.v1.A a:[string"), "3: unknown kind \"[string\"");
        assert_eq!(error("core.v1.A a"), "3: neither a property nor an attribute: \"a\"");
        assert_eq!(error("core.v1.A scope=world"), "3: unknown scope \"world\"");
        assert_eq!(error("core.v1.A a@31:string"), "3: no such range of versions: \"31\" in \"a@31\"");
        assert_eq!(error("core.v1.A kind=A"), "3: no group-version-kind: \"A\"");
        assert_eq!(error("core.v1.A b:any a:any"), "3: the properties of core.v1.A are not sorted");
        assert_eq!(
            error("core.v1.B\ncore.v1.A"),
            "4: io.k8s.api.core.v1.A does not follow the line before it by name"
        );
        assert_eq!(
            parse("core.v1.A a:any").unwrap_err().reason,
            "no line \"versions\" before the first type"
        );
        assert_eq!(parse("versions 1.25 1.27").unwrap_err().line, 1);
    }
}
