/** How values are printed as text. What prints them is loaded when the first one is. */

import { part } from "husako:host";
import { repeat } from "../primordials.ts";
import { MAX_PRINTED } from "./text.ts";

/** How a value is printed. */
export interface Style {
  /** `lines`: one line for each item. `line`: all in one line. `auto`: one line where it is short. */
  readonly layout: "lines" | "line" | "auto";
  /** Whether keys come in the order of their names, so that texts can be compared. */
  readonly sorted: boolean;
  /** Leaves out what `toEqual` does not look at: classes, and properties that are undefined. */
  readonly loose: boolean;
}

/** For comparing: one line for each item, all that there is. */
export const STRICT: Style = { layout: "lines", sorted: true, loose: false };
/** For comparing with `toEqual`. */
export const LOOSE: Style = { layout: "lines", sorted: true, loose: true };
/** For a place within a sentence. */
export const INLINE: Style = { layout: "line", sorted: true, loose: false };
/** For people who print to see. */
export const CONSOLE: Style = { layout: "auto", sorted: false, loose: false };

/** Prints a value. The text is well-formed and at most about `max` code units long. Runs getters, survives what they throw. */
export function print(value: unknown, style: Style, max: number = MAX_PRINTED): string {
  return (part("test/printer.ts") as typeof import("./printer.ts")).printed(value, style, max);
}

/** Prints a value in one line, for use within a sentence. */
export function printInline(value: unknown, max: number = 1_000): string {
  return print(value, INLINE, max);
}

/** Repeats spaces, for columns. */
export function spaces(count: number): string {
  return count > 0 ? repeat(" ", count) : "";
}
