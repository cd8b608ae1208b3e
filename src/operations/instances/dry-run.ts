import type { Config } from '../../config/config.ts';
import { redisAddress } from '../../config/redis-target.ts';
import { connectFleetRedis } from '../../jobs/redis/connect-fleet-redis.ts';
import { type Couch, checkCouch } from '../connect/couch.ts';
import { type Preflight, preflight } from './preflight.ts';

/** What a dry run tells on its way. */
export type DryRunReport =
  | { readonly event: 'estimate'; readonly estimate: Preflight }
  /** A server that would be needed answers; `name` is its address. */
  | { readonly event: 'answers'; readonly server: 'CouchDB' | 'Redis'; readonly name: string };

/**
 * Says what so many creations would take, and whether all servers can be used; nothing is queued and nothing is
 * written.
 * @throws FleetError when CouchDB or Redis cannot be used
 */
export async function dryRun(
  config: Config,
  couch: Couch,
  instances: number,
  report: (report: DryRunReport) => void,
): Promise<Preflight> {
  const estimate = await preflight(config, instances);
  report({ event: 'estimate', estimate });
  for (const server of couch.servers()) {
    await checkCouch(server);
    report({ event: 'answers', server: 'CouchDB', name: server.host });
  }
  const redis = await connectFleetRedis(config.fleet, 'command');
  redis.disconnect();
  report({ event: 'answers', server: 'Redis', name: redisAddress(config.fleet.redis) });
  return estimate;
}
