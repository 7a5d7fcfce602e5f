/** Applies decorators in TypeScript's `experimentalDecorators` sense: last one first. */

type Decorator = (target: unknown, key?: PropertyKey, descriptor?: PropertyDescriptor | null) => unknown;

/**
 * Decorates a class (`target` alone) or one of its members (`key`, and `null` to have its descriptor looked up, or
 * `undefined` for a field). Returns the class or the descriptor that takes its place.
 */
export default function decorate(
  decorators: Decorator[],
  target: object,
  key?: PropertyKey,
  descriptor?: PropertyDescriptor | null,
): unknown {
  if (key === undefined) {
    let replaced: unknown = target;
    for (let i = decorators.length - 1; i >= 0; i--) replaced = decorators[i](replaced) ?? replaced;
    return replaced;
  }
  let described = descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : descriptor;
  for (let i = decorators.length - 1; i >= 0; i--) {
    described = (decorators[i](target, key, described) as PropertyDescriptor | undefined) ?? described;
  }
  if (described) Object.defineProperty(target, key, described);
  return described;
}
