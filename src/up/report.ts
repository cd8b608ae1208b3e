import { join, relative } from 'node:path';
import type { Config } from '../config/config.ts';
import { type RedisTarget, redisAddress } from '../config/redis-target.ts';
import { redactUrl } from '../config/urls.ts';
import { shellWord } from '../shell-quoted.ts';
import type { Configured } from './configured.ts';
import type { Places } from './places.ts';

export interface ReportOptions {
  readonly config: Config;
  readonly configured: Configured;
  readonly places: Places;
  readonly cwd: string;
  readonly workers: number;
  readonly concurrency: number;
}

/** What runs where, for the operator. */
export function whatRuns({ config, configured, places, cwd, workers, concurrency }: ReportOptions): string[] {
  const { parts } = configured;
  const at = (path: string): string => relative(cwd, path) || '.';
  const from = (place: string | undefined, own: string): string =>
    place === undefined ? own : `yours, from ${place}`;
  const jobs = `${concurrency} ${concurrency === 1 ? 'instance' : 'instances'} at a time each`;
  const logs = `${workers}, ${jobs}, logs in ${at(places.logs)}`;
  return [
    `Redis     ${redisText(config.fleet.redis)}  (${from(parts.redis, at(places.redis))})`,
    `CouchDB   ${redactUrl(config.couchdb.url)}  (${from(parts.couchdb, `embedded, for trials only, ${at(places.couchdb)}`)})`,
    `Storage   ${parts.storage === undefined ? at(places.storage) : `${config.storage.root}  (yours, from ${parts.storage})`}`,
    `Workers   ${logs}`,
    `Pages     ${pagesUrl(config)}  (each instance under its own name; log in ${at(join(places.logs, 'serve.log'))})`,
  ];
}

/** Where the pages of instances are served, without the name of any. */
function pagesUrl({ serve }: Config): string {
  return `http://${serve.publicHost}:${serve.publicPort}`;
}

/** Where operators look at the fleet. */
export function fleetPageUrl({ serve }: Config): string {
  return `http://${serve.adminHost}:${serve.adminPort}/fleet`;
}

/** How an operator signs in there. */
export function howToSignIn({ places, cwd }: ReportOptions, own: boolean): string {
  const passphrase = `cat ${shellWord(relative(cwd, places.clearPassphrase))}`;
  return own ? `Sign in with what this prints:  ${passphrase}` : "Sign in with the stack's admin passphrase.";
}

function redisText(redis: RedisTarget): string {
  const scheme = redis.tls === undefined ? 'redis' : 'rediss';
  return redis.kind === 'server' ? `${scheme}://${redisAddress(redis)}` : redisAddress(redis);
}

/** What a terminal elsewhere must be told so that its commands find all this; empty when they do anyway. */
export function howToReach({ configured, places, cwd }: ReportOptions): string[] {
  const here = (path: string): string => relative(cwd, path) || '.';
  const { file, isNamed, parts } = configured;
  if (file !== undefined) {
    // The ports are those of `serve` alone.
    const isComplete = (['couchdb', 'redis', 'storage'] as const).every((part) => parts[part] !== undefined);
    return [
      ...(isComplete
        ? []
        : [`Other commands need what this sets:  . ${shellWord(`./${here(places.environment)}`)}`]),
      ...(isNamed ? [`Other commands need:  --config ${shellWord(here(file))}`] : []),
    ];
  }
  if (here(places.directory) === '.fleet') return [];
  return [`Other commands need:  --config ${shellWord(here(places.config))}`];
}
