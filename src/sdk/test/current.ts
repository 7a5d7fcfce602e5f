/** What the case that runs has said so far. The host begins and ends it; its hooks are part of it. */

import { newList, push } from "../primordials.ts";
import { usageError } from "../stack.ts";

/** One run of a case. */
export interface Run {
  /** How many expectations were made. */
  assertions: number;
  /** How many must be made; -1: any number, -2: at least one. */
  wanted: number;
  /** What `expect.soft` and its like found: told when the case is over. A list without a prototype. */
  readonly soft: unknown[];
}

/** What cases that are added from now on get where nothing else is said. */
export const defaults: {
  /** In milliseconds; -1: the run's default. */
  timeout: number;
} = { timeout: -1 };

let run: Run | undefined;

/** The run of the case that runs now; `undefined` outside of cases. */
export function current(): Run | undefined {
  return run;
}

/** The run of the case that runs now, for `what`, which makes sense only in one. */
export function needed(what: string): Run {
  if (run === undefined) throw usageError(what + "() can be called only while a case runs");
  return run;
}

/** Called by the host before the hooks of a case. */
export function begin(): void {
  run = { assertions: 0, wanted: -1, soft: newList() };
}

/** Called by the host after the hooks of a case. Gives the errors that the case has to answer for, beside those that it threw. */
export function end(): unknown[] {
  const errors: unknown[] = [];
  if (run === undefined) return errors;
  const ended = run;
  run = undefined;
  for (let i = 0; i < ended.soft.length; i++) push(errors, ended.soft[i]);
  return errors;
}
