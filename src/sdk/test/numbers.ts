/** Numbers that are nearly the same. */

import { isFiniteNumber } from "../primordials.ts";

/** Whether a number is rounded to the expected one, to so many digits behind the point: less than half of the last digit apart. */
export function closeTo(received: number, expected: number, digits: number): boolean {
  // Both of them infinite: their difference would be no number.
  if (!isFiniteNumber(expected) || !isFiniteNumber(received)) return received === expected;
  const difference = received > expected ? received - expected : expected - received;
  return difference < 10 ** -digits / 2;
}
