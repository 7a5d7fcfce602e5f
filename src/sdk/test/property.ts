/** `toHaveProperty`. A part: loaded when it is asked for. */

import { EQUAL, equals } from "./equality.ts";
import { LOOSE, printInline } from "./format.ts";
import { comparing } from "./matchers.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { pathText, resolvePath, toPath } from "./paths.ts";

function toHaveProperty(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const argument = args.length > 1 ? "path, value" : "path";
  if (received === null || received === undefined) {
    return misuse("received value must not be null nor undefined", "Received", received, argument);
  }
  const path = toPath(args[0]);
  if (path === undefined)
    return misuse("expected path must be a string or array", "Expected", args[0], argument);
  if (path.length === 0) return misuse("expected path must not be an empty array", "Expected", args[0], argument);
  const found = resolvePath(received, path, args[0]);
  const whole = found.depth === path.length;
  const expected = args[1];
  const pass = whole && (args.length < 2 || equals(found.value, expected, EQUAL));
  const expectedPath = (): string => pathText(args[0]);
  if (whole && args.length > 1 && !pass) {
    const hint = "Expected path: " + expectedPath();
    return { ...comparing(false, found.value, expected, LOOSE, "", hint, " value"), argument };
  }
  return {
    pass,
    argument,
    message: () => {
      const value = printInline(found.value);
      if (context.isNot) {
        if (args.length < 2) return "Expected path: not " + expectedPath() + "\n\nReceived value: " + value;
        const wanted = printInline(expected);
        const text = "Expected path: " + expectedPath() + "\n\nExpected value: not " + wanted;
        return wanted === value ? text : text + "\nReceived value:     " + value;
      }
      const reached = pathText(path, found.depth, typeof args[0] === "string" && found.depth > 0);
      const wanted = args.length > 1 ? "Expected value: " + printInline(expected) + "\n" : "";
      return (
        "Expected path: " + expectedPath() + "\nReceived path: " + reached + "\n\n" + wanted + "Received value: " + value
      );
    },
  };
}

/** The matcher, by name. */
export const matchers: Record<string, Matcher> = { __proto__: null as never, toHaveProperty };
