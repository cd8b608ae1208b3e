import type { Redis } from 'ioredis';
import { CouchError } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { askStackRedis } from './connect.ts';
import { prefixOnCluster, type StackInstance } from './stack-instance.ts';

export interface DeleteTriggersOptions {
  /** The CouchDB with the instance's databases. */
  readonly server: CouchServer;
  /** Name of the database with the instance's triggers. */
  readonly database: string;
  readonly instance: Omit<StackInstance, 'domain'>;
  /** Few: they go in one request. */
  readonly ids: readonly string[];
  /** The Redis with the stack's triggers; undefined = the stack keeps them in its memory. */
  readonly stackRedis: Redis | undefined;
  readonly signal: AbortSignal;
  /** Called before each step that cannot be taken back. @throws when the job belongs to another worker by now */
  assertHeld(): void;
}

/**
 * Deletes single triggers in the order of a stack: the documents, without which the scheduler runs nothing, then its
 * entries (`docs/cozy-data.md` §7). Those that are gone are fine; may be repeated at any point.
 *
 * @throws CouchError 409 when a trigger was changed meanwhile; StackRedisAway
 */
export async function deleteTriggers(options: DeleteTriggersOptions): Promise<void> {
  const { server, database, ids, signal, assertHeld } = options;
  if (ids.length === 0) return;
  const rows = await server.allDocuments(database, { keys: ids, includeDocs: true }, signal);
  const deleted = rows.flatMap(({ doc }) => {
    return doc ? [{ _id: doc._id, _rev: doc._rev, _deleted: true }] : [];
  });
  assertHeld();
  if (deleted.length > 0) {
    for (const { id, error, reason = '' } of await server.bulkInsert(database, deleted, signal)) {
      if (error === undefined) continue;
      const status = error === 'conflict' ? 409 : 500;
      throw new CouchError(server.host, `deleting ${id} of ${database}`, { status, error, reason });
    }
  }
  await unschedule(options);
}

/**
 * Takes triggers from the scheduler: entries for times, and those for events, for which of them a trigger had, only its
 * document told. To be called before `deleteTriggers` where nothing but these documents tells a later run of the triggers.
 * @throws StackRedisAway
 */
export async function unschedule({
  stackRedis,
  instance,
  ids,
}: Pick<DeleteTriggersOptions, 'stackRedis' | 'instance' | 'ids'>): Promise<void> {
  if (stackRedis === undefined || ids.length === 0) return;
  const entries = ids.map((id) => `${prefixOnCluster(instance)}/${id}`);
  await askStackRedis(stackRedis, async () => {
    await stackRedis.hdel(`events-${instance.prefix}`, ...ids);
    await stackRedis.zrem('triggers', ...entries);
    await stackRedis.zrem('scheduling', ...entries);
  });
}
