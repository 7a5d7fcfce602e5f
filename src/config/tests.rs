use super::source::GitSource;
use super::*;

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn told(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|d| format!("{}{d}", if d.severity == Severity::Warning { "warning: " } else { "" }))
        .collect()
}

fn config(text: &str) -> Config {
    let (config, diagnostics) = Config::parse(&rel("infra/husako.toml"), text);
    assert_eq!(told(&diagnostics), [""; 0]);
    config.unwrap()
}

fn mistakes(text: &str) -> Vec<String> {
    told(&Config::parse(&rel("infra/husako.toml"), text).1)
}

#[test]
fn everything() {
    let config = config(
        r#"
[entries]
zeta = "env/dev.ts"
"apps/web" = "../apps/web/main.husako"

[resources]
kubernetes   = { source = "release", version = "1.35" }
cert-manager = { source = "git", repo = "https://r", tag = "v1.17.2", path = "deploy/crds" }
[resources.my-crd]
source = "file"
path = "./crds"

[schemas]
old = { source = "git", url = "https://u", tag = "v1", path = "." }

[charts]
web   = { source = "file", path = "./charts/web/values.schema.json" }
nginx = { source = "registry", repo = "https://…", chart = "ingress-nginx", version = "4.12.0" }
pg    = { source = "artifacthub", package = "bitnami/postgresql", version = "16.4.0" }
pg2   = { source = "oci", reference = "oci://ghcr.io/org/postgresql", version = "1.2.3" }
mine  = { source = "git", repo = "https://r", tag = "v1.0.0", path = "charts/mine" }

[plugins]
fluxcd = { source = "git", url = "https://f", path = "plugins/fluxcd" }
bare   = { source = "git", repo = "https://b" }
local  = { source = "path", path = "./plugins/local" }

[cluster]
server = "https://10.0.0.1"

[ci]
include = ["apps/"]
exclude = ["*.slow.test.ts"]
entries = ["apps/*/main.ts"]
"#,
    );
    let entries: Vec<_> = config.entries.iter().map(|e| (e.name.as_str(), e.value.as_str())).collect();
    assert_eq!(entries, [("zeta", "infra/env/dev.ts"), ("apps/web", "apps/web/main.husako")]);
    assert_eq!(config.entries[1].origin.place.to_string(), "infra/husako.toml:4:14");
    let names: Vec<_> = config.resources.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["kubernetes", "cert-manager", "my-crd", "old"]);
    assert_eq!(config.resources[0].value, ResourceSource::Release { version: "1.35".to_owned() });
    assert_eq!(
        config.resources[2].value,
        ResourceSource::File { path: rel("infra/crds"), written: "./crds".to_owned() }
    );
    assert_eq!(
        config.resources[3].value,
        ResourceSource::Git(GitSource {
            repo: "https://u".to_owned(),
            tag: "v1".to_owned(),
            path: rel(""),
            written: ".".to_owned()
        })
    );
    assert_eq!(config.charts.len(), 5);
    assert_eq!(
        config.plugins[0].value,
        PluginSource::Git {
            url: "https://f".to_owned(),
            path: Some(rel("plugins/fluxcd")),
            written: Some("plugins/fluxcd".to_owned())
        }
    );
    assert_eq!(
        config.plugins[1].value,
        PluginSource::Git { url: "https://b".to_owned(), path: None, written: None }
    );
    assert_eq!(
        config.plugins[2].value,
        PluginSource::Path { path: rel("infra/plugins/local"), written: "./plugins/local".to_owned() }
    );
    assert!(config.ci.entries[0].value.matches(&rel("infra/apps/web/main.ts")));
    assert!(config.ci.include[0].value.matches(&rel("infra/apps/x/y.ts")));
}

#[test]
fn every_mistake_is_told() {
    let text = r#"
[entries]
a = "/abs.ts"
b = "../../out.ts"
c = 1
d = "C:\\x.ts"

[resources]
k = { source = "release", version = 1.35 }
l = { source = "relase" }
m = { version = "1" }
n = "1.35"
o = { source = "git", repo = "r", url = "u", path = "../x" }
p = { source = "release", version = "1", verson = 2 }
q = { source = "cluster" }

[chart]
x = 1

[ci]
includ = []
exclude = "a"
entries = ["/a", "../../b", "[z", 1]
"#;
    assert_eq!(
        mistakes(text),
        [
            "infra/husako.toml:3:5: `a` in [entries] is an absolute path: `/abs.ts` (write it relative to the folder of husako.toml)",
            "infra/husako.toml:4:5: `b` in [entries] leads out of the repository: `../../out.ts`",
            "infra/husako.toml:5:5: `c` in [entries] must be a string, not an integer (write \"1\")",
            "infra/husako.toml:6:5: `d` in [entries] is an absolute path: `C:\\x.ts` (write it relative to the folder of husako.toml)",
            "infra/husako.toml:9:37: `version` of `k` in [resources] must be a string, not a float (write \"1.35\")",
            "infra/husako.toml:10:16: unknown source `relase` of `l` in [resources] (did you mean `release`?)",
            "infra/husako.toml:11:1: `m` in [resources] has no `source`",
            "infra/husako.toml:12:5: `n` in [resources] must be a table, not a string",
            "infra/husako.toml:13:1: `o` in [resources] has no `tag`",
            "infra/husako.toml:13:30: `o` in [resources] has both `repo` and `url`, which mean the same",
            "infra/husako.toml:13:53: `path` of `o` in [resources] leads out of the repository: `../x`",
            "warning: infra/husako.toml:14:42: unknown key `verson` of `p` in [resources] (did you mean `version`?)",
            "warning: infra/husako.toml:15:16: `q` in [resources] comes from a running cluster, and is left out (add its CRDs with `source = \"file\"` or `source = \"git\"`)",
            "warning: infra/husako.toml:17:2: unknown table `chart` (did you mean `charts`?)",
            "infra/husako.toml:21:1: unknown key `includ` in [ci] (did you mean `include`?)",
            "infra/husako.toml:22:11: `exclude` in [ci] must be a list of strings, not a string",
            "infra/husako.toml:23:12: `/a` is absolute",
            "infra/husako.toml:23:18: `../../b` leads out of the repository",
            "infra/husako.toml:23:29: `[z` is not a pattern: invalid range pattern",
            "infra/husako.toml:23:35: every item of `entries` in [ci] must be a string, not an integer (write \"1\")",
        ]
    );
    // Columns are code points, and a warning alone does not stand in the way.
    let (config, diagnostics) = Config::parse(&rel("husako.toml"), "\"größe\" = { a = 1 }\n");
    assert!(config.is_some());
    assert_eq!(told(&diagnostics), ["warning: husako.toml:1:1: unknown table `größe`"]);
    let (_, diagnostics) = Config::parse(&rel("husako.toml"), "entries = { \"größe\" = 1 }\r\n");
    assert_eq!(diagnostics[0].place.as_ref().unwrap().to_string(), "husako.toml:1:23");
}

#[test]
fn syntax() {
    let (config, diagnostics) =
        Config::parse(&rel("husako.toml"), "[entries]\na = \nb = 'x'\nb = 'y'\n[ci\n");
    assert!(config.is_none());
    assert!(diagnostics.len() >= 3, "{diagnostics:?}");
    let snippet = diagnostics[0].snippet.as_ref().unwrap();
    assert_eq!((snippet.line, snippet.width), (2, 1));
    assert_eq!(Config::parse(&rel("husako.toml"), ""), (Some(Config::default()), Vec::new()));
    assert_eq!(
        mistakes("entries = 1"),
        ["infra/husako.toml:1:11: [entries] must be a table, not an integer"]
    );
    let both = "[resources]\na={source='release',version='1'}\n[schemas]\na={source='release',version='1'}";
    assert_eq!(
        mistakes(both),
        [
            "infra/husako.toml:4:1: `a` is in both [resources] and [schemas] ([schemas] is the old name of [resources])"
        ]
    );
}

#[test]
fn plugin() {
    let text = r#"
[plugin]
name = "fluxcd"
version = "1.0"
licence = "MIT"
[resources]
flux = { source = "git", url = "https://r", tag = "v2", path = "crds" }
own = { source = "file", path = "crds" }
[modules]
"fluxcd/source" = "modules/source.js"
"fluxcd" = "./index.js"
"#;
    let (manifest, diagnostics) = PluginManifest::parse(&rel("plugins/flux/plugin.toml"), text);
    assert_eq!(
        told(&diagnostics),
        ["warning: plugins/flux/plugin.toml:5:1: unknown key `licence` in [plugin]"]
    );
    let manifest = manifest.unwrap();
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("fluxcd", "1.0"));
    let modules: Vec<_> = manifest.modules.iter().map(|m| (m.name.as_str(), m.value.as_str())).collect();
    assert_eq!(
        modules,
        [("fluxcd/source", "plugins/flux/modules/source.js"), ("fluxcd", "plugins/flux/index.js")]
    );
    assert_eq!(manifest.resources.len(), 2);

    let parse = |text| told(&PluginManifest::parse(&rel("p/plugin.toml"), text).1);
    assert_eq!(parse(""), ["p/plugin.toml:1:1: there is no [plugin] (it holds `name` and `version`)"]);
    assert_eq!(
        parse("[plugin]\nversion = 1\n[modules]\na = '../b.js'"),
        [
            "p/plugin.toml:1:2: [plugin] has no `name`",
            "p/plugin.toml:2:11: `version` in [plugin] must be a string, not an integer (write \"1\")",
            "p/plugin.toml:4:5: `a` in [modules] leads out of p: `../b.js`",
        ]
    );
}

#[test]
fn rules_have_levels() {
    let rules =
        config("[ci.rules]\nunknown-field = \"warn\"\nimage = \"off\"\nreference = \"error\"\n").ci.rules;
    assert_eq!(rules.of(Rule::UnknownField), Level::Warn);
    assert_eq!(rules.of(Rule::Image), Level::Off);
    assert_eq!(rules.of(Rule::Reference), Level::Error);
    assert_eq!(rules.of(Rule::Port), Level::Error);
    assert_eq!(
        mistakes("[ci.rules]\nunknown-feild = \"warn\"\nimage = \"offf\"\nport = 1\n"),
        [
            "infra/husako.toml:2:1: unknown rule `unknown-feild` in [ci.rules] (did you mean `unknown-field`?)",
            "infra/husako.toml:3:9: unknown level `offf` of `image` in [ci.rules] (did you mean `off`?)",
            "infra/husako.toml:4:8: `port` in [ci.rules] must be a string, not an integer (write \"1\")",
        ]
    );
}
