import { slices } from '../../chunk.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { endedOrGone } from './read-job.ts';

/** Names that are asked for at a time. */
const PAGE = 500;

/**
 * Those of these names that a job holds which has not ended. Between this look and the next step another may take one, or
 * let one go: what must not happen beside a job has to claim the name.
 * @param names as they are stored
 */
export async function heldNames(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const some of slices(names, PAGE)) {
    const answers = (await redis.pipeline(some.map((name) => ['hget', keys.name(name), 'job'])).exec()) ?? [];
    const holders = some.flatMap((name, at) => {
      const [error, job] = answers[at] ?? [null, null];
      if (error !== null) throw error;
      return typeof job === 'string' && job !== '' ? [{ name, job }] : [];
    });
    const over = await endedOrGone(
      { redis, keys },
      holders.map(({ job }) => job),
    );
    for (const [at, { name }] of holders.entries()) if (over[at] === false) held.add(name);
  }
  return held;
}
