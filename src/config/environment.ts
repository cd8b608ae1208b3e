/** Keys an environment variable can set, by their path in the configuration file. */
const KEYS = [
  'couchdb.url',
  'couchdb.root_ca',
  'couchdb.client_cert',
  'couchdb.client_key',
  'couchdb.pinned_key',
  'couchdb.insecure_skip_validation',
  'fs.url',
  'subdomains',
  'host',
  'port',
  'admin.host',
  'admin.port',
  'vault.credentials_encryptor_key',
  'vault.credentials_decryptor_key',
  'redis.addrs',
  'redis.master',
  'redis.password',
  'redis.databases.jobs',
  'redis.databases.lock',
  'redis.databases.sessions',
  'jobs.url',
  'jobs.defaultdurationtokeep',
  'lock.url',
  'sessions.url',
  'fleet.redis_url',
  'fleet.redis.addrs',
  'fleet.redis.master',
  'fleet.redis.username',
  'fleet.redis.password',
  'fleet.redis.sentinel_username',
  'fleet.redis.sentinel_password',
  'fleet.redis.tls',
  'fleet.redis.database',
  'fleet.concurrency',
  'fleet.link_scheme',
  'fleet.q',
  'fleet.n',
  'fleet.connections',
  'fleet.grace',
  'fleet.prefix',
  'fleet.indexes_version',
  'fleet.public_host',
  'fleet.public_port',
  'fleet.admin_host',
  'fleet.admin_port',
  'fleet.upstream',
  'fleet.admin_upstream',
  'fleet.admin_passphrase',
  'fleet.cloudery_token',
  'fleet.hold',
];

/** Name of the variable that sets a key, by the stack's rule: `couchdb.url` → `COZY_COUCHDB_URL`. */
export function variableOf(key: string): string {
  return `COZY_${key.replaceAll('.', '_').toUpperCase()}`;
}

/** Names of all variables that set a key. */
export function knownVariables(): string[] {
  return KEYS.map(variableOf);
}

/**
 * Values that the environment sets, by key; they go over those of the file. An empty variable counts
 * as unset, as in the stack (`docs/admin-api.md` §1.1).
 */
export function environmentValues(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  return new Map(
    KEYS.flatMap((key): [string, string][] => {
      const value = env[variableOf(key)];
      return value ? [[key, value]] : [];
    }),
  );
}
