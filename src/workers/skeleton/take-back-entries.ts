import { FILES } from '../../instances/databases/databases.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { NewFile } from '../../storage/write-files.ts';
import { databasesOf } from '../instance/databases-of.ts';
import type { Attempt } from '../stage/attempt.ts';
import type { JudgedEntry } from './judge-entries.ts';

/** An entry that the instance is still to get. */
export type Missing = Extract<JudgedEntry, { state: 'missing' }>;

/** Entries of a skeleton that were put on the disk. */
export interface PutEntries {
  readonly files: readonly { readonly each: Missing; readonly file: NewFile }[];
  /** Each before what is in it. */
  readonly directories: readonly Missing[];
}

/** For which instance, and how long nobody else works on its files. */
export interface TakingBack {
  readonly attempt: Attempt;
  readonly instance: StoredInstance;
  readonly signal: AbortSignal;
}

/**
 * Does the work, and undoes it where it fails; not once the signal is aborted, for whoever goes on with the job may have
 * found what is there.
 * @throws what the work throws
 */
export async function orUndo<T>(
  work: () => Promise<T>,
  undo: (error: unknown) => Promise<void>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) await undo(error);
    throw error;
  }
}

/**
 * Takes off the disk what no document tells of: left there it would be in the way of its owner, and wrong to a stack's check of
 * files. Where that fails it is logged, for another failure is being told; a next try goes on with what is there.
 * @returns whether no document tells of any of it, and nothing of it is left
 */
export async function takeBackEntries(
  { attempt, instance, signal }: TakingBack,
  { files, directories }: PutEntries,
): Promise<boolean> {
  const { services, lease, log } = attempt;
  const guard = (): void => lease.assertHeld();
  try {
    const ids = [...files.map(({ each }) => each.id), ...directories.map(({ id }) => id)];
    if (ids.length === 0) return true;
    const { server, prefix } = databasesOf(services, instance);
    const rows = await server.allDocuments(databaseName(prefix, FILES), { keys: ids }, signal);
    const told = new Set(ids.filter((_, at) => rows[at]?.error !== 'not_found'));
    await services.storage.takeBack(
      instance.domain,
      files.flatMap(({ each, file }) => (told.has(each.id) ? [] : [file])),
      directories.flatMap(({ id, path }) => (told.has(id) ? [] : [path])),
      { guard, signal },
    );
    return told.size === 0;
  } catch (error) {
    log.warn('files of the skeleton stay without documents', { error });
    return false;
  }
}
