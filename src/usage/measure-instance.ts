import { isNoDatabase } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { FleetError } from '../errors.ts';
import { databasePrefix } from '../instances/databases/prefix.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import type { GoTime } from './go-time.ts';
import { type BeforeOrAfter, beforeOrAfter, beforeOrAfterNow } from './life-now.ts';
import { readLastActivity } from './read-last-activity.ts';
import {
  type OwnerNames,
  quotaOf,
  readCreation,
  readDiskUsage,
  readFileCount,
  readOwner,
  shareOf,
} from './read-measures.ts';
import { readStoredApps, type StoredApp } from './stored-apps.ts';
import { isOfInstance } from './unreadable-measure.ts';

/** Where instances and their databases are. */
export interface UsageServers {
  readonly global: CouchServer;
  /** @throws Refusal `wrong_cluster` */
  cluster(index: number | undefined): CouchServer;
}

/** What is read of an instance beside its document, each by itself. */
export const READINGS = ['activity', 'creation', 'files', 'usage', 'apps', 'owner'] as const;

export type Reading = (typeof READINGS)[number];

/** What was measured of an instance; what was not asked for, or cannot be told, is absent. */
export interface Measures extends OwnerNames {
  readonly lastActivity?: GoTime;
  readonly creation?: GoTime;
  /** Files, those in the trash too. */
  readonly files?: number;
  /** Bytes. */
  readonly diskUsed?: number;
  /** Percent of the quota; absent without a quota, too. */
  readonly diskShare?: number;
  readonly apps?: readonly StoredApp[];
}

/** Why something of an instance could not be told. */
export interface MeasureProblem {
  readonly reading: Reading;
  readonly code: string;
  readonly problem: string;
}

/** An instance with what was measured of it. */
export interface MeasuredInstance {
  readonly instance: StoredInstance;
  readonly measures: Measures;
  readonly problems: readonly MeasureProblem[];
  /** Why there is nothing to measure, or no more; absent for an instance in use. */
  readonly outside?: BeforeOrAfter;
}

/**
 * Measures one instance: reads no more than is asked for. What cannot be told of it is a problem in its place and no
 * figure; one that is being made or removed has none.
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export async function measureInstance(
  instance: StoredInstance,
  readings: ReadonlySet<Reading>,
  servers: UsageServers,
  signal?: AbortSignal,
): Promise<MeasuredInstance> {
  const outside = beforeOrAfter(instance);
  if (outside !== undefined) return { instance, measures: {}, problems: [], outside };
  return await measureWhatIsThere(instance, readings, servers, signal);
}

/** The same, also of one that is being made or removed, as long as it has its databases. */
export async function measureWhatIsThere(
  instance: StoredInstance,
  readings: ReadonlySet<Reading>,
  servers: UsageServers,
  signal?: AbortSignal,
): Promise<MeasuredInstance> {
  const wanted = READINGS.filter((each) => readings.has(each));
  const ends = await Promise.all(wanted.map((reading) => attempt(reading, instance, servers, signal)));
  if (ends.some(({ lacking }) => lacking === true)) {
    const now = await beforeOrAfterNow(instance, servers.global, signal);
    if (now !== undefined) return { instance, measures: {}, problems: [], outside: now };
  }
  const measures: Measures = {};
  for (const end of ends) Object.assign(measures, end.measures);
  return { instance, measures, problems: ends.flatMap(({ problem }) => problem ?? []) };
}

interface ReadingEnd {
  readonly measures: Measures;
  readonly problem?: MeasureProblem;
  /** Whether a database is not there. */
  readonly lacking?: boolean;
}

async function attempt(
  reading: Reading,
  instance: StoredInstance,
  { cluster }: UsageServers,
  signal: AbortSignal | undefined,
): Promise<ReadingEnd> {
  let server: CouchServer | undefined;
  try {
    server = cluster(instance.couch_cluster);
    return { measures: await read(reading, instance, server, signal) };
  } catch (error) {
    if (!(error instanceof FleetError) || !(await isOfInstance(error, server, signal))) throw error;
    const { code, message: problem } = error;
    return { measures: {}, problem: { reading, code, problem }, lacking: isNoDatabase(error) };
  }
}

async function read(
  reading: Reading,
  instance: StoredInstance,
  server: CouchServer,
  signal: AbortSignal | undefined,
): Promise<Measures> {
  const prefix = databasePrefix(instance);
  switch (reading) {
    case 'activity':
      return { lastActivity: await readLastActivity(server, instance, signal) };
    case 'creation':
      return { creation: await readCreation(server, prefix, signal) };
    case 'files':
      return { files: await readFileCount(server, prefix, signal) };
    case 'usage': {
      const quota = quotaOf(instance);
      const diskUsed = await readDiskUsage(server, prefix, signal);
      return { diskUsed, ...(quota !== undefined && { diskShare: shareOf(diskUsed, quota) }) };
    }
    case 'apps':
      return { apps: await readStoredApps(server, prefix, signal) };
    case 'owner':
      return await readOwner(server, prefix, signal);
  }
}
