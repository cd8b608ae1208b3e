import { createHmac, createSecretKey } from 'node:crypto';
import * as z from 'zod';
import { FleetError } from '../../errors.ts';
import { BATCH_SECONDS } from '../redis/retention.ts';
import { markedPassphrase } from './exported-passphrase.ts';
import type { Fleet, KeyedFleet } from './fleet.ts';
import { createRandomSource, derivedKey, seal, unseal } from './seal.ts';

// The rows of a file as the operator wrote them, kept with their batch so that those that failed can be given back. They
// are sealed: Redis is to know nothing of the owners that a payload does not say.

/** Columns of a row as its file has them, in its order: what it calls each, and the text. A passphrase is empty. */
export type OriginalColumns = readonly (readonly [column: string, text: string])[];

const originalRow = z.object({
  columns: z.array(z.tuple([z.string(), z.string()])),
  /** In stored form, where the row has one. */
  passphrase: markedPassphrase.optional(),
  /** Which the stored form depends on, and the domain as it was understood. */
  owner: z.object({ domain: z.string(), oldDomain: z.string().optional() }).optional(),
});

export type OriginalRow = Readonly<z.infer<typeof originalRow>>;

/** A row that may be kept. */
export interface WithOriginal {
  readonly row: number;
  /** Absent where no file says it, as for what meets a filter. */
  readonly original?: Omit<OriginalRow, 'columns'> & { readonly columns: OriginalColumns };
}

/** What is kept of rows, by their numbers: sealed, and good for its row alone. */
export type SealedOriginals = ReadonlyMap<string, string>;

/** Seals rows of a batch, one by one. @returns what seals one; undefined for a row that says nothing to be kept */
export function originalSealer(
  { sealKey }: Pick<KeyedFleet, 'sealKey'>,
  batchId: string,
): (row: WithOriginal) => string | undefined {
  const keyOf = keysFor(sealKey, batchId);
  const random = createRandomSource();
  return ({ row, original }) => (original === undefined ? undefined : seal(keyOf(row), original, random));
}

/** Keeps rows of a batch for as long as the batch. */
export async function keepOriginals(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  batchId: string,
  originals: SealedOriginals,
): Promise<void> {
  if (originals.size === 0) return;
  const key = keys.originals(batchId);
  await redis.multi().hset(key, new Map(originals)).expire(key, BATCH_SECONDS).exec();
}

/**
 * What was kept of these rows, in their order; undefined where nothing was, or what is there is not what was kept of
 * that very row.
 */
export async function readOriginals(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  sealKey: string,
  batchId: string,
  rows: readonly number[],
): Promise<(OriginalRow | undefined)[]> {
  if (rows.length === 0) return [];
  const keyOf = keysFor(sealKey, batchId);
  const texts = await redis.hmget(keys.originals(batchId), ...rows.map(String));
  return rows.map((row, at) => opened(keyOf(row), texts[at] ?? ''));
}

function opened(key: string, text: string): OriginalRow | undefined {
  try {
    return originalRow.safeParse(unseal(key, text)).data;
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

/** Keys of the rows of a batch, in base64, as `seal` takes them. */
function keysFor(sealKey: string, batchId: string): (row: number) => string {
  const key = createSecretKey(derivedKey(sealKey, 'seal of an original row'));
  return (row) =>
    createHmac('sha256', key)
      .update(JSON.stringify([batchId, row]))
      .digest('base64');
}
