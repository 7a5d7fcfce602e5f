/** What the host gives to `test/snapshot_matchers.ts`: it holds the names, the counters and what is stored. */
declare module "husako:host/snapshots" {
  /** What is said of a snapshot. */
  export interface Answer {
    /** `written`: it was missing or another, and is written if the case passes. `problem`: there can be no answer. */
    readonly state: "matched" | "written" | "differs" | "missing" | "problem";
    /** What it is called. */
    readonly name: string;
    /** What is stored, where that differs; why there is no answer, where there is none. */
    readonly text: string | undefined;
  }

  /**
   * Compares with the `.snap` file. Without `received` only the name is taken. `other` is a text that is as good where it is stored.
   */
  export function stored(hint: string | undefined, received: string | undefined, other: string | undefined): Answer;
  /** Compares with an argument of the call of `method` that `stack` tells; `argument` is that text. */
  export function inline(
    method: string,
    stack: string,
    afterProperties: boolean,
    argument: string | undefined,
    received: string | undefined,
    other: string | undefined,
  ): Answer;
  /** Compares with a whole file, by its path from the test file. */
  export function file(path: string, received: string): Answer;
  /** A list of resources as they are rendered; `undefined` if they cannot be written as JSON. */
  export function yaml(resources: unknown[]): string | undefined;
}
