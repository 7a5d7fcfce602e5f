/** Resources to test: those of an entry, and those that a test has built. */

import { plain, render, requirements } from "husako:host/kubernetes";
import type { Plain, Problem, Requirement } from "husako:host/kubernetes";
import type { Renderable } from "../husako.ts";
import {
  apply,
  defineProperty,
  Error,
  freeze,
  hasOwn,
  isArray,
  isObject,
  newList,
  objectKeys,
  Promise,
  prototypeOf,
  push,
  setPrototypeOf,
  share,
  toText,
  WeakMap,
  weakGet,
  weakSet,
} from "../primordials.ts";
import { captureStack, usageError, withPlainStack } from "../stack.ts";
import { printInline } from "./format.ts";
import { own, renderedList } from "./plain.ts";
import { wellFormed } from "./text.ts";

/** A resource as it is rendered. What lies below `spec` depends on its kind. */
export interface Resource {
  /** Group and version: `apps/v1`. */
  apiVersion: string;
  /** The kind: `Deployment`. */
  kind: string;
  /** What tells it from others. */
  metadata: ResourceMetadata;
  [field: string]: any;
}

/** The metadata of a resource. */
export interface ResourceMetadata {
  /** Its name. */
  name: string;
  /** Its namespace, where one is written. */
  namespace?: string;
  /** Its labels, where there are some. */
  labels?: Record<string, string>;
  /** Its annotations, where there are some. */
  annotations?: Record<string, string>;
  [field: string]: any;
}

/** Resources, in order: an array that can be narrowed down. Every method gives a new list and leaves this one as it is. */
export interface Resources<T extends Resource = Resource> extends Array<T> {
  /** Those of a kind; with a second argument also of that group and version. */
  kind(kind: string, apiVersion?: string): Resources<T>;
  /** Those with a name. */
  named(name: string): Resources<T>;
  /** Those whose manifest names the namespace. */
  inNamespace(namespace: string): Resources<T>;
  /**
   * Those with all of the labels: `{ app: "web" }`, or a selector as kubectl takes it: `"app=web,tier!=db"`,
   * `"environment in (dev, staging)"`, `"!legacy"`.
   */
  labelled(labels: Record<string, string> | string): Resources<T>;
  /** Those that a function wants. */
  filter<S extends T>(predicate: (resource: T, index: number, list: T[]) => resource is S, self?: any): Resources<S>;
  filter(predicate: (resource: T, index: number, list: T[]) => unknown, self?: any): Resources<T>;
  /**
   * The only resource: of all, of a kind, or of a kind and name. Throws, and lists what there is, when there is not exactly one.
   */
  one(kind?: string, name?: string): T;
}

/** Where a list comes from, for what is told when it is not what a test wants. */
interface Origin {
  /** The list before anything was asked for. */
  readonly all: readonly Resource[];
  /** What was asked for, in words. */
  readonly asked: string;
}

const origins: WeakMap<object, Origin> = new WeakMap();

const MAX_LISTED = 20;

/** What a resource is called: `Deployment prod/web`. */
function titleOf(resource: Resource): string {
  const name = metaOf(resource, "name");
  const namespace = metaOf(resource, "namespace");
  const place = typeof namespace === "string" && namespace !== "" ? namespace + "/" : "";
  return toText(resource.kind) + " " + place + (typeof name === "string" ? name : "");
}

function metaOf(resource: Resource, key: string): unknown {
  return own(own(resource, "metadata"), key);
}

function listed(resources: readonly Resource[]): string {
  let text = "";
  for (let i = 0; i < resources.length && i < MAX_LISTED; i++) text += "\n  " + titleOf(resources[i]);
  return resources.length > MAX_LISTED ? text + "\n  … " + (resources.length - MAX_LISTED) + " more" : text;
}

function lookupError(message: string): Error {
  return withPlainStack(() => new Error(message));
}

/** The resources of `list` that pass, and what was asked for. */
function narrowed(list: readonly Resource[], asked: string, pass: (resource: Resource) => unknown): Resources {
  const found: Resource[] = newList();
  for (let i = 0; i < list.length; i++) if (pass(list[i])) push(found, list[i]);
  const origin = weakGet(origins, list);
  const words = origin === undefined || origin.asked === "" ? asked : origin.asked + ", " + asked;
  return collected(found, { all: origin === undefined ? list : origin.all, asked: words });
}

function wanted(what: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw usageError(what + " needs a text that is not empty, not " + printInline(value, 80));
}

function labelRequirements(labels: unknown): readonly Requirement[] {
  if (typeof labels === "string") {
    const found = requirements(wellFormed(labels));
    if (typeof found === "string") throw usageError("labelled(" + printInline(labels, 80) + "): " + found);
    return found;
  }
  if (!isObject(labels) || isArray(labels)) {
    throw usageError(
      'labelled() takes labels such as { app: "web" }, or a selector such as "app=web", not ' + printInline(labels, 80),
    );
  }
  const list: Requirement[] = newList();
  const keys = objectKeys(labels);
  for (let i = 0; i < keys.length; i++) {
    const value = (labels as Record<string, unknown>)[keys[i]];
    if (typeof value !== "string") {
      throw usageError(
        "labelled(): the value of " + printInline(keys[i], 80) + " must be a text, not " + printInline(value, 80),
      );
    }
    push(list, { key: keys[i], wanted: true, values: [value] });
  }
  return list;
}

function meets(labels: unknown, { key, wanted: isWanted, values }: Requirement): boolean {
  const has = isObject(labels) && hasOwn(labels, key);
  if (values === null) return has === isWanted;
  let is = false;
  for (let i = 0; i < values.length; i++) if (has && (labels as Record<string, unknown>)[key] === values[i]) is = true;
  return is === isWanted;
}

class ResourceList {
  kind(this: Resource[], kind: unknown, apiVersion?: unknown): Resources {
    const name = wanted("kind()", kind);
    const group = apiVersion === undefined ? undefined : wanted("kind()", apiVersion);
    const asked = "of kind " + printInline(name) + (group === undefined ? "" : " in " + printInline(group));
    return narrowed(this, asked, (one) => one.kind === name && (group === undefined || one.apiVersion === group));
  }

  named(this: Resource[], name: unknown): Resources {
    const text = wanted("named()", name);
    return narrowed(this, "named " + printInline(text), (one) => metaOf(one, "name") === text);
  }

  inNamespace(this: Resource[], namespace: unknown): Resources {
    const text = wanted("inNamespace()", namespace);
    return narrowed(this, "in namespace " + printInline(text), (one) => metaOf(one, "namespace") === text);
  }

  labelled(this: Resource[], labels: unknown): Resources {
    const list = labelRequirements(labels);
    return narrowed(this, "labelled " + printInline(labels), (one) => {
      for (let i = 0; i < list.length; i++) if (!meets(metaOf(one, "labels"), list[i])) return false;
      return true;
    });
  }

  filter(this: Resource[], predicate: unknown, self?: unknown): Resources {
    if (typeof predicate !== "function")
      throw usageError("filter() needs a function, not " + printInline(predicate, 80));
    let at = 0;
    return narrowed(this, "that pass the filter", (one) => apply(predicate, self, [one, at++, this]));
  }

  one(this: Resource[], kind?: unknown, name?: unknown): Resource {
    let list: Resource[] = this;
    if (kind !== undefined) list = apply(ResourceList.prototype.kind, list, [kind]);
    if (name !== undefined) list = apply(ResourceList.prototype.named, list, [name]);
    if (list.length === 1) return list[0];
    const origin = weakGet(origins, list);
    const asked = origin === undefined || origin.asked === "" ? "" : " " + origin.asked;
    if (list.length > 1) {
      throw lookupError("one(): there are " + list.length + " resources" + asked + ":" + listed(list));
    }
    const all = origin === undefined ? list : origin.all;
    const others = all.length === 0 ? "; the list is empty" : "; there are:" + listed(all);
    throw lookupError("one(): there is no resource" + asked + others);
  }
}

// An array in all but these methods. `map` and its like give ordinary arrays, as the class has no species.
setPrototypeOf(ResourceList.prototype, prototypeOf([]));
defineProperty(ResourceList, "name", { __proto__: null, value: "Resources" } as PropertyDescriptor);
freeze(ResourceList);
freeze(share(ResourceList.prototype, "a list of resources"));

/** Gives a list the methods of {@link Resources}. */
function collected(list: Resource[], origin?: Origin): Resources {
  weakSet(origins, list, origin ?? { all: list, asked: "" });
  return setPrototypeOf(list, ResourceList.prototype) as Resources;
}

/** See `resources` of "husako/test". */
export function resources(list: Renderable | object | readonly (Renderable | object)[]): Resources {
  const copied = plain(renderedList(list), false);
  if (hasOwn(copied, "problem")) {
    const { document, problem } = copied as Problem;
    throw usageError("resources(): at index " + document + ": " + problem);
  }
  const copies = (copied as Plain).resources;
  for (let i = 0; i < copies.length; i++) {
    const resource = copies[i];
    if (typeof own(resource, "kind") === "string") continue;
    throw usageError("resources(): at index " + i + " is no resource, but " + printInline(resource, 80));
  }
  return collected(copies as Resource[]);
}

/** See `renderEntry` of "husako/test". */
export function renderEntry(entry: string): Promise<Resources> {
  const stack = captureStack();
  return new Promise<Resources>((resolve, reject) => {
    if (typeof entry !== "string") {
      throw usageError(
        'renderEntry() takes the name of an entry, such as "dev", or its path, not ' + printInline(entry, 80),
      );
    }
    render(wellFormed(entry), (list, reason) => {
      if (list !== undefined) return resolve(collected(list as Resource[]));
      const error = lookupError("renderEntry(" + printInline(entry, 200) + "): " + reason);
      // Where the test asked, and not where the answer came in.
      defineProperty(error, "stack", { __proto__: null, value: stack, configurable: true } as PropertyDescriptor);
      reject(error);
    });
  });
}
