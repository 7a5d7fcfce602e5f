/** Type metadata for decorators: kept where `Reflect.metadata` is there to keep it. */
export default function decorateMetadata(key: string, value: unknown): ((target: unknown) => void) | undefined {
  const reflect = Reflect as { metadata?: (key: string, value: unknown) => (target: unknown) => void };
  return reflect.metadata?.(key, value);
}
