/** What a failed comparison asks of the host. */
declare module "husako:host/expect" {
  /**
   * How two texts differ by lines: `- ` before those that only the first has, `+ ` before those that only the second has, `  ` before
   * those of both. Lines of both that are far from any other are left out, and said to be.
   */
  export function lines(
    expected: string,
    received: string,
  ): { readonly text: string; readonly removed: number; readonly added: number };
}
