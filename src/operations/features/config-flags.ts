import { goText } from '../../go-text.ts';
import type { FlagsMap } from '../../instances/options/feature-flags.ts';

const DEFAULT_CONTEXT = 'default';

/**
 * The flags that the configuration gives to instances of a context (`docs/cozy-data.md` §2.4): those of
 * `contexts.<context>`, or of `contexts.default` where that is not configured; never of both.
 * @param contexts with names in lower case, as in a stack
 * @returns undefined where nothing is said of flags
 */
export function configFlags(
  contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  context = '',
): FlagsMap | undefined {
  const name = Object.hasOwn(contexts, context) ? context : DEFAULT_CONTEXT;
  const features = Object.hasOwn(contexts, name) ? contexts[name]?.['features'] : undefined;
  if (Array.isArray(features)) return Object.fromEntries(features.flatMap(flagsOfItem));
  return isMap(features) ? { ...features } : undefined;
}

/** Whether the configuration has that context, or one that stands in for it. */
export function hasConfig(contexts: Readonly<Record<string, unknown>>, context: string): boolean {
  return [context, DEFAULT_CONTEXT].some((name) => Object.hasOwn(contexts, name));
}

/** A map of one name is a flag with its value; of anything else the text is the name of a flag that is on. */
function flagsOfItem(item: unknown): [string, unknown][] {
  const members = isMap(item) ? Object.entries(item) : [];
  return members.length === 1 ? members : [[goText(item), true]];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
