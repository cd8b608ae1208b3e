import { incarnationOf } from '../../instances/documents/incarnation.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { isWhole, recordedArchives } from '../../stack/export/archive-place.ts';
import type { Archive } from '../../stack/export/archive-record.ts';
import { ExportError } from '../../stack/export/export-error.ts';
import { doctypesChangedSince, doctypesOf, type OwnerDatabases } from '../../stack/export/owner-databases.ts';
import { exportWork } from '../export/export-work.ts';
import { noteOf } from '../export/note-of.ts';
import { databasesOf } from '../instance/databases-of.ts';
import type { DestroyContext } from './context.ts';

/** What the destruction itself changes, once there is an archive: accounts are deleted at their providers. */
const OF_THE_DESTRUCTION: ReadonlySet<string> = new Set([
  'io.cozy.accounts',
  'io.cozy.accounts.soft_deleted',
  'io.cozy.triggers',
]);

/** Whether no archive is wanted, or there is nothing that could be in it: a reservation was never used. */
export function needsNoArchive({ payload, instance }: DestroyContext): boolean {
  return payload.exportTo === undefined || isReservation(instance);
}

/**
 * Sees to it that there is an archive of the instance as it is, before anything of it is removed; where it was written to
 * since the last one, another one is made, unless databases have begun to go. Where none is needed nothing is done.
 * @throws ExportError with nothing removed
 */
export async function ensureArchive(context: DestroyContext): Promise<void> {
  if (needsNoArchive(context)) return;
  const { archive, known, left } = await findArchive(context, context.signal);
  if (archive !== undefined) return;
  if (left.length > 0) throw changedSince(context, left);
  if (known === 0 && context.wasRemoving) throw elsewhere(context);
  await makeArchive(context);
}

/** Has the archive made, or finds one of the instance as it is, by a comparison with CouchDB. @throws ExportError */
export async function makeArchive(context: DestroyContext): Promise<void> {
  const { payload, archives } = context;
  if (payload.exportTo === undefined) return;
  const archive = await exportWork({ ...context, directory: payload.exportTo });
  archives.add(archive.directory);
  await context.hasArchive(noteOf(archive));
}

/**
 * Asked at the last moment before databases are deleted, whatever the job says was done before.
 * @throws ExportError where there is no whole archive on this machine, or something was written since
 */
export async function refuseUnarchived(context: DestroyContext, signal: AbortSignal): Promise<void> {
  if (needsNoArchive(context)) return;
  const { archive, known } = await findArchive(context, signal);
  if (archive !== undefined) return;
  throw known === 0 ? elsewhere(context) : changedSince(context, []);
}

interface Found {
  /** Whole, and with nothing missing that was written since. */
  readonly archive: Archive | undefined;
  /** Archives of this life of the domain that are on this machine. */
  readonly known: number;
  /** Doctypes of which an archive tells, and which have no database any more. */
  readonly left: readonly string[];
}

async function findArchive(context: DestroyContext, signal: AbortSignal): Promise<Found> {
  const { payload, services, instance, archives } = context;
  const { domain } = instance;
  const databases: OwnerDatabases = { ...databasesOf(services, instance), signal };
  const place = { directory: payload.exportTo ?? '', domain };
  const found = await recordedArchives(place, incarnationOf(instance));
  for (const archive of found) {
    const { directory, record } = archive;
    if ((await doctypesChangedSince(databases, record.databases, OF_THE_DESTRUCTION)).length > 0) continue;
    // What was seen to be whole in this attempt need not be read again.
    if (!(await isWhole(archive, signal, archives.has(directory) ? 'sizes' : 'bytes'))) continue;
    archives.add(directory);
    return { archive, known: found.length, left: [] };
  }
  const there = new Set(found.length === 0 ? [] : await doctypesOf(databases));
  const left = Object.keys(found[0]?.record.databases ?? {}).filter((doctype) => !there.has(doctype));
  return { archive: undefined, known: found.length, left };
}

function elsewhere({ instance, payload }: DestroyContext): ExportError {
  return new ExportError(
    'export_elsewhere',
    `there is no archive of ${instance.domain} in ${payload.exportTo ?? ''} on this machine, and another worker has begun to remove databases`,
    'Let workers share the directory, or run one on the machine that has the archive, then try again: cozy-fleet jobs retry or batches retry.',
    'retry',
  );
}

function changedSince({ instance }: DestroyContext, left: readonly string[]): ExportError {
  const begun = left.length > 0 ? `, and databases have begun to go (${left.join(', ')})` : '';
  return new ExportError(
    'export_changed',
    `${instance.domain} was written to after its archive was made, or that is not whole any more${begun}`,
    begun === ''
      ? 'It is exported again with the next try.'
      : 'Nothing more was removed. Look who writes to it; the archive has what there was before.',
    begun === '' ? 'retry' : 'final',
  );
}
