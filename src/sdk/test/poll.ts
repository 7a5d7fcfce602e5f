/** `expect.poll`. A part: loaded when it is called. */

import { now, Promise } from "../primordials.ts";
import { isThenable, whenSettled } from "../promises.ts";
import { setTimeout } from "../timers.ts";

/** How `expect.poll` asks. */
export interface PollOptions {
  /** How long to wait between two times, in milliseconds; 50 unless told. */
  interval?: number;
  /** After how many milliseconds to give up; 1,000 unless told. */
  timeout?: number;
  /** What it is about: stands before the message. */
  message?: string;
}

/**
 * Asks until a value is accepted.
 *
 * @param received what was given to `expect.poll`
 * @param attempt the error of a value; `undefined` if it is accepted
 * @param fail tells the last error when time is over
 * @param over is called when it is known how it ends
 */
export function poll(
  received: { readonly actual: () => unknown; readonly options?: PollOptions },
  attempt: (value: unknown) => unknown,
  fail: (error: unknown) => void,
  over: () => void,
): Promise<void> {
  const { interval = 50, timeout = 1_000 } = received.options ?? {};
  const started = now();
  return new Promise<void>((fulfill, refuse) => {
    const resolve = (): void => {
      over();
      fulfill();
    };
    const reject = (reason: unknown): void => {
      over();
      refuse(reason);
    };
    const again = (error: unknown): void => {
      if (now() - started < timeout) {
        setTimeout(ask, interval);
        return;
      }
      try {
        fail(error);
        resolve();
      } catch (told) {
        reject(told);
      }
    };
    const judge = (value: unknown): void => {
      try {
        const error = attempt(value);
        if (error === undefined) resolve();
        else again(error);
      } catch (error) {
        reject(error);
      }
    };
    const ask = (): void => {
      try {
        const value = received.actual();
        if (isThenable(value)) whenSettled(value, judge, again);
        else judge(value);
      } catch (error) {
        again(error);
      }
    };
    ask();
  });
}
