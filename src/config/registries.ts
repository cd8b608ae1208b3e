import type { Registries } from './config.ts';

/** Name of the list that goes for every context without one of its own, and after every other. */
const DEFAULT_CONTEXT = 'default';

/** What a stack asks when it has no `registries` (`docs/admin-api.md` §4). */
const FALLBACK = ['https://apps-registry.cozycloud.cc/'];

/**
 * The registries as they are asked: each context's own, then those of `default` (`docs/cozy-data.md` §5.2).
 * Contexts with lists of their own but no `default` are not sent to the public registry: they may be
 * kept apart from it on purpose. A list that was emptied, that of `default` too, means none.
 */
export function withDefaultRegistries(configured: Readonly<Record<string, readonly string[]>>): Registries {
  const byContext = new Map(Object.entries(configured));
  const configuredDefault = byContext.get(DEFAULT_CONTEXT);
  const everywhere = configuredDefault ?? [];
  const lists = [...byContext].map(([context, own]): [string, readonly string[]] => [
    context,
    context === DEFAULT_CONTEXT ? own : [...new Set([...own, ...everywhere])],
  ]);
  return { ...Object.fromEntries(lists), default: configuredDefault ?? FALLBACK };
}

/** The registries of an instance: those of its context, else those of `default`. */
export function registriesFor(registries: Registries, context: string | undefined): readonly string[] {
  const own = context !== undefined && Object.hasOwn(registries, context) ? registries[context] : undefined;
  return own ?? registries.default;
}
