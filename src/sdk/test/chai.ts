/**
 * The words of Chai that Vitest's users know: `expect(x).to.equal(y)`, `expect(x).to.be.true`. A part: loaded when the first of
 * them is read. Each does what a matcher does, and is told as that matcher.
 */

import { apply, codeAt, includes, isArray, isObject, mapForEach, newList, push, toText, tryGet } from "../primordials.ts";
import { usageError } from "../stack.ts";
import { equals, STRICT_EQUAL } from "./equality.ts";
import { expect, matcher } from "./expect.ts";
import { printInline, STRICT } from "./format.ts";
import { bare, classNameOf, kindOf, mapSize, namesOf, setSize } from "./kinds.ts";
import { comparing, itemsOf } from "./matchers.ts";
import { misuse, typeName } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { resolvePath, toPath } from "./paths.ts";

/** What Chai's words say of a value; `R` is what the last of them returns. */
export interface ChaiWords<R> {
  /** Says nothing. */
  readonly to: ChaiWords<R>;
  /** Says nothing. */
  readonly be: ChaiWords<R>;
  /** Says nothing. */
  readonly been: ChaiWords<R>;
  /** Says nothing. */
  readonly is: ChaiWords<R>;
  /** Says nothing. */
  readonly that: ChaiWords<R>;
  /** Says nothing. */
  readonly which: ChaiWords<R>;
  /** Says nothing. */
  readonly and: ChaiWords<R>;
  /** Says nothing. */
  readonly has: ChaiWords<R>;
  /** Says nothing. */
  readonly all: ChaiWords<R>;
  /** Says nothing. */
  readonly have: ChaiWords<R>;
  /** Says nothing. */
  readonly with: ChaiWords<R>;
  /** Says nothing. */
  readonly at: ChaiWords<R>;
  /** Says nothing. */
  readonly of: ChaiWords<R>;
  /** Turns what follows round. */
  readonly not: ChaiWords<R>;
  /** What follows compares by structure, with the rules of `toEqual`. */
  readonly deep: ChaiWords<R>;
  /** What follows takes a path such as `a.b[0]`. */
  readonly nested: ChaiWords<R>;
  /** `true`. */
  readonly true: R;
  /** `false`. */
  readonly false: R;
  /** `null`. */
  readonly null: R;
  /** `undefined`. */
  readonly undefined: R;
  /** `NaN`. */
  readonly NaN: R;
  /** A value that `if` takes for true. */
  readonly ok: R;
  /** Neither `null` nor `undefined`. */
  readonly exist: R;
  /** A string, array, Map, Set or object with nothing in it. */
  readonly empty: R;
  /** The very same value; after `deep`, an equal one. */
  equal(expected: unknown): R;
  /** An equal value, with the rules of `toEqual`. */
  eql(expected: unknown): R;
  /** A value of a type: `"string"`, `"array"`, `"null"`, … */
  readonly a: ChaiWords<R> & ((type: string) => R);
  /** A value of a type: `"object"`, … */
  readonly an: ChaiWords<R> & ((type: string) => R);
  /** An object of a class. */
  instanceof(constructor: unknown): R;
  /** An object of a class. */
  instanceOf(constructor: unknown): R;
  /** A string with a part, a list with an item, an object with properties. */
  include(expected: unknown): R;
  /** The same as `include`. */
  contain(expected: unknown): R;
  /** An object with a property; with a second argument it must be that value. What follows speaks of the property. */
  property(name: PropertyKey, value?: unknown): R;
  /** Something of a length. */
  length(expected: number): R;
  /** Something of a length. */
  lengthOf(expected: number): R;
  /** A function that throws. */
  throw(expected?: unknown): R;
  /** A function that throws. */
  throws(expected?: unknown): R;
  /** A string that matches. */
  match(expected: RegExp): R;
  /** A number above another. */
  above(expected: number | bigint): R;
  /** A number above another. */
  greaterThan(expected: number | bigint): R;
  /** A number below another. */
  below(expected: number | bigint): R;
  /** A number below another. */
  lessThan(expected: number | bigint): R;
  /** A number not below another. */
  least(expected: number | bigint): R;
  /** A number not above another. */
  most(expected: number | bigint): R;
  /** One of these values. */
  oneOf(expected: readonly unknown[]): R;
  /** An object with these keys and no others. */
  keys(...expected: unknown[]): R;
  /** A list with these items and no others, in any order. */
  members(expected: readonly unknown[]): R;
}

/** Words that say nothing, and only make a sentence. */
const FILLERS = " to be been is that which and has have with at of same but does still also all ";

/** Words that stand alone, with the matchers that say the same. */
const ALONE: Record<string, readonly unknown[]> = {
  __proto__: null as never,
  true: ["toBe", true],
  false: ["toBe", false],
  null: ["toBeNull"],
  undefined: ["toBeUndefined"],
  NaN: ["toBeNaN"],
  ok: ["toBeTruthy"],
};

/** Words that take values, with the matchers that say the same. */
const SAID: Record<string, string> = {
  __proto__: null as never,
  eql: "toEqual",
  eqls: "toEqual",
  instanceof: "toBeInstanceOf",
  instanceOf: "toBeInstanceOf",
  length: "toHaveLength",
  lengthOf: "toHaveLength",
  throw: "toThrow",
  throws: "toThrow",
  Throw: "toThrow",
  match: "toMatch",
  matches: "toMatch",
  above: "toBeGreaterThan",
  greaterThan: "toBeGreaterThan",
  gt: "toBeGreaterThan",
  least: "toBeGreaterThanOrEqual",
  gte: "toBeGreaterThanOrEqual",
  below: "toBeLessThan",
  lessThan: "toBeLessThan",
  lt: "toBeLessThan",
  most: "toBeLessThanOrEqual",
  lte: "toBeLessThanOrEqual",
};

/** Words that take values and are matchers of their own, below. */
const OWN: Record<string, string> = {
  __proto__: null as never,
  include: "to.include",
  includes: "to.include",
  contain: "to.include",
  contains: "to.include",
  keys: "to.have.keys",
  equal: "to.equal",
  equals: "to.equal",
  eq: "to.equal",
  oneOf: "to.be.oneOf",
  members: "to.have.members",
};

/** What stands before the next word. */
interface State {
  readonly deep: boolean;
  readonly nested: boolean;
}

const START: State = { deep: false, nested: false };

type Procedure = (...args: unknown[]) => unknown;

/** Calls a matcher on what stands before it. */
type Call = (chain: never, name: string, args: readonly unknown[]) => unknown;

/**
 * What follows the first of the words.
 *
 * @param chain what `expect(…)` gave; its `not` is the same, turned round
 * @param call calls a matcher of a name on it
 */
export function words(chain: { readonly not: unknown }, call: Call): unknown {
  return wordsAfter(chain, call, START);
}

function wordsAfter(chain: { readonly not: unknown }, call: Call, state: State, run?: Procedure): unknown {
  const self: unknown = new Proxy(run ?? (() => {}), {
    get: (_, key) => (typeof key === "string" ? word(key) : undefined),
    apply: (_, __, args) => {
      if (run !== undefined) return apply(run, undefined, args);
      throw usageError("this word of Chai's is no function: expect(value).to.be.true is all there is to write");
    },
  });
  const say = (name: string, args: readonly unknown[]): unknown => {
    property = undefined;
    const result = call(chain as never, name, args);
    // A promise has to be awaited; else the sentence can go on.
    if (result !== undefined) return result;
    const next = foundProperty();
    return wordsAfter(next === undefined ? chain : (expect(next.value) as never), call, START);
  };
  const word = (name: string): unknown => {
    if (includes(FILLERS, " " + name + " ")) return self;
    if (name === "not") return wordsAfter(chain.not as never, call, state);
    if (name === "deep") return wordsAfter(chain, call, { deep: true, nested: state.nested });
    if (name === "nested") return wordsAfter(chain, call, { deep: state.deep, nested: true });
    // An `await` looks for it.
    if (name === "then") return undefined;
    if (name === "empty" || name === "exist") return say(name === "empty" ? "to.be.empty" : "to.exist", []);
    const alone = ALONE[name];
    if (alone !== undefined) return say(alone[0] as string, alone.length > 1 ? [alone[1]] : []);
    if (name === "property") {
      return (path: unknown, ...value: unknown[]): unknown => {
        const where = state.nested ? path : [path];
        return say("to.have.property", value.length === 0 ? [where] : [where, value[0], state.deep]);
      };
    }
    if (name === "a" || name === "an") {
      return wordsAfter(chain, call, state, (...args: unknown[]) => say("to.be.a", [args, state.deep]));
    }
    if (OWN[name] !== undefined) return (...args: unknown[]): unknown => say(OWN[name], [args, state.deep]);
    const said = SAID[name];
    if (said !== undefined) {
      return (...args: unknown[]): unknown =>
        said === "toThrow" && args.length > 1 ? say("to.throw", [args]) : say(said, args);
    }
    throw usageError(
      "expect(…).to has no word \"" + name + "\": only the common words of Chai are known; use a matcher, such as toEqual()",
    );
  };
  return self;
}

/** The property that was found last: the sentence goes on with its value. */
let property: { readonly value: unknown } | undefined;

function foundProperty(): typeof property {
  return property;
}

function toHaveProperty(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const path = toPath(args[0]);
  const isThere = matcher("toHaveProperty")(received, [args[0]], context);
  let outcome = isThere;
  if (isThere.pass && args.length > 2 && path !== undefined) {
    const { value } = resolvePath(received, path, args[0]);
    const is = match(value, args[1], args[2]);
    outcome = comparing(is, value, args[1], STRICT, "", "", " value");
  }
  if (outcome.pass && path !== undefined) property = { value: resolvePath(received, path, args[0]).value };
  return outcome;
}

/** The first of the values that a word was called with. */
function first(args: readonly unknown[]): unknown {
  return (args[0] as readonly unknown[])[0];
}

/** What a message says of a value and of what was wanted of it. */
function told(received: unknown, wanted: string, { isNot }: Context): string {
  return "Expected: " + (isNot ? "not " : "") + wanted + "\nReceived: " + (isNot ? "    " : "") + printInline(received);
}

/** The type of a value, in Chai's words: those of `typeof`, and the names of classes of the language in lower case. */
function isOfType(value: unknown, type: string): boolean {
  if (sameLetters(typeName(value), type)) return !isObject(value) || kindOf(value) !== "error";
  if (!isObject(value)) return false;
  return sameLetters("error", type) ? kindOf(value) === "error" : sameLetters(classNameOf(value), type);
}

/** Whether two words are the same but for capitals. */
function sameLetters(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if ((codeAt(a, i) | 0x20) !== (codeAt(b, i) | 0x20)) return false;
  return true;
}

function toBeA(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const type = first(args);
  if (typeof type === "function") {
    const wanted = "an instance of " + printInline(tryGet(type, "name"));
    return { pass: isObject(received) && received instanceof type, message: () => told(received, wanted, context) };
  }
  if (typeof type !== "string") return misuse("expected value must be the name of a type", "Expected", type);
  return { pass: isOfType(received, type), message: () => told(received, "of type " + printInline(type), context) };
}

/** Whether two values are the same; by structure after `deep`. */
function match(a: unknown, b: unknown, deep: unknown): boolean {
  return deep === true ? sameDeep(a, b) : a === b || (a !== a && b !== b);
}

/** Equal as `deep` means it: a property that is `undefined` is another thing than none. */
function sameDeep(a: unknown, b: unknown): boolean {
  return equals(a, b, STRICT_EQUAL);
}

function toEqual(received: unknown, args: readonly unknown[]): Outcome {
  const expected = first(args);
  if (args[1] === true) return comparing(sameDeep(received, expected), received, expected, STRICT, "deep equality", "", "");
  return comparing(received === expected, received, expected, STRICT, "===", "", "");
}

function toBeOneOf(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const choices = itemsOf(first(args));
  if (choices === undefined) return misuse("expected value must be an array", "Expected", first(args));
  let pass = false;
  for (let i = 0; i < choices.length && !pass; i++) pass = match(received, choices[i], args[1]);
  return { pass, message: () => told(received, "one of " + printInline(first(args)), context) };
}

/** What is thrown is of a class and has a message: `throw(TypeError, "part")`. */
function toThrowBoth(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const { pass, message } = matcher("toThrow")(received, [(args[0] as unknown[])[0]], context);
  const both = matcher("toThrow")(received, [(args[0] as unknown[])[1]], context);
  return pass ? both : { ...both, pass, message };
}

function toInclude(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = first(args);
  const message = (): string => told(received, "something that includes " + printInline(expected), context);
  if (typeof received === "string") return { pass: includes(received, toText(expected)), message };
  const items = itemsOf(received);
  if (items !== undefined) {
    let pass = false;
    for (let i = 0; i < items.length && !pass; i++) pass = match(items[i], expected, args[1]);
    return { pass, message };
  }
  if (!isObject(received) || !isObject(expected)) {
    return misuse("received value must be a string, an iterable, or an object to compare with an object", "Received", received);
  }
  const names = namesOf(expected, false);
  let pass = true;
  for (let i = 0; i < names.length && pass; i++) {
    pass = names[i] in received && match(tryGet(received, names[i]), tryGet(expected, names[i]), args[1]);
  }
  return { pass, message };
}

/** Whether each item has one of its own among the others. */
function sameItems(a: readonly unknown[], b: readonly unknown[], deep: unknown): boolean {
  if (a.length !== b.length) return false;
  const taken: boolean[] = newList();
  for (let i = 0; i < b.length; i++) push(taken, false);
  for (let i = 0; i < a.length; i++) {
    let j = 0;
    while (j < b.length && (taken[j] || !match(a[i], b[j], deep))) j++;
    if (j === b.length) return false;
    taken[j] = true;
  }
  return true;
}

function toHaveMembers(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = first(args);
  const items = itemsOf(received);
  const wanted = itemsOf(expected);
  if (items === undefined) return misuse("received value must be an array", "Received", received);
  if (wanted === undefined) return misuse("expected value must be an array", "Expected", expected);
  return {
    pass: sameItems(items, wanted, args[1]),
    message: () => told(received, "the members " + printInline(expected), context),
  };
}

function toHaveKeys(received: unknown, args: readonly unknown[], context: Context): Outcome {
  if (!isObject(received)) return misuse("received value must be an object", "Received", received);
  const given = args[0] as readonly unknown[];
  const only = given[0];
  const wanted: readonly unknown[] = isArray(only) ? only : isObject(only) ? namesOf(only, false) : given;
  let keys: unknown[] = namesOf(received, false);
  if (kindOf(received) === "map") {
    keys = newList();
    mapForEach(received, (_, key) => push(keys, key));
  }
  return {
    pass: sameItems(keys, texts(wanted, kindOf(received) === "map"), false),
    message: () => told(received, "the keys " + printInline(wanted), context),
  };
}

/** Keys of objects are texts, however they were written. */
function texts(keys: readonly unknown[], ofMap: boolean): unknown[] {
  const list: unknown[] = newList();
  for (let i = 0; i < keys.length; i++) push(list, ofMap ? keys[i] : toText(keys[i]));
  return list;
}

/** How much is in a value; `undefined` where nothing can be. */
function sizeOf(value: unknown): number | undefined {
  if (typeof value === "string") return value.length;
  if (!isObject(value)) return undefined;
  const kind = kindOf(value);
  if (kind === "map") return mapSize(value);
  if (kind === "set") return setSize(value);
  return kind === "array" ? (value as unknown[]).length : bare(namesOf(value, false)).length;
}

function toBeEmpty(received: unknown, _: readonly unknown[], context: Context): Outcome {
  const size = sizeOf(received);
  if (size === undefined) return misuse("received value must be a string or an object", "Received", received, "");
  return { pass: size === 0, argument: "", message: () => told(received, "nothing in it", context) };
}

/** The matchers of the words that no other matcher says, by what stands in messages. */
export const matchers: Record<string, Matcher> = {
  __proto__: null as never,
  "to.be.a": toBeA,
  "to.be.oneOf": toBeOneOf,
  "to.equal": toEqual,
  "to.throw": toThrowBoth,
  "to.have.property": toHaveProperty,
  "to.include": toInclude,
  "to.have.keys": toHaveKeys,
  "to.have.members": toHaveMembers,
  "to.be.empty": toBeEmpty,
  "to.exist": (received) => ({
    pass: received !== null && received !== undefined,
    argument: "",
    message: () => "Received: " + printInline(received),
  }),
};
