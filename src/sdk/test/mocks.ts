/** Mock functions and spies. A part: loaded when the first of them is made. */

import { promiseState, promiseValue } from "husako:host/mocks";
import {
  apply,
  construct,
  defineProperty,
  descriptorOf,
  disposeSymbol,
  FunctionPrototype,
  hasOwn,
  isObject,
  newList,
  ObjectPrototype,
  ownKeys,
  Promise,
  prototypeOf,
  push,
  setPrototypeOf,
  share,
  slice,
  toText,
  tryGet,
  WeakMap,
  weakGet,
  weakSet,
} from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { usageError } from "../stack.ts";
import { printInline } from "./format.ts";
import type { Mock, MockContext, Procedure, ReplacedProperty } from "./mock_types.ts";

/** What a mock knows and does. */
interface State {
  readonly mock: object;
  context: MockContext;
  name: string;
  /** What calls run; `undefined`: the original, or nothing. */
  implementation: Procedure | undefined;
  /** What the next calls run, one each. A list without a prototype. */
  once: Procedure[];
  /** What it began with. */
  readonly initial: { readonly name: string; readonly implementation: Procedure | undefined };
  /** What is spied on, and runs where nothing else is told to; gone after a reset of a mock that Jest's functions made. */
  original: Procedure | undefined;
  /** Whether it was made by `jest.fn` or `jest.spyOn`: a reset makes it return nothing, where Vitest goes back to the beginning. */
  readonly isJest: boolean;
  /** Puts back what is spied on. */
  readonly restore: (() => void) | undefined;
  /** How often all mocks had been cleared and reset when this one was looked at last. */
  clears: number;
  resets: number;
}

const states: WeakMap<object, State> = new WeakMap();
/** What puts back what was replaced, oldest first; a hole where that has been done. A list without a prototype. */
const restorers: ((() => void) | undefined)[] = newList();
/** How many calls were made. */
let order = 0;
// Instead of a list of all mocks, which would keep them alive, each looks here before it does anything.
let clears = 0;
let resets = 0;

/** Adds to a list of the user's: setters of `Array.prototype` do not see it. */
function add(list: unknown[], value: unknown): void {
  const descriptor = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
  defineProperty(list, list.length, descriptor as PropertyDescriptor);
}

function newContext(): MockContext {
  const context: MockContext = {
    calls: [],
    instances: [],
    contexts: [],
    invocationCallOrder: [],
    results: [],
    get settledResults() {
      const list: unknown[] = [];
      for (let i = 0; i < context.results.length; i++) add(list, settled(context.results[i]));
      return list as MockContext["settledResults"];
    },
    get lastCall() {
      const { calls } = context;
      return calls.length === 0 ? undefined : calls[calls.length - 1];
    },
  };
  return context;
}

/** What became of what a call returned. */
export function settled(result: MockContext["results"][number]): MockContext["settledResults"][number] {
  if (result.type === "incomplete") return { type: "incomplete", value: undefined };
  if (result.type === "throw") return { type: "rejected", value: result.value };
  const state = promiseState(result.value);
  if (state === "") return { type: "fulfilled", value: result.value };
  if (state === "pending") return { type: "incomplete", value: undefined };
  return { type: state, value: promiseValue(result.value) };
}

/** The state of a mock, after whatever happened to all mocks has been done to it, too. */
function live(state: State): State {
  if (state.resets < resets) reset(state);
  else if (state.clears < clears) clear(state);
  return state;
}

function clear(state: State): void {
  state.context = newContext();
  state.clears = clears;
}

function reset(state: State): void {
  clear(state);
  state.resets = resets;
  state.name = state.initial.name;
  state.implementation = state.isJest ? undefined : state.initial.implementation;
  if (state.isJest) state.original = undefined;
  state.once = newList();
  inherit(state.mock, state.implementation ?? state.original);
}

/** Takes what the next call runs. */
function take(state: State): Procedure | undefined {
  const { once } = state;
  if (once.length === 0) return state.implementation ?? state.original;
  const first = once[0];
  for (let i = 1; i < once.length; i++) once[i - 1] = once[i];
  once.length--;
  return first;
}

/** Makes empty objects. */
const Blank = function (): void {};

/** Runs a call. `target` is what `new` was used on; `undefined` without `new`. */
function run(state: State, self: unknown, args: unknown[], target: object | undefined): unknown {
  const { context } = state;
  const implementation = take(state);
  let instance = self;
  let isClass = false;
  if (target !== undefined) {
    inherit(state.mock, implementation);
    isClass = implementation !== undefined && isConstructorOnly(implementation);
    // A class makes its instances itself.
    instance = isClass ? undefined : construct(Blank, newList(), target);
  }
  const index = context.calls.length;
  const result: { type: string; value: unknown } = { type: "incomplete", value: undefined };
  add(context.calls, args);
  add(context.instances, instance);
  add(context.contexts, instance);
  add(context.invocationCallOrder, ++order);
  add(context.results, result);
  try {
    let value: unknown;
    if (isClass) {
      value = construct(implementation, args, target);
      replace(context.instances, index, value);
      replace(context.contexts, index, value);
    } else {
      value = implementation === undefined ? undefined : apply(implementation, instance, args);
      if (target !== undefined && !isObject(value)) value = instance;
    }
    result.type = "return";
    result.value = value;
    return value;
  } catch (error) {
    result.type = "throw";
    result.value = error;
    throw error;
  }
}

function replace(list: unknown[], index: number, value: unknown): void {
  if (hasOwn(list, index)) list[index] = value;
}

/** Whether a function can only be called with `new`, as classes and some functions of the language. */
function isConstructorOnly(implementation: Procedure): boolean {
  // A mock calls what it is told to by itself.
  if (stateOf(implementation) !== undefined) return true;
  return descriptorOf(implementation, "prototype")?.writable === false;
}

/** Puts the methods of what a mock runs behind those of its own: what `new` makes has both. */
function inherit(mock: object, implementation: Procedure | undefined): void {
  const own = (mock as Procedure).prototype;
  if (!isObject(own)) return;
  const behind = implementation === undefined ? undefined : tryGet(implementation, "prototype");
  const wanted = isObject(behind) && behind !== own ? behind : ObjectPrototype;
  if (prototypeOf(own) !== wanted) setPrototypeOf(own, wanted);
}

/** Makes a mock. */
function create(
  initial: State["initial"],
  original: Procedure | undefined,
  restore: (() => void) | undefined,
  isJest: boolean,
): Procedure & Mock {
  const mock = function (this: unknown, ...args: unknown[]): unknown {
    return run(live(state), this, args, new.target);
  };
  const state: State = {
    mock,
    context: newContext(),
    name: initial.name,
    implementation: initial.implementation,
    once: newList(),
    initial,
    original,
    isJest,
    restore,
    clears,
    resets,
  };
  const model = original ?? initial.implementation;
  weakSet(states, mock, state);
  const name = tryGet(model, "name");
  define(mock, "name", typeof name === "string" && name !== "" ? name : "Mock");
  const length = tryGet(model, "length");
  define(mock, "length", typeof length === "number" ? length : 0);
  setPrototypeOf(mock, MockPrototype);
  if (model !== undefined) {
    copyStatics(mock, model);
    inherit(mock, model);
  }
  return mock as unknown as Procedure & Mock;
}

function define(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, { __proto__: null, value, writable: true, configurable: true } as PropertyDescriptor);
}

/** Gives a mock the own properties of a function or class, and of the classes that it extends. */
function copyStatics(mock: object, model: object): void {
  let source: object | null = model;
  while (source !== null && source !== FunctionPrototype && source !== ObjectPrototype && source !== MockPrototype) {
    const keys = setPrototypeOf(ownKeys(source), null);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key === "arguments" || key === "caller" || key in mock) continue;
      const descriptor = descriptorOf(source, key);
      if (descriptor !== undefined) defineProperty(mock, key, setPrototypeOf(descriptor, null));
    }
    source = prototypeOf(source);
  }
}

/** The state of a mock; `undefined` for anything else. */
function stateOf(value: unknown): State | undefined {
  if (typeof value !== "function") return undefined;
  const state = weakGet(states, value);
  return state === undefined ? undefined : live(state);
}

/** What is known of a mock, for matchers; `undefined` for anything else. */
export function recordOf(value: unknown): { readonly name: string; readonly context: MockContext } | undefined {
  return stateOf(value);
}

/** `vi.isMockFunction`. */
export function isMockFunction(value: unknown): value is Mock {
  return stateOf(value) !== undefined;
}

/** The state of what a method of mocks is called on. */
function own(mock: unknown, method: string): State {
  const state = stateOf(mock);
  if (state === undefined) throw usageError(method + "() is a method of mock functions: call it on one");
  return state;
}

function setTo(mock: unknown, method: string, implementation: unknown): unknown {
  const state = own(mock, method);
  state.implementation = checkImplementation(method, implementation);
  inherit(mock as object, state.implementation);
  return mock;
}

function setOnce(mock: unknown, method: string, implementation: unknown): unknown {
  const { once } = own(mock, method);
  push(once, checkImplementation(method, implementation));
  return mock;
}

/** What a mock is told to run: nothing, if it is told so by leaving the argument out. */
function checkImplementation(method: string, implementation: unknown): Procedure {
  if (implementation === undefined) return () => {};
  if (typeof implementation === "function") return implementation as Procedure;
  throw usageError(method + "() needs a function, not " + printInline(implementation, 80));
}

/** A promise that is settled already. */
function fulfilled(value: unknown): Promise<unknown> {
  return new Promise((resolve) => resolve(value));
}

function rejected(reason: unknown): Promise<unknown> {
  return new Promise((_, reject) => reject(reason));
}

function thrower(value: unknown): Procedure {
  return () => {
    throw value;
  };
}

function withImplementation(this: unknown, implementation: unknown, callback: unknown): unknown {
  const state = own(this, "withImplementation");
  if (typeof callback !== "function") {
    throw usageError("withImplementation() needs a function to run, not " + printInline(callback, 80));
  }
  const before = state.implementation;
  const { once } = state;
  setTo(this, "withImplementation", implementation);
  state.once = newList();
  const back = (): void => {
    state.implementation = before;
    state.once = once;
    inherit(this as object, before ?? state.original);
  };
  let returned: unknown;
  let waits = false;
  try {
    returned = (callback as Procedure)();
    waits = isThenable(returned);
  } finally {
    if (!waits) back();
  }
  if (!waits) return this;
  return new Promise((resolve, reject) => {
    whenSettled(
      returned,
      () => {
        back();
        resolve(this);
      },
      (reason) => {
        back();
        reject(reason);
      },
    );
  });
}

/** The methods of mocks. Their names show up in stacks. */
const methods = {
  __proto__: null,
  getMockName(this: unknown): string {
    return own(this, "getMockName").name;
  },
  mockName(this: unknown, name: unknown): unknown {
    own(this, "mockName").name = typeof name === "string" ? name : toText(name);
    return this;
  },
  mockClear(this: unknown): unknown {
    clear(own(this, "mockClear"));
    return this;
  },
  mockReset(this: unknown): unknown {
    reset(own(this, "mockReset"));
    return this;
  },
  mockRestore(this: unknown): void {
    const state = own(this, "mockRestore");
    reset(state);
    state.restore?.();
  },
  getMockImplementation(this: unknown): Procedure | undefined {
    const { once, implementation } = own(this, "getMockImplementation");
    return once.length > 0 ? once[0] : implementation;
  },
  mockImplementation(this: unknown, implementation: unknown): unknown {
    return setTo(this, "mockImplementation", implementation);
  },
  mockImplementationOnce(this: unknown, implementation: unknown): unknown {
    return setOnce(this, "mockImplementationOnce", implementation);
  },
  withImplementation,
  mockReturnThis(this: unknown): unknown {
    return setTo(this, "mockReturnThis", function (this: unknown) {
      return this;
    });
  },
  mockReturnValue(this: unknown, value: unknown): unknown {
    return setTo(this, "mockReturnValue", () => value);
  },
  mockReturnValueOnce(this: unknown, value: unknown): unknown {
    return setOnce(this, "mockReturnValueOnce", () => value);
  },
  mockThrow(this: unknown, value: unknown): unknown {
    return setTo(this, "mockThrow", thrower(value));
  },
  mockThrowOnce(this: unknown, value: unknown): unknown {
    return setOnce(this, "mockThrowOnce", thrower(value));
  },
  mockResolvedValue(this: unknown, value: unknown): unknown {
    return setTo(this, "mockResolvedValue", () => fulfilled(value));
  },
  mockResolvedValueOnce(this: unknown, value: unknown): unknown {
    return setOnce(this, "mockResolvedValueOnce", () => fulfilled(value));
  },
  mockRejectedValue(this: unknown, reason: unknown): unknown {
    return setTo(this, "mockRejectedValue", () => rejected(reason));
  },
  mockRejectedValueOnce(this: unknown, reason: unknown): unknown {
    return setOnce(this, "mockRejectedValueOnce", () => rejected(reason));
  },
} as unknown as Record<string, Procedure>;

/** What all mocks inherit. Writable: a test may put methods of its own onto a mock. */
const MockPrototype: object = setPrototypeOf({}, FunctionPrototype);
const methodNames = setPrototypeOf(ownKeys(methods), null) as string[];
for (let i = 0; i < methodNames.length; i++) define(MockPrototype, methodNames[i], methods[methodNames[i]]);
define(MockPrototype, "_isMockFunction", true);
defineProperty(MockPrototype, "mock", {
  __proto__: null,
  get(this: unknown): MockContext {
    return own(this, "mock").context;
  },
  configurable: true,
} as PropertyDescriptor);
define(MockPrototype, disposeSymbol, function (this: Mock) {
  this.mockRestore();
});
share(MockPrototype, "vi.fn()");

/** Whether a function of that name is one of `jest`. */
function isJests(name: string): boolean {
  return slice(name, 0, 5) === "jest.";
}

/** `fn`. `name`: what the mock is called in messages. */
export function fn(implementation: unknown, name: string): Procedure & Mock {
  if (implementation !== undefined && typeof implementation !== "function") {
    throw usageError(
      name + " takes a function or a class as its implementation, not " + printInline(implementation, 80),
    );
  }
  if (isMockFunction(implementation)) return implementation as Procedure & Mock;
  const initial = { name, implementation: implementation as Procedure | undefined };
  return create(initial, undefined, undefined, isJests(name));
}

/** Where a property is defined: on the object itself, or on what it inherits from. */
function find(object: object, key: PropertyKey): { descriptor: PropertyDescriptor; isOwn: boolean } | undefined {
  for (let holder: object | null = object; holder !== null; holder = prototypeOf(holder)) {
    const descriptor = descriptorOf(holder, key);
    if (descriptor !== undefined) return { descriptor: setPrototypeOf(descriptor, null), isOwn: holder === object };
  }
  return undefined;
}

/** Whether the property is what a module exports: those of no other object can be written and not be defined anew. */
function isExport(object: object, descriptor: PropertyDescriptor): boolean {
  return prototypeOf(object) === null && descriptor.writable === true && descriptor.configurable === false;
}

function nameOfKey(key: PropertyKey): string {
  return typeof key === "symbol" ? toText(key) : printInline(toText(key), 80);
}

/** Checks what is to be replaced, and gives where it is defined. */
function look(what: string, object: unknown, key: PropertyKey): { descriptor: PropertyDescriptor; isOwn: boolean } {
  if (!isObject(object)) {
    throw usageError(what + "() needs an object that has the property, not " + printInline(object, 80));
  }
  const found = find(object, key);
  if (found !== undefined) return found;
  throw usageError(what + "(): the object has no property " + nameOfKey(key));
}

/** Replaces a property, and gives what puts it back: once, alone or with all others. `restored` is called then. */
function substitute(
  what: string,
  object: object,
  key: PropertyKey,
  found: { descriptor: PropertyDescriptor; isOwn: boolean },
  change: object,
  restored?: () => void,
): () => void {
  const { descriptor, isOwn } = found;
  const next = { __proto__: null, ...descriptor, ...change } as PropertyDescriptor;
  // What is inherited gets a property in front of it, which has to go again.
  if (!isOwn) next.configurable = true;
  if (!defineProperty(object, key, next)) {
    throw usageError(
      isExport(object, descriptor)
        ? what +
            "(): what a module exports cannot be replaced, " +
            nameOfKey(key) +
            " neither. Let the code take it as a parameter, or export an object and spy on its method"
        : what + "(): " + nameOfKey(key) + " cannot be replaced: it is read-only, or the object is frozen",
    );
  }
  const index = restorers.length;
  let done = false;
  const restore = (): void => {
    if (done) return;
    done = true;
    restorers[index] = undefined;
    while (restorers.length > 0 && restorers[restorers.length - 1] === undefined) restorers.length--;
    if (isOwn) defineProperty(object, key, descriptor);
    else delete (object as Record<PropertyKey, unknown>)[key];
    restored?.();
  };
  push(restorers, restore);
  return restore;
}

/** `spyOn`. */
export function spyOn(what: string, object: unknown, key: PropertyKey, access: unknown): Procedure & Mock {
  const found = look(what, object, key);
  const { descriptor } = found;
  if (access !== undefined && access !== "get" && access !== "set") {
    throw usageError(what + '() takes "get" or "set" as its third argument, not ' + printInline(access, 80));
  }
  let original: unknown;
  if (access !== undefined) {
    original = descriptor[access];
    if (original === undefined && hasOwn(descriptor, "value")) {
      throw usageError(
        what +
          "(): " +
          nameOfKey(key) +
          " is a value without a getter or setter: jest.replaceProperty(object, key, value) sets another one for a while",
      );
    }
    if (original === undefined) throw usageError(what + "(): " + nameOfKey(key) + " has no " + access + "ter");
  } else {
    original = hasOwn(descriptor, "value") ? descriptor.value : (object as Record<PropertyKey, unknown>)[key as string];
    if (typeof original !== "function") {
      throw usageError(
        what +
          "(): " +
          nameOfKey(key) +
          " is not a function, but " +
          printInline(original, 80) +
          (hasOwn(descriptor, "value")
            ? ": jest.replaceProperty(object, key, value) sets another value for a while"
            : ': to spy on a getter, pass "get" as the third argument'),
      );
    }
  }
  if (isMockFunction(original)) return original as Procedure & Mock;
  let restore: (() => void) | undefined;
  const label = toText(key);
  const name = tryGet(original, "name");
  const mock = create(
    { name: access === undefined && typeof name === "string" && name !== "" ? name : label, implementation: undefined },
    original as Procedure,
    () => restore?.(),
    isJests(what),
  );
  const change =
    access !== undefined ? { [access]: mock } : hasOwn(descriptor, "value") ? { value: mock } : { get: () => mock };
  restore = substitute(what, object as object, key, found, change);
  return mock;
}

/** A property that has another value for a while. */
interface Replacement {
  readonly object: object;
  readonly key: PropertyKey;
  readonly property: ReplacedProperty<unknown>;
}

/** Those that were not put back. A list without a prototype. */
let replacements: Replacement[] = newList();

function without(list: readonly Replacement[], entry: Replacement): Replacement[] {
  const rest: Replacement[] = newList();
  for (let i = 0; i < list.length; i++) if (list[i] !== entry) push(rest, list[i]);
  return rest;
}

/** `jest.replaceProperty`. A property that has been replaced already keeps the value that it goes back to. */
export function replaceProperty(object: unknown, key: PropertyKey, value: unknown): ReplacedProperty<unknown> {
  const what = "replaceProperty";
  const found = look(what, object, key);
  for (let i = 0; i < replacements.length; i++) {
    const known = replacements[i];
    if (known.object === object && known.key === key) return known.property.replaceValue(value);
  }
  if (!hasOwn(found.descriptor, "value")) {
    throw usageError(what + "(): " + nameOfKey(key) + ' has a getter or setter: use spyOn(object, key, "get")');
  }
  if (typeof found.descriptor.value === "function") {
    throw usageError(what + "(): " + nameOfKey(key) + " is a function: use spyOn(object, key)");
  }
  const property: ReplacedProperty<unknown> = {
    replaceValue(next: unknown) {
      defineProperty(object as object, key, { __proto__: null, value: next } as PropertyDescriptor);
      return property;
    },
    restore: () => restore(),
  };
  const entry: Replacement = { object: object as object, key, property };
  const restore = substitute(what, object as object, key, found, { value }, () => {
    replacements = without(replacements, entry);
  });
  push(replacements, entry);
  return property;
}

/** `vi.clearAllMocks`. */
export function clearAllMocks(): void {
  clears++;
}

/** `vi.resetAllMocks`. */
export function resetAllMocks(): void {
  resets++;
}

/** `vi.restoreAllMocks`. */
export function restoreAllMocks(): void {
  // What was replaced twice must go back in the opposite order.
  for (let i = restorers.length - 1; i >= 0; i--) restorers[i]?.();
}
