/** Prints values for snapshots, as Jest and Vitest do (the npm package `pretty-format`), so that stored ones go on matching. */

import {
  apply,
  asymmetricSymbol,
  codeAt,
  Error,
  hasOwn,
  is,
  isArray,
  isEnumerable,
  isInstance,
  isObject,
  mapForEach,
  newList,
  objectKeys,
  push,
  setForEach,
  slice,
  sortStrings,
  symbolsOf,
  toText,
  tryGet,
  uncurryThis,
} from "../primordials.ts";
import { usageError } from "../stack.ts";
import { bare, bytesOf, dateText, dateTime, kindOf, regExpFlags, regExpSource, typedName, unbox } from "./kinds.ts";
import { printInline } from "./format.ts";

/** How a value is printed, as plugins are told. */
export interface Config {
  readonly callToJSON: boolean;
  readonly colors: Record<string, { readonly open: string; readonly close: string }>;
  readonly escapeRegex: boolean;
  readonly escapeString: boolean;
  readonly indent: string;
  readonly maxDepth: number;
  readonly maxWidth: number;
  readonly min: boolean;
  readonly plugins: readonly SnapshotSerializer[];
  readonly printBasicPrototype: boolean;
  readonly printFunctionName: boolean;
  readonly spacingInner: string;
  readonly spacingOuter: string;
}

/** Prints a value that stands inside of another. */
export type Printer = (
  value: unknown,
  config: Config,
  indentation: string,
  depth: number,
  refs: unknown[],
  hasCalledToJSON?: boolean,
) => string;

/** Prints values of a kind: with `serialize`, or with `print` as older plugins do. */
export interface SnapshotSerializer {
  /** Whether it prints the value. */
  test(value: any): boolean;
  /** Prints it; `printer` prints what is inside. */
  serialize?(
    value: any,
    config: Config,
    indentation: string,
    depth: number,
    refs: unknown[],
    printer: Printer,
  ): string;
  /** Prints it; `serialize` prints what is inside, and `indent` indents a text. */
  print?(
    value: any,
    serialize: (value: unknown) => string,
    indent: (text: string) => string,
    options: { readonly edgeSpacing: string; readonly min: boolean; readonly spacing: string },
    colors: Config["colors"],
  ): string;
}

const INDENT = "  ";
const errorText = uncurryThis(Error.prototype.toString);
const tagOf = uncurryThis(Object.prototype.toString);

/** The plugins of the file; the last counts first. */
const plugins: SnapshotSerializer[] = newList();

/** Adds a plugin. */
export function addPlugin(plugin: SnapshotSerializer): void {
  const prints = typeof plugin?.serialize === "function" || typeof plugin?.print === "function";
  if (typeof plugin?.test !== "function" || !prints) {
    throw usageError(
      "addSnapshotSerializer() needs an object with the functions test and serialize, or test and print, not " +
        printInline(plugin, 80),
    );
  }
  push(plugins, plugin);
}

/** What plugins are given: made for each of them, so that none can change it for others. */
function configOf(): Config {
  const colors: Config["colors"] = {};
  const names = ["comment", "content", "prop", "tag", "value"];
  for (let i = 0; i < names.length; i++) colors[names[i]] = { open: "", close: "" };
  return {
    callToJSON: true,
    colors,
    escapeRegex: true,
    escapeString: false,
    indent: INDENT,
    maxDepth: Infinity,
    maxWidth: Infinity,
    min: false,
    plugins: [],
    printBasicPrototype: false,
    printFunctionName: false,
    spacingInner: "\n",
    spacingOuter: "\n",
  };
}

/** The plugin that prints a value. */
export function pluginOf(value: unknown): SnapshotSerializer | undefined {
  for (let i = plugins.length - 1; i >= 0; i--) if (plugins[i].test(value)) return plugins[i];
  return undefined;
}

function printWith(plugin: SnapshotSerializer, value: unknown, indent: string, depth: number, refs: object[]): string {
  const config = configOf();
  const printer: Printer = (inner, _config, indentation, at, outer) => {
    const known: object[] = newList();
    for (let i = 0; i < outer.length; i++) push(known, outer[i] as object);
    return printValue(inner, indentation, at, known, false);
  };
  let text: unknown;
  if (typeof plugin.serialize === "function") {
    const outer: unknown[] = [];
    for (let i = 0; i < refs.length; i++) outer[i] = refs[i];
    text = plugin.serialize(value, config, indent, depth, outer, printer);
  } else {
    text = plugin.print!(
      value,
      (inner) => printValue(inner, indent, depth, refs, false),
      (inner) => indentAll(inner, indent + INDENT),
      { edgeSpacing: "\n", min: false, spacing: "\n" },
      config.colors,
    );
  }
  if (typeof text !== "string") {
    throw usageError("a snapshot serializer must give a text, not " + printInline(text, 80));
  }
  return text;
}

function indentAll(text: string, indent: string): string {
  let result = indent;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (codeAt(text, i) !== 0x0a) continue;
    result += slice(text, from, i + 1) + indent;
    from = i + 1;
  }
  return result + slice(text, from);
}

/** Prints a value. */
export function pretty(value: unknown): string {
  return printValue(value, "", 0, newList(), false);
}

function printValue(value: unknown, indent: string, depth: number, refs: object[], isJson: boolean): string {
  const plugin = pluginOf(value);
  if (plugin !== undefined) return printWith(plugin, value, indent, depth, refs);
  if (!isObject(value)) {
    if (typeof value === "string") return '"' + value + '"';
    if (typeof value === "bigint") return toText(value) + "n";
    return is(value, -0) ? "-0" : toText(value);
  }
  if (tryGet(value, "$$typeof") === asymmetricSymbol) return printAsymmetric(value, indent, depth, refs);
  if (tryGet(value, "_isMockFunction") === true) return printMock(value, indent, depth, refs);
  if (typeof value === "function") return "[Function]";
  const kind = kindOf(value);
  if (kind === "date") return dateTime(value) === dateTime(value) ? dateText(value) : "Date { NaN }";
  if (kind === "error" || isInstance(Error, value)) return "[" + errorText(value) + "]";
  if (kind === "regexp") return escapeExpression("/" + regExpSource(value) + "/" + regExpFlags(value));
  if (kind === "opaque" && isWeak(value)) return nameOf(value) + " {}";
  for (let i = 0; i < refs.length; i++) if (refs[i] === value) return "[Circular]";
  const inner: object[] = newList();
  for (let i = 0; i < refs.length; i++) push(inner, refs[i]);
  push(inner, value);
  const toJson = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJson === "function" && !isJson) {
    return printValue(apply(toJson, value, []), indent, depth + 1, inner, true);
  }
  return printComplex(value, kind, indent, depth + 1, inner);
}

/** Maps and sets whose contents nobody can see. */
function isWeak(value: object): boolean {
  const name = nameOf(value);
  return name === "WeakMap" || name === "WeakSet";
}

function nameOf(value: object): string {
  const constructor = (value as { constructor?: unknown }).constructor;
  const name = typeof constructor === "function" ? constructor.name : "";
  return typeof name === "string" && name !== "" ? name : "Object";
}

function printComplex(value: object, kind: string, indent: string, depth: number, refs: object[]): string {
  if (kind === "array") {
    const name = nameOf(value);
    return (name === "Array" ? "" : name + " ") + "[" + listItems(value as unknown[], indent, depth, refs) + "]";
  }
  const typed = kind === "typed" ? typedName(value) : undefined;
  // As they have it: their lists of such classes are older than these.
  if (typed !== undefined && typed !== "BigInt64Array" && typed !== "BigUint64Array" && typed !== "Float16Array") {
    return nameOf(value) + " [" + listItems(value as unknown[], indent, depth, refs) + "]";
  }
  if (kind === "object" && tagOf(value) === "[object Arguments]") {
    return "Arguments [" + listItems(value as never, indent, depth, refs) + "]";
  }
  // As Vitest has it: Jest shows none of the bytes.
  if (kind === "buffer" || kind === "view") {
    return nameOf(value) + " [" + listItems(bytesOf(value, kind), indent, depth, refs) + "]";
  }
  const items: string[] = newList();
  const next = indent + INDENT;
  if (kind === "map") {
    mapForEach(value, (item, key) => {
      push(items, printValue(key, next, depth, refs, false) + " => " + printValue(item, next, depth, refs, false));
    });
    return "Map {" + enclosed(items, indent) + "}";
  }
  if (kind === "set") {
    setForEach(value, (item) => push(items, printValue(item, next, depth, refs, false)));
    return "Set {" + enclosed(items, indent) + "}";
  }
  const name = nameOf(value);
  if (kind === "boxed" && typeof unbox(value) !== "object" && name === "Symbol") return toText(unbox(value));
  return (name === "Object" ? "" : name + " ") + "{" + properties(value, indent, depth, refs) + "}";
}

function listItems(list: ArrayLike<unknown>, indent: string, depth: number, refs: object[]): string {
  const items: string[] = newList();
  for (let i = 0; i < list.length; i++) {
    push(items, i in list ? printValue(list[i], indent + INDENT, depth, refs, false) : "");
  }
  return enclosed(items, indent);
}

function properties(value: object, indent: string, depth: number, refs: object[]): string {
  const items: string[] = newList();
  const next = indent + INDENT;
  const keys: PropertyKey[] = bare(sortStrings(objectKeys(value)));
  const symbols = bare(symbolsOf(value));
  for (let i = 0; i < symbols.length; i++) if (isEnumerable(value, symbols[i])) push(keys, symbols[i]);
  for (let i = 0; i < keys.length; i++) {
    const item = (value as Record<PropertyKey, unknown>)[keys[i]];
    push(items, printValue(keys[i], next, depth, refs, false) + ": " + printValue(item, next, depth, refs, false));
  }
  return enclosed(items, indent);
}

function enclosed(items: readonly string[], indent: string): string {
  if (items.length === 0) return "";
  let text = "\n";
  for (let i = 0; i < items.length; i++) text += indent + INDENT + items[i] + ",\n";
  return text + indent;
}

/** An asymmetric matcher, such as `Any<String>` or `ObjectContaining {…}`. */
function printAsymmetric(value: object, indent: string, depth: number, refs: object[]): string {
  const matcher = value as { toString(): string; toAsymmetricMatcher?: () => string; sample?: unknown };
  const name = matcher.toString();
  const { sample } = matcher;
  switch (name) {
    case "ArrayContaining":
    case "ArrayNotContaining":
    case "ArrayOf":
    case "NotArrayOf":
      return isArray(sample) ? name + " [" + listItems(sample, indent, depth + 1, refs) + "]" : name;
    case "ObjectContaining":
    case "ObjectNotContaining":
      return isObject(sample) ? name + " {" + properties(sample, indent, depth + 1, refs) + "}" : name;
    case "StringMatching":
    case "StringNotMatching":
    case "StringContaining":
    case "StringNotContaining":
      return name + " " + printValue(sample, indent, depth, refs, false);
    default:
      return typeof matcher.toAsymmetricMatcher === "function" ? matcher.toAsymmetricMatcher() : name;
  }
}

/** A mock function: its name, and what it was called with and gave. */
function printMock(value: object, indent: string, depth: number, refs: object[]): string {
  const mock = value as { getMockName?: () => string; mock?: { calls: unknown; results: unknown } };
  const given = mock.getMockName?.() ?? "";
  const name = given === "" || given === "vi.fn()" || given === "jest.fn()" ? "" : " " + given;
  const head = "[MockFunction" + name + "]";
  const calls = mock.mock?.calls;
  if (!isArray(calls) || calls.length === 0) return head;
  const next = indent + INDENT;
  const told: string[] = newList();
  push(told, '"calls": ' + printValue(calls, next, depth + 1, refs, false));
  push(told, '"results": ' + printValue(mock.mock?.results, next, depth + 1, refs, false));
  return head + " {" + enclosed(told, indent) + "}";
}

const SPECIAL = "$()*+.?[\\]^{|}";

/** As Jest and Vitest have it: with a backslash before what has a meaning in an expression. */
function escapeExpression(text: string): string {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const code = codeAt(text, i);
    for (let k = 0; k < SPECIAL.length; k++) {
      if (codeAt(SPECIAL, k) === code) {
        result += "\\";
        break;
      }
    }
    result += slice(text, i, i + 1);
  }
  return result;
}

/** A copy of a received value with the property matchers in the place of what they matched. `asText`: as texts. */
export function withMatchers(received: unknown, matchers: unknown, asText: boolean): unknown {
  if (isObject(matchers) && tryGet(matchers, "$$typeof") === asymmetricSymbol) {
    return asText ? printAsymmetric(matchers, "", 0, newList()) : matchers;
  }
  if (!isObject(received) || !isObject(matchers) || typeof matchers === "function") return matchers;
  const isList = isArray(received);
  if (isList !== isArray(matchers)) return matchers;
  const copy: Record<string, unknown> = isList ? ([] as never) : {};
  const keys = bare(objectKeys(received));
  for (let i = 0; i < keys.length; i++) copy[keys[i]] = (received as Record<string, unknown>)[keys[i]];
  const named = bare(objectKeys(matchers));
  for (let i = 0; i < named.length; i++) {
    const key = named[i];
    const matcher = (matchers as Record<string, unknown>)[key];
    copy[key] = hasOwn(copy, key) ? withMatchers(copy[key], matcher, asText) : matcher;
  }
  return copy;
}
