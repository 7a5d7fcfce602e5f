/**
 * Builders of generated modules, from names alone. Internal.
 *
 * A module such as `k8s/core/v1` has hundreds of types, and a file uses ten of them. So a type is a line of names until
 * its factory is first called, and the methods of one name are one function for all types.
 */

import { _ResourceBuilder, _SchemaBuilder } from "./base.ts";
import { decodeText, defineProperty, Map, mapGet, mapSet, split } from "./primordials.ts";
import { GENERATED } from "./values.ts";

type Method = (this: any, value: any) => unknown;
type Methods = Record<string, Method>;
type ResourceClass = new (apiVersion?: string, kind?: string) => _ResourceBuilder;
type SchemaClass = new () => _SchemaBuilder;

const resources: Map<string, ResourceClass> = new Map();
const schemas: Map<string, SchemaClass> = new Map();

const specMethods = { __proto__: null } as unknown as Methods;
const topMethods = { __proto__: null } as unknown as Methods;
const propMethods = { __proto__: null } as unknown as Methods;

const setSpec = (name: string): Method =>
  ({
    [name](this: _ResourceBuilder, value: unknown): unknown {
      return this._setSpec(name, value);
    },
  })[name];
const setTop = (name: string): Method =>
  ({
    [name](this: _ResourceBuilder, value: unknown): unknown {
      // Not through `this.set`: a type may have a property of that name.
      return setField.call(this, name, value);
    },
  })[name];
const setProp = (name: string): Method =>
  ({
    [name](this: _SchemaBuilder, value: unknown): unknown {
      return this._set(name, value);
    },
  })[name];
const setField = _ResourceBuilder.prototype.set;

/** The methods `containers` and `initContainers` of types with a pod template. */
const podMethods: Methods = {
  containers(this: _ResourceBuilder, value: unknown): unknown {
    return this._setDeep("template.spec.containers", value);
  },
  initContainers(this: _ResourceBuilder, value: unknown): unknown {
    return this._setDeep("template.spec.initContainers", value);
  },
};

function named(entry: string, make: (name: string) => Method): Method {
  const parts = split(entry, "=");
  if (parts.length === 1) return make(entry);
  const method = make(decodeText(parts[1]));
  nameClass(method, parts[0]);
  return method;
}

/**
 * Adds a method for each name to a prototype. `name=property` is a method for a property whose name cannot stand in an
 * identifier, or would break the list; what would is written as in a URL (`%20`).
 */
function addMethods(prototype: object, names: string, cache: Methods, make: (name: string) => Method): void {
  if (names === "") return;
  const list = split(names, " ");
  for (let i = 0; i < list.length; i++) {
    const entry = list[i];
    const method = (cache[entry] ??= named(entry, make));
    (prototype as Methods)[method.name] = method;
  }
}

function nameClass(target: object, name: string): void {
  defineProperty(target, "name", { value: name, configurable: true });
}

function markGenerated(Class: { readonly prototype: object }): void {
  defineProperty(Class.prototype, GENERATED, { value: Class });
}

/**
 * A new builder of a resource.
 *
 * @param apiVersion group and version, such as `apps/v1`
 * @param kind the type's name
 * @param specNames methods that set a property of the spec, separated by single spaces
 * @param topNames methods that set a top-level field; they win over those of the spec
 * @param podTemplate whether the spec has the `template` of a pod: adds `containers` and `initContainers`
 */
export function resource(
  apiVersion: string,
  kind: string,
  specNames: string,
  topNames: string,
  podTemplate: boolean,
): _ResourceBuilder {
  const key = apiVersion + " " + kind;
  let Class = mapGet(resources, key);
  if (Class === undefined) {
    Class = class extends _ResourceBuilder {
      constructor(ownVersion: string = apiVersion, ownKind: string = kind) {
        super(ownVersion, ownKind);
      }
    };
    nameClass(Class, kind);
    markGenerated(Class);
    const { prototype } = Class;
    if (podTemplate) {
      (prototype as unknown as Methods).containers = podMethods.containers;
      (prototype as unknown as Methods).initContainers = podMethods.initContainers;
    }
    addMethods(prototype, specNames, specMethods, setSpec);
    addMethods(prototype, topNames, topMethods, setTop);
    mapSet(resources, key, Class);
  }
  return new Class();
}

/**
 * A new builder of a part of a resource.
 *
 * @param key identifies the type among all of them; what follows its last `.`, `/` or `#` is the type's name
 * @param names methods that set a property, separated by single spaces
 */
export function schema(key: string, names: string): _SchemaBuilder {
  let Class = mapGet(schemas, key);
  if (Class === undefined) {
    Class = class extends _SchemaBuilder {};
    nameClass(Class, typeName(key));
    markGenerated(Class);
    addMethods(Class.prototype, names, propMethods, setProp);
    mapSet(schemas, key, Class);
  }
  return new Class();
}

function typeName(key: string): string {
  let from = key.length;
  while (from > 0 && key[from - 1] !== "." && key[from - 1] !== "/" && key[from - 1] !== "#") from--;
  let name = "";
  for (let i = from; i < key.length; i++) name += key[i];
  return name;
}
