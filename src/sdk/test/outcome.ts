/** What a matcher gives back. */

import type { Comparison } from "./errors.ts";
import { printInline } from "./format.ts";

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

/** The outcome of a matcher that makes no sense for its values. */
export function misuse(problem: string, label: string, value: unknown, argument?: string): Outcome {
  return {
    pass: false,
    misuse: true,
    argument,
    message: () => "Matcher error: " + problem + "\n\n" + label + " has value: " + printInline(value),
  };
}
