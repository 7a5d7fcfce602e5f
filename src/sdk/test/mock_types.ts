/** The types of mock functions. Nothing of it is there when a file runs. */

/** Any function. */
export type Procedure = (...args: any[]) => any;
/** Any class. */
export type Constructable = abstract new (...args: any[]) => any;
/** What can be mocked: a function or a class. */
export type Mockable = Procedure | Constructable;

/** What a mock is called with. */
export type MockParameters<T extends Mockable> = T extends Procedure
  ? Parameters<T>
  : T extends Constructable
    ? ConstructorParameters<T>
    : never;
/** What a mock gives; of a class, an instance. */
export type MockReturn<T extends Mockable> = T extends Procedure
  ? ReturnType<T>
  : T extends Constructable
    ? InstanceType<T>
    : never;
/** What `this` is in a call. */
export type MockThis<T extends Mockable> = T extends Procedure ? ThisParameterType<T> : MockReturn<T>;
/** What can stand in for `T` as its implementation. */
export type MockImplementation<T extends Mockable> = T extends Procedure
  ? (this: MockThis<T>, ...args: MockParameters<T>) => MockReturn<T>
  : T extends Constructable
    ? | (new (...args: MockParameters<T>) => MockReturn<T>)
      | ((this: MockReturn<T>, ...args: MockParameters<T>) => MockReturn<T> | void)
    : never;

/** A call that returned. */
export interface MockResultReturn<T> {
  /** How it ended. */
  type: "return";
  /** What it returned. */
  value: T;
}
/** A call that threw. */
export interface MockResultThrow {
  /** How it ended. */
  type: "throw";
  /** What it threw. */
  value: any;
}
/** A call that has not ended: the mock is on the stack. */
export interface MockResultIncomplete {
  /** How it ended. */
  type: "incomplete";
  /** Nothing yet. */
  value: undefined;
}
/** How a call ended. */
export type MockResult<T> = MockResultReturn<T> | MockResultThrow | MockResultIncomplete;

/** A call whose promise was fulfilled, or that returned something else. */
export interface MockSettledResultFulfilled<T> {
  /** How it ended. */
  type: "fulfilled";
  /** What the promise was fulfilled with. */
  value: T;
}
/** A call whose promise was rejected, or that threw. */
export interface MockSettledResultRejected {
  /** How it ended. */
  type: "rejected";
  /** What the promise was rejected with. */
  value: any;
}
/** A call whose promise is not settled. */
export interface MockSettledResultIncomplete {
  /** How it ended. */
  type: "incomplete";
  /** Nothing yet. */
  value: undefined;
}
/** What became of what a call returned. */
export type MockSettledResult<T> =
  MockSettledResultFulfilled<T> | MockSettledResultRejected | MockSettledResultIncomplete;

/** What is known of the calls of a mock. All lists have one item for each call, in the order in which they began. */
export interface MockContext<T extends Mockable = Procedure> {
  /** The arguments of each call. */
  calls: MockParameters<T>[];
  /** What was made by each call with `new`; of other calls, their `this`. */
  instances: MockReturn<T>[];
  /** What `this` was. */
  contexts: MockThis<T>[];
  /** When each call began, counted over all mocks of the file, from 1. */
  invocationCallOrder: number[];
  /** How each call ended. */
  results: MockResult<MockReturn<T>>[];
  /** What became of the promises that the calls returned, as it is now. */
  readonly settledResults: MockSettledResult<Awaited<MockReturn<T>>>[];
  /** The arguments of the last call. */
  readonly lastCall: MockParameters<T> | undefined;
}

/** What a mock can be asked and told. */
export interface MockInstance<T extends Mockable = Procedure> {
  /** What is known of its calls. */
  readonly mock: MockContext<T>;
  /** What it is called in messages. */
  getMockName(): string;
  /** Sets what it is called in messages. */
  mockName(name: string): this;
  /** Forgets its calls. */
  mockClear(): this;
  /** Forgets its calls, and goes back to the implementation that it began with: what `fn()` was given, or what is spied on. */
  mockReset(): this;
  /** As `mockReset`, and puts what is spied on back in its place. */
  mockRestore(): void;
  /** What the next call will run; `undefined` if that is nothing, or what is spied on. */
  getMockImplementation(): MockImplementation<T> | undefined;
  /** Sets what calls run; without an argument, nothing. */
  mockImplementation(implementation?: MockImplementation<T>): this;
  /** Sets what one call runs. Several of them are used in order. */
  mockImplementationOnce(implementation?: MockImplementation<T>): this;
  /** Sets what calls run while `callback` does, and while the promise that it returns is not settled. */
  withImplementation<R>(
    implementation: MockImplementation<T>,
    callback: () => R,
  ): R extends PromiseLike<unknown> ? Promise<this> : this;
  /** Lets calls return their `this`. */
  mockReturnThis(): this;
  /** Lets calls return a value. */
  mockReturnValue(value: MockReturn<T>): this;
  /** Lets one call return a value. */
  mockReturnValueOnce(value: MockReturn<T>): this;
  /** Lets calls throw. */
  mockThrow(value: unknown): this;
  /** Lets one call throw. */
  mockThrowOnce(value: unknown): this;
  /** Lets calls return a promise that is fulfilled with a value. */
  mockResolvedValue(value: Awaited<MockReturn<T>>): this;
  /** Lets one call return a promise that is fulfilled with a value. */
  mockResolvedValueOnce(value: Awaited<MockReturn<T>>): this;
  /** Lets calls return a promise that is rejected. */
  mockRejectedValue(reason: unknown): this;
  /** Lets one call return a promise that is rejected. */
  mockRejectedValueOnce(reason: unknown): this;
  /** The same as `mockRestore`, for `using`. */
  [Symbol.dispose](): void;
}

/** A function that remembers its calls, and does what it is told. */
export type Mock<T extends Mockable = Procedure> = MockInstance<T> &
  (T extends Constructable
    ? T extends Procedure
      ? T & { new (...args: Parameters<T>): ReturnType<T> }
      : {
          new (...args: ConstructorParameters<T>): InstanceType<T>;
          (...args: ConstructorParameters<T>): InstanceType<T>;
        }
    : T extends Procedure
      ? {
          new (...args: Parameters<T>): ReturnType<T>;
          (this: ThisParameterType<T>, ...args: Parameters<T>): ReturnType<T>;
        }
      : unknown);

/** A function that is a mock, with its own properties. */
export type MockedFunction<T extends Procedure> = Mock<T> & { [K in keyof T]: T[K] };
/** A class that is a mock. */
export type MockedClass<T extends Constructable> = MockInstance<T> & {
  prototype: T extends { prototype: any } ? Mocked<T["prototype"]> : never;
} & T;
/** An object whose methods are mocks. */
export type MockedObject<T> = {
  [K in keyof T]: T[K] extends Procedure ? MockedFunction<T[K]> : T[K] extends Constructable ? MockedClass<T[K]> : T[K];
} & T;
/** An object whose methods are mocks, at every level. */
export type MockedObjectDeep<T> = {
  [K in keyof T]: T[K] extends Procedure
    ? MockedFunction<T[K]>
    : T[K] extends Constructable
      ? MockedClass<T[K]>
      : T[K] extends object
        ? MockedObjectDeep<T[K]>
        : T[K];
} & T;
/** What is a mock, or has mocks: a function, a class or an object. */
export type Mocked<T> = T extends Procedure
  ? MockedFunction<T>
  : T extends Constructable
    ? MockedClass<T>
    : T extends object
      ? MockedObject<T>
      : T;

/** The names of what is no function. */
export type PropertyNames<T> = { [K in keyof T]: T[K] extends Mockable ? never : K }[keyof T] & (string | symbol);
/** The names of methods. */
export type MethodNames<T> = { [K in keyof T]-?: NonNullable<T[K]> extends Procedure ? K : never }[keyof T] &
  (string | symbol);
/** The names of classes. */
export type ClassNames<T> = { [K in keyof T]-?: NonNullable<T[K]> extends Constructable ? K : never }[keyof T] &
  (string | symbol);

/** `fn`: makes mocks. */
export interface Fn {
  /**
   * Makes a mock function.
   *
   * @param implementation what it runs; without one it returns `undefined`
   */
  <T extends Mockable = Procedure>(implementation?: T): Mock<T>;
}

/** `spyOn`: replaces a method or an accessor by a mock that calls it. */
export interface SpyOn {
  /** Spies on what reads a property. */
  <T extends object, K extends PropertyNames<Required<T>>>(object: T, key: K, access: "get"): Mock<() => T[K]>;
  /** Spies on what writes a property. */
  <T extends object, K extends PropertyNames<Required<T>>>(
    object: T,
    key: K,
    access: "set",
  ): Mock<(value: T[K]) => void>;
  /** Spies on a class, or on a method. */
  <T extends object, K extends ClassNames<T> | MethodNames<T>>(
    object: T,
    key: K,
  ): NonNullable<T[K]> extends Mockable ? Mock<NonNullable<T[K]>> : never;
}

/** What `replaceProperty` gives. */
export interface ReplacedProperty<T> {
  /** Sets another value. */
  replaceValue(value: T): this;
  /** Puts the value back that was there. */
  restore(): void;
}
