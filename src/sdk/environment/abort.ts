/** `AbortController` and events. A part: loaded when one of them is asked for. What it makes is the user's own. */

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

interface Listening {
  readonly type: string;
  readonly listener: Listener;
  readonly once: boolean;
}

/** How to listen. */
export interface ListenOptions {
  /** Whether one event is enough. */
  once?: boolean;
  /** Ends listening when it is aborted. */
  signal?: AbortSignal;
}

/** Something that has happened. */
export class Event {
  /** What. */
  readonly type: string;
  /** Whether `preventDefault` does something. */
  readonly cancelable: boolean;
  /** Always `false`: nothing is inside of something else here. */
  readonly bubbles: boolean = false;
  /** To whom. */
  target: EventTarget | null = null;
  /** To whom. */
  currentTarget: EventTarget | null = null;
  #prevented = false;
  #stopped = false;

  constructor(type: string, init: { cancelable?: boolean } = {}) {
    this.type = String(type);
    this.cancelable = Boolean(init.cancelable);
  }

  /** Whether somebody has called `preventDefault`. */
  get defaultPrevented(): boolean {
    return this.#prevented;
  }

  /** Asks that nothing else is done. */
  preventDefault(): void {
    if (this.cancelable) this.#prevented = true;
  }

  /** Lets no other listener know. */
  stopImmediatePropagation(): void {
    this.#stopped = true;
  }

  /** Does nothing: there is nobody further out. */
  stopPropagation(): void {}

  /** Whether no other listener is to know. */
  static isStopped(event: Event): boolean {
    return event.#stopped;
  }

  get [Symbol.toStringTag](): string {
    return "Event";
  }
}

/** Something that events happen to. */
export class EventTarget {
  #listeners: Listening[] = [];

  /** Listens. The same listener listens once to a type. */
  addEventListener(type: string, listener: Listener | null, options: boolean | ListenOptions = {}): void {
    if (listener === null) return;
    const { once = false, signal } = typeof options === "object" ? options : {};
    if (signal?.aborted) return;
    if (this.#listeners.some((known) => known.type === type && known.listener === listener)) return;
    this.#listeners.push({ type, listener, once });
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener), { once: true });
  }

  /** Ends listening. */
  removeEventListener(type: string, listener: Listener | null): void {
    this.#listeners = this.#listeners.filter((known) => known.type !== type || known.listener !== listener);
  }

  /** Tells the listeners. Gives `false` if one of them asks that nothing else is done. */
  dispatchEvent(event: Event): boolean {
    event.target = this;
    event.currentTarget = this;
    for (const listening of this.#listeners.filter((known) => known.type === event.type)) {
      if (Event.isStopped(event)) break;
      // It may have been taken out by one before it.
      if (!this.#listeners.includes(listening)) continue;
      const { type, listener, once } = listening;
      if (once) this.removeEventListener(type, listener);
      try {
        if (typeof listener === "function") listener.call(this, event);
        else listener.handleEvent(event);
      } catch (error) {
        // The others are told all the same; what was thrown is told when this job is over.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    event.currentTarget = null;
    return !event.defaultPrevented;
  }

  get [Symbol.toStringTag](): string {
    return "EventTarget";
  }
}

let abort: (signal: AbortSignal, reason: unknown) => void;
let makeSignal: () => AbortSignal;
let allowed = false;

/** Says that something is no longer wanted. */
export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown;
  /** Those that are aborted when this one is. */
  #dependents: AbortSignal[] = [];
  /** Is called when it is aborted. */
  onabort: ((event: Event) => unknown) | null = null;

  static {
    makeSignal = (): AbortSignal => {
      allowed = true;
      try {
        return new AbortSignal();
      } finally {
        allowed = false;
      }
    };
    abort = (signal, reason): void => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason;
      const event = new Event("abort");
      signal.onabort?.call(signal, event);
      signal.dispatchEvent(event);
      for (const dependent of signal.#dependents) abort(dependent, signal.#reason);
    };
  }

  constructor() {
    super();
    if (!allowed) throw new TypeError("Illegal constructor: an AbortController has a signal");
  }

  /** Whether it is no longer wanted. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** Why. */
  get reason(): any {
    return this.#reason;
  }

  /** Throws the reason if it is no longer wanted. */
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  /** One that is aborted already. */
  static abort(reason?: unknown): AbortSignal {
    const signal = makeSignal();
    abort(signal, reason);
    return signal;
  }

  /** One that is aborted after some time, in milliseconds. */
  static timeout(milliseconds: number): AbortSignal {
    const signal = makeSignal();
    setTimeout(() => abort(signal, new DOMException("The operation timed out", "TimeoutError")), milliseconds);
    return signal;
  }

  /** One that is aborted when one of others is. */
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const signal = makeSignal();
    for (const other of signals) {
      if (other.aborted) {
        abort(signal, other.reason);
        break;
      }
      other.#dependents.push(signal);
    }
    return signal;
  }

  get [Symbol.toStringTag](): string {
    return "AbortSignal";
  }
}

/** Lets one say that something is no longer wanted. */
export class AbortController {
  /** What others look at. */
  readonly signal: AbortSignal = makeSignal();

  /** Says that it is no longer wanted, and why. */
  abort(reason?: unknown): void {
    abort(this.signal, reason);
  }

  get [Symbol.toStringTag](): string {
    return "AbortController";
  }
}
