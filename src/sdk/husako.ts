/**
 * `"husako"`: metadata, amounts of resources, and `build`.
 *
 * @module
 */

import { build as send } from "husako:host";
import { _ResourceBuilder } from "./base.ts";
import { formatCpu, formatMemory } from "./fragments.ts";
import type { MetadataJson, RequirementsJson, ResourceListJson, ToJson } from "./fragments.ts";
import { assign, freeze, isArray, isObject, made, share } from "./primordials.ts";
import { usageError } from "./stack.ts";
import { put, resolve } from "./values.ts";
import type { Fields } from "./values.ts";

/** Anything that `build` takes: a builder of `k8s/*` or of a plugin. */
export interface Renderable {
  /** The resource as a plain object. */
  _render(): unknown;
}

/** Metadata in the making. Every method gives a new fragment and leaves this one as it is. */
class MetadataFragment implements ToJson<MetadataJson> {
  readonly _type: "metadata";
  readonly _name: string | null;
  readonly _namespace: string | null;
  readonly _labels: Record<string, string> | null;
  readonly _annotations: Record<string, string> | null;

  constructor(
    name: string | null,
    namespace: string | null,
    labels: Record<string, string> | null,
    annotations: Record<string, string> | null,
  ) {
    this._type = "metadata";
    this._name = name;
    this._namespace = namespace;
    this._labels = labels;
    this._annotations = annotations;
    if (made !== undefined) made(this);
  }

  /** Sets the name of the resource. */
  name(value: string): MetadataFragment {
    return new MetadataFragment(value, this._namespace, this._labels, this._annotations);
  }

  /** Sets the namespace of the resource. */
  namespace(value: string): MetadataFragment {
    return new MetadataFragment(this._name, value, this._labels, this._annotations);
  }

  /** Adds a label. */
  label(key: string, value: string): MetadataFragment {
    return new MetadataFragment(this._name, this._namespace, extended(this._labels, key, value), this._annotations);
  }

  /** Adds an annotation. */
  annotation(key: string, value: string): MetadataFragment {
    return new MetadataFragment(this._name, this._namespace, this._labels, extended(this._annotations, key, value));
  }

  _toJSON(): MetadataJson {
    const result: MetadataJson = {};
    if (this._name !== null) result.name = this._name;
    if (this._namespace !== null) result.namespace = this._namespace;
    if (this._labels !== null) result.labels = assign({}, this._labels);
    if (this._annotations !== null) result.annotations = assign({}, this._annotations);
    return result;
  }
}

share(MetadataFragment.prototype, "metadata()");

/** Amounts of CPU and memory. Every method gives a new fragment and leaves this one as it is. */
class ResourceListFragment implements ToJson<ResourceListJson> {
  readonly _type: "resource_list";
  readonly _cpu: string | null;
  readonly _memory: string | null;

  constructor(cpuText: string | null, memoryText: string | null) {
    this._type = "resource_list";
    this._cpu = cpuText;
    this._memory = memoryText;
    if (made !== undefined) made(this);
  }

  /** Sets the CPU: `250m`, or a number of cores. */
  cpu(value: string | number): ResourceListFragment {
    return new ResourceListFragment(formatCpu(value), this._memory);
  }

  /** Sets the memory: `128Mi`, or a number of gibibytes. */
  memory(value: string | number): ResourceListFragment {
    return new ResourceListFragment(this._cpu, formatMemory(value));
  }

  _toJSON(): ResourceListJson {
    const result: ResourceListJson = {};
    if (this._cpu !== null) result.cpu = this._cpu;
    if (this._memory !== null) result.memory = this._memory;
    return result;
  }
}

share(ResourceListFragment.prototype, "cpu() or memory()");

/** What a resource list may be given as. */
type ListInput = ToJson | ResourceListJson;

/** What a container asks for and may use at most. Every method gives a new fragment and leaves this one as it is. */
class ResourceRequirementsFragment implements ToJson<RequirementsJson> {
  readonly _type: "resource_requirements";
  readonly _requests: ListInput | null;
  readonly _limits: ListInput | null;

  constructor(requested: ListInput | null, limited: ListInput | null) {
    this._type = "resource_requirements";
    this._requests = requested;
    this._limits = limited;
    if (made !== undefined) made(this);
  }

  /** Sets what it asks for. */
  requests(list: ListInput): ResourceRequirementsFragment {
    return new ResourceRequirementsFragment(list, this._limits);
  }

  /** Sets what it may use at most. */
  limits(list: ListInput): ResourceRequirementsFragment {
    return new ResourceRequirementsFragment(this._requests, list);
  }

  _toJSON(): RequirementsJson {
    const result: RequirementsJson = {};
    if (this._requests !== null) result.requests = resolve(this._requests) as ResourceListJson;
    if (this._limits !== null) result.limits = resolve(this._limits) as ResourceListJson;
    return result;
  }
}

share(ResourceRequirementsFragment.prototype, "requests() or limits()");

export type { MetadataFragment, ResourceListFragment, ResourceRequirementsFragment };

function extended(map: Record<string, string> | null, key: string, value: string): Record<string, string> {
  const result: Record<string, string> = assign({}, map ?? {});
  put(result, key, value);
  return result;
}

/** Begins empty metadata. */
export function metadata(): MetadataFragment {
  return new MetadataFragment(null, null, null, null);
}

/** Begins metadata with a name. */
export function name(value: string): MetadataFragment {
  return metadata().name(value);
}

/** Begins metadata with a namespace. */
export function namespace(value: string): MetadataFragment {
  return metadata().namespace(value);
}

/** Begins metadata with a label. */
export function label(key: string, value: string): MetadataFragment {
  return metadata().label(key, value);
}

/** Begins metadata with an annotation. */
export function annotation(key: string, value: string): MetadataFragment {
  return metadata().annotation(key, value);
}

/** Begins amounts with CPU: `cpu("250m")`, `cpu(0.25)`, `cpu(2)`. */
export function cpu(value: string | number): ResourceListFragment {
  return new ResourceListFragment(formatCpu(value), null);
}

/** Begins amounts with memory: `memory("128Mi")`, or a number of gibibytes. */
export function memory(value: string | number): ResourceListFragment {
  return new ResourceListFragment(null, formatMemory(value));
}

/** Begins the requirements of a container with what it asks for. */
export function requests(list: ListInput): ResourceRequirementsFragment {
  return new ResourceRequirementsFragment(list, null);
}

/** Begins the requirements of a container with what it may use at most. */
export function limits(list: ListInput): ResourceRequirementsFragment {
  return new ResourceRequirementsFragment(null, list);
}

function allOfType(items: readonly unknown[], type: string): boolean {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (!isObject(item) || (item as Fields)._type !== type) return false;
  }
  return true;
}

/** The value of a field in the last item that has it set. */
function lastSet<T>(items: readonly Fields[], field: string): T | null {
  for (let i = items.length - 1; i >= 0; i--) {
    const value = items[i][field];
    if (value !== null && value !== undefined) return value as T;
  }
  return null;
}

function mergedMaps(items: readonly Fields[], field: string): Record<string, string> | null {
  let result: Record<string, string> | null = null;
  for (let i = 0; i < items.length; i++) {
    const map = items[i][field];
    if (map !== null && map !== undefined) result = assign(result ?? {}, map);
  }
  return result;
}

/**
 * Merges fragments of one kind. Of metadata: the last name and namespace that is set, and all labels and annotations, where the
 * later one wins. Of resource lists: the last CPU and memory that is set. Of anything else the last item.
 */
export function merge<T>(items: readonly T[]): T {
  // What is no list, or has nothing in it, comes back as it is.
  if (!isArray(items) || items.length === 0) return items as unknown as T;
  const list = items as unknown as readonly Fields[];
  let merged: unknown = list[list.length - 1];
  if (allOfType(list, "metadata")) {
    merged = new MetadataFragment(
      lastSet(list, "_name"),
      lastSet(list, "_namespace"),
      mergedMaps(list, "_labels"),
      mergedMaps(list, "_annotations"),
    );
  } else if (allOfType(list, "resource_list")) {
    merged = new ResourceListFragment(lastSet(list, "_cpu"), lastSet(list, "_memory"));
  }
  if (made !== undefined && merged !== list[list.length - 1]) made(merged as object, list);
  return merged as T;
}

/** What `_render` is where nobody has overridden it. */
const render: unknown = _ResourceBuilder.prototype._render;

/** Hands resources over: one builder, or an array of them. An entry calls it exactly once. */
export function build(items: Renderable | readonly Renderable[]): void {
  const list = (isArray(items) ? items : [items]) as readonly Renderable[];
  const resources: unknown[] = [];
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (!isObject(item) || typeof (item as Fields)._render !== "function") {
      throw usageError("build(): item at index " + i + " is not a builder instance, but " + inWords(item));
    }
    // What a plugin renders by itself may still have builders in it.
    resources[i] = (item as Fields)._render === render ? item._render() : resolve(item._render());
  }
  send(resources, list);
}

const USE = 'use a builder such as Deployment() of "k8s/apps/v1"';

function inWords(item: unknown): string {
  if (item === undefined || item === null) return item + "; " + USE;
  if (typeof item === "function") {
    return "a function; call it: " + ((item as { name?: unknown }).name || "factory") + "()";
  }
  if (isArray(item)) return "an array; spread it into the list: build([...items])";
  if (!isObject(item)) return "a " + typeof item + "; " + USE;
  if (typeof (item as Fields).then === "function") return "a promise; await it first";
  if (typeof (item as Fields).kind === "string")
    return "a plain object; " + USE + ", and .spec({…}) and .set(key, value) for its fields";
  return (
    (typeof (item as Fields)._toJSON === "function" ? "a part of a resource" : "an object without _render()") +
    "; " +
    USE
  );
}

/** The default export: `husako.build([…])`. */
const husako: { readonly build: typeof build } = freeze(share({ build }, "husako"));
export default husako;
