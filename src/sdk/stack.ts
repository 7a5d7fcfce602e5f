/** Stacks that user code cannot shape. */

import { descriptorOf, Error, hasOwn, TypeError, uncurryThis } from "./primordials.ts";

// In QuickJS both are accessors of `Error` over a value that the engine keeps, so the original getter and setter
// reach that value even after a test has redefined the property.
const prepare = descriptorOf(Error, "prepareStackTrace");
const limit = descriptorOf(Error, "stackTraceLimit");
const getPrepare = prepare?.get && uncurryThis(prepare.get);
const setPrepare = prepare?.set && uncurryThis(prepare.set);
const getLimit = limit?.get && uncurryThis(limit.get);
const setLimit = limit?.set && uncurryThis(limit.set);
const stackProperty = descriptorOf(Error.prototype, "stack");
const getStack = stackProperty?.get && uncurryThis(stackProperty.get);

/** How many frames the engine keeps unless somebody says otherwise. */
const usualLimit: unknown = getLimit?.(Error);

/** More than the ten frames of the engine, because those of the harness count too. */
const FRAMES = 40;

/** The caller may be reached through functions of the engine, such as `Reflect.apply`, which have no place. */
const CALLER_FRAMES = 4;

/** Makes an error whose stack is the engine's own text, whatever the user did to `Error`. */
export function withPlainStack<T>(make: () => T, frames: number = FRAMES): T {
  if (getPrepare === undefined || setPrepare === undefined || getLimit === undefined || setLimit === undefined) {
    return make();
  }
  const userPrepare = getPrepare(Error);
  const userLimit = getLimit(Error);
  setPrepare(Error, undefined);
  setLimit(Error, frames);
  try {
    return make();
  } finally {
    setPrepare(Error, userPrepare);
    setLimit(Error, userLimit);
  }
}

/** The stack of an error as text; empty if it has none, or something else in its place. */
export function stackOf(error: unknown): string {
  try {
    const own = descriptorOf(error, "stack");
    let stack: unknown;
    if (own === undefined) stack = getStack?.(error);
    else if (hasOwn(own, "value")) stack = own.value;
    else if (typeof own.get === "function") stack = uncurryThis(own.get)(error);
    return typeof stack === "string" ? stack : "";
  } catch {
    return "";
  }
}

/** The stack of the caller. */
export function captureStack(): string {
  return stackOf(withPlainStack(() => new Error()));
}

const captureAbove = (Error as unknown as { captureStackTrace(target: object, callee: object): void }).captureStackTrace;

/** Who called `callee`, a function of the SDK that has not returned yet: a stack of few frames, which costs little. */
export function callerOf(callee: object): string {
  const holder: { stack?: unknown } = {};
  // Where nobody has touched it, there is nothing to put back.
  if (getPrepare?.(Error) === undefined && getLimit?.(Error) === usualLimit) captureAbove(holder, callee);
  else withPlainStack(() => captureAbove(holder, callee), CALLER_FRAMES);
  return typeof holder.stack === "string" ? holder.stack : "";
}

/** The error of a function of the SDK that is called in a way it cannot be. */
export function usageError(message: string): TypeError {
  return withPlainStack(() => new TypeError(message));
}
