import { isStatus } from '../../couchdb/errors.ts';
import { PassingError } from '../../errors.ts';
import { DATABASES } from '../../instances/databases/databases.ts';
import { missingDatabases } from '../../instances/databases/missing-databases.ts';
import { pause } from '../../pause.ts';
import { settleAll } from '../../settle-all.ts';
import { databaseOf, databasesOf } from '../instance/databases-of.ts';
import { type CreateContext, type CreateStage, instanceOf } from './context.ts';
import { makeFoldersAhead } from './directories.ts';
import { doubtItem, poolItemOf } from './pool-item-of.ts';

/** A deleted database of the same name can be in the way for a second and more (`docs/faults.md` §5). */
const DELETION_MS = 5_000;
const DELETION_POLL_MS = 300;

/**
 * Makes the 16 databases of the instance (`docs/cozy-data.md` §1.5), unless they came from the pool, and while CouchDB does,
 * its directories on disk.
 */
export const databases: CreateStage = {
  name: 'databases',

  // Only what this very attempt has confirmed: what an earlier one knew is looked up again.
  isDoneAlready: ({ item }) => item !== undefined && item !== 'none',

  async run(context) {
    if ((await poolItemOf(context)) !== undefined) return undefined;
    await settleAll([
      ...DATABASES.map(({ doctype }) => ensureDatabase(context, doctype)),
      makeFoldersAhead(context),
    ]);
    return undefined;
  },

  async verify(context) {
    const { server, prefix } = databasesOf(context.services, instanceOf(context));
    const doctypes = DATABASES.map(({ doctype }) => doctype);
    const missing = [...(await missingDatabases(server, prefix, doctypes, context.signal))];
    await doubtItem(context, missing);
    return missing.map((doctype) => `database ${doctype} is missing`);
  },
};

async function ensureDatabase(context: CreateContext, doctype: string): Promise<void> {
  const { server, name } = databaseOf(context.services, instanceOf(context), doctype);
  const { signal, lease } = context;
  // Many wait for their turn, and the lease may be lost until it comes, or while a deletion is waited for.
  const guard = () => lease.assertHeld();
  const deadline = performance.now() + DELETION_MS;
  for (;;) {
    if ((await server.createDatabase(name, signal, { guard })) === 'created') return;
    // "Exists" is believed only when it can be read: an asynchronous delete may be under way.
    try {
      if (await server.databaseExists(name, signal)) return;
    } catch (error) {
      if (!isStatus(error, 500)) throw error;
    }
    if (performance.now() >= deadline) {
      throw new DatabaseStuck(name, server.host);
    }
    await pause(DELETION_POLL_MS, signal);
  }
}

/** A database that CouchDB says exists and cannot read; it is tried again. */
export class DatabaseStuck extends PassingError {
  constructor(name: string, host: string) {
    super('database_stuck', `database ${name} on ${host} is neither there nor gone`);
  }
}
