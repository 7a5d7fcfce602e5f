/**
 * The globals that every file has, for TypeScript: where the library of browsers is not loaded (`lib: ["es2023"]`), they would be
 * unknown. Nothing of this runs.
 */

import type { console as ownConsole } from "./console.ts";
import type * as abort from "./environment/abort.ts";
import type * as text from "./environment/text.ts";
import type * as url from "./environment/url.ts";

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
  /** As in browsers. */
  var AbortController: typeof globalThis extends { onmessage: any; AbortController: infer Browsers } ? Browsers : typeof abort.AbortController;
  /** As in browsers. */
  var AbortSignal: typeof globalThis extends { onmessage: any; AbortSignal: infer Browsers } ? Browsers : typeof abort.AbortSignal;
  /** As in browsers. */
  var Event: typeof globalThis extends { onmessage: any; Event: infer Browsers } ? Browsers : typeof abort.Event;
  /** As in browsers. */
  var EventTarget: typeof globalThis extends { onmessage: any; EventTarget: infer Browsers } ? Browsers : typeof abort.EventTarget;
  /** As in browsers. */
  var TextDecoder: typeof globalThis extends { onmessage: any; TextDecoder: infer Browsers } ? Browsers : typeof text.TextDecoder;
  /** As in browsers. */
  var TextEncoder: typeof globalThis extends { onmessage: any; TextEncoder: infer Browsers } ? Browsers : typeof text.TextEncoder;
  /** As in browsers. */
  var URL: typeof globalThis extends { onmessage: any; URL: infer Browsers } ? Browsers : typeof url.URL;
  /** As in browsers. */
  var URLSearchParams: typeof globalThis extends { onmessage: any; URLSearchParams: infer Browsers } ? Browsers : typeof url.URLSearchParams;
  /** As in browsers. */
  var DOMException: typeof globalThis extends { onmessage: any; DOMException: infer Browsers }
    ? Browsers
    : new (message?: string, name?: string) => Error & { readonly code: number };
  /** A deep copy of a value. */
  function structuredClone<T>(value: T, options?: { transfer?: readonly unknown[] }): T;
  /** Text of characters up to U+00FF in base64. */
  function btoa(text: string): string;
  /** What base64 stands for. */
  function atob(base64: string): string;
}
