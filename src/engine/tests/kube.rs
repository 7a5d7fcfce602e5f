//! What tests of resources ask of the host, with a project that a test makes up.

use std::collections::HashMap;

use serde_json::Value;

use super::*;
use crate::rule::{Level, Rule};

/// A project whose entries are known beforehand, and whose judge says one thing of every resource of the kind `Bad`.
#[derive(Debug, Default)]
struct Known {
    /// What an entry renders to, and after how long.
    entries: HashMap<&'static str, (Duration, Result<&'static str, &'static str>)>,
}

impl ProjectServices for Known {
    fn judge(&self, documents: Vec<Value>, instances: Vec<ClassInstance>) -> Vec<Verdict> {
        let verdict = |document, rule, level| Verdict {
            document,
            rule,
            level,
            message: "$.spec: it is wrong".to_owned(),
            help: Some("mend it".to_owned()),
        };
        let of_document = |(document, value): (usize, &Value)| {
            Some(match value["kind"].as_str()? {
                "Bad" => verdict(document, Rule::Type, Level::Error),
                "Odd" => verdict(document, Rule::Image, Level::Warn),
                "New" => verdict(document, Rule::UnknownKind, Level::Warn),
                _ => return None,
            })
        };
        let of_instance =
            |instance: ClassInstance| verdict(instance.document, Rule::ClassInstance, Level::Error);
        let found = documents.iter().enumerate().filter_map(of_document);
        found.chain(instances.into_iter().map(of_instance)).collect()
    }

    fn render(&self, test: &RelPath, entry: &str) -> Rendering {
        let known = self.entries.get(entry).copied();
        let unknown = format!("{test} knows no {entry}");
        Box::pin(async move {
            let Some((after, outcome)) = known else { return Err(unknown.into()) };
            tokio::time::sleep(after).await;
            outcome.map(Into::into).map_err(Into::into)
        })
    }
}

const WEB: &str = r#"[
    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "dev", "labels": {"app": "web"}}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "dev", "labels": {"app": "web", "tier": ""}}},
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}}
]"#;

async fn kube(source: &str) -> Vec<String> {
    let soon = Duration::from_millis(5);
    let entries = HashMap::from([
        ("dev", (soon, Ok(WEB))),
        ("empty", (Duration::ZERO, Ok("[]"))),
        ("broken", (soon, Err("env/broken.ts cannot be rendered\n\nRangeError: no\nat env/broken.ts:1:2"))),
        ("slow", (Duration::from_secs(600), Ok("[]"))),
    ]);
    let source = format!(
        "import {{ renderEntry, resources }} from 'husako/test';\nimport {{ Deployment }} from 'k8s/apps/v1';\n\
         import {{ ConfigMap }} from 'k8s/core/v1';\n{source}"
    );
    let file = tests_with(&source, &[], |job| {
        job.services = Some(Arc::new(Known { entries }));
        job.limits.case = Duration::from_millis(700);
    });
    outcomes(&file.await)
}

/// What the only case of a file told.
async fn told(body: &str) -> String {
    let outcomes = kube(&format!("test('t', async () => {{ {body} }});")).await;
    let [only] = &outcomes[..] else { panic!("{outcomes:?}") };
    only.strip_prefix("t: ").unwrap().to_owned()
}

async fn passes(body: &str) {
    assert_eq!(told(body).await, "passed", "{body}");
}

#[tokio::test]
async fn entries_are_waited_for_wherever_a_test_may_wait() {
    let outcomes = kube(
        "const dev = await renderEntry('dev');\n\
         describe.each(dev)('$kind', (resource) => { test('has a name', () => { expect(resource.metadata.name).toBeDefined(); }); });\n\
         let later: any; beforeAll(async () => { later = await renderEntry('dev'); });\n\
         test('has a copy', () => { later[0].metadata.name = 'x'; expect(dev[0].metadata.name).toBe('web'); expect(later).not.toBe(dev); });\n\
         test('all at once', async () => {\n\
           const lists = await Promise.all([renderEntry('dev'), renderEntry('empty'), renderEntry('dev')]);\n\
           expect(lists.map((list) => list.length)).toEqual([3, 0, 3]);\n\
         });\n\
         test.each(await renderEntry('dev'))('$metadata.name', (resource) => { expect(resource.kind).toBeDefined(); });",
    );
    let outcomes = outcomes.await;
    assert_eq!(outcomes.len(), 8);
    assert!(outcomes.iter().all(|outcome| outcome.ends_with(": passed")), "{outcomes:#?}");
}

#[tokio::test]
async fn why_an_entry_has_no_resources_is_told_where_the_test_asks() {
    let source = "import { test, renderEntry } from 'husako/test';\ntest('t', async () => {\n  await renderEntry('broken');\n});";
    let mut job = job("main.test.ts", source, &[]);
    let broken = ("broken", (Duration::from_millis(5), Err("env/broken.ts cannot be rendered")));
    job.services = Some(Arc::new(Known { entries: HashMap::from([broken]) }));
    let file = run_file(job, std::future::pending()).await;
    let failure = &file.cases[0].failures[0];
    assert_eq!(failure.message, "renderEntry(\"broken\"): env/broken.ts cannot be rendered");
    assert_eq!((failure.kind, failure.place.as_ref().unwrap().line), (FailureKind::Thrown, 3));

    let unknown = told("await renderEntry('none');").await;
    assert_eq!(unknown, "Error renderEntry(\"none\"): main.test.ts knows no none");
    passes("await expect(renderEntry('broken')).rejects.toThrow('RangeError: no');").await;
    passes("let caught: any; await renderEntry('none').catch((error) => { caught = error; }); expect(caught).toBeDefined();")
        .await;
    assert!(told("await renderEntry({} as any);").await.contains("takes the name of an entry"));
    assert!(told("await renderEntry('\\ud800');").await.contains("knows no \u{fffd}"));
    // What nobody waits for is told, too.
    assert!(told("renderEntry('none'); await renderEntry('dev');").await.contains("knows no none"));
}

#[tokio::test]
async fn waiting_for_an_entry_ends_with_the_case() {
    assert!(told("await renderEntry('slow');").await.starts_with("Timeout "));
    // The next case is not held up, and a file may end while an entry is on its way.
    let outcomes = kube(
        "test('a', async () => { await renderEntry('slow'); }); test('b', async () => { renderEntry('slow'); await renderEntry('dev'); });",
    )
    .await;
    assert!(outcomes[0].starts_with("a: Timeout") && outcomes[1] == "b: passed", "{outcomes:?}");
    let source =
        "import { test, renderEntry } from 'husako/test';\nawait renderEntry('slow'); test('a', () => {});";
    let mut job = job("main.test.ts", source, &[]);
    let slow = ("slow", (Duration::from_secs(600), Ok("[]")));
    job.services = Some(Arc::new(Known { entries: HashMap::from([slow]) }));
    let file = run_file(job.clone(), tokio::time::sleep(Duration::from_millis(20))).await;
    assert_eq!(file.cases[0].failures[0].kind, FailureKind::Interrupted);
    job.limits.file = Duration::from_millis(30);
    let file = run_file(job, std::future::pending()).await;
    assert_eq!(file.cases[0].failures[0].kind, FailureKind::Timeout);
}

#[tokio::test]
async fn lists_are_arrays_that_can_be_narrowed_down() {
    let dev = "const dev = await renderEntry('dev');";
    passes(&format!(
        "{dev} const names = (list: any) => [...list].map((one: any) => one.kind);\n\
         expect(Array.isArray(dev)).toBe(true); expect(dev.map((one) => one.kind)).toStrictEqual(['Deployment', 'Service', 'Namespace']);\n\
         expect(names(dev.named('web'))).toEqual(['Deployment', 'Service']);\n\
         expect(names(dev.named('web').kind('Service'))).toEqual(['Service']);\n\
         expect(names(dev.kind('Service', 'v1'))).toEqual(['Service']); expect(dev.kind('Service', 'v2')).toHaveLength(0);\n\
         expect(names(dev.inNamespace('dev'))).toEqual(['Deployment', 'Service']);\n\
         expect(names(dev.labelled({{ app: 'web' }}))).toEqual(['Deployment', 'Service']);\n\
         expect(names(dev.labelled('app=web,!tier'))).toEqual(['Deployment']);\n\
         expect(names(dev.labelled('app!=web'))).toEqual(['Namespace']);\n\
         expect(names(dev.labelled('tier'))).toEqual(['Service']);\n\
         expect(names(dev.labelled('app in (web, api),tier notin (x)'))).toEqual(['Deployment', 'Service']);\n\
         expect(names(dev.filter((one, index, list) => index > 0 && list === dev).named('web'))).toEqual(['Service']);\n\
         expect(dev.one('Namespace').metadata.name).toBe('dev'); expect(dev.one('Service', 'web').kind).toBe('Service');\n\
         expect(dev.find((one) => one.kind === 'Service')).toBe(dev[1]); expect(dev.at(-1)).toBe(dev[2]);"
    ))
    .await;
    assert_eq!(
        told(&format!("{dev} dev.kind('Service').one(undefined, 'api');")).await,
        "Error one(): there is no resource of kind \"Service\", named \"api\"; there are:\n  Deployment dev/web\n  \
         Service dev/web\n  Namespace dev"
    );
    assert_eq!(
        told(&format!("{dev} dev.inNamespace('dev').one();")).await,
        "Error one(): there are 2 resources in namespace \"dev\":\n  Deployment dev/web\n  Service dev/web"
    );
    assert_eq!(
        told("resources([]).one('A');").await,
        "Error one(): there is no resource of kind \"A\"; the list is empty"
    );
    for (misuse, problem) in [
        ("dev.kind('')", "kind() needs a text that is not empty, not \"\""),
        ("dev.labelled('app is web')", "\"app is web\" is no requirement"),
        ("dev.labelled({ app: 1 } as any)", "the value of \"app\" must be a text, not 1"),
        ("dev.labelled(1 as any)", "labelled() takes labels such as"),
        ("dev.filter('x' as any)", "filter() needs a function"),
    ] {
        let told = told(&format!("{dev} {misuse};")).await;
        assert!(told.starts_with("TypeError ") && told.contains(problem), "{misuse}: {told}");
    }
}

#[tokio::test]
async fn builders_and_plain_objects_can_be_wrapped() {
    passes(
        "const list = resources([ConfigMap().metadata({ name: 'a' }), { kind: 'B', metadata: {} }]);\n\
         expect(list.one('ConfigMap')).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });\n\
         expect(resources(ConfigMap()).one().kind).toBe('ConfigMap'); expect(list.kind('B').named('x')).toHaveLength(0);",
    )
    .await;
    assert!(
        told("resources([ConfigMap(), 1 as any]);")
            .await
            .contains("resources(): at index 1 is no resource, but 1")
    );
    assert!(
        told("resources([{ kind: 'A', at: new Date() }]);")
            .await
            .contains("resources(): at index 0: $.at: a Date cannot be written as JSON")
    );
}

/// A Deployment in TypeScript.
const DEPLOYMENT: &str = "const web = Deployment().metadata({ name: 'web', labels: { app: 'web' } }).set('spec', { replicas: 3,\n\
    template: { spec: { tolerations: [{ key: 'a' }, { key: 'b' }], initContainers: [{ name: 'migrate', image: 'm:1' }],\n\
    containers: [{ name: 'proxy' }, { name: 'web', image: 'w:1', args: ['a', 'b'], env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }],\n\
      ports: [{ containerPort: 80, name: 'http' }, { containerPort: 53, protocol: 'UDP' }], resources: { limits: { cpu: '0.5' } } }] } } });\n\
    const withPod = (spec: any) => ({ spec: { template: { spec } } }); const withWeb = (web: any) => withPod({ containers: [{ name: 'web', ...web }] });";

#[tokio::test]
async fn lists_with_keys_are_matched_by_them() {
    for matching in [
        "{}",
        "{ spec: { replicas: 3 } }",
        "withWeb({})",
        "withWeb({ env: [{ name: 'B', value: '2' }] })",
        "withWeb({ env: [{ name: 'B' }, { name: 'A', value: '1' }] })",
        "withWeb({ ports: [{ containerPort: 80, protocol: 'TCP' }] })",
        "withWeb({ ports: [{ containerPort: 53 }, { name: 'http' }] })",
        "withWeb({ ports: [{ protocol: 'UDP' }] })",
        "withWeb({ args: ['a', 'b'], stdin: undefined })",
        "withWeb({ resources: { limits: { cpu: expect.quantity('500m') } } })",
        "withPod({ tolerations: [{}, { key: 'b' }] })",
        "withPod({ containers: [] })",
    ] {
        passes(&format!("{DEPLOYMENT} expect(web).toMatchResource({matching}); expect(web._render()).toMatchResource({matching});"))
            .await;
        let told = told(&format!("{DEPLOYMENT} expect(web).not.toMatchResource({matching});")).await;
        assert!(
            told.contains("expect(received).not.toMatchResource(expected)\n\nExpected: not {"),
            "{matching}: {told}"
        );
    }
    let container = "$.spec.template.spec.containers";
    for (other, problem) in [
        ("{ spec: { replicas: 2 } }", "$.spec.replicas\n".to_owned()),
        ("{ spec: { paused: true } }", "$.spec.paused: is not there\n".to_owned()),
        ("{ spec: { replicas: undefined } }", "$.spec.replicas: must not be there\n".to_owned()),
        (
            "{ metadata: { labels: { 'a.b/c': 'x' } } }",
            "$.metadata.labels[\"a.b/c\"]: is not there\n".to_owned(),
        ),
        (
            "withPod({ containers: [{ name: 'wbe' }] })",
            format!("{container}: no item with name \"wbe\"; there are \"proxy\", \"web\"\n"),
        ),
        ("withWeb({ image: 'w:2' })", format!("{container}[1].image\n")),
        ("withWeb({ args: ['b', 'a'] })", format!("{container}[1].args[0]\n  {container}[1].args[1]\n")),
        ("withWeb({ args: ['a'] })", format!("{container}[1].args: has 2 items, not 1\n")),
        (
            "withWeb({ ports: [{ containerPort: 53, protocol: 'TCP' }] })",
            format!(
                "{container}[1].ports: no item with containerPort 53, protocol \"TCP\"; there are 80 \"TCP\", 53 \"UDP\"\n"
            ),
        ),
        (
            "withWeb({ ports: [{ name: 'x' }] })",
            format!("{container}[1].ports: none of the 2 items is like the one expected\n"),
        ),
        (
            "withWeb({ resources: { limits: { cpu: expect.quantity(1) } } })",
            format!("{container}[1].resources.limits.cpu\n"),
        ),
        (
            "withPod({ tolerations: [{ key: 'b' }] })",
            "$.spec.template.spec.tolerations: has 2 items, not 1\n".to_owned(),
        ),
        ("withPod({ volumes: [] })", "$.spec.template.spec.volumes: is not there\n".to_owned()),
        ("{ spec: 1 }", "$.spec\n".to_owned()),
        ("{ spec: [] }", "$.spec\n".to_owned()),
    ] {
        let told = told(&format!("{DEPLOYMENT} expect(web).toMatchResource({other});")).await;
        let expected = format!("Deployment web does not match at\n  {problem}");
        assert!(format!("{told}\n").contains(&expected), "{other}: {told}");
        passes(&format!("{DEPLOYMENT} expect(web).not.toMatchResource({other});")).await;
    }
}

#[tokio::test]
async fn the_diff_of_a_match_has_what_was_asked_for() {
    let body = format!(
        "{DEPLOYMENT} expect(web).toMatchResource(withWeb({{ image: 'w:2', resources: {{ limits: {{ cpu: expect.quantity('500m') }} }} }}));"
    );
    let source = format!("import {{ Deployment }} from 'k8s/apps/v1';\ntest('t', () => {{ {body} }});");
    let file = tests_with(&source, &[], |_| ()).await;
    let comparison = file.cases[0].failures[0].comparison.as_ref().unwrap();
    assert!(
        comparison.expected.contains("\"image\": \"w:2\"")
            && comparison.received.contains("\"image\": \"w:1\"")
    );
    // What agrees is the same on both sides, and what nobody asked for is on none.
    assert_eq!(comparison.expected.replace("w:2", "w:1"), comparison.received);
    assert!(
        !comparison.received.contains("proxy") && !comparison.received.contains("replicas"),
        "{comparison:?}"
    );
}

#[tokio::test]
async fn labels_annotations_and_containers_are_found() {
    passes(&format!(
        "{DEPLOYMENT} expect(web).toHaveLabel('app'); expect(web).toHaveLabel('app', 'web'); expect(web).not.toHaveLabel('app', 'x');\n\
         expect(web).not.toHaveLabel('toString'); expect(web).not.toHaveAnnotation('a');\n\
         expect({{ ...web._render(), metadata: {{ annotations: {{ a: '' }} }} }}).toHaveAnnotation('a', '');\n\
         expect(web).toHaveContainer('web'); expect(web).toHaveContainer('migrate', {{ image: 'm:1' }});\n\
         expect(web).toHaveContainer('web', {{ env: [{{ name: 'B', value: '2' }}], ports: [{{ containerPort: 80 }}] }});\n\
         expect(web).not.toHaveContainer('web', {{ image: 'x' }}); expect(web).not.toHaveContainer('db');\n\
         expect(ConfigMap()).not.toHaveContainer('web');"
    ))
    .await;
    let pod = "{ containers: [{ name: 'web' }] }";
    for (kind, spec) in [
        ("Pod", format!("spec: {pod}")),
        ("StatefulSet", format!("spec: {{ template: {{ spec: {pod} }} }}")),
        ("CronJob", format!("spec: {{ jobTemplate: {{ spec: {{ template: {{ spec: {pod} }} }} }} }}")),
        ("PodTemplate", format!("template: {{ spec: {pod} }}")),
        ("Rollout", format!("spec: {{ template: {{ spec: {pod} }} }}")),
    ] {
        passes(&format!("expect({{ apiVersion: 'x/v1', kind: '{kind}', {spec} }}).toHaveContainer('web');"))
            .await;
    }
    for (body, message) in [
        (
            "toHaveLabel('tier')",
            "toHaveLabel(key)\n\nExpected label: \"tier\"\n\nDeployment web has the labels {\"app\": \"web\"}",
        ),
        (
            "toHaveLabel('app', 'x')",
            "(key, value)\n\nExpected label: \"app\"\nExpected value: \"x\"\nReceived value: \"web\"",
        ),
        ("not.toHaveLabel('app')", "Expected label: not \"app\"\nReceived value: \"web\""),
        ("toHaveAnnotation('a')", "Expected annotation: \"a\"\n\nDeployment web has no annotations"),
        ("toHaveLabel(1 as any)", "Matcher error: the expected key must be a string"),
        (
            "toHaveContainer('wbe')",
            "Expected container: \"wbe\"\n\nDeployment web has\n  containers: \"proxy\", \"web\"\n  initContainers: \"migrate\"",
        ),
        (
            "toHaveContainer('web', { image: 'x' })",
            "does not match at\n  $.spec.template.spec.containers[1].image",
        ),
        ("toHaveContainer('web', 1 as any)", "Matcher error: the expected value must be an object"),
        (
            "not.toHaveContainer('migrate')",
            "Expected container: not \"migrate\"\nReceived: {\"image\": \"m:1\", \"name\": \"migrate\"}",
        ),
    ] {
        let told = told(&format!("{DEPLOYMENT} expect(web).{body};")).await;
        assert!(told.contains(message), "{body}: {told}");
    }
}

#[tokio::test]
async fn validity_is_what_the_project_says() {
    let of = |kind: &str| format!("{{ apiVersion: 'v1', kind: '{kind}', metadata: {{ name: 'x' }} }}");
    for (kind, is_valid) in [("Good", true), ("Odd", true), ("Bad", false)] {
        let not = if is_valid { "" } else { ".not" };
        passes(&format!("expect({}){not}.toBeValidResource();", of(kind))).await;
    }
    let told_of =
        async |kind: &str, not: &str| told(&format!("expect({}){not}.toBeValidResource();", of(kind))).await;
    assert!(
        told_of("Bad", "").await.ends_with(
            "toBeValidResource()\n\nBad x is not valid in Kubernetes 1.37:\n  type: $.spec: it is wrong\n    help: mend it"
        )
    );
    assert!(told_of("Good", ".not").await.contains("Received: Good x"));
    // What cannot be judged is neither valid nor not.
    for not in ["", ".not"] {
        let told = told_of("New", not).await;
        assert!(
            told.contains("Matcher error: New x cannot be judged") && told.contains("unknown-kind"),
            "{told}"
        );
    }
    let unwritten =
        told(&format!("expect([{}, {{ kind: 'A', at: new Map() }}]).toBeValidResource();", of("Good"))).await;
    assert!(
        unwritten.ends_with("\n\nitem 1 of the list, $.at: a Map cannot be written as JSON"),
        "{unwritten}"
    );
    assert!(told("expect([{ a: 1 }]).toBeValidResource();").await.contains("must be a resource: a builder"));
    let list = format!("[{}, {}]", of("Good"), of("Bad"));
    assert!(told(&format!("expect({list}).toBeValidResource();")).await.contains("\n\nBad x is not valid"));
    passes(&format!(
        "class A {{ b = 1; }} expect({{ ...{}, a: new A() }}).not.toBeValidResource();",
        of("Good")
    ))
    .await;
}

#[tokio::test]
async fn yaml_is_compared_by_value() {
    let config = "ConfigMap().metadata({ name: 'a' }).data({ size: '1' }).set('x', 3)";
    for yaml in [
        "`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {size: \"1\"}\nx: 3.0`",
        "`\n      kind: ConfigMap\n      apiVersion: v1\n\n      x: 3\n      metadata:\n        name: a\n      data:\n        size: '1'\n    `",
    ] {
        passes(&format!("expect({config}).toRenderAs({yaml}); expect([{config}]).toRenderAs({yaml});")).await;
        let told = told(&format!("expect({config}).not.toRenderAs({yaml});")).await;
        assert!(told.contains("Expected: not\n\n  apiVersion: v1\n  data:\n    size: '1'"), "{told}");
    }
    passes("expect([ConfigMap(), ConfigMap()]).toRenderAs('---\\n{apiVersion: v1, kind: ConfigMap}\\n---\\n{apiVersion: v1, kind: ConfigMap}\\n');").await;
    passes("expect([]).toRenderAs(''); expect(ConfigMap()).not.toRenderAs(''); expect({ a: '1' }).not.toRenderAs('a: 1');").await;
    for (yaml, message) in [
        ("'a: ['", "Matcher error: the expected value: line 1: this is not YAML that can be read"),
        ("1 as any", "Matcher error: the expected value must be a text of YAML"),
    ] {
        let told = told(&format!("expect(ConfigMap()).toRenderAs({yaml});")).await;
        assert!(told.contains(message), "{told}");
    }
    let source = "import { ConfigMap } from 'k8s/core/v1';\ntest('t', () => { expect(ConfigMap()).toRenderAs('kind: ConfigMap'); });";
    let file = tests_with(source, &[], |_| ()).await;
    let comparison = file.cases[0].failures[0].comparison.clone().unwrap();
    assert_eq!(
        (&*comparison.expected, &*comparison.received),
        ("kind: ConfigMap", "apiVersion: v1\nkind: ConfigMap")
    );
}

#[tokio::test]
async fn quantities_are_equal_by_amount() {
    for (a, b, equal) in [
        ("'500m'", "'0.5'", true),
        ("0.5", "'500m'", true),
        ("'1Gi'", "'1024Mi'", true),
        ("'1G'", "'1Gi'", false),
        ("'1e3'", "'1k'", true),
        ("'0.1'", "'100m'", true),
        ("0.1 + 0.2", "'300m'", false),
    ] {
        let not = if equal { "" } else { ".not" };
        passes(&format!(
            "expect({a}){not}.toEqualQuantity({b}); expect({a}){not}.toEqual(expect.quantity({b}));\n\
             expect({{ x: [{a}] }}){not}.toEqual({{ x: [expect.quantity({b})] }});"
        ))
        .await;
    }
    passes("for (const other of [undefined, null, {}, [], 'x', '', true]) expect(other).not.toEqual(expect.quantity(1));").await;
    assert!(
        told("expect('1Gi').toEqualQuantity('1G');")
            .await
            .ends_with("Expected quantity: \"1G\"\nReceived quantity: \"1Gi\"")
    );
    assert!(told("expect('1Gi').toEqualQuantity('1gib');").await.contains("did you mean \"1Gi\"?"));
    assert!(
        told("expect({}).not.toEqualQuantity(1);")
            .await
            .contains("Matcher error: the received value must be a quantity")
    );
    assert!(told("expect.quantity('much');").await.contains("expect.quantity(\"much\") is no quantity"));
    assert!(
        told("expect(1).toEqual(expect.quantity('500m'));")
            .await
            .contains("Expected: Quantity \"500m\"\nReceived: 1")
    );
}

#[test]
fn hostile_resources_are_told_and_do_no_harm() {
    // Its threads have the stack that deep values need.
    runtime().unwrap().block_on(hostile_resources());
}

async fn hostile_resources() {
    let matchers = [
        "toBeValidResource()",
        "not.toBeValidResource()",
        "toMatchResource({ a: 1 })",
        "toHaveLabel('a')",
        "toHaveContainer('a')",
        "toRenderAs('a: 1')",
    ];
    let head = "apiVersion: 'v1', kind: 'A'";
    for (resource, message) in [
        (format!("{{ {head}, get metadata() {{ throw new RangeError('mine'); }} }}"), "mine"),
        (
            format!("(() => {{ const a: any = {{ {head} }}; a.spec = a; return a; }})()"),
            "a cyclic reference cannot be written",
        ),
        (
            format!(
                "(() => {{ let a: any = 1; for (let i = 0; i < 600; i++) a = [a]; return {{ {head}, a }}; }})()"
            ),
            "nested more than 512 deep",
        ),
        (format!("new Proxy({{ {head} }}, {{ ownKeys() {{ throw new Error('trap'); }} }})"), "trap"),
        (format!("({{ {head}, _render() {{ return null; }} }})"), "expect(received)"),
        (format!("({{ {head}, f: () => 1 }})"), "$.f: a function cannot be written as JSON"),
        (format!("({{ {head}, s: '\\ud800' }})"), "half of a surrogate pair"),
        (format!("({{ {head}, n: 1n }})"), "a bigint cannot be written"),
        ("null".to_owned(), "must be a resource"),
        ("'x'".to_owned(), "must be a resource"),
        ("Deployment".to_owned(), "must be a resource"),
    ] {
        for matcher in matchers {
            let told = told(&format!("const hostile: any = {resource}; expect(hostile).{matcher};")).await;
            assert!(told.contains(message), "{resource} {matcher}: {told}");
        }
    }
    let told = told("expect({ apiVersion: 'v1', kind: 'A' }).toRenderAs('');").await;
    assert!(told.contains("expect(received).toRenderAs(yaml)"), "{told}");
    // What users put into prototypes is no part of a resource, and nothing of the verdict.
    passes(
        "(Object.prototype as any).metadata = { labels: { a: 'x' } }; (Array.prototype as any).push = () => { throw 1; };\n\
         (Array.prototype as any)[Symbol.iterator] = () => { throw 2; }; JSON.parse = () => { throw 3; };\n\
         const list = await renderEntry('dev'); const one = { apiVersion: 'v1', kind: 'A' };\n\
         expect(one).not.toHaveLabel('a'); expect(one).not.toMatchResource({ metadata: {} }); expect(list.kind('Service').length).toBe(1);\n\
         Object.assign(Object.prototype, { problem: 'x', misread: 'x', fields: {}, keys: [], items: [], default: 'TCP' });\n\
         expect({ ...one, spec: { ports: [{ port: 1 }] } }).toMatchResource({ spec: { ports: [{ port: 1 }] } });\n\
         expect(one).toRenderAs('{apiVersion: v1, kind: A}'); expect(one).toBeValidResource(); expect(resources(one).one().kind).toBe('A');\n\
         ['metadata', 'problem', 'misread', 'fields', 'keys', 'items', 'default'].forEach((key) => delete (Object.prototype as any)[key]);",
    )
    .await;
    let proto = "JSON.parse('{\"apiVersion\":\"v1\",\"kind\":\"A\",\"__proto__\":{\"x\":1}}')";
    passes(&format!("expect({proto}).toMatchResource({{ ['__proto__']: {{ x: 1 }} }}); expect({proto}).not.toMatchResource({{ x: 1 }});"))
        .await;
}

#[tokio::test]
async fn builders_may_stand_in_what_is_expected() {
    passes(
        "const { Container, image } = await import('k8s/core/v1'); const { name } = await import('k8s/meta/v1');\n\
         const web = Deployment().metadata(name('web').label('a', 'b')).containers([Container().name('web').image('w:1'), name('x')]);\n\
         expect(web).toMatchResource(web); expect(web).toMatchResource({ metadata: name('web') });\n\
         expect(web).toHaveContainer('web', Container().image('w:1')); expect(web).toHaveContainer('web', image('w:1'));\n\
         expect(web).not.toHaveContainer('web', image('w:2'));\n\
         expect(web).toMatchResource({ spec: { template: { spec: { containers: [name('x'), Container().name('web')] } } } });",
    )
    .await;
}

#[tokio::test]
async fn misspelt_methods_are_told() {
    for (body, help) in [
        ("(await renderEntry('dev') as any).lablled('a')", "labelled"),
        ("(await renderEntry('dev') as any).fliter('a')", "filter"),
        ("(expect({}) as any).toHaveLable('a')", "toHaveLabel"),
    ] {
        let source = format!(
            "import {{ test, expect, renderEntry }} from 'husako/test'; test('t', async () => {{ {body}; }});"
        );
        let mut job = job("main.test.ts", &source, &[]);
        let entries = HashMap::from([("dev", (Duration::ZERO, Ok(WEB)))]);
        job.services = Some(Arc::new(Known { entries }));
        let file = run_file(job, std::future::pending()).await;
        let failure = &file.cases[0].failures[0];
        assert_eq!(failure.help.as_deref(), Some(&*format!("did you mean \"{help}\"?")), "{failure:?}");
    }
}

#[tokio::test]
async fn resources_are_for_tests_only() {
    let source = "import { build } from 'husako'; import { renderEntry } from 'husako/test'; await renderEntry('a'); build([]);";
    let broken = execute(job("main.ts", source, &[]), std::future::pending()).await.unwrap_err();
    assert!(broken.failures[0].message.contains("can be imported by tests only"), "{broken:?}");
}
