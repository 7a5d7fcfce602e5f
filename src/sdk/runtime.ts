/** What the host calls, and the globals that every file has. Internal. */

import { find } from "./callbacks.ts";
import { console } from "./console.ts";
import { defineProperty } from "./primordials.ts";
import { adopt, isThenable } from "./promises.ts";
import { usageError } from "./stack.ts";
import { clearTimeout, queueMicrotask, setImmediate, setInterval, setTimeout } from "./timers.ts";

export { describeError } from "./test/errors.ts";
export { fire } from "./timers.ts";

/**
 * Calls the function of a case or hook, and throws what it throws. A promise or thenable that it returns comes back as a
 * native promise that nothing of the user's can divert: its `then` is its own.
 */
export function invoke(callback: number): unknown {
  const body = find(callback);
  if (body === undefined) throw usageError(`there is no callback number ${callback}`);
  const returned = body();
  return isThenable(returned) ? adopt(returned) : undefined;
}

function install(name: string, value: unknown): void {
  defineProperty(globalThis, name, { __proto__: null, value, writable: true, configurable: true } as PropertyDescriptor);
}

install("console", console);
install("setTimeout", setTimeout);
install("setInterval", setInterval);
install("setImmediate", setImmediate);
install("clearTimeout", clearTimeout);
install("clearInterval", clearTimeout);
install("clearImmediate", clearTimeout);
install("queueMicrotask", queueMicrotask);
