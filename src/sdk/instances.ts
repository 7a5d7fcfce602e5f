/** What objects are that no literal made. Loaded by the host when it turns the first such object into JSON. */

import { tryGet } from "./primordials.ts";
import { classNameOf, dateTime, kindOf, mapSize, regExpSource, setSize, typedName, unbox } from "./test/kinds.ts";
import { isPlainObject } from "./values.ts";

/** Objects of the language, and what gives something only for them, or throws for all others. */
const NATIVE: readonly (readonly [string, (object: object) => unknown])[] = [
  ["a Date", dateTime],
  ["a Map", mapSize],
  ["a Set", setSize],
  ["a RegExp", regExpSource],
  ["a typed array", typedName],
  ["a boxed primitive", unbox],
];

/**
 * Why an object that no literal made cannot be written as JSON: it is one of the language, whatever its
 * `Symbol.toStringTag` says, or a builder where nobody makes it plain. Empty if it can be written.
 */
export function refusalOf(object: object): string {
  for (let i = 0; i < NATIVE.length; i++) {
    try {
      if (NATIVE[i][1](object) !== undefined) return NATIVE[i][0];
    } catch {
      // Not this one.
    }
  }
  if (typeof tryGet(object, "_toJSON") === "function" || typeof tryGet(object, "_render") === "function") {
    return "a builder in a place where none belongs";
  }
  return kindOf(object) === "object" ? "" : "an instance of " + classNameOf(object);
}

/** The class of an object; empty if it is plain: made by a literal, or inheriting from such objects only. */
export function classOf(object: object): string {
  return isPlainObject(object) ? "" : classNameOf(object) || "a class without a name";
}
