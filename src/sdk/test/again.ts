/** What only cases with special wishes need. A part: loaded when one is registered. */

import { nearest } from "husako:host/suite";
import { objectKeys } from "../primordials.ts";
import { usageError } from "../stack.ts";

export { later, runAgain } from "husako:host/suite";

/** The error of an option that nobody knows, with the known one that is most like it. */
export function unknownOption(what: string, key: string, known: object): TypeError {
  const near = nearest(key, objectKeys(known));
  const help = near === "" ? "" : "; did you mean " + near + "?";
  return usageError(what + "() has no option " + key + help);
}
