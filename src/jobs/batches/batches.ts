import { slices } from '../../chunk.ts';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { Author } from '../kinds/author.ts';
import { hashFields } from '../redis/hash-fields.ts';
import type { Keys } from '../redis/keys.ts';
import { BATCH_SECONDS } from '../redis/retention.ts';
import { newBatchId } from './batch-id.ts';
import type { BatchKind } from './batch-kind.ts';
import {
  type BatchRecord,
  batchOf,
  type EndedRows,
  endedRowsOf,
  type Halt,
  haltOf,
  type RowInfo,
} from './batch-record.ts';
import {
  ENTER_ROWS,
  MOVE_ROW,
  RATE_BUCKET_SECONDS,
  SET_HALT,
  SET_TOTAL,
  UNREPORTED,
} from './batch-scripts.ts';
import { createRowReader, type RowReader } from './row-reader.ts';
import { fence, type RowState } from './row-state.ts';
import { type SteeringChange, steeringFields } from './steering.ts';

export type { EndedRows, Halt, Row, RowInfo } from './batch-record.ts';
export type { RowCause, RowChoice } from './row-choice.ts';

export interface Batch extends BatchRecord {
  readonly id: string;
}

export interface NewBatch {
  readonly kind: BatchKind;
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  readonly total: number;
  readonly maxFailures?: number | undefined;
  /** The share of the total by which that was said, in percent. */
  readonly maxFailuresPercent?: number | undefined;
  /** What holds it back from the beginning. */
  readonly steering?: SteeringChange | undefined;
  /** Address to notify, sealed (`fleet/notices.ts`). */
  readonly notify?: string | undefined;
}

export interface Report extends RowInfo {
  readonly batchId: string;
  readonly row: number;
  readonly state: RowState;
  readonly generation: number;
  readonly attempt: number;
  /** Of a row whose job is parked: where it waits at the gate (`gate/parked.ts`). */
  readonly place?: number | undefined;
}

/** More failed and incomplete rows than this stop a batch. */
export interface FailureLimit {
  readonly maxFailures: number;
  /** The share of the total by which that was said, in percent. */
  readonly maxFailuresPercent?: number | undefined;
}

/** A row that waits for its first attempt. */
export interface EnteredRow extends RowInfo {
  readonly row: number;
  /** As in `Report`. */
  readonly place?: number | undefined;
}

/** Rows that are entered in one call: it keeps Redis for about a millisecond. */
const MOST_AT_ONCE = 100;

export type UnreportedRow = Omit<Report, 'state' | 'generation' | 'attempt' | 'place'>;

export interface Batches extends RowReader {
  create(batch: NewBatch): Promise<string>;
  /** Makes the batch of that id. @returns false when it is there already, and stays as it is */
  createOnce(id: string, batch: NewBatch): Promise<boolean>;
  /** Writes again what is known of the batch itself, where Redis has forgotten it. */
  restore(id: string, batch: NewBatch, createdAt: number): Promise<void>;
  /**
   * Makes rows known that wait for their first attempt, as `report` does, but in few calls.
   * @returns numbers of those of which something was known already, and which are left as they are
   */
  enter(batchId: string, rows: readonly EnteredRow[]): Promise<number[]>;
  /** @returns false when the report was not newer than what is known */
  report(report: Report): Promise<boolean>;
  /** Fails a row without a report; any report on it, then or later, wins. */
  giveUp(row: UnreportedRow): Promise<void>;
  /** @throws InputError `unknown_batch` */
  get(id: string): Promise<Batch>;
  /** Undefined where there is none. */
  find(id: string): Promise<Batch | undefined>;
  /** Newest first. */
  list(limit: number): Promise<Batch[]>;
  /** How many rows ended when, oldest first; a row that was tried again counts each time. */
  ended(id: string): Promise<EndedRows[]>;
  halt(id: string): Promise<Halt | undefined>;
  /** @param author who wanted it and why */
  setHalt(id: string, halt: Halt, author?: Author): Promise<void>;
  /** Lets a halted batch go on, for rows that are tried again. @param author who wanted it and why */
  liftHalt(id: string, author: Author): Promise<void>;
  /**
   * Changes what holds a batch back; `failures` stop it, `null` takes that limit away. The gate has to be asked anew
   * (`gate/gate.ts`).
   */
  steer(id: string, change: SteeringChange, failures?: FailureLimit | null): Promise<void>;
  /** Corrects the total of a batch whose submission was cut short. */
  setTotal(id: string, total: number): Promise<void>;
  /** Since when rows of it are missing, in milliseconds: since `now` where that was not known before. */
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
      hashFields(redis, keys.batch(id)),
      hashFields(redis, keys.counts(id)),
    ]);
    const record = batchOf(fields, counts);
    return record && { id, ...record };
  }

  function keysOfRows(batchId: string): string[] {
    const ofBatch = [keys.rows, keys.counts, keys.batch, keys.rate, keys.held, keys.released];
    return [...ofBatch.map((key) => key(batchId)), keys.gate, keys.outbox, keys.causes(batchId)];
  }

  async function enterSome(batchId: string, some: readonly EnteredRow[]): Promise<number[]> {
    const each = some.flatMap(({ row, place = '', ...info }) => [row, JSON.stringify(info), place]);
    const known = await ENTER_ROWS.run(redis, keysOfRows(batchId), [
      BATCH_SECONDS,
      batchId,
      keys.index,
      ...each,
    ]);
    if (!Array.isArray(known)) throw new Error(`unexpected answer of the script: ${String(known)}`);
    return known.map(Number);
  }

  async function move(
    { batchId, row, ...info }: UnreportedRow,
    state: RowState,
    order: number,
    place?: number,
  ): Promise<boolean> {
    const moved = await MOVE_ROW.run(redis, keysOfRows(batchId), [
      row,
      state,
      order,
      JSON.stringify(info),
      BATCH_SECONDS,
      keys.batchChannel,
      batchId,
      place ?? '',
      keys.index,
      keys.rowsChannel(batchId),
    ]);
    return moved === 1;
  }

  async function createOnce(id: string, batch: NewBatch): Promise<boolean> {
    const key = keys.batch(id);
    const createdAt = Date.now();
    if ((await redis.hsetnx(key, 'createdAt', createdAt)) === 0) return false;
    await redis
      .multi()
      .hset(key, fieldsOf(batch, createdAt))
      .expire(key, BATCH_SECONDS)
      .zadd(keys.batches, createdAt, id)
      .exec();
    return true;
  }

  const reader = createRowReader(redis, keys);

  return {
    get,
    find: read,

    async create(batch) {
      for (;;) {
        const id = newBatchId();
        if (await createOnce(id, batch)) return id;
      }
    },

    createOnce,

    async restore(id, batch, createdAt) {
      const writes = redis.multi();
      const known = { createdAt, ...fieldsOf(batch, createdAt) };
      // What was changed since must stay: only what is wholly unknown is written again.
      if ((await redis.hexists(keys.batch(id), 'total')) === 1) return;
      for (const [field, value] of Object.entries(known)) writes.hsetnx(keys.batch(id), field, value);
      await writes.zadd(keys.batches, 'NX', createdAt, id).exec();
    },

    async enter(batchId, rows) {
      const parts = [...slices(rows, MOST_AT_ONCE)];
      return (await Promise.all(parts.map((part) => enterSome(batchId, part)))).flat();
    },

    async report({ state, generation, attempt, place, ...row }) {
      return await move(row, state, fence(generation, attempt, state), place);
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

    ...reader,

    async ended(id) {
      return endedRowsOf(await hashFields(redis, keys.rate(id)), RATE_BUCKET_SECONDS);
    },

    async halt(id) {
      const value = await redis.hget(keys.batch(id), 'halt');
      return haltOf(value ?? undefined);
    },

    async setHalt(id, halt, { by, reason } = { by: '', reason: '' }) {
      await SET_HALT.run(redis, [keys.batch(id), keys.outbox], [halt, by, reason, id]);
    },

    async liftHalt(id, { by, reason }) {
      await redis
        .multi()
        .hdel(keys.batch(id), 'halt', 'haltBy', 'haltReason')
        .hset(keys.batch(id), { retriedBy: by, retryReason: reason })
        .exec();
    },

    async steer(id, change, failures) {
      const { set, remove } = steeringFields(change, Date.now());
      const gone = [...remove, ...(failures === undefined ? [] : ['maxFailures', 'maxFailuresPercent'])];
      const changed = { ...set, ...defined({ ...failures }) };
      const writes = redis.multi();
      if (gone.length > 0) writes.hdel(keys.batch(id), ...gone);
      if (Object.keys(changed).length > 0) writes.hset(keys.batch(id), changed);
      // The next canary is one of its own.
      if (change.canary !== undefined) writes.del(keys.canary(id));
      await writes.exec();
    },

    async setTotal(id, total) {
      await SET_TOTAL.run(redis, [keys.counts(id), keys.batch(id), keys.outbox], [total, id]);
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

/** A new batch as it is kept. @param now milliseconds since 1970 */
function fieldsOf({ steering = {}, ...fields }: NewBatch, now: number): Record<string, string | number> {
  return { ...defined(fields), ...steeringFields(steering, now).set };
}
