/** What only some cases need of the host. */
declare module "husako:host/suite" {
  /**
   * Says how often a case runs. `retry`: how often again while it fails (-1: as often as the run says); `repeats`: how often again while
   * it passes; `fails`: whether it is to fail.
   */
  export function runAgain(caseNumber: number, retry: number, repeats: number, fails: boolean): void;
  /** Asks for a call when the hook (`teardown`) or the run of the case is over (`finished`), if it has failed (`failed`). */
  export function later(kind: "teardown" | "finished" | "failed", callback: number, timeout: number, stack: string): void;
  /** Says that the case that runs is to be skipped, and why. */
  export function skipCase(reason: string): void;
  /** Whether something has gone wrong in the run of the case that goes on. */
  export function isFailing(): boolean;
  /** The name that is most like a word; empty if none is. */
  export function nearest(word: string, names: string[]): string;
}
