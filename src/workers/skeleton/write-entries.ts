import { slices } from '../../chunk.ts';
import { CouchError } from '../../couchdb/errors.ts';
import { insertMissing } from '../../couchdb/insert-missing.ts';
import { FleetError } from '../../errors.ts';
import { FILES } from '../../instances/databases/databases.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import { fileDocument } from '../../instances/documents/file-document.ts';
import { directoryDocument } from '../../instances/documents/file-documents.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { cozyUrl } from '../../instances/domains/registration-link.ts';
import { SkeletonUnusable } from '../../skeleton/errors.ts';
import { fileContent } from '../../skeleton/file-content.ts';
import type { SkeletonFile } from '../../skeleton/skeleton.ts';
import type { NewFile } from '../../storage/write-files.ts';
import { databasesOf } from '../instance/databases-of.ts';
import type { Attempt } from '../stage/attempt.ts';
import { fileMetadata } from './file-metadata.ts';
import type { JudgedEntry } from './judge-entries.ts';
import { type Missing, orUndo, takeBackEntries } from './take-back-entries.ts';

/** Entries that are written one after the other on the disk, and then together into CouchDB. */
const AT_ONCE = 25;

/** The entries of a skeleton for one instance. */
export interface EntriesWork {
  readonly attempt: Attempt;
  readonly instance: StoredInstance;
  readonly judged: readonly JudgedEntry[];
  /** Aborted as soon as a stack may work on the files. */
  readonly signal: AbortSignal;
}

/**
 * Writes what is missing, and records that it begins and how far it is: each part on the disk first, then in CouchDB.
 * @throws LostLock, StorageError, CouchError, SkeletonUnusable; FleetError `skeleton_taken` once all the others are written
 */
export async function writeEntries(work: EntriesWork): Promise<void> {
  const { attempt, judged, instance, signal } = work;
  const { observer, progress, record, remember } = attempt;
  const before = progress();
  const isFirst = before.skeletonDone === undefined;
  // Files of a try that is cut must not be mixed with those of another skeleton (`jobs/queue/new-skeleton.ts`).
  if (isFirst && judged.some(({ state }) => state === 'missing')) {
    await record({ ...progress(), skeletonDone: 0 });
  }
  const onNothingLeft = (): void => {
    if (isFirst && progress().skeletonDone === 0) remember({ ...progress(), skeletonDone: undefined });
  };
  const left = new Set(before.skeletonTaken);
  let done = 0;
  for (const some of slices(judged, AT_ONCE)) {
    signal.throwIfAborted();
    const missing = some.filter((each) => each.state === 'missing');
    await observer?.before?.(`skeleton ${done}`);
    const { size } = left;
    for (const { placed } of some) left.delete(placed.path);
    if (missing.length > 0) {
      for (const { placed } of await writeSome(work, missing, { done, onNothingLeft })) left.add(placed.path);
    }
    done += some.length;
    if (missing.length > 0 || left.size !== size) {
      const skeletonDone = Math.max(done, before.skeletonDone ?? 0);
      await record({ ...progress(), skeletonDone, skeletonTaken: left.size === 0 ? undefined : [...left] });
    }
    await observer?.after?.(`skeleton ${done}`);
  }
  if (left.size > 0) throw placesTaken(instance.domain, [...left]);
}

/** How many places are named in a sentence. */
const MOST_NAMED = 3;

function placesTaken(domain: string, paths: readonly string[]): FleetError {
  const named = paths.slice(0, MOST_NAMED).join(', ');
  const more = paths.length > MOST_NAMED ? `, and ${paths.length - MOST_NAMED} more` : '';
  return new FleetError(
    'skeleton_taken',
    `${paths.length} of the first files of ${domain} were left out, for something that no document tells of has their places in the storage: ${named}${more}`,
    'The instance is in use, with its other first files. Look at what is there, move it out of the directory of the instance, then: cozy-fleet batches retry or jobs retry.',
  );
}

interface SomeOptions {
  /** How many entries come before them. */
  readonly done: number;
  /** Called where the skeleton is another one by now, and all that was written of these is gone again. */
  onNothingLeft(): void;
}

/** @returns files whose places something has that no document tells of: it is nobody's to replace */
async function writeSome(
  work: EntriesWork,
  missing: readonly Missing[],
  { done, onNothingLeft }: SomeOptions,
): Promise<readonly Missing[]> {
  const { attempt, instance, signal } = work;
  const { services, lease, observer, log } = attempt;
  const { domain } = instance;
  lease.assertHeld();
  const directories = missing.filter(({ placed }) => placed.entry.kind === 'directory');
  const files = missing.flatMap((each) => {
    const { entry } = each.placed;
    return entry.kind === 'file' ? [{ each, file: toWrite(each.path, entry) }] : [];
  });
  const written = new Set<NewFile>();
  const undo = async (error: unknown): Promise<void> => {
    const put = { files: files.filter(({ file }) => written.has(file)), directories };
    const isAllGone = await takeBackEntries(work, put);
    // Thrown for a file before it gets its name: whatever was written is known.
    if (isAllGone && error instanceof SkeletonUnusable) onNothingLeft();
  };
  const putOnDisk = async (): Promise<ReadonlySet<Missing>> => {
    if (directories.length > 0) {
      await services.storage.makeDirectories(
        domain,
        directories.map(({ path }) => path),
      );
    }
    const answers = await services.storage.writeFiles(
      domain,
      files.map(({ file }) => file),
      {
        tag: incarnationOf(instance),
        guard: () => lease.assertHeld(),
        answered(file, answer) {
          if (answer === 'written') written.add(file);
        },
        signal,
      },
    );
    return new Set(files.filter((_, at) => answers[at] === 'taken').map(({ each }) => each));
  };
  const taken = await orUndo(putOnDisk, undo, signal);
  if (taken.size > 0)
    log.warn('files of the skeleton left out, for their places are taken', { total: taken.size });
  const putIntoCouch = async (): Promise<void> => {
    await observer?.before?.(`skeleton documents ${done}`);
    lease.assertHeld();
    const { server, prefix } = databasesOf(services, instance);
    const now = new Date().toISOString();
    const documents = missing
      .filter((each) => !taken.has(each))
      .map((each) => ({ _id: each.id, ...documentOf(attempt, instance, each, now) }));
    await insertMissing(server, databaseName(prefix, FILES), documents, signal);
  };
  const undoRefused = async (error: unknown): Promise<void> => {
    // What was not answered may be written still: the next try finds the files, and writes the documents.
    if (isRefusal(error)) await undo(error);
  };
  await orUndo(putIntoCouch, undoRefused, signal);
  return [...taken];
}

/** Whether CouchDB itself has said no, now and for the same again. */
function isRefusal(error: unknown): boolean {
  return error instanceof CouchError && error.kind === 'final' && error.status !== undefined;
}

function toWrite(path: string, file: SkeletonFile): NewFile {
  return { path, size: file.size, md5: file.md5, content: () => fileContent(file) };
}

function documentOf(
  { services }: Attempt,
  { domain }: StoredInstance,
  { placed: { name, entry }, parentId, path }: Missing,
  now: string,
): object {
  const createdOn = `${cozyUrl(services.linkScheme, domain)}/`;
  if (entry.kind === 'directory') return directoryDocument({ name, parentId, path, now, createdOn });
  const { subdomains } = services;
  const { size, md5, mime, class: kind, facts } = entry;
  return fileDocument({
    name,
    parentId,
    size,
    md5,
    mime,
    class: kind,
    metadata: fileMetadata(facts, { now, domain, subdomains }),
    takenAt: takenAtOf(entry),
    now,
    createdOn,
  });
}

function takenAtOf({ facts }: SkeletonFile): string | undefined {
  return facts?.kind === 'image' || facts?.kind === 'heif' ? facts.exif?.takenAt : undefined;
}
