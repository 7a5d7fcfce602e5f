/**
 * Notices properties that are asked for and that nothing has, so that a misspelt method can be told by its name: of
 * `Deployment().replica(3)` the engine says nothing but "not a function". Loaded by the host before anything of the user's, and
 * only in a run that is made for this.
 *
 * What users call methods of then ends in a proxy, behind all its prototypes: it is asked for what nothing before it has.
 */

import {
  codeAt,
  descriptorOf,
  Map,
  mapGet,
  mapSet,
  newList,
  ObjectPrototype,
  ownKeys,
  prototypeOf,
  push,
  setPrototypeOf,
  slice,
  watch,
} from "./primordials.ts";

// Nobody else needs them.
const NativeProxy = Proxy;
const reflectGet = Reflect.get;

/** How many misses are remembered: between an error and its description there may be a few more. */
const KEPT = 8;

/** Who was asked. */
const receivers: unknown[] = newList();
/** For what. */
const keys: string[] = newList();
let count = 0;

/** What is shared, and what it is called. */
const titles: Map<object, string> = new Map();

/** Makes a proxy that answers as `prototype` does. */
function endBefore(prototype: object): object {
  return new NativeProxy(setPrototypeOf({}, prototype), {
    get(target: object, key: PropertyKey, receiver: unknown): unknown {
      // Symbols are asked for by the language.
      if (typeof key === "string") {
        receivers[count % KEPT] = receiver;
        keys[count % KEPT] = key;
        count++;
      }
      return reflectGet(target, key, receiver);
    },
  });
}

const objectEnd = endBefore(prototypeOf({}));
const FunctionPrototype: object = prototypeOf(endBefore);
const functionEnd = endBefore(prototypeOf(endBefore));

watch({
  shared(target, title) {
    mapSet(titles, target, title);
    const prototype = prototypeOf(target);
    const isPlain = prototype === ObjectPrototype;
    setPrototypeOf(target, typeof target === "function" ? functionEnd : isPlain ? objectEnd : endBefore(prototype));
  },
});

/**
 * The latest misses, latest first. Each is what the object is called, the property, and the names of the methods that it does
 * have.
 */
export function recentMisses(): string[][] {
  const list: string[][] = newList();
  for (let i = 1; i <= KEPT && i <= count; i++) {
    const slot = (count - i) % KEPT;
    const miss: string[] = newList();
    try {
      push(miss, titleOf(receivers[slot]));
      push(miss, keys[slot]);
      addMethods(receivers[slot], miss);
      push(list, miss);
    } catch {
      // A proxy of the user's around one of our objects.
    }
  }
  return list;
}

function titleOf(receiver: unknown): string {
  let name = "";
  for (let at = receiver; at !== null; at = prototypeOf(at)) {
    const title = mapGet(titles, at as object);
    if (title !== undefined) return title === "" ? name + "()" : title;
    if (name === "") name = classNameOf(at);
  }
  return name;
}

const UNDERSCORE = 0x5f;

/** The name of the class that an object is the prototype of. Plugins call theirs like their factories, with an underscore. */
function classNameOf(prototype: unknown): string {
  const constructor: unknown = descriptorOf(prototype, "constructor")?.value;
  const name: unknown = typeof constructor === "function" ? descriptorOf(constructor, "name")?.value : "";
  if (typeof name !== "string") return "";
  let from = 0;
  while (codeAt(name, from) === UNDERSCORE) from++;
  return slice(name, from);
}

/** Adds the names of the methods that an object has and inherits. */
function addMethods(object: unknown, names: string[]): void {
  for (let at = object; at !== null && at !== objectEnd && at !== functionEnd; at = prototypeOf(at)) {
    const own = ownKeys(at as object);
    for (let i = 0; i < own.length; i++) {
      const key = own[i];
      if (typeof key !== "string" || codeAt(key, 0) === UNDERSCORE || key === "constructor") continue;
      const property = descriptorOf(at, key);
      // `test.only` and its like are made when they are asked for.
      const isMade = typeof at === "function" && property?.get !== undefined && at !== FunctionPrototype;
      if (typeof property?.value === "function" || isMade) push(names, key);
    }
  }
}
