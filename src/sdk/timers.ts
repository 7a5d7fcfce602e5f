/** Timers and microtasks. What a callback throws fails the case in whose name it was started. */

import { clearTimer, owner, setTimer, uncaught } from "husako:host";
import { drop, find, keep } from "./callbacks.ts";
import type { Callback } from "./callbacks.ts";
import { apply, Map, mapDelete, mapGet, mapSet, newList, push, toNumber } from "./primordials.ts";
import { enqueue } from "./promises.ts";
import { usageError } from "./stack.ts";
import { describeError } from "./test/errors.ts";
import { printInline } from "./test/format.ts";

/** The longest delay, in milliseconds. */
const MAX_DELAY = 2_147_483_647;

/** The callbacks of the timers that have not ended, by the timers' numbers. */
const pending: Map<number, number> = new Map();

function guarded(body: Callback, args: ArrayLike<unknown>): () => void {
  const started = owner();
  return () => {
    try {
      apply(body, undefined, args);
    } catch (error) {
      uncaught(started, describeError(error));
    }
  };
}

function checkCallback(what: string, body: unknown): Callback {
  if (typeof body === "function") return body as Callback;
  throw usageError(what + "() needs a function, not " + printInline(body, 80));
}

function start(body: Callback, delay: unknown, repeat: boolean, args: ArrayLike<unknown>): number {
  const milliseconds = toNumber(delay);
  // NaN and negative delays mean "as soon as possible", as everywhere.
  const bounded = milliseconds > 0 ? (milliseconds < MAX_DELAY ? milliseconds : MAX_DELAY) : 0;
  const run = guarded(body, args);
  let timer = 0;
  const callback = keep(() => {
    if (!repeat) {
      drop(callback);
      mapDelete(pending, timer);
    }
    run();
  });
  timer = setTimer(callback, bounded, repeat);
  mapSet(pending, timer, callback);
  return timer;
}

function rest(args: readonly unknown[], from: number): unknown[] {
  const list: unknown[] = newList();
  for (let i = from; i < args.length; i++) push(list, args[i]);
  return list;
}

/** Calls a function after `delay` milliseconds. */
export function setTimeout(callback: unknown, delay?: unknown, ...args: unknown[]): number {
  return start(checkCallback("setTimeout", callback), delay, false, rest(args, 0));
}

/** Calls a function every `delay` milliseconds. */
export function setInterval(callback: unknown, delay?: unknown, ...args: unknown[]): number {
  return start(checkCallback("setInterval", callback), delay, true, rest(args, 0));
}

/** Calls a function as soon as what runs now is over. */
export function setImmediate(callback: unknown, ...args: unknown[]): number {
  return start(checkCallback("setImmediate", callback), 0, false, rest(args, 0));
}

/** Ends a timer. Anything that is not the number of one is ignored. */
export function clearTimeout(timer?: unknown): void {
  if (typeof timer !== "number") return;
  const callback = mapGet(pending, timer);
  if (callback === undefined) return;
  mapDelete(pending, timer);
  drop(callback);
  clearTimer(timer);
}

/** Calls a function when the current job is over. */
export function queueMicrotask(callback: unknown): void {
  enqueue(guarded(checkCallback("queueMicrotask", callback), newList()));
}

/** Runs a timer's callback. A timer that has just been cleared does nothing. */
export function fire(callback: number): void {
  find(callback)?.();
}
