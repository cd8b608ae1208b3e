import * as z from 'zod';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { DATABASES } from '../../instances/databases/databases.ts';
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

/**
 * The doctypes of which there is a database, as a stack finds them (`couchdb.AllDoctypes`), in byte order. Those that every
 * instance has are asked for by name where the list lacks them: it may come from a node that lags, and whoever deletes
 * databases deletes these by name.
 */
export async function doctypesOf({ server, prefix, signal }: OwnerDatabases): Promise<string[]> {
  const listed = await server.listDatabases(databaseRange(prefix), signal);
  const usual = DATABASES.map(({ doctype }) => databaseName(prefix, doctype));
  const lacking = usual.filter((name) => !listed.includes(name));
  const found = await settleAll(lacking.map((name) => server.databaseExists(name, signal)));
  const names = [...listed, ...lacking.filter((_name, at) => found[at] === true)].sort();
  return names.map((name) => doctypeOf(prefix, name)).filter((name) => !name.includes('/'));
}

/** The doctype of a database of that prefix. @param name of the database, unescaped */
export function doctypeOf(prefix: string, name: string): string {
  return name.slice(databaseRange(prefix).length).replaceAll('-', '.');
}

/** Where the changes of all databases are now. @param only doctypes that are asked for; all that there are, if absent */
export async function momentsOf(databases: OwnerDatabases, only?: readonly string[]): Promise<Moments> {
  const { server, prefix, signal } = databases;
  const doctypes = only ?? (await doctypesOf(databases));
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
 * @param deletions whether documents count that were deleted
 */
export async function changedSince(
  { server, prefix, signal }: OwnerDatabases,
  doctype: string,
  then: DatabaseMoment | undefined,
  { most = Number.POSITIVE_INFINITY, deletions = true } = {},
): Promise<ReadonlySet<string>> {
  const database = databaseName(prefix, doctype);
  const changed = new Set<string>();
  const facts = await unlessNoDatabase(server.databaseFacts(database, signal));
  if (facts === undefined) return changed;
  const { madeAt } = facts;
  let since = then !== undefined && then.madeAt === madeAt ? then.sequence : '0';
  for (;;) {
    const { changes, lastSequence } = await server.changes(database, since, PAGE, signal);
    for (const { id, deleted = false } of changes) {
      if (!id.startsWith('_design/') && (deletions || !deleted)) changed.add(id);
    }
    if (changes.length < PAGE || changed.size >= most) return changed;
    since = lastSequence;
  }
}

/** Changes that do not count, beside those of the stack. */
export interface PassedOver {
  /** Doctypes of which none counts. */
  readonly all: ReadonlySet<string>;
  /** Doctypes of which deletions do not count. */
  readonly deletions: ReadonlySet<string>;
}

const NOTHING: PassedOver = { all: new Set(), deletions: new Set() };

/**
 * Doctypes of which something was written since then. A database that is gone has nothing that an archive could lack.
 * @param only doctypes that are asked for; all that there are, if absent
 */
export async function doctypesChangedSince(
  databases: OwnerDatabases,
  then: Moments,
  passedOver: PassedOver = NOTHING,
  only?: readonly string[],
): Promise<string[]> {
  const now = await momentsOf(databases, only);
  const doubtful = Object.keys(now).filter((doctype) => {
    if (isOfTheStack(doctype) || passedOver.all.has(doctype)) return false;
    const before = Object.hasOwn(then, doctype) ? then[doctype] : undefined;
    return before?.sequence !== now[doctype]?.sequence || before?.madeAt !== now[doctype]?.madeAt;
  });
  // A sequence may be written in several ways: what changed is told by the changes alone.
  const changed = await settleAll(
    doubtful.map(async (doctype) => {
      const before = Object.hasOwn(then, doctype) ? then[doctype] : undefined;
      const deletions = !passedOver.deletions.has(doctype);
      return (await changedSince(databases, doctype, before, { most: 1, deletions })).size > 0;
    }),
  );
  return doubtful.filter((_doctype, at) => changed[at] === true);
}
