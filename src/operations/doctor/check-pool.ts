import type { PoolConfig } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { createPoolStore, type PoolPage } from '../../instances/pool/pool-store.ts';
import { readWindow } from '../../jobs/batches/window.ts';
import { type PoolLook, readPoolLook } from '../../jobs/queue/pool-hints.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import { count, readableDuration } from '../../quantity-text.ts';
import type { RedisClient } from '../../redis/client.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('pool');

/** What is judged of the pool. */
export interface PoolFacts {
  readonly settings: PoolConfig;
  /** Its items; undefined without CouchDB. */
  readonly page: PoolPage | undefined;
  /** How a worker has found it last; undefined where none did, or without Redis. */
  readonly look: PoolLook | undefined;
  /** Indexes of the clusters open to creation. */
  readonly open: readonly number[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Milliseconds after which a worker should have looked at it again. */
const LATE_MS = 60_000;

/** Milliseconds that a job may take with one item. */
const STUCK_MS = 600_000;

/** What is judged of the pool; nothing where there is none. */
export function judgePool({ settings, page, look, open, now }: PoolFacts): Finding[] {
  const { size, low, window } = settings;
  const hours = window === undefined || readWindow(window) !== undefined ? [] : [badWindow(window)];
  if (page === undefined) {
    if (size === 0) return [];
    return [
      ...hours,
      found.fail('items', 'how the pool is filled is unknown without CouchDB', 'Put CouchDB right first.'),
    ];
  }
  const { items, unreadable } = page;
  const findings = [...hours];
  if (unreadable.length > 0) {
    const text = `${count(unreadable.length)} documents of cozy-fleet-pool are none of ours: ${unreadable.slice(0, 3).join(', ')}`;
    findings.push(
      found.warn('unreadable', text, 'A later version may have written them; nothing is done about them.'),
    );
  }
  if (size === 0) {
    if (items.length > 0) {
      const text = `${count(items.length)} items are left of a pool that is switched off`;
      findings.push(found.warn('left', text, 'Remove them: cozy-fleet pool drain'));
    }
    return findings;
  }
  const stuck = items.filter(({ state, since }) => state !== 'ready' && now - Date.parse(since) > STUCK_MS);
  if (stuck.length > 0) {
    const text = `${count(stuck.length)} items are at the same for more than ${readableDuration(STUCK_MS)}`;
    findings.push(
      found.warn('stuck', text, 'See them: cozy-fleet pool ls --items; and the log of the workers.'),
    );
  }
  const ready = (cluster: number) =>
    items.filter((item) => item.cluster === cluster && item.state === 'ready');
  for (const cluster of open) {
    const wanted = look?.clusters.find((each) => each.cluster === cluster)?.definitions;
    const useful = ready(cluster).filter(({ definitions }) => wanted === undefined || definitions === wanted);
    const useless = ready(cluster).length - useful.length;
    if (useless > 0) {
      const text = `${count(useless)} items of cluster ${cluster} were made by other definitions than are needed now`;
      findings.push(
        found.warn(
          'definitions',
          text,
          'They go ten minutes after the last worker that wants them; if not, see the log. Workers of one version and one fleet.q want the same.',
        ),
      );
    }
    const text = `${count(useful.length)} of ${count(size)} items are ready on cluster ${cluster}`;
    const isLate = look === undefined || now - look.at > LATE_MS;
    if (useful.length < low && isLate) {
      findings.push(
        found.warn(
          'low',
          `${text}, and no worker looks after them`,
          'Start one with the same fleet.pool: cozy-fleet workers start',
        ),
      );
    } else findings.push(found.ok('ready', text));
  }
  return findings;
}

function badWindow(window: string): Finding {
  const text = `fleet.pool.window is never open: ${window} has a time zone that is not known, or no hours`;
  return found.fail('window', text, 'Write it as 22:00-06:00 Europe/Paris, or leave it out.');
}

/** Where they are; undefined for what does not answer. */
export interface PoolPlaces {
  readonly global: CouchServer | undefined;
  readonly redis: RedisClient | undefined;
  readonly keys: Keys;
}

/** Reads them, and writes nothing. */
export async function checkPool(
  { global, redis, keys }: PoolPlaces,
  about: Pick<PoolFacts, 'settings' | 'open' | 'now'>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const [page, look] = await Promise.all([
    global && createPoolStore(global).list(signal),
    redis && readPoolLook({ redis, keys }),
  ]);
  return judgePool({ ...about, page, look });
}
