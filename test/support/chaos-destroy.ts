import { readdir } from 'node:fs/promises';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { type ChaosFleet, databasesOf, endOf, instancesOf, queueInstance } from './chaos-fleet.ts';

/** Makes instances through the queue, with a worker that is gone afterwards. */
export async function makeInstances(chaos: ChaosFleet, all: readonly InstanceOptions[]): Promise<void> {
  const worker = await chaos.worker(4);
  const jobs = await Promise.all(all.map((options) => queueInstance(chaos, options)));
  for (const jobId of jobs) {
    const end = await endOf(chaos, jobId);
    if (end.state !== 'done') throw new Error(`an instance was not made: ${JSON.stringify(end)}`);
  }
  await worker.stop();
}

/** Gives an instance an account of which nobody has to be told: those of aggregators have no konnector. */
export async function makeAccounts({ couch }: ChaosFleet, domain: string): Promise<void> {
  const database = databaseName(prefixOf(domain), 'io.cozy.accounts');
  await couch.createDatabase(database);
  await couch.putDocument(database, { _id: 'aggregator' });
}

/** Gives an instance an account that its konnector has to delete elsewhere. */
export async function makeToldAccount({ couch }: ChaosFleet, domain: string): Promise<void> {
  const konnectors = databaseName(prefixOf(domain), 'io.cozy.konnectors');
  const accounts = databaseName(prefixOf(domain), 'io.cozy.accounts');
  for (const name of [konnectors, accounts]) await couch.createDatabase(name);
  await couch.putDocument(konnectors, {
    _id: 'io.cozy.konnectors/edf',
    slug: 'edf',
    on_delete_account: 'delete.js',
  });
  await couch.putDocument(accounts, { _id: 'edf', account_type: 'edf' });
}

/** Queues the destruction of an instance as it is now. @param more where it is exported to first */
export async function queueDestruction(
  chaos: ChaosFleet,
  domain: string,
  more: { readonly exportTo?: string } = {},
): Promise<string> {
  const [instance] = await instancesOf(chaos.couch, [domain]);
  if (instance === undefined) throw new Error(`there is no ${domain}`);
  const seen = { id: instance._id, incarnation: incarnationOf(instance) };
  const work = { kind: 'destroy', domain, seen, skipAccounts: false, resume: false, ...more } as const;
  const { state, jobId } = await enqueueJob(chaos.fleet, { work, tries: 8 });
  if (state !== 'queued') throw new Error(`the destruction of ${domain} was not queued but ${state}`);
  return jobId;
}

/** What is left of domains: documents, databases, directories, a name each. */
export async function remainsOf(chaos: ChaosFleet, domains: readonly string[]): Promise<string[]> {
  const documents = (await instancesOf(chaos.couch, domains)).map(({ domain }) => `document of ${domain}`);
  const databases = await Promise.all(domains.map((domain) => databasesOf(chaos.couch, domain)));
  const files = await readdir(chaos.settings.storageRoot);
  const ours = files.filter((name) => domains.includes(name) || name.startsWith('.cozy-fleet-removed'));
  return [...documents, ...databases.flat(), ...ours];
}
