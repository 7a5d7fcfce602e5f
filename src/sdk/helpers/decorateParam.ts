/** A decorator of a parameter as one of its method. */
export default function decorateParam(
  index: number,
  decorator: (target: unknown, key: PropertyKey | undefined, index: number) => void,
): (target: unknown, key?: PropertyKey) => void {
  return (target, key) => decorator(target, key, index);
}
