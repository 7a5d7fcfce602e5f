/** Matchers that fewer files need. A part: loaded when one of them is called. */

import {
  apply,
  codeAt,
  isFiniteNumber,
  isInstance,
  isObject,
  newList,
  prototypeOf,
  push,
  slice,
  toText,
  tryGet,
} from "../primordials.ts";
import { equals, EQUAL } from "./equality.ts";
import { printInline, spaces } from "./format.ts";
import { classNameOf } from "./kinds.ts";
import { itemsMessage, itemsOf } from "./matchers.ts";
import { closeTo } from "./numbers.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";

/** Matchers that fewer files need. */
export interface MoreMatchers<R> {
  /** A number that is rounded to the expected one, to so many digits behind the point; 2 unless told. */
  toBeCloseTo(expected: number, digits?: number): R;
  /** An object of a class. */
  toBeInstanceOf(expected: abstract new (...args: any[]) => unknown): R;
  /** A value of which `typeof` says so. */
  toBeTypeOf(
    expected: "bigint" | "boolean" | "function" | "number" | "object" | "string" | "symbol" | "undefined",
  ): R;
  /** Equal to one of these values. */
  toBeOneOf(expected: readonly unknown[] | ReadonlySet<unknown>): R;
  /** A value for which the function says so. */
  toSatisfy(predicate: (value: any) => unknown, message?: string): R;
  /** `NaN`. */
  toBeNaN(): R;
  /** `null` or `undefined`. */
  toBeNullable(): R;
  /** An array, Set or other iterable with an item that is equal by structure. */
  toContainEqual(expected: unknown): R;
}

function toBeCloseTo(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  const digits = args.length > 1 && args[1] !== undefined ? args[1] : 2;
  const argument = args.length > 1 ? "expected, precision" : "expected";
  if (typeof received !== "number") return misuse("received value must be a number", "Received", received, argument);
  if (typeof expected !== "number") return misuse("expected value must be a number", "Expected", expected, argument);
  if (!isFiniteNumber(digits)) return misuse("precision must be a number", "Precision", digits, argument);
  return {
    pass: closeTo(received, expected, digits as number),
    argument,
    message: () => {
      const not = context.isNot ? "not " : "";
      const difference = received > expected ? received - expected : expected - received;
      const wanted = "Expected: " + not + printInline(expected);
      // The very same number needs no further words.
      if (context.isNot && (received === expected || difference === 0)) return wanted;
      const text = wanted + "\nReceived: " + spaces(not.length) + printInline(received);
      return (
        text +
        "\n\nExpected precision:    " +
        spaces(not.length) +
        printInline(digits) +
        "\nExpected difference: " +
        not +
        "< " +
        toText(10 ** -(digits as number) / 2) +
        "\nReceived difference:   " +
        spaces(not.length) +
        toText(difference)
      );
    },
  };
}

function nameOf(constructor: unknown): string {
  const name = tryGet(constructor, "name");
  return typeof name === "string" && name !== "" ? name : "anonymous";
}

function toBeInstanceOf(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  if (typeof expected !== "function") return misuse("expected value must be a function", "Expected", expected);
  return {
    // A class may say itself what its instances are.
    pass: isObject(received) ? received instanceof (expected as never) : isInstance(expected, received),
    message: () => {
      const text = "Expected constructor: " + (context.isNot ? "not " : "") + nameOf(expected);
      const prototype = isObject(received) ? prototypeOf(received) : null;
      if (prototype === null) return text + "\n\nReceived value has no prototype\nReceived value: " + printInline(received);
      const own = classNameOf(received as object);
      if (own === "") return text + "\nReceived value: " + printInline(received);
      if (!context.isNot) return text + "\nReceived constructor: " + own;
      const parent = tryGet(prototypeOf(prototype), "constructor");
      return tryGet(prototype, "constructor") === expected
        ? text
        : text + "\nReceived constructor:     " + own + (parent === expected ? " extends " : " extends … extends ") + nameOf(expected);
    },
  };
}

function toBeTypeOf(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  return {
    pass: typeof received === expected,
    message: () =>
      "Expected type: " +
      (context.isNot ? "not " : "") +
      printInline(expected) +
      "\nReceived type: " +
      printInline(typeof received) +
      "\nReceived value: " +
      printInline(received),
  };
}

function toBeOneOf(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const choices = itemsOf(args[0]);
  if (choices === undefined || typeof args[0] === "string") {
    return misuse("expected value must be an array or a Set", "Expected", args[0]);
  }
  let pass = false;
  for (let i = 0; i < choices.length && !pass; i++) pass = equals(received, choices[i], EQUAL);
  return {
    pass,
    message: () =>
      "Expected: " + (context.isNot ? "not " : "") + "one of " + printInline(args[0]) + "\nReceived: " + printInline(received),
  };
}

function toSatisfy(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const predicate = args[0];
  const argument = "predicate";
  if (typeof predicate !== "function") {
    return misuse("expected value must be a function", "Expected", predicate, argument);
  }
  return {
    pass: !!apply(predicate, undefined, [received]),
    argument,
    message: () => {
      const about = typeof args[1] === "string" ? args[1] + "\n\n" : "";
      return (
        about + "Expected: " + (context.isNot ? "not " : "") + "to satisfy " + printInline(predicate) + "\nReceived: " + printInline(received)
      );
    },
  };
}

/** What a string gives when it is iterated. */
function charactersOf(text: string): unknown[] {
  const list: unknown[] = newList();
  for (let i = 0; i < text.length; ) {
    const code = codeAt(text, i);
    const end = code >= 0xd800 && code < 0xdc00 && i + 1 < text.length ? i + 2 : i + 1;
    push(list, slice(text, i, end));
    i = end;
  }
  return list;
}

function toContainEqual(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const comment = "deep equality";
  const items = typeof received === "string" ? charactersOf(received) : itemsOf(received);
  if (items === undefined) {
    const isNothing = received === null || received === undefined;
    const problem = isNothing ? "received value must not be null nor undefined" : "received value must be an iterable";
    return { ...misuse(problem, "Received", received), comment };
  }
  let pass = false;
  for (let i = 0; i < items.length && !pass; i++) pass = equals(items[i], args[0], EQUAL);
  return { pass, comment, message: () => itemsMessage(received, args[0], context) };
}

function being(test: (value: unknown) => boolean): Matcher {
  return (received) => ({
    pass: test(received),
    argument: "",
    message: () => "Received: " + printInline(received),
  });
}

/** The matchers by name. */
export const matchers: Record<string, Matcher> = {
  __proto__: null as never,
  toBeCloseTo,
  toBeInstanceOf,
  toBeTypeOf,
  toBeOneOf,
  toSatisfy,
  toBeNaN: being((value) => typeof value === "number" && value !== value),
  toBeNullable: being((value) => value === null || value === undefined),
  toContainEqual,
};
