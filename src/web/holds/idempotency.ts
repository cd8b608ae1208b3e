import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { InputError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';

// A client that sends an `Idempotency-Key` gets the same answer for the same request, for a day. Tokens are not kept:
// an instance is read anew, as long as it is of the same life.

/** How long an answer is kept. */
const ANSWER_SECONDS = 24 * 3600;

/** Of a key: what clients send are UUIDs and the like. */
const KEY = /^[\x21-\x7e]{1,255}$/;

const MOST_CHARACTERS = 4_096;

const text = z.string().max(MOST_CHARACTERS);

const keptAnswer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('made'),
    /** Of the life that was made (`ARCHITECTURE.md` §3.3). */
    incarnation: z.string().regex(/^[0-9a-f]{16}$/),
  }),
  z.strictObject({
    kind: z.literal('refused'),
    status: z.int().min(400).max(499),
    title: text,
    detail: text,
    parameter: text.optional(),
  }),
]);

/** An answer that will not be another one the next time. */
export type KeptAnswer = z.infer<typeof keptAnswer>;

const record = z.strictObject({ request: z.string().max(64), answer: keptAnswer.optional() });

/** What is known of a key. */
export type KeyStand =
  /** It was not answered yet, or never for good. */
  | { readonly state: 'open' }
  | { readonly state: 'answered'; readonly answer: KeptAnswer }
  /** It came with another request. */
  | { readonly state: 'other' };

type Store = Pick<Fleet, 'redis' | 'keys'>;

/** The key of a request; undefined for one without. @throws InputError `bad_request` for what is none */
export function idempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw new InputError('bad_request', 'Idempotency-Key must be 1 to 255 characters of ASCII, without blanks');
}

/** Takes a key for a request, or says what became of it. @param request digest of what is asked for */
export async function takeKey(store: Store, key: string, request: string): Promise<KeyStand> {
  const { redis } = store;
  const name = nameOf(store, key);
  const taken = await redis.set(name, JSON.stringify({ request }), 'EX', ANSWER_SECONDS, 'NX');
  if (taken !== null) return { state: 'open' };
  const known = readRecord(await redis.get(name));
  // It ran out in this moment, or somebody else has written there.
  if (known === undefined) return { state: 'open' };
  if (known.request !== request) return { state: 'other' };
  return known.answer === undefined ? { state: 'open' } : { state: 'answered', answer: known.answer };
}

/** Keeps the answer to a request, for a day from now. To be done before it goes out. */
export async function keepAnswer(
  store: Store,
  key: string,
  request: string,
  answer: KeptAnswer,
): Promise<void> {
  await store.redis.set(nameOf(store, key), JSON.stringify({ request, answer }), 'EX', ANSWER_SECONDS);
}

function readRecord(stored: string | null): z.infer<typeof record> | undefined {
  try {
    return record.safeParse(JSON.parse(stored ?? 'null')).data;
  } catch {
    return undefined;
  }
}

/** Whatever a key holds, its name has a bounded length. */
function nameOf({ keys }: Store, key: string): string {
  return keys.idempotency(createHash('sha256').update(key).digest('hex'));
}
