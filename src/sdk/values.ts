/** From builders and fragments to plain values. */

import { plain } from "husako:host";
import {
  assign,
  defineProperty,
  hasOwn,
  isArray,
  isObject,
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

/**
 * Replaces everything that has a `_toJSON()` by its result, at every level of arrays and plain objects. Instances of other
 * classes stay as they are, and a cycle stays a cycle, so that whoever takes the result can name the place.
 *
 * @param key the property that the value stands in, which decides what a spec fragment means
 */
export function resolve(value: unknown, key: string = ""): unknown {
  return isObject(value) ? plain(value, key, fieldsOf, own.stored, own.props) : value;
}

/** The fields of what is not plain at first sight: of a spec fragment, and of an object that inherits from others. */
function fieldsOf(value: Fields, key: string): Fields | undefined {
  if (isSpecFragment(value)) return fragmentFields(value, key);
  if (!isPlainObject(value)) return undefined;
  const result: Fields = {};
  for (const name in value) {
    // What a test adds to Object.prototype is no part of a resource.
    if (name in ObjectPrototype && !hasOwn(value, name) && hasOwn(ObjectPrototype, name)) continue;
    put(result, name, value[name]);
  }
  return result;
}

function fragmentFields(fragment: Fields, key: string): Fields {
  if (key === "metadata") return fragment._toMetadata();
  if (key === "containers" || key === "initContainers" || key === "ephemeralContainers") return fragment._toContainer();
  const where = key === "" ? "here" : 'in "' + key + '"';
  throw usageError(
    "a fragment (name(), label(), image(), …) means nothing " +
      where +
      ": pass it to metadata(), or as an item of containers([…]) or initContainers([…])",
  );
}

function hasToJson(value: object): boolean {
  return typeof (value as Fields)._toJSON === "function";
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
