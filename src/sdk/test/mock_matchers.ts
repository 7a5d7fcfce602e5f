/** The matchers of mock functions. A part: loaded when one of them is called. */

import { part } from "husako:host";
import { isInteger, join, newList, push, slice, toText } from "../primordials.ts";
import { EQUAL, equals } from "./equality.ts";
import type { Comparison } from "./errors.ts";
import { print, printInline, spaces, STRICT } from "./format.ts";
import type { MockContext } from "./mock_types.ts";
import { misuse, typeName } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { isMultiline } from "./text.ts";

/** The matchers of mock functions: what `vi.fn()`, `jest.fn()` and `spyOn()` give. */
export interface MockMatchers<R> {
  /** A mock that was called. */
  toHaveBeenCalled(): R;
  /** A mock that was called so many times. */
  toHaveBeenCalledTimes(times: number): R;
  /** A mock that was called once. */
  toHaveBeenCalledOnce(): R;
  /** A mock that was called with these arguments, at least once. They are compared as `toEqual` does. */
  toHaveBeenCalledWith<A extends unknown[]>(...args: A): R;
  /** A mock that was called once, and with these arguments. */
  toHaveBeenCalledExactlyOnceWith<A extends unknown[]>(...args: A): R;
  /** A mock whose last call had these arguments. */
  toHaveBeenLastCalledWith<A extends unknown[]>(...args: A): R;
  /** A mock whose nth call, counted from 1, had these arguments. */
  toHaveBeenNthCalledWith<A extends unknown[]>(n: number, ...args: A): R;
  /** A mock whose first call was before that of another; with `false`, also one that was never called. */
  toHaveBeenCalledBefore(other: unknown, failIfNeverCalled?: boolean): R;
  /** A mock whose first call was after that of another; with `false`, also after one that was never called. */
  toHaveBeenCalledAfter(other: unknown, failIfNeverCalled?: boolean): R;
  /** A mock that returned, and did not only throw. */
  toHaveReturned(): R;
  /** A mock that returned so many times. */
  toHaveReturnedTimes(times: number): R;
  /** A mock that returned this value, at least once. */
  toHaveReturnedWith(value: unknown): R;
  /** A mock whose last call returned this value. */
  toHaveLastReturnedWith(value: unknown): R;
  /** A mock whose nth call, counted from 1, returned this value. */
  toHaveNthReturnedWith(n: number, value: unknown): R;
  /** A mock that returned a promise that is fulfilled. */
  toHaveResolved(): R;
  /** A mock that returned so many promises that are fulfilled. */
  toHaveResolvedTimes(times: number): R;
  /** A mock that returned a promise that is fulfilled with this value, at least once. */
  toHaveResolvedWith(value: unknown): R;
  /** A mock whose last call returned a promise that is fulfilled with this value. */
  toHaveLastResolvedWith(value: unknown): R;
  /** A mock whose nth call, counted from 1, returned a promise that is fulfilled with this value. */
  toHaveNthResolvedWith(n: number, value: unknown): R;
  /** The same as `toHaveBeenCalled`. */
  toBeCalled(): R;
  /** The same as `toHaveBeenCalledTimes`. */
  toBeCalledTimes(times: number): R;
  /** The same as `toHaveBeenCalledWith`. */
  toBeCalledWith<A extends unknown[]>(...args: A): R;
  /** The same as `toHaveBeenLastCalledWith`. */
  lastCalledWith<A extends unknown[]>(...args: A): R;
  /** The same as `toHaveBeenNthCalledWith`. */
  nthCalledWith<A extends unknown[]>(n: number, ...args: A): R;
  /** The same as `toHaveReturned`. */
  toReturn(): R;
  /** The same as `toHaveReturnedTimes`. */
  toReturnTimes(times: number): R;
  /** The same as `toHaveReturnedWith`. */
  toReturnWith(value: unknown): R;
  /** The same as `toHaveLastReturnedWith`. */
  lastReturnedWith(value: unknown): R;
  /** The same as `toHaveNthReturnedWith`. */
  nthReturnedWith(n: number, value: unknown): R;
}

// Loaded like this, because a part must be there only once.
const { recordOf, settled } = part("test/mocks.ts") as typeof import("./mocks.ts");

/** How many calls a message lists. */
const LISTED = 3;

/** One thing that is asked of calls: with what they were called, what they returned, what their promises gave. */
interface History {
  readonly name: string;
  /** How many calls there were. */
  readonly calls: number;
  /** Whether a call counts: it was made, it returned, its promise is fulfilled. */
  readonly counts: (index: number) => boolean;
  /** What is compared of a call that counts. */
  readonly value: (index: number) => unknown;
  /** What is told of a call that does not count. */
  readonly instead: (index: number) => string;
}

/** What differs between the three: how they are called, and how they read a mock. */
interface Aspect {
  /** What is counted. */
  readonly noun: "calls" | "returns" | "resolves";
  /** Whether what is compared is a list of arguments. */
  readonly listed: boolean;
  readonly read: (name: string, context: MockContext) => History;
}

const CALLS: Aspect = {
  noun: "calls",
  listed: true,
  read: (name, { calls }) => ({
    name,
    calls: calls.length,
    counts: () => true,
    value: (index) => calls[index],
    instead: () => "",
  }),
};

const RETURNS: Aspect = {
  noun: "returns",
  listed: false,
  read: (name, { results }) => ({
    name,
    calls: results.length,
    counts: (index) => results[index].type === "return",
    value: (index) => results[index].value,
    instead: (index) =>
      results[index].type === "throw" ? "function call threw an error" : "function call has not returned yet",
  }),
};

const RESOLVES: Aspect = {
  noun: "resolves",
  listed: false,
  read: (name, { results }) => ({
    name,
    calls: results.length,
    counts: (index) => settled(results[index]).type === "fulfilled",
    value: (index) => settled(results[index]).value,
    instead: (index) => {
      if (results[index].type === "throw") return "function call threw an error";
      return settled(results[index]).type === "rejected"
        ? "promise was rejected with " + printInline(settled(results[index]).value)
        : "promise has not settled yet";
    },
  }),
};

type Judge = (history: History, args: readonly unknown[], context: Context) => Outcome;

/** Makes a matcher that first looks whether it has a mock. */
function of(aspect: Aspect, argument: string, judge: Judge): Matcher {
  return (received, args, context) => {
    const record = recordOf(received);
    if (record === undefined) {
      return misuse("received value must be a mock or spy function", "Received", received, argument);
    }
    const outcome = judge(aspect.read(record.name, record.context), args, context);
    return outcome.misuse === true ? outcome : { argument, received: record.name, ...outcome };
  };
}

function counted(history: History): number {
  let count = 0;
  for (let i = 0; i < history.calls; i++) if (history.counts(i)) count++;
  return count;
}

function printArguments(list: readonly unknown[]): string {
  if (list.length === 0) return "called with 0 arguments";
  const texts: string[] = newList();
  for (let i = 0; i < list.length; i++) push(texts, printInline(list[i]));
  return join(texts, ", ");
}

function printValue(aspect: Aspect, value: unknown): string {
  return aspect.listed ? printArguments(value as unknown[]) : printInline(value);
}

/** What a message says of one call. */
function printCall(aspect: Aspect, history: History, index: number): string {
  return history.counts(index) ? printValue(aspect, history.value(index)) : history.instead(index);
}

/** Lists calls: alone if there is no other, else with their numbers; an arrow points at the one that is meant. */
function received(
  aspect: Aspect,
  history: History,
  indices: readonly number[],
  meant: number,
  wanted: string,
  not: boolean,
): string {
  if (indices.length === 0) return "";
  if (history.calls === 1 && meant <= 0) {
    const text = printCall(aspect, history, indices[0]);
    // What was not wanted need not be told twice.
    if (not && text === wanted) return "";
    return "Received: " + (not ? "    " : "") + text + "\n";
  }
  const width = 8;
  let text = "Received\n";
  for (let i = 0; i < indices.length; i++) {
    const number = toText(indices[i] + 1);
    const before = indices[i] === meant ? "->" + spaces(width - 2 - number.length) : spaces(width - number.length);
    text += before + number + (not ? ":     " : ": ") + printCall(aspect, history, indices[i]) + "\n";
  }
  return text;
}

function expecting(wanted: string, not: boolean): string {
  return "Expected: " + (not ? "not " : "") + wanted + "\n";
}

/** The last lines of a message: how many there were. */
function total(aspect: Aspect, history: History): string {
  if (aspect.listed) return "\nNumber of calls: " + history.calls;
  const count = counted(history);
  const label = "\nNumber of " + aspect.noun + ": ";
  if (count === history.calls) return label + count;
  return label + count + "\nNumber of calls:" + spaces(label.length - 17) + history.calls;
}

/** `toHaveBeenCalled` and its like. */
function any(aspect: Aspect): Matcher {
  return of(aspect, "", (history, args, { isNot }) => {
    if (args.length > 0) return misuse("this matcher must not have an expected argument", "Expected", args[0], "");
    const count = counted(history);
    return {
      pass: count > 0,
      message: () => {
        const label = "number of " + aspect.noun + ": ";
        if (!isNot) {
          const calls =
            history.calls === count ? "" : "\nReceived number of calls:   " + calledSpaces(aspect) + history.calls;
          return "Expected " + label + ">= 1\nReceived " + label + "   " + count + calls;
        }
        // Those that did not count are told of below the list.
        const others =
          history.calls === count ? "" : "\n\nReceived number of calls:" + calledSpaces(aspect) + history.calls;
        let list = "";
        for (let i = 0, listed = 0; i < history.calls && listed < LISTED; i++) {
          if (!history.counts(i)) continue;
          list += "\n" + (i + 1) + ": " + printCall(aspect, history, i);
          listed++;
        }
        return "Expected " + label + "0\nReceived " + label + count + "\n" + list + others;
      },
    };
  });
}

/** What aligns a number of calls with the number above it. */
function calledSpaces(aspect: Aspect): string {
  return spaces(1 + aspect.noun.length - CALLS.noun.length);
}

/** `toHaveBeenCalledTimes` and its like; `once` is `toHaveBeenCalledOnce`. */
function times(aspect: Aspect, once: boolean): Matcher {
  const argument = once ? "" : "expected";
  return of(aspect, argument, (history, args, { isNot }) => {
    const expected = once ? 1 : args[0];
    if (!isInteger(expected) || (expected as number) < 0) {
      return misuse("expected value must be a non-negative integer", "Expected", expected, argument);
    }
    const count = counted(history);
    return {
      pass: count === expected,
      message: () => {
        const label = "number of " + aspect.noun + ": ";
        const calls =
          history.calls === count ? "" : "\nReceived number of calls:" + calledSpaces(aspect) + history.calls;
        if (isNot) return "Expected " + label + "not " + expected + (calls === "" ? "" : "\n" + calls);
        return "Expected " + label + expected + "\nReceived " + label + count + calls;
      },
    };
  });
}

/** What was wanted and what was called, for a diff, where both of them take several lines. */
function compared(aspect: Aspect, expected: unknown, history: History, index: number): Comparison | undefined {
  if (index < 0 || index >= history.calls || !history.counts(index)) return undefined;
  const value = history.value(index);
  const isLong = aspect.listed ? isSomeLong(expected as unknown[], value as unknown[]) : isLongPair(expected, value);
  if (!isLong) return undefined;
  const { aligned } = part("test/shown.ts") as typeof import("./shown.ts");
  const texts = { expected: print(aligned(expected, value), STRICT), received: print(aligned(value, expected), STRICT) };
  return texts.expected === texts.received ? undefined : texts;
}

/** Whether two arguments in the same place can be told apart by their lines. */
function isSomeLong(expected: readonly unknown[], received: readonly unknown[]): boolean {
  for (let i = 0; i < expected.length && i < received.length; i++) if (isLongPair(expected[i], received[i])) return true;
  return false;
}

function isLongPair(expected: unknown, received: unknown): boolean {
  return typeName(expected) === typeName(received) && isLong(expected) && isLong(received);
}

function isLong(value: unknown): boolean {
  return isMultiline(print(value, STRICT));
}

/** `toHaveBeenCalledWith` and its like: at least one. */
function some(aspect: Aspect): Matcher {
  const argument = aspect.listed ? "...expected" : "expected";
  return of(aspect, argument, (history, args) => {
    const expected = aspect.listed ? args : args[0];
    const match = matching(history, expected);
    let pass = false;
    for (let i = 0; i < history.calls && !pass; i++) pass = match(i);
    // Of a single call, the diff tells all.
    const difference = (): Comparison | undefined =>
      pass || history.calls !== 1 ? undefined : compared(aspect, expected, history, 0);
    return {
      pass,
      message: () => {
        const indices: number[] = newList();
        for (let i = 0; i < history.calls && indices.length < LISTED; i++) if (!pass || match(i)) push(indices, i);
        const count = total(aspect, history);
        if (difference() !== undefined) return slice(count, 1);
        const wanted = printValue(aspect, expected);
        return expecting(wanted, pass) + received(aspect, history, indices, -1, wanted, pass) + count;
      },
      comparison: difference,
    };
  });
}

function matching(history: History, expected: unknown): (index: number) => boolean {
  return (index) => history.counts(index) && equals(history.value(index), expected, EQUAL);
}

/** The calls around the one that is meant: the nearest on either side that would match, or else its neighbours. */
function around(history: History, meant: number, match: (index: number) => boolean): number[] {
  const list: number[] = newList();
  const { calls } = history;
  if (meant > 0 && calls > 0) {
    const last = meant < calls ? meant - 1 : calls - 1;
    let i = last;
    while (i >= 0 && !match(i)) i--;
    push(list, i < 0 ? last : i);
  }
  if (meant < calls) push(list, meant);
  if (meant + 1 < calls) {
    let i = meant + 1;
    while (i < calls && !match(i)) i++;
    push(list, i >= calls ? meant + 1 : i);
  }
  return list;
}

/** `toHaveBeenLastCalledWith`, `toHaveBeenNthCalledWith` and their like. */
function one(aspect: Aspect, nth: boolean): Matcher {
  const argument = (nth ? "n, " : "") + (aspect.listed ? "...expected" : "expected");
  return of(aspect, argument, (history, args) => {
    const n = args[0];
    if (nth && (!isInteger(n) || (n as number) < 1)) {
      return misuse("n must be a positive integer", "n", n, argument);
    }
    const expected = aspect.listed ? (nth ? rest(args) : args) : args[nth ? 1 : 0];
    const meant = nth ? (n as number) - 1 : history.calls - 1;
    const match = matching(history, expected);
    const pass = meant >= 0 && meant < history.calls && match(meant);
    return {
      pass,
      message: () => {
        // A last call has nobody after it.
        const indices = meant < 0 ? newList<number>() : around(history, meant, pass ? () => false : match);
        const head = nth ? "n: " + toText(n) + "\n" : "";
        const wanted = printValue(aspect, expected);
        const list = received(aspect, history, indices, meant, wanted, pass);
        return head + expecting(wanted, pass) + list + total(aspect, history);
      },
      comparison: () => (pass ? undefined : compared(aspect, expected, history, meant)),
    };
  });
}

function rest(args: readonly unknown[]): unknown[] {
  const list: unknown[] = newList();
  for (let i = 1; i < args.length; i++) push(list, args[i]);
  return list;
}

const exactlyOnceWith: Matcher = of(CALLS, "...expected", (history, args) => {
  const pass = history.calls === 1 && equals(history.value(0), args, EQUAL);
  return {
    pass,
    message: () => {
      const indices: number[] = newList();
      for (let i = 0; i < history.calls && i < LISTED; i++) push(indices, i);
      const wanted = printArguments(args);
      const list = received(CALLS, history, indices, -1, wanted, pass);
      return "Expected: " + (pass ? "not " : "once ") + wanted + "\n" + list + total(CALLS, history);
    },
    comparison: () => (pass || history.calls !== 1 ? undefined : compared(CALLS, args, history, 0)),
  };
});

/** `toHaveBeenCalledBefore` and `toHaveBeenCalledAfter`. */
function order(word: "before" | "after"): Matcher {
  return (value, args, { isNot }) => {
    const record = recordOf(value);
    if (record === undefined) return misuse("received value must be a mock or spy function", "Received", value);
    const other = recordOf(args[0]);
    if (other === undefined) return misuse("expected value must be a mock or spy function", "Expected", args[0]);
    const mine = record.context.invocationCallOrder;
    const others = other.context.invocationCallOrder;
    const earlier = word === "before" ? mine : others;
    const later = word === "before" ? others : mine;
    const pass = earlier.length === 0 ? args[1] === false : later.length > 0 && earlier[0] < later[0];
    return {
      pass,
      received: record.name,
      argument: other.name,
      message: () => {
        const meant = isNot ? "not to have been called " : "to have been called ";
        const calls = (name: string, list: readonly number[]): string => {
          const numbers: string[] = newList();
          for (let i = 0; i < list.length && i < 10; i++) push(numbers, "#" + list[i]);
          if (list.length === 0) return name + " was never called";
          return name + " was call " + join(numbers, ", ") + (list.length > 10 ? ", …" : "") + " of all mocks";
        };
        return (
          "Expected: " +
          record.name +
          " " +
          meant +
          word +
          " " +
          other.name +
          "\nReceived: " +
          calls(record.name, mine) +
          "\n          " +
          calls(other.name, others)
        );
      },
    };
  };
}

/** By name. */
export const matchers: Record<string, Matcher> = {
  __proto__: null,
  toHaveBeenCalled: any(CALLS),
  toHaveBeenCalledTimes: times(CALLS, false),
  toHaveBeenCalledOnce: times(CALLS, true),
  toHaveBeenCalledWith: some(CALLS),
  toHaveBeenCalledExactlyOnceWith: exactlyOnceWith,
  toHaveBeenLastCalledWith: one(CALLS, false),
  toHaveBeenNthCalledWith: one(CALLS, true),
  toHaveBeenCalledBefore: order("before"),
  toHaveBeenCalledAfter: order("after"),
  toHaveReturned: any(RETURNS),
  toHaveReturnedTimes: times(RETURNS, false),
  toHaveReturnedWith: some(RETURNS),
  toHaveLastReturnedWith: one(RETURNS, false),
  toHaveNthReturnedWith: one(RETURNS, true),
  toHaveResolved: any(RESOLVES),
  toHaveResolvedTimes: times(RESOLVES, false),
  toHaveResolvedWith: some(RESOLVES),
  toHaveLastResolvedWith: one(RESOLVES, false),
  toHaveNthResolvedWith: one(RESOLVES, true),
  toBeCalled: any(CALLS),
  toBeCalledTimes: times(CALLS, false),
  toBeCalledWith: some(CALLS),
  lastCalledWith: one(CALLS, false),
  nthCalledWith: one(CALLS, true),
  toReturn: any(RETURNS),
  toReturnTimes: times(RETURNS, false),
  toReturnWith: some(RETURNS),
  lastReturnedWith: one(RETURNS, false),
  nthReturnedWith: one(RETURNS, true),
} as unknown as Record<string, Matcher>;
