//! `gen`: what it writes for editors, `tsc` and husako, and what it leaves alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::run::Project;
use crate::types::compiler;

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\nspec:\n  \
    group: example.com\n  names: {kind: Thing, plural: things}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    \
    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n            \
    type: object\n            required: [size]\n            properties:\n              size: {type: integer, description: 'How large */ it is'}\n              \
    kebab-key: {type: string}\n              owner:\n                type: object\n                properties: {name: {type: string, enum: [ann, bob]}}\n";

const CONFIG: &str = "[entries]\nmain = \"main.ts\"\n[resources]\nthings = { source = \"file\", path = \"crds\" }\n\
    [charts]\nweb = { source = \"file\", path = \"web.json\" }\n[plugins]\nacme = { source = \"path\", path = \"acme\" }\n";

const MAIN: &str = "import { build, metadata, requests, cpu } from \"husako\";\nimport { Deployment } from \"k8s/apps/v1\";\n\
    import { Container, ConfigMap, name } from \"k8s/core/v1\";\nimport { NetworkPolicy } from \"k8s/networking.k8s.io/v1\";\n\
    import { Thing, ThingSpecOwner } from \"k8s/example.com/v1\";\nimport { Web } from \"helm/web\";\nimport { label } from \"acme\";\n\
    build([\n  new Deployment().metadata(metadata().name(\"web\").label(\"app\", label)).replicas(2).selector({ matchLabels: { app: label } })\n    \
    .containers([Container().name(\"web\").image(\"nginx:1\").resources(requests(cpu(1))), name(\"side\").image(\"x:1\")]),\n  \
    Thing().metadata({ name: \"a\" }).size(3).kebab_key(\"x\").owner(ThingSpecOwner().name(\"ann\")),\n  \
    Thing().metadata({ name: \"b\" }).spec({ size: 1, owner: { name: \"carl\" } }),\n  \
    NetworkPolicy().metadata({ name: \"n\" }).podSelector({}).policyTypes([\"Ingress\"]),\n  \
    ConfigMap().metadata({ name: \"c\" }).data({ values: JSON.stringify(Web().replicas(3).image({ tag: \"1\" })._toJSON()) }),\n]);\n";

fn project() -> Project {
    Project::of(&[
        ("husako.toml", CONFIG),
        ("crds/thing.yaml", CRD),
        (
            "web.json",
            r#"{"properties":{"replicas":{"type":"integer"},"image":{"properties":{"tag":{"type":["string","null"]}}}}}"#,
        ),
        (
            "acme/plugin.toml",
            "[plugin]\nname = \"acme\"\nversion = \"1.0.0\"\n[modules]\nacme = \"index.js\"\n",
        ),
        ("acme/index.js", "export const label = \"web\";\n"),
        ("acme/index.d.ts", "export const label: string;\n"),
        ("main.ts", MAIN),
    ])
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() { pending.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

fn times(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let time = |path: PathBuf| (path.clone(), fs::metadata(path).unwrap().modified().unwrap());
    files(folder).into_iter().map(time).collect()
}

#[test]
fn everything_is_written_once() {
    let project = project();
    let first = project.run(&["gen"]);
    first.exits_with(0);
    assert!(first.stdout.contains("0 unchanged, tsconfig.json, husako.lock"), "{}", first.stdout);
    for path in [
        ".husako/types/husako.d.ts",
        ".husako/types/husako/_base.d.ts",
        ".husako/types/husako/test.d.ts",
        ".husako/types/k8s/core/v1.js",
        ".husako/types/k8s/_common.d.ts",
        ".husako/types/k8s/_schema.json",
        ".husako/types/k8s/meta/v1.d.ts",
        ".husako/types/k8s/networking.k8s.io/v1.js",
        ".husako/types/k8s/example.com/v1.d.ts",
        ".husako/types/helm/web.d.ts",
        ".husako/plugins/acme/plugin.toml",
        "tsconfig.json",
    ] {
        assert!(project.exists(path), "{path}");
    }
    let lock = fs::read_to_string(project.path().join("husako.lock")).unwrap();
    for part in [
        "[resources.things]\nsource = \"file\"\npath = \"crds\"\ncontent_hash = \"",
        "[plugins.acme]\nsource = \"path\"",
    ] {
        assert!(lock.contains(part), "{lock}");
    }
    let config = fs::read_to_string(project.path().join("tsconfig.json")).unwrap();
    assert!(config.contains("\"acme\": [\"./.husako/plugins/acme/index.d.ts\"]"), "{config}");
    let before = times(project.path());
    let second = project.run(&["gen"]);
    second.exits_with(0);
    assert!(
        second.stdout.contains("0 files written") && !second.stdout.contains("json"),
        "{}",
        second.stdout
    );
    assert_eq!(times(project.path()), before);

    project.write("husako.toml", "[entries]\nmain = \"main.ts\"\n");
    project.run(&["gen"]).exits_with(0);
    assert!(!project.exists(".husako/types/k8s/example.com") && !project.exists(".husako/plugins"));
    assert!(!project.exists(".husako/types/helm") && project.exists(".husako/types/k8s/apps/v1.js"));
    assert!(!fs::read_to_string(project.path().join("tsconfig.json")).unwrap().contains("acme"));
}

#[test]
fn what_is_generated_renders_the_same_bytes() {
    let project = project();
    let own = project.run(&["render", "main", "--quiet"]);
    assert!(own.stdout.contains("kind: Deployment"), "{own:?}");
    project.run(&["gen"]).exits_with(0);
    let generated = project.run(&["render", "main", "--quiet", "--use-generated-types"]);
    assert_eq!(generated.stdout, own.stdout);
}

#[test]
fn what_is_generated_passes_the_compiler() {
    let Some(_) = compiler() else { return };
    let project = project();
    project.run(&["gen"]).exits_with(0);
    let check = |text: &str| {
        project.write("main.ts", text);
        let mut tsc = compiler().unwrap();
        let output = tsc.args(["--pretty", "false", "-p", "."]).current_dir(project.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(check(MAIN), "");
    for (from, to, expected) in [
        (".replicas(2)", ".replicas(\"2\")", "TS2345"),
        (".replicas(2)", ".replica(2)", "TS2551"),
        ("{ size: 1,", "{ sice: 1,", "TS2353"),
        ("{ size: 1,", "{", "TS2345"),
        ("name(\"ann\")", "name(3)", "TS2345"),
        ("image({ tag: \"1\" })", "image({ tag: 1 })", "TS2322"),
        ("import { Thing,", "import { Thign,", "TS2724"),
    ] {
        let said = check(&MAIN.replacen(from, to, 1));
        assert!(said.contains(expected), "{to}: {said}");
    }
    let declared = fs::read_to_string(project.path().join(".husako/types/k8s/example.com/v1.d.ts")).unwrap();
    assert!(declared.contains("/** How large *\\/ it is */"), "{declared}");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    for link in [".husako", "tsconfig.json"] {
        let (project, other) = (project(), tempfile::tempdir().unwrap());
        let target = other.path().join("x");
        if link == ".husako" {
            fs::create_dir(&target).unwrap()
        } else {
            fs::write(&target, "{}").unwrap()
        }
        std::os::unix::fs::symlink(&target, project.path().join(link)).unwrap();
        let run = project.run(&["gen"]);
        run.exits_with(5);
        assert!(
            run.stderr.contains("is a symbolic link, and nothing is written through one"),
            "{}",
            run.stderr
        );
        assert!(
            files(other.path()).len() <= 1
                && (link == ".husako" || fs::read_to_string(&target).unwrap() == "{}")
        );
    }
}

#[test]
fn a_configuration_that_cannot_be_read_stays_as_it_is() {
    let project = project();
    project.write("tsconfig.json", "{ \"compilerOptions\": ");
    let run = project.run(&["gen"]);
    run.exits_with(5);
    assert!(run.stderr.contains("tsconfig.json cannot be read"), "{}", run.stderr);
    assert_eq!(fs::read_to_string(project.path().join("tsconfig.json")).unwrap(), "{ \"compilerOptions\": ");
    let nothing = tempfile::tempdir().unwrap();
    let mut command = project.command();
    let run = crate::run::Run::of(command.current_dir(nothing.path()).arg("gen"));
    run.exits_with(2);
}
