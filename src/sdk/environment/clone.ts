/** `structuredClone`. A part: loaded when it is asked for. What it makes is the user's own. */

import { kindOf, unbox } from "../test/kinds.ts";

function refuse(what: string): never {
  throw new DOMException(`${what} could not be cloned`, "DataCloneError");
}

const ERRORS: readonly string[] = ["EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];

/** The class of an error that its copy has: its own, if the language knows it. */
function errorClass(name: unknown): ErrorConstructor {
  return ERRORS.includes(name as string) ? ((globalThis as Record<string, unknown>)[name as string] as ErrorConstructor) : Error;
}

function cloneError(error: Error, seen: Map<object, unknown>): Error {
  const copy = new (errorClass(error.name))(String(error.message));
  seen.set(error, copy);
  const keep = (key: string, value: unknown): void => {
    Object.defineProperty(copy, key, { value, writable: true, configurable: true });
  };
  if (typeof error.stack === "string") keep("stack", error.stack);
  if (Object.hasOwn(error, "cause")) keep("cause", clone(error.cause, seen));
  return copy;
}

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === "symbol") refuse(value.toString());
  if (typeof value === "function") refuse(value.name === "" ? "a function" : `the function ${value.name}`);
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const known = <T extends object>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  switch (kindOf(value)) {
    case "boxed": {
      const primitive = unbox(value);
      if (typeof primitive === "symbol") refuse("a Symbol object");
      return known(Object(primitive));
    }
    case "date":
      return known(new Date((value as Date).getTime()));
    case "regexp":
      return known(new RegExp((value as RegExp).source, (value as RegExp).flags));
    case "buffer":
      return known((value as ArrayBuffer).slice(0));
    case "typed":
    case "view": {
      const view = value as Uint8Array;
      const buffer = clone(view.buffer, seen) as ArrayBuffer;
      const View = view.constructor as Uint8ArrayConstructor;
      return known(new View(buffer, view.byteOffset, "length" in view ? view.length : (view as DataView).byteLength));
    }
    case "map": {
      const copy = known(new Map());
      for (const [key, item] of [...(value as Map<unknown, unknown>)]) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    case "set": {
      const copy = known(new Set());
      for (const item of [...(value as Set<unknown>)]) copy.add(clone(item, seen));
      return copy;
    }
    case "error":
      return cloneError(value as Error, seen);
    case "array": {
      const copy = known(new Array((value as unknown[]).length)) as unknown as Record<string, unknown>;
      for (const key of Object.keys(value)) copy[key] = clone((value as Record<string, unknown>)[key], seen);
      return copy;
    }
    case "object": {
      const copy = known({}) as Record<string, unknown>;
      for (const key of Object.keys(value)) {
        const item = clone((value as Record<string, unknown>)[key], seen);
        Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true });
      }
      return copy;
    }
    case "function":
    case "text":
    case "opaque":
      return refuse(`${Object.prototype.toString.call(value)}`);
  }
}

/** A deep copy of a value: objects become plain ones, and what cannot be copied is an error. */
export function structuredClone<T>(value: T, options?: { transfer?: readonly unknown[] }): T {
  if (options?.transfer !== undefined && options.transfer.length > 0) {
    throw new DOMException("structuredClone: nothing can be transferred here", "DataCloneError");
  }
  return clone(value, new Map()) as T;
}
