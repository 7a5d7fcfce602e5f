/** What sort of object a value is, asked of the engine and not of what the user can redefine. */

import {
  getterOf,
  isArray,
  iteratorSymbol,
  Map,
  mapGet,
  mapSet,
  newList,
  objectKeys,
  ObjectPrototype,
  prototypeOf,
  push,
  setPrototypeOf,
  toText,
  tryGet,
  uncurryThis,
} from "../primordials.ts";

/** How a value's contents are reached. `text` objects are what one text says, such as a URL. `opaque` objects have contents that nobody can see. */
export type Kind =
  | "object"
  | "function"
  | "array"
  | "map"
  | "set"
  | "date"
  | "regexp"
  | "error"
  | "boxed"
  | "typed"
  | "buffer"
  | "view"
  | "text"
  | "opaque";

/** The number of entries of a Map. */
export const mapSize: (map: object) => number = getterOf(Map.prototype, "size");
/** The number of items of a Set. */
export const setSize: (set: object) => number = getterOf(Set.prototype, "size");
/** The time of a Date, in milliseconds. */
export const dateTime: (date: object) => number = uncurryThis(Date.prototype.getTime);
/** A valid Date in ISO 8601. */
export const dateText: (date: object) => string = uncurryThis(Date.prototype.toISOString);
/** The source of a regular expression. */
export const regExpSource: (expression: object) => string = getterOf(RegExp.prototype, "source");

const TypedArrayPrototype = prototypeOf(Uint8Array.prototype);
/** The class of a typed array; `undefined` for anything else. */
export const typedName: (array: object) => string | undefined = getterOf(TypedArrayPrototype, Symbol.toStringTag);
/** The length of a typed array. */
export const typedLength: (array: object) => number = getterOf(TypedArrayPrototype, "length");

const NativeUint8Array = Uint8Array;
const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const viewBuffer = getterOf(DataView.prototype, "buffer");
const viewOffset = getterOf(DataView.prototype, "byteOffset");
const viewLength = getterOf(DataView.prototype, "byteLength");
const numberValue = uncurryThis(Number.prototype.valueOf);
const stringValue = uncurryThis(String.prototype.valueOf);
const booleanValue = uncurryThis(Boolean.prototype.valueOf);
const bigintValue = uncurryThis(BigInt.prototype.valueOf);
const symbolValue = uncurryThis(Symbol.prototype.valueOf);

/** The letters of flags and their getters, in a row. `flags` itself would ask properties that can be redefined. */
const FLAGS: readonly unknown[] = [
  "d",
  getterOf(RegExp.prototype, "hasIndices"),
  "g",
  getterOf(RegExp.prototype, "global"),
  "i",
  getterOf(RegExp.prototype, "ignoreCase"),
  "m",
  getterOf(RegExp.prototype, "multiline"),
  "s",
  getterOf(RegExp.prototype, "dotAll"),
  "u",
  getterOf(RegExp.prototype, "unicode"),
  "v",
  getterOf(RegExp.prototype, "unicodeSets"),
  "y",
  getterOf(RegExp.prototype, "sticky"),
];

/** Whether an object of the kind really has the engine's slots; throws or gives `undefined` where not. */
type Probe = (value: object) => unknown;

const table: Map<object, { readonly name: string; readonly kind: Kind; readonly probe: Probe }> = new Map();

function add(name: string, prototype: object, kind: Kind, probe: Probe): void {
  mapSet(table, prototype, { name, kind, probe });
}

const present: Probe = () => true;
add("Array", Array.prototype, "object", present);
add("Map", Map.prototype, "map", mapSize);
add("Set", Set.prototype, "set", setSize);
add("Date", Date.prototype, "date", dateTime);
add("RegExp", RegExp.prototype, "regexp", regExpSource);
add("Error", Error.prototype, "error", present);
add("Number", Number.prototype, "boxed", numberValue);
add("String", String.prototype, "boxed", stringValue);
add("Boolean", Boolean.prototype, "boxed", booleanValue);
add("BigInt", BigInt.prototype, "boxed", bigintValue);
add("Symbol", Symbol.prototype, "boxed", symbolValue);
add("TypedArray", TypedArrayPrototype, "typed", typedName);
add("ArrayBuffer", ArrayBuffer.prototype, "buffer", bufferLength);
add("DataView", DataView.prototype, "view", viewLength);
add("Promise", Promise.prototype, "opaque", present);
add("WeakMap", WeakMap.prototype, "opaque", present);
add("WeakSet", WeakSet.prototype, "opaque", present);
add("WeakRef", WeakRef.prototype, "opaque", present);
add("Iterator", prototypeOf(prototypeOf([][iteratorSymbol]())), "opaque", present);

/** Makes known a class of which every object is what one text says. `textOf` throws for what is no such object. */
export function addText(name: string, prototype: object, textOf: (value: object) => string): void {
  add(name, prototype, "text", textOf);
}

/** What an object of the kind `text` says. */
export function textOf(value: object): string {
  let prototype = prototypeOf(value);
  while (prototype !== null) {
    const entry = mapGet(table, prototype);
    if (entry !== undefined && entry.kind === "text") return toText(entry.probe(value));
    prototype = prototypeOf(prototype);
  }
  return "";
}

/** The kind of an object or function. */
export function kindOf(value: object): Kind {
  if (typeof value === "function") return "function";
  try {
    let prototype = prototypeOf(value);
    // Most are neither.
    if (prototype === ObjectPrototype) return "object";
    if (isArray(value)) return "array";
    while (prototype !== null && prototype !== ObjectPrototype) {
      const entry = mapGet(table, prototype);
      if (entry !== undefined) return hasSlots(entry.probe, value) ? entry.kind : "object";
      prototype = prototypeOf(prototype);
    }
  } catch {
    // A proxy with a trap that throws.
  }
  return "object";
}

function hasSlots(probe: Probe, value: object): boolean {
  try {
    return probe(value) !== undefined;
  } catch {
    return false;
  }
}

/** The flags of a regular expression. */
export function regExpFlags(expression: object): string {
  let flags = "";
  for (let i = 0; i < FLAGS.length; i += 2) {
    if ((FLAGS[i + 1] as (self: object) => boolean)(expression)) flags += FLAGS[i];
  }
  return flags;
}

/** What a boxed primitive holds. */
export function unbox(value: object): unknown {
  const probes = [numberValue, stringValue, booleanValue, bigintValue, symbolValue];
  for (let i = 0; i < probes.length; i++) {
    try {
      return probes[i](value);
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

/** The bytes of an ArrayBuffer or a DataView. */
export function bytesOf(value: object, kind: "buffer" | "view"): Uint8Array {
  return kind === "buffer"
    ? new NativeUint8Array(value as ArrayBuffer)
    : new NativeUint8Array(viewBuffer(value), viewOffset(value), viewLength(value));
}

/** The name of the class that an object was made by; empty if it has none. */
export function classNameOf(value: object): string {
  try {
    const prototype = prototypeOf(value);
    const known = mapGet(table, prototype);
    if (known !== undefined) return known.name;
    const name = tryGet(tryGet(prototype, "constructor"), "name");
    return typeof name === "string" ? name : "";
  } catch {
    return "";
  }
}

/** Whether an object was made by a literal, or has no prototype. */
export function isPlain(value: object): boolean {
  const prototype = prototypeOf(value);
  return prototype === null || prototype === ObjectPrototype;
}

/** Whether a key is one of an array's elements. Keys like `01` are not. */
export function isIndex(key: string): boolean {
  const number = +key;
  return number >= 0 && number < 4_294_967_295 && number % 1 === 0 && toText(number) === key;
}

/** The enumerable own string keys of an object; of an array only those that are no elements. Has no prototype. */
export function namesOf(value: object, ofArray: boolean): string[] {
  const keys = objectKeys(value);
  if (!ofArray) return bare(keys);
  // The engine lists elements first.
  let first = keys.length;
  while (first > 0 && !isIndex(keys[first - 1])) first--;
  const names: string[] = newList();
  for (let i = first; i < keys.length; i++) push(names, keys[i]);
  return names;
}

/** Takes the prototype from a list, so that {@link push} can add to it. */
export function bare<T>(list: T[]): T[] {
  return setPrototypeOf(list, null);
}
