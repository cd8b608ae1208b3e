import { z } from 'zod';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { databaseName, databaseRange } from '../../instances/databases/prefix.ts';
import { settleAll } from '../../settle-all.ts';

/** Where the changes of a database were at one moment, and which database it was. */
export const databaseMoment = z.strictObject({ sequence: z.string(), madeAt: z.string() });

export type DatabaseMoment = z.infer<typeof databaseMoment>;

/** By doctype. */
export type Moments = Readonly<Record<string, DatabaseMoment>>;

/** The databases of one instance. */
export interface OwnerDatabases {
  readonly server: CouchServer;
  /** What the names of its databases begin with. */
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/**
 * What a stack writes for itself while an instance is used, or exported: what changed of it meanwhile holds nothing that
 * its owner has made, and is in the archive as it was a moment before or after.
 */
const OF_THE_STACK: ReadonlySet<string> = new Set([
  'io.cozy.jobs',
  'io.cozy.sessions',
  'io.cozy.sessions.logins',
  'io.cozy.oauth.access_codes',
  'io.cozy.oauth.clients',
  'io.cozy.remote.requests',
]);

/** Whether changes of that doctype make no archive old. */
export function isOfTheStack(doctype: string): boolean {
  return OF_THE_STACK.has(doctype);
}

/** Changes that are read at a time. */
const PAGE = 500;

/** The doctypes of which there is a database, as a stack finds them (`couchdb.AllDoctypes`), in byte order. */
export async function doctypesOf({ server, prefix, signal }: OwnerDatabases): Promise<string[]> {
  const range = databaseRange(prefix);
  const names = await server.listDatabases(range, signal);
  return names
    .map((name) => name.slice(range.length).replaceAll('-', '.'))
    .filter((name) => !name.includes('/'));
}

/** Where the changes of all databases are now. */
export async function momentsOf(databases: OwnerDatabases): Promise<Moments> {
  const { server, prefix, signal } = databases;
  const doctypes = await doctypesOf(databases);
  const moments = await settleAll(
    doctypes.map(async (doctype): Promise<[string, DatabaseMoment][]> => {
      const facts = await unlessNoDatabase(server.databaseFacts(databaseName(prefix, doctype), signal));
      return facts === undefined ? [] : [[doctype, { sequence: facts.sequence, madeAt: facts.madeAt }]];
    }),
  );
  return Object.fromEntries(moments.flat());
}

/**
 * Ids of the documents of a doctype that were changed since, design documents left out. A cluster may name some that
 * were not, never too few.
 * @param then undefined where there was no such database
 * @param most it is enough to know so many
 */
export async function changedSince(
  { server, prefix, signal }: OwnerDatabases,
  doctype: string,
  then: DatabaseMoment | undefined,
  most = Number.POSITIVE_INFINITY,
): Promise<ReadonlySet<string>> {
  const database = databaseName(prefix, doctype);
  const changed = new Set<string>();
  const facts = await unlessNoDatabase(server.databaseFacts(database, signal));
  if (facts === undefined) return changed;
  const { madeAt } = facts;
  let since = then !== undefined && then.madeAt === madeAt ? then.sequence : '0';
  for (;;) {
    const { changes, lastSequence } = await server.changes(database, since, PAGE, signal);
    for (const { id } of changes) if (!id.startsWith('_design/')) changed.add(id);
    if (changes.length < PAGE || changed.size >= most) return changed;
    since = lastSequence;
  }
}

/**
 * Doctypes of which something was written since then. A database that is gone has nothing that an archive could lack.
 * @param passedOver doctypes whose changes do not count, beside those of the stack
 */
export async function doctypesChangedSince(
  databases: OwnerDatabases,
  then: Moments,
  passedOver: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const now = await momentsOf(databases);
  const doubtful = Object.keys(now).filter((doctype) => {
    if (isOfTheStack(doctype) || passedOver.has(doctype)) return false;
    const before = Object.hasOwn(then, doctype) ? then[doctype] : undefined;
    return before?.sequence !== now[doctype]?.sequence || before?.madeAt !== now[doctype]?.madeAt;
  });
  // A sequence may be written in several ways: what changed is told by the changes alone.
  const changed = await settleAll(
    doubtful.map(async (doctype) => {
      const before = Object.hasOwn(then, doctype) ? then[doctype] : undefined;
      return (await changedSince(databases, doctype, before, 1)).size > 0;
    }),
  );
  return doubtful.filter((_doctype, at) => changed[at] === true);
}
