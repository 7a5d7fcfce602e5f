/** `toThrow`, and matching texts against patterns. */

import { apply, hasOwn, includes, isInstance, isObject, regExpExec, tryGet } from "../primordials.ts";
import { nameOf, summaryOf } from "./errors.ts";
import { EQUAL, equals, isAsymmetric } from "./equality.ts";
import { printInline } from "./format.ts";
import { kindOf } from "./kinds.ts";
import { misuse } from "./outcome.ts";
import type { Context, Outcome } from "./outcome.ts";
import { follow, isThenable } from "../promises.ts";

/** Whether a text contains the other, or matches the expression. The expression's `lastIndex` counts for nothing. */
export function matches(text: string, pattern: string | RegExp): boolean {
  if (typeof pattern === "string") return includes(text, pattern);
  const { lastIndex } = pattern;
  pattern.lastIndex = 0;
  try {
    return regExpExec(pattern, text) !== null;
  } finally {
    pattern.lastIndex = lastIndex;
  }
}

/** What a function threw. `undefined`: nothing. */
interface Thrown {
  readonly value: unknown;
}

/** `expect(fn).toThrow(expected?)`; with `.rejects` the received value is what the promise was rejected with. */
export function toThrow(received: unknown, args: readonly unknown[], context: Context): Outcome {
  let thrown: Thrown | undefined;
  let returned: unknown;
  if (context.promise === "rejects") {
    thrown = { value: received };
  } else {
    if (typeof received !== "function") return misuse("the received value must be a function", "Received", received);
    try {
      returned = apply(received, undefined, []);
    } catch (value) {
      thrown = { value };
    }
  }
  const outcome = judge(thrown, args, context);
  if (thrown !== undefined || context.isNot || !isThenable(returned)) return outcome;
  // The assertion fails in any case: a rejection must not be told a second time.
  follow(
    returned,
    () => {},
    () => {},
  );
  return {
    ...outcome,
    message: () =>
      outcome.message() +
      "\n\nThe function returned a promise: use await expect(…).rejects.toThrow(…), with the promise itself",
  };
}

function judge(thrown: Thrown | undefined, args: readonly unknown[], context: Context): Outcome {
  const expected = args[0];
  const cause = thrown?.value;
  const not = context.isNot ? "not " : "";
  if (args.length === 0 || expected === undefined) {
    return {
      pass: thrown !== undefined,
      argument: "",
      cause,
      message: () => (thrown === undefined ? "Received function did not throw" : "Thrown: " + summaryOf(cause)),
    };
  }
  const message = thrown === undefined ? "" : thrownMessage(cause);
  const received = (): string => (thrown === undefined ? "Received function did not throw" : thrownText(cause));

  if (typeof expected === "string") {
    return {
      pass: thrown !== undefined && includes(message, expected),
      cause,
      message: () => "Expected substring: " + not + printInline(expected) + "\n" + received(),
    };
  }
  if (typeof expected === "function") {
    const className = tryGet(expected, "name");
    return {
      pass: thrown !== undefined && isObject(cause) && isInstance(expected, cause),
      cause,
      message: () => {
        const text =
          "Expected constructor: " + not + (typeof className === "string" && className ? className : "anonymous");
        if (thrown === undefined) return text + "\n" + received();
        const name = nameOf(cause);
        return name === ""
          ? text + "\nReceived value: " + printInline(cause)
          : text + "\nReceived constructor: " + name + "\n" + received();
      },
    };
  }
  if (isObject(expected) && kindOf(expected) === "regexp") {
    return {
      pass: thrown !== undefined && matches(message, expected as RegExp),
      cause,
      message: () => "Expected pattern: " + not + printInline(expected) + "\n" + received(),
    };
  }
  if (isAsymmetric(expected)) {
    return {
      pass: thrown !== undefined && equals(cause, expected, EQUAL),
      cause,
      message: () =>
        "Expected asymmetric matcher: " + not + printInline(expected) + "\n" + (thrown === undefined ? received() : "Thrown: " + summaryOf(cause)),
    };
  }
  const wanted = tryGet(expected, "message");
  if (typeof wanted === "string") {
    return {
      pass: thrown !== undefined && message === wanted && sameCause(cause, expected),
      cause,
      message: () => "Expected message: " + not + printInline(wanted) + "\n" + received(),
    };
  }
  return misuse("the expected value must be a string, a regular expression, a class or an error", "Expected", expected);
}

/** Whether what is behind two errors is equal; an error that has nothing behind it does not ask. */
function sameCause(thrown: unknown, expected: unknown): boolean {
  return !isObject(expected) || !hasOwn(expected, "cause") || equals(tryGet(thrown, "cause"), tryGet(expected, "cause"), EQUAL);
}

/** The text that a pattern is matched against: the message of an error, or a thrown string itself. */
function thrownMessage(value: unknown): string {
  if (typeof value === "string") return value;
  const message = tryGet(value, "message");
  return typeof message === "string" ? message : "";
}

function thrownText(value: unknown): string {
  const message = tryGet(value, "message");
  return typeof message === "string"
    ? "Received message: " + printInline(message)
    : "Received value: " + printInline(value);
}
