import type { Redis } from 'ioredis';

/** Keys that are asked for at a time. */
const PAGE = 1000;

/** Memory of the keys of one sort. */
export interface KeyBytes {
  /** Their names, with `*` where one differs from the other. */
  readonly pattern: string;
  readonly keys: number;
  readonly bytes: number;
}

/**
 * What all keys take, by MEMORY USAGE of each with all its elements: unlike the memory of the server it does not depend
 * on what was freed before.
 * @returns the sorts of keys, the largest first
 */
export async function redisBytes(redis: Redis): Promise<KeyBytes[]> {
  const sorts = new Map<string, { keys: number; bytes: number }>();
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = await redis.scan(cursor, 'COUNT', PAGE);
    cursor = next;
    // A scan may give a key twice.
    const keys = page.filter((key) => !seen.has(key));
    for (const key of keys) seen.add(key);
    const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
    keys.forEach((key, at) => {
      const pattern = keyPattern(key);
      const sort = sorts.get(pattern) ?? { keys: 0, bytes: 0 };
      sorts.set(pattern, { keys: sort.keys + 1, bytes: sort.bytes + Number(sizes[at] ?? 0) });
    });
  } while (cursor !== '0');
  return [...sorts].map(([pattern, sort]) => ({ pattern, ...sort })).sort((a, b) => b.bytes - a.bytes);
}

/** The name of a key without what is one job's, one batch's or one domain's. */
export function keyPattern(key: string): string {
  return key
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '*')
    .replace(/(?<=:)[^:]*\.[^:]*/g, '*')
    .replace(/(?<=:batch:)[^:]+/g, '*')
    .replace(/[0-9a-f]{32}/g, '*');
}
