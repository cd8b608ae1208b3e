import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { defined } from '../defined.ts';
import { InputError, type Place } from '../errors.ts';
import type { Cloudery, CommonSettings, Config, RagServer } from './config.ts';
import { readCouchTls, TlsSettingProblem } from './couch-tls.ts';
import { environmentValues, variableOf } from './environment.ts';
import { expandTemplate } from './expand-template.ts';
import {
  configDirectories,
  findConfigFile,
  findLocalOverlay,
  type Surroundings,
} from './find-config-file.ts';
import { FLEET_REDIS_KEYS, fleetRedisOf } from './fleet-redis.ts';
import { FLEET_KEYS } from './fleet-section.ts';
import { type ParsedFile, parseConfigFile } from './parse-config-file.ts';
import { NO_POOL } from './pool-section.ts';
import { withDefaultRegistries } from './registries.ts';
import { type CheckedConfig, configSchema } from './schema.ts';
import { stackRedisOf } from './stack-redis.ts';
import { isTree, merge, type Tree, treeWith } from './tree.ts';
import { dropMarks, isRead, unsetValues, variablesIn } from './unset-variables.ts';

export interface LoadOptions extends Surroundings {
  /** What `--config` said. */
  readonly file?: string | undefined;
  /** Values of flags by key, such as `{ 'fleet.concurrency': 8 }`; undefined ones change nothing. */
  readonly overrides?: Readonly<Record<string, string | number | undefined>> | undefined;
}

/** Everything that was read, kept so that an error can be traced to its place. */
export interface Sources {
  /** The file and, on top of it, its `.local`; empty when there is none. */
  readonly files: readonly ParsedFile[];
  /** Variables that the files ask for and that are not set. */
  readonly unset: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly flags: ReadonlyMap<string, string | number>;
}

/** Without `fs`, an error would name the section instead of the one key it must have. */
const NOTHING_SET: Tree = { fs: {} };

/**
 * Reads and checks the configuration: flags over environment over `.local` file over file over defaults.
 *
 * @throws {InputError} naming the key, its place and what was expected, never its value.
 */
export function loadConfig(options: LoadOptions): Config {
  const file = findConfigFile(options, options.file);
  const sources = readSources(file, options);
  const layers = [
    ...sources.files.map(({ tree }) => tree),
    ...[...sources.environment, ...sources.flags].map(([key, value]) => treeWith(key, value)),
  ];
  const merged = layers.reduce(merge, NOTHING_SET);
  refuseUnset(merged, sources);
  const checked = configSchema.safeParse(dropMarks(merged));
  if (!checked.success) throw inputError(checked.error, sources);
  try {
    return toConfig(checked.data, file, options);
  } catch (thrown) {
    if (!(thrown instanceof TlsSettingProblem)) throw thrown;
    throw keyError(['couchdb', thrown.key], thrown.message, sources, adviceOn(sources));
  }
}

/** A key that we read must not be what it is without a variable that was forgotten. */
function refuseUnset(merged: Tree, sources: Sources): void {
  for (const { path, variable: named } of unsetValues(merged)) {
    if (!isRead(configSchema, path)) continue;
    const variable = sources.unset.find((name) => name.toLowerCase() === named.toLowerCase()) ?? named;
    // A key that is not known itself is named by the section it is in.
    const known = path.filter((part) => typeof part === 'number' || variablesIn(part).length === 0);
    const { label, place } = placeOf(keyText(known), known, sources);
    throw new InputError(
      'unset_variable',
      `${label} asks for the variable ${variable}, which is not set.`,
      place,
      `Set ${variable}, or write the value into the file.`,
    );
  }
}

/** Reads, and checks nothing but that it can be read. @throws InputError */
export function readSources(file: string | undefined, { env, overrides = {} }: LoadOptions): Sources {
  const overlay = file === undefined ? undefined : findLocalOverlay(file);
  const unset: string[] = [];
  const files = [file, overlay]
    .filter((path) => path !== undefined)
    .map((path) => {
      const expanded = expandTemplate(readText(path), path, { env, cpus: availableParallelism() });
      unset.push(...expanded.unset);
      return parseConfigFile(expanded.text, path);
    });
  const flags = new Map<string, string | number>();
  for (const [key, value] of Object.entries(overrides)) {
    if (value !== undefined) flags.set(key, value);
  }
  return { files, unset, environment: environmentValues(env), flags };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new InputError('unreadable_config', 'The configuration file cannot be read.', { file });
  }
}

/** The first thing that is wrong; one clear sentence serves better than a list of consequences. */
function inputError(error: z.ZodError, sources: Sources): InputError {
  const issue = error.issues[0];
  if (issue === undefined) return new InputError('bad_config', 'The configuration is not valid.');
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
  const known = FLEET_REDIS_KEYS.get(keyText(issue.path)) ?? FLEET_KEYS;
  const advice =
    issue.code === 'unrecognized_keys' ? `Known settings: ${known.join(', ')}.` : adviceOn(sources);
  return keyError(path, issue.message, sources, advice);
}

/** @param message goes after the name of the key in a sentence */
function keyError(
  path: readonly PropertyKey[],
  message: string,
  sources: Sources,
  advice: string,
): InputError {
  const { label, place } = placeOf(keyText(path), path, sources);
  return new InputError('bad_config', `${label} ${message}.`, place, advice);
}

/** A path as it is written, such as `couchdb.clusters[1].url`. */
export function keyText(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at ? '.' : ''}${String(part)}`))
    .join('');
}

function placeOf(
  key: string,
  path: readonly PropertyKey[],
  sources: Sources,
): { label: string; place: Place } {
  if (sources.flags.has(key)) return { label: key, place: { key } };
  if (sources.environment.has(key)) return { label: `${key} (variable ${variableOf(key)})`, place: { key } };
  for (const { file, lineOf } of sources.files.toReversed()) {
    const line = lineOf(path);
    if (line !== undefined) return { label: key, place: { file, line, key } };
  }
  const file = sources.files[0]?.file;
  return { label: key, place: file === undefined ? { key } : { file, key } };
}

function adviceOn({ files, unset }: Sources): string {
  if (files.length === 0) {
    return 'No cozy.yaml was found: name one with --config, or start a trial platform with `cozy-fleet up`.';
  }
  return unset.length === 0 ? '' : `The file asks for variables that are not set: ${unset.join(', ')}.`;
}

function toConfig(checked: CheckedConfig, file: string | undefined, { env, cwd, home }: LoadOptions): Config {
  const { couchdb, fleet, vault } = checked;
  const clusters = couchdb.clusters.map(({ url, instance_creation }) => ({
    url,
    creation: instance_creation,
  }));
  const stackRedis = stackRedisOf(checked);
  const tls = readCouchTls(couchdb, cwd);
  const { admin_upstream: adminUrl, admin_passphrase: passphrase } = fleet;
  const stackAdmin =
    adminUrl === undefined || passphrase === undefined ? undefined : { url: adminUrl, passphrase };
  return {
    file,
    couchdb: defined({
      url: couchdb.url,
      clusters: clusters.length > 0 ? clusters : [{ url: couchdb.url, creation: true }],
      tls,
    }),
    storage: { kind: 'file', root: checked.fs.url },
    subdomains: checked.subdomains,
    contexts: checked.contexts,
    forcedOidcContexts: forcedOidcContexts(checked.authentication),
    vault: {
      ...(vault.credentials_encryptor_key && { encryptorKey: resolve(cwd, vault.credentials_encryptor_key) }),
      ...(vault.credentials_decryptor_key && { decryptorKey: resolve(cwd, vault.credentials_decryptor_key) }),
    },
    commonSettings: commonSettings(checked.common_settings),
    clouderies: clouderies(checked.clouderies),
    ...defined({ stackRedis, stackAdmin }),
    rag: ragServers(checked.rag),
    registries: withDefaultRegistries(checked.registries),
    ...(checked.jobs.defaultdurationtokeep && { jobsKept: checked.jobs.defaultdurationtokeep }),
    disableAddRm: env['COZY_DISABLE_INSTANCES_ADD_RM'] || undefined,
    fleet: defined({
      redis: fleetRedisOf(fleet.redis_url, fleet.redis, cwd),
      concurrency: fleet.concurrency,
      linkScheme: fleet.link_scheme,
      q: fleet.q,
      n: fleet.n,
      connections: fleet.connections,
      graceSeconds: fleet.grace,
      pool: fleet.pool ?? NO_POOL,
      guardPercent: fleet.guard,
      prefix: fleet.prefix,
      notify: fleet.notify,
      indexesVersion: fleet.indexes_version,
      appHosts: fleet.app_hosts,
      skeleton: fleet.skeleton === undefined ? undefined : resolve(cwd, fleet.skeleton),
      skeletonTypes: fleet.skeleton_types,
      appCache: {
        directory: resolve(cwd, fleet.app_cache ?? defaultAppCache({ env, home })),
        bytes: fleet.app_cache_mb * 1024 * 1024,
      },
    }),
    serve: defined({
      publicHost: fleet.public_host,
      publicPort: fleet.public_port,
      adminHost: fleet.admin_host,
      adminPort: fleet.admin_port,
      trustedProxies: fleet.trusted_proxies,
      upstream: fleet.upstream,
      adminUpstream: fleet.admin_upstream,
      clouderyToken: fleet.cloudery_token,
      holdSeconds: fleet.hold,
      adminPassphraseFiles: passphraseDirectories(file, { env, cwd, home }).map((directory) =>
        join(directory, checked.admin.secret_filename),
      ),
    }),
  };
}

/** Where a stack looks, and last beside the configuration file, which may have been named. */
function passphraseDirectories(file: string | undefined, surroundings: Surroundings): string[] {
  const directories = [...configDirectories(surroundings), ...(file === undefined ? [] : [dirname(file)])];
  return [...new Set(directories)];
}

/** Where desktop and server programs keep what they can fetch again. */
function defaultAppCache({ env, home }: Pick<LoadOptions, 'env' | 'home'>): string {
  return join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'cozy-fleet', 'apps');
}

/** Only a literal `true` counts, and there is no fallback to `default` (`docs/admin-api.md` §4). */
function forcedOidcContexts(authentication: CheckedConfig['authentication']): string[] {
  return Object.entries(authentication)
    .filter(([, value]) => isTree(value) && value['disable_password_authentication'] === true)
    .map(([context]) => context);
}

/** A context without URL is kept: its instances have no service, not even the default one. */
function commonSettings(checked: CheckedConfig['common_settings']): Record<string, CommonSettings> {
  return Object.fromEntries(
    Object.entries(checked).map(([context, { url = '', token }]) => [context, { url, token }]),
  );
}

/** A context without URL or token is kept, too. */
function clouderies(checked: CheckedConfig['clouderies']): Record<string, Cloudery> {
  return Object.fromEntries(
    Object.entries(checked).map(
      ([
        context,
        {
          api: { url, token },
        },
      ]) => [context, { ...(url && { url }), ...(token && { token }) }],
    ),
  );
}

/** A context without URL is kept: its instances have no server, not even the default one. */
function ragServers(checked: CheckedConfig['rag']): Record<string, RagServer> {
  return Object.fromEntries(
    Object.entries(checked).map(([context, { url, api_key: token }]) => [
      context,
      { ...(url && { url }), ...(token && { token }) },
    ]),
  );
}
