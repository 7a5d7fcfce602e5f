//! The house plan, checked: a room imports only rooms below it.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, and how high they lie. Rooms of one height do not import each other.
fn layers() -> BTreeMap<&'static str, u32> {
    BTreeMap::from([
        ("bench", 6),
        ("cli", 5),
        ("runner", 4),
        ("report", 4),
        ("engine", 3),
        ("fetch", 3),
        ("typecheck", 3),
        ("diff", 3),
        ("cache", 2),
        ("compile", 2),
        ("discover", 2),
        ("git", 2),
        ("github", 2),
        ("schema", 2),
        ("yaml", 2),
        ("sources", 2),
        ("config", 1),
        ("event", 1),
        ("sdk", 1),
        ("snapshot", 1),
        ("change", 0),
        ("coverage", 0),
        ("diagnostic", 0),
        ("resource", 0),
        ("retry", 0),
        ("rule", 0),
        ("shard", 0),
        ("timings", 0),
        ("tree", 0),
    ])
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a source names with `crate::room`.
fn named(source: &str) -> impl Iterator<Item = &str> {
    source.match_indices("crate::").map(|(at, prefix)| {
        let rest = &source[at + prefix.len()..];
        &rest[..rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len())]
    })
}

#[test]
fn rooms_import_only_what_lies_below() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let layers = layers();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut breaches = Vec::new();
    let mut checked = 0;
    for file in files {
        let relative = file.strip_prefix(&root).expect("it was found there");
        let room =
            relative.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned();
        // The crate's own doors.
        if room == "lib" || room == "main" {
            continue;
        }
        let Some(height) = layers.get(room.as_str()) else {
            breaches.push(format!("{} is in no room of the plan", relative.display()));
            continue;
        };
        let source = fs::read_to_string(&file).expect("it can be read");
        let own = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for other in named(own).filter(|other| *other != room && !other.is_empty()) {
            checked += 1;
            match layers.get(other) {
                Some(below) if below < height => {}
                // Positions are paths: the two lowest rooms are one idea.
                Some(0) if *height == 0 => {}
                Some(_) => breaches.push(format!("{} imports {other}", relative.display())),
                None => breaches.push(format!("{} names {other}, which is no room", relative.display())),
            }
        }
    }
    assert!(checked > 50, "only {checked} imports were seen");
    assert_eq!(breaches, Vec::<String>::new());
}
