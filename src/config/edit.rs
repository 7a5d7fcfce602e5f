//! Changing versions in `husako.toml`, and nothing else: not a space, comment or line break.

use std::ops::Range;

use toml::de::DeTable;

use super::lock::Table;

/// A version that is to be another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The table that the source is named in.
    pub table: Table,
    /// Its key there.
    pub name: String,
    /// The new version or tag.
    pub version: String,
}

/// The text of a `husako.toml` after these edits. `None` if it has no such version to change.
pub fn edited(text: &str, edits: &[Edit]) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for Edit { table, name, version } in edits {
        let tables = match table {
            Table::Resources => &["resources", "schemas"][..],
            Table::Charts => &["charts"],
            Table::Plugins => return None,
        };
        let source = tables.iter().find_map(|table| {
            root.get_ref().get(*table)?.get_ref().as_table()?.get(name.as_str())?.get_ref().as_table()
        })?;
        let value = ["version", "tag"].iter().find_map(|key| source.get(*key))?;
        let span = value.span();
        let quote = if text.get(span.clone())?.starts_with('\'') { '\'' } else { '"' };
        // No version has a character that would have to be escaped.
        if version.contains(['"', '\'', '\\', '\n', '\r']) {
            return None;
        }
        changes.push((span, format!("{quote}{version}{quote}")));
    }
    // From the end, so that what comes before stays where it is.
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, value) in changes {
        text.replace_range(span, &value);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(table: Table, name: &str, version: &str) -> Edit {
        Edit { table, name: name.to_owned(), version: version.to_owned() }
    }

    #[test]
    fn only_the_version_changes() {
        let before = "# top\r\n[resources]\r\nkubernetes = { version = \"1.35\", source = 'release' } # why\r\n\
                      [charts.web]\nsource = \"oci\"\nversion = '1.0.0'   # here\nreference = \"oci://h/version\"\n\
                      [charts]\ndb.source = \"git\"\ndb.tag = \"v1\"\n\"a b\" = { source = \"registry\", version = \"\"\"2\"\"\" }\n";
        let edits = [
            edit(Table::Charts, "web", "1.1.0"),
            edit(Table::Resources, "kubernetes", "1.37"),
            edit(Table::Charts, "db", "v2"),
            edit(Table::Charts, "a b", "3"),
        ];
        let expected = before
            .replace("\"1.35\"", "\"1.37\"")
            .replace("'1.0.0'", "'1.1.0'")
            .replace("\"v1\"", "\"v2\"")
            .replace("\"\"\"2\"\"\"", "\"3\"");
        // The same table cannot be opened twice, but dotted keys of another one can.
        let before = before.replace("[charts]\ndb.", "[schemas]\ndb.");
        let expected = expected.replace("[charts]\ndb.", "[schemas]\ndb.");
        let edits: Vec<Edit> = edits
            .into_iter()
            .map(|edit| if edit.name == "web" { edit } else { Edit { table: Table::Resources, ..edit } })
            .collect();
        assert_eq!(edited(&before, &edits).unwrap(), expected);
    }

    #[test]
    fn what_is_not_there_is_not_changed() {
        let text = "[charts]\nweb = { source = \"file\", path = \"x\" }\n";
        assert_eq!(edited(text, &[edit(Table::Charts, "web", "1")]), None);
        assert_eq!(edited(text, &[edit(Table::Charts, "wev", "1")]), None);
        assert_eq!(edited("[charts", &[edit(Table::Charts, "web", "1")]), None);
        assert_eq!(edited(text, &[]).as_deref(), Some(text));
    }
}
