/** The matchers: what `expect(…)` can say of a value. */

import { apply, includes, is, isObject, iteratorSymbol, newList, push, setForEach } from "../primordials.ts";
import { EQUAL, equals, selected, STRICT_EQUAL, SUBSET } from "./equality.ts";
import type { Rules } from "./equality.ts";
import type { Comparison } from "./errors.ts";
import { LOOSE, print, printInline, spaces, STRICT } from "./format.ts";
import type { Style } from "./format.ts";
import { kindOf } from "./kinds.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { pathText, resolvePath, toPath } from "./paths.ts";
import { isMultiline } from "./text.ts";
import { matches, toThrow } from "./throwing.ts";

/** Two values that are longer than this together are left to the diff. */
const MAX_INLINE = 2_000;

/** Compares two printed values, or tells that they look alike. */
function compareTexts(received: unknown, expected: unknown, style: Style): Comparison | undefined {
  const comparison = { expected: print(expected, style), received: print(received, style) };
  if (comparison.expected !== comparison.received) return comparison;
  return style === LOOSE ? compareTexts(received, expected, STRICT) : undefined;
}

/** The message of a comparison: the values if they take one line each, nothing if a diff shows them better. */
function comparisonMessage(comparison: Comparison | undefined, expected: unknown): string {
  if (comparison === undefined)
    return "Expected: " + printInline(expected) + "\nReceived: serializes to the same string";
  const { expected: wanted, received } = comparison;
  if (isMultiline(wanted) || isMultiline(received) || wanted.length + received.length > MAX_INLINE) return "";
  return "Expected: " + wanted + "\nReceived: " + received;
}

function notMessage(received: unknown, expected: unknown): string {
  const text = printInline(expected);
  const other = printInline(received);
  return text === other ? "Expected: not " + text : "Expected: not " + text + "\nReceived:     " + other;
}

function comparing(pass: boolean, received: unknown, expected: unknown, style: Style, hint: string): Outcome {
  let comparison: Comparison | undefined;
  let printed = false;
  const texts = (): Comparison | undefined => {
    if (!printed) comparison = compareTexts(received, expected, style);
    printed = true;
    return comparison;
  };
  return {
    pass,
    message: () => {
      if (pass) return notMessage(received, expected);
      const text = comparisonMessage(texts(), expected);
      return hint === "" || text === "" ? hint + text : hint + "\n\n" + text;
    },
    comparison: pass ? undefined : texts,
  };
}

function toBe(received: unknown, args: readonly unknown[]): Outcome {
  const expected = args[0];
  const pass = is(received, expected);
  let hint = "";
  if (!pass && isObject(received) && isObject(expected) && kindOf(received) !== "function") {
    const better = equals(received, expected, STRICT_EQUAL)
      ? "toStrictEqual"
      : equals(received, expected, EQUAL)
        ? "toEqual"
        : "";
    if (better !== "") hint = 'If it should pass with deep equality, replace "toBe" with "' + better + '"';
  }
  return comparing(pass, received, expected, STRICT, hint);
}

function equalBy(rules: Rules, style: Style): Matcher {
  return (received, args) => comparing(equals(received, args[0], rules), received, args[0], style, "");
}

function toMatchObject(received: unknown, args: readonly unknown[]): Outcome {
  const expected = args[0];
  if (typeof received !== "object" || received === null) {
    return misuse("the received value must be a non-null object", "Received", received);
  }
  if (typeof expected !== "object" || expected === null) {
    return misuse("the expected value must be a non-null object", "Expected", expected);
  }
  const pass = equals(received, expected, SUBSET);
  return comparing(pass, pass ? received : selected(received, expected), expected, LOOSE, "");
}

/** A matcher without arguments. */
function being(test: (value: unknown) => boolean): Matcher {
  return (received) => ({
    pass: test(received),
    argument: "",
    message: () => "Received: " + printInline(received),
  });
}

function ordered(sign: string, test: (a: number, b: number) => boolean): Matcher {
  return (received, args, context) => {
    const expected = args[0];
    if (typeof received !== "number" && typeof received !== "bigint") {
      return misuse("the received value must be a number or bigint", "Received", received);
    }
    if (typeof expected !== "number" && typeof expected !== "bigint") {
      return misuse("the expected value must be a number or bigint", "Expected", expected);
    }
    return {
      pass: test(received as number, expected as number),
      message: () => {
        const words = (context.isNot ? "not " : "") + sign;
        return (
          "Expected: " +
          words +
          " " +
          printInline(expected) +
          "\nReceived: " +
          spaces(words.length) +
          " " +
          printInline(received)
        );
      },
    };
  };
}

function toContain(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  const not = context.isNot ? "not " : "";
  if (typeof received === "string") {
    if (typeof expected !== "string")
      return misuse("the expected value must be a string if the received one is", "Expected", expected);
    return {
      pass: includes(received, expected),
      message: () =>
        "Expected substring: " + not + printInline(expected) + "\nReceived string:    " + printInline(received),
    };
  }
  const items = itemsOf(received);
  if (items === undefined) {
    return misuse("the received value must be a string, or something that can be iterated", "Received", received);
  }
  let pass = false;
  let alike = false;
  for (let i = 0; i < items.length && !pass; i++) pass = items[i] === expected || is(items[i], expected);
  if (!pass && isObject(expected)) {
    for (let i = 0; i < items.length && !alike; i++) alike = equals(items[i], expected, EQUAL);
  }
  return {
    pass,
    message: () => {
      const text = "Expected value: " + not + printInline(expected) + "\nReceived items: " + printInline(received);
      return alike
        ? text + "\n\nAn item with equal contents is there, but toContain() looks for the same object"
        : text;
    },
  };
}

/** What an iterable gives, without asking methods of the language that a test may have replaced. */
export function itemsOf(value: unknown): unknown[] | undefined {
  if (!isObject(value)) return undefined;
  const kind = kindOf(value);
  const list: unknown[] = newList();
  if (kind === "array") {
    const array = value as unknown[];
    for (let i = 0; i < array.length; i++) push(list, array[i]);
    return list;
  }
  if (kind === "set") {
    setForEach(value, (item) => push(list, item));
    return list;
  }
  const start = (value as Partial<Iterable<unknown>>)[iteratorSymbol];
  if (typeof start !== "function") return undefined;
  const iterator = apply(start, value, []);
  for (let step = iterator.next(); !step.done; step = iterator.next()) push(list, step.value);
  return list;
}

function toHaveLength(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  const not = context.isNot ? "not " : "";
  const length = received === null || received === undefined ? undefined : (received as { length?: unknown }).length;
  if (typeof length !== "number") {
    return misuse("the received value must have a length that is a number", "Received", received);
  }
  if (typeof expected !== "number" || !(expected >= 0) || expected % 1 !== 0) {
    return misuse("the expected length must be a non-negative integer", "Expected", expected);
  }
  return {
    pass: length === expected,
    message: () =>
      "Expected length: " +
      not +
      printInline(expected) +
      "\nReceived length: " +
      length +
      "\nReceived value:  " +
      printInline(received),
  };
}

function toMatch(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  const not = context.isNot ? "not " : "";
  if (typeof received !== "string") return misuse("the received value must be a string", "Received", received);
  const isPattern = isObject(expected) && kindOf(expected) === "regexp";
  if (typeof expected !== "string" && !isPattern) {
    return misuse("the expected value must be a string or a regular expression", "Expected", expected);
  }
  return {
    pass: matches(received, expected as string | RegExp),
    message: () =>
      isPattern
        ? "Expected pattern: " + not + printInline(expected) + "\nReceived string:  " + printInline(received)
        : "Expected substring: " + not + printInline(expected) + "\nReceived string:    " + printInline(received),
  };
}

function toHaveProperty(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const argument = args.length > 1 ? "path, value" : "path";
  if (received === null || received === undefined) {
    return misuse("the received value must not be null or undefined", "Received", received, argument);
  }
  const path = toPath(args[0]);
  if (path === undefined)
    return misuse("the expected path must be a string or an array", "Expected path", args[0], argument);
  if (path.length === 0) return misuse("the expected path must not be empty", "Expected path", args[0], argument);
  const found = resolvePath(received, path, args[0]);
  const whole = found.depth === path.length;
  const expected = args[1];
  const pass = whole && (args.length < 2 || equals(found.value, expected, EQUAL));
  const expectedPath = pathText(args[0]);
  if (whole && args.length > 1 && !pass) {
    return { ...comparing(false, found.value, expected, LOOSE, "Expected path: " + expectedPath), argument };
  }
  return {
    pass,
    argument,
    message: () => {
      if (context.isNot) {
        const value = args.length > 1 ? "\nExpected value: not " + printInline(expected) : "";
        return "Expected path: not " + expectedPath + value + "\nReceived value: " + printInline(found.value);
      }
      const value = args.length > 1 ? "\nExpected value: " + printInline(expected) : "";
      const reached = found.depth === 0 ? "[]" : pathText(path, found.depth);
      return (
        "Expected path: " +
        expectedPath +
        value +
        "\nReceived path: " +
        reached +
        "\nReceived value: " +
        printInline(found.value)
      );
    },
  };
}

/** All matchers by name. */
export const matchers: Record<string, Matcher> = {
  __proto__: null,
  toBe,
  toEqual: equalBy(EQUAL, LOOSE),
  toStrictEqual: equalBy(STRICT_EQUAL, STRICT),
  toMatchObject,
  toBeDefined: being((value) => value !== undefined),
  toBeUndefined: being((value) => value === undefined),
  toBeNull: being((value) => value === null),
  toBeTruthy: being((value) => !!value),
  toBeFalsy: being((value) => !value),
  toBeGreaterThan: ordered(">", (a, b) => a > b),
  toBeGreaterThanOrEqual: ordered(">=", (a, b) => a >= b),
  toBeLessThan: ordered("<", (a, b) => a < b),
  toBeLessThanOrEqual: ordered("<=", (a, b) => a <= b),
  toContain,
  toHaveProperty,
  toHaveLength,
  toMatch,
  toThrow,
  toThrowError: toThrow,
} as unknown as Record<string, Matcher>;
