/** Waiting for promises whose methods the user may have replaced. */

import { defineProperty, isObject, ObjectPrototype, Promise, promiseThen, prototypeOf } from "./primordials.ts";

const PromisePrototype: object = Promise.prototype;

// `then` makes its result with the class that `constructor` names. An object without `Symbol.species` stands for the
// engine's own promise.
const noSpecies = { __proto__: null } as unknown as object;
const OWN_CONSTRUCTOR = { __proto__: null, value: noSpecies, configurable: true } as PropertyDescriptor;

/** Ties a promise to the engine's own `then`, for those who look the method up. */
const OWN_THEN = {
  __proto__: null,
  value: Promise.prototype.then,
  configurable: true,
} as PropertyDescriptor;

function inheritsPromise(value: object): boolean {
  let prototype = prototypeOf(value);
  while (prototype !== null && prototype !== ObjectPrototype) {
    if (prototype === PromisePrototype) return true;
    prototype = prototypeOf(prototype);
  }
  return false;
}

/**
 * Calls back when a native promise settles, in a later job. Gives `false`, and calls nothing, if the value is none.
 */
export function follow(
  value: unknown,
  fulfilled: (value: unknown) => unknown,
  rejected: (reason: unknown) => unknown,
): boolean {
  if (!isObject(value)) return false;
  try {
    if (!inheritsPromise(value)) return false;
  } catch {
    return false;
  }
  try {
    promiseThen(value, fulfilled, rejected);
    return true;
  } catch {
    // Either it only inherits from a promise, or its constructor has been tampered with.
  }
  if (!defineProperty(value, "constructor", OWN_CONSTRUCTOR)) return false;
  try {
    promiseThen(value, fulfilled, rejected);
    return true;
  } catch {
    return false;
  }
}

/** Whether something has to be waited for: a native promise, or an object with a method `then`. */
export function isThenable(value: unknown): boolean {
  if (!isObject(value)) return false;
  try {
    return inheritsPromise(value) || typeof (value as { then?: unknown }).then === "function";
  } catch {
    return false;
  }
}

/** Calls back when a promise or thenable settles; anything else counts as settled. */
export function whenSettled(
  value: unknown,
  fulfilled: (value: unknown) => unknown,
  rejected: (reason: unknown) => unknown,
): void {
  if (follow(value, fulfilled, rejected)) return;
  follow(new Promise<unknown>((resolve) => resolve(value)), fulfilled, rejected);
}

/** A new promise that settles when the given promise or thenable does, and that the user's code cannot divert. */
export function adopt(value: unknown): Promise<void> {
  const promise = new Promise<void>((resolve, reject) => whenSettled(value, () => resolve(), reject));
  defineProperty(promise, "constructor", OWN_CONSTRUCTOR);
  defineProperty(promise, "then", OWN_THEN);
  return promise;
}

const settled: Promise<void> = new Promise<void>((resolve) => resolve());
defineProperty(settled, "constructor", OWN_CONSTRUCTOR);

/** Runs something in a microtask. It must not throw. */
export function enqueue(job: () => void): void {
  promiseThen(settled, job, undefined);
}
