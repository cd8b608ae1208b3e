import { randomInt } from 'node:crypto';
import { InputError } from '../../errors.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { JobKind } from '../kinds/job-kinds.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';
import {
  type BatchRecord,
  batchOf,
  type Halt,
  haltOf,
  isRowNumber,
  type Row,
  type RowInfo,
  rowOf,
} from './batch-record.ts';
import { fence, ROW_STATES, type RowState } from './row-state.ts';

export type { Halt, Row, RowInfo } from './batch-record.ts';

export interface Batch extends BatchRecord {
  readonly id: string;
}

export interface NewBatch {
  readonly kind: JobKind;
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  readonly total: number;
  readonly maxFailures?: number | undefined;
}

export interface Report extends RowInfo {
  readonly batchId: string;
  readonly row: number;
  readonly state: RowState;
  readonly generation: number;
  readonly attempt: number;
}

export type UnreportedRow = Omit<Report, 'state' | 'generation' | 'attempt'>;

/** Of a row that nobody has reported: its job may have begun, and has the word. */
const UNREPORTED = fence(0, 0, 'waiting');

/** How long a batch is kept after its last report. */
const RETENTION_SECONDS = 90 * 24 * 3600;

/** Without characters that are mistaken for others when read aloud. */
const ID_ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const ID_LENGTH = 5;

/**
 * A batch has ended when as many rows as it has, or more, have ended and none is under way. More there are where
 * rows were given up under numbers that were a guess, and turned up under their own.
 */
const HAS_ENDED = `
local function hasEnded(counts, batch)
  local known = redis.call('HMGET', batch, 'final', 'total')
  local total = tonumber(known[2])
  if not total or (tonumber(known[1]) or 0) < total then return false end
  for _, rows in ipairs(redis.call('HMGET', counts, 'waiting', 'active', 'retrying')) do
    if (tonumber(rows) or 0) > 0 then return false end
  end
  return true
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`;

/**
 * Moves a row from its old state to a new one and adjusts the counters; a report that is not newer
 * than what is known changes nothing (`docs/bullmq.md` §9). A row that was given up unreported has the fence
 * of one that waits for its first attempt, and makes way for that too.
 * KEYS: rows, counts, batch. ARGV: row, state, fence, info, retention, channel, batch id.
 */
const REPORT = script(`${HAS_ENDED}
local cur = redis.call('HGET', KEYS[1], ARGV[1])
local old, fence = false, -1
if cur then
  -- What nobody of ours has written makes way.
  local state, order = string.match(cur, '^(%l+) (%d+)')
  if state then old, fence = state, tonumber(order) end
end
local givenUp = old == 'failed' and fence == ${UNREPORTED}
if tonumber(ARGV[3]) < fence or (tonumber(ARGV[3]) == fence and not givenUp) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
if old == ARGV[2] then return 1 end

local final = {done = 1, skipped = 1, incomplete = 1, failed = 1, cancelled = 1}
if old then
  redis.call('HINCRBY', KEYS[2], old, -1)
  redis.call('ZREM', KEYS[2] .. ':' .. old, ARGV[1])
end
local count = redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
redis.call('ZADD', KEYS[2] .. ':' .. ARGV[2], ARGV[1], ARGV[1])

redis.call('HINCRBY', KEYS[3], 'final', (final[ARGV[2]] or 0) - (old and final[old] or 0))
if ARGV[2] == 'failed' or ARGV[2] == 'incomplete' then
  local other = ARGV[2] == 'failed' and 'incomplete' or 'failed'
  count = count + tonumber(redis.call('HGET', KEYS[2], other) or 0)
  local limit = redis.call('HGET', KEYS[3], 'maxFailures')
  if limit and count > tonumber(limit) then redis.call('HSETNX', KEYS[3], 'halt', 'too-many-failures') end
end
if hasEnded(KEYS[2], KEYS[3]) then
  redis.call('HSET', KEYS[3], 'endedAt', now())
  redis.call('PUBLISH', ARGV[6], ARGV[7])
else
  redis.call('HDEL', KEYS[3], 'endedAt')
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[5]) end
redis.call('EXPIRE', KEYS[2] .. ':' .. ARGV[2], ARGV[5])
return 1
`);

/** Its rows may all have ended by now, and then nobody reports any more. KEYS: counts, batch. ARGV: total. */
const SET_TOTAL = script(`${HAS_ENDED}
redis.call('HSET', KEYS[2], 'total', ARGV[1])
if hasEnded(KEYS[1], KEYS[2]) then redis.call('HSETNX', KEYS[2], 'endedAt', now()) end
`);

export interface Batches {
  create(batch: NewBatch): Promise<string>;
  /** Writes again what is known of the batch itself, where Redis has forgotten it. */
  restore(id: string, batch: NewBatch, createdAt: number): Promise<void>;
  /** @returns false when the report was not newer than what is known */
  report(report: Report): Promise<boolean>;
  /** Fails a row that nobody has reported; whatever is reported of it, then or later, wins. */
  giveUp(row: UnreportedRow): Promise<void>;
  /** @throws InputError `unknown_batch` */
  get(id: string): Promise<Batch>;
  /** Newest first. */
  list(limit: number): Promise<Batch[]>;
  row(id: string, row: number): Promise<Row | undefined>;
  /** Rows in the order of the file, page by page; only those of some states where they are given. */
  rows(id: string, ...states: readonly RowState[]): AsyncGenerator<Row>;
  halt(id: string): Promise<Halt | undefined>;
  setHalt(id: string, halt: Halt | undefined): Promise<void>;
  /** Corrects the total of a batch whose submission was cut short. */
  setTotal(id: string, total: number): Promise<void>;
  /** Since when rows of it are missing, in milliseconds: since `now` if nobody has noticed before. */
  shortSince(id: string, now: number): Promise<number>;
  forgetShort(id: string): Promise<void>;
}

/** Batches and their rows in Redis (`ARCHITECTURE.md` §5). */
export function createBatches(redis: RedisClient, keys: Keys): Batches {
  async function get(id: string): Promise<Batch> {
    const found = await read(id);
    if (found === undefined) {
      throw new InputError(
        'unknown_batch',
        `there is no batch ${id}`,
        {},
        'cozy-fleet batches ls lists them.',
      );
    }
    return found;
  }

  async function read(id: string): Promise<Batch | undefined> {
    const [fields, counts] = await Promise.all([
      fieldsAt(redis, keys.batch(id)),
      fieldsAt(redis, keys.counts(id)),
    ]);
    const record = batchOf(fields, counts);
    return record && { id, ...record };
  }

  async function move({ batchId, row, ...info }: UnreportedRow, state: RowState, order: number) {
    const moved = await REPORT.run(
      redis,
      [keys.rows(batchId), keys.counts(batchId), keys.batch(batchId)],
      [row, state, order, JSON.stringify(info), RETENTION_SECONDS, keys.batchChannel, batchId],
    );
    return moved === 1;
  }

  return {
    get,

    async create(batch) {
      for (;;) {
        const id = newId();
        const key = keys.batch(id);
        const createdAt = Date.now();
        if ((await redis.hsetnx(key, 'createdAt', createdAt)) === 0) continue;
        const { maxFailures, ...fields } = batch;
        await redis
          .multi()
          .hset(key, { ...fields, ...(maxFailures === undefined ? {} : { maxFailures }) })
          .expire(key, RETENTION_SECONDS)
          .zadd(keys.batches, createdAt, id)
          .exec();
        return id;
      }
    },

    async restore(id, { maxFailures, ...fields }, createdAt) {
      const known = { createdAt, ...fields, ...(maxFailures === undefined ? {} : { maxFailures }) };
      const writes = redis.multi();
      for (const [field, value] of Object.entries(known)) writes.hsetnx(keys.batch(id), field, value);
      await writes.zadd(keys.batches, 'NX', createdAt, id).exec();
    },

    async report({ state, generation, attempt, ...row }) {
      return await move(row, state, fence(generation, attempt, state));
    },

    async giveUp(row) {
      await move(row, 'failed', UNREPORTED);
    },

    async list(limit) {
      const ids = await redis.zrange(keys.batches, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, limit);
      const found = await Promise.all(ids.map(read));
      await Promise.all(
        ids.filter((_, at) => found[at] === undefined).map((id) => redis.zrem(keys.batches, id)),
      );
      return found.filter((batch) => batch !== undefined);
    },

    async row(id, row) {
      const text = await redis.hget(keys.rows(id), String(row));
      return text === null ? undefined : rowOf(row, text);
    },

    async *rows(id, ...states) {
      const sets = (states.length === 0 ? ROW_STATES : states).map((each) => `${keys.counts(id)}:${each}`);
      for await (const page of pages(redis, sets)) {
        if (page.length === 0) continue;
        const texts = await redis.hmget(keys.rows(id), ...page.map(String));
        for (const [at, text] of texts.entries()) {
          const row = page[at];
          if (text === null || row === undefined) continue;
          const found = rowOf(row, text);
          if (states.length === 0 || states.includes(found.state)) yield found;
        }
      }
    },

    async halt(id) {
      const value = await redis.hget(keys.batch(id), 'halt');
      return haltOf(value ?? undefined);
    },

    async setHalt(id, halt) {
      if (halt === undefined) await redis.hdel(keys.batch(id), 'halt');
      else await redis.hset(keys.batch(id), 'halt', halt);
    },

    async setTotal(id, total) {
      await SET_TOTAL.run(redis, [keys.counts(id), keys.batch(id)], [total]);
    },

    async shortSince(id, now) {
      await redis.hsetnx(keys.batch(id), 'shortSince', now);
      return Number(await redis.hget(keys.batch(id), 'shortSince'));
    },

    async forgetShort(id) {
      await redis.hdel(keys.batch(id), 'shortSince');
    },
  };
}

/** Fields of a hash; none where somebody has put something else there. */
async function fieldsAt(redis: RedisClient, key: string): Promise<Record<string, string>> {
  try {
    return await redis.hgetall(key);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return {};
    throw error;
  }
}

/** Rows are read in pages of this many, so that Redis is never held up (`docs/bullmq.md` §8). */
const PAGE = 500;

/**
 * Row numbers of some states, ascending, page by page. The states are read in one transaction a page:
 * a row that moves meanwhile is in exactly one of them, and never missed. What is no number of a row is passed over.
 */
async function* pages(redis: RedisClient, sets: readonly string[]): AsyncGenerator<number[]> {
  let after = '0';
  for (;;) {
    const commands = sets.map((set) => [
      'zrange',
      set,
      `(${after}`,
      '+inf',
      'BYSCORE',
      'LIMIT',
      0,
      PAGE,
      'WITHSCORES',
    ]);
    const answers = (await redis.multi(commands).exec()) ?? [];
    const found = answers.flatMap(([error, members]) => {
      if (error !== null) throw error;
      return Array.isArray(members) ? scored(members.map(String)) : [];
    });
    const page = found.sort((a, b) => Number(a.score) - Number(b.score)).slice(0, PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map(({ member }) => Number(member)).filter(isRowNumber);
    // By its score, as Redis goes on: a member may say another number.
    after = last.score;
  }
}

/** What Redis answers one after the other. */
function scored(answer: readonly string[]): { readonly member: string; readonly score: string }[] {
  return answer.flatMap((member, at) => (at % 2 === 0 ? [{ member, score: answer[at + 1] ?? '' }] : []));
}

function newId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
}
