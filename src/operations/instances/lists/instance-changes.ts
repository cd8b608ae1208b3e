import { isStatus, unlessNoDatabase } from '../../../couchdb/errors.ts';
import { sequenceNumber } from '../../../couchdb/sequence-number.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { InputError } from '../../../errors.ts';
import { INSTANCES } from '../../../instances/lookup/lookup.ts';

/** Documents that are read at a time; only their ids are kept. */
const PAGE = 500;

/** Where the changes of instances stand: what changes from now on comes after it. */
export async function sequenceOfInstances(
  global: Pick<CouchServer, 'databaseFacts'>,
  signal?: AbortSignal,
): Promise<string> {
  return (await unlessNoDatabase(global.databaseFacts(INSTANCES, signal)))?.sequence ?? '0';
}

/**
 * Ids of the documents of instances that have changed after a sequence. For a sequence of another database CouchDB tells of
 * all of them.
 * @param file the list that says it
 * @throws InputError `list_sequence` where CouchDB takes it for none, or has not reached it
 */
export async function changedSince(
  global: Pick<CouchServer, 'changes'>,
  sequence: string,
  file: string,
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const changed = new Set<string>();
  for (let since = sequence; ; ) {
    const page = await unlessNoDatabase(readPage(global, since, file, signal));
    if (page === undefined) return changed;
    const { changes, lastSequence } = page;
    // A database that was put back to an earlier state tells of nothing until it has come as far again.
    if (sequenceNumber(lastSequence) < sequenceNumber(since)) throw otherState(file);
    for (const { id } of changes) changed.add(id);
    if (changes.length < PAGE) return changed;
    since = lastSequence;
  }
}

async function readPage(
  global: Pick<CouchServer, 'changes'>,
  since: string,
  file: string,
  signal: AbortSignal | undefined,
) {
  try {
    return await global.changes(INSTANCES, since, PAGE, signal);
  } catch (error) {
    if (isStatus(error, 400)) throw otherState(file);
    throw error;
  }
}

function otherState(file: string): InputError {
  return new InputError(
    'list_sequence',
    'CouchDB does not know the state of instances of which the list is: it was written on another one, or CouchDB was put back to an earlier state since.',
    { file },
    'Write the list again, by export --as-list.',
  );
}
