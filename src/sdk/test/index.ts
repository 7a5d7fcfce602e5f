/**
 * `"husako/test"`: suites, cases, hooks and expectations.
 *
 * @module
 */

import { addCase, addHook, addSuite, part, phase } from "husako:host";
import type { HookKind, Mode } from "husako:host";
import { keep } from "../callbacks.ts";
import type { Callback } from "../callbacks.ts";
import {
  apply,
  defineProperty,
  freeze,
  isFiniteNumber,
  isObject,
  prototypeOf,
  setPrototypeOf,
  share,
  toText,
  tryGet,
} from "../primordials.ts";
import { follow, isThenable } from "../promises.ts";
import { captureStack, usageError } from "../stack.ts";
import { defaults } from "./current.ts";
import { rowsOf, titleOf } from "./each.ts";
import { onlyInTests } from "./expect.ts";
import { printInline } from "./format.ts";
import type { Renderable } from "../husako.ts";
import type { Resources } from "./resources.ts";
import { capped, MAX_MESSAGE } from "./text.ts";
import type * as types from "./mock_types.ts";
import type { Fn, Mockable, Mocked, Procedure, SpyOn } from "./mock_types.ts";
import type { Jest, Vi } from "./vi.ts";

/** The stack of a call of the user's, as text that the host can take: names of functions may hold anything. */
function callSite(): string {
  return capped(captureStack(), MAX_MESSAGE);
}

export { expect } from "./expect.ts";
export type { Expect, MatcherMethods, Matchers, ThrowExpectation } from "./expect.ts";
export type { Quantity, QuantityExpect, QuantityMatchers } from "./quantity.ts";
export type { ResourceMatchers } from "./resource_matchers.ts";
export type { Resource, ResourceMetadata, Resources } from "./resources.ts";
export type * from "./mock_types.ts";
export type { FakeTimersOptions } from "./fake_timers.ts";
export type { Jest, TestDoubles, Vi, WaitOptions } from "./vi.ts";

/** What a suite or a case is called: a text, a number, or a function or class, whose name is taken. */
export type Title = string | number | ((...args: any[]) => unknown) | (abstract new (...args: any[]) => unknown);

/** How a suite or a case takes part. */
export interface Options {
  /** How long a case may take, in milliseconds. Of a suite: each of its cases. */
  timeout?: number;
  /** Leaves it out, and says so. */
  skip?: boolean;
  /** Leaves out all that is not marked so in the file. */
  only?: boolean;
  /** It is only planned. */
  todo?: boolean;
}

/** The body of a case or a hook. A promise that it returns is waited for. */
export type Body = () => unknown;

/** Adds one suite or case. */
export interface Add<F> {
  (title: Title, body: F, options?: number | Options): void;
  (title: Title, options: number | Options, body: F): void;
}

/** Adds one suite or case for each row of a table. `%s`, `%d`, `%j`, `%p`, `%#` and `$field` in the title are filled in. */
export interface Each {
  /** Rows that are arrays become the arguments of the body. */
  <T extends unknown[] | [unknown]>(table: readonly T[]): AddRow<(...args: T) => unknown>;
  <T extends readonly unknown[]>(table: readonly T[]): AddRow<(...args: [...T]) => unknown>;
  /** Any other row is the body's only argument. */
  <T>(table: readonly T[]): AddRow<(row: T) => unknown>;
  /** A table as a tagged template: the first line has the names of the columns, and each row becomes an object. */
  (headings: TemplateStringsArray, ...values: unknown[]): AddRow<(row: any) => unknown>;
}

/** What `each(table)` gives. */
export type AddRow<F> = (title: Title, body: F, options?: number | Options) => void;

/** `describe.skip`, `test.only`, … */
export interface Variant<F> extends Add<F> {
  /** One for each row of a table. */
  readonly each: Each;
}

/** `describe`, `test`, `it`. */
export interface Root<F> extends Variant<F> {
  /** Leaves it out, and says so. */
  readonly skip: Variant<F>;
  /** Leaves out all that is not marked so in the file. */
  readonly only: Variant<F>;
  /** Names what is only planned. */
  readonly todo: (title: Title, body?: F) => void;
}

/** Adds a hook to the suite around it. */
export type Hook = (body: Body, timeout?: number | Options) => void;

/** The suite whose callback is running; 0 is the file. */
let suite = 0;
/** The timeout that cases get where they have none of their own. */
let suiteTimeout = -1;

const AsyncFunctionPrototype: object = prototypeOf(async () => {});

function checkPhase(what: string): void {
  onlyInTests(what);
  if (phase() === "run") {
    throw usageError(
      what + "() cannot be called while a case or hook runs: call it at the top of the file, or in describe()",
    );
  }
}

function checkTitle(what: string, title: unknown): string {
  if (typeof title === "string") return title;
  if (typeof title === "number") return toText(title);
  if (typeof title === "function") {
    const name = tryGet(title, "name");
    return typeof name === "string" && name !== "" ? name : "anonymous";
  }
  throw usageError(what + "() needs a title: a string, a number, a function or a class, not " + printInline(title, 80));
}

function isOptions(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "object" && value !== null);
}

/** What a suite or case was given, put in order. */
interface Request {
  readonly mode: Mode;
  readonly body: Callback | undefined;
  readonly timeout: number;
}

function checkTimeout(what: string, timeout: unknown): number {
  if (timeout === undefined) return -1;
  if (isFiniteNumber(timeout) && (timeout as number) > 0) return timeout as number;
  throw usageError(
    what + "() has a timeout that is not a positive number of milliseconds: " + printInline(timeout, 80),
  );
}

function readRequest(what: string, title: string, mode: Mode, second: unknown, third: unknown): Request {
  const first = isOptions(second);
  const body = first ? third : second;
  const options = first ? second : third;
  if (body !== undefined && typeof body !== "function") {
    throw usageError(what + "() needs a function as its body, not " + printInline(body, 80));
  }
  if (options !== undefined && !isOptions(options)) {
    throw usageError(
      what + "() takes a timeout in milliseconds, or { timeout, skip, only, todo }, not " + printInline(options, 80),
    );
  }
  let chosen = mode;
  let timeout: unknown = options;
  if (typeof options === "object") {
    const { skip, only, todo, timeout: milliseconds } = options as Options;
    timeout = milliseconds;
    if (mode === "run") chosen = todo ? "todo" : skip ? "skip" : only ? "only" : "run";
  }
  if (body === undefined && chosen !== "todo" && chosen !== "skip") {
    const call = what + "(" + printInline(title, 80);
    throw usageError(
      call +
        ") has no function as its body; if it is only planned, write " +
        root(what) +
        ".todo(" +
        printInline(title, 80) +
        ")",
    );
  }
  return { mode: chosen, body: body as Callback | undefined, timeout: checkTimeout(what, timeout) };
}

/** `test` of `test.only`. */
function root(what: string): string {
  return what === "describe" || what === "describe.only"
    ? "describe"
    : what === "it" || what === "it.only"
      ? "it"
      : "test";
}

type AddOne = (what: string, title: string, request: Request, stack: string) => void;

function addTest(what: string, title: string, request: Request, stack: string): void {
  const { mode, body, timeout } = request;
  const callback = body === undefined || mode === "todo" ? -1 : keep(body);
  const inherited = suiteTimeout === -1 ? defaults.timeout : suiteTimeout;
  addCase(suite, capped(title, 2_000), mode, callback, timeout === -1 ? inherited : timeout, stack);
}

function addDescribe(what: string, title: string, request: Request, stack: string): void {
  const { mode, body, timeout } = request;
  if (body !== undefined) refuseAsync(what, prototypeOf(body) === AsyncFunctionPrototype);
  const outer = suite;
  const outerTimeout = suiteTimeout;
  suite = addSuite(outer, capped(title, 2_000), mode, stack);
  if (timeout !== -1) suiteTimeout = timeout;
  try {
    if (body === undefined) return;
    const returned = body();
    if (!isThenable(returned)) return;
    // Told here and now; what the promise is rejected with would only repeat it.
    follow(
      returned,
      () => {},
      () => {},
    );
    refuseAsync(what, true);
  } finally {
    suite = outer;
    suiteTimeout = outerTimeout;
  }
}

function refuseAsync(what: string, isAsync: boolean): void {
  if (!isAsync) return;
  throw usageError(
    "describe() callback must not be async: its cases must be known at once. Await in beforeAll(), or at the top of the file (in " +
      what +
      "())",
  );
}

/** Makes `test`, `test.only`, …: a function that adds one, with its `each`. */
function variant<F>(what: string, mode: Mode, add: AddOne): Variant<F> {
  const one = (title: unknown, second?: unknown, third?: unknown): void => {
    checkPhase(what);
    const name = checkTitle(what, title);
    add(what, name, readRequest(what, name, mode, second, third), callSite());
  };
  const each = (...table: unknown[]): unknown => {
    checkPhase(what + ".each");
    const rows = rowsOf(what, table);
    return (title: unknown, second?: unknown, third?: unknown): void => {
      checkPhase(what + ".each");
      const name = checkTitle(what, title);
      const request = readRequest(what, name, mode, second, third);
      const stack = callSite();
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i];
        const { body } = request;
        const ofRow = body && ((): unknown => apply(body, undefined, row.args));
        if (body !== undefined && add === addDescribe) refuseAsync(what, prototypeOf(body) === AsyncFunctionPrototype);
        add(what, titleOf(name, row, i), { mode: request.mode, body: ofRow, timeout: request.timeout }, stack);
      }
    };
  };
  constant(one, "each", freeze(each));
  return one as unknown as Variant<F>;
}

function constant(target: object, key: string, value: unknown): void {
  defineProperty(target, key, { __proto__: null, value, enumerable: true } as PropertyDescriptor);
}

function rootOf<F>(what: string, add: AddOne): Root<F> {
  const one = variant<F>(what, "run", add);
  const todo = variant<F>(what + ".todo", "todo", add);
  constant(one, "skip", freeze(variant<F>(what + ".skip", "skip", add)));
  constant(one, "only", freeze(variant<F>(what + ".only", "only", add)));
  constant(one, "todo", freeze(todo));
  return freeze(share(one, what)) as Root<F>;
}

function hook(kind: HookKind): Hook {
  return freeze((body: unknown, options?: unknown): void => {
    checkPhase(kind);
    if (typeof body !== "function") throw usageError(kind + "() needs a function, not " + printInline(body, 80));
    const timeout = isObject(options) ? (options as Options).timeout : options;
    addHook(suite, kind, keep(body as Callback), checkTimeout(kind, timeout), callSite());
  });
}

/** Groups cases under a title. The callback runs at once; it must not be async. */
export const describe: Root<() => void> = rootOf("describe", addDescribe);
/** Adds a case: `test("adds", () => { expect(1 + 1).toBe(2); })`. */
export const test: Root<Body> = rootOf("test", addTest);
/** The same as {@link test}. */
export const it: Root<Body> = rootOf("it", addTest);
/** Runs once before the cases of the suite around it. */
export const beforeAll: Hook = hook("beforeAll");
/** Runs before each case of the suite around it, and of the suites in it. */
export const beforeEach: Hook = hook("beforeEach");
/** Runs after each case of the suite around it, and of the suites in it. */
export const afterEach: Hook = hook("afterEach");
/** Runs once after the cases of the suite around it. */
export const afterAll: Hook = hook("afterAll");

const resourcesPart = (): typeof import("./resources.ts") => part("test/resources.ts") as never;

/**
 * Renders an entry of the project, and gives its resources: `const dev = await renderEntry("dev")`, at the top of a file or in
 * `beforeAll`. An entry is rendered once in a run, in a runtime of its own; every file gets a copy.
 *
 * @param entry a name of `[entries]` in husako.toml, a path from the project's folder, or, with `./` or `../`, one from this file
 */
export function renderEntry(entry: string): Promise<Resources> {
  onlyInTests("renderEntry");
  return resourcesPart().renderEntry(entry);
}

/** Renders builders, so that resources can be chosen among them: `resources(webApp("web")).one("Deployment")`. */
export function resources(list: Renderable | object | readonly (Renderable | object)[]): Resources {
  onlyInTests("resources");
  return resourcesPart().resources(list);
}
freeze(renderEntry);
freeze(resources);

type Doubles = typeof import("./vi.ts");

/** An object of `vi.ts`, which is loaded when something of it is asked for: few files need it. */
function later<T extends object>(name: "vi" | "jest"): T {
  const target = {};
  let real: object | undefined;
  const load = (): object => {
    if (real === undefined) {
      real = (part("test/vi.ts") as Doubles)[name];
      freeze(setPrototypeOf(target, real));
    }
    return real;
  };
  return new Proxy(target, {
    get: (_, key) => (load() as Record<PropertyKey, unknown>)[key],
    has: (_, key) => key in load(),
    getPrototypeOf: load,
  }) as T;
}

/** Mock functions, spies and fake timers, as Vitest has them. */
export const vi: Vi = later("vi");
/** The same as {@link vi}. */
export const vitest: Vi = vi;
/** Mock functions, spies and fake timers, as Jest has them. */
export const jest: Jest = later("jest");
/** The types of mocks by the names that Jest has for them. */
export declare namespace jest {
  /** A mock function. */
  type Mock<T extends Mockable = Procedure> = types.Mock<T>;
  /** What is a mock, or has mocks. */
  type Mocked<T> = types.Mocked<T>;
  /** A class that is a mock. */
  type MockedClass<T extends types.Constructable> = types.MockedClass<T>;
  /** A function that is a mock. */
  type MockedFunction<T extends Procedure> = types.MockedFunction<T>;
  /** An object whose methods are mocks. */
  type MockedObject<T> = types.MockedObject<T>;
  /** What `spyOn` gives. */
  type Spied<T extends Mockable> = types.Mock<T>;
  /** What can be asked of a mock. */
  type MockInstance<T extends Mockable = Procedure> = types.MockInstance<T>;
  /** The same as {@link MockInstance}. */
  type SpyInstance<T extends Mockable = Procedure> = types.MockInstance<T>;
  /** What `replaceProperty` gives. */
  type Replaced<T> = types.ReplacedProperty<T>;
}

/** Makes a mock function: `vi.fn`. */
export const fn: Fn = ((implementation: unknown) => vi.fn(implementation as never)) as Fn;
/** Replaces a method or an accessor by a mock that calls it: `vi.spyOn`. */
export const spyOn: SpyOn = ((object: unknown, key: unknown, access: unknown) =>
  (vi.spyOn as (...args: unknown[]) => unknown)(object, key, access)) as SpyOn;
/** Gives back what it is given, as the mock that it is: `vi.mocked`. For TypeScript. */
export function mocked<T>(item: T): Mocked<T> {
  return item as Mocked<T>;
}
