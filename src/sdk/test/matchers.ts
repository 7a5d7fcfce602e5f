/** The matchers: what `expect(…)` can say of a value. */

import { part } from "husako:host";
import { apply, includes, is, isArray, isObject, iteratorSymbol, newList, push, setForEach } from "../primordials.ts";
import { EQUAL, equals, STRICT_EQUAL, SUBSET, surelyEqual } from "./equality.ts";
import type { Rules } from "./equality.ts";
import type { Comparison } from "./errors.ts";
import { INLINE, LOOSE, print, printInline, spaces, STRICT } from "./format.ts";
import type { Style } from "./format.ts";
import { kindOf } from "./kinds.ts";
import { misuse, typeName } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { isMultiline, matches } from "./text.ts";

/** Two values that are longer than this together are left to the diff. */
const MAX_INLINE = 2_000;

/** What messages show of values; loaded only then. */
function shown(): typeof import("./shown.ts") {
  return part("test/shown.ts") as typeof import("./shown.ts");
}

/** Compares two printed values, or tells that they look alike. */
export function compareValues(received: unknown, expected: unknown, style: Style): Comparison | undefined {
  // Values of two types have no lines in common.
  if (typeName(received) !== typeName(expected)) {
    const short = { expected: print(expected, INLINE), received: print(received, INLINE) };
    if (short.expected !== short.received && short.expected.length + short.received.length <= MAX_INLINE) return short;
  }
  const { aligned } = shown();
  return compareTexts(aligned(received, expected), aligned(expected, received), style);
}

function compareTexts(received: unknown, expected: unknown, style: Style): Comparison | undefined {
  const comparison = { expected: print(expected, style), received: print(received, style) };
  if (comparison.expected !== comparison.received) return comparison;
  return style === LOOSE ? compareTexts(received, expected, STRICT) : undefined;
}

/** The message of a comparison: the values if they take one line each, nothing if a diff shows them better. */
function comparisonMessage(comparison: Comparison | undefined, expected: unknown, noun: string): string {
  const first = "Expected" + noun + ": ";
  const second = "\nReceived" + noun + ": ";
  if (comparison === undefined) return first + printInline(expected) + second + "serializes to the same string";
  const { expected: wanted, received } = comparison;
  if (isMultiline(wanted) || isMultiline(received) || wanted.length + received.length > MAX_INLINE) return "";
  return first + wanted + second + received;
}

function notMessage(received: unknown, expected: unknown): string {
  const text = printInline(expected);
  const other = printInline(received);
  return text === other ? "Expected: not " + text : "Expected: not " + text + "\nReceived:     " + other;
}

/** The outcome of a comparison. `noun`: what is compared, if it is not the values as a whole; with a space before it. `hint` stands before the values. */
export function comparing(
  pass: boolean,
  received: unknown,
  expected: unknown,
  style: Style,
  comment: string,
  hint: string,
  noun: string,
): Outcome {
  let comparison: Comparison | undefined;
  let printed = false;
  const texts = (): Comparison | undefined => {
    if (!printed) comparison = compareValues(received, expected, style);
    printed = true;
    return comparison;
  };
  return {
    pass,
    comment,
    message: () => {
      if (pass) return notMessage(received, expected);
      const text = comparisonMessage(texts(), expected, noun);
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
  return comparing(pass, received, expected, STRICT, "Object.is equality", hint, "");
}

function equalBy(rules: Rules, style: Style): Matcher {
  return (received, args) => comparing(equals(received, args[0], rules), received, args[0], style, "deep equality", "", "");
}

function toMatchObject(received: unknown, args: readonly unknown[]): Outcome {
  const expected = args[0];
  if (typeof received !== "object" || received === null) {
    return misuse("received value must be a non-null object", "Received", received);
  }
  if (typeof expected !== "object" || expected === null) {
    return misuse("expected value must be a non-null object", "Expected", expected);
  }
  const pass = equals(received, expected, SUBSET);
  return comparing(pass, pass ? received : shown().selected(received, expected), expected, LOOSE, "", "", "");
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
      return misuse("received value must be a number or bigint", "Received", received);
    }
    if (typeof expected !== "number" && typeof expected !== "bigint") {
      return misuse("expected value must be a number or bigint", "Expected", expected);
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
  const comment = "indexOf";
  if (typeof received === "string") {
    if (typeof expected !== "string") {
      return { ...misuse("expected value must be a string if received value is a string", "Expected", expected), comment };
    }
    return { pass: includes(received, expected), comment, message: () => substringMessage(received, expected, context) };
  }
  const items = itemsOf(received);
  if (items === undefined) {
    const problem =
      received === null || received === undefined
        ? "received value must not be null nor undefined"
        : "received value must be a string or an iterable";
    return { ...misuse(problem, "Received", received), comment };
  }
  let pass = false;
  let alike = false;
  for (let i = 0; i < items.length && !pass; i++) pass = items[i] === expected || is(items[i], expected);
  if (!pass && isObject(expected)) {
    for (let i = 0; i < items.length && !alike; i++) alike = equals(items[i], expected, EQUAL);
  }
  return {
    pass,
    comment,
    message: () => {
      const text = itemsMessage(received, expected, context);
      return alike
        ? text +
            "\n\nLooks like you wanted to test for object/array equality with the stricter `toContain` matcher. " +
            "You probably need to use `toContainEqual` instead."
        : text;
    },
  };
}

/** What `toContain` and `toContainEqual` say of a list. */
export function itemsMessage(received: unknown, expected: unknown, { isNot }: Context): string {
  const label = "Received " + typeName(received) + ": ";
  const wanted = "Expected value: ";
  const width = label.length > wanted.length ? label.length : wanted.length;
  return (
    wanted +
    spaces(width - wanted.length) +
    (isNot ? "not " : "") +
    printInline(expected) +
    "\n" +
    label +
    spaces(width - label.length + (isNot ? 4 : 0)) +
    printInline(received)
  );
}

function substringMessage(received: string, expected: string, { isNot }: Context): string {
  const not = isNot ? "not " : "";
  return (
    "Expected substring: " + not + printInline(expected) + "\nReceived string:    " + spaces(not.length) + printInline(received)
  );
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
    return misuse("received value must have a length property whose value must be a number", "Received", received);
  }
  if (typeof expected !== "number" || !(expected >= 0) || expected % 1 !== 0) {
    return misuse("expected value must be a non-negative integer", "Expected", expected);
  }
  return {
    pass: length === expected,
    message: () => {
      const text = "Expected length: " + not + printInline(expected);
      const label = "Received " + typeName(received) + ": ";
      const value = label + spaces(17 - label.length + not.length) + printInline(received);
      return text + (context.isNot ? "" : "\nReceived length: " + length) + "\n" + value;
    },
  };
}

function toMatch(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  const not = context.isNot ? "not " : "";
  if (typeof received !== "string") return misuse("received value must be a string", "Received", received);
  const isPattern = isObject(expected) && kindOf(expected) === "regexp";
  if (typeof expected !== "string" && !isPattern) {
    return misuse("expected value must be a string or regular expression", "Expected", expected);
  }
  return {
    pass: matches(received, expected as string | RegExp),
    message: () =>
      isPattern
        ? "Expected pattern: " +
          not +
          printInline(expected) +
          "\nReceived string:  " +
          spaces(not.length) +
          printInline(received)
        : substringMessage(received, expected as string, context),
  };
}

/** The matchers that nearly every file needs, by name. */
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
  toHaveLength,
  toMatch,
} as unknown as Record<string, Matcher>;

function hasItem(items: readonly unknown[], expected: unknown): boolean {
  for (let i = 0; i < items.length; i++) if (items[i] === expected) return true;
  return false;
}

/**
 * Says of plain values that a matcher holds for them; `false`: the matcher has to say. By the matcher's name.
 */
export const quick: Record<string, (received: unknown, expected: unknown) => boolean> = {
  __proto__: null,
  toBe: is,
  toEqual: surelyEqual,
  toStrictEqual: surelyEqual,
  toBeDefined: (received: unknown) => received !== undefined,
  toBeUndefined: (received: unknown) => received === undefined,
  toBeNull: (received: unknown) => received === null,
  toBeTruthy: (received: unknown) => !!received,
  toBeFalsy: (received: unknown) => !received,
  toBeGreaterThan: (received: unknown, expected: unknown) =>
    typeof received === "number" && typeof expected === "number" && received > expected,
  toBeGreaterThanOrEqual: (received: unknown, expected: unknown) =>
    typeof received === "number" && typeof expected === "number" && received >= expected,
  toBeLessThan: (received: unknown, expected: unknown) =>
    typeof received === "number" && typeof expected === "number" && received < expected,
  toBeLessThanOrEqual: (received: unknown, expected: unknown) =>
    typeof received === "number" && typeof expected === "number" && received <= expected,
  toContain: (received: unknown, expected: unknown) =>
    typeof received === "string"
      ? typeof expected === "string" && includes(received, expected)
      : isArray(received) && hasItem(received, expected),
  toHaveLength: (received: unknown, expected: unknown) =>
    typeof expected === "number" && (typeof received === "string" || isArray(received)) && received.length === expected,
  toMatch: (received: unknown, expected: unknown) =>
    typeof received === "string" && typeof expected === "string" && includes(received, expected),
} as unknown as Record<string, (received: unknown, expected: unknown) => boolean>;
