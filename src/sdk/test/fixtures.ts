/** What `test.extend` gives to cases. A part: loaded when the first fixture is declared. */

import { part } from "husako:host";
import type { Callback } from "../callbacks.ts";
import {
  apply,
  codeAt,
  defineProperty,
  functionText,
  hasOwn,
  indexOf,
  isArray,
  isObject,
  newList,
  objectKeys,
  Promise,
  push,
  setPrototypeOf,
  slice,
  trim,
} from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { usageError } from "../stack.ts";
import type * as ContextPart from "./context.ts";
import { printInline } from "./format.ts";
import { onTestFinished } from "./suite.ts";

/** One fixture. */
interface Fixture {
  readonly name: string;
  /** The value, or the function that makes it. */
  readonly value: unknown;
  /** The names that the function takes out of the context. */
  readonly needs: readonly string[];
  /** Whether every case gets it, asked for or not. */
  readonly auto: boolean;
}

/** Fixtures by name. */
export type Fixtures = Record<string, Fixture>;

const OPTIONS = " auto scope injected ";

/** The options of `[value, options]`; `undefined` where the value is just a list. */
function optionsOf(given: unknown): object | undefined {
  if (!isArray(given) || given.length !== 2 || !isObject(given[1])) return undefined;
  const keys = objectKeys(given[1]);
  for (let i = 0; i < keys.length; i++) if (indexOf(OPTIONS, " " + keys[i] + " ") === -1) return undefined;
  return keys.length === 0 ? undefined : given[1];
}

/** Adds fixtures to those that there are. `what` is the call. */
export function declare(what: string, before: Fixtures | undefined, given: unknown): Fixtures {
  if (!isObject(given) || typeof given === "function") {
    throw usageError(what + "() needs an object of fixtures, not " + printInline(given, 80));
  }
  const all: Fixtures = { __proto__: null as never };
  const known = before === undefined ? newList<string>() : setPrototypeOf(objectKeys(before), null);
  for (let i = 0; i < known.length; i++) all[known[i]] = before![known[i]];
  const names = setPrototypeOf(objectKeys(given), null);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const stated = (given as Record<string, unknown>)[name];
    const options = optionsOf(stated) as { auto?: unknown; scope?: unknown } | undefined;
    const value = options === undefined ? stated : (stated as unknown[])[0];
    const scope = options?.scope;
    if (scope !== undefined && scope !== "test") {
      throw usageError(
        what + "(): the fixture " + name + " has the scope " + printInline(scope, 40) +
          ", and only those of one case are there; make what cases share in beforeAll()",
      );
    }
    const needs = typeof value === "function" ? namesOf(value as Callback, 0, what + "(): the fixture " + name) : NONE;
    all[name] = { name, value, needs, auto: options?.auto === true };
  }
  return all;
}

const NONE: readonly string[] = newList();

/** Where the bracket that is open at `start` is closed. */
function closing(text: string, start: number): number {
  let depth = 0;
  let quote = 0;
  for (let i = start; i < text.length; i++) {
    const code = codeAt(text, i);
    if (quote !== 0) {
      if (code === 0x5c) i++;
      else if (code === quote) quote = 0;
    } else if (code === 0x22 || code === 0x27 || code === 0x60) quote = code;
    else if (code === 0x28 || code === 0x5b || code === 0x7b) depth++;
    else if ((code === 0x29 || code === 0x5d || code === 0x7d) && --depth === 0) return i;
  }
  return text.length;
}

/** The parts of a text between its commas, but for those within brackets. */
function parts(text: string): string[] {
  const found: string[] = newList();
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? 0x2c : codeAt(text, i);
    if (code === 0x28 || code === 0x5b || code === 0x7b) i = closing(text, i);
    else if (code === 0x22 || code === 0x27 || code === 0x60) {
      for (i++; i < text.length && codeAt(text, i) !== code; i++) if (codeAt(text, i) === 0x5c) i++;
    } else if (code === 0x2c) {
      push(found, trim(slice(text, start, i)));
      start = i + 1;
    }
  }
  return found;
}

/** The text before the first of some signs. */
function before(text: string, signs: string): string {
  for (let i = 0; i < text.length; i++) if (indexOf(signs, text[i]) !== -1) return trim(slice(text, 0, i));
  return text;
}

/** The names that a function takes out of its parameter with the number `index`. `whose` names it in errors. */
function namesOf(body: Callback, index: number, whose: string): readonly string[] {
  const text = functionText(body);
  const open = indexOf(text, "(");
  const arrow = indexOf(text, "=>");
  const isBare = open === -1 || (arrow !== -1 && arrow < open);
  const list = isBare ? before(text, "=") : slice(text, open + 1, closing(text, open));
  const parameter = parts(list)[index];
  if (parameter === undefined || parameter === "") return NONE;
  if (parameter[0] !== "{") {
    throw usageError(
      whose + " has to take its context apart, as in ({ page }) => …, so that it is known which fixtures it needs; it says " +
        printInline(parameter, 60),
    );
  }
  const names: string[] = newList();
  const taken = parts(slice(parameter, 1, closing(parameter, 0)));
  for (let i = 0; i < taken.length; i++) {
    if (taken[i] === "") continue;
    if (slice(taken[i], 0, 3) === "...") throw usageError(whose + " cannot take " + taken[i] + ": name what it needs");
    push(names, before(taken[i], ":="));
  }
  return names;
}

/** Adds a fixture behind all that it needs. */
function order(list: Fixture[], fixtures: Fixtures, name: string, around: readonly string[]): void {
  const fixture = fixtures[name];
  // `task`, `expect` and their like are there anyway.
  if (fixture === undefined) return;
  for (let i = 0; i < list.length; i++) if (list[i] === fixture) return;
  const path: string[] = newList();
  for (let i = 0; i < around.length; i++) {
    if (around[i] === name) throw usageError("the fixture " + name + " needs itself, by way of " + around[around.length - 1]);
    push(path, around[i]);
  }
  push(path, name);
  for (let i = 0; i < fixture.needs.length; i++) order(list, fixtures, fixture.needs[i], path);
  push(list, fixture);
}

function put(context: object, name: string, value: unknown): void {
  defineProperty(context, name, { __proto__: null, value, enumerable: true, configurable: true } as PropertyDescriptor);
}

/** Makes a fixture, and goes on; its function goes on when the case is over. */
function setUp(fixture: Fixture, context: object, next: () => void, fail: (error: unknown) => void): void {
  const { name, value: make } = fixture;
  if (typeof make !== "function") {
    put(context, name, make);
    next();
    return;
  }
  let isReady = false;
  let release: (() => void) | undefined;
  const use = (value: unknown): unknown => {
    if (isReady) throw usageError("the fixture " + name + " has called use() more than once");
    isReady = true;
    put(context, name, value);
    // Not from within the fixture: what the case throws is nothing to it.
    whenSettled(new Promise<void>((resolve) => resolve()), next, fail);
    return new Promise<void>((resolve) => {
      release = resolve;
    });
  };
  let returned: unknown;
  try {
    returned = apply(make, undefined, [context, use]);
  } catch (error) {
    fail(error);
    return;
  }
  const unused = (): void => {
    if (!isReady) fail(usageError("the fixture " + name + " is over and has not called use()"));
  };
  if (!isThenable(returned)) {
    unused();
    return;
  }
  const over = new Promise<void>((resolve, reject) => {
    whenSettled(
      returned,
      () => {
        unused();
        resolve();
      },
      (error) => {
        if (isReady) {
          reject(error);
          return;
        }
        fail(error);
        resolve();
      },
    );
  });
  onTestFinished(() => {
    release?.();
    return isReady ? over : undefined;
  });
}

/** Calls the body of a case with the fixtures that it needs in its context, behind the arguments. */
export function call(fixtures: Fixtures, body: Callback, args: readonly unknown[]): unknown {
  const needed: Fixture[] = newList();
  const all = setPrototypeOf(objectKeys(fixtures), null);
  const named = namesOf(body, args.length, "the body of the case");
  for (let i = 0; i < all.length; i++) if (fixtures[all[i]].auto) order(needed, fixtures, all[i], NONE);
  for (let i = 0; i < named.length; i++) if (hasOwn(fixtures, named[i])) order(needed, fixtures, named[i], NONE);
  const { call: callBody, contextNow, isSkip } = part("test/context.ts") as typeof ContextPart;
  const context = contextNow();
  return new Promise<unknown>((resolve, reject) => {
    const fail = (error: unknown): void => (isSkip(error) ? resolve(undefined) : reject(error));
    const from = (index: number): void => {
      try {
        if (index < needed.length) setUp(needed[index], context, () => from(index + 1), fail);
        else resolve(callBody(body, args, false));
      } catch (error) {
        fail(error);
      }
    };
    from(0);
  });
}
