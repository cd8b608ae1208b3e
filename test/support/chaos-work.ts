import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { SkeletonOrder } from '../../src/instances/options/skeleton-order.ts';
import { type JobKind, KIND_NAMES, type StageName, stagesOf } from '../../src/jobs/kinds/job-kinds.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { isWhole, readRecord } from '../../src/stack/export/archive-place.ts';
import { createStages } from '../../src/workers/create/stages.ts';
import { destroyStages } from '../../src/workers/destroy/stages.ts';
import { stagesIn } from '../../src/workers/stage/pipeline.ts';
import { makeReadyForCare, wrongAfterCare } from './chaos-care.ts';
import { makeInstances, makeToldAccount, queueDestruction, remainsOf } from './chaos-destroy.ts';
import { type ChaosFleet, findings, instancesOf, queueInstance } from './chaos-fleet.ts';
import { queueFilling, SeenPrefixes } from './chaos-pool.ts';
import { orderOf, putSkeleton } from './skeletons.ts';

/** What jobs are queued for: each kind, and the destruction of an instance of which nobody has to be told anything. */
export type Work = JobKind | 'destroy-alone';

export const WORKS: readonly Work[] = [...KIND_NAMES, 'destroy-alone'];

/** Stages of such a job that begin at one time, one step after the other. */
export function stepsOf(work: Work): readonly (readonly StageName[])[] {
  switch (work) {
    case 'create':
      return createStages.map((step) => stagesIn(step).map(({ name }) => name));
    case 'destroy-alone':
      return destroyStages.filter(({ isIdle }) => isIdle === undefined).map(({ name }) => [name]);
    default:
      return stagesOf(work).map((stage) => [stage]);
  }
}

/** The application that installations install: one of `app-registry.ts`. */
const APP = 'agenda';

/** The one file of the skeleton that creations write. */
const FIRST_FILE = 'cat.txt';

/** What a modification adds. */
const SPONSOR = 'partner';

/** Makes what such jobs work on: with something to repair, where they repair, and with accounts, where somebody is told of them. */
export async function makeReady(
  chaos: ChaosFleet,
  work: Work,
  all: readonly InstanceOptions[],
): Promise<void> {
  if (work === 'create' || work === 'fill-pool') return;
  await makeInstances(chaos, all);
  if (work === 'destroy' || work === 'export') await mkdir(archivesOf(chaos), { recursive: true });
  if (work === 'destroy') {
    for (const { domain } of all) await makeToldAccount(chaos, domain);
  }
  if (work === 'update-apps' || work === 'uninstall-apps') {
    for (const { domain } of all) await putOldApp(chaos, domain);
  }
  for (const { domain } of all) await makeReadyForCare(chaos, work, domain);
  if (work !== 'repair') return;
  for (const { domain } of all) await chaos.couch.deleteDatabase(repairedDatabase(domain));
}

/** Queues such a job; for an instance, unless it is one that fills the pool. @returns its id */
export async function queueWork(chaos: ChaosFleet, work: Work, options: InstanceOptions): Promise<string> {
  const { domain } = options;
  switch (work) {
    case 'create':
      // Without any, the last stage would have no boundary of its own.
      return await queueInstance(chaos, { ...options, apps: [APP], skeleton: await skeletonBeside(chaos) });
    case 'destroy':
      return await queueDestruction(chaos, domain, { exportTo: archivesOf(chaos) });
    case 'destroy-alone':
      return await queueDestruction(chaos, domain);
    case 'export':
      return await queueTask(chaos, domain, { kind: work, to: archivesOf(chaos) });
    case 'modify':
      return await queueTask(chaos, domain, { kind: work, changes: { sponsorships: [SPONSOR] } });
    case 'modify-and-install':
      return await queueTask(chaos, domain, {
        kind: work,
        changes: { sponsorships: [SPONSOR] },
        apps: [APP],
      });
    case 'repair':
      return await queueTask(chaos, domain, { kind: work, recreateEmpty: true, dropReservation: false });
    case 'install-apps':
      return await queueTask(chaos, domain, { kind: work, apps: [APP] });
    case 'update-apps':
      return await queueTask(chaos, domain, { kind: work, apps: [APP], safe: false });
    case 'uninstall-apps':
      return await queueTask(chaos, domain, { kind: work, apps: [APP], purgeCode: true });
    case 'reset-links':
      return await queueTask(chaos, domain, { kind: work, validMs: 86_400_000 });
    case 'clean-sessions':
      return await queueTask(chaos, domain, { kind: work, logins: true });
    case 'purge-jobs':
      return await queueTask(chaos, domain, { kind: work, olderThanMs: 86_400_000 });
    case 'fsck':
      return await queueTask(chaos, domain, { kind: work, index: true, files: true });
    case 'fill-pool':
      return await queueFilling(chaos, 2);
  }
}

/** First files, in a directory beside the storage. */
async function skeletonBeside({ settings }: ChaosFleet): Promise<SkeletonOrder> {
  const directory = `${settings.storageRoot}-skeleton`;
  await putSkeleton(directory, { [`common/Photos/${FIRST_FILE}`]: 'cat' });
  return await orderOf(directory);
}

/** What is wrong with the result of such a job, a sentence each. */
export async function wrongAfter(chaos: ChaosFleet, work: Work, options: InstanceOptions): Promise<string[]> {
  const { domain } = options;
  if (work === 'destroy-alone') return await remainsOf(chaos, [domain]);
  if (work === 'destroy') {
    return [...(await remainsOf(chaos, [domain])), ...(await wrongWithArchives(chaos, domain))];
  }
  if (work === 'fill-pool') return await new SeenPrefixes(chaos).faults(true);
  const wrong = [...(await findings(chaos, options)), ...(await wrongAfterCare(chaos, work, domain))];
  if (work === 'export') wrong.push(...(await wrongWithArchives(chaos, domain)));
  const [instance] = await instancesOf(chaos.couch, [domain]);
  const isModified = work === 'modify' || work === 'modify-and-install';
  if (isModified && instance?.sponsorships?.join() !== SPONSOR) wrong.push('it has no sponsor');
  if (work === 'create') {
    const database = databaseName(prefixOf(domain), 'io.cozy.files');
    const rows = await chaos.couch.allDocuments(database, { includeDocs: true });
    const files = rows.flatMap(({ doc }) => (doc?.['type'] === 'file' ? [doc['name']] : []));
    if (files.join() !== FIRST_FILE) wrong.push(`its files are: ${files.join()}`);
  }
  if (work === 'create' || work === 'install-apps' || work === 'modify-and-install') {
    const apps = await chaos.couch.allDocuments(databaseName(prefixOf(domain), 'io.cozy.apps'), {});
    if (!apps.some(({ id }) => id === `io.cozy.apps/${APP}`)) wrong.push(`it has no ${APP}`);
  }
  if (work === 'update-apps') {
    const database = databaseName(prefixOf(domain), 'io.cozy.apps');
    const app = await chaos.couch.getDocument(database, `io.cozy.apps/${APP}`);
    if (app?.['version'] !== '2.3.1') wrong.push(`its ${APP} is of version ${String(app?.['version'])}`);
  }
  if (work === 'uninstall-apps') {
    const rows = await chaos.couch.allDocuments(databaseName(prefixOf(domain), 'io.cozy.apps'), {});
    if (rows.some(({ id }) => id === `io.cozy.apps/${APP}`)) wrong.push(`it has ${APP} still`);
  }
  return wrong;
}

/** Where instances are exported to. */
function archivesOf({ settings }: ChaosFleet): string {
  return `${settings.storageRoot}-archives`;
}

/** There has to be an archive of an instance that is whole, and nothing that is not. */
async function wrongWithArchives(chaos: ChaosFleet, domain: string): Promise<string[]> {
  const directory = join(archivesOf(chaos), domain);
  const names = await readdir(directory);
  const { signal } = new AbortController();
  const wrong: string[] = [];
  for (const name of names) {
    const record = await readRecord(join(directory, name));
    const isGood = record && (await isWhole({ directory: join(directory, name), record }, signal));
    if (isGood !== true) wrong.push(`${name} of ${domain} is not whole`);
  }
  return names.length === 0 ? [`there is no archive of ${domain}`] : wrong;
}

/** Gives an instance the application in a version that was never published. */
async function putOldApp({ couch }: ChaosFleet, domain: string): Promise<void> {
  const [apps, permissions] = ['io.cozy.apps', 'io.cozy.permissions'].map((each) =>
    databaseName(prefixOf(domain), each),
  );
  for (const [database = '', document] of [
    [
      apps,
      { _id: `io.cozy.apps/${APP}`, source: `registry://${APP}/stable`, version: '0.0.1', state: 'ready' },
    ],
    [permissions, { _id: 'old', type: 'app', source_id: `io.cozy.apps/${APP}` }],
  ] as const) {
    await couch.createDatabase(database);
    await couch.putDocument(database, document);
  }
}

export type TaskOnInstance =
  | {
      readonly kind: 'modify-and-install';
      readonly changes: { readonly sponsorships: string[] };
      readonly apps: string[];
    }
  | { readonly kind: 'modify'; readonly changes: { readonly sponsorships: string[] } }
  | { readonly kind: 'repair'; readonly recreateEmpty: boolean; readonly dropReservation: boolean }
  | { readonly kind: 'install-apps'; readonly apps: string[] }
  | { readonly kind: 'update-apps'; readonly apps: string[]; readonly safe: boolean }
  | { readonly kind: 'uninstall-apps'; readonly apps: string[]; readonly purgeCode: boolean }
  | { readonly kind: 'reset-links'; readonly validMs: number }
  | { readonly kind: 'clean-sessions'; readonly logins: boolean }
  | { readonly kind: 'purge-jobs'; readonly olderThanMs: number }
  | { readonly kind: 'fsck'; readonly index: boolean; readonly files: boolean }
  | { readonly kind: 'export'; readonly to: string };

/** Queues a job for an instance as it is. @returns its id */
export async function queueTask(chaos: ChaosFleet, domain: string, task: TaskOnInstance): Promise<string> {
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
