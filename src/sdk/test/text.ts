/** Text that any report can carry: well-formed, and not too long. */

import { codeAt, includes, numberToString, regExpExec, slice, toWellFormed as wellFormed } from "../primordials.ts";

export { wellFormed };

/** The most that a message keeps, in UTF-16 code units. */
export const MAX_MESSAGE = 65_536;
/** The most that a printed value keeps, in UTF-16 code units. */
export const MAX_PRINTED = 262_144;

/** The length of the well-formed character at an index: 1 or 2, or 0 for half of a surrogate pair. */
function unitsAt(text: string, index: number, code: number): number {
  if (code < 0xd800 || code > 0xdfff) return 1;
  if (code > 0xdbff) return 0;
  const low = codeAt(text, index + 1);
  return low >= 0xdc00 && low <= 0xdfff ? 2 : 0;
}

// Most texts have nothing to replace; the engine's own search tells that ten times faster than a loop.
const SPECIAL = /[^ !#-[\]-~]/;

/** Cuts a text, and says how much is missing. Gives well-formed text. */
export function capped(text: string, max: number): string {
  if (text.length <= max) return wellFormed(text);
  return wellFormed(slice(text, 0, max)) + "… " + (text.length - max) + " more characters";
}

/** The escape of a code unit that would not be seen, or be taken for something else; empty for all others. */
function escapeOf(code: number, keepBreaks: boolean): string {
  if (code === 0x22) return '\\"';
  if (code === 0x5c) return "\\\\";
  if (code === 0x0a) return keepBreaks ? "" : "\\n";
  if (code === 0x0d) return "\\r";
  if (code === 0x09) return "\\t";
  const invisible =
    code < 0x20 ||
    (code >= 0x7f && code <= 0xa0) ||
    code === 0xad ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x2069) ||
    code === 0xfeff;
  return invisible ? unicodeEscape(code) : "";
}

function unicodeEscape(code: number): string {
  const digits = numberToString(code, 16);
  return "\\u" + slice("0000", digits.length) + digits;
}

/** A string in double quotes. Breaks of lines stay if `keepBreaks`, so that a diff can go by lines. */
export function quote(text: string, keepBreaks: boolean): string {
  if (regExpExec(SPECIAL, text) === null) return '"' + text + '"';
  let result = '"';
  let from = 0;
  for (let i = 0; i < text.length;) {
    const code = codeAt(text, i);
    const units = unitsAt(text, i, code);
    const escape = units === 0 ? unicodeEscape(code) : units === 1 ? escapeOf(code, keepBreaks) : "";
    if (escape !== "") {
      result += slice(text, from, i) + escape;
      from = i + 1;
    }
    i += units || 1;
  }
  return result + slice(text, from) + '"';
}

/** Whether the text has more than one line. */
export function isMultiline(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (codeAt(text, i) === 0x0a) return true;
  return false;
}

/** Puts `indent` before every line of a text but empty ones. */
export function indented(text: string, indent: string): string {
  let result = "";
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && codeAt(text, i) !== 0x0a) continue;
    if (i > from) result += indent + slice(text, from, i);
    if (i < text.length) result += "\n";
    from = i + 1;
  }
  return result;
}

/** Whether a text contains the other, or matches the expression. The expression's `lastIndex` counts for nothing. */
export function matches(text: string, pattern: string | RegExp): boolean {
  if (typeof pattern === "string") return includes(text, pattern);
  const { lastIndex } = pattern;
  pattern.lastIndex = 0;
  try {
    return regExpExec(pattern, text) !== null;
  } finally {
    pattern.lastIndex = lastIndex;
  }
}
