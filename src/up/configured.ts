import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, relative } from 'node:path';
import { environmentValues } from '../config/environment.ts';
import { expandTemplate } from '../config/expand-template.ts';
import { findConfigFile, findLocalOverlay, type Surroundings } from '../config/find-config-file.ts';
import { parseConfigFile } from '../config/parse-config-file.ts';
import { isTree } from '../config/tree.ts';

/** What an operator can bring along; `up` starts the rest. */
const KEYS = {
  couchdb: ['couchdb.url'],
  redis: ['fleet.redis_url', 'fleet.redis.addrs'],
  storage: ['fs.url'],
  publicPort: ['fleet.public_port'],
  adminPort: ['fleet.admin_port'],
} as const;

type Part = keyof typeof KEYS;

/** What the operator has configured, as opposed to what `up` wrote. */
export interface Configured {
  /** The operator's configuration file; undefined when there is none. */
  readonly file: string | undefined;
  /** Whether it was named with `--config`, rather than found. */
  readonly isNamed: boolean;
  /** Where each part is configured: a file, or the environment; absent when it is not. */
  readonly parts: Readonly<Partial<Record<Part, string>>>;
}

/**
 * Looks for servers and a storage that the operator has configured, in the environment or in a
 * configuration file. A file in `.fleet/` is not the operator's: an `up` wrote it.
 *
 * @param explicit what `--config` said
 * @throws InputError when the file is not there or cannot be read
 */
export function findConfigured(surroundings: Surroundings, explicit: string | undefined): Configured {
  const file = operatorsFile(surroundings, explicit);
  const inEnvironment = environmentValues(surroundings.env);
  const inFiles = file === undefined ? () => undefined : keysOf(file, surroundings);
  const parts: Partial<Record<Part, string>> = {};
  for (const [part, keys] of entries(KEYS)) {
    for (const key of keys) {
      const place = inEnvironment.has(key) ? 'the environment' : inFiles(key.split('.'));
      if (place !== undefined) parts[part] = place;
    }
  }
  return { file, isNamed: explicit !== undefined, parts };
}

function operatorsFile(surroundings: Surroundings, explicit: string | undefined): string | undefined {
  const file = findConfigFile(surroundings, explicit);
  if (file === undefined || explicit !== undefined) return file;
  return relative(surroundings.cwd, dirname(file)) === '.fleet' ? undefined : file;
}

/** Says which of the files sets a key. */
function keysOf(file: string, { env }: Surroundings): (path: readonly string[]) => string | undefined {
  const files = [findLocalOverlay(file), file]
    .filter((path) => path !== undefined)
    .map((path) => {
      const { text } = expandTemplate(readFileSync(path, 'utf8'), path, {
        env,
        cpus: availableParallelism(),
      });
      return parseConfigFile(text, path);
    });
  return (path) => files.find(({ tree }) => isSet(tree, path))?.file;
}

function isSet(tree: unknown, path: readonly string[]): boolean {
  const [key, ...below] = path;
  if (key === undefined) return tree !== undefined;
  return isTree(tree) && isSet(tree[key], below);
}

function entries(keys: typeof KEYS): [Part, readonly string[]][] {
  return [
    ['couchdb', keys.couchdb],
    ['redis', keys.redis],
    ['storage', keys.storage],
    ['publicPort', keys.publicPort],
    ['adminPort', keys.adminPort],
  ];
}
