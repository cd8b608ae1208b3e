import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { LOGINS } from '../../src/usage/last-activity.ts';
import { JOBS } from '../../src/usage/purge-jobs.ts';
import { type ChaosFleet, instancesOf } from './chaos-fleet.ts';
import type { Work } from './chaos-work.ts';

/** When the only login was. */
export const LAST_LOGIN = '2026-05-04T23:30:00.123456789+02:00';

/** Jobs of a stack that one worker and state keeps, and those that are too many. */
const KEPT = 50;
export const TOO_MANY = 3;

/** Gives an instance what such a job works on. */
export async function makeReadyForCare(chaos: ChaosFleet, work: Work, domain: string): Promise<void> {
  if (work === 'reset-links') await letRegister(chaos, domain);
  if (work === 'clean-sessions') {
    await chaos.couch.putDocument(databaseName(prefixOf(domain), LOGINS), {
      _id: 'login',
      created_at: LAST_LOGIN,
    });
  }
  if (work === 'purge-jobs') await putOldJobs(chaos, domain);
}

/** What such a job left undone, a sentence each. */
export async function wrongAfterCare(chaos: ChaosFleet, work: Work, domain: string): Promise<string[]> {
  const [instance] = await instancesOf(chaos.couch, [domain]);
  switch (work) {
    case 'reset-links':
      return instance?.passphrase_reset_token === undefined ? ['it has no link'] : [];
    case 'clean-sessions': {
      const wrong = (await idsOf(chaos, domain, LOGINS)).map((id) => `${id} is there still`);
      const kept = instance?.last_activity_from_deleted_oauth_clients;
      return kept === LAST_LOGIN ? wrong : [...wrong, `it was last active ${kept}`];
    }
    case 'purge-jobs': {
      const left = await idsOf(chaos, domain, JOBS);
      return left.length === KEPT ? [] : [`it has ${left.length} jobs`];
    }
    default:
      return [];
  }
}

/** As if its owner had chosen a passphrase. */
async function letRegister(chaos: ChaosFleet, domain: string): Promise<void> {
  const [instance] = await instancesOf(chaos.couch, [domain]);
  if (instance === undefined) throw new Error(`there is no ${domain}`);
  const { register_token: _used, ...registered } = instance;
  const chosen = { ...registered, passphrase_hash: 'c2NyeXB0', onboarding_finished: true };
  await chaos.couch.putDocument(INSTANCES, { ...chosen, password_defined: true });
}

async function putOldJobs({ couch }: ChaosFleet, domain: string): Promise<void> {
  const jobs = Array.from({ length: KEPT + TOO_MANY }, (_, at) => ({
    _id: `job-${at}`,
    worker: 'sendmail',
    state: 'done',
    queued_at: new Date(Date.UTC(2025, 0, 1, at)).toISOString(),
  }));
  await couch.bulkInsert(databaseName(prefixOf(domain), JOBS), jobs);
}

/** Ids of the documents of a database of an instance, but those of its designs. */
async function idsOf({ couch }: ChaosFleet, domain: string, doctype: string): Promise<string[]> {
  const rows = await couch.allDocuments(databaseName(prefixOf(domain), doctype), {});
  return rows.map(({ id }) => id).filter((id) => !id.startsWith('_design/'));
}
