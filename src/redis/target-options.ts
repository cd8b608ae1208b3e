import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import type { RedisTarget, RedisTls } from '../config/redis-target.ts';
import { defined } from '../defined.ts';
import { FleetError } from '../errors.ts';

/** How long a sentinel may take to answer, in milliseconds; then the next one is asked. */
const SENTINEL_TIMEOUT_MS = 2_000;

/**
 * Where a client connects to, and as which user; for a cluster, what goes for each of its nodes.
 * @throws FleetError `redis_tls` when a certificate cannot be read
 */
export function targetOptions(target: RedisTarget): RedisOptions {
  const { username, password, database, tls } = target;
  const secure = tls === undefined ? undefined : tlsOptions(tls);
  const access: RedisOptions = defined({ username, password, tls: secure });
  switch (target.kind) {
    case 'server':
      return { ...access, host: target.host, port: target.port, db: database };
    case 'socket':
      return { ...access, path: target.path, db: database };
    case 'sentinel':
      return {
        ...access,
        db: database,
        name: target.master,
        sentinels: [...target.nodes],
        sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
        ...defined({ sentinelUsername: target.sentinelUsername, sentinelPassword: target.sentinelPassword }),
        ...(secure !== undefined && { sentinelTLS: secure, enableTLSForSentinelMode: true }),
      };
    case 'cluster':
      return access;
  }
}

function tlsOptions({ rootCa, clientCert, clientKey, skipVerify }: RedisTls): ConnectionOptions {
  return {
    ...defined({ ca: pemAt(rootCa), cert: pemAt(clientCert), key: pemAt(clientKey) }),
    ...(skipVerify && { rejectUnauthorized: false }),
  };
}

function pemAt(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FleetError(
      'redis_tls',
      `${path} cannot be read, which TLS to Redis needs`,
      'Check root_ca, client_cert and client_key of fleet.redis.tls, and who may read these files.',
      { cause },
    );
  }
}
