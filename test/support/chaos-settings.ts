import { createLogger, type Logger } from 'winston';
import { z } from 'zod';
import type { Config } from '../../src/config/config.ts';
import type { RedisTarget } from '../../src/config/redis-target.ts';

/** What a worker or producer process is told by its parent. */
export const chaosSettings = z.object({
  couchUrl: z.string(),
  redis: z.custom<RedisTarget>(),
  storageRoot: z.string(),
  prefix: z.string(),
  concurrency: z.number(),
  /** Of the only registry, where a test has one. */
  registryUrl: z.string().optional(),
});

export type ChaosSettings = z.infer<typeof chaosSettings>;

/** Requests that are held occupy a connection each; work on other instances must not wait for them. */
const CONNECTIONS = 64;

export function chaosConfig({
  couchUrl,
  redis,
  storageRoot,
  prefix,
  concurrency,
  registryUrl,
}: ChaosSettings): Config {
  return {
    file: undefined,
    couchdb: { url: couchUrl, clusters: [{ url: couchUrl, creation: true }] },
    storage: { kind: 'file', root: storageRoot },
    subdomains: 'nested',
    contexts: {},
    forcedOidcContexts: [],
    vault: {},
    commonSettings: {},
    rag: {},
    registries: { default: registryUrl === undefined ? [] : [registryUrl] },
    disableAddRm: undefined,
    fleet: {
      redis,
      prefix,
      concurrency,
      linkScheme: 'https',
      connections: CONNECTIONS,
      graceSeconds: 10,
      appHosts: ['127.0.0.1'],
      appCache: { directory: `${storageRoot}-apps`, bytes: 2 ** 30 },
    },
  };
}

export function silentLog(): Logger {
  return createLogger({ silent: true });
}
