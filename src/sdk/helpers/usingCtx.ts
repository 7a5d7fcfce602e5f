/** What `using` and `await using` declarations do, for an engine without them. */

type Dispose = () => unknown;

interface Resource {
  dispose?: Dispose;
  value: unknown;
  wait: boolean;
}

/** The resources of one block, disposed of in reverse order when it is left. */
export interface UsingContext {
  /** The error with which the block was left, or this context's own mark for none. */
  e: unknown;
  /** Takes a resource of a `using` declaration. */
  u: (value: unknown) => unknown;
  /** Takes a resource of an `await using` declaration. */
  a: (value: unknown) => unknown;
  /** Leaves the block. */
  d: () => unknown;
}

/** The error of a disposal that hides an earlier one. */
class Suppressed extends Error {
  constructor(
    readonly error: unknown,
    readonly suppressed: unknown,
  ) {
    super("an error was suppressed while resources were disposed of");
    this.name = "SuppressedError";
  }
}

const disposeSymbol: symbol = Symbol.dispose ?? Symbol.for("Symbol.dispose");
const asyncDisposeSymbol: symbol = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Begins a block. */
export default function usingCtx(): UsingContext {
  const none = {};
  const resources: Resource[] = [];

  function take(wait: boolean, value: unknown): unknown {
    if (value === null || value === undefined) {
      if (wait) resources.push({ value, wait });
      return value;
    }
    if (Object(value) !== value) throw new TypeError("using declarations take objects, functions, null or undefined");
    const holder = value as Record<symbol, Dispose | undefined>;
    const dispose = (wait ? holder[asyncDisposeSymbol] : undefined) ?? holder[disposeSymbol];
    if (typeof dispose !== "function") throw new TypeError("the value of a using declaration has no [Symbol.dispose]()");
    resources.push({ dispose, value, wait });
    return value;
  }

  function leave(this: UsingContext): unknown {
    const context = this;
    let error = context.e;
    function failed(next: unknown): void {
      error = error === none ? next : new Suppressed(next, error);
    }
    function next(): unknown {
      for (let resource = resources.pop(); resource !== undefined; resource = resources.pop()) {
        try {
          const result = resource.dispose?.call(resource.value);
          if (resource.wait) {
            return Promise.resolve(result).then(next, (reason) => {
              failed(reason);
              return next();
            });
          }
        } catch (thrown) {
          failed(thrown);
        }
      }
      if (error !== none) throw error;
      return undefined;
    }
    return next();
  }

  return { e: none, u: (value) => take(false, value), a: (value) => take(true, value), d: leave };
}
