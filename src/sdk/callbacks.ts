/** Functions of the user's that the host knows by number. */

import { Map, mapDelete, mapGet, mapSet } from "./primordials.ts";

/** A function of the user's. */
export type Callback = (...args: any[]) => unknown;

const callbacks: Map<number, Callback> = new Map();
let next = 0;

/** Keeps a function and gives the number that it can be called by. */
export function keep(callback: Callback): number {
  const id = next++;
  mapSet(callbacks, id, callback);
  return id;
}

/** The function of a number. */
export function find(id: number): Callback | undefined {
  return mapGet(callbacks, id);
}

/** Forgets a function. */
export function drop(id: number): void {
  mapDelete(callbacks, id);
}
