import type { BulkRow, CouchDocument } from '../../couchdb/server.ts';
import { insertMissing } from './bulk.ts';
import { type CreateContext, databaseOf } from './context.ts';

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
  const { server, name } = databaseOf(context, doctype);
  const designs = (await context.services.designs.of(server, context.signal)).get(doctype) ?? [];
  const all = [...designs, ...documents];
  const before = all.length === 0 ? [] : await insertMissing(server, name, all, context.signal);
  if (!before.some(({ id }) => id.startsWith('_design/'))) context.acknowledged.add(doctype);
  return before;
}
