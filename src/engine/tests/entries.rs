//! Entries: what they build, how they break their contract, and where their resources are made.

use serde_json::json;

use super::*;
use crate::engine::trace::CallSite;

async fn executed(main: &str) -> Result<Built, NotBuilt> {
    execute(job("env/dev.ts", main, &[]), std::future::pending()).await
}

async fn built(main: &str) -> Result<serde_json::Value, Vec<String>> {
    let result = executed(main).await;
    result
        .map(|built| built.documents.into())
        .map_err(|broken| broken.failures.into_iter().map(|failure| failure.message).collect())
}

#[tokio::test]
async fn an_entry_gives_strict_json() {
    let built = built(
        "import { build, name, requests, cpu } from 'husako';\n\
         import { Deployment } from 'k8s/apps/v1';\n\
         build(Deployment().metadata(name('web')).replicas(1.5 * 2).resources(requests(cpu(0.25))));",
    );
    assert_eq!(
        built.await.unwrap(),
        json!([{
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {
                "replicas": 3,
                "template": {"spec": {"containers": [{"resources": {"requests": {"cpu": "250m"}}}]}},
            },
        }])
    );
}

#[tokio::test]
async fn both_dialects_work_in_one_entry() {
    let built = built(
        "import husako, { metadata } from 'husako';\n\
         import { Pod } from 'k8s/core/v1';\n\
         import { name } from 'k8s/meta/v1';\n\
         import { name as container } from 'k8s/core/v1';\n\
         husako.build([Pod().metadata(metadata().name('a')), Pod().metadata(name('b'))\n\
           .containers([container('c').image('i')])]);",
    );
    let built = built.await.unwrap();
    assert_eq!(built[0]["metadata"], json!({"name": "a"}));
    assert_eq!(built[1]["spec"], json!({"containers": [{"name": "c", "image": "i"}]}));
}

#[tokio::test]
async fn what_is_not_json_is_named_by_its_path() {
    for (value, what) in [
        ("undefined", "undefined"),
        ("1n", "a bigint"),
        ("NaN", "the number NaN"),
        ("() => 1", "a function"),
        ("new Date(0)", "a Date"),
        ("new Map()", "a Map"),
        ("/x/", "a RegExp"),
        ("Symbol()", "a symbol"),
    ] {
        let source = format!(
            "import {{ build }} from 'husako'; build({{ _render: () => ({{ spec: {{ 'a b': [{value}] }} }}) }});"
        );
        let expected = format!("$[0].spec[\"a b\"][0]: {what} cannot be written as JSON");
        assert_eq!(built(&source).await.unwrap_err(), [expected]);
    }
}

#[tokio::test]
async fn build_is_called_exactly_once() {
    assert!(built("export {};").await.unwrap_err()[0].contains("build() was not called"));
    let twice = built("import { build } from 'husako'; build([]); build([]);").await.unwrap_err();
    assert!(twice[0].contains("called 2 times"), "{twice:?}");
    let wrong = built("import { build } from 'husako'; build([{}]);").await.unwrap_err();
    assert!(wrong[0].contains("build(): item at index 0 is not a builder instance"), "{wrong:?}");
}

fn named(key: &str) -> Step {
    Step::Key(key.to_owned())
}

/// `$.spec.containers[0]`, read back.
fn path(text: &str) -> JsonPath {
    let steps = text.split(['.', '[', ']']).filter(|step| !step.is_empty() && *step != "$");
    let steps = steps.map(|step| step.parse().map_or_else(|_| named(step), Step::Index));
    JsonPath::from(steps.collect::<Vec<_>>())
}

/// What is marked by a place, and where it is: `replicas a.ts:1:2`.
fn told(site: Option<CallSite>) -> String {
    let Some(site) = site else { return "nothing".to_owned() };
    let Some(snippet) = site.snippet else { return format!("no text {}", site.place) };
    let line = &snippet.lines[(snippet.line - snippet.first_line) as usize];
    let marked: String =
        line.chars().skip(snippet.column as usize - 1).take(snippet.width as usize).collect();
    format!("{marked} {}:{}", site.place.path, site.place.line)
}

async fn sites(main: &str, files: &[(&str, &str)]) -> CallSites {
    let job = job("env/dev.ts", main, files);
    let built = execute(job.clone(), std::future::pending()).await.unwrap();
    trace(job, &built.documents, std::future::pending()).await
}

const BOTH: &str =
    "import husako, { build, merge, metadata, label as tag, requests, limits, cpu, memory } from 'husako';
import { Deployment } from 'k8s/apps/v1';
import { Container, PodTemplateSpec, PodSpec, Pod, ConfigMap } from 'k8s/core/v1';
import { LabelSelector } from 'k8s/_common';
import { name, label } from 'k8s/meta/v1';
import { name as container, requests as wants, cpu as cores } from 'k8s/core/v1';
const n = 1, text: any = 'x', plain = { a: { b: text } };
";

#[tokio::test]
async fn parts_of_resources_are_found_where_they_are_made() {
    let source = format!(
        "{BOTH}build([
  Deployment()
    .metadata(metadata()
      .name('web')
      .label('app', text))
    .replicas(text)
    .selector(LabelSelector().matchLabels({{ app: text,
      'tier': 'x' }}))
    .containers([Container().name('web')
        .image(text), {{ name: 'side',
        image: text }}])
    .resources(requests(cpu(text)
      .memory(n)).limits(memory(text)))
    .set('extra', {{ list: [1,
      {{ two: n }}] }}),
  Deployment().metadata({{ labels: {{
      app: text }} }}).paused(true)
    .template(PodTemplateSpec()
      .metadata(name('pod')
        .annotation('a', text))
      .spec(PodSpec().hostname(text)))
    .containers([container(text)
      .command([text,
        'y'])
      .resources(wants(cores(text)).limits(plain))]),
  ConfigMap().data(plain),
  ConfigMap(),
  {{ _render: () => ({{ kind: 'X' }}) }},
  Deployment().replicas(1).spec({{ replicas: text, template: {{
    spec: {{ containers: [Container()
      .image(text)] }} }} }}),
  Deployment().spec({{ replicas: text }}).paused(text),
  Deployment().containers([Container().image(text)]).containers([Container()
    .name(text)]),
  Pod().metadata(merge([metadata()
      .name(text), tag('a',
      text), metadata()
      .label('a', text)])),
  (() => {{ const shared = name('first');
    const map = ConfigMap().metadata(shared);
    shared.name('second');
    return map; }})(),
]);"
    );
    let sites = sites(&source, &[]).await;
    for (document, at, expected) in [
        (0, "$.kind", "Deployment 9"),
        (0, "$.metadata", "metadata 10"),
        (0, "$.metadata.name", "name 11"),
        (0, "$.metadata.labels.app", "label 12"),
        (0, "$.metadata.namespace", "metadata 10"),
        (0, "$.spec.replicas", "replicas 13"),
        (0, "$.spec.selector", "selector 14"),
        (0, "$.spec.selector.matchLabels", "matchLabels 14"),
        (0, "$.spec.selector.matchLabels.app", "app 14"),
        (0, "$.spec.selector.matchLabels.tier", "'tier' 15"),
        (0, "$.spec.template.spec.containers[0]", "Container 16"),
        (0, "$.spec.template.spec.containers[0].name", "name 16"),
        (0, "$.spec.template.spec.containers[0].image", "image 17"),
        (0, "$.spec.template.spec.containers[1].image", "image 18"),
        (0, "$.spec.template.spec.containers[0].resources.requests", "requests 19"),
        (0, "$.spec.template.spec.containers[0].resources.requests.cpu", "cpu 19"),
        (0, "$.spec.template.spec.containers[0].resources.requests.memory", "memory 20"),
        (0, "$.spec.template.spec.containers[0].resources.limits.memory", "memory 20"),
        (0, "$.extra.list[1].two", "two 22"),
        (0, "$.spec.strategy.type", "Deployment 9"),
        (1, "$.metadata.labels.app", "app 24"),
        (1, "$.spec.paused", "paused 24"),
        (1, "$.spec.template.metadata.name", "name 26"),
        (1, "$.spec.template.metadata.annotations.a", "annotation 27"),
        (1, "$.spec.template.spec.hostname", "hostname 28"),
        (1, "$.spec.template.spec.containers[0].name", "container 29"),
        (1, "$.spec.template.spec.containers[0].command[1]", "'y' 31"),
        (1, "$.spec.template.spec.containers[0].resources.requests.cpu", "cores 32"),
        (1, "$.spec.template.spec.containers[0].resources.limits.a.b", "limits 32"),
        (2, "$.data.a.b", "data 33"),
        (3, "$.metadata.name", "ConfigMap 34"),
        (4, "$.kind", "build 8"),
        (5, "$.spec.replicas", "replicas 36"),
        (5, "$.spec.template.spec.containers[0].image", "image 38"),
        (6, "$.spec.paused", "paused 39"),
        (6, "$.spec.replicas", "paused 39"),
        (7, "$.spec.template.spec.containers[0].name", "name 41"),
        (7, "$.spec.template.spec.containers[0].image", "Container 40"),
        (8, "$.metadata.name", "name 43"),
        (8, "$.metadata.labels.a", "label 45"),
        (9, "$.metadata.name", "name 46"),
        (10, "$", "nothing"),
    ] {
        let found = told(sites.find(document, &path(at))).replace("env/dev.ts:", "");
        assert_eq!(found, expected, "doc[{document}] at {at}");
    }
}

#[tokio::test]
async fn helpers_are_told_with_the_calls_that_led_there() {
    let files = [
        (
            "lib/app.ts",
            "import { Deployment } from 'k8s/apps/v1'; import { metadata } from 'husako';\n\
             export function app(name: string, n: any) {\n  const web = Deployment().metadata(metadata().name(name));\n  return web.replicas(n);\n}\n",
        ),
        (
            "plugins/p/x.js",
            "import { _ResourceBuilder } from 'husako/_base';\nclass _Repo extends _ResourceBuilder {\n  interval(v) { return this._setSpec('interval', v); }\n}\n\
             export function Repo() { return new _Repo('x/v1', 'Repo'); }",
        ),
    ];
    let main = "import { build } from 'husako'; import { app } from '../lib/app'; import { Repo } from 'p/x';\n\
        build(['a', 'b'].map((name) =>\n  app(name, 'x'))\n\
        .concat([Repo()\n  .interval('5m') as any]));";
    let mut job = job("env/dev.ts", main, &files);
    let root = RelPath::new("plugins/p").unwrap();
    let plugin = PluginModule { path: RelPath::new("plugins/p/x.js").unwrap(), root };
    job.project = Arc::new(ProjectModules {
        plugins: [("p/x".to_owned(), plugin)].into(),
        ..ProjectModules::default()
    });
    let built = execute(job.clone(), std::future::pending()).await.unwrap();
    let sites = trace(job, &built.documents, std::future::pending()).await;
    let site = sites.find(1, &path("$.spec.replicas")).unwrap();
    let frames: Vec<String> = site.frames.iter().map(|frame| frame.place.to_string()).collect();
    assert_eq!(frames[..2], ["lib/app.ts:4:14", "env/dev.ts:3:3"]);
    assert_eq!(frames.last().unwrap(), "env/dev.ts:2:18");
    assert_eq!(site.frames[0].function.as_deref(), Some("app"));
    assert_eq!(told(Some(site)), "replicas lib/app.ts:4");
    assert_eq!(told(sites.find(2, &path("$.spec.interval"))), "interval env/dev.ts:5");
    assert_eq!(told(sites.find(2, &path("$.kind"))), "Repo env/dev.ts:4");
}

#[tokio::test]
async fn a_tracing_run_gives_what_it_has() {
    // The same documents but one.
    let main = "import { build, metadata } from 'husako'; import { ConfigMap } from 'k8s/core/v1';\n\
        build([ConfigMap().metadata(metadata().name('a')), ConfigMap().metadata(metadata().name(`${performance.now()}`))]);";
    let sites = sites(main, &[]).await;
    assert_eq!(told(sites.find(0, &path("$.metadata.name"))), "name env/dev.ts:2");
    assert_eq!(told(sites.find(1, &path("$.metadata.name"))), "nothing");
    let broken = trace(job("env/dev.ts", "throw new Error('no');", &[]), &[], std::future::pending()).await;
    assert_eq!(told(broken.find(0, &path("$"))), "nothing");
}

#[tokio::test]
async fn user_code_can_neither_see_nor_disturb_the_recording() {
    let main = "import { build, metadata } from 'husako'; import { ConfigMap } from 'k8s/core/v1';\n\
        import { _ResourceBuilder } from 'husako/_base';\n\
        Array.prototype.push = () => 0; (Array.prototype as any)[Symbol.iterator] = null; WeakMap.prototype.get = () => 1;\n\
        (Error as any).prepareStackTrace = () => 'x'; (Error as any).stackTraceLimit = 0;\n\
        Object.defineProperty(Object.prototype, 'site', { set() {}, get() { return 9; } });\n\
        const plain = [_ResourceBuilder.prototype.set.name, Object.keys(_ResourceBuilder.prototype).join(), _ResourceBuilder.prototype.set.length];\n\
        build(ConfigMap().metadata(metadata().name('a')).data({ shape: plain.toString() }));";
    let job = job("env/dev.ts", main, &[]);
    let built = execute(job.clone(), std::future::pending()).await.unwrap();
    let sites = trace(job.clone(), &built.documents, std::future::pending()).await;
    let again = Arc::new(Running::new(job, Phase::Entry, Looks::ForSites))
        .on_thread(std::future::pending(), Running::entry)
        .await;
    assert_eq!(again.unwrap().unwrap().documents, built.documents);
    assert_eq!(told(sites.find(0, &path("$.metadata.name"))), "name env/dev.ts:7");
    for name in ["sdk:tracing.ts", "tracing.ts", "husako:tracing"] {
        let import = format!("import * as t from '{name}'; t;");
        assert!(!executed(&import).await.unwrap_err().failures.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_broken_contract_is_told_at_its_place() {
    let broken = async |code: &str| {
        let broken = executed(&format!("{BOTH}console.log('printed');\n{code}")).await.unwrap_err();
        assert_eq!(broken.output[0].text, "printed");
        let failure = broken.failures.into_iter().next().unwrap();
        let place =
            failure.place.map_or("nowhere".to_owned(), |place| format!("{}:{}", place.line, place.column));
        format!("{} {}: {}", failure.type_name, place, failure.message)
    };
    for (code, expected) in [
        ("export {};", "BuildContractError nowhere: build() was not called: an entry calls it exactly once"),
        (
            "build([]);\nbuild([]);",
            "BuildContractError 10:1: build() was called 2 times: an entry calls it exactly once",
        ),
        (
            "build([Pod(), Deployment()\n  .replicas(undefined as any)]);",
            "BuildContractError 10:4: $[1].spec.replicas: undefined cannot be written as JSON",
        ),
        (
            "build(Pod().spec({ containers: [{\n  image: undefined, at: 1 }] }));",
            "BuildContractError 10:3: $[0].spec.containers[0].image: undefined cannot be written as JSON",
        ),
        (
            "build([\n1 as any]);",
            "TypeError 9:1: build(): item at index 0 is not a builder instance, but a number; use a builder such as \
             Deployment() of \"k8s/apps/v1\"",
        ),
        ("throw new RangeError('no');", "RangeError 9:11: no"),
    ] {
        assert_eq!(broken(code).await, expected, "{code}");
    }
}

#[tokio::test]
async fn instances_of_classes_are_warned_of_and_those_of_the_language_refused() {
    let of = |value: &str| {
        format!(
            "{BOTH}class Own {{ a = 1; #b = 2; get c() {{ return this.#b; }} m() {{}} }}\n\
             class Lying extends Map {{ get [Symbol.toStringTag]() {{ return 'Object'; }} }}\n\
             Object.prototype.toString = () => '[object Object]'; globalThis.Object = {{}} as any;\n\
             build([Pod(), ConfigMap().data({{ 'x y': [{value}] }})]);"
        )
    };
    let built = executed(&of("new Own()")).await.unwrap();
    assert_eq!(built.documents[1]["data"]["x y"], json!([{"a": 1}]));
    let expected = ClassInstance { document: 1, path: path("$.data"), class: "Own".to_owned() };
    let expected = ClassInstance {
        path: JsonPath::from([expected.path.steps(), &[named("x y"), Step::Index(0)]].concat()),
        ..expected
    };
    assert_eq!(built.instances, [expected]);
    assert_eq!(executed(&of("{ __proto__: null, a: 1 }, { __proto__: plain }")).await.unwrap().instances, []);
    for (value, what) in [
        ("new Lying()", "a Map"),
        ("new Set()", "a Set"),
        ("new (class extends Date {})()", "a Date"),
        ("Object.setPrototypeOf(new Date(), Own.prototype)", "a Date"),
        ("/x/", "a RegExp"),
        ("new Number(1)", "a boxed primitive"),
        ("new Uint8Array(1)", "a typed array"),
        ("new Error()", "an Error"),
        ("new WeakMap()", "an instance of WeakMap"),
        ("Deployment()", "a builder in a place where none belongs"),
    ] {
        let source = of(value).replace("globalThis.Object = {} as any;", "");
        let broken = executed(&source).await.unwrap_err();
        let message = &broken.failures[0].message;
        assert_eq!(message, &format!("$[1].data[\"x y\"][0]: {what} cannot be written as JSON"), "{value}");
    }
}

#[tokio::test]
async fn many_call_sites_are_bounded() {
    // More places than are kept: those of the first documents are.
    let main = "import { build } from 'husako'; import { ConfigMap } from 'k8s/core/v1';\n\
        const one = ConfigMap().data({ a: '1' }).immutable(true);\n\
        build(Array.from({ length: 10 }, () => Array.from({ length: 1000 }, () => one)).flat());";
    let job = job("env/dev.ts", main, &[]);
    let built = execute(job.clone(), std::future::pending()).await.unwrap();
    let sites = trace(job, &built.documents, std::future::pending()).await;
    assert_eq!(told(sites.find(0, &path("$.immutable"))), "immutable env/dev.ts:2");
    assert_eq!(told(sites.find(9_999, &path("$.immutable"))), "nothing");
}
