import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { ParsingRules } from '../../instances/options/parse-options.ts';
import type { OwnTypes } from '../../skeleton/media-types.ts';
import type { Skeleton } from '../../skeleton/skeleton.ts';
import type { CheckedSkeleton } from './read-checked-skeleton.ts';
import { rulesOf } from './rules-of.ts';

/** What holds for new instances. */
export interface CreationRules {
  readonly rules: ParsingRules;
  /** What they get as their first files; undefined where that is nothing. */
  readonly skeleton: Skeleton | undefined;
}

/** Reads and checks a skeleton (`read-checked-skeleton.ts`). */
export type SkeletonReader = (directory: string, types: OwnTypes) => Promise<CheckedSkeleton>;

/**
 * What the configuration says about new instances, and the skeleton that they get: it is read and checked as a whole.
 * @param given directory of a skeleton that goes before that of the configuration, relative to the working directory
 * @throws InputError `bad_skeleton`
 */
export async function readCreationRules(
  config: Config,
  given?: string,
  read: SkeletonReader = readWhenNeeded,
): Promise<CreationRules> {
  const rules = rulesOf(config);
  const directory = given === undefined ? config.fleet.skeleton : resolve(given);
  if (directory === undefined) return { rules, skeleton: undefined };
  const { skeleton, bytesFor } = await read(directory, config.fleet.skeletonTypes);
  const { digest } = skeleton;
  // Machines may have the configured one in different places.
  const order = given === undefined ? { digest } : { digest, directory };
  return { rules: { ...rules, skeleton: order, skeletonBytes: bytesFor }, skeleton };
}

/** Few platforms have a skeleton, and it needs more than all else that a short command does. */
async function readWhenNeeded(directory: string, types: OwnTypes): Promise<CheckedSkeleton> {
  const { readCheckedSkeleton } = await import('./read-checked-skeleton.ts');
  return await readCheckedSkeleton(directory, types);
}
