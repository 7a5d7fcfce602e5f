/** Matchers that compare with what a test gave before: snapshots. */

import { file, inline, stored, yaml } from "husako:host/snapshots";
import type { Answer } from "husako:host/snapshots";
import { apply, isArray, isObject } from "../primordials.ts";
import { captureStack } from "../stack.ts";
import type { Fields } from "../values.ts";
import { equals, SUBSET } from "./equality.ts";
import { messageOf } from "./errors.ts";
import { print, STRICT } from "./format.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { own, rendered, renderedList } from "./plain.ts";
import { addPlugin, pluginOf, pretty, withMatchers } from "./pretty.ts";
import type { SnapshotSerializer } from "./pretty.ts";
import { isMultiline, wellFormed } from "./text.ts";

/** Matchers that compare with snapshots. `R` is what they return. */
export interface SnapshotMatchers<R> {
  /**
   * The same as the snapshot of this case that is stored in `__snapshots__` beside the test file. Kubernetes resources are stored as
   * YAML.
   *
   * @param hint tells the snapshots of one case apart
   */
  toMatchSnapshot(hint?: string): R;
  /**
   * @param properties what properties that are not the same each time must match: `{ id: expect.any(String) }`
   * @param hint tells the snapshots of one case apart
   */
  toMatchSnapshot(properties: object, hint?: string): R;
  /** The same as the text, which is written into the test file when it is missing. */
  toMatchInlineSnapshot(snapshot?: string): R;
  /** @param properties what properties that are not the same each time must match */
  toMatchInlineSnapshot(properties: object, snapshot?: string): R;
  /** The same as a file, at a path from the test file: text as it is, Kubernetes resources as YAML. */
  toMatchFileSnapshot(path: string, hint?: string): R;
  /** A function that throws an error that is the same as the stored snapshot. */
  toThrowErrorMatchingSnapshot(hint?: string): R;
  /** A function that throws an error that is the same as the text. */
  toThrowErrorMatchingInlineSnapshot(snapshot?: string): R;
}

/** What `expect` has of snapshots. */
export interface SnapshotExpect {
  /** Has values of a kind printed by a plugin in the snapshots of this file; the last one that was added counts first. */
  addSnapshotSerializer(plugin: SnapshotSerializer): void;
}

/** See {@link SnapshotExpect}. */
export function addSnapshotSerializer(plugin: SnapshotSerializer): void {
  addPlugin(plugin);
}

/** Whether a value is a resource, or a builder of one. */
function isResource(value: unknown): boolean {
  if (!isObject(value) || typeof value === "function") return false;
  if (typeof (value as Fields)._render === "function") return true;
  return typeof own(value, "apiVersion") === "string" && typeof own(value, "kind") === "string";
}

/** Whether a value is a resource or a list of only such. */
function isResources(value: unknown): boolean {
  if (!isArray(value)) return isResource(value);
  for (let i = 0; i < value.length; i++) if (!isResource(value[i])) return false;
  return value.length > 0;
}

/** A value as it is stored. */
function serialized(value: unknown): string {
  if (isResources(value) && pluginOf(value) === undefined) {
    const text = yaml(renderedList(value));
    if (text !== undefined) return text;
  }
  return wellFormed(pretty(value));
}

function cannotNot(argument: string): Outcome {
  return {
    pass: false,
    misuse: true,
    argument,
    message: () => "Matcher error: Snapshot matchers cannot be used with not",
  };
}

const UPDATE = "run with -u to update it, if what it has become is right";
const WRITE = "run it where you work, outside CI and without --snapshots=none, and commit what it writes";

/** The outcome of a comparison. */
function outcomeOf(answer: Answer, received: string, argument: string): Outcome {
  const name = "Snapshot name: `" + answer.name + "`";
  switch (answer.state) {
    case "matched":
    case "written":
      return { pass: true, argument, message: () => "" };
    case "problem":
      return { pass: false, misuse: true, argument, message: () => answer.text! };
    case "missing":
      return {
        pass: false,
        argument,
        help: WRITE,
        message: () =>
          "New snapshot was not written: nothing is written in this run\n\n" +
          name +
          "\nReceived:" +
          (isMultiline(received) ? "\n" : " ") +
          received,
      };
    case "differs": {
      const expected = answer.text!;
      const short = !isMultiline(expected) && !isMultiline(received);
      return {
        pass: false,
        argument,
        help: UPDATE,
        message: () => name + (short ? "\n\nExpected: " + expected + "\nReceived: " + received : ""),
        comparison: () => ({ expected, received }),
      };
    }
  }
}

/** A received value with property matchers: what is stored of it, or the outcome where it does not match them. */
function withProperties(received: unknown, properties: unknown): string | Outcome {
  if (properties === undefined) return serialized(received);
  if (!isObject(properties) || isArray(properties)) {
    return misuse("the expected properties must be an object", "Expected properties", properties, "properties");
  }
  if (!isObject(received)) {
    return misuse(
      "the received value must be an object when there are expected properties",
      "Received",
      received,
      "properties",
    );
  }
  const asText = isResources(received);
  const value = asText && !isArray(received) ? rendered(received) : received;
  if (!equals(value, properties, SUBSET)) {
    return {
      pass: false,
      argument: "properties",
      message: () => "",
      comparison: () => ({ expected: print(properties, STRICT), received: print(value, STRICT) }),
    };
  }
  return serialized(withMatchers(value, properties, asText));
}

/** The outcome of properties that do not match, with the name of the snapshot. */
function withName(outcome: Outcome, { name }: Answer): Outcome {
  return outcome.misuse === true ? outcome : { ...outcome, message: () => "Snapshot name: `" + name + "`" };
}

function toMatchSnapshot(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const named = typeof args[0] === "string" ? "hint" : args[0] === undefined ? "" : "properties";
  const argument = args.length > 1 && args[1] !== undefined ? named + ", hint" : named;
  if (context.isNot) return cannotNot(argument);
  const hint = named === "hint" ? args[0] : args[1];
  if (hint !== undefined && typeof hint !== "string") {
    return misuse("the hint must be a string", "Hint", hint, argument);
  }
  const text = withProperties(received, named === "hint" ? undefined : args[0]);
  const told = hint === undefined ? undefined : wellFormed(hint);
  if (typeof text !== "string") {
    return withName(text, stored(told, undefined, undefined));
  }
  return outcomeOf(stored(told, text, undefined), text, argument);
}

function toMatchInlineSnapshot(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const hasProperties = isObject(args[0]) || (args.length > 1 && args[0] !== undefined);
  const argument = hasProperties ? (args.length > 1 ? "properties, snapshot" : "properties") : "snapshot";
  if (context.isNot) return cannotNot(argument);
  const snapshot = hasProperties ? args[1] : args[0];
  if (snapshot !== undefined && typeof snapshot !== "string") {
    return misuse("the inline snapshot must be a string", "Inline snapshot", snapshot, argument);
  }
  const text = withProperties(received, hasProperties ? args[0] : undefined);
  const given = snapshot === undefined ? undefined : wellFormed(snapshot);
  const stack = context.stack ?? captureStack();
  if (typeof text !== "string") {
    return withName(text, inline("toMatchInlineSnapshot", stack, hasProperties, given, undefined, undefined));
  }
  const answer = inline("toMatchInlineSnapshot", stack, hasProperties, given, text, undefined);
  return outcomeOf(answer, text, argument);
}

function toMatchFileSnapshot(received: unknown, args: readonly unknown[], context: Context): Outcome {
  if (context.isNot) return cannotNot("path");
  const path = args[0];
  if (typeof path !== "string") return misuse("the path must be a string", "Path", path, "path");
  let text: string;
  if (typeof received === "string") text = wellFormed(received);
  else text = isResources(received) ? serialized(received) + "\n" : serialized(received);
  return outcomeOf(file(wellFormed(path), text), text, "path");
}

/** What a function throws, or the outcome where it throws nothing. */
function thrownBy(received: unknown, context: Context): { readonly value: unknown } | Outcome {
  if (context.promise === "rejects") return { value: received };
  if (typeof received !== "function") return misuse("the received value must be a function", "Received", received, "");
  try {
    apply(received, undefined, []);
  } catch (value) {
    return { value };
  }
  return { pass: false, argument: "", message: () => "Received function did not throw" };
}

/** An error as it is stored, as Vitest has it, and as Jest has it. */
function errorTexts(error: unknown): readonly [string, string] {
  return [serialized(error), wellFormed('"' + messageOf(error) + '"')];
}

function toThrowErrorMatchingSnapshot(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const hint = args[0];
  const argument = hint === undefined ? "" : "hint";
  if (context.isNot) return cannotNot(argument);
  if (hint !== undefined && typeof hint !== "string") {
    return misuse("the hint must be a string", "Hint", hint, argument);
  }
  const thrown = thrownBy(received, context);
  const told = hint === undefined ? undefined : wellFormed(hint);
  if (!("value" in thrown)) {
    stored(told, undefined, undefined);
    return thrown;
  }
  const texts = errorTexts(thrown.value);
  return { ...outcomeOf(stored(told, texts[0], texts[1]), texts[0], argument), cause: thrown.value };
}

function toThrowErrorMatchingInlineSnapshot(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const snapshot = args[0];
  if (context.isNot) return cannotNot("snapshot");
  if (snapshot !== undefined && typeof snapshot !== "string") {
    return misuse("the inline snapshot must be a string", "Inline snapshot", snapshot, "snapshot");
  }
  const stack = context.stack ?? captureStack();
  const thrown = thrownBy(received, context);
  const given = snapshot === undefined ? undefined : wellFormed(snapshot);
  const method = "toThrowErrorMatchingInlineSnapshot";
  if (!("value" in thrown)) {
    inline(method, stack, false, given, undefined, undefined);
    return thrown;
  }
  const texts = errorTexts(thrown.value);
  const answer = inline(method, stack, false, given, texts[0], texts[1]);
  return { ...outcomeOf(answer, texts[0], "snapshot"), cause: thrown.value };
}

/** The matchers by name. */
export const matchers: Record<string, Matcher> = {
  __proto__: null as never,
  toMatchSnapshot,
  toMatchInlineSnapshot,
  toMatchFileSnapshot,
  toThrowErrorMatchingSnapshot,
  toThrowErrorMatchingInlineSnapshot,
};
