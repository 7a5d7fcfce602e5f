/**
 * `"husako/_base"`: what builders are made of. Generated modules and plugins use it; files of resources rarely do.
 *
 * @module
 */

import { assign, isArray, isObject, split } from "./primordials.ts";
import { isPlainObject, isSpecFragment, merge, put, resolve } from "./values.ts";
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
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
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

/** What `.metadata(…)` takes. */
export type MetadataInput = ToJson<MetadataJson> | SpecFragment | MetadataJson;

/** An amount of CPU as text: 2 is `2`, 0.25 is `250m`, and a string is taken as it is. */
export function formatCpu(value: string | number): string {
  if (typeof value !== "number") return value;
  return value % 1 === 0 ? `${value}` : `${Math.round(value * 1000)}m`;
}

/** An amount of memory as text: numbers are gibibytes, and a string is taken as it is. */
export function formatMemory(value: string | number): string {
  return typeof value === "number" ? `${value}Gi` : value;
}

/** The metadata that a builder keeps: its fields can be read, and it is as it was when it was given. */
class StoredMetadata implements ToJson<MetadataJson> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [key: string]: any;

  constructor(fields: Fields) {
    for (const key in fields) put(this, key, fields[key]);
  }

  _toJSON(): MetadataJson {
    return resolve(assign({}, this)) as MetadataJson;
  }
}

function describeInput(value: unknown): string {
  if (typeof value === "string") return `the string ${JSON.stringify(value)}`;
  if (!isObject(value)) return `${String(value)}`;
  const { _type, _husakoTag } = value as Fields;
  if (typeof (_type ?? _husakoTag) === "string") return `a fragment of another kind (${_type ?? _husakoTag})`;
  if (isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  return "an object with methods";
}

function readMetadata(input: unknown): StoredMetadata {
  if (isObject(input)) {
    const fragment = input as Fields;
    if (isSpecFragment(input)) return new StoredMetadata(fragment._toMetadata());
    const own = fragment._type === "metadata" && typeof fragment._toJSON === "function";
    if (own || input instanceof _SchemaBuilder || input instanceof StoredMetadata) {
      return new StoredMetadata(resolve(fragment._toJSON()) as Fields);
    }
    if (isPlainObject(input) && fragment._husakoTag === undefined && !hasMethods(fragment)) {
      return new StoredMetadata(resolve(input) as Fields);
    }
  }
  throw new TypeError(
    `metadata() takes metadata().name("…") of "husako", name("…") of "k8s/meta/v1", ObjectMeta() or a plain object like { name: "…" }, not ${describeInput(input)}`,
  );
}

function hasMethods(object: Fields): boolean {
  for (const key in object) if (typeof object[key] === "function") return true;
  return typeof object._toJSON === "function";
}

/** What `.resources(…)` was given, as one plain object. */
function readResources(fragments: readonly unknown[]): Fields {
  let result: Fields = {};
  for (let i = 0; i < fragments.length; i++) {
    const fragment = fragments[i] as Fields;
    if (!isObject(fragment) || isSpecFragment(fragment)) continue;
    // Of the tagged fragments of "husako" only this one has a meaning here.
    if (fragment._type !== undefined && fragment._type !== "resource_requirements" && typeof fragment._toJSON === "function") continue;
    const json = resolve(fragment);
    if (isPlainObject(json)) result = assign(result, json);
  }
  return result;
}

/** Puts resources into the first container of a plain spec, and makes one where there is none. */
function withResources(spec: Fields, resources: Fields): Fields {
  const template = isPlainObject(spec.template) ? spec.template : {};
  const podSpec = isPlainObject(template.spec) ? template.spec : {};
  const containers = isArray(podSpec.containers) ? podSpec.containers : [];
  const changed: unknown[] = [];
  const first = isPlainObject(containers[0]) ? containers[0] : {};
  const merged = { ...first, resources: isPlainObject(first.resources) ? { ...first.resources, ...resources } : resources };
  changed[0] = merged;
  for (let i = 1; i < containers.length; i++) changed[i] = containers[i];
  return { ...spec, template: { ...template, spec: { ...podSpec, containers: changed } } };
}

/**
 * Builds a resource. Every method gives a new builder and leaves this one as it is.
 *
 * A plugin's builder extends this class, passes `apiVersion` and `kind` to it, and adds methods that end in
 * {@link _ResourceBuilder._setSpec}, {@link _ResourceBuilder._setDeep} or {@link _ResourceBuilder.set}.
 */
export class _ResourceBuilder {
  /** Group and version, such as `apps/v1`. */
  _apiVersion: string;
  /** The type's name. */
  _kind: string;
  /** What `.metadata()` was given. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _metadata: any = null;
  /** What `.spec()` was given. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _spec: any = null;
  /** The properties of the spec that were set one by one. */
  _specParts: Fields | null = null;
  /** What `.resources()` was given. */
  _resources: unknown[] = [];
  /** Top-level fields, in the order in which they were set. */
  _extra: Fields = {};

  constructor(apiVersion: string, kind: string) {
    this._apiVersion = apiVersion;
    this._kind = kind;
  }

  /** A builder of the same class with the same fields. */
  _copy(): this {
    const Class = this.constructor as new (apiVersion: string, kind: string) => this;
    return assign(new Class(this._apiVersion, this._kind), this) as this;
  }

  /** Sets the metadata: a fragment of either dialect, `ObjectMeta()`, or a plain object. */
  metadata(fragment: MetadataInput): this {
    const next = this._copy();
    next._metadata = readMetadata(fragment);
    return next;
  }

  /** Sets the whole spec, and forgets what was set of it before. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  spec(value: any): this {
    const next = this._copy();
    next._spec = value;
    next._specParts = null;
    return next;
  }

  /** Sets a top-level field. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  set(key: string, value: any): this {
    const next = this._copy();
    const extra = assign({}, this._extra);
    put(extra, key, value);
    next._extra = extra;
    return next;
  }

  /** Sets what the first container asks for: `requests(…)`, `limits(…)`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  resources(...fragments: any[]): this {
    const next = this._copy();
    next._resources = fragments;
    return next;
  }

  /** Sets one property of the spec, and forgets what `.spec()` was given. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _setSpec(key: string, value: any): this {
    const next = this._copy();
    const parts = assign({}, this._specParts ?? {});
    put(parts, key, value);
    next._specParts = parts;
    next._spec = null;
    return next;
  }

  /** Sets a property deep in the spec, such as `template.spec.containers`, and keeps what stands next to it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _setDeep(path: string, value: any): this {
    const keys = split(path, ".");
    let nested: unknown = value;
    for (let i = keys.length - 1; i > 0; i--) {
      const outer: Fields = {};
      put(outer, keys[i], nested);
      nested = outer;
    }
    return this._setSpec(keys[0], merge(this._specParts?.[keys[0]], nested));
  }

  /** The resource as a plain object. */
  _render(): Fields {
    const result: Fields = { apiVersion: this._apiVersion, kind: this._kind };
    if (this._metadata !== null && this._metadata !== undefined) {
      result.metadata = resolve(this._metadata, "metadata");
    }
    const spec = this._renderSpec();
    if (spec !== undefined) result.spec = spec;
    const extra = this._extra;
    for (const key in extra) put(result, key, resolve(extra[key], key));
    return result;
  }

  /** The spec as a plain value; `undefined` if nothing of it was set. */
  _renderSpec(): unknown {
    if (this._spec !== null && this._spec !== undefined) return resolve(this._spec, "spec");
    const given = this._resources.length > 0;
    if (this._specParts === null) return given ? withResources({}, readResources(this._resources)) : undefined;
    const parts = resolve(this._specParts, "spec") as Fields;
    return given ? withResources(parts, readResources(this._resources)) : parts;
  }
}

/**
 * Builds a part of a resource: a container, a selector, a port. Every method gives a new builder and leaves this one as
 * it is.
 */
export class _SchemaBuilder implements ToJson<Fields> {
  /** The properties that were set. */
  _props: Fields;

  constructor(init?: Fields) {
    this._props = init ? assign({}, init) : {};
  }

  /** A builder of the same class with the same properties. */
  _copy(): this {
    const Class = this.constructor as new (init?: Fields) => this;
    const next = assign(new Class(), this) as this;
    next._props = assign({}, this._props);
    return next;
  }

  /** Sets a property. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _set(key: string, value: any): this {
    const next = this._copy();
    put(next._props, key, value);
    return next;
  }

  /** The plain object. */
  _toJSON(): Fields {
    return resolve(this._props) as Fields;
  }

  /** The plain object. */
  _render(): Fields {
    return this._toJSON();
  }
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
const METADATA_FIELDS = ["name", "namespace", "labels", "annotations"];
/** The fields of a fragment that {@link SpecFragment._toContainer} gives. */
const CONTAINER_FIELDS = ["name", "image", "imagePullPolicy", "resources", "command", "args"];

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
export type { SpecFragment };

function pick(fragment: object, fields: readonly string[]): Fields {
  const result: Fields = {};
  for (let i = 0; i < fields.length; i++) {
    const value = (fragment as Fields)[`_${fields[i]}`];
    if (value !== undefined && value !== null) result[fields[i]] = resolve(value, fields[i]);
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
    return pick(this, ["cpu", "memory"]);
  }
}
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
    const result: Fields = pick(this, ["requests", "limits"]);
    if (isEmpty(result.requests)) delete result.requests;
    if (isEmpty(result.limits)) delete result.limits;
    return result;
  }
}
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
