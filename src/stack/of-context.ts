/** What is configured for a context, else for `default`; undefined where neither is. */
export function ofContext<Value>(
  configured: Readonly<Record<string, Value>>,
  context: string | undefined,
): Value | undefined {
  const name = context !== undefined && Object.hasOwn(configured, context) ? context : 'default';
  return Object.hasOwn(configured, name) ? configured[name] : undefined;
}
