import type { Redis } from 'ioredis';
import { chunks } from '../chunk.ts';
import type { StoredDocument } from '../couchdb/documents.ts';
import { CouchError } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { databaseName } from '../instances/databases/prefix.ts';
import { askStackRedis } from './connect.ts';
import { documentsOf } from './documents.ts';
import { prefixOnCluster, type StackInstance } from './stack-instance.ts';

const TRIGGERS = 'io.cozy.triggers';

/** Members and keys named in one command, documents deleted in one request. */
const AT_A_TIME = 500;

export interface RemoveTriggersOptions extends Omit<StackInstance, 'domain'> {
  /** The CouchDB with the instance's databases. */
  readonly server: CouchServer;
  /** The Redis with the stack's triggers; undefined = the stack keeps them in its memory. */
  readonly stackRedis: Redis | undefined;
  readonly signal: AbortSignal;
  /** Called before each step that cannot be taken back. @throws when the job belongs to another worker by now */
  readonly assertHeld?: () => void;
}

/**
 * Takes the triggers of an instance from the stack's scheduler, then deletes their documents, without
 * which the scheduler passes over an entry that came back meanwhile. May be repeated at any point.
 *
 * @returns how many triggers there were
 * @throws CouchError 409 when a trigger was changed meanwhile; StackRedisAway
 */
export async function removeTriggers(options: RemoveTriggersOptions): Promise<number> {
  const { server, prefix, stackRedis, signal, assertHeld } = options;
  const database = databaseName(prefix, TRIGGERS);
  const triggers = await documentsOf(server, database, signal);
  if (stackRedis !== undefined) {
    for await (const chunk of chunks(triggers, AT_A_TIME)) {
      assertHeld?.();
      await unschedule(stackRedis, options, chunk);
    }
    assertHeld?.();
    await askStackRedis(stackRedis, () => stackRedis.del(`events-${prefix}`));
  }
  for await (const chunk of chunks(triggers, AT_A_TIME)) {
    assertHeld?.();
    await deleteAll(server, database, chunk, signal);
  }
  return triggers.length;
}

/** The stack's keys: `docs/cozy-data.md` §7. */
async function unschedule(
  redis: Redis,
  instance: Omit<StackInstance, 'domain'>,
  triggers: readonly StoredDocument[],
): Promise<void> {
  const entries = triggers.map(({ _id }) => `${prefixOnCluster(instance)}/${_id}`);
  const payloads = triggers.map(({ _id }) => `payload-${instance.prefix}/${_id}`);
  await askStackRedis(redis, async () => {
    await redis.zrem('triggers', ...entries);
    await redis.zrem('scheduling', ...entries);
    await redis.del(...payloads);
  });
}

async function deleteAll(
  server: CouchServer,
  database: string,
  triggers: readonly StoredDocument[],
  signal: AbortSignal,
): Promise<void> {
  const deleted = triggers.map(({ _id, _rev }) => ({ _id, _rev, _deleted: true }));
  for (const { id, error, reason = '' } of await server.bulkInsert(database, deleted, signal)) {
    if (error === undefined) continue;
    const status = error === 'conflict' ? 409 : 500;
    throw new CouchError(server.host, `deleting ${id} of ${database}`, { status, error, reason });
  }
}
