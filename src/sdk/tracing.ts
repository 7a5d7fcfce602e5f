/**
 * Records where in the user's code each part of a resource was made. Loaded by the host before anything of the user's, and
 * only in a run that is made for this: the methods of builders and fragments are wrapped, and do what they always do.
 *
 * Every call becomes a note: a path inside what the object will be rendered as, and the number that the host gives to the
 * stack of the call. Objects that are copied take their notes along, so notes form chains that share their beginnings.
 * When the resources are built, the notes of nested objects come together under the paths where these end up.
 */

import { _ResourceBuilder, _SchemaBuilder } from "./base.ts";
import { _createResourceChain, _createResourceRequirementsChain, _createSpecFragment } from "./fragments.ts";
import { cpu, metadata, requests } from "./husako.ts";
import {
  apply,
  defineProperty,
  hasOwn,
  isArray,
  isObject,
  newList,
  objectKeys,
  prototypeOf,
  push,
  split,
  watch,
  WeakMap,
  weakGet,
  weakSet,
} from "./primordials.ts";
import { captureStack } from "./stack.ts";
import { capped, MAX_MESSAGE } from "./test/text.ts";
import { isPlainObject } from "./values.ts";
import type { Fields } from "./values.ts";

/** A place inside a value, from outside inwards. */
type Path = readonly (string | number)[];

/** What a call puts where. */
interface Part {
  readonly path: Path;
  /** What was given; objects in it may have notes of their own. */
  readonly value: unknown;
  /** Whether it goes into what is there already; otherwise it takes its place. */
  readonly merged?: boolean;
  /** Whether it is a list that is merged into one, after everything else is rendered; only the last such call counts. */
  readonly last?: boolean;
}

/** A call, and those before it. */
interface Note {
  readonly before: Note | undefined;
  readonly site: number;
  readonly part: Part;
  /** The notes that the value had when it was given: a fragment may change afterwards. */
  readonly ofValue: Note | undefined;
}

/**
 * What is done with what is known of a place: `replace` it and all inside, `set` it alone, or `keep` it if there is
 * something.
 */
type How = "replace" | "set" | "keep";

/** What the host does for us. */
interface Host {
  /** The number of a raw stack; 0 when there is no room left. */
  readonly site: (stack: string) => number;
  /** Says which call made what is at a path of a document. Throws when there is no room left. */
  readonly put: (document: number, path: Path, site: number, how: How) => void;
}

let host: Host;

const notes: WeakMap<object, Note> = new WeakMap();

/** How many recorded methods are running: what they call in turn is their own doing. */
let inside = 0;

/** How deep values are looked into. */
const MAX_DEPTH = 100;

function here(): number {
  return host.site(capped(captureStack(), MAX_MESSAGE));
}

function notesOf(value: unknown): Note | undefined {
  return isObject(value) ? weakGet(notes, value) : undefined;
}

/** Puts a function around a method, which is given to it as it was. It looks like the method. */
function wrap(prototype: object, name: string, around: (method: any, self: object, args: any[]) => unknown): void {
  const method = (prototype as Fields)[name];
  const value = {
    [name](this: object, ...args: any[]): unknown {
      return around(method, this, args);
    },
  }[name];
  const length = { __proto__: null, value: method.length, configurable: true } as PropertyDescriptor;
  defineProperty(value, "length", length);
  defineProperty(prototype, name, { __proto__: null, value, writable: true, configurable: true } as PropertyDescriptor);
}

/** Takes notes of the calls of a method. */
function record(prototype: object, name: string, partOf: (args: any[]) => Part): void {
  wrap(prototype, name, (method, self, args) => {
    if (inside > 0) return apply(method, self, args);
    const site = here();
    const part = partOf(args);
    const ofValue = notesOf(part.value);
    const result = quietly(() => apply(method, self, args));
    if (isObject(result)) {
      weakSet(notes, result, { before: notesOf(result) ?? notesOf(self), site, part, ofValue });
    }
    return result;
  });
}

function quietly<T>(act: () => T): T {
  inside++;
  try {
    return act();
  } finally {
    inside--;
  }
}

/** Takes notes of a method that sets the field of its name. */
function recordField(prototype: object, name: string): void {
  record(prototype, name, (args) => ({ path: [name], value: args[0] }));
}

/** The fields that fragments can be made with. */
const FIELDS = [
  "name",
  "namespace",
  "labels",
  "annotations",
  "image",
  "imagePullPolicy",
  "resources",
  "command",
  "args",
  "cpu",
  "memory",
  "requests",
  "limits",
];

/** Takes a note of what was made, with what it was made of. */
function noteMade(object: object, parts: readonly unknown[] | undefined): void {
  if (inside > 0) return;
  const site = here();
  let latest: Note = { before: undefined, site, part: { path: [], value: undefined }, ofValue: undefined };
  for (let i = 0; parts !== undefined && i < parts.length; i++) {
    const list = inOrder(notesOf(parts[i]));
    for (let k = 0; k < list.length; k++) latest = { ...list[k], before: latest };
  }
  for (let i = 0; parts === undefined && i < FIELDS.length; i++) {
    const value = (object as Fields)["_" + FIELDS[i]];
    if (value === undefined || value === null) continue;
    latest = { before: latest, site, part: { path: [FIELDS[i]], value }, ofValue: notesOf(value) };
  }
  weakSet(notes, object, latest);
}

function inOrder(latest: Note | undefined): Note[] {
  const reversed: Note[] = newList();
  for (let at = latest; at !== undefined; at = at.before) push(reversed, at);
  const list: Note[] = newList();
  for (let i = reversed.length - 1; i >= 0; i--) push(list, reversed[i]);
  return list;
}

function joined(path: Path, rest: Path): Path {
  const list: (string | number)[] = newList();
  for (let i = 0; i < path.length; i++) push(list, path[i]);
  for (let i = 0; i < rest.length; i++) push(list, rest[i]);
  return list;
}

/** Tells the host what is noted of an object that is rendered at `path` of a document. */
function tell(document: number, path: Path, latest: Note | undefined, depth: number): void {
  const list = inOrder(latest);
  let last: Note | undefined;
  // Whether the whole spec was given at once: then what is set of it next replaces it.
  let whole = false;
  for (let i = 0; i < list.length; i++) {
    const { part, site } = list[i];
    if (part.last === true) {
      last = list[i];
      continue;
    }
    if (part.path[0] === "spec") {
      if (whole && part.path.length > 1) host.put(document, joined(path, ["spec"]), site, "replace");
      whole = part.path.length === 1;
    }
    tellNote(document, path, list[i], depth);
  }
  if (last !== undefined && !whole) tellNote(document, path, last, depth);
}

function tellNote(document: number, path: Path, note: Note, depth: number): void {
  const { part, site, ofValue } = note;
  const at = joined(path, part.path);
  host.put(document, at, site, part.path.length === 0 ? "keep" : part.merged === true ? "set" : "replace");
  if (ofValue !== undefined) tell(document, at, ofValue, depth + 1);
  else if (part.last !== true) walk(document, at, part.value, depth);
  else for (let i = 0; i < (part.value as unknown[]).length; i++) walk(document, at, (part.value as unknown[])[i], depth);
}

/** Looks for what has notes in a plain value. */
function walk(document: number, path: Path, value: unknown, depth: number): void {
  if (!isObject(value) || depth > MAX_DEPTH) return;
  const own = weakGet(notes, value);
  if (own !== undefined) tell(document, path, own, depth + 1);
  else if (isArray(value)) {
    for (let i = 0; i < value.length; i++) walk(document, joined(path, [i]), value[i], depth + 1);
  } else if (isPlainObject(value)) {
    const keys = objectKeys(value);
    for (let i = 0; i < keys.length; i++) walk(document, joined(path, [keys[i]]), value[keys[i]], depth + 1);
  }
}

/** Begins. The functions of the host come from the host itself: no module has them. */
export function start(site: Host["site"], put: Host["put"]): void {
  host = { site, put };
  watch({ made: noteMade });

  const resource = _ResourceBuilder.prototype;
  recordField(resource, "metadata");
  recordField(resource, "spec");
  record(resource, "set", (args) => ({ path: [args[0]], value: args[1] }));
  const firstContainer = ["spec", "template", "spec", "containers", 0, "resources"];
  record(resource, "resources", (args) => ({ path: firstContainer, value: args, merged: true, last: true }));
  record(resource, "_setSpec", (args) => ({ path: ["spec", args[0]], value: args[1] }));
  record(resource, "_setDeep", (args) => ({
    path: joined(["spec"], split(args[0], ".")),
    value: args[1],
    merged: isPlainObject(args[1]),
  }));
  const schema = _SchemaBuilder.prototype;
  record(schema, "_set", (args) => ({ path: [args[0]], value: args[1] }));
  const copied = [resource, schema];
  for (let i = 0; i < copied.length; i++) {
    wrap(copied[i], "_copy", (method, self) => {
      const copy = quietly(() => apply(method, self, []));
      const own = notesOf(self);
      if (own !== undefined && isObject(copy)) weakSet(notes, copy, own);
      return copy;
    });
  }

  const fragments = [
    metadata(),
    cpu(1),
    requests({}),
    _createSpecFragment(),
    _createResourceChain(),
    _createResourceRequirementsChain(),
  ];
  for (let i = 0; i < fragments.length; i++) recordFragment(prototypeOf(fragments[i]));
}

function recordFragment(prototype: object): void {
  for (let i = 0; i < FIELDS.length; i++) if (hasOwn(prototype, FIELDS[i])) recordField(prototype, FIELDS[i]);
  if (!hasOwn(prototype, "label")) return;
  record(prototype, "label", (args) => ({ path: ["labels", args[0]], value: args[1] }));
  record(prototype, "annotation", (args) => ({ path: ["annotations", args[0]], value: args[1] }));
}

/** Tells the host where the parts of the items come from that `build` was called with. Gives the number of that call. */
export function collect(items: readonly unknown[]): number {
  const site = here();
  for (let i = 0; i < items.length; i++) {
    try {
      tell(i, [], notesOf(items[i]), 0);
      // Of what has no notes it is at least known who built it.
      host.put(i, [], site, "keep");
    } catch {
      // No room is left, or a getter of the user's threw: what was told counts.
    }
  }
  return site;
}
