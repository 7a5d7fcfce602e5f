/** `describe`, `test`, and hooks: what registers them with the host. */

import { addCase, addHook, addSuite, owner, part, phase } from "husako:host";
import type { HookKind, Mode } from "husako:host";
import { drop, keep } from "../callbacks.ts";
import type { Callback } from "../callbacks.ts";
import {
  apply,
  defineProperty,
  freeze,
  isFiniteNumber,
  isInteger,
  isObject,
  newList,
  objectKeys,
  Promise,
  prototypeOf,
  push,
  setPrototypeOf,
  share,
  toText,
  tryGet,
  WeakMap,
  weakGet,
  weakSet,
} from "../primordials.ts";
import { follow, isThenable, whenSettled } from "../promises.ts";
import { callerOf, usageError } from "../stack.ts";
import type * as EachPart from "./each.ts";
import type * as FixturesPart from "./fixtures.ts";
import type { Fixtures } from "./fixtures.ts";
import { defaults } from "./current.ts";
import { onlyInTests } from "./expect.ts";
import { printInline } from "./format.ts";
import { capped, MAX_MESSAGE } from "./text.ts";
import type * as ContextPart from "./context.ts";
import type { TestContext } from "./context.ts";
import type * as AgainPart from "./again.ts";

/** Where a function of ours was called, as text that the host can take: names of functions may hold anything. */
function callSite(callee: object): string {
  return capped(callerOf(callee), MAX_MESSAGE);
}

/** What a suite or a case is called: a text, a number, or a function or class, whose name is taken. */
export type Title = string | number | ((...args: any[]) => unknown) | (abstract new (...args: any[]) => unknown);

/** How a suite or a case takes part. What a suite says holds for the cases in it that say nothing else. */
export interface Options {
  /** How long a case may take, in milliseconds. Of a suite: each of its cases. */
  timeout?: number;
  /** How often a case is run again while it fails. */
  retry?: number;
  /** How often a case is run again while it passes. */
  repeats?: number;
  /** Leaves it out, and says so. */
  skip?: boolean;
  /** Leaves out all that is not marked so in the file. */
  only?: boolean;
  /** It is only planned. */
  todo?: boolean;
  /** It passes when its body fails. */
  fails?: boolean;
  /** Taken, and without effect: cases run one after the other. */
  concurrent?: boolean;
  /** Taken, and without effect: cases run one after the other. */
  sequential?: boolean;
  /** Taken, and without effect. */
  shuffle?: boolean;
}

/** The body of a case, or a hook of each case. A promise that it returns is waited for. */
export type Body = (context: TestContext) => unknown;

/** Adds one suite or case. */
export interface Add<F> {
  (title: Title, body: F, options?: number | Options): void;
  /** Its title is the name of the function. */
  (body: F, options?: number | Options): void;
  (title: Title, options: number | Options, body: F): void;
}

/**
 * Adds one suite or case for each row of a table. In the title, `%s`, `%d`, `%i`, `%f`, `%j`, `%o`, `%O`, `%p` and `%c` take the
 * arguments in turn, `%#` and `%$` are the number of the row from 0 and from 1, `$field` is a field of the row, and `$0` one of its
 * items.
 */
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
export interface AddRow<F> {
  (title: Title, body: F, options?: number | Options): void;
  (title: Title, options: number | Options, body: F): void;
}

/** Adds one for each row of a table. The body gets the row as it is, and then the context. */
export interface For<C = TestContext> {
  <T>(table: readonly T[]): AddRow<(row: T, context: C) => unknown>;
  /** A table as a tagged template. */
  (headings: TemplateStringsArray, ...values: unknown[]): AddRow<(row: any, context: C) => unknown>;
}

/** `describe`, `test`, `test.skip`, `test.only.each`, …: what stands behind the dots may be in any order. */
export interface Variant<F, C = TestContext> extends Add<F> {
  /** One for each row of a table; the items of a row are the arguments. */
  readonly each: Each;
  /** One for each row of a table; the row is the first argument, the context the second. */
  readonly for: For<C>;
  /** Leaves it out, and says so. */
  readonly skip: Variant<F, C>;
  /** Leaves out all that is not marked so in the file. */
  readonly only: Variant<F, C>;
  /** Names what is only planned. */
  readonly todo: Variant<F, C> & ((title: Title, body?: F) => void);
  /** Passes when the body fails. */
  readonly fails: Variant<F, C>;
  /** The same as `fails`. */
  readonly failing: Variant<F, C>;
  /** Taken, and without effect: cases run one after the other. */
  readonly concurrent: Variant<F, C>;
  /** Taken, and without effect: cases run one after the other. */
  readonly sequential: Variant<F, C>;
  /** Taken, and without effect. */
  readonly shuffle: Variant<F, C>;
  /** Leaves it out if the condition holds. */
  readonly skipIf: (condition: unknown) => Variant<F, C>;
  /** Leaves it out unless the condition holds. */
  readonly runIf: (condition: unknown) => Variant<F, C>;
}

/** `describe`. */
export type Root<F> = Variant<F>;

/** Makes a fixture of the type `V`: it calls `use` with it, and may clean up when that is over. `C` is the context. */
export type FixtureFunction<V, C> = (context: C, use: (value: V) => Promise<void>) => unknown;

/** What a fixture may say of itself. */
export interface FixtureOptions {
  /** Whether every case gets it, even one that does not name it. */
  auto?: boolean;
  /** Only those of one case are there. */
  scope?: "test";
}

/** Fixtures of the types `T`, each a value, or a function that makes one; in a list with options behind it, or by itself. */
export type FixturesOf<T, C> = {
  [K in keyof T]:
    | T[K]
    | FixtureFunction<T[K], C & T>
    | readonly [T[K] | FixtureFunction<T[K], C & T>, FixtureOptions];
};

/** `test`, `it`, and what `extend` makes of them. `C` is the context of the cases. */
export interface TestRoot<C = TestContext> extends Variant<(context: C) => unknown, C> {
  /**
   * Declares fixtures: what cases find in their context when they take it apart there.
   *
   * ```ts
   * const withServer = test.extend<{ server: Server }>({
   *   server: async ({}, use) => { const server = start(); await use(server); server.stop(); },
   * });
   * withServer("answers", ({ server }) => { … });
   * ```
   */
  extend<T extends object>(fixtures: FixturesOf<T, C>): TestRoot<C & T>;
}

/** Adds a hook to the suite around it. */
export type Hook = (body: Body, timeout?: number | Options) => void;

/** Asks for a call at the end of the run of a case. */
export type Later = (body: Body, timeout?: number | Options) => void;

/** What a case gets where it says nothing itself; -1: what the run says. */
interface Inherited {
  readonly timeout: number;
  readonly retry: number;
  readonly repeats: number;
  readonly fails: boolean;
}

/** The suite whose callback is running; 0 is the file. */
let suite = 0;
let inherited: Inherited = { timeout: -1, retry: -1, repeats: 0, fails: false };

/** The titles of the suites, by their numbers; that of the file is empty. */
const suiteTitles: string[] = newList();
push(suiteTitles, "");
/** The titles of the cases, and their suites, by the numbers of the cases. */
const caseTitles: string[] = newList();
const caseSuites: number[] = newList();

/** The titles of the case that runs, and of its suite. */
export function titles(): { readonly name: string; readonly suite: string } {
  const number = owner() - 1;
  return { name: caseTitles[number] ?? "", suite: suiteTitles[caseSuites[number] ?? 0] };
}

const AsyncFunctionPrototype: object = prototypeOf(async () => {});
const generators: readonly object[] = freeze([prototypeOf(function* () {}), prototypeOf(async function* () {})]);

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
interface Request extends Omit<Inherited, "fails"> {
  /** Whether its body is to fail; `undefined`: what is said around it. */
  readonly fails: boolean | undefined;
  readonly mode: Mode;
  readonly body: Callback | undefined;
  /** What `extend` has declared. */
  readonly fixtures: Fixtures | undefined;
}

function checkTimeout(what: string, timeout: unknown): number {
  if (timeout === undefined) return -1;
  if (isFiniteNumber(timeout) && (timeout as number) > 0) return timeout as number;
  throw usageError(
    what + "() has a timeout that is not a positive number of milliseconds: " + printInline(timeout, 80),
  );
}

/** The most that a case can be run again. */
const MAX_AGAIN = 100_000;

function checkCount(what: string, key: string, count: unknown, otherwise: number): number {
  if (count === undefined) return otherwise;
  if (isInteger(count) && (count as number) >= 0 && (count as number) <= MAX_AGAIN) return count as number;
  throw usageError(what + "() has a " + key + " that is not a whole number from 0: " + printInline(count, 80));
}

const KEYS: Record<string, true> = {
  __proto__: null as never,
  timeout: true,
  retry: true,
  repeats: true,
  skip: true,
  only: true,
  todo: true,
  fails: true,
  concurrent: true,
  sequential: true,
  shuffle: true,
};

function checkKeys(what: string, options: object): void {
  const keys = objectKeys(options);
  for (let i = 0; i < keys.length; i++) {
    if (KEYS[keys[i]] !== true) throw (part("test/again.ts") as typeof AgainPart).unknownOption(what, keys[i], KEYS);
  }
}

function readRequest(state: State, title: string, second: unknown, third: unknown): Request {
  const { what } = state;
  const first = isOptions(second);
  const body = first ? third : second;
  const options = first ? second : third;
  if (body !== undefined && typeof body !== "function") {
    throw usageError(what + "() needs a function as its body, not " + printInline(body, 80));
  }
  if (body !== undefined && (prototypeOf(body) === generators[0] || prototypeOf(body) === generators[1])) {
    throw usageError(what + "() has a generator as its body, which would never run: write a function, or an async function");
  }
  if (options !== undefined && !isOptions(options)) {
    throw usageError(
      what + "() takes a timeout in milliseconds, or { timeout, skip, only, todo }, not " + printInline(options, 80),
    );
  }
  let { mode } = state;
  let fails = state.fails ? true : undefined;
  let timeout: unknown = options;
  let retry = -1;
  let repeats = -1;
  if (typeof options === "object") {
    checkKeys(what, options as object);
    const given = options as Options;
    timeout = given.timeout;
    retry = checkCount(what, "retry", given.retry, -1);
    repeats = checkCount(what, "repeats", given.repeats, -1);
    if (given.fails !== undefined) fails = state.fails || given.fails === true;
    if (mode === "run") mode = given.todo ? "todo" : given.skip ? "skip" : given.only ? "only" : "run";
  }
  if (body === undefined && mode !== "todo" && mode !== "skip") {
    const call = what + "(" + printInline(title, 80);
    throw usageError(
      call +
        ") has no function as its body; if it is only planned, write " +
        state.root +
        ".todo(" +
        printInline(title, 80) +
        ")",
    );
  }
  return {
    mode,
    body: body as Callback | undefined,
    fixtures: state.fixtures,
    timeout: checkTimeout(what, timeout),
    retry,
    repeats,
    fails,
  };
}

type AddOne = (what: string, title: string, request: Request, stack: string, row?: RowCall) => void;

/** How the body is called for a row of a table. */
interface RowCall {
  readonly args: readonly unknown[];
  /** Whether the context comes behind them; otherwise it is Jest's `done`, if the body has one parameter more. */
  readonly context: boolean;
}

const NO_ARGUMENTS: readonly unknown[] = newList();

/** The number of parameters that a function says it has. */
function parameters(body: Callback): number {
  const length = tryGet(body, "length");
  return typeof length === "number" ? length : 0;
}

/** What is called in place of a function of the user's: it gets the arguments and, if it has a parameter for it, the context. */
function called(body: Callback, args: readonly unknown[], isDone: boolean): Callback {
  if (parameters(body) <= args.length) {
    return args.length === 0 ? body : (): unknown => apply(body, undefined, args);
  }
  return () => (part("test/context.ts") as typeof ContextPart).call(body, args, isDone);
}

/** The first of three numbers that somebody has chosen; -1 stands for none. */
function first(own: number, around: number, always: number): number {
  return own !== -1 ? own : around !== -1 ? around : always;
}

function addTest(_what: string, title: string, request: Request, stack: string, row?: RowCall): void {
  const { mode, body, fixtures } = request;
  const args = row === undefined ? NO_ARGUMENTS : row.args;
  const callback =
    body === undefined || mode === "todo"
      ? -1
      : fixtures === undefined
        ? keep(called(body, args, row !== undefined && !row.context))
        : keep(() => (part("test/fixtures.ts") as typeof FixturesPart).call(fixtures, body, args));
  const timeout = first(request.timeout, inherited.timeout, defaults.timeout);
  const retry = first(request.retry, inherited.retry, defaults.retry);
  const repeats = request.repeats === -1 ? inherited.repeats : request.repeats;
  const fails = request.fails ?? inherited.fails;
  const number = addCase(suite, capped(title, 2_000), mode, callback, timeout, stack);
  push(caseTitles, title);
  push(caseSuites, suite);
  if (retry !== -1 || repeats !== 0 || fails) {
    (part("test/again.ts") as typeof AgainPart).runAgain(number, retry, repeats, fails);
  }
}

function addDescribe(what: string, title: string, request: Request, stack: string, row?: RowCall): void {
  const { mode, body } = request;
  if (body !== undefined) refuseAsync(what, prototypeOf(body) === AsyncFunctionPrototype);
  const outer = suite;
  const outerInherited = inherited;
  suite = addSuite(outer, capped(title, 2_000), mode, stack);
  push(suiteTitles, title);
  inherited = {
    timeout: request.timeout === -1 ? outerInherited.timeout : request.timeout,
    retry: request.retry === -1 ? outerInherited.retry : request.retry,
    repeats: request.repeats === -1 ? outerInherited.repeats : request.repeats,
    fails: request.fails ?? outerInherited.fails,
  };
  try {
    if (body === undefined) return;
    const returned = row === undefined ? body() : apply(body, undefined, row.args);
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
    inherited = outerInherited;
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

/** What is known of `test`, `test.only`, … */
interface State {
  /** What it is called in messages: `test.only`. */
  readonly what: string;
  /** The name before the first dot. */
  readonly root: string;
  readonly add: AddOne;
  readonly mode: Mode;
  readonly fails: boolean;
  readonly fixtures: Fixtures | undefined;
}

const states: WeakMap<object, State> = new WeakMap();

/** Makes `test`, `test.only`, …: a function that adds one. Its methods are those of {@link methodsOf}. */
function variant(state: State): object {
  const one = (title: unknown, second?: unknown, third?: unknown): void => {
    const { what, add, mode } = state;
    checkPhase(what);
    const name = checkTitle(what, title);
    // `test(() => { … })`: the title may be left out.
    const isBody = typeof title === "function" && typeof second !== "function" && typeof third !== "function";
    const request =
      isBody && mode !== "todo" ? readRequest(state, name, title, second) : readRequest(state, name, second, third);
    add(what, name, request, callSite(one));
  };
  setPrototypeOf(one, state.add === addTest ? testMethods : describeMethods);
  weakSet(states, one, state);
  return freeze(one);
}

function tableOf(state: State, method: string, isFor: boolean): unknown {
  const what = state.what + "." + method;
  return freeze((...table: unknown[]): unknown => {
    checkPhase(what);
    const { rowsOf, titleOf } = part("test/each.ts") as typeof EachPart;
    const rows = rowsOf(what, table, isFor);
    const rest = (title: unknown, second?: unknown, third?: unknown): void => {
      checkPhase(what);
      const name = checkTitle(what, title);
      const request = readRequest(state, name, second, third);
      const stack = callSite(rest);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i];
        state.add(state.what, titleOf(name, row, i), request, stack, { args: row.args, context: isFor });
      }
    };
    return rest;
  });
}

/** Which of two modes holds: what leaves a case out wins. */
function modeOf(old: Mode, next: Mode): Mode {
  if (old === "todo" || next === "todo") return "todo";
  if (old === "skip" || next === "skip") return "skip";
  return old === "only" || next === "only" ? "only" : "run";
}

function changed(state: State, method: string, mode: Mode, fails: boolean): object {
  const { what, root, add, fixtures } = state;
  return variant({
    what: what + "." + method,
    root,
    add,
    mode: modeOf(state.mode, mode),
    fails: state.fails || fails,
    fixtures,
  });
}

type Method = (state: State, name: string) => unknown;
const accepted: Method = (state, name) => changed(state, name, "run", false);
const failing: Method = (state, name) => changed(state, name, "run", true);
const marked: Method = (state, name) => changed(state, name, name as Mode, false);
const METHODS: Record<string, Method> = {
  __proto__: null as never,
  skip: marked,
  only: marked,
  todo: marked,
  fails: failing,
  failing,
  concurrent: accepted,
  sequential: accepted,
  shuffle: accepted,
  each: (state, name) => tableOf(state, name, false),
  for: (state, name) => tableOf(state, name, true),
  skipIf: (state, name) => (condition: unknown) => changed(state, name, condition ? "skip" : "run", false),
  runIf: (state, name) => (condition: unknown) => changed(state, name, condition ? "run" : "skip", false),
  extend: (state) => (given: unknown) => {
    const { what, root, add, mode, fails } = state;
    if (add !== addTest) throw usageError(what + ".extend() is not there: test.extend() declares what cases get");
    const { declare } = part("test/fixtures.ts") as typeof FixturesPart;
    return variant({ what, root, add, mode, fails, fixtures: declare(what + ".extend", state.fixtures, given) });
  },
};

const methodNames = setPrototypeOf(objectKeys(METHODS), null);

/** Makes what stands behind the variants of a root. Behind it is `Function.prototype`, because they are functions. */
function methodsOf(root: string): object {
  const methods = (): void => {};
  for (let i = 0; i < methodNames.length; i++) {
    const name = methodNames[i];
    const method = METHODS[name];
    defineProperty(methods, name, {
      __proto__: null,
      get(this: object): unknown {
        const state = weakGet(states, this);
        return state === undefined ? undefined : method(state, name);
      },
    } as PropertyDescriptor);
  }
  return freeze(share(methods, root));
}

const describeMethods = methodsOf("describe");
const testMethods = methodsOf("test");

function rootOf<F>(root: string, add: AddOne): Root<F> {
  return variant({ what: root, root, add, mode: "run", fails: false, fixtures: undefined }) as Root<F>;
}

/** What a hook returned: a function is called when the case, or the suite, is over. */
function withTeardown(returned: unknown, timeout: number, stack: string): unknown {
  if (typeof returned === "function") {
    later("teardown", returned as Callback, timeout, stack);
    return undefined;
  }
  if (!isThenable(returned)) return returned;
  return new Promise<void>((resolve, reject) => {
    whenSettled(
      returned,
      (value) => {
        if (typeof value === "function") later("teardown", value as Callback, timeout, stack);
        resolve();
      },
      reject,
    );
  });
}

function later(kind: "teardown" | "finished" | "failed", body: Callback, timeout: number, stack: string): void {
  const number = keep(() => {
    drop(number);
    return body();
  });
  (part("test/again.ts") as typeof AgainPart).later(kind, number, timeout, stack);
}

function hook(kind: HookKind): Hook {
  const add = (body: unknown, options?: unknown): void => {
    checkPhase(kind);
    if (typeof body !== "function") throw usageError(kind + "() needs a function, not " + printInline(body, 80));
    const timeout = checkTimeout(kind, isObject(options) ? (options as Options).timeout : options);
    const stack = callSite(add);
    const call = called(body as Callback, NO_ARGUMENTS, false);
    const before = kind === "beforeAll" || kind === "beforeEach";
    addHook(suite, kind, keep(before ? () => withTeardown(call(), timeout, stack) : call), timeout, stack);
  };
  return freeze(add);
}

/** `onTestFinished`, `onTestFailed` */
function laterHook(name: string, kind: "finished" | "failed"): Later {
  const add = (body: unknown, options?: unknown): void => {
    onlyInTests(name);
    if (typeof body !== "function") throw usageError(name + "() needs a function, not " + printInline(body, 80));
    if (phase() !== "run" || owner() === 0) throw usageError(name + "() can be called only while a case runs");
    const timeout = checkTimeout(name, isObject(options) ? (options as Options).timeout : options);
    later(kind, called(body as Callback, NO_ARGUMENTS, false), timeout, callSite(add));
  };
  return freeze(add);
}

/** Groups cases under a title. The callback runs at once; it must not be async. */
export const describe: Root<() => void> = rootOf("describe", addDescribe);
/** The same as {@link describe}. */
export const suiteOf: Root<() => void> = rootOf("suite", addDescribe);
/** Adds a case: `test("adds", () => { expect(1 + 1).toBe(2); })`. */
export const test: TestRoot = rootOf("test", addTest) as TestRoot;
/** The same as {@link test}. */
export const it: TestRoot = rootOf("it", addTest) as TestRoot;
/** `test.skip` */
export const xtest: Variant<Body> = test.skip;
/** `it.skip` */
export const xit: Variant<Body> = it.skip;
/** `it.only` */
export const fit: Variant<Body> = it.only;
/** `describe.skip` */
export const xdescribe: Variant<() => void> = describe.skip;
/** `describe.only` */
export const fdescribe: Variant<() => void> = describe.only;
/** Runs once before the cases of the suite around it. A function that it returns is called after them. */
export const beforeAll: Hook = hook("beforeAll");
/** Runs before each case of the suite around it, and of the suites in it. A function that it returns is called after the case. */
export const beforeEach: Hook = hook("beforeEach");
/** Runs after each case of the suite around it, and of the suites in it. */
export const afterEach: Hook = hook("afterEach");
/** Runs once after the cases of the suite around it. */
export const afterAll: Hook = hook("afterAll");
/** Asks, in a case, for a call when the case is over. The last one that was asked for is called first. */
export const onTestFinished: Later = laterHook("onTestFinished", "finished");
/** Asks, in a case, for a call when the case is over and has failed. The last one that was asked for is called first. */
export const onTestFailed: Later = laterHook("onTestFailed", "failed");

/** Does nothing: types are looked at by the TypeScript compiler, and this accepts whatever is said of them. */
export function expectTypeOf<T>(_value?: T): TypeExpectation {
  return anyChain as TypeExpectation;
}

/** A statement about a type. */
type TypeStatement = <Expected = unknown>(...values: any[]) => true;

/** What can be said of types. None of it is checked: it is here so that files of Vitest compile and run. */
export type TypeExpectation = {
  readonly [
    K in
      | "toBeAny"
      | "toBeArray"
      | "toBeBigInt"
      | "toBeBoolean"
      | "toBeCallableWith"
      | "toBeConstructibleWith"
      | "toBeFunction"
      | "toBeNever"
      | "toBeNull"
      | "toBeNullable"
      | "toBeNumber"
      | "toBeObject"
      | "toBeString"
      | "toBeSymbol"
      | "toBeUndefined"
      | "toBeUnknown"
      | "toBeVoid"
      | "toEqualTypeOf"
      | "toExtend"
      | "toMatchObjectType"
      | "toMatchTypeOf"
  ]: TypeStatement;
} & {
  readonly [
    K in
      | "asserts"
      | "branded"
      | "constructorParameters"
      | "guards"
      | "instance"
      | "items"
      | "not"
      | "parameters"
      | "resolves"
      | "returns"
      | "thisParameter"
  ]: TypeExpectation;
} & {
  readonly [K in "exclude" | "extract" | "map" | "omit" | "parameter" | "pick" | "toHaveProperty"]: <Chosen = unknown>(
    ...values: any[]
  ) => TypeExpectation;
};

/** Does nothing: the TypeScript compiler looks at the type of the value. */
export function assertType<T>(_value: T): void {}

const NativeProxy = Proxy;
/** What gives itself, whatever is asked of it. */
const anyChain: unknown = new NativeProxy(() => {}, {
  get: (_target, key) => (key === "then" ? undefined : anyChain),
  apply: () => anyChain,
});
