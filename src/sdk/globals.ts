/**
 * The globals that every file has, for TypeScript: where the library of browsers is not loaded (`lib: ["es2023"]`), they would be
 * unknown. Nothing of this runs.
 */

import type { console as ownConsole } from "./console.ts";

declare global {
  /** Prints: what a case prints is part of its report. */
  var console: typeof globalThis extends { onmessage: any; console: infer Browsers } ? Browsers : typeof ownConsole;
  /** Calls a function after `delay` milliseconds. */
  function setTimeout(callback: (...args: any[]) => void, delay?: number, ...args: any[]): number;
  /** Calls a function every `delay` milliseconds. */
  function setInterval(callback: (...args: any[]) => void, delay?: number, ...args: any[]): number;
  /** Calls a function as soon as what runs now is over. */
  function setImmediate(callback: (...args: any[]) => void, ...args: any[]): number;
  /** Ends a timer. */
  function clearTimeout(timer?: number): void;
  /** Ends a timer. */
  function clearInterval(timer?: number): void;
  /** Ends a timer. */
  function clearImmediate(timer?: number): void;
  /** Calls a function when the current job is over. */
  function queueMicrotask(callback: () => void): void;
}
