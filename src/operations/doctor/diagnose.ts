import { type Config, clustersOpenToCreation } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { InputError } from '../../errors.ts';
import { createKeys } from '../../jobs/redis/keys.ts';
import type { RedisClient } from '../../redis/client.ts';
import { fileStorage } from '../../storage/file-storage.ts';
import { openCouch } from '../connect/couch.ts';
import { checkClocks } from './check-clocks.ts';
import { type ConfigSource, checkConfiguration } from './check-configuration.ts';
import { checkDates } from './check-dates.ts';
import { checkServe } from './check-files.ts';
import { checkFleet } from './check-fleet.ts';
import { checkPool } from './check-pool.ts';
import { checkRegistries } from './check-registries.ts';
import { checkStackRedis } from './check-stack-redis.ts';
import { checkStorage } from './check-storage.ts';
import { judgeNode, judgeWorkers, readWorkers } from './check-workers.ts';
import { lookAtCouch } from './couchdb/check-couch.ts';
import { judgeDefinitions, readDefinitions } from './couchdb/definitions.ts';
import { type Finding, findingsOf, type Subject } from './finding.ts';
import { inTime, SUBJECT_MS } from './in-time.ts';
import { judgeRedis } from './redis/judge-access.ts';
import { openForLook, readRedis } from './redis/redis-facts.ts';

/** What the diagnosis is told of where it runs. */
export interface DiagnosisServices {
  /** Where the configuration was read from, to read it again. */
  readonly source: ConfigSource;
  /** Of cozy-fleet, and of the Node.js that runs it. */
  readonly version: string;
  readonly node: string;
  /** Who would run workers; undefined where the system has no such thing. */
  readonly uid: number | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Diagnosis {
  readonly checks: readonly Finding[];
  readonly fails: number;
  readonly warnings: number;
}

/** Told once of each subject, in the order of `SUBJECTS`. */
export type DiagnosisReport = (event: {
  readonly kind: 'looked';
  readonly subject: Subject;
  readonly findings: readonly Finding[];
}) => void;

/**
 * Looks at everything a fleet needs, side by side, each subject for some seconds at the most, and goes on whatever is
 * found. Nothing is written but a file in the root of the storage, which is removed at once, and what each login to
 * CouchDB leaves in the fleet's book of them.
 * @param config as loaded, or why it could not be: then only the configuration itself is looked at
 * @throws the signal's reason
 */
export async function diagnose(
  config: Config | InputError,
  services: DiagnosisServices,
  signal: AbortSignal,
  report: DiagnosisReport = () => undefined,
): Promise<Diagnosis> {
  const ends: (() => Promise<void> | void)[] = [];
  try {
    const work = start(config, services, signal, ends);
    const checks: Finding[] = [];
    for (const [subject, findings] of work) {
      const found = await findings;
      signal.throwIfAborted();
      report({ kind: 'looked', subject, findings: found });
      checks.push(...found);
    }
    const howMany = (verdict: Finding['verdict']) => checks.filter((each) => each.verdict === verdict).length;
    return { checks, fails: howMany('fail'), warnings: howMany('warn') };
  } finally {
    for (const end of ends) await end();
  }
}

type Work = readonly (readonly [Subject, Promise<readonly Finding[]>])[];

/** Begins with all subjects. @param ends filled with what closes connections */
function start(
  config: Config | InputError,
  services: DiagnosisServices,
  signal: AbortSignal,
  ends: (() => Promise<void> | void)[],
): Work {
  const { source, version, node, uid, now } = services;
  const looked = (
    subject: Subject,
    what: string,
    work: (signal: AbortSignal) => Promise<readonly Finding[]>,
  ) => [subject, withinItsTime(subject, what, signal, work)] as const;
  const configuration = looked('configuration', 'the configuration', () =>
    checkConfiguration(source, config),
  );
  const here = judgeNode(node, version);
  if (config instanceof Error) return [configuration, ['workers', Promise.resolve([here])]];

  const keys = createKeys(config.fleet.prefix);
  const target = config.fleet.redis;
  const redis = openForLook(target, keys);
  // One that comes late is closed when it comes.
  ends.push(() => {
    redis.then(
      (client) => client.disconnect(),
      () => undefined,
    );
  });
  const opened = whenOpen(redis, signal);
  const couch = openCouch(config, { failsSoon: true });
  ends.push(() => couch.close());
  const couchLook = lookAtCouch(config, couch, signal);
  const global = async () => ((await couchLook.isIn(couch.global)) ? couch.global : undefined);
  return [
    configuration,
    looked('redis', 'Redis', async () => judgeRedis(target, await readRedis(target, await redis, keys))),
    ['couchdb', couchLook.findings],
    looked('definitions', 'CouchDB', async (ends) => await definitionsOf(config, await global(), ends)),
    looked('storage', config.storage.root, () => checkStorage(config, uid)),
    looked('fleet', 'the fleet', async () =>
      checkFleet({
        global: await global(),
        redis: await opened,
        keys,
        storage: fileStorage(config.storage.root),
      }),
    ),
    looked('pool', 'the pool', async (ends) => {
      const about = { settings: config.fleet.pool, open: clustersOpenToCreation(config), now: now() };
      return await checkPool({ global: await global(), redis: await opened, keys }, about, ends);
    }),
    looked('dates', 'the dates', async (ends) => await checkDates(await global(), now(), ends)),
    looked('workers', 'Redis', async () => [here, ...(await workersOf(await opened, config, services))]),
    looked('registries', 'the registries', (ends) => checkRegistries(config, source.env, ends)),
    looked('stack-redis', "the stack's Redis", () => checkStackRedis(config)),
    looked('clocks', 'the clocks', async (ends) => await checkClocks(config, await opened, now, ends)),
    looked('serve', 'the admin passphrase', () => checkServe(config.serve)),
  ];
}

async function withinItsTime(
  subject: Subject,
  what: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await inTime(SUBJECT_MS, signal, work);
  } catch (thrown) {
    return [findingsOf(subject).failed('answers', thrown, what)];
  }
}

/** The client, or undefined where there is none in time: why is told where Redis is looked at. */
async function whenOpen(redis: Promise<RedisClient>, signal: AbortSignal): Promise<RedisClient | undefined> {
  return await inTime(SUBJECT_MS, signal, () => redis).catch(() => undefined);
}

async function definitionsOf(
  { fleet }: Config,
  global: CouchServer | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (global !== undefined) {
    return judgeDefinitions(await readDefinitions(global, fleet.indexesVersion, signal));
  }
  const text = 'which definitions of indexes a stack has here is unknown without CouchDB';
  return [findingsOf('definitions').fail('platform', text, 'Put CouchDB right first.')];
}

async function workersOf(
  redis: RedisClient | undefined,
  { fleet }: Config,
  { version, now }: DiagnosisServices,
): Promise<readonly Finding[]> {
  if (redis !== undefined)
    return judgeWorkers(await readWorkers(redis, createKeys(fleet.prefix)), version, now());
  const text = 'which workers are running is unknown without Redis';
  return [findingsOf('workers').fail('running', text, 'Put Redis right first.')];
}
