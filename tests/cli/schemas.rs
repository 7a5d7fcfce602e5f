//! What tests build with: versions of Kubernetes, CRDs, charts, plugins, and what `husako gen` has left.

use std::fmt::Write;

use crate::run::{Project, Reported};

/// A test file that renders each expression as JSON and compares it.
fn renders(imports: &str, cases: &[(&str, &str)]) -> String {
    let mut source = format!("import {{ expect, test }} from \"husako/test\";\n{imports}\n");
    for (expression, expected) in cases {
        writeln!(
            source,
            "test({expression:?}, () => {{ expect(({expression})._render()).toEqual({expected}); }});"
        )
        .unwrap();
    }
    source
}

/// The messages of the report's warnings, with their places.
fn warnings(reported: &Reported) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let told = |warning: &serde_json::Value| {
        let place = format!("{}:{}:{}", text(&warning["path"]), warning["line"], warning["column"]);
        format!("{place} {} | {}", text(&warning["message"]), text(&warning["help"]))
    };
    reported.json["warnings"].as_array().unwrap().iter().map(told).collect()
}

/// The first failure of the first file: its message and what to do.
fn failure(reported: &Reported) -> (String, String) {
    let failure = &reported.json["files"][0]["cases"][0]["failures"][0];
    let text = |key: &str| failure[key].as_str().unwrap_or_default().to_owned();
    (text("message"), text("help"))
}

/// A run that must pass without a word.
#[track_caller]
fn passes(files: &[(&str, &str)]) {
    let reported = Project::of(files).report(&[]);
    reported.run.exits_with(0);
    assert_eq!(warnings(&reported), [""; 0]);
}

const OLD: &str = "import { HorizontalPodAutoscaler } from \"k8s/autoscaling/v2beta2\";";

fn old() -> String {
    renders(
        OLD,
        &[(
            "HorizontalPodAutoscaler().maxReplicas(3)",
            r#"{ apiVersion: "autoscaling/v2beta2", kind: "HorizontalPodAutoscaler", spec: { maxReplicas: 3 } }"#,
        )],
    )
}

fn release(version: &str) -> String {
    format!("[resources]\nany-name = {{ source = \"release\", version = \"{version}\" }}\n")
}

#[test]
fn the_version_that_is_asked_for_is_used() {
    for version in ["1.25", "v1.25", "1.25.16"] {
        passes(&[("husako.toml", &release(version)), ("a.test.ts", &old())]);
    }
    for config in [release("1.26"), String::new()] {
        let used = if config.is_empty() { "1.37" } else { "1.26" };
        let reported = Project::of(&[("husako.toml", &config), ("a.test.ts", &old())]).report(&[]);
        reported.run.exits_with(1);
        let (message, help) = failure(&reported);
        assert_eq!(message, "there is no module \"k8s/autoscaling/v2beta2\"");
        let expected =
            format!("Kubernetes 1.25 has it, {used} does not; [resources] of husako.toml says which is used");
        assert_eq!(help, expected);
    }
    let config = "[schemas]\nk = { source = \"release\", version = \"1.25\" }\n";
    passes(&[("husako.toml", config), ("a.test.ts", &old())]);
}

#[test]
fn a_missing_type_names_the_version() {
    let test = "import { Deploymint } from \"k8s/apps/v1\";\nDeploymint();\n";
    let reported = Project::of(&[("husako.toml", &release("1.30")), ("a.test.ts", test)]).report(&[]);
    let expected =
        ("\"k8s/apps/v1\" has no export \"Deploymint\" in Kubernetes 1.30", "did you mean \"Deployment\"?");
    assert_eq!(failure(&reported), (expected.0.to_owned(), expected.1.to_owned()));
}

#[test]
fn the_nearest_version_stands_in_with_a_warning() {
    let reported = Project::of(&[("husako.toml", &release("1.22.4")), ("a.test.ts", &old())])
        .report(&["--use-generated-types"]);
    reported.run.exits_with(0);
    assert_eq!(
        warnings(&reported),
        [
            "husako.toml:2:1 Kubernetes 1.22.4 is not built in and is not fetched; 1.25 is used instead | built in are 1.25 \
          to 1.37"
        ]
    );
    assert!(reported.run.stdout.contains("husako.toml:2:1"), "{}", reported.run.stdout);
    let both = "[resources]\nold = { source = \"release\", version = \"1.25\" }\n\
                wrong = { source = \"release\", version = \"latest\" }\n\
                new = { source = \"release\", version = \"1.99\" }\n";
    let plain =
        renders("import { Pod } from \"k8s/core/v1\";", &[("Pod()", r#"{ apiVersion: "v1", kind: "Pod" }"#)]);
    let reported =
        Project::of(&[("husako.toml", both), ("a.test.ts", &plain)]).report(&["--use-generated-types"]);
    reported.run.exits_with(0);
    let told = warnings(&reported);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("husako.toml:3:1 `latest` of `wrong` is no version of Kubernetes"));
    assert!(told[1].starts_with("husako.toml:4:1 Kubernetes 1.99 is not built in"));
    assert!(told[2].starts_with("husako.toml:2:1 Kubernetes 1.25 is left out: `new` asks for 1.99"));
}

#[test]
fn projects_of_one_run_have_their_own_versions_and_resources() {
    let crd = |size: &str| definition("example.com", "Thing", &format!("{{{size}: {{type: integer}}}}"));
    let thing = |size: &str| {
        let expected = format!(r#"{{ apiVersion: "example.com/v1", kind: "Thing", spec: {{ {size}: 1 }} }}"#);
        let imports = "import { Thing } from \"k8s/example.com/v1\";";
        renders(imports, &[(&format!("Thing().{size}(1)"), &expected)])
    };
    let config =
        |version: &str| format!("{}crd = {{ source = \"file\", path = \"crd.yaml\" }}\n", release(version));
    let newer = renders(
        "import { HorizontalPodAutoscaler } from \"k8s/autoscaling/v2\";",
        &[(
            "HorizontalPodAutoscaler()",
            r#"{ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" }"#,
        )],
    );
    let missing = format!("{OLD}\nHorizontalPodAutoscaler();\n");
    let project = Project::of(&[
        ("old/husako.toml", &config("1.25")),
        ("old/crd.yaml", &crd("width")),
        ("old/a.test.ts", &old()),
        ("old/thing.test.ts", &thing("width")),
        ("new/husako.toml", &config("1.33")),
        ("new/crd.yaml", &crd("height")),
        ("new/a.test.ts", &newer),
        ("new/thing.test.ts", &thing("height")),
        ("new/missing.test.ts", &missing),
    ]);
    let reported = project.report(&[]);
    let files = reported.json["files"].as_array().unwrap();
    let failed: Vec<&str> = files
        .iter()
        .filter(|file| file["status"] != "passed")
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["new/missing.test.ts"]);
    assert_eq!(files.len(), 5);
}

fn definition(group: &str, kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: x.{group}}}\nspec:\n  \
         group: {group}\n  names: {{kind: {kind}, plural: {}s}}\n  scope: Namespaced\n  versions:\n  - name: v1\n    \
         served: true\n    storage: true\n    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: \
         object, properties: {spec}}}}}}}}}\n",
        kind.to_lowercase()
    )
}

const RESOURCES: &str = "[resources]\ncrds = { source = \"file\", path = \"./crds\" }\n";

#[test]
fn custom_resources_have_builders_of_all_their_objects() {
    let certificate = definition(
        "cert-manager.io",
        "Certificate",
        "{secretName: {type: string}, issuerRef: {type: object, properties: {name: {type: string}, \
         extra-field: {type: string}}}, usages: {type: array, items: {type: object, properties: {name: {type: string}}}}}",
    );
    let rollout = definition(
        "argoproj.io",
        "Rollout",
        "{replicas: {type: integer}, template: {type: object, properties: {spec: {type: object, properties: \
         {containers: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}}",
    );
    let listed = definition("deep.io", "Deep", "{a: {type: string}}").replace('\n', "\n  ");
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}\n", listed.trim());
    let json = r#"{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {"group": "json.io",
        "names": {"kind": "Json"}, "versions": [{"name": "v1", "served": true}, {"name": "v1beta1", "served": true}]}}"#;
    let test = renders(
        "import { Certificate, CertificateSpec, CertificateSpecIssuerRef, CertificateSpecUsages } from \
         \"k8s/cert-manager.io/v1\";\nimport { Rollout } from \"k8s/argoproj.io/v1\";\nimport * as deep from \
         \"k8s/deep.io/v1\";\nimport { Json } from \"k8s/json.io/v1beta1\";\nimport { Container } from \"k8s/core/v1\";",
        &[
            (
                "Certificate().secretName('tls').issuerRef(CertificateSpecIssuerRef().name('ca').extra_field('x'))\
                 .usages([CertificateSpecUsages().name('a')])",
                r#"{ apiVersion: "cert-manager.io/v1", kind: "Certificate", spec: { secretName: "tls", issuerRef: { name:
                "ca", "extra-field": "x" }, usages: [{ name: "a" }] } }"#,
            ),
            (
                "new Certificate().spec(CertificateSpec().secretName('tls'))",
                r#"{ apiVersion: "cert-manager.io/v1", kind: "Certificate", spec: { secretName: "tls" } }"#,
            ),
            (
                "Rollout().replicas(2).containers([Container().name('a')])",
                r#"{ apiVersion: "argoproj.io/v1", kind: "Rollout", spec: { replicas: 2, template: { spec: { containers: [{
                name: "a" }] } } } }"#,
            ),
            ("deep.Deep().a('b')", r#"{ apiVersion: "deep.io/v1", kind: "Deep", spec: { a: "b" } }"#),
            ("Json()", r#"{ apiVersion: "json.io/v1beta1", kind: "Json" }"#),
        ],
    );
    passes(&[
        ("husako.toml", RESOURCES),
        ("crds/all.yaml", &format!("{certificate}---\nkind: ConfigMap\n---\n{rollout}")),
        ("crds/deep/er/list.yml", &list),
        ("crds/json.json", json),
        ("crds/template.yaml", "{{ if .Values.crds }}\n"),
        ("a.test.ts", &test),
    ]);
    passes(&[
        ("husako.toml", "[resources]\ncrds = { source = \"file\", path = \"crd.txt\" }\n"),
        ("crd.txt", &certificate),
        (
            "a.test.ts",
            &renders(
                "import { Certificate } from \"k8s/cert-manager.io/v1\";",
                &[("Certificate()", r#"{ apiVersion: "cert-manager.io/v1", kind: "Certificate" }"#)],
            ),
        ),
    ]);
}

#[test]
fn near_misses_are_named_across_all_modules() {
    let certificate = definition("cert-manager.io", "Certificate", "{secretName: {type: string}}");
    for (import, message, help) in [
        (
            "{ x } from 'k8s/cert-manger.io/v1'",
            "there is no module \"k8s/cert-manger.io/v1\"",
            "did you mean \"k8s/cert-manager.io/v1\"?",
        ),
        ("{ x } from 'helm/wib'", "there is no module \"helm/wib\"", "did you mean \"helm/web\"?"),
        ("{ Wib as x } from 'helm/web'", "\"helm/web\" has no export \"Wib\"", "did you mean \"Web\"?"),
        (
            "{ Certificat as x } from 'k8s/cert-manager.io/v1'",
            "\"k8s/cert-manager.io/v1\" has no export \"Certificat\"",
            "did you mean \"Certificate\"?",
        ),
    ] {
        let reported = Project::of(&[
            (
                "husako.toml",
                &format!("{RESOURCES}[charts]\nweb = {{ source = \"file\", path = \"v.json\" }}\n"),
            ),
            ("crds/a.yaml", &certificate),
            ("v.json", "{\"properties\": {}}"),
            ("a.test.ts", &format!("import {import};\nx();\n")),
        ])
        .report(&[]);
        assert_eq!(failure(&reported), (message.to_owned(), help.to_owned()));
    }
}

#[test]
fn charts_have_builders_of_all_their_values() {
    let draft_07 = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {
        "controller": {"type": "object", "properties": {"image": {"$ref": "#/definitions/docker.image"}, "my key": {}}},
        "kebab-key": {"type": "string"}},
        "definitions": {"docker.image": {"properties": {"tag": {}, "sub": {"$ref": "#/definitions/docker.image"}}}}}"##;
    let draft_2020 = r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/all", "$defs": {
        "all": {"allOf": [{"properties": {"store": {"oneOf": [{"properties": {"disk": {}}}, {"properties": {"bucket": {}}}]}}},
        {"properties": {"name": {}, "constructor": {}}}]}}}"##;
    let test = renders(
        "import { IngressNginx, Controller, DockerImage, Values } from \"helm/ingress-nginx\";\n\
         import { Db, Store } from \"helm/db\";",
        &[
            (
                "IngressNginx().controller(Controller().image(DockerImage().tag('1').sub(DockerImage().tag('2')))).kebab_key('k')",
                r#"{ controller: { image: { tag: "1", sub: { tag: "2" } } }, "kebab-key": "k" }"#,
            ),
            ("Controller().my_key(1)", r#"{ "my key": 1 }"#),
            ("Values().kebab_key('k')", r#"{ "kebab-key": "k" }"#),
            (
                "Db().name('a').store(Store().disk(1).bucket(2)).constructor_(3)",
                r#"{ name: "a", store: { disk: 1, bucket: 2 }, constructor: 3 }"#,
            ),
        ],
    );
    passes(&[
        (
            "husako.toml",
            "[charts]\ningress-nginx = { source = \"file\", path = \"charts/nginx\" }\n\
             db = { source = \"file\", path = \"db.schema.json\" }\n",
        ),
        ("charts/nginx/Chart.yaml", "name: nginx\n"),
        ("charts/nginx/values.schema.json", draft_07),
        ("db.schema.json", draft_2020),
        ("a.test.ts", &test),
    ]);
}

#[test]
fn plugins_bring_resources_and_charts() {
    let test = renders(
        "import { Widget } from \"k8s/acme.io/v1\";\nimport { AcmeWeb, Web } from \"helm/acme:web\";\n\
         import { widget } from \"acme\";",
        &[
            ("Widget().size(1)", r#"{ apiVersion: "acme.io/v1", kind: "Widget", spec: { size: 1 } }"#),
            ("AcmeWeb().replicas(2)", "{ replicas: 2 }"),
            ("Web().replicas(2)", "{ replicas: 2 }"),
            ("widget(3)", r#"{ apiVersion: "acme.io/v1", kind: "Widget", spec: { size: 3 } }"#),
        ],
    );
    passes(&[
        ("app/husako.toml", "[plugins]\nacme = { source = \"path\", path = \"../plugins/acme\" }\n"),
        ("app/a.test.ts", &test),
        (
            "plugins/acme/plugin.toml",
            "[plugin]\nname = \"acme\"\nversion = \"1.0.0\"\n[modules]\nacme = \"modules/widget.js\"\n\
             [resources]\ncrds = { source = \"file\", path = \"crds\" }\n\
             [charts]\nweb = { source = \"file\", path = \"web.schema.json\" }\n",
        ),
        ("plugins/acme/crds/widget.yaml", &definition("acme.io", "Widget", "{size: {type: integer}}")),
        ("plugins/acme/web.schema.json", "{\"properties\": {\"replicas\": {\"type\": \"integer\"}}}"),
        (
            "plugins/acme/modules/widget.js",
            "import { Widget } from \"k8s/acme.io/v1\";\nexport const widget = (size) => Widget().size(size);\n",
        ),
    ]);
}

/// What `husako gen` would leave; its own words tell that it is used.
const GENERATED: &str = "export const Deployment = () => ({ _render: () => ({ generated: true }) });\n\
                         export const Removed = () => ({ _render: () => ({ generated: true }) });\n";

#[test]
fn generated_types_are_used_where_there_is_nothing_better_or_when_asked_for() {
    let files = |import: &str| {
        let test = renders(import, &[("Deployment()", "{ generated: true }")]);
        Project::of(&[
            (".husako/types/k8s/apps/v1.js", GENERATED),
            (".husako/types/k8s/fetched.io/v1.js", GENERATED),
            (".husako/types/helm/web.js", GENERATED),
            ("web.json", "{\"properties\": {}}"),
            ("husako.toml", "[charts]\nweb = { source = \"file\", path = \"web.json\" }\n"),
            ("a.test.ts", &test),
        ])
    };
    let flag = "--use-generated-types";
    let built_in = files("import { Deployment } from \"k8s/apps/v1\";");
    built_in.run(&[]).exits_with(1);
    built_in.run(&[flag]).exits_with(0);
    let chart = files("import { Web as Deployment } from \"helm/web\";");
    chart.run(&[]).exits_with(1);
    chart.run(&[flag]).exits_with(1);
    for better in [
        "import { Deployment } from \"k8s/fetched.io/v1\";",
        "import { Removed as Deployment } from \"k8s/apps/v1\";",
        "import { Deployment } from \"helm/web\";",
    ] {
        files(better).run(&[]).exits_with(0);
        files(better).run(&[flag]).exits_with(0);
    }
}

#[test]
fn what_is_not_fetched_is_told_by_who_imports_it_alone() {
    let config = "[resources]\ncm = { source = \"git\", repo = \"https://x\", tag = \"v1\", path = \"crds\" }\n\
                  [charts]\npg = { source = \"artifacthub\", package = \"bitnami/postgresql\", version = \"16.4.0\" }\n\
                  [plugins]\nfluxcd = { source = \"git\", url = \"https://x\" }\n";
    let plain =
        renders("import { Pod } from \"k8s/core/v1\";", &[("Pod()", r#"{ apiVersion: "v1", kind: "Pod" }"#)]);
    Project::of(&[("husako.toml", config), ("a.test.ts", &plain)])
        .report(&["--use-generated-types"])
        .run
        .exits_with(0);
    for (import, help) in [
        (
            "helm/pg",
            "helm/pg comes from artifacthub (husako.toml:4), which is not fetched; run `husako-ci gen`",
        ),
        (
            "k8s/cert-manager.io/v1",
            "these resources are not fetched: `cm` (git, husako.toml:2); run `husako-ci gen`",
        ),
        (
            "fluxcd/source",
            "the plugin `fluxcd` comes from git (husako.toml:6), which is not fetched; run `husako-ci gen`",
        ),
    ] {
        let test = format!("import {{ x }} from \"{import}\";\nx();\n");
        let reported =
            Project::of(&[("husako.toml", config), ("a.test.ts", &test)]).report(&["--use-generated-types"]);
        reported.run.exits_with(1);
        assert_eq!(failure(&reported), (format!("there is no module \"{import}\""), help.to_owned()));
    }
}

#[test]
fn broken_and_hostile_files_are_told_at_their_place() {
    let bomb: String = ('b'..='p')
        .map(|name| {
            format!("{name}: &{name} [{}]\n", vec![format!("*{}", char::from(name as u8 - 1)); 10].join(","))
        })
        .collect();
    let head = "# CustomResourceDefinition\n";
    let definition = definition("example.com", "Thing", "{a: {type: string}}");
    for (text, expected) in [
        (format!("{head}a: &a [x, x]\n{bomb}"), "this is not YAML that can be read: it holds more than"),
        (format!("{head}a: {}", "[".repeat(200_000)), "it nests deeper than 128 levels"),
        (format!("{head}{}", "- ".repeat(200_000)), "it nests deeper than 128 levels"),
        (format!("{head}{{---"), "crds/a.yaml:2:1: this is not YAML"),
        (format!("{head}a: b: c\n"), "crds/a.yaml:2:"),
        (format!("{head}\0\u{7}"), "crds/a.yaml:2:1: this is not YAML"),
        (
            definition.replace("group:", "gruop:"),
            "crds/a.yaml:1:1: the CustomResourceDefinition x.example.com is wrong: spec.group is missing",
        ),
        (definition.replace("kind: Thing", "kind: 'T(){};'"), "spec.names.kind cannot be \"T(){};\""),
    ] {
        let test = "import { test } from \"husako/test\";\ntest(\"a\", () => {});\n";
        let project = Project::of(&[("husako.toml", RESOURCES), ("crds/a.yaml", &text), ("a.test.ts", test)]);
        let run = project.run(&[]);
        run.exits_with(2);
        assert!(run.stderr.contains(expected), "{expected}:\n{}", run.stderr);
        // Where husako does not look, it is no mistake of the project.
        let project =
            Project::of(&[("husako.toml", RESOURCES), ("crds/x/a.yaml", &text), ("a.test.ts", test)]);
        project.run(&[]).exits_with(0);
    }
    let test = renders(
        "import { Thing } from \"k8s/example.com/v1\";",
        &[("Thing().a('b')", r#"{ apiVersion: "example.com/v1", kind: "Thing", spec: { a: "b" } }"#)],
    );
    let large = format!("{definition}---\n{}", "- a: {b: c, d: \"some text of a line\"}\n".repeat(250_000));
    passes(&[("husako.toml", RESOURCES), ("crds/a.yaml", &large), ("a.test.ts", &test)]);
    let project =
        Project::of(&[("husako.toml", RESOURCES), ("crds/a.yaml", &definition), ("a.test.ts", &test)]);
    std::fs::write(project.path().join("crds/b.yaml"), b"\xff\xfe\x00").unwrap();
    let reported = project.report(&[]);
    reported.run.exits_with(0);
    assert_eq!(
        warnings(&reported),
        ["husako.toml:2:1 `crds` in [resources] is left out: crds/b.yaml is not UTF-8: byte 0 is invalid | "]
    );
}

#[test]
fn a_definition_in_two_files_counts_once() {
    let (a, b) = (
        definition("example.com", "Thing", "{a: {type: string}}"),
        definition("example.com", "Thing", "{b: {type: string}}"),
    );
    let test = renders(
        "import { Thing } from \"k8s/example.com/v1\";",
        &[("Thing().a('b')", r#"{ apiVersion: "example.com/v1", kind: "Thing", spec: { a: "b" } }"#)],
    );
    passes(&[("husako.toml", RESOURCES), ("crds/a.yaml", &a), ("crds/b.yaml", &a), ("a.test.ts", &test)]);
    let project = Project::of(&[
        ("husako.toml", RESOURCES),
        ("crds/a.yaml", &a),
        ("crds/b.yaml", &b),
        ("a.test.ts", &test),
    ]);
    let reported = project.report(&[]);
    reported.run.exits_with(0);
    assert!(warnings(&reported)[0].contains("in crds/b.yaml is left out: that in crds/a.yaml differs"));
}
