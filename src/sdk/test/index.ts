/**
 * `"husako/test"`: suites, cases, hooks, expectations, mocks, and the resources of entries.
 *
 * @module
 */

import { part } from "husako:host";
import { freeze, setPrototypeOf } from "../primordials.ts";
import type { Renderable } from "../husako.ts";
import { onlyInTests } from "./expect.ts";
import type * as types from "./mock_types.ts";
import type { Fn, Mockable, Mocked, Procedure, SpyOn } from "./mock_types.ts";
import type { Resources } from "./resources.ts";
import type { Jest, Vi } from "./vi.ts";

export { expect } from "./expect.ts";
export type { AsymmetricMatchers, Negatable } from "./asymmetric.ts";
export type { Tester } from "./equality.ts";
export type { Assertion, Expect, Later as LaterMatchers, Matchers, ThrowExpectation } from "./expect.ts";
export type {
  AsymmetricMatchersContaining,
  ExpectState,
  ExtendExpect,
  MatcherFunction,
  MatcherHintOptions,
  MatcherResult,
  MatcherState,
  MatcherUtils,
} from "./extend.ts";
export type { MoreMatchers } from "./more_matchers.ts";
export type { PollOptions } from "./poll.ts";
export type { FakeTimersOptions } from "./fake_timers.ts";
export type * from "./mock_types.ts";
export type { Quantity, QuantityExpect, QuantityMatchers } from "./quantity.ts";
export type { ResourceMatchers } from "./resource_matchers.ts";
export type { Config as SerializerConfig, Printer as SerializerPrinter, SnapshotSerializer } from "./pretty.ts";
export type { SnapshotExpect, SnapshotMatchers } from "./snapshot_matchers.ts";
export type { Resource, ResourceMetadata, Resources } from "./resources.ts";
export {
  afterAll,
  afterEach,
  assertType,
  beforeAll,
  beforeEach,
  describe,
  expectTypeOf,
  fdescribe,
  fit,
  it,
  onTestFailed,
  onTestFinished,
  suiteOf as suite,
  test,
  xdescribe,
  xit,
  xtest,
} from "./suite.ts";
export type {
  Add,
  AddRow,
  Body,
  Each,
  FixtureFunction,
  FixtureOptions,
  FixturesOf,
  For,
  Hook,
  Later,
  Options,
  Root,
  TestRoot,
  Title,
  TypeExpectation,
  Variant,
} from "./suite.ts";
export type { Task, TestContext } from "./context.ts";
export type { Jest, TestDoubles, Vi, WaitOptions } from "./vi.ts";

const resourcesPart = (): typeof import("./resources.ts") => part("test/resources.ts") as never;

/**
 * Renders an entry of the project, and gives its resources: `const dev = await renderEntry("dev")`, at the top of a file or in
 * `beforeAll`. An entry is rendered once in a run, in a runtime of its own; every file gets a copy.
 *
 * @param entry a name of `[entries]` in husako.toml, a path from the project's folder, or, with `./` or `../`, one from this file
 */
export function renderEntry(entry: string): Promise<Resources> {
  onlyInTests("renderEntry");
  return resourcesPart().renderEntry(entry);
}

/** Renders builders, so that resources can be chosen among them: `resources(webApp("web")).one("Deployment")`. */
export function resources(list: Renderable | object | readonly (Renderable | object)[]): Resources {
  onlyInTests("resources");
  return resourcesPart().resources(list);
}
freeze(renderEntry);
freeze(resources);

type Doubles = typeof import("./vi.ts");

/** An object of `vi.ts`, which is loaded when something of it is asked for: few files need it. */
function later<T extends object>(name: "vi" | "jest"): T {
  const target = {};
  let real: object | undefined;
  const load = (): object => {
    if (real === undefined) {
      real = (part("test/vi.ts") as Doubles)[name];
      freeze(setPrototypeOf(target, real));
    }
    return real;
  };
  return new Proxy(target, {
    get: (_, key) => (load() as Record<PropertyKey, unknown>)[key],
    has: (_, key) => key in load(),
    getPrototypeOf: load,
  }) as T;
}

/** Mock functions, spies and fake timers, as Vitest has them. */
export const vi: Vi = later("vi");
/** The same as {@link vi}. */
export const vitest: Vi = vi;
/** Mock functions, spies and fake timers, as Jest has them. */
export const jest: Jest = later("jest");
/** The types of mocks by the names that Jest has for them. */
export declare namespace jest {
  /** A mock function. */
  type Mock<T extends Mockable = Procedure> = types.Mock<T>;
  /** What is a mock, or has mocks. */
  type Mocked<T> = types.Mocked<T>;
  /** A class that is a mock. */
  type MockedClass<T extends types.Constructable> = types.MockedClass<T>;
  /** A function that is a mock. */
  type MockedFunction<T extends Procedure> = types.MockedFunction<T>;
  /** An object whose methods are mocks. */
  type MockedObject<T> = types.MockedObject<T>;
  /** What `spyOn` gives. */
  type Spied<T extends Mockable> = types.Mock<T>;
  /** What can be asked of a mock. */
  type MockInstance<T extends Mockable = Procedure> = types.MockInstance<T>;
  /** The same as {@link MockInstance}. */
  type SpyInstance<T extends Mockable = Procedure> = types.MockInstance<T>;
  /** What `replaceProperty` gives. */
  type Replaced<T> = types.ReplacedProperty<T>;
}

/** Makes a mock function: `vi.fn`. */
export const fn: Fn = ((implementation: unknown) => vi.fn(implementation as never)) as Fn;
/** Replaces a method or an accessor by a mock that calls it: `vi.spyOn`. */
export const spyOn: SpyOn = ((object: unknown, key: unknown, access: unknown) =>
  (vi.spyOn as (...args: unknown[]) => unknown)(object, key, access)) as SpyOn;
/** Gives back what it is given, as the mock that it is: `vi.mocked`. For TypeScript. */
export function mocked<T>(item: T): Mocked<T> {
  return item as Mocked<T>;
}
