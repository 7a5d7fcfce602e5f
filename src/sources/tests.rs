use super::*;
use crate::tree::MemoryTree;

fn sources(files: &[(&str, &str)]) -> (Sources, Vec<String>) {
    let tree = MemoryTree::new(files.iter().copied());
    let path = RelPath::new("app/husako.toml").unwrap();
    let (config, diagnostics) = Config::parse(&path, &tree.read(&path).unwrap());
    assert_eq!(diagnostics, []);
    let (sources, diagnostics) = read(&tree, &path.parent(), &config.unwrap(), &Fetched::default());
    (sources, diagnostics.iter().map(ToString::to_string).collect())
}

fn paths<'a>(files: impl IntoIterator<Item = &'a SourceFile>) -> Vec<&'a str> {
    files.into_iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn files_and_folders_are_read_in_order() {
    let (sources, diagnostics) = sources(&[
        (
            "app/husako.toml",
            "[resources]\nall = { source = \"file\", path = \"crds\" }\n\
             one = { source = \"file\", path = \"../common/crd.txt\" }\n\
             [charts]\nweb = { source = \"file\", path = \"charts/web\" }\n\
             db = { source = \"file\", path = \"charts/db.json\" }\n",
        ),
        ("app/crds/b.yaml", "kind: CustomResourceDefinition"),
        ("app/crds/a.yml", "a"),
        ("app/crds/deep/er/c.json", "c"),
        ("app/crds/README.md", "no"),
        ("app/crds/.git/d.yaml", "no"),
        ("common/crd.txt", "kind: CustomResourceDefinition"),
        ("app/charts/web/values.schema.json", "{}"),
        ("app/charts/db.json", "{}"),
    ]);
    assert_eq!(diagnostics, [""; 0]);
    let found = paths(&sources.crds);
    assert_eq!(found, ["app/crds/a.yml", "app/crds/b.yaml", "app/crds/deep/er/c.json", "common/crd.txt"]);
    let by_the_way: Vec<bool> = sources.crds.iter().map(|file| file.is_by_the_way).collect();
    assert_eq!(by_the_way, [false, false, true, false]);
    let charts: Vec<(&str, &str)> =
        sources.charts.iter().map(|(name, file)| (name.as_str(), file.path.as_str())).collect();
    assert_eq!(charts, [("web", "app/charts/web/values.schema.json"), ("db", "app/charts/db.json")]);
}

#[test]
fn a_chart_without_a_schema_has_its_values() {
    let (sources, diagnostics) = sources(&[
        (
            "app/husako.toml",
            "[charts]\nweb = { source = \"file\", path = \"web\" }\n\
             named = { source = \"file\", path = \"web/values.yaml\" }\nboth = { source = \"file\", path = \"both\" }\n",
        ),
        ("app/web/values.yaml", "a: 1"),
        ("app/both/values.yaml", "a: 1"),
        ("app/both/values.schema.json", "{}"),
    ]);
    let charts = paths(sources.charts.iter().map(|(_, file)| file));
    assert_eq!(charts, ["app/web/values.yaml", "app/web/values.yaml", "app/both/values.schema.json"]);
    assert_eq!(
        diagnostics,
        [
            "app/husako.toml:2:1: the chart `web` has no schema; what it takes is inferred from app/web/values.yaml \
          (add a values.schema.json to the chart, or name its values.yaml as the path)"
        ]
    );
}

#[test]
fn what_cannot_be_read_is_left_out_at_its_place() {
    let (sources, diagnostics) = sources(&[
        (
            "app/husako.toml",
            "[resources]\na = { source = \"file\", path = \"crd\" }\nb = { source = \"file\", path = \"docs\" }\n\
             [charts]\nc = { source = \"file\", path = \"docs\" }\n[plugins]\np = { source = \"path\", path = \"none\" }\n",
        ),
        ("app/crds/a.yaml", ""),
        ("app/docs/a.md", ""),
    ]);
    assert!(sources.crds.is_empty() && sources.charts.is_empty());
    assert_eq!(
        diagnostics,
        [
            "app/husako.toml:7:1: the plugin `p` is left out: no such file or folder: app/none/plugin.toml",
            "app/husako.toml:2:1: `a` in [resources] is left out: no such file or folder: app/crd (did you mean \
             `app/crds`?)",
            "app/husako.toml:3:1: `b` in [resources] is left out: there is no .yaml, .yml or .json file in app/docs",
            "app/husako.toml:5:1: `c` in [charts] is left out: there is neither values.schema.json nor values.yaml in app/docs (name the \
             values.schema.json of the chart, or the folder that it is in)",
        ]
    );
}

#[test]
fn what_must_be_fetched_is_known() {
    let (sources, diagnostics) = sources(&[
        (
            "app/husako.toml",
            "[resources]\ncm = { source = \"git\", repo = \"r\", tag = \"t\", path = \"p\" }\n\
             [charts]\na = { source = \"registry\", repo = \"r\", chart = \"c\", version = \"1\" }\n\
             b = { source = \"artifacthub\", package = \"p\", version = \"1\" }\n\
             c = { source = \"oci\", reference = \"oci://r\", version = \"1\" }\n\
             [plugins]\nflux = { source = \"git\", url = \"u\" }\nthere = { source = \"git\", url = \"u\" }\n",
        ),
        ("app/.husako/plugins/there/plugin.toml", "[plugin]\nname = \"there\"\nversion = \"1\"\n"),
    ]);
    assert_eq!(diagnostics, [""; 0]);
    let absent: Vec<String> = sources
        .absent
        .iter()
        .map(|absent| format!("{:?} {} {} {}", absent.what, absent.name, absent.source, absent.place.line))
        .collect();
    assert_eq!(
        absent,
        [
            "Plugin flux git 8",
            "Resources cm git 2",
            "Chart a registry 4",
            "Chart b artifacthub 5",
            "Chart c oci 6"
        ]
    );
}

#[test]
fn plugins_add_what_the_project_does_not_have() {
    let plugin = "[plugin]\nname = \"x\"\nversion = \"1\"\n\
                  [resources]\ncrds = { source = \"file\", path = \"crds\" }\nk = { source = \"release\", version = \"1.30\" }\n\
                  [charts]\nweb = { source = \"file\", path = \"web.json\" }\ndb = { source = \"file\", path = \"web.json\" }\n";
    let config = "[charts]\n\"acme:db\" = { source = \"file\", path = \"own.json\" }\n\
                  [plugins]\nacme = { source = \"path\", path = \"../plugins/acme\" }\n";
    let files = [
        ("plugins/acme/plugin.toml", plugin),
        ("plugins/acme/crds/a.yaml", "kind: CustomResourceDefinition"),
        ("plugins/acme/web.json", ""),
        ("app/own.json", ""),
        // What was installed once, and is named no more.
        ("app/.husako/plugins/old/plugin.toml", plugin),
    ];
    let with = |config: &'static str| sources(&[&[("app/husako.toml", config)], &files[..]].concat());
    let (sources, diagnostics) = with(config);
    assert_eq!(diagnostics, [""; 0]);
    assert_eq!(paths(&sources.crds), ["plugins/acme/crds/a.yaml"]);
    let charts: Vec<(&str, &str)> =
        sources.charts.iter().map(|(name, file)| (name.as_str(), file.path.as_str())).collect();
    assert_eq!(charts, [("acme:db", "app/own.json"), ("acme:web", "plugins/acme/web.json")]);
    let releases = |sources: &Sources| -> Vec<String> {
        sources.releases.iter().map(|release| format!("{} {}", release.name, release.value)).collect()
    };
    assert_eq!(releases(&sources), ["acme:k 1.30"]);
    let (sources, _) = with(
        "[resources]\nkubernetes = { source = \"release\", version = \"1.33\" }\n\
         [plugins]\nacme = { source = \"path\", path = \"../plugins/acme\" }\n",
    );
    assert_eq!(releases(&sources), ["kubernetes 1.33"]);
}

#[test]
fn a_source_without_definitions_is_told() {
    let (_, diagnostics) = sources(&[
        ("app/husako.toml", "[resources]\na = { source = \"file\", path = \"crds\" }\n"),
        ("app/crds/a.yaml", ""),
    ]);
    assert_eq!(diagnostics, ["app/husako.toml:2:1: there is no CustomResourceDefinition in app/crds"]);
}
