/** `Date` and `performance`, which ask the host what time it is: it knows then who does. A part: loaded when it is asked for. */

import { elapsed, now } from "husako:host";
import { dateGoingBy } from "../dates.ts";
import { Date as NativeDate, defineProperty } from "../primordials.ts";

/** The language's `Date`, but for where it has the time from. */
export const Date: DateConstructor = dateGoingBy(now);
defineProperty(NativeDate.prototype, "constructor", {
  __proto__: null,
  value: Date,
  writable: true,
  configurable: true,
} as PropertyDescriptor);

/** How long the file has run: <https://www.w3.org/TR/hr-time-3/>. */
export const performance: { readonly timeOrigin: number; now(): number; toJSON(): { timeOrigin: number } } = {
  get timeOrigin(): number {
    return now() - elapsed();
  },
  now: elapsed,
  toJSON(): { timeOrigin: number } {
    return { timeOrigin: this.timeOrigin };
  },
};
