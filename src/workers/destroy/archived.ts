import { incarnationOf } from '../../instances/documents/incarnation.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { isWhole, recordedArchives } from '../../stack/export/archive-place.ts';
import type { Archive } from '../../stack/export/archive-record.ts';
import { ExportError } from '../../stack/export/export-error.ts';
import {
  doctypeOf,
  doctypesChangedSince,
  doctypesOf,
  type OwnerDatabases,
  type PassedOver,
} from '../../stack/export/owner-databases.ts';
import { exportWork } from '../export/export-work.ts';
import { noteOf } from '../export/note-of.ts';
import { databasesOf } from '../instance/databases-of.ts';
import { type DestroyContext, refuseUnwantedByNow } from './context.ts';

/**
 * What the destruction itself changes once there is an archive: accounts and triggers are deleted, of the former copies are
 * made. What is written into accounts or triggers counts all the same.
 */
const OF_THE_DESTRUCTION: PassedOver = {
  all: new Set(['io.cozy.accounts.soft_deleted']),
  deletions: new Set(['io.cozy.accounts', 'io.cozy.triggers']),
};

/** Whether no archive is wanted, or there is nothing that could be in it: a reservation was never used. */
export function needsNoArchive({ payload, instance }: DestroyContext): boolean {
  return payload.exportTo === undefined || isReservation(instance);
}

/**
 * Sees to it that there is an archive of the instance as it is; where it was written to since the last one, another one is
 * made. Where none is needed nothing is done.
 *
 * Until something is deleted, an archive counts that has all there is. From then on the one that had it all has to be
 * there, and to be whole, whatever is exported after it; once databases are gone, nothing is exported any more.
 * @throws ExportError with nothing removed
 */
export async function ensureArchive(context: DestroyContext): Promise<void> {
  if (needsNoArchive(context)) return;
  const { archive, left } = await findArchive(context, context.signal);
  if (archive === undefined) {
    if (left.length > 0) throw changedSince(context, left);
    await makeArchive(context);
  } else if (!context.isRemoving() && context.note()?.directory !== archive.directory) {
    await context.hasArchive(noteOf(archive));
  }
}

/**
 * To be awaited before anything is deleted that an archive has: from then on no other one counts in its place. What was asked
 * before the archive was looked for, or made, is asked again.
 * @throws ExportError with nothing removed; as `refuseUnwantedByNow`
 */
export async function beginRemoval(context: DestroyContext): Promise<void> {
  if (needsNoArchive(context)) return;
  await ensureArchive(context);
  await refuseUnwantedByNow(context);
  await context.willRemove();
}

/** Has the archive made, or finds one of the instance as it is, by a comparison with CouchDB. @throws ExportError */
export async function makeArchive(context: DestroyContext): Promise<void> {
  const { payload, archives } = context;
  if (payload.exportTo === undefined) return;
  const ask = () => context.askDate();
  const archive = await exportWork({ ...context, directory: payload.exportTo, ask });
  archives.add(archive.directory);
  const earlier = context.isRemoving() ? notedIn(context) : [];
  await context.hasArchive({ ...noteOf(archive), ...(earlier.length > 0 && { earlier }) });
}

/**
 * Asked at the last moment before databases are deleted, whatever the job says was done before.
 * @returns what is asked of databases before they are deleted, by their names, for a list may have lacked some of them
 * @throws ExportError where there is no whole archive on this machine, or something was written since
 */
export async function refuseUnarchived(
  context: DestroyContext,
  signal: AbortSignal,
): Promise<(names: readonly string[]) => Promise<void>> {
  if (needsNoArchive(context)) return async () => undefined;
  const { archive, left } = await findArchive(context, signal);
  if (archive === undefined) throw changedSince(context, left);
  return async (names) => {
    const databases: OwnerDatabases = { ...databasesOf(context.services, context.instance), signal };
    const doctypes = names.map((name) => doctypeOf(databases.prefix, name));
    const { databases: then } = archive.record;
    const changed = await doctypesChangedSince(databases, then, OF_THE_DESTRUCTION, doctypes);
    if (changed.length > 0) throw unlisted(context, changed);
  };
}

interface Found {
  /** Whole, and with nothing missing that was written since. */
  readonly archive: Archive | undefined;
  /** Where databases may have been deleted: doctypes of which an archive tells, and which have none any more. */
  readonly left: readonly string[];
}

/** @throws ExportError `export_elsewhere` where something was deleted, and what has it is not there */
async function findArchive(context: DestroyContext, signal: AbortSignal): Promise<Found> {
  const { services, instance, payload } = context;
  const databases: OwnerDatabases = { ...databasesOf(services, instance), signal };
  const place = { directory: payload.exportTo ?? '', domain: instance.domain };
  const recorded = await recordedArchives(place, incarnationOf(instance));
  const isRemoving = context.isRemoving();
  const known = isRemoving ? await notedArchives(context, recorded, signal) : recorded;
  // An earlier job may have deleted some of it, and then its archive has more than there is.
  const mayLack = isRemoving || (payload.resume && instance.deleting === true);
  for (const archive of known) {
    const passedOver = mayLack ? OF_THE_DESTRUCTION : undefined;
    if ((await doctypesChangedSince(databases, archive.record.databases, passedOver)).length > 0) continue;
    if (await isSeenWhole(context, archive, signal)) return { archive, left: [] };
  }
  const [newest] = known;
  if (newest === undefined || !mayLack) return { archive: undefined, left: [] };
  const there = new Set(await doctypesOf(databases));
  const left = Object.keys(newest.record.databases).filter((doctype) => !there.has(doctype));
  return { archive: undefined, left };
}

/** The archives of the job since it began to delete, the newest first: each has what the next one lacks. */
async function notedArchives(
  context: DestroyContext,
  recorded: readonly Archive[],
  signal: AbortSignal,
): Promise<Archive[]> {
  const directories = notedIn(context);
  if (directories.length === 0) throw elsewhere(context, context.payload.exportTo ?? '');
  const found: Archive[] = [];
  for (const directory of directories) {
    const archive = recorded.find((each) => each.directory === directory);
    if (archive === undefined || !(await isSeenWhole(context, archive, signal))) {
      throw elsewhere(context, directory);
    }
    found.push(archive);
  }
  return found;
}

function notedIn(context: DestroyContext): string[] {
  const note = context.note();
  return note === undefined ? [] : [note.directory, ...(note.earlier ?? [])];
}

/** What was seen to be whole in this attempt need not be read again. */
async function isSeenWhole(
  { archives }: DestroyContext,
  archive: Archive,
  signal: AbortSignal,
): Promise<boolean> {
  const { directory } = archive;
  if (!(await isWhole(archive, signal, archives.has(directory) ? 'sizes' : 'bytes'))) return false;
  archives.add(directory);
  return true;
}

function elsewhere({ instance: { domain } }: DestroyContext, directory: string): ExportError {
  return new ExportError(
    'export_elsewhere',
    `the archive of ${domain} from before anything of it was deleted is not on this machine, or not whole: ${directory}`,
    [
      'Let workers share the directory, or run one on the machine that has the archive, then try again: cozy-fleet jobs retry or batches retry.',
      `If it is lost, and what is left may go: cozy-fleet instances destroy ${domain} --resume.`,
    ].join('\n'),
    'retry',
  );
}

function changedSince({ instance }: DestroyContext, left: readonly string[]): ExportError {
  const { domain } = instance;
  const begun = left.length > 0 ? `, and databases have begun to go (${left.join(', ')})` : '';
  return new ExportError(
    'export_changed',
    `${domain} was written to after its archive was made, or that is not whole any more${begun}`,
    begun === '' ? 'It is exported again with the next try.' : nothingMore(domain),
    begun === '' ? 'retry' : 'final',
  );
}

function unlisted({ instance: { domain } }: DestroyContext, doctypes: readonly string[]): ExportError {
  return new ExportError(
    'export_changed',
    `${domain} has documents that are not in its archive, in databases that came late: ${doctypes.join(', ')}`,
    nothingMore(domain),
    'retry',
  );
}

function nothingMore(domain: string): string {
  return [
    'Nothing more was removed. Look who writes to it; the archive has what there was before.',
    `If what is left may go without an archive: cozy-fleet instances destroy ${domain} --resume.`,
  ].join('\n');
}
