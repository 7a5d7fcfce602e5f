/** Functions of the user's that the host knows by number. */

import { newList, push } from "./primordials.ts";

/** A function of the user's. */
export type Callback = (...args: any[]) => unknown;

/** By their numbers. Of what was forgotten, the number is left. */
const callbacks: (Callback | undefined)[] = newList();

/** Keeps a function and gives the number that it can be called by. */
export function keep(callback: Callback): number {
  push(callbacks, callback);
  return callbacks.length - 1;
}

/** The function of a number. */
export function find(id: number): Callback | undefined {
  return callbacks[id];
}

/** Forgets a function. */
export function drop(id: number): void {
  callbacks[id] = undefined;
}
