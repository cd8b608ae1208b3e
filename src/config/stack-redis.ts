import { defined } from '../defined.ts';
import type { StackRedis } from './config.ts';
import type { RedisNode, SingleRedis } from './redis-target.ts';

/** The stack's own keys about its Redis, checked (`docs/admin-api.md` §4). */
export interface StackRedisSettings {
  readonly redis: {
    readonly addrs: readonly RedisNode[];
    readonly master: string;
    readonly password: string;
    readonly databases: {
      readonly jobs: number;
      readonly lock: number;
      readonly sessions?: number | undefined;
    };
  };
  /** Each a Redis for one use alone. */
  readonly jobs: { readonly url?: SingleRedis | undefined };
  readonly lock: { readonly url?: SingleRedis | undefined };
  readonly sessions?: { readonly url?: SingleRedis | undefined };
}

/** Where the stack keeps its jobs, its locks and its session codes; undefined when it keeps all in its own memory. */
export function stackRedisOf({
  redis,
  jobs,
  lock,
  sessions = {},
}: StackRedisSettings): StackRedis | undefined {
  const { addrs, databases } = redis;
  const [first] = addrs;
  if (first !== undefined) {
    const use = (database: number) => sharedTarget(redis, first, database);
    const codes = databases.sessions === undefined ? undefined : use(databases.sessions);
    return { jobs: use(databases.jobs), lock: use(databases.lock), ...defined({ sessions: codes }) };
  }
  const own = defined({ jobs: jobs.url, lock: lock.url, sessions: sessions.url });
  return Object.keys(own).length === 0 ? undefined : own;
}

function sharedTarget(
  { addrs, master, password: secret }: StackRedisSettings['redis'],
  first: RedisNode,
  database: number,
): SingleRedis {
  const password = secret === '' ? {} : { password: secret };
  return master === ''
    ? { kind: 'server', mayBeCluster: false, ...first, ...password, database }
    : { kind: 'sentinel', master, nodes: addrs, ...password, database };
}
