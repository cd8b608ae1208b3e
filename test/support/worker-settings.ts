import { z } from 'zod';
import type { Config, PoolConfig, StackAdminConfig, StackRedis } from '../../src/config/config.ts';
import { NO_POOL } from '../../src/config/pool-section.ts';
import type { RedisTarget } from '../../src/config/redis-target.ts';

/** What differs between the workers of tests and of the benchmark; a process of its own is told it by its parent. */
export const workerSettings = z.object({
  couchUrl: z.string(),
  redis: z.custom<RedisTarget>(),
  storageRoot: z.string(),
  prefix: z.string(),
  concurrency: z.number(),
  /** To CouchDB; by default enough for work to go on while requests are held, which occupy one each. */
  connections: z.number().default(64),
  /** Of the only registry, where a test has one. */
  registryUrl: z.string().optional(),
  /** By default there is no pool. */
  pool: z.custom<PoolConfig>().default(NO_POOL),
  /** Of a stack beside it, where there is one. */
  stackRedis: z.custom<StackRedis>().optional(),
  /** Of the admin port of a stack that exports, where there is one. */
  stackAdmin: z.custom<StackAdminConfig>().optional(),
  /** Of the RAG server of all contexts, where there is one. */
  ragUrl: z.string().optional(),
});

export type WorkerSettings = z.input<typeof workerSettings>;

/** The configuration of such a worker: one cluster of CouchDB, and no stack beside it unless told so. */
export function workerConfig(settings: WorkerSettings): Config {
  const { couchUrl, redis, storageRoot, prefix, concurrency, connections, ...others } =
    workerSettings.parse(settings);
  const { registryUrl, pool, stackRedis, stackAdmin, ragUrl } = others;
  return {
    file: undefined,
    couchdb: { url: couchUrl, clusters: [{ url: couchUrl, creation: true }] },
    storage: { kind: 'file', root: storageRoot },
    subdomains: 'nested',
    contexts: {},
    forcedOidcContexts: [],
    vault: {},
    commonSettings: {},
    clouderies: {},
    ...(stackRedis === undefined ? {} : { stackRedis }),
    ...(stackAdmin === undefined ? {} : { stackAdmin }),
    rag: ragUrl === undefined ? {} : { default: { url: ragUrl } },
    registries: { default: registryUrl === undefined ? [] : [registryUrl] },
    disableAddRm: undefined,
    fleet: {
      redis,
      prefix,
      concurrency,
      linkScheme: 'https',
      connections,
      pool,
      guardPercent: 5,
      graceSeconds: 10,
      appHosts: ['127.0.0.1'],
      skeletonTypes: {},
      appCache: { directory: `${storageRoot}-apps`, bytes: 2 ** 30 },
    },
    serve: {
      publicHost: '127.0.0.1',
      publicPort: 0,
      adminHost: '127.0.0.1',
      adminPort: 0,
      trustedProxies: [],
      holdSeconds: 60,
      adminPassphraseFiles: [],
    },
  };
}
