/**
 * Keys that a stack reads and we do not, where one could be taken for a misspelled key of ours, by the section that
 * they are in. Any other that is not known is nobody's concern here.
 */
export const STACK_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'host',
    'port',
    'log',
    'mail',
    'move',
    'office',
    'assets',
    'remote_assets',
    'notifications',
    'flagship',
  ],
  couchdb: [],
  fs: ['root_ca', 'client_cert', 'client_key', 'pinned_key', 'contexts', 'versioning', 'default_layout'],
  admin: ['host', 'port'],
  jobs: ['workers', 'allowlist'],
  redis: ['read_timeout', 'dial_timeout', 'pool_size'],
};

/** Keys that a stack still reads under an old name. */
export const OLD_KEYS: ReadonlyMap<string, string> = new Map([
  ['csp_whitelist', 'csp_allowlist'],
  ['jobs.whitelist', 'jobs.allowlist'],
]);
