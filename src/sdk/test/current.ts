/** What the case that runs has said so far. The host begins and ends it; its hooks are part of it. */

import { freeze, newList, push, split, toText } from "../primordials.ts";
import { usageError } from "../stack.ts";
import { assertionError } from "./errors.ts";

/** One run of a case. */
export interface Run {
  /** How many expectations were made. */
  assertions: number;
  /** How many must be made; -1: any number, -2: at least one. */
  wanted: number;
  /** What `expect.soft` and its like found: told when the case is over. A list without a prototype, once there is something. */
  soft?: unknown[];
  /** How many expectations wait for a promise. */
  waiting: number;
  /** How often the case has failed before. */
  readonly retry: number;
  /** How often the case has passed before. */
  readonly repeat: number;
  /** What the body and the hooks get as their argument, once one asks for it. */
  context?: unknown;
}

/** What cases that are added from now on get where nothing else is said. */
export const defaults: {
  /** In milliseconds; -1: the run's default. */
  timeout: number;
  /** How often they are run again; -1: as often as the run says. */
  retry: number;
} = { timeout: -1, retry: -1 };

let run: Run | undefined;

/** No errors: most cases have none. */
const NONE: unknown[] = freeze(newList());

/** The run of the case that runs now; `undefined` outside of cases. */
export function current(): Run | undefined {
  return run;
}

/** The run of the case that runs now, for `what`, which makes sense only in one. */
export function needed(what: string): Run {
  if (run === undefined) throw usageError(what + "() can be called only while a case runs");
  return run;
}

/** Keeps an error for the end of the case. */
export function keepSoft(error: unknown): void {
  const to = needed("expect.soft");
  to.soft ??= newList();
  push(to.soft, error);
}

/** Called by the host before the hooks of a case, at each of its runs. Says how often it has failed and has passed before. */
export function begin(retry: number, repeat: number): void {
  run = { assertions: 0, wanted: -1, soft: undefined, waiting: 0, retry, repeat, context: undefined };
}

/**
 * Called by the host after the hooks of a case. Gives the errors that the case has to answer for, beside those that it threw.
 * `failed`: whether something has gone wrong; then nobody asks how many expectations were made.
 */
export function end(failed: boolean): unknown[] {
  if (run === undefined) return NONE;
  const ended = run;
  run = undefined;
  if (ended.soft !== undefined) return ended.soft;
  const problem = failed ? undefined : ended.waiting > 0 ? notAwaited() : miscounted(ended);
  if (problem === undefined) return NONE;
  const errors: unknown[] = newList();
  push(errors, problem);
  return errors;
}

/** The error of a run that is over before what it expects of a promise is known. */
function notAwaited(): unknown {
  return assertionError(
    "an expectation was still waiting for its promise when the test was over\n\n" +
      "Await it: await expect(promise).resolves.toBe(1), await expect.poll(() => value).toBe(1).",
  );
}

/** The error of a run that made another number of expectations than it was to. */
function miscounted(ended: Run): unknown {
  const { wanted, assertions } = ended;
  if (wanted === -1 || wanted === assertions || (wanted === -2 && assertions > 0)) return undefined;
  if (wanted === -2) {
    return assertionError("expect.hasAssertions()\n\nExpected at least one assertion to be called but received none.");
  }
  return assertionError(
    "expect.assertions(" +
      wanted +
      ")\n\nExpected " +
      counted(wanted, "assertion") +
      " to be called but received " +
      counted(assertions, "assertion call") +
      ".",
  );
}

function counted(count: number, what: string): string {
  const words = split("zero one two three four five six seven eight nine ten eleven twelve", " ");
  const word = count < words.length ? words[count] : toText(count);
  return word + " " + what + (count === 1 ? "" : "s");
}
