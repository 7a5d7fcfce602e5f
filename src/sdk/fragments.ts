/** Spec fragments and amounts of resources, as `k8s/meta/v1` and `k8s/core/v1` begin them. */

import { assign, made, newList, push, round, share, toText } from "./primordials.ts";
import { isPlainObject, put, resolve } from "./values.ts";
import type { Fields } from "./values.ts";

/** The metadata of a resource, as plain values. */
export interface MetadataJson {
  /** The resource's name. */
  name?: string;
  /** Its namespace. */
  namespace?: string;
  /** Labels by key. */
  labels?: Record<string, string>;
  /** Annotations by key. */
  annotations?: Record<string, string>;
  /** Any other field of ObjectMeta. */
  [key: string]: any;
}

/** What can be made plain. */
export interface ToJson<T = unknown> {
  /** Gives the plain value. */
  _toJSON(): T;
}

/** Amounts of CPU and memory, as plain values. */
export interface ResourceListJson {
  /** CPU, such as `250m`. */
  cpu?: string;
  /** Memory, such as `128Mi`. */
  memory?: string;
}

/** What a container asks for and may use at most, as plain values. */
export interface RequirementsJson {
  /** What it asks for. */
  requests?: ResourceListJson;
  /** What it may use at most. */
  limits?: ResourceListJson;
}

/** An amount of CPU as text: 2 is `2`, 0.25 is `250m`, and a string is taken as it is. */
export function formatCpu(value: string | number): string {
  if (typeof value !== "number") return value;
  return value % 1 === 0 ? toText(value) : round(value * 1000) + "m";
}

/** An amount of memory as text: numbers are gibibytes, and a string is taken as it is. */
export function formatMemory(value: string | number): string {
  return typeof value === "number" ? value + "Gi" : value;
}

/** The fields of a spec fragment; what was not set is absent. */
export interface SpecFragmentInit {
  _name?: string;
  _namespace?: string;
  _labels?: Record<string, string>;
  _annotations?: Record<string, string>;
  _image?: string;
  _imagePullPolicy?: string;
  _resources?: unknown;
  _command?: string[];
  _args?: string[];
}

/** The fields of a fragment that {@link SpecFragment._toMetadata} gives. */
const METADATA_FIELDS = namedFields(["name", "namespace", "labels", "annotations"]);
/** The fields of a fragment that {@link SpecFragment._toContainer} gives. */
const CONTAINER_FIELDS = namedFields(["name", "image", "imagePullPolicy", "resources", "command", "args"]);
const LIST_FIELDS = namedFields(["cpu", "memory"]);
const REQUIREMENTS_FIELDS = namedFields(["requests", "limits"]);

/** Collects metadata, or a container. Every method changes this very object and gives it back. */
class SpecFragment {
  declare _husakoTag: "SpecFragment";
  declare _name?: string;
  declare _namespace?: string;
  declare _labels?: Record<string, string>;
  declare _annotations?: Record<string, string>;
  declare _image?: string;
  declare _imagePullPolicy?: string;
  declare _resources?: unknown;
  declare _command?: string[];
  declare _args?: string[];

  constructor(init: SpecFragmentInit) {
    assign(this, init);
    if (init._labels) this._labels = assign({}, init._labels);
    if (init._annotations) this._annotations = assign({}, init._annotations);
    this._husakoTag = "SpecFragment";
    if (made !== undefined) made(this);
  }

  /** The name of the resource or container. */
  name(value: string): this {
    this._name = value;
    return this;
  }

  /** The namespace of the resource. */
  namespace(value: string): this {
    this._namespace = value;
    return this;
  }

  /** Adds a label. */
  label(key: string, value: string): this {
    put((this._labels ??= {}), key, value);
    return this;
  }

  /** Adds an annotation. */
  annotation(key: string, value: string): this {
    put((this._annotations ??= {}), key, value);
    return this;
  }

  /** The image of the container. */
  image(value: string): this {
    this._image = value;
    return this;
  }

  /** When the image of the container is pulled. */
  imagePullPolicy(value: string): this {
    this._imagePullPolicy = value;
    return this;
  }

  /** What the container asks for: `requests(…).limits(…)`. */
  resources(value: unknown): this {
    this._resources = value;
    return this;
  }

  /** The program of the container. */
  command(value: string[]): this {
    this._command = value;
    return this;
  }

  /** The arguments of the container's program. */
  args(value: string[]): this {
    this._args = value;
    return this;
  }

  /** The fields that are metadata, as a plain object. */
  _toMetadata(): MetadataJson {
    return pick(this, METADATA_FIELDS);
  }

  /** The fields that belong to a container, as a plain object. */
  _toContainer(): Fields {
    return pick(this, CONTAINER_FIELDS);
  }
}
share(SpecFragment.prototype, "a fragment of name(), label() or image()");
export type { SpecFragment };

/** A field of a fragment, and what it becomes. */
interface Field {
  readonly own: string;
  readonly name: string;
}

function namedFields(names: readonly string[]): readonly Field[] {
  const fields: Field[] = newList();
  for (let i = 0; i < names.length; i++) push(fields, { own: "_" + names[i], name: names[i] });
  return fields;
}

function pick(fragment: object, fields: readonly Field[]): Fields {
  const result: Fields = {};
  for (let i = 0; i < fields.length; i++) {
    const { own, name } = fields[i];
    const value = (fragment as Fields)[own];
    if (value !== undefined && value !== null) result[name] = resolve(value, name);
  }
  return result;
}

/** Amounts of CPU and memory. */
class ResourceChain implements ToJson<ResourceListJson> {
  declare _husakoTag: "ResourceChain";
  declare _cpu?: string;
  declare _memory?: string;

  constructor(init: ResourceChainInit) {
    this._husakoTag = "ResourceChain";
    if (init._cpu !== undefined && init._cpu !== null) this._cpu = formatCpu(init._cpu);
    if (init._memory !== undefined && init._memory !== null) this._memory = formatMemory(init._memory);
    if (made !== undefined) made(this);
  }

  /** Sets the CPU: `250m`, or a number of cores. */
  cpu(value: string | number): ResourceChain {
    return new ResourceChain({ _cpu: value, _memory: this._memory });
  }

  /** Sets the memory: `128Mi`, or a number of gibibytes. */
  memory(value: string | number): ResourceChain {
    return new ResourceChain({ _cpu: this._cpu, _memory: value });
  }

  _toJSON(): ResourceListJson {
    return pick(this, LIST_FIELDS);
  }
}
share(ResourceChain.prototype, "cpu() or memory()");
export type { ResourceChain };

/** The fields of a resource chain. */
export interface ResourceChainInit {
  _cpu?: string | number;
  _memory?: string | number;
}

/** What a container asks for and may use at most. */
class ResourceRequirementsChain implements ToJson<RequirementsJson> {
  declare _husakoTag: "ResourceRequirementsChain";
  _requests: unknown;
  _limits: unknown;

  constructor(requests: unknown, limits: unknown) {
    this._husakoTag = "ResourceRequirementsChain";
    this._requests = requests;
    this._limits = limits;
    if (made !== undefined) made(this);
  }

  /** Sets what it asks for. */
  requests(chain: ToJson | ResourceListJson): ResourceRequirementsChain {
    return new ResourceRequirementsChain(chain, this._limits);
  }

  /** Sets what it may use at most. */
  limits(chain: ToJson | ResourceListJson): ResourceRequirementsChain {
    return new ResourceRequirementsChain(this._requests, chain);
  }

  _toJSON(): RequirementsJson {
    const result: Fields = pick(this, REQUIREMENTS_FIELDS);
    if (isEmpty(result.requests)) delete result.requests;
    if (isEmpty(result.limits)) delete result.limits;
    return result;
  }
}
share(ResourceRequirementsChain.prototype, "requests()");
export type { ResourceRequirementsChain };

function isEmpty(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

/** Begins a spec fragment: metadata, or a container, as the place decides where it is used. */
export function _createSpecFragment(init: SpecFragmentInit = {}): SpecFragment {
  return new SpecFragment(init);
}

/** Begins amounts of CPU and memory. */
export function _createResourceChain(init: ResourceChainInit = {}): ResourceChain {
  return new ResourceChain(init);
}

/** Begins what a container asks for (`list`), to be followed by `.limits(…)`. */
export function _createResourceRequirementsChain(list?: ToJson | ResourceListJson): ResourceRequirementsChain {
  return new ResourceRequirementsChain(list, undefined);
}
