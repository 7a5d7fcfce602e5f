/** Amounts of CPU, memory and the like: `expect.quantity` and `toEqualQuantity`. */

import { nearestQuantity, quantity as read } from "husako:host/kubernetes";
import { asymmetricSymbol, defineProperty, freeze, toText } from "../primordials.ts";
import { usageError } from "../stack.ts";
import { printInline } from "./format.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { wellFormed } from "./text.ts";

/** An amount as manifests have it: `"500m"`, `"1Gi"`, or a number. */
export type Quantity = string | number;

/** What `expect` has for amounts. */
export interface QuantityExpect {
  /**
   * Stands for an amount in `toEqual`, `toMatchResource` and the like: `expect.quantity("0.5")` equals `"500m"`, `"0.5"` and `0.5`.
   */
  quantity(amount: Quantity): any;
}

/** The matchers for amounts. */
export interface QuantityMatchers<R> {
  /** The same amount, however it is written: `"500m"` is `0.5`, `"1Gi"` is `"1024Mi"`. */
  toEqualQuantity(expected: Quantity): R;
}

/** An amount in its one form; `undefined` for what is none. */
function amountOf(value: unknown): string | undefined {
  if (typeof value === "string") return read(wellFormed(value));
  return typeof value === "number" || typeof value === "bigint" ? read(toText(value)) : undefined;
}

/** Why a value is no amount. */
function refusalOf(value: unknown): string {
  const near = typeof value === "string" ? nearestQuantity(wellFormed(value)) : undefined;
  return near === undefined
    ? 'a quantity is a number, or a text such as "500m" or "1Gi"'
    : 'did you mean "' + near + '"?';
}

class QuantityMatcher {
  readonly #amount: string;
  readonly #written: Quantity;

  constructor(amount: string, written: Quantity) {
    this.#amount = amount;
    this.#written = written;
    freeze(this);
  }

  asymmetricMatch(other: unknown): boolean {
    return amountOf(other) === this.#amount;
  }

  toString(): string {
    return "Quantity " + printInline(this.#written);
  }

  toAsymmetricMatcher(): string {
    return "Quantity " + printInline(this.#written);
  }
}
defineProperty(QuantityMatcher.prototype, "$$typeof", {
  __proto__: null,
  value: asymmetricSymbol,
} as PropertyDescriptor);
freeze(QuantityMatcher.prototype);

/** Something that equals every way of writing an amount. */
export function quantity(amount: Quantity): unknown {
  const known = amountOf(amount);
  if (known === undefined) {
    throw usageError("expect.quantity(" + printInline(amount, 80) + ") is no quantity: " + refusalOf(amount));
  }
  return new QuantityMatcher(known, amount);
}

function toEqualQuantity(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const wanted = amountOf(args[0]);
  if (wanted === undefined) {
    return misuse("the expected value must be a quantity: " + refusalOf(args[0]), "Expected", args[0]);
  }
  const amount = amountOf(received);
  if (amount === undefined) {
    return misuse("the received value must be a quantity: " + refusalOf(received), "Received", received);
  }
  const not = context.isNot ? "not " : "";
  return {
    pass: amount === wanted,
    message: () => "Expected quantity: " + not + printInline(args[0]) + "\nReceived quantity: " + printInline(received),
  };
}

/** The matchers by name. */
export const matchers: Record<string, Matcher> = { __proto__: null as never, toEqualQuantity };
