import type { Config } from '../../config/config.ts';
import type { ParsingRules } from '../../instances/options/parse-options.ts';
import { sharedStamps } from '../../skeleton/stamp-of.ts';
import { readCheckedSkeleton } from './read-checked-skeleton.ts';
import { readCreationRules } from './read-creation-rules.ts';

/**
 * The rules for new instances as they are at each moment, for a program that stays: the skeleton is read again only where
 * something in its directory has changed.
 */
export function currentRules(config: Config): () => Promise<ParsingRules> {
  const stampOf = sharedStamps();
  let known: { readonly stamp: string; readonly rules: Promise<ParsingRules> } | undefined;
  return async () => {
    const directory = config.fleet.skeleton;
    const stamp = directory === undefined ? '' : await stampOf(directory);
    if (known?.stamp !== stamp) known = { stamp, rules: rulesNow(config) };
    const asked = known;
    try {
      return await asked.rules;
    } catch (error) {
      if (known === asked) known = undefined;
      throw error;
    }
  };
}

/** The rules for new instances as they are now; what stays may load all that it needs. @throws InputError `bad_skeleton` */
export async function rulesNow(config: Config): Promise<ParsingRules> {
  return (await readCreationRules(config, undefined, readCheckedSkeleton)).rules;
}
