import { join } from 'node:path';
import {
  type ArchivePlace,
  beginPartial,
  checkPlace,
  dropPartial,
  isWhole,
  publishArchive,
  recordedArchives,
  writePart,
} from './archive-place.ts';
import type { Archive, ArchiveRecord } from './archive-record.ts';
import { type CompareOptions, type Comparison, compareArchive, type Difference } from './compare-archive.ts';
import { contentBytesOf } from './expected-documents.ts';
import { ExportError } from './export-error.ts';
import { type ExportDocument, exportByStack, type StackExportOptions } from './export-job.ts';
import {
  changedSince,
  doctypesChangedSince,
  isOfTheStack,
  type Moments,
  momentsOf,
} from './owner-databases.ts';

/** How often an instance is exported that is changed meanwhile, or whose archive lacks something. */
const ROUNDS = 3;

/** Differences that are told. */
const MOST_TOLD = 5;

export interface ExportOptions extends StackExportOptions {
  readonly place: ArchivePlace;
  /** Id of the instance's document. */
  readonly instanceId: string;
  readonly incarnation: string;
  readonly jobId: string;
  /** Told that another round is needed, and why. */
  onRound?(why: string): void;
}

/**
 * Sees to it that there is an archive of the instance as it is: made by the stack, downloaded, and compared with
 * CouchDB as it lies on the disk. One that an earlier attempt has made is kept, where it is whole and nothing was
 * changed since.
 *
 * @throws ExportError with nothing of the instance touched; what was downloaded in vain is removed
 */
export async function exportInstance(options: ExportOptions): Promise<Archive> {
  const { place, databases } = options;
  await checkPlace(place, 0);
  const known = await currentArchive(options);
  if (known !== undefined) return known;
  await checkPlace(place, await contentBytesOf(databases));
  return await newArchive(options);
}

/**
 * An archive of the instance as it is: nothing was written since, its parts are as they were, and they are compared once more,
 * for anybody may have written a record. Undefined where there is none.
 */
async function currentArchive(options: ExportOptions): Promise<Archive | undefined> {
  const { place, incarnation, databases } = options;
  for (const archive of await recordedArchives(place, incarnation)) {
    const { directory, record } = archive;
    if ((await doctypesChangedSince(databases, record.databases)).length > 0) continue;
    if (!(await isWhole(archive, databases.signal))) continue;
    const parts = record.parts.map(({ name }) => name);
    if (await isSame({ ...options, directory, parts })) return archive;
  }
  return undefined;
}

/**
 * Whether an archive from earlier can be read and is the instance. What a stack writes for itself was compared when it was made, and
 * has gone on since.
 */
async function isSame(options: CompareOptions): Promise<boolean> {
  try {
    const { differences, total } = await compareArchive(options);
    const isOwn = ({ doctype }: Difference) => isOfTheStack(doctype);
    return total === differences.length && differences.every(isOwn);
  } catch (error) {
    if (error instanceof ExportError) return false;
    throw error;
  }
}

async function newArchive(options: ExportOptions): Promise<Archive> {
  const { databases, domain } = options;
  for (let round = 1; ; round += 1) {
    const before = await momentsOf(databases);
    const made = await exportByStack(options);
    const partial = await beginPartial(options.place);
    try {
      const parts = await download(options, made, partial);
      const then = await momentsOf(databases);
      const compared = await compareArchive({
        ...options,
        directory: partial,
        parts: parts.map(({ name }) => name),
      });
      const left = await realDifferences(options, compared, before);
      if (left.lacking.length > 0 && round >= 2) throw incomplete(domain, left.lacking);
      if (left.lacking.length === 0 && left.changed.length === 0) {
        return await publish(options, { made, partial, parts, compared, then });
      }
      if (round >= ROUNDS) throw changedMeanwhile(domain, left.changed);
      options.onRound?.(left.lacking.length > 0 ? 'the archive is not whole' : 'the instance was changed');
    } finally {
      // Once it is published there is nothing under that name any more.
      await dropPartial(partial);
    }
  }
}

type Part = ArchiveRecord['parts'][number];

async function download(
  { admin, domain, place, databases, assertHeld, ask }: ExportOptions,
  { _id: exportId, parts_cursors }: ExportDocument,
  partial: string,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const [at, cursor] of ['', ...(parts_cursors ?? [])].entries()) {
    await ask?.();
    assertHeld();
    const name = `part${String(at).padStart(3, '0')}.zip`;
    const part = { domain, exportId, cursor };
    const written = await writePart(place, join(partial, name), (put) =>
      admin.downloadPart(part, put, databases.signal),
    );
    parts.push({ name, cursor, ...written });
  }
  return parts;
}

/** What an archive lacks, and what was changed while it was made: the latter is no fault of it. */
interface Judged {
  readonly lacking: readonly Difference[];
  readonly changed: readonly Difference[];
}

/** Leaves out what a stack has written for itself meanwhile. */
async function realDifferences(
  { databases }: Pick<ExportOptions, 'databases'>,
  { differences, total }: Comparison,
  before: Moments,
): Promise<Judged> {
  const changedIds = new Map<string, ReadonlySet<string>>();
  const lacking: Difference[] = [];
  const changed: Difference[] = [];
  for (const difference of differences) {
    const { doctype, id } = difference;
    const ids =
      changedIds.get(doctype) ??
      (doctype === 'instances'
        ? new Set<string>()
        : await changedSince(
            databases,
            doctype,
            Object.hasOwn(before, doctype) ? before[doctype] : undefined,
          ));
    changedIds.set(doctype, ids);
    // A content that belongs to nothing may be one of a file that was changed.
    const isChanged = id === '' ? ids.size > 0 : ids.has(id);
    if (!isChanged) lacking.push(difference);
    else if (!isOfTheStack(doctype)) changed.push(difference);
  }
  // Of those that were not kept, nobody knows whether they count.
  if (total > differences.length) changed.push({ doctype: '', id: '', what: 'there are many more' });
  return { lacking, changed };
}

async function publish(
  { place, domain, incarnation, jobId, assertHeld }: ExportOptions,
  {
    made,
    partial,
    parts,
    compared,
    then,
  }: {
    readonly made: ExportDocument;
    readonly partial: string;
    readonly parts: readonly Part[];
    readonly compared: Comparison;
    readonly then: Moments;
  },
): Promise<Archive> {
  const { files, versions, documents, contentBytes, withoutMd5 } = compared;
  const record: ArchiveRecord = {
    v: 1,
    domain,
    incarnation,
    jobId,
    exportId: made._id,
    comparedAt: new Date().toISOString(),
    parts: [...parts],
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    files,
    versions,
    documents,
    contentBytes,
    withoutMd5,
    databases: { ...then },
  };
  return await publishArchive(place, partial, record, assertHeld);
}

function incomplete(domain: string, lacking: readonly Difference[]): ExportError {
  const told = lacking.slice(0, MOST_TOLD).map(({ what }) => what);
  const more = lacking.length > told.length ? `; and ${lacking.length - told.length} more` : '';
  return new ExportError(
    'export_incomplete',
    `the archive of ${domain} is not what CouchDB says: ${told.join('; ')}${more}`,
    'A stack passes over in silence what its storage has lost: see cozy-stack check fs, put it right or remove it, then try again. Nothing was destroyed.',
  );
}

function changedMeanwhile(domain: string, changed: readonly Difference[]): ExportError {
  const doctypes = [...new Set(changed.map(({ doctype }) => doctype))].filter((each) => each !== '');
  return new ExportError(
    'export_changed',
    `${domain} was changed each time while it was exported: ${doctypes.join(', ')}`,
    'Somebody is using it. Try again later, or block it first: cozy-fleet instances modify --blocked.',
  );
}
