/** What the body of a case gets as its argument. A part: loaded when a function that has a parameter for it is called. */

import { owner } from "husako:host";
import { isFailing, skipCase } from "husako:host/suite";
import type { Callback } from "../callbacks.ts";
import {
  apply,
  codeAt,
  defineProperty,
  Error,
  freeze,
  functionText,
  indexOf,
  newList,
  Promise,
  push,
  slice,
  toText,
  trim,
} from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { usageError } from "../stack.ts";
import { current } from "./current.ts";
import type { Run } from "./current.ts";
import { expect } from "./expect.ts";
import { onTestFailed, onTestFinished, titles } from "./suite.ts";
import type { Later } from "./suite.ts";
import { capped } from "./text.ts";

/** What is known of the case. */
export interface Task {
  /** Its number in the file, as text. */
  readonly id: string;
  /** Its title. */
  readonly name: string;
  /** Always `test`. */
  readonly type: "test";
  /** Always `run`. */
  readonly mode: "run";
  /** The suite around it. */
  readonly suite: { readonly name: string };
  /** For your own use. */
  readonly meta: Record<string, unknown>;
  /** How it goes. */
  readonly result: {
    /** `fail` from `afterEach` on, when something has gone wrong; else `run`. */
    readonly state: "run" | "fail";
    /** How often it has failed before. */
    readonly retryCount: number;
    /** How often it has passed before. */
    readonly repeatCount: number;
  };
}

/**
 * What a case and its hooks get as their argument. It can be called, as Jest's `done`: a function whose first parameter is called
 * `done`, `cb` or `callback` is waited for until it does.
 */
export interface TestContext {
  /** Says that the case is over, and that it failed if there is an error. */
  (error?: unknown): void;
  /** Says that the case has failed. */
  fail(error?: unknown): void;
  /** What is known of the case. */
  readonly task: Task;
  /** The same as the `expect` that is imported. */
  readonly expect: typeof expect;
  /** Ends the case here and counts it as skipped; with a condition, only where that holds. */
  skip(note?: string): never;
  skip(condition: boolean, note?: string): void;
  /** Asks for a call when the case is over. */
  readonly onTestFinished: Later;
  /** Asks for a call when the case is over and has failed. */
  readonly onTestFailed: Later;
}

/** What `skip` throws to leave the function. */
const SKIP: Error = freeze(new Error("the case is skipped"));

/** Skips the case whose run is `run`. */
function skip(run: Run | undefined, first?: unknown, second?: unknown): void {
  if (first === false) return;
  if (run === undefined || run !== current()) throw usageError("skip() can be called only while its case runs");
  const note = typeof first === "string" ? first : typeof second === "string" ? second : "";
  skipCase(note === "" ? "skip()" : capped(note, 1_000));
  throw SKIP;
}

function fixed(target: object, key: string, value: unknown): void {
  defineProperty(target, key, { __proto__: null, value, enumerable: true, configurable: true } as PropertyDescriptor);
}

/** Is told what `done` is called with. */
interface Waiting {
  settle: (error: unknown) => void;
}

function unasked(): void {
  throw usageError("nobody waits for this call: a function that says itself when it is over calls its parameter done");
}

function twice(): void {
  throw usageError("done() was called more than once");
}

interface Made {
  readonly context: object;
  readonly waiting: Waiting;
}

function make(): Made {
  const run = current();
  const waiting: Waiting = { settle: unasked };
  const context = (error?: unknown): void => waiting.settle(error);
  fixed(context, "fail", (error?: unknown): void => waiting.settle(error ?? new Error("done.fail() was called")));
  const { name, suite } = titles();
  const result = { retryCount: run === undefined ? 0 : run.retry, repeatCount: run === undefined ? 0 : run.repeat };
  defineProperty(result, "state", {
    __proto__: null,
    get: () => (isFailing() ? "fail" : "run"),
    enumerable: true,
  } as PropertyDescriptor);
  fixed(context, "task", {
    id: toText(owner()),
    name,
    type: "test",
    mode: "run",
    suite: { name: suite },
    meta: {},
    result,
  });
  fixed(context, "expect", expect);
  fixed(context, "skip", (first?: unknown, second?: unknown): void => skip(run, first, second));
  fixed(context, "onTestFinished", onTestFinished);
  fixed(context, "onTestFailed", onTestFailed);
  return { context, waiting };
}

/** Whether an error is the one that `skip` throws. */
export function isSkip(error: unknown): boolean {
  return error === SKIP;
}

/** The argument of the functions of the case that runs. */
export function contextNow(): object {
  return contextOf().context;
}

/** The context of the run of the case that goes on: the same one for its hooks and its body. */
function contextOf(): Made {
  const run = current();
  if (run === undefined) return make();
  if (run.context === undefined) run.context = make();
  return run.context as Made;
}

function isName(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x24
  );
}

/** The name of the first parameter of a function; empty if it has none, or is taken apart. */
function firstParameter(body: Callback): string {
  let text = trim(functionText(body));
  if (slice(text, 0, 5) === "async" && !isName(codeAt(text, 5))) text = trim(slice(text, 5));
  const arrow = indexOf(text, "=>");
  const open = indexOf(text, "(");
  // `done => …` has no parentheses before its arrow.
  if (open !== -1 && (arrow === -1 || open < arrow)) text = trim(slice(text, open + 1));
  let end = 0;
  while (end < text.length && isName(codeAt(text, end))) end++;
  return slice(text, 0, end);
}

/**
 * Calls a function of the user's with the arguments, and the context behind them.
 *
 * @param isDone whether the context is meant as Jest's `done`, whatever the parameter is called
 */
export function call(body: Callback, args: readonly unknown[], isDone: boolean): unknown {
  const made = contextOf();
  const all: unknown[] = newList();
  for (let i = 0; i < args.length; i++) push(all, args[i]);
  push(all, made.context);
  const first = args.length === 0 ? firstParameter(body) : "";
  if (isDone || first === "done" || first === "cb" || first === "callback") return waited(made.waiting, body, all);
  made.waiting.settle = unasked;
  let returned: unknown;
  try {
    returned = apply(body, undefined, all);
  } catch (error) {
    if (error === SKIP) return undefined;
    throw error;
  }
  if (!isThenable(returned)) return returned;
  return new Promise<unknown>((resolve, reject) => {
    whenSettled(returned, resolve, (reason) => (reason === SKIP ? resolve(undefined) : reject(reason)));
  });
}

/** Calls a function that says itself when it is over. What it throws counts, whatever it has said. */
function waited(waiting: Waiting, body: Callback, args: readonly unknown[]): unknown {
  let isOver = false;
  let problem: unknown;
  let finish: (() => void) | undefined;
  waiting.settle = (error) => {
    waiting.settle = twice;
    isOver = true;
    problem = error;
    finish?.();
  };
  let returned: unknown;
  try {
    returned = apply(body, undefined, args);
  } catch (error) {
    if (error === SKIP) return undefined;
    throw error;
  }
  if (isThenable(returned)) {
    whenSettled(
      returned,
      () => {},
      () => {},
    );
    throw usageError("a function cannot both take done and return a promise: leave out one of them");
  }
  return new Promise<void>((resolve, reject) => {
    finish = () => (problem === undefined || problem === null ? resolve() : reject(problem));
    if (isOver) finish();
  });
}
