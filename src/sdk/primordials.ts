/**
 * The parts of the language that the harness works with, taken before any code of the user's runs.
 *
 * A test may replace `Promise.prototype.then`, `Array.prototype.push` or `JSON` at any time, on purpose or through a
 * library. What judges it must not notice. So harness code calls methods only through the functions below, and
 * stays away from syntax that looks methods up behind one's back: `for…of`, spread, array destructuring, template literals
 * (QuickJS compiles them to calls of `String.prototype.concat`), and writing past the end of an ordinary array.
 */

// Functions whose types matter less than that they are the original ones.

const { bind, call } = Function.prototype;

/** Makes a function out of a method: the receiver becomes the first argument. */
export const uncurryThis: (method: any) => (self: any, ...args: any[]) => any = bind.bind(call) as any;

// Namespaces and constructors.
/** `Reflect.apply` */
export const apply: (target: any, self: unknown, args: ArrayLike<any>) => any = Reflect.apply;
/** `Reflect.construct` */
export const construct: (target: any, args: ArrayLike<any>, newTarget?: any) => any = Reflect.construct;
/** `Reflect.ownKeys` */
export const ownKeys: (target: object) => (string | symbol)[] = Reflect.ownKeys;
/** `Reflect.defineProperty`: gives `false` where the property cannot be defined. */
export const defineProperty: (target: object, key: PropertyKey, descriptor: PropertyDescriptor) => boolean =
  Reflect.defineProperty;
/** `Object.getOwnPropertyDescriptor` */
export const descriptorOf: (target: any, key: PropertyKey) => PropertyDescriptor | undefined =
  Object.getOwnPropertyDescriptor;
/** `Object.getPrototypeOf` */
export const prototypeOf: (target: any) => any = Object.getPrototypeOf;
/** `Object.create`, without properties. */
export const create: (prototype: object | null) => any = Object.create;
/** `Object.setPrototypeOf` */
export const setPrototypeOf: <T>(target: T, prototype: object | null) => T = Object.setPrototypeOf;
/** `Object.freeze` */
export const freeze: <T>(target: T) => T = Object.freeze as any;
/** `Object.assign` */
export const assign: (target: any, source: any) => any = Object.assign;
/** `Object.keys` */
export const objectKeys: (target: any) => string[] = Object.keys;
/** `Object.getOwnPropertySymbols` */
export const symbolsOf: (target: any) => symbol[] = Object.getOwnPropertySymbols;
/** `Object.is` */
export const is: (a: unknown, b: unknown) => boolean = Object.is;
/** `Object.prototype` */
export const ObjectPrototype: object = Object.prototype;
/** `Array.isArray` */
export const isArray: (value: unknown) => value is unknown[] = Array.isArray as any;
/** `Number.isInteger` */
export const isInteger: (value: unknown) => boolean = Number.isInteger;
/** `Number.isFinite` */
export const isFiniteNumber: (value: unknown) => boolean = Number.isFinite;
/** `Number.parseInt` */
export const parseInteger: (value: string) => number = Number.parseInt;
/** `Number.parseFloat` */
export const parseNumber: (value: string) => number = Number.parseFloat;
/** `Math.round` */
export const round: (value: number) => number = Math.round;
/** `Math.trunc` */
export const trunc: (value: number) => number = Math.trunc;
/** `JSON.stringify` */
export const stringify: (value: unknown) => string | undefined = JSON.stringify;
/** `Date.now` */
export const now: () => number = Date.now;
/** `String`, to be called and not constructed: the only conversion that takes symbols. */
export const toText: (value: unknown) => string = String;
/** `decodeURIComponent` */
export const decodeText: (value: string) => string = decodeURIComponent;
/** `Number`, to be called and not constructed. */
export const toNumber: (value: unknown) => number = Number;
const NativeDate: DateConstructor = Date;
const NativePromise: PromiseConstructor = Promise;
const NativeError: ErrorConstructor = Error;
const NativeMap: MapConstructor = Map;
const NativeWeakMap: WeakMapConstructor = WeakMap;
const NativeTypeError: TypeErrorConstructor = TypeError;
export {
  NativeDate as Date,
  NativeError as Error,
  NativeMap as Map,
  NativePromise as Promise,
  NativeTypeError as TypeError,
  NativeWeakMap as WeakMap,
};
/** `Symbol.iterator` */
export const iteratorSymbol: typeof Symbol.iterator = Symbol.iterator;
/** What Jest marks asymmetric matchers with. */
export const asymmetricSymbol: symbol = Symbol.for("jest.asymmetricMatcher");
/** `Symbol.dispose` */
export const disposeSymbol: typeof Symbol.dispose = Symbol.dispose;
/** `Function.prototype` */
export const FunctionPrototype: object = Function.prototype;

// Methods.
/** `Object.prototype.hasOwnProperty` */
export const hasOwn: (self: any, key: PropertyKey) => boolean = uncurryThis(Object.prototype.hasOwnProperty);
/** `Object.prototype.propertyIsEnumerable` */
export const isEnumerable: (self: any, key: PropertyKey) => boolean = uncurryThis(
  Object.prototype.propertyIsEnumerable,
);
/** `Array.prototype.sort`, of strings, in the order of their code units. */
export const sortStrings: (self: string[]) => string[] = uncurryThis(Array.prototype.sort);
/** `String.prototype.slice` */
export const slice: (self: string, start: number, end?: number) => string = uncurryThis(String.prototype.slice);
/** `String.prototype.indexOf` */
export const indexOf: (self: string, text: string, from?: number) => number = uncurryThis(String.prototype.indexOf);
/** `String.prototype.charCodeAt` */
export const codeAt: (self: string, index: number) => number = uncurryThis(String.prototype.charCodeAt);
/** `String.prototype.split`, with a string to split at. */
export const split: (self: string, separator: string) => string[] = uncurryThis(String.prototype.split);
/** `Function.prototype.toString` */
export const functionText: (self: any) => string = uncurryThis(Function.prototype.toString);
/** `String.prototype.trim` */
export const trim: (self: string) => string = uncurryThis(String.prototype.trim);
/** `String.prototype.repeat` */
export const repeat: (self: string, count: number) => string = uncurryThis(String.prototype.repeat);
/** `String.prototype.toWellFormed`: replaces every lone surrogate by U+FFFD. */
export const toWellFormed: (self: string) => string = uncurryThis(String.prototype.toWellFormed);
/** `Number.prototype.toString` */
export const numberToString: (self: number, radix?: number) => string = uncurryThis(Number.prototype.toString);
/** `Promise.prototype.then` */
export const promiseThen: (
  self: any,
  fulfilled: ((value: any) => unknown) | undefined,
  rejected: ((reason: any) => unknown) | undefined,
) => unknown = uncurryThis(Promise.prototype.then);
/** `Map.prototype.get` */
export const mapGet: <K, V>(self: Map<K, V>, key: K) => V | undefined = uncurryThis(Map.prototype.get);
/** `Map.prototype.set` */
export const mapSet: <K, V>(self: Map<K, V>, key: K, value: V) => void = uncurryThis(Map.prototype.set);
/** `Map.prototype.has` */
export const mapHas: (self: Map<any, any>, key: unknown) => boolean = uncurryThis(Map.prototype.has);
/** `Map.prototype.delete` */
export const mapDelete: (self: Map<any, any>, key: unknown) => boolean = uncurryThis(Map.prototype.delete);
/** `Map.prototype.forEach` */
export const mapForEach: (self: any, visit: (value: any, key: any) => void) => void = uncurryThis(
  Map.prototype.forEach,
);
/** `Set.prototype.has` */
export const setHas: (self: any, value: unknown) => boolean = uncurryThis(Set.prototype.has);
/** `Set.prototype.forEach` */
export const setForEach: (self: any, visit: (value: any) => void) => void = uncurryThis(Set.prototype.forEach);
/** `WeakMap.prototype.get` */
export const weakGet: <K extends WeakKey, V>(self: WeakMap<K, V>, key: K) => V | undefined = uncurryThis(
  WeakMap.prototype.get,
);
/** `WeakMap.prototype.set` */
export const weakSet: <K extends WeakKey, V>(self: WeakMap<K, V>, key: K, value: V) => void = uncurryThis(
  WeakMap.prototype.set,
);
/** What `value instanceof constructor` does where the constructor has no `Symbol.hasInstance` of its own. */
export const isInstance: (constructor: any, value: unknown) => boolean = uncurryThis(
  Function.prototype[Symbol.hasInstance],
);
/** `RegExp.prototype.exec`. Reads and writes `lastIndex` of the expression. */
export const regExpExec: (self: RegExp, text: string) => unknown[] | null = uncurryThis(RegExp.prototype.exec);

/** The getter of an accessor property, as a function of the object. */
export function getterOf(target: object, key: PropertyKey): (self: any) => any {
  const get = descriptorOf(target, key)?.get;
  return get === undefined ? () => undefined : uncurryThis(get);
}

/** An array without a prototype: no setter of the user's sees what is added to it with {@link push}. */
export function newList<T>(): T[] {
  return setPrototypeOf<T[]>([], null);
}

/** Adds to an array made by {@link newList}. */
export function push<T>(list: T[], item: T): void {
  list[list.length] = item;
}

/** Joins texts. `list` needs no prototype. */
export function join(list: readonly string[], separator: string): string {
  let text = "";
  for (let i = 0; i < list.length; i++) text += i === 0 ? list[i] : separator + list[i];
  return text;
}

/** Whether the text occurs in the other. */
export function includes(text: string, part: string): boolean {
  return indexOf(text, part) !== -1;
}

/** Whether the value is an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Reads a property of anything. `undefined` where that throws or there is none. */
export function tryGet(value: unknown, key: PropertyKey): unknown {
  if (value === null || value === undefined) return undefined;
  try {
    return (value as any)[key];
  } catch {
    return undefined;
  }
}

// Who looks on in a run that is made for it (`misses.ts`, `tracing.ts`). Here, because all of the SDK imports this module, and one
// more would cost every file something.

/** Looks on. */
export interface Watcher {
  /** Is told of a builder or fragment that has been made; `parts` are those of its kind that were merged into it. */
  readonly made?: (object: object, parts?: readonly unknown[]) => void;
  /** Is told of what users call methods of: an object, or the prototype of many. */
  readonly shared?: (target: object, title: string) => void;
}

/** Is told of every builder and fragment that has been made; in a normal run there is nobody. */
export let made: Watcher["made"];
let shared: Watcher["shared"];

/** From now on `watcher` looks on. */
export function watch(watcher: Watcher): void {
  made = watcher.made;
  shared = watcher.shared;
}

/**
 * Says that users call methods of `target`, or of what inherits from it.
 *
 * @param title what it is called in messages; empty: by its class, as in `Deployment()`
 */
export function share<T extends object>(target: T, title: string): T {
  if (shared !== undefined) shared(target, title);
  return target;
}
