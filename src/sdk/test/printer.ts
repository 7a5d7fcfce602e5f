/** Prints any value as text. A part: loaded when the first value is printed. */

import {
  bytesOf,
  bare,
  classNameOf,
  dateText,
  dateTime,
  isPlain,
  kindOf,
  namesOf,
  regExpFlags,
  regExpSource,
  textOf,
  typedLength,
  unbox,
} from "./kinds.ts";
import {
  apply,
  asymmetricSymbol,
  hasOwn,
  is,
  isEnumerable,
  isObject,
  mapForEach,
  newList,
  prototypeOf,
  push,
  setForEach,
  slice,
  sortStrings,
  symbolsOf,
  toText,
  tryGet,
} from "../primordials.ts";
import type { Style } from "./format.ts";
import { capped, isMultiline, quote } from "./text.ts";

const MAX_DEPTH = 32;
const MAX_ITEMS = 1_000;
/** `auto` keeps a collection in one line up to this width. */
const LINE_WIDTH = 72;

interface State {
  readonly style: Style;
  readonly ancestors: object[];
  /** How many code units may still be printed. */
  left: number;
}

/** See `print` in `format.ts`. */
export function printed(value: unknown, style: Style, max: number): string {
  return capped(printValue(value, "", { style, ancestors: newList(), left: max }), max + 1_000);
}

function printValue(value: unknown, indent: string, state: State): string {
  const text = isObject(value) ? printObject(value, indent, state) : printPrimitive(value, state);
  // Collections have been counted by their items.
  if (!isObject(value)) state.left -= text.length;
  return text;
}

function printPrimitive(value: unknown, state: State): string {
  if (typeof value === "string") {
    const room = state.left > 0 ? state.left : 0;
    const keepBreaks = state.style.layout === "lines";
    if (value.length <= room) return quote(value, keepBreaks);
    return quote(slice(value, 0, room), keepBreaks) + "… " + (value.length - room) + " more characters";
  }
  if (typeof value === "bigint") return toText(value) + "n";
  return is(value, -0) ? "-0" : toText(value);
}

function printObject(value: object, indent: string, state: State): string {
  const { ancestors } = state;
  for (let i = 0; i < ancestors.length; i++) if (ancestors[i] === value) return "[Circular]";
  const depth = ancestors.length;
  push(ancestors, value);
  try {
    return printKind(value, indent, state, depth);
  } catch {
    return "[cannot be printed: reading it throws]";
  } finally {
    ancestors.length = depth;
  }
}

function printKind(value: object, indent: string, state: State, depth: number): string {
  if (tryGet(value, "$$typeof") === asymmetricSymbol) return printAsymmetric(value, indent, state);
  const kind = kindOf(value);
  const name = classNameOf(value);
  if (kind === "function") {
    const own = tryGet(value, "name");
    return typeof own === "string" && own !== "" ? "[Function " + own + "]" : "[Function anonymous]";
  }
  if (kind === "date") {
    const text = dateTime(value) === dateTime(value) ? dateText(value) : "Invalid Date";
    return name === "Date" ? text : name + " " + text;
  }
  if (kind === "regexp") return "/" + regExpSource(value) + "/" + regExpFlags(value);
  if (kind === "boxed") return "[" + name + ": " + printPrimitive(unbox(value), state) + "]";
  if (kind === "text") return name + " " + quote(textOf(value), false);
  if (kind === "opaque") return name === "" ? "{}" : name + " {}";
  if (depth >= MAX_DEPTH) return kind === "array" ? "[Array]" : "[" + (name || "Object") + "]";
  const items = new Items(indent + "  ", state);
  if (kind === "array") {
    items.elements(value as unknown[], (value as unknown[]).length);
    items.properties(value, true);
    return items.assemble(state.style.loose || name === "Array" ? "" : name + " ", "[", "]", indent);
  }
  if (kind === "map") {
    mapForEach(value, (item, key) => items.pair(key, item));
    items.properties(value, false);
    return items.assemble(state.style.loose ? "Map " : name + " ", "{", "}", indent);
  }
  if (kind === "set") {
    setForEach(value, (item) => items.item("", item));
    items.properties(value, false);
    return items.assemble(state.style.loose ? "Set " : name + " ", "{", "}", indent);
  }
  if (kind === "typed") {
    items.elements(value as unknown[], typedLength(value));
    return items.assemble(name + " ", "[", "]", indent);
  }
  if (kind === "buffer" || kind === "view") {
    const bytes = bytesOf(value, kind);
    items.elements(bytes as unknown as unknown[], typedLength(bytes));
    return items.assemble(name + " ", "[", "]", indent);
  }
  if (kind === "error") return printError(value, items, indent);
  items.properties(value, false);
  return items.assemble(prefixOf(value, name, state.style), "{", "}", indent);
}

/** A stand-in such as `Any<String>`, `StringContaining "x"` or `ObjectContaining {…}`. */
function printAsymmetric(value: object, indent: string, state: State): string {
  const own = tryGet(value, "toAsymmetricMatcher");
  if (typeof own === "function") return toText(apply(own, value, []));
  const sample = tryGet(value, "sample");
  const name = toText(value);
  return sample === undefined ? name : name + " " + printValue(sample, indent, state);
}

function prefixOf(value: object, name: string, style: Style): string {
  if (style.loose || prototypeOf(value) === null) {
    return style.loose || style.layout === "line" ? "" : "[Object: null prototype] ";
  }
  return isPlain(value) ? "" : (name || "Object") + " ";
}

function printError(value: object, items: Items, indent: string): string {
  const name = tryGet(value, "name");
  const message = tryGet(value, "message");
  const label = typeof name === "string" && name !== "" ? name : "Error";
  const head = typeof message === "string" && message !== "" ? "[" + label + ": " + message + "]" : "[" + label + "]";
  // An error is told by its message; what it carries besides is told only where there is some.
  if (hasOwn(value, "cause")) items.item("cause: ", tryGet(value, "cause"));
  if (hasOwn(value, "errors")) items.item("errors: ", tryGet(value, "errors"));
  // Its fields tell apart what is compared; within a sentence they would be in the way.
  if (items.state.style.layout === "lines") items.fields(value);
  return items.list.length === 0 ? head : items.assemble(head + " ", "{", "}", indent);
}

/** The items of one collection, as texts. */
class Items {
  readonly list: string[] = newList();
  /** How many items found no room. */
  missing: number = 0;
  readonly indent: string;
  readonly state: State;

  constructor(indent: string, state: State) {
    this.indent = indent;
    this.state = state;
  }

  /** Whether there is room for one more; counts it as missing if not. */
  room(): boolean {
    if (this.list.length < MAX_ITEMS && this.state.left > 0) return true;
    this.missing++;
    return false;
  }

  /** Adds an item, with a label that ends where the value begins. */
  item(label: string, value: unknown): void {
    if (!this.room()) return;
    this.state.left -= label.length + 2;
    push(this.list, label + printValue(value, this.indent, this.state));
  }

  pair(key: unknown, value: unknown): void {
    if (!this.room()) return;
    this.item(printValue(key, this.indent, this.state) + " => ", value);
  }

  elements(value: ArrayLike<unknown>, length: number): void {
    for (let i = 0; i < length; i++) {
      if (!this.room()) {
        this.missing += length - i - 1;
        return;
      }
      if (this.state.style.loose || hasOwn(value, i)) this.item("", value[i]);
      else push(this.list, "<empty>");
    }
  }

  properties(value: object, ofArray: boolean): void {
    const names = namesOf(value, ofArray);
    if (this.state.style.sorted) sortStrings(names);
    for (let i = 0; i < names.length; i++) {
      if (!this.room()) {
        this.missing += names.length - i - 1;
        break;
      }
      this.property(value, names[i], quote(names[i], false));
    }
    const symbols = bare(symbolsOf(value));
    for (let i = 0; i < symbols.length; i++) {
      if (isEnumerable(value, symbols[i])) this.property(value, symbols[i], "[" + toText(symbols[i]) + "]");
    }
  }

  /** The properties of an error, but for those that are told of every error. */
  fields(value: object): void {
    const names = namesOf(value, false);
    sortStrings(names);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (name === "name" || name === "message" || name === "cause" || name === "errors") continue;
      if (this.room()) this.property(value, name, quote(name, false));
    }
  }

  property(value: object, key: PropertyKey, label: string): void {
    let item: unknown;
    try {
      item = (value as Record<PropertyKey, unknown>)[key];
    } catch {
      push(this.list, label + ": [Getter that throws]");
      return;
    }
    if (item === undefined && this.state.style.loose) return;
    this.item(label + ": ", item);
  }

  assemble(prefix: string, open: string, close: string, indent: string): string {
    const { list, missing } = this;
    if (missing > 0) push(list, "… " + missing + " more");
    if (list.length === 0) return prefix + open + close;
    if (this.oneLine()) {
      let line = prefix + open;
      const space = this.state.style.layout === "auto" && open === "{" ? " " : "";
      for (let i = 0; i < list.length; i++) line += (i === 0 ? space : ", ") + list[i];
      return line + space + close;
    }
    let text = prefix + open + "\n";
    for (let i = 0; i < list.length; i++) text += this.indent + list[i] + ",\n";
    return text + indent + close;
  }

  oneLine(): boolean {
    const { layout } = this.state.style;
    if (layout !== "auto") return layout === "line";
    let width = this.indent.length;
    for (let i = 0; i < this.list.length; i++) {
      width += this.list[i].length + 2;
      if (width > LINE_WIDTH || isMultiline(this.list[i])) return false;
    }
    return true;
  }
}
