/**
 * `"husako/_base"`: what builders are made of. Generated modules and plugins use it; files of resources rarely do.
 *
 * @module
 */

import type { MetadataJson, SpecFragment, ToJson } from "./fragments.ts";
import {
  assign,
  create,
  hasOwn,
  isArray,
  isObject,
  made,
  prototypeOf,
  share,
  split,
  stringify,
  toText,
} from "./primordials.ts";
import { usageError } from "./stack.ts";
import { GENERATED, isPlainObject, isSpecFragment, merge, own, put, resolve } from "./values.ts";
import type { Fields } from "./values.ts";

export { _createResourceChain, _createResourceRequirementsChain, _createSpecFragment } from "./fragments.ts";
export type {
  MetadataJson,
  RequirementsJson,
  ResourceChain,
  ResourceChainInit,
  ResourceListJson,
  ResourceRequirementsChain,
  SpecFragment,
  SpecFragmentInit,
  ToJson,
} from "./fragments.ts";

/** What `.metadata(…)` takes. */
export type MetadataInput = ToJson<MetadataJson> | SpecFragment | MetadataJson;

/** What a value may be given as: itself, a builder or fragment of it, and the same of all that is in it. */
export type _Input<T> =
  | T
  | ToJson
  | SpecFragment
  | (T extends readonly (infer I)[] ? readonly _Input<I>[] : T extends object ? { [K in keyof T]: _Input<T[K]> } : never);

/** The metadata that a builder keeps: its fields can be read, and it is as it was when it was given. */
class StoredMetadata implements ToJson<MetadataJson> {
  [key: string]: any;

  constructor(fields: Fields) {
    if (hasOwn(fields, "__proto__")) put(this, "__proto__", fields.__proto__);
    assign(this, fields);
  }

  _toJSON(): MetadataJson {
    return resolve(assign({}, this)) as MetadataJson;
  }
}
own.stored = StoredMetadata.prototype._toJSON;

function describeInput(value: unknown): string {
  if (typeof value === "string") return "the string " + stringify(value);
  if (!isObject(value)) return toText(value);
  const { _type, _husakoTag } = value as Fields;
  if (typeof (_type ?? _husakoTag) === "string") return "a fragment of another kind (" + (_type ?? _husakoTag) + ")";
  if (isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  return "an object with methods";
}

function readMetadata(input: unknown): StoredMetadata {
  if (isObject(input)) {
    const fragment = input as Fields;
    if (isSpecFragment(input)) return new StoredMetadata(fragment._toMetadata());
    const isMetadata = fragment._type === "metadata" && typeof fragment._toJSON === "function";
    if (isMetadata || input instanceof _SchemaBuilder || input instanceof StoredMetadata) {
      return new StoredMetadata(resolve(fragment._toJSON()) as Fields);
    }
    if (isPlainObject(input) && fragment._husakoTag === undefined && !hasMethods(fragment)) {
      return new StoredMetadata(resolve(input) as Fields);
    }
  }
  throw usageError(
    'metadata() takes metadata().name("…") of "husako", name("…") of "k8s/meta/v1", ObjectMeta() or a plain object like { name: "…" }, not ' +
      describeInput(input),
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
    if (
      fragment._type !== undefined &&
      fragment._type !== "resource_requirements" &&
      typeof fragment._toJSON === "function"
    )
      continue;
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
  const merged = {
    ...first,
    resources: isPlainObject(first.resources) ? { ...first.resources, ...resources } : resources,
  };
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
  declare _apiVersion: string;
  /** The type's name. */
  declare _kind: string;
  /** What `.metadata()` was given. */
  declare _metadata: any;
  /** What `.spec()` was given. */
  declare _spec: any;
  /** The properties of the spec that were set one by one. */
  declare _specParts: Fields | null;
  /** What `.resources()` was given. */
  declare _resources: unknown[];
  /** Top-level fields, in the order in which they were set. */
  declare _extra: Fields;

  constructor(apiVersion: string, kind: string) {
    this._apiVersion = apiVersion;
    this._kind = kind;
    this._metadata = null;
    this._spec = null;
    this._specParts = null;
    this._resources = [];
    this._extra = {};
    if (made !== undefined) made(this);
  }

  /** A builder of the same class with the same fields. */
  _copy(): this {
    const Class = this.constructor as new (apiVersion: string, kind: string) => this;
    if ((this as any)[GENERATED] !== Class) return assign(new Class(this._apiVersion, this._kind), this) as this;
    const next: this = create(prototypeOf(this));
    next._apiVersion = this._apiVersion;
    next._kind = this._kind;
    next._metadata = this._metadata;
    next._spec = this._spec;
    next._specParts = this._specParts;
    next._resources = this._resources;
    next._extra = this._extra;
    if (made !== undefined) made(next);
    return next;
  }

  /** Sets the metadata: a fragment of either dialect, `ObjectMeta()`, or a plain object. */
  metadata(fragment: MetadataInput): this {
    const next = this._copy();
    next._metadata = readMetadata(fragment);
    return next;
  }

  /** Sets the whole spec, and forgets what was set of it before. */
  spec(value: any): this {
    const next = this._copy();
    next._spec = value;
    next._specParts = null;
    return next;
  }

  /** Sets a top-level field. */
  set(key: string, value: any): this {
    const next = this._copy();
    const extra = assign({}, this._extra);
    put(extra, key, value);
    next._extra = extra;
    return next;
  }

  /** Sets what the first container asks for: `requests(…)`, `limits(…)`. */
  resources(...fragments: any[]): this {
    const next = this._copy();
    next._resources = fragments;
    return next;
  }

  /** Sets one property of the spec, and forgets what `.spec()` was given. */
  _setSpec(key: string, value: any): this {
    const next = this._copy();
    const parts = assign({}, this._specParts ?? {});
    put(parts, key, value);
    next._specParts = parts;
    next._spec = null;
    return next;
  }

  /** Sets a property deep in the spec, such as `template.spec.containers`, and keeps what stands next to it. */
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

share(_ResourceBuilder.prototype, "");

/**
 * Builds a part of a resource: a container, a selector, a port. Every method gives a new builder and leaves this one as
 * it is.
 */
export class _SchemaBuilder implements ToJson<Fields> {
  /** The properties that were set. */
  _props: Fields;

  constructor(init?: Fields) {
    this._props = init ? assign({}, init) : {};
    if (made !== undefined) made(this);
  }

  /** A builder of the same class with the same properties. */
  _copy(): this {
    const Class = this.constructor as new (init?: Fields) => this;
    const isGenerated = (this as any)[GENERATED] === Class;
    const next: this = isGenerated ? create(prototypeOf(this)) : assign(new Class(), this);
    next._props = assign({}, this._props);
    if (isGenerated && made !== undefined) made(next);
    return next;
  }

  /** Sets a property. */
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
own.props = _SchemaBuilder.prototype._toJSON;
share(_SchemaBuilder.prototype, "");
