/** What the host calls, and the globals that every file has. Internal. */

import { part, random } from "husako:host";
import { find } from "./callbacks.ts";
import { defineProperty, isObject, split } from "./primordials.ts";
import { adopt } from "./promises.ts";
import { usageError } from "./stack.ts";
import { clearTimeout, queueMicrotask, setImmediate, setInterval, setTimeout } from "./timers.ts";

export { describeError } from "./test/errors.ts";
export { begin, end } from "./test/current.ts";
export { fire } from "./timers.ts";

/**
 * Calls the function of a case or hook, and throws what it throws. If it returns a promise or another object, that comes
 * back as a native promise, settled with it, that nothing of the user's can divert: its `then` is its own. Otherwise
 * gives `undefined`.
 */
export function invoke(callback: number): unknown {
  const body = find(callback);
  if (body === undefined) throw usageError("there is no callback number " + callback);
  const returned = body();
  // Whether an object is a thenable shows only when it is resolved: its `then` may be a getter that throws.
  return isObject(returned) ? adopt(returned) : undefined;
}

function install(name: string, value: unknown): void {
  defineProperty(globalThis, name, {
    __proto__: null,
    value,
    writable: true,
    configurable: true,
  } as PropertyDescriptor);
}

/** The globals that few files need, and the parts that have them: each is loaded when it is asked for. */
const LATER: readonly string[] = [
  "environment/abort.ts",
  "AbortController AbortSignal Event EventTarget",
  "environment/clock.ts",
  "Date performance",
  "environment/clone.ts",
  "structuredClone",
  "environment/text.ts",
  "TextDecoder TextEncoder",
  "environment/url.ts",
  "URL URLSearchParams",
  "console.ts",
  "console",
];

function installLater(name: string, path: string): void {
  defineProperty(globalThis, name, {
    __proto__: null,
    get(): unknown {
      const value = (part(path) as Record<string, unknown>)[name];
      install(name, value);
      return value;
    },
    set: (value: unknown): void => install(name, value),
    configurable: true,
  } as PropertyDescriptor);
}

for (let i = 0; i < LATER.length; i += 2) {
  const names = split(LATER[i + 1], " ");
  for (let j = 0; j < names.length; j++) installLater(names[j], LATER[i]);
}

defineProperty(Math, "random", {
  __proto__: null,
  value: random,
  writable: true,
  configurable: true,
} as PropertyDescriptor);
install("setTimeout", setTimeout);
install("setInterval", setInterval);
install("setImmediate", setImmediate);
install("clearTimeout", clearTimeout);
install("clearInterval", clearTimeout);
install("clearImmediate", clearTimeout);
install("queueMicrotask", queueMicrotask);
