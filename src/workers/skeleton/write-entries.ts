import { slices } from '../../chunk.ts';
import { insertMissing } from '../../couchdb/insert-missing.ts';
import { FILES } from '../../instances/databases/databases.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import { fileDocument } from '../../instances/documents/file-document.ts';
import { directoryDocument } from '../../instances/documents/file-documents.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { cozyUrl } from '../../instances/domains/registration-link.ts';
import { fileContent } from '../../skeleton/file-content.ts';
import type { SkeletonFile } from '../../skeleton/skeleton.ts';
import type { NewFile } from '../../storage/write-files.ts';
import { databasesOf } from '../instance/databases-of.ts';
import type { Attempt } from '../stage/attempt.ts';
import { fileMetadata } from './file-metadata.ts';
import type { JudgedEntry } from './judge-entries.ts';

/** Entries that are written one after the other on the disk, and then together into CouchDB. */
const AT_ONCE = 25;

type Missing = Extract<JudgedEntry, { state: 'missing' }>;

/** The entries of a skeleton for one instance. */
export interface EntriesWork {
  readonly attempt: Attempt;
  readonly instance: StoredInstance;
  readonly judged: readonly JudgedEntry[];
  /** Aborted as soon as a stack may work on the files. */
  readonly signal: AbortSignal;
}

/**
 * Writes what is missing, and records how far it is: each part on the disk first, then in CouchDB.
 * @throws LostLock, StorageError, CouchError, SkeletonUnusable
 */
export async function writeEntries(work: EntriesWork): Promise<void> {
  const { attempt, judged, signal } = work;
  const { observer, progress, record } = attempt;
  let done = 0;
  for (const some of slices(judged, AT_ONCE)) {
    signal.throwIfAborted();
    const missing = some.filter((each) => each.state === 'missing');
    await observer?.before?.(`skeleton ${done}`);
    if (missing.length > 0) await writeSome(work, missing, done);
    done += some.length;
    if (missing.length > 0) await record({ ...progress(), skeletonDone: done });
    await observer?.after?.(`skeleton ${done}`);
  }
}

async function writeSome(
  { attempt, instance, signal }: EntriesWork,
  missing: readonly Missing[],
  done: number,
): Promise<void> {
  const { services, lease, observer, log } = attempt;
  const { domain } = instance;
  lease.assertHeld();
  const directories = missing.filter(({ placed }) => placed.entry.kind === 'directory');
  if (directories.length > 0) {
    await services.storage.makeDirectories(
      domain,
      directories.map(({ path }) => path),
    );
  }
  const files = missing.flatMap((each) => {
    const { entry } = each.placed;
    return entry.kind === 'file' ? [{ each, file: toWrite(each.path, entry) }] : [];
  });
  const answers = await services.storage.writeFiles(
    domain,
    files.map(({ file }) => file),
    { tag: incarnationOf(instance), guard: () => lease.assertHeld(), signal },
  );
  const taken = new Set(files.filter((_, at) => answers[at] === 'taken').map(({ each }) => each));
  // Something without a document is there, which is nobody's to replace.
  if (taken.size > 0)
    log.warn('files of the skeleton left out, for their places are taken', { total: taken.size });
  await observer?.before?.(`skeleton documents ${done}`);
  lease.assertHeld();
  const { server, prefix } = databasesOf(services, instance);
  const now = new Date().toISOString();
  const documents = missing
    .filter((each) => !taken.has(each))
    .map((each) => ({ _id: each.id, ...documentOf(attempt, instance, each, now) }));
  await insertMissing(server, databaseName(prefix, FILES), documents, signal);
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
