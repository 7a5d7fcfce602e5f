/** `toThrow`. A part: loaded when it is asked for. */

import { apply, Error, includes, isInstance, isObject, prototypeOf, tryGet } from "../primordials.ts";
import { nameOf } from "./errors.ts";
import { EQUAL, equals, isAsymmetric } from "./equality.ts";
import { printInline, spaces } from "./format.ts";
import { kindOf } from "./kinds.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { matches } from "./text.ts";
import { follow, isThenable } from "../promises.ts";

/** What a function threw. `undefined`: nothing. */
interface Thrown {
  readonly value: unknown;
}

/** `expect(fn).toThrow(expected?)`; with `.rejects` the received value is what the promise was rejected with. */
function toThrow(received: unknown, args: readonly unknown[], context: Context): Outcome {
  let thrown: Thrown | undefined;
  let returned: unknown;
  if (context.promise === "rejects") {
    thrown = { value: received };
  } else if (context.promise !== "resolves" || typeof received === "function") {
    if (typeof received !== "function") {
      const argument = args.length === 0 ? "" : "expected";
      return misuse("received value must be a function", "Received", received, argument);
    }
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

const NOT_THROWN = "Received function did not throw";

function judge(thrown: Thrown | undefined, args: readonly unknown[], { isNot }: Context): Outcome {
  const expected = args[0];
  const cause = thrown?.value;
  if (args.length === 0 || expected === undefined) {
    return {
      pass: thrown !== undefined,
      argument: "",
      cause,
      message: () => (thrown === undefined ? NOT_THROWN : anyText(cause, "Error")),
    };
  }
  const message = thrown === undefined ? "" : thrownMessage(cause);
  /** What was wanted, and what was thrown, in columns. */
  const texts = (label: string, wanted: string): string => {
    const line = "Expected " + label + ": " + (isNot ? "not " : "") + wanted;
    const width = label.length + "Expected : ".length + (isNot ? 4 : 0);
    return line + (thrown === undefined ? "\n\n" + NOT_THROWN : "\n" + thrownText(cause, width));
  };

  if (typeof expected === "string") {
    return {
      pass: thrown !== undefined && includes(message, expected),
      cause,
      message: () => texts("substring", printInline(expected)),
    };
  }
  if (typeof expected === "function") {
    const className = tryGet(expected, "name");
    return {
      pass: thrown !== undefined && isObject(cause) && isInstance(expected, cause),
      cause,
      message: () => {
        const name = typeof className === "string" && className !== "" ? className : "anonymous";
        const text = "Expected constructor: " + (isNot ? "not " : "") + name;
        if (thrown === undefined) return text + "\n\n" + NOT_THROWN;
        const own = nameOf(cause);
        const known = own === "" || (isNot && own === name) ? "" : "\nReceived constructor: " + (isNot ? "    " : "") + own;
        return text + known + "\n\n" + thrownText(cause, 0);
      },
    };
  }
  if (isObject(expected) && kindOf(expected) === "regexp") {
    return {
      pass: thrown !== undefined && matches(message, expected as RegExp),
      cause,
      message: () => texts("pattern", printInline(expected)),
    };
  }
  if (isAsymmetric(expected)) {
    return {
      pass: thrown !== undefined && equals(cause, expected, EQUAL),
      cause,
      message: () => {
        const text = "Expected asymmetric matcher: " + (isNot ? "not " : "") + printInline(expected);
        return text + "\n\n" + (thrown === undefined ? NOT_THROWN : anyText(cause, "Received"));
      },
    };
  }
  const wanted = tryGet(expected, "message");
  if (typeof wanted === "string") {
    const isSame = thrown !== undefined && isObject(cause) && message === wanted;
    return {
      // A text that is thrown is no error, whatever it says.
      pass: isSame && isOfClass(cause, expected as object) && sameCause(cause, expected),
      cause,
      message: () => {
        if (isSame && isNot) return "Expected message: not " + printInline(wanted);
        if (!isSame) return texts("message", printInline(wanted));
        return "Expected error: " + printInline(expected) + "\nReceived error: " + printInline(cause);
      },
    };
  }
  return misuse("expected value must be a string or regular expression or class or error", "Expected", expected);
}

/** Whether an error is of the class of the expected one; `Error` stands for all of them. */
function isOfClass(thrown: unknown, expected: object): boolean {
  if (!isObject(thrown) || kindOf(thrown) !== "error" || kindOf(expected) !== "error") return true;
  const constructor = tryGet(prototypeOf(expected), "constructor");
  return constructor === Error || typeof constructor !== "function" || isInstance(constructor, thrown);
}

/** Whether what is behind two errors is equal; an error that has nothing behind it does not ask. */
function sameCause(thrown: unknown, expected: unknown): boolean {
  const cause = tryGet(expected, "cause");
  return cause === undefined || equals(tryGet(thrown, "cause"), cause, EQUAL);
}

/** The text that a pattern is matched against: the message of an error, or a thrown string itself. */
function thrownMessage(value: unknown): string {
  if (typeof value === "string") return value;
  const message = tryGet(value, "message");
  return typeof message === "string" ? message : "";
}

/** What was thrown; the text begins at the column. */
function thrownText(value: unknown, column: number): string {
  const message = tryGet(value, "message");
  const isMessage = typeof message === "string";
  const label = isMessage ? "Received message: " : "Received value: ";
  return label + spaces(column - label.length) + printInline(isMessage ? message : value);
}

/** What was thrown: the name and message of an error, each after the word. */
function anyText(value: unknown, word: "Error" | "Received"): string {
  const message = tryGet(value, "message");
  if (!isObject(value) || typeof message !== "string") return "Thrown value: " + printInline(value);
  const name = nameOf(value);
  return (name === "" ? "" : word + " name:    " + printInline(name) + "\n") + word + " message: " + printInline(message);
}

/** The matchers, by name. */
export const matchers: Record<string, Matcher> = { __proto__: null as never, toThrow, toThrowError: toThrow };
