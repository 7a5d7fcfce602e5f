/** The matchers for resources. Each takes a builder or a plain object. */

import { compareYaml, judge, plain } from "husako:host/kubernetes";
import type { Problem, Verdict } from "husako:host/kubernetes";
import { hasOwn, isArray, isObject, join, newList, push } from "../primordials.ts";
import { EQUAL, equals } from "./equality.ts";
import { LOOSE, print, printInline } from "./format.ts";
import { misuse } from "./outcome.ts";
import type { Context, Matcher, Outcome } from "./outcome.ts";
import { own, rendered, renderedList } from "./plain.ts";
import type { Lists } from "./plain.ts";
import { match, step } from "./resource_matching.ts";
import type { Matched } from "./resource_matching.ts";
import { indented, wellFormed } from "./text.ts";
import { resolve } from "../values.ts";

/** The matchers for resources: builders, what they render to, and what `renderEntry` gives. */
export interface ResourceMatchers<R> {
  /**
   * A resource that breaks no rule: judged as those of an entry are, by the project's schemas and `[ci.rules]`. What is only a
   * warning does not count. A list is judged together, references between its resources included. A kind that no schema
   * describes cannot be judged, and fails with and without `.not`, unless `[ci.rules]` turns `unknown-kind` off.
   */
  toBeValidResource(): R;
  /**
   * A resource that has at least what is expected, at every level. Lists whose items Kubernetes tells apart by keys (containers by
   * name, ports by number and protocol) are matched by those, in any order, and may have more items; other lists must match whole.
   * A field that is `undefined` must not be there.
   */
  toMatchResource(expected: object): R;
  /** A resource with a label, of any value or of the given one. */
  toHaveLabel(key: string, value?: unknown): R;
  /** A resource with an annotation, of any value or of the given one. */
  toHaveAnnotation(key: string, value?: unknown): R;
  /**
   * A pod, or a resource with a template of pods, that has a container of the name, with at least what is expected of it. Init
   * containers and ephemeral ones count, too: no two containers of a pod have the same name.
   */
  toHaveContainer(name: string, expected?: object): R;
  /** A resource or a list of resources that is the same, by value, as what the text of YAML says, in the order of its documents. */
  toRenderAs(yaml: string): R;
}

/** Whether the host could not read the resources. */
function isProblem(answer: object): answer is Problem {
  return hasOwn(answer, "problem");
}

/** Whether the host could not read the YAML. */
function isMisread(answer: object): answer is { readonly misread: string } {
  return hasOwn(answer, "misread");
}

/** A resource that is looked at. */
interface Subject {
  readonly resource: Record<string, any>;
  /** What it is called. */
  readonly title: string;
  readonly lists: Lists | null;
}

function unwritable({ document, problem }: Problem, received: unknown, argument: string): Outcome {
  const which = isArray(received) ? "item " + document + " of the list, " : "";
  return {
    pass: false,
    misuse: true,
    argument,
    message: () => "Matcher error: the received value must be a resource that can be written\n\n" + which + problem,
  };
}

/** Lets `look` see the received value, if it is a resource. */
function ofResource(received: unknown, argument: string, look: (subject: Subject) => Outcome): Outcome {
  if (!isObject(received) || isArray(received)) return noResource(received, argument);
  const list = newList<unknown>();
  push(list, rendered(received));
  const copied = plain(list, true);
  if (isProblem(copied)) return unwritable(copied, received, argument);
  const resource = copied.resources[0];
  if (!isObject(resource) || isArray(resource) || !hasText(resource, "apiVersion") || !hasText(resource, "kind")) {
    return noResource(received, argument);
  }
  return look({ resource, title: copied.titles[0], lists: copied.lists[0] });
}

function hasText(value: object, key: string): boolean {
  return hasOwn(value, key) && typeof (value as Record<string, unknown>)[key] === "string";
}

function noResource(received: unknown, argument: string): Outcome {
  const problem = "the received value must be a resource: a builder, or an object with apiVersion and kind";
  if (!isArray(received)) return misuse(problem, "Received", received, argument);
  const { length } = received;
  // Not printed: it is long, and may have Secrets in it.
  return {
    pass: false,
    misuse: true,
    argument,
    message: () => "Matcher error: " + problem + "\n\nReceived is a list of " + length + ": look at each, or at one()",
  };
}

function toBeValidResource(received: unknown): Outcome {
  if (!isObject(received)) return noResource(received, "");
  const judged = judge(renderedList(received));
  if (isProblem(judged)) return unwritable(judged, received, "");
  const { titles } = judged;
  for (let i = 0; i < titles.length; i++) if (titles[i] === null) return noResource(received, "");
  const errors: Verdict[] = newList();
  const unknown: Verdict[] = newList();
  for (let i = 0; i < judged.verdicts.length; i++) {
    const verdict = judged.verdicts[i];
    if (verdict.level === "error") push(errors, verdict);
    else if (verdict.rule === "unknown-kind") push(unknown, verdict);
  }
  const told = (verdicts: readonly Verdict[], heading: (title: string) => string): string => {
    let text = "";
    let last = -1;
    for (let i = 0; i < verdicts.length; i++) {
      const { document, rule, message, help } = verdicts[i];
      if (document !== last) text += (i === 0 ? "" : "\n\n") + heading(titles[document]!);
      last = document;
      text += "\n  " + rule + ": " + message;
      if (help !== null) text += "\n    help: " + help;
    }
    return text;
  };
  if (errors.length === 0 && unknown.length > 0) {
    return {
      pass: false,
      misuse: true,
      argument: "",
      message: () =>
        "Matcher error: " +
        told(unknown, (title) => title + " cannot be judged") +
        '\n\nTo let it pass all the same, set unknown-kind = "off" in [ci.rules] of husako.toml',
    };
  }
  return {
    pass: errors.length === 0,
    argument: "",
    message: () =>
      errors.length === 0
        ? "Expected: a resource that is not valid in Kubernetes " + judged.version + "\nReceived: " + several(titles)
        : told(errors, (title) => title + " is not valid in Kubernetes " + judged.version + ":"),
  };
}

function several(titles: readonly (string | null)[]): string {
  const shown: string[] = newList();
  for (let i = 0; i < titles.length && i < 5; i++) push(shown, titles[i]!);
  return join(shown, ", ") + (titles.length > 5 ? " and " + (titles.length - 5) + " more" : "");
}

/** The outcome of comparing a part of a resource. */
function comparing(matched: Matched, title: string, argument: string): Outcome {
  const { problems } = matched;
  const pass = problems.length === 0;
  return {
    pass,
    argument,
    message: () => {
      if (pass) return "Expected: not " + printInline(matched.expected) + "\n\n" + title + " matches";
      let text = title + " does not match at";
      for (let i = 0; i < problems.length && i < 10; i++) text += "\n  " + problems[i];
      return problems.length > 10 ? text + "\n  … " + (problems.length - 10) + " more" : text;
    },
    comparison: pass
      ? undefined
      : () => ({ expected: print(matched.expected, LOOSE), received: print(matched.received, LOOSE) }),
  };
}

function toMatchResource(received: unknown, args: readonly unknown[]): Outcome {
  const expected = args[0];
  if (!isObject(expected) || isArray(expected)) {
    return misuse("the expected value must be an object", "Expected", expected);
  }
  return ofResource(received, "expected", ({ resource, title, lists }) =>
    comparing(match(resource, rendered(expected), lists, "$"), title, "expected"),
  );
}

/** `toHaveLabel` and `toHaveAnnotation`. */
function inMetadata(what: string, field: string): Matcher {
  return (received, args, context) => {
    const argument = args.length > 1 ? "key, value" : "key";
    const key = args[0];
    if (typeof key !== "string") return misuse("the expected key must be a string", "Expected key", key, argument);
    return ofResource(received, argument, ({ resource, title }) => {
      const all = own(own(resource, "metadata"), field);
      const value = own(all, key);
      const pass = value !== undefined && (args.length < 2 || equals(value, args[1], EQUAL));
      return { pass, argument, message: () => metadataMessage(what, key, value, all, title, args, context) };
    });
  };
}

function metadataMessage(
  what: string,
  key: string,
  value: unknown,
  all: unknown,
  title: string,
  args: readonly unknown[],
  context: Context,
): string {
  const not = context.isNot ? "not " : "";
  const has = value !== undefined;
  let text = "Expected " + what + ": " + (args.length > 1 ? "" : not) + printInline(key);
  if (args.length > 1) text += "\nExpected value: " + not + printInline(args[1]);
  if (has) return text + "\nReceived value: " + printInline(value);
  return (
    text + "\n\n" + title + (isObject(all) ? " has the " + what + "s " + printInline(all) : " has no " + what + "s")
  );
}

/** Where the spec of a pod may be, whatever the kind: custom workloads have the shape of Kubernetes' own. */
const POD_SPECS: readonly (readonly string[])[] = [
  ["spec"],
  ["spec", "template", "spec"],
  ["spec", "jobTemplate", "spec", "template", "spec"],
  ["template", "spec"],
];

const CONTAINERS = ["containers", "initContainers", "ephemeralContainers"] as const;

/** A container, and where it is. */
interface Found {
  readonly container: unknown;
  readonly path: string;
  readonly lists: Lists | null | undefined;
}

/** The spec of the pods of a resource. */
interface PodSpec {
  readonly spec: Record<string, any>;
  readonly path: string;
  readonly lists: Lists | undefined;
}

function podSpecOf({ resource, lists }: Subject): PodSpec | undefined {
  for (let i = 0; i < POD_SPECS.length; i++) {
    let spec: unknown = resource;
    let inner = lists ?? undefined;
    let path = "$";
    for (let k = 0; k < POD_SPECS[i].length; k++) {
      const key = POD_SPECS[i][k];
      spec = own(spec, key);
      inner = own(inner?.fields, key) as Lists | undefined;
      path += step(key);
    }
    if (isArray(own(spec, "containers"))) return { spec: spec as Record<string, any>, path, lists: inner };
  }
  return undefined;
}

/** Looks at every container of a pod until `look` gives something. */
function eachContainer<T>(pod: PodSpec, look: (list: string, found: Found) => T | undefined): T | undefined {
  for (let i = 0; i < CONTAINERS.length; i++) {
    const key = CONTAINERS[i];
    const list = own(pod.spec, key);
    const lists = own(pod.lists?.fields, key) as Lists | undefined;
    for (let at = 0; isArray(list) && at < list.length; at++) {
      const found = { container: list[at], path: pod.path + step(key) + "[" + at + "]", lists: lists?.items[at] };
      const result = look(key, found);
      if (result !== undefined) return result;
    }
  }
  return undefined;
}

function toHaveContainer(received: unknown, args: readonly unknown[], context: Context): Outcome {
  const argument = args.length > 1 ? "name, expected" : "name";
  const name = args[0];
  if (typeof name !== "string") return misuse("the expected name must be a string", "Expected name", name, argument);
  if (args.length > 1 && (!isObject(args[1]) || isArray(args[1]))) {
    return misuse("the expected value must be an object", "Expected", args[1], argument);
  }
  return ofResource(received, argument, (subject) => {
    const not = context.isNot ? "not " : "";
    const head = "Expected container: " + not + printInline(name);
    const pod = podSpecOf(subject);
    if (pod === undefined) {
      return { pass: false, argument, message: () => head + "\n\n" + subject.title + " has no containers" };
    }
    const found = eachContainer(pod, (_, one) => (own(one.container, "name") === name ? one : undefined));
    if (found === undefined) {
      return { pass: false, argument, message: () => head + "\n\n" + subject.title + " has" + containersOf(pod) };
    }
    if (args.length < 2) {
      return { pass: true, argument, message: () => head + "\nReceived: " + printInline(found.container) };
    }
    // As in a list of containers, where fragments may stand.
    const expected = resolve(args[1], CONTAINERS[0]);
    return comparing(match(found.container, expected, found.lists, found.path), subject.title, argument);
  });
}

function containersOf(pod: PodSpec): string {
  let text = "";
  let last = "";
  eachContainer(pod, (list, { container }) => {
    text += (list === last ? ", " : "\n  " + list + ": ") + printInline(own(container, "name"), 80);
    last = list;
    return undefined;
  });
  return text === "" ? " none" : text;
}

function toRenderAs(received: unknown, args: readonly unknown[]): Outcome {
  const expected = args[0];
  if (typeof expected !== "string")
    return misuse("the expected value must be a text of YAML", "Expected", expected, "yaml");
  if (!isObject(received)) return noResource(received, "yaml");
  const compared = compareYaml(renderedList(received), wellFormed(expected));
  if (isProblem(compared)) return unwritable(compared, received, "yaml");
  if (isMisread(compared)) {
    const problem = compared.misread;
    return {
      pass: false,
      misuse: true,
      argument: "yaml",
      message: () => "Matcher error: the expected value: " + problem,
    };
  }
  return {
    pass: compared.equal,
    argument: "yaml",
    message: () => (compared.equal ? "Expected: not\n\n" + indented(compared.expected, "  ") : ""),
    comparison: compared.equal ? undefined : () => ({ expected: compared.expected, received: compared.received }),
  };
}

/** The matchers by name. */
export const matchers: Record<string, Matcher> = {
  __proto__: null as never,
  toBeValidResource,
  toMatchResource,
  toHaveLabel: inMetadata("label", "labels"),
  toHaveAnnotation: inMetadata("annotation", "annotations"),
  toHaveContainer,
  toRenderAs,
};
