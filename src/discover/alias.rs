//! Entries by the names that `[entries]` gives them.

use super::project::Projects;
use crate::config::CONFIG_FILE;
use crate::diagnostic::{Diagnostic, near_miss};
use crate::tree::{RelPath, SourceTree, walk};

/// The file that `name` stands for in the nearest project around `folder`, or else in the only other project of the
/// repository that has such a name.
///
/// # Errors
///
/// No project has it, or several others do; mistakes in a `husako.toml` are told too.
pub fn alias(tree: &dyn SourceTree, folder: &RelPath, name: &str) -> Result<RelPath, Vec<Diagnostic>> {
    let mut projects = Projects::new(tree);
    let near = projects.require(folder);
    let named = |projects: &Projects<'_>, root: &RelPath| {
        let project = projects.known.get(root)?;
        project.config.entries.iter().find(|entry| entry.name == name).map(|entry| entry.value.clone())
    };
    if let Some(path) = named(&projects, &near) {
        return Ok(path);
    }
    for config in walk(tree, &[RelPath::default()], &|name| name == CONFIG_FILE).files {
        projects.require(&config.parent());
    }
    let others: Vec<(&RelPath, RelPath)> =
        projects.known.keys().filter_map(|root| Some((root, named(&projects, root)?))).collect();
    let error = match &others[..] {
        [(_, path)] => return Ok(path.clone()),
        [] => {
            let known: Vec<&str> = projects
                .known
                .values()
                .flat_map(|project| project.config.entries.iter().map(|entry| entry.name.as_str()))
                .collect();
            let error = Diagnostic::error(format!("there is no file and no entry `{name}`"));
            match near_miss(name, known.iter().copied()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => {
                    error.help(format!("no {CONFIG_FILE} names entries: give the path of a file"))
                }
                None => error.help(format!("entries are {}", listed(&known))),
            }
        }
        several => {
            let roots: Vec<String> = several.iter().map(|(root, _)| root.to_string()).collect();
            let message = format!("several projects have an entry `{name}`: {}", roots.join(", "));
            Diagnostic::error(message).help("go into the project's folder, or give the path of the file")
        }
    };
    projects.diagnostics.push(error);
    Err(projects.diagnostics)
}

/// The first of many names.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 20;
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemoryTree;

    fn tree() -> MemoryTree {
        MemoryTree::new([
            ("husako.toml", "[entries]\ndev = \"env/dev.ts\"\n"),
            ("apps/web/husako.toml", "[entries]\ndev = \"main.ts\"\nweb = \"main.ts\"\n\"a/b\" = \"b.ts\"\n"),
            ("apps/db/husako.toml", "[entries]\n\"a/b\" = \"main.ts\"\n"),
            ("apps/web/lib/x.ts", ""),
        ])
    }

    fn found(folder: &str, name: &str) -> String {
        match alias(&tree(), &RelPath::new(folder).unwrap(), name) {
            Ok(path) => path.to_string(),
            Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        }
    }

    #[test]
    fn the_nearest_project_comes_first() {
        assert_eq!(found("", "dev"), "env/dev.ts");
        assert_eq!(found("apps/web/lib", "dev"), "apps/web/main.ts");
        assert_eq!(found("", "web"), "apps/web/main.ts");
        assert_eq!(found("apps/db", "a/b"), "apps/db/main.ts");
    }

    #[test]
    fn what_cannot_be_told_is_an_error() {
        assert_eq!(
            found("", "a/b"),
            "several projects have an entry `a/b`: apps/db, apps/web (go into the project's folder, or give the path \
             of the file)"
        );
        assert_eq!(found("", "dve"), "there is no file and no entry `dve` (did you mean `dev`?)");
        assert!(found("", "staging-eu").ends_with("(entries are `a/b`, `dev`, `web`)"));
    }
}
