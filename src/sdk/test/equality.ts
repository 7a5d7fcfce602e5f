/** Equality by structure, as `toEqual`, `toStrictEqual` and `toMatchObject` mean it. */

import { alike } from "husako:host";
import {
  bytesOf,
  dateTime,
  isIndex,
  isPlain,
  kindOf,
  mapSize,
  namesOf,
  regExpFlags,
  regExpSource,
  setSize,
  textOf,
  typedLength,
  unbox,
} from "./kinds.ts";
import type { Kind } from "./kinds.ts";
import {
  apply,
  hasOwn,
  is,
  isEnumerable,
  isObject,
  iteratorSymbol,
  mapForEach,
  mapGet,
  mapHas,
  newList,
  objectKeys,
  prototypeOf,
  push,
  setForEach,
  setHas,
  symbolsOf,
  tryGet,
} from "../primordials.ts";

/** What decides itself which values it equals: `expect.any(String)`, and what other libraries have of the kind. */
export interface Matched {
  /** Whether it equals the value. */
  asymmetricMatch(other: unknown): unknown;
}

/** Says whether two values are equal; `undefined`: it does not know such values. */
export type Tester = (this: unknown, a: unknown, b: unknown, testers: readonly Tester[]) => unknown;

const testers: Tester[] = newList();

/** Adds a tester that is asked before anything else is compared. */
export function addTester(tester: Tester): void {
  push(testers, tester);
}

/** The testers that were added. A list without a prototype. */
export function allTesters(): readonly Tester[] {
  return testers;
}

/** Asks more testers, beside those that were added, for the time of a comparison. */
export function withTesters(more: readonly Tester[], compare: () => boolean): boolean {
  const { length } = testers;
  for (let i = 0; i < more.length; i++) push(testers, more[i]);
  try {
    return compare();
  } finally {
    testers.length = length;
  }
}

/** What counts. */
export interface Rules {
  /** Whether classes, undefined properties and holes count (`toStrictEqual`). */
  readonly strict: boolean;
  /** Whether objects may have properties that the other side lacks (`toMatchObject`; the second side is the subset). */
  readonly subset: boolean;
}

/** The rules of `toEqual`. */
export const EQUAL: Rules = { strict: false, subset: false };
/** The rules of `toStrictEqual`. */
export const STRICT_EQUAL: Rules = { strict: true, subset: false };
/** The rules of `toMatchObject`. */
export const SUBSET: Rules = { strict: false, subset: true };

interface State {
  readonly rules: Rules;
  /** The pair that is being compared. */
  pair: Pair | undefined;
}

/** Two objects that are being compared, and those around them. */
interface Pair {
  readonly left: object;
  readonly right: object;
  readonly outer: Pair | undefined;
}

/** Whether two values are equal by the rules. What a getter of the user's throws comes through. */
export function equals(received: unknown, expected: unknown, rules: Rules): boolean {
  return surelyEqual(received, expected) || same(received, expected, { rules, pair: undefined });
}

/** Whether two values are equal by any rules: they are the same, or plain and alike. `false`: they may be equal all the same. */
export function surelyEqual(received: unknown, expected: unknown): boolean {
  return is(received, expected) || (testers.length === 0 && isObject(expected) && alike(received, expected));
}

type Fields = Record<PropertyKey, unknown>;

/** What a tester has as `this`. */
const TESTER_CONTEXT = {
  __proto__: null,
  equals: (a: unknown, b: unknown): boolean => equals(a, b, EQUAL),
};

/** Whether a value decides itself what it equals. */
export function isAsymmetric(value: unknown): value is Matched {
  return isObject(value) && typeof tryGet(value, "asymmetricMatch") === "function";
}

function same(a: unknown, b: unknown, state: State): boolean {
  if (is(a, b)) return true;
  if (testers.length === 0 && !isObject(a) && !isObject(b)) return false;
  const isMatched = isAsymmetric(b);
  if (isAsymmetric(a) !== isMatched) return !!(isMatched ? b.asymmetricMatch(a) : (a as Matched).asymmetricMatch(b));
  for (let i = 0; i < testers.length; i++) {
    const verdict = apply(testers[i], TESTER_CONTEXT, [a, b, testers]);
    if (verdict !== undefined) return !!verdict;
  }
  if (!isObject(a) || !isObject(b)) return false;
  const kind = kindOf(b);
  // A subset may be named of anything that has properties, an error for one.
  const isSubset = state.rules.subset && kind === "object";
  if ((kind !== kindOf(a) && !isSubset) || kind === "function") return false;
  if (state.rules.strict && !isSameClass(a, b)) return false;

  // Two cyclic structures are equal if they go round in the same way.
  const outer = state.pair;
  for (let pair = outer; pair !== undefined; pair = pair.outer) {
    if (pair.left === a) return pair.right === b;
    if (pair.right === b) return false;
  }
  state.pair = { left: a, right: b, outer };
  const result = sameContents(a as Fields, b as Fields, kind, state);
  state.pair = outer;
  return result;
}

function sameContents(a: Fields, b: Fields, kind: Kind, state: State): boolean {
  switch (kind) {
    case "array":
      return sameArrays(a as unknown as unknown[], b as unknown as unknown[], state);
    case "date":
      return is(dateTime(a), dateTime(b)) && sameFields(a, b, state, false);
    case "regexp":
      return regExpSource(a) === regExpSource(b) && regExpFlags(a) === regExpFlags(b);
    case "boxed":
      return is(unbox(a), unbox(b)) && sameFields(a, b, state, false);
    case "text":
      return textOf(a) === textOf(b);
    case "error":
      return sameErrors(a, b, state);
    case "map":
      return mapSize(a) === mapSize(b) && sameMaps(a, b, state);
    case "set":
      return setSize(a) === setSize(b) && sameSets(a, b, state);
    case "typed":
      return prototypeOf(a) === prototypeOf(b) && sameElements(a as never, b as never);
    case "buffer":
    case "view":
      return sameElements(bytesOf(a, kind), bytesOf(b, kind));
    case "opaque":
      return isIterable(a) && isIterable(b) && sameIterations(a, b, state);
    default:
      return sameFields(a, b, state, false) && sameIterations(a, b, state);
  }
}

const NONE: PropertyKey[] = [];

/** The enumerable own keys of an object; of an array only those that are no elements. */
export function keysOf(value: object, ofArray: boolean): PropertyKey[] {
  const symbols = symbolsOf(value);
  if (symbols.length === 0) {
    const names = objectKeys(value);
    // The engine lists elements first.
    if (!ofArray) return names;
    if (names.length === 0 || isIndex(names[names.length - 1])) return NONE;
  }
  const keys: PropertyKey[] = namesOf(value, ofArray);
  for (let i = 0; i < symbols.length; i++) if (isEnumerable(value, symbols[i])) push(keys, symbols[i]);
  return keys;
}

function sameFields(a: Fields, b: Fields, state: State, ofArray: boolean): boolean {
  const { strict, subset } = state.rules;
  const expected = keysOf(b, ofArray);
  let found = 0;
  for (let i = 0; i < expected.length; i++) {
    const key = expected[i];
    // A subset may name what the received object inherits, such as the getters of its class.
    const has = subset ? key in a : isEnumerable(a, key);
    if (key === iteratorSymbol && isIterable(a) && isIterable(b)) {
      // What they give is compared, not how.
      if (has) found++;
      continue;
    }
    if (!has && (strict || subset || b[key] !== undefined)) return false;
    if (has && !same(a[key], b[key], state)) return false;
    if (has) found++;
  }
  if (subset && !ofArray) return true;
  const received = keysOf(a, ofArray);
  if (strict) return received.length === expected.length;
  // All that is there was found.
  if (found === received.length && !subset) return true;
  for (let i = 0; i < received.length; i++) {
    if (!isEnumerable(b, received[i]) && a[received[i]] !== undefined) return false;
  }
  return true;
}

function sameArrays(a: unknown[], b: unknown[], state: State): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (state.rules.strict && hasOwn(a, i) !== hasOwn(b, i)) return false;
    if (!same(a[i], b[i], state)) return false;
  }
  return sameFields(a as never, b as never, state, true);
}

function sameElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  const length = typedLength(a);
  if (length !== typedLength(b)) return false;
  for (let i = 0; i < length; i++) if (!is(a[i], b[i])) return false;
  return true;
}

/**
 * Errors. The expected one asks for what it has: without a cause or fields of its own, such as a code, it does not care for
 * those of the other.
 */
function sameErrors(a: Fields, b: Fields, state: State): boolean {
  if (!is(a.message, b.message) || !is(a.name, b.name) || !same(a.errors, b.errors, state)) return false;
  if (b.cause !== undefined && !same(a.cause, b.cause, state)) return false;
  const keys = keysOf(b, false);
  for (let i = 0; i < keys.length; i++) if (!same(a[keys[i]], b[keys[i]], state)) return false;
  return true;
}

/** Whether two objects are of one class, which is known by its constructor: a class may be there with two prototypes. */
function isSameClass(a: object, b: object): boolean {
  const classA = prototypeOf(a);
  const classB = prototypeOf(b);
  if (classA === classB) return true;
  if (classA === null || classB === null) return false;
  return classA.constructor === classB.constructor;
}

/** What is inside a Map or Set must match whole, also under the rules of a subset. */
function whole(state: State): State {
  return state.rules.subset ? { rules: EQUAL, pair: state.pair } : state;
}

function sameSets(a: object, b: object, outer: State): boolean {
  const state = whole(outer);
  const unmatched: unknown[] = newList();
  setForEach(a, (item) => {
    if (!setHas(b, item)) push(unmatched, item);
  });
  if (unmatched.length === 0) return true;
  const candidates: unknown[] = newList();
  setForEach(b, (item) => {
    if (!setHas(a, item)) push(candidates, item);
  });
  return allMatched(unmatched, candidates, (item, candidate) => same(item, candidate, state));
}

function sameMaps(a: object, b: object, outer: State): boolean {
  const state = whole(outer);
  const unmatched: unknown[][] = newList();
  let equal = true;
  mapForEach(a, (value, key) => {
    if (!equal) return;
    if (!mapHas(b as never, key)) push(unmatched, [key, value]);
    else equal = same(value, mapGet(b as never, key as never), state);
  });
  if (!equal || unmatched.length === 0) return equal;
  const candidates: unknown[][] = newList();
  mapForEach(b, (value, key) => {
    if (!mapHas(a as never, key)) push(candidates, [key, value]);
  });
  return allMatched(
    unmatched,
    candidates,
    (entry, candidate) => same(entry[0], candidate[0], state) && same(entry[1], candidate[1], state),
  );
}

/** Pairs each item with a candidate of its own. First come, first served, because equality is transitive. */
function allMatched<T>(items: T[], candidates: T[], match: (item: T, candidate: T) => boolean): boolean {
  if (items.length !== candidates.length) return false;
  const taken: boolean[] = newList();
  for (let i = 0; i < candidates.length; i++) push(taken, false);
  for (let i = 0; i < items.length; i++) {
    let found = false;
    for (let j = 0; j < candidates.length && !found; j++) {
      if (taken[j] || !match(items[i], candidates[j])) continue;
      taken[j] = true;
      found = true;
    }
    if (!found) return false;
  }
  return true;
}

function isIterable(value: Fields): boolean {
  return typeof value[iteratorSymbol] === "function";
}

/**
 * Objects of a class that can be iterated are equal only if they give the same items: their fields may be private. Those
 * that are their own iterators, such as generators, are used up by looking.
 */
function sameIterations(a: Fields, b: Fields, state: State): boolean {
  if ((isPlain(a) || isPlain(b)) && !hasOwn(b, iteratorSymbol)) return true;
  if (!isIterable(a) || !isIterable(b)) return true;
  if (!isSameClass(a, b)) return false;
  const iteratorA = apply(a[iteratorSymbol], a, []);
  const iteratorB = apply(b[iteratorSymbol], b, []);
  const inner = whole(state);
  for (;;) {
    const nextA = iteratorA.next();
    const nextB = iteratorB.next();
    if (nextA.done || nextB.done) return !!nextA.done === !!nextB.done;
    if (!same(nextA.value, nextB.value, inner)) return false;
  }
}
