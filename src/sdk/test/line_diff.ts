/** How two texts differ by lines, as Jest shows it. A part: loaded when somebody reads it. */

import { lines } from "husako:host/expect";
import { numberToString } from "../primordials.ts";

/** The lines that differ, with those around them; empty if none do. */
export function lineDiff(expected: string, received: string): string {
  if (expected === received) return "";
  const { text, removed, added } = lines(expected, received);
  const a = numberToString(removed);
  const b = numberToString(added);
  const width = a.length > b.length ? a.length : b.length;
  const pad = (count: string): string => (count.length < width ? " " + count : count);
  return "- Expected  - " + pad(a) + "\n+ Received  + " + pad(b) + "\n\n" + text;
}
