import type { CouchServer } from '../../couchdb/server.ts';
import { createHealthWatch, type HealthWatch } from '../../health-watch.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { Storage } from '../../storage/storage.ts';
import { refusalOf } from './breaker-board.ts';

/** What a worker cannot do without. */
export interface WatchedTargets {
  readonly redis: RedisClient;
  readonly global: CouchServer;
  readonly clusters: readonly CouchServer[];
  readonly storage: Storage;
}

/** A look at the storage may go over a network. */
const STORAGE_INTERVAL_MS = 2_000;

/**
 * Looks at them whether or not there is work, so that an outage is seen before a job meets it. Holds nothing back, for one
 * look that failed says less than a job: breakers do that.
 */
export function watchTargets(
  { redis, global, clusters, storage }: WatchedTargets,
  onChange: () => void,
): HealthWatch {
  const servers = new Map([global, ...clusters].map((server) => [server.host, server]));
  return createHealthWatch({
    onChange,
    checks: [
      {
        name: 'Redis',
        async look() {
          await redis.ping();
          return '';
        },
      },
      ...[...servers].map(([host, server]) => ({
        name: `CouchDB ${host}`,
        look: async (signal: AbortSignal) => await whyUnwell(server, signal),
      })),
      {
        name: `storage ${storage.name}`,
        intervalMs: STORAGE_INTERVAL_MS,
        async look() {
          await storage.look();
          return '';
        },
      },
    ],
  });
}

/** Without a login: five wrong ones would lock everybody out (`docs/faults.md` §6.6). */
async function whyUnwell(server: CouchServer, signal: AbortSignal): Promise<string> {
  const health = await server.health(signal);
  if (health.state !== 'up') return health.reason;
  return server.nextTry === undefined ? '' : refusalOf(server);
}
