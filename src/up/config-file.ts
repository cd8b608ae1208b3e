import { pathToFileURL } from 'node:url';

export interface FleetYamlOptions {
  /** Credentials included, if any: the file must be readable by its owner only. */
  readonly couchUrl: string;
  /** Absolute path. */
  readonly storageRoot: string;
  /** Absent = said elsewhere, as `fleet.redis`. */
  readonly redisUrl?: string | undefined;
  readonly linkScheme: 'https' | 'http';
  /** Shards of an instance's databases; absent = as the server has it. */
  readonly shards?: number | undefined;
  /** Where the pages of instances, and where the fleet page are served; absent = as `serve` has them by itself. */
  readonly publicPort?: number;
  readonly adminPort?: number;
  /** Absolute path; absent = where a worker keeps applications by itself. */
  readonly appCache?: string;
}

/**
 * Text of the `.fleet/cozy.yaml` that `up` writes, so that every other command finds what it started.
 * It can hold passwords; the caller creates the file with mode 0600.
 */
export function fleetYaml({
  couchUrl,
  storageRoot,
  redisUrl,
  linkScheme,
  shards,
  publicPort,
  adminPort,
  appCache,
}: FleetYamlOptions): string {
  return `# Written by \`cozy-fleet up\`, and written again each time it starts.
# Commands read it only when the stack's search path holds no other cozy.yaml.

couchdb:
  # Server of the global databases and of the instances
  url: ${quoted(couchUrl)}

fs:
  # One directory per instance is made in here
  url: ${quoted(pathToFileURL(storageRoot).href)}

subdomains: nested

# Those of the example instances
contexts:
  school: {}
  team: {}

fleet:
${redisUrl === undefined ? '' : `  # Where jobs, batches and their progress are kept\n  redis_url: ${quoted(redisUrl)}\n`}\
${shards === undefined ? '' : `  # Shards of an instance's databases, which are small\n  q: ${shards}\n`}\
  # Scheme of the links shown for instances
  link_scheme: ${linkScheme}
${publicPort === undefined ? '' : `  # Pages of the instances\n  public_port: ${publicPort}\n`}\
${adminPort === undefined ? '' : `  # The admin API and the fleet page\n  admin_port: ${adminPort}\n`}\
${appCache === undefined ? '' : `  # Applications that were fetched once\n  app_cache: ${quoted(appCache)}\n`}`;
}

/** JSON strings are YAML strings; the escape keeps a "{{" in a password from being taken for a template. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('{', '\\u007b');
}
