import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RedisTarget } from '../../src/config/redis-target.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { DATABASES } from '../../src/instances/databases/databases.ts';
import { createDesignSource } from '../../src/instances/databases/design-source.ts';
import { isPoolPrefix } from '../../src/instances/databases/pool-prefix.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { isReservation } from '../../src/instances/documents/reservation.ts';
import { findByNames, INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { RawOptions } from '../../src/instances/options/flags.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { parseInstanceOptions } from '../../src/instances/options/parse-options.ts';
import type { PoolItem } from '../../src/instances/pool/pool-item.ts';
import { createPoolStore } from '../../src/instances/pool/pool-store.ts';
import type { Batch } from '../../src/jobs/batches/batches.ts';
import { type KeyedFleet, openFleet } from '../../src/jobs/fleet/fleet.ts';
import { creation, enqueueJob, enqueueRows } from '../../src/jobs/queue/enqueue.ts';
import { type Progress, readProgress } from '../../src/jobs/queue/progress.ts';
import { type JobEnd, waitForJob } from '../../src/jobs/queue/wait-for-job.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { type ConnectedWorker, connectWorker } from '../../src/workers/connect.ts';
import { createStages } from '../../src/workers/create/stages.ts';
import { stagesIn } from '../../src/workers/stage/pipeline.ts';
import { Cleanup } from './cleanup.ts';
import { creationContext } from './creation-context.ts';
import { keyedFleet } from './keyed-fleet.ts';
import { redisAt } from './redis-at.ts';
import { startTestRedis, type TestRedis, temporaryDirectory } from './servers.ts';
import { silentLog } from './test-log.ts';
import { testServices } from './test-services.ts';
import { type WorkerSettings, workerConfig } from './worker-settings.ts';

/** CouchDB and storage of one suite, and a fleet in some Redis, with what tests need to look at them. */
export interface ChaosPlaces {
  readonly settings: WorkerSettings;
  readonly fleet: KeyedFleet;
  readonly couch: CouchServer;
  readonly storage: Storage;
  readonly cleanup: Cleanup;
  /** A domain that nobody else uses; what is made for it is removed from a real server in the end. */
  domain(name: string): string;
  /** Starts a worker in this process. */
  worker(concurrency: number): Promise<ConnectedWorker>;
  close(): Promise<void>;
}

/** The same with a Redis of its own. */
export interface ChaosFleet extends ChaosPlaces {
  readonly redis: TestRedis;
}

/** @param couchUrl a CouchDB that outlives this fleet */
export async function openChaosFleet(couchUrl: string): Promise<ChaosFleet> {
  const redis = await startTestRedis();
  try {
    const places = await openChaosPlaces(couchUrl, redisAt(redis.url));
    const close = () => places.close().finally(() => redis.close());
    return { ...places, redis, close };
  } catch (error) {
    await redis.close();
    throw error;
  }
}

/** @param redis one that outlives this fleet */
export async function openChaosPlaces(couchUrl: string, redis: RedisTarget): Promise<ChaosPlaces> {
  const cleanup = new Cleanup();
  const run = randomBytes(4).toString('hex');
  const domains: string[] = [];
  try {
    const directory = cleanup.add(await temporaryDirectory('chaos-storage'), (each) => each.remove());
    const settings = {
      couchUrl,
      redis,
      storageRoot: join(directory.path, 'storage'),
      prefix: `chaos-${run}`,
      concurrency: 1,
    };
    const couch = cleanup.add(connectCouch({ url: couchUrl, connections: 16 }), (each) => each.close());
    await mkdir(settings.storageRoot);
    const storage = fileStorage(settings.storageRoot);
    await joinExisting(couch, storage);
    const opened = cleanup.add(await openFleet({ ...workerConfig(settings).fleet, role: 'worker' }), (each) =>
      each.close(),
    );
    const fleet = await keyedFleet(opened, couch);
    cleanup.add(domains, (made) => removeInstances(couch, made));
    cleanup.add(settings.prefix, (prefix) => removeItems(couch, prefix));
    return {
      settings,
      fleet,
      couch,
      storage,
      cleanup,
      domain(name) {
        const domain = `${name.replaceAll(/[^a-z0-9]+/g, '-')}.${run}.chaos.example.org`;
        domains.push(domain);
        return domain;
      },
      async worker(concurrency) {
        const config = workerConfig({ ...settings, concurrency });
        const { id, stop, report } = await connectWorker({ config, log: silentLog() });
        let stopping: Promise<void> | undefined;
        const stopOnce = () => {
          stopping ??= stop();
          return stopping;
        };
        return cleanup.add({ id, report, stop: stopOnce }, (each) => each.stop());
      },
      close: () => cleanup.run(),
    };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

/** A real server may have been marked by an earlier run, whose storage is gone. */
async function joinExisting(couch: CouchServer, storage: Storage): Promise<void> {
  if ((await couch.listDatabases(INSTANCES)).length === 0) return;
  const record = await couch.getDocument(INSTANCES, '_local/cozy-fleet');
  if (typeof record?.['fleet_id'] === 'string') await storage.claimFleetId(record['fleet_id']);
}

async function removeInstances(couch: CouchServer, domains: readonly string[]): Promise<void> {
  for (const { _id, _rev, prefix } of await instancesOf(couch, domains)) {
    await couch.deleteDocument(INSTANCES, _id, _rev);
    if (!isPoolPrefix(prefix ?? '')) continue;
    for (const name of await couch.listDatabases(`${prefix}/`)) await couch.deleteDatabase(name);
  }
  for (const domain of domains) {
    for (const name of await databasesOf(couch, domain)) await couch.deleteDatabase(name);
  }
}

/** Items of the pool that a fleet has in the books. */
export async function itemsOf({ couch, settings }: ChaosPlaces): Promise<PoolItem[]> {
  const { items } = await createPoolStore(couch).list();
  return items.filter(({ fleet }) => fleet === settings.prefix);
}

async function removeItems(couch: CouchServer, fleet: string): Promise<void> {
  const store = createPoolStore(couch);
  for (const item of (await store.list()).items) {
    if (item.fleet !== fleet) continue;
    for (const name of await couch.listDatabases(`${item.prefix}/`)) await couch.deleteDatabase(name);
    await store.forget(item);
  }
}

export async function instancesOf(couch: CouchServer, domains: readonly string[]): Promise<StoredInstance[]> {
  return domains.length === 0 ? [] : await findByNames(couch, domains);
}

export function databasesOf(couch: CouchServer, domain: string): Promise<string[]> {
  return couch.listDatabases(`${prefixOf(domain)}/`);
}

export function optionsFor(domain: string, more: RawOptions = {}): InstanceOptions {
  const raw = { domain, email: 'alice@example.org', 'public-name': 'Alice', locale: 'fr', ...more };
  return parseInstanceOptions(raw, { subdomains: 'nested', clusters: 1 }).options;
}

/** Queues one instance; fails unless a job of its own was made for it. */
export async function queueInstance({ fleet }: ChaosFleet, options: InstanceOptions): Promise<string> {
  const { state, jobId } = await enqueueJob(fleet, creation({ options, tries: 8 }));
  if (state !== 'queued') throw new Error(`${options.domain} was not queued but ${state}`);
  return jobId;
}

/** Queues a batch. */
export async function queueBatch(
  { fleet }: Pick<ChaosPlaces, 'fleet'>,
  all: readonly InstanceOptions[],
): Promise<string> {
  const total = all.length;
  const batch = { kind: 'create', name: 'chaos', reason: '', by: 'chaos', total } as const;
  const batchId = await fleet.batches.create(batch);
  const rows = all.map((options, at) => ({ row: at + 1, ...creation({ options, tries: 8 }) }));
  await enqueueRows(fleet, batchId, rows);
  return batchId;
}

/** Longer than any recovery that is tested may take, in milliseconds. */
const PATIENCE_MS = 120_000;

export function endOf({ fleet }: ChaosFleet, jobId: string): Promise<JobEnd> {
  return waitForJob(fleet, jobId, { signal: AbortSignal.timeout(PATIENCE_MS) });
}

export async function progressOf({ fleet }: ChaosFleet, jobId: string): Promise<Progress> {
  const job = await fleet.queue.getJob(jobId);
  return readProgress(job?.progress);
}

/** Tries that a stage took, by stage. */
export function triesOf({ stages }: Progress): Record<string, number> {
  return Object.fromEntries(stages.map(({ stage, tries }) => [stage, tries]));
}

export function doneRows({ counts }: Batch): number {
  return counts.done + counts.skipped;
}

/**
 * What is wrong with an instance that should be finished, a sentence each: one document in use,
 * just its databases, and all that the stages look for when they verify.
 */
export async function findings(
  { couch, storage }: Pick<ChaosFleet, 'couch' | 'storage'>,
  options: InstanceOptions,
): Promise<string[]> {
  const [instance, ...others] = await instancesOf(couch, [options.domain]);
  if (instance === undefined) return ['there is no instance'];
  const found: string[] = [];
  if (others.length > 0) found.push(`there are ${others.length + 1} instances`);
  if (isReservation(instance)) found.push('the instance is still reserved');
  const prefix = instance.prefix ?? options.domain;
  const there = await couch.listDatabases(`${prefix}/`);
  const expected = DATABASES.map(({ doctype }) => databaseName(prefix, doctype)).sort();
  if (there.sort().join() !== expected.join()) found.push(`the databases are ${there.join(', ')}`);
  const context = creationContext(testServices(couch, { storage, designs }), options, instance);
  for (const stage of createStages.flatMap(stagesIn)) {
    for (const missing of await stage.verify(context)) found.push(`${stage.name}: ${missing}`);
  }
  return found;
}

const designs = createDesignSource();

/** The life of the domain that its document belongs to. */
export async function incarnationIn({ couch }: ChaosFleet, domain: string): Promise<string | undefined> {
  const [instance] = await instancesOf(couch, [domain]);
  return instance === undefined ? undefined : incarnationOf(instance);
}
