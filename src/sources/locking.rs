//! What `husako.lock` says of sources that lie in the repository: husako skips what has not changed by it.

use super::plugins::Plugin;
use super::remote::named;
use crate::config::{ChartSource, Config, ContentHash, Lock, Locked, PluginSource, ResourceSource, Table};
use crate::tree::{Kind, RelPath, SourceTree};

/// Completes a lock, in which is what was fetched, by everything else that the project names, and leaves out what it names
/// no more.
pub fn complete(tree: &dyn SourceTree, config: &Config, plugins: &[Plugin], lock: &mut Lock) {
    let (resources, charts) = named(config, plugins);
    let file = |path: &RelPath, written: &str| {
        let mut locked = Locked::new(vec![("source", "file".to_owned()), ("path", written.to_owned())]);
        locked.content_hash = Some(content_hash(tree, path));
        locked
    };
    for resource in &resources {
        match &resource.value {
            ResourceSource::File { path, written } => {
                lock.set(Table::Resources, &resource.name, file(path, written));
            }
            ResourceSource::Release { version } => {
                let identity = vec![("source", "release".to_owned()), ("version", version.clone())];
                let known = lock.get(Table::Resources, &resource.name);
                if !known.is_some_and(|known| known.is_of(&identity)) {
                    lock.set(Table::Resources, &resource.name, Locked::new(identity));
                }
            }
            // What was fetched is in it.
            ResourceSource::Git(_) => {}
        }
    }
    for chart in &charts {
        match &chart.value {
            ChartSource::File { path, written } => lock.set(Table::Charts, &chart.name, file(path, written)),
            ChartSource::Registry { .. }
            | ChartSource::ArtifactHub { .. }
            | ChartSource::Oci { .. }
            | ChartSource::Git(_) => {}
        }
    }
    for plugin in &config.plugins {
        let PluginSource::Path { path, written } = &plugin.value else { continue };
        let found = plugins.iter().find(|found| found.name == plugin.name);
        let mut locked = Locked::new(vec![("source", "path".to_owned()), ("path", written.clone())]);
        locked.content_hash = Some(content_hash(tree, path));
        locked.plugin_version = found.map(|found| found.manifest.version.clone());
        lock.set(Table::Plugins, &plugin.name, locked);
    }
    lock.retain(|table, name| match table {
        Table::Resources => resources.iter().any(|named| named.name == name),
        Table::Charts => charts.iter().any(|named| named.name == name),
        Table::Plugins => config.plugins.iter().any(|named| named.name == name),
    });
}

/// husako's hash of a file, or of all files in a folder, each with its path in it, sorted by path.
fn content_hash(tree: &dyn SourceTree, path: &RelPath) -> String {
    let mut hash = ContentHash::default();
    if tree.is_file(path) {
        hash.add(&tree.read_bytes(path).unwrap_or_default());
        return hash.text();
    }
    let mut files = Vec::new();
    let mut pending = vec![path.clone()];
    while let Some(folder) = pending.pop() {
        for child in tree.list(&folder).unwrap_or_default() {
            let path = folder.child(&child.name);
            match child.kind {
                Kind::Folder => pending.push(path),
                Kind::File | Kind::Link => files.push(path),
                Kind::Other => {}
            }
        }
    }
    files.sort();
    for file in files {
        // What cannot be read counts as husako counts it: by its name.
        hash.add(file.relative_to(path).unwrap_or_default().as_bytes());
        hash.add(&tree.read_bytes(&file).unwrap_or_default());
    }
    hash.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Fetched, plugins};
    use crate::tree::MemoryTree;

    #[test]
    fn local_sources_are_locked_as_husako_does() {
        let tree = MemoryTree::new([
            ("app/crds/b.yaml", "b"),
            ("app/crds/a/c.yaml", "c"),
            ("app/web.json", "{}"),
            (
                "app/p/plugin.toml",
                "[plugin]\nname = \"p\"\nversion = \"0.3.0\"\n[charts]\ndb = { source = \"file\", path = \"db.json\" }\n",
            ),
            ("app/p/db.json", "{}"),
        ]);
        let root = RelPath::new("app").unwrap();
        let text = "[resources]\nkubernetes = { source = \"release\", version = \"1.35\" }\ncrds = { source = \"file\", path = \"./crds\" }\n\
                    [charts]\nweb = { source = \"file\", path = \"web.json\" }\n[plugins]\np = { source = \"path\", path = \"./p\" }\n";
        let config = Config::parse(&root.child("husako.toml"), text).0.unwrap();
        let plugins = plugins(&tree, &root, &config, &Fetched::default());
        let mut lock = Lock::default();
        lock.set(Table::Charts, "gone", Locked::default());
        complete(&tree, &config, &plugins, &mut lock);
        let mut hash = ContentHash::default();
        hash.add(b"a/c.yamlcb.yamlb");
        let crds = lock.get(Table::Resources, "crds").unwrap();
        assert_eq!(crds.identity[1], ("path", "./crds".to_owned()));
        assert_eq!(crds.content_hash, Some(hash.text()));
        assert_eq!(lock.get(Table::Resources, "kubernetes").unwrap().version(), Some("1.35"));
        assert!(lock.get(Table::Charts, "web").is_some() && lock.get(Table::Charts, "p:db").is_some());
        assert!(lock.get(Table::Charts, "gone").is_none());
        assert_eq!(lock.get(Table::Plugins, "p").unwrap().plugin_version.as_deref(), Some("0.3.0"));
        let before = lock.text();
        complete(&tree, &config, &plugins, &mut lock);
        assert_eq!(lock.text(), before);
    }
}
