import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { StoredDocument } from '../../couchdb/documents.ts';
import type { Designs } from '../databases/design-source.ts';
import { isPoolPrefix } from '../databases/pool-prefix.ts';

/**
 * What an item of the pool is at. `filling`: its databases are being made. `ready`: all of them, with their design
 * documents, were seen to be made. `claimed`: one creation has it, and nobody else ever gets it. `removing`: it goes.
 * From `claimed` and `removing` no way leads back.
 */
export const POOL_STATES = ['filling', 'ready', 'claimed', 'removing'] as const;

export type PoolState = (typeof POOL_STATES)[number];

const poolDocument = z.looseObject({
  _id: z.string().refine(isPoolPrefix),
  _rev: z.string().min(1),
  state: z.enum(POOL_STATES),
  cluster: z.int().min(0),
  definitions: z.string().regex(/^[0-9a-f]{32}$/),
  fleet: z.string().min(1).max(200),
  job: z.string().min(1).max(200),
  domain: z.string().min(1).optional(),
  since: z.iso.datetime(),
});

/** 16 databases with their design documents that wait for an instance. */
export interface PoolItem {
  /** Of its databases; the `_id` of its document. */
  readonly prefix: string;
  readonly rev: string;
  readonly state: PoolState;
  /** Index in `couchdb.clusters` of the one that has its databases. */
  readonly cluster: number;
  /** What it was made by ({@link definitionsDigest}): an item of other definitions is of no use. */
  readonly definitions: string;
  /** `fleet.prefix` of the fleet whose job that is: another fleet on the same CouchDB cannot know whether it lives. */
  readonly fleet: string;
  /** Id of the job that fills it, or that has claimed it. */
  readonly job: string;
  /** Domain of the instance it was claimed for. */
  readonly domain?: string;
  /** When it came into its state, in ISO 8601. */
  readonly since: string;
}

/** What is to become of an item. */
export type PoolChange = Omit<PoolItem, 'prefix' | 'rev' | 'since'>;

/**
 * Reads a document of the pool.
 * @returns undefined for one that is none of ours, or of a version that we do not know: it is left alone
 */
export function readPoolItem(document: StoredDocument): PoolItem | undefined {
  const parsed = poolDocument.safeParse(document);
  if (!parsed.success) return undefined;
  const { _id: prefix, _rev: rev, state, cluster, definitions, fleet, job, domain, since } = parsed.data;
  return {
    prefix,
    rev,
    state,
    cluster,
    definitions,
    fleet,
    job,
    since,
    ...(domain === undefined ? {} : { domain }),
  };
}

/** What an item is made by: the design documents as the server stores them, and shards and copies as they are asked for. */
export interface PoolDefinitions {
  readonly designs: Designs;
  /** `fleet.q`; undefined = the server's own. */
  readonly q: number | undefined;
  /** `fleet.n`; undefined = the server's own. */
  readonly n: number | undefined;
}

/** A text that is equal for two items that are of the same use. */
export function definitionsDigest({ designs, q, n }: PoolDefinitions): string {
  const all = [...designs].map(([doctype, documents]) => [doctype, documents]);
  return createHash('sha256')
    .update(JSON.stringify([all, q ?? null, n ?? null]))
    .digest('hex')
    .slice(0, 32);
}
