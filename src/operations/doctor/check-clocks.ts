import { Cluster } from 'ioredis';
import type { Config } from '../../config/config.ts';
import { couchHost } from '../../config/urls.ts';
import { serverDate } from '../../couchdb/server-date.ts';
import type { RedisClient } from '../../redis/client.ts';
import { signalWithin } from '../../signal-within.ts';
import type { Finding } from './finding.ts';
import { judgeClock, readClock, unreadClock } from './judge-clock.ts';

/** How long CouchDB may take to say the time, in milliseconds. */
const ANSWER_MS = 3_000;

/** What HTTP says of the time are whole seconds, Redis says microseconds. */
const GRAINS = { http: 1_000, redis: 1 };

/** Compares this machine's clock with those of Redis and of each CouchDB. @param redis undefined where it is away */
export async function checkClocks(
  { couchdb }: Config,
  redis: RedisClient | undefined,
  now: () => number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const urls = [...new Set([couchdb.url, ...couchdb.clusters.map(({ url }) => url)])];
  const ofCouch = urls.map((url) => {
    const name = `CouchDB at ${couchHost(url)}`;
    const ends = signalWithin(ANSWER_MS, signal);
    return look(name, GRAINS.http, now, () => serverDate(url, couchdb.tls, ends));
  });
  const ofRedis =
    redis === undefined
      ? Promise.resolve(unreadClock('Redis'))
      : look('Redis', GRAINS.redis, now, () => timeOf(redis));
  return await Promise.all([ofRedis, ...ofCouch]);
}

async function look(
  name: string,
  grain: number,
  now: () => number,
  ask: () => Promise<number | undefined>,
): Promise<Finding> {
  try {
    const reading = await readClock(name, grain, now, ask);
    return reading === undefined ? unreadClock(name) : judgeClock(reading);
  } catch {
    return unreadClock(name);
  }
}

async function timeOf(redis: RedisClient): Promise<number | undefined> {
  const node = redis instanceof Cluster ? redis.nodes('master')[0] : redis;
  const [seconds, microseconds] = (await node?.time()) ?? [];
  const at = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  return Number.isSafeInteger(at) ? at : undefined;
}
