/** `Date` that goes by another clock than the language's own. For parts only: few files ask for the time. */

import { construct, Date as NativeDate, defineProperty, toText } from "./primordials.ts";

function define(target: object, key: string, value: unknown, writable: boolean, configurable: boolean): void {
  defineProperty(target, key, { __proto__: null, value, writable, configurable } as PropertyDescriptor);
}

/**
 * A `Date` that goes by `now`, in milliseconds since 1970. Its instances are those of the language's own.
 */
export function dateGoingBy(now: () => number): DateConstructor {
  const OwnDate = function (...args: unknown[]): unknown {
    if (new.target === undefined) return toText(construct(NativeDate, [now()]));
    const given = args.length === 0 ? [now()] : args;
    return construct(NativeDate, given, new.target === OwnDate ? NativeDate : new.target);
  } as unknown as DateConstructor;
  define(OwnDate, "prototype", NativeDate.prototype, false, false);
  define(OwnDate, "now", now, true, true);
  define(OwnDate, "parse", NativeDate.parse, true, true);
  define(OwnDate, "UTC", NativeDate.UTC, true, true);
  define(OwnDate, "name", "Date", false, true);
  define(OwnDate, "length", 7, false, true);
  return OwnDate;
}
