import { Cluster, type Redis } from 'ioredis';
import { type RedisTarget, redisAddress } from '../../../config/redis-target.ts';
import { toError } from '../../../errors.ts';
import { settingOf } from '../../../jobs/redis/connect-fleet-redis.ts';
import type { Keys } from '../../../jobs/redis/keys.ts';
import { neededCommands } from '../../../jobs/redis/needed-commands.ts';
import type { RedisClient } from '../../../redis/client.ts';
import { connectRedis } from '../../../redis/connect-redis.ts';
import { letsAnybodyIn } from '../../../redis/lets-anybody-in.ts';

/** What one Redis says of itself; a cluster has several. */
export interface RedisNodeFacts {
  /** Host and port, or what else stands for it. */
  readonly address: string;
  /** Fields of INFO; undefined where our user may not ask. */
  readonly info: ReadonlyMap<string, string> | undefined;
  /** Settings of CONFIG; undefined where our user may not ask, as with most Redis that one rents. */
  readonly settings: ReadonlyMap<string, string> | undefined;
  /** Keys in our database, ours or not. */
  readonly keys: number | undefined;
}

/** What is known of the fleet's Redis, once it lets us in. */
export interface RedisFacts {
  readonly nodes: readonly RedisNodeFacts[];
  readonly letsAnybodyIn: boolean;
  /** Batches that are kept. */
  readonly batches: number;
}

/** Settings that are judged. */
const SETTINGS = ['appendfsync', 'maxmemory-policy', 'maxmemory', 'save', 'stop-writes-on-bgsave-error'];

/** Looks as a command does, first whether it can be used at all. @throws FleetError as `connectRedis` */
export async function openForLook(target: RedisTarget, keys: Keys): Promise<RedisClient> {
  return await connectRedis({
    target,
    role: 'command',
    setting: settingOf(target),
    needs: neededCommands(keys),
  });
}

/** Asks it, and changes nothing. */
export async function readRedis(target: RedisTarget, redis: RedisClient, keys: Keys): Promise<RedisFacts> {
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
  const [facts, anybody, batches] = await Promise.all([
    Promise.all(
      nodes.map((node) => readNode(node, nodes.length > 1 ? addressOf(node) : redisAddress(target))),
    ),
    letsAnybodyIn(target),
    redis.zcard(keys.batches),
  ]);
  return { nodes: facts, letsAnybodyIn: anybody, batches };
}

async function readNode(redis: Redis, address: string): Promise<RedisNodeFacts> {
  const [info, settings, keys] = await Promise.all([
    unlessRefused(redis.info()),
    unlessRefused(Promise.all(SETTINGS.map((name) => redis.call('CONFIG', 'GET', name)))),
    unlessRefused(redis.dbsize()),
  ]);
  return {
    address,
    info: info === undefined ? undefined : infoFields(info),
    settings: settings === undefined ? undefined : settingsOf(settings),
    keys,
  };
}

function addressOf({ options: { host, port } }: Redis): string {
  return `${host ?? ''}:${port ?? ''}`;
}

/** What a server forbids its users, or does not know, is unknown to us; silence is not. */
async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (toError(thrown).name === 'ReplyError') return undefined;
    throw thrown;
  }
}

/** The fields of an answer to INFO: lines `name:value`, those with `#` between. */
export function infoFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.slice(0, 100_000).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}

/** Pairs of name and value, as CONFIG GET has them; a server that answers with anything else has said nothing. */
export function settingsOf(answers: readonly unknown[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const answer of answers) {
    if (!Array.isArray(answer)) continue;
    const [name, value]: unknown[] = answer;
    if (typeof name === 'string' && typeof value === 'string') settings.set(name, value);
  }
  return settings;
}
