/**
 * Fake timers: a clock that stands still until a test advances it. A part: loaded when the first test asks for it.
 *
 * What it replaces are the globals. The harness itself never looks at those.
 */

import { timersAreFake } from "husako:host/mocks";
import {
  apply,
  construct,
  Date as NativeDate,
  defineProperty,
  descriptorOf,
  Error,
  isArray,
  isFiniteNumber,
  isObject,
  Map,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  newList,
  now as realNow,
  Promise,
  push,
  setPrototypeOf,
  toNumber,
  toText,
  tryGet,
  trunc,
} from "../primordials.ts";
import { dateGoingBy } from "../dates.ts";
import { usageError, withPlainStack } from "../stack.ts";
import { clearTimeout as clearReal, setInterval as setRealInterval, setTimeout as setReal } from "../timers.ts";
import { printInline } from "./format.ts";
import { dateTime, kindOf } from "./kinds.ts";

/** What can be faked. */
export type Fakeable =
  | "setTimeout"
  | "clearTimeout"
  | "setInterval"
  | "clearInterval"
  | "setImmediate"
  | "clearImmediate"
  | "Date"
  | "performance"
  | "queueMicrotask";

/** How timers are faked. */
export interface FakeTimersOptions {
  /** What time it is at first: milliseconds since 1970, a Date, or a text that `Date` reads. By default what it is. */
  now?: number | Date | string;
  /** What is faked; by default all but `queueMicrotask`. Names of what is not there are ignored. */
  toFake?: readonly (Fakeable | (string & {}))[];
  /** What is not faked. */
  toNotFake?: readonly (Fakeable | (string & {}))[];
  /** The same as `toNotFake`, as Jest has it. */
  doNotFake?: readonly (Fakeable | (string & {}))[];
  /** How many timers `runAllTimers` runs before it takes them to be endless; by default 10,000. */
  loopLimit?: number;
  /** The same as `loopLimit`, as Jest has it. */
  timerLimit?: number;
  /** Whether the clock also advances by itself. */
  shouldAdvanceTime?: boolean;
  /** By how much it then advances at a time, in milliseconds; by default 20. */
  advanceTimeDelta?: number;
  /** Whether, or by how many milliseconds at a time, the clock advances by itself, as Jest has it. */
  advanceTimers?: boolean | number;
  /** Jest's first fake timers: not there. */
  legacyFakeTimers?: false;
}

/** A timer that waits. */
interface Timer {
  readonly id: number;
  readonly callback: unknown;
  readonly args: readonly unknown[];
  /** When it is due, on the clock's own count. */
  due: number;
  /** For intervals. */
  readonly every: number | undefined;
  readonly immediate: boolean;
}

const ALL: readonly Fakeable[] = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "setImmediate",
  "clearImmediate",
  "Date",
  "performance",
  "queueMicrotask",
];
const LIMIT = 10_000;
const MAX_DELAY = 2_147_483_647;
/** Numbers of real timers never get so far. */
const FIRST_ID = 1_000_000_000_000;
/** How long a frame of a screen takes, in milliseconds. */
const FRAME = 16;

/** What stood where something is faked now, to be put back. */
interface Replaced {
  readonly target: object;
  readonly key: string;
  readonly descriptor: PropertyDescriptor | undefined;
}

/** A clock, and what waits for it. */
class Clock {
  /** How far it has been advanced, in milliseconds. Timers go by it, so that setting the date moves none. */
  elapsed = 0;
  /** What the date was at 0. */
  epoch: number;
  readonly limit: number;
  readonly timers: Map<number, Timer> = new Map();
  readonly jobs: (() => void)[] = newList();
  readonly replaced: Replaced[] = newList();
  /** Whether a timer is running: what it sets for now is due a millisecond later. */
  firing = false;
  /** The real timer that advances it, if it does so by itself. */
  engine = 0;

  constructor(epoch: number, limit: number) {
    this.epoch = epoch;
    this.limit = limit;
  }

  get date(): number {
    return this.epoch + trunc(this.elapsed);
  }

  add(what: string, callback: unknown, delay: unknown, kind: "once" | "repeat" | "immediate", args: unknown[]): number {
    if (typeof callback !== "function") {
      throw usageError(what + "() needs a function, not " + printInline(callback, 80));
    }
    const wanted = toNumber(delay);
    const bounded = wanted > 0 && wanted <= MAX_DELAY ? trunc(wanted) : 0;
    const soon = this.firing ? 1 : 0;
    const every = kind === "repeat" ? (bounded > 0 ? bounded : 1) : undefined;
    const due = this.elapsed + (every ?? (bounded > 0 ? bounded : soon));
    const id = next++;
    mapSet(this.timers, id, { id, callback, args, due, every, immediate: kind === "immediate" });
    return id;
  }

  /** What is due first, up to a time; of several, immediates, then what was set first, or began to wait again first. */
  first(until: number): Timer | undefined {
    let best: Timer | undefined;
    // A map keeps that order.
    mapForEach(this.timers, (timer: Timer) => {
      if (timer.due > until) return;
      const sooner = best === undefined || timer.due < best.due;
      if (sooner || (timer.due === best?.due && timer.immediate && !best.immediate)) best = timer;
    });
    return best;
  }

  /** Runs a timer. What it throws comes through. */
  fire(timer: Timer): void {
    if (timer.due > this.elapsed) this.elapsed = timer.due;
    mapDelete(this.timers, timer.id);
    if (timer.every !== undefined) {
      timer.due += timer.every;
      mapSet(this.timers, timer.id, timer);
    }
    const outer = this.firing;
    this.firing = true;
    try {
      apply(timer.callback, undefined, timer.args);
    } finally {
      this.firing = outer;
    }
    this.runJobs();
  }

  /** Runs the microtasks that were faked. */
  runJobs(): void {
    for (let i = 0; this.jobs.length > 0; i++) {
      if (i >= this.limit) throw endless(this.limit);
      const job = this.jobs[0];
      for (let j = 1; j < this.jobs.length; j++) this.jobs[j - 1] = this.jobs[j];
      this.jobs.length--;
      job();
    }
  }

  get count(): number {
    let count = this.jobs.length;
    mapForEach(this.timers, () => count++);
    return count;
  }

  clear(): void {
    const ids: number[] = newList();
    mapForEach(this.timers, (_, id: number) => push(ids, id));
    for (let i = 0; i < ids.length; i++) mapDelete(this.timers, ids[i]);
    this.jobs.length = 0;
  }

  /** When the last of the timers is due that wait now. */
  get last(): number {
    let last = this.elapsed;
    mapForEach(this.timers, (timer: Timer) => {
      if (timer.due > last) last = timer.due;
    });
    return last;
  }
}

let next = FIRST_ID;
let clock: Clock | undefined;
/** The clock that only `Date` goes by, and that stands still: `setSystemTime` without fake timers. */
let still: Clock | undefined;

function endless(limit: number): Error {
  return withPlainStack(
    () => new Error("Aborting after running " + toText(limit) + " timers, assuming an infinite loop!"),
  );
}

function faked(): Clock {
  if (clock !== undefined) return clock;
  throw usageError("the timers are not faked: call vi.useFakeTimers() or jest.useFakeTimers() before");
}

/** A time in milliseconds since 1970. */
function timeOf(what: string, value: unknown): number {
  const time = isObject(value) && kindOf(value) === "date" ? dateTime(value) : value;
  const number = typeof time === "number" ? time : dateTime(construct(NativeDate, [time]));
  if (isFiniteNumber(number)) return number;
  throw usageError(
    what + " needs a number of milliseconds, a Date, or a text that Date reads, not " + printInline(value, 80),
  );
}

/** What the time is by the `Date` that is there. */
function present(): number {
  const date = tryGet(globalThis, "Date");
  const ask = tryGet(date, "now");
  const time = typeof ask === "function" ? apply(ask, date, []) : undefined;
  return isFiniteNumber(time) ? (time as number) : realNow();
}

/** Puts a global in place of another, to be put back by {@link undo}. */
function replace(replaced: Replaced[], target: object, key: string, value: unknown): void {
  const descriptor = descriptorOf(target, key);
  const next = {
    __proto__: null,
    value,
    writable: true,
    enumerable: descriptor?.enumerable === true,
    configurable: true,
  } as PropertyDescriptor;
  if (!defineProperty(target, key, next)) throw usageError("useFakeTimers(): " + key + " cannot be replaced");
  push(replaced, { target, key, descriptor: descriptor && setPrototypeOf(descriptor, null) });
}

function undo(replaced: Replaced[]): void {
  for (let i = replaced.length - 1; i >= 0; i--) {
    const { target, key, descriptor } = replaced[i];
    if (descriptor === undefined) delete (target as Record<string, unknown>)[key];
    else defineProperty(target, key, descriptor);
  }
  replaced.length = 0;
}

/** A `Date` that goes by a clock. What somebody added to the one that is there, it has too. */
function dateOf(time: Clock): unknown {
  const before = tryGet(globalThis, "Date");
  return setPrototypeOf(dateGoingBy(() => time.date), isObject(before) ? before : NativeDate);
}

/** What stands in for a global, by its name. */
function fakeOf(time: Clock, name: Fakeable): unknown {
  const clear = (kind: Fakeable): unknown => {
    const real = tryGet(globalThis, kind);
    return (id?: unknown): void => {
      if (typeof id === "number" && id >= FIRST_ID) mapDelete(time.timers, id);
      else if (typeof real === "function") apply(real, undefined, [id]);
    };
  };
  switch (name) {
    case "setTimeout":
      return (callback: unknown, delay?: unknown, ...args: unknown[]) => time.add(name, callback, delay, "once", args);
    case "setInterval":
      return (callback: unknown, delay?: unknown, ...args: unknown[]) =>
        time.add(name, callback, delay, "repeat", args);
    case "setImmediate":
      return (callback: unknown, ...args: unknown[]) => time.add(name, callback, 0, "immediate", args);
    case "clearTimeout":
    case "clearInterval":
    case "clearImmediate":
      return clear(name);
    case "queueMicrotask":
      return (callback: unknown): void => {
        if (typeof callback !== "function") {
          throw usageError("queueMicrotask() needs a function, not " + printInline(callback, 80));
        }
        push(time.jobs, () => apply(callback, undefined, []));
      };
    case "Date":
      return dateOf(time);
    case "performance":
      return setPrototypeOf({ now: () => time.elapsed }, tryGet(globalThis, name) as object);
  }
}

function names(what: string, list: unknown): Map<unknown, true> {
  const known: Map<unknown, true> = new Map();
  if (list === undefined) return known;
  if (!isArray(list))
    throw usageError("useFakeTimers() takes a list of names as " + what + ", not " + printInline(list, 80));
  for (let i = 0; i < list.length; i++) mapSet(known, list[i], true);
  return known;
}

/** `useFakeTimers`. */
export function useFakeTimers(options?: unknown): void {
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw usageError("useFakeTimers() takes options such as { now: 0 }, not " + printInline(options, 80));
  }
  const given = (options ?? {}) as FakeTimersOptions;
  if (given.legacyFakeTimers as unknown) {
    throw usageError("useFakeTimers(): Jest's legacy fake timers are not there: leave legacyFakeTimers off");
  }
  const start = given.now === undefined ? present() : timeOf("useFakeTimers({ now })", given.now);
  const limit = given.loopLimit ?? given.timerLimit ?? LIMIT;
  if (!isFiniteNumber(limit) || limit < 1) {
    throw usageError("useFakeTimers() needs a positive number as loopLimit, not " + printInline(limit, 80));
  }
  const wanted = given.toFake === undefined ? undefined : names("toFake", given.toFake);
  const not = names("toNotFake", given.toNotFake ?? given.doNotFake);
  useRealTimers();
  const time = new Clock(start, limit);
  clock = time;
  for (let i = 0; i < ALL.length; i++) {
    const name = ALL[i];
    if (mapGet(not, name) === true) continue;
    if (wanted === undefined ? name === "queueMicrotask" : mapGet(wanted, name) === undefined) continue;
    if (name in globalThis) replace(time.replaced, globalThis, name, fakeOf(time, name));
  }
  timersAreFake(wanted === undefined || mapGet(wanted, "setTimeout") === true);
  const { advanceTimers } = given;
  if (given.shouldAdvanceTime === true || advanceTimers === true || typeof advanceTimers === "number") {
    const delta = typeof advanceTimers === "number" ? advanceTimers : (given.advanceTimeDelta ?? 20);
    time.engine = setRealInterval(() => tick(time, delta), delta);
  }
}

/** `useRealTimers`. */
export function useRealTimers(): void {
  if (still !== undefined) undo(still.replaced);
  still = undefined;
  if (clock === undefined) return;
  clearReal(clock.engine);
  undo(clock.replaced);
  clock = undefined;
  timersAreFake(false);
}

/** `isFakeTimers`. */
export function isFakeTimers(): boolean {
  return clock !== undefined;
}

/** `setSystemTime`: without fake timers it fakes only `Date`. */
export function setSystemTime(value?: unknown): void {
  const time = value === undefined ? realNow() : timeOf("setSystemTime()", value);
  if (clock !== undefined) {
    clock.epoch = time - trunc(clock.elapsed);
    return;
  }
  if (still === undefined) {
    const created = new Clock(time, LIMIT);
    replace(created.replaced, globalThis, "Date", dateOf(created));
    still = created;
  }
  still.epoch = time;
}

/** What the faked time is, in milliseconds since 1970; `undefined` if it is not faked. */
export function mockedTime(): number | undefined {
  return (clock ?? still)?.date;
}

/** `getMockedSystemTime`. */
export function getMockedSystemTime(): Date | null {
  const time = mockedTime();
  return time === undefined ? null : construct(NativeDate, [time]);
}

/** `getRealSystemTime`. */
export function getRealSystemTime(): number {
  return realNow();
}

/** Runs what is due up to a time, then lets it be that time. The first error is thrown when all have run. */
function tick(time: Clock, milliseconds: number): void {
  const until = time.elapsed + milliseconds;
  let thrown: { readonly error: unknown } | undefined;
  const attempt = (what: () => void): void => {
    try {
      what();
    } catch (error) {
      thrown ??= { error };
    }
  };
  attempt(() => time.runJobs());
  for (let timer = time.first(until); timer !== undefined; timer = time.first(until)) {
    const due = timer;
    attempt(() => time.fire(due));
  }
  if (until > time.elapsed) time.elapsed = until;
  if (thrown !== undefined) throw thrown.error;
}

/** Waits until all that can happen now has happened: what promises have started, and real timers that are due. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    setReal(resolve, 0);
  });
}

/** The same as {@link tick}; lets promises go on before every timer. */
async function tickAsync(time: Clock, milliseconds: number): Promise<void> {
  const until = time.elapsed + milliseconds;
  let thrown: { readonly error: unknown } | undefined;
  for (;;) {
    await pause();
    try {
      time.runJobs();
      const timer = time.first(until);
      if (timer === undefined) break;
      time.fire(timer);
    } catch (error) {
      thrown ??= { error };
    }
  }
  if (until > time.elapsed) time.elapsed = until;
  await pause();
  if (thrown !== undefined) throw thrown.error;
}

function duration(what: string, milliseconds: unknown): number {
  if (isFiniteNumber(milliseconds) && (milliseconds as number) >= 0) return milliseconds as number;
  throw usageError(what + "() needs a number of milliseconds, not " + printInline(milliseconds, 80));
}

/** `advanceTimersByTime`. */
export function advanceTimersByTime(milliseconds: unknown): void {
  tick(faked(), duration("advanceTimersByTime", milliseconds));
}

/** `advanceTimersByTimeAsync`. */
export async function advanceTimersByTimeAsync(milliseconds: unknown): Promise<void> {
  await tickAsync(faked(), duration("advanceTimersByTimeAsync", milliseconds));
}

/** `advanceTimersToNextFrame`. */
export function advanceTimersToNextFrame(): void {
  const time = faked();
  tick(time, FRAME - (time.elapsed % FRAME));
}

/** `advanceTimersToNextTimer`: to the time of the next one; all that are due then run. */
export function advanceTimersToNextTimer(steps: unknown = 1): void {
  const time = faked();
  for (let i = 0; i < (steps as number); i++) {
    time.runJobs();
    const timer = time.first(Infinity);
    if (timer === undefined) return;
    tick(time, timer.due > time.elapsed ? timer.due - time.elapsed : 0);
  }
}

/** `advanceTimersToNextTimerAsync`. */
export async function advanceTimersToNextTimerAsync(steps: unknown = 1): Promise<void> {
  const time = faked();
  for (let i = 0; i < (steps as number); i++) {
    await pause();
    time.runJobs();
    const timer = time.first(Infinity);
    if (timer === undefined) return;
    await tickAsync(time, timer.due > time.elapsed ? timer.due - time.elapsed : 0);
  }
}

/** `runAllTimers`: also those that timers set. */
export function runAllTimers(): void {
  const time = faked();
  time.runJobs();
  for (let i = 0; i < time.limit; i++) {
    const timer = time.first(Infinity);
    if (timer === undefined) return;
    time.fire(timer);
  }
  if (time.first(Infinity) !== undefined) throw endless(time.limit);
}

/** `runAllTimersAsync`. */
export async function runAllTimersAsync(): Promise<void> {
  const time = faked();
  for (let i = 0; i <= time.limit; i++) {
    await pause();
    time.runJobs();
    const timer = time.first(Infinity);
    if (timer === undefined) return;
    if (i === time.limit) throw endless(time.limit);
    time.fire(timer);
  }
}

/** `runOnlyPendingTimers`: up to the last of those that wait now. */
export function runOnlyPendingTimers(): void {
  const time = faked();
  time.runJobs();
  tick(time, time.last - time.elapsed);
}

/** `runOnlyPendingTimersAsync`. */
export async function runOnlyPendingTimersAsync(): Promise<void> {
  const time = faked();
  await pause();
  time.runJobs();
  await tickAsync(time, time.last - time.elapsed);
}

/** `runAllTicks`: the microtasks, where they are faked. */
export function runAllTicks(): void {
  faked().runJobs();
}

/** `runAllImmediates`: what `setImmediate` has set. */
export function runAllImmediates(): void {
  const time = faked();
  const immediates: Timer[] = newList();
  mapForEach(time.timers, (timer: Timer) => {
    if (timer.immediate) push(immediates, timer);
  });
  for (let i = 0; i < immediates.length; i++) time.fire(immediates[i]);
}

/** `getTimerCount`. */
export function getTimerCount(): number {
  return faked().count;
}

/** `clearAllTimers`. */
export function clearAllTimers(): void {
  clock?.clear();
}
