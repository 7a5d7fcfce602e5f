/** From builders and fragments to plain values. */

import {
  assign,
  defineProperty,
  hasOwn,
  isArray,
  isObject,
  objectKeys,
  ObjectPrototype,
  prototypeOf,
} from "./primordials.ts";
import { usageError } from "./stack.ts";

/** An object with properties of any kind. */
export type Fields = Record<string, any>;

/** Whether the value is a spec fragment: what `name(…)`, `label(…)` or `image(…)` of `k8s/*` begins. */
export function isSpecFragment(value: unknown): boolean {
  return isObject(value) && (value as Fields)._husakoTag === "SpecFragment";
}

/** Whether an object was made by a literal, or inherits only from such objects: not an instance of a class. */
export function isPlainObject(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null || isArray(value)) return false;
  let prototype = prototypeOf(value);
  while (prototype !== null && prototype !== ObjectPrototype) {
    if (hasOwn(prototype, "constructor")) return false;
    prototype = prototypeOf(prototype);
  }
  return true;
}

/** Sets a property, also one that is called `__proto__`. */
export function put(target: Fields, key: string, value: unknown): void {
  if (key !== "__proto__") target[key] = value;
  else defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * On the prototype of a class that is made of names alone: the class itself. Its builders have no fields but those that are known
 * here, and can be copied one by one.
 */
export const GENERATED: unique symbol = Symbol();

/** The methods `_toJSON` of the SDK's own classes, whose results are known. */
export const own: {
  /** Gives the object `_props`, made plain. */
  props?: unknown;
  /** Gives the own fields, made plain. */
  stored?: unknown;
} = {};

/** The objects around a value, outermost first, each with what it became. */
interface Ancestor {
  readonly original: object;
  readonly result: unknown;
  readonly outer: Ancestor | undefined;
}

/**
 * Replaces everything that has a `_toJSON()` by its result, at every level of arrays and plain objects. Instances of other
 * classes stay as they are, and a cycle stays a cycle, so that whoever takes the result can name the place.
 *
 * @param key the property that the value stands in, which decides what a spec fragment means
 */
export function resolve(value: unknown, key: string = ""): unknown {
  return walk(value, key, undefined);
}

function walk(value: unknown, key: string, outer: Ancestor | undefined): unknown {
  if (typeof value !== "object" || value === null) {
    // Factories of plugins may be functions with a `_toJSON()`.
    return typeof value === "function" && hasToJson(value) ? walkJson(value, key, outer) : value;
  }
  if ((value as Fields)._husakoTag === "SpecFragment") return walkFragment(value as Fields, key, outer);
  const toJson = (value as Fields)._toJSON;
  const isStored = toJson === own.stored && toJson !== undefined;
  if (typeof toJson === "function" && !isStored) return walkJson(value, key, outer);
  const list = isArray(value);
  const prototype = prototypeOf(value);
  const isOwn = isStored || (!list && (prototype === ObjectPrototype || prototype === null));
  if (!isOwn && !list && !isPlainObject(value)) return value;
  for (let ancestor = outer; ancestor !== undefined; ancestor = ancestor.outer) {
    if (ancestor.original === value) return ancestor.result;
  }
  if (list) {
    const result: unknown[] = [];
    let here: Ancestor | undefined;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      // Most values hold no others, and a call costs more than to ask.
      if (typeof item === "object" ? item === null : typeof item !== "function") result[i] = item;
      else result[i] = walk(item, key, (here ??= { original: value, result, outer }));
    }
    return result;
  }
  if (isOwn) {
    const result: Fields = { ...value };
    let here: Ancestor | undefined;
    const names = objectKeys(result);
    for (let i = 0; i < names.length; i++) {
      const item: unknown = result[names[i]];
      if (typeof item === "object" ? item === null : typeof item !== "function") continue;
      // It has the property, so this sets none of its prototype, whatever it is called.
      result[names[i]] = walk(item, names[i], (here ??= { original: value, result, outer }));
    }
    return result;
  }
  const result: Fields = {};
  const here = { original: value, result, outer };
  for (const name in value) {
    // What a test adds to Object.prototype is no part of a resource.
    if (name in ObjectPrototype && !hasOwn(value, name) && hasOwn(ObjectPrototype, name)) continue;
    put(result, name, walk((value as Fields)[name], name, here));
  }
  return result;
}

function hasToJson(value: object): boolean {
  return typeof (value as Fields)._toJSON === "function";
}

function walkJson(value: object, key: string, outer: Ancestor | undefined): unknown {
  for (let ancestor = outer; ancestor !== undefined; ancestor = ancestor.outer) {
    if (ancestor.original === value) return value;
  }
  if ((value as Fields)._toJSON === own.props && own.props !== undefined) {
    // What it would give would be looked through here once more, and so on at every level around it.
    return walk((value as Fields)._props, "", { original: value, result: value, outer });
  }
  const json = (value as Fields)._toJSON();
  return json === value ? value : walk(json, key, { original: value, result: value, outer });
}

function walkFragment(fragment: Fields, key: string, outer: Ancestor | undefined): unknown {
  if (key === "metadata") return walk(fragment._toMetadata(), "", outer);
  if (key === "containers" || key === "initContainers" || key === "ephemeralContainers") {
    return walk(fragment._toContainer(), "", outer);
  }
  const where = key === "" ? "here" : 'in "' + key + '"';
  throw usageError(
    "a fragment (name(), label(), image(), …) means nothing " +
      where +
      ": pass it to metadata(), or as an item of containers([…]) or initContainers([…])",
  );
}

/**
 * Merges two values: objects by key, at every level; of anything else the second wins. What has a `_toJSON()` in the
 * first is made plain where the second goes into it.
 */
export function merge(first: unknown, second: unknown): unknown {
  if (!isPlainObject(second)) return second;
  const base = isObject(first) && hasToJson(first) ? resolve(first) : first;
  if (!isPlainObject(base)) return second;
  const result: Fields = assign({}, base);
  for (const key in second) put(result, key, hasOwn(result, key) ? merge(result[key], second[key]) : second[key]);
  return result;
}
