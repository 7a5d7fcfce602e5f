/**
 * Properties that were asked for and that nothing has, so that a misspelt method can be told by its name: of
 * `Deployment().replica(3)` the engine says nothing but "not a function".
 *
 * The objects that users call methods of end in a proxy, behind all their prototypes. It is reached only when nothing
 * before it has a property, so what is spelt right costs nothing. It answers as the prototype behind it does.
 */

import {
  codeAt,
  descriptorOf,
  freeze,
  Map,
  mapGet,
  mapSet,
  newList,
  ownKeys,
  prototypeOf,
  Proxy,
  push,
  reflectGet,
  setPrototypeOf,
  slice,
} from "./primordials.ts";

/** How many misses are remembered: between an error and its description there may be a few more. */
const KEPT = 8;

/** What was asked: an object or class of the SDK's, or a class that extends one. Never an instance that holds data. */
const owners: object[] = newList();
const keys: string[] = newList();
let count = 0;

/** What objects are called in messages, by themselves or by a prototype of theirs; empty: by their class. */
const titles: Map<object, string> = new Map();

const handler: ProxyHandler<object> = {
  __proto__: null,
  get(target: object, key: PropertyKey, receiver: unknown): unknown {
    // Symbols are asked for by the language.
    if (typeof key === "string") remember(receiver as object, key);
    return reflectGet(target, key, receiver);
  },
} as ProxyHandler<object>;

/** Makes the proxy that ends chains of prototypes which ended in `prototype`. */
function before(prototype: object): object {
  return new Proxy(freeze(setPrototypeOf({}, prototype)), handler);
}

const objectEnd = before(prototypeOf({}));
const functionEnd = before(prototypeOf(before));

function remember(receiver: object, key: string): void {
  let owner = receiver;
  if (typeof receiver !== "function") {
    try {
      const prototype = prototypeOf(receiver);
      if (prototype !== objectEnd) owner = prototype;
    } catch {
      // A proxy of the user's around one of our objects.
      return;
    }
  }
  const slot = count++ % KEPT;
  owners[slot] = owner;
  keys[slot] = key;
}

/**
 * Notices what is asked of an object or function, or of all that inherit from it, and does not exist.
 *
 * @param target an object or a function of which nobody else has set the prototype
 * @param title what it is called in messages; empty: by its class, as in `Deployment()`
 */
export function noticeMisses<T extends object>(target: T, title: string): T {
  mapSet(titles, target, title);
  return setPrototypeOf(target, typeof target === "function" ? functionEnd : objectEnd);
}

/** The latest misses, latest first: what was asked, for what, and what it has instead. */
export function recentMisses(): string[][] {
  const list: string[][] = newList();
  for (let i = 1; i <= KEPT && i <= count; i++) {
    const slot = (count - i) % KEPT;
    const miss: string[] = newList();
    try {
      push(miss, titleOf(owners[slot]));
      push(miss, keys[slot]);
      addNames(owners[slot], miss);
      push(list, miss);
    } catch {
      // A class of the user's whose prototypes are proxies.
    }
  }
  return list;
}

function titleOf(owner: object): string {
  for (let at = owner; at !== null; at = prototypeOf(at)) {
    const title = mapGet(titles, at);
    if (title !== undefined) return title === "" ? className(owner) + "()" : title;
  }
  return "it";
}

function className(prototype: object): string {
  for (let at = prototype; at !== null; at = prototypeOf(at)) {
    const name = descriptorOf(descriptorOf(at, "constructor")?.value, "name")?.value;
    if (typeof name !== "string") continue;
    let from = 0;
    while (codeAt(name, from) === UNDERSCORE) from++;
    if (from < name.length) return slice(name, from);
  }
  return "";
}

const UNDERSCORE = 0x5f;

/** Adds the names of what an object has and what it inherits. */
function addNames(owner: object, names: string[]): void {
  for (let at = owner; at !== null && at !== objectEnd && at !== functionEnd; at = prototypeOf(at)) {
    const own = ownKeys(at);
    for (let i = 0; i < own.length; i++) {
      const key = own[i];
      if (typeof key === "string" && codeAt(key, 0) !== UNDERSCORE && key !== "constructor") push(names, key);
    }
  }
}
