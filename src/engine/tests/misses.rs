//! Methods that do not exist.

use super::*;

#[tokio::test]
async fn a_misspelt_method_is_told_with_the_one_that_is_meant() {
    let prelude = "import husako, { metadata, requests, limits, cpu } from 'husako';\n\
        import { Deployment } from 'k8s/apps/v1'; import { Container } from 'k8s/core/v1';\n\
        import { _ResourceBuilder } from 'husako/_base';\n\
        import { name } from 'k8s/meta/v1'; import { cpu as cores, requests as wants } from 'k8s/core/v1';\n\
        class _Web extends _ResourceBuilder { size(n: number) { return this._setSpec('size', n); } }\n\
        const web = Deployment(); const suite: any = describe, one: any = test, e: any = expect;\n";
    for (code, message, near) in [
        ("Deployment().replica(3)", "Deployment() has no method \"replica\"", "replicas"),
        ("web.replica(web.paused(true))", "Deployment() has no method \"replica\"", "replicas"),
        ("[1].map(web.replica)", "Deployment() has no method \"replica\"", "replicas"),
        ("Container().name('a').imagee('b')", "Container() has no method \"imagee\"", "image"),
        ("new _Web('a/v1', 'Web').sise(1)", "Web() has no method \"sise\"", "size"),
        ("web.xyzzy(3)", "Deployment() has no method \"xyzzy\"", ""),
        ("metadata().nmae('x')", "metadata() has no method \"nmae\"", "name"),
        ("requests(cpu(1)).limit(cpu(1))", "requests() or limits() has no method \"limit\"", "limits"),
        ("limits(cpu(1).memry(1))", "cpu() or memory() has no method \"memry\"", "memory"),
        (
            "name('x').labels('a', 'b')",
            "a fragment of name(), label() or image() has no method \"labels\"",
            "label",
        ),
        ("wants(cores(1)).limit(cores(2))", "requests() has no method \"limit\"", "limits"),
        ("cores(1).memry(2)", "cpu() or memory() has no method \"memry\"", "memory"),
        ("husako.biuld([])", "husako has no method \"biuld\"", "build"),
        ("expect(1).toBee(1)", "expect(…) has no method \"toBee\"", "toBe"),
        ("expect(1).not.toBee(1)", "expect(…) has no method \"toBee\"", "toBe"),
        ("e.objectContianing({})", "expect has no method \"objectContianing\"", "objectContaining"),
        ("one.onyl('x', () => {})", "test has no method \"onyl\"", "only"),
        ("suite.skp('x', () => {})", "describe has no method \"skp\"", "skip"),
    ] {
        let code = format!("{prelude}test('t', async () => {{\n  const x: any =\n    {code}; }});");
        let file = tests(&code.replace("expect(1).", "(expect(1) as any).")).await;
        let failure = &file.cases[0].failures[0];
        assert_eq!(failure.message, message, "{code}: {failure:#?}");
        let help = (!near.is_empty()).then(|| format!("did you mean \"{near}\"?"));
        assert_eq!(failure.help, help, "{message}");
        assert_eq!(
            (failure.type_name.as_str(), failure.place.as_ref().unwrap().line),
            ("TypeError", 10),
            "{message}"
        );
    }
}

#[tokio::test]
async fn asking_for_what_is_not_there_is_no_mistake() {
    let file = tests(
        "import husako, { metadata, cpu } from 'husako'; import { Deployment } from 'k8s/apps/v1';\n\
         import { _ResourceBuilder } from 'husako/_base';\n\
         test('probes', async () => {\n\
           const web: any = Deployment().metadata(metadata().name('a')), list: any = cpu(1);\n\
           if (web.foo) web.foo(); web.foo?.(); expect('foo' in web).toBe(false);\n\
           for (const key of ['foo', 'then', 'toJSON', '_toJSON', Symbol.iterator]) expect(web[key]).toBe(undefined);\n\
           expect(await web).toBe(web); expect(JSON.parse(JSON.stringify(list))).toEqual({ _type: 'resource_list', _cpu: '1', _memory: null });\n\
           expect(`${list}`).toBe('[object Object]'); expect(web.hasOwnProperty('_kind')).toBe(true);\n\
         });\n\
         test('identity', () => {\n\
           const web: any = Deployment();\n\
           expect(web instanceof _ResourceBuilder && web instanceof Object && (expect as any) instanceof Function).toBe(true);\n\
           const above: any = Object.getPrototypeOf(Object.getPrototypeOf(web));\n\
           expect(above).toBe(_ResourceBuilder.prototype); expect(web.constructor.name).toBe('Deployment');\n\
           expect(Object.keys(web)).toEqual(Object.keys(new _ResourceBuilder('a', 'b')));\n\
           expect(web.paused(true)).toStrictEqual(web.paused(true)); expect(web).not.toEqual(web.paused(true));\n\
           const bare: any = new _ResourceBuilder('a', 'b'), keys: string[] = [];\n\
           for (const key in bare) keys.push(key); expect(keys).toEqual(Object.keys(bare));\n\
           (Object.prototype as any).everywhere = () => 1; expect(web.everywhere()).toBe(1); delete (Object.prototype as any).everywhere;\n\
           class Sub extends _ResourceBuilder { extra = 1; grow() { const next = this._copy(); next.extra++; return next; } }\n\
           expect(new Sub('a', 'b').grow().set('c', 1).grow()).toMatchObject({ extra: 3, _extra: { c: 1 } });\n\
         });\n\
         test('a message that only looks like it', () => {\n\
           const web: any = Deployment(); web.replica;\n\
           throw new TypeError('not a function');\n\
         });\n\
         test('another property', () => { const web: any = Deployment(); web.replica; const other: any = {}; other.paused(1); });\n\
         test('the name of another', () => { const web: any = Deployment(); web.replica; const o: any = { x: 1 }; o.x.xreplica(); });",
    );
    let file = file.await;
    let told = outcomes(&file);
    assert_eq!(told[..2], ["probes: passed", "identity: passed"], "{told:#?}");
    assert!(told[2..].iter().all(|told| told.ends_with(": TypeError not a function")), "{told:#?}");
}

#[tokio::test]
async fn misspelt_methods_are_told_wherever_they_are_called() {
    let file = tests(
        "import { Deployment } from 'k8s/apps/v1'; const web: any = Deployment();\n\
         test('a', () => {}); let calls = 0;\n\
         test('later', async () => { await null; web.replica(3); });\n\
         test('timer', async () => { setTimeout(() => web.replica(3), 0); await new Promise((r) => setTimeout(r, 5)); });\n\
         test('rejection', () => { void (async () => web.replica(3))(); });\n\
         test('caught', () => { try { web.replica(3); } catch (e) { expect(String(e)).toBe('TypeError: not a function'); } });\n\
         describe('s', () => { beforeEach(() => { web.replica(3); }); test('hook', () => {}); });\n\
         test('once', () => { calls += 1; expect(calls).toBe(1); });",
    );
    let file = file.await;
    let told = "TypeError Deployment() has no method \"replica\"";
    let rejected = "UnhandledRejection Deployment() has no method \"replica\"";
    assert_eq!(
        outcomes(&file),
        [
            "a: passed".to_owned(),
            format!("later: {told}"),
            format!("timer: {told}"),
            format!("rejection: {rejected}"),
            "caught: passed".to_owned(),
            format!("s > hook: {}", told.replace("Deployment", "in beforeEach: Deployment")),
            "once: passed".to_owned(),
        ]
    );
    let loading =
        tests("import { metadata } from 'husako'; (metadata() as any).nmae('x'); test('a', () => {});").await;
    assert_eq!(outcomes(&loading), ["(LoadError): LoadError metadata() has no method \"nmae\""]);
    let entry = "import { build } from 'husako'; import { Deployment } from 'k8s/apps/v1';\nbuild((Deployment() as any).replica(3));";
    let broken = execute(job("env/dev.ts", entry, &[]), std::future::pending()).await.unwrap_err();
    assert_eq!(broken.failures[0].message, "Deployment() has no method \"replica\"");
    assert_eq!(broken.failures[0].help.as_deref(), Some("did you mean \"replicas\"?"));
    assert_eq!(
        (broken.failures[0].kind, broken.failures[0].type_name.as_str()),
        (FailureKind::Thrown, "TypeError")
    );
}

#[tokio::test]
async fn a_second_run_that_differs_changes_nothing() {
    // What the first run told counts, whatever the second one does.
    for second in ["return;", "throw new RangeError('other');", "for (;;) {}", "expect(1).toBe(2);"] {
        let source = format!(
            "import {{ Deployment }} from 'k8s/apps/v1'; const web: any = Deployment();\n\
             const looked = Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf(web))) !== Object.prototype;\n\
             test('a', () => {{ if (looked) {{ {second} }} web.replica(3); }});"
        );
        assert_eq!(outcomes(&tests(&source).await), ["a: TypeError not a function"], "{second}");
    }
}

#[tokio::test]
async fn only_what_failed_runs_again() {
    let file = tests(
        "import { Deployment } from 'k8s/apps/v1'; const web: any = Deployment();\n\
         const looked = Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf(web))) !== Object.prototype;\n\
         test('a', () => { if (looked) for (;;) {} });\n\
         test('b', () => { web.replica(3); });\n\
         test('c', () => { expect(looked).toBe(true); });",
    );
    let told = outcomes(&file.await);
    assert_eq!(told[..2], ["a: passed", "b: TypeError Deployment() has no method \"replica\""]);
    assert!(told[2].starts_with("c: AssertionError"), "{told:?}");
}
