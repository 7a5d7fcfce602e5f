//! What the host says of plain data, where that is not as plain as it looks.

use super::*;

const FILE: &str = r#"
import { metadata, requests, cpu } from "husako";
import { Deployment } from "k8s/apps/v1";
import { ConfigMap, Container } from "k8s/core/v1";
class P { a: number; constructor(a: number) { this.a = a; } }
test("sparse strict", () => { expect([, 1]).toEqual([undefined, 1]); expect(() => expect([, 1]).toStrictEqual([undefined, 1])).toThrow(); });
test("undefined keys", () => { expect({ a: 1, b: undefined }).toEqual({ a: 1 }); expect(() => expect({ a: 1, b: undefined }).toStrictEqual({ a: 1 })).toThrow(); });
test("-0", () => { expect(() => expect({ a: 0 }).toEqual({ a: -0 })).toThrow(); expect(() => expect([0]).toEqual([-0])).toThrow(); });
test("class", () => { expect(new P(1)).toEqual({ a: 1 }); expect(() => expect(new P(1)).toStrictEqual({ a: 1 })).toThrow(); });
test("null proto", () => { const o = Object.create(null); o.a = 1; expect(o).toEqual({ a: 1 }); });
test("order", () => { expect({ a: 1, b: [1, { c: 2 }] }).toEqual({ b: [1, { c: 2 }], a: 1 }); });
test("toString own", () => { expect(() => expect({ toString: Object.prototype.toString }).toEqual({ x: 1 })).toThrow(); expect(() => expect({ x: 1 }).toEqual({ toString: Object.prototype.toString })).toThrow(); });
test("getter", () => { let n = 0; const o = { get a() { n++; return 1 } }; expect(o).toEqual({ a: 1 }); });
test("throwing getter", () => { expect(() => expect({ get a() { throw new Error("g") } }).toEqual({ a: 1 })).toThrow("g"); });
test("cycle", () => { const a: any = { x: 1 }; a.me = a; const b: any = { x: 1 }; b.me = b; expect(a).toEqual(b); b.x = 2; expect(() => expect(a).toEqual(b)).toThrow(); });
test("asym", () => { expect({ a: [1, "x"] }).toEqual({ a: [expect.any(Number), expect.stringContaining("x")] }); expect(() => expect({ asymmetricMatch: 1 }).toEqual({ asymmetricMatch: 2 })).toThrow(); });
test("symbols", () => { const s = Symbol("s"); expect(() => expect({ [s]: 1 }).toEqual({ [s]: 2 })).toThrow(); expect({ [s]: 1 }).toEqual({ [s]: 1 }); expect(() => expect({ [s]: 1 }).toEqual({})).toThrow(); });
test("arguments", () => { const f = function (..._: any[]) { return arguments }; expect(f(1)).toEqual(f(1)); });
test("extra array props", () => { const a: any = [1]; a.x = 1; expect(() => expect(a).toEqual([1])).toThrow(); });
test("deep", () => { let x: any = {}, y: any = {}; for (let i = 0; i < 200; i++) { x = { x }; y = { x: y } } expect(x).toEqual(y); });
test("proxy", () => { const p = new Proxy({ a: 1 }, {}); expect(p).toEqual({ a: 1 }); });
test("testers", () => { expect.addEqualityTesters([(a: any, b: any) => (a === 1 && b === 2 ? true : undefined)]); expect({ a: 1 }).toEqual({ a: 2 }); });
test("render", () => {
  const shared = { a: "1" };
  const d: any = Deployment().metadata(metadata().name("x").label("a", "b")).spec({ template: { metadata: { labels: shared, annotations: shared }, spec: { containers: [Container().name("c").resources(requests(cpu(1))) as any, { name: "d", date: new Date(0) }] } } })._render();
  expect(d.spec.template.metadata.labels).toEqual(d.spec.template.metadata.annotations);
  expect(d.spec.template.spec.containers[0].resources.requests.cpu).toBe("1");
  expect(d.spec.template.spec.containers[1].date).toBeInstanceOf(Date);
  const c: any = { kind: "x" }; c.self = c; const r: any = ConfigMap().set("data", c)._render(); expect(r.data.self).toBe(r.data);
  const proto = Object.create({ inherited: 1 }); proto.own = 2; expect((ConfigMap().set("data", proto)._render() as any).data).toEqual({ inherited: 1, own: 2 });
  const p = JSON.parse('{"__proto__": {"a": 1}, "b": 2}'); const out: any = ConfigMap().set("data", p)._render(); expect(Object.keys(out.data)).toEqual(["__proto__", "b"]);
  const m: any = ConfigMap().metadata(JSON.parse('{"name":"a","__proto__":{"x":1}}'))._render(); expect(Object.keys(m.metadata).sort()).toEqual(["__proto__", "name"]);
  let calls = 0; const j = { _toJSON() { calls++; return { x: 1 } } }; expect((ConfigMap().set("data", { j, list: [j] })._render() as any).data).toEqual({ j: { x: 1 }, list: [{ x: 1 }] }); expect(calls).toBe(2);
  const thrower = { _toJSON() { throw new Error("mine") } }; expect(() => ConfigMap().set("data", [thrower])._render()).toThrow("mine");
});
test("sparse bomb", () => { expect(() => ConfigMap().set("data", new Array(4294967295))._render()).toThrow(); });
test("very long", () => { const a = new Array(3e9); expect(a).toEqual(a); expect(() => expect(a).toEqual([])).toThrow(); });
"#;

#[tokio::test]
async fn plain_data_is_compared_and_copied_as_the_language_would() {
    let file = tests(FILE).await;
    let failed: Vec<String> =
        outcomes(&file).into_iter().filter(|outcome| !outcome.ends_with(": passed")).collect();
    assert!(failed.is_empty() && file.cases.len() > 15, "{failed:#?}");
}
