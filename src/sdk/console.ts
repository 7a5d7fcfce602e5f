/** `console`. A part: loaded when it is asked for. */

import { print as send } from "husako:host";
import {
  isArray,
  isObject,
  mapDelete,
  mapGet,
  mapSet,
  Map,
  newList,
  now,
  objectKeys,
  push,
  slice,
  toText,
  tryGet,
} from "./primordials.ts";
import { CONSOLE, print, spaces } from "./test/format.ts";
import { bare } from "./test/kinds.ts";
import { placeholder } from "./test/placeholders.ts";
import { indented, wellFormed } from "./test/text.ts";

let indent = "";
const counts: Map<string, number> = new Map();
const clocks: Map<string, number> = new Map();

function write(error: boolean, text: string): void {
  send(error, wellFormed(indent === "" ? text : indented(text, indent)));
}

function one(value: unknown): string {
  return typeof value === "string" ? value : print(value, CONSOLE);
}

/** What a call prints: placeholders of the first text filled in, the rest after it. */
export function formatLine(args: ArrayLike<unknown>): string {
  if (args.length === 0) return "";
  let next = 1;
  let text = "";
  const first = args[0];
  if (typeof first === "string" && args.length > 1) {
    for (let i = 0; i < first.length; i++) {
      if (first[i] === "%" && i + 1 < first.length) {
        const letter = first[i + 1];
        const value: string | undefined =
          letter === "%"
            ? "%"
            : next >= args.length
              ? undefined
              : letter === "c"
                ? ""
                : placeholder(letter, args[next]);
        if (value !== undefined) {
          if (letter !== "%") next++;
          text += value;
          i++;
          continue;
        }
      }
      text += first[i];
    }
  } else {
    text = one(first);
  }
  for (let i = next; i < args.length; i++) text += " " + one(args[i]);
  return text;
}

function printer(error: boolean): (...args: unknown[]) => void {
  return (...args) => write(error, formatLine(args));
}

function labelOf(label: unknown): string {
  return label === undefined ? "default" : one(label);
}

function elapsed(label: unknown, args: ArrayLike<unknown>): void {
  const name = labelOf(label);
  const start = mapGet(clocks, name);
  if (start === undefined) return;
  const more = args.length === 0 ? "" : " " + formatLine(args);
  write(false, name + ": " + (now() - start) + "ms" + more);
}

/** Rows and columns of a value whose items are objects or arrays; other items have a column of their own. */
function table(data: unknown): void {
  if (!isObject(data)) return write(false, one(data));
  const columns: string[] = newList();
  const rows: { key: string; value: unknown }[] = newList();
  const keys = bare(objectKeys(data));
  let plain = false;
  for (let i = 0; i < keys.length; i++) {
    const value = tryGet(data, keys[i]);
    push(rows, { key: keys[i], value });
    if (!isObject(value)) {
      plain = true;
      continue;
    }
    const fields = bare(objectKeys(value));
    for (let j = 0; j < fields.length; j++) if (!has(columns, fields[j])) push(columns, fields[j]);
  }
  const lines: string[][] = newList();
  const head: string[] = newList();
  push(head, isArray(data) ? "(index)" : "(key)");
  for (let i = 0; i < columns.length; i++) push(head, columns[i]);
  if (plain) push(head, "Values");
  push(lines, head);
  for (let i = 0; i < rows.length; i++) {
    const { key, value } = rows[i];
    const line: string[] = newList();
    push(line, key);
    for (let j = 0; j < columns.length; j++) {
      const field = isObject(value) && columns[j] in value ? tryGet(value, columns[j]) : undefined;
      push(line, field === undefined ? "" : print(field, CONSOLE, 200));
    }
    if (plain) push(line, isObject(value) ? "" : print(value, CONSOLE, 200));
    push(lines, line);
  }
  write(false, aligned(lines));
}

function has(list: readonly string[], item: string): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}

function aligned(lines: readonly (readonly string[])[]): string {
  let text = "";
  for (let i = 0; i < lines.length; i++) {
    let line = "";
    for (let j = 0; j < lines[i].length; j++) {
      let width = 0;
      for (let k = 0; k < lines.length; k++) if (lines[k][j].length > width) width = lines[k][j].length;
      const last = j === lines[i].length - 1;
      line += lines[i][j] + (last ? "" : spaces(width - lines[i][j].length) + " | ");
    }
    text += (i === 0 ? "" : "\n") + line;
  }
  return text;
}

function group(...args: unknown[]): void {
  if (args.length > 0) write(false, formatLine(args));
  if (indent.length < 40) indent += "  ";
}

const out = printer(false);
const err = printer(true);

/** The global `console`. A test may replace its methods. */
export const console: Record<string, (...args: unknown[]) => void> = {
  log: out,
  info: out,
  debug: out,
  warn: err,
  error: err,
  trace: (...args) => write(true, args.length === 0 ? "Trace" : "Trace: " + formatLine(args)),
  assert: (condition, ...args) => {
    if (!condition) write(true, args.length === 0 ? "Assertion failed" : "Assertion failed: " + formatLine(args));
  },
  dir: (value) => write(false, print(value, CONSOLE)),
  dirxml: out,
  table,
  group,
  groupCollapsed: group,
  groupEnd: () => {
    indent = slice(indent, 2);
  },
  count: (label) => {
    const name = labelOf(label);
    const count = (mapGet(counts, name) ?? 0) + 1;
    mapSet(counts, name, count);
    write(false, name + ": " + toText(count));
  },
  countReset: (label) => {
    mapDelete(counts, labelOf(label));
  },
  time: (label) => mapSet(clocks, labelOf(label), now()),
  timeLog: (label, ...args) => elapsed(label, args),
  timeEnd: (label) => {
    elapsed(label, []);
    mapDelete(clocks, labelOf(label));
  },
};
