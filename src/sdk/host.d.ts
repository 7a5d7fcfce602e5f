/**
 * What the host gives to the SDK. Only the SDK's own modules can import it: user code has no way to reach it.
 *
 * The host holds the plan and the results. The SDK holds the functions of the user, by number, and never gives
 * the host anything but plain values: numbers, strings, booleans, and what a function of the user's returned.
 */
declare module "husako:host" {
  /** How a suite or a case takes part: `run`, or only it and its like (`only`), or not at all (`skip`, `todo`). */
  export type Mode = "run" | "only" | "skip" | "todo";
  export type HookKind = "beforeAll" | "beforeEach" | "afterEach" | "afterAll";

  /**
   * Adds a suite and returns its number (from 1; 0 is the file). `stack` is the raw stack of the user's call; the host finds the
   * place in it.
   */
  export function addSuite(parent: number, name: string, mode: Mode, stack: string): number;
  /** Adds a case and returns its number (from 0). `callback` is the number of its function (-1: none); `timeout` in milliseconds (-1: the run's default). */
  export function addCase(suite: number, name: string, mode: Mode, callback: number, timeout: number, stack: string): number;
  /** Adds a hook to a suite. */
  export function addHook(suite: number, kind: HookKind, callback: number, timeout: number, stack: string): void;
  /** Whether files are being read for their tests ("collect"), a case or hook runs ("run"), or the file is an entry ("entry"). */
  export function phase(): "collect" | "run" | "entry";

  /** Records one call of `console.*`. `error` is whether it belongs to stderr. Text must be well-formed (no lone surrogates). */
  export function print(error: boolean, text: string): void;

  /**
   * Loads a module of the SDK that few files need, by its path below `src/sdk/`, and gives its namespace; the same one each time.
   *
   * A module that is loaded like this must never be imported by others but for its types: it would be there twice. And it is loaded
   * after the user's code: whatever it needs of the language, it takes from `primordials.ts`.
   */
  export function part(path: string): unknown;

  /**
   * Whether two values are equal for sure, by any rule of equality that matchers have: both the same, or plain objects and arrays with
   * the same properties. `false`: nobody knows.
   */
  export function alike(a: unknown, b: unknown): boolean;
  /**
   * Replaces everything that has a `_toJSON()` by its result, at every level of arrays and plain objects.
   *
   * @param key the property that the value stands in
   * @param fields gives the fields of a spec fragment, and of an object that inherits from others; `undefined`: it is not plain
   * @param stored a `_toJSON` that gives the own fields, made plain
   * @param props a `_toJSON` that gives the object `_props`, made plain
   */
  export function plain(
    value: unknown,
    key: string,
    fields: (value: object, key: string) => object | undefined,
    stored: unknown,
    props: unknown,
  ): unknown;

  /** What time it is, in whole milliseconds since 1970. Who asks has read the clock. */
  export function now(): number;
  /** How long the file has run, in milliseconds. Who asks has read the clock. */
  export function elapsed(): number;
  /** A number from 0 up to 1. Who asks has read randomness. */
  export function random(): number;

  /** The number of what runs now (a case, a hook), for work that outlives it. */
  export function owner(): number;
  /** Records an error that nobody could catch (in a timer, a microtask), for the owner in whose name the work was started. */
  export function uncaught(owner: number, error: import("./test/errors.ts").Description): void;

  /** Calls `fire(callback)` of `runtime.ts` after `delay` milliseconds, again and again if `repeat`. Returns the timer's number (from 1). */
  export function setTimer(callback: number, delay: number, repeat: boolean): number;
  /** Forgets a timer; unknown numbers are ignored. */
  export function clearTimer(timer: number): void;

  /** Takes the plain values that an entry built, one for each resource, and the builders that they come from. */
  export function build(resources: unknown[], builders: readonly unknown[]): void;
}
