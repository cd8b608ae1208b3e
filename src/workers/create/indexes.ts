import type { BulkRow, CouchDocument } from '../../couchdb/documents.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import { insertMissing } from '../../couchdb/insert-missing.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { CONTACTS, DATABASES, definitionsOf, FILES, SETTINGS } from '../../instances/databases/databases.ts';
import { designFindings } from '../../instances/fsck/database-findings.ts';
import { settleAll } from '../../settle-all.ts';
import { databaseOf } from '../instance/databases-of.ts';
import { type CreateContext, type CreateStage, instanceOf } from './context.ts';
import { doubtItem, poolItemOf } from './pool-item-of.ts';

/** Databases whose design documents come with their first documents, in the stages that write those. */
const FILLED_LATER: ReadonlySet<string> = new Set([FILES, SETTINGS, CONTACTS]);

/** Writes the Mango and JavaScript design documents of all other databases (`docs/cozy-data.md` §1.5). */
export const indexes: CreateStage = {
  name: 'indexes',
  beginsMeanwhile: true,

  async run(context) {
    const here = DATABASES.filter(({ doctype }) => !FILLED_LATER.has(doctype));
    await settleAll(here.map(({ doctype }) => fillDatabase(context, doctype)));
    return undefined;
  },

  verify: (context) => missingDesigns(context, FILLED_LATER),
};

/**
 * Writes what a database begins with, its design documents and the given ones, in one request. CouchDB
 * builds a new index from the documents that are there: written apart, every index would be built twice.
 * A stack that serves the domain may have written some of the design documents: those are looked at later.
 * @returns the rows that were there before
 */
export async function fillDatabase(
  context: CreateContext,
  doctype: string,
  documents: readonly CouchDocument[] = [],
): Promise<BulkRow[]> {
  const { server, name } = databaseOf(context.services, instanceOf(context), doctype);
  // Those of an item of the pool were acknowledged when it was filled.
  const isMade = (await poolItemOf(context)) !== undefined;
  const designs = isMade ? [] : await designsOf(context, server, doctype);
  const all = [...designs, ...documents];
  // Whoever slept past its lock is not told so by the record: that is on its way meanwhile.
  const guard = () => context.lease.assertHeld();
  const before = all.length === 0 ? [] : await insertMissing(server, name, all, context.signal, guard);
  if (!before.some(({ id }) => id.startsWith('_design/'))) context.acknowledged.add(doctype);
  return before;
}

async function designsOf(
  { services, signal }: CreateContext,
  server: CouchServer,
  doctype: string,
): Promise<readonly CouchDocument[]> {
  return (await services.designs.of(server, signal)).get(doctype) ?? [];
}

/** Design documents of one database that are missing or differ, a sentence each. */
export function missingDesignsOf(context: CreateContext, doctype: string): Promise<string[]> {
  const others = DATABASES.map((each) => each.doctype).filter((each) => each !== doctype);
  return missingDesigns(context, new Set(others));
}

/**
 * Design documents that are missing or differ, a sentence each. Those that a stack wrote in words of its own
 * are as good as ours (`design-matches.ts`): it redefines them when it serves a domain under another number.
 * @param known doctypes that need no look
 */
export async function missingDesigns(context: CreateContext, known: ReadonlySet<string>): Promise<string[]> {
  const { domain, indexes_version: version } = instanceOf(context);
  const looks = (definitionsOf(version) ?? DATABASES).filter(
    ({ doctype, mango, views }) => mango.length + views.length > 0 && !known.has(doctype),
  );
  const findings = await Promise.all(
    looks.map(async (database) => {
      const { name } = databaseOf(context.services, instanceOf(context), database.doctype);
      return designFindings(database, name, await storedDesigns(context, database.doctype));
    }),
  );
  const found = findings.flat();
  await doubtItem(context, found);
  return found.map(({ type, doctype, design }) =>
    type === 'missing_design_document'
      ? `${design} of ${doctype} is missing for ${domain}`
      : `${design} of ${doctype} is not what it should be for ${domain}`,
  );
}

async function storedDesigns(context: CreateContext, doctype: string): Promise<Map<string, CouchDocument>> {
  const { server, name } = databaseOf(context.services, instanceOf(context), doctype);
  const query = { startKey: '_design/', endKey: '_design0', includeDocs: true };
  const rows = (await unlessNoDatabase(server.allDocuments(name, query, context.signal))) ?? [];
  return new Map(rows.flatMap(({ id, doc }) => (doc ? [[id, doc]] : [])));
}
