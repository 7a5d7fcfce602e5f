/** What a message shows of two values that differ. A part: loaded when somebody reads the message. */

import {
  defineProperty,
  isObject,
  Map,
  mapForEach,
  mapGet,
  mapHas,
  mapSet,
  newList,
  prototypeOf,
  push,
  setPrototypeOf,
  tryGet,
} from "../primordials.ts";
import { EQUAL, equals, isAsymmetric, keysOf } from "./equality.ts";
import { kindOf } from "./kinds.ts";

function has(ancestors: readonly object[], value: object): boolean {
  for (let i = 0; i < ancestors.length; i++) if (ancestors[i] === value) return true;
  return false;
}

function put(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, { __proto__: null, value, enumerable: true, configurable: true } as PropertyDescriptor);
}

/**
 * The part of `received` that `expected` speaks of, for showing next to it: properties that `expected` does not name
 * are left out.
 */
export function selected(received: unknown, expected: unknown): unknown {
  return select(received, expected, newList());
}

function select(received: unknown, expected: unknown, ancestors: object[]): unknown {
  if (!isObject(received) || !isObject(expected) || isAsymmetric(expected)) return received;
  const kind = kindOf(expected);
  if (kind !== "object" && (kind !== "array" || kindOf(received) !== "array")) return received;
  if (has(ancestors, received)) return received;
  push(ancestors, received);
  let result: object;
  if (kind === "array") {
    result = selectElements(received as unknown[], expected as unknown[], ancestors);
  } else {
    result = {};
    let found = false;
    const keys = keysOf(expected, false);
    for (let i = 0; i < keys.length; i++) {
      if (!(keys[i] in received)) continue;
      const value = select(tryGet(received, keys[i]), tryGet(expected, keys[i]), ancestors);
      put(result, keys[i], value);
      found = true;
    }
    // Without anything in common, all of it may be a help.
    if (!found) result = received;
  }
  ancestors.length--;
  return result;
}

function selectElements(received: unknown[], expected: unknown[], ancestors: object[]): unknown[] {
  const result: unknown[] = [];
  for (let i = 0; i < received.length; i++) {
    const value = i < expected.length ? select(received[i], expected[i], ancestors) : received[i];
    put(result, i, value);
  }
  return result;
}

/**
 * A value for showing next to another: where the other has something that stands for many values, such as
 * `expect.any(String)`, and it matches, it takes the value's place, as in Jest. So only what differs is seen to differ.
 * Gives the value itself where there is nothing to replace.
 */
export function aligned(value: unknown, other: unknown): unknown {
  return align(value, other, newList());
}

function align(value: unknown, other: unknown, ancestors: object[]): unknown {
  if (isAsymmetric(value)) return value;
  if (isAsymmetric(other)) return equals(value, other, EQUAL) ? other : value;
  if (!isObject(value) || !isObject(other) || has(ancestors, value)) return value;
  const kind = kindOf(value);
  if (kind !== kindOf(other) || (kind !== "array" && kind !== "object" && kind !== "map")) return value;
  push(ancestors, value);
  const result =
    kind === "map"
      ? alignEntries(value as never, other as never, ancestors)
      : alignFields(value, other, kind === "array", ancestors);
  ancestors.length--;
  return result;
}

function alignFields(value: object, other: object, isList: boolean, ancestors: object[]): object {
  let result: object | undefined;
  const keys: readonly PropertyKey[] = keysOf(value, false);
  for (let i = 0; i < keys.length; i++) {
    const before = tryGet(value, keys[i]);
    const after = keys[i] in other ? align(before, tryGet(other, keys[i]), ancestors) : before;
    if (after === before) continue;
    result ??= copyOf(value, keys, isList);
    put(result, keys[i], after);
  }
  return result ?? value;
}

function copyOf(value: object, keys: readonly PropertyKey[], isList: boolean): object {
  const copy: object = isList ? [] : {};
  for (let i = 0; i < keys.length; i++) put(copy, keys[i], tryGet(value, keys[i]));
  if (isList) (copy as unknown[]).length = (value as unknown[]).length;
  return setPrototypeOf(copy, prototypeOf(value));
}

function alignEntries(value: Map<unknown, unknown>, other: Map<unknown, unknown>, ancestors: object[]): object {
  const copy = new Map<unknown, unknown>();
  let isSame = true;
  mapForEach(value, (before, key) => {
    const after = mapHas(other, key) ? align(before, mapGet(other, key), ancestors) : before;
    if (after !== before) isSame = false;
    mapSet(copy, key, after);
  });
  return isSame ? value : setPrototypeOf(copy, prototypeOf(value));
}
