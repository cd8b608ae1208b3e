import { PassingError } from '../../errors.ts';
import { DATABASES } from '../../instances/databases/databases.ts';
import { databaseName, databaseRange } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseOddPrefix } from '../../instances/lookup/sharing.ts';
import { pause } from '../../pause.ts';
import { settleAll } from '../../settle-all.ts';
import type { Lease } from '../stage/lease.ts';
import type { Clusters } from '../stage/services.ts';
import { databasesOf } from './databases-of.ts';

/** What the databases of an instance are found and deleted with. */
export interface DatabasesContext {
  readonly services: Clusters;
  readonly instance: StoredInstance;
  readonly signal: AbortSignal;
  /** Asked right before each deletion. */
  readonly lease: Lease;
  /** Asked of all that are listed, each time before some of them are deleted. @throws to delete none of them */
  refuse?(names: readonly string[]): Promise<void>;
}

/** Looks at the list of databases, at the most, and the pauses between them in milliseconds. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 250;

/** Names of the databases that the list still has below the prefix of the document. */
export async function databasesLeft(context: DatabasesContext): Promise<string[]> {
  const { server, prefix } = databasesOf(context.services, context.instance);
  return await server.listDatabases(databaseRange(prefix), context.signal);
}

/**
 * Deletes every database below the prefix of the instance's document: those that are listed, and those that every
 * instance has, so that each of these was deleted, or CouchDB itself said that it is not there. A list that turns
 * out to lack what was there is asked for again, for it may have come from a node that lags.
 *
 * @param known names that were listed a moment ago; absent = they are listed now
 * @throws LostLock
 * @throws ForeignDatabase when one of the names is not below the prefix; none is deleted then
 * @throws ListNotBelieved when the list goes on lacking what is there
 */
export async function deleteDatabases(context: DatabasesContext, known?: readonly string[]): Promise<void> {
  refuseOddPrefix(context.instance);
  const { server, prefix } = databasesOf(context.services, context.instance);
  const { signal, lease, refuse } = context;
  // Many wait for their turn, and the lease may be lost until it comes.
  const guard = () => lease.assertHeld();
  const usual = DATABASES.map(({ doctype }) => databaseName(prefix, doctype));
  let listing = known;
  for (let look = 1; look <= LOOKS; look += 1) {
    const listed = new Set(listing ?? (await databasesLeft(context)));
    listing = undefined;
    refuseForeign(server.host, prefix, listed);
    await refuse?.([...listed]);
    const names = [...new Set([...listed, ...usual])];
    const ends = await settleAll(names.map((name) => server.deleteDatabase(name, signal, guard)));
    const isTrue = names.every((name, at) => listed.has(name) || ends[at] === 'missing');
    if (isTrue) return;
    await pause(LOOK_AGAIN_MS, signal);
  }
  throw new ListNotBelieved(server.host, prefix);
}

/**
 * Deletes what was made again below the prefix since, until nothing is listed any more.
 * @throws LostLock, ListNotBelieved
 */
export async function deleteLateDatabases(context: DatabasesContext): Promise<void> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const left = await databasesLeft(context);
    if (left.length === 0) return;
    await deleteDatabases(context, left);
  }
  const { server, prefix } = databasesOf(context.services, context.instance);
  throw new ListNotBelieved(server.host, prefix);
}

/** Whoever gives a list may have made it before the prefix was corrected. @throws ForeignDatabase */
function refuseForeign(host: string, prefix: string, names: ReadonlySet<string>): void {
  const start = databaseRange(prefix);
  for (const name of names) if (!name.startsWith(start)) throw new ForeignDatabase(host, prefix, name);
}

/** A database is to be deleted that is not the instance's. */
class ForeignDatabase extends PassingError {
  constructor(host: string, prefix: string, name: string) {
    super(
      'databases_unlisted',
      `the database ${name} of ${host} is not one of those of ${prefix}`,
      'It was left alone. With the next try they are listed anew.',
    );
  }
}

/** The list of databases is not what is there, so that what else is left cannot be known. */
class ListNotBelieved extends PassingError {
  constructor(host: string, prefix: string) {
    super(
      'databases_unlisted',
      `the list of databases of ${host} does not agree with what is there of ${prefix}`,
      'A node of the cluster may lag, a cache may answer in its place, or a stack makes them again.',
    );
  }
}
