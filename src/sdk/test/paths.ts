/** Paths to properties, as `toHaveProperty` takes them. */

import { codeAt, hasOwn, isArray, isObject, newList, push, slice, toText } from "../primordials.ts";
import { printInline } from "./format.ts";
import { quote } from "./text.ts";

/** One step of a path. */
export type Key = string | number | symbol;

/** Splits `a.b[0].c` at its dots and brackets; takes an array as it is. `undefined` for anything else. */
export function toPath(path: unknown): Key[] | undefined {
  const keys: Key[] = newList();
  if (isArray(path)) {
    for (let i = 0; i < path.length; i++) {
      const key = path[i];
      push(keys, typeof key === "symbol" || typeof key === "number" ? key : toText(key));
    }
    return keys;
  }
  if (typeof path === "number" || typeof path === "symbol") {
    push(keys, path);
    return keys;
  }
  if (typeof path !== "string") return undefined;
  let from = 0;
  let afterBracket = false;
  for (let i = 0; i <= path.length; i++) {
    const code = i < path.length ? codeAt(path, i) : 0x2e;
    if (code !== 0x2e && code !== 0x5b && code !== 0x5d) continue;
    const key = slice(path, from, i);
    // Between `]` and `.`, or `[` at the beginning, there is no key.
    if (key !== "" || !(afterBracket || (code === 0x5b && i === 0))) push(keys, key);
    afterBracket = code === 0x5d;
    from = i + 1;
  }
  return keys;
}

/** How far a path leads. */
export interface Reached {
  /** How many of its steps there are. */
  readonly depth: number;
  /** The value at the last of them. */
  readonly value: unknown;
}

/** Walks a path from a value. A property counts if the object has or inherits it. */
export function resolvePath(start: unknown, path: Key[], original: unknown): Reached {
  let value = start;
  let depth = 0;
  while (depth < path.length && value !== null && value !== undefined) {
    if (!has(value, path[depth])) break;
    value = (value as Record<Key, unknown>)[path[depth]];
    depth++;
  }
  // Labels and annotations have dots in their names: `toHaveProperty("app.kubernetes.io/name")`.
  if (depth < path.length && typeof original === "string" && isObject(start) && hasOwn(start, original)) {
    return { depth: path.length, value: (start as Record<string, unknown>)[original] };
  }
  return { depth, value };
}

function has(value: unknown, key: Key): boolean {
  return isObject(value) ? key in value : (value as Record<Key, unknown>)[key] !== undefined;
}

/** A path as text: what the test wrote, or the first `depth` steps; with dots if the test wrote it so. */
export function pathText(path: unknown, depth?: number, isDotted: boolean = false): string {
  if (!isArray(path)) return printInline(path);
  const length = depth ?? path.length;
  let dotted = "";
  let list = "";
  let simple = isDotted;
  for (let i = 0; i < length; i++) {
    const key = path[i];
    list += (i === 0 ? "" : ", ") + printInline(key);
    if (typeof key !== "string") simple = false;
    else dotted += (i === 0 ? "" : ".") + key;
  }
  return simple ? quote(dotted, false) : "[" + list + "]";
}
