import { isStatus } from '../../couchdb/errors.ts';
import { PassingError } from '../../errors.ts';
import { DATABASES } from '../../instances/doctypes.ts';
import { pause } from '../../pause.ts';
import { settleAll } from '../../settle-all.ts';
import { type CreateContext, type CreateStage, databaseOf } from './context.ts';

/** A deleted database of the same name can be in the way for a second and more (`field-notes.md` §5). */
const DELETION_MS = 5_000;
const DELETION_POLL_MS = 300;

/** Makes the 16 databases of the instance (`instance-data.md` §1.5). */
export const databases: CreateStage = {
  name: 'databases',

  async run(context) {
    await settleAll(DATABASES.map(({ doctype }) => ensureDatabase(context, doctype)));
    return undefined;
  },

  async verify(context) {
    const { server, name } = databaseOf(context, '');
    const there = new Set(await server.listDatabases(name, context.signal));
    const unlisted = DATABASES.filter(({ doctype }) => !there.has(databaseOf(context, doctype).name));
    const findings = await Promise.all(
      unlisted.map(async ({ doctype }) => {
        // A list may come from a node that lags: that a database is missing, it has to say of that one.
        const isThere = await server.databaseExists(databaseOf(context, doctype).name, context.signal);
        return isThere ? [] : [`database ${doctype} is missing`];
      }),
    );
    return findings.flat();
  },
};

async function ensureDatabase(context: CreateContext, doctype: string): Promise<void> {
  const { server, name } = databaseOf(context, doctype);
  const { signal } = context;
  const deadline = performance.now() + DELETION_MS;
  for (;;) {
    if ((await server.createDatabase(name, signal)) === 'created') return;
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
