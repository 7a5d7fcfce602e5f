//! Files that sources of `source = "file"` name.

use crate::tree::{Kind, ReadError, RelPath, SourceTree, is_never_entered, nearest};

/// The name of the file with a chart's schema, in the chart's folder.
const CHART_SCHEMA: &str = "values.schema.json";
/// The name of the file with its default values.
const CHART_VALUES: &str = "values.yaml";

/// A file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The file.
    pub path: RelPath,
    /// Its text.
    pub text: String,
    /// Whether it was only found below the folder that is named, where husako does not look: what is wrong with it is
    /// not the project's mistake.
    pub is_by_the_way: bool,
}

/// Why a source gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Unread {
    fn new(message: impl ToString) -> Unread {
        Unread { message: message.to_string(), help: None }
    }
}

/// The files that hold the CRDs of a source: `path`, or the YAML and JSON files in and below it, sorted.
pub(super) fn crds(tree: &dyn SourceTree, path: &RelPath) -> Vec<Result<SourceFile, Unread>> {
    let located = match tree.locate(path) {
        Ok(located) => located,
        Err(error) => return vec![Err(missing(tree, path, error))],
    };
    if located.kind != Kind::Folder {
        return vec![file(tree, path, false)];
    }
    let mut files: Vec<RelPath> = Vec::new();
    let mut failed = Vec::new();
    // A stack of our own: how deep folders may be nested is not for ours to decide.
    let mut pending = vec![path.clone()];
    while let Some(folder) = pending.pop() {
        let children = match tree.list(&folder) {
            Ok(children) => children,
            Err(error) => {
                failed.push(Err(Unread::new(error)));
                continue;
            }
        };
        for child in children.into_iter().filter(|child| !child.lossy) {
            let path = folder.child(&child.name);
            let is_yaml = [".yaml", ".yml", ".json"].iter().any(|ending| child.name.ends_with(ending));
            match child.kind {
                Kind::Folder if !is_never_entered(&child.name) => pending.push(path),
                Kind::File if is_yaml => files.push(path),
                Kind::Link if is_yaml && tree.is_file(&path) => files.push(path),
                Kind::Folder | Kind::File | Kind::Link | Kind::Other => {}
            }
        }
    }
    files.sort();
    if files.is_empty() && failed.is_empty() {
        return vec![Err(Unread::new(format!("there is no .yaml, .yml or .json file in {path}")))];
    }
    let by_the_way = |found: &RelPath| found.parent() != *path || found.file_name().ends_with(".json");
    files.iter().map(|found| file(tree, found, by_the_way(found))).chain(failed).collect()
}

/// The schema of a chart: `path`, or the one in it; else its default values, which a schema is inferred from.
pub(super) fn chart(tree: &dyn SourceTree, path: &RelPath) -> Result<SourceFile, Unread> {
    match tree.locate(path) {
        Ok(located) if located.kind == Kind::Folder => {
            let schema = path.child(CHART_SCHEMA);
            if tree.is_file(&schema) {
                return file(tree, &schema, false);
            }
            let values = path.child(CHART_VALUES);
            if tree.is_file(&values) {
                return file(tree, &values, false);
            }
            let help = format!("name the {CHART_SCHEMA} of the chart, or the folder that it is in");
            let message = format!("there is neither {CHART_SCHEMA} nor {CHART_VALUES} in {path}");
            Err(Unread { message, help: Some(help) })
        }
        Ok(_) => file(tree, path, false),
        Err(error) => Err(missing(tree, path, error)),
    }
}

/// The OpenAPI documents of a Kubernetes version, sorted.
pub(super) fn documents(tree: &dyn SourceTree, folder: &RelPath) -> Vec<Result<SourceFile, Unread>> {
    let children = tree.list(folder).unwrap_or_default();
    children.iter().map(|child| file(tree, &folder.child(&child.name), true)).collect()
}

fn file(tree: &dyn SourceTree, path: &RelPath, is_by_the_way: bool) -> Result<SourceFile, Unread> {
    let text = tree.read(path).map_err(Unread::new)?;
    Ok(SourceFile { path: path.clone(), text, is_by_the_way })
}

fn missing(tree: &dyn SourceTree, path: &RelPath, error: ReadError) -> Unread {
    let near = matches!(error, ReadError::NotFound { .. }).then(|| nearest(tree, path)).flatten();
    Unread { help: near.map(|near| format!("did you mean `{near}`?")), ..Unread::new(error) }
}
