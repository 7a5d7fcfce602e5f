/** Resources in tests: builders and plain objects, as the plain values that they render to. */

import { hasOwn, isArray, isObject, newList, push } from "../primordials.ts";
import { resolve } from "../values.ts";
import type { Fields } from "../values.ts";

/** The lists in a value whose items are told apart by keys. */
export interface Lists {
  /** Of an object: those in its fields, where there are some. */
  readonly fields: Record<string, Lists>;
  /** Of a list: what tells its items apart, all together; empty if nothing does. */
  readonly keys: readonly { readonly name: string; readonly default: string | null }[];
  /** Of a list: those in its items. */
  readonly items: readonly (Lists | null)[];
}

/** A property of an object's own; `undefined` where there is none. */
export function own(value: unknown, key: string): unknown {
  return isObject(value) && hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** What a value renders to: a builder its resource, anything else itself, with the builders inside made plain. */
export function rendered(value: unknown): unknown {
  const isBuilder = isObject(value) && typeof (value as Fields)._render === "function";
  return resolve(isBuilder ? (value as Fields)._render() : value);
}

/** What one resource or a list of them renders to. The result has no prototype if it is a list. */
export function renderedList(value: unknown): unknown[] {
  const list: unknown[] = newList();
  if (!isArray(value)) push(list, rendered(value));
  else for (let i = 0; i < value.length; i++) push(list, rendered(value[i]));
  return list;
}
