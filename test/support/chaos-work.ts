import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { type JobKind, KIND_NAMES } from '../../src/jobs/kinds/job-kinds.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { makeInstances, queueDestruction, remainsOf } from './chaos-destroy.ts';
import { type ChaosFleet, findings, instancesOf, queueInstance } from './chaos-fleet.ts';

/** A kind whose jobs are about one instance; how the pool is filled is tried in `test/chaos/pool.test.ts`. */
export type KindOnInstance = Exclude<JobKind, 'fill-pool'>;

export const KINDS_ON_INSTANCE = KIND_NAMES.filter((kind): kind is KindOnInstance => kind !== 'fill-pool');

/** The application that installations install: one of `app-registry.ts`. */
const APP = 'agenda';

/** What a modification adds. */
const SPONSOR = 'partner';

/** Makes what jobs of that kind work on: with something to repair, where they repair. */
export async function makeReady(
  chaos: ChaosFleet,
  kind: KindOnInstance,
  all: readonly InstanceOptions[],
): Promise<void> {
  if (kind === 'create') return;
  await makeInstances(chaos, all);
  if (kind !== 'repair') return;
  for (const { domain } of all) await chaos.couch.deleteDatabase(repairedDatabase(domain));
}

/** Queues a job of that kind for an instance. @returns its id */
export async function queueWork(
  chaos: ChaosFleet,
  kind: KindOnInstance,
  options: InstanceOptions,
): Promise<string> {
  const { domain } = options;
  switch (kind) {
    case 'create':
      return await queueInstance(chaos, options);
    case 'destroy':
      return await queueDestruction(chaos, domain);
    case 'modify':
      return await queue(chaos, domain, { kind, changes: { sponsorships: [SPONSOR] } });
    case 'repair':
      return await queue(chaos, domain, { kind, recreateEmpty: true, dropReservation: false });
    case 'install-apps':
      return await queue(chaos, domain, { kind, apps: [APP] });
  }
}

/** What is wrong with the result of such a job, a sentence each. */
export async function wrongAfter(
  chaos: ChaosFleet,
  kind: KindOnInstance,
  options: InstanceOptions,
): Promise<string[]> {
  const { domain } = options;
  if (kind === 'destroy') return await remainsOf(chaos, [domain]);
  const wrong = await findings(chaos, options);
  const [instance] = await instancesOf(chaos.couch, [domain]);
  if (kind === 'modify' && instance?.sponsorships?.join() !== SPONSOR) wrong.push('it has no sponsor');
  if (kind === 'install-apps') {
    const apps = await chaos.couch.allDocuments(databaseName(prefixOf(domain), 'io.cozy.apps'), {});
    if (!apps.some(({ id }) => id === `io.cozy.apps/${APP}`)) wrong.push(`it has no ${APP}`);
  }
  return wrong;
}

type TaskOnInstance =
  | { readonly kind: 'modify'; readonly changes: { readonly sponsorships: string[] } }
  | { readonly kind: 'repair'; readonly recreateEmpty: boolean; readonly dropReservation: boolean }
  | { readonly kind: 'install-apps'; readonly apps: string[] };

async function queue(chaos: ChaosFleet, domain: string, task: TaskOnInstance): Promise<string> {
  const [instance] = await instancesOf(chaos.couch, [domain]);
  if (instance === undefined) throw new Error(`there is no ${domain}`);
  const seen = { id: instance._id, incarnation: incarnationOf(instance) };
  const { state, jobId } = await enqueueJob(chaos.fleet, { work: { ...task, domain, seen }, tries: 8 });
  if (state !== 'queued') throw new Error(`the work on ${domain} was not queued but ${state}`);
  return jobId;
}

function repairedDatabase(domain: string): string {
  return databaseName(prefixOf(domain), 'io.cozy.jobs');
}
