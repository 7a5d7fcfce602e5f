/** What `expect.any(…)` and its like give: something that stands for many values. A part: loaded on first use. */

import {
  asymmetricSymbol,
  defineProperty,
  freeze,
  includes,
  isArray,
  isFiniteNumber,
  isInstance,
  isObject,
  join,
  newList,
  push,
  round,
  tryGet,
} from "../primordials.ts";
import { usageError } from "../stack.ts";
import { equals, EQUAL, keysOf } from "./equality.ts";
import type { Matched } from "./equality.ts";
import { printInline } from "./format.ts";
import { kindOf, unbox } from "./kinds.ts";
import { closeTo } from "./numbers.ts";
import { matches } from "./text.ts";

/** What `expect.not` has. */
export interface Negatable {
  /** An object with at least these properties, each equal to the given one. */
  objectContaining(sample: object): any;
  /** An array, or another iterable list, with at least these items, in any order. */
  arrayContaining(sample: readonly unknown[]): any;
  /** An array whose items are all equal to the sample. */
  arrayOf(sample: unknown): any;
  /** A string with this part. */
  stringContaining(part: string): any;
  /** A string that matches. */
  stringMatching(pattern: string | RegExp): any;
  /** A number that is rounded to the expected one, to so many digits behind the point. */
  closeTo(expected: number, digits?: number): any;
  /** A value that a schema accepts: any library that follows [Standard Schema](https://standardschema.dev). */
  schemaMatching(schema: unknown): any;
}

/** The asymmetric matchers. */
export interface AsymmetricMatchers extends Negatable {
  /** Anything but `null` and `undefined`. */
  anything(): any;
  /** Any value of a class; `Number`, `String` and their like stand for primitives, too. */
  any(constructor: unknown): any;
  /** The same, turned round. */
  readonly not: Negatable & Record<string, (...args: any[]) => any>;
}

/** Something that stands for many values, by the protocol that Jest made and others follow. */
abstract class Asymmetric<T> implements Matched {
  constructor(
    /** What the test has given. */
    readonly sample: T,
    /** Whether it stands for all other values. */
    readonly inverse: boolean,
  ) {}

  /** Whether it stands for the value. */
  abstract asymmetricMatch(other: unknown): boolean;

  /** What it is called in messages. */
  abstract toString(): string;
}

function seal(constructor: { readonly prototype: object }): void {
  defineProperty(constructor.prototype, "$$typeof", {
    __proto__: null,
    value: asymmetricSymbol,
  } as PropertyDescriptor);
  freeze(constructor.prototype);
}

class Anything extends Asymmetric<undefined> {
  asymmetricMatch(other: unknown): boolean {
    return other !== null && other !== undefined;
  }

  toString(): string {
    return "Anything";
  }

  toAsymmetricMatcher(): string {
    return "Anything";
  }
}

/** Primitives by the functions that stand for them. */
function primitiveOf(constructor: unknown): string {
  const name = tryGet(constructor, "name");
  switch (name) {
    case "String":
    case "Number":
    case "Boolean":
    case "BigInt":
    case "Symbol":
    case "Function":
    case "Object":
      // A class of the user's may have such a name.
      return constructor === builtin(name) ? name : "";
    default:
      return "";
  }
}

const builtins: Record<string, unknown> = {
  __proto__: null,
  String: "".constructor,
  Number: (0).constructor,
  Boolean: true.constructor,
  BigInt: 0n.constructor,
  Symbol: asymmetricSymbol.constructor,
  Function: primitiveOf.constructor,
  Object: {}.constructor,
};

/** What `typeof` says of primitives, by the functions that stand for them. */
const typeNames: Record<string, string> = {
  __proto__: null as never,
  String: "string",
  Number: "number",
  Boolean: "boolean",
  BigInt: "bigint",
  Symbol: "symbol",
};

function builtin(name: string): unknown {
  return builtins[name];
}

class Any extends Asymmetric<unknown> {
  asymmetricMatch(other: unknown): boolean {
    const primitive = primitiveOf(this.sample);
    if (primitive === "Object") return typeof other === "object";
    if (primitive === "Function") return typeof other === "function";
    if (primitive !== "" && typeof other === typeNames[primitive]) return true;
    return isObject(other) && isInstance(this.sample, other);
  }

  toString(): string {
    return "Any";
  }

  toAsymmetricMatcher(): string {
    const name = tryGet(this.sample, "name");
    return "Any<" + (typeof name === "string" && name !== "" ? name : "anonymous") + ">";
  }
}

class ObjectContaining extends Asymmetric<object> {
  asymmetricMatch(other: unknown): boolean {
    return this.matches(other) !== this.inverse;
  }

  matches(other: unknown): boolean {
    if (!isObject(other)) return false;
    const keys = keysOf(this.sample, false);
    for (let i = 0; i < keys.length; i++) {
      if (!(keys[i] in other)) return false;
      if (!equals(tryGet(other, keys[i]), tryGet(this.sample, keys[i]), EQUAL)) return false;
    }
    return true;
  }

  toString(): string {
    return this.inverse ? "ObjectNotContaining" : "ObjectContaining";
  }
}

class ArrayContaining extends Asymmetric<readonly unknown[]> {
  asymmetricMatch(other: unknown): boolean {
    return this.matches(other) !== this.inverse;
  }

  matches(other: unknown): boolean {
    if (!isArray(other)) return false;
    for (let i = 0; i < this.sample.length; i++) {
      let found = false;
      for (let j = 0; j < other.length && !found; j++) found = equals(other[j], this.sample[i], EQUAL);
      if (!found) return false;
    }
    return true;
  }

  toString(): string {
    return this.inverse ? "ArrayNotContaining" : "ArrayContaining";
  }
}

class ArrayOf extends Asymmetric<unknown> {
  asymmetricMatch(other: unknown): boolean {
    let all = isArray(other);
    for (let i = 0; all && i < (other as unknown[]).length; i++) {
      all = equals((other as unknown[])[i], this.sample, EQUAL);
    }
    return all !== this.inverse;
  }

  toString(): string {
    return this.inverse ? "NotArrayOf" : "ArrayOf";
  }
}

/** What a `new String(…)` or `new Number(…)` holds; anything else as it is. */
function unboxed(value: unknown): unknown {
  return isObject(value) && kindOf(value) === "boxed" ? unbox(value) : value;
}

class StringContaining extends Asymmetric<string> {
  asymmetricMatch(other: unknown): boolean {
    const text = unboxed(other);
    return (typeof text === "string" && includes(text, this.sample)) !== this.inverse;
  }

  toString(): string {
    return this.inverse ? "StringNotContaining" : "StringContaining";
  }
}

class StringMatching extends Asymmetric<RegExp> {
  asymmetricMatch(other: unknown): boolean {
    const text = unboxed(other);
    return (typeof text === "string" && matches(text, this.sample)) !== this.inverse;
  }

  toString(): string {
    return this.inverse ? "StringNotMatching" : "StringMatching";
  }
}

class CloseTo extends Asymmetric<number> {
  constructor(
    sample: number,
    readonly digits: number,
    inverse: boolean,
  ) {
    super(sample, inverse);
  }

  asymmetricMatch(other: unknown): boolean {
    // What is no number is neither close to one nor not close to it.
    const number = unboxed(other);
    return typeof number === "number" && closeTo(number, this.sample, this.digits) !== this.inverse;
  }

  toString(): string {
    return this.inverse ? "NumberNotCloseTo" : "NumberCloseTo";
  }

  toAsymmetricMatcher(): string {
    const digits = " (" + this.digits + (this.digits === 1 ? " digit)" : " digits)");
    return this.toString() + " " + this.sample + digits;
  }
}

/** What a library of schemas says of a value, by Standard Schema, version 1. */
interface Validated {
  readonly issues?: readonly { readonly message?: unknown; readonly path?: unknown }[];
}

class SchemaMatching extends Asymmetric<unknown> {
  asymmetricMatch(other: unknown): boolean {
    const standard = tryGet(this.sample, "~standard") as { validate(value: unknown): Validated | Promise<unknown> };
    const result = standard.validate(other);
    if (isObject(result) && typeof tryGet(result, "then") === "function") {
      throw usageError("expect.schemaMatching() needs a schema that validates at once, not one that gives a promise");
    }
    const issues = (result as Validated).issues;
    return (issues === undefined || issues.length === 0) !== this.inverse;
  }

  toString(): string {
    return this.inverse ? "SchemaNotMatching" : "SchemaMatching";
  }

  toAsymmetricMatcher(): string {
    return this.toString();
  }
}

/** A matcher of the user's, or of ours, that has no asymmetric form of its own: it holds or it does not. */
class Custom extends Asymmetric<readonly unknown[]> {
  constructor(
    readonly name: string,
    sample: readonly unknown[],
    readonly holds: (other: unknown, args: readonly unknown[]) => boolean,
    inverse: boolean,
  ) {
    super(sample, inverse);
  }

  asymmetricMatch(other: unknown): boolean {
    return this.holds(other, this.sample) !== this.inverse;
  }

  toString(): string {
    return (this.inverse ? "not." : "") + this.name;
  }

  toAsymmetricMatcher(): string {
    const args: string[] = newList();
    for (let i = 0; i < this.sample.length; i++) push(args, printInline(this.sample[i], 200));
    return this.toString() + "<" + join(args, ", ") + ">";
  }
}

seal(Anything);
seal(Any);
seal(ObjectContaining);
seal(ArrayContaining);
seal(ArrayOf);
seal(StringContaining);
seal(StringMatching);
seal(CloseTo);
seal(SchemaMatching);
seal(Custom);

/** The asymmetric form of a matcher. */
export function custom(
  name: string,
  args: readonly unknown[],
  holds: (other: unknown, args: readonly unknown[]) => boolean,
  inverse: boolean,
): unknown {
  return new Custom(name, args, holds, inverse);
}

function negatable(inverse: boolean): Negatable {
  const what = inverse ? "expect.not." : "expect.";
  return {
    __proto__: null,
    objectContaining(sample: unknown): unknown {
      if (!isObject(sample)) {
        throw usageError(what + "objectContaining() needs an object, not " + printInline(sample, 80));
      }
      return new ObjectContaining(sample, inverse);
    },
    arrayContaining(sample: unknown): unknown {
      if (!isArray(sample)) {
        throw usageError(what + "arrayContaining() needs an array, not " + printInline(sample, 80));
      }
      return new ArrayContaining(sample, inverse);
    },
    arrayOf: (sample: unknown): unknown => new ArrayOf(sample, inverse),
    stringContaining(part: unknown): unknown {
      if (typeof part !== "string") {
        throw usageError(what + "stringContaining() needs a string, not " + printInline(part, 80));
      }
      return new StringContaining(part, inverse);
    },
    stringMatching(pattern: unknown): unknown {
      const isPattern = isObject(pattern) && kindOf(pattern) === "regexp";
      if (typeof pattern !== "string" && !isPattern) {
        throw usageError(
          what + "stringMatching() needs a string or a regular expression, not " + printInline(pattern, 80),
        );
      }
      return new StringMatching(isPattern ? (pattern as RegExp) : new RegExp(pattern as string), inverse);
    },
    closeTo(expected: unknown, digits: unknown = 2): unknown {
      if (typeof expected !== "number" || !isFiniteNumber(digits)) {
        throw usageError(what + "closeTo() needs a number, and how many digits behind the point count");
      }
      return new CloseTo(expected, round(digits as number), inverse);
    },
    schemaMatching(schema: unknown): unknown {
      if (typeof tryGet(tryGet(schema, "~standard"), "validate") !== "function") {
        throw usageError(what + "schemaMatching() needs a schema that follows Standard Schema (with `~standard`)");
      }
      return new SchemaMatching(schema, inverse);
    },
  } as never;
}

/** What `expect` has of this. */
export const statics: Record<string, unknown> = {
  ...(negatable(false) as object),
  __proto__: null,
  anything: (): unknown => new Anything(undefined, false),
  any(constructor: unknown): unknown {
    if (typeof constructor !== "function") {
      throw usageError(
        "expect.any() needs a class or a function such as String, not " +
          printInline(constructor, 80) +
          "; for any value at all there is expect.anything()",
      );
    }
    return new Any(constructor, false);
  },
};

/** What `expect.not` has of this. */
export const negated: Record<string, unknown> = negatable(true) as never;
