import { expect, test } from "husako/test";

class Web {
  constructor(public name: string) {}
}
const boom = (): never => {
  throw new RangeError("too many replicas: 11");
};
const pod = { kind: "Pod", metadata: { name: "web", labels: { app: "web" } }, spec: { containers: [{ name: "web" }] } };
const positive = {
  "~standard": { version: 1, vendor: "me", validate: (n: number) => (n > 0 ? { value: n } : { issues: [{ message: "no" }] }) },
};

test("toBe", () => expect(1).toBe(2));
test("toBe, strings of several lines", () => expect("a\nb\nc").toBe("a\nx\nc"));
test("toBe, equal objects", () => expect({ a: 1 }).toBe({ a: 1 }));
test("toBe, another type", () => expect("1").toBe(1));
test("not.toBe", () => expect(1).not.toBe(1));
test("toEqual", () => expect({ a: 1, b: [1, 2] }).toEqual({ a: 1, b: [1, 3] }));
test("toEqual, with asymmetric matchers", () =>
  expect(pod).toEqual({ kind: expect.any(Number), metadata: expect.objectContaining({ name: "db" }), spec: expect.anything() }));
test("not.toEqual", () => expect([1]).not.toEqual([1]));
test("toStrictEqual", () => expect(new Web("a")).toStrictEqual({ name: "a" }));
test("toStrictEqual, undefined", () => expect({ a: undefined, b: 1 }).toStrictEqual({ b: 1 }));
test("toMatchObject", () => expect(pod).toMatchObject({ metadata: { labels: { app: "db" } } }));
test("toMatchObject of a number", () => expect(1).toMatchObject({}));
test("toContain", () => expect(["a", "b"]).toContain("c"));
test("toContain, an equal object", () => expect([{ a: 1 }]).toContain({ a: 1 }));
test("toContain, a string", () => expect("registry/web").toContain("db"));
test("not.toContain", () => expect(["a"]).not.toContain("a"));
test("toContainEqual", () => expect([{ a: 1 }]).toContainEqual({ a: 2 }));
test("toHaveLength", () => expect([1, 2]).toHaveLength(3));
test("toHaveLength of a number", () => expect(2).toHaveLength(3));
test("toHaveProperty", () => expect(pod).toHaveProperty("metadata.namespace"));
test("toHaveProperty, with a value", () => expect(pod).toHaveProperty("metadata.name", "db"));
test("not.toHaveProperty", () => expect(pod).not.toHaveProperty("metadata.name"));
test("toMatch", () => expect("web-1").toMatch(/^db-/));
test("toMatch, a string", () => expect("web-1").toMatch("db"));
test("toThrow", () => expect(() => 1).toThrow());
test("toThrow, a message", () => expect(boom).toThrow("too few"));
test("toThrow, a class", () => expect(boom).toThrow(TypeError));
test("toThrow, an error", () => expect(boom).toThrow(new RangeError("too few")));
test("toThrow, a pattern", () => expect(boom).toThrow(/few/));
test("toThrow, an asymmetric matcher", () => expect(boom).toThrow(expect.objectContaining({ message: "no" })));
test("not.toThrow", () => expect(boom).not.toThrow());
test("toThrow of a value", () => expect(1).toThrow());
test("toBeCloseTo", () => expect(0.1 + 0.2).toBeCloseTo(0.4));
test("not.toBeCloseTo", () => expect(0.1 + 0.2).not.toBeCloseTo(0.3, 5));
test("toBeInstanceOf", () => expect(new Web("a")).toBeInstanceOf(Map));
test("toBeInstanceOf of a number", () => expect(1).toBeInstanceOf(Number));
test("toBeTypeOf", () => expect(1).toBeTypeOf("string"));
test("toBeOneOf", () => expect("trace").toBeOneOf(["debug", "info"]));
test("toSatisfy", () => expect(3).toSatisfy((n: number) => n % 2 === 0, "replicas are even"));
test("toBeNaN", () => expect(1).toBeNaN());
test("toBeNull", () => expect(undefined).toBeNull());
test("toBeNullable", () => expect(0).toBeNullable());
test("toBeDefined", () => expect(undefined).toBeDefined());
test("toBeUndefined", () => expect(null).toBeUndefined());
test("toBeTruthy", () => expect("").toBeTruthy());
test("toBeFalsy", () => expect({}).toBeFalsy());
test("not.toBeFalsy", () => expect(0).not.toBeFalsy());
test("toBeGreaterThan", () => expect(1).toBeGreaterThan(2));
test("toBeGreaterThanOrEqual", () => expect(1).toBeGreaterThanOrEqual(2));
test("toBeLessThan", () => expect(2).toBeLessThan(1));
test("not.toBeLessThan", () => expect(1).not.toBeLessThan(2));
test("toBeLessThanOrEqual of a string", () => (expect("2").toBeLessThanOrEqual as (n: number) => void)(1));
test("resolves", () => expect(Promise.resolve(1)).resolves.toBe(2));
test("resolves, rejected", () => expect(Promise.reject(new Error("503"))).resolves.toBe(2));
test("rejects, resolved", () => expect(Promise.resolve(1)).rejects.toThrow());
test("rejects", () => expect(Promise.reject(new Error("503"))).rejects.toThrow("404"));
test("resolves of a number", () => expect(1).resolves.toBe(1));
test("any", () => expect("1").toEqual(expect.any(Number)));
test("anything", () => expect(null).toEqual(expect.anything()));
test("arrayContaining", () => expect(["a"]).toEqual(expect.arrayContaining(["a", "b"])));
test("arrayOf", () => expect([1, "2"]).toEqual(expect.arrayOf(expect.any(Number))));
test("stringContaining", () => expect({ image: "web:1" }).toEqual({ image: expect.stringContaining("db") }));
test("stringMatching", () => expect("web:1").toEqual(expect.stringMatching(/:2$/)));
test("closeTo", () => expect({ cpu: 0.3 }).toEqual({ cpu: expect.closeTo(0.4, 1) }));
test("schemaMatching", () => expect({ n: -1 }).toEqual({ n: expect.schemaMatching(positive) }));
test("expect.not.objectContaining", () => expect({ a: 1 }).toEqual(expect.not.objectContaining({ a: 1 })));
test("expect.not.arrayContaining", () => expect(["a"]).toEqual(expect.not.arrayContaining(["a"])));
test("expect.any without a class", () => expect(1).toEqual((expect.any as () => unknown)()));
test("with something to say", () => expect(1, "replicas of web").toBe(2));
test("soft", () => {
  expect.soft(1).toBe(2);
  expect.soft({ a: 1 }).toEqual({ a: 2 });
});
test("poll", () => expect.poll(() => "pending", { interval: 1, timeout: 5 }).toBe("ready"));
test("assertions", () => expect.assertions(2));
test("hasAssertions", () => expect.hasAssertions());
test("unreachable", () => expect.unreachable("no branch leads here"));
expect.extend({
  toBeEven(this: { isNot: boolean }, n: number) {
    return { pass: n % 2 === 0, message: () => `expected ${n} ${this.isNot ? "not " : ""}to be even` };
  },
  async toBeOddLater(n: number) {
    return { pass: n % 2 === 1, message: () => `expected ${n} to be odd`, actual: n % 2, expected: 1 };
  },
  toBeBroken: () => 1 as never,
});
const own = (value: unknown) => expect(value) as unknown as Record<string, () => void> & { not: Record<string, () => void> };
test("a matcher of one's own", () => own(1).toBeEven());
test("not, a matcher of one's own", () => own(2).not.toBeEven());
test("a matcher that takes its time", () => own(2).toBeOddLater());
test("a matcher that gives nonsense", () => own(2).toBeBroken());
test("its asymmetric form", () => expect({ n: 1 }).toEqual({ n: (expect as unknown as Record<string, () => unknown>).toBeEven() }));
