/** What the host gives to the parts of the SDK that test resources. */
declare module "husako:host/kubernetes" {
  /** Why resources cannot be written as JSON. */
  export interface Problem {
    /** Which of them, from 0. */
    readonly document: number;
    /** Where in it, and what is there. */
    readonly problem: string;
  }

  /** Resources as plain values. */
  export interface Plain {
    /** Copies, as JSON has them. */
    readonly resources: readonly any[];
    /** What each is called: `Deployment prod/web`. */
    readonly titles: readonly string[];
    /** The lists in each; empty unless they were asked for. */
    readonly lists: readonly (import("./test/plain.ts").Lists | null)[];
  }

  /** What a rule says of a resource. */
  export interface Verdict {
    readonly document: number;
    readonly rule: string;
    readonly level: "warn" | "error";
    readonly message: string;
    readonly help: string | null;
  }

  /** Copies a list of resources. What a getter throws comes through. */
  export function plain(resources: unknown[], withLists: boolean): Plain | Problem;

  /** What the rules say of resources. */
  export interface Judged {
    readonly verdicts: readonly Verdict[];
    /** What each is called; `null` for what is no resource. */
    readonly titles: readonly (string | null)[];
    /** The version of Kubernetes. */
    readonly version: string;
  }

  /** Judges a list of resources as those of an entry. */
  export function judge(resources: unknown[]): Judged | Problem;

  /** Compares a list of resources with a text of YAML, by value, and gives both sides as they are rendered. */
  export function compareYaml(
    resources: unknown[],
    text: string,
  ):
    | { readonly equal: boolean; readonly expected: string; readonly received: string }
    | { readonly misread: string }
    | Problem;

  /** An amount as a text that is the same for the same amounts; `undefined` if it is none. */
  export function quantity(text: string): string | undefined;
  /** The amount that a text may be meant to be. */
  export function nearestQuantity(text: string): string | undefined;

  /** What a label selector demands of one label: one of `values`, any if they are `null`; the opposite if not `wanted`. */
  export interface Requirement {
    readonly key: string;
    readonly wanted: boolean;
    readonly values: readonly string[] | null;
  }

  /** Reads a label selector; gives what is wrong with it as a text. */
  export function requirements(selector: string): readonly Requirement[] | string;

  /** Renders an entry. Later calls `settle` with a copy of its resources, or with `undefined` and the reason why there are none. */
  export function render(entry: string, settle: (resources: unknown[] | undefined, reason: string) => void): void;
}
