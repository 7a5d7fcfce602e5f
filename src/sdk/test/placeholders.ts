/** Placeholders like `%s` in titles and in what `console.log` prints. */

import { is, isObject, parseInteger, parseNumber, stringify, toNumber, toText } from "../primordials.ts";
import { printInline } from "./format.ts";

/** What the placeholder `%` + `letter` makes of a value; `undefined` if there is no such placeholder. */
export function placeholder(letter: string, value: unknown): string | undefined {
  switch (letter) {
    case "s":
      return asString(value);
    case "d":
      return typeof value === "bigint" ? value + "n" : asNumber(value, toNumber);
    case "i":
      return typeof value === "bigint" ? value + "n" : asNumber(value, (it) => parseInteger(toText(it)));
    case "f":
      return asNumber(value, (it) => parseNumber(toText(it)));
    case "j":
      return asJson(value);
    case "o":
    case "O":
    case "p":
      return printInline(value);
    case "c":
      // A style, for consoles that have any.
      return "";
    default:
      return undefined;
  }
}

/** A string as it is, anything else printed. */
export function asString(value: unknown): string {
  if (typeof value === "string") return value;
  return printInline(value);
}

function asNumber(value: unknown, convert: (value: unknown) => number): string {
  if (isObject(value) || typeof value === "symbol") return "NaN";
  const number = convert(value);
  return is(number, -0) ? "-0" : toText(number);
}

function asJson(value: unknown): string {
  try {
    return toText(stringify(value));
  } catch {
    return "[Circular]";
  }
}
