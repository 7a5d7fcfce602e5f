/** What a matcher gives back. */

import { isObject } from "../primordials.ts";
import type { Comparison } from "./errors.ts";
import { printInline } from "./format.ts";
import { kindOf } from "./kinds.ts";

/** How a matcher is being called. */
export interface Context {
  /** Whether `.not` stands before it. */
  readonly isNot: boolean;
  /** Whether `.resolves` or `.rejects` stands before it. */
  readonly promise: "" | "resolves" | "rejects" | "poll";
  /** Whether a failure is told at the end of the case, and the case goes on. */
  readonly isSoft: boolean;
  /** What the test says the expectation is about; empty if it says nothing. */
  readonly about: string;
  /** The stack of the call, where that is over already. */
  readonly stack?: string;
}

/** What a matcher found. The texts are asked for only if the assertion fails. */
export interface Outcome {
  /** Whether the value matches, regardless of `.not`. */
  readonly pass: boolean;
  /** What the value is called in the message's first line; "received" unless told. */
  readonly received?: string;
  /** What the argument is called in the message's first line; "expected" unless told. */
  readonly argument?: string;
  /** What stands behind the message's first line, after `//`; nothing unless told. */
  readonly comment?: string;
  /** The lines after the first; may be empty. */
  readonly message: () => string;
  /** The two sides, where a diff of them tells more than the message. */
  readonly comparison?: () => Comparison | undefined;
  /** Whether the message is all there is to say: it has no first line. */
  readonly isWhole?: boolean;
  /** What to do about a failure. */
  readonly help?: string;
  /** An error that has to do with it. */
  readonly cause?: unknown;
  /** That the matcher cannot be applied: fails also with `.not`. */
  readonly misuse?: boolean;
}

/** A matcher, as a function of the received value and of the arguments. */
export type Matcher = (received: unknown, args: readonly unknown[], context: Context) => Outcome;

/** What a message calls the type of a value, in Jest's words. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (!isObject(value)) return typeof value;
  const kind = kindOf(value);
  switch (kind) {
    case "array":
    case "function":
    case "regexp":
    case "map":
    case "set":
    case "date":
      return kind;
    case "object":
    case "error":
    case "boxed":
    case "typed":
    case "buffer":
    case "view":
    case "text":
    case "opaque":
      return "object";
  }
}

/** A value, with its type where that is not all there is to know. */
export function withType(label: string, value: unknown): string {
  const type = value === null || value === undefined ? "" : label + " has type:  " + typeName(value) + "\n";
  return type + label + " has value: " + printInline(value);
}

/** The outcome of a matcher that makes no sense for its values. */
export function misuse(problem: string, label: string, value: unknown, argument?: string): Outcome {
  return {
    pass: false,
    misuse: true,
    argument,
    message: () => "Matcher error: " + problem + "\n\n" + withType(label, value),
  };
}
