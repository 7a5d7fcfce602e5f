/** The error that a failed assertion throws, and what is told of any error. */

import { part } from "husako:host";
import { bare, classNameOf, kindOf } from "./kinds.ts";
import {
  defineProperty,
  descriptorOf,
  Error,
  freeze,
  includes,
  isArray,
  isObject,
  newList,
  push,
  tryGet,
  WeakMap,
  weakGet,
  weakSet,
} from "../primordials.ts";
import { printInline } from "./format.ts";
import { capped, MAX_MESSAGE, MAX_PRINTED } from "./text.ts";
import { stackOf, withPlainStack } from "../stack.ts";

/** The two sides of a comparison, printed. */
export interface Comparison {
  /** What the test wants. */
  readonly expected: string;
  /** What it got. */
  readonly received: string;
}

/** What is told of an error. All texts are well-formed. */
export interface Description {
  /** Whether `expect` threw it. */
  readonly assertion: boolean;
  /** The error's class; empty for a thrown value that is no error. */
  readonly name: string;
  /** What it says; never empty. */
  readonly message: string;
  /** The raw stack; empty if there is none. */
  readonly stack: string;
  /** For a failed comparison: what the test wants, printed. */
  readonly expected?: string;
  /** For a failed comparison: what it got, printed. */
  readonly received?: string;
  /** What to do about it. */
  readonly help?: string;
  /** The errors behind it, outermost first, each as `name: message`. */
  readonly causes: string[];
}

/** Thrown when an expectation does not hold. */
export class AssertionError extends Error {
  declare readonly name: string;
  /** What the test wants, printed; `undefined` if nothing was compared. */
  declare readonly expected: string | undefined;
  /** What it got, printed; `undefined` if nothing was compared. */
  declare readonly received: string | undefined;
}
defineProperty(AssertionError.prototype, "name", { __proto__: null, value: "AssertionError" } as PropertyDescriptor);
freeze(AssertionError);
freeze(AssertionError.prototype);

/** The errors that the harness made. Nothing that a test builds itself can get in. */
const genuine: WeakMap<Error, Genuine> = new WeakMap();

/** What is known of an error that the harness made. */
interface Genuine {
  /** Without the lines that differ: who reports it shows them in another way. */
  readonly message: string;
  readonly comparison: Comparison | undefined;
  /** What to do about it. */
  readonly help: string | undefined;
}

/** Makes the error of a failed assertion. `stack` replaces the stack of the place where this is called. */
export function assertionError(
  message: string,
  comparison?: Comparison,
  cause?: unknown,
  stack?: string,
  help?: string,
): AssertionError {
  const text = capped(message, MAX_MESSAGE);
  const error = withPlainStack(() => new AssertionError(text));
  own(error, "name", "AssertionError");
  own(error, "expected", comparison?.expected);
  own(error, "received", comparison?.received);
  if (cause !== undefined) own(error, "cause", cause);
  if (stack !== undefined) own(error, "stack", stack);
  weakSet(genuine, error, { message: text, comparison, help });
  if (comparison !== undefined && !includes(text, "\nReceived")) withDiff(error, text, comparison);
  return error;
}

/** Whoever reads the message finds the lines that differ in it, as in Jest. They are looked for only then. */
function withDiff(error: object, message: string, { expected, received }: Comparison): void {
  let whole: string | undefined;
  defineProperty(error, "message", {
    __proto__: null,
    get: (): string => {
      if (whole === undefined) {
        const { lineDiff } = part("test/line_diff.ts") as typeof import("./line_diff.ts");
        const told = lineDiff(expected, received);
        whole = told === "" ? message : message + "\n\n" + told;
      }
      return whole;
    },
    set: (value: unknown): void => own(error, "message", value),
    configurable: true,
  } as PropertyDescriptor);
}

/** Whether the message is still the one that {@link withDiff} made. */
function hasDiff(error: Error): boolean {
  return descriptorOf(error, "message")?.get !== undefined;
}

function own(target: object, key: string, value: unknown): void {
  defineProperty(target, key, { __proto__: null, value, writable: true, configurable: true } as PropertyDescriptor);
}

const MAX_CAUSES = 10;

/** Tells what is known of anything that was thrown. Never throws. */
export function describeError(error: unknown): Description {
  const causes: string[] = newList();
  const record = isObject(error) ? weakGet(genuine, error as Error) : undefined;
  collectCauses(error, causes, [error], 0);
  const list: string[] = [];
  for (let i = 0; i < causes.length; i++) own(list, "" + i, causes[i]);
  return {
    __proto__: null,
    assertion: record !== undefined,
    name: record === undefined ? nameOf(error) : "AssertionError",
    message: record !== undefined && hasDiff(error as Error) ? record.message : messageOf(error),
    stack: capped(stackOf(error), MAX_MESSAGE),
    expected: record?.comparison && capped(record.comparison.expected, MAX_PRINTED + 2_000),
    received: record?.comparison && capped(record.comparison.received, MAX_PRINTED + 2_000),
    help: record?.help,
    causes: list,
  } as Description;
}

function isErrorLike(value: unknown): value is object {
  return isObject(value) && kindOf(value) === "error";
}

/** The name of an error's class; empty for what is no error. */
export function nameOf(error: unknown): string {
  if (!isErrorLike(error)) return "";
  const name = tryGet(error, "name");
  // A class that extends Error without setting `name` is better known by its own name.
  const className = classNameOf(error);
  if (typeof name === "string" && name !== "" && (name !== "Error" || className === "")) return capped(name, 200);
  return capped(className || "Error", 200);
}

/** What an error says, or what was thrown in its place. Never empty. */
export function messageOf(error: unknown): string {
  if (!isErrorLike(error)) return "thrown: " + printInline(error);
  const message = tryGet(error, "message");
  if (typeof message === "string" && message !== "") return capped(message, MAX_MESSAGE);
  return nameOf(error) + " without a message";
}

/** An error in one line, or what was thrown in its place. */
export function summaryOf(error: unknown): string {
  const name = nameOf(error);
  return name === "" ? messageOf(error) : name + ": " + messageOf(error);
}

/** Adds what is behind an error: first the errors that it gathers (AggregateError), then its cause. */
function collectCauses(error: unknown, causes: string[], seen: unknown[], depth: number): void {
  if (!isErrorLike(error) || depth >= MAX_CAUSES) return;
  const gathered = tryGet(error, "errors");
  if (arrayLike(gathered)) {
    const list = bare(newList<unknown>());
    for (let i = 0; i < gathered.length && i < MAX_CAUSES; i++) push(list, tryGet(gathered, i));
    for (let i = 0; i < list.length; i++) addCause(list[i], causes, seen, depth);
    if (gathered.length > MAX_CAUSES) push(causes, "… " + (gathered.length - MAX_CAUSES) + " more");
  }
  const cause = tryGet(error, "cause");
  if (cause !== undefined) addCause(cause, causes, seen, depth);
}

function addCause(cause: unknown, causes: string[], seen: unknown[], depth: number): void {
  for (let i = 0; i < seen.length; i++) if (seen[i] === cause) return;
  if (causes.length >= MAX_CAUSES * 2) return;
  const known: unknown[] = newList();
  for (let i = 0; i < seen.length; i++) push(known, seen[i]);
  push(known, cause);
  push(causes, summaryOf(cause));
  collectCauses(cause, causes, known, depth + 1);
}

function arrayLike(value: unknown): value is unknown[] {
  try {
    return isArray(value);
  } catch {
    return false;
  }
}
