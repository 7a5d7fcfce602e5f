/** `vi` and `jest`. A part: loaded when one of them is asked for something. */

import { part, phase } from "husako:host";
import {
  apply,
  defineProperty,
  descriptorOf,
  freeze,
  isFiniteNumber,
  isInteger,
  isObject,
  Map,
  mapDelete,
  mapForEach,
  mapHas,
  mapSet,
  now,
  objectKeys,
  Promise,
  setPrototypeOf,
  share,
  toText,
  tryGet,
} from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { usageError } from "../stack.ts";
import { clearTimeout, setTimeout } from "../timers.ts";
import { defaults } from "./current.ts";
import type { FakeTimersOptions } from "./fake_timers.ts";
import { printInline } from "./format.ts";
import type {
  Fn,
  Mock,
  Mockable,
  Mocked,
  MockedObjectDeep,
  Procedure,
  ReplacedProperty,
  SpyOn,
} from "./mock_types.ts";

/** How long to wait for something, and how often to look. */
export interface WaitOptions {
  /** In milliseconds; by default 1,000. */
  timeout?: number;
  /** In milliseconds; by default 50. */
  interval?: number;
}

/** What `vi` and `jest` have in common. */
export interface TestDoubles {
  /** Makes a mock function. */
  readonly fn: Fn;
  /** Replaces a method or an accessor by a mock that calls it. */
  readonly spyOn: SpyOn;
  /** Gives back what it is given, as the mock that it is. For TypeScript. */
  mocked<T>(item: T, deep?: false | { partial?: boolean; deep?: false }): Mocked<T>;
  /** The same, at every level. */
  mocked<T>(
    item: T,
    deep: true | { partial?: boolean; deep: true },
  ): T extends Mockable ? Mocked<T> : MockedObjectDeep<T>;
  /** Whether a value is a mock function. */
  isMockFunction(value: unknown): value is Mock;
  /** Forgets the calls of all mocks. */
  clearAllMocks(): this;
  /** Forgets the calls of all mocks; they go back to the implementations that they began with. */
  resetAllMocks(): this;
  /** Puts everything back that was spied on or replaced. */
  restoreAllMocks(): this;
  /** Replaces the value of a property, until it is restored. */
  replaceProperty<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): ReplacedProperty<T[K]>;

  /** Replaces timers and `Date` by such that stand still until they are advanced. */
  useFakeTimers(options?: FakeTimersOptions): this;
  /** Puts the real timers back. Fake ones that still wait never run. */
  useRealTimers(): this;
  /** Sets what the time is. Without fake timers, only `Date` is faked. */
  setSystemTime(now?: number | string | Date): this;
  /** What the time really is, in milliseconds since 1970. */
  getRealSystemTime(): number;
  /** Lets time pass, in milliseconds, and runs what falls due. */
  advanceTimersByTime(milliseconds: number): this;
  /** The same; promises go on in between. */
  advanceTimersByTimeAsync(milliseconds: number): Promise<this>;
  /** Lets time pass until the next timer is due, and runs it. */
  advanceTimersToNextTimer(steps?: number): this;
  /** The same; promises go on in between. */
  advanceTimersToNextTimerAsync(steps?: number): Promise<this>;
  /** Lets time pass until a screen would draw again: at every 16th millisecond. */
  advanceTimersToNextFrame(): this;
  /** Runs timers until none is left. */
  runAllTimers(): this;
  /** The same; promises go on in between. */
  runAllTimersAsync(): Promise<this>;
  /** Runs the timers that wait now, and not those that they set for later. */
  runOnlyPendingTimers(): this;
  /** The same; promises go on in between. */
  runOnlyPendingTimersAsync(): Promise<this>;
  /** Runs the microtasks, where `queueMicrotask` is faked. */
  runAllTicks(): this;
  /** Runs what `setImmediate` has set. */
  runAllImmediates(): this;
  /** How many timers wait. */
  getTimerCount(): number;
  /** Forgets all timers that wait. */
  clearAllTimers(): this;
}

/** `vi`, as Vitest has it. */
export interface Vi extends TestDoubles {
  /** Whether timers are faked. */
  isFakeTimers(): boolean;
  /** What the faked time is; `null` if it is not faked. */
  getMockedSystemTime(): Date | null;
  /** Sets a global, until `unstubAllGlobals()`. */
  stubGlobal(name: string | symbol, value: unknown): this;
  /** Puts all globals back that `stubGlobal()` has set. */
  unstubAllGlobals(): this;
  /** Sets a variable in `process.env`, if the test has made one, until `unstubAllEnvs()`. */
  stubEnv(name: string, value: string | boolean | undefined): this;
  /** Puts all variables back that `stubEnv()` has set. */
  unstubAllEnvs(): this;
  /** Calls a function again and again until it does not throw, or its promise is fulfilled. Gives what it gave. */
  waitFor<T>(callback: () => T | Promise<T>, options?: number | WaitOptions): Promise<T>;
  /** Calls a function again and again until it gives something that `if` takes for true. */
  waitUntil<T>(
    callback: () => T | Promise<T>,
    options?: number | WaitOptions,
  ): Promise<Exclude<T, false | 0 | "" | null | undefined>>;
  /** Sets how long each case may take that is added from now on, in milliseconds. */
  setConfig(config: { testTimeout?: number }): void;
  /** Undoes `setConfig()`. */
  resetConfig(): void;
  /** Calls the function. */
  hoisted<T>(factory: () => T): T;
}

/** `jest`, as Jest has it. */
export interface Jest extends TestDoubles {
  /** Sets how long each case may take that is added from now on, in milliseconds. */
  setTimeout(milliseconds: number): this;
  /** How often failed cases that are added from now on are run again. */
  retryTimes(times: number): this;
  /** What the time is, faked or not, in milliseconds since 1970. */
  now(): number;
}

/** What modules would be mocked with: none of it is there. */
const MODULES: readonly string[] = [
  "mock",
  "doMock",
  "unmock",
  "doUnmock",
  "dontMock",
  "deepUnmock",
  "setMock",
  "unstable_mockModule",
  "unstable_unmockModule",
  "importActual",
  "importMock",
  "requireActual",
  "requireMock",
  "resetModules",
  "isolateModules",
  "isolateModulesAsync",
  "createMockFromModule",
  "genMockFromModule",
  "enableAutomock",
  "disableAutomock",
  "autoMockOn",
  "autoMockOff",
];

type Mocks = typeof import("./mocks.ts");
type Timers = typeof import("./fake_timers.ts");
type Table = Record<string, (...args: any[]) => unknown>;

function mocks(): Mocks {
  return part("test/mocks.ts") as Mocks;
}
function timers(): Timers {
  return part("test/fake_timers.ts") as Timers;
}

/** Lets methods give back the object that they are called on. */
function chained(table: Table, self: object, from: Table): void {
  const names = setPrototypeOf(objectKeys(from), null);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    table[name] = {
      [name](...args: unknown[]): unknown {
        const returned = apply(from[name], undefined, args);
        if (!isObject(returned)) return self;
        return new Promise((resolve, reject) => whenSettled(returned, () => resolve(self), reject));
      },
    }[name];
  }
}

/** What `vi` and `jest` have in common. `name`: how they are called. */
function doubles(name: string): Table {
  const self: Table = {};
  self.fn = (implementation) => mocks().fn(implementation, name + ".fn()");
  self.spyOn = (object, key, access) => mocks().spyOn(name + ".spyOn", object, key, access);
  self.mocked = (item) => item;
  self.isMockFunction = (value) => mocks().isMockFunction(value);
  self.replaceProperty = (object, key, value) => mocks().replaceProperty(object, key, value);
  self.getRealSystemTime = () => timers().getRealSystemTime();
  self.getTimerCount = () => timers().getTimerCount();
  self.isFakeTimers = () => timers().isFakeTimers();
  chained(self, self, {
    clearAllMocks: () => mocks().clearAllMocks(),
    resetAllMocks: () => mocks().resetAllMocks(),
    restoreAllMocks: () => mocks().restoreAllMocks(),
    useFakeTimers: (options) => timers().useFakeTimers(options),
    useRealTimers: () => timers().useRealTimers(),
    setSystemTime: (time) => timers().setSystemTime(time),
    advanceTimersByTime: (milliseconds) => timers().advanceTimersByTime(milliseconds),
    advanceTimersByTimeAsync: (milliseconds) => timers().advanceTimersByTimeAsync(milliseconds),
    advanceTimersToNextTimer: (steps) => timers().advanceTimersToNextTimer(steps),
    advanceTimersToNextTimerAsync: (steps) => timers().advanceTimersToNextTimerAsync(steps),
    advanceTimersToNextFrame: () => timers().advanceTimersToNextFrame(),
    runAllTimers: () => timers().runAllTimers(),
    runAllTimersAsync: () => timers().runAllTimersAsync(),
    runOnlyPendingTimers: () => timers().runOnlyPendingTimers(),
    runOnlyPendingTimersAsync: () => timers().runOnlyPendingTimersAsync(),
    runAllTicks: () => timers().runAllTicks(),
    runAllImmediates: () => timers().runAllImmediates(),
    clearAllTimers: () => timers().clearAllTimers(),
  });
  for (let i = 0; i < MODULES.length; i++) {
    const method = MODULES[i];
    self[method] = () => {
      throw usageError(
        name +
          "." +
          method +
          "() is not there: modules cannot be mocked. Let the code take what it needs as a parameter and pass it " +
          name +
          ".fn(), or export an object and use " +
          name +
          ".spyOn() on its method",
      );
    };
  }
  return self;
}

/** What was there before something was set, to be put back once. */
class Stubs {
  readonly #before: Map<PropertyKey, PropertyDescriptor | undefined> = new Map();
  #target: object | undefined;

  set(what: string, target: object, key: PropertyKey, value: unknown): void {
    // Another object than before has nothing to do with what is remembered.
    if (this.#target !== target) this.restore();
    this.#target = target;
    if (!mapHas(this.#before, key)) mapSet(this.#before, key, descriptorOf(target, key));
    const descriptor = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
    if (!defineProperty(target, key, descriptor as PropertyDescriptor)) {
      throw usageError(what + "(): " + toText(key) + " cannot be replaced");
    }
  }

  restore(): void {
    const target = this.#target as Record<PropertyKey, unknown>;
    mapForEach(this.#before, (descriptor: PropertyDescriptor | undefined, key: PropertyKey) => {
      if (descriptor === undefined) delete target[key];
      else defineProperty(target, key, setPrototypeOf(descriptor, null));
      mapDelete(this.#before, key);
    });
  }
}

function stubEnv(stubs: Stubs, name: unknown, value: unknown): void {
  const env = tryGet(tryGet(globalThis, "process"), "env");
  if (typeof env !== "object" || env === null) {
    throw usageError(
      "vi.stubEnv(): there is no environment here. Let the code take what it reads from it as a parameter, or make one: " +
        'vi.stubGlobal("process", { env: { … } })',
    );
  }
  stubs.set("vi.stubEnv", env, toText(name), value === undefined ? undefined : toText(value));
}

/** Looks again and again. `done` gives whether that is the end. */
function waiting(
  what: string,
  given: unknown,
  attempt: (again: (error?: unknown) => void, end: Ending) => void,
): unknown {
  const options = (typeof given === "number" ? { timeout: given } : (given ?? {})) as WaitOptions;
  const { timeout = 1_000, interval = 50 } = options;
  if (!isFiniteNumber(timeout) || !isFiniteNumber(interval)) {
    throw usageError(what + "() takes { timeout, interval } in milliseconds, not " + printInline(given, 80));
  }
  const expired = usageError("Timed out in " + what + "!");
  const started = now();
  return new Promise((resolve, reject) => {
    let over = false;
    let timer = 0;
    let last: { readonly error: unknown } | undefined;
    const end: Ending = {
      resolve: (value) => {
        over = true;
        clearTimeout(limit);
        clearTimeout(timer);
        resolve(value);
      },
      reject: (reason) => {
        over = true;
        clearTimeout(limit);
        clearTimeout(timer);
        reject(reason);
      },
    };
    const limit = setTimeout(() => end.reject(last === undefined ? expired : last.error), timeout);
    const look = (): void => {
      if (over) return;
      if (timers().isFakeTimers()) timers().advanceTimersByTime(interval);
      attempt((error) => {
        if (error !== undefined) last = { error };
        if (!over && now() - started <= timeout) timer = setTimeout(look, interval);
      }, end);
    };
    look();
  });
}

interface Ending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

function waitFor(callback: Procedure, options: unknown): unknown {
  return waiting("vi.waitFor", options, (again, end) => {
    try {
      const returned = callback();
      if (isThenable(returned)) whenSettled(returned, end.resolve, again);
      else end.resolve(returned);
    } catch (error) {
      again(error);
    }
  });
}

function waitUntil(callback: Procedure, options: unknown): unknown {
  return waiting("vi.waitUntil", options, (again, end) => {
    const judge = (value: unknown): void => (value ? end.resolve(value) : again());
    try {
      const returned = callback();
      if (isThenable(returned)) whenSettled(returned, judge, end.reject);
      else judge(returned);
    } catch (error) {
      end.reject(error);
    }
  });
}

/** Sets the timeout of the cases that are added from now on. */
function setDefaultTimeout(what: string, milliseconds: unknown): void {
  if (!isFiniteNumber(milliseconds) || (milliseconds as number) <= 0) {
    throw usageError(what + "() needs a positive number of milliseconds, not " + printInline(milliseconds, 80));
  }
  if (phase() === "run") {
    throw usageError(what + "() cannot be called while a case or hook runs: call it at the top of the file");
  }
  defaults.timeout = milliseconds as number;
}

function makeVi(): Vi {
  const self = doubles("vi");
  const globals = new Stubs();
  const variables = new Stubs();
  self.getMockedSystemTime = () => timers().getMockedSystemTime();
  self.setConfig = (config) => {
    const timeout = tryGet(config, "testTimeout");
    if (timeout === undefined) throw usageError("vi.setConfig() takes { testTimeout } only");
    setDefaultTimeout("vi.setConfig", timeout);
  };
  self.resetConfig = () => {
    defaults.timeout = -1;
  };
  self.waitFor = waitFor;
  self.waitUntil = waitUntil;
  self.hoisted = (factory) => {
    if (typeof factory !== "function")
      throw usageError("vi.hoisted() needs a function, not " + printInline(factory, 80));
    return factory();
  };
  chained(self, self, {
    stubGlobal: (name, value) => globals.set("vi.stubGlobal", globalThis, name, value),
    unstubAllGlobals: () => globals.restore(),
    stubEnv: (name, value) => stubEnv(variables, name, value),
    unstubAllEnvs: () => variables.restore(),
  });
  return freeze(share(self, "vi")) as unknown as Vi;
}

function makeJest(): Jest {
  const self = doubles("jest");
  self.now = () => timers().mockedTime() ?? now();
  chained(self, self, {
    setTimeout: (milliseconds) => setDefaultTimeout("jest.setTimeout", milliseconds),
    retryTimes(times) {
      if (!isInteger(times) || times < 0) {
        throw usageError("jest.retryTimes() needs a number of times, not " + printInline(times, 80));
      }
      defaults.retry = times;
    },
  });
  return freeze(share(self, "jest")) as unknown as Jest;
}

/** `vi`. */
export const vi: Vi = makeVi();
/** `jest`. */
export const jest: Jest = makeJest();
