import * as z from 'zod';
import { envelope } from './envelope.ts';
import { defineKind } from './kind.ts';

/** Items, at the most, to which a pool may be filled (`config/pool-section.ts`). */
const MOST_ITEMS = 10_000;

const payload = z.strictObject({
  ...envelope,
  kind: z.literal('fill-pool'),
  /** Index of the cluster in `couchdb.clusters`. */
  cluster: z.int().min(0).max(9_999),
  /** Items that are to be there at the end. */
  to: z.int().min(1).max(MOST_ITEMS),
  /** Whether it goes on outside the hours of `fleet.pool.window`: somebody asked for it. */
  anytime: z.boolean(),
});

export type FillPoolPayload = z.infer<typeof payload>;

const NAME = /^\.pool\.(?:0|[1-9]\d{0,3})$/;

/** The name that is held while the pool of a cluster is filled; it begins with a dot, so it is no domain. */
export function poolName(cluster: number): string {
  return `.pool.${cluster}`;
}

/** Whether it is the name of a pool, where other jobs have the domain of an instance. */
export function isPoolName(text: string): boolean {
  return NAME.test(text);
}

/** Makes databases beforehand, for instances that nobody has asked for yet. */
export const fillPool = defineKind({
  name: 'fill-pool',
  hasLinks: false,
  payload,
  stages: ['fill'],
  /** At least one item was made, or none: the pool is full, or other jobs wait. */
  outcomes: { done: 'filled', skipped: 'unfilled' },
  words: {
    done: 'filled',
    skipped: 'not filled',
    doing: 'filling',
    noun: 'filling',
    endings: {
      done: (name) => `Databases were made for ${name}`,
      skipped: (name) => `Nothing was made for ${name}: it is full, or other jobs wait`,
    },
  },
  namesOf: ({ cluster }) => [poolName(cluster)],
  digest: ({ kind, cluster, to, anytime }) => JSON.stringify([kind, cluster, to, anytime]),
});

export type FillStageName = (typeof fillPool.stages)[number];
