/** Who is told of the builders and fragments that are made: nobody, but in a run that looks for their places. */

/** Is told of an object when it has been made; `parts` are those of its kind that were merged into it. */
export type Listener = (object: object, parts?: readonly unknown[]) => void;

/** Calls it wherever something is made. */
export let made: Listener | undefined;

/** From now on `listener` is told. */
export function listen(listener: Listener): void {
  made = listener;
}
