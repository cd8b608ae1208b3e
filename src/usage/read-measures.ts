import type { CouchServer } from '../couchdb/server.ts';
import { FILES, SETTINGS } from '../instances/databases/databases.ts';
import { databaseName } from '../instances/databases/prefix.ts';
import { ROOT_ID } from '../instances/documents/file-documents.ts';
import type { InstanceDocument } from '../instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../instances/documents/settings-document.ts';
import { type GoTime, parseGoTime } from './go-time.ts';
import { UnreadableMeasure } from './unreadable-measure.ts';

const VERSIONS = 'io.cozy.files.versions';

/**
 * Bytes of all files, those in the trash too, and of their former versions: what a stack counts against the quota
 * (`diskUsage` in `web/instances/instances.go`).
 * @param prefix what the names of the instance's databases begin with (`databasePrefix`)
 * @throws UnreadableMeasure where a view has a size that is none
 * @throws CouchError 404 where a database or its view is not there
 */
export async function readDiskUsage(
  server: CouchServer,
  prefix: string,
  signal?: AbortSignal,
): Promise<number> {
  const views = [
    [FILES, 'disk-usage'],
    [VERSIONS, 'old-versions-disk-usage'],
  ] as const;
  const sums = await Promise.all(
    views.map(async ([doctype, view]) => {
      const sum = await server.viewTotal(databaseName(prefix, doctype), view, 'reduced', signal);
      if (sum === undefined) return 0;
      if (typeof sum === 'number' && sum >= 0) return Math.trunc(sum);
      throw new UnreadableMeasure(
        'disk usage',
        `the view ${view} of ${doctype} has no sum`,
        'One of its files has a size that is no number: cozy-fleet instances fsck.',
      );
    }),
  );
  return sums.reduce((total, each) => total + each, 0);
}

/**
 * How many files there are, those in the trash too; `doc_count` would count directories and design documents.
 * @throws CouchError 404 where the database or its view is not there
 */
export async function readFileCount(
  server: CouchServer,
  prefix: string,
  signal?: AbortSignal,
): Promise<number> {
  return Number(await server.viewTotal(databaseName(prefix, FILES), 'disk-usage', 'count', signal));
}

/**
 * When an instance was made: no field of its document says so, but its root directory does.
 * @throws UnreadableMeasure; CouchError 404 where there is no such database
 */
export async function readCreation(
  server: CouchServer,
  prefix: string,
  signal?: AbortSignal,
): Promise<GoTime> {
  const root = await server.getDocument(databaseName(prefix, FILES), ROOT_ID, signal);
  if (root === undefined)
    throw new UnreadableMeasure(
      'date of creation',
      `there is no ${ROOT_ID}`,
      'See: cozy-fleet instances fsck.',
    );
  const { created_at: at } = root;
  const time = typeof at === 'string' ? parseGoTime(at) : undefined;
  if (time !== undefined) return time;
  throw new UnreadableMeasure('date of creation', `created_at of document ${ROOT_ID} is no time`);
}

/** Whose instance it is, as its settings say; absent where they do not. */
export interface OwnerNames {
  readonly email?: string;
  readonly publicName?: string;
}

/** @throws UnreadableMeasure; CouchError 404 where there is no such database */
export async function readOwner(
  server: CouchServer,
  prefix: string,
  signal?: AbortSignal,
): Promise<OwnerNames> {
  const settings = await server.getDocument(databaseName(prefix, SETTINGS), SETTINGS_ID, signal);
  if (settings === undefined)
    throw new UnreadableMeasure('owner', `there is no ${SETTINGS_ID}`, 'See: cozy-fleet instances fsck.');
  const { email, public_name: publicName } = settings;
  return {
    ...(typeof email === 'string' && email !== '' && { email }),
    ...(typeof publicName === 'string' && publicName !== '' && { publicName }),
  };
}

/** Bytes that the files of an instance may take; undefined for no limit. @throws UnreadableMeasure */
export function quotaOf({ _id, disk_quota: text }: InstanceDocument): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d{1,19}$/.test(text)) {
    throw new UnreadableMeasure(
      'share of the quota',
      `disk_quota of document ${_id} of global/instances is no number`,
    );
  }
  const bytes = Number(text);
  return bytes > 0 ? bytes : undefined;
}

/** Whether more of a quota is used than a percentage of it; the share that people read is rounded, and is not compared. */
export function isUsedOver(percent: number, used: number, quota: number): boolean {
  // Multiplied, for 93.3 % of a quota in whole bytes is nearer to a whole number than 93.3 / 100 is to what was meant.
  return used * 100 > percent * quota;
}

/** How much of a quota is used, in percent with one decimal, rounded down: 100 only for one that is full. */
export function shareOf(used: number, quota: number): number {
  return Math.floor((used / quota) * 1000) / 10;
}
