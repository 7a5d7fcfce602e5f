//! Two revisions of a repository.

use super::*;
use crate::schema::Schemas;
use crate::schema::kubernetes::Release;

const MAIN: &str = "import { build } from 'husako'; import { ConfigMap } from 'k8s/core/v1'; import { x } from './lib';\n\
     build([ConfigMap().data({ x })]);";
const LIB: &str = "import { y } from './deep'; export const x = 'a' + y;";

/// Two revisions that differ in nothing but `changes`: files of the base, `None` for one that it does not have.
fn revisions(changes: &[(&str, Option<&str>)]) -> (Arc<Modules>, Arc<Modules>) {
    let head = [("main.ts", MAIN), ("lib.ts", LIB), ("deep.ts", "export const y = 'b';")];
    let kept = |path: &str| changes.iter().all(|(changed, _)| *changed != path);
    let of_base = head.iter().copied().filter(|(path, _)| kept(path));
    let of_base = of_base.chain(changes.iter().filter_map(|(path, text)| Some((*path, (*text)?))));
    let base = MemoryTree::new(of_base);
    let head = Arc::new(Modules::new(Arc::new(MemoryTree::new(head)), DEFAULT_STACK_BYTES));
    let base = Arc::new(Modules::beside(&head, Arc::new(base)));
    (head, base)
}

fn same(changes: &[(&str, Option<&str>)], project: &ProjectModules, of_base: &ProjectModules) -> bool {
    let (head, base) = revisions(changes);
    let mut sameness = Sameness::new(&head, &base);
    let main = RelPath::new("main.ts").unwrap();
    let result = sameness.of(&main, project, of_base);
    // What is known by then changes nothing.
    assert_eq!(sameness.of(&main, project, of_base), result);
    result
}

#[test]
fn an_entry_is_the_same_with_all_that_it_imports() {
    let project = ProjectModules::default();
    let same = |changes: &[(&str, Option<&str>)]| same(changes, &project, &project);
    assert!(same(&[]));
    assert!(same(&[("other.ts", Some("1"))]));
    assert!(!same(&[("main.ts", Some("import './lib';"))]));
    assert!(!same(&[("deep.ts", Some("export const y = 'c';"))]));
    assert!(!same(&[("lib.ts", None)]));
    // What comes before it in the order of resolving.
    assert!(!same(&[("deep.ts", None), ("deep/index.ts", Some("export const y = 'b';"))]));
    // What it imports is not known before it runs.
    let dynamic = "export const y = await import('./' + 'more');";
    let (head, base) = revisions(&[("deep.ts", Some(dynamic))]);
    let modules = Modules::beside(&base, Arc::new(MemoryTree::new([("deep.ts", dynamic)])));
    let deep = RelPath::new("deep.ts").unwrap();
    assert!(!Sameness::new(&base, &modules).of(&deep, &project, &project));
    drop(head);
}

#[test]
fn an_entry_is_not_the_same_with_other_types() {
    let project = ProjectModules::default();
    let older = Release::all().next().unwrap();
    let schemas = Arc::new(Schemas::new(older, Vec::new(), Vec::new()));
    assert!(!same(&[], &project, &ProjectModules { schemas, ..ProjectModules::default() }));
}

#[tokio::test]
async fn what_differs_is_rendered_as_it_was() {
    let (head, base) = revisions(&[("deep.ts", Some("export const y = 'before';"))]);
    let template = job("main.ts", "", &[]);
    let render = async |modules: &Arc<Modules>| {
        let job = Job { source: None, modules: Arc::clone(modules), ..template.clone() };
        let built = execute(job, std::future::pending()).await.unwrap();
        built.documents[0]["data"]["x"].clone()
    };
    assert_eq!(render(&head).await, "ab");
    assert_eq!(render(&base).await, "abefore");
    assert_eq!(render(&head).await, "ab");
}
