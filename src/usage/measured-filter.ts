import { haveConditions, parseAppCondition } from '../apps/manifest/app-condition.ts';
import { isNoDatabase } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { FleetError } from '../errors.ts';
import { databasePrefix } from '../instances/databases/prefix.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import type { InstanceFilter } from '../instances/lookup/instance-filter.ts';
import { type BeforeOrAfter, beforeOrAfter, beforeOrAfterNow } from './life-now.ts';
import type { Measures, UsageServers } from './measure-instance.ts';
import { readLastActivity } from './read-last-activity.ts';
import { isUsedOver, quotaOf, readCreation, readDiskUsage } from './read-measures.ts';
import { readStoredApps } from './stored-apps.ts';
import { isOfInstance, UnreadableMeasure } from './unreadable-measure.ts';

/** Whether a filter asks for what an instance's document does not say. */
export function hasMeasures({ idleSince, usedOver, apps }: InstanceFilter): boolean {
  return idleSince !== undefined || usedOver !== undefined || apps !== undefined;
}

/**
 * What remains to be asked of a filter once a job may have written something: whether somebody has come back, or made room.
 * Nothing that jobs do on an instance in use changes that, but for a change of the quota; what is found of its document and
 * its applications may be the job's own work.
 */
export function steadyMeasures({ idleSince, usedOver }: InstanceFilter): InstanceFilter {
  return { idleSince, usedOver };
}

/**
 * Whether an instance meets the parts of a filter that its document does not tell (`matchesDocument` tells the others).
 * What cannot be read is thrown: nothing is ever done to an instance because nobody could look.
 * @throws UnreadableMeasure; Refusal `wrong_cluster`; CouchError also where a database is not there
 */
export async function meetsMeasures(
  { idleSince, usedOver, apps }: InstanceFilter,
  instance: StoredInstance,
  { cluster }: Pick<UsageServers, 'cluster'>,
  signal?: AbortSignal,
): Promise<boolean> {
  if (idleSince === undefined && usedOver === undefined && apps === undefined) return true;
  const server = cluster(instance.couch_cluster);
  const prefix = databasePrefix(instance);
  if (apps !== undefined) {
    const conditions = apps.map((each) => parseAppCondition(each, '--app'));
    if (!haveConditions(await readStoredApps(server, prefix, signal), conditions)) return false;
  }
  if (usedOver !== undefined) {
    const quota = quotaOf(instance);
    if (quota === undefined) return false;
    if (!isUsedOver(usedOver, await readDiskUsage(server, prefix, signal), quota)) return false;
  }
  if (idleSince !== undefined) {
    const since = Date.parse(idleSince);
    if ((await readLastActivity(server, instance, signal)).ms >= since) return false;
    // Nobody may have come yet: one that was made later was not idle for so long.
    if ((await readCreation(server, prefix, signal)).ms >= since) return false;
  }
  return true;
}

/**
 * Whether what was measured of an instance earlier meets a filter, with its quota as it is now; undefined where nobody can tell.
 * Good for lists alone: whatever is done to an instance asks again.
 */
export function meetsKeptMeasures(
  { idleSince, usedOver, apps }: InstanceFilter,
  instance: StoredInstance,
  { lastActivity, creation, diskUsed, apps: installed }: Measures,
): boolean | undefined {
  const met: (boolean | undefined)[] = [];
  if (apps !== undefined) {
    const conditions = apps.map((each) => parseAppCondition(each, '--app'));
    met.push(installed && haveConditions(installed, conditions));
  }
  if (usedOver !== undefined) met.push(wasUsedOver(usedOver, instance, diskUsed));
  if (idleSince !== undefined) {
    const since = Date.parse(idleSince);
    const known = lastActivity !== undefined && creation !== undefined;
    met.push(known ? lastActivity.ms < since && creation.ms < since : undefined);
  }
  if (met.includes(false)) return false;
  return met.includes(undefined) ? undefined : true;
}

/** With the quota that there is now; undefined where nobody can tell. */
function wasUsedOver(
  percent: number,
  instance: StoredInstance,
  diskUsed: number | undefined,
): boolean | undefined {
  try {
    const quota = quotaOf(instance);
    if (quota === undefined) return false;
    return diskUsed === undefined ? undefined : isUsedOver(percent, diskUsed, quota);
  } catch (error) {
    if (error instanceof UnreadableMeasure) return undefined;
    throw error;
  }
}

/** An instance of which nobody can tell whether a filter means it, so that it is passed over. */
export interface Unmeasured {
  readonly domain: string;
  readonly code: string;
  /** Half a sentence, or a sentence without its full stop. */
  readonly problem: string;
  /** False for one that is being made or removed: there is nothing to measure, and nothing wrong. */
  readonly isFault: boolean;
}

/** Called with each instance that is passed over because it cannot be measured. */
export type OnUnmeasured = (unmeasured: Unmeasured) => void;

/** Whether an instance meets the measures of a filter, or why nobody can tell. */
export type MeasureJudgement = boolean | Unmeasured;

/**
 * {@link meetsMeasures} for lists: what is wrong with one instance is told in its place.
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export async function judgeMeasures(
  filter: InstanceFilter,
  instance: StoredInstance,
  servers: UsageServers,
  signal?: AbortSignal,
): Promise<MeasureJudgement> {
  if (!hasMeasures(filter)) return true;
  const { domain } = instance;
  const outside = beforeOrAfter(instance);
  if (outside !== undefined) return unmeasuredOutside(domain, outside);
  let server: CouchServer | undefined;
  try {
    server = servers.cluster(instance.couch_cluster);
    return await meetsMeasures(filter, instance, servers, signal);
  } catch (error) {
    if (!(error instanceof FleetError) || !(await isOfInstance(error, server, signal))) throw error;
    const now = isNoDatabase(error) ? await beforeOrAfterNow(instance, servers.global, signal) : undefined;
    if (now === 'gone') return false;
    if (now !== undefined) return unmeasuredOutside(domain, now);
    return { domain, code: error.code, problem: error.message, isFault: true };
  }
}

/** Why one that is being made or removed is not measured. */
export function unmeasuredOutside(domain: string, outside: BeforeOrAfter): Unmeasured {
  switch (outside) {
    case 'provisioning':
      return { domain, code: outside, problem: 'it is being made', isFault: false };
    case 'deleting':
      return { domain, code: outside, problem: 'it is being deleted', isFault: false };
    case 'gone':
      return { domain, code: 'not_found', problem: 'it is gone by now', isFault: false };
  }
}
