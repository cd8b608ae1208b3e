import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import type { FinalRowState } from '../batches/row-state.ts';
import { type Author, authorFields, MOST_OF_BY, MOST_OF_REASON } from '../kinds/author.ts';
import { batchRow } from '../kinds/envelope.ts';
import { KIND_NAMES, type LivePayload } from '../kinds/job-kinds.ts';
import { domainOf, type Payload } from '../kinds/payload.ts';
import type { Keys } from '../redis/keys.ts';
import { BATCH_SECONDS } from '../redis/retention.ts';
import { script } from '../redis/script.ts';

// What was done to a domain, by whom and why: kept beside its instances, so that it outlives them. No value of an
// instance is in here.

/** Entries that are kept of a domain. */
export const MOST_ENTRIES = 50;

/** Names of fields that are told of a change, and the characters of each. */
const MOST_FIELDS = 40;
const MOST_OF_FIELD = 64;

/** Of a code, and of the id of a job. */
const MOST_OF_WORD = 64;

const entry = z.object({
  /** Milliseconds since 1970. */
  at: z.int().min(0).max(8.64e15),
  what: z.enum([
    ...KIND_NAMES,
    'passphrase',
    'features',
    'retry',
    'cancel',
    'date',
    'date-cancel',
    'session-link',
  ]),
  /** How it ended; `asked` for what only has other work go on or stop. */
  state: z.enum(['done', 'skipped', 'incomplete', 'failed', 'cancelled', 'asked']),
  by: z.string().max(MOST_OF_BY).optional(),
  reason: z.string().max(MOST_OF_REASON).optional(),
  /** Which fields were to change. */
  fields: z.array(z.string().max(MOST_OF_FIELD)).max(MOST_FIELDS).optional(),
  jobId: z.string().max(MOST_OF_WORD).optional(),
  batch: batchRow.optional(),
  /** Code of the error (`docs/errors.md`). */
  code: z.string().max(MOST_OF_WORD).optional(),
});

/** Something that was done to a domain, or asked for. */
export type HistoryEntry = Readonly<z.infer<typeof entry>>;

/**
 * An entry that is told twice is kept once; what is no list of ours makes way.
 * KEYS: history. ARGV: id, entry, most entries, retention.
 */
const NOTE = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'list' then redis.call('DEL', KEYS[1]) end
local id = ARGV[1] .. ' '
for _, each in ipairs(redis.call('LRANGE', KEYS[1], 0, ARGV[3] - 1)) do
  if string.sub(each, 1, #id) == id then return 0 end
end
redis.call('LPUSH', KEYS[1], id .. ARGV[2])
redis.call('LTRIM', KEYS[1], 0, ARGV[3] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
`);

interface Store {
  readonly redis: RedisClient;
  readonly keys: Keys;
}

/**
 * Notes what was done to a domain.
 * @param id of what was done, without blanks: told again, it changes nothing
 */
export async function noteHistory(
  { redis, keys }: Store,
  domain: string,
  id: string,
  { fields, ...noted }: HistoryEntry,
): Promise<void> {
  const names = fields?.slice(0, MOST_FIELDS).map((name) => name.slice(0, MOST_OF_FIELD));
  const text = JSON.stringify({ ...noted, ...(names && { fields: names }) });
  await NOTE.run(redis, [keys.history(domain)], [id, text, MOST_ENTRIES, BATCH_SECONDS]);
}

/** What is known of a domain, latest first; what cannot be read as ours is passed over. @param domain as it is stored */
export async function readHistory({ redis, keys }: Store, domain: string): Promise<HistoryEntry[]> {
  const key = keys.history(domain);
  if ((await redis.type(key)) !== 'list') return [];
  const texts = await redis.lrange(key, 0, MOST_ENTRIES - 1);
  return texts.flatMap((text) => {
    const read = entry.safeParse(parsed(text.slice(text.indexOf(' ') + 1)));
    return read.success ? [read.data] : [];
  });
}

/** How one life of a job ended. */
export interface JobEnding {
  readonly jobId: string;
  readonly state: FinalRowState;
  readonly code?: string | undefined;
}

/** Notes the end of a job; may be told several times. */
export async function noteJobEnd(
  store: Store,
  payload: LivePayload,
  { jobId, state, code }: JobEnding,
): Promise<void> {
  // What is made beforehand is no instance's yet.
  if (payload.kind === 'fill-pool') return;
  const { kind, generation, batch, by, reason } = payload;
  const fields = changedFields(payload);
  await noteHistory(store, domainOf(payload), `${jobId}/${generation}`, {
    at: Date.now(),
    what: kind,
    state,
    jobId,
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
    ...(fields.length > 0 && { fields }),
    ...(batch !== undefined && { batch }),
    ...(code !== undefined && { code: code.slice(0, MOST_OF_WORD) }),
  });
}

/** An operator's word about a job. */
export interface Asked {
  readonly what: 'retry' | 'cancel';
  readonly jobId: string;
  readonly author: Author;
}

/** Notes that an operator wants a job to go on or to stop. That it cannot be noted makes no failure of it. */
export async function noteAsked(store: Store, domain: string, { what, jobId, author }: Asked): Promise<void> {
  const entry = { at: Date.now(), what, state: 'asked', jobId, ...authorFields(author) } as const;
  await noteHistory(store, domain, randomUUID(), entry).catch(() => undefined);
}

/** Names of the fields that a job changes, and never what they are to be. */
function changedFields(payload: Payload): string[] {
  return 'changes' in payload ? fieldsOf(payload.changes) : [];
}

/** What holds more than one thing, each of which is named by itself. */
const MAPS: readonly string[] = ['settings', 'featureFlags'];

/** Names of what a change is about; settings and flags by their own names. */
export function fieldsOf(changes: object): string[] {
  return Object.entries(changes).flatMap(([name, value]) =>
    MAPS.includes(name) && typeof value === 'object' && value !== null
      ? Object.keys(value).map((part) => `${name}.${part}`)
      : [name],
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
