import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { ParsingRules } from '../../instances/options/parse-options.ts';
import { rulesOf } from './rules-of.ts';

/**
 * What the configuration says about new instances, with the skeleton that they get: it is read and checked as a whole.
 * @param given directory of a skeleton that goes before that of the configuration, relative to the working directory
 * @throws InputError `bad_skeleton`
 */
export async function creationRules(config: Config, given?: string): Promise<ParsingRules> {
  const rules = rulesOf(config);
  const configured = config.fleet.skeleton;
  const directory = given === undefined ? configured : resolve(given);
  if (directory === undefined) return rules;
  // Few platforms have one, and it needs more than all else that a short command does.
  const { readCheckedSkeleton } = await import('./read-checked-skeleton.ts');
  const { digest } = await readCheckedSkeleton(directory, config.fleet.skeletonTypes);
  // Machines may have the configured one in different places.
  return { ...rules, skeleton: directory === configured ? { digest } : { digest, directory } };
}
