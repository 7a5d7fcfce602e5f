/** `expect`. */

import { part, phase } from "husako:host";
import { defineProperty, freeze, objectKeys, Promise, setPrototypeOf, share } from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { captureStack, usageError } from "../stack.ts";
import { assertionError } from "./errors.ts";
import { printInline } from "./format.ts";
import { matchers } from "./matchers.ts";
import type { MockMatchers } from "./mock_matchers.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import type { Quantity, QuantityExpect, QuantityMatchers } from "./quantity.ts";
import type { ResourceMatchers } from "./resource_matchers.ts";

/** What `toThrow` compares a thrown error with. */
export type ThrowExpectation = string | RegExp | Error | (abstract new (...args: any[]) => unknown);

/** The matchers themselves. `R` is what they return: nothing, or a promise after `.resolves` and `.rejects`. */
export interface MatcherMethods<R> extends MockMatchers<R>, QuantityMatchers<R>, ResourceMatchers<R> {
  /** The very same value (`Object.is`). */
  toBe(expected: unknown): R;
  /** Equal by structure. Properties that are `undefined`, holes of arrays, and classes do not count. */
  toEqual(expected: unknown): R;
  /** Equal by structure, with classes, properties that are `undefined`, and holes of arrays. */
  toStrictEqual(expected: unknown): R;
  /** An object that has at least the expected properties, at every level. Arrays must match whole. */
  toMatchObject(expected: object): R;
  /** Anything but `undefined`. */
  toBeDefined(): R;
  /** `undefined`. */
  toBeUndefined(): R;
  /** `null`. */
  toBeNull(): R;
  /** A value that `if` takes for true. */
  toBeTruthy(): R;
  /** A value that `if` takes for false. */
  toBeFalsy(): R;
  /** A number or bigint above the expected one. */
  toBeGreaterThan(expected: number | bigint): R;
  /** A number or bigint not below the expected one. */
  toBeGreaterThanOrEqual(expected: number | bigint): R;
  /** A number or bigint below the expected one. */
  toBeLessThan(expected: number | bigint): R;
  /** A number or bigint not above the expected one. */
  toBeLessThanOrEqual(expected: number | bigint): R;
  /** A string with the expected part, or an array, Set or other iterable with the very same item. */
  toContain(expected: unknown): R;
  /**
   * An object with a property at a path such as `spec.containers[0].image`, or an array of keys where keys have dots.
   * With a second argument the property must also equal it.
   */
  toHaveProperty(path: string | readonly PropertyKey[], value?: unknown): R;
  /** A string, array or other object of the expected `length`. */
  toHaveLength(expected: number): R;
  /** A string with the expected part, or that matches the expression. */
  toMatch(expected: string | RegExp): R;
  /**
   * A function that throws: anything, or an error whose message has the part, matches the expression or is the
   * one of the given error, or an error of the class.
   */
  toThrow(expected?: ThrowExpectation): R;
  /** The same as `toThrow`. */
  toThrowError(expected?: ThrowExpectation): R;
}

/** What `expect(…)` gives. */
// The type of the value is kept for matchers that will depend on it.
export interface Matchers<T> extends MatcherMethods<void> {
  /** Turns a matcher round. */
  readonly not: MatcherMethods<void>;
  /** Waits for a promise and goes on with its value. Has to be awaited. */
  readonly resolves: MatcherMethods<Promise<void>> & { readonly not: MatcherMethods<Promise<void>> };
  /** Waits for a promise to be rejected and goes on with the reason. Has to be awaited. */
  readonly rejects: MatcherMethods<Promise<void>> & { readonly not: MatcherMethods<Promise<void>> };
}

/** What stands before a matcher. */
class Chain {
  readonly #received: unknown;
  readonly #isNot: boolean;
  readonly #promise: Context["promise"];

  constructor(received: unknown, isNot: boolean, promise: Context["promise"]) {
    this.#received = received;
    this.#isNot = isNot;
    this.#promise = promise;
  }

  get not(): Chain {
    return new Chain(this.#received, !this.#isNot, this.#promise);
  }

  get resolves(): Chain {
    return new Chain(this.#received, this.#isNot, "resolves");
  }

  get rejects(): Chain {
    return new Chain(this.#received, this.#isNot, "rejects");
  }

  /** Calls a matcher. */
  static call(chain: Chain, name: string, args: readonly unknown[]): unknown {
    const context: Context = { isNot: chain.#isNot, promise: chain.#promise };
    if (context.promise !== "") return callLater(chain.#received, name, args, context);
    const outcome = matcher(name)(chain.#received, args, context);
    if (outcome.misuse === true || outcome.pass === context.isNot) throw failure(name, context, outcome);
    return undefined;
  }
}

/**
 * Matchers that few files need, and the parts of the SDK that have them: loaded when one is called for the first time. Each exports
 * `matchers`, an object of {@link Matcher}s by name.
 */
const LATER: Record<string, string> = {
  __proto__: null as never,
  toHaveBeenCalled: "test/mock_matchers.ts",
  toHaveBeenCalledTimes: "test/mock_matchers.ts",
  toHaveBeenCalledOnce: "test/mock_matchers.ts",
  toHaveBeenCalledWith: "test/mock_matchers.ts",
  toHaveBeenCalledExactlyOnceWith: "test/mock_matchers.ts",
  toHaveBeenLastCalledWith: "test/mock_matchers.ts",
  toHaveBeenNthCalledWith: "test/mock_matchers.ts",
  toHaveBeenCalledBefore: "test/mock_matchers.ts",
  toHaveBeenCalledAfter: "test/mock_matchers.ts",
  toHaveReturned: "test/mock_matchers.ts",
  toHaveReturnedTimes: "test/mock_matchers.ts",
  toHaveReturnedWith: "test/mock_matchers.ts",
  toHaveLastReturnedWith: "test/mock_matchers.ts",
  toHaveNthReturnedWith: "test/mock_matchers.ts",
  toHaveResolved: "test/mock_matchers.ts",
  toHaveResolvedTimes: "test/mock_matchers.ts",
  toHaveResolvedWith: "test/mock_matchers.ts",
  toHaveLastResolvedWith: "test/mock_matchers.ts",
  toHaveNthResolvedWith: "test/mock_matchers.ts",
  toBeCalled: "test/mock_matchers.ts",
  toBeCalledTimes: "test/mock_matchers.ts",
  toBeCalledWith: "test/mock_matchers.ts",
  lastCalledWith: "test/mock_matchers.ts",
  nthCalledWith: "test/mock_matchers.ts",
  toReturn: "test/mock_matchers.ts",
  toReturnTimes: "test/mock_matchers.ts",
  toReturnWith: "test/mock_matchers.ts",
  lastReturnedWith: "test/mock_matchers.ts",
  nthReturnedWith: "test/mock_matchers.ts",
  toBeValidResource: "test/resource_matchers.ts",
  toMatchResource: "test/resource_matchers.ts",
  toHaveLabel: "test/resource_matchers.ts",
  toHaveAnnotation: "test/resource_matchers.ts",
  toHaveContainer: "test/resource_matchers.ts",
  toRenderAs: "test/resource_matchers.ts",
  toEqualQuantity: "test/quantity.ts",
};

/** The matcher of a name. */
function matcher(name: string): Matcher {
  const path = LATER[name];
  if (path === undefined) return matchers[name];
  return (part(path) as { readonly matchers: Record<string, Matcher> }).matchers[name];
}

/** The method that calls a matcher. Its name shows up in stacks. */
function methodOf(name: string): unknown {
  return {
    [name](this: Chain, ...args: unknown[]): unknown {
      return Chain.call(this, name, args);
    },
  }[name];
}

const names = setPrototypeOf(objectKeys(matchers), null);
for (let i = 0; i < names.length; i++) {
  const method = methodOf(names[i]);
  defineProperty(Chain.prototype, names[i], { __proto__: null, value: method } as PropertyDescriptor);
}

const reflectGet = Reflect.get;
/** The methods of {@link LATER} that were asked for. */
const laterMethods: Record<string, unknown> = { __proto__: null };

function laterMethod(key: PropertyKey): unknown {
  if (typeof key !== "string" || LATER[key] === undefined) return undefined;
  return (laterMethods[key] ??= methodOf(key));
}

/** Has the methods of {@link LATER}, each made when it is asked for: made before, they would cost every file something. */
const laterPrototype: object = new Proxy(
  {},
  {
    get: (target, key, receiver) => laterMethod(key) ?? reflectGet(target, key, receiver),
    has: (target, key) => laterMethod(key) !== undefined || key in target,
    ownKeys: () => objectKeys(LATER),
    getOwnPropertyDescriptor: (_, key) => {
      const value = laterMethod(key);
      return value === undefined ? undefined : ({ __proto__: null, value, configurable: true } as PropertyDescriptor);
    },
  },
);
setPrototypeOf(Chain.prototype, share(laterPrototype, "expect(…)"));
freeze(Chain.prototype);
freeze(Chain);

/** The error of an assertion that does not hold. `stack` is given where the call is over already. */
function failure(name: string, context: Context, outcome: Outcome, stack?: string): Error {
  const promise = context.promise === "" ? "" : "." + context.promise;
  const not = context.isNot ? ".not" : "";
  const argument = outcome.argument ?? "expected";
  const equality = name === "toBe" ? " // Object.is equality" : "";
  const head =
    "expect(" + (outcome.received ?? "received") + ")" + promise + not + "." + name + "(" + argument + ")" + equality;
  const details = outcome.message();
  const comparison = context.isNot ? undefined : outcome.comparison?.();
  return assertionError(details === "" ? head : head + "\n\n" + details, comparison, outcome.cause, stack);
}

/** Calls a matcher when a promise has settled. */
function callLater(received: unknown, name: string, args: readonly unknown[], context: Context): Promise<unknown> {
  const stack = captureStack();
  return new Promise<unknown>((resolve, reject) => {
    const settle = (value: unknown, state: Context["promise"]): void => {
      try {
        const outcome =
          state === context.promise ? matcher(name)(value, args, context) : wrongState(value, context.promise);
        if (outcome.misuse === true || outcome.pass === context.isNot) reject(failure(name, context, outcome, stack));
        else resolve(undefined);
      } catch (error) {
        reject(error);
      }
    };
    let promise = received;
    if (typeof received === "function" && context.promise === "rejects") {
      try {
        promise = (received as () => unknown)();
      } catch (error) {
        reject(error);
        return;
      }
    }
    if (!isThenable(promise)) {
      const outcome = misuse("the received value must be a promise", "Received", promise, argumentOf(args));
      reject(failure(name, context, outcome, stack));
      return;
    }
    whenSettled(
      promise,
      (value) => settle(value, "resolves"),
      (reason) => settle(reason, "rejects"),
    );
  });
}

function argumentOf(args: readonly unknown[]): string {
  return args.length === 0 ? "" : "expected";
}

/** The outcome of a promise that settled in the other way. */
function wrongState(value: unknown, wanted: Context["promise"]): Outcome {
  return {
    pass: false,
    misuse: true,
    cause: wanted === "resolves" ? value : undefined,
    message: () =>
      wanted === "resolves"
        ? "Received promise was rejected instead of resolved\nRejected with: " + printInline(value)
        : "Received promise was resolved instead of rejected\nResolved to: " + printInline(value),
  };
}

let allowed = false;

/** Throws where tests have no place: in a file that is an entry. */
export function onlyInTests(what: string): void {
  if (allowed) return;
  if (phase() === "entry") {
    throw usageError(
      what + '() can be used only in tests: "husako/test" has no meaning in a file that builds resources',
    );
  }
  allowed = true;
}

/** `expect` itself, and what it has. */
export interface Expect extends QuantityExpect {
  /**
   * Says what a value must be: `expect(actual).toBe(expected)`.
   *
   * @param actual the value that the code under test gave
   */
  <T>(actual: T): Matchers<T>;
}

/** Says what a value must be: `expect(actual).toBe(expected)`. */
export const expect: Expect = ((actual: unknown): unknown => {
  onlyInTests("expect");
  return new Chain(actual, false, "");
}) as Expect;
defineProperty(expect, "quantity", {
  __proto__: null,
  value: freeze((amount: Quantity): unknown => (part("test/quantity.ts") as QuantityExpect).quantity(amount)),
  enumerable: true,
} as PropertyDescriptor);
freeze(share(expect, "expect"));
