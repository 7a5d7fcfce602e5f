/** `expect`. */

import { part, phase } from "husako:host";
import {
  defineProperty,
  freeze,
  FunctionPrototype,
  includes,
  isObject,
  objectKeys,
  Promise,
  prototypeOf,
  push,
  setPrototypeOf,
  share,
  split,
} from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { captureStack, usageError } from "../stack.ts";
import type { AsymmetricMatchers } from "./asymmetric.ts";
import { current, keepSoft, needed } from "./current.ts";
import type { ChaiWords } from "./chai.ts";
import { assertionError } from "./errors.ts";
import type { ExtendExpect } from "./extend.ts";
import { printInline } from "./format.ts";
import { matchers, quick } from "./matchers.ts";
import type { MockMatchers } from "./mock_matchers.ts";
import type { MoreMatchers } from "./more_matchers.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import type { PollOptions } from "./poll.ts";
import type { QuantityExpect, QuantityMatchers } from "./quantity.ts";
import type { ResourceMatchers } from "./resource_matchers.ts";
import type { SnapshotExpect, SnapshotMatchers } from "./snapshot_matchers.ts";

/** What `toThrow` compares a thrown error with; `any` is that of asymmetric matchers. */
export type ThrowExpectation = string | RegExp | Error | { readonly message: string } | (abstract new (...args: any[]) => unknown);

/**
 * The matchers: `R` is what they return (nothing, or a promise after `.resolves` and `.rejects`), `T` the type of the value.
 *
 * Those that `expect.extend` adds are declared by adding to this interface:
 *
 * ```ts
 * declare module "husako/test" {
 *   interface Matchers<R, T> { toBeEven(): R }
 * }
 * ```
 */
// The type of the value is for matchers that depend on it.
export interface Matchers<R = void, T = unknown>
  extends MockMatchers<R>, MoreMatchers<R>, QuantityMatchers<R>, ResourceMatchers<R>, SnapshotMatchers<R> {
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
export interface Assertion<T> extends Matchers<void, T>, ChaiStart<ChaiWords<any>> {
  /** Turns a matcher round. */
  readonly not: Matchers<void, T> & ChaiStart<ChaiWords<any>>;
  /** Waits for a promise and goes on with its value. Has to be awaited. */
  readonly resolves: Later<Awaited<T>>;
  /** Waits for a promise to be rejected and goes on with the reason. Has to be awaited. */
  readonly rejects: Later<any>;
}

/** Matchers that have to be awaited. */
export interface Later<T> extends Matchers<Promise<void>, T>, ChaiStart<ChaiWords<Promise<void>>> {
  /** Turns a matcher round. */
  readonly not: Matchers<Promise<void>, T> & ChaiStart<ChaiWords<Promise<void>>>;
}

/** The words of Chai that may come first. */
export interface ChaiStart<Words> {
  /** What follows is said in the words of Chai: `expect(x).to.equal(y)`. */
  readonly to: Words;
  /** What follows is said in the words of Chai: `expect(x).be.true`. */
  readonly be: Words;
  /** What follows is said in the words of Chai. */
  readonly have: Words;
  /** What follows is said in the words of Chai. */
  readonly is: Words;
  /** What follows is said in the words of Chai. */
  readonly has: Words;
}

/** How a matcher is called before which nothing stands. */
const PLAIN: Context = freeze({ isNot: false, promise: "", isSoft: false, about: "" });

/** What stands before a matcher. */
class Chain {
  readonly #received: unknown;
  readonly #context: Context;

  // The class can be reached through what `expect` gives, so anything may come.
  constructor(received: unknown, isNot: unknown, promise: unknown, isSoft: unknown, about: unknown) {
    this.#received = received;
    if (isNot === false && promise === "" && isSoft === false && about === undefined) {
      this.#context = PLAIN;
      return;
    }
    this.#context = {
      isNot: isNot === true,
      promise: promise === "resolves" || promise === "rejects" || promise === "poll" ? promise : "",
      isSoft: isSoft === true,
      about: typeof about === "string" ? about : "",
    };
  }

  get not(): Chain {
    const { isNot, promise, isSoft, about } = this.#context;
    return new Chain(this.#received, !isNot, promise, isSoft, about);
  }

  get resolves(): Chain {
    return this.#later("resolves");
  }

  get rejects(): Chain {
    return this.#later("rejects");
  }

  #later(promise: Context["promise"]): Chain {
    const { isNot, isSoft, about } = this.#context;
    return new Chain(this.#received, isNot, promise, isSoft, about);
  }

  /** Whether nothing stands before a matcher, and `test` says that it holds. Then that counts as an expectation. */
  static holds(chain: Chain, test: (received: unknown, expected: unknown) => boolean, expected: unknown): boolean {
    if (chain.#context !== PLAIN || customs !== undefined || !test(chain.#received, expected)) return false;
    const run = current();
    if (run !== undefined) run.assertions++;
    return true;
  }

  /** Calls a matcher. */
  static call(chain: Chain, name: string, args: readonly unknown[]): unknown {
    const received = chain.#received;
    const context = chain.#context;
    const run = current();
    if (run !== undefined) run.assertions++;
    if (context.promise !== "") {
      // Nothing may be attached to the promise: then nobody would notice that it is rejected and not awaited.
      if (run !== undefined) run.waiting++;
      const over = (): void => {
        if (run !== undefined) run.waiting--;
      };
      return context.promise === "poll"
        ? poll(received, name, args, context, over)
        : callLater(received, name, args, context, over);
    }
    const outcome = matcher(name)(received, args, context);
    // Only matchers of the user's can take their time.
    if (isCustom(name) && isThenable(outcome)) return concludeLater(outcome, name, context);
    if (outcome.misuse === true || outcome.pass === context.isNot) fail(failure(name, context, outcome), context);
    return undefined;
  }
}

/** Throws an error; after `expect.soft`, keeps it for the end of the case. */
function fail(error: Error, context: Context): void {
  if (!context.isSoft) throw error;
  keepSoft(error);
}

/** Waits for what a matcher of the user's finds. */
function concludeLater(outcome: unknown, name: string, context: Context): Promise<unknown> {
  const stack = captureStack();
  return new Promise<unknown>((resolve, reject) => {
    const settle = (found: unknown): void => {
      try {
        const { misuse: isMisuse, pass } = found as Outcome;
        if (isMisuse === true || pass === context.isNot) fail(failure(name, context, found as Outcome, stack), context);
        resolve(undefined);
      } catch (error) {
        reject(error);
      }
    };
    whenSettled(outcome, settle, reject);
  });
}

/** Asks again and again, until the matcher holds or time is over. */
function poll(received: unknown, name: string, args: readonly unknown[], context: Context, over: () => void): unknown {
  const { isNot, isSoft, about } = context;
  if (laterParts()[name] === SNAPSHOTS) {
    over();
    throw usageError("expect.poll() cannot be used with " + name + "(): a snapshot is taken once");
  }
  const now: Context = { isNot, promise: "", isSoft: false, about };
  const stack = captureStack();
  const attempt = (value: unknown): unknown => {
    const outcome = matcher(name)(value, args, now);
    return outcome.misuse === true || outcome.pass === isNot
      ? failure(name, { isNot, promise: "poll", isSoft, about }, outcome, stack)
      : undefined;
  };
  const { poll: start } = part("test/poll.ts") as typeof import("./poll.ts");
  return start(received as never, attempt, (error) => fail(error as Error, context), over);
}

/** The part that takes snapshots. */
const SNAPSHOTS = "test/snapshot_matchers.ts";

/**
 * Matchers that few files need, by the parts of the SDK that have them: loaded when one is called for the first time. Each exports
 * `matchers`, an object of {@link Matcher}s by name.
 */
const PARTS: readonly string[] = [
  "test/mock_matchers.ts",
  "toHaveBeenCalled toHaveBeenCalledTimes toHaveBeenCalledOnce toHaveBeenCalledWith toHaveBeenCalledExactlyOnceWith " +
    "toHaveBeenLastCalledWith toHaveBeenNthCalledWith toHaveBeenCalledBefore toHaveBeenCalledAfter toHaveReturned " +
    "toHaveReturnedTimes toHaveReturnedWith toHaveLastReturnedWith toHaveNthReturnedWith toHaveResolved " +
    "toHaveResolvedTimes toHaveResolvedWith toHaveLastResolvedWith toHaveNthResolvedWith toBeCalled toBeCalledTimes " +
    "toBeCalledWith lastCalledWith nthCalledWith toReturn toReturnTimes toReturnWith lastReturnedWith nthReturnedWith",
  "test/more_matchers.ts",
  "toBeCloseTo toBeInstanceOf toBeTypeOf toBeOneOf toSatisfy toBeNaN toBeNullable toContainEqual",
  "test/resource_matchers.ts",
  "toBeValidResource toMatchResource toHaveLabel toHaveAnnotation toHaveContainer toRenderAs",
  "test/quantity.ts",
  "toEqualQuantity",
  SNAPSHOTS,
  "toMatchSnapshot toMatchInlineSnapshot toMatchFileSnapshot toThrowErrorMatchingSnapshot " +
    "toThrowErrorMatchingInlineSnapshot",
  "test/throwing.ts",
  "toThrow toThrowError",
  "test/property.ts",
  "toHaveProperty",
  "test/chai.ts",
  "to.be.a to.be.oneOf to.equal to.throw to.have.property to.include to.have.keys to.have.members to.be.empty to.exist",
];

/** The words of Chai that may come first. */
const WORDS = " to be have is has ";

/** The parts by the names of their matchers, once one of them is asked for. */
let later: Record<string, string> | undefined;

function laterParts(): Record<string, string> {
  if (later !== undefined) return later;
  later = { __proto__: null as never };
  for (let i = 0; i < PARTS.length; i += 2) {
    const found = split(PARTS[i + 1], " ");
    for (let j = 0; j < found.length; j++) later[found[j]] = PARTS[i];
  }
  return later;
}

/** The matchers that `expect.extend` has added. */
let customs: Record<string, Matcher> | undefined;

function isCustom(name: string): boolean {
  return customs !== undefined && customs[name] !== undefined;
}

/** Adds matchers, or replaces them. */
export function addMatchers(added: Record<string, Matcher>): void {
  customs ??= { __proto__: null as never };
  const keys = setPrototypeOf(objectKeys(added), null);
  for (let i = 0; i < keys.length; i++) customs[keys[i]] = added[keys[i]];
}

/** The matcher of a name. */
export function matcher(name: string): Matcher {
  if (isCustom(name)) return customs![name];
  const known = matchers[name];
  if (known !== undefined) return known;
  return (part(laterParts()[name]) as { readonly matchers: Record<string, Matcher> }).matchers[name];
}

/** The method that calls a matcher. Its name shows up in stacks. */
function methodOf(name: string): unknown {
  const test = quick[name];
  if (test !== undefined) {
    return {
      [name](this: Chain, ...args: unknown[]): unknown {
        return Chain.holds(this, test, args[0]) ? undefined : Chain.call(this, name, args);
      },
    }[name];
  }
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

/** An object whose methods are made when they are asked for: made before, they would cost every file something. */
function lazily(
  prototype: object,
  make: (key: string) => unknown,
  keys: () => string[],
  start?: (key: string, receiver: never) => unknown,
): object {
  const made: Record<string, unknown> = { __proto__: null };
  const get = (key: PropertyKey): unknown => (typeof key === "string" ? (made[key] ??= make(key)) : undefined);
  return new Proxy(setPrototypeOf({}, prototype), {
    get: (target, key, receiver) =>
      get(key) ??
      (start !== undefined && typeof key === "string" ? start(key, receiver as never) : undefined) ??
      reflectGet(target, key, receiver),
    has: (target, key) => get(key) !== undefined || key in target,
    ownKeys: keys,
    getOwnPropertyDescriptor: (_, key) => {
      const value = get(key);
      return value === undefined ? undefined : ({ __proto__: null, value, configurable: true } as PropertyDescriptor);
    },
  });
}

/** The names of the matchers that are not always there. */
function laterNames(): string[] {
  const all = objectKeys(laterParts());
  if (customs !== undefined) {
    const own = setPrototypeOf(objectKeys(customs), null);
    setPrototypeOf(all, null);
    for (let i = 0; i < own.length; i++) if (laterParts()[own[i]] === undefined) push(all, own[i]);
  }
  return all;
}

const laterPrototype = lazily(
  prototypeOf(Chain.prototype),
  (name) => (laterParts()[name] !== undefined || isCustom(name) ? methodOf(name) : undefined),
  laterNames,
  (key, receiver: Chain) => {
    if (!includes(WORDS, " " + key + " ")) return undefined;
    return (part("test/chai.ts") as typeof import("./chai.ts")).words(receiver, Chain.call);
  },
);
setPrototypeOf(Chain.prototype, share(laterPrototype, "expect(…)"));
freeze(Chain.prototype);
freeze(Chain);

/** The error of an assertion that does not hold. `stack` is given where the call is over already. */
function failure(name: string, context: Context, outcome: Outcome, stack?: string): Error {
  const details = outcome.message();
  const comparison = context.isNot ? undefined : outcome.comparison?.();
  let text = details;
  if (outcome.isWhole !== true) {
    const promise = context.promise === "" || context.promise === "poll" ? "" : "." + context.promise;
    const not = context.isNot ? ".not" : "";
    const start = context.promise === "poll" ? "expect.poll(" : context.isSoft ? "expect.soft(" : "expect(";
    const comment = outcome.comment === undefined || outcome.comment === "" ? "" : " // " + outcome.comment;
    const argument = outcome.argument ?? "expected";
    const head =
      start + (outcome.received ?? "received") + ")" + promise + not + "." + name + "(" + argument + ")" + comment;
    text = details === "" ? head : head + "\n\n" + details;
  }
  if (context.about !== "") text = context.about + ": " + text;
  return assertionError(text, comparison, outcome.cause, stack, outcome.help);
}

/** Calls a matcher when a promise has settled. */
function callLater(
  received: unknown,
  name: string,
  args: readonly unknown[],
  context: Context,
  over: () => void,
): Promise<unknown> {
  const stack = captureStack();
  return new Promise<unknown>((fulfill, refuse) => {
    const resolve = (value: unknown): void => {
      over();
      fulfill(value);
    };
    const reject = (reason: unknown): void => {
      over();
      refuse(reason);
    };
    const settle = (value: unknown, state: Context["promise"]): void => {
      try {
        const outcome =
          state === context.promise
            ? matcher(name)(value, args, { ...context, stack })
            : wrongState(value, context.promise);
        if (isCustom(name) && isThenable(outcome)) {
          whenSettled(concludeLater(outcome, name, context), resolve, reject);
          return;
        }
        if (outcome.misuse === true || outcome.pass === context.isNot) {
          fail(failure(name, context, outcome, stack), context);
        }
        resolve(undefined);
      } catch (error) {
        reject(error);
      }
    };
    let promise = received;
    if (typeof received === "function" && !isThenable(received)) {
      try {
        promise = (received as () => unknown)();
      } catch (error) {
        reject(error);
        return;
      }
    }
    if (!isThenable(promise)) {
      const problem = "received value must be a promise or a function returning a promise";
      const outcome = misuse(problem, "Received", received, "");
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

/** The outcome of a promise that settled in the other way. */
function wrongState(value: unknown, wanted: Context["promise"]): Outcome {
  return {
    pass: false,
    misuse: true,
    argument: "",
    cause: wanted === "resolves" ? value : undefined,
    message: () =>
      wanted === "resolves"
        ? "Received promise rejected instead of resolved\nRejected to value: " + printInline(value)
        : "Received promise resolved instead of rejected\nResolved to value: " + printInline(value),
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
export interface Expect extends AsymmetricMatchers, ExtendExpect, QuantityExpect, SnapshotExpect {
  /**
   * Says what a value must be: `expect(actual).toBe(expected)`.
   *
   * @param actual the value that the code under test gave
   * @param about what it is about: stands before the message
   */
  <T>(actual: T, about?: string): Assertion<T>;
  /** The same, but the case goes on after a failure, and tells all of them at its end. */
  soft<T>(actual: T, about?: string): Assertion<T>;
  /** Asks for the value again and again until the matcher holds. Has to be awaited. */
  poll<T>(actual: () => T, options?: PollOptions): Later<Awaited<T>>;
  /** Says how many expectations the case makes: a callback that is never called is noticed. */
  assertions(count: number): void;
  /** Says that the case makes expectations. */
  hasAssertions(): void;
  /** Fails: this place must never be reached. */
  unreachable(message?: string): never;
}

/** Says what a value must be: `expect(actual).toBe(expected)`. */
export const expect: Expect = ((actual: unknown, about?: unknown): unknown => {
  onlyInTests("expect");
  return new Chain(actual, false, "", false, about);
}) as Expect;

const STATICS = "soft poll assertions hasAssertions unreachable quantity addSnapshotSerializer";

/** What `expect` itself has, by name. */
function staticOf(name: string): unknown {
  switch (name) {
    case "soft":
      return (actual: unknown, about?: unknown): unknown => {
        onlyInTests("expect.soft");
        needed("expect.soft");
        return new Chain(actual, false, "", true, about);
      };
    case "poll":
      return (actual: unknown, options?: unknown): unknown => {
        onlyInTests("expect.poll");
        if (typeof actual !== "function") {
          throw usageError("expect.poll() needs a function that gives the value, not " + printInline(actual, 80));
        }
        const about = isObject(options) ? (options as PollOptions).message : "";
        return new Chain({ actual, options }, false, "poll", false, about);
      };
    case "assertions":
      return (count: unknown): void => {
        if (typeof count !== "number" || !(count >= 0) || count % 1 !== 0) {
          throw usageError("expect.assertions() needs a number of assertions, not " + printInline(count, 80));
        }
        needed("expect.assertions").wanted = count;
      };
    case "hasAssertions":
      return (): void => {
        needed("expect.hasAssertions").wanted = -2;
      };
    case "unreachable":
      return (message?: unknown): never => {
        const text = typeof message === "string" && message !== "" ? ": " + message : "";
        throw assertionError("expect.unreachable()\n\nThis place was reached" + text);
      };
    case "quantity":
      return (part("test/quantity.ts") as typeof import("./quantity.ts")).quantity;
    case "addSnapshotSerializer":
      return (plugin: never): void => {
        onlyInTests("expect.addSnapshotSerializer");
        (part(SNAPSHOTS) as typeof import("./snapshot_matchers.ts")).addSnapshotSerializer(plugin);
      };
    case "then":
      return undefined;
    default:
      return (part("test/extend.ts") as typeof import("./extend.ts")).statics(name);
  }
}

setPrototypeOf(
  expect,
  share(
    lazily(FunctionPrototype, (name) => (name in FunctionPrototype ? undefined : freezeAny(staticOf(name))), () => {
      const { staticNames } = part("test/extend.ts") as typeof import("./extend.ts");
      const all = setPrototypeOf(split(STATICS, " "), null);
      const more = staticNames();
      for (let i = 0; i < more.length; i++) push(all, more[i]);
      return all;
    }),
    "expect",
  ),
);
freeze(expect);

function freezeAny(value: unknown): unknown {
  return isObject(value) ? freeze(value) : value;
}
