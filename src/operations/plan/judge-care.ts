import type { CouchServer } from '../../couchdb/server.ts';
import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import { refuseUnreachable } from '../../instances/change/refuse-unreachable.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isUnregistered, resetEnd } from '../../instances/documents/reset-token.ts';
import { refuseSharedDatabases } from '../../instances/lookup/sharing.ts';
import type { TaskOf } from '../../jobs/kinds/job-kinds.ts';
import { readableDuration } from '../../quantity-text.ts';
import { countSessions } from '../../usage/clean-sessions.ts';
import { findOldJobs, JOBS } from '../../usage/purge-jobs.ts';
import type { Surveyor } from './surroundings.ts';
import type { Verdict } from './verdict.ts';

/**
 * What making a link for a new passphrase would do, by the rules of its job.
 * @throws Refusal `provisioning`, `deleting`, `closed`
 */
export function judgeResetLink(
  { validMs }: TaskOf<'reset-links'>,
  instance: StoredInstance,
  now = Date.now(),
): Verdict {
  refuseUnreachable(instance);
  if (isUnregistered(instance)) return { verdict: 'same', fields: [] };
  const end = resetEnd(instance) ?? 0;
  const old = end > now ? (instance.passphrase_reset_time ?? null) : null;
  const next = `${readableDuration(validMs)} from then on`;
  return { verdict: 'change', fields: [{ field: 'passphrase_reset_time', old, new: next }] };
}

/**
 * What ending the sessions of an instance would remove.
 * @throws Refusal `provisioning`, `deleting`, `shared_prefix`
 */
export async function judgeSessionCleaning(
  surveyor: Surveyor,
  { logins }: TaskOf<'clean-sessions'>,
  instance: StoredInstance,
): Promise<Verdict> {
  const server = await serverOfUse(surveyor, instance);
  return cleaned(await countSessions(server, instance, logins, surveyor.signal));
}

/**
 * What removing old jobs of a stack would remove.
 * @throws Refusal `provisioning`, `deleting`, `shared_prefix`
 */
export async function judgeJobPurge(
  surveyor: Surveyor,
  { olderThanMs, workers }: TaskOf<'purge-jobs'>,
  instance: StoredInstance,
): Promise<Verdict> {
  const server = await serverOfUse(surveyor, instance);
  const old = await findOldJobs(server, instance, { olderThanMs, workers }, surveyor.signal);
  return cleaned(old.length === 0 ? {} : { [JOBS]: old.length });
}

/** The server with the databases of an instance in use, that are nobody else's. */
async function serverOfUse(
  { cluster, prefixIndex, signal }: Surveyor,
  instance: StoredInstance,
): Promise<CouchServer> {
  refuseUnfinished(instance);
  refuseSharedDatabases(await prefixIndex.refresh(signal), instance);
  return cluster(instance.couch_cluster);
}

function cleaned(documents: Readonly<Record<string, number>>): Verdict {
  return Object.keys(documents).length === 0
    ? { verdict: 'same', fields: [] }
    : { verdict: 'clean', documents };
}
