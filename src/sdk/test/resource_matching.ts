/** Which parts of a resource a test speaks of, and whether they are as it says. */

import {
  assign,
  defineProperty,
  hasOwn,
  isArray,
  isObject,
  newList,
  objectKeys,
  push,
  regExpExec,
  tryGet,
} from "../primordials.ts";
import { EQUAL, equals } from "./equality.ts";
import { printInline } from "./format.ts";
import { kindOf } from "./kinds.ts";
import { own } from "./plain.ts";
import type { Lists } from "./plain.ts";
import { quote } from "./text.ts";

/** What became of a comparison. */
export interface Matched {
  /** Where the two differ, with what there is to say beside the diff. Without a prototype. */
  readonly problems: string[];
  /** What the test wants, with the received value wherever an asymmetric matcher agrees. */
  readonly expected: unknown;
  /** The part of the received value that the test speaks of. */
  readonly received: unknown;
}

/** Whether a value is an asymmetric matcher, such as `expect.quantity("1Gi")`. */
function isAsymmetric(value: unknown): value is { asymmetricMatch(other: unknown): unknown } {
  return isObject(value) && typeof tryGet(value, "asymmetricMatch") === "function";
}

function isMap(value: unknown): value is Record<string, unknown> {
  return isObject(value) && kindOf(value) === "object" && !isAsymmetric(value);
}

/**
 * Compares a part of a resource with what a test wants of it. Fields that it does not name do not count; of a list with keys,
 * each item must be matched by one with the same keys; any other list must match whole, item by item. A field that is
 * `undefined` must not be there.
 *
 * @param expected plain values and asymmetric matchers
 * @param lists what the lists in `received` are told apart by
 * @param path where `received` is
 */
export function match(received: unknown, expected: unknown, lists: Lists | null | undefined, path: string): Matched {
  const problems: string[] = newList();
  const shown = compare(received, expected, lists ?? undefined, path, problems);
  return { problems, expected: shown.expected, received: shown.received };
}

/** Both sides as they are shown. */
interface Shown {
  readonly expected: unknown;
  readonly received: unknown;
}

function compare(
  received: unknown,
  expected: unknown,
  lists: Lists | undefined,
  path: string,
  problems: string[],
): Shown {
  if (isAsymmetric(expected)) {
    if (expected.asymmetricMatch(received)) return { expected: received, received };
    push(problems, path);
    return { expected, received };
  }
  if (isArray(expected) && isArray(received)) {
    return lists !== undefined && lists.keys.length > 0
      ? compareKeyed(received, expected, lists, path, problems)
      : compareWhole(received, expected, lists, path, problems);
  }
  if (isMap(expected) && isMap(received)) return compareFields(received, expected, lists, path, problems);
  if (!equals(received, expected, EQUAL)) push(problems, path);
  return { expected, received };
}

function compareFields(
  received: Record<string, unknown>,
  expected: Record<string, unknown>,
  lists: Lists | undefined,
  path: string,
  problems: string[],
): Shown {
  const shown = { expected: {}, received: {} };
  const keys = objectKeys(expected);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const at = path + step(key);
    const value = expected[key];
    if (!hasOwn(received, key)) {
      if (value === undefined) continue;
      push(problems, at + ": is not there");
      set(shown.expected, key, value);
    } else if (value === undefined) {
      push(problems, at + ": must not be there");
      set(shown.received, key, received[key]);
    } else {
      const inner = own(lists?.fields, key) as Lists | undefined;
      const both = compare(received[key], value, inner, at, problems);
      set(shown.expected, key, both.expected);
      set(shown.received, key, both.received);
    }
  }
  return shown;
}

/** A list whose items are matched by their places. */
function compareWhole(
  received: unknown[],
  expected: unknown[],
  lists: Lists | undefined,
  path: string,
  problems: string[],
): Shown {
  const shown = { expected: [], received: [] };
  if (received.length !== expected.length) {
    push(problems, path + ": has " + counted(received.length) + ", not " + expected.length);
  }
  const silent: string[] = newList();
  for (let i = 0; i < received.length || i < expected.length; i++) {
    if (i >= received.length) set(shown.expected, i, expected[i]);
    else if (i >= expected.length) set(shown.received, i, received[i]);
    else {
      // Where items are missing, all that follow may be in other places: one problem is enough.
      const told = received.length === expected.length ? problems : silent;
      const both = compare(received[i], expected[i], lists?.items[i] ?? undefined, path + "[" + i + "]", told);
      set(shown.expected, i, both.expected);
      set(shown.received, i, both.received);
    }
  }
  return shown;
}

/** A list whose items are matched by their keys; those that the test does not name do not count. */
function compareKeyed(received: unknown[], expected: unknown[], lists: Lists, path: string, problems: string[]): Shown {
  const shown = { expected: [], received: [] };
  let rows = 0;
  for (let i = 0; i < expected.length; i++) {
    const item = expected[i];
    const named = namedKeys(item, lists);
    const candidates: number[] = newList();
    for (let at = 0; at < received.length; at++) if (agrees(received[at], item, named, lists)) push(candidates, at);
    let best: Shown | undefined;
    for (let c = 0; c < candidates.length && best === undefined; c++) {
      const found: string[] = newList();
      const at = candidates[c];
      const both = compare(
        withDefaults(received[at], named, lists),
        item,
        lists.items[at] ?? undefined,
        path + "[" + at + "]",
        found,
      );
      if (found.length > 0 && candidates.length > 1) continue;
      for (let p = 0; p < found.length; p++) push(problems, found[p]);
      best = both;
    }
    if (best === undefined) push(problems, path + ": " + missing(received, item, named, candidates.length, lists));
    set(shown.expected, i, best === undefined ? item : best.expected);
    if (best !== undefined) set(shown.received, rows++, best.received);
  }
  return shown;
}

/** The keys of a list that an expected item names. Without a prototype. */
function namedKeys(item: unknown, lists: Lists): string[] {
  const named: string[] = newList();
  const { keys } = lists;
  for (let i = 0; i < keys.length; i++) {
    if (isMap(item) && hasOwn(item, keys[i].name) && item[keys[i].name] !== undefined) push(named, keys[i].name);
  }
  return named;
}

/** The value of a key; its default where none is written. */
function keyOf(item: unknown, key: string, lists: Lists): unknown {
  if (isObject(item) && hasOwn(item, key)) return (item as Record<string, unknown>)[key];
  const { keys } = lists;
  for (let i = 0; i < keys.length; i++) if (keys[i].name === key) return keys[i].default ?? undefined;
  return undefined;
}

/** An item with the defaults of those of its keys that a test names and it does not. */
function withDefaults(item: unknown, named: string[], lists: Lists): unknown {
  if (!isMap(item)) return item;
  let result: Record<string, unknown> = item;
  for (let i = 0; i < named.length; i++) {
    const value = hasOwn(item, named[i]) ? undefined : keyOf(item, named[i], lists);
    if (value === undefined) continue;
    if (result === item) result = assign({}, item);
    result[named[i]] = value;
  }
  return result;
}

function agrees(received: unknown, expected: unknown, named: string[], lists: Lists): boolean {
  for (let i = 0; i < named.length; i++) {
    const value = (expected as Record<string, unknown>)[named[i]];
    if (!equals(keyOf(received, named[i], lists), value, EQUAL)) return false;
  }
  return true;
}

/** What to say where no item is meant. */
function missing(received: unknown[], expected: unknown, named: string[], alike: number, lists: Lists): string {
  let text = alike > 1 ? "none of the " + alike + " items" : "no item";
  for (let i = 0; i < named.length; i++) {
    text +=
      (i === 0 ? " with " : ", ") + named[i] + " " + printInline((expected as Record<string, unknown>)[named[i]], 80);
  }
  if (alike > 1) return text + " is like the one expected";
  let others = "";
  for (let i = 0; i < received.length && i < 10; i++) others += (i === 0 ? "" : ", ") + keysText(received[i], lists);
  if (received.length > 10) others += ", …";
  return (
    text + (received.length === 0 ? "; it is empty" : "; there " + (received.length === 1 ? "is " : "are ") + others)
  );
}

/** The keys of an item: `"web"`, `80 "TCP"`. */
function keysText(item: unknown, lists: Lists): string {
  const { keys } = lists;
  let text = "";
  for (let i = 0; i < keys.length; i++)
    text += (i === 0 ? "" : " ") + printInline(keyOf(item, keys[i].name, lists), 80);
  return text;
}

function counted(count: number): string {
  return count + (count === 1 ? " item" : " items");
}

const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** One step of a path, as the host writes it. */
export function step(key: string): string {
  return regExpExec(NAME, key) === null ? "[" + quote(key, false) + "]" : "." + key;
}

function set(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, { __proto__: null, value, enumerable: true, writable: true } as PropertyDescriptor);
}
