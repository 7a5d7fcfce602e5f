/** What `expect` has beside matchers: `expect.extend`, asymmetric matchers, state. A part: loaded on first use. */

import { part } from "husako:host";
import {
  apply,
  defineProperty,
  Error,
  freeze,
  hasOwn,
  isArray,
  isObject,
  newList,
  objectKeys,
  Promise,
  push,
  setPrototypeOf,
  share,
  toText,
  tryGet,
} from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { usageError } from "../stack.ts";
import { custom, negated, statics as asymmetric } from "./asymmetric.ts";
import { current } from "./current.ts";
import { addTester, allTesters, EQUAL, equals, STRICT_EQUAL, SUBSET, withTesters } from "./equality.ts";
import type { Tester } from "./equality.ts";
import { addMatchers, matcher } from "./expect.ts";
import { LOOSE, print, printInline, spaces } from "./format.ts";
import { compareValues } from "./matchers.ts";
import { typeName, withType } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { titles } from "./suite.ts";
import { capped, isMultiline, MAX_MESSAGE } from "./text.ts";

/** What a matcher of your own gives back. */
export interface MatcherResult {
  /** Whether the value matches, regardless of `.not`. */
  pass: boolean;
  /** What is told when the expectation fails. */
  message: string | (() => string);
  /** What the test got, for a diff. */
  actual?: unknown;
  /** What it wants, for a diff. */
  expected?: unknown;
}

/** What a matcher of your own has as `this`. */
export interface MatcherState {
  /** Whether `.not` stands before it. */
  readonly isNot: boolean;
  /** Whether `.resolves` or `.rejects` stands before it; else empty. */
  readonly promise: string;
  /** How many expectations the case has made. */
  readonly assertionCalls: number;
  /** The titles of the suites and of the case, joined with ` > `. */
  readonly currentTestName: string;
  /** What `expect.addEqualityTesters` has added. */
  readonly customTesters: readonly Tester[];
  /** Whether two values are equal, as `toEqual` means it; with `strict`, as `toStrictEqual`. */
  equals(a: unknown, b: unknown, testers?: readonly unknown[], strict?: boolean): boolean;
  /** For messages. */
  readonly utils: MatcherUtils;
}

/** How the first line of a message is written. */
export interface MatcherHintOptions {
  /** What stands behind it, after `//`. */
  comment?: string;
  /** Whether `.not` stands before the matcher. */
  isNot?: boolean;
  /** `resolves` or `rejects`, if one stands before the matcher. */
  promise?: string;
  /** What the second argument is called. */
  secondArgument?: string;
}

/** For messages of matchers. Nothing of it has colours. */
export interface MatcherUtils {
  /** A value in one line. */
  stringify(value: unknown): string;
  /** What the test got, in one line. */
  printReceived(value: unknown): string;
  /** What it wants, in one line. */
  printExpected(value: unknown): string;
  /** The first line: `expect(received).toBeEven()`. */
  matcherHint(name: string, received?: string, expected?: string, options?: MatcherHintOptions): string;
  /** The lines that two values differ in; empty if there are none. */
  diff(expected: unknown, received: unknown): string;
  /** The two values, or how they differ. */
  printDiffOrStringify(expected: unknown, received: unknown, expectedLabel?: string, receivedLabel?: string): string;
  /** Gives the text as it is. */
  EXPECTED_COLOR(text: string): string;
  /** Gives the text as it is. */
  RECEIVED_COLOR(text: string): string;
  /** Gives the text as it is. */
  DIM_COLOR(text: string): string;
  /** Gives the text as it is. */
  BOLD_WEIGHT(text: string): string;
  /** Gives the text as it is. */
  INVERTED_COLOR(text: string): string;
  /** A value with its type, for saying that it cannot be compared. */
  printWithType(name: string, value: unknown, print: (value: unknown) => string): string;
  /** The message of a matcher that was called with the wrong values. */
  matcherErrorMessage(hint: string, generic: string, specific?: string): string;
  /** Throws if there is an expected value. */
  ensureNoExpected(expected: unknown, matcherName: string, options?: MatcherHintOptions): void;
  /** A number with a noun: `one call`, `two calls`, `14 calls`. */
  pluralize(word: string, count: number): string;
  /** Gives a function that writes labels in a column. */
  getLabelPrinter(...labels: string[]): (label: string) => string;
  /** Whether two iterables give equal items; `undefined` for anything else. */
  iterableEquality(a: unknown, b: unknown): boolean | undefined;
  /** Whether an object has all of another; `undefined` for anything else. */
  subsetEquality(object: unknown, subset: unknown): boolean | undefined;
}

/** A matcher of your own. */
export type MatcherFunction = (
  this: MatcherState,
  received: any,
  ...expected: any[]
) => MatcherResult | Promise<MatcherResult>;

/** What `expect.getState` tells. */
export interface ExpectState {
  /** How many expectations the case has made. */
  assertionCalls: number;
  /** How many `expect.assertions` wants; `null` if it was not called. */
  expectedAssertionsNumber: number | null;
  /** Whether `expect.hasAssertions` was called. */
  isExpectingAssertions: boolean;
  /** The titles of the suites and of the case, joined with ` > `. */
  currentTestName: string;
}

/** What `expect` has for matchers of your own, beside the matchers themselves. */
export interface ExtendExpect extends AsymmetricMatchersContaining {
  /** Adds matchers. Each is there as an asymmetric one, too: `expect.toBeEven()`. */
  extend(matchers: Record<string, MatcherFunction>): void;
  /** Adds functions that are asked first whether two values are equal; what they do not know they answer with `undefined`. */
  addEqualityTesters(testers: readonly Tester[]): void;
  /** What is known of the case that runs. */
  getState(): ExpectState;
  /** Is there for those who call it; nothing can be set. */
  setState(state: Partial<ExpectState>): void;
}

/**
 * The asymmetric forms of matchers of your own, for TypeScript: add to it as to `Matchers`.
 */
export interface AsymmetricMatchersContaining {
  /** A value that is equal to one of these. */
  toBeOneOf(expected: readonly unknown[] | ReadonlySet<unknown>): any;
  /** A value for which the function says so. */
  toSatisfy(predicate: (value: any) => unknown, message?: string): any;
}

function same(text: string): string {
  return text;
}

function lines(value: unknown): string {
  return print(value, LOOSE);
}

function diff(expected: unknown, received: unknown): string {
  const { lineDiff } = part("test/line_diff.ts") as typeof import("./line_diff.ts");
  return lineDiff(lines(expected), lines(received));
}

function matcherHint(
  name: string,
  received: string = "received",
  expected: string = "expected",
  options: MatcherHintOptions = {},
): string {
  const { comment = "", isNot = false, promise = "", secondArgument = "" } = options;
  let text = "expect(" + received + ")";
  if (promise !== "") text += "." + promise;
  if (isNot) text += ".not";
  text += "." + name + "(" + expected + (secondArgument === "" ? "" : ", " + secondArgument) + ")";
  return comment === "" ? text : text + " // " + comment;
}

function matcherErrorMessage(hint: string, generic: string, specific?: string): string {
  return hint + "\n\nMatcher error: " + generic + (typeof specific === "string" ? "\n\n" + specific : "");
}

/** The numbers that Jest writes as words. */
const NUMERALS: Record<number, string> = freeze({
  __proto__: null,
  0: "zero",
  1: "one",
  2: "two",
  3: "three",
  4: "four",
  5: "five",
  6: "six",
  7: "seven",
  8: "eight",
  9: "nine",
  10: "ten",
  11: "eleven",
  12: "twelve",
  13: "thirteen",
} as never);

const utils: MatcherUtils = freeze({
  stringify: (value: unknown) => printInline(value),
  printReceived: (value: unknown) => printInline(value),
  printExpected: (value: unknown) => printInline(value),
  matcherHint,
  diff,
  printDiffOrStringify(expected: unknown, received: unknown, wanted = "Expected", got = "Received"): string {
    const found = compareValues(received, expected, LOOSE);
    if (found !== undefined && (isMultiline(found.expected) || isMultiline(found.received))) {
      const { lineDiff } = part("test/line_diff.ts") as typeof import("./line_diff.ts");
      return lineDiff(found.expected, found.received);
    }
    const printLabel = utils.getLabelPrinter(wanted, got);
    const second = found === undefined ? "serializes to the same string" : printInline(received);
    return printLabel(wanted) + printInline(expected) + "\n" + printLabel(got) + second;
  },
  EXPECTED_COLOR: same,
  RECEIVED_COLOR: same,
  DIM_COLOR: same,
  BOLD_WEIGHT: same,
  INVERTED_COLOR: same,
  printWithType(name: string, value: unknown, show: (value: unknown) => string): string {
    const type = value === null || value === undefined ? "" : name + " has type:  " + typeName(value) + "\n";
    return type + name + " has value: " + toText(apply(show, undefined, [value]));
  },
  matcherErrorMessage,
  ensureNoExpected(expected: unknown, matcherName: string, options?: MatcherHintOptions): void {
    if (expected === undefined) return;
    const hint = matcherHint(matcherName, "received", "", options);
    const problem = "this matcher must not have an expected argument";
    throw new Error(matcherErrorMessage(hint, problem, withType("Expected", expected)));
  },
  pluralize: (word: string, count: number) => (NUMERALS[count] ?? count) + " " + word + (count === 1 ? "" : "s"),
  getLabelPrinter(...labels: string[]): (label: string) => string {
    let width = 0;
    for (let i = 0; i < labels.length; i++) if (labels[i].length > width) width = labels[i].length;
    return (label) => label + ": " + spaces(width - label.length);
  },
  iterableEquality(a: unknown, b: unknown): boolean | undefined {
    return isArray(a) && isArray(b) ? equals(a, b, EQUAL) : undefined;
  },
  subsetEquality(object: unknown, subset: unknown): boolean | undefined {
    return isObject(object) && isObject(subset) ? equals(object, subset, SUBSET) : undefined;
  },
});

function testName(): string {
  if (current() === undefined) return "";
  const { name, suite } = titles();
  return suite === "" ? name : suite + " > " + name;
}

function stateOf(context: Context): MatcherState {
  return {
    isNot: context.isNot,
    promise: context.promise === "poll" ? "" : context.promise,
    assertionCalls: current()?.assertions ?? 0,
    get currentTestName(): string {
      return testName();
    },
    customTesters: ordinary(allTesters()),
    equals: (a: unknown, b: unknown, list?: readonly unknown[], strict?: boolean) => {
      let rules = strict === true ? STRICT_EQUAL : EQUAL;
      const more: Tester[] = newList();
      const length = isArray(list) ? list.length : 0;
      for (let i = 0; i < length; i++) {
        const tester = list![i];
        if (tester === utils.subsetEquality) rules = SUBSET;
        // What can be iterated is compared anyhow, and what was added is asked anyhow.
        else if (typeof tester === "function" && tester !== utils.iterableEquality && !isAdded(tester as Tester)) {
          push(more, tester as Tester);
        }
      }
      return withTesters(more, () => equals(a, b, rules));
    },
    utils,
  };
}

function isAdded(tester: Tester): boolean {
  const list = allTesters();
  for (let i = 0; i < list.length; i++) if (list[i] === tester) return true;
  return false;
}

/** An ordinary array, for users. */
function ordinary<T>(list: readonly T[]): T[] {
  const result: T[] = [];
  for (let i = 0; i < list.length; i++) {
    defineProperty(result, i, {
      __proto__: null,
      value: list[i],
      writable: true,
      enumerable: true,
      configurable: true,
    } as PropertyDescriptor);
  }
  return result;
}

/** What a matcher of the user's has found. */
function outcomeOf(name: string, result: unknown): Outcome {
  const message = tryGet(result, "message");
  if (!isObject(result) || (typeof message !== "function" && typeof message !== "string" && message !== undefined)) {
    throw usageError(
      "the matcher " +
        name +
        "() must give { pass, message }, where message is a function that gives a string, not " +
        printInline(result, 200),
    );
  }
  const found = result as MatcherResult;
  return {
    pass: !!found.pass,
    isWhole: true,
    message(): string {
      const text = typeof message === "function" ? apply(message, result, []) : message;
      return capped(text === undefined ? "No message was specified for this matcher." : toText(text), MAX_MESSAGE);
    },
    comparison: () =>
      hasOwn(found, "expected") && hasOwn(found, "actual")
        ? { expected: lines(found.expected), received: lines(found.actual) }
        : undefined,
  };
}

function matcherOf(name: string, body: MatcherFunction): Matcher {
  return (received, args, context) => {
    const all: unknown[] = newList();
    push(all, received);
    for (let i = 0; i < args.length; i++) push(all, args[i]);
    const result = apply(body, stateOf(context), all);
    if (!isThenable(result)) return outcomeOf(name, result);
    return new Promise<Outcome>((resolve, reject) => {
      whenSettled(
        result,
        (value) => {
          try {
            resolve(outcomeOf(name, value));
          } catch (error) {
            reject(error);
          }
        },
        reject,
      );
    }) as never;
  };
}

/** The names of matchers that have an asymmetric form because `expect.extend` added them. */
const added: Record<string, true> = { __proto__: null as never };

function extend(matchers: unknown): void {
  if (!isObject(matchers)) {
    throw usageError("expect.extend() needs an object of matchers by name, not " + printInline(matchers, 80));
  }
  const made: Record<string, Matcher> = { __proto__: null as never };
  const keys = setPrototypeOf(objectKeys(matchers), null);
  for (let i = 0; i < keys.length; i++) {
    const body = (matchers as Record<string, unknown>)[keys[i]];
    if (typeof body !== "function") {
      throw usageError("expect.extend(): " + keys[i] + " must be a function, not " + printInline(body, 80));
    }
    made[keys[i]] = matcherOf(keys[i], body as MatcherFunction);
    added[keys[i]] = true;
  }
  addMatchers(made);
}

function addEqualityTesters(list: unknown): void {
  if (!isArray(list)) {
    throw usageError("expect.addEqualityTesters() needs an array of functions, not " + printInline(list, 80));
  }
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== "function") {
      throw usageError("expect.addEqualityTesters() needs functions, not " + printInline(list[i], 80));
    }
    addTester(list[i] as Tester);
  }
}

function getState(): ExpectState {
  const run = current();
  const wanted = run === undefined ? -1 : run.wanted;
  return {
    assertionCalls: run === undefined ? 0 : run.assertions,
    expectedAssertionsNumber: wanted >= 0 ? wanted : null,
    isExpectingAssertions: wanted === -2,
    currentTestName: testName(),
  };
}

/** Asks a matcher as part of another. */
const WITHIN: Context = freeze({ isNot: false, promise: "", isSoft: false, about: "" });

/** The asymmetric form of a matcher; `undefined` if it has none. */
function asymmetricOf(name: string, inverse: boolean): unknown {
  if (added[name] !== true && name !== "toBeOneOf" && name !== "toSatisfy") return undefined;
  return (...args: unknown[]): unknown =>
    custom(
      name,
      args,
      (other, given) => {
        const outcome = matcher(name)(other, given, WITHIN);
        if (isThenable(outcome)) {
          throw usageError("expect." + name + "() cannot stand within a value: it takes its time");
        }
        return outcome.pass;
      },
      inverse,
    );
}

/** `expect.not`. */
const not: object = share(
  new Proxy(
    { __proto__: null },
    {
      get: (_, key) => (typeof key === "string" ? (negated[key] ?? asymmetricOf(key, true)) : undefined),
      has: (_, key) => typeof key === "string" && (negated[key] ?? asymmetricOf(key, true)) !== undefined,
    },
  ),
  "expect.not",
);

const own: Record<string, unknown> = {
  __proto__: null,
  extend,
  addEqualityTesters,
  getState,
  setState: (): void => {},
  not,
};

/** What `expect` has by a name; `undefined` if it has nothing. */
export function statics(name: string): unknown {
  return own[name] ?? asymmetric[name] ?? asymmetricOf(name, false);
}

/** The names of what `expect` has. */
export function staticNames(): readonly string[] {
  const all: string[] = newList();
  const sets = [own, asymmetric, added];
  for (let i = 0; i < sets.length; i++) {
    const keys = setPrototypeOf(objectKeys(sets[i]), null);
    for (let j = 0; j < keys.length; j++) push(all, keys[j]);
  }
  return all;
}
