/** What the host tells of promises. For `test/mocks.ts` and `test/fake_timers.ts`. */
declare module "husako:host/mocks" {
  /**
   * What has become of a promise; empty if the value is none. Neither the promise nor who is told of rejections that nobody
   * handles can notice the question.
   */
  export function promiseState(value: unknown): "" | "pending" | "fulfilled" | "rejected";
  /** What a settled promise was fulfilled or rejected with; `undefined` for anything else. */
  export function promiseValue(value: unknown): unknown;
  /** Says whether the globals that set timers are fake: it is told to who waits in vain for one. */
  export function timersAreFake(fake: boolean): void;
}
