/** What only cases with special wishes need. A part: loaded when one is registered. */

import { later as askForCall, nearest, runAgain as runCaseAgain } from "husako:host/suite";
import { objectKeys } from "../primordials.ts";
import { usageError } from "../stack.ts";

/** Says how often a case runs: see `host_suite.d.ts`. */
export const runAgain: (caseNumber: number, retry: number, repeats: number, fails: boolean) => void = runCaseAgain;
/** Asks for a call when something is over: see `host_suite.d.ts`. */
export const later: (
  kind: "teardown" | "finished" | "failed",
  callback: number,
  timeout: number,
  stack: string,
) => void = askForCall;

/** The error of an option that nobody knows, with the known one that is most like it. */
export function unknownOption(what: string, key: string, known: object): TypeError {
  const near = nearest(key, objectKeys(known));
  const help = near === "" ? "" : "; did you mean " + near + "?";
  return usageError(what + "() has no option " + key + help);
}
