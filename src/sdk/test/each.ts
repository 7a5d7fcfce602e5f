/** Tables of cases: `test.each`. A part: loaded for the first table. */

import {
  codeAt,
  defineProperty,
  hasOwn,
  indexOf,
  isArray,
  isObject,
  newList,
  push,
  slice,
  split,
  toText,
  trim,
  tryGet,
} from "../primordials.ts";
import { usageError } from "../stack.ts";
import { asString, placeholder } from "./placeholders.ts";

/** One row of a table. */
export interface Row {
  /** What the callback gets. A list without a prototype. */
  readonly args: unknown[];
  /** What `$name` in a title refers to. */
  readonly fields: object | undefined;
  /** What `$0`, `$1`, … refer to: the row, if it is an array. */
  readonly items: readonly unknown[] | undefined;
}

/** The rows of a table: an array, or a tagged template with its values. `what` is the call; `whole`: a row is one argument. */
export function rowsOf(what: string, args: readonly unknown[], whole: boolean): Row[] {
  const table = args[0];
  if (!isArray(table)) throw usageError(what + "() needs an array of rows, or a tagged template");
  if (hasOwn(table, "raw")) return templateRows(what, table as string[], args);
  if (table.length === 0) throw usageError(what + "() got an empty array, so it would add nothing");
  let spread = !whole;
  for (let i = 0; i < table.length; i++) if (!isArray(table[i])) spread = false;
  const rows: Row[] = newList();
  for (let i = 0; i < table.length; i++) {
    const row = table[i];
    const list: unknown[] = newList();
    if (spread) for (let j = 0; j < (row as unknown[]).length; j++) push(list, (row as unknown[])[j]);
    else push(list, row);
    // What `$name` means where the items are the arguments: a field of the first, or `$0` an item.
    const items = isArray(row) ? row : undefined;
    const first = items === undefined ? row : items[0];
    push(rows, { args: list, fields: isObject(first) ? first : undefined, items });
  }
  return rows;
}

function templateRows(what: string, strings: readonly string[], args: readonly unknown[]): Row[] {
  const headings: string[] = newList();
  const cells = split(firstLine(strings[0]), "|");
  for (let i = 0; i < cells.length; i++) push(headings, trim(cells[i]));
  const values = args.length - 1;
  if (values === 0 || values % headings.length !== 0) {
    throw usageError(
      what +
        "`…` has " +
        headings.length +
        " columns (" +
        trim(firstLine(strings[0])) +
        ") and " +
        values +
        " values, which is not a whole number of rows",
    );
  }
  const rows: Row[] = newList();
  for (let i = 0; i < values; i += headings.length) {
    const fields = {};
    for (let j = 0; j < headings.length; j++) {
      defineProperty(fields, headings[j], {
        __proto__: null,
        value: args[1 + i + j],
        writable: true,
        enumerable: true,
        configurable: true,
      } as PropertyDescriptor);
    }
    const list: unknown[] = newList();
    push(list, fields);
    push(rows, { args: list, fields, items: undefined });
  }
  return rows;
}

/** The first line of a text that is not empty. */
function firstLine(text: string): string {
  const trimmed = trim(text);
  const end = indexOf(trimmed, "\n");
  return end === -1 ? trimmed : slice(trimmed, 0, end);
}

/** The title of a row's case: `%s` and its like take the arguments in turn, `$name` a field. */
export function titleOf(title: string, row: Row, index: number): string {
  let result = "";
  let next = 0;
  // Of a row that is one argument, the items.
  const values = row.items ?? row.args;
  for (let i = 0; i < title.length; i++) {
    const code = codeAt(title, i);
    if (code === 0x25 /* % */ && i + 1 < title.length) {
      const letter = title[i + 1];
      const text: string | undefined =
        letter === "%"
          ? "%"
          : letter === "#"
            ? toText(index)
            : letter === "$"
              ? toText(index + 1)
              : next < values.length
                ? placeholder(letter, values[next])
                : undefined;
      if (text !== undefined) {
        if (letter !== "%" && letter !== "#" && letter !== "$") next++;
        result += text;
        i++;
        continue;
      }
    }
    if (code === 0x24 /* $ */) {
      let end = title[i + 1] === "#" ? i + 2 : endOfPath(title, i + 1);
      let text = title[i + 1] === "#" ? toText(index) : fieldText(slice(title, i + 1, end), row);
      // `$a$b` may be one name, or two.
      const other = indexOf(title, "$", i + 1);
      if (text === undefined && other > i && other < end) {
        end = other;
        text = fieldText(slice(title, i + 1, end), row);
      }
      if (text !== undefined) {
        result += text;
        i = end - 1;
        continue;
      }
    }
    result += title[i];
  }
  return result;
}

function isWord(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x24
  );
}

/** Where the path that begins at an index ends. A dot belongs to it only if a name follows. */
function endOfPath(title: string, from: number): number {
  let i = from;
  while (i < title.length) {
    const code = codeAt(title, i);
    const inside = isWord(code) || (code === 0x2e && i > from && i + 1 < title.length && isWord(codeAt(title, i + 1)));
    if (!inside) break;
    i++;
  }
  return i;
}

/** The field at a path, as text; `undefined` if the row has no such field. */
function fieldText(path: string, row: Row): string | undefined {
  if (path === "") return undefined;
  const keys = split(path, ".");
  const code = codeAt(path, 0);
  const fields = row.items !== undefined && code >= 0x30 && code <= 0x39 ? row.items : row.fields;
  if (fields === undefined) return undefined;
  if (!(keys[0] in fields)) return undefined;
  let value: unknown = fields;
  for (let i = 0; i < keys.length; i++) value = tryGet(value, keys[i]);
  return asString(value);
}
